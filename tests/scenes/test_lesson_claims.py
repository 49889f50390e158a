"""Lines that claim something of numbers have conditions; where one fails, the neutral line is said.

The conditions are in the scenes (`LectureScene.claims`). `./run bench claims` checks all of them on the lesson's own
runs. These tests check those whose runs take seconds, and others on made-up numbers.
"""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import textwrap
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.analysis.results import LossByEpoch
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.core.network.training import train_all
from gradreel.render.frames.describe import describe
from gradreel.render.lessons.lesson_file import LESSON_FILES, read_lesson
from gradreel.render.settings import RenderSettings
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.catalog import find_scenes, load_class
from gradreel.scenes.lecture.deep.backprop import Backprop
from gradreel.scenes.lecture.deep.why_deep import WhyDeep
from gradreel.scenes.lecture.experiments import overfitting
from gradreel.scenes.lecture.experiments.depth_experiment import DepthExperiment
from gradreel.scenes.lecture.experiments.forecast import Forecast
from gradreel.scenes.lecture.experiments.overfitting import DOTS_RUN, Overfitting
from gradreel.scenes.lecture.experiments.width_experiment import WidthExperiment
from gradreel.scenes.lecture.networks.network_diagram import NetworkDiagram
from gradreel.scenes.lecture.opening.pictures.last_guess import Guess as LastGuess
from gradreel.scenes.lecture.opening.summary import Summary
from gradreel.scenes.lecture.opening.title import Title
from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
from gradreel.scenes.lecture.optimization.loss import Loss
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.words.claims import Claim, claim, decreasing, failed
from gradreel.scenes.words.marks import marked
from gradreel.scenes.words.narration import NEUTRAL, Narration, OwnWords, use_words

NARRATION = Narration.load()
SCENES = {source.name: load_class(source) for source in find_scenes()}


# -- the mechanism -----------------------------------------------------------------------------------------------------

OWN_WORDS = """
[en.guess]
title = "A guess"
[en.guess.beats]
far = "{value} is high."
step = "Step by step."
[en.guess.neutral]
far = "It is {value}."
step = "Steps."
"""


class Guess(LectureScene):
    """A scene of somebody's own, whose line claims something of a parameter."""

    class Parameters(LectureScene.Parameters):
        value: float = 2.0
        steps: tuple[float, ...] = (3.0, 2.0)

    def claims(self) -> Iterator[Claim]:
        yield claim("far", "the value is above 1", self.parameters.value > 1, value=self.parameters.value)
        yield claim("step", "each step is lower", decreasing(self.parameters.steps), steps=self.parameters.steps)

    def construct(self) -> None:
        with self.beat("far", value=f"{self.parameters.value:g}"):
            self.wait(0.1)
        for k in (1, 2):
            with self.beat(f"step-{k}"):
                self.wait(0.1)


@pytest.fixture
def own_words(tmp_path):
    (tmp_path / "own.toml").write_text(OWN_WORDS)
    words = OwnWords.read(tmp_path / "own.toml")
    use_words(words)
    yield words
    use_words(None)


@pytest.mark.parametrize(
    ("parameters", "far", "step"),
    [
        ({}, "2 is high.", "Step by step."),
        ({"value": 0.5}, "It is 0.5.", "Step by step."),
        ({"value": float("nan")}, "It is nan.", "Step by step."),
        ({"steps": (2.0, 3.0)}, "2 is high.", "Steps."),
    ],
)
def test_line_depends_on_its_claims(own_words, play, parameters, far, step):
    played = play(Guess, **parameters)
    assert {beat: lines["en"] for beat, lines in played.lines.items()} == {"far": far, "step-1": step, "step-2": step}


def test_beat_keeps_its_claims_and_a_broken_one_tells_what_was_expected_and_the_numbers(own_words, play):
    scene = play(Guess, value=0.25).scene
    kept = {beat.name: beat.claims for beat in scene.beats}
    assert [each.holds for each in kept["far"]] == [False] and kept["step-1"] == kept["step-2"] != ()
    (message,) = Narration.load(("en",)).broken_claims("guess", kept["far"])
    assert "far" in message and "the value is above 1" in message and "value: 0.25" in message


