"""recording.log() keeps each value with the update that it belongs to, whenever and however often a loop logs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.recording import update_log
from gradreel.core.recording.recording import Recording, record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from hypothesis import given, settings
from hypothesis import strategies as st


class Loop:
    """A loop in single calls: ``backward`` accumulates the gradient of a micro-batch, ``step`` makes an update."""

    def __init__(self) -> None:
        self.model = torch.nn.Linear(1, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=16.0)

    def backward(self, finite: bool = True) -> None:
        loss = self.model(torch.ones(1, 1)).sum()
        self.scaler.scale(loss * (1.0 if finite else torch.inf)).backward()

    def step(self) -> None:
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()


def accumulated(path: Path, sizes: list[int], after: bool, skipped: frozenset[int], log: Callable) -> Trace:
    """Record micro-batches in groups of the given sizes with a step after each group; some steps are skipped.

    ``log(recording, k)`` is called for each micro-batch, before its step or after it.
    """
    loop, k = Loop(), 0
    with record(loop.model, loop.optimizer, path) as recording:
        for group, size in enumerate(sizes):
            for place in range(size):
                loop.backward(group not in skipped)
                if not after:
                    log(recording, k)
                if place == size - 1:
                    loop.step()
                if after:
                    log(recording, k)
                k += 1
    return Trace.open(path, checksums=True)


def everything(recording: Recording, k: int) -> None:
    recording.log(loss=float(k), epoch=k // 4, batch=[k, -k])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_losses_of_accumulated_micro_batches_are_averaged_and_none_is_lost(size, after, tmp_path):
    trace = accumulated(tmp_path / "run", [size] * (8 // size), after, frozenset(), everything)
    groups = np.arange(8.0).reshape(-1, size)
    assert trace.batch_loss.tolist() == groups.mean(axis=1).tolist()
    assert trace.epoch.tolist() == [int(group[-1]) // 4 for group in groups]
    expected = [[sign * int(k) for k in group for sign in (1, -1)] for group in groups]
    assert [trace.examples(i).tolist() for i in range(len(groups))] == expected
    assert verify(trace.path).intact


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_losses_of_a_single_update_are_averaged(size, after, tmp_path):
    trace = accumulated(tmp_path / "run", [size], after, frozenset(), everything)
    assert trace.batch_loss.tolist() == [sum(range(size)) / size]
    assert len(trace.examples(0)) == 2 * size


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=7),
    after=st.booleans(),
    skipped=st.frozensets(st.integers(0, 6), max_size=3),
)
def test_micro_batches_in_groups_of_any_size_lead_to_their_own_update_and_to_none_where_its_step_is_skipped(
    tmp_path_factory, sizes, after, skipped
):
    if skipped >= set(range(len(sizes))):
        return
    trace = accumulated(tmp_path_factory.mktemp("run") / "run", sizes, after, skipped, everything)
    numbers = np.split(np.arange(float(sum(sizes))), np.cumsum(sizes)[:-1])
    kept_groups = [group for i, group in enumerate(numbers) if i not in skipped]
    assert trace.batch_loss.tolist() == [group.sum() / len(group) for group in kept_groups]
    assert [len(trace.examples(i)) for i in range(len(kept_groups))] == [2 * len(group) for group in kept_groups]


def test_losses_of_a_step_that_a_fused_optimizer_skips_are_dropped(tmp_path):
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=16.0)
    with record(model, optimizer, tmp_path / "run") as recording:
        for k in range(4):
            scaler.scale(model(torch.ones(1, 1)).sum() * (torch.inf if k in (0, 2) else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            recording.log(loss=k)
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == [1, 3]


def test_values_logged_before_the_backward_pass_belong_to_the_coming_update(tmp_path):
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        for k in range(7):
            recording.log(loss=k)
            loop.backward()
            if k % 3 == 2 or k == 6:
                loop.step()
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == [1, 4, 6]


def test_steps_made_by_hooks_of_the_backward_pass_come_before_what_is_logged_after_it(tmp_path):
    loop = Loop()
    loop.model.bias.requires_grad_(False)
    loop.model.weight.register_post_accumulate_grad_hook(lambda _: loop.step())
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        for k in range(3):
            loop.backward()
            recording.log(loss=k)
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == [0, 1, 2]
    assert len(loop.model.weight._post_accumulate_grad_hooks) == 1


def test_a_scaler_of_another_model_has_no_effect(tmp_path):
    loop, other = Loop(), Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        for k in range(3):
            loop.backward()
            recording.log(loss=k)
            other.backward(finite=False)
            other.step()  # skipped
            loop.step()
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == [0, 1, 2]


def test_the_losses_of_two_optimizers_in_turn_stand_with_their_own_updates(tmp_path):
    loops = [Loop(), Loop()]
    both = torch.nn.ModuleList([loop.model for loop in loops])
    with record(both, [loop.optimizer for loop in loops], tmp_path / "run") as recording:
        for k in range(6):
            loops[k % 2].backward()
            recording.log(loss=k)
            loops[k % 2].step()
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == list(range(6))


# ---- any named metrics


def test_any_named_metrics_are_kept_with_how_many_updates_had_been_made(tmp_path):
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        recording.log({"val/loss": 9.0})
        for k in range(6):
            loop.backward()
            loop.step()
            recording.log(loss=torch.tensor(1.0 + k), accuracy=np.float32(k / 8))
            if k % 3 == 2:
                recording.log({"val/loss": torch.tensor([8.0 - k]), "learning rate": 0.5})
        recording.log(val_loss=1, finished=True)
    trace = Trace.open(tmp_path / "run", checksums=True)
    metrics = {name: (at.tolist(), value.tolist()) for name, (at, value) in trace.metrics.items()}
    assert metrics == {
        "val/loss": ([0, 3, 6], [9, 6, 3]),
        "accuracy": ([1, 2, 3, 4, 5, 6], [k / 8 for k in range(6)]),
        "learning rate": ([3, 6], [0.5, 0.5]),
        "val_loss": ([6], [1]),
        "finished": ([6], [1]),
    }
    assert trace.batch_loss.tolist() == [1, 2, 3, 4, 5, 6]
    assert verify(trace.path).intact


def test_a_mapping_may_have_the_loss_and_an_epoch_that_is_no_whole_number_is_a_metric(tmp_path):
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        for k in range(2):
            loop.backward()
            loop.step()
            recording.log({"loss": 3.0 - k, "epoch": (k + 1) / 2, "grad_norm": 1.0})
    trace = Trace.open(tmp_path / "run")
    assert trace.batch_loss.tolist() == [3, 2]
    assert trace.metrics["epoch"][1].tolist() == [0.5, 1.0]


def test_a_run_with_the_most_metrics_opens_and_one_more_is_dropped_with_a_warning(tmp_path):
    names = ["\N{SNOWMAN}" * 190 + str(i) for i in range(update_log.MOST_METRICS)]
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        for _ in range(2):
            loop.backward()
            loop.step()
            recording.log(dict.fromkeys(names, 1.0))
        with pytest.warns(UserWarning, match="one_more is not kept: .* log a metric by the same name each time"):
            recording.log(one_more=1.0)
    metrics = Trace.open(tmp_path / "run", checksums=True).metrics
    assert list(metrics) == names and all(at.tolist() == [1, 2] for at, _ in metrics.values())


def test_metrics_of_long_runs_are_written_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(update_log, "MOST_HELD", 8)
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run", keep={"every": 7}) as recording:
        for k in range(50):
            loop.backward()
            loop.step()
            recording.log(a=k, b=-k)
    metrics = Trace.open(tmp_path / "run", checksums=True).metrics
    assert [metrics[name][1].tolist() for name in "ab"] == [list(range(50)), [-k for k in range(50)]]
    assert metrics["a"][0].tolist() == list(range(1, 51))


def test_an_interrupted_loop_keeps_the_metrics_of_its_recorded_updates(tmp_path):
    def breaks() -> None:
        loop = Loop()
        with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
            for k in range(4):
                loop.backward()
                loop.step()
                recording.log(a=k)
            raise KeyError

    with pytest.raises(KeyError):
        breaks()
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.metrics["a"][0].tolist() == [1, 2, 3, 4]
