"""H.264 as a lecture needs it: little work a frame, none for a picture that stands still, parts that fit together.

Half of a lecture's frames repeat the one before, and x264 takes as long over them as over any other. Where the picture
stands still for long, the stream goes on with packets that say "as before" and nothing else: x264 made them of frames
of one colour, and they are good after any frame of their number in a stream with the same header.

Every part (a beat, say) has an encoder of its own and begins with a key frame: its packets depend on its own frames
alone, and a player finds it at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from av.codec import CodecContext
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from gradreel.render.frames.pictures import Boxes, Pixels
from gradreel.render.frames.yuv import PIXEL_FORMAT, ChangingFrame, Converted, area
from gradreel.render.settings import RenderSettings

# No frame is held back for others: each frame's packet comes at once.
OPTIONS = (("tune", "zerolatency"), ("forced-idr", "1"))

# What the stream's header says of its packets, the same for both ways below: a file has one header. Colours get three
# steps more than x264 gives them: letters and thin lines are told apart by theirs.
REFERENCES = 3  # frames that one may build on
_HEADER = f"open-gop=0:cabac=1:8x8dct=1:ref={REFERENCES}:weightp=0:chroma-qp-offset=-3:stitchable=1"
_EACH = f"{_HEADER}:aq-mode=1:scenecut=0"

PRESET = "superfast"


class Effort(NamedTuple):
    """How parts are encoded. Every frame has one quantizer, before it is adapted, and a key frame a finer one."""

    coarser: float
    """QP; than x264's own, 24, and KEY_QP of a key frame."""
    options: dict[str, str]
    threads: int = 1
    """Each has a slice of every frame. Their number is part of what is encoded, the same wherever that happens."""


def _effort(coarser: float, threads: int = 1, **settings: str) -> Effort:
    bits = round(2 ** (-coarser / 6), 2)  # x264 is told a share of the bits, which six steps halve
    told = {"partitions": "i4x4,i8x8,p8x8", "ipratio": "1.8", "pass": "2", "zones": f"0,10000000,b={bits}"}
    parameters = ":".join([_EACH, *map("=".join, (told | settings).items())])
    return Effort(coarser, {"preset": PRESET, "x264-params": parameters}, threads)


# Where little moves over a plain ground. Adaptive quantization and three pictures to build on make the files of nearly
# the least effort as small as those of veryfast, at the same SSIM and in half of its time (lecture scenes, 1080p60).
# Files of three lecture scenes are 0.83 to 1.07 of the size of Manim's then, and still more like what was drawn. To
# smooth the edges of blocks takes a fifteenth of the time and is not seen: SSIM (luma) is .00003 better for it.
QUICK = _effort(1.4, subme="0", no_deblock="1")

# Where motion takes many bytes: without a good look for where it came from files are half as large again. Manim's own
# are smaller still, by frames that build on later ones and by looking ahead, which takes twice the time. x264 takes
# longer than all else then, and a scene of one's own is one clip, beside which a core is idle: two slices.
MOVING = _effort(0.4, threads=2, subme="5", me="hex", trellis="1")
MUCH = 0.0025  # bytes a pixel of QUICK's frames beside key frames: after so much what comes is MOVING
LITTLE = MUCH / 3  # after less than so much of MOVING's it is QUICK again

KEYFRAME_SECONDS = 2
LONG = 12  # frames that stand still at least, for packets that repeat a picture: after them a key frame is needed
SETTLE = 2  # of them encoded as usual, which makes good what motion has left coarse


AHEAD, MOST_AHEAD = 4, 60  # whole pictures, and frames, that may be converted before they are encoded


