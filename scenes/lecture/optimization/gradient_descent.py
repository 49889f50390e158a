"""Optimization: gradient descent on a recorded run, from a random start to where it stopped.

Two films in one scene. Of a run of ours on a curve all is known: the beats of `_play_run_on_a_curve`. Of a run that was
recorded around anybody's own loop no more is claimed than what was recorded: those of `_play_recorded_run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from gradreel.core.errors import PathError, TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.optimization.pictures.descent import (
    LANDED,
    MAP_BOX,
    MAP_MIDDLE,
    NEARLY,
    NUMBER_LINE,
    SMALL,
    TALL,
    Descent,
    in_band,
)
from gradreel.scenes.lecture.optimization.pictures.descent_end import Enlarged, GradientLengths, LossList, OtherStarts
from gradreel.scenes.lecture.optimization.pictures.descent_map import DescentMap
from gradreel.scenes.lecture.optimization.pictures.descent_path import plate_under
from gradreel.scenes.lecture.optimization.pictures.learning_rates import RateTrial, rates_to_try
from gradreel.scenes.lecture.optimization.pictures.loss_slice import AHEAD, BEHIND, LossSlice, SliceGrid, way_to_zero
from gradreel.scenes.lecture.optimization.pictures.path_zoom import PathZoom, crowd_from
from gradreel.scenes.lecture.optimization.pictures.recorded_descent import RecordedDescent
from gradreel.scenes.lecture.optimization.pictures.relief import Relief, ReliefScale
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.loss_map import shade_legend
from gradreel.scenes.mobjects.pace import Pace, even_pace
from gradreel.scenes.mobjects.printed_arithmetic import printed_update
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.three_steps import PLACE, steps_heading, three_steps
from gradreel.scenes.mobjects.update_formulas import (
    GOAL,
    gradient_source,
    length_text,
    loss_source,
    model_source,
    printed_text,
    rate_source,
    short_text,
    spoken_name,
    step_source,
    sum_source,
    update_source,
)
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    PI,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    Square,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
    there_and_back_with_pause,
)
from pydantic import Field, model_validator

FEWEST = 3  # updates that are shown
STARTS = 5  # other random starts that the lecture's run is compared with
CLOSE_UP = 10  # updates that are shown one by one, on a map of their own
LECTURE_RUN = Experiment()  # the run that the sum of sigmoids was shown with, too

QUESTION = (2.0, 0.75, -1.05)  # baselines of what is wanted, the model, and its loss: as they are spoken of
UNDER_MAP = -1.45  # baseline of the line that says which plane the map is
SLICE_BOX = (-5.6, -1.15, -0.85, 2.2)
GRID_BOX = (style.LEFT_EDGE, MAP_BOX[1], -1.2, 2.75)
GRID_HALF = 0.5  # half of a small slice's width, of the way on which the tangent would come to zero
LENGTHS_BOX = (MAP_BOX[0] + 0.9, MAP_BOX[1], -0.75, 2.35)
ENLARGED_BOX = (MAP_BOX[0] + 0.1, MAP_BOX[0] + 3.3, -0.85, 2.4)
LOSSES_LEFT, LOSSES_TOP = MAP_BOX[0] + 3.75, 2.2

STUB = 0.1  # share of its length with which an arrow begins to grow
BEFORE_WALK, WALK_SECONDS = 1.3, 8.9  # until it has been said that the fall is over; then all later updates go by
BY_COUNT = 0.3  # share of the walk in which they go by evenly: late ones move little, and are many; else the curve does
CROWD_SECONDS = 3.6  # of the walk: for the last updates, whose dots are one spot
OPENING, RING = 0.4, 2.5  # of the walk: in which the point becomes a ring; how thick that is


class GradientDescent(LectureScene):
    """θ walks downhill on the recorded loss surface while the curve that it draws moves to the red one."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(default_factory=Experiment, description="the training run that is shown")
        trace: TraceFolder | None = Field(
            None,
            description="the folder of a trace that is shown instead, such as one recorded around a loop of your own: "
            "its path, its loss curve and its parameters",
        )
        updates: int | None = Field(None, ge=FEWEST, description="how many of its updates are shown; all, if not set")
        starts: int | None = Field(
            None,
            ge=0,
            le=20,
            description="from how many other random starts the run is trained, too, to see what loss they end with; "
            f"if not set, {STARTS} for the lecture's run and none for any other",
        )

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
        """The run, and the same from other random starts: the seeds after its own."""
        runs = super().experiments(parameters)
        return {**runs, **other_starts(runs["run"], parameters.starts)} if "run" in runs else runs

    def construct(self) -> None:
        run = self.trace("run")
        self.last = self.parameters.updates or run.n_updates  # every update is kept: rows are updates
        if isinstance(run.run, Experiment):
            self._play_run_on_a_curve(run)
        else:
            self._play_recorded_run(run)
        self.hand_on()

    # -- a run of ours on a curve, of which all is known: the loss around its path, and what the network draws ---------

    def _play_run_on_a_curve(self, run: Trace) -> None:
        self.experiment = run.experiment
        others = [name for name in self.experiments(self.parameters) if name != "run"]
        self.others = OtherStarts([self.trace(name) for name in others], self.last)
        texts = {key: self.screen(key) for key in ("target", "model", "start", "update", "step", "length")}
        self.descent = Descent(run, self.last, min(CLOSE_UP, self.last), texts)
        self._choose_parameter()
        self._task_beat()
        self._random_start_beat()
        self._slope_beat()
        self._gradient_beat()
        self._surface_beat()
        self._downhill_beat()
        self._learning_rate_beat()
        self._first_update_beat()
        self._again_beat()
        self._wider_map_beat()
        if self.descent.close_up < self.last:
            self._walk_beat()
        self._stop_beat()
        self._end_beat()

    def _choose_parameter(self) -> None:
        """Choose the parameter that stands for all of them.

        ``worked``: its first update in numbers, which is printed. ``along``: the loss along it, whose slope is looked
        at. ``grid_half``: half of the width that each parameter's small slice has then.
        """
        run, columns = self.descent.run, self.descent.strip.columns
        states, gradient = run.parameters, run.gradient[0]
        if self.descent.is_plain:
            rate, change = self.experiment.rate(0), gradient
        else:  # what is subtracted is the step that was recorded
            rate, change = 1.0, states[0].astype(float) - states[1].astype(float)
        self.worked = printed_update(states[0], change, states[1], rate, columns.shown)
        index = self.worked.index
        way = way_to_zero(self.descent.loss_at(0), float(gradient[index]), float(states[0][index]))
        reach, label = (BEHIND * way, AHEAD * way), self.descent.colored_names[index]
        self.along = LossSlice(self.experiment, states[0], index, float(gradient[index]), label, SLICE_BOX, reach)
        self.grid_half = GRID_HALF * way

    # -- the third step ------------------------------------------------------------------------------------------------

    def _task_beat(self) -> None:
        sigmoids, count = Count(sum(self.experiment.hidden)), Count(len(self.descent.names))
        with self.beat("task", sigmoids=sigmoids, count=count):
            # The map of the three steps: the brightness moves from the loss to optimization. The goal comes from its
            # card, and from another the red curve to be met; the model and its unknowns, in empty cells
            fit, strip = self.descent.fit, self.descent.strip
            steps = three_steps(self, self.descent.run, 2)
            arriving = self.next_heading(steps_heading(self))
            self.play(*arriving, FadeIn(steps), run_time=0.5)
            self.play(steps.focus(3), run_time=0.6)
            self.wait(1.7)  # until the red curve is spoken of
            arriving = self.next_heading(self.screen("heading"))
            goal = formula(GOAL, 38).place(QUESTION[0], center=MAP_MIDDLE)
            *others, written = steps.card(3)
            steps.card(2)[PLACE].remove(steps.red)
            gone = (steps.card(1), steps.card(2), steps.arrows, *others)
            asked = ReplacementTransform(written, goal, path_arc=-PI / 2, run_time=1.0)  # below the red curve
            red = ReplacementTransform(steps.red, fit.target, run_time=1.2)
            axes = FadeIn(fit.plot, rate_func=squish_rate_func(smooth, 0.25, 0.9), run_time=1.2)
            self.play(*(FadeOut(part, run_time=0.6) for part in gone), *arriving, asked, red, axes)
            self.play(FadeIn(fit.target_label, shift=0.15 * UP), run_time=0.4)
            self.wait(1.7)  # until the model is spoken of
            model, note = self._model_formula(), self._offset_note()
            self.question = VGroup(model, goal, *note)
            cells = [VGroup(box, name) for box, name in zip(strip.boxes, strip.names, strict=True)]
            self.play(*(FadeIn(part, shift=0.15 * UP) for part in (model, *note)), FadeIn(strip.label), run_time=0.5)
            self.play(LaggedStart(*map(FadeIn, [*cells, *strip.dots]), lag_ratio=0.12), run_time=1.0)

    def _model_formula(self) -> TextMobject:
        """What the network computes, in the middle of the map's place; smaller where it is long."""
        source, room = model_source(self.experiment), 2 * (MAP_MIDDLE - style.LEFT_EDGE)
        width = formula(source, 38).width
        return formula(source, 38 * min(1.0, room / width)).place(QUESTION[1], center=MAP_MIDDLE)

    def _offset_note(self) -> list[TextMobject]:
        """Beneath the model: why its b_i are not those of the sum of sigmoids, of a curve that was shown there."""
        ours, known = ((run.dataset, run.hidden, run.activation) for run in (self.experiment, LECTURE_RUN))
        if ours != known:
            return []
        text = self.screen("offset", middle=number_text(LECTURE_RUN.dataset.offset))
        return [words(text, style.CAPTION, palette.dim).place(QUESTION[1] - 0.88, center=MAP_MIDDLE)]

    def _random_start_beat(self) -> None:
        with self.beat("random-start"):
            # Random numbers come into the cells and draw a curve far from red. Some distances grow to real squares,
            # where the loss is made of those: it is the mean of them all
            fit = self.descent.fit
            self.play(LaggedStart(*map(FadeIn, self.descent.strip.numbers), lag_ratio=0.12), run_time=1.4)
            self.play(Create(fit.model), run_time=1.3, rate_func=smooth)
            self.play(FadeIn(fit.model_label, shift=0.15 * UP), run_time=0.4)
            measure = formula(loss_source(self.experiment), 38).place(QUESTION[2], center=MAP_MIDDLE)
            self.question.add(measure)
            self.distances = self.descent.distances()
            self.bring_to_back(self.distances)
            self.play(LaggedStart(*map(FadeIn, self.distances), lag_ratio=0.05), run_time=0.9)
            if self.experiment.loss != "mae":
                squares = self.descent.squares()
                self.distances.add(*squares)
                self.play(LaggedStart(*map(_widening, squares), lag_ratio=0.3), run_time=1.2)
            self.play(FadeIn(measure, shift=0.15 * UP), FadeIn(self.descent.readout), run_time=0.6)

    # -- slopes --------------------------------------------------------------------------------------------------------

    def _slope_beat(self) -> None:
        along, names = self.along, self.descent.names
        printed = printed_text(self.worked.slope) if self.descent.is_plain else short_text(along.slope)
        named = {"entry": spoken_name(names[self.worked.index]), "slope": printed, "others": Count(len(names) - 1)}
        label = along.place_label(words(self.screen("slope", slope=printed), style.LABEL, palette.orange))
        with self.beat("slope-fall", **named):
            # One column is framed, the others stay; over its values the loss, computed. We stand at the dot, with the
            # tangent there; a little way down it, and L sinks, while blue moves
            self.frame = self.descent.frame_around(self.worked.index, with_slope=False)
            self.play(FadeOut(self.question), FadeOut(self.distances), run_time=0.4)
            self.play(Create(self.frame), FadeIn(along.plot), FadeIn(along.letter), run_time=0.7)
            self.wait(0.5)  # until the loss is spoken of
            self.add(along.curve)
            self.play(Create(along.curve), run_time=1.8, rate_func=smooth)
            self.play(FadeIn(along.guide), FadeIn(along.point, scale=1.6), run_time=0.5)
            self.add(along.tangent, along.point)
            measured = VGroup(along.tangent, label)
            self.play(Create(along.tangent), FadeIn(label), run_time=0.6)
            self.wait(0.9)  # until it is said what a little more does
            aside = emphasis(measured, FAINT)  # it is the slope here, not where the dot goes now
            aside.set_rate_func(lambda share: there_and_back_with_pause(share, 0.4))
            self.play(aside, self.descent.nudge(along), run_time=1.9)
            emphasize(measured, FULL)
        self.slope_label = label

    def _gradient_beat(self) -> None:
        descent, along, slopes = self.descent, self.along, self.descent.slopes
        with self.beat("gradient", count=Count(len(descent.names))):
            # The same for every parameter, all to one scale: steep ones and level ones; each slope under its cell
            shown, theta, gradient = descent.strip.columns.shown, descent.run.parameters[0], descent.run.gradient[0]
            names = descent.colored_names
            self.grid = SliceGrid(self.experiment, theta, shown, gradient, names, self.grid_half, GRID_BOX)
            mine = self.grid.slices[shown.index(self.worked.index)]
            self.formulas = self._both_formulas("0", "1")
            gone = (along.plot, along.guide, along.letter, self.slope_label, self.frame)
            parts = [(getattr(along, name), getattr(mine, name)) for name in ("curve", "tangent", "point")]
            moved = [ReplacementTransform(old, new) for old, new in parts]
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *moved, self._resize(SMALL), run_time=0.9)
            self.play(FadeIn(mine.plot), FadeIn(mine.letter), FadeIn(slopes.label), run_time=0.4)
            pairs = zip(self.grid.slices, slopes.numbers, strict=True)
            pairs = [FadeIn(number) if part is mine else FadeIn(VGroup(part, number)) for part, number in pairs]
            self.play(LaggedStart(*pairs, *map(FadeIn, slopes.dots), lag_ratio=0.15), run_time=2.2)
            self.play(FadeIn(self.formulas[0], shift=0.15 * UP), run_time=0.5)

    def _resize(self, top: float) -> Animation:
        """The plot's upper end moves, with all of it that is drawn."""
        return self.descent.resize(top, self.get_mobject_family_members())

    def _both_formulas(self, before: str, after: str) -> tuple[TextMobject, TextMobject]:
        """What the gradient is, and what an update makes of it: −η g only where that is all of it."""
        gradient = in_band(gradient_source(before))
        plain = self.descent.is_plain
        update = update_source(before, after) if plain else step_source(before, after, self.screen("step"))
        return gradient, in_band(update, gradient)

    # -- on the map ----------------------------------------------------------------------------------------------------

    def _surface_beat(self) -> None:
        descent, near = self.descent, self.descent.near
        with self.beat("surface", loss=descent.loss_text(0), count=Count(len(descent.names))):
            # More directions than can be drawn, so a plane of them: the loss as a landscape, large while all else is
            # gone, with an axis of losses; the start is a ring, as high as its loss. Then it is seen from above, in its
            # place: a map, with the loss on some lines. Of two parameters the plane has all directions there are
            surface, path = near.surface, near.path
            self.caption = self._under_map(near)
            low, high = self.screen("low"), self.screen("high")
            self.legend = shade_legend(surface.shades(), low, high, MAP_BOX[1], MAP_BOX[3] + 0.15)
            relief = Relief(surface)
            here, loss = path.start_ring.get_center(), descent.loss_at(0)
            label = formula(f'L(orange(theta^0)) = "{descent.loss_text(0)}"', style.LETTER + 3)
            scale = ReliefScale(relief, here, loss, self.screen("loss"), label)
            path.start_ring.move_to(relief.at(here, loss))
            there, plate = self.get_mobject_family_members(), plate_under(label)
            drawn = [part for part in descent.fit if part in there]
            aside = [*drawn, descent.strip, descent.slopes, self.formulas[0]]
            self.play(*map(FadeOut, [*self.grid.slices, *aside]), run_time=0.5)
            self.bring_to_back(scale.ground, relief)
            self.play(FadeIn(scale.ground), FadeIn(relief), run_time=0.8)
            self.play(FadeIn(scale.axis), run_time=0.5)
            self.wait(0.5)  # until the start is spoken of
            self.play(Create(scale.drop), FadeIn(plate, scale.label), FadeIn(path.start_ring, scale=1.6), run_time=0.8)
            self.add(path.start_ring)
            self.wait(2.0)  # until "from above"
            self.play(FadeOut(scale), FadeOut(plate), run_time=0.3)

            def tilt(_: Mobject, share: float) -> None:
                relief.tilt(1 - share)
                path.start_ring.move_to(relief.at(here, loss))

            self.play(UpdateFromAlphaFunc(VGroup(relief, path.start_ring), tilt, rate_func=smooth), run_time=1.8)
            self.bring_to_back(surface)
            self.bring_to_back(relief)
            # The legend comes only now: the landscape's far corner has passed where it stands
            arriving = (surface, path.start_label, self.caption, self.legend, *descent.axes, *aside)
            self.play(*map(FadeIn, arriving), run_time=0.5)
            self.remove(relief)

    def _under_map(self, shown: DescentMap) -> TextMobject:
        """A line that says which plane the map shows."""
        count = len(self.descent.names)
        if count == 2:
            text = self.screen("map-plane-all")
        elif shown.is_through:
            text = self.screen("map-plane-through", update=self.descent.close_up)
        else:
            text = self.screen("map-plane", count=number_text(count))
        return words(text, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)

    def _downhill_beat(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("downhill"):
            # On the map all slopes together are one arrow: against the gradient, across the contour lines
            downhill = descent.direction
            note = words(self.screen("map-direction"), style.CAPTION, palette.dim)
            self.direction_note = note.place(UNDER_MAP, left=style.LEFT_EDGE)
            growing = descent.turn_arrow(-STUB * downhill, -downhill)
            self.play(growing, FadeOut(self.caption, run_time=0.4), run_time=0.9)
            plate = plate_under(path.uphill_label)
            self.play(FadeIn(plate), FadeIn(path.uphill_label), FadeIn(self.direction_note), run_time=0.4)
            self.wait(1.0)  # until "down" is said
            self.play(FadeOut(plate), FadeOut(path.uphill_label), run_time=0.3)
            self.play(descent.turn_arrow(-downhill, downhill), run_time=1.0)
            self.label_plate = plate_under(path.arrow_label)
            self.play(FadeIn(self.label_plate), FadeIn(path.arrow_label), run_time=0.4)

    def _learning_rate_beat(self) -> None:
        rate, names = number_text(self.experiment.rate(0)), self.descent.names
        values = {"rate": rate, "entry": spoken_name(names[self.worked.index]), "count": Count(len(names))}
        self.trial = None if self.other_data else self._rate_trial()
        if self.trial is not None:
            _, bottom, far = self.trial.rates
            values |= {"bottom": number_text(bottom), "far": number_text(far)}
        with self.beat("learning-rate", **values):
            # The update's formula. Then how far to go: of the lesson's data rates are tried, of other data
            # the rate that was taken is told
            self.play(FadeIn(self.formulas[1], shift=0.15 * UP), run_time=0.6)
            self.rate = in_band(rate_source(rate), line=NUMBER_LINE, size=34)
            leaving = [self.descent.near.path.arrow_label, self.label_plate, self.direction_note]
            if self.trial is not None:
                self._try_rates(self.trial, leaving)
            else:
                self._take_rate(leaving)

    def _rate_trial(self) -> RateTrial:
        """Rates to try in the place of the map: for the parameter that is looked at alone, then for all together."""
        descent, index = self.descent, self.worked.index
        rates = rates_to_try(self.experiment, descent.run.parameters[0], descent.run.gradient[0], index)
        under = [descent.near.surface, descent.near.path.start_label, self.legend, *descent.axes]
        texts = {
            "alone": self.screen("alone", entry=spoken_name(descent.names[index])),
            "together": self.screen("together", count=number_text(len(descent.names))),
            "lowest": self.screen("lowest"),
        }
        return RateTrial(self, descent, self.along, rates, under, texts)

    def _try_rates(self, trial: RateTrial, leaving: list[Mobject]) -> None:
        """On the loss along one parameter two steps, to the bottom, and so far that the loss is higher than before.

        Each comes when its rate is said. Then the loss when all move, over the rate itself: the first of the two now
        runs past the bottom; a smaller one is taken, and written.
        """
        self.wait(2.2)  # while eta is spoken of
        trial.leave_map([self.descent.near.path.arrow, *leaving])
        self.wait(0.7)  # until the first rate is said
        trial.step_alone()
        trial.step_with_all()
        self.play(*trial.taking_ours(), FadeIn(self.rate, shift=0.15 * UP), run_time=0.6)

    def _take_rate(self, leaving: list[Mobject]) -> None:
        """The arrow becomes the step that was taken; where that is the rate times the gradient, the rate is written."""
        descent = self.descent
        self.play(*map(FadeOut, leaving), run_time=0.3)
        step = descent.turn_arrow(descent.direction, descent.step())
        self.play(step, FadeIn(descent.near.path.step_label), FadeIn(self.caption), run_time=0.7)
        if descent.is_plain:
            self.wait(2.2)  # until the rate is said
            self.play(FadeIn(self.rate, shift=0.15 * UP), run_time=0.5)

    # -- updates -------------------------------------------------------------------------------------------------------

    def _first_update_beat(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("first-update", before=descent.loss_text(0), loss=descent.loss_text(1)):
            # One parameter's numbers first; on the map the arrow takes its true length. Then all at once: the point
            # moves, the curve moves, its ghost stays. The slopes have been used: they are those of where it was
            self.sum_line, self.frame = self._arithmetic(), descent.frame_around(self.worked.index)
            self.step_name: Sequence[Mobject] = [path.step_label]
            if self.trial is not None:
                self.step_name = self.trial.back_to_map([self.caption], *grow(self.rate, self.sum_line))
                self.play(Create(self.frame), run_time=0.3)
            else:
                if descent.is_plain:
                    self.play(FadeOut(self.rate), run_time=0.3)
                self.play(FadeIn(self.sum_line, shift=0.15 * UP), Create(self.frame), run_time=0.6)
            self.add(descent.fit.ghost, descent.fit.model)
            gone = map(FadeOut, (path.arrow, *self.step_name, self.frame))
            self.play(*gone, FadeIn(path.marker), emphasis(descent.slopes.numbers, FAINT), run_time=0.3)
            # The formula speaks of the slopes that were: they stay. All else changes at once, numbers half way
            going = descent.go(smooth, arrow=False, label=False, slopes_of=0, numbers_from=0.5)
            self.play(going, run_time=0.9)
            self.play(FadeIn(path.label), run_time=0.4)

    def _arithmetic(self) -> TextMobject:
        """One parameter's first update in its recorded numbers, as long as there is room for."""
        named = (self.worked, self.descent.names, self.descent.labels)
        whole = in_band(sum_source(*named, short=not self.descent.is_plain), line=NUMBER_LINE, size=34)
        if whole.get_right()[0] <= style.RIGHT_EDGE and whole.font_size >= style.LABEL:
            return whole
        return in_band(sum_source(*named, short=True), line=NUMBER_LINE, size=34)

    def _again_beat(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("again"):
            # New slopes where the point is now, in the place of the old ones, and the same again; then the next
            # updates, one by one
            numbers = descent.slopes.numbers
            self.play(FadeOut(self.sum_line), FadeOut(numbers), *self._exchange("1", "2"), run_time=0.6)
            descent.show(1.0)
            self.play(LaggedStart(*map(FadeIn, emphasize(numbers, FULL)), lag_ratio=0.1), run_time=0.7)
            self.play(descent.turn_arrow(STUB * descent.step(), descent.step()), run_time=0.7)
            self.wait(0.2)
            self.play(descent.go(lambda share: 1 + smooth(share), arrow=True, slopes_of=1), run_time=1.0)
            self.wait(1.0)  # until "and again"
            descent.show(2.0)
            self.play(*self._exchange("k", "k+1"), FadeIn(descent.fit.ghost_label), run_time=0.7)
            steps = descent.close_up - 2
            self.add(path.arrow)
            self.play(descent.step_by_step(2, steps), run_time=0.32 * steps)
            self.play(FadeOut(path.arrow), run_time=0.3)

    def _exchange(self, before: str, after: str) -> list[Animation]:
        """Both formulas for another update."""
        first, second = self.formulas
        gradient, update = self.formulas = self._both_formulas(before, after)
        return [ReplacementTransform(first, gradient), *grow(second, update)]

    # -- the whole way -------------------------------------------------------------------------------------------------

    def _wider_map_beat(self) -> None:
        descent, near, far = self.descent, self.descent.near, self.descent.far
        with self.beat("step-back", count=Count(descent.close_up), updates=Count(self.last)):
            # First the plot gets its full height. Then the map turns and shrinks to where the way so far lies on
            # another one, through the whole path, as a short piece at its beginning; of two parameters there is one
            # plane, and it is seen from farther off. The slopes become too small for their row: from now on the length
            # of all of them together stands there
            gone = [near.path.start_label, near.path.label, near.surface.values, self.caption, *self.formulas]
            self.play(*map(FadeOut, [*gone, descent.slopes]), self._resize(TALL), run_time=0.7)
            descent.map, self.caption = far, self._under_map(far)
            descent.show(float(descent.close_up))
            far.surface.set_z_index(-2)  # behind the old map, which shrinks in front of it
            near.ground.set_z_index(-1)  # and behind all that is drawn on both
            if far.is_through:
                self._turn_map()
            else:
                self._shrink_map()
            self.on_map = [far.surface, far.path.line, far.path.start_ring, far.path.start_label, far.path.marker]
            self.on_map += [far.path.label, far.dots, self.caption, self.legend, *descent.axes]
            self.play(*map(FadeIn, (far.path.start_label, far.path.label, descent.length)), run_time=0.5)

    def _turn_map(self) -> None:
        """The map with its path turns and shrinks to where the path lies on the other plane, which takes its place."""
        near, far = self.descent.near, self.descent.far
        turned = VGroup(near.ground, near.path.line, near.path.start_ring, near.path.marker)
        self.play(near.turns_into(far, turned), run_time=1.5)
        kept = (far.path.line, far.path.start_ring, far.path.marker)
        swapped = [ReplacementTransform(old, new) for old, new in zip(turned[1:], kept, strict=True)]
        self.play(FadeIn(far.surface), FadeOut(near.ground), *swapped, FadeIn(self.caption), run_time=0.8)

    def _shrink_map(self) -> None:
        """Of two parameters there is one plane: its map shrinks to where it lies on the larger one."""
        near, far = self.descent.near, self.descent.far
        parts = ("line", "start_ring", "marker")
        moved = [ReplacementTransform(getattr(near.path, name), getattr(far.path, name)) for name in parts]
        self.play(FadeIn(far.surface, run_time=0.7), near.goes_into(far), *moved, run_time=1.4)
        gone = [FadeOut(near.ground)] if near.ground in self.mobjects else []  # it may have faded at its place
        self.play(*gone, FadeIn(self.caption), run_time=0.4)

    def _walk_beat(self) -> None:
        descent, far, seconds = self.descent, self.descent.far, WALK_SECONDS
        with self.beat("walk-valley", count=Count(descent.close_up), every=number_text(descent.dots_every or 1)):
            # Every recorded update goes by, with a dot on the path after every so many. Of the lesson's run, nearly all
            # of the fall is over: that is said first. Then thousands of small updates follow, the dots come closer,
            # until they are one spot. From there on the spot is enlarged, and the updates go by evenly
            crowd = None if self.other_data else crowd_from(far)
            if not self.other_data:
                self.wait(BEFORE_WALK)
            if descent.dots_every is not None:  # the point would hide the crowd at its end: it becomes a ring
                self.play(far.path.marker.animate.set_fill(opacity=0).set_stroke(width=RING), run_time=OPENING)
                seconds -= OPENING
            self.add(far.dots, far.path.marker)
            if crowd is not None and descent.close_up < crowd < self.last:
                self.play(descent.go(self._pace(crowd).row, arrow=False), run_time=seconds - CROWD_SECONDS)
                self._enlarge(crowd, CROWD_SECONDS)
            else:
                self.play(descent.go(self._pace(self.last).row, arrow=False), run_time=seconds)

    def _pace(self, last: int) -> Pace:
        """From the close-up's end to row ``last``, so that the curve moves evenly, but for a share by the count."""
        even = even_pace(self.descent.run, self.descent.close_up, last)
        count = (even.rows - even.rows[0]) / (even.rows[-1] - even.rows[0])
        return Pace(even.rows, (1 - BY_COUNT) * even.shares + BY_COUNT * count)

    def _enlarge(self, first: int, seconds: float) -> None:
        """The spot to which the path has come, enlarged, while the updates from row ``first`` on go by evenly."""
        zoom, values = PathZoom(self.descent.far, first, self.screen("enlarged")), self.descent.far.surface.values
        self.play(FadeIn(zoom), *(FadeOut(value) for value in values if zoom.covers(value)), run_time=0.5)
        self.on_map.append(zoom)

        def row(share: float) -> float:
            return first + share * (self.last - first)

        along = UpdateFromAlphaFunc(zoom, lambda _, share: zoom.show(row(share)), rate_func=linear)
        self.play(self.descent.go(row, arrow=False), along, run_time=seconds - 0.5)

    # -- the end -------------------------------------------------------------------------------------------------------

    def _stop_beat(self) -> None:
        lengths = np.linalg.norm(self.descent.run.gradient[: self.last], axis=1)
        with self.beat("stop", length=length_text(float(lengths[-1]))):
            # How long the gradient was before each update: it becomes short, and is hardly ever zero in the end
            self.play(*map(FadeOut, self.on_map), run_time=0.5)
            self.left: list[Mobject] = [self.descent.length]
            if (np.isfinite(lengths) & (lengths > 0)).any():
                shown = GradientLengths(lengths, LENGTHS_BOX, self.screen("updates"))
                self.left += shown
                self.play(FadeIn(shown.plot), FadeIn(shown.name), run_time=0.5)
                self.play(Create(shown.curve), run_time=2.4, rate_func=linear)
                self.play(FadeIn(shown.end), run_time=0.4)

    def _end_beat(self) -> None:
        descent, others = self.descent, self.others
        lower = int((others.losses < descent.loss_at(self.last)).sum())
        values = {"updates": number_text(self.last), "loss": descent.loss_text(self.last)}
        values |= {"gap": descent.gap_text(), "starts": Count(len(others.losses)), "lower": Count(lower)}
        distance = descent.distance()
        with self.beat("end-almost-alike", **values):
            # Where blue only nearly lies on red: how far off, where it is farthest, enlarged. Then where other starts
            # came to: their curves, over it; and all losses, from the lowest
            if distance <= LANDED:
                self.wait(0.5)
            elif distance > NEARLY:
                self.gap = descent.largest_gap()
                self.wait(0.6)  # until the gap is spoken of
                self.play(Create(self.gap[0]), run_time=0.8)
                self.play(FadeIn(self.gap[1]), run_time=0.5)
            else:
                self._measure_enlarged()
                if len(others.losses):
                    self._compare()

    def _measure_enlarged(self) -> None:
        """Where blue is farthest from red, in a frame, and enlarged; there the distance is measured.

        The start leaves: other runs' curves will come from where it is, and through its name.
        """
        target = self.experiment.dataset.curve()(self.descent.x)
        self.enlarged = shown = Enlarged(self.descent.fit, target, self.descent.gap_text(), ENLARGED_BOX)
        there, fit = self.get_mobject_family_members(), self.descent.fit
        start = [part for part in (fit.ghost, fit.ghost_label) if part in there]
        self.play(Create(shown.window), *map(FadeOut, [*self.left, *start]), run_time=0.4)
        self.play(shown.growing(), run_time=0.7)
        self.play(Create(shown.bracket), FadeIn(shown.number), run_time=0.7)
        self.wait(2.4)  # until other starts are spoken of

    def _compare(self) -> None:
        """Runs from other random starts: their curves go from where they began over ours; then the losses of all."""
        ours, names = self.descent.loss_at(self.last), (self.screen("loss"), self.screen("ours"))
        self.losses = LossList(ours, self.others.losses, LOSSES_LEFT, LOSSES_TOP, *names)
        self.other_curves = VGroup(*map(self.enlarged.also, self.others.curves(self.descent)))
        arrivals = self.others.arrivals(self.descent)
        self.play(*arrivals, FadeIn(self.losses.name, self.losses.mine), run_time=2.4)
        self.play(FadeIn(self.other_curves), LaggedStart(*map(FadeIn, self.losses.rest), lag_ratio=0.2), run_time=0.8)

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


def other_starts(run: Experiment, count: int | None) -> dict[str, Experiment]:
    """``run`` with the ``count`` seeds that follow its own, by name."""
    if count is None:
        count = STARTS if run == LECTURE_RUN else 0
    return {f"start-{k}": run.model_copy(update={"seed": run.seed + k}) for k in range(1, count + 1)}


def _widening(square: Square) -> Animation:
    """The square grows to the right, out of its left side."""
    corners = square.get_vertices()
    left = square.get_left()[0]

    def move(part: Square, share: float) -> None:
        points = corners.copy()
        points[:, 0] = left + share * (points[:, 0] - left)
        part.set_points_as_corners([*points, points[0]])

    return UpdateFromAlphaFunc(square, move, rate_func=smooth)


def _what_can_be_shown(error: PathError) -> str:
    """Of a path that runs off to infinity: what to set to see it up to there."""
    if (error.last or 0) < FEWEST:
        return f"at least {FEWEST} updates are shown; a smaller learning rate often helps"
    return (
        f"what came before can be shown: --set gradient-descent.updates={error.last} (in a lesson: updates = "
        f"{error.last} among the scene's parameters)"
    )
