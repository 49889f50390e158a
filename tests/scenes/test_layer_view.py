"""layer-view: points and line lie where the recorded network puts them, for runs of ours and for anybody's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.point_generators import Blobs, Moons
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.any_run.layer_view import LayerView
from gradreel.scenes.testing.layout import check_scene

SIZE = (640, 360)


def run_of(points, loss, hidden=(5, 2), **settings):
    common = {"activation": "sigmoid", "optimizer": "adam", "learning_rate": 0.1, "epochs": 40, "seed": 1}
    return Experiment(dataset=PointsDataset(points=points), hidden=hidden, loss=loss, **common | settings)


RUN = run_of(Moons(points=20, noise=0.1), "bce")
FOUR = run_of(Blobs(classes=4, points=9), "ce", hidden=(6,), activation="relu")


def places(scene):
    """Return where each class's marks are, by class, (n, 2), read from their outlines on the screen."""
    found = {}
    for label, (_, marks) in enumerate(scene.sheet.marks):
        count = int((scene.drawn_labels == label).sum())
        outlines = marks.points.reshape(count, -1, 3)
        found[label] = (outlines.min(axis=1) + outlines.max(axis=1))[:, :2] / 2
    return found


def network_of(run, trace, update):
    sizes = (2, *run.hidden, 1 if run.loss == "bce" else run.n_outputs)
    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[run.activation]
    parts = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), activation())]
    model = torch.nn.Sequential(*parts[:-1]).double()
    model.load_state_dict(trace.state_dict(update))
    return model.requires_grad_(False)


def points_of(run, label):
    return torch.tensor(run.dataset.features()[run.dataset.labels() == label])


def test_the_distance_from_the_line_is_the_logit_of_the_network_that_torch_computes(play, trace_of):
    played = play(LayerView, lambda s, beat: (places(s), s.sheet.views.cut), run=RUN)
    found, cut = played.last
    model = network_of(RUN, trace_of(RUN), 40)
    logits = np.concatenate([model(points_of(RUN, label))[:, 0] for label in (0, 1)])
    across = np.concatenate([found[0], found[1]])[:, 0] - cut
    scale = across @ logits / (logits @ logits)
    assert scale != 0
    np.testing.assert_allclose(across, scale * logits, atol=0.03)
    right = int((logits[:20] <= 0).sum() + (logits[20:] > 0).sum())
    assert f"Of their 40 points, {right} are on their own side" in played.lines["line"]["en"]


def test_a_layer_of_two_units_is_seen_turned_and_stretched_and_nothing_else(play, trace_of):
    seen = play(LayerView, lambda s, beat: np.concatenate([*places(s).values()]), run=RUN, until="layer-2").last
    model = network_of(RUN, trace_of(RUN), 40)
    hidden = np.concatenate([model[:4](points_of(RUN, label)) for label in (0, 1)])
    affine = np.column_stack([hidden, np.ones(len(hidden))])
    fitted, *_ = np.linalg.lstsq(affine, seen, rcond=None)
    np.testing.assert_allclose(affine @ fitted, seen, atol=0.03)
    assert abs(np.linalg.det(fitted[:2])) > 1e-3


def test_a_projection_is_called_one_and_two_units_are_called_exact(play, words_on):
    said = play(LayerView, lambda s, beat: words_on(s), run=RUN).seen
    assert "a projection: 5 axes" in said["layer-1"] and "exact" not in said["layer-1"]
    assert "exact: both axes" in said["layer-2"] and "projection" not in said["layer-2"]


def test_the_line_parts_the_two_classes_that_were_asked_for(play, trace_of):
    played = play(LayerView, lambda s, beat: (places(s), s.sheet.views.cut), run=FOUR, between=(1, 3))
    found, cut = played.last
    model = network_of(FOUR, trace_of(FOUR), 40)
    ahead = {label: (lambda y: y[:, 3] - y[:, 1])(model(points_of(FOUR, label))).numpy() for label in range(4)}
    across = np.concatenate([found[label][:, 0] - cut for label in range(4)])
    ahead = np.concatenate([*ahead.values()])
    far = np.abs(across) > 0.05
    side = np.sign(across[far] * ahead[far])
    assert far.sum() > 20 and abs(side.sum()) == far.sum(), "all on the side of the class that torch finds ahead"


@pytest.mark.parametrize(("theme", "lang"), [("dark", "en"), ("light", "zh")])
def test_layout(play, theme, lang):
    assert play(LayerView, check_scene, run=FOUR, between=(0, 2), theme=theme, lang=lang, size=SIZE).findings == []


def test_a_run_that_diverged_is_named(play, trace_of, rewritten, tmp_path):
    trace = trace_of(RUN)
    lost = np.array(trace.parameters)
    lost[-1] = np.inf
    with pytest.raises(UserError, match=r"after 40 updates not all values .* are finite numbers"):
        play(LayerView, run=RUN, media_dir=rewritten(trace, tmp_path, parameters=lost))


# -- a loop of somebody's own ------------------------------------------------------------------------------------------


class Own(torch.nn.Module):
    """A model whose activations are no modules."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.first, self.norm, self.second = torch.nn.Linear(2, 6), torch.nn.BatchNorm1d(6), torch.nn.Linear(6, 2)
        self.last = torch.nn.Linear(2, 2)

    def hidden(self, x):
        return torch.tanh(self.second(torch.nn.functional.gelu(self.norm(self.first(x)))))

    def forward(self, x):
        return self.last(self.hidden(x))


def recorded(path, model):
    rows = torch.tensor(RUN.dataset.rows(), dtype=torch.float32)
    x, y = rows[:, :2], rows[:, 2].long()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    with record(model, optimizer, path) as recording:
        for _ in range(15):
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.log(loss=loss)
    trace = Trace.open(path)
    trace.decision_regions(model, x, y)
    return trace


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("own") / "run", Own())


def test_of_a_recorded_model_the_distance_from_the_line_is_the_difference_of_its_logits(play, own):
    found, cut = play(LayerView, lambda s, beat: (places(s), s.sheet.views.cut), trace=str(own.path)).last
    model = Own().requires_grad_(False)
    model.load_state_dict(own.state_dict(15))
    said = np.concatenate([model.eval()(points_of(RUN, label).float()) for label in (0, 1)])
    ahead = said[:, 1] - said[:, 0]
    across = np.concatenate([found[0], found[1]])[:, 0] - cut
    np.testing.assert_allclose(across, across @ ahead / (ahead @ ahead) * ahead, atol=0.03)


def test_of_a_recorded_run_only_the_last_layers_are_known(own):
    with pytest.raises(UserError, match="only the layers after the last update, 15, are known"):
        LayerView.validated({"trace": str(own.path), "update": 3})


def test_a_recorded_model_without_a_hidden_layer_is_named(tmp_path):
    trace = recorded(tmp_path / "run", torch.nn.Linear(2, 2))
    with pytest.raises(
        UserError, match=r"no hidden layer that a torch\.nn\.Linear follows.*; decision-regions shows it"
    ):
        LayerView.validated({"trace": str(trace.path)})
