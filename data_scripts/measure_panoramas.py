"""How hard are the rendered panoramas? Three figures, measured on clean test labels.

    python -m data_scripts.measure_panoramas           # Save_Model/panoramas/difficulty.json
    python -m data_scripts.measure_panoramas --seed 1  # on data of another seed, made for it

Each is mAP: average precision, the mean over the labels. Training labels hold their errors.
1. colour: logistic regression on a colour histogram. Well below the others, or colour alone tells.
2. frozen: logistic regression on frozen ImageNet features. Neither hopeless nor solved.
3. fine_tuned: the whole network, trained for a few epochs. Clearly better.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import Dataset

from data_scripts.measure_drones import SIZE, colour_histogram
from data_scripts.panoramas.scenes import LABELS
from data_scripts.render_panoramas import SPLITS, TABLES, render_dataset
from helpers.course import ROOT
from helpers.data.datasets import make_loader
from helpers.data.images import read_image
from helpers.data.transforms import Transform, eval_transform
from helpers.models.backbones import load_backbone
from helpers.models.transfer import TransferModel
from helpers.training.callbacks import LearningRateSchedule, Progress
from helpers.training.recipes import FINE_TUNE_RATE, HEAD_FACTOR
from helpers.training.trainer import Trainer

BACKBONE = "efficientnet_lite0"
PENALTY = 0.01  # C of the regression on features: more columns than rows, and wrong labels


class LabelledImages(Dataset):
    """A split's images, squashed once and kept, with labels as float (L,).

    transform: from an image of SIZE (uint8) to a tensor.
    """

    def __init__(self, folder: Path, split: str, transform: Transform, seed: int = 0):
        self.paths, self.labels = read_table(folder, split)
        self.transform, self.seed, self.epoch = transform, seed, 0
        squash = Transform(SIZE)
        self.images = [squash(read_image(path)) for path in self.paths]

    def set_epoch(self, epoch: int) -> None:
        """Choose the augmented view."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        view = self.transform(self.images[index], seed=(self.seed, self.epoch, index))
        return view, torch.from_numpy(self.labels[index])


def read_table(folder: Path, split: str) -> tuple[list[Path], np.ndarray]:
    """Paths and labels (N, L) float32 of a split."""
    with (folder / TABLES[split]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = np.array([[float(row[label]) for label in LABELS] for row in rows], np.float32)
    return [folder / split / row["filename"] for row in rows], labels


def average_precisions(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Average precision of each label, and their mean as "mAP", from scores (N, L)."""
    each = {
        name: float(average_precision_score(labels[:, k], scores[:, k]))
        for k, name in enumerate(LABELS)
    }
    return {"mAP": float(np.mean(list(each.values()))), **each}


def probe(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], penalty: float = 1.0
) -> dict[str, float]:
    """A standardised logistic regression per label; each side is rows (N, D) and labels (N, L)."""
    columns = []
    for wanted in train[1].T:
        judge = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=3000))
        columns.append(judge.fit(train[0], wanted).decision_function(test[0]))
    return average_precisions(np.stack(columns, axis=1), test[1])


def features_of(model: TransferModel, data: LabelledImages) -> np.ndarray:
    """Average-pooled features (N, D) of a frozen backbone."""
    with torch.no_grad():
        return np.concatenate([model.embed(x).cpu().numpy() for x, _ in make_loader(data, 32)])


def fine_tuned_scores(
    model: TransferModel, train: LabelledImages, test: LabelledImages, epochs: int, seed: int
) -> np.ndarray:
    """Logits (N, L) on test after training the whole network at phase 2's rates."""
    groups = model.unfreeze().parameter_groups(FINE_TUNE_RATE, head_factor=10 * HEAD_FACTOR)
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    callbacks = [LearningRateSchedule(), Progress()]
    trainer = Trainer(model, nn.BCEWithLogitsLoss(), optimizer, callbacks, seed=seed)
    trainer.fit(make_loader(train, 16, shuffle=True, seed=seed), None, epochs)
    return trainer.predict(make_loader(test, 32))[0].numpy()


def measure(folder: Path, seed: int, epochs: int) -> dict:
    """All figures on the data in `folder`, and how often each label occurs."""
    torch.manual_seed(seed)
    model = TransferModel(load_backbone(BACKBONE), len(LABELS), task="multilabel").freeze()
    plain = eval_transform(SIZE, model.mean, model.std)
    train, test = (LabelledImages(folder, split, plain, seed) for split in SPLITS)
    figures = {"images": len(train) + len(test)}
    figures["share"] = dict(zip(LABELS, test.labels.mean(axis=0).tolist(), strict=True))
    rows = [np.stack([colour_histogram(image) for image in data.images]) for data in (train, test)]
    figures["colour"] = probe((rows[0], train.labels), (rows[1], test.labels))
    print(f"colour histogram: {figures['colour']['mAP']:.3f}")
    rows = [features_of(model, data) for data in (train, test)]
    figures["frozen"] = probe((rows[0], train.labels), (rows[1], test.labels), PENALTY)
    print(f"frozen features: {figures['frozen']['mAP']:.3f}")
    if epochs:
        train.transform = Transform(SIZE, ["mirror"], model.mean, model.std)
        scores = fine_tuned_scores(model, train, test, epochs, seed)
        figures["fine_tuned"] = average_precisions(scores, test.labels)
        print(f"fine-tuned: {figures['fine_tuned']['mAP']:.3f}")
    return rounded(figures)


def rounded(figures: dict) -> dict:
    return {
        key: rounded(value) if isinstance(value, dict) else round(value, 4)
        for key, value in figures.items()
    }


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of data and training; default 0")
    parser.add_argument("--epochs", type=int, default=3, help="of fine-tuning; 0 leaves it out")
    parser.add_argument("--folder", type=Path, help="of data that is there already")
    parser.add_argument("--out", type=Path, default=ROOT / "Save_Model/panoramas/difficulty.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder
        if folder is None:
            folder = ROOT / "data" / "rendered" / "panoramas"
            if options.seed != 0 or not folder.is_dir():
                folder = render_dataset(Path(scratch) / "panoramas", seed=options.seed)
        figures = measure(folder, options.seed, options.epochs)
    kept = json.loads(options.out.read_text()) if options.out.exists() else {}
    kept[f"seed {options.seed}"] = figures
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(kept, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
