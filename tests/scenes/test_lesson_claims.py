"""Every claim that the lesson's lines make about the lesson's own data, held against the numbers.

``lesson_losses.json`` has the losses of the 35 long runs, by network and seed, in views: of ``gradreel experiment width
--json`` and ``depth --json``. The runs that take seconds are trained. "Clearly" is Welch's t-test at 5 %.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.forecast import forecast, horizon_errors, next_days, weekdays
from gradreel.core.analysis.noise_floor import noise_floor
from gradreel.core.analysis.results import chosen_row, lecture_losses
from gradreel.core.daily.synthetic import LOW_WEEKDAYS, NEW_YEAR, NEW_YEAR_EVES
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.core.network.training import train_all
from gradreel.scenes.catalog import load_class
from gradreel.scenes.lecture.curves.linear_limits import LinearLimits
from gradreel.scenes.lecture.curves.sum_of_sigmoids import CUTS, SumOfSigmoids
from gradreel.scenes.lecture.deep.backprop import Backprop
from gradreel.scenes.lecture.deep.deeper_and_deeper import DeeperAndDeeper
from gradreel.scenes.lecture.deep.why_deep import WhyDeep
from gradreel.scenes.lecture.experiments.forecast import BEFORE, CLOSE, USUAL, Forecast, largest_miss, shown_days
from gradreel.scenes.lecture.experiments.model_selection import ModelSelection
from gradreel.scenes.lecture.networks.more_features import MoreFeatures
from gradreel.scenes.lecture.networks.network_diagram import NetworkDiagram
from gradreel.scenes.lecture.networks.pictures.day_pairs import alike_days
from gradreel.scenes.lecture.optimization.batches import Batches
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.render.frames.describe import describe
from gradreel.scenes.render.lessons.lesson_file import LESSON_FILE, read_lesson
from gradreel.scenes.render.settings import RenderSettings
from scipy.stats import ttest_ind

FLOOR = noise_floor(DailyViews())
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


def lowest(networks: dict, side: str = "validation") -> str:
    return min(networks, key=lambda name: networks[name][side].mean())


def test_the_lesson_has_every_scene_with_its_defaults():
    """What `LectureScene.other_data` asks: only other parameters than these show other data."""
    for request in read_lesson(LESSON_FILE).requests(RenderSettings()):
        scene_class = load_class(request.source)
        assert describe(scene_class, request).parameters == scene_class.Parameters().model_dump(mode="json")


def test_width_experiment():
    linear, *_, hundred, widest = WIDTHS.values()
    assert falls(linear["training"], widest["training"])  # "fit these days better"
    assert lowest(WIDTHS) == "100" and falls(linear["validation"], hundred["validation"])  # "wider helps, too"
    assert list(WIDTHS)[-1] == "1000" and not falls(hundred["validation"], widest["validation"])  # "only up to 100"
    assert widest["training"].mean() > FLOOR.training > widest["end training"].max()  # "sinks below the floor"
    assert (widest["end validation"] > widest["validation"]).all()  # "helps on no other day"
    assert 175 < FLOOR.training < 185  # "about 180"
    assert all(network["validation"].min() > network["training"].max() for network in WIDTHS.values())
    data = DailyViews()
    dates, views = data.daily.dates(), data.daily.array()
    learned, kept = (views[np.isin(dates, part)] for part in (data.dates(), data.validation_dates()))
    assert kept.mean() > 1.1 * learned.mean()  # "with more views"
    assert FLOOR.validation > 1.1 * FLOOR.training  # "so harder"


def test_depth_experiment():
    linear, one, two, three, four = DEPTHS.values()
    means = [network["training"].mean() for network in DEPTHS.values()]
    assert means == sorted(means, reverse=True) and falls(one["training"], four["training"])  # "every layer"
    assert lowest(DEPTHS) == "3"  # "three layers are best"
    assert not any(falls(other["validation"], three["validation"]) for other in (two, four))  # "but only just"
    assert falls(linear["validation"], one["validation"]) and falls(one["validation"], three["validation"])
    assert four["training"].max() < FLOOR.training < one["training"].min()  # "in the end below the floor"
    assert four["validation"].mean() > three["validation"].mean()  # "a fourth layer did not help"
    lecture = {layers: lecture_losses((100,) * layers)[1] for layers in (0, 1, 3, 4)}
    assert min(lecture, key=lecture.get) == 3 and lecture[4] > lecture[3]  # "three layers were best", "worse again"


def test_overfitting():
    four = DEPTHS["4"]
    assert four["end training"].max() < FLOOR.training  # "it has learned chance by heart", each of them
    assert (four["end validation"] > four["validation"]).all()  # "it gets no better", "only … learned from", for each
    assert four["end training"].max() < four["training"].min()  # "falls on and on", "a little at first, then more"
    assert four["training"].max() < FLOOR.training


def test_exam():
    three = DEPTHS["3"]
    assert falls(three["unseen"], three["validation"])  # "the luckiest, too"
    assert lecture_losses((100,) * 3)[1] < lecture_losses(())[1]  # "on the real channel, layers won as well"


def test_summary():
    """ "Predicting even better": all networks miss by more than who knows the rule."""
    assert all(network["unseen"].min() > FLOOR.unseen for network in (*WIDTHS.values(), *DEPTHS.values()))


def test_forecast(trace_of):
    (run,) = Forecast.experiments(Forecast.Parameters()).values()
    assert len(run.hidden) == int(lowest(DEPTHS))  # "three layers are best"
    trace = trace_of(run)
    theta = np.asarray(trace.parameters[chosen_row(trace)])
    eve = BEFORE + timedelta(days=1)
    assert eve in NEW_YEAR_EVES  # "two days before Lunar New Year"
    assert NEW_YEAR[-2] < 1 and NEW_YEAR[-1] < NEW_YEAR[-2]  # "views fall then"
    days = shown_days(run, theta, None, None, BEFORE)
    shown = days.dates.tolist()
    assert shown[largest_miss(days)] == BEFORE and days.error[largest_miss(days)] > 0  # "far too many"
    assert {BEFORE, *CLOSE, *USUAL} <= set(shown)
    usual = slice(shown.index(USUAL[0]), shown.index(USUAL[1]) + 1)
    low = np.isin(days.weekdays, LOW_WEEKDAYS)[usual]
    for views in (days.truth[usual], days.prediction[usual]):  # "are low", "and still it finds them"
        assert views[low].max() < views[~low].min()
    assert not {eve + timedelta(days=k) for k in NEW_YEAR} & set(shown[usual])  # a point is "found" or "missed"


def test_low_weekdays():
    daily = DailyViews().daily
    weekday, views = (daily.dates().astype(int) + 3) % 7, daily.array()
    means = np.array([views[weekday == k].mean() for k in range(7)])
    assert set(np.argsort(means)[:2]) == set(LOW_WEEKDAYS)  # "usually low"
    assert max(means[list(LOW_WEEKDAYS)]) < 0.9 * min(np.delete(means, LOW_WEEKDAYS))


def test_more_features():
    dataset = MoreFeatures.Parameters().dataset
    end = (MoreFeatures.Parameters().label - dataset.daily.start).days
    dates, views = (part[end - 64 : end + 1] for part in (dataset.daily.dates(), dataset.daily.array()))
    first, second = alike_days(dates, views)
    assert {*weekdays(dates[[first, second]])} == {1}  # "two Tuesdays"
    (older, before, own), width = np.array([views[k - 2 : k + 1] for k in (first, second)]).T, np.ptp(views)
    assert abs(before[0] - before[1]) < 0.012 * width  # "the same views on Monday"
    assert own[0] < before[0] and own[1] > before[1]  # "one went down, one went up"
    assert abs(older[0] - older[1]) > 0.15 * width  # "but Sunday can"


def test_model_selection(trace_of):
    assert lowest(DEPTHS) == "3"  # "the lowest loss"
    run = depth_experiments(depths=(3,))[0].experiments[0]
    trace = trace_of(run)
    theta = np.asarray(trace.parameters[chosen_row(trace)])
    ahead, known = forecast(run, theta, ModelSelection.Parameters().days), run.dataset.daily.array()
    tomorrow, *between, last = ahead.prediction
    assert {int(ahead.weekdays[k]) for k in (0, -1)} <= {*LOW_WEEKDAYS} and tomorrow < known[-7:].mean()  # "few"
    assert not {*ahead.weekdays[1:-1].tolist()} & {*LOW_WEEKDAYS} and last < 0.8 * min(between)  # "low again"
    days = next_days(run, theta)
    low = np.isin(days.weekdays, LOW_WEEKDAYS)
    fall, noticed = (views[~low].mean() - views[low].mean() for views in (days.truth, days.prediction))
    assert noticed > fall / 2  # "it has noticed"
    errors = [np.abs(horizon_errors(run, theta, days)[:, -1]).mean() for days in (1, 2, 4, 7)]
    assert errors == sorted(errors)  # "trust them less and less"


def test_gradient_descent(trace_of):
    run = Experiment()
    trace = trace_of(run)
    losses = loss(run, np.asarray(trace.parameters))
    walked = np.append(0, np.linalg.norm(np.diff(trace.parameters, axis=0), axis=1).cumsum())
    assert losses[0] - losses[10] > 0.9 * (losses[0] - losses[-1])  # "the first ten take nearly all of the height"
    steep, level = (-np.diff(losses[ends]) / np.diff(walked[ends]) for ends in ([0, 10], [10, 900]))
    assert walked[-1] > 5 * walked[10] and 0 < level < 0.05 * steep  # "a long, almost flat valley"


def test_sum_of_sigmoids(play, trace_of):
    numbers = play(SumOfSigmoids, until="by-hand").scene.numbers
    losses = loss(numbers.experiment, np.asarray(trace_of(numbers.experiment).parameters)[[0, 500, -1]])
    assert list(losses) == sorted(losses, reverse=True)  # "the loss falls"
    gaps = [numbers.gap(cuts) for cuts in (1, 2, 4, CUTS)]
    assert gaps == sorted(gaps, reverse=True) and gaps[-1] < gaps[0] / 4  # "as close as we like"
    assert losses[-1] < numbers.loss(numbers.theta_by_hand) / 2  # "it has overtaken us, and it is not done yet"


def test_three_days(play, trace_of):
    """What loss, batches, network-diagram and backprop say of their run."""
    run = THREE_DAYS
    trace = trace_of(run)
    first, last = loss(run, np.asarray(trace.parameters)[[0, -1]])
    assert round(last * run.dataset.scale, -1) == 800  # "800 views"; "better values", "training bends the sheet"
    assert 950 < first * run.dataset.scale < 1050  # "about a thousand views"
    firsts = ((Batches, "split"), (NetworkDiagram, "formula"), (Backprop, "forward"))
    batches, diagram, backward = (play(scene, until=first).scene for scene, first in firsts)
    whole, in_one = batches.history.whole, batches.in_one
    assert in_one[0] - in_one[-1] < 0.5 * (whole[0] - whole[-1])  # "the loss falls more slowly"
    highest = int(whole.argmax())
    assert 0 < highest < 0.2 * batches.per_epoch and whole[highest] > whole[0] > whole[-1]  # "soon falls"
    assert diagram.there.y < diagram.there.label and diagram.example.day >= run.dataset.first_validation
    assert backward.day_step.slopes.y < 0  # "the error shrinks"
    assert backward.day_step.after.error < backward.there.error  # and falls
    assert not backward.example.unseen  # "a day it learns from"


def test_why_deep(media, trace_of):
    runs = WhyDeep.Parameters().match()
    for side in (runs.fat, runs.deep):
        train_all(side, media / "traces")
    fat, deep = ([trace_of(run) for run in side] for side in (runs.fat, runs.deep))
    assert 1.0 < fat[0].n_parameters / deep[0].n_parameters < 1.05  # "about as many parameters"
    ends = np.array([[float(loss(trace.experiment, trace.parameters[-1])) for trace in side] for side in (fat, deep)])
    assert (ends[1] < ends[0]).all()  # "the deep one has the lower loss every time"
    labels = runs.fat[0].dataset.labels()
    for trace in (*fat, *deep):  # "both are right at every dot"
        said = predict(trace.experiment, trace.parameters[-1], trace.experiment.dataset.features())
        assert ((said > 0) == (labels == 1)).all()


def test_lines_and_deeper_networks():
    limits, deeper = LinearLimits.Parameters(), DeeperAndDeeper.Parameters()
    steps = np.sign(np.diff([y for _, y in limits.knots]))
    assert {1, -1} <= {*steps.astype(int)}  # "rises to a peak, then it falls"
    years, layers, errors = zip(*((each.year, each.layers, each.error) for each in deeper.networks), strict=True)
    assert [round(error) for error in errors] == [16, 7, 7, 4]  # "both got only about seven wrong"
    assert years[:3] == (2012, 2014, 2014) and layers[-1] == max(layers) > 101  # "than Taipei 101 has floors"
    assert 10**6 < deeper.pictures < 2 * 10**6
