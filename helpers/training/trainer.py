"""The training loop, on one screen: Model, Criterion, Optimizer, Callbacks.

Hugging Face Accelerate moves things to the device and runs several processes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection

from helpers.data.loaders import set_epoch
from helpers.errors import DataError, ModelError, TrainingError
from helpers.evaluation.metrics import computed, evaluate
from helpers.models.inference import batches_on, modes_kept, new_accelerator, share
from helpers.models.seeding import seeded
from helpers.training.callbacks import Callback
from helpers.training.checkpoints import load_checkpoint
from helpers.training.history import History
from helpers.training.troubles import check_run, describe_run, explained

READ_EVERY = 50  # steps: reading a number makes the device wait for all that was asked of it


class Trainer:
    """`Trainer(model, criterion, optimizer, callbacks).fit(train_loader, val_loader, max_epochs)`.

    Args:
        model: any module; parameters that need no gradient stay as they are. `fit` leaves it on
            the device on which it was trained.
        criterion: called as `criterion(outputs, targets)`, returns the mean loss of the batch.
        optimizer: over the model's trainable parameters.
        callbacks: see `helpers.training.callbacks`; called in the order given.
        metrics: torchmetrics collection, computed on the training batches of each epoch (but for
            batches that a callback has blended) and on the validation data after it.
        seed: with the epoch it decides batch order, augmentation and dropout, so that an epoch
            does not depend on how the ones before it were run. The random generators of whoever
            calls `fit` are left as they were.
    """

    def __init__(
        self,
        model: nn.Module,
        criterion: nn.Module,
        optimizer: torch.optim.Optimizer,
        callbacks: Sequence[Callback] = (),
        metrics: MetricCollection | None = None,
        seed: int = 0,
    ):
        self.accelerator = new_accelerator()
        self.model, self.optimizer = self.accelerator.prepare(model), optimizer
        self.criterion = criterion.to(self.accelerator.device)
        self.metrics, self.callbacks, self.seed = metrics, list(callbacks), seed
        self.train_metrics = None
        if metrics is not None:
            self.train_metrics = metrics.clone().to(self.accelerator.device)
        for metric in (self.train_metrics or {}).values():
            metric.sync_on_compute = True  # each process sees its own training batches only
        self.history, self.epoch, self.step, self.stop = History(), 0, 0, False
        self.run: dict[str, str | int] = {}

    def fit(
        self,
        train_loader: DataLoader,
        val_loader: DataLoader | None,
        max_epochs: int,
        resume: str | Path | None = None,
    ) -> History:
        """Train until epoch `max_epochs` or until a callback sets `stop`.

        Ctrl-C (or a notebook's stop button) ends it early and nothing is lost: the epoch that was
        begun does not count, EarlyStopping brings back the best weights, and the history of the
        whole epochs is returned. Another `fit` goes on from there.

        Args:
            train_loader, val_loader: batches of (inputs, targets); `make_loader` makes them
                reproducible. Without validation data callbacks can watch train_loss only.
            resume: a checkpoint's `last.pt`; the run goes on as if it had never stopped, or it is
                printed what is no longer the same (seed, data, batches).

        Returns: the history of all epochs.
        Raises: TrainingError for an empty loader, for labels without an output, where nothing can
            learn, for batches that several processes cannot share, or for a loss that is not
            finite; that is noticed after READ_EVERY steps at the latest, and the step at which it
            happened is named.
        """
        self.train_loader, self.max_epochs = train_loader, max_epochs
        sampler = share(train_loader, self.accelerator)
        if sampler is not None and not sampler.is_even:
            raise TrainingError(
                f"{sampler.num_replicas} processes cannot share the batches evenly, and would wait "
                "for each other for ever; use fewer processes or larger batches."
            )
        check_run(self, {"training": train_loader, "validation": val_loader})
        self.run, self.stop = describe_run(self, train_loader), False
        if resume is not None:
            load_checkpoint(self, resume)
        self._call("on_fit_start")
        with modes_kept(self.model):
            try:
                while self.epoch < max_epochs and not self.stop:
                    self._fit_epoch(self.epoch + 1, val_loader)
            except (IndexError, ValueError, RuntimeError) as error:
                if reason := explained(error):
                    raise reason from error
                raise
            except KeyboardInterrupt:
                self.step = self.history.batches[-1]["step"] if self.history.batches else 0
                self._explain_interruption()
            finally:
                self._call("on_fit_end")
        return self.history

    def _fit_epoch(self, epoch: int, val_loader: DataLoader | None) -> None:
        """One epoch; it counts, in the history and for callbacks, once it is whole."""
        started = time.perf_counter()
        batches, row = self._train_epoch(epoch)
        if val_loader is not None:
            # Not the wrapped model: that would wait for the other processes in every batch.
            model = self.unwrapped_model
            try:
                scores = evaluate(model, val_loader, self.criterion, self.metrics)
            except (DataError, ModelError) as error:
                raise TrainingError(f"validation after epoch {epoch}: {error}") from None
            row.update({f"val_{name}": value for name, value in scores.items()})
        row["seconds"] = time.perf_counter() - started
        self.epoch = epoch
        self.history.batches += batches
        self.history.epochs.append(row)
        self._call("on_epoch_end", row)

    def _train_epoch(self, epoch: int) -> tuple[list[dict], dict]:
        """Train on each batch once; returns the batches' rows and the epoch's."""
        set_epoch(self.train_loader, epoch)
        self.model.train()
        rows, losses, counts, answers = [], [], [], []
        if self.train_metrics is not None:  # an interrupted epoch may have left something in them
            self.train_metrics.reset()
        with seeded(self.seed, epoch, self.accelerator.process_index):
            for inputs, targets in batches_on(self.accelerator.device, self.train_loader):
                # Callbacks may set the learning rate, and blend the batch.
                self._call("on_batch_start")
                labels = targets
                for callback in self.callbacks:
                    inputs, targets = callback.change_batch(self, inputs, targets)
                # Forward: from images to logits to one number.
                outputs = self.model(inputs)
                loss = self.criterion(outputs, targets)
                # Backward, and one step against the gradient.
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                # Note what happened; numbers stay on the device until they are read together.
                self.step += 1
                rows.append(
                    {"epoch": epoch, "step": self.step, "loss": None, "lr": self.learning_rate}
                )
                losses.append(loss.detach())
                counts.append(len(targets))
                if targets is labels:
                    answers.append((outputs.detach(), labels))
                if len(losses) == READ_EVERY:
                    self._read(losses, answers, rows)
        self._read(losses, answers, rows)
        total = sum(row["loss"] * count for row, count in zip(rows, counts, strict=True))
        sums = torch.tensor([total, sum(counts)], device=self.accelerator.device)
        total, count = self.accelerator.reduce(sums).tolist()
        row = {"epoch": epoch, "lr": self.learning_rate, "train_loss": total / count}
        metrics = self.train_metrics
        if metrics is not None and any(metric.update_called for metric in metrics.values()):
            row.update({f"train_{name}": value for name, value in computed(metrics).items()})
        return rows, row

    def _read(self, losses: list[torch.Tensor], answers: list[tuple], rows: list[dict]) -> None:
        """Losses of the latest steps go into their rows, their answers into the metrics.

        Raises: TrainingError for a loss that is not finite, with its epoch and step.
        """
        values = torch.stack(losses).tolist() if losses else []
        for value, row in zip(values, rows[len(rows) - len(values) :], strict=True):
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss became {value} in epoch {row['epoch']}, step {row['step']}; "
                    "lower the learning rate or look for broken inputs."
                )
            row["loss"] = value
        if self.train_metrics is not None and answers:
            outputs, labels = (torch.cat(part) for part in zip(*answers, strict=True))
            self.train_metrics.update(outputs, labels)
        losses.clear()
        answers.clear()

    def _explain_interruption(self) -> None:
        best = next((c.best_epoch for c in self.callbacks if hasattr(c, "best_epoch")), None)
        weights = f"the best, of epoch {best}, are back" if best else "stay as they are"
        if self.accelerator.is_main_process:
            print(
                f"interrupted in epoch {self.epoch + 1}: history holds {self.epoch} whole epochs; "
                f"weights: {weights}; call fit again to go on."
            )

    @property
    def learning_rate(self) -> float:
        return self.optimizer.param_groups[0]["lr"]

    @property
    def unwrapped_model(self) -> nn.Module:
        """The model that was given, without what several processes wrap around it."""
        return self.accelerator.unwrap_model(self.model)

    def _call(self, hook: str, *arguments) -> None:
        """Call each callback's hook; Ctrl-C in one of them waits until all have been called."""
        interruption = None
        for callback in self.callbacks:
            try:
                getattr(callback, hook)(self, *arguments)
            except KeyboardInterrupt as error:
                interruption = error
        if interruption is not None:
            raise interruption
