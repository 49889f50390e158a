"""From the limits of a line to ReLU: curves as sums of blue functions."""
