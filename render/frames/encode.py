"""Encodes frames into files: one stream for each clip, by one thread (H.264: two) while the next frame is drawn.

This module imports neither Manim nor scenes. Frames are uint8 arrays (height, width, 4): red, green, blue, alpha, first
row on top. All clips of a size and rate share their settings: time base, closed groups of pictures, no B-frames,
BT.709. So clips can be joined by copying their packets.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path
from queue import Empty, LifoQueue, Queue
from threading import Thread

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from gradreel.render.frames.h264 import H264Stream, set_up
from gradreel.render.frames.pictures import Boxes, Pixels, png_bytes
from gradreel.render.frames.qtrle import QtrleStream
from gradreel.render.frames.yuv import Converter
from gradreel.render.settings import RenderSettings

QUEUE_LENGTH = 6  # frames that may be drawn ahead of the encoder; 8 MB each at 1080p
LATER = 10  # nice level of the drawing threads relative to the encoder
TICKS = 512  # ticks of the time base in a frame; every clip's MP4 timescale is fps * TICKS
SAME_EACH_TIME = {"fflags": "+bitexact"}  # without this, each WebM file contains a random number

# As good as Manim's WebM (PSNR of luma). Encoding takes a quarter of the time; files are a third larger. The encoder's
# mode "screen" suits plain backgrounds and sharp edges. "realtime" does not look at the clock, despite its name.
VP9 = {
    "crf": "21",
    "b": "0",
    "deadline": "realtime",
    "cpu-used": "5",
    "tune-content": "screen",
    "row-mt": "0",
    "auto-alt-ref": "0",
    "lag-in-frames": "0",
}

_Task = Callable[[], None]
_Parts = Sequence[tuple[tuple[slice, ...], Pixels]]  # parts of a frame: where each is, and its pixels
_EVERYWHERE: tuple[slice, ...] = ()


class ClipEncoder:
    """Takes frames and writes them in order from a thread of its own; counts them.

    An error of that thread is raised by the next ``write`` or by ``close``.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self.frames = 0
        self.shape = settings.height, settings.width, 4  # of a frame
        self.is_transparent = settings.transparent
        self._sink = open_sink(path, settings)
        self._queue: Queue[_Task | None] = Queue(maxsize=QUEUE_LENGTH)
        self._free: Queue[Pixels] = LifoQueue()  # used buffers; the last one is still in the processor's cache
        self._was_whole = False  # the last frame came without boxes
        self.error: BaseException | None = None  # error of the thread
        self._thread = Thread(target=self._run_queue, name="clip-encoder", daemon=True)
        self._thread.start()

    def buffer(self) -> Pixels:
        """Return an array of a frame's shape for `write`; its content is undefined. Used buffers are reused."""
        try:
            return self._free.get_nowait()  # new memory is slow
        except Empty:
            return np.empty(self.shape, np.uint8)

    def write(self, pixels: Pixels, repeat: int = 1, boxes: Boxes | None = None) -> None:
        """Write the next frame, shown ``repeat`` times. Raises the thread's error.

        Without ``boxes`` the array belongs to the encoder from then on. With ``boxes`` (even numbers), the frame
        differs from the one before only there. The rest of the array is not read, and the array stays the caller's.
        """
        if self.error is not None:
            raise self.error
        self.frames += repeat
        if boxes is None:
            self._queue.put(partial(self._write_whole_frame, pixels, repeat))
        else:
            if self._was_whole:
                self._queue.join()  # the calling thread compares the next frame with this one
            self._queue.put(self._sink.take(pixels, repeat, boxes))
        self._was_whole = boxes is None

    def expect_motion(self) -> None:
        """Announce that whole pictures will move: more effort pays from the first frame on."""
        self._queue.put(self._sink.expect_motion)

    def cut(self) -> None:
        """Begin another part: its bytes in the file depend only on its own frames."""
        self._queue.put(self._sink.cut)

    def close(self) -> None:
        """Complete the file. Raises the thread's error."""
        self._queue.put(None)
        self._thread.join()
        if self.error is not None:
            raise self.error
        self._sink.close()

    def discard(self) -> None:
        """Stop without completing the file."""
        self._queue.put(None)
        self._thread.join()
        self._sink.discard()

    def _run_queue(self) -> None:
        """Run the tasks of the queue; after an error, drop them."""
        give_way()
        while (task := self._queue.get()) is not None:
            if self.error is None:  # dropped tasks keep `write` and `close` from waiting forever
                try:
                    task()
                except BaseException as error:
                    self.error = error
            self._queue.task_done()

    def _write_whole_frame(self, pixels: Pixels, repeat: int) -> None:
        """Write a whole frame and keep its buffer for reuse."""
        self._sink.write(pixels, repeat)
        if pixels.shape == self.shape and pixels.base is None:
            self._free.put(pixels)


