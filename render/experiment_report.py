"""Prints the results of ``gradreel experiment``: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gradreel.core.analysis.compared_networks import SETTINGS, Network
from gradreel.core.analysis.noise_floor import NoiseFloor, noise_floor
from gradreel.core.analysis.results import (
    LECTURE,
    Losses,
    PartLosses,
    Result,
    best_by_test,
    best_by_validation,
)
from gradreel.core.choices import EPOCHS
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError, printable
from gradreel.core.experiment import Experiment
from gradreel.core.trace.training_times import training_seconds
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.options import ExperimentOptions
from gradreel.render.report import WIDTH, print_json
from gradreel.render.terminal import raw_stream
from gradreel.render.videos.results import Results, maker_of, publish_results, workspace_for
from gradreel.render.workers.progress import counted, reporter
from gradreel.render.workers.training import grouped

NOTHING = "—"
COLUMNS = (
    *("network", "hidden", "parameters", "updates", "seed", "seconds"),
    *("epoch", "training_loss", "validation_loss", "test_loss", "end_training_loss", "end_test_loss"),
)  # of --csv
PARTS = ("training", "validation", "test")


@dataclass(frozen=True)
class Comparison:
    """Networks of several sizes on one dataset, with their results; None for a network without a recorded run."""

    kind: str  # "width" or "depth"
    dataset: DailyViews
    results: Mapping[Network, Result | None]
    traces: Path

    @property
    def recorded(self) -> list[Result]:
        """Return the results of all networks that have recorded runs."""
        return [result for result in self.results.values() if result is not None]

    @property
    def as_in_the_lecture(self) -> bool:
        """Return whether the lecture's own figures can stand beside these.

        They can if the runs use the default data and settings, and only the lecture's networks.
        """
        runs = [network.experiments[0] for network in self.results]
        return self.dataset == DailyViews() and all(run.epochs == EPOCHS and run.hidden in LECTURE for run in runs)

    @property
    def seeds(self) -> int:
        """Return the number of seeds for each network."""
        return len(next(iter(self.results)).experiments)

    def spread(self, losses: Losses) -> str:
        """Return mean ± deviation, such as ``0.321k ± 0.012k``; only the mean for one run. The table has one unit."""
        mean, deviation = self.written(losses.mean), losses.deviation
        return mean if deviation is None else f"{mean} ± {self.written(deviation)}"

    @cached_property
    def floor(self) -> NoiseFloor | None:
        """Return the loss of a predictor that knows the rule; None for views from a file."""
        return noise_floor(self.dataset)

    @cached_property
    def written(self) -> Callable[[float], str]:
        """Return a function that writes a number of views in the table's unit."""
        return self.dataset.format_column(
            loss.mean for result in self.recorded for loss in (result.training, result.validation, result.test)
        )


def print_missing(
    networks: Sequence[Network], missing: Sequence[Experiment], traces: Path, options: ExperimentOptions
) -> None:
    """Print which runs would be trained."""
    rows: list[dict[str, Any]] = [
        {"run": network.run_name(run), "digest": run.digest, "updates": run.n_updates, "parameters": run.n_parameters}
        for network in networks
        for run in network.experiments
        if run in missing
    ]
    if options.as_json:
        print_json({"train": rows, "traces": str(traces)})
        return
    for row in rows:
        updates, parameters = (counted(row[f"{noun}s"], noun, grouped) for noun in ("update", "parameter"))
        print(f"train   {row['run']}: {updates} of {parameters}")
    if not rows:
        print("nothing to train: every run is recorded")


def print_comparison(comparison: Comparison, options: ExperimentOptions) -> None:
    """Print the table with its notes, unless JSON or CSV takes standard output; then write the CSV, if asked for.

    Raises UserError if the CSV file cannot be written.
    """
    if options.as_json:
        print_json(_comparison_as_json(comparison))
    elif options.csv != Path("-") and not options.quiet:
        header, rows = _header_and_rows(comparison)
        if sys.stdout.isatty():
            _print_rich(header, rows)
        else:
            _print_plain(header, rows)
        for note in _sentences_below_table(comparison):
            print(textwrap.fill(note, WIDTH))
    if options.csv == Path("-"):
        sys.stdout.write(_csv_text(comparison))
    elif options.csv is not None:
        _write_csv(options.csv, _csv_text(comparison), Folders(options.media_dir), options)


