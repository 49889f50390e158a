"""Reads and writes sound files, and finds the silence in them.

Samples are float32 in [-1, 1], mono, (N,), at `RATE` per second, whatever the file's own rate and channels.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from gradreel.core.errors import UserError
from gradreel.core.files import open_regular
from numpy.typing import NDArray

RATE = 48_000
EDGE = 0.05  # seconds of silence to keep at each end
PAUSE = 0.15  # seconds; shorter silence inside a line may be the stop of a consonant
FADE = 0.005  # seconds of fading in and out, so that a cut does not click
SILENT = 10 ** (-45 / 20)  # a window is silent below this share of the loudest window's level
NOTHING = 10 ** (-60 / 20)  # a file is silent if no window is louder than this
FULL_SCALE = 0.99  # the level of clipping; 8-bit samples reach 127/128
WINDOW = RATE // 100
LONGEST = 600  # seconds, the limit for one line
MISSED = 0.1  # seconds that a file may be shorter than its header says
ESTIMATED = {"mp3", "aac"}  # FFmpeg only estimates the length of these files
MOST_BYTES = 8 << 30  # size limit of a sound in a video
RATES = range(4_000, 400_000)
UNKNOWN = 0x7FFF0000  # recorders that stream a WAV file write at least this length into its header

# FFmpeg's names. FFmpeg looks at the content, not the suffix. Playlists are excluded: they make it open other files
FORMATS = "wav,w64,flac,mp3,aac,mov,ogg,aiff,caf,matroska,au,asf,ac3,amr,ape"

Samples: TypeAlias = NDArray[np.float32]
Filter: TypeAlias = tuple[str, str]  # the name of an FFmpeg filter, and its options


class SoundError(UserError):
    """A sound file is missing, empty, broken, truncated or silent."""


def read_sound(file: Path) -> Samples:
    """Return the samples of a whole sound file, (N,) at `RATE`, its channels averaged. Raises SoundError."""
    with opened_sound(file) as container:
        rate = container.streams.audio[0].rate
        samples = np.concatenate([part.mean(axis=0, dtype=np.float32) for part in _decoded_blocks(container, file)])
    if rate != RATE:
        samples = np.concatenate(list(filtered([samples], rate, ("aresample", f"{RATE}:filter_size=128"))))
    if not np.isfinite(samples).all():
        raise SoundError(f"{file} has samples that are infinite or not a number; export it again, as 16-bit WAV")
    return samples


def clipped(file: Path) -> int:
    """Return how often a recording is clipped, in its worst channel. Raises SoundError.

    A clip is four or more equal samples in a row at `FULL_SCALE` or above. Single peaks at full scale do not count: a
    normalized recording has them too.
    """
    with opened_sound(file) as container:
        samples = np.concatenate(list(_decoded_blocks(container, file)), axis=1)
    flat = (np.abs(samples[:, 1:]) >= FULL_SCALE) & (samples[:, 1:] == samples[:, :-1])
    held = flat[:, 2:] & flat[:, 1:-1] & flat[:, :-2]
    clips = held & ~np.pad(held, ((0, 0), (1, 0)))[:, :-1]
    return int(clips.sum(axis=1).max(initial=0))


def check_sound(file: Path) -> None:
    """Raise SoundError unless a file is a sound file whose beginning can be decoded. Does not decode the rest."""
    if file.is_file() and file.stat().st_size > MOST_BYTES:
        raise SoundError(f"{file} is larger than {MOST_BYTES >> 30} GiB; cut it, or convert it to FLAC")
    with opened_sound(file) as container:
        if next(container.decode(audio=0), None) is None:
            raise SoundError(f"{file} has no samples; export it again, or name another sound file")


@contextmanager
def opened_sound(file: Path) -> Iterator[InputContainer]:
    """Open a sound file for decoding. Raises SoundError on opening, and for errors while the caller decodes."""
    try:
        with open_regular(file) as stream:
            _check_length(stream, file)
            with av.open(stream, "r", options={"format_whitelist": FORMATS}) as container:
                if not container.streams.audio:
                    raise SoundError(f"{file} has no sound in it; name a file with an audio track")
                rate = container.streams.audio[0].rate or 0
                if rate not in RATES:
                    raise SoundError(
                        f"{file} has {rate} samples a second; export it again with {RATES[0]} to {RATES[-1]}, such as"
                        " 48000"
                    )
                yield container
    except FileNotFoundError:
        raise SoundError(f"{file}: there is no such file; check its name") from None
    except av.FFmpegError as error:
        kinds = FORMATS.replace(",", ", ")
        raise SoundError(
            f"{file} cannot be read as sound ({error.strerror}): it is damaged, or in none of the formats {kinds};"
            " export it again, as WAV"
        ) from None
    except ValueError as error:  # the path is no valid name, or the sound's format changes inside the file
        raise SoundError(f"{str(file)!r} cannot be read as sound ({error}); export it again, as WAV") from None
    except OSError as error:
        reason = "it is no regular file" if error.errno == errno.EINVAL else error.strerror
        raise SoundError(f"{file} could not be read: {reason}; name a sound file that you may read") from None


def _check_length(stream: BinaryIO, file: Path) -> None:
    """Raise SoundError for an empty file, and for a WAV file shorter than its header says.

    FFmpeg would read such a truncated file without an error.
    """
    head, size = stream.read(8), stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if not head:
        raise SoundError(f"{file} is empty; record or export it again")
    expected_size = 8 + int.from_bytes(head[4:], "little")
    if head.startswith(b"RIFF") and size < expected_size < UNKNOWN:
        raise SoundError(f"{file} has {size} of its {expected_size} bytes: it is truncated; copy or export it again")


def _decoded_blocks(container: InputContainer, file: Path) -> Iterator[Samples]:
    """Yield samples, (channels, N), in blocks. Raises SoundError for a file that is too long, or truncated."""
    stream = container.streams.audio[0]
    rate = stream.rate
    as_float = av.AudioResampler(format="fltp")
    count = 0
    for frame in (*container.decode(stream), None):
        for converted in as_float.resample(frame):
            part = np.asarray(converted.to_ndarray(), np.float32)
            count += part.shape[1]
            yield part
        if count > LONGEST * rate:
            raise SoundError(f"{file} is longer than {LONGEST} seconds; cut it to the one line that it is for")
    check_end(container, count / rate, file)


def check_end(container: InputContainer, seconds: float, file: Path) -> None:
    """Raise SoundError if a file's sound ended after ``seconds``, earlier than its header says, or is empty."""
    stream = container.streams.audio[0]
    expected = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    if not seconds or (seconds < expected - MISSED and container.format.name not in ESTIMATED):
        raise SoundError(
            f"{file} ends after {seconds:.2f} of its {expected:.2f} seconds: it is truncated; copy or export it again"
        )


