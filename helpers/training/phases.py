"""The models that notebooks 02 and 03 leave, or the same made now, for whatever begins there."""

from __future__ import annotations

import copy
import time
from pathlib import Path

import numpy as np

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.image_dataset import ImageDataset
from helpers.data.transforms import eval_transform, train_transform
from helpers.errors import ModelError
from helpers.models.backbones import load_backbone
from helpers.models.saving import load_model, save_model
from helpers.models.transfer import TransferModel
from helpers.training.callbacks import EarlyStopping, Mixup
from helpers.training.history import History
from helpers.training.recipes import (
    FINE_TUNE_RATE,
    HEAD_RATE,
    LANDSCAPES,
    fine_tune,
    frozen_features,
    train_head,
)


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
    saved = _fitting_model(folder, backbone, train, size)
    if saved:
        return saved
    print("phase 1 has left no fitting model here: training it now")
    started = time.perf_counter()
    model = TransferModel(load_backbone(backbone), len(train.classes), seed=seed).freeze()
    features = frozen_features(model, {"train": train, "val": val}, size)
    early = EarlyStopping("val_loss", patience=10)
    history = train_head(model, features["train"], features["val"], [early], seed=seed)
    config = {
        "classes": train.classes,
        "size": size,
        "train_digest": train.digest,
        "learning_rate": HEAD_RATE,
        "seconds": time.perf_counter() - started,
    }
    save_model(folder, model, config)
    history.to_csv(folder)
    model, config = load_model(folder)
    return model, config, history


def phase2_model(
    folder: str | Path,
    phase1: tuple[TransferModel, dict],
    train: ImageFolderDataset,
    val: ImageFolderDataset,
    images: int = 2000,
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
    saved = _fitting_model(folder, start.backbone_name, train, size)
    if saved:
        return saved[:2]
    print("phase 2 has left no fitting model here: a short fine-tuning, half of notebook 03's")
    model = copy.deepcopy(start).unfreeze(last_n_blocks=2 * start.num_blocks // 3)
    rate = config["learning_rate"] / 10
    history = fine_tune(
        model,
        train.with_transform(train_transform(size)),
        val.with_transform(eval_transform(size)),
        [EarlyStopping("val_loss", patience=5)],
        int(np.clip(images // len(train), 1, 10)),
        rate,
        seed=seed,
    )
    same = {key: config[key] for key in ("classes", "size", "train_digest")}
    save_model(folder, model, {**same, "learning_rate": rate})
    history.to_csv(folder)
    return load_model(folder)


def panorama_model(
    folder: str | Path,
    backbone: str,
    train: MultilabelDataset,
    val: MultilabelDataset,
    size: tuple[int, int] = (320, 320),
    seed: int = 0,
) -> tuple[TransferModel, dict]:
    """The model of several labels that notebook 05 has saved in `folder`, or a shorter one.

    It is made anew where the folder holds none, or one of another backbone, size or training set.
    The shorter one is phase 1 and two epochs of fine-tuning, so it may be worse than notebook 05's.

    Args and returns: as of `phase1_model`, without the history.
    """
    saved = _fitting_model(folder, backbone, train, size)
    if saved:
        return saved[:2]
    print("notebook 05 has left no fitting model here: a short training, two epochs of phase 2")
    model = TransferModel(
        load_backbone(backbone), len(train.classes), task="multilabel", seed=seed
    ).freeze()
    parts = {"train": train, "val": val}
    features = frozen_features(model, parts, size, views=(1,), **LANDSCAPES)
    early = EarlyStopping("val_loss", patience=10)
    train_head(model, features["train"], features["val"], [early], seed=seed)
    early.reset(patience=5)
    history = fine_tune(
        model.unfreeze(last_n_blocks=2 * model.num_blocks // 3),
        train.with_transform(train_transform(size, **LANDSCAPES)),
        val.with_transform(eval_transform(size)),
        [early, Mixup(alpha=0.2)],
        2,
        seed=seed,
    )
    config = {"classes": train.classes, "size": size, "train_digest": train.digest}
    save_model(folder, model, {**config, "learning_rate": FINE_TUNE_RATE})
    history.to_csv(folder)
    return load_model(folder)


def _fitting_model(
    folder: str | Path, backbone: str, train: ImageDataset, size: tuple[int, int]
) -> tuple[TransferModel, dict, History] | None:
    """Model, config and history from `folder`, if they are of this backbone, size and training."""
    try:
        model, config = load_model(folder)
        made_of = (config["backbone"], tuple(config["size"]), config["train_digest"])
        if made_of == (backbone, tuple(size), train.digest):
            return model, config, History.from_csv(folder)
    except (ModelError, FileNotFoundError, KeyError):
        pass
    return None
