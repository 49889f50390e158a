"""Wider and wider: the linear model, 10, 100, 1000 ReLUs on daily views, really trained, on seen and unseen days."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from gradreel.core.results import WIDTHS, Network, Result, training_by_epoch, unseen_by_epoch, width_experiments
from gradreel.core.verdicts import change
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.beside_lecture import BesideLecture
from gradreel.scenes.lecture.compared_networks import UNDECIDED
from gradreel.scenes.lecture.experiments import MOST_NETWORKS, NetworksScene, increasing
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN, AboveTheScale, mark_of
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_lines import SLOW_START, Line
from gradreel.scenes.mobjects.loss_scale import OVER_TOP
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.width_board import WidthBoard
from gradreel.scenes.network_words import network_words
from gradreel.scenes.style import FAINT, PRESENT, emphasis
from manim import (
    UP,
    Animation,
    AnimationGroup,
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
STATES = 40  # at which the unseen loss of a run is drawn, at most
TRAINING_SECONDS = 8.0
WINS_SECONDS = 3.0  # until it has been said which network wins
NUMBERS_SECONDS = 3.2  # in which the numbers of all bars have come, where they come one after another
BY_HEART = 0.5  # of the unseen loss that a training loss is, at most, which is called so


class WidthExperiment(BesideLecture):
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
        if self.training == "falls" and self.unseen in ("worse", "partly"):
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
        self.epoch_ends = board.epochs(self.screen("run"))
        last = (board.last_above() / self.parameters.epochs) ** (1 / SLOW_START)
        middle = (board.columns.left + board.columns.right) / 2
        self.above = AboveTheScale(self.screen("above"), board.columns.top + OVER_TOP, middle, last)
        above = [self.above] if last else []
        arriving = [self.grids, self.scale_labels, self.epoch_ends, *self.counter, *tips, *self.labels.values(), *above]
        self.play(*map(FadeIn, arriving), run_time=0.6)

    def _walk(self) -> None:
        """Every network trains at once: both lines grow in each column, early epochs slowly."""
        number, last = self.counter[1], self.parameters.epochs
        lines = self.board.lines()

        def show(_: VMobject, share: float) -> None:
            epoch = last * share**SLOW_START
            number.set_value(int(epoch + 1e-6))
            self.board.show(epoch)
            self.above.show(share)

        show(lines, 0.0)
        moving = VGroup(lines, number, *([self.above] if self.above.last else []))
        self.play(UpdateFromAlphaFunc(moving, show), run_time=TRAINING_SECONDS, rate_func=linear)
        show(lines, 1.0)
        self.remove(moving)
        self.add(lines, number)

    def _training_beat(self) -> None:
        enough = self._enough()
        line = f"training-{self.training}" if enough is self.outcome[-1] else "training-enough"
        with self.beat(line, **self.training_values(), **self.spoken("enough", enough)):
            # The dashed lines step back; the end of each solid one is one dot among other seeds'. A bar grows to their
            # mean; the numbers come one after another, while they are said
            panels = self.board.panels
            gone = [*(panel.training for panel in panels), self.labels["training"], *self.counter, self.sizes]
            gone.append(self.epoch_ends)
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
        with self.beat(f"unseen-{self.unseen}{self._of_one_run()}", **self.unseen_values()):
            # The outlined bars: days never seen. Of the scale, its numbers stay. A ring around the best; where that is
            # the smallest network's, its level across the others. The heading says what came out
            unseen = [panel.unseen for panel in self.board.panels]
            gone = [*unseen, self.grids, self.labels["unseen"]]
            self.play(*map(FadeOut, gone), *self._light(UNSEEN), run_time=0.5)
            self._raise_bars(UNSEEN)
            self._mark_best()
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
        dots = [dot for bar in bars for dot in bar.dots]
        self.add(boxes, *dots)  # the dots stand in front
        self.play(UpdateFromAlphaFunc(boxes, grow, run_time=1.6, rate_func=smooth))
        dimmed = AnimationGroup(*(emphasis(dot, PRESENT) for dot in dots), run_time=0.5)
        pause = min(apart, NUMBERS_SECONDS / len(bars))
        self.wait(pause) if pause else None
        values = [FadeIn(bar.value, shift=0.1 * UP, run_time=0.5) for bar in bars]
        self.play(LaggedStart(*values, lag_ratio=2 * pause), dimmed)
        self.add(*bars)

    def _light(self, side: int) -> list[Animation]:
        """The bars of the other kind step back; the dots of their runs have done so."""
        bars = [pair[1 - side] for pair in self.board.bars]
        return [emphasis(part, PRESENT) for bar in bars for part in (bar.box, bar.value)]

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

    def _puzzle_beat(self) -> None:
        with self.beat(self._puzzle(), **self.spoken("best", self.best)):
            # Ours come back, with the smallest network's levels. From them, arrows go down to the larger ones' losses
            # on seen days, then up to those on unseen days. What that is called is the heading
            start = self.time
            if hasattr(self, "stepped_back"):
                self._ours_again()
            self.levels.append(self.board.level(SEEN))
            self.ways = self._ways()
            self.wait(max(0.1, WINS_SECONDS - (self.time - start)))
            self.play(Create(self.levels[-1]), run_time=0.8)
            for ways in self.ways:
                self.play(LaggedStart(*map(Create, ways), lag_ratio=0.5), run_time=1.3)
            self.title, arriving = next_heading(self.screen("heading-overfitting"), self.title)
            self.play(*arriving)

    def _of_one_run(self) -> str:
        """That no network beats the smallest is said of the means; from one seed there are none."""
        return "-one" if self.unseen == "worse" and len(self.best.unseen.by_seed) == 1 else ""

    def _verdict(self) -> str:
        """What came out, in a heading; the best network may be named."""
        best = network_words(self.best.network.hidden, self.by, self.context.language)
        return self.screen(f"verdict-{self.unseen}{self._of_one_run()}", best=best)

    def _ways(self) -> list[tuple[VMobject, ...]]:
        """On seen days, then on unseen ones: arrows to the networks that overfit against the smallest.

        Their seen loss falls and their unseen one rises, both by enough to be drawn.
        """
        first, found = self.outcome[0], []
        for k, result in enumerate(self.outcome):
            if change(first.training, result.training) == "falls" and change(first.unseen, result.unseen) == "rises":
                pair = self.board.way(k, SEEN), self.board.way(k, UNSEEN)
                found += [pair] if None not in pair else []
        return list(zip(*found, strict=True))

    def _puzzle(self) -> str:
        """Whether the widest network knows the days that it has learned from by heart."""
        widest = self.outcome[-1]
        return "puzzle" if widest.training.mean <= BY_HEART * widest.unseen.mean else "puzzle-gap"
