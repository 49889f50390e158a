"""Defines `RenderSettings`: size, frame rate, format, languages, theme and media folder of a video."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.errors import UserError
from gradreel.render.choices import DEFAULT_QUALITY, FORMATS, MEDIA_FOLDER, QUALITIES
from gradreel.scenes.file_names import file_name
from gradreel.scenes.themes import DEFAULT_THEME, THEMES
from gradreel.scenes.words.languages import DEFAULT_LANGUAGE, LANGUAGES
from gradreel.scenes.words.narration import check_language

if TYPE_CHECKING:
    from gradreel.render.voice.spoken_lines import Voice  # which loads PyAV

SMALLEST_SIDE, LARGEST_SIDE = 16, 8192  # pixels
LARGEST_FPS = 240
TRANSPARENT_FORMATS = ("mov", "webm", "gif", "png-sequence")
JOINABLE_FORMATS = ("mp4", "webm", "mov")  # formats in which clips can be joined to one video, with sound
MOST_AT_ONCE = 256  # clips, or training runs, that are submitted to a cluster's scheduler at a time
# Fields that change no frame of a clip
NOT_IN_FRAMES = ("media_dir", "jobs", "timeout", "scheduler", "force", "overwrite", "voices", "burned")


@dataclass(frozen=True)
class RenderSettings:
    """How a video is made, apart from its content. Every instance is valid: the constructor raises UserError if not."""

    width: int = QUALITIES[DEFAULT_QUALITY].width
    height: int = QUALITIES[DEFAULT_QUALITY].height
    fps: int = QUALITIES[DEFAULT_QUALITY].fps
    format: str = "mp4"
    transparent: bool = False
    language: str = DEFAULT_LANGUAGE
    subtitle_languages: tuple[str, ...] = tuple(LANGUAGES)
    theme: str = DEFAULT_THEME
    media_dir: Path = MEDIA_FOLDER
    first_beat: str | None = None  # render only from this beat
    last_beat: str | None = None  # to this one; None: no limit
    seed: int | None = None  # random numbers of Python and numpy inside a scene; None: manim.cfg's seed, or 0
    jobs: int = 1  # clips rendered at a time
    timeout: float | None = None  # seconds that one clip, or one scene's stills or check, may take
    scheduler: str | None = None  # address of a dask scheduler whose workers train and draw; None: use this machine
    force: bool = False  # draw up-to-date clips again
    overwrite: bool = False  # replace files that this lesson or scene did not make
    plain_h264: bool = False  # encode repeated frames of mp4 and mov like all others, see `frames/h264.py`
    burned: str | None = None  # language of the subtitles that are drawn into the video
    voices: Mapping[str, Voice] = field(default_factory=dict)  # by language; other languages are silent

    def __post_init__(self) -> None:
        _refuse_size_for_video(self.width, self.height)
        object.__setattr__(self, "fps", _whole_rate(self.fps))
        object.__setattr__(self, "media_dir", Path(self.media_dir).absolute())
        _check_one_of("format", self.format, FORMATS)
        _check_one_of("theme", self.theme, tuple(THEMES))
        for beat in filter(None, (self.first_beat, self.last_beat)):
            file_name(beat, "-n: a beat called")
        for language in (self.language, *self.subtitle_languages):
            check_language(language)
        if self.transparent and self.format not in TRANSPARENT_FORMATS:
            raise UserError(
                f"{self.format} carries no transparency; use one of {', '.join(TRANSPARENT_FORMATS)} (--format mov)"
            )
        if self.burned is not None:
            check_language(self.burned)
            if self.burned not in languages_of(self):
                raise UserError(
                    f"--burn_subtitles {self.burned}: the film's languages are {', '.join(languages_of(self))}; add it"
                    f" by --languages {self.burned}, or in the lesson file"
                )
            if self.transparent or self.format not in JOINABLE_FORMATS:
                kinds = ", ".join(JOINABLE_FORMATS)
                raise UserError(
                    f"--burn_subtitles {self.burned}: subtitles can be drawn only into {kinds} with a background;"
                    f" choose one of these, or leave out -t"
                )
        if self.jobs < 1:
            raise UserError(f"-j {self.jobs}: needed: at least 1, such as -j 2")
        if self.timeout is not None and not 0 < self.timeout < float("inf"):
            raise UserError(f"--timeout {self.timeout:g}: needed: seconds above 0, such as --timeout 600")

    @classmethod
    def of_quality(
        cls, quality: str = DEFAULT_QUALITY, *, format: str | None = None, transparent: bool = False, **changes: Any
    ) -> RenderSettings:
        """Return the settings of a quality letter with the fields in ``changes``; a change to None has no effect.

        The default format is mp4, or mov if ``transparent``.
        """
        _check_one_of("quality", quality, tuple(QUALITIES))
        fields_set: dict[str, Any] = QUALITIES[quality]._asdict()
        fields_set |= {name: value for name, value in changes.items() if value is not None}
        return cls(**fields_set, format=format or default_format(transparent), transparent=transparent)

    @property
    def quality(self) -> str:
        """Return height and rate as Manim writes them: ``1080p60``."""
        return f"{self.height}p{self.fps}"

    @property
    def video_folder(self) -> str:
        """Return the name of the folder of videos: `quality` and `variant`, such as ``1080p60-zh-light``."""
        return self.quality + self.variant

    @property
    def variant(self) -> str:
        """Return the end of a folder's name for another language or theme than the default, such as ``-zh-light``."""
        language = "" if self.language == DEFAULT_LANGUAGE else f"-{self.language}"
        return language + ("" if self.theme == DEFAULT_THEME else f"-{self.theme}")

    @property
    def jobs_here(self) -> int:
        """Return the number of worker processes on this machine; with a cluster, at most one for each core."""
        return self.jobs if self.scheduler is None else min(self.jobs, os.cpu_count() or 1)

    @property
    def suffix(self) -> str:
        """Return the end of a clip's or video's name: ``.mp4``; "" for a folder of pictures."""
        return "" if self.format == "png-sequence" else f".{self.format}"

    @property
    def beat_range(self) -> str:
        """Return what a file of some beats has after the scene's name, see `range_name`; "" for all beats."""
        return range_name(self.first_beat, self.last_beat)

    def of_frames(self) -> dict[str, Any]:
        """Return the fields that the frames of a clip depend on, as plain data: all but `NOT_IN_FRAMES`."""
        names = [each.name for each in fields(self) if each.name not in NOT_IN_FRAMES]
        values = {name: getattr(self, name) for name in names}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def languages_of(settings: RenderSettings) -> tuple[str, ...]:
    """Return the languages that a film may have words in, that of its pictures first."""
    return tuple(dict.fromkeys((settings.language, *settings.subtitle_languages)))


