"""How good it is: torchmetrics collections, and tables of results per class."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassF1Score,
    MultilabelAveragePrecision,
    MultilabelExactMatch,
    MultilabelF1Score,
    MultilabelHammingDistance,
)

from helpers.models.inference import predict


def evaluate(
    model: nn.Module,
    loader: DataLoader,
    criterion: nn.Module | None = None,
    metrics: MetricCollection | None = None,
) -> dict[str, float]:
    """What a model is worth on all items of a loader.

    Args:
        model, loader: see `predict`.
        criterion: called as `criterion(outputs, targets)`; its value becomes "loss".
        metrics: torchmetrics collection; each becomes an entry. It is not changed.

    Returns: the loss, if there is a criterion, and the metrics.
    Raises: DataError for a loader without batches.
    """
    outputs, targets = predict(model, loader)
    result = {}
    if criterion is not None:  # it may hold weights that are on another device by now
        result["loss"] = copy.deepcopy(criterion).cpu()(outputs, targets).item()
    if metrics is not None:
        metrics = metrics.clone().to(outputs.device)
        metrics.reset()
        metrics.update(outputs, targets)
        result.update(computed(metrics))
    return result


def computed(metrics: MetricCollection) -> dict[str, float]:
    """The metrics' values; they start anew afterwards."""
    values = {name: value.item() for name, value in metrics.compute().items()}
    metrics.reset()
    return values


def multiclass_metrics(num_classes: int) -> MetricCollection:
    """Accuracy over images and mean F1 over classes, from logits (N, C) and labels (N,)."""
    # The Trainer gathers outputs from all processes first: the metrics must not do so again.
    # Checking the arguments would make the device wait in every step.
    own = {"num_classes": num_classes, "sync_on_compute": False, "validate_args": False}
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(average="micro", **own),
            "macro_f1": MulticlassF1Score(average="macro", **own),
        }
    )


class _OfLogits(MetricCollection):
    """Metrics of probabilities that are fed logits, whose range alone does not tell them apart."""

    def update(self, logits: torch.Tensor, labels: torch.Tensor) -> None:
        super().update(logits.sigmoid(), labels.int())

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        return super().forward(logits.sigmoid(), labels.int())


def multilabel_metrics(num_labels: int) -> MetricCollection:
    """From logits (N, L) and labels (N, L): how well each label ranks the images, and how often
    the answers at a probability of 0.5 are right.

    `map` is the mean over labels of average precision, `micro_f1` counts all labels of all images
    together, `macro_f1` averages over labels, `exact_match` is the share of images with every label
    right, `hamming_loss` the share of wrong labels.
    """
    own = {"num_labels": num_labels, "sync_on_compute": False, "validate_args": False}
    return _OfLogits(
        {
            "map": MultilabelAveragePrecision(average="macro", **own),
            "micro_f1": MultilabelF1Score(average="micro", **own),
            "macro_f1": MultilabelF1Score(average="macro", **own),
            "exact_match": MultilabelExactMatch(**own),
            "hamming_loss": MultilabelHammingDistance(**own),
        }
    )


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Share of rows of logits (N, C) whose largest entry is at the label (N,)."""
    return (logits.argmax(dim=1) == labels).float().mean().item()


def accuracy_interval(correct: int, count: int) -> tuple[float, float]:
    """95 % confidence interval of a share of `correct` among `count` (Wilson 1927).

    Where the accuracy on endless images of this kind plausibly lies, if these are independent.
    """
    if not 0 <= correct <= count or count == 0:
        raise ValueError(f"{correct} of {count} is no share.")
    z = 1.96
    share = correct / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return float(centre - half), float(centre + half)


def paired_test(first: Sequence[bool], second: Sequence[bool]) -> tuple[int, int, float]:
    """Do two models differ on the same images? The exact McNemar (1947) test.

    Args:
        first, second: for each image, whether that model is right.

    Returns: images that only the second gets right, that only the first does, and the probability
        of a split at least as uneven if both were equally good.
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    mended, broken = int((second & ~first).sum()), int((first & ~second).sum())
    if mended + broken == 0:
        return 0, 0, 1.0
    return mended, broken, float(binomtest(mended, mended + broken).pvalue)


def confusion(logits: torch.Tensor, labels: torch.Tensor, classes: Sequence[str]) -> pd.DataFrame:
    """Counts with the given class in rows and the predicted one in columns."""
    predicted = logits.argmax(dim=1).cpu().numpy()
    counts = confusion_matrix(labels.cpu().numpy(), predicted, labels=range(len(classes)))
    return pd.DataFrame(counts, index=list(classes), columns=list(classes))


def per_class_report(
    logits: torch.Tensor, labels: torch.Tensor, classes: Sequence[str]
) -> pd.DataFrame:
    """Precision, recall, F1 and number of images of each class."""
    predicted = logits.argmax(dim=1).cpu().numpy()
    columns = precision_recall_fscore_support(
        labels.cpu().numpy(), predicted, labels=range(len(classes)), zero_division=0
    )
    names = ("precision", "recall", "f1", "images")
    return pd.DataFrame(dict(zip(names, columns, strict=True)), index=list(classes))
