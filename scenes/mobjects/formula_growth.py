"""Animations in which one formula grows into another: common parts move, old glyphs fade out, new ones fade in.

    old = formula('part("y", blue(y)) = part("w", yellow(w)) part("x", x_1)').place(1.9, left=-6.4)
    new = formula('part("y", blue(y)) = part("sum", sum_j) part("w", yellow(w_j)) part("x", x_j)').place(1.9, left=-6.4)
    self.play(*grow(old, new))                  # afterwards `new` is on the screen, and `old` is not

Parts are matched by name. Within a part, equal glyphs move and different ones morph: in w_1 to w_j, the w moves.
Glyphs without a matching part fade: old ones at the beginning, new ones after the others have moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.text import TextMobject
from manim import Animation, ManimColor, Scene, VMobject, linear, smooth

SECONDS = 1.6
GONE, MOVED, COMING = 0.3, 0.75, 0.6  # shares of the time: old glyphs are gone, parts have moved, new glyphs begin
SAME = 1e-3  # outlines that differ by less, as a share of their size, are the same glyph


Origin = str | tuple[TextMobject, str]
"""A part of an old formula: its name, or a formula and the name, if several formulas have that name."""


def grow(
    old: TextMobject | Sequence[TextMobject],
    new: TextMobject,
    origins: Mapping[str, Origin] | None = None,
    ends: Mapping[str, str] | None = None,
    morph: bool = True,
) -> list[Animation]:
    """Return the animations that turn ``old``, on the screen, into ``new``, at any place and size.

    Play them together, with one run_time. Afterwards ``old`` is off the screen and looks as before. Raises KeyError
    for an unknown part.

    ``old``: one formula, or several that become one; a name means the part of the first formula that has it.
    ``origins``: parts of ``new`` that come from a part with another name, such as {"w_2": "w"}. Many parts may have the
    same origin. ``ends``: parts of ``old`` that slide into a part of ``new`` and vanish there, such as {"r_1": "r"}.
    ``morph``: without it, only equal glyphs at the same index of a part move; the others fade out and in.
    """
    olds = [old] if isinstance(old, TextMobject) else list(old)
    moves = _old_glyph_of_each_new(olds, new, origins or {}, morph)
    moving_glyphs = {id(glyph) for glyph in moves.values()}
    for name in ends or {}:
        _glyph_indices_of_part(_text_with_part(name, olds), name)
    leaving: list[Animation] = []
    for text in olds:
        flights = {
            k: new.part(end).get_center() for name, end in (ends or {}).items() for k in text.parts.get(name, ())
        }
        gone = [_Flight(glyph, flights.get(k)) for k, glyph in enumerate(text) if id(glyph) not in moving_glyphs]
        leaving.append(_Leaving(text, gone))
    arriving = _Arriving(new, moves, coming=COMING if morph else GONE)
    return [arriving, *leaving]  # in this order: `_Leaving` hides old glyphs, whose looks `_Arriving` reads first


def _old_glyph_of_each_new(
    olds: Sequence[TextMobject], new: TextMobject, origins: Mapping[str, Origin], morph: bool
) -> dict[int, VMobject]:
    """Return the old glyph that each glyph of ``new`` comes from, by its index; glyphs from nowhere are left out."""
    sources: dict[str, tuple[TextMobject, str]] = {
        name: (text, name) for text in reversed(olds) for name in text.parts if name in new.parts
    }
    for name, origin in origins.items():
        sources[name] = origin if isinstance(origin, tuple) else (_text_with_part(origin, olds), origin)
    moves: dict[int, VMobject] = {}
    for name, (text, origin_name) in sources.items():
        new_indices, old_glyphs = (
            _glyph_indices_of_part(new, name),
            [text[k] for k in _glyph_indices_of_part(text, origin_name)],
        )
        for i, j in _pairs_of_glyphs(old_glyphs, [new[k] for k in new_indices], morph):
            moves[new_indices[j]] = old_glyphs[i]
    return moves


def moving(alpha: float) -> float:
    """Return the share of their way that parts have moved after ``alpha`` of the animation's time."""
    return float(smooth(min(alpha / MOVED, 1.0)))


def _text_with_part(name: str, texts: Sequence[TextMobject]) -> TextMobject:
    """Return the first of ``texts`` that has the part ``name``; if none has it, the first text."""
    return next((text for text in texts if name in text.parts), texts[0])


def _glyph_indices_of_part(text: TextMobject, name: str) -> list[int]:
    """Return the indices of the glyphs of a part. Raises KeyError that lists the parts."""
    text.part(name)
    return text.parts[name]


