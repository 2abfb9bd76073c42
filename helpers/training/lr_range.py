"""The learning-rate range test: how large may the rate be?"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader

from helpers.data.loaders import set_epoch
from helpers.models.inference import batches_on, new_accelerator
from helpers.models.seeding import seeded


def lr_range_test(
    model: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    loader: DataLoader,
    start: float = 1e-6,
    end: float = 1.0,
    steps: int = 80,
    seed: int = 0,
) -> pd.DataFrame:
    """Train for `steps` batches while the rate grows geometrically, and watch the loss.

    Model, optimizer and all random generators are left exactly as they were. The test ends early
    once the smoothed loss exceeds three times its best: from there on it only diverges.

    Returns: a frame with columns lr, loss and smoothed (moving average, bias-corrected).
    Raises: ValueError for a range, a number of steps or a loader that makes no sense.
    Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3, where
        the rate grows linearly; growing it geometrically is fastai's way.
    """
    if not 0 < start < end or steps < 5:
        raise ValueError(f"need 0 < start < end and at least 5 steps, not {start}, {end}, {steps}.")
    if len(loader) == 0:
        raise ValueError("the loader has no batches; the range test needs some.")
    # A copy is trained: the caller's model is not touched at all.
    trial, trial_optimizer, criterion = copy.deepcopy((model, optimizer, criterion))
    device, epoch = new_accelerator().device, getattr(loader.dataset, "epoch", 0)
    trial.to(device).train()
    criterion.to(device)
    rates = np.geomspace(start, end, steps)
    rows, average = [], 0.0
    with seeded(seed):
        batches = _repeat(device, loader)
        for step, (inputs, targets) in zip(range(steps), batches, strict=False):
            for group in trial_optimizer.param_groups:
                group["lr"] = float(rates[step])
            loss = criterion(trial(inputs), targets)
            value = loss.item()
            average = 0.9 * average + 0.1 * value
            smoothed = average / (1 - 0.9 ** (step + 1))
            rows.append({"lr": float(rates[step]), "loss": value, "smoothed": smoothed})
            if not np.isfinite(smoothed) or smoothed > 3 * min(row["smoothed"] for row in rows):
                break
            trial_optimizer.zero_grad()
            loss.backward()
            trial_optimizer.step()
    set_epoch(loader, epoch)
    return pd.DataFrame(rows)


def suggest_rate(test: pd.DataFrame) -> float:
    """A tenth of the rate where the smoothed loss is lowest: a safe ceiling.

    Where the loss never rose again, the range ended too early: test up to a larger `end`.
    """
    return float(test["lr"][test["smoothed"].idxmin()] / 10)


def _repeat(device: torch.device, loader: DataLoader) -> Iterator:
    epoch = 0
    while True:
        set_epoch(loader, epoch)
        yield from batches_on(device, loader)
        epoch += 1
