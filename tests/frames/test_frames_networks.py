"""network-diagram, backprop and network at the end of each of their beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes.lecture.any_run.network import Network
from gradreel.scenes.lecture.deep.backprop import Backprop
from gradreel.scenes.lecture.networks.network_diagram import NetworkDiagram
from gradreel.scenes.lecture.runs import THREE_DAYS

FIVE = Experiment.model_validate(
    {**THREE_DAYS.model_dump(), "dataset": DailyViews(window=5), "hidden": (5,), "activation": "relu", "epochs": 2}
)
WIDE = Experiment(
    dataset=DailyViews(), hidden=(100,) * 3, activation="relu", optimizer="adam", learning_rate=0.001, batch_size=64,
    epochs=1, loss="mae", keep={"every": 4},
)  # fmt: skip


def test_network_diagram(frames, look):
    frames(NetworkDiagram, **look)


def test_network_diagram_of_five_features(frames):
    frames(NetworkDiagram, run=FIVE)


def test_backprop(frames, look):
    frames(Backprop, **look)


def test_network(frames, look):
    frames(Network, **look)


def test_network_of_wide_layers(frames):
    frames(Network, run=WIDE)


def test_network_of_a_recorded_run(frames, recordings):
    frames(Network, trace=recordings / "sgd", layout=True)
