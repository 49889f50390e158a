"""Runs each command: turns its options into settings and a lesson, makes one call, prints the result.

Each function returns the exit code. Results go to standard output, messages to standard error.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render import cache, pipeline, report, still_files
from gradreel.render.clips.workspace import Folders, check_writable
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options, jobs_of, output_of, settings_of
from gradreel.render.listing import print_lesson
from gradreel.render.resolve import settings_and_lesson, with_voices
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip
from gradreel.render.videos.estimates import estimates
from gradreel.render.videos.publishing import (
    check_clip_places,
    check_files,
    check_lesson_place,
    check_video,
)
from gradreel.render.workers.progress import Reporter, counted, duration, reporter
from gradreel.scenes.catalog import LESSON_FILES


def describe_scene(options: Options) -> int:
    """Print a scene's parameters, beats and training runs; of a lesson that was named, its texts and its scenes."""
    settings, lesson = settings_and_lesson(options)
    if not options.scenes:
        print_lesson(lesson, options)
        return 0
    if len(lesson.scenes) != 1:
        raise UserError(f"describe shows one scene, but {len(lesson.scenes)} were named; name one")
    with _reporter_for(options) as progress:
        request, description, claims = pipeline.describe_scene(lesson, settings, progress)
    report.print_description(description, request, claims, options)
    return 0


def train_runs(options: Options) -> int:
    """Train the missing runs; print the folder of each trace."""
    settings, lesson = settings_and_lesson(options)
    if options.dry_run:
        return _dry_run(lesson, settings, options, clips=False)
    with _reporter_for(options) as progress:
        trained_plan = pipeline.train_lesson(lesson, settings, progress)
    report.print_traces(trained_plan.clips, Folders(settings.media_dir).traces, options)
    return 0


def render_videos(options: Options, again: bool = False) -> int:
    """Render the lesson into one file, or each named scene into its own; print the paths.

    ``again``: a repetition by --watch. It does not repeat the message about silent languages or reopen the film.
    """
    output = output_of(options)
    if options.output is not None and output is not None:
        check_writable(options.output, "-o")
        check_writable(output, "-o")
    _check_sections(options, settings_of(options, output))
    settings, lesson = settings_and_lesson(options, output)
    if not options.last_frame:
        settings = with_voices(settings, lesson, options, warn=not again)
    if options.dry_run:
        check = _check_of(lesson, settings, options, output)
        return _dry_run(lesson, settings, options, clips=not options.last_frame, check=check)
    began = time.monotonic()
    with _reporter_for(options) as progress:
        paths = _render_requested(lesson, settings, options, output, progress)
        progress.detail(f"took {duration(time.monotonic() - began)}")
    report.show_made(paths, options, options.preview and not again)
    return 0


def _check_of(lesson: Lesson, settings: RenderSettings, options: Options, output: Path | None) -> pipeline.Check:
    """Return a check of the planned clips, which raises UserError if a result would replace a foreign file."""
    if not (options.last_frame or options.scenes):
        check_video(settings)
        return partial(check_lesson_place, lesson, settings, output)
    check_files(lesson, output)
    if options.last_frame:
        return partial(still_files.check_last_frames, lesson, settings, output)

    def check(clips: Sequence[Clip]) -> None:
        check_clip_places(lesson, settings, output, clips)
        if options.save_sections:
            from gradreel.render.export.sections import check_section_places  # it loads PyAV

            check_section_places(lesson, settings, output, clips)

    return check


def _render_requested(
    lesson: Lesson, settings: RenderSettings, options: Options, output: Path | None, progress: Reporter
) -> list[Path]:
    """Render last frames, single scenes (with their sections, if asked for) or the lesson; return the paths."""
    if options.last_frame:
        return still_files.render_last_frames(lesson, settings, progress, output)
    if options.scenes:
        if not options.save_sections:
            return pipeline.render_scenes(lesson, settings, progress, output)
        from gradreel.render.export.sections import check_section_places, publish_sections  # it loads PyAV

        check = partial(check_section_places, lesson, settings, output)
        return pipeline.render_scenes(lesson, settings, progress, output, publish_sections, check)
    return [pipeline.render_lesson(lesson, settings, progress, output)]


