"""A training kept on disk, to go on later as if it had never stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from helpers.errors import last_line
from helpers.training.callbacks import Callback, Monitor, TrainingError
from helpers.training.history import History

if TYPE_CHECKING:
    from helpers.training.trainer import Trainer


class Checkpoint(Callback):
    """Keep `last.pt` and `best.pt` in a folder after each epoch; either can be resumed from.

    Give it as the last callback, so that it keeps the state which the others leave.
    """

    def __init__(self, folder: str | Path, monitor: str = "val_loss", mode: str | None = None):
        self.folder, self.monitor = Path(folder), Monitor(monitor, mode=mode)

    def on_fit_start(self, trainer: Trainer) -> None:
        if trainer.epoch == 0:  # of a training before this one the best does not count
            self.monitor.best = None

    def on_epoch_end(self, trainer: Trainer, row: dict) -> None:
        improved = self.monitor.improved(row)
        save_checkpoint(trainer, self.folder / "last.pt")
        if improved:
            save_checkpoint(trainer, self.folder / "best.pt")

    def state_dict(self) -> dict:
        return {"best": self.monitor.best}

    def load_state_dict(self, state: dict) -> None:
        self.monitor.best = state["best"]


def save_checkpoint(trainer: Trainer, path: str | Path) -> None:
    """Write all that `fit(resume=path)` needs; to a temporary file first, then renamed."""
    state = {
        "model": trainer.unwrapped_model.state_dict(),
        "optimizer": trainer.optimizer.state_dict(),
        "callbacks": {name: c.state_dict() for name, c in _named(trainer.callbacks).items()},
        "batches": trainer.history.batches,
        "epochs": trainer.history.epochs,
        "step": trainer.step,
    }
    if not trainer.accelerator.is_main_process:
        return
    path, temporary = Path(path), Path(f"{path}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.save(state, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(trainer: Trainer, path: str | Path) -> None:
    """Restore what `save_checkpoint` wrote. Raises TrainingError if it does not fit."""
    try:
        state = torch.load(path, map_location=trainer.accelerator.device, weights_only=True)
        trainer.unwrapped_model.load_state_dict(state["model"])
        trainer.optimizer.load_state_dict(state["optimizer"])
        for name, callback in _named(trainer.callbacks).items():
            if name in state["callbacks"]:  # one that is new, such as Progress, just starts
                callback.load_state_dict(state["callbacks"][name])
    except FileNotFoundError:
        raise TrainingError(f"{path}: there is no such checkpoint.") from None
    except Exception as error:
        raise TrainingError(
            f"{path}: not a checkpoint of this model and optimizer ({last_line(error)})."
        ) from None
    trainer.history = History(state["batches"], state["epochs"])
    trainer.epoch, trainer.step = trainer.history.epochs[-1]["epoch"], state["step"]


def _named(callbacks: Sequence[Callback]) -> dict[str, Callback]:
    kinds = [type(callback).__name__ for callback in callbacks]
    names = [f"{kind} {kinds[:i].count(kind)}" for i, kind in enumerate(kinds)]
    return dict(zip(names, callbacks, strict=True))
