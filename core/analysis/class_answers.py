"""What a classifier answers to examples at each recorded state: its shares and the counts of a confusion matrix."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict


def shares_of(logits: FloatArray) -> FloatArray:
    """Return the softmax of logits (..., K), same shape: shares above 0 that add up to 1.

    Examples
    --------
    >>> shares_of(np.array([0.0, np.log(3.0)])).round(2)
    array([0.25, 0.75])
    """
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def confusion_counts(labels: IntArray, answers: IntArray, n_classes: int) -> IntArray:
    """Return how many examples of class i (row) were answered with class j (column), (K, K), for labels (N,).

    Examples
    --------
    >>> confusion_counts(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    array([[1, 0],
           [1, 1]])
    """
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (labels, answers), 1)
    return counts


def answers_at(run: Experiment, thetas: FloatArray, features: FloatArray) -> IntArray:
    """Return the class with the largest logit, (S, N), for features (N, D), at states (S, P) of a run with loss ce."""
    return np.stack([predict(run, np.asarray(theta, dtype=float), features).argmax(axis=-1) for theta in thetas])


def neighbour_correlation(pictures: FloatArray) -> float:
    """Return the correlation of pixels that touch at a side, in pictures (n, h, w); near 0 for noise.

    Examples
    --------
    >>> rows, columns = np.mgrid[:4, :4]
    >>> round(neighbour_correlation(np.array([rows + columns])), 2)
    1.0
    """
    firsts = np.concatenate([pictures[:, :, :-1].ravel(), pictures[:, :-1].ravel()])
    seconds = np.concatenate([pictures[:, :, 1:].ravel(), pictures[:, 1:].ravel()])
    return float(np.corrcoef(firsts, seconds)[0, 1])
