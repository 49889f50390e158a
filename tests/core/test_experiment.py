import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

FULL: dict[str, Any] = {
    "dataset": {"knots": [[0, 0], [1, 2]], "examples": 20, "low": 0, "high": 2},
    "hidden": [4, 2],
    "activation": "relu",
    "learning_rate": 1,
    "batch_size": 5,
    "epochs": 10,
    "seed": 7,
    "loss": "mae",
    "keep": {"every": 3},
}

THREE_CLASSES = {"kind": "points", "points": [[1, 2, 0], [3, 4, 1], [5, 6, 2]]}


def test_the_digest_does_not_depend_on_how_the_settings_are_spelled() -> None:
    respelled = {
        **dict(reversed(FULL.items())),
        "dataset": {"high": 2.0, "low": -0.0, "examples": 20, "knots": ((0.0, -0.0), (1.0, 2.0)), "kind": "curve"},
        "hidden": (4, 2),
        "learning_rate": 1.0,
        "epochs": 10.0,
    }
    assert Experiment(**FULL) == Experiment(**respelled)
    assert Experiment(**FULL).digest == Experiment(**respelled).digest
    assert Experiment().digest == Experiment(learning_rate=0.1, dataset={}).digest  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": {**FULL["dataset"], "examples": 21}},
        {"dataset": {**FULL["dataset"], "centered": False}},
        {"hidden": [4, 3]},
        {"activation": "sigmoid"},
        {"learning_rate": np.nextafter(1.0, 2)},
        {"batch_size": 0},
        {"epochs": 11},
        {"seed": 8},
        {"loss": "mse"},
        {"keep": {"every": 4}},
        {"keep": {"at most": 4000}},
        {"keep": "every update"},
    ],
)
def test_every_setting_is_in_the_digest(change: dict[str, Any]) -> None:
    assert Experiment(**{**FULL, **change}).digest != Experiment(**FULL).digest


def test_the_digest_is_the_same_in_another_process() -> None:
    code = "from gradreel.core.experiment import Experiment; print(Experiment().digest)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == Experiment().digest
    assert len(Experiment().digest) == 32


def test_an_experiment_comes_back_from_json() -> None:
    for keep in ("every update", {"every": 3}, {"at most": 4000}):
        experiment = Experiment(**{**FULL, "keep": keep})
        assert Experiment.model_validate(experiment.model_dump(mode="json")) == experiment
        assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment
        assert experiment.model_dump(mode="json")["keep"] == keep
        assert hash(experiment) == hash(Experiment.model_validate(experiment.model_dump()))


def test_the_linear_model_has_no_activation() -> None:
    linear = Experiment(hidden=())
    assert linear.activation == "none"
    assert linear.digest == Experiment(hidden=(), activation="relu").digest
    assert linear.n_parameters == 2
    with pytest.raises(ValidationError, match="linear model"):
        Experiment(activation="none")


@given(st.lists(st.integers(1, 9), max_size=4), st.integers(2, 30), st.integers(0, 30), st.integers(1, 50))
def test_counts_of_parameters_batches_and_updates(
    hidden: list[int], examples: int, batch_size: int, epochs: int
) -> None:
    batch_size = min(batch_size, examples)
    experiment = Experiment(
        dataset={"examples": examples},  # type: ignore[arg-type]
        hidden=tuple(hidden),
        batch_size=batch_size,
        epochs=epochs,
    )
    assert experiment.n_parameters == len(parameter_names(experiment))
    batches = len(range(0, examples, batch_size)) if batch_size else 1
    assert experiment.n_updates == epochs * batches


@given(st.integers(1, 300), st.integers(1, 400))
def test_states_kept_every_so_often(updates: int, every: int) -> None:
    experiment = Experiment(epochs=updates, keep={"every": every})  # type: ignore[arg-type]
    kept = experiment.kept_updates()
    assert len(kept) == experiment.n_kept
    assert kept[0] == 0
    assert kept[-1] == updates
    assert (np.diff(kept) > 0).all()
    assert (np.diff(kept)[:-1] == every).all()


