"""Datasets to train on: examples, each with its features and a label."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.csv_rows import read_points
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.daily.views import DailyViews
from gradreel.core.digits_file import SIDE, digit_rows
from gradreel.core.errors import UserError, problems_in
from gradreel.core.point_generators import (
    Blobs,
    Checkerboard,
    GeneratedPoints,
    Moons,
    Number,
    Rings,
    Spirals,
    spiral_arms,
)
from gradreel.core.point_table import PointTable
from gradreel.core.run_data import Absent, RunData
from pydantic import (
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

RED_CURVE = ((1.0, 1.0), (3.0, 4.0), (4.5, 2.0), (7.0, 3.0))
"""The knots (x, y) of the lecture's red curve: three segments, shown for x from 0 to 8."""


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


class TwoSpirals(GeneratedPoints):
    """Points on two spirals in the plane; the label of a point is its spiral, class 0 or 1.

    The second spiral is the first, turned by half a turn. Along each, the distance from the middle grows from 0.1 to 1
    in proportion to the angle. The classic of Lang and Witbrock, "Learning to Tell Two Spirals Apart", 1988.
    """

    turns: Number = Field(default=2.25, gt=0, le=20, description="how often each winds around the middle")
    points: int = Field(default=200, ge=1, le=50_000, description="points of each spiral")
    noise: Number = Field(default=0.0, ge=0, le=10, description="standard deviation of the noise added to x1 and x2")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the noise")

    def _positions(self, random: np.random.Generator) -> FloatArray:
        """Return points exactly on the spirals, (N, 2); nothing is drawn from ``random``."""
        return spiral_arms(2, self.turns, self.points)


def _points_tag(points: Any) -> str:
    """Return the tag of the type that ``points`` has.

    A mapping without ``kind`` describes two spirals, unless it has the bytes of numbers.
    """
    if isinstance(points, GeneratedPoints):
        return getattr(points, "kind", "two spirals")
    if isinstance(points, Mapping) and "float64" not in points:
        return str(points.get("kind", "two spirals"))
    return "table"


Points = Annotated[
    Annotated[TwoSpirals, Tag("two spirals")]
    | Annotated[Moons, Tag("moons")]
    | Annotated[Rings, Tag("rings")]
    | Annotated[Blobs, Tag("blobs")]
    | Annotated[Checkerboard, Tag("checkerboard")]
    | Annotated[Spirals, Tag("spirals")]
    | Annotated[PointTable, Tag("table")],
    Discriminator(_points_tag, "kind", 'kind must be "moons", "rings", "blobs", "checkerboard" or "spirals"'),
]


