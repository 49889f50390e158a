"""Clips rendered in parts: the same bytes as in one piece, or it is said why not."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradreel.scenes.render import engine
from gradreel.scenes.render.clips.plan import Clip, earlier_clips
from gradreel.scenes.render.lessons.choosing import load_lesson
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.videos import division
from gradreel.scenes.render.videos.division import Stretch, divide
from gradreel.scenes.render.workers.progress import Reporter

SCENES = '''
"""Scenes whose beats can be rendered apart, and scenes whose beats cannot."""
import itertools
import os
import random

import helping
import numpy as np
from gradreel.scenes.base import LectureScene
from manim import RIGHT, UP, Dot, FadeIn, ValueTracker, always_redraw


class Steps(LectureScene):
    """What a beat leaves, the next begins with: an updater that follows, a random place, a time."""

    def construct(self):
        place = ValueTracker(-2)
        dot = always_redraw(lambda: Dot(radius=0.5).move_to(place.get_value() * RIGHT))
        self.play(FadeIn(dot), run_time=0.55)
        for k, name in enumerate(("one", "two", "three", "four")):
            with self.beat(name, say=f"Step {k + 1} of four."):
                to = random.uniform(-3, 3) + self.time / 10
                self.play(place.animate.set_value(to), run_time=0.77)


class Drifts(LectureScene):
    """An updater adds up what passes."""

    def construct(self):
        dot = Dot(radius=0.5)
        dot.add_updater(lambda dot, dt: dot.shift(min(dt, 0.3) * RIGHT))
        self.add(dot)
        for name in ("one", "two"):
            with self.beat(name, say="It drifts."):
                self.wait(0.5)


class Dice(LectureScene):
    """A random number for each frame, which leaves no trace on the screen."""

    def construct(self):
        dot = Dot(radius=0.5)
        dot.add_updater(lambda dot: dot.move_to(random.random() * UP))
        self.add(dot)
        with self.beat("throws", say="It jumps."):
            self.play(FadeIn(Dot()), run_time=0.5)
        dot.clear_updaters().move_to(0 * UP)
        with self.beat("lies", say="It lies there."):
            self.play(dot.animate.shift(random.random() * UP), run_time=0.5)


class Legacy(LectureScene):
    """A random number for each frame, of a generator as numpy had them."""

    def construct(self):
        numbers = np.random.RandomState(3)
        dot = Dot(radius=0.5)
        dot.add_updater(lambda dot: dot.move_to(numbers.rand() * UP))
        self.add(dot)
        with self.beat("throws", say="It jumps."):
            self.play(FadeIn(Dot()), run_time=0.5)
        dot.clear_updaters().move_to(0 * UP)
        with self.beat("lies", say="It lies there."):
            self.play(dot.animate.shift(numbers.rand() * UP), run_time=0.5)


class Cycles(LectureScene):
    """An iterator that does not tell what it has come to goes on with each frame."""

    def construct(self):
        places = itertools.cycle([0.0, 0.5, 1.0])
        dot = Dot(radius=0.5)
        dot.add_updater(lambda dot: dot.move_to(next(places) * UP))
        self.add(dot)
        with self.beat("goes-round", say="It goes round."):
            self.play(FadeIn(Dot()), run_time=0.5)
        dot.clear_updaters().move_to(0 * UP)
        with self.beat("lies", say="It lies there."):
            self.play(dot.animate.shift(next(places) * UP), run_time=0.5)


NUMBERS = np.random.default_rng(3)


class Tally:
    thrown = 0

    def throw(self):
        Tally.thrown += 1
        return 0.01 * Tally.thrown


class Throws(LectureScene):
    """What is thrown for each frame says where the dot lies in the next beat; where it comes from, others say."""

    def construct(self):
        throw = self.thrower()
        dot = Dot(radius=0.5)
        dot.add_updater(lambda dot: dot.move_to(throw() * UP))
        self.add(dot)
        with self.beat("throws", say="It jumps."):
            self.play(FadeIn(Dot()), run_time=0.5)
        dot.clear_updaters().move_to(0 * UP)
        with self.beat("lies", say="It lies there."):
            self.play(dot.animate.shift(throw() * UP), run_time=0.5)


class Modular(Throws):
    def thrower(self):
        return lambda: NUMBERS.random()


class Helped(Throws):
    def thrower(self):
        return helping.throw


class Tallied(Throws):
    def thrower(self):
        return Tally().throw


class Bound(Throws):
    def thrower(self):
        return np.random.default_rng(3).random


class Yields(Throws):
    def thrower(self):
        def heights():
            while True:
                yield from (0.0, 0.5, 1.0)

        found = heights()
        return lambda: next(found)


class Counts(LectureScene):
    """Frames are counted in a variable, which the next beat shows."""

    def construct(self):
        frames = []
        dot = Dot(radius=0.2).add_updater(lambda dot: frames.append(1))
        self.add(dot)
        with self.beat("counts", say="It counts."):
            self.play(FadeIn(Dot()), run_time=0.5)
        dot.clear_updaters()
        with self.beat("shows", say="So many."):
            self.play(dot.animate.shift(0.1 * len(frames) * RIGHT), run_time=0.5)


class Loud(LectureScene):
    """With a sound that is not there, and would not be heard."""

    def construct(self):
        self.add_sound("bang.wav")
        self.add_sound("bang.wav")
        self.wait(0.2)


class Captioned(LectureScene):
    """With Manim's own subtitles."""

    def construct(self):
        self.add_subcaption("Here it waits.", duration=0.2)
        self.wait(0.2)


