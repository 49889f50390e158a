"""Animated lectures about neural networks, made from real training runs.

What is public is imported from here, and loaded when it is first asked for: ``import gradreel`` alone brings neither
numpy nor torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradreel.core.curves.piecewise import PiecewiseLinearCurve as PiecewiseLinearCurve
    from gradreel.core.daily.views import DailyViews as DailyViews
    from gradreel.core.datasets import CurveDataset as CurveDataset
    from gradreel.core.experiment import Experiment as Experiment
    from gradreel.core.network.training import train as train
    from gradreel.core.recording.recording import record as record
    from gradreel.core.trace.trace import Trace as Trace
    from gradreel.core.trace.verify import verify as verify
    from gradreel.render.notebook import load_ipython_extension as load_ipython_extension

PUBLIC = {
    "CurveDataset": "gradreel.core.datasets",
    "DailyViews": "gradreel.core.daily.views",
    "Experiment": "gradreel.core.experiment",
    "PiecewiseLinearCurve": "gradreel.core.curves.piecewise",
    "Trace": "gradreel.core.trace.trace",
    "load_ipython_extension": "gradreel.render.notebook",
    "record": "gradreel.core.recording.recording",
    "train": "gradreel.core.network.training",
    "verify": "gradreel.core.trace.verify",
}
"""The public names, and the module of each."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in PUBLIC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(PUBLIC[name]), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *PUBLIC})
