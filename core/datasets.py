"""What a network is trained on: examples, each with its features and a label."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
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


class CurveDataset(BaseModel):
    """Points of a piecewise linear curve at even steps of x: one feature and one label each.

    The feature is x, less the middle of the range if ``centered``: gradient descent finds its way much better when
    features lie around 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
        if len(np.unique(self.x())) < self.examples:
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

    @property
    def n_unseen(self) -> int:
        """Examples that are not trained on: none, a curve is known everywhere."""
        return 0

    def unseen_features(self) -> FloatArray:
        """(0, 1)."""
        return np.empty((0, 1))

    def unseen_labels(self) -> FloatArray:
        """(0,)."""
        return np.empty(0)


def _kind(dataset: Any) -> Any:
    """Which dataset a table describes; without a word about it, a curve."""
    if isinstance(dataset, dict):
        return dataset.get("kind", "curve")
    return getattr(dataset, "kind", None)


Dataset = Annotated[
    Annotated[CurveDataset, Tag("curve")] | Annotated[DailyViews, Tag("daily views")],
    Discriminator(_kind, custom_error_type="kind", custom_error_message='kind must be "curve" or "daily views"'),
]
"""Any of the datasets, told apart by ``kind``."""
