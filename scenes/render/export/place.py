"""Where what is exported is to be written: one file, or a folder with a page in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.scenes.render.clips.workspace import check_writable


@dataclass(frozen=True)
class Place:
    """``ending``: of the name that the file, or its folder, has without -o."""

    ending: str
    inside: str = ""  # where the file is in the folder, {}: what it is called; "": it is no folder

    def final(self, beside: Path, stem: str, output: Path | None) -> Path:
        """Returns where the file is to be: in the folder ``beside``, or ``output``.

        Raises UserError for a place where it cannot be written.
        """
        if output is not None:
            check_writable(output, "-o")
        place = output.absolute() if output else beside / f"{stem}{self.ending}"
        if self.inside:
            if place.exists() and not place.is_dir():
                raise UserError(f"-o {output}: a folder is to be written there, and that is a file")
            return place / self.inside.format(stem)
        suffix = Path(self.ending).suffix
        if place.is_dir():
            raise UserError(f"-o {output} is a folder; name the file to write")
        if not place.suffix:
            return place.with_name(place.name + suffix)
        if place.suffix.lower() != suffix:
            raise UserError(f"-o {output}: this file will be {suffix[1:]}, so its name must end in {suffix}")
        return place
