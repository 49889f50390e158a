"""Shows how the sigmoid turns a sum into a share between 0 and 1, a probability, and how colours show it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.classes.line_scene import FAR_DOT, LineScene
from gradreel.scenes.lecture.classes.pictures.line_board import (
    COLUMN,
    MARK,
    NEW_RADIUS,
    MovingMarks,
    NewDot,
    sums,
)
from gradreel.scenes.mobjects.plot import Plot, dashed, ring
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.numbers import number_text
from manim import (
    Create,
    FadeIn,
    FadeOut,
    Indicate,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field

WIDEST = 8.0  # the sums that the plot has room for, and their negatives
BOX = {"left": COLUMN + 0.75, "right": 6.1, "bottom": -2.75, "top": 1.0}
SMALL = 0.1  # size of a dot in the plot
FLAT = 0.9  # from this share on, the curve is nearly level
SLOPE = 0.25  # of the sigmoid at 0: the straight line that is squashed has this slope


class HowSure(LineScene):
    """Turns each dot's sum into its share, a probability; the plane's colours become as strong as the share."""

    class Parameters(LineScene.Parameters):
        far: int = Field(FAR_DOT, ge=0, description="Row of the validation point that is the second new dot, far away")

    def construct(self) -> None:
        self.picture = self.board()
        self.new = NewDot(self.picture.at(self.new_dot))
        self.far = NewDot(self.picture.at(self.held_out(self.parameters.far)))
        self.add(self.picture, self.new, self.far)
        self.plot = Plot(
            (-WIDEST, WIDEST),
            (0.0, 1.0),
            **BOX,
            x_ticks=Ticks((-6.0, -3.0, 0.0, 3.0, 6.0), ("−6", "−3", "0", "3", "6")),
            y_ticks=Ticks((0.0, 0.5, 1.0), ("0", "0.5", "1")),
            x_label="z",
            tick_size=28,
        )
        self._axis_beat()
        self._squash_beats()
        self._plane_beats()
        self._new_beats()
        self.hand_on(self.picture)

    def claims(self) -> Iterator[Claim]:
        new, far = self._share(self.parameters.new), self._share(self.parameters.far)
        yield claim("new-unsure", "the new dot's share is above one half, but far from one", 0.5 < new < 0.8, share=new)
        yield claim("far-sure", "the far dot's share is almost one", far > 0.99, share=far)

    def _share(self, row: int) -> float:
        """Return the share of class 1 at a validation dot."""
        return float(sigmoid(sums(self.trained, self.held_out(row))))

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _axis_beat(self) -> None:
        z = sums(self.trained, self.points)
        self.z = np.clip(z, -WIDEST, WIDEST)
        self.flying = MovingMarks(self.labels, self.picture.at(self.points), MARK)
        with self.beat("axis"):
            # An axis of sums; every dot flies from the plane to its sum
            plot = self.plot
            self.play(
                *self.next_heading(self.screen("heading")),
                FadeIn(plot.x_axis, plot.x_tick_labels, plot.x_label),
                run_time=0.8,
            )
            self.until("fly")
            self.add(self.flying)
            self.play(self.flying.fly(plot.at(self.z, 0.0), SMALL, 3.2))

    def _squash_beats(self) -> None:
        plot = self.plot
        x = plot.sample()
        straight, curved = 0.5 + SLOPE * x, sigmoid(x)
        line = plot.curve(*self._inside(x, straight), palette.text, style.SECOND_CURVE)
        with self.beat("squash"):
            # A straight line leaves the strip between 0 and 1; it is bent until it stays inside
            strip = dashed(plot.at(-WIDEST, 1.0), plot.at(WIDEST, 1.0), palette.dim)
            self.play(FadeIn(plot.y_axis, plot.y_tick_labels, strip), Create(line), run_time=1.0)
            self.until("squash")

            def bend(_: VMobject, share: float) -> None:
                y = (1 - share) * np.clip(straight, -0.15, 1.15) + share * curved
                plot.set_curve(line, *self._inside(x, y))

            self.formula = formula("p = 1 / (1 + e^(-z))", 44).place(1.6, left=BOX["left"])
            self.play(UpdateFromAlphaFunc(line, bend), run_time=1.6, rate_func=smooth)
            plot.set_curve(line, x, curved)
            self.play(FadeIn(self.formula), run_time=0.6)
        self.curve = line
        with self.beat("share"):
            # Every dot rises to the curve; its height is the share of "triangle"
            name = words(self.screen("share"), 30).place(2.6, left=BOX["left"] - 0.6)
            self.add(self.flying)
            self.play(self.flying.fly(plot.at(self.z, sigmoid(self.z)), SMALL, 2.6))
            self.until("read")
            self.play(FadeIn(name), run_time=0.6)

    def _plane_beats(self) -> None:
        plot, board = self.plot, self.picture
        with self.beat("half"):
            # The point of the curve over zero, and the line in the plane, light up together
            middle = ring(plot.at(0.0, 0.5), 0.14, palette.text)
            guide = dashed(plot.at(-WIDEST, 0.5), plot.at(0.0, 0.5), palette.dim)
            self.play(Create(guide), FadeIn(middle, scale=2), run_time=0.8)
            self.until("line")
            self.play(Indicate(board.line, scale_factor=1.02, color=palette.text), run_time=1.2)
        with self.beat("color"):
            # The plane's colour gets stronger where the share of either kind is larger
            self.play(FadeOut(middle, guide), run_time=0.3)
            board.show(self.trained, sure=True)
            deeper = VGroup(*(band for bands in board.regions.bands for band in bands[1:]))
            front = (board.axes, board.line, *board.regions.marks, self.new, self.far)
            self.add(deeper, *front)
            self.play(FadeIn(deeper), run_time=1.8)
            self.remove(deeper, *front)
            self.add(board, self.new, self.far)

    def _new_beats(self) -> None:
        for name, row, dot in (
            ("new-unsure", self.parameters.new, self.new),
            ("far-sure", self.parameters.far, self.far),
        ):
            z, share = float(sums(self.trained, self.held_out(row))), self._share(row)
            # A grey dot flies from the plane to its sum, then up to its share
            with self.beat(name, z=number_text(z, 2), percent=percent_text(share)):
                copy = dot.copy()
                foot, top = (
                    self.plot.at(np.clip(z, -WIDEST, WIDEST), 0.0),
                    self.plot.at(np.clip(z, -WIDEST, WIDEST), share),
                )
                self.play(copy.animate.move_to(foot).scale(0.8), run_time=1.0)
                self.until("percent")
                before_dot = top - np.array([NEW_RADIUS, 0.0, 0.0])
                level = dashed(self.plot.at(-WIDEST, share), before_dot, palette.text)
                text = words(f"{percent_text(share)} %", 34)
                if share < FLAT:
                    text.place(top[1] - 0.45, left=top[0] + 0.3)
                else:  # the curve is level here, and dots lie on it
                    text.place(top[1] - 1.05, right=self.plot.box[1])
                self.play(copy.animate.move_to(top), run_time=0.9)
                self.play(Create(level), FadeIn(text), run_time=0.6)

    def _inside(self, x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
        """Return the part of a curve that the plot has room for."""
        inside = (y > -0.12) & (y < 1.12)
        return x[inside], y[inside]


def percent_text(share: float) -> str:
    """Return a share as percent, with as many digits as tell it from 0 and 100: "65", "99.9".

    Examples
    --------
    >>> percent_text(0.648), percent_text(0.9990)
    ('65', '99.9')
    """
    percent = 100 * share
    decimals = next((d for d in range(4) if 0 < round(percent, d) < 100), 0)
    return number_text(percent, decimals)
