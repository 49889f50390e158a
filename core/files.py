"""Reads files from users: regular files only, up to a maximum size, as bytes, text or tables."""

import codecs
import errno
import json
import os
import stat
import tomllib
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError

MOST_BYTES = 8 << 20
"""Largest text that is read at once. 300 years of days with 70 characters a row fit into it."""

MOST_DEEP = 50
"""Largest number of tables and lists inside each other."""


def open_regular(path: Path) -> FileIO:
    """Open a regular file for reading, unbuffered, and return the stream.

    Raises OSError for anything else. Opening a FIFO would wait for its writer, and reading a device may never end.
    """
    stream = open(path, "rb", buffering=0, opener=_open_nonblocking)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return stream


def _open_nonblocking(path: str, flags: int) -> int:
    """Open ``path`` without waiting for the other end of a FIFO; return the file descriptor."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bounded(path: Path, most: int) -> bytes:
    """Return the content of a regular file. Raises OSError if it is not one, or has more than ``most`` bytes."""
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"{size} bytes, at most {most} were expected", str(path))
        return stream.read(size)


def read_text(file: Path, content: str, most: int = MOST_BYTES) -> str:
    """Return the text of ``file``: UTF-8, or UTF-16 if it begins with that byte-order mark.

    Parameters
    ----------
    file
        The file to read.
    content
        What should be read from it, as a noun for error messages, such as "a table of days".
    most
        Largest allowed number of bytes.

    Raises
    ------
    UserError
        If there is no such file, it is not a regular file, it is longer than ``most`` bytes, or it holds no text.
    """
    name = str(file) if len(str(file)) <= 200 else f"{str(file)[:200]}…"
    try:
        data = read_bounded(file, most)
    except FileNotFoundError:
        raise UserError(f"{name}: there is no such file; name the file with {content}") from None
    except OSError as error:
        fault = {
            errno.EISDIR: f"is a folder; name the file with {content}",
            errno.EINVAL: f"is a pipe or a device; name a regular file with {content}",
            errno.EFBIG: f"is longer than {most:,} bytes, the limit of {content}; shorten it",
        }.get(error.errno or 0, f"could not be read: {error.strerror}")
        raise UserError(f"{name} {fault}") from None
    except ValueError:  # a null character in the name
        raise UserError(f"{name!r} is not the name of a file; name an existing file") from None
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{name} is not text in UTF-8 or UTF-16; save it in UTF-8") from None
    if "\0" in text:
        raise UserError(f"{name} is not a text file; name a text file in UTF-8")
    return text


def read_toml(file: Path, content: str) -> dict[str, Any]:
    """Return the tables in a TOML file of at most 1 MB. Raises UserError like `read_text`, and for invalid TOML."""
    tables: dict[str, Any] = parse_or_user_error(
        read_text(file, content, MOST_BYTES // 8), str(file), "TOML", tomllib.loads
    )
    return tables


def parse_or_user_error(text: str, where: str, language: str = "JSON", parse: Callable[[str], Any] = json.loads) -> Any:
    """Return what ``parse`` makes of ``text``.

    Parameters
    ----------
    text
        The text to parse.
    where
        The name of its source, for error messages.
    language
        The name of its language, for error messages.
    parse
        The parser; JSON's by default. It raises ValueError for invalid text.

    Raises
    ------
    UserError
        If the text is invalid, or nested deeper than `MOST_DEEP`. The message names ``where``, and for JSON the line.

    Examples
    --------
    >>> parse_or_user_error('{"a": [1]}', "a.json")
    {'a': [1]}
    """
    try:
        content = parse(text)
        _check_depth(content)
    except json.JSONDecodeError as error:
        at = f"at line {error.lineno}, column {error.colno}"
        raise UserError(f"{where} is not valid JSON, {at}: {error.msg}") from None
    except ValueError as error:
        raise UserError(f"{where} is not valid {language}: {error}") from None
    except RecursionError:
        raise UserError(f"{where} is nested deeper than {MOST_DEEP} tables and lists") from None
    return content


def _check_depth(content: Any) -> None:
    """Raise RecursionError if tables and lists in ``content`` are nested deeper than `MOST_DEEP`.

    It walks level by level, so the check itself cannot run out of stack.
    """
    level = [content] if isinstance(content, dict | list) else []
    depth = 0
    while level:
        if (depth := depth + 1) > MOST_DEEP:
            raise RecursionError
        containers = [container.values() if isinstance(container, dict) else container for container in level]
        level = [part for container in containers for part in container if isinstance(part, dict | list)]
