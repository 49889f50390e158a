"""Datasets to train on: examples, each with its features and a label."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.point_table import PointTable
from gradreel.core.run_data import RunData
from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda number: number + 0.0)]  # -0.0 is 0.0
"""A finite float with one spelling for each value (-0.0 becomes 0.0), so that equal settings have equal digests."""

RED_CURVE = ((1.0, 1.0), (3.0, 4.0), (4.5, 2.0), (7.0, 3.0))
"""The knots (x, y) of the lecture's red curve: three segments, shown for x from 0 to 8."""


INNERMOST = 0.1
"""The distance from the middle at which a spiral begins; it ends at 1."""


class _TrainingOnlyDataset:
    """A dataset without validation and test examples: all its examples are trained on."""

    @property
    def n_features(self) -> int:
        """Return D, the number of features of an example."""
        raise NotImplementedError

    @property
    def n_validation(self) -> int:
        """Return the number of validation examples: 0."""
        return 0

    @property
    def n_test(self) -> int:
        """Return the number of test examples: 0."""
        return 0

    def validation_features(self) -> FloatArray:
        """Return an empty array, (0, D)."""
        return np.empty((0, self.n_features))

    def validation_labels(self) -> FloatArray:
        """Return an empty array, (0,)."""
        return np.empty(0)

    def test_features(self) -> FloatArray:
        """Return an empty array, (0, D)."""
        return np.empty((0, self.n_features))

    def test_labels(self) -> FloatArray:
        """Return an empty array, (0,)."""
        return np.empty(0)


class CurveDataset(_TrainingOnlyDataset, RunData):
    """Points of a piecewise linear curve at even steps of x, with one feature and one label each.

    The feature is x. If ``centered``, the middle of the range is subtracted: gradient descent converges much faster
    when features lie around 0.

    Examples
    --------
    >>> data = CurveDataset(knots=((0, 0), (2, 4)), low=0, high=2, examples=3)
    >>> data.features().ravel(), data.labels()
    (array([-1.,  0.,  1.]), array([0., 2., 4.]))
    """

    kind: Literal["curve"] = Field(default="curve", description="points of a piecewise linear curve")
    knots: tuple[tuple[Number, Number], ...] = Field(
        default=RED_CURVE, description="the curve's turning points, (x, y) each, x increasing"
    )
    examples: int = Field(default=81, ge=2, le=100_000, description="how many points, evenly spaced from low to high")
    low: Number | None = Field(
        default=None, description="leftmost x; by default a sixth of the knots' range before the first"
    )
    high: Number | None = Field(
        default=None, description="rightmost x; by default a sixth of the knots' range after the last"
    )
    centered: bool = Field(
        default=True, description="take the middle of the range from x, so that features lie around 0"
    )

    @field_validator("knots", mode="before")
    @classmethod
    def _plain_knots(cls, knots: Any) -> Any:
        """Return knots as nested tuples or lists; they may be given as a curve or an array."""
        if isinstance(knots, PiecewiseLinearCurve):
            return knots.knots
        return knots.tolist() if isinstance(knots, np.ndarray) else knots

    @model_validator(mode="after")
    def _check_curve_and_range(self) -> Self:
        """Raise ValueError unless the knots make a curve, low < high, and all examples have different x."""
        try:
            self.curve()
        except UserError as error:
            raise ValueError(f"knots: {error}") from None
        low, high = self.range
        if not low < high:
            raise ValueError(f"low must be less than high, got {low:g} and {high:g}")
        if len(set(self.x().tolist())) < self.examples:  # numpy.unique would import numpy.ma, 10 ms
            raise ValueError(f"there is no room for {self.examples} examples between {low!r} and {high!r}")
        return self

    def curve(self) -> PiecewiseLinearCurve:
        """Return the curve that the examples lie on."""
        x, y = np.array(self.knots, dtype=np.float64).reshape(-1, 2).T
        return PiecewiseLinearCurve(x, y)

    @property
    def range(self) -> tuple[float, float]:
        """Return x of the first and the last example: ``low`` and ``high``, or by default the knots' range and a
        sixth more on each side.
        """
        return self.curve().range_around(self.low, self.high)

    @property
    def offset(self) -> float:
        """Return the number that is subtracted from x to make the feature: the middle of the range, or 0."""
        low, high = self.range
        return low + (high - low) / 2 if self.centered else 0.0

    def x(self) -> FloatArray:
        """Return x of each example, (N,)."""
        return np.linspace(*self.range, self.examples)

    def features(self) -> FloatArray:
        """Return the features, (N, 1): x less the offset."""
        return self.features_at(self.x())

    def features_at(self, x: FloatArray) -> FloatArray:
        """Return the features at any ``x``, (M,) to (M, 1): x less the offset."""
        return (x - self.offset)[:, None]

    def labels(self) -> FloatArray:
        """Return the labels, (N,): the curve's y at each x."""
        return self.curve()(self.x())

    @property
    def n_features(self) -> int:
        """Return 1."""
        return 1


