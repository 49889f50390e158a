"""Every claim that the lesson's lines make about the lesson's own data, held against the numbers.

``lesson_losses.json`` has the losses of the 45 long runs, by network and seed, in views: of ``gradreel experiment width
--json`` and ``depth --json``. The runs that take seconds are trained. "Clearly" is Welch's t-test at 5 %.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.forecast import next_days
from gradreel.core.analysis.results import loss_by_epoch, losses_with_the_least
from gradreel.core.daily.synthetic import LOW_WEEKDAYS, NEW_YEAR, NEW_YEAR_EVES
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.core.network.training import train_all
from gradreel.scenes.catalog import load_class
from gradreel.scenes.lecture.curves.any_curve import AnyCurve
from gradreel.scenes.lecture.curves.linear_limits import LinearLimits
from gradreel.scenes.lecture.curves.sigmoid_matching import matched_theta, steps_of
from gradreel.scenes.lecture.curves.sum_of_sigmoids import SumOfSigmoids
from gradreel.scenes.lecture.deep.backprop import Backprop
from gradreel.scenes.lecture.deep.deeper_and_deeper import DeeperAndDeeper
from gradreel.scenes.lecture.deep.why_deep import WhyDeep
from gradreel.scenes.lecture.experiments.forecast import EVE, JUMP, Forecast
from gradreel.scenes.lecture.experiments.model_selection import DaysToCome
from gradreel.scenes.lecture.networks.more_features import MoreFeatures
from gradreel.scenes.lecture.networks.network_diagram import NetworkDiagram
from gradreel.scenes.lecture.optimization.batches import Batches
from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
from gradreel.scenes.lecture.optimization.pictures.learning_rates import rates_to_try
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.render.frames.describe import describe
from gradreel.scenes.render.lessons.lesson_file import LESSON_FILE, read_lesson
from gradreel.scenes.render.settings import RenderSettings
from scipy.stats import ttest_ind

LOSSES = json.loads(Path(__file__).with_name("lesson_losses.json").read_text())
WIDTHS, DEPTHS = (
    {name: {side: np.array(losses) for side, losses in network.items()} for name, network in LOSSES[kind].items()}
    for kind in ("widths", "depths")
)


def differ(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether two means differ by more than chance makes them: Welch's t-test at 5 %."""
    return bool(ttest_ind(before, after, equal_var=False).pvalue < 0.05)


def falls(before: np.ndarray, after: np.ndarray) -> bool:
    return differ(before, after) and after.mean() < before.mean()


def lowest(networks: dict, side: str = "unseen") -> str:
    return min(networks, key=lambda name: networks[name][side].mean())


def test_the_lesson_has_every_scene_with_its_defaults():
    """What `LectureScene.other_data` asks: only other parameters than these show other data."""
    for request in read_lesson(LESSON_FILE).requests(RenderSettings()):
        scene_class = load_class(request.source)
        assert describe(scene_class, request).parameters == scene_class.Parameters().model_dump(mode="json")


def test_width_experiment():
    linear, *_, widest = WIDTHS.values()
    assert falls(linear["training"], widest["training"])  # "on seen days, wider helps"
    texts = [f"{network['training'].mean():.0f}" for network in WIDTHS.values()]
    assert texts[1] != texts[2] == texts[3]  # "with 100 ReLUs. Then no more"
    assert lowest(WIDTHS) == "linear"  # "on average, none beats the linear model"
    for name in ("100", "1000"):  # those that arrows go to: "on seen days below it, on unseen days above"
        assert falls(linear["training"], WIDTHS[name]["training"]) and falls(WIDTHS[name]["unseen"], linear["unseen"])
    assert max(WIDTHS, key=lambda name: WIDTHS[name]["unseen"].mean()) == "100"


def test_depth_experiment():
    linear, one, *_, four = DEPTHS.values()
    assert falls(one["training"], four["training"]) and falls(linear["training"], one["training"])  # "depth pays off"
    assert lowest(DEPTHS) == "linear"  # "came out lowest", and not three layers, as in the lecture
    assert not differ(linear["unseen"], four["unseen"])  # "it may be chance"


def test_overfitting(trace_of):
    linear, one = (DEPTHS[name] for name in ("linear", "1"))
    assert lowest(DEPTHS) == "linear" and falls(linear["training"], one["training"])
    assert falls(one["unseen"], linear["unseen"])  # "overfit at the very first layer"
    run = trace_of(depth_experiments(depths=(1,))[0].experiments[0])
    losses, every = losses_with_the_least(run, 300), loss_by_epoch(run)
    least = int(np.argmin(losses.unseen))
    assert losses.unseen[least] < linear["unseen"].mean()  # "this one run beats even the linear model"
    assert (losses.training[least], losses.unseen[least]) < (losses.training[0], losses.unseen[0])  # "both fall"
    assert losses.training[-1] < losses.training[least]  # "on seen days it goes on falling"
    late = every.unseen[every.epoch > 400]
    assert late.min() > 1.1 * losses.unseen[least]  # "it gets no better, then worse"
    assert losses.unseen[least] < 0.98 * np.median(losses.unseen[least - 5 : least + 6])  # "one lucky dip"


