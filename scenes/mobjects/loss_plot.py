"""A plot of losses over updates: a line of batch losses, their running mean, and losses over all data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.errors import UserError
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.plot import NO_TICKS, Plot, ring, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, labelled, round_step, round_ticks, unit_of
from gradreel.scenes.style import mix, mix_text, palette
from gradreel.scenes.words.numbers import number_text
from manim import ManimColor, VGroup
from numpy.typing import ArrayLike

PALE = 0.33  # share of the text colour in the line of smoothed batch losses
PALE_WIDTH, ALL_DATA = 1.8, 3.2
LINE_GAP = 0.36  # between the baselines of a label's lines
EPOCH_MARK = 0.13
MOST_MARKS = 40  # with more epochs, only labelled ones have a mark
DASH = 0.16
END_ROOM = 0.2  # right of the axis' end, for half of the number below it
LOGARITHMIC = 20.0  # from this ratio of highest to lowest loss, the axis is logarithmic
MOST_POWERS = 6  # labels of a logarithmic axis
MARGIN = 0.05  # free share of the axis at each end


class LossPlot(VGroup):
    """A run's loss curve in a rectangle of the scene, with the curves' labels right of it.

    ``counts``: whether counts of updates stand below the axis. Without them, epochs stand there, if there are several.
    ``room``: free updates left of the first loss. ``axis``: the axis of losses; by default the history's own.
    ``texts``: words for "updates", "epochs", "loss" and for the curves "batch", "mean", "whole", "validation".

    Parts: ``axes`` (with ticks and names), ``epochs``, the curves ``batch``, ``mean``, ``whole`` and ``validation``
    (RisingCurve; the last three may be None), ``marker``, ``labels`` (by curve). ``leader`` names the curve that `show`
    draws; the marker is on its end.
    """

    def __init__(
        self,
        history: LossHistory,
        texts: Mapping[str, str],
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
        counts: bool = True,
        room: float = 0.0,
        axis: LossAxis | None = None,
    ) -> None:
        super().__init__()
        self.history, self.axis = history, axis or LossAxis.of(history)
        self.counts = counts or not len(history.epoch_starts)
        self.axes = Plot(
            (-room, float(max(history.n_updates, 1))),
            (self.axis.low, self.axis.high),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=update_ticks(history.n_updates, 5 if right - left > 7 else 3) if self.counts else NO_TICKS,
            y_ticks=self.axis.ticks(),
            x_label=None,
        )
        self.axes.notes.shift(np.array([0.9, 0.0, 0.0]))  # beside the axis' name
        last_tick = max((float(label.get_right()[0]) for label in self.axes.x_tick_labels), default=right)
        last_tick += 0.0 if self.counts else END_ROOM  # for the number of the last epoch's end
        name = words(texts["updates"], style.TICK, palette.dim)
        self.names_left = min(max(right + 0.2, last_tick + 0.25), style.RIGHT_EDGE - name.width)
        if self.counts:
            self.axes.add(name.place(bottom - 0.4, left=self.names_left))
        self.axes.add(words(texts["loss"], style.TICK, palette.dim).place(top + 0.14, left=left - 0.1))
        self.epochs = self._epoch_marks(texts.get("epochs", ""))
        self._draw_curves()
        self.marker = ring((0, 0, 0), 0.11, palette.text, fill=palette.blue)
        self.labels = self._labels(texts)
        smooth_curves = [curve for curve in (self.mean, self.whole, self.validation) if curve is not None]
        self.add(self.axes, self.epochs, self.batch, *smooth_curves, self.marker, *self.labels.values())
        self.leader = "batch"
        self.show(self.last)

    def at(self, update: float, loss: float) -> FloatArray:
        """Return the scene's point, (3,), of a loss after ``update`` updates."""
        return self.axes.at(update, self.axis.of_loss(loss))

    @property
    def leading(self) -> RisingCurve:
        """Return the curve named by `leader`."""
        curve: RisingCurve = getattr(self, self.leader)
        return curve

    @property
    def last(self) -> float:
        """Return the update at which the leading curve ends."""
        return float(self.history.at[-1] if self.leader in ("whole", "validation") else self.history.n_updates)

    def show(self, update: float) -> tuple[int, float]:
        """Draw the leading curve up to ``update``; return the count of updates made, and the latest known loss.

        A batch's loss is measured before its update. So after the last update, the latest loss is the last batch's.
        """
        reached, at, loss = self._progress_at(update)
        curve = self.leading.show(update)
        if self.leader == "batch" and self.history.is_gathered and np.isfinite(loss):
            self.marker.move_to(self.at(at, loss))
        else:  # the marker waits at the first loss
            self.marker.move_to(curve.begin() if curve.tip is None else curve.tip)
        return reached, loss

    def _progress_at(self, update: float) -> tuple[int, int, float]:
        """Return updates made, after how many of them the latest loss was measured, and that loss; NaN in a gap."""
        history, done = self.history, int(update + 1e-6)
        if self.leader in ("whole", "validation"):
            k = max(int(np.searchsorted(history.at, done, side="right")) - 1, 0)
            return int(history.at[k]), int(history.at[k]), float(getattr(history, self.leader)[k])
        if self.leader == "batch" and history.is_whole and done >= history.n_updates:
            return done, done, history.final
        last = min(done, history.n_updates - 1)
        if self.leader == "mean":
            return done, last, history.mean(last)
        latest = history.latest(last)
        return (done, last, float("nan")) if latest is None else (done, latest, float(history.batch[latest]))

    def _draw_curves(self) -> None:
        """Create the four curves; None for those that the history lacks."""
        history, axes = self.history, self.axes

        def curve(x: FloatArray, loss: FloatArray, color: ManimColor, width: float, dash: float = 0.0) -> RisingCurve:
            return RisingCurve(axes, x, self.axis.of_loss(loss), color, width, dash)

        smoothed, text = history.is_smoothed, palette.text
        pale = (mix(text, PALE), PALE_WIDTH) if smoothed else (palette.blue, style.SECOND_CURVE)
        self.batch = curve(*history.line(), *pale)
        self.mean = curve(*history.mean_line(), palette.blue, style.SECOND_CURVE) if smoothed else None
        self.whole = curve(history.at, history.whole, text, ALL_DATA) if len(history.whole) else None
        losses = history.validation
        self.validation = curve(history.at, losses, text, ALL_DATA, DASH) if len(losses) else None

    def _epoch_marks(self, name: str) -> VGroup:
        """Return marks on the axis where epochs began, and the number of finished epochs below; empty if unknown."""
        starts = self.history.epoch_starts
        ticks: Ticks = epoch_ticks(starts)
        marks, labels = VGroup(), VGroup()
        if not len(starts) or not name:
            return VGroup(marks, labels)
        line = self.axes.box[2] - (0.8 if self.counts else 0.4)
        ends = [] if self.counts else self._ends()
        for start in [*(starts if len(starts) <= MOST_MARKS else ticks.values), *(at for at, _ in ends)]:
            foot = self.axes.at(start, self.axis.low)
            marks.add(segment(foot, foot + np.array([0.0, EPOCH_MARK, 0.0]), palette.axis, style.AXIS))
        for start, label in [*zip(ticks.values, ticks.labels, strict=True), *ends]:
            text = words(label, style.TICK, palette.dim)
            labels.add(text.place(line, center=float(self.axes.at(start, 0)[0])))
        labels.add(words(name, style.TICK, palette.dim).place(line, left=self.names_left))
        return VGroup(marks, labels)

    def _ends(self) -> list[tuple[float, str]]:
        """Return (update, label) of the run's beginning, "0", and of its end if an epoch ends there.

        One that has no room beside the nearest epoch is left out.
        """
        starts, end = self.history.epoch_starts, self.history.n_updates
        ends = [(0.0, "0")] if self._distance_of_updates(0, starts[0]) > 2 * END_ROOM else []
        if end == starts[0] * (len(starts) + 1) and self._distance_of_updates(starts[-1], end) > 2 * END_ROOM:
            ends.append((float(end), number_text(len(starts) + 1)))
        return ends

    def _distance_of_updates(self, first: float, second: float) -> float:
        """Return the distance between two updates, in scene units."""
        return float(self.axes.at(second, 0)[0] - self.axes.at(first, 0)[0])

    def _labels(self, texts: Mapping[str, str]) -> dict[str, VGroup]:
        """Return the curves' labels, in a column at the right, as near to the curves' ends as possible."""
        curves = {"batch": self.batch, "mean": self.mean, "whole": self.whole, "validation": self.validation}
        named = {name: curve for name, curve in curves.items() if curve is not None and texts.get(name)}
        labels = {name: self._unplaced_label(texts[name], curve) for name, curve in named.items()}
        ends = {name: float(curve.end()[1]) for name, curve in named.items()}
        if "mean" in ends:  # the end of the pale line is random, so its label stands below the others
            ends["batch"] = min(ends[name] for name in ends if name != "batch") - 0.01
        order = sorted(labels, key=lambda name: -ends[name])  # from the top
        heights = [LINE_GAP * len(labels[name]) + 0.12 for name in order]
        ideal_uppers = [ends[name] + LINE_GAP * len(labels[name]) / 2 for name in order]
        _, right, bottom, top = self.axes.box
        for name, upper in zip(order, spread_boxes(ideal_uppers, heights, bottom + 0.1, top + 0.2), strict=True):
            for k, line in enumerate(labels[name]):
                line.place(upper - LINE_GAP * (k + 1) + 0.1, left=right + 0.25)
        return labels

    def _unplaced_label(self, text: str, curve: RisingCurve) -> VGroup:
        """Return the lines of a label in its curve's colour, not yet placed.

        The label of batch losses is paler if they are smoothed.
        """
        is_pale = curve is self.batch and self.history.is_smoothed
        color = mix_text(palette.text, 0.7) if is_pale else curve.get_stroke_color()
        return VGroup(*(words(line, style.LABEL - 2, color) for line in text.split("\n")))


