"""Some values of theta and the loss they have: whose they are, a few entries, the loss."""

from __future__ import annotations

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_strip import fitting_decimals, role_of, shared_power
from gradreel.scenes.style import mix, palette
from manim import RoundedRectangle, VGroup
from numpy.typing import NDArray

SHOWN = 3  # entries, and the last
CELL, GAP, HEIGHT, LOSS = 0.76, 0.06, 0.46, 32
INK = 0.64  # scene units of a cell's width that its number may take
FACTOR_ROOM = 0.22  # under the cells, for the powers of ten that are theirs alone


class ThetaCard(VGroup):
    """θ with its first and last entries, and below it L(θ).

    ``values`` (K, P): all that are shown on cards, for the decimals; this card's is row ``k``. ``when`` says in words
    when θ has them, ``loss`` its loss. Parts: ``values`` (name, words and cells), ``loss``. ``put``
    places it.

    Large values share a power of ten, which stands before θ. Where it leaves nothing of a small one but zeros, each has
    its own, ``factors`` under the cells.
    """

    def __init__(self, run: Experiment, values: NDArray, k: int, when: str, loss: str) -> None:
        super().__init__()
        names = parameter_names(run)
        chosen = [*range(min(SHOWN, len(names) - 1)), len(names) - 1]
        power, own = _powers(values[:, chosen])
        written = values[:, chosen] * 10.0 ** (power + own)
        factor = f"10^({power}) " if power else ""
        self.name = formula(f"{factor}orange(theta)", 38)
        self.factors = [formula(f"times 10^({-each})", style.SMALLEST, palette.dim) if each else None for each in own]
        self.boxes, self.numbers = VGroup(), VGroup()
        for index, value, places in zip(chosen, written[k], _decimals(written).tolist(), strict=True):
            color = getattr(palette, role_of(names[index]))
            box = RoundedRectangle(corner_radius=0.08, width=CELL, height=HEIGHT)
            self.boxes.add(box.set_stroke(color, style.BOX).set_fill(mix(color, 0.13), 1))
            self.numbers.add(Number(value, places, style.SMALLEST, color))
        self.dots = words("…", style.CELL, palette.dim)
        if len(names) <= len(chosen):
            self.dots = VGroup()
        self.loss = words(loss, LOSS)
        self.when = words(when, style.SMALLEST, palette.dim)
        factors = [factor for factor in self.factors if factor is not None]
        self.values = VGroup(self.name, self.when, self.boxes, self.numbers, self.dots, *factors)
        self.add(self.values, self.loss)

    def put(self, left: float, top: float) -> ThetaCard:
        """Lay it out from ``top`` down: name and words, cells, the loss."""
        self.name.place(top - 0.4, left=left)
        self.when.place(top - 0.4, left=self.name.get_right()[0] + 0.25)
        y, x = top - 0.9, left
        last = len(self.boxes) - 1
        for k, (box, number) in enumerate(zip(self.boxes, self.numbers, strict=True)):
            if k == last and len(self.dots):
                self.dots.move_to((x + 0.12, y, 0))
                x += 0.3
            box.move_to((x + CELL / 2, y, 0))
            number.place(y - 0.36 * style.SMALLEST * style.EM, x + CELL - 0.06)
            if (factor := self.factors[k]) is not None:
                factor.place(y - HEIGHT / 2 - 0.27, center=x + CELL / 2)
            x += CELL + GAP
        under = FACTOR_ROOM if any(factor is not None for factor in self.factors) else 0.0
        self.loss.place(top - 1.75 - under, left=left)
        return self


def _powers(values: NDArray) -> tuple[int, NDArray]:
    """Powers of ten by which ``values`` (K, C) are multiplied: one for all of them, and (C,) for each column."""
    power = shared_power(np.maximum(np.abs(values), 1.0), 2)
    written = np.abs(values) * 10.0**power
    least = 0.5 * 10.0 ** -_decimals(written).astype(float)
    says_nothing = (written < least).all(axis=0) & (values != 0).any(axis=0)
    if not says_nothing.any():
        return power, np.zeros(values.shape[1], dtype=int)
    return 0, np.array([shared_power(column, 2) for column in values.T])


def _decimals(written: NDArray) -> NDArray:
    """(C,): the decimals that a cell has room for, column by column of ``written`` (K, C)."""
    return np.array([fitting_decimals(column, INK, style.SMALLEST, 2) for column in written.T])
