"""How good it is: torchmetrics collections, and tables of results per class."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from scipy.stats import binomtest
from sklearn.metrics import (
    average_precision_score,
    classification_report,
    f1_score,
    precision_recall_fscore_support,
)
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

from helpers.errors import DataError
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
    Raises: DataError for a loader without batches, and for labels that the model has no output for.
    """
    outputs, targets = predict(model, loader)
    of_classes = outputs.ndim == 2 and outputs.shape[1] > 1 and targets.ndim == 1
    if of_classes and not targets.is_floating_point():
        left_out = targets == getattr(criterion, "ignore_index", -100)
        strange = targets[((targets < 0) | (targets >= outputs.shape[1])) & ~left_out]
        if len(strange):
            raise DataError(
                f"{len(strange)} of {len(targets)} labels are no number of an output, such as "
                f"{int(strange[0])}: the model has {outputs.shape[1]}, numbered from 0."
            )
    result = {}
    if criterion is not None:  # it may hold weights that are on another device by now
        result["loss"] = copy.deepcopy(criterion).cpu()(outputs, targets).item()
    if metrics is not None:
        metrics = metrics.clone().to(outputs.device)
        metrics.reset()
        for metric in metrics.values():
            metric.sync_on_compute = False  # the outputs are those of all processes already
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


def multilabel_scores(
    logits: torch.Tensor, labels: torch.Tensor, thresholds: np.ndarray | float = 0.5
) -> dict[str, float]:
    """Every number by which a multilabel classifier is judged.

    Args:
        logits, labels: (N, L).
        thresholds: of probability, one for all labels or one each (L,).

    Returns: map (mean over labels of average precision, of labels that occur), micro_f1 (all
        answers together), macro_f1, macro_precision and macro_recall (means over labels),
        exact_match (share of images with all labels right), hamming_loss (share of wrong answers),
        bce (mean binary cross entropy).
    """
    probabilities, truth = logits.sigmoid().numpy(), labels.numpy().astype(bool)
    predicted = probabilities >= np.asarray(thresholds)
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, predicted, average="macro", zero_division=0
    )
    return {
        "map": mean_average_precision(logits, labels),
        "micro_f1": float(f1_score(truth, predicted, average="micro", zero_division=0)),
        "macro_f1": float(f1),
        "macro_precision": float(precision),
        "macro_recall": float(recall),
        "exact_match": float((predicted == truth).all(axis=1).mean()),
        "hamming_loss": float((predicted != truth).mean()),
        "bce": nn.functional.binary_cross_entropy_with_logits(logits, labels.float()).item(),
    }


def mean_average_precision(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """mAP: the mean of average precision over the labels that occur; logits and labels (N, L)."""
    truth = labels.numpy() > 0.5
    occurs = truth.any(axis=0)
    return float(average_precision_score(truth[:, occurs], logits.sigmoid().numpy()[:, occurs]))


def average_precisions(
    logits: torch.Tensor, labels: torch.Tensor, classes: Sequence[str]
) -> dict[str, float]:
    """Average precision of each label that occurs; their mean is mAP.

    Args:
        logits, labels: (N, L).
        classes: the L labels' names.
    """
    truth = labels.numpy() > 0.5
    return {
        name: float(average_precision_score(truth[:, at], logits[:, at].numpy()))
        for at, name in enumerate(classes)
        if truth[:, at].any()
    }


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Share of rows of logits (N, C) whose largest entry is at the label (N,)."""
    return (logits.argmax(dim=1) == labels).float().mean().item()


def accuracy_interval(correct: int, count: int) -> tuple[float, float]:
    """95 % confidence interval of a share of `correct` among `count` (Wilson 1927).

    Where the accuracy on endless images of this kind plausibly lies, if these are independent.
    """
    if not 0 <= correct <= count or count == 0:
        raise ValueError(f"{correct} of {count} is no share.")
    interval = binomtest(int(correct), int(count)).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def paired_test(first: Sequence[bool], second: Sequence[bool]) -> tuple[int, int, float]:
    """Do two models differ on the same images? The exact McNemar (1947) test.

    Args:
        first, second: for each image, whether that model is right.

    Returns: images that only the second gets right, that only the first does, and the probability
        of a split at least as uneven if both were equally good.
    """
    before, after = np.asarray(first, bool), np.asarray(second, bool)
    mended, broken = int((after & ~before).sum()), int((before & ~after).sum())
    if mended + broken == 0:
        return 0, 0, 1.0
    return mended, broken, float(binomtest(mended, mended + broken).pvalue)


def paired_bootstrap(
    score: Callable[[torch.Tensor, torch.Tensor], float],
    first: torch.Tensor,
    second: torch.Tensor,
    labels: torch.Tensor,
    rounds: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % interval of how much higher the second model scores, for scores that McNemar can't test.

    The images are drawn anew, with replacement, `rounds` times; both models are scored on the same
    draw each time (Efron 1979; of the differences the 2.5th and the 97.5th percentile).

    Args:
        score: called as `score(logits, labels)`, as `mean_average_precision` is.
        first, second: logits of the two models on the same images (N, …).
        labels: (N, …).
    """
    rng, differences = np.random.default_rng(seed), []
    for _ in range(rounds):
        drawn = torch.from_numpy(rng.integers(len(labels), size=len(labels)))
        truth = labels[drawn]
        differences.append(score(second[drawn], truth) - score(first[drawn], truth))
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)


def selection_bias(right: ArrayLike, rounds: int = 200, seed: int = 0) -> tuple[float, float]:
    """How much better the best of many looks on the images that chose it than on others.

    In each round a random half of the images chooses the best candidate; the other half judges it.

    Args:
        right: whether each candidate is right on each image, (candidates, N).

    Returns: mean accuracy of the chosen on the half that chose, and on the other half.
    """
    right, rng = np.asarray(right, float), np.random.default_rng(seed)
    count, scores = right.shape[1], []
    for _ in range(rounds):
        order = rng.permutation(count)
        chose, other = right[:, order[: count // 2]], right[:, order[count // 2 :]]
        best = chose.mean(axis=1).argmax()
        scores.append((chose[best].mean(), other[best].mean()))
    chosen, judged = np.mean(scores, axis=0)
    return float(chosen), float(judged)


def per_class_report(
    labels: Sequence[int], predicted: Sequence[int], classes: Sequence[str]
) -> pd.DataFrame:
    """Precision, recall, F1 and number of images of each class, or of each label.

    Args:
        labels, predicted: numbers of classes (N,), as given and as predicted; of several labels
            0 or 1, (N, C).
        classes: C names, which become the rows.
    """
    numbers = range(len(classes))
    report = classification_report(
        np.asarray(labels), np.asarray(predicted), labels=numbers, output_dict=True, zero_division=0
    )
    table = pd.DataFrame([report[str(number)] for number in numbers], index=list(classes))
    table = table.rename(columns={"f1-score": "f1", "support": "images"})
    return table.astype({"images": int})