class H264Stream:
    """One video stream of ``container``, encoded with ``options``.

    Pictures are compared and converted by whoever draws or writes them, and encoded by a thread of its own meanwhile:
    its error is raised by what is called next.
    """

    def __init__(self, container: OutputContainer, options: dict[str, str], settings: RenderSettings) -> None:
        stream = container.add_stream(
            "libx264", rate=Fraction(settings.fps), options=options | {"preset": PRESET, "x264-params": _EACH}
        )
        assert isinstance(stream, VideoStream)
        set_up(stream.codec_context, settings, PIXEL_FORMAT)  # for its header: each part has an encoder of its own
        self._container, self._stream, self._settings, self._options = container, stream, settings, options
        self._picture = ChangingFrame(settings.width, settings.height)
        self._repeats = _Repeats(options, settings)
        self._period = KEYFRAME_SECONDS * settings.fps
        self._number = 0  # of the next frame, counted from the last key frame; 0: the encoder has had none
        self._still = 0  # frames that repeat the picture shown and are not written yet
        self._next = 0  # frame of the stream
        self._effort = self._first_effort = QUICK
        self._bytes = self._encoded = 0  # in so many frames, beside key frames, since the effort was chosen
        self._thread = ThreadPoolExecutor(1, "h264")
        self._waiting: deque[tuple[Future[None], int]] = deque()  # each with the pixels that it is about
        self._ahead = 0  # pixels that wait
        self._has_failed = False
        self._later(lambda: None)  # its thread begins: those that a thread begins which gives way do so, too

    def expect_motion(self) -> None:
        """Much moves from the first frame of each part on."""
        self._later(self._expect_motion)

    def write(self, pixels: Pixels, repeat: int) -> None:
        """The next frame, ``repeat`` times."""
        self.take(pixels, repeat)()

    def take(self, pixels: Pixels, repeat: int, boxes: Boxes | None = None) -> Callable[[], None]:
        """The first half of `write`, after which ``pixels`` may be drawn on again. Returns the second.

        ``boxes``: where it may differ from the frame before, see `ChangingFrame`.
        """
        tiles = self._picture.follow(pixels, boxes)
        changed = area(tiles)
        return partial(self._later, self._write, self._picture.converted(tiles), repeat, changed, pixels=changed)

    def cut(self) -> None:
        """What comes next is another part."""
        self._later(self._cut)

    def close(self) -> None:
        """Write what is still to be written; the container is not closed."""
        self._later(self._close)
        try:
            while self._waiting:
                self._wait()
        finally:
            self.discard()

    def discard(self) -> None:
        """End the thread, whatever is left."""
        self._thread.shutdown(cancel_futures=True)

    def _later(self, task: Callable[..., None], *arguments: Any, pixels: int = 0) -> None:
        most = AHEAD * self._settings.width * self._settings.height
        while self._waiting and (
            self._waiting[0][0].done() or len(self._waiting) >= MOST_AHEAD or self._ahead + pixels > most
        ):
            self._wait()
        self._ahead += pixels
        self._waiting.append((self._thread.submit(self._unless_failed, task, *arguments), pixels))

    def _wait(self) -> None:
        task, pixels = self._waiting.popleft()
        task.result()
        self._ahead -= pixels

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _unless_failed(self, task: Callable[..., None], *arguments: Any) -> None:
        if not self._has_failed:  # a container that could not be written to must not be again
            self._has_failed = True
            task(*arguments)
            self._has_failed = False

    def _expect_motion(self) -> None:
        self._first_effort = MOVING

    def _write(self, converted: Converted, repeat: int, changed: int) -> None:
        if changed or not self._number:
            self._stand_still()
            self._picture.show(converted)
            if not self._number:
                self._begin(self._first_effort)
            self._encode(may_choose=bool(changed))
            repeat -= 1
        self._still += repeat

    def _cut(self) -> None:
        if self._number:
            self._stand_still()
            self._end_encoder()
            self._number = 0

    def _close(self) -> None:
        self._stand_still()
        self._end_encoder()

    def _begin(self, effort: Effort) -> None:
        self._effort, self._bytes, self._encoded = effort, 0, 0
        self._encoder = _encoder(self._options, self._settings, effort)

    def _stand_still(self) -> None:
        frames, self._still = self._still, 0
        if frames < LONG:
            for _ in range(frames):
                self._encode()
            return
        for _ in range(SETTLE):
            self._encode()
        for _ in range(frames - SETTLE):
            if self._number == self._period:
                self._encode()
            else:
                self._mux([Packet(self._repeats.packet(self._number, self._encoder.extradata))])
                self._number += 1
        self._number = self._period  # the encoder knows nothing of these frames: it must not build on them

    def _encode(self, may_choose: bool = False) -> None:
        """The picture as it is."""
        is_key = self._number in (0, self._period)
        if self._number == self._period and may_choose:
            self._choose_effort()
        frame = self._picture.frame
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        frame.time_base, frame.pts = Fraction(1, self._settings.fps), self._next
        self._number = 1 if is_key else self._number + 1
        packets = self._encoder.encode(frame)
        if not is_key:
            self._bytes += sum(packet.size for packet in packets)
            self._encoded += 1
        self._mux(packets)

    def _choose_effort(self) -> None:
        """For what comes from a key frame on, by what has moved before.

        Not where the picture stands still: a new encoder can't have a key frame as its second frame, see `_steady`.
        """
        much = MUCH if self._effort is QUICK else LITTLE
        pixels = self._settings.width * self._settings.height * self._encoded
        effort = MOVING if self._bytes > much * pixels else QUICK
        self._bytes = self._encoded = 0
        if effort is not self._effort:
            self._end_encoder()
            self._begin(effort)

    def _end_encoder(self) -> None:
        if self._number:
            self._mux(self._encoder.encode(None))
            assert self._encoder.extradata == self._stream.codec_context.extradata, "one header serves all parts"

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            packet.stream = self._stream
            packet.time_base = Fraction(1, self._settings.fps)
            packet.pts = packet.dts = self._next  # in the order in which they are shown
            packet.duration = 1
            self._next += 1
            self._container.mux(packet)


