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
