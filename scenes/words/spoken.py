"""What a voice reads for a printed line: "twenty-six thousand and one" for "26 001", "x one" for "x₁".

A line is read once, from left to right. At each place the first of these counts: a mark stays as it is (`marks`); a
word or letter of the lexicon; a form of numbers, letters or brackets (`FIRST`, `OWN` of the language, `COMMON`); a sign
of the lexicon. What none of them knows stays as it is printed.
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
SPACES = "\u2009\u202f\xa0 ,"  # between thousands
NUMBER = rf"(?:\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
SIGNED = rf"(?:(?<![A-Za-z{GREEK}{LOW}{HIGH}\d)\]%])[-+\u2212])?{NUMBER}"  # after these it stands between two numbers
MONTHS = {name: month for month in English.MONTHS for name in (month, month[:3])}
SIZES = {"k": 3, "M": 6, "千": 3, "百万": 6}  # powers of ten
TO = "\u2013~\uff5e\u301c-"  # between the ends of a range
LETTER = rf"[A-Za-z{GREEK}](?![A-Za-z])"  # a quantity
ENDS = rf"\d)\]′{LOW}{HIGH}"  # of what is no word, and from which something is taken
WEIGHT = "wW"  # whose digits are two indices

Read = Callable[[str], str]  # a part of a line as it is spoken
Form = tuple[str, Callable[..., str]]  # a pattern; what is said for it, by language, `Read` and the pattern's groups


def spoken_form(line: str, language: str, lexicon: Mapping[str, str]) -> str:
    """The words that a voice reads for ``line``, a printed line whose fields are filled.

    ``lexicon``: words, letters and signs as they are printed -> as they are spoken (`Narration.lexicon`). Marks stay.
    """
    return TIDY[language](_reader(language, tuple(lexicon.items()))(line))


# -- forms -------------------------------------------------------------------------------------------------------------


def _plain(printed: str) -> str:
    """A number, an index or a power as ASCII has it, thousands together: "-1234.5"."""
    return re.sub(rf"[{SPACES}_^{{}}]", "", unicodedata.normalize("NFKC", printed).replace("\u2212", "-"))


def _power(speech: Speech, read: Read, printed: str) -> str:
    exponent = _plain(printed)
    return speech.power(exponent if exponent.lstrip("+-").isdigit() else read(exponent.replace("-", "\u2212")))


def _symbol(speech: Speech, read: Read, letter: str, index: str, power: str, primes: str) -> str:
    one_by_one = letter in WEIGHT and "," not in index
    indices = re.findall(r"\d|[^\d\W_]" if one_by_one else r"\d+|[^\d\W_]", unicodedata.normalize("NFKC", index))
    powers = [read("ᵀ")] if _plain(power) == "T" else [_power(speech, read, power)] if power else []
    letter = "eigh" if letter == "a" and speech.code == "en" else read(letter)  # no article
    return speech.gap.join([letter, *map(read, indices), *powers, *(read("′") for _ in primes)])


def _sized(speech: Speech, read: Read, number: str, size: str) -> str:
    """A number in thousands or millions: whole where it is, since nobody says "zero point two four thousand"."""
    whole = Decimal(_plain(number)).scaleb(SIZES[size])
    if whole == whole.to_integral_value():
        return speech.number(f"{whole:.0f}")
    return speech.gap.join([speech.number(_plain(number)), speech.SIZES[SIZES[size]]])


def _twice(speech: Speech, read: Read, shown: str, of: str, number: str, size: str) -> str:
    """684 views (0.68k): what is in the brackets is the same again, for the eye alone; or else it is read as well."""
    again = Decimal(_plain(number)).scaleb(SIZES[size])
    same = abs(Decimal(_plain(shown)) - again) <= Decimal(1).scaleb(int(again.as_tuple().exponent))  # of its last digit
    return read(shown + of) + ("" if same else speech.COMMA + read(number + size) + speech.COMMA)


def _unit(speech: Speech, read: Read, number: str, unit: str) -> str:
    one, several = speech.UNITS[unit]
    number = _plain(number)
    return speech.gap.join([speech.number(number, counted=True), one if number == "1" else several])


def _iso_date(speech: Speech, read: Read, *parts: str) -> str:
    try:
        return speech.date(date(*map(int, parts)))
    except ValueError:  # no day of the calendar
        return speech.CHAIN.join(map(read, parts))


FIRST: list[Form] = [
    (rf"({NUMBER})([^\d()（）]{{0,40}}?)\s?\(({NUMBER})([kM])\)", _twice),
    (r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?![\d-])", _iso_date),
    (  # 56-100-100-1
        r"(?<![\d-])(\d+(?:-\d+){2,})(?![\d-])",
        lambda speech, read, chain: speech.CHAIN.join(map(read, chain.split("-"))),
    ),
    (  # 1/3
        r"(?<![\d/.])(\d{1,9})/([1-9]\d{0,8})(?![\d/.])",
        lambda speech, read, above, below: speech.fraction(int(above), int(below)),
    ),
]

COMMON: list[Form] = [
    (rf"({NUMBER}):({NUMBER})", lambda speech, read, *sides: speech.RATIO.join(map(read, sides))),
    (
        rf"({NUMBER})(?:\s?[%％])?[{TO}]({NUMBER})\s?[%％]",
        lambda speech, read, *ends: speech.percents(*map(_plain, ends)),
    ),
    (rf"({NUMBER})[{TO}]({NUMBER})", lambda speech, read, *ends: speech.RANGE.join(map(read, ends))),
    (rf"({SIGNED})[eE]([-+]?\d+)", lambda speech, read, *parts: speech.scientific(*map(_plain, parts))),
    (
        rf"({SIGNED})([{HIGH}]+)",
        lambda speech, read, *parts: speech.gap.join([read(parts[0]), _power(speech, read, parts[1])]),
    ),
    (rf"({SIGNED})\s?[%％]", lambda speech, read, number: speech.percent(_plain(number))),
    (rf"({SIGNED})\s?({'|'.join(sorted(UNITS, key=len, reverse=True))})(?![\w{LOW}{HIGH}/^])", _unit),
    (rf"({SIGNED})([kM])(?![A-Za-z])", _sized),
    (  # x₁, w_{2,1}, R², a′
        rf"(?<![A-Za-z])([A-Za-z{GREEK}])(?=[{LOW}{HIGH}_^′])([{LOW}]+|_\{{[^{{}}]*\}}|_[A-Za-z\d]+)?"
        rf"([{HIGH}]+|\^\{{[^{{}}]*\}}|\^-?[A-Za-z\d]+)?(′*)",
        _symbol,
    ),
    (  # σ(r), fθ(x)
        rf"(?<![A-Za-z][A-Za-z])(?<=[A-Za-z{GREEK}{LOW}])\(([^()]*)\)",
        lambda speech, read, inside: speech.OF + read(inside),
    ),
    (r"\s*[(（]([^()（）]*)[)）]", lambda speech, read, inside: speech.COMMA + read(inside) + speech.COMMA),
    (  # −x, but not the minus of y − x
        rf"(?<![\w{ENDS}])(?<![\w{ENDS}] )[-\u2212](?={LETTER}|\()",
        lambda speech, read: speech.MINUS + speech.gap,
    ),
    (  # x - 1, as a keyboard has it; a dash has words around it
        rf"(?:(?<=[{ENDS}] )|(?<=[^\w-][A-HJ-Za-z{GREEK}] )|(?<=^[A-HJ-Za-z{GREEK}] ))-(?= (?:\d|\(|{LETTER}))",
        lambda speech, read: read("\u2212"),
    ),
    (rf"({SIGNED})", lambda speech, read, number: speech.number(_plain(number))),
    (rf"([{LOW}{HIGH}]+)", lambda speech, read, index: read(_plain(index))),  # of a word
]


def _day(speech: EnglishSpeech, read: Read, day: str, month: str, year: str) -> str:
    said = speech.day(int(day), MONTHS[month])
    return f"{said}, {speech.year(int(year))}" if year else said


OWN: dict[str, list[Form]] = {
    "en": [
        (rf"(\d{{1,2}}) ({'|'.join(sorted(MONTHS, key=len, reverse=True))})\b(?: (\d{{4}})\b)?", _day),
        (r"(\d{1,9})(?:st|nd|rd|th)\b", lambda speech, read, number: speech.ordinal(int(number))),
        (r"((?<=the )\d0|(?:1[1-9]|20)\d0)s\b", lambda speech, read, years: speech.decade(int(years))),
        # Any other number of four digits has its thousands apart
        (rf"((?:19|20)\d\d)(?!\d|[.:/\u2013-]\d|\s?%|[kMeE{HIGH}])", lambda speech, read, year: speech.year(int(year))),
        (r"(?<![\w'’])a(?=[.,;:?!]|$)", lambda speech, read: "eigh"),  # the letter: no article stands before a comma
    ],
    "zh": [
        (
            rf"(\d{{4}})\s?[{TO}]\s?(\d{{4}})(?=\s?年)",
            lambda speech, read, *years: speech.RANGE.join(speech.year(int(year)) for year in years),
        ),
        (r"(\d{4})(?=\s?年|\s?[到至]\s?\d{4}\s?年)", lambda speech, read, year: speech.year(int(year))),
        (rf"({SIGNED}(?<=\.\d)\d*)\s?(百万|千)", _sized),  # 4.49 千
        (rf"(?<=第)\s?(\d{{1,9}})(?![.{SPACES}]?\d)", lambda speech, read, number: speech.ordinal(int(number))),
        (
            rf"({SIGNED})(?=\s?(?:小时|分钟|秒|[个次天层遍页条位年周张步点批组倍份块段种项千万亿]))",  # 两个, not 二个
            lambda speech, read, number: speech.number(_plain(number), counted=True),
        ),
        (r"([A-Za-z]{2,})", lambda speech, read, word: "".join(map(read, word))),  # voices drop Latin letters: spelled
    ],
}


# -- reading -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _reader(language: str, lexicon: tuple[tuple[str, str], ...]) -> Read:
    """How a part of a line is read in a language by a lexicon."""
    speech, spoken = SPEECH[language], dict(lexicon)

    def from_lexicon(speech: Speech, read: Read, printed: str) -> str:
        return speech.spelled(spoken.get(printed, spoken.get(printed.casefold(), printed)), spoken)

    forms: list[Form] = [
        (f"({MARK})", lambda speech, read, mark: mark),
        (_entries(filter(_is_word, spoken)), from_lexicon),
        *FIRST,
        *OWN[language],
        *COMMON,
        (_entries(entry for entry in spoken if not _is_word(entry)), from_lexicon),
    ]
    named = {f"form_{number}": (re.compile(form), say) for number, (form, say) in enumerate(forms)}
    any_form = re.compile("|".join(f"(?P<{name}>{pattern.pattern})" for name, (pattern, _) in named.items()))

    def said(match: re.Match[str]) -> str:
        line, start, end = match.string, match.start(), match.end()
        pattern, say = named[match.lastgroup or ""]
        parts = pattern.match(line, start)
        assert parts is not None, "the same form, at the same place"
        text = say(speech, read, *parts.groups(""))
        before = speech.gap if line[max(start - 1, 0) : start].isalnum() and text[:1].isalnum() else ""
        after = speech.gap if line[end : end + 1].isalnum() and text[-1:].isalnum() else ""
        return before + text + after

    def read(text: str) -> str:
        return any_form.sub(said, text)

    return read


def _is_word(entry: str) -> bool:
    """Whether an entry of a lexicon is no mere sign: a minus between numbers is read where it is no number's."""
    return any(letter.isalnum() for letter in entry)


def _entries(printed: Iterable[str]) -> str:
    """The pattern of some entries of a lexicon, the longest first."""
    return f"({'|'.join(map(_entry, sorted(printed, key=len, reverse=True))) or '(?!)'})"


def _entry(printed: str) -> str:
    """Whole words only; one in small letters is found in capitals, too."""
    before = "(?<![A-Za-z])" if re.match("[A-Za-z]", printed) else ""
    after = rf"(?![A-Za-z{LOW}{HIGH}_^′])" if re.search(rf"[A-Za-z{GREEK}]$", printed) else ""
    after = r"(?!\d)" if printed[-1].isdigit() else after
    cased = f"(?i:{re.escape(printed)})" if printed.islower() else re.escape(printed)
    return before + cased + after


def _english(text: str) -> str:
    text = re.sub('[“”"]', "", text).replace("’", "'")
    return re.sub(r"(?:\s*,)*\s*([,.;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _chinese(text: str) -> str:
    text = re.sub("[“”\"’'\\s]", "", text).translate(str.maketrans(",.;:!?〇", "，。；：！？零"))
    return re.sub("，*([，。；：！？、])", r"\1", text)


TIDY: dict[str, Callable[[str], str]] = {"en": _english, "zh": _chinese}
