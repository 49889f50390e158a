"""An added field changes no existing digest, and existing traces are read with it."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
import pytest
import torch
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset, DigitsDataset, PointsDataset, TwoSpirals
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment, KeepAtMost, KeepEvery, StepSchedule
from gradreel.core.network.training import train
from gradreel.core.point_generators import Blobs, Checkerboard, Moons, Rings, Spirals
from gradreel.core.run_data import Absent, RunData
from gradreel.core.trace import format as format_module
from gradreel.core.trace.format import META, _canonical_json, seal_of
from gradreel.core.trace.recorded_run import RecordedPart, RecordedRun
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.core.trace.verify import verify
from pydantic import BaseModel

DAYS = DailySeries(start=date(2020, 1, 1), values=tuple(map(float, range(30))), name="views.csv")


class LaterCurve(CurveDataset):
    noise: Annotated[float, Absent(0.0)] = 0.5  # differs from the value of its absence


class LaterSpirals(TwoSpirals):
    arms: Annotated[int, Absent(2)] = 2


class LaterPoints(PointsDataset):
    points: Any = None
    class_names: Annotated[tuple[str, ...], Absent(())] = ()


class LaterSeries(DailySeries):
    unit: Annotated[str, Absent("views")] = "views"


class LaterViews(DailyViews):
    series: Literal["synthetic"] | LaterSeries = "synthetic"
    holidays: Annotated[bool, Absent(False)] = False


class LaterSteps(StepSchedule):
    warm_up: Annotated[int, Absent(0)] = 0


class LaterEvery(KeepEvery):
    validation: Annotated[bool, Absent(False)] = False


class LaterAtMost(KeepAtMost):
    validation: Annotated[bool, Absent(False)] = False


class Later(Experiment):
    """An experiment of a later program: each part has one more field."""

    dataset: LaterCurve | LaterViews | LaterPoints = LaterCurve()
    schedule: Literal["constant"] | LaterSteps = "constant"
    keep: Literal["every update"] | LaterEvery | LaterAtMost = "every update"
    weight_decay: Annotated[float, Absent(0.0)] = 0.01
    betas: Annotated[tuple[float, float], Absent((0.9, 0.999))] = (0.9, 0.999)
    clip: Annotated[float | None, Absent(None)] = None


PAIRS = [
    (CurveDataset(), LaterCurve(noise=0.0)),
    (PointsDataset(points=TwoSpirals(points=5)), LaterPoints(points=LaterSpirals(points=5))),
    (DailyViews(series=DAYS, window=3), LaterViews(series=LaterSeries(**DAYS.model_dump()), window=3)),
    (StepSchedule(step=3), LaterSteps(step=3)),
    (KeepEvery(every=3), LaterEvery(every=3)),
    (KeepAtMost(at_most=30), LaterAtMost(at_most=30)),
]


@pytest.mark.parametrize(("today", "later"), PAIRS, ids=lambda part: type(part).__name__)
def test_an_added_field_at_its_absent_value_does_not_change_the_digest(today: RunData, later: RunData) -> None:
    assert later.digest_of(3) == today.digest_of(3)
    (added,) = type(later).model_fields.keys() - type(today).model_fields.keys()
    assert added in later.described(), "meta.json has all fields"
    another = {"noise": 1.0, "class_names": ("a",), "warm_up": 1}.get(added, True)
    assert later.model_copy(update={added: another}).digest_of(3) != today.digest_of(3)


def test_an_added_field_at_its_absent_value_does_not_change_the_digest_of_the_whole() -> None:
    today = Experiment(schedule=StepSchedule(step=3), keep=KeepEvery(every=3))
    later = Later(
        dataset=LaterCurve(noise=0.0), schedule=LaterSteps(step=3), keep=LaterEvery(every=3), weight_decay=0.0
    )
    assert later.digest == today.digest
    assert Later(dataset=LaterCurve(), weight_decay=0.0).digest != Experiment().digest
    assert Later(dataset=LaterCurve(noise=0.0)).digest != Experiment().digest


def test_a_changed_default_leaves_digests_as_they_are() -> None:
    class Other(Experiment):
        learning_rate: float = 0.3

    assert Other(learning_rate=0.1).digest == Experiment().digest
    assert Other().digest == Experiment(learning_rate=0.3).digest


@pytest.fixture
def later_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read traces as `Later` experiments."""

    class Given(format_module._StatedRun):
        experiment: Later | None = None

    monkeypatch.setattr(format_module, "_StatedRun", Given)


def test_a_trace_without_the_fields_is_read_with_the_values_of_their_absence(
    tiny_trace: Trace, later_program: None
) -> None:
    experiment = Trace.open(tiny_trace.path, checksums=True).experiment
    assert isinstance(experiment, Later) and isinstance(experiment.dataset, LaterCurve)
    assert (experiment.weight_decay, experiment.dataset.noise, experiment.clip) == (0.0, 0.0, None)
    assert experiment.digest == tiny_trace.path.name
    assert Trace.find(tiny_trace.path.parent, experiment).path == tiny_trace.path
    assert verify(tiny_trace.path).exact


