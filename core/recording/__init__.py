"""record(model, optimizer, path): a trace of anybody's own torch loop."""
