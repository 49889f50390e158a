"""The sound of a video: all that is heard, summed at its place from 0 to the film's end, limited; one stream.

It goes through in blocks: of a film of any length a second is in memory, and of sound files only those being heard are
open. The same sounds give the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np
from av.filter import Graph
from gradreel.render.voice.sound import RATE, SoundError, check_end, opened_sound, through
from gradreel.render.voice.spoken_lines import SpokenStretch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet

Stereo: TypeAlias = NDArray[np.float32]  # (2, N), left and right, RATE samples a second

BLOCK = RATE  # samples mixed at a time
AHEAD = 500  # packets of a stream that are made at a time
CEILING = 10 ** (-2 / 20)
"""No sample of the mix is beyond it, 2 dB below full scale.

What players decode then stays 1 dB below it between samples, too: in a codec, the peaks of speech rose by up to 0.6 dB.

Where the sum would be, both channels get softer from 5 ms before on, and come back within a twentieth of a second;
nothing else is changed.
"""
LIMITER = f"limit={CEILING:.6f}:attack=5:release=50:level=false:latency=true"
CUT = RATE // 100  # samples beyond the film's end that are worth a word


@dataclass(frozen=True)
class AudioCodec:
    """How sound is encoded in a container."""

    name: str
    sample_format: str
    frame: int  # samples in a packet
    bit_rate: int


# By FFmpeg's own choice of a coder: its "fast" one takes two thirds of the time, and loud tones tremble by it
AAC = AudioCodec("aac", "fltp", 1024, 128_000)
CODECS = {"mp4": AAC, "mov": AAC, "webm": AudioCodec("libopus", "flt", 960, 128_000)}


@dataclass(frozen=True)
class Track:
    """A sound stream of a video, as players list it. ``language``: one of our codes; "": of none."""

    language: str = ""
    title: str = ""
    default: bool = True


@dataclass(frozen=True, eq=False)
class PlacedSound:
    """What is heard in a film, and from when on: a file, what is spoken, or samples (N,) or (2, N) with their rate."""

    sound: Path | SpokenStretch | NDArray[np.float32]
    start: Fraction  # seconds of the film
    gain: float = 0.0  # dB
    rate: int = RATE  # of samples; files have their own
    whose: str = ""  # the scene's, for what is said of it

    def __post_init__(self) -> None:
        if self.start < 0:
            raise ValueError(f"a sound begins {-self.start} s before the film")

    @property
    def name(self) -> str:
        """What it is called in what is said of it."""
        file = self.sound.file if isinstance(self.sound, SpokenStretch) else self.sound
        name = str(file) if isinstance(file, Path) else "a sound"
        return f"{self.whose}: {name}" if self.whose else name

    def parts(self) -> Iterator[Stereo]:
        """It, in parts: mono is heard on both sides, more than two channels are mixed to two. Raises SoundError."""
        if not isinstance(self.sound, Path):
            samples = self.sound.samples if isinstance(self.sound, SpokenStretch) else self.sound
            yield from _stereo([_frame(np.atleast_2d(samples), self.rate)])
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

                for part in _stereo(counted()):
                    if not np.isfinite(part).all():
                        raise SoundError(f"{self.sound} has samples that are no numbers; write it anew")
                    yield part
                check_end(container, count / (stream.rate or RATE), self.sound)
        except SoundError as error:
            raise SoundError(f"{self.whose}: {error}" if self.whose else str(error)) from None


def _frame(samples: Stereo, rate: int) -> av.AudioFrame:
    layout = "mono" if len(samples) == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout)
    frame.sample_rate = rate
    return frame


def _stereo(frames: Iterable[av.AudioFrame]) -> Iterator[Stereo]:
    """FFmpeg's frames, all of one kind, as stereo."""
    resampler = None
    for frame in chain(frames, [None]):
        if resampler is None:
            if frame is None:
                return
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
        for made in resampler.resample(frame):
            samples = made.to_ndarray()
            yield np.broadcast_to(samples, (2, samples.shape[1]))  # FFmpeg's own way to stereo makes mono softer


