"""Files that may come from anybody: opened only if they are regular files, read whole only up to a bound."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Opens a regular file for reading, unbuffered.

    OSError if it is none: to open a FIFO would wait for whoever writes into it, and a device may never end.
    """
    stream = open(path, "rb", buffering=0, opener=_at_once)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return stream


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a regular file. OSError if it is none, or has more than ``most`` bytes."""
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"{size} bytes, at most {most} were expected", str(path))
        return stream.read(size)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
