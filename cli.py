"""The ``gradreel`` command: each command parses its options, makes one call and prints.

Commands import core, scenes and renderer when they run, so help is quick. Options are spelled as Manim's;
``--media_dir`` and ``--media-dir`` are the same option.

Exit codes: 0 done; 1 the work failed (a scene raised, a trace is wrong, a layout check found something); 2 the user's
mistake; 130 Ctrl-C; 143 SIGTERM; 129 SIGHUP.
"""

from __future__ import annotations

import errno
import gc
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import FrameType
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

NAMES_WIDTH = 23  # characters of the help's first column
SHORTEST_NAMED = 5  # letters of a value that is searched for in messages; shorter ones such as "none" occur by chance
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
}  # options that neither a file of defaults nor the environment can set
DEFAULTS = (
    "Defaults: an option that you leave out is taken from the environment (GRADREEL_MEDIA_DIR for --media_dir). After"
    " that it is taken from gradreel.toml, or from [tool.gradreel] in pyproject.toml, in this folder or one above."
    ' media_dir = "films" at the top is for every command; below [render] it is for that command.'
)
SCENE_NAMES = "SCENE: a name in `gradreel list`, of a scene or of a lesson alone, or my_scene.py:MyScene"
EXIT_CODES = "Exit codes: 0 done, 1 the work failed, 2 your mistake, 130 Ctrl-C."
FIRST_AND_LAST = "First and last scene of the lesson to use."
MORE_OF_DATA = "See `experiment --help`."
MISTAKES = {  # errors of the file system that the user can fix
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
ADVICE = {
    (errno.ENOSPC, errno.EDQUOT): "free some space, or name another folder",
    (errno.EACCES, errno.EPERM, errno.EROFS): "change its permissions, or choose another path",
}


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Write each example on a line of its own, as it is typed."""
    for example in examples:
        formatter.write(f"Example: {example}\n")


def help_row(param: click.Option, ctx: click.Context) -> tuple[str, str]:
    """Return the names of an option with its placeholder, and its help text with its default."""
    short = [name for name in param.opts if not name.startswith("--")]
    names = ", ".join([*short[:1], next(name for name in param.opts if name.startswith("--"))])
    default = param.get_help_extra(ctx).get("default")
    text = f"{param.help}  [default: {default}]" if default is not None else str(param.help)
    return names if param.is_flag else f"{names} {param.make_metavar(ctx)}", text


def joined_rows(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the rows with neighbours of equal text joined: ``--from, --to SCENE``."""
    joined: list[tuple[str, str]] = []
    for names, text in rows:
        if joined and joined[-1][1] == text:
            before = joined.pop()[0].rpartition(" ")[0]
            names = f"{before}, {names}"
        joined.append((names, text))
    return joined


class Command(click.Command):
    """A command whose help has a sentence, its options by group, and examples, without empty lines.

    ``answers_manim``: an unknown option that Manim has is answered with what to do instead. ``explains_data``: the help
    lists each option for daily views; the help of other commands refers to that one.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        answers_manim: bool = False,
        explains_data: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.examples = examples
        self.answers_manim = answers_manim
        self.explains_data = explains_data

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

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.indentation():
            formatter.write_text(self.help or "")
            if scenes := [param for param in self.params if isinstance(param.type, SceneName) and param.nargs == -1]:
                formatter.write_text(SCENE_NAMES + (".\n" if scenes[0].required else "; none: the lesson.\n"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {heading: [] for heading in GROUPS}
        for param in self.params:
            if isinstance(param, click.Option) and not param.hidden:
                heading, row = getattr(param, "heading", "Messages"), help_row(param, ctx)
                if heading == DAILY_VIEWS and not self.explains_data:
                    if param.name != "data":
                        continue
                    heading, row = "Scenes", (row[0], f"{row[1]} {MORE_OF_DATA}")
                rows[heading].append(row)
        for heading, group in rows.items():
            if group:
                formatter.write_heading(heading)
                with formatter.indentation():
                    padded = [(names.ljust(NAMES_WIDTH), text) for names, text in joined_rows(group)]
                    formatter.write_dl(padded, col_max=NAMES_WIDTH)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:  # its cause may be an option that is not on the command line
            if chosen := _chosen_elsewhere(ctx, str(error)):
                error.add_note(f"({chosen})")
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if chosen := _chosen_elsewhere(ctx):
            formatter.write_text(f"Now: {chosen}.")
        write_examples(formatter, self.examples)


def _chosen_elsewhere(ctx: click.Context, message: str | None = None) -> str:
    """Return the options of a command that the environment or the file of defaults sets, with their values.

    With a ``message``, only the options whose name or value is in it.
    """
    settings: dict[str, list[str]] = {}
    defaults = ctx.default_map or {}
    for param in ctx.command.params:
        if param.name is not None and ctx.get_parameter_source(param.name) not in SAID:
            if message is not None and not _names_option_or_value(param, ctx, message):
                continue
            if (value := param.resolve_envvar_value(ctx)) is not None:
                settings.setdefault("the environment", []).append(f"{param.envvar}={value}")
            elif param.name in defaults:
                settings.setdefault(str(ctx.obj), []).append(f"{max(param.opts, key=len)} {defaults[param.name]}")
    return "; ".join(f"{', '.join(options)} by {where}" for where, options in settings.items())


def _names_option_or_value(param: click.Parameter, ctx: click.Context, message: str) -> bool:
    """Return whether ``message`` names the option, or contains a long enough word of its value.

    The value is the one from the environment variable or the configuration file. Choices count by their name alone.
    """
    value = param.resolve_envvar_value(ctx) or (ctx.default_map or {}).get(param.name)
    values = value if isinstance(value, list) else [value]
    words = [] if isinstance(param.type, click.Choice) else re.split(r"[\s=/]+", " ".join(map(str, values)))
    names = [*param.opts, *(word for word in words if len(word) >= SHORTEST_NAMED)]
    text = message.replace("_", "-")
    return any(re.search(rf"(?<![\w-]){re.escape(name.replace('_', '-'))}(?![\w-])", text) for name in names)


class Commands(click.Group):
    """A group of commands; its help ends with examples."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        write_examples(formatter, self.examples)


class Gradreel(Commands):
    """The group of all commands. It turns a command's exception into one message and an exit code."""

    group_class = Commands

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            text = (
                f"{error.option_name} is not an option of gradreel itself; write it after a command:"
                f" gradreel render … {error.option_name}"
            )
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
        except (KeyboardInterrupt, click.Abort) as stop:
            cause = stop.__cause__  # click raises Abort from KeyboardInterrupt
            number = cause.signal if isinstance(cause, StoppedBySignal) else signal.SIGINT
            with suppress(OSError):  # the terminal is gone after SIGHUP
                click.echo("Interrupted." if number == signal.SIGINT else f"Stopped by {number.name}.", err=True)
            code = 128 + number
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.message, err=True)
            code = 2
        except click.UsageError as error:
            hint = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
            message = error.format_message()
            hint += f"\n({chosen})" if error.ctx and (chosen := _chosen_elsewhere(error.ctx, message)) else ""
            code = _print_error_and_return_code(message + hint, 2)
        except BrokenPipeError:  # the reader of our output, such as `head`, has ended
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (Python flushes it at exit)
            code = 1
        except OSError as error:
            if error.errno not in MISTAKES:
                raise
            code = _print_error_and_return_code(_file_system_message(error), 2)
        except Exception as error:
            from gradreel.core.errors import TrainingError, UserError

            if not isinstance(error, UserError):
                raise
            failed = 1 if isinstance(error, TrainingError) else 2
            code = getattr(error, "exit_code", failed)
            notes = getattr(error, "__notes__", []) if code == 2 else []
            _print_error_and_return_code("\n".join([str(error), *notes]), code)
        return code if isinstance(code, int) else 0


