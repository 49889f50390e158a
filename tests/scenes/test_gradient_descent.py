"""gradient-descent: what moves, and every number, is the recorded run's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.planes import Plane, plane_of
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, parameter_names, predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
from gradreel.scenes.lecture.optimization.pictures.descent import Descent
from gradreel.scenes.lecture.optimization.pictures.descent_map import DescentMap
from gradreel.scenes.lecture.optimization.pictures.learning_rates import RateTrial, rates_to_try
from gradreel.scenes.lecture.optimization.pictures.path_zoom import SPOT, PathZoom, crowd_from
from gradreel.scenes.lecture.optimization.pictures.relief import Relief, ReliefScale
from gradreel.scenes.mobjects.pace import even_pace, recorded_row, state_at
from gradreel.scenes.mobjects.printed_arithmetic import printed_update
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.theta_strip import LengthNow
from gradreel.scenes.mobjects.update_formulas import feature_source, length_text
from gradreel.scenes.stills import _drawn
from gradreel.scenes.testing.layout import check_scene
from hypothesis import given, settings
from hypothesis import strategies as st
from manim import DL, UR, FadeOut, VGroup

SHORT = Experiment(epochs=300)
LONG = Experiment(epochs=5000)  # down in a few updates, then along a valley for thousands
LINE = Experiment(  # a line fitted to a line: reached for certain
    dataset=CurveDataset(knots=((0, 0), (8, 8)), low=0, high=8), hidden=(), learning_rate=0.05, epochs=300
)
EIGHT = Experiment(hidden=(8,), epochs=40, seed=3)
EXTREMES = {  # a language and a run
    "one sigmoid and the mean of |e|": ("en", Experiment(hidden=(1,), loss="mae", epochs=40)),
    "eight sigmoids": ("zh", EIGHT),
    "two layers of ReLU": ("en", Experiment(hidden=(2, 3), activation="relu", learning_rate=0.02, epochs=40)),
    "hardly moves": ("zh", Experiment(learning_rate=1e-7, epochs=12)),
    "jumps about": ("en", Experiment(learning_rate=0.9, epochs=40)),
    "three updates": ("zh", Experiment(epochs=3)),
    "large numbers": (
        "en",
        Experiment(dataset=CurveDataset(knots=((0, 2e5), (4, 5e5)), low=-1, high=5), learning_rate=0.02, epochs=40),
    ),
}
TEXTS = dict.fromkeys(("target", "model", "start", "update", "step", "length"), "")


OTHERS = {  # whose updates are not, or not always, the learning rate times the gradient: is the first one?
    "adam": (Experiment(optimizer="adam", learning_rate=0.05, epochs=60), False),
    "momentum": (Experiment(momentum=0.9, learning_rate=0.02, epochs=60), False),
    "a rate that falls": (Experiment(schedule="cosine", epochs=60), True),
    "float32": (Experiment(dtype="float32", epochs=60), True),
}


UPDATES = {"surface": 0, "first-update": 1, "again": 10, "step-back": 10, "walk-valley": 300, "stop": 300}
SLOPES_OF = {
    "surface": 0,
    "first-update": 0,
    "again": 10,
    "step-back": 10,
    "walk-valley": 299,
    "stop": 299,
}


@dataclass(frozen=True)
class Seen:
    """What stands on the screen when a beat of the short run ends, read out of the scene's mobjects."""

    far: bool
    plane: Plane
    point: np.ndarray  # (2,) in the map's plane
    arrow: np.ndarray  # (2,) its tip, from the point
    path_end: float  # how far the path's end is from the point, on the screen
    curve: np.ndarray  # (n, 2) x and y of the blue curve
    count: str
    loss: float
    cells: list[float]
    slopes: list[float]
    slopes_ends: tuple[float, float]  # the bottom and the top of their row
    slopes_shown: bool
    length_shown: bool
    frame_bottom: float | None  # of the frame around a column
    rate: str | None


def read(scene) -> Seen:
    descent, fit, path = scene.descent, scene.descent.fit, scene.descent.map.path
    here, there = path.marker.get_center(), scene.get_mobject_family_members()
    frame, rate = getattr(scene, "frame", None), getattr(scene, "rate", None)
    tip = max(path.arrow[1].get_anchors(), key=lambda point: np.linalg.norm(point - here))
    return Seen(
        far=descent.map is descent.far,
        plane=descent.map.plane,
        point=descent.map.surface.coordinates(here),
        arrow=(tip - here)[:2],
        path_end=float(np.linalg.norm(path.line.get_end() - here)),
        curve=np.array([fit.plot.data(point) for point in [*fit.model.get_start_anchors(), fit.model.get_end()]]),
        count=descent.readout.count.text,
        loss=number(descent.readout.loss),
        cells=[number(cell) for cell in descent.strip.numbers],
        slopes=[number(slope) for slope in descent.slopes.numbers],
        slopes_ends=(descent.slopes.numbers.get_bottom()[1], descent.slopes.numbers.get_top()[1]),
        slopes_shown=descent.slopes.label in there,
        length_shown=descent.length.number in there,
        frame_bottom=None if frame is None else frame.get_bottom()[1],
        rate=rate.source if rate in scene.mobjects else None,
    )


