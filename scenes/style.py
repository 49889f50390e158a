"""Colours by role, sizes of text, widths of strokes, margins of the frame, fonts.

A scene names a role (``palette.red`` is the target), never a colour. Each role has a contrast of at least 4.5:1 to the
background by the WCAG formula. `themes` has the colours.

One process renders one scene, so there is one current theme. A `LectureScene` sets it when it is constructed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from gradreel.scenes.themes import CLASS_COLORS, DEFAULT_THEME, THEMES
from manim import ManimColor, Mobject, MoveToTarget, VMobject, interpolate_color
from numpy.typing import NDArray

ROLES = tuple(THEMES[DEFAULT_THEME])


class Palette:
    """The colours of the current theme, by role. ``palette`` is the only object of this class.

    Raises
    ------
    AttributeError
        No colour has this role; the message lists the roles.

    Examples
    --------
    >>> from gradreel.scenes import palette, style
    >>> style.ROLES
    ('background', 'text', 'dim', 'axis', 'grey', 'red', 'blue', 'yellow', 'green', 'magenta', 'orange')
    >>> palette.purple
    Traceback (most recent call last):
        ...
    AttributeError: no colour has the role 'purple'; the roles are background, text, dim, axis, ...
    """

    theme = DEFAULT_THEME

    def __getattr__(self, role: str) -> ManimColor:
        try:
            return ManimColor(THEMES[self.theme][role])
        except KeyError:
            raise AttributeError(f"no colour has the role {role!r}; the roles are {', '.join(ROLES)}") from None


palette = Palette()


def use_theme(theme: str) -> None:
    """Set the theme, "dark" or "light", whose colours ``palette`` returns. Raises ValueError for another name."""
    if theme not in THEMES:
        raise ValueError(f"there is no theme {theme!r}; use one of {', '.join(THEMES)}")
    palette.theme = theme


def class_color(label: int) -> ManimColor:
    """Return the current theme's colour for class ``label`` of a classifier, 0 to 9."""
    return ManimColor(CLASS_COLORS[palette.theme][label])


# Text, in Manim's font sizes: an em of size 96 is one scene unit, an eighth of the frame's height.
EM = 1 / 96  # scene units in an em of font size 1
TITLE, SUBTITLE, HEADING = 80, 40, 34
FORMULA, PLOT_FORMULA = 64, 48
LABEL, LETTER, CELL, TICK, CAPTION = 28, 31, 29, 24, 24
SMALLEST = 24

# Strokes, in Manim's widths
MAIN_CURVE, SECOND_CURVE, GHOST_CURVE, SMALL_CURVE, BAND = 6.5, 5.0, 3.2, 5.2, 16.0
AXIS, GUIDE, CONTOUR, BOX, RING = 2.0, 1.6, 1.3, 2.2, 3.0

# The frame is 14.22 x 8 units around (0, 0); 5 % are left free at each side
LEFT_EDGE, RIGHT_EDGE = -6.4, 6.4
HEADING_BASELINE, CAPTION_BASELINE = 3.2, -3.5
Box = tuple[float, float, float, float]
"""Left, right, bottom and top edge of a part of the frame, in scene units."""

# Emphasis: shares of the colour that are left when it is mixed into the background
FULL, DIM, FAINT = 1.0, 0.66, 0.4
READABLE = 5.2  # least contrast of dimmed text to the background; on a tinted card 4.5 of it are left


def mix(color: ManimColor, share: float) -> ManimColor:
    """Return ``color`` mixed with the background; ``share`` (0 to 1) is the part of ``color``.

    The result is opaque, so that overlapping parts do not add up. On the light background, dimmed parts are harder to
    see; there ``share`` is raised to the power 0.72.
    """
    if palette.theme == "light" and 0.2 < share < 1:
        share = share**0.72
    return ManimColor(interpolate_color(palette.background, color, share))


def contrast(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the contrast of two RGB colours, from 1 to 21, by WCAG 2.2's relative luminance and contrast ratio.

    Examples
    --------
    >>> contrast(np.zeros(3), np.ones(3))
    21.0
    """
    channels = np.array([first, second])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ np.array([0.2126, 0.7152, 0.0722]))
    return float((high + 0.05) / (low + 0.05))


def mix_text(color: ManimColor, share: float) -> ManimColor:
    """Return ``color`` for dimmed text: `mix`, then lifted towards the role grey until it has contrast `READABLE`.

    Text loses its hue where a line would fade. A colour that has less contrast undimmed keeps that contrast.
    """
    return ManimColor(_mixed_text(color.to_hex(), share, palette.theme)) if share < FULL else color


@lru_cache(maxsize=4096)
def _mixed_text(color: str, share: float, theme: str) -> str:
    """Return the hex code of `mix_text` in ``theme``, the current one."""
    background = np.array(palette.background.to_rgb())
    needed = min(READABLE, contrast(np.array(ManimColor(color).to_rgb()), background))
    faded = mix(ManimColor(color), share)
    for lift in np.linspace(0, 1, 51):
        lifted = ManimColor(interpolate_color(faded, palette.grey, lift))
        if contrast(np.array(lifted.to_rgb()), background) >= needed:
            break
    return str(lifted.to_hex())


M = TypeVar("M", bound=Mobject)


def _parts_with_stored_colours(mobject: Mobject) -> list[VMobject]:
    """Return the parts of ``mobject`` after storing the full colours of each in ``full_colors``.

    Empty parts are included: they may show a digit later.
    """
    parts = [part for part in mobject.get_family() if isinstance(part, VMobject)]
    for part in parts:
        if not hasattr(part, "full_colors"):
            part.full_colors = (part.get_fill_color(), part.get_stroke_color())
    return parts


def emphasize(mobject: M, share: float) -> M:
    """Dim every part of ``mobject`` to ``share`` of its full colours (1 restores them); return the mobject.

    Text stays readable (`mix_text`). The first call stores the full colours of each part. The attribute ``emphasis`` of
    a part is its current share.
    """
    for part in _parts_with_stored_colours(mobject):
        fill, stroke = part.full_colors
        fill_mix = mix_text if getattr(part, "is_glyph", False) else mix
        part.set_fill(fill_mix(fill, share), opacity=part.get_fill_opacity(), family=False)
        part.set_stroke(mix(stroke, share), opacity=part.get_stroke_opacity(), family=False)
        part.emphasis = share
    return mobject


def emphasis(mobject: Mobject, share: float) -> MoveToTarget:
    """Return the animation that dims ``mobject`` to ``share`` of its full colours (1 restores them)."""
    parts = _parts_with_stored_colours(
        mobject
    )  # before the target is copied: the mobject itself must know what to come back to
    mobject.generate_target()
    emphasize(mobject.target, share)
    for part in parts:
        part.emphasis = share
        if not part.has_points() and not part.submobjects:
            emphasize(part, share)  # a move passes over what is empty, and a digit may come there later
    return MoveToTarget(mobject)


def font_folder() -> Path:
    """Return the folder of Noto Sans CJK in its wheel. No system font is used, so frames are the same everywhere."""
    from noto_cjk_sans_otc import FONT_PATH

    return Path(str(FONT_PATH)).parent
