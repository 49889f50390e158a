"""One frame for each hidden layer, and names one after the other."""

from __future__ import annotations

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.layout import check_beats
from gradreel.scenes.lecture.naming import Naming
from gradreel.scenes.stills import visit_beats

TINY = (160, 90)


def play(look, **parameters):
    beats = []

    def at_beat(scene, beat):
        beats.append(beat)
        look(scene, beat)

    visit_beats(Naming, at_beat, parameters, None, TINY)
    return beats


def test_names_follow_each_other():
    names = []
    assert play(lambda scene, beat: names.append(scene.name.source)) == [
        "nameless", "neuron", "network", "spoilt", "deep",
    ]  # fmt: skip
    assert names == ["?", "?", "Neural network", "Neural network", "Deep learning"]


@pytest.mark.parametrize("depth", [2, 4])
def test_each_hidden_layer_has_a_frame_round_it(depth):
    def look(scene, beat):
        if beat == "deep":
            hidden = scene.diagram.columns[1:-1]
            assert len(scene.frames) == len(hidden) == depth
            for frame, column in zip(scene.frames, hidden, strict=True):
                for node in column.nodes.values():
                    assert frame.get_left()[0] < node.get_left()[0] and node.get_right()[0] < frame.get_right()[0]
                    assert frame.get_bottom()[1] < node.get_bottom()[1] and node.get_top()[1] < frame.get_top()[1]
            bracket = scene.bracket
            assert bracket.get_left()[0] == pytest.approx(scene.frames[0].get_left()[0], abs=0.02)
            assert bracket.get_right()[0] == pytest.approx(scene.frames[-1].get_right()[0], abs=0.02)

    play(look, depth=depth)


def test_one_neuron_is_bright_when_it_is_named():
    def look(scene, beat):
        if beat == "neuron":
            shares = [node.emphasis for column in scene.diagram.columns for node in column.nodes.values()]
            assert shares.count(1.0) == 1
            assert scene.diagram.columns[1].nodes[0].emphasis == 1.0
        if beat in ("network", "deep"):
            assert all(node.emphasis == 1.0 for column in scene.diagram.columns for node in column.nodes.values())

    play(look)


@pytest.mark.parametrize("parameters", [{"width": 1, "depth": 2}, {"width": 1000, "depth": 4}])
def test_layout_at_the_bounds(parameters):
    assert check_beats(Naming, parameters) == []


def test_bad_width_is_named():
    with pytest.raises(UserError, match=r"naming.width: .*1 \(got 0\)"):
        Naming.validated({"width": 0})
