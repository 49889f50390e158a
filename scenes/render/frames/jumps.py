"""Jumps in the motion: much of the picture that changes within one frame, and not before or after it.

What moves or fades changes frame after frame. What pops up, vanishes or is exchanged without a transition changes once:
a pixel takes a *step* when it changes strongly from one frame to the next and is calm in the frame before and in the
one after. Steps that come evenly, at the edges of something that moves, are motion, too: a jump has many more of them
than the frames around it. And where steps come again and again in a scene, a number is counting: they do not count. But
what moves may cross such a place, and is motion where it leaves it: beside a jump all steps of the frames around it are
looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.scenes.render.frames.pictures import Pixels
from gradreel.scenes.render.lessons.requests import BeatSpan, Finding
from numpy.typing import NDArray

SIZE, FPS = (426, 240), 30  # of the frames that are looked at
BLOCK = 6  # pixels: the height of a digit, about; divides both sides
STRONG, CALM = 28, 8  # of 255, in the channel that changes most
LEAST = 0.0015  # share of the pixels: two words of a label
ABOVE, AROUND = 3.0, 3  # times the steps of so many frames on each side
AGAIN = 4  # frames in which a block steps, for something that counts there
STILL = 2 + AROUND  # of equal frames so many are looked at

Box = tuple[float, float, float, float]  # left, right, bottom, top; shares of the frame's width and height


@dataclass(frozen=True)
class Jump:
    """Many steps at once, from the frame before ``frame`` to it."""

    frame: int
    share: float  # of the pixels
    box: Box


class JumpFinder:
    """Takes the frames of a scene one by one, in the place of an encoder."""

    def __init__(self) -> None:
        self.frames = 0
        self._before: NDArray[np.int16] | None = None  # (height, width, 3)
        self._changes: deque[tuple[int, NDArray[np.int16]]] = deque(maxlen=3)  # the frame, and what changed to it
        self._numbers: list[int] = []  # of the frames looked at
        self._steps: list[NDArray[np.uint8]] = []  # pixels of each block that stepped to it, (rows, columns)

    def write(self, pixels: Pixels, repeat: int = 1) -> None:
        """The next frame, ``repeat`` times: (height, width, 3 or 4), as large as SIZE."""
        frame = pixels[..., :3].astype(np.int16)
        for number in range(self.frames, self.frames + min(repeat, STILL)):
            before = frame if self._before is None else self._before
            self._see(number, np.abs(frame - before).max(axis=-1))
            self._before = frame
        self.frames += repeat

    def jumps(self) -> list[Jump]:
        """Those in the frames so far, if the last one stays."""
        if self._before is not None:
            self._see(self.frames, np.zeros(self._before.shape[:2], np.int16))
        if not self._steps:
            return []
        blocks = np.array(self._steps)  # (frames, rows, columns)
        counts = np.where(_with_neighbours((blocks > 1).sum(axis=0) >= AGAIN), 0, blocks)
        of_all = BLOCK**2 * blocks[0].size
        shares = counts.sum(axis=(1, 2)) / of_all
        return [
            Jump(self._numbers[place], float(shares[place]), _box(counts[place] > 0))
            for place in map(int, np.flatnonzero(shares >= LEAST))
            if shares[place] > ABOVE * _usual(shares, place)
            and shares[place] > ABOVE * _usual(blocks[:, _near(counts[place] > 0)].sum(axis=1) / of_all, place)
        ]

    def _see(self, number: int, change: NDArray[np.int16]) -> None:
        self._changes.append((number, change))
        if len(self._changes) == 3:
            (_, before), (frame, now), (_, after) = self._changes
            stepped = (now > STRONG) & (before < CALM) & (after < CALM)
            height, width = stepped.shape
            blocks = stepped.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
            self._numbers.append(frame)
            self._steps.append(blocks.sum(axis=(1, 3), dtype=np.uint8))


def as_finding(jump: Jump, scene: str, beats: Sequence[BeatSpan], fps: int, frame: tuple[float, float]) -> Finding:
    """The jump as `check` tells it: beat, time, and in which rectangle of ``frame`` (width, height in scene units)."""
    beat = next((beat.name for beat in beats if beat.start <= jump.frame < beat.end), "end")
    seconds = jump.frame / fps
    message = f"{100 * jump.share:.1f} % of the picture changes within one frame, {seconds:.2f} s into the scene"
    left, right, bottom, top = (share - 0.5 for share in jump.box)
    width, height = frame
    where = f"({left * width:.1f}, {bottom * height:.1f}) to ({right * width:.1f}, {top * height:.1f})"
    return Finding(scene, beat, "jump", message, where, seconds)


def _usual(shares: NDArray[np.float64], place: int) -> float:
    """The share of steps in the frames before ``place`` or after it, whichever is more."""
    sides = shares[max(place - AROUND, 0) : place], shares[place + 1 : place + 1 + AROUND]
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


def _box(mask: NDArray[np.bool_]) -> Box:
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, right = columns[0] / width, (columns[-1] + 1) / width
    return float(left), float(right), float(1 - (rows[-1] + 1) / height), float(1 - rows[0] / height)
