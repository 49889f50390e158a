"""Manim's three-dimensional camera, computed for all faces at once, with equal order, projection and shading.

A surface has hundreds of faces with equally many points. Manim computes each face by itself, several times a frame.
Here the same operations run on all faces together, in the same order, so that results are equal to the last bit: the
order of faces at equal depth depends on it. Matrix products stay one for each face, as in Manim.
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

CORNERS = 4  # control points of a cubic Bezier curve
ALIGNED = 1e-6  # Manim's tolerance: vectors that are this nearly parallel have no computed normal
BEHIND = 10**6  # Manim's scale factor for points behind the camera

Floats = NDArray[np.float64]


class ClipThreeDCamera(ClipCamera, ThreeDCamera):
    """Camera that turns around the scene. Some mobjects stay fixed in the frame, or keep facing the camera."""

    manims = ThreeDCamera

    _ends: dict[Any, list[float]]  # ends of gradients in this frame
    _fixed: set[Mobject]  # mobjects that do not turn with the scene

    def look(self) -> None:
        """Compute the rotation and forget the gradients' ends, at the start of each frame."""
        self.reset_rotation_matrix()
        self._ends, self._fixed = {}, self.fixed_in_frame_mobjects | self.fixed_orientation_mobjects.keys()
        super().look()

    def _view(self) -> tuple[Any, ...]:
        """Return all that the projection and shading depend on, to compare views."""
        lens = self.get_focal_distance(), self.get_zoom(), self.exponential_projection, self.should_apply_shading
        return *super()._view(), self.rotation_matrix.tobytes(), self.light_source.points[0].tobytes(), *lens

    def seen_from(self, mobject: Mobject) -> Any:
        """Return all that the mobject's picture depends on besides the mobject itself."""
        if mobject not in self._fixed:
            return self.view
        if mobject in self.fixed_in_frame_mobjects:
            is_shaded = getattr(mobject, "shade_in_3d", False)
            return "as it is", *(self.view if is_shaded else ClipCamera._view(self))
        return *self.view, *self.fixed_orientation_mobjects[mobject]()

    def is_shaded(self, vmobject: VMobject) -> bool:
        """Return whether the vmobject's colours depend on the light."""
        return bool(self.should_apply_shading and vmobject.shade_in_3d)

    def gradient_ends(self, vmobject: VMobject) -> list[float]:
        """Return x and y of both ends of the vmobject's gradient in the frame.

        All pieces of an axis share the gradient of the axis. Their functions have the same code and closure, so the
        ends are computed once.
        """
        function = vmobject.get_gradient_start_and_end_points
        if getattr(function, "__closure__", None) is None or vmobject in self._fixed:
            return super().gradient_ends(vmobject)
        key = function.__code__, *(id(cell.cell_contents) for cell in function.__closure__)
        if key not in self._ends:
            self._ends[key] = super().gradient_ends(vmobject)
        return self._ends[key]

    def get_mobjects_to_display(self, *mobjects: Any, **options: Any) -> list[Mobject]:
        """Return the visible mobjects in Manim's order: faces from far to near, then everything flat."""
        members = ClipCamera.get_mobjects_to_display(self, *mobjects, **options)
        depths = self._depths(members)
        return [members[index] for index in sorted(range(len(members)), key=depths.__getitem__)]

    def _depths(self, members: list[Mobject]) -> list[float]:
        """Return the depth of each member, infinity for those that are not faces.

        Equal-sized faces are computed together.
        """
        depths = [np.inf] * len(members)
        faces: defaultdict[int, list[int]] = defaultdict(list)  # indices of members by their number of points
        for index, member in enumerate(members):
            if getattr(member, "shade_in_3d", False):
                if _has_plain_center(member):
                    faces[len(member.points)].append(index)
                else:
                    depths[index] = np.dot(member.get_z_index_reference_point(), self.rotation_matrix.T)[2]
        for count, indices in faces.items():
            points = np.stack([members[index].points for index in indices])  # (faces, points, 3)
            ends = points if count == 1 else points[:, _ends_of_curves(count)]
            centers = (ends.min(axis=1) + ends.max(axis=1)) / 2
            face_depths = np.matmul(centers[:, None], self.rotation_matrix.T)[:, 0, 2]
            for index, depth in zip(indices, face_depths.tolist(), strict=True):
                depths[index] = depth
        return depths

    def _place(self, moved: Iterable[tuple[VMobject, Shape]]) -> None:
        """Compute the moved mobjects' points in the frame, and the light on them; equal-sized ones together."""
        groups: defaultdict[tuple[int, bool], list[tuple[VMobject, Shape]]] = defaultdict(list)
        for vmobject, shape in moved:
            shape.light, is_shaded = None, self.is_shaded(vmobject)
            if vmobject in self._fixed or self.exponential_projection or not np.isfinite(vmobject.points).all():
                self._place_alone(vmobject, shape, is_shaded)
            else:
                groups[len(vmobject.points), is_shaded].append((vmobject, shape))
        for (count, is_shaded), pairs in groups.items():
            points = np.stack([vmobject.points for vmobject, _ in pairs])  # (faces, points, 3)
            projected = self._project(points)
            lowest, highest = projected.min(axis=1).tolist(), projected.max(axis=1).tolist()
            for (_, shape), own_points, low, high in zip(pairs, projected, lowest, highest, strict=True):
                shape.place(own_points, low, high)
            if is_shaded:
                corners = _shading_corners(count)
                ends = self._project(points[:, corners])[..., :2].reshape(-1, 4).tolist()
                lights = [_added_lights(points, corner, self.light_source.points[0]) for corner in corners]
                for (vmobject, shape), own_ends, *own_lights in zip(pairs, ends, *lights, strict=True):
                    shape.light = own_lights
                    if ends_at_corners(vmobject):
                        shape.ends = own_ends

    def _place_alone(self, vmobject: VMobject, shape: Shape, is_shaded: bool) -> None:
        """Compute one mobject's points in the frame and the light on it, by Manim's own functions."""
        points = self.transform_points_pre_display(vmobject, vmobject.points.copy())
        shape.place(points, points.min(axis=0).tolist(), points.max(axis=0).tolist())
        if is_shaded:
            corners = _shading_corners(len(vmobject.points))
            shape.light = [
                _added_lights(vmobject.points[None], corner, self.light_source.points[0])[0] for corner in corners
            ]
            if ends_at_corners(vmobject):
                shape.ends = self.gradient_ends(vmobject)

    def _project(self, points: Floats) -> Floats:
        """Return the points (faces, points, 3) projected into the frame, as Manim's ``project_points`` does."""
        points = np.matmul(points - self.frame_center, self.rotation_matrix.T)
        distance, zoom = self.get_focal_distance(), self.get_zoom()
        depths = points[..., 2]
        factor = distance / (distance - depths)
        factor[(distance - depths) < 0] = BEHIND
        points[..., 0] *= factor * zoom
        points[..., 1] *= factor * zoom
        return points


