"""Places marks that a line lacks, in proportion to a line that has them.

Somebody who rewords or translates a line need not write marks. The motion then takes the same shares of the new line as
of a reference line. A share is a part of the line's spoken length, from 0 to 1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, pairwise

from gradreel.scenes.words.subtitle_timing import CLAUSE_END, CLOSERS, SENTENCE_END, break_places

CLAUSE_REACH = 0.1  # a clause's end is preferred to a word's end if it is farther by at most this share of the line

Length = Callable[[str, str], float]
"""Returns the spoken length of a text in a language."""


@dataclass(frozen=True)
class MarkedLine:
    """A line in one language, cut at its marks."""

    language: str
    stretches: tuple[str, ...]  # one more than there are marks
    marks: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the line without marks."""
        return "".join(self.stretches)

    def shares(self, length: Length) -> dict[str, float]:
        """Return for each mark which share of the line is spoken before it."""
        spoken = list(accumulate(length(stretch, self.language) for stretch in self.stretches))
        return {mark: before / (spoken[-1] or 1.0) for mark, before in zip(self.marks, spoken, strict=False)}

    def with_marks(self, places: Mapping[str, int]) -> MarkedLine:
        """Return the line with marks at ``places``, in order: how many characters precede each."""
        ends = [0, *places.values(), len(self.text)]
        stretches = tuple(self.text[start:end] for start, end in pairwise(ends))
        return MarkedLine(self.language, stretches, tuple(places))


class MarkOrderError(ValueError):
    """Two lines of one beat have the same marks in different orders."""


def merged_marks(sequences: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return all marks of ``sequences`` in an order that agrees with each. Raises MarkOrderError if there is none.

    Examples
    --------
    >>> merged_marks([("a", "c"), ("a", "b", "c")])
    ('a', 'b', 'c')
    """
    order: TopologicalSorter[str] = TopologicalSorter()
    for sequence in sequences:
        for mark, before in zip(sequence, (None, *sequence), strict=False):
            order.add(mark, *([before] if before is not None else []))
    try:
        return tuple(order.static_order())
    except CycleError as error:
        raise MarkOrderError(", ".join(error.args[1])) from None


def with_all_marks(
    lines: Mapping[str, MarkedLine], originals: Mapping[str, MarkedLine], length: Length
) -> dict[str, MarkedLine]:
    """Return the lines of a beat, by name, with the same marks in the same order in each.

    ``originals`` has, by the same names, the lines that reworded ones replace. A missing mark is placed in proportion
    to the first line that has it, in this order: another form of the line in its language, a reworded line in another
    language, the line's own original, any other line. Raises MarkOrderError.
    """
    order = merged_marks(line.marks for line in (*lines.values(), *originals.values()))
    marked_lines = {}
    for name, line in lines.items():
        other_lines = [other for other_name, other in lines.items() if other_name != name]
        forms = [other for other in other_lines if other.language == line.language]
        reworded = [other for other in other_lines if other.language in originals]
        own = [originals[name]] if name in originals else []
        marked_lines[name] = _with_marks(line, order, [*forms, *reworded, *own, *other_lines], length)
    return marked_lines


def _with_marks(line: MarkedLine, order: Sequence[str], references: Sequence[MarkedLine], length: Length) -> MarkedLine:
    """Return ``line`` with the marks of ``order``; each missing one is placed by the first reference that has it."""
    if line.marks == tuple(order):
        return line
    for reference in references:
        if reference.text == line.text and reference.marks == tuple(order) and not line.marks:
            return reference

    written = dict(zip(line.marks, accumulate(map(len, line.stretches)), strict=False))
    shares = line.shares(length)
    candidates = _candidate_places(line, length)
    shares_of = {other: other.shares(length) for other in references}
    places: dict[str, int] = {}
    previous = 0
    for k, mark in enumerate(order):
        if mark in written:
            places[mark] = previous = written[mark]
            continue
        reference = next(other for other in references if mark in other.marks)
        reference_shares = shares_of[reference]
        anchors = [(reference_shares[name], shares[name]) for name in line.marks if name in reference_shares]
        target = _height_at(reference_shares[mark], [(0.0, 0.0), *sorted(anchors), (1.0, 1.0)])
        rest = order[k + 1 :]
        following = next((place for place, later in enumerate(rest) if later in written), len(rest))
        limit = written[rest[following]] if following < len(rest) else len(line.text)
        places[mark] = previous = _nearest_place(target, candidates, previous, limit, following)
    return line.with_marks(places)


def _candidate_places(line: MarkedLine, length: Length) -> list[tuple[int, float, bool]]:
    """Return the places for a mark inside a line: the place, its share, whether a clause ends there."""
    places = break_places(line.text, line.language)
    parts = [line.text[start:end] for start, end in pairwise([0, *places, len(line.text)])]
    spoken = list(accumulate(length(part, line.language) for part in parts))
    clause_ends = tuple(SENTENCE_END + CLAUSE_END)
    return [
        (place, before / (spoken[-1] or 1.0), part.rstrip().rstrip(CLOSERS).endswith(clause_ends))
        for place, before, part in zip(places, spoken, parts, strict=False)
    ]


def _nearest_place(
    target: float, candidates: Sequence[tuple[int, float, bool]], before: int, limit: int, following: int
) -> int:
    """Return the place of the candidate nearest to ``target`` between ``before`` and ``limit``.

    If ``target`` is 0, return ``before``; if there is no candidate between, ``limit``. Leave a candidate for each of
    the ``following`` marks while there are enough.
    """
    if target <= 0:
        return before
    inside = [candidate for candidate in candidates if before < candidate[0] < limit]
    if not inside:
        return limit
    inside = inside[: max(len(inside) - following, 1)]
    return min(inside, key=lambda each: abs(each[1] - target) + (0.0 if each[2] else CLAUSE_REACH))[0]


def _height_at(x: float, points: Sequence[tuple[float, float]]) -> float:
    """Return the height at ``x`` of the straight pieces through ``points`` (x, y), sorted by x."""
    right = min(max(bisect_right(points, (x, 2.0)), 1), len(points) - 1)
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y1 if x1 <= x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
