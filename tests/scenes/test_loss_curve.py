"""loss-curve: the lines and the numbers are the trace's, for a run of ours and for anybody's."""

from __future__ import annotations

import shutil
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, unpack, validation_loss
from gradreel.core.point_generators import Moons
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.any_run.loss_curve import LossCurve
from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossAxis
from gradreel.scenes.mobjects.readout import LossReadout
from gradreel.scenes.testing.layout import check_scene

BATCHES = Experiment(batch_size=8, epochs=40, learning_rate=0.05)
FULL = Experiment(epochs=60)
VIEWS = Experiment(
    dataset=DailyViews(), hidden=(4,), activation="relu", optimizer="adam", learning_rate=0.003, batch_size=64,
    epochs=6, loss="mae", dtype="float32", keep={"every": 4},
)  # fmt: skip
NOISE = np.random.default_rng(1).normal(size=20_000)


def shown(scene) -> tuple[int, float]:
    """Return the readout's count and loss."""
    count = int(scene.readout.count.text.replace("\u2009", ""))
    return count, float(scene.readout.loss.text.replace("\u2212", "-").replace("–", "nan"))


def drawn(scene, curve) -> np.ndarray:
    """(n, 2): updates and losses of the corners of a curve, read from its points on the screen."""
    corners = np.array([scene.plot.axes.data(point) for point in [*curve.get_start_anchors(), curve.points[-1]]])
    if scene.plot.axis.logarithmic:
        corners[:, 1] = 10.0 ** corners[:, 1]
    return corners


def missed(run, theta, first, end) -> float:
    """Mean |e| in views over the label days from ``first`` to the day before ``end``, from the raw series, in float64.

    Yesterday is feature 1; mean and standard deviation are those of the days before the first for validation.
    """
    daily, window = run.dataset.daily, run.dataset.window
    views = np.array(daily.values)
    known = views[: (run.dataset.first_validation_date - daily.start).days]
    scaled = (views - known.mean()) / known.std()
    days = np.arange((first - daily.start).days, (end - daily.start).days)
    layers = unpack(run, theta.astype(float))
    x = np.array([scaled[day - window : day][::-1] for day in days])
    y = np.maximum(x @ layers.weights[0].T + layers.biases[0], 0) @ layers.c + layers.b
    return float(np.abs(y * known.std() + known.mean() - views[days]).mean())


def missed_on_validation_days(run, theta) -> float:
    return missed(run, theta, run.dataset.first_validation_date, run.dataset.first_test_date)


@pytest.fixture(scope="module")
def film(play):
    """Readout and drawn curves at the end of each beat, for a run in batches."""
    seen = {}

    def look(scene, beat):
        plot = scene.plot
        curves = {name: getattr(plot, name) for name in ("batch", "mean", "whole")}
        seen[beat] = {"readout": shown(scene), **{name: drawn(scene, curve) for name, curve in curves.items()}}
        seen["window"], seen["edges"] = scene.history.window, (10.0**plot.axis.low, 10.0**plot.axis.high)
        seen["label"] = [line.source for line in plot.labels["mean"]]

    play(LossCurve, look, run=BATCHES)
    return seen


@pytest.fixture(scope="module")
def trace(trace_of) -> Trace:
    return trace_of(BATCHES)


def test_the_pale_line_is_the_recorded_batch_loss(film, trace):
    line = film["walk"]["batch"]
    np.testing.assert_allclose(line[:, 0], np.arange(trace.n_updates), atol=1e-6)
    np.testing.assert_allclose(line[:, 1], np.clip(trace.batch_loss, *film["edges"]), rtol=1e-9)
    assert film["walk"]["readout"] == (440, pytest.approx(trace.batch_loss[-1], abs=5.1e-4))


