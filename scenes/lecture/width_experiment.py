"""Wider and wider: the linear model, 10, 100, 1000 ReLUs on daily views, really trained, on seen and unseen days."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from gradreel.core.results import LECTURE, WIDTHS, Network, width_experiments
from gradreel.core.verdicts import change
from gradreel.scenes.lecture.compared_networks import ComparedNetworks
from gradreel.scenes.lecture.experiments import MOST_NETWORKS, NetworksScene, increasing
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN
from gradreel.scenes.mobjects.ticks import number_text
from pydantic import Field, field_validator

Width = Annotated[int, Field(ge=0, le=2000)]
LINEAR, HUNDRED = (), (100,)


class WidthExperiment(ComparedNetworks):
    """Networks of one hidden layer, ever wider: their losses over the epochs, then bars for seen and unseen days."""

    by: ClassVar = "width"

    class Parameters(NetworksScene.Parameters):
        widths: tuple[Width, ...] = Field(
            WIDTHS,
            min_length=2,
            max_length=MOST_NETWORKS,
            description="ReLUs in the hidden layer of each network, increasing; 0 is the linear model",
        )

        @field_validator("widths")
        @classmethod
        def _widths_increase(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
            return increasing(widths)

    @classmethod
    def networks(cls, parameters: Any) -> tuple[Network, ...]:
        return width_experiments(parameters.dataset, parameters.widths, parameters.seeds, parameters.epochs)

    def construct(self) -> None:
        self.prepare()
        self._networks_beat()
        self._train_beat()
        self._unseen_days_beat()
        self._training_beat()
        self._unseen_beat()
        if any(self.has_lecture(result) for result in self.outcome):
            self._lecture_beat()

    def _networks_beat(self) -> None:
        with self.beat("networks", days=self.parameters.dataset.window):
            # The room sees how much wider is: the formula of the linear model, then a dot for each ReLU
            self.show_networks()

    def _train_beat(self) -> None:
        with self.beat("train", examples=number_text(self.parameters.dataset.examples), epochs=self.parameters.epochs):
            # All of them train at once, before our eyes: the recorded loss on the days they learn from falls
            self.open_panels()
            self.walk("training", 9.0)

    def _unseen_days_beat(self) -> None:
        with self.beat("unseen-days"):
            # The same networks at the same epochs, on days that they never saw: a dashed line
            self.walk("unseen", 7.0)

    def _training_beat(self) -> None:
        with self.beat(f"training-{self.training}", **self.training_values()):
            # The end of each line is one dot; the other seeds' dots come, and a bar grows to their mean
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
        linear, hundred = LECTURE[LINEAR][UNSEEN], LECTURE[HUNDRED][UNSEEN]
        with self.beat(self._lecture_line(), linear=linear, hundred=hundred):
            # Small beneath ours: what the lecture measured on its own channel
            self.show_lecture()

    def _lecture_line(self) -> str:
        """Whether 100 ReLUs beat the linear model on unseen days here, as they did in the lecture."""
        ours = {result.network.hidden: result for result in self.outcome}
        if LINEAR not in ours or HUNDRED not in ours:
            return "lecture"
        agrees = change(ours[LINEAR].unseen, ours[HUNDRED].unseen) == "falls"
        return "lecture-agrees" if agrees else "lecture-differs"
