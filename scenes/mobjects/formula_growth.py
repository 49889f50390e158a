"""One formula grows into another: parts keep their glyphs and move to their new places; what is new joins them.

    old = formula('part("y", blue(y)) = part("w", yellow(w)) part("x", x_1)').place(1.9, left=-6.4)
    new = formula('part("y", blue(y)) = part("sum", sum_j) part("w", yellow(w_j)) part("x", x_j)').place(1.9, left=-6.4)
    self.play(*grow(old, new))                  # afterwards `new` is on the screen, and `old` is not

Parts are matched by name. Within a part equal glyphs move, others are morphed into each other: w_1 to w_j keeps its w.
What has no name, or no partner, fades: out at once, in when room has been made.
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
GONE, MOVED, COMING = 0.3, 0.75, 0.6  # shares of the time: old glyphs have faded, parts have moved, new ones begin
LEFT_BEHIND = 0.25  # share of the way after which a glyph that was copied is seen in full
SAME = 1e-3  # of a glyph's size: outlines that differ by less are the same glyph


Origin = str | tuple[TextMobject, str]
"""A part of an old formula: by its name, or of a certain formula where several have one of that name."""


def grow(
    old: TextMobject | Sequence[TextMobject],
    new: TextMobject,
    origins: Mapping[str, Origin] | None = None,
    ends: Mapping[str, str] | None = None,
    morph: bool = True,
) -> list[Animation]:
    """The animations by which ``old``, which is on the screen, grows into ``new``, wherever and however large that is.

    ``old`` may be several formulas that become one; a name stands for the part of the first that has it. ``origins``:
    parts of ``new`` that come out of a part with another name, {"w_2": "w"}, or of a certain formula; one part may be
    the origin of many. ``ends``: parts of ``old`` that slide into a part of ``new`` with another name and are gone
    there, {"r_1": "r"}. Play them together, with one run_time; ``old`` keeps its looks, for whoever shows it again.
    Without ``morph`` only glyphs that stay the same, at their place in a part, move: a digit fades, then another comes.
    Raises KeyError for a part that is not there.
    """
    olds = [old] if isinstance(old, TextMobject) else list(old)
    moves = _moves(olds, new, origins or {}, morph)
    moving_glyphs = {id(glyph) for glyph in moves.values()}
    for name in ends or {}:
        _indices(_having(name, olds), name)
    leaving: list[Animation] = []
    for text in olds:
        flights = {
            k: new.part(end).get_center() for name, end in (ends or {}).items() for k in text.parts.get(name, ())
        }
        gone = [_Flight(glyph, flights.get(k)) for k, glyph in enumerate(text) if id(glyph) not in moving_glyphs]
        leaving.append(_Leaving(text, gone))
    arriving = _Arriving(new, moves, coming=COMING if morph else GONE)
    return [arriving, *leaving]  # in this order: old glyphs are hidden when theirs begins


def copy_into(old: TextMobject, new: TextMobject, origins: Mapping[str, Origin] | None = None) -> Animation:
    """The animation by which ``new`` comes out of ``old``, which stays as it is.

    Glyphs appear on their way, so that no letter is drawn twice. ``origins`` and KeyError: as of `grow`.
    """
    return _Arriving(new, _moves([old], new, origins or {}, morph=True), seen=LEFT_BEHIND)


def _moves(
    olds: Sequence[TextMobject], new: TextMobject, origins: Mapping[str, Origin], morph: bool
) -> dict[int, VMobject]:
    """Return the old glyph that each glyph of ``new`` comes from, by its index; glyphs from nowhere are left out."""
    sources: dict[str, tuple[TextMobject, str]] = {
        name: (text, name) for text in reversed(olds) for name in text.parts if name in new.parts
    }
    for name, origin in origins.items():
        sources[name] = origin if isinstance(origin, tuple) else (_having(origin, olds), origin)
    moves: dict[int, VMobject] = {}
    for name, (text, origin_name) in sources.items():
        there, here = _indices(new, name), [text[k] for k in _indices(text, origin_name)]
        for i, j in _pairs(here, [new[k] for k in there], morph):
            moves[there[j]] = here[i]
    return moves


def moving(alpha: float) -> float:
    """The rate at which parts move, for what goes along with them."""
    return float(smooth(min(alpha / MOVED, 1.0)))


def _having(name: str, texts: Sequence[TextMobject]) -> TextMobject:
    return next((text for text in texts if name in text.parts), texts[0])


def _indices(text: TextMobject, name: str) -> list[int]:
    text.part(name)  # names the parts there are, if this is none
    return text.parts[name]


def _pairs(old: list[VMobject], new: list[VMobject], morph: bool = True) -> list[tuple[int, int]]:
    """Which glyph of ``old`` becomes which of ``new``: equal ones in order, then the others between them.

    Without ``morph``: equal ones at the same place.
    """
    kinds: list[FloatArray] = []
    old_kinds, new_kinds = ([_kind(glyph, kinds) for glyph in glyphs] for glyphs in (old, new))
    if not morph:
        return [(k, k) for k, (here, there) in enumerate(zip(old_kinds, new_kinds, strict=False)) if here == there]
    pairs: list[tuple[int, int]] = []
    for _, i0, i1, j0, j1 in SequenceMatcher(None, old_kinds, new_kinds, autojunk=False).get_opcodes():
        pairs += zip(range(i0, i1), range(j0, j1), strict=False)
    return pairs


def _kind(glyph: VMobject, kinds: list[FloatArray]) -> int:
    """The index in ``kinds`` of the glyph's outline, freed of place and size; a new one is appended."""
    outline = _normal(glyph.points)
    for index, known in enumerate(kinds):
        if known.shape == outline.shape and np.abs(known - outline).max(initial=0.0) < SAME:
            return index
    kinds.append(outline)
    return len(kinds) - 1


