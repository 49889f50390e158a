"""Joins clips into one video by copying packets, with sound, chapters and subtitles. No frame is encoded again.

All times are counted in frames: the video is exactly as long as its clips together.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import accumulate, chain
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from gradreel.render.clips.clip_files import DamagedClipsError
from gradreel.render.frames.encode import SAME_EACH_TIME, TICKS
from gradreel.render.packet_grid import tone_period
from gradreel.render.stages import ClipFile
from gradreel.render.videos.sound_pieces import Piece, PieceStore, pieces_of
from gradreel.render.videos.sound_track import CODECS, CUT, PlacedSound, Track
from gradreel.render.videos.subtitles import Cue, as_vtt_text
from gradreel.render.voice.sound import RATE
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.words.languages import LANGUAGES
from PIL import Image

SUBTITLE_CODECS = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt"}
MILLISECOND = Fraction(1, 1000)
FRAMES_TOLD = 500  # joined frames between two reports of progress
TRACK_ENABLED = 0x000001
SUBTITLE_HANDLERS = (b"sbtl", b"text")  # in MP4, and in MOV, where chapters are text tracks too and are never on

TimedPacket: TypeAlias = "tuple[Fraction, Packet[Stream]]"


@dataclass(frozen=True)
class Chapter:
    """A chapter of the video, from frame ``start`` up to frame ``end``."""

    title: str
    start: int
    end: int


def write_film(
    clips: Sequence[ClipFile],
    path: Path,
    *,
    title: str,
    chapters: Sequence[Chapter] = (),
    subtitles: Mapping[str, Sequence[Cue]] | None = None,
    sounds: Mapping[Track, Sequence[PlacedSound]] | None = None,
    line_starts: Iterable[int] = (),
    store: PieceStore | None = None,
    reporter: Reporter | None = None,
) -> list[PlacedSound]:
    """Write ``clips``, one after the other, to ``path``; return the sounds that were cut at the video's end.

    The suffix of ``path`` (mp4, mov or webm) is that of the clips. ``subtitles`` have our language codes; their streams
    are off until the viewer chooses one. ``sounds`` gives one stream for each track, exactly as long as the video. Its
    pieces begin with the clips and at the frames ``line_starts``, and ``store`` keeps them. ``reporter`` tells how many
    frames are joined. Raises DamagedClipsError for clips that cannot be read or have different encodings, and
    SoundError.
    """
    container, store, reporter = path.suffix.removeprefix("."), store or PieceStore(), reporter or Reporter()
    starts = list(accumulate((clip.frames for clip in clips), initial=0))
    samples = round(Fraction(starts[-1] * RATE, clips[0].fps))
    cuts = [Fraction(frame, clips[0].fps) for frame in (*starts, *line_starts)]
    period = tone_period(clips[0].fps, container)
    pieces = {
        track: pieces_of(placed, samples, cuts, CODECS[container], period if track.room_tone else 0)
        for track, placed in (sounds or {}).items()
    }
    store.encode_missing(piece for of_track in pieces.values() for piece in of_track)
    options = (
        SAME_EACH_TIME
        if container == "webm"
        else {"movflags": "+faststart", "video_track_timescale": str(clips[0].fps * TICKS)}
    )
    with (
        reporting_damaged_clips(clips),
        av.open(str(path), "w", format=container, options=options) as output,
        av.open(str(clips[0].path)) as first,
    ):
        output.metadata["title"] = title
        template = first.streams.video[0]
        video = output.add_stream_from_template(template)
        # FFmpeg opens VP9 with alpha as if it had none. Only the pixel format makes it write the alpha flag
        video.pix_fmt = "yuva420p" if template.metadata.get("alpha_mode") == "1" else template.pix_fmt
        video.disposition = Disposition.default
        packets = [_packets_for_stream(video, video_packets(clips, template.codec_context))]
        packets += [
            _sound_packets(of_track, sound_stream(output, container, track), store)
            for track, of_track in pieces.items()
        ]
        for language, cues in (subtitles or {}).items():
            packets.append(_subtitle_packets(_subtitle_stream(output, container, language), container, cues))
        if chapters:
            output.set_chapters(_chapters_for_pyav(chapters, clips[0].fps))
        with _reporting_joined_frames(starts[-1], reporter) as tell:
            for _, packet in heapq.merge(*packets, key=lambda item: item[0]):
                tell(packet)
                output.mux(packet)
    if container != "webm":
        switch_off_subtitles(path)
    return [
        sound for placed in (sounds or {}).values() for sound in placed if sound.ends > max(samples, sound.begins) + CUT
    ]


@contextmanager
def _reporting_joined_frames(frames: int, reporter: Reporter) -> Iterator[Callable[[Packet[Stream]], None]]:
    """Tell the reporter how many of the film's ``frames`` are joined; each packet is passed to the yielded function."""
    done = 0

    def tell(packet: Packet[Stream]) -> None:
        nonlocal done
        if isinstance(packet.stream, VideoStream):
            done += 1
            if done % FRAMES_TOLD == 0:
                reporter.advance("join", done)

    reporter.begin("join", frames, "frames")
    try:
        yield tell
    finally:
        reporter.end("join")


