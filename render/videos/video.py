"""Clips into one video: packets copied, sound, chapters, soft subtitles; no frame is encoded again.

All times are counted in frames: the video is exactly as long as its clips together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
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
from gradreel.render.stages import ClipFile
from gradreel.render.videos.sound_track import CODECS, Mix, PlacedSound, Track, encoded
from gradreel.render.videos.subtitles import Cue, as_vtt_text
from gradreel.render.voice.sound import RATE
from gradreel.scenes.words.languages import LANGUAGES
from PIL import Image

SUBTITLE_CODECS = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt"}
MILLISECOND = Fraction(1, 1000)
TRACK_ENABLED = 0x000001
SUBTITLE_HANDLERS = (b"sbtl", b"text")  # in MP4; in MOV, where chapters are text too, and never on

TimedPacket: TypeAlias = "tuple[Fraction, Packet[Stream]]"


@dataclass(frozen=True)
class Chapter:
    """A mark in the video, from frame ``start`` up to frame ``end``."""

    title: str
    start: int
    end: int


def join(
    clips: Sequence[ClipFile],
    path: Path,
    *,
    title: str,
    chapters: Sequence[Chapter] = (),
    subtitles: Mapping[str, Sequence[Cue]] | None = None,
    sounds: Mapping[Track, Sequence[PlacedSound]] | None = None,
) -> list[PlacedSound]:
    """Write ``path`` (mp4, mov or webm, as the clips are) of ``clips`` one after the other.

    ``subtitles`` by our language codes; their streams are tagged and off until the viewer chooses one. ``sounds``: a
    stream for each track, exactly as long as the video; returns those that are longer, and were cut.
    Raises DamagedClipsError for clips that cannot be read, or that were not encoded alike, and SoundError.
    """
    container = path.suffix.removeprefix(".")
    options = (
        SAME_EACH_TIME
        if container == "webm"
        else {"movflags": "+faststart", "video_track_timescale": str(clips[0].fps * TICKS)}
    )
    with (
        reading(clips),
        av.open(str(path), "w", format=container, options=options) as output,
        av.open(str(clips[0].path)) as first,
    ):
        output.metadata["title"] = title
        template = first.streams.video[0]
        video = output.add_stream_from_template(template)
        # FFmpeg reads VP9 with alpha as without, and writes that there is alpha by the pixel format alone
        video.pix_fmt = "yuva420p" if template.metadata.get("alpha_mode") == "1" else template.pix_fmt
        video.disposition = Disposition.default
        packets = [_into(video, video_packets(clips, template.codec_context))]
        samples = round(Fraction(sum(clip.frames for clip in clips) * RATE, clips[0].fps))
        mixes = [(track, Mix(placed, samples)) for track, placed in (sounds or {}).items()]
        packets += [_sound_packets(mix, sound_stream(output, container, track), container) for track, mix in mixes]
        for language, cues in (subtitles or {}).items():
            packets.append(_subtitle_packets(_subtitle_stream(output, container, language), container, cues))
        if chapters:
            output.set_chapters(_chapters(chapters, clips[0].fps))
        for _, packet in heapq.merge(*packets, key=lambda item: item[0]):
            output.mux(packet)
    if container != "webm":
        switch_off_subtitles(path)
    return [sound for _, mix in mixes for sound in mix.cut]


def frame_as_jpeg(clip: ClipFile, frame: int, widest: int | None = None) -> bytes:
    """Frame number ``frame`` of a clip as a JPEG file, at most ``widest`` pixels wide; its last when it has fewer.

    Raises DamagedClipsError.
    """
    with reading([clip]), av.open(str(clip.path)) as container:
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
def reading(clips: Sequence[ClipFile]) -> Iterator[None]:
    """Turn what reading ``clips`` raises into DamagedClipsError: of those that cannot be read alone, or of them all.

    What writing raises, such as on a full disk, is an OSError, and stays what it is.
    """
    try:
        yield
    except (ValueError, EOFError, IndexError, AssertionError) as error:
        raise DamagedClipsError(
            [clip.path for clip in clips if not _is_readable(clip)] or [clip.path for clip in clips]
        ) from error


def _is_readable(clip: ClipFile) -> bool:
    """Whether all packets of the clip can be read, one for each of its frames."""
    try:
        with av.open(str(clip.path)) as container:
            stream = container.streams.video[0]
            return sum(packet.pts is not None for packet in container.demux(stream)) == clip.frames
    except (av.FFmpegError, IndexError):
        return False


def _check_alike(clip: ClipFile, header: VideoCodecContext, first: ClipFile, first_header: VideoCodecContext) -> None:
    """Packets can be copied behind each other only when one header serves all. Raises ValueError."""
    for name in ("name", "width", "height", "pix_fmt", "extradata"):
        if getattr(header, name) != getattr(first_header, name):
            raise ValueError(f"{clip.path} and {first.path} differ in {name}; they cannot be joined")
    if clip.fps != first.fps:
        raise ValueError(f"{clip.path} and {first.path} differ in frames per second; they cannot be joined")


def video_packets(clips: Sequence[ClipFile], header: VideoCodecContext) -> Iterator[Packet[VideoStream]]:
    """Yields the packets of ``clips``, timed as those of one video; ``header`` is that of the first clip.

    One clip is open at a time, since a lesson may have many. Raises ValueError for clips that cannot be joined.
    """
    before = 0  # frames of the clips so far
    for clip in clips:
        with av.open(str(clip.path)) as container:
            source = container.streams.video[0]
            _check_alike(clip, source.codec_context, clips[0], header)
            base = source.time_base
            assert base is not None
            offset = round(Fraction(before, clip.fps) / base)
            frames = 0
            for packet in container.demux(source):
                if packet.dts is None or packet.pts is None:  # the one that marks the end
                    continue
                frames += 1
                packet.pts += offset
                packet.dts += offset
                yield packet
        if frames != clip.frames:
            raise ValueError(f"{clip.path} has {frames} frames, and {clip.frames} when it was made")
        before += clip.frames


def _into(target: VideoStream, packets: Iterable[Packet[VideoStream]]) -> Iterator[TimedPacket]:
    for packet in packets:
        packet.stream = target
        assert packet.dts is not None
        assert packet.time_base is not None
        yield packet.dts * packet.time_base, cast("Packet[Stream]", packet)


def sound_stream(output: OutputContainer, container: str, track: Track) -> AudioStream:
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


def _sound_packets(mix: Mix, stream: AudioStream, container: str) -> Iterator[TimedPacket]:
    for packet in encoded(mix, stream, CODECS[container]):
        assert packet.dts is not None
        assert packet.time_base is not None
        yield packet.dts * packet.time_base, cast("Packet[Stream]", packet)


def _language_tag(language: str, container: str) -> str:
    known = LANGUAGES[language]
    return known.iso_of_mov if container == "mov" else known.iso


def _subtitle_stream(output: OutputContainer, container: str, language: str) -> Stream:
    stream = output.add_mux_stream(SUBTITLE_CODECS[container], time_base=MILLISECOND)
    stream.metadata["language"] = _language_tag(language, container)
    stream.disposition = Disposition(0)
    return stream


def _subtitle_packets(stream: Stream, container: str, cues: Sequence[Cue]) -> Iterator[TimedPacket]:
    """One packet a cue; in MP4 and MOV a text is preceded by its length, and the muxer fills the gaps itself."""
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


def _chapters(chapters: Sequence[Chapter], fps: int) -> list[av.container.core.Chapter]:
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
    """Clear the flag ``track enabled`` in the header of every subtitle track of an MP4 or MOV file, in place.

    The muxer marks the first subtitle track where none is asked to be on. The file is boxes: four bytes length, four
    bytes name, content; names and fields as in ISO/IEC 14496-12, 8.3.2 and 8.4.3.
    """
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        for track in _find(file, (b"moov", b"trak"), 0, size):
            handlers = [_handler(file, start) for start, _ in _find(file, (b"mdia", b"hdlr"), *track)]
            if not set(handlers) & set(SUBTITLE_HANDLERS):
                continue
            for start, _ in _find(file, (b"tkhd",), *track):
                file.seek(start + 1)  # after the version: three bytes of flags
                flags = int.from_bytes(file.read(3), "big") & ~TRACK_ENABLED
                file.seek(start + 1)
                file.write(flags.to_bytes(3, "big"))


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, and start and end of the content, of each box between two places in the file."""
    place = start
    while place + 8 <= end:
        file.seek(place)
        length, name, header = int.from_bytes(file.read(4), "big"), file.read(4), 8
        if length == 1:
            length, header = int.from_bytes(file.read(8), "big"), 16
        elif length == 0:  # to the end
            length = end - place
        if length < header:
            return
        yield name, place + header, place + length
        place += length


def _find(file: BinaryIO, path: tuple[bytes, ...], start: int, end: int) -> list[tuple[int, int]]:
    """Contents of the boxes at ``path``, each inside the one before."""
    found = [(inner, stop) for name, inner, stop in boxes(file, start, end) if name == path[0]]
    if len(path) == 1:
        return found
    return [deeper for inner, stop in found for deeper in _find(file, path[1:], inner, stop)]


def _handler(file: BinaryIO, start: int) -> bytes:
    file.seek(start + 8)  # version and flags, then four bytes of zero
    return file.read(4)
