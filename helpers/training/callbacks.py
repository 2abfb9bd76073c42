"""What happens around the training loop: schedule, early stopping, mixup, progress."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torchvision.transforms.v2 import MixUp

from helpers.models.inference import predict
from helpers.training.history import History

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

    from helpers.training.trainer import Trainer


class Callback:
    """Hooks that `Trainer.fit` calls; a subclass overrides those it needs."""

    def on_fit_start(self, trainer: Trainer) -> None: ...
    def on_batch_start(self, trainer: Trainer) -> None: ...

    def change_batch(
        self, trainer: Trainer, inputs: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A training batch on its way to the model; other targets are left out of the metrics."""
        return inputs, targets

    def on_epoch_end(self, trainer: Trainer, row: dict) -> None: ...
    def on_fit_end(self, trainer: Trainer) -> None: ...

    def state_dict(self) -> dict:
        """What a checkpoint must keep so that a resumed run goes on unchanged."""
        return {}

    def load_state_dict(self, state: dict) -> None: ...


LOWER_IS_BETTER = frozenset({"loss", "bce", "hamming_loss"})
HIGHER_IS_BETTER = frozenset({"accuracy", "map", "macro_f1", "micro_f1", "exact_match"})


class Monitor:
    """Compares one number of each epoch with the best so far.

    Args:
        name: a column of the history, such as "val_loss" or "val_accuracy".
        min_delta: a change below this is no improvement.
        mode: "min" where lower is better, "max" where higher is; needed for a metric that is not
            one of the course's.

    Raises: ValueError for another mode, and without one where it cannot be known.
    """

    def __init__(self, name: str = "val_loss", min_delta: float = 0.0, mode: str | None = None):
        metric = name.removeprefix("train_").removeprefix("val_")
        if mode is None and metric in LOWER_IS_BETTER | HIGHER_IS_BETTER:
            mode = "min" if metric in LOWER_IS_BETTER else "max"
        if mode not in ("min", "max"):
            problem = f"is lower or higher {name!r} better" if mode is None else f"mode is {mode!r}"
            raise ValueError(f'{problem}? Give mode="min" or mode="max".')
        self.name, self.min_delta, self.mode, self.best = name, min_delta, mode, None

    def improved(self, row: dict) -> bool:
        if self.name not in row:
            raise ValueError(f"cannot monitor {self.name!r}; an epoch has {', '.join(row)}.")
        value = row[self.name]
        if not math.isfinite(value):
            return False
        sign = 1 if self.mode == "min" else -1
        if self.best is not None and not sign * (self.best - value) > self.min_delta:
            return False
        self.best = value
        return True


