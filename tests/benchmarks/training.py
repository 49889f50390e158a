"""Measures training beside a plain torch loop, skorch, and the disk: ratios of medians, in turn in one run.

./run bench training [--updates 4000] [--runs 5] [--epochs 20] [--gigabytes 4] [--only one,seeds,whole,disk,memory]

one     one network, 56-100-100-100-1 in float32, batches of 32, Adam, mean absolute error, one thread, from the same
        start and batches each time: a plain loop, skorch, ours recording less or more, `record` around the plain loop
seeds   five seeds of it side by side
whole   the lecture's seven networks from five seeds on two cores against the plain loop, one after the other
disk    a trace of some gigabytes against the speed of the disk, and reading it
memory  the most memory each of these held
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.fast_networks import Networks
from gradreel.core.network.training import train, train_all
from gradreel.core.point_generators import Spirals
from gradreel.core.recording.recording import record
from gradreel.core.trace.columns import ColumnKind
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from gradreel.core.trace.write_behind import BLOCK, ColumnWriter, WriteBehind
from torch import nn

LECTURE = [(), (10,), (100,), (1000,), (100, 100), (100, 100, 100), (100, 100, 100, 100)]
SEEDS = [1, 2, 3, 4, 5]
DEEP = (100, 100, 100)
ROUNDS = 5
"""Rounds in which the disk and the writer of traces are measured in turn."""


def experiment(hidden: tuple[int, ...], epochs: int, keep: Any = None, seed: int = 1) -> Experiment:
    return Experiment(
        dataset=DailyViews(), hidden=hidden, activation="relu", optimizer="adam", learning_rate=1e-3, batch_size=32,
        loss="mae", dtype="float32", epochs=epochs, seed=seed, keep=keep or {"every": 1_000_000},
    )  # fmt: skip


def classifier(epochs: int, keep: Any = None) -> Experiment:
    return Experiment(
        dataset=PointsDataset(points=Spirals(arms=3, points=100)), hidden=(32, 32), activation="relu", optimizer="adam",
        learning_rate=1e-3, batch_size=32, loss="ce", dtype="float32", epochs=epochs, seed=1,
        keep=keep or {"every": 1_000_000},
    )  # fmt: skip


class Plain:
    """The idiomatic torch loop: nn.Sequential, L1Loss or CrossEntropyLoss, Adam, batches by index.

    Start and batches are given.
    """

    def __init__(self, run: Experiment) -> None:
        self.run = run
        self.features = torch.from_numpy(run.dataset.features()).float()
        labels = torch.from_numpy(run.dataset.labels())
        self.labels = labels.long() if run.loss == "ce" else labels.float()[:, None]
        generator = torch.Generator().manual_seed(run.seed)
        networks = Networks(run)
        networks.random_start([generator])
        self.start = torch.from_numpy(networks.values(0)[0])
        self.orders = [torch.randperm(len(self.labels), generator=generator) for _ in range(run.epochs)]

    def model(self) -> nn.Sequential:
        widths = (self.run.dataset.n_features, *self.run.hidden)
        layers: list[nn.Module] = []
        for before, width in itertools.pairwise(widths):
            layers += [nn.Linear(before, width), nn.ReLU()]
        model = nn.Sequential(*layers, nn.Linear(widths[-1], self.run.n_outputs))
        nn.utils.vector_to_parameters(self.start.clone(), model.parameters())
        return model

    def loop(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        loss_function = nn.CrossEntropyLoss() if self.run.loss == "ce" else nn.L1Loss()
        for order in self.orders:
            for batch in torch.split(order, self.run.batch_size):
                optimizer.zero_grad()
                loss = loss_function(model(self.features[batch]), self.labels[batch])
                loss.backward()
                optimizer.step()

    def train(self) -> torch.Tensor:
        model = self.model()
        self.loop(model, torch.optim.Adam(model.parameters(), lr=1e-3))
        return nn.utils.parameters_to_vector(model.parameters()).detach()

    def train_recorded(self, path: Path) -> torch.Tensor:
        model = self.model()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        with record(model, optimizer, path):
            self.loop(model, optimizer)
        return nn.utils.parameters_to_vector(model.parameters()).detach()

    def train_by_skorch(self) -> torch.Tensor:
        from skorch import NeuralNetRegressor

        orders = iter(self.orders)

        class Batches:
            """The same batches by index, in place of a DataLoader: skorch's own part is what is timed."""

            def __init__(self, dataset: Any, batch_size: int) -> None:
                self.dataset, self.size = dataset, batch_size

            def __iter__(self) -> Iterator[Any]:
                for batch in torch.split(next(orders), self.size):
                    yield self.dataset.X[batch], self.dataset.y[batch]

        net = NeuralNetRegressor(
            self.model(), criterion=nn.L1Loss, optimizer=torch.optim.Adam, lr=1e-3, batch_size=self.run.batch_size,
            max_epochs=self.run.epochs, train_split=None, verbose=0, iterator_train=Batches,
        )  # fmt: skip
        net.fit(self.features, self.labels)
        return nn.utils.parameters_to_vector(net.module_.parameters()).detach()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def medians(
    works: dict[str, Callable[[], Any]], runs: int, afterwards: Callable[[], None] = lambda: None
) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds of each, interleaved, and what each returned last. ``afterwards`` is not timed."""
    times: dict[str, list[float]] = {name: [] for name in works}
    results: dict[str, Any] = {}
    for _ in range(runs):
        for name, work in works.items():
            seconds, results[name] = timed(work)
            times[name].append(seconds)
            afterwards()
    return {name: statistics.median(values) for name, values in times.items()}, results


def bench_one(updates: int, runs: int, folder: Path) -> dict[str, Any]:
    torch.set_num_threads(1)
    epochs = max(1, round(updates / experiment(DEEP, 1).batches_per_epoch))
    plain = Plain(experiment(DEEP, epochs))
    fresh = (folder / str(number) for number in itertools.count())

    def ours(keep: Any) -> torch.Tensor:
        trace = train(experiment(DEEP, epochs, keep), next(fresh))
        return torch.from_numpy(np.array(trace.parameters[-1]))

    def recorded() -> torch.Tensor:
        return plain.train_recorded(next(fresh))

    def clear() -> None:
        for place in filter(Path.is_dir, folder.iterdir()):
            shutil.rmtree(place)

    works: dict[str, Callable[[], torch.Tensor]] = {
        "plain torch loop, nothing kept": plain.train,
        "ours, start and end kept": lambda: ours(None),
        "ours, every 10th state kept": lambda: ours({"every": 10}),
        "ours, everything kept": lambda: ours("every update"),
        "record() around the plain loop, everything kept": recorded,
        "skorch, nothing kept": plain.train_by_skorch,
    }
    seconds, thetas = medians(works, runs, clear)
    reference = thetas["plain torch loop, nothing kept"]
    return {
        "updates": experiment(DEEP, epochs).n_updates,
        "seconds": seconds,
        "ms an update": {name: 1e3 * value / experiment(DEEP, epochs).n_updates for name, value in seconds.items()},
        "times as fast as plain": {name: seconds["plain torch loop, nothing kept"] / s for name, s in seconds.items()},
        "every 10th over nothing": seconds["ours, every 10th state kept"] / seconds["ours, start and end kept"] - 1,
        "record over plain": seconds["record() around the plain loop, everything kept"]
        / seconds["plain torch loop, nothing kept"]
        - 1,
        "equal": {name: agreement(reference, theta) for name, theta in thetas.items()},
    }


def bench_classes(updates: int, runs: int, folder: Path) -> dict[str, Any]:
    """A classifier of three classes. Needed: 3 times as fast as plain, 1.8 with everything kept."""
    torch.set_num_threads(1)
    epochs = max(1, round(updates / classifier(1).batches_per_epoch))
    plain = Plain(classifier(epochs))
    fresh = (folder / f"classes{number}" for number in itertools.count())
    name = "plain torch loop, nothing kept"
    works: dict[str, Callable[[], Any]] = {
        name: plain.train,
        "ours, start and end kept": lambda: np.array(train(classifier(epochs), next(fresh)).parameters[-1]),
        "ours, everything kept": lambda: np.array(
            train(classifier(epochs, "every update"), next(fresh)).parameters[-1]
        ),
    }
    seconds, thetas = medians(works, runs)
    reference = torch.as_tensor(thetas[name])
    return {
        "updates": classifier(epochs).n_updates,
        "seconds": seconds,
        "times as fast as plain": {other: seconds[name] / s for other, s in seconds.items()},
        "equal": {other: agreement(reference, torch.as_tensor(theta)) for other, theta in thetas.items()},
    }


def agreement(reference: torch.Tensor, theta: torch.Tensor) -> str:
    if torch.equal(reference, theta):
        return "final theta equal bit for bit"
    return f"final theta differs by {(reference - theta).abs().max().item():.1e}"


def bench_seeds(updates: int, runs: int, folder: Path) -> dict[str, Any]:
    torch.set_num_threads(1)
    epochs = max(1, round(updates / 4 / experiment(DEEP, 1).batches_per_epoch))
    seeds = [experiment(DEEP, epochs, seed=seed) for seed in SEEDS]
    plains = [Plain(seed) for seed in seeds]
    fresh = (folder / f"seeds{number}" for number in itertools.count())
    seconds, results = medians(
        {
            "plain, one after the other": lambda: [plain.train() for plain in plains],
            "ours, one after the other": lambda: [train(seed, place) for place in [next(fresh)] for seed in seeds],
            "ours, side by side": lambda: train_all(seeds, next(fresh)),
        },
        runs,
    )
    ends = [torch.from_numpy(np.array(Trace.open(path).parameters[-1])) for path in results["ours, side by side"]]
    per_run = {name: 1e3 * value / 5 / seeds[0].n_updates for name, value in seconds.items()}
    return {
        "updates": seeds[0].n_updates,
        "ms an update of one run": per_run,
        "times as fast as plain": {name: seconds["plain, one after the other"] / s for name, s in seconds.items()},
        "equal": [agreement(a, b) for a, b in zip(results["plain, one after the other"], ends, strict=True)],
    }


def bench_whole(epochs: int, folder: Path) -> dict[str, Any]:
    """As `gradreel experiment` trains it: two processes, the longest work first, seeds side by side."""
    from gradreel.render.workers.pool import Workers
    from gradreel.render.workers.progress import Reporter
    from gradreel.render.workers.training import LocalTrainers, train_runs

    torch.set_num_threads(1)
    keep = {"at most": 20_000_000}
    runs = [experiment(hidden, epochs, keep, seed) for hidden in LECTURE for seed in SEEDS]
    plains = {run.digest: Plain(run) for run in runs}

    def ours() -> None:
        with Workers(2) as workers:
            names = {run.digest: run.digest for run in runs}
            train_runs(names, runs, folder / "whole", LocalTrainers(workers), 2, Reporter(), together="all")

    ours_seconds, _ = timed(ours)
    plain_seconds, ends = timed(lambda: {digest: plain.train() for digest, plain in plains.items()})
    found = [train(run, folder / "whole").parameters[-1] for run in runs]
    equal = [agreement(ends[run.digest], torch.from_numpy(np.array(end))) for run, end in zip(runs, found, strict=True)]
    return {
        "epochs": epochs,
        "seconds": {"plain, one after the other": plain_seconds, "ours, two processes": ours_seconds},
        "times as fast as plain": plain_seconds / ours_seconds,
        "equal": f"{sum(text.endswith('bit for bit') for text in equal)} of {len(equal)} networks bit for bit",
    }


def disk_speeds(folder: Path, gigabytes: float) -> list[float]:
    """Bytes a second of one file written from end to end: past the cache, and through it with a sync at the end."""
    block = np.random.default_rng(0).integers(0, 255, BLOCK + 4096, dtype=np.uint8)
    block = block[-block.ctypes.data % 4096 :][:BLOCK]
    total, speeds = int(gigabytes * 1e9) // BLOCK * BLOCK, []
    for flag in (getattr(os, "O_DIRECT", 0), 0):
        file = os.open(folder / "speed", os.O_CREAT | os.O_WRONLY | os.O_TRUNC | flag)
        began = time.perf_counter()
        for place in range(0, total, BLOCK):
            os.pwrite(file, block.data, place)
        os.fsync(file)
        speeds.append(total / (time.perf_counter() - began))
        os.close(file)
        (folder / "speed").unlink()
    return speeds


def rows_speed(folder: Path, gigabytes: float) -> float:
    """Bytes a second of rows that nothing has to be computed for, through the writer of traces."""
    row = np.random.default_rng(0).integers(0, 255, 4 * experiment(DEEP, 1).n_parameters, dtype=np.uint8)
    rows = int(gigabytes * 1e9 / 2 / len(row))
    began = time.perf_counter()
    with WriteBehind() as behind:
        columns = [ColumnWriter(behind, folder / f"{name}.npy", ColumnKind((rows, len(row)), "|u1")) for name in "ab"]
        for _ in range(rows):
            for column in columns:
                column.append_bytes(row)
    seconds = time.perf_counter() - began
    for column in columns:
        column.file.unlink()
    return 2 * rows * len(row) / seconds


def bench_disk(gigabytes: float, folder: Path) -> dict[str, Any]:
    torch.set_num_threads(1)
    row_bytes = 8 * experiment(DEEP, 1).n_parameters
    per_epoch = experiment(DEEP, 1).batches_per_epoch
    epochs = max(1, round(gigabytes * 1e9 / row_bytes / per_epoch))
    bare, _ = timed(lambda: train(experiment(DEEP, epochs), folder / "bare"))
    # In turn, since the speed of a disk changes from one minute to the next
    speeds = [(*disk_speeds(folder, gigabytes / 2), rows_speed(folder, gigabytes / 2)) for _ in range(ROUNDS)]
    direct, cached, rows = (statistics.median(column) for column in zip(*speeds, strict=True))
    run = experiment(DEEP, epochs, "every update")
    written = in_new_process(_train, run, folder / "big")
    read = in_new_process(_verify, run, folder / "big")
    size = sum(file.stat().st_size for file in (folder / "big" / run.digest).iterdir())
    shutil.rmtree(folder / "big")
    training = size / bare
    return {
        "gigabytes": size / 1e9,
        "MB/s": {"the disk, past the cache": direct / 1e6, "the disk, through the cache": cached / 1e6,
                 "rows through the writer of traces": rows / 1e6,
                 "training that keeps nothing, were it written": training / 1e6,
                 "training that keeps everything": size / written["seconds"] / 1e6},
        "rows over the disk past the cache": statistics.median(row / disk for disk, _, row in speeds),
        "everything kept over the slower of disk and training": size / written["seconds"] / min(direct, training),
        "resident MB": {"writing": written["resident MB"], "verifying": read["resident MB"]},
        "seconds": {"writing": written["seconds"], "verifying": read["seconds"]},
        "verified": read["result"],
    }  # fmt: skip


def _train(run: Experiment, folder: Path) -> str:
    return str(train(run, folder).path)


def _verify(run: Experiment, folder: Path) -> str:
    result = verify(folder / run.digest)
    return "exact bit for bit" if result.exact else str(result)


def _plain(run: Experiment, folder: Path) -> str:
    Plain(run).train()
    return ""


def _recorded(run: Experiment, folder: Path) -> str:
    Plain(run).train_recorded(folder / "recorded")
    return ""


def _measured(pipe: Any, work: Callable[..., str], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    seconds, result = timed(lambda: work(*arguments))
    pipe.send({"seconds": seconds, "resident MB": most_resident(), "result": result})


def most_resident() -> float:
    """The most megabytes that this process held."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage's number is the parent's, too
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def in_new_process(work: Callable[..., str], *arguments: Any) -> dict[str, Any]:
    """Seconds, the most memory held, and the result."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(sender, work, arguments))
    process.start()
    result: dict[str, Any] = receiver.recv()
    process.join()
    return result


def bench_memory(updates: int, folder: Path) -> dict[str, Any]:
    epochs = max(1, round(updates / experiment(DEEP, 1).batches_per_epoch))
    works = {
        "plain torch loop, nothing kept": (_plain, None),
        "ours, start and end kept": (_train, None),
        "ours, everything kept": (_train, "every update"),
        "record() around the plain loop, everything kept": (_recorded, None),
    }
    return {
        name: in_new_process(work, experiment(DEEP, epochs, keep), folder / f"memory{number}")["resident MB"]
        for number, (name, (work, keep)) in enumerate(works.items())
    }


def show(results: Any, indent: int = 0) -> None:
    """A nested table as lines."""
    for name, value in results.items():
        if isinstance(value, dict):
            print(" " * indent + name)
            show(value, indent + 4)
        elif isinstance(value, list):
            print(" " * indent + f"{name}: {', '.join(map(str, value))}")
        else:
            text = f"{value:.3g}" if isinstance(value, float) else str(value)
            print(" " * indent + f"{name:<{52 - indent}} {text}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20, help="of the lecture's whole set (it has 500)")
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--only", default="one,classes,seeds,whole,disk,memory")
    parser.add_argument("--folder", type=Path, help="where to write  [default: a temporary folder here]")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder or Path.cwd(), prefix=".bench-") as name:
        folder = Path(name)
        benches: dict[str, Callable[[], dict[str, Any]]] = {
            "one": lambda: bench_one(options.updates, options.runs, folder),
            "classes": lambda: bench_classes(options.updates, options.runs, folder),
            "seeds": lambda: bench_seeds(options.updates, options.runs, folder),
            "whole": lambda: bench_whole(options.epochs, folder),
            "disk": lambda: bench_disk(options.gigabytes, folder),
            "memory": lambda: bench_memory(options.updates, folder),
        }
        results = {}
        for part in options.only.split(","):
            results[part] = benches[part]()
            if not options.json:
                print(f"\n== {part}")
                show(results[part], 2)
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
