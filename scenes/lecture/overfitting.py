"""Better on what it has seen, worse on what it has not: the two losses against depth, and where they part."""

from __future__ import annotations

import numpy as np
from gradreel.core.results import LECTURE, Result, best_by_unseen
from gradreel.core.verdicts import lecture_losses, overfits_from, training_change, unseen_change
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments import Depth, DepthsScene, depths_field
from gradreel.scenes.mobjects.depth_lines import KINDS, DepthLines
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.network_words import network_fields
from gradreel.scenes.style import mix, palette
from manim import UP, Create, FadeIn, LaggedStart, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth

LEFT, WIDE, NARROW, BOTTOM, TOP = -6.25, 5.4, 0.75, -2.15, 2.45  # the plot, at first and when words stand beside it
CARD_LEFT, CARD_NUMBERS = 2.5, (4.4, 5.85)  # where the words begin; the middles of the two columns of numbers
CARD_LINES = (2.25, 1.62, 1.12, 0.6)  # baselines: the term, the networks, seen, unseen
LECTURE_TITLE, LECTURE_BOX = -0.2, (2.45, 6.32, -2.15, -0.68)
LECTURE_RUNS = ((), *((100,) * layers for layers in (1, 2, 3, 4)))
LECTURE_BEST, LECTURE_WORSE = (100,) * 3, (100,) * 4  # it overfits from the one to the other


