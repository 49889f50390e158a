"""Parameters that a scene cannot show: the message names the scene, the parameter and what is needed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from annotated_types import Ge, Le, MinLen
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes.catalog import find_scenes, load_class
from gradreel.scenes.lecture.classes.digits_scene import DIGITS
from gradreel.scenes.lecture.classes.line_scene import TWO_KINDS
from gradreel.scenes.lecture.classes.plane_runs import THREE_KINDS
from gradreel.scenes.lecture.optimization.pictures.batch_field import MOST
from gradreel.scenes.lecture.runs import THREE_DAYS

SCENES = {source.name: load_class(source) for source in find_scenes()}
VIEWS = {"dataset": {"kind": "daily views"}}
POINTS = {"dataset": {"kind": "points"}, "loss": "bce"}
THREE = {"kind": "points", "points": [[0, 1, 2, 0], [1, 0, 1, 1]]}
TWELVE = {"kind": "points", "points": [[k, k % 3, k] for k in range(12)]}
LOW, HIGH = ({"name": name, "year": year, "layers": 4} for name, year in (("Low", 2000), ("High", 2001)))
ALIKE = DailyViews(series=DailySeries(start=date(2022, 1, 3), values=(50.0,) * 90, name="same.csv"), window=3)


def of_days(**changes) -> dict[str, Any]:
    return {**THREE_DAYS.model_dump(), "epochs": 2, **changes}


FIVE_OF_FIVE = of_days(dataset=DailyViews(window=5), hidden=(5,))
ONE_DAY = of_days(dataset=DailyViews(window=1), hidden=(5,))
REFUSED: dict[str, dict[str, dict[str, Any]]] = {
    "linear-limits": {
        "knots: .*increase": {"knots": [[1, 1], [1, 2]]},
        r"stand for views, from 0 to 20; \(2, -1\) is outside": {"knots": [[1, 1], [2, -1]]},
        "nothing to see": {"knots": [[1, 0], [2, 0]]},
    },
    "build-curve": {
        "knots: .*increase": {"knots": [[1, 1], [0, 2]]},
        "nan": {"knots": [[1, 1], [2, float("nan")]]},
        "knots": {"knots": "nonsense"},
        "first knot": {"low": 2.0},
        "has no parameter 'knobs'": {"knobs": 3},
    },
    "any-curve": {
        r"points must lie within 2 to 128, got \[1, 2, 4\]": {"points": [1, 2, 4]},
        r"points must increase, got \[2, 2, 4\]": {"points": [2, 2, 4]},
        "right of low": {"low": 3, "high": 3},
        "function: .*there is no function 'sinus'": {"function": "sinus(x)"},
        "function: .*jumps": {"function": "sign(x-1)"},
        "without a gap": {"function": "2*x"},
        "knots: .*increase": {"knots": [[1, 1], [1, 2]]},
        "10 000 apart": {"function": "1e5*sin(x)"},
    },
    "sigmoid-formula": {"c must be at least 0.1, up or down, got 0": {"c": 0}},
    "morph-sigmoid": {
        "w_range must rise": {"w_range": [2, 1]},
        "w_range must rise and lie within 0.1 to 10": {"w_range": [0, 1]},
        "b_range must rise": {"b_range": [-30, 1]},
        "piece must start": {"piece": [3, 3, 1]},
        "height of piece": {"piece": [1, 3, 0]},
    },
    "sum-of-sigmoids": {
        "1 to 8 sigmoids": {"run": {"hidden": [9]}},
        "1 to 8": {"run": {"hidden": [3, 3]}},
        "sigmoids": {"run": {"activation": "relu"}},
    },
    "more-features": {
        "there are 1900 days before 2020-03-15, got 1901": {"days": 1901},
        "it lies from 2015-02-26 to 2021-12-31, got 2015-02-25": {"day": "2015-02-25"},
        r"unable to parse string as an integer \(got 'a'\)$": {"sigmoids": "a"},
        rf"unable to parse string as an integer \(got '{('many' * 30)[:58]}…\)$": {"sigmoids": "many" * 30},
    },
    "network-diagram": {
        "run.dataset: daily views are shown": {"run": Experiment()},
        "run.dataset.window: 1 to 5 days .* got 6": {"run": of_days(dataset=DailyViews(window=6))},
        "run.hidden: one layer of 1 to 5 units .* got .6,": {"run": of_days(hidden=(6,))},
        "run.hidden: one layer": {"run": of_days(hidden=(2, 2))},
        "day: .* from 2015-01-04 to 2021-12-31, got 2015-01-02": {"run": of_days(), "day": date(2015, 1, 2)},
    },
    "matrix-form": {
        "1 to 5 units is shown, got .6,.": {"run": of_days(hidden=(6,))},
        "daily views are shown": {"run": Experiment()},
        "it lies from 2015-01-04 to 2021-12-31, got 2022-01-01": {"day": "2022-01-01"},
        "of 3 x 3 = 9 numbers; 6 units and 1 day make it 6 x 1 = 6": {"run": of_days(), "larger": (6, 1)},
        "of 5 x 5 = 25 numbers; .* 8 x 3 = 24": {"run": FIVE_OF_FIVE, "larger": (8, 3)},
    },
    "theta": {
        "1 to 5 units is shown, got .3, 3.": {"run": of_days(hidden=(3, 3))},
        "1 to 5 features are shown, got 6": {"run": of_days(dataset=DailyViews(window=6))},
    },
    "loss": {
        '"daily views"': {"run": {"dataset": {"kind": "curve"}}},
        'run.loss.*"mae"': {"run": of_days(loss="mse")},
        "second: the run has [0-9]+ updates, got 9999": {"run": of_days(), "second": 9999},
        "first and second.*both are update 7": {"run": of_days(), "first": 7, "second": 7},
        "last: with 28 days trained on, it lies from 2015-01-31 to 2019-12-31": {"last": date(2021, 1, 1)},
    },
    "gradient-descent": {
        "batch_size": {"run": {"batch_size": 10}},
        "every update": {"run": {"keep": {"every": 10}}},
        "run: the scene shows 3 updates at least, and it has": {"run": {"epochs": 2}},
        "at most the 50": {"run": {"epochs": 50}, "updates": 51},
        'gradient-descent draws the curve .* kind "curve"': {"run": VIEWS},
    },
    "batches": {
        "run.batch_size: from 1 to 80": {"run": {"batch_size": 81}},
        "every update": {"run": {"batch_size": 8, "keep": {"every": 10}}},
        f"at most {MOST} examples": {"run": {"dataset": {"examples": MOST + 1}, "batch_size": 8}},
        "quiz: a batch of 20 is more than 10 examples": {"quiz": [10, 20]},
    },
    "relu": {
        "c must be at least 0.1, up or down, got 0.05": {"c": 0.05},
        "relu draws the curve that the network learns": {"run": VIEWS},
    },
    "width-experiment": {
        "widths: .*10 comes after 10": {"widths": (10, 10)},
        "seeds: each seed is wanted once, and 1 is there twice": {"seeds": (1, 2, 1)},
        "no parameter 'depths'": {"depths": (1, 2)},
    },
    "depth-experiment": {"depths: .*1 comes after 3": {"depths": (3, 1)}},
    "overfitting": {"depths: .*1 comes after 2": {"depths": (2, 1)}},
    "model-selection": {"must increase": {"depths": (2, 1)}, "each seed is wanted once": {"seeds": (1, 1)}},
    "forecast": {
        "first: a day not trained on is wanted, from 2020-01-01 to 2021-12-31": {"first": date(2019, 12, 31)},
        "last: a day not trained on is wanted": {"last": date(2022, 1, 1)},
        "two days at least are wanted": {"first": date(2021, 2, 1), "last": date(2021, 2, 1)},
    },
    "deeper-and-deeper": {
        r"in the order of their years|Low \(2000\) comes after High": {"networks": [HIGH, LOW]},
        "networks.0.layers.*got": {"networks": [{**LOW, "layers": 1}, HIGH]},
        "networks.0.error.*got": {"networks": [{**LOW, "error": 101}, HIGH]},
    },
    "why-deep": {
        "seeds: each is wanted once": {"seeds": [1, 1]},
        "401 and 573 parameters; .* such as fat = 143": {"fat": 100},
        "of both classes": {"dataset": {"points": [[0, 0, 1], [1, 0, 1]]}},
        r"\(x1, x2\) each": {"dataset": {"points": [[0, 1], [1, 0]]}},
    },
    "summary": {
        'summary draws the curve .* kind "curve"': {"run": VIEWS},
        r"run\.hidden: summary goes on from a line .* needs a hidden layer": {"run": {"hidden": []}},
    },
    "title": {'title draws the curve .* needs a dataset of kind "curve", not daily views': {"run": VIEWS}},
    "two-kinds": {
        r"points \(x1, x2\) of two classes": {"run": Experiment()},
        r"hidden = \[\]": {"run": TWO_KINDS.model_copy(update={"hidden": (2,), "activation": "relu"})},
        "no validation point 4000; the run has 4000": {"new": 4000},
    },
    "bent-plane": {
        "hidden": {"run": {**POINTS, "hidden": (2,)}},
        "line": {"line": {**POINTS, "hidden": (3,)}},
        "dataset of run": {"line": {**POINTS, "hidden": ()}},
        "two classes": {"run": THREE_KINDS},
    },
    "digit-mistakes": {
        'kind = "digits"': {"run": Experiment()},
        "8 to 24 units": {"run": {**DIGITS.model_dump(), "hidden": (4,)}},
        "one hidden layer": {"run": {**DIGITS.model_dump(), "hidden": (16, 8)}},
        "there is no ReLU 16": {"unit": 16},
    },
    "decision-regions": {
        'found a dataset of kind "curve"; needed: points in the plane with classes': {"run": {}},
        "the points have 3 features; needed: 2, x1 and x2; loss-curve and network": {
            "run": {"dataset": THREE, "loss": "bce"}
        },
        'the loss is "mse", for numbers; needed: "bce" or "ce"': {"run": {"dataset": {"kind": "points"}}},
        "12 classes; needed: at most 10": {"run": {"dataset": TWELVE, "loss": "ce"}},
    },
    "layer-view": {
        'found a dataset of kind "curve"': {"run": {}},
        "no hidden layer that bends.*; decision-regions shows it": {"run": {**POINTS, "hidden": ()}},
        "9 hidden layers; needed: at most 8": {"run": {**POINTS, "hidden": [2] * 9}},
        "needed: two different classes, each 0 to 1": {"between": (0, 0)},
        "two different classes": {"between": (0, 2)},
        "the run has 250 updates, got 999": {"update": 999},
    },
    "network": {
        "up to 8 hidden layers are shown, this run has 9": {"run": Experiment(hidden=(2,) * 9)},
        "update: the run has 30 updates, got 31": {"run": Experiment(epochs=30), "update": 31},
    },
}


@pytest.mark.parametrize("scene", REFUSED)
def test_what_cannot_be_shown_is_refused_with_what_is_needed(scene):
    for message, parameters in REFUSED[scene].items():
        with pytest.raises(UserError, match=rf"(?ms){scene}.*{message}"):
            SCENES[scene].validated(parameters)


def beyond(metadata: list[Any]) -> Any:
    """Return a value just outside the bounds of a parameter; None if it has none."""
    for bound in metadata:
        if isinstance(bound, Ge | Le):
            return bound.ge - 1 if isinstance(bound, Ge) else bound.le + 1
        if isinstance(bound, MinLen):
            return ()
    return None


BOUNDED = [
    (scene, name, beyond([bound]))
    for scene, scene_class in SCENES.items()
    for name, field in scene_class.Parameters.model_fields.items()
    for bound in field.metadata
    if beyond([bound]) is not None
]


def test_each_bound_of_a_parameter_is_named_with_the_value():
    assert len(BOUNDED) > 80
    for scene, name, value in BOUNDED:
        with pytest.raises(UserError, match=rf"{scene}\.{name}: .*at least|{scene}\.{name}: .*equal to .*got {value}"):
            SCENES[scene].validated({name: value})


@pytest.mark.parametrize("scene", ["network-diagram", "matrix-form", "theta", "loss", "batches", "backprop"])
def test_a_run_on_days_that_are_all_alike_is_refused(scene):
    with pytest.raises(UserError, match=rf"{scene}\.parameters: same\.csv: .* all have 50 views, so there is nothing"):
        SCENES[scene].validated({"run": of_days(dataset=ALIKE, batch_size=8)})


@pytest.mark.parametrize("scene", ["more-features", "width-experiment", "depth-experiment", "forecast"])
def test_days_that_are_all_alike_are_refused(scene):
    message = rf"(?s){scene}\.dataset: same\.csv: .* all have 50 views.*; give a series whose days differ, or a later"
    with pytest.raises(UserError, match=message):
        SCENES[scene].validated({"dataset": ALIKE})
