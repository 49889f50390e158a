"""How each language says numbers, dates and powers. `numbers` and `languages` write them.

Whole numbers, ordinals and years come from Unicode's CLDR, by its rule-based number formats: "twenty-six thousand and
one", 两万六千零一. The library ``unicode-rbnf`` reads them; it is pure Python. (num2words has no Chinese, PyICU has no
wheels.) The library drops or shortens decimals, so this module composes them itself. It also composes the largest
numbers, powers, fractions and dates.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, ClassVar

from gradreel.scenes.words.languages import English

UNITS = {
    "s": ("second", "", "秒"),
    "ms": ("millisecond", "", "毫秒"),
    "µs": ("microsecond", "", "微秒"),
    "μs": ("microsecond", "", "微秒"),
    "ns": ("nanosecond", "", "纳秒"),
    "min": ("minute", "", "分钟"),
    "mm": ("millimetre", "", "毫米"),
    "cm": ("centimetre", "", "厘米"),
    "km": ("kilometre", "", "公里"),
    "kg": ("kilogram", "", "公斤"),
    "kB": ("kilobyte", "", "千字节"),
    "MB": ("megabyte", "", "兆字节"),
    "GB": ("gigabyte", "", "吉字节"),
    "TB": ("terabyte", "", "太字节"),
    "Hz": ("hertz", "hertz", "赫兹"),
    "kHz": ("kilohertz", "kilohertz", "千赫"),
    "MHz": ("megahertz", "megahertz", "兆赫"),
    "GHz": ("gigahertz", "gigahertz", "吉赫"),
    "dB": ("decibel", "", "分贝"),
    "px": ("pixel", "", "像素"),
    "fps": ("frame a second", "frames a second", "帧每秒"),
    "°": ("degree", "", "度"),
    "°C": ("degree Celsius", "degrees Celsius", "摄氏度"),
}
"""Units whose number precedes them: English singular, English plural unless it only adds an s, Chinese.

