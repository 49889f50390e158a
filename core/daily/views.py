"""Daily views as examples for a network: the last days are the features, the next day is the label."""

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
"""Of our made-up channel: five years to learn from, one to choose by, and one that is opened once, at the end."""


@dataclass(frozen=True)
class Borders:
    """The first days of the two parts that are not trained on; None: the default."""

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
        default=WINDOW, ge=1, le=MOST_WINDOW, description="how many days before are the features; 1 is yesterday"
    )
    validation_from: date | None = Field(
        default=None,
        description="label days from this one on are for stopping and choosing; by default 2020-01-01 for the "
        "synthetic series, else the last quarter of the label days before test_from",
    )
    test_from: date | None = Field(
        default=None,
        description="label days from this one on are unseen, the exam; by default 2021-01-01 for the synthetic series, "
        "else the last fifth of the label days",
    )

    @model_validator(mode="after")
    def _has_three_kinds_of_days(self) -> Self:
        of_ours = self.synthetic and self.validation_from is None and self.test_from is None
        if of_ours and self.window < (VALIDATION_FROM - START).days:
            return self  # it has them: the views need not be made up, which takes 20 ms
        days, needed = len(self.daily), self.window + 3
        if days < needed:
            raise ValueError(
                f"a window of {self.window} days needs at least {needed} days (a label to train on, one for validation "
                f"and one unseen), and {self.daily.name} has {days}; "
                + (f"a window of {days - 3} or less would do" if days > 3 else "no window is short enough for that")
            )
        first, day = self._start + timedelta(days=self.window + 1), timedelta(days=1)
        self._check_border("test_from", self.first_test_date, first + day, self.daily.end)
        self._check_border("validation_from", self.first_validation_date, first, self.first_test_date - day)
        return self

    def _check_border(self, name: str, border: date, first: date, last: date) -> None:
        """ValueError unless the first day of a part lies from ``first`` to ``last`` and not within filled days."""
        if not first <= border <= last:
            before = f" before test_from, {self.first_test_date}" if name == "validation_from" else ""
            raise ValueError(
                f"{name} is {border}; with a window of {self.window} days over {self._start} to {self.daily.end} "
                f"it must lie from {first} to {last}{before}, so that there are labels to train on, for validation and "
                "unseen"
            )
        gap = self._gap_before(border)
        if gap < border:
            after = self._first_given(border)
            would_do = [str(day) for day in (gap, after + timedelta(days=1)) if first <= day <= last]
            raise ValueError(
                f"{name} is {border}; days from {gap} on were filled by a line that ends at {after}: those before "
                f"{name} would know a later day; "
                + (f"{name} {' or '.join(would_do)} would do" if would_do else "give these days their numbers")
            )

    @property
    def daily(self) -> DailySeries:
        """The days and their views."""
        return synthetic_views() if self.series == "synthetic" else self.series

    @property
    def _start(self) -> date:
        """The first day; ours need not be made up for it."""
        return START if self.series == "synthetic" else self.series.start

    @property
    def synthetic(self) -> bool:
        """Whether the views are made up by our own generator, which is said wherever they are shown."""
        return self.series == "synthetic"

    @property
    def title(self) -> str:
        """What the data is called on the screen: the file's name, or "our made-up channel"."""
        return self.daily.name

    @property
    def unit(self) -> str:
        """The unit of a label, unscaled."""
        return "views"

    @property
    def first_test_date(self) -> date:
        """The first label day of the exam, which neither training nor choosing looks at."""
        if self.test_from is not None:
            return self.test_from
        if self.series == "synthetic":
            return TEST_FROM
        last_fifth = self.series.end - timedelta(days=max(1, (len(self.series) - self.window) // 5) - 1)
        gap = self._gap_before(last_fifth)
        return gap if (gap - self.series.start).days > self.window + 1 else last_fifth

    @property
    def first_validation_date(self) -> date:
        """The first label day that is not trained on."""
        if self.validation_from is not None:
            return self.validation_from
        if self.series == "synthetic" and self.test_from is None:
            return VALIDATION_FROM
        before = (self.first_test_date - self._start).days - self.window
        last_quarter = self.first_test_date - timedelta(days=max(1, before // 4))
        gap = self._gap_before(last_quarter)
        return gap if (gap - self._start).days > self.window else last_quarter

    def _gap_before(self, day: date) -> date:
        """The first of the filled days that end right before ``day``; ``day`` if the one before was not filled."""
        filled = self.daily.filled
        i = bisect_left(filled, day)
        while i and filled[i - 1] == day - timedelta(days=1):
            i, day = i - 1, filled[i - 1]
        return day

    def _first_given(self, day: date) -> date:
        """The first day from ``day`` on that was not filled in. There is one: the last day of a series never is."""
        filled = self.daily.filled
        for gone in filled[bisect_left(filled, day) :]:
            if gone != day:
                break
            day += timedelta(days=1)
        return day

    @property
    def n_features(self) -> int:
        """D: features of one example, the window's days."""
        return self.window

    @property
    def examples(self) -> int:
        """N: examples to train on."""
        return (self.first_validation_date - self._start).days - self.window

    @property
    def n_validation(self) -> int:
        """Examples for stopping and choosing."""
        return (self.first_test_date - self.first_validation_date).days

    @property
    def n_test(self) -> int:
        """M: unseen examples."""
        return (self.daily.end - self.first_test_date).days + 1

    @property
    def offset(self) -> float:
        """Views that scale to 0: the mean of the days before ``first_validation_date``."""
        return _scaling(self)[0]

    @property
    def scale(self) -> float:
        """Views per unit of label: the standard deviation before ``first_validation_date``; 1 if all days are equal."""
        return _scaling(self)[1]

    def scaled(self, views: FloatArray) -> FloatArray:
        """Views, any shape, as the network sees them."""
        return (views - self.offset) / self.scale

    def in_views(self, scaled: FloatArray) -> FloatArray:
        """What the network says, any shape, in views."""
        return scaled * self.scale + self.offset

    def absolute_error_in_views(self, loss: float) -> float:
        """A mean absolute error of scaled labels, the loss "mae", in views. No such line holds for "mse"."""
        return loss * self.scale

    def features(self) -> FloatArray:
        """(N, D): scaled views of the D days before each label day, feature 1 being yesterday."""
        return self._windows()[self._training].copy()

    def labels(self) -> FloatArray:
        """(N,): scaled views of each label day."""
        return self._labels()[self._training].copy()

    def dates(self) -> DayArray:
        """(N,): the label days trained on."""
        return self._label_days()[self._training]

    def validation_features(self) -> FloatArray:
        """Like ``features``, of the validation days. Windows reach back into days trained on: the past is known."""
        return self._windows()[self._validation].copy()

    def validation_labels(self) -> FloatArray:
        """Scaled views of each validation day."""
        return self._labels()[self._validation].copy()

    def validation_dates(self) -> DayArray:
        """The validation days."""
        return self._label_days()[self._validation]

    def test_features(self) -> FloatArray:
        """(M, D), like ``features``. Windows reach back into earlier parts: the past is known when one forecasts."""
        return self._windows()[self._test].copy()

    def test_labels(self) -> FloatArray:
        """(M,): scaled views of each unseen label day."""
        return self._labels()[self._test].copy()

    def test_dates(self) -> DayArray:
        """(M,): the unseen label days."""
        return self._label_days()[self._test]

    def format_column(self, views: Iterable[float]) -> Callable[[float], str]:
        """What writes each of these numbers, or their spreads, in one unit: "0.212k", "0.052k"."""
        return views_column(views, self.offset)

    def format_views(self, views: float) -> str:
        """Views for tables and screens: "0.32k" where a usual day has thousands, else "32"."""
        return views_text(views, self.offset)

    @property
    def _training(self) -> slice:
        """The places of a part's examples among all of them, in the order of the days."""
        return slice(0, self.examples)

    @property
    def _validation(self) -> slice:
        return slice(self.examples, self.examples + self.n_validation)

    @property
    def _test(self) -> slice:
        return slice(self.examples + self.n_validation, None)

    def _windows(self) -> FloatArray:
        """(all examples, D): a view into the scaled days; the last window has no label and is left out."""
        return sliding_window_view(self.scaled(self.daily.array()), self.window)[:-1, ::-1]

    def _labels(self) -> FloatArray:
        """(all examples,): scaled views of every label day."""
        return self.scaled(self.daily.array())[self.window :]

    def _label_days(self) -> DayArray:
        return self.daily.dates()[self.window :]


@lru_cache(maxsize=4)
def _scaling(dataset: DailyViews) -> tuple[float, float]:
    """Mean and standard deviation of the views of the days before the first that is not trained on."""
    views = dataset.daily.array()[: dataset.window + dataset.examples]
    if (views == views[0]).all():  # whose computed deviation may be a residue of rounding
        return float(views[0]), 1.0
    return float(views.mean()), float(views.std())
