"""Runs on daily views as earlier traces describe them: days trained on and unseen ones, and another made-up series."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gradreel.core.daily.csv_file import read_daily_csv
from gradreel.core.daily.series import DailySeries

SERIES = Path(__file__).with_name("earlier_views.csv")
"""The views that "synthetic" meant before our made-up channel, and where their unseen days began."""
SERIES_UNSEEN_FROM = date(2021, 1, 1)


def is_earlier(experiment: Any) -> bool:
    """Whether an experiment, as plain data, is on daily views of two parts."""
    dataset = experiment.get("dataset") if isinstance(experiment, Mapping) else None
    return isinstance(dataset, Mapping) and dataset.get("kind") == "daily views" and "unseen_from" in dataset


def earlier_as_of_today(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """The same run as plain data of today: the same examples to train on; the first half of the unseen days validates.

    Raises ValueError where there is but one unseen day, or the data are none.
    """
    dataset = dict(experiment["dataset"])
    unseen = dataset.pop("unseen_from")
    made_up = dataset["series"] == "synthetic"
    series = _earlier_series() if made_up else DailySeries.model_validate(dataset["series"])
    if unseen is not None:
        first = date.fromisoformat(unseen)
    elif made_up:
        first = SERIES_UNSEEN_FROM
    else:
        first = _last_fifth(series, dataset["window"])
    days = (series.end - first).days + 1
    if days < 2:
        raise ValueError("dataset: one unseen day alone cannot be for validation and for a test")
    border = _out_of_gaps(series, first + timedelta(days=days // 2), first)
    dataset |= {"series": series.model_dump(mode="json"), "validation_from": str(first), "test_from": str(border)}
    return {**experiment, "dataset": dataset}


def digest_of_earlier(experiment: Mapping[str, Any]) -> str:
    """What such a run's trace is called."""
    text = json.dumps([2, experiment], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _earlier_series() -> DailySeries:
    return read_daily_csv(SERIES).model_copy(update={"name": "synthetic daily views", "column": ""})


def _out_of_gaps(series: DailySeries, border: date, after: date) -> date:
    """``border``, or where a filled line goes over it, that line's first day, or the one after its last."""
    day = timedelta(days=1)
    gap = border
    while gap - day in series.filled:
        gap -= day
    if gap > after:
        return gap
    while border - day in series.filled:
        border += day
    return border


def _last_fifth(series: DailySeries, window: int) -> date:
    """The first unseen day where none was named: that of the last fifth, or of the filled days that end before it."""
    fifth = gap = series.end - timedelta(days=max(1, (len(series) - window) // 5) - 1)
    while gap - timedelta(days=1) in series.filled:
        gap -= timedelta(days=1)
    return gap if (gap - series.start).days > window else fifth
