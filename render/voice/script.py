"""The script that one's own voice reads from, in the folder of its recordings, and what is to be said of those.

``script.md`` is to be read from, ``script.csv`` is the same as a table, ``script.json`` is ours: the text of each beat
when the script was last written, and the text that each recording was read from. That is the one that stood in the
script when the recording was first seen; a file that has changed since is another recording.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import xxhash
from gradreel.core.errors import UserError, printable
from gradreel.core.files import open_regular, read_text
from gradreel.render.voice.recordings import SUFFIXES, Recordings, is_recording
from gradreel.render.voice.sound import clipped
from gradreel.render.voice.spoken_lines import Line, recorded_stretches
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.marks import MARK
from pydantic import TypeAdapter, ValidationError

STILL = 4.0  # seconds for which a recording may go on when nothing moves any more
SLOWLY = 1.2  # times as long as a teacher takes is slow
NOTES = "script.json"
Publish: TypeAlias = Callable[[Mapping[Path, str]], None]
"""Writes texts, by the files that they are for."""


@dataclass(frozen=True)
class ScriptLine:
    """A line that is to be recorded."""

    line: Line
    marks: tuple[str, ...]  # between its stretches
    printed: str  # as subtitles have it; the spoken form may have other letters, for how engines say them
    seconds: float  # that its beat moves

    @property
    def name(self) -> str:
        """Of its recording, without an ending."""
        return f"{self.line.scene}/{self.line.beat}"

    @property
    def text(self) -> str:
        """As it is said, with its marks."""
        signs = [f"[{mark}] " for mark in self.marks]
        parts = [text.strip() for text in self.line.stretches]
        return " ".join(" ".join(f"{a} {b}" for a, b in zip(parts, [*signs, ""], strict=True)).split())

    def to_read(self, language: str) -> float:
        """Seconds that a teacher takes for it."""
        kind = LANGUAGES[language]
        return 60 * len(re.findall(kind.SAID, " ".join(self.line.stretches))) / kind.teachers_pace


@dataclass(frozen=True)
class Remark:
    """Something that is to be known, or mended, of a recording."""

    name: str  # "build-curve/constant.wav"
    kind: str  # "missing", "broken", "long", "clipped", "other text", "of no beat"
    said: str = ""


@dataclass(frozen=True)
class _Recorded:
    """A recording that was seen, and the text that it was read from."""

    digest: str
    text: str


@dataclass(frozen=True)
class _Note:
    """Of one beat."""

    text: str  # in the script when it was written
    recorded: _Recorded | None = None


@dataclass(frozen=True)
class _Notes:
    """What ``script.json`` says."""

    language: str
    beats: dict[str, _Note]


_NOTES = TypeAdapter(_Notes)


# -- the script --------------------------------------------------------------------------------------------------------


def script_files(folder: Path) -> tuple[Path, Path]:
    """Returns the files of the script in ``folder`` that people read: to read from, and as a table."""
    return folder / "script.md", folder / "script.csv"


def write_script(
    folder: Path,
    title: str,
    language: str,
    lines: Sequence[ScriptLine],
    publish: Publish,
    accept: bool = False,
) -> None:
    """Write the script of ``lines`` into ``folder``; what was noted of other beats stays.

    ``publish`` writes the texts of `script_files`. ``accept``: recordings that are there are as they should be for the
    text of now. Raises UserError for a folder with the script of another language.
    """
    notes = _read_notes(folder)
    if notes is not None and notes.language != language:
        raise UserError(
            f"{folder} has the script in {LANGUAGES[notes.language].own_name}; --recordings names another folder for"
            f" that in {LANGUAGES[language].own_name}"
        )
    beats = dict(notes.beats) if notes is not None else {}
    recordings = Recordings(folder)
    for line in lines:
        file = recordings.file(line.line.scene, line.line.beat)
        recorded = _recorded(file, beats.get(line.name), line.text, accept) if file is not None else None
        beats[line.name] = _Note(line.text, recorded)
        (folder / line.line.scene).mkdir(parents=True, exist_ok=True)  # to put recordings into
    to_read, table = script_files(folder)
    texts = {to_read: printable("".join(_markdown(title, language, lines)))}
    publish(texts | {table: "\ufeff" + _csv(language, lines)})  # by which programs of tables know UTF-8
    _write_notes(folder, _Notes(language, beats))


def _recorded(file: Path, note: _Note | None, text: str, accept: bool) -> _Recorded:
    """What is known of a recording: the text of its first day, or that of the script that was there before this one."""
    digest = _digest(file)
    if accept or note is None:
        return _Recorded(digest, text)
    if note.recorded is not None and note.recorded.digest == digest:
        return note.recorded
    return _Recorded(digest, note.text)


def _markdown(title: str, language: str, lines: Sequence[ScriptLine]) -> Iterator[str]:
    kind = LANGUAGES[language]
    yield f"# {title}\n\n"
    yield (
        f"{len(lines)} lines, to be read at about {kind.teachers_pace} {kind.said_in} a minute. A recording is called"
        " as its line, such as `scene/beat.wav`; `.flac`, `.mp3`, `.m4a` and others are read, too. At a [mark]"
        " something moves: make a pause before it that is longer than any other in the line. Or write the seconds at"
        " which each mark is, a row each, into a file that is called as the recording and ends in `.marks.txt`.\n"
    )
    scene = ""
    for line in lines:
        if line.line.scene != scene:
            scene = line.line.scene
            yield f"\n## {scene}\n"
        yield f"\n**{line.name}**: moves for {line.seconds:.1f} s, takes {line.to_read(language):.1f} s to read\n\n"
        yield f"> {line.text}\n"
        if re.sub(r"\s", "", line.printed) != re.sub(rf"{MARK}|\s", "", line.text):
            yield f"\nin print: {line.printed}\n"


def _csv(language: str, lines: Sequence[ScriptLine]) -> str:
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["scene", "beat", "line", "in print", "seconds that move", "seconds to read it"])
    for line in lines:
        times = (f"{line.seconds:.1f}", f"{line.to_read(language):.1f}")
        rows.writerow([line.line.scene, line.line.beat, line.text, line.printed, *times])
    return table.getvalue()


# -- what is to be said of recordings ----------------------------------------------------------------------------------


def remarks(folder: Path, language: str, lines: Sequence[ScriptLine]) -> list[Remark]:
    """What is to be known of the recordings of ``lines`` in the folder of their script. Writes nothing."""
    notes, recordings = _read_notes(folder), Recordings(folder)
    found = [remark for line in lines for remark in _of_line(line, language, recordings, notes)]
    return [*found, *_of_no_beat(folder, lines)]


def lines_read_from_other_text(recordings: Recordings, lines: Iterable[Line]) -> list[Line]:
    """Those whose recording was read from another text than theirs, as far as that is known. Raises UserError."""
    notes = _read_notes(recordings.folder)
    found = []
    for line in lines:
        text = _read_from(recordings.file(line.scene, line.beat), notes, f"{line.scene}/{line.beat}")
        if text is not None and _heard(text) != _heard(" ".join(line.stretches)):
            found.append(line)
    return found


def _of_line(line: ScriptLine, language: str, recordings: Recordings, notes: _Notes | None) -> Iterator[Remark]:
    file = recordings.file(line.line.scene, line.line.beat)
    if file is None:
        yield Remark(f"{line.name}{SUFFIXES[0]}", "missing")
        return
    name = f"{line.line.scene}/{file.name}"
    read = _read_from(file, notes, line.name)
    if read is not None and _heard(read) != _heard(line.text):
        yield Remark(name, "other text", f'it was read from "{read}"')
    try:
        stretches = recorded_stretches(file, line.line)
        too_loud = clipped(file)
    except UserError as error:
        yield Remark(name, "broken", str(error))
        return
    seconds = sum(stretch.seconds for stretch in stretches)
    to_read = line.to_read(language)
    if seconds > max(line.seconds + STILL, SLOWLY * to_read):
        yield Remark(
            name, "long", f"{seconds:.1f} s; its beat moves for {line.seconds:.1f} s, it takes {to_read:.1f} s to read"
        )
    if too_loud:
        yield Remark(name, "clipped", f"{too_loud} times, too loud for the microphone or the recorder")


def _of_no_beat(folder: Path, lines: Sequence[ScriptLine]) -> Iterator[Remark]:
    names = {line.name for line in lines}
    for scene in dict.fromkeys(line.line.scene for line in lines):
        for file in sorted((folder / scene).glob("*")):
            if is_recording(file) and f"{scene}/{file.stem}" not in names:
                yield Remark(f"{scene}/{file.name}", "of no beat")


def _read_from(file: Path | None, notes: _Notes | None, name: str) -> str | None:
    """The text that a recording was read from; None where that is not known."""
    note = notes.beats.get(name) if notes is not None else None
    if file is None or note is None:
        return None
    if note.recorded is not None and note.recorded.digest == _digest(file):
        return note.recorded.text
    return note.text


def _heard(text: str) -> str:
    """The letters of a text that are heard: neither marks nor commas are."""
    return "".join(re.findall(r"\w", re.sub(MARK, " ", text).casefold()))


# -- files -------------------------------------------------------------------------------------------------------------


def _read_notes(folder: Path) -> _Notes | None:
    file = folder / NOTES
    if not os.path.lexists(file):
        return None
    try:
        notes = _NOTES.validate_json(read_text(file, "notes on recordings"))
    except (ValidationError, RecursionError):
        notes = None
    if notes is None or notes.language not in LANGUAGES:
        raise UserError(f"{file} is not as gradreel narrate writes it; remove it, and what it noted is lost")
    return notes


def _digest(file: Path) -> str:
    found = xxhash.xxh3_128()
    with open_regular(file) as stream:
        while part := stream.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _write_notes(folder: Path, notes: _Notes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / NOTES, json.dumps(asdict(notes), ensure_ascii=False, indent=1) + "\n")


def _write(file: Path, text: str) -> None:
    """Whole, or as it was; a link is replaced."""
    temporary = file.with_name(f".{file.name}-{uuid4().hex[:12]}")
    try:
        with temporary.open("x", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, file)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
