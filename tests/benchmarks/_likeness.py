"""For `render`: how like what was drawn a video is, by FFmpeg's SSIM of some of its frames."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from gradreel.scenes.render.frames.pictures import Pixels
from gradreel.scenes.render.stages import SceneRequest


class Sample:
    """In the place of an encoder: keeps every ``step``-th frame, red, green, blue. Manim itself draws them."""

    def __init__(self, step: int) -> None:
        self.frames, self.step = 0, step
        self.kept: dict[int, Pixels] = {}

    def write(self, pixels: Pixels, repeat: int = 1) -> None:
        first = -(-self.frames // self.step) * self.step
        self.kept |= {number: pixels[..., :3].copy() for number in range(first, self.frames + repeat, self.step)}
        self.frames += repeat


def likeness(request: SceneRequest, step: int, files: Sequence[Path]) -> list[dict[str, float]]:
    """In a worker: each file's mean SSIM over every ``step``-th frame: of red, green and blue alike, and of luma."""
    from gradreel.scenes.render.frames.scene_player import play

    sample = Sample(step)
    play(request, sample)  # type: ignore[arg-type]
    return [mean_ssim(sample, file) for file in files]


def mean_ssim(sample: Sample, file: Path) -> dict[str, float]:
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
    if frames != sample.frames:
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
