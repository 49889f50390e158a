"""One sigmoid and its three letters: the formula with live numbers, the curve, a slider each. All moved in place."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.formula_numbers import in_formula
from gradreel.scenes.lecture.curves.pictures.slider import Slider
from gradreel.scenes.lecture.curves.sigmoid_matching import SigmoidMatch
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.lecture_formulas import one_sigmoid_source
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels, ticks_at_knots
from gradreel.scenes.style import mix, palette
from manim import Dot, ManimColor, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LETTERS = ("c", "b", "w")  # in the formula's order
ROLE = {"w": "yellow", "b": "green", "c": "magenta"}
PART = {"w": "w", "b": "bias", "c": "c"}  # of the formula
REACH = 8.0  # b + w x_1 at the right end of an axis that shows one sigmoid closely; its opposite at the left end
PLOT_BOX = {"left": -5.3, "right": 5.6, "bottom": -2.7, "top": 0.6}
HALFWAY_DOT = 0.075
FORMULA_CENTER, FORMULA_BASELINE, VALUE_BASELINE = -2.3, 2.1, 1.2
VALUE_SIZE = 36  # a minus sign still keeps clear of the number before it
SLIDER_Y = (2.62, 2.08, 1.54)
SLIDER_LEFT, SLIDER_LENGTH = 3.15, 2.3
LABEL_LEVEL, LABEL_SHARE = 0.16, 0.75  # of the height, where a curve has its value; of the letter's colour in it
LEVEL_LETTER = 0.16  # from the end of the line at c to its letter
HEIGHT_LETTER, LOW = -0.24, (0.25, 0.45)  # from the height's arrow to its c; arrows too low and high enough for it
FOOT = 0.78  # from the axis to what is written at the foot of the half-way line
TICK, UNDER, OVER, Y_LABEL = 0.08, -0.32, 0.11, 0.18  # half a tick's length; from an axis to its numbers

View = tuple[tuple[float, float], tuple[float, float]]
"""Ranges of x and of y."""


def color_of(letter: str) -> ManimColor:
    return getattr(palette, ROLE[letter])


def close_view(match: SigmoidMatch) -> View:
    """Where one sigmoid fills the picture: its middle in the middle, flat at both ends."""
    middle = -match.b / match.w
    heights = (min(match.c, 0.0) * 1.15, max(match.c, 0.0))
    return (middle - REACH / match.w, middle + REACH / match.w), heights


def close_ticks(match: SigmoidMatch, corners: tuple[float, float]) -> Ticks:
    """In that view: at the piece's corners, and at 0 if it is seen, for the y axis stands elsewhere."""
    low, high = close_view(match)[0]
    width, zero = PLOT_BOX["right"] - PLOT_BOX["left"], (0.0,) if low < 0.0 < high else ()
    with_zero = sorted({*corners, *zero})
    ticks = ticks_at_knots(with_zero, low, high, width)
    return ticks if len(ticks.values) == len(with_zero) else ticks_at_knots(corners, low, high, width)


