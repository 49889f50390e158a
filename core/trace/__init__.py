"""One training run on disk: its columns and description, and how they are written, read and verified."""
