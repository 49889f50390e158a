"""What runs in a worker process and needs Manim, which nothing outside of `frames` and the workers imports.

One process does one task: Manim's configuration is global. Each function here is called by name through `pool.Workers`.
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
from gradreel.render.clips.plan import find_clip, recorded_traces, with_checked_parameters
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
from gradreel.render.workers.worker_process import at, report, tell
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
    """Describe a scene, its parameters checked and complete. Raises UserError for one that is wrong.

    ``listen``: play it, too, if its runs are recorded, and return what it says with the arguments of `keep_words`. A
    scene that raises then says nothing yet: who listens to it later hears of that.
    """
    source, media = request.source, Folders(request.settings.media_dir)
    opened = OpenedFiles((*media.our_folders, *named_trace_folders(request)), source)
    at(f"while {request.source.name} was looked at", "anew")
    use_words(request.words)
    texts = use_own_texts()
    try:
        description = describe(load_class(source), request)
    except Exception as error:
        attach_opened_files(error, opened, source)
        raise
    finally:
        remove(texts)
    dependencies = _dependencies(opened, source)
    if not listen or not description.is_lecture_scene:
        return description, dependencies, None
    complete = with_checked_parameters(request, description)
    narrated_as = description.narrated_as or description.name
    try:
        traces = recorded_traces(description, media)
        if traces is None:
            return description, dependencies, None
        words, of_words = _listened(complete, opened)
    except Exception:  # of a damaged trace, the plan tells
        return description, dependencies, None
    return description, dependencies, (words_parts(complete, narrated_as, traces), of_words, words)


def listen(request: SceneRequest) -> tuple[SceneWords, Dependencies]:
    """Return what the scene says in its beats. Raises SceneError, showing the user's own lines, when it raises."""
    source, media = request.source, Folders(request.settings.media_dir)
    opened = OpenedFiles((*media.our_folders, *named_trace_folders(request)), source)
    try:
        return _listened(request, opened)
    except Exception as error:
        attach_opened_files(error, opened, source)
        raise


def _listened(request: SceneRequest, opened: OpenedFiles) -> tuple[SceneWords, Dependencies]:
    beats, screen = beats_of(request)
    return SceneWords(request.name, beats), _dependencies(opened, request.source, screen)


def _dependencies(opened: OpenedFiles, source: SceneSource, screen: Iterable[ScreenWord] = ()) -> Dependencies:
    return Dependencies(files=opened.states(source), libraries=opened.libraries(), screen=tuple(screen))


def claims(request: SceneRequest) -> tuple[Claim, ...]:
    """Return the claims of the scene's lines, checked on its traces. The scene is not played."""
    return checked_claims(request)


def play_beats(request: SceneRequest) -> tuple[BeatSpan, ...]:
    """The scene's beats as they are played, every animation skipped to its end. Raises SceneError when it raises."""
    return visit_beats(request, lambda scene, beat: None)


