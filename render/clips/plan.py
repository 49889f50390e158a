"""Plans which runs are missing and which clips are stale. It renders nothing and does not import Manim.

A clip is up to date if none of its inputs changed, see `dependencies`.
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
from gradreel.render.clips.clip_files import intact_description, read_description
from gradreel.render.clips.dependencies import as_json, key_of, reason_text, results_of
from gradreel.render.clips.file_digest import cached_file_states, shorten_checksum
from gradreel.render.clips.fingerprint import clip_parts, languages_of, trace_digest, with_speech
from gradreel.render.clips.staleness import changed_parts, changes_since, seconds_of, why_stale
from gradreel.render.clips.workspace import Folders
from gradreel.render.stages import Clip, ClipFile, Plan, Run, SceneDescription, SceneRequest, SpeechTimes
from gradreel.scenes.file_names import file_name
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import Narration

MOST_COMPARED = 20  # newest clips of a scene that are compared to explain what changed


def plan(requests: Sequence[SceneRequest], descriptions: Sequence[SceneDescription], folders: Folders) -> Plan:
    """Return the runs to train and the clips of ``requests``, with the reason for each stale clip.

    ``descriptions``: one for each request. Raises TraceError for a damaged trace. Raises UserError for missing
    narration, and if the names of scene and trace together are too long for a file name.
    """
    earlier = cache(lambda: earlier_clips(folders.clips))  # read only if a clip is stale
    narration = cache(Narration.load)
    digest_of = cache(lambda experiment: _trace_digest(folders.traces, experiment))
    clips = []
    missing: dict[str, Run] = {}
    with cached_file_states():
        for request, description in zip(requests, descriptions, strict=True):
            digests = {name: digest_of(experiment) for name, experiment in description.experiments.items()}
            untrained: dict[Experiment, str] = {}
            for name, digest in digests.items():
                if digest is None:
                    untrained.setdefault(description.experiments[name], name)
            for experiment, name in untrained.items():
                planned_run = missing.get(experiment.digest)
                shown_by = {**(planned_run.shown_by if planned_run else {}), description.name: name}
                missing[experiment.digest] = Run(experiment, shown_by, folders.traces / experiment.digest)
            traces = {name: digest for name, digest in digests.items() if digest is not None}
            traces |= {
                name: shorten_checksum(TraceFolder(folder).checksum) for name, folder in description.traces.items()
            }
            words = narration(languages_of(request)).with_words(request.words)
            words.title(
                description.name, request.settings.language, request.source.is_ours
            )  # raises if the title is missing
            complete = with_parameters_of(request, description)
            clip = Clip(
                complete,
                description.experiments,
                parts=clip_parts(complete, description, traces),
                runs_recorded=not untrained,
                narrated_as=(description.narrated_as or description.name) if description.is_lecture_scene else "",
                paths=description.paths,
            )
            clips.append(_with_state(clip, folders.clips, words, earlier))
            file_name(clips[-1].file_stem, f"{description.name}: a file called")
    return Plan(tuple(missing.values()), tuple(clips))


def recorded_traces(description: SceneDescription, folders: Folders) -> dict[str, str] | None:
    """Return the digests of the traces that a scene shows, by parameter; None if one of its runs is not recorded yet.

    Raises TraceError for a damaged trace.
    """
    recorded = {name: _trace_digest(folders.traces, run) for name, run in description.experiments.items()}
    named = {name: shorten_checksum(TraceFolder(folder).checksum) for name, folder in description.traces.items()}
    digests = {name: digest for name, digest in recorded.items() if digest is not None}
    return digests | named if len(digests) == len(recorded) else None


def with_parameters_of(request: SceneRequest, description: SceneDescription) -> SceneRequest:
    """Return the request with the parameters that its scene class checked, in place of data, curve and changes."""
    return replace(request, parameters=description.parameters, data={}, curve=(), changes={})


def with_speech_times(planned: Plan, speech: Mapping[str, SpeechTimes], words: Narration, folders: Folders) -> Plan:
    """Return the plan with the seconds of spoken lines, ``speech`` by scene, as inputs of their clips."""
    earlier = cache(lambda: earlier_clips(folders.clips))

    def with_speech_of_scene(clip: Clip) -> Clip:
        request = replace(clip.request, speech=speech[clip.scene])
        parts = {name: part for name, part in clip.parts.items() if name != "speech"} | with_speech(request)
        return _with_state(replace(clip, request=request, parts=parts), folders.clips, words, earlier)

    with cached_file_states():
        clips = tuple(with_speech_of_scene(clip) if clip.scene in speech else clip for clip in planned.clips)
    return replace(planned, clips=clips)


def _trace_digest(traces: Path, experiment: Experiment) -> str | None:
    """Return the digest of the experiment's trace; None if it is not recorded. Raises TraceError if it is damaged."""
    path = traces / experiment.digest
    if not path.exists():
        return None
    Trace.find(traces, experiment)
    try:
        return trace_digest(path)
    except OSError as error:
        raise TraceError(
            f"{error.filename} cannot be read: {error.strerror}; make it readable, or remove the trace"
        ) from None


