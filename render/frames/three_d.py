"""Manim's camera in three dimensions: the same order, projection and shading, of all faces at once.

A surface has hundreds of faces of as many points each. What Manim computes for each of them, several times a frame, is
computed here for all of them in one go: by the same operations on the same numbers, so that even the last bit agrees,
on which the order of faces at the same depth depends. A product with a matrix is one for each face, as there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from gradreel.render.frames.cameras import ClipCamera
from gradreel.render.frames.shapes import Shape, ends_at_corners
from manim import UP, Mobject, ThreeDCamera, VMobject
from manim.utils.space_ops import get_unit_normal
from numpy.typing import NDArray

CORNERS = 4  # points of a cubic Bezier curve
ALIGNED = 1e-6  # Manim's tolerance: no normal is computed of vectors that are so nearly of one direction
BEHIND = 10**6  # what Manim enlarges by what is behind the camera

Floats = NDArray[np.float64]


class ClipThreeDCamera(ClipCamera, ThreeDCamera):
    """Turns around the scene; some mobjects have their place in the frame, or turn with it."""

    manims = ThreeDCamera

    _ends: dict[Any, list[float]]  # of gradients, in this frame
    _fixed: set[Mobject]  # what does not turn with the scene

    def look(self) -> None:
        self.reset_rotation_matrix()
        self._ends, self._fixed = {}, self.fixed_in_frame_mobjects | self.fixed_orientation_mobjects.keys()
        super().look()

    def _view(self) -> tuple[Any, ...]:
        lens = self.get_focal_distance(), self.get_zoom(), self.exponential_projection, self.should_apply_shading
        return *super()._view(), self.rotation_matrix.tobytes(), self.light_source.points[0].tobytes(), *lens

    def seen_from(self, mobject: Mobject) -> Any:
        if mobject not in self._fixed:
            return self.view
        if mobject in self.fixed_in_frame_mobjects:
            is_shaded = getattr(mobject, "shade_in_3d", False)
            return "as it is", *(self.view if is_shaded else ClipCamera._view(self))
        return *self.view, *self.fixed_orientation_mobjects[mobject]()

    def is_shaded(self, vmobject: VMobject) -> bool:
        return bool(self.should_apply_shading and vmobject.shade_in_3d)

    def gradient_ends(self, vmobject: VMobject) -> list[float]:
        """All pieces of an axis have those of the axis, by functions of one text that know the same."""
        function = vmobject.get_gradient_start_and_end_points
        if getattr(function, "__closure__", None) is None or vmobject in self._fixed:
            return super().gradient_ends(vmobject)
        key = function.__code__, *(id(cell.cell_contents) for cell in function.__closure__)
        if key not in self._ends:
            self._ends[key] = super().gradient_ends(vmobject)
        return self._ends[key]

    def get_mobjects_to_display(self, *mobjects: Any, **options: Any) -> list[Mobject]:
        """Manim's order: of faces the farthest first, then all that is flat."""
        members = ClipCamera.get_mobjects_to_display(self, *mobjects, **options)
        depths = self._depths(members)
        return [members[place] for place in sorted(range(len(members)), key=depths.__getitem__)]

    def _depths(self, members: list[Mobject]) -> list[float]:
        depths = [np.inf] * len(members)
        faces: defaultdict[int, list[int]] = defaultdict(list)  # by the number of points
        for place, member in enumerate(members):
            if getattr(member, "shade_in_3d", False):
                if _has_plain_center(member):
                    faces[len(member.points)].append(place)
                else:
                    depths[place] = np.dot(member.get_z_index_reference_point(), self.rotation_matrix.T)[2]
        for count, places in faces.items():
            points = np.stack([members[place].points for place in places])  # (faces, points, 3)
            ends = points if count == 1 else points[:, _ends_of_curves(count)]
            centers = (ends.min(axis=1) + ends.max(axis=1)) / 2
            found = np.matmul(centers[:, None], self.rotation_matrix.T)[:, 0, 2]
            for place, depth in zip(places, found.tolist(), strict=True):
                depths[place] = depth
        return depths

    def _place(self, moved: Iterable[tuple[VMobject, Shape]]) -> None:
        alike: defaultdict[tuple[int, bool], list[tuple[VMobject, Shape]]] = defaultdict(list)
        for vmobject, shape in moved:
            shape.light, is_shaded = None, self.is_shaded(vmobject)
            if vmobject in self._fixed or self.exponential_projection or not np.isfinite(vmobject.points).all():
                self._place_alone(vmobject, shape, is_shaded)
            else:
                alike[len(vmobject.points), is_shaded].append((vmobject, shape))
        for (count, is_shaded), pairs in alike.items():
            points = np.stack([vmobject.points for vmobject, _ in pairs])  # (faces, points, 3)
            projected = self._project(points)
            lowest, highest = projected.min(axis=1).tolist(), projected.max(axis=1).tolist()
            for (_, shape), own, low, high in zip(pairs, projected, lowest, highest, strict=True):
                shape.place(own, low, high)
            if is_shaded:
                corners = _corners(count)
                ends = self._project(points[:, corners])[..., :2].reshape(-1, 4).tolist()
                lights = [_lights(points, corner, self.light_source.points[0]) for corner in corners]
                for (vmobject, shape), own_ends, *own_lights in zip(pairs, ends, *lights, strict=True):
                    shape.light = own_lights
                    if ends_at_corners(vmobject):
                        shape.ends = own_ends

    def _place_alone(self, vmobject: VMobject, shape: Shape, is_shaded: bool) -> None:
        points = self.transform_points_pre_display(vmobject, vmobject.points.copy())
        shape.place(points, points.min(axis=0).tolist(), points.max(axis=0).tolist())
        if is_shaded:
            corners = _corners(len(vmobject.points))
            shape.light = [_lights(vmobject.points[None], corner, self.light_source.points[0])[0] for corner in corners]
            if ends_at_corners(vmobject):
                shape.ends = self.gradient_ends(vmobject)

    def _project(self, points: Floats) -> Floats:
        """Manim's ``project_points`` of (faces, points, 3)."""
        points = np.matmul(points - self.frame_center, self.rotation_matrix.T)
        distance, zoom = self.get_focal_distance(), self.get_zoom()
        depths = points[..., 2]
        factor = distance / (distance - depths)
        factor[(distance - depths) < 0] = BEHIND
        points[..., 0] *= factor * zoom
        points[..., 1] *= factor * zoom
        return points


