"""The one class that every lecture scene is: typed parameters, beats, narration, recorded runs.

    class BuildCurve(LectureScene):
        class Parameters(LectureScene.Parameters):
            knots: ... = Field(..., description="...")

        def construct(self) -> None:
            with self.beat("constant", value="1"):
                self.play(...)

A beat is one sentence of the narration and what moves meanwhile. It lasts at least as long as that takes to be spoken,
or to be read, in the language that takes longest; from beats come subtitles, chapters, stills, slide breaks and
snapshot frames: one timeline. Marks in a line tie its words to the picture (`LectureScene.until`).

In the breath after the last line, the heading leaves softly, and with it what the next scene doesn't begin with, where
a scene says what that is (`LectureScene.hand_on`): no picture is exchanged within one frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError, problems_in
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.scenes.catalog import kebab_name
from gradreel.scenes.file_names import file_name
from gradreel.scenes.mobjects.headings import headings_among, next_heading
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import palette, use_theme
from gradreel.scenes.themes import DEFAULT_THEME
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.claims import Claim
from gradreel.scenes.words.languages import DEFAULT_LANGUAGE, LANGUAGES
from gradreel.scenes.words.mark_places import MarkedLine
from gradreel.scenes.words.marks import BeatLines, cut
from gradreel.scenes.words.narration import Narration, NarrationError, check_language, general_name
from gradreel.scenes.words.narration_fields import plain_values
from gradreel.scenes.words.stretch_times import StretchTimes, reading_times
from manim import Animation, FadeOut, Mobject, Scene, config
from pydantic import BaseModel, ConfigDict, ValidationError

HOLD = 1.0  # seconds that a result stays before the next beat
BREATH = 0.4  # seconds of silence after a line has been read
LONGEST_VALUE = 60  # characters of a value that an error shows
LECTURE = "gradreel.scenes.lecture."  # modules of the scenes that the lesson shows
HAIR = 1e-6  # seconds: next to a whole number of frames, on its right side


@dataclass(frozen=True)
class SceneContext:
    """How a scene is shown, apart from its parameters: the same for all scenes of one video."""

    language: str = DEFAULT_LANGUAGE
    subtitle_languages: tuple[str, ...] = tuple(LANGUAGES)
    theme: str = DEFAULT_THEME
    media_dir: Path = field(default_factory=lambda: Path(config.media_dir))
    first_beat: str | None = None
    last_beat: str | None = None
    speech: Mapping[str, Sequence[float]] = field(
        default_factory=dict
    )  # by beat: seconds of each stretch of its line; one that is not in it takes the time to be read

    @property
    def traces(self) -> Path:
        return self.media_dir / "traces"


@dataclass(frozen=True)
class Beat:
    """One beat of a clip: its name, where it starts and ends (seconds of the clip), what is said in it."""

    name: str
    start: float
    end: float
    said: BeatLines
    values: dict[str, Any] | None  # what filled its line; None: the scene gave it in place
    marks: dict[str, int]  # the frame of the beat in which what is after each mark begins
    motion: int  # frames of the beat in which the scene played and waited; the rest waits for words
    claims: tuple[Claim, ...] = ()  # what its line says of numbers

    @property
    def lines(self) -> dict[str, str]:
        """Its line in each language, without marks."""
        return self.said.printed


class LectureScene(Scene):
    """A Manim scene with parameters, beats and recorded runs. Subclasses write ``Parameters`` and ``construct``."""

    class Parameters(BaseModel):
        """What a user can set. Frozen; every field has a description, and bounds where there are any."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    title: TextMobject | None = None  # the heading that is shown, see `next_heading`
    instead_of: ClassVar[Mapping[str, str]] = {}
    """Parameters of type Experiment, and the one of type TraceFolder that is shown instead when it is given."""

    def __init__(
        self,
        *args: Any,
        parameters: Mapping[str, Any] | BaseModel | None = None,
        context: SceneContext | None = None,
        **kwargs: Any,
    ) -> None:
        self.context = context or SceneContext()
        self.parameters = self.validated(parameters or {})
        self.words_of = Narration.load((*self.context.subtitle_languages, self.context.language))
        self.beats: list[Beat] = []
        self.after_beat: Callable[[Scene, str], None] | None = None
        self._traces: dict[str, Trace] = {}
        self._ended = False  # the last beat asked for is over
        self._skipped = 0.0  # seconds of beats that were not asked for
        self.begun_beats: list[str] = []  # names, in order, of those not asked for, too
        self._open_beat: tuple[str, float, StretchTimes] | None = None  # its name, when it began, its stretches
        self._held_beat: str | None = None  # the beat whose last BREATH is still to come
        self._handed_on: tuple[Mobject, ...] | None = None
        use_theme(self.context.theme)
        super().__init__(*args, **kwargs)
        self.camera.background_color = palette.background

    # -- parameters ------------------------------------------------------------------------------------------------

    @classmethod
    def scene_name(cls) -> str:
        return kebab_name(cls.__name__)

    @classmethod
    def validated(cls, parameters: Mapping[str, Any] | BaseModel) -> Any:
        """``parameters`` as this scene's ``Parameters``. Raises UserError naming scene, field, value and bound."""
        if isinstance(parameters, cls.Parameters):
            return parameters
        raw = parameters.model_dump() if isinstance(parameters, BaseModel) else dict(parameters)
        try:
            return cls.Parameters.model_validate(raw)
        except ValidationError as error:
            raise UserError(cls._explain(error)) from None

    @classmethod
    def _explain(cls, error: ValidationError) -> str:
        name = cls.scene_name()
        lines = []
        for problem in problems_in(error):
            where = ".".join(str(part) for part in problem["loc"]) or "parameters"
            if problem["type"] == "extra_forbidden":
                known = ", ".join(cls.Parameters.model_fields) or "none"
                lines.append(f"{name} has no parameter {where!r}; it has {known}")
            else:
                reason = problem["msg"].removeprefix("Value error, ")
                lines.append(f"{name}.{where}: {reason}{_as_given(problem['input'])}")
        return "\n".join([*lines, f"`gradreel describe {name}` shows the parameters of {name}"])

    @classmethod
    def experiments(cls, parameters: BaseModel) -> dict[str, Experiment]:
        """The training runs that the scene shows: its parameters of type Experiment, by field.

        A scene that shows one run, and has been given a trace instead, needs none: see ``instead_of``. One that shows
        many runs, made from plainer parameters, overrides this and names each.
        """
        instead = {run for run, folder in cls.instead_of.items() if getattr(parameters, folder) is not None}
        fields = {name: getattr(parameters, name) for name in type(parameters).model_fields if name not in instead}
        return {name: value for name, value in fields.items() if isinstance(value, Experiment)}

    @classmethod
    def trace_folders(cls, parameters: BaseModel) -> dict[str, TraceFolder]:
        """The traces that were given by their paths, by field."""
        fields = {name: getattr(parameters, name) for name in type(parameters).model_fields}
        return {name: value for name, value in fields.items() if isinstance(value, TraceFolder)}

    def trace(self, name: str) -> Trace:
        """The recorded run that `experiments` calls ``name``, or of the TraceFolder in the parameter of this name.

        A run with a folder in its stead (``instead_of``) is the trace in that folder. Raises TraceError, naming the
        command that mends it, when the run has not been recorded or is damaged: what is shown was recorded, to the
        last bit.
        """
        folder = self.instead_of.get(name)
        if folder is not None and getattr(self.parameters, folder) is not None:
            name = folder
        if name not in self._traces:
            folder_given = self.trace_folders(self.parameters).get(name)
            if folder_given is not None:
                self._traces[name] = folder_given.open()
            else:
                run = self.experiments(self.parameters)[name]
                self._traces[name] = Trace.find(self.context.traces, run, checksums=True)
        return self._traces[name]

    # -- words -----------------------------------------------------------------------------------------------------

    @classmethod
    def narrated_as(cls, narration: Narration) -> str:
        """Whose words the scene has: its own name's, or those of the nearest scene that it is derived from."""
        names = [kebab_name(base.__name__) for base in cls.__mro__ if issubclass(base, LectureScene)]
        return next((name for name in names if any(name in words for words in narration.scenes.values())), names[0])

    @cached_property
    def other_data(self) -> bool:
        """Whether a scene of the lecture shows other data, runs or parameters than its defaults.

        The lesson shows the defaults. For other data no claim is checked: lines may name what only the lesson's data
        have. A scene of one's own has no lesson to compare with, so this is False.
        """
        whose = self.narrated_as(self.words_of)
        ours = next((base for base in type(self).__mro__ if kebab_name(base.__name__) == whose), type(self))
        if not ours.__module__.startswith(LECTURE):
            return False
        assert issubclass(ours, LectureScene)
        lesson = ours.Parameters()
        shown = {name: getattr(self.parameters, name) for name in ours.Parameters.model_fields}
        return shown != dict(lesson) or self.experiments(self.parameters) != ours.experiments(lesson)

    def claims(self) -> Iterable[Claim]:
        """Return what the lines of this scene say of the numbers that it shows, each with its condition.

        Use parameters and traces alone: it is called before the scene is played. It is called at most once, and not
        for `other_data`.
        """
        return ()

    @cached_property
    def checked_claims(self) -> tuple[Claim, ...]:
        """The `claims` of this scene, computed once; () for `other_data`."""
        return () if self.other_data else tuple(self.claims())

    def claims_of(self, beat: str) -> tuple[Claim, ...]:
        """Return the claims that the line of ``beat`` makes; those of ``piece`` belong to ``piece-3``, too."""
        return tuple(each for each in self.checked_claims if each.beat in (beat, general_name(beat)))

    def holds(self, beat: str) -> bool:
        """Return whether all claims of the line of ``beat`` hold; False for `other_data`.

        Where it is False, the neutral line is said. A scene also asks it before it shows what only a claim allows.
        """
        return not self.other_data and all(each.holds for each in self.claims_of(beat))

    def screen(self, key: str, **values: Any) -> str:
        """The on-screen words ``key`` of this scene in the video's language."""
        return self.words_of.screen(self.narrated_as(self.words_of), key, self.context.language, values)

    def screen_of(self, scene: str) -> Callable[[str], str]:
        """Return a function that takes a key and returns the screen text of another ``scene``, in the film's language.

        Write the scene's name in quotes where you call this. The renderer finds it there, in the source: a changed text
        of that scene then makes this scene's clip stale.
        """
        look_up = self.words_of.screen  # called by another name: here the renderer must not look for a section
        return lambda key: look_up(scene, key, self.context.language)

    def next_heading(self, text: str) -> list[Animation]:
        """Animations that bring a heading, to be played together: `title` is the new one, the old one is gone first."""
        self.title, animations = next_heading(text, self.title)
        return animations

    # -- beats -----------------------------------------------------------------------------------------------------

    @contextmanager
    def beat(self, name: str, say: str | Mapping[str, str] | None = None, **values: Any) -> Iterator[None]:
        """Begin one sentence of the narration, and what moves meanwhile.

        ``name`` carries the outcome that the line claims, if it claims one ("end-close-better"); the beat keeps its
        name where the claim does not hold.

        The line comes from the narration files by scene and beat. ``values`` fill its ``{fields}``: texts, numbers or a
        Count, so that a corrected line can be filled without the scene. Unless its claims hold (`holds`), the neutral
        line is said, where there is one. In a scene of one's own, ``say`` gives the line in place: a text in the
        video's language, or texts by language, ``{"en": "It rises.", "zh": "它往上走。"}``. The beat waits until its
        line has been spoken, or read, in the language that takes longest.
        Raises UserError for a beat without narration, inside another beat, with the name of an earlier one or one that
        cannot be its picture's, for a value that cannot fill a line, and for a ``say`` that is no text.
        """
        self._refuse_beat(name)
        file_name(name, f"{self.scene_name()}: a beat called")
        where = f"{self.scene_name()}: beat {name!r}"
        if say is None:
            values = plain_values(values, where) | {"neutral": not self.holds(name)}
            lines = self.words_of.lines(self.narrated_as(self.words_of), name, values)
        else:
            lines = self._said(say, where)
        shown = self._enter(name)
        start = self.time
        times = StretchTimes(lines.marks, self._seconds(name, lines), self.camera.frame_rate)
        self._open_beat = name, start, times
        try:
            yield
        except (Exception, SystemExit) as error:
            error.add_note(f"in beat {name}")
            raise
        finally:
            self._open_beat = None
        motion = round((self.time - start) * times.rate)
        times.finish()
        seconds = self._whole_frames(max(HOLD, times.over + BREATH - (self.time - start)))
        end = self.time + seconds
        self.wait(self._whole_frames(seconds - self._last_breath()))
        self._held_beat = name
        if self.renderer.skip_animations:  # the picture is wanted, and no frame on the way to it
            self._release_beat()
        if shown:
            filled = values if say is None else None
            begins, ends = start - self._skipped, end - self._skipped
            claims = self.claims_of(name) if say is None else ()
            self.beats.append(Beat(name, begins, ends, lines, filled, times.of_marks, motion, claims))
        else:
            self._skipped += end - start

    def _said(self, say: str | Mapping[str, str], where: str) -> BeatLines:
        """Return the line of ``say=…``, in those of the film's languages that ``say`` has."""
        texts = {self.context.language: say} if isinstance(say, str) else say
        if not isinstance(texts, Mapping) or not texts or not all(isinstance(text, str) for text in texts.values()):
            raise UserError(f'{where}: say={say!r}: a text was needed, or texts by language: {{"en": "It rises."}}')
        for language in texts:
            check_language(language, f"{where}: say: ")
        lines = {
            language: MarkedLine(language, *cut(texts[language]))
            for language in self.words_of.languages
            if language in texts
        }
        lines = self.words_of.with_all_marks(where, lines)
        marks = next((line.marks for line in lines.values()), ())
        return BeatLines(marks, {language: line.stretches for language, line in lines.items()})

    def until(self, mark: str) -> None:
        """Wait, inside a beat, until its words are at ``mark``; what is said after it begins with the next frame.

        Until all that stands before the mark has been said, or read, in every language. If the picture comes later than
        that, the words after the mark have waited for it. A line without the mark, such as somebody's own, is not
        waited for. Raises UserError outside of a beat.
        """
        if self._open_beat is None:
            raise UserError(
                f"{self.scene_name()}: until({mark!r}) stands outside of a beat; it waits for a beat's words"
            )
        _, start, times = self._open_beat
        now = round((self.time - start) * times.rate)
        if (frame := times.begin(mark, now)) > now:
            self.wait(self._whole_frames((frame - now) / times.rate))

    def hand_on(self, *mobjects: Mobject) -> None:
        """Say what the next scene begins with: when this one is over, everything else leaves softly.

        Nothing handed on: everything leaves. Never called: the heading does, and all the rest stays.
        """
        self._handed_on = mobjects

    def remains(self) -> list[Mobject]:
        """What is still on the screen when the scene is over: where the next one begins."""
        gone = {id(part) for mobject in self._not_handed_on() for part in mobject.get_family()}
        return _without(self.mobjects, gone)

    def tear_down(self) -> None:
        """The scene is over: its last beat ends, and in the breath that this one has left, things leave."""
        if self._held_beat is not None and (leaving := self._not_handed_on()):
            self._tell_beat_is_over()
            self.play(*map(FadeOut, leaving), run_time=BREATH - HAIR)  # Manim rounds an animation's frames up
        else:
            self._release_beat()
        super().tear_down()

    def _not_handed_on(self) -> list[Mobject]:
        if self._handed_on is None:
            return headings_among(self.mobjects)
        kept = {id(part) for mobject in self._handed_on for part in mobject.get_family()}
        return _without(self.mobjects, kept)

    def _release_beat(self) -> None:
        """The breath that a beat has left, if it is still to come."""
        if self._held_beat is not None:
            self.wait(self._last_breath())
            self._tell_beat_is_over()

    def _tell_beat_is_over(self) -> None:
        if self.after_beat is not None and self._held_beat is not None:
            self.after_beat(self, self._held_beat)
        self._held_beat = None

    def _last_breath(self) -> float:
        return self._whole_frames(BREATH)

    def _refuse_beat(self, name: str) -> None:
        if self._open_beat is not None:
            raise UserError(
                f"{self.scene_name()}: beat {name!r} begins inside beat {self._open_beat[0]!r}; each needs a stretch "
                "of its own: end the one before the next begins"
            )
        if name in self.begun_beats:
            raise UserError(
                f"{self.scene_name()}: beat {name!r} comes twice; stills, snapshots and -n know a beat by its name: "
                "give each its own"
            )
        self.begun_beats.append(name)

    def _seconds(self, name: str, lines: BeatLines) -> Sequence[float]:
        """Seconds of each stretch of a beat's line, as it is spoken or else read."""
        seconds = self.context.speech.get(name)
        if seconds is None:
            return reading_times(lines) or (0.0,) * (len(lines.marks) + 1)
        if len(seconds) != len(lines.marks) + 1:
            raise NarrationError(
                f"{self.scene_name()}: beat {name!r} has other marks than when it was spoken;"
                " run the same command again"
            )
        return seconds

    def _enter(self, name: str) -> bool:
        """Whether beat ``name`` was asked for. Others are played without frames: what they leave is needed."""
        self._release_beat()  # the one before
        first, last = self.context.first_beat, self.context.last_beat
        started = first is None or name == first or bool(self.beats)
        ended = last is not None and bool(self.beats) and self.beats[-1].name == last
        self._ended = self._ended or ended
        shown = started and not self._ended
        self.next_section(name, skip_animations=not shown)
        return shown

    def _whole_frames(self, seconds: float) -> float:
        """``seconds`` rounded up to whole frames, a hair over: Manim counts frames by rounding down."""
        rate: float = self.camera.frame_rate
        return (int(seconds * rate + 0.999) + 1e-4) / rate


def need_curve(scene: str, run: Experiment) -> None:
    """Raises ValueError unless ``run`` learns a curve, which ``scene`` draws."""
    if not isinstance(run.dataset, CurveDataset):
        raise ValueError(
            f'run.dataset: {scene} draws the curve that the network learns, so it needs a dataset of kind "curve", '
            f"not {run.dataset.kind}; loss-curve shows a run on any data"
        )


def _as_given(value: Any) -> str:
    """What was given, in brackets: a long text is cut; a long list or object says little and is left out."""
    text = repr(value)
    if len(text) > LONGEST_VALUE:
        if not isinstance(value, str | int | float):
            return ""
        text = text[: LONGEST_VALUE - 1] + "…"
    return f" (got {text})"


def _without(mobjects: Sequence[Mobject], kept: set[int]) -> list[Mobject]:
    """Those of ``mobjects``, or of their parts, that hold nothing of what is ``kept`` (ids)."""
    found: list[Mobject] = []
    for mobject in mobjects:
        if id(mobject) in kept:
            continue
        if kept.isdisjoint(id(part) for part in mobject.get_family()):
            found.append(mobject)
        else:
            found += _without(mobject.submobjects, kept)
    return found