def _normal(points: FloatArray) -> FloatArray:
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    normal: FloatArray = (points - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    return normal


@dataclass(frozen=True)
class _Flight:
    """A glyph that leaves: on the spot, or on its way ``to`` a point."""

    glyph: VMobject
    to: FloatArray | None


class _Leaving(Animation):
    """The old formula: what moves is drawn by the new one, the rest fades."""

    def __init__(self, old: TextMobject, leaving: Iterable[_Flight]) -> None:
        super().__init__(old, run_time=SECONDS, rate_func=linear, remover=True)
        self.leaving = list(leaving)

    def begin(self) -> None:
        self.looks = [(glyph.points.copy(), *_inks(glyph)) for glyph in self.mobject]
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
    """The new formula: its glyphs start where, and as, they were in the old one; the others fade in late."""

    def __init__(
        self, new: TextMobject, moves: Mapping[int, VMobject], seen: float = 0.0, coming: float = COMING
    ) -> None:
        super().__init__(new, run_time=SECONDS, rate_func=linear, introducer=True)
        self.coming = coming  # share of the time from which on new glyphs fade in
        self.moves, self.seen = dict(moves), seen  # after which share of the way a moving glyph is seen in full

    def begin(self) -> None:
        self.looks = [(glyph.points.copy(), *_inks(glyph)) for glyph in self.mobject]
        self.paths = {}
        for index, origin in self.moves.items():
            start, end = origin.copy(), self.mobject[index].copy()
            if len(start.points) != len(end.points):
                start.align_points(end)
            self.paths[index] = (start.points, end.points, *_inks(origin))
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
                there = min(way / self.seen, 1.0) if self.seen else 1.0
                glyph.set_fill(mixed, there * ((1 - way) * strength + way * opacity), family=False)


def _inks(glyph: VMobject) -> tuple[ManimColor, float]:
    return glyph.get_fill_color(), glyph.get_fill_opacity()