def test_broken_claim_without_a_neutral_line_is_told_too(own_words):
    broken = [claim("other", "it is so", False, number=1)]
    (with_neutral,) = Narration.load(("en",)).broken_claims("guess", [claim("far", "it is so", False, number=1)])
    (without,) = Narration.load(("en",)).broken_claims("guess", broken)
    assert "guess.neutral" in without and "guess.neutral" not in with_neutral


def test_claims_of_other_data_are_not_computed():
    scene = NetworkDiagram(parameters={"run": THREE_DAYS.model_copy(update={"epochs": 2})})
    assert scene.other_data and scene.checked_claims == () and not scene.holds("result-low")


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ({"losses": np.array([3.14159, 2.0])}, "losses: 3.142, 2"),
        ({"nested": ([1, 2], 3), "day": "2020-01-23"}, "nested: 1, 2, 3; day: 2020-01-23"),
        ({"many": range(100)}, "many: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (100)"),
    ],
)
def test_numbers_of_a_claim_are_listed(numbers, shown):
    assert claim("end", "so it is", True, **numbers).numbers == shown


# -- the lesson's conditions, on runs that take seconds ----------------------------------------------------------------

LONG = {"width-experiment", "depth-experiment", "overfitting", "model-selection", "forecast", "summary"}


@pytest.mark.parametrize("name", sorted({name for name in SCENES if "claims" in vars(SCENES[name])} - LONG))
def test_claims_of_the_lesson_hold_of_its_own_runs(name, media, trace_of):
    scene_class = SCENES[name]
    if scene_class is WhyDeep:
        match = WhyDeep.Parameters().match()
        train_all(match.fat, media / "traces")
        train_all(match.deep, media / "traces")
    for run in scene_class.experiments(scene_class.Parameters()).values():
        trace_of(run)
    claims = scene_class(context=SceneContext(media_dir=media)).checked_claims
    assert claims and failed(claims) == []


@pytest.mark.parametrize("file", LESSON_FILES, ids=lambda file: file.stem)
def test_a_lesson_has_every_scene_with_its_defaults(file):
    """`LectureScene.other_data` takes a scene's defaults for what the lesson shows."""
    for request in read_lesson(file).requests(RenderSettings()):
        scene_class = load_class(request.source)
        assert describe(scene_class, request).parameters == scene_class.Parameters().model_dump(mode="json")


# -- the lesson's conditions, on numbers made for them -----------------------------------------------------------------


@pytest.fixture
def as_of_the_lesson(monkeypatch):
    """Scenes check their claims on any runs, as if these were the lesson's: small ones, made-up results."""
    monkeypatch.setattr(LectureScene, "other_data", False)


GOOD, BAD = [454, 197, 166, 148, 165], [454, 197, 166, 148, 185]  # the deepest is above the floor, 176


@pytest.mark.parametrize(
    ("training", "validation", "broken"),
    [
        (GOOD, [604, 474, 444, 435, 444], set()),
        (BAD, [604, 474, 444, 435, 444], {"training-falls-deeper"}),
        (GOOD, [604, 474, 444, 435, 470], {"validation-falls-to-three"}),  # clearly the best
        (GOOD, [604, 474, 434.5, 435, 444], {"lecture-agrees"}),  # two layers are best
        (GOOD, [604, 430, 444, 435, 444], {"validation-falls-to-three", "lecture-agrees"}),  # one layer is best
    ],
)
def test_depth_experiment(as_of_the_lesson, results_are, training, validation, broken):
    by_seed = [tuple(mean + 12 * (k - 2) for k in range(5)) for mean in validation]
    results_are([tuple(mean + k - 2 for k in range(5)) for mean in training], by_seed)
    scene = DepthExperiment()
    assert {each.beat for each in failed(scene.checked_claims)} == broken
    assert {beat for beat in ("training-falls-deeper", "validation-falls-to-three") if not scene.holds(beat)} == (
        broken - {"lecture-agrees"}
    )


@pytest.mark.parametrize(
    ("training", "validation", "broken"),
    [
        ([454, 332, 207, 191], [604, 513, 474, 487], {"by-heart"}),  # it has stopped where it ends
        ([454, 332, 207, 191], [604, 513, 474, 460], {"validation-falls-to-hundred", "by-heart"}),
        ([454, 332, 207, 300], [604, 513, 474, 487], {"training-falls", "floor-near", "by-heart"}),
        ([454, 332, 207, 150], [604, 513, 474, 487], {"floor-near", "by-heart"}),  # far below the floor
        ([454, 332, 190, 191], [604, 513, 474, 487], {"floor-near", "by-heart"}),  # two come near it
    ],
)
def test_width_experiment(as_of_the_lesson, results_are, training, validation, broken):
    results_are(training, validation)
    assert {each.beat for each in failed(WidthExperiment().checked_claims)} == broken


