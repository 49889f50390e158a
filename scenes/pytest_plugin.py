"""The pytest plugin: ``frames`` compares a scene's pictures with snapshots, ``layout`` checks the rules of the picture.

    def test_build_curve(frames):
        frames(BuildCurve, knots=[[0, 1], [2, 3]])

    def test_build_curve_layout(layout):
        layout(BuildCurve, lang="zh")

Wherever Gradreel is installed, every pytest run imports this module. So it imports nothing heavy at its top.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gradreel.scenes.testing.snapshot_folders import clashes_key, left_over, orphans_key, snapshot_folder

if TYPE_CHECKING:
    from gradreel.scenes.testing.fixtures import Frames, Layout

_passed_key = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--snapshot-update``."""
    group = parser.getgroup("gradreel", "frame snapshots (gradreel)")
    with suppress(ValueError):  # another plugin's option of that name means the same
        group.addoption(
            "--snapshot-update", action="store_true", help="write the snapshots that `frames` compares with"
        )


@pytest.hookimpl(tryfirst=True)  # before -k and -m leave some out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which tests would share a folder of snapshots, and which folders belong to no test."""
    owners: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if "frames" in getattr(item, "fixturenames", ()):
            owners.setdefault(snapshot_folder(item), []).append(item)
    clashes = [[item.nodeid for item in sharing] for sharing in owners.values() if len(sharing) > 1]
    config.stash[clashes_key] = {nodeid: ids for ids in clashes for nodeid in ids}
    first_of = {folder.parent: sharing[0].nodeid for folder, sharing in reversed(owners.items())}
    narrowed = config.getoption("lf", False) or any("[" in argument for argument in config.args)
    functions = (item for (item, *_) in owners.values() if hasattr(item, "originalname"))
    complete = set() if narrowed else {(Path(item.path), item.originalname) for item in functions}
    config.stash[orphans_key] = {
        nodeid: left_over(snapshots, {folder.name for folder in owners}, complete)
        for snapshots, nodeid in first_of.items()
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the test itself passed."""
    report = yield
    if call.when == "call":
        item.stash[_passed_key] = report.passed
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the snapshots that were written or deleted."""
    changed = {
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "snapshot"
    }
    if changed:
        terminalreporter.section("snapshots")
        for line in sorted(changed):
            terminalreporter.write_line(line)


@pytest.fixture
def frames(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    """Return ``frames(SceneClass, **parameters)``, which fails unless each beat's last picture equals its snapshot.

    Snapshots are ``snapshots/<test>/<beat>.png`` beside the test file, and ``pytest --snapshot-update`` writes them. A
    plain Manim scene has a snapshot after each ``play`` and ``wait`` that shows something new (``02-fade-in.png``), and
    one of its ``end`` if that differs. After 20 plays only every fifth has one, after 100 every twenty-fifth. Each
    channel may differ by 8 of 255, and 20 pixels of 854 x 480 may differ by more. Missing, left-over and blank
    snapshots fail the test.

    Options of the call:

    - ``lang`` and ``theme``: those of a LectureScene.
    - ``media_dir``: the folder with the traces. By default missing runs are trained, into pytest's cache.
    - ``words``: a file of words, as a lesson names one; its path starts at the test's folder.
    - ``name``: a folder of its own, for a second call in one test.
    - ``tolerance`` and ``share``: the allowed difference of a channel, and the share of pixels that may differ by more.
    - ``layout``: True to check the layout rules as well, in the same playing. `gradreel.scenes.testing.layout.Bounds`
      asks more than True does.
    - ``parameters``: a mapping, for parameters of the scene that have the name of an option.

    A scene that iterates over a set of texts does so in the order of this process's PYTHONHASHSEED; renders use 0.
    """
    from gradreel.scenes.testing.fixtures import Frames

    checker = Frames(request, snapshot_folder(request.node), _media_dir(request, tmp_path_factory))
    yield checker
    if request.node.stash.get(_passed_key, False):
        checker.check_left_over_folders()


@pytest.fixture
def layout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return ``layout(SceneClass, **parameters)``, which fails if a layout rule is broken at the end of any beat.

    The rules are those of ``gradreel check``, which also finds lines of other colours through texts. The options
    ``lang``, ``theme``, ``media_dir``, ``words`` and ``parameters`` are those of ``frames``.
    """
    from gradreel.scenes.testing.fixtures import Layout

    return Layout(Path(request.node.path), _media_dir(request, tmp_path_factory))


def _media_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a media folder that persists between runs: in pytest's cache if there is one."""
    cache = getattr(request.config, "cache", None)
    if cache is not None:
        return Path(cache.mkdir("gradreel"))
    return tmp_path_factory.getbasetemp() / "media"  # not "gradreel", which an import could take for the package
