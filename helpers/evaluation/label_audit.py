"""Which labels are wrong? A model is asked about images that it has not been trained on.

Ranking is cleanlab's (confident learning: Northcutt et al. 2021; multilabel: Thyagarajan et al.
2022). What they put first is a suspicion, for a person to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.count import num_label_issues
from cleanlab.multilabel_classification.rank import get_label_quality_scores_per_class
from sklearn.model_selection import GroupKFold, cross_val_predict

from helpers.data.labels import read_label_table
from helpers.evaluation.linear import logistic_regression

REGRESSION_C = 0.01  # more features than images, and labels that may be wrong


def cross_validated_probabilities(
    features: np.ndarray,
    labels: np.ndarray,
    groups: Sequence[int] | None = None,
    folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Probabilities (N, L) for each image by a model that has not seen it.

    A logistic regression per label on frozen features, in turn on all folds but one.

    Args:
        features: (N, D).
        labels: (N, L) of 0 and 1.
        groups: one number per image; those with the same (copies of one original) stay in one fold.
        folds: parts that the images are dealt into.
        seed: of the dealing.

    Raises: ValueError where a label has too few images, of ones or of zeros, for that many folds.
    """
    labels = np.asarray(labels) > 0.5
    originals = np.arange(len(labels)) if groups is None else np.asarray(groups)
    order = np.random.default_rng(seed).permutation(originals.max() + 1)
    parts = list(GroupKFold(folds).split(features, groups=order[originals]))
    model, columns = logistic_regression(REGRESSION_C), []
    for number, column in enumerate(labels.T):
        if any(len(np.unique(column[train])) < 2 for train, _ in parts):
            raise ValueError(
                f"label {number} has {column.sum()} images of {len(labels)}: too "
                f"few (or too many) for {folds} folds; take fewer folds or leave the label out."
            )
        both = cross_val_predict(model, features, column, cv=parts, method="predict_proba")
        columns.append(both[:, 1])
    return np.stack(columns, axis=1)


def rank_label_issues(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """All cells, the most suspicious first, by cleanlab's score of each label.

    Args:
        labels: (N, L) of 0 and 1, as given.
        probabilities: (N, L), cross-validated.
        classes: the L labels' names.

    Returns: columns image (index), label (name), given (0 or 1), probability (of a 1), quality
        (in [0, 1]; low is suspicious).
    """
    given = (np.asarray(labels) > 0.5).astype(int)
    lists = [np.flatnonzero(row).tolist() for row in given]
    quality = get_label_quality_scores_per_class(lists, np.asarray(probabilities))
    return _ranked(given, probabilities, classes, quality)


def estimated_label_errors(labels: np.ndarray, probabilities: np.ndarray) -> int:
    """How many of all labels are wrong, by confident learning (Northcutt et al. 2021, section 3.1).

    For each label by itself it counts the cells that a judge contradicts at least as surely as it
    usually is; the counts are then scaled to how often each label was given.

    labels, probabilities: (N, L), as for `rank_label_issues`.
    """
    given = (np.asarray(labels) > 0.5).astype(int)
    method = "off_diagonal_calibrated"
    return sum(
        int(num_label_issues(column, np.stack([1 - ones, ones], axis=1), estimation_method=method))
        for column, ones in zip(given.T, np.asarray(probabilities, float).T, strict=True)
    )


def rank_by_loss(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """As `rank_label_issues`, by the plain loss: quality is the given label's probability."""
    given = (np.asarray(labels) > 0.5).astype(int)
    probabilities = np.asarray(probabilities)
    quality = np.where(given, probabilities, 1 - probabilities)
    return _ranked(given, probabilities, classes, quality)


def _ranked(
    given: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], quality: np.ndarray
) -> pd.DataFrame:
    image, label = (part.ravel() for part in np.indices(given.shape))
    frame = pd.DataFrame(
        {
            "image": image,
            "label": np.asarray(classes)[label],
            "given": given.ravel(),
            "probability": np.ravel(probabilities),
            "quality": np.ravel(quality),
        }
    )
    return frame.sort_values("quality", kind="stable", ignore_index=True)


def second_labels(csv: str | Path, names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Labels of the same images from a second table: (N, L), NaN where it has none.

    Args:
        csv: a label table (see `helpers.data.labels`); it may know fewer images, or others too.
        names: the N images' files as a table names them.
        classes: the L labels' names.

    Raises: DataError for a table that is none, or that lacks a label.
    """
    _, rows = read_label_table(csv, classes)
    known = {row.file: row.labels for row in rows if not row.problem}
    return np.array([known.get(name, [np.nan] * len(classes)) for name in names], float)


def with_second_labels(
    suspects: pd.DataFrame, second: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """The suspects that have a second label, in their order.

    Args:
        suspects: as ranked, see `rank_label_issues`.
        second: (N, L), see `second_labels`.
        classes: the L labels' names.

    Returns: with two more columns, second (0 or 1) and wrong (whether it is not what was given).
    """
    column = suspects["label"].map({name: index for index, name in enumerate(classes)})
    labels = np.asarray(second)[suspects["image"], column]
    frame = suspects.assign(second=labels, wrong=labels != suspects["given"])
    return frame[~np.isnan(labels)].astype({"second": int}).reset_index(drop=True)


def precision_recall_at(wrong: np.ndarray, count: int) -> tuple[float, float]:
    """(precision, recall) among the first `count`; `wrong`: (N·L,) booleans, as ranked."""
    wrong = np.asarray(wrong, bool)
    hits = wrong[:count].sum()
    return float(hits / max(count, 1)), float(hits / max(wrong.sum(), 1))
