"""Makes standard output and error safe: no printed text can steer the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, TextIO, cast

from gradreel.core.errors import printable


class PrintableStream:
    """A text stream that spells out control characters, such as an escape sequence in a title.

    ``raw`` is the stream below. Only code that draws with our own escape sequences, such as a progress bar, writes
    there.
    """

    encoding = "utf-8"  # it takes any character; a stream that claims ASCII is bypassed by click

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write ``text`` with control characters spelled out; return the number of characters in ``text``."""
        if not isinstance(text, str):  # click finds out by b"" what kind of stream this is
            raise TypeError(f"a text was needed, not {type(text).__name__}")
        self.raw.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def print_plainly() -> None:
    """Make standard output and standard error a `PrintableStream` each, from now on."""
    sys.stdout, sys.stderr = _as_printable_stream(sys.stdout), _as_printable_stream(sys.stderr)


@contextmanager
def plain_streams() -> Iterator[None]:
    """Make standard output and standard error a `PrintableStream` each within the block.

    A stream that other code has replaced in the block stays as it is.
    """
    previous = sys.stdout, sys.stderr
    print_plainly()
    plain = sys.stdout, sys.stderr
    try:
        yield
    finally:
        if sys.stdout is plain[0]:
            sys.stdout = previous[0]
        if sys.stderr is plain[1]:
            sys.stderr = previous[1]


def raw_stream(stream: TextIO) -> TextIO:
    """Return the stream that takes escape sequences: the one below a `PrintableStream`, or ``stream`` itself."""
    return stream.raw if isinstance(stream, PrintableStream) else stream


def _as_printable_stream(stream: TextIO) -> TextIO:
    """Return the stream as a `PrintableStream`; None stays None.

    From now on the stream spells out characters that its encoding lacks, such as Chinese where the locale is ASCII.
    """
    if stream is None or isinstance(stream, PrintableStream):
        return stream
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", PrintableStream(stream))
