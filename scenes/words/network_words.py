"""Networks in words, in every language of the narration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from gradreel.scenes.words.day_words import in_languages
from gradreel.scenes.words.languages import LANGUAGES


def network_words(hidden: Sequence[int], by: Literal["width", "depth"], language: str) -> str:
    """Return the name of a network in a comparison by width ("100 ReLUs") or by depth ("two layers").

    In Chinese: 100 个 ReLU, 两层. ``hidden`` are its layers' widths; () gives "the linear model", 线性模型.
    """
    return LANGUAGES[language].network(hidden, by)


def network_fields(name: str, hidden: Sequence[int], by: Literal["width", "depth"]) -> dict[str, str]:
    """Return the network's name as fields of a line of narration: ``{name}_en``, ``{name}_zh``."""
    return in_languages(name, lambda language: network_words(hidden, by, language))
