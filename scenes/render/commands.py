"""What each command does: the options made into a lesson and settings, one call, the result printed.

Each returns the exit code. Results go to standard output, what is told on the way to standard error.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import META, Trace, no_trace
from gradreel.scenes.render import cache, cache_report, engine, report
from gradreel.scenes.render.clips.known_scenes import known_scenes
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.lessons.arguments import (
    Options,
    cores,
    files_of_overrides,
    parse_beat_range,
    parse_overrides,
    parse_resolution,
)
from gradreel.scenes.render.lessons.choosing import load_lesson
from gradreel.scenes.render.lessons.daily import daily_data
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.settings import FORMATS, RenderSettings
from gradreel.scenes.render.lessons.words import left_in_other_languages
from gradreel.scenes.render.validation import check_files, check_video
from gradreel.scenes.render.videos.estimates import estimates
from gradreel.scenes.render.workers.executors import MOST_AT_ONCE
from gradreel.scenes.render.workers.progress import Reporter, duration, reporter

PICTURE = re.compile(r"\d{5,}\.png")  # a frame's, in the folder of --format png


def describe_scene(options: Options) -> int:
    """Print a scene's parameters, beats and training runs."""
    settings, lesson = _settings(options), _lesson(options)
    with _reporter(options) as told:
        (description,) = engine.inspect_lesson(lesson, settings, told)
    (entry,) = lesson.scenes
    report.print_description(description, entry.source, lesson.words, options)
    return 0


def train_runs(options: Options) -> int:
    """Train what is missing; print where each trace is."""
    settings, lesson = _settings(options), _lesson(options)
    if options.dry_run:
        return _dry_run(lesson, settings, options, clips=False)
    with _reporter(options) as told:
        traces = engine.train_lesson(lesson, settings, told)
    report.print_traces(engine.inspect_lesson(lesson, settings), traces, options)
    return 0


def render_videos(options: Options) -> int:
    """Render the lesson, or the scenes named, each into its own file; print where they are."""
    output = _output(options)
    settings, lesson = _settings(options, output), _lesson(options)
    _check_asked(lesson, settings, options, output)
    if options.dry_run:
        return _dry_run(lesson, settings, options)
    began = time.monotonic()
    with _reporter(options) as told:
        made = _rendered(lesson, settings, options, output, told)
        told.detail(f"took {duration(time.monotonic() - began)}")
    report.print_paths(made, options)
    if options.preview:
        report.open_file(made[0])
    return 0


def watch_videos(options: Options) -> int:
    """Render, and again what a change touches, until Ctrl-C."""
    if options.dry_run:
        raise UserError("--watch renders and --dry_run does not: give one of them")
    from gradreel.scenes.render.watch import watch

    rendered = 0

    def render() -> None:
        nonlocal rendered
        render_videos(replace(options, preview=options.preview and not rendered))  # opened once
        rendered += 1

    return watch(render, options.media_dir.expanduser(), options.quiet)


def render_frames(options: Options) -> int:
    """A picture at the end of each beat, and the sheet of them all; print where they are."""
    settings, lesson = _settings(options), _lesson(options)
    if options.dry_run:
        return _dry_run(lesson, settings, options, clips=False)
    with _reporter(options) as told:
        stills = engine.render_stills(lesson, settings, told)
    report.print_paths([file for files in stills.pictures.values() for file in files] + [stills.sheet], options)
    if options.preview:
        report.open_file(stills.sheet)
    return 0


def check_scenes(options: Options) -> int:
    """Print what breaks the layout rules, or where the motion jumps; 1 when something does."""
    settings, lesson = _settings(options), _lesson(options)
    look = engine.find_jumps if options.jumps else engine.check_lesson
    with _reporter(options) as told:
        findings = look(lesson, settings, told)
    report.print_findings(findings, [entry.name for entry in lesson.scenes], options)
    return 1 if findings else 0


def show_cache(options: Options, prune: bool, yes: bool) -> int:
    """Print what the media folder keeps, or remove what is not needed."""
    if yes and not prune:
        raise UserError("--yes goes with --prune: without it nothing is removed, and nothing asked")
    settings, lesson = _settings(options), _lesson(options)
    kept = cache.contents(lesson, settings)
    if prune:
        cache_report.prune_asked(kept, lesson, settings, options, yes)
    else:
        cache_report.print_contents(kept, lesson, options)
    return 0


