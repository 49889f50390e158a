"""The opening: what would you have to know to guess today's views? And a real training run that learns a curve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.daily_data import data_caption
from gradreel.scenes.lecture.opening.pictures.last_days import LastDays, last_views
from gradreel.scenes.mobjects.bracket import Bracket
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from manim import (
    UP,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    Mobject,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    ValueTracker,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from manim.utils.rate_functions import ease_in_out_sine
from numpy.typing import NDArray
from pydantic import Field, model_validator

WORDS_LEFT, TITLE_BASELINE, SUBTITLE_BASELINE, CREDIT_BASELINE = -6.05, 2.32, 1.5, 0.93
DAYS_BOX = (style.LEFT_EDGE + 0.72, 5.85, -2.5, -0.15)  # left, right, bottom, top
STRIP_BOX = (style.LEFT_EDGE + 0.72, 5.85, 1.5, 2.95)  # of the days while their pairs are taken
CLOUD_BOX = (-3.6, 3.4, -2.7, 0.3)
CLOUD_DOT, FLIGHT, CLOUD_SECONDS = 0.07, 6.0, 5.0  # radius; pairs that fly at once; seconds for all pairs
ROOM = 0.12  # around the cloud, of the way from the fewest views to the most
WALK_SECONDS = 6.5
CLOSE, FAR = (
    0.03,
    0.5,
)  # shares of the way from the fewest views to the most: of almost equal days, and of different ones
DIMMED, TWIN = 0.35, 1.6  # opacity of the cloud while two of its dots are compared; their size
THINK = 3.0  # seconds that the question has, from its first word on
QUIET = 1.5  # seconds in which nobody speaks, when blue lies on red
LEARNED = 0.05  # the red curve is learned when the typical gap is less than this share of its height


class Cloud(VGroup):
    """A dot for each pair of neighbouring days.

    It flies from between both days, at ``starts`` (N + 1, 3), to its place among ``ends`` (N, 3).
    """

    def __init__(self, starts: NDArray, ends: NDArray) -> None:
        super().__init__(*(Dot(end, radius=CLOUD_DOT, color=palette.red, fill_opacity=0) for end in ends))
        self.starts, self.ends = starts, ends

    def bracket(self, k: int) -> NDArray:
        """(4, 3): the corners of a bracket below the days of pair ``k``."""
        first, second = self.starts[k : k + 2]
        low = min(first[1], second[1]) - 0.14
        return np.array([(first[0], low, 0), (first[0], low - 0.1, 0), (second[0], low - 0.1, 0), (second[0], low, 0)])

    def fly(self, first: int, last: int, bracket: VMobject | None = None) -> UpdateFromAlphaFunc:
        """Pairs ``first`` to ``last`` fly to their places one after the other, ``bracket`` going along the days."""

        def show(_: Mobject, share: float) -> None:
            begun = first + share * (last - first - 1 + FLIGHT)
            for k in range(first, last):
                way = smooth(float(np.clip((begun - k) / FLIGHT, 0.0, 1.0)))
                middle = (self.starts[k] + self.starts[k + 1]) / 2
                self[k].move_to(middle + way * (self.ends[k] - middle)).set_fill(opacity=float(way > 0))
            if bracket is not None:
                bracket.set_points_as_corners(self.bracket(min(int(begun), last - 1)))

        return UpdateFromAlphaFunc(VGroup(self, *([] if bracket is None else [bracket])), show)


def twins(views: NDArray) -> tuple[int, int]:
    """Return the two pairs of neighbouring days whose first days are almost equal and whose second days differ most.

    ``views``: (N,) of at least three days; pair k is of the days k and k + 1. If no first days are almost equal, these
    are the two pairs with the closest ones.
    """
    first, second = np.triu_indices(len(views) - 1, 1)
    apart = np.abs(views[first] - views[second])
    close = apart <= max(CLOSE * np.ptp(views), apart.min())
    best = np.argmax(np.where(close, np.abs(views[first + 1] - views[second + 1]), -1.0))
    return int(first[best]), int(second[best])


def are_far_apart(views: NDArray, pairs: NDArray) -> bool:
    """Return whether two pairs of days have almost equal first days and different second days.

    ``views``: (N,), all days. ``pairs``: (2, 2), the views of both days of each pair.
    """
    (yesterdays, todays), span = np.abs(pairs[1] - pairs[0]), float(np.ptp(views))
    return bool(yesterdays <= CLOSE * span and todays >= FAR * span)


class Title(LectureScene):
    """The lecture's name over the last days of a channel, and a curve that gradient descent really found."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose curve settles on the red one")
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose last days are shown")
        title: str | None = Field(None, description="The title; by default the lecture's, in the video's language")
        subtitle: str | None = Field(None, description="The line beneath it; by default the lecture's")
        credit: str | None = Field(None, description="The line under the subtitle; empty for none")

        @model_validator(mode="after")
        def _learns_a_curve(self) -> Self:
            need_curve("title", self.run)
            return self

    def claims(self) -> Iterator[Claim]:
        views = last_views(self.parameters.dataset)[:-1]
        pairs = views[[(k, k + 1) for k in twins(views)]]
        says = "two yesterdays are almost equal, their todays far apart"
        yield claim("twins", says, are_far_apart(views, pairs), yesterdays=pairs[:, 0], todays=pairs[:, 1])
        run = self.trace("run")
        gaps = np.sqrt(loss(run.experiment, run.parameters[[0, -1]]))  # typical ones: of mean squares
        height = run.experiment.dataset.curve().height
        learned = gaps[1] < LEARNED * height < gaps[0]
        yield claim("run", "the blue curve comes close to the red one", learned, typical_gaps=gaps, height=height)

    def construct(self) -> None:
        self._title_beat()
        self._pairs_beat()
        self._twins_beat()
        self._run_beat()

    def _title_beat(self) -> None:
        with self.beat("title", pause="long"):
            # The room reads what the lecture is called, and sees the days of a channel up to yesterday. Today?
            self.texts = self._texts()
            dataset, today = self.parameters.dataset, self.screen("today")
            days = self.days = LastDays(dataset, today, self.context.language, DAYS_BOX)
            self.caption = data_caption(self, dataset, "days")
            late = squish_rate_func(smooth, 0.4, 1.0)
            axes = (FadeIn(part, rate_func=late) for part in (days.plot, self.caption))
            self.play(*(FadeIn(line, shift=0.15 * UP) for line in self.texts), *axes, run_time=1.2)
            self.play(Create(days.line), Create(days.dots, lag_ratio=1.0), run_time=2.6)
            self.add(days.dots)
            self.until("today")
            self.play(FadeIn(days.today), run_time=0.5)
            self.until("know")
            self.play(FadeIn(days.mark, scale=1.6), run_time=0.5)
            self.wait(THINK)

    def _texts(self) -> list[VGroup]:
        given = self.parameters
        title = words(literal(given.title) if given.title else self.screen("title"), style.TITLE)
        fits = (style.RIGHT_EDGE - WORDS_LEFT) / max(title.width, 1e-9)
        if fits < 1:
            title.scale(fits)
            title.font_size *= fits
        under = literal(given.subtitle) if given.subtitle else self.screen("subtitle")
        credit = literal(given.credit) if given.credit is not None else self.screen("credit")
        lines = [
            title.place(TITLE_BASELINE, left=WORDS_LEFT),
            words(under, style.SUBTITLE, palette.dim).place(SUBTITLE_BASELINE, left=WORDS_LEFT),
        ]
        if credit:
            lines.append(words(credit, style.CAPTION + 2, palette.dim).place(CREDIT_BASELINE, left=WORDS_LEFT))
        return lines

    def _pairs_beat(self) -> None:
        dataset, language = self.parameters.dataset, self.context.language
        with self.beat("pairs"):
            # The days make room. A bracket takes two neighbours: together they become a dot, yesterday's views to the
            # right, today's upwards. It goes on along the days, and the cloud of all pairs stands
            days = LastDays(dataset, self.screen("today"), language, STRIP_BOX)
            self.play(*map(FadeOut, self.texts), run_time=0.4)
            self.play(ReplacementTransform(self.days, days), run_time=1.0)
            self.days = days
            views = days.views[:-1]
            room = ROOM * (float(np.ptp(views)) or 1.0)
            ends = (float(views.min()) - room, float(views.max()) + room)
            left, right, bottom, top = CLOUD_BOX
            plot = Plot(ends, ends, left=left, right=right, bottom=bottom, top=top, x_label=None)
            known, asked = (words(self.screen(key), style.LABEL, palette.dim) for key in ("known", "asked"))
            names = VGroup(known.place(bottom - 0.1, left=right + 0.2), asked.place(top + 0.2, left=left))
            starts = np.array([dot.get_center() for dot in days.dots])
            cloud = Cloud(starts, plot.at(views[:-1], views[1:]))
            bracket = polyline(np.zeros((2, 3)), palette.text, style.RING)
            self.play(FadeIn(plot, names), run_time=0.6)
            self.until("pair")
            bracket.set_points_as_corners(cloud.bracket(0))
            self.play(Create(bracket), run_time=0.6)
            at = plot.at(views[0], views[1])
            guides = [
                dashed(plot.at(views[0], ends[0]), at, palette.text),
                dashed(plot.at(ends[0], views[1]), at, palette.text),
            ]
            self.play(cloud.fly(0, 1), *map(Create, guides), run_time=1.6)
            self.until("all")
            self.play(*map(FadeOut, guides), run_time=0.3)
            self.play(cloud.fly(1, len(cloud), bracket), run_time=CLOUD_SECONDS, rate_func=linear)
            self.play(FadeOut(bracket), run_time=0.3)
            self.plot, self.names, self.cloud = plot, names, cloud

    def _twins_beat(self) -> None:
        with self.beat("twins", pause="long"):
            # Two dots stand out, one above the other. Brackets show their days. One upright meets two levels
            cloud, pairs = self.cloud, twins(self.days.views[:-1])
            chosen = [cloud[k] for k in pairs]
            others = [dot for k, dot in enumerate(cloud) if k not in pairs]
            brackets = VGroup(*(polyline(cloud.bracket(k), palette.text, style.RING) for k in pairs))
            dim = (dot.animate.set_fill(opacity=DIMMED) for dot in others)
            self.play(*dim, *(dot.animate.scale(TWIN) for dot in chosen), Create(brackets), run_time=1.0)
            self.until("same")
            (x, high), (_, low) = ((dot.get_x(), dot.get_y()) for dot in sorted(chosen, key=Dot.get_y, reverse=True))
            upright = dashed((x, CLOUD_BOX[2], 0), (x, high, 0), palette.text)
            self.play(Create(upright), run_time=1.0)
            self.until("far")
            levels = VGroup(*(dashed(dot.get_center(), (CLOUD_BOX[0], dot.get_y(), 0), palette.text) for dot in chosen))
            self.play(Create(levels), run_time=0.8)
            apart = Bracket(palette.yellow).span((CLOUD_BOX[0] + 0.3, low, 0), (CLOUD_BOX[0] + 0.3, high, 0))
            self.play(Create(apart), run_time=0.8)
            self.twins = VGroup(brackets, upright, levels, apart)

    def _run_beat(self) -> None:
        with self.beat("run"):
            # All leaves but one question, how today follows from yesterday, over the whole picture: red is the answer,
            # and a recorded run learns it from its random start. Nobody speaks for a moment
            motif = self.motif = Motif(self.trace("run"), self.screen_of("title"))
            gone = [self.days, self.plot, self.names, self.cloud, self.twins, self.caption]
            late = squish_rate_func(smooth, 0.5, 1.0)
            coming = [FadeIn(part, rate_func=late) for part in (motif.axes, motif.names)]
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *coming, run_time=1.0)
            self.play(Create(motif.red), run_time=1.6)
            self.until("learn")
            self.play(Create(motif.blue), run_time=0.8)
            progress = ValueTracker(0.0)
            self.add(motif)
            motif.add_updater(lambda _: motif.show(progress.get_value()))
            self.play(progress.animate(rate_func=ease_in_out_sine).set_value(1.0), run_time=WALK_SECONDS)
            motif.clear_updaters()
            motif.show(1.0)
            self.wait(QUIET)
