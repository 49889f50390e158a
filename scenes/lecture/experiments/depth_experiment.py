"""The scene depth-experiment: the linear model and networks of ever more layers, trained on daily views, compared."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.results import loss_by_epoch
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters, NetworksScene, lecture_written
from gradreel.scenes.lecture.experiments.pictures.depth_picture import (
    BOX,
    LECTURE_BEST,
    LECTURE_WORSE,
    LectureDepths,
    depth_scale,
    floor_line,
    mean_losses,
    our_depths,
)
from gradreel.scenes.lecture.experiments.pictures.loss_bars import UNSEEN
from gradreel.scenes.lecture.experiments.pictures.loss_scale import OVER_TOP, TOP_ROOM, AboveTheScale
from gradreel.scenes.lecture.experiments.pictures.relu_blocks import networks_as_dots, wires
from gradreel.scenes.lecture.experiments.pictures.run_swarms import SMALL, SPREAD, RunSwarms
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.depth_lines import KINDS, LABELS_APART, DepthLines, axis_line, most_of
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.words.counts import Count
from manim import (
    RIGHT,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

STATES = 40  # at which the losses of a run are known, at most
SLOW_START = 2.5  # epochs pass as this power of the time: the first ones, in which most happens, take longest
ASTRAY = 1.2  # times as high as the means need: for a run that ends still higher the picture makes no room
BEYOND_RINGS = 0.3  # from the last network's runs to the lines' names, if there is room for that
BEYOND_RUNS = 0.12  # from them to the end of the scale's lines
PICTURE = 0.3  # free above and below the blocks of dots
BLOCK = 0.8  # of the distance between two networks that a block may take
TRAINING_SECONDS, TOLD_SECONDS = 6.4, 1.4  # that the runs sink; that it is told before what a dot is, and a ring
OVER_NUMBERS, FOOT = 0.16, 0.1  # from numbers up to the bracket over them; length of its ends


class DepthExperiment(NetworksScene):
    """Networks of ever more hidden layers: the losses of all their runs while they train, then what they come to."""

    Parameters = DepthsParameters

    def construct(self) -> None:
        self._build()
        self._networks_beat()
        self._runs_sink_beat()
        self._seen_beat()
        self._unseen_beat()
        if self.with_lecture:
            self._lecture_beat()
        self.hand_on(self.picture.axis)

    @property
    def with_lecture(self) -> bool:
        """Whether the lecture's own losses can be drawn over ours: of the same networks, in the same scale."""
        return tuple(result.network.hidden for result in self.outcome) == LECTURE_DEPTHS and self.one_scale()

    # -- what is on the screen -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.picture = self._picture()
        x = [float(self.picture.plot.at(k, 0.0)[0]) for k in range(len(self.outcome))]
        step, last = x[1] - x[0], x[-1]
        reach = SPREAD / 2 * step * (1 - 1 / len(self.parameters.seeds))  # of a network's runs to either side
        self._place_names(last, reach + BEYOND_RINGS)
        self.scale_end = last + reach + BEYOND_RUNS
        self.grid, self.scale_labels = depth_scale(self.picture, BOX[0], self.scale_end, self.screen("loss"))
        self._prepare_runs()
        self._prepare_blocks(last, BLOCK * step)

    def _picture(self) -> DepthLines:
        """Every run's last loss has room below the highest level line, but for runs that went astray."""
        means = most_of(mean_losses(self.outcome))
        largest = max(getattr(result, kind).largest for result in self.outcome for kind in KINDS)
        return our_depths(self, max(means, largest / (1 - TOP_ROOM)) if largest <= ASTRAY * means else means)

    def _place_names(self, last: float, beside: float) -> None:
        """The lines' names begin ``beside`` the last network, which is at ``last``, if there is room for that."""
        picture = self.picture
        room = style.RIGHT_EDGE - last - max(label.width for label in picture.labels.values())
        picture.label_gap = max(picture.label_gap, min(beside, room))
        picture.put_labels()

    def _prepare_runs(self) -> None:
        """``runs``: the dots; ``above``: what is said of arrows' heads at the top; numbers have places off both."""
        epochs, states = np.arange(self.parameters.epochs + 1.0), self.fewest_states(STATES)
        courses: dict[str, list[list[NDArray]]] = {kind: [] for kind in KINDS}
        for result in self.outcome:
            chosen = zip(self.traces_of(result.network), result.rows, result.epochs, strict=True)
            losses = [loss_by_epoch(trace, states, row).until(epoch) for trace, row, epoch in chosen]
            for kind in KINDS:
                courses[kind].append([np.interp(epochs, run.epoch, getattr(run, kind)) for run in losses])
        # What is compared: the best network and the smallest, or the largest if that is best
        best = self.outcome.index(self.best)
        self.compared = best, 0 if best else len(self.outcome) - 1
        self.runs = RunSwarms(self.picture, courses)
        along = np.linspace(0, len(self.outcome) - 0.7, 250 if best == 0 else 0)
        self.runs.place_numbers(self.picture.plot.at(along, self.best.validation.mean), self.compared)
        last = self.runs.last_above() ** (1 / SLOW_START)
        self.above = AboveTheScale(self.screen("above"), BOX[3] + OVER_TOP, (BOX[0] + BOX[1]) / 2, last, hollow=True)
        self.runs.show(0.0)

    def _prepare_blocks(self, last: float, width: float) -> None:
        """``blocks``: at first each network is a block of dots; the axis ends under that of the last, at ``last``."""
        plot = self.picture.plot
        bottom, top = plot.box[2:]
        centers = [plot.at(k, 0.0) * [1, 0, 1] + [0, (bottom + top) / 2, 0] for k in range(len(self.outcome))]
        hidden = [result.network.hidden for result in self.outcome]
        self.blocks = networks_as_dots(hidden, centers, width, top - bottom - 2 * PICTURE)
        self.picture.axis.become(self._axis(last + width / 2))

    def _axis(self, right: float) -> VMobject:
        """The axis as far as ``right``."""
        return segment((BOX[0], BOX[2], 0), (right, BOX[2], 0), palette.axis, style.AXIS)

    def _whole_axis(self) -> Animation:
        """The axis becomes what it is in the next scene."""
        return Transform(self.picture.axis, axis_line(len(self.outcome), BOX))

    # -- the networks, and their runs ----------------------------------------------------------------------------------

    def _networks_beat(self) -> None:
        with self.beat("networks", width=Count(self.parameters.width)):
            # The room sees layer after layer, from left to right: a block of dots for each, and a few lines of its W
            arriving = self.next_heading(self.screen("heading"))
            picture, self.note = self.picture, self.data_note()
            self.play(*arriving, FadeIn(picture.axis), FadeIn(self.note), FadeIn(picture.names), run_time=0.7)
            built, self.wires = [], VGroup()
            for result, block in zip(self.outcome, self.blocks, strict=True):
                layers = list(zip(wires(block), block, strict=True)) if result.network.hidden else [(block,)]
                self.wires.add(*(layer[0] for layer in layers[1:]))
                parts = [FadeIn(VGroup(*layer), shift=0.2 * RIGHT) for layer in layers]
                built.append(LaggedStart(*parts, lag_ratio=0.6))
            self.play(LaggedStart(*built, lag_ratio=0.6), run_time=5.0)

    def _runs_sink_beat(self) -> None:
        with self.beat("train", epochs=Count(self.parameters.epochs), seeds=len(self.parameters.seeds)):
            # A dot for each run, over a scale: filled the days it learns from, a ring the days it never sees. That is
            # told first. Then all sink at once, and words go along at the right; what an arrow's head at the top means
            # stands over them
            self.counter = self.epoch_counter()
            swarms = [swarm for kind in KINDS for swarm in self.runs.swarms[kind]]
            axis = Transform(self.picture.axis, self._axis(self.scale_end))
            self.play(FadeOut(self.blocks), FadeOut(self.wires), axis, run_time=0.5)
            self.runs.show_labels(0.0)
            labels = VGroup(*self.picture.labels.values())
            above = [self.above] if self.above.last else []
            arriving = (self.grid, self.scale_labels, *swarms, *self.counter, labels, *above)
            self.play(*map(FadeIn, arriving), run_time=0.6)
            self.wait(TOLD_SECONDS)
            number, last = self.counter[1], self.parameters.epochs

            def show(_: VMobject, share: float) -> None:
                epoch = last * share**SLOW_START
                number.set_value(int(epoch + 1e-6))  # a float may lie just below a whole epoch
                self.runs.show(epoch)
                self.runs.show_labels(epoch)
                self.above.show(share)

            moving = UpdateFromAlphaFunc(VGroup(*swarms, number, labels, *above), show)
            self.play(moving, run_time=TRAINING_SECONDS, rate_func=linear)
            self.picture.put_labels()
            self.remove(*(above if self.above.last < 1 else []))

    # -- what they come to ---------------------------------------------------------------------------------------------

    def _seen_beat(self) -> None:
        single = self.outcome[1]
        values = {"one": self.written(single.training.mean), **self.spoken("single", single)}
        with self.beat("training-falls-deeper", **self.training_values(), **values):
            # The runs of each network gather at their mean, and a line goes from network to network. From linear to one
            # layer nothing got deeper: where depth is spoken of, that part steps back
            above = [self.above] if self.above in self.get_mobject_family_members() else []
            self.play(*map(FadeOut, (*self.counter, *above)), run_time=0.3)
            self.runs.gather(self, "training")
            self.picture.draw(self, "training", 3.0, dots=False)
            self.deeper = VGroup()
            if not self.other_data:
                self._light_deeper()

    def _light_deeper(self) -> None:
        """Bright are one layer's loss, the last one's and the line between; a bracket over them, if there is room."""
        picture = self.picture
        line, dots, numbers = (part["training"] for part in (picture.lines, picture.dots, picture.values))
        x, y = line.data_x[1:], line.data_y[1:]
        lit = RisingCurve(picture.plot, x, y, palette.blue, style.SECOND_CURVE)
        self.add(lit.set_stroke(opacity=0), dots)
        foot = [number.get_top() + OVER_NUMBERS * UP for number in numbers[1:]]
        top = max(point[1] for point in foot) + FOOT
        ends = [[(point[0], y, 0.0) for y in (point[1], top)] for point in (foot[0], foot[-1])]
        free = min(swarm.get_bottom()[1] for swarm in self.runs.swarms["validation"][1:])
        shown = []
        self.deeper.add(lit)
        if top + OVER_NUMBERS < free:
            bracket = polyline(np.array([*ends[0], *reversed(ends[1])]), palette.text, style.BOX)
            self.deeper.add(bracket)
            shown = [Create(bracket)]
        back = [emphasis(part, FAINT) for part in (line, dots[0])]
        back += [emphasis(number, DIM) for number in numbers[:-1] if number is not numbers[1]]
        self.play(*back, *shown, lit.animate.set_stroke(opacity=1), run_time=0.9)

    def _unseen_beat(self) -> None:
        single = self.outcome[1]
        values = {"one": self.written(single.validation.mean), **self.spoken("single", single)}
        with self.beat("validation-falls-to-three", **self.validation_values(), **values):
            # The same for validation days, dashed, while those seen step back. The runs have stayed behind their means
            # and come forward: how far they scatter is spoken of
            picture = self.picture
            seen = [part["training"] for part in (picture.lines, picture.dots, picture.values, picture.labels)]
            gone = map(FadeOut, (*self.deeper, self.grid))  # the lines; their numbers stay
            self.play(*gone, *(emphasis(part, DIM) for part in seen), run_time=0.4)
            self.runs.gather(self, "validation")
            self.picture.draw(self, "validation", 3.0, dots=False)
            self.marks = VGroup()
            self._show_scatter()
            if not self.with_lecture:
                self.play(self._whole_axis(), run_time=0.3)

    def _show_scatter(self) -> None:
        """The means step back behind the runs of both networks that are compared; the smallest one's level if best."""
        picture, compared = self.picture, self.compared
        others = [k for k in range(len(self.outcome)) if k not in compared]
        runs = VGroup(*(self.runs.swarms["validation"][k] for k in compared))
        self.add(runs)  # in front of the means
        back = [
            picture.lines["validation"],
            picture.dots["validation"],
            *(picture.values["validation"][k] for k in others),
        ]
        forward = [emphasis(swarm, FULL) for swarm in runs]
        for ring in (ring for swarm in runs for ring in swarm.target):
            ring.scale(1 / SMALL)
        self.play(*(emphasis(part, FAINT) for part in back), *forward, run_time=0.7)
        if self.best is self.outcome[0]:
            self.marks.add(self.picture.level(0))
            self.play(Create(self.marks[0]), run_time=0.8)

    # -- the lecture's own over ours -----------------------------------------------------------------------------------

    def _lecture_beat(self) -> None:
        written = {"three": lecture_written(LECTURE_BEST)[UNSEEN], "four": lecture_written(LECTURE_WORSE)[UNSEEN]}
        least = self.written(self.best.validation.mean)
        floor = {} if self.other_data else {"floor": self.written(self._floor())}
        with self.beat("lecture-agrees", **written, **floor, least=least, **self.spoken("best", self.best)):
            # Over ours, which step back, seen days leave: the lecture's own unseen losses, under their name from the
            # start, fall to three layers and rise at four; of two it says a word, no number. Then ours again, and, of
            # the lesson's days, the loss of one who knows the rule
            lecture = self.lecture = LectureDepths(self, self.picture.most, over=self.picture)
            self._name_ends(lecture)
            lecture.place_first("validation")
            arriving = self.next_heading(self.screen("heading-lecture"))
            self.own_note = self.note
            self._make_way()
            self.play(*arriving, *map(FadeIn, (self.own_name, lecture.labels["validation"])))
            lecture.draw(self, "validation", 3.5, also=lecture.words)
            self.lecture_mark = lecture.mark("validation", len(LECTURE_BEST))
            self.play(Create(self.lecture_mark), self._whole_axis(), run_time=0.5)
            self._ours_again(lecture)

    def _name_ends(self, lecture: LectureDepths) -> None:
        """At the lines' ends stands whose they are: ``own_name`` at ours."""
        heights = {name: float(lines.lines["validation"].end()[1])
                   for name, lines in (("lecture", lecture), ("ours", self.picture))}  # fmt: skip
        lower, upper = sorted(heights, key=lambda name: heights[name])
        lack = max(0.0, LABELS_APART - heights[upper] + heights[lower]) / 2
        heights[upper] += lack
        heights[lower] -= lack
        left = float(self.picture.labels["validation"].get_left()[0])
        names = {name: words(self.screen(name), style.LABEL - 2) for name in heights}
        for name, text in names.items():
            text.place(heights[name] - 0.1, left=left)
        lecture.remove(lecture.labels["validation"])
        lecture.labels["validation"] = names["lecture"]
        self.own_name = emphasize(names["ours"].set_color(palette.blue), DIM)

    def _make_way(self) -> None:
        """Ours of unseen days step back; all else leaves but the axis and its scale.

        The caption says whose data is whose, and which loss the lecture does not give.
        """
        picture, changing = self.picture, self._next_caption(self.data_caption("caption-over"))
        self.add(picture)
        gone = [*picture.values.values(), *picture.labels.values(), *self.marks, *self.runs.swarms["validation"]]
        gone += [part["training"] for part in (picture.lines, picture.dots)]
        dim = [emphasis(part["validation"], FAINT) for part in (picture.lines, picture.dots)]
        self.play(*map(FadeOut, gone), *dim, *changing, run_time=0.6)

    def _ours_again(self, lecture: LectureDepths) -> None:
        """The heading says which of ours is best; they alone are there, and a ring around that."""
        k, name = self.outcome.index(self.best), self.network_label(self.best.network.hidden)
        text = self.screen("heading-ours", best=name, least=self.written(self.best.validation.mean))
        arriving = self.next_heading(text)
        picture = self.picture
        picture.place_first("validation")
        self.ours_best = VGroup(picture.values["validation"][k], picture.mark("validation", k))
        parts = [part["validation"] for part in (lecture.lines, lecture.dots, lecture.values, lecture.labels)]
        gone = map(FadeOut, (*parts, self.lecture_mark, *lecture.words.values()))
        bright = [picture.lines["validation"], picture.dots["validation"], self.own_name]
        back = self._next_caption(self.own_note)
        self.play(*arriving, *gone, *back, *(emphasis(part, FULL) for part in bright))
        self.play(FadeIn(self.ours_best[0]), Create(self.ours_best[1]), run_time=0.5)
        if not self.other_data:
            views = self._floor()
            self.floor_line = floor_line(self.picture, views, self.screen("floor", floor=self.written(views)))
            self.play(Create(self.floor_line[0]), FadeIn(self.floor_line[1]), run_time=0.9)

    def _floor(self) -> float:
        """What one who knows the rule misses validation days by."""
        assert self.floor is not None, "the lesson's days are made up"
        return self.floor.validation

    def _next_caption(self, caption: TextMobject) -> list[Animation]:
        """Animations that bring a caption: `note` is the new one, the old one is gone first."""
        old, self.note = self.note, caption
        early, late = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        return [FadeOut(old, rate_func=early), FadeIn(caption, rate_func=late)]
