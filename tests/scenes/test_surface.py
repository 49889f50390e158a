"""The network as a surface: heights read back from the picture are the network's, whatever it is seen from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict, unpack
from gradreel.core.network.worked_example import in_thousands
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.network_diagram import NetworkDiagram, zh_views
from gradreel.scenes.lecture.networks.pictures import network_surface
from gradreel.scenes.lecture.networks.pictures.network_surface import TRIED, VIEW, NetworkSurface, tried_swing
from gradreel.scenes.lecture.networks.pictures.surface import Box, Days, Ground, Sheet, View
from gradreel.scenes.lecture.networks.term_surfaces import ROOM, Swing, surface_of
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.render import pipeline
from gradreel.scenes.render.lessons.selection import load_lesson
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.style import palette
from gradreel.scenes.testing.layout import check_scene

BOX = Box((2.0, 6.0), (1.0, 9.0), side=4.0, height=2.5, middle=(1.0, -0.5))
ROUND = [k * 36.0 + 5 for k in range(10)]  # degrees
MINE = DailySeries(
    start=date(2024, 3, 1), values=tuple(512 * (1 + 0.3 * np.sin(np.arange(120) * 0.9))), name="mine.csv"
)


def height_at(box: Box, view: View, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """What `Box.at` does undone: heights (n,) of ground points (n, 2) that are seen at (n, 3)."""
    low, high = box.ground
    flat = ((x - low) / (high - low) - 0.5) * box.side
    turn, tilt, eye = np.deg2rad(view.azimuth), np.deg2rad(view.elevation), view.distance * box.side
    back = flat[..., 1] * np.cos(turn) - flat[..., 0] * np.sin(turn)
    rise = seen[..., 1] - box.middle[1]
    up = (rise * (eye + back * np.cos(tilt)) - eye * back * np.sin(tilt)) / (eye * np.cos(tilt) + rise * np.sin(tilt))
    bottom, top = box.heights
    return bottom + (up / box.height + 0.5) * (top - bottom)


def drawn_points(sheet: Sheet) -> np.ndarray:
    """The sheet's points (n, n, 3) at [x_2, x_1] as its strips have them, for azimuths from -45 to 45."""
    count = len(sheet.axis)
    corners = [strip.points[::4] for strip in sheet.strips]
    rows = [strip[count:][::-1] for strip in corners]  # their far rims, the farthest first
    return np.array([*rows, corners[-1][:count]])[::-1]


def hills(count: int) -> np.ndarray:
    x = np.linspace(0, 3, count)
    return 5 + 2 * np.sin(x) * np.cos(2 * x[:, None])


@pytest.mark.parametrize("azimuth", [-40.0, -10.0, 25.0])
def test_heights_can_be_read_from_the_strips(azimuth):
    view, heights = View(azimuth), hills(9)
    sheet = Sheet(BOX, View(70.0), 9).show(heights).look(view)
    ground = np.stack(np.meshgrid(sheet.axis, sheet.axis), axis=-1)
    assert height_at(BOX, view, ground, drawn_points(sheet)) == pytest.approx(heights)
    assert height_at(BOX, view, ground, drawn_points(sheet.show(heights + 1))) == pytest.approx(heights + 1)


@pytest.mark.parametrize("share", [1.0, 0.3, 0.0])
def test_a_sheet_comes_from_a_point_of_its_ground(share):
    view, around = View(20.0), np.array([3.0, 5.5])
    sheet = Sheet(BOX, view, 9).show(share * hills(9), share, around)
    ground = around + share * (np.stack(np.meshgrid(sheet.axis, sheet.axis), axis=-1) - around)
    assert drawn_points(sheet) == pytest.approx(BOX.at(ground, share * hills(9), view))
    whole = Sheet(BOX, view, 9).show(hills(9), share).show(hills(9))
    assert drawn_points(whole) == pytest.approx(drawn_points(Sheet(BOX, view, 9).show(hills(9))))


