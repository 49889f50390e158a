"""Encodes lectures as H.264: repeated frames cost almost nothing, and parts are independent.

Half of a lecture's frames repeat the one before, but x264 takes as long for them as for other frames. So a picture that
stands still for long is continued by *repeat packets*: P slices in which every macroblock is skipped. They are made
once and fit any stream with the same header.

Each part (such as a beat) has its own encoder and begins with a key frame. So its packets depend only on its own
frames, and a player can seek to it.

Clauses that repeat packets rely on
-----------------------------------
Decoders follow these clauses of ITU-T H.264 (ISO/IEC 14496-10):

- A skipped macroblock of a P slice, P_Skip, takes reference 0 and adds no residual (7.3.4, 7.4.4). Its motion vector is
  zero if it lies at the edge or a neighbour has a zero vector with reference 0 (8.4.1.1). So it copies its place.
- Reference 0 is the last decoded frame (8.2.4.2.1). Every frame here is a reference; the oldest is dropped (8.2.5.3).
- Once there are as many references as the header allows, slice headers (7.3.3) differ only in ``frame_num``. It counts
  reference frames since the key frame, modulo MaxFrameNum (7.4.3). `_packet_with_frame_num` rewrites these bits.
- With fewer references, the slice header says so (``num_ref_idx_active_override_flag``). So the first packets are kept
  as x264 makes them.
- These slices disable the deblocking filter (``disable_deblocking_filter_idc``, 7.4.3), so nothing is smoothed again.

Two things depend on x264 itself. It decides place and length of ``frame_num`` by its choices in the headers. And
`_open_without_lookahead` gives it an invented log of a first pass. So `tricks_work` tests both with the installed
FFmpeg. If that fails, or if ``settings.plain_h264`` is set, every frame is encoded normally.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from av.codec import CodecContext
from av.codec.context import Flags
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from gradreel.render.frames.pictures import Boxes, Pixels
from gradreel.render.frames.yuv import PIXEL_FORMAT, ChangingFrame, Converted, area
from gradreel.render.settings import RenderSettings
from gradreel.render.workers.worker_process import tell_user

PRESET = "superfast"
OPTIONS = {"preset": PRESET, "tune": "zerolatency", "forced-idr": "1"}  # zerolatency: each frame's packet comes at once

# All encoders of a file share these options, since a file has one header. Chroma gets three QP steps more than by
# default, because letters and thin lines differ by colour.
REFERENCES = 3  # frames that a frame may refer to
_HEADER = f"open-gop=0:cabac=1:8x8dct=1:ref={REFERENCES}:weightp=0:chroma-qp-offset=-3:stitchable=1"
_EACH = f"{_HEADER}:aq-mode=1:scenecut=0"


class Effort(NamedTuple):
    """The work that an encoder does for a frame. All frames have one quantizer; key frames have a finer one."""

    coarser: float
    """QP added to x264's default of 24, and to `KEY_QP` for key frames."""
    parameters: dict[str, str]
    """Further x264 parameters."""
    threads: int = 1
    """Each thread encodes one slice of every frame. The number is fixed, so that all machines give equal bytes."""

    def options(self, plain: bool) -> dict[str, str]:
        """Return FFmpeg's options for libx264. ``plain``: x264 chooses quantizers by itself, without a first pass."""
        bits = round(2 ** (-self.coarser / 6), 2)  # x264 takes a factor on bits; six steps of QP halve them
        rate = {"crf": PLAIN_CRF} if plain else {"pass": "2"}
        common = {"partitions": "i4x4,i8x8,p8x8", "ipratio": "1.8", **rate, "zones": f"0,10000000,b={bits}"}
        return OPTIONS | {"x264-params": ":".join([_EACH, *map("=".join, (common | self.parameters).items())])}


# For little motion on a plain background. With adaptive quantization and three references, almost the least effort
# gives files as small as preset veryfast, at equal SSIM and in half the time (lecture scenes, 1080p60). Files of three
# lecture scenes have 0.83 to 1.07 times the size of Manim's, and are closer to the drawn frames. Deblocking would take
# a fifteenth of the time for an SSIM (luma) that is 0.00003 better, which is invisible.
QUICK = Effort(1.4, {"subme": "0", "no_deblock": "1"})