def verify_traces(options: Options) -> int:
    """Compute each trace's updates again and print what came of it; 1 when something in a trace is wrong."""
    targets = _targets(options)
    results = []
    with _reporter(options) as told:
        for target in targets:
            results.append(_verified(target, told))
    for result in results:
        report.print_verification(result, options)
    if options.as_json:
        report.print_json(results)
    elif not results and not options.quiet:
        print("none of the scenes shows a training run: there is no trace to verify")
    return 0 if all(result["ok"] for result in results) else 1


def _lesson(options: Options, scenes: Sequence[str] | None = None) -> Lesson:
    """The lesson with what was set, ``scenes`` of it (those asked for) or a stretch.

    Says which days of its data were filled, and which lines of ours stay beside words of one's own.
    """
    data = daily_data(options.data, options.csv_format, options.unseen_from)
    asked = options.scenes if scenes is None else scenes
    span = (options.first_scene, options.last_scene)
    files = files_of_overrides(options.overrides)
    ours = partial(known_scenes, Folders(options.media_dir).private)
    lesson = load_lesson(options.lesson, parse_overrides(options.overrides), asked, data, span, files, ours)
    words = lesson.words
    left = left_in_other_languages(words, [entry.name for entry in lesson.scenes]) if words is not None else []
    if not options.quiet:
        for text in (*lesson.filled_days(), *left):
            print(text, file=sys.stderr)
    return lesson


def _settings(options: Options, output: Path | None = None) -> RenderSettings:
    """Raises UserError for an option that no video can have."""
    changes: dict[str, Any] = {}
    if options.scheduler and options.last_frame:
        raise UserError("--scheduler draws clips; a last frame (-s) is drawn here: leave out one of the two")
    if options.resolution is not None:
        changes["width"], changes["height"] = parse_resolution(options.resolution)
    if options.beats is not None:
        changes["first_beat"], changes["last_beat"] = parse_beat_range(options.beats)
    return RenderSettings.of_quality(
        options.quality,
        format=options.file_format or _format_of(output),
        transparent=options.transparent,
        fps=options.fps,
        language=options.language,
        theme=options.theme,
        media_dir=options.media_dir,
        seed=options.seed,
        jobs=options.jobs or (MOST_AT_ONCE if options.scheduler else cores()),
        scheduler=options.scheduler,
        timeout=options.timeout,
        **changes,
    )


def _output(options: Options) -> Path | None:
    """``-o`` as an absolute path with the ending of what it will hold. Raises UserError when it has another."""
    if options.output is None:
        return None
    path = options.output.expanduser().absolute()
    wanted = options.file_format or _format_of(path) or ("mov" if options.transparent else "mp4")
    if wanted == "png" and not options.last_frame:
        return _picture_folder(path.with_suffix("") if path.suffix == ".png" else path, options.output)
    wanted = "png" if options.last_frame else wanted
    if path.is_dir():
        raise UserError(f"-o {options.output} is a folder; name the file to write")
    ending = path.suffix.removeprefix(".").lower()
    if not ending:
        return path.with_name(f"{path.name}.{wanted}")
    if ending != wanted:
        raise UserError(f"-o {options.output}: this file will be {wanted}, so its name must end in .{wanted}")
    return path.with_suffix(f".{wanted}")


def _picture_folder(folder: Path, said: Path) -> Path:
    """A folder for a picture of each frame. One that is there is replaced: UserError unless it holds just these."""
    if not folder.exists():
        return folder
    if not folder.is_dir():
        raise UserError(f"-o {said}: {folder} is a file, and the frames are pictures in a folder; choose another name")
    foreign = next((entry.name for entry in folder.iterdir() if not PICTURE.fullmatch(entry.name)), None)
    if foreign is not None:
        raise UserError(
            f"-o {said}: the folder {folder} would be replaced by the frames, and has {foreign} in it, which is none; "
            "choose another name"
        )
    return folder


def _format_of(output: Path | None) -> str | None:
    """The format that a file's ending asks for."""
    ending = output.suffix.removeprefix(".").lower() if output else ""
    return ending if ending in FORMATS and ending != "png" else None


