"""Networks trained on daily views, each from several seeds: the parameters, runs, results and words that scenes of
them share.

The runs are those of `core.analysis.compared_networks`, so that one training serves ``gradreel experiment`` and every
scene.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from gradreel.core.analysis.compared_networks import Network, depth_experiments
from gradreel.core.analysis.noise_floor import NoiseFloor, noise_floor
from gradreel.core.analysis.results import Result, best_by_validation, result_of
from gradreel.core.choices import EPOCHS, SEEDS, WIDTH
from gradreel.core.daily.units import loss_column
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import Seed, data_caption, days_that_differ
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words
from gradreel.scenes.words.network_words import network_fields
from gradreel.scenes.words.numbers import number_text
from pydantic import BaseModel, Field, field_validator

MOST_SEEDS, MOST_NETWORKS = 10, 6
ALL_DEPTHS = (0, 1, 2, 3, 4)  # the linear model, and the lecture's four

Depth = Annotated[int, Field(ge=0, le=20)]


class NetworksParameters(LectureScene.Parameters):
    """Which data, seeds and epochs; a subclass says which networks."""

    dataset: DailyViews = Field(DailyViews(), description="The daily views that the networks learn")
    seeds: tuple[Seed, ...] = Field(
        SEEDS, min_length=1, max_length=MOST_SEEDS, description="Seeds: each network is trained from each of them"
    )
    epochs: int = Field(EPOCHS, ge=1, le=100_000, description="Passes of each run over the days trained on")

    @field_validator("dataset")
    @classmethod
    def _days_differ(cls, dataset: DailyViews) -> DailyViews:
        return days_that_differ(dataset)

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        twice = next((seed for k, seed in enumerate(seeds) if seed in seeds[:k]), None)
        if twice is not None:
            raise ValueError(f"each seed is wanted once, and {twice} is there twice")
        return seeds

    def networks(self) -> tuple[Network, ...]:
        """The networks that are compared, in the order of the picture."""
        raise NotImplementedError(f"{type(self).__qualname__} must say which networks are shown: override networks()")


class DepthsParameters(NetworksParameters):
    """Networks of equally wide hidden layers, ever more of them; a depth of 0 is the linear model."""

    depths: tuple[Depth, ...] = Field(
        ALL_DEPTHS,
        min_length=2,
        max_length=MOST_NETWORKS,
        description="Hidden layers of each network, increasing; 0 is the linear model",
    )
    width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")

    @field_validator("depths")
    @classmethod
    def _depths_increase(cls, depths: tuple[int, ...]) -> tuple[int, ...]:
        return increasing(depths)

    def networks(self) -> tuple[Network, ...]:
        return depth_experiments(self.dataset, self.depths, self.width, self.seeds, self.epochs)


class NetworksScene(LectureScene):
    """A scene of several networks, each trained from several seeds, which differ ``by`` width or by depth."""

    by: ClassVar[Literal["width", "depth"]] = "depth"
    note: TextMobject  # the caption on the screen

    Parameters = NetworksParameters

    @classmethod
    def experiments(cls, parameters: BaseModel) -> dict[str, Experiment]:
        """Every run of every network, by `Network.run_name`: "100 ReLU, seed 3"."""
        assert isinstance(parameters, NetworksParameters)
        return {network.run_name(run): run for network in parameters.networks() for run in network.experiments}

    # -- what came of the networks ---------------------------------------------------------------------------------

    def results(self) -> tuple[Result, ...]:
        """What came of each network, from the traces of all its runs. Raises TraceError for one that is missing."""
        found = []
        for network in self.parameters.networks():
            self.traces_of(network)  # there, and undamaged
            result = result_of(network, self.context.traces)
            assert result is not None, f"no run of {network.name} was recorded"
            found.append(result)
        return tuple(found)

    def traces_of(self, network: Network) -> list[Trace]:
        """The recorded runs of one network, in the order of the seeds."""
        return [self.trace(network.run_name(run)) for run in network.experiments]

    @cached_property
    def outcome(self) -> tuple[Result, ...]:
        """The `results`, computed once."""
        return self.results()

    @cached_property
    def best(self) -> Result:
        """The network of least loss on validation days: the one to choose."""
        return best_by_validation(self.outcome)

    @cached_property
    def written(self) -> Callable[[float], str]:
        """Writes a loss in views, with as many digits as the mean losses of all networks."""
        return loss_column(loss for result in self.outcome for loss in (result.training.mean, result.validation.mean))

    @cached_property
    def floor(self) -> NoiseFloor | None:
        """What one who knows the rule misses each part of the days by; None of views from a file."""
        return noise_floor(self.parameters.dataset)

    def fewest_states(self, most: int) -> int:
        """So many states of every run can be drawn: alike for all, and ``most`` at most."""
        return min(most, *(run.n_kept for result in self.outcome for run in result.network.experiments))

    # -- words -----------------------------------------------------------------------------------------------------

    def network_label(self, hidden: tuple[int, ...]) -> str:
        """What stands on the screen at a network of these hidden layers."""
        if not hidden:
            return self.screen("linear")
        if self.by == "width":
            return self.screen("relu", count=Count(hidden[0]))
        if len(hidden) == 1:
            return self.screen("layer", width=Count(hidden[0]))
        return self.screen("layers", count=len(hidden))

    def spoken(self, name: str, result: Result) -> dict[str, str]:
        """Fields of a line: what a network is called in the narration, ``name``_en and ``name``_zh."""
        return network_fields(name, result.network.hidden, self.by)

    def training_values(self) -> dict[str, Any]:
        """What a line about the training loss may name."""
        first, last = self.outcome[0], self.outcome[-1]
        return {
            "first": self.written(first.training.mean),
            "last": self.written(last.training.mean),
            **self.spoken("smallest", first),
            **self.spoken("largest", last),
        }

    def validation_values(self) -> dict[str, Any]:
        """What a line about the loss on validation days may name."""
        first, last = self.outcome[0], self.outcome[-1]
        return {
            "first": self.written(first.validation.mean),
            "last": self.written(last.validation.mean),
            "least": self.written(self.best.validation.mean),
            **self.spoken("smallest", first),
            **self.spoken("largest", last),
            **self.spoken("best", self.best),
        }

    # -- around the picture ----------------------------------------------------------------------------------------

    def data_caption(self, key: str, **values: Any) -> TextMobject:
        """The caption ``key`` of the screen words, whose ``{data}`` is what the data is called."""
        return data_caption(self, self.parameters.dataset, key, **values)

    def data_note(self) -> TextMobject:
        """The caption of what was learned, and on which days."""
        dataset = self.parameters.dataset
        return self.data_caption(
            "caption",
            seen=Count(dataset.examples),
            validation=number_text(dataset.n_validation),
            day=day_words(dataset.first_validation_date, self.context.language, "year"),
        )

    def epoch_counter(self) -> tuple[TextMobject, Number]:
        """The word and the number at the top right, which counts from 0."""
        name = words(self.screen("epoch"), 32)
        number = Number(self.parameters.epochs, 0, 32, group=True).place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        name.place(style.HEADING_BASELINE, right=float(number.get_left()[0]) - 0.2)
        return name, number.set_value(0)


def increasing(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """``sizes``. Raises ValueError unless each is larger than the one before."""
    wrong = next(((before, after) for before, after in pairwise(sizes) if after <= before), None)
    if wrong is not None:
        raise ValueError(f"the numbers must increase, and {wrong[1]} comes after {wrong[0]}")
    return sizes