def give_way() -> None:
    """Lower this thread's priority for good, so that the encoder, for which a clip waits, gets the cores first.

    It has an effect only on Linux, where each thread has a priority.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # some containers forbid it
            os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + LATER, 19))


def open_sink(path: Path, settings: RenderSettings) -> FrameSink:
    """Return a sink that writes frames of ``settings``' size and format to ``path``. Raises OSError.

    A png sequence is a folder of ``00000.png`` and so on. Transparent MOV is QuickTime Animation, which is lossless.
    WebM may have alpha.
    """
    if settings.format == "png-sequence":
        return _PngFolder(path, settings)
    if settings.format == "gif":
        return _Gif(path, settings)
    if settings.format == "webm":
        return _Vp9(path, settings)
    if settings.format == "mov" and settings.transparent:
        return _Qtrle(path, settings)
    return _H264(path, settings)


class FrameSink:
    """The file or folder that frames are written to."""

    def write(self, pixels: Pixels, repeat: int) -> None:
        """Write a whole frame, shown ``repeat`` times."""
        self._put([(_EVERYWHERE, pixels)], repeat)

    def take(self, pixels: Pixels, repeat: int, boxes: Boxes) -> _Task:
        """Return a task that writes a frame which differs only in ``boxes``. ``pixels`` may change meanwhile."""
        return partial(self._put, [(box.slices, pixels[box.slices].copy()) for box in boxes], repeat)

    def _put(self, parts: _Parts, repeat: int) -> None:
        """Write the next frame, shown ``repeat`` times. Without ``parts`` it equals the frame before."""
        raise NotImplementedError

    def expect_motion(self) -> None:
        """Announce motion of whole pictures. Most formats ignore it."""

    def cut(self) -> None:
        """Begin another part. Most formats ignore it."""

    def close(self) -> None:
        """Complete the file."""

    def discard(self) -> None:
        """Stop and leave the file as it is."""


def _copy_parts_into(shown: Pixels, parts: _Parts) -> None:
    """Copy the parts into the picture ``shown``."""
    for place, pixels in parts:
        shown[place] = pixels


class _PngFolder(FrameSink):
    """A folder of numbered PNG files, one for each frame."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        path.mkdir()
        self._path, self._transparent, self._next = path, settings.transparent, 0
        self._shown = np.zeros((settings.height, settings.width, 4), np.uint8)

    def _put(self, parts: _Parts, repeat: int) -> None:
        """Update the picture and write it ``repeat`` times."""
        _copy_parts_into(self._shown, parts)
        content = png_bytes(self._shown, self._transparent)
        for _ in range(repeat):
            (self._path / f"{self._next:05d}.png").write_bytes(content)
            self._next += 1


class _OneFile(FrameSink):
    """A file with one video stream."""

    def __init__(self, path: Path, container: str, settings: RenderSettings) -> None:
        quicktime = {"video_track_timescale": str(settings.fps * TICKS), "write_btrt": "0"}
        options = SAME_EACH_TIME if container == "webm" else quicktime
        self._container = av.open(str(path), "w", format=container, options=options)

    def close(self) -> None:
        """Write the remaining packets and complete the file."""
        self._flush()
        self._container.close()

    def discard(self) -> None:
        """Close the file, ignoring errors."""
        with suppress(Exception):
            self._container.close()

    def _flush(self) -> None:
        """Write the packets that the encoder still holds."""
        raise NotImplementedError


class _H264(_OneFile):
    """An MP4 or MOV file with H.264."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        super().__init__(path, settings.format, settings)
        self._stream = H264Stream(self._container, settings)

    def write(self, pixels: Pixels, repeat: int) -> None:
        self._stream.write(pixels, repeat)

    def take(self, pixels: Pixels, repeat: int, boxes: Boxes) -> _Task:
        return self._stream.take(pixels, repeat, boxes)

    def expect_motion(self) -> None:
        self._stream.expect_motion()

    def cut(self) -> None:
        self._stream.cut()

    def discard(self) -> None:
        self._stream.discard()
        super().discard()

    def _flush(self) -> None:
        self._stream.close()


class _Qtrle(_OneFile):
    """A MOV file with QuickTime Animation."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        super().__init__(path, "mov", settings)
        self._stream = QtrleStream(self._container, settings)
        self._shown = np.zeros((settings.height, settings.width, 4), np.uint8)

    def _put(self, parts: _Parts, repeat: int) -> None:
        _copy_parts_into(self._shown, parts)
        self._stream.write(self._shown, repeat)

    def _flush(self) -> None:
        """Do nothing: no packet is held back."""


