"""What a network is trained on: examples, each with its features and a label."""

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
"""A finite float, one spelling for each value, so that equal settings have equal digests."""

RED_CURVE = ((1.0, 1.0), (3.0, 4.0), (4.5, 2.0), (7.0, 3.0))
"""The lecture's red curve: three segments between four knots, seen on x from 0 to 8."""


INNERMOST = 0.1
"""How far from the middle a spiral begins; it ends at 1."""


class _AllTrainedOn:
    """A dataset whose examples are all trained on: none are for stopping and choosing, none are kept for the end."""

    @property
    def n_features(self) -> int:
        """Features of one example."""
        raise NotImplementedError

    @property
    def n_validation(self) -> int:
        """Examples for stopping and choosing: none."""
        return 0

    @property
    def n_test(self) -> int:
        """Examples that are kept for the end: none."""
        return 0

    def validation_features(self) -> FloatArray:
        """(0, D)."""
        return np.empty((0, self.n_features))

    def validation_labels(self) -> FloatArray:
        """(0,)."""
        return np.empty(0)

    def test_features(self) -> FloatArray:
        """(0, D)."""
        return np.empty((0, self.n_features))

    def test_labels(self) -> FloatArray:
        """(0,)."""
        return np.empty(0)


class CurveDataset(_AllTrainedOn, RunData):
    """Points of a piecewise linear curve at even steps of x: one feature and one label each.

    The feature is x, less the middle of the range if ``centered``: gradient descent finds its way much better when
    features lie around 0.
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
    def _knots_of_a_curve(cls, knots: Any) -> Any:
        if isinstance(knots, PiecewiseLinearCurve):
            return knots.knots
        return knots.tolist() if isinstance(knots, np.ndarray) else knots

    @model_validator(mode="after")
    def _is_a_curve_and_a_range(self) -> Self:
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
        """The curve that the examples lie on."""
        x, y = np.array(self.knots, dtype=np.float64).reshape(-1, 2).T
        return PiecewiseLinearCurve(x, y)

    @property
    def range(self) -> tuple[float, float]:
        """x of the first and of the last example: ``low`` and ``high``, or the knots' range widened by a sixth."""
        return self.curve().range_around(self.low, self.high)

    @property
    def offset(self) -> float:
        """What is taken from x to make the feature: the middle of the range, or 0."""
        low, high = self.range
        return low + (high - low) / 2 if self.centered else 0.0

    def x(self) -> FloatArray:
        """x of each example, (N,)."""
        return np.linspace(*self.range, self.examples)

    def features(self) -> FloatArray:
        """(N, 1): what the network sees of each example."""
        return self.features_at(self.x())

    def features_at(self, x: FloatArray) -> FloatArray:
        """What the network sees at any x, (M,) to (M, 1): x less the offset."""
        return (x - self.offset)[:, None]

    def labels(self) -> FloatArray:
        """(N,): the curve's y at each x."""
        return self.curve()(self.x())

    @property
    def n_features(self) -> int:
        """Features of one example."""
        return 1


class TwoSpirals(RunData):
    """Two spirals in the plane, one turned into the other by half a turn: where each point lies and which it is of.

    Along each, as evenly as the angle grows, the distance from the middle grows from 0.1 to 1. The first is class 0.
    (The classic of Lang and Witbrock, "Learning to Tell Two Spirals Apart", 1988.)
    """

    turns: Number = Field(default=2.25, gt=0, le=20, description="how often each winds around the middle")
    points: int = Field(default=200, ge=1, le=50_000, description="points of each spiral")
    noise: Number = Field(default=0.0, ge=0, le=10, description="standard deviation of what is added to x1 and to x2")
    seed: int = Field(default=0, ge=0, lt=2**63, description="of the noise")

    def rows(self) -> FloatArray:
        """(2 points, 3): x1, x2 and the class of each."""
        angle = 2 * np.pi * np.linspace(0.0, self.turns, self.points)
        one = np.linspace(INNERMOST, 1.0, self.points)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        places = np.concatenate([one, -one])
        places += self.noise * np.random.default_rng(self.seed).normal(size=places.shape)
        return np.column_stack([places, np.repeat([0.0, 1.0], self.points)])


def _way_of_points(points: Any) -> str:
    """Return the tag of what ``points`` describe. A mapping without the bytes of numbers describes two spirals."""
    if isinstance(points, TwoSpirals) or (isinstance(points, Mapping) and "float64" not in points):
        return "spirals"
    return "table"


Points = Annotated[
    Annotated[TwoSpirals, Tag("spirals")] | Annotated[PointTable, Tag("table")], Discriminator(_way_of_points)
]


class PointsDataset(_AllTrainedOn, RunData):
    """Points with a label each, a number or one of the classes 0 and 1: any number of features, one's own or spirals.

    The features are what the network sees, unscaled: it learns best where they lie around 0, some units wide.
    """

    kind: Literal["points"] = Field(default="points", description="points with a label each")
    points: Points = Field(
        default=TwoSpirals(),
        description="a row for each point, its features, then its label; or two spirals, by turns, points, noise, seed",
    )

    def rows(self) -> FloatArray:
        """(N, D + 1): features and label of each point, read-only where they are one's own."""
        return self.points.rows() if isinstance(self.points, TwoSpirals) else self.points.rows

    def features(self) -> FloatArray:
        """(N, D): what the network sees of each point."""
        return self.rows()[:, :-1].copy()

    def labels(self) -> FloatArray:
        """(N,): the number or the class of each point."""
        return self.rows()[:, -1].copy()

    @property
    def examples(self) -> int:
        """N: points."""
        return 2 * self.points.points if isinstance(self.points, TwoSpirals) else self.points.rows.shape[0]

    @property
    def n_features(self) -> int:
        """D: features of one point."""
        return 2 if isinstance(self.points, TwoSpirals) else self.points.rows.shape[1] - 1

    @property
    def offset(self) -> float:
        """What is taken from a feature before the network sees it: nothing."""
        return 0.0

    @property
    def has_classes(self) -> bool:
        """Whether all labels are 0 or 1."""
        return bool(np.isin(self.labels(), (0.0, 1.0)).all())


def _kind(dataset: Any) -> Any:
    """Which dataset a table describes; without a word about it, a curve."""
    if isinstance(dataset, dict):
        return dataset.get("kind", "curve")
    return getattr(dataset, "kind", None)


Dataset = Annotated[
    Annotated[CurveDataset, Tag("curve")]
    | Annotated[DailyViews, Tag("daily views")]
    | Annotated[PointsDataset, Tag("points")],
    Discriminator(_kind, "kind", 'kind must be "curve", "daily views" or "points"'),
]
"""Any of the datasets, told apart by ``kind``."""
