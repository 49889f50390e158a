"""One sigmoid and its three letters: the formula with live numbers, the curve, a slider each. All moved in place."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from gradreel.core.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.mobjects.lecture_formulas import one_sigmoid_source
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline, segment
from gradreel.scenes.mobjects.slider import Slider
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, number_text, round_labels
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LETTERS = ("c", "b", "w")  # in the formula's order
ROLE = {"w": "yellow", "b": "green", "c": "magenta"}
PART = {"w": "w", "b": "bias", "c": "c"}  # of the formula
REACH = 8.0  # b + w x_1 at the right end of an axis that shows one sigmoid closely; its opposite at the left end
PLOT_BOX = {"left": -5.6, "right": 5.6, "bottom": -1.78, "top": 0.66}
FORMULA_BASELINE, VALUE_BASELINE, SLIDER_Y = 2.1, 1.2, -2.98
SLIDER_LEFT = (-5.04, -0.94, 3.2)
SLIDER_LENGTH = 2.4
LABEL_LEVEL = 0.24  # share of the height at which curves carry their values


def color_of(letter: str) -> ManimColor:
    return getattr(palette, ROLE[letter])


def arrow(color: ManimColor, width: float = 3.2) -> VMobject:
    """An arrow without a place yet; ``set_arrow`` gives it one."""
    return polyline(np.zeros((2, 3)), color, width)


def set_arrow(line: VMobject, start: NDArray, end: NDArray, both: bool = False, head: float = 0.16) -> VMobject:
    """Put an arrow from ``start`` to ``end`` (3,), in place; a short one has a small head, one of no length none."""
    way = end - start
    length = float(np.linalg.norm(way))
    line.clear_points()
    if length < 0.02:
        return line
    along = way / length * min(head, 0.45 * length)
    across = np.array([-along[1], along[0], 0.0]) * 0.62
    strokes = [[start, end], [end - along + across, end, end - along - across]]
    if both:
        strokes.append([start + along + across, start, start + along - across])
    for stroke in strokes:
        line.start_new_path(stroke[0])
        line.add_points_as_corners(stroke[1:])
    return line


class SigmoidBoard(VGroup):
    """y = c sigmoid(b + w x_1): what is shown is added with ``include``; ``set`` moves all of it in place.

    Parts: ``formula``, ``stems``, ``values`` and ``sliders`` by letter, ``plot``, ``curve``, ``level`` (the dashed line
    at c and its letter), ``marker`` by letter (the slope, the shift, the height), ``halfway`` (a line through the
    middle, which says that the bracket is 0 there), ``ghosts`` (earlier curves). ``x_ticks``: by default round ones.
    """

    def __init__(
        self,
        start: Mapping[str, float],
        slider_ranges: Mapping[str, tuple[float, float]],
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        x_ticks: Ticks | None = None,
    ) -> None:
        super().__init__()
        self.now = dict(start)
        self.plot = Plot(x_range, y_range, **PLOT_BOX, x_ticks=x_ticks or round_labels(*x_range, 6))
        self.plot.y_axis.set_opacity(0)  # the shape matters, not the crossing: only 0 and c are marked
        self.formula = formula(one_sigmoid_source(), style.FORMULA).place(FORMULA_BASELINE, center=0.0)
        self.values = {letter: self._value(letter) for letter in LETTERS}
        self.stems = {letter: self._stem(letter) for letter in LETTERS}
        self.sliders = {
            letter: Slider(
                letter,
                slider_ranges[letter],
                start[letter],
                left=left,
                right=left + SLIDER_LENGTH,
                y=SLIDER_Y,
                color=color_of(letter),
            )
            for letter, left in zip(LETTERS, SLIDER_LEFT, strict=True)
        }
        self.x = self.plot.sample(300)
        self.curve = self.plot.curve(self.x, self.y_of(start), palette.blue)
        self.zero = self._zero()
        self._middle = self.middle()
        self.level, self.level_letter = self._level()
        self.marker = {letter: arrow(color_of(letter)) for letter in LETTERS}
        self.halfway = self._halfway()
        self.ghosts = VGroup()
        self.add(self.ghosts)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _value(self, letter: str) -> Number:
        """The live number, hanging under its letter; its digits keep their places, a minus sign grows to the left."""
        value = Number(0.0, 2, 40, color_of(letter), face="math")
        center = self.formula.part(PART[letter]).get_center()[0]
        value.place(VALUE_BASELINE, right=center + value.width / 2)
        return value.set_value(self.now[letter])

    def _stem(self, letter: str) -> VMobject:
        x = self.formula.part(PART[letter]).get_center()[0]
        return segment((x, FORMULA_BASELINE - 0.16, 0), (x, VALUE_BASELINE + 0.42, 0), color_of(letter), style.GUIDE)

    def _zero(self) -> VGroup:
        """Where y is 0: a label at the left, and a line of its own where the axis lies lower."""
        at = self.plot.at(self.plot.x_range[0], 0.0)
        label = words("0", style.TICK, palette.dim).place(at[1] - 0.09, right=at[0] - 0.2)
        if self.plot.y_range[0] >= 0:
            return VGroup(label)
        self.plot.x_axis.set_opacity(0)
        self.plot.x_label.shift([0, at[1] - self.plot.box[2], 0])
        line = segment(at, self.plot.at(self.plot.x_range[1], 0.0), palette.axis, style.AXIS)
        return VGroup(line, label)

    def _level(self) -> tuple[VMobject, TextMobject]:
        start, end = self.plot.at(np.array(self.plot.x_range), self.now["c"])
        letter = formula(ROLE["c"] + "(c)", style.LETTER).place(start[1] - 0.09, right=start[0] - 0.2)
        return dashed(start, end, mix(palette.magenta, 0.7), dash=0.13), letter

    def _halfway(self) -> VGroup:
        """A dashed line through the curve's middle, from bottom to top, and above it b + w x_1 = 0."""
        x = float(np.clip(self._middle[0], *self.plot.box[:2]))
        bottom, top = self.plot.box[2:]
        name = formula("green(b) + yellow(w) thin x_1 = 0", style.LETTER).place(top + 0.14, center=x)
        return VGroup(dashed((x, bottom, 0), (x, top, 0), mix(palette.text, 0.6)), name)

    def _beside_zero(self, y: float) -> float:
        """``y`` for the letter c, or as near to it as the label 0 lets it come."""
        zero, least = self.plot.at(0.0, 0.0)[1], 0.34
        return y if abs(y - zero) >= least else zero + math.copysign(least, self.now["c"])

    # -- numbers -------------------------------------------------------------------------------------------------

    def y_of(self, at: Mapping[str, float]) -> NDArray:
        """c sigmoid(b + w x) over the whole axis, (300,)."""
        return at["c"] * sigmoid(at["b"] + at["w"] * self.x)

    def middle(self) -> NDArray:
        """The scene's point (3,) where b + w x = 0: the curve is half way up; far outside while w passes 0."""
        low, high = self.plot.x_range
        w = self.now["w"] or 1e-9
        return self.plot.at(np.clip(-self.now["b"] / w, 2 * low - high, 2 * high - low), self.now["c"] / 2)

    def label_point(self, at: Mapping[str, float]) -> NDArray:
        """The scene's point (3,) where the curve of ``at`` is at LABEL_LEVEL of its height, or at as much below c."""
        points = []
        for level in (LABEL_LEVEL, 1 - LABEL_LEVEL):
            points.append(self.plot.at((np.log(level / (1 - level)) - at["b"]) / at["w"], level * at["c"]))
        others = [ghost.get_center() for ghost in self.ghosts if isinstance(ghost, VGroup)]
        crowded = any(np.linalg.norm(points[0] - other) < 0.5 for other in others)
        return points[1] if crowded else points[0]

    # -- motion --------------------------------------------------------------------------------------------------

    def include(self, *parts: VMobject) -> None:
        """Make ``parts`` part of what is shown and moved, in front of what is there."""
        self.add(*parts)

    def include_below(self, *parts: VMobject) -> None:
        """The same under everything, ghosts too: a curve along the axis lies on it."""
        self.add_to_back(*parts)

    def exclude(self, *parts: VMobject) -> None:
        self.remove(*parts)

    def set(self, **values: float) -> SigmoidBoard:
        """Move everything to new values of some letters, in place; returns self."""
        self.now.update(values)
        self.plot.set_curve(self.curve, self.x, self.y_of(self.now))
        for letter in values:
            self.values[letter].set_value(self.now[letter])
            self.sliders[letter].set_value(self.now[letter])
        at = self.plot.at(self.plot.x_range[0], self.now["c"])[1]
        self.level.shift([0, at - self.level.get_center()[1], 0])
        self.level_letter.shift([0, self._beside_zero(at) - 0.09 - self.level_letter.baseline, 0])
        self._set_markers()
        return self

    def set_view(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> SigmoidBoard:
        """Look at another part of the plane: curve and zero go where they are seen then, in place; returns self.

        Ticks and ghosts are the caller's to exchange. The axis must have been made with zero above its lower end.
        """
        plot, before = self.plot, self.plot.at(0.0, 0.0)[1]
        plot.x_range, plot.y_range = x_range, y_range
        rise = np.array([0.0, plot.at(0.0, 0.0)[1] - before, 0.0])
        self.zero.shift(rise)
        plot.x_label.shift(rise)
        self.x = plot.sample(300)
        return self.set(**self.now)

    def _set_markers(self) -> None:
        """The slope in the middle as a tangent, the shift since the last ``start_shift``, the height as a measure."""
        middle = self.middle()
        origin, unit = self.plot.at(0, 0), self.plot.at(1, 1)
        scale = unit - origin
        slope = np.array([scale[0], self.now["c"] * self.now["w"] / 4 * scale[1], 0.0])
        way = slope / np.linalg.norm(slope)
        most = 0.5 * abs(self.now["c"] * scale[1]) / max(abs(way[1]), 1e-9)  # not above the curve's own height
        half = way * min(1.05, most)
        self.marker["w"].set_points_as_corners([middle - half, middle + half])
        set_arrow(self.marker["b"], np.array([self._middle[0], middle[1], 0.0]), middle)
        x = self.plot.box[1] - 0.5
        set_arrow(self.marker["c"], np.array([x, origin[1], 0.0]), np.array([x, 2 * middle[1] - origin[1], 0.0]), True)
        line, name = self.halfway
        at = float(np.clip(middle[0], *self.plot.box[:2]))
        line.shift([at - line.get_center()[0], 0, 0])
        name.shift([at - name.get_center()[0], 0, 0])

    def show_marker(self, letter: str) -> VMobject:
        """The moving mark of what ``letter`` does, from now on part of the picture."""
        self._middle = self.middle()
        self._set_markers()
        self.include(self.marker[letter])
        return self.marker[letter]

    def sweep(self, run_time: float, **values: float) -> UpdateFromAlphaFunc:
        """The animation that moves the letters named from where they are to ``values``, together."""
        start = {letter: self.now[letter] for letter in values}

        def update(board: SigmoidBoard, alpha: float) -> None:
            board.set(**{letter: (1 - alpha) * start[letter] + alpha * end for letter, end in values.items()})

        return UpdateFromAlphaFunc(self, update, run_time=run_time, rate_func=smooth)

    def leave_ghost(self, share: float = 0.5) -> VMobject:
        """A thin, dim copy of the curve stays where the curve is now, under everything else."""
        ghost = self.plot.curve(self.x, self.y_of(self.now), mix(palette.blue, share), style.GHOST_CURVE)
        self.ghosts.add(ghost)
        return ghost


def letter_name(letter: str) -> TextMobject:
    """The letter itself, in its colour."""
    return formula(letter, style.LETTER * 1.15, color_of(letter))


def curve_label(letter: str, value: float, share: float = 1.0) -> TextMobject:
    """A value as the label of its curve, in the letter's colour."""
    text = number_text(round(value, 2)).replace("\u2212", "-")
    return formula(text, style.LETTER, mix(color_of(letter), share))


def on_curve(label: TextMobject, point: NDArray) -> VGroup:
    """``label`` centred on a curve's point, on a patch of background that interrupts the curve."""
    label.move_to(point)
    patch = Rectangle(width=label.width + 0.16, height=label.height + 0.12, stroke_width=0)
    return VGroup(patch.set_fill(palette.background, 1).move_to(label), label)
