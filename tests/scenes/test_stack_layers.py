"""Layer upon layer: counted parameters, and a formula under each column."""

from __future__ import annotations

import re

import numpy as np
import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes.lecture.deep.pictures.layer_stack import (
    ManyLayers,
    layer_sizes,
    layer_source,
    output_source,
    short_formula,
)
from gradreel.scenes.lecture.deep.stack_layers import StackLayers
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.testing.layout import check_beats
from manim import config


def digits(text: str) -> int:
    return int("".join(c for c in text if c.isdigit()))


@pytest.mark.parametrize(("width", "depth", "window"), [(100, 3, 56), (7, 2, 3), (1000, 4, 1)])
def test_counts_are_those_of_the_network(play, width, depth, window):
    scene = play(StackLayers, width=width, depth=depth, dataset=DailyViews(window=window)).scene
    counts, total = [digits(text.source) for text in scene.stack.counts], digits(scene.total.source)
    run = Experiment(dataset=DailyViews(window=window), hidden=(width,) * depth, activation="relu")
    assert total == run.n_parameters == sum(counts)
    assert counts == [width * (window + 1), *[width * (width + 1)] * (depth - 1), width + 1]
    assert len(scene.diagram.columns) == depth + 2


def test_layer_sizes_add_up_to_theta():
    run = Experiment(hidden=(5, 4, 3), activation="relu")
    assert layer_sizes(run) == [10, 24, 15, 4]
    assert sum(layer_sizes(run)) == run.n_parameters


def test_each_layer_takes_what_the_one_before_made():
    assert "bold(x)" in layer_source(0)
    for k in (1, 2):
        made = layer_source(k - 1).split('part("equals"')[0].split("blue(")[1].split("))")[0] + ")"
        assert f"blue({made}))" in layer_source(k).split('part("x"')[1]


def test_lines_and_formulas_go_with_their_columns(play):
    def look(scene, beat):
        shown = {"once": 1, "again": 2, "new": 2}.get(beat, 4)
        places = [column.x for column in scene.diagram.columns[: shown + 1]]
        assert places[0] == pytest.approx(-places[-1])
        assert np.diff(places) == pytest.approx(np.full(shown, places[1] - places[0]))
        for k, edges in enumerate(scene.diagram.edges[:shown]):
            for (i, j), line in edges.lines.items():
                target = scene.diagram.columns[k + 1].nodes[i].get_center()
                source = scene.diagram.columns[k].nodes[j].get_center()
                radius = scene.diagram.radius
                assert np.linalg.norm(line.get_start() - source) == pytest.approx(radius, abs=1e-4)
                assert np.linalg.norm(line.get_end() - target) == pytest.approx(radius, abs=1e-4)
        for text, x in zip(scene.stack.formulas[:shown], places[1:], strict=True):
            assert abs(text.get_center()[0] - x) < 0.7  # the last may be held back by the edge

    play(StackLayers, look)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_only_the_newest_formula_is_spelled_out_once_there_are_many_layers(play, depth):
    seen, sizes = {}, []

    def look(scene, beat):
        on_screen = scene.get_mobject_family_members()
        seen[beat] = [text.source for text in scene.stack.formulas if text in on_screen]
        sizes.append(scene.stack.size)

    scene = play(StackLayers, look, depth=depth).scene
    both = [formula(layer_source(k)).source for k in (0, 1)]
    assert (seen["once"], seen["again"], seen["new"]) == (both[:1], both, both)
    assert seen["more"] == [*(short_formula(k).source for k in range(depth)), formula(output_source(depth)).source]
    assert min(sizes) > 25
    lefts, rights = ([getattr(text, end)()[0] for text in scene.stack.formulas] for end in ("get_left", "get_right"))
    assert all(left - right > 0.5 for right, left in zip(rights, lefts[1:], strict=False))


def test_products_are_what_is_counted(play):
    scene = play(StackLayers, width=100, depth=2).scene
    numbers = [[digits(text) for text in re.findall(r"\d[\d\u2009]*", scene.stack.product(k).source)] for k in (0, 1)]
    assert [given * made + biases for given, made, biases, _ in numbers] == layer_sizes(scene.network)[:2]
    assert [count for *_, count in numbers] == layer_sizes(scene.network)[:2]


def test_a_hundred_layers_fit_from_far_away_and_their_parameters_are_counted(play, monkeypatch):
    counted = []
    plain = StackLayers._total
    monkeypatch.setattr(StackLayers, "_total", lambda self, count: counted.append(round(count)) or plain(self, count))
    scene = play(StackLayers, width=100, depth=3).scene
    assert max(counted) == 100 * (56 + 1) + 99 * 100 * (100 + 1)
    assert digits(scene.total.source) == scene.network.n_parameters
    many = ManyLayers(100, (-5.0, 5.0, -1.0, 1.0), -2.0, 3.0, 0.5)
    assert (many.inside(0.0), many.inside(1.0)) == (4, 100)
    assert (many.get_left()[0], many.show(1.0).get_left()[0]) == pytest.approx((-2.25, -5.0), abs=0.03)
    assert many.get_right()[0] == pytest.approx(5.0, abs=0.03)


def test_layers_come_in_over_the_edge_of_the_frame():
    many = ManyLayers(100, (-5.0, 5.0, -1.0, 1.0), -2.0, 3.0, 0.5)
    shares = np.linspace(0.0, 0.9, 2000)
    inside = [many.inside(share) for share in shares]
    arrivals = [share for share, before, now in zip(shares[1:], inside, inside[1:], strict=False) if now > before]
    edges = [many.show(share).get_right()[0] - 2 * many.half(share) for share in arrivals]  # left ones of the newest
    assert len(edges) > 10
    assert edges == pytest.approx([config.frame_width / 2] * len(edges), abs=0.05)


@pytest.mark.parametrize("parameters", [{"width": 1, "depth": 2}, {"width": 1000, "depth": 4}])
def test_layout_at_the_bounds(parameters):
    assert check_beats(StackLayers, parameters) == []


def test_bad_depth_is_named():
    with pytest.raises(UserError, match=r"stack-layers.depth: .*4 \(got 5\)"):
        StackLayers.validated({"depth": 5})
