"""width-experiment and depth-experiment: bars and marks are the traces' losses; the words are what they say."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments, width_experiments
from gradreel.core.analysis.results import Losses, loss_by_epoch, result_of
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import START, appetites, base_views, hump, synthetic_views
from gradreel.core.daily.units import loss_column
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import TraceError
from gradreel.scenes.base import SceneContext
from gradreel.scenes.lecture.daily_data import shown_name
from gradreel.scenes.lecture.experiments.bars_scene import Courses
from gradreel.scenes.lecture.experiments.depth_experiment import DepthExperiment
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, Columns, LossBar
from gradreel.scenes.lecture.experiments.pictures.usual_days import UsualDays
from gradreel.scenes.lecture.experiments.width_experiment import RulePicture, WidthExperiment
from gradreel.scenes.lecture.relu_blocks import ReluBlocks, common_step
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.style import DIM, FULL
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.network_words import network_words

WIDTHS = {"widths": (0, 4, 16), "seeds": (0, 1), "epochs": 3}
SERIES = DailySeries(start=date(2024, 1, 1), values=tuple(4000.0 + 900 * np.sin(np.arange(60))), name="views.csv")
FEW = {"dataset": DailyViews(series=SERIES, window=7), "seeds": (0, 1), "epochs": 1}  # whose losses do not matter
DEPTHS = FEW | {"depths": (0, 1, 2, 3, 4), "width": 100}
KINDS = ("training", "validation")


def views_at(bar: LossBar, y: float) -> float:
    """The loss that is so high in a bar's picture."""
    return (y - bar.columns.bottom) / (bar.columns.y(1.0) - bar.columns.bottom)


def test_bars_and_marks_are_the_recorded_losses(of_the_lesson, play, media):
    """The widest network goes on to its last update."""
    seen = {}

    def look(scene, beat):
        bars = [bar for pair in scene.board.bars for bar in pair]
        seen[beat] = [views_at(bar, bar.box.get_top()[1]) for bar in bars]
        if beat == "by-heart":
            here = set(scene.get_mobject_family_members())
            assert not here & {bar.value for bar in bars[-2:]}
            bars[-2:] = scene.ends
            assert here >= {bar.value for bar in bars}
            seen["numbers"] = [bar.value.source for bar in bars]
            marks = scene.marks, scene.validation_marks
            seen["marks"] = [[views_at(bars[0], mark.get_center()[1]) for mark in each] for each in marks]

    played = play(WidthExperiment, look, **WIDTHS)
    results = [result_of(network, media / "traces") for network in played.scene.parameters.networks()]
    chosen = [getattr(result, kind) for result in results for kind in KINDS]
    ends = [*chosen[:-2], *(getattr(results[-1].end, kind) for kind in KINDS)]
    assert seen["train"] == seen["floor-near"] == pytest.approx([losses.mean for losses in chosen], abs=0.05)
    assert seen["by-heart"] == pytest.approx([losses.mean for losses in ends], abs=0.05)
    assert seen["numbers"] == [f"{losses.mean:.0f}" for losses in ends]
    assert seen["marks"] == [pytest.approx([120.0] * 3), pytest.approx([150.0] * 3)]


def test_bars_sink_with_the_mean_of_their_runs_to_where_it_stops(trace_of):
    runs = [loss_by_epoch(trace_of(run)) for run in WidthExperiment.validated(WIDTHS).networks()[1].experiments]
    courses = Courses(runs, (2.0, 3.0))
    for epoch, at in ((0.5, (0.5, 0.5)), (3.0, (2.0, 3.0))):
        own = [np.interp(then, run.epoch, run.training) for then, run in zip(at, runs, strict=True)]
        assert courses.at(epoch)[0] == pytest.approx(np.mean(own))
    farther = np.mean([run.validation[-1] for run in runs])
    assert courses.at(3.0, go_on=True)[1] == pytest.approx(farther)


