"""Subtitles drawn into the picture, for places that show no others. Each clip is decoded and encoded once more for it.

The clips that are kept stay as they are: what is written here goes into one video.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import av
import noto_cjk_sans_otc
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.frames.pictures import Pixels
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.stages import ClipFile
from gradreel.scenes.render.videos.subtitles import Cue
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIMPLIFIED_CHINESE = 2  # the face in the font's collection; its Latin and Greek letters are those of all faces
EM_OF_HEIGHT, EM_OF_WIDTH = 1 / 24, 1 / 26  # size of the letters, the smaller of both: a line of 42 letters has room
LEADING = 1.4  # ems from line to line
PADDING = 0.35  # ems of the plate, beside the text and below the last line
LOWEST = 0.025  # share of the height below the plate
PLATE, LETTERS = (0, 0, 0, 184), (255, 255, 255, 255)  # a plate reads on the dark theme and on the light one


@dataclass(frozen=True)
class Plate:
    """A cue as it lies on the picture."""

    left: int
    top: int
    color: NDArray[np.uint16]  # (height, width, 3), multiplied by alpha
    rest: NDArray[np.uint16]  # (height, width, 1), what is seen of the picture, of 255

    def put_on(self, pixels: Pixels) -> None:
        height, width = self.rest.shape[:2]
        part = pixels[self.top : self.top + height, self.left : self.left + width, :3]
        part[...] = (self.color + part * self.rest + 127) // 255


@cache
def plate(text: str, width: int, height: int) -> Plate:
    """``text``, of one line or more, at the foot of a picture; in one that is tall, below the wide picture in it."""
    em = max(min(height * EM_OF_HEIGHT, width * EM_OF_WIDTH), 1.0)
    lines = text.split("\n")
    widest = max(_font(em).getlength(line) for line in lines)
    em = max(em * min(1.0, 0.94 * width / max(widest, 1.0)), 1.0)
    font, pad, leading = _font(em), round(PADDING * em), round(LEADING * em)
    widths = [round(font.getlength(line)) + 4 * pad for line in lines]
    size = min(max(widths), width), min(len(lines) * leading + pad, height)
    picture = Image.new("RGBA", size)
    pencil = ImageDraw.Draw(picture)
    for number, wide in enumerate(widths):
        left, top = (size[0] - wide) // 2, number * leading
        pencil.rounded_rectangle((left, top, left + wide - 1, top + leading + pad - 1), radius=pad, fill=PLATE)
    for number, line in enumerate(lines):
        middle = (size[0] / 2, number * leading + (leading + pad) / 2)
        pencil.text(middle, line, fill=LETTERS, font=font, anchor="mm")
    drawn = np.asarray(picture).astype(np.uint16)
    alpha = drawn[..., 3:]
    bar = (height - width * 9 // 16) // 2  # of background, below the wide picture in one that is taller
    lowest = height - round(LOWEST * height)
    bottom = min(height - bar + leading + size[1], lowest) if bar > leading + size[1] else lowest
    return Plate((width - size[0]) // 2, max(bottom - size[1], 0), drawn[..., :3] * alpha, 255 - alpha)


@cache
def _font(em: float) -> ImageFont.FreeTypeFont:
    """The one layout that every build of Pillow has, so that pictures are the same everywhere."""
    path = str(noto_cjk_sans_otc.FONT_PATH)
    return ImageFont.truetype(path, em, index=SIMPLIFIED_CHINESE, layout_engine=ImageFont.Layout.BASIC)


def with_cues(file: ClipFile, cues: Sequence[Cue], first: int, settings: RenderSettings, path: Path) -> ClipFile:
    """A copy of a clip at ``path`` with ``cues`` drawn into it, whose times are the film's: it begins at ``first``."""
    encoder = ClipEncoder(path, settings)
    begins = {beat.start for beat in file.beats}
    shown: Pixels | None = None  # not written yet, so many times:
    repeat = 0
    before: tuple[list[bytes], str] | None = None
    texts = _texts(cues, first, settings.fps)
    try:
        for number, (frame, text) in enumerate(zip(_frames(file.path), texts, strict=False)):
            now = [bytes(plane) for plane in frame.planes], text
            is_cut = number in begins
            if shown is not None and (now != before or is_cut):
                encoder.write(shown, repeat)
                shown, repeat = None, 0
            if is_cut:
                encoder.cut()
            if shown is None:
                shown = _as_rgba(frame)
                if text:
                    plate(text, settings.width, settings.height).put_on(shown)
            before, repeat = now, repeat + 1
        assert shown is not None, f"{file.path} has no frames"
        encoder.write(shown, repeat)
        encoder.close()
    except BaseException:
        encoder.discard()
        raise
    return replace(file, path=path)


def _frames(clip: Path) -> Iterator[VideoFrame]:
    with av.open(str(clip)) as container:
        yield from container.decode(container.streams.video[0])


def _texts(cues: Sequence[Cue], first: int, fps: int) -> Iterator[str]:
    """What is to be read on each frame from number ``first`` of the film on, "" for nothing; without an end."""
    waiting = sorted(cues, key=lambda cue: cue.start)
    place = 0
    while True:
        while place < len(waiting) and waiting[place].end * fps <= 1000 * first:
            place += 1
        is_on = place < len(waiting) and waiting[place].start * fps <= 1000 * first
        yield waiting[place].text if is_on else ""
        first += 1


def _as_rgba(frame: VideoFrame) -> Pixels:
    pixels: NDArray[Any] = frame.to_ndarray(
        format="rgba",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return pixels
