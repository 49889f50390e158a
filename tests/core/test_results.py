"""Results agree with explicit sums, and the experiments are those that the lecture compares."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments, width_experiments
from gradreel.core.analysis.results import LECTURE, Losses, best_by_test, best_by_validation, loss_by_epoch, result_of
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train, train_all
from gradreel.core.trace.training_times import is_time_noted_since, note_training, time_file, training_seconds

WEEK = tuple(1000.0 + 300 * math.sin(day) + 40 * (day % 7) for day in range(60))
DATA = DailyViews(series=DailySeries(start=date(2024, 1, 1), values=WEEK, name="mine.csv"), window=3)


def absolute_error_in_views(run, theta, features, labels) -> float:
    """Return the mean absolute error in views, layer by layer, example by example: a slow reference."""
    widths = (run.dataset.window, *run.hidden)
    total = 0.0
    for x, label in zip(features, labels, strict=True):
        values, start = list(x), 0
        for before, width in zip(widths, run.hidden, strict=False):
            weights = theta[start : start + before * width].reshape(width, before)
            bias = theta[start + before * width : start + (before + 1) * width]
            values = [
                max(0.0, sum(w * v for w, v in zip(row, values, strict=True)) + b)
                for row, b in zip(weights, bias, strict=True)
            ]
            start += (before + 1) * width
        prediction = sum(c * v for c, v in zip(theta[start:-1], values, strict=True)) + theta[-1]
        total += abs(run.dataset.in_views(prediction) - run.dataset.in_views(label))
    return total / len(labels)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return two networks with three recorded runs each, and their folder."""
    folder = tmp_path_factory.mktemp("traces")
    networks = (*width_experiments(DATA, (0, 4), range(3), epochs=3), *depth_experiments(DATA, (2,), 5, range(3), 3))
    for network in networks:
        train_all(network.experiments, folder)
    return networks, folder


def test_the_lectures_comparisons():
    wide, deep = width_experiments(), depth_experiments()
    assert [(network.name, network.hidden) for network in wide] == [
        ("linear", ()), ("10 ReLU", (10,)), ("100 ReLU", (100,)), ("1000 ReLU", (1000,))
    ]  # fmt: skip
    assert [network.name for network in deep] == ["100 ReLU", "2 × 100 ReLU", "3 × 100 ReLU", "4 × 100 ReLU"]
    assert wide[2].experiments == deep[0].experiments, "one run is shared by both"
    assert {network.hidden for network in (*wide, *deep)} == set(LECTURE)
    run = wide[3].experiments[4]
    assert (run.optimizer, run.learning_rate, run.batch_size, run.loss) == ("adam", 0.001, 32, "mae")
    assert (run.dtype, run.activation, run.epochs, run.seed) == ("float32", "relu", 60, 4)
    assert run.keep.every == run.batches_per_epoch == 56, "a state an epoch"
    assert wide[0].experiments[0].activation == "none"


def test_few_days_make_one_batch_and_a_large_network_keeps_its_ends():
    (network,) = width_experiments(DATA, (100_000,), [0], epochs=7)
    (run,) = network.experiments
    assert run.batch_size == 32 < DATA.examples == 35
    assert run.n_kept == 8, "so large a network still keeps a state an epoch"
    few = DailyViews(series=DailySeries(start=date(2024, 1, 1), values=WEEK[:12], name="few.csv"), window=3)
    assert width_experiments(few, (0,), [0])[0].experiments[0].batch_size == few.examples == 6
    (large,) = depth_experiments(DailyViews(), (2,), 2000, [0], 3)
    assert large.experiments[0].kept_updates().tolist() == [0, 3 * 56]
    with pytest.raises(UserError, match=r"^network 2 × 100000 ReLU: hidden: .*parameters are too many"):
        depth_experiments(DailyViews(), (2,), 100_000, [0], 1)


def test_mean_and_deviation_over_seeds_agree_with_the_statistics_module():
    losses = Losses(np.array([3.0, 5.0, 10.0]))
    assert losses.mean == 6
    assert losses.deviation == pytest.approx(math.sqrt(((3 - 6) ** 2 + (5 - 6) ** 2 + (10 - 6) ** 2) / 2))
    assert (losses.least, losses.largest) == (3, 10)
    assert Losses(np.array([3.0])).deviation is None


def test_result_is_the_mean_absolute_error_in_views_of_the_state_that_validates_best_and_of_the_last(recorded):
    networks, folder = recorded
    for network in networks:
        result = result_of(network, folder)
        assert result.seeds == (0, 1, 2)
        for place, run in enumerate(network.experiments):
            trace = train(run, folder)
            validating = [
                absolute_error_in_views(run, theta, DATA.validation_features(), DATA.validation_labels())
                for theta in np.asarray(trace.parameters, dtype=np.float64)
            ]
            row = result.rows[place]
            assert validating[row] == pytest.approx(min(validating[1:]), rel=1e-9)
            assert result.epochs[place] == trace.kept[row] / run.batches_per_epoch == row, "a state an epoch"
            for state, losses in ((row, result.chosen), (-1, result.end)):
                theta = np.asarray(trace.parameters[state], dtype=np.float64)
                expected = absolute_error_in_views(run, theta, DATA.features(), DATA.labels())
                expected_test = absolute_error_in_views(run, theta, DATA.test_features(), DATA.test_labels())
                assert losses.training.by_seed[place] == pytest.approx(expected, rel=1e-5)
                assert losses.validation.by_seed[place] == pytest.approx(validating[state], rel=1e-5)
                assert losses.test.by_seed[place] == pytest.approx(expected_test, rel=1e-5)


