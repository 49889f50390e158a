"""A recorded run on the map of the plane that its path lies nearest to, and the path so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from gradreel.core.analysis.planes import FARTHEST, Plane, loss_grid, plane_of, view_around
from gradreel.core.arrays import evenly_spaced
from gradreel.core.network.theta import loss
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.optimization.pictures.descent_path import (
    ARROW,
    MARKER,
    DescentPath,
    LabelPath,
    LossPath,
    label_path,
    offset_in_direction,
    place_costs,
)
from gradreel.scenes.mobjects.loss_map import LossMap, PlaneMap
from gradreel.scenes.mobjects.pace import recorded_row, state_at
from gradreel.scenes.mobjects.update_formulas import STEP
from gradreel.scenes.style import palette
from manim import DL, UR, Animation, Circle, FadeOut, Mobject, Transform, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

GRID = (180, 111)  # points along u and v at which the loss is computed
MARGIN, WIDE = 0.24, 0.18  # shares of the picture left free on each side: around a few steps, around a whole run
DOT = 0.045  # radius
CONTRAST = {"dark": 0.32, "light": 0.24}  # share of the text colour in the highest band, by theme
DRAWN_STATES = 4000  # corners of the path at most
HELD_NUMBERS = 20_000_000  # of the states that are projected at once
SAME = 1e-3  # of a loss: a difference that no contour line shows
APART = 0.012  # corners nearer than this on screen are one


class DescentMap(VGroup):
    """The plane of a trace's rows 0 to ``last`` with the path on it; ``show(row)`` moves to any moment up to ``last``.

    Of a model that is known to have two parameters the plane is theirs: the first across, the second upwards.
    Of a run whose model is known the map has contour lines of the loss; of one that was recorded around a loop of its
    own it has none, and ``losses``, the loss at any rows, gives the path its width. ``through``: three rows that the
    plane goes through, instead of being the nearest to all of the path. ``reach`` (k, P): states that the picture has
    room for, too. ``dots_every``: a dot on the path after so many updates each. ``step`` names a step on the map.
    ``start_text``: the loss of the start, which is written on a contour line through it.
    Parts: ``surface`` (PlaneMap or LossMap; ``ground``: all of it but the values), ``path`` (DescentPath), ``dots``.
    ``is_through``: whether the plane goes through those rows; ``share``: how much of the path's spread lies in it.
    """

    def __init__(
        self,
        trace: Trace,
        last: int,
        box: tuple[float, float, float, float],
        step: str = STEP,
        losses: Callable[[NDArray], NDArray] | None = None,
        through: tuple[int, int, int] | None = None,
        reach: NDArray | None = None,
        dots_every: int | None = None,
        start_text: str | None = None,
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.trace, self.last, self.start_text = trace, last, start_text
        plane = None if through is None else plane_through(trace, through)
        self.is_through = plane is not None
        if trace.n_parameters == 2 and not isinstance(trace.run, RecordedRun):
            plane = Plane(np.zeros(2), np.eye(2), 1.0)
        self.plane = plane or plane_of(trace, int(trace.kept[last]))
        self.share = self.plane.share
        self.rows = evenly_spaced(last + 1, DRAWN_STATES)
        uv = np.concatenate([self.plane.coordinates(trace.parameters[rows]) for rows in self._blocks()])
        seen = uv if reach is None else np.concatenate([uv, self.plane.coordinates(reach)])
        u_range, v_range = view_around(seen, right - left, top - bottom, WIDE if self.is_through else MARGIN)
        self.surface = self._surface(u_range, v_range, {"left": left, "right": right, "bottom": bottom, "top": top})
        drawn = [self.surface.bands, self.surface.lines] if isinstance(self.surface, LossMap) else []
        self.ground = VGroup(self.surface.ground, *drawn)
        self.points = self.surface.at(uv)  # (K, 3) where the states of ``rows`` are
        self._thin()
        start_offset = self._start_offset(box)
        self.label_path = self._label_path(box, self.points[0] + start_offset)
        if losses is None:
            lines = isinstance(self.surface, LossMap)
            self.path = DescentPath(self.points[0], start_offset, box, step, patches=lines)
        else:
            self.path = LossPath(self.points[0], start_offset, box, step, losses(self.rows))
        self.dotted = np.arange(0, last + 1, dots_every)[1:] if dots_every else np.zeros(0, dtype=int)
        self.dot_points = self.point(trace.parameters[self.dotted])
        self._circles = _circles(self.dot_points)
        self.dots = VMobject(stroke_width=0).set_fill(palette.text, 1)
        self.add(self.surface, self.path, self.dots)
        self.show(0.0)
        if isinstance(self.surface, LossMap):
            self.surface.write_values(self._taken(reach), self.points[0])

    def _blocks(self) -> list[NDArray]:
        """``rows`` in parts that fit into memory."""
        at_once = max(1, HELD_NUMBERS // self.trace.n_parameters)
        return np.array_split(self.rows, -(-len(self.rows) // at_once))

    def _surface(self, u_range: NDArray, v_range: NDArray, box: dict[str, float]) -> PlaneMap:
        if isinstance(self.trace.run, RecordedRun):
            return PlaneMap(u_range, v_range, **box)
        u, v = np.linspace(*u_range, GRID[0]), np.linspace(*v_range, GRID[1])
        grid, highest = loss_grid(self.trace.run, self.plane, u, v), CONTRAST[palette.theme]
        return LossMap(u, v, grid, **box, highest=highest, start=self._start_on_map())

    def _start_on_map(self) -> tuple[float, str] | None:
        """The start's loss, and in writing; None where its place on the map has another: it lies off the plane."""
        theta = self.trace.parameters[0]
        true = float(loss(self.trace.run, theta))
        there = float(loss(self.trace.run, self.plane.theta(self.plane.coordinates(theta))))
        near = self.start_text is not None and abs(there - true) <= SAME * abs(true)
        return (true, self.start_text) if near else None

    def point(self, theta: NDArray) -> NDArray:
        """Where theta (…, P) is on the screen: its nearest point of the plane, (…, 3)."""
        return self.surface.at(self.plane.coordinates(theta))

    def downhill(self, row: int) -> NDArray:
        """The direction (2,) of -g in the plane, for the recorded gradient that left ``row`` (or the last there is).

        0 for a gradient off to infinity, which points nowhere.
        """
        gradient = self.trace.gradient[min(row, len(self.trace.gradient) - 1)]
        lost = not float(np.abs(gradient).max()) <= FARTHEST
        return np.zeros(2) if lost else np.asarray(-self.plane.directions @ gradient)

    def label_centers(self) -> NDArray:
        """(K, 2): where the moving point's label stands, at each corner of the path."""
        offsets = np.array([self.label_path.offset(float(row)) for row in self.rows])
        return np.asarray((self.points + offsets)[:, :2])

    def step_from(self, row: float) -> NDArray:
        """(2,): on the screen, from where the point is at ``row`` to the next recorded state."""
        ahead = self.trace.parameters[min(recorded_row(row) + 1, len(self.trace.parameters) - 1)]
        return np.asarray((self.point(ahead) - self.point(state_at(self.trace, row)))[:2])

    def _taken(self, reach: NDArray | None) -> NDArray:
        """(n, 2): places on the map that the path, its labels and its first arrow need."""
        ends = [] if reach is None else [np.linspace(self.points[0], self.point(theta), 8)[:, :2] for theta in reach]
        half = 0.12 + 0.07 * len(str(int(self.trace.kept[self.last])))
        spots = np.array([[x, y] for x in (-half, 0, half) for y in (-0.1, 0.1)])
        labels = [center + spots for center in self.label_centers()]
        if not self.is_through:  # where steps are shown one by one, the first has a name, too
            name = self.path.step_label
            labels.append(np.linspace(name.get_left(), name.get_right(), 4)[:, :2])
        return np.vstack([self.points[:, :2], *labels, self.path.start_label.get_center()[None, :2], *ends])

    def show(self, row: float) -> None:
        """Move the point to ``row``, the path drawn up to it."""
        here = self.point(state_at(self.trace, row))
        before = self.points[self.rows < row - 1e-9]
        path = np.vstack([before, here]) if len(before) else np.array([here])
        reached = recorded_row(row)
        update = int(self.trace.kept[reached])
        known = isinstance(self.surface, LossMap)
        arrow = self.step_from(row) if known else self.path.arrow_inside(here, self.downhill(reached))
        self.path.show(path, arrow, update, self.label_path.offset(row))
        passed = np.count_nonzero(self.dotted <= row + 1e-9)
        self.dots.points = np.concatenate(self._circles[:passed]) if passed else np.zeros((0, 3))

    def turns_into(self, other: DescentMap, drawn: VGroup) -> Animation:
        """What is ``drawn`` on this map turns and changes its size, as a whole, until its path lies as on ``other``.

        That is, until the start and the last state of this one are where the other map has them.
        """
        ends = self.trace.parameters[[0, self.last]]
        (start, end), (new_start, new_end) = (shown.point(ends)[:, :2] @ np.array([1, 1j]) for shown in (self, other))
        factor = (new_end - new_start) / (end - start)
        parts = [part for part in drawn.get_family() if len(part.points)]
        ends_of_parts = np.cumsum([len(part.points) for part in parts])[:-1]
        flat = np.concatenate([part.points for part in parts])
        from_start = flat[:, 0] + 1j * flat[:, 1] - start

        def move(_: Mobject, share: float) -> None:
            place = start + share * (new_start - start) + np.exp(share * np.log(factor)) * from_start
            moved = np.stack([place.real, place.imag, flat[:, 2]], axis=1)
            for part, points in zip(parts, np.split(moved, ends_of_parts), strict=True):
                part.points = points

        return UpdateFromAlphaFunc(drawn, move, rate_func=smooth)

    def goes_into(self, other: DescentMap) -> Animation:
        """The ground of this map moves to where it lies on ``other``, seen straight from above; its lines fade.

        Where that is not inside ``other``, it fades at its place.
        """
        goal = self.ground.copy()
        for part in goal.get_family():
            if len(part.points):
                part.points = other.point(self.plane.theta(self.surface.coordinates(part.points)))
        left, right, bottom, top = other.surface.box
        low, high = goal.get_corner(DL), goal.get_corner(UR)
        if low[0] < left or low[1] < bottom or high[0] > right or high[1] > top:
            return FadeOut(self.ground)
        for line in goal[2:]:
            line.set_stroke(opacity=0)
        return Transform(self.ground, goal)

    def _thin(self) -> None:
        """Leave out states that are drawn on the spot of the one before."""
        kept = [0]
        for k in range(1, len(self.points)):
            if np.linalg.norm(self.points[k] - self.points[kept[-1]]) >= APART:
                kept.append(k)
        self.rows, self.points = self.rows[kept], self.points[kept]

    def _arrows(self, rows: NDArray, points: NDArray) -> NDArray:
        """Points (K, 12, 2) along the arrow and its label, at each of ``rows``."""
        downhill = np.array([self.downhill(int(row)) for row in rows])
        norms = np.linalg.norm(downhill, axis=1, keepdims=True)
        along = np.divide(downhill, norms, out=np.zeros_like(downhill), where=norms > 0)
        return points[:, None, :2] + along[:, None] * np.linspace(MARKER, ARROW + 0.5, 12)[:, None]

    def _label_path(self, box: tuple[float, float, float, float], taken: NDArray) -> LabelPath:
        """Where the moving point's label stands, from the first state to the last."""
        corners = np.arange(len(self.points))
        lengths = np.append(0.0, np.linalg.norm(np.diff(self.points, axis=0), axis=1).cumsum())
        evenly = corners / max(corners[-1], 1) + lengths / (lengths[-1] or 1.0)  # a long step counts, too
        some = np.interp(np.linspace(0, evenly[-1], 200), evenly, corners)
        half = (0.17 + 0.07 * len(str(int(self.trace.kept[self.last]))), 0.2)
        rows = np.interp(some, corners, self.rows)
        points = np.stack([np.interp(some, corners, self.points[:, axis]) for axis in range(3)], axis=-1)
        arrows = self._arrows(rows, points)
        if self.is_through:  # a map of a whole run: no arrow is drawn on it
            arrows = arrows[:, :0]
        return label_path(rows, place_costs(points, arrows, box, half, taken), half)

    def _start_offset(self, box: tuple[float, float, float, float]) -> NDArray:
        """Where the start's label stands: off the whole path and the first arrow."""
        half = (0.24, 0.2)
        reversed_path = self.points[::-1][-400:]  # its last point is the start: all of the path is past
        arrows = np.repeat(self._arrows(self.rows[:1], self.points[:1]), len(reversed_path), axis=0)
        costs = place_costs(reversed_path, arrows, box, half)[-1]
        return offset_in_direction(2 * np.pi * int(costs.argmin()) / costs.size, half)


def plane_through(trace: Trace, rows: tuple[int, int, int]) -> Plane | None:
    """The plane through three recorded states, u from the first to the last of them; None if they are on a line."""
    first, second, third = np.asarray(trace.parameters[list(rows)], dtype=np.float64)
    along, aside = third - first, second - first
    if not (length := float(np.linalg.norm(along))):
        return None
    u = along / length
    aside -= (aside @ u) * u
    if np.linalg.norm(aside) <= 1e-3 * length:
        return None
    plane = Plane(first, np.stack([u, aside / np.linalg.norm(aside)]), 0.0)
    some = np.asarray(trace.parameters[evenly_spaced(rows[2] + 1, DRAWN_STATES)], dtype=np.float64)
    spread = float(np.sum((some - some.mean(axis=0)) ** 2))
    return replace(plane, share=max(0.0, 1 - float(np.sum(plane.distance(some) ** 2)) / spread))


def _circles(centers: NDArray) -> NDArray:
    """(n, k, 3): the points of a small circle at each of ``centers`` (n, 3)."""
    return np.asarray(Circle(radius=DOT).points + centers[:, None])
