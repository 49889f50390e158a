"""What a comparison of networks comes to, told from its numbers: which loss is lower, does it fall, who overfits.

The results are in the order of their sizes, the smallest network first. Words about them are chosen by these functions.
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray, evenly_spaced
from gradreel.core.results import (
    LECTURE,
    LossByEpoch,
    Losses,
    Result,
    best_by_unseen,
    losses_at,
    unseen_at_all_states,
)
from gradreel.core.trace import Trace

STANDARD_ERRORS = 2.0
"""Two means differ clearly when they lie more than so many standard errors of their difference apart."""
FEW_RUNS = 3
"""Fewer runs than these say next to nothing of how far seeds scatter: two may agree, or not, by chance."""
SMALL_SHARE = 0.05
"""Share of the larger loss up to which a difference is small. Of few runs, a clear one is larger, and no run of one
network has a loss between those of the other."""
LEAST_SHARE = 0.01
"""Share of the larger loss below which no difference is spoken of, however little the seeds scatter."""

PARTING_REACH, PARTING_PART = 2, 40
"""States on either side over which an unseen loss is calmed: so many, and of many states one in so many."""
PARTING_ROOM = 0.1
"""Share of a run's states that come after the least unseen loss, at least: of fewer, nothing is told."""
PARTING_SHARE = 0.1
"""Share of its least value that an unseen loss must climb by, to be spoken of."""
FOLLOWS = 1 / 2
"""Of what the training loss falls by: an unseen loss that falls by so much goes with it."""

Change: TypeAlias = Literal["falls", "rises", "stays", "unclear"]
Unseen: TypeAlias = Literal["better", "detour", "worse", "partly", "middle", "flat", "unclear"]
Sinks: TypeAlias = Literal["both", "seen", "unseen", "neither"]
Course: TypeAlias = Literal["part", "rises", "widens", "together"]
Stopping: TypeAlias = Literal["below", "even", "not"]


def change(before: Losses, after: Losses) -> Change:
    """Whether the loss clearly falls or rises from one network to another.

    If neither: ``stays`` where the means are about the same, ``unclear`` where they are not, and the runs scatter so
    widely that it may be chance.
    """
    difference = after.mean - before.mean
    share = abs(difference) / max(abs(before.mean), abs(after.mean), np.finfo(float).tiny)
    if _differ_clearly(before, after, share):
        return "rises" if difference > 0 else "falls"
    return "stays" if share <= SMALL_SHARE else "unclear"


def _differ_clearly(before: Losses, after: Losses, share: float) -> bool:
    """``share``: of the larger mean, what the two means differ by."""
    if min(len(before.by_seed), len(after.by_seed)) < FEW_RUNS:
        apart = before.least > after.largest or after.least > before.largest
        return apart and share > SMALL_SHARE
    squares = (losses.by_seed.var(ddof=1) / len(losses.by_seed) for losses in (before, after))
    return share > LEAST_SHARE and abs(after.mean - before.mean) > STANDARD_ERRORS * math.sqrt(sum(squares))


def training_change(results: Sequence[Result]) -> Change:
    """What the training loss does from the smallest network to the largest."""
    return change(results[0].training, results[-1].training)


def unseen_change(results: Sequence[Result]) -> Unseen:
    """What larger networks do to the unseen loss.

    ``better``: the largest has the least, clearly less than the smallest. ``detour``: the same, but one between them is
    clearly worse than the smallest: larger helps only in the end. ``worse``: the smallest has the least,
    clearly less than the largest. ``partly``: the same, but the largest is clearly better again than the worst: what
    some size spoils, more of it repairs in part. ``middle``: one between them has the least, clearly less than the
    smallest. If none of these: ``unclear`` where the two that decide differ, and it may be chance; else ``flat``.
    """
    best = best_by_unseen(results)
    if best is results[0]:
        last = change(best.unseen, results[-1].unseen)
        if last != "rises":
            return "unclear" if last == "unclear" else "flat"
        return "partly" if change(worst_by_unseen(results).unseen, results[-1].unseen) == "falls" else "worse"
    first = change(results[0].unseen, best.unseen)
    if first != "falls":
        return "unclear" if first == "unclear" else "flat"
    if best is not results[-1]:
        return "middle"
    return "detour" if change(results[0].unseen, worst_by_unseen(results).unseen) == "rises" else "better"


def worst_by_unseen(results: Sequence[Result]) -> Result:
    """The result whose mean unseen loss is largest. ValueError without results."""
    return max(results, key=lambda result: result.unseen.mean)


