"""Runs ``gradreel narrate``: writes the script for one's own voice, and prints remarks about recordings."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradreel.core.errors import abbreviated_list
from gradreel.render import pipeline
from gradreel.render.clips.beat_lines import refill_lines, refill_spoken_lines
from gradreel.render.clips.workspace import Folders, Workspace, check_writable
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options
from gradreel.render.report import print_json
from gradreel.render.resolve import settings_and_lesson
from gradreel.render.stages import BeatSpan, Clip
from gradreel.render.videos.results import publish_results, results_of
from gradreel.render.voice.recordings import Recordings
from gradreel.render.voice.script import Remark, ScriptLine, remarks, script_files, write_script
from gradreel.render.voice.spoken_lines import Line
from gradreel.render.workers.progress import reporter
from gradreel.scenes.words.narration import Narration


def narrate(options: Options, folder: Path, record: bool, accept: bool) -> int:
    """Write the script into the folder of recordings, print remarks about them, and return exit code 0.

    With ``record``, missing lines are recorded with the microphone first.
    """
    settings, lesson = settings_and_lesson(options)
    if record:
        from gradreel.render.voice import microphone

        device = microphone.microphone()  # or an error, before anything is done
    folder = folder.absolute()
    scenes = lesson.requests(settings) if lesson.picked else []
    results = results_of(lesson, Folders(settings.media_dir), settings.overwrite, *scenes)
    for file in script_files(folder):
        check_writable(file, "--recordings")
    results.check(script_files(folder), option="--recordings")
    with reporter(options.progress, options.quiet, options.verbosity) as progress:
        played = pipeline.play_beats(lesson, settings, progress)
    lines = [line for clip, beats in played for line in _script_lines(clip, beats)]
    title, language = _title_of_script(lesson, [clip for clip, _ in played], settings.language), settings.language

    def publish(texts: Mapping[Path, str]) -> None:
        with Workspace(settings.media_dir) as workspace:
            written = {}
            for file, text in texts.items():
                temporary = workspace.temporary(file.name)
                temporary.write_bytes(text.encode())
                written[temporary] = file
            publish_results(workspace, [(results, written)], progress.say, option="--recordings")

    write_script(folder, title, language, lines, publish, accept)
    if record:
        missing = [line for line in lines if Recordings(folder).file(line.line.scene, line.line.beat) is None]
        microphone.record(missing, folder, device)
        write_script(folder, title, language, lines, publish)
    _print_script_report(folder, lines, remarks(folder, language, lines), options)
    return 0


def _title_of_script(lesson: Lesson, clips: Sequence[Clip], language: str) -> str:
    """Return the lesson's title, or the titles of the scenes that were asked for by name."""
    if not lesson.picked:
        return lesson.title_in(language)
    narration = Narration.load([language]).with_words(lesson.words)
    return ", ".join(narration.title(clip.scene, language, clip.request.source.is_ours) for clip in clips)


def _script_lines(clip: Clip, beats: Sequence[BeatSpan]) -> list[ScriptLine]:
    """Return the script's lines: the beats that have words in the language of the settings."""
    settings = clip.request.settings
    narration = clip.request.narration()
    script_lines = []
    for beat in beats:
        spoken = refill_spoken_lines(narration, clip.narrated_as, beat)
        line = Line(clip.scene, beat.name, spoken.stretches.get(settings.language, ()))
        if line.texts:
            assert beat.motion is not None, "it was played now"
            printed = refill_lines(narration, clip.narrated_as, beat).printed[settings.language]
            script_lines.append(ScriptLine(line, spoken.marks, printed, (beat.motion - beat.start) / settings.fps))
    return script_lines


def _print_script_report(
    folder: Path, lines: Sequence[ScriptLine], script_remarks: Sequence[Remark], options: Options
) -> None:
    """Print the script's path and the remarks, or JSON."""
    missing = [remark.name for remark in script_remarks if remark.kind == "missing"]
    if options.as_json:
        content = {"script": str(folder / "script.md"), "lines": len(lines), "recorded": len(lines) - len(missing)}
        remark_entries = [
            {"file": str(folder / remark.name), "kind": remark.kind, "detail": remark.detail}
            for remark in script_remarks
        ]
        print_json({**content, "remarks": remark_entries})
        return
    print(folder / "script.md")
    if missing:
        print(f"{'missing':10}  {abbreviated_list(missing)}")
    for remark in script_remarks:
        if remark.kind != "missing":
            print(f"{remark.kind:10}  {remark.name}" + (f": {remark.detail}" if remark.detail else ""))
    if not options.quiet:
        print(f"{len(lines) - len(missing)} of {len(lines)} lines are recorded", file=sys.stderr)
