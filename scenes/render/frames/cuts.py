"""What a scene is made of at the moment where one part of its clip ends and the next begins, as digests.

The first part is played with its frames; the next one gets there without drawing any. Only where both find the same
scene do they show what the clip in one piece shows. What may differ: random numbers drawn for each frame, what an
updater adds up over time, what is kept of each frame in a list.
"""

from __future__ import annotations

import hashlib
import random
import sys
import types
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np
from gradreel.core.trace import Trace
from manim import Animation, Camera, Mobject, Scene
from manim.renderer.cairo_renderer import CairoRenderer
from manim.scene.scene_file_writer import SceneFileWriter

PLAIN = (type(None), bool, int, float, complex, str, bytes)
DECIMALS = 9  # of a number that count: moving a shape back and forth leaves errors of 1e-15, a pixel is 0.007 wide
SMALL = 1 << 20  # bytes of an array that is looked at although nothing can write to it
OF_A_PLAY = {
    *("animations", "moving_mobjects", "static_mobjects", "time_progression", "duration", "last_t", "stop_condition"),
    *("renderer", "manager", "queue", "mobjects", "foreground_mobjects", "updaters"),
}
"""Attributes of a scene that each play sets anew, or that are looked at by themselves."""
OF_BEATS = {
    *("after_beat", "beats", "context", "words_of", "_ended", "_skipped", "_held_beat", "_traces", "parameters"),
    *("file_writer_settings", "output_plan", "session_spec", "_log_file_path"),
}
"""Those that say which beats were asked for, what was needed for them, and where that lies on this machine."""
NOT_LOOKED_INTO = (
    types.ModuleType,
    type,
    types.BuiltinFunctionType,
    types.GeneratorType,
    Trace,
    Scene,
    Animation,
    Camera,
    CairoRenderer,
    SceneFileWriter,
)
"""What does not change, what is over when a play is, and what is looked at by itself."""
NO_SCENES = ("gradreel.scenes.base", "gradreel.scenes.render", "contextlib", "manim")


def state_of(scene: Scene, beat: str) -> dict[str, str]:
    """Digests of all that the frames from here on depend on, by what it is; ``beat`` is the one that begins.

    To be called from within ``next_section``: then the variables of ``construct`` are those of the same line of it.
    """
    digest = _Digest()
    camera = {name: value for name, value in vars(scene.camera).items() if isinstance(value, (*PLAIN, Mobject))}
    view = scene.camera.get_cairo_context(scene.camera.pixel_array).get_matrix()  # may be older than the camera's frame
    camera["view"] = [view.xx, view.yy, view.x0, view.y0]
    return {
        "the next beat": beat,
        "the time": repr(scene.renderer.time),
        "random numbers": _random_numbers(),
        "what is on the screen": digest.of([scene.mobjects, scene.foreground_mobjects, scene.updaters, camera]),
        "what its code keeps": digest.of([_own(scene), *_variables(), *_shared(scene)]),
    }


def _random_numbers() -> str:
    state = [random.getstate(), np.random.get_state()]
    if "torch" in sys.modules:
        state.append(sys.modules["torch"].get_rng_state().numpy())
    return _Digest().of(state)


def _own(scene: Scene) -> dict[str, Any]:
    """What the scene's own code keeps as attributes."""
    return {name: value for name, value in vars(scene).items() if name not in OF_A_PLAY | OF_BEATS}


def _variables() -> Iterator[dict[str, Any]]:
    """Local variables of the scene's methods that are at work: of ``construct`` and of those that it has called."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        module = f"{frame.f_globals.get('__name__', '')}."
        if not any(module.startswith(f"{name}.") for name in NO_SCENES):
            yield dict(frame.f_locals)
        if frame.f_code.co_name == "construct":
            return
        frame = frame.f_back


def _shared(scene: Scene) -> Iterator[dict[str, Any]]:
    """Attributes of the scene's classes and variables of their modules."""
    for kind in type(scene).__mro__:
        if not any(f"{kind.__module__}.".startswith(f"{name}.") for name in (*NO_SCENES, "builtins")):
            for names in (vars(kind), vars(sys.modules[kind.__module__])):
                yield {name: value for name, value in names.items() if _is_data(name, value)}


