"""Give it a good name: neurons, a neural network; and as that name was spoilt, hidden layers and deep learning."""

from __future__ import annotations

import numpy as np
from gradreel.core.choices import DEPTHS, WIDTH
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import FORECAST_BOX
from gradreel.scenes.lecture.deep.pictures.neuron import NeuronView
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import dashed, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, mix, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Rectangle,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
    squish_rate_func,
)
from pydantic import Field

BOX = (-5.3, 5.3, -2.15, 1.5)  # middles of the first and the last column, bottom, top
PLATE_BASELINE, PLATE_WIDTH, PLATE_SIZE = 2.62, 6.2, 52
DEEP_Y, DEEP_BASELINE = -2.85, -3.3
COVER_GAP = 0.3  # between what covers the hidden layers and the nodes that are seen
OVER = 0.22  # from the top of what a label names to its baseline
NARROW = -0.7  # where the last column stands while one neuron is seen from near, beside the network
LENS = (3.95, -0.6, 2.2)  # middle of that neuron, x, y; and its radius
SWOLLEN, SHRUNK = 1.35, 0.6  # times its usual size: a name that promises too much, and delivers too little
EDGES, FAINT_EDGES = 0.45, 0.2  # shares of their colour in which lines are drawn, and in a dimmed diagram


class Naming(LectureScene):
    """One node is a neuron, many are a neural network, each column is a hidden layer, many layers are deep."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose days are the network's features")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        depth: int = Field(3, ge=2, le=max(DEPTHS), description="Hidden layers")

    def construct(self) -> None:
        p = self.parameters
        self.diagram = LayerDiagram((p.dataset.window, *(p.width,) * p.depth, 1), BOX, pictures="relu")
        for edges in self.diagram.edges:
            style.emphasize(edges, EDGES)
        self._nameless_beat()
        self._neuron_beat()
        self._network_beat()
        self._hidden_beat()
        self._deep_beat()

    def _nameless_beat(self) -> None:
        with self.beat("nameless", pause="short"):
            # The axis of the days, as the last scene left it, goes, then comes the whole network, and over it a plate
            # with what it is: no name to win anybody with
            left, right, bottom, _ = FORECAST_BOX
            axis = segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)
            self.add(axis)
            early, late = squish_rate_func(smooth, 0.0, 0.35), squish_rate_func(smooth, 0.35, 1.0)
            self.play(FadeOut(axis, rate_func=early), FadeIn(self.diagram, rate_func=late), run_time=1.2)
            self.name = self._name("no-name")
            half, y = PLATE_WIDTH / 2, PLATE_BASELINE - 0.22
            self.plate = dashed((-half, y, 0), (half, y, 0), palette.dim, style.BOX, dash=0.13)
            self.play(Create(self.plate), FadeIn(self.name, shift=0.15 * UP), run_time=0.8)

    def _neuron_beat(self) -> None:
        with self.beat("neuron"):
            # The network makes room; one of its last nodes and the lines into it stay bright. Seen from near: signals
            # come in, are added, and one goes out through the ReLU. The drawing grows into a cell as in our heads:
            # lines into dendrites, the plus into the nucleus; a signal runs out along the axon
            column, edges = self.diagram.columns[-2], self.diagram.edges[-2].into(0)
            node, picture = column.nodes[0], column.pictures[0]
            self.rays = edges
            self.play(self._spread(BOX[:2], (BOX[0], NARROW)), run_time=0.6)
            self.play(*self._light(FAINT), run_time=0.3)
            self.play(*(emphasis(part, FULL) for part in (node, picture)), emphasis(self.rays, DIM), run_time=0.3)
            self.lens = NeuronView(*LENS)
            self.label = words(self.screen("neuron"), style.HEADING).place(LENS[1] + LENS[2] + 0.2, center=LENS[0])
            seeing = [Create(line) for line in self.lens.sight(node)]
            self.play(*seeing, FadeIn(self.lens), FadeIn(self.label, shift=0.15 * UP), run_time=0.7)
            self.until("signals")
            self.play(self.lens.signals(), run_time=1.8)
            self.until("cell")
            self.play(self.lens.becomes_cell(), run_time=2.4)
            self.play(self.lens.pulse(), run_time=1.2)

    def _spread(self, start: tuple[float, float], end: tuple[float, float]) -> Animation:
        """The diagram's first and last column go from the x of ``start`` to those of ``end``; distances stay even."""
        before, way = np.array(start), np.array(end) - start

        def update(diagram: LayerDiagram, share: float) -> None:
            diagram.spread(np.linspace(*(before + share * way), len(diagram.columns)))

        return UpdateFromAlphaFunc(self.diagram, update, rate_func=smooth)

    def _network_beat(self) -> None:
        with self.beat("network"):
            # The network has all its room again. More and more neurons light up, until all are bright, and the plate
            # has its first name. The years come beside it: it swells as it promises, and is small when it delivers
            leaving = [self.name, self.label, self.lens, *self.lens.lines]
            self.play(*(FadeOut(part) for part in leaving), emphasis(self.rays, FAINT_EDGES), run_time=0.4)
            self.play(self._spread((BOX[0], NARROW), BOX[:2]), run_time=0.6)
            columns = self.diagram.columns
            nodes = [part for k in self._hidden() for part in (*columns[k].nodes.values(), *columns[k].pictures)]
            lights = [emphasis(part, FULL) for part in nodes]
            self.name = self._name("network")
            naming = FadeIn(self.name, shift=0.15 * UP, run_time=0.6)
            self.play(LaggedStart(*lights, lag_ratio=0.1, run_time=1.2), naming)
            self.play(*self._light(FULL), run_time=0.5)
            self.until("old")
            self.years = words(self.screen("years"), style.LABEL, palette.dim)
            self.years.place(PLATE_BASELINE, left=PLATE_WIDTH / 2 + 0.3)
            self.play(FadeIn(self.years, shift=0.15 * UP), run_time=0.5)
            self.until("promise")
            most = min(SWOLLEN, PLATE_WIDTH / float(self.name.width))
            self.play(self._swell(1.0, most), run_time=1.5)
            self.until("delivered")
            self.play(self._swell(most, SHRUNK), run_time=1.0)

    def _swell(self, start: float, end: float) -> Animation:
        """The name on its plate goes from ``start`` to ``end`` times its usual size."""
        name, before = self.name, [glyph.points.copy() for glyph in self.name]
        foot = np.array([0.0, PLATE_BASELINE, 0.0])

        def update(_: TextMobject, share: float) -> None:
            size = 1 + share * (end / start - 1)
            for glyph, points in zip(name, before, strict=True):
                glyph.points = foot + size * (points - foot)

        return UpdateFromAlphaFunc(name, update, rate_func=smooth)

    def _hidden_beat(self) -> None:
        with self.beat("hidden", pause="short"):
            # The plate leaves. A frame round each column: hidden layers, for a lid over all of them leaves only the
            # two ends to see
            self.play(*map(FadeOut, (self.name, self.years, self.plate)), run_time=0.5)
            self.frames = [self.diagram.frame(k) for k in self._hidden()]
            self.labels = [words(self.screen("hidden-layer"), style.LABEL) for _ in self.frames]
            for k, frame, label in zip(self._hidden(), self.frames, self.labels, strict=True):
                label.place(frame.get_top()[1] + OVER, center=self.diagram.columns[k].x)
            self.ends = self._in_and_out()
            for frame, label in zip(self.frames, self.labels, strict=True):
                self.play(Create(frame), FadeIn(label, shift=0.15 * UP), run_time=1.8 / len(self.labels))
            self.play(*(FadeIn(text, shift=0.15 * UP) for text in self.ends), run_time=0.4)
            self.until("lid")
            self._cover()

    def _deep_beat(self) -> None:
        with self.beat("deep", pause="long"):
            # The lid opens. All layers together are deep, and the plate has its last name
            self.play(FadeOut(self.lid), run_time=0.4)
            self._deep_bracket()
            self.until("name")
            self.name = self._name("deep")
            self.play(FadeIn(self.plate), FadeIn(self.name, shift=0.15 * UP), run_time=0.6)
            self.hand_on(self.name)

    def _in_and_out(self) -> list[TextMobject]:
        """What is seen: above the first column and the last, at the height of the layers' labels or higher."""
        first, last = self.diagram.columns[0], self.diagram.columns[-1]
        over = max(self.labels[0].baseline, first.nodes[0].get_top()[1] + OVER)
        ends = (("input", first.x), ("output", last.x))
        return [words(self.screen(key), style.LABEL).place(over, center=x) for key, x in ends]

    def _cover(self) -> None:
        """A lid over everything between what goes in and what comes out; as a whole it comes, and goes."""
        first, last = self.diagram.columns[0], self.diagram.columns[-1]
        left, right = first.get_right()[0] + COVER_GAP, last.get_left()[0] - COVER_GAP
        top, bottom = self.frames[0].get_top()[1] + 0.02, self.frames[0].get_bottom()[1] - 0.02
        lid = Rectangle(width=right - left, height=top - bottom, color=palette.text, stroke_width=style.BOX)
        lid.set_fill(mix(palette.text, 0.05), 1).move_to([(left + right) / 2, (top + bottom) / 2, 0])
        asked = words("?", style.TITLE).move_to(lid)
        self.lid = VGroup(lid, asked)
        self.play(FadeIn(self.lid), run_time=0.4)

    def _deep_bracket(self) -> None:
        left, right = self.frames[0].get_left()[0], self.frames[-1].get_right()[0]
        ends = [segment((x, DEEP_Y + 0.16, 0), (x, DEEP_Y, 0), palette.axis, style.AXIS) for x in (left, right)]
        self.bracket = VGroup(segment((left, DEEP_Y, 0), (right, DEEP_Y, 0), palette.axis, style.AXIS), *ends)
        self.deep = words(self.screen("many"), style.LABEL).place(DEEP_BASELINE, center=(left + right) / 2)
        self.play(Create(self.bracket), FadeIn(self.deep, shift=0.15 * UP), run_time=0.8)

    # -- what several beats do -------------------------------------------------------------------------------------

    def _name(self, key: str) -> TextMobject:
        """A name on the plate."""
        return name_on_plate(self.screen(key))

    def _light(self, share: float) -> list[Animation]:
        """The diagram at ``share`` of its colours; its lines stay behind the nodes."""
        lines = FAINT_EDGES if share < FULL else EDGES
        nodes = [emphasis(part, share) for part in self.diagram.columns]
        return [*nodes, *(emphasis(edges, lines) for edges in self.diagram.edges)]

    def _hidden(self) -> range:
        return range(1, self.parameters.depth + 1)


def name_on_plate(text: str) -> TextMobject:
    """A name where this scene leaves it."""
    return words(text, PLATE_SIZE).place(PLATE_BASELINE, center=0.0)
