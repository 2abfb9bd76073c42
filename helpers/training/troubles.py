"""What goes wrong with a run, seen before it begins or told in a sentence when it happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import DataLoader

from helpers.data.image_dataset import ImageDataset
from helpers.errors import TrainingError, last_line

if TYPE_CHECKING:
    from helpers.training.trainer import Trainer

# PyTorch's messages, and what they mean for whoever trains.
MEANINGS = {
    r"Target -?\d+ is out of bounds": "a label is no number of an output ({0}): give the model an "
    "output for each class, numbered from 0.",
    r"Expected more than 1 value per channel": "a batch holds one image, and batch norm in "
    "training mode needs two: choose a batch size that leaves no single image over, or freeze it.",
    r"element 0 of tensors does not require grad": "nothing can learn: every parameter that the "
    "loss depends on is frozen; call unfreeze().",
    r"out of memory": "the device's memory is full: take smaller batches or pixel_budget.",
    r"Target size .* must be the same as input size": "the criterion wants targets of the outputs' "
    "shape ({0}).",
}


def check_run(trainer: Trainer, loaders: dict[str, DataLoader | None]) -> None:
    """Raise TrainingError for a run that could not train; `loaders` by what they are called."""
    groups = trainer.optimizer.param_groups
    if not any(parameter.requires_grad for group in groups for parameter in group["params"]):
        raise TrainingError(
            "nothing can learn: every parameter of the optimizer is frozen; call unfreeze(), or "
            "give it the head's parameters."
        )
    outputs = getattr(trainer.unwrapped_model, "num_classes", None)
    for name, loader in loaders.items():
        if loader is None:
            continue
        if len(loader) == 0:
            raise TrainingError(f"the {name} loader has no batches; add data.")
        data: Any = loader.dataset
        if isinstance(data, ImageDataset) and isinstance(data.labels, list) and outputs:
            highest = int(np.argmax(data.labels))
            if data.labels[highest] >= outputs:
                raise TrainingError(
                    f"{data.paths[highest]}: its label is {data.labels[highest]}, but the model "
                    f"has {outputs} outputs; give TransferModel as many as there are classes."
                )


def describe_run(trainer: Trainer, loader: DataLoader) -> dict[str, str | int]:
    """What must be the same for a resumed run to go on as if it had never stopped."""
    data: Any = loader.dataset
    return {
        "seed": trainer.seed,
        "training items": len(data),
        "batches an epoch": len(loader),
        "training data": str(getattr(data, "digest", "")),
    }


def explained(error: Exception) -> TrainingError | None:
    """The same in words of the course, if the cause is known."""
    text = str(error)
    for words, meaning in MEANINGS.items():
        if re.search(words, text) and not isinstance(error, TrainingError):
            return TrainingError(meaning.format(last_line(error).rstrip(".")))
    return None
