"""Writes the script for recording a narration, and checks the recordings against it.

The script lies in the folder of the recordings. ``script.md`` is for the speaker, ``script.csv`` is the same as a
table. ``script.json`` is for us: it has the last written text of each beat, and the text that each recording was read
from. A recording was read from the text that the script had when the recording was first seen. A changed file counts
as a new recording.
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

LONGEST_STILL = 4.0  # seconds that a recording may last longer than its beat moves
SLOW_FACTOR = 1.2  # a recording that takes so many times a teacher's time is slow
NOTES = "script.json"
Publish: TypeAlias = Callable[[Mapping[Path, str]], None]
"""Writes each text to its file."""


@dataclass(frozen=True)
class ScriptLine:
    """A line of the script, to be recorded."""

    line: Line
    marks: tuple[str, ...]  # the marks between its stretches
    printed: str  # the subtitle; the spoken form may be spelled differently, for the pronunciation of engines
    seconds: float  # how long its beat moves

    @property
    def name(self) -> str:
        """Return ``scene/beat``, the path of its recording without a suffix."""
        return f"{self.line.scene}/{self.line.beat}"

    @property
    def text(self) -> str:
        """Return the spoken line with its marks, such as ``First [mark] then``."""
        signs = [f"[{mark}] " for mark in self.marks]
        parts = [text.strip() for text in self.line.stretches]
        return " ".join(" ".join(f"{a} {b}" for a, b in zip(parts, [*signs, ""], strict=True)).split())

    def reading_seconds(self, language: str) -> float:
        """Return the seconds that a teacher takes to read it aloud."""
        kind = LANGUAGES[language]
        return 60 * len(re.findall(kind.SAID, " ".join(self.line.stretches))) / kind.teachers_pace


@dataclass(frozen=True)
class Remark:
    """A remark on a recording that the user may have to mend."""

    name: str  # "build-curve/constant.wav"
    kind: str  # "missing", "broken", "long", "clipped", "other text", "of no beat"
    detail: str = ""


@dataclass(frozen=True)
class _Recorded:
    """The digest of a recording, and the text that it was read from."""

    digest: str
    text: str


@dataclass(frozen=True)
class _Note:
    """The note on one beat in ``script.json``."""

    text: str  # its line in the script that was last written
    recorded: _Recorded | None = None


@dataclass(frozen=True)
class _Notes:
    """The content of ``script.json``."""

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
    """Write the script of ``lines`` into ``folder``. Notes on other beats stay.

    ``publish`` writes the texts of `script_files`. ``accept``: the existing recordings are right for the current text.
    Raises UserError if the folder has a script in another language.
    """
    notes = _read_notes(folder)
    if notes is not None and notes.language != language:
        raise UserError(
            f"{folder} has the script in {LANGUAGES[notes.language].own_name}; name another folder with --recordings"
            f" for the script in {LANGUAGES[language].own_name}"
        )
    beats = dict(notes.beats) if notes is not None else {}
    recordings = Recordings(folder)
    for line in lines:
        file = recordings.file(line.line.scene, line.line.beat)
        recorded = _note_on_recording(file, beats.get(line.name), line.text, accept) if file is not None else None
        beats[line.name] = _Note(line.text, recorded)
        (folder / line.line.scene).mkdir(parents=True, exist_ok=True)  # for the recordings
    script, table = script_files(folder)
    texts = {script: printable("".join(_parts_of_script_md(title, language, lines)))}
    publish(texts | {table: "\ufeff" + _csv_text(language, lines)})  # spreadsheets recognize UTF-8 by this mark
    _write_notes(folder, _Notes(language, beats))


def _note_on_recording(file: Path, note: _Note | None, text: str, accept: bool) -> _Recorded:
    """Return the note on a recording.

    A recording that ``note`` already has keeps its text. A new one was read from the previous script's text. Without a
    note, or with ``accept``, it was read from ``text``.
    """
    digest = _digest_of_file(file)
    if accept or note is None:
        return _Recorded(digest, text)
    if note.recorded is not None and note.recorded.digest == digest:
        return note.recorded
    return _Recorded(digest, note.text)


def _parts_of_script_md(title: str, language: str, lines: Sequence[ScriptLine]) -> Iterator[str]:
    """Yield the parts of ``script.md``: a heading, instructions, then each scene's lines."""
    kind = LANGUAGES[language]
    yield f"# {title}\n\n"
    yield (
        f"Read these {len(lines)} lines at about {kind.teachers_pace} {kind.said_in} a minute. Name each recording"
        " like its line, such as `scene/beat.wav`. Other formats work too, such as `.flac`, `.mp3` and `.m4a`.\n\n"
        "At a [mark] something moves. Pause before each mark, longer than anywhere else in the line. Or write the"
        " times of the marks in seconds, one a row, into a text file `scene/beat.marks.txt` beside the recording.\n"
    )
    scene = ""
    for line in lines:
        if line.line.scene != scene:
            scene = line.line.scene
            yield f"\n## {scene}\n"
        reading_seconds = line.reading_seconds(language)
        yield f"\n**{line.name}**: moves for {line.seconds:.1f} s, takes {reading_seconds:.1f} s to read\n\n"
        yield f"> {line.text}\n"
        if re.sub(r"\s", "", line.printed) != re.sub(rf"{MARK}|\s", "", line.text):
            yield f"\nin print: {line.printed}\n"


