"""Training runs and figures that scenes of several parts of the lecture show, so that they all show the same."""

from __future__ import annotations

from gradreel.core.choices import WIDTH
from gradreel.core.curves.line_fit import line_run, noisy_dataset
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment

THREE_DAYS = Experiment(
    dataset=DailyViews(window=3),
    hidden=(3,),
    activation="sigmoid",
    learning_rate=0.1,
    batch_size=32,
    epochs=100,
    loss="mae",
    seed=0,
)
"""The lecture's 3-3-1 network by plain gradient descent: views of three days, three sigmoids, the next day's views."""

TWO_LAYERS = Experiment.model_validate({**THREE_DAYS.model_dump(), "hidden": (2, 2), "seed": 1})
"""The same days and training with two hidden layers of two sigmoids, for the paths that meet in backpropagation."""

BIG = Experiment(dataset=DailyViews(), hidden=(WIDTH,) * 3, activation="relu")
"""The lecture's large network, for its number of parameters."""

LINE_NOISE, LINE_NOISE_SEED, LINE_START_SEED = 0.25, 0, 6
DOTS = 41  # around the red curve, which the line is fitted to

LECTURE_DEPTHS = ((), *((100,) * layers for layers in (1, 2, 3, 4)))
"""Hidden layers of the networks whose losses the lecture compares: the linear model, and one to four of 100 ReLUs."""


LARGEST = 20.0
"""Views, in thousands, that the dots' pictures have room for."""

Knots = tuple[tuple[float, float], ...]


def knots_like_views(knots: Knots) -> Knots:
    """The knots of a red curve that dots are scattered around. Raises ValueError unless they can be views."""
    try:
        curve = PiecewiseLinearCurve(*zip(*knots, strict=True))
    except UserError as error:
        raise ValueError(str(error)) from None
    outside = [f"({x:g}, {y:g})" for x, y in knots if not (0 <= x <= LARGEST and 0 <= y <= LARGEST)]
    if outside:
        raise ValueError(f"x and y stand for views, from 0 to {LARGEST:g}; {outside[0]} is outside")
    if curve.x[-1] < 1 or curve.y.max() < 0.5:
        raise ValueError("red must reach to x = 1 and y = 0.5 at least, or there is nothing to see")
    return knots


def red_curve() -> PiecewiseLinearCurve:
    """The red curve of the lecture, which a line misses."""
    return PiecewiseLinearCurve(*zip(*RED_CURVE, strict=True))


def line_through_dots(
    curve: PiecewiseLinearCurve,
    noise: float = LINE_NOISE,
    noise_seed: int = LINE_NOISE_SEED,
    start_seed: int = LINE_START_SEED,
) -> Experiment:
    """The run that fits a line to dots scattered around ``curve``; by default that of linear-limits."""
    return line_run(noisy_dataset(curve, curve.range_around()[1], noise, noise_seed, DOTS), start_seed)
