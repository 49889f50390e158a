"""The unknowns of the sum over many days are counted: as a sum, and square by square over the days themselves."""

from __future__ import annotations

from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.networks.pictures.parameter_squares import ParameterSquares
from gradreel.scenes.lecture.networks.pictures.view_window import ViewWindow
from gradreel.scenes.mobjects.formula_growth import SECONDS, moving
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import role_of
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import UP, Animation, FadeIn, FadeOut, LaggedStart, Succession, UpdateFromAlphaFunc, Wait, linear

DRAWN = 3  # days that the next scene draws
NOTE, NOTES_BASELINE, SQUARES_TOP = 32, 0.55, 0.0  # of what the indices count; of the squares below that
TOTAL_BASELINE = 0.68  # of the sum of all unknowns, whose letters stand below its numbers


class FeatureCount(LectureScene):
    """The last beat of more-features, beneath the ``grown`` formula and over the window of ``strip``."""

    days: int
    index: str  # of the sigmoids
    strip: ViewWindow
    grown: TextMobject
    kinds: list[TextMobject]  # what x_j and its w are called

    def _count_beat(self) -> None:
        counted, few = self.parameters.network(self.days), min(self.days, DRAWN)
        count, sigmoids = number_text(counted.n_parameters), Count(self.parameters.sigmoids)
        values = {"weights": number_text(self.days * sigmoids), "count": count, "sigmoids": sigmoids, "few": Count(few)}
        with self.beat("count", **values):
            # i says which sigmoid, j which feature: every w_ij is a square, in the row of its sigmoid, over its day.
            # Kind by kind all are counted. Then back to so few days that one can draw what happens to them
            self.notes = [*self._notes(), self._total(counted)]
            *indices, total = self.notes
            self.play(*map(FadeOut, self.kinds), run_time=0.3)
            for note in indices:
                self.play(FadeIn(note, shift=0.15 * UP), run_time=0.4)
            self._count_squares(total)
            self.wait(0.9)
            if few < self.days:
                self._back_to(few)
            self.hand_on(self.grown)  # network-diagram begins with it

    def _count_squares(self, total: TextMobject) -> None:
        """Square by square, where there is room for them, the unknowns come; each kind with its term of the sum."""
        sigmoids = self.parameters.sigmoids
        squares: ParameterSquares | None = None
        if ParameterSquares.fits(self.strip, sigmoids):
            squares = ParameterSquares(self.strip, self.days, sigmoids, SQUARES_TOP)
        self.squares = squares
        for name in ("w", "b", "c", "b_out"):
            term, seconds = FadeIn(total.part(name)), 1.4 if name == "w" else 0.45
            if squares is not None and name == "w":
                columns = [FadeIn(column) for column in squares.kinds[name]]
                coming = [LaggedStart(*columns, lag_ratio=0.1), Succession(Wait(0.6 * seconds), term)]
            else:
                coming = [term, *([FadeIn(squares.kinds[name])] if squares is not None else [])]
            self.play(*coming, run_time=seconds)
        self.play(FadeIn(total.part("total")), run_time=0.4)
        self.add(total, *([squares] if squares is not None else []))

    def _back_to(self, few: int) -> None:
        """The window closes to a ``few`` days, the squares with it, and what is left of them is counted."""
        squares = self.squares
        along: list[Animation] = []
        self.play(*(FadeOut(note) for note in self.notes), run_time=0.4)
        start = self.strip.days
        if squares is not None:

            def close(_: ParameterSquares, alpha: float) -> None:
                squares.show(start + (few - start) * moving(alpha))

            along = [UpdateFromAlphaFunc(squares, close, rate_func=linear)]
        self.grown = self._count_to(few, self.grown, self._whole, SECONDS, *along)
        if squares is not None:
            self.play(FadeIn(self._total(self.parameters.network(few))), run_time=0.4)

    def _notes(self) -> list[TextMobject]:
        """What the two indices of w count, in one line below the formula."""
        first = words(self.screen("sigmoid-index"), NOTE).place(NOTES_BASELINE, left=style.LEFT_EDGE)
        second = words(self.screen("feature-index"), NOTE)
        return [first, second.place(NOTES_BASELINE, left=first.get_right()[0] + 0.7)]

    def _total(self, counted: Experiment) -> TextMobject:
        """weights + biases + c + b = all: how many numbers are unknown, each kind in its colour.

        Parts: "w", "b", "c", "b_out", each with the sign before it, and "total".
        """
        terms: list[str] = []
        for name, shape in parameter_shapes(counted):
            role, letter = _kind(name, shape, self.index)
            key, sign = name if shape else "b_out", "+" if terms else ""
            count = " dot ".join(map(str, shape)) or 1
            terms.append(f'part("{key}", {sign} limits({role}({count}))_display({role}({letter})))')
        total = f"{counted.n_parameters:,}".replace(",", " thin ")
        source = f'{" ".join(terms)} part("total", = {total})'
        return formula(source, NOTE + 8).place(TOTAL_BASELINE, right=style.RIGHT_EDGE)


def _kind(name: str, shape: tuple[int, ...], index: str) -> tuple[str, str]:
    """Role of a kind of parameter, and its letter as the formula has it: w_(i j), b_i, c_i, and the b outside."""
    letter = f"w_({index} j)" if name == "w" else f"{name}_{index}"
    return (role_of(f"{name}_1"), letter) if shape else (role_of(name), name)
