"""One red curve: that of the lesson, or of --curve, in every scene that draws it."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.datasets import RED_CURVE, CurveDataset
from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.frames.describe import describe
from gradreel.render.lessons.options import read_curve
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.scenes.catalog import load_class
from gradreel.scenes.lecture.curves.linear_limits import LinearLimits
from gradreel.scenes.lecture.curves.sigmoid_formula import SigmoidFormula
from gradreel.scenes.lecture.optimization.pictures.line_board import tried_lines
from gradreel.scenes.lecture.optimization.why_gradient import WhyGradient
from gradreel.scenes.testing.layout import check_scene

OF_DOTS = ("line", "slow", "far", "dots")  # runs on dots around a curve
MINE = ((0.5, 2.0), (2.0, 6.0), (4.0, 1.0), (6.5, 5.0), (9.0, 3.0))
DRAW_IT = {
    "title", "linear-limits", "build-curve", "any-curve", "sigmoid-formula", "sum-of-sigmoids", "why-gradient", "loss",
    "gradient-descent", "relu", "summary",
}  # fmt: skip


def described(curve=(), changes=None):
    """Return the descriptions of the lecture's scenes, with ``curve`` instead of the red one."""
    lesson = replace(load_lesson(overrides=changes), curve=curve, curve_file="mine.csv" if curve else "")
    requests = lesson.requests(RenderSettings.of_quality("l"))
    return {request.name: describe(load_class(request.source), request) for request in requests}


def curves_in(description) -> set:
    """Knots of all curves that a scene is given: its own, and those of its runs; not those of dots around a curve."""
    own = [tuple(map(tuple, value)) for name, value in description.parameters.items() if name == "knots"]
    runs = [run for name, run in description.experiments.items() if name not in OF_DOTS]
    return {*own, *(run.dataset.knots for run in runs if isinstance(run.dataset, CurveDataset))}


def text_of(description) -> str:
    runs = {name: run.model_dump(mode="json") for name, run in description.experiments.items()}
    return json.dumps([description.parameters, runs])


@pytest.fixture(scope="module")
def with_mine():
    return described(MINE)


def test_the_lecture_has_one_red_curve_and_names_it():
    lesson = load_lesson()
    assert lesson.curve == RED_CURVE
    assert {name for name, shown in described().items() if curves_in(shown) == {RED_CURVE}} == DRAW_IT


def test_every_scene_with_the_red_curve_draws_the_users(with_mine):
    assert {name for name, shown in with_mine.items() if curves_in(shown)} == DRAW_IT
    for name in DRAW_IT:
        assert curves_in(with_mine[name]) == {MINE}, name


def test_nothing_remains_of_the_lectures_own_curve(with_mine):
    red = json.dumps([list(knot) for knot in RED_CURVE])
    assert [name for name, shown in with_mine.items() if red in text_of(shown)] == []


def test_all_scenes_share_the_run_on_the_curve(with_mine):
    names = ("title", "linear-limits", "sum-of-sigmoids", "gradient-descent", "summary")
    assert len({with_mine[name].experiments["run"] for name in names}) == 1


def test_dots_of_one_curve_are_the_same_in_both_scenes_that_have_them(with_mine):
    ours = LinearLimits.experiments(LinearLimits.Parameters())["line"].dataset
    here, there = (with_mine[name].experiments["line"].dataset for name in ("linear-limits", "why-gradient"))
    for dots in (lambda data: data.x(), lambda data: data.labels()):
        assert np.array_equal(dots(here), dots(there)) and not np.array_equal(dots(here), dots(ours))


def test_no_scene_draws_the_red_curve_but_by_its_parameters():
    """The constant is a field's default, or in what parts share; never in what a scene draws."""
    root = PACKAGE_FOLDER
    found = []
    for file in (file for folder in ("scenes", "render") for file in (root / folder).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        calls = [
            node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Field"
        ]
        defaults = {id(argument) for call in calls for argument in call.args}
        names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "RED_CURVE" and id(n) not in defaults]
        found += [file.relative_to(root).as_posix()] * bool(names)
    assert sorted(found) == ["render/lessons/selection.py", "render/lessons/tables.py", "scenes/lecture/runs.py"]


def test_a_parameter_set_for_one_scene_wins():
    shown = described(MINE, {"build-curve": {"knots": [[0, 0], [3, 1]]}})
    assert curves_in(shown["build-curve"]) == {((0, 0), (3, 1))} and curves_in(shown["any-curve"]) == {MINE}


