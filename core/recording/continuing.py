"""Finds the earlier run that a recording continues, or says by name why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gradreel.core.errors import UserError
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.row_writer import plain_bytes
from gradreel.core.trace.earlier_run import EarlierRun, earlier_runs
from numpy.typing import NDArray

_COMPARED = 8  # entries of theta that are compared first, to find a state among many


def earlier_run_of(recorded: RecordedModel, path: Path, every: int) -> EarlierRun | None:
    """Return the longest recorded run at ``path`` or in ``<path>.interrupted`` whose last state the model has.

    Returns None if there is no run at all. ``every`` says how many updates lead from one kept state to the next.

    Raises
    ------
    UserError
        If none of the runs on disk can be continued. The message names the first difference of each from the model.
    """
    runs, errors = earlier_runs(path)
    reasons = []
    for earlier in runs:
        difference = next(_differences(recorded, earlier, every), None)
        if difference is None:
            earlier.refuse_damaged()
            return earlier
        reasons.append(f"{earlier.path} ({_updates_text(earlier.run.updates)}): {difference}")
    reasons += map(str, errors)
    if not reasons:
        return None
    raise UserError(
        f"record cannot resume: {'; '.join(reasons[:3])}. Mend that, or record to another path, without resume=True"
    )


def _differences(recorded: RecordedModel, earlier: EarlierRun, every: int) -> Iterator[str]:
    """Yield what keeps a run from being continued with this model and its optimizers, as texts for a message."""
    if every != earlier.run.kept_every:
        keep = '"every update"' if earlier.run.kept_every == 1 else f'{{"every": {earlier.run.kept_every}}}'
        yield f"it was recorded with keep={keep}; give record the same"
    yield from recorded.differences_from(earlier.run)
    state, last_state = _theta(recorded, earlier), earlier.last_state
    entry = _first_difference(state, last_state)
    updates = earlier.run.updates
    if entry is not None:
        kept = _kept_state_like(earlier, state)
        found = f"{earlier.run.entry_name(entry)} is {state[entry]}, after {updates} updates it was {last_state[entry]}"
        if kept is not None:
            found = f"the model has the state after {_updates_text(kept)}, not that after {updates}"
        advice = f'load the last state: model.load_state_dict(Trace.open("{earlier.path}").state_dict({updates}))'
        yield f"{found}; {advice}, and the optimizer's state_dict() of then"
    for i, (tensor, data) in enumerate(zip(earlier.run.tensors, earlier.tensors_at(earlier.last_row), strict=True)):
        if tensor.frozen and not np.array_equal(plain_bytes(recorded.untrained.tensor(i)), data):
            yield f"{tensor.name} is frozen, and has other numbers than after {updates} updates; load that state"


def _theta(recorded: RecordedModel, earlier: EarlierRun) -> NDArray[Any]:
    """Return the model's theta as a row of the column, (P,)."""
    parts = [tensor.detach().reshape(-1).to("cpu", recorded.dtype) for tensor in recorded.state()]
    return np.concatenate([plain_bytes(part) for part in parts]).view(earlier.last_state.dtype)


def _first_difference(a: NDArray[Any], b: NDArray[Any]) -> int | None:
    """Return the first entry whose bits differ, of two vectors of equal length and dtype; None if there is none."""
    bits = f"i{a.itemsize}"
    differing = a.view(bits) != b.view(bits)
    return int(differing.argmax()) if differing.any() else None


def _kept_state_like(earlier: EarlierRun, state: NDArray[Any]) -> int | None:
    """Return after how many updates the run had exactly this state, the last such number; None if it never had."""
    states = earlier.columns["parameters"]
    rows = np.flatnonzero((states[:, :_COMPARED] == state[:_COMPARED]).all(axis=1))
    for row in reversed(rows.tolist()):
        if _first_difference(states[row], state) is None:
            return int(earlier.columns["kept"][row])
    return None


def _updates_text(updates: int) -> str:
    """Return a number of updates in words."""
    return "1 update" if updates == 1 else f"{updates} updates"
