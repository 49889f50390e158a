"""Fixtures of the scenes' tests: a folder of trained runs, a function that plays scenes, recorded loops.

def test_the_number_is_the_recorded_loss(play, trace_of):
    played = play(LossCurve, lambda scene, beat: scene.readout.loss.text, run=RUN)
    assert played.seen["end"] == f"{loss(RUN, trace_of(RUN).parameters[-1]):.3f}"
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from gradreel.core.analysis.noise_floor import NoiseFloor
from gradreel.core.analysis.results import Losses, PartLosses, Result
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.columns import checksum
from gradreel.core.trace.format import column_kinds, sealed_meta
from gradreel.core.trace.recorded_run import RecordedGroup, RecordedOptimizer, RecordedPart, RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.render.clips.beat_lines import as_json, from_json
from gradreel.scenes.base import LectureScene
from gradreel.scenes.catalog import load_class, resolve
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.pytest_plugin import _media_dir
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.testing.fixtures import trained_context
from gradreel.scenes.words.narration import Narration

TINY = (320, 180)
FLOOR = NoiseFloor(training=120.0, validation=150.0, test=160.0)


# -- trained runs ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def media(request, tmp_path_factory) -> Path:
    """The media folder of all tests, those of ``tests/frames`` as well: a run is trained once. To read only."""
    return _media_dir(request, tmp_path_factory)


@pytest.fixture(scope="session")
def trace_of(media) -> Callable[[Experiment], Trace]:
    """Return ``trace_of(run)``: the run's trace in ``media``, trained on the first call."""
    return lambda run: train(run, media / "traces")


@pytest.fixture(scope="session")
def rewritten() -> Callable[..., Path]:
    """``rewritten(trace, media_dir, parameters=…)``: a copy with other numbers in these columns, intact all the same.

    It lies in the traces of ``media_dir``, which is returned.
    """

    def rewrite(trace: Trace, media_dir: Path, **columns: np.ndarray) -> Path:
        path = Path(shutil.copytree(trace.path, media_dir / "traces" / trace.path.name, dirs_exist_ok=True))
        for name, column in columns.items():
            np.save(path / f"{name}.npy", column)
        sums = {name: checksum(path / f"{name}.npy", kind) for name, kind in column_kinds(trace.run).items()}
        (path / "meta.json").write_text(sealed_meta(trace.run, trace.meta["environment"], sums))
        return media_dir

    return rewrite


@pytest.fixture
def results_are(monkeypatch) -> Callable[..., None]:
    """``results_are(training, validation, test)``: scenes of several networks find these losses, in views.

    Of each network its mean, from which two seeds are 1 away, or the losses by seed. Without those of unseen days, they
    are as on validation days. The state that is chosen is the last.
    """

    def losses(of: float | tuple[float, ...]) -> Losses:
        return Losses(np.array([of - 1.0, of + 1.0] if isinstance(of, int | float) else of))

    def set_results(training, validation, test=None) -> None:
        parts = [[losses(of) for of in part] for part in (training, validation, validation if test is None else test)]

        def result(network, *of_parts):
            runs, run = len(of_parts[0].by_seed), network.experiments[0]
            rows, epochs = (run.n_kept - 1,) * runs, (float(run.epochs),) * runs
            both = PartLosses(*of_parts)
            return Result(network, tuple(range(runs)), rows, epochs, both, both, None)

        def results(self):
            return tuple(result(*each) for each in zip(self.parameters.networks(), *parts, strict=True))

        monkeypatch.setattr(NetworksScene, "results", results)

    return set_results


@pytest.fixture
def of_the_lesson(monkeypatch) -> None:
    """Small runs stand for the lesson's: scenes tell of them, and draw, what they tell of those, a floor as well."""
    monkeypatch.setattr(LectureScene, "other_data", False)
    monkeypatch.setattr(LectureScene, "checked_claims", ())
    monkeypatch.setattr(NetworksScene, "floor", FLOOR)


