"""Counts in words: one of them has no s, in any scene at the least that can be set."""

from __future__ import annotations

import re

import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.words.counts import Count

NOUNS = "days epochs updates numbers weights runs trainings ReLUs layers features sigmoids examples parameters pictures"
PLURAL_OF_ONE = re.compile(rf"\b(1|[Oo]ne) ({'|'.join(NOUNS.split())})\b")
ONE_DAY = DailyViews(window=1)
LEAST = {"dataset": ONE_DAY, "epochs": 1, "width": 1}


@pytest.mark.parametrize(
    ("number", "form", "written"),
    [
        (1, "# day", "1 day"),
        (56, "# day", "56 days"),
        (1405, "# day", "1\u2009405 days"),
        (0, "# day", "0 days"),
        (1, "en layer", "one layer"),
        (3, "en layer", "three layers"),
        (1, "the # day", "the day"),
        (1, "the last # day", "the last day"),
        (56, "the last # day", "the last 56 days"),
        (3, "the first en layer", "the first three layers"),
        (1, "only # day", "only 1 day"),
        (1, "en other random start", "one other random start"),
        (5, "en other random start", "five other random starts"),
        (1405, "", "1\u2009405"),
        (1405, "en", "1\u2009405"),
        (7, "03d", "007"),
    ],
)
def test_a_count_takes_its_noun_along(number, form, written):
    assert format(Count(number), form) == written


def texts_on(scene: LectureScene, beat: str) -> set[str]:
    return {part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)}


@pytest.mark.parametrize(
    ("scene", "parameters", "singular"),
    [
        ("forecast", LEAST | {"depth": 1}, "the day before"),
        ("width-experiment", {"dataset": ONE_DAY, "epochs": 1, "widths": (0, 1), "seeds": (0,)}, "mean of one run"),
        ("depth-experiment", LEAST | {"depths": (0, 1), "seeds": (0,)}, "a layer of 1 ReLU."),
        ("model-selection", LEAST | {"depths": (0, 1), "seeds": (0,)}, "over 1 run;"),
        ("network", {"run": Experiment(epochs=1)}, "Now the training: 1 update."),
        ("deeper-and-deeper", {"pictures": 1}, "1 picture"),
    ],
)
def test_a_count_of_one_is_singular(play, scene, parameters, singular):
    played = play(scene, texts_on, **parameters)
    texts = [*(lines["en"] for lines in played.lines.values()), *set().union(*played.seen.values())]
    assert [text for text in texts if PLURAL_OF_ONE.search(text)] == []
    assert any(singular in text for text in texts), texts
