"""Turns a lesson into films, one call for each stage: inspect, plan, train, speak, render, publish, see `stages`.

`_run_and_publish` runs them in order. A failed scene does not stop the others: their clips are kept, and the error is
raised at the end. With a voice, each scene is played before anything is drawn, so most errors come early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from gradreel.core.errors import UserError
from gradreel.render.claim_checks import broken_claims, claims_in, known_claims
from gradreel.render.clips.beat_lines import refill_lines
from gradreel.render.clips.beat_range import check_beats_in_source
from gradreel.render.clips.clip_files import DamagedClipsError, intact_description, read_description
from gradreel.render.clips.dependencies import results_of
from gradreel.render.clips.file_digest import announce_files, file_of
from gradreel.render.clips.file_tracker import attach_files, attached_files
from gradreel.render.clips.fingerprint import words_parts
from gradreel.render.clips.own_files import own_files
from gradreel.render.clips.plan import clip_claim, earlier_clips, plan
from gradreel.render.clips.workspace import Folders, Workspace, clear_disk_errors, disk_error, remove_file
from gradreel.render.cluster.executors import drawers_of, trainers_of
from gradreel.render.frames import jumps
from gradreel.render.inspection import inspect
from gradreel.render.lessons.known_scenes import keep_known_scenes
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.own_words import never_said, unsure_lines
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.lessons.tables import has_daily_views, holds_curve
from gradreel.render.pace import BeatPace, pace_of
from gradreel.render.settings import RenderSettings
from gradreel.render.speech import keep_words, kept_words, speak, timed_plan, wanted_lines, with_unspoken
from gradreel.render.stages import (
    BeatSpan,
    Clip,
    ClipFile,
    Finding,
    Plan,
    SceneDescription,
    SceneError,
    SceneRequest,
    SceneWords,
)
from gradreel.render.videos.estimates import clip_seconds
from gradreel.render.videos.publishing import (
    check_clip_places,
    check_files,
    check_lesson_place,
    check_video,
    narration_of,
    nothing_said,
    publish_clip,
    publish_lesson,
)
from gradreel.render.workers.pool import Workers, listeners_of
from gradreel.render.workers.progress import Reporter
from gradreel.render.workers.training import train_runs
from gradreel.render.workers.worker_process import WorkerDiedError
from gradreel.scenes.words.claims import Claim
from gradreel.scenes.words.narration import Narration

T = TypeVar("T")
Check: TypeAlias = Callable[[Sequence[Clip]], None]
"""Raises UserError for planned clips whose results would replace what they must not."""


# -- videos ------------------------------------------------------------------------------------------------------------


def render_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> Path:
    """Render the lesson as one video, with subtitles, poster and manifest beside it; return the video's path.

    Raises UserError for the user's mistakes, SceneError if scenes raise; the other scenes' clips are kept.
    """
    check_video(settings)
    with running_job(lesson, settings, reporter, partial(check_lesson_place, lesson, settings, output)) as job:
        return _run_and_publish(
            job, lambda clips: publish_lesson(lesson, settings, clips, job.workspace, output, job.reporter)
        )


def render_scenes(
    lesson: Lesson,
    settings: RenderSettings,
    reporter: Reporter | None = None,
    output: Path | None = None,
    publish_more: Callable[[Job, Clip, ClipFile, Path], object] | None = None,
    check_more: Check | None = None,
) -> list[Path]:
    """Render each scene of ``lesson`` into a file of its own, or a folder of pictures, and return the paths.

    ``publish_more`` is called with each clip and its published file; ``check_more`` with the clips, before any work.
    If some scenes fail, publishes the others, tells their paths, then raises.
    """
    check_files(lesson, output)
    paths: list[Path] = []

    def check(clips: Sequence[Clip]) -> None:
        check_clip_places(lesson, settings, output, clips)
        if check_more is not None:
            check_more(clips)

    with running_job(lesson, settings, reporter, check) as job:
        say = job.reporter.say

        def publish(clips: list[tuple[Clip, ClipFile]]) -> None:
            paths.clear()
            for clip in clips:
                paths.append(publish_clip(lesson, settings, *clip, job.workspace, output, job.reporter))
                if publish_more is not None:
                    publish_more(job, *clip, paths[-1])

        try:
            _run_and_publish(job, publish, apart=True)
        except Exception:
            for file in paths:
                say(f"made: {file}")
            raise
    return paths


def publish_with(
    lesson: Lesson,
    settings: RenderSettings,
    reporter: Reporter | None,
    publish: Callable[[Job, list[tuple[Clip, ClipFile]]], T],
    check: Check | None = None,
) -> T:
    """Render the lesson's missing clips, call ``publish`` with all clips in film order, and return its result.

    If ``publish`` raises DamagedClipsError, these clips are rendered again and it is called once more. ``check`` is
    called with the planned clips before anything is trained or drawn.
    """
    with running_job(lesson, settings, reporter, check) as job:
        return _run_and_publish(job, lambda clips: publish(job, clips))


def train_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Plan:
    """Train the missing runs of the lesson's scenes; return the plan after that."""
    with running_job(lesson, settings, reporter) as job:
        return trained(job)


