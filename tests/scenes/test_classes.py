"""The second lesson's scenes on bent planes and shares: what they show is what torch computes of the recorded runs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.losses import softmax
from gradreel.core.point_generators import Blobs, Moons
from gradreel.scenes.lecture.classes.bent_plane import BentPlane
from gradreel.scenes.lecture.classes.classes_summary import ClassesSummary
from gradreel.scenes.lecture.classes.far_away import FarAway
from gradreel.scenes.lecture.classes.line_scene import NEW_DOT, TWO_KINDS
from gradreel.scenes.lecture.classes.pictures.cube_sheet import first_view, seen
from gradreel.scenes.lecture.classes.pictures.line_board import MARK
from gradreel.scenes.lecture.classes.pictures.share_table import whole_percents
from gradreel.scenes.lecture.classes.plane_runs import THREE_KINDS
from gradreel.scenes.lecture.classes.three_classes import ThreeClasses
from gradreel.scenes.mobjects.class_regions import mark_outline
from gradreel.scenes.testing.layout import check_scene
from hypothesis import given
from hypothesis import strategies as st

SIZE = (640, 360)
_POINTS = PointsDataset(points=Moons(points=12, noise=0.1))
_SMALL = partial(Experiment, optimizer="adam", learning_rate=0.1, loss="bce", seed=1)
BENT = _SMALL(dataset=_POINTS, hidden=(3,), epochs=60)
LINE = _SMALL(dataset=_POINTS, hidden=(), epochs=20)
MOONS = {"run": BENT, "line": LINE}


def dots_of(scene):
    """Return where the dots of both classes are on the screen, (24, 2), read from their outlines."""
    outlines = [marks[1].points.reshape(12, -1, 3)[:, 0] for marks in scene.sheet.marks]
    return np.concatenate([first - mark_outline(k, MARK)[0] for k, first in enumerate(outlines)])[:, :2]


def hidden_and_score(run, trace, points):
    """Return what torch makes of points: its three sigmoids and the score."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1)).double()
    model.load_state_dict(trace.state_dict(run.n_updates))
    with torch.no_grad():
        given_points = torch.tensor(points)
        return model[:2](given_points).numpy(), model(given_points)[:, 0].numpy()


def of_the_bent_plane(scene, beat):
    if beat == "train-apart":
        return dots_of(scene)
    if beat.startswith("cut-parts"):
        cut = scene.cut.points[:, 0]
        return dots_of(scene)[:, 0] - cut.mean(), np.ptp(cut)
    return None


def test_the_trained_sheet_lies_in_the_cube_where_torch_puts_it_and_the_cut_is_seen_as_a_line(play, trace_of):
    played = play(BentPlane, of_the_bent_plane, until="back-curve", **MOONS)
    points, trace = _POINTS.features(), trace_of(BENT)
    hidden, score = hidden_and_score(BENT, trace, points)
    np.testing.assert_allclose(played.seen["train-apart"], seen(hidden, first_view()), atol=1e-6)
    away, width = played.seen["cut-parts-all"]
    assert width < 1e-6, "the cut is seen from its edge"
    scale = away @ score / (score @ score)
    assert scale > 0
    np.testing.assert_allclose(away, scale * score, atol=1e-6)
    right = int(((score > 0) == _POINTS.labels()).sum())
    assert f"{right} of 24 dots are on their own side" in played.lines["cut-parts-all"]["en"]


def torch_scores(place):
    """Return a function of a trace: torch's three scores at a place."""
    model = torch.nn.Linear(2, 3).double()

    def of(trace):
        model.load_state_dict(
            {name.split(".")[-1]: value for name, value in trace.state_dict(THREE_KINDS.n_updates).items()}
        )
        with torch.no_grad():
            return model(torch.tensor(np.asarray(place)[None]))[0]

    return of


def of_the_table(scene, beat):
    table = scene.table
    edges = [(bar.points[:, 0].min(), bar.points[:, 0].max()) for bar in table.bars]
    return [number.value for number in table.scores], [number.value for number in table.percents], edges


