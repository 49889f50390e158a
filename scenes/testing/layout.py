"""Rules of the picture, checked on the screen at the end of each beat.

``frame``: nothing is outside the frame, except mobjects marked ``bleed = True``. ``margin``: texts stay within the safe
margin of 5 %. ``touch``: no two texts touch. ``size``: no text is smaller than 24 (1/32 of the height), except
subscripts in a formula and texts marked ``script = True``. ``line``: no line of a text's own colour crosses it, unless
a patch is between them or the line is marked ``strikes = True``. ``contrast`` (WCAG 2.2): text has 4.5:1 on the
background and 3:1 on a filled shape (all our text is large by WCAG's definition), lines have 3:1, and text that is
dimmed on purpose has 2:1. Dimmed lines are not checked.

`Bounds` can ask more: larger text, more contrast of dimmed text, and no crossing line of any colour. ``gradreel check``
asks for the last.

In a MovingCameraScene the frame is the part that the camera shows at the end of the beat, and sizes are those in that
picture. Mobjects that lie wholly outside do not count. A camera that has moved shows a part of a larger picture, so
shapes may cross the frame. Texts may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.base import SceneContext
from gradreel.scenes.catalog import kebab_name
from gradreel.scenes.on_screen import Part, Screen, ScreenText, bezier, read_screen
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.style import contrast
from gradreel.scenes.themes import THEMES
from manim import ManimColor, MovingCamera, Scene, config
from numpy.typing import NDArray

MARGIN = 0.05  # share of the frame's width and height
TOLERANCE = 0.02  # scene units: two pixels of a 1080p picture are 0.015
FRAME_TOLERANCE = 0.05  # half the border of a rectangle that fills the frame
SAME_COLOR = 0.19  # largest distance of two RGB colours (0 to 1 each) that look the same
VISIBLE = 1.15  # least contrast of a line of another colour that crosses a text
OPAQUE = 0.9  # least opacity of a patch
TEXT_CONTRAST, TEXT_ON_SHAPE_CONTRAST, LINE_CONTRAST = 4.5, 3.0, 3.0
FULL = 0.98  # a colour with a smaller share of its full strength is dimmed


@dataclass(frozen=True)
class Bounds:
    """What each text must have. The defaults are those of the fixture ``layout``."""

    text_size: float = 24.0  # Manim's font size
    dimmed_contrast: float = 2.0  # of text that is dimmed on purpose
    uncrossed: bool = False  # whether lines of other colours may not cross it either


TESTED, CHECKED = Bounds(), Bounds(uncrossed=True)  # by the fixture ``layout``, by ``gradreel check``


@dataclass(frozen=True)
class LayoutFault:
    """One breach of a rule."""

    scene: str
    beat: str
    rule: str
    message: str
    where: tuple[float, float]  # scene units from the centre of the frame
    mobjects: tuple[str, ...]  # the texts' words, or the names of other mobjects

    def __str__(self) -> str:
        """Return the breach as a line of a message."""
        x, y = self.where
        return f"{self.scene}, beat {self.beat}: {self.rule}: {self.message}, at ({x:.2f}, {y:.2f})"


@dataclass(frozen=True)
class _Breach:
    """One breach, before its scene and beat are added."""

    rule: str
    message: str
    where: NDArray[np.float64]  # (2,)
    names: tuple[str, ...]


def check_scene(scene: Scene, beat: str = "end", bounds: Bounds = TESTED) -> list[LayoutFault]:
    """Return every breach of a rule on the screen of ``scene`` as it is now."""
    screen = _visible_screen(scene)
    name = kebab_name(type(scene).__name__)
    breaches = [
        *_outside_frame(screen),
        *_in_margin(screen),
        *_touching_texts(screen),
        *_small_texts(screen, bounds.text_size),
        *_crossed_texts(screen, bounds.uncrossed),
        *_low_contrast(screen, bounds.dimmed_contrast),
    ]
    return [
        LayoutFault(name, beat, breach.rule, breach.message, (float(x), float(y)), breach.names)
        for breach in breaches
        for x, y in [breach.where]
    ]


def check_beats(
    scene_class: type[Scene], parameters: Mapping[str, Any] | None = None, context: SceneContext | None = None
) -> list[LayoutFault]:
    """Return the breaches at the end of every beat of a scene. Exceptions of the scene are raised."""
    findings: list[LayoutFault] = []
    visit_beats(scene_class, lambda scene, beat: findings.extend(check_scene(scene, beat)), parameters, context)
    return findings


def _visible_screen(scene: Scene) -> Screen:
    """Return the visible contents of the screen; with a moving camera, those in its picture."""
    screen, camera = read_screen(scene), scene.renderer.camera
    if not isinstance(camera, MovingCamera):
        return screen
    edge = np.array([screen.width, screen.height]) / 2 - FRAME_TOLERANCE
    texts = [text for text in screen.texts if _reaches_into(text.box, edge)]
    shapes = [part for part in screen.shapes if _reaches_into(part.box, edge)]
    if not np.allclose([camera.frame_width, *camera.frame_center[:2]], [config.frame_width, 0, 0]):
        shapes = [replace(part, bleeds=True) for part in shapes]
    return replace(screen, texts=texts, shapes=shapes)


# -- where things are --------------------------------------------------------------------------------------------------


def _outside_frame(screen: Screen) -> Iterator[_Breach]:
    """Yield texts, and one shape of each name, that are outside the frame."""
    edge = np.array([screen.width, screen.height]) / 2
    for text in screen.texts:
        if not text.bleeds and (over := _reach_beyond_edge(text.box, edge)) > FRAME_TOLERANCE:
            yield _Breach(
                "frame", f"{text.name!r} is {over:.2f} outside the frame", _middle_of_box(text.box), (text.name,)
            )
    worst: dict[str, tuple[float, Part]] = {}
    for part in screen.shapes:
        over = _reach_beyond_edge(part.box, edge)
        if not part.bleeds and over > max(FRAME_TOLERANCE, worst.get(part.name, (0.0,))[0]):
            worst[part.name] = (over, part)
    for name, (over, part) in worst.items():  # one of each kind: the one that is farthest outside
        yield _Breach("frame", f"{name} is {over:.2f} outside the frame", part.center, (name,))


def _in_margin(screen: Screen) -> Iterator[_Breach]:
    """Yield texts in the margin."""
    frame = np.array([screen.width, screen.height]) / 2
    edge = frame * (1 - 2 * MARGIN)
    for text in screen.texts:
        over = _reach_beyond_edge(text.box, edge)
        if over > TOLERANCE and not text.bleeds and _reach_beyond_edge(text.box, frame) <= FRAME_TOLERANCE:
            yield _Breach(
                "margin", f"{text.name!r} is {over:.2f} in the margin", _middle_of_box(text.box), (text.name,)
            )


def _touching_texts(screen: Screen) -> Iterator[_Breach]:
    """Yield pairs of texts that touch."""
    texts = screen.texts
    if len(texts) < 2:
        return
    near = _too_near(np.array([text.box for text in texts]), np.array([text.box for text in texts]))
    for i, j in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        first, second = texts[i], texts[j]
        for k, m in np.argwhere(_too_near(first.boxes, second.boxes)):
            first_glyph, second_glyph = first.glyphs[k], second.glyphs[m]
            where = (
                np.maximum(first_glyph.box, second_glyph.box)[:2] + np.minimum(first_glyph.box, second_glyph.box)[2:]
            ) / 2
            if not _is_patched(where, first_glyph.order, second_glyph.order, screen):
                yield _Breach("touch", f"{first.name!r} touches {second.name!r}", where, (first.name, second.name))
                break


def _reach_beyond_edge(box: NDArray[np.float64], edge: NDArray[np.float64]) -> float:
    """Return how far a box reaches beyond ``edge`` (2,), half the width and height of a region around the centre."""
    return float(max((-edge - box[:2]).max(), (box[2:] - edge).max()))


def _reaches_into(box: NDArray[np.float64], edge: NDArray[np.float64]) -> bool:
    """Return whether a part of a box lies in that region."""
    return bool((box[:2] < edge).all() and (box[2:] > -edge).all())


def _too_near(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which boxes (n, 4) and (m, 4) are less than the tolerance apart, (n, m)."""
    a, b = first[:, None], second[None]
    return np.asarray(((a[..., :2] < b[..., 2:] + TOLERANCE) & (b[..., :2] < a[..., 2:] + TOLERANCE)).all(axis=-1))


