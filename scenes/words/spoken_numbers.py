"""How numbers, dates and powers are said in each language; how they are printed is in `numbers` and `languages`.

Whole numbers, ordinals and years come from Unicode's CLDR, its rule-based number formats, read by ``unicode-rbnf``:
pure Python, "twenty-six thousand and one" and 两万六千零一. (num2words has no Chinese, PyICU no wheels.) Put together
here are decimals, which the library loses below zero and shortens, the largest numbers, powers, fractions and dates.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, ClassVar

from gradreel.scenes.words.languages import English

UNITS = {  # as they are printed: in English one, and several where that has no mere s; in Chinese
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
"""What is counted or measured, where its number stands before it. A metre and a gram are letters of formulas, too."""


class Speech(ABC):
    """One language. Numbers come as they are printed, without what parts their thousands: "0.0048"."""

    code: str
    CARDINAL: str  # CLDR's sets of rules
    ORDINAL: str
    DIGITS: Sequence[str]
    SIZES: ClassVar[Mapping[int, str]]  # by their power of ten
    UNITS: ClassVar[Mapping[str, tuple[str, str]]]  # one of it, several
    POINT: str  # of decimals
    MINUS: str  # before a number below zero
    PLUS: str  # before one that has the sign
    TIMES: str
    PERCENT: str  # around a number
    CHAIN: str  # between the numbers of 56-100-100-1
    RANGE: str  # of 3–5
    RATIO: str  # of 3:1
    OF: str  # between a function and what is in its brackets
    COMMA: str  # for other brackets
    gap: str  # between words
    LONGEST: int  # digits of a whole number that is said as one; of longer ones each digit

    def number(self, text: str, counted: bool = False) -> str:
        """A number, with its sign if it has one; ``counted``: what it counts comes next."""
        whole, _, decimals = text.lstrip("+-").partition(".")
        words = [self._sign(text)] if text[0] in "+-" else []
        one_by_one = len(whole) > self.LONGEST
        words.append(self.digits(whole) if one_by_one else self.whole(int(whole), counted and not decimals))
        return self.gap.join([*words, self.POINT, self.digits(decimals)] if decimals else words)

    def digits(self, text: str) -> str:
        """One after the other."""
        return self.gap.join(self.DIGITS[int(digit)] for digit in text)

    def ordinal(self, number: int) -> str:
        return self.by_rules(number, self.ORDINAL)

    def percent(self, number: str) -> str:
        """A number in hundredths."""
        if number[0] in "+-":
            return self.gap.join([self._sign(number), self.percent(number[1:])])
        return self.PERCENT.format(self.number(number))

    @abstractmethod
    def percents(self, first: str, last: str) -> str:
        """5–10 %."""

    def _sign(self, number: str) -> str:
        return self.MINUS if number.startswith("-") else self.PLUS

    def spelled(self, said: str, lexicon: Mapping[str, str]) -> str:
        """What a lexicon has said, without letters that this language's voices can't read."""
        return said

    def scientific(self, number: str, exponent: str) -> str:
        """A number times a power of ten; where it is 1, the power alone."""
        power = self.gap.join([self.number("10"), self.power(exponent.lstrip("+"))])
        return power if number == "1" else self.gap.join([self.number(number), self.TIMES, power])

    def by_rules(self, number: int, ruleset: str) -> str:
        return str(_engine(self.code).format_number(number, ruleset_names=[ruleset]).text)

    @abstractmethod
    def whole(self, number: int, counted: bool = False) -> str: ...

    @abstractmethod
    def year(self, year: int) -> str: ...

    @abstractmethod
    def date(self, day: date) -> str: ...

    @abstractmethod
    def fraction(self, above: int, below: int) -> str: ...

    @abstractmethod
    def power(self, exponent: str) -> str:
        """What is said after a base; ``exponent``: a whole number as it is printed, or in words."""


class EnglishSpeech(Speech):
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
        """1980s, 80s."""
        said = self.year(year) if year > 99 else self.whole(year)
        return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"

    def percents(self, first: str, last: str) -> str:
        return self.RANGE.join([self.number(first), self.percent(last)])

    def date(self, day: date) -> str:
        return f"{self.day(day.day, English.MONTHS[day.month - 1])}, {self.year(day.year)}"

    def day(self, day: int, month: str) -> str:
        return f"the {self.ordinal(day)} of {month}"

    def fraction(self, above: int, below: int) -> str:
        if (above, below) == (1, 2):
            return "one half"
        if not 2 < below <= 20:
            return f"{self.whole(above)} over {self.whole(below)}"
        return f"{self.whole(above)} {self.ordinal(below)}{'' if above == 1 else 's'}"

    def power(self, exponent: str) -> str:
        known = {"2": "squared", "3": "cubed"}
        return known.get(exponent) or f"to the {self.number(exponent) if exponent[-1:].isdigit() else exponent}"


class ChineseSpeech(Speech):
    UNITS: ClassVar = {unit: (chinese, chinese) for unit, (_, _, chinese) in UNITS.items()}
    code, CARDINAL, ORDINAL = "zh", "spellout-cardinal-alternate2", "spellout-cardinal"
    DIGITS = "零一二三四五六七八九"
    SIZES: ClassVar = {3: "千", 6: "百万"}
    POINT, MINUS, PLUS, TIMES, PERCENT = "点", "负", "正", "乘", "百分之{}"
    CHAIN, RANGE, RATIO, OF, COMMA, gap = "、", "到", "比", "", "，", ""
    LONGEST = 24

    def whole(self, number: int, counted: bool = False) -> str:
        above, below = divmod(number, 10**8)
        if above:  # from 亿 on CLDR leaves out some zeros in between, and its 兆 is not the same number everywhere
            zero = "零" if 0 < below < 10**7 else ""
            return f"{self.whole(above, counted=True)}亿{zero}{self.whole(below) if below else ''}"
        if number == 2 and not counted:
            return "二"  # 等于二, but 两个
        return self.by_rules(number, self.CARDINAL)

    def year(self, year: int) -> str:
        return self.digits(str(year))

    def percents(self, first: str, last: str) -> str:
        return self.RANGE.join(map(self.percent, (first, last)))

    def spelled(self, said: str, lexicon: Mapping[str, str]) -> str:
        return re.sub("[A-Za-z]", lambda letter: lexicon.get(letter[0].lower(), ""), said)

    def date(self, day: date) -> str:
        return f"{self.year(day.year)}年{self.ordinal(day.month)}月{self.ordinal(day.day)}日"

    def fraction(self, above: int, below: int) -> str:
        return f"{self.whole(below)}分之{self.whole(above)}"

    def power(self, exponent: str) -> str:
        known = {"2": "的平方", "3": "的立方"}
        return known.get(exponent) or f"的{self.number(exponent) if exponent[-1:].isdigit() else exponent}次方"


SPEECH: dict[str, Speech] = {"en": EnglishSpeech(), "zh": ChineseSpeech()}


@cache
def _engine(language: str) -> Any:
    from unicode_rbnf import RbnfEngine  # takes 0.1 s

    return RbnfEngine.for_language(language)
