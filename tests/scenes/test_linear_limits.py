"""linear-limits: the line, its numbers and its loss are the recorded ones; the words follow what came out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.curves.line_fit import Line, line_of, mean_squared_distance
from gradreel.core.network.theta import loss
from gradreel.scenes.lecture.curves.linear_limits import LinearLimits
from gradreel.scenes.lecture.opening.title import Title
from gradreel.scenes.mobjects.plot import Plot, visible_part
from gradreel.scenes.testing.layout import check_scene

CURVES = {
    "flat, and nearer to the dots than the rule": {"knots": [[0, 5], [8, 5]], "noise": 1},
    "far and high": {"knots": [[18, 19], [19, 20], [20, 18]]},
    "sixty knots": {"knots": [[i / 3, i * 7 % 11 + 0.1 * i] for i in range(60)]},
}


def drawn_line(scene):
    """w and b of the stroke as it is drawn."""
    (x0, y0), (x1, y1) = (scene.plot.data(p) for p in (scene.line.stroke.get_start(), scene.line.stroke.get_end()))
    w = (y1 - y0) / (x1 - x0)
    return w, y0 - w * x0


def shown(scene):
    """w and b as they are printed."""
    return tuple(float(scene.line.values[letter].text.replace("\u2212", "-")) for letter in "wb")


@pytest.fixture(scope="module")
def film(play):
    """Play the default once for all tests; return observations at the end of each beat."""

    def look(scene, beat):
        seen = SimpleNamespace(
            line=drawn_line(scene),
            dots=np.array([scene.plot.data(dot.get_center()) for dot in scene.dots]),
            ends=np.array([scene.plot.data(stroke.get_end()) for stroke in getattr(scene, "gaps", [])]),
            losses=[row[0].source for row in scene.losses] if beat == "bias" else [],
        )
        if beat == "best":  # half-way between two states, at the start and at the end
            seen.states, seen.sides = [], []
            for row in (2.5, 0, scene.last):
                scene.show(row)
                seen.states.append((drawn_line(scene), shown(scene), scene.loss.text))
                seen.sides.append(scene.mean[0].width / scene.mean[0].unit)
        return seen

    return play(LinearLimits, look)


def test_the_trained_line_is_the_recorded_one_and_the_best(trace_of, film):
    _, at_start, at_end = film.seen["best"].states
    drawn, printed, printed_loss = at_end
    run = LinearLimits.validated({}).line_run()
    theta = np.array(trace_of(run).parameters[-1])
    line, best = line_of(run, theta), Line(*np.polyfit(run.dataset.x(), run.dataset.labels(), 1))
    assert drawn == pytest.approx((line.w, line.b))
    assert drawn == pytest.approx((best.w, best.b), abs=1e-3)
    assert printed == pytest.approx((line.w, line.b), abs=0.00501)
    assert float(printed_loss) == pytest.approx(float(loss(run, theta)), abs=0.00501)
    start = np.array(trace_of(run).parameters[0])
    drawn, _, printed_loss = at_start
    assert drawn == pytest.approx((line_of(run, start).w, line_of(run, start).b))
    assert float(printed_loss) == pytest.approx(float(loss(run, start)), abs=0.00501)


def test_between_two_states_line_and_loss_are_in_between(trace_of, film):
    drawn, _, printed = film.seen["best"].states[0]
    run = LinearLimits.validated({}).line_run()
    states = np.array(trace_of(run).parameters[2:4])
    middle = line_of(run, states.mean(axis=0))
    assert drawn == pytest.approx((middle.w, middle.b), abs=1e-6)
    assert float(printed) == pytest.approx(float(loss(run, states.mean(axis=0))), abs=0.00501)


def test_dots_distances_and_losses_are_those_trained_on(trace_of, film):
    parameters = LinearLimits.validated({})
    run = parameters.line_run()
    x, y = run.dataset.x(), run.dataset.labels()
    assert film.seen["data"].dots == pytest.approx(np.column_stack([x, y]), abs=1e-6)
    line = line_of(run, np.array(trace_of(run).parameters[-1]))
    for beat in ("best", "bias"):
        assert film.seen[beat].ends == pytest.approx(np.column_stack([x, line(x)]), abs=1e-6)
    losses = mean_squared_distance(line(x), y), mean_squared_distance(parameters.curve()(x), y)
    *printed, difference = map(float, film.seen["bias"].losses)
    assert printed == pytest.approx(losses, abs=0.00501)
    assert difference == pytest.approx(printed[0] - printed[1], abs=1e-9), "as printed, it can be checked"
    assert f"is {difference:.2f} higher," in film.lines["bias"]["en"]


@pytest.mark.parametrize("name", CURVES)
def test_layout_holds_for_any_curve(play, name):
    played = play(LinearLimits, check_scene, **CURVES[name])
    assert played.findings == []
    assert played.beats == ["map", "data", "line", "peak", "loss", "best", "bias"]


def test_linear_limits_begins_with_the_last_picture_of_the_title(play, opening):
    def points(motif):
        return [part.points.copy() for part in motif.get_family() if len(part.points)]

    end = points(play(Title).scene.motif)
    begin = opening(LinearLimits, lambda scene: points(scene.mobjects[-1]))
    assert len(begin) == len(end) > 8
    for before, after in zip(end, begin, strict=True):
        assert before == pytest.approx(after, abs=1e-6)


def test_the_square_of_the_mean_follows_the_line(trace_of, film):
    run = LinearLimits.validated({}).line_run()
    best = film.seen["best"]
    for ((w, b), *_), side in zip(best.states, best.sides, strict=True):
        assert side**2 == pytest.approx(mean_squared_distance(w * run.dataset.x() + b, run.dataset.labels()))


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        (Line(0.5, 1.0), [[0, 1], [8, 5]]),
        (Line(2.0, -2.0), [[1, 0], [4, 6]]),
        (Line(-1.0, 9.0), [[3, 6], [8, 1]]),
        (Line(0.0, 3.0), [[0, 3], [8, 3]]),
        (Line(0.0, 7.0), [[0, 6], [0, 6]]),
        (Line(1.0, 50.0), [[0, 6], [0, 6]]),
    ],
)
def test_a_line_is_drawn_only_inside_the_plot(line, ends):
    plot = Plot((0.0, 8.0), (0.0, 6.0), left=-3, right=3, bottom=-2, top=2)
    assert visible_part(plot, line) == pytest.approx(np.array(ends, dtype=float))
