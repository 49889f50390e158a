"""Training runs that several scenes of the lecture show, so that they all show the same one."""

from gradreel.core.daily_views import DailyViews
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
