"""The scenes with two kinds of dots: what they draw is what the recorded line says, computed here again."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.scenes.lecture.classes.how_sure import HowSure, percent_text
from gradreel.scenes.lecture.classes.line_scene import NEW_DOT, TWO_KINDS
from gradreel.scenes.lecture.classes.surprise import Surprise
from gradreel.scenes.lecture.classes.turning_line import TurningLine


def sums_of(theta, points):
    return theta[2] + theta[0] * points[:, 0] + theta[1] * points[:, 1]


@pytest.fixture(scope="module")
def turned(play):
    """turning-line, with the ends of its line, (2, 2), and both numbers of its panels at the end of each beat."""

    def look(scene, beat):
        line = scene.picture.line.points[[0, -1], :2]
        panels = scene.panels.panels if hasattr(scene, "panels") else ()
        return line, [panel.number.value for panel in panels]

    return play(TurningLine, look)


def test_line_and_numbers_are_those_of_the_recorded_states(turned, trace_of):
    data, trace = TWO_KINDS.dataset, trace_of(TWO_KINDS)
    right = [((sums_of(t, data.features()) > 0) == (data.labels() == 1)).sum() for t in trace.parameters]
    still = turned.scene.still
    assert right[still - 1] != right[still] and set(right[still:]) == {right[-1]}
    for beat, row in (("start", 0), ("walk", still), ("wrong-left", -1)):
        ends, numbers = turned.seen[beat]
        view, (left, _, bottom, _) = turned.scene.picture.view, turned.scene.picture.box
        scale = (turned.scene.picture.box[1] - left) / (view.high - view.low)
        places = view.low + (ends - [left, bottom]) / scale
        assert sums_of(trace.parameters[row], places) == pytest.approx([0, 0], abs=1e-9)
        if numbers:
            z = sums_of(trace.parameters[row], data.features()) * np.where(data.labels() == 1, 1, -1)
            assert numbers == pytest.approx([np.log1p(np.exp(-z)).mean(), right[row] / 40])


def test_the_lines_say_the_numbers_of_the_run(turned, trace_of):
    still = turned.scene.still
    assert (
        f"After {still} updates" in turned.lines["still-falls"]["en"]
        and "38 of 40" in turned.lines["still-falls"]["en"]
    )


def test_another_line_gives_another_share(play, trace_of, rewritten, tmp_path):
    trace = trace_of(TWO_KINDS)
    parameters = np.array(trace.parameters)
    parameters[-1] = [0.0, 0.0, np.log(3.0)]  # three quarters triangle, everywhere
    media = rewritten(trace, tmp_path, parameters=parameters)
    lines = play(HowSure, media_dir=media).lines
    assert "becomes 75 percent" in lines["new-unsure"]["en"] and "1.10" in lines["new-unsure"]["en"]


def test_share_of_the_new_dot_and_the_mean_surprise(play, trace_of):
    theta, data = trace_of(TWO_KINDS).parameters[-1], TWO_KINDS.dataset
    z = sums_of(theta, data.validation_features())[NEW_DOT]
    assert f"becomes {100 / (1 + np.exp(-z)):.0f} percent" in play(HowSure).lines["new-unsure"]["en"]
    own = sums_of(theta, data.features()) * np.where(data.labels() == 1, 1, -1)
    assert f"is {np.log1p(np.exp(-own)).mean():.2f}." in play(Surprise).lines["mean"]["en"]


@pytest.mark.parametrize(("share", "text"), [(0.648, "65"), (0.99898, "99.9"), (0.0004, "0.04"), (0.5, "50")])
def test_percent_is_never_rounded_to_none_or_all(share, text):
    assert percent_text(share) == text
