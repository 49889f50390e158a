"""The one thing in an MP4 file that the muxer does not let us say: that no subtitle is on by default.

An MP4 file is boxes: four bytes length, four bytes name, content. The muxer marks the first subtitle track as enabled
when none is asked to be; here the mark is taken away. Box names and fields as in ISO/IEC 14496-12, 8.3.2 and 8.4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

TRACK_ENABLED = 0x000001
SUBTITLE_HANDLERS = (b"sbtl", b"text")  # in MP4; in MOV, where chapters are text too, and never on


def switch_off_subtitles(path: Path) -> None:
    """Clear the flag ``track enabled`` in the header of every subtitle track of an MP4 or MOV file, in place."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        for track in _find(file, (b"moov", b"trak"), 0, size):
            handlers = [_handler(file, start) for start, _ in _find(file, (b"mdia", b"hdlr"), *track)]
            if not set(handlers) & set(SUBTITLE_HANDLERS):
                continue
            for start, _ in _find(file, (b"tkhd",), *track):
                file.seek(start + 1)  # after the version: three bytes of flags
                flags = int.from_bytes(file.read(3), "big") & ~TRACK_ENABLED
                file.seek(start + 1)
                file.write(flags.to_bytes(3, "big"))


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, and start and end of the content, of each box between two places in the file."""
    place = start
    while place + 8 <= end:
        file.seek(place)
        length, name, header = int.from_bytes(file.read(4), "big"), file.read(4), 8
        if length == 1:
            length, header = int.from_bytes(file.read(8), "big"), 16
        elif length == 0:  # to the end
            length = end - place
        if length < header:
            return
        yield name, place + header, place + length
        place += length


def _find(file: BinaryIO, path: tuple[bytes, ...], start: int, end: int) -> list[tuple[int, int]]:
    """Contents of the boxes at ``path``, each inside the one before."""
    found = [(inner, stop) for name, inner, stop in boxes(file, start, end) if name == path[0]]
    if len(path) == 1:
        return found
    return [deeper for inner, stop in found for deeper in _find(file, path[1:], inner, stop)]


def _handler(file: BinaryIO, start: int) -> bytes:
    file.seek(start + 8)  # version and flags, then four bytes of zero
    return file.read(4)
