"""What scenes of daily views need of their data, and what they say of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product
from typing import Annotated, Any

from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.text import TextMobject, caption, literal
from pydantic import Field

LONGEST_NAME = 36  # characters of a file's name in a caption
FORECAST_BOX = (style.LEFT_EDGE + 0.42, 5.2, -1.95, 2.15)  # left, right, bottom, top of the days that are predicted
AHEAD_BOX = (style.LEFT_EDGE + 0.64, 6.2, -1.95, 2.15)  # of the days ahead: the next scene begins there
HAIR = 0.02  # that a line may stand in the margin

Seed = Annotated[int, Field(ge=0, lt=2**63)]


def data_caption(
    scene: LectureScene, dataset: DailyViews, key: str, shorter: Mapping[str, Any] | None = None, **values: Any
) -> TextMobject:
    """The caption ``key`` of the scene's screen words; its ``{data}`` is `data_name`.

    Where the line is too long, it takes what ``shorter`` has of the values, and a long name is cut.
    """
    for longest, stead in product(range(LONGEST_NAME, 4, -4), ({}, shorter or {})):
        line = caption(scene.screen(key, data=data_name(scene, dataset, longest), **(values | stead)))
        if line.get_right()[0] <= style.RIGHT_EDGE + HAIR:
            break
    return line


def trained_years(dataset: DailyViews) -> dict[str, str]:
    """The years of the first and of the last day trained on: ``first``, ``last``. Words: a number would be 2 017."""
    first, last = (str(day.astype(date).year) for day in dataset.dates()[[0, -1]])
    return {"first": first, "last": last}


def days_that_differ(dataset: DailyViews) -> DailyViews:
    """``dataset``. Raises ValueError if all days trained on have the same number of views: they teach nothing."""
    views = dataset.daily.array()[: dataset.window + dataset.examples]
    if (views == views[0]).all():
        raise ValueError(
            f"{dataset.title}: the {len(views)} days before {dataset.first_validation_date}, the first for validation, "
            f"all have {views[0]:g} views, so there is nothing to learn; give a series whose days differ, or a later "
            "validation_from"
        )
    return dataset


def data_name(scene: LectureScene, dataset: DailyViews, longest: int = LONGEST_NAME) -> str:
    """What daily views are called on the screen: "synthetic data", or the file that they come from."""
    return synthetic_data(scene) if dataset.synthetic else shown_name(dataset.title, longest)


def synthetic_data(scene: LectureScene) -> str:
    """What made-up views are called on the screen: in all scenes the same."""
    return scene.words_of.screen("daily-data", "synthetic", scene.context.language, {})


def shown_name(name: str, longest: int = LONGEST_NAME) -> str:
    """A file's name as words on the screen: a long one is cut in its middle, a dollar sign begins no formula."""
    if len(name) > longest:
        half = (longest - 1) // 2
        name = f"{name[:half]}…{name[-half:]}"
    return literal(name)
