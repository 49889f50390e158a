"""What is missing and what is out of date, found by digest; nothing is rendered here and Manim is not imported.

A clip is named by a digest of all that it is made of, as far as that is known before it is rendered. One that stands
under its digest is up to date, whoever made it, unless a file that its scene opened has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.render.clips.claim import Claim
from gradreel.render.clips.clip_files import described_clip, read_description
from gradreel.render.clips.file_digest import shortened
from gradreel.render.clips.fingerprint import (
    clip_path,
    common_parts,
    languages_of,
    narration_part,
    parts_of,
    trace_digest,
)
from gradreel.render.clips.import_graph import one_moment
from gradreel.render.clips.staleness import why_rendered, why_stale
from gradreel.render.clips.workspace import Folders
from gradreel.render.stages import Clip, ClipFile, Plan, Run, SceneDescription, SceneRequest, SpeechTimes
from gradreel.scenes.file_names import file_name
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.narration import Narration


def plan(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    """What has to be trained and rendered for ``requests``, whose ``descriptions`` their classes gave.

    Raises TraceError for a trace that is there and damaged, UserError for narration that is missing and for a scene
    and a trace whose names together are too long for a file.
    """
    earlier = cache(lambda: earlier_clips(folders.clips))  # read when something is out of date
    narration = cache(Narration.load)
    digest_of = cache(lambda experiment: _trace_digest(folders.traces, experiment))
    clips = []
    missing: dict[str, Run] = {}
    with one_moment():
        common = common_parts()
        for request, description in zip(requests, descriptions, strict=True):
            digests = {name: digest_of(experiment) for name, experiment in description.experiments.items()}
            untrained: dict[Experiment, str] = {}
            for name, digest in digests.items():
                if digest is None:
                    untrained.setdefault(description.experiments[name], name)
            for experiment, name in untrained.items():
                known = missing.get(experiment.digest)
                shown_by = {**(known.shown_by if known else {}), description.name: name}
                missing[experiment.digest] = Run(experiment, shown_by, folders.traces / experiment.digest)
            traces = {name: digest for name, digest in digests.items() if digest is not None}
            traces |= {name: shortened(TraceFolder(folder).checksum) for name, folder in description.traces.items()}
            complete = replace(request, parameters=description.parameters, data={}, curve=(), changes={})
            words = narration(languages_of(request)).with_words(request.words)
            parts = common | parts_of(complete, description, traces, words)
            path = None if untrained else clip_path(folders.clips, parts, request.settings)
            clip = _clip(complete, description.experiments, parts, path, words, earlier)
            clips.append(replace(clip, paths=description.paths))
            file_name(clips[-1].file_stem, f"{description.name}: a file called")
    return Plan(tuple(missing.values()), tuple(clips))


def timed(planned: Plan, speech: Mapping[str, SpeechTimes], words: Narration, folders: Folders) -> Plan:
    """The plan as it is when the lines of scenes take as long as their ``speech``."""
    earlier = cache(lambda: earlier_clips(folders.clips))

    def now(clip: Clip) -> Clip:
        request = replace(clip.request, speech=speech[clip.scene])
        parts = {**clip.parts, "narration": narration_part(request, clip.narrated_as, words)}
        path = clip_path(folders.clips, parts, request.settings)
        return replace(_clip(request, clip.experiments, parts, path, words, earlier), paths=clip.paths)

    return replace(planned, clips=tuple(now(clip) if clip.scene in speech else clip for clip in planned.clips))


def _trace_digest(traces: Path, experiment: Experiment) -> str | None:
    """Digest of the recorded trace of ``experiment``; None where there is none. Raises TraceError for a damaged one."""
    path = traces / experiment.digest
    if not path.exists():
        return None
    Trace.find(traces, experiment)
    try:
        return trace_digest(path)
    except OSError as error:
        raise TraceError(f"{error.filename}: {error.strerror}") from None


def _clip(
    request: SceneRequest,
    experiments: Mapping[str, Experiment],
    parts: Mapping[str, Any],
    path: Path | None,
    words: Narration,
    earlier: Callable[[], Sequence[Mapping[str, Any]]],
) -> Clip:
    there = described_clip(path) if path is not None else None
    why = why_stale(there, request, parts, words) if there is not None else ""
    if request.settings.force:
        why = why or "--force"
    if there is not None and not why:
        return Clip(request, experiments, path, parts, "", there["frames"])
    same_scene = [clip for clip in earlier() if clip["parts"]["scene"] == request.name]
    newest = max(same_scene, key=lambda clip: float(clip["made"]), default=None)
    seconds = newest["frames"] / newest["fps"] if newest else _reading_time(parts["narration"])
    if path is None:
        why = "its training run has to be recorded first"
    elif there is None:
        why = why_rendered(parts, [clip["parts"] for clip in same_scene])
    return Clip(request, experiments, path, parts, why, round(seconds * request.settings.fps))


def _reading_time(narration: Mapping[str, Any]) -> float:
    """Seconds that the lines of a scene are spoken, or read, in the slowest language of each; 0 for one without."""
    by_language: list[Mapping[str, Sequence[float]]] = list(narration.get("seconds", {}).values())
    by_language += [narration["speech"]] if "speech" in narration else []
    beats = {beat for seconds in by_language for beat in seconds}
    return sum(max(sum(seconds.get(beat, ())) for seconds in by_language) for beat in beats)


def earlier_clips(folder: Path) -> list[dict[str, Any]]:
    """Descriptions of all clips there are, whole ones only."""
    found = [read_description(file) for file in sorted(folder.glob("*.json"))]
    return [clip for clip in found if clip is not None]


def clip_claim(clip: Clip, locks: Path) -> Claim:
    """The right to make ``clip``, under the digest that it was planned with. Its worker may import newer code."""
    assert clip.path is not None, "its runs are recorded"
    path, request = clip.path, clip.request

    def made(waited: bool) -> ClipFile | None:
        content = described_clip(path)
        return None if content is None or why_stale(content, request, clip.parts) else ClipFile.from_json(content, path)

    return Claim([locks / f"{path.stem}.claim.lock"], "another run is at it; waiting for what comes of that", made)
