"""One frame for each hidden layer, and names one after the other."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.scenes.lecture.deep.naming import BOX, Naming
from gradreel.scenes.testing.layout import check_scene

SHAPES = {"lesson": {}, "four layers": {"depth": 4, "width": 1000}, "one by one": {"width": 1, "depth": 2}}


def look(scene, beat):
    columns = scene.diagram.columns
    nodes = {(c, k): node for c, column in enumerate(columns) for k, node in column.nodes.items()}
    seen = SimpleNamespace(findings=check_scene(scene, beat), name=scene.name.source, right=columns[-1].x, apart=[])
    seen.emphasis = {at: node.emphasis for at, node in nodes.items()} if beat != "nameless" else {}
    if beat == "neuron":
        seen.bright = [line for edges in scene.diagram.edges for line in edges if line.emphasis > 0.5]
        for node in nodes.values():  # from the lens, and from its rays
            seen.apart.append(np.linalg.norm(node.get_center() - scene.lens.middle) - scene.lens.radius - node.radius)
            for line in scene.lens.lines if node is not columns[-2].nodes[0] else ():
                way = np.linspace(line.points[0], line.points[-1], 200)
                seen.apart.append(np.linalg.norm(way - node.get_center(), axis=1).min() - node.radius)
    return seen


@pytest.fixture(scope="module")
def filmed(play):
    """``filmed("lesson")``: of one of the `SHAPES`, played once for all tests."""
    return cache(lambda shape: play(Naming, look, **SHAPES[shape]))


def test_names_follow_each_other(filmed):
    names = [seen.name for seen in filmed("lesson").seen.values()]
    assert list(dict.fromkeys(names)) == ["Sums of sums of ReLUs", "Neural network", "Deep learning"]


def test_each_hidden_layer_has_a_frame(filmed):
    scene = filmed("four layers").scene
    hidden = scene.diagram.columns[1:-1]
    assert len(scene.frames) == len(hidden) == 4
    for frame, column in zip(scene.frames, hidden, strict=True):
        for node in column.nodes.values():
            assert frame.get_left()[0] < node.get_left()[0] and node.get_right()[0] < frame.get_right()[0]
            assert frame.get_bottom()[1] < node.get_bottom()[1] and node.get_top()[1] < frame.get_top()[1]
    assert scene.bracket.get_left()[0] == pytest.approx(scene.frames[0].get_left()[0], abs=0.02)
    assert scene.bracket.get_right()[0] == pytest.approx(scene.frames[-1].get_right()[0], abs=0.02)


def test_one_neuron_is_bright_while_it_is_named(filmed):
    seen, diagram = filmed("lesson").seen, filmed("lesson").scene.diagram
    bright = [place for place, share in seen["neuron"].emphasis.items() if share == 1.0]
    assert bright == [(len(diagram.columns) - 2, 0)]
    assert seen["neuron"].bright == list(diagram.edges[-2].into(0))  # what goes out belongs to the next ones
    assert all(set(seen[beat].emphasis.values()) == {1.0} for beat in ("network", "deep"))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_neuron_seen_from_near_hides_nothing_and_the_layout_holds(filmed, shape):
    seen = filmed(shape).seen
    assert min(seen["neuron"].apart) > 0
    assert [seen[beat].right for beat in ("nameless", "network", "deep")] == pytest.approx([BOX[1]] * 3), "all its room"
    assert [there.findings for there in seen.values() if there.findings] == []
