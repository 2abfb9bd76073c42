"""How much memory a training step holds on to."""

from __future__ import annotations

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks


def activation_bytes(model: nn.Module, images: torch.Tensor) -> int:
    """Bytes that autograd keeps from the forward pass for the backward pass.

    This is what limits a batch: it grows with the pixels, while weights and optimizer do not. It
    is counted tensor by tensor, so it is the same on a CPU, a GPU and every operating system.

    Args:
        model: in the mode (train, frozen or not) that is to be measured; left as it is.
        images: (N, 3, H, W).
    """
    fixed = {p.untyped_storage().data_ptr() for p in [*model.parameters(), *model.buffers()]}
    saved: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in fixed:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        outputs = model(images)
    del outputs
    return sum(saved.values())
