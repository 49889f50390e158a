"""Jumps in the motion: much of the picture that changes within one frame, and not before or after it.

What moves or fades changes frame after frame. What pops up, vanishes or is exchanged without a transition changes once:
a pixel takes a *step* when it changes strongly from one frame to the next and is calm in the frame before and in the
one after. Steps that come evenly, at the edges of something that moves, are motion, too: a jump has many more of them
than the frames around it, and where it is, little else changes in the frames beside it.

Where steps come again and again within some seconds, or very often in a scene, a number is counting: they do not count.
But what moves may cross such a place, and is motion where it leaves it: beside a jump all steps of the frames around it
are looked at. And jumps in quick succession, from place to place, are things that have their turns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.render.frames.pictures import Pixels
from gradreel.render.stages import BeatSpan, Finding
from numpy.typing import NDArray

SIZE, FPS = (426, 240), 30  # of the frames that are looked at
BLOCK = 6  # pixels: the height of a digit, about; divides both sides
STRONG, CALM = 28, 8  # of 255, in the channel that changes most
LEAST = 0.0015  # share of the pixels: two words of a label
ABOVE, AROUND = 3.0, 3  # times the steps of so many frames on each side
NEAR, AGAIN = 3 * FPS, 4  # frames before a jump and after it, and in how many of them a block steps that counts
OFTEN = 16  # frames of the scene in which a block steps, for something that counts there
MOVING = 0.25  # of what changes in a jump: as much in the frame before or after, where it is, is motion
SUCCESSION = 2  # other jumps, a third as large or more, within a second: of things that have their turns
STILL = 2 + AROUND  # of equal frames so many are looked at

FrameShare = tuple[float, float, float, float]  # left, right, bottom, top; shares of the frame's width and height


@dataclass(frozen=True)
class Jump:
    """Many steps at once, from the frame before ``frame`` to it."""

    frame: int
    share: float  # of the pixels
    box: FrameShare


class JumpFinder:
    """Takes the frames of a scene one by one, in the place of an encoder."""

    def __init__(self) -> None:
        self.frames = 0
        self._before: Pixels | None = None
        self._changes: deque[tuple[int, NDArray[np.uint8]]] = deque(maxlen=3)  # the frame, and what changed to it
        self._numbers: list[int] = []  # of the frames looked at; of each, how many pixels of a block
        self._changed = _Counts()  # were not calm
        self._steps = _Counts()  # took a step

    def write(self, pixels: Pixels, repeat: int = 1) -> None:
        """The next frame, ``repeat`` times: (height, width, 3 or 4), as large as SIZE."""
        frame = pixels.copy()
        for number in range(self.frames, self.frames + min(repeat, STILL)):
            self._see(number, _change(frame if self._before is None else self._before, frame))
            self._before = frame
        self.frames += repeat

    def jumps(self) -> list[Jump]:
        """Those in the frames so far, if the last one stays."""
        if self._before is not None:
            self._see(self.frames, np.zeros(self._before.shape[:2], np.uint8))
        steps, numbers = self._steps, np.array(self._numbers)
        often = steps.frames_of_block >= OFTEN
        found = []
        for place in np.flatnonzero(np.array(steps.sums) >= LEAST * SIZE[0] * SIZE[1]).tolist():
            first, last = np.searchsorted(numbers, numbers[place] + np.array([-NEAR, NEAR + 1])).tolist()
            counting = _with_neighbours(often | ((steps[first:last] > 1).sum(axis=0) >= AGAIN))
            around = slice(max(place - AROUND, 0), place + AROUND + 1)
            jump = _jump(place - around.start, steps[around], self._changed[around], counting)
            if jump is not None:
                found.append(Jump(int(numbers[place]), *jump))
        return [jump for jump in found if not _has_its_turn(jump, found)]

    def _see(self, number: int, change: NDArray[np.uint8]) -> None:
        self._changes.append((number, change))
        if len(self._changes) == 3:
            (_, before), (frame, now), (_, after) = self._changes
            self._numbers.append(frame)
            self._changed.append(_by_block(now >= CALM))
            self._steps.append(_by_block((now > STRONG) & (before < CALM) & (after < CALM)))


class _Counts:
    """Of each frame (rows, columns) counts of pixels, kept sparsely: an hour has a hundred thousand frames."""

    def __init__(self) -> None:
        self.sums: list[int] = []
        self.frames_of_block = np.zeros((SIZE[1] // BLOCK, SIZE[0] // BLOCK), np.int64)  # those where it counts >= 2
        self._kept: list[tuple[NDArray[np.uint16], NDArray[np.uint8]]] = []  # blocks that are not zero, their counts

    def append(self, counts: NDArray[np.uint8]) -> None:
        """The next frame's."""
        blocks = np.flatnonzero(counts)
        self._kept.append((blocks.astype(np.uint16), counts.reshape(-1)[blocks]))
        self.sums.append(int(counts.sum()))
        self.frames_of_block += counts > 1

    def __getitem__(self, frames: slice) -> NDArray[np.uint8]:
        """(frames, rows, columns)"""
        kept = self._kept[frames]
        found = np.zeros((len(kept), self.frames_of_block.size), np.uint8)
        for row, (blocks, counts) in zip(found, kept, strict=True):
            row[blocks] = counts
        return found.reshape(-1, *self.frames_of_block.shape)


