"""Wider and wider: the linear model, 10, 100, 1000 ReLUs on daily views, really trained, on seen and unseen days."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from gradreel.core.results import WIDTHS, Network, Result, loss_by_epoch, width_experiments
from gradreel.core.verdicts import worst_by_unseen
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.compared_networks import UNDECIDED
from gradreel.scenes.lecture.experiments import MOST_NETWORKS, NetworksScene, increasing
from gradreel.scenes.lecture.width_puzzle import WidthPuzzle
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN, AboveTheScale, mark_of
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_lines import Line
from gradreel.scenes.mobjects.loss_scale import OVER_TOP
from gradreel.scenes.mobjects.text import Number
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.width_board import WidthBoard
from gradreel.scenes.network_words import network_words
from gradreel.scenes.style import FAINT, PRESENT, emphasis
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from pydantic import Field, field_validator

Width = Annotated[int, Field(ge=0, le=2000)]
LARGER_IS_WORSE = ("worse", "partly")  # what the unseen loss does, where the smallest network is the best
STATES = 40  # at which the losses of a run are drawn, at most
SLOW_START = 3.0  # power of the share of a walk that gives its share of the epochs: most happens in the first ones
WALKS = {"training": 4.5, "unseen": 2.5}  # seconds in which the lines of all panels are drawn, one kind after another
DASHED_SECONDS = 6.2  # until it has been said what solid is
NUMBERS_SECONDS = 3.2  # in which the numbers of all bars have come, where they come one after another


class WidthExperiment(WidthPuzzle):
    """Networks of one hidden layer, ever wider: their losses over the epochs, then bars for seen and unseen days."""

    by: ClassVar = "width"

    class Parameters(NetworksScene.Parameters):
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

    @classmethod
    def networks(cls, parameters: Any) -> tuple[Network, ...]:
        return width_experiments(parameters.dataset, parameters.widths, parameters.seeds, parameters.epochs)

    def construct(self) -> None:
        self.prepare()
        self._networks_beat()
        self._train_beat()
        self._training_beat()
        self._unseen_beat()
        if self.known:
            self._lecture_beat()
        if self.training == "falls" and self.unseen in LARGER_IS_WORSE:
            self._puzzle_beat()
        self.hand_on()

    def prepare(self) -> None:
        super().prepare()
        lines = [self._first_run(result) for result in self.outcome]
        self.board = WidthBoard(self.outcome, lines, self.written)
        self.names = self.board.names([self.network_label(result) for result in self.outcome])
        self.sizes = self._sizes()
        self.side_words = [
            self.board.side_names(side, self.screen(name)) for side, name in ((SEEN, "seen"), (UNSEEN, "unseen"))
        ]

    # -- what is on the screen -------------------------------------------------------------------------------------

    def _first_run(self, result: Result) -> tuple[Line, Line]:
        """The first seed's run. Both losses at as many states as the run with the fewest kept: alike for all."""
        trace = self.trace(result.network.run_name(result.network.experiments[0]))
        losses = loss_by_epoch(trace, self.fewest_states(STATES))
        return (losses.epoch, losses.training), (losses.epoch, losses.unseen)

    def _sizes(self) -> VGroup:
        """Under each network the number of its parameters; the word stands at the left where columns are many."""
        counts = [number_text(result.network.n_parameters) for result in self.outcome]
        texts = counts if self.board.many else [self.screen("parameters", count=count) for count in counts]
        return self.board.sizes(texts, self.screen("parameters", count="").strip())

    # -- beats -----------------------------------------------------------------------------------------------------

    def _networks_beat(self) -> None:
        with self.beat("networks", days=Count(self.parameters.dataset.window)):
            # The room sees how much wider is: the formula of the linear model at once, then a dot for each ReLU
            self.title, arriving = next_heading(self.screen("heading"))
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
            tips = [panel.unseen_tip for panel in self.board.panels]
            self.play(*map(FadeIn, (*tips, *self.above["unseen"])), run_time=0.3)
            self._walk("unseen")

    def _open_panels(self) -> None:
        """The dots make room for an empty plot in each column; the epochs will be counted at the top right."""
        board = self.board
        self.scale_labels, self.counter = board.scale_labels(self.screen("loss")), self.epoch_counter()
        self.play(FadeOut(board.blocks), run_time=0.5)
        self.grids = VGroup(*(panel.grid for panel in board.panels))
        board.show(0.0)
        tips = [panel.training_tip for panel in board.panels]
        texts = {"training": self.screen("seen"), "unseen": self.screen("unseen")}
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
                number.set_value(int(epoch + 1e-6))
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

    def _training_beat(self) -> None:
        enough = self._enough()
        line = f"training-{self.training}" if enough is self.outcome[-1] else "training-enough"
        with self.beat(line, **self.training_values(), **self.spoken("enough", enough)):
            # The dashed lines step back, and of the scale its numbers stay; the end of each solid line is one dot among
            # other seeds'. A bar grows to their mean; the numbers come one after another, while they are said
            panels = self.board.panels
            gone = [*(panel.training for panel in panels), self.labels["training"], *self.counter, self.sizes]
            gone += [self.epoch_ends, self.grids]  # which would strike numbers through
            dim = [emphasis(panel.unseen, FAINT) for panel in panels]
            self.play(*map(FadeOut, gone), *dim, run_time=0.5)
            self._raise_bars(SEEN, apart=0.8)

    def _enough(self) -> Result:
        """Where the training loss falls, the network from which on the picture has one number; else the last one."""
        texts = [self.written(result.training.mean) for result in self.outcome]
        if self.training != "falls" or len(set(texts)) == 1:
            return self.outcome[-1]
        return next(result for k, result in enumerate(self.outcome) if set(texts[k:]) == {texts[-1]})

    def _unseen_beat(self) -> None:
        with self.beat(f"unseen-{self._unseen_line()}", **self.unseen_values()):
            # The outlined bars: days never seen. A ring around the best; where that is
            # the smallest network's, its level across the others. The worst, which is named then, gets a ring for a
            # while. The heading says what came out
            unseen = [panel.unseen for panel in self.board.panels]
            gone = [*unseen, self.labels["unseen"]]
            self.play(*map(FadeOut, gone), *self._light(UNSEEN), run_time=0.5)
            self._raise_bars(UNSEEN)
            self._mark_best()
            if self.unseen in LARGER_IS_WORSE:
                self._mark_worst()
            self.say_verdict()

    def _raise_bars(self, side: int, apart: float = 0.0) -> None:
        """The end of the line becomes one of the dots, the other seeds' come, and a bar grows to their mean.

        ``apart``: seconds from a bar's number to the next one's, as far as a beat has them.
        """
        board = self.board
        bars = [pair[side] for pair in board.bars]
        tips = [panel.training_tip if side == SEEN else panel.unseen_tip for panel in board.panels]
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
        return [emphasis(part, PRESENT) for bar in bars for part in (bar.box, bar.value, *bar.dots)]

    def _mark_best(self) -> None:
        """A ring around the least unseen loss, where it is clearly less than others; the smallest network's level."""
        self.levels: list[VGroup] = []
        if self.unseen in UNDECIDED:
            return
        value = self.board.bars[self.outcome.index(self.best)][UNSEEN].value
        apart = self.board.columns.slot(0, UNSEEN) - self.board.columns.slot(0, SEEN)
        self.best_mark = mark_of(value, apart)
        if self.best is self.outcome[0]:
            self.levels.append(self.board.level(UNSEEN))
        self.play(Create(self.best_mark), *map(Create, self.levels), run_time=0.9)

    def _mark_worst(self) -> None:
        """A ring around the largest unseen loss, then, where the line goes on to it, around the largest network's."""
        apart = self.board.columns.slot(0, UNSEEN) - self.board.columns.slot(0, SEEN)
        first, last = (
            mark_of(self.board.bars[self.outcome.index(result)][UNSEEN].value, apart)
            for result in (worst_by_unseen(self.outcome), self.outcome[-1])
        )
        self.worst_mark = first
        self.play(Create(first), run_time=0.7)
        if self._unseen_line() == "worse-middle":
            self.wait(0.3)
            self.play(Transform(first, last), run_time=0.6)

    def _unseen_line(self) -> str:
        """Which line says what the unseen loss does: where it is worst in the middle, the widest is named as well."""
        middle = self.unseen == "worse" and worst_by_unseen(self.outcome) is not self.outcome[-1]
        return f"{self.unseen}{self._of_one_run() or ('-middle' if middle else '')}"

    def _of_one_run(self) -> str:
        """That no network beats the smallest is said of the means; from one seed there are none."""
        return "-one" if self.unseen == "worse" and len(self.best.unseen.by_seed) == 1 else ""

    def _verdict(self) -> str:
        """What came out, in a heading; the best network may be named."""
        best = network_words(self.best.network.hidden, self.by, self.context.language)
        return self.screen(f"verdict-{self.unseen}{self._of_one_run()}", best=best)
