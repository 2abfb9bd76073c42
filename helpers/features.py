"""Features of a frozen backbone, computed once: the head then trains in seconds, not minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

from helpers.batching import make_bucket_loader
from helpers.datasets import make_loader
from helpers.image_dataset import ImageDataset
from helpers.models import TransferModel


@dataclass
class FeatureDataset(Dataset):
    """Pooled features of several augmented views of a data set; epoch e shows view e modulo V.

    features: float32 (V, N, D); labels: int64 (N,), or float (N, L) for several labels.
    Items are (features (D,), label) of the current view.
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


def loader_for(
    dataset: ImageDataset,
    batch_size: int = 16,
    shuffle: bool = False,
    seed: int = 0,
    workers: int = 0,
) -> DataLoader:
    """Plain batches of images of one size, or size buckets of about as many pixels."""
    if dataset.any_size:
        return make_bucket_loader(dataset, batch_size * 224 * 224, shuffle, seed, workers)
    return make_loader(dataset, batch_size, shuffle, seed, workers)


def compute_features(
    model: TransferModel,
    dataset: ImageDataset,
    views: Sequence[int] = (0,),
    batch_size: int = 16,
    workers: int = 0,
) -> FeatureDataset:
    """Pooled backbone features of each image, for each augmented view.

    View number v is what the data set shows in epoch v, so a head trained on these sees what the
    plain loop would show it (up to the number of views, then they repeat).

    Args:
        model: its backbone is used as it is, in eval mode.
        dataset: images with a tensor transform.
        views: epoch numbers; one is enough where the transform does not augment.
        batch_size: images, of 224 x 224 where they are of any size (see `make_bucket_loader`).
        workers: processes that load images.

    Returns: features of shape (len(views), N, D), on the CPU.
    """
    accelerator = Accelerator()
    model.to(accelerator.device)
    was_training, epoch = model.training, dataset.epoch
    model.eval()
    stacked = []
    with torch.no_grad():
        for view in views:
            dataset.set_epoch(view)
            loader, back = loader_for(dataset, batch_size, workers=workers), slice(None)
            if dataset.any_size:
                back = torch.from_numpy(loader.batch_sampler.order).argsort()
            stacked.append(torch.cat([model.embed(images).cpu() for images, _ in loader])[back])
    dataset.set_epoch(epoch)
    model.train(was_training)
    return FeatureDataset(torch.stack(stacked), torch.as_tensor(dataset.labels))