def _with_state(clip: Clip, folder: Path, words: Narration, earlier: Callable[[], Sequence[Mapping[str, Any]]]) -> Clip:
    """Return ``clip`` with its path if it is up to date, else with the reason to render it; and its expected frames."""
    request = clip.request
    current = find_clip(clip, folder, words) if clip.runs_recorded else None
    if current is not None:
        path, content = current
        why = "--force" if request.settings.force else ""
        return replace(clip, path=path, why=why, expected_frames=content["frames"])
    same_scene = [content for content in earlier() if content["parts"]["scene"] == request.name]
    same_scene.sort(key=lambda content: -float(content["made"]))
    newest = same_scene[0] if same_scene else None
    seconds = newest["frames"] / newest["fps"] if newest else _reading_time(clip, words)
    if not clip.runs_recorded:
        why = "its training run has to be recorded first"
    elif request.settings.force:
        why = "--force"
    else:
        why = _why_stale(clip, same_scene[:MOST_COMPARED], words)
    return replace(clip, path=None, why=why, expected_frames=round(seconds * request.settings.fps))


def find_clip(clip: Clip, folder: Path, words: Narration) -> tuple[Path, dict[str, Any]] | None:
    """Return the file and the description of a clip that is up to date; None if it has to be rendered."""
    parts = as_json(clip.parts)
    for file in results_of(folder, clip.parts):
        path = file.with_suffix(clip.request.settings.suffix)
        content = intact_description(path)
        if content is None or content["parts"] != parts:
            continue
        if not why_stale(content, clip.request, clip.narrated_as, words):
            return path, content
    return None


def _why_stale(clip: Clip, earlier: Sequence[Mapping[str, Any]], words: Narration) -> str:
    """Return what changed since the earlier clip that differs least from this one."""
    if not earlier:
        return "not rendered yet"
    parts = as_json(clip.parts)
    changes = [
        [*changes_since(content, clip.request, clip.narrated_as, words), *changed_parts(content["parts"], parts)]
        for content in earlier
    ]
    return reason_text(min(changes, key=len)) or "its file is gone or damaged"


def _reading_time(clip: Clip, words: Narration) -> float:
    """Return the seconds to read all lines of a scene, each in its slowest language; 0 without lines."""
    seconds: dict[str, float] = {}
    for language in words.languages:
        for beat, line in words.scenes[language].get(clip.narrated_as, {}).get("beats", {}).items():
            seconds[beat] = max(seconds.get(beat, 0.0), sum(seconds_of(cut(line)[0], language)))
    return sum(seconds.values())


def earlier_clips(folder: Path) -> list[dict[str, Any]]:
    """Return the valid descriptions of clips in ``folder``."""
    contents = [read_description(file) for file in sorted(folder.glob("*.json"))]
    return [content for content in contents if content is not None]


def clip_claim(clip: Clip, folders: Folders) -> Claim:
    """Return a claim, not yet taken, on rendering ``clip`` and other clips with its key."""
    words = Narration.load(languages_of(clip.request)).with_words(clip.request.words)

    def find_result(_: bool) -> ClipFile | None:
        current = find_clip(clip, folders.clips, words)
        return None if current is None else ClipFile.from_json(current[1], current[0])

    lock = folders.locks / f"{key_of(clip.parts)}.claim.lock"
    return Claim([lock], "another run is rendering it; waiting for the result", find_result)
