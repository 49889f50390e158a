"""Encodes a sound track in pieces and keeps each piece's packets, so that an unchanged piece is never encoded again.

A piece begins where a scene or a spoken line begins. Its packets are decided by what is heard in it, shortly before
(the run-in) and shortly after (the run-out): other sounds of the film do not count. Each piece has an encoder of its
own. It encodes the run-in first, whose packets are dropped: so a decoder that comes from the piece before hears no
join. The same piece has the same bytes, whatever was encoded before it, by however many threads.

Packets lie on a grid: an AAC packet has 1024 samples. A piece that moves by whole packets stays the same; see
`packet_grid`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import xxhash
from gradreel.core.files import read_bounded
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.file_digest import cached_file_states, digest_of_files, short_hash
from gradreel.render.clips.toolchain import drawing_versions
from gradreel.render.clips.workspace import Workspace, publish
from gradreel.render.videos.sound_track import AudioCodec, Excerpt, Mix, PlacedSound, encoded
from gradreel.render.voice.sound import RATE
from gradreel.render.workers.progress import Reporter

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet

RUN_IN, RUN_OUT = 16, 2  # packets; the encoder looks one packet ahead
DECIDED_BY = ("render/videos/sound_track.py", "render/videos/sound_pieces.py", "render/voice/sound.py")
MOST_BYTES = 8192  # in a packet


@dataclass(frozen=True)
class Piece:
    """Packets ``first`` to ``end`` of a sound track. Packet 0 begins before time 0, by the codec's delay."""

    codec: AudioCodec
    sounds: tuple[PlacedSound, ...]
    first: int
    end: int
    length: int  # samples of the whole track
    tone_period: int = 0  # samples; 0: there is no room tone

    @property
    def start(self) -> int:
        """Return the first sample that is encoded, with the run-in."""
        return max(self.first - 1 - RUN_IN, 0) * self.codec.frame

    @property
    def stop(self) -> int:
        """Return the end of the samples that are encoded, with the run-out."""
        return min((self.end + RUN_OUT) * self.codec.frame, self.length)

    @property
    def seconds(self) -> float:
        """Return the length without run-in and run-out."""
        return (self.end - self.first) * self.codec.frame / RATE

    @cached_property
    def name(self) -> str:
        """Return the digest of everything that decides the packets. Two equal pieces of a film share it."""
        start, frame = self.start, self.codec.frame
        content = {
            "made by": _made_by(),
            "codec": asdict(self.codec),
            "packets": [self.first - start // frame, self.end - self.first],
            "samples": self.stop - start,
            "room tone": [self.tone_period, start % self.tone_period] if self.tone_period else [],
            "sounds": [[sound.begins - start, *sound.content] for sound in self._sounds_inside()],
        }
        return short_hash(json.dumps(content).encode())

    def packets(self) -> Iterator[Packet[AudioStream]]:
        """Encode the piece; yield its packets, timed in the film. Raises SoundError."""
        mix = Mix(self._sounds_inside(), self.stop, self.start, self.tone_period)
        for packet in encoded(mix, self.codec):
            assert packet.pts is not None
            if self.first <= (packet.pts + self.codec.delay) // self.codec.frame < self.end:
                yield packet

    def _sounds_inside(self) -> list[PlacedSound]:
        """Return the sounds that are heard between start and stop, in order of their beginnings."""
        heard = [sound for sound in self.sounds if sound.begins < self.stop and self.start < sound.ends]
        return sorted(heard, key=lambda sound: sound.start)


@cache
def _made_by() -> list[str]:
    """Return what decides the packets besides the sounds: our code, and the libraries' versions."""
    versions = drawing_versions()
    code = digest_of_files(PACKAGE_FOLDER / file for file in DECIDED_BY)
    return [code, versions["numpy"], versions["av"], *map(str, av.library_versions.values())]


def pieces_of(
    sounds: Sequence[PlacedSound], length: int, cuts: Iterable[Fraction], codec: AudioCodec, tone_period: int = 0
) -> list[Piece]:
    """Return the pieces of a track of ``length`` samples, in order.

    They begin at the ``cuts``, in seconds, each at the next whole packet. There is no cut inside a sound file that a
    scene adds, since it would be decoded from its beginning for each piece. A codec that cannot be joined has one
    piece.
    """
    end = -(-(length + codec.delay) // codec.frame)
    files = [sound for sound in sounds if isinstance(sound.sound, Path | Excerpt)]
    places = [round(cut * RATE) for cut in cuts] if codec.is_joinable else []
    free = [place for place in places if not any(file.begins < place < file.ends for file in files)]
    firsts = sorted({0, *(-(-(place + codec.delay) // codec.frame) for place in free if 0 < place < length)} - {end})
    return [
        Piece(codec, tuple(sounds), first, stop, length, tone_period)
        for first, stop in zip(firsts, [*firsts[1:], end], strict=True)
    ]


class PieceStore:
    """Encodes pieces, or takes their packets from a media folder that has them. Without a folder it keeps none."""

    def __init__(
        self, workspace: Workspace | None = None, jobs: int = 1, reporter: Reporter | None = None, task: str = "sound"
    ) -> None:
        self.used: set[str] = set()  # names of the files of all pieces that were asked for
        self._workspace, self._jobs = workspace, jobs
        self._reporter, self._task = reporter or Reporter(), task

    def encode_missing(self, pieces: Iterable[Piece]) -> None:
        """Encode the pieces that the media folder lacks, by several threads, and keep them. Raises SoundError."""
        if self._workspace is None:
            return
        with cached_file_states():
            by_name = {piece.name: piece for piece in pieces if piece.codec.is_joinable}
        missing = [piece for piece in by_name.values() if self._kept_packets(piece) is None]
        if not missing:
            return
        done, total = 0.0, sum(piece.seconds for piece in missing)
        self._reporter.begin(self._task, math.ceil(total), "s")
        with ThreadPoolExecutor(self._jobs) as pool:
            try:
                futures = {pool.submit(self._encode_and_keep, piece): piece.seconds for piece in missing}
                for future in as_completed(futures):
                    future.result()
                    done += futures[future]
                    self._reporter.advance(self._task, round(done))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._reporter.end(self._task)

    def packets(self, piece: Piece) -> Iterator[Packet[AudioStream]]:
        """Yield the packets of a piece, timed in the film; encode those that are not kept. Raises SoundError."""
        if self._workspace is None or not piece.codec.is_joinable:
            yield from piece.packets()
            return
        self.used.add(piece.name)
        contents = self._kept_packets(piece)
        if contents is None:
            contents = self._encode_and_keep(piece)
        for number, content in enumerate(contents, start=piece.first):
            packet = cast("Packet[AudioStream]", av.Packet(content))
            packet.pts = packet.dts = number * piece.codec.frame - piece.codec.delay
            packet.duration = min(piece.codec.frame, piece.length - packet.pts)
            packet.time_base, packet.is_keyframe = Fraction(1, RATE), True
            yield packet

    def _encode_and_keep(self, piece: Piece) -> list[bytes]:
        """Encode a piece, keep its packets, and return them."""
        assert self._workspace is not None
        contents = [bytes(packet) for packet in piece.packets()]
        sizes = struct.pack(f"<{len(contents)}I", *map(len, contents))
        content = sizes + b"".join(contents)
        temporary = self._workspace.temporary(piece.name)
        temporary.write_bytes(xxhash.xxh3_128_digest(content) + content)
        publish(temporary, self._workspace.sound / piece.name)
        return contents

    def _kept_packets(self, piece: Piece) -> list[bytes] | None:
        """Return the packets that the media folder has; None if the file is missing or not as it was written."""
        assert self._workspace is not None
        count = piece.end - piece.first
        with suppress(OSError, ValueError, struct.error):
            kept = read_bounded(self._workspace.sound / piece.name, 16 + count * MOST_BYTES)
            if kept[:16] != xxhash.xxh3_128_digest(kept[16:]):
                return None
            sizes = struct.unpack_from(f"<{count}I", kept, 16)
            place, contents = 16 + 4 * count, []
            for size in sizes:
                contents.append(kept[place : place + size])
                place += size
            if place == len(kept):
                return contents
        return None
