"""Tests of joins between scenes: some objects stay, the others fade, and the next scene begins with the former."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradreel.core.experiment import Experiment
from gradreel.render.frames import scene_player as playing
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest
from gradreel.scenes.base import FADE, LectureScene
from gradreel.scenes.catalog import find_scenes, load_class, resolve
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.stills import _drawn_picture
from manim import tempconfig

SIZE = (854, 480)
DEPTHS: dict[str, Any] = {"width": 4, "seeds": (0, 1), "epochs": 3}
ONE = {"width": 4, "seed": 0, "epochs": 3, "first": date(2020, 1, 1)}  # the days of the lesson
SMALL_RUN = {"run": THREE_DAYS.model_copy(update={"epochs": 2})}
SUM = {"run": Experiment(epochs=40)}
SMALL_LOSS = SMALL_RUN | {"curve": Experiment(epochs=40)}
MATCH = {"folds": 3, "seeds": (0, 1), "epochs": 20, "fat": 9, "deep": (4, 4)}
JOINS: list[tuple[str, dict[str, Any], str, dict[str, Any], str]] = [
    ("linear-limits", {}, "build-curve", {}, "en"),
    ("any-curve", {}, "sigmoid-formula", {}, "en"),
    ("sigmoid-formula", {"w": 1, "b": 0, "c": -2}, "morph-sigmoid", {"piece": [-2, 2, -2]}, "zh"),
    ("morph-sigmoid", {}, "sum-of-sigmoids", SUM, "en"),
    ("sum-of-sigmoids", SUM, "more-features", {}, "zh"),
    ("more-features", {}, "network-diagram", SMALL_RUN, "en"),
    ("network-diagram", SMALL_RUN, "matrix-form", SMALL_RUN, "zh"),
    ("matrix-form", SMALL_RUN, "theta", SMALL_RUN, "en"),
    ("theta", SMALL_RUN, "loss", SMALL_LOSS, "zh"),
    ("loss", SMALL_LOSS, "why-gradient", {}, "en"),
    ("why-gradient", {}, "gradient-descent", SUM, "en"),
    ("batches", SMALL_RUN, "relu", SUM, "zh"),
    ("width-experiment", {"widths": (0, 4), "seeds": (0, 1), "epochs": 3}, "stack-layers", {}, "en"),
    ("stack-layers", {"width": 4}, "depth-experiment", DEPTHS, "en"),
    ("depth-experiment", DEPTHS, "forecast", ONE, "zh"),
    ("forecast", ONE, "naming", {}, "en"),
    ("naming", {}, "deeper-and-deeper", {}, "zh"),
    ("deeper-and-deeper", {}, "why-deep", MATCH, "en"),
    ("overfitting", DEPTHS, "model-selection", DEPTHS, "zh"),
    ("model-selection", DEPTHS, "backprop", SMALL_RUN, "en"),
    ("backprop", SMALL_RUN, "summary", SUM | {"width": 4, "seeds": (0, 1), "epochs": 2}, "zh"),
    ("two-kinds", {}, "how-sure", {}, "en"),
    ("how-sure", {}, "surprise", {}, "zh"),
    ("surprise", {}, "turning-line", {}, "en"),
    ("turning-line", {}, "bent-plane", {}, "zh"),
    ("bent-plane", {}, "three-classes", {}, "en"),
    ("digits", {}, "digit-mistakes", {}, "zh"),
]


@pytest.mark.parametrize(
    ("before", "parameters", "after", "own", "language"), JOINS, ids=[f"{join[0]}-{join[2]}" for join in JOINS]
)
def test_a_scene_begins_with_the_remains_of_the_previous_one(play, opening, before, parameters, after, own, language):
    scene = play(before, lang=language, size=SIZE, **parameters).scene
    scene.mobjects = scene.remains()
    left = _drawn_picture(scene).astype(int)
    begun = opening(after, _drawn_picture, lang=language, size=SIZE, **own).astype(int)
    assert np.abs(left - begun).max() <= 2
    assert (np.abs(begun - begun[0, 0]).max(axis=-1) > 20).sum() > 300, "something is carried over"


# -- how things leave --------------------------------------------------------------------------------------------------

SCENES = """
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.headings import next_heading
from manim import LEFT, RIGHT, Dot, FadeIn, VGroup


