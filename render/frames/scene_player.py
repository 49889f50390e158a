"""A scene played in this process: Manim set up for it, frames handed to our encoder, beats counted in frames."""

from __future__ import annotations

import inspect
import math
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import numpy as np
from gradreel.core.errors import UserError, check_encodable
from gradreel.render.choices import DEFAULT_QUALITY, MEDIA_FOLDER, QUALITIES
from gradreel.render.clips.beat_lines import as_json
from gradreel.render.clips.beat_range import FIRST_SECTION, check_beats_played
from gradreel.render.clips.workspace import Folders
from gradreel.render.frames import quicker_manim
from gradreel.render.frames.added_sounds import AddedSounds
from gradreel.render.frames.cameras import clear_color
from gradreel.render.frames.drawing import ClipRenderer
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.jumps import JumpFinder
from gradreel.render.frames.leaving import may_empty, shows_something
from gradreel.render.frames.pictures import Boxes, Pixels, png_bytes, whole
from gradreel.render.frames.pixel_loops import straighten
from gradreel.render.packet_grid import clip_grid
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import (
    MOST_CHARACTERS,
    MOST_SECONDS,
    BeatSpan,
    ClipSound,
    EmptyStretch,
    SceneError,
    SceneRequest,
    Subcaption,
)
from gradreel.render.workers.worker_process import report_place, report_progress, tell_user
from gradreel.scenes.base import Beat, LectureScene, SceneContext
from gradreel.scenes.catalog import kebab_name, load_class
from gradreel.scenes.user_traceback import user_traceback
from gradreel.scenes.words.claims import Claim
from gradreel.scenes.words.narration import ScreenWord, use_words
from manim import BLACK, CairoRenderer, ManimColor, RendererType, Scene, config, logger
from manim.scene.scene_file_writer import SceneFileWriter
from manim.utils.exceptions import EndSceneEarlyException
from manim.utils.sounds import get_full_sound_file_path
from tqdm import tqdm

DEFAULTS = QUALITIES[DEFAULT_QUALITY][:2], QUALITIES[DEFAULT_QUALITY].fps, MEDIA_FOLDER.absolute()
"""Manim's and the command's: size, rate, media folder."""
STILL_SECONDS = 1  # length of the clip of a scene that plays nothing

# Manim's progress bars make a semaphore for all processes; one that is interrupted would leave it, with a warning
tqdm.set_lock(threading.RLock())

quicker_manim.put_in_place()


@dataclass(frozen=True)
class Played:
    """The results of playing a scene, beside its frames."""

    beats: tuple[BeatSpan, ...]
    sounds: tuple[ClipSound, ...]  # with absolute paths
    subcaptions: tuple[Subcaption, ...]
    emptied: tuple[EmptyStretch, ...]  # stretches of frames with an empty picture
    screen: tuple[ScreenWord, ...]  # looked-up words, see `Dependencies`


def play(request: SceneRequest, encoder: ClipEncoder | JumpFinder) -> Played:
    """Play the scene, send its frames to the encoder, and return its beats, sounds and subcaptions.

    Call `configure` once before. Settings that the scene's file changes later stay.
    """
    settings = request.settings
    scene = _make_scene(request, encoder)
    writer: ClipWriter = scene.renderer.file_writer
    _play_scene(scene, request, encoder)
    _check_played_range(scene, request)
    if encoder.frames == 0:
        writer.write_frame(scene.renderer.get_frame(), repeat=STILL_SECONDS * settings.fps)
    if request.speech:
        writer.pad(scene.renderer.get_frame(), -encoder.frames % clip_grid(settings.fps, settings.format))
    if isinstance(scene, LectureScene):
        spans = [_beat_span(beat, start, end) for (_, start, end), beat in zip(writer.spans, scene.beats, strict=True)]
    else:  # a section of a plain scene is a beat without a line
        spans = [BeatSpan(*span, lines={}, values={}, from_narration=False) for span in writer.section_spans()]
    return Played(
        tuple(spans), writer.sounds.all(), writer.shown_subcaptions(), writer.empty_stretches(), _screen_words(scene)
    )


