"""Converts values that a loop logs to plain numbers. Other values raise a `NotKeptError` with their name."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch
from gradreel.core.arrays import IntArray
from gradreel.core.trace.recorded_run import METRIC_NAME, is_metric_name

_MOST_SHOWN = 60  # characters of a value in a message
_MOST_EPOCHS = 2**31


class NotKeptError(Exception):
    """A logged value cannot be kept. ``name`` is its name; the message says why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not kept: {why}")
        self.name = name


def as_number(name: str, value: Any) -> float:
    """Return a number, also from a tensor, array or list with exactly one. Raises NotKeptError for anything else.

    Examples
    --------
    >>> as_number("loss", [2]), as_number("loss", torch.tensor([[0.5]]))
    (2.0, 0.5)
    """
    entry = _only_entry(name, value)
    if isinstance(entry, (str, bytes, bytearray)) or entry is None:
        raise NotKeptError(name, f"it is {_value_text(value)}, and a number is needed")
    try:
        return float(entry)
    except OverflowError:
        raise NotKeptError(name, f"{_value_text(value)} is too large for a float64") from None
    except Exception:  # a user's __float__ may raise anything
        raise NotKeptError(name, f"it is {_value_text(value)}, and a number is needed") from None


def as_whole_number(name: str, value: Any, end: int, more: str = "") -> int:
    """Return a whole number from 0 to ``end`` - 1; a float with a whole value counts. Raises NotKeptError for others.

    ``more`` is appended to the message for values that are no whole number.
    """
    entry = _only_entry(name, value)
    try:
        if isinstance(entry, (float, np.floating)) and entry == int(entry):
            entry = int(entry)
        whole = operator.index(entry)
    except Exception:
        raise NotKeptError(name, f"it is {_value_text(value)}, and a whole number is needed{more}") from None
    if not 0 <= whole < end:
        raise NotKeptError(name, f"it is {_value_text(value)}, and a number from 0 to {end - 1} is needed")
    return whole


def epoch_number(value: Any) -> int:
    """Return the epoch, counted from 0. Raises NotKeptError for anything but a whole number below 2**31."""
    return as_whole_number("epoch", value, _MOST_EPOCHS, '; log({"epoch": ...}) keeps it as a metric')


def example_numbers(value: Any) -> IntArray:
    """Return a copy of the indices of a batch's examples, (B,); an array of more dimensions is flattened.

    Raises NotKeptError for a single number, and for entries that are no whole numbers. An empty array may have
    any type.
    """
    try:
        # A copy: torch refuses to resize a tensor after numpy()
        is_tensor = isinstance(value, torch.Tensor)
        numbers = value.detach().to("cpu", copy=True).numpy() if is_tensor else np.asarray(value)
    except Exception:
        raise NotKeptError("batch", f"it is {_value_text(value)}, and the numbers of its examples are needed") from None
    if numbers.ndim == 0:
        raise NotKeptError(
            "batch",
            f"it is {_value_text(value)}, and the indices of the batch's examples are needed, such as [4, 7]; log the "
            "number of a batch as a metric: log(batch_number=...)",
        )
    entries = numbers.reshape(-1)
    if len(entries) and not np.issubdtype(entries.dtype, np.integer):
        raise NotKeptError("batch", f"it holds {entries.dtype}, and the numbers of the examples are needed")
    return entries.astype(np.int64)


def metric_name(key: Any) -> str:
    """Return the name of a metric as text. Raises NotKeptError if it cannot be printed, is empty or too long."""
    try:
        name = str(key)
    except Exception:
        raise NotKeptError(f"a metric named by a {type(key).__name__}", f"its name must be {METRIC_NAME}") from None
    if not is_metric_name(name):
        raise NotKeptError(ascii(name[:50]), f"the name of a metric has {METRIC_NAME}")
    return name


def _only_entry(name: str, value: Any) -> Any:
    """Return the one number in a tensor, an array, a list or a tuple; any other value as it is.

    Raises NotKeptError for a tensor or an array with more or fewer entries.
    """
    if isinstance(value, (list, tuple)) and len(value) == 1 and not isinstance(value[0], (list, tuple)):
        value = value[0]
    if isinstance(value, (torch.Tensor, np.ndarray)):
        try:
            if np.prod(value.shape) != 1:
                raise NotKeptError(name, f"its shape is {tuple(value.shape)}; one number is kept, such as its mean()")
            return value.item()
        except RuntimeError:  # on the meta device, say
            raise NotKeptError(name, f"it is {_value_text(value)}, and a number is needed") from None
    return value


def _value_text(value: Any) -> str:
    """Return a value in a few words for a message. It never raises, whatever the value's own repr does."""
    try:
        large = isinstance(value, int) and value.bit_length() > 1000
        text = f"a number of {value.bit_length()} bits" if large else repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
