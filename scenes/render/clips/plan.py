"""What is missing and what is out of date, found by digest; nothing is rendered here and Manim is not imported.

A clip is named by a digest of all that it is made of, as far as that is known before it is rendered. One that stands
under its digest is up to date, whoever made it, unless a file that its scene opened has changed since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.scenes.file_names import file_name
from gradreel.scenes.render.clips.clip_files import described_clip, read_description
from gradreel.scenes.render.clips.fingerprint import clip_path, common_parts, languages_of, parts_of
from gradreel.scenes.render.clips.import_graph import one_moment
from gradreel.scenes.render.clips.staleness import why_rendered, why_stale
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.lessons.requests import SceneDescription, SceneRequest
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.narration import Narration


@dataclass(frozen=True)
class Run:
    """A training run that no trace has been recorded of."""

    experiment: Experiment
    shown_by: tuple[str, ...]  # scenes
    path: Path  # where the trace will be


@dataclass(frozen=True)
class Clip:
    """One scene to be in a video."""

    request: SceneRequest  # parameters checked and complete
    experiments: Mapping[str, Experiment]  # by parameter
    path: Path | None  # None: not known until its runs have been trained
    digest: str | None
    parts: Mapping[str, Any]  # what the digest is made of
    up_to_date: bool
    why: str  # it has to be rendered; "" when up to date
    expected_frames: int  # by an earlier clip of the scene or by its narration; 0 when there is neither

    @property
    def scene(self) -> str:
        return self.request.source.name

    @property
    def file_stem(self) -> str:
        """What files of it alone are called: ``loss-curve--runs--mine`` where it shows a trace given by its folder."""
        given = [self.request.parameters[name] for name in self.parts["traces"] if name not in self.experiments]
        return "--".join([self.scene, *(TraceFolder(folder).file_stem for folder in given)])


@dataclass(frozen=True)
class Plan:
    """All that a video needs; clips in film order."""

    runs: tuple[Run, ...]
    clips: tuple[Clip, ...]

    @property
    def out_of_date(self) -> tuple[Clip, ...]:
        return tuple(clip for clip in self.clips if not clip.up_to_date)


def plan(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    """What has to be trained and rendered for ``requests``, whose ``descriptions`` their classes gave.

    Raises TraceError for a trace that is there and damaged, UserError for narration that is missing and for a scene
    and a trace whose names together are too long for a file.
    """
    with one_moment():
        return _planned(requests, descriptions, folders)


def _planned(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    earlier = cache(lambda: earlier_clips(folders.clips))  # read when something is out of date
    narration = cache(Narration.load)
    traces_of = _Traces(folders.traces)
    common = common_parts()
    clips = []
    missing: dict[str, Run] = {}
    for request, description in zip(requests, descriptions, strict=True):
        complete = replace(request, parameters=description.parameters)
        traces, untrained = traces_of(description)
        for experiment in untrained:
            known = missing.get(experiment.digest)
            shown_by = (*(known.shown_by if known else ()), description.name)
            missing[experiment.digest] = Run(experiment, shown_by, folders.traces / experiment.digest)
        words = narration(languages_of(request)).with_words(request.words)
        parts = common | parts_of(complete, description, traces, words)
        clips.append(_clip(complete, description, parts, bool(untrained), words, earlier, folders.clips))
        file_name(clips[-1].file_stem, f"{description.name}: a file called")
    return Plan(tuple(missing.values()), tuple(clips))


class _Traces:
    """Those of a plan, each looked at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._digests: dict[str, str | None] = {}

    def __call__(self, description: SceneDescription) -> tuple[dict[str, str], list[Experiment]]:
        """Digest of each recorded trace by its parameter, and the experiments that have none."""
        digests: dict[str, str] = {}
        untrained: dict[str, Experiment] = {}
        for parameter, experiment in description.experiments.items():
            digest = self._digest_of(experiment)
            if digest is None:
                untrained[experiment.digest] = experiment
            else:
                digests[parameter] = digest
        for parameter, folder in description.traces.items():
            digests[parameter] = TraceFolder(folder).checksum[:24]
        return digests, list(untrained.values())

    def _digest_of(self, experiment: Experiment) -> str | None:
        name = experiment.digest
        if name not in self._digests:
            path = self._directory / name
            if path.exists():
                Trace.find(self._directory, experiment)
            try:
                content = (path / "meta.json").read_bytes() if path.exists() else None
            except OSError as error:
                raise TraceError(f"{path / 'meta.json'}: {error.strerror}") from None
            self._digests[name] = None if content is None else hashlib.sha256(content).hexdigest()[:24]
        return self._digests[name]


def _clip(
    request: SceneRequest,
    description: SceneDescription,
    parts: Mapping[str, Any],
    waits_for_training: bool,
    words: Narration,
    earlier: Callable[[], Sequence[Mapping[str, Any]]],
    folder: Path,
) -> Clip:
    path = None if waits_for_training else clip_path(folder, parts, request.settings)
    there = described_clip(path) if path is not None else None
    why = "its training run has to be recorded first"
    if path is not None:
        why = why_stale(there, request, words) if there is not None else "its file is gone or damaged"
    if path is not None and there is not None and not why:
        return Clip(request, description.experiments, path, path.stem, parts, True, "", there["frames"])
    same_scene = [clip for clip in earlier() if clip["parts"]["scene"] == description.name]
    expected = max(same_scene, key=lambda clip: float(clip["made"]), default=None)
    seconds = expected["frames"] / expected["fps"] if expected else _reading_time(parts["narration"])
    frames = round(seconds * request.settings.fps)
    if path is None:
        return Clip(request, description.experiments, None, None, parts, False, why, frames)
    why = why if there is not None else why_rendered(parts, [clip["parts"] for clip in same_scene])
    return Clip(request, description.experiments, path, path.stem, parts, False, why, frames)


def _reading_time(narration: Mapping[str, Any]) -> float:
    """Seconds that the lines of a scene take to read, in the slowest language of each; 0 for a scene without lines."""
    by_language: list[Mapping[str, float]] = list(narration.get("seconds", {}).values())
    beats = {beat for seconds in by_language for beat in seconds}
    return sum(max(seconds.get(beat, 0.0) for seconds in by_language) for beat in beats)


def earlier_clips(folder: Path) -> list[dict[str, Any]]:
    """Descriptions of all clips there are, whole ones only."""
    found = [read_description(file) for file in sorted(folder.glob("*.json"))]
    return [clip for clip in found if clip is not None]
