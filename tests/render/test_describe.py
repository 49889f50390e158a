"""Tests how a scene's parameters are merged and checked, in this process, with the scene's class."""

from __future__ import annotations

from datetime import date

import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment, KeepAtMost
from gradreel.render.frames.describe import describe
from gradreel.render.lessons.daily_data import DailyData
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest
from gradreel.scenes.base import LectureScene
from gradreel.scenes.catalog import resolve
from gradreel.scenes.lecture.any_run.loss_curve import LossCurve
from pydantic import Field

MINE = DailySeries(start=date(2024, 1, 1), values=[1000.0 + 40 * (i % 7) for i in range(150)], name="good.csv")


def described(parameters, experiments=None, scene=LossCurve, **more):
    settings = RenderSettings.of_quality("l")
    request = SceneRequest(resolve("loss-curve"), settings, parameters, experiments or {}, **more)
    return describe(scene, request)


def run_of(description) -> Experiment:
    return description.experiments["run"]


def test_daily_views_replace_the_curve_of_a_run():
    own = run_of(described({}))
    table = {"run": {"dataset": {"kind": "daily views", "window": 7}}}
    shown = described(table)
    assert run_of(shown) == own.model_copy(update={"dataset": DailyViews(window=7)})
    on_mine = described(table, data=DailyData(MINE).fields)
    assert run_of(on_mine) == own.model_copy(update={"dataset": DailyViews(series=MINE, window=7)})


def test_an_experiment_of_daily_views_takes_the_place_of_a_run_on_a_curve():
    mine = Experiment(dataset=DailyViews(), hidden=(3,), activation="relu", batch_size=32, epochs=5)
    on_mine = described({"run": "mine"}, {"mine": mine}, data=DailyData(MINE).fields)
    assert run_of(on_mine) == mine.model_copy(update={"dataset": DailyViews(series=MINE)})


def test_set_overrides_data_and_data_overrides_the_lesson():
    synthetic = Experiment(dataset=DailyViews(window=7, test_from=date(2020, 5, 1)), epochs=3)
    mine, day = DailyData(MINE).fields, date(2024, 5, 1)

    def dataset(**more):
        return run_of(described({"run": "mine"}, {"mine": synthetic}, **more)).dataset

    assert dataset() == synthetic.dataset
    assert dataset(data=mine) == DailyViews(series=MINE, window=7), "the day was one of other data"
    of_set = {"run": {"dataset": {"test_from": "2024-05-01"}}}
    assert dataset(data=mine, changes=of_set) == DailyViews(series=MINE, window=7, test_from=day)
    assert dataset(changes=of_set | {"run": {"dataset": {"window": 3}}}).window == 3
    anew = {"run": {"dataset": {"kind": "daily views", "test_from": "2024-05-01"}}}
    assert run_of(described({}, changes=anew, data=mine)).dataset == DailyViews(series=MINE, test_from=day)
    curve = {"run": {"dataset": {"kind": "curve", "examples": 9}}}
    assert dataset(data=mine, changes=curve) == CurveDataset(examples=9)
    assert run_of(described({}, {"mine": synthetic}, changes={"run": "mine"}, data=mine)).dataset == DailyViews(
        series=MINE, window=7
    )


class Own(LectureScene):
    """A scene of whose daily views nobody says anything."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(dataset=DailyViews(), epochs=3), description="The run.")
        more: tuple[Experiment, ...] = Field((Experiment(dataset=DailyViews(), epochs=4),), description="Others.")
        count: int = 3


def test_data_replaces_a_scenes_own_daily_views():
    parameters = described({}, scene=Own, data=DailyData(MINE).fields).parameters
    runs = [Experiment.model_validate(run) for run in (parameters["run"], *parameters["more"])]
    assert {run.dataset for run in runs} == {DailyViews(series=MINE)}
    assert parameters["count"] == 3


def test_a_table_changes_only_its_fields_of_the_scenes_run():
    dataset = CurveDataset(knots=((0, 0), (1, 1)), examples=9)
    own = run_of(described({})).model_copy(update={"seed": 5})
    for changed in ({"examples": 9}, {"kind": "curve", "examples": 9}):
        written = {"run": {"seed": 5, "dataset": {"knots": [[0, 0], [1, 1]], **changed}}}
        assert run_of(described(written)) == own.model_copy(update={"dataset": dataset})


class Kept(LectureScene):
    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(epochs=3, keep={"every": 2}), description="The run.")


def test_a_complete_table_replaces_the_scenes_run():
    """A table from ``--data`` replaces the whole value: no field of the scene's own run remains, under any alias."""
    complete = Experiment(dataset=DailyViews(), epochs=3, keep={"at most": 100_000}).model_dump(mode="json")
    shown = run_of(described({"run": complete}, scene=Kept))
    assert shown.keep == KeepAtMost(at_most=100_000)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"run": {"dataset": {"kind": "daily views", "knots": []}}},
            "loss-curve has no parameter 'run.dataset.knots'; "
            "loss-curve.run.dataset has kind, series, window, validation_from, test_from",
        ),
        (
            {"run": {"dataset": {"windwo": 3}}},
            "loss-curve has no parameter 'run.dataset.windwo'; "
            "loss-curve.run.dataset has kind, knots, examples, low, high, centered",
        ),
        ({"size": 3}, "loss-curve has no parameter 'size'; it has run, trace, second, third, fourth"),
        (
            {"run": {"dataset": {"examples": 1}}},
            "loss-curve.run.dataset.examples: Input should be greater than or equal to 2 (got 1)",
        ),
        (
            {"run": {"dataset": {"kind": "daily views", "window": 5000}}},
            "loss-curve.run.dataset.window: Input should be less than or equal to 3650 (got 5000)",
        ),
        (
            {"run": {"dataset": {"kind": "daily views", "series": {"start": "2024-01-01", "name": "x"}}}},
            "loss-curve.run.dataset.series.values: Field required",
        ),
        ({"run": {"hidden": [3, 0]}}, "loss-curve.run.hidden.1: Input should be greater than or equal to 1 (got 0)"),
        ({"run": {"batch_size": 100}}, "loss-curve.run: batch_size 100 is more than the 81 examples; 0 means all"),
        ({"run": "nothing"}, "loss-curve.run: the lesson has no experiment 'nothing'"),
        ({"trace": "nowhere"}, "loss-curve.trace: "),
    ],
)
def test_errors_name_a_parameter_as_the_user_wrote_it(parameters, message):
    with pytest.raises(UserError) as caught:
        described(parameters)
    lines = str(caught.value).splitlines()
    assert any(line.startswith(message) for line in lines)
    assert not any(mark in line for line in lines for mark in ("{", "daily views.", "DailySeries"))
