"""The ``gradreel`` command: parse, one call, print. Core and scenes are imported inside the commands, so help is quick.

Options are spelled as Manim's; ``--media_dir`` and ``--media-dir`` are the same option. Exit codes: 0 done, 1 the work
failed (a scene raised, a trace is wrong, a picture breaks a layout rule), 2 the user's mistake, 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import gc
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, get_args

import click
from gradreel.core.choices import EPOCHS, MOST_WIDTH, MOST_WINDOW, SEEDS, WINDOW, DecimalMark, Fill
from gradreel.render.choices import (
    COMPARISONS,
    DEFAULT_PROGRESS,
    DEFAULT_QUALITY,
    DEFAULT_VERBOSITY,
    FORMATS,
    MEDIA_FOLDER,
    PROGRESS_BARS,
    QUALITIES,
    VERBOSITIES,
    WATCHED_QUALITY,
)
from gradreel.scenes.themes import DEFAULT_THEME, THEMES

MANY_OPTIONS = 12
SHORTEST_NAMED = 5  # letters of a value that is looked for in messages; "none" may occur in any
SAID = (click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.PROMPT)
EACH_TIME = {
    "set",
    "output",
    "words_file",
    "csv",
    "write_all",
    "prune",
    "yes",
    "record",
    "accept",
    "overwrite",
}  # options that no file of defaults gives, nor the environment
DEFAULTS = (
    "Options that are left out are taken from the environment, --media_dir from GRADREEL_MEDIA_DIR, or else from"
    ' gradreel.toml or [tool.gradreel] in pyproject.toml, here or in a folder above: media_dir = "films" for every'
    " command, and below [render] for one."
)
SCENE_NAMES = (
    "A SCENE is a name from `gradreel list`, or my_scene.py:MyScene (also my_scene.py MyScene) for one of your own."
)
MISTAKES = {  # errors of the file system that are the user's to mend
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENOENT,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':{formatter.current_indent}}{example}\n")


class Command(click.Command):
    """A command whose help has its options under headings, where they are many, and examples at its end."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        answers_manim: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.examples = examples
        self.answers_manim = answers_manim  # whether it says what to do instead of the options of Manim that it lacks

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not self.answers_manim:
                raise
            from gradreel.render.manim_options import answer

            if (text := answer(error.option_name)) is None:
                raise
            raise click.UsageError(text, ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if len(self.params) <= MANY_OPTIONS:
            super().format_options(ctx, formatter)
            return
        rows: dict[str, list[tuple[str, str]]] = {heading: [] for heading in GROUPS}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None and isinstance(param, click.Option):
                rows[getattr(param, "heading", "Messages")].append(record)
        for heading, records in rows.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)
        if self.answers_manim:
            from gradreel.render.manim_options import help_rows

            with formatter.section("Options of Manim, and what to do here"):
                formatter.write_dl(help_rows(), col_max=34)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:  # what it complains of may not stand on the command line
            if chosen := _chosen_elsewhere(ctx, str(error)):
                error.add_note(f"({chosen})")
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if chosen := _chosen_elsewhere(ctx):
            formatter.write_paragraph()
            formatter.write_text(f"Now: {chosen}.")
        if any(isinstance(param.type, SceneName) for param in self.params):
            formatter.write_paragraph()
            formatter.write_text(SCENE_NAMES)
        write_examples(formatter, self.examples)


def _chosen_elsewhere(ctx: click.Context, message: str | None = None) -> str:
    """Return which options of a command come from the environment or the file of defaults, with their values.

    With a ``message``, only the options that it names, or whose value it names.
    """
    given: dict[str, list[str]] = {}
    defaults = ctx.default_map or {}
    for param in ctx.command.params:
        if param.name is not None and ctx.get_parameter_source(param.name) not in SAID:
            if message is not None and not _is_named(param, ctx, message):
                continue
            if (value := param.resolve_envvar_value(ctx)) is not None:
                given.setdefault("the environment", []).append(f"{param.envvar}={value}")
            elif param.name in defaults:
                given.setdefault(str(ctx.obj), []).append(f"{max(param.opts, key=len)} {defaults[param.name]}")
    return "; ".join(f"{', '.join(options)} by {where}" for where, options in given.items())


def _is_named(param: click.Parameter, ctx: click.Context, message: str) -> bool:
    """Return whether ``message`` names the option, or a word of its value from the environment or the defaults."""
    value = param.resolve_envvar_value(ctx) or (ctx.default_map or {}).get(param.name)
    values = value if isinstance(value, list) else [value]
    words = [] if isinstance(param.type, click.Choice) else re.split(r"[\s=/]+", " ".join(map(str, values)))
    names = [*param.opts, *(word for word in words if len(word) >= SHORTEST_NAMED)]
    said = message.replace("_", "-")
    return any(re.search(rf"(?<![\w-]){re.escape(name.replace('_', '-'))}(?![\w-])", said) for name in names)


