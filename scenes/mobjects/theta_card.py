"""Some values of theta and the loss they have: a few entries, a bar as long as the loss, its number. theta by parts."""

from __future__ import annotations

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import parameter_names, parameter_shapes
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_strip import fitting_decimals, role_of, shared_power
from gradreel.scenes.style import mix, palette
from manim import RoundedRectangle, VGroup
from numpy.typing import NDArray

SHOWN = 3  # entries, and the last
CELL, GAP, HEIGHT = 0.76, 0.06, 0.46
INK = 0.64  # of a cell's width, that its number may take
BAR = 18.0
MOST_PARTS = 6  # of theta, that are named one below the other


class ThetaCard(VGroup):
    """θ with its number of updates and its first and last entries, and below L(θ) as a bar and a number.

    ``values`` (K, P): all that are shown on cards, for the decimals; this card's is row ``k``. ``share``: how much
    of the width its bar takes. Parts: ``values`` (name and cells), ``bar``, ``loss``. ``put`` places it.
    """

    def __init__(self, run: Experiment, values: NDArray, k: int, update: int, share: float, text: str) -> None:
        super().__init__()
        self.share, names = share, parameter_names(run)
        chosen = [*range(min(SHOWN, len(names) - 1)), len(names) - 1]
        power = shared_power(np.maximum(np.abs(values[:, chosen]), 1.0), 2)
        written = values[:, chosen] * 10.0**power
        decimals = [fitting_decimals(column, INK, style.SMALLEST, 2) for column in written.T]
        factor = f"10^({power}) " if power else ""
        self.name = formula(f"{factor}orange(theta^{update})", 38)
        self.boxes, self.numbers = VGroup(), VGroup()
        for index, value, places in zip(chosen, written[k], decimals, strict=True):
            color = getattr(palette, role_of(names[index]))
            box = RoundedRectangle(corner_radius=0.08, width=CELL, height=HEIGHT)
            self.boxes.add(box.set_stroke(color, style.BOX).set_fill(mix(color, 0.13), 1))
            self.numbers.add(Number(value, places, style.SMALLEST, color))
        self.dots = words("…", style.CELL, palette.dim)
        if len(names) <= len(chosen):
            self.dots = VGroup()
        self.loss = formula(f'L(orange(theta^{update})) = "{text}"', 40)
        self.bar = segment((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), palette.text, BAR)
        self.values = VGroup(self.name, self.boxes, self.numbers, self.dots)
        self.add(self.values, self.bar, self.loss)

    def put(self, left: float, right: float, top: float) -> ThetaCard:
        """Lay it out from ``top`` down: name and cells, the bar, the loss."""
        self.name.place(top - 0.4, left=left)
        y, x = top - 0.9, left
        last = len(self.boxes) - 1
        for k, (box, number) in enumerate(zip(self.boxes, self.numbers, strict=True)):
            if k == last and len(self.dots):
                self.dots.move_to((x + 0.12, y, 0))
                x += 0.3
            box.move_to((x + CELL / 2, y, 0))
            number.place(y - 0.36 * style.SMALLEST * style.EM, x + CELL - 0.06)
            x += CELL + GAP
        end = left + max(self.share * (right - left), 0.02)
        self.bar.set_points_as_corners(np.array([[left, top - 1.5, 0.0], [end, top - 1.5, 0.0]]))
        self.loss.place(top - 2.12, left=left)
        return self


def theta_source(run: Experiment) -> str:
    """theta as the column of its parts: W, b, c and b; those in the middle are left out where there are many."""
    shapes = parameter_shapes(run)
    parts = [_part_source(name, len(shape), bool(run.hidden)) for name, shape in shapes]
    if len(parts) > MOST_PARTS:
        parts = [*parts[: MOST_PARTS - 3], "dots.v", *parts[-2:]]
    return f"orange(theta) = vec({', '.join(parts)})"


def _part_source(name: str, dimensions: int, is_network: bool) -> str:
    letter, primes = name[0], name[1:]
    if letter == "w":
        return f"yellow(W{primes})" if is_network else "yellow(bold(w))"
    if letter == "c":
        return "magenta(bold(c))"
    return f"green(bold(b){primes})" if dimensions else "grey(b)"