class Hasty(LectureScene):
    """Animations shorter than a frame."""

    def construct(self):
        for name in ("one", "two", "three"):
            with self.beat(name, say="At once."):
                self.play(FadeIn(Dot()), run_time=0.01)


class Dies(LectureScene):
    """The process that plays its second beat with frames is killed once."""

    def construct(self):
        dot = Dot(radius=0.5)
        self.add(dot)
        for name in ("one", "two", "three"):
            with self.beat(name, say="It moves."):
                if name == "two" and not self.renderer.file_writer.sections[-1].skip_animations:
                    self.die_once()
                self.play(dot.animate.shift(RIGHT), run_time=0.4)

    def die_once(self):
        if os.path.isdir("kill"):
            os.rmdir("kill")
            os.kill(os.getpid(), 9)
'''
HELPING = '''
"""Random numbers of the user's own."""
import random

NUMBERS = random.Random(3)


def throw():
    return NUMBERS.random()
'''
IMPORTING = '''
"""A scene with much that it never touches, of its own and of others."""
import csv
import logging
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import helping
import numpy as np
from gradreel.scenes.base import LectureScene
from manim import *

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent
RADII = tuple(radius for radius in np.linspace(0.2, 0.5, 4))
LARGE = partial(Dot, radius=RADII[-1])
with open(__file__) as text:
    LINES = list(csv.DictReader(text))


@dataclass(frozen=True)
class Place:
    x: float = 0.0

    @staticmethod
    @cache
    def of(x):
        return Place(x)

    @property
    def point(self):
        return self.x * RIGHT


class Imports(LectureScene):
    def heights(self):
        yield 0.5

    def construct(self):
        LOG.info("begun")
        with open(__file__) as text:
            lines = [line for line in text]
        later = self.heights()
        dot = LARGE()
        self.add(dot)
        for name in ("one", "two"):
            with self.beat(name, say="It moves."):
                self.play(dot.animate.move_to(Place.of(min(len(lines), 1) + dot.get_x()).point), run_time=0.5)
        next(later)
