"""The recipe of older courses beside this one's, on the same photos, for the same backbone.

    COURSE_DATA=real python -m tools.environment tests.benchmarks.older_recipe

The older recipe: a sigmoid inside the model and BCELoss; the backbone's weights frozen in phase 1
but its batch norm in train mode; AdamW at 1e-3, then all layers at 1e-5; squares of 224 pixels,
turned, cut out at random and mirrored. Early stopping is the same: patience 2, reset, patience 5.

Ours is not run here: its numbers are those that notebook 05 has left in the runs folder. All go to
Save_Model/panoramas/recipes.json. What is there of the older recipe, half an hour's work on two
cores, is used again; remove the file to have it trained once more.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import torch
from torch import nn
from torchvision.transforms import v2

from data_scripts.tasks import data_folder
from helpers.course import ROOT, backbone_name, data_form, read_results, run_folder, setup
from helpers.data import ImageDataset, load_multilabel_splits, make_loader
from helpers.evaluation import multilabel_metrics
from helpers.models import Backbone, TransferModel, load_backbone, predict
from helpers.training import EarlyStopping, Progress, Trainer

OUTPUT = ROOT / "Save_Model" / "panoramas" / "recipes.json"
SIZE, BATCH, EPOCHS, SEED = 224, 32, 15, 0  # epochs at most, in each phase
RATES, PATIENCE = (1e-3, 1e-5), (2, 5)
FIGURES = ["map", "micro_f1", "macro_f1", "exact_match", "hamming_loss", "bce"]
PLAIN = [v2.Resize(SIZE * 8 // 7), v2.CenterCrop(SIZE)]
AUGMENTED = [v2.RandomRotation(20), v2.RandomResizedCrop(SIZE), v2.RandomHorizontalFlip()]


def square_view(steps: Sequence[nn.Module]) -> Callable:
    """torchvision's usual square view of an image, uint8 (3, 224, 224), decided by a seed."""
    chain = v2.Compose([v2.ToImage(), *steps])

    def view(image, seed=(0,)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(hash(tuple(seed)))
            return chain(image)

    return view


def older_model(backbone: Backbone, num_labels: int) -> nn.Sequential:
    """Probabilities come out of it, and its batch norm follows `train()`: `freeze` isn't called."""
    model = TransferModel(backbone, num_labels, task="multilabel", seed=SEED)
    return nn.Sequential(model, nn.Sigmoid())


def train_older(
    backbone: Backbone, splits: Mapping[str, ImageDataset]
) -> dict[str, dict[str, float]]:
    """Test scores after each of the two phases."""
    model = older_model(backbone, len(splits["train"].classes))
    augmented = splits["train"].with_transform(square_view(AUGMENTED))
    train = make_loader(augmented, BATCH, shuffle=True, seed=SEED)
    val, test = (
        make_loader(splits[name].with_transform(square_view(PLAIN)), BATCH)
        for name in ("val", "test")
    )
    early, scores = EarlyStopping("val_loss"), {}
    for phase, (rate, patience) in enumerate(zip(RATES, PATIENCE, strict=True), start=1):
        early.reset(patience)
        model[0].features.requires_grad_(phase == 2)
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate)
        trainer = Trainer(model, nn.BCELoss(), optimizer, [early, Progress()], seed=SEED)
        started = time.perf_counter()
        history = trainer.fit(train, val, EPOCHS)
        seconds = time.perf_counter() - started
        scores[f"older phase {phase}"] = {
            **scores_of(*predict(model, test)),
            "epochs": len(history.epochs),
            "seconds": seconds,
        }
    return scores


def scores_of(probabilities: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Each of FIGURES, from (N, L) and (N, L)."""
    values = multilabel_metrics(labels.shape[1])(torch.logit(probabilities, eps=1e-7), labels)
    values["bce"] = nn.functional.binary_cross_entropy(probabilities, labels)
    return {name: value.item() for name, value in values.items()}


def notebook_scores(backbone: str) -> dict[str, dict[str, float]]:
    """What notebook 05 has measured on the same data."""
    path, scores = run_folder("panoramas") / "metrics.json", {}
    for row in read_results(path)["rows"] if path.exists() else []:
        if (row["backbone"], row["experiment"]) == (backbone, "two phases"):
            scores.setdefault(f"ours {row['phase']}", {})[row["metric"]] = row["value"]
    if len(scores) < 2:
        raise SystemExit(
            f"{path} has no results of {backbone}: run notebook 05 on this data first, as in "
            "make real NOTEBOOKS=05."
        )
    return scores


def kept_scores(backbone: str) -> dict[str, dict[str, float]]:
    """What an earlier run has measured of the older recipe on the same data, if any."""
    kept = json.loads(OUTPUT.read_text()).get(data_form(), {}) if OUTPUT.exists() else {}
    recipes = kept.get("recipes", {}) if kept.get("backbone") == backbone else {}
    return {name: row for name, row in recipes.items() if name.startswith("older")}


def main() -> int:
    """The command; the exit status is 1 where a figure of the older recipe is better."""
    setup()
    backbone = load_backbone(backbone_name())
    ours = notebook_scores(backbone.name)
    splits = load_multilabel_splits(data_folder("panoramas"), seed=SEED)
    table = {**(kept_scores(backbone.name) or train_older(backbone, splits)), **ours}
    frame = pd.DataFrame(table).T[FIGURES]
    print(frame.round(4).to_string())
    content = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    content[data_form()] = {
        "backbone": backbone.name,
        "test_images": len(splits["test"]),
        "processors": os.cpu_count(),
        "recipes": {
            name: {key: round(value, 4) for key, value in row.items()}
            for name, row in table.items()
        },
    }
    OUTPUT.write_text(json.dumps(content, indent=2) + "\n")
    gain = frame.loc["ours phase 2"] - frame.loc["older phase 2"]
    gain[["hamming_loss", "bce"]] *= -1
    return int(gain.min() <= 0)


if __name__ == "__main__":
    sys.exit(main())
