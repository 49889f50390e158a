"""why-gradient: every cell is the loss of a line, every count is computed, and the words say what the counts say."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.network.theta import loss
from gradreel.scenes.lecture.optimization.pictures.count_of_tries import Tries
from gradreel.scenes.lecture.optimization.pictures.more_sigmoids import CURVE, HIGH, LOW
from gradreel.scenes.lecture.optimization.why_gradient import LARGE, WhyGradient
from gradreel.scenes.testing.layout import check_scene

RUN = WhyGradient.experiments(WhyGradient.Parameters())["line"]
RED = RUN.dataset


@pytest.fixture(scope="module")
def ended(play):
    """``ended(beat, **parameters)``: the scene as the beat leaves it, played once for all tests; only to look at."""
    return cache(lambda beat, **parameters: play(WhyGradient, until=beat, **parameters).scene)


def drawn_line(scene) -> tuple[float, float]:
    """(w, height in the middle) of the line on the screen."""
    plot, line = scene.board.plot, scene.board.line
    (x0, y0), (x1, y1) = plot.data(line.get_start()), plot.data(line.get_end())
    w = (y1 - y0) / (x1 - x0)
    return w, y0 + w * (RED.offset - x0)


@pytest.mark.parametrize("values", [3, 20])
def test_the_ring_is_at_the_least_loss_of_all_tried_ones(ended, values):
    scene = ended("scan", values=values)
    land = scene.board.land
    x, y = RED.x() - RED.offset, RED.labels()
    tried = [
        (np.mean((b + w * x - y) ** 2), w, b) for w in np.linspace(-1, 1, values) for b in np.linspace(0, 4, values)
    ]
    least, best_w, best_b = min(tried)
    assert land.best == pytest.approx([best_w, best_b], abs=1e-9)
    assert drawn_line(scene) == (pytest.approx(best_w, abs=1e-6), pytest.approx(best_b, abs=1e-6))
    assert land.losses.min() == pytest.approx(least) and land.tried.all()
    land = land.copy().stand(0.0)  # the scene is shared, and other beats have tilted it
    np.testing.assert_allclose(scene.ring.get_center()[:2], land.at(land.best)[:2], atol=1e-9)
    np.testing.assert_allclose(scene.board.pivot.get_center(), scene.board.plot.at(RED.offset, best_b), atol=1e-9)


def test_in_the_end_each_tile_has_risen_to_its_loss_and_the_best_line_is_drawn(ended):
    scene = ended("rise")
    board, land = scene.board, scene.board.land
    for row, column in ((0, 0), (3, 17), (19, 19)):
        corners = land.at(land.corners[row : row + 2, column : column + 2])
        assert any(
            np.allclose(np.sort(tile.get_start_anchors(), axis=0), np.sort(corners.reshape(4, 3), axis=0), atol=1e-9)
            for tile in land.tiles
        )
    np.testing.assert_allclose(land.losses, loss(RUN, land.middles))
    assert drawn_line(scene) == pytest.approx(tuple(land.best), abs=1e-6)
    assert land.upright in scene.mobjects and board.formula not in scene.mobjects


def test_the_counts_are_those_of_the_networks(ended):
    scene = ended("many")
    rows, digits = [*scene.rows, scene.pages[0]], scene.pages[1][0].source
    sources = [row.power.source for row in rows if hasattr(row, "power")]
    assert LARGE.n_parameters == depth_experiments(depths=(3,))[0].n_parameters == 26_001
    assert '20^2 = "400"' in sources[0] and "20^16 approx 6.6 dot 10^20" in sources[1] and "20^26001" in sources[2]
    assert digits.replace("\u2009", "").startswith(str(Tries(20, 26_001).digits))


def test_sigmoids_appear_one_by_one_and_can_be_left_out(ended):
    for counts in ((3, 5), (5, 3), (4, 4)):
        assert f"sum_(i=1)^{counts[-1]})" in ended("sigmoids", sigmoids=counts).sum_formula.source


def test_more_sigmoids_come_nearer_to_red_and_eight_lie_on_it(ended):
    def missed(*counts) -> float:
        bends = ended("sigmoids", sigmoids=counts).bends
        plot, line = bends.plot, bends.sum
        drawn = np.array([plot.data(point) for point in [*line.get_start_anchors(), line.get_end()]])
        assert (drawn[0, 0], drawn[-1, 0]) == (LOW, pytest.approx(HIGH))
        return float(np.abs(drawn[:, 1] - CURVE(drawn[:, 0])).max())

    height = np.ptp(CURVE(np.linspace(LOW, HIGH, 400)))
    errors = [missed(3), missed(3, 5), missed(5, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.03 * height


@pytest.mark.parametrize(
    ("parameters", "language", "theme"),
    [
        ({"values": 40, "sigmoids": (1,)}, "zh", "dark"),
        ({"values": 3, "sigmoids": (20, 1, 20, 1, 20)}, "en", "light"),
    ],
    ids=["few", "many"],
)
def test_extremes_stay_readable(play, parameters, language, theme):
    assert play(WhyGradient, check_scene, lang=language, theme=theme, **parameters).findings == []
