"""Tells whether a play empties the picture: whether its animations remove everything visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from manim import Animation, Mobject, PMobject, ScaleInPlace, Scene, ThreeDScene, Transform, VMobject
from manim.animation.composition import AnimationGroup
from manim.mobject.types.image_mobject import AbstractImageMobject

POINT = 1e-6  # of Manim's units: a shape not wider and not higher than this shows nothing


def everything_leaves(scene: Scene) -> bool:
    """Returns whether the animations of the play that begins remove or hide all that is seen.

    They remove it, as FadeOut does, or end with it transparent, out of the frame, or shrunk to a point. What is covered
    by another shape, or left by a camera that moves away, counts as seen.
    """
    leaving = [
        animation.mobject
        for animation in _each(scene.animations or ())
        if animation.is_remover() or _ends_unseen(scene, animation)
    ]
    if not leaving or not shows_something(scene):
        return False
    gone = {id(part) for mobject in leaving for part in mobject.get_family()}
    return all(id(part) in gone for part in _seen_parts(scene))


def shows_something(scene: Scene) -> bool:
    """Returns whether a mobject of the scene, or a part of one, is drawn in the frame and not transparent."""
    return next(_seen_parts(scene), None) is not None


def _seen_parts(scene: Scene) -> Iterator[Mobject]:
    family = (part for mobject in (*scene.mobjects, *scene.foreground_mobjects) for part in mobject.get_family())
    return (part for part in family if _is_seen(scene, part))


def _ends_unseen(scene: Scene, animation: Animation) -> bool:
    """Returns whether the animation ends with its mobject as a shape that is not seen, like ``.animate``.

    Of animations that compute their end only when they begin, this knows `ScaleInPlace`, which has no side effects.
    """
    if not isinstance(animation, Transform):
        return False
    target = animation.create_target() if isinstance(animation, ScaleInPlace) else animation.target_mobject
    return target is not None and not any(_is_seen(scene, part) for part in target.get_family())


def _each(animations: Iterable[Animation]) -> Iterator[Animation]:
    """Yields each animation, and those inside of groups."""
    for animation in animations:
        yield animation
        if isinstance(animation, AnimationGroup):
            yield from _each(animation.animations)


def _is_seen(scene: Scene, part: Mobject) -> bool:
    if not isinstance(part, (VMobject, AbstractImageMobject, PMobject)) or not len(part.points):
        return False
    if not _is_in_frame(scene, part):
        return False
    if not isinstance(part, VMobject):
        return True
    has_line = part.get_stroke_width() > 0 and part.get_stroke_opacities().max(initial=0) > 0
    return bool(has_line or part.get_fill_opacities().max(initial=0) > 0)


def _is_in_frame(scene: Scene, part: Mobject) -> bool:
    """Returns whether a part of the mobject may be in the frame; in three dimensions every one may be."""
    low, high = part.points.min(axis=0), part.points.max(axis=0)
    if max(high - low) <= POINT and not isinstance(part, PMobject):
        return False
    if isinstance(scene, ThreeDScene):
        return True
    camera = scene.camera
    center = camera.frame_center
    halves = (camera.frame_width / 2, camera.frame_height / 2)
    return all(low[k] - center[k] < halves[k] and high[k] - center[k] > -halves[k] for k in (0, 1))
