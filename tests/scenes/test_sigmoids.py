"""morph-sigmoid and sum-of-sigmoids: what stands on the screen is what was computed or recorded."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from gradreel.core.activations import sigmoid
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.matching import match_by_slope
from gradreel.core.theta import loss, predict, unpack
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_beats
from gradreel.scenes.lecture.sigmoids import MorphSigmoid
from gradreel.scenes.lecture.sum_of_sigmoids import SumOfSigmoids
from gradreel.scenes.stills import beat_frames, visit_beats

TINY = (320, 180)
SHORT = Experiment(epochs=40)  # far from the red curve
LONG = Experiment()  # ends close to it
MORPHS = {
    "default": {},
    "negative height": {"c_range": [-2, 3], "piece": [3, 4.5, -2]},
    "all heights negative": {"c_range": [-3, -1], "piece": [-6, -2, -3]},
    "steep and narrow": {"w_range": [8, 10], "b_range": [-20, 20], "piece": [-20, -19.9, 10]},
    "gentle and wide": {"w_range": [0.1, 0.11], "b_range": [-0.1, 0.1], "c_range": [9, 10], "piece": [-20, 20, 0.1]},
}
REFUSED = {
    "w_range must rise": {"w_range": [2, 1]},
    "w_range must rise and lie within 0.1 to 10": {"w_range": [0, 1]},
    "b_range must rise": {"b_range": [-30, 1]},
    "piece must start": {"piece": [3, 3, 1]},
    "height of piece": {"piece": [1, 3, 0]},
    "morph-sigmoid has no parameter 'speed'": {"speed": 2},
}


def drawn(plot, curve):
    """A curve as it is drawn, read back from the screen: data (x, y) of its corners."""
    points = [*curve.get_start_anchors(), curve.get_end()]
    return np.array([plot.data(point) for point in points]).T


# -- morph-sigmoid -----------------------------------------------------------------------------------------------


def morph(look, parameters=None):
    """``look(scene, beat)`` at the end of each beat; what it returned, by beat."""
    seen = {}
    visit_beats(MorphSigmoid, lambda scene, beat: seen.update({beat: look(scene, beat)}), parameters or {}, size=TINY)
    return seen


@pytest.mark.parametrize("parameters", MORPHS.values(), ids=MORPHS)
def test_curve_numbers_and_sliders_say_the_same_at_each_beat(parameters):
    def agreement(scene, beat):
        board = scene.board
        shown = {letter: float(number.text.replace("\u2212", "-")) for letter, number in board.values.items()}
        slid = {letter: slider.value for letter, slider in board.sliders.items()}
        x, y = drawn(board.plot, board.curve)
        wrong = np.abs(y - board.now["c"] * sigmoid(board.now["b"] + board.now["w"] * x)).max()
        return dict(board.now), shown, slid, wrong / abs(board.now["c"])

    for now, shown, slid, wrong in morph(agreement, parameters).values():
        assert wrong < 1e-6
        assert shown == pytest.approx(now, abs=0.00501)
        assert slid == pytest.approx(now, abs=1e-6)


def test_each_sweep_ends_on_its_range_and_comes_back():
    at = morph(lambda scene, beat: dict(scene.board.now), {"w_range": [1, 4], "b_range": [-1, 3], "c_range": [1, 5]})
    assert at["change-w"] == {"w": 4.0, "b": 1.0, "c": 5.0}
    assert at["small-w"]["w"] == 2.0
    assert at["change-b"]["b"] == 3.0
    assert at["lower-b"]["b"] == 1.0
    assert at["change-c"]["c"] == 3.0


@pytest.mark.parametrize("piece", [(1.0, 3.0, 3.0), (3.0, 4.5, -2.0), (-7.0, -3.0, 1.5)])
def test_the_match_is_that_of_the_core_and_the_gap_is_measured(piece):
    def finish(scene, beat):
        return dict(scene.board.now), scene._gap_text() if beat == "gap" else ""

    now, shown = morph(finish, {"piece": piece})["gap"]
    match = match_by_slope(*piece)
    assert now == pytest.approx({"w": match.w, "b": match.b, "c": match.c})
    assert float(shown) == pytest.approx(abs(piece[2]) * sigmoid(-2.0), abs=0.005)


@pytest.mark.parametrize(("message", "parameters"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_shown_is_refused(message, parameters):
    with pytest.raises(UserError, match=message):
        MorphSigmoid.validated(parameters)


# -- sum-of-sigmoids ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    media = tmp_path_factory.mktemp("media")
    context = SceneContext(media_dir=media)
    for experiment in (SHORT, LONG):
        train(experiment, context.traces)
    return context


def sum_scene(look, context, run, scene_class=SumOfSigmoids):
    """``look(scene, beat)`` at the end of each beat; what it returned, by beat."""
    seen = {}
    visit_beats(
        scene_class, lambda scene, beat: seen.update({beat: look(scene, beat)}), {"run": run}, context, size=TINY
    )
    return seen


def test_the_sum_and_every_row_are_the_recorded_state(context):
    def state(scene, beat):
        rows = [
            (row.curve.get_end()[1] - row.zero_y) / scene.rows.scale_y
            for row in (scene.rows.rows if beat != "first" else [])
        ]
        numbers = [float(row.number.text.replace("\u2212", "-")) for row in scene.rows.rows]
        return drawn(scene.fit.plot, scene.fit.model), rows, numbers

    seen = sum_scene(state, context, LONG)
    trace = train(LONG, context.traces)
    for beat, row in (("start", 0), ("finish", -1), ("add-up", -1)):
        (x, y), ends, numbers = seen[beat]
        theta = np.array(trace.parameters[row])[None]
        layers = unpack(LONG, theta)
        offset = LONG.dataset.offset
        assert y == pytest.approx(predict(LONG, theta, (x - offset)[:, None])[0], abs=1e-6)
        last = layers.c[0] * sigmoid(layers.biases[0][0] + layers.weights[0][0, :, 0] * (x[-1] - offset))
        assert ends == pytest.approx([layers.b[0], *last], abs=1e-6)
        assert numbers == pytest.approx([layers.b[0], *layers.c[0]], abs=0.00501)


def test_count_and_loss_are_recorded_ones_also_between_two_states(context):
    trace = train(SHORT, context.traces)

    def between(scene, beat):
        if beat != "finish":
            return None
        scene.show(2.5)
        _, y = drawn(scene.fit.plot, scene.fit.model)
        return scene.readout.count.text, float(scene.readout.loss.text), y[-1], scene.x[-1:] - SHORT.dataset.offset

    count, shown, y, feature = sum_scene(between, context, SHORT)["finish"]
    assert count == "2"
    assert shown == pytest.approx(float(loss(SHORT, np.array(trace.parameters[2]))), abs=0.0051)
    halfway = (trace.parameters[2] + trace.parameters[3]) / 2
    assert y == pytest.approx(float(predict(SHORT, halfway[None], feature[:, None])[0, 0]), abs=1e-6)


class Altered(SumOfSigmoids):
    """The same scene on a trace whose last state has another c_1."""

    @classmethod
    def scene_name(cls):
        return SumOfSigmoids.scene_name()

    def trace(self, name):
        trace = super().trace(name)
        parameters = np.array(trace.parameters)
        parameters[-1, 6] += 0.3  # w_1 .. w_3, b_1 .. b_3, c_1
        return dataclasses.replace(trace, parameters=parameters)


def test_another_trace_is_another_picture(context):
    def frames(scene_class):
        return {still.beat: still.pixels for still in beat_frames(scene_class, {"run": SHORT}, context, TINY)}

    true, same, altered = frames(SumOfSigmoids), frames(SumOfSigmoids), frames(Altered)
    assert all(np.array_equal(true[beat], same[beat]) for beat in true)
    assert not np.array_equal(true["finish"], altered["finish"])


def test_the_words_say_how_the_run_ended(context):
    assert "end-close" in sum_scene(lambda scene, beat: None, context, LONG)
    assert "end-far" in sum_scene(lambda scene, beat: None, context, SHORT)


def test_the_walk_ends_on_the_last_state_and_never_goes_back(context):
    rows = sum_scene(lambda scene, beat: scene.row, context, SHORT)
    assert [rows[beat] for beat in ("start", "finish")] == [0.0, 40.0]
    assert 0 < rows["learn"] < rows["pieces"] < 40


@pytest.mark.parametrize("hidden", [1, 2, 6, 8])
def test_few_and_many_sigmoids_have_a_row_each(context, hidden):
    run = Experiment(hidden=(hidden,), epochs=10, seed=2)
    train(run, context.traces)
    seen = sum_scene(lambda scene, beat: (len(scene.rows.rows), scene.rows.scale_y), context, run)
    assert ("sigma" in seen) == (hidden > 1)
    assert seen["add-up"][0] == hidden + 1
    assert seen["add-up"][1] > 0


@pytest.mark.parametrize(
    ("message", "run"),
    [("1 to 8 sigmoids", {"hidden": [9]}), ("1 to 8", {"hidden": [3, 3]}), ("sigmoids", {"activation": "relu"})],
)
def test_another_network_is_refused(message, run):
    with pytest.raises(UserError, match=message):
        SumOfSigmoids.validated({"run": run})


@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh", "light")])
def test_layout(context, language, theme):
    shown = dataclasses.replace(context, language=language, theme=theme)
    for scene_class, parameters in (
        (MorphSigmoid, {}),
        (SumOfSigmoids, {"run": LONG}),
        (SumOfSigmoids, {"run": SHORT}),
    ):
        assert [str(finding) for finding in check_beats(scene_class, parameters, shown)] == []
