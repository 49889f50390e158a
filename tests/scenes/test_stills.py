import logging

import numpy as np
import pytest
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.stills import Still, beat_frames, contact_sheet, visit_beats
from gradreel.scenes.style import palette
from manim import (
    RIGHT,
    UP,
    WHITE,
    Circle,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    MovingCameraScene,
    Scene,
    Square,
    ValueTracker,
    config,
    there_and_back,
)
from PIL import Image


class Walk(LectureScene):
    """A dot that follows a tracker to 1, 2, 3; it is moved by an updater alone."""

    class Parameters(LectureScene.Parameters):
        stride: float = 1.0

    def construct(self):
        tracker = ValueTracker(0)
        self.dot = Dot(color=palette.blue).add_updater(lambda dot: dot.move_to((tracker.get_value(), 0, 0)))
        self.add(self.dot)
        for k in (1, 2, 3):
            with self.beat(f"stride-{k}", say="One more stride."):
                self.play(tracker.animate.set_value(k * self.parameters.stride))
        with self.beat("still", say="Nothing moves."):
            tracker.set_value(-1)


def places(**options):
    """Beat -> x of the dot, at the end of each beat."""
    found = {}
    visit_beats(Walk, lambda scene, beat: found.update({beat: scene.dot.get_x()}), **options)
    return found


def test_each_beat_is_visited_at_its_end_state():
    assert places() == pytest.approx({"stride-1": 1, "stride-2": 2, "stride-3": 3, "still": -1})


def test_only_the_requested_beats_have_pictures():
    context = SceneContext(first_beat="stride-2", last_beat="stride-3")
    assert places(context=context) == pytest.approx({"stride-2": 2, "stride-3": 3})


def test_pictures_are_of_the_visited_state():
    visited = []
    stills = beat_frames(Walk, size=(320, 180), at_beat=lambda scene, beat: visited.append(beat))
    assert [still.beat for still in stills] == visited == ["stride-1", "stride-2", "stride-3", "still"]
    for still, x in zip(stills, (1, 2, 3, -1), strict=True):
        assert still.pixels.shape == (180, 320, 4)
        rows, columns = np.nonzero(np.abs(still.pixels[..., :3].astype(int) - still.pixels[0, 0, :3]).max(axis=2) > 60)
        assert columns.mean() == pytest.approx(160 + x * 320 / 14.222, abs=1)
        assert rows.mean() == pytest.approx(90, abs=1)


def test_random_numbers_of_a_scene_are_the_same_every_time():
    class Scattered(Scene):
        def construct(self):
            self.add(*(Dot((x, y, 0)) for x, y in np.random.default_rng(np.random.randint(1000)).normal(size=(20, 2))))

    first, second = (beat_frames(Scattered, size=(320, 180))[0].pixels for _ in range(2))
    assert np.array_equal(first, second)


def test_a_theme_brings_its_background():
    dark, light = (beat_frames(Walk, context=SceneContext(theme=theme))[0].pixels for theme in ("dark", "light"))
    assert tuple(dark[0, 0]) == (0x0F, 0x14, 0x19, 255)
    assert tuple(light[0, 0]) == (0xFB, 0xFB, 0xF9, 255)


def test_a_plain_scene_is_pictured_at_the_end_of_each_play_and_wait_that_shows_something_new():
    class Plain(Scene):
        def construct(self):
            self.wait()  # nothing is there
            square = Square(fill_opacity=1).set_color(WHITE)
            self.play(FadeIn(square), run_time=2)
            self.wait(100)
            self.play(square.animate(rate_func=there_and_back).shift(3 * RIGHT))
            self.play(square.animate.shift(2 * RIGHT), FadeOut(Circle()))
            self.add(Dot(UP))
            self.wait()
            self.play(FadeOut(*self.mobjects))

    stills = beat_frames(Plain, size=(400, 225))
    assert [still.beat for still in stills] == ["02-fade-in", "05-animate-fade-out", "06-wait"]
    for still, x in zip(stills[:2], (0, 2), strict=True):
        white = np.nonzero((still.pixels[..., :3] == 255).all(axis=2))
        assert white[1].mean() == pytest.approx(200 + x * 400 / 14.222, abs=1)


def test_the_end_of_a_plain_scene_is_its_screen_after_the_last_play():
    class Plain(Scene):
        def construct(self):
            self.play(Create(Square()))
            self.add(Dot())

    assert [still.beat for still in beat_frames(Plain, size=(160, 90))] == ["01-create", "end"]


def test_a_plain_scene_of_many_plays_has_few_pictures():
    class Long(Scene):
        def construct(self):
            for k in range(150):
                self.add(Dot((k % 15 - 7, k // 15 - 4, 0)))
                self.wait()

    numbers = [int(still.beat[: -len("-wait")]) for still in beat_frames(Long, size=(160, 90))]
    assert numbers == [*range(1, 21), *range(25, 101, 5), 125, 150]


def test_plain_scene_gets_parameters_as_arguments():
    class Sized(Scene):
        def __init__(self, side=1, **kwargs):
            self.side = side
            super().__init__(**kwargs)

        def construct(self):
            self.add(Square(self.side))

    sides = []
    visit_beats(Sized, lambda scene, _: sides.append(scene.mobjects[0].width), {"side": 3})
    assert sides == [3]


def test_scene_without_beats_or_plays_and_moving_camera():
    class Near(MovingCameraScene):
        def construct(self):
            self.add(Square(2, fill_opacity=1).shift(10 * RIGHT))
            self.camera.frame.move_to(10 * RIGHT).set(width=2)

    (still,) = beat_frames(Near, size=(160, 90))
    assert (still.pixels[..., :3] == 255).all()


def test_pictures_that_are_not_16_to_9_keep_shapes():
    class Round(Scene):
        def construct(self):
            self.add(Circle(2, color=WHITE, fill_opacity=1))

    white = np.nonzero((beat_frames(Round, size=(300, 400))[0].pixels[..., :3] == 255).all(axis=2))
    assert np.ptp(white[0]) == pytest.approx(np.ptp(white[1]), abs=2)


@pytest.mark.parametrize("fails", [False, True])
def test_manims_configuration_is_unchanged_afterwards(fails, tmp_path, monkeypatch):
    class Failing(LectureScene):
        def construct(self):
            self.play(Create(Square()))
            if fails:
                raise RuntimeError("mine")

    monkeypatch.chdir(tmp_path)
    before, level = dict(config), logging.getLogger("manim").level
    if fails:
        with pytest.raises(RuntimeError, match="mine"):
            beat_frames(Failing, context=SceneContext(theme="light"))
    else:
        beat_frames(Failing, context=SceneContext(theme="light"))
    assert dict(config) == before
    assert logging.getLogger("manim").level == level
    assert palette.theme == "dark"
    assert list(tmp_path.iterdir()) == []  # nothing written


def test_contact_sheet(tmp_path):
    stills = [Still(f"beat-{k}", np.full((90, 160, 4), 40 * k, dtype=np.uint8)) for k in range(1, 6)]
    contact_sheet(stills, tmp_path / "sheet.png", columns=2, labels=["one", "two", "three", "four", "五"])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.mode == "RGB"
        width, height = sheet.size
        assert 320 < width < 350
        assert 270 < height < 360
        pixels = np.asarray(sheet)
    assert all((pixels == 40 * k).all(axis=2).sum() >= 160 * 90 for k in range(1, 6))
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], tmp_path / "none.png")
