"""Tests that our replacements of Manim's functions give the same results, bit for bit."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest
from gradreel.render.frames import quicker_manim
from gradreel.render.frames.quicker_manim import TEXTS, consider_points_equals, get_curve_functions_with_lengths
from hypothesis import given
from hypothesis import strategies as st
from manim import BLUE, DOWN, ORIGIN, RED, YELLOW, Circle, Text, VMobject

lengths_by_manim = quicker_manim._MANIMS_METHODS["get_curve_functions_with_lengths"]


@pytest.fixture(autouse=True)
def in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quicker_manim, "_texts", {})
    quicker_manim.put_in_place()


def path(points: np.ndarray, kind: type[VMobject] = VMobject) -> VMobject:
    made = kind()
    made.points = points
    return made


@given(
    points=st.integers(0, 60), seed=st.integers(0, 2**32 - 1), samples=st.sampled_from([None, 2, 3, 9, 10, 11, 40]),
    size=st.sampled_from([1e-9, 0.3, 7, 1e6]),
)  # fmt: skip
def test_the_curves_of_a_path_are_as_long_as_manim_has_them(points, seed, samples, size):
    random = np.random.default_rng(seed)
    drawn = path(random.normal(size=(points, 3)) * size)
    ours, manims = (
        list(of(drawn, sample_points=samples)) for of in (get_curve_functions_with_lengths, lengths_by_manim)
    )
    assert [length for _, length in ours] == [length for _, length in manims]
    for (curve, _), (manims_curve, _) in zip(ours, manims, strict=True):
        np.testing.assert_array_equal(curve(0.3), manims_curve(0.3))


def test_a_place_on_a_path_is_found():
    circle = Circle(radius=2)
    np.testing.assert_allclose(circle.point_from_proportion(0.25), 2 * -DOWN, atol=1e-3)
    assert circle.get_arc_length() == pytest.approx(4 * np.pi, rel=1e-2)


def test_a_class_with_its_own_curves_gets_their_lengths():
    class Halved(VMobject):
        def get_nth_curve_function(self, n):
            curve = super().get_nth_curve_function(n)
            return lambda time: curve(time / 2)

    points = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]], float)
    assert path(points).get_arc_length() == pytest.approx(3)
    assert path(points, Halved).get_arc_length() == pytest.approx(1.5)


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1 + 9e-6, 1 + 1.1e-5, 1e-6, 9e-7, -1e-6, 1e9, np.inf, -np.inf, np.nan])
POINTS = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(np.array)


@given(POINTS, POINTS)
def test_points_are_equal_as_for_numpy(first, second):
    drawn = VMobject()
    with np.errstate(invalid="ignore"):
        expected = np.allclose(first, second, atol=drawn.tolerance_for_point_equality)
    assert consider_points_equals(drawn, first, second) == expected


@given(seed=st.integers(0, 2**32 - 1), apart=st.sampled_from([1e-7, 1e-6, 1e-5, 1e-4]))
def test_nearly_equal_points_are_compared_as_numpy_does(seed, apart):
    drawn, random = VMobject(), np.random.default_rng(seed)
    one = random.normal(size=3)
    other = one + random.normal(size=3) * apart
    expected = np.allclose(one, other, atol=drawn.tolerance_for_point_equality)
    assert consider_points_equals(drawn, one, other) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], (1, 2, 3), True),
        (np.zeros((4, 3)), np.zeros(3), True),
        (np.array([[0, 0, 0], [0, 1, 0.0]]), np.zeros(3), False),
        (np.zeros(3, np.float32), np.full(3, 1e-7, np.float32), True),
        (np.array([1, 2, 3]), np.array([1, 2, 4]), False),
    ],
)
def test_values_that_are_not_two_points_are_left_to_numpy(first, second, expected):
    assert consider_points_equals(VMobject(), first, second) is expected


def everything(text: Text) -> list[dict]:
    """Return the attributes of each part of a text, without those that differ between copies."""
    unlike = {"original_id", "submobjects", "id_to_vgroup_dict", "path_obj", "chars"}
    parts = [part.__dict__ for part in text.get_family()]
    return [{name: value for name, value in part.items() if name not in unlike} for part in parts]


def are_the_same(first: Text, second: Text) -> None:
    for ours, theirs in zip(everything(first), everything(second), strict=True):
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            np.testing.assert_equal(value, theirs[name], err_msg=name)


STYLES = [{}, {"color": RED}, {"font_size": 20}, {"t2c": {"o": YELLOW}}, {"gradient": (BLUE, RED)}, {"stroke_width": 2}]


def test_a_text_is_equal_however_often_it_is_created():
    first = [Text("one more", **style) for style in STYLES]
    for _ in range(3):
        for text, style in zip(first, STYLES, strict=True):
            are_the_same(Text("one more", **style), text)


def test_changing_a_text_does_not_change_the_next_one():
    first = Text("again")
    for _ in range(4):
        text = Text("again")
        are_the_same(text, first)
        text.set_fill(RED).scale(3)
        text[0].points[:] = 0
        text.remove(text[1])


def test_a_text_has_the_defaults_of_its_creation():
    for _ in range(3):
        Text("a")
    VMobject.set_default(sheen_factor=0.5)
    try:
        assert {letter.sheen_factor for letter in Text("a")} == {0.5}
    finally:
        VMobject.set_default()
    assert {letter.sheen_factor for letter in Text("a")} == {0}


FORMULA = """
import sys, time
from pathlib import Path
from gradreel.render.frames import quicker_manim
from manim import config
from manim.mobject.text import tex_mobject
from manim.utils import tex_file_writing