@pytest.mark.parametrize("azimuth", ROUND)
def test_what_is_farther_away_is_drawn_first(azimuth):
    sheet = Sheet(BOX, View(azimuth), 9).show(np.full((9, 9), 4.0))
    middles = [strip.points[:, 1].mean() for strip in sheet.strips]
    assert (np.diff(middles) < 0).all(), "on a level sheet, what is farther away is higher in the picture"
    assert [part for part in sheet if part in sheet.strips] == sheet.strips
    assert (np.diff([lines.points[:, 1].mean() for lines in sheet.lines]) < 0).all()


@pytest.mark.parametrize("azimuth", ROUND)
def test_strips_leave_no_seam_and_their_shades_run_from_left_to_right(azimuth):
    sheet = Sheet(BOX, View(azimuth), 9).show(hills(9))
    for far, near in zip(sheet.strips, sheet.strips[1:], strict=False):
        front, back = far.points[::4][:9], near.points[::4][9:][::-1]
        assert (np.diff(front[:, 0]) > 0).all()
        assert not np.allclose(front, back)  # it reaches below the next one
        assert np.linalg.norm(front - back, axis=1).max() < 0.2
    for strip in sheet.strips:
        left, right = strip.get_gradient_start_and_end_points()
        assert (left[0], right[0]) == (strip.points[:, 0].min(), strip.points[:, 0].max())


def test_a_shade_tells_the_height_and_how_a_slope_lies():
    x = np.linspace(1, 9, 9)
    low, high, up, down = (
        Sheet(BOX, View(0.0), 9).show(np.broadcast_to(heights, (9, 9)))
        for heights in (np.full(9, 2.0), np.full(9, 8.0), x, 10 - x)
    )
    for level in (low, high):
        assert len({tuple(np.round(ink, 6)) for strip in level.strips for ink in strip.fill_rgbas}) == 1
    apart = [[np.linalg.norm(ink[:3] - palette.background.to_rgb()) for ink in sheet.strips[4].fill_rgbas]
             for sheet in (low, high, up, down)]  # fmt: skip
    assert apart[1][0] > apart[0][0] + 0.2, "what is high is bright"
    assert (np.diff(apart[2]) > 0).all() and (np.diff(apart[3]) < 0).all()
    assert abs(apart[2][4] - apart[3][4]) > 0.05, "as high, but turned another way"
    small = Sheet(BOX, View(0.0), 9).show(np.broadcast_to(5 + 0.25 * (x - 5), (9, 9)), 0.25)
    assert small.strips[4].fill_rgbas[4] == pytest.approx(up.strips[4].fill_rgbas[4], abs=0.01), (
        "as steep while it comes"
    )


def test_days_above_the_surface_are_bright_and_stand_on_it():
    view, x = View(-30.0), np.array([[3.0, 4.0], [5.0, 3.0], [4.0, 5.0]])
    y, level = np.array([7.0, 2.0, 5.0]), np.array([4.0, 4.5, 4.0])
    days = Days(BOX, view, x, y, level, 0.05)
    below, above = days.dots
    assert below.get_fill_opacity() < above.get_fill_opacity() == 1, "what is below is seen through the surface"
    assert (len(below.points), len(above.points)) == (32, 64)
    assert height_at(BOX, view, x[1], below.get_center()) == pytest.approx(2.0)
    first = above.points[:32]
    assert height_at(BOX, view, x[0], (first.min(axis=0) + first.max(axis=0)) / 2) == pytest.approx(7.0)
    feet = np.concatenate([lines.points[::4] for lines in days.lines])
    assert height_at(BOX, view, x[[1, 0, 2]], feet) == pytest.approx(level[[1, 0, 2]])
    assert len(Days(BOX, view, x[:0], y[:0], level[:0], 0.05).dots[0].points) == 0


