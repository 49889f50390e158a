"""Mobjects that several parts of the lecture use: texts, plots, formulas, networks, losses."""
