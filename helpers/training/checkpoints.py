"""A training kept on disk, to go on later as if it had never stopped."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from helpers.errors import TrainingError, last_line
from helpers.files import remove_leftovers, write_file
from helpers.training.callbacks import Callback, Monitor
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
        # The best first: killed between the two, a run repeats the epoch, and both are written.
        if self.monitor.improved(row):
            save_checkpoint(trainer, self.folder / "best.pt")
        save_checkpoint(trainer, self.folder / "last.pt")

    def state_dict(self) -> dict:
        return {"best": self.monitor.best}

    def load_state_dict(self, state: dict) -> None:
        self.monitor.best = state["best"]


def save_checkpoint(trainer: Trainer, path: str | Path) -> None:
    """Write all that `fit(resume=path)` needs, whole or not at all.

    Raises: WriteError, as where the disk is full; an earlier checkpoint is still there then.
    """
    state = {
        "model": trainer.unwrapped_model.state_dict(),
        "optimizer": trainer.optimizer.state_dict(),
        "callbacks": {name: c.state_dict() for name, c in _named(trainer.callbacks).items()},
        "batches": trainer.history.batches,
        "epochs": trainer.history.epochs,
        "step": trainer.step,
        "run": trainer.run,
    }
    if not trainer.accelerator.is_main_process:
        return
    content = io.BytesIO()
    torch.save(state, content)
    write_file(path, content.getvalue())


def load_checkpoint(trainer: Trainer, path: str | Path) -> None:
    """Restore what `save_checkpoint` wrote; where it is of another run, say in what.

    Raises: TrainingError if it is damaged or does not fit. The model is then as it was.
    """
    state = _read(Path(path), trainer.accelerator.device)
    remove_leftovers(Path(path).parent)
    model, kept = trainer.unwrapped_model, state["model"]
    present = model.state_dict()
    other = [key for key in {**present, **kept} if _shape(present, key) != _shape(kept, key)]
    if other:
        raise TrainingError(
            f"{path}: not a checkpoint of this model: {other[0]} is {_shape(kept, other[0])} "
            f"there, {_shape(present, other[0])} here; build the model as it was, or begin anew."
        )
    try:
        trainer.optimizer.load_state_dict(state["optimizer"])
        for name, callback in _named(trainer.callbacks).items():
            if name in state["callbacks"]:  # one that is new, such as Progress, just starts
                callback.load_state_dict(state["callbacks"][name])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(
            f"{path}: not a checkpoint of this optimizer and these callbacks ({last_line(error)}); "
            "make them as they were, or begin anew."
        ) from None
    model.load_state_dict(kept)
    trainer.history = History(state["batches"], state["epochs"])
    trainer.epoch, trainer.step = trainer.history.epochs[-1]["epoch"], state["step"]
    before = state.get("run", {})  # checkpoints of older versions do not say
    changed = [f"{key} {now}, not {before[key]}" for key, now in trainer.run.items()
               if before.get(key, now) != now]  # fmt: skip
    if changed and trainer.accelerator.is_main_process:
        print(
            f"{path}: goes on with other settings ({'; '.join(changed)}), so not as if it had "
            "never stopped."
        )


def _read(path: Path, device: torch.device) -> dict:
    """A checkpoint's content, if it is undamaged and whole."""
    if not path.is_file():
        raise TrainingError(f"{path}: there is no such checkpoint.")
    try:
        with zipfile.ZipFile(path) as bundle:  # PyTorch itself does not compare checksums
            infos = bundle.infolist()
            if sum(info.file_size for info in infos) > 2 * path.stat().st_size + 1_000_000:
                raise ValueError("it would unpack to far more")
            if bundle.testzip() is not None:
                raise ValueError("a checksum differs")
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        # PyTorch's own message advises to allow code to run.
        reason = last_line(error) if isinstance(error, ValueError | OSError) else "it is damaged"
        raise TrainingError(
            f"{path}: not a checkpoint of this course ({reason}); give another, or begin anew."
        ) from None
    kinds: dict[str, type] = {"model": dict, "optimizer": dict, "callbacks": dict}
    kinds |= {"batches": list, "epochs": list, "step": int}
    lacking = [
        key for key, kind in kinds.items()
        if not isinstance(state, dict) or not isinstance(state.get(key), kind)
    ]  # fmt: skip
    if lacking or not state["epochs"]:
        raise TrainingError(
            f"{path}: not a checkpoint of this course (it lacks {', '.join(lacking) or 'epochs'}); "
            "give another, or begin anew."
        )
    return state


def _shape(state: dict, key: str) -> str:
    value = state.get(key)
    return "missing" if value is None else str(tuple(value.shape))


def _named(callbacks: Sequence[Callback]) -> dict[str, Callback]:
    kinds = [type(callback).__name__ for callback in callbacks]
    names = [f"{kind} {kinds[:i].count(kind)}" for i, kind in enumerate(kinds)]
    return dict(zip(names, callbacks, strict=True))
