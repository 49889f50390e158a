"""Errors of a disk in words: a folder that is not writable, a disk that is full or has no locks."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradreel.core.errors import UserError


class DiskFullError(UserError):
    """A disk, or what may be written of a file, is full."""

    exit_code = 1


@contextmanager
def clear_disk_errors(folder: Path, option: str = "--media_dir") -> Iterator[None]:
    """Turn the errors of a folder that is not writable, or of a full disk, into a UserError that names it.

    ``option``: what chooses another folder.
    """
    try:
        yield
    except OSError as error:
        clear = disk_error(error, folder, option)
        if clear is None:
            raise
        raise clear from None


def disk_error(error: OSError, folder: Path, option: str = "--media_dir") -> UserError | None:
    """What to tell of a disk error in ``folder``; None when it is an error of another kind."""
    code, place = error.errno, error.filename2 or error.filename or folder  # of a rename the final name
    if code in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"the disk of {folder} is full; free some space, or choose another folder with {option}")
    if code == errno.EFBIG:
        return DiskFullError(
            f"a file in {folder} became larger than this system allows (see ulimit -f);"
            f" allow more, or choose another folder with {option}"
        )
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(f"{folder} cannot be written to ({os.strerror(code)}); choose another folder with {option}")
    if code in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UserError(f"{folder} is in the way of a file or a folder ({place}); choose another with {option}")
    if code in (errno.ENAMETOOLONG, errno.ELOOP):
        return UserError(f"{place}: {os.strerror(code)}; shorter names, or another folder with {option}, do")
    if code in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
        return UserError(
            f"{folder} is on a disk without file locks ({os.strerror(code)}), which runs need that share it;"
            f" choose another folder with {option}"
        )
    return None
