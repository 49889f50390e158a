"""Names that become those of files and folders (a lesson's, a scene's, a beat's…): one rule for all of them."""

from __future__ import annotations

import hashlib
import os

from gradreel.core.errors import UserError

SEPARATORS = frozenset("/\\")
LONGEST = 180  # bytes in UTF-8: disks take 255, and files beside it are called so and more


def file_name(name: str, what: str) -> str:
    """Returns ``name`` itself, which stays inside the folder that it is put in, whatever it is joined with.

    Letters of any script, digits, spaces, hyphens, dots inside and other printable marks make a name. Raises UserError,
    which begins with ``what`` was called so, for an empty name, a separator, a character that cannot be printed, a dot
    or a space at either end, and more than `LONGEST` bytes.
    """
    plain = name and name.isprintable() and not SEPARATORS.intersection(name) and name == name.strip(" .")
    if plain and len(name.encode()) <= LONGEST:
        return name
    raise UserError(
        f"{what} {name!r} cannot be the name of a file: printable letters, digits and marks are wanted, no / or \\,"
        f" no dot or space at its beginning or end, and at most {LONGEST} bytes; call it otherwise"
    )


def name_of_path(path: str) -> str:
    """A path as a part of a file's name: ``runs--mine`` for ``runs/mine``.

    No two paths have one name: a digest follows where that cannot be read back, as of one from the root or a long one.
    """
    name = "".join(letter if letter.isprintable() and letter != "\\" else "-" for letter in path.replace(os.sep, "--"))
    if len(name.encode()) <= LONGEST // 3 and name.replace("--", os.sep) == path and name == name.strip("- ."):
        return name
    end = name.encode()[-LONGEST // 4 :].decode(errors="ignore").strip("- .")
    return f"{end}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
