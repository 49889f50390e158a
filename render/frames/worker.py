"""The tasks of a worker process that need Manim. Only `frames` and worker processes import this module.

Each process runs one task, because Manim's configuration is global. `pool.Workers` calls these functions by name.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from gradreel.render.clips.clip_files import new_description, store_clip
from gradreel.render.clips.dependencies import Dependencies, key_of
from gradreel.render.clips.file_tracker import OpenedFiles, attach_opened_files
from gradreel.render.clips.fingerprint import languages_of, named_trace_folders, refreshed_parts, words_parts
from gradreel.render.clips.plan import find_clip, recorded_traces, with_parameters_of
from gradreel.render.clips.workspace import Folders, remove, temporary_in
from gradreel.render.frames.describe import describe
from gradreel.render.frames.encode import ClipEncoder, give_way
from gradreel.render.frames.jumps import JumpFinder, as_finding
from gradreel.render.frames.scene_player import (
    beats_of,
    checked_claims,
    configure,
    picture,
    play,
    play_to_end,
    use_own_texts,
    visit_beats,
)
from gradreel.render.stages import BeatSpan, Clip, ClipFile, Finding, SceneDescription, SceneRequest, SceneWords
from gradreel.render.workers.worker_process import report_place, report_progress, tell_user
from gradreel.scenes.catalog import SceneSource, load_class
from gradreel.scenes.file_names import file_name
from gradreel.scenes.words.claims import Claim
from gradreel.scenes.words.narration import Narration, ScreenWord, use_words
from manim import Scene, config
from PIL import Image

SHEET_WIDTH = 480  # pixels of one picture on a contact sheet


def visit(
    request: SceneRequest, listen: bool
) -> tuple[SceneDescription, Dependencies, tuple[dict[str, Any], Dependencies, SceneWords] | None]:
    """Return a scene's description, with checked and complete parameters, and its dependencies.

    With ``listen``, a lecture scene whose runs are recorded is also played. Then the third result is the arguments of
    `keep_words`: the scene's lines and what they depend on. It is None if playing raises; `listen` raises that error
    later. Raises UserError for a wrong parameter.
    """
    source, media = request.source, Folders(request.settings.media_dir)
    opened = OpenedFiles((*media.our_folders, *named_trace_folders(request)), source)
    report_place(f"while {request.source.name} was imported", "anew")
    use_words(request.words)
    texts = use_own_texts()
    try:
        description = describe(load_class(source), request)
    except Exception as error:
        attach_opened_files(error, opened, source)
        raise
    finally:
        remove(texts)
    dependencies = _dependencies_so_far(opened, source)
    if not listen or not description.is_lecture_scene:
        return description, dependencies, None
    complete = with_parameters_of(request, description)
    narrated_as = description.narrated_as or description.name
    try:
        traces = recorded_traces(description, media)
        if traces is None:
            return description, dependencies, None
        words, of_words = _play_for_words(complete, opened)
    except Exception:  # such as a damaged trace, which the plan reports
        return description, dependencies, None
    return description, dependencies, (words_parts(complete, narrated_as, traces), of_words, words)


def parameters_of(requests: Sequence[SceneRequest]) -> list[dict[str, Any]]:
    """Return the checked and complete parameters of scenes of our lecture, which one process can import together."""
    return [describe(load_class(request.source), request).parameters for request in requests]


def listen(request: SceneRequest) -> tuple[SceneWords, Dependencies]:
    """Play a scene and return the lines of its beats, with its dependencies. Draws no frame.

    Raises SceneError, which shows the user's own lines, if the scene raises.
    """
    source, media = request.source, Folders(request.settings.media_dir)
    opened = OpenedFiles((*media.our_folders, *named_trace_folders(request)), source)
    try:
        return _play_for_words(request, opened)
    except Exception as error:
        attach_opened_files(error, opened, source)
        raise


def _play_for_words(request: SceneRequest, opened: OpenedFiles) -> tuple[SceneWords, Dependencies]:
    """Play a scene without frames; return its words and its dependencies."""
    beats, screen = beats_of(request)
    return SceneWords(request.name, beats), _dependencies_so_far(opened, request.source, screen)


def _dependencies_so_far(opened: OpenedFiles, source: SceneSource, screen: Iterable[ScreenWord] = ()) -> Dependencies:
    """Return the files and libraries that this process opened so far, with the words on the ``screen``."""
    return Dependencies(files=opened.states(source), libraries=opened.libraries(), screen=tuple(screen))


def claims(request: SceneRequest) -> tuple[Claim, ...]:
    """Check the claims of the scene's lines on its traces and return them. Does not play the scene."""
    return checked_claims(request)


def play_beats(request: SceneRequest) -> tuple[BeatSpan, ...]:
    """Play the scene with every animation skipped to its end, and return its beats. Raises SceneError if it raises."""
    return visit_beats(request, lambda scene, beat: None)


