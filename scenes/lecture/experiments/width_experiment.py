"""The scene width-experiment: the linear model and networks of ever more ReLUs, trained on daily views, compared."""

from __future__ import annotations

from typing import Annotated, ClassVar

from gradreel.core.analysis.compared_networks import WIDTHS, Network, width_experiments
from gradreel.core.analysis.results import Result, lecture_losses, loss_by_epoch
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import (
    MOST_NETWORKS,
    NetworksParameters,
    NetworksScene,
    increasing,
    lecture_written,
)
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, UNSEEN, LectureBars, mark_of
from gradreel.scenes.lecture.experiments.pictures.loss_scale import OVER_TOP, AboveTheScale
from gradreel.scenes.lecture.experiments.pictures.width_board import NAME_LINE, SIDE_LINE, Line, WidthBoard
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.network_words import network_words
from gradreel.scenes.words.numbers import number_text
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
    ReplacementTransform,
    Restore,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from pydantic import Field, field_validator

Width = Annotated[int, Field(ge=0, le=2000)]
LINEAR, HUNDRED = (), (100,)  # the networks of which the lecture gives both losses
STATES = 40  # at which the losses of a run are drawn, at most
SLOW_START = 3.0  # epochs pass as this power of the time: the first ones, in which most happens, take longest
WALKS = {
    "training": 4.5,
    "validation": 2.5,
}  # seconds in which the lines of all panels are drawn, one kind after another
DASHED_SECONDS = 6.2  # until it has been said what solid is
NUMBERS_SECONDS = 3.2  # in which the numbers of all bars have come, where they come one after another
HELPS_SECONDS = 4.6  # until it is said what the lecture's larger network does
FLOOR_SECONDS = 3.0  # until it is said what one who knows the rule would miss by


