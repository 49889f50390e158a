"""record(model, optimizer, path): makes a trace of a user's own torch loop."""
