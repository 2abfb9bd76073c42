"""Runs the benchmarks, prints a line for each, keeps all numbers in a JSON file.

    python -m tools.environment tests.benchmarks

The exit status is 1 where a ratio is not as wanted.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

from data_scripts.tasks import data_folder
from helpers.course import ROOT, backbone_name, setup
from helpers.data import PIXEL_BUDGET, ImageFolderDataset, load_splits
from helpers.models import load_backbone, resolve_backbone
from tests.benchmarks.decoding import decoding
from tests.benchmarks.memory import can_measure, in_own_process, memory, peak_of_an_epoch
from tests.benchmarks.timing import Outcome
from tests.benchmarks.training import RULE, adaptation, fine_tuning, model_maker, parts_of_an_epoch

OUTPUT = ROOT / "Save_Model" / "benchmarks" / "variable_size.json"
ROUNDS, BATCHES, PHOTOS = 5, 6, 4  # rounds kept, batches of buckets in a round, large photos


def measure(dataset: ImageFolderDataset, backbone: str) -> Iterator[Outcome]:
    """All benchmarks, one after the other, on a data set of images without transform."""
    make_model = model_maker(load_backbone(backbone), len(dataset.classes))
    yield from fine_tuning(make_model, dataset, ROUNDS, BATCHES)
    yield adaptation(make_model, dataset, ROUNDS, BATCHES)
    with tempfile.TemporaryDirectory() as scratch:
        yield decoding(Path(scratch), dataset.paths[:PHOTOS], ROUNDS)
        if can_measure():
            photos = parts_of_an_epoch(dataset, BATCHES, rounds=1)[0].paths
            probe = partial(in_own_process, peak_of_an_epoch, backbone)
            yield memory(Path(scratch), photos, probe, 3, PIXEL_BUDGET)
        else:
            print("peak memory: not measured, it takes a GPU or Linux")


def main() -> int:
    """The command; returns the exit status."""
    setup()
    dataset = load_splits(data_folder("drones"))["train"]
    backbone = resolve_backbone(backbone_name())
    outcomes = []
    for outcome in measure(dataset, backbone):
        print(outcome, flush=True)
        outcomes.append(outcome)
    content = {
        "benchmarks": [outcome.report() for outcome in outcomes],
        "machine": {
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
            "cpus": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        },
        "backbone": backbone,
        "images": {
            "count": len(dataset),
            "shapes": len({RULE(*size) for size in dataset.sizes.tolist()}),
            "min_side": RULE.min_side,
            "max_pixels": RULE.max_pixels,
        },
        "effort": {"rounds": ROUNDS, "batches": BATCHES, "photos": PHOTOS, "budget": PIXEL_BUDGET},
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return int(not all(outcome.ok for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
