"""Numbers: curves, daily views, networks, training, traces and their analysis. Never imports Manim."""
