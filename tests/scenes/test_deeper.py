"""Towers are as high as their networks have layers, to one scale."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.layout import check_beats
from gradreel.scenes.lecture.deeper import GROUND, NETWORKS, TOP, DeeperAndDeeper
from gradreel.scenes.mobjects.tower import SLAB, TAIPEI_FLOORS, Taipei101, Tower
from gradreel.scenes.stills import visit_beats

TINY = (160, 90)
TWO = [{"name": "Low", "year": 2000, "layers": 4}, {"name": "High", "year": 2001, "layers": 60}]
CROWD = [{"name": "Mmmmmmmmmmmm", "year": 2000, "layers": layers, "error": 0.123} for layers in (2, 3, 3, 2, 2000)]


def play(look, networks=None, **context):
    """Call look(scene, beat) at each beat's end; the names of the beats."""
    beats = []

    def at_beat(scene, beat):
        beats.append(beat)
        look(scene, beat)

    visit_beats(DeeperAndDeeper, at_beat, {} if networks is None else {"networks": networks}, None, TINY)
    return beats


def heights(scene) -> list[float]:
    """How high each tower's highest slab reaches over the ground, the building's outline last; only what stands."""
    columns = [*scene.columns, scene.building]
    return [float(c.tower.get_top()[1] - GROUND) for c in columns if c.tower in c.submobjects]


def floors(networks) -> np.ndarray:
    """The highest slab's upper edge in floors."""
    return np.array([network.layers - (1 - SLAB) for network in networks])


def test_all_towers_have_one_scale_at_every_beat():
    def look(scene, beat):
        stands = {"first": 1, "more-better": 3}.get(beat, 4)
        towers = heights(scene)[:stands]
        assert towers == pytest.approx(scene.floor * floors(NETWORKS[:stands]), abs=1e-6)

    assert play(look) == ["first", "more-better", "last-taller", "tricks"]


def test_the_building_has_its_storeys_in_the_same_scale():
    seen = {}
    play(lambda scene, beat: seen.update({beat: (heights(scene), scene.floor)}))
    towers, floor = seen["last-taller"]
    assert towers[-1] == pytest.approx(TAIPEI_FLOORS * floor, abs=1e-6)
    assert towers[-2] > towers[-1]  # 152 layers are more than 101 storeys
    assert towers[-2] <= TOP - GROUND


def test_the_building_is_higher_than_a_lower_network():
    seen = {}
    beats = play(lambda scene, beat: seen.update({beat: heights(scene)}), TWO)
    assert beats == ["first-plain", "last-lower", "tricks"]
    assert seen["last-lower"][-1] > seen["last-lower"][-2]


def test_other_layers_make_another_picture_and_count():
    def end(networks):
        seen = []
        play(lambda scene, beat: seen.append((heights(scene)[0], scene.columns[0].count.text)), networks)
        return seen[-1]

    (low, few), (high, more) = end(TWO), end([{**TWO[0], "layers": 30}, TWO[1]])
    assert (few, more) == ("4", "30")
    assert high == pytest.approx(low * (30 - 1 + SLAB) / (4 - 1 + SLAB))


def test_the_last_tower_is_lit_floor_by_floor():
    def look(scene, beat):
        if beat == "tricks":
            column = scene.columns[-1]
            column.light(0.5)
            assert column.count.text == "76"
            assert column.lit.get_top()[1] - GROUND == pytest.approx(scene.floor * (76 - (1 - SLAB)))

    play(look)


def test_errors_that_are_not_the_lectures_wear_a_star():
    def look(scene, beat):
        if beat == "tricks":
            errors = [column.texts[2][0].source for column in scene.columns]
            assert errors == ["16.4 %", "7.3 %", "6.7 %", r"3.57 %\*"]

    play(look)


def test_years_do_not_go_back():
    with pytest.raises(UserError, match=r"High \(2001\).*in the order of their years|Low \(2000\) comes after High"):
        DeeperAndDeeper.validated({"networks": TWO[::-1]})


@pytest.mark.parametrize(("change", "message"), [({"layers": 1}, "layers"), ({"error": 101}, "error")])
def test_bad_networks_are_named(change, message):
    with pytest.raises(UserError, match=rf"deeper-and-deeper.networks.0.{message}.*got"):
        DeeperAndDeeper.validated({"networks": [{**TWO[0], **change}, TWO[1]]})


@pytest.mark.parametrize("networks", [TWO, CROWD, CROWD[::4]], ids=["two", "five", "a low and a very high one"])
def test_layout_of_ones_own(networks):
    assert check_beats(DeeperAndDeeper, {"networks": networks}) == []


def test_a_tower_has_a_slab_for_each_layer_floor_upon_floor():
    slabs = Tower(7, "#ffffff").stand(0.0, -1.0, 2.0, 0.5).points.reshape(7, -1, 3)[..., 1]
    assert slabs.min(axis=1) == pytest.approx(-1.0 + 0.5 * np.arange(7))
    assert slabs.max(axis=1) - slabs.min(axis=1) == pytest.approx(np.full(7, SLAB * 0.5))


def test_a_tower_in_the_middle_of_growing_has_part_of_a_floor():
    tower = Tower(10, "#ffffff").stand(1.0, 0.0, 2.0, 0.5, built=3.25)
    assert tower.get_top()[1] == pytest.approx((3 + 0.25) * 0.5)
    assert (tower.get_left()[0], tower.get_right()[0]) == pytest.approx((0.0, 2.0))
    assert Taipei101().stand(0.0, 0.0, 2.0, 0.5, built=20).get_top()[1] == pytest.approx(10.0)
