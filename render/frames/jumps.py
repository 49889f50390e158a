"""Finds jumps in the motion: frames in which much of the picture changes at once, but not just before or after.

Things that move or fade change frame after frame. Things that pop up, vanish or are exchanged without a transition
change once. A pixel takes a *step* if it changes strongly from one frame to the next and hardly changes in the frame
before and the one after. The edges of moving things take steps evenly. A jump has many more steps than the frames
around it, and little else changes near it in the frames beside it.

Numbers that count take steps again and again at one place within seconds, or very often in a scene. Steps at such
blocks are ignored. But a moving thing may cross such a block: to tell motion beside a jump, all steps count. Jumps in
quick succession are several things shown in turn, and are not reported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.render.frames.pictures import Pixels
from gradreel.render.stages import BeatSpan, Finding
from numpy.typing import NDArray

SIZE, FPS = (426, 240), 30  # size and rate of the frames that are searched
BLOCK = 6  # pixels, about the height of a digit; divides width and height
# change of the channel that changes most, of 255: a step is greater than STRONG, a calm pixel less than CALM
STRONG, CALM = 28, 8
LEAST = 0.0015  # smallest jump, as a share of the pixels: two words of a label
ABOVE, AROUND = 3.0, 3  # a jump has more than ABOVE times the steps that are usual in AROUND frames on each side
# a block counts numbers if it steps in at least AGAIN of the NEAR frames before and after a jump
NEAR, AGAIN = 3 * FPS, 4
OFTEN = 16  # a block counts numbers if it steps in at least this many frames of the scene
# it is motion if more than this share of the pixels also changes in the frame before or after, near the jump
MOVING = 0.25
SUCCESSION = 2  # with so many other jumps within a second, each at least a third as large, things are shown in turn
STILL = 2 + AROUND  # of a picture that stays, so many equal frames are searched

FrameShare = tuple[float, float, float, float]  # left, right, bottom and top as shares of the frame's width and height


@dataclass(frozen=True)
class Jump:
    """A jump from the frame before ``frame`` to ``frame``."""

    frame: int
    share: float  # share of the pixels that take a step
    box: FrameShare


class JumpFinder:
    """Takes the frames of a scene one by one, as an encoder does, and finds jumps."""

    def __init__(self) -> None:
        self.frames = 0
        self._previous: Pixels | None = None
        # each frame's number, and its change from the frame before
        self._changes: deque[tuple[int, NDArray[np.uint8]]] = deque(maxlen=3)
        self._numbers: list[int] = []  # frame numbers; the rows of the two below
        self._changed = _Counts()  # per block, pixels that were not calm
        self._steps = _Counts()  # per block, pixels that took a step

    def write(self, pixels: Pixels, repeat: int = 1) -> None:
        """Take the next frame, (height, width, 3 or 4) of the size `SIZE`, shown ``repeat`` times."""
        frame = pixels.copy()
        for number in range(self.frames, self.frames + min(repeat, STILL)):
            self._take_change(number, _change_of_each_pixel(frame if self._previous is None else self._previous, frame))
            self._previous = frame
        self.frames += repeat

    def jumps(self) -> list[Jump]:
        """Return the jumps in the frames so far, assuming that the last one stays."""
        if self._previous is not None:
            self._take_change(self.frames, np.zeros(self._previous.shape[:2], np.uint8))
        steps, numbers = self._steps, np.array(self._numbers)
        often = steps.frames_of_block >= OFTEN
        candidates = []
        for index in np.flatnonzero(np.array(steps.sums) >= LEAST * SIZE[0] * SIZE[1]).tolist():
            first, last = np.searchsorted(numbers, numbers[index] + np.array([-NEAR, NEAR + 1])).tolist()
            counting = _with_neighbours(often | ((steps[first:last] > 1).sum(axis=0) >= AGAIN))
            around = slice(max(index - AROUND, 0), index + AROUND + 1)
            jump = _jump_at(index - around.start, steps[around], self._changed[around], counting)
            if jump is not None:
                candidates.append(Jump(int(numbers[index]), *jump))
        return [jump for jump in candidates if not _is_in_succession(jump, candidates)]

    def _take_change(self, number: int, change: NDArray[np.uint8]) -> None:
        """Take the change (height, width) to frame ``number``; count the pixels of the frame before."""
        self._changes.append((number, change))
        if len(self._changes) == 3:
            (_, before), (middle, current), (_, after) = self._changes
            self._numbers.append(middle)
            self._changed.append(_counts_by_block(current >= CALM))
            self._steps.append(_counts_by_block((current > STRONG) & (before < CALM) & (after < CALM)))


class _Counts:
    """Counts of pixels per block, (rows, columns), for each frame. Stored sparsely: an hour has 100 000 frames."""

    def __init__(self) -> None:
        self.sums: list[int] = []
        # number of frames in which each block counts at least 2
        self.frames_of_block = np.zeros((SIZE[1] // BLOCK, SIZE[0] // BLOCK), np.int64)
        # the indices of the blocks that are not zero, and their counts
        self._kept: list[tuple[NDArray[np.uint16], NDArray[np.uint8]]] = []

    def append(self, counts: NDArray[np.uint8]) -> None:
        """Add the counts of the next frame."""
        blocks = np.flatnonzero(counts)
        self._kept.append((blocks.astype(np.uint16), counts.reshape(-1)[blocks]))
        self.sums.append(int(counts.sum()))
        self.frames_of_block += counts > 1

    def __getitem__(self, frames: slice) -> NDArray[np.uint8]:
        """Return the counts of a range of frames, (frames, rows, columns)."""
        kept = self._kept[frames]
        dense = np.zeros((len(kept), self.frames_of_block.size), np.uint8)
        for row, (blocks, counts) in zip(dense, kept, strict=True):
            row[blocks] = counts
        return dense.reshape(-1, *self.frames_of_block.shape)


def as_finding(jump: Jump, scene: str, beats: Sequence[BeatSpan], fps: int, frame: tuple[float, float]) -> Finding:
    """Return a jump as a `Finding` of ``gradreel check``: its beat, its time, and its rectangle.

    ``frame`` is the width and height of the frame in scene units, with the origin in its center.
    """
    beat = next((beat.name for beat in beats if beat.start <= jump.frame < beat.end), "end")
    seconds = jump.frame / fps
    message = f"{100 * jump.share:.1f} % of the picture changes within one frame, {seconds:.2f} s into the scene"
    left, right, bottom, top = (share - 0.5 for share in jump.box)
    width, height = frame
    where = f"({left * width:.1f}, {bottom * height:.1f}) to ({right * width:.1f}, {top * height:.1f})"
    return Finding(scene, beat, "jump", message, where, seconds)


def _jump_at(
    place: int, steps: NDArray[np.uint8], changed: NDArray[np.uint8], counting: NDArray[np.bool_]
) -> tuple[float, FrameShare] | None:
    """Return share and box of the jump at frame ``place`` of these few frames; None if there is no jump.

    ``steps`` and ``changed`` are (frames, rows, columns). The blocks of ``counting`` are ignored.
    """
    counts = np.where(counting, 0, steps)
    of_frames, here = counts.sum(axis=(1, 2)), counts[place] > 0
    size, near = int(of_frames[place]), _grown_mask(here)
    if size < LEAST * _pixels_in_frame(steps) or size <= ABOVE * _usual_steps(of_frames, place):
        return None
    moving = changed[:, near].sum(axis=1)
    beside = max(moving[max(place - 1, 0) : place].max(initial=0), moving[place + 1 : place + 2].max(initial=0))
    if size <= ABOVE * _usual_steps(steps[:, near].sum(axis=1), place) or beside > MOVING * moving[place]:
        return None
    return size / _pixels_in_frame(steps), _box_around_true_blocks(here)


def _is_in_succession(jump: Jump, jumps: Sequence[Jump]) -> bool:
    """Return whether ``jump`` is one of several similar jumps in quick succession."""
    neighbours = (other for other in jumps if other is not jump and abs(other.frame - jump.frame) <= FPS)
    return sum(other.share >= jump.share / 3 for other in neighbours) >= SUCCESSION


def _change_of_each_pixel(before: Pixels, after: Pixels) -> NDArray[np.uint8]:
    """Return how much each pixel changes, (height, width), in the colour channel that changes most.

    Opacity is ignored.
    """
    change = np.maximum(before, after)
    change -= np.minimum(before, after)
    return np.asarray(np.maximum(np.maximum(change[..., 0], change[..., 1]), change[..., 2]))


def _counts_by_block(pixels: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the number of true pixels in each block, (rows, columns)."""
    height, width = pixels.shape
    by_row = pixels.view(np.uint8).reshape(height // BLOCK, BLOCK, width).sum(axis=1, dtype=np.uint8)
    return np.asarray(by_row.reshape(height // BLOCK, width // BLOCK, BLOCK).sum(axis=2, dtype=np.uint8))


def _pixels_in_frame(blocks: NDArray[np.uint8]) -> int:
    """Return the number of pixels in a frame of ``blocks`` (frames, rows, columns)."""
    return int(BLOCK**2 * blocks[0].size)


def _usual_steps(steps: NDArray[np.integer], place: int) -> float:
    """Return the median number of steps in the frames before ``place`` or after it, whichever is greater."""
    sides = steps[max(place - AROUND, 0) : place], steps[place + 1 : place + 1 + AROUND]
    return max((float(np.median(side)) for side in sides if side.size), default=0.0)


def _grown_mask(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return ``mask`` grown by `AROUND` blocks: as far as moving things get in the frames around a jump."""
    for _ in range(AROUND):
        mask = _with_neighbours(mask)
    return mask


def _with_neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return ``mask`` and the blocks that touch it, corners included."""
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    shifts = np.array([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)])
    return np.asarray(shifts.any(axis=0))


def _box_around_true_blocks(mask: NDArray[np.bool_]) -> FrameShare:
    """Return the smallest rectangle around the true blocks, as shares of the frame."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, right = columns[0] / width, (columns[-1] + 1) / width
    return float(left), float(right), float(1 - (rows[-1] + 1) / height), float(1 - rows[0] / height)
