"""How hard are the rendered drones, and do they mean anything outside? Four figures, measured.

    python -m data_scripts.measure_drones              # writes Save_Model/drones/difficulty.json
    python -m data_scripts.measure_drones --seed 1     # on data of another seed, made for it

1. colour: logistic regression on a colour histogram. Near chance, or backgrounds give it away.
2. frozen: logistic regression on frozen ImageNet features. Neither hopeless nor solved.
3. fine_tuned: phase 1, then phase 2 as in notebook 03. Clearly better.
4. outside: the fine-tuned model on real photos, its three drone classes counted as one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from data_scripts.render_drones import render_dataset
from helpers.course import ROOT
from helpers.data.datasets import ImageFolderDataset, make_loader
from helpers.data.images import read_image
from helpers.data.splits import load_splits
from helpers.data.transforms import eval_transform, train_transform
from helpers.evaluation.metrics import accuracy
from helpers.models.features import compute_features
from helpers.models.transfer import TransferModel
from helpers.training.callbacks import EarlyStopping, Progress
from helpers.training.phases import phase1_model
from helpers.training.recipes import fine_tune
from helpers.training.trainer import Trainer

SIZE = (224, 224)


def colour_histogram(image: np.ndarray, bins: int = 8) -> np.ndarray:
    """uint8 RGB (H, W, 3) to the square root of its colours' shares, shape (bins³,)."""
    cells = (image.reshape(-1, 3) // (256 // bins)).astype(np.int64) @ [bins * bins, bins, 1]
    return np.sqrt(np.bincount(cells, minlength=bins**3) / len(cells))


def probe(train: tuple, test: tuple, seed: int = 0) -> float:
    """Test accuracy of standardised logistic regression; each side is (rows (N, D), labels)."""
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000, random_state=seed))
    return float(judge.fit(*train).score(*test))


def colour_accuracy(splits: dict[str, ImageFolderDataset]) -> float:
    """Figure 1."""
    rows = {
        name: np.stack([colour_histogram(read_image(path)) for path in splits[name].paths])
        for name in ("train", "test")
    }
    return probe((rows["train"], splits["train"].labels), (rows["test"], splits["test"].labels))


def frozen_accuracy(model: TransferModel, splits: dict[str, ImageFolderDataset]) -> float:
    """Figure 2, on plainly squashed images."""
    plain = eval_transform(SIZE, model.mean, model.std)
    kept = {
        name: compute_features(model, splits[name].with_transform(plain))
        for name in ("train", "test")
    }
    sides = [(data.features[0].numpy(), data.labels.numpy()) for data in kept.values()]
    return probe(*sides)


def logits_of(model: TransferModel, data: ImageFolderDataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, C) and labels (N,) of images without augmentation, on the CPU."""
    plain = data.with_transform(eval_transform(SIZE, model.mean, model.std))
    return Trainer(model, nn.CrossEntropyLoss()).predict(make_loader(plain))


def outside_accuracy(model: TransferModel, classes: list[str], photos: Path) -> dict[str, float]:
    """Figure 4: real photos in `bird` and `drone` folders; chance is 0.5 on each class."""
    data = ImageFolderDataset(photos, classes=["bird", "drone"])
    logits, labels = logits_of(model, data)
    says_drone = logits.softmax(dim=1)[:, classes.index("flying_bird")] < 0.5
    right = says_drone == (labels == 1)
    return {
        "outside": right.float().mean().item(),
        "outside_bird": right[labels == 0].float().mean().item(),
        "outside_drone": right[labels == 1].float().mean().item(),
        "outside_images": len(labels),
    }


def measure(folder: Path, seed: int, epochs: int, photos: Path) -> dict[str, float]:
    """All figures on the data in `folder`; the last one where the real photos are there."""
    splits = load_splits(folder, seed=seed)
    classes = splits["train"].classes
    figures: dict[str, float] = {"images": sum(map(len, splits.values())), "chance": 0.25}
    figures["colour"] = colour_accuracy(splits)
    print(f"colour histogram: {figures['colour']:.3f}")
    with tempfile.TemporaryDirectory() as scratch:
        model, _, _ = phase1_model(
            scratch, "efficientnet_lite0", splits["train"], splits["val"], SIZE, seed=seed
        )
    figures["frozen"] = frozen_accuracy(model, splits)
    figures["adapted"] = accuracy(*logits_of(model, splits["test"]))
    print(f"frozen features: {figures['frozen']:.3f}, phase 1: {figures['adapted']:.3f}")
    if epochs:
        callbacks = [EarlyStopping("val_loss", patience=5), Progress()]
        train = splits["train"].with_transform(train_transform(SIZE, model.mean, model.std))
        val = splits["val"].with_transform(eval_transform(SIZE, model.mean, model.std))
        fine_tune(model.unfreeze(), train, val, callbacks, epochs, seed=seed)
        figures["fine_tuned"] = accuracy(*logits_of(model, splits["test"]))
        print(f"fine-tuned: {figures['fine_tuned']:.3f}")
    if epochs and photos.is_dir():
        figures.update(outside_accuracy(model, classes, photos))
        print(f"outside: {figures['outside']:.3f}")
    elif epochs:
        print(f"outside: not measured, {photos} is missing (python -m data_scripts.fetch_drones)")
    return {key: round(value, 4) for key, value in figures.items()}


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of data and training; default 0")
    parser.add_argument("--epochs", type=int, default=7, help="of fine-tuning; 0 leaves it out")
    parser.add_argument("--out", type=Path, default=ROOT / "Save_Model/drones/difficulty.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = ROOT / "data" / "rendered" / "drones"
        if options.seed != 0 or not folder.is_dir():
            folder = render_dataset(Path(scratch) / "drones", seed=options.seed)
        photos = ROOT / "data" / "real" / "drones" / "test"
        figures = measure(folder, options.seed, options.epochs, photos)
    kept = json.loads(options.out.read_text()) if options.out.exists() else {}
    kept[f"seed {options.seed}"] = figures
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(kept, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
