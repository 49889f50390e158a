"""loss-curve: the lines and the numbers are the trace's, for a run of ours and for anybody's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.columns import checksum
from gradreel.core.daily_series import DailySeries
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.theta import loss, unseen_loss
from gradreel.core.trace import Trace, column_kinds, read_meta, sealed_meta
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.loss_curve import LossCurve
from gradreel.scenes.mobjects.loss_axis import LossAxis, epoch_ticks, update_ticks
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_readout import LossReadout
from gradreel.scenes.stills import beat_frames, visit_beats

TINY = (320, 180)
BATCHES = Experiment(batch_size=8, epochs=40, learning_rate=0.05)
FULL = Experiment(epochs=60)
VIEWS = Experiment(
    dataset=DailyViews(), hidden=(4,), activation="relu", optimizer="adam", learning_rate=0.003, batch_size=64,
    epochs=6, loss="mae", dtype="float32", keep={"every": 4},
)  # fmt: skip
NOISE = np.random.default_rng(1).normal(size=20_000)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for run in (BATCHES, FULL, VIEWS):
        train(run, folder / "traces")
    return folder


def play(look, media_dir, parameters, **context) -> list[str]:
    """Call look(scene, beat) at each beat's end; the names of the beats."""
    beats = []

    def at_beat(scene, beat):
        beats.append(beat)
        look(scene, beat)

    visit_beats(LossCurve, at_beat, parameters, SceneContext(media_dir=media_dir, **context), TINY)
    return beats


def shown(scene) -> tuple[int, float]:
    """What the readout says."""
    count = int(scene.readout.count.text.replace("\u2009", ""))
    return count, float(scene.readout.loss.text.replace("\u2212", "-"))


def drawn(scene, curve) -> np.ndarray:
    """(n, 2): updates and losses of the corners of a curve, read from its points on the screen."""
    corners = np.array([scene.plot.axes.data(point) for point in [*curve.get_start_anchors(), curve.points[-1]]])
    if scene.plot.axis.logarithmic:
        corners[:, 1] = 10.0 ** corners[:, 1]
    return corners


@pytest.fixture(scope="module")
def film(media):
    """What is read from the scene of a run in batches at the end of each beat."""
    seen = {}

    def look(scene, beat):
        plot = scene.plot
        curves = {name: getattr(plot, name) for name in ("batch", "mean", "whole")}
        seen[beat] = {"readout": shown(scene), **{name: drawn(scene, curve) for name, curve in curves.items()}}
        seen["window"], seen["edges"] = scene.history.window, (10.0**plot.axis.low, 10.0**plot.axis.high)
        seen["label"] = [line.source for line in plot.labels["mean"]]

    seen["beats"] = play(look, media, {"run": BATCHES})
    return seen


@pytest.fixture(scope="module")
def trace(media) -> Trace:
    return Trace.find(media / "traces", BATCHES)


def test_each_part_of_the_story_has_its_beat(film):
    assert film["beats"] == ["axes-log", "wander-batches", "running-mean", "epochs", "whole", "end"]


def test_the_pale_line_is_the_recorded_batch_loss(film, trace):
    line = film["wander-batches"]["batch"]
    np.testing.assert_allclose(line[:, 0], np.arange(trace.n_updates), atol=1e-6)
    np.testing.assert_allclose(line[:, 1], np.clip(trace.batch_loss, *film["edges"]), rtol=1e-9)
    assert film["wander-batches"]["readout"] == (439, pytest.approx(trace.batch_loss[-1], abs=5.1e-4))


def test_the_running_mean_is_the_mean_over_the_window_that_the_label_names(film, trace):
    window = film["window"]
    assert any(f"last {window} updates" in line for line in film["label"])
    expected = [np.mean(trace.batch_loss[max(0, k - window + 1) : k + 1]) for k in range(trace.n_updates)]
    line = film["running-mean"]["mean"]
    np.testing.assert_allclose(line[:, 1], np.interp(line[:, 0], np.arange(trace.n_updates), expected), rtol=1e-9)
    assert film["running-mean"]["readout"] == (439, pytest.approx(expected[-1], abs=5.1e-4))


def test_the_loss_over_all_examples_is_computed_from_recorded_states(film, trace):
    line = film["whole"]["whole"]
    rows = line[:, 0].round().astype(int)
    np.testing.assert_allclose(line[:, 1], loss(BATCHES, trace.parameters[rows]), rtol=1e-9)
    assert film["end"]["readout"] == (440, pytest.approx(float(loss(BATCHES, trace.parameters[-1])), abs=5.1e-4))