def _check_played_range(scene: Scene, request: SceneRequest) -> None:
    """Raise UserError unless the scene played the beats or sections that the request names."""
    writer: ClipWriter = scene.renderer.file_writer
    if isinstance(scene, LectureScene):
        check_beats_played([name for name, _, _ in writer.spans], request, scene.begun_beats)
    else:
        begun_sections = writer.begun_sections if len(writer.begun_sections) > 1 else []
        check_beats_played(writer.requested_sections, request, begun_sections)


def _screen_words(scene: Scene) -> tuple[ScreenWord, ...]:
    """Return the words on the screen that a scene has looked up."""
    return scene.words_of.looked_up if isinstance(scene, LectureScene) else ()


def _beat_span(beat: Beat, start: int, end: int, per_frame: float = 1) -> BeatSpan:
    """Return a beat's span in frames of the clip. ``per_frame``: clip frames per frame that the scene counted."""
    marks = {mark: start + round(frame * per_frame) for mark, frame in beat.marks.items()}
    lines, values = beat.said.with_marks, as_json(beat.values or {})
    from_narration = beat.values is not None
    motion = start + round(beat.motion * per_frame)
    return BeatSpan(beat.name, start, end, lines, values, from_narration, marks, motion, beat.claims)


def beats_of(request: SceneRequest) -> tuple[tuple[BeatSpan, ...], tuple[ScreenWord, ...]]:
    """Return all beats of the scene with their lines, and the words on its screen. Ignores the requested range.

    Draws no frame, so the beats' frames are not those of a clip.
    """
    from gradreel.scenes.stills import visit_beats

    configure(request)
    context = replace(_scene_context(request), first_beat=None, last_beat=None)
    try:
        scene = visit_beats(load_class(request.source), lambda scene, beat: None, request.parameters, context)
    except (Exception, SystemExit) as error:
        raise _as_user_error(error, request) from error
    assert isinstance(scene, LectureScene)
    return tuple(replace(_beat_span(beat, 0, 0), marks={}, motion=None) for beat in scene.beats), _screen_words(scene)


def checked_claims(request: SceneRequest) -> tuple[Claim, ...]:
    """Return the claims of the scene's lines, checked on its traces; none of a plain Manim scene."""
    scene_class = load_class(request.source)
    if not issubclass(scene_class, LectureScene):
        return ()
    configure(request)
    try:
        return scene_class(parameters=request.parameters, context=_scene_context(request)).checked_claims
    except (Exception, SystemExit) as error:
        raise _as_user_error(error, request) from error


def play_to_end(request: SceneRequest) -> Scene:
    """Play the scene without drawing; return it at its end, or at the end of the last requested beat.

    Raises UserError if the scene did not play the requested beats.
    """
    configure(request)
    ending = _NoFrames()
    scene = _make_scene(request, ending)
    scene.renderer.scene_finished = lambda scene: None  # where nothing is played it draws, as `picture` does anyway
    _play_scene(scene, request, ending)
    _check_played_range(scene, request)
    return scene


def visit_beats(request: SceneRequest, see: Callable[[Scene, str], None]) -> tuple[BeatSpan, ...]:
    """Call ``see(scene, beat)`` at the end of each beat asked for, with animations skipped to their ends.

    Returns its beats as they would be played, to a frame or two; none of a plain Manim scene.
    """
    from gradreel.scenes import stills

    settings = request.settings
    configure(request)
    seen: list[str] = []

    def note(scene: Scene, beat: str) -> None:
        seen.append(beat)
        see(scene, beat)
        report_place(f"after beat {beat}")

    try:
        size = (settings.width, settings.height)
        scene = stills.visit_beats(load_class(request.source), note, request.parameters, _scene_context(request), size)
    except (Exception, SystemExit) as error:
        raise _as_user_error(error, request) from error
    check_beats_played(seen, request, getattr(scene, "begun_beats", []))
    beats, fps = getattr(scene, "beats", []), settings.fps
    if isinstance(scene, LectureScene):
        claims = [each for beat in scene.beats for each in beat.claims]
        for message in scene.words_of.broken_claims(scene.narrated_as(scene.words_of), claims):
            tell_user(message)
    per_frame = fps / scene.camera.frame_rate  # a visit has its own frame rate
    return tuple(_beat_span(beat, round(beat.start * fps), round(beat.end * fps), per_frame) for beat in beats)


