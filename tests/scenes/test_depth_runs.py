"""The runs that sink in depth-experiment: in ours' own colour, none pinned at its end, arrows' heads while too high."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.lecture.experiments.depth_experiment import DepthExperiment
from gradreel.scenes.lecture.experiments.pictures.loss_scale import seed_dot
from gradreel.scenes.mobjects.loss_lines import above_the_picture
from gradreel.scenes.style import FAINT, FULL, palette
from manim import DL, RIGHT, UR, Dot

VIEWS = DailySeries(start=date(2024, 1, 1), values=tuple(4000.0 + 900 * np.sin(np.arange(60))), name="views.csv")
DEPTHS = {
    "dataset": DailyViews(series=VIEWS, window=7), "depths": (0, 1, 2, 3, 4), "width": 100, "seeds": (0, 1), "epochs": 3
}  # fmt: skip
SEEN, UNSEEN = (208, 52, 27, 25, 23), (400, 520, 471, 438, 429)  # means that the lecture's losses fit to
FOUND: dict[float, dict] = {}  # how far apart the runs end -> what was seen


@pytest.fixture
def looked_at(play, results_are):
    """The picture, the labels and the dots of all runs, at the end of their training."""

    def look(apart: float):
        """The runs of each network end ``apart`` views above and below its mean."""
        if apart in FOUND:
            return FOUND[apart]
        results_are(*([(abs(mean - apart), mean + apart) for mean in means] for means in (SEEN, UNSEEN)))
        found = {}

        def at_beat(scene, beat):
            if beat == "train":
                found["top"] = scene.picture.most
                found["ticks"] = [label.source for label in scene.scale_labels[:-1]]
                found["word"] = scene.scale_labels[-1].get_bottom()[1]
                most = scene.picture.most
                for kind, height in (("low", 0.4 * most), ("high", 3 * most)):
                    scene.runs.courses = {name: [[np.full(4, height)] * 2] * 5 for name in ("training", "validation")}
                    scene.runs.show(3.0)
                    swarm = scene.runs.swarms["validation"][1]
                    found[kind] = [(len(dot.points), dot.get_top()[1]) for dot in swarm]
            if beat.startswith("lecture"):
                found["numbers"] = [value.get_center() for value in scene.lecture.values["validation"]]
                found["points"] = [dot.get_center() for dot in scene.lecture.dots["validation"]]
                found["ours"] = [dot.get_center() for dot in scene.picture.dots["validation"]]

        play(DepthExperiment, at_beat, **DEPTHS)
        FOUND[apart] = found
        return found

    return look


def test_the_highest_runs_end_has_room_and_a_level_line_above_the_means(looked_at):
    found = looked_at(85.0)
    assert found["top"] > 520 + 85
    assert "600" in found["ticks"]


def test_a_run_that_went_astray_does_not_press_the_others_down(looked_at):
    assert looked_at(400.0)["top"] < 700


def test_a_run_above_the_picture_is_an_arrows_head_clear_of_the_word(looked_at):
    found = looked_at(10.0)
    disc, head = len(Dot().points), len(above_the_picture())
    assert disc != head
    assert [count for count, _ in found["low"]] == [disc, disc]
    assert [count for count, _ in found["high"]] == [head, head]
    assert all(top < found["word"] - 0.05 for _, top in found["high"])


def test_each_of_the_lectures_numbers_is_nearest_to_its_own_point(looked_at):
    found = looked_at(85.0)
    for number, point in zip(found["numbers"], found["points"], strict=True):
        own = float(np.linalg.norm(number - point))
        assert own < 0.7
        others = [other for other in found["ours"] if abs(other[0] - point[0]) < 0.1]
        assert all(own < np.linalg.norm(number - other) for other in others)


def test_each_unseen_number_is_nearer_to_its_mean_than_to_a_run_and_touches_none(play, results_are):
    unseen = [[mean - 30, mean - 25, mean + 85 if k == 1 else mean + 5] for k, mean in enumerate(UNSEEN)]
    results_are([[mean] * 3 for mean in SEEN], unseen)
    checked = []

    def look(scene, beat):
        if not beat.startswith("validation-"):
            return
        picture = scene.picture
        for k, (number, swarm) in enumerate(
            zip(picture.values["validation"], scene.runs.swarms["validation"], strict=True)
        ):
            (left, low), (right, high) = (number.get_corner(corner)[:2] for corner in (DL, UR))
            for dot in swarm:
                x, y = dot.get_center()[:2]
                assert not (left < x < right and low < y < high)
            point = picture.point("validation", k)
            nearest = np.clip(point[:2], (left, low), (right, high))
            checked.append(float(np.linalg.norm(nearest - point[:2])))

    play(DepthExperiment, look, until="validation", **DEPTHS | {"seeds": (0, 1, 2)})
    assert len(checked) == 5 and max(checked) < 0.35


def test_the_lectures_line_is_broken_where_it_has_a_word(play, results_are):
    results_are(SEEN, UNSEEN)
    found = {}

    def look(scene, beat):
        if beat.startswith("lecture"):
            found["words"] = {k: text.source for k, text in scene.lecture.words.items()}
            x = np.array([scene.lecture.plot.data(point)[0] for point in scene.lecture.lines["validation"].points])
            found["nearest"] = float(np.abs(x - 2).min())
            assert all(np.abs(x - k).min() < 0.1 for k in (0, 1, 3, 4))

    play(DepthExperiment, look, **DEPTHS)
    assert found["words"] == {2: "somewhat better"}
    assert found["nearest"] > 0.3


@pytest.mark.parametrize("hollow", [False, True])
def test_the_texts_own_colour_is_the_lectures(hollow):
    dot = seed_dot(RIGHT, hollow)
    color = dot.get_stroke_color() if hollow else dot.get_fill_color()
    assert color.to_hex() not in (palette.text.to_hex(), palette.blue.to_hex())


def test_where_it_may_be_chance_the_runs_of_both_networks_come_forward(play, results_are):
    unseen = [(398.0, 402.0), (505.0, 509.0), (450.0, 474.0), (418.0, 438.0), (385.0, 461.0)]
    results_are([[mean] * 2 for mean in SEEN], unseen)
    shown = {}

    def look(scene, beat):
        if not beat.startswith("validation-"):
            return
        shown["beat"], picture = beat, scene.picture
        shown["runs"] = [{dot.emphasis for dot in swarm} for swarm in scene.runs.swarms["validation"]]
        shown["sizes"] = [swarm[0].width for swarm in scene.runs.swarms["validation"]]
        shown["line"] = picture.lines["validation"].emphasis
        shown["level"] = scene.marks[-1].get_center()[1] - picture.point("validation", 0)[1]

    play(DepthExperiment, look, until="validation", **DEPTHS)
    assert shown["beat"] == "validation-falls-to-three"
    assert shown["runs"] == [{FULL}, {FAINT}, {FAINT}, {FAINT}, {FULL}] and shown["line"] == FAINT
    assert shown["sizes"][0] == pytest.approx(shown["sizes"][4]) and shown["sizes"][0] > 1.5 * shown["sizes"][1]
    assert shown["level"] == pytest.approx(0)
