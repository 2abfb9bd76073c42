"""How much do features tell? A linear model on top of them, with nothing to train slowly.

What a head learns step by step, regularised logistic regression finds at once. It is the baseline
that a head has to reach, and often the better head where images are few.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def logistic_regression(C: float) -> Pipeline:
    """scikit-learn's logistic regression on columns that are brought to one scale.

    Args:
        C: as scikit-learn calls it: the smaller, the more regularised. With more columns than rows,
            as frozen features have, and with labels that may be wrong, 0.01 or less is good.
    """
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=3000))


def linear_logits(
    rows: ArrayLike, labels: ArrayLike, test_rows: ArrayLike, C: float
) -> torch.Tensor:
    """Logits of the rows (M, D) by logistic regression on rows (N, D): a linear probe.

    Args:
        rows, test_rows: features, as tensors or arrays.
        labels: classes as numbers (N,), or 0 and 1 for several labels (N, L).
        C: see `logistic_regression`.

    Returns: (M, C), one column for each class that occurs, or (M, L), by a regression each.
    Raises: ValueError where all rows have the same class, or all or none have a label.
    """
    rows, test_rows, given = np.asarray(rows), np.asarray(test_rows), np.asarray(labels)
    columns = [given] if given.ndim == 1 else (given > 0.5).astype(int).T
    scores = []
    for number, column in enumerate(columns):
        if len(np.unique(column)) < 2:
            raise ValueError(
                f"column {number} of the labels is {column[0]} in all {len(column)} rows: there is "
                "nothing to tell apart; add images of another kind, or leave it out."
            )
        scores.append(logistic_regression(C).fit(rows, column).decision_function(test_rows))
    if given.ndim == 1:
        (score,) = scores
        scores = [-score / 2, score / 2] if score.ndim == 1 else score.T
    return torch.from_numpy(np.stack(scores, axis=1)).float()
