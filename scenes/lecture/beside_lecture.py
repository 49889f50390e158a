"""Ours and the lecture's own losses side by side: two charts over one scale, and which way each goes."""

from __future__ import annotations

from gradreel.core.results import Result
from gradreel.core.verdicts import change, lecture_losses
from gradreel.scenes import style
from gradreel.scenes.lecture.compared_networks import ComparedNetworks
from gradreel.scenes.lecture.experiments import lecture_written
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_bars import LectureBars
from gradreel.scenes.mobjects.loss_scale import OVER_TOP
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.width_board import NAME_LINE, SIDE_LINE, WidthBoard
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasize, palette
from manim import (
    DOWN,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    GrowFromEdge,
    LaggedStart,
    Mobject,
    Restore,
    Transform,
    VGroup,
)

LINEAR, HUNDRED = (), (100,)
HELPS_SECONDS = 4.6  # until it is said what the lecture's larger network does


class BesideLecture(ComparedNetworks):
    """A scene of bars, on its ``board``, that the lecture's own come beside for a while."""

    board: WidthBoard
    names: VGroup
    side_words: list[list[TextMobject]]  # by side, under each bar
    levels: list[VGroup]
    stepped_back: tuple[list[Mobject], list[Mobject]]  # behind ours that move aside, and in front of them
    scale_labels: VGroup
    title: TextMobject

    @property
    def known(self) -> list[Result]:
        """The networks of both of whose losses the lecture gives a number."""
        return [result for result in self.outcome if None not in lecture_losses(result.network.hidden)]

    def _lecture_beat(self) -> None:
        with self.beat(self._lecture_line(), **self._lecture_values()):
            # Ours move aside, those that the lecture has numbers of; beside them its own bars, in the same scale. Where
            # both are there that are compared: an arrow from the one to the other in the lecture's chart, then in ours
            start = self.time
            self._move_aside()
            self._raise_lecture()
            if self._lecture_line() != "lecture":
                self.wait(max(0.1, HELPS_SECONDS - (self.time - start)))
                self._show_ways()

    def _lecture_line(self) -> str:
        """Whether 100 ReLUs beat the linear model on unseen days here, as in the lecture; or one is missing."""
        ours = {result.network.hidden: result for result in self.outcome}
        if LINEAR not in ours or HUNDRED not in ours:
            return "lecture"
        agrees = change(ours[LINEAR].unseen, ours[HUNDRED].unseen) == "falls"
        return "lecture-agrees" if agrees else "lecture-differs"

    def _lecture_values(self) -> dict[str, str]:
        """What a line about the lecture's networks may name: its unseen losses, or the one network that is known."""
        lines = {"linear": LINEAR, "hundred": HUNDRED}
        written = {name: lecture_written(hidden)[UNSEEN] for name, hidden in lines.items()}
        only = self.known[0]
        seen, unseen = lecture_written(only.network.hidden)
        return {**written, **self.spoken("only", only), "seen": seen, "unseen": unseen}

    def _move_aside(self) -> None:
        """Ours of the networks that the lecture has numbers of go to the left; all leave where the scale is another."""
        self.over_ours = self.one_scale()
        board, known = self.board, self.known
        texts = [lecture_written(result.network.hidden) for result in known]
        self.beside = LectureBars(known, texts, self.written, board.columns.most if self.over_ours else None)
        self.moved: list[Mobject] = []
        moves = []
        if self.over_ours:
            places = [self.outcome.index(result) for result in known]
            self.moved = [mobject for k in places for mobject in self._column(k)]
            moves = [mobject for place, k in enumerate(places) for mobject in self._column_beside(place, k)]
        marks = [self.best_mark] if hasattr(self, "best_mark") else []
        everything = [mobject for k in range(len(self.outcome)) for mobject in self._column(k)]
        rest = [mobject for mobject in everything if mobject not in self.moved]
        scale = [] if self.over_ours else [self.scale_labels]
        self.stepped_back = [board.axis, *rest, *scale], [*self.levels, *marks]
        for mobject in self.moved:
            mobject.save_state()
        heading = "heading-lecture" if self.over_ours else "heading-lecture-alone"
        self.title, arriving = next_heading(self.screen(heading), self.title)
        self.own_note = self.note
        caption = [] if self.over_ours else self.say_caption(self.data_caption("caption-lecture"))
        moving = [Transform(old, new) for old, new in zip(self.moved, moves, strict=True)]
        self.chart_words = self._chart_words()
        gone = [FadeOut(self.worst_mark)] if hasattr(self, "worst_mark") else []
        leaving = self._around_the_moved(FadeOut)
        self.play(*leaving, *gone, FadeIn(self.beside.axes), *arriving, *caption, run_time=0.5)
        if moving:
            self.play(*moving, run_time=0.7)
        self.play(FadeIn(self.chart_words), run_time=0.4)

    def _around_the_moved(self, fade: type[Animation]) -> list[Animation]:
        """All that steps back fades; what moved keeps its place between what is behind it and what is in front."""
        behind, in_front = self.stepped_back
        return [*map(fade, behind), *map(Animation, self.moved), *map(fade, in_front)]

    def _column(self, k: int) -> list[Mobject]:
        """What stands in column ``k``: its bars, the words under them, its name."""
        return [*self.board.bars[k], *(words_of[k] for words_of in self.side_words), self.names[k]]

    def _column_beside(self, place: int, k: int) -> list[Mobject]:
        """The same as it stands at a ``place`` beside the lecture's: those on seen days stepped back."""
        pair = self.beside.ours[place]
        for part in (pair[SEEN].box, pair[SEEN].value, pair[SEEN].dots):
            emphasize(part, PRESENT)
        return [*pair, *self._words_under(place, self.outcome[k])]

    def _words_under(self, slot: int, result: Result) -> list[TextMobject]:
        """Under a column beside or of the lecture's: seen, unseen, the network's name."""
        columns = self.beside.columns
        sides = [
            words(self.screen(name), style.TICK, palette.dim).place(SIDE_LINE, center=columns.slot(slot, side))
            for side, name in ((SEEN, "seen"), (UNSEEN, "unseen"))
        ]
        size = 26 if self.board.many else 32
        return [*sides, words(self.network_label(result), size).place(NAME_LINE, center=columns.center(slot))]

    def _chart_words(self) -> VGroup:
        """Whose each chart is, over it; under the lecture's bars what stands under ours."""
        beside, made = self.beside, VGroup()
        titles = [("lecture-title", palette.text)] if not self.over_ours else []
        titles = titles or [("ours-title", palette.blue), ("lecture-title", palette.text)]
        for chart, (key, color) in enumerate(titles):
            title = words(self.screen(key), style.LABEL, color)
            made.add(title.place(beside.columns.top + OVER_TOP, center=beside.middle(chart)))
        for slot, result in zip(beside.slots(), self.known, strict=True):
            made.add(*self._words_under(slot, result))
        return made

    def _raise_lecture(self) -> None:
        """The lecture's bars, on seen days, stepped back at once, and then on unseen ones, with their numbers."""
        self.lecture_marks = self.beside.marks
        for box, number in self.lecture_marks[SEEN]:
            emphasize(box, FAINT)
            emphasize(number, PRESENT)
        for group in self.lecture_marks:
            boxes = [GrowFromEdge(box, DOWN) for box, _ in group]
            numbers = [FadeIn(number, shift=0.1 * UP) for _, number in group]
            self.play(LaggedStart(*boxes, lag_ratio=0.3), run_time=0.8)
            self.play(*numbers, run_time=0.4)

    def _show_ways(self) -> None:
        """From the linear model's unseen loss to that of 100 ReLUs, in the lecture's chart, then in ours."""
        hidden = [result.network.hidden for result in self.known]
        ends = hidden.index(LINEAR), hidden.index(HUNDRED)
        charts = (1, 0) if self.over_ours else (0,)
        self.lecture_ways = VGroup(*(self.beside.way(chart, *ends) for chart in charts))
        for way in self.lecture_ways:
            if len(way):
                self.play(Create(way), run_time=0.9)
                self.wait(0.4)

    def _ours_again(self) -> None:
        """The lecture's chart leaves, then ours are as they were, and so are the heading and the caption."""
        leaving = [mark for group in self.lecture_marks for mark in group]
        leaving += [self.chart_words, self.beside.axes, *getattr(self, "lecture_ways", [])]
        self.title, arriving = next_heading(self._verdict(), self.title)
        self.play(*(FadeOut(part, run_time=0.4) for part in leaving), *arriving, *self.say_caption(self.own_note))
        for bar in self.board.every_bar():
            state = bar.saved_state if bar in self.moved else bar
            emphasize(state, FULL)
        if self.moved:
            self.play(*map(Restore, self.moved), run_time=0.6)
        self.play(*self._around_the_moved(FadeIn), run_time=0.5)
