"""Training on images of any size: size buckets against batches of one image, and squares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from helpers.data import (
    AUGMENTATIONS,
    ImageFolderDataset,
    ShapeRule,
    make_loader,
    train_transform,
)
from helpers.models import Backbone, TransferModel, compute_features
from helpers.models.inference import autocast
from helpers.training import (
    FINE_TUNE_RATE,
    HEAD_RATE,
    VIEWS,
    Trainer,
    criterion_for,
    metrics_for,
    train_head,
)
from tests.benchmarks.timing import Outcome, speeds, take_turns

RULE = ShapeRule(min_side=160, max_pixels=224 * 224)  # on average about as many as the squares'
SQUARE = (224, 224)
# A quarter turn would give an image of a batch another shape, so no way has it.
AUGMENTED = tuple(name for name in AUGMENTATIONS if name != "rotate90")
HEAD_EPOCHS = 10


def fine_tuning(
    make_model: Callable[[], TransferModel],
    dataset: ImageFolderDataset,
    rounds: int,
    batches: int,
    batch_size: int = 16,
) -> list[Outcome]:
    """Everything unfrozen: size buckets, batches of one image, and squares of 224 x 224.

    Args:
        make_model: makes a fresh model with a pyramid.
        dataset: images, without transform.
        rounds: to keep; one more warms up.
        batches: of size buckets in a round.
        batch_size: squares in a batch; a batch of buckets has as many pixels at most.
    """
    parts = parts_of_an_epoch(dataset, batches, rounds + 1, batch_size)
    squares = [part.with_transform(train_transform(SQUARE, AUGMENTED)) for part in parts]
    in_buckets, in_squares = (_trainer(make_model().unfreeze()) for _ in range(2))
    plain = make_model().unfreeze()
    optimizer = _optimizer(plain, FINE_TUNE_RATE)

    def one_by_one(number: int) -> None:
        parts[number].set_epoch(number + 1)  # the same views as in the buckets
        train_one_by_one(plain, optimizer, parts[number])

    def fit(trainer: Trainer, part: ImageFolderDataset) -> None:
        trainer.fit(make_loader(part, batch_size, shuffle=True), None, trainer.epoch + 1)

    seconds = take_turns(
        {
            "buckets": lambda number: fit(in_buckets, parts[number]),
            "one by one": one_by_one,
            "squares": lambda number: fit(in_squares, squares[number]),
        },
        rounds,
    )
    images = np.array([len(part) for part in parts[1:]])
    in_shapes, in_square = (
        np.array([part.shapes.prod(axis=1).sum() for part in each[1:]]) for each in (parts, squares)
    )
    megapixels = (in_shapes / seconds["buckets"]) / (in_square / seconds["squares"])
    return [
        Outcome(
            "fine-tuning, buckets / one by one",
            "images per second of an epoch's parts, loading included, all layers learning: size "
            "buckets in the course's loop, over a plain loop of batch size 1 in the default memory "
            "format; same images, shapes, augmented views, model, loss and optimizer",
            1.7,
            (seconds["one by one"] / seconds["buckets"]).tolist(),
            details=speeds(seconds, images),
        ),
        Outcome(
            "fine-tuning, buckets / squares",
            "megapixels per second, loading included: size buckets over batches of 224 x 224, both "
            "in the course's loop, with the same images, model and budget of pixels per batch",
            0.9,
            megapixels.tolist(),
            details={
                "see": "fine-tuning, buckets / one by one",
                "budget_pixels": batch_size * 224**2,
            },
        ),
    ]


def adaptation(
    make_model: Callable[[], TransferModel],
    dataset: ImageFolderDataset,
    rounds: int,
    batches: int,
    batch_size: int = 16,
    epochs: int = HEAD_EPOCHS,
) -> Outcome:
    """The backbone frozen, a new classifier: features computed once, or batches of one image.

    Arguments as for `fine_tuning`; `epochs` are those that the classifier learns for.
    """
    parts = parts_of_an_epoch(dataset, batches, rounds + 1, batch_size)
    model, plain = make_model().freeze(), make_model().freeze()
    optimizer = _optimizer(plain.head, HEAD_RATE)

    def once(number: int) -> None:
        features = compute_features(model, parts[number], VIEWS, batch_size)
        train_head(model, features, None, max_epochs=epochs)

    def one_by_one(number: int) -> None:
        train_one_by_one(plain, optimizer, parts[number])

    seconds = take_turns({"features once": once, "one by one": one_by_one}, rounds)
    what = f"{len(VIEWS)} augmented views"
    return Outcome(
        f"adaptation, {epochs} epochs, {what}",
        f"seconds for {epochs} epochs of a new classifier on a frozen backbone, loading included: "
        f"a plain loop of batch size 1, over features computed once ({what}) and the classifier "
        f"trained on them. Of the plain loop one epoch is measured and taken {epochs} times",
        4.0,
        (epochs * seconds["one by one"] / seconds["features once"]).tolist(),
        details={
            "seconds": {name: float(np.median(each)) for name, each in seconds.items()},
            "epochs": epochs,
            "views": len(VIEWS),
            "epochs_one_by_one": 1,
        },
    )


def parts_of_an_epoch(
    dataset: ImageFolderDataset, batches: int, rounds: int, batch_size: int = 16
) -> list[ImageFolderDataset]:
    """The augmented images of an epoch's first `batches` size buckets, of the next, and so on.

    A round is thus shorter than an epoch, while its batches are as full as an epoch's. Where the
    epoch ends, its beginning comes again.
    """
    any_size = dataset.with_transform(train_transform(RULE))
    whole = list(make_loader(any_size, batch_size, shuffle=True).batch_sampler)
    parts = []
    for first in range(0, rounds * batches, batches):
        indices = [whole[i % len(whole)] for i in range(first, first + batches)]
        parts.append(any_size.subset(np.unique(np.concatenate(indices)).tolist()))
    return parts


def train_one_by_one(
    model: TransferModel, optimizer: torch.optim.Optimizer, dataset: ImageFolderDataset
) -> None:
    """An epoch as tutorials on pyramid pooling write it: each image is a batch.

    Weights and images are in PyTorch's default memory format.
    """
    model.to(memory_format=torch.contiguous_format).train()
    criterion = criterion_for(model)
    for images, labels in DataLoader(dataset, shuffle=True):
        optimizer.zero_grad()
        images = model.normalise(images).contiguous()
        with autocast(images.device):  # the same precision as ours
            maps = model.features(images)
        loss = criterion(model.head(model.pool(maps.float())), labels.to(images.device))
        loss.backward()
        optimizer.step()
        loss.item()


def model_maker(backbone: Backbone, num_classes: int) -> Callable[[], TransferModel]:
    """Makes equal models with a pyramid, on the GPU if there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return lambda: TransferModel(backbone, num_classes, pooling="spp", seed=0).to(device)


def _trainer(model: TransferModel) -> Trainer:
    optimizer = _optimizer(model, FINE_TUNE_RATE)
    return Trainer(model, criterion_for(model), optimizer, metrics=metrics_for(model))


def _optimizer(model: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)
