"""Verification on processors with other instructions accepts intact traces and finds flipped bits.

torch chooses its vector instructions once per process, so each kind of processor is a process.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gradreel.core.trace.trace import Trace

pytestmark = pytest.mark.slow

CAPABILITIES = ["", "avx2", "default"]
TRAIN = """
import sys
import numpy as np
from gradreel.core.datasets import CurveDataset, PointsDataset, TwoSpirals
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train

spirals = TwoSpirals(points=40, noise=0.1).rows()
thirds = spirals.copy()
thirds[::3, -1] = 2
for settings in (
    dict(dataset=PointsDataset(points=spirals), loss="bce", hidden=(20, 10), activation="relu", optimizer="adam",
         learning_rate=0.01, dtype="float32", batch_size=16, epochs=6, keep={"every": 7}),
    dict(dataset=CurveDataset(), hidden=(64, 64), loss="mae", activation="relu", dtype="float32", learning_rate=0.02,
         epochs=12),
    dict(dataset=CurveDataset(), hidden=(20,), momentum=0.9, learning_rate=0.02, batch_size=16, epochs=5),
    dict(dataset=PointsDataset(points=thirds), loss="ce", hidden=(20, 10), learning_rate=0.02, batch_size=16, epochs=3),
):
    print(train(Experiment(**settings), sys.argv[1]).path.name)
"""
VERIFY = """
import json, sys
from pathlib import Path
from gradreel.core.trace.verify import verify


def flipped(path, name, byte):
    file = path / f"{name}.npy"
    before = file.read_bytes()
    place = (len(before) + 128) // 16 * 8 + byte  # in the middle of the numbers
    file.write_bytes(before[:place] + bytes([before[place] ^ 16]) + before[place + 1 :])
    problems = verify(path).problems
    file.write_bytes(before)
    return [[problem.column, problem.found is not None] for problem in problems]


for path in sorted(Path(sys.argv[1]).glob("[!.]*/meta.json")):
    path = path.parent
    result = verify(path)
    facts = {"agreement": result.agreement, "text": str(result), "made": result.made_with, "here": result.computed_with}
    names = sorted(file.stem for file in path.glob("*.npy") if file.stat().st_size > 128)
    facts["flips"] = {name: [flipped(path, name, 0), flipped(path, name, 3)] for name in names}
    print(json.dumps(facts))
"""


def output(program: str, folder: Path, capability: str) -> str:
    """Return the output of a Python process whose torch uses these instructions; "" means the best ones."""
    variables = {name: value for name, value in os.environ.items() if name != "ATEN_CPU_CAPABILITY"}
    environment = {**variables, **({"ATEN_CPU_CAPABILITY": capability} if capability else {})}
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of traces that were made with the best instructions."""
    path = tmp_path_factory.mktemp("traces")
    assert len(output(TRAIN, path, "").split()) == 4
    return path


@pytest.fixture(scope="module", params=CAPABILITIES, ids=lambda capability: capability or "best")
def results(request: pytest.FixtureRequest, folder: Path) -> list[dict[str, Any]]:
    """Return the results of `verify` with other instructions for each trace, intact and with a flipped bit in each
    column.
    """
    return [json.loads(line) for line in output(VERIFY, folder, request.param).splitlines()]


def same(result: Mapping[str, Any]) -> bool:
    return bool(result["made"] == result["here"])


def test_undamaged_traces_agree_and_name_their_environment(results: list[dict[str, Any]]) -> None:
    assert len(results) == 4
    for result in results:
        assert result["agreement"] in (["exact"] if same(result) else ["exact", "within tolerance"]), result["text"]
        for side in ("made", "here"):
            assert (result[side]["capability"] in result["text"]) == (result["agreement"] != "exact")
        assert ("computed again with" in result["text"]) == (result["agreement"] != "exact")


def test_a_flipped_bit_names_its_column_and_no_other(results: list[dict[str, Any]]) -> None:
    for result in results:
        for name, flips in result["flips"].items():
            for problems in flips:
                assert {column for column, _ in problems} == {name}
                assert len(problems) <= 2, "sound numbers are listed"


def test_where_bits_are_promised_the_flipped_number_is_named(results: list[dict[str, Any]]) -> None:
    for result in filter(same, results):
        located = {
            name: all(has_number for flip in flips for _, has_number in flip) for name, flips in result["flips"].items()
        }
        assert located == {name: name != "points" for name in located}, "from points all else follows"


def test_other_instructions_give_other_bits_on_this_machine(folder: Path, tmp_path: Path) -> None:
    """Otherwise the tests above would compare equal numbers.

    A processor without vector instructions has one kind only.
    """
    names = output(TRAIN, tmp_path, "default").split()
    pairs = [(Trace.open(folder / name), Trace.open(tmp_path / name)) for name in names]
    if pairs[0][0].meta["environment"] == pairs[0][1].meta["environment"]:
        pytest.skip("torch has one kind of instructions here")
    assert any((best.parameters != default.parameters).any() for best, default in pairs)
