"""What a model answers: predictions need a model and a loader, and nothing that trains."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn
from torch.utils.data import DataLoader

from helpers.data.loaders import EpochBatchSampler
from helpers.errors import DataError, ModelError


@contextmanager
def evaluating(model: nn.Module, device: torch.device | None = None) -> Iterator[None]:
    """Eval mode for a while, on `device` where one is given; afterwards all is as it was.

    Each module gets its own mode back: parts of a model may be frozen in eval mode while others
    train.
    """
    home = next((tensor.device for tensor in model.parameters()), None)
    with modes_kept(model):
        try:
            if device is not None:
                model.to(device)
            model.eval()
            yield
        finally:
            if device is not None and home is not None:
                model.to(home)


@contextmanager
def modes_kept(model: nn.Module) -> Iterator[None]:
    """Whatever happens meanwhile, each module is afterwards in the mode in which it was."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def new_accelerator() -> Accelerator:
    """Accelerate's device and processes, without its mixed precision: see `autocast` for that."""
    return Accelerator(mixed_precision="no")


@torch.no_grad()
def predict(model: nn.Module, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs (a TransferModel's are logits) and targets of all items, in the data set's order.

    Args:
        model: any module; it runs on the fastest device of this machine, and is afterwards where
            and in the mode in which it was.
        loader: from `make_loader`, or any other of batches (inputs, targets), which are then taken
            in the order in which they come. Several processes share the batches, and each gets all
            the answers.

    Returns: float32 outputs (N, ...) and targets (N, ...), both on the CPU.
    Raises: DataError for a loader without batches, and where several processes cannot share it;
        ModelError for outputs that are not finite.
    """
    accelerator = new_accelerator()
    sampler = share(loader, accelerator)
    parts = []
    with evaluating(model, accelerator.device):
        for inputs, targets in batches_on(accelerator.device, loader):
            parts.append((model(inputs).float(), targets))
    # Fetched at the end: in the loop the device would wait for each batch to arrive.
    parts = [(outputs.cpu(), targets.cpu()) for outputs, targets in parts]
    parts = gather_object(parts)  # of all processes, one after the other
    if not parts:
        raise DataError("the loader has no batches, so there is nothing to predict; add data.")
    outputs, targets = (torch.cat(part) for part in zip(*parts, strict=True))
    if sampler is not None:
        places = torch.from_numpy(sampler.order).argsort()
        outputs, targets = outputs[places], targets[places]
    return finite(outputs), targets


def finite(outputs: torch.Tensor) -> torch.Tensor:
    """The outputs (N, ...) themselves.

    Raises: ModelError where one is NaN or infinite, and so no answer.
    """
    broken = ~outputs.isfinite().reshape(len(outputs), -1).all(dim=1)
    if broken.any():
        raise ModelError(
            f"the model's answers to {int(broken.sum())} of {len(outputs)} inputs are not finite: "
            "its weights are damaged, or its training has diverged; load or train it again."
        )
    return outputs


def share(loader: DataLoader, accelerator: Accelerator) -> EpochBatchSampler | None:
    """Give each process its part of the loader's batches; returns the sampler that deals them out.

    Raises: DataError where there are several processes and the loader is not from `make_loader`.
    """
    sampler = loader.batch_sampler
    if isinstance(sampler, EpochBatchSampler):
        sampler.share(accelerator.num_processes, accelerator.process_index)
        return sampler
    if accelerator.num_processes > 1:
        raise DataError("several processes can share only loaders that make_loader has made.")
    return None


def batches_on(device: torch.device, loader: DataLoader) -> Iterator[tuple[torch.Tensor, ...]]:
    """The loader's batches (inputs, targets), on the device."""
    # Only pinned memory may be given back before its copy has arrived, and it is pinned for CUDA.
    at_once = device.type == "cuda"
    for inputs, targets in loader:
        yield inputs.to(device, non_blocking=at_once), targets.to(device, non_blocking=at_once)


def autocast(device: torch.device, frozen: bool = False) -> AbstractContextManager:
    """Mixed precision where it pays: bf16 on a GPU that has it, full precision anywhere else.

    Features of a `frozen` backbone, which no gradient depends on, are computed in bf16 on a CPU
    that has it, too. ACCELERATE_MIXED_PRECISION=no or bf16 in the environment overrules all that. A
    TransferModel runs its backbone in it, so that training, frozen features, range test and maps
    all do.
    """
    chosen = os.environ.get("ACCELERATE_MIXED_PRECISION")
    if not chosen:
        pays = has_bf16(device) and (frozen or device.type == "cuda")
        chosen = "bf16" if pays else "no"
    return torch.autocast(device.type, torch.bfloat16) if chosen == "bf16" else nullcontext()


def has_bf16(device: torch.device) -> bool:
    """Whether the device has instructions for bf16, rather than imitates it, which is slow."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    # PyTorch has no public name for these; where it has neither, nothing is lost but time.
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in names)