def default_format(transparent: bool) -> str:
    """Return the format of a video if the user names none."""
    return "mov" if transparent else "mp4"


def range_name(first: str | None, last: str | None) -> str:
    """Return the end of a partial file's name, such as ``--intro--sum``; "" if ``first`` and ``last`` are None.

    One beat alone gives ``--intro``, an open side gives nothing: ``--intro--`` is all from intro. So different parts
    have different names, whatever a beat is called, and none replaces the whole.
    """
    if first == last:
        return "" if first is None else f"--{first}"
    return f"--{first or ''}--{last or ''}"


def _refuse_size_for_video(width: int, height: int) -> None:
    """Raise UserError for a side outside the limits, or for an odd side; for that, it names the nearest even size."""
    if not (SMALLEST_SIDE <= width <= LARGEST_SIDE and SMALLEST_SIDE <= height <= LARGEST_SIDE):
        raise UserError(
            f"{width} x {height} pixels: width and height must be from {SMALLEST_SIDE} to {LARGEST_SIDE}; such"
            f" as -r 1280,720"
        )
    if width % 2 or height % 2:
        nearest = f"{width + width % 2},{height + height % 2}"
        raise UserError(f"{width} x {height} pixels: video needs an even width and height; the nearest is -r {nearest}")


def _whole_rate(fps: float | Fraction) -> int:
    """Return ``fps`` as an int. Raises UserError for a broken rate, such as 30000/1001, or one outside 1 to 240."""
    if not 1 <= fps <= LARGEST_FPS or fps != int(fps):  # also false for NaN
        nearest = min(max(round(fps), 1), LARGEST_FPS) if math.isfinite(fps) else 30
        rate = str(fps) if isinstance(fps, Fraction) else f"{fps:g}"
        raise UserError(
            f"{rate} frames per second: needed: a whole number from 1 to {LARGEST_FPS}; the nearest is --fps {nearest}"
        )
    return int(fps)


def _check_one_of(noun: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise UserError unless ``value`` is one of ``choices``. ``noun`` names the setting in the message."""
    if value not in choices:
        raise UserError(f"there is no {noun} {value!r}; use one of {', '.join(choices)}")