class _Vp9(_OneFile):
    """A WebM file with VP9."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        super().__init__(path, "webm", settings)
        pixel_format = "yuva420p" if settings.transparent else "yuv420p"
        stream = self._container.add_stream("libvpx-vp9", rate=Fraction(settings.fps), options=VP9)
        assert isinstance(stream, VideoStream)
        self._stream = stream
        set_up(stream.codec_context, settings, pixel_format)
        self._converter = Converter(pixel_format)
        self._time_base = Fraction(1, settings.fps)
        self._shown = np.zeros((settings.height, settings.width, 4), np.uint8)
        self._next = 0

    def _put(self, parts: _Parts, repeat: int) -> None:
        _copy_parts_into(self._shown, parts)
        frame = self._converter(self._shown)
        frame.time_base = self._time_base
        for _ in range(repeat):
            frame.pts = self._next
            self._next += 1
            self._mux(self._stream.encode(frame))

    def _flush(self) -> None:
        self._mux(self._stream.encode(None))

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        """Write encoded packets, each lasting one frame."""
        for packet in packets:
            packet.duration = 1  # in the encoder's time base: one frame, also for the last packet
            self._container.mux(packet)


class _Gif(FrameSink):
    """An animated GIF with one palette for the whole clip.

    Frames are kept losslessly in a temporary file until all have come. GIF counts hundredths of a second, so at most 50
    frames a second are shown.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self._path, self._settings = path, settings
        self._lossless = path.with_name(f"{path.stem}.held.mov")
        self._video = _Qtrle(self._lossless, settings)

    def _put(self, parts: _Parts, repeat: int) -> None:
        self._video._put(parts, repeat)

    def close(self) -> None:
        """Encode the GIF and remove the temporary file."""
        self._video.close()
        try:
            self._encode_in_two_passes()
        finally:
            self._lossless.unlink(missing_ok=True)

    def discard(self) -> None:
        """Stop and remove the temporary file."""
        self._video.discard()
        self._lossless.unlink(missing_ok=True)

    def _encode_in_two_passes(self) -> None:
        """Write the GIF in two passes over the temporary file: first the palette, then the pictures.

        Only a few frames are in memory at a time.
        """
        palette = self._palette_of_clip()
        with av.open(str(self._lossless)) as lossless, av.open(str(self._path), "w", format="gif") as output:
            source = lossless.streams.video[0]
            stream = output.add_stream("gif", rate=Fraction(self._settings.fps))
            stream.width, stream.height, stream.pix_fmt = self._settings.width, self._settings.height, "pal8"
            stream.codec_context.time_base = Fraction(1, 100)
            graph = Graph()
            frames, rate = self._frames_into(graph, source)
            colours = graph.add_buffer(
                width=palette.width, height=palette.height, format=palette.format, time_base=Fraction(1, 100)
            )
            use = graph.add("paletteuse", "dither=bayer:bayer_scale=5:diff_mode=rectangle:alpha_threshold=128")
            rate.link_to(use, 0, 0)
            colours.link_to(use, 0, 1)
            use.link_to(graph.add("buffersink"))
            graph.configure()
            colours.push(palette)
            colours.push(None)
            for coloured in _frames_through_graph(graph, frames, lossless.decode(source)):
                output.mux(stream.encode(coloured))
            output.mux(stream.encode(None))

    def _palette_of_clip(self) -> VideoFrame:
        """Return the palette of the whole clip, as a picture of 16 x 16."""
        with av.open(str(self._lossless)) as lossless:
            source = lossless.streams.video[0]
            graph = Graph()
            frames, rate = self._frames_into(graph, source)
            generate = f"reserve_transparent={int(self._settings.transparent)}:stats_mode=diff"
            graph.link_nodes(rate, graph.add("palettegen", generate), graph.add("buffersink")).configure()
            (palette,) = _frames_through_graph(graph, frames, _then_inverted(lossless.decode(source)))
            return palette

    def _frames_into(self, graph: Graph, source: VideoStream) -> tuple[FilterContext, FilterContext]:
        """Return the filters of ``graph`` where frames enter, and where they leave at GIF's frame rate."""
        frames, rate = graph.add_buffer(template=source), graph.add("fps", f"fps={min(self._settings.fps, 50)}")
        frames.link_to(rate)
        return frames, rate


def _then_inverted(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Yield all frames, then the last one inverted, because palettegen counts only differences to the next frame."""
    frame = None
    for frame in frames:
        yield frame
    assert frame is not None and frame.pts is not None and frame.duration is not None
    pixels = frame.to_ndarray().copy()
    pixels[..., 1:] = 255 - pixels[..., 1:]  # channels are alpha, red, green, blue
    inverted = VideoFrame.from_ndarray(pixels, format=frame.format.name)
    inverted.pts, inverted.time_base = frame.pts + frame.duration, frame.time_base
    inverted.duration = frame.duration
    yield inverted


def _frames_through_graph(graph: Graph, entry: FilterContext, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Yield the output of ``graph`` for ``frames`` pushed into ``entry``.

    A frame is pushed only when output is requested.
    """
    for frame in chain(frames, [None]):
        entry.push(frame)
        with suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                coloured = graph.pull()
                assert isinstance(coloured, VideoFrame)
                yield coloured