def losses_with_the_least(trace: Trace, states: int) -> LossByEpoch:
    """Both losses of a recorded run at ``states`` of its kept states, at most, and where the unseen one is least.

    That is looked for among all kept states.
    """
    unseen = unseen_at_all_states(trace)
    return losses_at(trace, np.union1d(evenly_spaced(len(unseen), states), [int(np.argmin(unseen))]))


def stopping(losses: LossByEpoch, best: Losses, best_least: float) -> Stopping:
    """Whether a run stopped where its unseen loss is least would be ``below`` the network of least unseen loss.

    ``best``: that network's unseen losses at the end; ``best_least``: the least that one of its runs had on the way. It
    is below where it is less than both, and by more than a small share than the first; ``not`` where it is not even
    less than the first; else ``even``, by little, or that network, stopped in time, had been below, too.
    """
    least = float(losses.unseen.min())
    if least >= best.mean:
        return "not"
    return "below" if least < min((1 - SMALL_SHARE) * best.mean, best_least) else "even"


def parting(losses: LossByEpoch) -> int | None:
    """At which of a run's states its two losses part: the unseen one is least there, and the training one falls on.

    None if the unseen loss is least at the start or nearly at the end, or does not clearly climb up to the end. A loss
    over epochs is noisy: whether it climbs is asked of calmed losses, each the median of itself and some states on
    either side.
    """
    least = int(np.argmin(losses.unseen))
    falls = bool(losses.training[-1] < losses.training[least])
    told = 0 < least < (1 - PARTING_ROOM) * len(losses.unseen)
    return least if told and falls and _climbs(_calmed(losses.unseen)) else None


def sinks(losses: LossByEpoch, state: int) -> Sinks:
    """Which of a run's losses are clearly less at ``state`` than before the first update."""
    seen, unseen = (loss[state] < (1 - SMALL_SHARE) * loss[0] for loss in (losses.training, losses.unseen))
    if seen:
        return "both" if unseen else "seen"
    return "unseen" if unseen else "neither"


def course(losses: LossByEpoch, state: int) -> Course:
    """What the two losses of a run do from ``state`` on.

    ``part``: see `parting`. ``rises``: the unseen one was least before the first update and climbs, the training one
    falls. ``widens``: the training one falls on, and the unseen one does not go with it. ``together``: none of these.
    """
    if parting(losses) is not None:
        return "part"
    training, calm = losses.training, _calmed(losses.unseen)
    if np.argmin(losses.unseen) == 0 and _climbs(calm) and training[-1] < training[0]:
        return "rises"
    falls, follows = training[state] - training[-1], calm[state] - calm[-1]
    seen = falls > SMALL_SHARE * training[state] and falls - follows > PARTING_SHARE * calm[-1]  # on the screen
    return "widens" if seen and follows < FOLLOWS * falls else "together"


def _calmed(unseen: FloatArray) -> FloatArray:
    """(R,): each loss as the median of itself and those around it."""
    reach = max(PARTING_REACH, len(unseen) // PARTING_PART)
    return np.array([np.median(unseen[max(0, k - reach) : k + reach + 1]) for k in range(len(unseen))])


def _climbs(calm: FloatArray) -> bool:
    """Whether calmed losses end clearly above their least."""
    return bool(calm[-1] > (1 + PARTING_SHARE) * calm.min())


def overfits_from(results: Sequence[Result]) -> int | None:
    """Which network, counted from 0, is the first that overfits; None if none does.

    It is larger than the one with the least unseen loss, and against that one its training loss is clearly lower and
    its unseen loss clearly higher.
    """
    best = best_by_unseen(results)
    for k in range(list(results).index(best) + 1, len(results)):
        if change(best.training, results[k].training) == "falls" and change(best.unseen, results[k].unseen) == "rises":
            return k
    return None


def repairs_a_part(results: Sequence[Result], k: int) -> bool:
    """Whether on unseen days the largest network is clearly better than network ``k``, but worse than the best."""
    worse, last, best = results[k].unseen, results[-1].unseen, best_by_unseen(results).unseen
    return change(worse, last) == "falls" and change(best, last) == "rises"


def lecture_losses(hidden: tuple[int, ...]) -> tuple[float | None, float | None]:
    """The lecture's training and unseen loss in views, each None where it gives no number."""
    training, unseen = LECTURE.get(hidden, ("", ""))
    return _views(training), _views(unseen)


def _views(text: str) -> float | None:
    return float(text[:-1]) * 1000 if text.endswith("k") else None
