"""Publishes finished clips: video, subtitles, poster and manifest. Each file is renamed into place when complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.core.run_data import without_large_tables
from gradreel.render.clips.beat_lines import refill_lines
from gradreel.render.clips.clip_files import check_intact
from gradreel.render.clips.file_digest import HERE, changed_files, current_digest, file_of
from gradreel.render.clips.toolchain import drawing_versions
from gradreel.render.clips.workspace import Folders, Workspace, as_json
from gradreel.render.lessons.lesson import Lesson, Music
from gradreel.render.settings import JOINABLE_FORMATS, RenderSettings
from gradreel.render.stages import Clip, ClipFile, Shot
from gradreel.render.videos.narration_track import Spoken, spoken_beat, spoken_languages, tracks
from gradreel.render.videos.output_stamp import SUBTITLE_SUFFIXES, OutputStamp
from gradreel.render.videos.results import Results, publish_results, results_of
from gradreel.render.videos.subtitles import Cue, TimedLine, as_srt, as_vtt, cues
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration

if TYPE_CHECKING:
    from gradreel.render.videos.sound_track import PlacedSound

MANIFEST_VERSION = 1

Say: TypeAlias = Callable[[str], None]


def check_video(settings: RenderSettings) -> None:
    """Raise UserError for settings that a whole lesson cannot have: a format other than video, or a range of beats."""
    if settings.format not in JOINABLE_FORMATS:
        raise UserError(
            f"a whole lesson can be {', '.join(JOINABLE_FORMATS)}, but not {settings.format};"
            " name scenes, and each gets a file of its own"
        )
    if settings.beat_range:
        raise UserError("-n chooses beats of one scene; name the scene: gradreel render build-curve -n constant,sum")


def check_files(lesson: Lesson, output: Path | None) -> None:
    """Raise UserError if ``output`` names one file and the lesson has not exactly one scene."""
    if output is not None and len(lesson.scenes) != 1:
        raise UserError(
            f"-o {output} is one file, but {len(lesson.scenes)} scenes are rendered; leave out -o, or name one scene"
        )


def video_place(lesson: Lesson, settings: RenderSettings, folders: Folders, output: Path | None = None) -> Path:
    """Return the path of the lesson's video: ``output``, or its place in the media folder."""
    return output or folders.video(lesson.name, settings.video_folder, lesson.name + lesson.span, f".{settings.format}")


def clip_place(
    lesson: Lesson, settings: RenderSettings, clip: Clip, folders: Folders, output: Path | None = None
) -> Path:
    """Return the path of one scene's file, or folder of pictures: ``output``, or its place in the media folder."""
    name = clip.file_stem + settings.beat_range
    return output or folders.video(lesson.group(clip.scene), settings.video_folder, name, settings.suffix)


def manifest_name(lesson: Lesson, final: Path, output: Path | None) -> str:
    """Return the name of the manifest beside a lesson's video ``final``.

    It is "manifest.json" for a whole lesson in the media folder; elsewhere it begins with the video's name.
    """
    return f"{final.stem}.manifest.json" if output or lesson.span else "manifest.json"


def subtitle_places(settings: RenderSettings, final: Path) -> list[Path]:
    """Return the paths of all subtitle files that may lie beside the video ``final``.

    The list is empty if the format has no subtitles.
    """
    if settings.format not in JOINABLE_FORMATS:
        return []
    names = [f"{language}.{suffix}" for language in settings.subtitle_languages for suffix in SUBTITLE_SUFFIXES]
    return [final.with_name(f"{final.stem}.{name}") for name in names]


