"""Trains runs in worker processes, group by group; only one process trains a run at a time.

A worker calls `train_bundle`, which imports torch but not Manim. The rest of this module runs in the parent.
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
from gradreel.render.workers.groups import Bundle, Group, balanced_groups, bundles_for_workers
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.progress import Reporter
from gradreel.render.workers.worker_process import report_progress


@dataclass(frozen=True)
class Outcome:
    """The result of one run: recorded, or failed with ``error``."""

    digest: str
    error: UserError | None = None


def training_claim(runs: Sequence[Experiment], traces: Path) -> Claim:
    """Return a claim, not yet taken, on training all ``runs``. The worker locks the traces that it writes, too."""

    def find_result(has_waited: bool) -> list[Outcome] | None:
        """Return the outcomes if another run recorded all traces while we waited; older ones may be damaged."""
        are_recorded = has_waited and all((traces / run.digest).exists() for run in runs)
        return [Outcome(run.digest) for run in runs] if are_recorded else None

    those = "it" if len(runs) == 1 else "some of them"
    message = f"another gradreel is training {those}; waiting for the result"
    locks = [Folders(traces.parent).locks / f"{run.digest}.training.lock" for run in runs]
    return Claim(locks, message, find_result)


class Trainers(Protocol):
    """Interface of `LocalTrainers` and the cluster's trainers."""

    at_hand: bool  # all workers exist and are equally fast, so work can be divided among them beforehand

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        """Train ``bundle`` into ``traces``. Progress counts updates of a single group, else thousandths of cost."""

    def stop(self) -> None:
        """Stop all training; return when nothing writes any more."""


class LocalTrainers:
    """Trains in worker processes of this machine."""

    at_hand = True

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        return self._workers.submit(train_bundle, bundle, traces, listeners=listeners, claim=claim)

    def stop(self) -> None:
        self._workers.stop()


def train_bundle(bundle: Bundle, traces: Path) -> list[Outcome]:
    """Train the groups of a bundle in a worker process and return the outcome of each run.

    Progress counts updates if there is one group, else thousandths of the bundle's cost.
    """
    if len(bundle.groups) == 1:
        return train_group(bundle.groups[0].runs, traces)
    outcomes, cost_before = [], 0.0
    for group in bundle.groups:

        def report_share(done: int, total: int, cost_before: float = cost_before, cost: float = group.cost) -> None:
            report_progress(int(1000 * (cost_before + cost * done / total) / bundle.cost + 1e-6), 1000)

        outcomes += train_group(group.runs, traces, report_share)
        cost_before += group.cost
    return outcomes


def train_group(runs: Sequence[Experiment], traces: Path, progress: Progress = report_progress) -> list[Outcome]:
    """Train ``runs``, which differ only in their seeds, in a worker process; store the times beside their traces.

    If one run diverges, all are trained one by one, and its outcome has the error.
    """
    from gradreel.core.network.training import train_all

    updates_left = sum(run.n_updates - _updates_kept(traces, run) for run in runs)
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
            note_training(traces, run, seconds / len(runs), max(1, round(updates_left / len(runs))))
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
    """Train ``runs`` with ``jobs`` workers and return the errors of failed runs by digest; the others are recorded.

    ``names``: the name of each run in messages, by digest. ``together``: name of one task for all progress; the groups
    are then divided among the local workers at once. If it is "", each group is a task. On Ctrl-C it prints how many
    updates of each run are kept, then raises.
    """
    groups = balanced_groups(runs, jobs)
    bundles = (
        bundles_for_workers(groups, jobs) if together and trainers.at_hand else [Bundle((group,)) for group in groups]
    )
    progress: _ProgressReports = (
        _TaskForAll(reporter, together, names, bundles) if together else _TaskForEachGroup(reporter, names, groups)
    )
    try:
        futures = {}
        for number, bundle in enumerate(bundles):
            claim = training_claim(bundle.runs, traces)
            futures[trainers.train(bundle, traces, claim, progress.listeners(number))] = number
        failures: dict[str, BaseException] = {}
        for future in as_completed(futures):
            bundle = bundles[futures[future]]
            progress.ended(futures[future])
            error = future.exception()
            if error is not None:  # of the whole worker; runs that it finished before are recorded
                failures |= {run.digest: error for run in bundle.runs if not (traces / run.digest).exists()}
            else:
                failures |= {outcome.digest: outcome.error for outcome in future.result() if outcome.error}
        return failures
    except KeyboardInterrupt:
        trainers.stop()
        say_interrupted(names, runs, traces, reporter)
        raise
    finally:
        progress.close()


