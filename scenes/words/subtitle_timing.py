"""Cuts narration into subtitles (cues) at its phrases, and gives each its share of the time.

A cue has at most two lines. The language (`Language`) says how long a line is, how fast people read and where a line is
best cut. The limits follow Netflix's Timed Text Style Guide and the BBC's Subtitle Guidelines.
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
_ALL = tuple(LANGUAGES.values())  # a line may contain words of another language
LEADING_WORDS = frozenset[str]().union(*(language.leading_words for language in _ALL))
CLINGING_WORDS = frozenset[str]().union(*(language.clinging_words for language in _ALL))
KEPT_TOGETHER = frozenset[str]().union(*(language.kept_together for language in _ALL))
BREAK_AFTER = "".join(language.break_after for language in _ALL)
BREAK_BEFORE = "".join(language.break_before for language in _ALL)

# The costs of a cue, of a second line, and of the break between two lines. The cheapest division of the text is used
CUE_COST, LINE_COST, BETWEEN_LINES = 2.0, 0.2, 0.3


@dataclass(frozen=True)
class Cue:
    r"""One subtitle: its text (``\\n`` between lines), the seconds that it takes to read, its share of the beat (0 to
    1).
    """

    text: str
    seconds: float
    share: float


@dataclass(frozen=True)
class _Token:
    """A piece that is never cut: a word, or one Chinese character with the punctuation that belongs to it."""

    text: str
    spaced: bool  # whether a space precedes it
    width: float  # characters of the language


def reading_seconds(text: str, language: str) -> float:
    """Return the seconds that reading ``text`` takes, in cues of at least 1 s each; 0 for an empty text."""
    return sum(cue.seconds for cue in split_cues(text, language))


@lru_cache(maxsize=512)
def split_cues(text: str, language: str) -> tuple[Cue, ...]:
    """Return ``text`` as cues: cut at sentence ends, else at clauses, else between words, with lines of similar length.

    Runs of white space count as one space. Nothing else is lost, and only line breaks are added.
    """
    tokens = _tokens_of_text(text, language)
    spans = _Cutting(tokens, language).cheapest()
    texts = [
        _set_in_lines([tokens[start:second], tokens[second:end]] if second else [tokens[start:end]])
        for start, second, end in spans
    ]
    seconds = [reading_time(cue, language) for cue in texts]
    total = sum(seconds)
    return tuple(Cue(cue, duration, duration / total) for cue, duration in zip(texts, seconds, strict=True))


def reading_time(cue: str, language: str) -> float:
    """Return the seconds that a cue takes to read."""
    pace = LANGUAGES[language]
    return min(max(_width_in_characters(cue, language) / pace.reading_speed, pace.shortest_cue), pace.longest_cue)


def timed_cues(text: str, language: str, start: float, end: float) -> list[tuple[float, float, str]]:
    """Return the cues of a beat from ``start`` to ``end`` seconds, one after another, as (start, end, text).

    Each gets its share of the whole time, but at most 7 s; then a pause follows.
    """
    timed, begin, longest = [], start, LANGUAGES[language].longest_cue
    for cue in split_cues(text, language):
        duration = cue.share * (end - start)
        timed.append((begin, begin + min(duration, longest), cue.text))
        begin += duration
    return timed


def spoken_cues(
    text: str,
    language: str,
    start: float,
    end: float,
    pauses: Sequence[tuple[float, float]],
    spoken_length: Callable[[str], float],
) -> list[tuple[float, float, str]]:
    """Return the cues of a line spoken from ``start`` to ``end`` seconds, as (start, end, text).

    Each cue gets a share of the time outside the pauses, by its spoken length. If it ends a sentence or clause and a
    pause is near, the cue ends when the pause begins, and the next cue begins when the pause ends.

    Parameters
    ----------
    text, language
        The line.
    start, end
        When the speech begins and ends, in seconds.
    pauses
        Beginning and end of each pause in the speech, in order.
    spoken_length
        Returns the spoken length of a text.
    """
    cues = split_cues(text, language)
    lengths = [max(spoken_length(cue.text.replace("\n", " ")), 1e-9) for cue in cues]
    sound = _SoundingTime(start, end, pauses)
    timed, begin, sounding_before = [], start, 0.0  # the cue's beginning, and the sounding seconds before it
    for number, cue in enumerate(cues[:-1]):
        remaining, remaining_length = sound.seconds - sounding_before, sum(lengths[number:])
        own_seconds, next_seconds = (remaining * length / remaining_length for length in lengths[number : number + 2])
        pause = None
        if (cue.text.rstrip(CLOSERS) or cue.text)[-1] in SENTENCE_END + CLAUSE_END:
            pause = sound.pause_near(sounding_before + own_seconds, min(own_seconds, next_seconds) / 2)
        sounding_before, stop, next_begin = pause or (
            sounding_before + own_seconds,
            *[sound.clock(sounding_before + own_seconds)] * 2,
        )
        timed.append((begin, stop, cue.text))
        begin = next_begin
    return [*timed, *((begin, end, cue.text) for cue in cues[-1:])]


class _SoundingTime:
    """The seconds of speech outside pauses, and their relation to clock time."""

    def __init__(self, start: float, end: float, pauses: Sequence[tuple[float, float]]) -> None:
        self._start = start
        self._pauses: list[tuple[float, float, float]] = []  # sounding seconds before it, its beginning, its end
        silent = 0.0
        for begin, stop in pauses:
            self._pauses.append((begin - start - silent, begin, stop))
            silent += stop - begin
        self.seconds = end - start - silent

    def clock(self, sounding: float) -> float:
        """Return the time at which ``sounding`` seconds have sounded. If a pause begins there, return its beginning."""
        return self._start + sounding + sum(stop - begin for before, begin, stop in self._pauses if before < sounding)

    def pause_near(self, sounding: float, reach: float) -> tuple[float, float, float] | None:
        """Return the pause within ``reach`` sounding seconds of ``sounding``; of several, a long and near one; else
        None.
        """
        near = [pause for pause in self._pauses if abs(pause[0] - sounding) < reach]
        return max(near, key=lambda pause: pause[2] - pause[1] - abs(pause[0] - sounding), default=None)


def break_places(text: str, language: str) -> list[int]:
    """Return the positions, in characters, where ``text`` may be cut: before words, and never inside a common word."""
    places, end = [], 0
    for token in _tokens_of_text(text, language):
        start = text.index(token.text, end)
        if end and text[start - 1] + text[start] not in KEPT_TOGETHER:
            places.append(start)
        end = start + len(token.text)
    return places


def _tokens_of_text(text: str, language: str) -> list[_Token]:
    """Return the tokens of a text."""
    tokens: list[_Token] = []
    for word in re.findall(r"(?:\S|[\u2009\u202f\xa0])+", text.strip()):  # 1 405 has a thin space and is one word
        for place, piece in enumerate(_breakable_parts(word, LANGUAGES[language].line_length, language)):
            tokens.append(_Token(piece, place == 0 and bool(tokens), _width_in_characters(piece, language)))
    return tokens


def _breakable_parts(word: str, limit: int, language: str) -> Iterator[str]:
    """Yield the parts of a word that may be on different lines: wide characters one by one, Latin runs whole.

    A run that is wider than a line is cut where the line is full. The time is proportional to the word's length.
    """
    atoms = re.findall(r"[^\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]+|.", word, re.DOTALL)
    held: list[str] = []  # atoms of the current piece
    held_width = 0.0
    for atom in atoms:
        atom_width = _width_in_characters(atom, language)
        clings = held and (atom[0] in NO_START or unicodedata.combining(atom[0]) or held[-1][-1] in NO_END)
        if held and (not clings or held_width + atom_width > limit):
            yield "".join(held)
            held, held_width = [], 0.0
        if atom_width > limit:
            *full, atom = _cut_at_width(atom, limit, language)
            yield from full
            atom_width = _width_in_characters(atom, language)
        held.append(atom)
        held_width += atom_width
    if held:
        yield "".join(held)


def _cut_at_width(text: str, limit: int, language: str) -> Iterator[str]:
    """Yield ``text`` in parts that are at most ``limit`` wide, each with at least one character."""
    start, width = 0, 0.0
    for place, character in enumerate(text):
        more = _width_in_characters(character, language)
        if place > start and width + more > limit:
            yield text[start:place]
            start, width = place, 0.0
        width += more
    yield text[start:]


def _width_in_characters(text: str, language: str) -> float:
    """Return the width of a text in characters of the language.

    In Chinese a full-width character counts 1 and others 1/2; elsewhere a full-width one counts 2 and others 1.
    """
    wide = LANGUAGES[language].full_width
    halves = (
        0 if unicodedata.combining(a) or a == "\n" else 1 + (unicodedata.east_asian_width(a) in wide) for a in text
    )
    return LANGUAGES[language].narrow * sum(halves)


class _Cutting:
    """Computes the cheapest division of a text's tokens into cues of at most two lines.

    Widths are differences of running sums, so the cost of a cue does not depend on the length of the text.
    """

    def __init__(self, tokens: Sequence[_Token], language: str) -> None:
        self.limit, self.space = LANGUAGES[language].line_length, _width_in_characters(" ", language)
        self.break_costs = [0.0, *(_break_cost(tokens, place) for place in range(1, len(tokens) + 1))]
        spaces = [self.space if token.spaced else 0.0 for token in tokens]
        self.ends = [0.0, *accumulate(token.width + space for token, space in zip(tokens, spaces, strict=True))]
        self.starts = [end + space for end, space in zip(self.ends, spaces, strict=False)]  # after a token's space

    def line_break(self, start: int, end: int) -> tuple[float, int]:
        """Return the cost of tokens ``start`` to ``end`` as a cue, and the first token of its second line (0: it has
        none).

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
        """Return the first token of the longest cue that ends before token ``end`` and fits into two lines."""
        second_line = bisect_left(self.starts, self.ends[end] - self.limit)
        return bisect_left(self.starts, self.ends[second_line] - self.limit)

    def cheapest(self) -> list[tuple[int, int, int]]:
        """Return the cues with the lowest total cost, as (start, second line (0: none), end) in tokens.

        This is dynamic programming. A cue has a bounded number of tokens, so the time is proportional to the text's
        length.
        """
        best = [(0.0, 0, 0)]  # cost of dividing the first i tokens; start of their last cue and of its second line
        for end in range(1, len(self.ends)):
            last_break, cheapest = self.break_costs[end], (math.inf, 0, 0)
            for start in range(self.first_start(end), end):
                if best[start][0] + CUE_COST + last_break >= cheapest[0]:
                    continue  # too expensive even without the cost of its lines
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
    """Return the cost of cutting the text before token ``place``."""
    if place >= len(tokens):
        return 0.0
    last_word, next_word = tokens[place - 1].text, tokens[place].text
    end = last_word.rstrip(CLOSERS)[-1:] or last_word[-1]
    if end in SENTENCE_END:
        return 0.0
    if next_word[0] in NO_START:
        return 8.0
    if last_word[-1] in CLAUSE_END or end in CLAUSE_END:
        return 1.0
    cost = 5.0
    if last_word[-1] in BREAK_AFTER or next_word[0] in BREAK_BEFORE or next_word.lower() in LEADING_WORDS:
        cost -= 1.0
    if last_word.lower() in CLINGING_WORDS:
        cost += 2.0
    if last_word[-1] + next_word[0] in KEPT_TOGETHER:
        cost += 4.0
    return cost


def _set_in_lines(lines: Iterable[Sequence[_Token]]) -> str:
    """Return the tokens of each line as text, with a line break between lines."""
    return "\n".join(
        "".join((" " if i and token.spaced else "") + token.text for i, token in enumerate(line)) for line in lines
    )