def check_lesson_place(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raise UserError if the lesson's video, or a file beside it, would replace a file that it must not.

    Runs before any work; see `pipeline.Check`.
    """
    folders = Folders(settings.media_dir)
    final = video_place(lesson, settings, folders, output)
    beside = [final.with_suffix(".jpg"), final.with_name(manifest_name(lesson, final, output))]
    places = [final, *subtitle_places(settings, final), *beside]
    results_of(lesson, folders, settings.overwrite).check(places)


def check_clip_places(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raise UserError if a scene's file, or its subtitles, would replace a file that it must not."""
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
    reporter: Reporter,
) -> Path:
    """Write the lesson's video and the files beside it, and return the video's path; do nothing if it is up to date.

    ``reporter`` tells of progress, and of sounds that are cut or left out. Raises DamagedClipsError, and SoundError for
    a sound that cannot be read.
    """
    final = video_place(lesson, settings, workspace, output)
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, lesson.parts(settings.language))
    stamp = _stamp_of_video(lesson, settings, shots, final, workspace)
    if stamp.is_current():
        return final
    check_intact([shot.file.path for shot in shots])
    video = workspace.temporary(final.name)
    subtitles, spoken = write_video(
        video,
        lesson.title_in(settings.language),
        shots,
        narration,
        settings,
        workspace,
        stamp,
        reporter,
        lesson.music,
    )
    manifest = manifest_name(lesson, final, output)
    files: dict[str, bytes | Path] = {
        final.name: video,
        **_subtitle_files(subtitles, final.stem),
        f"{final.stem}.jpg": poster_of(lesson, shots),
        manifest: as_json(manifest_of(lesson, settings, shots, final, spoken)),
    }
    publish_all(files, workspace, stamp, results_of(lesson, workspace, settings.overwrite), reporter.say)
    return final


def publish_clip(
    lesson: Lesson,
    settings: RenderSettings,
    clip: Clip,
    file: ClipFile,
    workspace: Workspace,
    output: Path | None,
    reporter: Reporter,
) -> Path:
    """Write one scene's file, with subtitles beside it, and return its path; a png sequence is a folder of pictures.

    ``reporter`` and the errors are those of `publish_lesson`.
    """
    final = clip_place(lesson, settings, clip, workspace, output)
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, [(clip, file)], {})
    stamp = _stamp_of_video(lesson, settings, shots, final, workspace)
    if stamp.is_current():
        return final
    check_intact([file.path])
    temporary = workspace.temporary(final.name)
    subtitles: dict[str, list[Cue]] = {}
    if settings.format in JOINABLE_FORMATS:
        title = shots[0].title
        subtitles, _ = write_video(temporary, title, shots, narration, settings, workspace, stamp, reporter)
    else:
        if file.sounds:
            kept = ", ".join(JOINABLE_FORMATS)
            reporter.say(f"{clip.scene}: its sound is left out: {settings.format} has none; {kept} have")
        (shutil.copytree if settings.format == "png-sequence" else shutil.copyfile)(file.path, temporary)
    files: dict[str, bytes | Path] = {final.name: temporary, **_subtitle_files(subtitles, final.stem)}
    results = results_of(lesson, workspace, settings.overwrite, clip.request)
    publish_all(files, workspace, stamp, results, reporter.say)
    return final


def narration_of(lesson: Lesson, settings: RenderSettings) -> Narration:
    """Return the lesson's words, in the languages of its subtitles and its pictures."""
    return Narration.load((*settings.subtitle_languages, settings.language)).with_words(lesson.words)


