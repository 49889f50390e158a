"""The map of the three steps: its pictures are the recorded run's, and one card at a time is bright."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.analysis.planes import plane_of
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from gradreel.scenes.mobjects.three_steps import PLACE, VEILED, ThreeSteps
from gradreel.scenes.style import use_theme

RUN = Experiment(epochs=200)


def same(key: str) -> str:
    """The words of a key: the key."""
    return key


@pytest.fixture
def steps(trace_of) -> ThreeSteps:
    use_theme("dark")
    return ThreeSteps(trace_of(RUN), same, 1)


def data(plot, line) -> np.ndarray:
    """(n, 2): what a curve of the map says in the plot's numbers."""
    return np.array([plot.data(point) for point in [*line.get_start_anchors(), line.get_end()]])


def test_the_bright_curve_is_that_of_the_last_recorded_state(trace_of, steps):
    plot = steps.card(1)[PLACE][0]
    x, y = data(plot, steps.blue).T
    theta = trace_of(RUN).parameters[-1]
    np.testing.assert_allclose(y, predict(RUN, theta, RUN.dataset.features_at(x)), atol=1e-9)


def test_the_upright_lines_are_the_errors_of_the_blue_curve(steps):
    plot, *errors, red, blue = steps.card(2)[PLACE]
    x, y = data(plot, blue).T
    corners, heights = data(plot, red).T
    np.testing.assert_allclose(heights, RUN.dataset.curve()(corners), atol=1e-9)
    assert len(errors) > 10
    for error in errors:
        (at, label), (_, prediction) = data(plot, error)
        assert label == pytest.approx(RUN.dataset.curve()(at))
        assert prediction == pytest.approx(np.interp(at, x, y), abs=1e-9)


def test_tried_values_are_recorded_ones_with_their_errors(trace_of, steps):
    plot, *errors, _, blue = steps.card(2)[PLACE]
    before = data(plot, blue)
    trying = steps.try_values(1.0)
    trying.update_function(trying.mobject, 1.0)
    x, y = data(plot, blue).T
    theta = trace_of(RUN).parameters[-1]
    np.testing.assert_allclose(y, np.clip(predict(RUN, theta, RUN.dataset.features_at(x)), *plot.y_range), atol=1e-9)
    for error in errors:
        (at, _), (_, prediction) = data(plot, error)
        assert prediction == pytest.approx(np.interp(at, x, y), abs=1e-9)
    trying.update_function(trying.mobject, 0.0)
    np.testing.assert_allclose(data(plot, blue), before, atol=1e-9)


def test_between_two_recorded_states_the_curve_that_is_tried_moves_on(trace_of):
    use_theme("dark")
    few = ThreeSteps(trace_of(Experiment(epochs=200, keep={"every": 50})), same, 1)
    plot, *_, blue = few.card(2)[PLACE]
    trying, heights = few.try_values(1.0), []
    for share in np.linspace(0, 1, 100):
        trying.update_function(trying.mobject, share)
        heights.append(data(plot, blue)[:, 1])
    changes = np.abs(np.diff(heights, axis=0)).max(axis=1)
    assert changes.min() > 0 and changes.max() < 0.1 * np.abs(heights[-1] - heights[0]).max()


def test_the_path_leads_from_the_recorded_start_to_the_recorded_end(trace_of, steps):
    trace = trace_of(RUN)
    ground, line, start, end = steps.card(3)[PLACE]
    plane = plane_of(trace)
    for mobject, row in ((start, 0), (end, -1)):
        np.testing.assert_allclose(
            ground.coordinates(mobject.get_center()), plane.coordinates(trace.parameters[row]), atol=1e-9
        )
    np.testing.assert_allclose(line.get_start(), start.get_center(), atol=1e-9)
    np.testing.assert_allclose(line.get_end(), end.get_center(), atol=1e-9)


def test_one_card_is_bright_or_all(steps):
    def shares() -> list[float]:
        return [steps.card(k)[0].emphasis for k in (1, 2, 3)]

    assert shares() == [1, VEILED, VEILED]
    for step, wanted in ((3, [VEILED, VEILED, 1]), (None, [1, 1, 1]), (2, [VEILED, 1, VEILED])):
        animation = steps.focus(step)
        animation.begin()
        animation.interpolate(1)
        animation.finish()
        assert shares() == wanted
