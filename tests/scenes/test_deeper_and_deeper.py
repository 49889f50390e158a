"""Towers are as high as their networks have layers, to one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.lecture.deep.deeper_and_deeper import NETWORKS, PICTURES, DeeperAndDeeper
from gradreel.scenes.lecture.deep.pictures.five_guesses import OfHundred
from gradreel.scenes.lecture.deep.pictures.skyline import (
    CELLAR,
    GROUND,
    SLAB,
    TAIPEI_FLOORS,
    TOP,
    Taipei101,
    Tower,
)
from gradreel.scenes.testing.layout import check_beats, check_scene

TWO = [{"name": "Low", "year": 2000, "layers": 4}, {"name": "High", "year": 2001, "layers": 60}]
CROWD = [{"name": "Mmmmmmmmmmmm", "year": 2000, "layers": layers, "error": 0.123} for layers in (2, 3, 3, 2, 2000)]

TALL = [{"name": f"N{k}", "year": 2000, "layers": 90 + k, "error": 3.0} for k in range(3)]


def test_a_networks_name_is_shown_literally(opening):
    networks = [TWO[0] | {"name": "$1 and $2"}, TWO[1] | {"name": "1$"}]
    columns = opening(DeeperAndDeeper, lambda scene: scene.columns, networks=networks)
    assert [len(column.texts[0][0]) for column in columns] == [len("$1and$2"), 2]  # a glyph a character


def heights(scene) -> list[float]:
    """How high each tower's highest slab reaches over the ground, the building's outline last; only what stands."""
    columns = [*scene.columns, scene.skyline.building]
    return [float(c.tower.get_top()[1] - GROUND) for c in columns if c.tower in c.submobjects]


def floors(networks) -> np.ndarray:
    """The highest slab's upper edge in floors."""
    return np.array([network.layers - (1 - SLAB) for network in networks])


@dataclass(frozen=True)
class Seen:
    """Return observations at the end of a beat."""

    heights: list[float]
    floor: float
    bars: list[tuple[str, float]]  # of the errors: number, how far down they reach
    findings: list[str]  # breaches of the rules of the picture

    @classmethod
    def of(cls, scene, beat: str) -> Seen:
        bars = [column.bar for column in scene.columns if column.bar] if beat == "last-taller-error" else []
        return cls(
            heights(scene),
            scene.skyline.floor,
            [(bar.text.source, CELLAR - bar.bar.get_bottom()[1]) for bar in bars],
            list(map(str, check_scene(scene, beat))),
        )


@pytest.fixture(scope="module")
def lesson(play):
    """The lesson's networks, played once for all tests: `Seen` at each beat."""
    return play(DeeperAndDeeper, Seen.of)


@pytest.fixture(scope="module")
def two(play):
    """`TWO`, whose errors are not known, played once."""
    return play(DeeperAndDeeper, Seen.of, networks=TWO)


def test_a_year_is_no_count(lesson):
    first = lesson.lines["first"]
    assert "In 2012," in first["en"] and "2012 年" in first["zh"]


def test_all_towers_have_one_scale_at_every_beat(lesson):
    for beat, seen in lesson.seen.items():
        stands = {"first": 1, "more-two-better": 3}.get(beat, 4)
        assert seen.heights[:stands] == pytest.approx(seen.floor * floors(NETWORKS[:stands]), abs=1e-6)
    assert lesson.beats == ["first", "more-two-better", "last-taller-error", "pictures-million"]


def test_the_building_has_its_storeys_in_the_same_scale(lesson):
    seen = lesson.seen["last-taller-error"]
    assert seen.heights[-1] == pytest.approx(TAIPEI_FLOORS * seen.floor, abs=1e-6)
    assert seen.heights[-2] > seen.heights[-1]  # 152 layers are more than 101 storeys
    assert seen.heights[-2] <= TOP - GROUND


@pytest.mark.parametrize("error", [16.4, 0.123, 100.0])
def test_as_much_of_a_hundred_squares_is_filled_as_is_wrong(error):
    squares = OfHundred(0.0, error, "of 100")
    whole = areas(squares.empty)
    assert len(whole) == 100 and areas(squares.filled).sum() == 0
    squares.show(1.0)
    assert areas(squares.filled).sum() == pytest.approx(error / 100 * whole.sum())


def areas(boxes) -> np.ndarray:
    """Return the area of each rectangle of a mobject."""
    points = boxes.points.reshape(-1, 16, 3)
    return np.prod(points.max(axis=1)[:, :2] - points.min(axis=1)[:, :2], axis=1)


def test_sources_of_errors_are_explained_only_for_the_lessons_networks(lesson, opening):
    def captions(scene):
        return " ".join(text.source for text in scene._row_names())

    assert "ImageNet" in captions(lesson.scene)
    assert "ImageNet" not in opening(DeeperAndDeeper, captions, networks=NETWORKS[:2])


def test_errors_hang_as_far_down_as_they_are_large(lesson):
    texts, depths = zip(*lesson.seen["last-taller-error"].bars, strict=True)
    assert texts == ("16.4", "7.3", "6.7", "3.57")
    assert np.array(depths) / depths[0] == pytest.approx([n.error / NETWORKS[0].error for n in NETWORKS])


@pytest.mark.parametrize("pictures", [PICTURES, 100])
def test_squares_are_as_large_as_their_data_and_a_cell_is_a_day_while_visible(two, play, pictures):
    scene = two.scene if pictures == PICTURES else play(DeeperAndDeeper, networks=TWO, pictures=pictures).scene
    assert (scene.squares.each[1] in scene.get_mobject_family_members()) is (pictures == 100)
    scene.squares.stand(0.0)
    squares = scene.squares.squares
    assert area(squares[0]) / area(squares[1]) == pytest.approx(pictures / len(DailyViews().labels()))


def area(cells) -> float:
    """Return the area that the outline encloses."""
    x, y, _ = cells.shape.get_start_anchors().T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


@pytest.mark.parametrize("networks", [CROWD, TALL], ids=["five", "tall ones"])
def test_a_users_networks_keep_the_layout_rules(networks, two):
    assert check_beats(DeeperAndDeeper, {"networks": networks}) == []
    assert [finding for seen in two.seen.values() for finding in seen.findings] == []


def test_a_tower_has_a_slab_for_each_layer_floor_upon_floor():
    slabs = Tower(7, "#ffffff").stand(0.0, -1.0, 2.0, 0.5).points.reshape(7, -1, 3)[..., 1]
    assert slabs.min(axis=1) == pytest.approx(-1.0 + 0.5 * np.arange(7))
    assert slabs.max(axis=1) - slabs.min(axis=1) == pytest.approx(np.full(7, SLAB * 0.5))


def test_a_tower_in_the_middle_of_growing_has_part_of_a_floor():
    tower = Tower(10, "#ffffff").stand(1.0, 0.0, 2.0, 0.5, built=3.25)
    assert tower.get_top()[1] == pytest.approx((3 + 0.25) * 0.5)
    assert (tower.get_left()[0], tower.get_right()[0]) == pytest.approx((0.0, 2.0))
    assert Taipei101().stand(0.0, 0.0, 2.0, 0.5, built=20).get_top()[1] == pytest.approx(10.0)