def _file_system_message(error: OSError) -> str:
    """Return a message for an error of the file system: the file, the system's words, what to do."""
    advice = next((advice for numbers, advice in ADVICE.items() if error.errno in numbers), "choose another path")
    return f"{error.filename or 'a file'}: {error.strerror}; {advice}"


def _check_place(arguments: Sequence[str]) -> None:
    """Raise UsageError if an argument or the current folder's name is not UTF-8, or if that folder was removed."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        raise click.UsageError("the current folder was removed; change to another folder") from None
    for text in (*arguments, folder):
        try:
            text.encode()
        except UnicodeEncodeError:
            name = os.fsencode(text).decode(errors="backslashreplace")
            raise click.UsageError(f"{name}: the name is not valid UTF-8; rename that file or folder") from None


def _print_error_and_return_code(message: str, code: int) -> int:
    """Print the message on standard error and return the exit code ``code``."""
    click.echo(f"Error: {message}", err=True)
    return code


class SceneName(click.ParamType[str]):
    """A scene's name, a lesson of ours or ``file.py:Class``. The shell completes names and files."""

    name = "scene"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem
        from gradreel.scenes.catalog import LESSON_FILES, find_scenes

        known = [*(file.stem for file in LESSON_FILES), *(scene.name for scene in find_scenes())]
        names = [name for name in known if name.startswith(incomplete)]
        return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


