"""The quiz at the end of batches: how many updates are one epoch?"""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.batch_losses import updates_in_an_epoch
from gradreel.scenes.lecture.optimization.pictures.batch_formulas import division_source
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.squares import Bundles
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    PI,
    TAU,
    UP,
    Animation,
    Arc,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    RoundedRectangle,
    Uncreate,
    VGroup,
    linear,
)

QUIZ_LINES, ANSWER_LEFT = (2.05, -0.9), -1.0
SIZE = 44  # of what is given, and of the fractions
APART = 0.4  # from what is given to the question mark, from a fraction to the edge, at least
THINKING = 2.6  # seconds that the ring takes, at the end of the question's line; the answers have a beat of their own
CLOCK = 0.2  # radius of the ring that runs out meanwhile


class QuizBeats(LectureScene):
    """Two questions with a moment to think, then their answers; ``gone`` leaves the picture first."""

    gone: list[Mobject]

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _quiz_beat(self) -> None:
        with self.beat("quiz", **self._question(0), **self._question(1, "_2")):
            # Two rows of bundles, each of as many squares as a batch has; how many bundles? A ring runs out while all
            # try it themselves
            self.play(*(FadeOut(part, run_time=0.5) for part in self.gone), *self._title("heading-quiz"))
            self.asked = [self._ask(k, line) for k, line in enumerate(QUIZ_LINES)]
            self.wait(0.6)
            clock = Arc(CLOCK, PI / 2, -TAU, color=palette.dim, stroke_width=style.AXIS + 2)
            clock.move_arc_center_to((style.RIGHT_EDGE - CLOCK, self.title.get_y(), 0))
            self.play(FadeIn(clock, run_time=0.3))
            self.play(Uncreate(clock, run_time=THINKING, rate_func=linear))

    def _answer_beat(self) -> None:
        values = {f"updates_{k + 1}": self._question(k)["updates"] for k in range(2)}
        with self.beat("quiz-answer", **values):
            # The fractions and what they come to, at once: the line begins with both numbers. When the batch size is
            # spoken of, it gets its name: one more number that we choose
            self.answers = [self._answer(k, line) for k, line in enumerate(QUIZ_LINES)]
            frames = VGroup(*map(self._framed, self.asked))
            name = words(self.screen("hyperparameter"), style.LABEL)
            name.place(QUIZ_LINES[1] - 2.4, left=frames[1].get_left()[0])
            self.wait(2.8)
            self.play(Create(frames), FadeIn(name), run_time=0.7)

    def _framed(self, asked: tuple[TextMobject, Bundles, TextMobject]) -> RoundedRectangle:
        size = asked[0].part("size")
        frame = RoundedRectangle(corner_radius=0.08, width=size.width + 0.26, height=size.height + 0.24)
        return frame.set_stroke(palette.text, 2).move_to(size)

    def _question(self, k: int, suffix: str = "") -> dict[str, Count]:
        examples, batch_size = self.parameters.quiz[k]
        updates = updates_in_an_epoch(examples, batch_size)
        numbers = {"examples": examples, "batch": batch_size, "updates": updates}
        return {name + suffix: Count(number) for name, number in numbers.items()}

    def _ask(self, k: int, line: float) -> tuple[TextMobject, Bundles, TextMobject]:
        examples, batch_size = self.parameters.quiz[k]
        size = f'part("size", B = "{number_text(batch_size)}")'
        given = _fitted(f'N = "{number_text(examples)}" quad {size}', ANSWER_LEFT - APART - style.LEFT_EDGE)
        given.place(line, left=style.LEFT_EDGE)
        bundles = Bundles(examples, batch_size, line - 1.25)
        question = words("?", style.SUBTITLE).place(line, left=ANSWER_LEFT)
        self.play(FadeIn(given, shift=0.15 * UP), run_time=0.5)
        parts = [*bundles.bundles[:-1], *bundles.dots, bundles.bundles[-1]]
        self.play(LaggedStart(*map(FadeIn, parts), lag_ratio=0.2), run_time=1.2)
        self.play(FadeIn(question, shift=0.15 * UP), run_time=0.4)
        return given, bundles, question

    def _answer(self, k: int, line: float) -> VGroup:
        examples, batch_size = self.parameters.quiz[k]
        updates = updates_in_an_epoch(examples, batch_size)
        whole = "update-an-epoch" if updates == 1 else "updates-an-epoch"
        key = whole if examples % batch_size == 0 else "updates-rounded-up"
        unit = words(self.screen(key), style.LABEL, palette.dim)
        source = division_source(examples, batch_size, updates)
        told = _fitted(source, style.RIGHT_EDGE - ANSWER_LEFT - APART).place(line, left=ANSWER_LEFT)
        if told.get_right()[0] + 0.35 + unit.width > style.RIGHT_EDGE:  # the heading says it, too
            unit = VGroup()
        else:
            unit.place(told.baseline, left=told.get_right()[0] + 0.35)
        self.play(FadeOut(self.asked[k][2]), run_time=0.25)  # it stands where the fraction will
        self.play(FadeIn(told, shift=0.15 * UP), FadeIn(unit), run_time=0.55)
        return VGroup(told, unit)


def _fitted(source: str, room: float) -> TextMobject:
    """A formula as large as there is room for it: large numbers are long."""
    written = formula(source, SIZE)
    return written if written.width <= room else formula(source, max(style.SMALLEST, SIZE * room / written.width))
