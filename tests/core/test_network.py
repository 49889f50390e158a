"""The formulas agree with torch.autograd and finite differences; fast networks and training agree with the formulas."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.arrays import FloatArray
from gradreel.core.datasets import CurveDataset, PointsDataset, TwoSpirals
from gradreel.core.experiment import Experiment
from gradreel.core.network.fast_networks import Networks
from gradreel.core.network.network import clipping_factor, loss_and_gradient
from gradreel.core.network.optimizers import OPTIMIZERS
from gradreel.core.network.theta import loss, predict, unpack
from gradreel.core.network.training import one_thread, train
from torch import nn

ARCHITECTURES = [
    pytest.param(hidden, activation, size, id=f"{hidden}-{activation}-{size}")
    for hidden in [(), (1,), (3,), (4, 2), (5, 3, 4)]
    for activation in ["sigmoid", "relu", "hard_sigmoid"]
    for size in ["mse", "mae", "bce", "ce"]
]
ARCHITECTURES += [
    pytest.param(hidden, activation, size, id=f"{hidden}-{activation}-{size}")
    for hidden, size in [((3,), "mse"), ((5, 3, 4), "ce")]
    for activation in ["gelu", "silu"]
]


class HardSigmoid(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.clamp(x + 0.5, 0, 1)


def torch_network(experiment: Experiment) -> nn.Sequential:
    """Return the same network, made of torch's modules."""
    kinds = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU, "hard_sigmoid": HardSigmoid, "gelu": nn.GELU, "silu": nn.SiLU}
    widths = (experiment.dataset.n_features, *experiment.hidden)
    parts: list[nn.Module] = []
    for before, width in itertools.pairwise(widths):
        parts += [nn.Linear(before, width), kinds[experiment.activation]()]
    flatten = [nn.Flatten(0)] if experiment.n_outputs == 1 else []
    return nn.Sequential(*parts, nn.Linear(widths[-1], experiment.n_outputs), *flatten).double()


def load(model: nn.Sequential, theta: FloatArray) -> None:
    """Copy theta into torch's parameters. The order is the same: weights by rows, then biases, layer by layer."""
    nn.utils.vector_to_parameters(torch.from_numpy(theta.copy()), model.parameters())


def experiment_of(hidden: tuple[int, ...], activation: str, size: str) -> Experiment:
    """Return an experiment on a curve, or with cross-entropy on points of two or three classes."""
    rows = TwoSpirals(points=6).rows()
    rows[::3, -1] = 2
    points = {"bce": TwoSpirals(points=6), "ce": rows.tolist()}
    dataset = PointsDataset(points=points[size]) if size in points else CurveDataset(examples=11)
    return Experiment(hidden=hidden, activation=activation, loss=size, dataset=dataset)


def random_theta(experiment: Experiment) -> FloatArray:
    return np.random.default_rng(3).normal(size=experiment.n_parameters)


def on_all_examples(experiment: Experiment, theta: FloatArray) -> tuple[float, FloatArray]:
    """Return loss and gradient of all examples by the formulas."""
    data = experiment.dataset
    return loss_and_gradient(experiment, theta, data.features(), data.labels())


@pytest.mark.parametrize(("hidden", "activation", "size"), ARCHITECTURES)
def test_the_gradient_agrees_with_autograd(hidden: tuple[int, ...], activation: str, size: str) -> None:
    experiment = experiment_of(hidden, activation, size)
    features, labels = (torch.from_numpy(a) for a in (experiment.dataset.features(), experiment.dataset.labels()))
    labels = labels.long() if size == "ce" else labels
    theta = random_theta(experiment)
    formula_loss, gradient = on_all_examples(experiment, theta)
    model = torch_network(experiment)
    load(model, theta)
    kinds = {"mse": nn.MSELoss, "mae": nn.L1Loss, "bce": nn.BCEWithLogitsLoss, "ce": nn.CrossEntropyLoss}
    kind = kinds[size]()
    expected = kind(model(features), labels)
    expected.backward()
    by_autograd = nn.utils.parameters_to_vector([p.grad for p in model.parameters() if p.grad is not None])
    assert formula_loss == pytest.approx(expected.item(), rel=1e-13)
    assert formula_loss == pytest.approx(float(loss(experiment, theta)), rel=1e-13)
    np.testing.assert_allclose(gradient, by_autograd.numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("hidden", "activation", "size"), ARCHITECTURES)
def test_the_gradient_agrees_with_finite_differences(hidden: tuple[int, ...], activation: str, size: str) -> None:
    experiment = experiment_of(hidden, activation, size)
    theta = random_theta(experiment)
    _, gradient = on_all_examples(experiment, theta)
    nudge = 1e-6 * np.eye(experiment.n_parameters)
    slopes = (loss(experiment, theta + nudge) - loss(experiment, theta - nudge)) / 2e-6
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [(), (1,), (3,), (4, 1), (1, 4), (5, 3, 4), (70, 33)], ids=str)
@pytest.mark.parametrize(
    ("activation", "size"), [("sigmoid", "bce"), ("relu", "mae"), ("hard_sigmoid", "mse"), ("relu", "ce")]
)
def test_the_fast_networks_have_the_bits_of_the_formulas(
    hidden: tuple[int, ...], activation: str, size: str, dtype: str, runs: int
) -> None:
    experiment = experiment_of(hidden, activation, size).model_copy(update={"dtype": dtype})
    random = np.random.default_rng(3)
    networks = Networks(experiment, runs)
    with one_thread():
        for examples in (1, 11, 37):
            theta = random.normal(size=(runs, experiment.n_parameters)).astype(dtype)
            x = random.normal(size=(runs, examples, experiment.dataset.n_features)).astype(dtype)
            t = random.integers(0, 2, (runs, examples)).astype(dtype)
            batch = networks.batch(examples)
            batch.features.copy_(torch.from_numpy(x.reshape(runs * examples, -1)))
            batch.labels.copy_(torch.from_numpy(t.reshape(-1, 1)))
            for run in range(runs):
                networks.set_state(run, theta[run])
            losses = batch.forward_backward().tolist()
            for run in range(runs):
                loss_by_formulas, gradient = loss_and_gradient(experiment, theta[run], x[run], t[run])
                assert losses[run] == loss_by_formulas
                assert networks.gradient_of(run).tobytes() == gradient.tobytes()


