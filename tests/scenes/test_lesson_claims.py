"""Every claim that the lesson's lines make about the lesson's own data, held against the numbers.

``lesson_losses.json`` has the losses of the 45 long runs, by network and seed, in views: of ``gradreel experiment width
--json`` and ``depth --json``. The runs that take seconds are trained. "Clearly" is Welch's t-test at 5 %.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.forecast import next_days
from gradreel.core.results import depth_experiments, loss_by_epoch, losses_with_the_least
from gradreel.core.synthetic_views import LOW_WEEKDAYS, NEW_YEAR, NEW_YEAR_EVES
from gradreel.scenes.catalog import load_class
from gradreel.scenes.lecture.chosen_network import DaysToCome
from gradreel.scenes.lecture.features import MoreFeatures
from gradreel.scenes.lecture.forecast import EVE, JUMP, Forecast
from gradreel.scenes.render.frames.describe import describe
from gradreel.scenes.render.lessons.lesson_file import LESSON_FILE, read_lesson
from gradreel.scenes.render.lessons.settings import RenderSettings
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
    scene = play(MoreFeatures).scene
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
    whole, _, predicted = to_come.by_weekday
    tomorrow = int(to_come.ahead.weekdays[0])
    assert tomorrow in LOW_WEEKDAYS and to_come.ahead.prediction[0] < to_come.series.array()[-7:].mean()  # "so low?"
    low = list(LOW_WEEKDAYS)
    fall, noticed = (np.delete(means, low).mean() - means[low].mean() for means in (whole, predicted))
    assert noticed > fall / 2  # "it has noticed"
    assert to_come.rival == "day" and to_come.usual[0] < 0.95 * to_come.naive  # "would you bet?"
