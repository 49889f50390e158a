"""Tests that `./run bench gallery` finds examples in docstrings and sums up results; nothing is rendered here."""

from __future__ import annotations

import importlib
import pickle
import textwrap
import zlib
from pathlib import Path

import numpy as np
import pytest
from gradreel.render.frames.pictures import Box
from gradreel.render.settings import RenderSettings

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PACKAGE = {
    "mobject/arc.py": '''
        class Arc:
            r"""An arc.

            .. manim:: ArcExample
                :save_last_frame:
                :ref_classes: Arc

                class ArcExample(Scene):
                    def construct(self):

                        self.add(Arc("\\\\n"))

            Text below.
            """

            def turn(self):
                """Turn.

                .. manim:: ArcExample

                    >>> class ArcExample(Scene):
                    ...     def construct(self):
                    ...         self.wait()
                    not a line of it
                """
    ''',
    "scene.py": '''
        """The same text as elsewhere is one example.

        .. manim:: Moving

            class Moving(Scene): ...

        .. manim:: Moving

            class Moving(Scene): ...
        """
    ''',
    "mobject/opengl/arc.py": '''
        """For Manim's other renderer.

        .. manim:: Elsewhere

            class Elsewhere(Scene): ...
        """
    ''',
}


@pytest.fixture
def benchmark(monkeypatch):
    """``benchmark(name)``: the module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def row(plain: float, ours: float, length: float = 4.0, origin: str = "scene.py", is_still: bool = False):
    seconds = {"plain manim": [plain, 0.0, 100.0], "gradreel, -j 1": [ours, ours, 100.0]}
    return {"seconds": seconds, "length": length, "origin": origin, "is still": is_still}


def test_examples_in_docstrings_are_found_once(benchmark, tmp_path):
    for name, source in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(textwrap.dedent(source))
    found = benchmark("_examples").of_package(tmp_path)
    assert [(example.name, example.class_name, example.origin, example.is_still) for example in found] == [
        ("ArcExample", "ArcExample", "mobject/arc.py", True),
        ("ArcExample_2", "ArcExample", "mobject/arc.py", False),
        ("Moving", "Moving", "scene.py", False),
    ]
    still, doctest, _ = [example.code for example in found]
    assert "from manim import *\n" in still
    assert still.endswith('class ArcExample(Scene):\n    def construct(self):\n\n        self.add(Arc("\\\\n"))\n')
    assert doctest.endswith("class ArcExample(Scene):\n    def construct(self):\n        self.wait()\n")


def test_our_own_examples_are_found_and_one_is_transparent(benchmark):
    own = benchmark("_examples").of_our_own()
    assert len(own) >= 12
    assert [example.name for example in own if example.is_transparent] == ["LowerThird"]


def test_examples_slower_than_manim_are_counted(benchmark):
    gallery = benchmark("gallery")
    assert gallery.ratio(row(6.0, 2.0)) == 3.0  # of medians
    own = gallery.OWN.name
    rows = {
        "A": row(6.0, 2.0), "B": row(1.0, 2.0), "Short": row(9.0, 1.0, length=2.9), "Own": row(8.0, 2.0, origin=own),
        "C": row(1.0, 1.05, is_still=True), "D": row(1.0, 1.15, is_still=True), "E": row(2.0, 1.0, is_still=True),
        "F": {"fails": "needs TeX"}, "G": {"fails with us": "KeyError: 1"}, "H": {"fails": "needs TeX"},
        "I": row(6.0, 2.0) | {"apart": "9 frames"},
    }  # fmt: skip
    assert gallery.summary(rows) == [
        "5 films: 1 below 1; median 3.00 over 4 of 3 seconds or more",
        "1 films of our own: 0 below 1; median 4.00 over 1 of 3 seconds or more",
        "3 stills: 1 above 1.1 of Manim's time; median 0.95",
        "2 not rendered by Manim itself: needs TeX: F, H",
        "1 not rendered by us alone: KeyError: 1: G",
        "1 not comparable: 9 frames: I",
    ]


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("│ a frame │\n╰────╯\nFileNotFoundError: [Errno 2] No such file or\ndirectory: 'latex'\n", "needs TeX"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'a.png'", None),
        ("Traceback\nOSError: first\nthen\nmanim.errors.EndError: last\nsee above\n", "manim.errors.EndError: last"),
        ("Killed\n", "Killed"),
        ("", "it said nothing"),
    ],
)
def test_a_failure_is_named_by_its_error(benchmark, output, why):
    assert benchmark("_renderers").why_failed(output) == (why or output)


def test_frames_are_compared_with_manims_one_by_one(benchmark, tmp_path):
    likeness = benchmark("_likeness")
    settings = RenderSettings(width=16, height=16, fps=10, media_dir=tmp_path)
    black = np.full((16, 16, 4), (0, 0, 0, 255), np.uint8)
    other = black.copy()
    other[4, 6, 0] = 3
    with (tmp_path / "every").open("wb") as file:
        for pixels, repeat in ((black, 2), (other, 3)):
            pickle.dump((zlib.compress(pixels.tobytes()), repeat), file)
    with (tmp_path / "every").open("rb") as file:
        beside = likeness.Beside(tmp_path / "ours", settings, likeness.unpacked(file, settings))
        beside.write(black, repeat=4)
        beside.write(other, boxes=[Box(6, 8, 4, 5)])
        beside.close()
    apart = 3 / (16 * 16 * 3)
    assert beside.differences == pytest.approx([0, 0, apart, apart, 0])
