"""What came of wider and deeper networks, the forecast, overfitting, choosing a network."""
