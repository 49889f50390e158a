from __future__ import annotations

from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.render.choices import QUALITIES
from gradreel.render.settings import RenderSettings, range_name


@pytest.mark.parametrize(
    ("letter", "folder"), [("l", "480p15"), ("m", "720p30"), ("h", "1080p60"), ("p", "1440p60"), ("k", "2160p60")]
)
def test_qualities_and_their_folders_are_manims(letter, folder):
    settings = RenderSettings.of_quality(letter)
    assert settings.quality == folder
    assert (settings.width, settings.height) == (QUALITIES[letter].width, QUALITIES[letter].height)


def test_a_change_to_none_leaves_a_field():
    settings = RenderSettings.of_quality("l", fps=None, width=640, height=360, seed=None)
    assert (settings.width, settings.height, settings.fps, settings.seed) == (640, 360, 15, None)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"width": 1, "height": 1}, "from 16 to 8192"),
        ({"width": 853, "height": 480}, "even width and height; the nearest is -r 854,480"),
        ({"width": 2, "height": 2}, "from 16 to"),
        ({"fps": 0}, "from 1 to 240"),
        ({"fps": 241}, "from 1 to 240"),
        ({"fps": float("nan")}, "from 1 to 240"),
        ({"fps": 29.97}, "whole number"),
        ({"format": "avi"}, "mp4, webm, mov, gif, png-sequence"),
        ({"theme": "pink"}, "dark, light"),
        ({"language": "xx"}, "xx"),
        ({"subtitle_languages": ("en", "xx")}, "xx"),
        ({"transparent": True, "format": "mp4"}, "mov"),
        ({"jobs": 0}, "-j 0"),
    ],
)
def test_settings_that_no_video_can_have_are_refused_by_name(changes, named):
    with pytest.raises(UserError, match=named):
        RenderSettings(**changes)


def test_transparent_without_a_format_is_mov():
    assert RenderSettings.of_quality("l", transparent=True).format == "mov"
    assert RenderSettings.of_quality("l").format == "mp4"
    assert RenderSettings.of_quality("l", transparent=True, format="webm").format == "webm"


def test_frames_depend_neither_on_the_folder_nor_on_the_number_of_workers():
    one = RenderSettings(media_dir=Path("a"), jobs=1)
    other = RenderSettings(media_dir=Path("b"), jobs=7)
    assert one.of_frames() == other.of_frames()
    assert one.of_frames() != RenderSettings(seed=1).of_frames()
    assert one.media_dir.is_absolute()


def test_parts_of_a_film_have_different_names_whatever_its_beats_are_called():
    names = (None, "start", "end")
    parts = {range_name(first, last) for first in names for last in names}
    assert len(parts) == len(names) ** 2
