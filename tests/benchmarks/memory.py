"""Does the pixel budget say how much memory training needs, whatever images come?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from helpers.batching import PIXEL_BUDGET

from helpers.course import ROOT
from helpers.models.memory import activation_bytes
from helpers.models.transfer import TransferModel
from tests.benchmarks.decoding import write_photo
from tests.benchmarks.timing import Outcome

HUGE, TINY = (4000, 6000), (24, 24)  # height, width
SQUARE = 224


def memory(
    folder: Path,
    make_model: Callable[[], TransferModel],
    photos: Sequence[Path],
    probe: Callable[[Path, int], dict],
    budget: int = PIXEL_BUDGET,
    huge: tuple[int, int] = HUGE,
    rounds: int = 3,
) -> Outcome:
    """Predict an epoch's peak from two small budgets, then measure it with images of any size.

    Args:
        folder: an empty one, for the images.
        make_model: makes a fresh model with a pyramid.
        photos: ordinary images; together they should fill at least one batch.
        probe: called with a folder of class folders and a budget, in pixels; returns what
            `peak.peak_of_an_epoch` does. One that starts a process each time measures best.
        budget: pixels in a batch.
        huge: (height, width) of the largest image.
        rounds: how often all of it is measured.
    """
    squares = write_squares(folder / "squares", images=2 * budget // SQUARE**2)
    mixed = write_mixed(folder / "mixed", photos, huge)
    ratios, rows = [], []
    for _ in range(rounds):
        points = [probe(squares, budget // 4), probe(squares, budget // 2)]
        measured = probe(mixed, budget)
        fixed, per_pixel = line([(p["fullest_batch_pixels"], p["peak_bytes"]) for p in points])
        predicted = fixed + per_pixel * budget
        ratios.append(measured["peak_bytes"] / predicted)
        rows.append(
            {"measured": measured, "predicted_bytes": round(predicted), "predicted_from": points}
        )

    model = make_model().unfreeze().train()
    saved = []
    for count in (1, 2):
        images = torch.zeros(count, 3, SQUARE, SQUARE)
        saved.append((count * SQUARE**2, activation_bytes(model, images)))
    saved_fixed, saved_per_pixel = line(saved)
    return Outcome(
        "peak memory of an epoch, measured / predicted",
        "bytes above those before the first step (resident set on a CPU, allocated memory on a "
        f"GPU), with one image of {huge[1]} x {huge[0]} and one of {TINY[1]} x {TINY[0]} among "
        "ordinary ones, over a straight line through two epochs of 224 x 224 images with a quarter "
        "and half of the pixel budget, drawn on to the whole",
        1.2,
        ratios,
        at_most=True,
        details={
            "rounds": rows,
            "saved_by_autograd": {
                "bytes_per_pixel": round(saved_per_pixel, 1),
                "bytes_at_budget": round(saved_fixed + saved_per_pixel * budget),
            },
            "largest_image_at_full_size": {  # not run: nobody's memory is to be used up
                "saved_by_autograd_bytes": round(saved_fixed + saved_per_pixel * huge[0] * huge[1]),
                "predicted_bytes": round(fixed + per_pixel * huge[0] * huge[1]),
            },
        },
    )


def own_process(backbone: str) -> Callable[[Path, int], dict]:
    """A probe that measures in a fresh Python, whose allocator has its defaults.

    The course's kernels are told to keep what was freed, which is faster and holds a tenth more.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}

    def probe(folder: Path, budget: int) -> dict:
        command = [sys.executable, "-m", "tests.benchmarks.peak", str(folder)]
        command += ["--backbone", backbone, "--budget", str(budget)]
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"the measurement of peak memory failed:\n{ran.stderr}")
        return json.loads(ran.stdout.splitlines()[-1])

    return probe


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope of the line through two points (x, y)."""
    (x0, y0), (x1, y1) = points
    slope = (y1 - y0) / (x1 - x0)
    return y0 - slope * x0, slope


def write_squares(folder: Path, images: int) -> Path:
    """Two class folders with noise of 224 x 224."""
    rng = np.random.default_rng(0)
    for number in range(images):
        path = folder / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), rng.integers(0, 255, (SQUARE, SQUARE, 3), np.uint8))
    return folder


def write_mixed(folder: Path, photos: Sequence[Path], huge: tuple[int, int]) -> Path:
    """Two class folders with copies of `photos`, a huge and a tiny JPEG."""
    for name in "ab":
        (folder / name).mkdir(parents=True)
    for number, path in enumerate(photos):
        shutil.copyfile(path, folder / "ab"[number % 2] / f"{number}{path.suffix}")
    write_photo(folder / "a" / "huge.jpg", huge, seed=0)
    write_photo(folder / "b" / "tiny.jpg", TINY, seed=1)
    return folder
