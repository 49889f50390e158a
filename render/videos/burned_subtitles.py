"""Draws subtitles into the picture, for places that show no others. Each clip is decoded and encoded once more.

The cached clips do not change: the new clips go into one video only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import av
import noto_cjk_sans_otc
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from gradreel.core.errors import abbreviated_list, printable
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.pictures import Pixels
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile
from gradreel.render.videos.subtitles import Cue
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIMPLIFIED_CHINESE = 2  # index of the face in the font file; all faces have the same Latin and Greek letters
# font size as a share of the frame; the smaller value counts, so that 42 letters fit on a line
EM_OF_HEIGHT, EM_OF_WIDTH = 1 / 24, 1 / 26
LEADING = 1.4  # ems between baselines
PADDING = 0.35  # ems of the plate around the text and below the last line
LOWEST = 0.025  # share of the height left free below the plate
# RGBA; this plate is legible on the dark theme and on the light one
PLATE, LETTERS = (0, 0, 0, 184), (255, 255, 255, 255)
CIRCUMFLEX, HAT = "\u0302", "<hat>"  # Unicode's combining circumflex, and our name for a hat that we draw
SMALLER = 0.65  # ems of subscripts, superscripts and hats
SHIFTS = {"<sub>": 0.15, "<super>": -0.35, HAT: -0.33}  # ems below the baseline, by Unicode's tag or ours
MOST_NAMED = 24  # characters that one warning lists


@dataclass(frozen=True)
class Plate:
    """The image of a cue, and its place in the picture."""

    left: int
    top: int
    color: NDArray[np.uint16]  # (height, width, 3), already multiplied by alpha
    rest: NDArray[np.uint16]  # (height, width, 1), 255 minus alpha: the weight of the picture below

    def put_on(self, pixels: Pixels) -> None:
        """Blend the plate into ``pixels`` (height, width, 3 or 4), in place."""
        height, width = self.rest.shape[:2]
        part = pixels[self.top : self.top + height, self.left : self.left + width, :3]
        part[...] = (self.color + part * self.rest + 127) // 255


@cache
def plate(text: str, width: int, height: int) -> Plate:
    """Return the plate of ``text``, of one or more lines, for a picture of ``width`` by ``height`` pixels.

    It lies at the foot of the picture. A frame taller than 16:9 has a bar of background below the wide picture; the
    plate goes into that bar if there is room. Long lines are drawn smaller.
    """
    em = max(min(height * EM_OF_HEIGHT, width * EM_OF_WIDTH), 1.0)
    lines = [runs(line) for line in text.split("\n")]
    widest = max(sum(run.width(em) for run in line) for line in lines)
    em = max(em * min(1.0, 0.94 * width / max(widest, 1.0)), 1.0)
    pad, leading = round(PADDING * em), round(LEADING * em)
    inks = [sum(run.width(em) for run in line) for line in lines]
    widths = [round(ink) + 4 * pad for ink in inks]
    size = min(max(widths), width), min(len(lines) * leading + pad, height)
    picture = Image.new("RGBA", size)
    pencil = ImageDraw.Draw(picture)
    for number, wide in enumerate(widths):
        left, top = (size[0] - wide) // 2, number * leading
        pencil.rounded_rectangle((left, top, left + wide - 1, top + leading + pad - 1), radius=pad, fill=PLATE)
    ascent, descent = _font_of_size(em).getmetrics()
    for number, (line, ink) in enumerate(zip(lines, inks, strict=True)):
        x, baseline = (size[0] - ink) / 2, number * leading + (leading + pad + ascent - descent) / 2
        for previous, run in zip(("", *(run.text for run in line)), line, strict=False):
            back = (
                (_font_of_size(em).getlength(previous[-1:]) + run.font(em).getlength(run.text)) / 2
                if run.kind == HAT
                else 0
            )
            place = (x - back, baseline + SHIFTS.get(run.kind, 0) * em)
            pencil.text(place, run.text, LETTERS, run.font(em), anchor="ls")
            x += run.width(em)
    drawn = np.asarray(picture).astype(np.uint16)
    alpha = drawn[..., 3:]
    bar = (height - width * 9 // 16) // 2  # height of the background below the wide picture in a taller frame
    lowest = height - round(LOWEST * height)
    bottom = min(height - bar + leading + size[1], lowest) if bar > leading + size[1] else lowest
    return Plate((width - size[0]) // 2, max(bottom - size[1], 0), drawn[..., :3] * alpha, 255 - alpha)


@cache
def _font_of_size(em: float) -> ImageFont.FreeTypeFont:
    """Return the font in the size ``em`` (pixels).

    It uses the one layout engine that every build of Pillow has, so that pictures are the same everywhere.
    """
    path = str(noto_cjk_sans_otc.FONT_PATH)
    return ImageFont.truetype(path, em, index=SIMPLIFIED_CHINESE, layout_engine=ImageFont.Layout.BASIC)


class Run(NamedTuple):
    """Letters of one size on one line.

    ``kind`` is "", "<sub>", "<super>", or "<hat>" for a hat above the letter before it.
    """

    text: str
    kind: str

    def font(self, em: float) -> ImageFont.FreeTypeFont:
        """Return the font of these letters, for a text of ``em`` pixels."""
        return _font_of_size(em * SMALLER if self.kind else em)

    def width(self, em: float) -> float:
        """Return the width in pixels, for a text of ``em`` pixels. A hat takes no width."""
        return 0.0 if self.kind == HAT else float(self.font(em).getlength(self.text))


@cache
def runs(line: str) -> tuple[Run, ...]:
    """Return the runs that draw one line.

    The font lacks the thin space of "1 405", and letters such as "₁" or "ŷ": these are composed from other letters.
    Invisible characters, such as joiners and escape codes, are left out, because they would be drawn as boxes.
    """
    pieces = [piece for letter in unicodedata.normalize("NFC", line) for piece in _as_drawn(letter)]
    return tuple(
        Run("".join(run.text for run in same_kind), kind)
        for kind, same_kind in groupby(pieces, key=lambda run: run.kind)
    )


def _as_drawn(letter: str) -> list[Run]:
    """Return the runs that draw ``letter``; [] for an invisible one."""
    if _is_invisible(letter):
        return []
    if unicodedata.category(letter) == "Zs":
        return [Run(" ", "")]
    if _has_glyph(letter):
        return [Run(letter, "")]
    base, mark, _ = unicodedata.normalize("NFD", letter).partition(CIRCUMFLEX)
    if mark:
        return [Run(base, ""), Run("^", HAT)]
    kind = unicodedata.decomposition(letter).partition(" ")[0]
    shown = unicodedata.normalize("NFKD", letter) if kind.startswith("<") else letter
    return [Run(shown, kind if kind in SHIFTS else "")]


def _is_invisible(letter: str) -> bool:
    """Return whether ``letter`` is a control or format character, or a variation selector."""
    return unicodedata.category(letter) in ("Cc", "Cf") or "\ufe00" <= letter <= "\ufe0f"


def missing_letters(text: str) -> list[str]:
    """Return the characters of ``text``, each once, that the font of burned subtitles would draw as boxes."""
    letters = dict.fromkeys(letter for line in text.split("\n") for run in runs(line) for letter in run.text)
    return [letter for letter in letters if not _has_glyph(letter)]


def missing_letters_warning(lines: Iterable[tuple[str, str]], language: str) -> str:
    """Return one warning for all ``lines`` (place and text) with characters that the font lacks; "" if all are drawn.

    The warning says so if some of them belong to a right-to-left script: its order and its joined forms are not
    supported.
    """
    missing = [(place, letters) for place, text in lines if (letters := missing_letters(text))]
    if not missing:
        return ""
    letters = list(dict.fromkeys(letter for _, in_line in missing for letter in in_line))
    places = list(dict.fromkeys(printable(place) for place, _ in missing))
    named = printable("".join(letters[:MOST_NAMED])) + (
        f" and {len(letters) - MOST_NAMED} more" if len(letters) > MOST_NAMED else ""
    )
    right_to_left = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in letters)
    return (
        f"--burn_subtitles {language}: the font has no {named} ({abbreviated_list(places)}):"
        f" they are drawn as boxes. "
        + ("Right-to-left scripts are not supported in the picture. " if right_to_left else "")
        + "Without --burn_subtitles, players draw the same subtitles with fonts of their own"
    )


@cache
def _has_glyph(letter: str) -> bool:
    """Return whether the font has ``letter``, that is, draws it unlike the box for missing characters."""
    return letter == " " or _drawn_letter(letter) != _drawn_letter("\U0010ffff")  # U+10FFFF is no character


def _drawn_letter(letter: str) -> tuple[tuple[int, int], bytes]:
    """Return the size and the pixels of ``letter``."""
    mask = _font_of_size(32.0).getmask(letter)
    return mask.size, bytes(mask)


def with_cues(file: ClipFile, cues: Sequence[Cue], first: int, settings: RenderSettings, path: Path) -> ClipFile:
    """Return a copy of a clip at ``path`` with ``cues`` drawn into its frames.

    The cues have times of the film; the clip's first frame is frame ``first`` of the film. Equal frames in a row are
    encoded as one repeated frame. If it fails, the partial file is removed.
    """
    encoder = ClipEncoder(path, settings)
    begins = {beat.start for beat in file.beats}
    shown: Pixels | None = None  # the frame to write, ``repeat`` times, once a different one comes
    repeat = 0
    previous: tuple[list[bytes], str] | None = None
    texts = _texts_by_frame(cues, first, settings.fps)
    try:
        for number, (frame, text) in enumerate(zip(_decoded_frames(file.path), texts, strict=False)):
            current = [bytes(plane) for plane in frame.planes], text
            is_cut = number in begins
            if shown is not None and (current != previous or is_cut):
                encoder.write(shown, repeat)
                shown, repeat = None, 0
            if is_cut:
                encoder.cut()
            if shown is None:
                shown = _as_rgba(frame)
                if text:
                    plate(text, settings.width, settings.height).put_on(shown)
            previous, repeat = current, repeat + 1
        assert shown is not None, f"{file.path} has no frames"
        encoder.write(shown, repeat)
        encoder.close()
    except BaseException:
        encoder.discard()
        raise
    return replace(file, path=path)


def _decoded_frames(clip: Path) -> Iterator[VideoFrame]:
    """Yield the video frames of a clip."""
    with av.open(str(clip)) as container:
        yield from container.decode(container.streams.video[0])


def _texts_by_frame(cues: Sequence[Cue], first: int, fps: int) -> Iterator[str]:
    """Yield the text to show on each frame, from frame ``first`` of the film on, without end; "" for no text."""
    waiting = sorted(cues, key=lambda cue: cue.start)
    position = 0
    while True:
        while position < len(waiting) and waiting[position].end * fps <= 1000 * first:
            position += 1
        is_on = position < len(waiting) and waiting[position].start * fps <= 1000 * first
        yield waiting[position].text if is_on else ""
        first += 1


def _as_rgba(frame: VideoFrame) -> Pixels:
    """Return a BT.709 frame as RGBA pixels (height, width, 4).

    FFmpeg's fast conversion leaves the last columns black at widths such as 18 and 100. ACCURATE_RND avoids it.
    """
    rgba = VideoReformatter().reformat(
        frame,
        format="rgba",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
        threads=1,
    )
    pixels: NDArray[Any] = rgba.to_ndarray()
    return pixels