@pytest.mark.parametrize("azimuth", [-70.0, -45.0, -15.0])
def test_labels_stand_outside_the_ground(azimuth):
    ground = Ground(BOX, View(-50.0), ("one", "two", "y"), (round_labels(2, 6, 4), round_labels(1, 9, 3)))
    ground.look(View(azimuth))
    corners = ground.floor.points[::4]
    inside = Ground(BOX, View(azimuth)).floor
    assert inside.points == pytest.approx(ground.floor.points)
    for label in ground.labels:
        around = (np.roll(corners, -1, axis=0) - corners)[:, None]
        points = np.array([label.get_corner([i, j, 0]) for i in (-1, 1) for j in (-1, 1)]) - corners[:, None]
        sides = around[..., 0] * points[..., 1] - around[..., 1] * points[..., 0]
        assert (sides < 0).all(axis=1).any(), "it lies beyond one of the rims"


# -- in the scene ------------------------------------------------------------------------------------------------------


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 2, **changes})


RUN = short()
KINDS = {
    "two days, relu": ("en", short(dataset=DailyViews(window=2), hidden=(2,), activation="relu")),
    "five of five": ("zh", short(dataset=DailyViews(window=5), hidden=(5,), activation="hard_sigmoid")),
    "one unit, mine": ("en", short(dataset=DailyViews(series=MINE, window=3), hidden=(1,), loss="mse")),
}


@pytest.fixture(scope="module")
def tried() -> list[tuple[np.ndarray, np.ndarray]]:
    """The heights of the first ramp and of the sheet, each time that the film tries them."""
    return []


@pytest.fixture(scope="module")
def film(play, tried):
    try_first = NetworkSurface.try_first

    def watched(board, k, share):
        try_first(board, k, share)
        tried.append((board.ramps[0].heights.copy(), board.sheet.heights.copy()))

    def look(scene, beat):
        return scene.board.sheet.heights.copy() if hasattr(scene, "board") else None

    with patch.object(NetworkSurface, "try_first", watched):
        return play(NetworkDiagram, look, run=RUN)


def said_by(trace_of, run: Experiment, x: np.ndarray) -> np.ndarray:
    """What the trained network says of views (n, D), in views."""
    dataset = run.dataset
    return dataset.in_views(predict(run, trace_of(run).parameters[-1], dataset.scaled(x)))


def on_the_ground(scene) -> np.ndarray:
    """The sheet's points as features (n, n, D): the others as before the day shown."""
    board = scene.board
    x_1, x_2 = np.meshgrid(board.sheet.axis, board.sheet.axis)
    return np.stack([x_1, x_2, *(np.full_like(x_1, held) for held in scene.example.x[2:])], axis=-1)


def test_the_surface_in_the_picture_is_the_network(trace_of, film):
    scene = film.scene
    x = on_the_ground(scene)
    seen = height_at(scene.board.box, VIEW, x[..., :2], drawn_points(scene.board.sheet))
    assert seen == pytest.approx(said_by(trace_of, RUN, x.reshape(-1, 3) * 1000).reshape(seen.shape) / 1000)
    assert np.ptp(seen) > 0.1
    assert scene.board.held[0].source == "$x_3$ \\= 2.29"


def test_first_stands_the_constant_then_all_terms_do(film):
    scene, board = film.scene, film.scene.board
    small = surface_of(RUN, scene.theta, scene.example.x, board.wide.ground, len(board.ramps[0].axis))
    assert film.seen["floor"] == pytest.approx(np.full_like(film.seen["floor"], board.surface.constant))
    assert film.seen["ramps"] == pytest.approx(board.surface.height())
    for i in range(3):
        board.add_term(i, 1.0)
        board.unfold(i, 1.0)
        assert board.sheet.heights == pytest.approx(board.surface.height(i + 1))
        assert board.ramps[i].heights == pytest.approx(small.terms[i])
        assert board.ramps[i].heights[[0, 0, -1, -1], [0, -1, 0, -1]] == pytest.approx(
            board.surface.terms[i][[0, 0, -1, -1], [0, -1, 0, -1]]
        )
    board.train(1.0)


