"""Answers in the plane: of a trained run from its formulas, of a recorded one from the user's own model."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from gradreel.core.analysis.class_plane import GRID, PlaneView, TrainedPlane, lead, log_odds
from gradreel.core.analysis.recorded_plane import NOTE, NUMBERS, RecordedPlane
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.point_generators import Blobs, Moons
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

ROWS = PointsDataset(points=Blobs(classes=3, points=8, noise=0.3)).rows()
POINTS, LABELS = torch.tensor(ROWS[:, :2], dtype=torch.float32), torch.tensor(ROWS[:, 2]).long()


def classifier(outputs=3):
    torch.manual_seed(5)
    nn = torch.nn
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, outputs))


def recorded(path, model, updates=5):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    with record(model, optimizer, path) as recording:
        for _ in range(updates):
            said = model(POINTS)
            one = said.shape[1] == 1
            loss = said.square().mean() if one else torch.nn.functional.cross_entropy(said, LABELS)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.log(loss=loss)
    return Trace.open(path)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Return a model, the trace of its recorded run with decision regions, and what computing these changed."""
    model = classifier()
    trace = recorded(tmp_path_factory.mktemp("plane") / "run", model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random = torch.random.get_rng_state()
    trace.decision_regions(model, POINTS, LABELS)
    changed = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
    changed += [] if torch.equal(torch.random.get_rng_state(), random) else ["random state"]
    changed += [] if model.training else ["training mode"]
    return model, trace, changed


@pytest.fixture
def copied(answered, tmp_path):
    """A copy of that trace, to be damaged."""
    return Trace.open(shutil.copytree(answered[1].path, tmp_path / "copy"))


LOGITS = arrays(float, st.tuples(st.integers(1, 3), st.integers(2, 6)), elements=st.floats(-300, 300))


@given(LOGITS)
def test_log_odds_are_those_of_the_softmax(logits):
    p = torch.softmax(torch.tensor(logits), -1)
    np.testing.assert_allclose(torch.sigmoid(torch.tensor(log_odds(logits))), p, atol=1e-9)


@given(LOGITS)
def test_the_class_that_leads_has_the_largest_logit(logits):
    ahead = lead(logits)
    alone = np.sort(logits, -1)[:, -1] > np.sort(logits, -1)[:, -2]
    assert ((ahead > 0).sum(-1) == alone).all()
    assert (ahead.argmax(-1) == logits.argmax(-1))[alone].all()


@pytest.mark.parametrize(("loss", "classes"), [("bce", 2), ("ce", 4)])
def test_a_trained_run_answers_as_the_torch_network_of_its_state(tmp_path, loss, classes):
    data = PointsDataset(points=Blobs(classes=classes, points=6))
    trace = train(Experiment(dataset=data, hidden=(3,), activation="relu", loss=loss, epochs=3), tmp_path)
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1 if loss == "bce" else 4))
    network.double().load_state_dict(trace.state_dict(2))
    plane = TrainedPlane(trace)
    low, high = plane.view.low, plane.view.high
    corner = torch.tensor(np.array([high[0], low[1]]))
    said = network(corner).detach().numpy()
    expected = [0.0, said[0]] if loss == "bce" else said
    np.testing.assert_allclose(plane.on_grid(2)[0, -1], expected, rtol=1e-6)
    np.testing.assert_allclose(
        plane.at_points(2)[:, -1], network(torch.tensor(plane.points)).detach()[:, -1], rtol=1e-6
    )


def test_a_recorded_model_answers_as_its_state_dict_does_in_evaluation_mode(answered):
    _, trace, _ = answered
    plane, again = RecordedPlane(trace), classifier()
    places = torch.tensor(plane.view.grid(), dtype=torch.float32)
    for state, update in enumerate(plane.updates):
        again.load_state_dict(trace.state_dict(int(update)))
        again.eval()
        with torch.no_grad():
            np.testing.assert_allclose(plane.at_points(state), again(POINTS), atol=1e-5)
            np.testing.assert_allclose(plane.on_grid(state).reshape(GRID * GRID, 3), again(places), atol=1e-5)
    assert plane.updates.tolist() == [0, 1, 2, 3, 4, 5] and plane.labels.tolist() == LABELS.tolist()


def test_the_values_of_hidden_layers_are_what_the_next_linear_layer_takes(answered):
    model, trace, _ = answered
    plane = RecordedPlane(trace)
    layers = plane.layers_at(5)
    (hidden,), weights, bias = layers.values, layers.weights, layers.bias
    model.load_state_dict(trace.state_dict(5))
    places = torch.tensor(np.concatenate([plane.points, plane.view.sheet()]), dtype=torch.float32)
    with torch.no_grad():
        np.testing.assert_allclose(hidden, model.eval()[:4](places), atol=1e-5)
        np.testing.assert_allclose(hidden @ weights.T + bias, model(places), atol=1e-4)


def test_model_and_random_state_stay_as_they_were(answered):
    assert answered[2] == []


def test_a_trace_with_answers_is_replaced_as_a_whole_by_the_next_recording(copied):
    trace = recorded(copied.path, classifier(), updates=6)
    assert trace.n_updates == 6 and not (trace.path / NOTE).exists()


def test_probabilities_count_as_their_logarithms(tmp_path):
    model = torch.nn.Sequential(classifier(), torch.nn.Softmax(-1))
    trace = recorded(tmp_path / "run", model, 2)
    trace.decision_regions(model, POINTS, LABELS)
    plane = RecordedPlane(trace)
    model.load_state_dict(trace.state_dict(2))
    with torch.no_grad():
        np.testing.assert_allclose(np.exp(plane.at_points(2)), model.eval()(POINTS), atol=1e-5)


