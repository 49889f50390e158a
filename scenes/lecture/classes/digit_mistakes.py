"""Shows the weights of each ReLU, the digits that the network mixes up, and one that it gets wrong with confidence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from gradreel.core.analysis.class_answers import confusion_counts, neighbour_correlation
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced_indices
from gradreel.core.network.theta import forward_pass
from gradreel.scenes import style
from gradreel.scenes.lecture.classes.digits_scene import DigitsScene
from gradreel.scenes.mobjects.confusion_matrix import ConfusionMatrix, ShareBars
from gradreel.scenes.mobjects.pixel_pictures import Filters, PixelPictures, digit_pictures, grid_corners
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import Create, FadeIn, FadeOut, Rectangle, UpdateFromAlphaFunc, VGroup, linear
from pydantic import Field, model_validator

FILTER_LEFT, FILTER_TOP, FILTER_ROOM = -6.2, 2.55, 5.5  # of all filters
LARGE = {"left": 1.7, "top": 2.55, "side": 3.2}  # the filter that is explained
SCALE = {"left": 1.9, "right": 4.7, "baseline": -1.6}
FAVOURITES, FAVOURITE_TOP, FAVOURITE_STEP, FAVOURITE_SIDE = 6, -2.45, 1.0, 0.9
MATRIX = {"left": -5.3, "top": 2.0, "side": 5.2}
RIGHT = 1.3  # left edge of what stands beside the matrix
MISTAKES, TRAINED = 10, 5  # pictures beside the matrix, at most
WRONG = {"left": -5.6, "top": 2.2, "side": 4.8}
BARS = {"left": 1.2, "top": 2.5, "width": 3.2, "step": 0.55}
HOOK = np.s_[:, 1:4, 1:3]  # rows and columns of a picture in which the hook of a one lies
WALK_SECONDS = 9.0


class DigitMistakes(DigitsScene):
    """Shows the first layer's weights as pictures, the confusion matrix during training, and the network's mistakes."""

    class Parameters(DigitsScene.Parameters):
        unit: int = Field(15, ge=0, description="The ReLU whose weights are shown large, counted from 0")

        @model_validator(mode="after")
        def _has_such_a_unit(self) -> DigitMistakes.Parameters:
            if self.unit >= self.run.hidden[0]:
                raise ValueError(f"unit: there is no ReLU {self.unit}; the run has {self.run.hidden[0]}, from 0")
            return self

    def construct(self) -> None:
        self._filter_beats()
        self._favourite_beat()
        self._matrix_beats()
        self._confused_beats()
        self._surest_beats()
        self.hand_on()

    # -- filters -------------------------------------------------------------------------------------------------------

    def _filter_beats(self) -> None:
        units, unit = self.parameters.run.hidden[0], self.parameters.unit
        wall, name = self.held_out_wall(), self.held_out_name()
        self.add(wall, name)
        columns = int(np.ceil(np.sqrt(units)))
        step = FILTER_ROOM / columns
        corners = grid_corners(units, columns, FILTER_LEFT, FILTER_TOP, step)
        large_corner = np.array([[LARGE["left"], LARGE["top"]]])
        first = self.weights(0)
        self.filters = Filters(first, self.largest, corners, 0.9 * step)
        self.large = Filters(first[unit : unit + 1], self.largest, large_corner, LARGE["side"])
        self.scale = self.large.color_scale(**SCALE)
        middle = [*(corners[unit] + 0.45 * step * np.array([1, -1])), 0.0]
        self.frame = Rectangle(width=0.98 * step, height=0.98 * step, color=palette.text, stroke_width=style.RING)
        self.frame.move_to(middle)
        self.counter = self._counter()
        with self.beat("noise", units=Count(units)):
            # The pictures of all ReLUs, and one of them large; below it the scale of the two colours
            self.play(FadeOut(wall, name), *self.next_heading(self.screen("heading")), run_time=0.6)
            self.play(FadeIn(self.filters), run_time=0.8)
            self.play(FadeIn(self.large), Create(self.frame), run_time=0.8)
            self.until("blue")
            self.play(FadeIn(self.scale, self.counter), run_time=0.6)
            self.until("orange")
            self.wait(0.3)
        with self.beat("forming"):
            # The recorded weights go by; the large picture is the framed one
            moving = VGroup(self.filters, self.large, self.counter[1])
            walk = UpdateFromAlphaFunc(moving, lambda _, share: self._show_filters(self.nearest(share)))
            self.play(walk, run_time=WALK_SECONDS, rate_func=linear)
            self._show_filters(self.last)

    def _show_filters(self, row: int) -> None:
        """Show the weights in ``row`` of the trace."""
        weights, unit = self.weights(row), self.parameters.unit
        self.filters.show(weights)
        self.large.show(weights[unit : unit + 1])
        self.counter[1].set_value(self.update(row))

    def _favourite_beat(self) -> None:
        rows = self.favourites
        corners = grid_corners(len(rows), len(rows), LARGE["left"] - 1.35, FAVOURITE_TOP, FAVOURITE_STEP)
        self.favourite_pictures = digit_pictures(self.held_out[rows], corners, FAVOURITE_SIDE)
        with self.beat("favourite", pause="long"):
            # Under the large picture come the held-out digits at which this ReLU is largest
            self.until("digits")
            self.play(FadeIn(self.favourite_pictures), run_time=0.8)
            self.until("why")
            self.wait(0.5)

    # -- the matrix ----------------------------------------------------------------------------------------------------

    def _matrix_beats(self) -> None:
        self.matrix = matrix = ConfusionMatrix(10, **MATRIX)
        left, top, side = MATRIX["left"], MATRIX["top"], MATRIX["side"]
        row_name = words(self.screen("digit"), 30, palette.dim).place(top + 0.16, right=left - 0.1)
        column_name = words(self.screen("answer"), 30, palette.dim).place(top + 0.62, center=left + side / 2)
        gone = (self.filters, self.large, self.frame, self.scale, self.counter, self.favourite_pictures)
        with self.beat("matrix"):
            # An empty square of cells; its rows get their digits, then its columns
            self.play(FadeOut(*gone), *self.next_heading(self.screen("heading-matrix")), run_time=0.7)
            self.play(FadeIn(matrix.cells), run_time=0.7)
            self.until("rows")
            self.play(FadeIn(row_name, matrix.rows), run_time=0.6)
            self.until("columns")
            self.play(FadeIn(column_name, matrix.columns), run_time=0.6)
            self.add(matrix)
        self.matrix_names = VGroup(row_name, column_name)
        with self.beat("before"):
            # The counts before training: whole columns are orange
            self.counter, self.right = self._counter(), self._right_answers()
            self.play(
                UpdateFromAlphaFunc(matrix, lambda _, share: matrix.show(np.rint(share * self.counts(0)).astype(int))),
                FadeIn(self.counter, self.right),
                run_time=1.0,
            )
        with self.beat("diagonal"):
            # The recorded states go by; the colour moves from columns to the diagonal
            moving = VGroup(matrix.cells, self.counter[1], self.right[1])
            walk = UpdateFromAlphaFunc(moving, lambda _, share: self._show_matrix(self.nearest(share)))
            self.play(walk, run_time=WALK_SECONDS, rate_func=linear)
            self._show_matrix(self.last)

    def _right_answers(self) -> VGroup:
        """Return the number of right answers before training, large, with its name and that of all digits."""
        right = int(np.trace(self.counts(0)))
        number = Number(len(self.labels), 0, 88, palette.blue).place(-0.6, RIGHT + 2.0).set_value(right)
        name = words(self.screen("right"), 34).place(0.75, left=RIGHT)
        return VGroup(name, number, words(self.screen("of", count=len(self.labels)), 34).place(-0.6, left=RIGHT + 2.25))

    def counts(self, row: int) -> IntArray:
        """Return the confusion matrix of the held-out digits in ``row`` of the trace, (10, 10)."""
        return confusion_counts(self.labels, self.shares(row).argmax(axis=1), 10)

    def _show_matrix(self, row: int) -> None:
        """Show the confusion matrix in ``row`` of the trace."""
        counts = self.counts(row)
        self.matrix.show(counts)
        self.right[1].set_value(int(np.trace(counts)))
        self.counter[1].set_value(self.update(row))

    def _confused_beats(self) -> None:
        digit, answer, times = self.confusion
        numbers = self.matrix.numbers()
        values = {"right": int((self.answers == self.labels).sum()), "count": len(self.labels)}
        values |= {"digit": digit, "answer": answer, "times": Count(times)}
        mark = Rectangle(width=self.matrix.step, height=self.matrix.step, color=palette.text, stroke_width=style.RING)
        mark.move_to(self.matrix.at(digit, answer))
        with self.beat("confused", **values):
            # Each cell gets its count; a frame marks the largest one beside the diagonal
            self.play(FadeIn(numbers), run_time=0.8)
            self.until("most")
            self.play(Create(mark), run_time=0.6)
        wrong = np.flatnonzero((self.labels == digit) & (self.answers == answer))[:MISTAKES]
        mistaken = self._row_of(self.held_out[wrong], self.screen("mistaken", answer=answer), palette.orange, 2.0)
        data = self.parameters.run.dataset
        same = np.flatnonzero(data.labels() == digit)
        shown = data.features()[same[evenly_spaced_indices(len(same), TRAINED)]]
        trained = self._row_of(shown, self.screen("trained"), palette.blue, -1.1)
        with self.beat("ones"):
            # Beside the matrix: the digits of that cell; below them, digits of the same kind that it trained on
            self.play(FadeOut(self.right), FadeIn(mistaken), run_time=0.8)
            self.until("train")
            self.play(FadeIn(trained), run_time=0.8)
        self.beside = VGroup(numbers, mark, mistaken, trained)

    def _row_of(self, pixels: FloatArray, name: str, color: object, top: float) -> VGroup:
        """Return pictures in rows of five beside the matrix, under their name; ``top``: of the first row."""
        corners = grid_corners(len(pixels), TRAINED, RIGHT, top, 1.0)
        return VGroup(words(name, 30, color).place(top + 0.2, left=RIGHT), digit_pictures(pixels, corners, 0.9))

    # -- the surest mistake --------------------------------------------------------------------------------------------

    def _surest_beats(self) -> None:
        row = self.surest
        shares, digit = self.shares(self.last)[row], int(self.labels[row])
        picture = self._large_digit(row)
        self.bars = ShareBars(shares, **BARS)
        answer = int(shares.argmax())
        truth = words(self.screen("meant", digit=digit), 36).place(
            WRONG["top"] - WRONG["side"] - 0.7, left=WRONG["left"]
        )
        gone = (self.matrix, self.matrix_names, self.beside, self.counter)
        values = {"answer": answer, "share": number_text(100 * shares[answer], 0), "digit": digit}
        with self.beat("surest", pause="long", **values):
            # One large digit, time to guess; then the network's shares, and at last what was meant
            self.play(FadeOut(*gone), *self.next_heading(self.screen("heading-wrong")), run_time=0.6)
            self.play(FadeIn(picture), run_time=0.8)
            self.until("shares")
            self.play(FadeIn(self.bars), run_time=0.9)
            self.until("truth")
            self.play(FadeIn(truth), run_time=0.6)
        with self.beat("knows", pause="long"):
            # Nothing moves: the room compares the picture with the longest bar
            self.wait(0.5)

    def _large_digit(self, row: int) -> PixelPictures:
        """Return a held-out digit, large."""
        return digit_pictures(self.held_out[row : row + 1], np.array([[WRONG["left"], WRONG["top"]]]), WRONG["side"])

    def _counter(self) -> VGroup:
        """Return "update 0" at the top right."""
        number = Number(self.trace("run").n_updates, 0, 32, palette.text, group=True)
        number.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        name = words(self.screen("update"), 32).place(style.HEADING_BASELINE, right=number.get_left()[0] - 0.2)
        return VGroup(name, number.set_value(0))

    # -- the numbers ---------------------------------------------------------------------------------------------------

    @cached_property
    def largest(self) -> float:
        """Return the largest weight, without its sign, of all that are drawn."""
        return max(float(np.abs(self.weights(int(row))).max()) for row in self.rows)

    @cached_property
    def favourites(self) -> IntArray:
        """Return the rows of the held-out digits with the large ReLU's largest outputs after training, in order."""
        hidden = forward_pass(self.parameters.run, self.theta(self.last), self.held_out).a[0]
        return np.argsort(-hidden[:, self.parameters.unit], kind="stable")[:FAVOURITES]

    @cached_property
    def confusion(self) -> tuple[int, int, int]:
        """Return the most frequent mistake after training: digit, answer, how often."""
        wrong = self.counts(self.last) * (1 - np.eye(10, dtype=int))
        digit, answer = np.unravel_index(int(wrong.argmax()), wrong.shape)
        return int(digit), int(answer), int(wrong.max())

    @cached_property
    def surest(self) -> int:
        """Return the row of the held-out digit with the surest wrong answer; with the surest if none is wrong."""
        share = self.shares(self.last).max(axis=1)
        wrong = self.answers != self.labels
        return int(np.where(wrong, share, share * (not wrong.any())).argmax())

    def claims(self) -> Iterator[Claim]:
        noise, patches = (neighbour_correlation(self.weights(row)) for row in (0, self.last))
        formed = abs(noise) < 0.1 and patches > 0.25
        yield claim("forming", "neighbouring weights become alike", formed, start=noise, end=patches)
        answers = len(np.unique(self.shares(0).argmax(axis=1)))
        yield claim("before", "the untrained network gives three answers", answers == 3, answers=answers)
        first, last = (float(np.trace(self.counts(row)) / len(self.labels)) for row in (0, self.last))
        yield claim("diagonal", "the diagonal gets most digits", first < 0.2 and last > 0.8, first=first, last=last)
        digit, answer, times = self.confusion
        wrong = np.sort((self.counts(self.last) * (1 - np.eye(10, dtype=int))).ravel())
        yield claim("confused", "one mistake is the most frequent", times > wrong[-2], times=times, next=wrong[-2])
        yield claim(
            "ones", "the digit is a one, taken for a nine", (digit, answer) == (1, 9), digit=digit, answer=answer
        )
        data = self.parameters.run.dataset
        mistaken = self.held_out[(self.labels == digit) & (self.answers == answer)]
        trained = data.features()[data.labels() == digit]
        right = [_stroke_place(pixels) for pixels in (mistaken, trained)]
        yield claim(
            "ones", "their strokes stand further right", right[0] > right[1] + 0.5, them=right[0], others=right[1]
        )
        hooks = [float(np.median(pixels.reshape(-1, 8, 8)[HOOK].mean(axis=(1, 2)))) for pixels in (mistaken, trained)]
        yield claim(
            "ones", "they have more ink where a hook is", hooks[0] > 1.5 * hooks[1], them=hooks[0], others=hooks[1]
        )
        share = float(self.shares(self.last)[self.surest].max())
        is_wrong = bool(self.answers[self.surest] != self.labels[self.surest])
        yield claim("knows", "it is wrong and sure", is_wrong and share > 0.8, share=share)


def _stroke_place(pixels: FloatArray) -> float:
    """Return how far right the ink of the lower halves of pictures (N, 64) is on average, in pixels from the left."""
    columns = pixels.reshape(-1, 8, 8)[:, 4:].sum(axis=(0, 1))
    return float((np.arange(8) + 0.5) @ columns / columns.sum())