@given(st.integers(1, 3000), st.integers(336, 100_000))
def test_states_kept_in_so_many_bytes(updates: int, bytes_: int) -> None:
    experiment = Experiment(epochs=updates, keep={"at most": bytes_})  # type: ignore[arg-type]
    kept = experiment.kept_updates()
    assert len(kept) == experiment.n_kept
    assert kept[0] == 0
    assert kept[-1] == updates
    assert (np.diff(kept) > 0).all()
    assert len(kept) * 8 * 21 <= bytes_  # 10 parameters, 10 derivatives and the number of updates for each state


def test_enough_bytes_keep_every_update() -> None:
    assert len(Experiment(epochs=100, keep={"at most": 101 * 8 * 21}).kept_updates()) == 101  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0}, "greater than 0"),
        ({"learning_rate": -1}, "greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"hidden": (0,)}, "greater than or equal to 1"),
        ({"hidden": (3.5,)}, "valid integer"),
        ({"hidden": (100_000, 100_000)}, "too many"),
        ({"activation": "tanh"}, "'sigmoid', 'relu'"),
        ({"batch_size": 82}, "more than the 81 examples"),
        ({"batch_size": -1}, "greater than or equal to 0"),
        ({"epochs": 0}, "greater than or equal to 1"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"seed": 2**63}, "less than"),
        ({"loss": "hinge"}, "'mse', 'mae', 'bce' or 'ce'"),
        ({"loss": "bce"}, "bce needs labels 0 and 1, which this curve"),
        ({"loss": "bce", "dataset": {"kind": "points", "points": [[1, 2, 0.5]]}}, "bce needs labels 0 and 1"),
        ({"loss": "bce", "dataset": THREE_CLASSES}, "has 3 classes; choose ce"),
        ({"loss": "ce"}, "ce needs labels 0, 1, ... for two to 1000 classes, which this curve"),
        ({"loss": "ce", "dataset": {"kind": "points", "points": [[1, 2, 0]]}}, "ce needs labels 0, 1"),
        ({"loss": "ce", "dataset": {"kind": "points", "points": [[1, 2, 0.5]]}}, "ce needs labels 0, 1"),
        ({"keep": "all"}, 'must be "every update", {"every": k} or {"at most": bytes}'),
        ({"keep": {}}, "keep.updates.every\n  Field required"),
        ({"keep": {"every": 0}}, "keep.updates.every\n  Input should be greater than or equal to 1"),
        ({"keep": {"at most": 0}}, "keep.bytes.at most\n  Input should be greater than or equal to 1"),
        ({"keep": {"at most": 10}}, "the start and the end alone take 336 bytes"),
        ({"keep": {"every": 2, "at most": 1000}}, "keep.bytes.every\n  Extra inputs"),
        ({"momenta": 0.9}, "Extra inputs"),
        ({"optimizer": "lbfgs"}, "'sgd', 'adam' or 'adamw'"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum is for sgd only"),
        ({"momentum": 1.0}, "less than 1"),
        ({"betas": (0.9, 1.0), "optimizer": "adam"}, "less than 1"),
        ({"betas": (0.8, 0.9)}, "betas are for adam and adamw"),
        ({"weight_decay": -0.1}, "greater than or equal to 0"),
        ({"clip": 0}, "greater than 0"),
        ({"warm_up": 6000}, "must be less than the 6000 epochs"),
        ({"schedule": "linear"}, 'must be "constant", "cosine" or {"step": epochs, "factor": f}'),
        ({"schedule": {"step": 0}}, "schedule.steps.step\n  Input should be greater than or equal to 1"),
        ({"schedule": {"factor": 0.5}}, "schedule.steps.step\n  Field required"),
        ({"dtype": "float16"}, "'float64' or 'float32'"),
        ({"dataset": {"kind": "pictures"}}, 'kind must be "curve", "daily views", "points" or "digits"'),
    ],
)
def test_invalid_settings_of_an_experiment_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)) as error:
        Experiment(**settings)
    assert error.value.error_count() == 1


def test_every_setting_has_a_description() -> None:
    for model in (Experiment, type(Experiment().dataset)):
        assert all(field.description for field in model.model_fields.values())


def test_a_loss_for_classes_has_an_output_for_each() -> None:
    run = Experiment(dataset=THREE_CLASSES, loss="ce", hidden=(4,))
    assert (run.n_outputs, run.n_parameters) == (3, 2 * 4 + 4 + 3 * 4 + 3)
    assert run.outputs == ("logit 0", "logit 1", "logit 2")
    assert Experiment(dataset=THREE_CLASSES, loss="mse").outputs == ("prediction",)