def _ends_of_curves(count: int) -> list[int]:
    """Where Bezier curves begin and end."""
    return [place for place in range(count) if place % CORNERS in (0, CORNERS - 1)]


def _corners(count: int) -> list[int]:
    """Those two of a face between which its shade goes over from one to the other, in Manim's order."""
    return [0, (count - 1) // 6 * 3]


def _lights(points: Floats, corner: int, source: Floats) -> list[float]:
    """What is added to the colours of each face, (faces, points, 3), at a corner; Manim's ``get_shaded_rgb``."""
    to_source = source - points[:, corner]
    distances = np.sqrt(_dot(to_source, to_source))
    directions = np.divide(to_source, distances[:, None], out=np.zeros_like(to_source), where=distances[:, None] > 0)
    lights = [0.5 * cosine**3 for cosine in _dot(_normals(points, corner), directions).tolist()]
    return [light * 0.5 if light < 0 else light for light in lights]


def _normals(points: Floats, corner: int) -> Floats:
    """(faces, 3), of length 1; Manim's ``get_3d_vmob_unit_normal``."""
    count = points.shape[1]
    if count <= CORNERS:
        return np.tile(np.float64(UP), (len(points), 1))
    before = corner - 3 if corner > 2 else count - 4
    after = corner + 3 if corner < count - 3 else 3
    one, other = points[:, after] - points[:, corner], points[:, before] - points[:, corner]
    largest, others_largest = np.abs(one).max(axis=1), np.abs(other).max(axis=1)
    plain = (largest > 0) & (others_largest > 0)
    u, v = (vectors / np.where(plain, by, 1)[:, None] for vectors, by in ((one, largest), (other, others_largest)))
    across = np.stack(
        [
            u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
            u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
            u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
        ],
        axis=1,
    )
    lengths = np.sqrt(_dot(across, across))
    plain &= lengths > ALIGNED
    normals: Floats = across / np.where(plain, lengths, 1)[:, None]
    for face in np.flatnonzero(~plain):
        normals[face] = get_unit_normal(one[face], other[face])
    return normals


def _dot(vectors: Floats, others: Floats) -> Floats:
    """Of each with its other, as ``np.dot`` has it."""
    products: Floats = np.matmul(vectors[:, None], others[:, :, None])[:, 0, 0]
    return products


def _has_plain_center(member: Mobject) -> bool:
    """Whether it is the center of its own points, as Manim computes it."""
    kind: Any = type(member)
    return (
        _computes_plain_center(kind)
        and not member.submobjects
        and not hasattr(member, "z_index_group")
        and member.points.dtype == np.float64
        and member.n_points_per_cubic_curve == CORNERS
        and (len(member.points) % CORNERS == 0 or len(member.points) == 1)
    )


@cache
def _computes_plain_center(kind: Any) -> bool:
    names = (
        "get_z_index_reference_point",
        "get_center",
        "get_critical_point",
        "get_extremum_along_dim",
        "get_points_defining_boundary",
        "get_anchors",
        "get_start_anchors",
        "get_end_anchors",
        "get_family",
    )
    return issubclass(kind, VMobject) and all(getattr(kind, name) is getattr(VMobject, name) for name in names)
