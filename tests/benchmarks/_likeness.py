"""For `render` and `gallery`: how like what Manim draws a video is, and our frames before they are encoded.

The first by FFmpeg's SSIM of some of its frames; the second frame by frame.
"""

from __future__ import annotations

import pickle
import statistics
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.pictures import Boxes, Pixels
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest


class Sample:
    """In the place of an encoder: keeps every ``step``-th frame, red, green, blue. Manim itself draws them.

    ``every``: a file that takes all frames, packed, for `frames_beside`.
    """

    def __init__(self, step: int, every: BinaryIO | None = None) -> None:
        self.frames, self.step, self.every = 0, step, every
        self.kept: dict[int, Pixels] = {}

    def write(self, pixels: Pixels, repeat: int = 1) -> None:
        first = -(-self.frames // self.step) * self.step
        self.kept |= {number: pixels[..., :3].copy() for number in range(first, self.frames + repeat, self.step)}
        self.frames += repeat
        if self.every is not None:
            pickle.dump((zlib.compress(pixels.tobytes(), 1), repeat), self.every)


def likeness(
    request: SceneRequest, step: int, files: Sequence[Path], every: Path | None = None, as_many: bool = True
) -> list[dict[str, float]]:
    """In a worker: each file's mean SSIM over every ``step``-th frame: of red, green and blue alike, and of luma.

    ``every``: where to keep all frames as well; ``as_many``: a file that has more or fewer raises ValueError.
    """
    from gradreel.render.frames.scene_player import configure, play

    configure(request)
    sample = Sample(step)
    if every is None:
        play(request, sample)  # type: ignore[arg-type]
    else:
        with every.open("wb") as sample.every:
            play(request, sample)  # type: ignore[arg-type]
    return [mean_ssim(sample, file, as_many) for file in files]


def frames_beside(request: SceneRequest, every: Path) -> list[float]:
    """In a worker: of each frame that we draw, the mean difference to Manim's, which are in ``every``; 0: equal.

    In 1/255. Raises ValueError where there are more or fewer.
    """
    from gradreel.render.frames.scene_player import configure, play

    configure(request)
    with every.open("rb") as file:
        beside = Beside(every.with_suffix(".ours"), request.settings, unpacked(file, request.settings))
        play(request, beside)
        beside.close()
    return beside.differences


def unpacked(file: BinaryIO, settings: RenderSettings) -> Iterator[Pixels]:
    """The frames that a `Sample` has packed; one that is shown repeatedly is the same object."""
    while True:
        try:
            content, repeat = pickle.load(file)
        except EOFError:
            return
        pixels = np.frombuffer(zlib.decompress(content), np.uint8).reshape(settings.height, settings.width, 4)
        for _ in range(repeat):
            yield pixels


class Beside(ClipEncoder):
    """An encoder that compares each decoded picture with the drawn frame; its file is not used."""

    def __init__(self, path: Path, settings: RenderSettings, drawn: Iterator[Pixels]) -> None:
        super().__init__(path, settings)
        self.differences: list[float] = []
        self._drawn, self._channels = drawn, 4 if settings.transparent else 3
        self._shown = np.zeros(self.shape, np.uint8)

    def write(self, pixels: Pixels, repeat: int = 1, boxes: Boxes | None = None) -> None:
        for part in [...] if boxes is None else [box.slices for box in boxes]:
            self._shown[part] = pixels[part]
        self.frames += repeat
        before = None
        for _ in range(repeat):
            drawn = next(self._drawn, None)
            if drawn is None:
                raise ValueError(f"we draw more than {len(self.differences)} frames")
            if drawn is not before:
                difference = self._difference(drawn)
            before = drawn
            self.differences.append(difference)

    def close(self) -> None:
        self.discard()
        if next(self._drawn, None) is not None:
            raise ValueError(f"we draw no more than {self.frames} frames")

    def _difference(self, drawn: Pixels) -> float:
        if np.array_equal(drawn, self._shown):
            return 0.0
        apart = np.abs(drawn[..., : self._channels].astype(np.int16) - self._shown[..., : self._channels])
        return float(apart.mean())


def mean_ssim(sample: Sample, file: Path, as_many: bool = True) -> dict[str, float]:
    """Colours are as the file is tagged; BT.601, to FFmpeg as to players, where it is not."""
    size = sample.kept[0].shape[:2]
    comparisons = {"RGB": Comparison(*size, "gbrp", "All"), "luma": Comparison(*size, "yuv444p", "Y")}
    found: dict[str, list[float]] = {name: [] for name in comparisons}
    frames = 0
    with av.open(str(file)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in sample.kept:
                shown = frame.to_ndarray(format="rgb24")
                for name, compare in comparisons.items():
                    found[name].append(compare(sample.kept[number], shown))
            frames = number + 1
    if as_many and frames != sample.frames:
        raise ValueError(f"{file} has {frames} frames, and {sample.frames} are drawn")
    return {name: statistics.mean(values) for name, values in found.items()}


class Comparison:
    """FFmpeg's filter ``ssim`` for pairs of pictures of one size; ``plane``: Y, U, V, R, G, B or All."""

    def __init__(self, height: int, width: int, pixel_format: str, plane: str) -> None:
        self._format, self._key = pixel_format, f"lavfi.ssim.{plane}"
        self._graph, self._pairs = Graph(), 0
        options = {"width": width, "height": height, "format": pixel_format, "time_base": Fraction(1)}
        self._inputs = [self._graph.add_buffer(**options) for _ in range(2)]
        ssim = self._graph.add("ssim")
        for place, buffer in enumerate(self._inputs):
            buffer.link_to(ssim, 0, place)
        ssim.link_to(self._graph.add("buffersink"))
        self._graph.configure()

    def __call__(self, *pictures: Pixels) -> float:
        for buffer, pixels in zip(self._inputs, pictures, strict=True):
            frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=self._format)
            frame.pts, frame.time_base = self._pairs, Fraction(1)
            buffer.push(frame)
        self._pairs += 1
        return float(self._graph.pull().metadata[self._key])
