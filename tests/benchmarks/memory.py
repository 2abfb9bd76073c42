"""Does the pixel budget say how much memory training needs, whatever images come?"""

from __future__ import annotations

import gc
import os
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from helpers.data import ImageFolderDataset, make_loader, train_transform
from helpers.models import load_backbone
from helpers.training import FINE_TUNE_RATE, Trainer, criterion_for
from tests.benchmarks.decoding import write_photo
from tests.benchmarks.timing import Outcome
from tests.benchmarks.training import RULE, model_maker

HUGE, TINY = (4000, 6000), (24, 24)  # height, width
SQUARE = 224


def memory(
    folder: Path,
    photos: Sequence[Path],
    probe: Callable[[Path, int], dict],
    rounds: int,
    budget: int,
    huge: tuple[int, int] = HUGE,
) -> Outcome:
    """Predict an epoch's peak from two small budgets, then measure it with images of any size.

    Args:
        folder: an empty one, for the images.
        photos: ordinary images; together they should fill at least one batch.
        probe: called with a folder of class folders and a budget, in pixels; returns what
            `peak_of_an_epoch` does.
        rounds: how often all of it is measured.
        budget: pixels in a batch.
        huge: (height, width) of the largest image.
    """
    squares, mixed = folder / "squares", folder / "mixed"
    for place in (squares, mixed):
        for name in "ab":  # classes
            (place / name).mkdir(parents=True)
    for number in range(2 * budget // SQUARE**2):
        write_photo(squares / "ab"[number % 2] / f"{number}.jpg", photos[0], (SQUARE, SQUARE))
    for number, path in enumerate(photos):
        shutil.copyfile(path, mixed / "ab"[number % 2] / f"{number}{path.suffix}")
    write_photo(mixed / "a" / "huge.jpg", photos[0], huge)
    write_photo(mixed / "b" / "tiny.jpg", photos[0], TINY)

    rows, ratios = [], []
    for _ in range(rounds):
        quarter, half = (probe(squares, budget // divisor) for divisor in (4, 2))
        measured = probe(mixed, budget)
        # The line through a quarter and a half of the budget, at the whole.
        predicted = 3 * half["peak_bytes"] - 2 * quarter["peak_bytes"]
        ratios.append(measured["peak_bytes"] / predicted)
        points = {"predicted_bytes": predicted, "predicted_from": [quarter, half]}
        rows.append({"measured": measured, **points})
    return Outcome(
        "peak memory of an epoch, measured / predicted",
        "bytes above those before the first step (resident set on a CPU, allocated memory on a "
        f"GPU), with one image of {huge[1]} x {huge[0]} and one of {TINY[1]} x {TINY[0]} among "
        "ordinary ones, over a straight line through two epochs of 224 x 224 images with a quarter "
        "and half of the pixel budget, drawn on to the whole",
        1.2,
        ratios,
        at_most=True,
        details={"rounds": rows},
    )


def peak_of_an_epoch(backbone: str, folder: Path, budget: int) -> dict:
    """Fine-tune all layers for an epoch of size buckets on the images of `folder`.

    Returns: peak_bytes above what was in use before the first step, and what the batches held.
    """
    model = model_maker(load_backbone(backbone), num_classes=2)().unfreeze()
    data = ImageFolderDataset(folder, train_transform(RULE))
    optimizer = torch.optim.AdamW(model.parameters(), lr=FINE_TUNE_RATE, weight_decay=0.01)
    trainer = Trainer(model, criterion_for(model), optimizer)
    loader = make_loader(data, pixel_budget=budget, shuffle=True)
    batches = [int(data.shapes[batch].prod(axis=1).sum()) for batch in loader.batch_sampler]
    gc.collect()
    before = _count_from_now_on()
    trainer.fit(loader, None, max_epochs=1)
    return {
        "peak_bytes": _peak() - before,
        "images": len(data),
        "batches": len(batches),
        "budget_pixels": budget,
        "fullest_batch_pixels": max(batches),
    }


def in_own_process(function: Callable, *arguments):
    """What `function` returns in a fresh Python, whose allocator has its defaults.

    `setup` tells it to keep what was freed, which is faster and holds a tenth more.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def can_measure() -> bool:
    """Whether this machine says how much memory was in use at most, counted from a given time."""
    return torch.cuda.is_available() or os.access("/proc/self/clear_refs", os.W_OK)


def _count_from_now_on() -> int:
    """Bytes in use now; what is in use at most is counted anew from here."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else _status("VmHWM")


def _status(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)[1])
