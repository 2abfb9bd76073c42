"""How hard are the rendered images, and do they mean anything outside? Figures on the test images.

    python -m data_scripts.difficulty                   # both tasks: Save_Model/*/difficulty.json
    python -m data_scripts.difficulty drones --seed 1   # one, on data of another seed, made for it

1. colour: logistic regression on a colour histogram. Near chance, or colour alone gives it away.
2. frozen: logistic regression on frozen ImageNet features. Neither hopeless nor solved.
3. adapted: phase 1, as in notebooks 02 and 05.
4. fine_tuned: the whole network, trained for a few epochs. Clearly better.
5. real_photos (drones): the fine-tuned model on real photos, as in notebook 03.

For drones a figure is the accuracy, for panoramas the average precision of each label and their
mean, mAP. The panoramas' training labels hold their errors, the test labels hold none.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from data_scripts import render_drones, render_panoramas
from data_scripts.domain_shift import photos_folder, real_photo_accuracy
from data_scripts.tasks import course_folder
from helpers.course import ROOT, setup
from helpers.data import (
    ImageDataset,
    eval_transform,
    load_multilabel_splits,
    load_splits,
    make_loader,
    train_transform,
)
from helpers.evaluation import accuracy, linear_logits
from helpers.models import TransferModel, compute_features, load_backbone, predict
from helpers.training import (
    EarlyStopping,
    Progress,
    fine_tune,
    frozen_features,
    phase1_model,
    refit_head,
)

BACKBONE, SIZE = "efficientnet_lite0", (224, 224)
PLAIN = eval_transform(SIZE)
PANORAMAS_C = 0.01  # of the regression: more columns than rows, and wrong labels
EPOCHS = {"drones": 8, "panoramas": 3}  # of fine-tuning
MAKERS = {"drones": render_drones.render_dataset, "panoramas": render_panoramas.render_dataset}


def measure_drones(folder: Path, seed: int, epochs: int, photos: Path) -> dict:
    """All figures on the drones in `folder`; the last one where the real photos are there."""
    splits = load_splits(folder, seed=seed)
    train, val, test = splits.values()
    figures = {"images": sum(map(len, splits.values())), "chance": 1 / len(train.classes)}
    figures["colour"] = figure("colour", test, colour_scores(train, test))
    with tempfile.TemporaryDirectory() as scratch:
        model, _, _ = phase1_model(scratch, BACKBONE, train, val, SIZE, seed)
    figures["frozen"] = figure("frozen", test, frozen_scores(model, train, test))
    figures["adapted"] = figure("adapted", test, scores_of(model, test))
    if epochs:
        augmented = train.with_transform(train_transform(SIZE))
        callbacks = [EarlyStopping("val_loss", patience=5), Progress()]
        fine_tune(
            model.unfreeze(), augmented, val.with_transform(PLAIN), callbacks, epochs, seed=seed
        )
        figures["fine_tuned"] = figure("fine_tuned", test, scores_of(model, test))
    if epochs and photos.is_dir():
        table = real_photo_accuracy(model, train.classes, photos, SIZE)
        print(f"real photos\n{table.round(3).to_string()}")
        figures["real_photos"] = table["accuracy"].to_dict()
        figures["real_photo_counts"] = table["photos"].to_dict()
    elif epochs:
        print(f"real photos: {photos} is missing (python -m data_scripts.fetch_drones)")
    return figures


def measure_panoramas(folder: Path, seed: int, epochs: int) -> dict:
    """All figures on the panoramas in `folder`, and how often each label occurs."""
    splits = load_multilabel_splits(folder, seed=seed)
    train, val, test = splits.values()
    figures = {"images": sum(map(len, splits.values()))}
    figures["share"] = dict(zip(test.classes, test.labels.mean(axis=0).tolist(), strict=True))
    squashed = (data.with_transform(PLAIN.view) for data in (train, test))
    figures["colour"] = figure("colour", test, colour_scores(*squashed))
    model = TransferModel(load_backbone(BACKBONE), len(train.classes), task="multilabel", seed=seed)
    figures["frozen"] = figure(
        "frozen", test, frozen_scores(model.freeze(), train, test, PANORAMAS_C)
    )
    augment, parts = {"augmentations": ["mirror"]}, {"train": train, "val": val}
    features = frozen_features(model, parts, SIZE, views=(1, 2), **augment)
    model = refit_head(model, features["train"], features["val"], seed)
    figures["adapted"] = figure("adapted", test, scores_of(model, test))
    if epochs:
        mirrored = train.with_transform(train_transform(SIZE, **augment))
        callbacks = [EarlyStopping("val_loss", patience=5), Progress()]
        fine_tune(
            model.unfreeze(), mirrored, val.with_transform(PLAIN), callbacks, epochs, seed=seed
        )
        figures["fine_tuned"] = figure("fine_tuned", test, scores_of(model, test))
    return figures


def figure(name: str, test: ImageDataset, scores: np.ndarray) -> float | dict[str, float]:
    """Accuracy, or mAP and each label's average precision, from scores (N, C); printed as well."""
    labels = np.asarray(test.labels)
    if labels.ndim == 1:
        value = accuracy(torch.from_numpy(scores), torch.from_numpy(labels))
        print(f"{name}: {value:.3f}")
        return value
    each = average_precision_score(labels.astype(int), scores, average=None)
    print(f"{name}: mAP {each.mean():.3f}")
    return {"mAP": each.mean(), **dict(zip(test.classes, each, strict=True))}


