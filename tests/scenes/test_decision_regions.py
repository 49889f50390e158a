"""decision-regions: colours, rings and numbers are those of the recorded states, for runs of ours and for anybody's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import accuracy_on
from gradreel.core.point_generators import Blobs, Moons
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.any_run.decision_regions import DecisionRegions
from gradreel.scenes.mobjects.class_regions import SURENESS
from gradreel.scenes.stills import _drawn_picture
from gradreel.scenes.testing.layout import check_scene

SIZE = (640, 360)


def run_of(classes, loss, epochs=30, **settings):
    data = PointsDataset(
        points=Blobs(classes=classes, points=12, noise=0.35), validation=Blobs(classes=classes, points=5, seed=1)
    )
    common = {"hidden": (6,), "activation": "relu", "optimizer": "adam", "learning_rate": 0.05, "seed": 2}
    return Experiment(dataset=data, loss=loss, epochs=epochs, **common | settings)


RUN = run_of(3, "ce")
TWO = run_of(2, "bce", epochs=10)


def colors_at(scene, places):
    """Return the colours, (n, 3) of 0 to 255, of the regions alone at places (n, 2) of the plane."""
    marks = scene.regions.marks
    scene.remove(marks)
    picture = np.asarray(_drawn_picture(scene))
    scene.add(marks)
    at = scene.regions.at(places)
    height, width = picture.shape[:2]
    column = ((at[:, 0] / 14.2222 + 0.5) * width).astype(int)
    row = ((0.5 - at[:, 1] / 8) * height).astype(int)
    return picture[row, column, :3].astype(float)


def shown_answers(scene, places):
    """Return the class and the degree of sureness, (n,) each, that the picture shows at places (n, 2)."""
    shades = [[band.get_fill_color().to_rgb() for band in bands] for bands in scene.regions.bands]
    colors = 255 * np.array(shades).reshape(-1, 3)
    nearest = np.linalg.norm(colors_at(scene, places)[:, None] - colors, axis=-1).argmin(axis=1)
    return np.divmod(nearest, len(SURENESS) + 1)


def torch_answers(model, places):
    """Return class and degree of sureness, (n,) each, by torch; -1 near a border between degrees or classes."""
    with torch.no_grad():
        said = model(torch.tensor(places, dtype=next(model.parameters()).dtype))
    said = torch.cat([torch.zeros_like(said), said], 1) if said.shape[1] == 1 else said
    p = torch.softmax(said, 1).numpy()
    ordered = np.sort(p, axis=1)
    near = (ordered[:, -1] - ordered[:, -2] < 0.05) | (np.abs(ordered[:, -1:] - SURENESS) < 0.02).any(axis=1)
    degree = (ordered[:, -1:] >= SURENESS).sum(axis=1)
    return np.where(near, -1, p.argmax(axis=1)), np.where(near, -1, degree)


def network_of(run, trace, update):
    outputs = 1 if run.loss == "bce" else run.n_outputs
    model = torch.nn.Sequential(torch.nn.Linear(2, 6), torch.nn.ReLU(), torch.nn.Linear(6, outputs)).double()
    model.load_state_dict(trace.state_dict(update))
    return model


@pytest.fixture
def places():
    """Random places near the points, of which none is at a picture's edge."""
    return np.random.default_rng(3).uniform(-1.2, 1.2, (300, 2))


@pytest.mark.parametrize(("run", "theme"), [(RUN, "dark"), (TWO, "light")], ids=["ce", "bce"])
def test_each_place_has_the_colour_of_the_class_that_torch_finds_most_probable(play, trace_of, places, run, theme):
    seen = play(DecisionRegions, lambda s, beat: shown_answers(s, places), run=run, theme=theme, size=SIZE).seen
    for beat, update in (("start", 0), ("walk", run.epochs)):
        label, degree = torch_answers(network_of(run, trace_of(run), update), places)
        clear = label >= 0
        assert clear.sum() > 100
        same = (seen[beat][0] == label) & (seen[beat][1] == degree)
        assert same[clear].mean() > 0.97  # a pixel at a border may have the other side's colour


def test_numbers_are_the_recorded_loss_and_the_share_of_right_answers(play, trace_of):
    def numbers(scene, beat):
        return {panel.series.name: panel.number.text for panel in scene.panels.panels}

    shown, states = play(DecisionRegions, numbers, run=RUN).last, trace_of(RUN).parameters
    data = RUN.dataset
    right = accuracy_on(RUN, states[-1], data.features(), data.labels())
    held_out = accuracy_on(RUN, states[-1], data.validation_features(), data.validation_labels())
    assert float(shown["accuracy"]) == pytest.approx(right, abs=5.1e-4)
    assert float(shown["validation accuracy"]) == pytest.approx(held_out, abs=5.1e-4)
    assert "loss" in shown


