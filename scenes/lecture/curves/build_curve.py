"""The scene build-curve: a curve of straight pieces is built from a constant and blue functions, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.badge import Badge
from gradreel.scenes.lecture.curves.pictures.curve_board import (
    EXPLAINED,
    ONE_BY_ONE,
    CurveBoard,
    WideCurve,
    bending,
    curve_through,
)
from gradreel.scenes.lecture.curves.pictures.height_probe import HeightProbe
from gradreel.scenes.lecture.curves.pictures.running_sum import RunningSum, SumLabel
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import in_languages
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.numbers import number_text
from manim import (
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    ValueTracker,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
)
from pydantic import Field, field_validator, model_validator

PROBES = 1001  # places where the sum is compared with red
PROBED = 0.6  # of the last ramp: where the heights are added first


class BuildCurve(LectureScene):
    """A constant and one hard sigmoid for each segment add up to the red curve, piece by piece."""

    class Parameters(LectureScene.Parameters):
        knots: tuple[tuple[float, float], ...] = Field(
            RED_CURVE,
            min_length=2,
            max_length=200,
            description="Turning points (x, y) of the red curve, x increasing; or @file.csv with columns x, y",
        )
        low: float | None = Field(None, description="Where the x axis starts; by default a sixth before the first knot")
        high: float | None = Field(None, description="Where the x axis ends; by default a sixth after the last knot")

        @field_validator("knots")
        @classmethod
        def _knots_make_a_curve(cls, knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
            return curve_through(knots).knots

        @model_validator(mode="after")
        def _axis_holds_the_knots(self) -> BuildCurve.Parameters:
            first, last = self.knots[0][0], self.knots[-1][0]
            if self.low is not None and self.low > first:
                raise ValueError(f"low must not lie right of the first knot, {first:g}")
            if self.high is not None and self.high < last:
                raise ValueError(f"high must not lie left of the last knot, {last:g}")
            return self

    def claims(self) -> Iterator[Claim]:
        curve = PiecewiseLinearCurve(*zip(*self.parameters.knots, strict=True))
        parts, x = curve.decompose(), np.linspace(curve.x[0], curve.x[-1], PROBES)
        gap = float(np.abs(parts.partial_sum(len(parts), x) - curve(x)).max())
        yield claim("heights", "all heights together are red's", gap < 1e-9 * (1 + curve.height), largest_gap=gap)

    def construct(self) -> None:
        self._prepare()
        self._curve_beat()
        self._constant_beat()
        explained = self.n_pieces if self.n_pieces <= ONE_BY_ONE else EXPLAINED
        for k in range(1, explained + 1):
            self._piece_beat(k)
        if explained < self.n_pieces:
            self._rest_beat(explained)
        self._heights_beat()
        self._general_beat()

    def _prepare(self) -> None:
        self.curve = PiecewiseLinearCurve(*zip(*self.parameters.knots, strict=True))
        self.x_range = self.curve.range_around(self.parameters.low, self.parameters.high)
        board = self.board = CurveBoard(self.curve, self.x_range, self.screen("red-curve"), self.screen("gap"))
        self.plot, self.parts, self.n_pieces = board.plot, board.parts, board.pieces
        self.sum, self.knots, self.panels = board.sum, board.knots, board.panels
        self.wide = WideCurve(self.curve, board)
        self.sum_label = SumLabel(self.sum, self.screen("sum"))

    # -- beats ----------------------------------------------------------------------------------------------------

    def _curve_beat(self) -> None:
        with self.beat("curve", pause="long"):
            # A curve of straight pieces, with a dot at each turning point. What is it the sum of?
            wide, formula = self.wide, self.board.formula
            self.add(wide.plot, wide.red, formula.name, formula.question)
            marks = [*wide.knots, *wide.guides]
            self.play(LaggedStart(*(FadeIn(mark) for mark in marks), lag_ratio=0.2), run_time=1.8)
            self.until("question")
            self.play(*self.next_heading(self.screen("heading")))

    def _constant_beat(self) -> None:
        with self.beat("constant", pause="short", value=_four_digits(self.parts.constant)):
            # Where red starts is the constant: a level line through the whole picture, and the first term, at the
            # right, where the plot makes room, and above. It is far from red
            board, level = self.board, self.board.level
            self.play(*self.wide.narrowed(), run_time=0.8)
            self.add(self.plot, board.red, board.guides, self.knots)
            crossing = self.plot.dot(self.plot.x_range[0], self.parts.constant, palette.grey, 0.12)
            self.play(FadeIn(crossing, scale=1.6), run_time=0.3)
            self.play(Create(level), run_time=1.0)
            zero, line, *names = self.panels[0]
            self.play(TransformFromCopy(level, line), *map(FadeIn, (zero, *names)), run_time=0.8)
            self.add(self.panels[0])
            self.play(*board.formula.begin(self.parts, self._numbered(0)), run_time=0.7)
            self.play(ReplacementTransform(board.red, board.band), FadeOut(crossing), run_time=0.5)
            self.add(self.knots)
            self.play(FadeIn(self.sum.gap), run_time=0.5)
            self.add(self.sum.gap, self.knots)

    def _piece_beat(self, k: int) -> None:
        sign = int(np.sign(self.parts.height[k - 1]))
        way = in_languages("way", lambda language: LANGUAGES[language].ways[sign + 1])
        pause = "short" if k < len(self.parts.height) else "breath"
        with self.beat(f"piece-{k}", pause=pause, piece=Count(k), start=Count(k), end=Count(k + 1), **way):
            # Red's stretch lights up and becomes the ramp of the piece; then the sum swings until it lies on red. The
            # first piece is drawn slowly, flat, a ramp, flat, and with it the constant becomes a sum
            self._lift_piece(k)
            self.until("sum")
            if k == 1:
                self.play(FadeIn(self.sum.blue), FadeIn(self.sum.tip), run_time=0.3)
            self._swing_to(k, seconds=1.6)

    def _rest_beat(self, explained: int) -> None:
        with self.beat("rest", rest=Count(self.n_pieces - explained)):
            # The others come in quick succession, each panel as its piece is added
            panels = [self.panels[k] for k in range(explained + 1, self.n_pieces + 1)]
            self._clear_the_way(style.emphasis(self.panels[explained], style.DIM), seconds=0.4)
            arriving = LaggedStart(*(FadeIn(panel) for panel in panels), lag_ratio=0.9, rate_func=smooth)
            self._swing_to(self.n_pieces, min(9.0, 2.5 + 0.2 * len(panels)), arriving)
            self.play(*self.board.formula.fill(self.n_pieces), run_time=0.5)

    def _heights_beat(self) -> None:
        with self.beat("heights", gap=self._gap()):
            # At one x, the height of every term on top of the one before: they end on red. So they do at every x
            lights = [style.emphasis(panel, style.FULL) for panel in self.panels]
            self.play(FadeOut(self.sum.tip), LaggedStart(*lights, lag_ratio=0.3), run_time=0.8)
            self.sum.remove(self.sum.tip)
            if self.n_pieces <= ONE_BY_ONE:
                self._probe(float(self.parts.start[-1] + PROBED * (self.parts.end[-1] - self.parts.start[-1])))

    def _general_beat(self) -> None:
        with self.beat("general", pause="long"):
            # The sentence that holds for all such curves: another one is built over the same axes, and stays
            board, other = self.board, self.board.another()
            self.other = other
            leaving = [self.probe] if self.n_pieces <= ONE_BY_ONE else []
            leaving += [board.knots, board.guides, board.level, self.panels, self.panels.guides, self.sum]
            leaving += [self.plot.x_tick_labels]
            fading = [FadeOut(part, run_time=0.5) for part in leaving]
            self.play(*fading, *board.formula.show(other.parts, 0), *self.next_heading(self.screen("general")))
            self.add(other.guides, other.level, board.band)  # red lies on both
            late = squish_rate_func(smooth, 0.5, 1.0)
            marks = [other.plot.x_tick_labels, other.guides, other.level, other.knots]
            self.play(bending(board, other), *(FadeIn(part, rate_func=late) for part in marks), run_time=0.9)
            self._build_quickly(other)

    # -- parts of beats -------------------------------------------------------------------------------------------

    def _numbered(self, k: int) -> VGroup | None:
        """The badge beside the k-th term's panel, if it has one, and the curve in it: what its card is made of."""
        panel = self.panels[k]
        badge = next((part for part in panel if isinstance(part, Badge)), None)
        return None if badge is None else VGroup(*badge, panel[1])

    def _name_sum(self, added: int) -> list[Animation]:
        """The animation that brings the sum's name to its line, where it has room."""
        place = self.sum_label.place(added)
        return [] if place is None else [FadeIn(self.sum_label.text.move_to(place))]

    def _lift_piece(self, k: int) -> None:
        """Red's k-th stretch is lifted off into the panel of piece k, whose card in the formula is filled.

        The first panel brings lines at red's corners, and its shape is drawn from left to right.
        """
        panel, before = self.panels[k], self.panels[k - 1]
        stretch = self.curve.x[k - 1 : k + 1]
        lit = self.plot.curve(stretch, self.curve(stretch), palette.red, style.MAIN_CURVE)
        zero, shape, *names = panel
        around = [zero, *names[:1], self.panels.guides] if k == 1 else []
        lighting = [Create(lit), style.emphasis(before, style.DIM), *map(FadeIn, around)]
        self._clear_the_way(*lighting, seconds=0.7)
        self.until("flat")
        ramp = self.panels.ramp(k)
        arriving = [FadeIn(part) for part in (zero, *names) if part not in around]
        self.play(TransformFromCopy(lit, ramp), *arriving, run_time=0.9)
        drawing = Create(shape, run_time=1.5, rate_func=linear) if k == 1 else FadeIn(shape, run_time=0.4)
        self.play(drawing, FadeOut(lit, run_time=0.4))
        self.remove(ramp)
        self.add(panel)
        self.play(*self.board.formula.fill(k, self._numbered(k)), run_time=0.7)

    def _clear_the_way(self, *meanwhile: Animation, seconds: float) -> None:
        """The words about the sum leave before anything moves across their places."""
        gap, label = self.sum.gap, self.sum_label.text
        leaving = [gap, label] if label in self.mobjects else [gap]
        self.play(*map(FadeOut, leaving), *meanwhile, run_time=seconds)
        self.sum.remove(gap)

    def _swing_to(self, added: int, seconds: float, *meanwhile: Animation) -> None:
        """The sum takes in pieces up to ``added``, its tip on it; then its largest gap is measured again.

        Its name comes back where the line is level; there is none when all is added.
        """
        tracker = ValueTracker(self.sum.added)
        self.add(self.sum, self.knots)  # a part that fades leaves its group in pieces, and only a whole one is updated
        self.sum.add_updater(lambda mobject: mobject.set_added(tracker.get_value()))
        self.play(tracker.animate(rate_func=smooth).set_value(added), *meanwhile, run_time=seconds)
        self.sum.clear_updaters()
        self.sum.set_added(added)
        named = self._name_sum(added) if added < self.n_pieces else []
        self.play(FadeIn(self.sum.gap), *named, run_time=0.4)
        self.sum.add(self.sum.gap)
        self.add(self.sum, self.knots, *(animation.mobject for animation in named))

    def _probe(self, x: float) -> None:
        probe = self.probe = HeightProbe(self.board, x)
        self.play(Create(probe.line), FadeIn(probe.marks), FadeIn(probe.x_name), run_time=0.5)
        self.until("at")
        parts = zip_longest(probe.arrows, probe.numbers, [None, *probe.joints])
        for arrow, *others in parts:
            self.play(Create(arrow), *(FadeIn(part) for part in others if part is not None), run_time=0.5)
        self.play(FadeIn(probe.tip, scale=1.6), FadeIn(probe.total), FadeIn(probe.equals), run_time=0.5)
        self.wait(1.4)
        self.until("everywhere")
        printed = probe.numbers, probe.total, probe.equals  # nobody reads them while they change
        self.play(FadeOut(*printed), run_time=0.3)
        probe.remove(*printed)
        low, high = probe.reach()
        for stop, seconds in ((high, 0.4), (low, 1.1), (x, 0.7)):

            def sweep(probe: HeightProbe, share: float, start: float = probe.x, stop: float = stop) -> None:
                probe.show(start + share * (stop - start))

            self.play(UpdateFromAlphaFunc(probe, sweep, run_time=seconds, rate_func=smooth))

    def _build_quickly(self, other: CurveBoard) -> None:
        """The other curve's constant, and one piece after the other: its panel, its card, and the sum, at once."""
        sum_, panels = other.sum, other.panels
        sum_.remove(sum_.gap)
        self.play(*map(FadeIn, (sum_, panels[0], panels.guides)), run_time=0.4)
        self.add(sum_, other.knots)
        for k in range(1, other.pieces + 1):

            def grow(sum_: RunningSum, share: float, before: int = k - 1) -> None:
                sum_.set_added(before + share)

            growing = UpdateFromAlphaFunc(sum_, grow, rate_func=linear)
            self.play(growing, FadeIn(panels[k]), *self.board.formula.show(other.parts, k), run_time=0.55)
        self.play(FadeOut(sum_.tip), FadeIn(sum_.gap), run_time=0.4)
        sum_.remove(sum_.tip).add(sum_.gap)
        self.add(sum_, other.knots)
        self.wait(0.5)

    # -- words ----------------------------------------------------------------------------------------------------

    def _gap(self) -> str:
        """The largest gap as it is shown: to the axis' digits, which a residue of rounding does not reach."""
        unit = self.plot.y_unit
        shown = round(unit.of_difference(self.sum.largest_gap()[1]), unit.decimals)
        return number_text(shown * 10.0**unit.exponent)


def _four_digits(value: float) -> str:
    return number_text(float(f"{value:.4g}"))