def number(mobject) -> float:
    return float(mobject.text.replace("\u2212", "-"))


@dataclass
class Film:
    """One playing of a run: what was there when each beat ended, and the scene as it was left."""

    scene: Any = None
    beats: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)  # breaches of the rules of the picture
    written: dict[str, list[str]] = field(default_factory=dict)  # beat -> the question: its formulas, a note

    def look(self, scene, beat: str) -> None:
        self.scene = scene
        self.beats.append(beat)
        self.findings.extend(map(str, check_scene(scene, beat)))
        if beat.startswith(("task", "random")):
            self.written[beat] = [part.source for part in scene.question]


@dataclass
class ShortFilm(Film):
    """The short run's, every beat of which is read."""

    seen: dict[str, Seen] = field(default_factory=dict)
    arrows: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)  # tip and first states, near map
    sliced: list[np.ndarray] = field(default_factory=list)  # of the slice, before its curve becomes a small one
    moved: np.ndarray | None = None  # the picture after the first update

    def look(self, scene, beat: str) -> None:
        super().look(scene, beat)
        self.seen[beat] = read(scene)
        near = scene.descent.near
        here, states = near.point(scene.descent.run.parameters[0]), near.point(scene.descent.run.parameters[:2])
        tip = max(near.path.arrow[1].get_anchors(), key=lambda point: np.linalg.norm(point - here))
        self.arrows[beat] = (tip - here)[:2], states
        if beat.startswith("slope"):
            along = scene.along
            points = [*along.curve.get_start_anchors(), *along.tangent.get_start_and_end(), along.point.get_center()]
            self.sliced = [along.plot.data(point) for point in points]
        if beat == "first-update":
            self.moved = _drawn(scene)


@pytest.fixture(scope="module")
def film_of(play) -> Callable[..., Film]:
    """``film_of(run)``: a run's film, played once for all tests."""
    films: dict[str, Film] = {}

    def film(run: Experiment) -> Film:
        if run.digest not in films:
            films[run.digest] = ShortFilm() if run == SHORT else Film()
            play(GradientDescent, films[run.digest].look, run=run)
        return films[run.digest]

    return film


@pytest.fixture(scope="module")
def film(film_of) -> dict[str, Seen]:
    return film_of(SHORT).seen


@pytest.fixture(scope="module")
def trace(trace_of) -> Trace:
    return trace_of(SHORT)


@pytest.fixture(scope="module")
def short(trace) -> Descent:
    """The short run's shapes, without the scene. Each test shows the rows that it looks at."""
    return Descent(trace, SHORT.n_updates, 10, TEXTS)


@pytest.fixture(scope="module")
def long(trace_of) -> Descent:
    return Descent(trace_of(LONG), LONG.n_updates, 10, TEXTS)


@pytest.mark.parametrize("beat", UPDATES)
def test_the_point_is_where_the_recorded_parameters_are_in_the_plane(film, trace, beat):
    plane = film[beat].plane
    if film[beat].far:  # what it shows of these three states is true
        np.testing.assert_allclose(plane.distance(trace.parameters[[0, 10, 300]]), 0, atol=1e-9)
    else:
        np.testing.assert_allclose(plane.directions, plane_of(trace, 10).directions)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    extent = np.ptp(plane.coordinates(trace.parameters))
    expected = plane.coordinates(trace.parameters[UPDATES[beat]])
    np.testing.assert_allclose(film[beat].point, expected, atol=1e-9 * extent)
    assert film[beat].path_end < 1e-9  # nothing of the path to come is drawn


def test_the_arrow_points_against_the_recorded_gradient(film, trace):
    downhill = -plane_of(trace, 10).directions @ trace.gradient[10]
    arrow = film["again"].arrow
    assert arrow @ downhill / np.linalg.norm(arrow) / np.linalg.norm(downhill) == pytest.approx(1.0, abs=1e-9)


def test_an_arrow_of_g_ends_downhill(film_of, trace):
    seen = film_of(SHORT).arrows
    downhill = -plane_of(trace, 10).directions @ trace.gradient[0]
    arrow = seen["downhill"][0]
    assert arrow @ downhill == pytest.approx(np.linalg.norm(arrow) * np.linalg.norm(downhill))