def render_clip(clip: Clip, temporary_folder: Path) -> ClipFile:
    """Return the clip of a scene, from the media folder if it is current there, or else rendered into it.

    The description beside the clip lists the files that the scene read. A change of these makes the clip stale.
    ``temporary_folder`` holds unfinished files; it must be on the media folder's file system.

    Raises SceneError, which shows the user's own lines, if the scene raises; UserError for an unknown beat.
    """
    request, source, settings = clip.request, clip.request.source, clip.request.settings
    media = Folders(settings.media_dir)
    opened = OpenedFiles((*media.our_folders, temporary_folder, *named_trace_folders(request)), source)
    overruled_options = configure(request)
    with opened.not_listening():
        clip, words = replace(clip, parts=refreshed_parts(clip.parts, request)), Narration.load(languages_of(request))
    with _only_renderer(FileLock(media.locks / f"{key_of(clip.parts)}.lock")):
        with opened.not_listening():
            current = find_clip(clip, media.clips, words)
        if current is not None:
            return ClipFile.from_json(current[1], current[0])
        if overruled_options:
            tell_user(
                "the scene's file, or manim.cfg, sets values that the command line overrules; to use them, add"
                f" {overruled_options}"
            )
        temporary = temporary_in(temporary_folder, f"{key_of(clip.parts)}{settings.suffix}")
        began = time.monotonic()
        encoder = ClipEncoder(temporary, settings)
        give_way()
        try:
            played = play(request, encoder)
            report_place("after its last frame")
            encoder.close()
        except BaseException as error:
            encoder.discard()
            remove(temporary)  # at once: on a full disk the other clips need the space
            attach_opened_files(error, opened, source)
            raise
        sounds = tuple(replace(sound, file=opened.name_of(Path(sound.file), source)) for sound in played.sounds)
        seconds = time.monotonic() - began
        dependencies = _dependencies_so_far(opened, source, played.screen)
        # Sounds that the scene itself wrote are dependencies too
        dependencies = dependencies.model_copy(
            update={"files": dependencies.files | {sound.file: sound.digest for sound in sounds}}
        )
        lines = [beat.lines for beat in played.beats]
        path = media.clips / f"{dependencies.name_with(clip.parts, lines)}{settings.suffix}"
        fields = played.beats, seconds, sounds, played.subcaptions, played.emptied
        file = ClipFile(path, encoder.frames, settings.fps, *fields)
        path.with_suffix(".json").unlink(missing_ok=True)  # an older clip's description must not fit the new clip
        store_clip(temporary, file, temporary_folder, new_description(clip, dependencies))
        return file


@contextmanager
def _only_renderer(lock: FileLock) -> Iterator[None]:
    """Hold a clip's ``lock``. While another command holds it, this task's timeout is suspended."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report_place("while another run had its lock", "stopped")
        lock.acquire()
    try:
        report_place("before its first beat", "anew")
        yield
    finally:
        lock.release()


def render_stills(request: SceneRequest, directory: Path) -> list[str]:
    """Write the picture at the end of each beat as ``<beat>.png`` into ``directory``; return the beats' names.

    An existing ``directory`` is removed first.
    """
    remove(directory)  # left by a worker that was killed
    directory.mkdir(parents=True)
    names: list[str] = []

    def write(scene: Scene, beat: str) -> None:
        name = file_name(beat, f"{request.source.name}: a beat called")
        (directory / f"{name}.png").write_bytes(picture(scene, request.settings))
        names.append(beat)
        report_progress(len(names))

    visit_beats(request, write)
    return names


def contact_sheet(pictures: Sequence[tuple[str, Path]], path: Path) -> None:
    """Write one PNG with small copies of ``pictures``: (label, file)."""
    from gradreel.scenes.stills import Still
    from gradreel.scenes.stills import contact_sheet as write_sheet

    stills = []
    for label, file in pictures:
        with Image.open(file) as image:
            image.thumbnail((SHEET_WIDTH, SHEET_WIDTH))
            stills.append(Still(label, np.asarray(image.convert("RGBA"))))
    write_sheet(stills, path)


def last_frame(request: SceneRequest, path: Path) -> None:
    """Write the picture at the end of the scene, or of the last requested beat, as a PNG."""
    path.write_bytes(picture(play_to_end(request), request.settings))


def check(request: SceneRequest) -> tuple[list[Finding], tuple[BeatSpan, ...]]:
    """Check the layout at the end of each beat; return the broken rules, and the beats."""
    from gradreel.scenes.testing.layout import CHECKED, check_scene

    findings: list[Finding] = []

    def check_layout(scene: Scene, beat: str) -> None:
        for finding in check_scene(scene, beat, CHECKED):
            findings.append(Finding(request.source.name, beat, finding.rule, finding.message, str(finding.where)))

    beats = visit_beats(request, check_layout)
    return findings, beats


def find_jumps(request: SceneRequest) -> list[Finding]:
    """Render the scene; return a finding for each sudden change of much of the picture, as `JumpFinder` defines it."""
    configure(request)
    finder = JumpFinder()
    beats = play(request, finder).beats
    frame = (config.frame_width, config.frame_height)
    return [as_finding(jump, request.source.name, beats, request.settings.fps, frame) for jump in finder.jumps()]
