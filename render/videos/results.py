"""The register of results: which lesson or scene made each film, picture, page or table.

A result may be replaced if the same lesson or scene made it and nobody has changed it since. Any other file in its
place belongs to the user, and only ``--overwrite`` replaces it. The register lies in the media folder, in
``.gradreel/results``. Its entries are only compared with: no path in them is ever written to or removed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.files import open_regular
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.file_digest import short_hash
from gradreel.render.clips.workspace import Folders, Workspace, check_replaceable, read_json, write_json
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.stages import SceneRequest
from gradreel.scenes.catalog import LESSON_FILES
from pydantic import BaseModel, ConfigDict, ValidationError

OURS = "gradreel/"  # prefix of the path of a file of this package, wherever it is installed


class Maker(BaseModel):
    """The lesson or scene that made a result: its file, and a name in that file."""

    model_config = ConfigDict(frozen=True)

    # relative to the media folder, so that both can be moved together; a file of this package begins with `OURS`
    file: str
    name: str = ""  # of the scene's class or of the comparison; "": the whole lesson


class _Stamp(BaseModel):
    """Size, time and digest of a file when it was written."""

    model_config = ConfigDict(frozen=True)

    size: int  # bytes
    mtime_ns: int
    digest: str


class _Result(BaseModel):
    """The maker of a file, and the stamps of that file.

    It has two ``stamps`` while the file is replaced: after a crash, either the new file or the earlier one is there.
    """

    maker: Maker
    stamps: list[_Stamp]


class _FolderOfResults(BaseModel):
    """The results in one folder, by file name."""

    files: dict[str, _Result]


class Results:
    """The results of one maker: checks which files it may replace, and remembers the files that it writes."""

    def __init__(self, folders: Folders, maker: Maker, overwrite: bool = False) -> None:
        self.maker, self.overwrite = maker, overwrite
        self._folders = folders

    def check(self, paths: Iterable[Path], by_folder: bool = False, option: str = "-o") -> None:
        """Raise UserError for the first file at ``paths``, or in a folder there, that must not be replaced.

        ``by_folder``: a folder of pictures will be written there. ``option`` names another path. With --overwrite only
        the kind is checked: a file may replace a file, and a folder may replace a folder of pictures.
        """
        registers: dict[Path, dict[str, _Result]] = {}
        for path in paths:
            check_replaceable(path, by_folder)
            for file in () if self.overwrite else _files_at(path):
                if file.parent not in registers:
                    registers[file.parent] = self._read_register(file.parent)
                if why := self._why_foreign(file, registers[file.parent].get(file.name)):
                    raise UserError(
                        f"{file} would be replaced, but {why}; move it away, name another path by {option}, or replace"
                        " it by --overwrite"
                    )

    def note(self, written: Mapping[Path, Path], workspace: Workspace) -> list[Path]:
        """Register the files of ``written``, {temporary: final}, just before they get their final names.

        Returns the final names at which a file with other content is now. If that file is ours, its stamp is kept
        beside the new one: after a crash before the replacement it is still recognized.
        """
        replaced: dict[Path, None] = {}
        new_stamps: dict[Path, dict[str, _Stamp]] = {}
        for temporary, final in written.items():
            for file in _files_at(temporary):
                place = final / file.name if temporary.is_dir() else final
                if (stamp := _stamp_of(file)) is not None:
                    new_stamps.setdefault(place.parent, {})[place.name] = stamp
                    if os.path.lexists(place) and _matching_stamp(place, [stamp]) is None:
                        replaced[final] = None
        for folder, stamps in new_stamps.items():
            results = self._read_register(folder)
            for name, stamp in stamps.items():
                earlier = _matching_stamp(folder / name, results[name].stamps) if name in results else None
                results[name] = _Result(maker=self.maker, stamps=[stamp, earlier] if earlier else [stamp])
            existing = {name: result for name, result in results.items() if name in stamps or (folder / name).exists()}
            file = self._register_file(folder)
            write_json(file, _FolderOfResults(files=existing).model_dump(), workspace.temporary(file.name))
        return list(replaced)

    def _why_foreign(self, file: Path, result: _Result | None) -> str:
        """Return why this maker must not replace ``file``; "" if it may. An empty file may always be replaced."""
        if result is None:
            return "" if _is_empty(file) else f"{self._folders.media_dir} does not say that Gradreel made it"
        if not self._is_same(result.maker):
            return f"{self._maker_text(result.maker)} made it"
        if _matching_stamp(file, result.stamps) is None and not _is_empty(file):
            return "it was changed since it was made"
        return ""

    def _is_same(self, maker: Maker) -> bool:
        """Return whether ``maker`` is this maker; its file may have been moved since."""
        if maker.name != self.maker.name:
            return False
        if maker.file == self.maker.file:
            return True
        moved = os.path.basename(maker.file) == os.path.basename(self.maker.file)
        return moved and not maker.file.startswith(OURS) and not os.path.lexists(self._absolute_path_of_maker(maker))

    def _maker_text(self, maker: Maker) -> str:
        """Return a maker for messages, such as "lesson.toml:Scene"."""
        place = maker.file if maker.file.startswith(OURS) else os.path.normpath(self._absolute_path_of_maker(maker))
        return ":".join(filter(None, (place if maker.file else "", maker.name)))

    def _absolute_path_of_maker(self, maker: Maker) -> str:
        """Return the absolute path of a maker's file, perhaps with ``..`` in it."""
        return os.path.join(os.path.realpath(self._folders.media_dir), maker.file.replace("\0", ""))

    def _read_register(self, folder: Path) -> dict[str, _Result]:
        """Return the registered results in ``folder`` by file name; {} if the register is missing or damaged."""
        try:
            return _FolderOfResults.model_validate(read_json(self._register_file(folder))).files
        except ValidationError:
            return {}

    def _register_file(self, folder: Path) -> Path:
        """Return the file of the register that lists the results in ``folder``.

        Its name is a digest of the path of ``folder``: relative to the media folder inside it, absolute elsewhere.
        """
        place, media = os.path.realpath(folder), os.path.realpath(self._folders.media_dir)
        inside = place == media or place.startswith(media + os.sep)
        name = os.path.relpath(place, media) if inside else place
        return self._folders.results / f"{short_hash(os.fsencode(name))}.json"


