"""The scenes of several networks, at the end of each beat: small ones, a few epochs, so that rounding cannot show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gradreel.core.analysis.results import LossByEpoch, Losses, PartLosses, Result
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
OURS = {  # by hidden layers: losses about as of the lesson's runs, in views, on seen and validation days
    (): (454, 604),
    (10,): (333, 513),
    (100,): (207, 474),
    (100,) * 2: (171, 444),
    (100,) * 3: (158, 436),
    (100,) * 4: (140, 444),
}


@pytest.fixture
def ours(monkeypatch):
    """The results of the lesson's runs, whose training would take too long here, and one of them, roughly."""

    def results(self):
        found = []
        for network in self.parameters.networks():
            seen, validation = OURS[network.hidden]
            both = PartLosses(*(Losses(np.array([of - 0.2, of + 0.2])) for of in (seen, validation, validation)))
            end = replace(both, training=Losses(np.array([129.0, 131.0]))) if seen < 240 else both
            found.append(Result(network, (0, 1), (2, 2), (2.0, 2.0), both, end, None))
        return tuple(found)

    share = np.linspace(0, 1, 60)
    both = LossByEpoch(3 * share, 100 + 600 * np.exp(-6 * share), 400 + 500 * np.exp(-12 * share) + 60 * share)
    monkeypatch.setattr(LectureScene, "other_data", False)
    monkeypatch.setattr(LectureScene, "checked_claims", ())
    monkeypatch.setattr(NetworksScene, "results", results)
    monkeypatch.setattr(overfitting, "loss_by_epoch", lambda trace, states, also: both)


def test_width_experiment(frames, ours, look):
    frames(WidthExperiment, parameters=WIDTHS, **look)


def test_depth_experiment(frames, ours, look):
    frames(DepthExperiment, parameters=DEPTHS, **look)


def test_overfitting(frames, ours, look):
    frames(Overfitting, parameters=DEPTHS, **look)


def test_overfitting_of_other_data(frames):
    frames(Overfitting, parameters=ALL_DEPTHS, layout=True)
