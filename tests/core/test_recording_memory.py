"""Recording needs little memory beyond its write buffers. The peak of a separate process is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.write_behind import BLOCK, BLOCKS

CODE = """
import json, resource, torch
from gradreel.core.recording.recording import record

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def run(count, path, keep):
    model = torch.nn.ParameterList([torch.ones(count // 2) for _ in range(2)])
    for tensor in model:
        tensor.grad = torch.ones_like(tensor)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.step()
    torch._foreach_add_([tensor.grad for tensor in model], 1)
    before = peak()
    with record(model, optimizer, path, keep=keep):
        for _ in range(3):
            optimizer.step()
    return peak() - before

run(10, path + "-small", "every update")  # what is imported
result.write_text(json.dumps(run(count, path, keep)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["every update", {"every": 3}])
def test_a_recording_takes_a_row_of_theta_at_most_beside_its_blocks(keep, begin_fork, tmp_path: Path):
    count, result = 10_000_000, tmp_path / "result.json"
    process = begin_fork(CODE, path=str(tmp_path / "run"), result=result, count=count, keep=keep)
    process.join()
    assert process.exitcode == 0
    assert Trace.open(tmp_path / "run").n_parameters == count
    blocks = 2 * (BLOCKS + 1) * BLOCK
    assert json.loads(result.read_text()) < blocks + 4 * count
