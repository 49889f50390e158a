"""One sigmoid beside the blue piece that it matches: formula with live numbers, curve, sliders. All moved in place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from gradreel.core.network.activations import hard_sigmoid, sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.formula_numbers import in_formula
from gradreel.scenes.lecture.curves.pictures.sigmoid_plot import (
    FORMULA_BASELINE,
    FORMULA_CENTER,
    MovingTicks,
    SigmoidPlot,
    View,
    close_ticks,
    close_view,
    level_at,
)
from gradreel.scenes.lecture.curves.pictures.slider import Slider
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.lecture_formulas import one_sigmoid_source
from gradreel.scenes.mobjects.plot import dashed, segment
from gradreel.scenes.mobjects.text import Number, formula
from gradreel.scenes.mobjects.ticks import round_labels, round_step
from gradreel.scenes.style import mix, mix_text, palette
from manim import Dot, ManimColor, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LETTERS = ("c", "b", "w")  # in the formula's order
ROLE = {"w": "yellow", "b": "green", "c": "magenta"}
PART = {"w": "w", "b": "bias", "c": "c"}  # of the formula
HALFWAY_DOT = 0.075
VALUE_BASELINE = 1.2
VALUE_SIZE = 36  # a minus sign still keeps clear of the number before it
SLIDER_Y = (2.62, 2.08, 1.54)
SLIDER_LEFT, SLIDER_LENGTH = 3.15, 2.3
LABEL_LEVEL, LABEL_SHARE = 0.16, 0.75  # of the height, where a curve has its value; of the letter's colour in it
HEIGHT_LETTER, LOW = -0.24, (0.25, 0.45)  # from the height's arrow to its c; arrows too low and high enough for it
FOOT = 0.78  # from the axis to what is written at the foot of the half-way line
MEASURED = (0.7, style.GHOST_CURVE)  # share of blue and width of a piece to which distances are measured


def color_of(letter: str) -> ManimColor:
    return getattr(palette, ROLE[letter])


class SigmoidBoard(VGroup):
    """y = c sigmoid(b + w x_1): what is shown is added to the group; ``set`` moves all of it in place.

    At first the sigmoid matches ``piece`` (start, end, height) and is seen in the view ``close``; ``wide`` shows the
    sweeps, which start from ``rest``: ``shown`` are all values that each letter will take.

    Parts: ``formula``, ``stems``, ``values`` and ``sliders`` by letter, ``plot``, ``curve``, ``level`` (the dashed line
    at c), ``marker`` by letter (the slope, the shift, the height with its letter), ``halfway`` (a line through the
    middle with a dot there, at its foot it says that the bracket is 0), ``ghosts`` (earlier curves), ``ticks`` (those
    of the wide view, not in the plot at first) and ``close_ticks`` (at the piece's corners).
    """

    def __init__(
        self, rest: Mapping[str, float], shown: Mapping[str, Sequence[float]], piece: tuple[float, float, float]
    ) -> None:
        super().__init__()
        self.piece, self.match = piece, match_by_slope(*piece)
        start, end, _ = piece
        self.now = {letter: float(getattr(self.match, letter)) for letter in LETTERS}
        values = {letter: (*shown[letter], rest[letter], self.now[letter], 0.0) for letter in LETTERS}
        half = max(6 / rest["w"], 1.3 * max(map(abs, shown["b"])) / rest["w"], 2 * abs(start), 2 * abs(end))
        step = round_step(half, 3)
        half = step * math.ceil(half / step - 1e-9)
        self.wide: View = ((-half, half), (min(values["c"]) * 1.15, max(values["c"])))
        self.close = close_view(self.match)
        self.plot = SigmoidPlot(self.wide, round_labels(*self.wide[0], 6))
        self.ticks = self.plot.ticks
        self.formula = formula(one_sigmoid_source(), style.FORMULA).place(FORMULA_BASELINE, center=FORMULA_CENTER)
        self.values = {letter: self._value(letter) for letter in LETTERS}
        self.stems = {letter: self._stem(letter) for letter in LETTERS}
        self.sliders = {letter: self._slider(letter, values[letter]) for letter in LETTERS}
        self.x = self.plot.sample(300)
        self.curve = self.plot.curve(self.x, self.y_of(self.now), palette.blue)
        self._middle = self.middle()
        self.level, self.level_letter = level_at(self.plot, self.now["c"])
        self.marker = {letter: arrow(color_of(letter)) for letter in LETTERS}
        self.marker["c"] = VGroup(self.marker["c"], formula("magenta(c)", style.LETTER))
        self.halfway = self._halfway()
        self.ghosts = VGroup()
        self.add(self.ghosts)
        self.plot.remove(self.ticks)
        corners = close_ticks(self.match, (start, end))
        self.close_ticks = MovingTicks(self.plot, corners, round_labels(*self.close[1], 5))
        self.set_view(self.close)

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

    def _slider(self, letter: str, values: Sequence[float]) -> Slider:
        """A slider that has room for all values; that of b is as long on both sides of zero."""
        low, high = 1.25 * min(values), 1.25 * max(values)
        if letter == "b":
            low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
        y = SLIDER_Y[LETTERS.index(letter)]
        right = SLIDER_LEFT + SLIDER_LENGTH
        return Slider(letter, (low, high), self.now[letter], left=SLIDER_LEFT, right=right, y=y, color=color_of(letter))

    def _halfway(self) -> VGroup:
        """A dashed line through the curve's middle, from the axis to the far side, and at its foot b + w x_1 = 0."""
        x, foot = float(np.clip(self._middle[0], *self.plot.box[:2])), float(self.plot.at(0.0, 0.0)[1])
        up = self.now["c"] > 0
        end = self.plot.box[3] if up else self.plot.box[2]
        name = formula("green(b) + yellow(w) thin x_1 = 0", style.LETTER)
        name.place(foot - FOOT if up else foot + FOOT - 0.3, center=x)
        dot = Dot(self._middle, HALFWAY_DOT, color=palette.text)
        return VGroup(dashed((x, foot, 0), (x, end, 0), mix(palette.text, 0.6)), name, dot)

    def band(self, measured: bool = False) -> VMobject:
        """The piece itself as it is seen now: broad and dim, to be drawn under the sigmoid.

        Thin and a bit brighter where distances to it are ``measured``.
        """
        share, width = MEASURED if measured else (0.45, style.BAND)
        start, end, height = self.piece
        low, high = self.plot.x_range
        x = np.array([low, start, end, high])
        return self.plot.curve(x, height * hard_sigmoid(x, start, end), mix(palette.blue, share), width)

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
        label = formula(text, style.LETTER, mix_text(color_of(letter), LABEL_SHARE))
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

    def set_view(self, view: View) -> SigmoidBoard:
        """Look at another part of the plane: all but ghosts goes where it is seen then, in place; returns self."""
        self.plot.look_at(view)
        self.x = self.plot.sample(300)
        self.set(**self.now)
        self.close_ticks.follow()
        return self

    def settled(self) -> SigmoidBoard:
        """As it is in the wide view when the sigmoid matches, with all its numbers; returns self."""
        self.set_view(self.wide)
        self.plot.add(self.ticks)
        self.ghosts.add(self.band(measured=True))
        numbers = [part[letter] for letter in LETTERS for part in (self.stems, self.values, self.sliders)]
        self.add_to_back(self.plot)
        self.add(self.curve, self.formula, *numbers)
        return self

    def _set_markers(self) -> None:
        """The slope in the middle as a tangent, the shift since `show_marker`, the height as a measure."""
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

    def leave_ghost(self) -> None:
        """A thin, dim copy of the curve stays where the curve is now, under everything else."""
        ghost = self.plot.curve(self.x, self.y_of(self.now), mix(palette.blue, 0.5), style.GHOST_CURVE)
        self.ghosts.add(ghost)
