"""Draws y = f_theta(x), large. The scene theta ends with it, loss begins with it."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import TextMobject, formula

SIZE, BASELINE = 84, 1.5
FUNCTION = 'part("y", blue(y)) part("equals", =) f_part("theta", orange(theta)) (part("x", bold(x)))'


def function_of_theta() -> TextMobject:
    """Return the formula at its place, with the parts "y", "equals", "theta" and "x"."""
    return formula(FUNCTION, SIZE).place(BASELINE, left=style.LEFT_EDGE)
