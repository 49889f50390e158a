"""One training run on disk: its columns and description, how they are written, read and computed again."""
