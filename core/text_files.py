"""Text files that somebody hands us: regular files of a bounded size, in UTF-8 or UTF-16."""

import codecs
import json
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError

MOST_BYTES = 8 << 20
"""No text that is read at once is longer: a table of 300 years of days with 70 characters a row."""

MOST_DEEP = 50
"""Tables and lists of a file that are inside each other."""


def read_text(file: Path, content: str, most: int = MOST_BYTES) -> str:
    """The text of ``file``: UTF-8, or UTF-16 where its byte-order mark says so.

    UserError, which says what ``content`` was to be read from it: there is no such file, it is no regular file (a pipe
    or a device may never end), is longer than ``most`` bytes, or holds no text.
    """
    name = str(file) if len(str(file)) <= 200 else f"{str(file)[:200]}…"
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UserError(f"{name} is a folder; {content} was to be read from a file")
        if not stat.S_ISREG(mode):
            raise UserError(f"{name} is a pipe or a device; {content} is read from a regular file")
        with file.open("rb") as stream:
            read = stream.read(most + 1)
    except FileNotFoundError:
        raise UserError(f"{name}: there is no such file, and {content} was to be read from it") from None
    except OSError as error:
        raise UserError(f"{name} could not be read: {error.strerror}") from None
    except ValueError:  # a null character in the name
        raise UserError(f"{name!r} is not the name of a file") from None
    if len(read) > most:
        raise UserError(f"{name} is longer than {most:,} bytes, the most that {content} may have")
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
    tables: dict[str, Any] = parsed(read_text(file, content, MOST_BYTES // 8), str(file), "TOML", tomllib.loads)
    return tables


def parsed(text: str, where: str, language: str = "JSON", parse: Callable[[str], Any] = json.loads) -> Any:
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
