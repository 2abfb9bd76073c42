"""Features of a frozen backbone, computed once: the head then trains in seconds, not minutes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.utils.data import Dataset

from helpers.datasets import ImageFolderDataset, make_loader
from helpers.models import TransferModel


@dataclass
class FeatureDataset(Dataset):
    """Pooled features of several augmented views of a data set; epoch e shows view e modulo V.

    features: float32 (V, N, C); labels: int64 (N,), or float (N, L) for several labels.
    Items are (features (C,), label) of the current view.
    """

    features: torch.Tensor
    labels: torch.Tensor
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the view, as the images' own data set would."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.features.shape[1]

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.features[self.epoch % len(self.features), index], self.labels[index]


def compute_features(
    model: TransferModel,
    dataset: ImageFolderDataset,
    views: Sequence[int] = (0,),
    batch_size: int = 16,
    workers: int = 0,
    cache: str | Path | None = None,
) -> FeatureDataset:
    """Pooled backbone features of each image, for each augmented view.

    View number v is what the data set shows in epoch v, so a head trained on these sees what the
    plain loop would show it (up to the number of views, then they repeat).

    Args:
        model: its backbone is used as it is, in eval mode.
        dataset: images with a tensor transform.
        views: epoch numbers; one is enough where the transform does not augment.
        cache: folder to keep the result in; the same backbone, files and transform find it again.

    Returns: features of shape (len(views), N, C), on the CPU.
    """
    path = None
    if cache is not None:
        path = Path(cache) / f"features_{_fingerprint(model, dataset, views)}.safetensors"
        stored = _read(path)
        if stored is not None:
            return stored
    accelerator = Accelerator()
    model.to(accelerator.device)
    was_training, epoch = model.training, dataset.epoch
    model.eval()
    stacked = []
    with torch.no_grad():
        for view in views:
            dataset.set_epoch(view)
            loader = make_loader(dataset, batch_size, workers=workers)
            parts = [model.embed(images.to(accelerator.device)).cpu() for images, _ in loader]
            stacked.append(torch.cat(parts))
    dataset.set_epoch(epoch)
    model.train(was_training)
    result = FeatureDataset(torch.stack(stacked), torch.as_tensor(dataset.labels))
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"features": result.features, "labels": result.labels}, f"{path}.tmp")
        os.replace(f"{path}.tmp", path)
    return result


def _read(path: Path) -> FeatureDataset | None:
    try:
        return FeatureDataset(**load_file(path))
    except (FileNotFoundError, SafetensorError):  # a damaged file is computed again
        return None


def _fingerprint(model: TransferModel, dataset: ImageFolderDataset, views: Sequence[int]) -> str:
    digest = hashlib.sha256()
    for name, tensor in model.features.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    told = {
        "files": [report.sha256 for report in dataset.reports],
        "labels": torch.as_tensor(dataset.labels).tolist(),
        "transform": repr(dataset.transform),
        "pool": repr(model.pool),
        "seed": dataset.seed,
        "views": list(views),
    }
    digest.update(json.dumps(told).encode())
    return digest.hexdigest()[:16]
