"""The pytest plugin: ``frames`` compares a scene's pictures with snapshots, ``layout`` checks the rules of the picture.

    def test_build_curve(frames):
        frames(BuildCurve, knots=[[0, 1], [2, 3]])

    def test_build_curve_layout(layout):
        layout(BuildCurve, lang="zh")

Every pytest run of whoever installed us imports this module: nothing heavy may be imported at its top.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradreel.scenes.base import SceneContext
    from gradreel.scenes.snapshots import Outcome

FOLDER = "snapshots"  # beside the test file
FAILED_FOLDER = ".snapshots-failed"  # in pytest's rootdir
OPTIONS = ("parameters", "lang", "theme", "media_dir", "name", "tolerance", "share")

Chosen = Mapping[str, Any]

_orphans_key = pytest.StashKey[dict[str, list[Path]]]()
_clashes_key = pytest.StashKey[dict[str, list[str]]]()
_passed_key = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradreel", "frame snapshots (gradreel)")
    try:
        group.addoption(
            "--snapshot-update", action="store_true", help="write the snapshots that `frames` compares with"
        )
    except ValueError:
        pass  # another plugin's option of that name means the same


@pytest.hookimpl(tryfirst=True)  # before -k and -m leave some out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    own = [item for item in items if "frames" in getattr(item, "fixturenames", ())]
    owners: dict[Path, list[str]] = {}
    for item in own:
        owners.setdefault(_folder(item), []).append(item.nodeid)
    config.stash[_clashes_key] = {nodeid: ids for ids in owners.values() for nodeid in ids if len(ids) > 1}
    first_of = {folder.parent: ids[0] for folder, ids in reversed(owners.items())}
    config.stash[_orphans_key] = {
        nodeid: _orphans(folder, {owner.name for owner in owners}) for folder, nodeid in first_of.items()
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call":
        item.stash[_passed_key] = report.passed
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    changed = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in getattr(report, "user_properties", ())
        if name == "snapshot"
    ]
    if changed:
        terminalreporter.section("snapshots")
        for line in sorted(set(changed)):
            terminalreporter.write_line(line)


@pytest.fixture
def frames(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    """``frames(SceneClass, **parameters)``: the picture at the end of each beat equals its snapshot.

    Snapshots are ``snapshots/<test>/<beat>.png`` beside the test file, written by ``pytest --snapshot-update``; a plain
    Manim scene has one beat, ``end``. A channel may differ by 8 of 255, and 20 pixels of 854 x 480 by more.
    Missing and left-over snapshots fail the test.

    Options: ``lang`` and ``theme`` of a LectureScene, ``media_dir`` (where the traces are; by default missing runs are
    trained, into pytest's cache), ``name`` (a folder of its own for a second call in one test), ``tolerance``, ``share``,
    ``parameters`` (a mapping: the scene's parameters that are called like an option).
    """
    checker = Frames(request, _media_dir(request, tmp_path_factory))
    yield checker
    if request.node.stash.get(_passed_key, False):
        checker.check_left_over_folders()


@pytest.fixture
def layout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """``layout(SceneClass, **parameters)``: no layout rule is broken at the end of any beat.

    The rules are those of ``gradreel check``. Options: ``lang``, ``theme``, ``media_dir``, ``parameters``, as of ``frames``.
    """
    return Layout(_media_dir(request, tmp_path_factory))


class Frames:
    """What the fixture ``frames`` gives."""

    def __init__(self, request: pytest.FixtureRequest, media_dir: Path) -> None:
        self._node: pytest.Item = request.node
        self._config = request.config
        self._update = bool(request.config.getoption("--snapshot-update"))
        self._media_dir = media_dir
        self._folder = _folder(request.node)
        self._used: list[Path] = []

    def __call__(
        self,
        scene_class: type,
        /,
        *,
        parameters: Chosen | None = None,
        lang: str | None = None,
        theme: str | None = None,
        media_dir: Path | None = None,
        name: str | None = None,
        tolerance: int | None = None,
        share: float | None = None,
        **more: Any,
    ) -> None:
        __tracebackhide__ = True
        from gradreel.scenes import snapshots, stills

        options = {
            "lang": lang,
            "theme": theme,
            "media_dir": media_dir,
            "name": name,
            "tolerance": tolerance,
            "share": share,
        }
        chosen = _merged(scene_class, parameters, more, options)
        context = _context(scene_class, chosen, lang, theme, media_dir or self._media_dir)
        folder = self._own_folder(name)
        failures = self._failures_folder(folder)
        outcome = snapshots.check_snapshots(
            stills.beat_frames(scene_class, chosen, context),
            folder,
            failures,
            update=self._update,
            tolerance=snapshots.CHANNEL_TOLERANCE if tolerance is None else tolerance,
            share=snapshots.PIXEL_SHARE if share is None else share,
        )
        self._take_in_orphans(outcome)
        self._report(scene_class.__name__, outcome)

    def check_left_over_folders(self) -> None:
        """Fail for pictures in folders that this test has no longer used (its calls with ``name``)."""
        __tracebackhide__ = True
        from gradreel.scenes.snapshots import Outcome

        outcome = Outcome()
        for folder in sorted({path.parent for path in self._folder.rglob("*.png")} - {self._folder, *self._used}):
            self._left_over(folder, outcome)
        self._report(self._node.name, outcome)

    def _own_folder(self, name: str | None) -> Path:
        __tracebackhide__ = True
        from gradreel.scenes.snapshots import safe_name

        clashing = self._config.stash.get(_clashes_key, {}).get(self._node.nodeid)
        if clashing:
            pytest.fail(
                f"these tests would share the folder {self._folder}; rename one: {', '.join(clashing)}", pytrace=False
            )
        folder = self._folder / safe_name(name) if name else self._folder
        if folder in self._used:
            pytest.fail("a second call of frames() in one test needs name=..., or parametrize the test", pytrace=False)
        self._used.append(folder)
        return folder

    def _failures_folder(self, folder: Path) -> Path:
        """Where this call's failed pictures go; emptied of those of the last run."""
        root = self._config.rootpath
        base = root / FAILED_FOLDER
        path = Path(self._node.path)
        inside = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
        failures = base / inside.with_suffix("") / folder.relative_to(self._folder.parent)
        shutil.rmtree(failures, ignore_errors=True)
        if not self._update and not (base / ".gitignore").exists():
            base.mkdir(parents=True, exist_ok=True)
            (base / ".gitignore").write_text("*\n")
        return failures

    def _take_in_orphans(self, outcome: Outcome) -> None:
        for folder in self._config.stash.get(_orphans_key, {}).get(self._node.nodeid, []):
            self._left_over(folder, outcome)

    def _left_over(self, folder: Path, outcome: Outcome) -> None:
        if not self._update:
            outcome.problems.append(f"{folder.name}: left over, no test compares with {folder}")
            return
        outcome.deleted += sorted(folder.rglob("*.png"))
        shutil.rmtree(folder, ignore_errors=True)

    def _report(self, title: str, outcome: Outcome) -> None:
        __tracebackhide__ = True
        for verb, paths in (("written", outcome.written), ("deleted", outcome.deleted)):
            self._node.user_properties += [("snapshot", f"{verb} {path}") for path in paths]
        if outcome.problems:
            problems = "\n".join(outcome.problems)
            mend = "If the pictures are right as they are now: pytest --snapshot-update"
            pytest.fail(
                f"{title}: {len(outcome.problems)} snapshots are not as they should be\n{problems}\n{mend}",
                pytrace=False,
            )


class Layout:
    """What the fixture ``layout`` gives."""

    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir

    def __call__(
        self,
        scene_class: type,
        /,
        *,
        parameters: Chosen | None = None,
        lang: str | None = None,
        theme: str | None = None,
        media_dir: Path | None = None,
        **more: Any,
    ) -> None:
        __tracebackhide__ = True
        from gradreel.scenes.layout import check_beats

        chosen = _merged(scene_class, parameters, more, {"lang": lang, "theme": theme, "media_dir": media_dir})
        context = _context(scene_class, chosen, lang, theme, media_dir or self._media_dir)
        findings = check_beats(scene_class, chosen, context)
        if findings:
            listed = "\n".join(map(str, findings))
            pytest.fail(f"{scene_class.__name__}: {len(findings)} breaches of layout rules\n{listed}", pytrace=False)


def _merged(scene_class: type, parameters: Chosen | None, more: Chosen, options: Chosen) -> dict[str, Any]:
    """The scene's parameters; an option whose name is also a parameter's must not be mistaken for it."""
    fields = getattr(getattr(scene_class, "Parameters", None), "model_fields", {})
    for option, value in options.items():
        if value is not None and option in fields and option not in (parameters or {}):
            raise TypeError(
                f"{scene_class.__name__} has a parameter {option!r}, and so {option}= could mean either:"
                f" say parameters={{{option!r}: ...}} for the scene's own"
            )
    twice = set(parameters or {}) & set(more)
    if twice:
        raise TypeError(f"given both in parameters= and by name: {', '.join(sorted(twice))}")
    return {**(parameters or {}), **more}


def _context(
    scene_class: type, parameters: Chosen, lang: str | None, theme: str | None, media_dir: Path
) -> SceneContext | None:
    """The context of a LectureScene, its missing runs trained; None for any other scene."""
    from gradreel.scenes.base import LectureScene, SceneContext

    if not issubclass(scene_class, LectureScene):
        if lang or theme:
            raise TypeError(f"lang and theme are for a LectureScene; {scene_class.__name__} is none")
        return None
    context = SceneContext(language=lang or "en", theme=theme or "dark", media_dir=media_dir)
    for experiment in scene_class.experiments(scene_class.validated(parameters)).values():
        if not (context.traces / experiment.digest).exists():
            from gradreel.core.training import train

            train(experiment, context.traces)
    return context


def _media_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A media folder that lasts from run to run, in pytest's cache when it has one."""
    cache = getattr(request.config, "cache", None)
    return Path(cache.mkdir("gradreel")) if cache is not None else tmp_path_factory.getbasetemp() / "gradreel"


def _folder(item: pytest.Item) -> Path:
    """``snapshots/<test>`` beside the test's file; methods of a class carry its name."""
    within = item.nodeid.split("::")[1:] or [item.name]
    name = re.sub(r"[^\w.=+-]+", "-", ".".join(within)).strip("-.")
    return Path(item.path).parent / FOLDER / name


def _orphans(snapshots: Path, owned: set[str]) -> list[Path]:
    """Folders of pictures in ``snapshots`` whose test function is in no file beside it.

    Judged by the sources, since a run need not collect all of them; ``owned`` are the names of those collected.
    """
    if not snapshots.is_dir():
        return []
    sources = " ".join(file.read_text("utf-8", "replace") for file in snapshots.parent.glob("*.py"))
    defined = set(re.findall(r"\bdef\s+(\w+)", sources))
    folders = [folder for folder in sorted(snapshots.iterdir()) if folder.is_dir() and any(folder.rglob("*.png"))]
    return [
        folder for folder in folders if folder.name not in owned and not defined & set(re.split(r"[^\w]", folder.name))
    ]
