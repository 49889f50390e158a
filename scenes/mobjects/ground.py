"""Directions on a ground plane that is seen at an angle."""

import numpy as np
from numpy.typing import NDArray


def ground_directions(turn: float) -> NDArray[np.float64]:
    """Return two unit directions on the ground, (2, 2): to the right of the picture, and away from the eye.

    ``turn``: how far the ground has turned, in degrees. At 0 they are the ground's own axes.
    """
    angle = np.deg2rad(turn)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