def test_the_day_lies_on_the_surface_and_its_label_off_it(trace_of, film):
    scene = film.scene
    board, x = scene.board, scene.example.x
    assert board.point == pytest.approx(x[:2])
    prediction, label = (float(height_at(board.box, VIEW, x[:2], dot.get_center())) for dot in board.day[1:])
    assert board.day[0].get_start() == pytest.approx(board.day[1].get_center())
    assert board.day[0].get_end() == pytest.approx(board.day[2].get_center())
    assert prediction == pytest.approx(said_by(trace_of, RUN, x[None] * 1000)[0] / 1000)
    assert label == pytest.approx(scene.example.label)
    texts = [part.source for part in board.card if isinstance(part, TextMobject)]
    assert [float(text) for text in texts] == pytest.approx(
        [round(prediction, 2), round(label, 2), abs(round(label, 2) - round(prediction, 2))]
    )
    blue, red = board.card[2]
    assert (red.get_y() > blue.get_y()) == (label > prediction)


def test_the_other_dots_are_real_days(film):
    scene = film.scene
    days, views = scene.board.days, scene.dataset.daily.array() / 1000
    for (x_1, x_2), y in zip(days.x, days.y, strict=True):
        at = np.flatnonzero((views[3:] == y) & (views[2:-1] == x_1) & (views[1:-2] == x_2))
        assert len(at) >= 1
    assert film.beats[-1] == "days" and len(days.y) == 14


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_network_has_its_surface(play, trace_of, name):
    lang, run = KINDS[name]
    played = play(NetworkDiagram, check_scene, lang=lang, run=run)
    beats, scene = played.beats, played.scene
    assert played.findings == []
    assert [beat for beat in beats if not beat.startswith("turn")][-3:] == ["floor", "ramps", "days"]
    assert len(scene.board.held) == run.dataset.window - 2
    x = on_the_ground(scene)
    seen = height_at(scene.board.box, VIEW, x[..., :2], drawn_points(scene.board.sheet))
    unit = 1000 if run.dataset.synthetic else 1
    expected = said_by(trace_of, run, x.reshape(-1, x.shape[-1]) * unit).reshape(seen.shape) / unit
    assert seen == pytest.approx(expected)
    activation = {"relu": "ReLU", "hard_sigmoid": "hard sigmoid"}.get(run.activation, "sigmoid")
    assert all(activation in line for beat in scene.beats if beat.name == "ramps" for line in beat.lines.values())


SMALL_VIEWS = 0.03 * (1 + 0.3 * np.sin(np.arange(120) * 0.9))
ALIKE = 5e6 + 300 * np.sin(np.arange(120) * 0.9)


def of_unit(note: str) -> tuple[float, float]:
    """The factor and the offset that are written at an axis."""
    power = re.search(r"times 10\^\((-?\d+)\)", note)
    offset = re.search(r"\+ ([\d\u2009.]+)", note.replace("\\", ""))
    return 10.0 ** int(power[1]) if power else 1.0, float(offset[1].replace("\u2009", "")) if offset else 0.0


@pytest.fixture(scope="module", params=[("zh", SMALL_VIEWS, 5), ("en", ALIKE, 3)], ids=["small", "nearly alike"])
def odd(play, request):
    """A series whose numbers are long as they are."""
    lang, values, window = request.param
    series = DailySeries(start=date(2024, 3, 1), values=tuple(map(float, values)), name="mine.csv")
    return play(NetworkDiagram, check_scene, lang=lang, run=short(dataset=DailyViews(series=series, window=window)))


def test_what_an_axis_leaves_out_of_its_numbers_is_written_at_it(odd):
    board = odd.scene.board
    shown = [label.text for label in board.ground._labels if label.value is None]
    names, upright = shown[:2], shown[3:]
    assert odd.findings == [] and len(upright) == 1
    for label in board.ground._labels:
        if label.value is not None:
            factor, offset = of_unit((upright[0] if label.rim == 2 else names[label.rim]).source)
            number = float(label.text.source.replace("\\", "").replace("\u2212", "-").replace("\u2009", ""))
            assert number * factor + offset == pytest.approx(label.value, rel=1e-9), "in the unit of x_3 = 0.0312"
    assert upright[0].get_right()[0] < shown[2].get_left()[0]


