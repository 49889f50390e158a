"""Finished clips into what the user finds: video, subtitles, poster, manifest; each renamed into place when whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.core.run_data import without_large_tables
from gradreel.render.clips.beat_lines import filled_again
from gradreel.render.clips.clip_files import check_whole
from gradreel.render.clips.file_digest import HERE, changed_files, content_now, file_of
from gradreel.render.clips.toolchain import drawing_versions
from gradreel.render.clips.workspace import Folders, Workspace, as_json
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.settings import JOINABLE_FORMATS, RenderSettings
from gradreel.render.stages import Clip, ClipFile, Shot
from gradreel.render.videos.narration_track import Spoken, spoken_beat, spoken_languages, tracks
from gradreel.render.videos.output_stamp import SUBTITLE_SUFFIXES, OutputStamp
from gradreel.render.videos.results import Results, publish_results, results_of
from gradreel.render.videos.subtitles import Cue, TimedLine, as_srt, as_vtt, cues
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration

if TYPE_CHECKING:
    from gradreel.render.videos.sound_track import PlacedSound

MANIFEST_VERSION = 1

Say: TypeAlias = Callable[[str], None]


def check_video(settings: RenderSettings) -> None:
    """Raises UserError for what a whole lesson cannot be."""
    if settings.format not in JOINABLE_FORMATS:
        raise UserError(
            f"a lesson is one video ({', '.join(JOINABLE_FORMATS)});"
            f" for {settings.format} name the scenes, each gets its own"
        )
    if settings.beat_range:
        raise UserError(
            "-n picks beats of a scene: name the scene, such as gradreel render build-curve -n constant,sum"
        )


def check_files(lesson: Lesson, output: Path | None) -> None:
    """Raises UserError where scenes are to have a file each, and one file is named for them all."""
    if output is not None and len(lesson.scenes) != 1:
        raise UserError(f"-o {output} takes one file, and {len(lesson.scenes)} scenes were asked for")


def video_place(lesson: Lesson, settings: RenderSettings, folders: Folders, output: Path | None = None) -> Path:
    """Returns where the lesson's video is written: ``output``, or its place in the media folder."""
    return output or folders.video(lesson.name, settings.video_folder, lesson.name + lesson.span, f".{settings.format}")


def clip_place(
    lesson: Lesson, settings: RenderSettings, clip: Clip, folders: Folders, output: Path | None = None
) -> Path:
    """Returns where one scene's file, or folder of pictures, is written."""
    name = clip.file_stem + settings.beat_range
    return output or folders.video(lesson.group(clip.scene), settings.video_folder, name, settings.suffix)


def manifest_name(lesson: Lesson, final: Path, output: Path | None) -> str:
    """Returns what the manifest beside a lesson's video is called."""
    return f"{final.stem}.manifest.json" if output or lesson.span else "manifest.json"


def subtitle_places(settings: RenderSettings, final: Path) -> list[Path]:
    """Returns the paths of the subtitle files that the video ``final`` may have beside it, in each language."""
    if settings.format not in JOINABLE_FORMATS:
        return []
    names = [f"{language}.{suffix}" for language in settings.subtitle_languages for suffix in SUBTITLE_SUFFIXES]
    return [final.with_name(f"{final.stem}.{name}") for name in names]


