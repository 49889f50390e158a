"""Tests of why-deep: the drawing shows the recorded networks, and the numbers decide the words."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.equal_budget import folding_network, network_bends, zigzag
from gradreel.core.datasets import PointsDataset, TwoSpirals
from gradreel.core.network.theta import loss, predict
from gradreel.scenes.lecture.deep.pictures import class_planes
from gradreel.scenes.lecture.deep.pictures.class_planes import SURENESS, ClassBoard, Plane
from gradreel.scenes.lecture.deep.pictures.layer_sheet import LayerSheet, layer_views
from gradreel.scenes.lecture.deep.pictures.network_curves import Curves
from gradreel.scenes.lecture.deep.why_deep import WhyDeep
from gradreel.scenes.testing.layout import check_scene
from numpy.typing import NDArray

POINTS = PointsDataset(points=TwoSpirals(turns=0.75, points=8))
QUICK = {"epochs": 40, "folds": 3, "seeds": (3, 2), "dataset": POINTS, "fat": 9, "deep": (4, 4), "learning_rate": 0.02}
EXTREMES = {
    "fewest": {"epochs": 20, "folds": 6, "dataset": {"points": [[0, 0, 0], [1e3, 0, 1]]}, "fat": 2, "deep": (1, 1, 1),
               "seeds": tuple(range(10))},
    "most": {"epochs": 20, "fat": 5000, "deep": (81, 81, 81, 81), "seeds": (1, 2)},
}  # fmt: skip


def test_the_last_view_has_its_cut_where_the_network_changes_its_answer(trace_of):
    run = WhyDeep.validated(QUICK).match().deep[0]
    theta = np.asarray(trace_of(run).parameters[-1])
    dots, said = POINTS.features(), predict(run, theta, POINTS.features())
    views = layer_views(run, theta, dots, PLACES)
    assert views.dots.shape == (3, len(dots), 2) and views.sheet.shape == (3, len(PLACES), 2)
    across = views.dots[-1][:, 0] - views.cut
    scale = across[0] / said[0]
    assert across == pytest.approx(scale * said), "the distance from the cut is the logit, in one scale"
    first = views.dots[0] - views.dots[0].mean(axis=0)
    plane = dots - dots.mean(axis=0)
    assert first == pytest.approx(first[0, 0] / plane[0, 0] * plane), "it begins as the plane is"


def test_the_sheet_goes_from_view_to_view_and_the_dots_lie_where_it_says(trace_of):
    run = WhyDeep.validated(QUICK).match().deep[0]
    theta = np.asarray(trace_of(run).parameters[-1])
    sheet, labels = LayerSheet(run, theta, Plane(POINTS)), POINTS.labels()
    for layers, views in ((1.0, sheet.views.dots[1]), (1.5, sheet.views.dots[1:].mean(axis=0))):
        sheet.show(layers)
        centers = sheet.red.points.reshape(int(labels.sum()), -1, 3).mean(axis=1)
        assert centers[:, :2] == pytest.approx(views[labels == 1], abs=0.02)


def ends(trace_of) -> np.ndarray:
    """Last losses by core, (2, S): fat, deep."""
    runs = WhyDeep.validated(QUICK).match()
    return np.array([[loss(run, trace_of(run).parameters[-1]) for run in side] for side in (runs.fat, runs.deep)])


def blue_at(board: ClassBoard, points: NDArray) -> np.ndarray:
    """(n,): how many of a board's bands of blue lie over each of points (n, 2), read from the picture."""
    places = board.at(points)[:, :2]
    return np.sum([inside(band, places) for band in board.bands], axis=0)


def inside(band, places: NDArray) -> np.ndarray:
    """(n,): whether each of places (n, 2) is within a filled shape: an odd number of edges lies to its right."""
    crossings = np.zeros(len(places), dtype=int)
    for path in band.get_subpaths():
        corners = np.array([*path[::4], path[-1]])[:, :2]
        for (x1, y1), (x2, y2) in pairwise(corners):
            between = (y1 > places[:, 1]) != (y2 > places[:, 1])
            with np.errstate(divide="ignore", invalid="ignore"):
                crossings += between & (places[:, 0] < x1 + (places[:, 1] - y1) * (x2 - x1) / (y2 - y1))
    return crossings % 2 == 1


def bands_of(run, theta: NDArray, points: NDArray) -> tuple[np.ndarray, np.ndarray]:
    """(n,): how many levels the probability of red lies above at each place, and whether it is clear of all of them."""
    probability = 1 / (1 + np.exp(-predict(run, theta, points)))
    levels = np.array(SURENESS)
    return (probability[:, None] > levels).sum(axis=1), (np.abs(probability[:, None] - levels) > 0.003).all(axis=1)


def drawn(curves: Curves) -> np.ndarray:
    """(n, 2): x and y of the blue curve, read from the picture."""
    points = [*curves.blue.get_start_anchors(), curves.blue.get_end()]
    return np.array([curves.plot.data(point) for point in points])


PLACES = np.random.default_rng(5).uniform(-0.9, 0.9, size=(60, 2))


