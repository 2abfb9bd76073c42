"""The transfer-learning model: a pretrained backbone, pooling, a new classifier; freezing it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import nn

from helpers.models.backbones import Backbone
from helpers.models.inference import autocast, evaluating
from helpers.models.pooling import SpatialPyramidPooling
from helpers.models.seeding import seeded

TASKS, POOLINGS = ("multiclass", "multilabel"), ("avg", "spp")


class TransferModel(nn.Module):
    """A pretrained backbone with a new classifier on top.

    images (N, 3, H, W) -> normalised -> backbone (N, C, h, w) -> pooling (N, D)
        -> dropout, linear (N, classes)

    Images are uint8; the model normalises them as its backbone is used to, on its own device. The
    output are logits, for `CrossEntropyLoss` or `BCEWithLogitsLoss`; `probabilities` turns them
    into probabilities. What is frozen stays in eval mode whatever `train()` says, so that batch
    norm neither uses the statistics of a batch nor updates its own.

    Args:
        backbone: from `load_backbone`. The model takes a copy, so that models made from one
            backbone have nothing to do with each other; `with_new_head` shares a frozen one.
        num_classes: outputs of the classifier.
        pooling: "avg", the mean over all positions (D = C), or "spp", the maxima of a spatial
            pyramid (D = 21·C with the usual levels). Both take images of any size.
        dropout: share of features zeroed in training before the linear layer.
        task: "multiclass" (softmax) or "multilabel" (a sigmoid per label).
        levels: of the pyramid.
        seed: of the classifier's start; without one it comes from PyTorch's own random numbers.
    """

    _offset: torch.Tensor
    _scale: torch.Tensor

    def __init__(
        self,
        backbone: Backbone,
        num_classes: int,
        pooling: str = "avg",
        dropout: float = 0.2,
        task: str = "multiclass",
        levels: Sequence[int] = (4, 2, 1),
        seed: int | None = None,
    ):
        super().__init__()
        if pooling not in POOLINGS:
            raise ValueError(f"pooling is {pooling!r}; known: {', '.join(POOLINGS)}.")
        if task not in TASKS:
            raise ValueError(f"task is {task!r}; known: {', '.join(TASKS)}.")
        if num_classes < 1:
            raise ValueError(f"num_classes is {num_classes}; a classifier needs at least one.")
        self.backbone_name, self.mean, self.std = backbone.name, backbone.mean, backbone.std
        # Not among the weights that are saved: the config holds mean and std.
        for name, values in (("_offset", backbone.mean), ("_scale", backbone.std)):
            numbers = 255 * torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, numbers, persistent=False)
        self.weights_source, self.task = backbone.weights, task
        self.num_classes, self.pooling, self.dropout = num_classes, pooling, dropout
        # Copied together, so that the blocks are those of the copied features. They are plain
        # lists: the modules are registered in `features`.
        self.features, self._blocks = copy.deepcopy((backbone.features, backbone.blocks))
        self._shares_backbone = False
        self.pool = SpatialPyramidPooling(*((levels, "max") if pooling == "spp" else ([1], "avg")))
        with nullcontext() if seed is None else seeded(seed):
            classifier = nn.Linear(backbone.channels * self.pool.bins, num_classes)
        self.head = nn.Sequential(nn.Dropout(dropout), classifier)
        self._frozen_modules: list[nn.Module] = []  # kept in eval mode by train()
        self.to(memory_format=torch.channels_last)  # about twice as fast on a CPU
        self.eval()  # looking at a model must not move its running statistics; fit() trains

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) in uint8 to what the backbone knows: (images / 255 - mean) / std.

        Floating point images are taken as normalised already: whoever blends or alters images does
        so after normalising them.

        Raises: ValueError for another type or shape.
        """
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"images have shape {tuple(images.shape)}; give (N, 3, H, W).")
        images = images.to(self._scale.device)
        if images.dtype == torch.uint8:
            # Channel by channel: with the channels last, three numbers at a time take ten times as
            # long on a CPU.
            images = images.to(torch.float32, memory_format=torch.contiguous_format)
            images = images.sub_(self._offset).div_(self._scale)
        if not images.is_floating_point():
            raise ValueError(f"images are {images.dtype}; give uint8, or normalised floats.")
        return images.to(memory_format=torch.channels_last)

    def feature_maps(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to the backbone's maps (N, C, h, w)."""
        images = self.normalise(images)
        with autocast(images.device):
            maps = self.features(images)
        return maps.float()

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to pooled features (N, D): what the classifier sees."""
        return self.pool(self.feature_maps(images))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to logits (N, num_classes)."""
        return self.head(self.embed(images))

    @torch.no_grad()
    def predict_proba(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to probabilities (N, num_classes) on the CPU, in eval mode."""
        with evaluating(self):
            return self.probabilities(self(images)).cpu()

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Softmax over classes, or a sigmoid per label, as the task asks."""
        return logits.softmax(dim=1) if self.task == "multiclass" else logits.sigmoid()

    @property
    def num_blocks(self) -> int:
        """Consecutive pieces of the backbone that `unfreeze` counts, from the input on."""
        return len(self._blocks)

    def freeze(self) -> TransferModel:
        """Phase 1, adaptation: only the classifier learns; the backbone does not change at all."""
        self.features.requires_grad_(False)
        self._frozen_modules = [self.features]
        return self.train(self.training)

    def unfreeze(
        self, last_n_blocks: int | None = None, update_batch_norm: bool = False
    ) -> TransferModel:
        """Phase 2, fine-tuning: let the backbone learn, all of it or the blocks next to the head.

        Args:
            last_n_blocks: None for all (see `num_blocks`), else how many, counted from the output.
            update_batch_norm: let batch norm use and update statistics of the small training
                batches. By default it keeps ImageNet's and learns only its scale and shift.

        A model that shares its backbone (see `with_new_head`) takes a copy of its own first.

        Raises: ValueError for a number of blocks that the backbone has not.
        """
        if self._shares_backbone:
            self.features, self._blocks = copy.deepcopy((self.features, self._blocks))
            self._shares_backbone = False
        count = self.num_blocks if last_n_blocks is None else last_n_blocks
        if not 0 <= count <= self.num_blocks:
            raise ValueError(f"last_n_blocks is {count}; there are {self.num_blocks} blocks.")
        self.freeze()
        frozen = self._blocks[: self.num_blocks - count]
        self._frozen_modules = [module for block in frozen for module in block]
        for block in self._blocks[self.num_blocks - count :]:
            for module in block:
                module.requires_grad_(True)
                if not update_batch_norm:
                    self._frozen_modules += [m for m in module.modules() if _is_batch_norm(m)]
        return self.train(self.training)

    def with_new_head(self, seed: int) -> TransferModel:
        """Another model on the very same frozen backbone, with a classifier that starts anew.

        Several heads on one trunk cost the memory of one, and what one has learnt does not reach
        the others. A model that is unfrozen takes a copy of the backbone for itself first. Until
        then `to(device)` moves the backbone of all of them.

        Raises: ValueError where this model's backbone is not frozen.
        """
        if any(parameter.requires_grad for parameter in self.features.parameters()):
            raise ValueError("only a frozen backbone can be shared: call freeze() first.")
        other = copy.copy(self)  # the same modules, in a dict of its own
        other._modules, other._buffers = dict(self._modules), dict(self._buffers)
        other.head = copy.deepcopy(self.head)
        with seeded(seed):
            for layer in other.head:
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()
        self._shares_backbone = other._shares_backbone = True
        return other

    def train(self, mode: bool = True) -> TransferModel:
        super().train(mode)
        for module in self._frozen_modules:
            module.eval()
        return self

    def parameter_groups(
        self, learning_rate: float, block_decay: float = 1.0, head_factor: float = 1.0
    ) -> list[dict]:
        """Discriminative learning rates (Howard & Ruder 2018) as an optimizer's parameter groups.

        The block next to the head gets `learning_rate`, each block before it `block_decay` times
        the rate of its successor; the head gets `head_factor` times `learning_rate`. Frozen
        parameters are left out.

        Returns: [{"name", "params", "lr"}, ...], from the input to the head.
        """
        groups = []
        for depth, block in enumerate(reversed(self._blocks)):
            params = [p for module in block for p in module.parameters() if p.requires_grad]
            rate = learning_rate * block_decay**depth
            groups.append(
                {"name": f"block {len(self._blocks) - depth}", "params": params, "lr": rate}
            )
        head = {"name": "head", "params": list(self.head.parameters())}
        groups = [group for group in reversed(groups) if group["params"]]
        return [*groups, {**head, "lr": learning_rate * head_factor}]


def _is_batch_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)