def _middle_of_box(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle of a box, (2,)."""
    return (box[:2] + box[2:]) / 2


# -- what can be read --------------------------------------------------------------------------------------------------


def _small_texts(screen: Screen, least: float) -> Iterator[_Breach]:
    """Yield texts that are smaller than ``least``."""
    for text in screen.texts:
        if text.size < least - 0.05 and not text.is_script:
            message = f"{text.name!r} has size {text.size:.1f}, the least is {least:g}"
            yield _Breach("size", message, _middle_of_box(text.box), (text.name,))


def _crossed_texts(screen: Screen, any_color: bool) -> Iterator[_Breach]:
    """Yield texts that a line of their own colour crosses, or of ``any_color``, behind them or in front of them."""
    lines = [part for part in screen.shapes if part.stroke is not None and not part.strikes]
    if not lines or not screen.texts:
        return
    near = _too_near(np.array([text.box for text in screen.texts]), np.array([line.box for line in lines]))
    for i, j in zip(*np.nonzero(near), strict=True):
        text, line = screen.texts[i], lines[j]
        where = _crossing_point(text, line, screen, any_color)
        if where is not None:
            message = f"{text.name!r} is crossed by a line ({line.name})"
            yield _Breach("line", message, where, (text.name, line.name))


def _crossing_point(text: ScreenText, line: Part, screen: Screen, any_color: bool) -> NDArray[np.float64] | None:
    """Return a point where ``line`` crosses a glyph without a patch between them, (2,), or None.

    Lines of another colour than the glyph's count if ``any_color``, and if they can be seen.
    """
    assert line.stroke is not None
    color = _laid_over(line.stroke, screen.background)
    points = _points_along(line)
    half = line.stroke_width / 2
    boxes = text.boxes + np.array([-half, -half, half, half])
    inside = ((points[:, None] > boxes[:, :2]) & (points[:, None] < boxes[:, 2:])).all(axis=-1)  # (points, glyphs)
    for n, k in np.argwhere(inside):
        ink = _color_of(text.glyphs[k])
        is_alike = ink is not None and np.linalg.norm(_laid_over(ink, screen.background) - color) < SAME_COLOR
        if not is_alike:
            behind = _color_behind(points[n], line.order, screen)
            if not any_color or contrast(_laid_over(line.stroke, behind), behind) < VISIBLE:
                continue
        if not _is_patched(points[n], line.order, text.glyphs[k].order, screen):
            return np.asarray(points[n])
    return None


def _points_along(line: Part) -> NDArray[np.float64]:
    """Return points on a line, (n, 2), so close together that no crossing of a glyph is missed."""
    lengths = np.linalg.norm(np.diff(line.curves, axis=1), axis=-1).sum(axis=1)
    count = int(np.clip(lengths.max() / 0.03, 2, 400))
    return bezier(line.curves, np.linspace(0, 1, count)).reshape(-1, 2)


def _is_patched(point: NDArray[np.float64], below: int, above: int, screen: Screen) -> bool:
    """Return whether a filled shape between two drawing orders hides ``point``."""
    low, high = sorted((below, above))
    return any(part.fill[3] >= OPAQUE for part in screen.fills_at(point, low, high) if part.fill is not None)


def _low_contrast(screen: Screen, dimmed_contrast: float) -> Iterator[_Breach]:
    """Yield texts and lines with too little contrast; dimmed text needs ``dimmed_contrast``."""
    for text in screen.texts:
        breaches = (_low_contrast_of(glyph, screen, dimmed_contrast) for glyph in text.glyphs)
        faint = min((breach for breach in breaches if breach), default=None)
        if faint is not None:
            ratio, needed = faint
            message = f"{text.name!r} has contrast {ratio:.1f}:1, it needs {needed:g}:1"
            yield _Breach("contrast", message, _middle_of_box(text.box), (text.name,))
    named: set[str] = set()
    for part in screen.shapes:
        if part.stroke is None or part.name in named or part.fill is not None or _is_dimmed(part, part.stroke, screen):
            continue
        line = _points_along(part)
        grounds = screen.background, _color_behind(line[len(line) // 2], part.order, screen)
        ratio = max(contrast(_laid_over(part.stroke, ground), ground) for ground in grounds)
        if ratio < LINE_CONTRAST:
            named.add(part.name)
            message = f"{part.name} has contrast {ratio:.1f}:1, a line needs {LINE_CONTRAST:g}:1"
            yield _Breach("contrast", message, part.center, (part.name,))


def _low_contrast_of(glyph: Part, screen: Screen, dimmed_contrast: float) -> tuple[float, float] | None:
    """Return (ratio, needed) for a glyph with too little contrast to the colours behind it; else None."""
    ink = _color_of(glyph)
    if ink is None:
        return None
    behind = _color_behind(glyph.center, glyph.order, screen)
    ratio = contrast(_laid_over(ink, behind), behind)
    if _is_dimmed(glyph, ink, screen):
        needed = dimmed_contrast
    else:
        needed = TEXT_CONTRAST if np.allclose(behind, screen.background, atol=0.01) else TEXT_ON_SHAPE_CONTRAST
    return (ratio, needed) if ratio < needed - 0.05 else None


def _color_behind(point: NDArray[np.float64], order: int, screen: Screen) -> NDArray[np.float64]:
    """Return the colour at ``point`` behind the drawing order ``order``, RGB, (3,)."""
    color = screen.background
    for part in screen.fills_at(point, -1, order):
        if part.fill is not None:
            color = _laid_over(part.fill, color)
    return color


def _is_dimmed(part: Part, color: NDArray[np.float64], screen: Screen) -> bool:
    """Return whether a part is faint on purpose: marked so, translucent, or a role's colour mixed into the
    background.
    """
    if getattr(part.mobject, "emphasis", 1.0) < FULL or color[3] < FULL:
        return True
    if np.abs(np.array(style.palette.background.to_rgb()) - screen.background).max() > 0.01:
        return False
    roles = _role_colors(style.palette.theme)
    if np.abs(roles - color[:3]).max(axis=1).min() < 0.01:
        return False
    full = roles - screen.background
    part_of = color[:3] - screen.background
    share = full @ part_of / (full**2).sum(axis=1)
    apart = np.abs(part_of - share[:, None] * full).max(axis=1)
    return bool(((apart < 0.013) & (share < FULL)).any())


@lru_cache
def _role_colors(theme: str) -> NDArray[np.float64]:
    """Return the colours of all roles except the background's, RGB, (n, 3)."""
    return np.array([ManimColor(color).to_rgb() for role, color in THEMES[theme].items() if role != "background"])


def _color_of(glyph: Part) -> NDArray[np.float64] | None:
    """Return a glyph's colour, RGBA, or None."""
    return glyph.fill if glyph.fill is not None else glyph.stroke


def _laid_over(rgba: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a colour of some opacity laid over another, RGB, (3,)."""
    return np.asarray(rgba[3] * rgba[:3] + (1 - rgba[3]) * under)
