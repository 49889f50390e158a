"""Deeper and deeper: the linear model and one to four layers of 100 ReLUs on daily views, really trained."""

from __future__ import annotations

import numpy as np
from gradreel.core.results import training_by_epoch, unseen_by_epoch
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.compared_networks import UNDECIDED
from gradreel.scenes.lecture.depth_picture import BOX, LECTURE_BEST, LECTURE_WORSE, DepthPicture
from gradreel.scenes.lecture.experiments import lecture_written
from gradreel.scenes.mobjects.bars import UNSEEN, AboveTheScale, above_the_picture, seed_dot
from gradreel.scenes.mobjects.depth_lines import KINDS, DepthLines, most_of
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_lines import SLOW_START
from gradreel.scenes.mobjects.loss_scale import OVER_TOP, ROOM
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.relu_blocks import networks_as_dots
from gradreel.scenes.style import FAINT, FULL, RIGHT_EDGE, emphasis, emphasize, mix, palette
from manim import (
    RIGHT,
    AnimationGroup,
    Circle,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

STATES = 40  # at which the unseen loss of a run is known, at most
SPREAD = 0.28  # of the distance between two networks that the runs of one take
ASTRAY = 1.2  # of the picture that the means need: a run that ends higher has no room
PICTURE = 0.3  # free above and below the blocks of dots
BLOCK = 0.8  # of the distance between two networks that a block may take
TRAINING_SECONDS = 8.0
SMALL, BESIDE_RINGS = 0.6, 0.34  # of a ring, once its mean is there; from a mean to its number then
BEYOND_RINGS = 0.3  # from the last network's runs to the lines' names, where there is room


class DepthExperiment(DepthPicture):
    """Networks of ever more hidden layers: the losses of all their runs while they train, then what they come to."""

    def construct(self) -> None:
        self.prepare()
        self._networks_beat()
        self._train_beat()
        self._training_beat()
        self._unseen_beat()
        if any(self.has_lecture(result) for result in self.outcome):
            self._lecture_beat()
        self.hand_on(self.last_axis()[0])

    def prepare(self) -> None:
        super().prepare()
        self._labels_beyond_runs()
        plot = self.picture.plot
        bottom, top = plot.box[2:]
        centers = [plot.at(k, 0.0) * [1, 0, 1] + [0, (bottom + top) / 2, 0] for k in range(len(self.outcome))]
        hidden = [result.network.hidden for result in self.outcome]
        width = BLOCK * float(plot.at(1, 0.0)[0] - plot.at(0, 0.0)[0])
        self.blocks = networks_as_dots(hidden, centers, width, top - bottom - 2 * PICTURE)
        self._prepare_runs()

    def _labels_beyond_runs(self) -> None:
        picture = self.picture
        last, step = (float(picture.plot.at(k, 0.0)[0]) for k in (picture.count - 1, 1))
        step -= float(picture.plot.at(0, 0.0)[0])
        reach = SPREAD / 2 * step * (1 - 1 / len(self.parameters.seeds))
        room = RIGHT_EDGE - last - max(label.width for label in picture.labels.values())
        picture.label_gap = max(picture.label_gap, min(reach + BEYOND_RINGS, room))
        picture.put_labels()

    def top(self, losses: dict[str, NDArray]) -> float:
        """Every run's last loss has room below the highest level line, but for runs that went astray."""
        means = most_of(losses)
        largest = max(getattr(result, kind).largest for result in self.outcome for kind in KINDS)
        return max(means, largest / (1 - ROOM)) if largest <= ASTRAY * means else means

    def _prepare_runs(self) -> None:
        """``courses``: by kind, of each network and run, the losses in views at whole epochs; ``swarms``: dots."""
        self.epochs = np.arange(self.parameters.epochs + 1.0)
        states = self.fewest_states(STATES)
        self.courses: dict[str, list[list[NDArray]]] = {kind: [] for kind in KINDS}
        for result in self.outcome:
            traces = [self.trace(result.network.run_name(run)) for run in result.network.experiments]
            self.courses["training"].append([training_by_epoch(trace)[1] for trace in traces])
            self.courses["unseen"].append([np.interp(self.epochs, *unseen_by_epoch(trace, states)) for trace in traces])
        self.swarms = {
            kind: [VGroup(*(seed_dot(np.zeros(3), kind == "unseen") for _ in runs)) for runs in self.courses[kind]]
            for kind in KINDS
        }
        self.disc, self.head = seed_dot(np.zeros(3)).points, above_the_picture()
        self._show_runs(self.epochs[-1])
        rings = np.concatenate([swarm.get_all_points() for swarm in self.swarms["unseen"]])
        self.picture.keep_clear(rings)  # they are there when numbers come
        large = self._compared() if self.unseen == "unclear" else ()  # these grow again
        behind = [
            (swarm if k in large else rings_behind(swarm)).get_all_points()
            for k, swarm in enumerate(self.swarms["unseen"])
        ]
        if self.best is self.outcome[0]:  # its level comes
            behind.append(self.picture.plot.at(np.linspace(0, len(self.outcome) - 1, 200), self.best.unseen.mean))
        self.picture.place_nearer("unseen", BESIDE_RINGS, np.concatenate(behind))
        center = (BOX[0] + BOX[1]) / 2
        self.above = AboveTheScale(self.screen("above"), BOX[3] + OVER_TOP, center, self._last_above(), hollow=True)
        self._show_runs(0.0)

    def _show_runs(self, epoch: float) -> None:
        """Every run's dots at the height of its losses then; arrows' heads at the top while they lie above it."""
        for kind in KINDS:
            for k, (swarm, runs) in enumerate(zip(self.swarms[kind], self.courses[kind], strict=True)):
                for n, (dot, course) in enumerate(zip(swarm, runs, strict=True)):
                    loss, most = float(np.interp(epoch, self.epochs, course)), self.picture.most
                    beside = SPREAD * ((n + 0.5) / len(runs) - 0.5)
                    dot.set_points(self.head if loss > most else self.disc)
                    dot.move_to(self.picture.plot.at(k + beside, min(loss, most)))

    def _last_above(self) -> float:
        """The share of the training after which no run's loss is above the picture; 1 where one is to the end."""
        highest = np.max([course for kind in KINDS for runs in self.courses[kind] for course in runs], axis=0)
        above = self.epochs[highest > self.picture.most]
        return float((above[-1] / self.epochs[-1]) ** (1 / SLOW_START)) if len(above) else 0.0

    def _show_labels(self, epoch: float) -> None:
        """The words beside the last network's dots, at the height of their mean."""
        plot, heights = self.picture.plot, {}
        for kind in KINDS:
            views = np.mean([np.interp(epoch, self.epochs, course) for course in self.courses[kind][-1]])
            heights[kind] = float(plot.at(0.0, min(float(views), self.picture.most))[1])
        self.picture.put_labels(heights)

    # -- beats -----------------------------------------------------------------------------------------------------

    def _networks_beat(self) -> None:
        with self.beat("networks", width=Count(self.parameters.width)):
            # The room sees layer after layer, from left to right: a block of dots for each
            self.title, arriving = next_heading(self.screen("heading"))
            picture, self.note = self.picture, self.data_note()
            self.play(*arriving, FadeIn(picture.axis), FadeIn(self.note), FadeIn(picture.names), run_time=0.7)
            built = []
            for result, block in zip(self.outcome, self.blocks, strict=True):
                layers = [FadeIn(layer, shift=0.2 * RIGHT) for layer in (block if result.network.hidden else [block])]
                built.append(LaggedStart(*layers, lag_ratio=0.6))
            self.play(LaggedStart(*built, lag_ratio=0.6), run_time=5.0)

    def _train_beat(self) -> None:
        with self.beat("train", epochs=Count(self.parameters.epochs), seeds=len(self.parameters.seeds)):
            # A dot for each run, over a scale: filled the days it learns from, a ring the days it never sees. All sink
            # at once, and words go along at the right; what an arrow's head at the top means stands over them
            self.counter = self.epoch_counter()
            self.grid, self.scale_labels = self.scale(BOX[0], self.picture.axis.get_right()[0])
            swarms = [swarm for kind in KINDS for swarm in self.swarms[kind]]
            self.play(FadeOut(self.blocks), run_time=0.5)
            self._show_labels(0.0)
            labels = VGroup(*self.picture.labels.values())
            above = [self.above] if self.above.last else []
            arriving = (self.grid, self.scale_labels, *swarms, *self.counter, labels, *above)
            self.play(*map(FadeIn, arriving), run_time=0.6)
            number, last = self.counter[1], self.parameters.epochs

            def show(_: VMobject, share: float) -> None:
                epoch = last * share**SLOW_START
                number.set_value(int(epoch + 1e-6))
                self._show_runs(epoch)
                self._show_labels(epoch)
                self.above.show(share)

            moving = UpdateFromAlphaFunc(VGroup(*swarms, number, labels, *above), show)
            self.play(moving, run_time=TRAINING_SECONDS, rate_func=linear)
            self.picture.put_labels()
            self.remove(*(above if self.above.last < 1 else []))

    def _training_beat(self) -> None:
        with self.beat(f"training-{self.training}", **self.training_values()):
            # The runs of each network gather at their mean, and a line goes from network to network
            above = [self.above] if self.above in self.get_mobject_family_members() else []
            self.play(*map(FadeOut, (*self.counter, *above)), run_time=0.3)
            self._gather("training")
            self.draw("training", 3.0, dots=False)

    def _unseen_beat(self) -> None:
        with self.beat(f"unseen-{self.unseen}", **self.unseen_values()):
            # The same for days never seen, dashed; with a number at each point the scale goes. Every run stays behind
            # its mean, small and dim. A ring around the best, its level; the heading says what came out. Where it
            # may be chance, the runs come forward: how far they scatter is spoken of
            self.play(FadeOut(self.grid), FadeOut(self.scale_labels), run_time=0.4)
            self._gather("unseen", staying=True)
            self.draw("unseen", 3.0, dots=False)
            self._mark_best()
            if self.unseen == "unclear":
                self._show_scatter()
            self.say_verdict()

    def _gather(self, kind: str, staying: bool = False) -> None:
        """The runs' dots move to the mean of each network, whose larger one comes over them as they arrive.

        ``staying``: each leaves another one behind, small and dim, where its loss is.
        """
        picture, moves = self.picture, []
        swarms = self.swarms[kind]
        behind = [rings_behind(swarm) for swarm in swarms] if staying else []
        self.swarms[kind] = behind or swarms
        for k, swarm in enumerate(swarms):
            goal = picture.point(kind, k)
            mean = FadeIn(picture.dots[kind][k], rate_func=squish_rate_func(smooth, 0.5, 1.0))
            moves.append(AnimationGroup(*(dot.animate.move_to(goal) for dot in swarm), mean))
        self.play(*map(FadeIn, behind), LaggedStart(*moves, lag_ratio=0.3), run_time=1.4)
        self.add(picture.dots[kind])
        self.remove(*(dot for swarm in swarms for dot in swarm))

    def _mark_best(self) -> None:
        """A ring around the least unseen loss; where it is the smallest network's, its level: no other reaches it."""
        self.marks = VGroup()
        if self.unseen in UNDECIDED:
            return
        first = self.outcome.index(self.best)
        point = self.picture.point("unseen", first)
        self.marks.add(ring_around(point))
        self.play(Create(self.marks[0]), run_time=0.5)
        if first == 0:
            self._draw_level(1.0)

    def _show_scatter(self) -> None:
        """The means step back behind the runs of both networks that are compared; the smallest one's level if best."""
        picture, compared = self.picture, self._compared()
        others = [k for k in range(len(self.outcome)) if k not in compared]
        runs = VGroup(*(self.swarms["unseen"][k] for k in compared))
        self.add(runs)  # in front of the means
        back = [picture.lines["unseen"], picture.dots["unseen"], *(picture.values["unseen"][k] for k in others)]
        forward = [emphasis(swarm, FULL) for swarm in runs]
        for ring in (ring for swarm in runs for ring in swarm.target):
            ring.scale(1 / SMALL)
        self.play(*(emphasis(part, FAINT) for part in back), *forward, run_time=0.7)
        if self.best is self.outcome[0]:
            self._draw_level(0.8)

    def _compared(self) -> tuple[int, int]:
        """The best network, and the one whose loss is told beside its: the smallest, or the largest if that is best."""
        best = self.outcome.index(self.best)
        return best, 0 if best else len(self.outcome) - 1

    def _draw_level(self, seconds: float) -> None:
        """The smallest network's unseen loss, dashed across the others'."""
        start = self.picture.point("unseen", 0) + np.array([0.3, 0.0, 0.0])
        end = self.picture.plot.at(len(self.outcome) - 1 + 0.12, self.outcome[0].unseen.mean)
        self.marks.add(dashed(start, end, mix(palette.text, 0.75)))
        self.play(Create(self.marks[-1]), run_time=seconds)

    def _lecture_beat(self) -> None:
        written = {"three": lecture_written(LECTURE_BEST)[UNSEEN], "four": lecture_written(LECTURE_WORSE)[UNSEEN]}
        line, least = self._lecture_line(), self.written(self.best.unseen.mean)
        with self.beat(line, **written, least=least, **self.spoken("best", self.best)):
            # Over ours, which steps back: the lecture's own unseen losses, which fall to three layers and rise at four;
            # of two it says a word, no number. Where ours are least elsewhere, ours again, and a ring there
            lecture = self.lecture = self.lecture_lines()
            self.lecture_words = self.break_line(lecture)
            lecture.place_first("unseen")
            self.title, arriving = next_heading(self.screen("heading-lecture"), self.title)
            self.make_way(lecture, *self.marks, *self.swarms["unseen"])
            self.play(*arriving)
            self.draw_lecture(lecture, ("unseen",), 3.5, self.lecture_words)
            best = lecture.point("unseen", len(LECTURE_BEST))
            self.lecture_mark = ring_around(best)
            self.play(Create(self.lecture_mark), run_time=0.5)
            if line == "lecture-differs":
                self._ours_again(lecture)

    def _ours_again(self, lecture: DepthLines) -> None:
        """The heading says which of ours is best; where ours are there, they are bright again, a ring around that."""
        k, name = self.outcome.index(self.best), self.network_label(self.best)
        text = self.screen("heading-ours", best=name, least=self.written(self.best.unseen.mean))
        self.title, arriving = next_heading(text, self.title)
        if not self.over_ours:
            self.play(*arriving)
            return
        picture = self.picture
        picture.keep_clear(np.concatenate([lecture.ink(["unseen"]), lecture.values["unseen"].get_all_points()]))
        picture.place_first("unseen")
        self.ours_best = VGroup(picture.values["unseen"][k], ring_around(picture.point("unseen", k)))
        parts = [part["unseen"] for part in (lecture.lines, lecture.dots, lecture.values, lecture.labels)]
        changing = [emphasis(part, FAINT) for part in (*parts, self.lecture_mark, *self.lecture_words.values())]
        changing += [emphasis(part["unseen"], FULL) for part in (picture.lines, picture.dots)]
        self.play(*arriving, *changing)
        self.play(FadeIn(self.ours_best[0]), Create(self.ours_best[1]), run_time=0.5)

    def _lecture_line(self) -> str:
        """Whether three layers are better than any other on unseen days here, as they were in the lecture."""
        ours = {result.network.hidden: result for result in self.outcome}
        if LECTURE_BEST not in ours or LECTURE_WORSE not in ours:
            return "lecture"
        return "lecture-agrees" if self.best.network.hidden == LECTURE_BEST else "lecture-differs"


def rings_behind(swarm: VGroup) -> VGroup:
    """The runs' rings as they stay behind their mean."""
    rings = emphasize(swarm.copy(), FAINT)
    for one in rings:
        one.scale(SMALL)
    return rings


def ring_around(point: NDArray) -> Circle:
    """A thin ring that says: this point."""
    return Circle(radius=0.22, color=palette.text, stroke_width=2.4).move_to(point)
