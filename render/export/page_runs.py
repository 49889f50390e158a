"""Which recorded runs a page has: those that a film's scenes show, or those of folders that were named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.render.clips.file_digest import short_hash
from gradreel.render.clips.workspace import Folders, as_json
from gradreel.render.export.run_numbers import run_numbers
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.stages import Clip
from gradreel.scenes.trace_folder import TraceFolder

MOST_SEEDS = 2  # of a network that a scene trains from several random starts: two can be compared
ID_LENGTH = 12


@dataclass(frozen=True)
class TouchedRun:
    """A recorded run on a page. ``about``: what it is to learn; runs of the same may be compared."""

    id: str  # of its trace's checksum
    name: str
    about: str
    path: Path
    scenes: tuple[str, ...] = ()  # that show it

    def numbers(self) -> dict[str, Any]:
        """What the page shows of it. Raises TraceError for a damaged trace."""
        return run_numbers(Trace.open(self.path, checksums=True))


def runs_of_film(clips: Sequence[Clip], lesson: Lesson, folders: Folders) -> list[TouchedRun]:
    """The runs that the scenes show, in film order, each once."""
    found: dict[str, TouchedRun] = {}
    for clip in clips:
        for run in _shown_by(clip, lesson, folders):
            known = found.get(run.id, run)
            found[run.id] = replace(known, scenes=(*known.scenes, clip.scene))
    return _told_apart(list(found.values()))


def runs_of_traces(paths: Sequence[Path]) -> list[TouchedRun]:
    """The runs in these folders, in this order, each once. Raises TraceError for what is no trace."""
    runs = [_run_in(path) for path in paths]
    return _told_apart(list({run.id: run for run in runs}.values()))


def _shown_by(clip: Clip, lesson: Lesson, folders: Folders) -> Iterator[TouchedRun]:
    seeds: dict[str, int] = {}  # of each network, how many
    for experiment in clip.experiments.values():
        network = as_json({**experiment.described(), "seed": None}).decode()
        seeds[network] = seeds.get(network, 0) + 1
        if seeds[network] <= MOST_SEEDS:
            yield _run_in(folders.traces / experiment.digest, lesson.run_name(experiment))
    for parameter in clip.parts["traces"].keys() - clip.experiments.keys():
        folder = TraceFolder(clip.request.parameters[parameter])
        yield _run_in(folder.path)


def _run_in(path: Path, called: str | None = None) -> TouchedRun:
    """The run in a folder, by what it is ``called`` or by the folder's name, where that is no digest."""
    path = Path(os.path.abspath(path.expanduser()))
    meta, run = read_meta(path)
    known = [called or path.name]
    about = "recorded"
    if isinstance(run, Experiment):
        known = [*([] if known == [run.digest] else known), _network_name(run), f"seed {run.seed}"]
        about = short_hash(as_json(run.dataset.described()))
    return TouchedRun(short_hash(str(meta["checksum"]).encode())[:ID_LENGTH], " · ".join(known), about, path)


def _network_name(run: Experiment) -> str:
    """ "3 sigmoid", "2 × 100 relu", "13, 5 relu", "linear"."""
    if not run.hidden:
        return "linear"
    alike = len(run.hidden) > 1 and len(set(run.hidden)) == 1
    sizes = f"{len(run.hidden)} × {run.hidden[0]}" if alike else ", ".join(map(str, run.hidden))
    return f"{sizes} {run.activation}"


def _told_apart(runs: list[TouchedRun]) -> list[TouchedRun]:
    """Runs of one name have the beginnings of their ids after it."""
    names = [run.name for run in runs]
    return [run if names.count(run.name) == 1 else replace(run, name=f"{run.name} ({run.id[:6]})") for run in runs]
