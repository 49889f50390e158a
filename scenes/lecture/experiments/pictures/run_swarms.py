"""The runs of every network against depth, a dot each: they sink while they train, and gather at their mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes.lecture.experiments.pictures.loss_scale import seed_dot
from gradreel.scenes.mobjects.depth_lines import KINDS, DepthLines
from gradreel.scenes.mobjects.loss_lines import above_the_picture
from gradreel.scenes.style import FAINT, emphasize
from manim import AnimationGroup, FadeIn, LaggedStart, Scene, VGroup, smooth, squish_rate_func
from numpy.typing import NDArray

SPREAD = 0.28  # of the distance between two networks that the runs of one take
SMALL = 0.6  # of a ring, once its mean is there
BESIDE_RINGS = 0.34  # from a mean to its number then


class RunSwarms:
    """A dot for each run in a ``picture`` of losses against depth. No mobject itself.

    ``courses``: by kind of loss, of each network and run, its losses in views after 0, 1, 2… epochs.
    ``swarms``: by kind, the dots of each network; of unseen days they are hollow.
    """

    def __init__(self, picture: DepthLines, courses: dict[str, list[list[NDArray]]]) -> None:
        self.picture, self.courses = picture, courses
        self.epochs = np.arange(float(len(courses["training"][0][0])))
        self.disc, self.head = seed_dot(np.zeros(3)).points, above_the_picture()
        self.swarms = {
            kind: [VGroup(*(seed_dot(np.zeros(3), kind == "validation") for _ in runs)) for runs in courses[kind]]
            for kind in KINDS
        }
        self.show(self.epochs[-1])

    def show(self, epoch: float) -> None:
        """Every run's dots at the height of its losses then; arrows' heads at the top while they lie above it."""
        for kind in KINDS:
            for k, (swarm, runs) in enumerate(zip(self.swarms[kind], self.courses[kind], strict=True)):
                for n, (dot, course) in enumerate(zip(swarm, runs, strict=True)):
                    loss, most = float(np.interp(epoch, self.epochs, course)), self.picture.most
                    beside = SPREAD * ((n + 0.5) / len(runs) - 0.5)
                    dot.set_points(self.head if loss > most else self.disc)
                    dot.move_to(self.picture.plot.at(k + beside, min(loss, most)))

    def show_labels(self, epoch: float) -> None:
        """The words "seen" and "validation" beside the last network's dots, at the height of their mean."""
        plot, heights = self.picture.plot, {}
        for kind in KINDS:
            views = np.mean([np.interp(epoch, self.epochs, course) for course in self.courses[kind][-1]])
            heights[kind] = float(plot.at(0.0, min(float(views), self.picture.most))[1])
        self.picture.put_labels(heights)

    def last_above(self) -> float:
        """The share of the epochs after which no run's loss is above the picture; 1 where one is to the end."""
        highest = np.max([course for kind in KINDS for runs in self.courses[kind] for course in runs], axis=0)
        above = self.epochs[highest > self.picture.most]
        return float(above[-1] / self.epochs[-1]) if len(above) else 0.0

    def place_numbers(self, level: NDArray, forward: Sequence[int]) -> None:
        """The picture's numbers find places clear of the runs, as they end, and of what will lie at ``level`` (n, 3).

        Of unseen days the runs stay behind their means, small but for those of the networks that come ``forward``.
        """
        unseen = self.swarms["validation"]
        self.picture.keep_clear(np.concatenate([*(swarm.get_all_points() for swarm in unseen), level]))
        behind = [swarm if k in forward else rings_behind(swarm) for k, swarm in enumerate(unseen)]
        ink = np.concatenate([level, *(swarm.get_all_points() for swarm in behind)])
        self.picture.place_nearer("validation", BESIDE_RINGS, ink)

    def gather(self, scene: Scene, kind: str) -> None:
        """The runs' dots move to the mean of each network, whose larger one comes over them as they arrive.

        Each of unseen days leaves another one behind, small and dim, where its loss is; these then are the `swarms`.
        """
        picture, moves = self.picture, []
        swarms = self.swarms[kind]
        behind = [rings_behind(swarm) for swarm in swarms] if kind == "validation" else []
        self.swarms[kind] = behind or swarms
        for k, swarm in enumerate(swarms):
            goal = picture.point(kind, k)
            mean = FadeIn(picture.dots[kind][k], rate_func=squish_rate_func(smooth, 0.5, 1.0))
            moves.append(AnimationGroup(*(dot.animate.move_to(goal) for dot in swarm), mean))
        scene.play(*map(FadeIn, behind), LaggedStart(*moves, lag_ratio=0.3), run_time=1.4)
        scene.add(picture.dots[kind])
        scene.remove(*(dot for swarm in swarms for dot in swarm))


def rings_behind(swarm: VGroup) -> VGroup:
    """The runs' rings as they stay behind their mean."""
    rings = emphasize(swarm.copy(), FAINT)
    for one in rings:
        one.scale(SMALL)
    return rings
