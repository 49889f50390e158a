"""The beats of gradient-descent for a run that was recorded around anybody's own loop."""

from __future__ import annotations

import numpy as np
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.pictures.recorded_descent import WORDS_LINES, RecordedDescent
from gradreel.scenes.mobjects.descent import in_band
from gradreel.scenes.mobjects.recorded_theta import tensor_list
from gradreel.scenes.mobjects.text import heading, words
from gradreel.scenes.mobjects.update_formulas import step_source, update_source
from gradreel.scenes.style import PRESENT, emphasis, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import UP, FadeIn, FadeOut, LaggedStart, UpdateFromAlphaFunc, VGroup

UNDER_MAP = -1.45
WALK_SECONDS = 14.0


class RecordedDescentBeats(LectureScene):
    """Beats that claim no more than what was recorded: the path, the logged loss, the numbers; no curve, no surface."""

    def of_a_recorded_run(self, run: Trace, last: int) -> None:
        """The path of any model's parameters in the plane that it lies nearest to, beside its loss curve."""
        self.recorded = RecordedDescent(
            run, last, self.recorded_texts(run), lambda updates: self.screen("mean-window", window=number_text(updates))
        )
        self.recorded_theta(run)
        self.recorded_start()
        self.recorded_gradient()
        self.recorded_update()
        self.recorded_walk()
        self.recorded_end()

    def recorded_texts(self, run: Trace) -> dict[str, str]:
        texts = {key: self.screen(key) for key in ("update", "updates", "loss", "running-mean")}
        return texts | {"in-all": self.screen("in-all", count=number_text(run.n_parameters))}

    # -- the beats -------------------------------------------------------------------------------------------------

    def recorded_theta(self, run: Trace) -> None:
        shown, strip = self.recorded, self.recorded.strip
        model = run.run.model.rpartition(".")[2]
        with self.beat("recorded-theta", count=Count(run.n_parameters), model=model):
            # The model's tensors, and all their numbers in one row: the first few by their names, the last, how many
            origin = self.screen("recorded", model=model, optimizer=" + ".join(shown.optimizers))
            origin = words(origin, style.CAPTION, palette.dim).place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)
            self.play(FadeIn(heading(self.screen("recorded-heading")), shift=0.15 * UP), FadeIn(origin), run_time=0.7)
            self.tensors = tensor_list(run.run)
            self.play(LaggedStart(*map(FadeIn, self.tensors), lag_ratio=0.2), run_time=1.2)
            cells = [VGroup(box, name) for box, name in zip(strip.boxes, strip.names, strict=True)]
            in_all = [shown.in_all] if shown.in_all is not None else []
            self.play(FadeIn(strip.label), run_time=0.3)
            self.play(LaggedStart(*map(FadeIn, [*cells, *strip.dots, *in_all]), lag_ratio=0.12), run_time=1.4)
            self.play(LaggedStart(*map(FadeIn, strip.numbers), lag_ratio=0.12), run_time=1.2)

    def recorded_start(self) -> None:
        shown, path = self.recorded, self.recorded.map.path
        with self.beat("recorded-start"):
            # A map of the plane that the path lies in: the ring is where training began; beside it the empty loss curve
            parts = [shown.map.surface, *self.map_words()]
            if shown.plot is not None:
                parts += [shown.plot.axes]
            self.play(FadeOut(self.tensors), run_time=0.4)
            self.play(*map(FadeIn, parts), run_time=0.9)
            readout = shown.readout if shown.is_logged else VGroup(shown.readout.count_words, shown.readout.count)
            self.play(FadeIn(path.start_ring, scale=1.6), FadeIn(path.start_label), FadeIn(readout), run_time=0.7)

    def recorded_gradient(self) -> None:
        shown, path, slopes = self.recorded, self.recorded.map.path, self.recorded.slopes
        with self.beat("recorded-gradient"):
            # One slope under each cell; on the map all of them together, against the gradient
            self.play(FadeIn(slopes.label), run_time=0.4)
            self.play(LaggedStart(*map(FadeIn, [*slopes.numbers, *slopes.dots]), lag_ratio=0.12), run_time=1.2)
            here, downhill = shown.map.points[0], path.arrow_inside(shown.map.points[0], shown.map.downhill(0))
            length = float(np.linalg.norm(downhill))
            stretch = UpdateFromAlphaFunc(
                path.arrow, lambda _, share: path.point_arrow(here, downhill, 0.2 + share * (length - 0.2))
            )
            self.play(stretch, run_time=0.9)
            self.play(FadeIn(path.arrow_label), run_time=0.4)

    def recorded_update(self) -> None:
        optimizers = self.recorded.optimizers
        with self.beat("recorded-update", optimizer=" + ".join(optimizers)):
            # The update of plain gradient descent, where the recorded numbers follow it; else a step that is named, not
            # explained
            if self.recorded.is_plain:
                self.show_update(update_source("k", "k+1"))
            else:
                step = self.screen("steps-of" if len(optimizers) > 1 else "step-of", optimizer=optimizers[0])
                self.show_update(step_source("k", "k+1", step))

    def show_update(self, source: str) -> None:
        path = self.recorded.map.path
        self.play(FadeIn(in_band(source), shift=0.15 * UP), run_time=0.7)
        self.play(FadeOut(path.arrow), FadeOut(path.arrow_label), run_time=0.4)

    def recorded_walk(self) -> None:
        shown, path = self.recorded, self.recorded.map.path
        parts = [path.marker, path.label, *shown.curves()]
        with self.beat("recorded-walk", updates=number_text(shown.last)):
            # Every recorded state in its order: the path grows, and so does the loss's curve, if losses were logged
            parts += [shown.curve_name] if shown.is_logged and shown.curve_name is not None else []
            self.go_along(parts)

    def go_along(self, parts: list[VGroup]) -> None:
        self.play(*map(FadeIn, parts), run_time=0.5)
        self.play(self.recorded.go(), run_time=WALK_SECONDS)
        self.recorded.show(float(self.recorded.last))

    def recorded_end(self) -> None:
        with self.beat("recorded-end", updates=Count(self.recorded.last)):
            # Where the run, or what is shown of it, ended: its numbers stand there, as far as they were logged
            self.play(emphasis(self.recorded.slopes, PRESENT), run_time=0.6)

    def map_words(self) -> list[VGroup]:
        """Which plane the map shows; that the loss on it is not known and what the line's width means."""
        share = self.recorded.map.share
        plane = self.screen("plane", share=">99.9" if 0.9995 <= share < 1 else f"{100 * share:.1f}")
        under = words(plane, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)
        unknown = words(self.screen("no-surface"), style.CAPTION, palette.dim)
        if not self.recorded.is_logged:
            return [under, unknown.place(UNDER_MAP, right=style.RIGHT_EDGE)]
        width = words(self.screen("width"), style.CAPTION, palette.dim)
        above = zip((unknown, width), WORDS_LINES, strict=True)
        return [under, *(line.place(baseline, left=style.LEFT_EDGE) for line, baseline in above)]
