"""Reads a user's daily views from a CSV file; they replace those of a lesson's runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from gradreel.core.daily.csv_file import CsvFormat, read_daily_csv
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import Borders, DailyViews
from gradreel.core.errors import UserError
from gradreel.render.lessons.tables import DAILY_VIEWS, beside, datasets_in
from pydantic import ValidationError

FORMAT_KEYS = tuple(field.name for field in fields(CsvFormat))
FILE_KEYS = ("data", *FORMAT_KEYS)  # of a dataset in a lesson: its file, and how that is read
EVERY_DEFAULT = Borders()
MOST_NAMED = 8  # stretches of filled days that are named one by one


@dataclass(frozen=True)
class DailyData:
    """A series that replaces every other series, and the days at which its parts begin."""

    series: DailySeries
    borders: Borders = EVERY_DEFAULT

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields that every dataset of daily views takes over. Its window is not among them."""
        days = {name: day.isoformat() if day else None for name, day in asdict(self.borders).items()}
        return {"series": self.series.model_dump(mode="json"), **days}


def series_in(value: Any) -> Iterator[DailySeries]:
    """Yield every valid series in plain data. Invalid ones are skipped: another check reports them."""
    for dataset in datasets_in(value):
        if isinstance(dataset.get("series"), Mapping):
            with suppress(ValidationError):
                yield DailySeries.model_validate(dataset["series"])


def daily_data(data: Path | None, form: CsvFormat, borders: Borders) -> DailyData | None:
    """Return the data of ``--data`` and its options; None without them.

    Raises UserError for a file that cannot be read, or for one of these options without ``--data``.
    """
    if data is not None:
        return DailyData(read_daily_csv(data, form), borders)
    about = {name: getattr(form, name) for name in FORMAT_KEYS} | asdict(borders)
    alone = next((name for name, value in about.items() if value is not None), None)
    if alone is not None:
        raise UserError(f"--{alone} needs --data; name the CSV file of daily views: --data views.csv")
    return None


def daily_views(data: DailyData | None, window: int, borders: Borders) -> DailyViews:
    """Return the dataset of ``data``, or of the synthetic series. Raises UserError if there are too few days."""
    try:
        if data is None:
            return DailyViews(window=window, **asdict(borders))
        return DailyViews(series=data.series, window=window, **asdict(data.borders))
    except ValidationError as error:
        problem = error.errors()[0]
        where = f"--{problem['loc'][0]}: " if problem["loc"] else ""
        raise UserError(where + problem["msg"].removeprefix("Value error, ")) from None


def with_files(folder: Path, value: Any) -> Any:
    """Return a lesson's plain data with the files of its datasets read, relative to ``folder``.

    A dataset ``{kind = "daily views", data = "views.csv"}`` may also have the fields of `CsvFormat`. Raises UserError
    that names the file.
    """
    if isinstance(value, Mapping):
        if value.get("kind") == DAILY_VIEWS:
            value = _with_series_from_file(folder, value)
        return {name: with_files(folder, inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [with_files(folder, inside) for inside in value]
    return value.isoformat() if isinstance(value, date | time) else value  # TOML has these, and JSON does not


def _with_series_from_file(folder: Path, dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataset of daily views with its series read from the file that it names. Raises UserError."""
    keys = (*DailyViews.model_fields, *FILE_KEYS)
    unknown = next((name for name in dataset if name not in keys), None)
    if unknown is not None:
        raise UserError(f"unknown key {unknown} of a dataset of daily views; the keys are: {', '.join(keys)}")
    rest = dict(dataset)
    about = {name: rest.pop(name, None) for name in FILE_KEYS}
    if "data" not in dataset:
        alone = next((name for name in FILE_KEYS if name in dataset), None)
        if alone is not None:
            raise UserError(f'{alone} of a dataset of daily views needs a file; add data = "views.csv"')
        return rest
    wrong = next((name for name, text in about.items() if not isinstance(text, str | None)), None)
    if wrong is not None:
        raise UserError(f"{wrong} of a dataset of daily views must be a text in quotes, found {about[wrong]!r}")
    if "series" in rest:
        raise UserError("a dataset of daily views has both data (a file) and series; remove one of them")
    path = beside(folder, about.pop("data"))
    return {**rest, "series": read_daily_csv(path, CsvFormat(**about)).model_dump(mode="json")}


def filled_text(series: DailySeries) -> str | None:
    """Return a sentence that names the missing days of ``series`` that were filled; None if no day was."""
    if not series.filled:
        return None
    stretches = list(_runs_of_consecutive_days(series.filled))
    named = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in stretches[:MOST_NAMED])
    more = f" and {len(stretches) - MOST_NAMED} more stretches" if len(stretches) > MOST_NAMED else ""
    days = f"{len(series.filled)} missing day{'s were' if len(series.filled) > 1 else ' was'}"
    return f"{series.name}: {days} filled by straight lines: {named}{more}"


def _runs_of_consecutive_days(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and the last day of each run of consecutive days."""
    first = last = days[0]
    for day in days[1:]:
        if day != last + timedelta(days=1):
            yield first, last
            first = day
        last = day
    yield first, last
