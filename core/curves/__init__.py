"""Piecewise linear curves, their sums of hard sigmoids, and two fits: a sum of sigmoids and a straight line."""
