"""Daily counts (views, visits, sales): one number for each day, without gaps, read from a CSV file."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily_cells import CellError, read_days
from gradreel.core.daily_numbers import FILL, LARGEST, SMALLEST, read_numbers
from gradreel.core.daily_table import read_table
from gradreel.core.errors import UserError
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

DayArray: TypeAlias = NDArray[np.datetime64]
"""Days, datetime64[D]."""

MOST_DAYS = 110_000
"""A file spans 300 years at most: more is a mistyped year."""


def _zero_or_not_too_small(number: float) -> float:
    if 0 < number < SMALLEST / MOST_DAYS:  # what a straight line from 0 to the smallest may pass
        raise ValueError(f"a day's number is 0 or at least {SMALLEST:g}")
    return number + 0.0  # -0.0 is 0.0


Count = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False), AfterValidator(_zero_or_not_too_small)]


class DailySeries(BaseModel):
    """One number for each of T days from ``start`` on, without gaps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: date = Field(description="the first day")
    values: tuple[Count, ...] = Field(min_length=1, description="each day's number of views")
    name: str = Field(min_length=1, description="what the series is called on the screen, such as its file's name")
    column: str = Field(default="", description="the header that the numbers had in the file; empty without one")
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


def read_daily_series(
    path: Path | str,
    fill_missing: Literal["interpolate"] | None = None,
    today: date | None = None,
    column: str | None = None,
) -> DailySeries:
    """The series in a CSV file with a row for each day, such as YouTube Studio and web analytics export.

    Columns are found by their header: the day's ("Date", "Datum", "日期"), and the one named ``column``, or else the
    views ("Views", "Aufrufe", "观看次数"), or else the only one with digits; ``column`` of the result says which. Two
    columns, the day first, need no header. Rows go from the oldest day to the newest, or all the other way round. Days
    after ``today`` (by default today) are refused. Days without a row are an error, or get the straight line between
    their neighbours ("interpolate") and are listed in ``filled``. Numbers that may be thousands or decimals (1.234) are
    refused unless the file tells. UserError: file, row, what was found and what would do.
    """
    file = Path(path)
    table = read_table(file, column)
    numbers = table.numbers
    try:
        days = read_days(table.days)
        counts = read_numbers(table.counts, table.separator, table.cells())
    except CellError as error:
        raise UserError(f"{file}, row {numbers[error.index]}: {error}") from None
    if len(days) > 1 and days[0] > days[-1]:
        days, counts, numbers = days[::-1], counts[::-1], numbers[::-1]
    _check_order(file, days, numbers, today or date.today())
    missing = _missing(file, days, numbers, interpolated=fill_missing is not None)
    every_day = [days[0] + timedelta(days=i) for i in range((days[-1] - days[0]).days + 1)] if missing else days
    values = np.interp([day.toordinal() for day in every_day], [day.toordinal() for day in days], counts)
    name = file.name.encode("utf-8", "replace").decode()  # a name that is no Unicode cannot be shown
    return DailySeries(
        start=days[0], values=tuple(values.tolist()), name=name, column=table.column, filled=tuple(missing)
    )


def _check_order(file: Path, days: list[date], numbers: list[int], today: date) -> None:
    """Days must increase and be past. ``numbers`` are the rows', which may run backwards."""
    for number, day in zip(numbers, days, strict=True):
        if day > today:
            raise UserError(f"{file}, row {number}: {day} is after today, {today}; remove it or correct its year")
    row_of: dict[date, int] = {}
    for i, (number, day) in enumerate(zip(numbers, days, strict=True)):
        if day in row_of:
            first, second = sorted((number, row_of[day]))
            raise UserError(
                f"{file}, row {second}: {day} is there already, in row {first}; there must be one row for each day "
                "(of YouTube Studio's exports take the tab Date, or Totals.csv, which have one number a day)"
            )
        if i and day < days[i - 1]:
            raise UserError(
                f"{file}, row {number}: {day} stands next to {days[i - 1]} of row {numbers[i - 1]}; "
                "sort the rows by day"
            )
        row_of[day] = number
    if (days[-1] - days[0]).days >= MOST_DAYS:
        raise UserError(
            f"{file}, row {numbers[0]}: {days[0]} is more than {MOST_DAYS} days before {days[-1]} of row "
            f"{numbers[-1]}; correct the year of one of them"
        )


def _missing(file: Path, days: list[date], numbers: list[int], *, interpolated: bool) -> list[date]:
    """The days without a row, in order. UserError if there are any, unless they are to be interpolated."""
    gaps = [i for i, (day, following) in enumerate(pairwise(days)) if (following - day).days > 1]
    missing = [days[i] + timedelta(days=k) for i in gaps for k in range(1, (days[i + 1] - days[i]).days)]
    if missing and not interpolated:
        i = gaps[0]
        raise UserError(
            f"{file}: {missing[0]} is missing between rows {numbers[i]} ({days[i]}) and {numbers[i + 1]} "
            f"({days[i + 1]}); days missing in all: {len(missing)}. Add the rows, or let straight lines fill them: "
            f"{FILL}"
        )
    return missing
