"""The scenes of several networks, at the end of each beat: small ones, a few epochs, so that rounding cannot show."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.results import LossByEpoch, Losses, Result
from gradreel.scenes.lecture import one_run
from gradreel.scenes.lecture.depth_experiment import DepthExperiment
from gradreel.scenes.lecture.experiments import NetworksScene
from gradreel.scenes.lecture.overfitting import Overfitting
from gradreel.scenes.lecture.width_experiment import WidthExperiment

FEW = {"seeds": (0, 1), "epochs": 3}
WIDTHS = {"widths": (0, 10, 100), **FEW}
DEPTHS = {"depths": (0, 1, 2, 3, 4), "width": 100, **FEW}
ALL_DEPTHS = {"depths": (0, 1, 2, 3, 4), "width": 20, **FEW}
OURS = ((208, 400), (52, 520), (27, 471), (25, 438), (23, 429))  # of the default runs, in views: seen, unseen


@pytest.fixture
def ours(monkeypatch):
    """The results of the long runs, whose training would take too long here, and one of them, roughly."""

    def results(self):
        return tuple(
            Result(network, (0, 1), Losses(np.array([a - 0.2, a + 0.2])), Losses(np.array([b - 0.2, b + 0.2])), None)
            for network, (a, b) in zip(self.networks(self.parameters), OURS, strict=True)
        )

    share = np.linspace(0, 1, 60)
    both = LossByEpoch(3 * share, 40 + 700 * np.exp(-9 * share), 335 + 500 * np.exp(-25 * share) + 150 * share)
    monkeypatch.setattr(NetworksScene, "results", results)
    monkeypatch.setattr(one_run, "losses_with_the_least", lambda trace, states: both)


def test_width_experiment(frames, look):
    frames(WidthExperiment, parameters=WIDTHS, **look)


def test_depth_experiment(frames, ours, look):
    frames(DepthExperiment, parameters=DEPTHS, **look)


def test_overfitting(frames, ours, look):
    frames(Overfitting, parameters=DEPTHS, **look)


def test_nothing_overfits(frames):
    frames(Overfitting, parameters=ALL_DEPTHS)


def test_width_experiment_layout(layout):
    layout(WidthExperiment, theme="light", parameters=WIDTHS)


@pytest.mark.parametrize("scene", [DepthExperiment, Overfitting])
@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light"), ("en", "light")])
def test_layout(layout, scene, lang, theme):
    layout(scene, lang=lang, theme=theme, parameters=ALL_DEPTHS)


def test_layout_of_ours(layout, ours):
    layout(Overfitting, theme="light", parameters=DEPTHS)
    layout(DepthExperiment, theme="light", parameters=DEPTHS)
