"""Training runs in worker processes: group by group, each run by one process at a time.

`train_bundle` is what a worker runs; it imports torch, and nothing that imports Manim. All else is the parent's part.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gradreel.core.errors import TrainingError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.progress import Progress
from gradreel.core.trace.training_times import is_time_noted_since, note_training
from gradreel.core.trace.writing import read_journal
from gradreel.render.clips.claim import Claim
from gradreel.render.clips.workspace import Folders
from gradreel.render.workers.groups import Bundle, Group, balanced, dealt_out
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.progress import Reporter
from gradreel.render.workers.worker_process import report


@dataclass(frozen=True)
class Outcome:
    """What became of one run."""

    digest: str
    error: UserError | None = None


def training_claim(runs: Sequence[Experiment], traces: Path) -> Claim:
    """The right to train all of ``runs``. A worker that trains has locks of the traces that it writes, too."""

    def made(waited: bool) -> list[Outcome] | None:
        """What has been waited for; a trace that was there before is another matter, it may be damaged."""
        there = waited and all((traces / run.digest).exists() for run in runs)
        return [Outcome(run.digest) for run in runs] if there else None

    what = "it" if len(runs) == 1 else "some of them"
    waits = f"another gradreel is training {what}; waiting for what comes of that"
    return Claim([Folders(traces.parent).locks / f"{run.digest}.training.lock" for run in runs], waits, made)


class Trainers(Protocol):
    """Whoever trains: worker processes here, or a cluster's."""

    at_hand: bool  # whether there are as many workers as are asked for, all alike: work can be dealt out before

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        """Train ``bundle`` into ``traces``; progress counts the updates of a single group."""

    def stop(self) -> None:
        """Let go of all that is at work; returns when nothing of it writes any more."""


class LocalTrainers:
    """Worker processes of this machine."""

    at_hand = True

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        return self._workers.submit(train_bundle, bundle, traces, listeners=listeners, claim=claim)

    def stop(self) -> None:
        self._workers.stop()


def train_bundle(bundle: Bundle, traces: Path) -> list[Outcome]:
    """Train the groups of a bundle, in a worker process. Of several, progress is told in thousandths of their cost."""
    if len(bundle.groups) == 1:
        return train_group(bundle.groups[0].runs, traces)
    outcomes, before = [], 0.0
    for group in bundle.groups:

        def told(done: int, total: int, before: float = before, cost: float = group.cost) -> None:
            report(int(1000 * (before + cost * done / total) / bundle.cost + 1e-6), 1000)

        outcomes += train_group(group.runs, traces, told)
        before += group.cost
    return outcomes


def train_group(runs: Sequence[Experiment], traces: Path, progress: Progress = report) -> list[Outcome]:
    """Train ``runs``, which differ in their seeds alone, and keep what it took beside their traces.

    In a worker process. When one of them diverges the others are trained each by itself.
    """
    from gradreel.core.network.training import train_all

    left = sum(run.n_updates - _updates_kept(traces, run) for run in runs)
    began = time.time()
    try:
        train_all(runs, traces, progress)
    except TrainingError as error:
        if len(runs) == 1:
            return [Outcome(runs[0].digest, error)]
        return [outcome for run in runs for outcome in train_group([run], traces, progress)]
    seconds = time.time() - began
    for run in runs:
        if not is_time_noted_since(traces, run, since=began):  # else another process trained it meanwhile
            note_training(traces, run, seconds / len(runs), max(1, round(left / len(runs))))
    return [Outcome(run.digest) for run in runs]


def train_runs(
    names: Mapping[str, str],
    runs: Sequence[Experiment],
    traces: Path,
    trainers: Trainers,
    jobs: int,
    reporter: Reporter,
    together: str = "",
) -> dict[str, BaseException]:
    """Train ``runs`` by ``jobs`` workers; the errors of those that failed, by digest. The others are recorded.

    ``names``: what each run is called, by digest. Progress is told group by group, or with ``together`` as one task of
    that name: then each worker here gets its part of the groups at once. On Ctrl-C it is said how far each run got.
    """
    groups = balanced(runs, jobs)
    bundles = dealt_out(groups, jobs) if together and trainers.at_hand else [Bundle((group,)) for group in groups]
    progress: _GroupReports = (
        _OneTask(reporter, together, names, bundles) if together else _TaskEach(reporter, names, groups)
    )
    try:
        futures = {}
        for number, bundle in enumerate(bundles):
            claim = training_claim(bundle.runs, traces)
            futures[trainers.train(bundle, traces, claim, progress.of(number))] = number
        failures: dict[str, BaseException] = {}
        for future in as_completed(futures):
            bundle = bundles[futures[future]]
            progress.ended(futures[future])
            error = future.exception()
            if error is not None:  # the worker's own: what it had trained before is there
                failures |= {run.digest: error for run in bundle.runs if not (traces / run.digest).exists()}
            else:
                failures |= {outcome.digest: outcome.error for outcome in future.result() if outcome.error}
        return failures
    except KeyboardInterrupt:
        trainers.stop()
        tell_interrupted(names, runs, traces, reporter)
        raise
    finally:
        progress.close()


