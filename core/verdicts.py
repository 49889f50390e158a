"""What a comparison of networks comes to, told from its numbers: which loss is lower, does it fall, who overfits.

The results are in the order of their sizes, the smallest network first. Words about them are chosen by these functions.
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from gradreel.core.results import LECTURE, LossByEpoch, Losses, Result, best_by_unseen

STANDARD_ERRORS = 2.0
"""Two means differ clearly when they lie more than so many standard errors of their difference apart."""
SINGLE_RUNS = 0.05
"""Share of the larger loss that two single runs must differ by: how far seeds scatter is not known of them."""
LEAST_SHARE = 0.01
"""Share of the larger loss below which no difference is spoken of, however little the seeds scatter."""

PARTING_REACH = 2
"""States on either side over which an unseen loss is calmed."""
PARTING_SHARE = 0.1
"""Share of its least value that an unseen loss must climb by, to be spoken of."""

Change: TypeAlias = Literal["falls", "rises", "stays"]
Unseen: TypeAlias = Literal["better", "worse", "partly", "middle", "flat"]


def change(before: Losses, after: Losses) -> Change:
    """Whether the loss clearly falls or rises from one network to another."""
    difference = after.mean - before.mean
    larger = max(abs(before.mean), abs(after.mean))
    if before.deviation is None or after.deviation is None:
        needed = SINGLE_RUNS * larger
    else:
        squares = (losses.deviation**2 / len(losses.by_seed) for losses in (before, after) if losses.deviation)
        needed = max(STANDARD_ERRORS * math.sqrt(sum(squares)), LEAST_SHARE * larger)
    if abs(difference) <= needed:
        return "stays"
    return "rises" if difference > 0 else "falls"


def training_change(results: Sequence[Result]) -> Change:
    """What the training loss does from the smallest network to the largest."""
    return change(results[0].training, results[-1].training)


def unseen_change(results: Sequence[Result]) -> Unseen:
    """What larger networks do to the unseen loss.

    ``better``: the largest has the least, clearly less than the smallest. ``worse``: the smallest has the least,
    clearly less than the largest. ``partly``: the same, but the largest is clearly better again than the worst: what
    some size spoils, more of it repairs in part. ``middle``: one between them has the least, clearly less than the
    smallest. ``flat``: none of these.
    """
    best = best_by_unseen(results)
    if best is results[0]:
        if change(best.unseen, results[-1].unseen) != "rises":
            return "flat"
        return "partly" if change(worst_by_unseen(results).unseen, results[-1].unseen) == "falls" else "worse"
    if change(results[0].unseen, best.unseen) != "falls":
        return "flat"
    return "better" if best is results[-1] else "middle"


def worst_by_unseen(results: Sequence[Result]) -> Result:
    """The result whose mean unseen loss is largest. ValueError without results."""
    return max(results, key=lambda result: result.unseen.mean)


def parting(losses: LossByEpoch) -> int | None:
    """At which of a run's states its two losses part: the unseen one is least there, and the training one falls on.

    None if the unseen loss is least at the start or does not clearly climb up to the end. A loss over epochs is noisy:
    whether it climbs is asked of calmed losses, each the median of itself and two states on either side.
    """
    count = len(losses.unseen)
    calm = [float(np.median(losses.unseen[max(0, k - PARTING_REACH) : k + PARTING_REACH + 1])) for k in range(count)]
    least = int(np.argmin(losses.unseen))
    climbs = least > 0 and calm[-1] > (1 + PARTING_SHARE) * min(calm)
    return least if climbs and losses.training[-1] < losses.training[least] else None


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


def lecture_losses(hidden: tuple[int, ...]) -> tuple[float | None, float | None]:
    """The lecture's training and unseen loss in views, each None where it gives no number."""
    training, unseen = LECTURE.get(hidden, ("", ""))
    return _views(training), _views(unseen)


def _views(text: str) -> float | None:
    return float(text[:-1]) * 1000 if text.endswith("k") else None
