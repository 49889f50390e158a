"""Values that options have by default, and values that they may have, where the core decides on them.

Commands, scenes and the core take them from here. This module imports no numpy, so that a command's help is quick.
"""

from typing import Literal

WINDOW, MOST_WINDOW = 56, 3650
"""Days before a day that are its features."""
WIDTHS = (0, 10, 100, 1000)
DEPTHS, MOST_LAYERS = (1, 2, 3, 4), 50
"""Hidden layers of the networks that are compared."""
WIDTH, MOST_WIDTH = 100, 100_000
"""ReLUs in each layer of the deep networks."""
EPOCHS = 60
SEEDS = (0, 1, 2, 3, 4)

DecimalMark = Literal[".", ","]
Fill = Literal["interpolate"]
"""How days without a row are filled: by straight lines."""