@pytest.fixture(autouse=True, scope="session")
def lines_can_be_filled_again() -> Iterator[None]:
    """Every line that a scene says in these tests is the same when what its clip keeps of it is read from a file.

    Else the clip would count as out of date as soon as it was made. And a voice can read it: no digit or sign is left.
    """
    say = Narration.lines

    def lines(narration, scene, beat, values=None, spoken=False):
        said = say(narration, scene, beat, values, spoken)
        if any("test_" in type(value).__module__ for value in (values or {}).values()):
            return said  # no scene's: a test's own stand-in
        again = say(narration, scene, beat, from_json(json.loads(json.dumps(as_json(values or {})))), spoken)
        assert again == said, f"{scene}, {beat}: {values}"
        if narration.own is None:
            for language, text in say(narration, scene, beat, values, spoken=True).printed.items():
                assert not re.search(r"[\d=+<>%₀-₉\u0370-\u03ff\u2212]", text), f"{scene}, {beat}, {language}: {text}"
        return said

    with patch.object(Narration, "lines", lines):
        yield


# -- scenes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """A scene that was played to its end."""

    scene: LectureScene  # as it ended
    seen: dict[str, Any]  # beat -> what ``look(scene, beat)`` said at its end

    @property
    def beats(self) -> list[str]:
        return list(self.seen)

    @property
    def last(self) -> Any:
        """Return the observation at the end of the last beat, or after it if the scene removes objects then."""
        return self.seen[self.beats[-1]]

    @property
    def lines(self) -> dict[str, dict[str, str]]:
        """Return the spoken lines by beat and language."""
        return {beat.name: beat.lines for beat in self.scene.beats}

    @property
    def findings(self) -> list[str]:
        """The breaches of the rules of the picture, where ``look`` is ``check_scene``."""
        return [str(finding) for found in self.seen.values() for finding in found]


class _SeenEnough(Exception):  # noqa: N818 - no error: what was wanted has been seen
    """Ends a play with its beat ``until``."""


class _Opened(Exception):  # noqa: N818 - nor this: nothing has moved yet
    """Ends a play before its first animation."""


@pytest.fixture(scope="session")
def play(media) -> Callable[..., Played]:
    """``play(SceneClass, look, **parameters)``: the scene `Played`, each animation jumping to its end.

    ``look(scene, beat)`` is called at the end of each beat. Missing runs are trained first. Options: ``until`` (the
    beat with whose end the play ends: "race" is "race-both-right" too), ``lang``, ``theme``, ``size`` (in pixels), and
    ``media_dir`` for traces of one's own. A scene of ours may be given by its name.
    """

    def play_scene(
        scene_class,
        look=lambda scene, beat: None,
        *,
        until=None,
        lang="en",
        theme="dark",
        size=TINY,
        media_dir=media,
        **parameters,
    ) -> Played:
        if isinstance(scene_class, str):
            scene_class = load_class(resolve(scene_class))
        context, seen, played = trained_context(scene_class, parameters, lang, theme, media_dir), {}, []

        def visit(scene, beat) -> None:
            seen[beat] = look(scene, beat)
            if until is not None and f"{beat}-".startswith(f"{until}-"):
                played.append(scene)
                raise _SeenEnough

        with suppress(_SeenEnough):
            played.append(visit_beats(scene_class, visit, parameters, context, size))
            assert until is None, f"{scene_class.__name__} has no beat {until}"
        return Played(played[0], seen)

    return play_scene


@pytest.fixture(scope="session")
def opening(play) -> Callable[..., Any]:
    """``opening(SceneClass, look, **parameters)``: what ``look(scene)`` says before anything has moved."""

    def open_scene(scene_class, look, **parameters):
        seen = []

        def first(scene, *animations, **how):
            seen.append(look(scene))
            raise _Opened

        if isinstance(scene_class, str):
            scene_class = load_class(resolve(scene_class))
        with patch.object(scene_class, "play", first), pytest.raises(_Opened):
            play(scene_class, **parameters)
        return seen[0]

    return open_scene


