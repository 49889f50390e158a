"""Deeper and deeper: one to four layers of 100 ReLUs on daily views, really trained, on seen and unseen days."""

from __future__ import annotations

from typing import ClassVar

from gradreel.core.results import LECTURE
from gradreel.scenes.lecture.compared_networks import ComparedNetworks
from gradreel.scenes.lecture.experiments import DepthsScene
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN

THREE, FOUR = (100,) * 3, (100,) * 4


class DepthExperiment(ComparedNetworks, DepthsScene):
    """Networks of ever more hidden layers: their losses over the epochs, then bars for seen and unseen days."""

    by: ClassVar = "depth"

    def construct(self) -> None:
        self.prepare()
        self._networks_beat()
        self._train_beat()
        self._training_beat()
        self._unseen_beat()
        if any(self.has_lecture(result) for result in self.outcome):
            self._lecture_beat()

    def _networks_beat(self) -> None:
        with self.beat("networks", width=self.parameters.width):
            # The room sees layer upon layer: a block of dots for each
            self.show_networks()

    def _train_beat(self) -> None:
        with self.beat("train", epochs=self.parameters.epochs):
            # All of them train at once: solid the days they learn from, dashed the days they never see
            self.open_panels()
            self.walk("training", 6.0)
            self.walk("unseen", 5.0)

    def _training_beat(self) -> None:
        with self.beat(f"training-{self.training}", **self.training_values()):
            # The filled bars: deeper networks on the days they have seen
            self.leave_panels()
            self.raise_bars(SEEN)

    def _unseen_beat(self) -> None:
        with self.beat(f"unseen-{self.unseen}", **self.unseen_values()):
            # The outlined bars: days never seen. A ring around the best, and the heading says what came out
            self.raise_bars(UNSEEN)
            self.play(*self.light(UNSEEN), run_time=0.5)
            self.mark_best()
            self.say_verdict()

    def _lecture_beat(self) -> None:
        three, four = LECTURE[THREE][UNSEEN], LECTURE[FOUR][UNSEEN]
        with self.beat(self._lecture_line(), three=three, four=four, **self.spoken("best", self.best)):
            # Small beneath ours: what the lecture measured, its best at three layers and not at four
            self.show_lecture()

    def _lecture_line(self) -> str:
        """Whether three layers are better than four on unseen days here, as they were in the lecture."""
        ours = {result.network.hidden: result for result in self.outcome}
        if THREE not in ours or FOUR not in ours:
            return "lecture"
        return "lecture-agrees" if self.best.network.hidden == THREE else "lecture-differs"