def check_lesson_place(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raises UserError if the lesson's video, or a file beside it, would replace a file that it must not.

    Called before any work; see `pipeline.Check`.
    """
    folders = Folders(settings.media_dir)
    final = video_place(lesson, settings, folders, output)
    beside = [final.with_suffix(".jpg"), final.with_name(manifest_name(lesson, final, output))]
    places = [final, *subtitle_places(settings, final), *beside]
    results_of(lesson, folders, settings.overwrite).check(places)


def check_clip_places(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raises UserError if a scene's file, or its subtitles, would replace a file that it must not."""
    folders = Folders(settings.media_dir)
    for clip in clips:
        final = clip_place(lesson, settings, clip, folders, output)
        results = results_of(lesson, folders, settings.overwrite, clip.request)
        results.check([final], by_folder=not settings.suffix)
        results.check(subtitle_places(settings, final))


def publish_lesson(
    lesson: Lesson,
    settings: RenderSettings,
    clips: Sequence[tuple[Clip, ClipFile]],
    workspace: Workspace,
    output: Path | None,
    say: Say,
) -> Path:
    """Write the lesson's video and what stands beside it; where the video is.

    What cannot be heard is said. Raises DamagedClipsError, and SoundError for a sound that cannot be read.
    """
    final = video_place(lesson, settings, workspace, output)
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, lesson.parts(settings.language))
    stamp = _stamp(lesson, settings, shots, final, workspace)
    if stamp.is_current():
        return final
    check_whole([shot.file.path for shot in shots])
    video = workspace.temporary(final.name)
    subtitles, spoken = write_video(
        video, lesson.title_in(settings.language), shots, narration, settings, workspace, say
    )
    manifest = manifest_name(lesson, final, output)
    files: dict[str, bytes | Path] = {
        final.name: video,
        **_subtitle_files(subtitles, final.stem),
        f"{final.stem}.jpg": poster_of(lesson, shots),
        manifest: as_json(manifest_of(lesson, settings, shots, final, spoken)),
    }
    publish_all(files, workspace, stamp, results_of(lesson, workspace, settings.overwrite), say)
    return final


def publish_clip(
    lesson: Lesson,
    settings: RenderSettings,
    clip: Clip,
    file: ClipFile,
    workspace: Workspace,
    output: Path | None,
    say: Say,
) -> Path:
    """One scene's file with subtitles beside it; a folder of numbered pictures for png. Says and raises as above."""
    final = clip_place(lesson, settings, clip, workspace, output)
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, [(clip, file)], {})
    stamp = _stamp(lesson, settings, shots, final, workspace)
    if stamp.is_current():
        return final
    check_whole([file.path])
    temporary = workspace.temporary(final.name)
    subtitles: dict[str, list[Cue]] = {}
    if settings.format in JOINABLE_FORMATS:
        subtitles, _ = write_video(temporary, shots[0].title, shots, narration, settings, workspace, say)
    else:
        if file.sounds:
            say(f"{clip.scene}: its sound is left out: {settings.format} has none; {', '.join(JOINABLE_FORMATS)} have")
        (shutil.copytree if settings.format == "png-sequence" else shutil.copyfile)(file.path, temporary)
    files: dict[str, bytes | Path] = {final.name: temporary, **_subtitle_files(subtitles, final.stem)}
    results = results_of(lesson, workspace, settings.overwrite, clip.request)
    publish_all(files, workspace, stamp, results, say)
    return final


def narration_of(lesson: Lesson, settings: RenderSettings) -> Narration:
    """The words of the lesson, in the languages of its subtitles and its pictures."""
    return Narration.load((*settings.subtitle_languages, settings.language)).with_words(lesson.words)


def shots_of(
    narration: Narration,
    settings: RenderSettings,
    clips: Sequence[tuple[Clip, ClipFile]],
    begins: Mapping[str, str],
) -> list[Shot]:
    """The clips one after the other; ``begins`` has the parts' titles by their first scenes."""
    shots = []
    start = 0
    for clip, file in clips:
        lines = tuple(filled_again(narration, clip.narrated_as, beat) for beat in file.beats)
        title = narration.title(clip.scene, settings.language, clip.request.source.is_ours)
        shots.append(Shot(clip, file, title, begins.get(clip.scene, ""), start, start + file.frames, lines))
        start += file.frames
    return shots


