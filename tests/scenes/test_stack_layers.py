"""Layer upon layer: counted parameters, and a formula under each column."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes.lecture.deep.pictures.folded_line import (
    SAMPLES,
    DotThroughTwice,
    FoldPanels,
    TwoRelus,
    fold,
)
from gradreel.scenes.lecture.deep.pictures.layer_stack import (
    layer_source,
    output_source,
    short_formula,
)
from gradreel.scenes.lecture.deep.stack_layers import StackLayers
from gradreel.scenes.lecture.many_layers import ManyLayers
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.testing.layout import check_scene

SHAPES = {2: (1, 2, 1), 3: (100, 3, 56), 4: (1000, 4, 56)}  # depth -> width, depth, window; the bounds' ends among them


@dataclass
class Film:
    """Plays the scene once for one network and stores observations at the ends of beats."""

    scene: StackLayers | None = None  # as it ended
    formulas: dict[str, list[str]] = field(default_factory=dict)
    sizes: list[float] = field(default_factory=list)
    counted: list[tuple[int, int]] = field(default_factory=list)  # layers and parameters, as they add up
    findings: list[str] = field(default_factory=list)

    def look(self, scene, beat: str) -> None:
        here = scene.get_mobject_family_members()
        self.formulas[beat] = [text.source for text in scene.stack.formulas if text in here]
        self.sizes.append(scene.stack.size)
        self.findings.extend(map(str, check_scene(scene, beat)))


@pytest.fixture(scope="module")
def filmed(play):
    """``filmed(3)``: of one of the `SHAPES`, played once for all tests."""

    @cache
    def film_of(depth: int) -> Film:
        film, total, (width, _, window) = Film(), StackLayers._total, SHAPES[depth]

        def counted(scene, layers, count):
            film.counted.append((layers, round(count)))
            return total(scene, layers, count)

        with patch.object(StackLayers, "_total", counted):
            data = DailyViews(window=window)
            film.scene = play(StackLayers, film.look, width=width, depth=depth, dataset=data).scene
        return film

    return film_of


@pytest.mark.parametrize(("width", "depth", "window"), SHAPES.values())
def test_counts_are_those_of_the_network(filmed, width, depth, window):
    scene = filmed(depth).scene
    counts = scene.stack.layer_sizes
    run = Experiment(dataset=DailyViews(window=window), hidden=(width,) * depth, activation="relu")
    assert (depth, run.n_parameters) in filmed(depth).counted and run.n_parameters == sum(counts)
    assert counts == [width * (window + 1), *[width * (width + 1)] * (depth - 1), width + 1]
    assert len(scene.diagram.columns) == depth + 2
    assert filmed(depth).findings == []


def test_each_layer_takes_the_previous_layers_output():
    assert "bold(x)" in layer_source(0)
    for k in (1, 2):
        made = layer_source(k - 1).split('part("equals"')[0].split("blue(")[1].split("))")[0] + ")"
        assert f"blue({made}))" in layer_source(k).split('part("x"')[1]


@pytest.mark.parametrize("depth", SHAPES)
def test_with_many_layers_only_the_newest_formula_is_spelled_out(filmed, depth):
    film = filmed(depth)
    seen, texts = film.formulas, film.scene.stack.formulas
    both = [formula(layer_source(k)).source for k in (0, 1)]
    assert (seen["once"], seen["again"]) == (both[:1], both)
    assert seen["more"] == [*(short_formula(k).source for k in range(depth)), formula(output_source(depth)).source]
    assert min(film.sizes) > 25
    lefts, rights = ([getattr(text, end)()[0] for text in texts] for end in ("get_left", "get_right"))
    assert all(left - right > 0.5 for right, left in zip(rights, lefts[1:], strict=False))


def test_a_hundred_layers_fit_from_far_away_and_the_parameters_of_as_many_are_counted(filmed):
    scene = filmed(3).scene
    assert filmed(3).counted[-1] == (100, 100 * (56 + 1) + 99 * 100 * (100 + 1) + 101) == max(filmed(3).counted)
    assert scene.many.get_left()[0] == pytest.approx(scene.diagram.columns[0].x, abs=0.03)
    many = ManyLayers(100, (-5.0, 5.0, -1.0, 1.0), -2.0, 3.0, 0.5)
    assert (many.inside(0.0), many.inside(1.0)) == (4, 100)
    assert (many.get_left()[0], many.show(1.0).get_left()[0]) == pytest.approx((-2.25, -5.0), abs=0.03)
    assert many.get_right()[0] == pytest.approx(5.0, abs=0.03)


def test_each_fold_more_than_doubles_the_corners_as_the_text_says(play):
    drawn = play(StackLayers, until="third", width=3).scene.folded
    y = np.linspace(0.0, 1.0, SAMPLES)
    for curve, corners in zip(drawn, (1, 3, 7), strict=True):
        y = fold(y)
        heights = np.append(curve.get_start_anchors()[:, 1], curve.get_end()[1])
        np.testing.assert_allclose(heights - heights.min(), y * np.ptp(heights), atol=1e-9)
        assert (np.abs(np.diff(y, 2)) > 1e-9).sum() == corners


def test_the_two_relus_add_up_to_the_fold():
    two = TwoRelus()
    two.turn_down().interpolate(1.0)
    heights = np.append(two.sum.get_start_anchors()[:, 1], two.sum.get_end()[1])
    np.testing.assert_allclose([two.plot.data([0, y, 0])[1] for y in heights], fold(two.x), atol=1e-9)


@pytest.mark.parametrize("x", [0.1, 0.25, 0.5, 0.8])
def test_the_height_after_one_layer_is_as_long_as_the_input_of_the_next(x):
    dot = DotThroughTwice(FoldPanels(["", "", ""], "height"))
    dot.show(x)
    height, given = dot.heights[0], dot.inputs[1]
    assert height.height == pytest.approx(given.width) and height.height > 0.1
    first, second, both = (dot.panels.plots[k].data(dot.dots[k].get_center()) for k in range(3))
    assert first == pytest.approx((x, float(fold(np.array(x)))))
    assert second[0] == pytest.approx(first[1]) and both == pytest.approx((x, second[1]))