def plan_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Plan:
    """Return what `render_lesson` or `render_scenes` would train, speak and render, and why. Writes nothing."""
    planned = plan_with_unsaid(lesson, settings, reporter)
    return replace(planned, claims=known_claims(planned, settings.jobs_here))


def plan_with_unsaid(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Plan:
    """Return the plan of `plan_lesson` without claims, but with messages on lines that no beat says.

    Tells ``reporter`` of letters that burned subtitles cannot show. Writes nothing.
    """
    folders, reporter = Folders(settings.media_dir), reporter or Reporter()
    planned = plan(*inspect_lesson(lesson, settings, reporter), folders)
    files = {clip.scene: file for clip in planned.clips if clip.up_to_date and (file := _existing_file(clip))}
    words = _words_to_check(planned, settings, folders, files)
    beats = {scene: file.beats for scene, file in files.items()} | {
        scene: of_scene.beats for scene, of_scene in words.items()
    }
    if settings.voices:
        planned = with_unspoken(planned, settings.voices, folders, words, reporter)
    _BurnedLetters(lesson, settings, reporter).check(planned, beats)
    _check_subcaption_letters(settings, reporter, files)
    if settings.burned is not None:
        narration = narration_of(lesson, settings)
        for clips in [[clip] for clip in planned.clips] if lesson.picked else [planned.clips]:  # of one film each
            if all(clip.scene in beats for clip in clips) and not _has_subtitles(clips, beats, files, narration):
                reporter.say(nothing_said(settings.burned))
    unsaid = (
        never_said(clip.request, clip.narrated_as, [beat.name for beat in beats[clip.scene]] if known else None)
        for clip in planned.clips
        if (known := clip.scene in beats) or not clip.runs_recorded
    )
    return replace(planned, unsaid=tuple(filter(None, unsaid)))


def _words_to_check(
    planned: Plan, settings: RenderSettings, folders: Folders, files: Mapping[str, ClipFile]
) -> dict[str, SceneWords]:
    """Return the words of scenes that must be played to find missing recordings, unsaid lines, or letters to burn.

    They come from the cache, or from workers. Leaves out scenes with missing runs, and scenes with up-to-date
    ``files`` unless recordings are looked for. Writes nothing.
    """
    from gradreel.render.voice.recordings import Recordings

    with_lines = [clip for clip in planned.clips if clip.narrated_as and clip.runs_recorded]
    if not any(isinstance(voice, Recordings) for voice in settings.voices.values()):
        own = _with_own_words(planned) if settings.burned is not None else ()
        with_lines = [
            clip
            for clip in with_lines
            if clip.scene not in files and (clip in own or unsure_lines(clip.request, clip.narrated_as))
        ]
    words = kept_words(with_lines, folders)
    unheard = [clip.request for clip in with_lines if clip.scene not in words]
    if unheard:
        with Workers(settings.jobs_here) as workers:
            futures = [workers.submit("listen", request, timeout=settings.timeout) for request in unheard]
            words |= {request.name: future.result()[0] for request, future in zip(unheard, futures, strict=True)}
    return words


def describe_scene(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> tuple[SceneRequest, SceneDescription, tuple[Claim, ...]]:
    """Return the request and the description of the lesson's one scene, and the claims of its lines.

    There are no claims if one of its runs is not recorded yet, or if an error would prevent rendering.
    """
    (request,), (description,) = inspect_lesson(lesson, settings, reporter)
    claims: tuple[Claim, ...] = ()
    with suppress(UserError):
        claims = known_claims(plan([request], [description], Folders(settings.media_dir)), 1).get(request.name, ())
    return request, description, claims


def inspect_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> tuple[list[SceneRequest], list[SceneDescription]]:
    """Return the request and the description of each scene. Writes nothing. Raises UserError for wrong parameters."""
    folders = Folders(settings.media_dir)
    with Workers(settings.jobs_here) as workers:
        return _inspect_scenes(lesson, settings, folders, workers, reporter or Reporter())


def claims_of(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> dict[str, tuple[Claim, ...]]:
    """Return the claims of the lines of each scene, missing runs trained first; scenes in film order."""
    with running_job(lesson, settings, reporter) as job:
        clips = trained(job).clips
        return {clip.scene: claims for clip, claims in zip(clips, call_in_workers(job, clips, "claims"), strict=True)}


def check_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> tuple[list[Finding], list[BeatPace]]:
    """Play the lesson's scenes; return the layout rules that they break, and the pace of each beat."""
    with running_job(lesson, settings, reporter) as job:
        clips = spoken(job).clips
        checked = call_in_workers(job, clips, "check")  # for each clip, its findings and its beats
        findings = [finding for findings, _ in checked for finding in findings]
        paces = [pace for clip, (_, beats) in zip(clips, checked, strict=True) for pace in pace_of(clip, beats)]
        if lesson.music is not None and settings.voices:
            from gradreel.render.videos.music import music_findings  # it loads PyAV

            findings += music_findings(lesson.music, lesson.scenes[0].name)
        return findings, paces


def play_beats(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> list[tuple[Clip, tuple[BeatSpan, ...]]]:
    """Play the lesson's scenes without a voice or a frame; return each clip with its beats. Leaves out plain scenes."""
    with running_job(lesson, settings, reporter) as job:
        clips = [clip for clip in trained(job).clips if clip.narrated_as]
        return list(zip(clips, call_in_workers(job, clips, "play_beats"), strict=True))


def find_jumps(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> list[Finding]:
    """Return where the motion jumps: draws every frame, small, and compares it with the previous frame."""
    width, height = jumps.SIZE
    small = replace(settings, width=width, height=height, fps=jumps.FPS, format="mp4", transparent=False)
    with running_job(lesson, small, reporter) as job:
        findings_by_clip = call_in_workers(job, trained(job).clips, "find_jumps", unit="frames")
        return [finding for findings in findings_by_clip for finding in findings]


# -- the stages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """One command's work on a lesson: settings, media folder, worker processes, and the reporter of progress."""

    lesson: Lesson
    settings: RenderSettings
    workspace: Workspace
    workers: Workers
    reporter: Reporter
    check: Check | None = None  # called with the planned clips before anything is trained or drawn


@contextmanager
def running_job(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None, check: Check | None = None
) -> Iterator[Job]:
    """Open the media folder, start workers, and yield the job. Workers end before temporary files are removed."""
    with (
        clear_disk_errors(settings.media_dir),
        Workspace(settings.media_dir) as workspace,
        Workers(settings.jobs_here, workspace.run) as workers,
    ):
        keep_known_scenes(workspace)
        yield Job(lesson, settings, workspace, workers, reporter or Reporter(), check)


def _run_and_publish(job: Job, publish: Callable[[list[tuple[Clip, ClipFile]]], T], apart: bool = False) -> T:
    """Run all stages, call ``publish`` with the clips in film order, and return its result.

    ``apart``: clips are separate videos, so if some scenes fail, the others are published before the error is raised.
    If ``publish`` finds damaged clips, they are rendered again, once.
    """
    letters = _BurnedLetters(job.lesson, job.settings, job.reporter)
    clips, failures = _render_missing(job, letters, apart)
    _check_subcaption_letters(job.settings, job.reporter, {clip.scene: file for clip, file in clips})
    for clip, file in clips:
        for message in broken_claims(clip, claims_in(file.beats)):
            job.reporter.say(f"{clip.scene}: {message}")
        if message := never_said(clip.request, clip.narrated_as, [beat.name for beat in file.beats]):
            job.reporter.say(message)
    try:
        published = publish(clips)
    except DamagedClipsError as error:
        job.reporter.say(f"{error.names} in {job.workspace.clips}: damaged, made again")
        for path in error.clips:
            remove_file(path.with_suffix(".json"))
        clips, failures = _render_missing(job, letters, apart)
        published = publish(clips)
    if failures:
        raise _as_one(failures, job.settings.media_dir)
    return published


def _render_missing(
    job: Job, letters: _BurnedLetters, apart: bool
) -> tuple[list[tuple[Clip, ClipFile]], dict[str, BaseException]]:
    """Render missing clips; return all clips with their files in film order, and the errors of failed scenes.

    Raises these errors at once unless ``apart``. If another command removed an up-to-date clip meanwhile, plans and
    renders again.
    """
    while True:
        planned, failures = _speak_where_possible(job)
        if job.settings.burned is not None:
            words = kept_words(_with_own_words(planned), job.workspace)
            letters.check(planned, {scene: scene_words.beats for scene, scene_words in words.items()})
        if job.settings.force:
            for clip in planned.clips:
                for description in results_of(job.workspace.clips, clip.parts):
                    remove_file(description)
        new_files, failed = _draw_clips(job, planned.out_of_date)
        failures |= failed
        if failures and not apart:
            raise _as_one(failures, job.settings.media_dir)
        clips = [clip for clip in planned.clips if clip.scene not in failures]
        files = [(clip, new_files.get(clip.scene) or _existing_file(clip)) for clip in clips]
        complete = [(clip, file) for clip, file in files if file is not None]
        if len(complete) == len(files):
            letters.check(planned, {clip.scene: file.beats for clip, file in complete})
            return complete, failures


def trained(job: Job) -> Plan:
    """Run the stages inspect, plan and train; return the plan, which has no missing runs."""
    requests, descriptions = _inspect_scenes(job.lesson, job.settings, job.workspace, job.workers, job.reporter)
    planned = plan(requests, descriptions, job.workspace)
    if job.check is not None:
        job.check(planned.clips)
    if planned.runs:
        _train_missing_runs(job, planned)
        planned = plan(requests, descriptions, job.workspace)  # again: the traces are inputs of the clips
    return planned


def spoken(job: Job) -> Plan:
    """Run the stages inspect, plan, train and speak; return the plan, with all lines spoken and their times."""
    planned, failures = _speak_where_possible(job)
    if failures:
        raise _as_one(failures, job.settings.media_dir)
    return planned


def _speak_where_possible(job: Job) -> tuple[Plan, dict[str, BaseException]]:
    """Do as `spoken`, but leave out scenes that raise while their words are collected; return their errors by scene."""
    planned, voices = trained(job), job.settings.voices
    with_lines = [clip for clip in planned.clips if clip.narrated_as]
    if not voices:  # only to check the letters of burned subtitles before anything is drawn
        with_lines = _with_own_words(planned) if job.settings.burned is not None else []
    if not with_lines:
        return planned, {}
    words = kept_words(with_lines, job.workspace)
    unheard = [clip for clip in with_lines if clip.scene not in words]
    new_words, failures = _wait_for_outcomes(job, _submit_worker_calls(job, unheard, "listen"))
    for clip in unheard:
        if clip.scene in new_words:
            words[clip.scene], dependencies = new_words[clip.scene]
            parts = words_parts(clip.request, clip.narrated_as, clip.parts["traces"])
            keep_words(job.workspace, parts, dependencies, words[clip.scene])
            announce_files(file_of(name, clip.request.source) for name in dependencies.files)
    planned = replace(planned, clips=tuple(clip for clip in planned.clips if clip.scene not in failures))
    with_lines = [clip for clip in with_lines if clip.scene not in failures]
    if not voices:
        return planned, failures
    wanted = list(wanted_lines(with_lines, words, voices))
    heard = speak(wanted, voices, job.workspace.speech, job.settings.jobs_here, job.reporter)
    planned = timed_plan(planned, words, heard, job.workspace)
    return planned, failures


def _with_own_words(planned: Plan) -> list[Clip]:
    """Return the narrated clips that may have lines of the user's own."""
    clips = [clip for clip in planned.clips if clip.narrated_as]
    return [clip for clip in clips if clip.request.words is not None or not clip.request.source.is_ours]


def _has_subtitles(
    clips: Sequence[Clip],
    beats: Mapping[str, Sequence[BeatSpan]],
    files: Mapping[str, ClipFile],
    narration: Narration,
) -> bool:
    """Return whether the clips' film has a subtitle in the language that is burned. ``beats``, ``files``: by scene."""
    settings = clips[0].request.settings
    if settings.burned == settings.language and any(
        files[clip.scene].subcaptions for clip in clips if clip.scene in files
    ):
        return True
    return any(
        refill_lines(narration, clip.narrated_as, beat).printed.get(settings.burned or "", "").strip()
        for clip in clips
        for beat in beats[clip.scene]
    )


class _BurnedLetters:
    """Warns of characters that the font of burned subtitles lacks, once for each scene."""

    def __init__(self, lesson: Lesson, settings: RenderSettings, reporter: Reporter) -> None:
        self._lesson, self._settings, self._reporter = lesson, settings, reporter
        self._checked_scenes: set[str] = set()

    def check(self, planned: Plan, beats: Mapping[str, Sequence[BeatSpan]]) -> None:
        """Warn once of characters that burned subtitles cannot show, in the lines of ``beats``, by scene.

        Does nothing if no subtitles are burned.
        """
        language = self._settings.burned
        if language is None:
            return
        from gradreel.render.videos.burned_subtitles import missing_letters_warning  # it loads PyAV

        narration = narration_of(self._lesson, self._settings)
        lines = [
            (f"{clip.scene}/{beat.name}", refill_lines(narration, clip.narrated_as, beat).printed.get(language, ""))
            for clip in planned.clips
            if clip.scene in beats and clip.scene not in self._checked_scenes
            for beat in beats[clip.scene]
        ]
        self._checked_scenes |= set(beats)
        if warning := missing_letters_warning(lines, language):
            self._reporter.say(warning)


def _check_subcaption_letters(settings: RenderSettings, reporter: Reporter, files: Mapping[str, ClipFile]) -> None:
    """Warn of characters in Manim's subcaptions that the font of burned subtitles lacks. ``files``: by scene.

    Subcaptions are in the language of the picture, so nothing is checked if other subtitles are burned.
    """
    if settings.burned != settings.language:
        return
    from gradreel.render.videos.burned_subtitles import missing_letters_warning  # it loads PyAV

    lines = [(scene, subcaption.text) for scene, file in files.items() for subcaption in file.subcaptions]
    if warning := missing_letters_warning(lines, settings.language):
        reporter.say(warning)


def _inspect_scenes(
    lesson: Lesson, settings: RenderSettings, folders: Folders, workers: Workers, reporter: Reporter
) -> tuple[list[SceneRequest], list[SceneDescription]]:
    """Return the requests and descriptions of the lesson's scenes. Raises UserError for a missing asset, too."""
    requests = lesson.requests(replace(settings, voices={}))  # workers need only the times of spoken lines
    for request in requests:
        check_beats_in_source(request)
        own_files(request.source)  # raises for a missing asset
    descriptions = inspect(requests, folders, workers, reporter if settings.voices else None)
    _warn_of_unused_files(lesson, settings, descriptions, workers, reporter)
    return requests, descriptions


def _warn_of_unused_files(
    lesson: Lesson,
    settings: RenderSettings,
    descriptions: Sequence[SceneDescription],
    workers: Workers,
    reporter: Reporter,
) -> None:
    """Warn if no scene shows the file of --data or --curve; the message names scenes of our lecture that would.

    A file that the lesson names is for all its scenes, so it may be unused in those that were asked for.
    """
    if reporter.is_silent:
        return
    files: list[tuple[str, str, Callable[[Any], bool]]] = []
    if lesson.data is not None and "data" in lesson.own_options:
        files.append((f"--data {lesson.data.series.name}", "shows daily views", has_daily_views))
    if lesson.curve_file and "curve" in lesson.own_options:
        draws_curve = partial(holds_curve, knots=lesson.curve)
        files.append((f"--curve {lesson.curve_file}", "draws the lecture's curve", draws_curve))
    for option, shows, is_shown in files:
        if not any(is_shown(description.parameters) for description in descriptions):
            lecture = load_lesson().with_own(lesson.data, (lesson.curve, lesson.curve_file))
            scenes = lecture.requests(replace(settings, voices={}))
            parameters = workers.submit("parameters_of", scenes, timeout=settings.timeout).result()
            names = ", ".join(
                scene.name for scene, of_scene in zip(scenes, parameters, strict=True) if is_shown(of_scene)
            )
            reporter.say(f"{option}: none of these scenes {shows}, so it changes nothing; these do: {names}")


def _train_missing_runs(job: Job, planned: Plan) -> None:
    """Train the plan's missing runs. All are tried; then all failures are raised as one error."""
    names: dict[str, str] = {}  # by digest: the lesson's name for the run, or the scene and parameter that show it
    for run in planned.runs:
        names[run.experiment.digest] = job.lesson.run_name(run.experiment) or run.name
    runs = [run.experiment for run in planned.runs]
    with trainers_of(job.workers, job.settings.jobs, job.settings.scheduler, job.workspace) as (trainers, at_once):
        failures = train_runs(names, runs, job.workspace.traces, trainers, at_once, job.reporter)
    if failures:
        raise _as_one({f"train {names[digest]}": error for digest, error in failures.items()}, job.settings.media_dir)


def _draw_clips(job: Job, clips: Sequence[Clip]) -> tuple[dict[str, ClipFile], dict[str, BaseException]]:
    """Draw ``clips``, the longest first; return the new files and the errors of failed scenes, both by scene.

    --watch then also watches the files that the scenes read.
    """
    if not clips:
        return {}, {}
    clip_by_scene = {clip.scene: clip for clip in clips}
    for scene, clip in clip_by_scene.items():
        job.reporter.detail(f"{scene}: {clip.why}")
    with drawers_of(job.workers, job.settings, job.workspace) as draw:
        futures = {}
        for scene in _longest_first(clips, earlier_clips(job.workspace.clips)):
            clip = clip_by_scene[scene]
            listeners = listeners_of(job.reporter, scene, clip.expected_frames, "frames")
            futures[scene] = draw(clip, clip_claim(clip, job.workspace), listeners)
        import gradreel.render.videos.video  # noqa: F401  (it loads PyAV, while the first clips are drawn)

        new_files, failed = _wait_for_outcomes(job, {scene: futures[scene] for scene in clip_by_scene})
    for scene, file in new_files.items():
        content = read_description(file.path.with_suffix(".json")) or {"dependencies": {"files": {}}}
        announce_files(file_of(name, clip_by_scene[scene].request.source) for name in content["dependencies"]["files"])
    return new_files, failed


def _existing_file(clip: Clip) -> ClipFile | None:
    """Return the file of a clip that was planned as up to date; None if it is gone or damaged by now."""
    content = None if clip.path is None else intact_description(clip.path)
    return None if content is None or clip.path is None else ClipFile.from_json(content, clip.path)


def _longest_first(clips: Sequence[Clip], earlier: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the clips' scenes, the longest first, so that no worker starts a long clip at the end.

    The lengths are estimated from earlier clips of the scenes.
    """
    seconds = {clip.scene: clip_seconds(clip, earlier) or float(clip.expected_frames) for clip in clips}
    return sorted(seconds, key=lambda scene: -seconds[scene])


def call_in_workers(
    job: Job, clips: Sequence[Clip], function: str, paths: Mapping[str, Path] | None = None, unit: str = "beats"
) -> list[Any]:
    """Call ``worker.<function>`` for each clip in a worker process; return the results in the order of ``clips``.

    ``paths``: by scene, a second argument: where to write. Waits for all calls; then raises all failures as one error.
    """
    results, failures = _wait_for_outcomes(job, _submit_worker_calls(job, clips, function, paths, unit))
    if failures:
        raise _as_one(failures, job.settings.media_dir)
    return [results[clip.scene] for clip in clips]


def _submit_worker_calls(
    job: Job, clips: Sequence[Clip], function: str, paths: Mapping[str, Path] | None = None, unit: str = "beats"
) -> dict[str, Future[Any]]:
    """Submit the calls of `call_in_workers`; return their futures by scene."""
    futures = {}
    for clip in clips:
        arguments = [clip.request, paths[clip.scene]] if paths else [clip.request]
        listeners = listeners_of(job.reporter, clip.scene, clip.expected_frames if unit == "frames" else 0, unit)
        futures[clip.scene] = job.workers.submit(
            function, *arguments, listeners=listeners, timeout=job.settings.timeout
        )
    return futures


# -- tasks and their failures ------------------------------------------------------------------------------------------


def _wait_for_outcomes(job: Job, futures: Mapping[str, Future[T]]) -> tuple[dict[str, T], dict[str, BaseException]]:
    """Wait for all tasks; return the results of those that succeeded and the errors of the others."""
    tasks = {future: task for task, future in futures.items()}
    for future in as_completed(tasks):
        job.reporter.end(tasks[future])
    failures = {task: error for task, future in futures.items() if (error := future.exception()) is not None}
    return {task: future.result() for task, future in futures.items() if task not in failures}, failures


def _as_one(failures: Mapping[str, BaseException], media_dir: Path) -> BaseException:
    """Return one error for all failures: the first that is not a UserError, or a UserError with all messages."""
    errors_by_task = {task: _with_task_name(task, error, media_dir) for task, error in failures.items()}
    for task, error in errors_by_task.items():
        if not isinstance(error, UserError):
            error.add_note(f"This was: {task}")
            return error
    errors = list(errors_by_task.values())
    if len(errors) == 1:
        return errors[0]
    message = "\n\n".join(str(error) for error in errors)
    failed = any(getattr(error, "exit_code", 2) == 1 for error in errors)
    as_one = SceneError(message) if failed else UserError(message)
    attach_files(as_one, [file for error in errors for file in attached_files(error)])
    return as_one


def _with_task_name(task: str, error: BaseException, media_dir: Path) -> BaseException:
    """Return the error to report for ``error`` of a task.

    The message of a worker that died gets the task's name. So does the UserError for an error that `disk_error` knows.
    Any other error is returned unchanged.
    """
    if isinstance(error, OSError):
        error = disk_error(error, media_dir) or error
        return type(error)(f"{task}: {error}") if isinstance(error, UserError) else error
    return type(error)(f"{task}: {error}") if isinstance(error, WorkerDiedError) else error
