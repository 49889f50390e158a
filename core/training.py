"""train(experiment) -> Trace: the only training loop of the project, recorded update by update."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from gradreel.core.columns import ColumnWriter
from gradreel.core.errors import TraceError, TrainingError
from gradreel.core.experiment import Experiment
from gradreel.core.network import Network
from gradreel.core.trace import Trace
from gradreel.core.writing import new_trace, one_writer, program_versions

Progress = Callable[[int, int], None]


def train(experiment: Experiment, directory: str | Path, progress: Progress | None = None) -> Trace:
    """The trace of ``experiment`` in ``directory``/<digest>, opened; trained first unless an intact one is there.

    ``progress(done, updates)`` is called about a hundred times. TrainingError if the run diverges, UserError if the
    directory cannot be written to; nothing new is left under the final name then. Bit for bit the same on the same
    machine and versions, however many runs go on beside it.
    """
    directory = Path(directory)
    path = directory / experiment.digest
    trace = _intact(path)
    if trace is not None:
        return trace
    with one_writer(directory, experiment):
        trace = _intact(path)  # another run may have made it while this one waited
        if trace is None:
            with one_thread(), new_trace(directory, experiment, versions()) as columns:
                _train(experiment, columns, progress or (lambda done, updates: None))
            trace = Trace.open(path)
    return trace


def versions() -> dict[str, str]:
    """What the last bits of a run may depend on."""
    return {"torch": torch.__version__, **program_versions()}


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the number of cores; afterwards torch has its threads again."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Examples:
    """The dataset as tensors, handed out in batches."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        # Cloned: torch's own memory is aligned the same way in each run, and how sums are grouped may hang on that
        self.features = torch.from_numpy(experiment.dataset.features()).clone()  # (N, D)
        self.labels = torch.from_numpy(experiment.dataset.labels()).clone()  # (N,)

    def split(self, generator: torch.Generator) -> torch.Tensor | None:
        """The order in which an epoch goes through the examples, (N,), picked at random; None for full batches."""
        return torch.randperm(len(self.labels), generator=generator) if self.experiment.batch_size else None

    def batches(self, split: torch.Tensor | None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Features and labels of each batch of an epoch; the last may be smaller."""
        if split is None:
            yield self.features, self.labels
        else:
            for examples in torch.split(split, self.experiment.batch_size):
                yield self.features[examples], self.labels[examples]


def _train(experiment: Experiment, columns: dict[str, ColumnWriter], progress: Progress) -> None:
    generator = torch.Generator().manual_seed(experiment.seed)
    network, examples = Network(experiment), Examples(experiment)
    network.random_start(generator)
    updates, kept_every, done = experiment.n_updates, experiment.kept_every, 0

    def keep() -> None:
        columns["kept"].append(done)
        columns["parameters"].append(network.theta.numpy())

    for epoch in range(experiment.epochs):
        split = examples.split(generator)
        if split is not None:
            columns["batch"].append(split.numpy())
        for features, labels in examples.batches(split):
            loss = network.loss_and_gradient(features, labels)
            _refuse_divergence(experiment, done, loss, network)
            if done % kept_every == 0:
                keep()
                columns["gradient"].append(network.gradient.numpy())
            columns["batch_loss"].append(loss)
            columns["epoch"].append(epoch)
            network.update()
            done += 1
            if done * 100 // updates != (done - 1) * 100 // updates:
                progress(done, updates)
    _refuse_divergence(experiment, done, 0.0, network)
    keep()


def _refuse_divergence(experiment: Experiment, done: int, loss: float, network: Network) -> None:
    """TrainingError if the loss or theta after ``done`` updates is not finite."""
    if math.isfinite(loss) and math.isfinite(network.theta.sum().item()):
        return
    if done == 0:
        raise TrainingError(f"the loss at the random start is already {loss}: the labels are too large to square")
    found = f"the loss is {loss}" if not math.isfinite(loss) else "a parameter is no longer finite"
    raise TrainingError(
        f"training diverged: after update {done} of {experiment.n_updates} {found}; the learning rate "
        f"{experiment.learning_rate:g} is too large, try {experiment.learning_rate / 10:g}"
    )


def _intact(path: Path) -> Trace | None:
    try:
        return Trace.open(path, checksums=True)
    except TraceError:
        return None
