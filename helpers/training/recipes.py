"""The two phases in one call each, as notebooks 02 and 03 run them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torchmetrics import MetricCollection

from helpers.data.image_dataset import ImageDataset
from helpers.data.loaders import make_loader
from helpers.data.transforms import eval_transform, train_transform
from helpers.evaluation.metrics import multiclass_metrics, multilabel_metrics
from helpers.models.features import FeatureDataset, compute_features
from helpers.models.transfer import TransferModel
from helpers.training.callbacks import Callback, EarlyStopping, LearningRateSchedule
from helpers.training.history import History
from helpers.training.trainer import Trainer

HEAD_RATE = 3e-3  # phase 1, for AdamW; below what the range test allows
FINE_TUNE_RATE = HEAD_RATE / 10
HEAD_FACTOR = 3  # in phase 2 the head goes this much faster than the backbone
LABEL_SMOOTHING = 0.1  # of a label's certainty, shared among all classes
# Landscapes keep their horizon and the colours of their hour.
LANDSCAPES = {"augmentations": ("mirror", "brightness/contrast"), "zoom": 0.5}
VIEWS = range(1, 4)  # augmented views of each training image; epoch e sees view e modulo 3


def criterion_for(model: TransferModel) -> nn.Module:
    """Cross entropy with smoothed labels, or a binary cross entropy per label, as the task asks."""
    if model.task == "multilabel":
        return nn.BCEWithLogitsLoss()
    return nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)


def metrics_for(model: TransferModel) -> MetricCollection:
    """The metrics of the model's task."""
    make = multilabel_metrics if model.task == "multilabel" else multiclass_metrics
    return make(model.num_classes)


def frozen_features(
    model: TransferModel,
    splits: Mapping[str, ImageDataset],
    size: tuple[int, int] | Callable[[int, int], tuple[int, int]] = (224, 224),
    crop: bool = False,
    views: Sequence[int] = VIEWS,
    **augment,
) -> dict[str, FeatureDataset]:
    """Features of each split: `views` augmented ones of "train", a plain one of all others.

    size, crop, augment: as in `helpers.data.transforms.train_transform`.
    """
    augmented = train_transform(size, crop=crop, **augment)
    plain = eval_transform(size, crop)
    return {
        split: compute_features(model, data.with_transform(augmented), views)
        if split == "train"
        else compute_features(model, data.with_transform(plain))
        for split, data in splits.items()
    }


def train_head(
    model: TransferModel,
    train: FeatureDataset,
    val: FeatureDataset | None,
    callbacks: Sequence[Callback] = (),
    max_epochs: int | None = None,
    learning_rate: float = HEAD_RATE,
    seed: int = 0,
    criterion: nn.Module | None = None,
) -> History:
    """Fit the classifier to features of the frozen backbone, and return the history.

    The optimizer is AdamW (Loshchilov & Hutter 2019) with weight decay 0.01, batches hold 32 rows,
    and the rate rises to `learning_rate` and falls again, as `LearningRateSchedule` has it.

    Args:
        max_epochs: 40, or as many as it takes to see 400 batches where there are few images.
        criterion: `criterion_for(model)` unless another is given.
    """
    criterion = criterion or criterion_for(model)
    home = next(model.head.parameters()).device
    optimizer = torch.optim.AdamW(model.head.parameters(), lr=learning_rate, weight_decay=0.01)
    callbacks, metrics = [LearningRateSchedule(), *callbacks], metrics_for(model)
    trainer = Trainer(model.head, criterion, optimizer, callbacks, metrics, seed)
    train_loader = make_loader(train, 32, shuffle=True, seed=seed)
    if max_epochs is None:
        max_epochs = max(40, math.ceil(400 / max(1, len(train_loader))))
    val_loader = None if val is None else make_loader(val, 64)
    try:
        return trainer.fit(train_loader, val_loader, max_epochs)
    finally:
        model.head.to(home)  # back to its backbone


def refit_head(
    model: TransferModel,
    train: FeatureDataset,
    val: FeatureDataset,
    seed: int = 0,
    criterion: nn.Module | None = None,
    learning_rate: float = HEAD_RATE,
) -> TransferModel:
    """Phase 1 once more: another model on the same frozen backbone; `model` stays as it is.

    To try other labels, another seed or another criterion on features that are there already.
    """
    other = model.with_new_head(seed)
    early = EarlyStopping("val_loss", patience=10)
    train_head(other, train, val, [early], None, learning_rate, seed, criterion)
    return other


def fine_tune(
    model: TransferModel,
    train: ImageDataset,
    val: ImageDataset,
    callbacks: Sequence[Callback],
    max_epochs: int,
    learning_rate: float = FINE_TUNE_RATE,
    batch_size: int = 16,
    seed: int = 0,
) -> History:
    """Phase 2 as in notebook 03: everything that is unfrozen learns, at rates that rise and fall.

    Args:
        model: unfrozen as wanted.
        train, val: images with tensor transforms, of one size or of any.
        batch_size: see `make_loader`.
    """
    optimizer = torch.optim.AdamW(
        model.parameter_groups(learning_rate, head_factor=HEAD_FACTOR), weight_decay=0.01
    )
    callbacks, metrics = [LearningRateSchedule(), *callbacks], metrics_for(model)
    trainer = Trainer(model, criterion_for(model), optimizer, callbacks, metrics, seed)
    train_loader = make_loader(train, batch_size, shuffle=True, seed=seed)
    return trainer.fit(train_loader, make_loader(val, batch_size), max_epochs)