def _pairs_of_glyphs(old: list[VMobject], new: list[VMobject], morph: bool = True) -> list[tuple[int, int]]:
    """Return pairs (index in ``old``, index in ``new``) of glyphs that become each other.

    Equal glyphs are paired in order, then the different ones between them. Without ``morph``, only equal glyphs at the
    same index are paired.
    """
    kinds: list[FloatArray] = []
    old_kinds, new_kinds = ([_index_of_outline(glyph, kinds) for glyph in glyphs] for glyphs in (old, new))
    if not morph:
        return [(k, k) for k, (before, after) in enumerate(zip(old_kinds, new_kinds, strict=False)) if before == after]
    pairs: list[tuple[int, int]] = []
    for _, i0, i1, j0, j1 in SequenceMatcher(None, old_kinds, new_kinds, autojunk=False).get_opcodes():
        pairs += zip(range(i0, i1), range(j0, j1), strict=False)
    return pairs


def _index_of_outline(glyph: VMobject, kinds: list[FloatArray]) -> int:
    """Return the index in ``kinds`` of the glyph's outline, whatever its place and size; append a new outline."""
    outline = _normalized_outline(glyph.points)
    for index, kind in enumerate(kinds):
        if kind.shape == outline.shape and np.abs(kind - outline).max(initial=0.0) < SAME:
            return index
    kinds.append(outline)
    return len(kinds) - 1


def _normalized_outline(points: FloatArray) -> FloatArray:
    """Return an outline moved to the origin and scaled so that its larger side is 1."""
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    normal: FloatArray = (points - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    return normal


@dataclass(frozen=True)
class _Flight:
    """A glyph that fades out, on the spot or while it moves ``to`` a point."""

    glyph: VMobject
    to: FloatArray | None


class _Leaving(Animation):
    """Fades out the old formula's ``leaving`` glyphs. `_Arriving` draws the glyphs that move."""

    def __init__(self, old: TextMobject, leaving: Iterable[_Flight]) -> None:
        super().__init__(old, run_time=SECONDS, rate_func=linear, remover=True)
        self.leaving = list(leaving)

    def begin(self) -> None:
        self.looks = [(glyph.points.copy(), *_colour_and_opacity(glyph)) for glyph in self.mobject]
        for glyph in self.mobject:
            glyph.set_fill(opacity=0, family=False)
        self.full = {id(glyph): look for glyph, look in zip(self.mobject, self.looks, strict=True)}
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        alpha = self.rate_func(alpha)
        for flight in self.leaving:
            points, color, opacity = self.full[id(flight.glyph)]
            if flight.to is None:
                flight.glyph.set_fill(color, opacity * (1 - smooth(min(alpha / GONE, 1.0))), family=False)
                continue
            way = moving(alpha)
            middle = (points.min(axis=0) + points.max(axis=0)) / 2
            flight.glyph.points = points + way * (flight.to - middle)
            flight.glyph.set_fill(color, opacity * (1 - way**3), family=False)

    def clean_up_from_scene(self, scene: Scene) -> None:
        super().clean_up_from_scene(scene)
        for glyph, (points, color, opacity) in zip(self.mobject, self.looks, strict=True):
            glyph.points = points
            glyph.set_fill(color, opacity, family=False)


class _Arriving(Animation):
    """Shows the new formula: glyphs in ``moves`` start with the place and look of an old glyph; others fade in.

    ``coming``: share of the time after which new glyphs fade in.
    """

    def __init__(self, new: TextMobject, moves: Mapping[int, VMobject], coming: float) -> None:
        super().__init__(new, run_time=SECONDS, rate_func=linear, introducer=True)
        self.moves, self.coming = dict(moves), coming

    def begin(self) -> None:
        self.looks = [(glyph.points.copy(), *_colour_and_opacity(glyph)) for glyph in self.mobject]
        self.paths = {}
        for index, origin in self.moves.items():
            start, end = origin.copy(), self.mobject[index].copy()
            if len(start.points) != len(end.points):
                start.align_points(end)
            self.paths[index] = (start.points, end.points, *_colour_and_opacity(origin))
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        alpha = self.rate_func(alpha)
        way = moving(alpha)
        shown = smooth(max(0.0, (alpha - self.coming) / (1 - self.coming)))
        for index, (glyph, (points, color, opacity)) in enumerate(zip(self.mobject, self.looks, strict=True)):
            if index not in self.paths:
                glyph.set_fill(color, opacity * shown, family=False)
            elif way >= 1.0:
                glyph.points = points.copy()
                glyph.set_fill(color, opacity, family=False)
            else:
                start, end, ink, strength = self.paths[index]
                glyph.points = (1 - way) * start + way * end
                mixed = ink.interpolate(color, way)
                glyph.set_fill(mixed, (1 - way) * strength + way * opacity, family=False)


def _colour_and_opacity(glyph: VMobject) -> tuple[ManimColor, float]:
    """Return a glyph's colour and opacity."""
    return glyph.get_fill_color(), glyph.get_fill_opacity()
