"""Base class of the scenes that show two classes of dots and the line that one recorded run draws between them."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.point_generators import Blobs
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.classes.pictures.line_board import LineBoard, sums
from numpy.typing import NDArray
from pydantic import Field, model_validator

TWO_KINDS = Experiment(
    dataset=PointsDataset(
        points=Blobs(classes=2, points=20, noise=0.55, turn=-140, seed=4),
        validation=Blobs(classes=2, points=2000, noise=0.55, turn=-140, seed=104),
    ),
    hidden=(),
    loss="bce",
    learning_rate=0.2,
    epochs=200,
    seed=2,
)
"""The run of the lesson's first part: forty dots of two kinds, and a line that learns to part them."""

NEW_DOT, FAR_DOT = 1081, 2038
"""Rows of the validation dots of `TWO_KINDS`: one near the trained line, one far from it."""


class LineScene(LectureScene):
    """Shows the dots of a run with two classes, and what its line says of them at recorded states."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            TWO_KINDS,
            description="The training run: points (x1, x2) of two classes, validation points, no hidden layer, bce",
        )
        new: int = Field(NEW_DOT, ge=0, description="Row of the validation point that is the new dot")

        @model_validator(mode="after")
        def _is_a_line_between_two_classes(self) -> Self:
            run, data = self.run, self.run.dataset
            is_line = not run.hidden and run.loss == "bce"
            if not isinstance(data, PointsDataset) or data.n_features != 2 or data.n_classes != 2 or not is_line:
                raise ValueError('run: needed: points (x1, x2) of two classes, hidden = [] and loss = "bce"')
            if data.n_validation <= self.new:
                raise ValueError(
                    f"new: there is no validation point {self.new}; the run has {data.n_validation}, counted from 0"
                )
            return self

    @cached_property
    def thetas(self) -> NDArray:
        """Return the recorded states, (R, 3): w1, w2 and b of each."""
        return np.asarray(self.trace("run").parameters, dtype=np.float64)

    @cached_property
    def trained(self) -> NDArray:
        """Return the last recorded state: w1, w2 and b."""
        return np.asarray(self.thetas[-1])

    @cached_property
    def points(self) -> NDArray:
        """Return the dots that are trained on, (N, 2)."""
        return self.parameters.run.dataset.features()

    @cached_property
    def labels(self) -> NDArray:
        """Return the dots' classes, (N,)."""
        return self.parameters.run.dataset.labels().astype(int)

    def held_out(self, row: int) -> NDArray:
        """Return the place of a validation dot, (2,)."""
        return self.parameters.run.dataset.validation_features()[row]

    @cached_property
    def new_dot(self) -> NDArray:
        """Return the place of the new dot, (2,)."""
        return self.held_out(self.parameters.new)

    @cached_property
    def signs(self) -> NDArray:
        """Return 1 for each dot of class 1 and -1 for the others, (N,)."""
        return np.where(self.labels == 1, 1, -1)

    @cached_property
    def own_sums(self) -> NDArray:
        """Return the trained line's sum at each dot, positive on the side of the dot's class, (N,)."""
        return self.signs * sums(self.trained, self.points)

    def board(self) -> LineBoard:
        """Return the dots in their square of the plane, with the trained line."""
        return LineBoard(self.points, self.labels, self.trained)