def test_a_slice_is_the_loss_along_one_parameter_and_its_tangent_has_the_recorded_slope(film_of, trace):
    scene = film_of(SHORT).scene
    along, index = scene.along, scene.worked.index
    *data, (x0, y0), (x1, y1), at = film_of(SHORT).sliced
    data = np.array(data)
    thetas = np.repeat(trace.parameters[:1], len(data), axis=0)
    thetas[:, index] = data[:, 0]
    np.testing.assert_allclose(data[:, 1], loss(SHORT, thetas), atol=1e-9)
    assert (y1 - y0) / (x1 - x0) == pytest.approx(trace.gradient[0][index])
    assert at == pytest.approx((trace.parameters[0][index], float(loss(SHORT, trace.parameters[0]))))
    assert along.height_at(along.nudged) < along.height_at(along.value)  # what is said of a nudge
    grid = scene.grid
    for entry, small in enumerate(grid.slices):
        (x0, y0), (x1, y1) = (small.plot.data(end) for end in (small.tangent.get_start(), small.tangent.get_end()))
        assert (y1 - y0) / (x1 - x0) == pytest.approx(trace.gradient[0][entry])
    assert len({small.plot.y_range for small in grid.slices}) == 1  # one scale: steep ones look steep


def test_values_on_the_map_are_losses_where_they_stand(film_of, trace):
    maps = [film_of(SHORT).scene.descent.near, film_of(SHORT).scene.descent.far]
    for shown in maps:
        assert len(shown.surface.values) >= 2
        first, *_ = (text.source for _, text in shown.surface.values)
        start = float(loss(SHORT, trace.parameters[0]))  # on the line through the start
        assert first in (film_of(SHORT).scene.descent.loss_text(0), f"{start:.3g}")
        assert min(abs(shown.surface.levels - start)) < 1e-12
        written = sorted(float(text.source) for _, text in shown.surface.values)
        assert min(written) > shown.surface.levels[1]  # not the lowest: it would seem to be the valley's
        bright = [line.get_stroke_width() > shown.surface.lines[0].get_stroke_width() for line in shown.surface.lines]
        assert [
            level for level, is_bright in zip(shown.surface.levels, bright, strict=True) if is_bright
        ] == pytest.approx(written, rel=1e-3)
        for _, text in shown.surface.values:
            theta = shown.plane.theta(shown.surface.coordinates(text.get_center()))
            assert float(text.source) == pytest.approx(float(loss(SHORT, theta)), rel=0.05)
    far = maps[1]
    assert list(far.dotted) == list(range(5, 301, 5))
    np.testing.assert_allclose(far.dot_points, far.point(trace.parameters[far.dotted]))


@pytest.mark.parametrize("run", [LONG, OTHERS["momentum"][0]], ids=["long", "momentum"])
def test_the_points_label_keeps_off_the_path(trace_of, long, run):
    far = (long if run == LONG else Descent(trace_of(run), run.n_updates, 10, TEXTS)).far
    for row in np.linspace(10, run.n_updates, 80):
        far.show(row)
        corners = np.array([*far.path.line.get_start_anchors(), far.path.line.get_end()])[:, :2]
        path = np.concatenate([np.linspace(*ends, 20) for ends in pairwise(corners)])
        label = far.path.label
        beyond = np.abs(path - label.get_center()[:2]) - np.array([label.width, label.height]) / 2
        assert (beyond.max(axis=1) > 0.03).all()


def test_stepping_back_the_near_map_goes_to_where_it_lies_on_the_far_one(long):
    near, far = long.near, long.far
    goal = near.goes_into(far).target_mobject
    assert goal.width < near.ground.width / 2
    edge = goal[0].get_start_anchors()[:, :2]  # of the ground, a parallelogram now
    for row in range(11):
        state = far.point(long.run.parameters[row])[:2]
        sides = np.roll(edge, -1, axis=0) - edge
        turns = sides[:, 0] * (state - edge)[:, 1] - sides[:, 1] * (state - edge)[:, 0]
        assert (turns > 0).all() or (turns < 0).all()  # the state is inside
    assert isinstance(far.goes_into(near), FadeOut)  # there is no room


@pytest.mark.parametrize("beat", UPDATES)
def test_the_blue_curve_is_what_the_recorded_network_draws(film, trace, beat):
    x, y = film[beat].curve.T
    features = (x - SHORT.dataset.offset)[:, None]
    np.testing.assert_allclose(y, predict(SHORT, trace.parameters[UPDATES[beat]], features), atol=1e-9)


@pytest.mark.parametrize("beat", UPDATES)
def test_the_numbers_are_the_recorded_ones(film, trace, beat):
    seen, update = film[beat], UPDATES[beat]
    assert seen.count == str(update)
    assert seen.loss == pytest.approx(float(loss(SHORT, trace.parameters[update])), abs=5.1e-4)
    np.testing.assert_allclose(seen.cells, trace.parameters[update], atol=0.0051)
    np.testing.assert_allclose(seen.slopes, trace.gradient[SLOPES_OF[beat]], atol=0.00051)


