"""Views and losses as text: the unit, and enough decimals to distinguish numbers."""

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.units import (
    MOST_MORE,
    distance_as_printed,
    distinguishing_decimals,
    view_unit,
    views_column,
    views_text,
)
from gradreel.core.daily.views import DailyViews


def series(usual: float) -> DailyViews:
    values = usual * (1 + 0.3 * np.sin(np.arange(40)))
    return DailyViews(series=DailySeries(start=date(2024, 3, 1), values=tuple(values), name="mine.csv"), window=3)


@pytest.mark.parametrize(
    ("views", "usual", "text"),
    [
        (5250, 4000, "5.25k"),
        (320, 4000, "0.32k"),
        (-320, 4000, "-0.32k"),
        (100, 1000, "0.10k"),
        (99.6, 1000, "0.10k"),
        (99.4, 1000, "99"),
        (32, 4000, "32"),
        (0, 4000, "0"),
        (-0.3, 4000, "0"),
        (5250, 999, "5250"),
        (32.4, 500, "32"),
        (3.24, 50, "3.2"),
        (0.324, 5, "0.32"),
        (-0.001, 5, "0.00"),
        (0.0034, 0.015, "0.0034"),
        (0.3, 0.5, "0.300"),
        (3.4e-11, 2e-10, "3.40e-11"),
        (0.0, 0.0, "0.00"),
        (5_250_000, 4e6, "5.25M"),
        (320_000, 4e6, "0.32M"),
        (32_000, 4e6, "32.00k"),
        (float("inf"), 4000, "∞"),
        (float("nan"), 4000, "–"),
    ],
)
def test_views_are_written_in_the_unit_of_the_series(views: float, usual: float, text: str) -> None:
    assert views_text(views, usual) == text


def test_the_mean_of_a_dataset_determines_the_unit() -> None:
    assert DailyViews().format_views(320) == "0.32k"
    assert series(50.0).format_views(32) == "32.0"


def test_numbers_below_each_other_are_in_one_unit() -> None:
    text = DailyViews().format_column([212.0, 52.0, 0.9])
    assert [text(views) for views in (212.0, 52.0, 0.9)] == ["0.212k", "0.052k", "0.001k"]
    millions = views_column([2e6, 3e5], 4e6)
    assert [millions(views) for views in (2e6, 3e5)] == ["2.000M", "0.300M"]


@pytest.mark.parametrize(
    ("column", "usual", "texts"),
    [
        ([52.0, 0.9], 4000, ["52.0", "0.9"]),
        ([0.412, 0.0314], 1000, ["0.412", "0.031"]),  # good forecasts of a large series
        ([0.00412, 0.000123], 0.015, ["0.00412", "0.00012"]),
        ([0.0, -0.001, 3.0], 5, ["0.00", "0.00", "3.00"]),
        ([212.4, 0.4], 500, ["212", "0"]),
        ([5250.0, 12.0], 999, ["5250", "12"]),
        ([3.1e-10, 0.0], 2e-10, ["3.10e-10", "0.00e+00"]),
        ([0.0, 0.0], 4000, ["0", "0"]),
        ([], 4000, []),
        ([float("nan"), 52.0], 4000, ["nan", "52.0"]),
    ],
)
def test_a_column_shows_three_digits_of_its_largest_number(column: list[float], usual: float, texts: list[str]) -> None:
    text = views_column(column, usual)
    assert [text(views) for views in column] == texts


@pytest.mark.parametrize(("usual", "decimals"), [(4200.0, 2), (512.0, 0), (43.0, 1)])
def test_numbers_get_enough_decimals_to_differ(usual, decimals):
    unit = view_unit(series(usual))
    step = 10.0**-decimals
    first, second = 4.0, 4.0 + 0.2 * step
    assert distinguishing_decimals(unit, lambda places: [distance_as_printed(1.0, 1.0 + 3 * step, places)]) == decimals
    assert distinguishing_decimals(unit, lambda places: [distance_as_printed(first, second, places)]) == decimals + 1
    assert distinguishing_decimals(unit, lambda places: [distance_as_printed(first, first, places)]) is None
    apart = distinguishing_decimals(unit, lambda places: [round(3.041 * step, places), round(3.012 * step, places)])
    assert apart == decimals + MOST_MORE


@pytest.mark.parametrize(
    ("usual", "size", "letter", "decimals", "text"),
    [(5e6, 1e6, "M", 2, "5.00M"), (5e3, 1e3, "k", 2, "5.00k"), (500, 1, "", 0, "500"), (50, 1, "", 1, "50.0"),
     (5, 1, "", 2, "5.00"), (0.05, 1, "", 4, "0.0500")],
)  # fmt: skip
def test_the_unit_is_the_one_that_views_are_written_in(usual, size, letter, decimals, text):
    dataset = series(usual)
    unit = view_unit(dataset)
    assert (unit.size, unit.letter, unit.decimals) == (size, letter, decimals)
    assert dataset.format_views(usual) == text == f"{usual / unit.size:.{unit.decimals}f}{unit.letter}"
