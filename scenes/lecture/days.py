"""What scenes of daily views say of their data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product
from typing import Any

from gradreel.core.daily_views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.experiments import LONGEST_NAME, shown_name
from gradreel.scenes.mobjects.text import TextMobject, caption

HAIR = 0.02  # that a line may stand in the margin


def data_caption(
    scene: LectureScene, dataset: DailyViews, key: str, shorter: Mapping[str, Any] | None = None, **values: Any
) -> TextMobject:
    """The caption ``key`` of the scene's screen words; its ``{data}`` is "synthetic data" or the file's name.

    Where the line is too long, it takes what ``shorter`` has of the values, and a long name is cut.
    """
    for longest, stead in product(range(LONGEST_NAME, 4, -4), ({}, shorter or {})):
        data = scene.screen("synthetic") if dataset.synthetic else shown_name(dataset.title, longest)
        line = caption(scene.screen(key, data=data, **(values | stead)))
        if line.get_right()[0] <= style.RIGHT_EDGE + HAIR:
            break
    return line


def trained_years(dataset: DailyViews) -> dict[str, str]:
    """The years of the first and of the last day trained on: ``first``, ``last``. Words: a number would be 2 017."""
    first, last = (str(day.astype(date).year) for day in dataset.dates()[[0, -1]])
    return {"first": first, "last": last}
