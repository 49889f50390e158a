"""overfitting: both lines are the recorded losses, and the words follow them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.daily_series import DailySeries
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.results import (
    LossByEpoch,
    Losses,
    Result,
    depth_experiments,
    loss_by_epoch,
    result_of,
    training_by_epoch,
)
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.experiments import NetworksScene
from gradreel.scenes.lecture.overfitting import Overfitting
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.stills import visit_beats

TINY = (320, 180)
TENT_DEPTHS = {"depths": (0, 1, 2), "width": 64, "seeds": (0, 1), "epochs": 400}
SMALL = {"depths": (0, 1, 2), "width": 8, "seeds": (0, 1), "epochs": 3}


def series(values, name: str) -> DailyViews:
    views = tuple(np.round(values, 3).tolist())
    return DailyViews(series=DailySeries(start=date(2020, 1, 1), values=views, name=name), window=7)


def weekly() -> DailyViews:
    """The same week over and over: days that were not seen are like those that were."""
    return series([(5000, 5200, 5100, 4900, 3000, 2800, 4500)[day % 7] for day in range(150)], "week.csv")


def tent() -> DailyViews:
    """Each day follows from the one before by a line with a bend, and noise: one layer does it, two learn the noise."""
    rng, today = np.random.default_rng(1), 0.37
    values = []
    for _ in range(100):
        values.append(today)
        today = float(np.clip(1 - abs(1 - 1.98 * today), 0.001, 0.999))
    return series(1000 + 1000 * (np.array(values) + 0.05 * rng.normal(size=100)), "tent.csv")


TENT = {"dataset": tent(), **TENT_DEPTHS}


def play(look, media_dir, parameters, **context) -> list[str]:
    """Call look(scene, beat) at each beat's end, its runs trained; the names of the beats."""
    chosen = SceneContext(media_dir=media_dir, **context)
    for run in Overfitting.experiments(Overfitting.validated(parameters)).values():
        if not (chosen.traces / run.digest).exists():
            train(run, chosen.traces)
    scene = visit_beats(Overfitting, look, parameters, chosen, TINY)
    return [beat.name for beat in scene.beats]


def words_on(scene) -> str:
    texts = [part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)]
    return " | ".join(texts).replace("\\", "")


def film(media_dir, parameters, **context) -> tuple[list[str], Overfitting, str]:
    """The beats, the scene at its end, and the words on its screen then."""
    end = {}

    def look(scene, beat):
        end["scene"], end["said"] = scene, words_on(scene)

    beats = play(look, media_dir, parameters, **context)
    return beats, end["scene"], end["said"]


def lines_of(scene) -> dict[str, str]:
    return {beat.name: beat.lines["en"] for beat in scene.beats}


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture
def say(monkeypatch):
    """Let the results be these means, in views: training and unseen, of each depth."""

    def set_results(training, unseen):
        def invented(self):
            return tuple(
                Result(
                    network, (0, 1), Losses(np.array([a - 1.0, a + 1.0])), Losses(np.array([b - 1.0, b + 1.0])), None
                )
                for network, a, b in zip(self.networks(self.parameters), training, unseen, strict=True)
            )

        monkeypatch.setattr(NetworksScene, "results", invented)

    return set_results


def test_points_lines_and_numbers_are_the_recorded_losses(media):
    seen = {}

    def look(scene, name):
        if not name.startswith("unseen-"):
            return
        picture = scene.picture
        for kind in ("training", "unseen"):
            dots = [picture.plot.data(dot.get_center()) for dot in picture.dots[kind]]
            line = [picture.plot.data(point) for point in picture.lines[kind].get_all_points()]
            numbers = [value.source.replace("\\", "") for value in picture.values[kind]]
            seen[kind] = (np.array(dots), np.array(line), numbers)

    play(look, media, SMALL)
    results = [result_of(network, media / "traces") for network in Overfitting.networks(Overfitting.validated(SMALL))]
    for kind in ("training", "unseen"):
        means = [getattr(result, kind).mean for result in results]
        dots, line, numbers = seen[kind]
        assert dots == pytest.approx(np.stack([[0, 1, 2], means], axis=1), abs=0.05)
        assert line[:, 1] == pytest.approx(np.interp(line[:, 0], [0, 1, 2], means), abs=0.5)
        assert line[:, 0].min() == pytest.approx(0, abs=1e-6)
        assert numbers == [f"{mean:.0f}" for mean in means]


