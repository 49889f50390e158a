"""What is missing and what is stale, found by digests; nothing is rendered here and Manim is not imported.

A clip is up to date if nothing that it was made of has changed, whoever made it, see `dependencies`.
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
from gradreel.render.clips.dependencies import as_json, key_of, results_of, said_of
from gradreel.render.clips.file_digest import one_moment, shortened
from gradreel.render.clips.fingerprint import clip_parts, languages_of, trace_digest, with_speech
from gradreel.render.clips.staleness import changed_parts, changes_since, seconds_of, why_stale
from gradreel.render.clips.workspace import Folders
from gradreel.render.stages import Clip, ClipFile, Plan, Run, SceneDescription, SceneRequest, SpeechTimes
from gradreel.scenes.file_names import file_name
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import Narration

MOST_COMPARED = 20  # earlier clips of a scene, the newest, that are compared to say what changed


def plan(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    """Return what has to be trained and rendered for ``requests``, whose ``descriptions`` their classes gave.

    Raises TraceError for a trace that is there and damaged, UserError for narration that is missing and for a scene
    and a trace whose names together are too long for a file.
    """
    earlier = cache(lambda: earlier_clips(folders.clips))  # read when something is stale
    narration = cache(Narration.load)
    digest_of = cache(lambda experiment: _trace_digest(folders.traces, experiment))
    clips = []
    missing: dict[str, Run] = {}
    with one_moment():
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
            words = narration(languages_of(request)).with_words(request.words)
            words.title(description.name, request.settings.language, request.source.is_ours)  # raises if it is missing
            complete = completed(request, description)
            clip = Clip(
                complete,
                description.experiments,
                parts=clip_parts(complete, description, traces),
                runs_recorded=not untrained,
                narrated_as=(description.narrated_as or description.name) if description.is_lecture_scene else "",
                paths=description.paths,
            )
            clips.append(_looked_up(clip, folders.clips, words, earlier))
            file_name(clips[-1].file_stem, f"{description.name}: a file called")
    return Plan(tuple(missing.values()), tuple(clips))


def recorded_traces(description: SceneDescription, folders: Folders) -> dict[str, str] | None:
    """Return the digests of the traces that a scene shows, by parameter; None if one of its runs is not recorded.

    Raises TraceError for a damaged trace.
    """
    recorded = {name: _trace_digest(folders.traces, run) for name, run in description.experiments.items()}
    given = {name: shortened(TraceFolder(folder).checksum) for name, folder in description.traces.items()}
    digests = {name: digest for name, digest in recorded.items() if digest is not None}
    return digests | given if len(digests) == len(recorded) else None


def completed(request: SceneRequest, description: SceneDescription) -> SceneRequest:
    """Return the request with the parameters that its class checked."""
    return replace(request, parameters=description.parameters, data={}, curve=(), changes={})


def timed(planned: Plan, speech: Mapping[str, SpeechTimes], words: Narration, folders: Folders) -> Plan:
    """Return the plan as it is when the lines of scenes take as long as their ``speech``."""
    earlier = cache(lambda: earlier_clips(folders.clips))

    def now(clip: Clip) -> Clip:
        request = replace(clip.request, speech=speech[clip.scene])
        parts = {name: part for name, part in clip.parts.items() if name != "speech"} | with_speech(request)
        return _looked_up(replace(clip, request=request, parts=parts), folders.clips, words, earlier)

    with one_moment():
        clips = tuple(now(clip) if clip.scene in speech else clip for clip in planned.clips)
    return replace(planned, clips=clips)


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


def _looked_up(clip: Clip, folder: Path, words: Narration, earlier: Callable[[], Sequence[Mapping[str, Any]]]) -> Clip:
    """Return ``clip`` with where it is, or why it has to be rendered and how many frames to expect."""
    request = clip.request
    kept = kept_clip(clip, folder, words) if clip.runs_recorded else None
    if kept is not None:
        path, content = kept
        why = "--force" if request.settings.force else ""
        return replace(clip, path=path, why=why, expected_frames=content["frames"])
    same_scene = [made for made in earlier() if made["parts"]["scene"] == request.name]
    same_scene.sort(key=lambda made: -float(made["made"]))
    newest = same_scene[0] if same_scene else None
    seconds = newest["frames"] / newest["fps"] if newest else _reading_time(clip, words)
    if not clip.runs_recorded:
        why = "its training run has to be recorded first"
    elif request.settings.force:
        why = "--force"
    else:
        why = _why_rendered(clip, same_scene[:MOST_COMPARED], words)
    return replace(clip, path=None, why=why, expected_frames=round(seconds * request.settings.fps))


def kept_clip(clip: Clip, folder: Path, words: Narration) -> tuple[Path, dict[str, Any]] | None:
    """Return the file of a clip that is up to date, and its description; None if there is none."""
    parts = as_json(clip.parts)
    for file in results_of(folder, clip.parts):
        path = file.with_suffix(clip.request.settings.suffix)
        content = described_clip(path)
        if content is None or content["parts"] != parts:
            continue
        if not why_stale(content, clip.request, clip.narrated_as, words):
            return path, content
    return None


def _why_rendered(clip: Clip, earlier: Sequence[Mapping[str, Any]], words: Narration) -> str:
    """Return what changed since the earlier clip that is most like this one."""
    if not earlier:
        return "not rendered yet"
    parts = as_json(clip.parts)
    changes = [
        [*changes_since(made, clip.request, clip.narrated_as, words), *changed_parts(made["parts"], parts)]
        for made in earlier
    ]
    return said_of(min(changes, key=len)) or "its file is gone or damaged"


def _reading_time(clip: Clip, words: Narration) -> float:
    """Return the seconds that all lines of a scene are read, in the slowest language of each; 0 for one without."""
    seconds: dict[str, float] = {}
    for language in words.languages:
        for beat, line in words.scenes[language].get(clip.narrated_as, {}).get("beats", {}).items():
            seconds[beat] = max(seconds.get(beat, 0.0), sum(seconds_of(cut(line)[0], language)))
    return sum(seconds.values())


def earlier_clips(folder: Path) -> list[dict[str, Any]]:
    """Return the descriptions of all clips there are, whole ones only."""
    contents = [read_description(file) for file in sorted(folder.glob("*.json"))]
    return [content for content in contents if content is not None]


def clip_claim(clip: Clip, folders: Folders) -> Claim:
    """Return the right to make ``clip``, and clips with the same key."""
    words = Narration.load(languages_of(clip.request)).with_words(clip.request.words)

    def made(waited: bool) -> ClipFile | None:
        kept = kept_clip(clip, folders.clips, words)
        return None if kept is None else ClipFile.from_json(kept[1], kept[0])

    lock = folders.locks / f"{key_of(clip.parts)}.claim.lock"
    return Claim([lock], "another run is at it; waiting for what comes of that", made)
