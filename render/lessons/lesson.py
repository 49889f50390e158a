"""A lesson: scenes in film order with their parameters, training runs, parts, and words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradreel.core.experiment import Experiment
from gradreel.render.lessons.daily_data import DailyData, filled_text, series_in
from gradreel.render.lessons.tables import Knots, with_curve, with_data
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest, Title
from gradreel.scenes.file_names import file_name
from gradreel.scenes.words.languages import title_in
from gradreel.scenes.words.narration import OwnWords


@dataclass(frozen=True)
class Music:
    """Music of the user's own, under the film."""

    file: Path
    under: float = 20.0  # LU softer than the voice
    plays: str | tuple[str, ...] = "parts"  # or "throughout", or scenes and beats by name, such as "loss/sum"


@dataclass(frozen=True)
class Poster:
    """The moment that the video's poster shows: the end of a beat."""

    scene: str
    beat: str | None = None  # None: the scene's first


@dataclass(frozen=True)
class Lesson:
    """Scenes in film order, each once, and the training runs that they name."""

    name: str
    title: Title
    scenes: tuple[SceneRequest, ...]
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    poster: Poster | None = None
    data: DailyData | None = None  # in the place of all daily views that its scenes show
    curve: Knots = ()  # in the place of the lecture's red curve, in all scenes that show that; (): it stays
    curve_file: str = ""  # that the curve was read from
    own_options: frozenset[str] = frozenset()  # "data", "curve": an option named the file, not the lesson file
    words: OwnWords | None = None  # over the narration of ours
    description: Title = field(default_factory=dict)  # what it is about, for whoever may watch it
    tags: tuple[str, ...] = ()
    voices: Mapping[str, str] = field(default_factory=dict)  # by language, see `render.voice.choice`
    languages: tuple[str, ...] = ()  # of its film, see `only_language`; (): not said
    file: Path = Path()  # that it was read from
    picked: bool = False  # scenes were asked for by name
    music: Music | None = None
    span: str = ""  # what files of a stretch of it have after its name, such as "--loss--relu"; "": all its scenes

    def __post_init__(self) -> None:
        """Raise UserError if the lesson's name, or that of a scene's file, cannot name a folder of videos."""
        file_name(self.name, f"{self.file}: a lesson called")
        for scene in self.scenes:
            file_name(self.group(scene.name), f"{scene.source.file}: a file of scenes called")

    def with_own(self, data: DailyData | None, curve: tuple[Knots, str] | None) -> Lesson:
        """Return the lesson with the user's daily views, and the red curve of a file; None leaves those it has."""
        knots, file = curve or (self.curve, self.curve_file)
        named = frozenset(name for name, value in (("data", data), ("curve", curve)) if value)
        return replace(self, data=data or self.data, curve=knots, curve_file=file, own_options=named)

    @property
    def only_language(self) -> str | None:
        """Return the only language of the lesson's words and titles; None if there are several, or no words.

        A lesson without words of its own has ours, which are in all languages.
        """
        if self.words is None or not any(self.words.scenes.values()):
            return None
        titles = [self.title, self.description, *(scene.part for scene in self.scenes if scene.part is not None)]
        codes = {code for code, scenes in self.words.scenes.items() if scenes}.union(*titles)
        return codes.pop() if len(codes) == 1 else None

    def title_in(self, language: str) -> str:
        return title_in(self.title, language) or self.name

    def description_in(self, language: str) -> str:
        return title_in(self.description, language) if self.description else ""

    def group(self, scene: str) -> str:
        """Return the folder name for a scene's files: the lesson's name, or the stem of a user's own scene file."""
        request = next(request for request in self.scenes if request.name == scene)
        return self.name if self.owns_files_of(request) else request.source.file.stem

    @staticmethod
    def owns_files_of(request: SceneRequest) -> bool:
        """Return whether a scene's files belong to the lesson: it has the scene, or the scene is one of ours."""
        return request.stands_in_lesson or request.source.is_ours

    def parts(self, language: str) -> dict[str, str]:
        """Return each part's title, in film order, by the name of the scene that it begins with."""
        begins: dict[str, str] = {}
        previous_part: Title | None = None
        for scene in self.scenes:
            if scene.part is not None and scene.part is not previous_part:
                begins[scene.name] = title_in(scene.part, language)
            previous_part = scene.part
        return begins

    def run_name(self, experiment: Experiment) -> str | None:
        """Return the lesson's name for ``experiment``; None if it has no name for it."""
        for name, run in self.experiments.items():
            plain = run.model_dump(mode="json")
            shown = with_curve(with_data(plain, self.data.fields if self.data else {}), self.curve)
            if experiment == (Experiment.model_validate(shown) if shown != plain else run):
                return name
        return None

    def filled_days(self) -> list[str]:
        """Return a message for each file of daily views with missing days: which days were filled."""
        settings = [run.model_dump(mode="json") for run in self.experiments.values()]
        settings += [dict(values) for scene in self.scenes for values in (scene.parameters, scene.changes)]
        series = [self.data.series] if self.data else list(series_in(settings))
        return [text for text in dict.fromkeys(map(filled_text, series)) if text]

    def requests(self, settings: RenderSettings) -> list[SceneRequest]:
        """Return the scenes with all that was said of them.

        The first scene opens the film. Among scenes that were picked, a scene of the lesson stays as it is in the
        lesson's film, so that both share its clip.
        """
        data = self.data.fields if self.data else {}
        return [
            replace(
                scene,
                settings=settings,
                opens_film=scene.opens_film if self.picked else number == 0,
                experiments=self.experiments,
                words=self.words,
                data=data,
                curve=self.curve,
                curve_file=self.curve_file,
            )
            for number, scene in enumerate(self.scenes)
        ]
