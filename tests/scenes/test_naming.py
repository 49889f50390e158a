"""One frame for each hidden layer, and names one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.lecture.deep.naming import BOX, Naming
from gradreel.scenes.lecture.deep.pictures.neuron import ARRIVED, LEFT, PLUS, NeuronView
from gradreel.scenes.style import palette
from gradreel.scenes.testing.layout import check_scene
from manim import FadeIn, FadeOut, Rectangle

SHAPES = {
    "lesson": {},
    "four layers": {"depth": 4, "width": 1000},
    "wide": {"width": 100, "depth": 2},
    "one by one": {"width": 1, "depth": 2},
}


@dataclass
class Film:
    """Plays the scene once for one network and stores observations at the ends of beats."""

    scene: Naming | None = None  # as it ended
    findings: list[str] = field(default_factory=list)  # of the layout
    names: dict[str, str] = field(default_factory=dict)
    heights: dict[str, float] = field(default_factory=dict)  # of the name
    emphasis: dict[str, dict[tuple[int, int], float]] = field(default_factory=dict)  # of the nodes, by column and place
    bright: list = field(default_factory=list)  # the lines that are, at "neuron"
    right: dict[str, float] = field(default_factory=dict)  # where the last column is
    clear: list[float] = field(
        default_factory=list
    )  # how far off nodes are from the lens, and the others from its rays
    lids: list[tuple[float, float, float]] = field(default_factory=list)  # left, right, height
    faded: list[tuple[str, str]] = field(default_factory=list)  # which words came ("in") and went ("out"), in order

    def look(self, scene, beat: str) -> None:
        self.findings.extend(map(str, check_scene(scene, beat)))
        columns = scene.diagram.columns
        nodes = [node for column in columns for node in column.nodes.values()]
        self.names[beat], self.heights[beat] = scene.name.source, float(scene.name.height)
        if beat in ("neuron", "network", "deep"):
            self.emphasis[beat] = {
                (c, k): n.emphasis for c, column in enumerate(columns) for k, n in column.nodes.items()
            }
        self.right[beat] = columns[-1].x
        if beat == "neuron":
            self.bright = [line for edges in scene.diagram.edges for line in edges if line.emphasis > 0.5]
            lens, seen = scene.lens, columns[-2].nodes[0]
            for node in nodes:
                self.clear.append(np.linalg.norm(node.get_center() - lens.middle) - lens.radius - node.radius)
                for line in lens.lines if node is not seen else ():
                    way = np.linspace(line.points[0], line.points[-1], 200)
                    self.clear.append(np.linalg.norm(way - node.get_center(), axis=1).min() - node.radius)

    def watch(self, scene, animations) -> None:
        here = [mobject for mobject in scene.get_mobject_family_members() if mobject in getattr(scene, "lid", ())]
        self.lids.extend((lid.get_left()[0], lid.get_right()[0], lid.height) for lid in here if type(lid) is Rectangle)
        for animation in animations:
            way = {FadeIn: "in", FadeOut: "out"}.get(type(animation))
            source = getattr(animation.mobject, "source", None)
            self.faded.extend([(way, source)] if way and source else [])


@pytest.fixture(scope="module")
def filmed(play):
    """``filmed("lesson")``: of one of the `SHAPES`, played once for all tests."""

    @cache
    def film_of(shape: str) -> Film:
        film, play_on = Film(), Naming.play

        def watched(scene, *animations, **options):
            play_on(scene, *animations, **options)
            film.watch(scene, animations)

        with patch.object(Naming, "play", watched):
            film.scene = play(Naming, film.look, **SHAPES[shape]).scene
        return film

    return film_of


def test_names_follow_each_other(filmed):
    names = filmed("lesson").names
    assert list(dict.fromkeys(names.values())) == ["Sums of sums of ReLUs", "Neural network", "Deep learning"]
    assert names["neuron"] != names["network"] != names["deep"]


@pytest.mark.parametrize(("shape", "depth"), [("wide", 2), ("four layers", 4)])
def test_each_hidden_layer_has_a_frame(filmed, shape, depth):
    scene = filmed(shape).scene
    hidden = scene.diagram.columns[1:-1]
    assert len(scene.frames) == len(hidden) == depth
    for frame, column in zip(scene.frames, hidden, strict=True):
        for node in column.nodes.values():
            assert frame.get_left()[0] < node.get_left()[0] and node.get_right()[0] < frame.get_right()[0]
            assert frame.get_bottom()[1] < node.get_bottom()[1] and node.get_top()[1] < frame.get_top()[1]
    bracket = scene.bracket
    assert bracket.get_left()[0] == pytest.approx(scene.frames[0].get_left()[0], abs=0.02)
    assert bracket.get_right()[0] == pytest.approx(scene.frames[-1].get_right()[0], abs=0.02)


def test_one_neuron_is_bright_while_it_is_named(filmed):
    film = filmed("lesson")
    shares = film.emphasis["neuron"]
    assert [place for place, share in shares.items() if share == 1.0] == [(len(film.scene.diagram.columns) - 2, 0)]
    assert film.bright == list(film.scene.diagram.edges[-2].into(0))  # what goes out belongs to the next ones
    for beat in ("network", "deep"):
        assert set(film.emphasis[beat].values()) == {1.0}


@pytest.mark.parametrize("shape", ["lesson", "four layers", "one by one"])
def test_the_neuron_seen_from_near_hides_nothing(filmed, shape):
    film = filmed(shape)
    assert min(film.clear) > 0
    for beat in ("nameless", "network", "deep"):
        assert film.right[beat] == pytest.approx(BOX[1])  # the network has all its room


def test_signals_meet_at_the_plus_and_leave_through_the_relu():
    view = NeuronView(0.0, 0.0, 1.0)
    signals = view.signals()
    signals.begin()
    fired, dots = signals.mobject
    starts = [dot.get_center() for dot in dots]
    assert np.linalg.norm(starts, axis=1) == pytest.approx(np.full(len(starts), 0.99), abs=0.01)
    for time, place in ((ARRIVED, view.plus), (LEFT, view.end), (1.0, view.end)):
        signals.interpolate(time)
        assert [dot.get_center() for dot in dots] == [pytest.approx(place, abs=1e-3)] * len(starts)
        assert (fired.get_stroke_opacity() > 0.9) == (time == LEFT), "bright while something goes out"


def test_the_drawing_grows_into_a_cell_inside_the_window():
    view = NeuronView(0.0, 0.0, 1.0)
    assert view.submobjects[1] is view.cell
    inked = view.cell.family_members_with_points()
    assert {part.get_fill_opacity() for part in inked} == {0.0}, "the drawing alone is seen at first"
    growing = view.becomes_cell()
    growing.begin()
    areas = []
    for share in (0.01, 0.5, 1.0):
        growing.interpolate(share)
        areas.append(sum(branch.shape.width * branch.shape.height for branch in view.cell.branches))
    assert areas == sorted(areas)
    points = np.concatenate([part.points for part in view.cell.get_family()])
    assert np.linalg.norm(points, axis=1).max() < 0.995
    assert len({part.get_fill_color() for part in inked}) == 1 and palette.background not in {inked[0].get_fill_color()}
    left = [part for drawn in view.leaving for part in drawn.family_members_with_points()]
    assert {part.get_stroke_opacity() for part in left} == {part.get_fill_opacity() for part in left} == {0.0}
    # The nucleus is the plus's ring, grown smaller in its place
    np.testing.assert_allclose(view.sum_ring.get_center(), view.plus, atol=1e-9)
    assert view.sum_ring.width < 2 * PLUS[1] * view.radius


def test_a_lid_covers_all_between_the_two_ends_and_opens(filmed):
    film, scene = filmed("lesson"), filmed("lesson").scene
    left, right, height = max(film.lids, key=lambda lid: lid[2])
    ends = scene.diagram.columns[0], scene.diagram.columns[-1]
    assert ends[0].get_right()[0] < left < scene.frames[0].get_left()[0]
    assert scene.frames[-1].get_right()[0] < right < ends[1].get_left()[0]
    assert height > scene.frames[0].height
    assert scene.lid not in scene.mobjects
    assert scene.ends[0].baseline == pytest.approx(scene.ends[1].baseline)


def test_the_name_swells_and_shrinks_below_its_first_size(filmed):
    heights = filmed("lesson").heights
    assert heights["network"] < 0.7 * heights["nameless"]


def test_the_old_name_does_not_return(filmed):
    """The plate stays empty until the last name comes."""
    wanted = ("Neural network", "Deep learning", "hidden layer")
    names = [(way, source) for way, source in filmed("lesson").faded if source in wanted]
    assert names[0] == ("in", "Neural network")
    assert names[1:3] == [("out", "Neural network"), ("in", "hidden layer")]
    assert names[-1] == ("in", "Deep learning")


@pytest.mark.parametrize("shape", ["one by one", "wide"])
def test_no_label_covers_a_node(filmed, shape):
    scene = filmed(shape).scene
    nodes = [node for column in scene.diagram.columns for node in column.nodes.values()]
    for text in (*scene.labels, *scene.ends, scene.deep):
        for node in nodes:
            apart = np.abs(text.get_center() - node.get_center())[:2]
            assert (apart > np.array([text.width + node.width, text.height + node.height]) / 2).any()


@pytest.mark.parametrize("shape", ["one by one", "four layers"])
def test_layout_at_the_bounds(filmed, shape):
    assert filmed(shape).findings == []


def test_bad_width_is_named():
    with pytest.raises(UserError, match=r"naming.width: .*1 \(got 0\)"):
        Naming.validated({"width": 0})