# For motion that takes many bytes: files are 1.5 times as large if x264 does not search well for motion. Manim's are
# smaller still, by B-frames and lookahead, in twice the time. Here a clip waits for x264. A single scene is one clip
# and leaves a core idle: two slices use it.
MOVING = Effort(0.4, {"subme": "5", "me": "hex", "trellis": "1"}, threads=2)
MUCH = 0.0025  # bytes a pixel of non-key frames with QUICK; above this, the next group of pictures gets MOVING
LITTLE = MUCH / 3  # below this with MOVING, QUICK is used again

PLAIN_CRF = "24"  # about the quality of the quantizers above

KEYFRAME_SECONDS = 2
LONG = 12  # repeated frames that are worth repeat packets and the key frame after them
SETTLE = 2  # of these frames, the first ones are encoded normally: they refine the coarse picture that motion leaves

AHEAD, MOST_AHEAD = 4, 60  # whole pictures, and frames, that may be converted ahead of the encoder


class H264Stream:
    """One video stream of ``container``. A thread encodes; the caller's thread compares and converts pictures.

    An error of the encoding thread is raised by the next call.
    """

    def __init__(self, container: OutputContainer, settings: RenderSettings) -> None:
        options = OPTIONS | {"x264-params": _EACH}
        stream = container.add_stream("libx264", rate=Fraction(settings.fps), options=options)
        assert isinstance(stream, VideoStream)
        set_up(stream.codec_context, settings, PIXEL_FORMAT)  # for the file's header: each part has its own encoder
        self._container, self._stream, self._settings = container, stream, settings
        self._is_plain = settings.plain_h264 or not tricks_work()
        if self._is_plain and not settings.plain_h264:
            tell_user(
                "repeated frames are encoded one by one, in larger files: this FFmpeg fails a test of shorter packets"
            )
        self._picture = ChangingFrame(settings.width, settings.height)
        self._repeats = _Repeats(settings)
        self._period = KEYFRAME_SECONDS * settings.fps
        self._number = 0  # of the next frame since the last key frame; 0: the encoder is new
        self._still = 0  # repetitions of the current picture that are not written yet
        self._next = 0  # number of the next frame of the stream
        self._effort = self._first_effort = QUICK
        self._bytes = self._encoded = 0  # bytes, and number, of the non-key frames since the effort was chosen
        self._thread = ThreadPoolExecutor(1, "h264")
        self._waiting: deque[tuple[Future[None], int]] = deque()  # tasks, and the pixels that each converts
        self._ahead = 0  # pixels of these tasks
        self._has_failed = False
        self._queue_task(lambda: None)  # starts the thread now: it inherits this thread's priority

    def expect_motion(self) -> None:
        """Announce much motion from the first frame of each part on."""
        self._queue_task(self._expect_motion)

    def write(self, pixels: Pixels, repeat: int) -> None:
        """Write the next frame, shown ``repeat`` times."""
        self.take(pixels, repeat)()

    def take(self, pixels: Pixels, repeat: int, boxes: Boxes | None = None) -> Callable[[], None]:
        """Do the first half of `write` and return the second half as a function.

        After this call ``pixels`` may be overwritten. ``boxes``: see `ChangingFrame.follow`.
        """
        tiles = self._picture.follow(pixels, boxes)
        changed = area(tiles)
        return partial(self._queue_task, self._write, self._picture.converted(tiles), repeat, changed, pixels=changed)

    def cut(self) -> None:
        """Begin another part."""
        self._queue_task(self._end_current_part)

    def close(self) -> None:
        """Write all remaining packets and end the thread. The container stays open."""
        self._queue_task(self._close)
        try:
            while self._waiting:
                self._wait_for_oldest_task()
        finally:
            self.discard()

    def discard(self) -> None:
        """End the thread without its remaining tasks."""
        self._thread.shutdown(cancel_futures=True)

    def _queue_task(self, task: Callable[..., None], *arguments: Any, pixels: int = 0) -> None:
        """Queue a task for the thread; wait first if too many pixels or tasks are queued."""
        most_pixels = AHEAD * self._settings.width * self._settings.height
        while self._waiting and (
            self._waiting[0][0].done() or len(self._waiting) >= MOST_AHEAD or self._ahead + pixels > most_pixels
        ):
            self._wait_for_oldest_task()
        self._ahead += pixels
        self._waiting.append((self._thread.submit(self._unless_failed, task, *arguments), pixels))

    def _wait_for_oldest_task(self) -> None:
        """Wait for the oldest task and raise its error."""
        task, pixels = self._waiting.popleft()
        task.result()
        self._ahead -= pixels

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _unless_failed(self, task: Callable[..., None], *arguments: Any) -> None:
        """Run the task, unless an earlier one failed: a container that failed must not be written to again."""
        if not self._has_failed:
            self._has_failed = True
            task(*arguments)
            self._has_failed = False

    def _expect_motion(self) -> None:
        """Start each later part with the effort MOVING."""
        self._first_effort = MOVING

    def _write(self, converted: Converted, repeat: int, changed: int) -> None:
        """Encode a changed picture, or count the repetitions of an unchanged one."""
        if changed or not self._number:
            self._stand_still()
            self._picture.show(converted)
            if not self._number:
                self._open_encoder_for_part(self._first_effort)
            self._encode(may_choose=bool(changed))
            repeat -= 1
        self._still += repeat

    def _end_current_part(self) -> None:
        """End the encoder of the current part."""
        if self._number:
            self._stand_still()
            self._end_encoder()
            self._number = 0

    def _close(self) -> None:
        """Write the remaining repetitions and end the encoder."""
        self._stand_still()
        self._end_encoder()

    def _open_encoder_for_part(self, effort: Effort) -> None:
        """Open an encoder for a new part, or for another effort."""
        self._effort, self._bytes, self._encoded = effort, 0, 0
        self._encoder = _open_libx264(self._settings, effort, self._is_plain)

    def _stand_still(self) -> None:
        """Write the counted repetitions: as repeat packets if they are many."""
        frames, self._still = self._still, 0
        if frames < LONG or self._is_plain:
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
        self._number = self._period  # the encoder has not seen the repeat packets, so a key frame must follow

    def _encode(self, may_choose: bool = False) -> None:
        """Encode the current picture. ``may_choose``: the effort may change if a key frame is due."""
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
        """Choose the effort from this key frame on, by the bytes of the frames before it.

        Called only when the picture changes: an encoder's second frame can't be a key frame, see
        `_open_without_lookahead`.
        """
        much = MUCH if self._effort is QUICK else LITTLE
        pixels = self._settings.width * self._settings.height * self._encoded
        effort = MOVING if self._bytes > much * pixels else QUICK
        self._bytes = self._encoded = 0
        if effort is not self._effort:
            self._end_encoder()
            self._open_encoder_for_part(effort)

    def _end_encoder(self) -> None:
        """Write the encoder's remaining packets. Its header must equal the file's."""
        if self._number:
            self._mux(self._encoder.encode(None))
            assert self._encoder.extradata == self._stream.codec_context.extradata, "one header serves all parts"

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        """Write packets, numbered in the order in which they are shown."""
        for packet in packets:
            packet.stream = self._stream
            packet.time_base = Fraction(1, self._settings.fps)
            packet.pts = packet.dts = self._next
            packet.duration = 1
            self._next += 1
            self._container.mux(packet)


