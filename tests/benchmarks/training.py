"""Training on images of any size: against batches of one image, and against squares."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from helpers.batching import (
    PIXEL_BUDGET,
    ShapeRule,
    SizeBucketBatchSampler,
    make_bucket_loader,
)
from torch import nn

from helpers.data.datasets import ImageFolderDataset, make_loader
from helpers.data.transforms import AUGMENTATIONS, train_transform
from helpers.evaluation.metrics import multiclass_metrics
from helpers.models.features import compute_features
from helpers.models.transfer import TransferModel
from helpers.training.recipes import FINE_TUNE_RATE, HEAD_RATE, LABEL_SMOOTHING, train_head
from helpers.training.trainer import Trainer
from tests.benchmarks.timing import Outcome, Shown, details, take_turns

RULE = ShapeRule(min_side=160, max_pixels=224 * 224)  # on average about as many as the squares'
SQUARE = (224, 224)
HEAD_EPOCHS = 10
# A quarter turn would give an image of a batch another shape, so no way has it.
AUGMENTED = tuple(name for name in AUGMENTATIONS if name != "rotate90")


def parts_of_an_epoch(
    dataset: ImageFolderDataset, batches: int, rounds: int, budget: int = PIXEL_BUDGET
) -> list[ImageFolderDataset]:
    """The images of the first `batches` size buckets of an epoch, of the next ones, and so on.

    A round is thus shorter than an epoch, while its batches are as full as an epoch's. Where the
    epoch ends, its beginning comes again.
    """
    sampler = SizeBucketBatchSampler(dataset.shapes, budget, shuffle=True)
    all_batches = sampler.batches(rank=0)
    parts = []
    for number in range(rounds):
        turn = range(number * batches, (number + 1) * batches)
        chosen = [all_batches[i % len(all_batches)] for i in turn]
        parts.append(dataset.subset(np.unique(np.concatenate(chosen)).tolist()))
    return parts


def fine_tuning(
    make_model: Callable[[], TransferModel],
    dataset: ImageFolderDataset,
    rounds: int,
    batches: int,
    budget: int = PIXEL_BUDGET,
) -> list[Outcome]:
    """Everything unfrozen: size buckets, batches of one image, and squares of 224 x 224.

    Args:
        make_model: makes a fresh model with a pyramid.
        dataset: images, without transform.
        rounds: to keep; one more warms up.
        batches: of size buckets in a round.
        budget: pixels in a batch, of buckets and of squares.
    """
    models = {name: make_model().unfreeze() for name in ("buckets", "one by one", "squares")}
    shown = {name: _count(model) for name, model in models.items()}
    criterion = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    first = models["buckets"]
    any_size = dataset.with_transform(train_transform(RULE, first.mean, first.std, AUGMENTED))
    squares = train_transform(SQUARE, first.mean, first.std, AUGMENTED)
    parts = parts_of_an_epoch(any_size, batches, rounds + 1, budget)

    trainers = {
        name: Trainer(
            models[name],
            criterion,
            _optimizer(models[name], FINE_TUNE_RATE),
            metrics=multiclass_metrics(first.num_classes),
        )
        for name in ("buckets", "squares")
    }
    plain, device = plain_form(models["one by one"]), trainers["buckets"].accelerator.device
    plain.to(device)
    plain_optimizer = _optimizer(plain, FINE_TUNE_RATE)

    def in_buckets(number: int) -> None:
        loader = make_bucket_loader(parts[number], budget, shuffle=True)
        trainers["buckets"].fit(loader, None, max_epochs=number + 1)

    def one_by_one(number: int) -> None:
        part = parts[number]
        part.set_epoch(number + 1)  # the same views as in the buckets
        models["one by one"].train()
        train_one_by_one(plain, criterion, plain_optimizer, part, device)

    def in_squares(number: int) -> None:
        loader = make_loader(
            parts[number].with_transform(squares), budget // (SQUARE[0] * SQUARE[1]), shuffle=True
        )
        trainers["squares"].fit(loader, None, max_epochs=number + 1)

    ways = {"buckets": in_buckets, "one by one": one_by_one, "squares": in_squares}
    runs = take_turns(ways, rounds, shown)
    told = details(runs)
    speed = [r["one by one"].seconds / r["buckets"].seconds for r in runs]
    megapixels = [
        (r["buckets"].pixels / r["buckets"].seconds) / (r["squares"].pixels / r["squares"].seconds)
        for r in runs
    ]
    return [
        Outcome(
            "fine-tuning, buckets / one by one",
            "images per second of an epoch's parts, loading included, all layers learning: size "
            "buckets in the course's loop, over a plain loop of batch size 1 in the default memory "
            "format; same images, shapes, augmented views, model, loss and optimizer",
            1.7,
            speed,
            details=told,
        ),
        Outcome(
            "fine-tuning, buckets / squares",
            "megapixels per second, loading included: size buckets over batches of 224 x 224, both "
            "in the course's loop, with the same images, model and budget of pixels per batch",
            0.9,
            megapixels,
            details={"see": "fine-tuning, buckets / one by one", "budget_pixels": budget},
        ),
    ]


def adaptation(
    make_model: Callable[[], TransferModel],
    dataset: ImageFolderDataset,
    rounds: int,
    batches: int,
    budget: int = PIXEL_BUDGET,
    views: Sequence[int] = (0,),
    wanted: float = 8.0,
    epochs: int = HEAD_EPOCHS,
) -> Outcome:
    """The backbone frozen, a new classifier: features computed once, or batches of one image.

    Arguments as for `fine_tuning`; `epochs` are those that the classifier learns for. With one view
    images are not augmented, and both ways show the classifier the same; with several, the plain
    loop augments anew in each epoch.
    """
    models = {name: make_model().freeze() for name in ("features once", "one by one")}
    shown = {name: _count(model) for name, model in models.items()}
    first, device = models["features once"], _device()
    augmented = AUGMENTED if len(views) > 1 else ()
    any_size = dataset.with_transform(train_transform(RULE, first.mean, first.std, augmented))
    parts = parts_of_an_epoch(any_size, batches, rounds + 1, budget)
    plain = plain_form(models["one by one"]).to(device)
    optimizer = _optimizer(models["one by one"].head, HEAD_RATE)
    criterion = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)

    def once(number: int) -> None:
        features = compute_features(first, parts[number], views, budget // (224 * 224))
        # The recipe wants something to validate on; the other way is spared that.
        train_head(first, features, features, [], max_epochs=epochs)

    def one_by_one(number: int) -> None:
        parts[number].set_epoch(views[0])
        models["one by one"].train()
        train_one_by_one(plain, criterion, optimizer, parts[number], device)

    runs = take_turns({"features once": once, "one by one": one_by_one}, rounds, shown)
    what = f"{len(views)} augmented views" if augmented else "no augmentation"
    return Outcome(
        f"adaptation, {epochs} epochs, {what}",
        f"seconds for {epochs} epochs of a new classifier on a frozen backbone, loading included: "
        f"a plain loop of batch size 1, over features computed once ({what}) and the classifier "
        "trained (and validated) on them. Of the plain loop one epoch is measured and taken "
        f"{epochs} times",
        wanted,
        [epochs * r["one by one"].seconds / r["features once"].seconds for r in runs],
        details={**details(runs), "epochs": epochs, "views": len(views), "epochs_one_by_one": 1},
    )


def train_one_by_one(
    model: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    dataset: ImageFolderDataset,
    device: torch.device,
) -> float:
    """An epoch as tutorials on pyramid pooling write it: each image is a batch. The mean loss."""
    total = 0.0
    for images, labels in make_loader(dataset, batch_size=1, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(dataset)


def plain_form(model: TransferModel) -> nn.Sequential:
    """The same layers in PyTorch's default memory format; modes are still the model's to set."""
    layers = nn.Sequential(model.features, model.pool, model.head)
    return layers.to(memory_format=torch.contiguous_format)


def model_maker(backbone, num_classes: int) -> Callable[[], TransferModel]:
    """Makes equal models with a pyramid, each with a copy of the backbone of its own."""

    def make() -> TransferModel:
        torch.manual_seed(0)
        return TransferModel(copy.deepcopy(backbone), num_classes, pooling="spp")

    return make


def _optimizer(model: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)


def _count(model: TransferModel) -> Shown:
    counter = Shown()
    model.features.register_forward_pre_hook(counter)
    return counter


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
