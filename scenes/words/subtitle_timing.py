"""Subtitles as people read them: narration cut into cues at its phrases, each with its share of time.

A cue has at most 2 lines. How long a line is, how fast people read and where a line is best cut is the language's own
(`Language`): limits after Netflix's Timed Text Style Guide and the BBC's Subtitle Guidelines.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from gradreel.scenes.words.languages import LANGUAGES

LINES = 2

SENTENCE_END = ".!?…。！？"
CLAUSE_END = ",;:—–、，；：)）"
CLOSERS = "\"'”’»)]）】》」』"
NO_START = SENTENCE_END + CLAUSE_END + CLOSERS + "%％·"
NO_END = "(（[【《「『“‘«"
_KNOWN = tuple(LANGUAGES.values())  # a line may have words of another language in it
LEADING_WORDS = frozenset[str]().union(*(known.leading_words for known in _KNOWN))
CLINGING_WORDS = frozenset[str]().union(*(known.clinging_words for known in _KNOWN))
KEPT_TOGETHER = frozenset[str]().union(*(known.kept_together for known in _KNOWN))
BREAK_AFTER = "".join(known.break_after for known in _KNOWN)
BREAK_BEFORE = "".join(known.break_before for known in _KNOWN)

# What a break costs, between cues and between the two lines of one; the cheapest cutting of the whole text
# is taken
CUE_COST, LINE_COST, BETWEEN_LINES = 2.0, 0.2, 0.3


@dataclass(frozen=True)
class Cue:
    """One subtitle: its text (``\\n`` between lines), seconds it takes to read, share of the beat."""

    text: str
    seconds: float
    share: float


@dataclass(frozen=True)
class _Token:
    """A piece that is never cut: a word, or one Chinese character with the marks that cling to it."""

    text: str
    spaced: bool  # a space stands before it
    width: float


def reading_seconds(text: str, language: str) -> float:
    """Seconds that reading ``text`` takes, in cues that stand at least 1 s each; 0 for an empty text."""
    return sum(cue.seconds for cue in split_cues(text, language))


@lru_cache(maxsize=512)
def split_cues(text: str, language: str) -> tuple[Cue, ...]:
    """Cut ``text`` into cues: at sentence ends, else at clauses, else between words; lines as even as may be.

    Runs of white space count as one space. Nothing else is lost or added but the line breaks.
    """
    tokens = _tokens(text, language)
    spans = _Cutting(tokens, language).cheapest()
    texts = [
        _set_in_lines([tokens[start:second], tokens[second:end]] if second else [tokens[start:end]])
        for start, second, end in spans
    ]
    seconds = [reading_time(cue, language) for cue in texts]
    whole = sum(seconds)
    return tuple(Cue(cue, length, length / whole) for cue, length in zip(texts, seconds, strict=True))


def reading_time(cue: str, language: str) -> float:
    """Seconds that a cue takes to read."""
    pace = LANGUAGES[language]
    return min(max(_width(cue, language) / pace.reading_speed, pace.shortest_cue), pace.longest_cue)


def timed_cues(text: str, language: str, start: float, end: float) -> list[tuple[float, float, str]]:
    """Cues of a beat from ``start`` to ``end`` seconds, one after the other; none stands longer than 7 s.

    In a beat longer than its text needs, each cue takes its share of the whole; one cut at 7 s leaves a
    pause.
    """
    timed, begin, longest = [], start, LANGUAGES[language].longest_cue
    for cue in split_cues(text, language):
        length = cue.share * (end - start)
        timed.append((begin, begin + min(length, longest), cue.text))
        begin += length
    return timed


def spoken_cues(
    text: str,
    language: str,
    start: float,
    end: float,
    pauses: Sequence[tuple[float, float]],
    spoken_length: Callable[[str], float],
) -> list[tuple[float, float, str]]:
    """Cues of what is spoken from ``start`` to ``end`` seconds, each from when its words begin to when they are over.

    Each has its share of the time that is not ``pauses`` (from when to when, in order), by the ``spoken_length`` of its
    text. Where a sentence or clause ends with it and a pause is near, it is over when the pause begins, and the next
    begins with what is said then.
    """
    found = split_cues(text, language)
    lengths = [max(spoken_length(cue.text.replace("\n", " ")), 1e-9) for cue in found]
    sound = _SoundingTime(start, end, pauses)
    timed, begin, before = [], start, 0.0  # of a cue: when it begins, and the sounding seconds before it
    for place, cue in enumerate(found[:-1]):
        left, rest = sound.seconds - before, sum(lengths[place:])
        ours, nexts = (left * length / rest for length in lengths[place : place + 2])
        pause = None
        if (cue.text.rstrip(CLOSERS) or cue.text)[-1] in SENTENCE_END + CLAUSE_END:
            pause = sound.pause_near(before + ours, min(ours, nexts) / 2)
        before, stop, then = pause or (before + ours, *[sound.clock(before + ours)] * 2)
        timed.append((begin, stop, cue.text))
        begin = then
    return [*timed, *((begin, end, cue.text) for cue in found[-1:])]


class _SoundingTime:
    """The seconds of speech that are not pauses, and when they are."""

    def __init__(self, start: float, end: float, pauses: Sequence[tuple[float, float]]) -> None:
        self._start = start
        self._pauses: list[tuple[float, float, float]] = []  # sounding seconds before each, from when to when it is
        silent = 0.0
        for begin, stop in pauses:
            self._pauses.append((begin - start - silent, begin, stop))
            silent += stop - begin
        self.seconds = end - start - silent

    def clock(self, sounding: float) -> float:
        """When so many sounding seconds are over; before a pause that is there."""
        return self._start + sounding + sum(stop - begin for before, begin, stop in self._pauses if before < sounding)

    def pause_near(self, sounding: float, reach: float) -> tuple[float, float, float] | None:
        """The pause no farther than ``reach`` from there, in sounding seconds; of several the longest and nearest."""
        near = [pause for pause in self._pauses if abs(pause[0] - sounding) < reach]
        return max(near, key=lambda pause: pause[2] - pause[1] - abs(pause[0] - sounding), default=None)


def break_places(text: str, language: str) -> list[int]:
    """Return where ``text`` may be parted, in characters: before each word but the first, and inside no common word."""
    places, end = [], 0
    for token in _tokens(text, language):
        start = text.index(token.text, end)
        if end and text[start - 1] + text[start] not in KEPT_TOGETHER:
            places.append(start)
        end = start + len(token.text)
    return places


def _tokens(text: str, language: str) -> list[_Token]:
    tokens: list[_Token] = []
    for word in re.findall(r"(?:\S|[\u2009\u202f\xa0])+", text.strip()):  # 1 405 has a thin space, and is one word
        for place, piece in enumerate(_pieces(word, LANGUAGES[language].line_length, language)):
            tokens.append(_Token(piece, place == 0 and bool(tokens), _width(piece, language)))
    return tokens


def _pieces(word: str, limit: int, language: str) -> Iterator[str]:
    """Yields the parts of a word that may stand on different lines: wide characters one by one, Latin runs whole.

    A run that is wider than a line is cut where the line is full. Takes time in proportion to the word's length.
    """
    atoms = re.findall(r"[^\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]+|.", word, re.DOTALL)
    held: list[str] = []  # atoms that are to be one piece
    held_width = 0.0
    for atom in atoms:
        atom_width = _width(atom, language)
        clings = held and (atom[0] in NO_START or unicodedata.combining(atom[0]) or held[-1][-1] in NO_END)
        if held and (not clings or held_width + atom_width > limit):
            yield "".join(held)
            held, held_width = [], 0.0
        if atom_width > limit:
            *full, atom = _cut_at_width(atom, limit, language)
            yield from full
            atom_width = _width(atom, language)
        held.append(atom)
        held_width += atom_width
    if held:
        yield "".join(held)


def _cut_at_width(text: str, limit: int, language: str) -> Iterator[str]:
    """Yields ``text`` in parts as wide as ``limit`` allows, of one character at least."""
    start, width = 0, 0.0
    for place, character in enumerate(text):
        more = _width(character, language)
        if place > start and width + more > limit:
            yield text[start:place]
            start, width = place, 0.0
        width += more
    yield text[start:]


def _width(text: str, language: str) -> float:
    """Length in characters of the language: full-width ones are 1 in Chinese, 2 elsewhere, others half that."""
    wide = LANGUAGES[language].full_width
    halves = (
        0 if unicodedata.combining(a) or a == "\n" else 1 + (unicodedata.east_asian_width(a) in wide) for a in text
    )
    return LANGUAGES[language].narrow * sum(halves)


class _Cutting:
    """What it costs to set a text's tokens as cues of at most two lines.

    Widths are differences of running sums, so that a cue's cost does not depend on the length of the text.
    """

    def __init__(self, tokens: Sequence[_Token], language: str) -> None:
        self.limit, self.space = LANGUAGES[language].line_length, _width(" ", language)
        self.break_costs = [0.0, *(_break_cost(tokens, place) for place in range(1, len(tokens) + 1))]
        spaces = [self.space if token.spaced else 0.0 for token in tokens]
        self.ends = [0.0, *accumulate(token.width + space for token, space in zip(tokens, spaces, strict=True))]
        self.starts = [end + space for end, space in zip(self.ends, spaces, strict=False)]  # without the space before

    def line_break(self, start: int, end: int) -> tuple[float, int]:
        """Returns the cost of tokens ``start`` to ``end`` as a cue, and where its second line begins (0: it has none).

        The tokens must fit into two lines, see `first_start`.
        """
        begin, stop, limit = self.starts[start], self.ends[end], self.limit
        if stop - begin <= limit:
            return 0.0, 0
        shortest = bisect_left(self.starts, stop - limit)
        longest = min(bisect_right(self.ends, begin + limit), end)
        costs = (
            (LINE_COST + BETWEEN_LINES * self.break_costs[place] + abs(self.ends[place] - begin - stop + after) / limit)
            for place, after in enumerate(self.starts[shortest:longest], shortest)
        )
        cost, place = min(zip(costs, range(shortest, longest), strict=False))
        return cost, place

    def first_start(self, end: int) -> int:
        """Returns the first token of the longest cue that ends before token ``end`` and fits into two lines."""
        second_line = bisect_left(self.starts, self.ends[end] - self.limit)
        return bisect_left(self.starts, self.ends[second_line] - self.limit)

    def cheapest(self) -> list[tuple[int, int, int]]:
        """Returns the cues whose breaks together cost least: start, second line (0: none) and end, in tokens.

        Dynamic programming. A cue has a bounded number of tokens, so the time is in proportion to the text's length.
        """
        best = [(0.0, 0, 0)]  # the cost of cutting the first i tokens; where their last cue and its second line begin
        for end in range(1, len(self.ends)):
            last_break, cheapest = self.break_costs[end], (math.inf, 0, 0)
            for start in range(self.first_start(end), end):
                if best[start][0] + CUE_COST + last_break >= cheapest[0]:
                    continue  # the cost of its lines comes on top
                cost, second = self.line_break(start, end)
                cheapest = min(cheapest, (best[start][0] + CUE_COST + cost + last_break, start, second))
            best.append(cheapest)
        spans, end = [], len(self.ends) - 1
        while end:
            _, start, second = best[end]
            spans.append((start, second, end))
            end = start
        return spans[::-1]


def _break_cost(tokens: Sequence[_Token], place: int) -> float:
    """What it costs the reader when the text is cut before token ``place``."""
    if place >= len(tokens):
        return 0.0
    before, after = tokens[place - 1].text, tokens[place].text
    end = before.rstrip(CLOSERS)[-1:] or before[-1]
    if end in SENTENCE_END:
        return 0.0
    if after[0] in NO_START:
        return 8.0
    if before[-1] in CLAUSE_END or end in CLAUSE_END:
        return 1.0
    cost = 5.0
    if before[-1] in BREAK_AFTER or after[0] in BREAK_BEFORE or after.lower() in LEADING_WORDS:
        cost -= 1.0
    if before.lower() in CLINGING_WORDS:
        cost += 2.0
    if before[-1] + after[0] in KEPT_TOGETHER:
        cost += 4.0
    return cost


def _set_in_lines(lines: Iterable[Sequence[_Token]]) -> str:
    return "\n".join(
        "".join((" " if i and token.spaced else "") + token.text for i, token in enumerate(line)) for line in lines
    )
