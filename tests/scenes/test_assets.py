"""``asset("photo.png")``: the file beside the source it is written in, found by reading that source."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest
from gradreel.scenes.assets import AssetError, asset_names


def module_of(folder: Path, code: str):
    """A module of the user's, run."""
    (folder / "mine.py").write_text(code)
    spec = importlib.util.spec_from_file_location("mine", folder / "mine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_asset_is_found_beside_the_source_from_any_folder(tmp_path, monkeypatch):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "data").mkdir(parents=True)
    (home / "data/a.csv").write_text("here")
    (elsewhere / "data").mkdir(parents=True)
    (elsewhere / "data/a.csv").write_text("there")
    monkeypatch.chdir(elsewhere)
    code = 'from gradreel.scenes.assets import asset\nFOUND = asset("data/a.csv")\n'
    assert home / "data/a.csv" == module_of(home, code).FOUND


@pytest.mark.parametrize(
    "code",
    [
        'from gradreel.scenes.assets import asset\nasset("a.png")',
        'from gradreel.scenes.assets import asset as file\nfile("a.png")',
        'from gradreel.scenes import assets\nassets.asset("a.png")',
        'import gradreel.scenes.assets\ngradreel.scenes.assets.asset("a.png")',
        'import gradreel.scenes.assets as files\nfiles.asset("a.png")',
        'from gradreel import scenes\nscenes.assets.asset("a.png")',
        'def late():\n    from gradreel.scenes.assets import asset\n    return asset(name="a.png")',
    ],
)
def test_an_asset_is_found_under_any_import_name(code):
    assert asset_names(ast.parse(code)) == ("a.png",)


@pytest.mark.parametrize(
    "code",
    [
        'def asset(name):\n    return name\nasset("logo")',
        'from gradreel.scenes import assets\nclass Icons:\n    def draw(self):\n        return self.asset("logo")',
        'from gradreel.scenes.base import LectureScene\nimport icons\nicons.asset("logo")',
    ],
)
def test_other_functions_named_asset_do_not_count(code):
    assert asset_names(ast.parse(code)) == ()


def test_a_computed_asset_name_is_refused_with_an_example(tmp_path):
    (tmp_path / "a1.png").write_text("")
    code = 'from gradreel.scenes.assets import asset\nnumber = 1\nasset(f"a{number}.png")\n'
    with pytest.raises(AssetError, match=r'mine.py: asset\(\'a1.png\'\) .*in quotes: asset\("a1.png"\)'):
        module_of(tmp_path, code)


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.png", "there is no file .*missing.png"), ("", "a file beside mine.py"), ("/etc/hosts", "a file beside")],
)
def test_a_missing_asset_is_named(tmp_path, name, message):
    with pytest.raises(AssetError, match=message):
        module_of(tmp_path, f'from gradreel.scenes.assets import asset\nasset("{name}")\n')
