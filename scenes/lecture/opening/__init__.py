"""The title and the summary."""
