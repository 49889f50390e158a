"""Frames into files: one stream per clip, written by one thread (of H.264 by two) while the next frame is drawn.

Neither Manim nor the scenes are known here: frames are arrays (height, width, 4) of uint8, red, green, blue,
alpha, first row on top. Every clip of a size and rate is encoded with the same settings (time base, closed groups of
pictures, no B-frames, BT.709), so that clips are joined by copying their packets.
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

QUEUE_LENGTH = 6  # frames drawn ahead of the encoder; at 1080p 8 MB each
LATER = 10  # by so much of Unix's 20 steps who draws and converts comes after who encodes
TICKS = 512  # of the time base in one frame: the MP4 track's timescale is fps * TICKS for every clip
SAME_EACH_TIME = {"fflags": "+bitexact"}  # without it each file of WebM has a random number

# As good as Manim's WebM (PSNR of luma). Encoding takes a quarter of the time, files are a third larger. "screen" is
# the encoder's mode for plain grounds and sharp edges. In spite of its name, "realtime" does not look at the clock.
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
_Parts = Sequence[tuple[tuple[slice, ...], Pixels]]  # of a frame, by where they are
_EVERYWHERE: tuple[slice, ...] = ()


class ClipEncoder:
    """Takes frames and writes them from a thread of its own, in order; counts them.

    An error of the thread is raised by the next ``write`` or by ``close``.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self.frames = 0
        self.shape = settings.height, settings.width, 4  # of a frame
        self.is_transparent = settings.transparent
        self._sink = open_sink(path, settings)
        self._queue: Queue[_Task | None] = Queue(maxsize=QUEUE_LENGTH)
        self._free: Queue[Pixels] = LifoQueue()  # buffers that have served; the last is still in the cache
        self._was_whole = False  # the last frame
        self.error: BaseException | None = None  # what the thread raised
        self._thread = Thread(target=self._run, name="clip-encoder", daemon=True)
        self._thread.start()

    def buffer(self) -> Pixels:
        """An array of a frame's shape, to be given to `write`; what it holds is of no meaning."""
        try:
            return self._free.get_nowait()  # new memory is dear
        except Empty:
            return np.empty(self.shape, np.uint8)

    def write(self, pixels: Pixels, repeat: int = 1, boxes: Boxes | None = None) -> None:
        """The next frame, ``repeat`` times. The array is the encoder's from then on.

        ``boxes``: where alone it may differ from the frame before, between even numbers. The array stays the caller's
        then, and what it holds elsewhere is of no meaning.
        """
        if self.error is not None:
            raise self.error
        self.frames += repeat
        if boxes is None:
            self._queue.put(partial(self._write, pixels, repeat))
        else:
            if self._was_whole:
                self._queue.join()  # this thread compares what follows with it
            self._queue.put(self._sink.take(pixels, repeat, boxes))
        self._was_whole = boxes is None

    def expect_motion(self) -> None:
        """What comes moves as a whole: it is worth more effort from the first frame on."""
        self._queue.put(self._sink.expect_motion)

    def cut(self) -> None:
        """What comes next is another part: its bytes in the file will depend on its own frames alone."""
        self._queue.put(self._sink.cut)

    def close(self) -> None:
        """Complete the file. Raises what the thread raised."""
        self._queue.put(None)
        self._thread.join()
        if self.error is not None:
            raise self.error
        self._sink.close()

    def discard(self) -> None:
        """Give up; what has been written is of no use."""
        self._queue.put(None)
        self._thread.join()
        self._sink.discard()

    def _run(self) -> None:
        give_way()
        while (task := self._queue.get()) is not None:
            if self.error is None:  # after an error frames are taken and dropped, so that nobody waits for ever
                try:
                    task()
                except BaseException as error:
                    self.error = error
            self._queue.task_done()

    def _write(self, pixels: Pixels, repeat: int) -> None:
        self._sink.write(pixels, repeat)
        if pixels.shape == self.shape and pixels.base is None:
            self._free.put(pixels)


def give_way() -> None:
    """Have this thread wait, from now on, where an encoder has work for all cores: that is what a clip waits for.

    On Linux, where each thread has a priority. It can't be raised again.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a container may forbid it
            os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + LATER, 19))


def open_sink(path: Path, settings: RenderSettings) -> FrameSink:
    """Open a file (for png a folder of ``00000.png``, ...) that takes frames of ``settings``' size. Raises OSError.

    Transparent MOV is QuickTime Animation, which is lossless. WebM may have alpha.
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
    """Where frames go."""

    def write(self, pixels: Pixels, repeat: int) -> None:
        """The next frame, ``repeat`` times."""
        self._put([(_EVERYWHERE, pixels)], repeat)

    def take(self, pixels: Pixels, repeat: int, boxes: Boxes) -> _Task:
        """Returns what writes a frame that differs in ``boxes`` alone; ``pixels`` may be drawn on again meanwhile."""
        return partial(self._put, [(box.slices, pixels[box.slices].copy()) for box in boxes], repeat)

    def _put(self, parts: _Parts, repeat: int) -> None:
        """The next frame, ``repeat`` times; where there are no ``parts`` it is what that before is."""
        raise NotImplementedError

    def expect_motion(self) -> None:
        """What comes moves as a whole. Most files are made in one way."""

    def cut(self) -> None:
        """What comes is another part. Most files do not tell their parts apart."""

    def close(self) -> None:
        """Complete the file."""

    def discard(self) -> None:
        """Give up, leaving whatever there is."""