def shots_of(
    narration: Narration,
    settings: RenderSettings,
    clips: Sequence[tuple[Clip, ClipFile]],
    begins: Mapping[str, str],
) -> list[Shot]:
    """Return the clips as shots that follow each other.

    ``begins`` has the parts' titles by their first scenes' names.
    """
    shots = []
    start = 0
    for clip, file in clips:
        lines = tuple(refill_lines(narration, clip.narrated_as, beat) for beat in file.beats)
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
    stamp: OutputStamp,
    reporter: Reporter,
    music: Music | None = None,
) -> tuple[dict[str, list[Cue]], dict[str, Spoken]]:
    """Write the video; return its cues by language, without languages that have none, and what is spoken.

    Draws subtitles into the picture if ``settings.burned`` names their language. The kept pieces of its sound are added
    to the ``stamp``.
    """
    # imported here: it loads PyAV, which an up-to-date lesson does not need
    from gradreel.render.videos.sound_pieces import PieceStore
    from gradreel.render.videos.video import Chapter, write_film

    spoken = spoken_languages(shots, settings.fps, narration, workspace)
    cues_by_language = {
        language: cues(
            [
                *_timed_lines(shots, language, spoken.get(language), settings.fps),
                *(_subcaption_lines(shots, settings.fps) if language == settings.language else ()),
            ],
            language,
        )
        for language in settings.subtitle_languages
    }
    subtitles = {language: language_cues for language, language_cues in cues_by_language.items() if language_cues}
    chapters = [Chapter(shot.chapter(settings.language), shot.start, shot.end) for shot in shots]
    sounds = tracks(spoken, settings.language, placed_sounds(shots, settings.fps))
    if music is not None:
        from gradreel.render.videos.music import with_music  # it loads PyAV, as above

        sounds = with_music(music, sounds, shots, settings.fps)
    files = [shot.file for shot in shots]
    if settings.burned is not None and settings.burned not in subtitles:
        reporter.say(nothing_said(settings.burned))
    if settings.burned in subtitles:
        files = _burned_clips(shots, subtitles[settings.burned], settings, workspace, reporter.say)
    soft = {language: language_cues for language, language_cues in subtitles.items() if language != settings.burned}
    store = PieceStore(workspace, settings.jobs_here, reporter)
    starts = [shot.start + beat.start for shot in shots for beat in shot.file.beats]
    cut_sounds = write_film(
        files,
        path,
        title=title,
        chapters=chapters,
        subtitles=soft,
        sounds=sounds,
        line_starts=starts,
        store=store,
        reporter=reporter,
    )
    stamp.add_parts(store.used)
    if names := list(dict.fromkeys(sound.name for sound in cut_sounds)):
        reporter.say(f"{abbreviated_list(names)}: cut at the end of the video")
    return subtitles, spoken


def nothing_said(language: str) -> str:
    """Return the message that the subtitles to burn are missing, because no line is in ``language``."""
    return f"no subtitles in the picture: nothing is said in {LANGUAGES[language].own_name}"


def _burned_clips(
    shots: Sequence[Shot], subtitles: Sequence[Cue], settings: RenderSettings, workspace: Workspace, say: Say
) -> list[ClipFile]:
    """Return copies of the clips, in temporary files, with ``subtitles`` drawn into their pictures."""
    from gradreel.render.videos.burned_subtitles import with_cues  # it loads PyAV, as above

    files = []
    for shot in shots:
        say(f"{shot.clip.scene}: encoded again, with subtitles in {LANGUAGES[settings.burned or ''].own_name}")
        path = workspace.temporary(shot.file.path.name)
        files.append(with_cues(shot.file, subtitles, shot.start, settings, path))
    return files


def placed_sounds(shots: Sequence[Shot], fps: int) -> list[PlacedSound]:
    """Return the sounds that scenes added, at their places in the video.

    Raises UserError for a sound file that has changed since its clip was rendered.
    """
    from gradreel.render.videos.sound_track import PlacedSound  # it loads PyAV, as above

    placed = []
    for shot in shots:
        files = {sound.file: file_of(sound.file, shot.clip.request.source) for sound in shot.file.sounds}
        for sound in shot.file.sounds:
            file, begins = files[sound.file], Fraction(shot.start + sound.frame, fps)
            offset = Fraction(sound.offset).limit_denominator(10**9)
            placed.append(PlacedSound(file, max(begins + offset, Fraction(0)), sound.gain, origin=shot.clip.scene))
        changed = changed_files({sound.file: sound.digest for sound in shot.file.sounds}, shot.clip.request.source)
        if changed:
            raise UserError(
                f"{shot.clip.scene}: its sound {abbreviated_list(changed)} has changed, or gone, since it was drawn;"
                " run the same command again"
            )
    return placed