class WidthExperiment(NetworksScene):
    """Networks of one hidden layer, ever wider: their losses over the epochs, then bars for seen and unseen days."""

    by: ClassVar = "width"

    class Parameters(NetworksParameters):
        widths: tuple[Width, ...] = Field(
            WIDTHS,
            min_length=2,
            max_length=MOST_NETWORKS,
            description="ReLUs in the hidden layer of each network, increasing; 0 is the linear model",
        )

        @field_validator("widths")
        @classmethod
        def _widths_increase(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
            return increasing(widths)

        def networks(self) -> tuple[Network, ...]:
            return width_experiments(self.dataset, self.widths, self.seeds, self.epochs)

    def construct(self) -> None:
        self._prepare()
        self._networks_beat()
        self._train_beat()
        self._training_beat()
        self._unseen_beat()
        if {LINEAR, HUNDRED} <= {result.network.hidden for result in self.outcome} and self.one_scale():
            self._lecture_beat()
        if not self.other_data:
            self._floor_beat()
        self.hand_on()

    def _prepare(self) -> None:
        self.board = WidthBoard(
            self.outcome, [self._first_run(result) for result in self.outcome], self.parameters.epochs, self.written
        )
        self.names = self.board.names([self.network_label(result.network.hidden) for result in self.outcome])
        counts = [number_text(result.network.n_parameters) for result in self.outcome]
        texts = counts if self.board.many else [self.screen("parameters", count=count) for count in counts]
        self.sizes = self.board.sizes(texts, self.screen("parameters", count="").strip())
        self.side_words = [
            self.board.side_names(side, self.screen(name)) for side, name in ((SEEN, "seen"), (UNSEEN, "validation"))
        ]

    def _first_run(self, result: Result) -> tuple[Line, Line]:
        """The first seed's run up to the epoch that is chosen.

        Both losses at as many states as the run with the fewest kept: alike for all.
        """
        states = self.fewest_states(STATES)
        losses = loss_by_epoch(self.traces_of(result.network)[0], states, result.rows[0]).until(result.epochs[0])
        return (losses.epoch, losses.training), (losses.epoch, losses.validation)

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _networks_beat(self) -> None:
        with self.beat("networks", days=Count(self.parameters.dataset.window)):
            # The room sees how much wider is: the formula of the linear model at once, then a dot for each ReLU
            arriving = self.next_heading(self.screen("heading"))
            self.note = self.data_note()
            columns = [VGroup(*parts) for parts in zip(self.names, self.sizes, self.board.blocks, strict=False)]
            columns[0].add(*self.sizes[len(columns) :])
            lag = 0.5 if self.board.many else 0.8
            first, *others = [FadeIn(column, shift=0.15 * UP) for column in columns]
            self.play(*arriving, FadeIn(self.board.axis), FadeIn(self.note), first, run_time=0.7)
            self.play(LaggedStart(*others, lag_ratio=lag), run_time=3.4)

    def _train_beat(self) -> None:
        data, epochs = self.parameters.dataset, Count(self.parameters.epochs)
        with self.beat("train", examples=Count(data.examples), days=Count(data.window), epochs=epochs):
            # All of them train at once. The solid lines first, alone: the days they learn from. Then the dashed ones,
            # over the same epochs: the days they never see. Where the two end far apart, each gets its word
            start = self.time
            self._open_panels()
            self._walk("training", self.counter[1])
            self.wait(max(0.1, DASHED_SECONDS - (self.time - start)))
            tips = [panel.validation_tip for panel in self.board.panels]
            self.play(*map(FadeIn, (*tips, *self.above["validation"])), run_time=0.3)
            self._walk("validation")

    def _training_beat(self) -> None:
        with self.beat("training-falls", **self.training_values()):
            # The dashed lines step back, and of the scale its numbers stay; the end of each solid line is one dot among
            # other seeds'. A bar grows to their mean; the numbers come one after another, while they are said
            panels = self.board.panels
            gone = [*(panel.training for panel in panels), self.labels["training"], *self.counter, self.sizes]
            gone += [self.epoch_ends, self.grids]  # which would strike numbers through
            dim = [emphasis(panel.validation, FAINT) for panel in panels]
            self.play(*map(FadeOut, gone), *dim, run_time=0.5)
            self._raise_bars(SEEN, apart=0.8)

    def _unseen_beat(self) -> None:
        with self.beat("validation-falls-to-hundred", **self.validation_values()):
            # The outlined bars: validation days. A ring around the best, and the smallest network's level across the
            # others. Of the lesson's days, then, the largest gets a ring for a while, and the heading says what came
            # out
            unseen = [panel.validation for panel in self.board.panels]
            gone = [*unseen, self.labels["validation"]]
            self.play(*map(FadeOut, gone), *self._light(UNSEEN), run_time=0.5)
            self._raise_bars(UNSEEN)
            self._mark_best()
            if not self.other_data:
                self._mark_largest()
                arriving = self.next_heading(self.screen("verdict", best=self._best_name()))
                self.play(*arriving)

    def _lecture_beat(self) -> None:
        values = {name: lecture_written(hidden)[UNSEEN] for name, hidden in (("linear", LINEAR), ("hundred", HUNDRED))}
        with self.beat("lecture-agrees", **values):
            # Ours move aside, those that the lecture has numbers of; beside them its own bars, in the same scale. An
            # arrow from the one network to the other in the lecture's chart, then in ours
            start = self.time
            self._move_aside()
            self._raise_lecture()
            self.wait(max(0.1, HELPS_SECONDS - (self.time - start)))
            self._show_ways()

    def _floor_beat(self) -> None:
        floor = self.floor
        assert floor is not None, "the lesson's days are made up"
        shown = {"seen": self.written(floor.training), "validation": self.written(floor.validation)}
        with self.beat("floor-below", floor=shown["validation"], **self.spoken("best", self.best)):
            # Ours come back. Across each bar the loss of one who knows the rule, over just these days; what the marks
            # are stands above. Every bar ends higher: there is more to find, and the heading asks how
            start = self.time
            self._ours_again()
            self.wait(max(0.1, FLOOR_SECONDS - (self.time - start)))
            losses = {SEEN: floor.training, UNSEEN: floor.validation}
            self.floor_marks = VGroup(*(self.board.floor_mark(bar, losses[bar.side]) for bar in self.board.every_bar()))
            self.floor_words = self.board.floor_words(self.screen("floor", **shown))
            self.play(FadeIn(self.floor_words), run_time=0.5)
            self.play(LaggedStart(*map(Create, self.floor_marks), lag_ratio=0.2), run_time=1.6)
            arriving = self.next_heading(self.screen("heading-floor"))
            self.play(*arriving)

    # -- lines, all at once --------------------------------------------------------------------------------------------

    def _open_panels(self) -> None:
        """The dots make room for an empty plot in each column; the epochs will be counted at the top right."""
        board = self.board
        self.scale_labels, self.counter = board.scale_labels(self.screen("loss")), self.epoch_counter()
        self.play(FadeOut(board.blocks), run_time=0.5)
        self.grids = VGroup(*(panel.grid for panel in board.panels))
        board.show(0.0)
        tips = [panel.training_tip for panel in board.panels]
        texts = {"training": self.screen("seen"), "validation": self.screen("validation")}
        self.labels = {kind: board.parting().label(kind, text) for kind, text in texts.items()}
        self.epoch_ends = board.epochs(self.screen("run"))
        self.above = {kind: self._above(kind) for kind in WALKS}
        arriving = [self.grids, self.scale_labels, self.epoch_ends, *self.counter, *tips, *self.above["training"]]
        self.play(*map(FadeIn, arriving), run_time=0.6)

    def _above(self, kind: str) -> list[AboveTheScale]:
        """The words for arrows' heads at the top, while a line of this kind is above the scale; none if none is."""
        columns, last = self.board.columns, (self.board.last_above(kind) / self.parameters.epochs) ** (1 / SLOW_START)
        middle = (columns.left + columns.right) / 2
        return [AboveTheScale(self.screen("above"), columns.top + OVER_TOP, middle, last)] if last else []

    def _walk(self, kind: str, number: Number | None = None) -> None:
        """Every network trains at once: a line of this kind grows in each column, early epochs slowly; then its word.

        ``number`` counts the epochs. The words for what is above the scale stay until the last of these lines has come.
        """
        last, above = self.parameters.epochs, self.above[kind]
        lines = self.board.lines(kind)

        def show(_: VMobject, share: float) -> None:
            epoch = last * share**SLOW_START
            if number is not None:
                number.set_value(int(epoch + 1e-6))  # a float may lie just below a whole epoch
            self.board.show(epoch, kind)
            for legend in above:
                legend.show(share)

        show(lines, 0.0)
        moving = VGroup(lines, *([] if number is None else [number]), *above)
        self.play(UpdateFromAlphaFunc(moving, show), run_time=WALKS[kind], rate_func=linear)
        show(lines, 1.0)
        self.remove(moving)
        self.add(lines, *([] if number is None else [number]))
        self.play(FadeIn(self.labels[kind]), run_time=0.4)

    # -- bars ----------------------------------------------------------------------------------------------------------

    def _raise_bars(self, side: int, apart: float = 0.0) -> None:
        """The end of the line becomes one of the dots, the other seeds' come, and a bar grows to their mean.

        ``apart``: seconds from a bar's number to the next one's, as far as a beat has them.
        """
        board = self.board
        bars = [pair[side] for pair in board.bars]
        tips = [panel.training_tip if side == SEEN else panel.validation_tip for panel in board.panels]
        names = self.side_words[side]
        boxes = VGroup(*(bar.box for bar in bars))

        def grow(_: VMobject, share: float) -> None:
            for bar in bars:
                bar.grow(max(share, 1e-3))

        grow(boxes, 0.0)
        moves = [ReplacementTransform(tip, bar.dots[0]) for tip, bar in zip(tips, bars, strict=True)]
        self.play(*map(FadeIn, names), *moves, run_time=0.6)
        others = [FadeIn(dot) for bar in bars for dot in bar.dots[1:]]
        if others:
            self.play(LaggedStart(*others, lag_ratio=0.15), run_time=1.2)
        self.add(boxes, *(dot for bar in bars for dot in bar.dots))  # the dots stand in front
        self.play(UpdateFromAlphaFunc(boxes, grow, run_time=1.6, rate_func=smooth))
        pause = min(apart, NUMBERS_SECONDS / len(bars))
        self.wait(pause) if pause else None
        values = [FadeIn(bar.value, shift=0.1 * UP, run_time=0.5) for bar in bars]
        self.play(LaggedStart(*values, lag_ratio=2 * pause))
        self.add(*bars)

    def _light(self, side: int) -> list[Animation]:
        """The bars of the other kind step back."""
        bars = [pair[1 - side] for pair in self.board.bars]
        return [emphasis(part, DIM) for bar in bars for part in (bar.box, bar.value, *bar.dots)]

    def _mark_best(self) -> None:
        """A ring around the least loss on validation days, and the smallest network's level."""
        self.best_mark, self.levels = self._ring(self.best), [self.board.level(UNSEEN)]
        self.play(Create(self.best_mark), Create(self.levels[0]), run_time=0.9)

    def _mark_largest(self) -> None:
        """A ring around the largest network's loss on validation days."""
        self.largest_mark = self._ring(self.outcome[-1])
        self.play(Create(self.largest_mark), run_time=0.7)

    def _ring(self, result: Result) -> VMobject:
        apart = self.board.columns.slot(0, UNSEEN) - self.board.columns.slot(0, SEEN)
        return mark_of(self.board.bars[self.outcome.index(result)][UNSEEN].value, apart)

    def _best_name(self) -> str:
        return network_words(self.best.network.hidden, self.by, self.context.language)

    # -- beside the lecture's own runs: two charts over one scale, and which way each goes -----------------------------

    def _move_aside(self) -> None:
        """Ours of the networks that the lecture has numbers of go to the left, the others step back."""
        board = self.board
        places = [k for k, result in enumerate(self.outcome) if None not in lecture_losses(result.network.hidden)]
        self.known = [self.outcome[k] for k in places]
        texts = [lecture_written(result.network.hidden) for result in self.known]
        self.beside = LectureBars(self.known, texts, self.written, board.columns.most)
        self.moved = [mobject for k in places for mobject in self._column(k)]
        moves = [mobject for place, k in enumerate(places) for mobject in self._column_beside(place, k)]
        everything = [mobject for k in range(len(self.outcome)) for mobject in self._column(k)]
        rest = [mobject for mobject in everything if mobject not in self.moved]
        self.stepped_back = [board.axis, *rest], [*self.levels, self.best_mark]
        for mobject in self.moved:
            mobject.save_state()
        arriving = self.next_heading(self.screen("heading-lecture"))
        moving = [Transform(old, new) for old, new in zip(self.moved, moves, strict=True)]
        self.chart_words = self._chart_words()
        gone = [] if self.other_data else [FadeOut(self.largest_mark)]
        leaving = self._around_the_moved(FadeOut)
        self.play(*leaving, *gone, FadeIn(self.beside.axes), *arriving, run_time=0.5)
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
            emphasize(part, DIM)
        return [*pair, *self._words_under(place, self.outcome[k])]

    def _words_under(self, slot: int, result: Result) -> list[TextMobject]:
        """Under a column beside or of the lecture's: seen, unseen, the network's name."""
        columns = self.beside.columns
        names = "seen", "validation" if slot < len(self.known) else "unseen"  # the lecture has no validation days
        sides = [
            words(self.screen(name), style.TICK, palette.dim).place(SIDE_LINE, center=columns.slot(slot, side))
            for side, name in zip((SEEN, UNSEEN), names, strict=True)
        ]
        name = words(self.network_label(result.network.hidden), 26 if self.board.many else 32)
        return [*sides, name.place(NAME_LINE, center=columns.center(slot))]

    def _chart_words(self) -> VGroup:
        """Whose each chart is, over it; under the lecture's bars what stands under ours."""
        beside, made = self.beside, VGroup()
        for chart, (key, color) in enumerate([("ours-title", palette.blue), ("lecture-title", palette.text)]):
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
            emphasize(number, DIM)
        for group in self.lecture_marks:
            boxes = [GrowFromEdge(box, DOWN) for box, _ in group]
            numbers = [FadeIn(number, shift=0.1 * UP) for _, number in group]
            self.play(LaggedStart(*boxes, lag_ratio=0.3), run_time=0.8)
            self.play(*numbers, run_time=0.4)

    def _show_ways(self) -> None:
        """From the linear model's unseen loss to that of 100 ReLUs, in the lecture's chart, then in ours."""
        hidden = [result.network.hidden for result in self.known]
        ends = hidden.index(LINEAR), hidden.index(HUNDRED)
        self.lecture_ways = VGroup(*(self.beside.way(chart, *ends) for chart in (1, 0)))
        for way in self.lecture_ways:
            if len(way):
                self.play(Create(way), run_time=0.9)
                self.wait(0.4)

    def _ours_again(self) -> None:
        """The lecture's chart leaves, then ours are as they were, and so is the heading."""
        leaving = [mark for group in self.lecture_marks for mark in group]
        leaving += [self.chart_words, self.beside.axes, *self.lecture_ways]
        arriving = self.next_heading(self.screen("verdict", best=self._best_name()))
        self.play(*(FadeOut(part, run_time=0.4) for part in leaving), *arriving)
        for bar in self.board.every_bar():
            emphasize(bar.saved_state if bar in self.moved else bar, FULL)
        self.play(*map(Restore, self.moved), run_time=0.6)
        self.play(*self._around_the_moved(FadeIn), run_time=0.5)
