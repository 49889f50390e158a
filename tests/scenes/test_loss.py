"""loss: errors, mean and second theta are the trace's; the words follow which of the two losses is less."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from gradreel.core.analysis.forecast import next_days
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import synthetic_views
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.network.worked_example import forward, theta_in_view_units
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.optimization.loss import Loss
from gradreel.scenes.lecture.optimization.pictures.loss_board import ErrorStrip
from gradreel.scenes.lecture.optimization.pictures.theta_card import ThetaCard
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.day_words import day_words

LIFTED = DailySeries(  # the axis of such views does not begin at 0
    start=synthetic_views().start,
    values=tuple(2500 + 0.45 * views for views in synthetic_views().values),
    name="high.csv",
)
PARTS = {"validation_from": date(2020, 1, 1), "test_from": date(2021, 1, 1)}
RUN = Experiment(
    dataset=DailyViews(series=LIFTED, window=3, **PARTS),
    hidden=(3,),
    learning_rate=0.1,
    batch_size=64,
    epochs=8,
    loss="mae",
    seed=0,
)
SHORT = {"run": RUN, "curve": Experiment(epochs=40)}


@pytest.fixture(scope="module")
def trace(trace_of) -> Trace:
    return trace_of(RUN)


def drawn(scene, line) -> np.ndarray:
    """(n, 2): days and views of the corners of a line, read from its points on the screen."""
    return np.array([scene.board.plot.data(point) for point in [*line.get_start_anchors(), line.points[-1]]])


@pytest.fixture(scope="module")
def film(play):
    seen = {}

    def look(scene, beat):
        if beat == "error":
            rings, y = [ring.get_center() for ring in scene.one.features], scene.one.prediction[0].get_center()
            seen["explained"] = [float(scene.board.plot.data(point)[1]) for point in (*rings, y)]
        if beat in ("mean", "other-better"):
            board = scene.board
            ends = [[board.plot.data(line.points[0]), board.plot.data(line.points[-1])] for line in board.errors]
            seen[beat] = {"blue": drawn(scene, board.blue), "errors": np.array(ends)}
            strip = board.strip
            level = strip.plot.data(strip.level.points[0])[1]
            seen[beat] |= {"heights": strip.heights, "level": level, "body": strip.body.height, "days": strip.dates}
        seen["losses"] = [card.loss.source for card in scene.cards]
        seen["cells"] = [[number.text for number in card.numbers] for card in scene.cards]
        seen["span"], seen["shown"] = scene.thetas.span, scene.thetas.shown

    played = play(Loss, look, **SHORT)
    return seen | {"beats": played.beats, "scene": played.scene}


@pytest.mark.parametrize(("beat", "row"), [("mean", 0), ("other-better", -1)])
def test_blue_and_the_errors_are_those_of_the_recorded_theta(film, trace, beat, row):
    expected = next_days(RUN, np.asarray(trace.parameters[row]), *film["span"])
    np.testing.assert_allclose(film[beat]["blue"][:, 1], expected.prediction, rtol=1e-9)
    np.testing.assert_allclose(film[beat]["errors"][:, 0, 1], expected.truth, rtol=1e-9)
    np.testing.assert_allclose(film[beat]["errors"][:, 1, 1], expected.prediction, rtol=1e-9)


def test_the_losses_are_means_over_all_days_trained_on(film, trace):
    expected = loss(RUN, np.asarray(trace.parameters[[0, -1]])) * RUN.dataset.scale
    written = [f"{each / 1000:.2f}" for each in expected]  # thousands, as all numbers of the picture
    assert [f'= "{text}k"' in source for text, source in zip(written, film["losses"], strict=True)] == [True, True]
    for beat, mean in zip(("mean", "other-better"), expected, strict=True):
        assert film[beat]["level"] == pytest.approx(mean, rel=1e-6)
        np.testing.assert_allclose(film[beat]["heights"], mean, rtol=1e-6)
        assert len(film[beat]["days"]) == RUN.dataset.examples
    assert film["other-better"]["body"] / film["mean"]["body"] == pytest.approx(expected[1] / expected[0], rel=1e-6)


def test_at_first_each_step_of_the_strip_is_one_days_error(trace):
    days = RUN.dataset.dates()
    whole = next_days(RUN, np.asarray(trace.parameters[0]), days[0].astype(date), days[-1].astype(date))
    strip = ErrorStrip(whole.dates, 3000.0, 1000.0, "en", (-6.0, 1.0, -2.0, 0.0), "errors")
    strip.show(whole.error)
    corners = [strip.plot.data(point) for point in strip.body.get_start_anchors()]
    assert [views for _, views in corners[1 : 2 * len(days) : 2]] == pytest.approx(np.abs(whole.error).tolist())
    bars = strip.bars(whole.dates[-3:], whole.error[-3:], 2.0)
    tops = [strip.plot.data(bar.points[-1]) for bar in bars]
    np.testing.assert_allclose([views for _, views in tops], np.abs(whole.error[-3:]))
    strip.show(whole.error, 0.5)
    assert np.mean(strip.heights) == pytest.approx(float(whole.mean_absolute_error))  # nothing is lost on the way


def test_the_days_shown_were_trained_on(film):
    assert film["span"] == (date(2019, 12, 4), date(2019, 12, 31))
    assert not film["shown"].is_test.any()


def test_the_numbers_of_the_day_give_its_error_digit_by_digit(film):
    thetas, total = film["scene"].thetas, film["scene"].sum
    k = thetas.telling_day
    y, label = (Decimal(text) for text in re.findall(r'"([^"]+)"', total.distance.source))
    views = [float(number) for number in (thetas.shown.prediction[0, k], thetas.shown.truth[k])]
    assert [str(y), str(label)] == [f"{number / 1000:.2f}" for number in views]  # thousands, as the parameters have it
    assert Decimal(total.error_text) == abs(y - label)
    days = [number.source for number in total.features]
    assert days == [f"{views / 1000:.2f}" for views in thetas.shown.truth[k - 3 : k][::-1]]
    assert total.prediction.source == str(y)


def test_the_cells_show_theta_in_thousand_views(film, trace):
    values = theta_in_view_units(RUN, np.asarray(trace.parameters[[0, -1]]))[:, [0, 1, 2, -1]]
    shown = [[float(text.replace("\u2212", "-")) for text in cells] for cells in film["cells"]]
    np.testing.assert_allclose(shown, values, atol=0.0051)


def test_the_day_that_is_explained_has_its_numbers(film, trace):
    expected = next_days(RUN, np.asarray(trace.parameters[0]), *film["span"])
    scene, k = film["scene"], film["scene"].thetas.telling_day
    np.testing.assert_allclose(film["explained"], [*expected.truth[k - 3 : k], expected.prediction[k]], rtol=1e-6)
    assert float(scene.sum.error_text) == pytest.approx(abs(expected.error[k]) / 1000, abs=0.01)


def test_the_hidden_columns_have_the_first_thetas_values_of_the_day(film, trace):
    scene = film["scene"]
    features, y, label = scene.thetas.telling_views
    theta = theta_in_view_units(RUN, np.asarray(trace.parameters[0]))
    there = forward(RUN, theta, np.array(features) / 1000, label / 1000)
    for numbers, values in zip(scene.sum.between, (there.r[0], there.a[0]), strict=True):
        assert [float(number.text.replace("\u2212", "-")) for number in numbers] == pytest.approx(values, abs=0.0051)
    assert there.y * 1000 == pytest.approx(y)


def test_the_spoken_day_is_named_at_the_axis_and_no_other_name_touches_it(film):
    named_once(film["scene"])


def named_once(scene) -> None:
    (tick, name), hidden = scene.day_mark, scene.hidden_days
    board, k = scene.board, scene.thetas.telling_day
    assert float(tick.get_x()) == pytest.approx(float(board.plot.at(board.plot.days(board.shown.dates[k]), 0)[0]))
    assert name.source == day_words(board.shown.dates[k], scene.context.language, "short")
    for other in board.plot.x_tick_labels:
        assert other in hidden or abs(other.get_x() - name.get_x()) > (other.width + name.width) / 2


@pytest.mark.parametrize(
    ("size", "unit"),
    [(0.002, r"0\.00\d+"), (1e12, r"\d{6,7}M")],
)
def test_views_of_any_size_are_written_with_digits_that_count(play, trace_of, size, unit):
    views = size * np.array([4, 5, 5, 4, 1, 0.5, 3])[np.arange(70) % 7]
    series = DailySeries(start=date(2022, 1, 3), values=tuple(views.tolist()), name="own.csv")
    run = RUN.model_copy(update={"dataset": DailyViews(series=series, window=3), "batch_size": 8})
    findings, told, cells, axis = [], [], [], []

    def look(scene, beat):
        findings.extend(check_scene(scene, beat))
        told[:] = [card.loss.source.split('"')[1].replace("\u2009", "") for card in scene.cards]
        cells[:] = [value_in_cell(card, k) for card in scene.cards for k in range(len(card.numbers))]
        axis[:] = [label.source for label in scene.board.strip.plot.y_tick_labels]

    assert play(Loss, look, **SHORT | {"run": run}).beats[-1] == "other-better"
    assert all(re.fullmatch(unit, text) for text in told), told
    assert not any(text.strip("0123456789.\u2009") for text in axis)  # in the same unit
    theta = theta_in_view_units(run, np.asarray(trace_of(run).parameters[[0, -1]]))
    for (shown, digit), value in zip(cells, theta[:, [0, 1, 2, -1]].ravel(), strict=True):
        assert shown == pytest.approx(value, abs=0.51 * digit)
    columns = np.array([abs(shown) / digit for shown, digit in cells]).reshape(2, -1).max(axis=0)
    assert (columns >= 1).all()  # digits that count, of each entry
    assert findings == []


def value_in_cell(card: ThetaCard, k: int) -> tuple[float, float]:
    """Return the value that a cell shows, with all powers of ten, and the size of its last digit."""
    number, factor = card.numbers[k], card.factors[k]
    before = re.match(r"\$display\(10\^\((-\d+)\)", card.name.source)
    power = -int(before[1]) if before else 0
    power += int(re.search(r"\((-?\d+)\)", factor.source.removeprefix("$display("))[1]) if factor is not None else 0
    text = number.text.replace("\u2212", "-").replace("\u2009", "")
    return float(text) * 10.0**power, 10.0 ** (power - number.decimals)


@pytest.mark.parametrize(
    ("lang", "parameters"),
    [
        ("en", {"days": 7, "last": date(2015, 1, 10), "first": 184, "second": 3}),
        ("zh", {"days": 56, "last": date(2019, 1, 21)}),  # 27 November 2019 to 21 January 2020
    ],
    ids=str,
)
def test_the_ends_of_the_bounds_keep_the_rules_of_the_picture(play, lang, parameters):
    played = play(Loss, check_scene, lang=lang, **SHORT, **parameters)
    assert played.findings == []
    named_once(played.scene)
