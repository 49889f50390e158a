"""The beats of gradient-descent for a run of ours on a curve."""

from __future__ import annotations

from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.learning_rates import RateBeats
from gradreel.scenes.lecture.optimization.pictures.relief import Relief, ReliefScale
from gradreel.scenes.lecture.optimization.pictures.shade_legend import shade_legend
from gradreel.scenes.mobjects.descent import MAP_BOX, NUMBER_LINE, Descent, in_band
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.update_formulas import sum_source
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    BackgroundRectangle,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
)

CLOSE_UP = 10  # updates that are shown one by one, on a map of their own
UNDER_MAP = -1.45  # baseline of the line that says which plane the map is


class CurveDescentBeats(RateBeats):
    """Beats for a run of which all is known: the loss around its path, and the curve that the network draws."""

    def of_a_curve(self, run: Trace, last: int, others: list[str]) -> None:
        """Rows 0 to ``last`` of a run on a curve: one slope, all of them, the point on its map, the curve.

        ``others``: names of runs from other starts, which it is compared with.
        """
        self.experiment, self.last = run.experiment, last
        self.read_others(others)
        texts = {key: self.screen(key) for key in ("target", "model", "start", "update", "step", "length")}
        self.descent = Descent(run, self.last, min(CLOSE_UP, self.last), texts)
        self.gradients = run.gradient
        self.choose_one()
        self.task()
        self.random_start()
        self.one_slope()
        self.gradient()
        self.surface()
        self.downhill()
        self.learning_rate()
        self.first_update()
        self.again_and_again()
        self.step_back()
        if self.descent.close_up < self.last:
            self.walk()
        self.stop()
        self.end()

    def under_map(self, shown: DescentMap) -> TextMobject:
        """Which plane the map shows."""
        count = len(self.descent.names)
        cut = self.descent.close_up if shown.is_through else None
        key = "plane-all" if count == 2 else "plane" if cut is None else "plane-through"
        return self.map_caption(self.screen(f"map-{key}", count=number_text(count), update=cut or 0))

    def map_caption(self, text: str) -> TextMobject:
        return words(text, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)

    def exchange(self, before: str, after: str) -> list[Animation]:
        """Both formulas for another update."""
        first, second = self.formulas
        gradient, update = self.formulas = self.both_formulas(before, after)
        return [ReplacementTransform(first, gradient), *grow(second, update)]

    def arithmetic(self) -> TextMobject:
        """One parameter's first update in its recorded numbers, as long as there is room for."""
        named = (self.worked, self.descent.names, self.descent.labels)
        whole = in_band(sum_source(*named, short=not self.descent.is_plain), line=NUMBER_LINE, size=34)
        if whole.get_right()[0] <= style.RIGHT_EDGE and whole.font_size >= style.LABEL:
            return whole
        return in_band(sum_source(*named, short=True), line=NUMBER_LINE, size=34)

    # -- the beats -------------------------------------------------------------------------------------------------

    def surface(self) -> None:
        with self.beat("surface", loss=self.descent.loss_text(0), count=Count(len(self.descent.names))):
            # More directions than can be drawn, so a plane of them: the loss as a landscape, large while all else steps
            # back, with an axis of losses; the start is a ring, as high as its loss. Then it is seen from above, in its
            # place: a map, with the loss on some lines. Of two parameters the plane has all directions there are
            self.show_surface()

    def show_surface(self) -> None:
        surface, path = self.descent.near.surface, self.descent.near.path
        self.caption = self.under_map(self.descent.near)
        self.legend = shade_legend(
            surface.shades(), self.screen("low"), self.screen("high"), MAP_BOX[1], MAP_BOX[3] + 0.15
        )
        relief = Relief(surface)
        here, loss = path.start_ring.get_center(), self.descent.loss_at(0)
        label = formula(f'L(orange(theta^0)) = "{self.descent.loss_text(0)}"', style.LETTER + 3)
        scale = ReliefScale(relief, here, loss, self.screen("loss"), label)
        path.start_ring.move_to(relief.at(here, loss))
        aside, plate = self.stepping_aside(), self.plate(label)
        self.play(*map(FadeOut, [*self.grid.slices, *aside]), run_time=0.5)
        self.bring_to_back(scale.ground, relief)
        self.play(FadeIn(scale.ground), FadeIn(relief), run_time=0.8)
        self.play(FadeIn(scale.axis), run_time=0.5)
        self.wait(0.5)
        self.play(Create(scale.drop), FadeIn(plate, scale.label), FadeIn(path.start_ring, scale=1.6), run_time=0.8)
        self.add(path.start_ring)
        self.wait(2.0)
        self.play(FadeOut(scale), FadeOut(plate), run_time=0.3)

        def tilt(_: Mobject, share: float) -> None:
            relief.tilt(1 - share)
            path.start_ring.move_to(relief.at(here, loss))

        self.play(UpdateFromAlphaFunc(VGroup(relief, path.start_ring), tilt, rate_func=smooth), run_time=1.8)
        self.bring_to_back(surface)
        self.bring_to_back(relief)
        # The legend comes only now: the landscape's far corner has passed where it stands
        arriving = (surface, path.start_label, self.caption, self.legend, *self.descent.axes, *aside)
        self.play(*map(FadeIn, arriving), run_time=0.5)
        self.remove(relief)

    def stepping_aside(self) -> list[Mobject]:
        """What is on the screen besides the map, for as long as the landscape needs the place."""
        descent, there = self.descent, self.get_mobject_family_members()
        drawn = [part for part in descent.fit if part in there]
        return [*drawn, descent.strip, descent.slopes, self.formulas[0]]

    def downhill(self) -> None:
        with self.beat("downhill"):
            # On the map all slopes together are one arrow: against the gradient, across the contour lines
            self.show_downhill()

    def show_downhill(self) -> None:
        descent, path = self.descent, self.descent.near.path
        away = descent.direction
        only = self.map_caption(self.screen("map-direction"))
        self.play(descent.turn_arrow(-0.1 * away, -away), FadeOut(self.caption, run_time=0.4), run_time=0.9)
        plate = self.plate(path.uphill_label)
        self.play(FadeIn(plate), FadeIn(path.uphill_label), FadeIn(only), run_time=0.4)
        self.wait(1.0)
        self.play(FadeOut(plate), FadeOut(path.uphill_label), run_time=0.3)
        self.play(descent.turn_arrow(-away, away), run_time=1.0)
        self.label_plate = self.plate(path.arrow_label)
        self.play(FadeIn(self.label_plate), FadeIn(path.arrow_label), run_time=0.4)
        self.only = only

    def plate(self, label: Mobject) -> BackgroundRectangle:
        """Under a label of an arrow: no contour line may be taken for a stroke of it."""
        return BackgroundRectangle(label, color=palette.background, fill_opacity=0.75, buff=0.07)

    def first_update(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("first-update", before=descent.loss_text(0), loss=descent.loss_text(1)):
            # One parameter's numbers first; on the map the arrow takes its true length. Then all at once: the point
            # moves, the curve moves, its ghost stays. The slopes have been used: they are those of where it was
            self.sum_line, self.frame = self.arithmetic(), descent.frame_around(self.worked.index)
            if self.trial is not None:
                self.back_to_map()
                self.play(Create(self.frame), run_time=0.3)
            else:
                if descent.is_plain:
                    self.play(FadeOut(self.rate), run_time=0.3)
                self.play(FadeIn(self.sum_line, shift=0.15 * UP), Create(self.frame), run_time=0.6)
            descent.hold_slopes(0)  # what the formula speaks of stays while the point moves
            self.add(descent.fit.ghost, descent.fit.model)
            gone = map(FadeOut, (path.arrow, *(self.step_name or [path.step_label]), self.frame))
            self.play(*gone, FadeIn(path.marker), emphasis(descent.slopes.numbers, FAINT), run_time=0.3)
            descent.numbers_from = 0.5  # point, curve and numbers change at once
            self.play(descent.go(smooth, arrow=False, label=False), run_time=0.9)
            descent.numbers_from = 1.0
            self.play(FadeIn(path.label), run_time=0.4)

    def again_and_again(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("again"):
            # New slopes where the point is now, in the place of the old ones, and the same again; then the next
            # updates, one by one
            numbers = descent.slopes.numbers
            self.play(FadeOut(self.sum_line), FadeOut(numbers), *self.exchange("1", "2"), run_time=0.6)
            descent.hold_slopes(1)
            self.play(LaggedStart(*map(FadeIn, emphasize(numbers, FULL)), lag_ratio=0.1), run_time=0.7)
            self.play(descent.turn_arrow(0.1 * descent.step(), descent.step()), run_time=0.7)
            self.wait(0.2)
            self.play(descent.go(lambda share: 1 + smooth(share), arrow=True), run_time=1.0)
            self.wait(1.0)
            descent.hold_slopes(None)
            self.play(*self.exchange("k", "k+1"), FadeIn(descent.fit.ghost_label), run_time=0.7)
            steps = descent.close_up - 2
            self.add(path.arrow)
            self.play(descent.step_by_step(2, steps), run_time=0.32 * steps)
            self.play(FadeOut(path.arrow), run_time=0.3)
