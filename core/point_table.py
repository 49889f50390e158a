"""PointTable: a table of numbers from a user, one row for each point, as one frozen value."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.run_data import IN_TRACE
from pydantic import GetCoreSchemaHandler, SerializationInfo
from pydantic_core import core_schema

MOST_NUMBERS = 5_000_000
"""Most numbers in a table (40 MB). A trace stores the table as a column."""
MOST_SPELLED = 10_000
"""Most numbers that JSON spells as lists. A larger table is given by its bytes."""
MOST_CLASSES = 1000
"""Most classes of labels. A network with cross-entropy has one output for each class."""


class PointTable:
    """N points with D features and a label each. Frozen; equal and hashed by shape and bytes.

    Attributes
    ----------
    rows
        (N, D + 1), float64, read-only: the features, then the label.
    sha256
        SHA-256 of the numbers as little-endian bytes, row by row.
    n_classes
        K if the labels are classes, whole numbers from 0 to K - 1, at most `MOST_CLASSES`; 0 for other labels.

    Examples
    --------
    >>> table = PointTable([[0.0, 1.0, 5.0], [2.0, 3.0, 6.0]])
    >>> table.rows.shape
    (2, 3)
    >>> table == PointTable(table.rows)
    True
    """

    __slots__ = ("n_classes", "rows", "sha256")
    rows: FloatArray
    sha256: str
    n_classes: int

    def __init__(self, rows: Any) -> None:
        """Make a table from an array (N, D + 1) or nested sequences.

        Raises ValueError if there is no point, a row is shorter than 2, rows differ in length, or a number is not
        finite.
        """
        numbers = _checked_rows(rows).astype("<f8") + 0.0  # -0.0 is 0.0
        numbers.setflags(write=False)
        self.rows = numbers
        self.sha256 = hashlib.sha256(numbers.tobytes()).hexdigest()
        self.n_classes = _count_classes(numbers[:, -1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PointTable) and (self.rows.shape, self.sha256) == (other.rows.shape, other.sha256)

    def __hash__(self) -> int:
        return hash((self.rows.shape, self.sha256))

    def __repr__(self) -> str:
        points, numbers = self.rows.shape
        return f"<{points} points of {numbers} numbers, sha256 {self.sha256[:8]}…>"

    def __reduce__(self) -> tuple[type[PointTable], tuple[FloatArray]]:
        return PointTable, (self.rows,)

    @classmethod
    def of(cls, points: Any) -> PointTable:
        """Return the table of ``points``: a PointTable, an array, nested sequences, or the JSON form of a table.

        Raises ValueError like the constructor, and if the JSON form contradicts itself.
        """
        if isinstance(points, PointTable):
            return points
        table = cls(_decode_bytes(points) if isinstance(points, Mapping) else points)
        if isinstance(points, Mapping) and points.get("sha256", table.sha256) != table.sha256:
            raise ValueError("sha256: not that of float64")
        return table

    def _as_json(self, info: SerializationInfo) -> Any:
        """Return the table itself for Python, lists or bytes for JSON, or only shape and checksum for a trace."""
        name = {"shape": list(self.rows.shape), "sha256": self.sha256}
        if info.context is IN_TRACE:
            return name
        if not info.mode_is_json():
            return self
        if self.rows.size <= MOST_SPELLED:
            return self.rows.tolist()
        return {**name, "float64": base64.b64encode(self.rows.tobytes()).decode("ascii")}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.of, serialization=core_schema.plain_serializer_function_ser_schema(cls._as_json, info_arg=True)
        )


def _checked_rows(rows: Any) -> FloatArray:
    """Return the rows as a new array (N, D + 1). Raises ValueError, which names the first unsuitable row."""
    if hasattr(rows, "__array__"):  # NumPy's, torch's
        try:
            rows = np.asarray(rows)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"points cannot be read as an array: {error}") from None
        if rows.ndim != 2:
            raise ValueError(f"an array of points has two axes, (points, numbers), this one has {rows.ndim}")
        widths = [rows.shape[1]] * min(1, len(rows))
        count = rows.size
    else:
        if not _is_sequence(rows) or not all(map(_is_sequence, rows)):
            raise ValueError("points are rows of numbers, such as [[x1, x2, y], ...]")
        widths = [len(row) for row in rows]
        count = sum(widths)
    if not widths or min(widths) < 2:
        raise ValueError("there must be at least one point, each with a feature and a label: (x, y), (x1, x2, y)")
    if (uneven := next((i for i, width in enumerate(widths) if width != widths[0]), None)) is not None:
        raise ValueError(f"point {uneven + 1} has {widths[uneven]} numbers, those before it have {widths[0]}")
    if count > MOST_NUMBERS:
        raise ValueError(f"{len(rows)} points of {widths[0]} numbers are more than {MOST_NUMBERS} numbers")
    try:
        numbers = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = None
    if numbers is None or numbers.ndim != 2:
        raise ValueError(_first_fault(rows))
    infinite = np.argwhere(~np.isfinite(numbers))
    if len(infinite):
        row, place = infinite[0].tolist()
        raise ValueError(f"point {row + 1}, number {place + 1}: {numbers[row, place]} is not a finite number")
    return numbers


def _count_classes(labels: FloatArray) -> int:
    """Return K if the labels are whole numbers from 0 to K - 1 and K is at most `MOST_CLASSES`; else 0."""
    are_classes = np.all((labels >= 0) & (labels < MOST_CLASSES) & (labels == np.floor(labels)))
    return int(labels.max()) + 1 if are_classes else 0


def _first_fault(rows: Sequence[Sequence[Any]]) -> str:
    """Return a message that names the first entry of the rows that is not a number."""
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            try:
                float(entry)
            except (TypeError, ValueError, OverflowError):
                return f"point {i + 1}, number {j + 1}: {str(entry)[:40]!r} is not a number"
    return "points are rows of numbers, such as [[x1, x2, y], ...]"


def _is_sequence(value: Any) -> bool:
    """Return whether ``value`` is a sequence or an array, and no text."""
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def is_shape(value: Any) -> bool:
    """Return whether ``value`` is a pair of positive integers, as in the JSON form of a table."""
    return _is_sequence(value) and len(value) == 2 and all(type(n) is int and n > 0 for n in value)


def _decode_bytes(table: Mapping[str, Any]) -> FloatArray:
    """Return the rows (N, D + 1) of a table that JSON gives by its bytes.

    Raises ValueError if bytes and shape do not fit.
    """
    shape: Any = table.get("shape")
    text = table.get("float64")
    if set(table) - {"sha256"} != {"shape", "float64"} or not is_shape(shape) or not isinstance(text, str):
        raise ValueError('a table of points by its bytes is {"shape": [points, numbers], "float64": base64}')
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"float64: not base64: {error}") from None
    points, numbers = shape
    if len(data) != 8 * points * numbers:
        raise ValueError(f"float64: {len(data)} bytes, {8 * points * numbers} needed for the shape {list(shape)}")
    return np.frombuffer(data, dtype="<f8").reshape(points, numbers)
