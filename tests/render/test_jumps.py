"""Jumps are found in frames that are drawn here, and in a scene that is really played."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from gradreel.render import pipeline
from gradreel.render.frames.jumps import BLOCK, FPS, SIZE, JumpFinder
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings

WIDTH, HEIGHT = SIZE
INK = (240, 240, 240)
KEPT_BYTES = 7 * WIDTH * HEIGHT  # one frame, and three times where one differs from the one before


def empty() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 4), (15, 20, 25, 255), np.uint8)


def with_text(left: int = 60, top: int = 30, ink: float = 1.0, seed: int = 0) -> np.ndarray:
    """Strokes like those of a formula, 120 pixels wide and 12 high."""
    strokes = np.kron(np.random.default_rng(seed).random((6, 40)) < 0.4, np.ones((2, 3))) > 0
    frame = empty()
    where = frame[top : top + 12, left : left + 120, :3]
    where[strokes] = ((1 - ink) * where[strokes] + ink * np.array(INK)).astype(np.uint8)
    return frame


def found_in(*frames: np.ndarray):
    finder = JumpFinder()
    for frame in frames:
        finder.write(frame)
    return finder.jumps()


def test_a_shape_that_pops_up_or_vanishes_is_a_jump_at_its_place_and_time():
    shown, vanished = found_in(*[empty()] * 20, *[with_text()] * 20, *[empty()] * 20)
    assert (shown.frame, vanished.frame) == (20, 40)
    ink = (with_text() != empty()).any(axis=-1).mean()
    assert shown.share == vanished.share == pytest.approx(ink)
    left, right, bottom, top = shown.box
    assert (left, right) == pytest.approx((60 / WIDTH, 180 / WIDTH), abs=6 / WIDTH)
    assert (bottom, top) == pytest.approx((1 - 42 / HEIGHT, 1 - 30 / HEIGHT), abs=6 / HEIGHT)


def test_a_change_without_a_transition_is_a_jump_and_one_with_it_is_not():
    jump, = found_in(*[with_text()] * 10, *[with_text(seed=1)] * 10)  # fmt: skip
    assert jump.frame == 10
    faded = [with_text(ink=1 - k / 6) for k in range(7)] + [with_text(ink=k / 6, seed=1) for k in range(7)]
    assert found_in(*[with_text()] * 10, *faded, *[with_text(seed=1)] * 10) == []


def test_motion_is_no_jump_however_large():
    def square(left: int) -> np.ndarray:
        frame = empty()
        frame[60:180, left : left + 120, :3] = INK
        return frame

    path = [round(20 + 260 * (1 - np.cos(np.pi * k / 20)) / 2) for k in range(21)]
    assert found_in(*[square(20)] * 8, *map(square, path), *[square(280)] * 8) == []
    assert found_in(*[with_text()] * 8, *(with_text(60 + 2 * k) for k in range(30)), *[with_text(118)] * 8) == []


def test_a_pop_during_motion_is_found():
    frames = []
    for k in range(60):
        frame = with_text(top=150) if k >= 30 else empty()
        frame[60:90, 10 + 4 * k : 40 + 4 * k, :3] = INK
        frames.append(frame)
    (jump,) = found_in(*frames)
    assert jump.frame == 30


def test_a_number_that_counts_is_no_jump():
    counting = [with_text(seed=k) for k in range(8) for _ in range(10)]
    assert found_in(*counting) == []
    assert [jump.frame for jump in found_in(*counting[:30])] == [10, 20], "three of them are no counting yet"


def test_a_pop_is_found_even_if_something_steps_at_other_times():
    comes_and_goes = [frame for seed in range(3) for frame in ([with_text(seed=seed)] * 120 + [empty()] * 120)]
    assert [jump.frame for jump in found_in(*[empty()] * 120, *comes_and_goes)] == [120, 240, 360, 480, 600, 720]


def test_a_counting_numbers_first_value_is_no_jump_much_earlier():
    counting = [with_text(seed=k) for k in range(20) for _ in range(10)]
    assert found_in(*[with_text(seed=50)] * 60, *[with_text(seed=51)] * 150, *counting) == []


def test_quick_successive_changes_are_no_jumps_but_simultaneous_ones_are():
    def squares(bright: int | None) -> np.ndarray:
        frame = empty()
        for k in range(12):
            ink = 160 if bright is None else 240 if k == bright else 60
            frame[100:130, 20 + 32 * k : 44 + 32 * k, :3] = ink
        return frame

    turns = [squares(k) for k in range(12) for _ in range(4)]
    (dimmed,) = found_in(*[squares(None)] * 60, *[squares(0)] * 60, *turns)
    assert dimmed.frame == 60


def test_a_line_that_starts_at_full_speed_is_no_jump():
    def line(y: int) -> np.ndarray:
        frame = empty()
        frame[y : y + 3, 40:240, :3] = INK
        return frame

    assert found_in(*[line(30)] * 20, *(line(30 + 5 * k) for k in range(20)), *[line(125)] * 20) == []


def test_motion_across_the_place_of_a_later_counting_number_is_no_jump():
    def bar(top: int) -> np.ndarray:
        frame = empty()
        frame[top:200, 60:180, :3] = INK
        return frame

    sinking = [bar(40 + 4 * k) for k in range(30)]
    counting = [with_text(top=top, seed=k) for k in range(8) for top in (60, 90, 120) for _ in range(10)]
    found = found_in(*[empty()] * 8, *[bar(40)] * 8, *sinking, *[empty()] * 8, *counting)
    assert [jump.frame for jump in found] == [8, 46], "the bar comes and goes at once, and sinks in between"


def test_a_still_of_any_length_is_counted_in_whole():
    finder = JumpFinder()
    finder.write(empty(), 500)
    finder.write(with_text(), 500)
    assert finder.frames == 1000
    assert [jump.frame for jump in finder.jumps()] == [500]
    assert JumpFinder().jumps() == []


def test_a_long_scene_in_which_little_moves_takes_little_memory():
    finder, moving = JumpFinder(), [with_text(left=left) for left in range(60, 80)]
    for frame in moving:
        finder.write(frame)
    tracemalloc.start()  # from here on: the few frames that are looked at have been taken already
    for _ in range(5):
        for frame in moving:
            finder.write(frame)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    blocks = SIZE[0] * SIZE[1] / BLOCK**2
    assert kept < KEPT_BYTES + 100 * blocks, "less than a byte a frame and block, beside the frames that it has now"


def test_a_scene_that_pops_is_named_with_beat_and_time(user_folder, tmp_path):
    (user_folder / "pops.py").write_text("""
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Circle, FadeIn, Square


class Pops(LectureScene):
    def construct(self):
        with self.beat("calm", say="It comes slowly."):
            self.play(FadeIn(Square()), run_time=1)
        with self.beat("pop", say="It does not."):
            self.wait(0.5)
            self.add(Circle().shift(4 * RIGHT))
""")
    lesson = load_lesson(None, {}, ["pops.py:Pops"])
    (jump,) = pipeline.find_jumps(lesson, RenderSettings(media_dir=tmp_path / "media"))
    assert (jump.scene, jump.beat, jump.rule) == ("pops", "pop", "jump")
    calm = 2.0  # a second played, and a second that it stays at least
    assert jump.seconds == pytest.approx(calm + 0.5, abs=2 / FPS)
    assert f"{jump.seconds:.2f} s" in jump.message
    left, right = (float(corner.strip("()").split(",")[0]) for corner in jump.where.split(" to "))
    assert (left, right) == pytest.approx((3, 5), abs=0.4)
