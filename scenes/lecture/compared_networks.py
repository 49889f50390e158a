"""Networks in columns: how large they are, their losses over the epochs, then what several seeds come to, as bars.

What the two comparisons of the lecture, wider and deeper, have in common; each says its beats for itself.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from gradreel.core.results import LECTURE, Result, best_by_unseen, loss_by_epoch, training_by_epoch
from gradreel.core.trace import Trace
from gradreel.core.verdicts import training_change, unseen_change
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments import NetworksScene
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN, Columns, LossBar, mark_of
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_lines import SLOW_START, LossPanel
from gradreel.scenes.mobjects.relu_blocks import networks_as_dots
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.network_words import network_fields
from gradreel.scenes.style import FULL, PRESENT, emphasis, palette
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

STATES = 40  # at which the unseen loss of a run is drawn, at most
SIDE_LINE, NAME_LINE, BELOW_NAME, LINE_STEP = -1.83, -2.33, -2.78, 0.32  # baselines under the columns
WIDE_COLUMNS = 4  # with more networks than this, words are short
PICTURE = 0.3  # free above and below the blocks of dots
NOTES = {"training": "seen", "unseen": "unseen"}


class ComparedNetworks(NetworksScene):
    """Networks that differ in one way, ``by`` width or by depth."""

    by: ClassVar[Literal["width", "depth"]] = "width"

    def prepare(self) -> None:
        self.outcome = self.results()
        dataset, count = self.parameters.dataset, len(self.outcome)
        losses = [losses for result in self.outcome for losses in (result.training, result.unseen)]
        self.columns = Columns.holding(losses, count)
        self.written = dataset.format_column([each.mean for each in losses])
        self.ticks = self.columns.ticks(dataset.offset)
        self.panels = [self._panel(k, result) for k, result in enumerate(self.outcome)]
        size = self.columns.value_size([self.written(each.mean) for each in losses])
        self.bars = [
            (self._bar(k, SEEN, result, size), self._bar(k, UNSEEN, result, size))
            for k, result in enumerate(self.outcome)
        ]
        self.axis = self.columns.axis()
        self.names = VGroup(*(self._under(k, self.network_label(result)) for k, result in enumerate(self.outcome)))
        self.sizes = self._sizes()
        self.blocks = self._blocks()

    def network_label(self, result: Result) -> str:
        """What stands under a network's column."""
        hidden = result.network.hidden
        if not hidden:
            return self.screen("linear")
        if self.by == "width":
            return self.screen("relu", count=hidden[0])
        return self.screen("layer" if len(hidden) == 1 else "layers", count=len(hidden))

    def spoken(self, name: str, result: Result) -> dict[str, str]:
        """Fields of a line: what a network is called in the narration, ``name``_en and ``name``_zh."""
        return network_fields(name, result.network.hidden, self.by)

    def has_lecture(self, result: Result) -> bool:
        """Whether the lecture says anything of its own run of this network."""
        return result.network.hidden in LECTURE

    # -- what is on the screen -------------------------------------------------------------------------------------

    def _panel(self, k: int, result: Result) -> LossPanel:
        """The first seed's run. Unseen losses at as many states as the run with the fewest kept: alike for all."""
        traces = [self._first_run(other) for other in self.outcome]
        states = min(STATES, *(len(trace.kept) for trace in traces))
        unseen = loss_by_epoch(traces[k], states)
        lines = training_by_epoch(traces[k]), (unseen.epoch, unseen.unseen)
        return LossPanel(self.columns, k, *lines, self.ticks.values)

    def _first_run(self, result: Result) -> Trace:
        return self.trace(result.network.run_name(result.network.experiments[0]))

    def _bar(self, k: int, side: int, result: Result, size: float) -> LossBar:
        losses = result.training if side == SEEN else result.unseen
        return LossBar(self.columns, k, side, losses, self.written(losses.mean), size)

    def _under(self, k: int, text: str) -> TextMobject:
        return words(text, 32 if len(self.outcome) <= WIDE_COLUMNS else 26).place(
            NAME_LINE, center=self.columns.center(k)
        )

    def _sizes(self) -> VGroup:
        """Under each network the number of its parameters; the word stands at the left where columns are many."""
        counts = [number_text(result.network.n_parameters) for result in self.outcome]
        many = len(counts) > WIDE_COLUMNS
        texts = counts if many else [self.screen("parameters", count=count) for count in counts]
        lines = [words(text, style.CAPTION, palette.dim) for text in texts]
        sizes = VGroup(*(line.place(BELOW_NAME, center=self.columns.center(k)) for k, line in enumerate(lines)))
        if many:
            word = words(self.screen("parameters", count="").strip(), style.CAPTION, palette.dim)
            sizes.add(word.place(BELOW_NAME, left=style.LEFT_EDGE))
        return sizes

    def _blocks(self) -> VGroup:
        """Each network as blocks of dots; the linear model as its formula."""
        left, right = self.columns.panel(0)
        height, middle = self.columns.top - self.columns.bottom, (self.columns.bottom + self.columns.top) / 2
        centers = [np.array([self.columns.center(k), middle, 0.0]) for k in range(len(self.outcome))]
        hidden = [result.network.hidden for result in self.outcome]
        return networks_as_dots(hidden, centers, right - left, height - 2 * PICTURE)

    def _counter(self) -> tuple[TextMobject, Number]:
        name = words(self.screen("epoch"), 32)
        number = Number(self.parameters.epochs, 0, 32, group=True).place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        return name.place(style.HEADING_BASELINE, right=float(number.get_left()[0]) - 0.2), number

    # -- what moves ------------------------------------------------------------------------------------------------

    def show_networks(self) -> None:
        """The networks come in one by one: name, number of parameters, a dot for each ReLU."""
        self.title, arriving = next_heading(self.screen("heading"))
        note = self.data_caption(
            "caption",
            seen=number_text(self.parameters.dataset.examples),
            unseen=number_text(self.parameters.dataset.n_unseen),
            day=self.parameters.dataset.first_unseen.isoformat(),
        )
        self.play(*arriving, FadeIn(self.axis), FadeIn(note), run_time=0.7)
        columns = [VGroup(*parts) for parts in zip(self.names, self.sizes, self.blocks, strict=False)]
        columns[0].add(*self.sizes[len(columns) :])
        lag = 0.8 if len(columns) <= WIDE_COLUMNS else 0.5
        self.play(LaggedStart(*(FadeIn(column, shift=0.15 * UP) for column in columns), lag_ratio=lag), run_time=5.0)

    def open_panels(self) -> None:
        """The dots make room for an empty plot in each column; the epochs will be counted at the top right."""
        left = self.columns.panel(0)[0] - 0.14
        self.scale_labels = VGroup(
            *(
                words(label, style.TICK, palette.dim).place(self.columns.y(value) - 0.09, right=left)
                for value, label in zip(self.ticks.values, self.ticks.labels, strict=True)
                if self.columns.y(value) < self.columns.top - 0.2
            )
        )
        self.scale_labels.add(
            words(self.screen("loss"), style.TICK, palette.dim).place(self.columns.top + 0.14, right=left)
        )
        self.counter = self._counter()
        self.counter[1].set_value(0)
        self.play(FadeOut(self.blocks), run_time=0.5)
        grids = VGroup(*(panel.grid for panel in self.panels))
        self.play(FadeIn(grids), FadeIn(self.scale_labels), *map(FadeIn, self.counter), run_time=0.6)

    def walk(self, name: Literal["training", "unseen"], seconds: float) -> None:
        """Every network trains at once: the line ``name`` grows in each column, early epochs slowly."""
        number, last = self.counter[1], self.parameters.epochs
        lines = VGroup(*(VGroup(getattr(panel, name), getattr(panel, f"{name}_tip")) for panel in self.panels))

        def show(_: VMobject, share: float) -> None:
            epoch = last * share**SLOW_START
            number.set_value(int(epoch + 1e-6))
            for panel in self.panels:
                panel.show(epoch, name)

        show(lines, 0.0)
        self.play(UpdateFromAlphaFunc(VGroup(lines, number), show), run_time=seconds, rate_func=linear)
        show(lines, 1.0)
        self.add(lines)
        label = self.panels[0].label(name, self.screen(NOTES[name]))
        self.labels = [*getattr(self, "labels", []), label]
        self.play(FadeIn(label, shift=0.1 * UP), run_time=0.4)

    def leave_panels(self) -> None:
        """The lines fade; where each ended stays as a ring."""
        lines = [part for panel in self.panels for part in (panel.grid, panel.training, panel.unseen)]
        gone = [*lines, self.scale_labels, *self.labels, *self.counter, self.sizes]
        self.play(*(FadeOut(part) for part in gone), run_time=0.5)

    def raise_bars(self, side: int) -> None:
        """The end of the line becomes one of the dots, the other seeds' come, and a bar grows to their mean."""
        bars = [pair[side] for pair in self.bars]
        tips = [panel.training_tip if side == SEEN else panel.unseen_tip for panel in self.panels]
        key = "seen" if side == SEEN else "unseen"
        names = [
            words(self.screen(key), style.TICK, palette.dim).place(SIDE_LINE, center=self.columns.slot(k, side))
            for k in range(len(bars))
        ]
        boxes = VGroup(*(bar.box for bar in bars))

        def grow(_: VMobject, share: float) -> None:
            for bar in bars:
                bar.grow(max(share, 1e-3))

        moves = [ReplacementTransform(tip, bar.dots[0]) for tip, bar in zip(tips, bars, strict=True)]
        others = [FadeIn(dot) for bar in bars for dot in bar.dots[1:]]
        self.play(*moves, *map(FadeIn, names), run_time=0.8)
        if others:
            self.play(LaggedStart(*others, lag_ratio=0.15), run_time=1.2)
        grow(boxes, 0.0)
        self.add(boxes, *(bar.dots for bar in bars))  # the dots stand in front
        self.play(UpdateFromAlphaFunc(boxes, grow), run_time=1.2, rate_func=smooth)
        self.play(*(FadeIn(bar.value, shift=0.1 * UP) for bar in bars), run_time=0.5)
        self.add(*bars)

    def light(self, side: int) -> list[Animation]:
        """One kind of bar at full strength, the other stepped back."""
        return [emphasis(bar, FULL if k == side else PRESENT) for pair in self.bars for k, bar in enumerate(pair)]

    def mark_best(self) -> None:
        """A ring around the least unseen loss, where it is clearly less than others."""
        if self.unseen == "flat":
            return
        value = self.bars[self.outcome.index(self.best)][UNSEEN].value
        apart = self.columns.slot(0, UNSEEN) - self.columns.slot(0, SEEN)
        self.best_mark = mark_of(value, apart)
        self.play(Create(self.best_mark), run_time=0.6)

    def say_verdict(self) -> None:
        """The heading says what came out, where one sentence can."""
        if self.training == "falls" and self.unseen != "flat":
            self.title, arriving = next_heading(self.screen(f"verdict-{self.unseen}"), self.title)
            self.play(*arriving)

    def show_lecture(self) -> None:
        """What the lecture says of its own runs, small beneath ours."""
        self.lecture_row = VGroup(words(self.screen("lecture"), style.CAPTION, palette.dim))
        self.lecture_row[0].place(BELOW_NAME, left=style.LEFT_EDGE)
        for k, result in enumerate(self.outcome):
            texts = LECTURE.get(result.network.hidden, ())
            if len(set(texts)) == 1:
                self.lecture_row.add(self._lecture_words(texts[0], self.columns.center(k)))
                continue
            for side, text in enumerate(texts):
                self.lecture_row.add(self._lecture_words(text, self.columns.slot(k, side)))
        restored = [emphasis(bar, FULL) for pair in self.bars for bar in pair]
        self.play(FadeIn(self.lecture_row, shift=0.15 * UP), *restored, run_time=0.6)

    def _lecture_words(self, text: str, x: float) -> VGroup:
        shown = text if text.endswith("k") else self.screen(text.replace(" ", "-"))
        lines = shown.split("\n")
        placed = [words(line, style.CAPTION, palette.dim) for line in lines]
        return VGroup(*(line.place(BELOW_NAME - n * LINE_STEP, center=x) for n, line in enumerate(placed)))

    # -- what the numbers say --------------------------------------------------------------------------------------

    @property
    def training(self) -> str:
        """What the training loss does: see `core.verdicts.training_change`."""
        return training_change(self.outcome)

    @property
    def unseen(self) -> str:
        """What the unseen loss does: see `core.verdicts.unseen_change`."""
        return unseen_change(self.outcome)

    @property
    def best(self) -> Result:
        """The network of least unseen loss."""
        return best_by_unseen(self.outcome)

    def training_values(self) -> dict[str, Any]:
        """What a line about the training loss may name."""
        first, last = self.outcome[0], self.outcome[-1]
        return {
            "first": self.written(first.training.mean),
            "last": self.written(last.training.mean),
            **self.spoken("smallest", first),
            **self.spoken("largest", last),
        }

    def unseen_values(self) -> dict[str, Any]:
        """What a line about the unseen loss may name."""
        means = [result.unseen.mean for result in self.outcome]
        first, last = self.outcome[0], self.outcome[-1]
        return {
            "first": self.written(first.unseen.mean),
            "last": self.written(last.unseen.mean),
            "least": self.written(min(means)),
            "most": self.written(max(means)),
            **self.spoken("smallest", first),
            **self.spoken("largest", last),
            **self.spoken("best", self.best),
        }
