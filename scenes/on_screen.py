"""The contents of a scene's screen as numbers: texts, lines and filled shapes in drawing order.

Coordinates are those of the frame, 14.22 units wide around (0, 0), wherever a moving camera looks. Only visible
mobjects count: opacity 0 does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from gradreel.scenes.mobjects.text import Number, TextMobject
from manim import (
    BackgroundRectangle,
    Camera,
    DecimalNumber,
    ManimColor,
    MarkupText,
    Mobject,
    Paragraph,
    PMobject,
    Scene,
    SingleStringMathTex,
    Text,
    Typst,
    VMobject,
    config,
)
from manim.mobject.types.image_mobject import AbstractImageMobject
from manim.utils.iterables import list_update
from numpy.typing import NDArray

TEXTS = (TextMobject, Number, Text, MarkupText, Paragraph, SingleStringMathTex, Typst, DecimalNumber)
STROKE_UNIT = 0.01  # scene units per unit of Manim's stroke width
SAMPLES = np.linspace(0, 1, 6)  # parameters at which the extent of each Bezier piece is measured
NAME_LENGTH = 40
EM = 96  # Manim's font size per scene unit of an em


@dataclass(frozen=True)
class Part:
    """One mobject that is drawn by itself."""

    mobject: Mobject
    order: int  # drawing order; a part with a higher one lies above
    curves: NDArray[np.float64]  # (k, 4, 2) cubic Bezier pieces; (0, 4, 2) for a picture or points
    box: NDArray[np.float64]  # (4,) left, bottom, right, top of its ink
    fill: NDArray[np.float64] | None  # (4,) RGBA; None if it is not visible
    stroke: NDArray[np.float64] | None  # (4,) RGBA; None if it is not visible
    stroke_width: float  # scene units
    name: str
    bleeds: bool  # whether it, or a mobject that contains it, may be outside the frame
    strikes: bool  # whether it, or a mobject that contains it, may cross a text

    @property
    def center(self) -> NDArray[np.float64]:
        """Return the middle of its box, (2,)."""
        return (self.box[:2] + self.box[2:]) / 2

    @cached_property
    def outline(self) -> NDArray[np.float64]:
        """Return points along its curves, (n, 2)."""
        return bezier(self.curves, SAMPLES[:-1]).reshape(-1, 2)

    def covers(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which of ``points`` (n, 2) lie inside its outline by the even-odd rule, (n,)."""
        x, y = points[:, :1], points[:, 1:]
        start, end = self.outline, np.roll(self.outline, -1, axis=0)
        crosses = (start[:, 1] > y) != (end[:, 1] > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            x_of_crossing = start[:, 0] + (y - start[:, 1]) * (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
        return np.asarray((crosses & (x_of_crossing > x)).sum(axis=1) % 2 == 1)


@dataclass(frozen=True)
class ScreenText:
    """One text or number with its visible glyphs."""

    mobject: Mobject
    name: str
    size: float  # font size on the screen, scaling included
    glyphs: list[Part] = field(default_factory=list)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """Return the boxes of its glyphs, (n, 4)."""
        return np.array([glyph.box for glyph in self.glyphs])

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """Return the box around all its glyphs, (4,)."""
        return np.concatenate([self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)])

    @property
    def bleeds(self) -> bool:
        """Return whether the text may be outside the frame."""
        return self.glyphs[0].bleeds

    @property
    def is_script(self) -> bool:
        """Return whether it is marked as sub- or superscript of another text (``script = True``)."""
        return bool(getattr(self.mobject, "script", False))


@dataclass(frozen=True)
class Screen:
    """Everything that is visible on a screen."""

    texts: list[ScreenText]
    shapes: list[Part]  # parts that belong to no text
    width: float
    height: float
    background: NDArray[np.float64]  # (3,) RGB, 0 to 1

    @cached_property
    def _filled_shapes(self) -> tuple[list[Part], NDArray[np.float64]]:
        """Return the n shapes that have a fill, in drawing order, and their boxes, (n, 4)."""
        filled = [part for part in self.shapes if part.fill is not None]
        return filled, np.array([part.box for part in filled]).reshape(-1, 4)

    def fills_at(self, point: NDArray[np.float64], above: int, below: int) -> Iterator[Part]:
        """Yield the filled shapes at ``point`` (2,) whose drawing order lies between ``above`` and ``below``, the
        lowest first.
        """
        filled, boxes = self._filled_shapes
        for index in np.flatnonzero(((point > boxes[:, :2]) & (point < boxes[:, 2:])).all(axis=1)):
            part = filled[index]
            if above < part.order < below and part.covers(point[None])[0]:
                yield part


def read_screen(scene: Scene) -> Screen:
    """Return everything that ``scene`` shows now."""
    roots = list_update(scene.mobjects, scene.foreground_mobjects)
    owners = dict(_owners_of_mobjects(roots))
    camera = scene.renderer.camera
    zoom = config.frame_width / camera.frame_width
    texts: dict[int, ScreenText] = {}
    shapes = []
    for order, mobject in enumerate(camera.get_mobjects_to_display(roots)):
        text, root, bleeds, strikes = owners[id(mobject)]
        part = _visible_part(mobject, order, camera, zoom, root, bleeds, strikes)
        if part is None:
            continue
        if text is None or isinstance(mobject, BackgroundRectangle):
            shapes.append(part)
        else:
            size = texts[id(text)].size if id(text) in texts else font_size(text) * zoom
            texts.setdefault(id(text), ScreenText(text, text_of(text), size)).glyphs.append(part)
    background = np.array(ManimColor(camera.background_color).to_rgb(), dtype=float)
    return Screen(list(texts.values()), shapes, config.frame_width, camera.frame_height * zoom, background)


def bezier(curves: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points of k cubic pieces (k, 4, 2) at the m parameters ``t``, (k, m, 2)."""
    s = 1 - t
    weights = np.stack([s**3, 3 * s**2 * t, 3 * s * t**2, t**3], axis=1)  # (m, 4)
    points: NDArray[np.float64] = np.einsum("mi,kid->kmd", weights, curves)
    return points


def text_of(mobject: Mobject) -> str:
    """Return a text's own words, cut to `NAME_LENGTH` characters; for other mobjects their name."""
    for attribute in ("text", "original_text", "tex_string", "typst_code", "source", "glyph_of"):
        words = getattr(mobject, attribute, None)
        if isinstance(words, str) and words.strip():
            words = " ".join(words.split())
            return words if len(words) <= NAME_LENGTH else words[: NAME_LENGTH - 1] + "…"
    return f"{mobject.number:g}" if isinstance(mobject, DecimalNumber) else mobject.name


def font_size(mobject: Mobject) -> float:
    """Return the font size of a text on the screen, in Manim's units."""
    if isinstance(mobject, Number):
        anchor = mobject.anchor.points
        return float(np.linalg.norm(anchor[-1] - anchor[0]) * EM)
    if isinstance(mobject, TextMobject):
        return mobject.font_size * _factor_since_made(mobject)
    if isinstance(mobject, TEXTS) and not isinstance(mobject, Paragraph):
        return float(mobject.font_size)
    return float(mobject.height * EM / 0.5)  # an upper bound: a line of small letters is half an em high


def _factor_since_made(text: TextMobject) -> float:
    """Return by which factor a text has been scaled since it was made."""
    extents, original_extents = _glyph_diagonals(text), _unscaled_diagonals(text.source, text.font_size)
    if len(extents) != len(original_extents) or not len(extents):
        return 1.0
    return float(np.median(extents / original_extents))


def _glyph_diagonals(text: TextMobject) -> NDArray[np.float64]:
    """Return the diagonal of each glyph, (n,)."""
    glyphs = [glyph.points for glyph in text if len(glyph.points)]
    if not glyphs:
        return np.empty(0)
    points, starts = np.concatenate(glyphs), np.cumsum([0, *map(len, glyphs[:-1])])
    sizes = np.maximum.reduceat(points, starts) - np.minimum.reduceat(points, starts)
    diagonals: NDArray[np.float64] = np.linalg.norm(sizes, axis=1)
    return diagonals


@lru_cache(maxsize=4096)
def _unscaled_diagonals(source: str, size: float) -> NDArray[np.float64]:
    """Return the diagonals of the glyphs of an unscaled text, (n,)."""
    return _glyph_diagonals(TextMobject(source, size))


def _owners_of_mobjects(roots: Sequence[Mobject]) -> Iterator[tuple[int, tuple[Mobject | None, Mobject, bool, bool]]]:
    """Yield for each mobject its id, the text that it belongs to, the scene's mobject that contains it, if it may
    bleed, and if it may cross a text.
    """
    for root in roots:
        waiting: list[tuple[Mobject, Mobject | None, bool, bool]] = [(root, None, False, False)]
        while waiting:
            mobject, text, bleeds, strikes = waiting.pop()
            bleeds = bleeds or bool(getattr(mobject, "bleed", False))
            strikes = strikes or bool(getattr(mobject, "strikes", False))
            text = text or (mobject if _is_text(mobject) else None)
            yield id(mobject), (text, root, bleeds, strikes)
            waiting += [(child, text, bleeds, strikes) for child in mobject.submobjects]


def _is_text(mobject: Mobject) -> bool:
    """Return whether a mobject is a text, or consists of some glyphs of one (which have ``glyph_of``)."""
    if isinstance(mobject, TEXTS):
        return True
    glyphs = mobject.submobjects or [mobject]
    return all(hasattr(glyph, "glyph_of") for glyph in glyphs)


def _visible_part(
    mobject: Mobject, order: int, camera: Camera, zoom: float, root: Mobject, bleeds: bool, strikes: bool
) -> Part | None:
    """Return a mobject as a part of the screen; None if it is not visible."""
    name = mobject.name if root is mobject else f"{mobject.name} in {root.name}"
    points = (camera.transform_points_pre_display(mobject, mobject.points) - camera.frame_center)[:, :2] * zoom
    no_curves = np.empty((0, 4, 2))
    if not isinstance(mobject, VMobject):
        if not isinstance(mobject, (AbstractImageMobject, PMobject)):
            return None  # a ValueTracker
        return Part(mobject, order, no_curves, _bounds_of_points(points), None, None, 0.0, name, bleeds, strikes)
    fill, stroke = _visible_color(mobject.get_fill_rgbas()), _visible_color(mobject.get_stroke_rgbas())
    width = mobject.get_stroke_width() * STROKE_UNIT * zoom
    if width <= 0:
        stroke = None
    curves = points[: len(points) // 4 * 4].reshape(-1, 4, 2)
    if not len(curves) or (fill is None and stroke is None):
        return None
    half = width / 2 if stroke is not None else 0.0
    box = _bounds_of_points(bezier(curves, SAMPLES).reshape(-1, 2)) + np.array([-half, -half, half, half])
    return Part(mobject, order, curves, box, fill, stroke, width, name, bleeds, strikes)


def _bounds_of_points(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return left, bottom, right, top of ``points`` (n, 2), (4,)."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _visible_color(rgbas: Any) -> NDArray[np.float64] | None:
    """Return the least transparent of a mobject's colours, (4,), or None if none is visible."""
    rgbas = np.asarray(rgbas, dtype=float).reshape(-1, 4)
    if not len(rgbas) or rgbas[:, 3].max() <= 0.001:
        return None
    return np.asarray(rgbas[rgbas[:, 3].argmax()])
