"""Piecewise linear curves, their sums of hard sigmoids, and two fits to a curve: a sum of sigmoids and a straight
line.
"""
