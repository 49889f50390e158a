"""Traces that come from anybody: opened and verified in bounded time and memory, and whatever is odd is named."""

import base64
import copy
import hashlib
import json
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.datasets import CurveDataset, PointsDataset, TwoSpirals
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.recording.recording import record
from gradreel.core.trace.columns import checksum
from gradreel.core.trace.environment import MOST_FACTS, MOST_LETTERS, environment
from gradreel.core.trace.format import MOST_META, _with_points, column_kinds, sealed_meta
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.core.trace.verify import verify
from gradreel.core.trace.verify_result import Agreement
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

SHORT = Experiment(dataset=CurveDataset(examples=5), hidden=(2,), batch_size=2, epochs=2, optimizer="adam")
COLUMNS = column_kinds(SHORT)
POINTS = Experiment(
    dataset=PointsDataset(points=TwoSpirals(points=3).rows()),
    loss="bce",
    hidden=(2,),
    batch_size=2,
    epochs=2,  # type: ignore[arg-type]
)
fuzzed = settings(max_examples=30)


def loop(path: Path, make: Any, *more: torch.nn.Module, updates: int = 4) -> Path:
    """A recorded run of two layers, and more."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1), *more)
    optimizer = make(model)
    with record(model, optimizer, path) as recording:
        for k in range(updates):
            optimizer.zero_grad()
            loss = model(torch.ones(3, 2)).square().mean()
            loss.backward()
            optimizer.step()
            recording.log(loss=loss, epoch=0, batch=[k, 0], **({"accuracy": 0.5} if more else {}))
    return path


MADE = {
    "trained": lambda path: train(SHORT, path).path,
    "points": lambda path: train(POINTS, path).path,
    "adam": lambda path: loop(path, lambda model: torch.optim.Adam(model.parameters())),
    "sgd": lambda path: loop(path, lambda model: torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)),
    "buffers": lambda path: loop(path, lambda model: torch.optim.SGD(model.parameters()), torch.nn.BatchNorm1d(1)),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each kind; to copy."""
    return {name: make(tmp_path_factory.mktemp(name) / "run") for name, make in MADE.items()}


@pytest.fixture(params=MADE)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def trace(kind: str, sound: dict[str, Path], tmp_path: Path) -> Path:
    """To damage."""
    return Path(shutil.copytree(sound[kind], tmp_path / "hostile"))


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Limit the process to two gigabytes more memory than it uses now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def resealed(path: Path, meta: dict[str, Any]) -> None:
    """``meta`` as if it had always been there: what follows from its run said anew, if that is one at all."""
    try:
        run = (
            RecordedRun.model_validate(meta["recorded"])
            if "recorded" in meta
            else Experiment.model_validate(_with_points(path, meta)["experiment"])
        )
        text = sealed_meta(run, meta["environment"], {name: column["xxh3"] for name, column in meta["columns"].items()})
    except Exception:
        text = sealed_as_it_is(meta)
    (path / "meta.json").write_text(text, encoding="ascii")


def sealed_as_it_is(meta: dict[str, Any]) -> str:
    """The text of ``meta`` with a checksum that fits, whatever it says."""
    meta = {key: value for key, value in meta.items() if key != "checksum"}
    seal = hashlib.sha256((json.dumps(meta, indent=1) + "\n").encode()).hexdigest()
    return json.dumps({**meta, "checksum": seal}, indent=1) + "\n"


def with_column(path: Path, name: str, numbers: np.ndarray) -> None:
    """Other numbers in a column, sealed as if they had always been there."""
    meta, run = read_meta(path)
    np.save(path / f"{name}.npy", numbers)
    sums = {name: checksum(path / f"{name}.npy", column) for name, column in column_kinds(run).items()}
    (path / "meta.json").write_text(sealed_meta(run, meta["environment"], sums))