@dataclass
class Film:
    """Plays a short match once; stores observations at the ends of beats and after each play of an animation."""

    folds: tuple = ()  # what `hand_built` says
    race: dict[int, list[NDArray]] = field(default_factory=dict)  # row -> of each network: blue at `PLACES`
    counts: list[str] = field(default_factory=list)  # what is written of the parameters
    counted: list[tuple] = field(default_factory=list)  # after each play: the counts of both, the bends drawn
    scene: WhyDeep | None = None  # as it ended

    def look(self, scene, beat: str) -> None:
        if beat == "folds":
            self.folds = hand_built(scene)
        if beat.startswith("race"):
            race = scene.race
            self.counts = [
                text.source
                for text in scene.get_mobject_family_members()
                if "parameters" in getattr(text, "source", "")
            ]
            for row in (scene.recorded.last, 0, 7):
                race.show(float(row))
                self.race[row] = [blue_at(board, PLACES) for board in race.boards]
            race.show(float(scene.recorded.last))

    def watch(self, scene) -> None:
        if hasattr(scene, "folds_counts") and not hasattr(scene, "alone_plane"):
            counts = tuple(tuple(int(n.text) for n in counts.numbers) for counts in scene.folds_counts)
            self.counted.append((*counts, tuple(map(bends_in, scene.hand))))


def hand_built(scene) -> tuple:
    """The counts of both networks built by hand, their curves, and how bright their ReLUs are."""
    counts = tuple([int(n.text) for n in counts.numbers] for counts in scene.folds_counts)
    lit = {node.emphasis for d in scene.small for c in d.columns[1:-1] for node in c.nodes.values()}
    return counts, [drawn(curves) for curves in scene.hand], lit


def bends_in(curves: Curves) -> int:
    x, y = drawn(curves).T
    slopes = np.diff(y)[np.diff(x) > 1e-9] / np.diff(x)[np.diff(x) > 1e-9]
    return int((np.abs(np.diff(slopes)) > 1e-3 * np.abs(slopes).max()).sum())


@pytest.fixture(scope="module")
def film(play) -> Film:
    """Play `QUICK` once for all tests and return the observations."""
    film, play_it = Film(), WhyDeep.play

    def watched(scene, *args, **kwargs):
        play_it(scene, *args, **kwargs)
        film.watch(scene)

    with patch.object(WhyDeep, "play", watched):
        film.scene = play(WhyDeep, film.look, **QUICK).scene
    return film


def test_planes_are_the_recorded_ones(film, trace_of):
    runs = WhyDeep.validated(QUICK).match()
    different = set()
    for row, shown in film.race.items():
        for run, blue in zip((runs.fat[0], runs.deep[0]), shown, strict=True):
            theta = np.asarray(trace_of(run).parameters[row])
            expected, clear = bands_of(run, theta, PLACES)
            assert clear.sum() > 40 and (blue[clear] == expected[clear]).all()
            different.add(tuple(expected))
    assert len(different) > 2
    assert [int(text.split()[0]) for text in film.counts] == [runs.fat[0].n_parameters, runs.deep[0].n_parameters]


def test_between_two_recorded_states_the_planes_are_in_between(film):
    match = film.scene.recorded
    for k in (0, 1):
        before, after, between = (match.said(k, row) for row in (3.0, 4.0, 3.25))
        assert between == pytest.approx(0.75 * before + 0.25 * after)
        assert not np.allclose(before, after)


def test_folds_double_the_bends_of_as_many_relus(film):
    (fat, deep), curves, lit = film.folds
    depth = QUICK["folds"]
    assert (fat, deep) == ([2 * depth, 2 * depth], [2 * depth, 2**depth])
    built = folding_network(depth)
    assert deep[1] == len(network_bends(built.network, built.theta))
    x, y = curves[1].T
    assert y == pytest.approx(zigzag(depth).curve()(x), abs=1e-6)
    x, y = curves[0].T
    there = x <= zigzag(depth).curve().x[2 * depth]
    assert y[there] == pytest.approx(zigzag(depth).curve()(x[there]), abs=1e-6)
    assert lit == {1.0}


def test_bends_are_counted_as_they_are_drawn_from_left_to_right(film):
    assert {fat[0] for fat, *_ in film.counted} == set(range(7))
    assert all(fat == (6, 6) for fat, deep, *_ in film.counted if deep[0]), (
        "the left one is done before the right one begins"
    )
    for fat, deep, seen in film.counted:
        assert (fat[1], deep[1]) == seen


def test_a_layers_relus_and_their_bends_are_counted_together(film):
    assert list(dict.fromkeys(deep for _, deep, *_ in film.counted)) == [(0, 0), (1, 1), (2, 2), (4, 4), (6, 8)]


def test_every_runs_loss_is_on_a_logarithmic_scale(film, trace_of):
    starts, losses = film.scene.starts, ends(trace_of)
    for k, (_, *dots) in enumerate(starts.pairs):
        for dot, loss_at_end in zip(dots, losses[:, k], strict=True):
            start, power = starts.plot.data(dot.get_center())
            assert start == pytest.approx(k + 1) and 10**power == pytest.approx(loss_at_end, rel=1e-6)
    counts = [int((losses[row] < losses[1 - row]).sum()) for row in (0, 1)]
    assert [text.source for text in starts.wins] == [f"wins {count} of 2" for count in counts]


@pytest.mark.parametrize(("name", "lang", "theme"), [("fewest", "zh", "light"), ("most", "en", "dark")])
def test_layout_at_the_bounds(play, name, lang, theme, monkeypatch):
    monkeypatch.setattr(class_planes, "GRID", 31)  # coarse shades: what the widest networks say takes most of the time
    assert play(WhyDeep, check_scene, lang=lang, theme=theme, **EXTREMES[name]).findings == []
