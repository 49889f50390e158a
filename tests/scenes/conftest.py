"""Runs of somebody's own: recorded around a small torch loop, or written down with any losses one likes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.columns import checksum
from gradreel.core.recorded_run import RecordedGroup, RecordedOptimizer, RecordedPart, RecordedRun
from gradreel.core.recording import record
from gradreel.core.trace import column_kinds, sealed_meta


def _small_model(width: int = 16, activation: type[torch.nn.Module] = torch.nn.Tanh) -> torch.nn.Sequential:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(1, width), activation(), torch.nn.Linear(width, 1))


def _record_loop(
    path: Path,
    optimizer: Callable[..., torch.optim.Optimizer],
    updates: int = 120,
    batch: int = 16,
    log: bool = True,
    model: torch.nn.Module | None = None,
    after_step: Callable[[torch.nn.Module], None] = lambda model: None,
) -> Path:
    """Fit a sine with batches drawn at random; ``after_step(model)`` is somebody's own meddling."""
    model = model or _small_model()
    made, generator = optimizer(model.parameters()), torch.Generator().manual_seed(0)
    x = torch.linspace(-2, 2, 64)[:, None]
    y = torch.sin(2 * x)
    with record(model, made, path) as recording:
        for update in range(updates):
            chosen = torch.randperm(64, generator=generator)[:batch]
            loss = torch.nn.functional.mse_loss(model(x[chosen]), y[chosen])
            made.zero_grad()
            loss.backward()
            made.step()
            after_step(model)
            if log:
                recording.log(loss=loss.item(), epoch=update * batch // 64)
    return path


@pytest.fixture
def small_model() -> torch.nn.Sequential:
    """What the recorded loops fit."""
    return _small_model()


@pytest.fixture
def record_loop() -> Callable[..., Path]:
    """Record a loop of one's own: ``record_loop(path, optimizer, updates, batch, log, model, after_step)``."""
    return _record_loop


@pytest.fixture(scope="session")
def loops(tmp_path_factory) -> Path:
    """A folder of recorded loops, made once."""
    folder = tmp_path_factory.mktemp("loops")
    _record_loop(folder / "sgd", lambda parameters: torch.optim.SGD(parameters, lr=0.1))
    _record_loop(folder / "adam", lambda parameters: torch.optim.Adam(parameters, lr=0.01))
    _record_loop(folder / "unlogged", lambda parameters: torch.optim.AdamW(parameters, lr=0.01), 40, log=False)
    return folder


@pytest.fixture(scope="session")
def broken(tmp_path_factory) -> Path:
    """Recorded loops that end in no numbers: "overflow" by its learning rate, "nan" at update 12 of 30, "nan from the
    start", and in "float64" the numbers whose squares are too large come before.
    """
    folder = tmp_path_factory.mktemp("broken")
    ruined, made = _small_model(), []

    def ruin(model: torch.nn.Module) -> None:
        made.append(model)
        if len(made) == 12:
            with torch.no_grad():
                model[0].weight[3, 0] = float("nan")

    def much(parameters) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=3.0)

    def little(parameters) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.05)

    _record_loop(folder / "overflow", much, 30, 64, model=_small_model(activation=torch.nn.ReLU))
    _record_loop(folder / "nan", little, 30, after_step=ruin)
    with torch.no_grad():
        ruined[0].weight[3, 0] = float("nan")
    _record_loop(folder / "nan from the start", little, 5, model=ruined)
    torch.set_default_dtype(torch.float64)
    try:
        _record_loop(folder / "float64", much, 30, 64, model=_small_model(activation=torch.nn.ReLU))
    finally:
        torch.set_default_dtype(torch.float32)
    return folder


@pytest.fixture
def written(tmp_path) -> Callable[..., Path]:
    """Write down a run with these losses, whose six parameters wander; where it is."""

    def write(losses, epoch=None, name: str = "written") -> Path:
        updates = len(losses)
        walk = np.cumsum(np.random.default_rng(0).normal(size=(updates + 1, 6)) * 0.01, axis=0)
        return _write(tmp_path / name, walk, np.asarray(losses, dtype=float), epoch)

    return write


def _write(path: Path, parameters: np.ndarray, losses: np.ndarray, epoch) -> Path:
    updates = len(losses)
    parts = tuple(
        RecordedPart(name=name, shape=shape, dtype="float32", trained=True)
        for name, shape in (("0.weight", (2, 2)), ("0.bias", (2,)))
    )
    optimizer = RecordedOptimizer(
        kind="torch.optim.sgd.SGD", groups=(RecordedGroup(settings={"lr": 0.1}, parts=(0, 1)),)
    )
    model = "torch.nn.modules.container.Sequential"
    run = RecordedRun(model=model, parts=parts, optimizers=(optimizer,), dtype="float32", updates=updates)
    columns = {
        "kept": run.kept_updates(),
        "parameters": parameters,
        "gradient": np.zeros((updates, parameters.shape[1])),
        "batch_loss": losses,
        "epoch": np.full(updates, -1) if epoch is None else epoch,
        "batch": np.empty(0),
        "batch_start": np.zeros(updates + 1),
        "optimizer": np.zeros(updates),
        "rate": np.full((updates, 1), 0.1),
    }
    path.mkdir()
    kinds = column_kinds(run)
    for name, kind in kinds.items():
        np.save(path / f"{name}.npy", np.asarray(columns[name]).astype(kind.dtype))
    sums = {name: checksum(path / f"{name}.npy", kind) for name, kind in kinds.items()}
    (path / "meta.json").write_text(sealed_meta(run, {}, sums))
    return path
