"""From drawings to photos: how a model that was trained on drawings alone does on real ones.

The photos are the test images of `data_scripts.fetch_drones`. labels/birds_in_flight.csv says which
of their birds are in the air.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch

from data_scripts.tasks import course_folder
from helpers.course import published_results
from helpers.data import ImageFolderDataset, eval_transform, make_loader
from helpers.models import TransferModel, predict

IN_FLIGHT = Path(__file__).with_name("labels") / "birds_in_flight.csv"
BIRD = "flying_bird"  # the drawn class; the other three are drones
EXPERIMENT = "drawings to photos"  # its name in metrics.json


def photos_folder() -> Path:
    """Where the real photos' test images are, fetched or not."""
    return course_folder("drones", "real") / "test"


def real_photo_accuracy(
    model: TransferModel,
    classes: Sequence[str],
    photos: Path,
    size: tuple[int, int] = (224, 224),
) -> pd.DataFrame:
    """Accuracy on photographed birds and drones of a model that knows the drawn `classes`.

    A photo is predicted to show a bird where BIRD has at least half of the probability, else a
    drone, whichever of the three.

    Args:
        photos: a folder with the folders `bird` and `drone`.
        size: (height, width) that photos are squashed to.

    Returns: a row for all photos and for each kind of them, with the columns `photos`, how many;
        `accuracy`; `mistaken for`, the class that mistakes are most often taken for, or "".
    Raises: ValueError where BIRD is none of the classes.
    """
    if BIRD not in classes:
        raise ValueError(f"the classes {', '.join(classes)} lack {BIRD}: train on drawn images.")
    data = ImageFolderDataset(photos, classes=["bird", "drone"], transform=eval_transform(size))
    logits, labels = predict(model, make_loader(data))
    probabilities, is_drone, bird = logits.softmax(dim=1), labels == 1, classes.index(BIRD)
    predicted_drone = probabilities[:, bird] < 0.5
    drones = probabilities.clone()
    drones[:, bird] = -1
    predicted = torch.where(predicted_drone, drones.argmax(dim=1), bird)
    flight = birds_in_flight()
    annotated = torch.tensor([path.name in flight for path in data.paths]) & ~is_drone
    in_flight = annotated & torch.tensor([flight.get(path.name, False) for path in data.paths])
    kinds = {
        "all photos": torch.ones_like(is_drone),
        "drones": is_drone,
        "birds": ~is_drone,
        "birds in flight": in_flight,
        "birds not in flight": annotated & ~in_flight,
    }
    rows, right = {}, predicted_drone == is_drone
    for kind, members in kinds.items():
        if members.any():
            wrong = predicted[members & ~right]
            rows[kind] = {
                "photos": int(members.sum()),
                "accuracy": right[members].float().mean().item(),
                "mistaken for": classes[int(wrong.mode().values)] if len(wrong) else "",
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def birds_in_flight() -> dict[str, bool]:
    """File name of a bird's photo to whether the bird is in the air."""
    with IN_FLIGHT.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["in_flight"] == "1" for row in csv.DictReader(file)}


def published_accuracy(backbone: str) -> pd.DataFrame:
    """The course's own table, `photos` and `accuracy`, for whoever has no photos.

    Of another backbone where there is none of this one: the columns' name says which. Empty where
    none was published.
    """
    table = published_results("drones", backbone, EXPERIMENT)
    if table.empty:
        return pd.DataFrame(columns=["photos", "accuracy"])
    table = table.rename(columns={"test_images": "photos"}).astype({"photos": int})
    return table[["photos", "accuracy"]]
