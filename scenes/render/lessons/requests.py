"""What the renderer's parts hand to each other and to worker processes: plain, frozen, picklable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.words.narration import OwnWords


class SceneError(UserError):
    """A scene that raised while it was played, or a worker that died of it; the message shows the user's own lines."""

    exit_code = 1


@dataclass(frozen=True)
class SceneRequest:
    """One scene to be looked at, or rendered, with what was written for it in the lesson and on the command line."""

    source: SceneSource
    settings: RenderSettings
    parameters: Mapping[str, Any] = field(default_factory=dict)  # JSON-able; a text may name one of `experiments`
    experiments: Mapping[str, Experiment] = field(default_factory=dict)  # the lesson's, by name
    words: OwnWords | None = None  # over the narration of ours
    files: Mapping[str, str] = field(default_factory=dict)  # by parameter: what it was read from, see `file_of`


@dataclass(frozen=True)
class ParameterRow:
    """One parameter as ``describe`` shows it."""

    name: str
    type: str
    default: str
    bounds: str
    description: str


@dataclass(frozen=True)
class SceneDescription:
    """What a scene's class says of itself, once its parameters have been checked."""

    name: str
    doc: str
    parameters: dict[str, Any]  # JSON-able, complete: every field with its value
    rows: tuple[ParameterRow, ...]
    experiments: dict[str, Experiment]  # by the parameter that holds it
    beats: tuple[str, ...]  # as written: "piece-{k}" stands for several
    is_lecture_scene: bool  # False: a plain Manim Scene, without parameters and beats
    traces: dict[str, str] = field(default_factory=dict)  # folders of traces that were given, by parameter; as written
    narrated_as: str = ""  # whose words in the narration files it has; "": none
    files: dict[str, str] = field(default_factory=dict)  # that were opened for it, and their digests; by name beside it


@dataclass(frozen=True)
class BeatSpan:
    """A beat of a clip: ``start`` and ``end`` count frames; its line in each language, and what filled their fields."""

    name: str
    start: int
    end: int
    lines: dict[str, str]
    values: dict[str, Any]
    from_narration: bool  # False: the scene said its line itself


@dataclass(frozen=True)
class ClipResult:
    """A clip on disk."""

    path: Path
    frames: int
    fps: int
    beats: tuple[BeatSpan, ...]
    wall_seconds: float  # what rendering it took

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def as_json(self) -> dict[str, Any]:
        """All but where it lies: that is said by the name of the description beside it."""
        content = asdict(self) | {"beats": [asdict(beat) for beat in self.beats]}
        return {name: value for name, value in content.items() if name != "path"}

    @classmethod
    def from_json(cls, content: Mapping[str, Any], path: Path) -> ClipResult:
        """The clip at ``path``, described by ``content``. Raises KeyError or TypeError when that describes none."""
        beats = tuple(BeatSpan(**beat) for beat in content["beats"])
        numbers = {name: content[name] for name in ("frames", "fps", "wall_seconds")}
        return cls(path=path, beats=beats, **numbers)


@dataclass(frozen=True)
class ClipJob:
    """A clip to be rendered and where it goes."""

    request: SceneRequest  # parameters checked and complete
    folder: Path  # of the clips
    parts: Mapping[str, Any]  # what the clip is made of, as planned
    temporary: Path  # folder for unfinished files, on the same file system
    locks: Path  # folder of the locks, so that two runs do not make one clip twice
    traces: tuple[Path, ...] = ()  # folders of the recorded runs that the scene shows


@dataclass(frozen=True)
class Finding:
    """One breach of a layout rule."""

    scene: str
    beat: str
    rule: str
    message: str
    where: str
    seconds: float | None = None  # of the scene; None: at the end of the beat
