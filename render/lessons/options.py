"""The command line's options as written, and their meaning: settings, output, beats, ``--set`` values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from gradreel.core.choices import EPOCHS, SEEDS, WINDOW, DecimalMark, Fill
from gradreel.core.daily.csv_file import CsvFormat
from gradreel.core.daily.views import Borders
from gradreel.core.errors import UserError
from gradreel.core.files import parse_or_user_error, read_text
from gradreel.render.choices import (
    DEFAULT_PROGRESS,
    DEFAULT_QUALITY,
    DEFAULT_VERBOSITY,
    FORMATS,
    MEDIA_FOLDER,
    ProgressBar,
)
from gradreel.render.lessons.tables import LONGEST, Knots
from gradreel.render.settings import MOST_AT_ONCE, RenderSettings, default_format
from gradreel.scenes.catalog import kebab_name
from gradreel.scenes.themes import DEFAULT_THEME

PICTURE = re.compile(r"\d{5,}\.png")  # a frame's, in the folder of --format png-sequence


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """The options about daily views: the user's file, how it is read, and where its three parts begin."""

    data: Path | None = None
    column: str | None = None
    date_format: str | None = None
    decimal: DecimalMark | None = None
    fill_missing: Fill | None = None
    validation_from: date | None = None
    test_from: date | None = None

    @property
    def csv_format(self) -> CsvFormat:
        """Return how the CSV file is read. Raises UserError for an invalid format."""
        return CsvFormat(self.column, self.date_format, self.decimal, self.fill_missing)

    @property
    def borders(self) -> Borders:
        """Return the first validation day and the first test day."""
        return Borders(self.validation_from, self.test_from)


@dataclass(frozen=True, kw_only=True)
class Options(DataOptions):
    """The options of the command line as written. A command without an option has its default."""

    scenes: tuple[str, ...] = ()
    first_scene: str | None = None
    last_scene: str | None = None
    lesson: Path | None = None
    overrides: tuple[str, ...] = ()
    curve: Path | None = None
    media_dir: Path = MEDIA_FOLDER
    language: str | None = None  # on the screen; None: the first of the film's
    languages: tuple[str, ...] = ()  # of the film; (): the lesson's
    theme: str = DEFAULT_THEME
    quality: str = DEFAULT_QUALITY
    resolution: str | None = None
    fps: str | None = None
    file_format: str | None = None  # one of `FORMATS`
    save_sections: bool = False
    transparent: bool = False
    plain_h264: bool = False
    last_frame: bool = False
    beats: str | None = None
    output: Path | None = None
    preview: bool = False
    seed: int | None = None
    voices: tuple[str, ...] = ()
    fill: bool = False
    jobs: int | None = None
    timeout: float | None = None
    scheduler: str | None = None
    jumps: bool = False
    pace: bool = False
    force: bool = False
    overwrite: bool = False
    burned: str | None = None
    dry_run: bool = False
    as_json: bool = False
    progress: ProgressBar = DEFAULT_PROGRESS
    quiet: bool = False
    verbosity: str = DEFAULT_VERBOSITY


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions(DataOptions):
    """The options of ``gradreel experiment``. None means the lecture's value, or the default."""

    kind: str  # one of `COMPARISONS`
    window: int = WINDOW
    seeds: int = len(SEEDS)
    widths: str | None = None
    depths: str | None = None
    width: int | None = None
    epochs: int = EPOCHS
    media_dir: Path = MEDIA_FOLDER
    jobs: int | None = None
    scheduler: str | None = None
    csv: Path | None = None
    overwrite: bool = False
    dry_run: bool = False
    as_json: bool = False
    progress: ProgressBar = DEFAULT_PROGRESS
    quiet: bool = False
    verbosity: str = DEFAULT_VERBOSITY


def settings_of(options: Options, output: Path | None = None) -> RenderSettings:
    """Return the settings that the options mean. Raises UserError for options that no video can have."""
    changes: dict[str, Any] = {}
    if options.burned and options.last_frame:
        raise UserError(
            "--burn_subtitles needs a video, but -s (or --format png) makes a picture; leave out one of the two"
        )
    if options.scheduler and options.last_frame:
        raise UserError(
            "--scheduler draws clips, but a last frame (-s) is drawn on this machine; leave out one of the two"
        )
    if options.resolution is not None:
        changes["width"], changes["height"] = parse_resolution(options.resolution)
    if options.beats is not None:
        changes["first_beat"], changes["last_beat"] = parse_beat_range(options.beats)[0]
    return RenderSettings.of_quality(
        options.quality,
        format=options.file_format or _format_of(output),
        transparent=options.transparent,
        plain_h264=options.plain_h264,
        fps=None if options.fps is None else parse_rate(options.fps),
        language=options.language,
        theme=options.theme,
        media_dir=options.media_dir,
        seed=options.seed,
        jobs=jobs_of(options.jobs, options.scheduler),
        scheduler=options.scheduler,
        timeout=options.timeout,
        force=options.force,
        overwrite=options.overwrite,
        burned=options.burned,
        **changes,
    )