def test_forecast(trace_of):
    (run,) = Forecast.experiments(Forecast.Parameters()).values()
    days = next_days(run, np.asarray(trace_of(run).parameters[-1]))
    missed = days.truth - days.prediction
    jump, dip = (int(np.flatnonzero(days.dates == np.datetime64(day))[0]) for day in (JUMP, EVE))
    assert (int(missed.argmax()), int(missed.argmin())) == (jump, dip) and EVE in NEW_YEAR_EVES
    for k in (jump, dip):  # "it follows a day late"
        usual = np.median(days.prediction[days.weekdays == days.weekdays[k + 1]])
        assert (days.prediction[k + 1] - usual) / missed[k] > 0.5
    low = np.isin(days.weekdays, LOW_WEEKDAYS)
    fall, caught = (views[~low].mean() - views[low].mean() for views in (days.truth, days.prediction))
    assert caught > fall / 2  # "it catches them"
    since = min(abs((JUMP - eve).days) for eve in NEW_YEAR_EVES)
    assert since > max(map(abs, NEW_YEAR))  # no holiday: "pure chance"


def test_low_weekdays():
    daily = DailyViews().daily
    weekday, views = (daily.dates().astype(int) + 3) % 7, daily.array()
    means = np.array([views[weekday == k].mean() for k in range(7)])
    assert set(np.argsort(means)[:2]) == set(LOW_WEEKDAYS)  # "usually low": by how much, in more-features as well
    assert max(means[list(LOW_WEEKDAYS)]) < 0.9 * min(np.delete(means, LOW_WEEKDAYS))


def test_more_features(play):
    scene = play(MoreFeatures, until="one-day").scene
    pair = scene.pairs.told_apart_from(LOW_WEEKDAYS[0])
    older, beside, answers = np.abs(np.diff(scene.pairs.courses[sorted(pair)], axis=0)[0])
    width = np.ptp(scene.pairs.plot.x_range)
    assert beside < 0.012 * width  # "the same x one"
    assert min(older, answers) > 0.15 * width  # "two answers", and "x two differs"


def test_model_selection(trace_of):
    assert lowest(DEPTHS) == "linear" and lowest(DEPTHS, "training") == "4"  # "farthest" left, and "lowest"
    layers = {name: losses for name, losses in DEPTHS.items() if name != "linear"}
    assert lowest(layers) == "4"
    assert not differ(DEPTHS["linear"]["unseen"], DEPTHS["4"]["unseen"])  # "not clearly worse"
    run = depth_experiments(depths=(0,))[0].experiments[0]
    theta = np.asarray(trace_of(run).parameters[-1])
    to_come = DaysToCome(run, theta, 2)
    whole, predicted = to_come.by_weekday
    tomorrow = int(to_come.ahead.weekdays[0])
    assert tomorrow in LOW_WEEKDAYS and to_come.ahead.prediction[0] < to_come.series.array()[-7:].mean()  # "so low?"
    low = list(LOW_WEEKDAYS)
    fall, noticed = (np.delete(means, low).mean() - means[low].mean() for means in (whole, predicted))
    assert noticed > fall / 2  # "it has noticed"
    assert to_come.rival == "day" and to_come.usual[0] < 0.95 * to_come.naive  # "would you bet?"


def test_gradient_descent(trace_of):
    run = Experiment()
    trace = trace_of(run)
    states, losses = np.asarray(trace.parameters), loss(run, np.asarray(trace.parameters))
    scene_runs = GradientDescent.experiments(GradientDescent.Parameters())
    ends = [np.asarray(trace_of(other).parameters[-1]) for name, other in scene_runs.items() if name != "run"]
    x = run.dataset.features_at(np.linspace(*run.dataset.range, 200))
    own = predict(run, states[-1], x)
    assert all(np.abs(predict(run, end, x) - own).max() < 0.05 * run.dataset.curve().height for end in ends)  # "alike"
    assert 0 < sum(loss(run, end) < losses[-1] for end in ends) < len(ends)  # "at a lower loss"
    assert losses[0] - losses[10] > 0.9 * (losses[0] - losses[-1])  # "the drop took ten"
    lengths = np.linalg.norm(trace.gradient, axis=1)
    assert 0 < lengths[-1] < 0.01 * lengths.max()  # "almost flat", and "hardly ever zero"


