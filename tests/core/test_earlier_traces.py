"""Traces of daily views from before there were validation days: opened and verified as they lie there."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import TraceError
from gradreel.core.trace import earlier
from gradreel.core.trace.trace import META, Trace, _seal, _text
from gradreel.core.trace.verify import verify

TRACE = Path(__file__).parent / "traces" / "0dffa3222e72754f23c071a5c619c6e1"


def test_one_on_the_earlier_made_up_series_opens_and_is_computed_again() -> None:
    dataset = Trace.open(TRACE, checksums=True).experiment.dataset
    assert isinstance(dataset, DailyViews)
    assert (dataset.title, dataset.synthetic, dataset.window) == ("synthetic daily views", False, 3)
    assert (dataset.daily.start, dataset.daily.end) == (date(2017, 1, 1), date(2021, 2, 26))
    assert (dataset.first_validation, dataset.first_unseen) == (date(2021, 1, 1), date(2021, 1, 29))
    assert dataset.examples == 1458, "all that it was trained on then"
    assert not verify(TRACE).problems  # to the bit, or, on a processor of another kind, nearly


def rewritten(folder: Path, **dataset: object) -> Path:
    """The trace with other words about its dataset, sealed anew."""
    shutil.copytree(TRACE, folder / "trace")
    meta = json.loads((TRACE / META).read_text())
    del meta["checksum"]
    meta["experiment"]["dataset"] |= dataset
    meta["digest"] = earlier.digest_of_earlier(meta["experiment"])
    (folder / "trace" / META).write_text(_text({**meta, "checksum": _seal(_text(meta))}))
    return folder / "trace"


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ({"unseen_from": "2021-02-26"}, "one unseen day alone"),
        ({"unseen_from": "soon"}, "describes no run of this version"),
        ({"unseen_from": 7}, "describes no run of this version"),
        ({"series": {"start": "2020-01-01"}}, "describes no run of this version"),
        ({"series": 3}, "describes no run of this version"),
        ({"window": "x"}, "describes no run of this version"),
        ({"unseen_from": "2020-01-01"}, "contradicts itself|batch"),
    ],
)
def test_one_that_describes_no_run_is_refused(tmp_path: Path, dataset: dict[str, object], words: str) -> None:
    with pytest.raises(TraceError, match=words):
        Trace.open(rewritten(tmp_path, **dataset))


@pytest.mark.parametrize("days", [12, 60])
def test_one_on_views_from_a_file_is_trained_on_the_days_that_it_was_trained_on(days: int) -> None:
    start = date(2020, 1, 1)
    for filled in ((), (days - 4, days - 3)):
        series = DailySeries(
            start=start,
            values=tuple(float(i * i % 17) for i in range(days)),
            name="mine.csv",
            filled=tuple(start + timedelta(days=i) for i in filled),
        )
        plain = {"kind": "daily views", "series": series.model_dump(mode="json"), "window": 2, "unseen_from": None}
        dataset = DailyViews.model_validate(earlier.earlier_as_of_today({"dataset": plain})["dataset"])
        gap = days - 4 if filled and (days - 2) // 5 in (2, 3) else days - max(1, (days - 2) // 5)
        assert (dataset.first_validation - start).days == gap
        assert dataset.n_validation == (3 if gap == 8 else (days - gap) // 2), "no line reaches over the border"
