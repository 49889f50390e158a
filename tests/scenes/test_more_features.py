"""more-features: real views are drawn, the window holds as many days as it should, two days show why."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.network.worked_example import label_day
from gradreel.scenes.lecture.networks.more_features import MoreFeatures
from gradreel.scenes.lecture.networks.pictures.day_pairs import alike_days
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.testing.layout import check_scene

MINE = DailySeries(start=date(2024, 3, 1), values=tuple(512 + 100 * np.sin(np.arange(90))), name="mine.csv")


ENDS = {
    "two days": {"dataset": DailyViews(window=2), "sigmoids": 1},
    "years": {"days": 1400, "sigmoids": 99},
    "few": {"dataset": DailyViews(series=MINE, window=7)},
}


def shown(scene) -> list[str]:
    return [mobject.source for mobject in scene.mobjects if isinstance(mobject, TextMobject)]


def glyphs(scene):
    formulas = [each for each in scene.mobjects if isinstance(each, TextMobject) and "sum_(i=1)" in each.source]
    return np.concatenate([glyph.points for glyph in formulas[0]]) if formulas else None


@pytest.fixture(scope="module")
def lesson(play):
    """The lesson's three sigmoids, played once for all tests."""

    def look(scene, beat):
        plot, strip = scene.strip.plot, scene.strip
        seen = {"caption": scene.caption.source, "texts": shown(scene)}
        seen["label"], seen["truth"] = strip.label[1].source, plot.data(strip.label[2].get_center())[1]
        seen["dots"] = [plot.data(dot.get_center())[1] for dot in strip.dots]
        return seen | {"formula": glyphs(scene)}

    return play(MoreFeatures, look, sigmoids=3)


@pytest.fixture(scope="module")
def thirty(play):
    """A month, and four sigmoids."""

    def look(scene, beat):
        strip = scene.strip
        colors = [dot.get_fill_color().to_hex() for dot in strip.dots]
        return {"width": strip.band.width / strip.day_width, "bright": colors.count(colors[-1]), "texts": shown(scene)}

    return play(MoreFeatures, look, days=30, sigmoids=4)


def test_the_views_before_the_label_day_are_drawn_and_its_own(lesson):
    dots, truth = lesson.seen["channel"]["dots"], lesson.seen["channel"]["truth"]
    series = DailyViews().daily.array()
    end = (label_day(DailyViews()) - DailyViews().daily.start).days
    assert dots == pytest.approx(series[end - len(dots) : end])
    assert truth == pytest.approx(series[end])
    assert len(dots) > 56


def test_the_window_reaches_back_over_all_features(thirty):
    assert thirty.beats == ["channel", "more-days"], "the two days are the lesson's"
    for beat, days in (("channel", 1), ("more-days", 30)):
        seen = thirty.seen[beat]
        assert seen["width"] == pytest.approx(days)
        assert seen["bright"] == days


def test_one_x_1_has_two_answers_and_x_2_tells_them_apart(lesson):
    """Two days of one weekday, after the same views: framed in the calendar, and their courses are the real ones."""
    scene, views = lesson.scene, lesson.scene.strip.views
    pair, close = alike_days(scene.strip.dates, views), scene.close
    courses = np.array([views[k - 2 : k + 1] for k in pair])
    days = [date.fromisoformat(str(scene.strip.dates[k])) for k in pair]
    places = [[scene.strip.plot.data(dot.get_center()) for dot in three.dots] for three in scene.framed]
    np.testing.assert_allclose([[views for _, views in three] for three in places], courses)
    heights = np.array([[dot.get_y() for dot in day] for day in close.dots])
    drawn = np.polyfit(courses.ravel(), heights.ravel(), 1)
    assert drawn[0] > 0 and np.polyval(drawn, courses) == pytest.approx(heights, abs=1e-6), "on one scale"
    assert heights[:, 1] == pytest.approx(close.level.get_y(), abs=0.1)
    assert [name.source for name in close.names] == [f"{day.day} {day:%B}" for day in days]
    assert [[day.source for _, day in letters] for letters in close.letters] == [["Sun", "Mon", "Tue"]] * 2


def test_the_real_value_is_red_and_y_hat_and_it_says_so(lesson):
    assert lesson.seen["channel"]["label"] == "$display(red(hat(y)))$"
    assert "$red(hat(y))$: the true value (in many books, the guess)" in lesson.seen["channel"]["texts"]
    assert "our made-up channel" in lesson.seen["channel"]["caption"].replace("\\", "")


@pytest.mark.parametrize(
    ("name", "language", "theme"), [("two days", "en", "dark"), ("years", "zh", "light"), ("few", "en", "dark")]
)
def test_the_ends_of_the_bounds_break_no_rule(play, name, language, theme):
    assert play(MoreFeatures, check_scene, lang=language, theme=theme, **ENDS[name]).findings == []
