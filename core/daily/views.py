"""Daily views as examples for a network: the views of the last days are the features, those of the next day the
label.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, Self

from gradreel.core.arrays import FloatArray
from gradreel.core.choices import MOST_WINDOW, WINDOW
from gradreel.core.daily.series import DailySeries, DayArray
from gradreel.core.daily.synthetic import START, synthetic_views
from gradreel.core.daily.units import views_column, views_text
from gradreel.core.run_data import RunData
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field, model_validator

VALIDATION_FROM, TEST_FROM = date(2020, 1, 1), date(2021, 1, 1)
"""First validation and first test day of the made-up channel: five years to train on, one to choose by, one for the
test.
"""


@dataclass(frozen=True)
class Borders:
    """The first days of the two parts that are not trained on; None means the default."""

    validation_from: date | None = None
    test_from: date | None = None


class DailyViews(RunData):
    """One example for each day that has ``window`` days before it: features are their views, the label is its own.

    The label days form three parts by date. The N days before ``first_validation_date`` are trained on. The days from
    there to ``first_test_date`` are for validation: stopping and choosing. The M days from ``first_test_date`` on are
    for the test, once, at the end.

    All views are scaled by mean and standard deviation of the days before ``first_validation_date``, so no training
    example depends on a later day. For the same reason, a filled gap never crosses the border of two parts: its
    straight line ends at a day after the gap.
    """

    kind: Literal["daily views"] = Field(default="daily views", description="views a day, from the days before")
    series: Literal["synthetic"] | DailySeries = Field(
        default="synthetic",
        description='the views of each day: "synthetic", our made-up channel, or a series from a file',
    )
    window: int = Field(
        default=WINDOW, ge=1, le=MOST_WINDOW, description="how many days before are the features; 1: only yesterday"
    )
    validation_from: date | None = Field(
        default=None,
        description="first label day for validation, that is for stopping and choosing; by default 2020-01-01 for the "
        "synthetic series, else the last quarter of the label days before test_from",
    )
    test_from: date | None = Field(
        default=None,
        description="first label day for the test, once, at the end; by default 2021-01-01 for the synthetic series, "
        "else the last fifth of the label days",
    )

    @model_validator(mode="after")
    def _check_three_parts(self) -> Self:
        """Raise ValueError unless each of the three parts has a label day, and no filled gap crosses a border."""
        has_default_borders = self.synthetic and self.validation_from is None and self.test_from is None
        if has_default_borders and self.window < (VALIDATION_FROM - START).days:
            return self  # always valid, so the views need not be computed, which takes 20 ms
        days, needed = len(self.daily), self.window + 3
        if days < needed:
            raise ValueError(
                f"a window of {self.window} days needs at least {needed} days (a label to train on, one for validation "
                f"and one for the test), and {self.daily.name} has {days}; "
                + (f"a window of {days - 3} or less would do" if days > 3 else "no window is short enough for that")
            )
        first, day = self._start + timedelta(days=self.window + 1), timedelta(days=1)
        self._check_border("test_from", self.first_test_date, first + day, self.daily.end)
        self._check_border("validation_from", self.first_validation_date, first, self.first_test_date - day)
        return self

    def _check_border(self, name: str, border: date, first: date, last: date) -> None:
        """Raise ValueError unless ``border``, the first day of a part, lies from ``first`` to ``last`` and not in a
        filled gap.

        ``name`` is the field that sets the border.
        """
        if not first <= border <= last:
            limit = f" before test_from, {self.first_test_date}" if name == "validation_from" else ""
            raise ValueError(
                f"{name} is {border}; with a window of {self.window} days over {self._start} to {self.daily.end} "
                f"it must lie from {first} to {last}{limit}, so that there are labels to train on, for validation and "
                "for the test"
            )
        gap = self._gap_before(border)
        if gap < border:
            end_of_line = self._first_unfilled_day(border)
            valid_days = [str(day) for day in (gap, end_of_line + timedelta(days=1)) if first <= day <= last]
            raise ValueError(
                f"{name} is {border}; days from {gap} on were filled by a line that ends at {end_of_line}, so days "
                f"before {name} would depend on a later day; "
                + (f"{name} {' or '.join(valid_days)} would do" if valid_days else "give these days their numbers")
            )

    @property
    def daily(self) -> DailySeries:
        """Return the days and their views."""
        return synthetic_views() if self.series == "synthetic" else self.series

    @property
    def _start(self) -> date:
        """Return the first day. For the made-up channel this computes no views."""
        return START if self.series == "synthetic" else self.series.start

    @property
    def synthetic(self) -> bool:
        """Return whether the series is the made-up channel. Wherever its views are shown, the picture says so."""
        return self.series == "synthetic"

    @property
    def title(self) -> str:
        """Return the name of the data on the screen: the file's name, or "our made-up channel"."""
        return self.daily.name

    @property
    def unit(self) -> str:
        """Return the unit of an unscaled label."""
        return "views"

    @property
    def first_test_date(self) -> date:
        """Return the first test day. Neither training nor choosing uses test days.

        By default it is 2021-01-01 for the made-up channel. For a file, the last fifth of the label days is for the
        test. A border in a filled gap moves to the gap's first day, if a training and a validation day remain.
        """
        if self.test_from is not None:
            return self.test_from
        if self.series == "synthetic":
            return TEST_FROM
        last_fifth = self.series.end - timedelta(days=max(1, (len(self.series) - self.window) // 5) - 1)
        gap = self._gap_before(last_fifth)
        return gap if (gap - self.series.start).days > self.window + 1 else last_fifth

    @property
    def first_validation_date(self) -> date:
        """Return the first label day that is not trained on.

        By default it is 2020-01-01 for the made-up channel. Otherwise the last quarter of the label days before the
        test is for validation. A border in a filled gap moves to the gap's first day, if a training day remains.
        """
        if self.validation_from is not None:
            return self.validation_from
        if self.series == "synthetic" and self.test_from is None:
            return VALIDATION_FROM
        before = (self.first_test_date - self._start).days - self.window
        last_quarter = self.first_test_date - timedelta(days=max(1, before // 4))
        gap = self._gap_before(last_quarter)
        return gap if (gap - self._start).days > self.window else last_quarter

    def _gap_before(self, day: date) -> date:
        """Return the first day of the filled gap that ends right before ``day``; ``day`` itself if there is no such
        gap.
        """
        filled = self.daily.filled
        i = bisect_left(filled, day)
        while i and filled[i - 1] == day - timedelta(days=1):
            i, day = i - 1, filled[i - 1]
        return day

    def _first_unfilled_day(self, day: date) -> date:
        """Return the first day from ``day`` on that was not filled.

        There always is one: the last day of a series is not filled.
        """
        filled = self.daily.filled
        for filled_day in filled[bisect_left(filled, day) :]:
            if filled_day != day:
                break
            day += timedelta(days=1)
        return day

    @property
    def n_features(self) -> int:
        """Return D, the number of features of an example: the window's days."""
        return self.window

    @property
    def examples(self) -> int:
        """Return N, the number of training examples."""
        return (self.first_validation_date - self._start).days - self.window

    @property
    def n_validation(self) -> int:
        """Return the number of validation examples."""
        return (self.first_test_date - self.first_validation_date).days

    @property
    def n_test(self) -> int:
        """Return M, the number of test examples."""
        return (self.daily.end - self.first_test_date).days + 1

    @property
    def offset(self) -> float:
        """Return the views that scale to 0: the mean of the days before ``first_validation_date``."""
        return _mean_and_deviation(self)[0]

    @property
    def scale(self) -> float:
        """Return the views per scaled unit: the standard deviation of the days before ``first_validation_date``.

        If all those days are equal, return 1.
        """
        return _mean_and_deviation(self)[1]

    def scaled(self, views: FloatArray) -> FloatArray:
        """Return views of any shape as the network sees them: (views - offset) / scale."""
        return (views - self.offset) / self.scale

    def in_views(self, scaled: FloatArray) -> FloatArray:
        """Return scaled numbers of any shape in views: the inverse of `scaled`."""
        return scaled * self.scale + self.offset

    def absolute_error_in_views(self, loss: float) -> float:
        """Return a mean absolute error of scaled labels (the loss "mae") in views. This does not hold for "mse"."""
        return loss * self.scale

    def features(self) -> FloatArray:
        """Return the scaled views of the D days before each training day, (N, D). Column 0 is the day before."""
        return self._windows()[self._training_rows].copy()

    def labels(self) -> FloatArray:
        """Return the scaled views of each training day, (N,)."""
        return self._labels()[self._training_rows].copy()

    def dates(self) -> DayArray:
        """Return the training days, (N,), datetime64[D]."""
        return self._label_days()[self._training_rows]

    def validation_features(self) -> FloatArray:
        """Return the features of the validation days, like `features`.

        Their windows may reach back into training days.
        """
        return self._windows()[self._validation_rows].copy()

    def validation_labels(self) -> FloatArray:
        """Return the scaled views of each validation day."""
        return self._labels()[self._validation_rows].copy()

    def validation_dates(self) -> DayArray:
        """Return the validation days."""
        return self._label_days()[self._validation_rows]

    def test_features(self) -> FloatArray:
        """Return the features of the test days, (M, D), like `features`.

        Their windows may reach back into earlier parts.
        """
        return self._windows()[self._test_rows].copy()

    def test_labels(self) -> FloatArray:
        """Return the scaled views of each test day, (M,)."""
        return self._labels()[self._test_rows].copy()

    def test_dates(self) -> DayArray:
        """Return the test days, (M,)."""
        return self._label_days()[self._test_rows]

    def format_column(self, views: Iterable[float]) -> Callable[[float], str]:
        """Return a function that writes any of these numbers of views, or their spread, in one unit: "0.212k",
        "0.052k".
        """
        return views_column(views, self.offset)

    def format_views(self, views: float) -> str:
        """Return a number of views as text for tables and screens: "0.32k" if a typical day has thousands, else
        "32".
        """
        return views_text(views, self.offset)

    @property
    def _training_rows(self) -> slice:
        """Return which of all examples, in the order of the days, are for training."""
        return slice(0, self.examples)

    @property
    def _validation_rows(self) -> slice:
        """Return which of all examples are for validation."""
        return slice(self.examples, self.examples + self.n_validation)

    @property
    def _test_rows(self) -> slice:
        """Return which of all examples are for the test."""
        return slice(self.examples + self.n_validation, None)

    def _windows(self) -> FloatArray:
        """Return the features of all examples, (all examples, D), as a view of the scaled days.

        The last window has no label and is left out.
        """
        return sliding_window_view(self.scaled(self.daily.array()), self.window)[:-1, ::-1]

    def _labels(self) -> FloatArray:
        """Return the scaled views of all label days, (all examples,)."""
        return self.scaled(self.daily.array())[self.window :]

    def _label_days(self) -> DayArray:
        """Return all label days, (all examples,)."""
        return self.daily.dates()[self.window :]


@lru_cache(maxsize=4)
def _mean_and_deviation(dataset: DailyViews) -> tuple[float, float]:
    """Return mean and standard deviation of the views of the days before the first validation day.

    If all these views are equal, the deviation is 1.
    """
    views = dataset.daily.array()[: dataset.window + dataset.examples]
    if (views == views[0]).all():  # rounding could make the computed deviation slightly above 0
        return float(views[0]), 1.0
    return float(views.mean()), float(views.std())
