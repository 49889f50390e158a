"""What each stage of the renderer hands to the next, in the order of the way: plain, frozen, picklable.

parse    `lessons.options`    RenderSettings    how the video is made
resolve  `resolve`            SceneRequest      a Lesson of them: what it and the command line say of each scene
inspect  `inspection`         SceneDescription  what its class says of itself, its parameters checked
plan     `clips.plan`         Plan              its Run and Clip each: what is to be trained and drawn, what is there
train    `workers.training`   traces            the missing runs on disk
speak    `speech`             Plan              how lines are heard, and how long that takes: so the clips are
render   `frames.worker`      ClipFile          the missing clips on disk, their beats in frames
publish  `videos.publishing`  Shot              each clip's place in the video, which is joined of them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.render.settings import RenderSettings
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.themes import THEMES
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.claims import Claim
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import OwnWords
from pydantic import Field

if TYPE_CHECKING:
    from gradreel.render.voice.spoken_lines import SpokenStretch  # which loads PyAV

Title = Mapping[str, str]  # by language
SpeechTimes = Mapping[str, tuple[float, ...]]
"""By beat: seconds of each stretch of its line in the language that takes longest."""
MOST_OFFSET = 1e6  # seconds, of a sound
MOST_GAIN = 100  # dB
MOST_SECONDS = 1e6  # of a subcaption's start and end
MOST_CHARACTERS = 10_000  # of a subcaption


class SceneError(UserError):
    """A scene that raised while it was played, or a worker that died of it; the message shows the user's own lines."""

    exit_code = 1


@dataclass(frozen=True)
class SceneRequest:
    """A scene as it was asked for. Its parameters are not checked before a `Clip` is planned: that needs its class.

    `describe` puts these over the class's defaults, each over the one before: ``parameters``, ``data`` and ``curve``,
    ``changes``. In the request of a `Clip` the first has all of it, checked, and the others are empty.
    """

    source: SceneSource
    settings: RenderSettings = field(default_factory=RenderSettings)  # see `Lesson.requests`
    parameters: Mapping[str, Any] = field(default_factory=dict)  # the lesson's, as JSON; a text may name an experiment
    experiments: Mapping[str, Experiment] = field(default_factory=dict)  # the lesson's, by name
    words: OwnWords | None = None  # over the narration of ours
    files: Mapping[str, str] = field(
        default_factory=dict
    )  # by parameter: what it was read from, see `lessons.tables.file_of`
    data: Mapping[str, Any] = field(default_factory=dict)  # of --data: fields of every dataset of daily views
    curve: tuple[tuple[float, float], ...] = ()  # in the place of the lecture's red one; (): that
    curve_file: str = ""  # that it was read from
    changes: Mapping[str, Any] = field(default_factory=dict)  # of --set, as ``parameters``
    part: Title | None = None  # the title of the lesson's part that it belongs to
    stands_in_lesson: bool = True  # False: asked for on the command line alone
    speech: SpeechTimes = field(default_factory=dict)  # of the beats asked for; {}: nothing is spoken

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def ground(self) -> str:
        """Return the background of a plain Manim scene that sets none, such as "#0F1419"; "" for Manim's black.

        In the dark theme it is the lesson's. Manim's own colours are made for a dark background, so they keep black in
        the light theme.
        """
        settings = self.settings
        is_dark_lesson = self.stands_in_lesson and settings.theme == "dark" and not settings.transparent
        return THEMES["dark"]["background"] if is_dark_lesson else ""


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
    paths: tuple[str, ...] = ()  # other files and folders that its parameters were given, in place of their defaults


@dataclass(frozen=True)
class Run:
    """A training run that no trace has been recorded of."""

    experiment: Experiment
    shown_by: Mapping[str, str]  # by scene: the name of the parameter that holds the run
    path: Path  # where the trace will be

    @property
    def name(self) -> str:
        """Return the first scene that shows it, and the parameter there: "gradient-descent (run)"."""
        scene, parameter = next(iter(self.shown_by.items()))
        return f"{scene} ({parameter})"


@dataclass(frozen=True)
class Clip:
    """One scene to be in a video."""

    request: SceneRequest  # its parameters checked and complete
    experiments: Mapping[str, Experiment]  # by parameter
    parts: Mapping[str, Any]  # what is known before it is drawn; the digest of that is its key
    path: Path | None = None  # of the clip that is up to date; None: there is none
    why: str = ""  # it has to be rendered; "" when it is up to date
    expected_frames: int = 0  # by an earlier clip of the scene or by its narration; 0 when there is neither
    runs_recorded: bool = True  # False: some have to be trained first
    narrated_as: str = ""  # the scene whose words it has; "": a plain Manim scene
    speech: Mapping[str, Mapping[str, tuple[SpokenStretch, ...]]] = field(
        default_factory=dict
    )  # by beat and language: what is heard, a sound for each stretch of its line; none of it is seen
    paths: tuple[str, ...] = ()  # of its description

    @property
    def scene(self) -> str:
        return self.request.name

    @property
    def up_to_date(self) -> bool:
        return not self.why

    @property
    def file_stem(self) -> str:
        """Returns the name of this clip's own files: ``loss-curve--runs--mine`` if a trace or a file was given."""
        given = [self.request.parameters[name] for name in self.parts["traces"] if name not in self.experiments]
        return "--".join([self.scene, *(TraceFolder(folder).file_stem for folder in (*given, *self.paths))])