def test_one_changed_number_is_another_picture(media, trace, tmp_path):
    folder = tmp_path / "traces" / BATCHES.digest
    shutil.copytree(trace.path, folder)
    losses = np.load(folder / "batch_loss.npy")
    losses[200:260] *= 1.5
    np.save(folder / "batch_loss.npy", losses)
    meta, _ = read_meta(folder)
    sums = {name: checksum(folder / f"{name}.npy", kind) for name, kind in column_kinds(BATCHES).items()}
    (folder / "meta.json").write_text(sealed_meta(BATCHES, meta["versions"], sums))
    one, other = (
        {s.beat: s.pixels for s in beat_frames(LossCurve, {"run": BATCHES}, SceneContext(media_dir=m), TINY)}
        for m in (media, tmp_path)
    )
    for beat in ("wander-batches", "running-mean"):
        assert (one[beat] != other[beat]).any()


def test_all_examples_in_each_batch_are_one_line(media):
    counts = []
    beats = play(lambda scene, beat: counts.append(shown(scene)), media, {"run": FULL})
    trace = Trace.find(media / "traces", FULL)
    assert beats == ["axes", "walk", "end"]
    assert counts[-1] == (59, pytest.approx(trace.batch_loss[-1], abs=5.1e-4))


def test_losses_of_daily_views_are_told_in_views(media):
    seen = {}

    def look(scene, beat):
        seen[beat] = shown(scene)
        seen["line"] = scene.plot.unseen and drawn(scene, scene.plot.unseen)[-1, 1]
        seen["ticks"] = [label.source for label in scene.plot.axes.y_tick_labels]

    beats = play(look, media, {"run": VIEWS})
    trace, data = Trace.find(media / "traces", VIEWS), VIEWS.dataset
    views = [data.absolute_error_in_views(float(of(VIEWS, trace.parameters[-1]))) for of in (loss, unseen_loss)]
    assert beats[-3:] == ["whole", "unseen", "end-unseen"]
    assert [seen[beat][1] for beat in ("whole", "unseen")] == [round(each) for each in views]
    assert seen["line"] == pytest.approx(views[1], rel=1e-6)
    assert all(tick.replace("\u2009", "").isdigit() for tick in seen["ticks"])


def test_an_unseen_loss_far_above_the_others_has_room(tmp_path):
    views = np.where(np.arange(120) == 110, 90_000.0, 300.0 + np.arange(120) % 7)
    series = DailySeries(start=date(2024, 1, 1), values=tuple(views.tolist()), name="burst.csv")
    run = VIEWS.model_copy(update={"dataset": DailyViews(series=series, window=7), "batch_size": 16, "epochs": 4})
    train(run, tmp_path / "traces")
    found = []
    assert play(lambda scene, beat: found.extend(check_scene(scene, beat)), tmp_path, {"run": run})[-1] == "end-unseen"
    assert found == []


# -- anybody's runs


def test_a_loop_of_ones_own(loops, tmp_path):
    seen = []
    beats = play(lambda scene, beat: seen.append(shown(scene)), tmp_path, {"trace": str(loops / "sgd")})
    trace = Trace.open(loops / "sgd")
    assert beats == ["axes", "wander", "running-mean", "epochs", "end"]
    assert seen[1] == (119, pytest.approx(trace.batch_loss[-1], abs=5.1e-4))