def test_a_changed_trace_is_a_changed_picture(play, rewritten, film_of, trace, tmp_path):
    parameters = np.array(trace.parameters)
    parameters[1:] += 0.3
    changed = rewritten(trace, tmp_path, parameters=parameters)
    other = play(GradientDescent, until="first-update", run=SHORT, media_dir=changed).scene
    assert (film_of(SHORT).moved != _drawn(other)).any()


def test_no_point_hides_the_dots_that_crowd_under_it(film_of):
    scene = film_of(SHORT).scene
    path = scene.descent.far.path
    near = np.linalg.norm(scene.descent.far.dot_points - path.marker.get_center(), axis=1) < path.marker.width / 2
    assert near.sum() > 1 and path.marker.get_fill_opacity() == 0


def test_where_blue_is_farthest_from_red_is_measured_in_the_end(film_of, trace):
    scene = film_of(SHORT).scene
    x, (line, written) = scene.descent.x, scene.gap
    blue = predict(SHORT, trace.parameters[-1], SHORT.dataset.features_at(x))
    gap = np.abs(blue - SHORT.dataset.curve()(x))
    assert float(written.source) == pytest.approx(gap.max(), abs=0.0051)
    assert scene.descent.fit.plot.data(line.get_center())[0] == pytest.approx(x[gap.argmax()])


def test_the_rate_is_written_when_it_is_said_and_the_frame_holds_no_slope_before_there_is_one(film):
    before = next(seen for beat, seen in film.items() if beat.startswith("slope-"))
    assert before.frame_bottom > before.slopes_ends[1]
    assert film["first-update"].frame_bottom < film["first-update"].slopes_ends[0]
    assert film["downhill"].rate is None and 'eta = part("rate", "0.1")' in film["learning-rate"].rate


@pytest.mark.parametrize(
    ("length", "text"), [(5.94e-4, "0.0006"), (0.096, "0.1"), (3.2, "3.2"), (2.4e-7, "2·10⁻⁷"), (1234.0, "1.2·10³")]
)
def test_a_gradients_length_in_words(length, text):
    assert length_text(length) == text


@pytest.mark.parametrize(
    ("dataset", "written"),
    [
        ({}, "(x_1 - 4)"),
        ({"centered": False}, "x_1"),
        ({"low": -4, "high": 4}, "x_1"),
        ({"low": -8, "high": 0}, "(x_1 + 4)"),
        ({"low": 0, "high": 8.125}, "(x_1 - 4.0625)"),
        ({"low": -3, "high": 1 / 3}, "(x_1 + 1.333)"),
        ({"low": 1 / 3, "high": 7.1}, "(x_1 - 3.717)"),
        ({"knots": ((0, 1), (1e-7, 2)), "low": 0, "high": 1e-7}, "(x_1 - 5 dot 10^(-8))"),
    ],
)
def test_the_feature_is_written_with_what_is_taken_from_x(dataset, written):
    assert feature_source(CurveDataset(**dataset)) == written


def test_the_model_as_written_draws_the_blue_curve(film_of, trace):
    """Its parameters are the cells' ones: b_i + w_i (x_1 - 4), not b_i + w_i x_1."""
    assert "green(b_i) + yellow(w_i) (x_1 - 4)" in film_of(SHORT).written["task"][0]
    assert film_of(SHORT).beats[0] == "task"
    names, x = parameter_names(SHORT), np.linspace(0, 8, 50)
    value = dict(zip(names, trace.parameters[300], strict=True))
    y = value["b"] + sum(
        value[f"c_{i}"] / (1 + np.exp(-(value[f"b_{i}"] + value[f"w_{i}_1"] * (x - 4)))) for i in (1, 2, 3)
    )
    np.testing.assert_allclose(y, predict(SHORT, trace.parameters[300], SHORT.dataset.features_at(x)), atol=1e-9)


def test_slopes_keep_their_decimals(long):
    last = long.run.gradient[LONG.n_updates - 1]
    long.show(float(LONG.n_updates))
    written = [entry.text for entry in long.slopes.numbers]
    assert long.slopes.power == 0 and 0 < np.abs(last).max() < 0.005
    np.testing.assert_allclose([float(text.replace("\u2212", "-")) for text in written], last, atol=5.1e-4)
    assert {len(text.partition(".")[2]) for text in written} == {3}


def test_the_gradients_lengths_are_drawn_on_a_logarithmic_axis(film_of, trace):
    _, plot, curve, _, (dot, written) = film_of(SHORT).scene.left
    rows, heights = np.array([plot.data(point) for point in (*curve.get_start_anchors(), curve.get_end())]).T
    lengths = np.linalg.norm(trace.gradient, axis=1)
    np.testing.assert_allclose(10**heights, lengths[rows.round().astype(int)], rtol=1e-6)
    assert plot.data(dot.get_center()) == pytest.approx((299, np.log10(lengths[-1])))
    assert written.source.endswith(f"= {length_text(float(lengths[-1]))})$")
    for value, label in zip(plot.y_tick_labels, plot.y_tick_labels, strict=True):
        assert plot.data(value.get_center())[1] == pytest.approx(np.log10(float(label.source)), abs=0.1)