def test_no_choice_depends_on_a_test_day(recorded, monkeypatch):
    networks, folder = recorded
    before = [result_of(network, folder) for network in networks]
    monkeypatch.setattr(DailyViews, "test_labels", lambda data: np.linspace(-9, 9, data.n_test))
    after = [result_of(network, folder) for network in networks]
    assert [result.rows for result in after] == [result.rows for result in before]
    assert best_by_validation(after).network == best_by_validation(before).network
    assert all((a.test.by_seed != b.test.by_seed).all() for a, b in zip(after, before, strict=True))


def test_a_result_has_the_recorded_runs_only(recorded, tmp_path):
    networks, folder = recorded
    network = networks[1]
    assert result_of(network, tmp_path) is None
    train(network.experiments[1], tmp_path)
    part, whole = result_of(network, tmp_path), result_of(network, folder)
    assert (part.seeds, part.seconds) == ((1,), None)
    assert part.training.by_seed[0] == whole.training.by_seed[1]
    (tmp_path / network.experiments[1].digest / "parameters.npy").unlink()
    with pytest.raises(TraceError, match="parameters"):
        result_of(network, tmp_path)


def test_the_best_network_has_the_lowest_mean_loss(recorded):
    networks, folder = recorded
    results = [result_of(network, folder) for network in networks]
    chosen = best_by_validation(results)
    assert chosen.validation.mean == min(result.validation.by_seed.sum() / 3 for result in results)
    best = best_by_test(results)
    assert best.test.mean == min(result.test.by_seed.sum() / 3 for result in results)
    with pytest.raises(ValueError, match="empty"):
        best_by_test([])


def test_loss_by_epoch_begins_before_the_first_update_and_ends_with_the_result(recorded):
    networks, folder = recorded
    run = networks[1].experiments[2]
    trace = train(run, folder)
    curve = loss_by_epoch(trace)
    assert (curve.epoch[0], curve.epoch[-1]) == (0, run.epochs)
    assert len(curve.epoch) == len(trace.kept) == run.epochs + 1, "a state an epoch"
    middle = 1
    assert curve.epoch[middle] == middle
    theta = np.asarray(trace.parameters[middle], dtype=np.float64)
    expected = absolute_error_in_views(run, theta, DATA.features(), DATA.labels())
    assert curve.training[middle] == pytest.approx(expected, rel=1e-5)
    result = result_of(networks[1], folder)
    end = result.end
    assert (curve.training[-1], curve.validation[-1]) == (end.training.by_seed[2], end.validation.by_seed[2])
    row = result.rows[2]
    assert curve.validation[row] == min(curve.validation[1:]) == result.validation.by_seed[2]
    thin = loss_by_epoch(trace, states=2)
    assert (len(thin.epoch), thin.epoch[0], thin.epoch[-1]) == (2, 0, run.epochs)
    assert loss_by_epoch(trace, states=2, also=2).epoch.tolist() == [0, 2, 3]
    assert set(thin.validation) <= set(curve.validation)
    assert curve.until(2.0).epoch.tolist() == [0, 1, 2]
    assert curve.until(2.0).validation.tolist() == curve.validation[:3].tolist()


def test_only_absolute_errors_are_views(tmp_path):
    for run in (Experiment(epochs=2), Experiment(dataset=DATA, epochs=2)):
        trace = train(run, tmp_path)
        with pytest.raises(ValueError, match="views"):
            loss_by_epoch(trace)


def test_training_time_lies_beside_the_trace_and_changes_no_byte_of_it(recorded, tmp_path):
    run = recorded[0][0].experiments[0]
    assert training_seconds(tmp_path, run) is None
    note_training(tmp_path, run, seconds=3.0, updates=run.n_updates)
    assert training_seconds(tmp_path, run) == 3
    note_training(tmp_path, run, seconds=1.0, updates=run.n_updates // 2)
    assert training_seconds(tmp_path, run) == pytest.approx(run.n_updates / (run.n_updates // 2))
    for taken in np.arange(1, 200) / 10_000:  # rounded as it was written
        note_training(tmp_path, run, seconds=taken, updates=run.n_updates)
        assert training_seconds(tmp_path, run) == taken
    (file,) = tmp_path.iterdir()
    assert is_time_noted_since(tmp_path, run, since=file.stat().st_mtime - 1)
    assert not is_time_noted_since(tmp_path, run, since=file.stat().st_mtime + 1)
    file.write_text("{}")
    assert training_seconds(tmp_path, run) is None


@pytest.mark.parametrize(
    "content",
    [
        '{"seconds": 4, "updates": 1e999}',
        '{"seconds": 1e999, "updates": 4}',
        '{"seconds": NaN, "updates": 4}',
        '{"seconds": 4, "updates": NaN}',
        '{"seconds": -4, "updates": 4}',
        '{"seconds": 4, "updates": -4}',
        '{"seconds": -4, "updates": -4}',
        '{"seconds": 4, "updates": 0}',
        '{"seconds": 1' + "0" * 400 + ', "updates": 4}',
        '{"seconds": 4, "updates": 1' + "0" * 400 + "}",
        '{"seconds": null, "updates": 4}',
        '{"seconds": 4}',
        "[4, 4]",
        "[" * 100_000,
        "é",
        "",
    ],
)
def test_an_invalid_training_time_counts_as_unknown(recorded, tmp_path, content):
    run = recorded[0][0].experiments[0]
    time_file(tmp_path, run).write_text(content, encoding="utf-8")
    assert training_seconds(tmp_path, run) is None
