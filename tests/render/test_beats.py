from __future__ import annotations

import json

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.clips.beat_lines import as_json, refill_lines
from gradreel.render.clips.beat_range import check_beats_in_source, check_beats_played, missing_beats_error
from gradreel.render.frames.scene_player import play_to_end, visit_beats
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import BeatSpan, SceneRequest
from gradreel.scenes.catalog import resolve
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.narration_fields import plain_values

LINE = "{parts:en} parts, the {parts:en-th} is {height:.2f} high; loss {loss:.1f}, called {name}, {year}, {days}"


def narration(line: str) -> Narration:
    return Narration({"en": {"dots": {"beats": {"sum": line}}}}, {})


def test_a_corrected_line_is_filled_with_the_values_of_the_rendering():
    values = {"parts": Count(3), "height": 2, "loss": np.float64(0.26), "name": "red"}
    values |= {"year": 2012, "days": Count(1405)}
    lines = narration(LINE).lines("dots", "sum", values).printed
    assert lines == {"en": "three parts, the third is 2.00 high; loss 0.3, called red, 2012, 1\u2009405"}
    said = json.loads(json.dumps(as_json(plain_values(values, ""))))
    beat = BeatSpan("sum", 0, 9, lines, said, from_narration=True)
    assert refill_lines(narration(LINE), "dots", beat).printed == lines
    assert refill_lines(narration("Of " + LINE), "dots", beat).printed["en"] == f"Of {lines['en']}"


def test_a_line_from_the_scenes_source_is_unchanged():
    beat = BeatSpan("sum", 0, 9, {"en": "Mine."}, {}, from_narration=False)
    assert refill_lines(narration("Ours."), "dots", beat).printed == {"en": "Mine."}


@pytest.mark.parametrize(
    ("beats", "shown", "wrong"),
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
def test_the_shown_beats_are_the_requested_ones(user_folder, beats, shown, wrong):
    settings = RenderSettings(first_beat=beats[0], last_beat=beats[1])
    request = SceneRequest(resolve("my_scenes.py:Dots"), settings)
    told = ["first", "move-1", "move-2", "end"]
    if not wrong:
        check_beats_played(shown, request, told)
        return
    with pytest.raises(UserError, match=r"it plays: first, move-1, move-2, end"):
        check_beats_played(shown, request, told)


def test_a_scene_without_beats_says_so(user_folder):
    request = SceneRequest(resolve("my_scenes.py:Plain"), RenderSettings(first_beat="a"))
    with pytest.raises(UserError, match="plain has no beats"):
        check_beats_played([], request, [])


DEPENDS = """
from gradreel.scenes.base import LectureScene


class Depends(LectureScene):
    class Parameters(LectureScene.Parameters):
        far: bool = False

    def construct(self):
        whole = "-all"
        with self.beat("walk-far" if self.parameters.far else "walk", say="A walk."):
            pass
        with self.beat("step" + whole, say="A step."):
            pass
"""


def test_beats_that_this_run_lacks_are_refused_with_a_list_of_its_beats(tmp_path):
    (tmp_path / "depends.py").write_text(DEPENDS)
    request = SceneRequest(resolve(f"{tmp_path / 'depends.py'}:Depends"), RenderSettings(first_beat="walk-far"))
    with pytest.raises(UserError, match=r"plays no such beats .*; it plays: walk, step-all; did you mean walk\?$"):
        visit_beats(request, lambda scene, beat: None)
    with pytest.raises(UserError, match="it plays: walk, step-all"):
        play_to_end(request)
    before = str(missing_beats_error(request))
    assert before.endswith("its beats: walk-far, walk"), "without what is no name"


def test_beats_known_only_from_the_source_are_listed_without_code_and_shortened():
    settings = RenderSettings(first_beat="piece-x")
    assert "constant, piece-…, rest" in str(missing_beats_error(SceneRequest(resolve("build-curve"), settings)))
    many = str(missing_beats_error(SceneRequest(resolve("gradient-descent"), settings)))
    assert "its beats: `gradreel describe gradient-descent` shows them" in many


HANDED = """
from gradreel.scenes.base import LectureScene


def tell(scene):
    with scene.beat("handed"):
        pass


class Handed(LectureScene):
    def construct(self):
        with self.beat("first", say="First."):
            pass
        for k in range(3):
            with self.beat(name=f"piece-{k}", say="A piece."):
                pass
        with self.beat("long" if self.time > 9 else "short", say="How long."):
            pass
        tell(self)
        with self.beat("last", say="Last."):
            pass
"""
COMPUTED = HANDED.replace('"first"', "str(self.time)").replace("Handed", "Computed")


@pytest.mark.parametrize(
    ("scene", "first", "last", "wrong"),
    [
        ("handed.py", "first", "last", False),
        ("handed.py", "piece-2", "short", False),
        ("handed.py", "handed", None, False),
        ("handed.py", "none", None, True),
        ("handed.py", "first", "peace-2", True),
        ("computed.py", "none", None, False),
        ("build-curve", "piece-3", "general", False),
        ("build-curve", "sum-of-all", None, True),
    ],
)
def test_an_unknown_beat_is_refused_before_the_scene_plays(tmp_path, monkeypatch, scene, first, last, wrong):
    (tmp_path / "handed.py").write_text(HANDED)
    (tmp_path / "computed.py").write_text(COMPUTED)
    monkeypatch.chdir(tmp_path)
    (request,) = load_lesson(None, {}, [scene]).requests(RenderSettings(first_beat=first, last_beat=last))
    if not wrong:
        check_beats_in_source(request)
        return
    with pytest.raises(UserError, match="has no such beats in that order; its beats: "):
        check_beats_in_source(request)