def as_finding(jump: Jump, scene: str, beats: Sequence[BeatSpan], fps: int, frame: tuple[float, float]) -> Finding:
    """The jump as `check` tells it: beat, time, and in which rectangle of ``frame`` (width, height in scene units)."""
    beat = next((beat.name for beat in beats if beat.start <= jump.frame < beat.end), "end")
    seconds = jump.frame / fps
    message = f"{100 * jump.share:.1f} % of the picture changes within one frame, {seconds:.2f} s into the scene"
    left, right, bottom, top = (share - 0.5 for share in jump.box)
    width, height = frame
    where = f"({left * width:.1f}, {bottom * height:.1f}) to ({right * width:.1f}, {top * height:.1f})"
    return Finding(scene, beat, "jump", message, where, seconds)


def _jump(
    place: int, steps: NDArray[np.uint8], changed: NDArray[np.uint8], counting: NDArray[np.bool_]
) -> tuple[float, FrameShare] | None:
    """Share and box of the jump to the frame ``place`` of these few, if it is one. Blocks that are ``counting`` do not.

    ``steps``, ``changed``: (frames, rows, columns).
    """
    counts = np.where(counting, 0, steps)
    of_frames, here = counts.sum(axis=(1, 2)), counts[place] > 0
    size, near = int(of_frames[place]), _near(here)
    if size < LEAST * _pixels(steps) or size <= ABOVE * _usual(of_frames, place):
        return None
    moving = changed[:, near].sum(axis=1)
    beside = max(moving[max(place - 1, 0) : place].max(initial=0), moving[place + 1 : place + 2].max(initial=0))
    if size <= ABOVE * _usual(steps[:, near].sum(axis=1), place) or beside > MOVING * moving[place]:
        return None
    return size / _pixels(steps), _box(here)


def _has_its_turn(jump: Jump, found: Sequence[Jump]) -> bool:
    """Whether ``jump`` is one of several alike in quick succession."""
    others = (other for other in found if other is not jump and abs(other.frame - jump.frame) <= FPS)
    return sum(other.share >= jump.share / 3 for other in others) >= SUCCESSION


def _change(before: Pixels, after: Pixels) -> NDArray[np.uint8]:
    """(height, width): by how much each pixel changes, in the channel that changes most; not by its opacity."""
    change = np.maximum(before, after)
    change -= np.minimum(before, after)
    return np.asarray(np.maximum(np.maximum(change[..., 0], change[..., 1]), change[..., 2]))


def _by_block(pixels: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(rows, columns): how many there are in each block."""
    height, width = pixels.shape
    by_row = pixels.view(np.uint8).reshape(height // BLOCK, BLOCK, width).sum(axis=1, dtype=np.uint8)
    return np.asarray(by_row.reshape(height // BLOCK, width // BLOCK, BLOCK).sum(axis=2, dtype=np.uint8))


def _pixels(blocks: NDArray[np.uint8]) -> int:
    """Of a frame, by the ``blocks`` (frames, rows, columns)."""
    return int(BLOCK**2 * blocks[0].size)


def _usual(steps: NDArray[np.integer], place: int) -> float:
    """How many step in the frames before ``place`` or after it, whichever is more."""
    sides = steps[max(place - AROUND, 0) : place], steps[place + 1 : place + 1 + AROUND]
    return max((float(np.median(side)) for side in sides if side.size), default=0.0)


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The blocks of ``mask`` and those around them, as far as what moves gets in the frames around a jump."""
    for _ in range(AROUND):
        mask = _with_neighbours(mask)
    return mask


def _with_neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The blocks of ``mask`` and those that touch them."""
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    shifts = np.array([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)])
    return np.asarray(shifts.any(axis=0))


def _box(mask: NDArray[np.bool_]) -> FrameShare:
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, right = columns[0] / width, (columns[-1] + 1) / width
    return float(left), float(right), float(1 - (rows[-1] + 1) / height), float(1 - rows[0] / height)
