"""A curve of straight pieces over axes as wide as the picture has room for, before it is taken apart."""

from __future__ import annotations

from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes.lecture.curves.pictures.curve_axes import WIDE_RIGHT, corner_axes, narrowed
from gradreel.scenes.lecture.curves.pictures.curve_board import CurveBoard
from gradreel.scenes.lecture.curves.pictures.running_sum import MANY
from gradreel.scenes.style import palette
from manim import Animation, ReplacementTransform, VGroup


class WideCurve:
    """Parts: ``plot``, ``red``, ``knots``, ``guides`` under them, each as the `CurveBoard` has it."""

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
        return [*narrowed(self.plot, board.plot), *(ReplacementTransform(old, new) for old, new in pairs)]