def changed(trace: Trace, folder: Path, change: Any) -> Path:
    """Return a copy of the trace with a changed and newly sealed ``meta.json``."""
    path = Path(shutil.copytree(trace.path, folder / trace.path.name))
    meta = json.loads((path / META).read_text())
    del meta["checksum"]
    change(meta)
    (path / META).write_text(_canonical_json({**meta, "checksum": seal_of(_canonical_json(meta))}))
    return path


def test_a_trace_with_another_value_is_another_run(tiny_trace: Trace, tmp_path: Path, later_program: None) -> None:
    path = changed(tiny_trace, tmp_path, lambda meta: meta["experiment"].update(weight_decay=0.1))
    with pytest.raises(TraceError, match="contradicts itself"):
        read_meta(path)


def test_a_trace_without_an_original_field_is_refused(tiny_trace: Trace, tmp_path: Path) -> None:
    path = changed(tiny_trace, tmp_path, lambda meta: meta["experiment"].pop("loss"))
    with pytest.raises(TraceError, match="loss is missing"):
        read_meta(path)


def test_a_new_entry_of_meta_json_may_be_missing_in_old_traces(tiny_trace: Trace, tmp_path: Path) -> None:
    path = changed(tiny_trace, tmp_path, lambda meta: meta.pop("outputs"))
    assert read_meta(path)[1] == tiny_trace.run


def test_an_unknown_entry_is_refused(tiny_trace: Trace, tmp_path: Path) -> None:
    path = changed(tiny_trace, tmp_path, lambda meta: meta.update(comment="mine"))
    with pytest.raises(TraceError, match="contradicts itself"):
        read_meta(path)


@pytest.mark.parametrize(
    ("experiment", "digest"),
    [
        (Experiment(), "287b3da340c332751669c220ed522f96"),
        (
            Experiment(hidden=(5, 2), keep={"every": 3}, schedule={"step": 2}, batch_size=4, optimizer="adam"),
            "45ede393b4a308b3bcf65b3cf7500a73",
        ),
        (Experiment(dataset=PointsDataset(), loss="bce", keep={"at most": 10**6}), "2f8bc299b6314dd216a9874cc5662021"),
        (Experiment(dataset=PointsDataset(points=[[1, 2, 0], [3, 4, 1]])), "924d912564bfcc79dde23328550a34a4"),
        (Experiment(dataset=DailyViews(series=DAYS, window=3)), "9378b0867e265797ee171ad60cf96582"),
        (Experiment(dataset=DailyViews()), "bd51b2ecac70082bfb57bbf9f3413039"),
        (Experiment(dataset=DigitsDataset(), loss="ce"), "e67ea824142febca818283c577d16111"),
    ],
    ids=["curve", "settings", "spirals", "points", "days", "synthetic", "digits"],
)  # type: ignore[arg-type]
def test_digests_of_this_format_never_change(experiment: Experiment, digest: str) -> None:
    """If this fails, a field was added without `Absent` or a rule was changed, and existing traces lose their run.

    Only another FORMAT_VERSION may change these digests.
    """
    assert experiment.digest == digest


def test_every_part_of_an_experiment_follows_the_rule() -> None:
    def parts(annotation: Any) -> set[type]:
        inner = {part for argument in get_args(annotation) for part in parts(argument)}
        if isinstance(annotation, type) and issubclass(annotation, RunData):
            fields = annotation.model_fields.values()
            return {annotation, *inner, *(part for field in fields for part in parts(field.annotation))}
        assert not (isinstance(annotation, type) and issubclass(annotation, BaseModel)), f"{annotation} is no RunData"
        return inner

    assert parts(Experiment) == {
        Experiment, CurveDataset, PointsDataset, TwoSpirals, Moons, Rings, Blobs, Checkerboard, Spirals, DailyViews,
        DailySeries, DigitsDataset, StepSchedule, KeepEvery, KeepAtMost,
    }  # fmt: skip


def test_the_users_points_are_a_column_and_meta_has_their_checksum(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(300, 3))
    experiment = Experiment(dataset=PointsDataset(points=rows), epochs=3)  # type: ignore[arg-type]
    trace = train(experiment, tmp_path)
    assert Trace.find(tmp_path, experiment, checksums=True).run == experiment
    np.testing.assert_array_equal(np.load(trace.path / "points.npy"), rows)
    assert trace.meta["columns"]["points"]["shape"] == [300, 3]
    assert len((trace.path / META).read_text()) < 4000
    assert verify(trace.path).exact
    assert Experiment(dataset=PointsDataset(points=rows + 0.0), epochs=3).digest == trace.path.name  # type: ignore[arg-type]
    assert Experiment(dataset=PointsDataset(points=rows + 1e-12), epochs=3).digest != trace.path.name  # type: ignore[arg-type]


def test_a_later_program_with_more_fields_reads_a_recorded_trace(
    record_loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LaterPart(RecordedPart):
        device: str = "cpu"

    class LaterRun(RecordedRun):
        parts: tuple[LaterPart, ...]
        class_names: tuple[str, ...] = ()

    class Given(format_module._StatedRun):
        recorded: LaterRun | None = None

    path = record_loop(tmp_path / "run", lambda parameters: torch.optim.Adam(parameters), 5)
    monkeypatch.setattr(format_module, "_StatedRun", Given)
    run = Trace.open(path, checksums=True).run
    assert isinstance(run, LaterRun) and (run.class_names, run.parts[0].device) == ((), "cpu")
    assert verify(path).intact
