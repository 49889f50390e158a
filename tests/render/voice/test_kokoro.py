"""Kokoro: its phonemes, its model as it is put together, where a line is cut, and one line that is really spoken."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.voice.choice import VOICES, chosen_voices
from gradreel.render.voice.engines import Kokoro, SpokenFile
from gradreel.render.voice.kokoro_symbols import TOKENS, english_symbols
from gradreel.render.voice.programs import ProgramError
from gradreel.render.voice.spoken_lines import missing_lines, spoken_lines
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.marks import MARK
from gradreel.scenes.words.narration import LEXICON_FILE, NARRATION_FOLDER, Narration
from gradreel.scenes.words.spoken import spoken_form

program = pytest.importorskip("gradreel.render.voice.kokoro_program", exc_type=ImportError)
installed = pytest.mark.skipif(
    not all(map(find_spec, ("onnxruntime", "piper", "misaki", "jieba", *program.PARTS))), reason="not installed"
)
RATE = program.RATE


# -- phonemes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ipa", "symbols"),
    [
        ("ðə wˈeɪt tˈɜːnz ɪt", "ðə wˈAt tˈɜɹnz ɪt"),
        ("lˈɪɾəl ɐlˈoʊn mˈɑːdəl", "lˈɪTᵊl əlˈOn mˈɑdᵊl"),
        ("nˈʊɹɹɑːn tʃˈeɪndʒ", "nˈʊɹɑn ʧˈAnʤ"),
        ("nˈaɪnti nˈaɪntiːn tˈuːhˈʌndɹɪd", "nˈIndi nˈIntin tˈu hˈʌndɹɪd"),
        ("fˈaɪɚ bˈɔɪ nˈaʊ", "fˈIəɹ bˈY nˈW"),
    ],
)
def test_espeaks_letters_become_those_that_kokoro_learned_from(ipa, symbols):
    assert english_symbols(ipa) == symbols
    assert set(symbols) <= TOKENS.keys()


def phonemes_of(language: str, texts: list[str], folder: Path, british: bool = False) -> list[str]:
    job = {"texts": [texts], "british": british, "phonemes": str(folder / "out.json")}
    (folder / "job.json").write_text(json.dumps(job))
    name = f"gradreel.render.voice.{LANGUAGES[language].phonemes}_phonemes_program"
    subprocess.run([sys.executable, "-P", "-m", name, str(folder / "job.json")], check=True, capture_output=True)
    return json.loads((folder / "out.json").read_text())[0]


@installed
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_of_the_lectures_lines_is_spoken(language, tmp_path):
    scenes = tomllib.loads((NARRATION_FOLDER / f"{language}.toml").read_text("utf-8")).values()
    lines = [
        line for scene in scenes for table in ("beats", "neutral", "spoken") for line in scene.get(table, {}).values()
    ]
    lexicon = Narration.load().lexicon(language)
    spoken = [spoken_form(re.sub(r"{.*?}", "5", re.sub(MARK, "", line)), language, lexicon) for line in lines]
    if language == "zh":  # names with Latin letters are in the lexicon, whose entries follow
        spoken = [re.sub(r"[A-Za-z0-9α-ωΑ-Ω₀-₉⁰¹²³ᵢⱼᵀŷ=+−*]+", "", line) for line in spoken]
    spoken += list(tomllib.loads(LEXICON_FILE.read_text("utf-8"))[language].values())
    phonemes = phonemes_of(language, spoken, tmp_path)
    assert {symbol for line in phonemes for symbol in line} - TOKENS.keys() == set()
    worded = [any(map(str.isalpha, line)) for line in spoken]
    assert [any(map(str.isalpha, line)) for line in phonemes] == worded


@installed
def test_words_that_a_rule_gets_wrong_are_in_the_lexicon(tmp_path):
    lexicon = tomllib.loads(LEXICON_FILE.read_text("utf-8"))["en"]
    assert phonemes_of("en", [lexicon["exponent"], lexicon["ReLU"]], tmp_path) == ["ˈɛkspOnənt", "ɹˈɛlu"]


@installed
def test_pauses_and_the_kind_of_english_are_written_down(tmp_path):
    assert phonemes_of("en", ["So — no… go, or stop?"], tmp_path) == ["sˈO— nˈO… ɡˈO, ɔɹ stˈɑp?"]
    (british,) = phonemes_of("en", ["So no."], tmp_path, british=True)
    assert british == "sˌQ nˈQ."


# -- the model ---------------------------------------------------------------------------------------------------------


def parts(folder: Path, monkeypatch: pytest.MonkeyPatch, *contents: bytes) -> None:
    """Packages with a part of a model each."""
    names = [f"part_of_a_model_{k}" for k in range(len(contents))]
    for name, content in zip(names, contents, strict=True):
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
        (folder / name / "part.bin").write_bytes(content)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(program, "PARTS", names)


def test_the_model_is_put_together_in_order_and_checked(tmp_path, monkeypatch):
    parts(tmp_path, monkeypatch, b"first ", b"second")
    monkeypatch.setattr(program, "MODEL_DIGEST", hashlib.sha256(b"first second").hexdigest())
    assert program.model() == b"first second"


def test_a_model_with_another_checksum_is_not_loaded(tmp_path, monkeypatch):
    parts(tmp_path, monkeypatch, b"first ", b"second!")
    with pytest.raises(SystemExit, match="pip install --force-reinstall"):
        program.model()


def test_a_long_text_is_parted_after_sentences_and_loses_nothing():
    text = " ".join(["ɐ bˈi sˈi, dˈi."] * 100)
    found = program.parted(text)
    assert "".join(found) == text and len(found) > 1
    assert all(program.n_tokens(part) <= program.MOST_TOKENS for part in found)
    assert all(part.rstrip().endswith(".") for part in found)


# -- where a line is cut -----------------------------------------------------------------------------------------------


def words_with_pauses(*seconds: float) -> np.ndarray:
    """A tone, then silence, in turn, as long as this."""
    rng = np.random.default_rng(0)
    pieces = [rng.normal(0, 0.1 * (k % 2 == 0), round(RATE * length)) for k, length in enumerate(seconds)]
    return np.concatenate(pieces).astype(np.float32)


def test_a_line_is_cut_before_the_end_of_its_pause():
    samples = words_with_pauses(1, 0.3, 1)
    place = program.place_of_cut(samples, round(1.02 * RATE), round(1.28 * RATE))
    assert place == pytest.approx((1.3 - program.EDGE) * RATE, abs=program.WINDOW)


def test_of_two_pauses_the_one_at_the_mark_counts():
    samples = words_with_pauses(0.5, 0.4, 1, 0.2, 1)
    place = program.place_of_cut(samples, round(1.9 * RATE), round(2.1 * RATE))
    assert 1.9 * RATE <= place <= 2.1 * RATE


def test_without_a_pause_there_is_no_place_to_cut():
    assert program.place_of_cut(words_with_pauses(1, 0.03, 1), RATE, RATE) is None
    assert program.place_of_cut(words_with_pauses(2), RATE, RATE) is None


class Session:
    """In place of the model: 4 hops of noise a letter, 8 of silence a comma, nothing heard of a space."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.heard_before = False  # whether something is heard before the first letter

    def run(self, outputs, feed):
        by_token = {token: symbol for symbol, token in TOKENS.items()}
        symbols = [by_token[token] for token in feed["tokens"][0][1:-1]]
        self.texts.append("".join(symbols))
        hops = [3, *({",": 8, " ": 0}.get(symbol, 4) for symbol in symbols), 3]
        loud = np.repeat(
            [self.heard_before, *(symbol not in ", " for symbol in symbols), 0], np.array(hops) * program.HOP
        )
        return np.where(loud, np.random.default_rng(0).normal(0, 0.1, len(loud)), 0).astype(np.float32), [hops]


