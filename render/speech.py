"""Speaks the lines of scenes before they are drawn, because beats last as long as their lines.

The fields of a line get their values only while the scene plays. So a worker plays each scene once without drawing,
and these values are cached. Until the scene's code, parameters or runs change, an edited line needs no new play.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.errors import abbreviated_list
from gradreel.render.clips.beat_lines import check_beats, refill_lines, refill_spoken_lines
from gradreel.render.clips.beat_range import check_beats_played
from gradreel.render.clips.dependencies import CHANGED, Dependencies, find_result, store_result
from gradreel.render.clips.file_digest import announce_files, cached_file_states
from gradreel.render.clips.fingerprint import languages_of, words_parts
from gradreel.render.clips.plan import with_speech_times
from gradreel.render.clips.staleness import seconds_of
from gradreel.render.clips.workspace import Folders, Workspace
from gradreel.render.recorded_lines import certain_lines
from gradreel.render.stages import BEFORE_FIRST_WORD, BeatSpan, Clip, Plan, SceneWords, SpeechTimes
from gradreel.render.workers.progress import Reporter, counted
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration
from pydantic import TypeAdapter

if TYPE_CHECKING:  # they load PyAV, which a silent film does not need
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import Line, SpokenStretch, Voice

SpokenLines = Mapping[str, Mapping[str, "tuple[SpokenStretch, ...]"]]  # by beat and language

_WORDS = TypeAdapter(SceneWords)


# -- what scenes say ---------------------------------------------------------------------------------------------------


def kept_words(clips: Sequence[Clip], folders: Folders) -> dict[str, SceneWords]:
    """Return the cached words of ``clips``, by scene; scenes without up-to-date cached words are left out."""
    if not clips:
        return {}
    narration = _narration_of_clips(clips)
    with cached_file_states():
        words_by_scene = {clip.scene: _kept_words(clip, folders, narration) for clip in clips}
    return {scene: words for scene, words in words_by_scene.items() if words is not None}


def keep_words(workspace: Workspace, parts: Mapping[str, Any], dependencies: Dependencies, words: SceneWords) -> None:
    """Cache a scene's words for the next command. ``parts``: the key, from `words_parts`."""
    store_result(workspace, workspace.inspections, parts, dependencies, _WORDS.dump_python(words, mode="json"))


def _kept_words(clip: Clip, folders: Folders, narration: Narration) -> SceneWords | None:
    """Return the cached words of one clip; None if there are none, or they are stale or damaged."""
    request = clip.request
    parts = words_parts(request, clip.narrated_as, clip.parts["traces"])
    kept = find_result(folders.inspections, parts, request.source, narration)
    try:
        words = _WORDS.validate_python(None if kept is None else kept[0])
        check_beats(words.beats)
    except ValueError:
        return None
    return words if words.name == clip.scene else None


# -- lines -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WantedLine:
    """A line to be spoken in one language."""

    line: Line
    language: str


def wanted_lines(
    clips: Sequence[Clip], words: Mapping[str, SceneWords], voices: Mapping[str, Voice]
) -> Iterator[WantedLine]:
    """Yield the lines of the requested beats, in each language of ``voices`` that has a text for them."""
    from gradreel.render.voice.spoken_lines import Line

    if not clips:
        return
    narration = _narration_of_clips(clips, voices)
    for clip in clips:
        for beat in _requested_beats(clip, words[clip.scene]):
            spoken = refill_spoken_lines(narration, clip.narrated_as, beat).stretches
            for language in voices:
                line = Line(clip.scene, beat.name, spoken.get(language, ()))
                if line.texts:
                    yield WantedLine(line, language)


