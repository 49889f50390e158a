"""overfitting: both lines are the recorded losses, and the words follow them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.results import LossByEpoch, loss_by_epoch, result_of
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.scenes.lecture.experiments import overfitting
from gradreel.scenes.lecture.experiments.overfitting import RUN_RIGHT, Overfitting
from gradreel.scenes.lecture.experiments.pictures.one_run import BESIDE, LABELLED, SLOW_START
from gradreel.scenes.mobjects.depth_lines import KINDS
from gradreel.scenes.mobjects.loss_lines import calmed
from gradreel.scenes.style import RIGHT_EDGE
from gradreel.scenes.testing.layout import check_scene
from manim import DL, UR

TENT_DEPTHS = {"depths": (0, 1, 2), "width": 64, "seeds": (0, 1), "epochs": 400}
SMALL = {"depths": (0, 1, 2), "width": 8, "seeds": (0, 1), "epochs": 3}


def series(values, name: str) -> DailyViews:
    views = tuple(np.round(values, 3).tolist())
    return DailyViews(series=DailySeries(start=date(2020, 1, 1), values=views, name=name), window=7)


def tent() -> DailyViews:
    """Each day follows from the one before by a line with a bend, and noise: one layer does it, two learn the noise."""
    rng, today = np.random.default_rng(1), 0.37
    values = []
    for _ in range(100):
        values.append(today)
        today = float(np.clip(1 - abs(1 - 1.98 * today), 0.001, 0.999))
    return series(1000 + 1000 * (np.array(values) + 0.05 * rng.normal(size=100)), "tent.csv")


TENT = {"dataset": tent(), **TENT_DEPTHS}
LECTURES = {"dataset": tent(), "width": 100, "seeds": (0, 1), "epochs": 1}  # the networks that the lecture tells of


def test_points_lines_and_numbers_are_the_recorded_losses(play, media):
    seen = {}

    def look(scene, name):
        if not name.startswith("stop-"):
            return
        picture = scene.picture
        for kind in ("training", "validation"):
            dots = [picture.plot.data(dot.get_center()) for dot in picture.dots[kind]]
            line = [picture.plot.data(point) for point in picture.lines[kind].get_all_points()]
            numbers = [value.source.replace("\\", "") for value in picture.values[kind]]
            seen[kind] = (np.array(dots), np.array(line), numbers)

    play(Overfitting, look, **SMALL)
    results = [result_of(network, media / "traces") for network in Overfitting.validated(SMALL).networks()]
    for kind in ("training", "validation"):
        means = [getattr(result, kind).mean for result in results]
        dots, line, numbers = seen[kind]
        assert dots == pytest.approx(np.stack([[0, 1, 2], means], axis=1), abs=0.05)
        assert line[:, 1] == pytest.approx(np.interp(line[:, 0], [0, 1, 2], means), abs=0.5)
        assert line[:, 0].min() == pytest.approx(0, abs=1e-6)
        assert numbers == [f"{mean:.0f}" for mean in means]


def test_both_losses_of_one_run_are_exact_ones_at_the_same_states(play, trace_of):
    seen = {}

    def look(scene, name):
        run = scene.run
        if name in ("sink", "part"):
            tips = [run.plot.data(tip.get_center()) for tip in (run.training_tip, run.validation_tip)]
            seen[name] = (scene.turn, tips, scene.compared[1].network)

    beats = play(Overfitting, look, **SMALL | {"epochs": 12}).beats
    turn, tips, network = seen["sink"]
    losses = loss_by_epoch(trace_of(network.experiments[0]))
    assert [epoch for epoch, _ in tips] == pytest.approx([turn, turn], abs=1e-6)
    for tip, views in zip(tips, (losses.training, losses.validation), strict=True):
        assert tip[1] == pytest.approx(np.interp(turn, losses.epoch, views), rel=0.01)
    (_, tips, _) = seen[beats[1]]
    assert tips[0] == pytest.approx((12, losses.training[-1]), abs=0.1)
    assert tips[1] == pytest.approx((12, losses.validation[-1]), abs=0.1)


def test_the_words_go_with_the_lines_from_where_their_order_stays(play):
    placed = []

    def look(scene, name):
        if name == "sink":
            for kind, (x, y, _) in scene.run.reached(scene.turn).items():
                word = scene.labels.words[kind]
                placed.append((y, word.get_left()[0] - x, word.get_center()[1] - y))

    scene = play(Overfitting, look, until="sink", **SMALL | {"epochs": 12}).scene
    (_, _, under), (_, _, over) = sorted(placed)
    assert under < 0 < over and [left for _, left, _ in placed] == pytest.approx([BESIDE, BESIDE], abs=0.05)
    assert scene.labels.first_share(scene.turn) >= LABELLED
    turn = scene.turn

    def crossing(epoch):
        share = (epoch / turn) ** (1 / SLOW_START)
        return {"training": np.array([0, 0.7 - share, 0]), "validation": np.zeros(3)}

    scene.run.reached = crossing
    assert scene.labels.first_share(scene.turn) == pytest.approx(0.7, abs=0.02)
    scene.run.reached = lambda epoch: {"training": np.zeros(3), "validation": np.array([0, 1, 0])}
    assert scene.labels.first_share(scene.turn) == LABELLED


def test_where_the_losses_part_is_marked(of_the_lesson, play):
    seen = {}

    def look(scene, name):
        if name == "part":
            line, label, least, band = scene.between
            seen["at"], seen["label"] = scene.run.plot.data(line.get_center())[0], label.source
            seen["band"] = scene.run.plot.data(band.get_left())[0]
            seen["ring"], seen["least"] = scene.run.plot.data(least[0].get_center()), least[1].source

    played = play(Overfitting, look, **TENT)
    assert played.beats[:2] == ["sink", "part"]
    scene = played.scene
    trace = scene.trace(scene.compared[1].network.run_name(scene.compared[1].network.experiments[0]))
    losses = loss_by_epoch(trace)  # of all kept states
    turn = losses.epoch[1 + np.argmin(losses.validation[1:])]
    every = scene.run.every
    assert every.data_x[1 + np.argmin(every.data_y[1:])] == pytest.approx(turn)  # the drawn line's lowest
    assert seen["ring"] == pytest.approx((turn, losses.validation[1:].min()), rel=0.01)
    assert seen["least"] == scene.written(losses.validation[1:].min())
    assert seen["at"] == pytest.approx(turn, abs=0.01)
    assert seen["band"] == pytest.approx(turn, abs=0.1)
    assert str(round(turn)) in seen["label"]
    assert f"lowest near epoch {turn:.0f}:" in played.lines["part"]["en"]


def test_the_least_is_that_of_all_kept_states_and_drawn_as_found(of_the_lesson, play, monkeypatch):
    monkeypatch.setattr("gradreel.scenes.lecture.experiments.overfitting.STATES", 50)  # far fewer than are kept
    played = play(Overfitting, **TENT)
    assert "part" in played.beats
    scene = played.scene
    losses = loss_by_epoch(scene.trace(scene.compared[1].network.run_name(scene.compared[1].network.experiments[0])))
    assert len(scene.losses.epoch) <= 51 < len(losses.epoch)
    assert scene.turn == losses.epoch[1 + np.argmin(losses.validation[1:])]
    assert scene.run.every.data_y[1:].min() == pytest.approx(losses.validation[1:].min())


def test_both_losses_stand_beside_the_lines_of_one_who_knows_the_rule(of_the_lesson, play, words_on):
    shown = {}

    def look(scene, beat):
        if beat == "floor-above":
            lines = scene.between[-4:-2]
            shown["levels"] = [scene.run.plot.data(line.get_center())[1] for line in lines]
            shown["words"] = words_on(scene)

    played = play(Overfitting, look, **TENT)
    assert played.beats == ["sink", "part", "floor-above", "stop-falls-to-three"]
    assert shown["levels"] == pytest.approx([120, 150], abs=1)
    assert "who knows the rule: 120 seen, 150 validation" in shown["words"] and "overfitting" in shown["words"]
    end = played.scene.written(played.scene.losses.training[-1])
    assert "by 120 views" in played.lines["floor-above"]["en"] and f"by {end}." in played.lines["floor-above"]["en"]


def test_other_runs_another_picture(opening):
    heights = set()
    for change in ({}, {"seeds": (3,)}, {"epochs": 5}, {"width": 5}):
        picture = opening(Overfitting, lambda scene: scene.picture, **SMALL | change)
        heights.add(tuple(float(dot.get_center()[1]) for dot in picture.dots["validation"]))
    assert len(heights) == 4


def test_what_is_dashed_is_calm_and_nothing_else():
    falling = np.exp(-np.linspace(0, 5, 200))
    assert calmed(falling) == pytest.approx(falling)  # no loss is invented
    noise = falling + 0.1 * np.random.default_rng(0).normal(size=200)
    assert np.abs(np.diff(calmed(noise))).mean() < 0.4 * np.abs(np.diff(noise)).mean()
    assert calmed(noise)[[0, -1]] == pytest.approx(noise[[0, -1]])


def test_lectures_losses_stand_without_ours_on_the_same_axis(play, words_on, results_are):
    results_are([208, 52, 27, 25, 23], [400, 520, 471, 438, 429])
    played = play(Overfitting, lambda scene, beat: words_on(scene), **LECTURES)
    scene, said = played.scene, played.seen["lecture-elsewhere"]
    assert played.beats[2:] == ["stop-falls-to-three", "lecture-elsewhere"]
    assert "lowest mean is 400 views, with the linear model" in played.lines["stop-falls-to-three"]["en"]
    assert all(number in said for number in ("320", "280", "180", "140", "100", "460", "430", "380", "440"))
    heights = [scene.lecture.plot.data(dot.get_center())[1] for dot in scene.lecture.dots["validation"]]
    assert heights == pytest.approx([460, 430, 380, 440], abs=0.1)
    assert "520" not in said
    shown = scene.get_mobject_family_members()
    assert not {*map(id, scene.picture.get_family()), id(scene.picture.axis)} & set(map(id, shown)), "ours has left"
    axis, names = scene.lecture.axis, scene.lecture.names
    assert axis in shown and axis.get_center() == pytest.approx(scene.picture.axis.get_center())
    assert [name.source for name in names] == [name.source for name in scene.picture.names]


def test_ours_and_the_lectures_heights_can_be_compared_if_they_are_of_one_size(play, results_are):
    for losses, one in (([400, 520, 471, 438, 429], True), ([4000, 5200, 4710, 4380, 4290], False)):
        results_are([loss / 4 for loss in losses], losses)
        scene = play(Overfitting, **LECTURES).scene
        assert scene.comparable == one
        assert (scene.lecture is not None and scene.lecture.most == scene.picture.most) == one


def test_the_axis_ends_soon_after_an_early_turn_and_widens_to_all_epochs(of_the_lesson, play, monkeypatch):
    epochs, seen = np.linspace(0, 12, 97), {}
    training, unseen = 900 - 60 * epochs, np.interp(epochs, [0.0, 2.0, 12.0], [900.0, 500.0, 610.0])
    monkeypatch.setattr(overfitting, "loss_by_epoch", lambda *_: LossByEpoch(epochs, training, unseen))

    def look(scene, beat):
        seen[beat] = scene.run.plot.x_range[1], scene.epochs[-1].get_center()[0], float(scene.run.plot.at(0, 0)[0])

    scene = play(Overfitting, look, until="part", **SMALL | {"epochs": 12}).scene
    names = list(seen)
    assert scene.first_last < scene.run.last
    assert seen[names[0]][0] == pytest.approx(max(1.5 * scene.turn, 6.0))
    assert seen[names[1]][0] == pytest.approx(scene.run.last)
    assert all(left <= x <= RUN_RIGHT + 1e-6 for _, x, left in seen.values())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_dashed_line_is_named_smoothed_and_its_word_keeps_off_the_run(of_the_lesson, play, lang):
    seen = {}

    def look(scene, beat):
        if beat in ("sink", "part"):
            label, run = scene.labels.words["validation"], scene.run
            drawn = np.concatenate([run.every.get_all_points(), run.validation_tip.get_all_points()])
            seen[beat] = label.source, label.get_corner(DL), label.get_corner(UR), drawn

    play(Overfitting, look, until="part", lang=lang, **TENT)
    assert list(seen) == ["sink", "part"]
    for source, (left, bottom, _), (right, top, _), drawn in seen.values():
        assert source == {"en": "validation, smoothed", "zh": "验证，平滑后"}[lang]
        assert right <= RIGHT_EDGE + 1e-6
        inside = (drawn[:, 0] > left) & (drawn[:, 0] < right) & (drawn[:, 1] > bottom) & (drawn[:, 1] < top)
        assert not inside.any()


def test_ours_is_no_longer_spoken_of_while_it_turns_into_the_lectures(play, words_on, results_are, monkeypatch):
    turning, said = Overfitting._turning, []

    def turn(line, goal):
        said.append(words_on(scene_of[0]))
        return turning(line, goal)

    scene_of, beat = [], Overfitting._lecture_beat
    monkeypatch.setattr(Overfitting, "_lecture_beat", lambda scene: (scene_of.append(scene), beat(scene)))
    monkeypatch.setattr(Overfitting, "_turning", staticmethod(turn))
    results_are([208, 52, 27, 25, 23], [400, 520, 471, 438, 429])
    played = play(Overfitting, lambda scene, beat: words_on(scene), **LECTURES)
    own, lecture = ("Every depth", "for validation"), ("The lecture’s own channel", "it gives no number")
    assert said and not any(text in each for each in said for text in (*own, *lecture))
    assert all(text in played.seen["lecture-elsewhere"] for text in lecture)


def test_the_lectures_points_are_where_ours_were_going(play, results_are):
    results_are([208, 52, 27, 25, 23], [400, 520, 471, 438, 429])
    scene = play(Overfitting, **LECTURES).scene
    for kind in KINDS:
        line, goal = scene.picture.lines[kind], scene.lecture.lines[kind]
        assert line.corners == pytest.approx(goal.corners, nan_ok=True)
        assert line.get_stroke_color() == goal.get_stroke_color()
    (k, word), lecture = next(iter(scene.lecture.words.items())), scene.lecture
    assert (k, word.source) == (2, "somewhat better")
    x = lecture.lines["validation"].get_all_points()[:, 0]
    assert not ((x > word.get_left()[0]) & (x < word.get_right()[0])).any()  # no line where there is no number


@pytest.mark.parametrize(
    ("parameters", "lang"),
    [
        ({"depths": (0, 1, 2, 3, 4, 20), "width": 100, "seeds": (0,), "epochs": 1}, "en"),
        ({"depths": (1, 2), "width": 1, "seeds": tuple(range(10)), "epochs": 1}, "zh"),
        ({"depths": (0, 3), "width": 1000, "seeds": (0,), "epochs": 1}, "en"),
    ],
)
def test_ends_of_the_bounds_keep_the_rules_of_the_picture(play, parameters, lang):
    assert not play(
        Overfitting, check_scene, lang=lang, dataset=tent().model_copy(update={"window": 3}), **parameters
    ).findings


@pytest.mark.parametrize(
    ("training", "unseen"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((400, 399, 398), (401, 400, 399)),
        ((500, 20, 490), (10, 480, 30)),
        ((3, 2, 1), (900, 2, 800)),
        ((900, 800, 700), (5, 4, 3)),
    ],
)
def test_any_losses_keep_the_rules_of_the_picture(play, results_are, training, unseen):
    results_are(training, unseen)
    assert not play(Overfitting, check_scene, **SMALL).findings


def test_bad_parameters_are_named():
    with pytest.raises(UserError, match=r"overfitting\.depths: .*1 comes after 2"):
        Overfitting.validated({"depths": (2, 1)})
    with pytest.raises(UserError, match=r"overfitting\.depths: .*at most 6 items"):
        Overfitting.validated({"depths": (0, 1, 2, 3, 4, 5, 6)})


def test_runs_are_those_of_the_experiment_command():
    wanted = {run.digest for network in depth_experiments(depths=(0, 1, 2, 3, 4)) for run in network.experiments}
    assert {run.digest for run in Overfitting.experiments(Overfitting.validated({})).values()} == wanted