@pytest.fixture
def speaker():
    speaker = program.Speaker.__new__(program.Speaker)
    speaker._session, speaker._speed = Session(), np.ones(1, np.float32)
    speaker._styles = np.zeros((510, 1, 256), np.float32)
    return speaker


def test_a_line_is_spoken_whole_and_parted_in_its_pauses(speaker):
    first, second, third = speaker.spoken(["aaaa,", "bb,", "cccc."])
    assert speaker._session.texts == ["aaaa, bb, cccc."]
    edge = round(program.EDGE * RATE)
    assert len(first) == pytest.approx((4 * 4 + 8) * program.HOP, abs=program.WINDOW)  # an edge before and after
    assert len(second) == pytest.approx((2 * 4 + 8) * program.HOP, abs=program.WINDOW)
    assert not second[: edge - program.WINDOW].any() and second[edge + program.WINDOW :].any()
    assert third.any()


def test_without_a_pause_both_sides_are_spoken_separately(speaker):
    assert len(speaker.spoken(["aaaa,", "bb", "cccc,", "d."])) == 4
    assert speaker._session.texts == ["aaaa, bb cccc, d.", "aaaa, bb", "cccc, d."]


def test_a_line_longer_than_the_model_takes_is_spoken_in_parts(speaker):
    found = speaker.spoken(["a" * 300 + ",", "b" * 300 + ",", "c" * 100 + "."])
    assert len(found) == 3
    assert max(map(len, speaker._session.texts)) <= program.MOST_TOKENS


