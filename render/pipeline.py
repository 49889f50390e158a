"""A lesson's scenes to their mp4: inspect, plan, train, speak, render, publish, see `stages`.

`_published` has all of them in order. A failed scene does not stop the others: their clips are kept, and the error
comes at the end. With a voice it comes before anything is drawn: what a scene says is listened to first.
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
from gradreel.render.clips.beat_lines import filled_again
from gradreel.render.clips.beat_range import check_source
from gradreel.render.clips.clip_files import DamagedClipsError, described_clip, read_description
from gradreel.render.clips.dependencies import results_of
from gradreel.render.clips.file_digest import file_of, watch_too
from gradreel.render.clips.file_tracker import files_told, tell_files
from gradreel.render.clips.fingerprint import words_parts
from gradreel.render.clips.own_files import own_files
from gradreel.render.clips.plan import clip_claim, earlier_clips, plan
from gradreel.render.clips.workspace import Folders, Workspace, clear_disk_errors, disk_error, remove_file
from gradreel.render.cluster.executors import drawers_of, trainers_of
from gradreel.render.frames import jumps
from gradreel.render.inspection import inspect
from gradreel.render.lessons.known_scenes import keep_known_scenes
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.own_words import never_said
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
    publish_clip,
    publish_lesson,
)
from gradreel.render.workers.pool import Workers, listeners_of
from gradreel.render.workers.progress import Reporter
from gradreel.render.workers.training import train_runs
from gradreel.render.workers.worker_process import WorkerDiedError
from gradreel.scenes.words.claims import Claim

T = TypeVar("T")
Check: TypeAlias = Callable[[Sequence[Clip]], None]
"""Raises UserError for planned clips whose results would replace what they must not."""


# -- videos ------------------------------------------------------------------------------------------------------------


def render_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> Path:
    """The whole lesson as one video, with subtitles, poster and manifest beside it; where it is.

    Raises UserError for what the user can mend, SceneError when scenes raised (the clips of the others are kept).
    """
    check_video(settings)
    with at_work(lesson, settings, reporter, partial(check_lesson_place, lesson, settings, output)) as job:
        return _published(
            job, lambda clips: publish_lesson(lesson, settings, clips, job.workspace, output, job.reporter)
        )


def render_scenes(
    lesson: Lesson,
    settings: RenderSettings,
    reporter: Reporter | None = None,
    output: Path | None = None,
    publish_more: Callable[[Job, Clip, ClipFile, Path], object] | None = None,
) -> list[Path]:
    """Render each scene of ``lesson`` into a file of its own, or a folder of pictures, and return the paths.

    ``publish_more`` is called with each clip and its published file. If some scenes fail, publishes the others, tells
    their paths, then raises.
    """
    check_files(lesson, output)
    made: list[Path] = []
    with at_work(lesson, settings, reporter, partial(check_clip_places, lesson, settings, output)) as job:
        say = job.reporter.say

        def publish(clips: list[tuple[Clip, ClipFile]]) -> None:
            made.clear()
            for clip in clips:
                made.append(publish_clip(lesson, settings, *clip, job.workspace, output, job.reporter))
                if publish_more is not None:
                    publish_more(job, *clip, made[-1])

        try:
            _published(job, publish, apart=True)
        except Exception:
            for file in made:
                say(f"made: {file}")
            raise
    return made


def publish_with(
    lesson: Lesson,
    settings: RenderSettings,
    reporter: Reporter | None,
    publish: Callable[[Job, list[tuple[Clip, ClipFile]]], T],
    check: Check | None = None,
) -> T:
    """Return what ``publish`` makes of the lesson's clips in film order, missing ones rendered first.

    It is called again, with clips made anew, when it raises DamagedClipsError. ``check`` is called before any work.
    """
    with at_work(lesson, settings, reporter, check) as job:
        return _published(job, lambda clips: publish(job, clips))


def train_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Plan:
    """Train the runs of the lesson's scenes that are not recorded yet; what is to be rendered then."""
    with at_work(lesson, settings, reporter) as job:
        return trained(job)