@pytest.fixture(scope="module")
def trying_rates(play):
    """The short run's scene after its first update, where rates are tried as of the lesson's run, and what was seen.

    Of the step that is taken, at both ends of its way: its arrow's start and tips; what is there when it has come.
    """
    seen, back = [], RateTrial.back_to_map

    def looked_at(trial, *coming):
        flown, scene = trial.step_to_map(), trial.scene
        for share in (0.0, 1.0):
            flown.update_function(flown.mobject, share)
            line, (shaft, head), _ = flown.mobject
            tips = [
                max(part.get_anchors(), key=lambda at: np.linalg.norm(at - shaft.get_start())) for part in (line, head)
            ]
            seen.append((shaft.get_start(), *tips))
        flown.update_function(flown.mobject, 0.0)
        name = back(trial, *coming)
        there, near = scene.get_mobject_family_members(), scene.descent.near
        seen.append([part for part in trial.together.get_family() if part.has_points() and part in there])
        seen.append((near.path.arrow in scene.mobjects, name[1] in scene.mobjects, scene.sum_line.source))
        return name

    with patch.object(LectureScene, "other_data", False), patch.object(RateTrial, "back_to_map", looked_at):
        return play(GradientDescent, until="first-update", run=SHORT).scene, seen


def test_the_steps_of_three_rates_end_where_the_loss_says(trying_rates, trace):
    scene, _ = trying_rates
    index, theta, gradient = scene.worked.index, np.array(trace.parameters[0]), trace.gradient[0]
    rates = rates_to_try(SHORT, theta, gradient, index)
    assert rates[0] == SHORT.learning_rate
    start, (own, bottom, far) = float(loss(SHORT, theta)), rates
    alone, trial = scene.trial.alone, scene.trial.together
    one = gradient * (np.arange(len(theta)) == index)
    losses = [float(loss(SHORT, theta - rate * one)) for rate in (bottom, far)]
    assert losses[0] < start < losses[1]  # the large step leads higher up
    for rate, height, dot in zip((bottom, far), losses, alone.hops.dots, strict=True):
        value = theta[index] - rate * gradient[index]
        assert alone.slice.plot.data(dot.get_center()) == pytest.approx((value, height))
    for rate, dot in zip((own, bottom), trial.hops.dots, strict=True):  # of all of them, over the rate itself
        height = float(loss(SHORT, theta - rate * gradient))
        assert trial.plot.data(dot.get_center()) == pytest.approx((rate, height))
    assert alone.slice.plot.data(alone.hops.start) == pytest.approx((theta[index], start))
    assert trial.plot.data(trial.hops.start) == pytest.approx((0.0, start))
    for hops in (alone.hops, trial.hops):
        assert all(np.linalg.norm(way.get_start() - hops.start) < 0.2 for way in hops.arrows)
    steps = [float(loss(SHORT, theta - rate * gradient)) for rate in np.linspace(0, bottom, 800)]
    lowest, height = trial.plot.data(trial.bottom[0].get_center())
    assert 0 < lowest < bottom  # with all of them the one that hits the bottom alone has gone past it
    assert height == pytest.approx(min(steps), rel=1e-3) and height < steps[-1]
    written = [label.source for label in (*alone.labels, *trial.labels)]
    assert all(f'"{rate:g}"' in text for rate, text in zip((bottom, far, own, bottom), written, strict=True))


def test_the_step_that_is_taken_goes_from_its_curve_to_the_map_with_its_rate(trying_rates, trace):
    scene, ((_, old, new), (start, *_, tip), left, (arrow, named, written)) = trying_rates
    hops, near = scene.trial.together.hops, scene.descent.near
    for end in (old, new):
        assert np.linalg.norm(end - hops.ends[0]) < 0.2  # the arrow on the curve, drawn both ways
    np.testing.assert_allclose(tip, near.point(trace.parameters[1]), atol=1e-6)
    assert np.linalg.norm(start - near.point(trace.parameters[0])) < 0.2
    assert not left and arrow and named  # nothing of the rates stays
    rate = f'part("rate", {SHORT.learning_rate})'
    assert rate in written and f'part("rate", "{SHORT.learning_rate}")' in scene.step_name[1].source


def test_seen_from_above_the_landscape_is_the_map(film_of, trace):
    scene = film_of(SHORT).scene
    near = scene.descent.near
    relief = Relief(near.surface)
    points, losses = near.point(trace.parameters[:5]), loss(SHORT, trace.parameters[:5])
    side = relief.at(points, losses)
    lower = relief.at(points, losses / 2)
    assert (side[:, 1] > lower[:, 1]).all()  # what is higher is drawn higher up
    relief.tilt(0.0)
    np.testing.assert_allclose(relief.at(points, losses), points, atol=1e-9)
    left, right, bottom, top = near.surface.box
    low, high = relief.get_corner(DL), relief.get_corner(UR)
    np.testing.assert_allclose([low[0], high[0], low[1], high[1]], [left, right, bottom, top], atol=0.01)


