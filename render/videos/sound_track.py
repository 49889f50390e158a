"""Mixes sounds, and encodes the mix: all sounds are summed at their places and limited.

`Mix` works in blocks: one second of the film is in memory at a time. Only those sound files are open that are heard in
this block. The same sounds give the same bytes. `sound_pieces` cuts a track into parts that are encoded by themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import av
import numpy as np
import xxhash
from av.audio.codeccontext import AudioCodecContext
from av.filter import Graph
from gradreel.render.clips.file_digest import current_digest
from gradreel.render.packet_grid import AAC_CONTAINERS, AAC_SAMPLES
from gradreel.render.voice.sound import RATE, SoundError, check_end, opened_sound, through
from gradreel.render.voice.spoken_lines import SpokenStretch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet

Stereo: TypeAlias = NDArray[np.float32]  # (2, N): left and right, RATE samples a second

BLOCK = RATE  # samples mixed at a time
CEILING = 10 ** (-2 / 20)
"""Largest absolute sample of the mix, 2 dB below full scale.

What players decode then stays 1 dB below full scale between samples, too: codecs raised the peaks of speech by up to
0.6 dB.

Where the sum would exceed the ceiling, both channels get softer from 5 ms before, and recover within 50 ms. Nothing
else is changed.
"""
LIMITER = f"limit={CEILING:.6f}:attack=5:release=50:level=false:latency=true"
ROOM_TONE = 10 ** (-70 / 20)  # root mean square
ROOM_TONE_BAND = 50, 8_000  # Hz; pink noise: each octave has the same power
CUT = RATE // 100  # samples; a sound that is cut by more than this at the film's end is reported


@dataclass(frozen=True)
class AudioCodec:
    """The encoding of sound in a container."""

    name: str
    sample_format: str
    frame: int  # samples in a packet
    delay: int  # samples by which the first packet begins before time 0
    bit_rate: int
    is_joinable: bool  # packets of encoders with the same recent input can follow each other

    def encoder(self) -> AudioCodecContext:
        """Return a new encoder."""
        context = av.CodecContext.create(self.name, "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate, context.bit_rate, context.time_base = RATE, self.bit_rate, Fraction(1, RATE)
        context.layout, context.format = "stereo", self.sample_format
        return context


# This is FFmpeg's default AAC coder. Its "fast" coder takes two thirds of the time, but makes loud tones tremble
AAC = AudioCodec("aac", "fltp", AAC_SAMPLES, AAC_SAMPLES, 128_000, is_joinable=True)
# Opus predicts each packet's levels from the packet before
OPUS = AudioCodec("libopus", "flt", 960, 312, 128_000, is_joinable=False)
CODECS = {**dict.fromkeys(AAC_CONTAINERS, AAC), "webm": OPUS}


@dataclass(frozen=True)
class Track:
    """A sound stream of a video, as players list it. ``language`` is one of our codes, or "" for none."""

    language: str = ""
    title: str = ""
    default: bool = True
    room_tone: bool = False  # soft noise throughout, so that there is no digital silence between sentences


@dataclass(frozen=True)
class Excerpt:
    """The beginning of a sound file, with a level that changes. A file that is too short begins anew."""

    file: Path
    length: int  # samples
    levels: tuple[tuple[float, float], ...]  # seconds and factors, in order; between them the level is linear

    def parts(self, origin: str) -> Iterator[Stereo]:
        """Yield the samples in parts. Raises SoundError."""
        seconds, factors = zip(*self.levels, strict=True)
        position = 0
        while position < self.length:
            for part in PlacedSound(self.file, Fraction(0), origin=origin).parts():
                places = np.arange(position, min(position + part.shape[1], self.length))
                yield part[:, : len(places)] * np.interp(places / RATE, seconds, factors).astype(np.float32)
                position += len(places)
                if position == self.length:
                    return


@dataclass(frozen=True, eq=False)
class PlacedSound:
    """A sound and when it begins in a film: a file, spoken words, or samples (N,) or (2, N) with their rate."""

    sound: Path | Excerpt | SpokenStretch | NDArray[np.float32]
    start: Fraction  # seconds of the film
    gain: float = 0.0  # dB
    rate: int = RATE  # samples a second, for samples; a file has its own
    origin: str = ""  # the scene, and perhaps the beat, that the sound belongs to; for messages

    def __post_init__(self) -> None:
        if self.start < 0:
            raise ValueError(f"a sound begins {-self.start} s before the film")

    @property
    def name(self) -> str:
        """Return the sound's name for messages."""
        file = self.sound.file if isinstance(self.sound, SpokenStretch | Excerpt) else self.sound
        name = str(file) if isinstance(file, Path) else "a sound"
        return f"{self.origin}: {name}" if self.origin else name

    @property
    def begins(self) -> int:
        """Return the sample of the film at which the sound begins."""
        return round(self.start * RATE)

    @cached_property
    def length(self) -> int:
        """Return the number of samples at `RATE`. Decodes a sound file. Raises SoundError."""
        if isinstance(self.sound, SpokenStretch):
            return round(self.sound.seconds * RATE)
        if isinstance(self.sound, Excerpt):
            return self.sound.length
        return sum(part.shape[1] for part in self.parts())

    @property
    def ends(self) -> int:
        """Return the sample of the film at which the sound ends."""
        return self.begins + self.length

    @cached_property
    def content(self) -> list[str | float]:
        """Return, as JSON, what decides the samples."""
        if isinstance(self.sound, SpokenStretch):
            return [current_digest(self.sound.file), self.sound.start, self.sound.seconds, self.gain]
        if isinstance(self.sound, Excerpt):
            return [
                current_digest(self.sound.file),
                self.sound.length,
                self.gain,
                *chain.from_iterable(self.sound.levels),
            ]
        if isinstance(self.sound, Path):
            return [current_digest(self.sound), self.gain]
        samples = np.atleast_2d(np.ascontiguousarray(self.sound, np.float32))
        return [xxhash.xxh3_128_hexdigest(samples.tobytes()), len(samples), self.rate, self.gain]

    def parts(self) -> Iterator[Stereo]:
        """Yield the sound in parts, as stereo samples. Raises SoundError for a damaged file.

        Mono is heard on both sides. More than two channels are mixed to two.
        """
        if isinstance(self.sound, Excerpt):
            yield from self.sound.parts(self.origin)
            return
        if not isinstance(self.sound, Path):
            samples = self.sound.samples if isinstance(self.sound, SpokenStretch) else self.sound
            yield from _as_stereo_samples([_as_ffmpeg_frame(np.atleast_2d(samples), self.rate)])
            return
        try:
            with opened_sound(self.sound) as container:
                (stream, *_) = container.streams.audio
                count = 0

                def counted() -> Iterator[av.AudioFrame]:
                    nonlocal count
                    for frame in container.decode(stream):
                        count += frame.samples
                        yield frame

                for part in _as_stereo_samples(counted()):
                    if not np.isfinite(part).all():
                        raise SoundError(
                            f"{self.sound} has samples that are infinite or not a number; export it again, as WAV"
                        )
                    yield part
                check_end(container, count / (stream.rate or RATE), self.sound)
        except SoundError as error:
            raise SoundError(f"{self.origin}: {error}" if self.origin else str(error)) from None


