"""The network as a surface: heights read back from the picture are the network's, whatever it is seen from."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict, unpack
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.network_diagram import NetworkDiagram, zh_views
from gradreel.scenes.lecture.networks.pictures.network_surface import FLAT, VIEW, NetworkSurface
from gradreel.scenes.lecture.networks.pictures.surface import Box, Sheet, View
from gradreel.scenes.lecture.runs import THREE_DAYS
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


@pytest.mark.parametrize("share", [1.0, 0.3, 0.0, (1.0, 0.4)])
def test_a_sheet_comes_from_a_point_of_its_ground(share):
    view, around = View(20.0), np.array([3.0, 5.5])
    share = np.array(share)
    sheet = Sheet(BOX, view, 9).show(hills(9), share, around)
    ground = around + share * (np.stack(np.meshgrid(sheet.axis, sheet.axis), axis=-1) - around)
    assert drawn_points(sheet) == pytest.approx(BOX.at(ground, hills(9), view))
    whole = Sheet(BOX, view, 9).show(hills(9), share).show(hills(9))
    assert drawn_points(whole) == pytest.approx(drawn_points(Sheet(BOX, view, 9).show(hills(9))))


@pytest.mark.parametrize("azimuth", ROUND)
def test_what_is_farther_away_is_drawn_first(azimuth):
    sheet = Sheet(BOX, View(azimuth), 9).show(np.full((9, 9), 4.0))
    middles = [strip.points[:, 1].mean() for strip in sheet.strips]
    assert (np.diff(middles) < 0).all(), "on a level sheet, what is farther away is higher in the picture"
    assert [part for part in sheet if part in sheet.strips] == sheet.strips
    assert (np.diff([lines.points[:, 1].mean() for lines in sheet.lines]) < 0).all()


# -- in the scene ------------------------------------------------------------------------------------------------------


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 2, **changes})


RUN = short()
KINDS = {
    "two days, relu": ("en", short(dataset=DailyViews(window=2), hidden=(2,), activation="relu")),
    "one unit, mine": ("zh", short(dataset=DailyViews(series=MINE, window=3), hidden=(1,), activation="hard_sigmoid")),
}


@pytest.fixture(scope="module")
def film(play):
    """Of each beat of the surface: the sheet's heights, the dots of the day."""

    def look(scene, beat):
        if not hasattr(scene, "board"):
            return None
        board = scene.board
        return board.sheet.heights.copy(), [dot.get_center() for dot in board.day[1:]]

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
    seen = height_at(scene.board.box, scene.board.view, x[..., :2], drawn_points(scene.board.sheet))
    assert seen == pytest.approx(said_by(trace_of, RUN, x.reshape(-1, 3) * 1000).reshape(seen.shape) / 1000)
    assert np.ptp(seen) > 0.1
    assert [held.source for held in scene.board.held] == ["$x_3$ \\= 5.71"]
    assert film.beats[-2:] == ["steps", "surface"]


def test_each_piece_is_first_a_curve_and_then_a_sheet_of_what_its_unit_adds(film):
    """Seen along x_2 a piece is a plot of x_1 and c_i a_i; that is how it begins, and the sheet is a line then."""
    board = film.scene.board
    layers = unpack(RUN, film.scene.theta)
    for i, piece in enumerate(NetworkSurface(film.scene).pieces_row):
        for share, view in ((0.0, FLAT), (1.0, VIEW)):
            piece.rise(share)
            x = np.column_stack([board.fine, *(np.full_like(board.fine, held) for held in board.x[1:])])
            added = layers.c[i] / (1 + np.exp(-(layers.biases[0][i] + x @ layers.weights[0][i])))
            drawn = np.vstack([piece.curve.get_start_anchors(), piece.curve.get_end()])
            assert drawn == pytest.approx(piece.box.at(x[:, :2], added, view), abs=1e-6)
            if share == 0:
                assert np.ptp([strip.points[:, 0].min() for strip in piece.sheet.strips]) < 0.1


def test_sheet_after_sheet_is_added_to_the_constant(film):
    board, layers = film.scene.board, unpack(RUN, film.scene.theta)
    assert film.seen["steps"][0] == pytest.approx(float(layers.b)), "a plane"
    board.show_sum(1)
    assert board.sheet.heights == pytest.approx(layers.b + board.heights[0])
    board.show_sum(1.5)
    assert board.sheet.heights == pytest.approx(layers.b + board.heights[0] + 0.5 * board.heights[1])
    board.show_sum(3)
    assert board.sheet.heights == pytest.approx(film.last[0])


def test_the_day_lies_on_the_surface_and_its_label_off_it(trace_of, film):
    scene, board, x = film.scene, film.scene.board, film.scene.example.x
    prediction, label = (float(height_at(board.box, board.view, x[:2], dot)) for dot in film.last[1])
    assert prediction == pytest.approx(said_by(trace_of, RUN, x[None] * 1000)[0] / 1000)
    assert label == pytest.approx(scene.example.label)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_network_has_its_surface(play, trace_of, name):
    lang, run = KINDS[name]
    played = play(NetworkDiagram, check_scene, lang=lang, run=run)
    scene = played.scene
    assert played.findings == []
    assert played.beats[-1] == "surface"
    assert len(scene.board.held) == run.dataset.window - 2
    x = on_the_ground(scene)
    seen = height_at(scene.board.box, scene.board.view, x[..., :2], drawn_points(scene.board.sheet))
    unit = 1000 if run.dataset.synthetic else 1
    expected = said_by(trace_of, run, x.reshape(-1, x.shape[-1]) * unit).reshape(seen.shape) / unit
    assert seen == pytest.approx(expected)


SMALL_VIEWS = 0.03 * (1 + 0.3 * np.sin(np.arange(120) * 0.9))
ALIKE = 5e6 + 300 * np.sin(np.arange(120) * 0.9)


def of_unit(note: str) -> tuple[float, float]:
    """The factor and the offset that are written at an axis."""
    power = re.search(r"times 10\^\((-?\d+)\)", note)
    offset = re.search(r"\+ ([\d\u2009.]+)", note.replace("\\", ""))
    return 10.0 ** int(power[1]) if power else 1.0, float(offset[1].replace("\u2009", "")) if offset else 0.0


@pytest.mark.parametrize(
    ("lang", "values", "window"), [("zh", SMALL_VIEWS, 5), ("en", ALIKE, 3)], ids=["small", "alike"]
)
def test_what_an_axis_leaves_out_of_its_numbers_is_written_at_it(play, lang, values, window):
    """A series whose numbers are long as they are; what is held stands left of the axis."""
    series = DailySeries(start=date(2024, 3, 1), values=tuple(map(float, values)), name="mine.csv")
    odd = play(NetworkDiagram, check_scene, lang=lang, run=short(dataset=DailyViews(series=series, window=window)))
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
    assert board.held.get_right()[0] < board.ground.head.get_left()[0] - 0.15
    assert shown[0].get_right()[0] < style.RIGHT_EDGE + 1e-6 and shown[0].get_bottom()[1] > -3.65


def test_chinese_says_the_unit_that_the_axis_has(film):
    lines = [beat.lines["zh"] for beat in film.scene.beats]
    assert not any(re.search(r"\d[kM]", line) for line in lines)
    assert sum(len(re.findall(r"\d\.\d\d 千", line)) for line in lines) == 2
    assert zh_views({"label": "4.67M", "error": "431"}) == {"label_zh": "4.67 百万", "error_zh": "431"}
