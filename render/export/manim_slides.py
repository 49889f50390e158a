"""Writes steps as a presentation of manim-slides, so that its ``convert`` and ``present`` show our clips.

A JSON file lists the videos, each forwards and backwards. Its paths are relative to the folder that contains
``slides``. manim-slides finds them if it is started there (``manim_slides/config.py`` of version 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from gradreel.render.clips.workspace import Workspace, as_json
from gradreel.render.export.steps import write_videos
from gradreel.render.frames.h264 import set_up
from gradreel.render.settings import RenderSettings
from gradreel.scenes.themes import THEMES
from gradreel.scenes.words.languages import title_in

if TYPE_CHECKING:
    from gradreel.render.export.deck import Deck

FOLDER = "slides"
HELD = 60  # frames in memory at once; 3 MB each at 1080p
FILES = r"[0-9]{3,}(-back)?\.mp4"


def write_folder(deck: Deck, workspace: Workspace) -> tuple[Path, dict[str, Path]]:
    """Return the presentation's JSON file, and the videos beside it by name. All have temporary names."""
    settings = deck.settings
    films = {step.number: workspace.temporary(f"{step.number:03d}.mp4") for step in deck.steps}
    write_videos(deck.steps, films)
    files, slides = {}, []
    for step in deck.steps:
        forward, backward = f"{step.number:03d}.mp4", f"{step.number:03d}-back.mp4"
        files[forward], files[backward] = films[step.number], workspace.temporary(backward)
        _write_backwards(films[step.number], files[backward], settings, step.frames)
        slides.append(
            {
                "file": f"{FOLDER}/{forward}",
                "rev_file": f"{FOLDER}/{backward}",
                "notes": title_in(step.lines, settings.language),
                "dedent_notes": False,
            }
        )
    presentation = workspace.temporary("slides.json")
    resolution, background = [settings.width, settings.height], THEMES[settings.theme]["background"]
    presentation.write_bytes(as_json({"slides": slides, "resolution": resolution, "background_color": background}))
    return presentation, files


def _write_backwards(film: Path, path: Path, settings: RenderSettings, frames: int) -> None:
    """Encode the first ``frames`` frames of ``film`` in reverse order as an MP4 at ``path``."""
    with av.open(str(film)) as source, av.open(str(path), "w", format="mp4") as target:
        stream = target.add_stream("libx264", rate=Fraction(settings.fps), options={"preset": "veryfast"})
        assert isinstance(stream, VideoStream)
        set_up(stream.codec_context, settings, "yuv420p")
        for number, frame in enumerate(_reversed_frames(source, settings.fps, frames)):
            frame.pts, frame.time_base = number, Fraction(1, settings.fps)
            frame.pict_type = PictureType.NONE
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def _reversed_frames(source: InputContainer, fps: int, frames: int) -> Iterator[VideoFrame]:
    """Yield the first ``frames`` frames of a film, the last one first; at most `HELD` are in memory at a time.

    It seeks to the start of each block of `HELD` frames and decodes that block.
    """
    stream = source.streams.video[0]
    base = stream.time_base
    assert base is not None
    for end in range(frames, 0, -HELD):
        start = max(end - HELD, 0)
        source.seek(round(start / (fps * base)), stream=stream)
        held = []
        for frame in source.decode(stream):
            assert frame.pts is not None
            number = round(frame.pts * base * fps)
            if number >= end:
                break
            if number >= start:
                held.append(frame)
        yield from reversed(held)
