"""Sound encoded in pieces: joins nobody hears, the same bytes whatever came before, nothing encoded twice."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import accumulate

import av
import numpy as np
import pytest
from gradreel.render.clips.workspace import Workspace
from gradreel.render.packet_grid import clip_grid, tone_period
from gradreel.render.videos.sound_pieces import Piece, PieceStore, pieces_of
from gradreel.render.videos.sound_track import AAC, CODECS, OPUS, PlacedSound
from gradreel.render.voice.sound import RATE
from hypothesis import given, settings
from hypothesis import strategies as st

CLICK = (0.7 * np.exp(-np.arange(600) / 60) * np.cos(np.arange(600) / 4)).astype(np.float32)


def speech_like(seconds: float, seed: int) -> np.ndarray:
    """Return noise of low tones that swells and fades four times a second, with a click at random places."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=round(seconds * RATE))
    swell = np.maximum(np.sin(2 * np.pi * 4 * np.arange(len(noise)) / RATE), 0)
    sound = (0.2 * np.convolve(noise, np.hanning(40) / 20, "same") * swell).astype(np.float32)
    for place in random.integers(0, len(sound) - len(CLICK), 2):
        sound[place : place + len(CLICK)] += CLICK
    return sound


def decoded(packets: list) -> np.ndarray:
    """Return the samples (N,) of one side from time 0 on."""
    decoder = av.CodecContext.create("aac", "r")
    encoder = AAC.encoder()
    encoder.open()
    decoder.extradata = encoder.extradata
    frames = [frame.to_ndarray()[0] for packet in packets for frame in decoder.decode(packet)]
    return np.concatenate(frames)[AAC.delay :]


def packets_of(pieces: list[Piece]) -> list:
    return [packet for piece in pieces for packet in PieceStore().packets(piece)]


def errors(sound: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the root mean square of the error in each packet's samples."""
    count = min(len(sound), len(expected)) // AAC.frame
    difference = (sound[: count * AAC.frame] - expected[: count * AAC.frame]).reshape(count, -1)
    return np.sqrt(np.mean(difference**2, axis=1))


@settings(max_examples=5)
@given(
    fps=st.sampled_from([12, 15, 24, 25, 30, 50, 60]),
    clips=st.lists(st.integers(8, 90), min_size=2, max_size=4),
    seed=st.integers(0, 1000),
)
def test_at_joins_the_error_is_as_small_as_elsewhere_and_clicks_keep_their_times(fps, clips, seed):
    starts = [Fraction(frames, fps) for frames in accumulate(clips)]
    length = round(starts[-1] * RATE)
    pcm = np.zeros(length, np.float32)
    sounds = []
    for number, start in enumerate([Fraction(0), *starts[:-1]]):
        line = speech_like(1.5, seed + number)
        begins = round(start * RATE)
        pcm[begins : begins + len(line)] += line[: max(length - begins, 0)]
        sounds.append(PlacedSound(line, start))
    pieces = pieces_of(sounds, length, starts, AAC)
    (whole,) = pieces_of(sounds, length, [], AAC)
    # the encoder's bits for a packet depend on all packets before: that is worth less than half as much again
    joined_error, whole_error = (errors(decoded(packets_of(its)), pcm) for its in (pieces, [whole]))
    joins = [piece.first - 1 + near for piece in pieces[1:] for near in (-1, 0, 1)]
    joins = [packet for packet in joins if packet < len(joined_error)]
    elsewhere = np.quantile(np.delete(joined_error, joins), 0.99)
    assert joined_error[joins].max(initial=0) <= 1.5 * max(elsewhere, whole_error[joins].max(initial=0), 1e-4)


def test_a_click_across_a_join_is_heard_in_its_place():
    for offset in range(-700, 500, 97):
        place = 40 * AAC.frame + offset
        sound = PlacedSound(CLICK, Fraction(place, RATE))
        pieces = pieces_of([sound], 3 * RATE, [Fraction(40 * AAC.frame, RATE)], AAC)
        assert len(pieces) == 2
        found = np.argmax(np.correlate(decoded(packets_of(pieces)), CLICK, "valid"))
        assert abs(int(found) - place) <= 2


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path / "media") as workspace:
        yield workspace


def film(*frames: int, fps: int = 60) -> list[Piece]:
    """Return the pieces of a film with a line at the start of each clip, clips of ``frames`` frames."""
    starts = [Fraction(0), *(Fraction(total, fps) for total in accumulate(frames))]
    length = round(starts[-1] * RATE)
    sounds = [PlacedSound(speech_like(0.8, number), start) for number, start in enumerate(starts[:-1])]
    return pieces_of(sounds, length, starts, AAC)


