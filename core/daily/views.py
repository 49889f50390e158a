"""Daily views as examples for a network: the last days are the features, the next day is the label."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, Self

from gradreel.core.arrays import FloatArray
from gradreel.core.daily.series import DailySeries, DayArray
from gradreel.core.daily.synthetic import synthetic_views
from gradreel.core.daily.units import views_column, views_text
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import BaseModel, ConfigDict, Field, model_validator

UNSEEN_FROM = date(2021, 1, 1)
"""The synthetic series' first unseen day: the lecture trains on 2017 to 2020 and looks at 2021."""


class DailyViews(BaseModel):
    """One example for each day that has ``window`` days before it: features are their views, the label is its own.

    N label days before ``first_unseen`` are trained on, M from that day on are unseen. All views are scaled alike, by
    mean and standard deviation of the days before ``first_unseen``: nothing that is trained on knows an unseen day. So
    days that were filled in do not reach over ``first_unseen``: their line ends at a day after them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["daily views"] = Field(default="daily views", description="views a day, from the days before")
    series: Literal["synthetic"] | DailySeries = Field(
        default="synthetic", description='the views of each day: "synthetic", or a series read from a file'
    )
    window: int = Field(default=56, ge=1, le=3650, description="how many days before are the features; 1 is yesterday")
    unseen_from: date | None = Field(
        default=None,
        description="label days from this one on are unseen; by default 2021-01-01 for the synthetic series, "
        "else the last fifth of the label days",
    )

    @model_validator(mode="after")
    def _has_both_kinds_of_days(self) -> Self:
        days, needed = len(self.daily), self.window + 2
        if days < needed:
            raise ValueError(
                f"a window of {self.window} days needs at least {needed} days (one label to train on and one unseen), "
                f"and {self.daily.name} has {days}; "
                + (f"a window of {days - 2} or less would do" if days > 2 else "no window is short enough for that")
            )
        first, last = self.daily.start + timedelta(days=self.window + 1), self.daily.end
        if not first <= self.first_unseen <= last:
            raise ValueError(
                f"unseen_from is {self.first_unseen}; with a window of {self.window} days over {self.daily.start} to "
                f"{last} it must lie from {first} to {last}, so that there are labels on both sides"
            )
        gap = self._gap_before(self.first_unseen)
        if gap < self.first_unseen:
            after = self._first_given(self.first_unseen)
            would_do = [str(day) for day in (gap, after + timedelta(days=1)) if first <= day <= last]
            raise ValueError(
                f"unseen_from is {self.first_unseen}; days from {gap} on were filled by a line that ends at {after}: "
                "those trained on would know an unseen day; "
                + (f"unseen_from {' or '.join(would_do)} would do" if would_do else "give these days their numbers")
            )
        return self

    @property
    def daily(self) -> DailySeries:
        """The days and their views."""
        return synthetic_views() if self.series == "synthetic" else self.series

    @property
    def synthetic(self) -> bool:
        """Whether the views are made up by our own generator, which is said wherever they are shown."""
        return self.series == "synthetic"

    @property
    def title(self) -> str:
        """What the data is called on the screen: the file's name, or "synthetic daily views"."""
        return self.daily.name

    @property
    def unit(self) -> str:
        """The unit of a label, unscaled."""
        return "views"

    @property
    def first_unseen(self) -> date:
        """The first label day that is not trained on."""
        if self.unseen_from is not None:
            return self.unseen_from
        if self.series == "synthetic":
            return UNSEEN_FROM
        last_fifth = self.series.end - timedelta(days=max(1, (len(self.series) - self.window) // 5) - 1)
        gap = self._gap_before(last_fifth)
        return gap if (gap - self.series.start).days > self.window else last_fifth

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
        return (self.first_unseen - self.daily.start).days - self.window

    @property
    def n_unseen(self) -> int:
        """M: unseen examples."""
        return (self.daily.end - self.first_unseen).days + 1

    @property
    def offset(self) -> float:
        """Views that scale to 0: the mean of the days before ``first_unseen``."""
        return _scaling(self)[0]

    @property
    def scale(self) -> float:
        """Views per unit of label: the standard deviation of the days before ``first_unseen``; 1 if all are equal."""
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
        return self._windows()[: self.examples].copy()

    def labels(self) -> FloatArray:
        """(N,): scaled views of each label day."""
        return self._scaled_days()[self.window :][: self.examples].copy()

    def dates(self) -> DayArray:
        """(N,): the label days trained on."""
        return self.daily.dates()[self.window :][: self.examples]

    def unseen_features(self) -> FloatArray:
        """(M, D), like ``features``. Windows reach back into days trained on: the past is known when one forecasts."""
        return self._windows()[self.examples :].copy()

    def unseen_labels(self) -> FloatArray:
        """(M,): scaled views of each unseen label day."""
        return self._scaled_days()[self.window :][self.examples :].copy()

    def unseen_dates(self) -> DayArray:
        """(M,): the unseen label days."""
        return self.daily.dates()[self.window :][self.examples :]

    def format_column(self, views: Iterable[float]) -> Callable[[float], str]:
        """What writes each of these numbers, or their spreads, in one unit: "0.212k", "0.052k"."""
        return views_column(views, self.offset)

    def format_views(self, views: float) -> str:
        """Views for tables and screens: "0.32k" where a usual day has thousands, else "32"."""
        return views_text(views, self.offset)

    def _scaled_days(self) -> FloatArray:
        """(T,): every day's scaled views."""
        return self.scaled(self.daily.array())

    def _windows(self) -> FloatArray:
        """(N + M, D): a view into the scaled days; the last window has no label and is left out."""
        return sliding_window_view(self._scaled_days(), self.window)[:-1, ::-1]


@lru_cache(maxsize=4)
def _scaling(dataset: DailyViews) -> tuple[float, float]:
    """Mean and standard deviation of the views of the days before the first unseen one."""
    views = dataset.daily.array()[: dataset.window + dataset.examples]
    if (views == views[0]).all():  # whose computed deviation may be a residue of rounding
        return float(views[0]), 1.0
    return float(views.mean()), float(views.std())