class HeadingLeaves(LectureScene):
    def construct(self):
        title, arriving = next_heading("One thing")
        self.dots = VGroup(Dot(radius=1).shift(3 * LEFT), Dot(radius=1).shift(3 * RIGHT))
        with self.beat("first", say="Two dots."):
            self.play(*arriving, FadeIn(self.dots))
        with self.beat("second", say="They stay."):
            title, arriving = next_heading("Another", title)
            self.play(*arriving)


class OneDotStays(HeadingLeaves):
    def construct(self):
        super().construct()
        self.hand_on(self.dots[0])


class AllLeaves(HeadingLeaves):
    def construct(self):
        super().construct()
        self.hand_on()
"""
HEADING, LEFT_DOT, RIGHT_DOT = np.s_[:24, :100], np.s_[60:120, 60:130], np.s_[60:120, 190:260]
WHERE = {"heading": HEADING, "left": LEFT_DOT, "right": RIGHT_DOT}


class Film:
    """In the place of an encoder: how bright the heading's place and those of the dots are, frame after frame."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    @property
    def frames(self) -> int:
        return len(self.seen)

    def write(self, pixels: np.ndarray, repeat: int = 1) -> None:
        ink = pixels[..., :3].max(axis=-1).astype(float)
        self.seen += [{name: float(ink[part].max()) for name, part in WHERE.items()}] * repeat


def filmed(tmp_path: Path, name: str, **settings: Any):
    file = tmp_path / "leaving.py"
    file.write_text(SCENES)
    made = RenderSettings(width=320, height=180, fps=10, media_dir=tmp_path, **settings)
    film = Film()
    with tempconfig({}):
        request = SceneRequest(resolve(f"{file}:{name}"), made)
        playing.configure(request)
        beats = playing.play(request, film).beats
    return film.seen, beats


@pytest.mark.parametrize(
    ("name", "staying"),
    [("HeadingLeaves", {"left", "right"}), ("OneDotStays", {"left"}), ("AllLeaves", set())],
)
def test_objects_that_are_not_passed_on_leave_at_the_end(tmp_path, name, staying):
    seen, beats = filmed(tmp_path, name)
    last, breath = beats[-1].end, round(FADE * 10)
    assert [beat.name for beat in beats] == ["first", "second"]
    assert beats[0].end == beats[1].start
    assert len(seen) == last + breath, "as long as if nothing left"
    full = seen[last - 1]
    assert min(full.values()) > 200, "the beat's picture is whole"
    for part in WHERE:
        course = [frame[part] for frame in seen[last - 1 :]]
        if part in staying:
            assert course == [full[part]] * (breath + 1)
        else:
            steps = -np.diff(course)
            assert course[-1] < 60 and steps.max() < 0.75 * (full[part] - 20), "in steps, none of them the whole way"
            assert (steps >= 0).all()


def test_clips_are_as_long_with_and_without_leaving(tmp_path):
    whole, beats = filmed(tmp_path, "HeadingLeaves")
    handed, _ = filmed(tmp_path, "AllLeaves")
    assert len(whole) == len(handed)
    part, (only,) = filmed(tmp_path, "HeadingLeaves", first_beat="first", last_beat="first")
    assert len(part) == only.end == beats[0].end - beats[0].start
    assert part[-1] == whole[beats[0].end - 1], "the scene is not over after its first beat: nothing leaves"


def test_no_scene_of_the_lecture_hides_a_name_of_the_base_class():
    """Private methods do not meet by chance: the base's ``_release_beat`` is called as no scene's own beat is."""
    own = {name for name in vars(LectureScene) if name.startswith("_") and not name.endswith("__")}
    scenes = [load_class(source) for source in find_scenes()]
    clashing = {
        f"{part.__name__}.{name}"
        for scene in scenes
        for part in scene.__mro__[: scene.__mro__.index(LectureScene)]
        for name in own & set(vars(part))
    }
    assert len(own) > 5 and len(scenes) > 25
    assert not clashing
