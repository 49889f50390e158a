"""Films for other places than a wide screen: upright and square, a GIF of a beat."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

WIDE = (288, 162)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """``picture(gradreel, width, height)``: a beat of a lecture scene, (height, width, 3)."""
    media = tmp_path_factory.mktemp("media")

    def draw(gradreel, width, height):
        size = ("-r", f"{width},{height}", "--media_dir", media / f"{width}x{height}")
        result = gradreel("frames", "build-curve", "-n", "constant,constant", *size)
        assert result.exit_code == 0, result.stderr
        with Image.open(result.stdout.splitlines()[0]) as image:
            return np.asarray(image.convert("RGB"))

    return draw


@pytest.mark.parametrize(("width", "height"), [(288, 512), (288, 288), (512, 162)], ids=["upright", "square", "wide"])
def test_another_aspect_shows_the_whole_wide_picture_between_bars_of_the_background(gradreel, picture, width, height):
    wide, other = picture(gradreel, *WIDE), picture(gradreel, width, height)
    left, top = (width - WIDE[0]) // 2, (height - WIDE[1]) // 2
    inside = np.s_[top : top + WIDE[1], left : left + WIDE[0]]
    assert np.ptp(wide, axis=(0, 1)).min() > 50, "there is something to see"
    assert np.array_equal(other[inside], wide)
    bars = other.copy()
    bars[inside] = wide[0, 0]
    assert np.ptp(bars, axis=(0, 1)).max() == 0


def test_a_gif_of_a_beat_in_one_command(gradreel, project):
    render = ("render", "my_scene.py", "Ring", "-r", "160,90", "--fps", "5")
    assert gradreel(*render, "-n", "draw,draw", "-o", "draw.gif").exit_code == 0
    assert gradreel(*render, "-o", "whole.gif").exit_code == 0
    counts = []
    for name in ("draw.gif", "whole.gif"):
        with Image.open(project / name) as image:
            assert image.info["loop"] == 0, "over and over"
            counts.append(sum(image.seek(i) or image.info["duration"] for i in range(image.n_frames)))
    assert 1000 < counts[0] < counts[1], "milliseconds"
