"""What scenes say, and how that is heard, before they are drawn: their beats last as long as their lines.

Lines are filled only while a scene plays. So a worker plays it once, every animation skipped, and what filled its lines
is kept: until its code, parameters or runs change, a line that is corrected or spoken anew needs no scene.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.errors import abbreviated_list
from gradreel.render.clips.beat_lines import check_beats, filled_again, spoken_again
from gradreel.render.clips.beat_range import check_played
from gradreel.render.clips.dependencies import CHANGED, Dependencies, keep_result, kept_result
from gradreel.render.clips.file_digest import one_moment, watch_too
from gradreel.render.clips.fingerprint import languages_of, words_parts
from gradreel.render.clips.plan import timed
from gradreel.render.clips.staleness import seconds_of
from gradreel.render.clips.workspace import Folders, Workspace
from gradreel.render.recorded_lines import certain_lines
from gradreel.render.stages import BeatSpan, Clip, Plan, SceneWords, SpeechTimes
from gradreel.render.workers.progress import Reporter, counted
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration
from pydantic import TypeAdapter

if TYPE_CHECKING:  # they load PyAV: nothing to a film that is silent
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import Line, SpokenStretch, Voice

Heard = Mapping[str, Mapping[str, "tuple[SpokenStretch, ...]"]]  # by beat and language

_WORDS = TypeAdapter(SceneWords)


# -- what scenes say ---------------------------------------------------------------------------------------------------


def kept_words(clips: Sequence[Clip], folders: Folders) -> dict[str, SceneWords]:
    """Return, by scene, what those of ``clips`` say that have been listened to as they are now."""
    if not clips:
        return {}
    narration = _narration(clips)
    with one_moment():
        words = {clip.scene: _kept_words(clip, folders, narration) for clip in clips}
    return {scene: said for scene, said in words.items() if said is not None}


def keep_words(workspace: Workspace, parts: Mapping[str, Any], dependencies: Dependencies, words: SceneWords) -> None:
    """Keep what a scene says for the next command. ``parts``: see `words_parts`."""
    keep_result(workspace, workspace.inspections, parts, dependencies, _WORDS.dump_python(words, mode="json"))


def _kept_words(clip: Clip, folders: Folders, narration: Narration) -> SceneWords | None:
    request = clip.request
    parts = words_parts(request, clip.narrated_as, clip.parts["traces"])
    kept = kept_result(folders.inspections, parts, request.source, narration)
    try:
        words = _WORDS.validate_python(None if kept is None else kept[0])
        check_beats(words.beats)
    except ValueError:
        return None
    return words if words.name == clip.scene else None


# -- lines -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WantedLine:
    """A line that is to be heard."""

    line: Line
    language: str


def wanted_lines(
    clips: Sequence[Clip], words: Mapping[str, SceneWords], voices: Mapping[str, Voice]
) -> Iterator[WantedLine]:
    """Yield the lines of the beats that were asked for, in each language of ``voices`` that they are written in."""
    from gradreel.render.voice.spoken_lines import Line

    if not clips:
        return
    narration = _narration(clips, voices)
    for clip in clips:
        for beat in _asked_for(clip, words[clip.scene]):
            spoken = spoken_again(narration, clip.narrated_as, beat).stretches
            for language in voices:
                line = Line(clip.scene, beat.name, spoken.get(language, ()))
                if line.texts:
                    yield WantedLine(line, language)


def speak(
    wanted: Sequence[WantedLine], voices: Mapping[str, Voice], folder: Path, jobs: int, reporter: Reporter
) -> dict[str, dict[str, dict[str, tuple[SpokenStretch, ...]]]]:
    """By scene, beat and language: how lines are heard; those that have not been spoken yet are. Raises UserError."""
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import missing_lines, spoken_lines

    found: dict[str, dict[str, dict[str, tuple[SpokenStretch, ...]]]] = {}
    for language, voice in voices.items():
        its = [one for one in wanted if one.language == language]
        lines = [one.line for one in its]
        if isinstance(voice, Recordings):
            _tell_of_recordings(voice, lines, language, reporter)
        missing = len(missing_lines(voice, lines, folder))
        if missing and voice.restriction:
            reporter.say(f"{LANGUAGES[language].own_name}: {voice.restriction}")
        with _told(f"speak {language}", missing, reporter) as said:
            spoken = spoken_lines(voice, lines, folder, jobs, said)
        for one, stretches in zip(its, spoken, strict=True):
            found.setdefault(one.line.scene, {}).setdefault(one.line.beat, {})[language] = stretches
    return found


@contextmanager
def _told(task: str, missing: int, reporter: Reporter) -> Iterator[Callable[[int], None]]:
    """To be called with the number of lines that have just been spoken."""
    done = 0

    def said(count: int) -> None:
        nonlocal done
        done = min(done + count, missing)  # it counts from mark to mark
        reporter.advance(task, done, missing)

    if missing:
        reporter.begin(task, missing, "lines")
    try:
        yield said if missing else lambda count: None
    finally:
        reporter.end(task)


def _tell_of_recordings(voice: Recordings, lines: Sequence[Line], language: str, reporter: Reporter) -> None:
    """Say which were read from another text than now; have ``--watch`` see those that come."""
    from gradreel.render.voice.script import of_another_text

    folders = [voice.folder, *(voice.folder / scene for scene in dict.fromkeys(line.scene for line in lines))]
    watch_too(folder for folder in folders if folder.is_dir())
    if stale := [f"{line.scene}/{line.beat}" for line in of_another_text(voice, lines)]:
        reporter.say(
            f"{counted(len(stale), 'recording')} in {voice.folder} read from another text than now: "
            f"{abbreviated_list(stale)};"
            f" gradreel narrate --lang {language} --recordings {voice.folder} tells more"
        )


def timed_plan(planned: Plan, words: Mapping[str, SceneWords], heard: Mapping[str, Heard], folders: Folders) -> Plan:
    """The plan as the clips are whose lines are ``heard`` so."""
    if not heard:
        return planned
    narration = _narration(planned.clips)
    times = {
        clip.scene: _times(clip, words[clip.scene], heard[clip.scene], narration)
        for clip in planned.clips
        if clip.scene in heard
    }
    found = timed(planned, times, narration, folders)
    return replace(found, clips=tuple(replace(clip, speech=heard.get(clip.scene, {})) for clip in found.clips))


def with_unspoken(
    planned: Plan,
    voices: Mapping[str, Voice],
    folders: Folders,
    listened: Mapping[str, SceneWords] | None = None,
    reporter: Reporter | None = None,
) -> Plan:
    """Return the plan with the number of lines that have to be spoken first; plays, speaks and writes nothing.

    A clip has no path while its lines have to be spoken or its scene has to be listened to. ``listened`` has the words
    of scenes that were listened to just now. Tells the ``reporter`` of recordings of an older text. Raises UserError
    for missing recordings. In a scene that was not listened to, only `certain_lines` count as missing.
    """
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import missing_lines

    spoken_clips = [clip for clip in planned.clips if clip.narrated_as]
    with_lines = [clip for clip in spoken_clips if clip.runs_recorded]
    words = {**kept_words(with_lines, folders), **(listened or {})}
    unheard = [clip for clip in spoken_clips if clip.scene not in words]
    wanted = list(wanted_lines([clip for clip in with_lines if clip.scene in words], words, voices))
    missing, unspoken = {}, {}
    for language, voice in voices.items():
        lines = [one.line for one in wanted if one.language == language]
        if isinstance(voice, Recordings):
            recorded = [*lines, *_certain(unheard, voices, language)]
            if not voice.fill:
                voice.files([(line.scene, line.beat) for line in recorded])  # raises, as rendering would
            written = [line for line in recorded if line.stretches]
            _tell_of_recordings(voice, written, language, reporter or Reporter())
        missing[language] = missing_lines(voice, lines, folders.speech)
        if not isinstance(voice, Recordings) or voice.fill:
            unspoken[language] = len(missing[language]) + sum(_n_lines(clip, language) for clip in unheard)
    waiting = {line.scene for lines in missing.values() for line in lines}
    waiting |= {clip.scene for clip in with_lines if clip.scene not in words}
    there = [one for one in wanted if one.line.scene not in waiting]
    found = timed_plan(planned, words, speak(there, voices, folders.speech, 1, Reporter()), folders)
    changed = {clip.scene: clip.why for clip in with_lines if clip.scene not in words and clip.why.endswith(CHANGED)}
    clips = [
        replace(clip, path=None, why=changed.get(clip.scene, "its lines have to be spoken first"))
        if clip.scene in waiting
        else clip
        for clip in found.clips
    ]
    return replace(
        found,
        clips=tuple(clips),
        unspoken={language: count for language, count in unspoken.items() if count},
        unheard=tuple(clip.scene for clip in unheard),
    )


def _certain(clips: Sequence[Clip], voices: Mapping[str, Voice], language: str) -> list[Line]:
    """Return the lines that the clips' scenes say in ``language`` whatever they show."""
    if not clips:
        return []
    narration, on_screen = _narration(clips, voices), clips[0].request.settings.language
    return [
        line
        for clip in clips
        if not clip.request.settings.beat_range  # which of its beats are asked for shows only when it plays
        for line in certain_lines(clip.request.source, narration, language, on_screen)
    ]