def test_the_running_mean_is_the_mean_over_the_window_that_the_label_names(film, trace):
    window = film["window"]
    assert any(f"last {window} updates" in line for line in film["label"])
    expected = [np.mean(trace.batch_loss[max(0, k - window + 1) : k + 1]) for k in range(trace.n_updates)]
    line = film["running-mean"]["mean"]
    np.testing.assert_allclose(line[:, 1], np.interp(line[:, 0], np.arange(trace.n_updates), expected), rtol=1e-9)
    assert film["running-mean"]["readout"] == (440, pytest.approx(expected[-1], abs=5.1e-4))


def test_the_loss_over_all_examples_is_computed_from_recorded_states(film, trace):
    line = film["whole"]["whole"]
    rows = line[:, 0].round().astype(int)
    np.testing.assert_allclose(line[:, 1], loss(BATCHES, trace.parameters[rows]), rtol=1e-9)
    assert film["end"]["readout"] == (440, pytest.approx(float(loss(BATCHES, trace.parameters[-1])), abs=5.1e-4))


def test_all_examples_in_each_batch_are_one_line_up_to_the_loss_after_the_last_update(play, trace_of):
    lines = {}

    def look(scene, beat):
        lines[beat] = drawn(scene, scene.plot.batch) if beat != "axes" else None
        return shown(scene)

    played, trace = play(LossCurve, look, run=FULL), trace_of(FULL)
    final = float(loss(FULL, trace.parameters[-1]))
    assert played.beats == ["axes", "walk", "end"]
    assert played.seen["end"] == (60, pytest.approx(final, abs=5.1e-4))
    np.testing.assert_allclose(lines["walk"][:, 1], [*trace.batch_loss, final], rtol=1e-9)
    assert played.lines["end"]["en"] == f"The run made 60 updates. The curve that was drawn last ends at {final:.3f}."


def test_losses_of_daily_views_are_in_views_and_the_dashed_one_is_of_validation_days(play, trace_of):
    seen, data = {}, VIEWS.dataset

    def look(scene, beat):
        seen[beat] = scene.readout.loss_words.source, shown(scene)[1]
        seen["marker"] = scene.plot.axes.data(scene.plot.marker.get_center())[1]  # a dashed line may end in a gap
        seen["ticks"] = [label.source for label in scene.plot.axes.y_tick_labels]

    beats = play(LossCurve, look, run=VIEWS).beats
    theta = trace_of(VIEWS).parameters[-1]
    trained_on = missed(VIEWS, theta, data.daily.start + timedelta(days=data.window), data.first_validation_date)
    validation = missed_on_validation_days(VIEWS, theta)
    assert beats[-3:] == ["whole", "validation", "end"]
    assert seen["whole"] == ("all examples", pytest.approx(trained_on, abs=0.51))
    assert seen["validation"] == ("validation days", pytest.approx(validation, abs=0.51))
    assert seen["marker"] == pytest.approx(validation, rel=1e-6)
    assert all(tick.replace("\u2009", "").isdigit() for tick in seen["ticks"])


def test_claims_about_the_scenes_own_run_hold(play):
    scene = play(LossCurve).scene
    assert scene.plot.axis.logarithmic  # "each step up means the same factor"
    assert scene.history.is_smoothed and scene.run.batches_per_epoch > 1  # "their loss jumps up and down"
    assert len(scene.history.epoch_starts) + 1 == scene.run.epochs and len(scene.history.whole)


def test_a_classifier_shows_its_loss_on_validation_points_and_its_accuracies(play, trace_of):
    data = PointsDataset(points=Moons(points=30), validation=Moons(points=20, seed=1))
    run = Experiment(dataset=data, loss="bce", hidden=(4,), epochs=30, learning_rate=1.0)
    seen, trace = {}, trace_of(run)

    def look(scene, beat):
        seen[beat] = scene.readout.loss_words.source, shown(scene)[1]
        seen["panels"] = [(panel.series.name, panel.number.value) for panel in getattr(scene.panels, "panels", [])]
        seen.setdefault("findings", []).extend(map(str, check_scene(scene, beat)))

    assert play(LossCurve, look, lang="zh", run=run).beats[-3:] == ["validation", "end", "metrics-1"]
    assert seen["findings"] == []
    assert seen["validation"] == ("验证点", pytest.approx(validation_loss(run, trace.parameters[-1]), abs=5.1e-4))
    expected = [(name, pytest.approx(values[-1], abs=1e-4)) for name, (_, values) in trace.metrics.items()]
    assert seen["panels"] == expected and len(expected) == 2


