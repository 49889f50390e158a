"""The picture at the end of each beat, without playing the animations in between and without a video.

Works with any Manim scene: a plain one has a picture at the end of each ``play`` and ``wait`` that shows a new one.
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
from gradreel.scenes.user_traceback import note_missing_tex
from manim import CairoRenderer, Scene, VMobject, config, tempconfig
from manim.constants import RendererType
from manim.mobject.types.image_mobject import AbstractImageMobject
from manim.mobject.types.point_cloud_mobject import PMobject
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SMALL = (854, 480)  # pixels
END = "end"  # the end of a scene without beats
SPACING = ((100, 25), (20, 5))  # after so many plays of a plain scene, each so many-th has its picture
SIMPLIFIED_CHINESE = 2  # the face in the font's collection

Visit = Callable[[Scene, str], None]


@dataclass(frozen=True)
class Still:
    """What is on the screen when a beat ends."""

    beat: str
    pixels: NDArray[np.uint8]  # (height, width, 4), RGBA

    def image(self) -> Image.Image:
        """The picture in RGB: the background is part of it."""
        return Image.fromarray(np.ascontiguousarray(self.pixels[..., :3]))


def beat_frames(
    scene_class: type[Scene],
    parameters: Mapping[str, Any] | None = None,
    context: SceneContext | None = None,
    size: tuple[int, int] = SMALL,
    at_beat: Visit | None = None,
) -> list[Still]:
    """The end state of each beat the context asks for, ``size`` (width, height) in pixels.

    ``at_beat(scene, beat)`` is called at each, while its end state is on the screen. Raises what the scene raises.
    """
    stills = []

    def draw(scene: Scene, beat: str) -> None:
        stills.append(Still(beat, _drawn(scene)))
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
    """Run the scene, each animation jumping to its end, and call ``visit(scene, beat)`` at the end of each beat.

    A plain scene is visited as `_Plays` says. The mobjects are up to date when ``visit`` is called: their updaters have
    seen the end state. Manim's configuration and our theme are afterwards what they were. Parameters go to a plain
    Manim scene as arguments.
    Returns the scene as it ended.
    """
    lecture = issubclass(scene_class, LectureScene)
    chosen = context or SceneContext()  # before the configuration changes: it holds the media folder of the traces
    with _quiet_manim(size):
        if lecture:
            scene = scene_class(parameters=parameters, context=chosen, skip_animations=True)
        else:
            scene = scene_class(**(parameters or {}), skip_animations=True)
        scene.renderer.update_frame = _draw_nothing  # Manim draws each animation's end even when it skips
        scene.get_moving_and_static_mobjects = _none_of_either  # for nobody but that drawing

        ended = []

        def visit_end(scene: Scene, beat: str) -> None:
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
    """Visits a plain scene at the end of each ``play`` and ``wait``, by names such as ``03-fade-in``, and at its end.

    Not where the picture is the one visited last, nor where nothing is on the screen. Of a long scene not every one:
    after 20 of them each fifth, after 100 each twenty-fifth.
    """

    def __init__(self, scene: Scene, visit: Visit) -> None:
        self._scene, self._visit, self._last = scene, visit, b""
        self._play = scene.renderer.play
        scene.renderer.play = self.play

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        """What the renderer does, and then the visit."""
        self._play(scene, *args, **kwargs)
        number = scene.renderer.num_plays
        spacing = next((spacing for plays, spacing in SPACING if number > plays), 1)
        if number % spacing == 0:
            kinds = [type(animation).__name__ for animation in scene.animations or ()]
            kinds = ["animate" if kind == "_MethodAnimation" else kebab_name(kind) for kind in kinds]
            self.look("-".join([f"{number:02}", *dict.fromkeys(kinds)][:3]))

    def look(self, name: str) -> None:
        """Visit the scene as it is now, if that is new."""
        self._scene.update_mobjects(0)
        picture = _drawn(self._scene).tobytes()
        if picture != self._last and _shows_something(self._scene):
            self._last = picture
            self._visit(self._scene, name)


def _shows_something(scene: Scene) -> bool:
    """Whether anything that is drawn is on the screen, visible or not."""
    kinds = (VMobject, AbstractImageMobject, PMobject)
    family = (part for mobject in scene.mobjects for part in mobject.get_family())
    return any(isinstance(part, kinds) and len(part.points) > 0 for part in family)


def contact_sheet(stills: Sequence[Still], path: Path, columns: int = 4, labels: Sequence[str] | None = None) -> None:
    """Write all ``stills`` into one PNG, in rows of ``columns``, each over its label (the name of its beat)."""
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
    for place, (still, label) in enumerate(zip(stills, labels or [still.beat for still in stills], strict=True)):
        x = gap + place % columns * (width + gap)
        y = gap + place // columns * (height + strip + gap)
        sheet.paste(still.image().resize((width, height)), (x, y))
        pencil.text((x, y + height + strip / 2), label, fill=style.palette.background.to_hex(), font=font, anchor="lm")
    sheet.save(path, "PNG", optimize=True)


def _font_file() -> Path:
    return next(style.font_folder().glob("*.ttc"))


def _drawn(scene: Scene) -> NDArray[np.uint8]:
    """(height, width, 4): everything on the screen, drawn anew."""
    scene.renderer.static_image = None
    CairoRenderer.update_frame(scene.renderer, scene)
    frame: NDArray[np.uint8] = scene.renderer.get_frame()
    return frame


def _draw_nothing(*_: Any, **__: Any) -> None:
    """In the place of the renderer's ``update_frame`` between beats."""


def _is_left_out(scene: Scene) -> bool:
    """Whether the beat that is ending was not asked for (its section is skipped)."""
    return bool(scene.renderer.file_writer.sections[-1].skip_animations)


def _none_of_either(_: Any) -> tuple[list[Any], list[Any]]:
    """In the place of the scene's ``get_moving_and_static_mobjects`` between beats."""
    return [], []


@contextmanager
def _quiet_manim(size: tuple[int, int]) -> Iterator[None]:
    """Manim set to draw pictures of ``size`` and to write and say nothing; as it was, afterwards."""
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
        if config.renderer is not RendererType.CAIRO:  # to set it takes time in any case
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