def picture(scene: Scene, settings: RenderSettings) -> bytes:
    """Draw the scene's current picture and return it as the content of a PNG file."""
    scene.renderer.static_image = None
    if settings.transparent:
        clear_color(scene.camera.background)
    CairoRenderer.update_frame(scene.renderer, scene)  # the class's method: visiting beats switches off the scene's own
    pixels = scene.renderer.get_frame()
    if settings.transparent:
        straighten(pixels, pixels, whole(pixels))
    return png_bytes(pixels, settings.transparent)


class ClipWriter(SceneFileWriter):
    """Sends the frames that Manim draws to our encoder; writes no file itself.

    Manim makes a file of each animation and joins them; here a scene is one stream from its first frame to its last.
    """

    def __init__(self, manim_settings: Any, encoder: ClipEncoder | JumpFinder, settings: RenderSettings) -> None:
        self._encoder, self._settings = encoder, settings
        self._began: dict[str, int] = {}  # frames there were when a beat began that is shown
        self._last_beat_began = False
        self._in_range = settings.first_beat is None  # whether a plain scene's section is among those asked for
        self.begun_sections: list[str] = []  # of a plain scene, each name once
        self.requested_sections: list[str] = []  # between the first and the last requested one
        self._time = 0.0  # the scene's time in seconds after its last play
        self._straight: Pixels | None = None
        self.sounds = AddedSounds(settings)
        self.scene: Scene | None = None
        self._subcaptions: list[Subcaption] = []
        self.spans: list[tuple[str, int, int]] = []  # of the requested beats: name, first frame, frame after the last
        self._shown_sections: list[tuple[str, int]] = []  # name, first frame
        self._play_began = 0  # frames there were when the last play began
        self._may_empty = False  # whether the last play may remove or hide everything visible
        self._leaves_at = 0  # the frame at which that play can be cut off, with the picture still whole
        self._cuts_after_frame = False  # whether the next frame is a beat's first, and everything may leave after it
        self._emptied_at: int | None = None  # frame at which the play began that emptied the picture; None: not empty
        self._emptied: list[EmptyStretch] = []
        self._was_seen = False  # whether the picture showed something when the last play ended
        super().__init__(manim_settings)

    @property
    def movie_file_path(self) -> Path:
        """Return the path of the scene's video, if its file and class are rendered without ``-o``.

        The video is written after the scene has ended. In a lesson, or with ``-o``, it has another path.
        """
        assert self.scene is not None
        scene_class = type(self.scene)
        file = Path(inspect.getfile(scene_class))
        name = kebab_name(scene_class.__name__) + self._settings.beat_range
        folders, settings = Folders(self._settings.media_dir), self._settings
        return folders.video(file.stem, settings.video_folder, name, settings.suffix)

    def write_frame(self, pixels: Pixels, *, repeat: int = 1, boxes: Boxes | None = None) -> None:
        if self._settings.transparent:
            pixels = self._straight_pixels(pixels, boxes)
        if isinstance(self._encoder, ClipEncoder):
            self._encoder.write(pixels, repeat, boxes)
        else:
            self._encoder.write(pixels, repeat)
        if self._cuts_after_frame:
            self._cuts_after_frame, self._leaves_at = False, self._encoder.frames
            self._force_key_frame()
        report_progress(self._encoder.frames)

    def _straight_pixels(self, pixels: Pixels, boxes: Boxes | None) -> Pixels:
        """Return the picture with straight alpha, see `straighten`.

        Without ``boxes`` it changes ``pixels``. With ``boxes`` it changes only these in an array that is reused.
        """
        if boxes is None:
            straighten(pixels, pixels, whole(pixels))
            return pixels
        if self._straight is None:
            self._straight = np.empty_like(pixels)
        for box in boxes:
            straighten(pixels, self._straight, box)
        return self._straight

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Begins a beat, or a section of a plain scene; ends the scene after the last requested one."""
        check_encodable(name, f"{kebab_name(type(self.scene).__name__)}: a section called")
        if not isinstance(self.scene, LectureScene):
            name = self._unused_section_name(name)
            skip_animations = not self._is_requested(name) or skip_animations
        if self._last_beat_began and skip_animations:
            raise EndSceneEarlyException
        self._last_beat_began = name == self._settings.last_beat and not skip_animations
        self._began.pop(name, None)
        if not skip_animations:
            self._began[name] = self._encoder.frames
            self._shown_sections.append((name, self._encoder.frames))
        if not skip_animations:
            self._force_key_frame()
        report_place("" if name == FIRST_SECTION else f"in beat {name}")
        super().next_section(name, type_, skip_animations)

    def _force_key_frame(self) -> None:
        """Make the next frame a key frame, where slides can stop."""
        if isinstance(self._encoder, ClipEncoder):
            self._encoder.cut()

    def _unused_section_name(self, name: str) -> str:
        """Returns ``name``, or the first of ``name-2``, ``name-3``, … that no earlier section has."""
        candidates = (f"{name}-{number}" if number > 1 else name for number in count(1))
        unused = next(candidate for candidate in candidates if candidate not in self.begun_sections)
        self.begun_sections.append(unused)
        return unused

    def _is_requested(self, section: str) -> bool:
        """Returns whether a plain scene's section is in the requested range. Call it once for each, in order."""
        self._in_range |= section == self._settings.first_beat
        is_requested = self._in_range
        if is_requested:
            self.requested_sections.append(section)
        self._in_range &= section != self._settings.last_beat
        return is_requested

    def beat_ended(self, scene: Scene, name: str) -> None:
        """Serves as a scene's ``after_beat``: notes the beat's span in frames, which are exact unlike Manim's clock.

        The scene may begin a section of its own before the beat's last pause ends.
        """
        if name in self._began:
            self.spans.append((name, self._began[name], self._encoder.frames))
            self._force_key_frame()  # a slide show plays the animation that leaves after the last beat on the next step

    def pad(self, picture: Pixels, frames: int) -> None:
        """Show the last ``picture`` for some more frames. They belong to the last beat, if the clip ended with it."""
        if not frames:
            return
        if self.spans and self.spans[-1][2] == self._encoder.frames:
            name, start, end = self.spans[-1]
            self.spans[-1] = name, start, end + frames
        self.write_frame(picture, repeat=frames)

    def section_spans(self) -> list[tuple[str, int, int]]:
        """Returns name, first frame and end of each section with frames; nothing for a scene that begins none."""
        if len(self.begun_sections) == 1:
            return []
        starts = [*(start for _, start in self._shown_sections), self._encoder.frames]
        return [
            (name, start, end)
            for (name, start), end in zip(self._shown_sections, starts[1:], strict=True)
            if start < end
        ]

    def add_sound(self, sound_file: Any, time: float | None = None, gain: float | None = None, **how: Any) -> None:
        """Replaces Manim's ``add_sound`` of the writer. ``time``: seconds of the scene, by default now."""
        assert self.scene is not None
        self.hear(sound_file, 0 if time is None else time - self.scene.renderer.time, gain, **how)

    def hear(self, sound_file: Any, time_offset: float = 0, gain: float | None = None, **how: Any) -> None:
        """Serves as a scene's ``add_sound``: notes a sound with its frame, offset and gain.

        Ignores the sounds of skipped beats. Raises UserError for a wrong sound or time.
        """
        if self.sections[-1].skip_animations:
            is_drawn = isinstance(self._encoder, ClipEncoder)
            if is_drawn and self._settings.first_beat is not None and self._encoder.frames == 0:
                self.sounds.leave_out()
            return
        if how:
            logger.warning(f"add_sound: {', '.join(how)} is ignored; only time_offset and gain have an effect")
        call = f"{kebab_name(type(self.scene).__name__)}: add_sound({str(sound_file)!r})"
        try:
            file = get_full_sound_file_path(sound_file, self.settings.assets_dir)
        except (OSError, ValueError):  # `AddedSounds` opens it again: that tracks the file, and reports its absence
            file = Path(sound_file).expanduser()
        offset = round(float(time_offset), 9)
        self.sounds.add(call, file, self._encoder.frames, offset, float(gain or 0))

    def add_subcaption(self, content: str, duration: float = 1, offset: float = 0) -> None:
        """Replaces the scene's ``add_subcaption``: notes a subcaption that begins ``offset`` seconds from now.

        Ignores those of skipped sections and beats. Raises UserError for a text or time that subtitles cannot have.
        """
        if self.sections[-1].skip_animations:
            return
        text = check_encodable(str(content), f"{kebab_name(type(self.scene).__name__)}: a subcaption")
        if not (abs(offset) <= MOST_SECONDS and 0 <= duration <= MOST_SECONDS and len(text) <= MOST_CHARACTERS):
            name = kebab_name(type(self.scene).__name__)
            raise UserError(
                f"{name}: add_subcaption(…, duration={duration}, offset={offset}) with {len(text)} characters; needed:"
                f" at most {MOST_SECONDS:.0f} seconds and at most {MOST_CHARACTERS} characters"
            )
        start = self._encoder.frames / self._settings.fps + float(offset)
        self._subcaptions.append(Subcaption(start, start + float(duration), text))

    def shown_subcaptions(self) -> tuple[Subcaption, ...]:
        """Returns the subcaptions within the clip; those that go over its start or end are cut there."""
        length = self._encoder.frames / self._settings.fps
        shown = (
            replace(subcaption, start=max(subcaption.start, 0.0), end=min(subcaption.end, length))
            for subcaption in self._subcaptions
        )
        return tuple(subcaption for subcaption in shown if subcaption.start < subcaption.end)

    def empty_stretches(self) -> tuple[EmptyStretch, ...]:
        """Returns the stretches of frames in which the picture was empty after everything had left, up to now."""
        last = [] if self._emptied_at is None else [EmptyStretch(self._emptied_at, self._encoder.frames)]
        return tuple(self._emptied + last)

    def add_partial_movie_file(self, hash_animation: str | None) -> None:
        pass

    def begin_animation(self, allow_write: bool = False, **where: Any) -> None:
        """Forces a key frame before a play that may empty the picture, or after `clear`: slides stop there.

        If a beat begins with such a play, the key frame comes after its first frame, so that the beat shows something.
        """
        assert self.scene is not None
        self._play_began = self._leaves_at = self._encoder.frames
        is_shown = shows_something(self.scene)
        if is_shown:
            self._end_empty_stretch()
        self._may_empty = allow_write and may_empty(self.scene)
        is_cleared = allow_write and self._was_seen and not is_shown  # by clear() or remove()
        if is_cleared:
            self._emptied_at = self._play_began
        starts_beat = bool(self._shown_sections) and self._shown_sections[-1][1] == self._play_began
        self._cuts_after_frame = self._may_empty and starts_beat
        if is_cleared or (self._may_empty and not starts_beat):
            self._force_key_frame()

    def _end_empty_stretch(self) -> None:
        """Notes that the picture, if it was empty, shows something from the play on that began last."""
        if self._emptied_at is not None:
            self._emptied.append(EmptyStretch(self._emptied_at, self._play_began))
            self._emptied_at = None

    def end_animation(self, allow_write: bool = False) -> None:
        """Notes whether the picture is empty now.

        After a skipped play (not ``allow_write``), sets the scene's time to that of a drawn play, to the last bit.
        """
        assert self.scene is not None
        is_seen = self._was_seen = shows_something(self.scene)
        if is_seen:
            self._end_empty_stretch()
        elif self._may_empty:
            self._emptied_at = self._leaves_at
        if not allow_write and isinstance(self.scene, LectureScene):
            self.scene.renderer.time = self._time_as_played(self.scene)
        self._time = self.scene.renderer.time

    def _time_as_played(self, scene: Scene) -> float:
        """Returns the time at the end of a skipped play as if it were drawn: Manim adds up the frames' times."""
        frame = 1 / config.frame_rate
        if scene.is_current_animation_frozen_frame():
            return float(self._time + int(scene.duration / frame) * frame)
        time = self._time
        for _ in np.arange(0, scene.duration, frame):
            time += frame  # not sum(), which is more exact
        return time

    def is_already_cached(self, hash_invocation: str) -> bool:
        return False

    def finish(self) -> None:
        pass


