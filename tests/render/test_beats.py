from __future__ import annotations

import json

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.catalog import resolve
from gradreel.scenes.counts import Count
from gradreel.scenes.narration import Narration
from gradreel.scenes.render.lessons.beats import ListeningNarration, check_beats, filled_again
from gradreel.scenes.render.lessons.requests import BeatSpan, SceneRequest
from gradreel.scenes.render.lessons.settings import RenderSettings

LINE = "{parts:en} parts, the {parts:en-th} is {height:.2f} high; loss {loss:.1f}, called {name}, {year}, {days}"


def narration(line: str) -> Narration:
    return Narration({"en": {"dots": {"beats": {"sum": line}}}}, {})


def test_a_corrected_line_is_filled_with_what_the_scene_said_when_it_was_rendered():
    heard = ListeningNarration(narration(LINE).scenes, {})
    values = {"parts": Count(3), "height": 2, "loss": np.float64(0.26), "name": "red"}
    values |= {"year": 2012, "days": Count(1405)}
    lines = heard.line("dots", "sum", values)
    assert lines == {"en": "three parts, the third is 2.00 high; loss 0.3, called red, 2012, 1\u2009405"}
    said = json.loads(json.dumps(heard.said["sum"]))
    beat = BeatSpan("sum", 0, 9, lines, said, from_narration=True)
    assert filled_again(narration(LINE), "dots", beat) == lines
    assert filled_again(narration("Of " + LINE), "dots", beat)["en"] == f"Of {lines['en']}"


def test_a_line_that_the_scene_said_itself_stays():
    beat = BeatSpan("sum", 0, 9, {"en": "Mine."}, {}, from_narration=False)
    assert filled_again(narration("Ours."), "dots", beat) == {"en": "Mine."}


@pytest.mark.parametrize(
    ("asked", "shown", "wrong"),
    [
        ((None, None), [], False),
        (("first", "move-2"), ["first", "move-1", "move-2"], False),
        (("move-1", None), ["move-1", "move-2"], False),
        ((None, "move-1"), ["first", "move-1"], False),
        (("move-1", "first"), ["move-1", "move-2"], True),
        (("none", None), [], True),
        ((None, "none"), ["first", "move-1"], True),
    ],
)
def test_the_beats_shown_are_those_asked_for(user_folder, asked, shown, wrong):
    settings = RenderSettings(first_beat=asked[0], last_beat=asked[1])
    request = SceneRequest(resolve("my_scenes.py:Dots"), settings)
    if not wrong:
        check_beats(shown, request)
        return
    with pytest.raises(UserError, match="its beats: first, move"):
        check_beats(shown, request)


def test_a_scene_without_beats_says_so(user_folder):
    request = SceneRequest(resolve("my_scenes.py:Plain"), RenderSettings(first_beat="a"))
    with pytest.raises(UserError, match="plain has no beats"):
        check_beats([], request)
