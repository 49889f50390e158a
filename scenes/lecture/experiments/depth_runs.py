"""The runs of every network against depth, a dot each: they sink while they train, and gather at their mean."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.results import loss_by_epoch
from gradreel.scenes.lecture.experiments.depth_picture import BOX, DepthPicture
from gradreel.scenes.mobjects.bars import AboveTheScale, above_the_picture, seed_dot
from gradreel.scenes.mobjects.depth_lines import KINDS, most_of
from gradreel.scenes.mobjects.loss_lines import SLOW_START
from gradreel.scenes.mobjects.loss_scale import OVER_TOP, ROOM
from gradreel.scenes.style import FAINT, RIGHT_EDGE, emphasize
from manim import AnimationGroup, FadeIn, LaggedStart, VGroup, smooth, squish_rate_func
from numpy.typing import NDArray

STATES = 40  # at which the losses of a run are known, at most
SPREAD = 0.28  # of the distance between two networks that the runs of one take
ASTRAY = 1.2  # of the picture that the means need: a run that ends higher has no room
SMALL, BESIDE_RINGS = 0.6, 0.34  # of a ring, once its mean is there; from a mean to its number then
BEYOND_RINGS, BEYOND_RUNS = 0.3, 0.12  # from the last runs to the lines' names, where there is room; to the scale's end


class DepthRuns(DepthPicture):
    """A scene that shows the runs of its networks: ``swarms`` of dots, by kind of loss and network.

    ``grid``, ``scale_labels``: what their heights are read from. ``rings``: those that stay when their mean is there:
    how far they scatter is spoken of.
    """

    def prepare(self) -> None:
        super().prepare()
        self._labels_beyond_runs()
        self.grid, self.scale_labels = self.scale(BOX[0], self.scale_end)
        self.rings: list[VGroup] = []
        self._prepare_runs()

    def _labels_beyond_runs(self) -> None:
        picture = self.picture
        last, step = (float(picture.plot.at(k, 0.0)[0]) for k in (picture.count - 1, 1))
        step -= float(picture.plot.at(0, 0.0)[0])
        reach = SPREAD / 2 * step * (1 - 1 / len(self.parameters.seeds))
        self.scale_end = last + reach + BEYOND_RUNS
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
            losses = [loss_by_epoch(trace, states) for trace in traces]
            for kind, courses in self.courses.items():
                courses.append([np.interp(self.epochs, run.epoch, getattr(run, kind)) for run in losses])
        self.swarms = {
            kind: [VGroup(*(seed_dot(np.zeros(3), kind == "unseen") for _ in runs)) for runs in self.courses[kind]]
            for kind in KINDS
        }
        self.disc, self.head = seed_dot(np.zeros(3)).points, above_the_picture()
        self._show_runs(self.epochs[-1])
        along = np.linspace(0, len(self.outcome) - 0.7, 250)
        level = self.picture.plot.at(along, self.best.unseen.mean)[: 250 if self.best is self.outcome[0] else 0]
        rings = [swarm.get_all_points() for swarm in self.swarms["unseen"]]
        self.picture.keep_clear(np.concatenate([*rings, level]))  # they are there when numbers come, or come then
        large = self._compared()  # these grow again
        behind = [
            (swarm if k in large else rings_behind(swarm)).get_all_points()
            for k, swarm in enumerate(self.swarms["unseen"])
        ]
        self.picture.place_nearer("unseen", BESIDE_RINGS, np.concatenate([level, *behind]))
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

    def _gather(self, kind: str) -> None:
        """The runs' dots move to the mean of each network, whose larger one comes over them as they arrive.

        Each of unseen days leaves another one behind, small and dim, where its loss is.
        """
        picture, moves = self.picture, []
        swarms = self.swarms[kind]
        behind = [rings_behind(swarm) for swarm in swarms] if kind == "unseen" else []
        self.swarms[kind], self.rings = behind or swarms, behind
        for k, swarm in enumerate(swarms):
            goal = picture.point(kind, k)
            mean = FadeIn(picture.dots[kind][k], rate_func=squish_rate_func(smooth, 0.5, 1.0))
            moves.append(AnimationGroup(*(dot.animate.move_to(goal) for dot in swarm), mean))
        self.play(*map(FadeIn, behind), LaggedStart(*moves, lag_ratio=0.3), run_time=1.4)
        self.add(picture.dots[kind])
        self.remove(*(dot for swarm in swarms for dot in swarm))

    def _compared(self) -> tuple[int, int]:
        """The best network, and the one whose loss is told beside its: the smallest, or the largest if that is best."""
        best = self.outcome.index(self.best)
        return best, 0 if best else len(self.outcome) - 1


def rings_behind(swarm: VGroup) -> VGroup:
    """The runs' rings as they stay behind their mean."""
    rings = emphasize(swarm.copy(), FAINT)
    for one in rings:
        one.scale(SMALL)
    return rings
