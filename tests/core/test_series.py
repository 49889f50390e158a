"""Daily series: one number for each day, without gaps; anything else is refused."""

import json
from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from pydantic import ValidationError


def test_a_series_knows_its_days() -> None:
    series = DailySeries(start=date(2020, 2, 28), values=(3, 0, 5), name="views.csv")
    assert len(series) == 3
    assert series.end == date(2020, 3, 1)
    np.testing.assert_array_equal(series.array(), [3.0, 0.0, 5.0])
    days = np.array(["2020-02-28", "2020-02-29", "2020-03-01"], dtype="datetime64[D]")
    np.testing.assert_array_equal(series.dates(), days)
    assert series.dates().dtype == days.dtype


def test_a_series_is_the_same_after_json() -> None:
    series = DailySeries(start=date(2020, 1, 1), values=(3, 0.1, 5), name="v.csv", filled=(date(2020, 1, 2),))
    again = DailySeries.model_validate(json.loads(json.dumps(series.model_dump(mode="json"))))
    assert again == series and hash(again) == hash(series)
    assert series != series.model_copy(update={"values": (3.0, 0.2, 5.0)})


def test_equal_series_have_equal_json() -> None:
    negative, positive = (DailySeries(start=date(2020, 1, 1), values=(zero,), name="v") for zero in (-0.0, 0.0))
    assert negative.model_dump_json() == positive.model_dump_json()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"values": ()}, "at least 1 item"),
        ({"values": (1, -1)}, "greater than or equal to 0"),
        ({"values": (1, float("nan"))}, "finite"),
        ({"values": (1, float("inf"))}, "finite"),
        ({"values": (1e16,)}, "less than or equal to"),
        ({"values": (1e-106,)}, "0 or at least 1e-100"),
        ({"name": ""}, "at least 1 character"),
        ({"path": "/views.csv"}, "Extra inputs"),
        ({"start": date(9999, 12, 31)}, "calendar's end"),
        ({"start": date(9999, 12, 29)}, "calendar's end"),  # the day after the last is included
        ({"filled": (date(2020, 1, 5),)}, "not a day between"),
        ({"filled": (date(2020, 1, 3),)}, "not a day between"),  # ends no interpolated line
        ({"filled": (date(2020, 1, 2), date(2020, 1, 2))}, "in order"),
    ],
)
def test_invalid_settings_of_a_series_are_named(wrong: dict[str, object], message: str) -> None:
    right: dict[str, object] = {"start": date(2020, 1, 1), "values": (1, 2, 3), "name": "views.csv"}
    assert len(DailySeries(**right)) == 3  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=message):
        DailySeries(**(right | wrong))  # type: ignore[arg-type]