def test_sound_before_the_first_letter_is_removed(speaker):
    (quiet,) = speaker.spoken(["aaaa."])
    speaker._session.heard_before = True
    (loud,) = speaker.spoken(["aaaa."])
    assert len(loud) == len(quiet)


def test_a_stretch_without_a_sound_is_a_silence(speaker):
    (silence,) = speaker.spoken(["@@"])
    assert not silence.any() and len(silence)


# -- the engine --------------------------------------------------------------------------------------------------------


class WholeLines:
    """Writes a second of a tone for each stretch, and where each begins."""

    batch, whole_lines, restriction, made_of = 4, True, "", {"whole": 1}

    def __init__(self, wav, tone) -> None:
        self.wav, self.tone, self.spoken = wav, tone, []

    def speak(self, utterances, folder, programs):
        self.spoken += utterances
        files = [self.wav(self.tone(len(texts)), name=folder / f"{k}.wav") for k, texts in enumerate(utterances)]
        return [
            SpokenFile(file, tuple(map(float, range(len(texts)))))
            for file, texts in zip(files, utterances, strict=True)
        ]


def test_a_line_that_is_spoken_whole_is_heard_stretch_by_stretch(wav, tone, lines, tmp_path):
    voice, wanted = WholeLines(wav, tone), lines(("", "One,", "two,", "three."), "Four.")
    first, second = spoken_lines(voice, wanted, tmp_path)
    assert voice.spoken == [("One,", "two,", "three."), ("Four.",)]
    assert [part.seconds for part in first] == pytest.approx([0, 1, 1, 1], abs=0.01)
    heard = first[1:]
    assert all(a.file == b.file and a.start + a.seconds == pytest.approx(b.start) for a, b in pairwise(heard))
    assert missing_lines(voice, wanted, tmp_path) == []
    assert spoken_lines(voice, wanted, tmp_path) == [first, second] and len(voice.spoken) == 2


def test_stretches_that_do_not_follow_each_other_are_an_error(wav, tone, lines, tmp_path):
    voice = WholeLines(wav, tone)
    speak = voice.speak
    voice.speak = lambda *given: [SpokenFile(one.file, (0.0, 9.0)) for one in speak(*given)]
    with pytest.raises(ProgramError, match="no sound for one of its 2 stretches"):
        spoken_lines(voice, lines(("One,", "two.")), tmp_path)


@installed
def test_a_voice_is_named_by_its_name_or_its_file(tmp_path):
    shipped = sorted(VOICES.glob("*.bin"))
    assert shipped
    own = tmp_path / "bm_own.bin"
    own.write_bytes(shipped[0].read_bytes())
    assert chosen_voices([f"en=kokoro:{shipped[0].stem}"], languages=["en"])["en"].voice == shipped[0]
    assert chosen_voices([f"zh={own}"], languages=["zh"])["zh"].voice == own


@pytest.mark.parametrize("name", ["nobody", "", "../voices/am_michael", "README.md"])
def test_an_unknown_voice_is_refused_with_a_list_of_voices(name):
    with pytest.raises(UserError, match=r"there is no such voice; a voice is .*kokoro:NAME \(am_michael"):
        chosen_voices([f"en=kokoro:{name}"])


def test_a_file_that_is_no_voice_is_refused(tmp_path):
    (tmp_path / "short.bin").write_bytes(b"0" * 100)
    for name in ("short.bin", "none.bin"):
        with pytest.raises(UserError, match="is no voice file of Kokoro: that has 522240 bytes"):
            chosen_voices([f"en={tmp_path / name}"])


def test_voices_that_ship_are_as_large_as_kokoros():
    assert {file.stat().st_size for file in VOICES.glob("*.bin")} == {4 * Kokoro.STYLES}
    assert all(file.stem in (VOICES / "README.md").read_text() for file in VOICES.glob("*.bin"))


@installed
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not place processes")
def test_a_line_is_the_same_to_the_bit_on_one_core_and_leaves_nothing_behind(lines, tmp_path, monkeypatch):
    for variable in ("HOME", "TMPDIR"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        monkeypatch.delenv(variable, raising=False)
    voice = Kokoro(sorted(VOICES.glob("a*.bin"))[0], "english")
    ((one, two),) = spoken_lines(voice, lines(("Look,", "a line.")), tmp_path / "all")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        ((again, _),) = spoken_lines(voice, lines(("Look,", "a line.")), tmp_path / "one")
    finally:
        os.sched_setaffinity(0, cores)
    assert one.file.read_bytes() == again.file.read_bytes()
    assert 0.2 < one.seconds < 2 and 0.3 < two.seconds < 2 and one.start + one.seconds == pytest.approx(two.start)
    assert [file.name for variable in ("HOME", "TMPDIR") for file in (tmp_path / variable).rglob("*")] == []