def frame_as_jpeg(clip: ClipFile, frame: int, widest: int | None = None) -> bytes:
    """Return frame number ``frame`` of a clip as a JPEG file, at most ``widest`` pixels wide.

    A clip with fewer frames gives its last one. Raises DamagedClipsError.
    """
    with reporting_damaged_clips([clip]), av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        rate, base = stream.average_rate, stream.time_base
        assert rate is not None
        assert base is not None
        container.seek(int(frame / rate / base), stream=stream)
        shown = None
        for shown in container.decode(stream):
            if shown.pts is not None and shown.pts * base * rate >= frame - Fraction(1, 2):
                break
        assert shown is not None, f"{clip.path} has no frames"
        content = BytesIO()
        image = Image.fromarray(shown.to_ndarray(format="rgb24"))
        image.thumbnail((widest or image.width, image.height))
        image.save(content, "JPEG", quality=92)
        return content.getvalue()


@contextmanager
def reporting_damaged_clips(clips: Sequence[ClipFile]) -> Iterator[None]:
    """Turn errors of reading ``clips`` into DamagedClipsError.

    It names the unreadable clips, or all of them if each one can be read alone. Errors of writing, such as a full disk,
    are OSErrors, and pass unchanged.
    """
    try:
        yield
    except (ValueError, EOFError, IndexError, AssertionError) as error:
        raise DamagedClipsError(
            [clip.path for clip in clips if not _is_readable(clip)] or [clip.path for clip in clips]
        ) from error


def _is_readable(clip: ClipFile) -> bool:
    """Return whether all packets of the clip can be read, one for each of its frames."""
    try:
        with av.open(str(clip.path)) as container:
            stream = container.streams.video[0]
            return sum(packet.pts is not None for packet in container.demux(stream)) == clip.frames
    except (av.FFmpegError, IndexError):
        return False


def _check_alike(clip: ClipFile, header: VideoCodecContext, first: ClipFile, first_header: VideoCodecContext) -> None:
    """Raise ValueError unless both clips have the same header and frame rate, so that their packets can be joined."""
    for name in ("name", "width", "height", "pix_fmt", "extradata"):
        if getattr(header, name) != getattr(first_header, name):
            raise ValueError(f"{clip.path} and {first.path} differ in {name}; they cannot be joined")
    if clip.fps != first.fps:
        raise ValueError(f"{clip.path} and {first.path} differ in frames per second; they cannot be joined")


def video_packets(clips: Sequence[ClipFile], header: VideoCodecContext) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of ``clips``, timed as those of one video. ``header`` is that of the first clip.

    One clip is open at a time, since a lesson may have many. Raises ValueError for clips that cannot be joined.
    """
    previous_frames = 0  # in the clips so far
    for clip in clips:
        with av.open(str(clip.path)) as container:
            source = container.streams.video[0]
            _check_alike(clip, source.codec_context, clips[0], header)
            base = source.time_base
            assert base is not None
            offset = round(Fraction(previous_frames, clip.fps) / base)
            frames = 0
            for packet in container.demux(source):
                if packet.dts is None or packet.pts is None:  # the packet that marks the end
                    continue
                frames += 1
                packet.pts += offset
                packet.dts += offset
                yield packet
        if frames != clip.frames:
            raise ValueError(f"{clip.path} has {frames} frames, and {clip.frames} when it was made")
        previous_frames += clip.frames


def _packets_for_stream(target: VideoStream, packets: Iterable[Packet[VideoStream]]) -> Iterator[TimedPacket]:
    """Yield ``packets`` for the stream ``target``, each with its decoding time in seconds."""
    for packet in packets:
        packet.stream = target
        assert packet.dts is not None
        assert packet.time_base is not None
        yield packet.dts * packet.time_base, cast("Packet[Stream]", packet)


def sound_stream(output: OutputContainer, container: str, track: Track) -> AudioStream:
    """Add the stream of a sound track to ``output``, with its language, title and default flag, and return it."""
    codec = CODECS[container]
    stream = output.add_stream(codec.name, rate=RATE, layout="stereo", format=codec.sample_format)
    assert isinstance(stream, AudioStream)
    stream.bit_rate = codec.bit_rate
    stream.time_base = Fraction(1, RATE)
    if track.language:
        stream.metadata["language"] = _language_tag(track.language, container)
    if track.title:
        stream.metadata["title"] = track.title
    stream.disposition = Disposition.default if track.default else Disposition(0)
    return stream


def _sound_packets(pieces: Iterable[Piece], stream: AudioStream, store: PieceStore) -> Iterator[TimedPacket]:
    """Yield the packets of a track's pieces for ``stream``, each with its decoding time in seconds."""
    for packet in chain.from_iterable(map(store.packets, pieces)):
        packet.stream = stream
        assert packet.dts is not None
        yield Fraction(packet.dts, RATE), cast("Packet[Stream]", packet)


