"""Frames into files: one stream per clip, written by one thread while the next frame is drawn.

Every clip of a size and rate is encoded with the same settings (time base, closed groups of pictures, no B-frames,
BT.709), so that clips are joined by copying their packets. Neither Manim nor the scenes are known here: frames are
arrays (height, width, 4) of uint8, red, green, blue, alpha, first row on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Protocol

import av
import numpy as np
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from gradreel.scenes.render.frames import h264
from gradreel.scenes.render.frames.colors import Converter
from gradreel.scenes.render.frames.h264 import H264Stream, set_up
from gradreel.scenes.render.frames.pictures import Boxes, Pixels, png_bytes
from gradreel.scenes.render.lessons.settings import RenderSettings

QUEUE_LENGTH = 6  # frames drawn ahead of the encoder; at 1080p 8 MB each
TICKS = 512  # of the time base in one frame: the MP4 track's timescale is fps * TICKS for every clip


@dataclass(frozen=True)
class Codec:
    """Encoder settings; they are part of what a clip's digest is made of."""

    container: str
    name: str
    pixel_format: str
    options: tuple[tuple[str, str], ...] = ()
    container_options: tuple[tuple[str, str], ...] = ()


VP9 = (("crf", "24"), ("b", "0"), ("deadline", "good"), ("cpu-used", "5"), ("row-mt", "0"), ("auto-alt-ref", "0"))


def codec_for(settings: RenderSettings) -> Codec:
    """The encoder of a format; transparent MOV is QuickTime Animation (lossless), transparent WebM VP9 with alpha."""
    timescale = (("video_track_timescale", str(settings.fps * TICKS)), ("write_btrt", "0"))
    if settings.format == "webm":
        return Codec("webm", "libvpx-vp9", "yuva420p" if settings.transparent else "yuv420p", VP9)
    if settings.format == "mov" and settings.transparent:
        return Codec("mov", "qtrle", "argb", (), timescale)
    if settings.format in ("mp4", "mov"):
        return Codec(settings.format, "libx264", "yuv420p", h264.OPTIONS, timescale)
    if settings.format == "gif":
        return Codec("gif", "gif", "pal8")
    return Codec("png", "png", "rgba" if settings.transparent else "rgb24")


_Task = Callable[[], None]


class FrameSink(Protocol):
    """Where frames go. ``boxes``: where one may differ from that before; None: anywhere. ``cut``: another part comes.

    ``close`` completes the file; ``discard`` gives up, leaving whatever there is.
    """

    def write(self, pixels: Pixels, repeat: int, boxes: Boxes | None = None) -> None: ...

    def cut(self) -> None: ...

    def close(self) -> None: ...

    def discard(self) -> None: ...


def open_sink(path: Path, settings: RenderSettings) -> FrameSink:
    """A file (for png a folder of ``00000.png``, ...) that takes frames of ``settings``' size. Raises OSError."""
    codec = codec_for(settings)
    if codec.name == "png":
        return _PngFolder(path, codec)
    if codec.name == "gif":
        return _Gif(path, settings)
    if codec.name == "libx264":
        return _H264(path, codec, settings)
    return _Video(path, codec, settings)


class _H264:
    """A file of one H.264 stream."""

    def __init__(self, path: Path, codec: Codec, settings: RenderSettings) -> None:
        self._container = av.open(str(path), "w", format=codec.container, options=dict(codec.container_options))
        self._stream = H264Stream(self._container, dict(codec.options), settings)
        self.write, self.cut = self._stream.write, self._stream.cut

    def close(self) -> None:
        self._stream.close()
        self._container.close()

    def discard(self) -> None:
        with suppress(Exception):
            self._container.close()


class _Video:
    """One video stream: VP9 or QuickTime Animation. Its parts are not told apart."""

    def __init__(self, path: Path, codec: Codec, settings: RenderSettings) -> None:
        self._container = av.open(str(path), "w", format=codec.container, options=dict(codec.container_options))
        stream = self._container.add_stream(codec.name, rate=Fraction(settings.fps), options=dict(codec.options))
        assert isinstance(stream, VideoStream)
        self._stream = stream
        set_up(stream.codec_context, settings, codec.pixel_format)
        self._converter = Converter(codec.pixel_format)
        self._time_base = Fraction(1, settings.fps)
        self._next = 0

    def write(self, pixels: Pixels, repeat: int, boxes: Boxes | None = None) -> None:
        frame = self._converter(pixels)
        frame.time_base = self._time_base
        for _ in range(repeat):
            frame.pts = self._next
            self._next += 1
            self._mux(self._stream.encode(frame))

    def cut(self) -> None:
        pass

    def close(self) -> None:
        self._mux(self._stream.encode(None))
        self._container.close()

    def discard(self) -> None:
        with suppress(Exception):
            self._container.close()

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.duration = 1  # in the encoder's time base: one frame, the last one too
            self._container.mux(packet)


