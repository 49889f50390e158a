"""Divides training runs into groups and among workers, so that the last worker finishes early."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gradreel.core.experiment import Experiment

# Microseconds on a typical core with batches of 32; only the ratios matter
UPDATE_COST = 40.0  # for one update of a group, whatever its number of runs
RUN_COST, LAYER_COST, PARAMETER_COST = 15.0, 15.0, 0.0036  # in addition, for each run's update
LARGEST_SPLIT = 64  # groups; with more, dividing saves no time


@dataclass(frozen=True)
class Group:
    """Runs that differ only in their seeds; one worker trains them side by side."""

    runs: tuple[Experiment, ...]

    @property
    def n_updates(self) -> int:
        """Return the sum of its runs' updates."""
        return sum(run.n_updates for run in self.runs)

    @property
    def cost(self) -> float:
        """Return the approximate training time, in microseconds on a typical core."""
        run = self.runs[0]
        batch = (run.batch_size or run.dataset.examples) / 32
        run_cost = RUN_COST + LAYER_COST * len(run.hidden) + PARAMETER_COST * run.n_parameters * batch
        return run.n_updates * (UPDATE_COST + run_cost * len(self.runs))

    def halves(self) -> tuple[Group, Group]:
        """Return two groups with half of the runs each; the first has one more if the number is odd."""
        middle = (len(self.runs) + 1) // 2
        return Group(self.runs[:middle]), Group(self.runs[middle:])


@dataclass(frozen=True)
class Bundle:
    """Groups that one worker trains one after another, so that it starts and imports torch only once."""

    groups: tuple[Group, ...]

    @property
    def runs(self) -> tuple[Experiment, ...]:
        """Return the runs of all its groups, in order."""
        return tuple(run for group in self.groups for run in group.runs)

    @property
    def cost(self) -> float:
        """Return the sum of its groups' costs, in microseconds."""
        return sum(group.cost for group in self.groups)


def balanced_groups(runs: Sequence[Experiment], jobs: int) -> list[Group]:
    """Return ``runs`` in groups of runs that differ only in their seeds, the most expensive group first.

    Training side by side is quicker than one by one. So a group is divided only if ``jobs`` workers then finish
    earlier, and never into more than `LARGEST_SPLIT` groups.
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


def bundles_for_workers(groups: Sequence[Group], jobs: int) -> list[Bundle]:
    """Return at most ``jobs`` bundles, one for each worker; each group goes to the bundle that costs least so far."""
    hands: list[list[Group]] = [[] for _ in range(jobs)]
    for group in groups:
        min(hands, key=lambda hand: sum(assigned.cost for assigned in hand)).append(group)
    return [Bundle(tuple(hand)) for hand in hands if hand]


def _longest_first(groups: Sequence[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: -group.cost)


def makespan(times: Sequence[float], jobs: int) -> float:
    """Return when the last of ``jobs`` workers finishes, if each takes the longest remaining task when it is free."""
    busy_until = [0.0] * jobs
    for time in sorted(times, reverse=True):
        busy_until[busy_until.index(min(busy_until))] += time
    return max(busy_until)
