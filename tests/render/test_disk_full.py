"""Tests of a disk that becomes full at any byte: the file is complete, or an error is raised."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gradreel.render.clips.workspace import DiskFullError, disk_error
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile
from gradreel.render.videos.subtitles import Cue
from gradreel.render.videos.video import Chapter, write_film

if sys.platform == "win32":
    pytest.skip("no limits for the size of files", allow_module_level=True)
import resource

FRAMES = 8
HEARD, SILENT = 3, 0  # exit codes


def write(path: Path, settings: RenderSettings) -> None:
    """A clip of noise, as the worker writes it."""
    random = np.random.default_rng(0)
    encoder = ClipEncoder(path, settings)
    try:
        for _ in range(FRAMES):
            encoder.write(random.integers(0, 256, (settings.height, settings.width, 4), dtype=np.uint8) | 15)
        encoder.close()
    except BaseException:
        encoder.discard()
        raise


def with_limit(limit: int, action: Callable[[], None], folder: Path) -> int | None:
    """Exit code of a process that may write no file longer than ``limit`` bytes."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            action()
        except OSError as error:
            os._exit(HEARD if isinstance(disk_error(error, folder), DiskFullError) else 4)
        os._exit(SILENT)

    process = multiprocessing.get_context("fork").Process(target=limited)
    process.start()
    process.join()
    return process.exitcode


def sizes(path: Path) -> list[int]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file.stat().st_size for file in files]


def limits(size: int) -> list[int]:
    return [0, 1, *range(size // 4, size, size // 4), size - 3, size - 2, size - 1]


@pytest.mark.parametrize(
    ("file_format", "transparent"),
    [("mp4", False), ("webm", False), ("mov", True), ("gif", False), ("png-sequence", False)],
)
def test_a_clip_is_whole_or_its_disk_was_full(tmp_path, file_format, transparent):
    settings = RenderSettings(width=64, height=36, fps=10, format=file_format, transparent=transparent)
    whole = tmp_path / f"whole.{file_format}"
    write(whole, settings)
    for limit in limits(max(sizes(whole))):
        cut = tmp_path / f"{limit}.{file_format}"
        assert with_limit(limit, lambda cut=cut: write(cut, settings), tmp_path) == HEARD, limit
    assert not list(tmp_path.glob("*.held.mov"))
    enough = tmp_path / f"enough.{file_format}"
    assert with_limit(20 * max(sizes(whole)), lambda: write(enough, settings), tmp_path) == SILENT
    assert sizes(enough) == sizes(whole)


@pytest.mark.parametrize("file_format", ["mp4", "webm"])
def test_a_video_is_whole_or_its_disk_was_full(tmp_path, file_format):
    settings = RenderSettings(width=64, height=36, fps=10, format=file_format)
    clip = tmp_path / f"clip.{file_format}"
    write(clip, settings)
    clips = [ClipFile(clip, FRAMES, 10, (), 0.0)] * 2

    def joined(path: Path) -> Path:
        cues = {"en": [Cue(0, 700, "One.")], "zh": [Cue(0, 700, "一。")]}
        write_film(clips, path, title="Film", chapters=[Chapter("One", 0, 8), Chapter("Two", 8, 16)], subtitles=cues)
        return path

    (size,) = sizes(joined(tmp_path / f"whole.{file_format}"))
    for limit in limits(size):
        assert with_limit(limit, lambda: joined(tmp_path / f"cut.{file_format}"), tmp_path) == HEARD, limit
    assert with_limit(size, lambda: joined(tmp_path / f"enough.{file_format}"), tmp_path) == SILENT
    assert sizes(tmp_path / f"enough.{file_format}") == [size]
