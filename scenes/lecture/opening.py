"""The opening: the title over a real training run."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import predict
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.mobjects.pace import even_pace, recorded_row, state_at
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import palette
from manim import UP, Create, FadeIn, ValueTracker, VGroup, VMobject, config, linear, smooth
from numpy.typing import NDArray
from pydantic import Field, model_validator

WORDS_LEFT, TITLE_BASELINE, SUBTITLE_BASELINE = -6.05, 1.92, 1.1
MOTIF_BOTTOM, MOTIF_TOP = -3.0, -0.2
GHOSTS = 4  # earlier states that stay behind the curve
WALK_SECONDS = 6.0
FADE = 0.06  # share of the walk in which a ghost comes up behind the curve


class Title(LectureScene):
    """The lecture's name, and beneath it a curve that gradient descent really found."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose curve settles on the red one")
        title: str | None = Field(None, description="The title; by default the lecture's, in the video's language")
        subtitle: str | None = Field(None, description="The line beneath it; by default the lecture's")
        credit: str | None = Field(None, description="The line at the bottom right; empty for none")

        @model_validator(mode="after")
        def _learns_a_curve(self) -> Self:
            need_curve("title", self.run)
            return self

    def construct(self) -> None:
        self._prepare()
        self._title_beat()
        self._run_beat()

    def _prepare(self) -> None:
        self.run = self.trace("run")
        dataset = self.run.experiment.dataset
        self.x = np.linspace(*dataset.range, 400)
        self.features = dataset.features_at(self.x)
        self.pace = even_pace(self.run)
        shares = np.linspace(0.52, 0.92, GHOSTS)
        self.ghost_rows = [recorded_row(self.pace.row(share)) for share in shares]
        start, *earlier = self._drawn_by(self.run.parameters[[0, *self.ghost_rows]])
        target = dataset.curve()(self.x)
        half = config.frame_width / 2
        self.plot = Plot(
            dataset.range,
            nice_range(target, margin=0.02),
            left=-half - 0.02,
            right=half + 0.02,
            bottom=MOTIF_BOTTOM,
            top=MOTIF_TOP,
        )
        self.red = self._line(target, palette.red, style.MAIN_CURVE + 1)
        self.blue = self._line(start, palette.blue, style.MAIN_CURVE)
        self.ghosts = VGroup(*(self._line(y, palette.blue, style.GHOST_CURVE) for y in earlier))
        for index, ghost in enumerate(self.ghosts):
            style.emphasize(ghost, 0.32 + 0.08 * index)

    def _drawn_by(self, theta: NDArray) -> NDArray:
        """What the network draws with theta, (..., P) to (..., 400)."""
        return predict(self.run.experiment, theta, self.features)

    def _line(self, y: NDArray, color: object, width: float) -> VMobject:
        line = self.plot.curve(self.x, y, color, width)
        line.bleed = True  # the motif runs off the picture on purpose
        return line

    def _title_beat(self) -> None:
        with self.beat("title"):
            # The room reads what the lecture is called; the red curve runs through beneath
            texts = self.parameters
            title = words(texts.title or self.screen("title"), style.TITLE)
            fits = (style.RIGHT_EDGE - WORDS_LEFT) / max(title.width, 1e-9)
            if fits < 1:
                title.scale(fits)
                title.font_size *= fits
            title.place(TITLE_BASELINE, left=WORDS_LEFT)
            subtitle = words(texts.subtitle or self.screen("subtitle"), style.SUBTITLE, palette.dim)
            subtitle.place(SUBTITLE_BASELINE, left=WORDS_LEFT)
            self.play(Create(self.red), FadeIn(title, shift=0.15 * UP), run_time=1.6, rate_func=smooth)
            self.play(FadeIn(subtitle, shift=0.15 * UP), run_time=0.5)

    def _run_beat(self) -> None:
        with self.beat("run"):
            # A recorded run from its random start: earlier states stay behind as ghosts, the last lies where it ended
            self.play(Create(self.blue), run_time=1.0)
            progress = ValueTracker(0.0)
            moving = VGroup(self.ghosts, self.red, self.blue)
            self._show(0.0)
            self.add(moving)
            moving.add_updater(lambda _: self._show(progress.get_value()))
            self.play(progress.animate.set_value(1.0), run_time=WALK_SECONDS, rate_func=linear)
            moving.clear_updaters()
            self._show(1.0)
            credit = self.parameters.credit if self.parameters.credit is not None else self.screen("credit")
            if credit:
                line = words(credit, style.CAPTION + 2, palette.dim).place(
                    style.CAPTION_BASELINE, right=style.RIGHT_EDGE
                )
                self.play(FadeIn(line), run_time=0.5)

    def _show(self, share: float) -> None:
        """The state reached at this share of the walk, and the ghosts of those it has passed."""
        row = self.pace.row(share)
        self.plot.set_curve(self.blue, self.x, self._drawn_by(state_at(self.run, row)))
        for ghost_row, ghost in zip(self.ghost_rows, self.ghosts, strict=True):
            passed = (share - self.pace.share(ghost_row)) / FADE
            ghost.set_stroke(opacity=float(np.clip(passed, 0.0, 1.0)))
