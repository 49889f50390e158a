"""An update from one batch as formulas: its loss, the gradient, the change; parts named so that they can grow."""

from __future__ import annotations

from gradreel.scenes.mobjects.update_formulas import step_source, update_source


def batch_loss_source(update: int, value: str) -> str:
    """L^update(θ^(update-1)) = value: batch number ``update`` (from 1) is measured before its update."""
    return f'part("loss", {_loss(update)}) part("equals", =) part("value", "{value}")'


def batch_gradient_source(update: int) -> str:
    """g = ∇L^update(θ^(update-1))."""
    return f'part("g", orange(bold(g))) part("equals", =) part("nabla", nabla) part("loss", {_loss(update)})'


def batch_update_source(update: int, step: str | None) -> str:
    """θ^update ← θ^(update-1) − η g, or minus a step by its name."""
    before, after = str(update - 1), str(update)
    return update_source(before, after) if step is None else step_source(before, after, step)


def division_source(examples: int, batch_size: int, updates: int | None) -> str:
    """N / B = 10000 / 10 = 1000, rounded up where the last batch is smaller; None: still a question mark."""
    n, b = (f'"{number:,}"'.replace(",", "\u2009") for number in (examples, batch_size))
    fraction, letters = f"frac({n}, {b})", "frac(N, B)"
    if examples % batch_size:
        fraction, letters = f"ceil({fraction})", f"ceil({letters})"
    result = '"?"' if updates is None else f'"{updates:,}"'.replace(",", "\u2009")
    return f'part("letters", {letters} =) part("fraction", {fraction} =) part("result", {result})'


def _loss(update: int) -> str:
    return f"L^({update}) (orange(theta^({update - 1})))"
