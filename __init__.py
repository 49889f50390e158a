"""Animated lectures about neural networks, made from real training runs.

Record and train:

- ``record``: records every update of your own torch loop as a trace.
- ``Recording``: what ``record`` gives to the loop; its ``log`` stores losses, epochs and metrics.
- ``train``: trains the network of an ``Experiment`` and records it as a trace.
- ``Experiment``: describes one training run: dataset, network, optimizer, seed.
- ``register``: adds an activation, a loss or an optimizer of your own, for an ``Experiment``.
- ``CurveDataset``: points of a piecewise linear curve.
- ``DailyViews``: a series of daily numbers, such as a channel's views, with a window of days as features.
- ``PointsDataset``: your own points, each with a label, or generated ones; also for validation and test.
- ``DigitsDataset``: 1 797 handwritten digits of 8 x 8 pixels.
- ``Moons``: generates points on two half circles, by a seed.
- ``Rings``: generates points on circles around one middle.
- ``Blobs``: generates clouds of points.
- ``Checkerboard``: generates points on the squares of a board.
- ``Spirals``: generates points on two to ten spirals.
- ``TwoSpirals``: generates the points of two spirals that `why-deep` shows.

Read and check:

- ``Trace``: opens a recorded run; parameters, gradients and losses are arrays with a row for each state or update.
- ``verify``: computes the updates of a trace again and compares every number.
- ``Verification``: what ``verify`` returns: whether the trace is intact, and each problem.

Errors:

- ``UserError``: a mistake that the user can fix; the message says how.
- ``TraceError``: a trace is missing, damaged or of another experiment.

``from gradreel.scenes import LectureScene`` gives what your own scenes need. In Jupyter, run ``%load_ext gradreel``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradreel.core.daily.views import DailyViews
    from gradreel.core.datasets import CurveDataset, DigitsDataset, PointsDataset, TwoSpirals
    from gradreel.core.errors import TraceError, UserError
    from gradreel.core.experiment import Experiment
    from gradreel.core.network.registration import register
    from gradreel.core.network.training import train
    from gradreel.core.point_generators import Blobs, Checkerboard, Moons, Rings, Spirals
    from gradreel.core.recording.recording import Recording, record
    from gradreel.core.trace.trace import Trace
    from gradreel.core.trace.verify import verify
    from gradreel.core.trace.verify_result import Verification

__all__ = [
    "Blobs",
    "Checkerboard",
    "CurveDataset",
    "DailyViews",
    "DigitsDataset",
    "Experiment",
    "Moons",
    "PointsDataset",
    "Recording",
    "Rings",
    "Spirals",
    "Trace",
    "TraceError",
    "TwoSpirals",
    "UserError",
    "Verification",
    "record",
    "register",
    "train",
    "verify",
]

_MODULES = {
    **dict.fromkeys(("Blobs", "Checkerboard", "Moons", "Rings", "Spirals"), "gradreel.core.point_generators"),
    "CurveDataset": "gradreel.core.datasets",
    "DailyViews": "gradreel.core.daily.views",
    "DigitsDataset": "gradreel.core.datasets",
    "Experiment": "gradreel.core.experiment",
    "PointsDataset": "gradreel.core.datasets",
    "Recording": "gradreel.core.recording.recording",
    "Trace": "gradreel.core.trace.trace",
    "TraceError": "gradreel.core.errors",
    "TwoSpirals": "gradreel.core.datasets",
    "UserError": "gradreel.core.errors",
    "Verification": "gradreel.core.trace.verify_result",
    "load_ipython_extension": "gradreel.render.notebook",  # IPython asks for it; not for programs
    "record": "gradreel.core.recording.recording",
    "register": "gradreel.core.network.registration",
    "train": "gradreel.core.network.training",
    "verify": "gradreel.core.trace.verify",
}
"""The module that defines each name. It is imported on first use: ``import gradreel`` loads neither numpy nor torch."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)

    def __dir__() -> list[str]:
        return __all__
