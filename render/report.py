"""Prints the results of the commands: words for people, JSON for programs.

Imports neither Manim nor, at first, rich.
"""

from __future__ import annotations

import json
import math
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.errors import abbreviated_list, is_printable
from gradreel.core.run_data import without_large_tables
from gradreel.render.terminal import raw_stream
from gradreel.render.workers.progress import counted, duration
from gradreel.scenes.words.claims import failed
from gradreel.scenes.words.narration import NEUTRAL, Narration, general_name

if TYPE_CHECKING:  # `list` needs none of these, and they need numpy
    from gradreel.core.experiment import Experiment
    from gradreel.render.lessons.options import Options
    from gradreel.render.pace import BeatPace
    from gradreel.render.stages import Clip, Finding, Plan, SceneDescription, SceneRequest
    from gradreel.render.videos.estimates import Estimates
    from gradreel.scenes.words.claims import Claim

WIDTH = 100  # columns of running text
MOST_SHOWN = 1000  # letters of a parameter's value


def print_json(content: Any) -> None:
    """Print standard JSON. NaN and infinity, which a damaged trace may hold, become texts.

    Characters that would steer a terminal are escaped as JSON escapes, so programs read the original text.
    """
    encoding = getattr(raw_stream(sys.stdout), "encoding", None) or "utf-8"
    has_all_letters = encoding.lower().replace("-", "") in ("utf8", "utf16", "utf32")
    text = json.dumps(_with_non_finite_as_text(content), ensure_ascii=not has_all_letters, indent=2, default=str)
    sys.stdout.write("".join(c if is_printable(c) else json.dumps(c)[1:-1] for c in text) + "\n")


