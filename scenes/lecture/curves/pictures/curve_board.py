"""A curve that is built from blue functions: its axes, the sum over them, the functions in a column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.errors import UserError
from gradreel.scenes.lecture.curves.pictures.card_sum import CardSum
from gradreel.scenes.lecture.curves.pictures.curve_axes import BOTTOM, TOP, WIDE_RIGHT, corner_axes, exchanged
from gradreel.scenes.lecture.curves.pictures.piece_panels import PiecePanels
from gradreel.scenes.lecture.curves.pictures.running_sum import MANY, RunningSum
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.ticks import round_step
from gradreel.scenes.style import BAND, mix, palette
from manim import Animation, ReplacementTransform, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

ONE_BY_ONE = 6  # with more pieces than this, three are explained and the others follow quickly
EXPLAINED = 3
PANELS = (2.5, 6.4, BOTTOM, 1.5)  # left, right, bottom, top
FORMULA_Y, SAMPLES = 2.24, 500
GRID = 40  # steps of an axis to which another curve's corners are rounded, at most
ANOTHER = ((0.06, 0.85), (0.2, 0.3), (0.35, 0.55), (0.5, 0.12), (0.65, 0.72), (0.8, 0.45), (0.93, 0.62))  # shares


def curve_through(knots: Sequence[tuple[float, float]]) -> PiecewiseLinearCurve:
    """The curve through a parameter's knots. Raises ValueError, as a validator does, for knots that make none."""
    try:
        return PiecewiseLinearCurve(*zip(*knots, strict=True))
    except UserError as error:
        raise ValueError(str(error)) from None


class CurveBoard:
    """Parts: ``plot``; ``red``, and a broad, faint ``band`` of it; ``knots``, ``guides`` under them; ``level`` of
    the constant; ``sum``; ``panels``; ``formula``. The height of the axes is the curve's, or ``y_range``.
    """

    def __init__(
        self,
        curve: PiecewiseLinearCurve,
        x_range: tuple[float, float],
        name: str,
        gap: str,
        y_range: tuple[float, float] | None = None,
    ) -> None:
        self.curve, self.parts = curve, curve.decompose()
        self.pieces, self.texts = len(self.parts), (name, gap)
        self.plot = corner_axes(curve, x_range, y_range)
        few = self.pieces <= MANY
        self.sum = RunningSum(self.plot, curve, self.parts, self.plot.y_unit, gap)
        self.red = self.plot.curve(self.sum.corners, self.sum.red, palette.red)
        self.band = self.plot.curve(self.sum.corners, self.sum.red, mix(palette.red, 0.48), BAND if few else 9.0)
        self.knots = VGroup(*(self.plot.dot(a, b, palette.red, 0.1 if few else 0.06) for a, b in curve.knots))
        self.guides = VGroup(*(self.plot.guide(a, b) for a, b in curve.knots if few))
        self.level = self._level()
        per_unit = (TOP - BOTTOM) / (self.plot.y_range[1] - self.plot.y_range[0])
        self.panels = PiecePanels(self.parts, self.plot.x_range, self.plot.y_unit, per_unit, PANELS)
        self.formula = CardSum(name, FORMULA_Y, "=", ONE_BY_ONE, EXPLAINED)

    def another(self) -> CurveBoard:
        """Another curve over the same axes, but for the ticks at its corners; it goes up or down everywhere."""
        across, up = np.array(ANOTHER).T
        x_range, y_range = self.plot.x_range, self.plot.y_range
        curve = PiecewiseLinearCurve(_on_grid(across, *x_range), _on_grid(up, *y_range))
        return CurveBoard(curve, x_range, *self.texts, y_range)

    def _level(self) -> VMobject:
        start, end = self.plot.at(np.array(self.plot.x_range), self.parts.constant)
        return dashed(start, end, palette.grey, 2.5, dash=0.13)

    def whole(self) -> VGroup:
        """Everything but ``red``, as it stands when the sum is complete: from the back to the front."""
        self.sum.set_added(self.pieces)
        self.sum.remove(self.sum.tip)
        column = (self.panels.guides, self.panels, self.formula.whole(self.parts))
        return VGroup(self.plot, self.guides, self.level, self.band, self.sum, self.knots, *column)


def _on_grid(shares: NDArray, low: float, high: float) -> NDArray:
    """Round values at these shares of an axis."""
    step = round_step(high - low, GRID)
    return np.round((low + shares * (high - low)) / step) * step


def bending(board: CurveBoard, other: CurveBoard) -> Animation:
    """The board's band turns into the other's, over the same axes, as broad as that is drawn."""
    start, end, plot = board.curve, other.curve, board.plot
    x = np.unique([*plot.x_range, *start.x, *end.x])
    widths = board.band.get_stroke_width(), other.band.get_stroke_width()

    def bend(band: VMobject, share: float) -> None:
        plot.set_curve(band, x, start(x) + share * (end(x) - start(x)))
        band.set_stroke(width=widths[0] + share * (widths[1] - widths[0]))

    return UpdateFromAlphaFunc(board.band, bend, rate_func=smooth)


def melting(line: VMobject, board: CurveBoard, plot: Plot, function: Function) -> Animation:
    """``line``, the board's curve, becomes ``function`` over another plot: corner by corner, at the same share of x."""
    old = board.plot
    share = np.unique([*np.linspace(0, 1, SAMPLES), *(board.curve.x - old.x_range[0]) / np.ptp(old.x_range)])
    at = [axes.x_range[0] + share * np.ptp(axes.x_range) for axes in (old, plot)]
    start, end = old.at(at[0], board.curve(at[0])), plot.at(at[1], function(at[1]))
    return UpdateFromAlphaFunc(line, lambda line, share: line.set_points_as_corners(start + share * (end - start)))


class WideCurve:
    """The curve over axes as wide as the picture has room for, before it is taken apart.

    Parts: ``plot``, ``red``, ``knots``, ``guides`` under them, each as the `CurveBoard` has it."""

    def __init__(self, curve: PiecewiseLinearCurve, board: CurveBoard) -> None:
        self.board = board
        self.plot = corner_axes(curve, board.plot.x_range, board.plot.y_range, WIDE_RIGHT)
        few = board.pieces <= MANY
        self.red = self.plot.curve(board.sum.corners, board.sum.red, palette.red)
        self.knots = VGroup(*(self.plot.dot(a, b, palette.red, 0.1 if few else 0.06) for a, b in curve.knots))
        self.guides = VGroup(*(self.plot.guide(a, b) for a, b in curve.knots if few))

    def narrowed(self) -> list[Animation]:
        """The animations that make it the board's, with room for parts beside it."""
        board = self.board
        pairs = (self.red, board.red), (self.guides, board.guides), (self.knots, board.knots)
        return [*exchanged(self.plot, board.plot, along=True), *(ReplacementTransform(old, new) for old, new in pairs)]