def test_the_spoken_side_is_bright(of_the_lesson, play, results_are):
    """The lesson's losses first, then the lecture's own in a picture of their own."""
    results_are((454, 207, 171, 158, 140), (604, 474, 444, 436, 444))
    seen = {}

    def look(scene, beat):
        if beat == "lecture-agrees":
            lecture, here = scene.lecture, set(scene.get_mobject_family_members())
            assert not here & {part for pair in scene.board.bars for bar in pair for part in bar.get_family()}
            seen["numbers"] = {kind: [text.source for text in lecture.values[kind]] for kind in KINDS}
            seen["names"] = [name.source for name in lecture.names]
        else:
            seen[beat] = [[getattr(bar.box, "emphasis", FULL) for bar in pair] for pair in scene.board.bars]
        return check_scene(scene, beat)

    played = play(DepthExperiment, look, **DEPTHS)
    assert not played.findings
    assert seen["training-falls-deeper"] == [[FULL, DIM]] * 5
    assert seen["validation-falls-to-three"] == [[DIM, FULL]] * 5
    assert "three layers" in played.lines["validation-falls-to-three"]["en"]
    assert seen["numbers"]["validation"] == ["460", "430", "380", "440"]
    assert seen["names"] == ["linear", "1 layer: 100 ReLUs", "3 layers", "4 layers"], "where the lecture gives a loss"


def test_a_bar_has_a_dot_for_each_run_as_high_as_its_loss():
    losses = Losses(np.array([140.0, 300.0, 220.0]))
    bar = LossBar(Columns(2, 500.0), 0, SEEN, losses, "220", 38)
    assert [views_at(bar, dot.get_y()) for dot in bar.runs] == pytest.approx(losses.by_seed)
    assert bar.value.get_bottom()[1] > bar.runs.get_top()[1]


def test_the_rules_picture_shows_the_days_and_the_gaps_by_which_the_rule_misses_them():
    picture = RulePicture(("before", "after"), date(2020, 1, 1))
    shown = {tuple(np.round(picture.plot.data(at), 9)) for at in picture.off_rule}
    appetite = appetites()
    real = {tuple(np.round(pair, 9)) for pair in pairwise(appetite)}
    assert len(shown) > 100 and shown <= real
    for gap in picture.gaps:
        before, expected = picture.plot.data(gap.get_start())
        assert expected == pytest.approx(hump(before))
    ends = np.array([gap.get_end() for gap in picture.gaps])
    np.testing.assert_allclose(ends, picture.off_rule)


def test_what_is_usual_is_that_of_the_made_up_channel_and_the_dots_are_its_days():
    picture = UsualDays(DailyViews(), date(2020, 1, 1), 56, "usual", "en")
    days = (np.datetime64("2019-11-06") - np.datetime64(START)).astype(int) + np.arange(56)
    on_screen = [[picture.plot.data(dot.get_center())[1] for dot in picture.dots]]
    on_screen.append([picture.plot.data(line.get_start())[1] for line in picture.apart])
    expected = [synthetic_views().array()[days], [base_views(day) for day in days.tolist()]]
    np.testing.assert_allclose(on_screen, expected, rtol=1e-6)


def test_users_views_are_called_by_their_file(play, words_on):
    rng = np.random.default_rng(0)
    values = tuple(3e6 + 1e6 * np.sin(np.arange(60) * 2 * np.pi / 7) + 1e5 * rng.random(60))
    series = DailySeries(start=date(2024, 1, 1), values=values, name="my $ channel, all of its videos, 2024, final.csv")

    def look(scene, beat):
        assert not check_scene(scene, beat)
        return words_on(scene)

    parameters = {"dataset": DailyViews(series=series, window=7), "widths": (0, 4), "seeds": (0,), "epochs": 2}
    played = play(WidthExperiment, look, **parameters)
    assert "my $ channel" in played.seen["networks"]
    assert "made-up" not in played.seen["networks"]
    training = next(line["en"] for beat, line in played.lines.items() if beat.startswith("training-"))
    assert "k views" in training  # of millions


