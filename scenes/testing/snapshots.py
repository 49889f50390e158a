"""Frame snapshots: pictures stored beside a test and compared with a scene's current pictures."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from gradreel.scenes.stills import Still
from gradreel.scenes.testing.snapshot_folders import safe_name
from numpy.typing import NDArray
from PIL import Image

CHANNEL_TOLERANCE = 8  # of 255
PIXEL_SHARE = 5e-5  # 20 pixels of 854 x 480: half as many as a changed digit in the smallest size


@dataclass(frozen=True)
class Difference:
    """The difference of two pictures of one size."""

    pixels: int  # how many pixels differ by more than the tolerance in some channel
    total: int  # number of all pixels
    most: int  # largest difference of a channel
    box: tuple[int, int, int, int]  # left, top, right, bottom of the region that differs, in pixels

    def __str__(self) -> str:
        """Return the difference as a sentence."""
        left, top, right, bottom = self.box
        return (
            f"{self.pixels} of {self.total} pixels ({self.pixels / self.total:.2%}) differ by up to {self.most} of 255"
            f" within x {left} to {right}, y {top} to {bottom}"
        )


@dataclass
class Outcome:
    """The result of comparing one folder."""

    problems: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    deleted: list[Path] = field(default_factory=list)


def compare(actual: NDArray[np.uint8], expected: NDArray[np.uint8], tolerance: int, share: float) -> Difference | None:
    """Return the difference of two pictures (height, width, 3), or None if it is within the tolerance.

    Each channel may differ by ``tolerance`` of 255. A ``share`` of the pixels may differ by more.
    """
    if np.array_equal(actual, expected):  # the usual case, and fast
        return None
    apart = _channel_difference(actual, expected)
    rows, columns = np.nonzero(apart > tolerance)
    if len(rows) <= share * apart.size:
        return None
    box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    return Difference(len(rows), apart.size, int(apart.max()), box)


def _channel_difference(actual: NDArray[np.uint8], expected: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the largest difference of a channel at each pixel, (height, width)."""
    channels = np.maximum(actual, expected) - np.minimum(actual, expected)
    apart: NDArray[np.uint8] = np.maximum(np.maximum(channels[..., 0], channels[..., 1]), channels[..., 2])
    return apart


def difference_picture(actual: NDArray[np.uint8], expected: NDArray[np.uint8], tolerance: int) -> Image.Image:
    """Return the expected picture in faint grey, with every pixel that differs in red."""
    grey = expected.mean(axis=2, keepdims=True) * 0.5 + 64
    picture = np.repeat(grey, 3, axis=2)
    picture[_channel_difference(actual, expected) > tolerance] = (255, 40, 40)
    return Image.fromarray(picture.astype(np.uint8))


def check_snapshots(
    stills: Sequence[Still], folder: Path, failures: Path, *, update: bool, tolerance: int, share: float
) -> Outcome:
    """Compare ``stills`` with ``folder/<beat>.png``, and return the problems and the written or deleted files.

    A missing, left-over or blank picture is a problem too. For a picture that changed, the actual and expected picture
    and their difference are written into ``failures``. With ``update``, changed pictures are written into ``folder``
    instead, and left-over ones are deleted.
    """
    outcome = Outcome()
    if not stills:
        outcome.problems.append("there is no picture: the scene skips all of it")
    names = file_names([still.beat for still in stills])
    for still, name in zip(stills, names, strict=True):
        _check_one(still, folder / name, failures, outcome, update, tolerance, share)
    for path in sorted(folder.glob("*.png")):
        if path.name in names:
            continue
        if update:
            path.unlink()
            outcome.deleted.append(path)
        else:
            outcome.problems.append(f"{path.stem}: left over, the scene has no such beat: {path}")
    return outcome


def file_names(beats: Sequence[str]) -> list[str]:
    """Return a file name for each beat. Raises ValueError if two beats would share one."""
    names = [f"{safe_name(beat)}.png" for beat in beats]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ValueError(f"two beats of the scene would both be kept as {name}; give each a name of its own")
    return names


def _check_one(
    still: Still, path: Path, failures: Path, outcome: Outcome, update: bool, tolerance: int, share: float
) -> None:
    """Compare one picture with its snapshot, and add the result to ``outcome``."""
    picture = still.image()
    actual = np.asarray(picture)
    if compare(actual, np.broadcast_to(actual[0, 0], actual.shape), CHANNEL_TOLERANCE, share=0) is None:
        outcome.problems.append(f"{still.beat}: blank, nothing can be seen, and so no change of the scene either")
        return
    expected = _read_picture(path)
    same_size = expected is not None and expected.shape == actual.shape
    difference = compare(actual, expected, tolerance, share) if expected is not None and same_size else None
    if same_size and difference is None:
        return
    if update:
        write_png(picture, path)
        outcome.written.append(path)
        return
    paths = {"actual": failures / f"{path.stem}.actual.png"}
    write_png(picture, paths["actual"])
    if expected is None:
        problem = f"missing, there is no {path}"
    else:
        paths |= {kind: failures / f"{path.stem}.{kind}.png" for kind in ("expected", "difference")}
        write_png(Image.fromarray(expected), paths["expected"])
        problem = (
            f"{actual.shape[1]} x {actual.shape[0]} pixels, the snapshot has {expected.shape[1]} x {expected.shape[0]}"
        )
        if difference is not None:
            problem = str(difference)
            write_png(difference_picture(actual, expected, tolerance), paths["difference"])
    shown = "".join(f"\n    {kind:<10} {file}" for kind, file in paths.items() if file.exists())
    outcome.problems.append(f"{still.beat}: {problem}{shown}")


def _read_picture(path: Path) -> NDArray[np.uint8] | None:
    """Return a picture, RGB, (height, width, 3); None if the file does not exist."""
    if not path.is_file():
        return None
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def write_png(picture: Image.Image, path: Path) -> None:
    """Write a picture as a small PNG, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.new")  # not counted as a snapshot if a kill leaves it
    picture.save(temporary, "PNG", optimize=True)
    os.replace(temporary, path)
