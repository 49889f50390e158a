"""Shows a network for handwritten digits: 64 numbers in, ten shares out, and its accuracy during training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.lecture.classes.digits_scene import (
    WALL_GAP,
    WALL_LEFT,
    WALL_SIDE,
    WALL_STEP,
    DigitsScene,
    by_class,
)
from gradreel.scenes.mobjects.confusion_matrix import ShareBars
from gradreel.scenes.mobjects.pixel_pictures import digit_pictures, grid_corners, ink_colors, readable_ink
from gradreel.scenes.mobjects.plot import Plot, straight_curves
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import patch_under, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import Circle, Create, FadeIn, FadeOut, ReplacementTransform, UpdateFromAlphaFunc, VGroup, VMobject, linear
from pydantic import Field

BIG = {"left": -2.55, "top": 2.55, "side": 5.1}  # the first digit
SMALL = {"left": -6.3, "top": 1.15, "side": 2.3}  # the digit before the network
COLUMN_X, COLUMN_TOP, COLUMN_STEP = -3.2, 2.65, 0.086  # the 64 features, one under the other
UNITS_X, BARS_X = -0.6, 2.6
BARS = {"left": BARS_X, "top": 2.65, "width": 2.1, "step": 0.55}
TRAINED_ROWS = 5
TRAINED_TOP = 2.15
WALK_SECONDS = 11.0


class Digits(DigitsScene):
    """Shows how a network learns to tell handwritten digits of 8 x 8 pixels apart."""

    class Parameters(DigitsScene.Parameters):
        digit: int = Field(3, ge=0, le=381, description="Row of the held-out digit that is shown as numbers")

    def construct(self) -> None:
        self.pixels = self.held_out[self.parameters.digit]
        self._picture_beats()
        self._network_beats()
        self._wall_beat()
        self._training_beats()
        self.hand_on(self.unseen, self.names[1])

    def _picture_beats(self) -> None:
        corner = np.array([[BIG["left"], BIG["top"]]])
        self.picture = digit_pictures(self.pixels[None], corner, BIG["side"])
        with self.beat("digit"):
            # One large grey digit; then each of its squares gets its number, dark or light
            self.play(*self.next_heading(self.screen("heading")), FadeIn(self.picture), run_time=1.0)
            self.until("numbers")
            numbers = self._pixel_numbers()
            self.play(FadeIn(numbers), run_time=1.2)
        self.features = self._column()
        with self.beat("features"):
            # The picture shrinks to the left; row by row its squares become one column of 64 features
            small = digit_pictures(self.pixels[None], np.array([[SMALL["left"], SMALL["top"]]]), SMALL["side"])
            self.play(FadeOut(numbers), ReplacementTransform(self.picture, small), run_time=1.0)
            self.picture = small
            self.until("column")
            moving = small.copy()
            self.play(ReplacementTransform(moving, self.features), run_time=1.6)

    def _network_beats(self) -> None:
        units = self.parameters.run.hidden[0]
        step = 64 * COLUMN_STEP / units
        heights = COLUMN_TOP - step * (np.arange(units) + 0.5)
        radius = min(0.14, 0.36 * step)
        circles = VGroup(
            *(Circle(radius=radius, color=palette.blue, stroke_width=2.2).move_to([UNITS_X, y, 0]) for y in heights)
        )
        for circle in circles:
            circle.set_fill(palette.background, 1)
        self.bars = ShareBars(self.shares(0)[self.parameters.digit], **BARS)
        bar_heights = np.array([bar.get_center()[1] for bar in self.bars.bars])
        into = _bundle(COLUMN_X + 0.12, self._feature_heights(), UNITS_X - radius, heights)
        out = _bundle(UNITS_X + radius, heights, BARS_X - 0.5, bar_heights)
        self.network = VGroup(into, out, circles)
        counts = {"units": Count(units)}
        with self.beat("network", **counts):
            # Lines go from each feature to each unit, and from there to ten bars
            self.play(Create(into), FadeIn(circles), run_time=1.4)
            self.until("shares")
            self.play(Create(out), run_time=0.8)
            self.add(circles)
            self.play(FadeIn(self.bars), run_time=0.9)
        shares = self.shares(0)[self.parameters.digit]
        best, true = int(shares.argmax()), int(self.labels[self.parameters.digit])
        with self.beat(
            "untrained-unsure", answer=best, share=number_text(100 * shares[best], 0), digit=true, pause="long"
        ):
            # Nothing moves: before training all ten bars are about equally long
            self.wait(0.5)

    def _wall_beat(self) -> None:
        data = self.parameters.run.dataset
        pixels = by_class(data.features(), data.labels(), TRAINED_ROWS)
        corners = grid_corners(len(pixels), 10, WALL_LEFT, TRAINED_TOP, WALL_STEP)
        self.trained, self.unseen = digit_pictures(pixels, corners, WALL_SIDE), self.held_out_wall()
        names = [
            words(self.screen("trained", count=number_text(data.examples)), 30, palette.blue),
            self.held_out_name(),
        ]
        names[0].place(TRAINED_TOP + WALL_GAP, left=WALL_LEFT)
        self.names = VGroup(*names)
        gone = [self.picture, self.features, self.network, self.bars]
        with self.beat("wall", examples=Count(data.examples), unseen=Count(data.n_test)):
            # The network makes room for a wall of digits to train on, and below, three rows that it never trains on
            self.play(*self.next_heading(self.screen("heading-train")), *map(FadeOut, gone), run_time=0.8)
            source = words(self.screen("source"), 28, palette.dim)
            source.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)  # their licence asks for the authors' names
            self.play(FadeIn(names[0]), FadeIn(self.trained), FadeIn(source), run_time=1.2)
            self.until("unseen")
            self.play(FadeIn(names[1]), FadeIn(self.unseen), run_time=1.0)

    def _training_beats(self) -> None:
        trace = self.trace("run")
        metrics = trace.metrics
        (at, trained), (_, unseen) = metrics["accuracy"], metrics["test_accuracy"]
        last = float(trace.n_updates)
        percent = Ticks((0.0, 0.25, 0.5, 0.75, 1.0), ("0", "25 %", "50 %", "75 %", "100 %"))
        plot = Plot(
            (0.0, last), (0.0, 1.0), left=1.75, right=5.6, bottom=-2.1, top=2.1,
            x_ticks=round_labels(0, last, 3), y_ticks=percent, x_label=None, tick_size=28,
        )  # fmt: skip
        title = words(self.screen("accuracy"), 32).place(2.5, left=1.0)
        below = words(self.screen("updates"), 28, palette.dim).place(-3.05, right=5.6)
        curves = VGroup(
            RisingCurve(plot, at.astype(float), trained, palette.blue, style.SECOND_CURVE),
            RisingCurve(plot, at.astype(float), unseen, palette.red, style.SECOND_CURVE),
        )
        for curve in curves:
            curve.show(0.0)
        self.plot, self.curves = plot, curves

        def show(share: float) -> None:
            update = float(self.pace.row(share)) * last / max(self.last, 1)
            for curve in curves:
                curve.show(update)

        with self.beat("rise", updates=Count(trace.n_updates)):
            # Both accuracies start near one in ten and rise, update by update, as they were recorded
            self.play(FadeIn(plot, title, below), run_time=0.8)
            self.add(curves)
            self.play(
                UpdateFromAlphaFunc(curves, lambda _, share: show(share)), run_time=WALK_SECONDS, rate_func=linear
            )
            show(1.0)
        ends = (float(trained[-1]), float(unseen[-1]))
        values = {"trained": number_text(100 * ends[0], 1), "unseen": number_text(100 * ends[1], 1)}
        labels = self._end_labels(values, curves)
        with self.beat("end-lower", pause="long", **values):
            # The two ends get their numbers: first that of the digits trained on, then that of the others
            self.play(FadeIn(labels[0]), run_time=0.6)
            self.until("unseen")
            self.play(FadeIn(labels[1]), run_time=0.6)

    def claims(self) -> Iterator[Claim]:
        trace = self.trace("run")
        shares = self.shares(0)[self.parameters.digit]
        yield claim("untrained-unsure", "the ten shares are nearly equal", shares.max() < 0.2, largest=shares.max())
        first = {name: float(trace.metrics[name][1][0]) for name in ("accuracy", "test_accuracy")}
        ends = {name: float(trace.metrics[name][1][-1]) for name in ("accuracy", "test_accuracy")}
        guessing = all(0.05 < value < 0.15 for value in first.values())
        yield claim("rise", "it begins near one in ten", guessing, **first)
        yield claim("rise", "both accuracies rise far", min(ends.values()) > 0.7, **ends)
        lower = ends["test_accuracy"] < ends["accuracy"] - 0.03
        yield claim("end-lower", "the accuracy on held-out digits is lower", lower, **ends)

    # -- what is drawn -------------------------------------------------------------------------------------------------

    def _pixel_numbers(self) -> VGroup:
        """Return the number of each square, with one decimal, in a colour that is readable on its shade."""
        step = BIG["side"] / 8
        numbers = VGroup()
        for k, value in enumerate(self.pixels):
            row, column = divmod(k, 8)
            shade = ink_colors()[round(16 * float(value))]
            number = words(number_text(float(value), 1), 28, readable_ink(shade))
            number.move_to([BIG["left"] + (column + 0.5) * step, BIG["top"] - (row + 0.5) * step, 0.0])
            numbers.add(VGroup(patch_under(number, shade, 0.02, 0.02), number))
        return numbers

    def _feature_heights(self) -> FloatArray:
        """Return the y of each of the 64 features in the column."""
        return COLUMN_TOP - COLUMN_STEP * (np.arange(64) + 0.5)

    def _column(self) -> VGroup:
        """Return the 64 features as one column of squares, the first row of the picture at the top."""
        corners = np.column_stack([np.full(64, COLUMN_X - 0.1), COLUMN_TOP - COLUMN_STEP * np.arange(64)])
        picture = digit_pictures(self.pixels.reshape(64, 1, 1), corners, COLUMN_STEP)
        return picture.stretch(2.4, 0, about_point=np.array([COLUMN_X, 0.0, 0.0]))

    def _end_labels(self, values: dict[str, str], curves: VGroup) -> list[VMobject]:
        """Return the percentages at the ends of both curves; the upper one above its end, the lower one below."""
        upper, lower = (curve.end() for curve in curves)
        return [
            words(f"{values['trained']} %", 34, palette.blue).place(upper[1] + 0.18, right=upper[0] + 0.1),
            words(f"{values['unseen']} %", 34, palette.red).place(lower[1] - 0.5, right=lower[0] + 0.1),
        ]


def _bundle(left: float, starts: FloatArray, right: float, ends: FloatArray) -> VMobject:
    """Return lines from each of the heights ``starts`` at x = left to each of ``ends`` at x = right, as one shape."""
    first, second = (grid.ravel() for grid in np.meshgrid(starts, ends, indexing="ij"))
    lines = VMobject(stroke_color=mix(palette.axis, 0.3), stroke_width=0.6, fill_opacity=0)
    a = np.column_stack([np.full(len(first), left), first, np.zeros(len(first))])
    b = np.column_stack([np.full(len(second), right), second, np.zeros(len(second))])
    lines.points = straight_curves(a, b)
    return lines