class Language(click.ParamType[str]):
    """A language of the narration."""

    name = "language"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from gradreel.scenes.words.languages import LANGUAGES

        if value not in LANGUAGES:
            self.fail(f"{value!r} is not a language of the lecture; use one of {', '.join(LANGUAGES)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem
        from gradreel.scenes.words.languages import LANGUAGES

        return [CompletionItem(code) for code in LANGUAGES if code.startswith(incomplete)]


class Format(click.Choice[str]):
    """A file format, by Manim's names."""

    def __init__(self) -> None:
        super().__init__(["auto", *FORMATS, "png"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "none":
            self.fail("none is Manim's; to play scenes without a file, use gradreel check", param, ctx)
        return super().convert(value, param, ctx)


class Day(click.ParamType["date"]):
    """A date such as 2021-01-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write year-month-day, such as 2021-01-31", param, ctx)


class File(click.Path):
    """A path. A ``~`` at its start is expanded, since no shell expands it in ``--media_dir=~/videos``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return Path(os.path.expanduser(os.fsdecode(super().convert(value, param, ctx))))


class LessonFile(File):
    """A lesson's file, or the name of a lesson of ours."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from gradreel.scenes.catalog import lesson_path

        return lesson_path(os.fspath(super().convert(value, param, ctx)))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem
        from gradreel.scenes.catalog import LESSON_FILES

        names = [CompletionItem(file.stem) for file in LESSON_FILES if file.stem.startswith(incomplete)]
        return [*names, CompletionItem(incomplete, type="file")]


class Voice(click.ParamType[str]):
    """The voice of a language: ``en=default``, ``zh=none``, …"""

    name = "voice"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from gradreel.core.errors import UserError
        from gradreel.render.voice.choice import NONE, parse_voice_option

        try:
            return value if value == NONE or parse_voice_option(str(value)) else ""
        except UserError as error:
            self.fail(str(error), param, ctx)

    def split_envvar_value(self, rv: str) -> list[str]:
        """Return the words of ``rv`` as a shell splits them: names of folders and commands may contain spaces."""
        try:
            return shlex.split(rv)
        except ValueError as error:
            raise click.BadParameter(f"GRADREEL_VOICE={rv} is not valid shell syntax: {error}; add quotes") from None


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
FILE, VOICE = File(), Voice()
LEVELS = click.Choice(VERBOSITIES, case_sensitive=False)

DAILY_VIEWS = "Daily views of your own"
GROUPS: dict[str, dict[str, Decorator]] = {  # by the heading that they stand under in the help
    "Scenes": {
        "beats": click.option("-n", "--beats", "--from_animation_number", metavar="BEATS",
                              help="NAME: one beat; FROM,TO: several; FROM,: the rest."),
        "write_all": click.option("-a", "--write_all", is_flag=True, help="All scenes of each file that SCENE names."),
        "from": click.option("--from", "first_scene", type=SceneName(), metavar="SCENE", help=FIRST_AND_LAST),
        "to": click.option("--to", "last_scene", type=SceneName(), metavar="SCENE", help=FIRST_AND_LAST),
        "lesson": click.option("--lesson", type=LessonFile(), metavar="FILE",
                               help="One of ours, or a file you trust: it runs as code."),
        "set": click.option("--set", "overrides", multiple=True, metavar="SCENE.PARAM=VALUE",
                            help="Set a parameter: JSON, text or @FILE. Repeatable."),
        "curve": click.option("--curve", type=FILE, metavar="CSV", help="Your own red curve: x and y in each row."),
    },
    DAILY_VIEWS: {
        "data": click.option("--data", type=FILE, metavar="CSV", help="Your own daily views."),
        "column": click.option("--column", metavar="NAME",
                               help="Header of the column of the views.  [default: YouTube Studio's]"),
        "date_format": click.option("--date_format", metavar="FORMAT",
                                    help="Format of the dates, such as %d/%m/%Y.  [default: %Y-%m-%d]"),
        "decimal": click.option("--decimal", type=click.Choice(get_args(DecimalMark)), metavar=".|,",
                                help="Decimal mark, needed if 1.234 or 1,234 may mean thousands."),
        "fill_missing": click.option("--fill_missing", type=click.Choice(get_args(Fill)), metavar="interpolate",
                                     help="Fill missing days along straight lines. Without it they are an error."),
        "validation_from": click.option("--validation_from", type=Day(), metavar="DATE",
                                        help="First validation day. Validation days stop the training and choose the "
                                             "network.  [default: the last quarter before the test days]"),
        "test_from": click.option("--test_from", type=Day(), metavar="DATE",
                                  help="First test day. Test days are used once, at the end.  "
                                       "[default: the last fifth of the days]"),
    },
    "Networks": {
        "window": click.option("--window", type=click.IntRange(1, MOST_WINDOW), default=WINDOW, show_default=True,
                               metavar="N", help="Features of a day: the views of the N days before it."),
        "seeds": click.option("--seeds", type=click.IntRange(1, 1000), default=len(SEEDS), show_default=True,
                              metavar="N", help="Runs of each network, each from another random start."),
        "widths": click.option("--widths", metavar="N,N,…",
                               help="ReLUs of each network to compare (width); 0: the linear model.  "
                                    "[default: 0,10,100,1000]"),
        "depths": click.option("--depths", metavar="N,N,…",
                               help="Hidden layers of each network to compare (depth).  [default: 1,2,3,4]"),
        "width": click.option("--width", type=click.IntRange(1, MOST_WIDTH), metavar="N",
                              help="ReLUs in each hidden layer (depth).  [default: 100]"),
        "epochs": click.option("--epochs", type=click.IntRange(1, 1_000_000), default=EPOCHS, show_default=True,
                               metavar="N", help="Passes over the training days."),
    },
    "Picture and sound": {
        "quality": click.option("-q", "--quality", type=click.Choice(list(QUALITIES)), default=DEFAULT_QUALITY,
                                metavar="|".join(QUALITIES),
                                help=f"{', '.join(f'{q.height}p{q.fps}' for q in QUALITIES.values())}. "
                                     f"[{DEFAULT_QUALITY}]"),
        "resolution": click.option("-r", "--resolution", metavar="W,H",
                                   help="Size in pixels; bars fill a shape other than 16:9."),
        "fps": click.option("--fps", "--frame_rate", metavar="N", help="Frames per second instead of the quality's."),
        "transparent": click.option("-t", "--transparent", is_flag=True, help="No background (mov, webm, gif, png)."),
        "plain_h264": click.option("--plain_h264", is_flag=True,
                                   help="Larger mp4/mov, for players that show stills badly."),
        "theme": click.option("--theme", type=click.Choice(list(THEMES)), default=DEFAULT_THEME, show_default=True,
                              metavar="|".join(THEMES), help="Colours of the picture."),
        "lang": click.option("--lang", "language", type=Language(), default=None, metavar="LANG",
                             help="Language on the screen and of chapters: en, zh."),
        "languages": click.option("--languages", multiple=True, type=Language(), metavar="LANG",
                                  help="Language of speech and subtitles. Repeatable."),
        "burn": click.option("--burn_subtitles", "burned", type=Language(), metavar="LANG",
                             help="Draw the subtitles in LANG into the picture."),
        "voice": click.option("--voice", "voices", multiple=True, type=VOICE, metavar="LANG=VOICE",
                              help="default, none, kokoro:NAME, FILE, FOLDER, command:…"),
        "fill": click.option("--fill", is_flag=True, help="The default voice speaks what is not recorded."),
        "seed": click.option("--seed", type=click.IntRange(0, 2**32 - 1), metavar="N",
                             help="Seed of the scenes' random numbers."),
    },
    "Checks": {
        "pace": click.option("--pace", is_flag=True, help="Only print how fast the beats are spoken."),
        "jumps": click.option("--jumps", is_flag=True, help="Only print where the picture jumps."),
    },
    "Recordings": {
        "recordings": click.option("--recordings", type=FILE, default=Path("recordings"), show_default=True,
                                   metavar="FOLDER", help="Folder of the script and of SCENE/BEAT.wav."),
        "record": click.option("--record", is_flag=True, help="Record the missing lines, one by one."),
        "accept": click.option("--accept", is_flag=True,
                               help="Keep recordings of lines whose text has changed: they fit the new text."),
    },
    "Files": {
        "format": click.option("--format", "file_format", type=Format(), metavar="FORMAT",
                               help="mp4, mov, webm, gif, png-sequence, png: last frame."),
        "last_frame": click.option("-s", "--save_last_frame", "last_frame", is_flag=True,
                                   help="Only the last frame, as PNG."),
        "save_sections": click.option("--save_sections", is_flag=True,
                                      help="Also write a video of each section or beat."),
        "output": click.option("-o", "--output_file", "output", type=FILE, metavar="FILE",
                               help="Where the result goes; subtitles go beside it."),
        "words_file": click.option("-o", "--output_file", "output", type=FILE, metavar="FILE",
                                   help="Write the words into this new file."),
        "folder": click.option("--folder", is_flag=True, help="A folder: the page, and a video for each beat."),
        "pdf": click.option("--pdf", is_flag=True, help="A PDF: a page with its words for each beat."),
        "manim_slides": click.option("--manim_slides", is_flag=True, help="A presentation for manim-slides."),
        "one_file": click.option("--one_file", is_flag=True, help="One HTML file that contains the film."),
        "csv": click.option("--csv", type=FILE, metavar="FILE", help="Write a row for each run; -: print them."),
        "preview": click.option("-p", "--preview", is_flag=True, help="Open the result."),
        "media_dir": click.option("--media_dir", type=FILE, default=MEDIA_FOLDER, show_default=True, metavar="FOLDER",
                                  help="Folder of all results."),
        "prune": click.option("--prune", is_flag=True, help="Remove what is not needed; ask first."),
        "yes": click.option("--yes", is_flag=True, help="Do not ask."),
    },
    "Work": {
        "dry_run": click.option("--dry_run", is_flag=True,
                                help="Only print what would be done. Imports your scenes."),
        "watch": click.option("--watch", is_flag=True, help="Render again when a file changes, until Ctrl-C."),
        "force": click.option("--force", "--disable_caching", is_flag=True,
                              help="Draw clips again that are up to date."),
        "overwrite": click.option("--overwrite", is_flag=True,
                                  help="Replace any file, also one that you changed."),
        "jobs": click.option("-j", "--jobs", type=click.IntRange(1), metavar="N",
                             help="Clips or trainings at once.  [default: one a core]"),
        "timeout": click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
                                help="Stop a scene after this time; finish the others."),
        "scheduler": click.option("--scheduler", metavar="ADDRESS",
                                  help="Use dask workers. Its users can run code here."),
    },
    "Messages": {
        "progress": click.option("--progress_bar", "progress", type=click.Choice(PROGRESS_BARS),
                                 default=DEFAULT_PROGRESS, metavar="STYLE", help="display, leave or none."),
        "quiet": click.option("--quiet", is_flag=True, help="Print errors only."),
        "verbosity": click.option("-v", "--verbosity", type=LEVELS, default=DEFAULT_VERBOSITY, metavar="LEVEL",
                                  help="debug (why clips are made), info, warning, error."),
        "json": click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    },
}  # fmt: skip
OPTIONS = {name: option for group in GROUPS.values() for name, option in group.items()}

DATA = tuple(GROUPS[DAILY_VIEWS])
LESSON = ("lesson", "set", "curve", *DATA, "languages")  # the lesson and its settings
STRETCH = ("from", "to", *LESSON)  # the lesson or a part of it


def options(*names: str) -> Decorator:
    """Return a decorator that adds the options ``names`` to a command; the help keeps their order."""

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


def print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the version and the commit, and exit."""
    if value:
        from gradreel.render.version import version_text

        click.echo(f"gradreel {version_text()}")
        ctx.exit()


@click.group(
    "gradreel",
    cls=Gradreel,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda token: token.replace("_", "-"),
        "max_content_width": 110,
    },
    epilog=f"{SCENE_NAMES}.\n\n{DEFAULTS}\n\n{EXIT_CODES}",
    examples=[
        "gradreel list",
        "gradreel render build-curve -q l",
    ],
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show version and commit and exit.",
)
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Animated lecture videos about neural networks, made from real training runs."""
    from gradreel.render.defaults import default_map, find_defaults

    if (defaults := find_defaults(Path.cwd())) is not None:
        ctx.obj, values = defaults
        ctx.default_map = default_map(commands, values, ctx.obj)


def accept_manims_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add Manim's options for what Gradreel does anyway, hidden in the help, and ``--manim_options``."""

    def only_cairo(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        if value not in (None, "cairo"):
            raise click.NoSuchOption("--renderer", ctx=ctx)

    renderer = click.option("--renderer", hidden=True, expose_value=False, callback=only_cairo)
    silent = click.option("--notify_outdated_version/--silent", hidden=True, expose_value=False)
    others = click.option(
        "--manim_options", is_flag=True, is_eager=True, expose_value=False, callback=print_manims_options,
        help="Print Manim's other options and what to do here.",
    )  # fmt: skip
    return renderer(silent(others(command)))


def print_manims_options(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the options of Manim that this command lacks, each with what to do instead, and exit."""
    if not value:
        return
    from gradreel.render.manim_options import help_rows

    formatter = ctx.make_formatter()
    formatter.write_dl(help_rows(), col_max=34)
    click.echo(formatter.getvalue(), nl=False)
    ctx.exit()


def _options_of_scene_command(write_all: bool = False, **chosen: Any) -> Any:
    """Return the options of a command that takes scenes or a lesson's name.

    If a file has several scenes and a terminal is there, ask the user which ones to use.
    """
    from gradreel.render.lessons.options import Options
    from gradreel.render.scene_choice import chosen_lesson, chosen_scenes

    is_said = click.get_current_context().get_parameter_source("lesson") in SAID
    words = chosen.get("scenes", ())
    if (lesson := chosen_lesson(words, chosen.get("lesson") if is_said else None)) is not None:
        words, chosen["lesson"] = (), lesson
    chosen["scenes"] = chosen_scenes(words, write_all)
    if chosen.get("file_format") == "png":
        chosen |= {"file_format": None, "last_frame": True}
    elif chosen.get("file_format") == "auto":
        chosen["file_format"] = None
    return Options(**chosen)


def _begin_to_import_manim(dry_run: bool = False) -> None:
    """Start a process that imports Manim for the workers while this process reads the lesson."""
    if not dry_run:
        from gradreel.render.workers.forks import begin_server

        begin_server()


@commands.command(
    "list",
    examples=[
        "gradreel list",
        "gradreel list --from why-gradient --to batches",
    ],
)
@options("from", "to", "lesson", "languages", "media_dir", "lang", "json")
def list_scenes(**chosen: Any) -> None:
    """List the scenes of each lesson in film order, under its parts."""
    from gradreel.render.listing import print_scenes

    print_scenes(**chosen)


@commands.command(
    examples=[
        "gradreel describe build-curve",
        "gradreel describe my_scene.py:MyScene",
    ]
)
@click.argument("scenes", nargs=-1, required=True, type=SceneName(), metavar="SCENE")
@options(*LESSON, "lang", "json")
def describe(**chosen: Any) -> int:
    """Show a scene's parameters and beats, or a lesson."""
    from gradreel.render.commands import describe_scene

    return describe_scene(_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel train gradient-descent --set gradient-descent.run.seed=3",
        "gradreel train --lesson lesson.toml --dry_run",
    ]
)
@scenes_argument
@options(*STRETCH, "media_dir", "jobs", "scheduler")
@options("dry_run", "json", "progress", "quiet", "verbosity")
def train(**chosen: Any) -> int:
    """Train and record the runs that the scenes show."""
    from gradreel.render.commands import train_runs

    return train_runs(_options_of_scene_command(**chosen))


@commands.command(
    explains_data=True,
    examples=[
        "gradreel experiment depth --depths 1,2,3 --seeds 3",
        "gradreel experiment width --data views.csv --date_format %d/%m/%Y",
    ],
)
@click.argument("kind", type=click.Choice(COMPARISONS), metavar="|".join(COMPARISONS))
@options(*DATA, "window", "seeds", "widths", "depths", "width", "epochs")
@options("media_dir", "jobs", "scheduler", "json", "csv", "overwrite", "dry_run", "progress", "quiet", "verbosity")
def experiment(**chosen: Any) -> int:
    """Compare networks on daily views, with several runs of each."""
    from gradreel.render.experiments import compare_networks
    from gradreel.render.lessons.options import ExperimentOptions

    return compare_networks(ExperimentOptions(**chosen))


@commands.command(
    examples=[
        "gradreel render build-curve -q l",
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
    """Render a lesson into one video, or each SCENE into its own."""
    _begin_to_import_manim(chosen["dry_run"])
    from gradreel.render.commands import render_videos, watch_videos

    if not watch:
        return render_videos(_options_of_scene_command(**chosen))
    if click.get_current_context().get_parameter_source("quality") is click.core.ParameterSource.DEFAULT:
        chosen["quality"] = WATCHED_QUALITY
    return watch_videos(_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel frames build-curve",
        "gradreel frames --lesson lesson.toml --lang zh --theme light",
    ]
)
@scenes_argument
@options("quality", "resolution", "transparent", "beats", "lang", "theme", "preview")
@options(*STRETCH, "media_dir", "seed", "jobs", "timeout")
@options("overwrite", "dry_run", "json", "progress", "quiet", "verbosity")
def frames(**chosen: Any) -> int:
    """Draw a picture at the end of each beat, and a contact sheet."""
    _begin_to_import_manim(chosen["dry_run"])
    from gradreel.render.commands import render_frames

    return render_frames(_options_of_scene_command(**chosen))


EXPORTED = (  # options of the film that an export is made from
    *("quality", "resolution", "fps", "plain_h264", "lang", "theme", "voice", "fill", "output", "preview"),
    *(*STRETCH, "media_dir", "seed", "jobs", "timeout", "scheduler", "overwrite", "progress", "quiet", "verbosity"),
)


@commands.group(
    examples=["gradreel export slides -q m", "gradreel export page -q m"],
)
def export() -> None:
    """Export slides, web pages and the files that YouTube needs."""


@export.command(
    examples=[
        "gradreel export slides -q m",
        "gradreel export slides gradient-descent relu -o slides.html",
    ]
)
@scenes_argument
@options("folder", "pdf", "manim_slides", *EXPORTED)
def slides(folder: bool, pdf: bool, manim_slides: bool, **chosen: Any) -> int:
    """Write slides as one HTML file, a step for each beat."""
    _begin_to_import_manim()
    from gradreel.render.export.slides import export_slides

    return export_slides(_options_of_scene_command(**chosen), folder, pdf, manim_slides)


@export.command(
    examples=[
        "gradreel export page -q m",
        "gradreel export page gradient-descent --one_file -o descent.html",
    ]
)
@scenes_argument
@options("one_file", *EXPORTED)
def page(one_file: bool, **chosen: Any) -> int:
    """Write a web page with the film, its transcript and its runs."""
    _begin_to_import_manim()
    from gradreel.render.export.page import export_page

    return export_page(_options_of_scene_command(**chosen), one_file)


@export.command(
    examples=[
        "gradreel export run runs/mine",
        "gradreel export run media/traces/one media/traces/other -o two-seeds.html",
    ]
)
@click.argument("traces", nargs=-1, required=True, type=FILE, metavar="TRACE...")
@options("output", "preview", "lang", "languages", "theme", "media_dir", "overwrite", "quiet")
def run(traces: tuple[Path, ...], **chosen: Any) -> int:
    """Write one or two recorded runs as an HTML file with a slider."""
    from gradreel.render.export.page import export_run

    return export_run(traces, _options_of_scene_command(**chosen))


@export.command(
    examples=[
        "gradreel export youtube",
        "gradreel export youtube --lesson lesson.toml -q m -o upload",
    ]
)
@options(*EXPORTED)
def youtube(**chosen: Any) -> int:
    """Write the texts, subtitles and thumbnail for YouTube."""
    _begin_to_import_manim()
    from gradreel.render.export.youtube import export_youtube

    return export_youtube(_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel words build-curve > my-words.toml",
        "gradreel words --lesson lesson.toml --languages en",
    ]
)
@scenes_argument
@options("words_file", "from", "to", "lesson", "languages")
def words(**chosen: Any) -> int:
    """Print the words of scenes as a file that you can edit."""
    from gradreel.render.words_file import print_words

    return print_words(_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel narrate",
        "gradreel narrate build-curve --record",
    ]
)
@scenes_argument
@options("recordings", "record", "accept", "lang")
@options(*STRETCH, "media_dir", "seed", "jobs", "timeout", "overwrite", "json", "progress", "quiet", "verbosity")
def narrate(recordings: Path, record: bool, accept: bool, **chosen: Any) -> int:
    """Write the script for your own voice and check recordings."""
    _begin_to_import_manim()
    from gradreel.render.narrating import narrate as write_script

    return write_script(_options_of_scene_command(**chosen), recordings, record, accept)


@commands.command(
    examples=[
        "gradreel verify runs/mine",
        "gradreel verify gradient-descent",
    ]
)
@click.argument("scenes", nargs=-1, type=SceneName(), metavar="[TRACE|SCENE]...")
@options(*STRETCH, "media_dir", "json", "progress", "quiet")
def verify(**chosen: Any) -> int:
    """Compute the updates of traces again and compare them."""
    from gradreel.render.verification import verify_traces

    return verify_traces(_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel check my_scene.py:MyScene",
        "gradreel check build-curve --jumps",
    ]
)
@scenes_argument
@options("jumps", "pace", "lang", "theme", "voice", "fill", *STRETCH, "media_dir", "jobs", "timeout")
@options("json", "progress", "quiet", "verbosity")
def check(**chosen: Any) -> int:
    """Check the layout of each beat and the pace of the speech."""
    _begin_to_import_manim()
    from gradreel.render.commands import check_scenes

    return check_scenes(_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel cache",
        "gradreel cache --prune",
    ]
)
@options(*LESSON, "media_dir", "prune", "yes", "json", "quiet")
def cache(**chosen: Any) -> int:
    """Show what the media folder holds and what is still needed."""
    from gradreel.render.commands import show_cache

    return show_cache(prune=chosen.pop("prune"), yes=chosen.pop("yes"), options=_options_of_scene_command(**chosen))