def write_video(
    path: Path,
    title: str,
    shots: Sequence[Shot],
    narration: Narration,
    settings: RenderSettings,
    workspace: Workspace,
    say: Say,
) -> tuple[dict[str, list[Cue]], dict[str, Spoken]]:
    """Write the video; its cues by language, languages without any left out, and what is spoken."""
    from gradreel.render.videos.video import Chapter, join  # it loads PyAV: nothing to a lesson as it was

    spoken = spoken_languages(shots, settings.fps, narration)
    found = {
        language: cues(
            [
                *_timed_lines(shots, language, spoken.get(language), settings.fps),
                *(_subcaption_lines(shots, settings.fps) if language == settings.language else ()),
            ],
            language,
        )
        for language in settings.subtitle_languages
    }
    subtitles = {language: these for language, these in found.items() if these}
    chapters = [Chapter(shot.chapter(settings.language), shot.start, shot.end) for shot in shots]
    sounds = tracks(spoken, settings.language, placed_sounds(shots, settings.fps))
    files = [shot.file for shot in shots]
    if settings.burned is not None and settings.burned not in subtitles:
        say(f"no subtitles in the picture: nothing is said in {LANGUAGES[settings.burned].own_name}")
    if settings.burned in subtitles:
        files = _burned(shots, subtitles[settings.burned], settings, workspace, say)
    soft = {language: these for language, these in subtitles.items() if language != settings.burned}
    cut = join(files, path, title=title, chapters=chapters, subtitles=soft, sounds=sounds)
    if names := list(dict.fromkeys(sound.name for sound in cut)):
        say(f"{abbreviated_list(names)}: cut at the end of the video")
    return subtitles, spoken


def _burned(
    shots: Sequence[Shot], subtitles: Sequence[Cue], settings: RenderSettings, workspace: Workspace, say: Say
) -> list[ClipFile]:
    """The clips with subtitles drawn into them, in temporary files."""
    from gradreel.render.videos.burned_subtitles import with_cues  # it loads PyAV, as above

    files = []
    for shot in shots:
        say(f"{shot.clip.scene}: encoded again, with subtitles in {LANGUAGES[settings.burned or ''].own_name}")
        path = workspace.temporary(shot.file.path.name)
        files.append(with_cues(shot.file, subtitles, shot.start, settings, path))
    return files


def placed_sounds(shots: Sequence[Shot], fps: int) -> list[PlacedSound]:
    """The sounds of all clips, where they are in the video. Raises UserError for one that is another than was added."""
    from gradreel.render.videos.sound_track import PlacedSound  # it loads PyAV, as above

    found = []
    for shot in shots:
        files = {sound.file: file_of(sound.file, shot.clip.request.source) for sound in shot.file.sounds}
        for sound in shot.file.sounds:
            file, begins = files[sound.file], Fraction(shot.start + sound.frame, fps)
            offset = Fraction(sound.offset).limit_denominator(10**9)
            found.append(PlacedSound(file, max(begins + offset, Fraction(0)), sound.gain, whose=shot.clip.scene))
        changed = changed_files({sound.file: sound.digest for sound in shot.file.sounds}, shot.clip.request.source)
        if changed:
            raise UserError(
                f"{shot.clip.scene}: its sound {abbreviated_list(changed)} has changed, or gone, since it was drawn;"
                " run the same command again"
            )
    return found


def _timed_lines(shots: Sequence[Shot], language: str, spoken: Spoken | None, fps: int) -> list[TimedLine]:
    """What is to be read of each beat: its line, or from mark to mark where it is spoken."""
    found = []
    for shot in shots:
        for place, (beat, lines) in enumerate(shot.beats):
            start, end = (shot.start + beat.start) / fps, (shot.start + beat.end) / fps
            stretches = spoken_beat(shot, place, fps).get(language, ()) if spoken else ()
            ends = [*(float(one.start) for one in stretches[1:]), end]
            if spoken and stretches:
                found += [
                    TimedLine(float(one.start), until, one.text, spoken.clauses[one])
                    for one, until in zip(stretches, ends, strict=True)
                ]
            else:
                found.append(TimedLine(start, end, lines.printed.get(language, "")))
    return [line for line in found if line.text.strip()]


