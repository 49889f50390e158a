"""Pictures of the end of each beat, without playing the animations in between and without a video.

This works with any Manim scene. A plain scene has a picture at the end of each ``play`` and ``wait`` that changed the
picture.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.catalog import kebab_name
from gradreel.scenes.quick_mobjects import quick_mobjects
from gradreel.scenes.user_traceback import note_missing_tex
from manim import CairoRenderer, Scene, VMobject, config, tempconfig
from manim.constants import RendererType
from manim.mobject.types.image_mobject import AbstractImageMobject
from manim.mobject.types.point_cloud_mobject import PMobject
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SMALL = (854, 480)  # pixels
END = "end"  # the end of a scene without beats
SPACING = ((100, 25), (20, 5))  # (n, k): after n plays of a plain scene, only every k-th play has a picture
SIMPLIFIED_CHINESE = 2  # index of the face in the font's collection

Visit = Callable[[Scene, str], None]


@dataclass(frozen=True)
class Still:
    """The screen at the end of a beat."""

    beat: str
    pixels: NDArray[np.uint8]  # (height, width, 4), RGBA

    def image(self) -> Image.Image:
        """Return the picture in RGB, background included."""
        return Image.fromarray(np.ascontiguousarray(self.pixels[..., :3]))


def beat_frames(
    scene_class: type[Scene],
    parameters: Mapping[str, Any] | None = None,
    context: SceneContext | None = None,
    size: tuple[int, int] = SMALL,
    at_beat: Visit | None = None,
) -> list[Still]:
    """Return the end of each beat that the context asks for, as pictures.

    Parameters
    ----------
    scene_class, parameters, context
        The scene, as for `visit_beats`.
    size
        Width and height in pixels.
    at_beat
        Called as ``at_beat(scene, beat)`` at the end of each beat.

    Exceptions of the scene are raised.
    """
    stills = []

    def draw(scene: Scene, beat: str) -> None:
        """Store the picture of the beat, then call ``at_beat``."""
        stills.append(Still(beat, _drawn_picture(scene)))
        if at_beat is not None:
            at_beat(scene, beat)

    visit_beats(scene_class, draw, parameters, context, size)
    return stills


def visit_beats(
    scene_class: type[Scene],
    visit: Visit,
    parameters: Mapping[str, Any] | None = None,
    context: SceneContext | None = None,
    size: tuple[int, int] = SMALL,
) -> Scene:
    """Run a scene with each animation jumping to its end, call ``visit(scene, beat)`` at each beat's end, and return
    the scene.

    The mobjects are up to date when ``visit`` is called: their updaters have seen the end state. A plain scene is
    visited as `_Plays` says; it gets the parameters as arguments. Manim's configuration and the theme are restored
    afterwards.
    """
    lecture = issubclass(scene_class, LectureScene)
    chosen = context or SceneContext()  # before the configuration changes: it holds the media folder of the traces
    with _configured_manim(size), quick_mobjects():
        if lecture:
            scene = scene_class(parameters=parameters, context=chosen, skip_animations=True)
        else:
            scene = scene_class(**(parameters or {}), skip_animations=True)
        scene.renderer.update_frame = _draw_nothing  # Manim draws each animation's end even when it skips
        scene.get_moving_and_static_mobjects = _no_mobjects  # only that drawing needs them

        ended = []

        def visit_end(scene: Scene, beat: str) -> None:
            """Visit the scene unless the beat was not asked for."""
            ended.append(beat)
            if not _is_left_out(scene):
                scene.update_mobjects(0)
                visit(scene, beat)

        plays = None if lecture else _Plays(scene, visit_end)
        scene.after_beat = visit_end  # called by LectureScene
        try:
            scene.render()
        except FileNotFoundError as error:
            note_missing_tex(error)
            raise
        if plays is not None:
            plays.look(END)
        if not ended:
            visit_end(scene, END)
    return scene


class _Plays:
    """Visits a plain scene after each ``play`` and ``wait``, by names such as ``03-fade-in``, and at its end.

    It does not visit a picture that is the same as the last one, or an empty screen. After 20 plays it visits every
    fifth only, after 100 every twenty-fifth.
    """

    def __init__(self, scene: Scene, visit: Visit) -> None:
        self._scene, self._visit, self._last = scene, visit, b""
        self._play = scene.renderer.play
        scene.renderer.play = self.play

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        """Do what the renderer does, then visit."""
        self._play(scene, *args, **kwargs)
        number = scene.renderer.num_plays
        spacing = next((spacing for plays, spacing in SPACING if number > plays), 1)
        if number % spacing == 0:
            kinds = [type(animation).__name__ for animation in scene.animations or ()]
            kinds = ["animate" if kind == "_MethodAnimation" else kebab_name(kind) for kind in kinds]
            self.look("-".join([f"{number:02}", *dict.fromkeys(kinds)][:3]))

    def look(self, name: str) -> None:
        """Visit the scene if its picture is new."""
        self._scene.update_mobjects(0)
        picture = _drawn_picture(self._scene).tobytes()
        if picture != self._last and _has_drawn_mobjects(self._scene):
            self._last = picture
            self._visit(self._scene, name)


def _has_drawn_mobjects(scene: Scene) -> bool:
    """Return whether the scene has any mobject that is drawn, visible or not."""
    kinds = (VMobject, AbstractImageMobject, PMobject)
    family = (part for mobject in scene.mobjects for part in mobject.get_family())
    return any(isinstance(part, kinds) and len(part.points) > 0 for part in family)


def contact_sheet(stills: Sequence[Still], path: Path, columns: int = 4, labels: Sequence[str] | None = None) -> None:
    """Write all ``stills`` into one PNG, in rows of ``columns``, each above its label.

    Labels are the names of the beats by default. Raises ValueError if there are no stills.
    """
    if not stills:
        raise ValueError("a contact sheet needs at least one still")
    height, width = stills[0].pixels.shape[:2]
    gap, strip = max(4, width // 60), max(14, width // 18)  # between pictures; for a label
    rows = -(-len(stills) // columns)
    columns = min(columns, len(stills))
    sheet_size = (columns * (width + gap) + gap, rows * (height + strip + gap) + gap)
    sheet = Image.new("RGB", sheet_size, style.palette.axis.to_hex())
    pencil = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(_font_file()), strip * 0.7, index=SIMPLIFIED_CHINESE)
    for number, (still, label) in enumerate(zip(stills, labels or [still.beat for still in stills], strict=True)):
        x = gap + number % columns * (width + gap)
        y = gap + number // columns * (height + strip + gap)
        sheet.paste(still.image().resize((width, height)), (x, y))
        pencil.text((x, y + height + strip / 2), label, fill=style.palette.background.to_hex(), font=font, anchor="lm")
    sheet.save(path, "PNG", optimize=True)


def _font_file() -> Path:
    """Return the font's file."""
    return next(style.font_folder().glob("*.ttc"))