# -- from sounds to packets --------------------------------------------------------------------------------------------


class Mix:
    """Sounds summed, each from the sample on that its time is, as far as the film goes."""

    def __init__(self, sounds: Sequence[PlacedSound], samples: int) -> None:
        self.samples = samples  # of the film
        self.cut: list[PlacedSound] = []  # those that were longer, once all is mixed
        order = sorted(sounds, key=lambda sound: sound.start)  # of those that begin at once, that of `sounds`
        self._waiting = deque(_Heard(sound) for sound in order)

    def blocks(self) -> Iterator[Stereo]:
        """The film's samples. Raises SoundError, naming the sound, for one that cannot be read."""
        heard: list[_Heard] = []
        for first in range(0, self.samples, BLOCK):
            block = np.zeros((2, min(BLOCK, self.samples - first)), np.float32)
            while self._waiting and self._waiting[0].begins < first + block.shape[1]:
                heard.append(self._waiting.popleft())
            heard = [sound for sound in heard if sound.add_to(block, first)]
            yield block
        self.cut = [sound.sound for sound in (*heard, *self._waiting) if sound.has_more_than(CUT)]


class _Heard:
    """A sound on its way into the mix."""

    def __init__(self, sound: PlacedSound) -> None:
        self.sound, self.begins = sound, round(sound.start * RATE)
        self._factor = np.float32(10 ** (sound.gain / 20))
        self._parts = sound.parts()
        self._part: Stereo = np.zeros((2, 0), np.float32)  # what is left of that which was read last

    def add_to(self, block: Stereo, first: int) -> bool:
        """Add it to the film's samples from ``first`` on; whether there may be more of it."""
        place = max(self.begins - first, 0)
        while place < block.shape[1]:
            if not self._has_part():
                return False
            taken = self._part[:, : block.shape[1] - place]
            block[:, place : place + taken.shape[1]] += self._factor * taken
            self._part = self._part[:, taken.shape[1] :]
            place += taken.shape[1]
        return True

    def has_more_than(self, samples: int) -> bool:
        while samples > 0 and self._has_part():
            samples -= self._part.shape[1]
            self._part = self._part[:, :0]
        return samples < 0

    def _has_part(self) -> bool:
        while not self._part.shape[1]:
            part = next(self._parts, None)
            if part is None:
                return False
            self._part = part
        return True


def limited(blocks: Iterable[Stereo], codec: AudioCodec) -> Iterator[av.AudioFrame]:
    """The mix, nowhere beyond `CEILING`, in frames for the encoder; as many samples as there were."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo")
    graph.link_nodes(
        source,
        graph.add("alimiter", LIMITER),
        graph.add("aformat", f"sample_fmts={codec.sample_format}:channel_layouts=stereo"),
        graph.add("asetnsamples", f"n={codec.frame}:p=0"),
        graph.add("abuffersink"),
    ).configure()
    place = 0
    for frame in through(graph, (_frame(block, RATE) for block in blocks)):
        frame.pts, frame.time_base = place, Fraction(1, RATE)
        place += frame.samples
        yield frame


def encoded(mix: Mix, stream: AudioStream, codec: AudioCodec) -> Iterator[Packet[AudioStream]]:
    """The mix as packets of ``stream``, made by a thread, some seconds before they are asked for.

    They begin before 0, by what the codec needs to get going; players leave that out, as the container says.
    """
    frames = chain(limited(mix.blocks(), codec), [None])

    def some() -> list[Packet[AudioStream]] | None:
        few = list(islice(frames, AHEAD))
        return [packet for frame in few for packet in stream.encode(frame)] if few else None

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(some)
        while (packets := coming.result()) is not None:
            coming = pool.submit(some)
            yield from packets
