"""Networks in spoken words, in every language that the narration has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import in_languages


def network_words(hidden: Sequence[int], by: Literal["width", "depth"], language: str) -> str:
    """What a network is called among others that differ by width ("100 ReLUs", 100 个 ReLU) or by depth ("two layers",
    两层); one without hidden layers is "the linear model", 线性模型.
    """
    if not hidden:
        return "线性模型" if language == "zh" else "the linear model"
    if by == "depth":
        layers = Count(len(hidden))
        return f"{layers:zh}层" if language == "zh" else f"{layers:en} {_plural('layer', layers)}"
    return f"{hidden[0]} 个 ReLU" if language == "zh" else f"{hidden[0]} {_plural('ReLU', hidden[0])}"


def network_fields(name: str, hidden: Sequence[int], by: Literal["width", "depth"]) -> dict[str, str]:
    """Fields of a line of narration: what the network is called, as ``{name}_en``, ``{name}_zh``."""
    return in_languages(name, lambda language: network_words(hidden, by, language))


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
