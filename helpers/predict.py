"""One photo in, answers out: what a saved model needs around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.batching import ShapeRule
from helpers.images import read_image
from helpers.models import TransferModel
from helpers.transforms import Transform, eval_transform


def view_of(config: dict) -> Transform:
    """The transform that prepares an image for the model of this config (see `load_model`)."""
    size = config["size"]
    size = ShapeRule(**size) if isinstance(size, dict) else tuple(size)
    return eval_transform(size, config["mean"], config["std"])


def predict_photo(
    model: TransferModel, config: dict, photo: str | Path | np.ndarray
) -> pd.DataFrame:
    """What a saved model says of one photo.

    Args:
        model, config: from `load_model`.
        photo: a file, or uint8 (H, W, 3), RGB.

    Returns: a row per class with its probability and the answer: yes for the most probable one, or,
        where several labels may hold, for each at or above its threshold (a column then too).
    Raises: ImageError for a file that is no readable image.
    """
    image = photo if isinstance(photo, np.ndarray) else read_image(photo)
    chances = model.predict(view_of(config)(image)[None])[0].numpy()
    table = pd.DataFrame({"probability": chances}, index=config["classes"])
    if model.task == "multilabel":
        table["threshold"] = config["thresholds"]
        said = chances >= table["threshold"]
    else:
        said = chances == chances.max()
    table["answer"] = np.where(said, "yes", "no")
    return table