Metre and gram are missing, since m and g are also letters of formulas.
"""


class Speech(ABC):
    """How one language says numbers.

    Numbers are given as printed, without separators of thousands: "0.0048".
    """

    code: str
    CARDINAL: str  # CLDR's rule set for whole numbers
    ORDINAL: str  # CLDR's rule set for ordinals
    DIGITS: Sequence[str]  # words for 0 to 9
    SIZES: ClassVar[Mapping[int, str]]  # words for powers of ten, by exponent
    UNITS: ClassVar[Mapping[str, tuple[str, str]]]  # words for a unit: singular, plural
    POINT: str  # the word for the decimal point
    MINUS: str  # the word before a negative number
    PLUS: str  # the word for a plus sign
    TIMES: str  # the word for multiplication
    PERCENT: str  # the words around a percentage
    CHAIN: str  # between the numbers of 56-100-100-1
    RANGE: str  # between the numbers of 3–5
    RATIO: str  # between the numbers of 3:1
    OF: str  # between a function and its argument in brackets
    COMMA: str  # in place of other brackets
    gap: str  # between words
    LONGEST: int  # most digits of a whole number said as one; longer ones are said digit by digit

    def number(self, text: str, counted: bool = False) -> str:
        """Return a number in words, with its sign if it has one. ``counted``: whether the counted thing follows."""
        whole, _, decimals = text.lstrip("+-").partition(".")
        words = [self._word_for_sign(text)] if text[0] in "+-" else []
        one_by_one = len(whole) > self.LONGEST
        words.append(self.digits(whole) if one_by_one else self.whole(int(whole), counted and not decimals))
        return self.gap.join([*words, self.POINT, self.digits(decimals)] if decimals else words)

    def digits(self, text: str) -> str:
        """Return the digits in words, one by one."""
        return self.gap.join(self.DIGITS[int(digit)] for digit in text)

    def ordinal(self, number: int) -> str:
        """Return an ordinal in words."""
        return self.by_rules(number, self.ORDINAL)

    def percent(self, number: str) -> str:
        """Return a percentage in words."""
        if number[0] in "+-":
            return self.gap.join([self._word_for_sign(number), self.percent(number[1:])])
        return self.PERCENT.format(self.number(number))

    @abstractmethod
    def percents(self, first: str, last: str) -> str:
        """Return a range of percentages in words, such as 5–10 %."""

    def _word_for_sign(self, number: str) -> str:
        """Return the word for the sign of a number that has one."""
        return self.MINUS if number.startswith("-") else self.PLUS

    def spelled(self, words: str, lexicon: Mapping[str, str]) -> str:
        """Return a lexicon's words without letters that this language's voices cannot read."""
        return words

    def scientific(self, number: str, exponent: str) -> str:
        """Return a number times a power of ten in words; for 1 only the power."""
        power = self.gap.join([self.number("10"), self.power(exponent.lstrip("+"))])
        return power if number == "1" else self.gap.join([self.number(number), self.TIMES, power])

    def by_rules(self, number: int, ruleset: str) -> str:
        """Return a number in words by a CLDR rule set."""
        return str(_cldr_rules(self.code).format_number(number, ruleset_names=[ruleset]).text)

    @abstractmethod
    def whole(self, number: int, counted: bool = False) -> str:
        """Return a whole number in words. ``counted``: whether the counted thing follows."""

    @abstractmethod
    def year(self, year: int) -> str:
        """Return a year in words."""

    @abstractmethod
    def date(self, day: date) -> str:
        """Return a date in words."""

    @abstractmethod
    def fraction(self, above: int, below: int) -> str:
        """Return a fraction in words: ``above`` over ``below``."""

    @abstractmethod
    def power(self, exponent: str) -> str:
        """Return the words after a base. ``exponent`` is a whole number as printed, or words."""


class EnglishSpeech(Speech):
    """How English says numbers."""

    UNITS: ClassVar = {unit: (one, several or f"{one}s") for unit, (one, several, _) in UNITS.items()}
    code, CARDINAL, ORDINAL = "en", "spellout-cardinal-verbose", "spellout-ordinal-verbose"
    DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    SIZES: ClassVar = {3: "thousand", 6: "million"}
    POINT, MINUS, PLUS, TIMES, PERCENT = "point", "minus", "plus", "times", "{} percent"
    CHAIN, RANGE, RATIO, OF, COMMA, gap = ", ", " to ", " to ", " of ", ", ", " "
    LONGEST = 15

    def whole(self, number: int, counted: bool = False) -> str:
        return self.by_rules(number, self.CARDINAL)

    def year(self, year: int) -> str:
        return self.by_rules(year, "spellout-numbering-year")

    def decade(self, year: int) -> str:
        """Return a decade in words, such as 1980s or 80s."""
        words = self.year(year) if year > 99 else self.whole(year)
        return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"

    def percents(self, first: str, last: str) -> str:
        return self.RANGE.join([self.number(first), self.percent(last)])

    def date(self, day: date) -> str:
        return f"{self.day(day.day, English.MONTHS[day.month - 1])}, {self.year(day.year)}"

    def day(self, day: int, month: str) -> str:
        """Return a day of a month in words: "the third of May"."""
        return f"the {self.ordinal(day)} of {month}"

    def fraction(self, above: int, below: int) -> str:
        if (above, below) == (1, 2):
            return "one half"
        if not 2 < below <= 20:
            return f"{self.whole(above)} over {self.whole(below)}"
        return f"{self.whole(above)} {self.ordinal(below)}{'' if above == 1 else 's'}"

    def power(self, exponent: str) -> str:
        short_forms = {"2": "squared", "3": "cubed"}
        return short_forms.get(exponent) or f"to the {self.number(exponent) if exponent[-1:].isdigit() else exponent}"


class ChineseSpeech(Speech):
    """How Chinese says numbers."""

    UNITS: ClassVar = {unit: (chinese, chinese) for unit, (_, _, chinese) in UNITS.items()}
    code, CARDINAL, ORDINAL = "zh", "spellout-cardinal-alternate2", "spellout-cardinal"
    DIGITS = "零一二三四五六七八九"
    SIZES: ClassVar = {3: "千", 6: "百万"}
    POINT, MINUS, PLUS, TIMES, PERCENT = "点", "负", "正", "乘", "百分之{}"
    CHAIN, RANGE, RATIO, OF, COMMA, gap = "、", "到", "比", "", "，", ""
    LONGEST = 24

    def whole(self, number: int, counted: bool = False) -> str:
        above, below = divmod(number, 10**8)
        if above:  # from 亿 on, CLDR omits some zeros, and its 兆 means different numbers in different places
            zero = "零" if 0 < below < 10**7 else ""
            return f"{self.whole(above, counted=True)}亿{zero}{self.whole(below) if below else ''}"
        if number == 2 and not counted:
            return "二"  # 等于二, but 两个
        return self.by_rules(number, self.CARDINAL)

    def year(self, year: int) -> str:
        return self.digits(str(year))

    def percents(self, first: str, last: str) -> str:
        return self.RANGE.join(map(self.percent, (first, last)))

    def spelled(self, words: str, lexicon: Mapping[str, str]) -> str:
        return re.sub("[A-Za-z]", lambda letter: lexicon.get(letter[0].lower(), ""), words)

    def date(self, day: date) -> str:
        return f"{self.year(day.year)}年{self.ordinal(day.month)}月{self.ordinal(day.day)}日"

    def fraction(self, above: int, below: int) -> str:
        return f"{self.whole(below)}分之{self.whole(above)}"

    def power(self, exponent: str) -> str:
        short_forms = {"2": "的平方", "3": "的立方"}
        return short_forms.get(exponent) or f"的{self.number(exponent) if exponent[-1:].isdigit() else exponent}次方"


SPEECH: dict[str, Speech] = {"en": EnglishSpeech(), "zh": ChineseSpeech()}
"""How each language says numbers, by code."""


@cache
def _cldr_rules(language: str) -> Any:
    """Return CLDR's number rules of a language."""
    from unicode_rbnf import RbnfEngine  # takes 0.1 s

    return RbnfEngine.for_language(language)
