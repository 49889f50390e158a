"""Claims: statements of the narration about the numbers that a scene shows, each with a condition on them.

A scene lists its claims in `LectureScene.claims`. If a claim does not hold, its beat has the neutral line instead::

    def claims(self) -> Iterator[Claim]:
        losses = [result.training.mean for result in self.outcome]
        yield claim("training-falls", "the widest network fits best", losses[-1] == min(losses), losses=losses)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MOST_NUMBERS = 12  # most numbers of a sequence in a message


@dataclass(frozen=True)
class Claim:
    """A statement of a beat's line about numbers, and whether it holds for them."""

    beat: str
    says: str
    holds: bool
    numbers: str  # the numbers in a message, such as "losses: 454, 197, 166"

    def __str__(self) -> str:
        """Return a message: the statement, whether it holds, and the numbers."""
        verdict = "holds" if self.holds else "does not hold"
        return f'"{self.says}" {verdict} of {self.numbers}'


def claim(beat: str, says: str, holds: Any, **numbers: Any) -> Claim:
    """Return the claim that the line of ``beat`` makes.

    Parameters
    ----------
    beat
        The beat's name; ``piece`` stands for ``piece-1``, ``piece-2``, … as well.
    says
        The statement in words, for messages.
    holds
        Whether it is true. A comparison with NaN is false, so a claim about NaN does not hold.
    numbers
        The numbers that the condition was computed from, by name: numbers, sequences of them, or texts.

    Examples
    --------
    >>> print(claim("end", "the second loss is lower", 3.0 < 2.5, losses=[2.5, 3.0]))
    "the second loss is lower" does not hold of losses: 2.5, 3
    """
    return Claim(beat, says, bool(holds), "; ".join(f"{name}: {_value_text(value)}" for name, value in numbers.items()))


def decreasing(numbers: Iterable[float]) -> bool:
    """Return whether each number is lower than the one before.

    Examples
    --------
    >>> decreasing([3, 2, 1]), decreasing([3, 1, 2])
    (True, False)
    """
    return all(after < before for before, after in pairwise(numbers))


def failed(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that do not hold."""
    return [each for each in claims if not each.holds]


def _value_text(value: Any) -> str:
    """Return a value for a message: its first `MOST_NUMBERS` numbers with four digits, and how many there are."""
    values = _flat_values(value)
    texts = [each if isinstance(each, str) else f"{float(each):.4g}" for each in values[:MOST_NUMBERS]]
    return ", ".join(texts) + (f", … ({len(values)})" if len(values) > MOST_NUMBERS else "")


def _flat_values(value: Any) -> list[Any]:
    """Return the numbers and texts in ``value``, which may be an array or nested, without importing numpy."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [value]
    return [number for each in value for number in _flat_values(each)]
