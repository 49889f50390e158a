"""What comes back from a worker: JSON texts of these models, beside bytes that have no names of their own."""

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
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Failure(_Answer):
    """What a task raised."""

    kind: Literal["UserError", "SceneError", "WorkerDiedError", "TrainingError"]
    message: str
    missed: tuple[str, ...] = ()  # files that are not there, by their paths at the owner's

    @classmethod
    def of(cls, error: BaseException, message: str, missed: tuple[str, ...] = ()) -> Failure:
        """Of the first class of ``error`` that is known here; what is no user's mistake is as if the worker died."""
        found = (kind.__name__ for kind in type(error).__mro__ if kind in _ERRORS)
        said, *names = (text.encode(errors="replace").decode() for text in (message, *missed))  # a name may be no text
        return cls.model_validate({"kind": next(found, "WorkerDiedError"), "message": said, "missed": tuple(names)})

    def error(self, more: str = "") -> UserError:
        (kind,) = (kind for kind in _ERRORS if kind.__name__ == self.kind)
        return kind(self.message + more)


_ERRORS = (UserError, SceneError, WorkerDiedError, TrainingError)


class Opened(_Answer):
    """A file that a scene opened, or missed, or a folder that it looked through."""

    path: str  # at the owner's; of the worker's own, there. It is compared with those that were sent, and not opened
    by_name: bool  # from where the command is run
    digest: str
    of_ours: bool = False  # its path is a name, ``gradreel/scenes/base.py``


class Drawn(_Answer):
    """A clip, as its worker describes it."""

    frames: Annotated[int, Field(gt=0, lt=1 << 31)]
    fps: Count
    beats: tuple[BeatSpan, ...]
    wall_seconds: Seconds
    sounds: tuple[ClipSound, ...] = ()
    subcaptions: tuple[Subcaption, ...] = ()
    emptied: tuple[EmptyStretch, ...] = ()
    opened: tuple[Opened, ...]
    libraries: dict[str, str] = {}
    screen: tuple[ScreenWord, ...] = ()

    def check(self, pieces: list[bytes], settings: RenderSettings) -> None:
        """Raises BadAnswerError unless it and the bytes that came with it are those of one clip."""
        edges = [edge for beat in self.beats for edge in (beat.start, beat.end)]
        if edges != sorted(edges) or not all(0 <= edge <= self.frames for edge in edges) or self.fps != settings.fps:
            raise BadAnswerError("its beats, or its rate, are not those of one clip")
        if len(pieces) != (self.frames if settings.format == "png-sequence" else 1):
            raise BadAnswerError(f"{len(pieces)} files came with it")

    def check_video(self, file: Path, settings: RenderSettings) -> None:
        """Raises BadAnswerError unless the file is a video of so many frames of this size."""
        try:
            with av.open(str(file)) as container:
                (video,) = container.streams.video
                size = (video.width, video.height)
                frames = sum(packet.size > 0 for packet in container.demux(video))
        except (OSError, ValueError, AttributeError) as error:
            raise BadAnswerError(f"it is no video: {error}") from None
        if size != (settings.width, settings.height) or (settings.format in JOINABLE_FORMATS and frames != self.frames):
            raise BadAnswerError(f"it is a video of {frames} frames of {size[0]} x {size[1]}")


class Trained(_Answer):
    """What training a run took; its trace's files come beside it, in the order of `worker.trace_files`."""

    seconds: Seconds
    updates: Count  # that were timed


class Told(_Answer):
    """What a worker tells of a task meanwhile: how far it is, or words."""

    task: str
    done: Count = 0
    total: Count = 0
    text: str = ""


A = TypeVar("A", bound=_Answer)


def parse(model: type[A], answer: object) -> tuple[A | Failure, list[bytes]]:
    """A task's answer. Raises BadAnswerError."""
    text, pieces = answer if isinstance(answer, tuple) and len(answer) == 2 else (None, None)
    if not isinstance(text, str) or not isinstance(pieces, list) or not all(type(piece) is bytes for piece in pieces):
        raise BadAnswerError(f"it is no JSON text with bytes, but {type(answer).__name__}")
    try:
        return (Failure if text.startswith('{"kind":') else model).model_validate_json(text), pieces
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadAnswerError(f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}") from None
