"""What is missing and what is out of date, found by digest; nothing is rendered here and Manim is not imported.

A clip is named by a digest of all that it is made of. One that stands under its digest is up to date, whoever made it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace import Trace
from gradreel.scenes.narration import Narration, reading_seconds
from gradreel.scenes.render import sources
from gradreel.scenes.render.requests import SceneDescription, SceneRequest
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.workspace import Folders, read_json
from gradreel.scenes.trace_folder import TraceFolder

FORMAT_VERSION = 1  # of clips and of their descriptions


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


@dataclass(frozen=True)
class Plan:
    """All that a video needs; clips in film order."""

    runs: tuple[Run, ...]
    clips: tuple[Clip, ...]

    @property
    def out_of_date(self) -> tuple[Clip, ...]:
        return tuple(clip for clip in self.clips if not clip.up_to_date)

    def as_json(self) -> dict[str, Any]:
        """What ``--dry_run`` shows."""
        return {
            "train": [{"digest": run.experiment.digest, "scenes": list(run.shown_by)} for run in self.runs],
            "render": [{"scene": clip.scene, "why": clip.why} for clip in self.out_of_date],
            "up_to_date": [clip.scene for clip in self.clips if clip.up_to_date],
        }


def plan(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    """What has to be trained and rendered for ``requests``, whose ``descriptions`` their classes gave.

    Raises TraceError for a trace that is there and damaged, UserError for narration that is missing.
    """
    earlier = _earlier_clips(folders.clips)
    common = {
        "format": FORMAT_VERSION,
        "drawing": sources.drawing_digest(),
        "versions": sources.versions(),
        "configuration": sources.configuration_digest(),
    }
    clips = []
    missing: dict[str, Run] = {}
    for request, description in zip(requests, descriptions, strict=True):
        complete = replace(request, parameters=description.parameters)
        traces, untrained = _traces(description, folders.traces)
        for experiment in untrained:
            known = missing.get(experiment.digest)
            shown_by = (*(known.shown_by if known else ()), description.name)
            missing[experiment.digest] = Run(experiment, shown_by, folders.traces / experiment.digest)
        parts = common | _parts(complete, description, traces)
        clips.append(_clip(complete, description, parts, bool(untrained), earlier, folders.clips))
    return Plan(tuple(missing.values()), tuple(clips))


def clip_path(folder: Path, parts: Mapping[str, Any], settings: RenderSettings) -> Path:
    """Where a clip made of ``parts`` lies, under its digest; a folder of pictures for png."""
    suffix = "" if settings.format == "png" else f".{settings.format}"
    return folder / f"{_digest(parts)}{suffix}"


def inspection_key(request: SceneRequest) -> str:
    """Digest of all that a scene's description depends on."""
    content = {
        "format": FORMAT_VERSION,
        "class": request.source.class_name,
        "code": sources.code_digests(request.source),
        "doc": request.source.doc,
        "parameters": request.parameters,
        "experiments": {name: experiment.model_dump(mode="json") for name, experiment in request.experiments.items()},
        "traces": {name: _seal_in(value) for name, value in request.parameters.items() if isinstance(value, str)},
        "versions": sources.versions(),
    }
    if request.words is not None:  # a scene has the words of its base, or of its own if there are any
        content["words"] = sorted({scene for scenes in request.words.scenes.values() for scene in scenes})
    return _digest(content)


def _seal_in(text: str) -> str | None:
    """The checksum of the trace whose folder ``text`` is; None for a text that is something else.

    Which parameters hold folders only the scene's class knows.
    """
    try:
        return TraceFolder(text).checksum
    except (TraceError, OSError, ValueError):
        return None


def _parts(request: SceneRequest, description: SceneDescription, traces: Mapping[str, str]) -> dict[str, Any]:
    code = sources.code_digests(request.source)
    return {
        "scene": description.name,
        "class": request.source.class_name,
        "code": code,
        "parameters": description.parameters,
        "traces": traces,
        "narration": _narration(request, description, code),
        "settings": request.settings.of_frames(),
    }


def _traces(description: SceneDescription, directory: Path) -> tuple[dict[str, str], list[Experiment]]:
    """Digest of each recorded trace by its parameter, and the experiments that have none."""
    digests: dict[str, str] = {}
    untrained: dict[str, Experiment] = {}
    for parameter, experiment in description.experiments.items():
        path = directory / experiment.digest
        if not path.exists():
            untrained[experiment.digest] = experiment
            continue
        Trace.find(directory, experiment)
        try:
            digests[parameter] = hashlib.sha256((path / "meta.json").read_bytes()).hexdigest()[:24]
        except OSError as error:
            raise TraceError(f"{path / 'meta.json'}: {error.strerror}") from None
    for parameter, folder in description.traces.items():
        digests[parameter] = TraceFolder(folder).checksum[:24]
    return digests, list(untrained.values())


