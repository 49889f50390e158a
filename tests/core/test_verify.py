"""Every update is computed again: one flipped bit in any byte of any file is found and named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.datasets import CurveDataset, PointsDataset, TwoSpirals
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.core.network.training import train
from gradreel.core.trace.columns import checksum
from gradreel.core.trace.environment import environment, environment_text
from gradreel.core.trace.format import column_kinds, sealed_meta
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from gradreel.core.trace.verify_result import Agreement, Problem
from hypothesis import given, settings
from hypothesis import strategies as st

COLUMNS = ["kept", "parameters", "gradient", "batch_loss", "batch", "epoch"]
HEADER = 128  # bytes before the first number
ELSEWHERE = {"processor": "another processor"}


@pytest.fixture
def copy(tiny_trace: Trace, tmp_path: Path) -> Path:
    """Return a copy of the tiny trace that may be damaged."""
    return Path(shutil.copytree(tiny_trace.path, tmp_path / tiny_trace.path.name))


def flip(file: Path, byte: int, bit: int) -> bytes:
    """Flip one bit and return the previous content of the file."""
    before = file.read_bytes()
    after = bytearray(before)
    after[byte] ^= 1 << bit
    file.write_bytes(after)
    return before


def reseal(path: Path, trace: Trace, changes: dict[str, Callable[[np.ndarray], None]], **facts: str) -> None:
    """Change columns and store the checksums of the new content, so that no checksum finds the change.

    ``facts`` replace facts of the environment that the trace names.
    """
    for name, change in changes.items():
        column = np.array(trace.columns[name])
        change(column)
        np.save(path / f"{name}.npy", column)
    kinds = column_kinds(trace.experiment)
    checksums = {name: checksum(path / f"{name}.npy", kind) for name, kind in kinds.items()}
    (path / "meta.json").write_text(sealed_meta(trace.experiment, {**trace.meta["environment"], **facts}, checksums))


@pytest.mark.parametrize("hidden", [(), (3,), (20, 10)])
@pytest.mark.parametrize("batch_size", [0, 6, 7])
@pytest.mark.parametrize("keep", ["every update", {"every": 4}, {"at most": 10_000}])
def test_an_intact_trace_is_exact_bit_for_bit(
    hidden: tuple[int, ...], batch_size: int, keep: object, tmp_path: Path
) -> None:
    experiment = Experiment(
        hidden=hidden,
        batch_size=batch_size,
        epochs=6,
        keep=keep,
        dataset=CurveDataset(examples=20),  # type: ignore[arg-type]
    )
    result = verify(train(experiment, tmp_path).path)
    assert result.exact
    assert result.intact
    assert result.updates == experiment.n_updates
    assert f"{experiment.n_updates} updates computed again: exact" in str(result)


@pytest.mark.parametrize("batch_size", [0, 7])
def test_a_trace_of_two_classes_is_exact_bit_for_bit(batch_size: int, tmp_path: Path) -> None:
    experiment = Experiment(
        dataset=PointsDataset(points=TwoSpirals(points=10, noise=0.1)),
        hidden=(20, 10),
        activation="relu",
        optimizer="adam",
        schedule="cosine",
        loss="bce",
        batch_size=batch_size,
        epochs=6,
        keep={"every": 4},  # type: ignore[arg-type]
    )
    assert verify(train(experiment, tmp_path).path).exact


def test_the_default_trace_is_exact(default_trace: Trace) -> None:
    calls: list[tuple[int, int]] = []
    result = verify(default_trace.path, lambda done, updates: calls.append((done, updates)))
    assert (result.exact, result.updates, result.problems) == (True, 6000, ())
    assert calls[-1] == (6000, 6000)


@pytest.mark.slow
@pytest.mark.parametrize("name", COLUMNS)
def test_a_flipped_bit_in_any_byte_of_a_column_is_found(name: str, copy: Path) -> None:
    file = copy / f"{name}.npy"
    for byte in range(
        0, file.stat().st_size, 5
    ):  # a step that reaches each byte of a number, though not of every number
        before = flip(file, byte, byte * 5 % 8)
        result = verify(copy)
        file.write_bytes(before)
        assert [problem.column for problem in result.problems] == [name], byte
        assert not result.exact
        problem = result.problems[0]
        if byte < HEADER:
            assert "header" in problem.text
        else:
            check_it_is_located(problem, name, byte, file)
    assert verify(copy).exact


def check_it_is_located(problem: Problem, name: str, byte: int, file: Path) -> None:
    """Check that the problem names the changed number: its update, its parameter, and its value."""
    whole = np.load(file)
    index = (byte - HEADER) // whole.dtype.itemsize
    experiment, kept = Trace.open(file.parent).experiment, np.array([0, 5, 10, 12])
    row, column = divmod(index, whole.shape[1]) if whole.ndim == 2 else (index, 0)
    update = {"batch": row * 3 + column // 3, "batch_loss": row, "epoch": row}.get(name, kept[min(row, 3)])
    assert problem.update == update
    assert problem.computed == whole.flat[index]
    assert problem.found != problem.computed or problem.found == 0 or np.isnan(problem.found or 0)
    if name in ("parameters", "gradient"):
        assert problem.parameter == parameter_names(experiment)[column]
    assert f"{name} after {update} updates" in problem.text


@pytest.mark.slow
def test_a_flipped_bit_in_meta_is_found(copy: Path) -> None:
    file = copy / "meta.json"
    for byte in range(0, file.stat().st_size, 3):
        before = flip(file, byte, byte * 3 % 8)
        result = verify(copy)
        file.write_bytes(before)
        assert [problem.column for problem in result.problems] == ["meta.json"], byte
        assert "meta.json" in result.problems[0].text or "format version" in result.problems[0].text
    assert verify(copy).exact


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data())
def test_a_flipped_bit_anywhere_is_found(copy: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["meta.json", *(f"{column}.npy" for column in COLUMNS)]))
    byte = data.draw(st.integers(0, (copy / name).stat().st_size - 1))
    before = flip(copy / name, byte, data.draw(st.integers(0, 7)))
    result = verify(copy)
    (copy / name).write_bytes(before)
    assert [problem.column for problem in result.problems] == [name.removesuffix(".npy")]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_or_truncated_column_is_named(name: str, copy: Path) -> None:
    file = copy / f"{name}.npy"
    content = file.read_bytes()
    file.write_bytes(content[:-8])
    assert f"{name}.npy is truncated" in verify(copy).problems[0].text
    file.unlink()
    result = verify(copy)
    assert result.problems[0].column == name
    assert f"{name}.npy is missing" in str(result)


def test_all_damaged_columns_are_named_at_once(copy: Path) -> None:
    (copy / "epoch.npy").unlink()
    flip(copy / "gradient.npy", 200, 0)
    assert {problem.column for problem in verify(copy).problems} == {"epoch", "gradient"}


def test_meta_that_is_missing_or_of_a_foreign_version_is_named(copy: Path) -> None:
    meta = json.loads((copy / "meta.json").read_text())
    (copy / "meta.json").write_text(json.dumps({**meta, "version": 7}))
    assert "format version 7, this program reads 3" in verify(copy).problems[0].text
    (copy / "meta.json").unlink()
    assert "meta.json is missing" in verify(copy).problems[0].text


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="gradreel train"):
        verify(tmp_path / "none")


@pytest.mark.parametrize(
    ("column", "index", "update", "parameter"),
    [
        ("parameters", (0, 1), 0, "w_2_1"),
        ("parameters", (2, 6), 10, "b"),
        ("parameters", (3, 4), 12, "c_1"),
        ("gradient", (1, 2), 5, "b_1"),
        ("batch_loss", (7,), 7, None),
    ],
)
def test_a_wrong_number_under_right_checksums_is_named(
    column: str, index: tuple[int, ...], update: int, parameter: str | None, copy: Path, tiny_trace: Trace
) -> None:
    def change(values: np.ndarray) -> None:
        values[index] += 1e-6

    reseal(copy, tiny_trace, {column: change})
    Trace.open(copy, checksums=True)
    result = verify(copy)
    assert [(p.column, p.update, p.parameter) for p in result.problems] == [(column, update, parameter)]
    true = getattr(tiny_trace, column)[index]
    assert result.problems[0].computed == true
    assert result.problems[0].found == true + 1e-6


def test_batches_that_do_not_follow_from_the_seed_are_named(copy: Path, tiny_trace: Trace) -> None:
    def swap(batch: np.ndarray) -> None:
        batch[1, [2, 3]] = batch[1, [3, 2]]

    reseal(copy, tiny_trace, {"batch": swap})
    problems = verify(copy).problems
    assert [(p.column, p.update, p.parameter) for p in problems] == [
        ("batch", 3, "example 3"),
        ("batch", 4, "example 1"),
    ]


SPARSE = Experiment(
    dataset=CurveDataset(examples=20), hidden=(8, 8), batch_size=5, epochs=300, optimizer="adam", learning_rate=0.01,
    dtype="float32", keep={"every": 600},
)  # fmt: skip


@pytest.mark.parametrize("column", ["parameters", "batch_loss", "optimizer_state"])
def test_a_number_that_is_a_little_wrong_far_from_any_kept_state_is_named(column: str, tmp_path: Path) -> None:
    trace = train(SPARSE, tmp_path)
    place = {"parameters": (2, 5), "batch_loss": (1190,), "optimizer_state": (2, 150)}[column]

    def change(values: np.ndarray) -> None:
        values[place] = np.nextafter(values[place], np.float32(9), dtype=values.dtype)

    reseal(trace.path, trace, {column: change})
    (problem,) = verify(trace.path).problems
    assert problem.column == column
    assert problem.update == {"batch_loss": 1190}.get(column, 1200)


def test_rounding_of_another_machine_is_no_problem(tmp_path: Path) -> None:
    """Every number of the trace is slightly off, from the first gradient on."""
    trace = train(SPARSE, tmp_path)

    def nudge(values: np.ndarray) -> None:
        values *= 1 + np.random.default_rng(0).normal(scale=1e-6, size=values.shape).astype(values.dtype)

    reseal(trace.path, trace, dict.fromkeys(("gradient", "batch_loss", "optimizer_state"), nudge), **ELSEWHERE)
    result = verify(trace.path)
    assert result.intact and not result.exact


def test_gradients_at_a_minimum_may_consist_of_rounding_errors(tmp_path: Path) -> None:
    """A run has converged, on a machine that adds in another order: relative to itself, every gradient is off."""
    trace = train(Experiment(hidden=(), activation="none", epochs=800, learning_rate=0.05), tmp_path)
    size = np.abs(trace.gradient).max()
    assert np.abs(trace.gradient[-1]).max() < 1e-12 * size

    def nudge(values: np.ndarray) -> None:
        values += np.random.default_rng(0).normal(scale=1e-16, size=values.shape) * size

    reseal(trace.path, trace, {"gradient": nudge}, **ELSEWHERE)
    result = verify(trace.path)
    assert result.intact and not result.exact


def test_a_wrong_distant_state_is_found_although_rounding_differs(tmp_path: Path) -> None:
    trace = train(SPARSE, tmp_path)

    def nudge(values: np.ndarray) -> None:
        values *= 1 + 1e-6

    def wreck(values: np.ndarray) -> None:
        values[2, np.abs(values[2]) > 0.3 * np.abs(values[2]).max()] = 0

    reseal(trace.path, trace, {"gradient": nudge, "parameters": wreck}, **ELSEWHERE)
    assert {problem.column for problem in verify(trace.path).problems} == {"parameters"}


def test_differences_in_the_last_bits_are_reported_as_within_tolerance(copy: Path, tiny_trace: Trace) -> None:
    """The numbers differ as on a machine that rounds differently."""

    def nudge(values: np.ndarray) -> None:
        values[:] = np.nextafter(values, np.inf)

    reseal(copy, tiny_trace, {"gradient": nudge, "batch_loss": nudge}, **ELSEWHERE)
    result = verify(copy)
    assert result.agreement is Agreement.CLOSE
    assert "within tolerance; made with " in str(result)
    made_with, here = result.made_with, environment()
    assert all(words in str(result) for words in (environment_text(made_with, here), environment_text(here, made_with)))


def test_last_bits_that_differ_in_the_same_environment_are_named(copy: Path, tiny_trace: Trace) -> None:
    def nudge(values: np.ndarray) -> None:
        values[1] = np.nextafter(values[1], np.inf)

    reseal(copy, tiny_trace, {"batch_loss": nudge})
    assert [(problem.column, problem.update) for problem in verify(copy).problems] == [("batch_loss", 1)]


def test_equal_bits_of_another_environment_are_exact(copy: Path, tiny_trace: Trace) -> None:
    reseal(copy, tiny_trace, {}, **ELSEWHERE)
    assert verify(copy).exact


@pytest.mark.parametrize(("column", "place"), [("kept", (1,)), ("epoch", (3,)), ("batch", (1, 2))])
def test_integers_have_no_tolerance_in_any_environment(
    column: str, place: tuple[int, ...], copy: Path, tiny_trace: Trace
) -> None:
    def change(values: np.ndarray) -> None:
        values[place] += 1

    reseal(copy, tiny_trace, {column: change}, **ELSEWHERE)
    assert [problem.column for problem in verify(copy).problems] == [column]


@pytest.mark.parametrize("column", ["parameters", "gradient", "batch_loss"])
def test_only_the_damaged_number_of_another_environment_is_named(column: str, copy: Path, tiny_trace: Trace) -> None:
    """All numbers differ in their last bits; one has a flipped bit in its lowest byte or in its exponent."""

    def nudge(values: np.ndarray) -> None:
        values[:] = np.nextafter(values, np.inf)

    reseal(copy, tiny_trace, dict.fromkeys(("parameters", "gradient", "batch_loss"), nudge), **ELSEWHERE)
    for byte, located in ((HEADER + 8, False), (HEADER + 15, True)):
        before = flip(copy / f"{column}.npy", byte, 4)
        problems = verify(copy).problems
        (copy / f"{column}.npy").write_bytes(before)
        assert [(problem.column, problem.found is not None) for problem in problems] == [(column, located)]
    assert verify(copy).agreement is Agreement.CLOSE


def test_verification_of_a_random_trace_stops_early(default_trace: Trace, tmp_path: Path) -> None:
    path = Path(shutil.copytree(default_trace.path, tmp_path / "copy"))

    def scramble(values: np.ndarray) -> None:
        values[:] = 0.5

    reseal(path, default_trace, {"parameters": scramble})
    result = verify(path)
    assert len(result.problems) == 100
    assert result.updates < 6000
