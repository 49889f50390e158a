"""What is left to ask, each question as a small copy of the picture that it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.equal_budget import folding
from gradreel.core.network.activations import relu, sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.opening.pictures.four_functions import GAP, WIDTH
from gradreel.scenes.mobjects.bundles import Bundles
from gradreel.scenes.mobjects.depth_lines import KINDS, DepthLines
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.thin_diagram import thin_diagram
from gradreel.scenes.style import DIM, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import DOWN, LEFT, ManimColor, VGroup
from numpy.typing import NDArray

BOTTOM, TOP, LINE = 0.85, 2.45, 0.26  # of the pictures; the baseline of what is asked
SIZE = 30
IN_A_ROW, BESIDE = 3, 0.12  # batches of one size; between two rows of them
R, SAMPLES = 5.0, 201  # what is in an activation function's bracket, from -R to R
APART = 0.36  # between the two halves of a picture
FOLDS = 4  # hidden layers of the deep network
FAT_SHARE, FLAT, NODE = 0.36, 0.9, 0.08  # the fat one's share of the width; height of the deep one; a ReLU's radius
DOT_SHARE = 0.72  # of a point's size in the large picture


class QuestionEmblems(VGroup):
    """Four pictures in a row, each over its question: batches, ReLU, losses that part, a fat and a deep network.

    ``questions``: the four texts. ``quiz``: examples and batch size, twice. ``losses``: "training" and "validation",
    (N,) of ever deeper networks, NaN where none is known. ``pictures``: without the texts.
    """

    def __init__(self, questions: Sequence[str], quiz: Sequence[tuple[int, int]], losses: dict[str, NDArray]) -> None:
        super().__init__()
        lefts = [style.LEFT_EDGE + k * (WIDTH + GAP) for k in range(4)]
        boxes = [(left, left + WIDTH, BOTTOM, TOP) for left in lefts]
        self.pictures = [_batches(quiz, boxes[0]), _relu(boxes[1]), _parting(losses, boxes[2]), _fat_and_deep(boxes[3])]
        for left, picture, question in zip(lefts, self.pictures, questions, strict=True):
            text = words(question, SIZE).place(LINE, center=left + WIDTH / 2)
            text.shift([min(0.0, style.RIGHT_EDGE - text.get_right()[0]), 0, 0])
            self.add(VGroup(picture, text))


Box = tuple[float, float, float, float]  # left, right, bottom, top


def _batches(quiz: Sequence[tuple[int, int]], box: Box) -> VGroup:
    """The first batches of one size, and under them those of the other."""
    left, right, bottom, top = box
    rows = VGroup(*(VGroup(*Bundles(n, size, 0.0).bundles[:IN_A_ROW]) for n, size in quiz))
    rows.arrange(DOWN, buff=BESIDE, aligned_edge=LEFT)
    return rows.scale_to_fit_height(top - bottom).move_to(((left + right) / 2, (bottom + top) / 2, 0))


def _relu(box: Box) -> VGroup:
    """A sigmoid, and bright beside it what came in its place."""
    left, right, bottom, top = box
    middle, r = (left + right) / 2, np.linspace(-R, R, SAMPLES)
    low = bottom + 0.2
    soft = _activation(r, sigmoid(r), (left, middle - APART / 2, low, top - 0.2), mix(palette.blue, DIM))
    return VGroup(soft, _activation(r, relu(r), (middle + APART / 2, right, low, top - 0.2), palette.blue))


def _activation(r: NDArray, y: NDArray, box: Box, color: ManimColor) -> VGroup:
    """One function over the line of zero."""
    left, right, bottom, top = box
    plot = Plot((-R, R), (0.0, float(y.max())), left=left, right=right, bottom=bottom, top=top, x_label=None)
    zero = segment(*plot.at(np.array([-R, R]), 0.0), mix(palette.axis, 0.8), style.GUIDE)
    return VGroup(zero, plot.curve(r, y, color, style.SMALL_CURVE))


def _parting(losses: dict[str, NDArray], box: Box) -> VGroup:
    """The loss on what was seen falls, solid, while that on the unseen rises again, dashed."""
    names = [str(k) for k in range(len(losses["training"]))]
    picture = DepthLines(losses, names, number_text, {}, box, style.TICK, palette.text)
    known = [k for k in picture.known("training") if k in picture.known("validation")]
    for dot in (*picture.dots["training"], *picture.dots["validation"]):
        dot.scale(DOT_SHARE)
    lines = [part[kind] for kind in KINDS for part in (picture.lines, picture.dots)]
    return VGroup(picture.axis, picture.band(known[-2], known[-1]), *lines)


def _fat_and_deep(box: Box) -> VGroup:
    """Equally many ReLUs in one layer and in several."""
    left, right, bottom, top = box
    deep = folding(FOLDS).network.hidden
    end, middle = left + FAT_SHARE * (right - left), (bottom + top) / 2
    fat = thin_diagram((sum(deep),), (left + NODE, end - NODE, bottom, top), sum(deep), NODE)
    flat = (end + APART, right - NODE, middle - FLAT / 2, middle + FLAT / 2)
    return VGroup(fat, thin_diagram(deep, flat, sum(deep), NODE))