class _NoFrames:
    """Replaces an encoder if no frame is drawn."""

    frames = 0


class _SkippingWriter(ClipWriter):
    """Skips every animation, in every beat."""

    def __init__(self, manim_settings: Any, encoder: ClipEncoder | JumpFinder, settings: RenderSettings) -> None:
        super().__init__(manim_settings, encoder, settings)
        self.sections[-1].skip_animations = True

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        super().next_section(name, type_, skip_animations)
        self.sections[-1].skip_animations = True


def configure(request: SceneRequest) -> str:
    """Configure Manim and the words for this process. Manim writes no file (``dry_run``): frames go to our writer.

    Imports the scene's file first, so that it can set the frame's shape and the seed. The command line alone decides
    the size, the frame rate, the media folder and the kind of result. Returns the options that would give the values
    which the file or manim.cfg sets for these; "" if they set no others.
    """
    use_words(request.words)
    settings = request.settings
    if settings.transparent:
        config.transparent = True
    use_own_texts()
    by_cfg = _size_rate_folder()
    _use_ground(request)
    overruled_options = _overruled_options(settings, by_cfg, _size_rate_folder()) + _unused_options(settings)
    if config.renderer is not RendererType.CAIRO:  # only then: setting it changes the bases of Manim's classes
        tell_user(
            "its file, or manim.cfg, asks for OpenGL; drawn by Cairo instead: only manim render --renderer opengl can"
        )
        config.renderer = "cairo"
    config.pixel_width, config.pixel_height, config.frame_rate = settings.width, settings.height, settings.fps
    aspect, width, height = settings.width / settings.height, config.frame_width, config.frame_height
    is_usual, fits = (abs(shape * height / width - 1) < 0.005 for shape in (16 / 9, aspect))
    if is_usual and not fits:  # a picture of another shape shows the whole frame, and more beside it
        config.frame_width, config.frame_height = max(width, height * aspect), max(height, width / aspect)
    config.dry_run, config.preview, config.show_in_file_browser = True, False, False
    config.disable_caching = True
    config.progress_bar = "none"
    config.verbosity = "WARNING"
    config.media_dir = _without_braces(settings.media_dir)
    config.seed = (config.seed or 0) if settings.seed is None else settings.seed
    config.from_animation_number, config.upto_animation_number = 0, -1
    return " ".join(overruled_options)


