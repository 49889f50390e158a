"""Numbers as they are printed in a formula, and the sign between a sum of them and what it comes to."""

from __future__ import annotations

import math

from gradreel.scenes.words.numbers import THIN_SPACE, number_text, signed_text


def in_formula(value: float, decimals: int | None = None, signed: bool = False) -> str:
    """``value`` as Typst source, as `number_text` writes it; a plus sign before it where it is ``signed``."""
    text = (signed_text if signed else number_text)(value, decimals)
    return text.replace("\u2212", "-").replace(THIN_SPACE, " thin ")


def equal_sign(made: float, printed: float, decimals: int = 2) -> str:
    """Typst's "=" where ``made``, computed from printed numbers, is what is ``printed`` too; else its "approx"."""
    return "=" if math.isclose(made, round(printed, decimals), abs_tol=1e-9) else "approx"
