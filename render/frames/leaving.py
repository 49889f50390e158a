"""Tells whether a play empties the picture: whether its animations remove everything visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from manim import Animation, Mobject, PMobject, Scene, VMobject
from manim.animation.composition import AnimationGroup
from manim.mobject.types.image_mobject import AbstractImageMobject


def everything_leaves(scene: Scene) -> bool:
    """Returns whether the animations of the play that begins, such as FadeOut, remove all that is seen.

    What another animation makes invisible, by its opacity or by moving it out of the frame, counts as seen.
    """
    leaving = [animation.mobject for animation in _each(scene.animations or ()) if animation.is_remover()]
    if not leaving:
        return False
    gone = {id(part) for mobject in leaving for part in mobject.get_family()}
    seen = seen_parts(scene)
    return bool(seen) and all(id(part) in gone for part in seen)


def seen_parts(scene: Scene) -> list[Mobject]:
    """Returns the mobjects of the scene, and their parts, that are drawn and not transparent."""
    family = (part for mobject in (*scene.mobjects, *scene.foreground_mobjects) for part in mobject.get_family())
    return [part for part in family if _is_seen(part)]


def _each(animations: Iterable[Animation]) -> Iterator[Animation]:
    """Yields each animation, and those inside of groups."""
    for animation in animations:
        yield animation
        if isinstance(animation, AnimationGroup):
            yield from _each(animation.animations)


def _is_seen(part: Mobject) -> bool:
    if not isinstance(part, (VMobject, AbstractImageMobject, PMobject)) or not len(part.points):
        return False
    if not isinstance(part, VMobject):
        return True
    has_line = part.get_stroke_width() > 0 and part.get_stroke_opacities().max(initial=0) > 0
    return bool(has_line or part.get_fill_opacities().max(initial=0) > 0)