def _drawn_picture(scene: Scene) -> NDArray[np.uint8]:
    """Return the picture of everything on the screen, drawn anew, (height, width, 4)."""
    scene.renderer.static_image = None
    CairoRenderer.update_frame(scene.renderer, scene)
    frame: NDArray[np.uint8] = scene.renderer.get_frame()
    return frame


def _draw_nothing(*_: Any, **__: Any) -> None:
    """Do nothing. Replaces the renderer's ``update_frame`` between beats."""


def _is_left_out(scene: Scene) -> bool:
    """Return whether the beat that ends was not asked for (its section is skipped)."""
    return bool(scene.renderer.file_writer.sections[-1].skip_animations)


def _no_mobjects(_: Any) -> tuple[list[Any], list[Any]]:
    """Return two empty lists. Replaces the scene's ``get_moving_and_static_mobjects`` between beats."""
    return [], []


@contextmanager
def _configured_manim(size: tuple[int, int]) -> Iterator[None]:
    """Configure Manim to draw pictures of ``size`` and to write and print nothing; restore everything afterwards."""
    width, height = size
    logger = logging.getLogger("manim")
    level, theme = logger.level, style.palette.theme
    logger.setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="gradreel-") as folder:
        settings = {
            "pixel_width": width,
            "pixel_height": height,
            "frame_rate": 30,
            "media_dir": os.path.relpath(folder) if "{" in folder else folder,  # Manim fills in what is in braces
            "dry_run": True,
            "preview": False,
            "progress_bar": "none",
            "disable_caching": True,
            "log_to_file": False,
            "from_animation_number": 0,
            "upto_animation_number": -1,
            "seed": config.seed or 0,
        }
        if config.renderer is not RendererType.CAIRO:  # setting it takes time even if nothing changes
            settings["renderer"] = "cairo"
        is_usual = abs(config.frame_width / config.frame_height - 16 / 9) < 0.01
        if is_usual and abs(width / height - 16 / 9) > 0.01:
            settings["frame_width"] = config.frame_height * width / height
        try:
            with tempconfig(settings):
                yield
        finally:
            logger.setLevel(level)
            style.use_theme(theme)
