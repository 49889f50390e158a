import os
from collections.abc import Callable
from pathlib import Path

import pytest
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace


@pytest.fixture
def open_files() -> Callable[[], set[str]]:
    """Return a function that returns the names of all files, pipes and sockets that this process has open."""
    return lambda: {os.path.realpath(file) for file in Path("/proc/self/fd").iterdir() if file.exists()}


@pytest.fixture(scope="session")
def tiny_experiment() -> Experiment:
    """Return an experiment with seven parameters and twelve updates, whose last batch is smaller; every other state
    is kept.
    """
    return Experiment(dataset=CurveDataset(examples=7), hidden=(2,), batch_size=3, epochs=4, keep={"every": 5}, seed=1)


@pytest.fixture(scope="session")
def tiny_trace(tiny_experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """Return the trace of the tiny experiment. Tests must not change it."""
    return train(tiny_experiment, tmp_path_factory.mktemp("traces"))


@pytest.fixture(scope="session")
def default_trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """Return the trace of the default experiment with its 6000 updates. Tests must not change it."""
    return train(Experiment(), Path(tmp_path_factory.mktemp("default")))
