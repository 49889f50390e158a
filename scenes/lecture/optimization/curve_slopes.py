"""The first beats of gradient-descent for a run of ours on a curve: the third step, one slope, and all of them."""

from __future__ import annotations

from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.arithmetic import printed_update
from gradreel.scenes.mobjects.descent import MAP_BOX, SMALL, Descent, in_band
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_slice import AHEAD, BEHIND, LossSlice, SliceGrid, way_to_zero
from gradreel.scenes.mobjects.part_map import PLACE, PartMap, part_map, steps_heading
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import role_of
from gradreel.scenes.mobjects.update_formulas import (
    GOAL,
    gradient_source,
    loss_source,
    model_source,
    printed_text,
    short_text,
    spoken_name,
    step_source,
    update_source,
)
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, palette
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
    ReplacementTransform,
    Square,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
    squish_rate_func,
    there_and_back_with_pause,
)
from numpy.typing import NDArray

QUESTION = (2.0, 0.75, -1.05)  # baselines of what is wanted, the model, and its loss: as they are spoken of
SLICE_BOX = (-5.6, -1.15, -0.85, 2.2)
GRID_BOX = (style.LEFT_EDGE, MAP_BOX[1], -1.2, 2.75)
KNOWN = Experiment()  # the run that the sum of sigmoids was shown with
GRID_HALF = 0.5  # half of a small slice's width, of the way on which the tangent would come to zero


def widen(square: Square) -> Animation:
    """The square grows to the right, out of its left side."""
    corners = square.get_vertices()
    left = square.get_left()[0]

    def move(part: Square, share: float) -> None:
        points = corners.copy()
        points[:, 0] = left + share * (points[:, 0] - left)
        part.set_points_as_corners([*points, points[0]])

    return UpdateFromAlphaFunc(square, move, rate_func=smooth)


