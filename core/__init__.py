"""Numbers: curves, daily views, networks, training, traces, and what is computed from them. Never imports Manim."""
