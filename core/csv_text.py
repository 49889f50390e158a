"""The text of a CSV file, as spreadsheets save it."""

import codecs
import re
from pathlib import Path

from gradreel.core.errors import UserError


def csv_text(file: Path, content: str) -> str:
    """The file as text: UTF-8, or UTF-16 where its byte-order mark says so.

    UserError, which says that ``content`` is read from a CSV file: there is none, or it is no text.
    """
    try:
        if file.is_dir():
            raise UserError(f"{file} is a directory; {content} are read from a CSV file")
        read = file.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{file}: there is no such file; {content} are read from a CSV file") from None
    except OSError as error:
        raise UserError(f"{_short(file)}: {error.strerror}") from None
    except ValueError:  # a null character in the name
        raise UserError(f"{str(file)!r} is not the name of a file") from None
    is_utf_16 = read.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = read.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{file} is not text in UTF-8 or UTF-16; save it as CSV in UTF-8") from None
    if "\0" in text:
        raise UserError(f"{file} is not a text file; save the table as CSV in UTF-8")
    return text


def named_separator(line: str) -> str | None:
    """What keeps cells apart, if ``line`` is the one that Excel puts on top to say so: sep=;"""
    hint = re.fullmatch(r"sep=([,;\t|])", line.strip('" '))
    return hint[1] if hint else None


def _short(file: Path) -> str:
    name = str(file)
    return name if len(name) <= 200 else f"{name[:200]}…"
