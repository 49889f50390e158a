"""Ends the lesson: a count of held-out dots checks the grey dot's share; four pictures; the dot's true kind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from gradreel.core.analysis.class_plane import TrainedPlane
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.classes.line_scene import LineScene
from gradreel.scenes.lecture.classes.pictures.line_board import COLUMN, NEW_RADIUS, RIGHT, NewDot, sums
from gradreel.scenes.lecture.classes.pictures.share_table import ShareBar, whole_percents
from gradreel.scenes.lecture.classes.plane_runs import MOONS, THREE_KINDS
from gradreel.scenes.mobjects.class_regions import ClassRegions, class_marks, discs
from gradreel.scenes.mobjects.plot import Plot, ring
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray
from pydantic import Field

MANY = 100  # held-out dots that are counted
GRID_LEFT, GRID_TOP, STEP, SMALL = COLUMN + 0.6, 2.05, 0.42, 0.11  # of their ten rows of ten
NEAR = 0.1  # by how much the counted share may differ from the one that was said
PANEL, PANEL_GAP, PANEL_BOTTOM, PANEL_MARK = 2.85, 0.466, -1.4, 0.05
PANEL_TOP = PANEL_BOTTOM + PANEL


class ClassesSummary(LineScene):
    """Checks the grey dot's share on a hundred held-out dots, repeats four pictures, and shows the dot's true kind."""

    class Parameters(LineScene.Parameters):
        moons: Experiment = Field(MOONS, description="The run of bent-plane, for the third picture")
        three: Experiment = Field(THREE_KINDS, description="The run of three-classes, for the fourth picture")

    @cached_property
    def score(self) -> float:
        """Return the sum of the trained line at the new dot."""
        return float(sums(self.trained, self.new_dot))

    @cached_property
    def alike(self) -> NDArray:
        """Return the rows of the `MANY` validation dots whose shares are nearest to the new dot's, without that dot."""
        places = self.parameters.run.dataset.validation_features()
        away = np.abs(sigmoid(sums(self.trained, places)) - sigmoid(self.score))
        away[self.parameters.new] = np.inf
        return np.argsort(away, kind="stable")[: min(MANY, len(places) - 1)]

    @cached_property
    def kinds(self) -> NDArray:
        """Return the true classes of all validation dots."""
        return self.parameters.run.dataset.validation_labels().astype(int)

    def _percents(self) -> list[int]:
        """Return the new dot's shares of both classes, in whole percents."""
        share = sigmoid(self.score)
        return [int(percent) for percent in whole_percents(np.array([1 - share, share]))]

    def claims(self) -> Iterator[Claim]:
        share, counted = float(sigmoid(self.score)), float(self.kinds[self.alike].mean())
        yield claim("hundred-as-said", "both shares agree", abs(share - counted) < NEAR, said=share, counted=counted)
        yield claim("hundred-as-said", "there are a hundred such dots", len(self.alike) == MANY, dots=len(self.alike))
        kind = int(self.kinds[self.parameters.new])
        yield claim("truth-circle", "it is a circle, the less probable kind", kind == 0 and share > 0.5, share=share)

    def construct(self) -> None:
        self.picture = self.board().show(self.trained, sure=True)
        self.picture.remove(self.picture.axes)
        self.new = NewDot(self.picture.at(self.new_dot))
        self._question_beat()
        self._hundred_beat()
        self._thread_beat()
        self._truth_beat()

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _question_beat(self) -> None:
        self.bar = bar = ShareBar(2, COLUMN, RIGHT).show(np.array([0.0, self.score]))
        percent = self._percents()[1]
        with self.beat("question", pause="long", percent=percent):
            # The plane of the first scene is back, with its line and the grey dot. Beside it stand the dot's shares
            self.play(*self.next_heading(self.screen("heading")), FadeIn(self.picture), run_time=1.0)
            self.play(FadeIn(self.new, scale=2.5), run_time=0.6)
            self.until("share")
            self.play(FadeIn(bar), run_time=0.8)
            self.until("mean")

    def _hundred_beat(self) -> None:
        rows = self.alike[np.argsort(-self.kinds[self.alike], kind="stable")]  # triangles first
        kinds, places = self.kinds[rows], self.picture.at(self.parameters.run.dataset.validation_features()[rows])
        order = np.arange(len(rows))
        grid = np.column_stack([GRID_LEFT + STEP * (order % 10), GRID_TOP - STEP * (order // 10), np.zeros(len(rows))])
        grey = discs(places, SMALL, palette.grey)

        def fly(marks: VGroup, share: float) -> None:
            marks.points = discs(places + share * (grid - places), SMALL, palette.grey).points

        marks = VGroup(*(class_marks(k, grid[kinds == k], SMALL) for k in (0, 1)))
        count = int(kinds.sum())
        number = Number(count, 0, 48).place(-3.0, COLUMN + 1.5)
        mark = class_marks(1, np.array([[COLUMN + 2.0, -2.83, 0.0]]), 0.2)
        of = words(self.screen("of", dots=len(rows)), 36).place(-3.0, left=COLUMN + 2.5)
        share = sigmoid(self.score)
        chance = number_text(np.sqrt(len(rows) * share * (1 - share)), 0)  # of a binomial count: its standard deviation
        values = {"count": Count(count), "dots": Count(len(rows)), "percent": self._percents()[1], "chance": chance}
        with self.beat("hundred-as-said", pause="long", **values):
            # A hundred grey dots of those that were held out, all with nearly this share, lie beside the line. They
            # line up beside the plane, and show their kinds
            heading = self.next_heading(self.screen("heading-share"))
            self.play(FadeOut(self.bar), FadeOut(self.picture.regions.marks), *heading, run_time=0.8)
            self.play(FadeIn(grey), run_time=0.8)
            self.until("there")
            self.play(UpdateFromAlphaFunc(grey, fly, rate_func=smooth), run_time=1.8)
            self.until("kinds")
            self.play(FadeIn(marks), FadeOut(grey), run_time=0.8)
            self.play(FadeIn(number, mark, of), run_time=0.6)
            self.until("so")
        self.counted = VGroup(marks, number, mark, of)

    def _thread_beat(self) -> None:
        panels = VGroup(*(self._panel(k) for k in range(4)))
        leaving = [self.counted, self.new, self.picture.line, self.picture.regions.ground]
        with self.beat("thread"):
            # Four pictures, from left to right: a line with two sides, the surprise, the bent plane, three shares
            self.until("line")
            heading = self.next_heading(self.screen("heading-thread"))
            leaving.append(self.picture.regions.bands)
            self.play(*map(FadeOut, leaving), FadeIn(panels[0]), *heading, run_time=0.9)
            for mark, panel in zip(("surprise", "bend", "shares"), panels[1:], strict=True):
                self.until(mark)
                self.play(FadeIn(panel), run_time=0.7)
            self.until("digits")
        self.panels = panels

    def _panel(self, k: int) -> VGroup:
        """Return picture ``k`` of the thread, with its words below."""
        left = style.LEFT_EDGE + k * (PANEL + PANEL_GAP)
        text = words(self.screen(f"panel-{k + 1}"), 30).place(PANEL_BOTTOM - 0.6, center=left + PANEL / 2)
        if k == 1:
            return VGroup(self._surprise(left), text)
        name = ("run", "", "moons", "three")[k]
        plane = TrainedPlane(self.trace(name))
        where = (left, PANEL_BOTTOM, PANEL, PANEL_MARK)
        regions = ClassRegions(plane.view, plane.points, plane.labels, plane.n_classes, *where)
        return VGroup(regions.show(plane.on_grid(len(plane.updates) - 1)), text)

    @staticmethod
    def _surprise(left: float) -> VGroup:
        """Return the curve of -ln p, up to 4."""
        box = {
            "left": left + 0.3,
            "right": left + PANEL - 0.1,
            "bottom": PANEL_BOTTOM + 0.5,
            "top": PANEL_TOP,
        }
        plot = Plot((0.0, 1.0), (0.0, 4.0), x_ticks=round_labels(0, 1, 1), x_label=None, tick_size=28, **box)
        p = np.linspace(np.exp(-4.0), 1.0, 120)
        name = formula("- ln p", 40).move_to([left + 1.75, PANEL_BOTTOM + 1.9, 0.0])
        return VGroup(plot, plot.curve(p, -np.log(p), palette.text, style.SECOND_CURVE), name)

    def _truth_beat(self) -> None:
        kind, board = int(self.kinds[self.parameters.new]), self.picture
        place = board.at(self.new_dot)
        mark = class_marks(kind, place[None], NEW_RADIUS)
        halo = ring(place, 0.36, palette.text).set_fill(opacity=0)
        with self.beat("truth-circle", pause="long", percent=self._percents()[kind]):
            # The plane of the beginning once more. The question mark goes, and the dot has the colour of its kind
            self.play(FadeOut(self.panels), *self.next_heading(self.screen("heading-truth")), run_time=0.6)
            self.play(FadeIn(board), FadeIn(self.bar), run_time=0.8)
            self.add(self.new)
            self.play(FadeIn(self.new), run_time=0.4)
            self.until("truth")
            self.play(FadeOut(self.new), FadeIn(mark), FadeIn(halo, scale=1.8), run_time=0.9)
            self.until("fair")