@commands.command(
    examples=[
        "gradreel checkhealth",
        "gradreel checkhealth --media_dir /mnt/videos",
    ]
)
@options("media_dir", "json")
def checkhealth(**chosen: Any) -> int:
    """Check libraries, fonts, the encoder and the disk."""
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
    """Create a project: a scene, a lesson, words and a test."""
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


class StoppedBySignal(KeyboardInterrupt):
    """Raised by SIGTERM and SIGHUP, so that a command stops its workers and voices as it does on Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = signal.Signals(number)


def _stop_in_order(number: int, frame: FrameType | None) -> NoReturn:
    """Raise StoppedBySignal; a second signal ends the process at once."""
    signal.signal(number, signal.SIG_DFL)
    raise StoppedBySignal(number)


def main() -> NoReturn:
    """Entry point of the ``gradreel`` script and of ``python cli.py``."""
    from gradreel.render.terminal import print_plainly

    print_plainly()  # also for tracebacks, which are printed last
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, _stop_in_order)
    gc.set_threshold(50_000, 20, 20)  # collecting garbage among imported modules took a fifth of a short command
    try:
        commands.main(prog_name="gradreel")
    finally:
        gc.freeze()  # no last collection when Python ends
    raise SystemExit(0)


if __name__ == "__main__":  # python cli.py: run the installed package, whose modules other processes can import
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.realpath(folder or ".") != here]
    try:
        from gradreel.cli import main as installed_main
    except ModuleNotFoundError:
        sys.exit("gradreel is not installed for this Python; ./run installs it and runs any command, e.g. ./run list")
    installed_main()
