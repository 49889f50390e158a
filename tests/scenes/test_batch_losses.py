"""Batches in an epoch, and the loss over all examples beside theirs."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, loss_on
from gradreel.core.network.training import train
from gradreel.scenes.lecture.optimization.pictures.batch_losses import whole_losses

RUN = Experiment(batch_size=10, epochs=3)  # 81 examples


def test_whole_losses_are_those_of_the_states_that_the_batches_saw(tmp_path):
    trace = train(RUN, tmp_path)
    whole = whole_losses(trace, 20)
    np.testing.assert_array_equal(whole, loss(RUN, trace.parameters[:20]))
    features, labels = RUN.dataset.features(), RUN.dataset.labels()
    for update in range(20):  # and the batch loss is that of the same state, on the examples of the batch
        chosen = trace.examples(update)
        batch = loss_on(RUN, trace.parameters[update], features[chosen], labels[chosen])
        assert trace.batch_loss[update] == pytest.approx(float(batch), rel=1e-12)


def test_states_that_were_not_kept_have_no_loss(tmp_path):
    trace = train(RUN.model_copy(update={"keep": Experiment(keep={"every": 5}).keep}), tmp_path)
    with pytest.raises(TraceError, match="was not kept"):
        whole_losses(trace, 3)
