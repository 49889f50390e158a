"""Numbers that a line of narration writes as words: ``{pieces:en}`` where the scene passes ``Count(3)``."""

from __future__ import annotations

from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.numbers import number_text

FORMS = ("#", "en")  # forms of a number before its noun: digits, an English word


class Count(int):
    """A whole number that can be formatted as digits or words. By default its thousands are grouped: 1 405.

    As a word up to ten: ``en`` "three", ``en-th`` "third", ``zh`` 三, ``zh-th`` 第三.

    With an English noun, which gets an s unless the number is 1: ``# day`` "1 day", "56 days"; ``en other start`` "one
    other start", "three other starts"; ``the last # day`` "the last day", "the last 56 days".

    Examples
    --------
    >>> f"{Count(3):en}, {Count(1):# day}, {Count(56):the last # day}"
    'three, 1 day, the last 56 days'
    """

    def __format__(self, spec: str) -> str:
        """Return the number in the form ``spec``; see the class."""
        if " " in spec:
            return self._with_noun(spec.split(" "))
        if spec in LANGUAGES:
            return LANGUAGES[spec].count(int(self))
        if spec.removesuffix("-th") in LANGUAGES:
            return LANGUAGES[spec.removesuffix("-th")].ordinal(int(self))
        return number_text(self) if spec in ("", "#") else super().__format__(spec)

    def _with_noun(self, parts: list[str]) -> str:
        """Return the number with its noun; ``parts`` are the words of the form."""
        k = next((k for k, part in enumerate(parts) if part in FORMS), len(parts) - 2)
        words_before, form, noun = parts[:k], parts[k], " ".join(parts[k + 1 :])
        words = [*words_before, format(self, form), noun if self == 1 else f"{noun}s"]
        if self == 1 and words_before and words_before[0].lower() == "the":
            words = [*words_before, noun]  # "the day", not "the 1 day"
        return " ".join(words)


class Duration(float):
    """Seconds that can be formatted as words, to two digits: ``en`` "21 000 years", ``zh`` "2.1 万年"."""

    def __format__(self, spec: str) -> str:
        """Return the time in the language ``spec``; for other forms, format it as a float."""
        return LANGUAGES[spec].duration(float(self)) if spec in LANGUAGES else super().__format__(spec)
