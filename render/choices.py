"""Values that a film's options may have, and their defaults.

Settings and commands import them from here. This module imports neither numpy nor Manim, so that a command's help is
quick.
"""

from pathlib import Path
from typing import Literal, NamedTuple, get_args


class Quality(NamedTuple):
    """A size and a frame rate under one letter, as in Manim's ``-q``."""

    width: int
    height: int
    fps: int

    def __str__(self) -> str:
        """Return the quality as text, such as "854x480 15fps"."""
        return f"{self.width}x{self.height} {self.fps}fps"


QUALITIES = {
    "l": Quality(854, 480, 15),
    "m": Quality(1280, 720, 30),
    "h": Quality(1920, 1080, 60),
    "p": Quality(2560, 1440, 60),
    "k": Quality(3840, 2160, 60),
}
DEFAULT_QUALITY, WATCHED_QUALITY = "h", "l"
FORMATS = ("mp4", "webm", "mov", "gif", "png-sequence")
MEDIA_FOLDER = Path("media")
COMPARISONS = ("width", "depth")
ProgressBar = Literal["display", "leave", "none"]
PROGRESS_BARS: tuple[ProgressBar, ...] = get_args(ProgressBar)
DEFAULT_PROGRESS: ProgressBar = "display"
VERBOSITIES, DEFAULT_VERBOSITY = ("debug", "info", "warning", "error", "critical"), "info"
