"""How long-running work tells of its progress."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with what is done and with the total, 0 where the total is not known."""
