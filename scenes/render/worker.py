"""What runs in a worker process and needs Manim; the only part of the renderer that imports it.

One process does one task: Manim's configuration is global. Each function here is called by name through `pool.Workers`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from gradreel.core.errors import UserError
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.catalog import load_class
from gradreel.scenes.narration import use_words
from gradreel.scenes.render.beats import ListeningNarration, check_beats
from gradreel.scenes.render.describe import describe
from gradreel.scenes.render.encode import ClipEncoder
from gradreel.scenes.render.jumps import JumpFinder, as_finding
from gradreel.scenes.render.pictures import Pixels, png_bytes, straight_alpha
from gradreel.scenes.render.plan import clip_path
from gradreel.scenes.render.pool import report
from gradreel.scenes.render.requests import (
    BeatSpan,
    ClipJob,
    ClipResult,
    Finding,
    SceneDescription,
    SceneError,
    SceneRequest,
)
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.sources import code_digests
from gradreel.scenes.render.workspace import publish, read_json, temporary_in, write_json
from gradreel.scenes.user_traceback import user_traceback
from manim import CairoRenderer, Scene, config
from manim.scene.scene_file_writer import SceneFileWriter
from manim.utils.exceptions import EndSceneEarlyException
from PIL import Image
from tqdm import tqdm

STILL_SECONDS = 1  # length of the clip of a scene that plays nothing
SHEET_WIDTH = 480  # pixels of one picture on a contact sheet

# Manim's progress bars make a semaphore for all processes; one that is interrupted would leave it, with a warning
tqdm.set_lock(threading.RLock())


def inspect(requests: Sequence[SceneRequest]) -> list[SceneDescription]:
    """What each scene is, its parameters checked and complete. Raises UserError for the first that is wrong."""
    found = []
    for request in requests:
        use_words(request.words)
        found.append(describe(load_class(request.source), request))
    return found


def render_clip(job: ClipJob) -> ClipResult:
    """Render a scene into ``job.folder`` and describe the clip beside it, unless it is there already.

    The clip is kept under the digest of the code that is imported here, which may be newer than the plan's.
    Raises SceneError, showing the user's own lines, when the scene raises; UserError for a beat that it does not have.
    """
    source, settings = job.request.source, job.request.settings
    load_class(source)
    parts = {**job.parts, "code": code_digests(source)}
    path = clip_path(job.folder, parts, settings)
    description = path.with_suffix(".json")
    with FileLock(job.locks / f"{path.stem}.lock"):
        done = read_json(description)
        if done is not None and path.exists():
            return ClipResult.from_json(done, job.folder)
        temporary = temporary_in(job.temporary, path.name)
        began = time.monotonic()
        encoder = ClipEncoder(temporary, settings)
        try:
            beats = _play(job.request, encoder)
            encoder.close()
        except BaseException:
            encoder.discard()
            raise
        publish(temporary, path)
        result = ClipResult(path, encoder.frames, settings.fps, beats, time.monotonic() - began)
        content = {"scene": source.name, "made": time.time(), "parts": parts, **result.as_json()}
        write_json(description, content, temporary_in(job.temporary, description.name))
        return result


def render_stills(request: SceneRequest, directory: Path) -> list[str]:
    """Write the picture at the end of each beat into the (new) ``directory`` as ``<beat>.png``; the beats' names."""
    directory.mkdir(parents=True)
    names: list[str] = []

    def write(scene: Scene, beat: str) -> None:
        (directory / f"{beat}.png").write_bytes(_picture(scene, request.settings))
        names.append(beat)
        report(len(names))

    _visit(request, write)
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
    _configure(request)
    ending = _NoFrames()
    scene = _scene(request, ending)
    _render(scene, request, ending)
    path.write_bytes(_picture(scene, request.settings))


def check(request: SceneRequest) -> list[Finding]:
    """The layout rules that the scene breaks at the end of its beats."""
    from gradreel.scenes.layout import check_scene

    found: list[Finding] = []

    def look(scene: Scene, beat: str) -> None:
        for finding in check_scene(scene):
            found.append(Finding(request.source.name, beat, finding.rule, finding.message, str(finding.where)))

    _visit(request, look)
    return found