def _is_data(name: str, value: object) -> bool:
    return not name.startswith("__") and isinstance(value, (*PLAIN, list, dict, set, deque, np.ndarray, Mobject))


class _Digest:
    """Goes through whatever can be reached from some objects; each is looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}  # by id: the order in which they were found
        self._kept: list[object] = []  # so that no id is given twice

    def of(self, root: object) -> str:
        found = hashlib.blake2b(digest_size=12)
        waiting = [root]
        while waiting:
            item = waiting.pop()
            if isinstance(item, float):
                item = round(item, DECIMALS) + 0.0  # 0.0 for -0.0
            if isinstance(item, PLAIN):
                text = hex(item) if isinstance(item, int) else repr(item)  # a large number has no decimals in Python
                found.update(f"{type(item).__name__} {text};".encode())
            elif id(item) in self._numbers:
                found.update(f"#{self._numbers[id(item)]};".encode())
            else:
                self._numbers[id(item)] = len(self._numbers)
                self._kept.append(item)
                parts = _parts(item)
                found.update(f"{type(item).__qualname__} {len(parts)};".encode())  # a module's name may hold its path
                waiting.extend(reversed(parts))
        return found.hexdigest()


def _parts(item: Any) -> list[Any]:
    """What an object is made of; nothing for one that is not looked into."""
    if isinstance(item, NOT_LOOKED_INTO):
        return [getattr(item, "__qualname__", "")]
    if isinstance(item, PurePath):
        return [item.name]  # a cluster's workers have folders of their own
    if isinstance(item, np.ndarray):
        return _parts_of_array(item)
    if isinstance(item, list | tuple | deque):
        return list(item)
    if isinstance(item, Mapping):
        return [part for pair in item.items() for part in pair]
    if isinstance(item, set | frozenset):
        return sorted(map(repr, item)) if all(isinstance(part, PLAIN) for part in item) else [len(item)]
    if isinstance(item, types.FunctionType):
        return [item.__qualname__, item.__defaults__, item.__kwdefaults__, vars(item), *_closure(item)]
    if isinstance(item, types.MethodType):
        return [item.__func__, item.__self__]
    if isinstance(item, partial):
        return [item.func, item.args, item.keywords]
    if isinstance(item, random.Random):
        return [item.getstate()]
    if isinstance(item, np.random.Generator):
        return [item.bit_generator.state]
    if isinstance(item, np.random.RandomState):
        return list(item.get_state())
    if isinstance(item, np.generic):
        return _parts_of_array(np.asarray(item))
    return _attributes(item)


def _parts_of_array(array: Any) -> list[Any]:
    parts = [str(array.dtype), array.shape]
    if array.dtype.hasobject:
        return [*parts, array.tolist()]
    if isinstance(array, np.memmap) or not (array.flags.writeable or array.nbytes <= SMALL):
        return parts  # recorded numbers: nobody changes them
    if array.dtype.kind in "fc":
        array = array.round(DECIMALS) + 0.0
    return [*parts, array.tobytes()]


def _closure(function: types.FunctionType) -> list[Any]:
    """The variables that a function shares with the one that it was written in."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not set yet
            found.append("")
    return found


def _attributes(item: Any) -> list[Any]:
    slots = [name for kind in type(item).__mro__ for name in _names(kind.__dict__.get("__slots__", ()))]
    values = {name: getattr(item, name) for name in slots if hasattr(item, name)} | getattr(item, "__dict__", {})
    values.pop("original_id", None)  # of a copy of a mobject, where that one was in memory
    if values:
        return [part for name in sorted(values) for part in (name, values[name])]
    text = repr(item)  # itertools.count tells what it has come to
    if " at 0x" not in text:
        return [text]
    tells_nothing = isinstance(item, Iterator) or type(item).__module__ == "torch._C"  # torch.Generator
    return [uuid.uuid4().hex] if tells_nothing else []  # equal to no other: it may have come to anything


def _names(slots: Any) -> list[str]:
    names = [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if name not in ("__dict__", "__weakref__")]