@pytest.mark.parametrize(
    ("scene_class", "parameters", "lang"),
    [
        (WidthExperiment, {"widths": (0, 1, 10, 97, 500, 2000), "seeds": tuple(range(10)), "epochs": 1}, "en"),
        (WidthExperiment, {"widths": (0, 100), "seeds": (7,), "epochs": 1}, "zh"),
        (DepthExperiment, {"depths": (0, 1, 2, 3, 4, 20), "width": 100, "seeds": (0,), "epochs": 1}, "zh"),
        (DepthExperiment, {"depths": (1, 2), "width": 1000, "seeds": (0, 1), "epochs": 1}, "en"),
        (DepthExperiment, {"depths": (0, 5), "width": 1, "seeds": (0,), "epochs": 1}, "zh"),
    ],
)
def test_ends_of_the_bounds_keep_the_rules_of_the_picture(play, scene_class, parameters, lang):
    assert not play(
        scene_class, check_scene, lang=lang, dataset=DailyViews(series=SERIES, window=3), **parameters
    ).findings


def test_runs_are_those_of_the_experiment_command():
    wanted = {run.digest for network in width_experiments() for run in network.experiments}
    assert {run.digest for run in WidthExperiment.experiments(WidthExperiment.validated({})).values()} == wanted
    deep = [width_experiments()[0], *depth_experiments()]  # the linear model is that of the comparison of widths
    wanted = {run.digest for network in deep for run in network.experiments}
    assert {run.digest for run in DepthExperiment.experiments(DepthExperiment.validated({})).values()} == wanted


def test_a_run_that_is_missing_is_named(tmp_path):
    with pytest.raises(TraceError, match="gradreel train"):
        visit_beats(WidthExperiment, lambda *at: None, WIDTHS, SceneContext(media_dir=tmp_path))


@pytest.mark.parametrize(
    ("losses", "written"),
    [
        ([520.4, 23.1], ["520", "23"]),
        ([9400.0, 23.0], ["9400", "23"]),
        ([52_000.0, 900.0], ["52.0k", "0.9k"]),
        ([15e6, 2e5], ["15.0M", "0.2M"]),
        ([194_336e6, 21_618e6], ["194B", "22B"]),
        ([3.2e13], ["32.0T"]),
        ([0.5, 0.02, math.nan], ["0.500", "0.020", "nan"]),
        ([0.0], ["0.00"]),
    ],
)
def test_losses_are_written_as_they_are(losses, written):
    write = loss_column(losses)
    assert [write(loss) for loss in losses] == written


@pytest.mark.parametrize("hidden", [(1,), (10,), (97,), (1000,), (2000,), (100,) * 4, (1000,) * 2, (7,) * 20])
def test_one_dot_for_each_relu_within_the_panel(hidden):
    width, height = 2.5, 3.3
    step = common_step([hidden, ()], width, height)
    blocks = ReluBlocks(hidden, np.array([1.0, 0.5, 0.0]), step, len(hidden), width, height)
    assert [len(block.points) // 16 for block in blocks] == list(hidden)
    assert blocks.width <= width
    assert blocks.height <= height
    assert blocks.get_center() == pytest.approx([1.0, 0.5, 0.0], abs=0.51 * step)
    ends = [end for block in blocks for end in (block.get_left()[0], block.get_right()[0])]
    assert ends == sorted(ends), "one layer after the other, from left to right"


@pytest.mark.parametrize(
    ("hidden", "by", "english", "chinese"),
    [
        ((), "width", "the linear model", "线性模型"),
        ((1,), "width", "1 ReLU", "1 个 ReLU"),
        ((100,), "width", "100 ReLUs", "100 个 ReLU"),
        ((100,), "depth", "one layer", "一层"),
        ((100, 100), "depth", "two layers", "两层"),
        ((8,) * 12, "depth", "12 layers", "12层"),
    ],
)
def test_networks_in_words(hidden, by, english, chinese):
    assert (network_words(hidden, by, "en"), network_words(hidden, by, "zh")) == (english, chinese)


def test_long_names_are_cut():
    assert shown_name("views.csv") == "views.csv"
    assert len(shown_name("a" * 100, 21)) == 21