def speak(
    wanted: Sequence[WantedLine], voices: Mapping[str, Voice], folder: Path, jobs: int, reporter: Reporter
) -> dict[str, dict[str, dict[str, tuple[SpokenStretch, ...]]]]:
    """Speak the lines that have no sound in ``folder`` yet; return all sounds, by scene, beat and language.

    ``jobs``: processes at a time. Raises UserError if a voice cannot speak, or a recording is missing.
    """
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import missing_lines, spoken_lines

    heard: dict[str, dict[str, dict[str, tuple[SpokenStretch, ...]]]] = {}
    for language, voice in voices.items():
        lines = [each.line for each in wanted if each.language == language]
        if isinstance(voice, Recordings):
            _tell_of_recordings(voice, lines, language, reporter)
        missing = len(missing_lines(voice, lines, folder))
        if missing and voice.restriction:
            reporter.say(f"{LANGUAGES[language].own_name}: {voice.restriction}")
        with _speaking_progress(f"speak {language}", missing, reporter) as advance:
            spoken = spoken_lines(voice, lines, folder, jobs, advance)
        for line, stretches in zip(lines, spoken, strict=True):
            heard.setdefault(line.scene, {}).setdefault(line.beat, {})[language] = stretches
    return heard


@contextmanager
def _speaking_progress(task: str, missing: int, reporter: Reporter) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of lines just spoken; it does nothing if no line is ``missing``."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done = min(done + count, missing)  # a line with marks is counted more than once
        reporter.advance(task, done, missing)

    if missing:
        reporter.begin(task, missing, "lines")
    try:
        yield advance if missing else lambda count: None
    finally:
        reporter.end(task)


def _tell_of_recordings(voice: Recordings, lines: Sequence[Line], language: str, reporter: Reporter) -> None:
    """Tell which recordings are of another text than now, and have --watch watch the folders of recordings."""
    from gradreel.render.voice.script import lines_read_from_other_text

    folders = [voice.folder, *(voice.folder / scene for scene in dict.fromkeys(line.scene for line in lines))]
    announce_files(folder for folder in folders if folder.is_dir())
    if stale := [f"{line.scene}/{line.beat}" for line in lines_read_from_other_text(voice, lines)]:
        reporter.say(
            f"{counted(len(stale), 'recording')} in {voice.folder} read from another text than now: "
            f"{abbreviated_list(stale)};"
            f" gradreel narrate --lang {language} --recordings {voice.folder} tells more"
        )


def timed_plan(
    planned: Plan, words: Mapping[str, SceneWords], heard: Mapping[str, SpokenLines], folders: Folders
) -> Plan:
    """Return the plan with the sounds of ``heard``, by scene, and their times in the clips' inputs.

    The times decide which clips are up to date. ``words``: by scene.
    """
    if not heard:
        return planned
    narration = _narration_of_clips(planned.clips)
    times = {
        clip.scene: _seconds_of_stretches(clip, words[clip.scene], heard[clip.scene], narration)
        for clip in planned.clips
        if clip.scene in heard
    }
    with_times = with_speech_times(planned, times, narration, folders)
    clips = tuple(replace(clip, speech=heard.get(clip.scene, {})) for clip in with_times.clips)
    return replace(with_times, clips=clips)


def with_unspoken(
    planned: Plan,
    voices: Mapping[str, Voice],
    folders: Folders,
    listened: Mapping[str, SceneWords] | None = None,
    reporter: Reporter | None = None,
) -> Plan:
    """Return the plan with the number of lines to speak first; plays, speaks and writes nothing.

    ``listened``: words of scenes that a worker has just played; other words come from the cache. A clip has no path
    if a line of it must be spoken first, or its words are unknown. Tells ``reporter`` of stale recordings. Raises
    UserError for missing recordings. In a scene with unknown words, only `certain_lines` are looked for.
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
        lines = [each.line for each in wanted if each.language == language]
        if isinstance(voice, Recordings):
            recorded = [*lines, *_certain_lines_of(unheard, voices, language)]
            if not voice.fill:
                voice.files([(line.scene, line.beat) for line in recorded])  # raises for missing recordings
            written = [line for line in recorded if line.stretches]
            _tell_of_recordings(voice, written, language, reporter or Reporter())
        missing[language] = missing_lines(voice, lines, folders.speech)
        if not isinstance(voice, Recordings) or voice.fill:
            unspoken[language] = len(missing[language]) + sum(_n_lines(clip, language) for clip in unheard)
    waiting = {line.scene for lines in missing.values() for line in lines}
    waiting |= {clip.scene for clip in with_lines if clip.scene not in words}
    spoken_lines = [each for each in wanted if each.line.scene not in waiting]
    heard = speak(spoken_lines, voices, folders.speech, 1, Reporter())  # finds all sounds, so it speaks nothing
    with_times = timed_plan(planned, words, heard, folders)
    changed = {clip.scene: clip.why for clip in with_lines if clip.scene not in words and clip.why.endswith(CHANGED)}
    clips = [
        replace(clip, path=None, why=changed.get(clip.scene, "its lines have to be spoken first"))
        if clip.scene in waiting
        else clip
        for clip in with_times.clips
    ]
    return replace(
        with_times,
        clips=tuple(clips),
        unspoken={language: count for language, count in unspoken.items() if count},
        unheard=tuple(clip.scene for clip in unheard),
    )


def _certain_lines_of(clips: Sequence[Clip], voices: Mapping[str, Voice], language: str) -> list[Line]:
    """Return the `certain_lines` of the clips' scenes; none of a scene of which only some beats are requested."""
    if not clips:
        return []
    narration, on_screen = _narration_of_clips(clips, voices), clips[0].request.settings.language
    return [
        line
        for clip in clips
        if not clip.request.settings.beat_range  # the order of its beats is known only when it plays
        for line in certain_lines(clip.request.source, narration, language, on_screen)
    ]


