"""backprop: the orange numbers are the error's slopes, which nudges of the network on scaled views confirm."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.daily_views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.lecture_runs import THREE_DAYS
from gradreel.core.theta import parameter_names
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.core.written_out import example_of, forward, in_thousands, label_day
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.backprop import Backprop
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.stills import visit_beats

TINY = (320, 180)


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 2, **changes})


RUN, OTHER = short(), short(seed=1)
ENDS = {
    "one of one": short(dataset=DailyViews(window=1), hidden=(1,)),
    "five of five, relu": short(dataset=DailyViews(window=5), hidden=(5,), activation="relu", loss="mse"),
}


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for run in (RUN, OTHER, *ENDS.values()):
        train(run, folder / "traces")
    return folder


def play(media: Path, look=lambda scene, beat: None, lang: str = "en", **parameters):
    """Call look(scene, beat) at each beat's end; the names of the beats, and the scene as it ended."""
    beats, scenes = [], []

    def at_beat(scene, beat):
        beats.append(beat)
        scenes.append(scene)
        look(scene, beat)

    visit_beats(Backprop, at_beat, parameters, SceneContext(media_dir=media, language=lang), TINY)
    return beats, scenes[-1]


def number(text: TextMobject) -> float:
    return float(re.sub(r"[^0-9.\-]", "", text.source.replace("\u2212", "-").replace("\\-", "-")))


def slopes_by_hand(media: Path, run: Experiment, day: date) -> dict[str, float]:
    """Each parameter's slope in thousand views, by nudging it both ways."""
    theta = in_thousands(run, Trace.find(media / "traces", run).parameters[-1])
    example = example_of(run.dataset, day)
    slopes = {}
    for k, name in enumerate(parameter_names(run)):
        errors = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[k] += sign * 1e-6
            errors.append(forward(run, moved, example.x, example.label).error)
        slopes[name] = (errors[0] - errors[1]) / 2e-6
    return slopes


@pytest.fixture(scope="module")
def film(media):
    seen = {}

    def look(scene, beat):
        shown = getattr(scene, "shown", [])
        seen[beat] = len(shown)
        if beat.startswith("nudge"):
            seen["rule"] = scene.rule.source

    seen["beats"], seen["scene"] = play(media, look, run=RUN)
    return seen


def test_forward_then_backward_then_by_hand(film):
    assert [beat.removesuffix("-near") for beat in film["beats"]] == ["forward", "output", "hidden", "nudge", "count"]
    assert film["forward"] == 0
    assert film["output"] == 1 + 3 + 1  # by y, of each c, of b
    assert film["hidden"] == 5 + 3 + 3 + 9  # by each a, of each b_i, of each w


def test_every_line_carries_the_slope_of_its_parameter(film, media):
    scene, slopes = film["scene"], slopes_by_hand(media, RUN, date(2021, 1, 25))
    for (k, i, j), label in scene.slope_of.items():
        name = f"w_{i + 1}_{j + 1}" if k == 0 else f"c_{j + 1}"
        assert number(label[1]) == pytest.approx(slopes[name], abs=0.0051)
        nearest = min(scene.diagram.edges[k].lines.values(), key=lambda line: _distance(line, label))
        assert nearest is scene.diagram.edges[k].line(i, j)


def _distance(line, label) -> float:
    """Of the label's middle from the straight line."""
    (start, end), point = line.ends, label.get_center()
    way = (end - start) / np.linalg.norm(end - start)
    return float(np.linalg.norm(np.cross(way, point - start)))


def test_the_larger_a_slope_the_thicker_its_line(film, media):
    scene, slopes = film["scene"], slopes_by_hand(media, RUN, date(2021, 1, 25))
    widths = {at: line.get_stroke_width() for at, line in scene.diagram.edges[0].lines.items()}
    order = sorted(widths, key=lambda at: widths[at])
    sizes = [abs(slopes[f"w_{i + 1}_{j + 1}"]) for i, j in order]
    assert sizes == sorted(sizes)
    assert widths[order[0]] < widths[order[-1]]


def test_the_nudge_and_the_slope_stand_side_by_side_as_printed(film, media):
    rule = film["rule"]
    after, before, step = re.search(r"frac\(([0-9.]+) - ([0-9.]+), ([0-9.]+)\)", rule).groups()
    by_hand = float(re.search(r"\) = (-?[0-9.]+)\)", rule).group(1))
    slope = float(re.search(r"orange\((.[0-9.]+)\)", rule).group(1).replace("\u2212", "-"))
    assert (float(after) - float(before)) / float(step) == pytest.approx(by_hand, abs=1e-6)
    assert slope == pytest.approx(by_hand, rel=0.01)
    slopes = slopes_by_hand(media, RUN, date(2021, 1, 25))
    name = "_".join(("w", *re.search(r"w_\((\d) (\d)\)", rule).groups()))
    assert slope == pytest.approx(slopes[name], abs=0.00051)
    assert (film["beats"][3] == "nudge") == (abs(slope - by_hand) < 1e-9)


def test_a_pass_for_each_parameter_and_one_more(film):
    texts = [part.source for part in film["scene"].get_mobject_family_members() if isinstance(part, TextMobject)]
    assert {"17", "26\u2009002", "2"} <= set(texts)


def test_another_network_has_other_slopes(film, media):
    _, other = play(media, run=OTHER)
    assert [number(label[1]) for label in other.slope_of.values()] != [
        number(label[1]) for label in film["scene"].slope_of.values()
    ]


@pytest.mark.parametrize(("name", "lang"), list(zip(ENDS, ("en", "zh"), strict=True)))
def test_the_ends_of_the_bounds(media, name, lang):
    run, findings = ENDS[name], []
    _, scene = play(media, lambda scene, beat: findings.extend(check_scene(scene, beat)), lang=lang, run=run)
    assert findings == []
    slopes = slopes_by_hand(media, run, label_day(run.dataset))
    for (k, i, j), label in scene.slope_of.items():
        expected = slopes[f"w_{i + 1}_{j + 1}" if k == 0 else f"c_{j + 1}"]
        assert number(label[1]) == pytest.approx(expected, abs=0.0051)
