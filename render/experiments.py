"""Runs ``gradreel experiment``: trains the missing runs of a comparison by width or depth, and prints the results."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradreel.core.analysis.compared_networks import Network, depth_experiments, width_experiments
from gradreel.core.analysis.results import Result, result_of
from gradreel.core.choices import DEPTHS, MOST_LAYERS, MOST_WIDTH, WIDTH, WIDTHS
from gradreel.core.daily.views import Borders, DailyViews
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.render.clips.workspace import Folders, Workspace, check_writable, clear_disk_errors
from gradreel.render.cluster.executors import trainers_of
from gradreel.render.experiment_report import (
    Comparison,
    is_replaced,
    print_comparison,
    print_missing,
    results_of_comparison,
)
from gradreel.render.lessons.daily_data import daily_data, daily_views, filled_text
from gradreel.render.lessons.options import ExperimentOptions, jobs_of, parse_counts
from gradreel.render.workers.pool import Workers
from gradreel.render.workers.progress import Reporter, reporter
from gradreel.render.workers.training import train_runs


def compare_networks(options: ExperimentOptions) -> int:
    """Train the missing runs, print the comparison, and return the exit code: 1 if a run failed. Raises UserError."""
    options = replace(options, media_dir=options.media_dir.absolute())
    _check_outputs(options)
    borders = options.borders
    data = daily_data(options.data, options.csv_format, borders if options.data else Borders())
    dataset = daily_views(data, options.window, borders)
    networks = _networks_to_compare(options, dataset)
    traces = Folders(options.media_dir).traces
    with reporter(options.progress, options.quiet, options.verbosity) as progress:
        filled = None if dataset.synthetic else filled_text(dataset.daily)
        if filled:
            progress.say(filled)
        missing = _runs_to_train(networks, traces, progress)
        if options.dry_run:
            print_missing(networks, missing, traces, options)
            return 0
        failures = _train_missing(networks, missing, traces, options, progress) if missing else {}
    results: dict[Network, Result | None] = {}
    for network in networks:
        successful = tuple(run for run in network.experiments if run.digest not in failures)
        results[network] = result_of(replace(network, experiments=successful), traces) if successful else None
    print_comparison(Comparison(options.kind, dataset, results, traces), options)
    for network in networks:
        for run in network.experiments:
            if run.digest in failures:
                print(f"Error: {network.run_name(run)}: {failures[run.digest]}", file=sys.stderr)
    return 1 if failures else 0


def _check_outputs(options: ExperimentOptions) -> None:
    """Raise UserError if the CSV file cannot be written, must not be replaced, or shares standard output with JSON."""
    if options.csv == Path("-") and options.as_json:
        raise UserError("--csv - and --json both print on standard output; write one into a file: --csv results.csv")
    if options.csv is None or options.csv == Path("-"):
        return
    file = options.csv
    if file.is_dir():
        raise UserError(f"--csv {options.csv} is a folder; name the file to write")
    target = Path(os.path.realpath(file))  # unlike Path.resolve, it raises nothing for a link that leads to itself
    if target.is_symlink():
        raise UserError(f"--csv {options.csv} is a link that leads to itself; remove it, or name another file")
    if not target.parent.is_dir():
        raise UserError(f"--csv {options.csv}: there is no folder {file.parent}; make it, or name a file elsewhere")
    if target.is_file() or not target.exists():  # a pipe or a device may be named, such as /dev/stdout
        check_writable(target, "--csv")
    if is_replaced(file):
        try:
            results_of_comparison(options, Folders(options.media_dir)).check([target], option="--csv")
        except UserError as error:
            raise UserError(
                f"--csv {options.csv}: {error}. If it is a file of views to read, name it by --data"
            ) from None


def _networks_to_compare(options: ExperimentOptions, dataset: DailyViews) -> tuple[Network, ...]:
    """Return the networks to compare. Raises UserError for an option of the other comparison, or an invalid size."""
    kind_of = {"--widths": "width", "--depths": "depth", "--width": "depth"}
    for option, kind in kind_of.items():
        value = getattr(options, option.removeprefix("--"))
        if value is not None and kind != options.kind:
            raise UserError(f"{option} is for the other comparison; run: gradreel experiment {kind} {option} {value}")
    seeds = range(options.seeds)
    if options.kind == "width":
        widths = parse_counts("--widths", options.widths, 0, MOST_WIDTH) if options.widths is not None else WIDTHS
        return width_experiments(dataset, widths, seeds, options.epochs)
    depths = parse_counts("--depths", options.depths, 1, MOST_LAYERS) if options.depths is not None else DEPTHS
    return depth_experiments(dataset, depths, options.width or WIDTH, seeds, options.epochs)


def _runs_to_train(networks: Sequence[Network], traces: Path, progress: Reporter) -> list[Experiment]:
    """Return the runs to train: those whose trace is missing or damaged, with repetitions if networks share a run.

    Tells ``progress`` which damaged traces will be trained again.
    """
    missing = []
    for network in networks:
        for run in network.experiments:
            try:
                Trace.find(traces, run, checksums=True)
            except TraceError as error:
                missing.append(run)
                if (traces / run.digest).exists():
                    progress.say(f"{network.run_name(run)} is trained again: {str(error).partition(';')[0]}")
    return missing


def _train_missing(
    networks: Sequence[Network],
    missing: Sequence[Experiment],
    traces: Path,
    options: ExperimentOptions,
    progress: Reporter,
) -> Mapping[str, BaseException]:
    """Train the missing runs; return the user's and the disk's errors by digest. Raises any other error."""
    names = {run.digest: network.run_name(run) for network in networks for run in network.experiments}
    task = f"train {len(missing)} run{'s' if len(missing) > 1 else ''}"
    jobs = jobs_of(options.jobs, options.scheduler)
    with (
        clear_disk_errors(options.media_dir),
        Workspace(options.media_dir) as workspace,
        Workers(jobs, workspace.run) as workers,
        trainers_of(workers, jobs, options.scheduler, workspace) as (trainers, at_once),
    ):
        failures = train_runs(names, missing, traces, trainers, at_once, progress, together=task)
    for error in failures.values():
        if not isinstance(error, UserError | OSError):
            raise error
    return failures
