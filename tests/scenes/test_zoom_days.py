"""Tests of a zoomed calendar: everything stays at its days, and objects outside the plot are invisible."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.lecture.experiments.pictures.zoom_days import ZoomDays
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.style import palette
from manim import Scene, tempconfig

BOX = (-6.0, 5.0, -2.0, 2.0)
FIRST, LAST = date(2021, 1, 1), date(2021, 2, 26)
DATES = np.datetime64(FIRST, "D") + np.arange(57)
VIEWS = 3000.0 + 20.0 * np.arange(57)
MARKED = (float(DATES[31].astype(int)), 3620.0)


@pytest.fixture
def scene():
    with tempconfig({"dry_run": True, "pixel_width": 160, "pixel_height": 90, "frame_rate": 5, "verbosity": "ERROR"}):
        yield Scene()


def picture(left: float = BOX[0]) -> ZoomDays:
    return ZoomDays(DailyViews(), FIRST, LAST, (0.0, 8000.0), "en", (left, *BOX[1:]))


def day(zoom: ZoomDays, when: date) -> float:
    return float(zoom.plot.days(when))


def test_lines_dots_and_marks_stay_with_their_days(scene):
    zoom = picture()
    line, dots = zoom.add_line(DATES, VIEWS, palette.red), zoom.add_dots(DATES, VIEWS, palette.red)
    mark = zoom.pin(ring(zoom.plot.at(*MARKED), 0.2, palette.text), *MARKED)
    scene.add(zoom, line, dots, mark)
    zoom.zoom_to(scene, date(2021, 1, 28), date(2021, 2, 10), run_time=0.4)
    left, right = (zoom.plot.data(at) for at in (line.points[0], line.points[-1]))
    assert left == (pytest.approx(day(zoom, date(2021, 1, 28))), pytest.approx(VIEWS[27]))
    assert right == (pytest.approx(day(zoom, date(2021, 2, 10))), pytest.approx(VIEWS[40]))
    assert zoom.plot.data(mark.get_center()) == (pytest.approx(MARKED[0]), pytest.approx(MARKED[1]))
    seen = [k for k, dot in enumerate(dots) if dot.get_fill_opacity() > 0]
    assert seen == list(range(27, 41))
    for k in seen:
        assert zoom.plot.data(dots[k].get_center())[0] == pytest.approx(float(DATES[k].astype(int)))


def test_the_way_back_restores_all(scene):
    zoom = picture()
    dots = zoom.add_dots(DATES, VIEWS, palette.red)
    mark = zoom.pin(ring(zoom.plot.at(*MARKED), 0.2, palette.text).set_fill(opacity=0), *MARKED)
    before = [dot.get_center().copy() for dot in dots]
    scene.add(zoom, dots, mark)
    zoom.zoom_to(scene, date(2021, 2, 10), date(2021, 2, 20), run_time=0.4)
    assert mark.get_stroke_opacity() == 0
    zoom.zoom_to(scene, FIRST, LAST, run_time=0.4)
    np.testing.assert_allclose([dot.get_center() for dot in dots], before, atol=1e-9)
    assert all(dot.get_fill_opacity() == 1 for dot in dots)
    assert (mark.get_stroke_opacity(), mark.get_fill_opacity()) == (1, 0)


def test_the_named_days_are_those_of_the_new_calendar(scene):
    zoom = picture()
    scene.add(zoom)
    zoom.zoom_to(scene, date(2021, 2, 3), date(2021, 2, 12), run_time=0.4)
    names = [tick[0].source for tick in zoom.ticks]
    assert names[0] == "3 Feb"
    assert len(names) > 3 and not any("Jan" in name for name in names)
    for tick in zoom.ticks:
        assert tick[1].get_center()[0] == pytest.approx(zoom.plot.at(tick.day, 0)[0])
    shown = [text.source for text in scene.get_mobject_family_members() if hasattr(text, "source")]
    assert "15 Jan" not in shown


def test_a_line_may_be_drawn_in_part(scene):
    zoom = picture()
    line = zoom.add_line(DATES, VIEWS, palette.blue)
    scene.add(zoom, line)
    zoom.draw_until(line, zoom.plot.x_range[0] + 10.5)
    assert zoom.plot.data(line.points[-1]) == (
        pytest.approx(zoom.plot.x_range[0] + 10.5),
        pytest.approx((VIEWS[10] + VIEWS[11]) / 2),
    )
    zoom.zoom_to(scene, date(2021, 2, 10), date(2021, 2, 20), run_time=0.4)
    assert len(line.points) == 0  # all of it lies before
