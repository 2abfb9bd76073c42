"""What training left behind, batch by batch and epoch by epoch."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.files import write_files


@dataclass(repr=False)
class History:
    """What training left behind: a row per batch and a row per epoch, as dicts.

    batches: epoch, step, loss, lr (of the first parameter group).
    epochs: epoch, lr, seconds, train_loss and train_<metric> (means over the epoch, with dropout
        and augmentation) and, with validation data, val_loss and val_<metric>.
    """

    batches: list[dict] = field(default_factory=list)
    epochs: list[dict] = field(default_factory=list)

    def batch_frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.batches)

    def epoch_frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.epochs)

    def __repr__(self) -> str:
        return f"History({len(self.epochs)} epochs, {len(self.batches)} batches)"

    def __add__(self, later: History) -> History:
        """Phases one after the other, epochs and steps numbered on."""
        steps = max((row["step"] for row in self.batches), default=0)
        epochs = max((row["epoch"] for row in self.epochs), default=0)
        moved = [
            {**row, "step": row["step"] + steps, "epoch": row["epoch"] + epochs}
            for row in later.batches
        ]
        rows = [{**row, "epoch": row["epoch"] + epochs} for row in later.epochs]
        return History(self.batches + moved, self.epochs + rows)

    def to_csv(self, folder: str | Path) -> None:
        """Write history_batches.csv and history_epochs.csv into `folder`."""
        frames = {"batches": self.batch_frame(), "epochs": self.epoch_frame()}
        write_files(
            {
                Path(folder) / f"history_{name}.csv": frame.to_csv(index=False)
                for name, frame in frames.items()
            }
        )

    @classmethod
    def from_csv(cls, folder: str | Path) -> History:
        """Read what `to_csv` wrote."""
        tables = []
        for name in ("history_batches.csv", "history_epochs.csv"):
            with open(Path(folder) / name, newline="") as file:
                rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
            tables.append([{k: _number(v) for k, v in row.items()} for row in rows])
        return cls(*tables)


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