def test_stepping_back_the_map_turns_to_where_the_path_lies_on_the_other_plane(long):
    near, far = long.near, long.far
    near.show(10.0)
    ground, line = turned = VGroup(near.ground, near.path.line).copy()

    def sides() -> list[float]:
        return [np.linalg.norm(ground[0].points[k] - ground[0].points[0]) for k in (3, 11)]

    before = sides()
    near.turns_into(far, turned).interpolate_mobject(1.0)
    ends = far.point(long.run.parameters[[0, 10]])
    np.testing.assert_allclose([line.get_start(), line.get_end()], ends, atol=1e-9)
    after = sides()
    assert after[0] / before[0] == pytest.approx(after[1] / before[1])  # the same shape, smaller
    assert after[0] < before[0]


def test_squared_distances_are_squares_on_distances_side_by_side(short):
    short.show(0.0)
    squares, sticks = short.squares(), {round(float(line.get_start()[0]), 6): line for line in short.distances()}
    assert len(squares) >= 2
    for square in squares:
        line = sticks[round(float(square.get_left()[0]), 6)]
        assert (
            square.width
            == pytest.approx(square.height)
            == pytest.approx(np.linalg.norm(line.get_end() - line.get_start()))
        )
    assert all(one.get_right()[0] < other.get_left()[0] for one, other in pairwise(squares))


def test_runs_from_other_starts_are_compared_by_the_loss_they_end_with(play, trace_of):
    near = Experiment(learning_rate=0.4, epochs=600)
    played = play(GradientDescent, lambda scene, beat: scene if beat.startswith("end") else None, run=near, starts=3)
    scene = next(scene for scene in played.seen.values() if scene)
    others = [trace_of(near.model_copy(update={"seed": near.seed + k})) for k in (1, 2, 3)]
    ends = [float(loss(near, other.parameters[-1])) for other in others]
    own = float(loss(near, trace_of(near).parameters[-1]))
    written = sorted(float(text.source) for text in scene.losses.rest)
    decimals = len(scene.losses.mine[0].source.partition(".")[2])
    np.testing.assert_allclose(written, sorted(ends), atol=0.51 * 10.0**-decimals)
    assert float(scene.losses.mine[0].source) == pytest.approx(own, abs=0.51 * 10.0**-decimals)
    shown, target = scene.enlarged, near.dataset.curve()(scene.descent.x)
    for curve, run in zip((shown.model, *scene.other_curves), (trace_of(near), *others), strict=True):
        x, y = np.array([shown.plot.data(point) for point in curve.get_start_anchors()]).T
        np.testing.assert_allclose(y, predict(near, run.parameters[-1], near.dataset.features_at(x)), atol=1e-6)
    gap = np.abs(scene.descent.fit.model_y - target)
    low, high = (shown.plot.data(end) for end in shown.bracket[0].get_start_and_end())
    assert abs(high[1] - low[1]) == pytest.approx(gap.max()) == pytest.approx(float(shown.number.source), abs=0.0051)
    assert low[0] == pytest.approx(scene.descent.x[gap.argmax()])


