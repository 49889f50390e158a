"""One layer whose ReLUs come in one after the other, a bend each: what it draws by then, and what lights up."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.equal_budget import Built, bend_places, bends
from gradreel.core.network.theta import predict
from gradreel.scenes.mobjects.match_board import Counts, Curves
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.style import FULL, emphasis
from manim import Animation, UpdateFromAlphaFunc, VMobject
from numpy.typing import NDArray

SEEN = 0.3  # share of a way after which what fades in is seen


def drawn_by(whole: Built, x: NDArray, relus: float) -> NDArray:
    """What the first ``relus`` ReLUs of one layer draw over x, (n,); between two numbers one is coming in."""
    features = whole.network.dataset.features_at(x)
    return np.asarray(predict(whole.network, _with_relus(whole, relus)[None], features)[0])


def count_bends(built: Built, relus: int | None = None) -> int:
    """How often it bends; of one layer, its first ``relus`` ReLUs alone."""
    return len(bends(built.network, built.theta if relus is None else _with_relus(built, relus)))


def corner(whole: Built, k: int) -> tuple[float, float]:
    """x and y of the bend that one layer's ReLU k (from 0) makes."""
    x = float(bend_places(whole.network.dataset)[0][k])
    return x, float(whole.network.dataset.curve()(x))


def bending(diagram: LayerDiagram, curves: Curves, whole: Built, relus: tuple[int, int]) -> list[Animation]:
    """From the first to the second number of ``relus``: they light up in the diagram, and the blue curve bends."""
    first, last = relus
    lights = [emphasis(part, FULL) for k in range(first, last) for part in neuron(diagram, k)]

    def update(_: VMobject, share: float) -> None:
        so_far = first + share * (last - first)
        bent = so_far - np.floor(so_far)  # a long straight line turns slowly at first: its end is far away
        curves.draw(drawn_by(whole, curves.x, np.floor(so_far) + bent**3))

    return [*lights, UpdateFromAlphaFunc(curves.blue, update)]


def counting(counts: Counts, *values: float) -> Animation:
    """``counts`` become ``values`` as soon as what is counted, and comes meanwhile, is seen."""

    def update(_: VMobject, share: float) -> None:
        if share >= SEEN:
            counts.show(*values)

    return UpdateFromAlphaFunc(counts, update)


def _with_relus(whole: Built, relus: float) -> NDArray:
    """theta (P,) of one layer's first ``relus`` ReLUs: the others' c are 0."""
    theta, width = whole.theta.copy(), whole.network.hidden[0]
    theta[2 * width : 3 * width] *= np.clip(relus - np.arange(width), 0.0, 1.0)
    return theta


def neuron(diagram: LayerDiagram, k: int) -> list[VMobject]:
    """The k-th neuron of the one layer and its lines, if it is drawn."""
    nodes = diagram.columns[1].nodes
    if k not in nodes:
        return []
    return [nodes[k], *diagram.edges[0].into(k), *diagram.edges[1].out_of(k)]
