"""``manim render`` by Gradreel's engine: the same options and the same path of the result."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from gradreel.core.errors import UserError
from gradreel.render.manim_options import answer
from gradreel.render.scene_choice import chosen_scenes
from gradreel.scenes.catalog import resolve
from manim._config import config
from manim._config.output_plan import (
    resolve_media_layout,
    resolve_module_name,
    resolve_output_plan,
    resolve_requested_output_name,
)
from manim._config.render_session import resolve_render_session
from manim.cli.render import commands
from manim.constants import RendererType
from manim.renderer.cairo_renderer import CairoRenderer

PASSED_ON = {"preview": "-p", "transparent": "-t", "save_sections": "--save_sections", "disable_caching": "--force"}
"""Settings of Manim that are on or off, each with Gradreel's option."""


def render_or_leave(options: Mapping[str, Any], by_manim: Callable[..., Any]) -> Any:
    """Render the scenes that the options of ``manim render`` name, and exit.

    What Gradreel cannot do is left to ``by_manim``, after a message that says why. Returns the result of ``by_manim``.
    """
    if options["jupyter"]:
        return by_manim(**options)
    config.digest_args(commands.ClickArgs(dict(options)))
    try:
        check_options(options["file"])
        specs = chosen_scenes([str(options["file"]), *options["scene_names"]], config.write_all)
        scenes = {spec: resolve(spec).class_name for spec in specs}
    except (UserError, ValueError) as error:
        click.echo(f"gradreel: Manim draws: {error}", err=True)
        return by_manim(**options)
    if config.output_file and len(scenes) > 1:
        raise click.UsageError(f"-o names one file, but {len(scenes)} scenes were chosen; leave out -o")
    command = [sys.executable, "-m", "gradreel.cli", "render"]
    # A scene that fails does not stop the others
    codes = [
        subprocess.run([*command, spec, *arguments_for(name)], check=False).returncode for spec, name in scenes.items()
    ]
    return sys.exit(max(codes))


def check_options(file: Path) -> None:
    """Raise UserError if an option of the running command, or manim.cfg, asks for what only Manim has."""
    context = click.get_current_context()
    for option in context.command.params:
        if _is_typed(option) and (names := [name for name in option.opts if name == "-n" or answer(name)]):
            raise UserError(f"gradreel does not have its option {names[-1]}")
    if config.renderer is not RendererType.CAIRO:
        raise UserError(f"the renderer is {config.renderer.value}, and gradreel's is cairo")
    if file.suffix != ".py":
        raise UserError(f"gradreel reads Python files, and {file} is not one")
    if not _result_format().enabled:
        raise UserError("no file is to be written")


def arguments_for(scene_name: str) -> list[str]:
    """Return the options of ``gradreel render`` that stand for Manim's configuration."""
    output = _result_format()
    layout = resolve_media_layout(
        config,
        output,
        module_name=resolve_module_name(config),
        scene_name=scene_name,
        working_directory=Path.cwd(),
    )
    name = resolve_requested_output_name(config)
    plan = resolve_output_plan(layout, output, scene_name=scene_name, requested_output_name=name)
    assert plan.primary_artifact is not None, "a file is to be written"
    plan.primary_artifact.parent.mkdir(parents=True, exist_ok=True)
    arguments = ["-r", f"{config.pixel_width},{config.pixel_height}", "--fps", str(config.frame_rate)]
    arguments += ["--media_dir", str(config.get_dir("media_dir")), "--format", output.format.value]
    arguments += ["-o", str(plan.primary_artifact), "--overwrite"]  # as Manim does
    arguments += [option for key, option in PASSED_ON.items() if config[key]]
    if config.seed is not None:
        arguments += ["--seed", str(config.seed)]
    for option in click.get_current_context().command.params:
        if option.name in ("verbosity", "progress_bar") and _is_typed(option):
            arguments += [f"--{option.name}", str(config[option.name])]
    return arguments


def _result_format() -> Any:
    """Return the format of Manim's result and its other properties. Raises ValueError for those that do not fit."""
    return resolve_render_session(config, CairoRenderer.capabilities, renderer_name="CairoRenderer").output


def _is_typed(option: click.Parameter) -> bool:
    source = click.get_current_context().get_parameter_source(str(option.name))
    return source is click.core.ParameterSource.COMMANDLINE