def find_jumps(request: SceneRequest) -> list[Finding]:
    """Where much of the picture changes from one frame to the next, with no transition."""
    finder = JumpFinder()
    beats = _play(request, finder)
    frame = (config.frame_width, config.frame_height)
    return [as_finding(jump, request.source.name, beats, request.settings.fps, frame) for jump in finder.jumps()]


class ClipWriter(SceneFileWriter):
    """Hands the frames that Manim draws to our encoder; writes nothing itself.

    Manim makes a file of each animation and joins them; here a scene is one stream from its first frame to its last.
    """

    def __init__(self, manim_settings: Any, encoder: ClipEncoder | JumpFinder, settings: RenderSettings) -> None:
        self._encoder, self._settings = encoder, settings
        self._began: dict[str, int] = {}  # frames there were when a beat began
        self._last_beat_began = False
        self.spans: list[tuple[str, int, int]] = []  # of the beats asked for: name, first frame, frame after the last
        super().__init__(manim_settings)
        self.sections[-1].skip_animations = settings.first_beat is not None

    def write_frame(self, pixels: Pixels, *, repeat: int = 1) -> None:
        self._encoder.write(straight_alpha(pixels) if self._settings.transparent else pixels, repeat)
        report(self._encoder.frames)

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """A beat begins. The scene is over when it is the one after the last that was asked for."""
        if self._last_beat_began and skip_animations:
            raise EndSceneEarlyException
        self._last_beat_began = name == self._settings.last_beat and not skip_animations
        self._began[name] = self._encoder.frames
        super().next_section(name, type_, skip_animations)

    def beat_ended(self, scene: Scene, name: str) -> None:
        """To be a scene's ``after_beat``: counts a beat's frames, where Manim's clock adds up floats."""
        if not self.sections[-1].skip_animations:
            self.spans.append((name, self._began[name], self._encoder.frames))

    def add_partial_movie_file(self, hash_animation: str | None) -> None:
        pass

    def begin_animation(self, allow_write: bool = False, **where: Any) -> None:
        pass

    def end_animation(self, allow_write: bool = False) -> None:
        pass

    def is_already_cached(self, hash_invocation: str) -> bool:
        return False

    def finish(self) -> None:
        pass


class _NoFrames:
    """In the place of an encoder: takes no frame, so that every animation is skipped to its end."""

    frames = 0


class _SkippingWriter(ClipWriter):
    """Skips every animation, in every beat."""

    def __init__(self, manim_settings: Any, encoder: ClipEncoder | JumpFinder, settings: RenderSettings) -> None:
        super().__init__(manim_settings, encoder, settings)
        self.sections[-1].skip_animations = True

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        super().next_section(name, type_, skip_animations)
        self.sections[-1].skip_animations = True


def _play(request: SceneRequest, encoder: ClipEncoder | JumpFinder) -> tuple[BeatSpan, ...]:
    """Play the scene into the encoder; its beats in frames."""
    settings = request.settings
    _configure(request)
    scene = _scene(request, encoder)
    said: dict[str, dict[str, Any]] = {}
    if isinstance(scene, LectureScene):
        scene.words_of = ListeningNarration(scene.words_of.scenes, scene.words_of.files, scene.words_of.own, said)
    _render(scene, request, encoder)
    writer: ClipWriter = scene.renderer.file_writer
    check_beats([name for name, _, _ in writer.spans], request)
    if encoder.frames == 0:
        encoder.write(scene.renderer.get_frame(), STILL_SECONDS * settings.fps)
    lines = [dict(beat.lines) for beat in getattr(scene, "beats", [])]
    return tuple(
        BeatSpan(name, start, end, line, said.get(name, {}), from_narration=name in said)
        for (name, start, end), line in zip(writer.spans, lines, strict=True)
    )


