"""Files that somebody hands us: regular files alone, read up to a bound, as bytes, as text or as tables."""

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
"""No text that is read at once is longer: a table of 300 years of days with 70 characters a row."""

MOST_DEEP = 50
"""Levels of tables and lists inside each other."""


def open_regular(path: Path) -> FileIO:
    """Opens a regular file for reading, unbuffered.

    OSError for anything else: opening a FIFO would wait for whoever writes into it, and a device may never end.
    """
    stream = open(path, "rb", buffering=0, opener=_at_once)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return stream


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a regular file. OSError if it is no regular file, or has more than ``most`` bytes."""
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"{size} bytes, at most {most} were expected", str(path))
        return stream.read(size)


def read_text(file: Path, content: str, most: int = MOST_BYTES) -> str:
    """The text of ``file``: UTF-8, or UTF-16 where its byte-order mark says so.

    UserError, which says what ``content`` was to be read from it: there is no such file, it is no regular file, is
    longer than ``most`` bytes, or holds no text.
    """
    name = str(file) if len(str(file)) <= 200 else f"{str(file)[:200]}…"
    try:
        read = read_bounded(file, most)
    except FileNotFoundError:
        raise UserError(f"{name}: there is no such file, and {content} was to be read from it") from None
    except OSError as error:
        fault = {
            errno.EISDIR: f"is a folder; {content} was to be read from a file",
            errno.EINVAL: f"is a pipe or a device; {content} is read from a regular file",
            errno.EFBIG: f"is longer than {most:,} bytes, the most that {content} may have",
        }.get(error.errno or 0, f"could not be read: {error.strerror}")
        raise UserError(f"{name} {fault}") from None
    except ValueError:  # a null character in the name
        raise UserError(f"{name!r} is not the name of a file") from None
    utf_16 = read.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = read.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{name} is not text in UTF-8 or UTF-16; save it in UTF-8") from None
    if "\0" in text:
        raise UserError(f"{name} is not a text file")
    return text


def read_toml(file: Path, content: str) -> dict[str, Any]:
    """The tables in a TOML file. UserError as from `read_text`, and for what is not valid."""
    tables: dict[str, Any] = parse_or_user_error(
        read_text(file, content, MOST_BYTES // 8), str(file), "TOML", tomllib.loads
    )
    return tables


def parse_or_user_error(text: str, where: str, language: str = "JSON", parse: Callable[[str], Any] = json.loads) -> Any:
    """What ``parse`` makes of ``text``. UserError, naming ``where`` and the place in it, if it is not valid."""
    try:
        found = parse(text)
        _check_depth(found)
    except json.JSONDecodeError as error:
        at = f"at line {error.lineno}, column {error.colno}"
        raise UserError(f"{where} is not valid JSON, {at}: {error.msg}") from None
    except ValueError as error:
        raise UserError(f"{where} is not valid {language}: {error}") from None
    except RecursionError:
        raise UserError(f"{where} is nested deeper than {MOST_DEEP} tables and lists") from None
    return found


def _check_depth(found: Any) -> None:
    """Raises RecursionError, before anybody who walks through it does."""
    level = [found] if isinstance(found, dict | list) else []
    depth = 0
    while level:
        if (depth := depth + 1) > MOST_DEEP:
            raise RecursionError
        insides = [inside.values() if isinstance(inside, dict) else inside for inside in level]
        level = [part for inside in insides for part in inside if isinstance(part, dict | list)]