class TwoSpirals(RunData):
    """Points on two spirals in the plane; the label of a point is its spiral, class 0 or 1.

    The second spiral is the first, turned by half a turn. Along each, the distance from the middle grows from 0.1 to 1
    in proportion to the angle. The classic of Lang and Witbrock, "Learning to Tell Two Spirals Apart", 1988.
    """

    turns: Number = Field(default=2.25, gt=0, le=20, description="how often each winds around the middle")
    points: int = Field(default=200, ge=1, le=50_000, description="points of each spiral")
    noise: Number = Field(default=0.0, ge=0, le=10, description="standard deviation of the noise added to x1 and x2")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the noise")

    def rows(self) -> FloatArray:
        """Return x1, x2 and the class of each point, (2 points, 3): first all points of class 0, then all of class
        1.
        """
        angle = 2 * np.pi * np.linspace(0.0, self.turns, self.points)
        spiral = np.linspace(INNERMOST, 1.0, self.points)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        positions = np.concatenate([spiral, -spiral])
        positions += self.noise * np.random.default_rng(self.seed).normal(size=positions.shape)
        return np.column_stack([positions, np.repeat([0.0, 1.0], self.points)])


def _points_tag(points: Any) -> str:
    """Return the tag of the type that ``points`` has. A mapping without the bytes of numbers describes two spirals."""
    if isinstance(points, TwoSpirals) or (isinstance(points, Mapping) and "float64" not in points):
        return "spirals"
    return "table"


Points = Annotated[
    Annotated[TwoSpirals, Tag("spirals")] | Annotated[PointTable, Tag("table")], Discriminator(_points_tag)
]


class PointsDataset(_TrainingOnlyDataset, RunData):
    """Points with any number of features and a label each: a number, or a class, 0 to K - 1.

    The network sees the features unscaled. It learns best if they lie around 0 and spread over some units.

    Examples
    --------
    >>> data = PointsDataset(points=[[0.0, 1.0, 1.0], [2.0, 3.0, 0.0]])
    >>> data.features()
    array([[0., 1.],
           [2., 3.]])
    >>> data.labels(), data.n_classes
    (array([1., 0.]), 2)
    """

    kind: Literal["points"] = Field(default="points", description="points with a label each")
    points: Points = Field(
        default=TwoSpirals(),
        description="a row for each point, its features, then its label; or two spirals, by turns, points, noise, seed",
    )

    def rows(self) -> FloatArray:
        """Return the features and the label of each point, (N, D + 1). The array of a table is read-only."""
        return self.points.rows() if isinstance(self.points, TwoSpirals) else self.points.rows

    def features(self) -> FloatArray:
        """Return a copy of the features, (N, D)."""
        return self.rows()[:, :-1].copy()

    def labels(self) -> FloatArray:
        """Return a copy of the labels, (N,)."""
        return self.rows()[:, -1].copy()

    @property
    def examples(self) -> int:
        """Return N, the number of points."""
        return 2 * self.points.points if isinstance(self.points, TwoSpirals) else self.points.rows.shape[0]

    @property
    def n_features(self) -> int:
        """Return D, the number of features of a point."""
        return 2 if isinstance(self.points, TwoSpirals) else self.points.rows.shape[1] - 1

    @property
    def offset(self) -> float:
        """Return 0: nothing is subtracted from features."""
        return 0.0

    @property
    def n_classes(self) -> int:
        """Return K if the labels are classes, whole numbers from 0 to K - 1; 0 for other labels."""
        return 2 if isinstance(self.points, TwoSpirals) else self.points.n_classes


def _dataset_kind(dataset: Any) -> Any:
    """Return the kind of a dataset or of a table that describes one. A table without a kind is a curve."""
    if isinstance(dataset, dict):
        return dataset.get("kind", "curve")
    return getattr(dataset, "kind", None)


Dataset = Annotated[
    Annotated[CurveDataset, Tag("curve")]
    | Annotated[DailyViews, Tag("daily views")]
    | Annotated[PointsDataset, Tag("points")],
    Discriminator(_dataset_kind, "kind", 'kind must be "curve", "daily views" or "points"'),
]
"""Any of the datasets; ``kind`` says which."""