def places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of keys and indices to each value in JSON."""
    if place:
        yield place
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(child, (*place, key))


def read(path: Path) -> None:
    """All that a trace gives, or a TraceError that can be printed."""
    try:
        trace = Trace.open(path, checksums=True)
        trace.state_dict(0)
        trace.examples(0)
        if isinstance(trace.run, Experiment):
            trace.run.dataset.features()
        str(trace.metrics)
    except TraceError as error:
        str(error).encode()


def at(node: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        node = node[key]
    return node


ODD: list[Any] = [
    None, True, -1, 0, 1, 5, 2**31, 2**63, 10**400, -1.5, 1e308, float("nan"), "abc", "", "nan", "\x1b[31m", "\ud800",
    "../../etc", [], {}, [0], [-1], [9], [2**40], [[1, 2]], {"every": 2}, {"a": 1}, "torch.optim.sgd.SGD", "float16",
    "torch.optim.adam.Adam", "RMSprop", "float8_e5m2", "float64", "int64", 0.999, 4, [0.5, 5.0], [0.0, "inf"],
]  # fmt: skip


@fuzzed
@given(data=st.data())
def test_whatever_is_odd_in_a_resealed_meta_is_a_problem_or_no_matter_and_raises_nothing(
    data: st.DataObject, kind: str, sound: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "hostile"
    if not path.exists():
        shutil.copytree(sound[kind], path)
    meta = json.loads((sound[kind] / "meta.json").read_text())
    for _ in range(data.draw(st.integers(1, 2))):
        every = list(places(meta))
        place = data.draw(st.sampled_from(every))
        parent = at(meta, place[:-1])
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            del parent[place[-1]]
        else:
            parent[place[-1]] = copy.deepcopy(
                data.draw(st.one_of(st.sampled_from(ODD), st.sampled_from(every).map(lambda other: at(meta, other))))
            )
        if not isinstance(meta, dict) or not list(places(meta)):
            break
    resealed(path, meta)
    str(verify(path)).encode()
    read(path)


def test_an_unprintable_dtype_is_escaped_in_the_message(sound: dict[str, Path], tmp_path: Path) -> None:
    path = Path(shutil.copytree(sound["sgd"], tmp_path / "hostile"))
    meta = json.loads((path / "meta.json").read_text())
    meta["recorded"]["parts"][-1]["dtype"] = "\ud800"
    resealed(path, meta)
    with pytest.raises(TraceError, match=r"has no attribute '\\ud800'"):
        Trace.open(path).state_dict(0)


@fuzzed
@given(data=st.data())
def test_any_value_in_a_resealed_column_raises_nothing(
    data: st.DataObject, kind: str, sound: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "hostile"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(sound[kind], path)
    name = data.draw(st.sampled_from(sorted(column_kinds(read_meta(path)[1]))))
    numbers = np.load(path / f"{name}.npy")
    bits = numbers.reshape(-1).view(f"i{numbers.itemsize}")
    if bits.size:
        largest = 2 ** (8 * numbers.itemsize - 1)
        bits[data.draw(st.integers(0, bits.size - 1)) :] = data.draw(st.integers(-largest, largest - 1))
    with_column(path, name, numbers)
    str(verify(path)).encode()
    read(path)


DAYS = {"start": "9999-11-28", "values": [*range(32)], "name": "last days", "filled": ["9999-12-20"]}
VIEWS = Experiment.model_validate({"dataset": {"kind": "daily views", "series": DAYS, "window": 3}}).model_dump(
    mode="json"
)
DATES = ["9999-12-31", "9999-12-28", "0001-01-01", ["9999-12-29", "9999-12-30", "9999-12-31"], ["9999-12-29"]]


@settings(fuzzed, max_examples=500)
@given(data=st.data())
def test_any_described_experiment_is_valid_or_refused(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([VIEWS, SHORT.model_dump(mode="json")]).map(copy.deepcopy))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(list(places(content))))
        at(content, place[:-1])[place[-1]] = copy.deepcopy(data.draw(st.sampled_from(DATES + ODD)))
    try:
        experiment = Experiment.model_validate(content)
    except ValidationError:
        return
    sealed_meta(experiment, {}, dict.fromkeys(column_kinds(experiment), ""))


def changed(path: Path, *place: Any, to: Any) -> Path:
    meta = json.loads((path / "meta.json").read_text())
    at(meta, place[:-1])[place[-1]] = to
    resealed(path, meta)
    return path


GROUP = ("recorded", "optimizers", 0, "groups", 0)


@pytest.mark.parametrize("kind", ["sgd"], indirect=True)
@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*GROUP, "settings"), {}),
        ((*GROUP, "settings", "momentum"), "abc"),
        ((*GROUP, "settings", "weight_decay"), 1e300),
        ((*GROUP, "parts"), [9]),
        (("recorded", "optimizers"), 5),
        (("recorded", "optimizers"), []),
        (("recorded", "first_nan_loss"), 4),
        (("recorded", "updates"), 0),
    ],
)
def test_an_impossible_recording_is_a_problem(trace: Path, place: tuple[Any, ...], value: Any) -> None:
    result = verify(changed(trace, *place, to=value))
    assert result.problems and result.agreement is None, str(result)


@pytest.mark.parametrize("kind", ["sgd"], indirect=True)
def test_without_a_known_rate_nothing_is_computed(trace: Path) -> None:
    for name in ("parameters", "gradient"):
        with_column(trace, name, np.zeros_like(np.load(trace / f"{name}.npy")))
    changed(trace, *GROUP, "settings", "lr", to="nan")
    assert (verify(trace).updates, verify(trace).agreement) == (0, Agreement.NOT_COMPUTED)


@pytest.mark.parametrize("kind", ["sgd"], indirect=True)
def test_text_that_would_control_a_terminal_is_escaped(trace: Path, gradreel: Any) -> None:
    part = "0.weight\x1b[2J\x1b]0;mine\x07"
    changed(trace, "recorded", "parts", 0, "name", to=part)
    numbers = np.load(trace / "parameters.npy")
    numbers[2] = np.nan
    with_column(trace, "parameters", numbers)
    result = gradreel("verify", str(trace))
    assert result.exit_code == 1 and "\x1b" not in result.output and r"0.weight\x1b[2J" in result.output


@pytest.mark.parametrize("kind", ["adam"], indirect=True)
def test_unusable_betas_are_a_problem(trace: Path) -> None:
    result = verify(changed(trace, *GROUP, "settings", "betas", to=[1.0, 2.0]))
    assert "Adam of these settings makes no update" in str(result)


@pytest.mark.parametrize("name", ["meta.json", "kept.npy", "parameters.npy"])
@pytest.mark.parametrize("kind", ["sgd"], indirect=True)
def test_a_fifo_is_not_waited_for(trace: Path, name: str) -> None:
    (trace / name).unlink()
    os.mkfifo(trace / name)
    with pytest.raises(TraceError, match=f"{name} cannot be read: not a regular file"):
        Trace.open(trace)
    assert name in str(verify(trace))


PLACE = ("experiment", "dataset", "points")


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("kind", ["points"], indirect=True)
@pytest.mark.parametrize(
    "shape",
    [
        [2**40, 2**40], [10**400, 1], [6, 2], [7, 3], [0, 3], [-6, -3], [True, 18], [6.0, 3], [18], "63", None,
        [], {}, {"shape": [6, 3]}, {"float64": "", "shape": []},
    ],
)  # fmt: skip
def test_points_of_a_wrong_shape_are_refused_in_little_memory(trace: Path, shape: Any) -> None:
    changed(trace, *PLACE, *([] if isinstance(shape, dict) else ["shape"]), to=shape)
    with pytest.raises(TraceError):
        Trace.open(trace)
    assert verify(trace).problems


@pytest.mark.parametrize("kind", ["points"], indirect=True)
def test_points_stored_in_meta_are_refused(trace: Path) -> None:
    """Only the column has them."""
    rows = np.load(trace / "points.npy")
    text = base64.b64encode(rows.tobytes()).decode()
    meta = json.loads((trace / "meta.json").read_text())
    meta["experiment"]["dataset"]["points"] = {"shape": list(rows.shape), "float64": text}
    (trace / "meta.json").write_text(sealed_as_it_is(meta))
    with pytest.raises(TraceError, match="contradicts itself"):
        Trace.open(trace)


@pytest.mark.parametrize("kind", ["points"], indirect=True)
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_points_that_are_no_numbers_are_refused_under_right_checksums(trace: Path, number: float) -> None:
    rows = np.load(trace / "points.npy")
    rows[2, 1] = number
    np.save(trace / "points.npy", rows)
    changed(trace, *PLACE, "sha256", to=hashlib.sha256(rows.tobytes()).hexdigest())
    with pytest.raises(TraceError, match="not a finite number"):
        Trace.open(trace)
    assert [problem.column for problem in verify(trace).problems] == ["points"]


@pytest.mark.parametrize("kind", ["points"], indirect=True)
@pytest.mark.parametrize("damage", ["missing", "fifo", "device", "flipped", "short", "header"])
def test_damaged_points_are_named(trace: Path, damage: str) -> None:
    file = trace / "points.npy"
    content = file.read_bytes()
    if damage in ("missing", "fifo", "device"):
        file.unlink()
    if damage == "fifo":
        os.mkfifo(file)
    elif damage == "device":
        file.symlink_to("/dev/zero")
    elif damage != "missing":
        flipped = bytes([*content[:-3], content[-3] ^ 1, *content[-2:]])
        file.write_bytes({"flipped": flipped, "short": content[:-8], "header": b"x" + content[1:]}[damage])
    with pytest.raises(TraceError, match=r"points\.npy"):
        Trace.open(trace)
    assert [problem.column for problem in verify(trace).problems] == ["points"]


@pytest.mark.parametrize("kind", ["trained", "sgd"], indirect=True)
@pytest.mark.parametrize(
    "facts",
    [
        {str(i): "" for i in range(MOST_FACTS + 1)},
        {"processor": "x" * (MOST_LETTERS + 1)},
        {"x" * (MOST_LETTERS + 1): ""},
        {"torch": 2.13},
        [],
        None,
    ],
    ids=["many", "long", "long name", "number", "list", "none"],
)
def test_an_environment_that_no_run_has_is_refused(trace: Path, facts: Any) -> None:
    with pytest.raises(TraceError, match="environment"):
        Trace.open(changed(trace, "environment", to=facts))


@pytest.mark.parametrize("kind", ["trained"], indirect=True)
def test_an_environment_that_would_steer_a_terminal_is_spelled_out(trace: Path, gradreel: Any) -> None:
    facts = dict.fromkeys(("processor", "torch", "capability", "mkl"), "\x1b[2J\x1b]0;x\x07\n")
    changed(trace, "environment", to=facts)
    numbers = np.load(trace / "gradient.npy")
    with_column(trace, "gradient", np.nextafter(numbers, np.inf))
    result = gradreel("verify", str(trace))
    assert result.exit_code == 0 and "within tolerance" in result.output
    assert "\x1b" not in result.output and r"\x1b[2J" in result.output


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("kind", ["trained", "sgd"], indirect=True)
def test_a_huge_meta_takes_no_memory(trace: Path) -> None:
    os.truncate(trace / "meta.json", 60 * 10**9)
    with pytest.raises(TraceError, match=f"60000000000 bytes, at most {MOST_META}"):
        Trace.open(trace)
    assert verify(trace).problems


@pytest.mark.parametrize("kind", ["sgd"], indirect=True)
def test_meta_that_is_nested_without_end_is_named(trace: Path) -> None:
    for depth in (100, 400, 900, 1100, 100_000):
        (trace / "meta.json").write_text('{"a": ' + "[" * depth + "]" * depth + "}")
        with pytest.raises(TraceError, match=r"meta\.json"):
            Trace.open(trace)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("kind", ["sgd"], indirect=True)
def test_a_sparse_column_that_is_nearly_empty_on_disk_is_refused(trace: Path) -> None:
    meta, run = read_meta(trace)
    assert isinstance(run, RecordedRun)
    longer = run.model_copy(update={"updates": 10**9})
    for name, column in column_kinds(longer).items():
        with (trace / f"{name}.npy").open("r+b") as file:
            file.write(column.header)
            file.truncate(column.n_bytes)
    sums = {name: column["xxh3"] for name, column in meta["columns"].items()}
    (trace / "meta.json").write_text(sealed_meta(longer, meta["environment"], sums))
    with pytest.raises(TraceError, match=r"kept.npy is sparse: 8\d+ bytes"):
        Trace.open(trace)
    assert verify(trace).problems


def test_omitted_gradients_of_zero_are_no_fault(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("gradreel.core.trace.columns._SMALL", 0)
    model = torch.nn.Sequential(torch.nn.Linear(1000, 100), torch.nn.Linear(100, 1, bias=False))
    torch.nn.init.ones_(model[1].weight)  # of zeros times a negative number the bytes are none
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    with record(model, optimizer, tmp_path / "run"):
        for _ in range(3):
            model(torch.zeros(1, 1000)).sum().backward()
            optimizer.step()
    column = tmp_path / "run" / "gradient.npy"
    content = column.read_bytes()
    rows = [content[start : start + 4096] for start in range(0, len(content), 4096)]
    with column.open("wb") as file:  # as cp --sparse=always does
        for start, row in enumerate(rows):
            file.seek(4096 * start)
            file.write(row if any(row) else b"")
        file.truncate(len(content))
    assert 64 * 512 * column.stat().st_blocks < len(content)
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == 3
    assert verify(tmp_path / "run").intact


@fuzzed
@given(data=st.data())
def test_a_damaged_journal_is_used_only_if_it_is_true(data: st.DataObject, tmp_path: Path) -> None:
    """After an interrupted training: if the journal is invalid, training starts anew and gives the same trace."""
    whole, partial = tmp_path / SHORT.digest, tmp_path / f".{SHORT.digest}.partial"
    if not whole.exists():
        train(SHORT, tmp_path)
        shutil.move(whole, tmp_path / "sound")
    shutil.rmtree(whole, ignore_errors=True)
    shutil.copytree(tmp_path / "sound", partial)
    written = {name: {"rows": 0, "checksum": checksum(partial / f"{name}.npy", kind)} for name, kind in COLUMNS.items()}
    journal: Any = {"updates": 1, "environment": environment(), "columns": written}
    place = data.draw(st.sampled_from(list(places(journal))))
    at(journal, place[:-1])[place[-1]] = copy.deepcopy(data.draw(st.sampled_from([*ODD, 3, 6])))
    (partial / "journal.json").write_text(json.dumps(journal))
    assert verify(train(SHORT, tmp_path).path).exact
    assert not partial.exists()


def test_a_trace_copied_under_another_digest_is_refused(tmp_path: Path) -> None:
    other = SHORT.model_copy(update={"seed": 9})
    shutil.copytree(train(other, tmp_path).path, tmp_path / SHORT.digest)
    trace = train(SHORT, tmp_path)
    assert trace.run == SHORT and verify(trace.path).exact
    assert Trace.find(tmp_path, other).run == other


@pytest.mark.parametrize(
    "make",
    [
        lambda model: torch.optim.RMSprop(model.parameters()),
        lambda model: torch.optim.Muon([model[0].weight, model[1].weight]),
        lambda model: torch.optim.Adam(model.parameters(), amsgrad=True),
    ],
    ids=["RMSprop", "Muon", "amsgrad"],
)
def test_updates_that_were_not_computed_are_not_called_exact(make: Any, tmp_path: Path) -> None:
    result = verify(loop(tmp_path / "run", make))
    assert (result.intact, result.updates, result.agreement) == (True, 0, Agreement.NOT_COMPUTED)
    assert not result.exact and "not computed again" in str(result)


def test_a_scene_shows_a_trace_whose_gradients_are_nan(sound: dict[str, Path], tmp_path: Path) -> None:
    from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
    from gradreel.scenes.stills import visit_beats

    path = Path(shutil.copytree(sound["sgd"], tmp_path / "hostile"))
    gradients = np.load(path / "gradient.npy")
    gradients[2:] = [[np.nan, np.inf, -np.inf] * 3] * (len(gradients) - 2)
    with_column(path, "gradient", gradients)
    shown: list[str] = []
    visit_beats(GradientDescent, lambda _, beat: shown.append(beat), {"trace": path}, size=(160, 90))
    assert shown