def test_scores_shares_and_bar_are_those_of_torch_and_the_bar_is_full(play, trace_of):
    played = play(ThreeClasses, of_the_table, until="drag")
    scores = torch_scores((0.1, 0.2))(trace_of(THREE_KINDS))
    shown, percents, edges = played.seen["divide"]
    np.testing.assert_allclose(shown, scores, atol=1e-9)
    shares = torch.softmax(scores, 0).numpy()
    assert np.abs(np.array(percents) - 100 * shares).max() < 1 and sum(percents) == 100
    widths = np.diff(edges, axis=1)[:, 0]
    np.testing.assert_allclose(widths / widths.sum(), shares, atol=1e-6)
    assert [end for _, end in edges[:-1]] == pytest.approx([start for start, _ in edges[1:]])
    frame = played.scene.table.frame
    assert edges[0][0] == pytest.approx(frame.get_left()[0]) and edges[-1][1] == pytest.approx(frame.get_right()[0])
    inside = played.seen["drag"][1]
    assert inside[2] == max(inside) and inside[2] > 90


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=10))
def test_whole_percents_add_up_and_are_off_by_less_than_one(scores):
    shares = softmax(np.array(scores))
    percents = whole_percents(shares)
    assert percents.sum() == 100 and np.abs(percents - 100 * shares).max() < 1 + 1e-9


def test_the_far_dot_has_the_shares_of_torch(play, trace_of):
    played = play(
        FarAway,
        lambda s, beat: ([number.value for number in s.bar.percents], s.regions.view, s.dot.get_center()),
        until="far-whole",
    )
    percents, view, center = played.last
    left, right, bottom, _ = played.scene.regions.box
    place = view.low + (center[:2] - [left, bottom]) / (right - left) * (view.high - view.low)
    shares = torch.softmax(torch_scores(place)(trace_of(THREE_KINDS)), 0).numpy()
    assert percents == whole_percents(shares).tolist() and max(percents) == 100
    points = THREE_KINDS.dataset.features()
    away = np.linalg.norm(points - points.mean(axis=0), axis=1).max()
    assert np.linalg.norm(place - points.mean(axis=0)) == pytest.approx(5 * away)


def test_the_share_is_counted_on_dots_that_were_held_out(play, trace_of):
    played = play(ClassesSummary)
    model = torch.nn.Linear(2, 1).double()
    state = trace_of(TWO_KINDS).state_dict(TWO_KINDS.n_updates)
    model.load_state_dict({name.split(".")[-1]: value for name, value in state.items()})
    with torch.no_grad():
        said = torch.sigmoid(model(torch.tensor(TWO_KINDS.dataset.validation_features()))[:, 0]).numpy()
    kinds = TWO_KINDS.dataset.validation_labels()
    nearest = [row for row in np.argsort(np.abs(said - said[NEW_DOT])) if row != NEW_DOT][:100]
    lines = played.lines
    assert f"gets {round(100 * said[NEW_DOT])} percent" in lines["question"]["en"]
    assert f"{int(kinds[nearest].sum())} of them are triangles" in lines["hundred-as-said"]["en"]
    assert kinds[NEW_DOT] == 0 and "It is a circle" in lines["truth-circle"]["en"]


OTHER_THREE = THREE_KINDS.model_copy(update={"dataset": PointsDataset(points=Blobs(classes=3, points=9)), "epochs": 5})


@pytest.mark.parametrize(("theme", "lang"), [("dark", "en"), ("light", "zh")])
@pytest.mark.parametrize(
    ("scene", "parameters"),
    [(BentPlane, MOONS), (ThreeClasses, {"run": OTHER_THREE, "before": BENT}), (FarAway, {"run": OTHER_THREE}),
     (ClassesSummary, {"moons": BENT, "three": OTHER_THREE})],
    ids=lambda each: each.scene_name() if isinstance(each, type) else "",
)  # fmt: skip
def test_layout(play, scene, parameters, theme, lang):
    assert play(scene, check_scene, theme=theme, lang=lang, size=SIZE, **parameters).findings == []