folder = Path(sys.argv[1])

def convert(made, output_format):  # as by LaTeX; raises FileExistsError where two are at it
    (folder / "busy").mkdir()
    time.sleep(0.5)
    (folder / "busy").rmdir()
    made.with_suffix(".svg").write_text("<svg/>")
    return made.with_suffix(".svg")

tex_file_writing.compile_tex, tex_file_writing.convert_to_svg = (lambda file, *how: file), convert
config.media_dir = str(folder)
quicker_manim.put_in_place()
(folder / f"{sys.argv[2]} is ready").touch()
while len(list(folder.glob("* is ready"))) < 2:
    time.sleep(0.01)
print(tex_mobject.tex_to_svg_file("x^2").read_text())
"""


def test_a_formula_is_compiled_by_one_process_at_a_time(tmp_path):
    commands = [[sys.executable, "-c", FORMULA, str(tmp_path), who] for who in ("one", "two")]
    at_work = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    assert [process.communicate(timeout=60)[0].splitlines()[-1:] for process in at_work] == [["<svg/>"]] * 2


def test_a_text_with_unhashable_or_uncopyable_settings_is_created_each_time():
    for _ in range(3):
        Text("a", path_string_config={"sheen_direction": np.array([1.0, 0, 0])})
        Text("ab", t2g={"ab": (color for color in (RED, BLUE))})
    assert not any(quicker_manim._texts.values())


def test_the_letters_of_a_text_are_read_twice(monkeypatch):
    read = []
    whole = Text.generate_mobject
    monkeypatch.setattr(Text, "generate_mobject", lambda text: read.append(1) or whole(text))
    for _ in range(5):
        Text("a label")
    assert len(read) == 2


def test_text_classes_of_the_same_name_are_not_mixed_up():
    def backwards(text):
        Text.generate_mobject(text)
        text.submobjects.reverse()
        return text

    theirs = type("Text", (Text,), {"generate_mobject": backwards})
    for _ in range(4):
        assert theirs("ab")[0].get_x() > theirs("ab")[1].get_x()
        assert Text("ab")[0].get_x() < Text("ab")[1].get_x()


def test_the_cache_of_texts_has_a_limit():
    for number in range(TEXTS + 10):
        Text(str(number))
        Text("used all the time")
    assert len(quicker_manim._texts) == TEXTS
    assert [kept.text for kept in quicker_manim._texts.values() if kept is not None] == ["used all the time"]


def test_a_copied_letter_has_its_own_points_and_shares_its_path():
    letter = Text("g")[0]
    copied = letter.copy()
    assert copied.path_obj is letter.path_obj
    copied.shift(DOWN)
    np.testing.assert_allclose(letter.get_center() - copied.get_center(), -DOWN)
    assert letter.get_center() == pytest.approx(ORIGIN, abs=0.5)


def test_letters_that_are_copied_together_stay_parts_of_one_text():
    text, again = copy.deepcopy([(text := Text("go")), text[1]])
    assert text[1] is again