@pytest.fixture(scope="session")
def words_on() -> Callable[[LectureScene], str]:
    """``words_on(scene)``: all texts on the screen, without Typst's backslashes."""

    def words(scene) -> str:
        texts = [part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)]
        return " | ".join(texts).replace("\\", "")

    return words


# -- runs of somebody's own --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def loops(tmp_path_factory, record_loop) -> Path:
    """A folder of recorded loops, made once."""
    folder = tmp_path_factory.mktemp("loops")
    record_loop(folder / "sgd", lambda parameters: torch.optim.SGD(parameters, lr=0.1))
    record_loop(folder / "adam", lambda parameters: torch.optim.Adam(parameters, lr=0.01))
    record_loop(folder / "unlogged", lambda parameters: torch.optim.AdamW(parameters, lr=0.01), 40, log=False)
    return folder


@pytest.fixture(scope="session")
def broken(tmp_path_factory, record_loop, small_model) -> Path:
    """Record loops whose losses become NaN or infinite; return their folder.

    "overflow": by its learning rate; "nan": at update 12 of 30; "nan from the start"; "float64": squares overflow.
    """
    folder = tmp_path_factory.mktemp("broken")
    ruined, made = small_model(), []

    def ruin(model: torch.nn.Module) -> None:
        made.append(model)
        if len(made) == 12:
            with torch.no_grad():
                model[0].weight[3, 0] = float("nan")

    def much(parameters) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=3.0)

    def little(parameters) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.05)

    record_loop(folder / "overflow", much, 30, 64, model=small_model(activation=torch.nn.ReLU))
    record_loop(folder / "nan", little, 30, after_step=ruin)
    with torch.no_grad():
        ruined[0].weight[3, 0] = float("nan")
    record_loop(folder / "nan from the start", little, 5, model=ruined)
    torch.set_default_dtype(torch.float64)
    try:
        record_loop(folder / "float64", much, 30, 64, model=small_model(activation=torch.nn.ReLU))
    finally:
        torch.set_default_dtype(torch.float32)
    return folder


@pytest.fixture
def written(tmp_path) -> Callable[..., Path]:
    """Write down a run with these losses, whose six parameters wander; where it is."""

    def write(losses, epoch=None, name: str = "written") -> Path:
        updates = len(losses)
        walk = np.cumsum(np.random.default_rng(0).normal(size=(updates + 1, 6)) * 0.01, axis=0)
        return _write(tmp_path / name, walk, np.asarray(losses, dtype=float), epoch)

    return write


def _write(path: Path, parameters: np.ndarray, losses: np.ndarray, epoch) -> Path:
    updates = len(losses)
    parts = tuple(
        RecordedPart(name=name, shape=shape, dtype="float32", trained=True)
        for name, shape in (("0.weight", (2, 2)), ("0.bias", (2,)))
    )
    optimizer = RecordedOptimizer(
        kind="torch.optim.sgd.SGD", groups=(RecordedGroup(settings={"lr": 0.1}, parts=(0, 1)),)
    )
    model = "torch.nn.modules.container.Sequential"
    run = RecordedRun(
        model=model,
        parts=parts,
        optimizers=(optimizer,),
        dtype="float32",
        updates=updates,
        state_dict={"0.weight": 0, "0.bias": 1},
    )
    columns = {
        "kept": run.kept_updates(),
        "parameters": parameters,
        "gradient": np.zeros((updates, parameters.shape[1])),
        "batch_loss": losses,
        "epoch": np.full(updates, -1) if epoch is None else epoch,
        "batch": np.empty(0),
        "batch_start": np.zeros(updates + 1),
        "optimizer": np.zeros(updates),
        "setting": np.empty(0),
        "setting_at": np.empty(0),
        "setting_value": np.empty(0),
    }
    path.mkdir()
    kinds = column_kinds(run)
    for name, kind in kinds.items():
        np.save(path / f"{name}.npy", np.asarray(columns[name]).astype(kind.dtype))
    sums = {name: checksum(path / f"{name}.npy", kind) for name, kind in kinds.items()}
    (path / "meta.json").write_text(sealed_meta(run, {}, sums))
    return path
