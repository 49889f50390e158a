"""Daily counts such as views, visits or sales: one number for each day, without gaps."""

from datetime import date, timedelta
from typing import Annotated, Self, TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.run_data import RunData
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

DayArray: TypeAlias = NDArray[np.datetime64]
"""An array of days, datetime64[D]."""

LARGEST = 1e15
"""Largest number of a day: whole numbers up to here are exact in float64."""
SMALLEST = 1e-100
"""Smallest number of a day other than 0. Squares of the smallest differences of such numbers are still above 0."""
MOST_DAYS = 110_000
"""Most days in a file, 300 years. More days are a sign of a mistyped year."""


def _refuse_too_small(number: float) -> float:
    """Return the number, -0.0 as 0.0.

    Raises ValueError if it is above 0 and smaller than any interpolated number can be.
    """
    if 0 < number < SMALLEST / MOST_DAYS:  # a straight line from 0 to SMALLEST has such numbers
        raise ValueError(f"a day's number is 0 or at least {SMALLEST:g}")
    return number + 0.0  # -0.0 is 0.0


Count = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False), AfterValidator(_refuse_too_small)]


class DailySeries(RunData):
    """One number for each of T consecutive days, from ``start`` on.

    Examples
    --------
    >>> series = DailySeries(start=date(2024, 1, 31), values=(5.0, 7.0), name="sales")
    >>> series.end, len(series)
    (datetime.date(2024, 2, 1), 2)
    """

    start: date = Field(description="the first day")
    values: tuple[Count, ...] = Field(min_length=1, description="each day's number of views")
    name: str = Field(min_length=1, description="what the series is called on the screen, such as its file's name")
    column: str = Field(default="", description="the header that the numbers had in the file; empty without one")
    filled: tuple[date, ...] = Field(
        default=(), description="days that were missing and got the straight line between their neighbours"
    )

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        """Raise ValueError if the days pass the calendar's end, or filled days are out of order or at an end of the
        series.
        """
        if len(self.values) > (date.max - self.start).days:  # there is a day after the last
            raise ValueError(f"{len(self.values)} days from {self.start} on go beyond the calendar's end, {date.max}")
        outside = next((day for day in self.filled if not self.start < day < self.end), None)
        if outside is not None:
            raise ValueError(f"filled: {outside} is not a day between {self.start} and {self.end}")
        if list(self.filled) != sorted(set(self.filled)):
            raise ValueError("filled: days must be in order, each once")
        return self

    def __len__(self) -> int:
        """Return T, the number of days."""
        return len(self.values)

    @property
    def end(self) -> date:
        """Return the last day."""
        return self.start + timedelta(days=len(self.values) - 1)

    def dates(self) -> DayArray:
        """Return each day, (T,), datetime64[D]."""
        return np.datetime64(self.start, "D") + np.arange(len(self.values))

    def array(self) -> FloatArray:
        """Return each day's number, (T,), float64."""
        return np.array(self.values, dtype=np.float64)