def _subcaption_lines(shots: Sequence[Shot], fps: int) -> list[TimedLine]:
    """Returns the clips' subcaptions, in seconds of the video."""
    return [
        TimedLine(shot.start / fps + subcaption.start, shot.start / fps + subcaption.end, subcaption.text)
        for shot in shots
        for subcaption in shot.file.subcaptions
        if subcaption.text.strip()
    ]


def _subtitle_files(subtitles: Mapping[str, Sequence[Cue]], stem: str) -> dict[str, bytes]:
    files = {}
    for language, found in subtitles.items():
        files[f"{stem}.{language}.srt"] = as_srt(found).encode()
        files[f"{stem}.{language}.vtt"] = as_vtt(found, language).encode()
    return files


def _stamp(
    lesson: Lesson, settings: RenderSettings, shots: Sequence[Shot], final: Path, folders: Folders
) -> OutputStamp:
    poster = [lesson.poster.scene, lesson.poster.beat] if lesson.poster else None
    content = {"manifest": manifest_of(lesson, settings, shots, final), "poster": poster, "burned": settings.burned}
    spoken = {
        stretch.file
        for shot in shots
        for by_language in shot.clip.speech.values()
        for stretches in by_language.values()
        for stretch in stretches
        if stretch.file.parent == folders.speech
    }
    return OutputStamp(folders, final, content, [*(shot.file.path for shot in shots), *sorted(spoken)])


def publish_all(
    files: Mapping[str, bytes | Path], workspace: Workspace, stamp: OutputStamp, results: Results, say: Say
) -> None:
    """Write ``files`` under temporary names, then rename them all: a full disk leaves what was there before.

    ``files``: contents, or temporary files that have them, by name; the first is that of ``stamp``, the others stand
    beside it. What stood beside it before goes first, and the new ones come after it: subtitles and a manifest are
    never seen with another run's video. Files that the stamp names and that are not written any more are removed. The
    stamp and the note of who made the files come before the files: after a stop between them they are known. Raises
    UserError for files that ``results`` must not replace.
    """
    written: dict[Path, Path] = {}
    for name, content in files.items():
        temporary = content if isinstance(content, Path) else workspace.temporary(name)
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        written[temporary] = stamp.final.with_name(name)
    made_of = {stamp.write(written, workspace): stamp.file}

    def first_gone() -> list[Path]:
        return [*stamp.left_over(written), *list(written.values())[1:]]

    publish_results(workspace, [(results, written)], say, made_of, first_gone)


def poster_of(lesson: Lesson, shots: Sequence[Shot]) -> bytes:
    """The frame at the end of the beat the lesson names; without one, of the first beat after the title."""
    from gradreel.render.videos.video import frame_as_jpeg  # it loads PyAV, as above

    by_scene = {shot.clip.scene: shot for shot in shots}
    wanted = lesson.poster
    shot = by_scene.get(wanted.scene) if wanted else None
    shot = shot or shots[min(1, len(shots) - 1)]
    beats = {beat.name: beat for beat in shot.file.beats}
    if wanted and wanted.beat and shot.clip.scene == wanted.scene and wanted.beat not in beats:
        raise UserError(
            f"{lesson.name}: poster.beat: {wanted.scene} has no beat {wanted.beat!r}; it has {', '.join(beats)}"
        )
    chosen = beats.get(wanted.beat or "") if wanted else None
    chosen = chosen or next(iter(beats.values()), None)
    start, end = (chosen.start, chosen.end) if chosen else (0, shot.file.frames)
    return frame_as_jpeg(shot.file, shot.file.stand(start, end) - 1)


def manifest_of(
    lesson: Lesson,
    settings: RenderSettings,
    shots: Sequence[Shot],
    video: Path,
    spoken: Mapping[str, Spoken] | None = None,
) -> dict[str, Any]:
    """What the video is made of; times in seconds of the video. Without ``spoken`` it has no clauses."""
    heard = {language for shot in shots for languages in shot.clip.speech.values() for language in languages}
    return {
        "version": MANIFEST_VERSION,
        "lesson": lesson.name,
        "title": dict(lesson.title),
        "video": video.name,
        "seconds": shots[-1].end / settings.fps,
        "frames": shots[-1].end,
        "settings": settings.of_frames(),
        "parts": _part_entries(shots, settings.fps),
        "voices": {
            language: {
                "engine": type(voice).__name__.lower(),
                **voice.made_of,
                **({"restriction": voice.restriction} if voice.restriction else {}),
            }
            for language, voice in settings.voices.items()
            if language in heard
        },
        "scenes": [_scene_entry(shot, settings, spoken or {}) for shot in shots],
        "experiments": _experiments(lesson, shots),
        "versions": drawing_versions(),
    }


