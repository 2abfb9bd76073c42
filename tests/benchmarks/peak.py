"""Peak memory of one epoch in a process of its own; prints one line of JSON.

python -m tests.benchmarks.peak folder --backbone efficientnet_lite0 --budget 802816
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from helpers.batching import ShapeRule, make_bucket_loader
from torch import nn

from helpers.data.datasets import ImageFolderDataset
from helpers.data.transforms import train_transform
from helpers.models.backbones import load_backbone
from helpers.models.transfer import TransferModel
from helpers.training.recipes import FINE_TUNE_RATE
from helpers.training.trainer import Trainer
from tests.benchmarks.training import RULE, model_maker


def peak_of_an_epoch(
    folder: str | Path,
    make_model: Callable[[], TransferModel],
    budget: int,
    rule: ShapeRule = RULE,
) -> dict:
    """Fine-tune all layers for an epoch of size buckets on the images of `folder`.

    Returns: peak_bytes above what was in use before the first step, and what the batches held.
    """
    model = make_model().unfreeze()
    data = ImageFolderDataset(folder, train_transform(rule, model.mean, model.std))
    optimizer = torch.optim.AdamW(model.parameters(), lr=FINE_TUNE_RATE, weight_decay=0.01)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer)
    loader = make_bucket_loader(data, budget, shuffle=True)
    shapes = data.shapes
    batches = [int(shapes[batch].prod(axis=1).sum()) for batch in loader.batch_sampler]
    gc.collect()
    before = _start()
    trainer.fit(loader, None, max_epochs=1)
    return {
        "peak_bytes": _peak() - before,
        "images": len(data),
        "batches": len(batches),
        "budget_pixels": budget,
        "fullest_batch_pixels": max(batches),
        "largest_image": data.sizes[data.sizes.prod(axis=1).argmax()].tolist(),
        "smallest_image": data.sizes[data.sizes.prod(axis=1).argmin()].tolist(),
    }


def _start() -> int:
    """Bytes in use now; what was used at most is counted anew from here, where that can be had."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:  # no Linux, or not allowed: an earlier peak counts as in use
        return _peak()


def _peak() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    try:
        return _status("VmHWM")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--budget", type=int, required=True)
    asked = parser.parse_args()
    make_model = model_maker(load_backbone(asked.backbone), num_classes=2)
    print(json.dumps(peak_of_an_epoch(asked.folder, make_model, asked.budget)))


if __name__ == "__main__":
    main()