def test_a_long_row_of_what_is_held_ends_before_the_axis(odd):
    board = odd.scene.board
    assert len(board.held) == odd.scene.dataset.window - 2
    assert max(board.held.get_right()[0], board.about.get_right()[0]) < board.ground.head.get_left()[0] - 0.15


def test_a_long_name_stays_in_the_picture_in_the_middle_of_the_turn(odd):
    board = odd.scene.board
    for share in np.linspace(0, 0.5, 11):
        board.turn(share)
        name = board.ground.labels[0]
        assert name.get_right()[0] < style.RIGHT_EDGE + 1e-6 and name.get_bottom()[1] > -3.65
    board.turn(1.0)


def test_small_mean_gaps_are_told_apart(play, trace_of):
    views = tuple(4000.0 + 2 * (k % 7 > 4) + k % 3 for k in range(300))
    series = DailySeries(start=date(2022, 1, 3), values=views, name="steady.csv")
    run = short(dataset=DailyViews(series=series, window=3), hidden=(1,), epochs=60)
    played = play(NetworkDiagram, run=run)
    first, last = (loss(run, trace_of(run).parameters[k]) * run.dataset.scale for k in (0, -1))
    assert last < 0.95 * first and played.beats[-1] == "days"
    before, after = re.findall(r"(0\.\d+)k", played.lines["days"]["en"])
    assert [float(before), float(after)] == pytest.approx([first / 1000, last / 1000], abs=0.00051)
    assert 0 < float(after) < float(before)
    texts = [part.source for part in played.scene.board.card if isinstance(part, TextMobject)]
    assert len(set(texts)) == 3 and "0.00" not in texts
    frame = played.scene.board.card[0]
    assert all(part.get_right()[0] < frame.get_right()[0] - 0.04 for part in played.scene.board.card[3:])


def test_the_days_beat_goes_from_the_first_state_to_the_last(trace_of, film):
    board, x = film.scene.board, on_the_ground(film.scene)
    trace, dataset = trace_of(RUN), RUN.dataset
    before = np.column_stack([board.days.x, np.zeros(14)])
    views = dataset.daily.array() / 1000
    for row, (x_1, x_2) in enumerate(board.days.x):  # the day's third feature is found in the series
        at = np.flatnonzero((views[3:] == board.days.y[row]) & (views[2:-1] == x_1) & (views[1:-2] == x_2))[0]
        before[row, 2] = views[at]
    gaps, labels = [], dataset.in_views(dataset.labels())
    for share, k in ((0.0, 0), (1.0, -1)):
        board.train(share)

        def said(features, theta=trace.parameters[k]):
            return dataset.in_views(predict(RUN, theta, dataset.scaled(features * 1000))) / 1000

        seen = height_at(board.box, VIEW, x[..., :2], drawn_points(board.sheet))
        assert seen == pytest.approx(said(x.reshape(-1, 3)).reshape(seen.shape), abs=1e-5)
        assert board.days.level == pytest.approx(said(before), abs=1e-5)
        blue = height_at(board.box, VIEW, board.point, board.day[1].get_center())
        assert blue == pytest.approx(said(film.scene.example.x[None])[0], abs=1e-5)
        every = dataset.in_views(predict(RUN, trace.parameters[k], dataset.features()))
        gaps.append(np.abs(every - labels).mean() / 1000)
        assert gaps[-1] == pytest.approx(loss(RUN, trace.parameters[k]) * dataset.scale / 1000), "what `loss` shows"
        assert float(board.tally[1].text) == pytest.approx(gaps[-1], abs=0.0051)
        assert int(board.tally[0].text) == trace.kept[k]
    assert gaps[1] < gaps[0] and film.beats[-1] == "days"
    assert any("1\u2009823" in part.source for part in board.tally if isinstance(part, TextMobject))
    line = film.scene.beats[-1].lines["en"]
    assert f"by {gaps[0]:.2f}k" in line and f"{gaps[1]:.2f}k." in line
    shown = {board.train(share) or int(board.tally[0].text) for share in np.linspace(0, 1, 50)}
    assert len(shown) > 20 and shown <= set(trace.kept.tolist())
    board.train(1.0)
    assert board.days in film.scene.mobjects and board.day not in film.scene.mobjects, "not one of those it learns from"


