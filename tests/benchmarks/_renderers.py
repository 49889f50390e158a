"""For `gallery`: an example rendered from its file into a new folder, by each program that can; seconds, or why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _examples import Example
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest
from gradreel.scenes import catalog

PATIENCE = 1800  # seconds that one example may take
NEEDS_TEX = "needs TeX"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With it only our modules would be compiled anew each time."""
GRADREEL = str(Path(sys.executable).with_name("gradreel"))  # as users call it


class FailedError(Exception):
    """A program failed; its text is why, in a line."""


@dataclass(frozen=True)
class Rendering:
    """The file, the duration and the output of one run."""

    file: Path
    seconds: float
    said: str


@dataclass(frozen=True)
class Renderers:
    """The programs, at one quality; what they make stays below ``folder`` until the same one is called again."""

    folder: Path
    quality: str

    def plain(self, example: Example) -> Rendering:
        return self._by_manim(example, self._fresh("plain"))

    def opengl(self, example: Example) -> Rendering:
        return self._by_manim(example, self._fresh("opengl"), "--renderer", "opengl", "--format", "mp4")

    def _by_manim(self, example: Example, media: Path, *options: str) -> Rendering:
        command = [sys.executable, "-m", "manim", "render", f"-q{self.quality}", "--disable_caching", "--seed", "0"]
        command += ["--media_dir", str(media), "--progress_bar", "none", "-v", "WARNING", *_kind(example), *options]
        taken, said = self._run([*command, str(self.file(example)), example.class_name])
        made = [file for suffix in ("mp4", "mov", "png") for file in media.rglob(f"*.{suffix}")]
        made = [file for file in made if not {"partial_movie_files", "Tex", "texts"}.intersection(file.parts)]
        if len(made) != 1:
            raise FailedError(f"it made {len(made)} files instead of one")
        return Rendering(made[0], taken, said)

    def ours(self, example: Example) -> Rendering:
        media = self._fresh("ours")
        file = media / f"ours{'.png' if example.is_still else '.mov' if example.is_transparent else '.mp4'}"
        command = [GRADREEL, "render", f"{self.file(example)}:{example.class_name}"]
        command += ["-j", "1", "-q", self.quality, "--media_dir", str(media), "-o", str(file)]
        return Rendering(file, *self._run([*command, "--progress_bar", "none", *_kind(example)]))

    def manimgx(self, example: Example) -> Rendering:
        """Render with the program that `install_manimgx` installed."""
        media = self._fresh("manimgx")
        source, file = media / "scene.py", media / "scene.mp4"
        source.write_text(example.code.replace("from manim import", "from manimgx import"), encoding="utf-8")
        settings = RenderSettings.of_quality(self.quality)
        command = [str(self._environment / "bin" / "manimgx"), "render", str(source), example.class_name]
        command += ["-r", f"{settings.width}x{settings.height}", "--fps", str(settings.fps), "-o", str(file)]
        return Rendering(file, *self._run(command))

    def install_manimgx(self) -> None:
        """Install manimgx from PyPI into an environment of its own. Raises FailedError if that is impossible."""
        names = [Path(place) / f"python3.{minor}" for minor in (13, 14) for place in os.get_exec_path()]
        failed = FailedError("it needs Python 3.13, and there is none")
        for python in filter(os.path.exists, names):
            shutil.rmtree(self._environment, ignore_errors=True)
            try:
                self._run([str(python), "-m", "venv", str(self._environment)])
                self._run([str(self._environment / "bin" / "pip"), "install", "-q", "manimgx"])
                return
            except FailedError as error:
                failed = error
        raise failed

    def request(self, example: Example) -> SceneRequest:
        settings = RenderSettings.of_quality(
            self.quality, transparent=example.is_transparent, media_dir=self.folder / "media"
        )
        return SceneRequest(catalog.resolve(f"{self.file(example)}:{example.class_name}"), settings)

    def file(self, example: Example) -> Path:
        file = self.folder / f"{example.name}.py"
        if not file.exists():
            file.write_text(example.code, encoding="utf-8")
        return file

    @property
    def _environment(self) -> Path:
        return self.folder / "environment"

    def _fresh(self, name: str) -> Path:
        media = self.folder / name
        shutil.rmtree(media, ignore_errors=True)
        media.mkdir()
        return media

    def _run(self, command: Sequence[str]) -> tuple[float, str]:
        """Run a command; return its seconds and its output. Raises FailedError if it fails or takes too long."""
        began = time.perf_counter()
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise FailedError(f"not done after {PATIENCE} s") from error
        taken, said = time.perf_counter() - began, done.stdout + done.stderr
        if done.returncode != 0:
            raise FailedError(why_failed(said).replace(str(self.folder), "."))
        return taken, said


def _kind(example: Example) -> list[str]:
    return ["-s"] if example.is_still else ["-t"] if example.is_transparent else []


def why_failed(output: str) -> str:
    """Return the line of a program's output that names an error; NEEDS_TEX if a TeX program is missing."""
    lines = [line.strip(" │") for line in output.splitlines() if line.strip(" │╭╮╰╯─")]
    errors = [number for number, line in enumerate(lines) if re.match(r"[\w.]*(Error|Exception)\b", line)]
    if not errors:
        return lines[-1] if lines else "it said nothing"
    words = " ".join(lines[errors[-1] :])
    return NEEDS_TEX if re.search(r"No such file or directory: '\S*(latex|dvisvgm)", words) else lines[errors[-1]]