class _PngFolder:
    """A folder of numbered PNG files, one per frame."""

    def __init__(self, path: Path, codec: Codec) -> None:
        path.mkdir()
        self._path, self._transparent, self._next = path, codec.pixel_format == "rgba", 0

    def write(self, pixels: Pixels, repeat: int, boxes: Boxes | None = None) -> None:
        content = png_bytes(pixels, self._transparent)
        for _ in range(repeat):
            (self._path / f"{self._next:05d}.png").write_bytes(content)
            self._next += 1

    def cut(self) -> None:
        pass

    def close(self) -> None:
        pass

    def discard(self) -> None:
        pass


class _Gif:
    """An animated GIF with one palette for the whole clip: frames are held losslessly in a file until all are seen.

    GIF counts hundredths of a second: at most 50 frames a second are shown, each for whole hundredths.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self._path, self._settings = path, settings
        self._held = path.with_name(f"{path.stem}.held.mov")
        lossless = Codec("mov", "qtrle", "argb", (), (("video_track_timescale", str(settings.fps * TICKS)),))
        self._video = _Video(self._held, lossless, settings)

    def write(self, pixels: Pixels, repeat: int, boxes: Boxes | None = None) -> None:
        self._video.write(pixels, repeat)

    def cut(self) -> None:
        pass

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
        with av.open(str(self._held)) as held, av.open(str(self._path), "w", format="gif") as output:
            source = held.streams.video[0]
            stream = output.add_stream("gif", rate=Fraction(self._settings.fps))
            stream.width, stream.height, stream.pix_fmt = self._settings.width, self._settings.height, "pal8"
            stream.codec_context.time_base = Fraction(1, 100)
            graph = self._palette_graph(source)
            for frame in held.decode(source):
                graph.push(frame)
            graph.push(None)
            with suppress(av.error.EOFError):
                while True:
                    coloured = graph.pull()
                    assert isinstance(coloured, VideoFrame)
                    output.mux(stream.encode(coloured))
            output.mux(stream.encode(None))

    def _palette_graph(self, source: VideoStream) -> Graph:
        graph = Graph()
        rate = min(self._settings.fps, 50)
        split = graph.add("split")
        graph.link_nodes(graph.add_buffer(template=source), graph.add("fps", f"fps={rate}"), split)
        palette = graph.add("palettegen", f"reserve_transparent={int(self._settings.transparent)}:stats_mode=diff")
        use = graph.add("paletteuse", "dither=bayer:bayer_scale=5:diff_mode=rectangle:alpha_threshold=128")
        split.link_to(palette, 0, 0)
        split.link_to(use, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


class ClipEncoder:
    """Takes frames and writes them from a thread of its own, in order; counts them.

    The arrays are the encoder's from then on. An error of the thread is raised by the next ``write`` or by ``close``.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self.frames = 0
        self.shape = settings.height, settings.width, 4  # of a frame
        self._sink = open_sink(path, settings)
        self.takes_boxes = isinstance(self._sink, _H264)
        self._queue: Queue[_Task | None] = Queue(maxsize=QUEUE_LENGTH)
        self._free: Queue[Pixels] = Queue()  # buffers that have served
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
        """The next frame, ``repeat`` times.

        ``boxes``, where the encoder ``takes_boxes``: where it may differ from the frame before, at even columns; what
        ``pixels`` hold elsewhere is of no meaning then.
        """
        if self.error is not None:
            raise self.error
        self.frames += repeat
        self._queue.put(partial(self._write, pixels, repeat, boxes))

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
        while (task := self._queue.get()) is not None:
            if self.error is None:  # after an error frames are taken and dropped, so that nobody waits for ever
                try:
                    task()
                except BaseException as error:
                    self.error = error

    def _write(self, pixels: Pixels, repeat: int, boxes: Boxes | None) -> None:
        self._sink.write(pixels, repeat, boxes)
        if self.takes_boxes and pixels.shape == self.shape and pixels.base is None:
            self._free.put(pixels)