def test_of_a_model_with_a_log_softmax_at_its_end_the_linear_layer_before_it_is_kept(tmp_path):
    model = torch.nn.Sequential(classifier(), torch.nn.LogSoftmax(-1))
    trace = recorded(tmp_path / "run", model, 2)
    trace.decision_regions(model, POINTS, LABELS)
    layers = RecordedPlane(trace).layers_at(2)
    weights = trace.state_dict(2)["0.4.weight"]
    np.testing.assert_allclose(layers.weights, weights, rtol=1e-6)


def test_points_of_any_number_type_are_taken(answered, tmp_path):
    model, trace, _ = answered
    copy = Trace.open(shutil.copytree(trace.path, tmp_path / "copy"))
    copy.decision_regions(model, POINTS.bfloat16(), LABELS.tolist())
    np.testing.assert_allclose(RecordedPlane(copy).points, POINTS.bfloat16().double())


def test_one_output_is_the_logit_of_class_one(tmp_path):
    model = classifier(1)
    trace = recorded(tmp_path / "run", model, 2)
    trace.decision_regions(model, POINTS, (LABELS > 0).float()[:, None])
    plane = RecordedPlane(trace)
    model.load_state_dict(trace.state_dict(2))
    with torch.no_grad():
        np.testing.assert_allclose(plane.at_points(2)[:, 1], model.eval()(POINTS)[:, 0], atol=1e-5)
    assert not plane.at_points(2)[:, 0].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": torch.zeros(24, 3)}, r"points of shape \(24, 3\); needed: \(N, 2\)"),
        ({"points": torch.full((24, 2), float("nan"))}, "not finite"),
        ({"points": torch.zeros(30_000, 2)}, "at most 20000"),
        ({"points": "points.csv"}, "needed: an array or a tensor"),
        ({"labels": LABELS[:5]}, "24 points and 5 labels"),
        ({"labels": LABELS + 1}, "label 3, but the model answers for 3 classes"),
        ({"labels": LABELS - 0.5}, "as a whole number from 0"),
        ({"labels": LABELS - 1}, "as a whole number from 0"),
        ({"model": torch.nn.Linear(2, 3)}, "this model is not the recorded one: .*[Mm]issing key"),
        ({"model": "model.pt"}, "found str; needed: the torch.nn.Module"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_what_does_not_fit_is_named_and_nothing_is_written(answered, tmp_path, change, message):
    model, trace, _ = answered
    bare = shutil.copytree(trace.path, tmp_path / "bare", ignore=shutil.ignore_patterns(NOTE, NUMBERS))
    arguments = {"model": model, "points": POINTS, "labels": LABELS} | change
    with pytest.raises(UserError, match=message):
        Trace.open(bare).decision_regions(**arguments)
    assert not (bare / NOTE).exists() and not (bare / NUMBERS).exists()


def test_a_model_with_other_inputs_is_named(tmp_path):
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run"):
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    with pytest.raises(UserError, match=r"takes no points \(n, 2\).*needed: a model with two inputs"):
        Trace.open(tmp_path / "run").decision_regions(model, POINTS, LABELS)


def test_a_single_output_that_may_be_a_probability_is_refused(tmp_path):
    model = torch.nn.Sequential(classifier(1), torch.nn.Sigmoid())
    trace = recorded(tmp_path / "run", model, 2)
    with pytest.raises(UserError, match="they may be probabilities; needed: logits"):
        trace.decision_regions(model, POINTS, LABELS.clamp(max=1))


def _with(**changes):
    def damage(path):
        note = json.loads((path / NOTE).read_text()) | changes
        (path / NOTE).write_text(json.dumps(note))

    return damage


def _flip(path):
    content = bytearray((path / NUMBERS).read_bytes())
    content[-3] ^= 1
    (path / NUMBERS).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: (path / NOTE).unlink(), r"decision_regions\(model, points, labels\)"),
        (lambda path: (path / NUMBERS).unlink(), "npy is missing"),
        (lambda path: (path / NOTE).write_text("{"), "not JSON"),
        (lambda path: (path / NOTE).write_text("[" * 50_000), "not JSON"),
        (lambda path: (path / NOTE).write_text("{}"), "Field required"),
        (lambda path: (path / NOTE).write_bytes(b" " * (1 << 20)), "cannot be read"),
        (_with(points=10**9), "points: "),
        (_with(classes=11), "classes: "),
        (_with(widths=[2**19] * 100), "truncated"),
        (_with(rows=[0, 7]), "states that the trace does not have"),
        (_with(rows=[2, 1]), "states that the trace does not have"),
        (_with(rows=[-1]), "rows.0: "),
        (_with(trace="0"), "is of another recording"),
        (_with(extra=1), "extra: "),
        (_flip, "checksum"),
    ],
)
def test_damaged_answers_end_in_a_message_that_says_what_to_call(copied, damage, message):
    damage(copied.path)
    with pytest.raises(TraceError, match=message) as caught:
        RecordedPlane(copied)
    assert "decision_regions(model, points, labels)" in str(caught.value)


def test_points_at_one_place_have_a_view():
    view = PlaneView.around(np.zeros((3, 2)))
    assert (view.high > view.low).all()


def test_a_run_that_gradreel_trained_needs_no_answers(tmp_path):
    data = PointsDataset(points=Moons(points=4))
    trace = train(Experiment(dataset=data, hidden=(2,), loss="bce", epochs=1), tmp_path)
    with pytest.raises(UserError, match="was trained by Gradreel"):
        trace.decision_regions(classifier(), POINTS, LABELS)