def _configure(request: SceneRequest) -> None:
    """Set Manim, and the words, up for this process. Manim writes no file (``dry_run``): frames go to our writer."""
    use_words(request.words)
    settings = request.settings
    config.renderer = "cairo"
    config.pixel_width, config.pixel_height, config.frame_rate = settings.width, settings.height, settings.fps
    aspect = settings.width / settings.height
    if abs(aspect * 9 / 16 - 1) > 0.005:  # another shape shows the whole 16:9 picture, and more at its sides
        width, height = config.frame_width, config.frame_height
        config.frame_width, config.frame_height = max(width, height * aspect), max(height, width / aspect)
    config.dry_run = True
    config.disable_caching = True
    config.progress_bar = "none"
    config.verbosity = "WARNING"
    config.media_dir = str(settings.media_dir)
    config.seed = settings.seed
    config.from_animation_number, config.upto_animation_number = 0, -1


def _scene(request: SceneRequest, encoder: ClipEncoder | JumpFinder | _NoFrames) -> Scene:
    """The scene, made and connected to the encoder. Raises SceneError when making it raises."""
    scene_class = load_class(request.source)
    try:
        if issubclass(scene_class, LectureScene):
            scene: Scene = scene_class(parameters=request.parameters, context=_context(request))
        else:
            scene = scene_class()
    except Exception as error:
        raise _explained(error, request) from error
    if request.settings.transparent:
        _clear_background(scene)
    writer_class: Any = _SkippingWriter if isinstance(encoder, _NoFrames) else ClipWriter
    writer = writer_class(scene.file_writer_settings, encoder, request.settings)
    scene.renderer.file_writer = writer
    if isinstance(scene, LectureScene):
        scene.after_beat = writer.beat_ended
    return scene


def _render(scene: Scene, request: SceneRequest, encoder: ClipEncoder | JumpFinder | _NoFrames) -> None:
    try:
        scene.render()
    except Exception as error:
        if isinstance(encoder, ClipEncoder) and error is encoder.error:
            raise  # the disk's fault, not the scene's
        raise _explained(error, request) from error


def _visit(request: SceneRequest, visit: Callable[[Scene, str], None]) -> None:
    """Call ``visit(scene, beat)`` at the end of each beat asked for, with animations skipped to their ends."""
    from gradreel.scenes.stills import visit_beats

    settings = request.settings
    _configure(request)
    seen: list[str] = []

    def note(scene: Scene, beat: str) -> None:
        seen.append(beat)
        visit(scene, beat)

    try:
        size = (settings.width, settings.height)
        visit_beats(load_class(request.source), note, request.parameters, _context(request), size)
    except Exception as error:
        raise _explained(error, request) from error
    check_beats(seen, request)


def _picture(scene: Scene, settings: RenderSettings) -> bytes:
    """What is on the screen, drawn anew, as a PNG file."""
    if settings.transparent:
        _clear_background(scene)
    scene.renderer.static_image = None
    CairoRenderer.update_frame(
        scene.renderer, scene
    )  # the class's own: visiting beats turns the scene's off in between
    pixels = scene.renderer.get_frame()
    return png_bytes(straight_alpha(pixels) if settings.transparent else pixels, settings.transparent)


def _clear_background(scene: Scene) -> None:
    scene.camera.background_opacity = 0.0
    scene.camera.init_background()


def _context(request: SceneRequest) -> SceneContext:
    settings = request.settings
    return SceneContext(
        language=settings.language,
        subtitle_languages=settings.subtitle_languages,
        theme=settings.theme,
        media_dir=settings.media_dir,
        first_beat=settings.first_beat,
        last_beat=settings.last_beat,
    )


def _explained(error: Exception, request: SceneRequest) -> Exception:
    """The user's mistakes as they are; anything else as a SceneError with the lines of theirs that led to it."""
    if isinstance(error, UserError):
        return error
    return SceneError(f"{request.source.name} raised an error:\n{user_traceback(error, request.source.file)}")
