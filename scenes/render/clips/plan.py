"""What is missing and what is out of date, found by digest; nothing is rendered here and Manim is not imported.

A clip is named by a digest of all that it is made of, as far as that is known before it is rendered. One that stands
under its digest is up to date, whoever made it, unless a file that its scene opened has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace import Trace
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.narration import Narration, reading_seconds
from gradreel.scenes.render.clips import sources
from gradreel.scenes.render.clips.memory import remember
from gradreel.scenes.render.clips.workspace import Folders, read_json
from gradreel.scenes.render.lessons.beats import filled_again
from gradreel.scenes.render.lessons.requests import BeatSpan, SceneDescription, SceneRequest
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.trace_folder import TraceFolder

FORMAT_VERSION = 2  # of clips and of their descriptions


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


def plan(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    """What has to be trained and rendered for ``requests``, whose ``descriptions`` their classes gave.

    Raises TraceError for a trace that is there and damaged, UserError for narration that is missing.
    """
    with sources.one_moment():
        return _planned(requests, descriptions, folders)


def _planned(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    earlier = cache(lambda: earlier_clips(folders.clips))  # read when something is out of date
    narration = cache(Narration.load)
    traces_of = _Traces(folders.traces)
    common = {
        "format": FORMAT_VERSION,
        "drawing": sources.drawing_digest(),
        "configuration": sources.configuration_digest(),
    }
    clips = []
    missing: dict[str, Run] = {}
    for request, description in zip(requests, descriptions, strict=True):
        complete = replace(request, parameters=description.parameters)
        traces, untrained = traces_of(description)
        for experiment in untrained:
            known = missing.get(experiment.digest)
            shown_by = (*(known.shown_by if known else ()), description.name)
            missing[experiment.digest] = Run(experiment, shown_by, folders.traces / experiment.digest)
        words = narration(_languages(request)).with_words(request.words)
        parts = common | _parts(complete, description, traces, words)
        clips.append(_clip(complete, description, parts, bool(untrained), words, earlier, folders.clips))
    return Plan(tuple(missing.values()), tuple(clips))


def clip_path(folder: Path, parts: Mapping[str, Any], settings: RenderSettings) -> Path:
    """Where a clip made of ``parts`` lies, under its digest; a folder of pictures for png."""
    suffix = "" if settings.format == "png" else f".{settings.format}"
    return folder / f"{_digest(parts)}{suffix}"


def parts_now(parts: Mapping[str, Any], request: SceneRequest) -> dict[str, Any]:
    """``parts`` of a planned clip, with what is read from files as it is now: a file may be newer than the plan."""
    narrated = parts["narration"]
    if narrated:
        words = Narration.load(_languages(request)).with_words(request.words)
        narrated = _narration(request, narrated["words"], words)
    seals = {name: _seal_in(value) for name, value in request.parameters.items() if isinstance(value, str)}
    given = {name: seal[:24] for name, seal in seals.items() if seal is not None and name in parts["traces"]}
    traces = {**parts["traces"], **given}
    return {**parts, **_source_parts(request.source), "traces": traces, "narration": narrated}


def why_stale(clip: Mapping[str, Any], request: SceneRequest, words: Narration | None = None) -> str:
    """Why a clip that stands under its digest does not count, by its description; "" when it does.

    A file that the scene opened is another now. Or a line is, and filled with the scene's numbers it takes another time
    to read, which was not to be seen before it was filled.
    """
    changed = sources.changed_files(clip.get("files", {}), request.source)
    if changed:
        return f"{_listed(changed)} changed"
    beats = [BeatSpan(**beat) for beat in clip.get("beats", ())]
    if any(beat.from_narration for beat in beats):
        words = words or Narration.load(_languages(request)).with_words(request.words)
        if any(_takes_another_time(beat, filled_again(words, request.source.name, beat)) for beat in beats):
            return "narration changed"
    return ""


def inspection_key(request: SceneRequest) -> str:
    """Digest of all that a scene's description depends on."""
    content = {
        "format": FORMAT_VERSION,
        "class": request.source.class_name,
        **_source_parts(request.source),
        "describing": sources.describing_digest(),
        "doc": request.source.doc,
        "parameters": request.parameters,
        "experiments": {name: experiment.model_dump(mode="json") for name, experiment in request.experiments.items()},
        "traces": {name: _seal_in(value) for name, value in request.parameters.items() if isinstance(value, str)},
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


def _parts(
    request: SceneRequest, description: SceneDescription, traces: Mapping[str, str], words: Narration
) -> dict[str, Any]:
    if description.is_lecture_scene:
        words.title(description.name, request.settings.language)  # raises where there is none: before anything is made
    whose = description.narrated_as or description.name
    return {
        "scene": description.name,
        "class": request.source.class_name,
        **_source_parts(request.source),
        "parameters": description.parameters,
        "traces": traces,
        "narration": _narration(request, whose, words) if description.is_lecture_scene else {},
        "settings": request.settings.of_frames(),
    }


def _source_parts(source: SceneSource) -> dict[str, Any]:
    """What is read from the scene's files and found installed."""
    with sources.one_moment():
        parts = {
            "code": sources.code_digests(source),
            "assets": sources.asset_digests(source),
            "environment": sources.environment(source),
            "versions": sources.versions() | sources.library_versions(source),
        }
    return {name: part for name, part in parts.items() if part}


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


def _narration(request: SceneRequest, whose: str, narration: Narration) -> dict[str, Any]:
    """Reading time of each line, and the words on the screen: a corrected word of the same length changes nothing.

    ``whose``: the section with the scene's words. Words that its code takes from other sections count, too.
    """
    name, language = request.source.name, request.settings.language
    lines = {language: narration.scenes[language].get(whose, {}).get("beats", {}) for language in narration.languages}
    parts: dict[str, Any] = {
        "words": whose,
        "seconds": {
            language: {beat: seconds_of(line, language) for beat, line in lines[language].items()}
            for language in sorted(narration.languages)
        },
        "fields": {language: _fields(lines[language]) for language in sorted(narration.languages)},
        "screen": narration.scenes[language].get(whose, {}).get("screen", {}),
    }
    if whose != name:
        parts["lines"] = lines  # which the clip says itself
    shared = _shared_words(request, narration)
    return parts | ({"shared": shared} if shared else {})


def _shared_words(request: SceneRequest, narration: Narration) -> dict[str, Any]:
    """Words on the screen that the scene's code asks for in others' sections, by section."""
    words = narration.scenes[request.settings.language]
    shared = {}
    for section, keys in sources.screen_words(request.source).items():
        if not section:
            return {name: table.get("screen", {}) for name, table in words.items()}
        there = words.get(section, {}).get("screen", {})
        shared[section] = there if keys is None else {key: there.get(key) for key in keys}
    return shared


def _fields(lines: Mapping[str, str]) -> dict[str, list[str]]:
    """What is filled into each line, and in which form: that decides how long it is."""
    found = {}
    for beat, line in lines.items():
        try:
            fields = [f"{name}:{form}" for _, name, form, _ in Formatter().parse(line) if name is not None]
        except ValueError:  # braces that do not close: whoever fills it says so
            fields = [line]
        if fields:
            found[beat] = fields
    return found


def seconds_of(line: str, language: str) -> float:
    """Seconds that a line takes to read, in thousandths."""
    return remember(f"seconds {language}", line, lambda: round(reading_seconds(line, language), 3))


def _takes_another_time(beat: BeatSpan, lines: Mapping[str, str]) -> bool:
    """Whether a beat's lines as they are now take another time to read than those it was rendered with."""
    return any(
        line != beat.lines.get(language, "")
        and seconds_of(line, language) != seconds_of(beat.lines.get(language, ""), language)
        for language, line in lines.items()
    )


def _languages(request: SceneRequest) -> tuple[str, ...]:
    return (*request.settings.subtitle_languages, request.settings.language)


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
    there = _description_of(path) if path is not None else None
    why = "its training run has to be recorded first"
    if path is not None:
        why = why_stale(there, request, words) if there is not None else "its file is gone"
    if path is not None and there is not None and not why:
        return Clip(request, description.experiments, path, path.stem, parts, True, "", there["frames"])
    same_scene = [clip for clip in earlier() if clip["parts"].get("scene") == description.name]
    expected = max((clip for clip in same_scene), key=lambda clip: float(clip.get("made", 0)), default=None)
    seconds = expected["frames"] / expected["fps"] if expected else _reading_time(parts["narration"])
    frames = round(seconds * request.settings.fps)
    if path is None:
        return Clip(request, description.experiments, None, None, parts, False, why, frames)
    why = why if there is not None else _why(parts, [clip["parts"] for clip in same_scene])
    return Clip(request, description.experiments, path, path.stem, parts, False, why, frames)


def _description_of(clip: Path) -> dict[str, Any] | None:
    """What stands beside a clip; None unless both are there."""
    content = read_json(clip.with_suffix(".json")) if clip.exists() else None
    return content if content is not None and {"frames", "fps"} <= content.keys() else None


def _reading_time(narration: Mapping[str, Any]) -> float:
    """Seconds that the lines of a scene take to read, in the slowest language of each; 0 for a scene without lines."""
    by_language: list[Mapping[str, float]] = list(narration.get("seconds", {}).values())
    beats = {beat for seconds in by_language for beat in seconds}
    return sum(max(seconds.get(beat, 0.0) for seconds in by_language) for beat in beats)


def earlier_clips(folder: Path) -> list[dict[str, Any]]:
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
    return f"{_listed(nearest)} changed" if nearest else "its file is gone"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of what differs: ``parameter knots``, ``code of scenes/style.py``, ``height``."""
    kinds = {
        "code": "code of ",
        "parameters": "parameter ",
        "assets": "",
        "environment": "variable ",
        "traces": "trace of ",
        "settings": "",
        "versions": "version of ",
    }
    found = []
    for part in sorted(set(before) | set(now)):
        old, new = before.get(part), now.get(part)
        if old == new:
            continue
        if part in kinds and isinstance(old or {}, dict) and isinstance(new or {}, dict):
            old, new = old or {}, new or {}
            names = sorted(name for name in set(old) | set(new) if old.get(name) != new.get(name))
            found += [f"{kinds[part]}{name}" for name in names]
        else:
            found.append({"drawing": "the renderer", "configuration": "manim.cfg"}.get(part, part))
    return found


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:24]
