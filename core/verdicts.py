"""What a comparison of networks comes to, told from its numbers: which loss is lower, does it fall, who overfits.

The results are in the order of their sizes, the smallest network first. Words about them are chosen by these functions.
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

from gradreel.core.results import LECTURE, Losses, Result, best_by_unseen

STANDARD_ERRORS = 2.0
"""Two means differ clearly when they lie more than so many standard errors of their difference apart."""
SINGLE_RUNS = 0.05
"""Share of the larger loss that two single runs must differ by: how far seeds scatter is not known of them."""
LEAST_SHARE = 0.01
"""Share of the larger loss below which no difference is spoken of, however little the seeds scatter."""

Change: TypeAlias = Literal["falls", "rises", "stays"]
Unseen: TypeAlias = Literal["better", "worse", "middle", "flat"]


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
    clearly less than the largest. ``middle``: one between them has the least, clearly less than the smallest. ``flat``:
    none of these.
    """
    best = best_by_unseen(results)
    if best is results[0]:
        return "worse" if change(best.unseen, results[-1].unseen) == "rises" else "flat"
    if change(results[0].unseen, best.unseen) != "falls":
        return "flat"
    return "better" if best is results[-1] else "middle"


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
