"""A model in a folder, with all that one must know to use it: saved, loaded, shown a photo."""

from __future__ import annotations

import importlib.metadata
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from helpers.data.images import read_image
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import Transform, eval_transform
from helpers.errors import last_line
from helpers.models.backbones import load_backbone
from helpers.models.transfer import TransferModel

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"


class ModelError(ValueError):
    """A saved model that cannot be loaded, or a configuration that does not fit its model."""


def save_model(folder: str | Path, model: TransferModel, config: dict) -> Path:
    """Write `model.safetensors` and `config.json`: all that `load_model` needs.

    Args:
        folder: made if missing; an earlier model in it is replaced, never left half-written.
        model: its weights, architecture and normalisation are stored.
        config: must hold "classes" (names, one per output) and "size" (height, width of the images
            it was trained on, or their ShapeRule); may hold "crop" (True where images were cropped,
            not squashed), "thresholds" (one per label) and anything else that JSON can keep, such
            as learning rates.

    Raises: ModelError where config does not fit the model.
    """
    for key in ("classes", "size"):
        if key not in config:
            raise ModelError(f"config lacks {key!r}: a model saved without it cannot be used.")
    if len(config["classes"]) != model.num_classes:
        raise ModelError(
            f"config names {len(config['classes'])} classes, the model has {model.num_classes}."
        )
    state = {key: value.contiguous().cpu() for key, value in model.state_dict().items()}
    features = [key for key in state if key.startswith("features.")]
    if set(state) - set(features) != {"head.1.weight", "head.1.bias"}:
        raise ModelError(
            "the head is not the one that TransferModel makes, so load_model could not rebuild it; "
            "keep such a model with torch.save(model.state_dict(), path)."
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "backbone": model.backbone_name,
        "weights": model.weights_source,
        "pooling": model.pooling,
        "levels": list(model.pool.levels),
        "dropout": model.dropout,
        "task": model.task,
        "mean": list(model.mean),
        "std": list(model.std),
        "thresholds": [0.5] * model.num_classes if model.task == "multilabel" else None,
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("torch", "torchvision", "timm", "albumentations")
        },
    }
    size = config["size"]
    config = {**config, "size": asdict(size) if isinstance(size, ShapeRule) else list(size)}
    weights, description = folder / WEIGHTS_FILE, folder / CONFIG_FILE
    save_file(state, f"{weights}.tmp")
    Path(f"{description}.tmp").write_text(json.dumps({**described, **config}, indent=2) + "\n")
    os.replace(f"{weights}.tmp", weights)
    os.replace(f"{description}.tmp", description)
    return folder


def load_model(folder: str | Path) -> tuple[TransferModel, dict]:
    """Rebuild what `save_model` wrote, from the folder alone; no ImageNet weights are fetched.

    Returns: the model in eval mode, on the CPU, and its config.
    Raises: ModelError naming the file that is missing, damaged or does not fit.
    """
    folder = Path(folder)
    weights, description = folder / WEIGHTS_FILE, folder / CONFIG_FILE
    for path in (description, weights):
        if not path.is_file():
            raise ModelError(f"{path}: missing; {folder} holds no saved model.")
    try:
        config = json.loads(description.read_text())
        backbone = load_backbone(config["backbone"], pretrained=False)
        backbone.mean, backbone.std = tuple(config["mean"]), tuple(config["std"])
        backbone.weights = config["weights"]
        options = {key: config[key] for key in ("pooling", "dropout", "task", "levels")}
        model = TransferModel(backbone, len(config["classes"]), **options)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(f"{description}: not a model's config ({error!r}).") from None
    try:
        model.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"{weights}: damaged, or not what {CONFIG_FILE} describes ({last_line(error)})."
        ) from None
    return model.eval(), config


def transform_from_config(config: dict) -> Transform:
    """The transform that prepares an image for the model of this config (see `load_model`)."""
    size = config["size"]
    size = ShapeRule(**size) if isinstance(size, dict) else tuple(size)
    return eval_transform(size, crop=config.get("crop", False))


def predict_photo(
    model: TransferModel, config: dict, photo: str | Path | np.ndarray
) -> pd.DataFrame:
    """A saved model's answer for one photo.

    Args:
        model, config: from `load_model`.
        photo: a file, or uint8 (H, W, 3), RGB.

    Returns: a row per class with its probability and the answer: yes for the most probable one, or,
        where several labels may hold, for each at or above its threshold (a column then too).
    Raises: ImageError for a file that is no readable image.
    """
    image = photo if isinstance(photo, np.ndarray) else read_image(photo)
    probabilities = model.predict_proba(transform_from_config(config)(image)[None])[0].numpy()
    table = pd.DataFrame({"probability": probabilities}, index=config["classes"])
    if model.task == "multilabel":
        table["threshold"] = config["thresholds"]
        holds = probabilities >= table["threshold"]
    else:
        holds = probabilities == probabilities.max()
    table["answer"] = np.where(holds, "yes", "no")
    return table