def _with_non_finite_as_text(content: Any) -> Any:
    """Return plain data with NaN and infinity replaced by the texts "nan", "inf" and "-inf"."""
    if isinstance(content, float) and not math.isfinite(content):
        return str(content)
    if isinstance(content, Mapping):
        return {name: _with_non_finite_as_text(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_with_non_finite_as_text(value) for value in content]
    return content


def print_description(
    description: SceneDescription, request: SceneRequest, claims: Sequence[Claim], options: Options
) -> None:
    """Print everything that `describe` knows of a scene, with the lesson's own lines if it has any.

    ``claims`` are the claims of its lines that could be checked.
    """
    source, language = request.source, request.settings.language
    narration = Narration.load([language]).with_words(request.words)
    title = narration.title(description.name, language, source.is_ours)
    lines = narration.scenes[language].get(description.narrated_as, {})
    beats, screen = _beats_and_lines(description.beats, lines.get("beats", {})), lines.get("screen", {})
    rows = sorted(description.rows, key=lambda row: "." in row.name)  # what is in a parameter after all parameters
    if options.as_json:
        print_json(
            {
                "name": description.name,
                "class": source.class_name,
                "file": str(source.file),
                "title": title,
                "doc": description.doc,
                "parameters": [asdict(row) | {"value": _parameter_value(description, row.name)} for row in rows],
                "beats": list(beats),
                "screen": screen,
                "claims": [asdict(each) for each in claims],
                "experiments": {name: _experiment_as_json(run) for name, run in description.experiments.items()},
            }
        )
        return
    print(f"{description.name}: {title}\n{source.class_name} in {source.file}")
    if description.doc:
        print("\n" + textwrap.dedent(f"    {description.doc}").strip())
    print(f"\nParameters (--set {description.name}.NAME=VALUE)" if rows else "\nNo parameters")
    for row in rows:
        value = _parameter_value(description, row.name)
        bounds = f", {row.bounds}" if row.bounds else ""
        print(f"  {row.name}: {row.type}{bounds}")
        if row.description:
            print(textwrap.fill(row.description, WIDTH, initial_indent="      ", subsequent_indent="      "))
        if not isinstance(value, Mapping):
            shown = json.dumps(value, ensure_ascii=False)
            cut = f"{shown[:MOST_SHOWN]} …" if len(shown) > MOST_SHOWN else shown
            print(f"      = {cut}   (default {row.default})")
    written = {*description.beats, *(beat.partition("-{")[0] for beat in description.beats)}
    is_written = all(beat in written or general_name(beat) in written for beat in beats)
    chosen = "" if is_written else "; the numbers decide which of them are told"
    print(f"\nBeats (-n FROM,TO{chosen})" if beats else "\nNo beats")
    for beat, line in beats.items():
        print(f"  {beat}" + (f": {line}" if line else ""))
        if beat in lines.get(NEUTRAL, {}):
            print(f"    neutral: {lines[NEUTRAL][beat]}")
        for each in claims:
            if each.beat in (beat, beat.partition("-{")[0]):
                print(f"    claim: {each}")
    if screen:
        print(f"\nWords on the picture ([{language}.{description.name}.screen] of a lesson's narration)")
    for key, text in screen.items():
        print(f"  {key}: {text}")
    for name, run in description.experiments.items():
        size = f"{counted(run.n_updates, 'update')} of {counted(run.n_parameters, 'parameter')}"
        print(f"\nTraining run {name}: {size}, trace {run.digest}")


def _beats_and_lines(beats: Sequence[str], lines: Mapping[str, str]) -> dict[str, str | None]:
    """Return each beat with its line; None for a line that the scene's source says in place.

    A beat ``piece-{k}`` comes after the numbers that have a line of their own, such as ``piece-1``.
    Names that a scene computes are not in its source. Then the result has the beats that have a line, in film order.
    """
    lines_by_beat: dict[str, str | None] = {}
    for beat in beats:
        general = beat.partition("-{")[0]
        if general != beat:
            lines_by_beat |= {name: line for name, line in lines.items() if re.fullmatch(rf"{general}-\d+", name)}
        lines_by_beat[beat] = lines.get(beat) or lines.get(general)
    if all(line or "{" not in beat for beat, line in lines_by_beat.items()):
        return lines_by_beat
    numbered = {beat.partition("-{")[0]: beat for beat, line in lines_by_beat.items() if line and "{" in beat}
    in_place: dict[str, str | None] = {
        beat: None for beat, line in lines_by_beat.items() if not line and "{" not in beat
    }
    return in_place | {numbered.get(name, name): line for name, line in lines.items()}


def _parameter_value(description: SceneDescription, dotted: str) -> Any:
    """Return a parameter's value; ``run.seed`` is the field inside ``run``."""
    value: Any = description.parameters
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return without_large_tables(value)


def _experiment_as_json(run: Experiment) -> dict[str, Any]:
    """Return a run's digest, size and description as plain data."""
    size = {"digest": run.digest, "updates": run.n_updates, "n_parameters": run.n_parameters}
    return size | {"experiment": run.described()}


def print_traces(clips: Sequence[Clip], traces: Path, options: Options) -> None:
    """Print where the traces of the scenes' training runs are, each once."""
    rows: dict[str, dict[str, Any]] = {}
    for clip in clips:
        for run in clip.experiments.values():
            new = _experiment_as_json(run) | {"path": str(traces / run.digest), "scenes": []}
            rows.setdefault(run.digest, new)["scenes"].append(clip.scene)
    if options.as_json:
        print_json(list(rows.values()))
    elif not options.quiet:
        for row in rows.values():
            size = f"{counted(row['updates'], 'update')} of {counted(row['n_parameters'], 'parameter')}"
            print(f"{row['path']}  {size}, {', '.join(row['scenes'])}")
        if not rows:
            print("none of the scenes shows a training run")


def print_plan(plan: Plan, times: Estimates, options: Options, *, clips: bool) -> None:
    """Print what would be trained and, with ``clips``, rendered; why, and how long it will take."""
    from gradreel.render.claim_checks import broken_claims  # needs numpy, see the imports above

    if options.as_json:
        print_json(_plan_as_json(plan, times, clips))
        return
    for run in plan.runs:
        updates, digest = counted(run.experiment.n_updates, "update"), run.experiment.digest
        other_scenes = list(run.shown_by)[1:]
        shown = f", also for {abbreviated_list(other_scenes)}" if other_scenes else ""
        print(
            f"train   the run of {run.name}{shown}, {updates}, {_approximate_duration(times.training[digest], times)}"
        )
    for language, lines in plan.unspoken.items():
        print(f"speak   {'up to ' if plan.unheard else ''}{counted(lines, 'line')} in {language}")
    for clip in plan.clips:
        time = "" if clip.up_to_date else f", {_approximate_duration(times.rendering[clip.scene], times)}"
        print(f"{'keep  ' if clip.up_to_date else 'render'}  {clip.scene}: {clip.why or 'up to date'}{time}")
    for clip in plan.clips:
        for message in broken_claims(clip, plan.claims.get(clip.scene, ())):
            print(f"neutral {clip.scene}: {message}")
    for message in plan.unsaid:
        print(f"unsaid  {message}")
    if not plan.runs and not clips:
        print("nothing to train: every run is recorded")
    elif plan.runs or plan.out_of_date:
        print(f"in all  {_approximate_duration(times.seconds, times)} with {counted(times.jobs, 'worker')}")
        if times.guessed:
            print(
                f"        by a table, since {abbreviated_list(times.guessed)}; "
                "a third of it, or three times as much, is possible"
            )


def _plan_as_json(plan: Plan, times: Estimates, clips: bool) -> dict[str, Any]:
    """Return a plan with its expected times as plain data; clips only if asked for."""
    content: dict[str, Any] = {
        "train": [
            {
                "run": run.name,
                "digest": run.experiment.digest,
                "scenes": list(run.shown_by),
                "parameters": dict(run.shown_by),
                "seconds": times.training[run.experiment.digest],
            }
            for run in plan.runs
        ]
    }
    if clips:
        content["speak"] = dict(plan.unspoken)
        content["render"] = [
            {
                "scene": clip.scene,
                "why": clip.why,
                "seconds": times.rendering[clip.scene],
            }
            for clip in plan.out_of_date
        ]
        content["up_to_date"] = [clip.scene for clip in plan.clips if clip.up_to_date]
        content["unsaid"] = list(plan.unsaid)
        content["neutral"] = [
            {"scene": scene, **asdict(claim)} for scene, claims in plan.claims.items() for claim in failed(claims)
        ]
    return content | {"seconds": times.seconds, "guessed": bool(times.guessed)}


def _approximate_duration(seconds: float, times: Estimates) -> str:
    """Return how long something takes, as far as that is known."""
    return f"{'roughly' if times.guessed else 'about'} {duration(max(1.0, seconds))}"


def print_paths(paths: Iterable[Path], options: Options) -> None:
    """Print the paths, one a line or as JSON; nothing with --quiet."""
    if options.as_json:
        print_json([str(path) for path in paths])
    elif not options.quiet:
        for path in paths:
            print(path)


def show_made(paths: Sequence[Path], options: Options, preview: bool) -> None:
    """Print the paths of the written files; with ``preview``, open the first."""
    print_paths(paths, options)
    if preview:
        open_file(paths[0])


def print_stills(pictures: Mapping[str, Sequence[Path]], sheet: Path, options: Options) -> None:
    """Print the path of each scene's pictures, then that of the contact sheet; as JSON if ``options`` asks for it."""
    if options.as_json:
        files = {scene: {file.stem: str(file) for file in files} for scene, files in pictures.items()}
        print_json({"scenes": files, "contact_sheet": str(sheet)})
    else:
        print_paths([*(file for files in pictures.values() for file in files), sheet], options)


def print_findings(findings: Sequence[Finding], remarks: Sequence[Finding], checked: str, options: Options) -> None:
    """Print the broken rules, and the ``remarks`` beside them; say so if no rule is broken.

    ``checked`` names what was looked at, such as "2 scenes (zh, light)".
    """
    if options.as_json:
        print_json([asdict(finding) for finding in (*findings, *remarks)])
        return
    for finding in (*findings, *remarks):
        print(f"{finding.scene}, {finding.beat}: {finding.rule}: {finding.message} ({finding.where})")
    if not findings and not options.quiet:
        well = "nothing jumps" if options.jumps else "nothing breaks a layout rule"
        print(f"{checked}: {well}")


def print_pace(paces: Sequence[BeatPace], options: Options) -> None:
    """Print how fast beats are spoken: each beat as JSON, or else a summary."""
    if options.as_json:
        print_json([asdict(pace) | {"rate": pace.rate} for pace in paces])
        return
    from gradreel.render.pace import summary  # as above

    for row in summary(paces):
        print(row)


def print_verification(result: Mapping[str, Any], options: Options) -> None:
    """Print one trace's result, unless JSON was asked for, or --quiet and all is well."""
    if options.as_json or (options.quiet and result["ok"]):
        return
    if result["ok"]:
        source_note = "recorded around a loop of its own; " if result["checked"] else ""
        agreement = {
            "exact": "equal bit for bit",
            "within tolerance": "; ".join(["within tolerance", *filter(None, [result["environments"]])]),
            "not computed again": "the others not",
        }[result["agreement"]]
        again = f"{counted(result['updates'], 'update')} computed again, {agreement}"
        print(
            f"ok   {result['trace']}: {source_note}{again if result['updates'] else 'no update computed again'}",
            flush=True,
        )
    else:
        print(f"BAD  {result['trace']}", flush=True)
        for problem in result["problems"]:
            print(textwrap.indent(problem["text"], "     "))
    for word, texts in (("checked", result["checked"]), ("not checked", result["unchecked"])):
        for text in texts:
            print(textwrap.fill(f"{word}: {text}", WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 7))


def open_file(path: Path) -> None:
    """Open a file with the desktop's program for it; print a message if there is no such program."""
    from click import launch

    if launch(str(path)) != 0:
        print(f"no program was found to open {path}", file=sys.stderr)
