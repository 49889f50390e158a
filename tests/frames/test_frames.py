"""Every scene, at the end of each of its beats, against the picture that was looked at.

The pictures are in snapshots/. ``./run test tests/frames --snapshot-update`` writes them anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.analysis.results import LossByEpoch, Losses, PartLosses, Result
from gradreel.core.datasets import PointsDataset, TwoSpirals
from gradreel.scenes.base import LectureScene
from gradreel.scenes.catalog import find_scenes, load_class
from gradreel.scenes.lecture.experiments import overfitting
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.testing.layout import Bounds
from PIL import Image

FILM = Bounds(dimmed_contrast=4.5, uncrossed=True)  # of the lecture's own film
FEW: dict[str, Any] = {"seeds": (0, 1), "epochs": 3}
SMALL: dict[str, dict[str, Any]] = {  # runs of seconds for scenes whose own take minutes; rounding cannot show
    "width-experiment": {"widths": (0, 10, 100), **FEW},
    "depth-experiment": {"depths": (0, 1, 2, 3, 4), "width": 100, **FEW},
    "overfitting": {"depths": (0, 1, 2, 3, 4), "width": 100, **FEW},
    "forecast": {"depth": 1, "width": 16, "epochs": 20, "first": date(2020, 1, 1)},  # misses the days around the Eve
    "model-selection": {"depths": (0, 1, 3), "width": 8, "seeds": (1, 2), "epochs": 3},
    "summary": {"width": 8, "seeds": (0, 1), "epochs": 12},
}
SPIRALS = PointsDataset(points=TwoSpirals(turns=1, points=30))
OTHER: dict[str, dict[str, Any]] = {  # told as of other data
    "why-deep": {"epochs": 30, "folds": 3, "seeds": (0, 1, 2), "dataset": SPIRALS, "fat": 9, "deep": (4, 4),
                 "learning_rate": 0.05},
}  # fmt: skip
OURS = {  # by hidden layers: losses about as of the lesson's runs, in views, on seen and validation days
    (): (454, 604),
    (10,): (333, 513),
    (100,): (207, 474),
    (100,) * 2: (171, 444),
    (100,) * 3: (158, 436),
    (100,) * 4: (140, 444),
}


@pytest.fixture
def as_of_the_lesson(monkeypatch, name) -> None:
    """Small runs stand for the lesson's; the results of many networks, and the course of one, are roughly its own."""

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
    if name in SMALL:
        monkeypatch.setattr(LectureScene, "other_data", False)
        monkeypatch.setattr(LectureScene, "checked_claims", ())
    if name in ("width-experiment", "depth-experiment", "overfitting"):
        monkeypatch.setattr(NetworksScene, "results", results)
        monkeypatch.setattr(overfitting, "loss_by_epoch", lambda trace, states, also: both)


SCENES = {source.name: source for source in find_scenes()}


@pytest.mark.usefixtures("as_of_the_lesson")
@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
@pytest.mark.parametrize("name", SCENES)
def test_scene(frames, name, lang, theme):
    parameters = SMALL.get(name) or OTHER.get(name)
    frames(load_class(SCENES[name]), parameters=parameters, lang=lang, theme=theme, layout=FILM)


@pytest.fixture(scope="module")
def recording(tmp_path_factory, record_loop) -> Path:
    """Record 240 updates of SGD through the examples in order; return the trace's folder."""
    return record_loop(
        tmp_path_factory.mktemp("recordings") / "sgd",
        lambda parameters: torch.optim.SGD(parameters, lr=0.1),
        240,
        pick=lambda update: torch.arange(update * 7, update * 7 + 16) % 64,
    )


@pytest.mark.parametrize("name", ["gradient-descent", "network"])
def test_recorded_run(frames, recording, name):
    frames(load_class(SCENES[name]), trace=recording, layout=True)


def test_no_beat_of_the_lecture_ends_on_an_empty_picture():
    """Slides wait on these pictures, since a step ends with its beat, before the scene fades out."""
    pictures = sorted(Path(__file__).parent.glob("snapshots/*-en-dark/*.png"))
    assert len(pictures) > 150
    empty = [file for file in pictures if np.ptp(np.asarray(Image.open(file).convert("L"))) < 100]
    assert empty == []


def test_no_picture_of_the_lessons_is_empty():
    pictures = list((Path(__file__).parent / "snapshots").rglob("*.png"))
    ranges = {path: Image.open(path).convert("L").getextrema() for path in pictures}
    assert len(ranges) > 300
    assert [path for path, (darkest, brightest) in ranges.items() if brightest - darkest < 80] == []