def test_a_lesson_has_its_curve_in_a_file_beside_it(tmp_path):
    (tmp_path / "mine.csv").write_text("x,y\n" + "\n".join(f"{x},{y}" for x, y in MINE))
    file = tmp_path / "lesson.toml"
    file.write_text('curve = "@mine.csv"\n[[scene]]\nname = "build-curve"\n[[scene]]\nname = "loss-curve"\n')
    lesson = load_lesson(file)
    assert lesson.curve == MINE and Path(lesson.curve_file) == tmp_path / "mine.csv"
    for request in lesson.requests(RenderSettings.of_quality("l")):
        assert curves_in(describe(load_class(request.source), request)) == {MINE}
    other = load_lesson(file).with_own(None, (RED_CURVE, "other.csv"))
    assert other.curve == RED_CURVE


@pytest.mark.parametrize(("curve", "message"), [
    ('"@gone.csv"', r"lesson.toml: curve: .*gone.csv"),
    ('"@bad.csv"', r"lesson.toml: curve: .*bad.csv: row 3: .*x must increase"),
    ('"red"', r"lesson.toml: curve: found 'red'; needed: knots"),
    ("[[1, 1]]", r"lesson.toml: curve: a curve needs at least 2 knots"),
    ("[[1, 1], [2]]", r"lesson.toml: curve"),
    ('"@/etc/curve.csv"', r"lesson.toml: curve: .*outside the lesson's folder"),
])  # fmt: skip
def test_an_invalid_curve_is_named(tmp_path, curve, message):
    (tmp_path / "bad.csv").write_text("x,y\n2,1\n1,3\n")
    (tmp_path / "lesson.toml").write_text(f'curve = {curve}\n[[scene]]\nname = "build-curve"\n')
    with pytest.raises(UserError, match=message):
        load_lesson(tmp_path / "lesson.toml")


def test_a_curve_that_a_scene_cannot_draw_names_scene_and_file(tmp_path):
    file = tmp_path / "far.csv"
    file.write_text("0,1\n30,2\n")
    lesson = load_lesson(only=["linear-limits"]).with_own(None, read_curve(file))
    (request,) = lesson.requests(RenderSettings())
    with pytest.raises(
        UserError, match=r"linear-limits.knots: .*from 0 to 20; \(30, 2\) is outside.*read from .*far.csv"
    ):
        describe(LinearLimits, request)


def test_red_is_drawn_with_the_users_knots(play):
    board = play(WhyGradient, until="question", knots=MINE).scene.board
    plot, curve = board.plot, board.target
    corners = np.array([plot.data(point) for point in [*curve.get_start_anchors(), curve.get_end()]])
    given = CurveDataset(knots=MINE).curve()
    assert corners[:, 1] == pytest.approx(given(corners[:, 0]), abs=1e-6)
    assert all(np.abs(corners - knot).max(axis=1).min() < 1e-6 for knot in MINE[1:])


@pytest.mark.parametrize("scene", [WhyGradient, SigmoidFormula])
def test_scenes_with_a_users_curve_keep_the_layout_rules(play, scene):
    assert play(scene, check_scene, lang="zh", knots=MINE).findings == []


STEEP = ((9.0, 0.0), (10.0, 5.0))
KNOTS = [RED_CURVE, MINE, ((0.0, 20.0), (20.0, 0.0)), ((0.0, 1.0), (1.0, 1.0)), STEEP]


@pytest.mark.parametrize("knots", KNOTS)
def test_the_best_line_is_among_those_that_are_tried(knots):
    data = WhyGradient.experiments(WhyGradient.Parameters(knots=knots))["line"].dataset
    best = np.polyfit(data.x() - data.offset, data.labels(), 1)  # w, and the height in the middle
    start = np.array([-0.4, 0.3])
    tried = tried_lines(CurveDataset(knots=knots).curve(), best, start)
    for number, at_first, (low, high) in zip(best, start, tried, strict=True):
        assert low < number < high and low <= at_first <= high
        assert all(len(f"{abs(end):.10g}".strip("0.").replace(".", "")) <= 2 for end in (low, high)), (low, high)
    if knots == RED_CURVE:
        assert tried == ((-1.0, 1.0), (0.0, 4.0))


def test_a_run_alone_gets_no_other_curve():
    other = {"experiments": {"three-sigmoids": {"dataset": {"knots": MINE}}}}
    with pytest.raises(UserError, match=r"three-sigmoids.dataset.knots changes .* with --curve curve.csv"):
        load_lesson(overrides=other)
    load_lesson(overrides={"experiments": {"three-sigmoids": {"dataset": {"examples": 41}}}})
