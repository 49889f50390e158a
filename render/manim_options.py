"""Manim's options that ``gradreel render`` lacks, each with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ManimOption:
    """An option of ``manim render``: its names, and what to do in Gradreel instead."""

    names: tuple[str, ...]
    instead: str


_OPENGL = "the window and the shaders are Manim's OpenGL renderer's: use manim render --renderer opengl"
_CODEC = "the codec follows from --format; convert the finished file with ffmpeg"
_QUEUES = "drawing and encoding run side by side; -j sets how many scenes are drawn at once"
_LOG = "messages go to standard error: add 2> render.log"

ANSWERED_OPTIONS = (
    ManimOption(("-c", "--config_file"), "call gradreel in the folder of your manim.cfg, which it reads"),
    ManimOption(("--tex_template",), "write tex_template_file = FILE below [CLI] in manim.cfg"),
    ManimOption(("--no_latex_cleanup",), "write no_latex_cleanup = True below [CLI] in manim.cfg"),
    ManimOption(("--log_dir",), _LOG),
    ManimOption(("--log_to_file",), _LOG),
    ManimOption(("--preview_command",), "-p opens the system's player; the path is printed for any other"),
    ManimOption(("--show_in_file_browser",), "the path is printed; -p opens the film"),
    ManimOption(("-l", "--live-preview"), "--watch renders again after each change"),
    ManimOption(("--jupyter",), "in a notebook: %load_ext gradreel, then %%gradreel MyScene"),
    ManimOption(("-0", "--zero_pad"), "numbers of frames always have five digits"),
    ManimOption(("--video-codec",), _CODEC),
    ManimOption(("--pixel-format",), _CODEC),
    ManimOption(("--encoder-option",), _CODEC),
    ManimOption(("--max-inflight-encoders",), _QUEUES),
    ManimOption(("--encoder-queue-size",), _QUEUES),
    ManimOption(("--renderer",), _OPENGL),
    ManimOption(("--enable_gui",), _OPENGL),
    ManimOption(("--gui_location",), _OPENGL),
    ManimOption(("--fullscreen",), _OPENGL),
    ManimOption(("--enable_wireframe",), _OPENGL),
    ManimOption(("--use_projection_fill_shaders",), _OPENGL),
    ManimOption(("--use_projection_stroke_shaders",), _OPENGL),
)


ANSWERED_COMMANDS = {
    "cfg": "gradreel reads the manim.cfg that manim cfg writes; its own defaults are in gradreel.toml",
    "plugins": "gradreel loads the plugins that manim.cfg names; manim plugins lists them",
}


def answer(name: str) -> str | None:
    """Return the answer to Manim's option ``name``; None for a name that is not in the table."""
    spelled = name.replace("_", "-")
    for option in ANSWERED_OPTIONS:
        if spelled in [other.replace("_", "-") for other in option.names]:
            return f"{name} is Manim's, and gradreel does not have it; {option.instead}"
    return None


def answer_to_command(word: str) -> str:
    """Return the answer to Manim's command ``word``, or to a file without a command; "" for other words."""
    if word.endswith(".py"):
        return f"{word} is a file, and a command was needed before it: gradreel render {word}"
    return f"{word} is Manim's; {ANSWERED_COMMANDS[word]}" if word in ANSWERED_COMMANDS else ""


def help_rows() -> list[tuple[str, str]]:
    """Return the rows of ``--manim_options``: Manim's options, and what to do instead."""
    names: dict[str, list[str]] = {}
    for option in ANSWERED_OPTIONS:
        names.setdefault(option.instead, []).append(", ".join(option.names))
    return [
        (", ".join(options[:2]) + (", …" if len(options) > 2 else ""), instead) for instead, options in names.items()
    ]