def audible_part(samples: Samples, file: Path) -> slice:
    """Return the slice of ``samples`` without the silence at both ends, with `EDGE` seconds of it kept.

    A window of a hundredth of a second is silent if its root mean square is 45 dB below that of the loudest window.
    Raises SoundError, which names ``file``, if all are silent.
    """
    (loud,) = np.nonzero(_loud_windows(samples, file))
    first = max(loud[0] * WINDOW - round(EDGE * RATE), 0)
    return slice(int(first), int(min((loud[-1] + 1) * WINDOW + round(EDGE * RATE), len(samples))))


def pauses(samples: Samples, file: Path) -> list[slice]:
    """Return the pauses of at least `PAUSE` seconds as slices of ``samples``, in order, without the silent ends.

    Raises SoundError, which names ``file``, if all is silent.
    """
    (loud,) = np.nonzero(_loud_windows(samples, file))
    silences = zip(loud + 1, loud[1:], strict=False)  # in windows: from after a loud one up to the next loud one
    return [slice(int(a) * WINDOW, int(b) * WINDOW) for a, b in silences if (b - a) * WINDOW >= PAUSE * RATE]


def _loud_windows(samples: Samples, file: Path) -> NDArray[np.bool_]:
    """Return for each window of `WINDOW` samples whether it is loud, (ceil(N / WINDOW),)."""
    count = -(-len(samples) // WINDOW)
    windows = np.pad(samples, (0, count * WINDOW - len(samples))).reshape(count, WINDOW)
    levels = np.sqrt(np.mean(np.square(windows, dtype=np.float64), axis=1))
    if levels.max(initial=0) < NOTHING:
        raise SoundError(
            f"{file} is silent: nothing in it is louder than {20 * np.log10(NOTHING):.0f} dB; check the microphone and"
            " record it again"
        )
    return np.asarray(levels > SILENT * levels.max())


def cut(samples: Samples, part: slice) -> Samples:
    """Return a copy of ``samples[part]``, faded in and out over `FADE` seconds so that it does not click."""
    kept = samples[part].copy()
    ramp = np.linspace(0, 1, min(round(FADE * RATE), len(kept)), dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return kept


def write_flac(file: Path, samples: Samples) -> None:
    """Write mono samples, (N,) at `RATE`, as a 16-bit FLAC file. Values outside [-1, 1] are clipped."""
    levels = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono", format="s16")
        frame = av.AudioFrame.from_ndarray(levels[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        fifo = av.AudioFifo()
        fifo.write(frame)
        for part in fifo.read_many(4096, partial=True):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


def filtered(parts: Iterable[Samples], rate: int, *filters: Filter) -> Iterator[Samples]:
    """Send blocks of mono samples, (N,) at ``rate``, through FFmpeg's ``filters``; yield the output in blocks."""
    for frame in filtered_frames(parts, rate, *filters):
        yield frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)


def filtered_frames(parts: Iterable[Samples], rate: int, *filters: Filter) -> Iterator[av.AudioFrame]:
    """Yield the output of `filtered` as FFmpeg's frames; their metadata has the values that a filter measured."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono")
    nodes = (source, *(graph.add(name, options) for name, options in filters), graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    yield from through(graph, (_mono_frame(part, rate) for part in parts))


def through(graph: Graph, frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """Send ``frames`` through a configured ``graph``; yield its output, also the frames that it buffers at the end."""
    for frame in chain(frames, [None]):
        graph.push(frame)
        while True:
            try:
                output = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                break
            assert isinstance(output, av.AudioFrame)
            yield output


def _mono_frame(samples: Samples, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32)[None], format="flt", layout="mono")
    frame.sample_rate = rate
    return frame