def test_gradient_descent_rates(play):
    scene, run = play(GradientDescent, until="task").scene, Experiment()
    theta, gradient = (
        np.asarray(scene.descent.run.parameters[0], dtype=float),
        np.asarray(scene.descent.run.gradient[0]),
    )
    index = scene.worked.index
    own, bottom, far = rates_to_try(run, theta, gradient, index)
    assert gradient[index] < 0  # "a little more of it, and the loss sinks"
    alone = [loss(run, theta - rate * gradient * (np.arange(len(theta)) == index)) for rate in (0, own, bottom, far)]
    assert alone[2] < alone[1] < alone[0] < alone[3]  # "hits the bottom", "ends up higher"
    together = [loss(run, theta - rate * gradient) for rate in np.linspace(0, bottom, 60)]
    assert np.argmin(together) < 59 and own < bottom  # "already runs past the bottom"


def test_sum_of_sigmoids(trace_of):
    run = Experiment()
    parts, end, hand = run.dataset.curve().decompose(), np.asarray(trace_of(run).parameters[-1]), matched_theta(run)
    assert loss(run, end) < loss(run, hand) and loss(run, end) < loss(run, trace_of(run).parameters[0])
    steps = steps_of(run, end)
    order = np.argsort(steps.middle)  # "steps like ours": one with its middle on each ramp, going the same way
    assert steps.mirrored and np.all((steps.middle[order] >= parts.start) & (steps.middle[order] <= parts.end))
    assert np.all(np.sign(steps.height[order]) == np.sign(parts.height))


def test_three_days(play, trace_of):
    """What loss, batches, network-diagram and backprop say of their run."""
    run = THREE_DAYS
    trace = trace_of(run)
    first, last = loss(run, np.asarray(trace.parameters)[[0, -1]])
    assert last < first  # "better!", "training bends the sheet"
    errors = np.abs(predict(run, trace.parameters[0], run.dataset.features()) - run.dataset.labels())
    means = np.convolve(errors, np.full(28, 1 / 28), mode="valid")
    assert means[-1] > means[:-28].max()  # "the last ones are missed most"
    firsts = ((Batches, "split"), (NetworkDiagram, "formula"), (Backprop, "forward"))
    batches, diagram, backward = (play(scene, until=first).scene for scene, first in firsts)
    whole, in_one = batches.history.whole, batches.in_one
    assert in_one[0] - in_one[-1] < 0.5 * (whole[0] - whole[-1])  # "far more than with one update an epoch"
    assert diagram.there.y < diagram.there.label and diagram.example.day >= run.dataset.first_unseen
    assert backward.day_step.slopes.y < 0  # "the error shrinks"
    assert backward.day_step.after.error < backward.there.error  # and falls
    assert not backward.example.unseen  # "a day it learns from"


def test_why_deep(media, trace_of):
    runs = WhyDeep.Parameters().match()
    for side in (runs.fat, runs.deep):
        train_all(side, media / "traces")
    fat, deep = ([trace_of(run) for run in side] for side in (runs.fat, runs.deep))
    assert 1.0 < fat[0].n_parameters / deep[0].n_parameters < 1.05  # "almost as many parameters", the fat one has more
    ends = np.array([[float(loss(trace.experiment, trace.parameters[-1])) for trace in side] for side in (fat, deep)])
    assert (10 * ends[1] < ends[0]).all()  # "deep wins every time, with less than a tenth of the loss"
    labels = runs.fat[0].dataset.labels()
    for trace in (*fat, *deep):  # "in the end both have every point right"
        said = predict(trace.experiment, trace.parameters[-1], trace.experiment.dataset.features())
        assert ((said > 0) == (labels == 1)).all()
    first, second = (np.asarray(loss(trace.experiment, np.asarray(trace.parameters))) for trace in (fat[0], deep[0]))
    assert (second < first)[deep[0].row(500) :].all()  # it is seen to lead


def test_lines_and_curves(play):
    limits, curve, deeper = LinearLimits.Parameters(), AnyCurve.Parameters(), DeeperAndDeeper.Parameters()
    steps = np.sign(np.diff([y for _, y in limits.knots]))
    assert {1, -1} <= {*steps.astype(int)}  # "past the peak, fewer"
    scene = play(AnyCurve, until="smooth").scene
    assert all(after == 2 * before for before, after in pairwise(curve.points)) and 3.5 < scene.even.factor() < 4.6
    assert scene.placed.errors[scene.middle] < scene.even.errors[scene.middle]
    layers, errors = zip(*((network.layers, network.error) for network in deeper.networks), strict=True)
    assert list(errors) == sorted(errors, reverse=True) and layers[-1] == max(layers) > 101  # "taller than Taipei 101"
    assert 10**6 < deeper.pictures < 2 * 10**6
    sums = play(SumOfSigmoids, until="by-hand").scene
    assert sums.numbers.gap(8) < sums.numbers.gap(1) / 2
