"""The scenes of several networks, at the end of each beat: small ones, a few epochs, so that rounding cannot show."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.analysis.results import LossByEpoch, Losses, Result
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.experiments import overfitting
from gradreel.scenes.lecture.experiments.depth_experiment import DepthExperiment
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.lecture.experiments.overfitting import Overfitting
from gradreel.scenes.lecture.experiments.width_experiment import WidthExperiment

FEW = {"seeds": (0, 1), "epochs": 3}
WIDTHS = {"widths": (0, 10, 100), **FEW}
DEPTHS = {"depths": (0, 1, 2, 3, 4), "width": 100, **FEW}
ALL_DEPTHS = {"depths": (0, 1, 2, 3, 4), "width": 20, **FEW}
OURS = {  # by hidden layers: losses about as of the lesson's runs, in views, on seen and unseen days
    (): (208, 400),
    (10,): (149, 429),
    (100,): (52, 520),
    (100,) * 2: (27, 471),
    (100,) * 3: (25, 438),
    (100,) * 4: (23, 429),
}


@pytest.fixture
def ours(monkeypatch):
    """The results of the lesson's runs, whose training would take too long here, and one of them, roughly."""

    def results(self):
        found = []
        for network in self.parameters.networks():
            seen, unseen = OURS[network.hidden]
            losses = (Losses(np.array([loss - 0.2, loss + 0.2])) for loss in (seen, unseen))
            found.append(Result(network, (0, 1), *losses, None))
        return tuple(found)

    share = np.linspace(0, 1, 60)
    both = LossByEpoch(3 * share, 40 + 700 * np.exp(-9 * share), 335 + 500 * np.exp(-25 * share) + 150 * share)
    monkeypatch.setattr(LectureScene, "other_data", False)
    monkeypatch.setattr(NetworksScene, "results", results)
    monkeypatch.setattr(overfitting, "losses_with_the_least", lambda trace, states: both)


def test_width_experiment(frames, ours, look):
    frames(WidthExperiment, parameters=WIDTHS, **look)


def test_depth_experiment(frames, ours, look):
    frames(DepthExperiment, parameters=DEPTHS, **look)


def test_overfitting(frames, ours, look):
    frames(Overfitting, parameters=DEPTHS, **look)


def test_overfitting_of_other_data(frames):
    frames(Overfitting, parameters=ALL_DEPTHS, layout=True)
