"""Runs ``gradreel verify``: computes the updates of traces again, given as folders or as scenes that show them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.errors import TraceError, printable
from gradreel.core.experiment import Experiment
from gradreel.core.fixed_mode import fixed_mode, mode_of
from gradreel.core.trace.format import META, interrupted_recordings, nearby_traces_hint, no_trace_message
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.render import report
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.options import Options, settings_of
from gradreel.render.pipeline import inspect_lesson
from gradreel.render.resolve import lesson_of
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.progress import Reporter, reporter
from gradreel.render.workers.verifying import WHOLE, verify_each
from gradreel.scenes.trace_folder import TraceFolder

if TYPE_CHECKING:
    from gradreel.core.trace.verify_result import Verification


def verify_traces(options: Options) -> int:
    """Verify each trace, print the results, and return the exit code: 1 if a trace is wrong."""
    targets = _traces_to_verify(options)
    with reporter(options.progress, options.quiet, options.verbosity) as progress:
        verifications = _verify_in_workers([target.path for target in targets], progress) if targets else {}
    results = [_verification_as_json(target, verifications[target.path]) for target in targets]
    for result in results:
        report.print_verification(result, options)
    if not options.quiet:
        for line in _interrupted_beside(targets):
            print(line, file=sys.stderr)
    if options.as_json:
        report.print_json(results)
    elif not results and not options.quiet:
        print("none of the scenes shows a training run: there is no trace to verify")
    return 0 if all(result["ok"] for result in results) else 1


def _interrupted_beside(targets: Sequence[_Target]) -> list[str]:
    """Return a line for each interrupted recording that lies beside a verified trace and is not verified itself."""
    verified = {target.path.resolve() for target in targets}
    return [
        f"note: {printable(str(target.path))}: beside it is an interrupted recording; to check that, run: "
        f"gradreel verify {printable(shlex.quote(str(folder)))}"
        for target in targets
        for folder in interrupted_recordings(target.path)
        if folder.resolve() not in verified
    ]


@dataclass(frozen=True)
class _Target:
    """A trace to verify, and the scenes that show it."""

    path: Path
    experiment: Experiment | None = None  # the run that it must be a trace of; None if the user named the folder
    scenes: tuple[str, ...] = ()


def _traces_to_verify(options: Options) -> list[_Target]:
    """Return the traces to verify, each once, from folders and scenes. Raises UserError for a folder without a trace.

    If nothing is named, these are the traces of the whole lesson.
    """
    # `media/traces/*` also matches the files of training times
    names = [name for name in options.scenes if not name.endswith(".time.json")] or options.scenes
    folders = [name for name in names if _is_folder(name)]
    scenes = [name for name in names if name not in folders]
    targets = {path: _Target(path) for path in (TraceFolder(folder).path for folder in folders)}
    if scenes or not folders or options.first_scene or options.last_scene:
        targets |= _targets_of_scenes(options, scenes)
    return list(targets.values())


def _is_folder(target: str) -> bool:
    """Return whether ``target`` is the folder of a trace; False for a scene.

    Raises TraceError for a folder without a trace, for a file, and for a path to nothing.
    """
    folder = Path(target).expanduser()
    if folder.is_dir():
        if not (folder / META).exists():
            raise TraceError(no_trace_message(folder))
        return True
    if folder.is_file() and ".py" not in target:
        raise TraceError(
            f"{target} is a file, but a trace is a folder; name the folder that has {META}, such as"
            f" media/traces/<digest>"
        )
    hint = nearby_traces_hint(folder)
    if ("/" in target or hint) and ".py" not in target:
        raise TraceError(
            f"there is no trace {target}; name a folder that `record` wrote, or run gradreel train for the lesson's"
            f" runs{hint}"
        )
    return False


def _targets_of_scenes(options: Options, scenes: list[str]) -> dict[Path, _Target]:
    """Return the traces that scenes show, by folder: of their training runs, and folders that parameters name.

    Raises TraceError if a run is not recorded.
    """
    settings, lesson = settings_of(options), lesson_of(options, scenes)
    folder = Folders(settings.media_dir).traces
    progress = reporter(options.progress, options.quiet)
    targets: dict[Path, _Target] = {}
    for description in inspect_lesson(lesson, settings, progress)[1]:
        shown: dict[Path, Experiment | None] = {folder / run.digest: run for run in description.experiments.values()}
        for path in shown:
            if not path.exists():
                command = " ".join(["gradreel train", *scenes])
                raise TraceError(f"{description.name}: there is no trace {path}; record it: {command}")
        for named_folder in description.traces.values():
            shown.setdefault(TraceFolder(named_folder).path, None)
        for path, experiment in shown.items():
            earlier = targets.get(path, _Target(path))
            shown_by = (*earlier.scenes, description.name)
            targets[path] = _Target(path, experiment or earlier.experiment, shown_by)
    return targets


def _verify_in_workers(paths: Sequence[Path], progress: Reporter) -> dict[Path, Verification]:
    """Verify each trace in a worker that uses the trace's vector instructions, if this processor has them."""
    groups: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for path in paths:
        groups.setdefault(tuple(sorted(_vector_variables(path).items())), []).append(path)
    verifications: dict[Path, Verification] = {}
    with Workers(1) as workers:
        for mode, group in groups.items():
            task = f"verify {group[0].name[:12]}{f' and {len(group) - 1} more' if len(group) > 1 else ''}"
            progress.begin(task, WHOLE, "%")
            folders = [path.absolute() for path in group]
            listeners = Listeners(progress=partial(progress.advance, task))
            try:
                results = workers.submit(verify_each, folders, listeners=listeners, mode=dict(mode)).result()
            finally:
                progress.end(task)
            verifications.update(zip(group, results, strict=True))
    return verifications


def _vector_variables(path: Path) -> dict[str, str]:
    """Return the environment variables that choose a trace's vector instructions; ours if it cannot be read."""
    try:
        return mode_of(read_meta(path)[0]["environment"])
    except TraceError:  # `verify` names the fault
        return fixed_mode()


def _verification_as_json(target: _Target, result: Verification) -> dict[str, Any]:
    """Return the verification of one trace as JSON."""
    problems: list[dict[str, Any]] = [asdict(problem) for problem in result.problems]
    if not problems and target.experiment is not None:
        try:
            Trace.find(target.path.parent, target.experiment)
        except TraceError as error:  # valid, but of another run than the scene's
            problems = [{"column": "meta.json", "text": str(error)}]
    return {
        "trace": str(target.path),
        "scenes": list(target.scenes),
        "ok": not problems,
        "updates": result.updates,
        "agreement": result.agreement if not problems else None,
        "environments": result.environments,
        "made_with": dict(result.made_with),
        "computed_with": dict(result.computed_with),
        "problems": problems,
        "checked": list(result.checked),
        "unchecked": list(result.unchecked),
    }
