"""Has the runs of the lesson's second part: moons for a line and for three sigmoids, and three kinds of dots."""

from __future__ import annotations

from gradreel.core.analysis.class_plane import refuse_other_than_planes
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.point_generators import Blobs, Moons

_MOONS = PointsDataset(points=Moons(points=60, noise=0.1))

MOONS = Experiment(
    dataset=_MOONS, hidden=(3,), optimizer="adam", learning_rate=0.1, epochs=400, loss="bce", seed=4
)  # fmt: skip
"""Two half moons, and three sigmoids that learn to part them."""

MOONS_LINE = Experiment(
    dataset=_MOONS, hidden=(), optimizer="adam", learning_rate=0.1, epochs=200, loss="bce", seed=4
)  # fmt: skip
"""The same dots, and the best line that training finds."""

THREE_KINDS = Experiment(
    dataset=PointsDataset(points=Blobs(classes=3, points=40, noise=0.4, turn=150)),
    hidden=(),
    optimizer="adam",
    learning_rate=0.1,
    epochs=150,
    loss="ce",
    seed=15,
)
"""Three kinds of dots, and three scores, each with a line of its own."""


def check_classes(name: str, run: Experiment, n_classes: int) -> None:
    """Raise ValueError, which begins with the parameter's ``name``, unless ``run`` has 2 or 3 classes of points."""
    try:
        refuse_other_than_planes(run)
    except UserError as error:
        raise ValueError(f"{name}: {error}") from None
    if max(2, run.n_outputs) != n_classes:
        needed = "two" if n_classes == 2 else "three"
        raise ValueError(f"{name}: needed: {needed} classes, found {max(2, run.n_outputs)}")
