"""The end of width-experiment: seen loss below the smallest's, unseen loss above, and why that is so stays open."""

from __future__ import annotations

from gradreel.core.verdicts import change
from gradreel.scenes.lecture.beside_lecture import BesideLecture
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.network_words import network_words
from manim import Create, FadeOut, LaggedStart, VMobject

WINS_SECONDS = 3.0  # until it has been said which network wins


class WidthPuzzle(BesideLecture):
    """The beat that asks a question; ``worst_mark``: a ring of the beat on unseen days."""

    worst_mark: VMobject

    def _puzzle_beat(self) -> None:
        with self.beat("puzzle", **self.spoken("best", self.best)):
            # Ours come back, with the smallest network's levels. From them, arrows go down to the larger ones' losses
            # on seen days, then up to those on unseen days. Why that is so stays open: the heading asks it
            start = self.time
            if hasattr(self, "stepped_back"):
                self._ours_again()
            else:
                self.play(FadeOut(self.worst_mark), run_time=0.4)
            self.levels.append(self.board.level(SEEN))
            self.ways = self._ways()
            self.wait(max(0.1, WINS_SECONDS - (self.time - start)))
            self.play(Create(self.levels[-1]), run_time=0.8)
            for ways in self.ways:
                self.play(LaggedStart(*map(Create, ways), lag_ratio=0.5), run_time=1.3)
            best = network_words(self.best.network.hidden, self.by, self.context.language)
            self.title, arriving = next_heading(self.screen("heading-puzzle", best=best), self.title)
            self.play(*arriving)

    def _ways(self) -> list[tuple[VMobject, ...]]:
        """On seen days, then on unseen ones: arrows to the networks that do better, then worse than the smallest.

        Their seen loss falls and their unseen one rises, both by enough to be drawn.
        """
        first, found = self.outcome[0], []
        for k, result in enumerate(self.outcome):
            if change(first.training, result.training) == "falls" and change(first.unseen, result.unseen) == "rises":
                pair = self.board.way(k, SEEN), self.board.way(k, UNSEEN)
                found += [pair] if None not in pair else []
        return list(zip(*found, strict=True))