def say_interrupted(names: Mapping[str, str], runs: Sequence[Experiment], traces: Path, reporter: Reporter) -> None:
    """Print how many updates of each unfinished run are kept, and that the same command resumes there."""
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
    """Return a number with groups of three digits, such as "1 200", separated by no-break spaces."""
    return f"{number:,}".replace(",", "\u00a0")


def _updates_kept(traces: Path, run: Experiment) -> int:
    """Return the number of updates that an interrupted training has on disk; 0 for none."""
    journal = read_journal(traces, run.digest)
    return journal.updates if journal else 0


class _ProgressReports(Protocol):
    """Reports the progress of bundles, counted from 0."""

    def listeners(self, number: int) -> Listeners:
        """Return the listeners of a bundle."""

    def ended(self, number: int) -> None:
        """Report that a bundle has ended, whether it succeeded or failed."""

    def close(self) -> None:
        """End all reports."""


class _TaskForEachGroup:
    """Reports each group as a task, named after its runs."""

    def __init__(self, reporter: Reporter, names: Mapping[str, str], groups: Sequence[Group]) -> None:
        self._reporter, self._groups = reporter, groups
        self._tasks = [_training_task_name(names, group.runs) for group in groups]

    def listeners(self, number: int) -> Listeners:
        task, updates = self._tasks[number], self._groups[number].n_updates
        return Listeners(
            begun=lambda: self._reporter.begin(task, updates, "updates"),
            progress=lambda done, total: self._reporter.advance(task, done, total),
            message=lambda text: self._reporter.say(f"{task}: {text}"),
        )

    def ended(self, number: int) -> None:
        self._reporter.end(self._tasks[number])

    def close(self) -> None:
        pass


def _training_task_name(names: Mapping[str, str], runs: Sequence[Experiment]) -> str:
    """Return the name of a group's training for messages; more than three runs are counted.

    ``names`` has the name of each run by digest. Raises KeyError for a run without a name.
    """
    listed = [names[run.digest] for run in runs]
    return f"train {'; '.join(listed) if len(listed) <= 3 else f'{listed[0]} and {len(listed) - 1} more'}"


class _TaskForAll:
    """Reports all bundles as one task, in per cent of their cost, so that the time left is meaningful."""

    WHOLE = 100

    def __init__(self, reporter: Reporter, task: str, names: Mapping[str, str], bundles: Sequence[Bundle]) -> None:
        self._reporter, self._task = reporter, task
        self._bundles = [_training_task_name(names, bundle.runs) for bundle in bundles]
        whole = sum(bundle.cost for bundle in bundles)
        self._shares = [bundle.cost / whole for bundle in bundles]
        self._done = [0.0] * len(bundles)  # share of each bundle that is done, 0 to 1
        self._lock = threading.Lock()
        reporter.begin(task, self.WHOLE, "%")

    def listeners(self, number: int) -> Listeners:
        return Listeners(
            begun=lambda: None,
            progress=lambda done, total: self._advance(number, done / total if total else 0.0),
            message=lambda text: self._reporter.say(f"{self._bundles[number]}: {text}"),
        )

    def ended(self, number: int) -> None:
        self._advance(number, 1.0)

    def close(self) -> None:
        self._reporter.end(self._task)

    def _advance(self, number: int, done: float) -> None:
        """Report the progress of all groups together; ``done`` is the finished share of group ``number``."""
        with self._lock:
            self._done[number] = max(self._done[number], done)
            sum_done = sum(share * part for share, part in zip(self._shares, self._done, strict=True))
            self._reporter.advance(self._task, int(self.WHOLE * sum_done + 1e-6), self.WHOLE)