class Commands(click.Group):
    """A group of commands, whose help has examples at its end."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        write_examples(formatter, self.examples)


class Gradreel(Commands):
    """The group of all commands; it turns what a command raises into one message and an exit code."""

    group_class = Commands

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            text = f"{error.option_name} is no option of gradreel itself; write it after a command: gradreel render …"
            raise click.UsageError(text, ctx) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            from gradreel.render.manim_options import answer_to_command

            if text := answer_to_command(args[0]):
                raise click.UsageError(text, ctx)
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        from gradreel.render.terminal import plain_streams

        with plain_streams():
            sys.exit(self._exit_code(args, prog_name, complete_var, **extra))

    def _exit_code(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any
    ) -> int:
        try:
            _check_place(sys.argv[1:] if args is None else args)
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except (KeyboardInterrupt, click.Abort):
            click.echo("Interrupted.", err=True)
            code = 130
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.message, err=True)
            code = 2
        except click.UsageError as error:
            hint = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
            message = error.format_message()
            hint += f"\n({chosen})" if error.ctx and (chosen := _chosen_elsewhere(error.ctx, message)) else ""
            code = _complain(message + hint, 2)
        except BrokenPipeError:  # the reader of our output, such as `head`, has gone
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (Python flushes it at exit)
            code = 1
        except OSError as error:
            if error.errno not in MISTAKES:
                raise
            code = _complain(f"{error.filename or 'a file'}: {error.strerror}", 2)
        except Exception as error:
            from gradreel.core.errors import TrainingError, UserError

            if not isinstance(error, UserError):
                raise
            failed = 1 if isinstance(error, TrainingError) else 2
            code = getattr(error, "exit_code", failed)
            notes = getattr(error, "__notes__", []) if code == 2 else []
            _complain("\n".join([str(error), *notes]), code)
        return code if isinstance(code, int) else 0


def _check_place(arguments: Sequence[str]) -> None:
    """Raises UsageError for a name that is no text, which could be neither printed nor kept, or where no folder is."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        raise click.UsageError("the folder that this is run in is not there any more; go to another") from None
    for text in (*arguments, folder):
        try:
            text.encode()
        except UnicodeEncodeError:
            name = os.fsencode(text).decode(errors="backslashreplace")
            raise click.UsageError(f"{name}: a name in UTF-8 was needed; rename that file or folder") from None


def _complain(message: str, code: int) -> int:
    click.echo(f"Error: {message}", err=True)
    return code


class SceneName(click.ParamType[str]):
    """A scene's name or ``file.py:Class``; the shell completes the names and files."""

    name = "scene"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem
        from gradreel.scenes.catalog import find_scenes

        names = [scene.name for scene in find_scenes() if scene.name.startswith(incomplete)]
        return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


