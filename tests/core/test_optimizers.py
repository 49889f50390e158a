"""Every kind of network, optimizer, schedule, loss and dtype agrees with torch.nn and torch.optim."""

import itertools
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset, PointsDataset, TwoSpirals
from gradreel.core.experiment import Experiment, StepSchedule
from gradreel.core.network.optimizers import OPTIMIZERS
from gradreel.core.network.training import train, train_all
from gradreel.core.trace.trace import Trace
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

AGREEMENT = {"float64": 1e-10, "float32": 1e-3}  # relative, after 1000 updates
SETTINGS: list[dict[str, Any]] = [
    {"optimizer": "sgd", "learning_rate": 0.02},
    {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.005},
    {"optimizer": "adam", "learning_rate": 0.002},
    {"optimizer": "adam", "learning_rate": 0.002, "betas": (0.8, 0.9), "weight_decay": 0.1},
    {"optimizer": "adamw", "learning_rate": 0.002, "weight_decay": 0.3},
    {"optimizer": "sgd", "learning_rate": 0.02, "weight_decay": 0.1, "clip": 0.01, "warm_up": 3},
]
ADAM_EPS = 1e-8
ROUNDING = 1e-6  # of a sum in float32, relative to the largest
SCHEDULES: list[Any] = ["constant", "cosine", StepSchedule(step=7, factor=0.5)]
NETWORKS = [((), "none"), *itertools.product([(6,), (5, 4, 3)], ["sigmoid", "relu", "hard_sigmoid"])]
NETWORKS += [((6,), "silu"), ((5, 4, 3), "gelu")]
DAYS = DailySeries(
    start=date(2021, 1, 1), values=tuple(float(v) for v in np.random.default_rng(4).integers(0, 900, 90)), name="test"
)


class HardSigmoid(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.clamp(x + 0.5, 0, 1)


def plain_loop(trace: Trace) -> tuple[FloatArray, FloatArray]:
    """Return the last theta and the batch losses of torch's own network and optimizer, with the same start and
    batches.
    """
    experiment = trace.experiment
    dtype = getattr(torch, experiment.dtype)
    kinds: Any = {"hard_sigmoid": HardSigmoid, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "silu": nn.SiLU}
    activation = kinds.get(experiment.activation)
    widths = (experiment.dataset.n_features, *experiment.hidden)
    layers: list[nn.Module] = []
    for before, width in itertools.pairwise(widths):
        layers += [nn.Linear(before, width), activation()]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], experiment.n_outputs)).to(dtype)
    nn.utils.vector_to_parameters(torch.from_numpy(np.array(trace.parameters[0])), model.parameters())
    kinds: dict[str, Any] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    more = {"momentum": experiment.momentum} if experiment.optimizer == "sgd" else {"betas": experiment.betas}
    torch_settings = {"lr": experiment.learning_rate, "weight_decay": experiment.weight_decay, **more}
    optimizer = kinds[experiment.optimizer](model.parameters(), **torch_settings)
    schedules, warm_up = torch.optim.lr_scheduler, experiment.warm_up
    scheduler: Any = schedules.LambdaLR(optimizer, lambda epoch: 1.0)
    if isinstance(experiment.schedule, StepSchedule):
        scheduler = schedules.StepLR(optimizer, experiment.schedule.step, experiment.schedule.factor)
    elif experiment.schedule == "cosine":
        scheduler = schedules.CosineAnnealingLR(optimizer, experiment.epochs - warm_up)
    if warm_up:
        rising = schedules.LinearLR(optimizer, 1 / warm_up, total_iters=warm_up - 1)
        scheduler = schedules.SequentialLR(optimizer, [rising, scheduler], [warm_up])
    kinds = {"mse": nn.MSELoss, "mae": nn.L1Loss, "bce": nn.BCEWithLogitsLoss, "ce": nn.CrossEntropyLoss}
    loss_function = kinds[experiment.loss]()
    features = torch.from_numpy(experiment.dataset.features()).to(dtype)
    labels = torch.from_numpy(experiment.dataset.labels())
    labels = labels.long() if experiment.loss == "ce" else labels.to(dtype)[:, None]
    losses = []
    for update in range(trace.n_updates):
        examples = torch.from_numpy(trace.examples(update).astype(np.int64))
        optimizer.zero_grad()
        loss = loss_function(model(features[examples]), labels[examples])
        loss.backward()
        if experiment.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), experiment.clip)
        optimizer.step()
        losses.append(loss.item())
        if (update + 1) % experiment.batches_per_epoch == 0:
            scheduler.step()
    return nn.utils.parameters_to_vector(model.parameters()).detach().numpy(), np.array(losses)


