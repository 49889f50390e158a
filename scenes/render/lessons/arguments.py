"""What the command line's texts mean: resolutions, beat ranges, ``--set`` values. Plain text in, plain data out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from gradreel.core.daily.csv_file import CsvFormat
from gradreel.core.errors import UserError
from gradreel.core.files import parsed, read_text
from gradreel.scenes.catalog import kebab_name
from gradreel.scenes.render.lessons.tables import LONGEST


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What was chosen about daily views of one's own: the file, how it is read, and which days are not trained on."""

    data: Path | None = None
    column: str | None = None
    date_format: str | None = None
    decimal: Literal[".", ","] | None = None
    fill_missing: Literal["interpolate"] | None = None
    unseen_from: date | None = None

    @property
    def csv_format(self) -> CsvFormat:
        """Raises UserError for what is no format."""
        return CsvFormat(self.column, self.date_format, self.decimal, self.fill_missing)


@dataclass(frozen=True, kw_only=True)
class Options(DataOptions):
    """What was chosen on the command line, as written; a command without an option has its default."""

    scenes: tuple[str, ...] = ()
    first_scene: str | None = None
    last_scene: str | None = None
    lesson: Path | None = None
    overrides: tuple[str, ...] = ()
    media_dir: Path = Path("media")
    language: str = "en"
    theme: str = "dark"
    quality: str = "h"
    resolution: str | None = None
    fps: float | None = None
    file_format: str | None = None
    transparent: bool = False
    last_frame: bool = False
    beats: str | None = None
    output: Path | None = None
    preview: bool = False
    seed: int | None = None
    jobs: int | None = None
    timeout: float | None = None
    scheduler: str | None = None
    jumps: bool = False
    dry_run: bool = False
    as_json: bool = False
    progress: str = "display"
    quiet: bool = False
    verbosity: str = "info"


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions(DataOptions):
    """What was chosen for ``gradreel experiment``; None: the lecture's, or the default."""

    kind: str  # "width" or "depth"
    window: int = 56
    seeds: int = 5
    widths: str | None = None
    depths: str | None = None
    width: int | None = None
    epochs: int = 500
    media_dir: Path = Path("media")
    jobs: int | None = None
    scheduler: str | None = None
    csv: Path | None = None
    dry_run: bool = False
    as_json: bool = False
    progress: str = "display"
    quiet: bool = False
    verbosity: str = "info"


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parse_resolution(text: str) -> tuple[int, int]:
    """``"1920,1080"`` (also ``1920x1080``) -> (width, height) in pixels. Raises UserError for any other text."""
    try:
        width, height = (_whole(side) for side in text.lower().replace("x", ",").split(","))
    except ValueError:
        raise UserError(f"-r {text}: a resolution is written W,H, such as -r 1280,720") from None
    return width, height


def parse_beat_range(text: str) -> tuple[str | None, str | None]:
    """``"constant,piece-2"`` -> the first and the last beat; either may be left out (None: from the start, to the end).

    One name alone is the first beat, as with Manim's ``-n``. Raises UserError.
    """
    first, _, last = text.partition(",")
    names = tuple(name.strip() or None for name in (first, last))
    if names == (None, None) or "," in last:
        raise UserError(f"-n {text}: beats are written FROM,TO, such as -n constant,sum (or constant: to the end)")
    return names[0], names[1]


def parse_counts(option: str, text: str, least: int, largest: int) -> tuple[int, ...]:
    """``"0,10,100"`` -> (0, 10, 100): whole numbers from ``least`` to ``largest``, each once. Raises UserError."""
    try:
        counts = tuple(_whole(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"{option} {text}: whole numbers are written with commas, such as {option} 1,2,3") from None
    wrong = [count for count in counts if not least <= count <= largest]
    if wrong:
        raise UserError(f"{option} {text}: each must be from {least} to {largest}, found {wrong[0]}")
    if len(set(counts)) < len(counts):
        raise UserError(f"{option} {text}: each must be there once")
    return counts


def _whole(text: str) -> int:
    """A whole number in plain digits: `int` itself takes 1_0 for 10, and digits of all scripts. Raises ValueError."""
    if not re.fullmatch(r" *-?[0-9]+ *", text):
        raise ValueError(text)
    return int(text)


def parse_overrides(settings: Iterable[str]) -> dict[str, dict[str, Any]]:
    """``--set`` texts -> {scene: {parameter: value}}, a later one winning over an earlier one.

    ``scene.parameter=value``; further dots reach into a parameter (``sum-of-sigmoids.run.seed=3``). The value is JSON,
    or else the text itself, or ``@file``: the content of a JSON or text file, or of a CSV of points. Raises UserError.
    """
    overrides: dict[str, dict[str, Any]] = {}
    for text in settings:
        scene, path, value = _parts(text)
        inside = overrides.setdefault(scene, {})
        for name in path[:-1]:
            child = inside.get(name)
            inside[name] = inside = dict(child) if isinstance(child, Mapping) else {}
        try:
            inside[path[-1]] = parse_value(value)
        except UserError as error:
            raise UserError(f"--set {text.partition('=')[0]}: {error}") from None
    return overrides


def files_of_overrides(settings: Iterable[str]) -> dict[str, dict[str, str]]:
    """By scene and parameter, ``run.seed`` inside of ``run``: the file that ``--set`` reads it from, "" for none."""
    files: dict[str, dict[str, str]] = {}
    for text in settings:
        scene, path, value = _parts(text)
        name = ".".join(path)
        inside = {other: file for other, file in files.get(scene, {}).items() if not f"{other}.".startswith(f"{name}.")}
        files[scene] = inside | {name: value[1:] if value.startswith("@") else ""}
    return files


def _parts(setting: str) -> tuple[str, list[str], str]:
    """Scene, parameter and value of a ``--set``. Raises UserError."""
    key, equals, value = setting.partition("=")
    scene, *path = key.strip().split(".")
    if not (equals and scene and path and all(path)):
        raise UserError(f"--set {setting}: it is written scene.parameter=value, such as --set build-curve.low=0")
    return kebab_name(scene), path, value


def parse_value(text: str) -> Any:
    """JSON where it can be nothing else, the content of the file for ``@file``, or else the text. Raises UserError."""
    return _read_value(Path(text[1:]).expanduser()) if text.startswith("@") else _json_or_text(text)


def _json_or_text(text: str) -> Any:
    """What can be read as JSON is JSON; what begins as a list or a table and cannot is a mistake, and no text."""
    try:
        return parsed(text, repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"))
    except UserError:
        if text.lstrip()[:1] in ("[", "{"):
            raise
        return text


def _read_value(path: Path) -> Any:
    if path.suffix.lower() in (".csv", ".tsv"):
        from gradreel.core.curves.piecewise import read_knots

        curve = read_knots(path)
        return [[float(x), float(y)] for x, y in zip(curve.x, curve.y, strict=True)]
    text = read_text(path, "a value")
    if path.suffix.lower() != ".json":
        return _json_or_text(text.strip())
    return parsed(text, str(path))