class Overfitting(DepthsScene):
    """Training loss and unseen loss against depth: a network that is better on the one and worse on the other."""

    class Parameters(DepthsScene.Parameters):
        depths: tuple[Depth, ...] = depths_field((0, 1, 2, 3, 4))

    def construct(self) -> None:
        self._prepare()
        self._seen_beat()
        self._unseen_beat()
        self._term_beat()
        self._lecture_beat()

    # -- what is on the screen -------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.outcome = self.results()
        self.opens = overfits_from(self.outcome)
        losses = {kind: np.array([getattr(result, kind).mean for result in self.outcome]) for kind in KINDS}
        self.written = self.parameters.dataset.format_column(np.concatenate(list(losses.values())))
        names = [self._short_name(len(result.network.hidden)) for result in self.outcome]
        texts = {"training": self.screen("seen"), "unseen": self.screen("unseen")}
        size = 30 if len(names) <= 5 else style.SMALLEST
        self.picture = DepthLines(losses, names, self.written, texts, (LEFT, NARROW, BOTTOM, TOP), size)
        self.picture.set_right(WIDE)

    def _short_name(self, layers: int) -> str:
        return self.screen("layers-0" if layers == 0 else "layer" if layers == 1 else "layers", count=layers)

    def _spoken(self, name: str, result: Result) -> dict[str, str]:
        return network_fields(name, result.network.hidden, "depth")

    @property
    def compared(self) -> tuple[Result, Result]:
        """The best network and the first that overfits; where none does, the smallest and the largest."""
        if self.opens is None:
            return self.outcome[0], self.outcome[-1]
        return best_by_unseen(self.outcome), self.outcome[self.opens]

    def _card(self) -> VGroup:
        """The term, and beneath it the numbers that it is about: what became of both losses between two networks."""
        term, heads, *rows = CARD_LINES
        card = VGroup(words(self.screen("term-not" if self.opens is None else "term"), 42).place(term, left=CARD_LEFT))
        lines = VGroup()
        for result, x in zip(self.compared, CARD_NUMBERS, strict=True):
            name = self._short_name(len(result.network.hidden))
            card.add(words(name, style.CAPTION, palette.dim).place(heads, center=x))
        for kind, baseline in zip(KINDS, rows, strict=True):
            before, after = (getattr(result, kind).mean for result in self.compared)
            name = words(self.screen("seen" if kind == "training" else "unseen"), style.LABEL - 2, palette.blue)
            line = VGroup(name.place(baseline, left=CARD_LEFT))
            for text, x in zip((self.written(before), self.written(after)), CARD_NUMBERS, strict=True):
                line.add(words(text, 30).place(baseline, center=x))
            arrow = formula("arrow.r", 32, palette.dim)
            lines.add(line.add(arrow.move_to([sum(CARD_NUMBERS) / 2, baseline + 0.11, 0])))
        return card.add(lines)

    def _lecture(self) -> VGroup:
        """The lecture's own figures as far as it gives them, small."""
        known = np.array([lecture_losses(hidden) for hidden in LECTURE_RUNS], dtype=float)  # None is NaN
        names = ["0", "1", "2", "3", "4"]
        color = mix(palette.blue, 0.75)
        losses = {kind: known[:, k] for k, kind in enumerate(KINDS)}
        small = DepthLines(losses, names, _in_thousands, {}, LECTURE_BOX, style.SMALLEST, color, dot=0.075)
        title = words(self.screen("lecture"), style.CAPTION, palette.dim).place(LECTURE_TITLE, left=CARD_LEFT)
        return VGroup(title, small)

    # -- beats -----------------------------------------------------------------------------------------------------

    def _seen_beat(self) -> None:
        first, last = self.outcome[0], self.outcome[-1]
        with self.beat(
            f"seen-{training_change(self.outcome)}",
            first=self.written(first.training.mean),
            last=self.written(last.training.mean),
            **self._spoken("smallest", first),
            **self._spoken("largest", last),
        ):
            # The room sees all depths side by side, and the solid line: the loss on the days they have seen
            self.title, arriving = next_heading(self.screen("heading"))
            note = self.data_caption("caption", width=self.parameters.width, seeds=len(self.parameters.seeds))
            self.play(*arriving, FadeIn(note), FadeIn(self.picture.axis), FadeIn(self.picture.names), run_time=0.7)
            self._draw("training")

    def _unseen_beat(self) -> None:
        best, last = best_by_unseen(self.outcome), self.outcome[-1]
        with self.beat(
            f"unseen-{unseen_change(self.outcome)}",
            **self._spoken("best", best),
            least=self.written(best.unseen.mean),
            first=self.written(self.outcome[0].unseen.mean),
            last=self.written(last.unseen.mean),
            **self._spoken("largest", last),
        ):
            # The dashed line: the loss on the days they have not seen
            self._draw("unseen")

    def _draw(self, kind: str) -> None:
        """A line from network to network, its points and numbers as it passes them."""
        picture = self.picture
        line, last = picture.lines[kind], float(picture.lines[kind].data_x[-1])
        points = [VGroup(dot, value) for dot, value in zip(picture.dots[kind], picture.values[kind], strict=True)]
        draw = UpdateFromAlphaFunc(line, lambda _, share: line.show(share * last), run_time=4.0, rate_func=linear)
        self.play(draw, LaggedStart(*(FadeIn(point, run_time=0.6) for point in points), lag_ratio=1.0, run_time=4.4))
        self.play(FadeIn(picture.labels[kind], shift=0.1 * UP), run_time=0.4)

    def _term_beat(self) -> None:
        before, after = self.compared
        with self.beat(
            "overfitting" if self.opens is not None else "none",
            **self._spoken("better", before),
            **self._spoken("worse", after),
        ):
            # The picture makes room; what lies between the lines opens, and the term stands beside it with its numbers
            self._make_room()
            if self.opens is not None:
                first = self.outcome.index(self.compared[0])
                band = self.picture.band(first)
                self.add(band, self.picture)
                self.play(FadeIn(band), run_time=0.8)
                self.add(self.picture)
                self.play(*map(Create, self.picture.marks((first, self.opens))), run_time=0.7)
            self.card = self._card()
            *heads, lines = self.card
            self.play(*(FadeIn(part, shift=0.15 * UP) for part in heads), run_time=0.6)
            self.play(LaggedStart(*(FadeIn(line) for line in lines), lag_ratio=0.8), run_time=1.6)

    def _make_room(self) -> None:
        picture = self.picture
        self.add(picture)

        def update(_: VMobject, share: float) -> None:
            picture.set_right(WIDE + share * (NARROW - WIDE))

        self.play(UpdateFromAlphaFunc(picture, update), run_time=1.2, rate_func=smooth)

    def _lecture_beat(self) -> None:
        (seen_before, before), (seen_after, after) = LECTURE[LECTURE_BEST], LECTURE[LECTURE_WORSE]
        with self.beat(
            f"lecture-{self._against_lecture()}",
            before=before,
            after=after,
            seen_before=seen_before,
            seen_after=seen_after,
        ):
            # The lecture's own figures, small: there it happens at the fourth layer
            self.play(FadeIn(self._lecture(), shift=0.15 * UP), run_time=0.8)

    def _against_lecture(self) -> str:
        """Whether ours overfits where the lecture's did, elsewhere, or not at all."""
        if self.opens is None:
            return "only"
        same = self.outcome[self.opens].network.hidden == LECTURE_WORSE
        return "same" if same else "elsewhere"


def _in_thousands(views: float) -> str:
    return f"{views / 1000:.2f}k"
