"""Sound files, whatever program or microphone they are from, as mono samples of one rate; silence at their ends goes.

All that is spoken is float32, (N,), `RATE` samples a second, 1 the loudest that a file can hold.
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
EDGE = 0.05  # seconds of silence that are left at either end
PAUSE = 0.15  # seconds of silence inside a line that are no stop of a consonant
FADE = 0.005  # seconds in which sound comes out of silence: no click where the file was cut
SILENT = 10 ** (-45 / 20)  # of the loudest window
NOTHING = 10 ** (-60 / 20)  # a file that is nowhere louder than this is silent
FULL_SCALE = 0.99  # 8 bits go up to 127/128
WINDOW = RATE // 100
LONGEST = 600  # seconds of one line
MISSED = 0.1  # seconds that may be missing of what a file says it has
ESTIMATED = {"mp3", "aac"}  # of these files FFmpeg guesses how long they are
MOST_BYTES = 8 << 30  # of a sound under a film
RATES = range(4_000, 400_000)
UNKNOWN = 0x7FFF0000  # bytes, or more, are said of a WAV file by who can't go back to its beginning

# FFmpeg's names. By content, whatever a file is called: a play list, which would have others opened, is none of them
FORMATS = "wav,w64,flac,mp3,aac,mov,ogg,aiff,caf,matroska,au,asf,ac3,amr,ape"

Samples: TypeAlias = NDArray[np.float32]
Filter: TypeAlias = tuple[str, str]  # one of FFmpeg's, and its options


class SoundError(UserError):
    """A sound file that is missing, empty, broken, truncated or silent."""


def read_sound(file: Path) -> Samples:
    """The whole of a sound file, its channels averaged. Raises SoundError."""
    with opened_sound(file) as container:
        rate = container.streams.audio[0].rate
        samples = np.concatenate([part.mean(axis=0, dtype=np.float32) for part in _decoded(container, file)])
    if rate != RATE:
        samples = np.concatenate(list(filtered([samples], rate, ("aresample", f"{RATE}:filter_size=128"))))
    if not np.isfinite(samples).all():
        raise SoundError(f"{file} has samples that are no numbers; write it anew")
    return samples


def clipped(file: Path) -> int:
    """How often a recording is cut off where its file ends to be louder. Raises SoundError.

    In one of its channels that is four samples or more in a row which are equal, and within a hundredth of the loudest:
    so one that was only brought to full scale is not.
    """
    with opened_sound(file) as container:
        samples = np.concatenate(list(_decoded(container, file)), axis=1)
    flat = (np.abs(samples[:, 1:]) >= FULL_SCALE) & (samples[:, 1:] == samples[:, :-1])
    held = flat[:, 2:] & flat[:, 1:-1] & flat[:, :-2]
    begun = held & ~np.pad(held, ((0, 0), (1, 0)))[:, :-1]
    return int(begun.sum(axis=1).max(initial=0))


def check_sound(file: Path) -> None:
    """Raises SoundError unless a file has sound, as far as its beginning and its length tell."""
    if file.is_file() and file.stat().st_size > MOST_BYTES:
        raise SoundError(f"{file} is larger than {MOST_BYTES >> 30} GiB; cut it, or write it as FLAC")
    with opened_sound(file) as container:
        if next(container.decode(audio=0), None) is None:
            raise SoundError(f"{file} has not one sample in it")


@contextmanager
def opened_sound(file: Path) -> Iterator[InputContainer]:
    """A file that has sound, to be decoded. Raises SoundError, also for what reading it raises meanwhile."""
    try:
        with open_regular(file) as stream:
            _check_length(stream, file)
            with av.open(stream, "r", options={"format_whitelist": FORMATS}) as container:
                if not container.streams.audio:
                    raise SoundError(f"{file} has no sound in it")
                rate = container.streams.audio[0].rate or 0
                if rate not in RATES:
                    raise SoundError(f"{file} has {rate} samples a second; {RATES[0]} to {RATES[-1]} were wanted")
                yield container
    except FileNotFoundError:
        raise SoundError(f"{file}: there is no such file") from None
    except av.FFmpegError as error:
        kinds = FORMATS.replace(",", ", ")
        raise SoundError(
            f"{file} cannot be read as sound ({error.strerror}); {kinds} are, and it may be damaged"
        ) from None
    except ValueError as error:  # no name of a file; sound that changes its kind on the way
        raise SoundError(f"{str(file)!r} cannot be read as sound ({error})") from None
    except OSError as error:
        what = "no regular file" if error.errno == errno.EINVAL else error.strerror
        raise SoundError(f"{file} could not be read: {what}") from None


def _check_length(stream: BinaryIO, file: Path) -> None:
    """Raises SoundError for an empty file, and a WAV file that is shorter than it says: FFmpeg reads what there is."""
    head, size = stream.read(8), stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if not head:
        raise SoundError(f"{file} is empty; a sound file was wanted")
    said = 8 + int.from_bytes(head[4:], "little")
    if head.startswith(b"RIFF") and size < said < UNKNOWN:
        raise SoundError(f"{file} has {size} of its {said} bytes: it is truncated; copy it anew")


def _decoded(container: InputContainer, file: Path) -> Iterator[Samples]:
    """Samples (channels, N), in parts. Raises SoundError for a file that is too long, or shorter than it says."""
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
            raise SoundError(f"{file} is longer than {LONGEST} seconds; a line of the narration was wanted")
    check_end(container, count / rate, file)


def check_end(container: InputContainer, seconds: float, file: Path) -> None:
    """Raises SoundError where a file ended after ``seconds``, before it says that it does, or had nothing in it."""
    stream = container.streams.audio[0]
    said = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    if not seconds or (seconds < said - MISSED and container.format.name not in ESTIMATED):
        raise SoundError(f"{file} ends after {seconds:.2f} of its {said:.2f} seconds: it is truncated; copy it anew")


def audible_part(samples: Samples, file: Path) -> slice:
    """The samples that are left without the silence at both ends, but for `EDGE` of it. SoundError if none are.

    Silent is a window of a hundredth of a second whose root mean square is 45 dB below that of the loudest one.
    """
    (loud,) = np.nonzero(_loud_windows(samples, file))
    first = max(loud[0] * WINDOW - round(EDGE * RATE), 0)
    return slice(int(first), int(min((loud[-1] + 1) * WINDOW + round(EDGE * RATE), len(samples))))


def pauses(samples: Samples, file: Path) -> list[slice]:
    """The silences of at least `PAUSE` seconds between what is heard, in order. SoundError if nothing is."""
    (loud,) = np.nonzero(_loud_windows(samples, file))
    silences = zip(loud + 1, loud[1:], strict=False)  # of windows: after one that is loud, up to the next
    return [slice(int(a) * WINDOW, int(b) * WINDOW) for a, b in silences if (b - a) * WINDOW >= PAUSE * RATE]


def _loud_windows(samples: Samples, file: Path) -> NDArray[np.bool_]:
    count = -(-len(samples) // WINDOW)
    windows = np.pad(samples, (0, count * WINDOW - len(samples))).reshape(count, WINDOW)
    levels = np.sqrt(np.mean(np.square(windows, dtype=np.float64), axis=1))
    if levels.max(initial=0) < NOTHING:
        raise SoundError(f"{file} is silent: nothing in it is louder than {20 * np.log10(NOTHING):.0f} dB")
    return np.asarray(levels > SILENT * levels.max())


def cut(samples: Samples, part: slice) -> Samples:
    """A part of them that begins and ends without a click: faded in and out."""
    kept = samples[part].copy()
    ramp = np.linspace(0, 1, min(round(FADE * RATE), len(kept)), dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return kept


def write_flac(file: Path, samples: Samples) -> None:
    """Write samples, 16 bits each; those beyond 1 are clipped."""
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
    """What FFmpeg's ``filters`` make of mono samples that follow each other, in parts."""
    for frame in filtered_frames(parts, rate, *filters):
        yield frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)


def filtered_frames(parts: Iterable[Samples], rate: int, *filters: Filter) -> Iterator[av.AudioFrame]:
    """As `filtered`: FFmpeg's frames, whose metadata has what a filter measured."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono")
    nodes = (source, *(graph.add(name, options) for name, options in filters), graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    yield from through(graph, (_mono_frame(part, rate) for part in parts))


def through(graph: Graph, frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """What comes out of a configured ``graph`` for ``frames`` put into it one by one, with what it held back."""
    for frame in chain(frames, [None]):
        graph.push(frame)
        while True:
            try:
                made = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                break
            assert isinstance(made, av.AudioFrame)
            yield made


def _mono_frame(samples: Samples, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32)[None], format="flt", layout="mono")
    frame.sample_rate = rate
    return frame