def check_it_agrees(trace: Trace, agreement: float) -> None:
    theta, losses = plain_loop(trace)
    assert trace.parameters.dtype == theta.dtype == np.dtype(trace.experiment.dtype)
    np.testing.assert_allclose(trace.parameters[-1], theta, rtol=agreement, atol=agreement * np.abs(theta).max())
    np.testing.assert_allclose(trace.batch_loss, losses, rtol=agreement, atol=agreement * losses.max())


@pytest.mark.slow
@pytest.mark.parametrize("place", range(12))
def test_a_thousand_updates_equal_torchs(place: int, tmp_path: Path) -> None:
    """Each network, optimizer, loss, dtype and schedule is combined with some of the others."""
    hidden, activation = NETWORKS[place % len(NETWORKS)]
    loss, dtype = ("mse", "mae")[place // 2 % 2], ("float64", "float32")[place % 2]
    experiment = Experiment(
        dataset=DailyViews(series=DAYS, window=5, validation_from=date(2021, 3, 20), test_from=date(2021, 3, 25)),
        hidden=hidden,
        activation=activation,
        loss=loss,
        dtype=dtype,
        batch_size=11,
        epochs=143,  # 7 batches, of which the last has 7 examples
        schedule=SCHEDULES[place % 3],
        keep={"every": 100},
        **SETTINGS[place // 3 % 3],
    )
    assert experiment.n_updates == 1001
    check_it_agrees(train(experiment, tmp_path), AGREEMENT[dtype])


@pytest.mark.parametrize("schedule", SCHEDULES, ids=["constant", "cosine", "step"])
@pytest.mark.parametrize("optimizer", range(len(SETTINGS)), ids=["sgd", "momentum", "adam", "decay", "adamw", "clip"])
def test_each_schedule_equals_torchs(optimizer: int, schedule: Any, tmp_path: Path) -> None:
    experiment = Experiment(epochs=40, batch_size=20, schedule=schedule, **SETTINGS[optimizer])
    check_it_agrees(train(experiment, tmp_path), 1e-12)
    other_runs = [experiment.model_copy(update={"schedule": other}) for other in SCHEDULES if other != schedule]
    end = train(experiment, tmp_path).parameters[-1]
    assert all(not np.array_equal(train(other, tmp_path).parameters[-1], end) for other in other_runs)


def classes_by_angle(points: int, classes: int) -> PointsDataset:
    """Return points on spirals, whose class is the sector that they lie in; the last class occurs."""
    rows = TwoSpirals(points=points, noise=0.1).rows()
    rows[:, -1] = np.floor((np.arctan2(rows[:, 1], rows[:, 0]) / np.pi + 1) / 2 * classes).clip(0, classes - 1)
    rows[0, -1] = classes - 1
    return PointsDataset(points=rows)


@st.composite
def shapes(draw: st.DrawFn) -> Experiment:
    """Draw small networks of any shape, on any window, curve or points of classes, with any batch size."""
    kind = draw(st.sampled_from(["daily views", "curve", "points", "classes"]))
    dataset: Any = {
        "daily views": lambda: DailyViews(series=DAYS, window=draw(st.integers(1, 9))),
        "curve": lambda: CurveDataset(examples=draw(st.integers(2, 40))),
        "points": lambda: PointsDataset(points=TwoSpirals(points=draw(st.integers(1, 30)), noise=0.1)),
        "classes": lambda: classes_by_angle(draw(st.integers(1, 30)), draw(st.integers(2, 6))),
    }[kind]()
    hidden = tuple(draw(st.lists(st.integers(1, 12), max_size=4)))
    optimizer_settings = draw(st.sampled_from(SETTINGS))
    return Experiment(
        dataset=dataset,
        hidden=hidden,
        activation=draw(st.sampled_from(["sigmoid", "relu", "hard_sigmoid"])),
        loss=draw(
            st.sampled_from({"points": ["mse", "mae", "bce", "ce"], "classes": ["ce"]}.get(kind, ["mse", "mae"]))
        ),
        dtype=draw(st.sampled_from(["float64", "float32"])),
        batch_size=draw(st.integers(0, dataset.examples)),
        epochs=draw(st.integers(1, 4)) + optimizer_settings.get("warm_up", 0),
        seed=draw(st.integers(0, 2**40)),
        keep={"every": draw(st.integers(1, 5))},
        **optimizer_settings,
    )


@pytest.mark.slow
@settings(max_examples=30)
@given(shapes())
def test_networks_of_any_shape_equal_torchs(tmp_path_factory: pytest.TempPathFactory, experiment: Experiment) -> None:
    trace = train(experiment, tmp_path_factory.mktemp("traces"))
    # Adam magnifies the rounding of a gradient that is no larger than its eps, or whose terms cancel to nothing
    sizes = np.abs(trace.gradient)
    tiny = ((sizes != 0) & (sizes < ADAM_EPS)) | (sizes < ROUNDING * sizes.max(axis=1, keepdims=True))
    assume(experiment.dtype == "float64" or experiment.optimizer == "sgd" or not tiny.any())
    check_it_agrees(trace, {"float64": 1e-11, "float32": 1e-4}[experiment.dtype])


@pytest.mark.slow
@settings(max_examples=20)
@given(shapes(), st.integers(2, 4))
def test_runs_trained_side_by_side_equal_runs_trained_alone_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, experiment: Experiment, runs: int
) -> None:
    seeds = [experiment.model_copy(update={"seed": experiment.seed + i}) for i in range(runs)]
    together = train_all(seeds, tmp_path_factory.mktemp("together"))
    for seed, trace in zip(seeds, map(Trace.open, together), strict=True):
        alone = train(seed, tmp_path_factory.mktemp("alone"))
        for name, column in alone.columns.items():
            np.testing.assert_array_equal(trace.columns[name], column, err_msg=name)
        assert (trace.path / "meta.json").read_bytes() == (alone.path / "meta.json").read_bytes()


def test_wide_networks_trained_side_by_side_equal_those_trained_alone_bit_for_bit(tmp_path: Path) -> None:
    base = Experiment(
        dataset=DailyViews(), hidden=(100, 100), activation="relu", dtype="float32", batch_size=32, epochs=2,
        loss="mae", optimizer="adam", learning_rate=1e-3, keep={"every": 10},
    )  # fmt: skip
    seeds = [base.model_copy(update={"seed": seed}) for seed in range(5)]
    for seed, trace in zip(seeds, map(Trace.open, train_all(seeds, tmp_path / "together")), strict=True):
        np.testing.assert_array_equal(trace.parameters, train(seed, tmp_path / "alone").parameters)


def test_only_runs_that_differ_in_their_seeds_are_trained_side_by_side(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing but their seed"):
        train_all([Experiment(epochs=3), Experiment(epochs=4)], tmp_path)


def test_daily_views_in_float32_with_adam_follow_the_plain_loop(tmp_path: Path) -> None:
    """For the lecture's kind of run, a single different rounding would grow to another network."""
    experiment = Experiment(
        dataset=DailyViews(), hidden=(100, 100, 100), activation="relu", dtype="float32", batch_size=32, epochs=6,
        loss="mae", optimizer="adam", learning_rate=1e-3, keep={"every": 50},
    )  # fmt: skip
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trace = train(experiment, tmp_path)
        theta, losses = plain_loop(trace)
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_allclose(trace.parameters[-1], theta, atol=1e-5)  # numpy and MKL group sums differently
    np.testing.assert_allclose(trace.batch_loss, losses, rtol=1e-4)


@pytest.mark.parametrize("optimizer", [{"optimizer": "sgd"}, {"momentum": 0.9}, {"optimizer": "adam"}])
def test_each_optimizer_has_as_many_state_vectors_as_the_experiment_says(optimizer: dict[str, Any]) -> None:
    run = Experiment(**optimizer)
    assert len(OPTIMIZERS[run.optimizer].of(run, torch.zeros(run.n_parameters)).state_vectors) == run.n_state_vectors


NEW = """
import sys
from pathlib import Path
import numpy as np
from gradreel.core.network import activations, optimizers

class Signs(optimizers.Sgd):
    def update(self, theta, gradient, rate, updates):
        theta.add_(gradient.sign(), alpha=-rate)

optimizers.OPTIMIZERS["signs"] = Signs
activations.ACTIVATIONS["bump"] = activations.Activation(
    "bump", ('"bump"', ""), lambda x: x * x, lambda r: np.asarray(r) ** 2, lambda a: 2 * np.sqrt(a),
    lambda r: r.square_(), lambda slope, a: slope.mul_(2 * a.sqrt()),
)
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.verify import verify
from gradreel.scenes.mobjects.lecture_formulas import many_features_source
from gradreel.scenes.mobjects.network_parts import activation_picture

run = Experiment(optimizer="signs", activation="bump", epochs=3, learning_rate=0.01)
trace = train(run, Path(sys.argv[1]))
assert not verify(trace.path).problems
assert np.allclose(np.abs(np.diff(trace.parameters, axis=0)), 0.01)
assert '"bump"' in many_features_source(activation="bump")
assert len(activation_picture("bump", 1.0, "#ffffff").points)
"""


def test_a_new_optimizer_and_a_new_activation_need_one_entry_each(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", NEW, str(tmp_path)], check=True)
