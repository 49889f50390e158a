"""Losses against depth, ours and the lecture's: the picture that depth-experiment and overfitting have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.results import LECTURE, Result, lecture_losses
from gradreel.core.daily.units import loss_column
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.lecture.experiments.pictures.loss_bars import UNSEEN
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.depth_lines import DASH, FEW, KINDS, DepthLines
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from numpy.typing import NDArray

BOX = (-5.4, 5.4, -2.05, 2.5)  # left, right, bottom, top
VALUE, VALUE_OF_MANY = 34, 26
AROUND_WORD = 0.15  # free at both sides of a word in a line
LECTURE_BEST, LECTURE_WORSE = (100,) * 3, (100,) * 4  # it overfits from the one to the other


def mean_losses(outcome: Sequence[Result]) -> dict[str, NDArray]:
    """By kind of loss, (N,): the mean of each network's runs, in views."""
    return {kind: np.array([getattr(result, kind).mean for result in outcome]) for kind in KINDS}


def lecture_known() -> dict[str, NDArray]:
    """By kind of loss, (5,): the lecture's losses of its networks in views, NaN where it gives none."""
    known = np.array([lecture_losses(hidden) for hidden in LECTURE_DEPTHS], dtype=float)  # None is NaN
    return {kind: known[:, k] for k, kind in enumerate(KINDS)}


def our_depths(scene: NetworksScene) -> DepthLines:
    """The mean losses of the scene's networks."""
    names = [scene.network_label(result.network.hidden) for result in scene.outcome]
    size = VALUE if len(names) <= FEW else VALUE_OF_MANY
    return DepthLines(mean_losses(scene.outcome), names, scene.written, _ends(scene), BOX, size)


class LectureDepths(DepthLines):
    """The lecture's losses as far as it gives them.

    Its line of unseen losses is broken where it has a word and no number: ``words``, by network.
    """

    def __init__(self, scene: NetworksScene) -> None:
        losses = lecture_known()
        names = [scene.network_label(hidden) for hidden in LECTURE_DEPTHS]
        written = loss_column(loss for known in losses.values() for loss in known[np.isfinite(known)])
        super().__init__(losses, names, written, _ends(scene, "unseen"), BOX, VALUE, palette.text)
        self.words: dict[int, TextMobject] = {}
        known = self.known("validation")
        x, y = np.array(known, dtype=float), losses["validation"][known]
        places, views = list(x), list(y)
        for k in set(range(known[0], known[-1])) - set(known):
            said = LECTURE[LECTURE_DEPTHS[k]][UNSEEN]  # "somewhat better"
            word = words(scene.screen(said.replace(" ", "-")), style.TICK).move_to(self.plot.at(k, np.interp(k, x, y)))
            reach = (word.width / 2 + AROUND_WORD) / float(self.plot.at(1, 0)[0] - self.plot.at(0, 0)[0])
            places += [k - reach, float(k), k + reach]
            views += [float(np.interp(k - reach, x, y)), np.nan, float(np.interp(k + reach, x, y))]
            self.words[k] = word
        order = np.argsort(places)
        broken = (np.array(values)[order] for values in (places, views))
        self.remove(self.lines["validation"])
        self.lines["validation"] = RisingCurve(self.plot, *broken, self.color, style.SECOND_CURVE, DASH)
        self.add(self.lines["validation"])


def _ends(scene: NetworksScene, dashed_one: str = "validation") -> dict[str, str]:
    """What stands at the lines' ends; the lecture has no validation days, its dashed line is of unseen ones."""
    return {"training": scene.screen("seen"), "validation": scene.screen(dashed_one)}