def test_the_mean_gap_runs_along_with_the_sheet(trace_of, film):
    board, trace, gaps = film.scene.board, trace_of(RUN), {}
    for share in np.linspace(0, 1, 41):
        board.train(share)
        update = int(board.tally[0].text.replace("\u2009", ""))
        theta = trace.parameters[trace.kept.tolist().index(update)]
        gaps[update] = loss(RUN, theta) * RUN.dataset.scale / 1000
        assert float(board.tally[1].text) == pytest.approx(gaps[update], abs=0.0051)
        assert all(glyph.get_fill_opacity() == 1 for glyph in board.tally[1][1:])
    assert len(gaps) > 20 and np.ptp(list(gaps.values())) > 2 * 0.01, "not one number all the time"


def test_the_view_comes_close_to_the_days_and_stays_true(film):
    scene, board = film.scene, film.scene.board
    (low, high), (first, last) = board.box.ground, board.wide.ground
    assert board.box == board.close and first <= low < high <= last
    points = np.vstack([board.days.x, board.point])
    assert ((low < points) & (points < high)).all()
    across = np.ptp(points)
    assert high - low == pytest.approx((1 + 2 * ROOM) * across) and ROOM < 0.2, "as close as the days let it come"
    assert high - low < 0.8 * (last - first), "which is seen"
    numbers = [label for label in board.ground._labels if label.value is not None]
    for share in (0.0, 0.5, 1.0):
        board.zoom(share)
        x = on_the_ground(scene)
        seen = height_at(board.box, VIEW, x[..., :2], drawn_points(board.sheet))
        said = predict(RUN, scene.theta, x.reshape(-1, 3))
        assert seen == pytest.approx(said.reshape(seen.shape)), "the same function, over less ground"
        for label in numbers:
            ends = board.box.heights if label.rim == 2 else board.box.ground
            assert ends[0] <= label.value <= ends[1] or label.text.get_fill_opacity() < 1
    assert sum(label.text.get_fill_opacity() == 1 for label in numbers if label.rim == 0) >= 2
    board.train(1.0)


def test_numbers_below_the_first_term_are_those_of_its_letters(film):
    scene, inner = film.scene, film.scene.board.first_term
    layers = unpack(RUN, scene.theta)
    own = [*layers.weights[0][0, :2], layers.biases[0][0], layers.c[0]]

    def shown():
        return [float(n.text.replace("\u2212", "-")) for group in inner.numbers for n in group]

    assert shown() == pytest.approx(own, abs=0.0051)
    sunk = scene.board.tried_values(Swing(lift=-1.0))
    assert sunk == pytest.approx([*own[:3], -own[3]])
    inner.show(sunk)
    assert shown() == pytest.approx(sunk, abs=0.0051)
    assert [len(group) for group in inner.numbers] == [len(names) for names in TRIED]


def test_b_is_written_where_the_flat_sheet_meets_its_axis(film):
    board = film.scene.board
    assert f"grey({board.surface.constant:.2f})" in board.tag.source
    low, high = board.wide.ground
    corner = board.wide.at((low, high), board.surface.constant, VIEW)
    assert board.tag.get_y() == pytest.approx(corner[1]) and board.tag.get_right()[0] < corner[0] - 0.3


