"""Seeded generators of points in the plane, each with a class: moons, rings, blobs, checkerboard and spirals."""

import math
from typing import Annotated, Literal, Self

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.run_data import Absent, RunData
from pydantic import AfterValidator, Field, model_validator

Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda number: number + 0.0)]  # -0.0 is 0.0
"""A finite float with one spelling for each value (-0.0 becomes 0.0), so that equal settings have equal digests."""

INNERMOST = 0.1
"""The distance from the middle at which a spiral begins; it ends at 1."""

Classes = Annotated[int, Field(ge=2, le=10)]


class GeneratedPoints(RunData):
    """Base class of the generators: equally many points of each class, moved by noise."""

    points: int = Field(default=100, ge=1, le=50_000, description="points of each class")
    noise: Number = Field(default=0.1, ge=0, le=10, description="standard deviation of the noise added to x1 and x2")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of all that is random")

    @property
    def n_classes(self) -> int:
        """Return K, the number of classes."""
        return 2

    def rows(self) -> FloatArray:
        """Return x1, x2 and the class of each point, (K points, 3): those of class 0, of class 1, ..."""
        random = np.random.default_rng(self.seed)
        positions = self._positions(random).reshape(-1, 2)
        positions += self.noise * random.normal(size=positions.shape)
        return np.column_stack([positions, np.repeat(np.arange(float(self.n_classes)), self.points)])

    def _positions(self, random: np.random.Generator) -> FloatArray:
        """Return the points without noise, a new array (K, points, 2)."""
        raise NotImplementedError


class Moons(GeneratedPoints):
    """Points on two half circles of radius 1 that reach into each other; the label of a point is its half circle.

    Scikit-learn's ``make_moons``, moved so that its middle is at 0. The angles are random.

    Examples
    --------
    >>> Moons(points=50).rows().shape
    (100, 3)
    """

    kind: Literal["moons"] = Field(default="moons", description="two half circles")

    def _positions(self, random: np.random.Generator) -> FloatArray:
        upper = _points_of_unit_circle(np.pi * random.random((2, self.points)))
        return upper * [[[1.0]], [[-1.0]]] + [[[-0.5, -0.25]], [[0.5, 0.25]]]


class Rings(GeneratedPoints):
    """Points on K circles around 0, of radius 1/K, 2/K, ... 1; the label of a point is its circle, from inside."""

    kind: Literal["rings"] = Field(default="rings", description="circles around one middle")
    classes: Classes = Field(default=2, description="how many circles")
    noise: Number = Field(default=0.05, ge=0, le=10, description="standard deviation of the noise added to x1 and x2")

    @property
    def n_classes(self) -> int:
        """Return K, the number of circles."""
        return self.classes

    def _positions(self, random: np.random.Generator) -> FloatArray:
        radius = np.arange(1, self.classes + 1) / self.classes
        return _points_of_unit_circle(2 * np.pi * random.random((self.classes, self.points))) * radius[:, None, None]


class Blobs(GeneratedPoints):
    """Points spread normally around K middles, which lie evenly on the circle of radius 1; the label is the middle."""

    kind: Literal["blobs"] = Field(default="blobs", description="clouds around middles on a circle")
    classes: Classes = Field(default=3, description="how many clouds")
    noise: Number = Field(default=0.3, ge=0, le=10, description="standard deviation of x1 and x2 in a cloud")
    turn: Annotated[Number, Absent(0.0)] = Field(
        default=0.0, ge=-360, le=360, description="degrees by which all middles are turned around 0, anticlockwise"
    )

    @property
    def n_classes(self) -> int:
        """Return K, the number of clouds."""
        return self.classes

    def _positions(self, random: np.random.Generator) -> FloatArray:
        middles = _points_of_unit_circle(2 * np.pi * np.arange(self.classes) / self.classes + np.deg2rad(self.turn))
        return np.repeat(middles[:, None], self.points, axis=1)


class Checkerboard(GeneratedPoints):
    """Points spread evenly over a board from -1 to 1 on both axes; a square's class is (column + row) modulo K."""

    kind: Literal["checkerboard"] = Field(default="checkerboard", description="the squares of a board")
    classes: Classes = Field(default=2, description="how many classes the squares have in turn")
    squares: int = Field(default=4, ge=2, le=100, description="squares along each side; at least half the classes")
    noise: Number = Field(default=0.0, ge=0, le=10, description="standard deviation of the noise added to x1 and x2")

    @model_validator(mode="after")
    def _has_squares_of_each_class(self) -> Self:
        if self.classes > 2 * self.squares - 1:
            raise ValueError(f"squares: {self.squares} along a side are too few for {self.classes} classes")
        return self

    @property
    def n_classes(self) -> int:
        """Return K, the number of classes."""
        return self.classes

    def _positions(self, random: np.random.Generator) -> FloatArray:
        squares = np.indices((self.squares, self.squares)).reshape(2, -1).T  # (squares², 2)
        positions = np.empty((self.n_classes, self.points, 2))
        for label in range(self.n_classes):
            own = squares[squares.sum(axis=1) % self.classes == label]
            corners = own[random.integers(len(own), size=self.points)]
            positions[label] = 2 * (corners + random.random((self.points, 2))) / self.squares - 1
        return positions


class Spirals(GeneratedPoints):
    """Points on K spirals around 0, each turned by 1/K of a turn; the label of a point is its spiral.

    Along each, the distance from the middle grows from 0.1 to 1 in proportion to the angle. With two arms and without
    noise they are the points of `TwoSpirals`.
    """

    kind: Literal["spirals"] = Field(default="spirals", description="spirals around one middle")
    arms: Classes = Field(default=3, description="how many spirals")
    turns: Number = Field(default=1.0, gt=0, le=20, description="how often each winds around the middle")
    noise: Number = Field(default=0.02, ge=0, le=10, description="standard deviation of the noise added to x1 and x2")

    @property
    def n_classes(self) -> int:
        """Return K, the number of spirals."""
        return self.arms

    def _positions(self, random: np.random.Generator) -> FloatArray:
        return spiral_arms(self.arms, self.turns, self.points)


def spiral_arms(arms: int, turns: float, points: int) -> FloatArray:
    """Return points at even angles on each of ``arms`` spirals, (arms, points, 2). Arm k is turned by k / arms."""
    spiral = np.linspace(INNERMOST, 1.0, points)[:, None] * _points_of_unit_circle(
        2 * np.pi * np.linspace(0.0, turns, points)
    )
    turned = []
    for k in range(arms):
        angle = 2 * math.pi * k / arms
        cosine, sine = round(math.cos(angle), 15), round(math.sin(angle), 15)  # half a turn is exactly -1 and 0
        x, y = spiral.T
        turned.append(np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1))
    return np.stack(turned)


def _points_of_unit_circle(angle: FloatArray) -> FloatArray:
    """Return the points of the circle of radius 1 at angles (...), (..., 2)."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
