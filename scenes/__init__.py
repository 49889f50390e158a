"""What your own Manim scenes are written with; the lecture's scenes are in ``scenes/lecture``.

- ``LectureScene``: a Manim scene with parameters, beats, narration and recorded runs.
- ``Plot``: a rectangle of the screen with axes and data coordinates.
- ``formula``: a formula in Typst's notation.
- ``heading``: the scene's heading, at the top left.
- ``palette``: the colours of the current theme by role: ``palette.blue``.
- ``style``: sizes of text, widths of strokes, margins of the frame.
- ``text``: a line of words; ``$…$`` inside is a formula.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradreel.scenes import style
    from gradreel.scenes.base import LectureScene
    from gradreel.scenes.mobjects.plot import Plot
    from gradreel.scenes.mobjects.text import formula, heading, text
    from gradreel.scenes.style import palette

__all__ = ["LectureScene", "Plot", "formula", "heading", "palette", "style", "text"]

_MODULES = {
    "LectureScene": "gradreel.scenes.base",
    "Plot": "gradreel.scenes.mobjects.plot",
    "formula": "gradreel.scenes.mobjects.text",
    "heading": "gradreel.scenes.mobjects.text",
    "palette": "gradreel.scenes.style",
    "text": "gradreel.scenes.mobjects.text",
}
"""The module that defines each name. It is imported on first use, and Manim with it."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "style":  # a module of this package
            return import_module("gradreel.scenes.style")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)

    def __dir__() -> list[str]:
        return __all__