# -- anybody's runs


def test_a_running_mean_is_not_called_the_loss_and_the_end_equals_gradient_descents(play, loops):
    trace = Trace.open(loops / "sgd")
    seen = {}

    def look(scene, beat):
        seen["window"] = scene.history.window
        seen[beat] = scene.readout.loss_words.source, shown(scene)

    line = play(LossCurve, look, trace=str(trace.path)).lines["end"]["en"]
    mean = float(np.mean(trace.batch_loss[-seen["window"] :]))
    assert seen["end"] == ("running mean", (120, pytest.approx(mean, abs=5.1e-4)))
    assert line == f"The run made 120 updates. The curve that was drawn last ends at {mean:.3f}."
    descent = play(GradientDescent, lambda scene, beat: scene.recorded.readout.count.text, trace=str(trace.path))
    assert descent.seen["recorded-end"] == "120"
    assert descent.lines["recorded-end"]["en"].startswith("That was the way of 120 updates.")


# -- what a loop logs beside the loss

METRICS = {
    "val_loss": (np.arange(10, 121, 10), np.linspace(2, 1, 12)),
    "accuracy": (np.arange(1, 121), np.linspace(0, 1, 120)),
    "a/very/long.name_of_$5_and_more_that_does_not_fit": (np.arange(1, 121), 10.0 ** -np.arange(120)),
    "always the same": (np.array([60, 90]), np.array([3.0, 3.0])),
    "seconds in all": (np.array([120]), np.array([3.5])),
    "off to infinity": (np.arange(1, 121), np.where(np.arange(120) < 60, 2.0**30, np.inf)),
    "never a number": (np.arange(1, 121), np.full(120, np.nan)),
}


@pytest.fixture(scope="module")
def with_metrics(tmp_path_factory):
    """A recorded loop of 120 updates, its learning rate halved at 60, that logs all of `METRICS`."""
    path = tmp_path_factory.mktemp("metrics") / "run"
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, path) as recording:
        for k in range(120):
            optimizer.param_groups[0]["lr"] = 0.1 if k < 60 else 0.05
            model(torch.ones(1, 1)).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
            recording.log(loss=3.0 / (k + 2))
            recording.log({name: values[at == k + 1][0] for name, (at, values) in METRICS.items() if k + 1 in at})
    return path


def test_the_validation_loss_shares_the_axis_and_other_metrics_have_their_own(play, with_metrics):
    found, panels, seen, curves = [], {}, {}, {}

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        for panel in getattr(scene.panels, "panels", []):
            corners = [*panel.curve.get_start_anchors(), panel.curve.points[-1]]
            curves[panel.series.name] = np.array([panel.axes.data(point) for point in corners])
        panels[beat] = [(panel.series.name, panel.number.value) for panel in getattr(scene.panels, "panels", [])]
        if beat == "validation":
            seen[beat] = drawn(scene, scene.plot.validation), shown(scene)

    played = play(LossCurve, look, lang="zh", trace=str(with_metrics))
    assert found == []
    assert played.beats[-5:] == ["validation", "end", "metrics-1", "metric-2", "rate"]
    line, readout = seen["validation"]
    at, values = METRICS["val_loss"]
    np.testing.assert_allclose(np.interp(at, line[:, 0], line[:, 1]), values, atol=0.02)
    assert readout == (120, 1.0)
    assert [line.source.replace("\\", "") for line in played.scene.plot.labels["validation"]] == ["val_loss"]
    assert "第 4 种" in played.lines["metric-2"]["zh"] and "number 4," in played.lines["metric-2"]["en"]
    names = METRICS.keys() - {"val_loss", "never a number", "seconds in all"}
    assert {name for name, _ in panels["metrics-1"] + panels["metric-2"]} == names
    assert dict(panels["metrics-1"])["accuracy"] == 1.0
    assert [value for _, value in panels["rate"]] == [0.05]
    np.testing.assert_allclose(curves["accuracy"], np.stack(METRICS["accuracy"], axis=1), atol=1e-9)
    *_, rate = curves.values()
    np.testing.assert_allclose(rate[:, 1], np.where(rate[:, 0].round() < 60, 0.1, 0.05), atol=1e-9)