def _csv_text(language: str, lines: Sequence[ScriptLine]) -> str:
    """Return the text of ``script.csv``: a row for each line."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["scene", "beat", "line", "in print", "seconds that move", "seconds to read it"])
    for line in lines:
        times = (f"{line.seconds:.1f}", f"{line.reading_seconds(language):.1f}")
        rows.writerow([line.line.scene, line.line.beat, line.text, line.printed, *times])
    return table.getvalue()


# -- remarks on recordings ---------------------------------------------------------------------------------------------


def remarks(folder: Path, language: str, lines: Sequence[ScriptLine]) -> list[Remark]:
    """Return the remarks on the recordings of ``lines`` in the folder of their script. Writes nothing.

    Raises UserError if ``script.json`` is damaged, or if one beat has two recordings.
    """
    notes, recordings = _read_notes(folder), Recordings(folder)
    of_lines = [remark for line in lines for remark in _remarks_on_line(line, language, recordings, notes)]
    return [*of_lines, *_recordings_without_beat(folder, lines)]


def lines_read_from_other_text(recordings: Recordings, lines: Iterable[Line]) -> list[Line]:
    """Return the lines whose recording was read from a different text, according to ``script.json``.

    Only letters and digits are compared. A recording without a note counts as right. Raises UserError if
    ``script.json`` is damaged.
    """
    notes = _read_notes(recordings.folder)
    stale_lines = []
    for line in lines:
        text = _noted_text(recordings.file(line.scene, line.beat), notes, f"{line.scene}/{line.beat}")
        if text is not None and _small_letters_and_digits(text) != _small_letters_and_digits(" ".join(line.stretches)):
            stale_lines.append(line)
    return stale_lines


def _remarks_on_line(line: ScriptLine, language: str, recordings: Recordings, notes: _Notes | None) -> Iterator[Remark]:
    """Yield the remarks on the recording of one line: missing, other text, broken, long, clipped."""
    file = recordings.file(line.line.scene, line.line.beat)
    if file is None:
        yield Remark(f"{line.name}{SUFFIXES[0]}", "missing")
        return
    name = f"{line.line.scene}/{file.name}"
    read = _noted_text(file, notes, line.name)
    if read is not None and _small_letters_and_digits(read) != _small_letters_and_digits(line.text):
        yield Remark(name, "other text", f'it was read from "{read}"')
    try:
        stretches = recorded_stretches(file, line.line)
        too_loud = clipped(file)
    except UserError as error:
        yield Remark(name, "broken", str(error))
        return
    seconds = sum(stretch.seconds for stretch in stretches)
    reading_seconds = line.reading_seconds(language)
    if seconds > max(line.seconds + LONGEST_STILL, SLOW_FACTOR * reading_seconds):
        detail = f"{seconds:.1f} s; its beat moves for {line.seconds:.1f} s, it takes {reading_seconds:.1f} s to read"
        yield Remark(name, "long", detail)
    if too_loud:
        yield Remark(name, "clipped", f"{too_loud} times, too loud for the microphone or the recorder")


def _recordings_without_beat(folder: Path, lines: Sequence[ScriptLine]) -> Iterator[Remark]:
    """Yield a remark for each recording in the scenes' folders whose name is not a beat with a line."""
    names = {line.name for line in lines}
    for scene in dict.fromkeys(line.line.scene for line in lines):
        for file in sorted((folder / scene).glob("*")):
            if is_recording(file) and f"{scene}/{file.stem}" not in names:
                yield Remark(f"{scene}/{file.name}", "of no beat")


def _noted_text(file: Path | None, notes: _Notes | None, name: str) -> str | None:
    """Return the text that a recording was read from, as the notes have it.

    None without a recording or a note on its beat.
    """
    note = notes.beats.get(name) if notes is not None else None
    if file is None or note is None:
        return None
    if note.recorded is not None and note.recorded.digest == _digest_of_file(file):
        return note.recorded.text
    return note.text


def _small_letters_and_digits(text: str) -> str:
    """Return the letters and digits of a text in lower case, without marks and punctuation."""
    return "".join(re.findall(r"\w", re.sub(MARK, " ", text).casefold()))


# -- files -------------------------------------------------------------------------------------------------------------


def _read_notes(folder: Path) -> _Notes | None:
    """Return the content of ``script.json``; None if the file is missing. Raises UserError if it is damaged."""
    file = folder / NOTES
    if not os.path.lexists(file):
        return None
    try:
        notes = _NOTES.validate_json(read_text(file, "notes on recordings"))
    except (ValidationError, RecursionError):
        notes = None
    if notes is None or notes.language not in LANGUAGES:
        raise UserError(
            f"{file} is damaged, or not a file of gradreel narrate; remove it and run gradreel narrate again (it"
            " forgets which text each recording was read from)"
        )
    return notes


def _digest_of_file(file: Path) -> str:
    """Return the digest of a file's content."""
    digest = xxhash.xxh3_128()
    with open_regular(file) as stream:
        while part := stream.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _write_notes(folder: Path, notes: _Notes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _replace_file(folder / NOTES, json.dumps(asdict(notes), ensure_ascii=False, indent=1) + "\n")


def _replace_file(file: Path, text: str) -> None:
    """Write ``text`` to ``file`` all at once, by renaming a temporary file. A symbolic link is replaced."""
    temporary = file.with_name(f".{file.name}-{uuid4().hex[:12]}")
    try:
        with temporary.open("x", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, file)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
