"""Any recorded network whose parameters are fully connected layers in a row: where each weight stands in theta."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes
from gradreel.core.trace.recorded_run import RecordedRun


@dataclass(frozen=True)
class LayerChain:
    """K layers in a row: x, then K times b + W of what came before."""

    widths: tuple[int, ...]  # K + 1: the features, each layer's neurons, the outputs last
    starts: tuple[int, ...]  # K: where W of each layer begins in theta
    n_parameters: int  # P

    @property
    def n_weights(self) -> int:
        """Entries of all K matrices."""
        return sum(before * after for before, after in zip(self.widths, self.widths[1:], strict=False))

    def indices(self, k: int, to: IntArray, start: IntArray) -> IntArray:
        """Where the weights of layer k to neurons ``to`` (I,) from neurons ``start`` (J,) stand in theta, (I, J)."""
        return np.asarray(self.starts[k] + to[:, None] * self.widths[k] + start[None, :])

    def weights(self, theta: FloatArray, k: int) -> FloatArray:
        """W of layer k, (out, in): a view of theta (P,)."""
        rows, columns = self.widths[k + 1], self.widths[k]
        return theta[self.starts[k] : self.starts[k] + rows * columns].reshape(rows, columns)


def layer_chain(run: Experiment | RecordedRun) -> LayerChain:
    """The layers of ``run``, first to last.

    A recorded torch model is read by the shapes of its parameters, in their order: weights (out, in), each with a bias
    (out,) behind it or none, the next ones taking as many inputs as there were outputs. UserError for any other.
    """
    if isinstance(run, RecordedRun):
        return _recorded_chain(run)
    sizes = [math.prod(shape) for _, shape in parameter_shapes(run)]  # W, b, W', b', ..., c, b
    places = [0, *itertools.accumulate(sizes)]
    return LayerChain((run.dataset.n_features, *run.hidden, run.n_outputs), tuple(places[:-1:2]), places[-1])


def _recorded_chain(run: RecordedRun) -> LayerChain:
    widths: list[int] = []
    starts: list[int] = []
    place, bias_may_follow = 0, False
    for name, shape in run.part_shapes():
        match shape:
            case (rows, columns) if min(shape) > 0 and (not widths or columns == widths[-1]):
                widths += [rows] if widths else [columns, rows]
                starts.append(place)
                bias_may_follow = True
            case (size,) if bias_may_follow and size == widths[-1]:
                bias_may_follow = False
            case _:
                raise UserError(
                    f"{run.model}: {name}, of shape {shape}, is no part of a row of fully connected layers; what can "
                    "be shown are weights (out, in), each with a bias (out,) behind it or none, that take as many "
                    f"inputs as the weights before them have outputs{f', here {widths[-1]}' if widths else ''}"
                )
        place += math.prod(shape)
    if not starts:
        raise UserError(f"{run.model} has no parameters; what can be shown are fully connected layers")
    return LayerChain(tuple(widths), tuple(starts), place)
