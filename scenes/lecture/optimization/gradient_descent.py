"""Optimization: gradient descent, first of a line's two numbers, all of which can be drawn, then of a network's many.

Two films in one scene. Of a run of ours on a curve all is known: the beats of `_play_run_on_a_curve`. Of a run that was
recorded around anybody's own loop no more is claimed than what was recorded: those of `_play_recorded_run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Self

import numpy as np
from gradreel.core.curves.line_fit import least_squares
from gradreel.core.errors import PathError, TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.optimization.pictures.descent import BAND_LEFT, BAND_LINE, WAY_BOX, Descent, in_band
from gradreel.scenes.lecture.optimization.pictures.line_board import TILES, TRIED, LineBoard, line_runs
from gradreel.scenes.lecture.optimization.pictures.line_descent import LineDescent, Try
from gradreel.scenes.lecture.optimization.pictures.loss_way import TwoLosses
from gradreel.scenes.lecture.optimization.pictures.recorded_descent import RecordedDescent
from gradreel.scenes.lecture.runs import BIG
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.pace import even_pace, recorded_row
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.update_formulas import is_plain, step_source, update_source
from gradreel.scenes.style import FAINT, emphasis, palette
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    there_and_back_with_pause,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

OTHER, OTHER_SEED, PATIENCE = "other start", 93, 30_000  # the run from a start that takes long; its updates
LONG_WAY = {"seed": OTHER_SEED, "epochs": PATIENCE}
FEWEST = 3  # updates that are shown
DROP = 10  # updates of the network after which the valley begins
VALLEY = 0.5  # of the way that the curve makes after them: where it gets the whole picture
NUMBERS = (3.55, -2.75, 0.0)  # the middle of the vectors in numbers, under the plot
PAIR = (3.55, -2.2, 0.0)  # the middle of what theta is, over them
ARRIVAL, EARLY = 7.0, 0.5  # seconds in which the curve arrives; share of them before the pieces are there
LOSSES_X, LOSS_SIZE = (-3.3, 3.35), 56  # middles of both losses, and the size of their numbers
COUNTED, COUNTED_RIGHT = 150, 2.4  # size of the number of slopes, its right end


class GradientDescent(LectureScene):
    """θ goes downhill, two numbers on their landscape, then a network's, while the curve that they draw goes to red."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(default_factory=Experiment, description="the training run that is shown")
        trace: TraceFolder | None = Field(
            None,
            description="the folder of a trace that is shown instead, such as one recorded around a loop of your own: "
            "its path, its loss curve and its parameters",
        )
        updates: int | None = Field(None, ge=FEWEST, description="how many of its updates are shown; all, if not set")

        @model_validator(mode="after")
        def _every_update_is_there(self) -> Self:
            run, name = (self.run, "run") if self.trace is None else (read_meta(self.trace.path)[1], "trace")
            if run.n_updates < FEWEST:
                raise ValueError(f"{name}: the scene shows {FEWEST} updates at least, and it has {run.n_updates}")
            if (self.updates or 0) > run.n_updates:
                raise ValueError(f"updates: at most the {run.n_updates} that the {name} has")
            if run.n_parameters < 2:
                raise ValueError("trace: the path is shown in a plane, so the model needs two parameters at least")
            if isinstance(run, Experiment):
                need_curve("gradient-descent", run)
                if run.batch_size not in (0, run.dataset.examples):
                    raise ValueError("run: the scene shows the gradient of the whole loss, so batch_size has to be 0")
            if run.kept_every != 1:
                raise ValueError(f'{name}: the scene shows single updates, so keep has to be "every update"')
            return self

    instead_of: ClassVar = {"run": "trace"}

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        """The run, and those of a line that goes down to the same curve, at three learning rates.

        The lesson's run has another one beside it, from a start that takes much longer.
        """
        runs = super().experiments(parameters)
        shown = runs["run"] if parameters.trace is None else read_meta(parameters.trace.path)[1]
        if not isinstance(shown, Experiment):
            return runs
        other = {OTHER: shown.model_copy(update=LONG_WAY)} if shown == cls.Parameters().run else {}
        return {**runs, **line_runs(shown.dataset), **other}

    def claims(self) -> Iterator[Claim]:
        run = self.trace("run")
        if not isinstance(run.run, Experiment):
            return
        line, slow, far = (self.trace(name) for name in ("line", "slow", "far"))
        tries = {"line": line, "slow": slow, "far": far}
        losses = {name: loss(each.run, each.parameters[: TRIED + 1]) for name, each in tries.items()}
        walked = loss(line.run, line.parameters[:])
        yield claim("downhill", "each step goes down", decreasing(walked), losses=walked)
        best = float(loss(line.run, least_squares(line.run.dataset)))
        reached = walked[[0, -1]] - best
        yield claim("downhill", "the line comes to the lowest place", reached[1] < reached[0] / 1000, above=reached)
        above = {name: each - best for name, each in losses.items()}
        ends = {name: each[[0, -1]] for name, each in above.items()}
        crawls = decreasing(above["slow"]) and above["slow"][-1] > above["slow"][0] / 10
        yield claim("learning-rate", "at a small rate much of the way is left", crawls, above_lowest=ends["slow"])
        arrives = above["line"][-1] < above["line"][0] / 100
        yield claim("learning-rate", "at a good rate the line arrives", arrives, above_lowest=ends["line"])
        misses = far.parameters[:, 0] - least_squares(far.run.dataset)[0]  # by w
        farther = bool((misses[1:] * misses[:-1] < 0).all()) and decreasing(-np.abs(misses))
        yield claim("learning-rate", "at a large rate w overshoots, farther each time", farther, misses=misses)
        self.run, self.last = run, self.parameters.updates or run.n_updates
        drop, stop = self.drop, self.pause
        start, low, later, end = (float(loss(run.run, run.parameters[row])) for row in (0, drop, stop, self.last))
        way = np.append(0.0, np.linalg.norm(np.diff(run.parameters[: stop + 1], axis=0), axis=1).cumsum())
        told = {"losses": (start, low, later, end), "walked": way[[drop, stop]]}
        yield claim(
            "drop-valley", "the first updates make most of the descent", start - low > 0.8 * (start - end), **told
        )
        steep, level = (start - low) / way[drop], (low - later) / (way[stop] - way[drop])
        flat = way[stop] > 3 * way[drop] and 0 < level < 0.05 * steep
        yield claim("drop-valley", "a long and almost flat stretch follows", flat, **told)

        if OTHER in self.experiments(self.parameters):
            other = self.trace(OTHER)
            half, there, arrived = (
                float(loss(other.experiment, other.parameters[row])) for row in (self.last // 2, self.last, -1)
            )
            told = {"ours": end, "theirs": there, "half_way": half, "later": arrived}
            yield claim("other-start-slower", "after as many updates, it is far higher", there > 5 * end, **told)
            yield claim("other-start-slower", "the other run hardly moves any more", half - there < 0.2 * half, **told)
            yield claim("patience", "later it comes down to where the first run is", arrived < 1.5 * end, **told)

    def construct(self) -> None:
        run = self.trace("run")
        self.last = self.parameters.updates or run.n_updates  # every update is kept: rows are updates
        if isinstance(run.run, Experiment):
            self._play_run_on_a_curve(run)
        else:
            self._play_recorded_run(run)
        self.hand_on()

    # -- a run of ours on a curve, of which all is known ---------------------------------------------------------------

    def _play_run_on_a_curve(self, run: Trace) -> None:
        self.run = run
        keys = ("target", "model", "update", "walked")
        texts = {key: self.screen(key) for key in keys}
        texts["start"] = ""
        if run.experiment.loss == "mse":
            texts["loss"] = self.words_of.screen("linear-limits", "loss-is", self.context.language)

        self.descent = Descent(run, self.last, texts)
        line, slow, far = (self.trace(name) for name in ("line", "slow", "far"))
        names = {"target": texts["target"], "low": "", "high": ""}
        self.board = LineBoard(line.experiment, run.experiment.dataset, line.parameters[0], TILES, names)
        self.line = LineDescent(line, slow, far, self.board)
        self.marks: list[Mobject] = []  # on the ground below the point
        self.readout = self.line.readout(self.screen("update"), BAND_LEFT)
        self._floor_beat()
        self._start_beat()
        self._slope_beat()
        self._gradient_beat()
        self._update_beat()
        self._downhill_beat()
        self._learning_rate_beat()
        self._network_beat()
        self._valley_beat()
        self._arrival_beat()
        if not self.other_data:
            self._other_start_beat()
        self._question_beat()

    # -- two numbers: all of their landscape can be drawn ------------------------------------------------------------

    def _floor_beat(self) -> None:
        board, line, land = self.board, self.line, self.board.land
        with self.beat("floor", pause="short"):
            # The landscape and its line, as the last scene left them. The point goes along w, then along b, and the
            # line with it; its loss is the height of the ground
            self.formula = board.formula
            board.put(land.best)
            line.put(land.best)
            foot = line.point
            self.add(*board.everything(), land.upright, foot)
            self.play(*self.next_heading(self.screen("heading")), FadeIn(board.formula, shift=0.15 * UP), run_time=0.6)
            self.until("w")
            self.play(self._move_line(land.best, line.along(0), foot, back=True), run_time=2.0)
            self.until("lift")
            self.play(self._move_line(land.best, line.along(1), foot, back=True), run_time=2.0)
            self.until("raise")
            loss = VGroup(self.readout.loss_words, self.readout.loss)
            self.readout.show(0, float(line.loss_of(land.best)))
            meaning = self.words_of.screen("linear-limits", "loss-is", self.context.language)
            self.meaning = words(meaning, style.LABEL).move_to(NUMBERS)
            height = dashed(land.at(line.along(0), 0.0), land.at(line.along(0)), palette.text)
            self.play(FadeIn(loss), FadeIn(self.meaning), run_time=0.5)
            self.play(self._move_line(land.best, line.along(0), foot, self.readout.loss), run_time=1.2)
            self.play(Create(height), run_time=0.6)
            self.wait(0.6)
            self.play(FadeOut(height), run_time=0.3)

    def _move_line(self, start: NDArray, end: NDArray, *also: Mobject, back: bool = False) -> Animation:
        """The line goes from one theta to another (``back``: and back); ``also``: what goes along, if it is there."""
        line = self.line

        def move(_: Mobject, share: float) -> None:
            theta = start + share * (end - start)
            self.board.put(theta)
            line.put(theta)
            self.readout.show(0, float(line.loss_of(theta)))

        ground = (line.land.tiles,) if line.fog else ()
        moving = VGroup(*ground, *self.marks, *line.drawn, *also)
        rate = (lambda share: there_and_back_with_pause(share, 0.3)) if back else smooth
        return UpdateFromAlphaFunc(moving, move, rate_func=rate)

    def _start_beat(self) -> None:
        line, readout = self.line, self.readout
        with self.beat("start"):
            # The lowest place gets a mark. Fog falls: all but a disc around the point is dark. The point stands at its
            # random start: a line that misses, a great loss
            self.play(FadeIn(line.goal, shift=0.15 * UP), run_time=0.6)
            self.until("fog")
            self.play(self._move_line(line.along(0), line.states[0], line.point, readout.loss), run_time=1.2)
            self.play(self._thicken(1.0), FadeOut(line.goal), run_time=1.6)
            self.until("start")
            self.pair = formula("orange(theta) = (yellow(w), grey(b))", style.LETTER + 5).move_to(PAIR)
            self.play(FadeIn(line.label, self.pair), FadeIn(readout.count_words, readout.count), run_time=0.5)

    def _thicken(self, share: float) -> Animation:
        """The fog becomes as thick as ``share``; 0 is none."""
        line, before = self.line, self.line.fog
        seen = VGroup(line.land.tiles, *([] if share else [line.path]), line.point, *([] if share else [line.label]))
        return UpdateFromAlphaFunc(
            seen, lambda _, done: line.set_fog(before + done * (share - before)), rate_func=smooth
        )

    def _slope_beat(self) -> None:
        line = self.line
        with self.beat("slope", pause="short"):
            # Along w alone: the line on the ground there, the point a little way and back, the loss with it. Then the
            # tangent where it stands: its slope
            ground, tangent = self.along = line.slope(0)
            self.play(Create(ground), run_time=0.7)
            self.marks = [ground]
            self.add(line.point, line.label)
            moved = (line.point, line.label, self.readout.loss)
            self.play(self._move_line(line.states[0], line.nudged(1.0), *moved, back=True), run_time=2.2)
            self.until("slope")
            self.slopes = line.slope_labels(self.screen("slope"))
            self.play(Create(tangent), FadeIn(self.slopes[0]), run_time=0.6)
            self.add(line.point)

    def _gradient_beat(self) -> None:
        line = self.line
        with self.beat("gradient", pause="short"):
            # The same along b. Both slopes come into a list: g. On the ground the one along w and the one along b make
            # an arrow, which points uphill; it turns round
            ground, tangent = line.slope(1)
            self.play(Create(ground), Create(tangent), FadeIn(self.slopes[1]), run_time=0.8)
            self.add(line.point)
            self.until("both")
            self.vector = line.gradient_vector().move_to(NUMBERS)
            gone = [FadeOut(label, target_position=self.vector) for label in self.slopes]
            gone.append(FadeOut(self.meaning, self.pair, run_time=0.4))
            self.play(*gone, FadeOut(ground, tangent, *self.along), FadeIn(self.vector), run_time=0.9)
            self.marks = []
            self.until("uphill")
            self.add(line.legs)
            self.play(line.uphill(1.0), run_time=1.8)
            self.add(line.point)
            self.wait(0.5)
            self.play(line.uphill(-1.0), run_time=1.8)

    def _update_beat(self) -> None:
        line = self.line
        with self.beat("update", pause="short"):
            # The rule, and the rate; the arrow takes its true length. Then it in numbers, and the point goes there
            of_line, self.formula = self.formula, in_band(update_source("0", "1"))
            self.numbers = line.sum_vector().move_to(NUMBERS)
            line.rate.place(self.formula.baseline, left=self.formula.get_right()[0] + 0.6)
            self.play(FadeOut(of_line, shift=0.15 * UP), FadeIn(self.formula, shift=0.15 * UP), run_time=0.5)
            self.play(FadeIn(line.rate, shift=0.15 * UP), line.first_step(), run_time=0.7)
            self.until("subtract")
            self.play(FadeOut(self.vector), FadeIn(self.numbers, shift=0.15 * UP), run_time=0.6)
            self.wait(0.4)
            self.marks = [line.legs, line.arrow]
            self.play(self._go_down(lambda share: share), run_time=1.0)
            self.marks = []
            self.play(FadeOut(line.arrow, line.legs), run_time=0.3)

    def _go_down(self, row_at: Callable[[float], float]) -> Animation:
        """The point and the line as they are at ``row_at(share)``, a row of the line's run."""
        line = self.line

        def move(_: Mobject, share: float) -> None:
            row = row_at(share)
            theta = line.theta_at(row)
            line.show(row)
            self.board.put(theta)
            self.readout.show(recorded_row(row), float(line.loss_of(theta)))

        parts = (line.land.tiles, line.path, *self.marks, line.point, line.label)
        return UpdateFromAlphaFunc(
            VGroup(*parts, self.readout.loss, self.readout.count, *line.drawn), move, rate_func=linear
        )

    def _downhill_beat(self) -> None:
        line = self.line
        with self.beat("downhill"):
            # New slopes, and the same rule: update after update, a disc of ground at a time. Then the fog lifts: the
            # point has come to the mark
            again = in_band(update_source("k", "k+1"))
            self.play(FadeOut(self.numbers, line.rate), *grow(self.formula, again), run_time=0.7)
            self.formula = again
            self.play(self._go_down(lambda share: 1 + smooth(share)), run_time=1.0)
            self.until("down")
            first = line.pace.share(2)
            self.play(self._go_down(lambda share: line.pace.row(first + share * (1 - first))), run_time=3.6)
            self.until("clear")
            self.play(self._thicken(0.0), run_time=1.4)
            self.play(FadeIn(line.goal, shift=0.15 * UP), run_time=0.5)
            self.add(line.point)

    def _learning_rate_beat(self) -> None:
        line = self.line
        with self.beat("learning-rate"):
            # The same start three times, so many updates each: a small rate, ours, and one that overshoots ever farther
            self.play(*map(FadeOut, [line.path, line.point, line.label, self.readout, self.formula]), run_time=0.6)
            self.tries = VGroup()
            right = BAND_LEFT
            for mark, one in zip(("slow", "good", "far"), line.tries(), strict=True):
                one.rate.place(BAND_LINE, left=right)
                right = float(one.rate.get_right()[0]) + 0.5
                self.until(mark)
                past = [emphasis(part, FAINT) for part in self.tries]
                self.play(*past, FadeIn(one.rate, shift=0.15 * UP), FadeIn(one.point), run_time=0.4)
                self.play(self._hop(one), run_time=1.9)
                self.tries.add(one, one.rate)
                self.add(self.line.goal)

    def _hop(self, one: Try) -> Animation:
        """One of the tries goes its way, and the line with it."""
        line = self.line

        def move(_: Mobject, share: float) -> None:
            one.show(share)
            self.board.put(one.theta)

        return UpdateFromAlphaFunc(VGroup(one, *line.drawn), move, rate_func=linear)

    # -- the network: only a slice can be drawn ----------------------------------------------------------------------

    def _network_beat(self) -> None:
        descent, fit, board, land = self.descent, self.descent.fit, self.board, self.board.land
        with self.beat("network", count=Count(len(descent.names))):
            # The landscape goes; the network's numbers come, random ones, and their curve. Then the rule, and each
            # slope under its cell. In the place of the landscape the loss over the way that is walked, and all numbers
            # change at once
            gone = [land.tiles, land.axes, land.upright, self.line.goal, *self.tries, *self.line.drawn]
            gone += [board.plot, board.dots, board.target_label]
            strip, slopes, there = descent.strip, descent.slopes, self._on_way()
            descent.show(0.0)
            red = ReplacementTransform(board.target, fit.target)
            self.play(*(FadeOut(part, run_time=0.6) for part in gone), FadeIn(fit.plot), red, run_time=0.9)
            self.play(FadeIn(fit.target_label), run_time=0.3)
            cells = map(VGroup, strip.boxes, strip.names, strip.numbers)
            numbers = LaggedStart(*map(FadeIn, [*cells, *strip.dots]), lag_ratio=0.12)
            self.inside = descent.inside(from_zero=False) if descent.counts_from_middle else VGroup()
            self.play(FadeIn(strip.label), numbers, FadeIn(self.inside), run_time=1.4)
            self.play(Create(fit.model), FadeIn(fit.model_label, descent.readout), run_time=0.8)
            self.until("slopes")
            self.formula = in_band(self._rule("0", "1"))
            self.play(FadeIn(self.formula, shift=0.15 * UP), run_time=0.4)
            measured = LaggedStart(*map(FadeIn, [*slopes.numbers, *slopes.dots]), lag_ratio=0.15)
            self.play(FadeIn(slopes.label), measured, run_time=2.0)
            self.until("way")
            self.play(*map(FadeIn, there), run_time=0.6)
            self.play(FadeOut(slopes.numbers), run_time=0.2)  # of the old place; at the new one they are measured anew
            self.play(self._walk(smooth), run_time=1.2)
            self.play(FadeIn(slopes.numbers), run_time=0.3)

    def _rule(self, before: str, after: str) -> str:
        """The network's update; where it is not the learning rate times g, the optimizer's step is subtracted."""
        if is_plain(self.descent.experiment):
            return update_source(before, after)
        return step_source(before, after, self.screen("step"))

    def _on_way(self) -> list[Mobject]:
        """All of the loss along the way."""
        way = self.descent.way
        return [way.plot, way.names, way.ground, way.line, way.point, way.label]

    def _walk(self, row_at: Callable[[float], float], *slopes: Mobject) -> Animation:
        """The network goes to ``row_at(share)``; ``slopes``: what tells them, if it is there."""
        return self.descent.go(row_at, *self._on_way()[2:], self.descent.strip.numbers, *slopes)

    def _valley_beat(self) -> None:
        descent, drop, stop = self.descent, self.drop, self.pause
        with self.beat("drop-valley", drop=Count(drop), loss=descent.loss_text(drop)):
            # Update after update down the slope. Then the next hundreds, which hardly change anything: the slopes
            # become too small for their row
            again = in_band(self._rule("k", "k+1"))
            self.play(*grow(self.formula, again), run_time=0.6)
            self.play(self._walk(lambda share: 1 + share * (drop - 1), descent.slopes.numbers), run_time=2.4)
            self.until("valley")
            self.play(FadeOut(descent.slopes), FadeOut(again), run_time=0.4)
            if stop > drop:
                pace = even_pace(self.run, drop, stop)
                self.play(self._walk(pace.row), run_time=3.6)
                descent.show(float(stop))

    @property
    def drop(self) -> int:
        """Rows of the run: where its valley begins."""
        return min(DROP, self.last)

    @property
    def pause(self) -> int:
        """... and where the curve gets the whole picture."""
        return round(even_pace(self.run, self.drop, self.last).row(VALLEY)) if self.drop < self.last else self.last

    def _arrival_beat(self) -> None:
        descent, fit, full = self.descent, self.descent.fit, self.descent.full
        counted = {"count": Count(len(descent.names)), "pieces": Count(max(1, len(descent.pieces)))}
        said = {"updates": number_text(self.last), "loss": descent.loss_text(self.last)}
        with self.beat("arrival", **counted, **said):
            # Each cell gets a dial, and the plot grows. The b_i become those of x itself, as they stood in the race.
            # The updates that are left go by: dials turn, and the point walks its profile to the end. The pieces are
            # drawn beneath their sum; in silence blue lies on red
            full.show(fit.model_y)
            parts = ("target", "model", "target_label", "model_label")
            grown = [ReplacementTransform(getattr(fit, name), getattr(full, name)) for name in parts]
            coming = [FadeIn(full.plot), FadeIn(descent.dials)]
            self.play(FadeOut(fit.plot, run_time=0.6), *grown, *coming, run_time=1.2)
            descent.shown = full
            if descent.counts_from_middle:
                of_x = descent.inside(from_zero=True)
                self.play(ReplacementTransform(self.inside, of_x), descent.count_from_zero(), run_time=0.8)
                self.inside = of_x
            row = even_pace(self.run, self.pause if self.pause < self.last else 0, self.last).row
            moving = (*self._on_way()[2:], descent.strip.numbers, descent.dials)
            self.play(descent.go(lambda share: row(EARLY * share), *moving), run_time=EARLY * ARRIVAL)
            self.until("pieces")
            self.play(FadeIn(descent.pieces), run_time=0.6)
            moving = (*moving, descent.pieces)
            self.play(
                descent.go(lambda share: row(EARLY + share * (1 - EARLY)), *moving), run_time=(1 - EARLY) * ARRIVAL
            )
            self.until("run")
            self.wait(0.5)

    def _other_start_beat(self) -> None:
        descent, full, other = self.descent, self.descent.full, self.trace(OTHER)
        texts = self.screen("near"), self.screen("updates")
        self.losses = losses = TwoLosses(self.run, self.last, other, WAY_BOX, texts)
        with self.beat("other-start-slower", pause="long", updates=number_text(self.last)):
            # Pieces and dials leave; the loss of the first run is seen from near, over its updates. From another random
            # start a second curve and a second loss, as many updates: it stays far above, and its curve misses red
            model = full.plot.curve(descent.x, descent.curve_of(losses.theta(0.0)), palette.text, style.SECOND_CURVE)
            old = VGroup(full.model, full.model_label)
            gone = [descent.pieces, descent.dials, descent.strip, descent.readout, self.inside, *self._on_way()]
            self.play(*map(FadeOut, gone), emphasis(old, FAINT), run_time=0.8)
            self.play(FadeIn(losses.plot, losses.names), Create(losses.first), run_time=0.8)
            self.until("other")
            names, numbers = VGroup(), VGroup()
            ends = (("first", palette.orange, descent.loss_at(self.last)), ("other", palette.text, losses.loss_of(0.0)))
            for (key, color, value), x in zip(ends, LOSSES_X, strict=True):
                names.add(words(self.screen(f"{key}-start"), style.LABEL, palette.dim).place(-2.45, center=x))
                numbers.add(Number(value, 4, LOSS_SIZE, color).place(-3.2, x + 0.8))
            count = Number(losses.last, 0, 32, group=True).place(style.HEADING_BASELINE, style.RIGHT_EDGE)
            counted = words(self.screen("update"), 32).place(style.HEADING_BASELINE, right=count.get_left()[0] - 0.2)
            count.set_value(0)
            arriving = FadeIn(losses.line, losses.point, names, numbers, count, counted)
            self.play(Create(model), arriving, run_time=0.9)

            def walk_from(start: int, end: int) -> Callable[[Mobject, float], None]:
                def walk(_: Mobject, share: float) -> None:
                    row = start + share * (end - start)
                    losses.show(row)
                    numbers[1].set_value(losses.loss_of(row))
                    count.set_value(recorded_row(row))
                    full.plot.set_curve(model, descent.x, descent.curve_of(losses.theta(row)))

                return walk

            moving = VGroup(model, losses.line, losses.point, numbers, count)
            self.play(UpdateFromAlphaFunc(moving, walk_from(0, self.last), rate_func=linear), run_time=5.0)
        with self.beat("patience", pause="long", more=number_text(losses.last)):
            # It goes on: for thousands of updates nothing much, then it comes down as low as the first run
            self.until("on")
            going_on = UpdateFromAlphaFunc(moving, walk_from(self.last, losses.last), rate_func=linear)
            self.play(going_on, run_time=5.0)
            self.until("again")
            self.wait(0.5)

    def _question_beat(self) -> None:
        with self.beat("who", pause="long", count=number_text(BIG.n_parameters)):
            # All leaves but a number: how many slopes this network needs, which counts on to those of the large one
            number = Number(len(self.descent.names), 0, COUNTED, palette.orange, group=True)
            noun = words(self.screen("slopes"), style.SUBTITLE, palette.dim).place(-0.75, center=0.0)
            question = words(self.screen("who"), style.TITLE).place(-2.2, center=0.0)
            number.place(0.2, COUNTED_RIGHT)
            gone = [part for part in self.mobjects if part is not self.title]
            self.play(*map(FadeOut, gone), run_time=0.4)
            self.play(FadeIn(number, noun), run_time=0.4)

            def count(_: Mobject, share: float) -> None:
                start = len(self.descent.names)
                number.set_value(round(start * (BIG.n_parameters / start) ** share))
                number.place(0.2, COUNTED_RIGHT)

            self.play(UpdateFromAlphaFunc(number, count, rate_func=smooth), run_time=2.6)
            self.until("who")
            self.play(FadeIn(question, shift=0.15 * UP), run_time=0.6)

    # -- a run that was recorded around anybody's own loop -------------------------------------------------------------

    def _play_recorded_run(self, run: Trace) -> None:
        try:
            self.recorded = shown = RecordedDescent(self, run, self.last)
        except PathError as error:
            raise TraceError(f"gradient-descent.updates: {error.found}; {_what_can_be_shown(error)}") from None
        with self.beat("recorded-theta", count=Count(run.n_parameters), model=shown.model):
            shown.show_theta()
        with self.beat("recorded-start"):
            shown.show_start()
        with self.beat("recorded-gradient"):
            shown.show_gradient()
        with self.beat("recorded-update", optimizer=" + ".join(shown.optimizers)):
            shown.show_update()
        with self.beat("recorded-walk", updates=number_text(self.last)):
            shown.walk()
        with self.beat("recorded-end", updates=Count(self.last)):
            shown.stop()


def _what_can_be_shown(error: PathError) -> str:
    """Of a path that runs off to infinity: what to set to see it up to there."""
    if (error.last or 0) < FEWEST:
        return f"at least {FEWEST} updates are shown; a smaller learning rate often helps"
    return (
        f"what came before can be shown: --set gradient-descent.updates={error.last} (in a lesson: updates = "
        f"{error.last} among the scene's parameters)"
    )
