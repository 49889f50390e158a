"""Defines the data that each stage of the renderer passes to the next: frozen, picklable dataclasses.

stage    module               result            content
parse    `lessons.options`    RenderSettings    how the video is made
resolve  `resolve`            SceneRequest      for each scene of a Lesson: what the lesson and the command line set
inspect  `inspection`         SceneDescription  what the scene's class defines, with checked parameters
plan     `clips.plan`         Plan              which Runs to train, which Clips to draw, which exist
train    `workers.training`   traces            the missing runs on disk
speak    `speech`             Plan              the same plan with spoken lines and their times
render   `frames.worker`      ClipFile          the missing clips on disk, with their beats in frames
publish  `videos.publishing`  Shot              each clip's place in the joined video
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
from gradreel.scenes.words.narration import Narration, OwnWords
from pydantic import Field

if TYPE_CHECKING:
    from gradreel.render.voice.spoken_lines import SpokenStretch  # which loads PyAV

Title = Mapping[str, str]  # by language
SpeechTimes = Mapping[str, tuple[float, ...]]
"""Seconds of each stretch of a line in the language that takes longest, by beat."""
BEFORE_FIRST_WORD = 1.0  # seconds of picture with which a spoken film begins
MOST_OFFSET = 1e6  # seconds, of a sound
MOST_GAIN = 100  # dB
MOST_SECONDS = 1e6  # of a subcaption's start and end
MOST_CHARACTERS = 10_000  # of a subcaption


class SceneError(UserError):
    """Raised when a scene raises while it plays, or when its worker dies; the message shows the user's own lines."""

    exit_code = 1


@dataclass(frozen=True)
class SceneRequest:
    """A scene with everything that the lesson and the command line set for it, not checked yet.

    Checks need the scene's class. `describe` starts from the class's defaults; later fields override earlier ones:
    ``parameters``, then ``data`` and ``curve``, then ``changes``. In the request of a planned `Clip`, ``parameters``
    has the checked result and the other three are empty.
    """

    source: SceneSource
    settings: RenderSettings = field(default_factory=RenderSettings)  # see `Lesson.requests`
    parameters: Mapping[str, Any] = field(default_factory=dict)  # the lesson's, as JSON; a text may name an experiment
    experiments: Mapping[str, Experiment] = field(default_factory=dict)  # the lesson's, by name
    words: OwnWords | None = None  # the lesson's own words, which override our narration
    files: Mapping[str, str] = field(default_factory=dict)  # file of each parameter, see `lessons.tables.file_of`
    data: Mapping[str, Any] = field(default_factory=dict)  # --data: fields of every dataset of daily views
    curve: tuple[tuple[float, float], ...] = ()  # replaces the lecture's red curve; empty: keep it
    curve_file: str = ""  # the file that ``curve`` was read from
    changes: Mapping[str, Any] = field(default_factory=dict)  # --set, as JSON
    part: Title | None = None  # title of the lesson's part
    stands_in_lesson: bool = True  # False: only the command line names it
    opens_film: bool = False  # a film begins with it: its first word comes after `BEFORE_FIRST_WORD`
    speech: SpeechTimes = field(default_factory=dict)  # times of the requested beats; {}: nothing is spoken

    @property
    def name(self) -> str:
        """Return the scene's name, such as "build-curve"."""
        return self.source.name

    def narration(self) -> Narration:
        """Return the words of all scenes in the film's languages; the lesson's own words override ours."""
        return Narration.load((*self.settings.subtitle_languages, self.settings.language)).with_words(self.words)

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
    """A scene as the worker reads it from its class: documentation, checked parameters, training runs and beats."""

    name: str
    doc: str
    parameters: dict[str, Any]  # every field with its value, as JSON
    rows: tuple[ParameterRow, ...]
    experiments: dict[str, Experiment]  # by the parameter that holds it
    beats: tuple[str, ...]  # as in the source: "piece-{k}" stands for several
    is_lecture_scene: bool  # False: a plain Manim Scene, without parameters and beats
    traces: dict[str, str] = field(default_factory=dict)  # by parameter: the trace folder that the user set
    narrated_as: str = ""  # the scene's key in the narration files; "": it has no words there
    paths: tuple[str, ...] = ()  # other files and folders that parameters were set to, if not their defaults


@dataclass(frozen=True)
class Run:
    """A training run without a recorded trace."""

    experiment: Experiment
    shown_by: Mapping[str, str]  # by scene: the name of the parameter that holds the run
    path: Path  # where its trace will be written

    @property
    def name(self) -> str:
        """Return the first scene that shows it, and the parameter there: "gradient-descent (run)"."""
        scene, parameter = next(iter(self.shown_by.items()))
        return f"{scene} ({parameter})"


@dataclass(frozen=True)
class Clip:
    """The planned clip of one scene, existing or not."""

    request: SceneRequest  # its parameters are checked and complete
    experiments: Mapping[str, Experiment]  # by parameter
    parts: Mapping[str, Any]  # all inputs that are known before it is drawn; their digest is its key
    path: Path | None = None  # the up-to-date clip on disk; None: there is none
    why: str = ""  # why it must be rendered; "" if it is up to date
    expected_frames: int = 0  # from an earlier clip of the scene or from its narration; 0: unknown
    runs_recorded: bool = True  # False: some runs must be trained first
    narrated_as: str = ""  # the scene's key in the narration files; "": a plain Manim scene
    speech: Mapping[str, Mapping[str, tuple[SpokenStretch, ...]]] = field(
        default_factory=dict
    )  # by beat and language: the sounds of its line, one for each stretch; they do not change the frames
    paths: tuple[str, ...] = ()  # `SceneDescription.paths`

    @property
    def scene(self) -> str:
        """Return the scene's name."""
        return self.request.name

    @property
    def up_to_date(self) -> bool:
        """Return whether the clip on disk can be used as it is."""
        return not self.why

    def words_start(self, beat: BeatSpan, number: int) -> int:
        """Return the frame of the clip with which the spoken words of beat ``number`` begin; the first is number 0."""
        opens = self.request.opens_film and number == 0 and beat.name in self.speech
        return beat.start + (round(BEFORE_FIRST_WORD * self.request.settings.fps) if opens else 0)

    @property
    def file_stem(self) -> str:
        """Return the stem of the clip's published files: ``loss-curve``, or ``loss-curve--runs--mine``.

        The words after the scene's name come from the trace folders and files that the user set.
        """
        folders = [self.request.parameters[name] for name in self.parts["traces"] if name not in self.experiments]
        return "--".join([self.scene, *(TraceFolder(folder).file_stem for folder in (*folders, *self.paths))])