def _use_ground(request: SceneRequest) -> None:
    """Import the scene's class. The lesson's ground becomes Manim's background unless a plain scene sets its own."""
    before = config.background_color
    ground = ManimColor(request.ground) if request.ground and before == BLACK else before
    config.background_color = ground
    if issubclass(load_class(request.source), LectureScene) and config.background_color == ground:
        config.background_color = before  # a lecture scene sets its own ground


def use_own_texts() -> Path:
    """Give Manim a new folder for its text files, and return it.

    In a shared folder, another process could read a half-written file. Manim makes the folder when it first writes. It
    lies in the worker's temporary folder, which is removed at the end.
    """
    folder = Path(gettempdir(), f"texts-{uuid4().hex}")
    config.text_dir = _without_braces(folder)
    return folder


def _size_rate_folder() -> tuple[tuple[int, int], float, Path]:
    """Return Manim's current picture size, frame rate and media folder."""
    return (config.pixel_width, config.pixel_height), config.frame_rate, Path(config.media_dir).absolute()


def _overruled_options(settings: RenderSettings, by_cfg: tuple[Any, ...], now: tuple[Any, ...]) -> list[str]:
    """Return the options, such as ``--fps 30``, for values that the command overrules.

    ``now`` are Manim's values after the scene's file was imported, ``by_cfg`` those before. The value of a manim.cfg
    counts only if the command has its default there.
    """
    command = (settings.width, settings.height), settings.fps, settings.media_dir
    differ = [
        theirs != ours and (theirs != cfgs or ours == default)
        for theirs, ours, cfgs, default in zip(now, command, by_cfg, DEFAULTS, strict=True)
    ]
    (width, height), rate, folder = now
    options = f"-r {width},{height}", f"--fps {rate:g}", f"--media_dir {folder}"
    return [option for option, differs in zip(options, differ, strict=True) if differs]


