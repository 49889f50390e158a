"""Names that become those of files and folders (a lesson's, a scene's, a beat's…): one rule for all of them."""

from __future__ import annotations

from gradreel.core.errors import UserError

SEPARATORS = frozenset("/\\")


def file_name(name: str, what: str) -> str:
    """Returns ``name`` itself, which stays inside the folder that it is put in, whatever it is joined with.

    It has letters of any script, digits, spaces, hyphens and dots inside. Raises UserError, which begins with ``what``
    was called so, for an empty name, one with a separator or a character that cannot be printed, and one with a dot or
    a space at its end or its beginning.
    """
    if name and name.isprintable() and not SEPARATORS.intersection(name) and name == name.strip(" ."):
        return name
    raise UserError(
        f"{what} {name!r} cannot be the name of a file: letters, digits, spaces, hyphens and dots inside are wanted,"
        " no / or \\, no control character, and no dot or space at its beginning or end; call it otherwise"
    )