def _as_ffmpeg_frame(samples: Stereo, rate: int) -> av.AudioFrame:
    """Return samples (1, N) or (2, N) as an FFmpeg frame of ``rate`` samples a second."""
    layout = "mono" if len(samples) == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout)
    frame.sample_rate = rate
    return frame


def _as_stereo_samples(frames: Iterable[av.AudioFrame]) -> Iterator[Stereo]:
    """Yield FFmpeg's frames, all of one kind, as stereo samples at `RATE`."""
    resampler = None
    for frame in chain(frames, [None]):
        if resampler is None:
            if frame is None:
                return
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
        for converted in resampler.resample(frame):
            samples = converted.to_ndarray()
            yield np.broadcast_to(samples, (2, samples.shape[1]))  # FFmpeg's own conversion to stereo makes mono softer


# -- from sounds to packets --------------------------------------------------------------------------------------------


class Mix:
    """Sums sounds over the film's samples ``start`` to ``stop``, each sound from the sample at which it begins.

    With a ``tone_period``, a room tone is heard throughout, which repeats after so many samples.
    """

    def __init__(self, sounds: Sequence[PlacedSound], stop: int, start: int = 0, tone_period: int = 0) -> None:
        self.start, self.stop = start, stop
        self._tone = room_tone(tone_period) if tone_period else np.zeros(1, np.float32)
        # a stable sort: sounds that begin together keep their order
        order = sorted(sounds, key=lambda sound: sound.start)
        self._waiting = deque(_Heard(sound) for sound in order)

    def blocks(self) -> Iterator[Stereo]:
        """Yield the samples in blocks (2, N).

        Raises SoundError, with the sound's name, for an unreadable sound.
        """
        heard: list[_Heard] = []
        for first in range(self.start, self.stop, BLOCK):
            places = np.arange(first, min(first + BLOCK, self.stop)) % len(self._tone)
            block = np.tile(self._tone[places], (2, 1))
            while self._waiting and self._waiting[0].position < first + block.shape[1]:
                heard.append(self._waiting.popleft())
            heard = [sound for sound in heard if sound.add_to(block, first)]
            yield block


