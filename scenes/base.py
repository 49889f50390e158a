"""The base class of lecture scenes: typed parameters, beats, narration, recorded runs.

    class BuildCurve(LectureScene):
        class Parameters(LectureScene.Parameters):
            knots: ... = Field(..., description="...")

        def construct(self) -> None:
            with self.beat("constant", value="1"):
                self.play(...)

A beat is one sentence of the narration and the motion during it. It lasts as long as its motion, and at least as long
as its line takes in the slowest language. Subtitles, chapters, stills, slides and snapshots all come from beats: one
timeline. Motion waits for the marks in a line (`LectureScene.until`).

In the silence after the last line the heading fades out. If the scene calls `LectureScene.hand_on`, everything that it
does not hand on fades out too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError, check_encodable, problems_in
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
PAUSES = {"short": 0.25, "breath": 0.6, "long": 1.6}
"""Seconds after a line has been spoken or read: inside an argument, between two ideas, to think about what was said."""
FADE = 0.4  # seconds at the end of a scene in which leaves what is not handed on
LONGEST_VALUE = 60  # characters of a value that an error shows
LECTURE = "gradreel.scenes.lecture."  # the modules of the lecture's scenes begin so
HAIR = 1e-6  # seconds, taken from a time so that rounding up adds no frame


@dataclass(frozen=True)
class SceneContext:
    """Settings that are the same for all scenes of one video: language, theme, folders, beats, speech."""

    language: str = DEFAULT_LANGUAGE
    subtitle_languages: tuple[str, ...] = tuple(LANGUAGES)
    theme: str = DEFAULT_THEME
    media_dir: Path = field(default_factory=lambda: Path(config.media_dir))
    first_beat: str | None = None
    last_beat: str | None = None
    speech: Mapping[str, Sequence[float]] = field(
        default_factory=dict
    )  # by beat: seconds of each stretch of its line; the lines of other beats take as long as reading them

    @property
    def traces(self) -> Path:
        """Return the folder of the recorded runs."""
        return self.media_dir / "traces"


@dataclass(frozen=True)
class Beat:
    """One beat of a clip: its name, its start and end in seconds of the clip, and its line."""

    name: str
    start: float
    end: float
    said: BeatLines
    values: dict[str, Any] | None  # the values of the line's fields; None if the line came from ``say``
    marks: dict[str, int]  # by mark: the frame of the beat in which the words after it begin
    motion: int  # frames of the beat until its motion ended; the remaining frames wait for the words
    claims: tuple[Claim, ...] = ()  # the claims of its line

    @property
    def lines(self) -> dict[str, str]:
        """Return its line in each language, without marks."""
        return self.said.printed


class LectureScene(Scene):
    """A Manim scene with parameters, beats and recorded runs. Subclasses define ``Parameters`` and ``construct``.

    Parameters
    ----------
    parameters
        Values for the fields of the subclass's ``Parameters``; fields that are left out keep their defaults.
    context
        Language, theme, folder of the runs. By default English, the dark theme and Manim's media folder.
    *args, **kwargs
        Arguments of ``manim.Scene``.

    Attributes
    ----------
    parameters : Parameters
        The checked parameters, frozen.
    beats : list of Beat
        The beats that have been played, in order.

    Raises
    ------
    UserError
        A parameter is unknown, of the wrong type or out of bounds; the message names scene, field and value.

    Examples
    --------
    >>> from gradreel.scenes import LectureScene, Plot, palette, text
    >>> from pydantic import Field
    >>> class Slope(LectureScene):
    ...     class Parameters(LectureScene.Parameters):
    ...         w: float = Field(2.0, ge=-5, le=5, description="Slope of the line")
    ...
    ...     def construct(self):
    ...         plot = Plot((0, 1), (-5, 5), left=-5, right=5, bottom=-3, top=2)
    ...         with self.beat("line", say="This is a line."):
    ...             self.add(plot, plot.curve([0, 1], [0, self.parameters.w], palette.blue))
    >>> Slope.scene_name(), Slope.validated({"w": 3}).w
    ('slope', 3.0)
    >>> Slope.validated({"w": 9})
    Traceback (most recent call last):
        ...
    gradreel.core.errors.UserError: slope.w: Input should be less than or equal to 5 (got 9)
    `gradreel describe slope` shows the parameters of slope

    `gradreel render my_scene.py:Slope --set slope.w=3` renders this scene. Plain ``manim`` renders it too.
    """

    class Parameters(BaseModel):
        """The base of every scene's parameters: frozen, without fields.

        Each field of a subclass has a description, and bounds if its values have any.
        """

        model_config = ConfigDict(frozen=True, extra="forbid")

    title: TextMobject | None = None  # the current heading, see `next_heading`
    instead_of: ClassVar[Mapping[str, str]] = {}
    """For a parameter of type Experiment: the parameter of type TraceFolder that replaces it if it is set."""

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
        self._ended = False  # the last requested beat is over
        self._skipped = 0.0  # seconds of the beats that were not requested
        self.begun_beats: list[str] = []  # names in order, with those of beats that were not requested
        self._open_beat: tuple[str, float, StretchTimes] | None = None  # its name, start in seconds, stretches
        self._held_beat: str | None = None  # the beat whose last ``_held_seconds`` have not been played yet
        self._held_seconds = 0.0
        self._handed_on: tuple[Mobject, ...] | None = None
        self._coming: tuple[Animation, ...] = ()  # play while what is not handed on fades out
        use_theme(self.context.theme)
        super().__init__(*args, **kwargs)
        self.camera.background_color = palette.background

    # -- parameters ------------------------------------------------------------------------------------------------

    @classmethod
    def scene_name(cls) -> str:
        """Return the scene's name on the command line: the class's name in kebab case, such as "build-curve"."""
        return kebab_name(cls.__name__)

    @classmethod
    def validated(cls, parameters: Mapping[str, Any] | BaseModel) -> Any:
        """Return ``parameters`` as this scene's ``Parameters``.

        Raises UserError for an unknown field or a wrong value; the message names scene, field, value and bound.
        """
        if isinstance(parameters, cls.Parameters):
            return parameters
        raw = parameters.model_dump() if isinstance(parameters, BaseModel) else dict(parameters)
        try:
            return cls.Parameters.model_validate(raw)
        except ValidationError as error:
            raise UserError(cls._explain(error)) from None

    @classmethod
    def _explain(cls, error: ValidationError) -> str:
        """Return a line for each problem, then the command that shows the parameters."""
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
        """Return the training runs that the scene shows: its parameters of type Experiment, by field.

        A run that a trace replaces (``instead_of``) is left out. A scene that derives many runs from a few numbers
        overrides this method and names each run.
        """
        instead = {run for run, folder in cls.instead_of.items() if getattr(parameters, folder) is not None}
        fields = {name: getattr(parameters, name) for name in type(parameters).model_fields if name not in instead}
        return {name: value for name, value in fields.items() if isinstance(value, Experiment)}

    @classmethod
    def trace_folders(cls, parameters: BaseModel) -> dict[str, TraceFolder]:
        """Return the parameters of type TraceFolder, by field."""
        fields = {name: getattr(parameters, name) for name in type(parameters).model_fields}
        return {name: value for name, value in fields.items() if isinstance(value, TraceFolder)}

    def trace(self, name: str) -> Trace:
        """Return the recorded run called ``name``.

        Parameters
        ----------
        name
            A name in `experiments`, or a parameter of type TraceFolder. If ``instead_of`` replaces the run, the trace
            in that folder is returned.

        Raises
        ------
        TraceError
            The run has not been recorded, or its trace is damaged. The message names the command that repairs it.
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
        """Return the name under which the scene's lines are looked up.

        That is its own name if the narration has it, or else the name of its nearest base class with lines.
        """
        names = [kebab_name(base.__name__) for base in cls.__mro__ if issubclass(base, LectureScene)]
        return next((name for name in names if any(name in words for words in narration.scenes.values())), names[0])

    @cached_property
    def other_data(self) -> bool:
        """Return whether a scene of the lecture shows data, runs or parameters that differ from its defaults.

        The lecture's lines may name properties of its own data, and its scenes show the defaults. So for other data the
        neutral lines are said, and no claim is checked. For scenes outside the lecture this is False.
        """
        name = self.narrated_as(self.words_of)
        ours = next((base for base in type(self).__mro__ if kebab_name(base.__name__) == name), type(self))
        if not ours.__module__.startswith(LECTURE):
            return False
        assert issubclass(ours, LectureScene)
        lesson = ours.Parameters()
        shown = {name: getattr(self.parameters, name) for name in ours.Parameters.model_fields}
        return shown != dict(lesson) or self.experiments(self.parameters) != ours.experiments(lesson)

    def claims(self) -> Iterable[Claim]:
        """Return what the lines of this scene claim about its numbers, each claim with its condition.

        Compute the conditions from parameters and traces alone: this is called before the scene plays. It is called at
        most once, and never for `other_data`.
        """
        return ()

    @cached_property
    def checked_claims(self) -> tuple[Claim, ...]:
        """Return the `claims` of this scene, computed once; () for `other_data`."""
        return () if self.other_data else tuple(self.claims())

    def claims_of(self, beat: str) -> tuple[Claim, ...]:
        """Return the claims of the line of ``beat``. Claims of ``piece`` belong to ``piece-3`` too."""
        return tuple(claim for claim in self.checked_claims if claim.beat in (beat, general_name(beat)))

    def holds(self, beat: str) -> bool:
        """Return whether all claims of the line of ``beat`` hold; False for `other_data`.

        If it is False, the beat has its neutral line. Ask it too before you draw what is true only if the claim holds.
        """
        return not self.other_data and all(claim.holds for claim in self.claims_of(beat))

    def screen(self, key: str, **values: Any) -> str:
        """Return the on-screen words ``key`` of this scene in the film's language, with ``values`` in their fields."""
        return self.words_of.screen(self.narrated_as(self.words_of), key, self.context.language, values)

    def screen_of(self, scene: str) -> Callable[[str], str]:
        """Return a function that takes a key and returns the screen text of another ``scene``, in the film's language.

        A changed text of that scene then makes this scene's clip stale.
        """
        return lambda key: self.words_of.screen(scene, key, self.context.language)

    def next_heading(self, text: str) -> list[Animation]:
        """Return animations to play together: the old heading fades out, then the new one appears.

        Sets `title` to the new heading, which has the words ``text``.
        """
        self.title, animations = next_heading(text, self.title)
        return animations

    # -- beats -----------------------------------------------------------------------------------------------------

    @contextmanager
    def beat(
        self, name: str, say: str | Mapping[str, str] | None = None, pause: str = "breath", **values: Any
    ) -> Iterator[None]:
        """Play one beat: a line of the narration, and inside ``with`` the motion during it.

        The beat ends after its motion, and a pause after its line has been spoken, or read, in the slowest language.

        Parameters
        ----------
        name
            The beat's name, unique in the scene. If its line claims an outcome, the name says which:
            ``end-close-better``. The name stays the same if the claim does not hold.
        say
            The line itself, for your own scenes: a text in the film's language, or a text for each language:
            ``{"en": "It rises.", "zh": "它往上走。"}``. By default the line comes from the narration files, by scene
            and beat. If a claim does not hold (`holds`), the neutral line is used if the files have one.
        pause
            How long the picture stays after the line: "breath" (0.6 s) between two ideas, "short" (0.25 s) inside an
            argument, "long" (1.6 s) after a question or a surprise.
        **values
            Values for the ``{fields}`` of a line from the narration files: texts, numbers or a Count.

        Raises
        ------
        UserError
            The beat has no line, begins inside another beat, or has the name of an earlier one. Its name cannot be a
            file's name. A value cannot fill a field, ``say`` is neither a text nor texts by language, or there is no
            such pause.

        Examples
        --------
        In ``construct``::

            with self.beat("line", say="[show] This is a line."):
                self.play(Create(line))
        """
        self._refuse_beat(name)
        file_name(name, f"{self.scene_name()}: a beat called")
        where = f"{self.scene_name()}: beat {name!r}"
        if pause not in PAUSES:
            raise UserError(f"{where}: pause={pause!r}: there is no such pause; use one of {', '.join(PAUSES)}")
        silence = PAUSES[pause]
        if say is None:
            values = plain_values(values, where) | {"neutral": not self.holds(name)}
            lines = self.words_of.lines(self.narrated_as(self.words_of), name, values)
        else:
            lines = self._line_given_in_code(say, where)
        shown = self._is_requested(name)
        start = self.time
        times = StretchTimes(lines.marks, self._seconds_of_stretches(name, lines), self.camera.frame_rate)
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
        seconds = self._whole_frames(max(HOLD, silence, times.over + silence - (self.time - start)))
        end = self.time + seconds
        self._held_beat, self._held_seconds = name, min(FADE, silence)
        self.wait(self._whole_frames(seconds - self._whole_frames(self._held_seconds)))
        if self.renderer.skip_animations:  # only the last picture of the beat is needed
            self._release_beat()
        if shown:
            filled = values if say is None else None
            begins, ends = start - self._skipped, end - self._skipped
            claims = self.claims_of(name) if say is None else ()
            self.beats.append(Beat(name, begins, ends, lines, filled, times.of_marks, motion, claims))
        else:
            self._skipped += end - start

    def _line_given_in_code(self, say: str | Mapping[str, str], where: str) -> BeatLines:
        """Return the line given as ``say``, in each of the film's languages for which ``say`` has a text."""
        texts = {self.context.language: say} if isinstance(say, str) else say
        if not isinstance(texts, Mapping) or not texts or not all(isinstance(text, str) for text in texts.values()):
            raise UserError(f'{where}: say={say!r} is no text; write one, or texts by language: {{"en": "It rises."}}')
        for language, text in texts.items():
            check_language(language, f"{where}: say: ")
            check_encodable(text, f"{where}: say")
        lines = {
            language: MarkedLine(language, *cut(texts[language]))
            for language in self.words_of.languages
            if language in texts
        }
        lines = self.words_of.with_all_marks(where, lines)
        marks = next((line.marks for line in lines.values()), ())
        return BeatLines(marks, {language: line.stretches for language, line in lines.items()})

    def until(self, mark: str) -> None:
        """Wait, inside a beat, until the words before ``mark`` have been spoken, or read, in every language.

        The words after the mark begin with the next frame. If the motion reaches this call later than the words, the
        words wait. If the line has no such mark, this returns at once.

        Parameters
        ----------
        mark
            The name of a mark: "curve" for ``[curve]`` in the line.

        Raises
        ------
        UserError
            No beat is open.
        """
        if self._open_beat is None:
            raise UserError(
                f"{self.scene_name()}: until({mark!r}) was called outside a beat; "
                "call it inside `with self.beat(…):`, whose words it waits for"
            )
        _, start, times = self._open_beat
        now = round((self.time - start) * times.rate)
        if (frame := times.begin(mark, now)) > now:
            self.wait(self._whole_frames((frame - now) / times.rate))

    def hand_on(self, *mobjects: Mobject, coming: Iterable[Animation] = ()) -> None:
        """Name the mobjects that the next scene begins with; everything else fades out at this scene's end.

        Without arguments, everything fades out. If the scene never calls this, only the heading fades out.
        The animations ``coming`` play during that fade. They bring mobjects that are not on the screen yet.
        """
        self._handed_on = mobjects
        self._coming = tuple(coming)

    def remains(self) -> list[Mobject]:
        """Return the mobjects that are still on the screen after the scene's end."""
        gone = {id(part) for mobject in self._not_handed_on() for part in mobject.get_family()}
        return _parts_without(self.mobjects, gone)

    def tear_down(self) -> None:
        """End the last beat, and in its last seconds, at most `FADE`, fade out what is not handed on."""
        moved = {id(part) for animation in self._coming for part in animation.mobject.get_family()}
        leaving = _parts_without(self._not_handed_on(), moved)
        if self._held_beat is not None and (leaving or self._coming):
            self._tell_beat_is_over()
            self.play(
                *map(FadeOut, leaving), *self._coming, run_time=self._held_seconds - HAIR
            )  # Manim rounds the number of frames up
        else:
            self._release_beat()
            if self._coming:  # no frame is drawn; the mobjects are there for `remains`
                self.play(*self._coming)
        super().tear_down()

    def _not_handed_on(self) -> list[Mobject]:
        """Return the mobjects on the screen that fade out at the scene's end."""
        if self._handed_on is None:
            return headings_among(self.mobjects)
        kept = {id(part) for mobject in self._handed_on for part in mobject.get_family()}
        return _parts_without(self.mobjects, kept)

    def _release_beat(self) -> None:
        """Play the last seconds of the beat before, unless they have been played."""
        if self._held_beat is not None:
            self.wait(self._whole_frames(self._held_seconds))
            self._tell_beat_is_over()

    def _tell_beat_is_over(self) -> None:
        """Call ``after_beat`` with the name of the beat that has just ended."""
        if self.after_beat is not None and self._held_beat is not None:
            self.after_beat(self, self._held_beat)
        self._held_beat = None

    def _refuse_beat(self, name: str) -> None:
        """Raise UserError if a beat is open or ``name`` has been used; else store the name."""
        if self._open_beat is not None:
            raise UserError(
                f"{self.scene_name()}: beat {name!r} begins inside beat {self._open_beat[0]!r}; end the `with` block of"
                f" {self._open_beat[0]!r} first"
            )
        if name in self.begun_beats:
            raise UserError(
                f"{self.scene_name()}: two beats are called {name!r}; rename one: stills, snapshots and -n find a beat"
                " by its name"
            )
        self.begun_beats.append(name)

    def _seconds_of_stretches(self, name: str, lines: BeatLines) -> Sequence[float]:
        """Return the seconds of each stretch of a beat's line: spoken if there is speech, or else read."""
        seconds = self.context.speech.get(name)
        if seconds is None:
            return reading_times(lines) or (0.0,) * (len(lines.marks) + 1)
        if len(seconds) != len(lines.marks) + 1:
            raise NarrationError(
                f"{self.scene_name()}: the marks of beat {name!r} changed after its line was spoken;"
                " run the same command again"
            )
        return seconds

    def _is_requested(self, name: str) -> bool:
        """Return whether beat ``name`` was requested.

        Other beats are played without frames, since later beats need the mobjects that they leave.
        """
        self._release_beat()
        first, last = self.context.first_beat, self.context.last_beat
        started = first is None or name == first or bool(self.beats)
        ended = last is not None and bool(self.beats) and self.beats[-1].name == last
        self._ended = self._ended or ended
        shown = started and not self._ended
        self.next_section(name, skip_animations=not shown)
        return shown

    def _whole_frames(self, seconds: float) -> float:
        """Return ``seconds`` rounded up to whole frames, and a little more, since Manim rounds frames down."""
        rate: float = self.camera.frame_rate
        return (int(seconds * rate + 0.999) + 1e-4) / rate


def need_curve(scene: str, run: Experiment) -> None:
    """Raise ValueError unless ``run`` learns a curve, which ``scene`` draws."""
    if not isinstance(run.dataset, CurveDataset):
        raise ValueError(
            f'run.dataset: {scene} draws the curve that the network learns, so it needs a dataset of kind "curve", '
            f"not {run.dataset.kind}; loss-curve shows a run on any data"
        )


def _as_given(value: Any) -> str:
    """Return " (got …)" with the value. A long text is cut; for a long list or object the result is ""."""
    text = repr(value)
    if len(text) > LONGEST_VALUE:
        if not isinstance(value, str | int | float):
            return ""
        text = text[: LONGEST_VALUE - 1] + "…"
    return f" (got {text})"


def _parts_without(mobjects: Sequence[Mobject], kept: set[int]) -> list[Mobject]:
    """Return the mobjects, or their largest parts, that contain no mobject whose id is in ``kept``."""
    rest: list[Mobject] = []
    for mobject in mobjects:
        if id(mobject) in kept:
            continue
        if kept.isdisjoint(id(part) for part in mobject.get_family()):
            rest.append(mobject)
        else:
            rest += _parts_without(mobject.submobjects, kept)
    return rest