class _Repeats:
    """Packets that repeat the frame before, by their number after a key frame.

    x264 makes the first. Once a frame has as many before it as it may build on, packets differ by their number alone.
    """

    def __init__(self, options: dict[str, str], settings: RenderSettings) -> None:
        self._options, self._settings = options, settings
        self._first: list[bytes] = []  # by their numbers; the last is that of all which follow, but for its number
        self._header: bytes | None = None  # of the stream that they are for

    def packet(self, number: int, header: bytes | None) -> bytes:
        """That of the frame ``number`` after a key frame, for a stream with ``header``."""
        if not self._first:
            self._make()
        assert header == self._header, "made for this stream"
        return self._first[number] if number < REFERENCES else _numbered(self._first[REFERENCES], number)

    def _make(self) -> None:
        encoder = _encoder(self._options, self._settings, QUICK)
        one_colour = np.zeros((self._settings.height * 3 // 2, self._settings.width), np.uint8)
        frame = VideoFrame.from_ndarray(one_colour, PIXEL_FORMAT)
        frame.time_base = Fraction(1, self._settings.fps)
        for frame.pts in range(REFERENCES + 1):
            (packet,) = encoder.encode(frame)
            self._first.append(bytes(packet))
        self._header = encoder.extradata


# Where ``frame_num`` is in a packet, and how long, in bits (ITU-T H.264, 7.3.3). Before it come 32 that begin a unit, 8
# that say of what kind it is, and 1 + 5 + 1 for the slice's place, its kind and its settings. The length is the least
# that there is, which x264 takes for so few references.
_NUMBER_AT, _NUMBER_BITS = 47, 4


def _numbered(packet: bytes, number: int) -> bytes:
    """``packet`` as that of the frame ``number`` after a key frame."""
    size = 8 * len(packet)
    after, highest = size - _NUMBER_AT - _NUMBER_BITS, (1 << _NUMBER_BITS) - 1
    bits = int.from_bytes(packet, "big") & ~(highest << after) | (number & highest) << after
    return bits.to_bytes(len(packet), "big")


# What a first pass would have recorded of a video of one frame, a second long, for a second pass at `_RATE`. It has the
# quantizer of the key frames after it: the bits that are said of it are what there is for it.
KEY_QP = 19
_RATE = 1000  # bits a second; of a high one x264 would raise the level in the stream's header
_ONE_FRAME = (
    "#options: {width}x{height} timebase=1/{fps} keyint={period} \n"
    "in:0 out:0 type:I dur:{fields} cpbdur:{fields} q:{key} aq:{key} tex:{rate} "
    "mv:0 misc:0 imb:1 pmb:0 smb:0 d:- ref:;\n"
)


def _encoder(options: dict[str, str], settings: RenderSettings, effort: Effort) -> VideoCodecContext:
    context = CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.options = options | effort.options
    set_up(context, settings, PIXEL_FORMAT)
    context.thread_count, context.thread_type = effort.threads, "SLICE"
    _steady(context, settings, effort)
    return context


def _steady(context: VideoCodecContext, settings: RenderSettings, effort: Effort) -> None:
    """Open an encoder that spends no time on the choice of a quantizer.

    x264 looks at each frame in advance for what it costs, which takes a quarter of the time of such frames as ours.
    With a constant quantizer (``qp``) it does not, nor does it adapt it then: where something has faded out, faint
    remains stay on the ground. In the second of two passes, it takes quantizers from what the first has recorded;
    where that ends, it goes on with a constant one, and adapts it as before. Here it ends after one frame; at the
    next one x264 sees that, and pays no heed to what kind of a frame that was to be.
    """
    size = {"width": settings.width, "height": settings.height}
    times = {"fps": settings.fps, "fields": 2 * settings.fps, "period": KEYFRAME_SECONDS * settings.fps}
    with TemporaryDirectory(prefix="gradreel-x264-") as folder:
        record = Path(folder, "first-pass.log")
        record.write_text(_ONE_FRAME.format(**size, **times, key=KEY_QP + effort.coarser, rate=_RATE), "ascii")
        context.options |= {"stats": str(record)}
        context.bit_rate = _RATE
        context.open()


def set_up(context: VideoCodecContext, settings: RenderSettings, pixel_format: str) -> VideoCodecContext:
    """An encoder for frames of ``settings``; YUV is tagged as what `Converter` makes of them."""
    context.width, context.height, context.pix_fmt = settings.width, settings.height, pixel_format
    context.framerate = Fraction(settings.fps)
    context.time_base = Fraction(1, settings.fps)
    context.thread_count = 1  # -j runs a worker per core
    context.gop_size = KEYFRAME_SECONDS * settings.fps
    context.flags |= Flags.global_header
    if pixel_format.startswith(("yuv", PIXEL_FORMAT)):
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return context