def colour_scores(train: ImageDataset, test: ImageDataset) -> np.ndarray:
    """Of a regression on colour histograms; the data sets give arrays (H, W, 3)."""
    rows = [np.stack([colour_histogram(image) for image, _ in data]) for data in (train, test)]
    return linear_logits(rows[0], train.labels, rows[1], C=1.0).numpy()


def colour_histogram(image: np.ndarray, bins: int = 8) -> np.ndarray:
    """uint8 RGB (H, W, 3) to the square root of its colours' shares, shape (bins³,)."""
    cells = (image.reshape(-1, 3) // (256 // bins)).astype(np.int64) @ [bins * bins, bins, 1]
    return np.sqrt(np.bincount(cells, minlength=bins**3) / len(cells))


def frozen_scores(
    model: TransferModel, train: ImageDataset, test: ImageDataset, C: float = 1.0
) -> np.ndarray:
    """Of a regression on the backbone's features of plainly squashed images."""
    parts = [compute_features(model, data.with_transform(PLAIN)) for data in (train, test)]
    rows, test_rows = (part.features[0] for part in parts)
    return linear_logits(rows, train.labels, test_rows, C).numpy()


def scores_of(model: TransferModel, data: ImageDataset) -> np.ndarray:
    """The model's logits (N, C) on plainly squashed images."""
    return predict(model, make_loader(data.with_transform(PLAIN)))[0].numpy()


def rounded(figures: dict) -> dict:
    """The same with four digits; counts stay as they are."""
    return {
        key: rounded(value) if isinstance(value, dict) else round(value, 4)
        for key, value in figures.items()
    }


def keep(path: Path, seed: int, figures: dict) -> None:
    """Put the figures of a seed into a JSON file, beside those of other seeds."""
    content = json.loads(path.read_text()) if path.exists() else {}
    content[f"seed {seed}"] = rounded(figures)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", nargs="?", choices=EPOCHS, help="default: both")
    parser.add_argument("--seed", type=int, default=0, help="of data and training; default 0")
    parser.add_argument("--epochs", type=int, help="of fine-tuning; 0 leaves it out")
    parser.add_argument("--folder", type=Path, help="of data that is there already")
    parser.add_argument("--out", type=Path, help="default: Save_Model/<task>/difficulty.json")
    options = parser.parse_args(arguments)
    if options.task is None and (options.folder or options.out):
        parser.error("--folder and --out are for one task: name it, drones or panoramas.")
    setup()
    for task in [options.task] if options.task else EPOCHS:
        epochs = EPOCHS[task] if options.epochs is None else options.epochs
        with tempfile.TemporaryDirectory() as scratch:
            folder = options.folder or course_folder(task, "rendered")
            if options.folder is None and (options.seed != 0 or not folder.is_dir()):
                folder = MAKERS[task](Path(scratch) / task, seed=options.seed)
            if task == "drones":
                figures = measure_drones(folder, options.seed, epochs, photos_folder())
            else:
                figures = measure_panoramas(folder, options.seed, epochs)
        keep(options.out or ROOT / "Save_Model" / task / "difficulty.json", options.seed, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