class EarlyStopping(Callback):
    """Stop after `patience` epochs without improvement, and restore the best weights.

    After phase 1 `reset(patience=...)` makes it ready for phase 2. Monitor, min_delta and mode: see
    Monitor.

    Source: Prechelt 1998, "Early stopping - but when?".
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 2,
        min_delta: float = 0.0,
        mode: str | None = None,
    ):
        self.monitor = Monitor(monitor, min_delta, mode)
        self.reset(patience)

    def watch(self, history: History) -> None:
        """Be as if it had watched a training whose history was kept; its weights stay unknown."""
        for row in history.epochs:
            if self.monitor.improved(row):
                self.wait, self.best_epoch = 0, row["epoch"]
            else:
                self.wait += 1

    def reset(self, patience: int | None = None) -> None:
        """Forget the best value and its weights; optionally change the patience (epochs)."""
        self.patience = self.patience if patience is None else patience
        if self.patience < 1:
            raise ValueError(f"patience is {self.patience}; it must be at least 1 epoch.")
        self.monitor.best, self.wait, self.best_epoch, self.best_weights = None, 0, None, None

    def on_fit_start(self, trainer: Trainer) -> None:
        if trainer.epoch == 0 and (self.best_epoch is not None or self.wait):
            raise ValueError(
                "this EarlyStopping has the best value of an earlier training; "
                "call reset(patience=...) before the next phase."
            )
        if self.wait >= self.patience:  # a resumed run that had already stopped
            trainer.stop = True

    def on_epoch_end(self, trainer: Trainer, row: dict) -> None:
        if self.monitor.improved(row):
            self.wait, self.best_epoch = 0, trainer.epoch
            self.best_weights = _cpu_copy(trainer.unwrapped_model.state_dict())
        else:
            self.wait += 1
        if self.wait >= self.patience:
            trainer.stop = True

    def on_fit_end(self, trainer: Trainer) -> None:
        if self.best_weights is not None:
            trainer.unwrapped_model.load_state_dict(self.best_weights)

    def state_dict(self) -> dict:
        return {
            "best": self.monitor.best,
            "wait": self.wait,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
        }

    def load_state_dict(self, state: dict) -> None:
        self.monitor.best, self.wait = state["best"], state["wait"]
        self.best_epoch, self.best_weights = state["best_epoch"], state["best_weights"]


class LearningRateSchedule(Callback):
    """Scale every group's rate by `factor(progress)`; progress runs from 0 to 1, step by step.

    The factor depends on the step alone, so a resumed run needs no state.
    """

    def __init__(self, factor: Callable[[float], float] | None = None):
        self.factor = factor or warmup_cosine()

    def on_fit_start(self, trainer: Trainer) -> None:
        for group in trainer.optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])

    def on_batch_start(self, trainer: Trainer) -> None:
        total = trainer.max_epochs * len(trainer.train_loader)
        factor = self.factor(min(trainer.step / total, 1.0))
        for group in trainer.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor


def warmup_cosine(warmup: float = 0.1, floor: float = 0.01) -> Callable[[float], float]:
    """Linear rise over the first `warmup` share of the steps, then half a cosine down to `floor`.

    Sources: Loshchilov & Hutter 2017 (SGDR, eq. 5), the cosine; Goyal et al. 2017, the warm-up.
    """

    def factor(progress: float) -> float:
        if progress < warmup:
            return floor + (1 - floor) * progress / warmup
        done = (progress - warmup) / (1 - warmup)
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))

    return factor


class Mixup(Callback):
    """Blend each image (or its features) with another of its batch, and their targets likewise.

    A network that learns from few images is soon too sure of them; this keeps it modest. Metrics of
    the training batches are left out, since no label of a blended image is simply right.

    Args:
        alpha: shares come from Beta(alpha, alpha): small ones mostly leave one image faint.
        num_classes: where targets are class numbers (N,); they become probabilities (N, C). Not
            needed for several labels (N, L).

    Source: Zhang et al. 2018, by torchvision's MixUp.
    """

    def __init__(self, alpha: float = 0.2, num_classes: int | None = None):
        self.blend = MixUp(alpha=alpha, num_classes=num_classes)

    def change_batch(
        self, trainer: Trainer, inputs: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not inputs.is_floating_point():
            normalise = getattr(trainer.unwrapped_model, "normalise", None)
            if normalise is None:
                raise ValueError("only floats can be blended, and the model has no normalise().")
            inputs = normalise(inputs)
        shape = inputs.shape  # features (N, D) are blended as if each were an image of one pixel
        inputs, targets = self.blend(inputs.view(*shape, *(1,) * (4 - len(shape))), targets)
        return inputs.view(shape), targets


class Predictions(Callback):
    """What the model says of a loader's items after each epoch: `outputs`, a list of (N, C)."""

    def __init__(self, loader: DataLoader):
        self.loader, self.outputs = loader, []

    def on_epoch_end(self, trainer: Trainer, row: dict) -> None:
        self.outputs.append(predict(trainer.unwrapped_model, self.loader)[0])


class Progress(Callback):
    """One line an epoch, as readable in a kept notebook as live; or one every so many epochs."""

    def __init__(self, every: int = 1, show: Sequence[str] = ("loss", "accuracy")):
        self.every, self.show = every, tuple(show)

    def on_epoch_end(self, trainer: Trainer, row: dict) -> None:
        last = trainer.stop or trainer.epoch == trainer.max_epochs
        if not trainer.accelerator.is_main_process or (trainer.epoch % self.every and not last):
            return
        width = len(str(trainer.max_epochs))
        parts = [f"epoch {trainer.epoch:>{width}}/{trainer.max_epochs}"]
        for split in ("train", "val"):
            shown = [name for name in self.show if f"{split}_{name}" in row]
            numbers = [f"{name} {row[f'{split}_{name}']:.3f}" for name in shown]
            parts += [" ".join([split, *numbers])] if shown else []
        print(*parts, f"rate {row['lr']:.1e}", f"{row['seconds']:.1f} s", sep=" | ", flush=True)

    def on_fit_end(self, trainer: Trainer) -> None:
        if trainer.stop and trainer.accelerator.is_main_process:
            print(f"stopped after epoch {trainer.epoch}: no improvement.")


def _cpu_copy(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value.detach().to("cpu", copy=True) for key, value in state.items()}