def render_clip(clip: Clip, temporary_folder: Path) -> ClipFile:
    """Render a scene into its media folder's clips and describe the clip beside it, unless it is there already.

    ``temporary_folder``, for what is not finished, is on the same file system.

    The files that the scene has read are kept in its description: with other content it is rendered again.
    Raises SceneError, showing the user's own lines, when the scene raises; UserError for a beat that it does not have.
    """
    request, source, settings = clip.request, clip.request.source, clip.request.settings
    media = Folders(settings.media_dir)
    opened = OpenedFiles((*media.our_folders, temporary_folder, *named_trace_folders(request)), source)
    asked_for = configure(request)
    with opened.not_listening():
        clip, words = replace(clip, parts=refreshed_parts(clip.parts, request)), Narration.load(languages_of(request))
    with _alone(FileLock(media.locks / f"{key_of(clip.parts)}.lock")):
        with opened.not_listening():
            kept = find_clip(clip, media.clips, words)
        if kept is not None:
            return ClipFile.from_json(kept[1], kept[0])
        if asked_for:
            tell(f"its file, or manim.cfg, sets what the command line decides here; to have it so: {asked_for}")
        temporary = temporary_in(temporary_folder, f"{key_of(clip.parts)}{settings.suffix}")
        began = time.monotonic()
        encoder = ClipEncoder(temporary, settings)
        give_way()
        try:
            played = play(request, encoder)
            at("after its last frame")
            encoder.close()
        except BaseException as error:
            encoder.discard()
            remove(temporary)  # now: what it takes on a full disk is room for the others
            attach_opened_files(error, opened, source)
            raise
        sounds = tuple(replace(sound, file=opened.name_of(Path(sound.file), source)) for sound in played.sounds)
        seconds = time.monotonic() - began
        dependencies = _dependencies(opened, source, played.screen)
        # the sounds count that the scene has written itself, too
        dependencies = dependencies.model_copy(
            update={"files": dependencies.files | {sound.file: sound.digest for sound in sounds}}
        )
        lines = [beat.lines for beat in played.beats]
        path = media.clips / f"{dependencies.name_with(clip.parts, lines)}{settings.suffix}"
        shown = played.beats, seconds, sounds, played.subcaptions, played.emptied
        file = ClipFile(path, encoder.frames, settings.fps, *shown)
        path.with_suffix(".json").unlink(missing_ok=True)  # an older clip's must not pass for the new one's
        store_clip(temporary, file, temporary_folder, new_description(clip, dependencies))
        return file


@contextmanager
def _alone(lock: FileLock) -> Iterator[None]:
    """Hold ``lock``; while another run has it, this task's time stands still."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        at("while another run had its lock", "stopped")
        lock.acquire()
    try:
        at("before its first beat", "anew")
        yield
    finally:
        lock.release()


def render_stills(request: SceneRequest, directory: Path) -> list[str]:
    """Write the picture at the end of each beat into the (new) ``directory`` as ``<beat>.png``; the beats' names."""
    remove(directory)  # an earlier try's, that was killed
    directory.mkdir(parents=True)
    names: list[str] = []

    def write(scene: Scene, beat: str) -> None:
        name = file_name(beat, f"{request.source.name}: a beat called")
        (directory / f"{name}.png").write_bytes(picture(scene, request.settings))
        names.append(beat)
        report(len(names))

    visit_beats(request, write)
    return names


def contact_sheet(pictures: Sequence[tuple[str, Path]], path: Path) -> None:
    """Write one PNG of small copies of ``pictures``, each a label and a file."""
    from gradreel.scenes.stills import Still
    from gradreel.scenes.stills import contact_sheet as write_sheet

    stills = []
    for label, file in pictures:
        with Image.open(file) as image:
            image.thumbnail((SHEET_WIDTH, SHEET_WIDTH))
            stills.append(Still(label, np.asarray(image.convert("RGBA"))))
    write_sheet(stills, path)


def last_frame(request: SceneRequest, path: Path) -> None:
    """Write the picture at the end of the scene (of the last beat asked for) as a PNG."""
    path.write_bytes(picture(play_to_end(request), request.settings))


def check(request: SceneRequest) -> tuple[list[Finding], tuple[BeatSpan, ...]]:
    """The layout rules that the scene breaks at the end of its beats, and when these are."""
    from gradreel.scenes.testing.layout import check_scene

    found: list[Finding] = []

    def look(scene: Scene, beat: str) -> None:
        for finding in check_scene(scene):
            found.append(Finding(request.source.name, beat, finding.rule, finding.message, str(finding.where)))

    beats = visit_beats(request, look)
    return found, beats


def find_jumps(request: SceneRequest) -> list[Finding]:
    """Where much of the picture changes from one frame to the next, with no transition."""
    configure(request)
    finder = JumpFinder()
    beats = play(request, finder).beats
    frame = (config.frame_width, config.frame_height)
    return [as_finding(jump, request.source.name, beats, request.settings.fps, frame) for jump in finder.jumps()]