'''


class Heard(Reporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.details: list[str] = []
        self.begun: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def detail(self, message: str) -> None:
        self.details.append(message)

    def begin(self, task: str, total: int, unit: str) -> None:
        self.begun.append(task)


@pytest.fixture
def settings(tmp_path) -> RenderSettings:
    return RenderSettings(width=96, height=54, fps=10, jobs=2, media_dir=tmp_path / "media")


@pytest.fixture
def own_scenes(tmp_path, monkeypatch) -> Path:
    (tmp_path / "parted.py").write_text(SCENES, encoding="utf-8")
    (tmp_path / "helping.py").write_text(HELPING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def always(monkeypatch) -> None:
    """A start costs nothing and any gain counts, so that clips of a second are worth being divided."""
    monkeypatch.setattr(division, "START_SECONDS", 0.0)
    monkeypatch.setattr(division, "SKIPPED", 0.0)
    monkeypatch.setattr(division, "LEAST_GAIN", 0.0)


def made(settings: RenderSettings) -> dict[str, Any]:
    """The newest description in the folder of clips."""
    return max(earlier_clips(settings.media_dir / "clips"), key=lambda clip: float(clip["made"]))


def forget(settings: RenderSettings) -> tuple[bytes, dict[str, Any]]:
    """The only clip there is, its description kept but for the place that it is found at; its file goes."""
    (file,) = (settings.media_dir / "clips").glob("*.mp4")
    content = file.read_bytes()
    file.unlink()
    return content, made(settings)


def parts_of(heard: Heard) -> list[str]:
    return [detail for detail in heard.details if " parts (" in detail]


def test_a_clip_in_parts_has_the_same_bytes_and_description(own_scenes, settings, always):
    lesson = load_lesson(None, {}, ["parted.py:Steps"])
    alone = Heard()
    engine.render_scenes(lesson, replace(settings, jobs=1), alone)
    assert parts_of(alone) == []
    whole, described = forget(settings)
    together = Heard()
    engine.render_scenes(lesson, settings, together)
    assert len(parts_of(together)) == 1
    assert together.said == []
    assert together.begun == ["steps"]
    joined, again = forget(settings)
    assert joined == whole
    unlike = {"made", "wall_seconds"}
    assert {name for name in described if described[name] != again.get(name)} <= unlike
    assert again.keys() == described.keys()
    assert len(again["beats"]) == 4
    assert not list((settings.media_dir / ".gradreel" / "temporary").iterdir())


@pytest.mark.parametrize(
    ("scene", "beat", "what"),
    [
        ("Drifts", "two", "what is on the screen"),
        ("Dice", "lies", "random numbers"),
        ("Legacy", "lies", "what its code keeps"),
        ("Cycles", "lies", "what its code keeps"),
        ("Counts", "shows", "what its code keeps"),
        ("Modular", "lies", "what its code keeps"),
        ("Helped", "lies", "what its code keeps"),
        ("Tallied", "lies", "what its code keeps"),
        ("Bound", "lies", "what its code keeps"),
        ("Yields", "lies", "what its code keeps"),
    ],
)
def test_a_clip_whose_beats_depend_on_frames_is_made_in_one_piece(own_scenes, settings, always, scene, beat, what):
    lesson = load_lesson(None, {}, [f"parted.py:{scene}"])
    engine.render_scenes(lesson, replace(settings, jobs=1))
    whole, described = forget(settings)
    assert "why_whole" not in described
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert len(parts_of(heard)) == 1
    why = f"without the frames before it, beat {beat} begins with another state ({what})"
    assert heard.said == [f"{scene.lower()}: rendered in one piece, not in parts by beat: {why}"]
    again, described = forget(settings)
    assert again == whole
    assert described["why_whole"] == why
    if scene != "Drifts":
        return
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert (parts_of(heard), heard.said) == ([], []), "it is not tried again"
    again, described = forget(settings)
    assert (again, described["why_whole"]) == (whole, why)
    file = own_scenes / "parted.py"
    file.write_text(file.read_text().replace("import random", "import random as random"))
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert len(parts_of(heard)) == 1, "its code has changed"


def test_what_a_scene_has_imported_and_does_not_touch_is_no_reason_for_one_piece(own_scenes, settings, always):
    (own_scenes / "importing.py").write_text(IMPORTING, encoding="utf-8")
    lesson = load_lesson(None, {}, ["importing.py"])
    engine.render_scenes(lesson, replace(settings, jobs=1))
    whole, _ = forget(settings)
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert (len(parts_of(heard)), heard.said) == (1, [])
    assert forget(settings)[0] == whole


def test_what_cannot_be_compared_is_like_no_other(tmp_path):
    from gradreel.scenes.render.frames.cuts import _Digest

    (tmp_path / "numbers.txt").write_text("1\n2\n")
    begun = (number for number in range(3))
    next(begun)
    with open(tmp_path / "numbers.txt") as lines, open(tmp_path / "numbers.txt") as whole:
        next(lines)
        untold = [begun, lines, iter([1, 2]), random.SystemRandom(), {"inside": [partial(next, iter([1]))]}]
        told = [whole, random.Random(3), np.random.PCG64(3), np.random.default_rng(3).random]
        assert [thing for thing in untold if _Digest().of(thing) == _Digest().of(thing)] == []
        assert [thing for thing in told if _Digest().of(thing) != _Digest().of(thing)] == []
        before = _Digest().of(whole)
        whole.read(2)
        assert _Digest().of(whole) != before
    over = [lines, (number for number in ())]
    assert list(over[1]) == []
    assert [thing for thing in over if _Digest().of(thing) != _Digest().of(thing)] == []


def test_a_worker_that_is_killed_over_a_part_is_made_good(own_scenes, settings, always):
    lesson = load_lesson(None, {}, ["parted.py:Dies"])
    engine.render_scenes(lesson, replace(settings, jobs=1))
    whole, _ = forget(settings)
    (own_scenes / "kill").mkdir()
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert len(parts_of(heard)) == 1
    assert [text for text in heard.said if "killed" in text]
    assert not (own_scenes / "kill").exists()
    assert forget(settings)[0] == whole


def test_what_manim_warns_of_is_said_once(own_scenes, settings, always, capfd):
    lesson = load_lesson(None, {}, ["parted.py:Hasty"])
    said = []
    for jobs, parts in ((1, 0), (2, 1)):
        heard = Heard()
        engine.render_scenes(lesson, replace(settings, jobs=jobs), heard)
        assert len(parts_of(heard)) == parts
        said += heard.said
        forget(settings)
    assert said == [said[0]] * 2
    assert said[0].startswith("hasty: Manim warns, in beat one: The original total run_time of Hasty.play(), 0.01 s")
    assert capfd.readouterr().err == ""


def test_a_sound_that_is_not_rendered_is_said_so(own_scenes, settings):
    heard = Heard()
    engine.render_scenes(load_lesson(None, {}, ["parted.py:Loud"]), settings, heard)
    (said,) = heard.said
    assert said.startswith("loud: Manim warns") and "sound (add_sound) is not rendered" in said


def test_subtitles_of_manims_that_are_not_kept_are_said_so(own_scenes, settings):
    heard = Heard()
    engine.render_scenes(load_lesson(None, {}, ["parted.py:Captioned"]), settings, heard)
    (said,) = heard.said
    assert said.startswith("captioned: Manim warns") and "subcaptions (add_subcaption, subcaption=) are" in said


def test_beats_that_are_others_than_before_are_found(own_scenes, settings, always):
    lesson = load_lesson(None, {}, ["parted.py:Steps"])
    engine.render_scenes(lesson, replace(settings, jobs=1))
    forget(settings)
    file = own_scenes / "parted.py"
    file.write_text(file.read_text().replace('"one", "two", "three", "four"', '"uno", "due", "three", "four"'))
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert heard.said == ["steps: rendered in one piece, not in parts by beat: its beats are others than before"]
    described = made(settings)
    assert [beat["name"] for beat in described["beats"]] == ["uno", "due", "three", "four"]
    assert "why_whole" not in described, "the next time they are known"


def test_a_scene_of_the_lecture_in_parts(settings, always):
    """Its beats are not known from an earlier clip, but from its code and the narration."""
    lesson = load_lesson(None, {}, ["sigmoid-formula"])
    heard = Heard()
    engine.render_scenes(lesson, settings, heard)
    assert (len(parts_of(heard)), heard.said) == (1, [])
    joined, _ = forget(settings)
    engine.render_scenes(lesson, replace(settings, jobs=1))
    assert forget(settings)[0] == joined


# -- when it pays ------------------------------------------------------------------------------------------------------


def clip_of(tmp_path: Path, name: str, frames: int, **settings: Any) -> tuple[Clip, dict[str, Any]]:
    """A clip to be rendered again, and the description of the earlier one: ten beats of the same length."""
    lesson = load_lesson(None, {}, ["build-curve"])
    request = lesson_request(lesson, RenderSettings(media_dir=tmp_path, **settings))
    request = replace(request, source=replace(request.source, name=name))
    made_of = {"scene": name, "code": {"a.py": "1"}, "settings": request.settings.of_frames()}
    clip = Clip(request, {}, tmp_path / "a.mp4", "a", made_of, False, "", frames)
    beats = [{"name": f"b{k}", "start": k * frames // 10, "end": (k + 1) * frames // 10} for k in range(10)]
    description = {"parts": made_of, "frames": frames, "fps": 60, "made": 1.0, "beats": beats}
    return clip, description | {"wall_seconds": frames / 100}


def lesson_request(lesson: Any, settings: RenderSettings) -> Any:
    from gradreel.scenes.render.lessons.requests import SceneRequest

    return SceneRequest(lesson.scenes[0].source, settings)


def test_clips_are_divided_so_that_no_worker_is_idle(tmp_path):
    clip, before = clip_of(tmp_path, "long", 6000)  # 60 s
    assert divide([clip], [before], 1) == {"long": (Stretch(None, None, pytest.approx(60.0)),)}
    first, second = divide([clip], [before], 2)["long"]
    assert (first.first, first.last, second.first, second.last) == (None, "b4", "b5", None)
    assert (first.seconds, second.seconds) == (pytest.approx(30.0), pytest.approx(31.5))  # 50 s are skipped
    others = [clip_of(tmp_path, f"other-{k}", 600) for k in range(6)]  # 6 s each
    clips = [clip, *(other for other, _ in others)]
    parts = divide(clips, [before, *(description for _, description in others)], 2)
    assert [scene for scene, stretches in parts.items() if len(stretches) > 1] == ["long"]
    four = divide([clip], [before], 4)["long"]
    assert [stretch.first for stretch in four] == [None, *(stretch.first for stretch in four[1:])]
    assert max(stretch.seconds for stretch in four) < first.seconds
    even = [clip_of(tmp_path, f"even-{k}", 6000) for k in range(4)]
    kept = divide([clip for clip, _ in even], [description for _, description in even], 2)
    assert all(len(stretches) == 1 for stretches in kept.values()), "both workers have enough to do"


def test_what_is_never_divided(tmp_path):
    clip, before = clip_of(tmp_path, "short", 200)  # 2 s: a start takes as long
    assert len(divide([clip], [before], 2)["short"]) == 1
    for format in ("webm", "gif", "png"):
        clip, before = clip_of(tmp_path, "long", 6000, format=format)
        assert len(divide([clip], [before], 2)["long"]) == 1
    clip, before = clip_of(tmp_path, "long", 6000, format="mov", transparent=True)
    assert len(divide([clip], [before], 2)["long"]) == 1
    clip, before = clip_of(tmp_path, "long", 6000, first_beat="b2")
    assert len(divide([clip], [before], 2)["long"]) == 1
    clip, before = clip_of(tmp_path, "long", 6000)
    assert len(divide([clip], [before | {"why_whole": "random numbers"}], 2)["long"]) == 1
    assert len(divide([clip], [before], 2)["long"]) == 2
    no_beats = json.loads(json.dumps(before)) | {"beats": []}
    plain = replace(clip, request=replace(clip.request, source=replace(clip.request.source, class_name="Plain")))
    assert len(divide([plain], [no_beats], 2)["long"]) == 1
