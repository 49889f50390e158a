"""More features, the formula as a network, as matrices, and theta."""
