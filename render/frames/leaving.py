"""Tells whether a play may empty the picture: whether nothing visible is sure to stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from manim import Animation, Mobject, PMobject, ScaleInPlace, Scene, ThreeDScene, Transform, VMobject
from manim.animation.composition import AnimationGroup
from manim.mobject.types.image_mobject import AbstractImageMobject

POINT = 1e-6  # Manim units: a shape that is not wider and not higher shows nothing


@dataclass(frozen=True)
class _Frame:
    """What the camera shows: a centre, and the half of its width and height in Manim units."""

    center: Any
    halves: tuple[float, float]

    @classmethod
    def of_camera(cls, scene: Scene) -> _Frame:
        camera = scene.camera
        return cls(camera.frame_center, (camera.frame_width / 2, camera.frame_height / 2))

    @classmethod
    def of_mobject(cls, frame: Mobject) -> _Frame:
        return cls(frame.get_center(), (frame.width / 2, frame.height / 2))


def may_empty(scene: Scene) -> bool:
    """Return whether the play that begins may end with an empty picture, which now shows something.

    A mobject is sure to stay if the play does not touch it, or ends with it visible in the frame. An animation may
    remove its mobject, as FadeOut does, or end with it transparent, out of the frame, or shrunk to a point. An updater,
    or an animation that computes its end only when it begins, may hide its mobject. A mobject that another one covers
    counts as visible. Where the camera of a `ThreeDScene` looks is ignored.
    """
    animations = list(_all_animations(scene.animations or ()))
    end_frame = _frame_at_end(scene, animations)
    if end_frame is None or scene.updaters:
        return shows_something(scene)
    now = _Frame.of_camera(scene)
    leaving = [
        part
        for animation in animations
        if not animation.is_introducer() and not _ends_visible(scene, animation, end_frame)
        for part in animation.mobject.get_family()
    ]
    updated = [part for mobject in _all_parts(scene) if mobject.updaters for part in mobject.get_family()]
    unsure = {id(part) for part in (*leaving, *updated)}
    moving = {id(part) for animation in animations for part in animation.mobject.get_family()}
    is_shown = False
    for part in _all_parts(scene):
        if _is_visible(scene, part, now):
            is_shown = True
            if id(part) not in unsure and (id(part) in moving or _is_visible(scene, part, end_frame)):
                return False
    return is_shown


def shows_something(scene: Scene) -> bool:
    """Return whether any mobject of the scene is visible: in the frame, not transparent, not in the ground's colour."""
    frame = _Frame.of_camera(scene)
    return any(_is_visible(scene, part, frame) for part in _all_parts(scene))


def _all_parts(scene: Scene) -> Iterator[Mobject]:
    """Yield all mobjects of the scene with their submobjects."""
    return (part for mobject in (*scene.mobjects, *scene.foreground_mobjects) for part in mobject.get_family())


def _frame_at_end(scene: Scene, animations: Iterable[Animation]) -> _Frame | None:
    """Return what the camera will show when ``animations`` have ended; None if that is not known yet."""
    frame = getattr(scene.camera, "frame", None)  # of a moving camera
    if not isinstance(frame, Mobject):
        return _Frame.of_camera(scene)
    if frame.updaters:
        return None
    for animation in animations:
        if frame in animation.mobject.get_family():
            if animation.mobject is not frame or (target := _target_of(animation)) is None:
                return None
            frame = target
    return _Frame.of_mobject(frame)


def _ends_visible(scene: Scene, animation: Animation, frame: _Frame) -> bool:
    """Return whether the animation is known to end with some of its mobject visible in ``frame``."""
    target = None if animation.is_remover() else _target_of(animation)
    return target is not None and any(_is_visible(scene, part, frame) for part in target.get_family())


def _target_of(animation: Animation) -> Mobject | None:
    """Return the mobject that the animation ends as; None if it is not known before the animation begins.

    Some animations compute their target only then. Of these it knows `ScaleInPlace`, which has no side effects.
    """
    if isinstance(animation, ScaleInPlace):
        return animation.create_target()
    return animation.target_mobject if isinstance(animation, Transform) else None


def _all_animations(animations: Iterable[Animation]) -> Iterator[Animation]:
    """Yield each animation, but instead of a group those inside, unless the group removes its mobjects."""
    for animation in animations:
        if isinstance(animation, AnimationGroup) and not animation.is_remover():
            yield from _all_animations(animation.animations)
        else:
            yield animation


def _is_visible(scene: Scene, part: Mobject, frame: _Frame) -> bool:
    """Return whether the mobject itself, without its submobjects, is in ``frame`` and has a visible line or fill."""
    if not isinstance(part, (VMobject, AbstractImageMobject, PMobject)) or not len(part.points):
        return False
    if not _is_in_frame(scene, part, frame):
        return False
    if isinstance(part, PMobject):
        return _differs_from_ground(scene, part.rgbas)
    if not isinstance(part, VMobject):
        return bool(part.get_pixel_array()[:, :, 3].any())
    has_line = bool(part.get_stroke_width() > 0) and _differs_from_ground(scene, part.get_stroke_rgbas())
    return has_line or _differs_from_ground(scene, part.get_fill_rgbas())


def _differs_from_ground(scene: Scene, colors: Any) -> bool:
    """Return whether one of the RGBA ``colors``, (n, 4) from 0 to 1, is neither transparent nor the background's."""
    ground = scene.camera.background_color.to_rgb()
    return bool(((colors[:, 3] > 0) & (np.abs(colors[:, :3] - ground) > 1 / 512).any(axis=1)).any())


def _is_in_frame(scene: Scene, part: Mobject, frame: _Frame) -> bool:
    """Return whether the part may be in the frame. In three dimensions this is always true, unless it is a point."""
    low, high = part.points.min(axis=0), part.points.max(axis=0)
    if max(high - low) <= POINT and not isinstance(part, PMobject):
        return False
    if isinstance(scene, ThreeDScene):
        return True
    center, halves = frame.center, frame.halves
    return all(low[k] - center[k] < halves[k] and high[k] - center[k] > -halves[k] for k in (0, 1))
