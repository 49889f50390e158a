"""Tests that our drawing gives Manim's frames, pixel by pixel; skipped animations leave the same state."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradreel.render.frames import scene_player as playing
from gradreel.render.frames.drawing import ClipRenderer
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest
from gradreel.scenes import catalog
from manim import tempconfig
from PIL import Image

EXAMPLES = Path(__file__).with_name("manim_examples.py")
NAMES = re.findall(r"^class (\w+)\(\w*Scene\):", EXAMPLES.read_text(), re.MULTILINE)


@pytest.fixture(autouse=True)
def _manims_settings():
    """Restore Manim's configuration after each test, because playing a scene changes it for the whole process."""
    with tempconfig({}):
        yield


class Frames(ClipEncoder):
    """An encoder that keeps the frames it is given, whole."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        super().__init__(path, settings)
        self.kept: list[tuple[bytes, int]] = []
        self.parts = 0
        self._shown = np.zeros(self.shape, np.uint8)

    def write(self, pixels: Any, repeat: int = 1, boxes: Any = None) -> None:
        self.parts += boxes is not None and sum(self._shown[box.slices].size for box in boxes) < self._shown.size
        for part in [...] if boxes is None else [box.slices for box in boxes]:
            self._shown[part] = pixels[part]
        self.kept.append((self._shown.tobytes(), repeat))
        super().write(pixels, repeat, boxes)


def played(request: SceneRequest, path: Path) -> Frames:
    encoder = Frames(path, request.settings)
    playing.configure(request)
    playing.play(request, encoder)
    encoder.close()
    return encoder


def frames_of(request: SceneRequest, path: Path) -> list[tuple[bytes, int]]:
    return played(request, path).kept


def request(source: catalog.SceneSource, media_dir: Path, fps: int = 10, **settings: Any) -> SceneRequest:
    return SceneRequest(source, RenderSettings(width=256, height=144, fps=fps, media_dir=media_dir, **settings))


def by_manim(request: SceneRequest, path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, int]]:
    monkeypatch.setattr(ClipRenderer, "take_over", lambda scene, encoder: None)
    return frames_of(request, path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Pillow, at Manim
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # where points are infinite
@pytest.mark.parametrize("name", NAMES)
def test_frames_of_manims_examples_are_manims(name, tmp_path, monkeypatch):
    """Scenes of Manim's documentation: images, cameras that move, three dimensions, updaters, gradients, z-order."""
    scene = request(catalog.resolve(f"{EXAMPLES}:{name}"), tmp_path)
    ours = frames_of(scene, tmp_path / "ours.mp4")
    assert by_manim(scene, tmp_path / "manim.mp4", monkeypatch) == ours
    assert len({pixels for pixels, _ in ours}) > 1  # something is seen to move


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["OverlapsThatComeAndGo", "DisplayThatGrows", "FixedInFrame"])
def test_transparent_frames_are_manims(name, tmp_path, monkeypatch):
    scene = request(catalog.resolve(f"{EXAMPLES}:{name}"), tmp_path, transparent=True, format="mov")
    ours = frames_of(scene, tmp_path / "ours.mov")
    assert by_manim(scene, tmp_path / "manim.mov", monkeypatch) == ours


HALF_SEEN = """
from manim import *

class Added(Scene):
    def construct(self):
        self.add(Square(4, stroke_width=0, fill_color="#ff0000", fill_opacity=0.5))

class Played(Added):
    def construct(self):
        super().construct()
        self.play(self.mobjects[0].animate.shift(UP), run_time=0.3)

class OnWhite(Played):
    def construct(self):
        self.camera.background_color = WHITE
        super().construct()
"""


@pytest.mark.parametrize("name", ["Added", "Played", "OnWhite"])
def test_half_transparent_shapes_keep_their_whole_colour(name, tmp_path):
    (tmp_path / "half.py").write_text(HALF_SEEN)
    scene = request(catalog.resolve(f"{tmp_path / 'half.py'}:{name}"), tmp_path, transparent=True, format="mov")
    frames = [pixels for pixels, _ in frames_of(scene, tmp_path / "a.mov")]
    still = BytesIO(playing.picture(playing.play_to_end(scene), scene.settings))
    for pixels in [*frames, Image.open(still).tobytes()]:
        red, green, blue, alpha = np.frombuffer(pixels, np.uint8).reshape(144, 256, 4)[72, 128].tolist()
        assert (red, green, blue) == (255, 0, 0)
        assert alpha == pytest.approx(127, abs=1)


ASKS = """
from manim import *

config.pixel_width, config.pixel_height, config.frame_rate = 480, 854, 30
IS_TRANSPARENT = config.transparent

class Asks(Scene):
    def construct(self):
        Asks.transparent, Asks.others = config.transparent, MovingCamera().background_opacity
        self.camera.background_color = BLUE
        Asks.own = self.camera.background_opacity
        self.next_section(skip_animations=True)
        self.play(Create(Circle()), run_time=0.73)
        Asks.time = self.time
"""