def test_one_run_goes_through_its_recorded_losses(media):
    seen = {}

    def look(scene, name):
        run = scene.run
        if name in ("sink", "part", "together"):
            tips = [run.plot.data(tip.get_center()) for tip in (run.training_tip, run.unseen_tip)]
            seen[name] = (scene.turn, tips, scene.compared[1].network)

    beats = play(look, media, {**SMALL, "epochs": 12})
    turn, tips, network = seen["sink"]
    trace = Trace.find(media / "traces", network.experiments[0])
    unseen = loss_by_epoch(trace)
    assert [epoch for epoch, _ in tips] == pytest.approx([turn, turn], abs=1e-6)
    assert tips[0][1] == pytest.approx(np.interp(turn, *training_by_epoch(trace)), rel=0.01)
    assert tips[1][1] == pytest.approx(np.interp(turn, unseen.epoch, unseen.unseen), rel=0.01)
    (_, tips, _) = seen[beats[1]]
    assert tips[0] == pytest.approx((12, training_by_epoch(trace)[1][-1]), abs=0.1)
    assert tips[1] == pytest.approx((12, unseen.unseen[-1]), abs=0.1)


def test_where_the_losses_part_is_marked(media):
    seen = {}

    def look(scene, name):
        if name == "part":
            line, label = scene.between[:2]
            seen["at"], seen["label"] = scene.run.plot.data(line.get_center())[0], label.source
            seen["band"] = scene.run.plot.data(scene.between[2].get_left())[0]
            seen["scene"] = scene

    beats = play(look, media, TENT)
    assert beats[:2] == ["sink", "part"]
    scene = seen["scene"]
    trace = scene.trace(scene.compared[1].network.run_name(scene.compared[1].network.experiments[0]))
    losses = loss_by_epoch(trace)  # of all kept states
    turn = losses.epoch[np.argmin(losses.unseen)]
    assert scene.run.unseen.data_x[np.argmin(scene.run.unseen.data_y)] == pytest.approx(turn)  # the drawn line's lowest
    assert seen["at"] == pytest.approx(turn, abs=0.01)
    assert seen["band"] == pytest.approx(turn, abs=0.1)
    assert str(round(turn)) in seen["label"]
    assert f"lowest near epoch {turn:.0f}." in lines_of(scene)["part"]


def test_the_least_is_that_of_all_kept_states_and_drawn_as_found(media, monkeypatch):
    monkeypatch.setattr("gradreel.scenes.lecture.overfitting.STATES", 50)  # far fewer than are kept
    seen = {}

    def look(scene, name):
        seen[name] = scene

    play(look, media, TENT)
    scene = seen["part"]
    losses = loss_by_epoch(scene.trace(scene.compared[1].network.run_name(scene.compared[1].network.experiments[0])))
    assert len(scene.losses.epoch) <= 51 < len(losses.epoch)
    assert scene.turn == losses.epoch[np.argmin(losses.unseen)]
    assert scene.run.unseen.data_y.min() == pytest.approx(losses.unseen.min())


