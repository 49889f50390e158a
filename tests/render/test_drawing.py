"""Frames drawn into the encoder's buffers are Manim's own, pixel by pixel; what is skipped leaves the same behind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradreel.scenes import catalog
from gradreel.scenes.render.frames import scene_player as playing
from gradreel.scenes.render.frames.drawing import ClipRenderer
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.stages import SceneRequest

EXAMPLES = Path(__file__).with_name("manim_examples.py")
NAMES = re.findall(r"^class (\w+)\(\w*Scene\):", EXAMPLES.read_text(), re.MULTILINE)


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


@pytest.mark.parametrize("name", ["build-curve", "morph-sigmoid"])
def test_frames_of_lecture_scenes_are_manims_of_which_parts_that_may_differ_are_handed_over(
    name, tmp_path, monkeypatch
):
    scene = request(catalog.resolve(name), tmp_path, fps=5)
    ours = played(scene, tmp_path / "ours.mp4")
    assert ours.parts > len(ours.kept) / 3
    assert by_manim(scene, tmp_path / "manim.mp4", monkeypatch) == ours.kept
