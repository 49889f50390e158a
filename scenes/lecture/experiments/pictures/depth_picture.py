"""The lecture's losses against depth."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.results import lecture_losses
from gradreel.core.daily.units import loss_column
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.depth_lines import KINDS, DepthLines
from gradreel.scenes.style import palette

BOX = (-5.4, 5.4, -2.05, 2.5)  # left, right, bottom, top
VALUE = 34
LECTURE_BEST = (100,) * 3


class LectureDepths(DepthLines):
    """The lecture's losses of its networks, as far as it gives them; those without a number have no name, either."""

    def __init__(self, scene: NetworksScene) -> None:
        known = np.array([lecture_losses(hidden) for hidden in LECTURE_DEPTHS], dtype=float)  # None is NaN
        names = [scene.network_label(hidden) for hidden in LECTURE_DEPTHS]
        written = loss_column(known[np.isfinite(known)])
        losses = {kind: known[:, k] for k, kind in enumerate(KINDS)}
        ends = {"training": scene.screen("seen"), "validation": scene.screen("unseen")}
        super().__init__(losses, names, written, ends, BOX, VALUE, palette.text)
        self.names.remove(*(name for k, name in enumerate(self.names) if k not in self.known("validation")))
