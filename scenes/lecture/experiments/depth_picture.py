"""Losses against depth: the picture that the comparison of depths and overfitting have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from gradreel.core.analysis.results import lecture_losses
from gradreel.core.daily.views import loss_column
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.compared_networks import ComparedNetworks
from gradreel.scenes.lecture.experiments.networks_scene import DepthsScene, lecture_word
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.bars import UNSEEN
from gradreel.scenes.mobjects.depth_lines import DASH, FEW, KINDS, DepthLines
from gradreel.scenes.mobjects.loss_scale import loss_grid, loss_labels, loss_ticks
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import emphasis, mix, palette
from manim import Animation, FadeIn, LaggedStart, UpdateFromAlphaFunc, VGroup, VMobject, linear
from numpy.typing import NDArray

BOX = (-5.4, 5.6, -2.05, 2.5)  # left, right, bottom, top
VALUE, VALUE_OF_MANY = 34, 26
AROUND_WORD = 0.15  # free at both sides of a word in a line
LECTURE_BEST, LECTURE_WORSE = (100,) * 3, (100,) * 4  # it overfits from the one to the other


def lecture_known() -> dict[str, NDArray]:
    """The lecture's losses of all its networks, NaN where it gives none."""
    known = np.array([lecture_losses(hidden) for hidden in LECTURE_DEPTHS], dtype=float)  # None is NaN
    return {kind: known[:, k] for k, kind in enumerate(KINDS)}


class DepthPicture(ComparedNetworks, DepthsScene):
    """A scene that draws both losses of its networks against depth, and the lecture's over them."""

    by: ClassVar = "depth"
    lecture: DepthLines | None = None  # the lecture's losses, once they are drawn

    def prepare(self) -> None:
        super().prepare()
        losses = {kind: np.array([getattr(result, kind).mean for result in self.outcome]) for kind in KINDS}
        names = [self.network_label(result) for result in self.outcome]
        size = VALUE if len(names) <= FEW else VALUE_OF_MANY
        self.picture = DepthLines(losses, names, self.written, self._ends(), BOX, size, most=self.top(losses))

    def top(self, losses: dict[str, NDArray]) -> float | None:
        """The views at the top of the picture; None where the networks' ``losses`` alone are to have room."""
        return None

    def _ends(self) -> dict[str, str]:
        return {"training": self.screen("seen"), "unseen": self.screen("unseen")}

    def scale(self, left: float, right: float) -> tuple[VGroup, VGroup]:
        """Faint lines at round losses across the picture, and their numbers with what they measure."""
        ticks = loss_ticks(self.picture.most, self.written)
        labels = loss_labels(ticks, self._height, left, BOX[3], self.screen("loss"))
        return loss_grid(ticks, self._height, left, right), labels

    def _height(self, views: float) -> float:
        return float(self.picture.plot.at(0.0, views)[1])

    def draw(self, kind: str, seconds: float, dots: bool = True) -> None:
        """A line from network to network, its numbers as it passes them, and its points where they are not there."""
        picture = self.picture
        line, last = picture.lines[kind], float(picture.lines[kind].data_x[-1])
        parts = [picture.dots[kind], picture.values[kind]] if dots else [picture.values[kind]]
        points = [VGroup(*point) for point in zip(*parts, strict=True)]
        draw = UpdateFromAlphaFunc(line, lambda _, share: line.show(share * last), run_time=seconds, rate_func=linear)
        shown = [FadeIn(point, run_time=0.15 * seconds) for point in points]
        self.play(draw, LaggedStart(*shown, lag_ratio=1.0, run_time=1.1 * seconds))
        self.add(line, picture.dots[kind], picture.values[kind])  # the points lie on the line

    def level_of(self, k: int) -> VMobject:
        """Network ``k``'s unseen loss, dashed across those of all larger ones."""
        start = self.picture.point("unseen", k) + np.array([0.3, 0.0, 0.0])
        end = self.picture.plot.at(len(self.outcome) - 1 + 0.12, self.outcome[k].unseen.mean)
        return dashed(start, end, mix(palette.text, 0.75))

    @staticmethod
    def others_back(picture: DepthLines, ks: Sequence[int], share: float) -> list[Animation]:
        """Points and numbers of all networks but ``ks`` step back."""
        return [
            emphasis(part, share)
            for kind in KINDS
            for k, *parts in zip(picture.known(kind), picture.dots[kind], picture.values[kind], strict=True)
            if k not in ks
            for part in parts
        ]

    # -- the lecture's own -----------------------------------------------------------------------------------------

    def lecture_lines(self, over: DepthLines | None, most: float | None) -> DepthLines:
        """The lecture's losses as far as it gives them: ``over`` our picture, or in one of theirs up to ``most``."""
        losses = lecture_known()
        names = [self.screen("linear"), self.screen("layer"), *(self.screen("layers", count=n) for n in (2, 3, 4))]
        written = loss_column(loss for known in losses.values() for loss in known[np.isfinite(known)])
        return DepthLines(losses, names, written, self._ends(), BOX, VALUE, palette.text, most, over=over)

    def break_line(self, lecture: DepthLines) -> dict[int, TextMobject]:
        """The lecture's line of unseen losses is broken where it gives no number; its words stand there."""
        known, plot, texts = lecture.known("unseen"), lecture.plot, {}
        x, y = np.array(known, dtype=float), lecture.losses["unseen"][known]
        places, views = list(x), list(y)
        for k in set(range(known[0], known[-1])) - set(known):
            texts[k] = words(self.screen(lecture_word(LECTURE_DEPTHS[k], UNSEEN)), style.TICK)
            texts[k].move_to(plot.at(k, np.interp(k, x, y)))
            reach = (texts[k].width / 2 + AROUND_WORD) / float(plot.at(1, 0)[0] - plot.at(0, 0)[0])
            places += [k - reach, float(k), k + reach]
            views += [float(np.interp(k - reach, x, y)), np.nan, float(np.interp(k + reach, x, y))]
        order = np.argsort(places)
        broken = (np.array(values)[order] for values in (places, views))
        lecture.remove(lecture.lines["unseen"])
        lecture.lines["unseen"] = RisingCurve(plot, *broken, lecture.color, style.SECOND_CURVE, DASH)
        lecture.add(lecture.lines["unseen"])
        return texts
