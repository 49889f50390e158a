"""What a scene is made of at the moment where one part of its clip ends and the next begins, as digests.

The first part is played with its frames; the next one gets there without drawing any. Only where both find the same
scene do they show what the clip in one piece shows. What may differ: random numbers drawn for each frame, what an
updater adds up over time, what is kept of each frame in a list. What cannot be compared counts as another.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import logging
import os
import random
import sys
import types
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from gradreel.core.trace import Trace
from gradreel.scenes.render.clips.import_graph import is_installed
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
    logging.Logger,
    Trace,
    Scene,
    Animation,
    Camera,
    CairoRenderer,
    SceneFileWriter,
)
"""What does not change, what is over when a play is, and what is looked at by itself."""
NO_SCENES = ("gradreel.scenes.base", "gradreel.scenes.render", "contextlib", "manim", "builtins")
LECTURE = "gradreel.scenes.lecture"
PROGRAMS = ("__main__", "__mp_main__")  # modules of what the worker was started by


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


# -- what there is to look at ------------------------------------------------------------------------------------------


def _own(scene: Scene) -> dict[str, Any]:
    """What the scene's own code keeps as attributes."""
    return {name: value for name, value in vars(scene).items() if name not in OF_A_PLAY | OF_BEATS}


def _variables() -> Iterator[dict[str, Any]]:
    """Local variables of the scene's methods that are at work: of ``construct`` and of those that it has called."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if not _lies_in(frame.f_globals.get("__name__", ""), NO_SCENES):
            yield dict(frame.f_locals)
        if frame.f_code.co_name == "construct":
            return
        frame = frame.f_back


def _shared(scene: Scene) -> Iterator[dict[str, Any]]:
    """Attributes of the scene's classes, and variables of their modules and of all that the user has written.

    What a module has of others', by ``import``, is left out.
    """
    kinds = [kind for kind in type(scene).__mro__ if not _lies_in(kind.__module__, NO_SCENES)]
    modules = {name: vars(module) for name, module in list(sys.modules.items()) if type(module) is types.ModuleType}
    own = {kind.__module__ for kind in kinds} | {name for name in modules if _is_of_scenes(name)}
    of_others = {id(value) for name in modules.keys() - own for value in list(modules[name].values())}
    for names in (*map(vars, kinds), *(modules[name] for name in sorted(own & modules.keys()))):
        yield {
            name: value
            for name, value in _without_pythons(names).items()
            if isinstance(value, PLAIN) or id(value) not in of_others
        }


def _without_pythons(names: Mapping[str, Any]) -> dict[str, Any]:
    """Without what Python itself gives every module and class."""
    return {name: value for name, value in names.items() if not (name.startswith("__") and name.endswith("__"))}


def _lies_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


@cache  # asked for every module there is
def _is_of_scenes(module: str) -> bool:
    """Whether scenes are written in it: those of the lecture, or what the user's are made of."""
    if _lies_in(module, (LECTURE,)):
        return True
    return module not in PROGRAMS and _is_the_users(sys.modules.get(module))


def _is_the_users(module: types.ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and not is_installed(Path(os.path.abspath(file)), (Path.cwd(),))


# -- digests -----------------------------------------------------------------------------------------------------------


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
    if isinstance(item, types.ModuleType) and sys.modules.get(item.__name__) is not item and _is_the_users(item):
        return _like_no_other()  # loaded by its path: it is not among those that are looked at
    if isinstance(item, NOT_LOOKED_INTO):
        return []
    if isinstance(item, type):
        return [item.__qualname__, *([_without_pythons(vars(item))] if _is_of_scenes(item.__module__) else [])]
    if isinstance(item, PurePath):
        return [item.name]  # a cluster's workers have folders of their own
    if isinstance(item, np.ndarray):
        return _parts_of_array(item)
    if isinstance(item, list | tuple | deque):
        return [*item, getattr(item, "__dict__", None)]  # of a class of the user's
    if isinstance(item, Mapping):
        return [part for pair in item.items() for part in pair]
    if isinstance(item, set | frozenset):
        return sorted(map(repr, item)) if all(isinstance(part, PLAIN) for part in item) else [len(item)]
    for look in (_parts_of_code, _parts_of_numbers, _parts_of_stream):
        if (parts := look(item)) is not None:
            return parts
    return _attributes(item)


def _parts_of_code(item: Any) -> list[Any] | None:
    """Of a function, in all the ways that Python has them: what it keeps, and what it is a method of."""
    if isinstance(item, types.FunctionType):
        return [item.__qualname__, item.__defaults__, item.__kwdefaults__, vars(item), *_closure(item)]
    if isinstance(item, types.MethodType):
        return [item.__func__, item.__self__]
    if isinstance(item, types.BuiltinMethodType | types.MethodWrapperType):
        return [item.__qualname__, item.__self__]
    if isinstance(item, staticmethod | classmethod):
        return [item.__func__]
    if isinstance(item, property):
        return [item.fget, item.fset]
    if isinstance(item, partial):
        return [item.func, item.args, item.keywords]
    return None


def _parts_of_numbers(item: Any) -> list[Any] | None:
    """Of a generator of random numbers: how far it has come; of a number of numpy's, what it is."""
    if isinstance(item, random.SystemRandom):
        return _like_no_other()
    if isinstance(item, random.Random):
        return [item.getstate()]
    if isinstance(item, np.random.Generator):
        return [item.bit_generator.state]
    if isinstance(item, np.random.BitGenerator):
        return [item.state]
    if isinstance(item, np.random.RandomState):
        return list(item.get_state())
    if isinstance(item, np.generic):
        return _parts_of_array(np.asarray(item))
    return None


def _parts_of_stream(item: Any) -> list[Any] | None:
    """Of a file: how far it has been read. Of a generator: nothing can be told once it is at a value of its own."""
    if isinstance(item, io.IOBase):
        if item.closed or not item.readable():  # one that is only written to shows nothing in a frame
            return []
        try:
            return [item.tell()]
        except OSError:  # its lines are iterated over, or it has no places
            return _like_no_other()
    if isinstance(item, types.GeneratorType):
        state, frame = inspect.getgeneratorstate(item), item.gi_frame
        if state == inspect.GEN_SUSPENDED:
            return _like_no_other()
        return [state, dict(frame.f_locals) if frame is not None and state == inspect.GEN_CREATED else None]
    return None


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
    kind = [type(item)] if _is_of_scenes(type(item).__module__) else []
    if values:
        return kind + [part for name in sorted(values) for part in (name, values[name])]
    text = repr(item)  # itertools.count tells what it has come to
    if " at 0x" not in text:
        return [text]
    tells_nothing = isinstance(item, Iterator) or type(item).__module__ == "torch._C"  # torch.Generator
    return _like_no_other() if tells_nothing else kind


def _like_no_other() -> list[Any]:
    """In the place of an object's parts: it may have come to anything."""
    return [uuid.uuid4().hex]


def _names(slots: Any) -> list[str]:
    names = [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if name not in ("__dict__", "__weakref__")]
