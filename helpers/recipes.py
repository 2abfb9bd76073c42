"""The two phases in one call each, for whatever begins where notebooks 02 and 03 end."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchmetrics import MetricCollection

from helpers.backbones import Backbone, load_backbone
from helpers.callbacks import Callback, EarlyStopping, LearningRateSchedule
from helpers.datasets import ImageFolderDataset, make_loader
from helpers.features import FeatureDataset, compute_features, loader_for
from helpers.history import History
from helpers.image_dataset import ImageDataset
from helpers.metrics import multiclass_metrics, multilabel_metrics
from helpers.models import ModelError, TransferModel, load_model, save_model
from helpers.trainer import Trainer
from helpers.transforms import eval_transform, train_transform

HEAD_RATE = 1e-3  # phase 1, for AdamW; well below what the range test finds
FINE_TUNE_RATE = HEAD_RATE / 10
HEAD_FACTOR = 3  # in phase 2 the head goes this much faster than the backbone
LABEL_SMOOTHING = 0.1  # of a label's certainty, shared among all classes
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

    size, crop, augment: as in `helpers.transforms.train_transform`.
    """
    augmented = train_transform(size, model.mean, model.std, crop=crop, **augment)
    plain = eval_transform(size, model.mean, model.std, crop=crop)
    return {
        split: compute_features(model, data.with_transform(augmented), views)
        if split == "train"
        else compute_features(model, data.with_transform(plain))
        for split, data in splits.items()
    }


def adapt(
    backbone: Backbone,
    splits: Mapping[str, ImageDataset],
    pooling: str = "avg",
    size: tuple[int, int] | Callable[[int, int], tuple[int, int]] = (224, 224),
    crop: bool = False,
    seeds: Sequence[int] = (0, 1, 2),
    rates: Sequence[float] = (HEAD_RATE, HEAD_RATE / 10),
    views: Sequence[int] = VIEWS,
) -> tuple[list[TransferModel], FeatureDataset, float]:
    """Phase 1 with several seeds on the same frozen features, to compare ways to feed a network.

    All heads have the same rate: the one of `rates` that gets the first seed to the lowest
    validation loss. Heads with different numbers of inputs need different rates, and are compared
    fairly only if each may choose among the same few.

    Args:
        splits: "train", "val" and "test" without transforms, of one label each or of several.
        pooling: as in TransferModel.
        size, crop: as in `helpers.transforms.train_transform`.

    Returns: models in the order of the seeds, features of the test images, the chosen rate.
    """
    classes, labels = splits["train"].classes, np.asarray(splits["train"].labels)
    task = "multilabel" if labels.ndim == 2 else "multiclass"

    def fresh() -> TransferModel:
        return TransferModel(backbone, len(classes), pooling, task=task).freeze()

    features = frozen_features(fresh(), splits, size, crop, views)

    def train(rate: float, seed: int) -> tuple[float, TransferModel]:
        torch.manual_seed(seed)
        model, early = fresh(), EarlyStopping("val_loss", patience=3)
        train_head(
            model, features["train"], features["val"], [early], learning_rate=rate, seed=seed
        )
        return early.monitor.best, model

    tried = {rate: train(rate, seeds[0]) for rate in rates}
    best = min(tried, key=lambda rate: tried[rate][0])
    models = [tried[best][1], *(train(best, seed)[1] for seed in seeds[1:])]
    return models, features["test"], best


def train_head(
    model: TransferModel,
    train: FeatureDataset,
    val: FeatureDataset,
    callbacks: list[Callback],
    max_epochs: int = 60,
    learning_rate: float = HEAD_RATE,
    seed: int = 0,
    criterion: nn.Module | None = None,
) -> Trainer:
    """Fit the classifier to features of the frozen backbone, and return its Trainer.

    The optimizer is AdamW (Loshchilov & Hutter 2019) with weight decay 0.01, batches hold 32 rows.
    `criterion` is `criterion_for(model)` unless another is given.
    """
    criterion = criterion or criterion_for(model)
    optimizer = torch.optim.AdamW(model.head.parameters(), lr=learning_rate, weight_decay=0.01)
    trainer = Trainer(model.head, criterion, optimizer, callbacks, metrics_for(model), seed=seed)
    trainer.fit(make_loader(train, 32, shuffle=True, seed=seed), make_loader(val, 64), max_epochs)
    return trainer


def refit_head(
    model: TransferModel,
    train: FeatureDataset,
    val: FeatureDataset,
    seed: int = 0,
    criterion: nn.Module | None = None,
) -> Trainer:
    """Phase 1 once more, by a head that starts anew; `model` itself stays as it is.

    To try other labels, another seed or another criterion on features that are there already.
    """
    other = copy.deepcopy(model)
    torch.manual_seed(seed)
    for layer in other.head:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    early = EarlyStopping("val_loss", patience=2)
    return train_head(other, train, val, [early], seed=seed, criterion=criterion)