@cache
def room_tone(period: int) -> NDArray[np.float32]:
    """Return ``period`` samples of pink noise, always the same, whose end fits its beginning."""
    hertz = np.fft.rfftfreq(period, 1 / RATE)
    low, high = ROOM_TONE_BAND
    amplitudes = np.where((low <= hertz) & (hertz <= high), 1 / np.sqrt(np.maximum(hertz, low)), 0)
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, len(hertz))
    noise = np.fft.irfft(amplitudes * np.exp(1j * phases), period)
    return np.asarray(ROOM_TONE * noise / np.sqrt(np.mean(noise**2)), np.float32)


class _Heard:
    """A sound that is being added to the mix, and how far it has been read."""

    def __init__(self, sound: PlacedSound) -> None:
        self.position = sound.begins  # sample of the film at which the unread rest begins
        self._factor = np.float32(10 ** (sound.gain / 20))
        self._parts = sound.parts()
        self._part: Stereo = np.zeros((2, 0), np.float32)  # the unused rest of the last part

    def add_to(self, block: Stereo, first: int) -> bool:
        """Add the sound to ``block``, whose first sample is number ``first`` of the film.

        Returns whether more of the sound may follow. What lies before the block is skipped.
        """
        while self.position < first + block.shape[1]:
            if not self._has_part():
                return False
            end = first if self.position < first else first + block.shape[1]
            taken = self._part[:, : end - self.position]
            if self.position >= first:
                place = self.position - first
                block[:, place : place + taken.shape[1]] += self._factor * taken
            self._part = self._part[:, taken.shape[1] :]
            self.position += taken.shape[1]
        return True

    def _has_part(self) -> bool:
        """Read until the rest has samples; return False at the sound's end."""
        while not self._part.shape[1]:
            part = next(self._parts, None)
            if part is None:
                return False
            self._part = part
        return True


def limited(blocks: Iterable[Stereo], codec: AudioCodec) -> Iterator[av.AudioFrame]:
    """Yield the mix as frames for the encoder, with no sample beyond `CEILING`. The number of samples is unchanged."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo")
    graph.link_nodes(
        source,
        graph.add("alimiter", LIMITER),
        graph.add("aformat", f"sample_fmts={codec.sample_format}:channel_layouts=stereo"),
        graph.add("asetnsamples", f"n={codec.frame}:p=0"),
        graph.add("abuffersink"),
    ).configure()
    yield from through(graph, (_as_ffmpeg_frame(block, RATE) for block in blocks))


def encoded(mix: Mix, codec: AudioCodec) -> Iterator[Packet[AudioStream]]:
    """Yield the mix as packets, timed as samples of the film.

    Without a run-in, the first packet begins by the codec's delay before the mix. The container tells players to skip
    that part.
    """
    encoder, position = codec.encoder(), mix.start
    for frame in chain(limited(mix.blocks(), codec), [None]):
        if frame is not None:
            frame.pts, frame.time_base = position, Fraction(1, RATE)
            position += frame.samples
        for packet in encoder.encode(frame):
            packet.time_base = Fraction(1, RATE)
            yield cast("Packet[AudioStream]", packet)