def test_the_last_stretch_enlarged_is_the_recorded_path(long):
    first = crowd_from(long.far)
    gaps = np.linalg.norm(np.diff(long.far.dot_points, axis=0), axis=1)
    assert first is not None and (gaps[long.far.dotted[:-1] >= first] < SPOT).all()
    zoom = PathZoom(long.far, first, "the end")
    zoom.show(float(LONG.n_updates))
    rows = [first, (first + LONG.n_updates) // 2, LONG.n_updates]
    there, on_map = (place(long.far.point(long.run.parameters[rows])) for place in (zoom.at, np.asarray))
    np.testing.assert_allclose(np.diff(there, axis=0), zoom.factor * np.diff(on_map, axis=0), atol=1e-9)
    np.testing.assert_allclose(zoom.point.get_center(), there[-1], atol=1e-9)
    low, high = zoom.frame.get_corner(DL), zoom.frame.get_corner(UR)
    corners = zoom.line.get_start_anchors()
    assert (corners[:, :2] > low[:2]).all() and (corners[:, :2] < high[:2]).all()
    assert f"{zoom.factor:g}" in zoom.note.source


def test_the_axis_of_the_landscape_tells_its_heights(film_of):
    near, start = film_of(SHORT).scene.descent.near, film_of(SHORT).scene.descent.loss_at(0)
    relief, here = Relief(near.surface), near.path.start_ring.get_center()
    scale = ReliefScale(relief, here, start, "loss", words("6"))
    low, high = scale.axis[0].get_start_and_end()
    for text in scale.axis[2:-1:2]:
        share = (float(text.source) - relief.low) / (relief.high - relief.low)
        assert text.get_center()[1] == pytest.approx(low[1] + share * (high[1] - low[1]), abs=0.05)
    drop = scale.drop.get_top()[1] - scale.drop.get_bottom()[1]
    rise = (start - relief.low) / (relief.high - relief.low) * (high[1] - low[1])
    assert drop == pytest.approx(rise, abs=0.1)


def test_a_short_gradients_length_is_not_read_as_zero(short, trace):
    shown, lengths = short.length.number, np.linalg.norm(trace.gradient, axis=1)
    for row in (10, 150, 300):
        short.show(row)
        assert number(shown) == pytest.approx(lengths[min(row, 299)], abs=0.51 * 10.0**-shown.decimals)
        assert number(shown) > 0
    for least in (3e-7, 0.0):
        few = LengthNow(np.array([4.0, 0.5, 6e-4, least]), "", 0.0)
        widths = []
        for length in (0.5, 6e-4, 3e-7):
            few.show(length)
            widths.append(few.number.get_right()[0] - few.number.get_left()[0])
            assert number(few.number) > 0 or length == 3e-7 > least
        assert np.ptp(widths) < 0.1  # the digits keep their places


def test_the_slopes_make_room_for_their_length_after_the_close_up(film):
    shown = {beat: (film[beat].slopes_shown, film[beat].length_shown) for beat in ("again", "step-back", "walk-valley")}
    assert shown == {"again": (True, False), "step-back": (False, True), "walk-valley": (False, True)}


def test_the_maps_labels_stand_on_patches_as_large_as_they_are(short):
    for shown in (short.near, short.far):
        for label in (shown.path.start_label, shown.path.label):
            label.set_update(9).set_update(2100)
            assert label.patch.get_fill_opacity() > 0.5
            assert label.patch.get_right()[0] > label.update_number.get_right()[0]
            assert label.patch.get_left()[0] < label.letter.get_left()[0]


def test_half_way_through_the_first_update_all_numbers_change(short):
    seen = []
    for row in (0.4, 0.6, 1.0):
        short.show(row, numbers_from=0.5)
        seen.append((short.readout.count.text, [number(cell) for cell in short.strip.numbers]))
    assert seen[0][0] == "0" and seen[1] == seen[2] and seen[1][0] == "1"


def test_only_the_lectures_run_is_compared_with_others_unasked():
    def names(**parameters):
        return list(GradientDescent.experiments(GradientDescent.validated(parameters)))

    assert names() == ["run", *(f"start-{k}" for k in range(1, 6))]
    assert names(run=SHORT) == names(starts=0) == ["run"]
    assert names(run=SHORT, starts=2) == ["run", "start-1", "start-2"]


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes_stay_readable(play, name):
    language, run = EXTREMES[name]
    assert play(GradientDescent, check_scene, lang=language, run=run).findings == []


@pytest.mark.parametrize("name", OTHERS)
def test_formulas_hold_for_other_optimizers(play, trace_of, name):
    run, plain = OTHERS[name]
    trace, seen = trace_of(run), {}

    def look(scene, beat):
        shaft = scene.descent.near.path.arrow[0]
        seen[beat] = shaft.get_end() - shaft.get_start()
        if beat == "first-update":
            seen["formula"], seen["worked"] = scene.formulas[1].source, scene.worked

    beats = play(GradientDescent, look, until="first-update", run=run).beats
    assert beats[5:7] == ["downhill", "learning-rate"]
    assert (" eta " in seen["formula"]) is plain and ("step" in seen["formula"]) is not plain
    worked = seen["worked"]
    assert Decimal(worked.before) - Decimal(worked.product) == Decimal(worked.after)
    for text, row in ((worked.before, 0), (worked.after, 1)):
        assert float(text) == pytest.approx(trace.parameters[row][worked.index], abs=5.1e-4)
    plane = plane_of(trace, 10)
    step = np.diff(plane.coordinates(trace.parameters[:2]), axis=0)[0]
    arrow = seen["learning-rate"][:2]  # at the end of that beat it is the recorded step
    assert arrow @ step / np.linalg.norm(arrow) / np.linalg.norm(step) == pytest.approx(1.0, abs=1e-6)


def test_only_the_updates_asked_for_are_shown(play):
    played = play(GradientDescent, lambda scene, beat: int(scene.descent.readout.count.text), run=SHORT, updates=30)
    assert max(played.seen.values()) == played.last == 30


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"run": {"batch_size": 10}}, "batch_size"),
        ({"run": {"keep": {"every": 10}}}, "every update"),
        ({"run": {"epochs": 2}}, "run: the scene shows 3 updates at least, and it has"),
        ({"run": {"epochs": 50}, "updates": 51}, "at most the 50"),
        ({"run": {"dataset": {"kind": "daily views"}}}, 'gradient-descent draws the curve .* kind "curve"'),
    ],
)
def test_a_run_that_cannot_be_shown_is_an_error(parameters, word):
    with pytest.raises(UserError, match=word):
        GradientDescent.validated(parameters)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=10),
    st.sampled_from([0.1, 0.01, 0.5, 1.0, 0.037, 0.0001]),
)
def test_a_printed_update_adds_up_as_printed(entries, rate):
    before, slopes = (np.array(column) for column in zip(*entries, strict=True))
    after = before - rate * slopes
    made = printed_update(before, slopes, after, rate, range(len(before)))
    assert Decimal(made.before) - Decimal(made.product) == Decimal(made.after)
    unit = Decimal(1).scaleb(int(Decimal(made.after).as_tuple().exponent))
    assert abs(Decimal(made.rate) * Decimal(made.slope) - Decimal(made.product)) <= unit / 2
    for text, value in ((made.before, before), (made.slope, slopes), (made.after, after)):
        last_digit = 10.0 ** int(Decimal(text).as_tuple().exponent)
        assert abs(float(text) - value[made.index]) <= 0.5001 * last_digit