def test_chinese_says_the_unit_that_the_axis_has(film):
    lines = [beat.lines["zh"] for beat in film.scene.beats]
    assert not any(re.search(r"\d[kM]", line) for line in lines)
    assert sum(len(re.findall(r"\d\.\d\d 千", line)) for line in lines) == 6
    assert zh_views({"label": "4.67M", "error": "431"}) == {"label_zh": "4.67 百万", "error_zh": "431"}


def test_ramps_are_those_of_the_state_that_is_shown(trace_of, film):
    scene, board = film.scene, film.scene.board
    board.train(0.0)
    theta = in_thousands(RUN, trace_of(RUN).parameters[0])
    first = surface_of(RUN, theta, scene.example.x, board.box.ground, len(board.ramps[0].axis))
    assert [ramp.heights for ramp in board.ramps] == [pytest.approx(term) for term in first.terms]
    board.train(1.0)


def test_a_state_that_the_box_does_not_hold_is_left_out(film):
    board = film.scene.board
    walk = board.walk
    wild = replace(walk, constant=walk.constant + 100.0 * (np.arange(len(walk.updates)) == 5))
    assert list(board._fitting(walk)) == list(range(len(walk.updates)))
    assert list(board._fitting(wild)) == [k for k in range(len(walk.updates)) if k != 5]


def test_the_first_ramp_is_swung_and_comes_back(film, tried):
    board, sheets = film.scene.board, np.array([sheet for _, sheet in tried])
    assert tried[-1][0] == pytest.approx(board.small.terms[0]), "it is as the network has it"
    assert sheets[-1] == pytest.approx(board.surface.height(1)), "b and the first term, on the large axes"
    assert board.box.heights[0] <= sheets.min() and sheets.max() <= board.box.heights[1], "the box has room for it"
    at = [tried_swing(k, share) for k, share in ((0, 0), (0, 1 / 2), (1, 0), (1, 1 / 2), (2, 0), (2, 1 / 2), (2, 1))]
    assert [round(swing.turn) for swing in at] == [0, 50, 0, 0, 0, 0, 0]
    assert [round(swing.move, 3) for swing in at] == [0, 0, 0, 0.3, 0, 0, 0]
    assert [round(swing.lift, 3) for swing in at] == [1, 1, 1, 1, 1, -1, 1], "sunk, not only made flat"


def test_the_gap_stands_clear_of_the_ground_and_x_2_below_its_ticks(film):
    board = film.scene.board
    floor = [board.ground.floor.point_from_proportion(share) for share in np.linspace(0, 1, 400)]
    away = np.abs(floor - board.card.get_center())[:, :2]
    assert (away > np.array([board.card.width, board.card.height]) / 2 + 0.1).any(axis=1).all()
    name = board.ground.labels[1]
    ticks = [tick for tick in board.ground.labels[3:] if tick.get_fill_opacity() == 1]
    left_of_rim = [tick for tick in ticks if tick.get_right()[0] < board.ground.floor.get_left()[0] + 0.5]
    assert name.get_top()[1] < min(tick.get_bottom()[1] for tick in left_of_rim)
    assert name.get_left()[0] > max(ramp.get_right()[0] for ramp in board.ramps)
    board.turn(0.5)
    assert name.get_x() == pytest.approx(board.ground.rims[1].get_x(), abs=0.6), "seen from the other side: its middle"
    board.turn(1.0)


def test_nothing_pops_up_while_the_surface_comes(media, quick_workers):
    lesson = load_lesson(None, {"network-diagram": {"run": RUN.model_dump()}}, ["network-diagram"])
    assert pipeline.find_jumps(lesson, RenderSettings(media_dir=media, first_beat="floor", last_beat="ramps")) == []


def test_too_few_near_days_are_left_out(play, monkeypatch):
    monkeypatch.setattr(network_surface, "FEWEST_DAYS", 15)
    played = play(NetworkDiagram, run=short(hidden=(1,)))
    assert played.beats[-1].startswith("turn") and len(played.scene.board.days.y) == 0
