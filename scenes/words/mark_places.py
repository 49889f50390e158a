"""Places for marks that a line lacks: in proportion to a line that has them.

Whoever rewords or translates a line need not write marks. The motion then takes the same shares of the new line as it
took of a reference line. A share is a part of the line's spoken length, from 0 to 1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, pairwise

from gradreel.scenes.words.subtitle_timing import CLAUSE_END, CLOSERS, SENTENCE_END, break_places

CLAUSE_REACH = 0.1  # of a line: so much farther may the end of a clause be than the end of a word

Length = Callable[[str], float]


@dataclass(frozen=True)
class MarkedLine:
    """A line in one language, cut at its marks."""

    language: str
    stretches: tuple[str, ...]  # one more than there are marks
    marks: tuple[str, ...]

    @property
    def text(self) -> str:
        """The line without marks."""
        return "".join(self.stretches)

    def shares(self, length: Length) -> dict[str, float]:
        """The share of the line that is spoken before each mark."""
        over = list(accumulate(length(stretch) for stretch in self.stretches))
        return {mark: done / (over[-1] or 1.0) for mark, done in zip(self.marks, over, strict=False)}

    def with_marks(self, places: Mapping[str, int]) -> MarkedLine:
        """The line with marks at ``places``: characters before each, in order."""
        ends = [0, *places.values(), len(self.text)]
        stretches = tuple(self.text[start:end] for start, end in pairwise(ends))
        return MarkedLine(self.language, stretches, tuple(places))


class MarkOrderError(ValueError):
    """Two lines of one beat have the same marks in another order."""


def merged_marks(sequences: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All marks of ``sequences`` in an order that agrees with each of them. Raises MarkOrderError if there is none."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for sequence in sequences:
        for mark, before in zip(sequence, (None, *sequence), strict=False):
            order.add(mark, *([before] if before is not None else []))
    try:
        return tuple(order.static_order())
    except CycleError as error:
        raise MarkOrderError(", ".join(error.args[1])) from None


def with_all_marks(
    lines: Mapping[str, MarkedLine], originals: Mapping[str, MarkedLine], length: Callable[[str, str], float]
) -> dict[str, MarkedLine]:
    """The lines of a beat, by name, with the same marks in the same order in each.

    A mark that a line lacks is placed in proportion to the first of these that has it: another form of the line in its
    language, a reworded line in another language, the line's own original, any other line. ``originals`` has the lines
    that reworded ones replace. ``length`` measures a text in a language as it is spoken. Raises MarkOrderError.
    """
    order = merged_marks(line.marks for line in (*lines.values(), *originals.values()))
    found = {}
    for name, line in lines.items():
        others = [other for other_name, other in lines.items() if other_name != name]
        forms = [other for other in others if other.language == line.language]
        reworded = [other for other in others if other.language in originals]
        own = [originals[name]] if name in originals else []
        found[name] = _with_marks(line, order, [*forms, *reworded, *own, *others], length)
    return found


def _with_marks(
    line: MarkedLine, order: Sequence[str], references: Sequence[MarkedLine], length: Callable[[str, str], float]
) -> MarkedLine:
    """``line`` with the marks of ``order``, each missing one in proportion to the first reference that has it."""
    if line.marks == tuple(order):
        return line
    for reference in references:
        if reference.text == line.text and reference.marks == tuple(order) and not line.marks:
            return reference

    def spoken(text: str) -> float:
        return length(text, line.language)

    written = dict(zip(line.marks, accumulate(map(len, line.stretches)), strict=False))
    shares = line.shares(spoken)
    candidates = _candidates(line, spoken)
    shares_of = {other: other.shares(partial(_of_language, length, other.language)) for other in references}
    places: dict[str, int] = {}
    before = 0
    for k, mark in enumerate(order):
        if mark in written:
            places[mark] = before = written[mark]
            continue
        reference = next(other for other in references if mark in other.marks)
        theirs = shares_of[reference]
        anchors = [(theirs[name], shares[name]) for name in line.marks if name in theirs]
        target = _between(theirs[mark], [(0.0, 0.0), *sorted(anchors), (1.0, 1.0)])
        rest = order[k + 1 :]
        following = next((place for place, later in enumerate(rest) if later in written), len(rest))
        limit = written[rest[following]] if following < len(rest) else len(line.text)
        places[mark] = before = _nearest(target, candidates, before, limit, following)
    return line.with_marks(places)


def _of_language(length: Callable[[str, str], float], language: str, text: str) -> float:
    return length(text, language)


def _candidates(line: MarkedLine, spoken: Length) -> list[tuple[int, float, bool]]:
    """Where a mark may be put inside a line: the place, its share, whether a clause ends there."""
    places = break_places(line.text, line.language)
    parts = [line.text[start:end] for start, end in pairwise([0, *places, len(line.text)])]
    over = list(accumulate(map(spoken, parts)))
    clause_ends = tuple(SENTENCE_END + CLAUSE_END)
    return [
        (place, done / (over[-1] or 1.0), part.rstrip().rstrip(CLOSERS).endswith(clause_ends))
        for place, done, part in zip(places, over, parts, strict=False)
    ]


def _nearest(
    target: float, candidates: Sequence[tuple[int, float, bool]], before: int, limit: int, following: int
) -> int:
    """The candidate nearest to ``target`` after place ``before``, up to ``limit``; ``limit`` where there is none.

    It leaves a candidate for each of the ``following`` marks, as far as there are any.
    """
    if target <= 0:
        return before
    inside = [candidate for candidate in candidates if before < candidate[0] < limit]
    if not inside:
        return limit
    inside = inside[: max(len(inside) - following, 1)]
    return min(inside, key=lambda one: abs(one[1] - target) + (0.0 if one[2] else CLAUSE_REACH))[0]


def _between(x: float, points: Sequence[tuple[float, float]]) -> float:
    """The value at ``x`` of the line through ``points`` (x, y), x rising."""
    right = min(max(bisect_right(points, (x, 2.0)), 1), len(points) - 1)
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y1 if x1 <= x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