EXTREME = {
    "twenty thousand": ((2 * np.exp(-np.arange(20_000) / 4000) + 0.3) * np.exp(0.4 * NOISE), np.arange(20_000) // 2000),
    "gaps": (np.where(np.arange(3000) % 1000 < 700, np.exp(0.4 * NOISE[:3000]), np.nan), None),
    "overflow": (np.append(np.exp(np.linspace(0, 700, 300)), [np.inf] * 10), None),
    "single": ([0.5], None),
    "one epoch": (np.exp(-np.arange(50) / 10), np.zeros(50, dtype=int)),
    "negative": (-np.arange(200.0), np.arange(200) // 10),
    "always zero": (np.zeros(30), None),
    "large": (1e9 * np.exp(0.1 * NOISE[:400]), np.arange(400) // 4),
    "tiny": (1e-9 * np.exp(0.1 * NOISE[:400]), None),
    "a million": (np.tile(np.exp(0.2 * NOISE), 50), np.arange(1_000_000) // 50_000),
}
LAST = {"gaps": "end-unlogged", "overflow": "end-overflow", "single": "end-single"}


@pytest.mark.parametrize(("name", "language"), [*((name, "en") for name in EXTREME), ("twenty thousand", "zh")])
def test_extremes_stay_readable(written, tmp_path, name, language):
    found, counts = [], []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        counts.append(int(scene.readout.count.text.replace("\u2009", "")))

    losses, epoch = EXTREME[name]
    beats = play(look, tmp_path, {"trace": str(written(losses, epoch))}, language=language)
    assert found == []
    assert beats[-1] == LAST.get(name, "end")
    assert max(counts) == len(losses) - 1
    assert ("epochs" in beats) == (epoch is not None and name != "one epoch")


def test_gaps_are_gaps_and_counted(written):
    history = LossHistory.of(Trace.open(written(EXTREME["gaps"][0])))
    x, y = history.line()
    assert history.n_missing == 900
    assert np.isnan(y[(x % 1000 > 720)]).all() and np.isfinite(y[x % 1000 < 690]).all()
    assert np.isnan(history.mean(990)) and history.mean(1) == pytest.approx(np.exp(0.4 * NOISE[:2]).mean())


def test_no_loss_of_a_long_run_is_left_out_of_its_line(written):
    losses = EXTREME["twenty thousand"][0].copy()
    losses[12_345] = 40.0
    x, y = LossHistory.of(Trace.open(written(losses))).line()
    assert len(x) <= 1200 and np.all(np.diff(x) > 0)
    np.testing.assert_array_equal(y, losses[x.astype(int)])
    assert y.max() == 40.0 and y.min() == losses.min()


def test_losses_beyond_the_edge_are_counted_on_the_picture(written, tmp_path):
    losses = np.exp(0.1 * NOISE[:2000])
    losses[[500, 900, 1300]] = 50.0
    trace = Trace.open(written(losses))
    axis = LossAxis.of(LossHistory.of(trace))
    measure = np.log10(losses) if axis.logarithmic else losses
    assert axis.outside(losses) == np.sum((measure > axis.high) | (measure < axis.low)) >= 3
    texts = []
    play(lambda scene, beat: texts.append(scene._note()), tmp_path, {"trace": str(trace.path)})
    assert f"beyond the picture's edge: {axis.outside(losses)}" in texts[0]


def test_a_run_without_logged_losses_says_what_to_call(loops, written, tmp_path):
    with pytest.raises(UserError, match=r"recording\.log\(loss=loss\.item\(\)\)"):
        play(lambda scene, beat: None, tmp_path, {"trace": str(loops / "unlogged")})
    with pytest.raises(UserError, match="none of the 3 losses of this run is a finite number"):
        play(lambda scene, beat: None, tmp_path, {"trace": str(written([np.inf] * 3))})


def test_losses_that_were_logged_as_nan_are_not_called_unlogged(broken, tmp_path):
    run = Trace.open(broken / "nan from the start").run
    assert run.first_nan_loss == 0
    with pytest.raises(UserError, match=r"every loss that was logged .* is nan, the first at update 0") as error:
        play(lambda scene, beat: None, tmp_path, {"trace": str(broken / "nan from the start")})
    assert "no loss was logged" not in str(error.value)


@pytest.mark.parametrize(("name", "end"), [("nan", "end-nan"), ("overflow", "end-overflow")])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_loss_that_becomes_nan_is_no_gap(broken, tmp_path, name, end, language):
    found, notes = [], []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        notes.append(scene._note())

    beats = play(look, tmp_path, {"trace": str(broken / name)}, language=language)
    trace = Trace.open(broken / name)
    missing = int(np.isnan(trace.batch_loss).sum())
    assert beats[-1] == end and found == []
    assert 0 < trace.run.first_nan_loss == trace.n_updates - missing
    words = {"en": f"no loss that is a number at {missing} of 30", "zh": f"30 次更新中有 {missing} 次没有可用的"}
    assert words[language] in notes[-1]


def test_a_nan_in_the_middle_is_not_the_end(broken):
    history = LossHistory.of(Trace.open(broken / "nan"))
    assert history.first_nan == 12 and history.ends_in_nan
    again = history.batch.copy()
    again[-1] = 1.0
    assert not replace(history, batch=again).ends_in_nan
    assert LossHistory.of(Trace.open(broken / "nan"), 12).first_nan is None


@pytest.mark.parametrize(
    ("losses", "logarithmic"), [([1, 10, 19], False), ([1, 10, 25], True), ([0, 10, 25], False), ([-5, 100], False)]
)
def test_the_axis_counts_factors_where_losses_spread_far(written, losses, logarithmic):
    axis = LossAxis.of(LossHistory.of(Trace.open(written(losses))))
    ticks = axis.ticks()
    assert axis.logarithmic is logarithmic
    assert axis.low <= min(axis.of_loss(losses)) <= max(axis.of_loss(losses)) <= axis.high
    assert 2 <= len(ticks.values) <= 7 and axis.low <= min(ticks.values) <= max(ticks.values) <= axis.high


def test_ticks_are_whole_updates_and_whole_epochs():
    assert update_ticks(1).labels == ("0", "1")
    assert update_ticks(20_000).labels == ("0", "5\u2009000", "10\u2009000", "15\u2009000", "20\u2009000")
    assert epoch_ticks(np.arange(10, 100, 10)).labels == ("2", "4", "6", "8")
    assert epoch_ticks(np.arange(10, 100, 10)).values == (20.0, 40.0, 60.0, 80.0)


@pytest.mark.parametrize(
    ("size", "written"), [(0.0, "0"), (4e-8, "4.0·10⁻⁸"), (0.0012, "0.00120"), (0.043, "0.04300"), (np.nan, "–")]
)
def test_a_loss_is_never_written_as_zeros(size, written):
    readout = LossReadout("update", "loss", "", 10, np.array([0.043, 0.0012, 4e-8]), -0.5)
    assert readout.written(size) == written
    readout.show(10, size)
    assert readout.loss.text == written
