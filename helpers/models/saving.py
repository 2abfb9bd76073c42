"""A model in a folder, with all that one must know to use it: saved, loaded, shown a photo."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from helpers.data.images import as_rgb, read_image
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import Transform, eval_transform
from helpers.errors import ModelError, last_line
from helpers.files import write_files
from helpers.models.backbones import BackboneError, load_backbone
from helpers.models.config import bins, checked, read_config
from helpers.models.inference import evaluating, finite
from helpers.models.seeding import seeded
from helpers.models.transfer import TransferModel

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"


def save_model(folder: str | Path, model: TransferModel, config: dict) -> Path:
    """Write `model.safetensors` and `config.json`: all that `load_model` needs.

    Args:
        folder: made if missing; an earlier model in it is replaced, each file as a whole.
        model: its weights, architecture and normalisation are stored.
        config: must hold "classes" (names, one per output) and "size" (height, width of the images
            it was trained on, or their ShapeRule); may hold "crop" (True where images were cropped,
            not squashed), "thresholds" (of probability, one per label; 0.5 else), "temperature" (by
            which logits are divided; 1 else) and anything else that JSON can keep, such as learning
            rates. What the model itself knows, such as its backbone, is taken from the model.

    Raises: ModelError where config does not fit the model; then nothing is written.
    """
    state = {key: value.contiguous().cpu() for key, value in model.state_dict().items()}
    features = [key for key in state if key.startswith("features.")]
    if set(state) - set(features) != {"head.1.weight", "head.1.bias"}:
        raise ModelError(
            "the head is not the one that TransferModel makes, so load_model could not rebuild it; "
            "keep such a model with torch.save(model.state_dict(), path)."
        )
    description = {
        **config,
        **_preparation(config),
        **_answers(config, model),
        "backbone": model.backbone_name,
        "weights": model.weights_source,
        "pooling": model.pooling,
        "levels": list(model.pool.levels),
        "dropout": model.dropout,
        "task": model.task,
        "mean": list(model.mean),
        "std": list(model.std),
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("torch", "torchvision", "timm", "albumentations")
        },
    }
    weights = save(state)
    description["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    try:
        text = json.dumps(description, default=_plain)
        content = json.loads(text, parse_constant=lambda name: None)  # JSON has no NaN
        text = json.dumps(checked(content), indent=2) + "\n"
    except (TypeError, ValueError) as error:
        if isinstance(error, ModelError):
            raise ModelError(f"config does not fit: {error}.") from None
        raise ModelError(f"config cannot be kept as JSON ({error}); give plain numbers.") from None
    folder = Path(folder)
    write_files({folder / WEIGHTS_FILE: weights, folder / CONFIG_FILE: text})
    return folder


def _plain(value: Any) -> Any:
    """What JSON can keep of a value of numpy or torch."""
    return value.tolist() if hasattr(value, "tolist") else float(value)


def _preparation(config: dict) -> dict:
    """How images are prepared, as JSON keeps it: `transform_from_config` reads it."""
    size: Any = config.get("size")
    try:
        rule = ShapeRule(**size) if isinstance(size, dict) else size
        if isinstance(rule, ShapeRule):
            return {"size": asdict(rule)}
        height, width = (int(side) for side in size)
    except (TypeError, ValueError):
        raise ModelError(
            f"config's 'size' is {size!r}: give (height, width) or a ShapeRule; a model saved "
            "without it cannot be used."
        ) from None
    return {"size": [height, width]}


def _answers(config: dict, model: TransferModel) -> dict:
    """The names of the outputs, and the thresholds above which a label is answered with yes."""
    temperature = config.get("temperature", 1.0)
    if not isinstance(temperature, int | float) or not 0 < temperature < float("inf"):
        raise ModelError(f"config's 'temperature' is {temperature!r}; give a number above 0.")
    classes = [str(name) for name in config.get("classes", ())]
    if len(classes) != model.num_classes:
        raise ModelError(f"config names {len(classes)} classes, the model has {model.num_classes}.")
    if model.task != "multilabel":
        return {"classes": classes, "thresholds": None, "temperature": float(temperature)}
    thresholds = config.get("thresholds")
    thresholds = [0.5] * len(classes) if thresholds is None else [float(t) for t in thresholds]
    if len(thresholds) != len(classes):
        raise ModelError(f"config has {len(thresholds)} thresholds for {len(classes)} labels.")
    return {"classes": classes, "thresholds": thresholds, "temperature": float(temperature)}


def load_model(folder: str | Path) -> tuple[TransferModel, dict]:
    """Rebuild what `save_model` wrote, from the folder alone; no ImageNet weights are fetched.

    Nothing is built before the config has been checked field by field and compared with the
    weights' header and SHA-256 (which models of older versions lack).

    Returns: the model in eval mode, on the CPU, and its config.
    Raises: ModelError naming the file that is missing, damaged or does not fit.
    """
    folder = Path(folder)
    weights, description = folder / WEIGHTS_FILE, folder / CONFIG_FILE
    for path in (description, weights):
        if not path.is_file():
            raise ModelError(f"{path}: missing; {folder} holds no saved model.")
    config = read_config(description)
    state = _read_weights(weights, config)
    try:
        with seeded(0):  # numbers that the saved ones replace
            backbone = load_backbone(config["backbone"], pretrained=False)
            backbone.mean, backbone.std = tuple(config["mean"]), tuple(config["std"])
            backbone.weights = config["weights"]
            options = {key: config[key] for key in ("pooling", "dropout", "task", "levels")}
            model = TransferModel(backbone, len(config["classes"]), **options)
    except (BackboneError, ValueError) as error:
        raise ModelError(f"{description}: not a model's config ({last_line(error)}).") from None
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"{weights}: damaged, or not what {CONFIG_FILE} describes ({last_line(error)})."
        ) from None
    return model.eval(), config


def _read_weights(path: Path, config: dict) -> dict[str, torch.Tensor]:
    """The weights, if they are those that the config describes."""
    try:
        with safe_open(path, framework="pt") as file:
            classes, inputs = file.get_slice("head.1.weight").get_shape()
    except (SafetensorError, ValueError, OSError) as error:
        raise ModelError(
            f"{path}: damaged, or not what {CONFIG_FILE} describes ({last_line(error)})."
        ) from None
    if classes != len(config["classes"]) or inputs % bins(config):
        raise ModelError(
            f"{path}: damaged, or not what {CONFIG_FILE} describes (its head has {classes} outputs "
            f"and {inputs:,} inputs)."
        )
    content = path.read_bytes()
    if config.get("weights_sha256") not in (None, hashlib.sha256(content).hexdigest()):
        raise ModelError(
            f"{path}: not the weights that {CONFIG_FILE} describes (another SHA-256): damaged, or "
            "of another model; copy both files again, or save the model again."
        )
    try:
        state = load(content)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: damaged ({last_line(error)}).") from None
    broken = [key for key, value in state.items() if not value.isfinite().all()]
    if broken:
        raise ModelError(
            f"{path}: {broken[0]} holds numbers that are not finite: damaged, or its training has "
            "diverged; train the model again."
        )
    return state


def transform_from_config(config: dict) -> Transform:
    """The transform that prepares an image for the model of this config (see `load_model`)."""
    size = config["size"]
    size = ShapeRule(**size) if isinstance(size, dict) else tuple(size)
    return eval_transform(size, crop=config.get("crop", False))


def predict_photo(
    model: TransferModel, config: dict, photo: str | Path | np.ndarray | Image.Image
) -> pd.DataFrame:
    """A saved model's answer for one photo.

    Args:
        model, config: from `load_model`.
        photo: a file, or what `as_rgb` takes: a Pillow image, or an array (H, W, 3) or (H, W).

    Returns: a row per class with its probability and the answer: yes for the most probable one, or,
        where several labels may hold, for each at or above its threshold (a column then too).
    Raises: ImageError for a file that is no readable image, or an array that is none; ModelError
        for an answer that is no number.
    """
    image = read_image(photo) if isinstance(photo, str | Path) else as_rgb(photo)
    with evaluating(model), torch.no_grad():
        logits = finite(model(transform_from_config(config)(image)[None]).cpu())
    probabilities = model.probabilities(logits / (config.get("temperature") or 1.0))[0].numpy()
    table = pd.DataFrame({"probability": probabilities}, index=config["classes"])
    if model.task == "multilabel":
        table["threshold"] = config["thresholds"]
        holds = probabilities >= table["threshold"]
    else:
        holds = np.arange(len(probabilities)) == probabilities.argmax()
    table["answer"] = np.where(holds, "yes", "no")
    return table
