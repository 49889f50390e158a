"""Models of the JSON texts that workers return. Bytes come beside them, in a fixed order and without names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import av
from gradreel.core.errors import TrainingError, UserError
from gradreel.render.cluster.connection import BadAnswerError
from gradreel.render.settings import JOINABLE_FORMATS, RenderSettings
from gradreel.render.stages import BeatSpan, ClipSound, EmptyStretch, SceneError, Subcaption
from gradreel.render.workers.worker_process import WorkerDiedError
from gradreel.scenes.words.narration import ScreenWord
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0, lt=1 << 31)]
Seconds = Annotated[float, Field(ge=0, lt=1e9)]


class _Answer(BaseModel):
    """Base of the models: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Failure(_Answer):
    """An error that a task raised."""

    kind: Literal["UserError", "SceneError", "WorkerDiedError", "TrainingError"]
    message: str
    missing_files: tuple[str, ...] = ()  # the owner's paths of files that the task did not find

    @classmethod
    def of(cls, error: BaseException, message: str, missing_files: tuple[str, ...] = ()) -> Failure:
        """Return the failure for ``error``. Its kind is the nearest base class in `_ERRORS`, or else WorkerDiedError.

        Undecodable bytes in file names become question marks, so that the texts are valid JSON.
        """
        kinds = (kind.__name__ for kind in type(error).__mro__ if kind in _ERRORS)
        text, *names = (each.encode(errors="replace").decode() for each in (message, *missing_files))
        content = {"kind": next(kinds, "WorkerDiedError"), "message": text, "missing_files": tuple(names)}
        return cls.model_validate(content)

    def error(self, more: str = "") -> UserError:
        """Return the error to raise on the owner's machine; ``more`` is appended to its message."""
        (kind,) = (kind for kind in _ERRORS if kind.__name__ == self.kind)
        return kind(self.message + more)


_ERRORS = (UserError, SceneError, WorkerDiedError, TrainingError)


class OpenedFile(_Answer):
    """A file that a scene opened or tried to open, or a folder that it listed."""

    path: str  # the owner's path, or the worker's for other files; compared with the sent paths, never opened
    by_name: bool  # the scene named it relative to the folder of the command
    digest: str
    of_ours: bool = False  # a file of the package; its path is like ``gradreel/scenes/base.py``


class DrawnClip(_Answer):
    """A worker's description of a clip."""

    frames: Annotated[int, Field(gt=0, lt=1 << 31)]
    fps: Count
    beats: tuple[BeatSpan, ...]
    wall_seconds: Seconds
    sounds: tuple[ClipSound, ...] = ()
    subcaptions: tuple[Subcaption, ...] = ()
    emptied: tuple[EmptyStretch, ...] = ()
    opened: tuple[OpenedFile, ...]
    libraries: dict[str, str] = {}
    screen: tuple[ScreenWord, ...] = ()

    def check(self, pieces: list[bytes], settings: RenderSettings) -> None:
        """Raise BadAnswerError if the beats lie outside the clip, or the frame rate or number of files is wrong."""
        edges = [edge for beat in self.beats for edge in (beat.start, beat.end)]
        if edges != sorted(edges) or not all(0 <= edge <= self.frames for edge in edges) or self.fps != settings.fps:
            raise BadAnswerError(f"its beats do not fit {self.frames} frames, or its frame rate is not {settings.fps}")
        n_files = self.frames if settings.format == "png-sequence" else 1
        if len(pieces) != n_files:
            raise BadAnswerError(f"it has {len(pieces)} files, not {n_files}")

    def check_video(self, file: Path, settings: RenderSettings) -> None:
        """Raise BadAnswerError unless ``file`` is a video of the requested size with ``frames`` frames."""
        try:
            with av.open(str(file)) as container:
                (video,) = container.streams.video
                size = (video.width, video.height)
                frames = sum(packet.size > 0 for packet in container.demux(video))
        except (OSError, ValueError, AttributeError) as error:
            raise BadAnswerError(f"it is no video: {error}") from None
        if size != (settings.width, settings.height) or (settings.format in JOINABLE_FORMATS and frames != self.frames):
            raise BadAnswerError(f"it is a video of {frames} frames of {size[0]} x {size[1]}")


class TrainedRun(_Answer):
    """The time that a run's training took. The trace's files come beside it, in the order of `worker.trace_files`."""

    seconds: Seconds
    updates: Count  # the updates that were timed


class TaskEvent(_Answer):
    """An event of a running task: it began, its progress in frames, or a message for the user."""

    task: str
    done: Count = 0
    total: Count = 0
    text: str = ""


A = TypeVar("A", bound=_Answer)


def parse(model: type[A], answer: object) -> tuple[A | Failure, list[bytes]]:
    """Check a task's answer and return its model, or the task's failure, with its bytes. Raises BadAnswerError."""
    text, pieces = answer if isinstance(answer, tuple) and len(answer) == 2 else (None, None)
    if not isinstance(text, str) or not isinstance(pieces, list) or not all(type(piece) is bytes for piece in pieces):
        raise BadAnswerError(f"it is no JSON text with bytes, but a {type(answer).__name__}")
    try:
        return (Failure if text.startswith('{"kind":') else model).model_validate_json(text), pieces
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadAnswerError(f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}") from None