def test_rings_are_around_the_points_with_a_wrong_answer(play, trace_of):
    run = run_of(3, "ce", epochs=3)
    played = play(DecisionRegions, lambda s, beat: None, run=run)
    label = network_of(run, trace_of(run), 3)(torch.tensor(run.dataset.features())).argmax(1).numpy()
    wrong = run.dataset.features()[label != run.dataset.labels()]
    assert len(wrong)
    rings = np.array([ring.get_center() for ring in played.scene.rings])
    np.testing.assert_allclose(rings, played.scene.regions.at(wrong), atol=1e-6)
    assert f"There are {len(wrong)} of them" in played.lines["wrong"]["en"]


def test_between_two_recorded_states_logits_lie_on_the_line_and_the_counter_does_not(play):
    def between(scene, beat):
        scene._show(4.25)
        a, b = scene.plane.on_grid(4), scene.plane.on_grid(5)
        np.testing.assert_allclose(scene._logits_between(4, 0.25), 0.75 * a + 0.25 * b, atol=1e-12)
        return scene.counter[1].text

    assert play(DecisionRegions, between, run=RUN, until="start").last == "4"


MANY = [
    (run_of(10, "ce", 2), "zh", "light"),
    (Experiment(dataset=PointsDataset(points=Moons(points=900)), loss="bce", epochs=2, hidden=()), "en", "dark"),
]


@pytest.mark.parametrize(("run", "lang", "theme"), MANY, ids=["ten classes", "many points"])
def test_layout_with_many_classes_and_points(play, run, lang, theme):
    findings = play(DecisionRegions, check_scene, run=run, lang=lang, theme=theme, size=SIZE).findings
    assert findings == []


def test_of_many_points_some_are_drawn_and_the_picture_says_so(play, words_on):
    said = play(DecisionRegions, lambda s, beat: words_on(s), run=MANY[1][0]).seen["start"]
    assert "600 of 1\u2009800 points are drawn" in said


def test_a_run_that_diverges_is_shown_as_far_as_its_answers_are_numbers(play, trace_of, rewritten, tmp_path, words_on):
    trace = trace_of(RUN)
    lost = np.array(trace.parameters)
    lost[20:] = np.nan
    media_dir = rewritten(trace, tmp_path, parameters=lost)
    played = play(DecisionRegions, lambda s, beat: words_on(s), run=RUN, media_dir=media_dir)
    assert "shown up to update 19 of 30" in played.seen["start"]
    lost[:] = np.inf
    with pytest.raises(UserError, match="before the first update"):
        play(DecisionRegions, run=RUN, media_dir=rewritten(trace, tmp_path / "all", parameters=lost))


# -- a loop of somebody's own ------------------------------------------------------------------------------------------


def own_model():
    torch.manual_seed(1)
    nn = torch.nn
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 3))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The trace of a loop around a model with batch normalisation and dropout, with its answers."""
    rows = RUN.dataset.rows()
    x, y = torch.tensor(rows[:, :2], dtype=torch.float32), torch.tensor(rows[:, 2]).long()
    model, path = own_model(), tmp_path_factory.mktemp("own") / "run"
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    with record(model, optimizer, path) as recording:
        for _ in range(20):
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.log(loss=loss)
    trace = Trace.open(path)
    trace.decision_regions(model, x, y)
    return trace


def test_a_recorded_run_has_the_colours_of_its_model_in_evaluation_mode(play, own, places):
    seen = play(DecisionRegions, lambda s, beat: shown_answers(s, places), trace=str(own.path), size=SIZE).seen
    for beat, update in (("start", 0), ("walk", 20)):
        model = own_model()
        model.load_state_dict(own.state_dict(update))
        label, degree = torch_answers(model.eval(), places)
        clear = label >= 0
        same = (seen[beat][0] == label) & (seen[beat][1] == degree)
        assert clear.sum() > 60 and same[clear].mean() > 0.97


def test_layout_of_a_recorded_run(play, own):
    assert play(DecisionRegions, check_scene, trace=str(own.path), theme="light", size=SIZE).findings == []


# -- what it cannot show -----------------------------------------------------------------------------------------------


def test_a_recording_without_answers_is_told_what_to_call(loops):
    with pytest.raises(UserError, match=r"decision_regions\(model, points, labels\)"):
        DecisionRegions.validated({"trace": str(loops / "sgd")})