def fine_tune(
    model: TransferModel,
    train: ImageDataset,
    val: ImageDataset,
    callbacks: list[Callback],
    max_epochs: int,
    learning_rate: float = FINE_TUNE_RATE,
    batch_size: int = 16,
    seed: int = 0,
    mixup: float = 0.0,
) -> Trainer:
    """Phase 2 as in notebook 03: everything that is unfrozen learns, at rates that rise and fall.

    Args:
        model: unfrozen as wanted.
        train, val: images with tensor transforms, of one size or of any.
        batch_size: images, of 224 x 224 where they are of any size.
        mixup: as in Trainer.
    """
    optimizer = torch.optim.AdamW(
        model.parameter_groups(learning_rate, head_factor=HEAD_FACTOR), weight_decay=0.01
    )
    callbacks, metrics = [LearningRateSchedule(), *callbacks], metrics_for(model)
    trainer = Trainer(model, criterion_for(model), optimizer, callbacks, metrics, seed, mixup)
    trainer.fit(
        loader_for(train, batch_size, shuffle=True, seed=seed),
        loader_for(val, batch_size),
        max_epochs,
    )
    return trainer


def phase1_model(
    folder: str | Path,
    backbone: str,
    train: ImageFolderDataset,
    val: ImageFolderDataset,
    size: tuple[int, int] = (224, 224),
    seed: int = 0,
) -> tuple[TransferModel, dict, History]:
    """The model that notebook 02 has saved in `folder`, or the same recipe run now.

    It is made anew where the folder holds none, or one of another backbone, size or training set.

    Args:
        folder: for this backbone's phase 1.
        backbone: a name for `load_backbone`, not "auto".
        train, val: images without transform.
        size: (height, width) in pixels that images are squashed to.

    Returns: model (eval mode), config and history.
    """
    found = _fitting_model(folder, backbone, train, size)
    if found:
        return found
    print("phase 1 has left no fitting model here: training it now")
    started = time.perf_counter()
    torch.manual_seed(seed)
    model = TransferModel(load_backbone(backbone), len(train.classes)).freeze()
    augmented = train.with_transform(train_transform(size, model.mean, model.std))
    plain = val.with_transform(eval_transform(size, model.mean, model.std))
    features = compute_features(model, augmented, VIEWS)
    val_features = compute_features(model, plain)
    early = EarlyStopping("val_loss", patience=3)
    trainer = train_head(model, features, val_features, [early], seed=seed)
    config = {
        "classes": train.classes,
        "size": list(size),
        "train_digest": train.digest,
        "learning_rate": HEAD_RATE,
        "seconds": time.perf_counter() - started,
    }
    save_model(folder, model, config)
    trainer.history.to_csv(folder)
    model, config = load_model(folder)
    return model, config, trainer.history


def phase2_model(
    folder: str | Path,
    phase1: tuple[TransferModel, dict],
    train: ImageFolderDataset,
    val: ImageFolderDataset,
    images: int = 1500,
    seed: int = 0,
) -> tuple[TransferModel, dict]:
    """The model that notebook 03 has saved in `folder`, or a shorter fine-tuning run now.

    It is made anew where the folder holds none, or one of another backbone, size or training set.
    Half of notebook 03's images, so the model may be worse than that notebook's.

    Args:
        folder: for this backbone's phase 2.
        phase1: model and config to begin with, from `phase1_model`; the model stays as it is.
        train, val: images without transform.
        images: that the model sees in all epochs together, about.

    Returns: model (eval mode) and config.
    """
    start, config = phase1
    size = tuple(config["size"])
    found = _fitting_model(folder, start.backbone_name, train, size)
    if found:
        return found[:2]
    print(
        "phase 2 has left no fitting model here: a short fine-tuning (notebook 03 has a longer one)"
    )
    model = copy.deepcopy(start).unfreeze()
    rate = config["learning_rate"] / 10
    trainer = fine_tune(
        model,
        train.with_transform(train_transform(size, model.mean, model.std)),
        val.with_transform(eval_transform(size, model.mean, model.std)),
        [EarlyStopping("val_loss", patience=5)],
        int(np.clip(images // len(train), 1, 10)),
        rate,
        seed=seed,
    )
    kept = {key: config[key] for key in ("classes", "size", "train_digest")}
    save_model(folder, model, {**kept, "learning_rate": rate})
    trainer.history.to_csv(folder)
    return load_model(folder)


def _fitting_model(
    folder: str | Path, backbone: str, train: ImageFolderDataset, size: tuple[int, int]
) -> tuple[TransferModel, dict, History] | None:
    """Model, config and history from `folder`, if they are of this backbone, size and training."""
    try:
        model, config = load_model(folder)
        told = (config["backbone"], tuple(config["size"]), config["train_digest"])
        if told == (backbone, tuple(size), train.digest):
            return model, config, History.from_csv(folder)
    except (ModelError, FileNotFoundError, KeyError):
        pass
    return None
