"""Daily counts (views, visits, sales): one number for each day, without gaps."""

from datetime import date, timedelta
from typing import Annotated, Self, TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.run_data import RunData
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

DayArray: TypeAlias = NDArray[np.datetime64]
"""Days, datetime64[D]."""

LARGEST = 1e15
"""No day has more: whole numbers up to here are exact in float64."""
SMALLEST = 1e-100
"""No day has less, but 0: squares of the smallest differences of such numbers, as in deviations, are no zeros yet."""
MOST_DAYS = 110_000
"""A file spans 300 years at most: more is a mistyped year."""


def _zero_or_not_too_small(number: float) -> float:
    if 0 < number < SMALLEST / MOST_DAYS:  # what a straight line from 0 to the smallest may pass
        raise ValueError(f"a day's number is 0 or at least {SMALLEST:g}")
    return number + 0.0  # -0.0 is 0.0


Count = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False), AfterValidator(_zero_or_not_too_small)]


class DailySeries(RunData):
    """One number for each of T days from ``start`` on, without gaps."""

    start: date = Field(description="the first day")
    values: tuple[Count, ...] = Field(min_length=1, description="each day's number of views")
    name: str = Field(min_length=1, description="what the series is called on the screen, such as its file's name")
    column: str = Field(default="", description="the header that the numbers had in the file; empty without one")
    filled: tuple[date, ...] = Field(
        default=(), description="days that were missing and got the straight line between their neighbours"
    )

    @model_validator(mode="after")
    def _days_exist(self) -> Self:
        if len(self.values) > (date.max - self.start).days:  # there is a day after the last
            raise ValueError(f"{len(self.values)} days from {self.start} on go beyond the calendar's end, {date.max}")
        outside = next((day for day in self.filled if not self.start < day < self.end), None)
        if outside is not None:
            raise ValueError(f"filled: {outside} is not a day between {self.start} and {self.end}")
        if list(self.filled) != sorted(set(self.filled)):
            raise ValueError("filled: days must be in order, each once")
        return self

    def __len__(self) -> int:
        return len(self.values)

    @property
    def end(self) -> date:
        """The last day."""
        return self.start + timedelta(days=len(self.values) - 1)

    def dates(self) -> DayArray:
        """(T,): each day, datetime64[D]."""
        return np.datetime64(self.start, "D") + np.arange(len(self.values))

    def array(self) -> FloatArray:
        """(T,): each day's number."""
        return np.array(self.values, dtype=np.float64)
