"""batches at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.lecture.optimization.batches import Batches

SINGLE = Experiment(dataset=CurveDataset(examples=12), batch_size=5, epochs=1, optimizer="adam", learning_rate=0.01)


def test_batches(frames, look):
    frames(Batches, **look)


def test_batches_of_one_epoch(frames):
    frames(Batches, run=SINGLE, quiz=(10, 3))