def test_a_pace_shows_every_row_in_order_and_moves_the_curve_evenly(trace):
    pace = even_pace(trace)
    rows = np.array([pace.row(share) for share in np.linspace(0, 1, 200)])
    assert rows[0] == 0 and rows[-1] == 300 and np.all(np.diff(rows) > 0)
    assert pace.share(pace.row(0.4)) == pytest.approx(0.4)
    curves = predict(SHORT, np.array([state_at(trace, row) for row in rows]), SHORT.dataset.features())
    moved = np.sqrt(np.mean(np.diff(curves, axis=0) ** 2, axis=1))
    by_count = predict(SHORT, trace.parameters[np.linspace(0, 300, 200).astype(int)], SHORT.dataset.features())
    at_once = np.sqrt(np.mean(np.diff(by_count, axis=0) ** 2, axis=1))
    assert moved.max() < 2 * moved.mean() < at_once.max() / 10


def test_between_two_rows_lies_the_way_between_two_recorded_states(trace):
    np.testing.assert_allclose(state_at(trace, 2.25), 0.75 * trace.parameters[2] + 0.25 * trace.parameters[3])
    assert recorded_row(2.999) == 2 and recorded_row(3.0) == 3
    np.testing.assert_array_equal(state_at(trace, 300), trace.parameters[300])


def test_the_maps_of_two_parameters_have_them_as_axes(film_of, film):
    descent = film_of(LINE).scene.descent
    across, up = descent.axes
    assert ["w_(1)" in across.source, "b" in up.source, film_of(LINE).findings] == [True, True, []]
    assert [name[0] for name in descent.names] == ["w", "b"]
    for shown in (descent.near, descent.far):
        left, right, bottom, top = shown.surface.box
        assert up.get_right()[0] < left and bottom < up.get_center()[1] < top
        assert across.get_top()[1] < bottom and across.get_right()[0] == pytest.approx(right)
        for row in (0, 7):
            theta = np.asarray(descent.run.parameters[row])
            np.testing.assert_allclose(shown.surface.coordinates(shown.point(theta)), theta, atol=1e-9)
            more_w, more_b = (shown.point(theta + step) - shown.point(theta) for step in ([0.1, 0.0], [0.0, 0.1]))
            assert more_w[0] > 0 and more_w[1] == pytest.approx(0) == more_b[0] and more_b[1] > 0
    assert len(film_of(SHORT).scene.descent.axes) == 0 and film["surface"].plane.directions.shape == (2, 10)


def test_a_map_that_has_faded_at_its_place_does_not_come_back(play, monkeypatch):
    seen = []

    class Watched(GradientDescent):
        def play(self, *animations, **how):
            ground = self.descent.near.ground
            seen.extend(ground in self.mobjects for part in animations if getattr(part, "mobject", None) is ground)
            super().play(*animations, **how)

    monkeypatch.setattr(DescentMap, "goes_into", lambda self, other: FadeOut(self.ground))
    _, run = EXTREMES["hardly moves"]  # on a line: there is no other plane for its map to turn into
    scene = play(Watched, until="step-back", run=run).scene
    assert len(seen) == 1 and scene.descent.near.ground not in scene.mobjects


def test_why_b_reads_otherwise_is_said_of_the_curve_that_was_shown(film_of, play):
    eight = [part.source for part in play(GradientDescent, until="task", run=EIGHT).scene.question]
    notes = [question[2:] for question in (film_of(SHORT).written["task"], film_of(LINE).written["task"], eight)]
    assert [len(note) for note in notes] == [1, 0, 0]
    assert f"from the middle, {SHORT.dataset.offset:g}" in notes[0][0]