class PointsDataset(RunData):
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
    >>> moons = PointsDataset(points=Moons(points=50), validation=Moons(points=20, seed=1))
    >>> moons.examples, moons.n_validation
    (100, 40)
    """

    kind: Literal["points"] = Field(default="points", description="points with a label each")
    points: Points = Field(
        default=TwoSpirals(),
        description="a row for each point, its features, then its label; or a generator, such as "
        '{kind = "moons", noise = 0.2}; without a kind it makes two spirals, by turns, points, noise, seed',
    )
    validation: Annotated[Points | None, Absent(None)] = Field(
        default=None, description="points that are not trained on, given like points: another seed draws others"
    )
    test: Annotated[Points | None, Absent(None)] = Field(
        default=None, description="further points that are not trained on, for one last test"
    )

    @model_validator(mode="after")
    def _check_held_out_points(self) -> Self:
        """Raise ValueError if validation or test points have other features or classes than the points trained on."""
        for name in ("validation", "test"):
            points = getattr(self, name)
            if points is None:
                continue
            held_out = _rows_of(points)
            if (found := held_out.shape[1] - 1) != self.n_features:
                raise ValueError(f"{name}: its points have {found} features, the points trained on {self.n_features}")
            if self.n_classes and not (found := points.n_classes):
                raise ValueError(f"{name}: its labels are not classes, those trained on are 0 to {self.n_classes - 1}")
            if self.n_classes and found > self.n_classes:
                raise ValueError(
                    f"{name}: class {found - 1} is not among the points trained on, which have {self.n_classes} classes"
                )
        return self

    @classmethod
    def split(cls, rows: Any, validation: float = 0.0, test: float = 0.0, seed: int = 0) -> Self:
        """Return a dataset of ``rows``, (N, D + 1), of which random shares are held out for validation and test.

        Parameters
        ----------
        rows
            A row for each point, its features, then its label: an array or nested sequences.
        validation, test
            Shares of the points, 0 to 1, rounded to whole points.
        seed
            Seed of the random order. The points of each part keep their order.

        Raises
        ------
        ValueError
            If no point is left to train on, or the rows are not those of a table.

        Examples
        --------
        >>> data = PointsDataset.split([[0, 0], [1, 0], [2, 1], [3, 1]], validation=0.25)
        >>> data.examples, data.n_validation, data.n_test
        (3, 1, 0)
        """
        if not (0 <= validation <= 1 and 0 <= test <= 1):
            raise ValueError(f"validation and test are shares, from 0 to 1, not {validation} and {test}")
        table = PointTable.of(rows).rows
        counts = [round(share * len(table)) for share in (validation, test)]
        if sum(counts) >= len(table):
            raise ValueError(f"validation {validation} and test {test} leave none of {len(table)} points to train on")
        order = np.random.default_rng(seed).permutation(len(table))
        parts = [table[np.sort(part)] for part in np.split(order, np.cumsum(counts))]
        held_out = {name: part for name, part in zip(("validation", "test"), parts, strict=False) if len(part)}
        return cls.model_validate({"points": parts[-1], **held_out})

    @classmethod
    def from_csv(cls, file: str | Path, validation: float = 0.0, test: float = 0.0, seed: int = 0) -> Self:
        """Return a dataset of the points in a CSV file: in each row the features, then the label.

        The separator is a comma, semicolon or tab. A first row without numbers is a header. ``validation``, ``test``
        and ``seed`` are those of `split`. Raises UserError if the file cannot be read, a cell is not a number, or the
        points make no dataset.
        """
        try:
            return cls.split(read_points(Path(file)), validation, test, seed)
        except ValidationError as error:
            raise UserError(f"{file}: {problems_in(error)[0]['msg'].removeprefix('Value error, ')}") from None
        except ValueError as error:
            raise UserError(f"{file}: {error}") from None

    def rows(self) -> FloatArray:
        """Return the features and the label of each point, (N, D + 1). The array of a table is read-only."""
        return _rows_of(self.points)

    def features(self) -> FloatArray:
        """Return a copy of the features, (N, D)."""
        return self.rows()[:, :-1].copy()

    def labels(self) -> FloatArray:
        """Return a copy of the labels, (N,)."""
        return self.rows()[:, -1].copy()

    def validation_features(self) -> FloatArray:
        """Return the features of the validation points, (V, D)."""
        return self._held_out(self.validation)[:, :-1]

    def validation_labels(self) -> FloatArray:
        """Return the labels of the validation points, (V,)."""
        return self._held_out(self.validation)[:, -1]

    def test_features(self) -> FloatArray:
        """Return the features of the test points, (T, D)."""
        return self._held_out(self.test)[:, :-1]

    def test_labels(self) -> FloatArray:
        """Return the labels of the test points, (T,)."""
        return self._held_out(self.test)[:, -1]

    def _held_out(self, points: "GeneratedPoints | PointTable | None") -> FloatArray:
        """Return a copy of the rows of ``points``, (M, D + 1); (0, D + 1) for None."""
        return np.empty((0, self.n_features + 1)) if points is None else _rows_of(points).copy()

    @property
    def tables(self) -> dict[str, PointTable]:
        """Return the tables of points by the names of a trace's columns; a generator's points are no table."""
        parts = {"points": self.points, "validation_points": self.validation, "test_points": self.test}
        return {name: part for name, part in parts.items() if isinstance(part, PointTable)}

    @property
    def examples(self) -> int:
        """Return N, the number of points that are trained on."""
        return _n_points(self.points)

    @property
    def n_validation(self) -> int:
        """Return the number of validation points."""
        return _n_points(self.validation)

    @property
    def n_test(self) -> int:
        """Return the number of test points."""
        return _n_points(self.test)

    @property
    def n_features(self) -> int:
        """Return D, the number of features of a point."""
        return self.points.rows.shape[1] - 1 if isinstance(self.points, PointTable) else 2

    @property
    def offset(self) -> float:
        """Return 0: nothing is subtracted from features."""
        return 0.0

    @property
    def n_classes(self) -> int:
        """Return K if the labels are classes, whole numbers from 0 to K - 1; 0 for other labels."""
        return self.points.n_classes


class DigitsDataset(RunData):
    """Handwritten digits of 8 x 8 pixels: 1 157 to train on, 258 for validation, 382 for the test; ten classes.

    The features of a digit are its 64 pixels by rows, from 0 (paper) to 1 (ink); the label is the digit. The split is
    fixed. The file has 14 handwritten sheets, one after the other; nine are trained on, two and three are held out.
    The pictures are those of Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", 1998.

    Examples
    --------
    >>> digits = DigitsDataset()
    >>> digits.features().shape, digits.labels()[:5]
    ((1157, 64), array([0., 1., 2., 3., 4.]))
    """

    kind: Literal["digits"] = Field(default="digits", description="handwritten digits of 8 x 8 pixels")

    def features(self) -> FloatArray:
        """Return a copy of the pixels of the digits that are trained on, (1157, 64)."""
        return self._copied_rows(0, self.examples)[:, :-1]

    def labels(self) -> FloatArray:
        """Return a copy of the digits that are trained on, (1157,)."""
        return self._copied_rows(0, self.examples)[:, -1]

    def validation_features(self) -> FloatArray:
        """Return a copy of the pixels of the validation digits, (258, 64)."""
        return self._copied_rows(self.examples, self.n_validation)[:, :-1]

    def validation_labels(self) -> FloatArray:
        """Return a copy of the validation digits, (258,)."""
        return self._copied_rows(self.examples, self.n_validation)[:, -1]

    def test_features(self) -> FloatArray:
        """Return a copy of the pixels of the test digits, (382, 64)."""
        return self._copied_rows(self.examples + self.n_validation, self.n_test)[:, :-1]

    def test_labels(self) -> FloatArray:
        """Return a copy of the test digits, (382,)."""
        return self._copied_rows(self.examples + self.n_validation, self.n_test)[:, -1]

    def _copied_rows(self, start: int, count: int) -> FloatArray:
        """Return a copy of ``count`` rows of the file from row ``start`` on, (count, 65)."""
        return digit_rows()[start : start + count].copy()

    @property
    def examples(self) -> int:
        """Return 1157, the number of digits that are trained on."""
        return 1157

    @property
    def n_validation(self) -> int:
        """Return 258, the number of validation digits."""
        return 258

    @property
    def n_test(self) -> int:
        """Return 382, the number of test digits."""
        return 382

    @property
    def n_features(self) -> int:
        """Return 64, the number of pixels."""
        return SIDE * SIDE

    @property
    def n_classes(self) -> int:
        """Return 10, the number of digits."""
        return 10

    @property
    def offset(self) -> float:
        """Return 0: nothing is subtracted from features."""
        return 0.0


def _rows_of(points: GeneratedPoints | PointTable) -> FloatArray:
    """Return the features and the label of each point, (N, D + 1)."""
    return points.rows if isinstance(points, PointTable) else points.rows()


def _n_points(points: GeneratedPoints | PointTable | None) -> int:
    """Return the number of points; 0 for None."""
    if points is None:
        return 0
    return len(points.rows) if isinstance(points, PointTable) else points.points * points.n_classes


def _dataset_kind(dataset: Any) -> Any:
    """Return the kind of a dataset or of a table that describes one. A table without a kind is a curve."""
    if isinstance(dataset, dict):
        return dataset.get("kind", "curve")
    return getattr(dataset, "kind", None)


Dataset = Annotated[
    Annotated[CurveDataset, Tag("curve")]
    | Annotated[DailyViews, Tag("daily views")]
    | Annotated[PointsDataset, Tag("points")]
    | Annotated[DigitsDataset, Tag("digits")],
    Discriminator(_dataset_kind, "kind", 'kind must be "curve", "daily views", "points" or "digits"'),
]
"""Any of the datasets; ``kind`` says which."""
