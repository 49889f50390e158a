"""The fat and the deep network: what is drawn is what was recorded, and the outcome is told by the numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.core.theta import loss, predict
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_beats
from gradreel.scenes.lecture.why_deep import WhyDeep
from gradreel.scenes.mobjects.match_board import HALF_X, LossPairs
from gradreel.scenes.stills import visit_beats

TINY = (160, 90)
QUICK = {"epochs": 40, "budget": 60, "seeds": (0, 1)}
OTHER = {**QUICK, "seeds": (3, 2)}
EXTREMES = {
    "fewest": {"epochs": 20, "budget": 20, "depth": 6, "seeds": (1, 2)},
    "most": {"epochs": 20, "budget": 5000, "depth": 2, "seeds": tuple(range(10))},
    "a formula": {"epochs": 20, "function": "sin(2*x)", "low": -3, "high": 3, "budget": 60, "seeds": (0, 1)},
}


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for parameters in (QUICK, OTHER, *EXTREMES.values()):
        for run in WhyDeep.experiments(WhyDeep.validated(parameters)).values():
            train(run, folder / "traces")
    return folder


def play(look, media, parameters=QUICK):
    beats = []

    def at_beat(scene, beat):
        beats.append(beat)
        look(scene, beat)

    visit_beats(WhyDeep, at_beat, parameters, SceneContext(media_dir=media), TINY)
    return beats


def ends(media, parameters=QUICK) -> np.ndarray:
    """Last losses by core, (2, S): fat, deep."""
    runs = WhyDeep.match(WhyDeep.validated(parameters))
    return np.array([[_end(media, run) for run in side] for side in (runs.fat, runs.deep)])


def _end(media, run) -> float:
    return float(loss(run, np.asarray(Trace.find(media / "traces", run).parameters[-1])[None])[0])


def drawn(side) -> np.ndarray:
    """(n, 2): x and y of a side's blue curve, read from the picture."""
    return np.array([side.plot.data(point) for point in [*side.blue.get_start_anchors(), side.blue.get_end()]])


@pytest.mark.parametrize("parameters", [QUICK, OTHER], ids=["seed 0", "seed 3"])
@pytest.mark.parametrize(("beat", "row"), [("fair", 0), ("race", -1)])
def test_curves_and_losses_are_the_recorded_ones(media, parameters, beat, row):
    runs = WhyDeep.match(WhyDeep.validated(parameters))

    def look(scene, name):
        if name != beat:
            return
        for side, run in zip(scene.sides, (runs.fat[0], runs.deep[0]), strict=True):
            theta = np.asarray(Trace.find(media / "traces", run).parameters[row])
            x, y = drawn(side).T
            assert y == pytest.approx(predict(run, theta[None], run.dataset.features_at(x))[0], abs=1e-6)
            assert side.loss.text == side.loss.written(float(loss(run, theta[None])[0]))
            assert str(run.n_parameters) in side.count.source

    play(look, media, parameters)


def test_the_exact_sum_is_the_curve(media):
    def look(scene, beat):
        if beat == "name":
            points = [*scene.exact.get_start_anchors(), scene.exact.get_end()]
            x, y = np.array([scene.fat.plot.data(point) for point in points]).T
            assert y == pytest.approx(scene.dataset.curve()(x), abs=1e-6)

    play(look, media)


def test_the_outcome_is_that_of_the_losses(media):
    for parameters in (QUICK, OTHER):
        fat, deep = ends(media, parameters)
        wins = int((deep < fat).sum())
        expected = {0: "seeds-fat", 1: "seeds-even", 2: "seeds-deep"}[wins]
        assert play(lambda scene, beat: None, media, parameters)[-1] == expected


@pytest.mark.parametrize(("fat", "deep", "who"), [
    ([2.0, 2.0, 2.0], [1.0, 1.0, 3.0], "deep"),
    ([1.0, 1.0, 3.0], [2.0, 2.0, 2.0], "fat"),
    ([1.0, 2.0], [2.0, 1.0], "even"),
    ([1.0, 1.0], [1.0, 1.0], "even"),
])  # fmt: skip
def test_who_ends_lower(fat, deep, who):
    assert WhyDeep.outcome(np.array([fat, deep])) == who


def test_a_loss_stands_at_its_height():
    pairs = LossPairs(np.array([1e-1, 1e-3]), np.array([1e-2, 1e-2]), "loss")
    for (_, *dots), logs in zip(pairs.pairs, ((-1, -2), (-3, -2)), strict=True):
        for dot, x, log in zip(dots, (-HALF_X, HALF_X), logs, strict=True):
            assert dot.get_center()[:2] == pytest.approx([x, pairs.height(log)])
    assert pairs.height(-1) > pairs.height(-2) > pairs.height(-3)


def test_a_line_that_falls_is_solid():
    falls, rises = LossPairs(np.array([1e-1, 1e-3]), np.array([1e-2, 1e-2]), "loss").pairs
    assert [len(line.get_subpaths()) == 1 for line, *_ in (falls, rises)] == [True, False]


@pytest.mark.parametrize("parameters", [QUICK, OTHER], ids=["seeds 0, 1", "seeds 3, 2"])
def test_every_run_has_its_dot(media, parameters):
    def look(scene, beat):
        if beat.startswith("seeds"):
            logs = np.log10(ends(media, parameters)).T  # (S, 2)
            for (_, *dots), pair in zip(scene.chart.pairs, logs, strict=True):
                assert [dot.get_center()[1] for dot in dots] == pytest.approx([scene.chart.height(log) for log in pair])

    play(look, media, parameters)


def test_no_loss_at_all_has_a_place():
    assert np.isfinite(LossPairs(np.array([0.0]), np.array([1.0]), "loss").pairs[0][1].get_center()).all()


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_layout_at_the_bounds(media, name, lang, theme):
    assert check_beats(WhyDeep, EXTREMES[name], SceneContext(language=lang, theme=theme, media_dir=media)) == []


@pytest.mark.parametrize(("given", "message"), [
    ({"seeds": [1, 1]}, "seeds: each is wanted once"),
    ({"seeds": [1]}, "why-deep.seeds: .*at least 2"),
    ({"function": "sin(x)"}, "a formula needs low and high"),
    ({"function": "sin(", "low": 0, "high": 1}, "sin"),
    ({"function": "x", "low": 1, "high": 0}, "low"),
    ({"knots": [[1, 0], [0, 1]]}, "x must increase"),
    ({"budget": 19}, "why-deep.budget: .*20"),
])  # fmt: skip
def test_bad_parameters_are_named(given, message):
    with pytest.raises(UserError, match=message):
        WhyDeep.validated(given)
