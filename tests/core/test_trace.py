"""Traces on disk are opened without torch, checked, and read row by row."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.format import BESIDE
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.writing import refuse_other_data

COLUMNS = ["kept", "parameters", "gradient", "batch_loss", "batch", "epoch"]


@pytest.fixture
def copy(tiny_trace: Trace, tmp_path: Path) -> Path:
    """Return a copy of the tiny trace that may be damaged."""
    return Path(shutil.copytree(tiny_trace.path, tmp_path / tiny_trace.path.name))


def test_meta_describes_the_trace(tiny_trace: Trace, tiny_experiment: Experiment) -> None:
    assert tiny_trace.experiment == tiny_experiment
    assert tiny_trace.path.name == tiny_experiment.digest
    np.testing.assert_array_equal(tiny_trace.kept, [0, 5, 10, 12])
    assert tiny_trace.meta["seed"] == 1
    assert tiny_trace.meta["dtype"] == "float64"
    assert tiny_trace.meta["parameters"][0] == {"name": "w", "shape": [2, 1]}
    assert set(tiny_trace.meta["environment"]) >= {"torch", "numpy", "python", "machine"}
    assert (tiny_trace.meta["updates"], tiny_trace.meta["states kept"]) == (12, 4)
    assert sorted(file.name for file in tiny_trace.path.iterdir()) == sorted(
        ["meta.json", *(f"{name}.npy" for name in COLUMNS)]
    )


def test_columns_are_plain_npy_files(tiny_trace: Trace) -> None:
    for name in COLUMNS:
        loaded = np.load(tiny_trace.path / f"{name}.npy", allow_pickle=False)
        np.testing.assert_array_equal(loaded, tiny_trace.columns[name])


def test_columns_are_mapped_and_read_only(tiny_trace: Trace) -> None:
    assert isinstance(tiny_trace.parameters, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        tiny_trace.parameters[0] = 0


def test_a_trace_is_read_without_torch(tiny_trace: Trace) -> None:
    code = (
        "import sys; from gradreel.core.trace.trace import Trace; from gradreel.core.analysis.planes import plane_of;"
        "plane_of(Trace.open(sys.argv[1], checksums=True)); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tiny_trace.path)], check=True)


def test_rows_of_kept_states(tiny_trace: Trace) -> None:
    assert [tiny_trace.row(update) for update in (0, 5, 10, 12)] == [0, 1, 2, 3]
    with pytest.raises(TraceError, match=r"after 7 updates was not kept, that after 5 was.*every update"):
        tiny_trace.row(7)
    for update in (-1, 13):
        with pytest.raises(TraceError, match="ask for 0 to 12"):
            tiny_trace.row(update)


def test_examples_of_an_update(tiny_trace: Trace, default_trace: Trace) -> None:
    assert [len(tiny_trace.examples(k)) for k in range(3)] == [3, 3, 1]
    np.testing.assert_array_equal(default_trace.examples(17), np.arange(81))
    assert default_trace.batch.shape == (0, 81)
    for update in (-1, 12):
        with pytest.raises(TraceError, match="ask for 0 to 11"):
            tiny_trace.examples(update)


def test_finding_a_trace(tiny_trace: Trace, tmp_path: Path) -> None:
    assert Trace.find(tiny_trace.path.parent, tiny_trace.experiment).path == tiny_trace.path
    with pytest.raises(TraceError, match="gradreel train"):
        Trace.find(tmp_path, tiny_trace.experiment)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "is truncated"),
        (lambda file: file.write_bytes(file.read_bytes()[:20]), "is truncated"),
        (lambda file: file.write_bytes(b""), "is truncated"),
        (lambda file: file.write_bytes(file.read_bytes() + b"0"), "is too long"),
        (lambda file: file.write_bytes(b"x" * file.stat().st_size), "has a damaged header"),
    ],
    ids=["missing", "truncated", "half a header", "empty", "longer", "other"],
)
def test_a_damaged_column_is_named(name: str, damage: object, message: str, copy: Path) -> None:
    damage(copy / f"{name}.npy")  # type: ignore[operator]
    with pytest.raises(TraceError) as raised:
        Trace.open(copy)
    for part in (str(copy), f"{name}.npy {message}", "gradreel train"):
        assert part in str(raised.value)


@pytest.mark.parametrize("name", COLUMNS)
def test_one_flipped_bit_is_found_with_checksums(name: str, copy: Path) -> None:
    file = copy / f"{name}.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    if name != "kept":
        Trace.open(copy)
    with pytest.raises(TraceError, match=f"{name}.npy is damaged"):
        Trace.open(copy, checksums=True)


def test_a_foreign_format_version_is_named(copy: Path) -> None:
    meta = json.loads((copy / "meta.json").read_text())
    (copy / "meta.json").write_text(json.dumps({**meta, "version": 1}))
    with pytest.raises(TraceError, match="format version 1, this program reads 3"):
        Trace.open(copy)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("é", "not JSON"),
        ("[]", "not that of a trace"),
        ("{}", "not that of a trace"),
        ('{"format": "gradreel trace", "version": 3}', "checksum is wrong"),
    ],
)
def test_an_invalid_meta_is_named(content: str, message: str, copy: Path) -> None:
    (copy / "meta.json").write_text(content, encoding="utf-8")
    with pytest.raises(TraceError, match=message):
        Trace.open(copy)


def test_meta_that_was_edited_is_refused(copy: Path) -> None:
    text = (copy / "meta.json").read_text()
    for edited in (text.replace('"seed": 1', '"seed": 2'), text + "\n", text.replace("\n ", "\n  ")):
        assert edited != text
        (copy / "meta.json").write_text(edited)
        with pytest.raises(TraceError, match=r"meta.json is damaged"):
            Trace.open(copy)


def test_a_folder_that_is_no_trace_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name, message in (("file", "is not a directory"), ("none", "does not exist"), (".", "meta.json is missing")):
        with pytest.raises(TraceError, match=message):
            Trace.open(tmp_path / name)


def mending(path: Path) -> str:
    """Return the advice in the error about a damaged trace."""
    with pytest.raises(TraceError) as raised:
        Trace.open(path, checksums=True)
    return str(raised.value).partition("; ")[2]


def flip(file: Path, place: int = -1) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def test_the_advice_deletes_only_traces_that_train_can_make_again(copy: Path, tmp_path: Path) -> None:
    again = f"delete {copy} and run: gradreel train"
    flip(copy / "parameters.npy")
    assert mending(copy) == again
    elsewhere = Path(shutil.copytree(copy, tmp_path / "mine"))
    assert mending(elsewhere) == (
        "take it from a copy, or make it again: by gradreel train, or by recording your own loop"
    )
    flip(copy / "meta.json", 2)
    assert mending(copy) == again
    for foreign in ('{"format": "gradreel trace", "note": "\\"experiment\\":"}', "notes", "[]"):
        (copy / "meta.json").write_text(foreign)
        assert "delete" not in mending(copy)


@pytest.mark.parametrize("name", ["mine", "0123456789abcdef0123456789abcdef"])
def test_a_damaged_recording_is_recorded_again_and_not_deleted(name: str, tmp_path: Path) -> None:
    import torch
    from gradreel.core.recording.recording import record

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / name):
        for _ in range(2):
            optimizer.zero_grad()
            model(torch.ones(3, 2)).square().mean().backward()
            optimizer.step()
    flip(tmp_path / name / "parameters.npy")
    assert mending(tmp_path / name) == "record it again, or take it from a copy"
    flip(tmp_path / name / "meta.json", -3)
    assert mending(tmp_path / name) == "record it again, or take it from a copy"


def test_a_folder_without_meta_is_no_trace_and_those_in_it_are_listed(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(TraceError) as raised:
        Trace.open(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path} is no trace: meta.json is missing; a trace is a folder with meta.json, such as "
        f"media/traces/<digest>; in it there are {copy}"
    )
    first = [tmp_path / f"{number:032}" for number in range(5)]  # their names come before that of any digest
    for folder in first:
        shutil.copytree(copy, folder)
    with pytest.raises(TraceError, match=f"{', '.join(map(str, first[:4]))} and 2 more$"):
        Trace.open(tmp_path)
    (copy / "meta.json").unlink()
    with pytest.raises(TraceError, match=r"move it away and run: gradreel train$"):
        Trace.open(copy)


# ---- files beside the columns


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_a_landscape_beside_the_columns_is_part_of_the_trace(name: str, copy: Path) -> None:
    (copy / name).write_bytes(b"whatever")
    refuse_other_data(copy)
    trace = Trace.open(copy, checksums=True)
    assert name.removesuffix(".npy") not in trace.columns
    assert isinstance(trace.run, Experiment)
    (copy / "epoch.npy").unlink()
    train(trace.run, copy.parent)
    assert not (copy / name).exists(), "a landscape of what was there before does not stay"


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_a_landscape_alone_is_no_trace(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("mine")
    with pytest.raises(UserError, match="would be replaced"):
        refuse_other_data(tmp_path / "mine")


def test_a_folder_named_like_a_landscape_is_no_part_of_a_trace(copy: Path) -> None:
    (copy / "landscape.npy").mkdir()
    with pytest.raises(UserError, match="has folders or links in it"):
        refuse_other_data(copy)