class _Repeats:
    """Repeat packets for one size, by the number of their frame after a key frame."""

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        # by frame number; the last one serves all later frames, with another ``frame_num``
        self._packets: list[bytes] = []
        self._header: bytes | None = None  # of the streams that they fit

    def packet(self, number: int, header: bytes | None) -> bytes:
        """Return the repeat packet of frame ``number`` after a key frame, for a stream with ``header``."""
        if not self._packets:
            self._make_packets()
        assert header == self._header, "made for this stream"
        return (
            self._packets[number] if number < REFERENCES else _packet_with_frame_num(self._packets[REFERENCES], number)
        )

    def _make_packets(self) -> None:
        """Make the packets: x264 encodes frames of one colour and skips every macroblock of all but the first."""
        encoder = _open_libx264(self._settings, QUICK, plain=False)
        one_colour = np.zeros((self._settings.height * 3 // 2, self._settings.width), np.uint8)
        frame = VideoFrame.from_ndarray(one_colour, PIXEL_FORMAT)
        frame.time_base = Fraction(1, self._settings.fps)
        for frame.pts in range(REFERENCES + 1):
            (packet,) = encoder.encode(frame)
            self._packets.append(bytes(packet))
        self._header = encoder.extradata


# Position of ``frame_num`` in a packet, in bits. It follows the start code (32; annex B) and the NAL unit's header (8;
# 7.3.1). Of the slice header (7.3.3), first_mb_in_slice (1), slice_type (5) and pic_parameter_set_id (1) come before
# it, as Exp-Golomb codes (9.1). Its length is log2_max_frame_num (7.4.2.1.1). x264 takes the least, 4, for so few
# references.
_NUMBER_AT, _NUMBER_BITS = 47, 4


def _packet_with_frame_num(packet: bytes, number: int) -> bytes:
    """Return ``packet`` with the ``frame_num`` of frame ``number`` after a key frame."""
    bits_after = 8 * len(packet) - _NUMBER_AT - _NUMBER_BITS
    mask = (1 << _NUMBER_BITS) - 1
    bits = int.from_bytes(packet, "big") & ~(mask << bits_after) | (number & mask) << bits_after
    return bits.to_bytes(len(packet), "big")


@cache
def tricks_work() -> bool:
    """Return whether repeat packets decode as copies of a picture with the installed FFmpeg.

    Encodes and decodes a small picture of two seconds, once in each process: some milliseconds.
    """
    settings = RenderSettings(width=64, height=48, fps=12)
    pattern = np.arange(72 * 64, dtype=np.uint32).reshape(72, 64) ** 2 % 219 + 16
    frame = VideoFrame.from_ndarray(pattern.astype(np.uint8), PIXEL_FORMAT)
    frame.time_base, frame.pts = Fraction(1, settings.fps), 0
    repeats = _Repeats(settings)
    try:
        encoder = _open_libx264(settings, QUICK, plain=False)
        decoder = CodecContext.create("h264", "r")
        decoder.extradata = encoder.extradata
        numbers = range(1, KEYFRAME_SECONDS * settings.fps)
        packets = [*encoder.encode(frame), *(Packet(repeats.packet(number, encoder.extradata)) for number in numbers)]
        pictures = [picture.to_ndarray() for packet in [*packets, None] for picture in decoder.decode(packet)]
    except (FFmpegError, AssertionError, ValueError):
        return False
    return len(pictures) == len(packets) and all(np.array_equal(picture, pictures[0]) for picture in pictures)


def _open_libx264(settings: RenderSettings, effort: Effort, plain: bool) -> VideoCodecContext:
    """Return an open libx264 encoder for ``effort``. ``plain``: x264 chooses the quantizers."""
    context = CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.options = effort.options(plain)
    set_up(context, settings, PIXEL_FORMAT)
    context.thread_count, context.thread_type = effort.threads, "SLICE"
    if plain:
        context.open()
    else:
        _open_without_lookahead(context, settings, KEY_QP + effort.coarser)
    return context


# x264's log of a first pass: a video of one frame that lasts a second, for a second pass at `_RATE`. It claims that
# this frame took all bits of the second, at the quantizer that key frames shall have.
KEY_QP = 19
_RATE = 1000  # bits a second; a high rate would raise the level in the stream's header
_ONE_FRAME = (
    "#options: {width}x{height} timebase=1/{fps} keyint={period} \n"
    "in:0 out:0 type:I dur:{fields} cpbdur:{fields} q:{key} aq:{key} tex:{rate} "
    "mv:0 misc:0 imb:1 pmb:0 smb:0 d:- ref:;\n"
)


def _open_without_lookahead(context: VideoCodecContext, settings: RenderSettings, key_qp: float) -> None:
    """Open an encoder with constant quantizers, which x264 still adapts within a frame.

    To choose a quantizer, x264 analyses each frame in advance, which takes a quarter of the time of frames like ours.
    With a constant quantizer (``qp``) it does not analyse, but does not adapt within a frame either: after a fade,
    faint remains stay. In a second pass, x264 takes quantizers from the log of the first pass. After the log's last
    frame it continues with a constant quantizer, and adapts it. This log ends after one frame. x264 notices that at the
    second frame, and ignores the frame type requested for it.
    """
    size = {"width": settings.width, "height": settings.height}
    times = {"fps": settings.fps, "fields": 2 * settings.fps, "period": KEYFRAME_SECONDS * settings.fps}
    with TemporaryDirectory(prefix="gradreel-x264-") as folder:
        log = Path(folder, "first-pass.log")
        log.write_text(_ONE_FRAME.format(**size, **times, key=key_qp, rate=_RATE), "ascii")
        context.options |= {"stats": str(log)}
        context.bit_rate = _RATE
        context.open()


def set_up(context: VideoCodecContext, settings: RenderSettings, pixel_format: str) -> VideoCodecContext:
    """Set the size, rate and colour tags of an encoder for frames of ``settings``, as `Converter` makes them."""
    context.width, context.height, context.pix_fmt = settings.width, settings.height, pixel_format
    context.framerate = Fraction(settings.fps)
    context.time_base = Fraction(1, settings.fps)
    context.thread_count = 1  # -j runs one worker for each core
    context.gop_size = KEYFRAME_SECONDS * settings.fps
    context.flags |= Flags.global_header
    if pixel_format.startswith(("yuv", PIXEL_FORMAT)):
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return context