def _part_entries(shots: Sequence[Shot], fps: int) -> list[dict[str, Any]]:
    """The lesson's parts: title, from where to where, which scenes; scenes before the first part are in none."""
    found: list[dict[str, Any]] = []
    for shot in shots:
        if shot.begins:
            found.append({"title": shot.begins, "start": shot.start / fps, "scenes": []})
        if found:
            found[-1]["scenes"].append(shot.clip.scene)
            found[-1]["end"] = shot.end / fps
    return found


def _scene_entry(shot: Shot, settings: RenderSettings, spoken: Mapping[str, Spoken]) -> dict[str, Any]:
    fps = settings.fps
    sounds = [
        {
            "file": sound.file.removeprefix(HERE),
            "digest": sound.digest,
            "start": (shot.start + sound.frame) / fps + sound.offset,
            "gain": sound.gain,
        }
        for sound in shot.file.sounds
    ]
    subcaptions = [{"start": line.start, "end": line.end, "text": line.text} for line in _subcaption_lines([shot], fps)]
    return {
        "name": shot.clip.scene,
        "title": shot.title,
        "clip": shot.file.path.relative_to(settings.media_dir).as_posix(),
        "digest": shot.file.path.stem,
        "start": shot.start / fps,
        "end": shot.end / fps,
        "parameters": without_large_tables(shot.clip.request.parameters),
        "experiments": {name: experiment.digest for name, experiment in shot.clip.experiments.items()},
        "beats": [
            {
                "name": beat.name,
                "start": (shot.start + beat.start) / fps,
                "end": (shot.start + beat.end) / fps,
                "narration": {
                    language: lines.printed[language]
                    for language in settings.subtitle_languages
                    if language in lines.stretches
                },
                **({"claims": [asdict(each) for each in beat.claims]} if beat.claims else {}),
                **_speech_entry(shot, place, fps, spoken),
            }
            for place, (beat, lines) in enumerate(shot.beats)
        ],
        **({"sounds": sounds} if sounds else {}),
        **({"subcaptions": subcaptions} if subcaptions else {}),
    }


def _speech_entry(shot: Shot, place: int, fps: int, spoken: Mapping[str, Spoken]) -> dict[str, Any]:
    """When a beat's marks are, and what is heard in it."""
    marks = {mark: (shot.start + frame) / fps for mark, frame in shot.file.beats[place].marks.items()}
    speech = {
        language: [
            {
                "start": float(one.start),
                "end": one.end,
                **({"mark": one.mark} if one.mark else {}),
                "digest": content_now(one.stretch.file),
                "from": one.stretch.start,
                "clauses": [
                    {"start": start, "end": end, "text": text.replace("\n", " ")}
                    for start, end, text in (spoken[language].clauses[one] if language in spoken else ())
                ],
            }
            for one in stretches
        ]
        for language, stretches in spoken_beat(shot, place, fps).items()
    }
    return ({"marks": marks} if marks else {}) | ({"speech": speech} if speech else {})


def _experiments(lesson: Lesson, shots: Sequence[Shot]) -> list[dict[str, Any]]:
    shown = {run.digest: run for shot in shots for run in shot.clip.experiments.values()}
    names = {run.digest: name for name, run in lesson.experiments.items()}
    return [
        {
            "name": names.get(digest),
            "digest": digest,
            "trace": f"traces/{digest}",
            "experiment": run.described(),
        }
        for digest, run in shown.items()
    ]