def output_of(options: Options) -> Path | None:
    """Return ``-o`` as an absolute path with the suffix of its format; None without -o.

    Raises UserError for another suffix, or for a folder where a file is needed.
    """
    if options.output is None:
        return None
    path = options.output.absolute()
    wanted = options.file_format or _format_of(path) or default_format(options.transparent)
    if wanted == "png-sequence" and not options.last_frame:
        return _picture_folder(path.with_suffix("") if path.suffix == ".png" else path, options.output)
    wanted = "png" if options.last_frame else wanted
    if path.is_dir():
        raise UserError(f"-o {options.output} is a folder; name the file to write")
    ending = path.suffix.removeprefix(".").lower()
    if not ending:
        return path.with_name(f"{path.name}.{wanted}")
    if ending != wanted:
        raise UserError(
            f"-o {options.output}: the result is {wanted}; end its name in .{wanted}, or choose another --format"
        )
    return path.with_suffix(f".{wanted}")


def _picture_folder(folder: Path, option: Path) -> Path:
    """Return the folder for a picture of each frame. An existing one is replaced later.

    Raises UserError for a file, or for a folder that contains anything but such pictures.
    """
    if not folder.exists():
        return folder
    if not folder.is_dir():
        raise UserError(f"-o {option}: {folder} is a file, but the result is a folder of pictures; name another path")
    foreign = next((entry.name for entry in folder.iterdir() if not PICTURE.fullmatch(entry.name)), None)
    if foreign is not None:
        raise UserError(
            f"-o {option}: the pictures replace the folder {folder}, but it contains {foreign}, which is not one of"
            " them; name another folder"
        )
    return folder


def _format_of(output: Path | None) -> str | None:
    """Return the format that a file's suffix asks for; None if it is not one of `FORMATS`."""
    ending = output.suffix.removeprefix(".").lower() if output else ""
    return ending if ending in FORMATS else None


def jobs_of(jobs: int | None, scheduler: str | None = None) -> int:
    """Return how many clips or trainings run at once: ``-j``, or one for each core that this process may use.

    With a ``scheduler`` and without -j it is `MOST_AT_ONCE`.
    """
    if jobs or scheduler:
        return jobs or MOST_AT_ONCE
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parse_resolution(text: str) -> tuple[int, int]:
    """Return width and height in pixels of ``"1920,1080"`` or ``1920x1080``. Raises UserError for other text."""
    try:
        width, height = (_whole_number(side) for side in text.lower().replace("x", ",").split(","))
    except ValueError:
        raise UserError(f"-r {text} is not a size; write width,height in pixels, such as -r 1280,720") from None
    return width, height


def parse_rate(text: str) -> float | Fraction:
    """Return the frames a second of ``"30"`` or ``"30000/1001"``. Raises UserError for text that is not a number."""
    over, slash, under = text.partition("/")
    try:
        return Fraction(_whole_number(over), _whole_number(under)) if slash else float(text)
    except (ValueError, ZeroDivisionError):
        raise UserError(f"--fps {text} is not a number; write frames per second, such as --fps 30") from None


def parse_beat_range(text: str) -> list[tuple[str | None, str | None]]:
    """Return each way to read ``-n``, the most likely first: the first and the last beat.

    ``"constant,piece-2"`` is a range, or one beat whose name has a comma. ``"constant"`` is that beat twice. A side
    left out is None: ``"constant,"`` goes to the end, ``",constant"`` begins at the start. A name with a comma may be
    written twice: ``"a,b,a,b"``. Raises UserError if no beat is named.
    """
    if not text.strip(" ,"):
        raise UserError(
            f"-n {text} names no beats; write -n sum (one beat), -n constant,sum (several) or -n constant, (to the end)"
        )
    cuts = [(text[:k].strip(), text[k + 1 :].strip()) for k, letter in enumerate(text) if letter == ","]
    cuts.sort(key=lambda cut: cut[0] != cut[1])
    return [(first or None, last or None) for first, last in [*cuts, (text.strip(), text.strip())]]


