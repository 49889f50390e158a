"""RunData, the base class of plain data that describe a training run, and the rule for fields that are added later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

IN_TRACE = {"place": "trace"}
"""The context of pydantic's validation and serialization for a run that is described in ``meta.json``."""


@dataclass(frozen=True)
class Absent:
    """Marks a field that was added later: ``weight_decay: Annotated[float, Absent(0.0)] = 0.0``.

    ``value`` is the setting that runs had before the field existed. It never changes, even if the field's default does.
    A field with this value does not enter the digest, so old digests stay valid. A trace that does not name the field
    is read with this value.

    Every field that is added needs this mark. Fields without it always enter the digest.
    """

    value: Any


class RunData(BaseModel):
    """Base class of plain, frozen data that describe a training run or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _fill_absent_fields(cls, values: Any, info: ValidationInfo) -> Any:
        """Give each field that a trace does not name the value of its `Absent`.

        Raises ValueError if such a field has no mark. Data from elsewhere are returned unchanged.
        """
        if info.context is not IN_TRACE or not isinstance(values, Mapping):
            return values
        completed = dict(values)
        for name, field in cls.model_fields.items():
            if completed.keys().isdisjoint({name, field.alias}):
                marks = [mark for mark in field.metadata if isinstance(mark, Absent)]
                if not marks:
                    raise ValueError(f"{field.alias or name} is missing")
                completed[name] = marks[0].value
        return completed

    def described(self) -> dict[str, Any]:
        """Return the data as ``meta.json`` has them: JSON of every field, with a table given by its shape and
        checksum.
        """
        return self.model_dump(mode="json", context=IN_TRACE)

    def digest_of(self, version: int) -> str:
        """Return 32 hexadecimal digits: a digest of the format's version and of all fields that are not absent."""
        text = json.dumps(
            [version, _without_absent_fields(self, self.described())], sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def without_large_tables(plain: Any) -> Any:
    """Return JSON data with each large table replaced by its shape and checksum, for reading or comparing.

    Examples
    --------
    >>> without_large_tables({"points": {"shape": [2, 3], "sha256": "ab", "float64": "AAAA"}})
    {'points': {'shape': [2, 3], 'sha256': 'ab'}}
    """
    if isinstance(plain, Mapping):
        kept = {"shape", "sha256"} if plain.keys() == {"shape", "sha256", "float64"} else plain.keys()
        return {name: without_large_tables(part) for name, part in plain.items() if name in kept}
    return plain


def _without_absent_fields(value: Any, described: Any) -> Any:
    """Return ``described`` without the fields that have the value of their `Absent`, at every level."""
    if isinstance(value, tuple) and any(isinstance(part, RunData) for part in value):
        return [_without_absent_fields(part, shown) for part, shown in zip(value, described, strict=True)]
    if not isinstance(value, RunData):
        return described
    present = {}
    for name, field in type(value).model_fields.items():
        part = getattr(value, name)
        if not any(isinstance(mark, Absent) and mark.value == part for mark in field.metadata):
            key = field.alias or name
            present[key] = _without_absent_fields(part, described[key])
    return present
