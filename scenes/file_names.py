"""The rule for names of lessons, scenes and beats that become names of files and folders."""

from __future__ import annotations

import hashlib
import os

from gradreel.core.errors import UserError

SEPARATORS = frozenset("/\\")
LONGEST = 180  # bytes in UTF-8; file systems allow 255, and some files have the name and a suffix


def file_name(name: str, what: str) -> str:
    """Return ``name`` itself if it can be a file's name that stays inside its folder.

    It may have letters of any script, digits, spaces, hyphens, inner dots and other printable characters.

    Parameters
    ----------
    name
        The name to check.
    what
        The beginning of an error, before the quoted name, such as "a scene called".

    Raises
    ------
    UserError
        If the name is empty or longer than `LONGEST` bytes, or has a separator or an unprintable character. Also if it
        begins or ends with a dot or a space.

    Examples
    --------
    >>> file_name("step 2", "a beat called")
    'step 2'
    """
    plain = name and name.isprintable() and not SEPARATORS.intersection(name) and name == name.strip(" .")
    if plain and len(name.encode()) <= LONGEST:
        return name
    raise UserError(
        f"{what} {name!r} cannot be the name of a file; choose another name: printable characters without / and \\,"
        f" no dot or space at its beginning or end, at most {LONGEST} bytes"
    )


def name_of_path(path: str) -> str:
    """Return a path as a part of a file's name: ``runs--mine`` for ``runs/mine``.

    Different paths get different names. If the path cannot be read back from the name, such as an absolute or long one,
    a digest of the path follows.

    Examples
    --------
    >>> name_of_path("runs/mine")
    'runs--mine'
    """
    name = "".join(letter if letter.isprintable() and letter != "\\" else "-" for letter in path.replace(os.sep, "--"))
    if len(name.encode()) <= LONGEST // 3 and name.replace("--", os.sep) == path and name == name.strip("- ."):
        return name
    end = name.encode()[-LONGEST // 4 :].decode(errors="ignore").strip("- .")
    return f"{end}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