def parse_counts(option: str, text: str, least: int, largest: int) -> tuple[int, ...]:
    """Return the whole numbers of ``"0,10,100"`` as a tuple.

    Raises UserError for a number outside ``least`` to ``largest``, and for one that comes twice.
    """
    try:
        counts = tuple(_whole_number(part) for part in text.split(","))
    except ValueError:
        raise UserError(
            f"{option} {text} is not a list of numbers; write whole numbers with commas, such as {option} 1,2,3"
        ) from None
    wrong = [count for count in counts if not least <= count <= largest]
    if wrong:
        raise UserError(f"{option} {text}: {wrong[0]} is out of range; write numbers from {least} to {largest}")
    if len(set(counts)) < len(counts):
        raise UserError(f"{option} {text}: a number occurs twice; write each once")
    return counts


def _whole_number(text: str) -> int:
    """Return a whole number in plain digits. Raises ValueError for anything else that `int` accepts, such as 1_0."""
    if not re.fullmatch(r" *-?[0-9]+ *", text):
        raise ValueError(text)
    return int(text)


def parse_overrides(settings: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return ``--set`` texts as {scene: {parameter: value}}; a later one wins over an earlier one.

    They are written ``scene.parameter=value``. Further dots reach into a parameter, as in
    ``sum-of-sigmoids.run.seed=3``. The value is JSON, or else the text itself. ``@file`` is the content of a JSON or
    text file, or of a CSV of points. Raises UserError.
    """
    overrides: dict[str, dict[str, Any]] = {}
    for text in settings:
        scene, path, value = _parts_of_setting(text)
        inside = overrides.setdefault(scene, {})
        for name in path[:-1]:
            child = inside.get(name)
            inside[name] = inside = dict(child) if isinstance(child, Mapping) else {}
        try:
            inside[path[-1]] = parse_value(value)
        except UserError as error:
            raise UserError(f"--set {text.partition('=')[0]}: {error}") from None
    return overrides


def files_in_settings(settings: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the file that each ``--set scene.parameter=value`` names, by scene and parameter.

    The value ``@file`` gives the file; a plain value gives "".

    A parameter inside another is written ``run.seed``. A later setting of ``run`` replaces the entries inside it.
    """
    files: dict[str, dict[str, str]] = {}
    for text in settings:
        scene, path, value = _parts_of_setting(text)
        name = ".".join(path)
        inside = {other: file for other, file in files.get(scene, {}).items() if not f"{other}.".startswith(f"{name}.")}
        files[scene] = inside | {name: value[1:] if value.startswith("@") else ""}
    return files


def _parts_of_setting(setting: str) -> tuple[str, list[str], str]:
    """Return scene, parameter path and value of a ``--set``. Raises UserError for another form."""
    key, equals, value = setting.partition("=")
    scene, *path = key.strip().split(".")
    if not (equals and scene and path and all(path)):
        raise UserError(
            f"--set {setting} is not a setting; write scene.parameter=value, such as --set build-curve.low=0"
        )
    return kebab_name(scene), path, value


def parse_value(text: str) -> Any:
    """Return the value of ``--set``: parsed JSON, the content of the file for ``@file``, or else the text.

    Raises UserError for a file that cannot be read, and for broken JSON that begins as a list or a table.
    """
    return _read_value(Path(text[1:]).expanduser()) if text.startswith("@") else _json_or_text(text)


def _json_or_text(text: str) -> Any:
    """Return text parsed as JSON, or the text itself.

    Raises UserError if it begins as a list or a table but is broken.
    """
    try:
        return parse_or_user_error(text, repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"))
    except UserError:
        if text.lstrip()[:1] in ("[", "{"):
            raise
        return text


def _read_value(path: Path) -> Any:
    """Return the value that a file holds: knots in a ``.csv``, JSON in a ``.json``; JSON or plain text in any other.

    Raises UserError for an unreadable file or broken JSON.
    """
    if path.suffix.lower() in (".csv", ".tsv"):
        return [list(knot) for knot in read_curve(path)[0]]
    text = read_text(path, "a value")
    if path.suffix.lower() != ".json":
        return _json_or_text(text.strip())
    return parse_or_user_error(text, str(path))


def read_curve(path: Path) -> tuple[Knots, str]:
    """Return the knots of a CSV file, x and y in each row, and the file's name.

    Raises UserError naming file and row.
    """
    from gradreel.core.curves.piecewise import read_knots

    return read_knots(path).knots, str(path)