EXTREME = {
    "twenty thousand": ((2 * np.exp(-np.arange(20_000) / 4000) + 0.3) * np.exp(0.4 * NOISE), np.arange(20_000) // 2000),
    "gaps": (np.where(np.arange(3000) % 1000 < 700, np.exp(0.4 * NOISE[:3000]), np.nan), None),
    "overflow": (np.append(np.exp(np.linspace(0, 700, 300)), [np.inf] * 10), None),
    "single": ([0.5], None),
    "one epoch": (np.exp(-np.arange(50) / 10), np.zeros(50, dtype=int)),
    "negative": (-np.arange(200.0), np.arange(200) // 10),
    "always zero": (np.zeros(30), None),
    "infinite at first": (np.append([np.inf] * 3, np.exp(-np.arange(40) / 10)), None),
    "a mean in powers of ten": (np.where(np.arange(60) % 2, 0.0, 10.0 ** (-np.arange(60) / 10)), None),
    "a loss at every tenth update": (np.where(np.arange(3000) % 10 == 9, np.exp(0.4 * NOISE[:3000]), np.nan), None),
    "a loss at the end of each epoch": (np.where(np.arange(470) % 47 == 46, 1 / (1 + np.arange(470)), np.nan), None),
    "a million": (np.tile(np.exp(0.2 * NOISE), 50), np.arange(1_000_000) // 50_000),
}


@pytest.mark.parametrize(("name", "language"), list(zip(EXTREME, cycle(("zh", "en")), strict=False)))
def test_extremes_stay_readable(play, written, name, language):
    found, counts = [], []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        counts.append(int(scene.readout.count.text.replace("\u2009", "")))

    losses, epoch = EXTREME[name]
    beats = play(LossCurve, look, lang=language, trace=str(written(losses, epoch))).beats
    assert found == []
    assert beats[-1] == "end"
    assert max(counts) == len(losses)
    assert ("epochs" in beats) == (epoch is not None and name != "one epoch")


def test_gaps_are_gaps_and_counted(written):
    history = LossHistory.of(Trace.open(written(EXTREME["gaps"][0])))
    x, y = history.line()
    assert history.n_missing == 900
    assert np.isnan(y[(x % 1000 > 720)]).all() and np.isfinite(y[x % 1000 < 690]).all()
    assert np.isnan(history.mean(990)) and history.mean(1) == pytest.approx(np.exp(0.4 * NOISE[:2]).mean())


@pytest.mark.parametrize("first", [0, 4, 9])
def test_a_loss_logged_at_every_tenth_update_is_one_line_without_gaps(play, written, first):
    losses = np.full(200, np.nan)
    losses[first::10] = np.exp(-np.arange(20) / 5)
    seen = {}

    def look(scene, beat):
        curve = scene.plot.batch
        line = drawn(scene, curve) if len(curve.points) else None
        seen[beat] = shown(scene), scene.plot.marker.get_center(), line, scene._note()

    played = play(LossCurve, look, trace=str(written(losses)))
    readout, marker, line, note = seen["walk"]
    assert played.beats == ["axes", "walk", "end"]
    np.testing.assert_allclose(line[:, 0], np.arange(first, 200, 10), atol=1e-6)
    np.testing.assert_allclose(line[:, 1], losses[first::10], rtol=1e-9)
    assert readout == (200, pytest.approx(losses[190 + first], abs=5.1e-4))
    np.testing.assert_allclose(marker, played.scene.plot.batch.end(), atol=1e-6)
    np.testing.assert_allclose(seen["axes"][1], played.scene.plot.batch.begin(), atol=1e-6)
    assert "a loss every 10 updates" in note
    assert "made 200 updates. The curve that was drawn last ends at" in played.lines["end"]["en"]


def test_the_running_mean_of_sparse_losses_is_over_those_logged(written):
    losses = np.where(np.arange(3000) % 10 == 9, np.exp(0.4 * NOISE[:3000]), np.nan)
    history = LossHistory.of(Trace.open(written(losses)))
    assert (history.step, history.window, history.is_regular) == (10, 100, True)
    for update in (99, 1234, 2999):
        last = losses[update - 99 : update + 1]
        assert history.mean(update) == pytest.approx(last[~np.isnan(last)].mean(), rel=1e-12)
    x, y = history.mean_line()
    assert np.isfinite(y).all() and (x % 10 == 9).all()


def test_the_line_of_a_long_run_contains_every_loss(written):
    losses = EXTREME["twenty thousand"][0].copy()
    losses[12_345] = 40.0
    x, y = LossHistory.of(Trace.open(written(losses))).line()
    assert len(x) <= 1200 and np.all(np.diff(x) > 0)
    np.testing.assert_array_equal(y, losses[x.astype(int)])
    assert y.max() == 40.0 and y.min() == losses.min()


def test_losses_beyond_the_edge_are_counted_on_the_picture(play, written):
    losses = np.exp(0.1 * NOISE[:2000])
    losses[[500, 900, 1300]] = 50.0
    trace = Trace.open(written(losses))
    axis = LossAxis.of(LossHistory.of(trace))
    measure = np.log10(losses) if axis.logarithmic else losses
    assert axis.outside(losses) == np.sum((measure > axis.high) | (measure < axis.low)) >= 3
    first, *_ = play(LossCurve, lambda scene, beat: scene._note(), trace=str(trace.path)).seen.values()
    assert f"beyond the picture's edge: {axis.outside(losses)}" in first


def test_a_run_without_logged_losses_is_answered_with_the_call_to_add(play, loops, written):
    with pytest.raises(UserError, match=r"recording\.log\(loss=loss\.item\(\)\)"):
        play(LossCurve, trace=str(loops / "unlogged"))
    with pytest.raises(UserError, match="none of the 3 losses of this run is a finite number"):
        play(LossCurve, trace=str(written([np.inf] * 3)))
    with pytest.raises(UserError, match=r"from -1e\+308 to 1e\+308, too far for one axis"):
        play(LossCurve, trace=str(written([-1e308, 1e308] * 3, name="far")))


def test_losses_that_were_logged_as_nan_are_not_called_unlogged(play, broken):
    run = Trace.open(broken / "nan from the start").run
    assert run.first_nan_loss == 0
    with pytest.raises(UserError, match=r"every loss that was logged .* is nan, the first at update 0") as error:
        play(LossCurve, trace=str(broken / "nan from the start"))
    assert "no loss was logged" not in str(error.value)


@pytest.mark.parametrize(("name", "language"), [("nan", "en"), ("overflow", "zh")])
def test_a_loss_that_becomes_nan_is_no_gap(play, broken, name, language):
    found, notes = [], []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        notes.append(scene._note())

    line = play(LossCurve, look, lang=language, trace=str(broken / name)).lines["end"][language]
    trace = Trace.open(broken / name)
    missing = int((~np.isfinite(trace.batch_loss)).sum())
    assert found == [] and "nan" not in line and "∞" not in line and "–" not in line
    assert trace.run.first_nan_loss > 0
    words = {"en": f"no loss that is a number at {missing} of 30", "zh": f"30 次更新中有 {missing} 次没有可用的"}
    assert words[language] in notes[-1]


@pytest.mark.parametrize(
    ("losses", "logarithmic"), [([1, 10, 19], False), ([1, 10, 25], True), ([0, 10, 25], False), ([-5, 100], False)]
)
def test_the_axis_is_logarithmic_if_losses_spread_far(written, losses, logarithmic):
    axis = LossAxis.of(LossHistory.of(Trace.open(written(losses))))
    ticks = axis.ticks()
    assert axis.logarithmic is logarithmic
    assert axis.low <= min(axis.of_loss(losses)) <= max(axis.of_loss(losses)) <= axis.high
    assert 2 <= len(ticks.values) <= 7 and axis.low <= min(ticks.values) <= max(ticks.values) <= axis.high


@pytest.mark.parametrize(
    ("size", "written"), [(0.0, "0"), (4e-8, "4.0·10⁻⁸"), (0.0012, "0.00120"), (0.043, "0.04300"), (np.nan, "–")]
)
def test_a_loss_is_never_written_as_zeros(size, written):
    readout = LossReadout("update", "loss", "", 10, np.array([0.043, 0.0012, 4e-8]), -0.5)
    assert readout.written(size) == written
    readout.show(10, size)
    assert readout.loss.text == written


def test_of_many_metrics_the_first_nine_are_drawn_and_the_line_says_of_how_many(play, tmp_path):
    path = tmp_path / "run"
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, path) as recording:
        for update in range(3):
            optimizer.zero_grad()
            loss = model(torch.ones(4, 1)).square().mean()
            loss.backward()
            optimizer.step()
            recording.log({f"metric {k}": float(k + update) for k in range(40)}, loss=loss)
    played = play(LossCurve, trace=str(path))
    assert [beat for beat in played.beats if beat.startswith("metrics")] == ["metrics-1", "metrics-2", "metrics-3"]
    assert "40 other numbers" in played.lines["metrics-3"]["en"] and "7 to 9" in played.lines["metrics-3"]["en"]
    assert "共 40 种" in played.lines["metrics-3"]["zh"]


# -- several runs ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(play, loops, tmp_path_factory):
    """The scene after its comparison of three runs, two of which have the same name, and their traces."""
    twin = Path(shutil.copytree(loops / "adam", tmp_path_factory.mktemp("other") / "sgd"))
    folders = {"trace": loops / "sgd", "second": loops / "adam", "third": twin}
    texts = {name: str(folder) for name, folder in folders.items()}
    played = play(LossCurve, check_scene, size=(640, 360), **texts)
    return played, [Trace.open(folder) for folder in folders.values()]


def test_the_losses_of_all_runs_are_on_the_same_axes(compared):
    played, traces = compared
    assert played.findings == []
    comparison, runs = played.scene.comparison, [LossHistory.of(trace) for trace in traces]
    for curve, history in zip(comparison.curves, runs, strict=True):
        x, y = history.mean_line() if history.is_smoothed else history.line()
        np.testing.assert_allclose(curve.data_x, x)
        shown = np.array([comparison.axes.data(corner) for corner in curve.corners])
        losses = 10.0 ** shown[:, 1] if played.scene.comparison.axis.logarithmic else shown[:, 1]
        np.testing.assert_allclose(losses, y, rtol=1e-9)
        assert len(curve.points)


def test_runs_are_told_apart_by_name_colour_and_dashes(compared):
    played, _ = compared
    comparison = played.scene.comparison
    names = [label[0].source.replace("\\", "") for label in comparison.labels]
    assert len(set(names)) == 3 and names[0].endswith("/sgd") and names[1] == "adam"
    colors = {curve.get_stroke_color().to_hex() for curve in comparison.curves}
    assert len(colors) == 3 and len({curve.dash for curve in comparison.curves}) == 3


def test_losses_in_views_and_others_have_no_common_axis(play, loops):
    with pytest.raises(UserError, match="one run's loss is in views and another's is not"):
        play(LossCurve, run=VIEWS, second=str(loops / "sgd"))
