"""Without the clone: a wheel made of the sdist, in an environment of its own, whose other packages are those here."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SMALL = ("-r", "160,90", "--fps", "5", "--quiet")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """``installed("gradreel", …)``: a program of the new environment, run in a new project; its standard output."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "tests", "build", "*.egg-info", "media", "dist"))
    (source / "commit.txt").write_text("0123456789ab")  # as an sdist has it
    sdist = _built("sdist", source, folder / "dist")
    shutil.rmtree(source)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    wheel = _built("wheel", folder / sdist.name.removesuffix(".tar.gz"), folder / "dist")

    environment = folder / "environment"
    venv.create(environment)
    programs = environment / "bin"
    install = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--no-deps", "--no-index"]
    subprocess.run([*install, "-q", str(wheel)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    others = folder / "others"  # links to all packages here but Gradreel; what .pth files name is not among them
    others.mkdir()
    for package in (package for place in site.getsitepackages() for package in Path(place).iterdir()):
        if not package.name.startswith("gradreel") and not (others / package.name).exists():
            (others / package.name).symlink_to(package)
    (packages / "others.pth").write_text(str(others))

    def run(program: str, *arguments: object) -> str:
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        command = [str(programs / program), *map(str, arguments)]
        done = subprocess.run(command, cwd=project, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    project = folder
    run("gradreel", "init", "project")
    project = folder / "project"
    assert run("python", "-c", "import gradreel; print(gradreel.__file__)").startswith(str(environment))
    return run


def _built(kind: str, source: Path, target: Path) -> Path:
    """The path of an sdist or a wheel; setuptools is there because torch needs it."""
    code = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(target)!r}))"
    target.mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target / done.stdout.splitlines()[-1]


def test_the_wheel_is_for_every_python_and_says_what_it_was_built_from(installed):
    assert installed("gradreel", "--version") == "gradreel 0.1.0 (commit 0123456789ab)\n"
    (compiled,) = installed("python", "-c", COMPILED).splitlines()
    assert ".abi3." in Path(compiled).name


def test_the_lesson_of_a_new_project_is_rendered_once(installed):
    exported = installed("gradreel", "export", "youtube", *SMALL[:-1]).splitlines()
    video = Path(exported[0])
    assert video.name == "lesson.mp4" and video.with_name("lesson.zh.srt").is_file()
    assert {"title.en.txt", "thumbnail.jpg", "subtitles.zh.srt"} <= {Path(line).name for line in exported}
    assert installed("gradreel", "render", *SMALL[:-1], "--dry_run").splitlines() == [
        "keep    parabola: up to date",
        "keep    build-curve: up to date",
    ]


def test_a_new_projects_snapshot_test_writes_its_pictures(installed):
    updated = installed("python", "-m", "pytest", "-p", "no:cacheprovider", "--snapshot-update")
    assert "2 passed" in updated and updated.count("written ") == 2


def test_every_scene_of_the_lecture_is_installed_and_nothing_needs_a_clone(installed):
    assert installed("python", "-c", LECTURE) == "Introduction to deep learning, part 1.2\n"


def test_mypy_finds_the_types_of_an_installed_gradreel(installed, tmp_path):
    """Imports from the root and from each package."""
    users_file = tmp_path / "mine.py"
    users_file.write_text(TYPED, encoding="utf-8")
    settings = tmp_path / "mypy.ini"
    settings.write_text(f"[mypy]\ncache_dir = {tmp_path / 'cache'}\n{LEFT_OUT}", encoding="utf-8")
    printed = installed("python", "-m", "mypy", "--strict", "--config-file", settings, users_file)
    revealed = [line.rpartition("Revealed type is ")[2].strip('"') for line in printed.splitlines() if "note:" in line]
    assert [name.rpartition(".")[2] for name in revealed] == [
        "Trace",
        "int",
        "LectureScene",
        "TextMobject",
        "RenderSettings",
    ]


LEFT_OUT = "[mypy-av.*,manim.*,scipy.*,torch.*]\nfollow_imports = skip\n"  # reading their types takes most of the time
TYPED = """
from pathlib import Path
import gradreel
from gradreel.core.experiment import Experiment
from gradreel.render.settings import RenderSettings
from gradreel.scenes import LectureScene, text
def look(scene: LectureScene, settings: RenderSettings) -> None:
    reveal_type(gradreel.train(gradreel.Experiment(), Path()))
    reveal_type(Experiment().n_updates)
    reveal_type(scene)
    reveal_type(text("Hello"))
    reveal_type(settings)
"""

COMPILED = "from gradreel.render.frames import pixel_loops; print(pixel_loops.__file__)"

LECTURE = """
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.scenes.catalog import find_scenes
from gradreel.render.lessons.selection import load_lesson
lesson = load_lesson()
assert len(lesson.scenes) > 20
assert {scene.name for scene in find_scenes()} >= {scene.name for scene in lesson.scenes}
assert not (PACKAGE_FOLDER / "tests").exists()
print(lesson.title_in("en"))
"""