@dataclass(frozen=True)
class Plan:
    """The clips of a video in film order, and the runs to train before them."""

    runs: tuple[Run, ...]
    clips: tuple[Clip, ...]
    unspoken: Mapping[str, int] = field(default_factory=dict)  # by language: lines that must be spoken first
    unheard: tuple[str, ...] = ()  # scenes not listened to yet; ``unspoken`` counts all their lines
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)  # by scene, if its runs are recorded
    unsaid: tuple[str, ...] = ()  # messages on lines of the user's that no beat says, see `never_said`

    @property
    def out_of_date(self) -> tuple[Clip, ...]:
        """Return the clips that must be rendered."""
        return tuple(clip for clip in self.clips if not clip.up_to_date)


@dataclass(frozen=True)
class BeatSpan:
    """A beat of a played scene: frames ``start`` up to ``end`` of its clip, its lines, and the values of its fields."""

    name: str
    start: int
    end: int
    lines: dict[str, str]  # by language, with their marks
    values: dict[str, Any]
    from_narration: bool  # False: the scene's source has the line
    marks: Mapping[str, int] = field(default_factory=dict)  # by mark: the frame at which the words after it begin
    motion: int | None = None  # the frame at which its own motion ends; None: not measured
    claims: tuple[Claim, ...] = ()  # statements of its lines about the scene's numbers

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> BeatSpan:
        """Return the beat from a clip's description. Raises KeyError or TypeError if ``content`` is not a beat."""
        return cls(**{**content, "claims": tuple(Claim(**claim) for claim in content.get("claims", ()))})


@dataclass(frozen=True)
class SceneWords:
    """All beats of a scene with the values in their lines. The frames of these beats are not counted."""

    name: str
    beats: tuple[BeatSpan, ...]


@dataclass(frozen=True)
class ClipSound:
    """A sound that a scene added; it begins ``offset`` seconds after the clip's frame ``frame``.

    The clip's own file has no sound. The bounds check descriptions and workers' answers.
    """

    file: str  # a name as in `Dependencies.files`
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
    """Frames of a clip: at ``start`` everything visible leaves, and nothing new appears before ``end``.

    If a beat begins with its leaving, ``start`` is one frame later, so that the beat has a frame with its picture.
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
    wall_seconds: float  # how long it took to render
    sounds: tuple[ClipSound, ...] = ()  # mixed into the video's sound later
    subcaptions: tuple[Subcaption, ...] = ()
    emptied: tuple[EmptyStretch, ...] = ()

    @property
    def seconds(self) -> float:
        """Return the clip's length."""
        return self.frames / self.fps

    def end_before_clearing(self, start: int, end: int) -> int:
        """Return the frame at which the picture begins to empty, if it is empty at ``end``; else ``end``.

        A picture that began to empty before ``start`` counts as not emptied.
        """
        return next((empty.start for empty in self.emptied if start < empty.start < end <= empty.end), end)

    def as_json(self) -> dict[str, Any]:
        """Return all fields but ``path``, as plain data. The description's own file name implies the path."""
        content = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in content.items() if name != "path"}

    @classmethod
    def from_json(cls, content: Mapping[str, Any], path: Path) -> ClipFile:
        """Return the clip at ``path`` from its description. Raises KeyError or TypeError if that describes no clip."""
        beats = tuple(map(BeatSpan.from_json, content["beats"]))
        sounds = tuple(ClipSound(**sound) for sound in content["sounds"])
        subcaptions = tuple(Subcaption(**subcaption) for subcaption in content["subcaptions"])
        emptied = tuple(EmptyStretch(**stretch) for stretch in content["emptied"])
        numbers = {name: content[name] for name in ("frames", "fps", "wall_seconds")}
        return cls(path=path, beats=beats, sounds=sounds, subcaptions=subcaptions, emptied=emptied, **numbers)


@dataclass(frozen=True)
class Shot:
    """A clip's place in the video, frames ``start`` up to ``end``, with its lines as the narration has them now."""

    clip: Clip
    file: ClipFile
    title: str
    begins: str  # the title of the lesson's part that begins here; "" if none does
    start: int
    end: int
    lines: tuple[BeatLines, ...]  # one for each beat

    def chapter(self, language: str) -> str:
        """Return the chapter's title; the first scene of a part has the part's title before its own."""
        if self.begins in ("", self.title):
            return self.title
        return self.begins + LANGUAGES[language].colon + self.title

    @property
    def beats(self) -> list[tuple[BeatSpan, BeatLines]]:
        """Return each beat with its lines."""
        return list(zip(self.file.beats, self.lines, strict=True))


@dataclass(frozen=True)
class Finding:
    """One breach of a layout rule, or a jump in the motion."""

    scene: str
    beat: str
    rule: str
    message: str
    where: str
    seconds: float | None = None  # time in the scene; None: at the end of the beat
