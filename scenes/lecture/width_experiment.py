"""Wider and wider: the linear model, 10, 100, 1000 ReLUs on daily views, really trained, on seen and unseen days."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from gradreel.core.results import WIDTHS, Network, Result, training_by_epoch, unseen_by_epoch, width_experiments
from gradreel.core.verdicts import change, lecture_losses
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.compared_networks import UNDECIDED, ComparedNetworks
from gradreel.scenes.lecture.experiments import MOST_NETWORKS, NetworksScene, increasing, lecture_written
from gradreel.scenes.mobjects.bars import ROOM, SEEN, UNSEEN, Columns, lecture_mark, mark_of
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_lines import SLOW_START, Line
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.width_board import WidthBoard
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, emphasize
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from pydantic import Field, field_validator

Width = Annotated[int, Field(ge=0, le=2000)]
LINEAR, HUNDRED = (), (100,)

STATES = 40  # at which the unseen loss of a run is drawn, at most
TRAINING_SECONDS = 8.0
BY_HEART = 0.5  # of the unseen loss that a training loss is, at most, which is called so


class WidthExperiment(ComparedNetworks):
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
        if any(self.has_lecture(result) for result in self.outcome):
            self._lecture_beat()
        if self.training == "falls" and self.unseen in ("worse", "partly"):
            self._puzzle_beat()
        self.hand_on()

    def prepare(self) -> None:
        super().prepare()
        lines = [self._first_run(result) for result in self.outcome]
        self.board = WidthBoard(self.outcome, lines, self.written)
        self.names = self.board.names([self.network_label(result) for result in self.outcome])
        self.sizes = self._sizes()

    # -- what is on the screen -------------------------------------------------------------------------------------

    def _first_run(self, result: Result) -> tuple[Line, Line]:
        """The first seed's run. Unseen losses at as many states as the run with the fewest kept: alike for all."""
        trace = self.trace(result.network.run_name(result.network.experiments[0]))
        return training_by_epoch(trace), unseen_by_epoch(trace, self.fewest_states(STATES))

    def _sizes(self) -> VGroup:
        """Under each network the number of its parameters; the word stands at the left where columns are many."""
        counts = [number_text(result.network.n_parameters) for result in self.outcome]
        texts = counts if self.board.many else [self.screen("parameters", count=count) for count in counts]
        return self.board.sizes(texts, self.screen("parameters", count="").strip())

    # -- beats -----------------------------------------------------------------------------------------------------

    def _networks_beat(self) -> None:
        with self.beat("networks", days=Count(self.parameters.dataset.window)):
            # The room sees how much wider is: the formula of the linear model, then a dot for each ReLU
            self.title, arriving = next_heading(self.screen("heading"))
            self.note = self.data_note()
            self.play(*arriving, FadeIn(self.board.axis), FadeIn(self.note), run_time=0.7)
            columns = [VGroup(*parts) for parts in zip(self.names, self.sizes, self.board.blocks, strict=False)]
            columns[0].add(*self.sizes[len(columns) :])
            lag = 0.5 if self.board.many else 0.8
            shown = [FadeIn(column, shift=0.15 * UP) for column in columns]
            self.play(LaggedStart(*shown, lag_ratio=lag), run_time=5.0)

    def _train_beat(self) -> None:
        data, epochs = self.parameters.dataset, Count(self.parameters.epochs)
        with self.beat("train", examples=Count(data.examples), days=Count(data.window), epochs=epochs):
            # All of them train at once: solid the days they learn from, dashed the days they never see; the words are
            # there before the lines reach them
            self._open_panels()
            self._walk()

    def _open_panels(self) -> None:
        """The dots make room for an empty plot in each column; the epochs will be counted at the top right."""
        board = self.board
        self.scale_labels, self.counter = board.scale_labels(self.screen("loss")), self.epoch_counter()
        self.play(FadeOut(board.blocks), run_time=0.5)
        self.grids = VGroup(*(panel.grid for panel in board.panels))
        board.show(0.0)
        tips = [tip for panel in board.panels for tip in (panel.unseen_tip, panel.training_tip)]
        texts = {"training": self.screen("seen"), "unseen": self.screen("unseen")}
        self.labels = {kind: board.panels[0].label(kind, text) for kind, text in texts.items()}
        arriving = [self.grids, self.scale_labels, *self.counter, *tips, *self.labels.values()]
        self.play(*map(FadeIn, arriving), run_time=0.6)

    def _walk(self) -> None:
        """Every network trains at once: both lines grow in each column, early epochs slowly."""
        number, last = self.counter[1], self.parameters.epochs
        lines = self.board.lines()

        def show(_: VMobject, share: float) -> None:
            epoch = last * share**SLOW_START
            number.set_value(int(epoch + 1e-6))
            self.board.show(epoch)

        show(lines, 0.0)
        self.play(UpdateFromAlphaFunc(VGroup(lines, number), show), run_time=TRAINING_SECONDS, rate_func=linear)
        show(lines, 1.0)
        self.add(lines)

    def _training_beat(self) -> None:
        enough = self._enough()
        line = f"training-{self.training}" if enough is self.outcome[-1] else "training-enough"
        with self.beat(line, **self.training_values(), **self.spoken("enough", enough)):
            # The dashed lines step back; the end of each solid one is one dot among other seeds', on a bar: their mean
            panels = self.board.panels
            gone = [*(panel.training for panel in panels), self.labels["training"], *self.counter, self.sizes]
            dim = [emphasis(panel.unseen, FAINT) for panel in panels]
            self.play(*map(FadeOut, gone), *dim, run_time=0.5)
            self._raise_bars(SEEN)

    def _enough(self) -> Result:
        """Where the training loss falls, the network from which on the picture has one number; else the last one."""
        texts = [self.written(result.training.mean) for result in self.outcome]
        if self.training != "falls" or len(set(texts)) == 1:
            return self.outcome[-1]
        return next(result for k, result in enumerate(self.outcome) if set(texts[k:]) == {texts[-1]})

    def _unseen_beat(self) -> None:
        with self.beat(f"unseen-{self.unseen}", **self.unseen_values()):
            # The outlined bars: days never seen. A ring around the best, and the heading says what came out
            unseen = [panel.unseen for panel in self.board.panels]
            gone = [*unseen, self.grids, self.scale_labels, self.labels["unseen"]]
            self.play(*map(FadeOut, gone), *self._light(UNSEEN), run_time=0.5)
            self._raise_bars(UNSEEN)
            self._mark_best()
            self.say_verdict()

    def _raise_bars(self, side: int) -> None:
        """The end of the line becomes one of the dots, the other seeds' come, and a bar grows to their mean."""
        board = self.board
        bars = [pair[side] for pair in board.bars]
        tips = [panel.training_tip if side == SEEN else panel.unseen_tip for panel in board.panels]
        names = board.side_names(side, self.screen("seen" if side == SEEN else "unseen"))
        boxes = VGroup(*(bar.box for bar in bars))

        def grow(_: VMobject, share: float) -> None:
            for bar in bars:
                bar.grow(max(share, 1e-3))

        grow(boxes, 0.0)
        self.add(boxes, *tips)  # the dots stand in front
        growing = UpdateFromAlphaFunc(boxes, grow, run_time=2.2, rate_func=smooth)
        moves = [ReplacementTransform(tip, bar.dots[0]) for tip, bar in zip(tips, bars, strict=True)]
        self.play(growing, *map(FadeIn, names), *moves)
        self.add(boxes, *(bar.dots[0] for bar in bars))
        others = [FadeIn(dot) for bar in bars for dot in bar.dots[1:]]
        if others:
            self.play(LaggedStart(*others, lag_ratio=0.15), run_time=1.5)
        self.play(*(FadeIn(bar.value, shift=0.1 * UP) for bar in bars), run_time=0.5)
        self.add(*bars)

    def _light(self, side: int) -> list[Animation]:
        """The bars of the other kind step back."""
        return [emphasis(pair[1 - side], PRESENT) for pair in self.board.bars]

    def _mark_best(self) -> None:
        """A ring around the least unseen loss, where it is clearly less than others."""
        if self.unseen in UNDECIDED:
            return
        value = self.board.bars[self.outcome.index(self.best)][UNSEEN].value
        apart = self.board.columns.slot(0, UNSEEN) - self.board.columns.slot(0, SEEN)
        self.best_mark = mark_of(value, apart)
        self.play(Create(self.best_mark), run_time=0.6)

    def _lecture_beat(self) -> None:
        lines = {"linear": LINEAR, "hundred": HUNDRED}
        written = {name: lecture_written(hidden)[UNSEEN] for name, hidden in lines.items()}
        with self.beat(self._lecture_line(), **written):
            # Short lines: what the lecture measured on its own channel, seen, then unseen; on our bars where both fit.
            # The caption says of which networks it gives no numbers
            self._draw_lecture()

    def _draw_lecture(self) -> None:
        self.over_ours = self.one_scale()
        self.lecture_marks = self._lecture_bars(self._lecture_columns())
        bars = self.board.every_bar()
        leaving = [bar.value for bar in bars] + [dot for bar in bars for dot in bar.dots]
        if self.over_ours:
            dimmed = [emphasis(bar.box, FAINT) for bar in bars]
        else:  # the lecture's have a scale of their own, in which ours mean nothing
            leaving, dimmed = [*(bar.box for bar in bars), *leaving], []
        self.ours_stepped_back = VGroup(*leaving, *([self.best_mark] if hasattr(self, "best_mark") else []))
        self.title, arriving = next_heading(self.screen("heading-lecture"), self.title)
        self.own_note = self.note
        self.play(FadeOut(self.ours_stepped_back), *dimmed, *arriving, *self._say_caption(self._lecture_caption()))
        for group in self.lecture_marks:
            drawn = [Create(line) for line, _ in group]
            self.play(LaggedStart(*drawn, lag_ratio=0.5), run_time=1.2)
            self.play(*(FadeIn(number, shift=0.1 * UP) for _, number in group), run_time=0.5)

    def _lecture_caption(self) -> TextMobject:
        """Which of the networks the lecture gives no numbers of; the caption as it was where there is none."""
        missing = [r.network.hidden[0] for r in self.outcome if lecture_losses(r.network.hidden) == (None, None)]
        if not missing:
            return self.note
        sizes = ("、" if self.context.language == "zh" else ", ").join(map(number_text, missing))
        return self.data_caption("caption-over" if self.over_ours else "caption-lecture", missing=sizes)

    def _say_caption(self, caption: TextMobject) -> list[Animation]:
        """The caption gives way to another one, if it is another one."""
        if caption is self.note:
            return []
        old, self.note = self.note, caption
        return [FadeOut(old), FadeIn(caption)]

    def _lecture_columns(self) -> Columns:
        """Ours, if the lecture's losses can be seen in their scale; else as high as those need."""
        if self.over_ours:
            return self.board.columns
        known = [lecture_losses(result.network.hidden) for result in self.outcome]
        largest = max(loss for losses in known for loss in losses if loss is not None)
        return Columns(self.board.columns.count, largest / ROOM)

    def _lecture_bars(self, columns: Columns) -> list[list[VGroup]]:
        """The lecture's losses in these columns: on seen days, on unseen ones."""
        marks: list[list[VGroup]] = [[], []]
        for side in (SEEN, UNSEEN):
            for k, result in enumerate(self.outcome):
                loss, text = lecture_losses(result.network.hidden)[side], lecture_written(result.network.hidden)[side]
                ours = (result.training, result.unseen)[side].mean if self.over_ours else None
                if loss is not None:
                    marks[side].append(lecture_mark(columns, k, side, loss, text, ours))
        return marks

    def _lecture_line(self) -> str:
        """Whether 100 ReLUs beat the linear model on unseen days here, as they did in the lecture."""
        ours = {result.network.hidden: result for result in self.outcome}
        if LINEAR not in ours or HUNDRED not in ours:
            return "lecture"
        agrees = change(ours[LINEAR].unseen, ours[HUNDRED].unseen) == "falls"
        return "lecture-agrees" if agrees else "lecture-differs"

    def _puzzle_beat(self) -> None:
        with self.beat(self._puzzle(), **self.spoken("best", self.best)):
            # Ours come back, and what lies between seen and unseen: a gap that widens
            bars = self.board.every_bar()
            if hasattr(self, "ours_stepped_back"):
                self.title, arriving = next_heading(self.screen(f"verdict-{self.unseen}"), self.title)
                gone = [FadeOut(mark) for group in self.lecture_marks for mark in group]
                gone += self._say_caption(self.own_note)
                emphasize(self.ours_stepped_back, FULL)
                restored = [emphasis(bar.box, FULL) for bar in bars] if self.over_ours else []
                self.play(*gone, *restored, FadeIn(self.ours_stepped_back), *arriving, run_time=1.0)
            self.gaps = [self.board.gap(k) for k in range(len(self.outcome))]
            self.play(LaggedStart(*map(Create, filter(None, self.gaps)), lag_ratio=0.7), run_time=4.0)

    def _puzzle(self) -> str:
        """Whether the widest network knows the days that it has learned from by heart."""
        widest = self.outcome[-1]
        return "puzzle" if widest.training.mean <= BY_HEART * widest.unseen.mean else "puzzle-gap"
