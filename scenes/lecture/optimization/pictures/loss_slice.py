"""The loss along a single parameter, all others held: the curve, its slope, and many of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline, ring
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, right, bottom, top
SAMPLES = 161
BEHIND, AHEAD = 0.9, 2.6  # of the way on which the tangent would come to zero: how far the slice goes uphill, downhill
TANGENT, SMALL_TANGENT = 0.24, 0.4  # half of its width, of the slice's
NUDGE = 0.38  # of the way on which the tangent would come to zero
POINT = 0.13
CLEAR = 0.3  # between a label and lines


def losses_along(experiment: Experiment, theta: NDArray, index: int, values: NDArray) -> NDArray:
    """(n,): the loss where entry ``index`` of theta (P,) is each of ``values`` (n,) and all others stay."""
    thetas = np.repeat(np.asarray(theta, dtype=np.float64)[None], len(values), axis=0)
    thetas[:, index] = values
    return np.asarray(loss(experiment, thetas))


def way_to_zero(height: float, slope: float, value: float) -> float:
    """How far the tangent goes from ``height`` down to zero: no parabola above zero is lowest farther than twice that.

    Where the ground is level, as far as the parameter is from zero.
    """
    return height / abs(slope) if slope else max(abs(value), 1.0)


class LossSlice(VGroup):
    """L over one entry of theta (P,), with the tangent of the recorded ``slope`` at its value.

    ``reach`` (uphill, downhill) is how far the slice goes; ``top`` is the highest loss in it, by default what it comes
    to. ``label``: the parameter as a formula. A ``small`` one has neither ticks nor axis letters, but its name above.
    Parts: ``plot``, ``curve``, ``tangent``, ``guide``, ``point``, ``letter``.
    """

    def __init__(
        self,
        experiment: Experiment,
        theta: NDArray,
        index: int,
        slope: float,
        label: str,
        box: Box,
        reach: tuple[float, float],
        y_range: tuple[float, float] | None = None,
        small: bool = False,
    ) -> None:
        super().__init__()
        self.experiment, self.theta = experiment, np.asarray(theta, dtype=np.float64)
        self.index, self.slope, self.label = index, slope, label
        self.value = float(self.theta[index])
        sides = reach if slope <= 0 else reach[::-1]
        x_range = (self.value - sides[0], self.value + sides[1])
        x = np.linspace(*x_range, SAMPLES)
        y = losses_along(experiment, theta, index, x)
        y_range = y_range or (0.0, 1.05 * float(y.max()) or 1.0)
        left, right, bottom, top = box
        ticks = {} if small else {"x_ticks": self._x_ticks(), "y_ticks": round_labels(*y_range, 4)}
        self.plot = Plot(
            x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_label=None if small else label, **ticks
        )
        width = style.SECOND_CURVE if not small else style.GHOST_CURVE
        self.curve = self.plot.curve(x, y, mix(palette.text, 0.85), width)
        self.tangent = self._tangent(width, SMALL_TANGENT if small else TANGENT)
        self.point = ring((0, 0, 0), POINT if not small else 0.08, palette.text, fill=palette.orange)
        here = self.plot.at(self.value, self.height_at(self.value))
        self.guide = dashed(self.plot.at(self.value, y_range[0]), here, mix(palette.dim, 0.6))
        if small:
            self.letter = formula(label, style.LETTER).place(top + 0.12, center=(left + right) / 2)
        else:
            self.letter = formula("L", style.LETTER).place(top + 0.15, center=left)
            if self.plot.notes:  # powers of ten stand there, too
                self.letter.place(top + 0.15, right=self.plot.notes.get_left()[0] - 0.2)
        self.add(self.plot, *([] if small else [self.guide]), self.curve, self.tangent, self.point, self.letter)
        self.show(self.value)

    def reaching(self, uphill: float, downhill: float) -> LossSlice:
        """A large slice of the same, in the same place, that goes so far."""
        reach = (uphill, downhill)
        return LossSlice(self.experiment, self.theta, self.index, self.slope, self.label, self.plot.box, reach)

    def _x_ticks(self) -> Ticks:
        return Ticks((self.value,), (f"{self.value:.2f}".replace("-", "\u2212"),))

    def height_at(self, value: float) -> float:
        """The loss at a value of the parameter."""
        return float(losses_along(self.experiment, self.theta, self.index, np.array([value]))[0])

    def show(self, value: float) -> None:
        """The point moves to a value of the parameter."""
        self.point.move_to(self.plot.at(value, self.height_at(value)))

    @property
    def nudged(self) -> float:
        """A value a little further down."""
        way = NUDGE * way_to_zero(self.height_at(self.value), self.slope, self.value)
        return self.value - (np.sign(self.slope) or -1.0) * way

    def _tangent(self, width: float, share: float) -> VMobject:
        """The line through the point with the recorded slope, as much of it as the picture holds."""
        low, high = self.plot.y_range
        height, half = self.height_at(self.value), share * (self.plot.x_range[1] - self.plot.x_range[0])
        if self.slope:
            half = min(half, (height - low) / abs(self.slope), max((high - height), 0.1 * height) / abs(self.slope))
        x = self.value + half * np.array([-1.0, 1.0])
        return polyline(self.plot.at(x, height + self.slope * (x - self.value)), palette.orange, width)

    def place_label(self, label: VGroup) -> VGroup:
        """Put ``label`` near the point, where neither the curve nor the tangent nor the guide comes."""
        taken = [np.asarray(self.curve.get_start_anchors()), self.curve.get_end()[None]]
        taken.append(np.linspace(self.tangent.get_start(), self.tangent.get_end(), 60))
        point = self.point.get_center()
        taken.append(np.linspace(point, [point[0], self.plot.box[2], 0], 30))
        center = free_place(self.plot.box, (label.width / 2, label.height / 2), np.vstack(taken), point)
        return label.move_to([*center, 0.0])


class SliceGrid(VGroup):
    """A small slice for each of ``indices``, all to one scale, so that steep ones look steep; two rows in ``box``.

    ``slices`` are in the order of ``indices``.
    """

    def __init__(
        self,
        experiment: Experiment,
        theta: NDArray,
        indices: Sequence[int],
        slopes: NDArray,
        labels: Sequence[str],
        half: float,
        box: Box,
    ) -> None:
        super().__init__()
        theta = np.asarray(theta, dtype=np.float64)
        ways = [theta[index] + half * np.linspace(-1, 1, 31) for index in indices]
        losses = np.concatenate([losses_along(experiment, theta, i, way) for i, way in zip(indices, ways, strict=True)])
        low, high = float(losses.min()), float(losses.max())
        margin = 0.06 * (high - low or abs(high) or 1.0)
        y_range = (low - margin, high + margin)
        boxes = _boxes(len(indices), box)
        self.slices = [
            LossSlice(
                experiment, theta, index, float(slopes[index]), labels[index], place, (half, half), y_range, small=True
            )
            for index, place in zip(indices, boxes, strict=True)
        ]
        self.add(*self.slices)


def _boxes(count: int, box: Box) -> list[Box]:
    left, right, bottom, top = box
    rows = 1 if count <= 3 else 2
    columns = -(-count // rows)
    gap, heading = 0.35, 0.55
    width = min((right - left - gap * (columns - 1)) / columns, 1.9)
    height = (top - bottom) / rows - heading
    return [
        (x := left + column * (width + gap), x + width, y := top - (row + 1) * (height + heading), y + height)
        for row, column in (divmod(k, columns) for k in range(count))
    ]


def free_place(box: Box, half: tuple[float, float], taken: NDArray, near: NDArray) -> NDArray:
    """(2,): the middle of a label of half its size ``half`` in ``box``, off ``taken`` (n, 3), as near as can be.

    Where nothing is CLEAR of everything, the place that is farthest from it.
    """
    left, right, bottom, top = box
    x = np.linspace(left + half[0] + 0.1, right - half[0], 40)
    y = np.linspace(bottom + half[1] + 0.1, top - half[1], 30)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    beyond = np.maximum(np.abs(places[:, None] - taken[None, :, :2]) - np.array(half), 0.0)
    room = np.linalg.norm(beyond, axis=-1).min(axis=1)
    away = np.linalg.norm(places - near[:2], axis=1)
    fits = room >= CLEAR
    return places[int(np.where(fits, away, np.inf).argmin())] if fits.any() else places[int(room.argmax())]