class SigmoidBoard(VGroup):
    """y = c sigmoid(b + w x_1): what is shown is added to the group; ``set`` moves all of it in place.

    Parts: ``formula``, ``stems``, ``values`` and ``sliders`` by letter, ``plot``, ``curve``, ``level`` (the dashed line
    at c and its letter), ``marker`` by letter (the slope, the shift, the height with its letter), ``halfway`` (a line
    through the middle with a dot there, at its foot it says that the bracket is 0), ``ghosts`` (earlier curves),
    ``ticks`` (of the plot). ``x_ticks``: by default round ones.
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
        self.plot = Plot(x_range, y_range, **PLOT_BOX)
        self._axis_through_zero()
        self.ticks = BoardTicks(self.plot, x_ticks or round_labels(*x_range, 6), round_labels(*y_range, 5))
        self.plot.add(self.ticks)
        self.formula = formula(one_sigmoid_source(), style.FORMULA).place(FORMULA_BASELINE, center=FORMULA_CENTER)
        self.values = {letter: self._value(letter) for letter in LETTERS}
        self.stems = {letter: self._stem(letter) for letter in LETTERS}
        self.sliders = {
            letter: Slider(
                letter,
                slider_ranges[letter],
                start[letter],
                left=SLIDER_LEFT,
                right=SLIDER_LEFT + SLIDER_LENGTH,
                y=y,
                color=color_of(letter),
            )
            for letter, y in zip(LETTERS, SLIDER_Y, strict=True)
        }
        self.x = self.plot.sample(300)
        self.curve = self.plot.curve(self.x, self.y_of(start), palette.blue)
        self._middle = self.middle()
        self.level, self.level_letter = self._level()
        self.marker = {letter: arrow(color_of(letter)) for letter in LETTERS}
        self.marker["c"] = VGroup(self.marker["c"], formula(ROLE["c"] + "(c)", style.LETTER))
        self.halfway = self._halfway()
        self.ghosts = VGroup()
        self.add(self.ghosts)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _value(self, letter: str) -> Number:
        """The live number, hanging under its letter; its digits keep their places, a minus sign grows to the left."""
        value = Number(0.0, 2, VALUE_SIZE, color_of(letter), face="math")
        center = self.formula.part(PART[letter]).get_center()[0]
        value.place(VALUE_BASELINE, right=center + value.width / 2)
        return value.set_value(self.now[letter])

    def _stem(self, letter: str) -> VMobject:
        x = self.formula.part(PART[letter]).get_center()[0]
        return segment((x, FORMULA_BASELINE - 0.16, 0), (x, VALUE_BASELINE + 0.42, 0), color_of(letter), style.GUIDE)

    def _axis_through_zero(self) -> None:
        """The x axis and its letter go where y is 0."""
        rise = np.array([0.0, self.plot.at(0.0, 0.0)[1] - self.plot.x_axis.get_center()[1], 0.0])
        self.plot.x_axis.shift(rise)
        self.plot.x_label.shift(rise)

    def _level(self) -> tuple[VMobject, TextMobject]:
        start, end = self.plot.at(np.array(self.plot.x_range), self.now["c"])
        letter = formula(ROLE["c"] + "(c)", style.LETTER)
        letter.place(start[1] - 0.09, left=end[0] + LEVEL_LETTER)
        return dashed(start, end, mix(palette.magenta, 0.7), dash=0.13), letter

    def _halfway(self) -> VGroup:
        """A dashed line through the curve's middle, from the axis to the far side, and at its foot b + w x_1 = 0."""
        x, foot = float(np.clip(self._middle[0], *self.plot.box[:2])), float(self.plot.at(0.0, 0.0)[1])
        up = self.now["c"] > 0
        end = self.plot.box[3] if up else self.plot.box[2]
        name = formula("green(b) + yellow(w) thin x_1 = 0", style.LETTER)
        name.place(foot - FOOT if up else foot + FOOT - 0.3, center=x)
        dot = Dot(self._middle, HALFWAY_DOT, color=palette.text)
        return VGroup(dashed((x, foot, 0), (x, end, 0), mix(palette.text, 0.6)), name, dot)

    # -- numbers -------------------------------------------------------------------------------------------------

    def y_of(self, at: Mapping[str, float]) -> NDArray:
        """c sigmoid(b + w x) over the whole axis, (300,)."""
        return at["c"] * sigmoid(at["b"] + at["w"] * self.x)

    def middle(self) -> NDArray:
        """The scene's point (3,) where b + w x = 0: the curve is half way up; far outside while w passes 0."""
        low, high = self.plot.x_range
        w = self.now["w"] or 1e-9
        return self.plot.at(np.clip(-self.now["b"] / w, 2 * low - high, 2 * high - low), self.now["c"] / 2)

    def curve_label(self, letter: str) -> VGroup:
        """The letter's value as a label of the curve as it is now: on a patch that interrupts it; of c, beside it."""
        text = in_formula(round(self.now[letter], 2))
        label = formula(text, style.LETTER, mix(color_of(letter), LABEL_SHARE))
        if letter == "c":
            return label.place(self.curve.get_end()[1] - 0.1, left=self.plot.box[1] + 0.2)
        label.move_to(self._label_point())
        patch = Rectangle(width=label.width + 0.16, height=label.height + 0.12, stroke_width=0)
        return VGroup(patch.set_fill(palette.background, 1).move_to(label), label)

    def _label_point(self) -> NDArray:
        """The scene's point (3,) where the curve is at LABEL_LEVEL of its height; near a label, at as much below c."""
        points = []
        for level in (LABEL_LEVEL, 1 - LABEL_LEVEL):
            x = (np.log(level / (1 - level)) - self.now["b"]) / self.now["w"]
            points.append(self.plot.at(x, level * self.now["c"]))
        others = [ghost.get_center() for ghost in self.ghosts if isinstance(ghost, VGroup)]
        crowded = any(np.linalg.norm(points[0] - other) < 0.5 for other in others)
        return points[1] if crowded else points[0]

    # -- motion --------------------------------------------------------------------------------------------------

    def set(self, **values: float) -> SigmoidBoard:
        """Move everything to new values of some letters, in place; returns self."""
        self.now.update(values)
        self.plot.set_curve(self.curve, self.x, self.y_of(self.now))
        for letter in values:
            self.values[letter].set_value(self.now[letter])
            self.sliders[letter].set_value(self.now[letter])
        at = self.plot.at(self.plot.x_range[0], self.now["c"])[1]
        self.level.shift([0, at - self.level.get_center()[1], 0])
        self.level_letter.shift([0, at - 0.09 - self.level_letter.baseline, 0])
        self._set_markers()
        return self

    def set_view(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> SigmoidBoard:
        """Look at another part of the plane: curve, axis and ticks go where they are seen then, in place; returns self.

        Ghosts are the caller's to exchange.
        """
        self.plot.x_range, self.plot.y_range = x_range, y_range
        self._axis_through_zero()
        self.ticks.follow()
        self.x = self.plot.sample(300)
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
        gone = middle[0] - self._middle[0]
        short_of = np.array([np.sign(gone) * min(abs(gone), 1.3 * HALFWAY_DOT), 0.0, 0.0])
        set_arrow(self.marker["b"], np.array([self._middle[0], middle[1], 0.0]), middle - short_of)
        self._set_height(float(origin[1]), float(2 * middle[1] - origin[1]))
        line, name, dot = self.halfway
        at = float(np.clip(middle[0], *self.plot.box[:2]))
        line.shift([at - line.get_center()[0], 0, 0])
        name.shift([at - name.get_center()[0], 0, 0])
        dot.move_to(middle).set_opacity(float(at == middle[0]))  # none where the plot does not show the middle

    def _set_height(self, zero: float, end: float) -> None:
        """The arrow from zero to c, and beside it the letter, which fades where c is about 0."""
        line, letter = self.marker["c"]
        x = self.plot.box[1] - 0.5
        set_arrow(line, np.array([x, zero, 0.0]), np.array([x, end, 0.0]), True)
        letter.move_to([x + HEIGHT_LETTER, (zero + end) / 2, 0.0])
        letter.set_fill(opacity=float(np.clip((abs(end - zero) - LOW[0]) / (LOW[1] - LOW[0]), 0.0, 1.0)))

    def show_marker(self, letter: str) -> VMobject:
        """The moving mark of what ``letter`` does, from now on part of the picture."""
        self._middle = self.middle()
        self._set_markers()
        self.add(self.marker[letter])
        return self.marker[letter]

    def show_halfway(self) -> VGroup:
        """The line through the middle, made for where it is now; from now on part of the picture."""
        self._middle = self.middle()
        self.halfway = self._halfway()
        self.add(self.halfway)
        return self.halfway

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


class BoardTicks(VGroup):
    """Ticks on the line of zero and on the y axis, and their numbers: ``follow`` puts them where the plot has them.

    Parts: ``x_marks``, ``x_labels`` (on the side where less is drawn), ``y_labels``. What the plot does not show is
    clear.
    """

    def __init__(self, plot: Plot, x_ticks: Ticks, y_ticks: Ticks) -> None:
        super().__init__()
        kept = [k for k, value in enumerate(x_ticks.values) if value > plot.x_range[0]]  # none on the y axis
        self.plot, self.y_values = plot, y_ticks.values
        self.x_values = [x_ticks.values[k] for k in kept]
        self.drop = UNDER if max(y_ticks.values) >= -min(y_ticks.values) else OVER
        half = np.array([0.0, TICK, 0.0])
        self.x_marks = VGroup(*(segment(-half, half, palette.axis, style.AXIS) for _ in self.x_values))
        self.x_labels = VGroup(*(words(x_ticks.labels[k], style.TICK, palette.dim) for k in kept))
        self.y_labels = VGroup(*(words(label, style.TICK, palette.dim) for label in y_ticks.labels))
        self.add(self.x_marks, self.x_labels, self.y_labels)
        self.follow()

    def follow(self) -> BoardTicks:
        """Go where the plot's present view has the numbers, in place; returns self."""
        plot = self.plot
        for value, mark, label in zip(self.x_values, self.x_marks, self.x_labels, strict=True):
            at = plot.at(value, 0.0)
            mark.move_to(at)
            label.place(at[1] + self.drop, center=at[0])
        low, high = plot.y_range
        for value, label in zip(self.y_values, self.y_labels, strict=True):
            label.place(plot.at(0.0, value)[1] - 0.09, right=plot.box[0] - Y_LABEL)
            outside = max(low - value, value - high) / (high - low)
            label.set_opacity(float(np.clip(1 - 30 * outside, 0.0, 1.0)))
        return self