def _unused_options(settings: RenderSettings) -> list[str]:
    """Return the options that would give what the scene's file or manim.cfg asks of the result.

    The command line alone decides whether the result is a video, which part of the scene it shows, and its name.
    """
    asked = {
        "-t": config.transparent and not settings.transparent,
        "-s": config.save_last_frame and settings.format != "png",
        f"--format {config.format}": not config.save_last_frame
        and config.format not in (None, "", "auto", settings.format),
        f"-o {config.output_file}": config.output_file,
        "-n BEATS": config.from_animation_number > 0 or config.upto_animation_number not in (-1, math.inf),
    }
    return [option for option, is_asked in asked.items() if is_asked]


def _without_braces(folder: Path) -> str:
    """Return a path of ``folder`` without braces, because Manim fills in braces. Raises UserError if there is none."""
    written = str(folder) if "{" not in str(folder) else os.path.relpath(folder)
    if "{" in written:
        raise UserError(f"{folder}: Manim replaces names in braces; choose a folder without braces: --media_dir FOLDER")
    return written


def _make_scene(request: SceneRequest, encoder: ClipEncoder | JumpFinder | _NoFrames) -> Scene:
    """Make the scene and connect it to the encoder. Raises SceneError if the scene's constructor raises."""
    scene_class = load_class(request.source)
    try:
        if issubclass(scene_class, LectureScene):
            scene: Scene = scene_class(parameters=request.parameters, context=_scene_context(request))
        else:
            scene = scene_class()
    except (Exception, SystemExit) as error:
        raise _as_user_error(error, request) from error
    if isinstance(encoder, ClipEncoder):
        ClipRenderer.take_over(scene, encoder)
    writer_class: Any = _SkippingWriter if isinstance(encoder, _NoFrames) else ClipWriter
    writer = writer_class(scene.file_writer_settings, encoder, request.settings)
    scene.renderer.file_writer, writer.scene = writer, scene
    manager = scene._get_manager()
    manager.add_sound = writer.hear  # which heeds what is skipped; Manim's own heeds the play before
    manager.add_subcaption = writer.add_subcaption  # counts frames; Manim's own adds up floats
    if isinstance(scene, LectureScene):
        scene.after_beat = writer.beat_ended
    return scene


def _play_scene(scene: Scene, request: SceneRequest, encoder: ClipEncoder | JumpFinder | _NoFrames) -> None:
    """Play a scene. Raises SceneError, or the encoder's own error, such as that of a full disk."""
    try:
        scene.render()
    except (Exception, SystemExit) as error:
        if isinstance(encoder, ClipEncoder) and error is encoder.error:
            raise  # the disk's fault, not the scene's
        raise _as_user_error(error, request) from error


def _scene_context(request: SceneRequest) -> SceneContext:
    """Return the settings that a lecture scene reads from its context."""
    settings = request.settings
    return SceneContext(
        language=settings.language,
        subtitle_languages=settings.subtitle_languages,
        theme=settings.theme,
        media_dir=settings.media_dir,
        first_beat=settings.first_beat,
        last_beat=settings.last_beat,
        speech=request.speech,
    )


def _as_user_error(error: BaseException, request: SceneRequest) -> Exception:
    """Return a UserError unchanged; for any other error a SceneError that shows the user's own lines."""
    if isinstance(error, UserError):
        return error
    return SceneError(f"{request.source.name} raised an error:\n{user_traceback(error, request.source.file)}")
