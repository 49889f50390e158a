"""Daily counts (views, visits, sales): one number for each day, without gaps."""

from datetime import date, timedelta
from typing import Annotated, Self, TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

DayArray: TypeAlias = NDArray[np.datetime64]
"""Days, datetime64[D]."""

LARGEST = 1e15
"""No day has more: whole numbers up to here are exact in float64, with room for their sums and squares."""

Count = Annotated[
    float, Field(ge=0, le=LARGEST, allow_inf_nan=False), AfterValidator(lambda number: number + 0.0)  # -0.0 is 0.0
]  # fmt: skip


class DailySeries(BaseModel):
    """One number for each of T days from ``start`` on, without gaps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: date = Field(description="the first day")
    values: tuple[Count, ...] = Field(min_length=1, description="each day's number of views")
    name: str = Field(min_length=1, description="what the series is called on the screen, such as its file's name")
    filled: tuple[date, ...] = Field(
        default=(), description="days that were missing and got the straight line between their neighbours"
    )

    @model_validator(mode="after")
    def _days_exist(self) -> Self:
        if len(self.values) - 1 > (date.max - self.start).days:
            raise ValueError(f"{len(self.values)} days from {self.start} on go beyond the calendar's end, {date.max}")
        outside = next((day for day in self.filled if not self.start <= day <= self.end), None)
        if outside is not None:
            raise ValueError(f"filled: {outside} is not a day of the series, {self.start} to {self.end}")
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