@dataclass(frozen=True)
class Plan:
    """All that a video needs; clips in film order."""

    runs: tuple[Run, ...]
    clips: tuple[Clip, ...]
    unspoken: Mapping[str, int] = field(default_factory=dict)  # by language: lines that have to be spoken first
    unheard: tuple[str, ...] = ()  # scenes not listened to yet; ``unspoken`` counts all their lines
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)  # by scene, of those whose runs are recorded

    @property
    def out_of_date(self) -> tuple[Clip, ...]:
        return tuple(clip for clip in self.clips if not clip.up_to_date)


@dataclass(frozen=True)
class BeatSpan:
    """A beat of a clip: ``start`` and ``end`` count frames; its line in each language, and what filled their fields."""

    name: str
    start: int
    end: int
    lines: dict[str, str]  # with their marks
    values: dict[str, Any]
    from_narration: bool  # False: the scene said its line itself
    marks: Mapping[str, int] = field(default_factory=dict)  # the frame of the clip in which what is after each begins
    motion: int | None = None  # the frame of the clip with which its own motion is over; None: of an older clip
    claims: tuple[Claim, ...] = ()  # that its line makes of the numbers shown

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> BeatSpan:
        """Return the beat that a clip's description has. Raises KeyError or TypeError for what is none."""
        return cls(**{**content, "claims": tuple(Claim(**each) for each in content.get("claims", ()))})


@dataclass(frozen=True)
class SceneWords:
    """What a scene says: all its beats, with what their lines are filled; no frame of them is counted."""

    name: str
    beats: tuple[BeatSpan, ...]


@dataclass(frozen=True)
class ClipSound:
    """A sound that a scene added: it begins ``offset`` seconds after frame ``frame`` of the clip, which has no sound.

    Its bounds hold for what descriptions and workers say.
    """

    file: str  # called as the files that a scene opens
    digest: str  # of its content
    frame: Annotated[int, Field(ge=0, le=10**9)]
    offset: Annotated[float, Field(ge=-MOST_OFFSET, le=MOST_OFFSET, allow_inf_nan=False)]
    gain: Annotated[float, Field(ge=-MOST_GAIN, le=MOST_GAIN, allow_inf_nan=False)]  # dB


@dataclass(frozen=True)
class Subcaption:
    """Text that a scene passed to Manim's ``add_subcaption`` or ``subcaption=``, in seconds of its clip.

    It becomes a subtitle in the language of the picture. The bounds check files and workers' answers.
    """

    start: Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]
    end: Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]
    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]


@dataclass(frozen=True)
class EmptyStretch:
    """Frames of a clip: at ``start`` everything visible begins to leave, and nothing new appears before ``end``.

    The clip has a key frame at ``start``. The bounds check files and workers' answers.
    """

    start: Annotated[int, Field(ge=0, le=10**9)]
    end: Annotated[int, Field(ge=0, le=10**9)]


@dataclass(frozen=True)
class ClipFile:
    """A clip on disk."""

    path: Path
    frames: int
    fps: int
    beats: tuple[BeatSpan, ...]
    wall_seconds: float  # what rendering it took
    sounds: tuple[ClipSound, ...] = ()  # to be put under the video
    subcaptions: tuple[Subcaption, ...] = ()
    emptied: tuple[EmptyStretch, ...] = ()

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def stand(self, start: int, end: int) -> int:
        """Returns the end of the part of frames ``start`` to ``end`` in which the picture stands.

        That is ``end``. If the picture is empty by then, it is the frame at which everything began to leave.
        """
        return next((empty.start for empty in self.emptied if start < empty.start < end <= empty.end), end)

    def as_json(self) -> dict[str, Any]:
        """All but where it lies: that is said by the name of the description beside it."""
        content = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in content.items() if name != "path"}

    @classmethod
    def from_json(cls, content: Mapping[str, Any], path: Path) -> ClipFile:
        """The clip at ``path``, described by ``content``. Raises KeyError or TypeError when that describes none."""
        beats = tuple(map(BeatSpan.from_json, content["beats"]))
        sounds = tuple(ClipSound(**sound) for sound in content["sounds"])
        subcaptions = tuple(Subcaption(**subcaption) for subcaption in content["subcaptions"])
        emptied = tuple(EmptyStretch(**stretch) for stretch in content["emptied"])
        numbers = {name: content[name] for name in ("frames", "fps", "wall_seconds")}
        return cls(path=path, beats=beats, sounds=sounds, subcaptions=subcaptions, emptied=emptied, **numbers)


@dataclass(frozen=True)
class Shot:
    """A clip in the video: from frame ``start`` up to frame ``end``; its lines as the narration has them now."""

    clip: Clip
    file: ClipFile
    title: str
    begins: str  # the title of the lesson's part that begins with it; "" where none does
    start: int
    end: int
    lines: tuple[BeatLines, ...]  # of each beat

    def chapter(self, language: str) -> str:
        """What players show in a plain list of chapters: a part's title stands in front of its first scene's."""
        if self.begins in ("", self.title):
            return self.title
        return self.begins + LANGUAGES[language].colon + self.title

    @property
    def beats(self) -> list[tuple[BeatSpan, BeatLines]]:
        return list(zip(self.file.beats, self.lines, strict=True))


@dataclass(frozen=True)
class Finding:
    """One breach of a layout rule, or a jump in the motion."""

    scene: str
    beat: str
    rule: str
    message: str
    where: str
    seconds: float | None = None  # of the scene; None: at the end of the beat
