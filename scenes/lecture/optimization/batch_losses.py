"""Examples in batches: how many updates an epoch has, and the losses of batches beside those over all examples."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace


def updates_in_an_epoch(examples: int, batch_size: int) -> int:
    """Batches of ``batch_size`` that ``examples`` fill; the last one may be smaller."""
    return -(-examples // batch_size)


def whole_losses(trace: Trace, updates: int) -> FloatArray:
    """(updates,): the loss over all examples before each of the first updates, in the run's own unit.

    Beside ``trace.batch_loss[:updates]``, the losses of their batches at the same thetas. TraceError unless the states
    were kept.
    """
    rows = [trace.row(update) for update in range(updates)]
    return np.asarray(loss(trace.experiment, np.asarray(trace.parameters[rows])))
