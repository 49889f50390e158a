"""What a trained network makes of the day with the question mark, and what that day really was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from gradreel.core.analysis.compared_networks import Network
from gradreel.core.analysis.forecast import forecast
from gradreel.core.analysis.results import result_of
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.synthetic import best_guesses
from gradreel.core.daily.units import loss_column
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import Column, LayerDiagram
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline, ring, segment
from gradreel.scenes.mobjects.text import fitted, words
from gradreel.scenes.style import FAINT, Box, mix, palette
from gradreel.scenes.words.day_words import counted_views
from manim import Animation, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, linear

MOST_NODES = 5  # drawn in a column
FLY = 0.35  # share of the time that each dot flies; they start one after the other
AROUND, APART = 0.14, 0.5  # room over and under what the lens shows, as a share of it; between two labels
BAND, RING, DOT, LABEL = 0.9, 0.17, 0.15, 32  # width of the band; radii; size of the labels
BESIDE = 0.35  # from the column to the labels


@dataclass(frozen=True, eq=False)
class Guess:
    """The last day of the series: what a network made of the days before, and what the day was. In views.

    ``miss``: what such networks miss unseen days by, on average. ``rule``: the guess of one who knows how our views
    were made up; None of views from a file.
    """

    run: Experiment
    theta: FloatArray  # (P,)
    prediction: float
    truth: float
    miss: float
    rule: float | None

    @classmethod
    def of(cls, network: Network, traces: Sequence[Trace]) -> Guess:
        """The guess of the first of the runs of ``network``, as it was when it did best on validation days."""
        result, run = result_of(network, traces[0].path.parent), network.experiments[0]
        assert result is not None and isinstance(run.dataset, DailyViews)
        theta = np.asarray(traces[0].parameters[result.rows[0]])
        ahead = forecast(run, theta, 1, run.dataset.daily.end - timedelta(days=1))
        rule = float(best_guesses()[-1]) if run.dataset.synthetic else None
        return cls(run, theta, float(ahead.prediction[0]), float(ahead.truth[0]), result.test.mean, rule)

    @property
    def gap(self) -> float:
        """How far apart guess and truth are."""
        return abs(self.truth - self.prediction)

    @property
    def counted(self) -> Callable[[float], str]:
        """What writes views of a day: "3 742"."""
        return counted_views([self.prediction, self.truth])

    @property
    def written(self) -> Callable[[float], str]:
        """What writes a distance in views."""
        return loss_column([self.miss])


def trained_network(guess: Guess, box: Box) -> LayerDiagram:
    """The network of the guess; each edge is as thick as its weight is large."""
    run, layers = guess.run, unpack(guess.run, guess.theta)
    diagram = LayerDiagram((run.dataset.n_features, *run.hidden, 1), box, most=MOST_NODES)
    for edges, weights in zip(diagram.edges, (*layers.weights, np.atleast_2d(layers.c)), strict=True):
        shown = weights[np.ix_(*edges.drawn)]
        edges.show_drawn(shown, float(np.abs(shown).max()))
    return diagram


def flight(dots: VGroup, column: Column) -> Animation:
    """A copy of each dot flies into a node of ``column``, the first dots to the highest, and is gone there."""
    copies, nodes = dots.copy(), list(column.nodes.values())
    starts = np.array([dot.get_center() for dot in dots])
    goals = np.array([nodes[k * len(nodes) // len(dots)].get_center() for k in range(len(dots))])
    delays = (1 - FLY) * np.linspace(0, 1, len(dots))

    def show(_: VGroup, share: float) -> None:
        ways = np.clip((share - delays) / FLY, 0, 1)
        ways = ways * ways * (3 - 2 * ways)
        for dot, start, goal, way in zip(copies, starts, goals, ways, strict=True):
            dot.move_to(start + way * (goal - start)).set_opacity(float(way < 1))

    return UpdateFromAlphaFunc(copies, show, rate_func=linear, remover=True)


class Lens(VGroup):
    """A column of views around a `Guess`, large: a ring at the guess, a band as wide as the miss to expect.

    ``texts`` of the labels "guess", "miss", "truth", "rule" and "chance". Parts, to be brought one by one: ``frame``,
    ``ring``, ``band``, ``dot``, ``gap``, ``rule``, ``chance``, and ``labels`` by name.
    """

    def __init__(self, guess: Guess, box: Box, texts: Mapping[str, str]) -> None:
        super().__init__()
        left, right, bottom, top = box
        known = [guess.truth, *([] if guess.rule is None else [guess.rule])]
        low, high = min(guess.prediction - guess.miss, *known), max(guess.prediction + guess.miss, *known)
        pad = AROUND * (high - low)
        self.plot = Plot((0.0, 1.0), (low - pad, high + pad), left=left, right=right, bottom=bottom, top=top)
        self.frame = Rectangle(width=right - left, height=top - bottom, color=palette.axis, stroke_width=style.AXIS)
        self.frame.move_to(((left + right) / 2, (bottom + top) / 2, 0))
        at = self.plot.at(0.5, [guess.prediction, guess.truth, *known[1:]])
        self.ring, self.dot = ring(at[0], RING, palette.blue), ring(at[1], DOT, palette.red, fill=palette.red)
        ends = self.plot.at(0.5, [guess.prediction - guess.miss, guess.prediction + guess.miss])
        self.band = Rectangle(width=BAND, height=ends[1][1] - ends[0][1], stroke_width=0)
        self.band.set_fill(mix(palette.blue, FAINT), 1).move_to(at[0])
        self.gap = segment(at[0], at[1], palette.text, style.MAIN_CURVE)
        heights = {"miss": ends[0][1], "guess": at[0][1], "truth": at[1][1]}
        colors = {"guess": palette.blue, "miss": palette.blue, "truth": palette.red, "chance": palette.red}
        self.rule, self.chance = VMobject(), VMobject()
        if guess.rule is not None:
            sides = self.plot.at([0.0, 1.0], [guess.rule] * 2)
            self.rule = dashed(*sides, palette.text, style.BOX)
            self.chance = segment(at[2], at[1], palette.red, 2 * style.MAIN_CURVE)
            heights |= {"rule": at[2][1], "chance": (at[2][1] + at[1][1]) / 2}
        room = style.RIGHT_EDGE - right - BESIDE
        self.labels = {
            name: fitted(words, texts[name], LABEL, room, colors.get(name)).place(y - 0.11, left=right + BESIDE)
            for name, y in _apart(heights).items()
        }

    def window(self, plot: Plot) -> VGroup:
        """What the lens shows, on the last day of ``plot``, and two lines from there to the lens."""
        low, high = plot.at([plot.x_range[1]] * 2, self.plot.y_range)
        half, (left, _, bottom, top) = np.array([0.14, 0, 0]), self.plot.box
        corners = np.array([low - half, low + half, high + half, high - half, low - half])
        ways = [segment(low + half, (left, bottom, 0), mix(palette.axis, style.DIM), style.GUIDE)]
        ways.append(segment(high + half, (left, top, 0), mix(palette.axis, style.DIM), style.GUIDE))
        return VGroup(polyline(corners, palette.axis, style.AXIS), *ways)


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The same heights, each `APART` over the one below at least; moved as little as that takes."""
    names = sorted(heights, key=lambda name: heights[name])
    steps = APART * np.arange(len(names))
    free = np.array([heights[name] for name in names]) - steps  # to be in order is to be apart
    pooled = [[float(y)] for y in free]
    k = 0
    while k < len(pooled) - 1:  # neighbours in the wrong order share their mean
        if np.mean(pooled[k]) > np.mean(pooled[k + 1]):
            pooled[k : k + 2] = [pooled[k] + pooled[k + 1]]
            k = max(k - 1, 0)
        else:
            k += 1
    level = [float(np.mean(group)) for group in pooled for _ in group]
    return dict(zip(names, np.array(level) + steps, strict=True))
