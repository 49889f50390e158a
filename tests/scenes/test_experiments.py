"""width-experiment and depth-experiment: bars, dots and lines are the traces' losses; the words are what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments, width_experiments
from gradreel.core.analysis.noise_floor import NoiseFloor
from gradreel.core.analysis.results import Losses, loss_by_epoch, result_of
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.units import loss_column
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import TraceError, UserError
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.lecture.daily_data import shown_name
from gradreel.scenes.lecture.experiments.depth_experiment import DepthExperiment
from gradreel.scenes.lecture.experiments.networks_scene import (
    DepthsParameters,
    NetworksParameters,
    NetworksScene,
    lecture_written,
)
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, UNSEEN, Columns
from gradreel.scenes.lecture.experiments.pictures.loss_scale import AboveTheScale
from gradreel.scenes.lecture.experiments.pictures.relu_blocks import ReluBlocks, common_step
from gradreel.scenes.lecture.experiments.pictures.width_board import LossPanel
from gradreel.scenes.lecture.experiments.width_experiment import WidthExperiment
from gradreel.scenes.mobjects.loss_lines import above_the_picture, below
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.style import DIM, FULL
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.network_words import network_words
from manim import DL, UR

WIDTHS = {"widths": (0, 4, 16), "seeds": (0, 1), "epochs": 3}
DEPTHS = {"depths": (1, 2), "width": 8, "seeds": (0, 1), "epochs": 3}
SERIES = DailySeries(start=date(2024, 1, 1), values=tuple(4000.0 + 900 * np.sin(np.arange(60))), name="views.csv")
FEW = {"dataset": DailyViews(series=SERIES, window=7), "seeds": (0, 1), "epochs": 1}  # whose losses do not matter


@dataclass
class Film:
    """One playing of `WIDTHS`, and what was there when its beats ended."""

    training: list[float] = field(default_factory=list)  # the means of the bars
    bars: dict[tuple[int, str], tuple] = field(default_factory=dict)  # network, side -> losses of bar and dots, number
    lines: dict[tuple[int, str], tuple] = field(default_factory=dict)  # its corners, its tip, the top of the plot
    above: dict[str, tuple] = field(default_factory=dict)  # what is said of lines above the scale: as `watched` saw it
    said_after: list[list] = field(default_factory=list)

    def look(self, scene, beat: str) -> None:
        board = scene.board
        if beat == "train":
            for k, panel in enumerate(board.panels):
                for name in ("training", "validation"):
                    line, data = getattr(panel, name), panel.plot.data
                    corners = np.array([data(point) for point in [*line.get_start_anchors(), line.points[-1]]])
                    tip = data(getattr(panel, f"{name}_tip").get_center())
                    self.lines[k, name] = corners, tip, panel.plot.y_range[1]
        if beat.startswith("training-"):
            self.training = [bar.losses.mean for bar, _ in board.bars]
        if beat.startswith("validation-"):
            columns = board.columns
            for k, pair in enumerate(board.bars):
                for side, bar in zip(("training", "validation"), pair, strict=True):
                    height = float(bar.box.get_top()[1] - bar.box.get_bottom()[1])
                    dots = [float(dot.get_center()[1]) - columns.bottom for dot in bar.dots]
                    shown = np.array([height, *dots]) / (columns.y(1.0) - columns.bottom)
                    self.bars[k, side] = shown, bar.value.source.replace("\\", "")


@pytest.fixture(scope="module")
def film(play) -> Film:
    film, walk = Film(), WidthExperiment._walk

    def legends(scene):
        return [part for part in scene.mobjects if isinstance(part, AboveTheScale)]

    def watched(scene, kind, *number):
        film.above[kind] = scene.board.last_above(kind), scene.above[kind], legends(scene)
        walk(scene, kind, *number)
        film.said_after.append(legends(scene))

    with patch.object(WidthExperiment, "_walk", watched):
        play(WidthExperiment, film.look, until="validation", **WIDTHS)
    return film


def test_bars_and_dots_are_the_recorded_losses(film, media):
    for k, network in enumerate(WidthExperiment.validated(WIDTHS).networks()):
        result = result_of(network, media / "traces")
        for side in ("training", "validation"):
            shown, number = film.bars[k, side]
            losses = getattr(result, side)
            assert shown == pytest.approx([losses.mean, *losses.by_seed], abs=0.05)
            assert number == f"{losses.mean:.0f}"


def test_dots_of_all_runs_sink_with_their_losses_and_gather_at_the_mean(play, media, trace_of):
    seen = {}

    def look(scene, beat):
        plot = scene.picture.plot
        if beat == "train":
            seen["top"] = plot.y_range[1]
            for kind in ("training", "validation"):
                seen["end", kind] = [
                    [plot.data(dot.get_center()) for dot in swarm] for swarm in scene.runs.swarms[kind]
                ]
            scene.runs.show(1.0)
            seen["early"] = [
                [plot.data(dot.get_center())[1] for dot in swarm] for swarm in scene.runs.swarms["training"]
            ]
            scene.runs.show(3.0)
        if beat.startswith("validation-"):
            on_screen = scene.get_mobject_family_members()
            assert not any(dot in on_screen for swarm in scene.runs.swarms["training"] for dot in swarm)
            assert all(dot in on_screen for swarm in scene.runs.swarms["validation"] for dot in swarm), (
                "the scatter is shown"
            )
            for kind in ("training", "validation"):
                seen["mean", kind] = [plot.data(dot.get_center())[1] for dot in scene.picture.dots[kind]]
                seen["written", kind] = [value.source.replace("\\", "") for value in scene.picture.values[kind]]

    play(DepthExperiment, look, **DEPTHS)
    for k, network in enumerate(DepthExperiment.validated(DEPTHS).networks()):
        result = result_of(network, media / "traces")
        for kind in ("training", "validation"):
            losses = getattr(result, kind)
            ends = np.array(seen["end", kind][k])
            assert ends[:, 1] == pytest.approx(np.minimum(losses.by_seed, seen["top"]), abs=0.05)
            assert ends[:, 0] == pytest.approx(k, abs=0.25)
            assert seen["mean", kind][k] == pytest.approx(losses.mean, abs=0.05)
            assert seen["written", kind][k] == f"{losses.mean:.0f}"
        for n, run in enumerate(network.experiments):
            losses = loss_by_epoch(trace_of(run), 40)
            after_one = np.interp(1.0, losses.epoch, losses.training)
            assert seen["early"][k][n] == pytest.approx(min(after_one, seen["top"]), abs=0.05)


def test_where_ours_are_least_is_bright_and_ringed_not_the_lectures(play, results_are, monkeypatch):
    parameters = FEW | {"depths": (0, 1, 2, 3, 4), "width": 100}
    monkeypatch.setattr(NetworksScene, "floor", NoiseFloor(100.0, 150.0, 150.0))
    for unseen, best in (((600, 507, 462, 428, 443), 3), ((480, 420, 462, 428, 425), 1)):
        monkeypatch.setattr(LectureScene, "other_data", best == 1)  # on the lesson's days, three layers are best
        results_are((208, 43, 28, 24, 20), unseen)
        played = play(DepthExperiment, check_scene, **parameters)
        scene, line = played.scene, played.lines["lecture-agrees"]
        assert not played.findings
        assert str(unseen[best]) in line["en"] and f"{unseen[best]} 次" in line["zh"]
        ours, lecture, on_screen = scene.picture, scene.lecture, scene.get_mobject_family_members()
        assert {ours.lines["validation"].emphasis, *(dot.emphasis for dot in ours.dots["validation"])} == {FULL}
        assert not {lecture.lines["validation"], scene.lecture_mark} & set(on_screen)
        assert scene.own_name.source == "ours"
        assert hasattr(scene, "floor_line") == (best == 3)
        if best == 3:
            line, name = scene.floor_line
            assert ours.plot.data(line.get_center())[1] == pytest.approx(150, abs=0.5)
            assert name.source == "who knows the rule: 150" and name in on_screen
        number, ring = scene.ours_best
        assert number.source == str(unseen[best])
        assert ring.get_center() == pytest.approx(ours.point("validation", best))


def test_words_go_along_with_the_last_networks_runs(play):
    seen = {}

    def look(scene, beat):
        if beat == "train":
            labels = scene.picture.labels
            seen["end"] = {kind: label.get_center() for kind, label in labels.items()}
            scene.runs.show_labels(1.0)
            seen["early"] = {kind: label.get_center() for kind, label in labels.items()}
            assert all(label in scene.get_mobject_family_members() for label in labels.values())

    play(DepthExperiment, look, until="train", **DEPTHS)
    assert all(seen["early"][kind][1] > seen["end"][kind][1] + 0.05 for kind in ("training", "validation"))
    assert all(seen["early"][kind][0] == pytest.approx(seen["end"][kind][0]) for kind in ("training", "validation"))


@pytest.mark.parametrize("name", ["training", "validation"])
def test_both_lines_go_through_the_exact_losses_of_the_first_seeds_states(film, media, trace_of, name):
    for k, network in enumerate(WidthExperiment.validated(WIDTHS).networks()):
        trace, result = trace_of(network.experiments[0]), result_of(network, media / "traces")
        states = loss_by_epoch(trace, 40).until(result.epochs[0])
        epoch, views = states.epoch, getattr(states, name)
        corners, tip, top = film.lines[k, name]
        assert tip == pytest.approx((result.epochs[0], views[-1]), abs=0.5)
        if name == "training":  # solid: its corners are the states, the first where it comes into the picture
            kept = corners[-len(epoch[views <= top]) :]
            assert kept == pytest.approx(np.stack([epoch[views <= top], views[views <= top]], axis=1), abs=0.5)
        else:  # dashed: every dash lies on the line between two states
            inside = corners[:, 1] < top - 1
            assert corners[inside, 1] == pytest.approx(np.interp(corners[inside, 0], epoch, views), abs=2.0)


def test_other_runs_other_bars(film, play):
    def means(scene, beat):
        return [bar.losses.mean for bar, _ in scene.board.bars] if beat.startswith("training-") else None

    other, longer = (
        play(WidthExperiment, means, until="training", **WIDTHS | change).last
        for change in ({"seeds": (5,)}, {"epochs": 6})
    )
    assert other != film.training
    assert all(less < more for less, more in zip(longer, film.training, strict=True))


def same_every_day(window: int) -> DailyViews:
    series = DailySeries(start=date(2024, 1, 1), values=(50.0,) * 60 + (51.0,), name="same.csv")
    return DailyViews(series=series, window=window)


@pytest.mark.parametrize("scene_class", [WidthExperiment, DepthExperiment])
def test_days_that_are_all_alike_are_refused(scene_class):
    message = r"same\.csv: the 40 days before 2024-02-10, .* all have 50 views.*; give a series whose days differ"
    with pytest.raises(UserError, match=message):
        scene_class.validated({"dataset": same_every_day(7)})


def test_words_of_lines_that_run_into_each_other_stand_apart(play):
    grow = DailySeries(start=date(2024, 1, 1), values=tuple(1000.0 + 12 * k for k in range(80)), name="grow.csv")
    parameters = {"dataset": DailyViews(series=grow, window=7), "widths": (0, 4), "seeds": (0,), "epochs": 30}
    assert not play(WidthExperiment, check_scene, **parameters).findings


def test_ours_and_the_lectures(play, words_on, results_are):
    parameters = FEW | {"widths": (0, 100)}
    results_are((100, 100), (400, 520))
    shown = {}

    def look(scene, beat):
        if beat.startswith("lecture"):
            shown["said"] = words_on(scene)
            heights = [[outline.get_top()[1] for outline, _ in marks] for marks in scene.lecture_marks]
            shown["heights"] = [[scene.board.columns.y(loss) for loss in losses] for losses in ((320, 280), (460, 430))]
            assert heights == [pytest.approx(row) for row in shown["heights"]]

    played = play(WidthExperiment, look, **parameters)
    assert played.beats[4] == "lecture-agrees"
    assert all(figure in shown["said"] for figure in ("320", "460", "280", "430"))
    assert "460 views with the linear model, 430 with 100 ReLUs" in played.lines["lecture-agrees"]["en"]


def test_ours_stand_beside_the_lectures_numbers_and_arrows_go_as_they_do(of_the_lesson, play, words_on, results_are):
    results_are((208, 149, 43, 43), (400, 429, 507, 500))
    parameters = FEW | {"widths": (0, 10, 100, 1000)}
    found = {}

    def look(scene, beat):
        if beat == "lecture-agrees":
            columns, y = scene.beside.columns, scene.board.columns.y
            on_screen = scene.get_mobject_family_members()
            found["ours"] = [any(bar.box in on_screen for bar in pair) for pair in scene.board.bars]
            bars = [scene.board.bars[k][UNSEEN] for k in (0, 2)]
            found["tops"] = [(bar.box.get_center()[0], bar.box.get_top()[1]) for bar in bars]
            found["places"] = [(columns.slot(n, UNSEEN), y(loss)) for n, loss in enumerate((400, 507))]
            theirs, own = [(way[0].points[0][1], way[0].points[3][1]) for way in scene.lecture_ways]
            found["ways"] = theirs, own
            found["losses"] = (y(460), y(430)), (y(400), y(507))
            seen, unseen = scene.lecture_marks
            found["bright"] = [{getattr(part, "emphasis", FULL) for part in mark[1]} for mark in (*seen, *unseen)]
        return words_on(scene)

    seen = play(WidthExperiment, look, **parameters).seen
    assert found["ours"] == [True, False, True, False], "those that the lecture has numbers of"
    assert np.array(found["tops"]) == pytest.approx(np.array(found["places"]), abs=0.03)
    assert np.array(found["ways"]) == pytest.approx(np.array(found["losses"]))
    assert found["bright"] == [{DIM}, {DIM}, {FULL}, {FULL}], "the numbers that are spoken of"
    assert "ours" in seen["lecture-agrees"] and "the lecture: a real channel" in seen["lecture-agrees"]
    assert "a real channel" not in seen["floor-below"] and "seen, " in seen["floor-below"]


def test_no_arrow_where_a_number_is_in_its_way(play, results_are):
    for seen, ways in ((100, 2), (390, 1)):
        results_are((400, seen), (400, 450))
        played = play(WidthExperiment, check_scene, widths=(0, 100), **FEW)
        assert not played.findings
        assert sum(len(way) for way in played.scene.lecture_ways) == ways


def test_lectures_depths_do_not_run_into_the_heading(play, results_are):
    parameters = FEW | {"depths": (0, 1, 2, 3, 4), "width": 100}
    for highest, shared in ((341, False), (430, True)):
        unseen = (highest, *([highest - 50] * 4))
        results_are((136, 109, 114, 101, 109), unseen)
        played = play(DepthExperiment, check_scene, **parameters)
        assert not played.findings
        assert ("lecture-agrees" in played.beats) is shared


def test_of_two_points_close_together_the_lower_ones_number_stands_below(play, results_are):
    results_are((88.2, 40), (89.5, 60))
    picture = play(DepthExperiment, **DEPTHS).scene.picture
    seen, unseen = (picture.values[kind][0] for kind in ("training", "validation"))
    assert seen.get_top()[1] < picture.point("training", 0)[1]
    assert unseen.get_bottom()[1] > picture.point("validation", 0)[1]


def test_no_training_number_lies_on_a_dot_of_unseen_days_that_is_still_scattered(play):
    grow = DailySeries(start=date(2024, 1, 1), values=tuple(1000.0 + 12 * k for k in range(80)), name="grow.csv")
    parameters = {"dataset": DailyViews(series=grow, window=7), "width": 4, "seeds": (0, 1, 2), "epochs": 30}
    under = []

    def look(scene, beat):
        if not beat.startswith("training-"):
            return
        on_screen = scene.get_mobject_family_members()
        for number in scene.picture.values["training"]:
            low, high = (number.get_corner(corner)[:2] for corner in (DL, UR))
            for dot in (dot for swarm in scene.runs.swarms["validation"] for dot in swarm):
                assert dot in on_screen
                at, radius = dot.get_center()[:2], dot.width / 2
                under.append(((at > low - radius) & (at < high + radius)).all())

    play(DepthExperiment, look, until="training", **parameters)
    assert len(under) == 5 * 15 and not any(under)


def test_each_bar_is_crossed_where_one_who_knows_the_rule_of_its_days_would_be(of_the_lesson, play, results_are):
    results_are((480, 470, 300), (500, 450, 460))
    played = play(WidthExperiment, check_scene, **FEW | {"widths": (0, 10, 100)})
    assert not played.findings
    assert played.beats[-1] == "floor-below" and "by 150 views" in played.lines["floor-below"]["en"]
    scene = played.scene
    columns, bars = scene.board.columns, scene.board.every_bar()
    for bar, mark in zip(bars, scene.floor_marks, strict=True):
        views = 120 if bar.side == SEEN else 150
        assert mark.get_center()[1] == pytest.approx(columns.y(views))
        assert mark.get_left()[0] < bar.left < bar.right < mark.get_right()[0]
    assert scene.floor_words[1].source == "who knows the rule: 120 seen, 150 validation"


def test_a_level_leaves_out_a_bar_whose_number_it_would_strike_through(play, results_are):
    results_are((208, 150, 50), (400, 423, 520))
    scene = play(WidthExperiment, until="validation", **FEW | {"widths": (0, 4, 16)}).scene
    (bar, _), value = scene.board.bars[1], scene.board.bars[1][0].value
    points = scene.board.level(0).get_all_points()
    assert value.get_bottom()[1] < points[0, 1] < value.get_top()[1]
    assert not np.any((points[:, 0] > bar.left + 1e-6) & (points[:, 0] < bar.right - 1e-6))


def test_a_bars_number_is_nearest_to_its_own_edge_not_to_a_run_far_above(play, results_are):
    results_are(([200, 200, 200], [100, 100, 400]), ([400, 400, 400], [500, 500, 800]))
    scene = play(WidthExperiment, until="validation", **FEW | {"widths": (0, 4), "seeds": (0, 1, 2)}).scene
    for seen, unseen in scene.board.bars:
        assert unseen.value.get_top()[1] < min(unseen.box.get_top()[1], *(dot.get_bottom()[1] for dot in unseen.dots))
        assert unseen.value.get_bottom()[1] > unseen.box.get_bottom()[1]
        low, high = seen.value.get_bottom()[1], seen.value.get_top()[1]
        assert 0 < low - seen.box.get_top()[1] < 0.4
        assert not any(low < dot.get_center()[1] < high for dot in seen.dots)
    rows = [unseen.value.baseline for _, unseen in scene.board.bars]
    assert rows[0] == pytest.approx(rows[1])


def test_above_the_scale_is_said_only_while_a_line_is_there(film):
    assert list(film.above) == ["training", "validation"]
    for last, made, shown in film.above.values():
        assert len(made) == int(last > 0) and shown == made
        assert all(each.last == pytest.approx((last / 3) ** (1 / 3)) for each in made)
    assert film.said_after == [[], []]


def test_a_line_above_the_picture_ends_in_an_arrows_head():
    columns = Columns(1, 500.0)
    epochs, losses = np.arange(4.0), np.array([700.0, 300.0, 200.0, 100.0])
    panel = LossPanel(columns, 0, (epochs, losses), (epochs, losses + 100), 3, columns.ticks(loss_column([700.0])))
    disc, head = len(panel.disc), len(above_the_picture())
    for epoch, counts in ((0.4, (head, head)), (0.6, (disc, head)), (0.8, (disc, disc))):
        for name in ("training", "validation"):
            panel.show(epoch, name)
        assert (len(panel.training_tip.points), len(panel.validation_tip.points)) == counts
    assert [text.source for text in panel.epochs(-2.0)] == ["0", "3"]


@pytest.mark.parametrize(
    ("widths", "unseen"),
    [((3, 5), (400, 500)), ((0, 10), (400, 500)), ((0, 100), (341, 276)), ((0, 100), (9e4, 8e4))],
)
def test_the_lectures_bars_come_only_with_both_networks_and_one_scale(play, words_on, results_are, widths, unseen):
    def look(scene, beat):
        assert "lecture" not in words_on(scene)

    results_are([loss / 2 for loss in unseen], unseen)
    beats = play(WidthExperiment, look, widths=widths, **FEW).beats
    assert not any(beat.startswith("lecture") for beat in beats)


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
    assert "the last 7 days" in played.lines["networks"]["en"]
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


@pytest.mark.parametrize(
    ("scene_class", "wrong", "message"),
    [
        (WidthExperiment, {"widths": (10, 10)}, r"width-experiment\.widths: .*10 comes after 10"),
        (WidthExperiment, {"widths": (10,)}, r"widths: .*at least 2 items"),
        (WidthExperiment, {"widths": (0, 3000)}, r"widths\.1: .*less than or equal to 2000"),
        (WidthExperiment, {"seeds": (1, 2, 1)}, r"seeds: each seed is wanted once, and 1 is there twice"),
        (WidthExperiment, {"epochs": 0}, r"epochs: .*greater than or equal to 1"),
        (WidthExperiment, {"depths": (1, 2)}, r"no parameter 'depths'"),
        (DepthExperiment, {"depths": (3, 1)}, r"depth-experiment\.depths: .*1 comes after 3"),
        (DepthExperiment, {"depths": (0, 21)}, r"depths\.1: .*less than or equal to 20"),
        (DepthExperiment, {"width": 0}, r"width: .*greater than or equal to 1"),
    ],
)
def test_bad_parameters_are_named(scene_class, wrong, message):
    with pytest.raises(UserError, match=message):
        scene_class.validated(wrong)


def test_runs_are_those_of_the_experiment_command():
    wanted = {run.digest for network in width_experiments() for run in network.experiments}
    assert {run.digest for run in WidthExperiment.experiments(WidthExperiment.validated({})).values()} == wanted
    deep = [width_experiments()[0], *depth_experiments()]  # the linear model is that of the comparison of widths
    wanted = {run.digest for network in deep for run in network.experiments}
    assert {run.digest for run in DepthExperiment.experiments(DepthExperiment.validated({})).values()} == wanted


def test_a_run_that_is_missing_is_named(tmp_path):
    with pytest.raises(TraceError, match="gradreel train"):
        visit_beats(WidthExperiment, lambda *at: None, WIDTHS, SceneContext(media_dir=tmp_path))


def test_a_scene_must_say_which_networks_it_shows():
    with pytest.raises(NotImplementedError, match="override networks"):
        NetworksParameters().networks()
    assert DepthsParameters().networks()[0].hidden == ()


def test_columns_are_a_scale():
    columns = Columns.holding([Losses(np.array([10.0, 30.0])), Losses(np.array([20.0]))], 3)
    assert columns.y(0) == columns.bottom
    assert columns.y(30.0) < columns.top - 0.3  # the number above it has room
    assert columns.bar(0, SEEN)[1] < columns.bar(0, UNSEEN)[0] < columns.bar(1, SEEN)[0]
    ticks = columns.ticks(loss_column([30.0]))
    assert dict(zip(ticks.values, ticks.labels, strict=True))[10.0] == "10.0"


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


def test_lectures_losses_are_written_like_ours():
    assert lecture_written(()) == ("320", "460")
    assert lecture_written((100, 100)) == ("180", "")


def test_a_line_comes_in_where_it_falls_below_the_top():
    x, y = below(np.array([0.0, 1.0, 2.0, 3.0]), np.array([20.0, 10.0, 4.0, 30.0]), 8.0)
    assert x == pytest.approx([4 / 3, 2, 3])
    assert y == pytest.approx([8, 4, 8])


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
