"""What runs in a worker process and needs Manim, which nothing outside of `frames` and the workers imports.

One process does one task: Manim's configuration is global. Each function here is called by name through `pool.Workers`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from gradreel.render.clips import memo_cache
from gradreel.render.clips.clip_files import described_clip, keep_clip
from gradreel.render.clips.file_tracker import OpenedFiles, tell_opened
from gradreel.render.clips.fingerprint import clip_path, own_files, parts_now
from gradreel.render.clips.staleness import why_stale
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
    visit,
)
from gradreel.render.stages import BeatSpan, Clip, ClipFile, Finding, SceneDescription, SceneRequest, SceneWords
from gradreel.render.workers.worker_process import at, report, tell
from gradreel.scenes.catalog import load_class
from gradreel.scenes.file_names import file_name
from gradreel.scenes.words.claims import Claim
from gradreel.scenes.words.narration import use_words
from manim import Scene, config
from PIL import Image

SHEET_WIDTH = 480  # pixels of one picture on a contact sheet


def inspect(requests: Sequence[SceneRequest]) -> list[SceneDescription]:
    """What each scene is, its parameters checked and complete. Raises UserError for the first that is wrong.

    Files that were opened for it may decide a parameter's default; one that any of the user's own scenes opened counts
    for all of them.
    """
    media = Folders(requests[0].settings.media_dir)
    opened = OpenedFiles(media.made_by_us, *(request.source for request in requests))
    texts = use_own_texts()
    found = []
    try:
        for request in requests:
            at(f"while {request.source.name} was looked at", "anew")
            use_words(request.words)
            try:
                found.append(describe(load_class(request.source), request))
            except Exception as error:
                tell_opened(error, opened, request.source)
                raise
    finally:
        remove(texts)
    own = [index for index, request in enumerate(requests) if not request.source.is_ours]
    for index in own:
        source = requests[index].source
        found[index] = replace(found[index], files=opened.of(source, known=own_files(source)))
    return found


def listen(request: SceneRequest) -> SceneWords:
    """What the scene says in its beats. Raises SceneError, showing the user's own lines, when it raises."""
    source, media = request.source, Folders(request.settings.media_dir)
    opened = OpenedFiles(media.made_by_us, source)
    try:
        beats = beats_of(request)
    except Exception as error:
        tell_opened(error, opened, source)
        raise
    return SceneWords(source.name, beats, opened.of(source, known=own_files(source)))


def claims(request: SceneRequest) -> tuple[Claim, ...]:
    """Return the claims of the scene's lines, checked on its traces. The scene is not played."""
    return checked_claims(request)


def play_beats(request: SceneRequest) -> tuple[BeatSpan, ...]:
    """The scene's beats as they are played, every animation skipped to its end. Raises SceneError when it raises."""
    return visit(request, lambda scene, beat: None)


def render_clip(clip: Clip, temporary_folder: Path) -> ClipFile:
    """Render a scene into its media folder's clips and describe the clip beside it, unless it is there already.

    ``temporary_folder``, for what is not finished, is on the same file system.

    The clip is kept under the digest of the code that is imported here, which may be newer than the plan's. The files
    that the scene opened are kept in its description: with other content it is rendered again.
    Raises SceneError, showing the user's own lines, when the scene raises; UserError for a beat that it does not have.
    """
    request, source, settings = clip.request, clip.request.source, clip.request.settings
    media = Folders(settings.media_dir)
    opened = OpenedFiles((*media.made_by_us, temporary_folder), source)
    memo_cache.recall(media.private)
    asked_for = configure(request)
    parts = parts_now(clip.parts, request)
    path = clip_path(media.clips, parts, settings)
    with _alone(FileLock(media.locks / f"{path.stem}.lock")):
        done = described_clip(path)
        if done is not None and not why_stale(done, request, parts):
            return ClipFile.from_json(done, path)
        path.with_suffix(".json").unlink(missing_ok=True)  # an older clip's must not pass for the new one's
        if asked_for:
            tell(f"its file, or manim.cfg, sets what the command line decides here; to have it so: {asked_for}")
        temporary = temporary_in(temporary_folder, path.name)
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
            tell_opened(error, opened, source)
            raise
        sounds = tuple(replace(sound, file=opened.name_of(Path(sound.file), source)) for sound in played.sounds)
        seconds = time.monotonic() - began
        shown = played.beats, seconds, sounds, played.subcaptions, played.emptied
        file = ClipFile(path, encoder.frames, settings.fps, *shown)
        files = opened.of(source, known={**parts["code"], **parts.get("assets", {})})
        files |= {sound.file: sound.digest for sound in sounds}  # those too that the scene has written itself
        content = {"scene": source.name, "parts": parts, "files": files}
        keep_clip(temporary, file, temporary_folder, content)
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

    visit(request, write)
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

    beats = visit(request, look)
    return found, beats


def find_jumps(request: SceneRequest) -> list[Finding]:
    """Where much of the picture changes from one frame to the next, with no transition."""
    configure(request)
    finder = JumpFinder()
    beats = play(request, finder).beats
    frame = (config.frame_width, config.frame_height)
    return [as_finding(jump, request.source.name, beats, request.settings.fps, frame) for jump in finder.jumps()]
