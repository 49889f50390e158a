"""The noise floor of each part agrees with sums over its days."""

from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.analysis.noise_floor import noise_floor
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import best_guesses, synthetic_views
from gradreel.core.daily.views import DailyViews


@pytest.mark.parametrize(
    "dataset",
    [
        DailyViews(),
        DailyViews(window=3),
        DailyViews(window=7, validation_from=date(2018, 3, 1), test_from=date(2018, 9, 1)),
        DailyViews(window=1),
    ],
)
def test_the_floor_of_a_part_is_the_mean_error_of_the_rule(dataset: DailyViews) -> None:
    missed = dict(
        zip(synthetic_views().dates().tolist(), np.abs(synthetic_views().array() - best_guesses()), strict=True)
    )
    floor = noise_floor(dataset)
    assert floor is not None
    for part, dates in (
        (floor.training, dataset.dates()),
        (floor.validation, dataset.validation_dates()),
        (floor.test, dataset.test_dates()),
    ):
        assert part == pytest.approx(np.mean([missed[day] for day in dates.tolist()]), rel=1e-12)


def test_the_floors_of_the_lectures_parts() -> None:
    floor = noise_floor(DailyViews())
    assert floor is not None
    assert [round(part) for part in (floor.training, floor.validation, floor.test)] == [176, 218, 227]


def test_the_label_of_the_first_day_is_no_example_of_any_window() -> None:
    floor = noise_floor(DailyViews(window=1))
    assert floor is not None and np.isfinite([floor.training, floor.validation, floor.test]).all()
    assert DailyViews(window=1).dates()[0].item() == synthetic_views().start + timedelta(days=1)


def test_views_from_a_file_have_no_noise_floor() -> None:
    series = DailySeries(start=date(2020, 1, 1), values=tuple(map(float, range(20))), name="mine.csv")
    assert noise_floor(DailyViews(series=series, window=3)) is None