def _rendered(
    lesson: Lesson, settings: RenderSettings, options: Options, output: Path | None, told: Reporter
) -> list[Path]:
    if options.last_frame:
        return engine.render_last_frames(lesson, settings, told, output)
    if options.scenes:
        return engine.render_scenes(lesson, settings, told, output)
    return [engine.render_lesson(lesson, settings, told, output)]


def _check_asked(lesson: Lesson, settings: RenderSettings, options: Options, output: Path | None) -> None:
    """Raises UserError for what `_rendered` cannot make, whether it is to be made or only planned."""
    if options.last_frame or options.scenes:
        check_files(lesson, output)
    else:
        check_video(settings)


def _dry_run(lesson: Lesson, settings: RenderSettings, options: Options, clips: bool = True) -> int:
    with _reporter(options) as told:
        plan = engine.plan_lesson(lesson, settings, told)
    times = estimates(plan, Folders(settings.media_dir), options.jobs or cores())  # a cluster's workers are not asked
    report.print_plan(plan, times, options, clips=clips and not options.last_frame)
    return 0


@dataclass(frozen=True)
class _Target:
    """A trace to verify; where scenes show it, what it must be a trace of."""

    path: Path
    experiment: Experiment | None = None
    scenes: tuple[str, ...] = ()


def _targets(options: Options) -> list[_Target]:
    """The traces asked for, by folder or by scene, each once. Raises UserError for what is no trace."""
    # media/traces/* names also what is kept beside the traces
    asked = [target for target in options.scenes if not target.endswith(".time.json")] or options.scenes
    folders = [target for target in asked if _is_folder(target)]
    scenes = [target for target in asked if target not in folders]
    targets = {path: _Target(path) for path in (Path(folder).expanduser().absolute() for folder in folders)}
    if scenes or not folders or options.first_scene or options.last_scene:
        targets |= _targets_of_scenes(options, scenes)
    return list(targets.values())


def _is_folder(target: str) -> bool:
    folder = Path(target).expanduser()
    if folder.is_dir():
        if not (folder / META).exists():
            raise TraceError(no_trace(folder))
        return True
    if folder.is_file() and ".py" not in target:
        raise TraceError(f"{target} is a file; a trace is a folder with {META}, such as media/traces/<digest>")
    if "/" in target and ".py" not in target:
        raise TraceError(f"there is no trace {target}; `gradreel train` records those of the lesson's scenes")
    return False


def _targets_of_scenes(options: Options, scenes: list[str]) -> dict[Path, _Target]:
    settings = _settings(options)
    lesson = _lesson(options, scenes)
    folder = Folders(settings.media_dir).traces
    targets: dict[Path, _Target] = {}
    for description in engine.inspect_lesson(lesson, settings, _reporter(options)):
        for experiment in description.experiments.values():
            path = folder / experiment.digest
            if not path.exists():
                command = " ".join(["gradreel train", *scenes])
                raise TraceError(f"{description.name}: there is no trace {path}; `{command}` records it")
            shown_by = targets[path].scenes if path in targets else ()
            targets[path] = _Target(path, experiment, (*shown_by, description.name))
    return targets


def _verified(target: _Target, told: Reporter) -> dict[str, Any]:
    """What came of one trace, as JSON has it."""
    from gradreel.core.trace.verify import verify  # brings torch

    task = f"verify {target.path.name[:12]}"
    told.begin(task, 0, "updates")
    try:
        result = verify(target.path, progress=lambda done, updates: told.advance(task, done, updates))
    finally:
        told.end(task)
    problems: list[dict[str, Any]] = [asdict(problem) for problem in result.problems]
    if not problems and target.experiment is not None:
        try:
            Trace.find(target.path.parent, target.experiment)
        except TraceError as error:  # sound in itself, and not what the scene shows
            problems = [{"column": "meta.json", "text": str(error)}]
    return {
        "trace": str(target.path),
        "scenes": list(target.scenes),
        "ok": not problems,
        "updates": result.updates,
        "agreement": result.agreement if not problems else None,
        "problems": problems,
        "checked": list(result.checked),
        "unchecked": list(result.unchecked),
    }


def _reporter(options: Options) -> Reporter:
    return reporter(options.progress, options.quiet, options.verbosity)
