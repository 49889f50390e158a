"""Networks in spoken words, in every language that the narration has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from gradreel.scenes.words.day_words import in_languages
from gradreel.scenes.words.languages import LANGUAGES


def network_words(hidden: Sequence[int], by: Literal["width", "depth"], language: str) -> str:
    """What a network is called among others that differ by width ("100 ReLUs", 100 个 ReLU) or by depth ("two layers",
    两层); one without hidden layers is "the linear model", 线性模型.
    """
    return LANGUAGES[language].network(hidden, by)


def network_fields(name: str, hidden: Sequence[int], by: Literal["width", "depth"]) -> dict[str, str]:
    """Fields of a line of narration: what the network is called, as ``{name}_en``, ``{name}_zh``."""
    return in_languages(name, lambda language: network_words(hidden, by, language))
