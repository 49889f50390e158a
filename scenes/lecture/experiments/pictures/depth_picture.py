"""Losses against depth, ours and the lecture's: the picture that depth-experiment and overfitting have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.results import Result, lecture_losses
from gradreel.core.daily.units import loss_column
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.depth_lines import FEW, KINDS, DepthLines
from gradreel.scenes.style import palette
from numpy.typing import NDArray

BOX = (-5.4, 5.4, -2.05, 2.5)  # left, right, bottom, top
VALUE, VALUE_OF_MANY = 34, 26
LECTURE_BEST, LECTURE_WORSE = (100,) * 3, (100,) * 4  # it overfits from the one to the other
LECTURE_UNSEEN = tuple(hidden for hidden in LECTURE_DEPTHS if lecture_losses(hidden)[1] is not None)


def mean_losses(outcome: Sequence[Result]) -> dict[str, NDArray]:
    """By kind of loss, (N,): the mean of each network's runs, in views."""
    return {kind: np.array([getattr(result, kind).mean for result in outcome]) for kind in KINDS}


def our_depths(scene: NetworksScene) -> DepthLines:
    """The mean losses of the scene's networks."""
    names = [scene.network_label(result.network.hidden) for result in scene.outcome]
    size = VALUE if len(names) <= FEW else VALUE_OF_MANY
    return DepthLines(mean_losses(scene.outcome), names, scene.written, _ends(scene), BOX, size)


class LectureDepths(DepthLines):
    """The lecture's losses of its networks of ``depths``, as far as it gives them."""

    def __init__(self, scene: NetworksScene, depths: Sequence[tuple[int, ...]] = LECTURE_DEPTHS) -> None:
        known = np.array([lecture_losses(hidden) for hidden in depths], dtype=float)  # None is NaN
        names = [scene.network_label(hidden) for hidden in depths]
        written = loss_column(known[np.isfinite(known)])
        losses = {kind: known[:, k] for k, kind in enumerate(KINDS)}
        super().__init__(losses, names, written, _ends(scene, "unseen"), BOX, VALUE, palette.text)


def _ends(scene: NetworksScene, dashed_one: str = "validation") -> dict[str, str]:
    """What stands at the lines' ends; the lecture has no validation days, its dashed line is of unseen ones."""
    return {"training": scene.screen("seen"), "validation": scene.screen(dashed_one)}
