"""Which training runs are trained side by side, and by which worker, so that the last is done early."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gradreel.core.experiment import Experiment

# Microseconds of a usual core, with batches of 32; only their ratios matter here
UPDATE_COST = 40.0  # of one update of a group, however many run side by side
RUN_COST, LAYER_COST, PARAMETER_COST = 15.0, 15.0, 0.0036  # of one run's update besides
LARGEST_SPLIT = 64  # groups, beyond which dividing them further shortens nothing


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seeds alone, to be trained side by side by one worker."""

    runs: tuple[Experiment, ...]

    @property
    def n_updates(self) -> int:
        """Of all its runs together."""
        return sum(run.n_updates for run in self.runs)

    @property
    def cost(self) -> float:
        """What training it takes, in microseconds of a usual core, roughly."""
        run = self.runs[0]
        batch = (run.batch_size or run.dataset.examples) / 32
        each = RUN_COST + LAYER_COST * len(run.hidden) + PARAMETER_COST * run.n_parameters * batch
        return run.n_updates * (UPDATE_COST + each * len(self.runs))

    def halves(self) -> tuple[Group, Group]:
        """Two groups of half its runs each."""
        middle = (len(self.runs) + 1) // 2
        return Group(self.runs[:middle]), Group(self.runs[middle:])


@dataclass(frozen=True)
class Bundle:
    """Groups that one worker trains one after the other: it starts, and imports torch, once for all of them."""

    groups: tuple[Group, ...]

    @property
    def runs(self) -> tuple[Experiment, ...]:
        """Of all its groups."""
        return tuple(run for group in self.groups for run in group.runs)

    @property
    def cost(self) -> float:
        """That of its groups."""
        return sum(group.cost for group in self.groups)


def balanced(runs: Sequence[Experiment], jobs: int) -> list[Group]:
    """``runs`` in groups that differ in their seeds alone, the longest first.

    Runs side by side are quicker than one by one, and one worker's: a group is divided only where that shortens the
    time until the last of ``jobs`` workers is done.
    """
    alike: dict[Experiment, list[Experiment]] = defaultdict(list)
    for run in runs:
        alike[run.model_copy(update={"seed": 0})].append(run)
    groups = _longest_first([Group(tuple(members)) for members in alike.values()])
    while len(groups) < LARGEST_SPLIT:
        divided = [
            _longest_first([*groups[:i], *group.halves(), *groups[i + 1 :]])
            for i, group in enumerate(groups)
            if len(group.runs) > 1
        ]
        best = min(divided, key=lambda choice: makespan([group.cost for group in choice], jobs), default=groups)
        before, after = (makespan([group.cost for group in choice], jobs) for choice in (groups, best))
        if after >= before:
            break
        groups = best
    return groups


def dealt_out(groups: Sequence[Group], jobs: int) -> list[Bundle]:
    """``groups``, longest first, dealt out to ``jobs`` workers, each to the one that has least to do."""
    hands: list[list[Group]] = [[] for _ in range(jobs)]
    for group in groups:
        min(hands, key=lambda hand: sum(known.cost for known in hand)).append(group)
    return [Bundle(tuple(hand)) for hand in hands if hand]


def _longest_first(groups: Sequence[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: -group.cost)


def makespan(times: Sequence[float], jobs: int) -> float:
    """When the last of ``jobs`` workers is done: the longest first, each to the worker that is free first."""
    busy_until = [0.0] * jobs
    for time in sorted(times, reverse=True):
        busy_until[busy_until.index(min(busy_until))] += time
    return max(busy_until)