WAVES = 5 * np.sin(np.arange(60.0))


@pytest.mark.parametrize(
    ("seen", "validation", "broken"),
    [
        (700 * np.exp(-3 * np.linspace(0, 1, 60)), 500 + WAVES + 400 * np.exp(-9 * np.linspace(0, 1, 60)), set()),
        (
            700 * np.exp(-np.linspace(0, 1, 60)),  # it stays above the floor
            800 + WAVES + 400 * np.exp(-9 * np.linspace(0, 1, 60)),
            {"seen-falls"},
        ),
        (
            700 * np.exp(-3 * np.linspace(0, 1, 60)),
            700 - 200 * np.linspace(0, 1, 60),  # it is lowest at the end
            {"validation-turns", "stop"},
        ),
    ],
)
def test_overfitting(as_of_the_lesson, results_are, trace_of, monkeypatch, seen, validation, broken):
    results_are([200.0] * 5, [500.0] * 5)
    losses = LossByEpoch(np.arange(60.0), seen, np.maximum(validation, seen + 1))
    monkeypatch.setattr(overfitting, "loss_by_epoch", lambda trace, states, also: losses)
    monkeypatch.setattr(Overfitting, "traces_of", lambda self, network: [None])
    context = SceneContext(media_dir=trace_of(DOTS_RUN).path.parents[1])
    assert {each.beat for each in failed(Overfitting(context=context).checked_claims)} == broken


@pytest.mark.parametrize(
    ("shown", "broken"),
    [
        (slice(None), set()),
        (slice(None, 8), {"through-dots"}),  # it ends while it is near the rule
        (slice(None, None, -1), {"through-dots"}),  # it begins at its end
    ],
)
def test_small_example_of_overfitting(as_of_the_lesson, results_are, trace_of, monkeypatch, shown, broken):
    results_are([200.0] * 5, [500.0] * 5)
    falling = 700 * np.exp(-3 * np.linspace(0, 1, 60))
    losses = LossByEpoch(np.arange(60.0), falling, 500 + WAVES + falling)
    monkeypatch.setattr(overfitting, "loss_by_epoch", lambda trace, states, also: losses)
    monkeypatch.setattr(Overfitting, "traces_of", lambda self, network: [None])
    states = np.asarray(trace_of(DOTS_RUN).parameters)
    monkeypatch.setattr(Overfitting, "dots_trace", SimpleNamespace(parameters=states[shown]))
    names = {each.beat for each in failed(Overfitting().checked_claims)}
    assert names & {"rule-found", "through-dots", "new-dots-early-better"} == broken


@pytest.mark.parametrize(
    ("prediction", "truth", "rule", "holds"),
    [
        (3668.0, 4083.0, 3852.0, True),
        (3668.0, 4083.0, 4100.0, False),  # the rule is beyond the truth
        (3668.0, 4083.0, 3600.0, False),  # the rule is on the other side of the guess
    ],
)
def test_summary(as_of_the_lesson, monkeypatch, trace_of, prediction, truth, rule, holds):
    media = trace_of(Experiment()).path.parents[1]
    guess = LastGuess(THREE_DAYS, np.zeros(THREE_DAYS.n_parameters), prediction, truth, 478.0, rule)
    monkeypatch.setattr(Summary, "guess", guess)
    assert Summary(context=SceneContext(media_dir=media)).holds("truth-partly-chance") is holds


def test_other_numbers_in_the_trace_break_what_the_lines_say_of_it(tmp_path, trace_of, rewritten):
    trace = trace_of(THREE_DAYS)
    backwards = rewritten(trace, tmp_path, parameters=np.asarray(trace.parameters)[::-1])
    context = SceneContext(media_dir=backwards)
    assert not Loss(context=context).holds("other-better") and not Loss(context=context).holds("mean")
    curve = trace_of(Experiment())
    context = SceneContext(media_dir=rewritten(curve, tmp_path, parameters=np.asarray(curve.parameters)[::-1]))
    assert not next(iter(Summary(context=context).claims())).holds