class Encoded:
    """Counts the pieces that are encoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        packets = Piece.packets

        def counting(piece: Piece):
            self.count += 1
            return packets(piece)

        monkeypatch.setattr(Piece, "packets", counting)

    def after(self, pieces: list[Piece], workspace: Workspace) -> int:
        """Return how many pieces are encoded for this film."""
        self.count = 0
        store = PieceStore(workspace)
        store.encode_missing(pieces)
        for piece in pieces:
            list(store.packets(piece))
        return self.count


GRID = clip_grid(60, "mp4")


@pytest.mark.parametrize(
    ("before", "after", "fps", "encoded_again"),
    [
        ((4 * GRID, 4 * GRID, 4 * GRID, 5 * GRID), (4 * GRID, 6 * GRID, 4 * GRID, 5 * GRID), 60, 1),
        ((50, 50, 50, 50), (50, 50, 51, 50), 24, 2),  # without a grid, those from the change on
    ],
)
def test_a_longer_clip_leaves_other_clips_encoded(workspace, monkeypatch, before, after, fps, encoded_again):
    encoded = Encoded(monkeypatch)
    assert encoded.after(film(*before, fps=fps), workspace) == 4
    assert encoded.after(film(*before, fps=fps), workspace) == 0
    assert encoded.after(film(*after, fps=fps), workspace) == encoded_again


def test_a_film_has_the_same_bytes_whatever_was_encoded_before_and_by_any_number_of_threads(tmp_path):
    pieces, other = film(128, 160, 128, 77), film(128, 192, 128, 77)
    found = []
    for number, (jobs, films) in enumerate([(1, [pieces]), (4, [other, pieces])]):
        with Workspace(tmp_path / str(number)) as workspace:
            for its in films:
                store = PieceStore(workspace, jobs)
                store.encode_missing(its)
            found.append([(bytes(packet), packet.pts) for piece in pieces for packet in store.packets(piece)])
    assert found[0] == found[1] == [(bytes(packet), packet.pts) for packet in packets_of(pieces)]


def test_a_damaged_piece_is_encoded_again_and_a_link_in_its_place_is_replaced(workspace, monkeypatch, tmp_path):
    encoded = Encoded(monkeypatch)
    pieces = film(128, 160)
    (own := tmp_path / "own.txt").write_text("mine")
    (workspace.sound / pieces[0].name).symlink_to(own)
    assert encoded.after(pieces, workspace) == 2
    assert own.read_text() == "mine"
    file = workspace.sound / pieces[1].name
    whole = file.read_bytes()
    for content in (b"", b"\0" * 16, b"\xff" * 4000, whole[:-5]):
        file.write_bytes(content)
        assert encoded.after(pieces, workspace) == 1
        assert file.read_bytes() == whole


def test_the_sound_of_a_piece_determines_its_name():
    line, other = np.full(9000, 0.5, np.float32), np.full(9000, 0.25, np.float32)

    def name(*sounds: PlacedSound) -> str:
        return pieces_of(sounds, 2 * RATE, [Fraction(1)], AAC)[1].name

    names = [
        name(),
        name(PlacedSound(line, Fraction(3, 2))),
        name(PlacedSound(other, Fraction(3, 2))),
        name(PlacedSound(line, Fraction(3, 2), 1.0)),
        name(PlacedSound(line, Fraction(3, 2), rate=RATE // 2)),
        name(PlacedSound(line, Fraction(3, 2) + Fraction(1, RATE))),
        name(PlacedSound(line, Fraction(9, 10))),
    ]
    assert len(set(names)) == len(names)
    assert name(PlacedSound(line, Fraction(0))) == names[0]


def test_a_room_tone_moves_with_the_clips_after_a_longer_one(workspace, monkeypatch):
    encoded = Encoded(monkeypatch)
    period = tone_period(60, "mp4")
    before, after = ([replace(piece, tone_period=period) for piece in film(128, n * GRID, 128)] for n in (4, 7))
    assert encoded.after(before, workspace) == 3
    assert encoded.after(after, workspace) == 1


@pytest.mark.parametrize("fps", [15, 24, 60])
def test_a_room_tone_is_heard_at_its_level_in_every_moment(fps):
    (piece,) = pieces_of([], 4 * RATE, [], AAC, tone_period(fps, "mp4"))
    sound = decoded(packets_of([piece]))[: 4 * RATE]
    levels = 10 * np.log10(np.mean(sound.reshape(-1, RATE // 100) ** 2, axis=1))
    assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(-70, abs=1)
    assert levels[2:-2].min() > -78


def test_a_sound_file_that_a_scene_adds_is_never_cut(tmp_path):
    file = tmp_path / "bell.wav"
    with av.open(file, "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2 * RATE), np.int16), format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
    cuts = [Fraction(1), Fraction(2), Fraction(4)]
    pieces = pieces_of([PlacedSound(file, Fraction(1, 2))], 6 * RATE, cuts, AAC)
    assert [piece.first for piece in pieces] == [0, 4 * RATE // AAC.frame + 2]


@pytest.mark.parametrize(("fps", "grid"), [(15, 8), (25, 8), (30, 16), (50, 16), (60, 32), (24, 1), (10, 1), (7, 1)])
def test_clips_end_with_a_whole_packet_if_that_costs_little(fps, grid):
    assert clip_grid(fps, "mp4") == grid
    assert grid == 1 or (grid * RATE // fps) % AAC.frame == 0


def test_opus_is_encoded_whole():
    assert clip_grid(60, "webm") == 1
    assert len(pieces_of([], 3 * RATE, [Fraction(1)], OPUS)) == 1
    assert set(CODECS.values()) == {AAC, OPUS}
