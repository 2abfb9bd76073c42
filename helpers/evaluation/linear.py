"""How much do features tell? A linear model on top of them, with nothing to train slowly.

What a head learns step by step, regularised logistic regression finds at once. It is the baseline
that a head has to reach, and often the better head where images are few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch.nn.functional import cross_entropy

from helpers.evaluation.metrics import accuracy, multilabel_scores

FARTHEST = 10.0  # standard deviations from a column's mean


def logistic_regression(C: float) -> Pipeline:
    """scikit-learn's logistic regression on columns that are brought to one scale.

    A column that hardly varies in a few rows may lie hundreds of standard deviations off in others:
    scaled columns are cut off at FARTHEST.

    Args:
        C: as scikit-learn calls it: the smaller, the more regularised. With more columns than rows,
            as frozen features have, and with labels that may be wrong, 0.01 or less is good.
    """
    within = FunctionTransformer(np.clip, kw_args={"a_min": -FARTHEST, "a_max": FARTHEST})
    return make_pipeline(StandardScaler(), within, LogisticRegression(C=C, max_iter=3000))


def nearest_neighbours(features: ArrayLike, queries: Sequence[int], count: int = 5) -> np.ndarray:
    """The rows most like each query by the cosine of their features, the nearest first.

    Args:
        features: (N, D).
        queries: rows among them (Q,); a row is not its own neighbour.
        count: K.

    Returns: rows (Q, K).
    """
    rows = np.asarray(features, float)
    rows = rows - rows.mean(axis=0)  # what all images share would make every cosine large
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    likeness = rows[list(queries)] @ rows.T
    likeness[np.arange(len(likeness)), list(queries)] = -np.inf
    return np.argsort(-likeness, axis=1, kind="stable")[:, :count]


def linear_logits(
    rows: ArrayLike, labels: ArrayLike, test_rows: ArrayLike, C: float
) -> torch.Tensor:
    """Logits of the rows (M, D) by logistic regression on rows (N, D): a linear probe.

    Args:
        rows, test_rows: features, as tensors or arrays.
        labels: classes as numbers (N,), or 0 and 1 for several labels (N, L).
        C: see `logistic_regression`.

    Returns: (M, C), or (M, L) by a regression for each label.
    Raises: ValueError where a class has no rows, or all or none have a label.
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
        missing = set(range(int(given.max()))) - set(given.astype(int).tolist())
        if missing:
            raise ValueError(f"class {min(missing)} has no rows to learn from.")
        (score,) = scores
        scores = [-score / 2, score / 2] if score.ndim == 1 else score.T
    return torch.from_numpy(np.stack(scores, axis=1)).float()


def compare_features(
    features: Mapping[str, ArrayLike],
    labels: ArrayLike,
    val_features: Mapping[str, ArrayLike],
    val_labels: ArrayLike,
    choices: Sequence[float] = (0.001, 0.003, 0.01, 0.03),
) -> tuple[pd.DataFrame, dict[str, torch.Tensor]]:
    """Which features tell more? A linear probe on each, regularised as validation rows like best.

    Args:
        features, val_features: by the same names, rows (N, D) and (M, D) with a D of their own.
        labels, val_labels: as in `linear_logits`.
        choices: of C; each probe has the one with the lowest loss on validation rows.

    Returns: for each name its C, its loss (cross entropy, with several labels a binary one) and its
        accuracy, or with several labels mAP (`map`) and micro F1; and the validation logits.
    Raises: ValueError as `linear_logits` does, and for a validation class that has no rows to learn
        from.
    """
    truth = torch.as_tensor(np.asarray(val_labels))
    table, logits = {}, {}
    for name, rows in features.items():
        for C in choices:
            tried = linear_logits(rows, labels, val_features[name], C)
            if truth.ndim == 2:
                scores = multilabel_scores(tried, truth.float())
                row = {"loss": scores["bce"], "map": scores["map"], "micro_f1": scores["micro_f1"]}
            elif truth.max() >= tried.shape[1]:
                raise ValueError(f"class {truth.max()} is in the validation rows alone.")
            else:
                loss = cross_entropy(tried, truth.long()).item()
                row = {"loss": loss, "accuracy": accuracy(tried, truth)}
            if name not in table or row["loss"] < table[name]["loss"]:
                table[name], logits[name] = {"C": C, **row}, tried
    return pd.DataFrame.from_dict(table, orient="index"), logits
