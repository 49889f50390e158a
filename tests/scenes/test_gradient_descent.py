"""gradient-descent: what moves, and every number, is the recorded runs'."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.curves.line_fit import least_squares
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import hidden_terms, loss, predict, unpack
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.optimization.gradient_descent import DROP, GradientDescent
from gradreel.scenes.lecture.optimization.pictures.descent import WAY_BOX
from gradreel.scenes.lecture.optimization.pictures.dials import SWEEP
from gradreel.scenes.lecture.optimization.pictures.line_board import TRIED, line_runs
from gradreel.scenes.lecture.optimization.pictures.line_descent import TANGENT
from gradreel.scenes.lecture.optimization.pictures.loss_way import NEAR, TwoLosses
from gradreel.scenes.mobjects.pace import even_pace, recorded_row, state_at
from gradreel.scenes.mobjects.printed_arithmetic import printed_vector
from gradreel.scenes.mobjects.update_formulas import is_plain
from gradreel.scenes.testing.layout import check_scene
from hypothesis import given, settings
from hypothesis import strategies as st

SHORT = Experiment(epochs=60)
DARK_SUM = 0.45  # of red, green and blue: a tile in the fog, in the dark theme
EXTREMES = {  # a language and a run
    "eight sigmoids by adam": (
        "zh", Experiment(hidden=(8,), epochs=40, seed=3, optimizer="adam", learning_rate=0.05, loss="mae")
    ),
    "two layers that jump about": ("en", Experiment(hidden=(2, 3), activation="relu", learning_rate=0.9, epochs=40)),
    "a line, and large numbers": (
        "en", Experiment(dataset=CurveDataset(knots=((0, 2e5), (4, 5e5)), low=-1, high=5), hidden=(), epochs=40)
    ),
}  # fmt: skip
OTHERS = {  # whether each update is the learning rate times the gradient
    "a rate that falls": (Experiment(schedule="cosine", epochs=12), True),
    "adam": (Experiment(optimizer="adam", learning_rate=0.05, epochs=12), False),
    "momentum": (Experiment(momentum=0.9, learning_rate=0.02, epochs=12), False),
}


def number(mobject) -> float:
    return float(mobject.text.replace("\u2212", "-"))


def curve(fit) -> np.ndarray:
    """(n, 2): x and y of the blue curve, as it is drawn."""
    return np.array([fit.plot.data(point) for point in [*fit.model.get_start_anchors(), fit.model.get_end()]])


def look(scene, beat: str) -> SimpleNamespace:
    """Return observations at the end of a beat of the short run."""
    descent, line, way = scene.descent, scene.line, scene.descent.way
    return SimpleNamespace(
        point=line.point.get_center(),
        line_numbers=(number(scene.readout.count), number(scene.readout.loss)),
        curve=curve(descent.shown),
        line=[scene.board.plot.data(end) for end in scene.board.line.get_start_and_end()],
        fog=line.fog,
        dark=sum(tile.get_fill_color().to_rgb().sum() < DARK_SUM for tile in line.land.tiles),
        walked=way.plot.data(way.point.get_center()),
        way_end=float(np.linalg.norm(way.line.get_end() - way.point.get_center())),
        numbers=(number(descent.readout.count), number(descent.readout.loss)),
        inside=scene.inside.source if hasattr(scene, "inside") else "",
        cells=[number(cell) for cell in descent.strip.numbers],
        slopes=[number(slope) for slope in descent.slopes.numbers],
        gone=[
            part
            for part in (line.land.tiles, way.plot, descent.strip)
            if part not in scene.get_mobject_family_members()
        ],
    )


@pytest.fixture(scope="module")
def film(play):
    """The short run, played once for all tests."""
    return play(GradientDescent, look, run=SHORT)


@pytest.fixture(scope="module")
def trace(trace_of) -> Trace:
    return trace_of(SHORT)


def rows(film) -> dict[str, int]:
    """How many updates of the network have been made when a beat ends."""
    stop = film.scene.pause
    return {"network": 1, "drop-valley": stop, "arrival": SHORT.n_updates}


def test_the_line_and_its_point_follow_the_recorded_run(film, trace_of):
    run = line_runs(SHORT.dataset)["line"]
    recorded, land = trace_of(run), film.scene.line.land
    for beat, row in {"start": 0, "slope": 0, "update": 1, "downhill": run.n_updates}.items():
        theta, seen = recorded.parameters[row], film.seen[beat]
        height = float(loss(run, theta))
        np.testing.assert_allclose(seen.point, land.at(theta, height), atol=1e-9)
        assert seen.line_numbers == (row, pytest.approx(height, abs=5.1e-4))
        x, y = np.array(seen.line).T
        np.testing.assert_allclose(y, predict(run, theta, run.dataset.features_at(x)), atol=1e-9)
    assert film.seen["downhill"].point == pytest.approx(land.at(film.scene.line.best), abs=1e-2)


def test_the_goal_is_the_lowest_point_and_the_slopes_are_the_recorded_ones(film, trace_of):
    line, land = film.scene.line, film.scene.line.land
    run = line_runs(SHORT.dataset)["line"]
    assert line.best == pytest.approx(least_squares(run.dataset))
    around = line.best + 1e-3 * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    assert loss(run, around).argmin() == 0
    np.testing.assert_allclose(line.goal[0].get_center(), land.at(line.best), atol=1e-6)
    start, gradient = line.states[0], trace_of(run).gradient[0]
    for k in (0, 1):
        step = np.eye(2)[k] * 1e-5
        assert gradient[k] == pytest.approx(float(loss(run, start + step) - loss(run, start - step)) / 2e-5, rel=1e-4)
        low, high = line.slope(k)[1].get_start_and_end()
        way = 2 * TANGENT * line.reach[k] * np.eye(2)[k]
        rise = land.at(start, gradient @ way) - land.at(start - way, 0.0)
        np.testing.assert_allclose(high - low, rise, atol=1e-6)


def test_the_first_update_is_printed_in_numbers_that_add_up(film, trace_of):
    recorded, source = trace_of(line_runs(SHORT.dataset)["line"]), film.scene.numbers.source
    for k, one in enumerate(film.scene.line.printed):
        assert Decimal(one.before) - Decimal(one.product) == Decimal(one.after)
        for text, value in ((one.before, recorded.parameters[0]), (one.after, recorded.parameters[1])):
            assert float(text) == pytest.approx(value[k], abs=0.0051) and text in source


def test_three_rates_crawl_arrive_and_overshoot(film, trace_of):
    tries = film.scene.line.tries()
    for one, name in zip(tries, ("slow", "line", "far"), strict=True):
        run = line_runs(SHORT.dataset)[name]
        np.testing.assert_array_equal(one.states, trace_of(run).parameters[: len(one.states)])
        assert f'"{run.learning_rate:g}"' in one.rate.source
        one.show(1.0)
        np.testing.assert_allclose(one.point.get_center(), film.scene.line.land.at(one.states[-1]), atol=1e-9)
    slow, good = (loss(line_runs(SHORT.dataset)["line"], one.states) for one in tries[:2])
    lowest, start = float(film.scene.line.loss_of(film.scene.line.best)), slow[0]
    assert len(slow) == len(good) == TRIED + 1 and slow[-1] - lowest > 0.4 * (start - lowest)  # "we crawl"
    assert good[-1] - lowest < 0.01 * (start - lowest)  # "arrives"
    assert film.scene.line.land.holds(tries[2].states).all()
    aside = (tries[2].states - film.scene.line.best)[:, 0]
    assert (aside[1:] * aside[:-1] < 0).all() and (np.diff(np.abs(aside)) > 0).all()  # "overshoots, farther each time"


def test_fog_hides_everything_far_from_the_point_until_it_lifts(film):
    tiles = len(film.scene.line.land.tiles)
    for beat in ("start", "slope", "gradient", "update"):
        assert film.seen[beat].fog == 1 and 0.7 * tiles < film.seen[beat].dark < tiles
    assert film.seen["floor"].dark == film.seen["downhill"].dark == film.seen["downhill"].fog == 0


def test_the_network_shows_the_recorded_run(film, trace):
    walked = np.append(0, np.linalg.norm(np.diff(trace.parameters, axis=0), axis=1).cumsum())
    for beat, row in rows(film).items():
        theta, seen = trace.parameters[row], film.seen[beat]
        x, y = seen.curve.T
        np.testing.assert_allclose(y, predict(SHORT, theta, SHORT.dataset.features_at(x)), atol=1e-9)
        assert seen.walked == pytest.approx((walked[row], float(loss(SHORT, theta))))
        assert seen.way_end < 1e-9  # nothing of the way to come is drawn
        assert seen.numbers == (row, pytest.approx(float(loss(SHORT, theta)), abs=5.1e-4))
        written = film.scene.descent.counted_from_zero(theta, 1.0 if beat == "arrival" else 0.0)
        np.testing.assert_allclose(seen.cells, written, atol=0.0051)
        np.testing.assert_allclose(seen.slopes, trace.gradient[min(row, 59)], atol=0.00051)
    assert film.scene.drop == DROP < film.scene.pause < SHORT.n_updates
    assert film.scene.descent.way.plot not in film.seen["arrival"].gone, "it is walked to its end"
    assert film.scene.line.land.tiles in film.seen["network"].gone


def test_dials_and_pieces_end_as_the_recorded_numbers_say(film, trace):
    descent, theta = film.scene.descent, trace.parameters[SHORT.n_updates]
    largest = np.abs(descent.counted_from_zero(trace.parameters[:], 1.0)).max(axis=0)
    written = descent.counted_from_zero(theta, 1.0)
    for needle, value, most in zip(descent.dials.needles, written, largest, strict=True):
        way = needle.get_end() - needle.get_start()
        turned = np.degrees(np.arctan2(way[0], way[1]))  # clockwise from upright
        assert turned == pytest.approx(SWEEP * value / most, abs=2.0)  # the largest of the states that are drawn
    x = SHORT.dataset.features_at(descent.x)
    pieces = hidden_terms(SHORT, theta, x)
    drawn = [descent.full.plot.data(point)[1] for piece in descent.pieces for point in piece.get_start_anchors()[:9]]
    np.testing.assert_allclose(drawn, pieces.T[:, :9].ravel(), atol=1e-9)
    np.testing.assert_allclose(unpack(SHORT, theta).b + pieces.sum(axis=1), predict(SHORT, theta, x))


def test_another_start_goes_its_own_recorded_way_over_updates(trace, trace_of):
    run = SHORT.model_copy(update={"seed": 93, "epochs": 90})
    other = trace_of(run)
    losses = TwoLosses(trace, SHORT.n_updates, other, WAY_BOX, ("loss", "updates"))
    assert losses.plot.x_range == (0.0, 90.0)
    for row in (0, 7, run.n_updates):
        losses.show(float(row))
        height = float(loss(run, other.parameters[row]))
        assert losses.loss_of(row) == pytest.approx(height)
        assert losses.plot.data(losses.point.get_center()) == pytest.approx((row, min(height, NEAR)))


def test_the_other_start_belongs_to_the_lessons_run_alone(film):
    assert "other-start-slower" not in film.beats and "patience" not in film.beats
    runs = GradientDescent.experiments(GradientDescent.Parameters())
    assert runs["other start"].seed != runs["run"].seed
    assert "other start" not in GradientDescent.experiments(GradientDescent.Parameters(run=SHORT))


def test_the_question_counts_to_the_slopes_of_the_large_network(film, words_on):
    assert film.beats[-1] == "who" and "26\u2009001" in film.scene.beats[-1].lines["en"].replace("\u202f", "\u2009")


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes_stay_readable_and_only_the_requested_updates_are_shown(play, name):
    language, run = EXTREMES[name]
    counts = []

    def look(scene, beat):
        counts.append(number(scene.descent.readout.count))
        return check_scene(scene, beat)

    played = play(GradientDescent, look, lang=language, run=run, updates=30)
    assert played.findings == [] and max(counts) == counts[-1] == 30
    assert (" eta " in played.scene._rule("0", "1")) is is_plain(run)


@pytest.mark.parametrize("name", OTHERS)
def test_minus_eta_g_is_shown_only_for_plain_descent(trace_of, name):
    run, plain = OTHERS[name]
    trace = trace_of(run)
    rates = np.array([run.rate(k) for k in range(12)])[:, None]
    holds = np.allclose(np.diff(trace.parameters, axis=0), -rates * trace.gradient)
    assert is_plain(run) is plain is holds


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=2),
    st.sampled_from([0.1, 0.01, 0.5, 0.08, 0.0001]),
)
def test_a_printed_update_adds_up_as_printed(entries, rate):
    before, slopes = (np.array(column) for column in zip(*entries, strict=True))
    after = before - rate * slopes
    for k, made in enumerate(printed_vector(before, slopes, after, rate)):
        assert (Decimal(made.before) - Decimal(made.product) == Decimal(made.after)) is made.right
        for text, value in ((made.before, before), (made.slope, slopes), (made.after, after)):
            last_digit = 10.0 ** int(Decimal(text).as_tuple().exponent)
            assert abs(float(text) - value[k]) <= 0.5001 * last_digit


def test_a_pace_shows_every_row_in_order_and_moves_the_curve_evenly(trace):
    pace = even_pace(trace)
    rows = np.array([pace.row(share) for share in np.linspace(0, 1, 200)])
    assert rows[0] == 0 and rows[-1] == 60 and np.all(np.diff(rows) > 0)
    assert pace.share(pace.row(0.4)) == pytest.approx(0.4)
    curves = predict(SHORT, np.array([state_at(trace, row) for row in rows]), SHORT.dataset.features())
    moved = np.sqrt(np.mean(np.diff(curves, axis=0) ** 2, axis=1))
    by_count = predict(SHORT, trace.parameters[np.linspace(0, 60, 200).astype(int)], SHORT.dataset.features())
    at_once = np.sqrt(np.mean(np.diff(by_count, axis=0) ** 2, axis=1))
    assert moved.max() < 2 * moved.mean() < at_once.max() / 10


def test_between_two_rows_the_state_is_between_two_recorded_ones(trace):
    np.testing.assert_allclose(state_at(trace, 2.25), 0.75 * trace.parameters[2] + 0.25 * trace.parameters[3])
    assert recorded_row(2.999) == 2 and recorded_row(3.0) == 3
    np.testing.assert_array_equal(state_at(trace, 60), trace.parameters[60])
