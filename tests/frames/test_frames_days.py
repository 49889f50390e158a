"""Pictures of the scenes of days: loss, forecast, model-selection. Networks are small and hardly trained."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.experiments.forecast import Forecast
from gradreel.scenes.lecture.experiments.model_selection import ModelSelection
from gradreel.scenes.lecture.optimization.loss import Loss

NETWORK = {"width": 8, "epochs": 3}
LATE = {
    "depth": 1,
    "width": 16,
    "epochs": 20,
    "first": date(2020, 1, 1),
}  # misses the days around the Eve, as the default does
CANDIDATES = {"depths": (0, 1, 3), "seeds": (0, 1), **NETWORK}
WEEKS = 4000.0 * np.tile([1, 1, 1, 1, 1, 0.6, 0.5], 20) * (1 + 0.1 * np.sin(np.arange(140)))
OWN = DailyViews(
    series=DailySeries(start=date(2022, 1, 3), values=tuple(WEEKS.round()), name="my channel.csv"), window=7
)


def test_loss(frames, look):
    frames(Loss, **look)


@pytest.fixture
def of_the_lesson(monkeypatch):
    """Small networks stand for the lesson's."""
    monkeypatch.setattr(LectureScene, "other_data", False)
    monkeypatch.setattr(LectureScene, "checked_claims", ())


def test_forecast(frames, of_the_lesson, look):
    frames(Forecast, **LATE, **look)


def test_forecast_with_a_users_views(frames):
    frames(Forecast, dataset=OWN, depth=1, **NETWORK)


def test_model_selection(frames, of_the_lesson, look):
    frames(ModelSelection, **(CANDIDATES | {"seeds": (1, 2)}), **look)  # of no loss that is nearly rounded otherwise


def test_model_selection_with_a_users_views(frames):
    frames(ModelSelection, dataset=OWN, days=4, **CANDIDATES)
