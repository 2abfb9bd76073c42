"""The training loop, on one screen: Model, Criterion, Optimizer, Callbacks.

Hugging Face Accelerate moves things to the device, runs mixed precision and several processes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.data_loader import DataLoaderShard, prepare_data_loader
from accelerate.utils import gather_object, set_seed
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection

from helpers.batching import SizeBucketBatchSampler
from helpers.callbacks import Callback
from helpers.errors import last_line
from helpers.history import History


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change."""


class Trainer:
    """`Trainer(model, criterion, optimizer, callbacks).fit(train, val, max_epochs)`.

    Args:
        model: any module; parameters that need no gradient stay as they are.
        criterion: called as `criterion(outputs, targets)`, returns the mean loss of the batch.
        optimizer: over the model's trainable parameters; not needed to evaluate.
        callbacks: see `helpers.callbacks`; called in the order given.
        metrics: torchmetrics collection, computed on the training batches of each epoch and on the
            validation data after it.
        seed: with the epoch it decides batch order, augmentation and dropout, so that an epoch
            does not depend on how the ones before it were run.
        mixup: alpha of mixup (Zhang et al. 2018), see `blended`; 0 leaves images as they are. For
            targets that are probabilities, such as several labels.

    Mixed precision is Accelerate's business too: ACCELERATE_MIXED_PRECISION=bf16 in the
    environment, or `accelerate config`.
    """

    def __init__(
        self,
        model: nn.Module,
        criterion: nn.Module,
        optimizer: torch.optim.Optimizer | None = None,
        callbacks: Sequence[Callback] = (),
        metrics: MetricCollection | None = None,
        seed: int = 0,
        mixup: float = 0.0,
    ):
        self.accelerator = Accelerator()
        self.model = self.accelerator.prepare(model)
        self.optimizer = None if optimizer is None else self.accelerator.prepare(optimizer)
        self.criterion = criterion.to(self.accelerator.device)
        self.metrics = None if metrics is None else metrics.to(self.accelerator.device)
        self.train_metrics = None if metrics is None else metrics.clone()
        for metric in (self.train_metrics or {}).values():
            metric.sync_on_compute = True  # each process sees its own training batches only
        self.callbacks, self.seed, self.mixup = list(callbacks), seed, mixup
        self.history, self.epoch, self.step, self.stop = History(), 0, 0, False

    def fit(
        self,
        train_loader: DataLoader,
        val_loader: DataLoader | None,
        max_epochs: int,
        resume: str | Path | None = None,
    ) -> History:
        """Train until epoch `max_epochs` or until a callback sets `stop`.

        Args:
            train_loader, val_loader: batches of (inputs, targets); `make_loader` makes them
                reproducible. Without validation data callbacks can watch train_loss only.
            resume: a checkpoint's `last.pt`; the run goes on as if it had never stopped.

        Returns: the history of all epochs.
        Raises: TrainingError for an empty loader or a loss that is not finite.
        """
        if self.optimizer is None:
            raise TrainingError("to fit, a Trainer needs an optimizer.")
        self.given_loader, self.max_epochs = train_loader, max_epochs
        self.train_loader = self._prepared(train_loader)
        val_loader = None if val_loader is None else self._prepared(val_loader)
        if len(self.train_loader) == 0:
            raise TrainingError("the training loader has no batches; add data or use smaller ones.")
        self.stop = False
        if resume is not None:
            self.load_checkpoint(resume)
        self._call("on_fit_start")
        while self.epoch < max_epochs and not self.stop:
            self.epoch += 1
            started = time.perf_counter()
            train_loss = self._train_epoch()
            row = {"epoch": self.epoch, "lr": self.learning_rate, "train_loss": train_loss}
            row.update({f"train_{k}": v for k, v in _computed(self.train_metrics).items()})
            if val_loader is not None:
                row.update({f"val_{k}": v for k, v in self.evaluate(val_loader).items()})
            row["seconds"] = time.perf_counter() - started
            self.history.epochs.append(row)
            self._call("on_epoch_end", row)
        self._call("on_fit_end")
        return self.history

    def _train_epoch(self) -> float:
        entropy = np.random.SeedSequence([self.seed, self.epoch]).generate_state(1)[0]
        set_seed(int(entropy), device_specific=True)
        set_epoch(self.train_loader, self.epoch)
        set_epoch(self.given_loader, self.epoch)  # Accelerate wraps its sampler, not always reached
        self.model.train()
        total, count = 0.0, 0
        for inputs, targets in self.train_loader:
            self._call("on_batch_start")
            if self.mixup:
                inputs, targets = blended(inputs, targets, self.mixup)
            outputs = self.model(inputs)
            loss = self.criterion(outputs, targets)
            value = loss.item()
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"the loss became {value} in epoch {self.epoch}, step {self.step + 1}; "
                    "lower the learning rate or look for broken inputs."
                )
            self.accelerator.backward(loss)
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.step += 1
            if self.train_metrics is not None:
                self.train_metrics.update(outputs.detach(), targets)
            total, count = total + value * len(targets), count + len(targets)
            self.history.batches.append(
                {"epoch": self.epoch, "step": self.step, "loss": value, "lr": self.learning_rate}
            )
        sums = self.accelerator.reduce(torch.tensor([total, count], device=self.accelerator.device))
        return (sums[0] / sums[1]).item()

    def evaluate(self, loader: DataLoader) -> dict[str, float]:
        """Mean loss over all items of the loader, and the metrics."""
        outputs, targets = self.predict(loader)
        device = self.accelerator.device
        outputs, targets = outputs.to(device), targets.to(device)
        result = {"loss": self.criterion(outputs, targets).item()}
        if self.metrics is not None:
            self.metrics.update(outputs, targets)
            result.update(_computed(self.metrics))
        return result

    @torch.no_grad()
    def predict(self, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs (logits) and targets of all items on the CPU, in the loader's order.

        Of size buckets, whose order means nothing, they come in the data set's order.
        """
        sampler = loader.batch_sampler
        buckets = sampler if isinstance(sampler, SizeBucketBatchSampler) else None
        loader = self._prepared(loader)
        self.model.eval()
        parts = []
        for inputs, targets in loader:
            part = self.model(inputs), targets
            parts.append(part if buckets else self.accelerator.gather_for_metrics(part))
        if buckets:  # batches of several processes differ in length; their items are sent instead
            parts = gather_object([(o.cpu(), t.cpu()) for o, t in parts])
        if not parts:
            raise TrainingError("the loader to evaluate has no batches; add data.")
        outputs, targets = (torch.cat(part) for part in zip(*parts, strict=True))
        if buckets:
            back = torch.from_numpy(buckets.order).argsort()
            outputs, targets = outputs[back], targets[back]
        return outputs.float().cpu(), targets.cpu()

    def _prepared(self, loader: DataLoader) -> DataLoader:
        """Batches on the device, shared by all processes: by Accelerate, or by size buckets."""
        if not isinstance(loader.batch_sampler, SizeBucketBatchSampler):
            return self.accelerator.prepare(loader)
        if isinstance(loader, DataLoaderShard):  # prepared before
            return loader
        here = self.accelerator
        loader.batch_sampler.share(here.num_processes, here.process_index)
        return prepare_data_loader(
            loader, here.device, num_processes=1, process_index=0, put_on_device=True
        )

    @property
    def learning_rate(self) -> float:
        return self.optimizer.param_groups[0]["lr"]

    @property
    def unwrapped_model(self) -> nn.Module:
        """The model that was given, without what several processes wrap around it."""
        return self.accelerator.unwrap_model(self.model)

    def save_checkpoint(self, path: str | Path) -> None:
        """Write all that `fit(resume=path)` needs; to a temporary file first, then renamed."""
        state = {
            "model": self.unwrapped_model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "callbacks": {name: c.state_dict() for name, c in self._named_callbacks().items()},
            "batches": self.history.batches,
            "epochs": self.history.epochs,
            "step": self.step,
        }
        if self.accelerator.is_main_process:
            path = Path(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(state, f"{path}.tmp")
            Path(f"{path}.tmp").replace(path)

    def load_checkpoint(self, path: str | Path) -> None:
        """Restore what `save_checkpoint` wrote. Raises TrainingError if it does not fit."""
        try:
            state = torch.load(path, map_location=self.accelerator.device, weights_only=True)
            self.unwrapped_model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            for name, callback in self._named_callbacks().items():
                if name in state["callbacks"]:  # one that is new, such as Progress, just starts
                    callback.load_state_dict(state["callbacks"][name])
        except FileNotFoundError:
            raise TrainingError(f"{path}: there is no such checkpoint.") from None
        except Exception as error:
            raise TrainingError(
                f"{path}: not a checkpoint of this model and optimizer ({last_line(error)})."
            ) from None
        self.history = History(state["batches"], state["epochs"])
        self.epoch, self.step = self.history.epochs[-1]["epoch"], state["step"]

    def _named_callbacks(self) -> dict[str, Callback]:
        kinds = [type(callback).__name__ for callback in self.callbacks]
        names = [f"{kind} {kinds[:i].count(kind)}" for i, kind in enumerate(kinds)]
        return dict(zip(names, self.callbacks, strict=True))

    def _call(self, hook: str, *arguments) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(self, *arguments)


def blended(
    inputs: torch.Tensor, targets: torch.Tensor, alpha: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each item with a weaker other one of the batch laid over it, its targets likewise.

    The weaker one's share comes from Beta(alpha, alpha): small alphas mostly leave it faint.
    Raises: TrainingError for targets that are class numbers, which cannot be blended.
    """
    if not targets.is_floating_point():
        raise TrainingError("mixup blends targets: give probabilities (N, C), not class numbers.")
    share = torch.distributions.Beta(alpha, alpha).sample().item()
    share, order = max(share, 1 - share), torch.randperm(len(inputs))
    return tuple(share * items + (1 - share) * items[order] for items in (inputs, targets))


def _computed(metrics: MetricCollection | None) -> dict[str, float]:
    """The metrics' values; they start anew afterwards."""
    if metrics is None:
        return {}
    values = {name: value.item() for name, value in metrics.compute().items()}
    metrics.reset()
    return values


def set_epoch(loader: DataLoader, epoch: int) -> None:
    """Tell sampler and data set which epoch it is; both may be wrapped by Accelerate."""
    if hasattr(loader, "set_epoch"):
        loader.set_epoch(epoch)
    for part in (loader.sampler, loader.batch_sampler, loader.dataset):
        if hasattr(part, "set_epoch"):
            part.set_epoch(epoch)
