"""Tells whether a play empties the picture: whether its animations remove everything visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from manim import Animation, Mobject, PMobject, ScaleInPlace, Scene, ThreeDScene, Transform, VMobject
from manim.animation.composition import AnimationGroup
from manim.mobject.types.image_mobject import AbstractImageMobject

POINT = 1e-6  # Manim units: a shape that is not wider and not higher shows nothing


def everything_leaves(scene: Scene) -> bool:
    """Return whether the animations of the play that begins remove or hide everything visible.

    An animation may remove its mobject, as FadeOut does, or end with it transparent, out of the frame, or shrunk to a
    point. A mobject that another one covers, or that the camera moves away from, counts as visible.
    """
    leaving = [
        animation.mobject
        for animation in _all_animations(scene.animations or ())
        if animation.is_remover() or _ends_invisible(scene, animation)
    ]
    if not leaving or not shows_something(scene):
        return False
    gone = {id(part) for mobject in leaving for part in mobject.get_family()}
    return all(id(part) in gone for part in _visible_parts(scene))


def shows_something(scene: Scene) -> bool:
    """Return whether any part of the scene's mobjects is drawn in the frame and not transparent."""
    return next(_visible_parts(scene), None) is not None


def _visible_parts(scene: Scene) -> Iterator[Mobject]:
    """Yield the visible parts of all mobjects of the scene."""
    family = (part for mobject in (*scene.mobjects, *scene.foreground_mobjects) for part in mobject.get_family())
    return (part for part in family if _is_visible(scene, part))


def _ends_invisible(scene: Scene, animation: Animation) -> bool:
    """Return whether the animation ends with its mobject as an invisible shape, as ``.animate`` can.

    Some animations compute their end only when they begin. Of these it knows `ScaleInPlace`, which has no side effects.
    """
    if not isinstance(animation, Transform):
        return False
    target = animation.create_target() if isinstance(animation, ScaleInPlace) else animation.target_mobject
    return target is not None and not any(_is_visible(scene, part) for part in target.get_family())


def _all_animations(animations: Iterable[Animation]) -> Iterator[Animation]:
    """Yield each animation, and those inside groups."""
    for animation in animations:
        yield animation
        if isinstance(animation, AnimationGroup):
            yield from _all_animations(animation.animations)


def _is_visible(scene: Scene, part: Mobject) -> bool:
    """Return whether the mobject itself, without its submobjects, is in the frame and has a visible line or fill."""
    if not isinstance(part, (VMobject, AbstractImageMobject, PMobject)) or not len(part.points):
        return False
    if not _is_in_frame(scene, part):
        return False
    if not isinstance(part, VMobject):
        return True
    has_line = part.get_stroke_width() > 0 and part.get_stroke_opacities().max(initial=0) > 0
    return bool(has_line or part.get_fill_opacities().max(initial=0) > 0)


def _is_in_frame(scene: Scene, part: Mobject) -> bool:
    """Return whether the part may be in the frame. In three dimensions this is always true, unless it is a point."""
    low, high = part.points.min(axis=0), part.points.max(axis=0)
    if max(high - low) <= POINT and not isinstance(part, PMobject):
        return False
    if isinstance(scene, ThreeDScene):
        return True
    camera = scene.camera
    center = camera.frame_center
    halves = (camera.frame_width / 2, camera.frame_height / 2)
    return all(low[k] - center[k] < halves[k] and high[k] - center[k] > -halves[k] for k in (0, 1))