def _n_lines(clip: Clip, language: str) -> int:
    """Return how many lines a scene may say in a language; neutral lines are not counted."""
    narration = _narration([clip], [language])
    return len(narration.scenes[language].get(clip.narrated_as, {}).get("beats", {}))


def wanted_files(planned: Plan, voices: Mapping[str, Voice], folders: Folders) -> Iterator[Path]:
    """Where what is to be heard is kept, once it has been spoken; of clips whose scenes have been listened to."""
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import line_file

    with_lines = [clip for clip in planned.clips if clip.narrated_as and clip.runs_recorded]
    words = kept_words(with_lines, folders)
    for wanted in wanted_lines([clip for clip in with_lines if clip.scene in words], words, voices):
        voice = voices[wanted.language]
        if not isinstance(voice, Recordings):
            yield from (line_file(voice, part, folders.speech) for part in wanted.line.utterances(voice))


def _times(clip: Clip, words: SceneWords, heard: Heard, narration: Narration) -> SpeechTimes:
    """How long lines are spoken, or read where no voice has them: in thousandths, rounded up."""
    found = {}
    for beat in _asked_for(clip, words):
        spoken, printed = heard.get(beat.name, {}), filled_again(narration, clip.narrated_as, beat).stretches
        times = [[math.ceil(part.seconds * 1000 - 1e-6) / 1000 for part in parts] for parts in spoken.values()]
        times += [seconds_of(texts, language) for language, texts in printed.items() if language not in spoken]
        found[beat.name] = tuple(map(max, zip(*times, strict=True)))
    return found


def _narration(clips: Sequence[Clip], voices: Iterable[str] = ()) -> Narration:
    """The words of a lesson's clips, also in the languages of ``voices``."""
    request = clips[0].request
    return Narration.load(dict.fromkeys((*languages_of(request), *voices))).with_words(request.words)


def _asked_for(clip: Clip, words: SceneWords) -> list[BeatSpan]:
    """Raises UserError for beats that the scene does not have."""
    names, settings = [beat.name for beat in words.beats], clip.request.settings
    first = names.index(settings.first_beat) if settings.first_beat in names else 0
    last = names.index(settings.last_beat) if settings.last_beat in names else len(names) - 1
    check_played(names[first : last + 1], clip.request, names)
    return list(words.beats[first : last + 1])
