"""Converts a printed line to the words that a voice reads: "26 001" to "twenty-six thousand and one", "x₁" to "x one".

A line is read once, from left to right. At each place the first of these rules that matches is used. A mark stays as it
is (`marks`). Then come words and letters of the lexicon. Then come forms of numbers, letters and brackets (`FIRST`, the
language's `OWN`, `COMMON`). Last come signs of the lexicon. Text that no rule matches stays as printed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from gradreel.scenes.words.languages import English
from gradreel.scenes.words.marks import MARK
from gradreel.scenes.words.spoken_numbers import SPEECH, UNITS, EnglishSpeech, Speech

LOW, HIGH = "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₘₙₜ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁱⁿˣᵀ"
GREEK = "\u0370-\u03ff"
SPACES = "\u2009\u202f\xa0 ,"  # separators of thousands
NUMBER = rf"(?:\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
SIGNED = (
    rf"(?:(?<![A-Za-z{GREEK}{LOW}{HIGH}\d)\]%])[-+\u2212])?{NUMBER}"  # after these characters a sign is an operator
)
MONTHS = {name: month for month in English.MONTHS for name in (month, month[:3])}
SIZES = {"k": 3, "M": 6, "千": 3, "百万": 6}  # powers of ten
TO = "\u2013~\uff5e\u301c-"  # between the ends of a range
LETTER = rf"[A-Za-z{GREEK}](?![A-Za-z])"  # a single letter: a quantity
ENDS = rf"\d)\]′{LOW}{HIGH}"  # last characters of a term that something can be subtracted from
WEIGHT = "wW"  # letters whose index digits are two indices

Read = Callable[[str], str]  # converts a part of a line to spoken words
Form = tuple[str, Callable[..., str]]  # a pattern, and its words as a function of speech, `Read` and the groups


def spoken_form(line: str, language: str, lexicon: Mapping[str, str]) -> str:
    """Return the words that a voice reads for ``line``, a printed line whose fields are filled. Marks stay.

    Parameters
    ----------
    line
        The printed line.
    language
        Its language, such as "en".
    lexicon
        Printed words, letters and signs -> their spoken form (`Narration.lexicon`).

    Examples
    --------
    >>> spoken_form("3.5 %", "en", {})
    'three point five percent'
    """
    return TIDY[language](_make_reader(language, tuple(lexicon.items()))(line))


# -- forms -------------------------------------------------------------------------------------------------------------


def _in_ascii(printed: str) -> str:
    """Return a number, an index or a power in ASCII, without separators of thousands: "-1234.5"."""
    return re.sub(rf"[{SPACES}_^{{}}]", "", unicodedata.normalize("NFKC", printed).replace("\u2212", "-"))


def _exponent_words(speech: Speech, read: Read, printed: str) -> str:
    """Return the words for an exponent."""
    exponent = _in_ascii(printed)
    return speech.power(exponent if exponent.lstrip("+-").isdigit() else read(exponent.replace("-", "\u2212")))


def _symbol_words(speech: Speech, read: Read, letter: str, index: str, power: str, primes: str) -> str:
    """Return the words for a letter with index, power and primes."""
    one_by_one = letter in WEIGHT and "," not in index
    indices = re.findall(r"\d|[^\d\W_]" if one_by_one else r"\d+|[^\d\W_]", unicodedata.normalize("NFKC", index))
    powers = [read("ᵀ")] if _in_ascii(power) == "T" else [_exponent_words(speech, read, power)] if power else []
    letter = "eigh" if letter == "a" and speech.code == "en" else read(letter)  # not read as the article
    return speech.gap.join([letter, *map(read, indices), *powers, *(read("′") for _ in primes)])


def _sized_number_words(speech: Speech, read: Read, number: str, size: str) -> str:
    """Return the words for a number in thousands or millions.

    If the full number is whole, it is said in full: nobody says "zero point two four thousand".
    """
    full_number = Decimal(_in_ascii(number)).scaleb(SIZES[size])
    if full_number == full_number.to_integral_value():
        return speech.number(f"{full_number:.0f}")
    return speech.gap.join([speech.number(_in_ascii(number)), speech.SIZES[SIZES[size]]])


def _repeated_number_words(speech: Speech, read: Read, shown: str, noun: str, number: str, size: str) -> str:
    """Return the words for a number that is repeated in brackets, as in 684 views (0.68k).

    If both numbers are the same up to rounding, the brackets are not read.
    """
    repeated = Decimal(_in_ascii(number)).scaleb(SIZES[size])
    is_same = abs(Decimal(_in_ascii(shown)) - repeated) <= Decimal(1).scaleb(
        int(repeated.as_tuple().exponent)
    )  # one unit of the last digit
    return read(shown + noun) + ("" if is_same else speech.COMMA + read(number + size) + speech.COMMA)


def _unit_words(speech: Speech, read: Read, number: str, unit: str) -> str:
    """Return the words for a number with its unit."""
    singular, plural = speech.UNITS[unit]
    number = _in_ascii(number)
    return speech.gap.join([speech.number(number, counted=True), singular if number == "1" else plural])


def _iso_date_words(speech: Speech, read: Read, *parts: str) -> str:
    """Return the words for a date such as 2021-02-11; for an impossible date, the three numbers."""
    try:
        return speech.date(date(*map(int, parts)))
    except ValueError:  # not a day of the calendar
        return speech.CHAIN.join(map(read, parts))


FIRST: list[Form] = [
    (rf"({NUMBER})([^\d()（）]{{0,40}}?)\s?\(({NUMBER})([kM])\)", _repeated_number_words),
    (r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?![\d-])", _iso_date_words),
    (  # 56-100-100-1
        r"(?<![\d-])(\d+(?:-\d+){2,})(?![\d-])",
        lambda speech, read, chain: speech.CHAIN.join(map(read, chain.split("-"))),
    ),
    (  # 1/3
        r"(?<![\d/.])(\d{1,9})/([1-9]\d{0,8})(?![\d/.])",
        lambda speech, read, above, below: speech.fraction(int(above), int(below)),
    ),
]
"""Forms that come before those of a single language."""

COMMON: list[Form] = [
    (rf"({NUMBER}):({NUMBER})", lambda speech, read, *sides: speech.RATIO.join(map(read, sides))),
    (
        rf"({NUMBER})(?:\s?[%％])?[{TO}]({NUMBER})\s?[%％]",
        lambda speech, read, *ends: speech.percents(*map(_in_ascii, ends)),
    ),
    (rf"({NUMBER})[{TO}]({NUMBER})", lambda speech, read, *ends: speech.RANGE.join(map(read, ends))),
    (rf"({SIGNED})[eE]([-+]?\d+)", lambda speech, read, *parts: speech.scientific(*map(_in_ascii, parts))),
    (
        rf"({SIGNED})([{HIGH}]+)",
        lambda speech, read, *parts: speech.gap.join([read(parts[0]), _exponent_words(speech, read, parts[1])]),
    ),
    (rf"({SIGNED})\s?[%％]", lambda speech, read, number: speech.percent(_in_ascii(number))),
    (rf"({SIGNED})\s?({'|'.join(sorted(UNITS, key=len, reverse=True))})(?![\w{LOW}{HIGH}/^])", _unit_words),
    (rf"({SIGNED})([kM])(?![A-Za-z])", _sized_number_words),
    (  # x₁, w_{2,1}, R², a′
        rf"(?<![A-Za-z])([A-Za-z{GREEK}])(?=[{LOW}{HIGH}_^′])([{LOW}]+|_\{{[^{{}}]*\}}|_[A-Za-z\d]+)?"
        rf"([{HIGH}]+|\^\{{[^{{}}]*\}}|\^-?[A-Za-z\d]+)?(′*)",
        _symbol_words,
    ),
    (  # σ(r), fθ(x)
        rf"(?<![A-Za-z][A-Za-z])(?<=[A-Za-z{GREEK}{LOW}])\(([^()]*)\)",
        lambda speech, read, inside: speech.OF + read(inside),
    ),
    (r"(?<!\s)\s*[(（]([^()（）]*)[)）]", lambda speech, read, inside: speech.COMMA + read(inside) + speech.COMMA),
    (  # −x, but not the minus of y − x
        rf"(?<![\w{ENDS}])(?<![\w{ENDS}] )[-\u2212](?={LETTER}|\()",
        lambda speech, read: speech.MINUS + speech.gap,
    ),
    (  # x - 1, as a keyboard has it; a dash has words around it
        rf"(?:(?<=[{ENDS}] )|(?<=[^\w-][A-HJ-Za-z{GREEK}] )|(?<=^[A-HJ-Za-z{GREEK}] ))-(?= (?:\d|\(|{LETTER}))",
        lambda speech, read: read("\u2212"),
    ),
    (rf"({SIGNED})", lambda speech, read, number: speech.number(_in_ascii(number))),
    (rf"([{LOW}{HIGH}]+)", lambda speech, read, index: read(_in_ascii(index))),  # an index of a word
]
"""Forms of all languages, which come after those of a single language."""


def _day_words(speech: EnglishSpeech, read: Read, day: str, month: str, year: str) -> str:
    """Return the words for an English date such as 11 February 2021; ``year`` may be ""."""
    words = speech.day(int(day), MONTHS[month])
    return f"{words}, {speech.year(int(year))}" if year else words


OWN: dict[str, list[Form]] = {
    "en": [
        (rf"(\d{{1,2}}) ({'|'.join(sorted(MONTHS, key=len, reverse=True))})\b(?: (\d{{4}})\b)?", _day_words),
        (r"(\d{1,9})(?:st|nd|rd|th)\b", lambda speech, read, number: speech.ordinal(int(number))),
        (r"((?<=the )\d0|(?:1[1-9]|20)\d0)s\b", lambda speech, read, years: speech.decade(int(years))),
        # A year: any other number of four digits has a separator of thousands
        (rf"((?:19|20)\d\d)(?!\d|[.:/\u2013-]\d|\s?%|[kMeE{HIGH}])", lambda speech, read, year: speech.year(int(year))),
        (r"(?<![\w'’])a(?=[.,;:?!]|$)", lambda speech, read: "eigh"),  # the letter: an article never precedes a comma
    ],
    "zh": [
        (
            rf"(\d{{4}})\s?[{TO}]\s?(\d{{4}})(?=\s?年)",
            lambda speech, read, *years: speech.RANGE.join(speech.year(int(year)) for year in years),
        ),
        (r"(\d{4})(?=\s?年|\s?[到至]\s?\d{4}\s?年)", lambda speech, read, year: speech.year(int(year))),
        (rf"({SIGNED}(?<=\.\d)\d*)\s?(百万|千)", _sized_number_words),  # 4.49 千
        (rf"(?<=第)\s?(\d{{1,9}})(?![.{SPACES}]?\d)", lambda speech, read, number: speech.ordinal(int(number))),
        (
            rf"({SIGNED})(?=\s?(?:小时|分钟|秒|[个次天层遍页条位年周张步点批组倍份块段种项千万亿]))",  # 两个, not 二个
            lambda speech, read, number: speech.number(_in_ascii(number), counted=True),
        ),
        (r"([A-Za-z]{2,})", lambda speech, read, word: "".join(map(read, word))),  # voices drop Latin letters: spelled
    ],
}
"""Forms of a single language."""


# -- reading -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _make_reader(language: str, lexicon: tuple[tuple[str, str], ...]) -> Read:
    """Return the function that converts a part of a line to words, for a language and a lexicon."""
    speech, spoken = SPEECH[language], dict(lexicon)

    def from_lexicon(speech: Speech, read: Read, printed: str) -> str:
        """Return the spoken form of an entry, found in small letters too."""
        return speech.spelled(spoken.get(printed, spoken.get(printed.casefold(), printed)), spoken)

    forms: list[Form] = [
        (f"({MARK})", lambda speech, read, mark: mark),
        (_entries_pattern(filter(_is_word, spoken)), from_lexicon),
        *FIRST,
        *OWN[language],
        *COMMON,
        (_entries_pattern(entry for entry in spoken if not _is_word(entry)), from_lexicon),
    ]
    forms_by_name = {f"form_{number}": (re.compile(form), say) for number, (form, say) in enumerate(forms)}
    any_form = re.compile("|".join(f"(?P<{name}>{pattern.pattern})" for name, (pattern, _) in forms_by_name.items()))

    def spoken_match(match: re.Match[str]) -> str:
        """Return the words for a matched form, with gaps to neighbouring words."""
        line, start, end = match.string, match.start(), match.end()
        pattern, say = forms_by_name[match.lastgroup or ""]
        parts = pattern.match(line, start)
        assert parts is not None, "the same form, at the same place"
        text = say(speech, read, *parts.groups(""))
        before = speech.gap if line[max(start - 1, 0) : start].isalnum() and text[:1].isalnum() else ""
        after = speech.gap if line[end : end + 1].isalnum() and text[-1:].isalnum() else ""
        return before + text + after

    def read(text: str) -> str:
        """Return the words for a part of a line."""
        return any_form.sub(spoken_match, text)

    return read


def _is_word(entry: str) -> bool:
    """Return whether an entry of a lexicon has a letter or digit. Mere signs come last, after numbers with signs."""
    return any(letter.isalnum() for letter in entry)


def _entries_pattern(printed: Iterable[str]) -> str:
    """Return a pattern that matches these entries of a lexicon, the longest first."""
    return f"({'|'.join(map(_entry_pattern, sorted(printed, key=len, reverse=True))) or '(?!)'})"


def _entry_pattern(printed: str) -> str:
    """Return a pattern for an entry: whole words only. An entry in small letters matches capitals too."""
    before = "(?<![A-Za-z])" if re.match("[A-Za-z]", printed) else ""
    after = rf"(?![A-Za-z{LOW}{HIGH}_^′])" if re.search(rf"[A-Za-z{GREEK}]$", printed) else ""
    after = r"(?!\d)" if printed[-1].isdigit() else after
    cased = f"(?i:{re.escape(printed)})" if printed.islower() else re.escape(printed)
    return before + cased + after


def _tidy_english(text: str) -> str:
    """Return an English line with tidy spaces, commas and quotes."""
    text = re.sub('[“”"]', "", text).replace("’", "'")
    return re.sub(r"(?:\s*,)*\s*([,.;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _tidy_chinese(text: str) -> str:
    """Return a Chinese line with Chinese punctuation, without spaces and quotes."""
    text = re.sub("[“”\"’'\\s]", "", text).translate(str.maketrans(",.;:!?〇", "，。；：！？零"))
    return re.sub("，*([，。；：！？、])", r"\1", text)


TIDY: dict[str, Callable[[str], str]] = {"en": _tidy_english, "zh": _tidy_chinese}
"""The last step for each language: tidies spaces and punctuation."""