def _narration(request: SceneRequest, description: SceneDescription, code: Iterable[str]) -> dict[str, Any]:
    """Reading time of each line, and the words on the screen: a corrected word of the same length changes nothing.

    Words that several scenes show have the name of the file that draws them: [part-map], mobjects/part_map.py.
    """
    if not description.is_lecture_scene:
        return {}
    settings, whose = request.settings, description.narrated_as or description.name
    narration = Narration.load((*settings.subtitle_languages, settings.language)).with_words(request.words)
    narration.title(description.name, settings.language)  # raises where there is none: before anything is made
    lines = {language: narration.scenes[language].get(whose, {}).get("beats", {}) for language in narration.languages}
    seconds = {
        language: {beat: round(reading_seconds(line, language), 3) for beat, line in lines[language].items()}
        for language in sorted(narration.languages)
    }
    words = narration.scenes[settings.language]
    drawn = {Path(file).stem.replace("_", "-") for file in code if file.startswith("scenes/mobjects/")}
    shared = {name: words[name].get("screen", {}) for name in sorted(drawn & words.keys())}
    borrowed = {} if whose == description.name else {"lines": lines}  # which the clip says itself
    more = borrowed | ({"shared": shared} if shared else {})
    return {"seconds": seconds, "screen": words.get(whose, {}).get("screen", {}), **more}


def _clip(
    request: SceneRequest,
    description: SceneDescription,
    parts: Mapping[str, Any],
    waits_for_training: bool,
    earlier: Sequence[Mapping[str, Any]],
    folder: Path,
) -> Clip:
    same_scene = [clip for clip in earlier if clip["parts"].get("scene") == description.name]
    expected = max((clip for clip in same_scene), key=lambda clip: float(clip.get("made", 0)), default=None)
    seconds = expected["frames"] / expected["fps"] if expected else _reading_time(parts["narration"])
    frames = round(seconds * request.settings.fps)
    if waits_for_training:
        why = "its training run has to be recorded first"
        return Clip(request, description.experiments, None, None, parts, False, why, frames)
    path = clip_path(folder, parts, request.settings)
    up_to_date = path.exists() and read_json(path.with_suffix(".json")) is not None
    why = "" if up_to_date else _why(parts, [clip["parts"] for clip in same_scene])
    return Clip(request, description.experiments, path, path.stem, parts, up_to_date, why, frames)


def _reading_time(narration: Mapping[str, Any]) -> float:
    """Seconds that the lines of a scene take to read, in the slowest language of each; 0 for a scene without lines."""
    by_language: list[Mapping[str, float]] = list(narration.get("seconds", {}).values())
    beats = {beat for seconds in by_language for beat in seconds}
    return sum(max(seconds.get(beat, 0.0) for seconds in by_language) for beat in beats)


def _earlier_clips(folder: Path) -> list[dict[str, Any]]:
    """Descriptions of all clips there are, whole ones only."""
    found = [read_json(file) for file in sorted(folder.glob("*.json"))]
    return [
        clip for clip in found if clip and isinstance(clip.get("parts"), dict) and "frames" in clip and "fps" in clip
    ]


def _why(parts: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]]) -> str:
    """What changed since the earlier clip that is most like this one."""
    changes = [_changes(before, parts) for before in earlier]
    if not changes:
        return "not rendered yet"
    nearest = min(changes, key=len)
    shown = ", ".join(nearest[:3])
    more = f" and {len(nearest) - 3} more" if len(nearest) > 3 else ""
    return f"{shown}{more} changed" if nearest else "its file is gone"


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of what differs: ``parameter knots``, ``code of scenes/style.py``, ``height``."""
    kinds = {
        "code": "code of ",
        "parameters": "parameter ",
        "traces": "trace of ",
        "settings": "",
        "versions": "version of ",
    }
    found = []
    for part in sorted(set(before) | set(now)):
        old, new = before.get(part), now.get(part)
        if old == new:
            continue
        if part in kinds and isinstance(old, dict) and isinstance(new, dict):
            names = sorted(name for name in set(old) | set(new) if old.get(name) != new.get(name))
            found += [f"{kinds[part]}{name}" for name in names]
        else:
            found.append({"drawing": "the renderer", "configuration": "manim.cfg"}.get(part, part))
    return found


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:24]
