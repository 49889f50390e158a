"""Measures where a worker's CPU time goes while it renders a clip; used by `render`."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.pictures import Pixels
from gradreel.render.stages import ClipFile, SceneRequest

START = "start, to the first frame"
CODE, DRAWING = "scene code", "drawing"
COLOURS, X264, FILE = "differences, conversion", "x264", "writing"
REST, JOINING = "rest", "joining"
DRAWER, ENCODER = (CODE, DRAWING), (COLOURS, X264, FILE)
"""Phases of the two threads after the first frame; the first thread also finds the differences."""

_here = threading.local()
"""``phase``: that this thread is in; ``zero``: its CPU time when the first frame was there; ``counted``: since then."""


def profile(request: SceneRequest, path: Path) -> tuple[ClipFile, dict[str, float]]:
    """In a worker: the clip, and CPU seconds by phase. Joining is not among them."""
    from gradreel.render.frames.scene_player import configure, play

    spent: dict[str, float] = defaultdict(float)
    _count_all(spent)

    class Encoder(ClipEncoder):
        def write(self, pixels: Pixels, *arguments: Any, **options: Any) -> None:
            if self.frames == 0:
                spent.clear()
                self.start, _here.zero, _here.counted = time.process_time(), time.thread_time(), 0.0
            super().write(pixels, *arguments, **options)

    began = time.monotonic()
    configure(request)
    encoder = Encoder(path, request.settings)
    played = play(request, encoder)
    code = time.thread_time() - _here.zero - _here.counted
    encoder.close()
    result = ClipFile(path, encoder.frames, request.settings.fps, played.beats, time.monotonic() - began, played.sounds)
    phases = {START: encoder.start, CODE: code, **{phase: spent[phase] for phase in (DRAWING, *ENCODER)}}
    return result, phases | {REST: time.process_time() - sum(phases.values())}


def _count_all(spent: dict[str, float]) -> None:
    from gradreel.render.frames.drawing import ClipRenderer
    from gradreel.render.frames.h264 import H264Stream
    from gradreel.render.frames.yuv import ChangingFrame
    from manim import CairoRenderer

    for renderer in (CairoRenderer, ClipRenderer):
        for method in ("render", "update_frame", "freeze_current_frame", "save_static_frame_data"):
            _count(renderer, method, DRAWING, spent)
    for method in ("follow", "converted", "show"):
        _count(ChangingFrame, method, COLOURS, spent)
    _count(H264Stream, "_encode", X264, spent)
    _count(H264Stream, "_mux", FILE, spent)


def _count(owner: type, method: str, phase: str, spent: dict[str, float]) -> None:
    """From now on add to ``spent`` the CPU time that ``owner.method`` takes, less what others counted take in it."""
    original: Callable[..., Any] = getattr(owner, method)

    @wraps(original)
    def counted(*arguments: Any, **options: Any) -> Any:
        outer, _here.phase = getattr(_here, "phase", None), phase
        began = time.thread_time()
        try:
            return original(*arguments, **options)
        finally:
            took = time.thread_time() - max(began, getattr(_here, "zero", 0.0))
            spent[phase] += took
            if outer is None:
                _here.counted = getattr(_here, "counted", 0.0) + took
            else:
                spent[outer] -= took
            _here.phase = outer

    setattr(owner, method, counted)