@pytest.fixture
def asks(tmp_path) -> catalog.SceneSource:
    (tmp_path / "asks.py").write_text(ASKS)
    return catalog.resolve(f"{tmp_path / 'asks.py'}:Asks")


@pytest.mark.parametrize("transparent", [False, True])
def test_the_background_is_the_one_that_manim_knows(transparent, asks, tmp_path):
    """So that a camera that the scene makes has none either."""
    frames_of(request(asks, tmp_path, transparent=transparent, format="mov"), tmp_path / "one.mov")
    found: Any = catalog.load_class(asks)
    opacity = 0 if transparent else 1
    assert (found.transparent, found.others, found.own) == (transparent, opacity, opacity)
    assert sys.modules[found.__module__].IS_TRANSPARENT is transparent  # its file knows, too


def test_the_clock_after_a_play_that_the_scene_skips_is_manims(asks, tmp_path):
    """The clock counts the requested time, not that of whole frames."""
    frames_of(request(asks, tmp_path), tmp_path / "one.mp4")
    found: Any = catalog.load_class(asks)
    assert found.time == 0.73


SETS = """
from manim import *

config.frame_width, config.seed, config.preview = 8, 7, True

class Near(Scene):
    def construct(self):
        self.add(*(Dot(place, 0.2) for place in (2 * UP, 2 * DOWN, 3.5 * LEFT, 3.5 * RIGHT)))
        self.add(Dot([*np.random.uniform(-1, 1, 2), 0], 0.4, color=RED), Dot().to_edge(UP))
        self.wait(0.1)
"""


@pytest.fixture
def near(tmp_path) -> catalog.SceneSource:
    file = tmp_path / "sets.py"
    file.write_text(SETS)
    return catalog.resolve(f"{file}:Near")


def shown(frames: list[tuple[bytes, int]], width: int = 256, height: int = 144) -> Any:
    return np.frombuffer(frames[0][0], np.uint8).reshape(height, width, 4)[..., :3]


def white(picture: Any) -> tuple[int, int, int, int]:
    """The first and the last row, the first and the last column where the picture is white."""
    rows, columns = np.nonzero(picture.sum(axis=2) > 600)
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_the_width_of_the_frame_that_a_file_sets_is_shown_as_by_manim(near, tmp_path):
    """32 pixels a unit. The edges that mobjects go to stay where they were: four units up, which is not seen."""
    picture = shown(frames_of(request(near, tmp_path), tmp_path / "one.mp4"))
    ends = 72 - 32 * 2.2, 72 + 32 * 2.2, 128 - 32 * 3.7, 128 + 32 * 3.7
    assert white(picture) == tuple(pytest.approx(end, abs=1.5) for end in ends)


def test_an_upright_picture_shows_the_whole_frame_and_edges_are_its_own(tmp_path):
    (tmp_path / "usual.py").write_text(
        "from manim import *\n\nclass Usual(Scene):\n    def construct(self):\n"
        "        self.add(*(Dot(radius=0.4).to_edge(side) for side in (UP, DOWN, LEFT, RIGHT)))\n"
    )
    usual = request(catalog.resolve(f"{tmp_path / 'usual.py'}:Usual"), tmp_path)
    upright = replace(usual, settings=replace(usual.settings, width=144, height=256))
    top, bottom, left, right = white(shown(frames_of(upright, tmp_path / "one.mp4"), 144, 256))
    unit = 144 / (8 * 16 / 9)  # pixels
    assert (top, 256 - bottom, left, 144 - right) == tuple([pytest.approx(0.5 * unit, abs=1.5)] * 4)


def test_a_file_may_set_the_seed_unless_the_command_does(near, tmp_path):
    """And that Manim shows its film afterwards, which is left out."""
    np.random.seed(7)
    by_the_file = np.random.uniform(-1, 1, 2)
    np.random.seed(3)
    by_the_command = np.random.uniform(-1, 1, 2)
    for seed, (x, y) in ((None, by_the_file), (3, by_the_command)):
        picture = shown(frames_of(request(near, tmp_path, seed=seed), tmp_path / f"{seed}.mp4")).astype(int)
        rows, columns = np.nonzero(picture[..., 0] - picture[..., 2] > 60)
        assert (rows.mean(), columns.mean()) == (pytest.approx(72 - 32 * y, abs=1), pytest.approx(128 + 32 * x, abs=1))


@pytest.mark.parametrize("name", ["build-curve", "morph-sigmoid"])
def test_frames_of_lecture_scenes_equal_manims_and_the_reported_boxes_hold_all_changes(name, tmp_path, monkeypatch):
    scene = request(catalog.resolve(name), tmp_path, fps=2)
    ours = played(scene, tmp_path / "ours.mp4")
    assert ours.parts > len(ours.kept) / 3
    assert by_manim(scene, tmp_path / "manim.mp4", monkeypatch) == ours.kept