def _n_lines(clip: Clip, language: str) -> int:
    """Return how many lines a scene may have in a language; neutral lines are not counted."""
    narration = _narration_of_clips([clip], [language])
    return len(narration.scenes[language].get(clip.narrated_as, {}).get("beats", {}))


def wanted_files(planned: Plan, voices: Mapping[str, Voice], folders: Folders) -> Iterator[Path]:
    """Yield the files in which voices keep the lines of scenes with cached words, existing or not."""
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.spoken_lines import line_file

    with_lines = [clip for clip in planned.clips if clip.narrated_as and clip.runs_recorded]
    words = kept_words(with_lines, folders)
    for wanted in wanted_lines([clip for clip in with_lines if clip.scene in words], words, voices):
        voice = voices[wanted.language]
        if not isinstance(voice, Recordings):
            yield from (line_file(voice, part, folders.speech) for part in wanted.line.utterances(voice))


def _seconds_of_stretches(clip: Clip, words: SceneWords, heard: SpokenLines, narration: Narration) -> SpeechTimes:
    """Return, by beat, the seconds of each stretch in the slowest language, spoken times rounded up to thousandths.

    A language without a voice counts with its reading time. The picture that a film begins with is added to its first
    line, if that is spoken. A beat without a text in any language is left out: it takes the time of its motions.
    """
    seconds_by_beat: dict[str, tuple[float, ...]] = {}
    for beat in _requested_beats(clip, words):
        spoken, printed = heard.get(beat.name, {}), refill_lines(narration, clip.narrated_as, beat).stretches
        times = [[math.ceil(part.seconds * 1000 - 1e-6) / 1000 for part in parts] for parts in spoken.values()]
        times += [seconds_of(texts, language) for language, texts in printed.items() if language not in spoken]
        if not times:
            continue
        first, *later = map(max, zip(*times, strict=True))
        opens = clip.request.opens_film and not seconds_by_beat and beat.name in heard
        seconds_by_beat[beat.name] = (first + BEFORE_FIRST_WORD if opens else first, *later)
    return seconds_by_beat


def _narration_of_clips(clips: Sequence[Clip], voices: Iterable[str] = ()) -> Narration:
    """Return the words of the lesson's clips, in the film's languages and those of ``voices``."""
    request = clips[0].request
    return Narration.load(dict.fromkeys((*languages_of(request), *voices))).with_words(request.words)


def _requested_beats(clip: Clip, words: SceneWords) -> list[BeatSpan]:
    """Return the beats in the clip's range. Raises UserError if the range names a beat that the scene lacks."""
    names, settings = [beat.name for beat in words.beats], clip.request.settings
    first = names.index(settings.first_beat) if settings.first_beat in names else 0
    last = names.index(settings.last_beat) if settings.last_beat in names else len(names) - 1
    check_beats_played(names[first : last + 1], clip.request, names)
    return list(words.beats[first : last + 1])
