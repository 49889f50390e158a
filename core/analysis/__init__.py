"""Results computed from trained networks: losses over seeds, forecasts, the loss around a path."""