def results_of(lesson: Lesson, folders: Folders, overwrite: bool, *scenes: SceneRequest) -> Results:
    """Return the results of ``lesson``, or those of ``scenes`` if there are any."""
    makers = [
        maker_of(lesson.file if lesson.owns_files_of(scene) else scene.source.file, folders, scene.source.class_name)
        for scene in scenes
    ]
    first = makers[0] if makers else maker_of(lesson.file, folders)
    other_names = [maker.name if maker.file == first.file else f"{maker.file}:{maker.name}" for maker in makers[1:]]
    return Results(folders, first.model_copy(update={"name": "+".join([first.name, *other_names])}), overwrite)


def maker_of(file: Path, folders: Folders, name: str = "") -> Maker:
    """Return the maker for ``file``, or for what is called ``name`` in it."""
    if not file.name:
        return Maker(file="", name=name)
    if file in LESSON_FILES:
        return Maker(file=OURS + file.relative_to(PACKAGE_FOLDER).as_posix(), name=name)
    return Maker(file=os.path.relpath(os.path.realpath(file), os.path.realpath(folders.media_dir)), name=name)


def publish_results(
    workspace: Workspace,
    results_and_files: Sequence[tuple[Results, Mapping[Path, Path]]],
    say: Callable[[str], None],
    kept: Mapping[Path, Path] | None = None,
    first_gone: Callable[[], Iterable[Path]] = tuple,
    option: str = "-o",
) -> None:
    """Give the files of each maker, {temporary: final}, their final names. Say which files are replaced.

    ``kept``: files of the media folder itself, which get their final names first. ``first_gone`` and ``option``: see
    `Workspace.publish`. Raises UserError for files that only --overwrite replaces.
    """
    all_files = {temporary: final for _, written in results_and_files for temporary, final in written.items()}
    replaced: list[Path] = []

    def begin() -> Iterable[Path]:
        for results, written in results_and_files:
            for temporary, final in written.items():
                if not _is_equal(temporary, final):
                    results.check([final], temporary.is_dir(), option)
        for results, written in results_and_files:
            replaced.extend(results.note(written, workspace))
        return first_gone()

    workspace.publish({**(kept or {}), **all_files}, begin, option)
    if replaced:
        more = len(replaced) - 1
        say(f"replaced: {replaced[0]}" + (f" and {more} beside it" if more else ""))


@contextmanager
def workspace_for(media_dir: Path) -> Iterator[Workspace]:
    """Open the media folder. If it cannot be made or written to, open a temporary one, which remembers nothing."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        try:
            workspace = stack.enter_context(Workspace(media_dir))
        except (UserError, OSError):
            workspace = stack.enter_context(Workspace(Path(folder)))
        yield workspace


def _files_at(path: Path) -> list[Path]:
    """Return the file at ``path``, or the files in the folder there; nothing if there is neither."""
    if path.is_dir() and not path.is_symlink():
        return [Path(entry.path) for entry in os.scandir(path)]
    return [path] if os.path.lexists(path) else []


def _matching_stamp(file: Path, stamps: Iterable[_Stamp]) -> _Stamp | None:
    """Return the stamp that matches ``file``; None if none does. Reads the file only if its times differ from all."""
    if file.is_symlink():
        return None
    try:
        state = file.stat()
    except (OSError, ValueError):
        return None
    same_size = [stamp for stamp in stamps if stamp.size == state.st_size]
    for stamp in same_size:
        if stamp.mtime_ns == state.st_mtime_ns:
            return stamp
    current = _stamp_of(file) if same_size else None
    return next((stamp for stamp in same_size if current and stamp.digest == current.digest), None)


def _stamp_of(file: Path) -> _Stamp | None:
    """Return the stamp of a regular file as it is now; None for anything else."""
    try:
        with open_regular(file) as content:
            state = os.fstat(content.fileno())
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except (OSError, UserError, ValueError):
        return None
    return _Stamp(size=state.st_size, mtime_ns=state.st_mtime_ns, digest=digest)


def _is_equal(first: Path, second: Path) -> bool:
    """Return whether both are regular files of equal bytes."""
    stamp = _stamp_of(first) if first.is_file() and second.is_file() else None
    return stamp is not None and _matching_stamp(second, [stamp]) is not None


def _is_empty(file: Path) -> bool:
    """Return whether ``file`` is a regular file without content."""
    return file.is_file() and not file.is_symlink() and file.stat().st_size == 0
