"""The objects behind the fixtures ``frames`` and ``layout``: calls that run a scene and fail the test for a wrong
picture.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.stills import beat_frames
from gradreel.scenes.testing.layout import TESTED, Bounds, LayoutFault, check_beats, check_scene
from gradreel.scenes.testing.snapshot_folders import clashes_key, orphans_key, safe_name
from gradreel.scenes.testing.snapshots import CHANNEL_TOLERANCE, PIXEL_SHARE, Outcome, check_snapshots
from gradreel.scenes.themes import DEFAULT_THEME
from gradreel.scenes.words.languages import DEFAULT_LANGUAGE
from gradreel.scenes.words.narration import OwnWords, use_words
from manim import Scene

FAILED_FOLDER = ".snapshots-failed"  # in pytest's rootdir

Chosen = Mapping[str, Any]

# For each option its allowed types, and these in words; lang and theme are checked where they are used
NEEDED: dict[str, tuple[type | tuple[type, ...], str]] = {
    "parameters": (Mapping, "a mapping of the scene's parameters, such as {'radius': 2}"),
    "media_dir": ((str, os.PathLike), "a folder"),
    "words": ((str, os.PathLike), "a file of words, as a lesson names one"),
    "name": (str, "a text, the name of a folder"),
    "tolerance": ((int, float), "a number, the difference of a channel that is tolerated (of 255)"),
    "share": ((int, float), "a number, the share of the pixels that may differ by more (0 to 1)"),
}


class Frames:
    """The fixture ``frames`` for the test ``request.node``, whose pictures are in ``folder``."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, media_dir: Path) -> None:
        self._node: pytest.Item = request.node
        self._config = request.config
        self._update = bool(request.config.getoption("--snapshot-update"))
        self._media_dir = media_dir
        self._folder = folder
        self._used: list[Path] = []

    def __call__(
        self,
        scene_class: type[Scene],
        /,
        *,
        parameters: Chosen | None = None,
        lang: str | None = None,
        theme: str | None = None,
        media_dir: Path | None = None,
        words: Path | None = None,
        name: str | None = None,
        tolerance: int | None = None,
        share: float | None = None,
        layout: bool | Bounds | None = None,
        **more: Any,
    ) -> None:
        """Compare a scene's pictures with its snapshots, and fail the test if they differ; see the plugin's
        ``frames``.
        """
        __tracebackhide__ = True
        options: dict[str, Any] = {"lang": lang, "theme": theme, "media_dir": media_dir, "words": words, "name": name}
        options |= {"tolerance": tolerance, "share": share, "layout": layout}
        _check_types("frames", scene_class, options | {"parameters": parameters})
        scene_parameters = _merged_parameters(scene_class, parameters, more, options)
        context = trained_context(scene_class, scene_parameters, lang, theme, Path(media_dir or self._media_dir))
        folder = self._own_folder(name)
        failures = self._failures_folder(folder)
        findings: list[LayoutFault] = []
        bounds = layout if isinstance(layout, Bounds) else TESTED
        at_beat = (lambda scene, beat: findings.extend(check_scene(scene, beat, bounds))) if layout else None
        with _words_of(words, Path(self._node.path)):
            stills = beat_frames(scene_class, scene_parameters, context, at_beat=at_beat)
        outcome = check_snapshots(
            stills,
            folder,
            failures,
            update=self._update,
            tolerance=CHANNEL_TOLERANCE if tolerance is None else tolerance,
            share=PIXEL_SHARE if share is None else share,
        )
        for orphan in self._config.stash.get(orphans_key, {}).get(self._node.nodeid, []):
            self._left_over(orphan, outcome)
        if failures.exists():
            (self._config.rootpath / FAILED_FOLDER / ".gitignore").write_text("*\n")
        self._report(scene_class.__name__, outcome, findings)

    def check_left_over_folders(self) -> None:
        """Fail the test for pictures in folders that it no longer uses (its calls with ``name``)."""
        __tracebackhide__ = True
        outcome = Outcome()
        for folder in sorted({path.parent for path in self._folder.rglob("*.png")} - {self._folder, *self._used}):
            self._left_over(folder, outcome)
        self._report(self._node.name, outcome)

    def _own_folder(self, name: str | None) -> Path:
        """Return the folder of a call's snapshots. Fails the test if another test or call uses it."""
        __tracebackhide__ = True
        clashing = self._config.stash.get(clashes_key, {}).get(self._node.nodeid)
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
        """Return the folder for this call's failed pictures, emptied of those of the last run."""
        root = self._config.rootpath
        path = Path(self._node.path)
        relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
        failures = root / FAILED_FOLDER / relative.with_suffix("") / folder.relative_to(self._folder.parent)
        shutil.rmtree(failures, ignore_errors=True)
        return failures

    def _left_over(self, folder: Path, outcome: Outcome) -> None:
        """Report a folder whose pictures no test compares with; delete them when updating."""
        if not self._update:
            outcome.problems.append(f"{folder.name}: left over, no test compares with {folder}")
            return
        pictures = sorted(folder.rglob("*.png"))
        for picture in pictures:
            picture.unlink(missing_ok=True)
        for subfolder in sorted({folder, *(picture.parent for picture in pictures)}, reverse=True):
            with suppress(OSError):  # a folder with other files stays
                subfolder.rmdir()
        outcome.deleted += pictures

    def _report(self, title: str, outcome: Outcome, findings: Sequence[LayoutFault] = ()) -> None:
        """Store which pictures were written or deleted, and fail the test if there are problems."""
        __tracebackhide__ = True
        for verb, paths in (("written", outcome.written), ("deleted", outcome.deleted)):
            self._node.user_properties += [("snapshot", f"{verb} {path}") for path in paths]
        faults = [_breaches_text(title, findings)] if findings else []
        if outcome.problems:
            problems = "\n".join(outcome.problems)
            repair_advice = "If the pictures are right as they are now: pytest --snapshot-update"
            faults.append(
                f"{title}: snapshots are not as they should be ({len(outcome.problems)})\n{problems}\n{repair_advice}"
            )
        if faults:
            pytest.fail("\n\n".join(faults), pytrace=False)


