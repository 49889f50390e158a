"""Selects the recorded runs of a page: those that a film's scenes show, or those in folders that the user named."""

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

MOST_SEEDS = 2  # two starts can be compared; more runs of one network would only crowd the page
ID_LENGTH = 12


@dataclass(frozen=True)
class TouchedRun:
    """A recorded run on a page. The reader steps through its states.

    ``about`` is a hash of the dataset, or "recorded" for a run of `record`. Runs with equal ``about`` can be compared.
    """

    id: str  # the first `ID_LENGTH` characters of the hash of the trace's checksum
    name: str
    about: str
    path: Path
    scenes: tuple[str, ...] = ()  # names of the scenes that show the run

    def numbers(self) -> dict[str, Any]:
        """Return what the page shows of the run, see `run_numbers`. Raises TraceError for a damaged trace."""
        return run_numbers(Trace.open(self.path, checksums=True))


def runs_of_film(clips: Sequence[Clip], lesson: Lesson, folders: Folders) -> list[TouchedRun]:
    """Return the runs that the scenes of ``clips`` show, in film order, each once, with all scenes that show it.

    For a network that a scene trains from several random starts, only the first `MOST_SEEDS` seeds count.
    """
    runs: dict[str, TouchedRun] = {}
    for clip in clips:
        for run in _shown_by(clip, lesson, folders):
            first = runs.get(run.id, run)
            runs[run.id] = replace(first, scenes=(*first.scenes, clip.scene))
    return _with_distinct_names(list(runs.values()))


def runs_of_traces(paths: Sequence[Path]) -> list[TouchedRun]:
    """Return the runs in the trace folders ``paths``, in this order, without duplicates.

    Raises TraceError for a folder that is not a trace.
    """
    runs = [_run_in(path) for path in paths]
    return _with_distinct_names(list({run.id: run for run in runs}.values()))


def _shown_by(clip: Clip, lesson: Lesson, folders: Folders) -> Iterator[TouchedRun]:
    """Yield the runs that one scene shows: its trained experiments first, then traces that a parameter names."""
    seeds: dict[str, int] = {}  # how many seeds of each network so far
    for experiment in clip.experiments.values():
        network = as_json({**experiment.described(), "seed": None}).decode()
        seeds[network] = seeds.get(network, 0) + 1
        if seeds[network] <= MOST_SEEDS:
            yield _run_in(folders.traces / experiment.digest, lesson.run_name(experiment))
    for parameter in clip.parts["traces"].keys() - clip.experiments.keys():
        folder = TraceFolder(clip.request.parameters[parameter])
        yield _run_in(folder.path)


def _run_in(path: Path, title: str | None = None) -> TouchedRun:
    """Return the run in the trace folder ``path``.

    Its name begins with ``title``, or with the folder's name unless that is a digest. For one of our experiments, the
    network and the seed follow.
    """
    path = Path(os.path.abspath(path.expanduser()))
    meta, run = read_meta(path)
    name_parts = [title or path.name]
    about = "recorded"
    if isinstance(run, Experiment):
        name_parts = [*([] if name_parts == [run.digest] else name_parts), _network_name(run), f"seed {run.seed}"]
        about = short_hash(as_json(run.dataset.described()))
    return TouchedRun(short_hash(str(meta["checksum"]).encode())[:ID_LENGTH], " · ".join(name_parts), about, path)


def _network_name(run: Experiment) -> str:
    """Return a short name of a run's network: "3 sigmoid", "2 × 100 relu", "13, 5 relu" or "linear"."""
    if not run.hidden:
        return "linear"
    alike = len(run.hidden) > 1 and len(set(run.hidden)) == 1
    sizes = f"{len(run.hidden)} × {run.hidden[0]}" if alike else ", ".join(map(str, run.hidden))
    return f"{sizes} {run.activation}"


def _with_distinct_names(runs: list[TouchedRun]) -> list[TouchedRun]:
    """Return the runs with distinct names: where two share a name, the beginning of each one's id follows it."""
    names = [run.name for run in runs]
    return [run if names.count(run.name) == 1 else replace(run, name=f"{run.name} ({run.id[:6]})") for run in runs]
