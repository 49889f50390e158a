"""Compares the surprise -ln p of a probability p with the squared gap; the mean surprise is the loss, cross-entropy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.classes.line_scene import LineScene
from gradreel.scenes.lecture.classes.pictures.line_board import COLUMN, MARK, MovingMarks, surprise_of
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.plot import Plot, dashed, ring
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.numbers import number_text
from manim import (
    Create,
    FadeIn,
    FadeOut,
    ManimColor,
    MoveAlongPath,
    Rectangle,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
)

HIGHEST = 5.0  # the surprise that the plots have room for
WIDEST = 7.0  # the sums that the second plot has room for, and their negatives
BOX = {"left": COLUMN + 0.75, "right": 6.0, "bottom": -2.55, "top": 1.9}
BAR = {"left": COLUMN, "width": 5.8, "height": 0.85, "middle": 0.7}
SAID = 0.9  # the forecaster's share of rain
PULL = 2.0  # scene units of the arrow for a slope of 1
SMALL = 0.1  # size of a dot in the plot
Y_TICKS = Ticks((0.0, 1.0, 2.0, 3.0, 4.0, 5.0), ("0", "1", "2", "3", "4", "5"))


class Surprise(LineScene):
    """Shows the surprise and the squared gap of a forecast, then the surprise of each dot and their mean."""

    def construct(self) -> None:
        self.picture = self.board().show(self.trained, sure=True)
        self.add(self.picture)
        self.surprises = surprise_of(sigmoid(self.own_sums))
        self._forecast_beat()
        self._share_beats()
        self._sum_beats()
        self._dots_beats()
        self.hand_on(self.picture)

    def claims(self) -> Iterator[Claim]:
        worst = int(np.argmin(self.own_sums))
        yield claim("dots", "the dot of largest surprise is on the wrong side", self.own_sums[worst] < 0,
                    sum=self.own_sums[worst])  # fmt: skip

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _forecast_beat(self) -> None:
        left, width, height, middle = BAR.values()
        rain, dry = (
            Rectangle(width=share * width, height=height, stroke_width=0).set_fill(mix(color, 0.55), 1)
            for share, color in ((SAID, palette.grey), (1 - SAID, palette.yellow))
        )
        rain.move_to([left + SAID * width / 2, middle, 0])
        dry.move_to([left + SAID * width + dry.width / 2, middle, 0])
        names = VGroup(
            words(f"{self.screen('rain')}: 90 %", 34).move_to(rain),
            words(f"{self.screen('dry')}: 10 %", 34).place(middle + 0.65, right=left + width),
        )
        marks = [
            VGroup(
                part.copy().set_fill(opacity=0).set_stroke(palette.text, 5),
                formula(text, 46).place(middle - 1.2, center=x),
            )
            for part, text, x in ((rain, "p = 0.9", left + 1.2), (dry, "p = 0.1", left + width - 1.0))
        ]
        with self.beat("forecast", pause="long"):
            # A full bar, split 9 to 1. It rains: the large share counts. It stays dry: the small one does
            self.play(*self.next_heading(self.screen("heading")), FadeIn(rain, dry, names), run_time=0.9)
            self.until("rain")
            self.play(FadeIn(marks[0]), run_time=0.6)
            self.until("dry")
            self.play(FadeOut(marks[0]), FadeIn(marks[1]), run_time=0.6)
        self.forecast = VGroup(rain, dry, names, marks[1])

    def _share_beats(self) -> None:
        self.plot = plot = Plot(
            (0.0, 1.0), (0.0, HIGHEST), **BOX, y_ticks=Y_TICKS, x_label="p", tick_size=28,
            x_ticks=Ticks((0.1, 0.5, 0.9), ("0.1", "0.5", "0.9")),
        )  # fmt: skip
        p = np.linspace(1.0, np.exp(-HIGHEST), 500)
        self.curve = plot.curve(p, surprise_of(p), palette.text)
        law = formula("-ln p", 48).move_to(plot.at(0.55, 3.2))
        self.law = law
        with self.beat("log"):
            # The axes of share and surprise; the curve falls from the top left to zero at one
            self.play(FadeOut(self.forecast), run_time=0.5)
            self.axis_name = name = words(self.screen("surprise"), 30, palette.dim).place(
                BOX["top"] + 0.25, left=BOX["left"] - 0.4
            )
            self.below = words(self.screen("share"), 30, palette.dim).place(BOX["bottom"] - 0.95, right=BOX["right"])
            self.play(FadeIn(plot, name, self.below), run_time=0.7)
            self.until("curve")
            self.play(Create(self.curve), FadeIn(law), run_time=1.6)
        points = []
        with self.beat("points"):
            # Two points of the curve, each with its share below and its surprise at the left
            for mark, share in (("small", 0.9), ("large", 0.1)):
                self.until(mark)
                value = float(surprise_of(np.array(share)))
                place = plot.at(share, value)
                guides = VGroup(
                    dashed(plot.at(share, 0), place, palette.text), dashed(plot.at(0, value), place, palette.text)
                )
                number = words(number_text(value, 2), 32).place(place[1] + 0.12, left=place[0] + 0.1)
                points.append(VGroup(guides, ring(place, 0.12, palette.text, fill=palette.background), number))
                self.play(FadeIn(points[-1]), run_time=0.7)
        with self.beat("bound"):
            # A point runs along the curve, up and out of the picture
            runner = ring(plot.at(1.0, 0.0), 0.12, palette.text, fill=palette.text)
            self.play(FadeIn(runner, scale=2), FadeOut(*points), run_time=0.6)
            self.until("rise")
            self.play(MoveAlongPath(runner, self.curve), run_time=2.4, rate_func=linear)
            self.play(FadeOut(runner, shift=0.4 * (plot.at(0, 1) - plot.at(0, 0))), run_time=0.4)
        self.squared = plot.curve(p, (1 - p) ** 2, palette.magenta)
        with self.beat("squared"):
            # The squared gap in the same picture: it never leaves the strip below one
            self.until("square")
            name = words(self.screen("squared"), 30, palette.magenta).place(plot.at(0, 1)[1] + 0.15, right=BOX["right"])
            self.square_name = name
            top = dashed(plot.at(0, 1), plot.at(1, 1), palette.magenta)
            self.play(Create(self.squared), FadeIn(name, top), run_time=1.4)
        self.top = top

    def _sum_beats(self) -> None:
        z = np.linspace(-WIDEST, WIDEST, 500)
        p = sigmoid(z)
        old, start = self.plot, np.clip(p, np.exp(-HIGHEST), 1)
        self.plot = plot = Plot(
            (-WIDEST, WIDEST), (0.0, HIGHEST), **BOX, y_ticks=Y_TICKS, x_label="z", tick_size=28,
            x_ticks=Ticks((-5.0, 0.0, 5.0), ("−5", "0", "5")),
        )  # fmt: skip
        below = words(self.screen("own-sum"), 30, palette.dim).place(BOX["bottom"] - 0.95, right=BOX["right"])
        both = ((self.curve, surprise_of(p)), (self.squared, (1 - p) ** 2))

        def widen(_: VMobject, share: float) -> None:
            for curve, y in both:
                shown = y < HIGHEST
                x = (1 - share) * old.at(start, 0)[:, 0] + share * plot.at(z, 0)[:, 0]
                places = np.column_stack([x, plot.at(z, y)[:, 1], np.zeros(len(z))])
                curve.set_points_as_corners(places[shown])

        with self.beat("slope"):
            # The level axis changes from the share to the sum: left the surprise becomes a straight, steep line
            self.play(
                *self.next_heading(self.screen("heading-compare")),
                FadeOut(
                    old.x_tick_labels, old.x_label, self.below, self.top, self.law, self.square_name, self.axis_name
                ),
                run_time=0.6,
            )
            self.add(self.curve, self.squared)
            zero = dashed(plot.at(0, 0), plot.at(0, HIGHEST), palette.dim)
            sides = VGroup(
                words(self.screen("wrong"), 28, palette.dim).place(BOX["top"] + 0.25, center=plot.at(-1.8, 0)[0]),
                words(self.screen("right"), 28, palette.dim).place(BOX["top"] + 0.25, center=plot.at(3.8, 0)[0]),
            )
            self.play(
                UpdateFromAlphaFunc(VGroup(self.curve, self.squared), widen),
                FadeIn(plot.x_tick_labels, plot.x_label, below),
                run_time=1.6,
            )
            self.play(FadeIn(zero, sides), run_time=0.5)
            self.until("steep")
            name = words(self.screen("surprise"), 32).place(plot.at(0, 2.5)[1], right=plot.at(-3.2, 0)[0])
            self.steep = self._pull(
                -4.0, surprise_of(sigmoid(np.array(-4.0))), -1 + sigmoid(np.array(-4.0)), palette.text
            )
            self.play(FadeIn(name), FadeIn(self.steep, scale=1.2), run_time=0.8)
        with self.beat("flat"):
            # At the same sum, the squared gap is almost level
            s = float(sigmoid(np.array(-4.0)))
            flat = self._pull(-4.0, (1 - s) ** 2, -2 * s * (1 - s) ** 2, palette.magenta)
            label = words(self.screen("squared"), 32, palette.magenta).place(
                plot.at(0, 0.9)[1], left=plot.at(0.35, 0)[0]
            )
            self.play(FadeIn(label), run_time=0.5)
            self.until("flat")
            self.play(FadeIn(flat, scale=1.2), run_time=0.8)
        self.gone = VGroup(self.steep, flat, label, self.squared, sides, zero)

    def _dots_beats(self) -> None:
        plot, board = self.plot, self.picture
        own = np.clip(self.own_sums, -WIDEST, WIDEST)
        flying = MovingMarks(self.labels, board.at(self.points), MARK)
        worst = int(np.argmin(self.own_sums))
        with self.beat("dots"):
            # Every dot flies to its place on the curve of surprise; rings mark the largest, here and in the plane
            self.play(*self.next_heading(self.screen("heading-mean")), FadeOut(self.gone), run_time=0.7)
            self.add(flying)
            self.play(flying.fly(plot.at(own, np.minimum(self.surprises, HIGHEST)), SMALL, 2.6))
            self.until("worst")
            places = (board.at(self.points[worst]), plot.at(own[worst], min(self.surprises[worst], HIGHEST)))
            rings = VGroup(*(ring(place, 0.26, palette.text).set_fill(opacity=0) for place in places))
            self.play(*(FadeIn(each, scale=2) for each in rings), run_time=0.7)
        mean = float(self.surprises.mean())
        with self.beat("mean", loss=number_text(mean, 2)):
            # A level line at the mean of all surprises, with its number and its name
            level = dashed(plot.at(-WIDEST, mean), plot.at(WIDEST, mean), palette.green, 3.0)
            number = words(number_text(mean, 2), 40, palette.green).place(plot.at(0, 2.1)[1], left=plot.at(-1.0, 0)[0])
            self.play(Create(level), FadeIn(number), run_time=0.9)
            self.until("name")
            name = words(self.screen("mean"), 32, palette.green).place(plot.at(0, 2.9)[1], left=plot.at(-1.0, 0)[0])
            self.play(FadeIn(name), run_time=0.6)

    def _pull(self, z: float, height: float, slope: float, color: ManimColor) -> VGroup:
        """Return a dot on a curve of the plot, and an arrow to the right as long as the curve is steep there."""
        start = self.plot.at(z, height)
        end = start + np.array([PULL * abs(float(slope)), 0.0, 0.0])
        pull = set_arrow(arrow(color, style.MAIN_CURVE), start, end, head=0.25)
        return VGroup(pull, ring(start, 0.13, color, fill=palette.background))