@pytest.mark.parametrize(("optimizer", "clip"), [("sgd", None), ("adam", None), ("sgd", 0.5)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_trace_has_the_bits_of_the_formulas(dtype: str, optimizer: str, clip: float | None, tmp_path: Path) -> None:
    settings = {"dtype": dtype, "optimizer": optimizer, "clip": clip}
    experiment = Experiment(hidden=(20, 7), batch_size=4, epochs=10, dataset=CurveDataset(examples=11), **settings)
    trace = train(experiment, tmp_path)
    features, labels = experiment.dataset.features(), experiment.dataset.labels()
    theta = torch.from_numpy(trace.parameters[0].copy())
    rule = OPTIMIZERS[optimizer].of(experiment, theta)
    with one_thread():
        for update in range(trace.n_updates):
            examples = trace.examples(update).astype(np.int64)
            batch_loss, gradient = loss_and_gradient(experiment, theta.numpy(), features[examples], labels[examples])
            assert trace.gradient[update].tobytes() == gradient.tobytes()
            if clip is not None:
                gradient *= clipping_factor(gradient, clip)
            rule.update(theta, torch.from_numpy(gradient), experiment.rate(0), update)
            assert trace.batch_loss[update] == batch_loss
            assert trace.parameters[update + 1].tobytes() == theta.numpy().tobytes()


@pytest.mark.parametrize("hidden", [(), (3,), (4, 2)])
@pytest.mark.parametrize("batch_size", [0, 4])
def test_training_equals_a_plain_torch_loop(
    hidden: tuple[int, ...], batch_size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    experiment = Experiment(
        hidden=hidden, batch_size=batch_size, epochs=60, learning_rate=0.05, dataset=CurveDataset(examples=11)
    )
    trace = train(experiment, tmp_path_factory.mktemp("traces"))
    model = torch_network(experiment)
    load(model, trace.parameters[0])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    features, labels = (torch.from_numpy(a) for a in (experiment.dataset.features(), experiment.dataset.labels()))
    for update in range(trace.n_updates):
        examples = torch.from_numpy(trace.examples(update).astype(np.int64))
        optimizer.zero_grad()
        batch_loss = nn.functional.mse_loss(model(features[examples]), labels[examples])
        batch_loss.backward()
        optimizer.step()
        assert trace.batch_loss[update] == pytest.approx(batch_loss.item(), rel=1e-9)
        theta = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
        np.testing.assert_allclose(trace.parameters[update + 1], theta, rtol=1e-9, atol=1e-11)


def test_numpy_and_torch_predict_the_same() -> None:
    experiment = Experiment(hidden=(4, 2))
    theta, model = random_theta(experiment), torch_network(experiment)
    load(model, theta)
    expected = model(torch.from_numpy(experiment.dataset.features())).detach().numpy()
    np.testing.assert_allclose(predict(experiment, theta, experiment.dataset.features()), expected, rtol=1e-13)


def test_a_state_is_laid_out_as_theta_is() -> None:
    experiment = Experiment(hidden=(2, 3))
    networks = Networks(experiment, runs=3)
    states = np.random.default_rng(0).normal(size=(3, experiment.n_parameters))
    for run, state in enumerate(states):
        networks.set_state(run, state)
    for run, state in enumerate(states):
        np.testing.assert_array_equal(networks.state(run).view(np.float64), state)
    assert sorted(networks.theta[networks.theta != 0].tolist()) == sorted(states.ravel().tolist())


def test_the_random_start_has_the_spread_of_torchs_own() -> None:
    experiment = Experiment(hidden=(64, 64))

    def start(seed: int) -> FloatArray:
        networks = Networks(experiment)
        networks.random_start([torch.Generator().manual_seed(seed)])
        return networks.values(0)[0]

    layers = unpack(experiment, start(0))
    for part, inputs in [(layers.weights[0], 1), (layers.biases[0], 1), (layers.weights[1], 64), (layers.c, 64)]:
        assert 0.9 / np.sqrt(inputs) < np.abs(part).max() < 1 / np.sqrt(inputs)
        assert abs(part.mean()) < 0.3 / np.sqrt(inputs)
    np.testing.assert_array_equal(start(0), start(0))
    assert not np.array_equal(start(0), start(1))


def test_runs_side_by_side_start_where_they_start_alone() -> None:
    experiment = Experiment(hidden=(4, 2))
    together = Networks(experiment, runs=2)
    together.random_start([torch.Generator().manual_seed(seed) for seed in (5, 6)])
    for run, seed in enumerate((5, 6)):
        alone = Networks(experiment)
        alone.random_start([torch.Generator().manual_seed(seed)])
        assert together.state(run).tobytes() == alone.state(0).tobytes()
