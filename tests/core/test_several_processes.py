"""record in a training of several processes: rank 0 records, the others do nothing."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from gradreel.core.trace.verify_result import Agreement

UPDATES = 4

TRAINED_TOGETHER = """
import torch
from gradreel.core.recording.recording import record
from torch.nn.parallel import DistributedDataParallel

torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
model = DistributedDataParallel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.linspace(-1, 1, 16).reshape(2, 4, 2)[rank]
loss_of = torch.nn.functional.mse_loss
if resume:
    model.module.load_state_dict(torch.load(folder / f"model-{rank}.pt"))
    optimizer.load_state_dict(torch.load(folder / f"optimizer-{rank}.pt"))
with record(model, optimizer, folder / "run", resume=resume) as recording:
    assert recording.updates == (updates if resume else 0)
    for update in range(recording.updates, recording.updates + updates):
        loss = loss_of(model(x), x[:, :1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recording.log(loss=loss, share=rank)
torch.save(model.module.state_dict(), folder / f"model-{rank}.pt")
torch.save(optimizer.state_dict(), folder / f"optimizer-{rank}.pt")
torch.distributed.destroy_process_group()
"""


def train_together(folder: Path, begin_fork: Callable[..., BaseProcess], resume: bool) -> None:
    """Train and record with two processes for `UPDATES` updates."""
    names = {"folder": folder, "updates": UPDATES, "resume": resume}
    processes = [begin_fork(TRAINED_TOGETHER, rank=rank, **names) for rank in (0, 1)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    (folder / "store").unlink(missing_ok=True)


def test_rank_0_records_the_model_that_all_ranks_have_and_the_others_write_nothing(begin_fork, tmp_path):
    train_together(tmp_path, begin_fork, resume=False)
    assert sorted(entry.name for entry in tmp_path.glob("[!.]*") if entry.suffix != ".pt") == ["run"]
    trace = Trace.open(tmp_path / "run")
    last = trace.state_dict(UPDATES)
    for name, value in torch.load(tmp_path / "model-1.pt").items():
        if "running" not in name and "batches" not in name:  # BatchNorm of each rank sees its own examples
            assert torch.equal(last[name], value), name
    assert trace.metrics["share"][1].tolist() == [0] * UPDATES
    assert verify(tmp_path / "run").agreement is Agreement.EXACT


def test_all_ranks_begin_a_resumed_run_at_the_same_update(begin_fork, tmp_path):
    train_together(tmp_path, begin_fork, resume=False)
    train_together(tmp_path, begin_fork, resume=True)
    assert Trace.open(tmp_path / "run").n_updates == 2 * UPDATES
    assert verify(tmp_path / "run").agreement is Agreement.EXACT
