"""Colours by role, for two themes. This module imports no Manim, so that exported pages and slides can use it."""

from __future__ import annotations

DEFAULT_THEME = "dark"
THEMES: dict[str, dict[str, str]] = {
    "dark": {
        "background": "#0F1419",
        "text": "#EEF1F5",  # words, operators, x
        "dim": "#98A3B0",  # captions, ticks, shapes
        "axis": "#7C8794",  # axis lines, brackets
        "grey": "#B7C0CA",  # the constant, scalar b
        "red": "#FF5C6A",  # target, true curve, real data
        "blue": "#4FADFF",  # pieces, prediction
        "yellow": "#FBE85F",  # W, w
        "green": "#5BDB98",  # vector b and its entries
        "magenta": "#FF8CE0",  # c
        "orange": "#FF9433",  # theta, gradient, path
    },
    "light": {
        "background": "#FBFBF9",
        "text": "#1A2129",
        "dim": "#5B6672",
        "axis": "#687380",
        "grey": "#56616D",
        "red": "#D0183C",
        "blue": "#0E5FBF",
        "yellow": "#7F6A00",
        "green": "#0F7A52",
        "magenta": "#B5259F",
        "orange": "#A34700",
    },
}

CLASS_COLORS: dict[str, tuple[str, ...]] = {
    "dark": (
        "#4FADFF", "#FF9433", "#EA156A", "#00FFD4", "#EAEA95", "#BF2AAA", "#AA6A2A", "#006AEA", "#009580", "#FFBFFF",
    ),
    "light": (
        "#0E5FBF", "#C24E00", "#802A55", "#AA80BF", "#801515", "#40956A", "#6A0080", "#EA2A55", "#806AFF", "#002AAA",
    ),
}  # fmt: skip
"""Colours of the classes 0 to 9 of a classifier, each with a contrast of 3:1 to the background.

Any two differ by 15 in CIELAB, the first three by 30, for normal sight and for the three kinds of colour blindness
(simulated as by Machado et al., 2009). Each class also has a shape of its own.
"""