class SlopeBeats(LectureScene):
    """From the task to the gradient, at the start of a run."""

    experiment: Experiment
    descent: Descent
    gradients: NDArray
    steps: PartMap
    title: TextMobject

    def choose_one(self) -> None:
        """The parameter whose slope is looked at and whose update is worked out; and the loss along it."""
        states, columns = self.descent.run.parameters, self.descent.strip.columns
        if self.descent.is_plain:
            rate, change = self.experiment.rate(0), self.gradients[0]
        else:  # what is subtracted is the step that was recorded
            rate, change = 1.0, states[0].astype(float) - states[1].astype(float)
        self.worked = printed_update(states[0], change, states[1], rate, columns.shown)
        index = self.worked.index
        slope = float(self.gradients[0][index])
        way = way_to_zero(self.descent.loss_at(0), slope, float(states[0][index]))
        label = f"{role_of(self.descent.names[index])}({self.descent.labels[index]})"
        reach = (BEHIND * way, AHEAD * way)
        self.along = LossSlice(self.experiment, states[0], index, slope, label, SLICE_BOX, reach)
        self.half = GRID_HALF * way

    def resize(self, top: float) -> Animation:
        return self.descent.resize(top, self.get_mobject_family_members())

    def both_formulas(self, before: str, after: str) -> tuple[TextMobject, TextMobject]:
        """What the gradient is, and what an update makes of it: −η g only where that is all of it."""
        gradient = in_band(gradient_source(before))
        plain = self.descent.is_plain
        update = update_source(before, after) if plain else step_source(before, after, self.screen("step"))
        return gradient, in_band(update, gradient)

    def task(self) -> None:
        sigmoids, count = Count(sum(self.experiment.hidden)), Count(len(self.descent.names))
        with self.beat("task", sigmoids=sigmoids, count=count):
            # The map of the three steps: the brightness moves from the loss to optimization. The goal comes from its
            # card, and from another the red curve to be met; the model and its unknowns, in empty cells
            self.show_task()

    def show_steps(self) -> None:
        self.steps = part_map(self, self.descent.run, 2)
        self.title, arriving = next_heading(steps_heading(self))
        self.play(*arriving, FadeIn(self.steps), run_time=0.5)
        self.play(self.steps.focus(3), run_time=0.6)
        self.wait(1.7)

    def show_task(self) -> None:
        self.show_steps()
        fit, strip = self.descent.fit, self.descent.strip
        self.title, arriving = next_heading(self.screen("heading"), self.title)
        middle = (MAP_BOX[0] + MAP_BOX[1]) / 2
        goal = formula(GOAL, 38).place(QUESTION[0], center=middle)
        *others, written = self.steps.card(3)
        self.steps.card(2)[PLACE].remove(self.steps.red)
        gone = (self.steps.card(1), self.steps.card(2), self.steps.arrows, *others)
        asked = ReplacementTransform(written, goal, path_arc=-PI / 2, run_time=1.0)  # below the red curve
        red = ReplacementTransform(self.steps.red, fit.target, run_time=1.2)
        axes = FadeIn(fit.plot, rate_func=squish_rate_func(smooth, 0.25, 0.9), run_time=1.2)
        self.play(*(FadeOut(part, run_time=0.6) for part in gone), *arriving, asked, red, axes)
        self.play(FadeIn(fit.target_label, shift=0.15 * UP), run_time=0.4)
        self.wait(1.7)  # until the model is spoken of
        model, note = self.model_formula(middle), self.offset_note(middle)
        self.question = VGroup(model, goal, *note)
        cells = [VGroup(box, name) for box, name in zip(strip.boxes, strip.names, strict=True)]
        self.play(*(FadeIn(part, shift=0.15 * UP) for part in (model, *note)), FadeIn(strip.label), run_time=0.5)
        self.play(LaggedStart(*map(FadeIn, [*cells, *strip.dots]), lag_ratio=0.12), run_time=1.0)

    def model_formula(self, middle: float) -> TextMobject:
        """What the network computes, in the middle of the map's place; smaller where it is long."""
        source, room = model_source(self.experiment), 2 * (middle - style.LEFT_EDGE)
        width = formula(source, 38).width
        return formula(source, 38 * min(1.0, room / width)).place(QUESTION[1], center=middle)

    def offset_note(self, middle: float) -> list[TextMobject]:
        """Beneath the model: why its b_i are not those of the sum of sigmoids, of a curve that was shown there."""
        run = self.experiment
        if (run.dataset, run.hidden, run.activation) != (KNOWN.dataset, KNOWN.hidden, KNOWN.activation):
            return []
        text = self.screen("offset", middle=number_text(KNOWN.dataset.offset))
        return [words(text, style.CAPTION, palette.dim).place(QUESTION[1] - 0.88, center=middle)]

    def random_start(self) -> None:
        with self.beat("random-start"):
            # Random numbers come into the cells and draw a curve far from red. Some distances grow to real squares,
            # where the loss is made of those: it is the mean of them all
            self.show_start()

    def show_start(self) -> None:
        fit, middle = self.descent.fit, (MAP_BOX[0] + MAP_BOX[1]) / 2
        self.play(LaggedStart(*map(FadeIn, self.descent.strip.numbers), lag_ratio=0.12), run_time=1.4)
        self.play(Create(fit.model), run_time=1.3, rate_func=smooth)
        self.play(FadeIn(fit.model_label, shift=0.15 * UP), run_time=0.4)
        measure = formula(loss_source(self.experiment), 38).place(QUESTION[2], center=middle)
        self.question.add(measure)
        self.distances = self.descent.distances()
        self.bring_to_back(self.distances)
        self.play(LaggedStart(*map(FadeIn, self.distances), lag_ratio=0.05), run_time=0.9)
        if self.experiment.loss != "mae":
            squares = self.descent.squares()
            self.distances.add(*squares)
            self.play(LaggedStart(*map(widen, squares), lag_ratio=0.3), run_time=1.2)
        self.play(FadeIn(measure, shift=0.15 * UP), FadeIn(self.descent.readout), run_time=0.6)

    def one_slope(self) -> None:
        slope, names = self.along.slope, self.descent.names
        printed = printed_text(self.worked.slope) if self.descent.is_plain else short_text(slope)
        named = {"entry": spoken_name(names[self.worked.index]), "slope": printed, "others": Count(len(names) - 1)}
        self.slope_label = self.along.place_label(
            words(self.screen("slope", slope=printed), style.LABEL, palette.orange)
        )
        with self.beat("slope-fall", **named):
            # One column is framed, the others stay; over its values the loss, computed. We stand at the dot, with the
            # tangent there; a little way down it, and L sinks, while blue moves
            self.show_slice()
            self.show_slope()

    def show_slice(self) -> None:
        along = self.along
        self.frame = self.descent.frame_around(self.worked.index, with_slope=False)
        self.play(FadeOut(self.question), FadeOut(self.distances), run_time=0.4)
        self.play(Create(self.frame), FadeIn(along.plot), FadeIn(along.letter), run_time=0.7)
        self.wait(0.5)  # until the loss is spoken of
        self.add(along.curve)
        self.play(Create(along.curve), run_time=1.8, rate_func=smooth)
        self.play(FadeIn(along.guide), FadeIn(along.point, scale=1.6), run_time=0.5)

    def show_slope(self) -> None:
        along = self.along
        self.add(along.tangent, along.point)
        measured = VGroup(along.tangent, self.slope_label)
        self.play(Create(along.tangent), FadeIn(self.slope_label), run_time=0.6)
        self.wait(0.9)
        aside = emphasis(measured, FAINT)  # it is the slope here, not where the dot goes now
        aside.set_rate_func(lambda share: there_and_back_with_pause(share, 0.4))
        self.play(aside, self.descent.nudge(along), run_time=1.9)
        emphasize(measured, FULL)

    def gradient(self) -> None:
        descent, along, slopes = self.descent, self.along, self.descent.slopes
        with self.beat("gradient", count=Count(len(descent.names))):
            # The same for every parameter, all to one scale: steep ones and level ones; each slope under its cell
            shown, theta = descent.strip.columns.shown, descent.run.parameters[0]
            labels = [f"{role_of(n)}({label})" for n, label in zip(descent.names, descent.labels, strict=True)]
            self.grid = SliceGrid(self.experiment, theta, shown, self.gradients[0], labels, self.half, GRID_BOX)
            mine = self.grid.slices[shown.index(self.worked.index)]
            self.formulas = self.both_formulas("0", "1")
            gone = (along.plot, along.guide, along.letter, self.slope_label, self.frame)
            moved = [
                ReplacementTransform(getattr(along, name), getattr(mine, name))
                for name in ("curve", "tangent", "point")
            ]
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *moved, self.resize(SMALL), run_time=0.9)
            self.play(FadeIn(mine.plot), FadeIn(mine.letter), FadeIn(slopes.label), run_time=0.4)
            pairs = zip(self.grid.slices, slopes.numbers, strict=True)
            pairs = [FadeIn(number) if part is mine else FadeIn(VGroup(part, number)) for part, number in pairs]
            self.play(LaggedStart(*pairs, *map(FadeIn, slopes.dots), lag_ratio=0.15), run_time=2.2)
            self.play(FadeIn(self.formulas[0], shift=0.15 * UP), run_time=0.5)