def _ends_of_curves(count: int) -> list[int]:
    """Return the indices of the first and last point of each Bezier curve."""
    return [index for index in range(count) if index % CORNERS in (0, CORNERS - 1)]


def _shading_corners(count: int) -> list[int]:
    """Return the indices of the two points of a face between which its shade changes, in Manim's order."""
    return [0, (count - 1) // 6 * 3]


def _added_lights(points: Floats, corner: int, source: Floats) -> list[float]:
    """Return the light that is added to the colours of each face at a corner, as in Manim's ``get_shaded_rgb``.

    ``points`` are (faces, points, 3).
    """
    to_source = source - points[:, corner]
    distances = np.sqrt(_dot_products(to_source, to_source))
    directions = np.divide(to_source, distances[:, None], out=np.zeros_like(to_source), where=distances[:, None] > 0)
    lights = [0.5 * cosine**3 for cosine in _dot_products(_unit_normals_at(points, corner), directions).tolist()]
    return [light * 0.5 if light < 0 else light for light in lights]


def _unit_normals_at(points: Floats, corner: int) -> Floats:
    """Return the unit normal of each face at a corner, (faces, 3), as in Manim's ``get_3d_vmob_unit_normal``."""
    count = points.shape[1]
    if count <= CORNERS:
        return np.tile(np.float64(UP), (len(points), 1))
    previous = corner - 3 if corner > 2 else count - 4
    following = corner + 3 if corner < count - 3 else 3
    to_next, to_previous = points[:, following] - points[:, corner], points[:, previous] - points[:, corner]
    next_largest, previous_largest = np.abs(to_next).max(axis=1), np.abs(to_previous).max(axis=1)
    is_regular = (next_largest > 0) & (previous_largest > 0)
    u, v = (
        vectors / np.where(is_regular, divisor, 1)[:, None]
        for vectors, divisor in ((to_next, next_largest), (to_previous, previous_largest))
    )
    products = np.stack(
        [
            u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
            u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
            u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
        ],
        axis=1,
    )
    lengths = np.sqrt(_dot_products(products, products))
    is_regular &= lengths > ALIGNED
    normals: Floats = products / np.where(is_regular, lengths, 1)[:, None]
    for face in np.flatnonzero(~is_regular):
        normals[face] = get_unit_normal(to_next[face], to_previous[face])
    return normals


def _dot_products(vectors: Floats, partners: Floats) -> Floats:
    """Return the dot product of each vector with its partner, equal to ``np.dot`` bit by bit."""
    products: Floats = np.matmul(vectors[:, None], partners[:, :, None])[:, 0, 0]
    return products


def _has_plain_center(member: Mobject) -> bool:
    """Return whether the member's depth is that of its own center, computed as Manim does."""
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
    """Return whether a class computes its center by `VMobject`'s own methods."""
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