def plan_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Plan:
    """What `render_lesson` or `render_scenes` would train and render, and why. Writes nothing."""
    folders = Folders(settings.media_dir)
    planned = plan(*inspect_lesson(lesson, settings, reporter), folders)
    if settings.voices:
        listened = _listened(planned, settings, folders)
        planned = with_unspoken(planned, settings.voices, folders, listened, reporter)
    return replace(planned, claims=known_claims(planned, settings.jobs_here))


def _listened(planned: Plan, settings: RenderSettings, folders: Folders) -> dict[str, SceneWords]:
    """Return the words of the scenes that have not been listened to yet; {} if no voice is a folder of recordings.

    They tell which recordings are missing. Scenes whose runs are missing cannot be played and are left out. Writes
    nothing.
    """
    from gradreel.render.voice.recordings import Recordings

    if not any(isinstance(voice, Recordings) for voice in settings.voices.values()):
        return {}
    with_lines = [clip for clip in planned.clips if clip.narrated_as and clip.runs_recorded]
    kept = kept_words(with_lines, folders)
    unheard = [clip.request for clip in with_lines if clip.scene not in kept]
    with Workers(settings.jobs_here) as workers:
        futures = [workers.submit("listen", request, timeout=settings.timeout) for request in unheard]
        return {request.name: future.result()[0] for request, future in zip(unheard, futures, strict=True)}


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
    """The lesson's scenes and what each is, parameters checked. Writes nothing. Raises UserError."""
    folders = Folders(settings.media_dir)
    with Workers(settings.jobs_here) as workers:
        return _inspected(lesson, settings, folders, workers, reporter or Reporter())


