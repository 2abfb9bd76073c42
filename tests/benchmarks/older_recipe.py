"""The recipe of older courses beside this one's, on the same photos, for the same backbone.

    COURSE_DATA=real python -m tools.environment tests.benchmarks.older_recipe [--again]

The older recipe: a sigmoid inside the model and BCELoss; the backbone's weights frozen in phase 1
but its batch norm in train mode; AdamW at 1e-3, then all layers at 1e-5; squares of 224 pixels,
turned, cut out at random and mirrored. Early stopping is the same: patience 2, reset, patience 5.

Ours is not run here: its numbers are those that notebook 05 has left in the runs folder. All go to
Save_Model/panoramas/recipes.json. What is there of the older recipe, half an hour's work on two
cores, is used again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import torch
from torch import nn
from torchvision.transforms import v2

from data_scripts.tasks import data_folder
from helpers.course import ROOT, backbone_name, data_form, run_folder
from helpers.data.datasets import make_loader
from helpers.data.image_dataset import ImageDataset
from helpers.data.splits import load_multilabel_splits
from helpers.evaluation.calibration import scores
from helpers.models.backbones import Backbone, load_backbone
from helpers.training.callbacks import EarlyStopping, Progress
from helpers.training.trainer import Trainer

OUTPUT = ROOT / "Save_Model" / "panoramas" / "recipes.json"
SIZE, BATCH, SEED = 224, 32, 0
RATES, PATIENCE = (1e-3, 1e-5), (2, 5)
FIGURES = ("map", "micro_f1", "macro_f1", "exact_match", "hamming_loss", "bce")


class SquareView:
    """torchvision's usual square view of an image, augmented or not, decided by a seed."""

    def __init__(self, backbone: Backbone, augment: bool):
        cut = [v2.Resize(SIZE * 8 // 7), v2.CenterCrop(SIZE)]
        if augment:
            cut = [v2.RandomRotation(20), v2.RandomResizedCrop(SIZE), v2.RandomHorizontalFlip()]
        scaled = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(backbone.mean, backbone.std)]
        self.chain = v2.Compose([v2.ToImage(), *cut, *scaled])

    def __call__(self, image, seed=0):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(hash(tuple(seed)))
            return self.chain(image)


def older_model(backbone: Backbone, num_labels: int) -> nn.Sequential:
    """Probabilities come out of it, and its batch norm follows `train()`, frozen or not."""
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2)]
    head = nn.Linear(backbone.channels, num_labels)
    return nn.Sequential(backbone.features, *pool, head, nn.Sigmoid())


def train_older(
    backbone: Backbone, splits: dict[str, ImageDataset], epochs: int
) -> dict[str, dict[str, float]]:
    """Test scores after each of the two phases, of at most `epochs` epochs each."""
    torch.manual_seed(SEED)
    model = older_model(backbone, len(splits["train"].classes))
    model = model.to(memory_format=torch.channels_last)
    plain = SquareView(backbone, augment=False)
    train = splits["train"].with_transform(SquareView(backbone, augment=True))
    loaders = [
        make_loader(train, BATCH, shuffle=True, seed=SEED),
        *(make_loader(splits[name].with_transform(plain), BATCH) for name in ("val", "test")),
    ]
    early, found = EarlyStopping("val_loss"), {}
    for phase, (rate, patience) in enumerate(zip(RATES, PATIENCE, strict=True), start=1):
        early.reset(patience)
        model[0].requires_grad_(phase == 2)
        learning = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(learning, lr=rate)
        trainer = Trainer(model, nn.BCELoss(), optimizer, [early, Progress()], seed=SEED)
        started = time.perf_counter()
        trainer.fit(*loaders[:2], epochs)
        seconds = time.perf_counter() - started
        probabilities, truth = trainer.predict(loaders[2])
        found[f"older phase {phase}"] = {
            **scores(torch.logit(probabilities.double(), eps=1e-7), truth),
            "epochs": len(trainer.history.epochs),
            "seconds": seconds,
        }
    return found


def notebook_numbers(backbone: str) -> dict[str, dict[str, float]]:
    """What notebook 05 has measured on the same data."""
    path = run_folder("panoramas") / "metrics.json"
    try:
        phases = json.loads(path.read_text())["results"][backbone]
        return {f"ours phase {number}": phases[f"phase{number}"] for number in (1, 2)}
    except (OSError, KeyError):
        raise SystemExit(
            f"{path} has no results of {backbone}: run notebook 05 on this data first, as in "
            "make real NOTEBOOKS=05."
        ) from None


def kept_numbers(backbone: str) -> dict[str, dict[str, float]]:
    """What an earlier run has measured of the older recipe on the same data, if any."""
    kept = json.loads(OUTPUT.read_text()).get(data_form(), {}) if OUTPUT.exists() else {}
    recipes = kept.get("recipes", {}) if kept.get("backbone") == backbone else {}
    return {name: row for name, row in recipes.items() if name.startswith("older")}


def main() -> int:
    """The command line; the exit status is 1 where a figure of the older recipe is better."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=15, help="at most, in each phase")
    parser.add_argument("--again", action="store_true", help="train the older recipe once more")
    options = parser.parse_args()
    backbone = load_backbone(backbone_name())
    ours = notebook_numbers(backbone.name)
    splits = load_multilabel_splits(data_folder("panoramas"), seed=SEED)
    older = {} if options.again else kept_numbers(backbone.name)
    table = {**(older or train_older(backbone, splits, options.epochs)), **ours}
    print(f"\n{'':<18}" + "".join(f"{name:>14}" for name in FIGURES))
    for name, row in table.items():
        print(f"{name:<18}" + "".join(f"{row[figure]:>14.4f}" for figure in FIGURES))
    kept = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    kept[data_form()] = {
        "backbone": backbone.name,
        "test_images": len(splits["test"]),
        "processors": os.cpu_count(),
        "recipes": {
            name: {key: round(value, 4) for key, value in row.items()}
            for name, row in table.items()
        },
    }
    OUTPUT.write_text(json.dumps(kept, indent=2) + "\n")
    better = [
        (table["ours phase 2"][name] - table["older phase 2"][name])
        * (-1 if name in ("hamming_loss", "bce") else 1)
        for name in FIGURES
    ]
    return int(min(better) <= 0)


if __name__ == "__main__":
    sys.exit(main())
