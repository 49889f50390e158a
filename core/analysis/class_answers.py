"""Counts a classifier's answers in a confusion matrix, and measures how alike neighbouring pixels of pictures are."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray


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
