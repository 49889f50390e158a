"""Numbers that a line of narration asks for as words: ``{pieces:en}`` where the scene gives ``Count(3)``."""

from __future__ import annotations

from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.numbers import number_text

FORMS = ("#", "en")  # of a number before its noun


class Count(int):
    """A whole number that formats as it is written: 1 405 in groups of thousands.

    As a word up to ten: ``en`` "three", ``en-th`` "third", ``zh`` 三, ``zh-th`` 第三. With its English noun, which has
    an s unless it is one of them: ``# day`` "1 day", "56 days"; ``en other start`` "one other start", "three other
    starts"; ``the last # day`` "the last day", "the last 56 days".
    """

    def __format__(self, spec: str) -> str:
        if " " in spec:
            return self._with_noun(spec.split(" "))
        if spec in LANGUAGES:
            return LANGUAGES[spec].count(int(self))
        if spec.removesuffix("-th") in LANGUAGES:
            return LANGUAGES[spec.removesuffix("-th")].ordinal(int(self))
        return number_text(self) if spec in ("", "#") else super().__format__(spec)

    def _with_noun(self, parts: list[str]) -> str:
        k = next((k for k, part in enumerate(parts) if part in FORMS), len(parts) - 2)
        before, form, noun = parts[:k], parts[k], " ".join(parts[k + 1 :])
        words = [*before, format(self, form), noun if self == 1 else f"{noun}s"]
        if self == 1 and before and before[0].lower() == "the":
            words = [*before, noun]  # "the day", not "the 1 day"
        return " ".join(words)


class Duration(float):
    """Seconds that format as words, to two digits: ``en`` "21 000 years", ``zh`` "2.1 万年"."""

    def __format__(self, spec: str) -> str:
        return LANGUAGES[spec].duration(float(self)) if spec in LANGUAGES else super().__format__(spec)