def _timed_lines(shots: Sequence[Shot], language: str, spoken: Spoken | None, fps: int) -> list[TimedLine]:
    """Return the lines to read: one for each beat, or one for each stretch between marks of a spoken beat.

    Lines without text are left out.
    """
    timed = []
    for shot in shots:
        for beat_number, (beat, lines) in enumerate(shot.beats):
            start, end = (shot.start + beat.start) / fps, (shot.start + beat.end) / fps
            stretches = spoken_beat(shot, beat_number, fps).get(language, ()) if spoken else ()
            ends = [*(float(stretch.start) for stretch in stretches[1:]), end]
            if spoken and stretches:
                timed += [
                    TimedLine(float(stretch.start), stretch_end, stretch.text, spoken.clauses[stretch])
                    for stretch, stretch_end in zip(stretches, ends, strict=True)
                ]
            else:
                timed.append(TimedLine(start, end, lines.printed.get(language, "")))
    return [line for line in timed if line.text.strip()]


def _subcaption_lines(shots: Sequence[Shot], fps: int) -> list[TimedLine]:
    """Return the clips' subcaptions, in seconds of the video."""
    return [
        TimedLine(shot.start / fps + subcaption.start, shot.start / fps + subcaption.end, subcaption.text)
        for shot in shots
        for subcaption in shot.file.subcaptions
        if subcaption.text.strip()
    ]


def _subtitle_files(subtitles: Mapping[str, Sequence[Cue]], stem: str) -> dict[str, bytes]:
    """Return the contents of the subtitle files (.srt and .vtt) by name."""
    files = {}
    for language, language_cues in subtitles.items():
        files[f"{stem}.{language}.srt"] = as_srt(language_cues).encode()
        files[f"{stem}.{language}.vtt"] = as_vtt(language_cues, language).encode()
    return files


def _stamp_of_video(
    lesson: Lesson, settings: RenderSettings, shots: Sequence[Shot], final: Path, folders: Folders
) -> OutputStamp:
    """Return the output stamp of a video: its manifest, poster, clips and spoken files."""
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
    """Write ``files`` under temporary names, then rename them all. If the disk is full, the earlier files remain.

    ``files`` has contents, or temporary files, by name. The first is the one of ``stamp``; the others go beside it. All
    files beside it are removed first and renamed into place last: so subtitles and a manifest are never seen with
    another run's video. Files that the earlier stamp lists and that are no longer written are removed. The stamp and
    the register entry are written before the files, so that the files are recognized after a crash. Raises UserError
    for files that ``results`` must not replace.
    """
    written: dict[Path, Path] = {}
    for name, content in files.items():
        temporary = content if isinstance(content, Path) else workspace.temporary(name)
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        written[temporary] = stamp.final.with_name(name)
    stamp_files = {stamp.write(written, workspace): stamp.file}

    def first_gone() -> list[Path]:
        """Return the files to remove before the first rename."""
        return [*stamp.left_over(written), *list(written.values())[1:]]

    publish_results(workspace, [(results, written)], say, stamp_files, first_gone)


def poster_of(lesson: Lesson, shots: Sequence[Shot]) -> bytes:
    """Return the poster as JPEG: the frame at the end of the beat that the lesson names.

    By default, and if the film lacks the named scene, it shows the first beat of the second scene, since the first has
    the title. If options changed the scene's parameters, so that it lacks the beat, the poster is its first beat.
    Raises UserError if the scene has no such beat with the lesson's own parameters.
    """
    from gradreel.render.videos.video import frame_as_jpeg  # it loads PyAV, as above

    by_scene = {shot.clip.scene: shot for shot in shots}
    wanted = lesson.poster
    shot = by_scene.get(wanted.scene) if wanted else None
    shot = shot or shots[min(1, len(shots) - 1)]
    beats = {beat.name: beat for beat in shot.file.beats}
    is_changed = any(scene.changes or scene.data for scene in lesson.scenes if wanted and scene.name == wanted.scene)
    if wanted and wanted.beat and shot.clip.scene == wanted.scene and wanted.beat not in beats and not is_changed:
        raise UserError(
            f"{lesson.name}: poster.beat: {wanted.scene} has no beat {wanted.beat!r}; use one of {', '.join(beats)}"
        )
    chosen = beats.get(wanted.beat or "") if wanted else None
    chosen = chosen or next(iter(beats.values()), None)
    start, end = (chosen.start, chosen.end) if chosen else (0, shot.file.frames)
    return frame_as_jpeg(shot.file, shot.file.end_before_clearing(start, end) - 1)