def test_stopping_in_time_is_answered_beside_the_best_network(media, say, monkeypatch):
    seen = {}

    def look(scene, name):
        seen[name] = scene

    compare = Overfitting._compare_least

    def compared(scene):
        compare(scene)
        found.extend(check_scene(scene, "stop"))

    found = []
    monkeypatch.setattr(Overfitting, "_compare_least", compared)
    say([600, 200, 100], [700, 650, 800])  # one layer is best, and two overfit; the run is the recorded one
    play(look, media, TENT)
    scene = next(scene for name, scene in seen.items() if name.startswith("stop-"))
    least = scene.losses.unseen.min()
    level = scene.run.plot.data(scene.level[0].get_center())[1]
    one_layer = scene.compared[0].network
    own_least = loss_by_epoch(scene.trace(one_layer.run_name(one_layer.experiments[0]))).unseen.min()
    assert f"stop-{'below' if least < min(0.95 * 650, own_least) else 'not'}" in seen
    assert scene.least[1].source == scene.written(least)
    assert level == pytest.approx(650, rel=0.02)
    assert [finding for finding in found if finding.rule == "margin"] == []


def test_other_runs_another_picture(media):
    heights = set()
    for change in ({}, {"seeds": (3,)}, {"epochs": 5}, {"width": 5}):
        _, scene, _ = film(media, {**SMALL, **change})
        heights.add(tuple(float(dot.get_center()[1]) for dot in scene.picture.dots["unseen"]))
    assert len(heights) == 4


def test_nothing_overfits_on_a_clean_week(media):
    said, seen = {}, []

    def look(scene, beat):
        said[beat] = words_on(scene)
        seen.append(scene)

    ours = {"dataset": weekly(), "depths": (0, 1, 2), "width": 12, "seeds": (0, 1), "epochs": 60}
    *before, last = play(look, media, ours)
    assert seen[-1].opens is None
    assert before[0] == "sink"
    assert last == "lecture-only"
    assert all("week.csv" in said[beat] for beat in before)
    assert "week.csv" not in said[last] and "no unseen loss for 2 layers" in said[last]  # there the lecture's is alone
    assert "synthetic" not in " ".join(said.values())


def test_best_depth_is_one_layer(media):
    beats, scene, _ = film(media, TENT)
    assert beats == ["sink", "part", "stop-not", "lecture-elsewhere"]
    assert "but one layer has" in lines_of(scene)["stop-not"]
    one, two = scene.compared
    assert (len(one.network.hidden), len(two.network.hidden)) == (1, 2)


def test_overfits_at_the_fourth_layer_as_in_the_lecture(media, say):
    say([280, 180, 140, 100], [430, 400, 380, 440])
    parameters = {"depths": (1, 2, 3, 4), "width": 100, "seeds": (0, 1), "epochs": 1}
    beats, scene, _ = film(media, parameters)
    assert beats[-1] == "lecture-same"
    assert scene.opens == 3
    assert "140 became 100" in lines_of(scene)["lecture-same"]
    assert not scene.over_ours  # other depths than the lecture's: its picture stands alone


def test_lectures_losses_stand_in_our_picture_where_both_fit(media, say):
    say([208, 52, 27, 25, 23], [400, 520, 471, 438, 429])
    parameters = {"width": 100, "seeds": (0, 1), "epochs": 1}
    beats, scene, said = film(media, parameters)
    assert beats[2:] == ["unseen-partly", "lecture-elsewhere"]
    assert scene.over_ours
    assert "400 views with the linear model, 520 with one layer" in lines_of(scene)["unseen-partly"]
    assert all(number in said for number in ("320", "280", "180", "140", "100", "460", "430", "380", "440"))
    heights = [scene.picture.plot.data(dot.get_center())[1] for dot in scene.lecture.dots["unseen"]]
    assert heights == pytest.approx([460, 430, 380, 440], abs=0.1)  # on our scale
    assert "520" not in said
    assert "no unseen loss for 2 layers; faint: ours, synthetic data" in said
    say([2080, 520, 270, 250, 230], [4000, 5200, 4710, 4380, 4290])
    assert not film(media, parameters)[1].over_ours