def test_a_curve_that_is_not_learned_is_only_looked_for(tmp_path, trace_of, rewritten):
    run = trace_of(Experiment())
    stopped = np.asarray(run.parameters).copy()
    stopped[-1] = stopped[len(stopped) // 100]  # where the blue curve is still far from the red one
    assert not Title(context=SceneContext(media_dir=rewritten(run, tmp_path, parameters=stopped))).holds("run")


@pytest.mark.parametrize(("run", "beat"), [("line", "downhill"), ("far", "learning-rate")])
def test_steps_of_the_descent_that_go_another_way(tmp_path, trace_of, rewritten, run, beat):
    runs = GradientDescent.experiments(GradientDescent.Parameters())
    traces = {name: trace_of(experiment) for name, experiment in runs.items()}
    steps = np.asarray(traces[run].parameters).copy()
    if run == "line":
        steps[-1] = steps[-30]  # uphill in the end
    else:
        steps[:, 0] = steps[0, 0] + 10.0 * np.arange(len(steps))  # away from the lowest loss, on one side of it
    media = rewritten(traces[run], tmp_path, parameters=steps)
    for name in traces.keys() - {run}:
        shutil.copytree(traces[name].path, media / "traces" / traces[name].path.name, dirs_exist_ok=True)
    assert not GradientDescent(context=SceneContext(media_dir=media)).holds(beat)


def test_a_step_that_leaves_a_parameter_as_it_is(tmp_path, trace_of, rewritten):
    run = trace_of(THREE_DAYS)
    dead = np.asarray(run.parameters).copy()
    unpack(run.experiment, dead[-1]).c[0] = 0.0  # so the weights of the first sigmoid have no slope
    scene = Backprop(context=SceneContext(media_dir=rewritten(run, tmp_path, parameters=dead)))
    assert any("least_slope" in each.numbers for each in failed(scene.claims_of("step")))


@pytest.mark.parametrize(("first", "holds"), [(None, True), (date(2020, 1, 5), False)])
def test_days_shown_before_the_forecast_were_learned_from(as_of_the_lesson, tmp_path, trace_of, first, holds):
    parameters = Forecast.Parameters(depth=0, epochs=1, first=first)
    (run,) = Forecast.experiments(parameters).values()
    media = trace_of(run).path.parents[1]
    assert Forecast(parameters=parameters, context=SceneContext(media_dir=media)).holds("days") is holds


# -- every line --------------------------------------------------------------------------------------------------------


def claimed_beats(scene_class: type[LectureScene]) -> set[str]:
    """Return the beats that a scene's source names in the first argument of ``claim``."""
    trees = [
        ast.parse(textwrap.dedent(inspect.getsource(vars(base)["claims"])))
        for base in scene_class.__mro__
        if "claims" in vars(base) and base is not LectureScene
    ]
    found: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "claim" and isinstance(node.args[0], ast.Constant):
            found.add(node.args[0].value)
        elif isinstance(node, ast.Assign):  # name = "beat", or name, numbers = "beat", …
            pairs = [(node.targets[0], node.value)]
            if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
            found |= {value.value for target, value in pairs if ast.unparse(target) == "name"}
    return found


CLAIMED = {name: claimed_beats(scene_class) for name, scene_class in SCENES.items()}
COMPARING = {  # words that compare, or say "all" or "none", by language
    "en": r"\b(?:\w+er than|lower|lowest|higher|highest|better|best|worse|worst|deeper|deepest|wider|widest|larger"
    r"|largest|smaller|smallest|shorter|longer|farther|farthest|closer|closest|steeper|nearer|faster|slower|slowly"
    r"|simpler|harder|easier|taller|less|least|more|most|fewer|fewest|falls?|fell|rises?|sinks?|shrinks?|decreases?"
    r"|grows?|jumps?|again|only|hardly|nearly|almost|soon|every|each time|all|both|none|nobody|no|never|always"
    r"|too (?:low|far|many|high|large|small)|downhill|overtaken|luckiest|about|learns the|arrives?|exactly|everything"
    r"|nothing|everywhere|as \w+ as)\b",
    "zh": r"更(?!新)|最(?!近|后)|越|不如|超过|几乎|差不多|左右|大约|反而|降|变陡|变缓|变好|变差|变小|掉到|逼近|从来"
    r"|每次(?!更新)|每加|都是|都错|又低|全错|只好|只到|低很多|近多了|小多了|更难|学红线|处处|正好|都没",
}

# By scene, beats whose line has such a word and needs no condition: it defines, asks or announces something, it is true
# of any numbers by mathematics or by how the picture is made, or the number is filled in or looked for
NEED_NONE = {
    "title": "pairs", "linear-limits": "map", "build-curve": "piece-1 piece general", "any-curve": "smooth any",
    "sigmoid-formula": "line soft name limits", "morph-sigmoid": "change-w change-b gap letters",
    "sum-of-sigmoids": "start sigma race", "more-features": "more-days", "network-diagram": "count fold",
    "matrix-form": "fold sigma", "theta": "unknowns stack function",
    "why-gradient": "sigmoids question task two scan many rise", "loss": "map error squares",
    "gradient-descent": "who floor start gradient network "
                        "recorded-start recorded-gradient recorded-update recorded-walk",
    "batches": "split epoch", "relu": "map relu height two names slopes",
    "width-experiment": "networks train usual rule miss", "stack-layers": "why fold third again hundred",
    "depth-experiment": "networks train", "forecast": "prediction", "naming": "nameless hidden",
    "deeper-and-deeper": "first", "why-deep": "fold folds bends spirals", "model-selection": "choice pretend",
    "backprop": "passes meeting wave through-c path rest through-activation", "summary": "steps thread answer",
    "two-kinds": "zero", "how-sure": "axis share half color", "surprise": "points bound squared slope flat mean",
    "turning-line": "next", "bent-plane": "sheet", "three-classes": "three scores positive divide ten",
    "digits": "features network wall", "digit-mistakes": "noise favourite", "far-away": "silent",
    "classes-summary": "thread", "decision-regions": "start walk", "layer-view": "layer",
    "loss-curve": "epochs whole axes compare", "network": "end start",
}  # fmt: skip
NEUTRAL_NEED_NONE = {  # of neutral lines, which never have a condition
    "batches": "whole-falls one-batch-slower", "sigmoid-formula": "line", "title": "run", "build-curve": "heights",
    "any-curve": "more", "sum-of-sigmoids": "smaller learn", "matrix-form": "fold", "loss": "mean",
    "gradient-descent": "downhill learning-rate patience", "width-experiment": "validation-falls-to-hundred floor-near",
    "depth-experiment": "validation-falls-to-three lecture-agrees", "forecast": "lows missed-most window",
    "why-deep": "starts-deep-all race-both-right", "overfitting": "validation-turns stop new-dots-early-better",
    "model-selection": "exam week-low-again", "backprop": "step", "two-kinds": "far-triangle", "surprise": "dots",
    "turning-line": "walk still-falls surer", "network": "start end", "bent-plane": "cut-parts-all back-curve",
    "three-classes": "drag", "digits": "untrained-unsure rise", "far-away": "near-unsure out-surer far-whole lines",
    "more-features": "more-days",
}  # fmt: skip


def listed(table: dict[str, str]) -> set[tuple[str, str]]:
    """Return scene and beat of each entry."""
    return {(scene, beat) for scene, beats in table.items() for beat in beats.split()}


def comparing(table: str) -> set[tuple[str, str]]:
    """Return scene and beat of every line of ``table``, in any language, with a word of `COMPARING`."""
    return {
        (scene, beat)
        for language, scenes in NARRATION.scenes.items()
        for scene, words in scenes.items()
        for beat, line in words.get(table, {}).items()
        if re.search(COMPARING[language], marked(line)[0], re.IGNORECASE)
    }


def test_every_line_that_compares_has_a_condition_or_needs_none():
    claimed, reasons = {(scene, beat) for scene, beats in CLAIMED.items() for beat in beats}, listed(NEED_NONE)
    assert comparing("beats") - claimed - reasons == set()
    assert claimed & reasons == set(), "a condition needs no reason"
    lines = {(scene, beat) for scene, words in NARRATION.scenes["en"].items() for beat in words.get("beats", {})}
    assert reasons <= lines


def test_neutral_lines_compare_only_what_is_filled_in_or_explained():
    assert comparing(NEUTRAL) == listed(NEUTRAL_NEED_NONE)


def test_every_line_with_a_condition_has_a_neutral_one_in_each_language():
    for scenes in NARRATION.scenes.values():
        for scene, beats in CLAIMED.items():
            assert beats <= {*scenes[scene].get(NEUTRAL, {})}, scene
