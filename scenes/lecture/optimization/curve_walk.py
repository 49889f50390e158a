"""The beats of gradient-descent in which the rest of a run on a curve goes by, on a map of the whole way."""

from __future__ import annotations

from gradreel.scenes.lecture.optimization.descent_end import EndBeats
from gradreel.scenes.lecture.optimization.pictures.path_zoom import PathZoom, crowd_from
from gradreel.scenes.mobjects.descent import TALL
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.pace import Pace, even_pace
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import FadeIn, FadeOut, ReplacementTransform, UpdateFromAlphaFunc, VGroup, linear

WALK_SECONDS, BY_COUNT = 8.9, 0.3  # of which this share passes by the count of updates: late ones are many
HOLD = 1.3  # seconds before, for the fall that is over
CROWD_SECONDS = 3.6  # of them for the updates whose dots are one spot
OPENING, THIN = 0.4, 2.5  # seconds in which the point becomes a ring, and how thick that is


class WalkBeats(EndBeats):
    """From the close-up's map to that of the whole run, and along it.

    ``formulas`` and ``caption`` are on the screen, and the map's ``legend``; ``under_map`` says which plane a map is.
    """

    formulas: tuple[TextMobject, TextMobject]
    caption: TextMobject
    legend: VGroup

    def under_map(self, shown: DescentMap) -> TextMobject:
        raise NotImplementedError

    def step_back(self) -> None:
        with self.beat("step-back", count=Count(self.descent.close_up), updates=Count(self.last)):
            # First the plot gets its full height. Then the map turns and shrinks to where the way so far lies on
            # another one, through the whole path, as a short piece at its beginning; of two parameters there is one
            # plane, and it is seen from farther off. The slopes become too small for their row: from now on the length
            # of all of them together stands there
            self.show_all_of_the_path()

    def show_all_of_the_path(self) -> None:
        descent = self.descent
        near, far = descent.near, descent.far
        gone = [near.path.start_label, near.path.label, near.surface.values, self.caption, *self.formulas]
        self.play(*map(FadeOut, [*gone, descent.slopes]), self.resize(TALL), run_time=0.7)
        descent.map, self.caption = far, self.under_map(far)
        descent.show(float(descent.close_up))
        far.surface.set_z_index(-2)
        near.ground.set_z_index(-1)
        if far.is_through:
            self.turn_map()
        else:
            self.shrink_map()
        self.on_map = [far.surface, far.path.line, far.path.start_ring, far.path.start_label, far.path.marker]
        self.on_map += [far.path.label, far.dots, self.caption, self.legend, *descent.axes]
        self.play(*map(FadeIn, (far.path.start_label, far.path.label, descent.length)), run_time=0.5)

    def turn_map(self) -> None:
        """The map with its path turns and shrinks to where the path lies on the other plane, which takes its place."""
        near, far = self.descent.near, self.descent.far
        turned = VGroup(near.ground, near.path.line, near.path.start_ring, near.path.marker)
        self.play(near.turns_into(far, turned), run_time=1.5)
        kept = (far.path.line, far.path.start_ring, far.path.marker)
        swapped = [ReplacementTransform(old, new) for old, new in zip(turned[1:], kept, strict=True)]
        self.play(FadeIn(far.surface), FadeOut(near.ground), *swapped, FadeIn(self.caption), run_time=0.8)

    def shrink_map(self) -> None:
        """Of two parameters there is one plane: its map shrinks to where it lies on the larger one."""
        near, far = self.descent.near, self.descent.far
        parts = ("line", "start_ring", "marker")
        moved = [ReplacementTransform(getattr(near.path, name), getattr(far.path, name)) for name in parts]
        self.play(FadeIn(far.surface, run_time=0.7), near.goes_into(far), *moved, run_time=1.4)
        gone = [FadeOut(near.ground)] if near.ground in self.mobjects else []  # it may have faded at its place
        self.play(*gone, FadeIn(self.caption), run_time=0.4)

    def walk(self) -> None:
        every = self.descent.dots_every
        with self.beat("walk-valley", count=Count(self.descent.close_up), every=number_text(every or 1)):
            # Every recorded update goes by, with a dot on the path after every so many. Of the lesson's run, nearly all
            # of the fall is over: that is said first. Then thousands of small updates follow, the dots come closer,
            # until they are one spot. From there on the spot is enlarged, and the updates go by evenly
            if self.other_data:
                self.go_on()
            else:
                self.wait(HOLD)
                self.go_on(crowd_from(self.descent.far))

    def go_on(self, crowd: int | None = None) -> None:
        """The other updates, spaced so that the curve moves evenly; from row ``crowd`` on beside an enlargement."""
        descent = self.descent
        dots, marker = descent.far.dots, descent.far.path.marker
        seconds = WALK_SECONDS
        if descent.dots_every is not None:  # the point would hide the crowd at its end: it becomes a ring
            self.play(marker.animate.set_fill(opacity=0).set_stroke(width=THIN), run_time=OPENING)
            seconds -= OPENING
        self.add(dots, marker)
        if crowd is not None and descent.close_up < crowd < self.last:
            self.play(descent.go(self.pace(crowd).row, arrow=False), run_time=seconds - CROWD_SECONDS)
            self.enlarge(crowd, CROWD_SECONDS)
        elif descent.close_up < self.last:
            self.play(descent.go(self.pace(self.last).row, arrow=False), run_time=seconds)

    def pace(self, last: int) -> Pace:
        """From the close-up's end to row ``last``."""
        even = even_pace(self.descent.run, self.descent.close_up, last)
        count = (even.rows - even.rows[0]) / (even.rows[-1] - even.rows[0])
        return Pace(even.rows, (1 - BY_COUNT) * even.shares + BY_COUNT * count)

    def enlarge(self, first: int, seconds: float) -> None:
        """The spot to which the path has come, enlarged, while the updates from row ``first`` on go by evenly."""
        zoom, values = PathZoom(self.descent.far, first, self.screen("enlarged")), self.descent.far.surface.values
        self.play(FadeIn(zoom), *(FadeOut(value) for value in values if zoom.covers(value)), run_time=0.5)
        self.on_map.append(zoom)
        going = self.descent.go(lambda share: first + share * (self.last - first), arrow=False)
        along = UpdateFromAlphaFunc(
            zoom, lambda _, share: zoom.show(first + share * (self.last - first)), rate_func=linear
        )
        self.play(going, along, run_time=seconds - 0.5)
