"""One example among the days: the features' days, the prediction y, the label y hat, and between them the error e."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.mobjects.patches import patch_under
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import palette
from manim import DL, UR, Mobject, Rectangle, VGroup
from numpy.typing import NDArray

LETTER = 36
CLEAR = 0.08  # between the error's size and the curve
FEW = 5  # features: with more of them, their rings are small


class DayError(VGroup):
    """Marks at day ``k`` of a plot.

    ``real`` (T, 3): the days' labels on the screen; ``y`` (3,): the prediction for day ``k``; ``window``: how many days
    before it are features; ``error``: it in words; ``foot``: the plot's lower edge. Parts: ``features``,
    ``prediction``, ``line``, ``names`` (e with its size on a patch, y hat).
    """

    def __init__(self, real: NDArray, k: int, y: NDArray, window: int, error: str, foot: float) -> None:
        super().__init__()
        label, count = real[k], min(window, k)
        radius = 0.1 if window <= FEW else 0.07
        self.features = VGroup(*(ring(point, radius, palette.text) for point in real[k - count : k]))
        up = 1.0 if y[1] > label[1] else -1.0
        aside = 1.0 if label[0] < (real[0, 0] + real[-1, 0]) / 2 else -1.0  # where the error's size stands

        def beside(point: NDArray, way: float) -> NDArray:
            """Over or under ``point``, by ``way``; on its other side where the axis leaves no room below."""
            no_room = way < 0 and point[1] - 0.6 < foot
            return point + (np.array([-0.36 * aside, 0.04, 0.0]) if no_room else np.array([0.0, 0.38 * way, 0.0]))

        letter = formula("blue(y)", LETTER).move_to(beside(y, up))
        hat = formula("red(hat(y))", LETTER).move_to(beside(label, -up))
        self.prediction = VGroup(ring(y, 0.1, palette.blue, fill=palette.blue), letter)
        self.line = segment(label, y, palette.text, 4.0)
        said = words(error, LETTER)
        patch = patch_under(said, across=0.16, up=0.2)
        said.move_to(_free_place(patch, real, (y, label), aside, (letter, hat), foot))
        self.names = VGroup(patch.move_to(said), said, hat)
        self.add(self.features, self.prediction, self.line, self.names)


def _free_place(
    patch: Rectangle,
    real: NDArray,
    ends: tuple[NDArray, NDArray],
    aside: float,
    letters: tuple[Mobject, ...],
    foot: float,
) -> NDArray:
    """The middle of a patch beside the line from end to end, where it hides no part of ``real`` (T, 3) and no letter.

    As near to the line's middle as it can; over the curve if there is no such place.
    """
    half = np.array([patch.width, patch.height]) / 2
    x = np.linspace(real[0, 0], real[-1, 0], 40 * len(real))
    curve = np.column_stack([x, np.interp(x, real[:, 0], real[:, 1])])
    corners = [np.array([letter.get_corner(DL)[:2], letter.get_corner(UR)[:2]]) for letter in letters]
    low, high = sorted(end[1] for end in ends)
    at = ends[0][0] + aside * (half[0] + 0.12)

    def is_free(middle: NDArray) -> bool:
        if middle[1] - half[1] < foot:
            return False
        hides = (np.abs(curve - middle) < half + CLEAR).all(axis=1).any()
        touches = any((box[0] < middle + half).all() and (box[1] > middle - half).all() for box in corners)
        return not (hides or touches)

    heights = np.linspace(low, high, 21)
    for height in heights[np.argsort(np.abs(heights - (low + high) / 2), kind="stable")]:
        if is_free(np.array([at, height])):
            return np.array([at, height, 0.0])
    at += aside * 0.2  # beside the letter over the curve
    below = curve[np.abs(curve[:, 0] - at) < half[0], 1]
    return np.array([at, below.max(initial=high) + half[1] + CLEAR, 0.0])
