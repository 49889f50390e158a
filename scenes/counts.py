"""Counts as words: a narration file writes ``{pieces:en}`` or ``{pieces:zh}`` where the scene gives ``Count(3)``."""

from __future__ import annotations

ENGLISH = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ENGLISH_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CHINESE = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")


class Count(int):
    """A whole number that formats as a word up to ten: ``en`` "three", ``en-th`` "third", ``zh`` 三, ``zh-th`` 第三."""

    def __format__(self, spec: str) -> str:
        spelled = 0 <= self < len(ENGLISH)
        if spec == "en":
            return ENGLISH[self] if spelled else str(int(self))
        if spec == "en-th":
            return ENGLISH_ORDINALS[self] if spelled and self else f"{int(self)}{_suffix(self)}"
        if spec == "zh":
            return CHINESE[self] if spelled else str(int(self))
        if spec == "zh-th":
            return "第" + ("二" if self == 2 else CHINESE[self] if spelled else str(int(self)))
        return super().__format__(spec)


def _suffix(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
