"""Runs the benchmarks, prints a table, keeps all numbers in a JSON file.

    python -m tools.environment tests.benchmarks [--quick] [--output FILE]

The exit status is 1 where a ratio is not as wanted. `--quick` shows in a minute whether everything
runs; what it measures means little, so it is kept nowhere unless told, and always ends well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from helpers.batching import PIXEL_BUDGET

from data_scripts.tasks import data_folder
from helpers.course import ROOT, backbone_name
from helpers.data.datasets import ImageFolderDataset
from helpers.data.splits import load_splits
from helpers.data.transforms import eval_transform
from helpers.models.backbones import load_backbone, resolve_backbone
from helpers.training.recipes import VIEWS
from tests.benchmarks.decoding import decoding
from tests.benchmarks.memory import memory, own_process
from tests.benchmarks.timing import Outcome
from tests.benchmarks.training import (
    RULE,
    adaptation,
    fine_tuning,
    model_maker,
    parts_of_an_epoch,
)

OUTPUT = ROOT / "Save_Model" / "benchmarks" / "variable_size.json"
HEADER = f"{'':<52} {'wanted':>7} {'median':>7} {'least':>7} {'most':>7}"
SETTINGS = (
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY",
    "OMP_NUM_THREADS",
)


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds kept, batches of buckets in a round, large photos."""

    rounds: int = 5
    batches: int = 6
    photos: int = 4
    budget: int = PIXEL_BUDGET


FULL, QUICK = Effort(), Effort(rounds=1, batches=2, photos=1, budget=PIXEL_BUDGET // 4)


def measure(
    dataset: ImageFolderDataset, backbone: str, effort: Effort, temporary: Path
) -> Iterator[Outcome]:
    """All benchmarks, one after the other, on a data set of images without transform."""
    maker = model_maker(load_backbone(backbone), len(dataset.classes))
    rounds, batches, budget = effort.rounds, effort.batches, effort.budget
    yield from fine_tuning(maker, dataset, rounds, batches, budget)
    yield adaptation(maker, dataset, rounds, batches, budget)
    yield adaptation(maker, dataset, rounds, batches, budget, VIEWS, wanted=4.0)
    yield decoding(temporary, RULE, rounds, effort.photos)
    shaped = dataset.with_transform(eval_transform(RULE))
    photos = parts_of_an_epoch(shaped, batches, 1, budget)[0].paths
    yield memory(temporary, maker, photos, own_process(backbone), budget, rounds=min(rounds, 3))


def report(
    outcomes: Sequence[Outcome], dataset: ImageFolderDataset, backbone: str, effort: Effort
) -> dict:
    """What the JSON file holds."""
    shapes = dataset.with_transform(eval_transform(RULE)).shapes
    return {
        "benchmarks": [outcome.report() for outcome in outcomes],
        "machine": machine(),
        "backbone": backbone,
        "images": {
            "count": len(dataset),
            "pixels": spread(dataset.sizes.prod(axis=1)),
            "pixels_resized": spread(shapes.prod(axis=1)),
            "shapes": len(np.unique(shapes, axis=0)),
            "min_side": RULE.min_side,
            "max_pixels": RULE.max_pixels,
        },
        "effort": asdict(effort),
    }


def spread(values: np.ndarray) -> dict[str, float]:
    """Least, median, mean and most."""
    numbers = values.min(), np.median(values), values.mean(), values.max()
    return dict(zip(("least", "median", "mean", "most"), map(float, numbers), strict=True))


def machine() -> dict:
    """What the timings depend on, and nothing that names a computer."""
    cuda = torch.cuda.is_available()
    return {
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "settings": {name: os.environ.get(name) for name in SETTINGS},
    }


def line(outcome: Outcome) -> str:
    """Wanted, median, least and most of the rounds, ok or missed; in the columns of HEADER."""
    numbers = (outcome.measured, min(outcome.ratios), max(outcome.ratios))
    wanted = f"{'≤' if outcome.at_most else '≥'} {outcome.wanted:.1f}"
    shown = " ".join(f"{number:>7.2f}" for number in numbers)
    return f"{outcome.name:<52} {wanted:>7} {shown}  {'ok' if outcome.ok else 'missed'}"


def write(content: dict, path: Path) -> None:
    """To a temporary file first, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description="Side-by-side timings.")
    parser.add_argument("--quick", action="store_true", help="a smoke run; its ratios mean little")
    parser.add_argument("--output", type=Path, help=f"default: {OUTPUT.relative_to(ROOT)}")
    asked = parser.parse_args(arguments)
    effort = QUICK if asked.quick else FULL
    dataset = load_splits(data_folder("drones"))["train"]
    backbone = resolve_backbone(backbone_name())
    started = time.perf_counter()
    outcomes = []
    print(HEADER)
    with tempfile.TemporaryDirectory() as temporary:
        for outcome in measure(dataset, backbone, effort, Path(temporary)):
            print(line(outcome), flush=True)
            outcomes.append(outcome)
    print(f"{time.perf_counter() - started:.0f} seconds")
    output = asked.output or (None if asked.quick else OUTPUT)
    if output is not None:
        write(report(outcomes, dataset, backbone, effort), output)
        print(f"written: {output}")
    return int(not asked.quick and not all(outcome.ok for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