def manifest_of(
    lesson: Lesson,
    settings: RenderSettings,
    shots: Sequence[Shot],
    video: Path,
    spoken: Mapping[str, Spoken] | None = None,
) -> dict[str, Any]:
    """Return the manifest of the video ``video``: its parts, scenes, beats, runs, voices and versions.

    Times are seconds of the video. Without ``spoken`` the manifest has no clauses.
    """
    spoken_codes = {language for shot in shots for languages in shot.clip.speech.values() for language in languages}
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
            if language in spoken_codes
        },
        "scenes": [_scene_entry(shot, settings, spoken or {}) for shot in shots],
        **_music_entry(lesson.music),
        "experiments": _runs_in_manifest(lesson, shots),
        "versions": drawing_versions(),
    }


def _music_entry(music: Music | None) -> dict[str, Any]:
    """Return the manifest's entry for the film's music; {} without music."""
    if music is None:
        return {}
    plays = music.plays if isinstance(music.plays, str) else list(music.plays)
    entry = {"file": music.file.name, "digest": current_digest(music.file), "under": music.under, "plays": plays}
    return {"music": entry}


def _part_entries(shots: Sequence[Shot], fps: int) -> list[dict[str, Any]]:
    """Return title, start, end and scenes of each of the lesson's parts. Scenes before the first part are left out."""
    parts: list[dict[str, Any]] = []
    for shot in shots:
        if shot.begins:
            parts.append({"title": shot.begins, "start": shot.start / fps, "scenes": []})
        if parts:
            parts[-1]["scenes"].append(shot.clip.scene)
            parts[-1]["end"] = shot.end / fps
    return parts


def _scene_entry(shot: Shot, settings: RenderSettings, spoken: Mapping[str, Spoken]) -> dict[str, Any]:
    """Return the manifest's entry for one scene."""
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
                **({"claims": [asdict(claim) for claim in beat.claims]} if beat.claims else {}),
                **_speech_entry(shot, beat_number, fps, spoken),
            }
            for beat_number, (beat, lines) in enumerate(shot.beats)
        ],
        **({"sounds": sounds} if sounds else {}),
        **({"subcaptions": subcaptions} if subcaptions else {}),
    }


def _speech_entry(shot: Shot, place: int, fps: int, spoken: Mapping[str, Spoken]) -> dict[str, Any]:
    """Return when the marks of beat number ``place`` are reached, and its spoken stretches, if there are any."""
    marks = {mark: (shot.start + frame) / fps for mark, frame in shot.file.beats[place].marks.items()}
    speech = {
        language: [
            {
                "start": float(heard.start),
                "end": heard.end,
                **({"mark": heard.mark} if heard.mark else {}),
                "digest": current_digest(heard.stretch.file),
                "from": heard.stretch.start,
                "clauses": [
                    {"start": start, "end": end, "text": text.replace("\n", " ")}
                    for start, end, text in (spoken[language].clauses[heard] if language in spoken else ())
                ],
            }
            for heard in stretches
        ]
        for language, stretches in spoken_beat(shot, place, fps).items()
    }
    return ({"marks": marks} if marks else {}) | ({"speech": speech} if speech else {})


def _runs_in_manifest(lesson: Lesson, shots: Sequence[Shot]) -> list[dict[str, Any]]:
    """Return the manifest's entries for the runs that the film shows, each once."""
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
