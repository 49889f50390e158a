"""`PiecewiseLinearCurve` and its decomposition, which live in `core.curves`."""

from gradreel.core.curves.piecewise import Decomposition as Decomposition
from gradreel.core.curves.piecewise import PiecewiseLinearCurve as PiecewiseLinearCurve
