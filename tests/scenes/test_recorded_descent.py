"""Tests of gradient-descent on a recorded loop: it shows recorded numbers and claims nothing else."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from gradreel.core.analysis.planes import plane_of
from gradreel.core.errors import UserError
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
from gradreel.scenes.lecture.optimization.pictures import descent_map
from gradreel.scenes.lecture.optimization.pictures.descent_map import DescentMap
from gradreel.scenes.lecture.optimization.pictures.descent_path import (
    WIDTHS,
    width_levels,
)
from gradreel.scenes.lecture.optimization.pictures.recorded_descent import LOGGED_BOX, UNLOGGED_BOX
from gradreel.scenes.mobjects.recorded_theta import is_plain_descent
from gradreel.scenes.stills import _drawn_picture
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.narration import Narration


def number(mobject) -> float:
    return float(mobject.text.replace("\u2212", "-").replace("\u2009", ""))


@pytest.fixture(scope="module")
def film(loops, play):
    def look(scene, beat):
        shown = scene.recorded
        return {
            "point": shown.map.surface.coordinates(shown.map.path.marker.get_center()),
            "cells": [number(cell) for cell in shown.strip.numbers],
            "slopes": [number(slope) for slope in shown.slopes.numbers],
            "count": number(shown.readout.count),
            "loss": number(shown.readout.loss),
            "window": shown.history.window,
            "shown": shown.columns.shown,
            "picture": _drawn_picture(scene) if beat == "recorded-walk" else None,
        }

    return play(GradientDescent, look, trace=str(loops / "sgd"))


@pytest.mark.parametrize(("beat", "row"), [("recorded-gradient", 0), ("recorded-walk", 120)])
def test_path_cells_slopes_and_loss_are_the_recorded_ones(film, loops, beat, row):
    trace, seen = Trace.open(loops / "sgd"), film.seen[beat]
    theta, gradient = trace.parameters[row], trace.gradient[min(row, 119)]
    plane = plane_of(trace)
    extent = np.ptp(plane.coordinates(np.asarray(trace.parameters)))
    np.testing.assert_allclose(seen["point"], plane.coordinates(theta), atol=1e-6 * extent)
    np.testing.assert_allclose(seen["cells"], theta[seen["shown"]], atol=0.0051)
    np.testing.assert_allclose(seen["slopes"], gradient[seen["shown"]], atol=0.00051)
    last = trace.batch_loss[max(0, min(row, 119) - seen["window"] + 1) : min(row, 119) + 1]
    assert (seen["count"], seen["loss"]) == (row, pytest.approx(last.mean(), abs=5.1e-4))


def test_nothing_is_claimed_that_the_recording_does_not_hold(film):
    assert all(beat.startswith("recorded-") for beat in film.beats)
    lines = Narration.load().scenes["en"]["gradient-descent"]["beats"]
    said = " ".join(line for beat, line in lines.items() if beat.startswith("recorded-"))
    assert not re.search(r"\b(red|blue|curve we want|landscape|hill)\b", said)


def test_a_landscape_beside_the_trace_is_drawn_and_named(play, record_loop, small_model, tmp_path):
    model = small_model(width=3)
    record_loop(tmp_path / "run", lambda parameters: torch.optim.SGD(parameters, lr=0.1), 40, model=model)
    x = torch.linspace(-2, 2, 64)[:, None]
    trace = Trace.open(tmp_path / "run")

    def loss_of(model):
        return torch.nn.functional.mse_loss(model(x), torch.sin(2 * x))

    trace.compute_landscape(model, loss_of, seconds=0)
    texts = {}

    def look(scene, beat):
        parts = [part for mobject in scene.mobjects for part in mobject.get_family()]
        texts[beat] = " ".join(part.source for part in parts if hasattr(part, "source"))
        return check_scene(scene, beat)

    played = play(GradientDescent, look, until="recorded-start", trace=str(tmp_path / "run"))
    assert played.findings == []
    shown = played.scene.recorded.map
    assert shown.is_known and len(shown.surface.levels) > 3
    known = trace.kept_landscape().path
    at_first_cell = shown.surface.coordinates(shown.surface.at([known.u[4], known.v[4]]))
    np.testing.assert_allclose(at_first_cell, [known.u[4], known.v[4]], rtol=1e-6)
    said = texts["recorded-start"]
    assert "computed, not verified" in said and "not known" not in said


def with_landscape(path, model, record_loop):
    """Record 40 updates, compute the landscape around them, and return the trace."""
    record_loop(path, lambda parameters: torch.optim.SGD(parameters, lr=0.1), 40, model=model)
    x, trace = torch.linspace(-2, 2, 64)[:, None], Trace.open(path)
    trace.compute_landscape(model, lambda model: torch.nn.functional.mse_loss(model(x), torch.sin(2 * x)), seconds=0)
    return trace


def map_of(trace, box):
    return DescentMap(trace, len(trace.kept) - 1, box, lambda rows: np.zeros(len(rows)))


@pytest.mark.parametrize("box", [LOGGED_BOX, UNLOGGED_BOX], ids=["logged", "unlogged"])
def test_a_landscape_covers_the_maps_with_and_without_logged_losses(box, record_loop, small_model, tmp_path):
    assert map_of(with_landscape(tmp_path / "run", small_model(width=3), record_loop), box).is_known


@pytest.mark.parametrize("shift", [0.0, 1e-15, -1e-15, 3e-15, -0.1])
def test_a_landscape_that_ends_where_the_view_ends_is_known_in_spite_of_rounding(
    shift, record_loop, small_model, tmp_path, monkeypatch
):
    trace = with_landscape(tmp_path / "run", small_model(width=3), record_loop)
    known = trace.kept_landscape().path
    view = [np.array([ends[0] + shift * np.ptp(ends), ends[-1] - shift * np.ptp(ends)]) for ends in (known.u, known.v)]
    monkeypatch.setattr(descent_map, "view_around", lambda *_: view)
    assert map_of(trace, LOGGED_BOX).is_known == (shift > -0.01)


@pytest.mark.parametrize(
    ("name", "language", "theme"), [("sgd", "en", "light"), ("adam", "zh", "dark"), ("unlogged", "zh", "light")]
)
def test_the_layout_holds_for_each_kind_of_run(play, loops, name, language, theme):
    played = play(GradientDescent, check_scene, lang=language, theme=theme, trace=str(loops / name))
    assert played.findings == []
    assert played.beats[3:] == ["recorded-update", "recorded-walk", "recorded-end"]


@pytest.mark.filterwarnings("error:::gradreel")
@pytest.mark.parametrize("name", ["overflow", "float64", "nan"])
def test_for_a_diverging_run_the_error_names_the_parameter_to_set(play, broken, name):
    with pytest.raises(UserError, match=r"^gradient-descent\.updates: .* the run went off to infinity") as error:
        play(GradientDescent, trace=str(broken / name))
    updates = int(re.search(r"--set gradient-descent\.updates=(\d+) ", str(error.value))[1])
    trace, found, markers = Trace.open(broken / name), [], []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        shown = scene.recorded
        markers.append(shown.map.surface.coordinates(shown.map.path.marker.get_center()))
        drawn = [line.points for line in shown.map.path.line if len(line.points)]
        markers[-1] = markers[-1], bool(drawn)

    beats = play(GradientDescent, look, trace=str(broken / name), updates=updates).beats
    assert beats[-1] == "recorded-end" and found == []
    plane = plane_of(trace, updates)
    theta = np.asarray(trace.parameters[updates])
    extent = np.ptp(plane.coordinates(np.asarray(trace.parameters[: updates + 1], dtype=float)))
    np.testing.assert_allclose(markers[-1][0], plane.coordinates(theta), atol=1e-6 * extent)
    assert markers[-1][1]  # the path is there


def test_a_run_lost_before_three_updates_has_nothing_to_set(play, broken):
    with pytest.raises(UserError, match="at least 3 updates are shown; a smaller learning rate") as error:
        play(GradientDescent, trace=str(broken / "nan from the start"))
    assert "--set" not in str(error.value)


def test_infinite_updates_do_not_change_the_kind_of_update(broken):
    assert is_plain_descent(Trace.open(broken / "overflow"))


def test_a_recording_with_dropped_states_is_refused(tmp_path, small_model):
    model = small_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "few", keep={"every": 5}):
        for _ in range(20):
            optimizer.zero_grad()
            model(torch.ones(1, 1)).sum().backward()
            optimizer.step()
    with pytest.raises(UserError, match="every update"):
        GradientDescent.validated({"trace": str(tmp_path / "few")})


def test_a_single_parameter_has_no_plane(tmp_path):
    weight = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(3.0))])
    optimizer = torch.optim.SGD(weight.parameters(), lr=0.1)
    with record(weight, optimizer, tmp_path / "one"):
        for _ in range(5):
            optimizer.zero_grad()
            (weight[0] ** 2).backward()
            optimizer.step()
    with pytest.raises(UserError, match="two parameters at least"):
        GradientDescent.validated({"trace": str(tmp_path / "one")})


def test_several_optimizers_are_all_named(play, tmp_path):
    torch.manual_seed(0)
    both = torch.nn.ModuleDict({"generator": torch.nn.Linear(2, 1), "discriminator": torch.nn.Linear(1, 1)})
    optimizers = [
        torch.optim.SGD(both["discriminator"].parameters(), lr=0.1),
        torch.optim.Adam(both["generator"].parameters(), lr=0.01),
    ]
    with record(both, optimizers, tmp_path / "gan") as recording:
        for update in range(40):
            score = both["discriminator"](both["generator"](torch.randn(8, 2)))
            loss = torch.nn.functional.softplus(score if update % 2 else -score).mean()
            optimizers[update % 2].zero_grad()
            loss.backward()
            optimizers[update % 2].step()
            recording.log(loss=loss.item())
    sources, found = [], []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        sources.extend(getattr(mobject, "source", "") for mobject in scene.mobjects)

    assert "recorded-update" in play(GradientDescent, look, trace=str(tmp_path / "gan")).beats
    assert any("the optimizer’s step" in source for source in sources)
    assert not any("eta thin bold(g)" in source and "arrow.l" in source for source in sources)
    assert found == []


def halve_a_weight(model):
    with torch.no_grad():
        next(model.parameters())[0] *= 0.9


@pytest.mark.parametrize(
    ("optimizer", "after", "plain"),
    [
        (lambda p: torch.optim.SGD(p, lr=0.1), None, True),
        (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), None, False),
        (lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01), None, False),
        (lambda p: torch.optim.SGD(p, lr=0.1), halve_a_weight, False),
        (lambda p: torch.optim.RMSprop(p, lr=0.01), None, False),
    ],
    ids=["sgd", "momentum", "weight decay", "meddled with", "rmsprop"],
)
def test_minus_eta_g_is_shown_only_for_plain_descent(tmp_path, record_loop, optimizer, after, plain):
    path = record_loop(tmp_path / "run", optimizer, updates=12, after_step=after or (lambda model: None))
    assert is_plain_descent(Trace.open(path)) is plain


def test_names_are_those_of_the_model(loops, small_model):
    run = Trace.open(loops / "sgd").run
    names = [
        name + (f"[{','.join(map(str, place))}]" if place else "")
        for name, tensor in small_model().named_parameters()
        for place in np.ndindex(*tensor.shape)
    ]
    assert [run.entry_name(index) for index in range(run.n_parameters)] == names
    with pytest.raises(IndexError):
        run.entry_name(run.n_parameters)


def test_the_path_is_as_wide_as_the_loss_was_high():
    assert list(width_levels(np.array([10.0, 8.0, 5.0, 3.0, 1.0, np.nan]))) == [4, 3, 2, 1, 0, 0]
    assert list(width_levels(np.geomspace(1, 1e-4, 5))) == [4, 3, 2, 1, 0]
    assert list(width_levels(np.array([2.0, 2.0]))) == [0, 0]
    assert width_levels(np.array([np.inf, 1.0, 2.0]))[0] == len(WIDTHS) - 1