class Language(click.ParamType[str]):
    """A language that the narration is written in."""

    name = "language"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from gradreel.scenes.words.languages import LANGUAGES

        if value not in LANGUAGES:
            self.fail(f"there is no language {value!r}; there are {', '.join(LANGUAGES)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem
        from gradreel.scenes.words.languages import LANGUAGES

        return [CompletionItem(code) for code in LANGUAGES if code.startswith(incomplete)]


class Format(click.Choice[str]):
    """A kind of file, with Manim's names."""

    def __init__(self) -> None:
        super().__init__(["auto", *FORMATS, "png"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "none":
            self.fail("Manim's none writes no file; gradreel check plays the scenes and writes none", param, ctx)
        return super().convert(value, param, ctx)


class Day(click.ParamType["date"]):
    """A day, written 2021-01-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; it is written year-month-day, such as 2021-01-31", param, ctx)


class File(click.Path):
    """A path. A ~ that it begins with, which no shell expands in ``--media_dir=~/videos``, is expanded here alone."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return Path(os.path.expanduser(os.fsdecode(super().convert(value, param, ctx))))


class Voice(click.ParamType[str]):
    """What speaks a language."""

    name = "voice"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from gradreel.core.errors import UserError
        from gradreel.render.voice.choice import NONE, parted

        try:
            return value if value == NONE or parted(str(value)) else ""
        except UserError as error:
            self.fail(str(error), param, ctx)

    def split_envvar_value(self, rv: str) -> list[str]:
        """As a shell would: a folder's name and a command may have spaces in them."""
        try:
            return shlex.split(rv)
        except ValueError as error:
            raise click.BadParameter(f"GRADREEL_VOICE={rv} can't be split as a shell would ({error})") from None


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
FILE, VOICE = File(), Voice()
LEVELS = click.Choice(VERBOSITIES, case_sensitive=False)

GROUPS: dict[str, dict[str, Decorator]] = {  # by the heading that they stand under where there are many
    "Scenes": {
        "lesson": click.option("--lesson", type=FILE,
                               help="Lesson file (TOML), from somebody whom you trust: the scenes that it names are "
                                    "programs.  [default: the lecture of gradreel]"),
        "from": click.option("--from", "first_scene", type=SceneName(), metavar="SCENE",
                             help="Of the lesson, only the scenes from this one on."),
        "to": click.option("--to", "last_scene", type=SceneName(), metavar="SCENE",
                           help="Of the lesson, only the scenes up to this one, itself included."),
        "beats": click.option("-n", "--beats", "--from_animation_number", metavar="BEAT|FROM,TO",
                              help="Only this beat, or those from FROM to TO (see describe); a plain scene's sections. "
                                   "-n sum, goes to the end."),
        "write_all": click.option("-a", "--write_all", is_flag=True, help="All scenes of each FILE that is named."),
        "set": click.option("--set", "overrides", multiple=True, metavar="SCENE.PARAM=VALUE",
                            help="Set a scene's parameter: JSON, text, or @FILE (JSON, or CSV of points). Repeatable."),
        "curve": click.option("--curve", type=FILE, metavar="CSV",
                              help="Red curve of your own, x and y in each row, in all scenes that draw it."),
    },
    "Daily views of your own": {
        "data": click.option("--data", type=FILE, metavar="CSV",
                             help="Daily views of your own, a row for each day, in the place of the lesson's."),
        "column": click.option("--column", metavar="NAME",
                               help="Header of the column of the views in --data.  [default: YouTube Studio's]"),
        "date_format": click.option("--date_format", metavar="FORMAT",
                                    help="How days are written in --data, such as %d/%m/%Y.  [default: 2021-01-31]"),
        "decimal": click.option("--decimal", type=click.Choice(get_args(DecimalMark)),
                                help="Decimal mark of --data, needed where 1.234 or 1,234 may be thousands."),
        "fill_missing": click.option("--fill_missing", type=click.Choice(get_args(Fill)),
                                     help="Fill days without a row by straight lines; else they are an error."),
        "validation_from": click.option("--validation_from", type=Day(), metavar="DATE",
                                        help="Days from it on are not trained on: they are for stopping and choosing.  "
                                             "[default: of your own, the last quarter before the test days]"),
        "test_from": click.option("--test_from", type=Day(), metavar="DATE",
                                  help="Days from it on are for the test, once, at the end."
                                       "  [default: the last fifth of your own]"),
    },
    "Networks": {
        "window": click.option("--window", type=click.IntRange(1, MOST_WINDOW), default=WINDOW, show_default=True,
                               help="How many days before are a day's features."),
        "seeds": click.option("--seeds", type=click.IntRange(1, 1000), default=len(SEEDS), show_default=True,
                              help="Runs of each network, from so many random starts."),
        "widths": click.option("--widths", metavar="N,N,…",
                               help="width: ReLUs of the networks; 0 is the linear model.  [default: 0,10,100,1000]"),
        "depths": click.option("--depths", metavar="N,N,…",
                               help="depth: hidden layers of the networks.  [default: 1,2,3,4]"),
        "width": click.option("--width", type=click.IntRange(1, MOST_WIDTH),
                              help="depth: ReLUs in each layer.  [default: 100]"),
        "epochs": click.option("--epochs", type=click.IntRange(1, 1_000_000), default=EPOCHS, show_default=True,
                               help="Passes over the days that are trained on."),
    },
    "Picture": {
        "quality": click.option("-q", "--quality", type=click.Choice(list(QUALITIES)), default=DEFAULT_QUALITY,
                                show_default=True, help=", ".join(map(str, QUALITIES.values())) + "."),
        "resolution": click.option("-r", "--resolution", metavar="W,H",
                                   help="Size in pixels instead of the quality's; of another shape, such as "
                                        "1080,1920, the whole picture between bars."),
        "fps": click.option("--fps", "--frame_rate", metavar="N", help="Frames a second instead of the quality's."),
        "lang": click.option("--lang", "language", type=Language(), default=None,
                             help="Language on the screen and of the chapters: en, zh.  [default: the first of "
                                  "--languages]"),
        "languages": click.option("--languages", multiple=True, type=Language(), metavar="LANG",
                                  help="Languages of the film: tracks, subtitles, words of slides and pages. "
                                       "Repeatable.  [default: the lesson's, or all]"),
        "theme": click.option("--theme", type=click.Choice(list(THEMES)), default=DEFAULT_THEME, show_default=True,
                              help="Colours of the picture."),
        "burn": click.option("--burn_subtitles", "burned", type=Language(), metavar="LANG",
                             help="Draw the subtitles in that language into the picture: the video is encoded again, "
                                  "the clips that are kept are not."),
        "transparent": click.option("-t", "--transparent", is_flag=True, help="No background (mov, webm, gif, png)."),
        "plain_h264": click.option("--plain_h264", is_flag=True,
                                   help="Encode each frame of a still picture anew (mp4, mov): larger files, for "
                                        "players that show stills badly."),
        "seed": click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Seed of the scenes' random numbers."),
        "pace": click.option("--pace", is_flag=True,
                             help="Tell how fast the beats are spoken instead: the median, the fastest; of each as "
                                  "--json."),
        "jumps": click.option("--jumps", is_flag=True,
                              help="Look for jumps in the motion instead: much that changes within one frame."),
    },
    "Speech": {
        "voice": click.option("--voice", "voices", multiple=True, type=VOICE, metavar="LANG=VOICE",
                              help="What speaks a language: none, default, a Piper voice (.onnx), a folder of "
                                   "recordings, command:'my-tts --out {file} --text {text}'. none alone: for all. "
                                   "Repeatable.  [default: en=default, zh=default]"),
        "fill": click.option("--fill", is_flag=True,
                             help="The default voice speaks what is not recorded; else that is an error."),
    },
    "Recordings": {
        "recordings": click.option("--recordings", type=FILE, default=Path("recordings"), show_default=True,
                                   help="Folder of the recordings, SCENE/BEAT.wav, and of the script."),
        "record": click.option("--record", is_flag=True, help="Record those that are missing, one by one."),
        "accept": click.option("--accept", is_flag=True,
                               help="Those that are there are right for the text of now, though read from another."),
    },
    "Files": {
        "format": click.option("--format", "file_format", type=Format(),
                               help="Kind of file; png: the last frame, png-sequence: every frame a picture.  "
                                    "[default: mp4; mov with -t]"),
        "last_frame": click.option("-s", "--save_last_frame", "last_frame", is_flag=True,
                                    help="Only the last frame, as PNG."),
        "save_sections": click.option("--save_sections", is_flag=True,
                                      help="Also write a video of each section or beat, in sections/ beside the film."),
        "output": click.option("-o", "--output_file", "output", type=FILE,
                               help="Write the one video or picture here; subtitles and poster lie beside it."),
        "words_file": click.option("-o", "--output_file", "output", type=FILE,
                                   help="Write the words into this new file instead of printing them."),
        "media_dir": click.option("--media_dir", type=FILE, default=MEDIA_FOLDER, show_default=True,
                                  help="Folder of everything that is made."),
        "csv": click.option("--csv", type=FILE, metavar="FILE",
                            help="Write a row for each run to FILE; -: print them."),
        "folder": click.option("--folder", is_flag=True, help="A folder: the page, and a video and a picture a beat."),
        "pdf": click.option("--pdf", is_flag=True, help="A PDF: a page a beat, with its words."),
        "manim_slides": click.option("--manim_slides", is_flag=True,
                                     help="A presentation for manim-slides convert and manim-slides present."),
        "one_file": click.option("--one_file", is_flag=True, help="All in one HTML file, the film as well."),
        "preview": click.option("-p", "--preview", is_flag=True, help="Open what was made."),
        "prune": click.option("--prune", is_flag=True,
                              help="Remove what neither the lesson nor any video needs; asks first."),
        "yes": click.option("--yes", is_flag=True, help="Do not ask."),
    },
    "Work": {
        "dry_run": click.option("--dry_run", is_flag=True,
                                help="Only print what would be trained and rendered, why, and how long it takes. "
                                     "Files of your scenes are imported for that."),
        "force": click.option("--force", "--disable_caching", is_flag=True,
                              help="Draw clips again that are up to date."),
        "overwrite": click.option("--overwrite", is_flag=True,
                                  help="Replace files that this lesson or scene did not make, or that were changed "
                                       "since; else they are an error."),
        "watch": click.option("--watch", is_flag=True,
                              help="Render again what a changed file touches, until Ctrl-C; -q l unless one is given."),
        "jobs": click.option("-j", "--jobs", type=click.IntRange(1),
                              help="Clips, or trainings, at work at once.  [default: one per core]"),
        "timeout": click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
                                help="How long one scene may take; then it is ended, and the others are finished. "
                                     "Programs that it started end, too, except in sessions of their own (setsid)."),
        "scheduler": click.option("--scheduler", metavar="ADDRESS",
                                  help="Train, and draw clips, on the workers of a dask scheduler (tcp://host:8786). "
                                       "Whoever reaches it can run code on its machines and on this one."),
    },
    "Messages": {
        "progress": click.option("--progress_bar", "progress", type=click.Choice(PROGRESS_BARS),
                                 default=DEFAULT_PROGRESS, show_default=True, help="Progress with the time left."),
        "quiet": click.option("--quiet", is_flag=True, help="Print errors alone."),
        "verbosity": click.option("-v", "--verbosity", type=LEVELS, default=DEFAULT_VERBOSITY, show_default=True,
                                  help="How much to tell; debug tells why each clip is made."),
        "json": click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words."),
    },
}  # fmt: skip
OPTIONS = {name: option for group in GROUPS.values() for name, option in group.items()}

DATA = tuple(GROUPS["Daily views of your own"])
LESSON = ("lesson", "languages", "set", "curve", *DATA)  # which lesson, and what is set in it
STRETCH = ("from", "to", *LESSON)  # all of it, or some


def options(*names: str) -> Decorator:
    """The options of those names, in that order in the help."""

    def decorate(command: Any) -> Any:
        for name in reversed(names):
            command = OPTIONS[name](command)
            option = command.__click_params__[-1]
            option.heading = next(title for title, group in GROUPS.items() if name in group)
            if name not in EACH_TIME:
                long = next(opt for opt in option.opts if opt.startswith("--"))
                option.envvar = f"GRADREEL_{long[2:].replace('-', '_').upper()}"
        return command

    return decorate


scenes_argument = click.argument("scenes", nargs=-1, type=SceneName(), metavar="[SCENE]...")


@click.group(
    "gradreel",
    cls=Gradreel,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda token: token.replace("_", "-"),
        "max_content_width": 110,
    },
    epilog=f"{SCENE_NAMES}\n\n{DEFAULTS}",
    examples=["gradreel list", "gradreel render build-curve -q l", "gradreel render --help"],
)
@click.version_option(package_name="gradreel")
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Animated lecture videos about neural networks, made from real training runs."""
    from gradreel.render.defaults import default_map, find_defaults

    if (found := find_defaults(Path.cwd())) is not None:
        ctx.obj, said = found
        ctx.default_map = default_map(commands, said, ctx.obj)


def accept_manims_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds options of Manim that ask for what happens here anyway. The help does not show them."""

    def only_cairo(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        if value not in (None, "cairo"):
            raise click.NoSuchOption("--renderer", ctx=ctx)

    renderer = click.option("--renderer", hidden=True, expose_value=False, callback=only_cairo)
    silent = click.option("--notify_outdated_version/--silent", hidden=True, expose_value=False)
    return renderer(silent(command))


def _options(write_all: bool = False, **chosen: Any) -> Any:
    """Return the options of a command that takes scenes. On a terminal, asks which scenes of a file are meant."""
    from gradreel.render.lessons.options import Options
    from gradreel.render.scene_choice import chosen_scenes

    chosen["scenes"] = chosen_scenes(chosen.get("scenes", ()), write_all)
    if chosen.get("file_format") == "png":
        chosen |= {"file_format": None, "last_frame": True}
    elif chosen.get("file_format") == "auto":
        chosen["file_format"] = None
    return Options(**chosen)


def _begin_to_import_manim(dry_run: bool = False) -> None:
    """Workers will need it, and it takes as long as all that this process has to find out first."""
    if not dry_run:
        from gradreel.render.workers.forks import begin_server

        begin_server()


@commands.command(
    "list",
    examples=[
        "gradreel list",
        "gradreel list --from why-gradient --to batches",
        "gradreel list --lesson lesson.toml",
    ],
)
@options("from", "to", "lesson", "languages", "media_dir", "lang", "json")
def list_scenes(**chosen: Any) -> None:
    """List the scenes in film order, under the lesson's parts.

    Of scenes that have been rendered, seconds and beats, too.
    """
    from gradreel.render.listing import print_scenes

    print_scenes(**chosen)


@commands.command(
    examples=[
        "gradreel describe build-curve",
        "gradreel describe my_scene.py:MyScene",
        "gradreel describe build-curve --lesson lesson.toml --lang zh",
    ]
)
@click.argument("scenes", nargs=-1, required=True, type=SceneName(), metavar="SCENE")
@options(*LESSON, "lang", "json")
def describe(**chosen: Any) -> int:
    """Show a scene's parameters, beats and training runs."""
    from gradreel.render.commands import describe_scene

    return describe_scene(_options(**chosen))


@commands.command(
    examples=[
        "gradreel train",
        "gradreel train gradient-descent --set gradient-descent.run.seed=3",
        "gradreel train --lesson lesson.toml --dry_run",
    ]
)
@scenes_argument
@options(*STRETCH, "media_dir", "jobs", "scheduler")
@options("dry_run", "json", "progress", "quiet", "verbosity")
def train(**chosen: Any) -> int:
    """Train and record the runs that the scenes show.

    No SCENE: those of the whole lesson.
    """
    from gradreel.render.commands import train_runs

    return train_runs(_options(**chosen))


@commands.command(
    examples=[
        "gradreel experiment width --data views.csv",
        "gradreel experiment depth --depths 1,2,3 --seeds 3",
        "gradreel experiment width --data german.csv --column Aufrufe --date_format %d.%m.%Y --decimal ,",
    ]
)
@click.argument("kind", type=click.Choice(COMPARISONS), metavar="|".join(COMPARISONS))
@options(*DATA, "window", "seeds", "widths", "depths", "width", "epochs")
@options("media_dir", "jobs", "scheduler", "json", "csv", "overwrite", "dry_run", "progress", "quiet", "verbosity")
def experiment(**chosen: Any) -> int:
    """Compare networks on daily views, several runs each.

    width: the linear model and wider ones; depth: deeper ones. Runs that are recorded are not trained again. Of each
    run, the epoch is chosen in which it did best on validation days. The losses are mean absolute errors in views over
    the days trained on, the validation and the test days: mean and standard deviation of the runs. Beside those of
    our made-up channel stands what one who knows its rule misses by.
    """
    from gradreel.render.experiments import compare_networks
    from gradreel.render.lessons.options import ExperimentOptions

    return compare_networks(ExperimentOptions(**chosen))


@commands.command(
    examples=[
        "gradreel render -q l --voice zh=none",
        "gradreel render build-curve --set build-curve.knots='[[0,1],[2,3],[5,0]]'",
        "gradreel render my_scene.py:MyScene -q m -o mine.mp4",
    ],
    answers_manim=True,
)
@scenes_argument
@accept_manims_options
@options("quality", "resolution", "fps", "format", "last_frame", "transparent", "beats", "output", "preview")
@options("save_sections", "write_all", "plain_h264")
@options("lang", "theme", "voice", "fill", "burn")
@options(*STRETCH, "media_dir", "seed", "jobs", "timeout", "scheduler")
@options("watch", "force", "overwrite", "dry_run", "json", "progress", "quiet", "verbosity")
def render(watch: bool, **chosen: Any) -> int:
    """Render the lesson into one video, or each SCENE into its own.

    With --from and --to, one video of a part of the lesson. Runs that are missing are trained first; clips that are up
    to date are not rendered again.
    """
    _begin_to_import_manim(chosen["dry_run"])
    from gradreel.render.commands import render_videos, watch_videos

    if not watch:
        return render_videos(_options(**chosen))
    if click.get_current_context().get_parameter_source("quality") is click.core.ParameterSource.DEFAULT:
        chosen["quality"] = WATCHED_QUALITY
    return watch_videos(_options(**chosen))


@commands.command(
    examples=[
        "gradreel frames build-curve",
        "gradreel frames --lesson lesson.toml --lang zh --theme light",
        "gradreel frames my_scene.py:MyScene -n curve",
    ]
)
@scenes_argument
@options("quality", "resolution", "transparent", "beats", "lang", "theme", "preview")
@options(*STRETCH, "media_dir", "seed", "jobs", "timeout")
@options("overwrite", "dry_run", "json", "progress", "quiet", "verbosity")
def frames(**chosen: Any) -> int:
    """Draw a picture at the end of each beat, and a contact sheet.

    Of a plain Manim scene, at the end of each play and wait.
    """
    _begin_to_import_manim(chosen["dry_run"])
    from gradreel.render.commands import render_frames

    return render_frames(_options(**chosen))


EXPORTED = (  # which film, for the commands that make something else of it
    *("quality", "resolution", "fps", "plain_h264", "lang", "theme", "voice", "fill", "output", "preview"),
    *(*STRETCH, "media_dir", "seed", "jobs", "timeout", "scheduler", "overwrite", "progress", "quiet", "verbosity"),
)


@commands.group(
    examples=["gradreel export slides -q m", "gradreel export page -q m", "gradreel export run runs/mine"],
)
def export() -> None:
    """Make slides, pages and what YouTube asks for."""


@export.command(
    examples=[
        "gradreel export slides -q m",
        "gradreel export slides gradient-descent relu -o slides.html",
        "gradreel export slides --lesson lesson.toml --pdf --lang zh",
    ]
)
@scenes_argument
@options("folder", "pdf", "manim_slides", *EXPORTED)
def slides(folder: bool, pdf: bool, manim_slides: bool, **chosen: Any) -> int:
    """Write slides that wait for the lecturer: a step a beat.

    One HTML file, which needs no network: space goes on, ? shows all keys. Without a SCENE, of the whole lesson. Of a
    plain Manim scene a step a section.
    """
    _begin_to_import_manim()
    from gradreel.render.export.slides import export_slides

    return export_slides(_options(**chosen), folder, pdf, manim_slides)


@export.command(
    examples=[
        "gradreel export page -q m",
        "gradreel export page gradient-descent --one_file -o descent.html",
        "gradreel export page --lesson lesson.toml --theme light -o public/lecture",
    ]
)
@scenes_argument
@options("one_file", *EXPORTED)
def page(one_file: bool, **chosen: Any) -> int:
    """Write a page for a course's site: the film, its transcript, its runs to touch.

    A folder with index.html, which asks no network for anything. The transcript follows the film, in every language.
    Without a SCENE, of the whole lesson. Runs need the extra "page".
    """
    _begin_to_import_manim()
    from gradreel.render.export.page import export_page

    return export_page(_options(**chosen), one_file)


@export.command(
    examples=[
        "gradreel export run runs/mine",
        "gradreel export run media/traces/one media/traces/other -o two-seeds.html",
    ]
)
@click.argument("traces", nargs=-1, required=True, type=FILE, metavar="TRACE...")
@options("output", "preview", "lang", "languages", "theme", "media_dir", "overwrite", "quiet")
def run(traces: tuple[Path, ...], **chosen: Any) -> int:
    """Write recorded runs to touch as one HTML file: a slider over the updates.

    The curve that the network draws, its loss, theta and the path move with it; of a loop of your own, what was
    recorded. Of two runs the second is shown beside the first.
    """
    from gradreel.render.export.page import export_run

    return export_run(traces, _options(**chosen))


@export.command(
    examples=[
        "gradreel export youtube",
        "gradreel export youtube --lesson lesson.toml -q m -o upload",
    ]
)
@options(*EXPORTED)
def youtube(**chosen: Any) -> int:
    """Write what YouTube asks for beside the lesson's video.

    A folder (-o) of title and description with chapters in each language, subtitles, tags and a thumbnail, held to the
    limits of that site. A lesson file has the tags and what the description begins with.
    """
    _begin_to_import_manim()
    from gradreel.render.export.youtube import export_youtube

    return export_youtube(_options(**chosen))


@commands.command(
    examples=[
        "gradreel words build-curve > my-words.toml",
        "gradreel words talk.py:Talk build-curve -o my-words.toml",
        "gradreel words --lesson lesson.toml --languages en",
    ]
)
@scenes_argument
@options("words_file", "from", "to", "lesson", "languages")
def words(**chosen: Any) -> int:
    """Print the words of scenes as a file to edit.

    Titles, lines with their marks and fields, and words on the picture, in each language. A lesson that names the file,
    narration = "my-words.toml", has them. Without a SCENE, of the whole lesson.
    """
    from gradreel.render.words_file import print_words

    return print_words(_options(**chosen))


@commands.command(
    examples=[
        "gradreel narrate",
        "gradreel narrate build-curve --record",
        "gradreel narrate --lesson lesson.toml --lang zh --recordings takes/",
    ]
)
@scenes_argument
@options("recordings", "record", "accept", "lang")
@options(*STRETCH, "media_dir", "seed", "jobs", "timeout", "overwrite", "json", "progress", "quiet", "verbosity")
def narrate(recordings: Path, record: bool, accept: bool, **chosen: Any) -> int:
    """Write the script that a voice of your own reads from.

    It lies with the recordings: script.md to read, script.csv as a table. Told are recordings that are missing, broken,
    clipped, of another text than now, or so long that nothing moves any more. Render with --voice en=recordings/.
    """
    _begin_to_import_manim()
    from gradreel.render.narrating import narrate as write_script

    return write_script(_options(**chosen), recordings, record, accept)


@commands.command(
    examples=[
        "gradreel verify",
        "gradreel verify runs/mine",
        "gradreel verify gradient-descent",
    ]
)
@click.argument("scenes", nargs=-1, type=SceneName(), metavar="[TRACE|SCENE]...")
@options(*STRETCH, "media_dir", "json", "progress", "quiet")
def verify(**chosen: Any) -> int:
    """Compute the updates of traces again and compare.

    With the same versions and the same kind of processor, equal bits are demanded. Elsewhere a tolerance holds, and the
    answer names both.

    No name: every trace that the lesson's scenes show, of a run of theirs or of a folder that they are given. Exit 1 if
    one is wrong.
    """
    from gradreel.render.verification import verify_traces

    return verify_traces(_options(**chosen))


@commands.command(
    examples=[
        "gradreel check my_scene.py:MyScene",
        "gradreel check build-curve --jumps",
        "gradreel check --lesson lesson.toml --pace",
    ]
)
@scenes_argument
@options("jumps", "pace", "lang", "theme", "voice", "fill", *STRETCH, "media_dir", "jobs", "timeout")
@options("json", "progress", "quiet", "verbosity")
def check(**chosen: Any) -> int:
    """Check the layout at the end of each beat, and the pace.

    Texts that touch, leave the frame or are too small are listed. Exit 1 if there are any. So are, as remarks, beats
    that are spoken too fast, and what is silent or still for long; for that the lines are spoken (not by --voice none).

    With --jumps every frame is drawn, small, and what changes abruptly within a scene is listed.
    """
    _begin_to_import_manim()
    from gradreel.render.commands import check_scenes

    return check_scenes(_options(**chosen))


@commands.command(
    examples=[
        "gradreel cache",
        "gradreel cache --prune",
        "gradreel cache --lesson lesson.toml --media_dir media",
    ]
)
@options(*LESSON, "media_dir", "prune", "yes", "json", "quiet")
def cache(**chosen: Any) -> int:
    """Show what the media folder keeps, and what of it is needed.

    Needed is what a video that is there was made of, and what the lesson is made of now, at any size, in any language.
    Files of your scenes are imported to find that out.
    """
    from gradreel.render.commands import show_cache

    return show_cache(prune=chosen.pop("prune"), yes=chosen.pop("yes"), options=_options(**chosen))


@commands.command(
    examples=[
        "gradreel checkhealth",
        "gradreel checkhealth --media_dir /mnt/videos",
    ]
)
@options("media_dir", "json")
def checkhealth(**chosen: Any) -> int:
    """Check libraries, fonts, the encoder and the disk.

    Exit 1 if something is not as it should be.
    """
    from gradreel.render.health import print_health

    return 0 if print_health(**chosen) else 1


@commands.command(
    examples=[
        "gradreel init my-lecture",
        "gradreel init",
    ]
)
@click.argument("folder", type=FILE, default=Path("."))
def init(folder: Path) -> None:
    """Begin a folder of your own: a scene, a lesson, words, a test.

    Nothing that is there is written over. What you may do next is printed.
    """
    from gradreel.render.new_project import print_new_project

    print_new_project(folder)


@commands.command(
    examples=[
        """bash: echo 'eval "$(gradreel completion bash)"' >> ~/.bashrc""",
        """zsh:  echo 'eval "$(gradreel completion zsh)"' >> ~/.zshrc""",
        """fish: gradreel completion fish > ~/.config/fish/completions/gradreel.fish""",
    ]
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the shell's completion script."""
    from click.shell_completion import get_completion_class

    completion_class = get_completion_class(shell)
    assert completion_class is not None
    click.echo(completion_class(commands, {}, "gradreel", "_GRADREEL_COMPLETE").source())


def main() -> NoReturn:
    """Entry point of the ``gradreel`` script and of ``python cli.py``."""
    from gradreel.render.terminal import print_plainly

    print_plainly()  # tracebacks, too, which are printed after all else
    gc.set_threshold(50_000, 20, 20)  # what is imported stays: searching it for garbage is a fifth of a short command
    try:
        commands.main(prog_name="gradreel")
    finally:
        gc.freeze()  # nor is it searched once more when Python ends
    raise SystemExit(0)


if __name__ == "__main__":  # python cli.py: the installed package, whose modules other processes can import too
    sys.path[:] = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]
    try:
        from gradreel.cli import main as installed_main
    except ModuleNotFoundError:
        sys.exit("gradreel is not installed for this Python; ./run installs it and runs any command, e.g. ./run list")
    installed_main()
