"""Networks compared by their losses: what each is called on the screen and in a line, and what the numbers say.

What the comparisons of the lecture, wider and deeper, have in common; each draws its picture and says its beats itself.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from gradreel.core.analysis.results import Result, best_by_unseen, lecture_losses, worst_by_unseen
from gradreel.core.daily.views import loss_column
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words
from gradreel.scenes.words.network_words import network_fields
from gradreel.scenes.words.numbers import number_text
from manim import Animation, FadeIn, FadeOut, smooth, squish_rate_func

LARGER = 3.0  # times the lecture's losses that ours may be, for both to be seen in one scale
ABOVE = 1.1  # times ours that the lecture's may be: the picture, made for ours, has so much room under its heading


class ComparedNetworks(NetworksScene):
    """Networks that differ in one way, ``by`` width or by depth."""

    by: ClassVar[Literal["width", "depth"]] = "width"
    note: TextMobject  # the caption on the screen

    def prepare(self) -> None:
        """What came of the networks, and what writes it."""
        self.outcome = self.results()
        self.written = loss_column(
            loss for result in self.outcome for loss in (result.training.mean, result.unseen.mean)
        )

    def network_label(self, result: Result) -> str:
        """What stands under a network's column."""
        hidden = result.network.hidden
        if not hidden:
            return self.screen("linear")
        if self.by == "width":
            return self.screen("relu", count=number_text(hidden[0]))
        return self.screen("layer" if len(hidden) == 1 else "layers", count=len(hidden))

    def spoken(self, name: str, result: Result) -> dict[str, str]:
        """Fields of a line: what a network is called in the narration, ``name``_en and ``name``_zh."""
        return network_fields(name, result.network.hidden, self.by)

    def data_note(self) -> TextMobject:
        """The caption of what was learned, and on which days."""
        dataset = self.parameters.dataset
        return self.data_caption(
            "caption",
            seen=Count(dataset.examples),
            unseen=number_text(dataset.n_unseen),
            day=day_words(dataset.first_unseen, self.context.language, "year"),
        )

    def say_caption(self, caption: TextMobject) -> list[Animation]:
        """The caption is gone before another one comes to its place, if it is another one."""
        if caption is self.note:
            return []
        old, self.note = self.note, caption
        early, late = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        return [FadeOut(old, rate_func=early), FadeIn(caption, rate_func=late)]

    def epoch_counter(self) -> tuple[TextMobject, Number]:
        """The word and the number at the top right, which counts from 0."""
        name = words(self.screen("epoch"), 32)
        number = Number(self.parameters.epochs, 0, 32, group=True).place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        name.place(style.HEADING_BASELINE, right=float(number.get_left()[0]) - 0.2)
        return name, number.set_value(0)

    def fewest_states(self, most: int) -> int:
        """So many states of every run can be drawn: alike for all, and ``most`` at most."""
        return min(most, *(run.n_kept for result in self.outcome for run in result.network.experiments))

    # -- beside the lecture's own runs -----------------------------------------------------------------------------

    def one_scale(self) -> bool:
        """Whether the lecture's losses can be seen in the scale of ours: another channel may have other views."""
        lecture = [
            loss for result in self.outcome for loss in lecture_losses(result.network.hidden) if loss is not None
        ]
        ours = [result.unseen.mean for result in self.outcome]
        return bool(lecture) and max(ours) / LARGER <= max(lecture) <= ABOVE * max(ours)

    # -- what the numbers say --------------------------------------------------------------------------------------

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
        first, last, worst = self.outcome[0], self.outcome[-1], worst_by_unseen(self.outcome)
        other = last if self.best is first else first
        return {
            "first": self.written(first.unseen.mean),
            "last": self.written(last.unseen.mean),
            "least": self.written(self.best.unseen.mean),
            "most": self.written(worst.unseen.mean),
            **self.spoken("smallest", first),
            **self.spoken("largest", last),
            **self.spoken("best", self.best),
            **self.spoken("worst", worst),
            "compared": self.written(other.unseen.mean),
            **self.spoken("other", other),
        }