def tell_interrupted(names: Mapping[str, str], runs: Sequence[Experiment], traces: Path, reporter: Reporter) -> None:
    """Say how far each of ``runs`` is that is not recorded, and that the same command goes on from there."""
    unfinished = [run for run in runs if not (traces / run.digest).exists()]
    kept = {run: updates for run in unfinished if (updates := _updates_kept(traces, run))}
    for run, updates in kept.items():
        of = f"{grouped(updates)} of {grouped(run.n_updates)} updates are kept"
        reporter.say(f"{names[run.digest]}: {of}; the same command goes on from there")
    untouched = len(unfinished) - len(kept)
    if untouched:
        other = "other " if kept else ""
        reporter.say(f"{untouched} {other}run{'s have' if untouched > 1 else ' has'} nothing kept yet")


def grouped(number: int) -> str:
    """``1200`` -> ``1 200``, with a space that does not break."""
    return f"{number:,}".replace(",", "\u00a0")


def _updates_kept(traces: Path, run: Experiment) -> int:
    journal = read_journal(traces, run.digest)
    return journal.updates if journal else 0


class _GroupReports(Protocol):
    """Where the progress of groups goes."""

    def of(self, number: int) -> Listeners:
        """Who hears of group ``number``."""

    def ended(self, number: int) -> None:
        """Group ``number`` is over, well or not."""

    def close(self) -> None:
        """All is over."""


class _TaskEach:
    """A task for each group, named after its runs."""

    def __init__(self, reporter: Reporter, names: Mapping[str, str], groups: Sequence[Group]) -> None:
        self._reporter, self._groups = reporter, groups
        self._tasks = [_task(names, group.runs) for group in groups]

    def of(self, number: int) -> Listeners:
        task, updates = self._tasks[number], self._groups[number].n_updates
        return Listeners(
            begun=lambda: self._reporter.begin(task, updates, "updates"),
            progress=lambda done, total: self._reporter.advance(task, done, total),
            told=lambda text: self._reporter.say(f"{task}: {text}"),
        )

    def ended(self, number: int) -> None:
        self._reporter.end(self._tasks[number])

    def close(self) -> None:
        pass


def _task(names: Mapping[str, str], runs: Sequence[Experiment]) -> str:
    listed = [names[run.digest] for run in runs]
    return f"train {'; '.join(listed) if len(listed) <= 3 else f'{listed[0]} and {len(listed) - 1} more'}"


class _OneTask:
    """One task for all bundles, in hundredths of what they cost, so that it goes on evenly and tells the time left."""

    WHOLE = 100

    def __init__(self, reporter: Reporter, task: str, names: Mapping[str, str], bundles: Sequence[Bundle]) -> None:
        self._reporter, self._task = reporter, task
        self._bundles = [_task(names, bundle.runs) for bundle in bundles]
        whole = sum(bundle.cost for bundle in bundles)
        self._shares = [bundle.cost / whole for bundle in bundles]
        self._done = [0.0] * len(bundles)  # of each, 0 to 1
        self._lock = threading.Lock()
        reporter.begin(task, self.WHOLE, "%")

    def of(self, number: int) -> Listeners:
        return Listeners(
            begun=lambda: None,
            progress=lambda done, total: self._advance(number, done / total if total else 0.0),
            told=lambda text: self._reporter.say(f"{self._bundles[number]}: {text}"),
        )

    def ended(self, number: int) -> None:
        self._advance(number, 1.0)

    def close(self) -> None:
        self._reporter.end(self._task)

    def _advance(self, number: int, done: float) -> None:
        with self._lock:
            self._done[number] = max(self._done[number], done)
            sum_done = sum(share * part for share, part in zip(self._shares, self._done, strict=True))
            self._reporter.advance(self._task, int(self.WHOLE * sum_done + 1e-6), self.WHOLE)