def spread_boxes(uppers: list[float], heights: list[float], bottom: float, top: float) -> list[float]:
    """Return new upper edges of boxes, ordered from the top, so that no boxes overlap or leave ``bottom`` to ``top``.

    If they need more height than that, they reach above ``top``.
    """
    placed: list[float] = []
    for upper, height in zip(uppers, heights, strict=True):
        limit = placed[-1] - heights[len(placed) - 1] if placed else top
        placed.append(min(max(upper, bottom + height), limit))
    lower_limit = bottom
    for k in range(len(placed) - 1, -1, -1):
        placed[k] = max(placed[k], lower_limit + heights[k])
        lower_limit = placed[k]
    return placed


@dataclass(frozen=True)
class LossAxis:
    """An axis of losses from ``low`` to ``high``, in its own measure: the loss, or its logarithm to base 10."""

    logarithmic: bool
    low: float
    high: float
    suffix: str = ""  # after each label, such as "k"

    @classmethod
    def of(cls, history: LossHistory) -> LossAxis:
        """Return an axis that holds ``history.extent()``."""
        return cls.holding(*history.extent(), history.scale.suffix)

    @classmethod
    def holding(cls, low: float, high: float, suffix: str = "", from_zero: bool = True) -> LossAxis:
        """Return an axis for losses from ``low`` to ``high``, with a margin.

        It is logarithmic if ``low`` is positive and ``high`` is `LOGARITHMIC` times as large. Otherwise it begins at 0,
        if ``from_zero`` and no loss is negative. Raises UserError if the range is too large for a float.
        """
        if not math.isfinite(2 * (high / 2 - low / 2)):
            raise UserError(
                f"the losses reach from {low:.3g} to {high:.3g}, too far for one axis; record a run with a smaller"
                f" learning rate"
            )
        logarithmic = low > 0 and high / low >= LOGARITHMIC
        if logarithmic:
            low, high = math.log10(low), math.log10(high)
        elif low >= 0 and from_zero:
            low = 0.0
        span = high - low or abs(high) or 1.0
        return cls(logarithmic, low - MARGIN * span * (low != 0.0), high + MARGIN * span, suffix)

    def of_loss(self, loss: ArrayLike) -> FloatArray:
        """Return losses in the axis' measure, clipped to its ends; NaN for infinity and NaN."""
        loss = np.asarray(loss, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            measure = np.log10(np.maximum(loss, 0.0)) if self.logarithmic else loss
            return np.where(np.isfinite(loss), np.clip(measure, self.low, self.high), np.nan)

    def outside(self, loss: FloatArray) -> int:
        """Return how many finite losses lie beyond an end of the axis; they are drawn on the edge."""
        finite = loss[np.isfinite(loss)]
        with np.errstate(divide="ignore", invalid="ignore"):
            measure = np.log10(np.maximum(finite, 0.0)) if self.logarithmic else finite
        return int(np.sum((measure < self.low) | (measure > self.high)))

    def ticks(self, most: int = 5) -> Ticks:
        """Return round ticks, about ``most`` at most, with values in the axis' measure."""
        if not self.logarithmic:
            unit = unit_of(self.low, self.high)
            plain = labelled(round_ticks(self.low, self.high, most), unit)
            labels = tuple(label if label == "0" else f"{label}{self.suffix}" for label in plain.labels)
            return Ticks(plain.values, labels, unit)
        steps = self._ticks_at_digits((1.0,))
        if len(steps) < 3:
            fine, coarse = self._ticks_at_digits((1.0, 2.0, 5.0)), self._ticks_at_digits((1.0, 3.0))
            steps = fine if len(fine) <= most + 1 else coarse
        steps = steps[:: math.ceil(len(steps) / MOST_POWERS)] if len(steps) > MOST_POWERS else steps
        values = tuple(math.log10(digit) + power for digit, power in steps)
        return Ticks(values, tuple(self._power_text(digit, power) for digit, power in steps))

    def _ticks_at_digits(self, digits: tuple[float, ...]) -> list[tuple[float, int]]:
        """Return (digit, power of ten) of each loss on the axis that is a digit of ``digits`` times a power of ten."""
        powers = range(math.floor(self.low) - 1, math.floor(self.high) + 1)
        return [(d, power) for power in powers for d in digits if self.low <= math.log10(d) + power <= self.high]

    def _power_text(self, digit: float, power: int) -> str:
        """Return a tick's label: "0.02", or a formula such as "$2 dot 10^(-6)$" for very small or large losses."""
        if -4 <= power <= 4:
            return number_text(digit * 10.0**power) + self.suffix
        factor = "" if digit == 1 else f"{digit:g} dot "
        return f"${factor}10^({power})${self.suffix}"


def update_ticks(n_updates: int, most: int = 5) -> Ticks:
    """Return ticks at round counts of updates, with labels in full."""
    values = [value for value in round_ticks(0, max(n_updates, 1), most) if value == int(value)]
    return Ticks(tuple(values), tuple(number_text(value) for value in values))


def epoch_ticks(starts: IntArray, most: int = 6) -> Ticks:
    """Return ticks where round counts of epochs ended; ``starts`` (E - 1,): `LossHistory.epoch_starts`."""
    count = len(starts)
    if not count:
        return Ticks((), ())
    step = max(1, math.ceil(round_step(count, most)))
    over = range(step, count + 1, step)
    return Ticks(tuple(float(starts[n - 1]) for n in over), tuple(number_text(n) for n in over))
