"""The type of the functions that long-running work reports its progress to."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with how much is done and the total; a total of 0 means that it is unknown."""
