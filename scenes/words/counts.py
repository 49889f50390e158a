"""Counts as words: a narration file writes ``{pieces:en}`` or ``{pieces:zh}`` where the scene gives ``Count(3)``.

English nouns go along, since one of them has no s: ``{days:# day}`` is "1 day" or "56 days".
"""

from __future__ import annotations

from gradreel.scenes.words.numbers import number_text

ENGLISH = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ENGLISH_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
FORMS = ("#", "en")  # of a number before its noun
CHINESE = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")


class Count(int):
    """A whole number that formats as it is written: 1 405 in groups of thousands.

    As a word up to ten: ``en`` "three", ``en-th`` "third", ``zh`` 三, ``zh-th`` 第三. With its noun: ``# day`` "1 day",
    "56 days"; ``en other start`` "one other start", "three other starts"; ``the last # day`` "the last day", "the last
    56 days".
    """

    def __format__(self, spec: str) -> str:
        if " " in spec:
            return self._with_noun(spec.split(" "))
        spelled = 0 <= self < len(ENGLISH)
        if spec == "en":
            return ENGLISH[self] if spelled else number_text(self)
        if spec == "en-th":
            return ENGLISH_ORDINALS[self] if spelled and self else f"{int(self)}{_suffix(self)}"
        if spec == "zh":
            return CHINESE[self] if spelled else number_text(self)
        if spec == "zh-th":
            return "第" + ("二" if self == 2 else CHINESE[self] if spelled else str(int(self)))
        return number_text(self) if spec in ("", "#") else super().__format__(spec)

    def _with_noun(self, parts: list[str]) -> str:
        k = next((k for k, part in enumerate(parts) if part in FORMS), len(parts) - 2)
        before, form, noun = parts[:k], parts[k], " ".join(parts[k + 1 :])
        words = [*before, format(self, form), noun if self == 1 else f"{noun}s"]
        if self == 1 and before and before[0] == "the":
            words = [*before, noun]  # "the day", not "the 1 day"
        return " ".join(words)


def _suffix(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