def _language_tag(language: str, container: str) -> str:
    """Return the language tag that the container expects."""
    names = LANGUAGES[language]
    return names.iso_of_mov if container == "mov" else names.iso


def _subtitle_stream(output: OutputContainer, container: str, language: str) -> Stream:
    """Add a subtitle stream to ``output`` and return it. It is off by default."""
    stream = output.add_mux_stream(SUBTITLE_CODECS[container], time_base=MILLISECOND)
    stream.metadata["language"] = _language_tag(language, container)
    stream.disposition = Disposition(0)
    return stream


def _subtitle_packets(stream: Stream, container: str, cues: Sequence[Cue]) -> Iterator[TimedPacket]:
    """Yield one packet for each cue, with its start in seconds.

    In MP4 and MOV a text is preceded by its length in two bytes. The muxer fills the gaps itself.
    """
    for cue in cues:
        if container == "webm":
            content = as_vtt_text(cue.text).encode()
        else:
            text = cue.text.encode()
            content = len(text).to_bytes(2, "big") + text
        packet: Packet[Stream] = Packet(content)
        packet.stream = stream
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = cue.start
        packet.duration = cue.end - cue.start
        packet.is_keyframe = True
        yield cue.start * MILLISECOND, packet


def _chapters_for_pyav(chapters: Sequence[Chapter], fps: int) -> list[av.container.core.Chapter]:
    """Return the chapters as PyAV takes them."""
    return [
        {
            "id": number,
            "start": chapter.start,
            "end": chapter.end,
            "time_base": Fraction(1, fps),
            "metadata": {"title": chapter.title},
        }
        for number, chapter in enumerate(chapters)
    ]


# -- MP4 boxes: what the muxer does not let us say, that no subtitle is on by default ----------------------------------


def switch_off_subtitles(path: Path) -> None:
    """Clear the flag ``track enabled`` of every subtitle track of an MP4 or MOV file, in place.

    The muxer enables the first subtitle track by itself. The file consists of boxes: a length of four bytes, a name of
    four bytes, and the content. Names and fields are those of ISO/IEC 14496-12, 8.3.2 and 8.4.3.
    """
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        for track in _contents_of_boxes(file, (b"moov", b"trak"), 0, size):
            handlers = [_handler_type(file, start) for start, _ in _contents_of_boxes(file, (b"mdia", b"hdlr"), *track)]
            if not set(handlers) & set(SUBTITLE_HANDLERS):
                continue
            for start, _ in _contents_of_boxes(file, (b"tkhd",), *track):
                file.seek(start + 1)  # skip one byte of version; three bytes of flags follow
                flags = int.from_bytes(file.read(3), "big") & ~TRACK_ENABLED
                file.seek(start + 1)
                file.write(flags.to_bytes(3, "big"))


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, and start and end of the content, of each box between two positions in the file.

    Stops at a box whose length is too small for its header.
    """
    position = start
    while position + 8 <= end:
        file.seek(position)
        length, name, header = int.from_bytes(file.read(4), "big"), file.read(4), 8
        if length == 1:
            length, header = int.from_bytes(file.read(8), "big"), 16
        elif length == 0:  # the box reaches to the end
            length = end - position
        if length < header:
            return
        yield name, position + header, position + length
        position += length


def _contents_of_boxes(file: BinaryIO, path: tuple[bytes, ...], start: int, end: int) -> list[tuple[int, int]]:
    """Return start and end of the contents of the boxes at ``path``; each name is a box inside the one before."""
    contents = [(inner, stop) for name, inner, stop in boxes(file, start, end) if name == path[0]]
    if len(path) == 1:
        return contents
    return [deeper for inner, stop in contents for deeper in _contents_of_boxes(file, path[1:], inner, stop)]


def _handler_type(file: BinaryIO, start: int) -> bytes:
    """Return the handler type of an ``hdlr`` box whose content begins at ``start``."""
    file.seek(start + 8)  # skip version and flags, then four bytes of zero
    return file.read(4)
