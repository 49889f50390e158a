"""The numbers: curves, daily views, networks, their training, its trace, and what is computed of them; never Manim."""
