"""matrix-form: the boxes hold the trained network and the day's way through it; theta: the same numbers in a row."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.daily_series import DailySeries
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.lecture_runs import THREE_DAYS
from gradreel.core.theta import unpack
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.core.written_out import example_of, forward, in_thousands, label_day
from gradreel.scenes import style
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_beats
from gradreel.scenes.lecture.matrices import MatrixForm
from gradreel.scenes.lecture.network_diagram import NetworkDiagram
from gradreel.scenes.lecture.theta import ORDER, Theta
from gradreel.scenes.mobjects.matrix_boxes import NumberBox, places
from gradreel.scenes.stills import _drawn, beat_frames, visit_beats

TINY = (320, 180)
MINE = DailySeries(
    start=date(2024, 3, 1), values=tuple(512 * (1 + 0.3 * np.sin(np.arange(120) * 0.9))), name="mine.csv"
)
SAME = DailyViews(series=DailySeries(start=date(2022, 1, 3), values=(50.0,) * 90, name="same.csv"), window=3)


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 1, **changes})


RUN, OTHER = short(), short(seed=1)
ENDS = {
    "one of one": short(dataset=DailyViews(window=1), hidden=(1,)),
    "five of five, relu": short(dataset=DailyViews(window=5), hidden=(5,), activation="relu"),
    "one of five": short(dataset=DailyViews(window=5), hidden=(1,)),
    "five of one": short(dataset=DailyViews(window=1), hidden=(5,)),
    "mine": short(dataset=DailyViews(series=MINE, window=5), hidden=(5,)),
}
CURVE = Experiment(epochs=2)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for run in (RUN, OTHER, CURVE, *ENDS.values()):
        train(run, folder / "traces")
    return folder


def play(scene_class, look, media: Path, **parameters):
    """``look(scene)`` at the end of each beat; what it returned, by beat."""
    seen = {}
    context = SceneContext(media_dir=media)
    visit_beats(scene_class, lambda scene, beat: seen.update({beat: look(scene)}), parameters, context, TINY)
    return seen


def played(scene_class, media: Path, **parameters):
    """The scene as it ended."""
    return visit_beats(scene_class, lambda scene, beat: None, parameters, SceneContext(media_dir=media), TINY)


def learned(media: Path, run: Experiment):
    return in_thousands(run, np.asarray(Trace.find(media / "traces", run).parameters[-1]))


def read(number) -> float:
    return float(number.text.replace("\u2212", "-"))


def table(box: NumberBox):
    """The numbers of a box as they are written, (R, C)."""
    return np.array([[read(number) for number in row] for row in box.numbers])


# -- matrix-form -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [RUN, OTHER, ENDS["five of five, relu"]], ids=["run", "other seed", "five"])
def test_every_box_holds_the_networks_numbers(media, run):
    def boxes(scene):
        all_boxes = {**scene.sums.boxes, **scene.output.boxes}
        return {name: table(box) for name, box in all_boxes.items()}, table(scene.sigma.boxes["r"])

    seen, r = play(MatrixForm, boxes, media, run=run)["output"]
    theta = learned(media, run)
    layers, example = unpack(run, theta), example_of(run.dataset, label_day(run.dataset))
    there = forward(run, theta, example.x, example.label)
    exact = {"r": there.r[0][:, None], "bias": layers.biases[0][:, None], "w": layers.weights[0],
             "x": example.x[:, None], "a": there.a[0][:, None], "c": layers.c[None], "b": [[layers.b]],
             "y": [[there.y]]}  # fmt: skip
    for name, values in exact.items():
        assert seen[name] == pytest.approx(np.asarray(values, dtype=float), abs=0.0051)
    assert np.array_equal(r, seen["r"])


def test_another_day_has_other_numbers_from_the_same_network(media):
    def boxes(scene):
        return {name: table(box) for name, box in scene.sums.boxes.items()}

    first, second = (play(MatrixForm, boxes, media, run=RUN, day=date(2021, 2, day))["output"] for day in (3, 11))
    assert np.array_equal(first["w"], second["w"])
    assert not np.array_equal(first["x"], second["x"])
    assert not np.array_equal(first["r"], second["r"])


def test_each_letter_of_the_equations_lies_in_its_cell(media):
    def offsets(scene):
        wrong = []
        for name, letters in scene.placed.items():
            box = scene.sums.boxes[name]
            wrong += [np.abs(letter.get_center() - box.place_of(*cell)).max() for letter, _, cell in letters]
        return wrong

    wrong = play(MatrixForm, lambda scene: offsets(scene) if hasattr(scene, "placed") else [], media, run=RUN)["fold"]
    assert len(wrong) == 3 + 3 + 9 + 9
    assert max(wrong) < 1e-6


def test_the_end_is_one_line_and_the_boxes_of_its_bracket(media):
    def shown(scene):
        family = set(scene.get_mobject_family_members())
        return [bool(family & set(part.get_family())) for part in (scene.line, scene.sums, scene.output, scene.sigma)]

    beats = play(MatrixForm, shown, media, run=RUN)
    assert beats["output"] == [False, True, True, True]
    assert beats["short"] == [True, False, False, False]


@pytest.mark.parametrize("run", [RUN, *ENDS.values()], ids=["run", *ENDS])
def test_each_number_of_a_row_stands_up_beside_the_x_that_it_is_multiplied_with(media, run):
    def stood(scene):
        moves = scene._stand_up(scene.n_units - 1)
        row, x, w = [moved.mobject for moved in moves], scene.sums.boxes["x"], scene.sums.boxes["w"].numbers[-1]
        heights = [number.get_y() for number in row]
        for share in np.linspace(0, 1, 30):
            for moved, height in zip(moves, heights, strict=True):
                moved.update_function(moved.mobject, share)
                beneath = moved.mobject.get_right()[0] > x.get_left()[0]
                assert beneath or moved.mobject.get_y() == pytest.approx(height), "no other row is crossed"
        texts = [len(number.text) for number in w]
        return row, [number[0].get_y() for number in x.numbers], x.get_right()[0], texts

    row, heights, right, texts = play(MatrixForm, stood, media, run=run)["fold" if run.hidden[0] > 1 else "fold-one"]
    assert [number.get_y() for number in row] == pytest.approx(heights, abs=1e-6)
    assert [len(number) for number in row] == texts
    assert all(right < number.get_left()[0] and number.get_right()[0] < style.RIGHT_EDGE for number in row)


def test_a_larger_network_has_a_larger_w_and_no_longer_a_line(media):
    small = {}
    for larger in ((1000, 56), (6, 1)):
        small[larger] = play(MatrixForm, lambda scene: scene.line.width, media, run=RUN, larger=larger)["short"]
    assert len(set(small.values())) == 1


def opening(scene_class, media: Path, **parameters):
    """The picture before anything has moved."""
    seen = []

    def play_nothing(scene, *animations, **how):
        if not seen:
            seen.append(_drawn(scene))

    context = SceneContext(media_dir=media)
    with patch.object(scene_class, "play", play_nothing):
        visit_beats(scene_class, lambda scene, beat: None, parameters, context, (854, 480))
    return seen[0]


@pytest.mark.parametrize(("before", "after"), [(NetworkDiagram, MatrixForm), (MatrixForm, Theta)])
def test_each_begins_with_the_picture_that_the_one_before_ended_with(media, before, after):
    context = SceneContext(media_dir=media)
    last = beat_frames(before, {"run": RUN}, context, (854, 480))[-1].pixels
    assert np.abs(last.astype(int) - opening(after, media, run=RUN)).max() <= 2


def test_rows_of_w_pass_beneath_the_column_x(media):
    layers = []
    stand_up = MatrixForm._stand_up

    def watched(scene, i):
        moving = stand_up(scene, i)
        numbers = [moved.mobject for moved in moving]
        layers.append((max(number.z_index for number in numbers), min(n.z_index for n in scene.sums.boxes["x"])))
        return moving

    with patch.object(MatrixForm, "_stand_up", watched):
        after = play(MatrixForm, lambda scene: scene.sums.boxes["x"].z_index, media, run=RUN)["rows"]
    assert len(layers) == 3 and all(moving < x for moving, x in layers)
    assert after == 0


def test_one_sigmoid_is_told_as_one(media):
    beats = play(MatrixForm, lambda scene: scene._heading(), media, run=ENDS["one of one"])
    assert {"fold-one", "rows-one"} <= beats.keys()
    assert beats["line"] == "One equation, with vectors"


def test_sigma_is_named_after_the_activation(media):
    assert play(MatrixForm, lambda scene: scene.sigma_word.source, media, run=RUN)["output"] == "sigmoid"
    five = ENDS["five of five, relu"]
    lines = [beat.lines for beat in played(MatrixForm, media, run=five).beats]
    assert not any("sigmoid" in line for spoken in lines for line in spoken.values())
    assert play(MatrixForm, lambda scene: scene.sigma_word.source, media, run=five)["output"] == "ReLU"


# -- theta -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [RUN, OTHER], ids=["run", "other seed"])
def test_the_column_is_theta_from_the_top_down(media, run):
    def column(scene):
        numbers = sorted(scene.column.numbers, key=lambda number: -number.get_y())
        return [read(number) for number in numbers], scene.theta

    values, theta = play(Theta, column, media, run=run)["stack"]
    assert theta == pytest.approx(learned(media, run))
    assert values == pytest.approx(theta, abs=0.0051)


def test_a_curves_network_has_its_recorded_numbers(media):
    theta = play(Theta, lambda scene: scene.theta, media, run=CURVE)["stack"]
    assert np.array_equal(theta, Trace.find(media / "traces", CURVE).parameters[-1])


def test_the_column_grows_to_the_larger_network_and_is_counted(media):
    def column(scene):
        grown = scene.grown
        return grown.count, scene.count.text, grown.width_now, grown.hook.height, grown.body.height

    beats = play(Theta, column, media, run=RUN, days=4, layers=(6, 5))
    assert beats["stack"][:2] == (16, "16")
    count, text, width, hook, height = beats["length"]
    assert (count, text) == (pytest.approx(71), "71")
    assert hook / height == pytest.approx(16 / 71, rel=1e-6)
    assert width < beats["stack"][2]


def test_numbers_cross_no_box_on_their_way(media):
    def boxes(scene):
        return [scene.boxes[name].get_x() for name in ORDER], scene.column.boxes.get_left()[0]

    places_, column = play(Theta, boxes, media, run=RUN)["unknowns"]
    assert places_ == sorted(places_)  # W, which goes first, is next to the column
    assert places_[-1] < column
    assert ORDER[-1] == "w" and list(reversed(ORDER)) == ["w", "bias", "c", "b"]


def test_as_by_default_the_network_of_three_layers_has_26001_numbers():
    assert Theta.Parameters().larger.n_parameters == 26001


# -- both --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "decimals"), [([4.13, -2.3], 2), ([0.05, 0.001], 3), ([0.0068], 4), ([123.4, 1.0], 1), ([0.0], 2)]
)
def test_decimals_follow_the_largest_number(values, decimals):
    assert places(np.array(values)) == decimals


@pytest.mark.parametrize("scene_class", [MatrixForm, Theta])
@pytest.mark.parametrize("run", ENDS.values(), ids=ENDS)
def test_the_ends_of_the_bounds_break_no_rule(media, scene_class, run):
    light = run.hidden == (1,)
    context = SceneContext(media_dir=media, language="zh" if light else "en", theme="light" if light else "dark")
    assert [str(finding) for finding in check_beats(scene_class, {"run": run}, context)] == []


@pytest.mark.parametrize(
    ("scene_class", "message", "parameters"),
    [
        (MatrixForm, "1 to 5 units is shown, got .6,.", {"run": short(hidden=(6,))}),
        (MatrixForm, "daily views are shown", {"run": CURVE}),
        (MatrixForm, "it lies from 2017-01-04 to 2021-02-26, got 2021-02-27", {"day": "2021-02-27"}),
        (Theta, "1 to 5 units is shown, got .3, 3.", {"run": short(hidden=(3, 3))}),
        (Theta, "1 to 5 features are shown, got 6", {"run": short(dataset=DailyViews(window=6))}),
        (Theta, r"same\.csv: .* all have 50 views, so there is nothing to learn", {"run": short(dataset=SAME)}),
        (Theta, "more than the 16 parameters of run, got 4", {"days": 1, "layers": (1,)}),
        (Theta, "theta.days: Input should be less than or equal to 1000", {"days": 1001}),
    ],
)
def test_what_cannot_be_shown_is_refused(scene_class, message, parameters):
    with pytest.raises(UserError, match=message):
        scene_class.validated(parameters)
