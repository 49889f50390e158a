"""Generated points, held-out points, points from CSV files, and the accuracy of classifiers on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.datasets import PointsDataset, TwoSpirals
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.point_generators import Blobs, Checkerboard, GeneratedPoints, Moons, Rings, Spirals
from gradreel.core.trace.trace import MOST_CLASSIFIED, Trace
from gradreel.core.trace.verify import verify
from pydantic import ValidationError

GENERATORS = [Moons(), Rings(classes=4), Blobs(classes=5), Checkerboard(classes=3), Spirals(arms=7), TwoSpirals()]


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: type(generator).__name__)
def test_each_class_has_as_many_points_and_classes_come_in_order(generator: GeneratedPoints) -> None:
    rows = generator.rows()
    expected = np.repeat(np.arange(generator.n_classes), generator.points)
    np.testing.assert_array_equal(rows[:, 2], expected)
    data = PointsDataset(points=generator)  # type: ignore[arg-type]
    assert (data.examples, data.n_features, data.n_classes) == (len(rows), 2, generator.n_classes)


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: type(generator).__name__)
def test_equal_seeds_give_equal_points_and_others_give_others(generator: GeneratedPoints) -> None:
    noisy = generator.model_copy(update={"noise": 0.1})
    np.testing.assert_array_equal(noisy.rows(), noisy.model_copy().rows())
    assert not np.allclose(noisy.rows(), noisy.model_copy(update={"seed": 1}).rows())


@pytest.mark.parametrize("generator", [Moons(noise=0), Rings(noise=0), Checkerboard(noise=0)])
def test_another_seed_draws_other_points_even_without_noise(generator: GeneratedPoints) -> None:
    assert not np.allclose(generator.rows(), generator.model_copy(update={"seed": 1}).rows())


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: type(generator).__name__)
def test_a_generator_survives_json(generator: GeneratedPoints) -> None:
    data = PointsDataset(points=generator, validation=generator)  # type: ignore[arg-type]
    assert PointsDataset.model_validate_json(data.model_dump_json()) == data


def test_moons_lie_on_two_half_circles_around_the_middle() -> None:
    rows = Moons(points=500, noise=0).rows()
    upper, lower = rows[:500, :2] - [-0.5, -0.25], rows[500:, :2] - [0.5, 0.25]
    np.testing.assert_allclose(np.hypot(*np.concatenate([upper, lower]).T), 1)
    assert (upper[:, 1] >= 0).all() and (lower[:, 1] <= 0).all()


def test_rings_have_even_radii() -> None:
    rows = Rings(classes=4, points=10, noise=0).rows()
    np.testing.assert_allclose(np.hypot(rows[:, 0], rows[:, 1]), (rows[:, 2] + 1) / 4)


def test_blobs_spread_around_their_middles() -> None:
    rows = Blobs(classes=4, points=20_000, noise=0.5).rows()
    middles = [rows[rows[:, 2] == label, :2].mean(axis=0) for label in range(4)]
    np.testing.assert_allclose(middles, [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=0.02)
    assert rows[rows[:, 2] == 0, :2].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.03)


def test_the_square_of_a_board_has_one_class() -> None:
    rows = Checkerboard(classes=3, squares=5, points=400).rows()
    column, row = np.floor((rows[:, :2] + 1) / 2 * 5).astype(int).T
    np.testing.assert_array_equal((column + row) % 3, rows[:, 2])


def test_two_arms_are_the_two_spirals_bit_for_bit() -> None:
    arms = Spirals(arms=2, turns=2.25, points=77, noise=0.1, seed=3).rows()
    assert arms.tobytes() == TwoSpirals(turns=2.25, points=77, noise=0.1, seed=3).rows().tobytes()


def test_each_arm_is_the_first_turned() -> None:
    rows = Spirals(arms=5, points=30, noise=0).rows()
    plane = (rows[:, 0] + 1j * rows[:, 1]).reshape(5, 30)
    np.testing.assert_allclose(plane, plane[0] * np.exp(2j * np.pi * np.arange(5) / 5)[:, None])


def test_a_board_with_too_few_squares_for_its_classes_is_refused() -> None:
    with pytest.raises(ValidationError, match="too few for 4 classes"):
        Checkerboard(squares=2, classes=4)


TABLE = [[0.0, 1.0, 0.0], [2.0, 3.0, 1.0], [4.0, 5.0, 1.0]]


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        ([[1.0, 0.0]], "its points have 1 features, the points trained on 2"),
        ([[1.0, 2.0, 2.0]], "class 2 is not among"),
        ([[1.0, 2.0, 0.5]], "not classes"),
        ({"kind": "stars"}, 'kind must be "moons"'),
    ],
)
@pytest.mark.parametrize("name", ["validation", "test"])
def test_unsuitable_held_out_points_are_refused(name: str, held_out: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PointsDataset(points=TABLE, **{name: held_out})


def test_a_split_has_each_point_once() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    data = PointsDataset.split(rows, validation=0.25, test=0.1, seed=4)
    parts = [
        np.column_stack([data.features(), data.labels()]),
        np.column_stack([data.validation_features(), data.validation_labels()]),
        np.column_stack([data.test_features(), data.test_labels()]),
    ]
    assert [len(part) for part in parts] == [26, 10, 4] == [data.examples, data.n_validation, data.n_test]
    np.testing.assert_array_equal(np.unique(np.concatenate(parts), axis=0), np.unique(rows, axis=0))
    assert PointsDataset.split(rows, validation=0.25, test=0.1, seed=4) == data
    assert PointsDataset.split(rows, validation=0.25, test=0.1, seed=5) != data


def test_a_split_without_training_points_is_refused() -> None:
    with pytest.raises(ValueError, match="leave none of 3 points"):
        PointsDataset.split(TABLE, validation=0.5, test=0.5)


@pytest.mark.parametrize(
    "text", ["x1,x2,class\n0,1,0\n2,3,1\n4,5,1\n", "0;1;0\n2;3;1\n\n4;5;1", "# mine\n0\t1\t0\r\n2\t3\t1\r\n4\t5\t1\r\n"]
)
def test_points_are_read_from_csv(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.csv").write_text(text, newline="")
    assert PointsDataset.from_csv(tmp_path / "mine.csv") == PointsDataset(points=TABLE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,x\n", "row 3: 'x' is not a finite number"),
        ("1,2\n3,\n", "row 2: '' is not a finite number"),
        ("1,2\n3,inf\n", "row 2: 'inf' is not a finite number"),
        ("1,2,0\n3,4\n", "row 2: 2 cells, the first row has 3"),
        ("a,b\n", "no rows of numbers"),
        ("1\n2\n", "each with a feature and a label"),
        ("1,2,0\n1,2,0\n1,2,1\n1,2,0\n", "is not among"),
    ],
)
def test_faulty_csv_files_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(UserError, match=f"mine.csv.*{message}"):
        PointsDataset.from_csv(tmp_path / "mine.csv", validation=0.25 if "among" in message else 0, seed=0)


def held_out_run(**more: Any) -> Experiment:
    """Return a short run with tables of points for training, validation and test."""
    rows = Blobs(points=12).rows()
    settings: dict[str, Any] = {"loss": "ce", "hidden": (4,), "epochs": 6, "learning_rate": 0.5, **more}
    return Experiment(dataset=PointsDataset.split(rows, validation=0.25, test=0.25), **settings)


def test_held_out_tables_are_columns_of_the_trace(tmp_path: Path) -> None:
    run = held_out_run()
    trace = train(run, tmp_path)
    again = Trace.open(trace.path, checksums=True)
    assert again.run == run and verify(trace.path).exact
    labels = again.columns["validation_points"][:, -1], again.columns["test_points"][:, -1]
    np.testing.assert_array_equal(labels[0], run.dataset.validation_labels())
    np.testing.assert_array_equal(labels[1], run.dataset.test_labels())
    assert len((trace.path / "meta.json").read_text()) < 5000


@pytest.mark.parametrize("column", ["validation_points", "test_points"])
def test_damaged_held_out_points_are_named(tmp_path: Path, column: str) -> None:
    path = train(held_out_run(), tmp_path).path
    file = path / f"{column}.npy"
    content = file.read_bytes()
    file.write_bytes(bytes([*content[:-3], content[-3] ^ 1, *content[-2:]]))
    with pytest.raises(TraceError, match=rf"{column}\.npy"):
        Trace.open(path)
    assert [problem.column for problem in verify(path).problems] == [column]


@pytest.mark.parametrize("points", [Moons(points=40), Blobs(points=40, classes=4)], ids=["bce", "ce"])
def test_metrics_have_the_accuracy_that_torch_computes(tmp_path: Path, points: Moons | Blobs) -> None:
    loss = "bce" if points.n_classes == 2 else "ce"
    data = PointsDataset(points=points, validation=points.model_copy(update={"seed": 1}))
    run = Experiment(dataset=data, loss=loss, hidden=(5,), epochs=30, learning_rate=1.0)  # type: ignore[arg-type]
    trace = train(run, tmp_path)
    widths = (2, 5, run.n_outputs)
    model = torch.nn.Sequential(torch.nn.Linear(*widths[:2]), torch.nn.Sigmoid(), torch.nn.Linear(*widths[1:])).double()
    expected: dict[str, list[float]] = {"accuracy": [], "val_accuracy": []}
    for update in range(31):
        model.load_state_dict(trace.state_dict(update))
        for name, x, t in (
            ("accuracy", data.features(), data.labels()),
            ("val_accuracy", data.validation_features(), data.validation_labels()),
        ):
            y = model(torch.from_numpy(x)).detach()
            answer = y[:, 0] > 0 if loss == "bce" else y.argmax(dim=1)
            expected[name].append(float((answer == torch.from_numpy(t)).double().mean()))
    assert list(trace.metrics) == ["accuracy", "val_accuracy"]
    for name, (at, values) in trace.metrics.items():
        np.testing.assert_array_equal(at, np.arange(31))
        np.testing.assert_allclose(values, expected[name])
    assert expected["accuracy"][-1] > expected["accuracy"][0]


def test_a_long_run_has_its_accuracy_at_some_states(tmp_path: Path) -> None:
    trace = train(held_out_run(epochs=1000), tmp_path)
    at, values = trace.metrics["test_accuracy"]
    assert len(at) == len(values) == MOST_CLASSIFIED and (at[0], at[-1]) == (0, 1000)


def test_a_run_that_predicts_numbers_has_no_accuracy(tmp_path: Path) -> None:
    assert train(Experiment(epochs=3), tmp_path).metrics == {}
