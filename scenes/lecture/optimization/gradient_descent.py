"""Optimization: gradient descent on a recorded run, from a random start to where it stopped."""

from __future__ import annotations

from typing import ClassVar, Self

from gradreel.core.errors import PathError, TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import read_meta
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.optimization.curve_descent import CurveDescentBeats
from gradreel.scenes.lecture.optimization.recorded_descent import RecordedDescentBeats
from gradreel.scenes.trace_folder import TraceFolder
from pydantic import Field, model_validator

FEWEST = 3  # updates that are shown
STARTS = 5  # other random starts that the lecture's run is compared with


class GradientDescent(CurveDescentBeats, RecordedDescentBeats):
    """θ walks downhill on the recorded loss surface while the curve that it draws moves to the red one."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(default_factory=Experiment, description="the training run that is shown")
        trace: TraceFolder | None = Field(
            None,
            description="the folder of a trace that is shown instead, such as one recorded around a loop of your own: "
            "its path, its loss curve and its parameters",
        )
        updates: int | None = Field(None, ge=FEWEST, description="how many of its updates are shown; all, if not set")
        starts: int | None = Field(
            None,
            ge=0,
            le=20,
            description="from how many other random starts the run is trained, too, to see what loss they end with; "
            f"if not set, {STARTS} for the lecture's run and none for any other",
        )

        @model_validator(mode="after")
        def _every_update_is_there(self) -> Self:
            run, name = (self.run, "run") if self.trace is None else (read_meta(self.trace.path)[1], "trace")
            if run.n_updates < FEWEST:
                raise ValueError(f"{name}: the scene shows {FEWEST} updates at least, and it has {run.n_updates}")
            if (self.updates or 0) > run.n_updates:
                raise ValueError(f"updates: at most the {run.n_updates} that the {name} has")
            if run.n_parameters < 2:
                raise ValueError("trace: the path is shown in a plane, so the model needs two parameters at least")
            if isinstance(run, Experiment):
                need_curve("gradient-descent", run)
                if run.batch_size not in (0, run.dataset.examples):
                    raise ValueError("run: the scene shows the gradient of the whole loss, so batch_size has to be 0")
            if run.kept_every != 1:
                raise ValueError(f'{name}: the scene shows single updates, so keep has to be "every update"')
            return self

    instead_of: ClassVar = {"run": "trace"}

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        """The run, and the same from other random starts: the seeds after its own."""
        runs = super().experiments(parameters)
        return {**runs, **other_starts(runs["run"], parameters.starts)} if "run" in runs else runs

    def construct(self) -> None:
        run = self.trace("run")
        last = self.parameters.updates or run.n_updates  # every update is kept: rows are updates
        if isinstance(run.run, Experiment):
            others = [name for name in self.experiments(self.parameters) if name != "run"]
            self.of_a_curve(run, last, others)
        else:
            try:
                self.of_a_recorded_run(run, last)
            except PathError as error:
                raise TraceError(f"gradient-descent.updates: {error.found}; {_what_can_be_shown(error)}") from None
        self.hand_on()


def other_starts(run: Experiment, count: int | None) -> dict[str, Experiment]:
    """``run`` with the ``count`` seeds that follow its own, by name."""
    if count is None:
        count = STARTS if run == Experiment() else 0
    return {f"start-{k}": run.model_copy(update={"seed": run.seed + k}) for k in range(1, count + 1)}


def _what_can_be_shown(error: PathError) -> str:
    """Of a path that runs off to infinity: what to set to see it up to there."""
    if (error.last or 0) < FEWEST:
        return f"at least {FEWEST} updates are shown; a smaller learning rate often helps"
    return (
        f"what came before can be shown: --set gradient-descent.updates={error.last} (in a lesson: updates = "
        f"{error.last} among the scene's parameters)"
    )
