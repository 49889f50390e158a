"""The formulas of layers upon layers: a = sigma(b + W x), a' = sigma(b' + W' a), ..., and y of the last one."""

from __future__ import annotations

from gradreel.scenes.mobjects.text import TextMobject, formula

FORMULA_SIZE = 46  # the largest


def primed(letter: str, primes: int) -> str:
    """``letter`` with primes, as Typst has it."""
    return letter + "'" * primes


def layer_source(k: int) -> str:
    """What layer k (from 0) computes: a = sigma(b + W x), a' = sigma(b' + W' a), ..."""
    given = "bold(x)" if k == 0 else f"blue({primed('bold(a)', k - 1)})"
    inner = (
        f'part("bias", green({primed("bold(b)", k)})) part("plus-in", +) '
        f'part("w", yellow({primed("W", k)})) thin part("x", {given})'
    )
    result = f'part("a", blue({primed("bold(a)", k)}))'
    return f'{result} part("equals", =) part("sigmoid", sigma)part("brackets", ({inner}))'


def short_formula(k: int) -> TextMobject:
    """What layer k (from 0) hands on, by its name alone: a, a', ..."""
    return formula(f"blue({primed('bold(a)', k)})", FORMULA_SIZE)


def output_source(depth: int) -> str:
    """y = b + c^T a'..., of what the last of ``depth`` layers hands on."""
    return f"blue(y) = grey(b) + magenta(bold(c)^upright(T)) thin blue({primed('bold(a)', depth - 1)})"