@pytest.mark.parametrize(
    ("training", "unseen", "beats"),
    [
        ((200, 100, 50), (400, 450, 500), ("unseen-worse", "lecture-elsewhere")),
        ((200, 100, 50), (400, 500, 450), ("unseen-partly", "lecture-elsewhere")),
        ((200, 100, 50), (500, 400, 350), ("unseen-better", "lecture-only")),
        ((50, 100, 200), (500, 400, 450), ("unseen-middle", "lecture-only")),
        ((100, 100, 100), (400, 401, 402), ("unseen-flat", "lecture-only")),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_words_are_chosen_by_the_numbers(media, say, training, unseen, beats, lang):
    say(training, unseen)
    assert tuple(film(media, SMALL, language=lang)[0][2:]) == beats


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("training", "unseen", "beats"),
    [
        ((90, 60, 30), (95, 70, 40), ("sink", "together")),
        ((90, 60, 30), (95, 70, 69), ("sink", "widens")),
        ((90, 60, 30), (40, 70, 69), ("sink-seen", "rises")),
        ((50, 50, 49), (95, 70, 40), ("sink-unseen", "together")),
        ((50, 50, 49), (70, 70, 69), ("sink-neither", "together")),
    ],
)
def test_what_one_training_does_is_told_by_its_losses(media, monkeypatch, training, unseen, beats, lang):
    epochs = np.linspace(0, 3, 13)
    invented = LossByEpoch(
        epochs, *(np.interp(epochs, [0.0, 1.5, 3.0], np.array(loss, dtype=float)) for loss in (training, unseen))
    )
    monkeypatch.setattr("gradreel.scenes.lecture.overfitting.losses_with_the_least", lambda *_: invented)
    assert tuple(film(media, SMALL, language=lang)[0][:2]) == beats


def test_what_may_be_chance_is_said_to_be(media, monkeypatch):
    def results(self):
        losses = [Losses(np.array(pair)) for pair in ((478.0, 478.0), (478.0, 470.0), (10.0, 480.0))]
        networks = self.networks(self.parameters)
        return tuple(Result(network, (0, 1), each, each, None) for network, each in zip(networks, losses, strict=True))

    monkeypatch.setattr(NetworksScene, "results", results)
    beats, scene, _ = film(media, SMALL)
    assert beats[2:] == ["unseen-unclear", "lecture-only"]
    assert "245 views with two layers, 478 with the linear model" in lines_of(scene)["unseen-unclear"]


def test_band_begins_at_the_best_network(media, say):
    say([200, 100, 50], [450, 400, 500])
    _, scene, _ = film(media, SMALL)
    corners = scene.picture.band(scene.outcome.index(scene.compared[0])).get_vertices()
    assert corners[:, 0].min() == pytest.approx(scene.picture.point("unseen", 1)[0])
    assert len(corners) == 4  # two networks, two losses


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"depths": (0, 1, 2, 3, 4, 20), "width": 100, "seeds": (0,), "epochs": 1},
        {"depths": (1, 2), "width": 1, "seeds": tuple(range(10)), "epochs": 1},
        {"depths": (0, 3), "width": 1000, "seeds": (0,), "epochs": 1},
    ],
)
def test_ends_of_the_bounds_keep_the_rules_of_the_picture(media, parameters, lang):
    found = []
    dataset = DailyViews(window=3)
    play(lambda *at: found.extend(check_scene(*at)), media, {"dataset": dataset, **parameters}, language=lang)
    assert not found


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
def test_any_losses_keep_the_rules_of_the_picture(media, say, training, unseen):
    say(training, unseen)
    found = []
    play(lambda *at: found.extend(check_scene(*at)), media, SMALL)
    assert not found


def test_bad_parameters_are_named():
    with pytest.raises(UserError, match=r"overfitting\.depths: .*1 comes after 2"):
        Overfitting.validated({"depths": (2, 1)})
    with pytest.raises(UserError, match=r"overfitting\.depths: .*at most 6 items"):
        Overfitting.validated({"depths": (0, 1, 2, 3, 4, 5, 6)})


def test_runs_are_those_of_the_experiment_command():
    wanted = {run.digest for network in depth_experiments(depths=(0, 1, 2, 3, 4)) for run in network.experiments}
    assert {run.digest for run in Overfitting.experiments(Overfitting.validated({})).values()} == wanted