def claims_of(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> dict[str, tuple[Claim, ...]]:
    """Return the claims of the lines of each scene, missing runs trained first; scenes in film order."""
    with at_work(lesson, settings, reporter) as job:
        clips = trained(job).clips
        return {clip.scene: found for clip, found in zip(clips, of_each(job, clips, "claims"), strict=True)}


def check_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> tuple[list[Finding], list[BeatPace]]:
    """The layout rules that scenes of the lesson break, beat by beat; and how their beats are spoken."""
    with at_work(lesson, settings, reporter) as job:
        clips = spoken(job).clips
        found = of_each(job, clips, "check")
        findings = [finding for findings, _ in found for finding in findings]
        return findings, [pace for clip, (_, beats) in zip(clips, found, strict=True) for pace in pace_of(clip, beats)]


def play_beats(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> list[tuple[Clip, tuple[BeatSpan, ...]]]:
    """The scenes of the lesson that have beats, and these, played without a voice; no frame is drawn."""
    with at_work(lesson, settings, reporter) as job:
        clips = [clip for clip in trained(job).clips if clip.narrated_as]
        return list(zip(clips, of_each(job, clips, "play_beats"), strict=True))


def find_jumps(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> list[Finding]:
    """Where scenes of the lesson jump: every frame is drawn, small, and compared with the one before."""
    width, height = jumps.SIZE
    small = replace(settings, width=width, height=height, fps=jumps.FPS, format="mp4", transparent=False)
    with at_work(lesson, small, reporter) as job:
        found = of_each(job, trained(job).clips, "find_jumps", unit="frames")
        return [finding for findings in found for finding in findings]


# -- the stages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A lesson at work: its settings, the media folder, the worker processes, who is told."""

    lesson: Lesson
    settings: RenderSettings
    workspace: Workspace
    workers: Workers
    reporter: Reporter
    check: Check | None = None  # called once all is planned, before anything is trained or drawn


@contextmanager
def at_work(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None, check: Check | None = None
) -> Iterator[Job]:
    """Open the media folder and start workers, which are gone before the folder's temporary files are."""
    with (
        clear_disk_errors(settings.media_dir),
        Workspace(settings.media_dir) as workspace,
        Workers(settings.jobs_here, workspace.run) as workers,
    ):
        keep_known_scenes(workspace)
        yield Job(lesson, settings, workspace, workers, reporter or Reporter(), check)


def _published(job: Job, publish: Callable[[list[tuple[Clip, ClipFile]]], T], apart: bool = False) -> T:
    """Return what ``publish`` makes of the lesson's clips in film order, once all stages before it are done.

    ``apart``: each clip is a video of its own, so that clips are published where other scenes fail. Clips that
    ``publish`` finds damaged are made again, once. Raises at the end when scenes failed.
    """
    letters = _BurnedLetters(job)
    clips, failures = _finished(job, letters, apart)
    _check_subcaption_letters(job, clips)
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
        clips, failures = _finished(job, letters, apart)
        published = publish(clips)
    if failures:
        raise _as_one(failures, job.settings.media_dir)
    return published


def _finished(
    job: Job, letters: _BurnedLetters, apart: bool
) -> tuple[list[tuple[Clip, ClipFile]], dict[str, BaseException]]:
    """Return the lesson's clips with their files, in film order, and what the scenes raised that failed, by scene.

    Raises what failed unless ``apart``. Another run on the same media folder may take away a clip that was up to date,
    to make it anew: then all is planned again.
    """
    while True:
        planned, failures = _spoken(job)
        if job.settings.burned is not None:
            words = kept_words(_own_worded(planned), job.workspace)
            letters.check(planned, {scene: found.beats for scene, found in words.items()})
        if job.settings.force:
            for clip in planned.clips:
                for description in results_of(job.workspace.clips, clip.parts):
                    remove_file(description)
        rendered, failed = _render(job, planned.out_of_date)
        failures |= failed
        if failures and not apart:
            raise _as_one(failures, job.settings.media_dir)
        clips = [clip for clip in planned.clips if clip.scene not in failures]
        found = [(clip, rendered.get(clip.scene) or _described(clip)) for clip in clips]
        whole = [(clip, file) for clip, file in found if file is not None]
        if len(whole) == len(found):
            letters.check(planned, {clip.scene: file.beats for clip, file in whole})
            return whole, failures


def trained(job: Job) -> Plan:
    """The first three stages, inspect, plan and train: the plan once every run that it needs has been recorded."""
    requests, descriptions = _inspected(job.lesson, job.settings, job.workspace, job.workers, job.reporter)
    planned = plan(requests, descriptions, job.workspace)
    if job.check is not None:
        job.check(planned.clips)
    if planned.runs:
        _train(job, planned)
        planned = plan(requests, descriptions, job.workspace)  # what their traces are decides what the clips are
    return planned


def spoken(job: Job) -> Plan:
    """The fourth stage after those: the plan once every line that is heard has been spoken, and how long that takes."""
    planned, failures = _spoken(job)
    if failures:
        raise _as_one(failures, job.settings.media_dir)
    return planned


def _spoken(job: Job) -> tuple[Plan, dict[str, BaseException]]:
    """The plan of the scenes that could be listened to; what the others raised, by scene."""
    planned, voices = trained(job), job.settings.voices
    with_lines = [clip for clip in planned.clips if clip.narrated_as]
    if not voices:  # the letters of burned subtitles are checked before anything is drawn
        with_lines = _own_worded(planned) if job.settings.burned is not None else []
    if not with_lines:
        return planned, {}
    words = kept_words(with_lines, job.workspace)
    unheard = [clip for clip in with_lines if clip.scene not in words]
    found, failures = _outcomes(job, _begun(job, unheard, "listen"))
    for clip in unheard:
        if clip.scene in found:
            words[clip.scene], dependencies = found[clip.scene]
            parts = words_parts(clip.request, clip.narrated_as, clip.parts["traces"])
            keep_words(job.workspace, parts, dependencies, words[clip.scene])
            watch_too(file_of(name, clip.request.source) for name in dependencies.files)
    planned = replace(planned, clips=tuple(clip for clip in planned.clips if clip.scene not in failures))
    with_lines = [clip for clip in with_lines if clip.scene not in failures]
    if not voices:
        return planned, failures
    wanted = list(wanted_lines(with_lines, words, voices))
    heard = speak(wanted, voices, job.workspace.speech, job.settings.jobs_here, job.reporter)
    planned = timed_plan(planned, words, heard, job.workspace)
    return planned, failures


def _own_worded(planned: Plan) -> list[Clip]:
    """The clips whose lines, or some of them, are the user's own words."""
    clips = [clip for clip in planned.clips if clip.narrated_as]
    return [clip for clip in clips if clip.request.words is not None or not clip.request.source.is_ours]


class _BurnedLetters:
    """Warns of characters that the font of burned subtitles lacks; of each scene once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._checked: set[str] = set()  # scenes

    def check(self, planned: Plan, beats: Mapping[str, Sequence[BeatSpan]]) -> None:
        """Warn, in one message, of characters in the lines of ``beats``, by scene; only if subtitles are burned."""
        language = self._job.settings.burned
        if language is None:
            return
        from gradreel.render.videos.burned_subtitles import missing_letters_warning  # it loads PyAV

        narration = narration_of(self._job.lesson, self._job.settings)
        lines = [
            (f"{clip.scene}/{beat.name}", filled_again(narration, clip.narrated_as, beat).printed.get(language, ""))
            for clip in planned.clips
            if clip.scene in beats and clip.scene not in self._checked
            for beat in beats[clip.scene]
        ]
        self._checked |= set(beats)
        if warning := missing_letters_warning(lines, language):
            self._job.reporter.say(warning)


def _check_subcaption_letters(job: Job, drawn: Sequence[tuple[Clip, ClipFile]]) -> None:
    """Warn as `_BurnedLetters` does, of Manim's subcaptions, which are known once their scenes are drawn."""
    if job.settings.burned != job.settings.language:  # subcaptions are in the language of the screen
        return
    from gradreel.render.videos.burned_subtitles import missing_letters_warning  # it loads PyAV

    lines = [(clip.scene, subcaption.text) for clip, file in drawn for subcaption in file.subcaptions]
    if warning := missing_letters_warning(lines, job.settings.language):
        job.reporter.say(warning)


def _inspected(
    lesson: Lesson, settings: RenderSettings, folders: Folders, workers: Workers, reporter: Reporter
) -> tuple[list[SceneRequest], list[SceneDescription]]:
    """The lesson's scenes as they are asked for, and what each says of itself."""
    requests = lesson.requests(replace(settings, voices={}))  # they speak here; who draws is told of times alone
    for request in requests:
        check_source(request)
        own_files(request.source)  # raises for an asset that is missing, before anything is made
    descriptions = inspect(requests, folders, workers, reporter if settings.voices else None)
    _tell_what_changes_nothing(lesson, settings, descriptions, folders, workers, reporter)
    return requests, descriptions


def _tell_what_changes_nothing(
    lesson: Lesson,
    settings: RenderSettings,
    descriptions: Sequence[SceneDescription],
    folders: Folders,
    workers: Workers,
    reporter: Reporter,
) -> None:
    """Says which of the user's data and curve no scene shows, and names the scenes of our lecture that would."""
    files: list[tuple[str, str, Callable[[Any], bool]]] = []
    if lesson.data is not None:
        files.append((f"--data {lesson.data.series.name}", "shows daily views", has_daily_views))
    if lesson.curve_file:
        draws_curve = partial(holds_curve, knots=lesson.curve)
        files.append((f"--curve {lesson.curve_file}", "draws the lecture's curve", draws_curve))
    for option, shows, is_shown in files:
        if not any(is_shown(description.parameters) for description in descriptions):
            lecture = load_lesson().with_own(lesson.data, (lesson.curve, lesson.curve_file))
            others = inspect(lecture.requests(replace(settings, voices={})), folders, workers)
            names = ", ".join(other.name for other in others if is_shown(other.parameters))
            reporter.say(f"{option}: none of these scenes {shows}, so it changes nothing; these do: {names}")


def _train(job: Job, planned: Plan) -> None:
    """Record the runs that the plan misses. All are tried first; then the failures of any are raised as one error."""
    names: dict[str, str] = {}  # by digest: the lesson's name of a run, or the scene and the parameter that show it
    for run in planned.runs:
        names[run.experiment.digest] = job.lesson.run_name(run.experiment) or run.name
    runs = [run.experiment for run in planned.runs]
    with trainers_of(job.workers, job.settings.jobs, job.settings.scheduler, job.workspace) as (trainers, at_once):
        failures = train_runs(names, runs, job.workspace.traces, trainers, at_once, job.reporter)
    if failures:
        raise _as_one({f"train {names[digest]}": error for digest, error in failures.items()}, job.settings.media_dir)


def _render(job: Job, clips: Sequence[Clip]) -> tuple[dict[str, ClipFile], dict[str, BaseException]]:
    """Draw ``clips``; the files by scene, and what the scenes raised that failed."""
    if not clips:
        return {}, {}
    waiting = {clip.scene: clip for clip in clips}
    for scene, clip in waiting.items():
        job.reporter.detail(f"{scene}: {clip.why}")
    with drawers_of(job.workers, job.settings, job.workspace) as draw:
        futures = {}
        for scene in _longest_first(clips, earlier_clips(job.workspace.clips)):
            clip = waiting[scene]
            listeners = listeners_of(job.reporter, scene, clip.expected_frames, "frames")
            futures[scene] = draw(clip, clip_claim(clip, job.workspace), listeners)
        import gradreel.render.videos.video  # noqa: F401  (it loads PyAV, while the first clips are drawn)

        rendered, failed = _outcomes(job, {scene: futures[scene] for scene in waiting})
    for scene, file in rendered.items():
        described = read_description(file.path.with_suffix(".json")) or {"dependencies": {"files": {}}}
        watch_too(file_of(name, waiting[scene].request.source) for name in described["dependencies"]["files"])
    return rendered, failed


def _described(clip: Clip) -> ClipFile | None:
    """The file of a clip that was up to date when it was planned; None when it is gone or changed since."""
    content = None if clip.path is None else described_clip(clip.path)
    return None if content is None or clip.path is None else ClipFile.from_json(content, clip.path)


def _longest_first(clips: Sequence[Clip], earlier: Sequence[Mapping[str, Any]]) -> list[str]:
    """Scenes in the order in which their clips begin, so that no worker is left with a long one at the end."""
    seconds = {clip.scene: clip_seconds(clip, earlier) or float(clip.expected_frames) for clip in clips}
    return sorted(seconds, key=lambda scene: -seconds[scene])


def of_each(
    job: Job, clips: Sequence[Clip], function: str, paths: Mapping[str, Path] | None = None, unit: str = "beats"
) -> list[Any]:
    """Run ``worker.<function>`` for each clip; the results in order. ``paths``: by scene, where it is to write.

    All are finished first; then the failures of any are raised as one error.
    """
    results, failures = _outcomes(job, _begun(job, clips, function, paths, unit))
    if failures:
        raise _as_one(failures, job.settings.media_dir)
    return [results[clip.scene] for clip in clips]


def _begun(
    job: Job, clips: Sequence[Clip], function: str, paths: Mapping[str, Path] | None = None, unit: str = "beats"
) -> dict[str, Future[Any]]:
    futures = {}
    for clip in clips:
        given = [paths[clip.scene]] if paths else []
        listeners = listeners_of(job.reporter, clip.scene, clip.expected_frames if unit == "frames" else 0, unit)
        futures[clip.scene] = job.workers.submit(
            function, clip.request, *given, listeners=listeners, timeout=job.settings.timeout
        )
    return futures


# -- tasks and their failures ------------------------------------------------------------------------------------------


def _outcomes(job: Job, futures: Mapping[str, Future[T]]) -> tuple[dict[str, T], dict[str, BaseException]]:
    """What tasks gave, and what the others raised; all are finished."""
    tasks = {future: task for task, future in futures.items()}
    for future in as_completed(tasks):
        job.reporter.end(tasks[future])
    failures = {task: error for task, future in futures.items() if (error := future.exception()) is not None}
    return {task: future.result() for task, future in futures.items() if task not in failures}, failures


def _as_one(failures: Mapping[str, BaseException], media_dir: Path) -> BaseException:
    """The one failure; or, of several, one error with all their messages. What is no user's mistake comes first."""
    named = {task: _named(task, error, media_dir) for task, error in failures.items()}
    for task, error in named.items():
        if not isinstance(error, UserError):
            error.add_note(f"This was: {task}")
            return error
    errors = list(named.values())
    if len(errors) == 1:
        return errors[0]
    message = "\n\n".join(str(error) for error in errors)
    failed = any(getattr(error, "exit_code", 2) == 1 for error in errors)
    as_one = SceneError(message) if failed else UserError(message)
    tell_files(as_one, [file for error in errors for file in files_told(error)])
    return as_one


def _named(task: str, error: BaseException, media_dir: Path) -> BaseException:
    """``error`` with the name of its task, where it does not say it itself; a disk's error in words."""
    if isinstance(error, OSError):
        error = disk_error(error, media_dir) or error
        return type(error)(f"{task}: {error}") if isinstance(error, UserError) else error
    return type(error)(f"{task}: {error}") if isinstance(error, WorkerDiedError) else error