def _header_and_rows(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the table's header and rows."""
    header = ["network", "parameters", "updates", "seconds", "epoch", "training", "validation", "test"]
    header += ["end: training", "end: test"]
    if comparison.as_in_the_lecture:
        header += ["lecture: training", "lecture: test"]
    rows = [_row_of_network(comparison, network, result) for network, result in comparison.results.items()]
    floor = comparison.floor
    if floor is not None and comparison.recorded:
        training, validation, test = map(comparison.written, (floor.training, floor.validation, floor.test))
        row = ["knows the rule", *[""] * 4, training, validation, test, training, test]
        rows.append(row + [""] * (len(header) - len(row)))
    return header, rows


def _row_of_network(comparison: Comparison, network: Network, result: Result | None) -> list[str]:
    """Return a network's row; dashes without a recorded run."""
    row = [network.name, grouped(network.n_parameters), grouped(network.n_updates)]
    if result is None:
        row += [NOTHING] * 7
    else:
        if len(result.seeds) < len(network.experiments):
            row[0] += f" ({len(result.seeds)} of {len(network.experiments)} runs)"
        seconds = NOTHING if result.seconds is None else f"{result.seconds:.1f}"
        losses = (result.training, result.validation, result.test, result.end.training, result.end.test)
        epoch = sum(result.epochs) / len(result.epochs)
        row += [seconds, f"{epoch:.0f}", *map(comparison.spread, losses)]
    return row + (list(LECTURE[network.hidden]) if comparison.as_in_the_lecture else [])


def _print_plain(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns two spaces apart; all but the first are aligned to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        first, *rest = (f"{cell:{'<' if i == 0 else '>'}{widths[i]}}" for i, cell in enumerate(row))
        print("  ".join([first, *rest]).rstrip())


def _print_rich(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the table with rich, for a terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for i, name in enumerate(header):
        table.add_column(printable(name), justify="left" if i == 0 else "right")
    for row in rows:
        table.add_row(*map(printable, row))
    Console(file=raw_stream(sys.stdout)).print(table)


def _sentences_below_table(comparison: Comparison) -> list[str]:
    """Return sentences about the numbers, the data, the training, and differences from the lecture."""
    dataset, run = comparison.dataset, next(iter(comparison.results)).experiments[0]
    over = "" if comparison.seeds == 1 else f", mean ± sample standard deviation over {comparison.seeds} seeds"
    window = f"{dataset.window} days before are the features" if dataset.window > 1 else "the day before is the feature"
    column = f", column {dataset.daily.column}" if dataset.daily.column else ""
    notes = [
        f"Losses: mean absolute error in views{over}. Each run as it was after the epoch in which it did best on "
        "validation days (epoch: their mean), and after its last update. Seconds: of training one run; of runs trained "
        "side by side, its share.",
        f"Data: {dataset.title}{column}, {dataset.daily.start} to {dataset.daily.end}; "
        f"{counted(dataset.examples, 'day')} trained on, {dataset.n_validation} for validation from "
        f"{dataset.first_validation_date}, {dataset.n_test} for the test from {dataset.first_test_date}; "
        f"{window}.",
        f"Trained by {SETTINGS['optimizer'].title()}, learning rate {run.learning_rate:g}, in batches of "
        f"{run.batch_size}, {counted(run.epochs, 'epoch')}, {run.dtype}.",
    ]
    if comparison.as_in_the_lecture:
        notes.append(
            "The lecture's figures are of single runs on its own channel's real views; these are made up by a "
            "generator of ours. How its networks were trained, and how long, the lecture does not say."
        )
    if comparison.floor is not None:
        notes.append(
            "Knows the rule: what one who knows the rule of our made-up channel misses these days by. No network can "
            "be expected to miss test days by less; one that does on days trained on has learned noise by heart."
        )
    if len(comparison.recorded) > 1:
        chosen, least = best_by_validation(comparison.recorded), best_by_test(comparison.recorded)
        notes.append(
            f"Least loss on validation days: {chosen.network.name}; on test days it has "
            f"{comparison.spread(chosen.test)}. Least of all there: {least.network.name}."
        )
    return notes


def _comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data."""
    dataset = comparison.dataset
    run = next(iter(comparison.results)).experiments[0]
    recorded = comparison.recorded
    return {
        "comparison": comparison.kind,
        "data": {
            "name": dataset.title,
            "column": dataset.daily.column or None,
            "synthetic": dataset.synthetic,
            "first_day": str(dataset.daily.start),
            "last_day": str(dataset.daily.end),
            "validation_from": str(dataset.first_validation_date),
            "test_from": str(dataset.first_test_date),
            "window": dataset.window,
            "examples": dataset.examples,
            "validation": dataset.n_validation,
            "test": dataset.n_test,
            "filled": [str(day) for day in dataset.daily.filled],
        },
        "settings": {**SETTINGS, "batch_size": run.batch_size, "epochs": run.epochs},
        "unit": "views, mean absolute error after the epoch of least validation loss; end: after the last update",
        "spread": "sample standard deviation over seeds",
        "networks": [_network_json(comparison, network, result) for network, result in comparison.results.items()],
        "knows_the_rule": asdict(comparison.floor) if comparison.floor else None,
        "best_by_validation": best_by_validation(recorded).network.name if recorded else None,
        "best_by_test": best_by_test(recorded).network.name if recorded else None,
        "notes": _sentences_below_table(comparison),
    }


def _network_json(comparison: Comparison, network: Network, result: Result | None) -> dict[str, Any]:
    """Return a network's description and its results as a dictionary that JSON can hold."""
    lecture = LECTURE[network.hidden] if comparison.as_in_the_lecture else None
    return {
        "name": network.name,
        "hidden": list(network.hidden),
        "parameters": network.n_parameters,
        "updates": network.n_updates,
        "seconds": result.seconds if result else None,
        **_parts_json(result.chosen if result else None),
        "end": _parts_json(result.end if result else None),
        "lecture": {"training": lecture[0], "test": lecture[1]} if lecture else None,
        "runs": _runs_as_json(comparison, network, result),
    }


def _parts_json(part_losses: PartLosses | None) -> dict[str, Any]:
    """Return mean, deviation and range of the loss for each of `PARTS`; None for each without results."""
    if part_losses is None:
        return dict.fromkeys(PARTS)
    losses_by_part: dict[str, Losses] = {part: getattr(part_losses, part) for part in PARTS}
    return {
        part: {"mean": losses.mean, "deviation": losses.deviation, "min": losses.least, "max": losses.largest}
        for part, losses in losses_by_part.items()
    }


def _runs_as_json(comparison: Comparison, network: Network, result: Result | None) -> list[dict[str, Any]]:
    """Return each run of a network as plain data; its losses and its epoch are None if it is not recorded."""
    places = {seed: i for i, seed in enumerate(result.seeds)} if result else {}
    rows = []
    for run in network.experiments:
        place = places.get(run.seed)
        row: dict[str, Any] = {"seed": run.seed, "seconds": None, "epoch": None, **dict.fromkeys(PARTS)}
        row |= {"end": dict.fromkeys(PARTS), "trace": None}
        if result is not None and place is not None:
            row |= {"seconds": training_seconds(comparison.traces, run), "epoch": result.epochs[place]}
            row |= _run_losses(result.chosen, place) | {"end": _run_losses(result.end, place)}
            row |= {"trace": str(comparison.traces / run.digest)}
        rows.append(row)
    return rows


def _run_losses(losses: PartLosses, place: int) -> dict[str, float]:
    """Return one run's loss for each of `PARTS`."""
    return {part: float(getattr(losses, part).by_seed[place]) for part in PARTS}


def _csv_text(comparison: Comparison) -> str:
    """Return the CSV text: a row for each run, losses in views."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for network, result in comparison.results.items():
        hidden = "-".join(map(str, network.hidden))
        for run in _runs_as_json(comparison, network, result):
            end = run["end"]
            numbers = [run["seconds"], run["epoch"], *(run[part] for part in PARTS), end["training"], end["test"]]
            shown = ["" if number is None else repr(number) for number in numbers]
            rows.writerow([network.name, hidden, network.n_parameters, network.n_updates, run["seed"], *shown])
    return text.getvalue()


def _write_csv(path: Path, text: str, folders: Folders, options: ExperimentOptions) -> None:
    """Write ``text`` to the file at once: an earlier file stays until all of the text is on the disk.

    Raises UserError if it cannot be written.
    """
    if not is_replaced(path):
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"--csv {path} was not written: {error.strerror}; name another file") from None
        return
    with workspace_for(folders.media_dir) as workspace:
        temporary = workspace.temporary("runs.csv")
        temporary.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(path, temporary)
        results = results_of_comparison(options, workspace)
        progress = reporter("none", options.quiet or options.as_json)
        publish_results(workspace, [(results, {temporary: Path(os.path.realpath(path))})], progress.say, option="--csv")


def results_of_comparison(options: ExperimentOptions, folders: Folders) -> Results:
    """Return the results of a comparison, whose maker is its kind and its file of data."""
    return Results(folders, maker_of(options.data or Path(), folders, f"experiment {options.kind}"), options.overwrite)


def is_replaced(path: Path) -> bool:
    """Return whether a table replaces the file at ``path``. A device or a pipe is written to instead."""
    return not path.absolute().is_relative_to("/dev") and (
        path.is_file() or not os.path.lexists(os.path.realpath(path))
    )
