"""Base class of the scenes with handwritten digits: their run, the held-out digits and their recorded shares."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Self

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced_indices
from gradreel.core.datasets import DigitsDataset
from gradreel.core.digits_file import SIDE
from gradreel.core.experiment import Experiment
from gradreel.core.network.losses import softmax
from gradreel.core.network.theta import predict, unpack
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.pace import Pace, nearest_row, pace_of, sampled_rows
from gradreel.scenes.mobjects.pixel_pictures import PixelPictures, digit_pictures, grid_corners
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from pydantic import Field, model_validator

DIGITS = Experiment(
    dataset=DigitsDataset(),
    hidden=(16,),
    activation="relu",
    optimizer="adam",
    weight_decay=0.002,
    learning_rate=0.005,
    batch_size=32,
    epochs=30,
    loss="ce",
    seed=4,
)
"""The run of the lesson's third part: 64 pixels, 16 ReLUs, ten shares."""

WALL_LEFT, WALL_TOP, WALL_STEP, WALL_SIDE, WALL_GAP = -6.0, -1.65, 0.58, 0.5, 0.18
"""The wall of held-out digits that two scenes share: its corner, its steps, a picture's side, room below its name."""

DRAWN_STATES = 120  # at most so many recorded states are drawn in a walk


class DigitsScene(LectureScene):
    """Shows a network that reads handwritten digits, at recorded states."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            DIGITS, description="The training run: the digits, one hidden layer of 8 to 24 units, loss ce"
        )

        @model_validator(mode="after")
        def _reads_digits(self) -> Self:
            run = self.run
            if not isinstance(run.dataset, DigitsDataset) or run.loss != "ce":
                raise ValueError('run: needed: dataset = { kind = "digits" } and loss = "ce"')
            if len(run.hidden) != 1 or not 8 <= run.hidden[0] <= 24:
                raise ValueError(f"run: needed: one hidden layer of 8 to 24 units, not {list(run.hidden)}")
            return self

    @cached_property
    def held_out(self) -> FloatArray:
        """Return the pixels of the test digits, (382, 64)."""
        return self.parameters.run.dataset.test_features()

    @cached_property
    def labels(self) -> IntArray:
        """Return the test digits, (382,)."""
        return self.parameters.run.dataset.test_labels().astype(int)

    @cached_property
    def rows(self) -> IntArray:
        """Return the rows of the trace that are drawn, dense at the start, the last one included."""
        return sampled_rows(0, len(self.trace("run")) - 1, DRAWN_STATES)

    @cached_property
    def pace(self) -> Pace:
        """Return the pace at which the shares of some held-out digits change evenly."""
        shares = [self.shares(int(row))[::10].ravel() for row in self.rows]
        return pace_of(self.rows, np.stack(shares))

    def nearest(self, progress: float) -> int:
        """Return the drawn row of the trace nearest to that after ``progress`` (0 to 1) of the walk."""
        row = nearest_row(self.pace.row(progress))
        return int(self.rows[np.abs(self.rows - row).argmin()])

    def theta(self, row: int) -> FloatArray:
        """Return the recorded parameters in ``row`` of the trace, (P,)."""
        return np.asarray(self.trace("run").parameters[row], dtype=np.float64)

    def weights(self, row: int) -> FloatArray:
        """Return the first layer's weights in ``row`` of the trace, (H, 8, 8)."""
        return unpack(self.parameters.run, self.theta(row)).weights[0].reshape(-1, SIDE, SIDE)

    @cached_property
    def shares(self):  # -> (row) -> (382, 10)
        """Return a function that takes a row of the trace and returns the shares of each held-out digit, (382, 10)."""
        return lru_cache(maxsize=256)(self._shares)

    def _shares(self, row: int) -> FloatArray:
        return softmax(predict(self.parameters.run, self.theta(row), self.held_out))

    @cached_property
    def last(self) -> int:
        """Return the last row of the trace."""
        return len(self.trace("run")) - 1

    @cached_property
    def answers(self) -> IntArray:
        """Return the trained network's answers to the held-out digits, (382,)."""
        return self.shares(self.last).argmax(axis=1)

    def held_out_wall(self) -> PixelPictures:
        """Return three rows of held-out digits, at the same place in each scene."""
        pixels = by_class(self.held_out, self.labels, 3)
        return digit_pictures(pixels, grid_corners(len(pixels), 10, WALL_LEFT, WALL_TOP, WALL_STEP), WALL_SIDE)

    def held_out_name(self) -> TextMobject:
        """Return the words over the wall of held-out digits."""
        count = {"count": number_text(len(self.labels))}
        text = self.words_of.screen("digits", "unseen", self.context.language, count)
        return words(text, 30, palette.red).place(WALL_TOP + WALL_GAP, left=WALL_LEFT)

    def update(self, row: int) -> int:
        """Return the updates made at ``row`` of the trace."""
        return int(self.trace("run").kept[row])


def by_class(pixels: FloatArray, labels: FloatArray | IntArray, rows: int) -> FloatArray:
    """Return ``rows`` rows of ten digits, 0 to 9, (10 rows, 64), evenly spaced in the file."""
    of_digits = [pixels[labels == digit] for digit in range(10)]
    columns = [part[evenly_spaced_indices(len(part), rows)] for part in of_digits]
    return np.stack(columns, axis=1).reshape(-1, pixels.shape[1])
