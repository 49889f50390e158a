"""Piecewise linear curves, their sum of hard sigmoids, and what fits a curve: sigmoids, a straight line."""