def _show(shown: Pixels, parts: _Parts) -> None:
    for where, pixels in parts:
        shown[where] = pixels


class _PngFolder(FrameSink):
    """A folder of numbered PNG files, one per frame."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        path.mkdir()
        self._path, self._transparent, self._next = path, settings.transparent, 0
        self._shown = np.zeros((settings.height, settings.width, 4), np.uint8)

    def _put(self, parts: _Parts, repeat: int) -> None:
        _show(self._shown, parts)
        content = png_bytes(self._shown, self._transparent)
        for _ in range(repeat):
            (self._path / f"{self._next:05d}.png").write_bytes(content)
            self._next += 1


class _OneFile(FrameSink):
    """A file of one video stream."""

    def __init__(self, path: Path, container: str, settings: RenderSettings) -> None:
        quicktime = {"video_track_timescale": str(settings.fps * TICKS), "write_btrt": "0"}
        options = SAME_EACH_TIME if container == "webm" else quicktime
        self._container = av.open(str(path), "w", format=container, options=options)

    def close(self) -> None:
        self._flush()
        self._container.close()

    def discard(self) -> None:
        with suppress(Exception):
            self._container.close()

    def _flush(self) -> None:
        """Write what is still to be written."""
        raise NotImplementedError


class _H264(_OneFile):
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
    def __init__(self, path: Path, settings: RenderSettings) -> None:
        super().__init__(path, "mov", settings)
        self._stream = QtrleStream(self._container, settings)
        self._shown = np.zeros((settings.height, settings.width, 4), np.uint8)

    def _put(self, parts: _Parts, repeat: int) -> None:
        _show(self._shown, parts)
        self._stream.write(self._shown, repeat)

    def _flush(self) -> None:
        """Nothing is held back."""


class _Vp9(_OneFile):
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
        _show(self._shown, parts)
        frame = self._converter(self._shown)
        frame.time_base = self._time_base
        for _ in range(repeat):
            frame.pts = self._next
            self._next += 1
            self._mux(self._stream.encode(frame))

    def _flush(self) -> None:
        self._mux(self._stream.encode(None))

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.duration = 1  # in the encoder's time base: one frame, the last one too
            self._container.mux(packet)


class _Gif(FrameSink):
    """An animated GIF with one palette for the whole clip: frames are held losslessly in a file until all are seen.

    GIF counts hundredths of a second: at most 50 frames a second are shown, each for whole hundredths.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self._path, self._settings = path, settings
        self._held = path.with_name(f"{path.stem}.held.mov")
        self._video = _Qtrle(self._held, settings)

    def _put(self, parts: _Parts, repeat: int) -> None:
        self._video._put(parts, repeat)

    def close(self) -> None:
        self._video.close()
        try:
            self._encode()
        finally:
            self._held.unlink(missing_ok=True)

    def discard(self) -> None:
        self._video.discard()
        self._held.unlink(missing_ok=True)

    def _encode(self) -> None:
        """Two passes over the held file, so that only a few frames are in memory at a time: colours, then pictures."""
        palette = self._palette()
        with av.open(str(self._held)) as held, av.open(str(self._path), "w", format="gif") as output:
            source = held.streams.video[0]
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
            for coloured in _through(graph, frames, held.decode(source)):
                output.mux(stream.encode(coloured))
            output.mux(stream.encode(None))

    def _palette(self) -> VideoFrame:
        """The colours of the whole clip, as a picture of 16 x 16."""
        with av.open(str(self._held)) as held:
            source = held.streams.video[0]
            graph = Graph()
            frames, rate = self._frames_into(graph, source)
            generate = f"reserve_transparent={int(self._settings.transparent)}:stats_mode=diff"
            graph.link_nodes(rate, graph.add("palettegen", generate), graph.add("buffersink")).configure()
            (palette,) = _through(graph, frames, _then_inverted(held.decode(source)))
            return palette

    def _frames_into(self, graph: Graph, source: VideoStream) -> tuple[FilterContext, FilterContext]:
        """Where frames of ``source`` are put into ``graph``, and where they come out at the rate that GIF can have."""
        frames, rate = graph.add_buffer(template=source), graph.add("fps", f"fps={min(self._settings.fps, 50)}")
        frames.link_to(rate)
        return frames, rate


def _then_inverted(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """All frames, then the last one inverted: of each frame palettegen counts what differs from the next."""
    frame = None
    for frame in frames:
        yield frame
    assert frame is not None and frame.pts is not None and frame.duration is not None
    pixels = frame.to_ndarray().copy()
    pixels[..., 1:] = 255 - pixels[..., 1:]  # of alpha, red, green, blue
    inverted = VideoFrame.from_ndarray(pixels, format=frame.format.name)
    inverted.pts, inverted.time_base = frame.pts + frame.duration, frame.time_base
    inverted.duration = frame.duration
    yield inverted


def _through(graph: Graph, entry: FilterContext, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """What comes out of ``graph`` for ``frames`` put into it at ``entry``, which move on only as that is asked for."""
    for frame in chain(frames, [None]):
        entry.push(frame)
        with suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                coloured = graph.pull()
                assert isinstance(coloured, VideoFrame)
                yield coloured
