"""Default values of options, and the values that options may have, as far as the core decides on them.

Commands, scenes and the core import them from here. This module imports no numpy, so a command's help stays quick.
"""

from typing import Literal

WINDOW, MOST_WINDOW = 56, 3650
"""How many days before a day are its features: the default, and the largest allowed number."""
WIDTHS = (0, 10, 100, 1000)
"""ReLUs in the hidden layer of the networks that are compared by width; 0 is the linear model."""
DEPTHS, MOST_LAYERS = (1, 2, 3, 4), 50
"""Numbers of hidden layers of the networks that are compared by depth, and the largest allowed number."""
WIDTH, MOST_WIDTH = 100, 100_000
"""ReLUs in each layer of the deep networks, and the largest allowed number."""
EPOCHS = 60
SEEDS = (0, 1, 2, 3, 4)

DecimalMark = Literal[".", ","]
Fill = Literal["interpolate"]
"""How days without a row are filled: by the straight line between their neighbours."""
