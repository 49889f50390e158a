"""Networks trained on daily views, each from several seeds: the parameters, runs and results that scenes of them share.

The runs are those of `core.results`, so that one training serves ``gradreel experiment`` and every scene.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

from gradreel.core.analysis.results import (
    EPOCHS,
    LECTURE,
    SEEDS,
    WIDTH,
    Network,
    Result,
    depth_experiments,
    lecture_losses,
    result_of,
)
from gradreel.core.daily.views import DailyViews, loss_column
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import LONGEST_NAME, Seed, days_that_differ, shown_name
from gradreel.scenes.mobjects.text import TextMobject, caption
from pydantic import BaseModel, Field, field_validator

MOST_SEEDS, MOST_NETWORKS = 10, 6
ALL_DEPTHS = (0, 1, 2, 3, 4)  # the linear model, and the lecture's four

Depth = Annotated[int, Field(ge=0, le=20)]


class NetworksScene(LectureScene):
    """A scene of several networks, each trained from several seeds; which, says ``networks``."""

    class Parameters(LectureScene.Parameters):
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

    @classmethod
    def networks(cls, parameters: Any) -> tuple[Network, ...]:
        """The networks that are compared, in the order of the picture."""
        raise NotImplementedError(f"{cls.__name__} must say which networks it shows: override networks()")

    @classmethod
    def experiments(cls, parameters: BaseModel) -> dict[str, Experiment]:
        """Every run of every network, by `Network.run_name`: "100 ReLU, seed 3"."""
        return {network.run_name(run): run for network in cls.networks(parameters) for run in network.experiments}

    def results(self) -> tuple[Result, ...]:
        """What came of each network, from the traces of all its runs. Raises TraceError for one that is missing."""
        found = []
        for network in self.networks(self.parameters):
            for run in network.experiments:
                self.trace(network.run_name(run))  # there, and undamaged
            result = result_of(network, self.context.traces)
            assert result is not None, f"no run of {network.name} was recorded"
            found.append(result)
        return tuple(found)

    def data_words(self) -> str:
        """What the caption says of the data: ``synthetic`` of the scene's screen words, or the file's name."""
        dataset = self.parameters.dataset
        return self.screen("synthetic") if dataset.synthetic else shown_name(dataset.title)

    def data_caption(self, key: str, **values: Any) -> TextMobject:
        """The caption ``key`` of the screen words, whose ``{data}`` is what the data is called.

        A file's long name is cut as far as the line needs it.
        """
        dataset = self.parameters.dataset
        for longest in range(LONGEST_NAME, 4, -4):
            data = self.screen("synthetic") if dataset.synthetic else shown_name(dataset.title, longest)
            line = caption(self.screen(key, data=data, **values))
            if line.get_right()[0] <= style.RIGHT_EDGE:
                break
        return line


def depths_field(default: tuple[int, ...]) -> Any:
    """The parameter of a scene that shows networks of ``default`` hidden layers."""
    return Field(
        default,
        min_length=2,
        max_length=MOST_NETWORKS,
        description="Hidden layers of each network, increasing; 0 is the linear model",
    )


class DepthsScene(NetworksScene):
    """A scene of networks of equally wide hidden layers; a depth of 0 is the linear model."""

    class Parameters(NetworksScene.Parameters):
        depths: tuple[Depth, ...] = depths_field(ALL_DEPTHS)
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")

        @field_validator("depths")
        @classmethod
        def _depths_increase(cls, depths: tuple[int, ...]) -> tuple[int, ...]:
            return increasing(depths)

    @classmethod
    def networks(cls, parameters: Any) -> tuple[Network, ...]:
        return depth_experiments(
            parameters.dataset, parameters.depths, parameters.width, parameters.seeds, parameters.epochs
        )


def lecture_written(hidden: tuple[int, ...]) -> tuple[str, str]:
    """The lecture's own training and unseen loss as it is written beside ours; "" where it gives no number."""
    losses = lecture_losses(hidden)
    write = loss_column(loss for loss in losses if loss is not None)
    return "" if losses[0] is None else write(losses[0]), "" if losses[1] is None else write(losses[1])


def lecture_word(hidden: tuple[int, ...], side: int) -> str:
    """The screen word for what the lecture says of its own loss, training 0 or unseen 1, without a number; "" if none.

    It is what `core.results.LECTURE` has, with hyphens: "about-as-linear".
    """
    known = lecture_losses(hidden)[side] is not None
    return "" if known or hidden not in LECTURE else LECTURE[hidden][side].replace(" ", "-")


def increasing(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """``sizes``. Raises ValueError unless each is larger than the one before."""
    wrong = next(((before, after) for before, after in pairwise(sizes) if after <= before), None)
    if wrong is not None:
        raise ValueError(f"the numbers must increase, and {wrong[1]} comes after {wrong[0]}")
    return sizes
