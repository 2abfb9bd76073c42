"""Ways to feed a network compared by cross-validation, so that no test image has a say."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from helpers.data.groups import copy_groups
from helpers.data.image_dataset import ImageDataset
from helpers.data.loaders import make_loader
from helpers.data.transforms import eval_transform, train_transform
from helpers.evaluation.metrics import accuracy, multilabel_scores
from helpers.models.backbones import Backbone
from helpers.models.features import FeatureDataset, compute_features
from helpers.models.inference import predict
from helpers.models.transfer import TransferModel
from helpers.training.callbacks import EarlyStopping
from helpers.training.recipes import HEAD_RATE, frozen_features, refit_head, train_head

RATES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)  # for heads of any number of inputs


@dataclass(frozen=True)
class CrossValidation:
    """What models said of images that they had not seen.

    logits (N, C) and labels (N,) or (N, L) of all images; the fold of each (N,); the learning rate
    that was chosen.
    """

    logits: torch.Tensor
    labels: torch.Tensor
    fold: np.ndarray
    rate: float

    @property
    def right(self) -> np.ndarray:
        """Whether the strongest class is the given one, for each image (N,)."""
        return (self.logits.argmax(dim=1) == self.labels).numpy()

    @property
    def scores(self) -> np.ndarray:
        """Accuracy of each fold, or its mAP where there are several labels."""
        parts = [np.flatnonzero(self.fold == number) for number in np.unique(self.fold)]
        if self.labels.ndim == 1:
            return np.array([accuracy(self.logits[part], self.labels[part]) for part in parts])
        return np.array(
            [multilabel_scores(self.logits[part], self.labels[part])["map"] for part in parts]
        )


def cross_validate(
    backbone: Backbone,
    images: ImageDataset,
    pooling: str = "avg",
    size: tuple[int, int] | Callable[[int, int], tuple[int, int]] = (224, 224),
    crop: bool = False,
    folds: int = 5,
    rates: Sequence[float] = RATES,
    views: Sequence[int] = (1, 2),
    seed: int = 0,
    levels: Sequence[int] = (4, 2, 1),
) -> CrossValidation:
    """Phase 1 in turn on all folds but two: one stops the training, the last judges.

    Copies of one scene stay in one fold. Heads with different numbers of inputs need different
    rates, so each comparison chooses its own by the validation loss of the first turn: it begins
    in the middle of `rates` and goes on to a neighbour as long as that lowers the loss.

    Args:
        images: without transform, of one label each or of several.
        pooling: as in TransferModel.
        size, crop: as in `helpers.data.transforms.train_transform`.
        folds: at least 3.
        views: augmented ones of each training image, as in `compute_features`.
        levels: of the pyramid, where `pooling` is "spp".
    """
    labels = np.asarray(images.labels)
    several = labels.ndim == 2
    task = "multilabel" if several else "multiclass"
    trunk = TransferModel(backbone, len(images.classes), pooling, task=task, levels=levels).freeze()
    augmented, plain = train_transform(size, crop=crop), eval_transform(size, crop)
    seen = compute_features(trunk, images.with_transform(augmented), views).features
    whole = compute_features(trunk, images.with_transform(plain)).features
    targets = torch.as_tensor(labels)
    deal = (
        GroupKFold(folds)
        if several
        else StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    )
    groups = np.random.default_rng(seed).permutation(len(labels))[copy_groups(images)]
    parts = [part for _, part in deal.split(labels, None if several else labels, groups)]

    def rows(features: torch.Tensor, *numbers: int) -> FeatureDataset:
        chosen = np.sort(np.concatenate([parts[number % folds] for number in numbers]))
        return FeatureDataset(features[:, chosen], targets[chosen])

    @functools.cache
    def turn(number: int, rate: float) -> tuple[float, TransferModel]:
        model, early = trunk.with_new_head(seed), EarlyStopping("val_loss", patience=10)
        train = rows(seen, *range(number + 2, number + folds))
        val = rows(whole, number + 1)
        history = train_head(model, train, val, [early], learning_rate=rate, seed=seed)
        return min(row["val_loss"] for row in history.epochs), model

    ladder = sorted(rates)
    best = ladder[_lowest(lambda place: turn(0, ladder[place])[0], len(ladder))]
    logits = torch.zeros(len(labels), trunk.num_classes)
    fold = np.zeros(len(labels), int)
    for number, part in enumerate(parts):
        _, model = turn(number, best)
        judged = FeatureDataset(whole[:, part], targets[part])
        logits[part], fold[part] = predict(model.head, make_loader(judged, 64))[0], number
    return CrossValidation(logits, targets, fold, best)


def _lowest(loss: Callable[[int], float], count: int) -> int:
    """Which of `count` places has the lowest loss, if it falls and then rises: downhill to it."""
    place, best = -1, count // 2
    while best != place:
        place = best
        near = [other for other in (place, place - 1, place + 1) if 0 <= other < count]
        best = min(near, key=loss)  # of equals the first
    return place


def adapt(
    backbone: Backbone,
    splits: Mapping[str, ImageDataset],
    pooling: str = "avg",
    size: tuple[int, int] | Callable[[int, int], tuple[int, int]] = (224, 224),
    crop: bool = False,
    learning_rate: float = HEAD_RATE,
    views: Sequence[int] = (1, 2),
    seed: int = 0,
) -> TransferModel:
    """Phase 1 of the way that was chosen, on "train", stopped by "val".

    Args: see `cross_validate`; splits without transforms.
    """
    model = TransferModel(backbone, len(splits["train"].classes), pooling, seed=seed).freeze()
    parts = {name: splits[name] for name in ("train", "val")}
    features = frozen_features(model, parts, size, crop, views)
    return refit_head(model, features["train"], features["val"], seed, learning_rate=learning_rate)
