"""title: the days are the channel's last ones, today is not told, and the curve is the recorded run."""

from __future__ import annotations

import shutil
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import END, synthetic_views
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from gradreel.scenes.lecture.opening.title import CLOSE, Title, are_far_apart, twins
from gradreel.scenes.testing.layout import check_scene

SHORT = Experiment(epochs=300)
LOW = SHORT.model_copy(update={"dataset": SHORT.dataset.model_copy(update={"knots": ((0, -4), (3, -3), (7, -9))})})
FEW = DailyViews(
    series=DailySeries(start=END, values=tuple(float(k % 7) for k in range(40)), name="a_long_name_of_a_file.csv"),
    window=1,
)
LONG = "A very long title that a lecturer gave without thinking of the room"


@pytest.fixture(scope="module")
def film_of(play):
    """``film_of(name)``: the title with other parameters, played once for all tests."""
    given = {"ours": {}, "low": {"run": LOW}, "few": {"dataset": FEW, "title": LONG}}
    for name, text in (("dollars", "Costs $5 and $10"), ("signs", "$$x^2$$ #let *a* \\$ _b_ @c <d>")):
        given[name] = {"title": text, "subtitle": text, "credit": text}

    @cache
    def film(name, lang):
        until = "title" if name in ("dollars", "signs") else None
        return play(Title, check_scene, lang=lang, until=until, **{"run": SHORT} | given[name])

    return lambda name, lang="en": film(name, lang)


@pytest.mark.parametrize(("name", "lang"), [("ours", "en"), ("ours", "zh"), ("low", "en"), ("few", "en")])
def test_layout_holds(film_of, name, lang):
    film = film_of(name, lang)
    assert film.beats == ["title", "pairs", "twins", "run"] and film.findings == []


@pytest.mark.parametrize("name", ["ours", "low"])
def test_the_curve_ends_on_the_last_recorded_state(film_of, name):
    motif = film_of(name).scene.motif
    x, y = np.array([motif.axes.data(p) for p in [*motif.blue.get_start_anchors(), motif.blue.get_end()]]).T
    run = motif.run
    recorded = predict(run.experiment, run.parameters[-1], run.experiment.dataset.features_at(x))
    assert y == pytest.approx(recorded, abs=1e-6)


def test_the_days_are_those_before_the_last_one(film_of):
    days, series = film_of("ours").scene.days, synthetic_views()
    views = np.array([days.plot.data(dot.get_center())[1] for dot in days.dots])
    assert views == pytest.approx(series.values[-57:-1], abs=1)
    assert days.dates[-1].astype(object) == END
    asked = days.mark.get_x()
    assert asked == pytest.approx(days.plot.at(days.plot.days(END), 0)[0]) and asked > days.dots[-1].get_right()[0]
    assert len(film_of("few").scene.days.dots) == 3


def test_each_pair_of_neighbouring_days_is_a_dot_of_the_cloud(film_of):
    for name, views in (("ours", synthetic_views().values[-57:-1]), ("few", FEW.series.values[-4:-1])):
        plot, cloud = film_of(name).scene.plot, film_of(name).scene.cloud
        assert len(cloud) == len(views) - 1
        for dot, before, after in zip(cloud, views, views[1:], strict=False):
            assert plot.data(dot.get_center()) == pytest.approx((before, after), abs=1)


def test_two_dots_with_almost_equal_yesterdays_and_the_most_different_todays_stand_out(film_of):
    scene, views = film_of("ours").scene, np.array(synthetic_views().values[-57:-1])
    close = [
        (abs(views[i + 1] - views[j + 1]), {i, j})
        for i, j in combinations(range(len(views) - 1), 2)
        if abs(views[i] - views[j]) <= CLOSE * np.ptp(views)
    ]
    bright = {k for k, dot in enumerate(scene.cloud) if dot.get_fill_opacity() == 1}
    assert bright == max(close, key=lambda pair: pair[0])[1]


@pytest.mark.parametrize(
    ("views", "holds"), [((0, 9, 0.1, 1, 9), True), ((0, 4, 0.1, 1, 9), False), ((0, 9, 5, 8, 2), False)]
)
def test_two_dots_are_called_alike_yesterday_and_far_apart_today_only_where_they_are(views, holds):
    days = np.array(views, dtype=float)
    assert are_far_apart(days, days[[(k, k + 1) for k in twins(days)]]) == holds


@pytest.mark.parametrize("name", ["dollars", "signs"])
def test_a_users_words_are_shown_as_they_are(film_of, name):
    film = film_of(name)
    glyphs = len(film.scene.parameters.title.replace(" ", ""))
    assert [len(text) for text in film.scene.texts] == [glyphs] * 3  # one a character


def test_a_damaged_trace_is_not_shown(play, trace_of, tmp_path):
    folder = shutil.copytree(trace_of(SHORT).path, tmp_path / "traces" / SHORT.digest)
    column = folder / "parameters.npy"
    content = bytearray(column.read_bytes())
    content[-9] ^= 1  # one bit of one number
    column.write_bytes(content)
    with pytest.raises(TraceError, match=r"parameters\.npy|parameters"):
        play(Title, run=SHORT, media_dir=tmp_path)
