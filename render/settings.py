"""How a video is made, apart from what it shows: size, frame rate, format, language, theme, folder."""

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
JOINABLE_FORMATS = ("mp4", "webm", "mov")  # those that one video of many clips can have
MOST_AT_ONCE = 256  # clips, or trainings, that are handed to a cluster's scheduler
# Fields that no clip depends on themselves
HOW_MADE = ("media_dir", "jobs", "timeout", "scheduler", "force", "overwrite", "voices", "burned")


@dataclass(frozen=True)
class RenderSettings:
    """Checked when made: every one that exists can be rendered. Raises UserError naming what would do."""

    width: int = QUALITIES[DEFAULT_QUALITY].width
    height: int = QUALITIES[DEFAULT_QUALITY].height
    fps: int = QUALITIES[DEFAULT_QUALITY].fps
    format: str = "mp4"
    transparent: bool = False
    language: str = DEFAULT_LANGUAGE
    subtitle_languages: tuple[str, ...] = tuple(LANGUAGES)
    theme: str = DEFAULT_THEME
    media_dir: Path = MEDIA_FOLDER
    first_beat: str | None = None  # frames of this beat and those after it only
    last_beat: str | None = None
    seed: int | None = None  # of Python's and numpy's random numbers inside a scene; None: manim.cfg's, or 0
    jobs: int = 1  # clips rendered at a time
    timeout: float | None = None  # seconds that one clip, or one scene's stills or check, may take
    scheduler: str | None = None  # the address of a dask scheduler whose workers train and draw; None: processes here
    force: bool = False  # draw clips again that are up to date
    overwrite: bool = False  # replace files that this lesson or scene did not make
    plain_h264: bool = False  # encode every frame of mp4 and mov in the plain way, see `frames/h264.py`
    burned: str | None = None  # the language whose subtitles are drawn into the video
    voices: Mapping[str, Voice] = field(default_factory=dict)  # by language; one that is not in it is silent

    def __post_init__(self) -> None:
        _check_size(self.width, self.height)
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
        """The settings of a quality letter, with any field changed; None leaves a field as it is.

        Without a format it is mp4, and mov when ``transparent``.
        """
        _check_one_of("quality", quality, tuple(QUALITIES))
        given: dict[str, Any] = QUALITIES[quality]._asdict()
        given |= {name: value for name, value in changes.items() if value is not None}
        return cls(**given, format=format or default_format(transparent), transparent=transparent)

    @property
    def quality(self) -> str:
        """Name of the folder for videos of this size and rate, as Manim calls it: ``1080p60``."""
        return f"{self.height}p{self.fps}"

    @property
    def video_folder(self) -> str:
        """Returns the name of the folder of videos: `quality`, and the `variant` after it."""
        return self.quality + self.variant

    @property
    def variant(self) -> str:
        """Return the end of a folder's name for another language or theme than the default, such as ``-zh-light``."""
        language = "" if self.language == DEFAULT_LANGUAGE else f"-{self.language}"
        return language + ("" if self.theme == DEFAULT_THEME else f"-{self.theme}")

    @property
    def jobs_here(self) -> int:
        """Processes at a time on this machine, whatever a cluster has."""
        return self.jobs if self.scheduler is None else min(self.jobs, os.cpu_count() or 1)

    @property
    def suffix(self) -> str:
        """What the name of a clip or video ends in: ``.mp4``; "" for a folder of pictures."""
        return "" if self.format == "png-sequence" else f".{self.format}"

    @property
    def beat_range(self) -> str:
        """What a file of some beats only has after the scene's name, so that the whole scene's is not overwritten."""
        return range_name(self.first_beat, self.last_beat)

    def of_frames(self) -> dict[str, Any]:
        """All that the frames of a clip depend on, as plain data: every field but those of how it is made."""
        names = [one.name for one in fields(self) if one.name not in HOW_MADE]
        values = {name: getattr(self, name) for name in names}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def languages_of(settings: RenderSettings) -> tuple[str, ...]:
    """Return the languages that a film may have words in, that of its pictures first."""
    return tuple(dict.fromkeys((settings.language, *settings.subtitle_languages)))


def default_format(transparent: bool) -> str:
    """The kind of file where none is asked for."""
    return "mov" if transparent else "mp4"


def range_name(first: str | None, last: str | None) -> str:
    """Return what the name of a stretch's file ends in, so that it differs from the whole's; "" for the whole."""
    if first == last:
        return "" if first is None else f"--{first}"
    return f"--{first or 'start'}--{last or 'end'}"


def _check_size(width: int, height: int) -> None:
    if not (SMALLEST_SIDE <= width <= LARGEST_SIDE and SMALLEST_SIDE <= height <= LARGEST_SIDE):
        raise UserError(
            f"{width} x {height} pixels: width and height must be from {SMALLEST_SIDE} to {LARGEST_SIDE}; such"
            f" as -r 1280,720"
        )
    if width % 2 or height % 2:
        nearest = f"{width + width % 2},{height + height % 2}"
        raise UserError(f"{width} x {height} pixels: video needs an even width and height; the nearest is -r {nearest}")


def _whole_rate(fps: float | Fraction) -> int:
    """Beats, subtitles, sounds and joins count frames of whole rates; 30000/1001 would be another way through all."""
    if not 1 <= fps <= LARGEST_FPS or fps != int(fps):  # also false for NaN
        nearest = min(max(round(fps), 1), LARGEST_FPS) if math.isfinite(fps) else 30
        said = str(fps) if isinstance(fps, Fraction) else f"{fps:g}"
        raise UserError(
            f"{said} frames per second: needed: a whole number from 1 to {LARGEST_FPS}; the nearest is --fps {nearest}"
        )
    return int(fps)


def _check_one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"there is no {what} {value!r}; use one of {', '.join(known)}")