def _check_sections(options: Options, settings: RenderSettings) -> None:
    """Raise UserError if ``--save_sections`` is combined with another format than MP4, or no scene is named."""
    if not options.save_sections:
        return
    if options.last_frame or settings.format != "mp4":
        kind = "png" if options.last_frame else settings.format
        raise UserError(
            f"--save_sections needs mp4, but the result will be {kind}; leave out --save_sections, or choose"
            " --format mp4"
        )
    if not options.scenes:
        raise UserError(
            "--save_sections works on single scenes; name them: gradreel render build-curve --save_sections"
        )


def watch_videos(options: Options) -> int:
    """Render, and again after each change of a file, until Ctrl-C. Only stale clips are drawn again."""
    if options.dry_run:
        raise UserError("--watch renders and --dry_run does not; leave out one of them")
    if options.force:
        raise UserError("--watch draws changed clips, --force all clips; leave out one of them")
    from gradreel.render.watch import watch

    rendered = False

    def render() -> None:
        nonlocal rendered
        render_videos(options, again=rendered)
        rendered = True

    return watch(render, options.media_dir, options.quiet)


def render_frames(options: Options) -> int:
    """Draw a picture at the end of each beat and a contact sheet of all; print the paths."""
    settings, lesson = settings_and_lesson(options)
    if options.dry_run:
        check = partial(still_files.check_stills, lesson, settings)
        return _dry_run(lesson, settings, options, clips=False, check=check)
    with _reporter_for(options) as progress:
        stills = still_files.render_stills(lesson, settings, progress)
    report.print_stills(stills.pictures, stills.sheet, options)
    if options.preview:
        report.open_file(stills.sheet)
    return 0


def check_scenes(options: Options) -> int:
    """Print broken layout rules and beats that are hard to follow; with --jumps jumps, with --pace each beat's pace.

    Return 1 if a rule is broken or a motion jumps, else 0; --pace always returns 0.
    """
    if options.jumps and options.pace:
        raise UserError("--jumps checks the motion and --pace the words; leave out one of them")
    settings, lesson = settings_and_lesson(options)
    if not options.jumps:
        settings = with_voices(settings, lesson, options)
    with _reporter_for(options) as progress:
        if options.jumps:
            findings, remarks = pipeline.find_jumps(lesson, settings, progress), []
        else:
            findings, paces = pipeline.check_lesson(lesson, settings, progress)
            remarks = [remark for pace in paces for remark in pace.findings]
    if options.pace:
        report.print_pace(paces, options)
        return 0
    checked = f"{counted(len(lesson.scenes), 'scene')} ({settings.language}, {settings.theme})"
    report.print_findings(findings, remarks, checked, options)
    return 1 if findings else 0


def show_cache(options: Options, prune: bool, yes: bool) -> int:
    """Print what the media folder holds; with ``prune``, remove what nothing needs, after a question unless ``yes``."""
    if yes and not prune:
        raise UserError("--yes needs --prune; without it, nothing is removed and nothing is asked")
    settings, lesson = settings_and_lesson(options)
    films = [(lesson, settings)]
    for file in LESSON_FILES if options.lesson is None else ():
        if file != lesson.file:
            settings, lesson = settings_and_lesson(replace(options, lesson=file, overrides=()))
            films.append((lesson, settings))
    entries = cache.contents(films)
    if prune:
        cache.prune_asked(entries, films, options, yes)
    else:
        cache.print_contents(entries, films, options)
    return 0


def _dry_run(
    lesson: Lesson, settings: RenderSettings, options: Options, clips: bool, check: pipeline.Check | None = None
) -> int:
    """Print the plan without doing anything: the runs to train and, with ``clips``, the lines and clips to make."""
    with _reporter_for(options) as progress:
        plan = pipeline.plan_lesson(lesson, settings, progress)
    if check is not None:
        check(plan.clips)
    if not clips:
        plan = replace(plan, clips=(), unspoken={})
    times = estimates(plan, Folders(settings.media_dir), jobs_of(options.jobs))  # for this machine, also with --cluster
    report.print_plan(plan, times, options, clips=clips)
    return 0


def _reporter_for(options: Options) -> Reporter:
    return reporter(options.progress, options.quiet, options.verbosity)