class Layout:
    """The fixture ``layout``."""

    def __init__(self, test_file: Path, media_dir: Path) -> None:
        self._test_file, self._media_dir = test_file, media_dir

    def __call__(
        self,
        scene_class: type[Scene],
        /,
        *,
        parameters: Chosen | None = None,
        lang: str | None = None,
        theme: str | None = None,
        media_dir: Path | None = None,
        words: Path | None = None,
        **more: Any,
    ) -> None:
        """Fail the test if a layout rule is broken at the end of any beat; see the plugin's ``layout``."""
        __tracebackhide__ = True
        options: dict[str, Any] = {"lang": lang, "theme": theme, "media_dir": media_dir, "words": words}
        _check_types("layout", scene_class, options | {"parameters": parameters})
        scene_parameters = _merged_parameters(scene_class, parameters, more, options)
        context = trained_context(scene_class, scene_parameters, lang, theme, Path(media_dir or self._media_dir))
        with _words_of(words, self._test_file):
            findings = check_beats(scene_class, scene_parameters, context)
        if findings:
            pytest.fail(_breaches_text(scene_class.__name__, findings), pytrace=False)


@contextmanager
def _words_of(words: str | os.PathLike[str] | None, test_file: Path) -> Iterator[None]:
    """Give scenes made inside the context the words of a file, whose path starts at the test file's folder."""
    use_words(OwnWords.read(test_file.parent / words) if words is not None else None)
    try:
        yield
    finally:
        use_words(None)


def _breaches_text(title: str, findings: Sequence[LayoutFault]) -> str:
    """Return a message that lists the breaches."""
    breaches = "1 breach" if len(findings) == 1 else f"{len(findings)} breaches"
    return "\n".join([f"{title}: {breaches} of layout rules", *map(str, findings)])


def _check_types(fixture: str, scene_class: object, options: Chosen) -> None:
    """Raise UserError if the scene class or an option has a wrong type; the message says which type is needed."""
    __tracebackhide__ = True
    if not (isinstance(scene_class, type) and issubclass(scene_class, Scene)):
        given_text, example = _value_and_type(scene_class), "MyScene"
        if isinstance(scene_class, type):
            given_text = f"the class {scene_class.__name__}"
        elif isinstance(scene_class, Scene):
            example = type(scene_class).__name__
            given_text = f"a scene that has been made, {example}()"
        raise UserError(
            f"{fixture}() was given {given_text}; it needs the class of a Manim scene, such as {fixture}({example})"
        )
    for option, (kinds, needed) in NEEDED.items():
        value = options.get(option)
        if value is not None and not isinstance(value, kinds):
            raise UserError(f"{fixture}() was given {option}={_value_and_type(value)}; it needs {needed}")


def _value_and_type(value: object) -> str:
    """Return a value and its type for a message."""
    return f"{shortened(value)} ({type(value).__name__})"


def _merged_parameters(
    scene_class: type[Scene], parameters: Chosen | None, more: Chosen, options: Chosen
) -> dict[str, Any]:
    """Return the scene's parameters.

    Raises TypeError if an option could also mean a parameter of the same name, or a parameter is given twice.
    """
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


def trained_context(
    scene_class: type[Scene], parameters: Chosen, lang: str | None, theme: str | None, media_dir: Path
) -> SceneContext | None:
    """Return the context of a LectureScene, after training its missing runs; None for any other scene."""
    if not issubclass(scene_class, LectureScene):
        if lang or theme:
            raise TypeError(f"lang and theme are for a LectureScene; {scene_class.__name__} is none")
        return None
    context = SceneContext(lang or DEFAULT_LANGUAGE, theme=theme or DEFAULT_THEME, media_dir=media_dir)
    for experiment in scene_class.experiments(scene_class.validated(parameters)).values():
        if not (context.traces / experiment.digest).exists():
            from gradreel.core.network.training import train

            train(experiment, context.traces)
    return context
