"""The transfer-learning model: backbone, pooling, classifier; freezing, saving and loading it."""

from __future__ import annotations

import copy
import importlib.metadata
import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from helpers.data.images import read_image
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import Transform, eval_transform
from helpers.errors import last_line
from helpers.models.backbones import Backbone, load_backbone
from helpers.models.inference import autocast, evaluating
from helpers.models.seeding import seeded

TASKS, POOLINGS = ("multiclass", "multilabel"), ("avg", "spp")
WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"


class ModelError(ValueError):
    """A saved model that cannot be loaded, or a configuration that does not fit its model."""


class SpatialPyramidPooling(nn.Module):
    """Feature maps of any height and width to a vector of one length (He et al. 2014, section 2.2).

    Level l cuts the map into l x l bins and keeps one number per bin and channel: its maximum, or
    its mean. Bin i of a side of length H covers the rows from floor(i·H/l) to ceil((i+1)·H/l) - 1,
    so that every row is covered and no bin is empty, however small the map; nothing is padded.

    (N, C, H, W) -> (N, C·Σ l²) for any H, W ≥ 1, level by level in the order given; within a level
    as `maps.flatten(1)` would be: channel, row, column. Levels 4, 2, 1 on 1280 channels: 26,880.

    Args:
        levels: bins per side.
        mode: "max" or "avg".
    """

    def __init__(self, levels: Sequence[int] = (4, 2, 1), mode: str = "max"):
        super().__init__()
        if not levels or any(level < 1 for level in levels):
            raise ValueError(f"levels are {tuple(levels)}; give one or more numbers of at least 1.")
        if mode not in ("max", "avg"):
            raise ValueError(f"mode is {mode!r}; known: 'max' and 'avg'.")
        self.levels, self.mode = tuple(levels), mode

    @property
    def bins(self) -> int:
        """Numbers per channel: Σ l²."""
        return sum(level**2 for level in self.levels)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        # On Apple's MPS PyTorch's own pooling fails, or is wrong, where a level does not divide a
        # side of the map (pytorch issue 190064).
        pool = pool_by_slices if maps.device.type == "mps" else pool_adaptively
        pooled = [pool(maps, level, self.mode).flatten(1) for level in self.levels]
        return torch.cat(pooled, dim=1)

    def extra_repr(self) -> str:
        return f"levels={self.levels}, mode={self.mode!r}"


def pool_adaptively(maps: torch.Tensor, level: int, mode: str) -> torch.Tensor:
    """Maps (N, C, H, W) to their maxima or means in level x level bins (N, C, level, level)."""
    if mode == "max":
        return nn.functional.adaptive_max_pool2d(maps, level)
    return nn.functional.adaptive_avg_pool2d(maps, level)


def pool_by_slices(maps: torch.Tensor, level: int, mode: str) -> torch.Tensor:
    """The same as `pool_adaptively`, from the bins cut out one by one: right on every device."""
    height, width = maps.shape[2:]
    rows, columns = (
        [slice(i * side // level, -(-(i + 1) * side // level)) for i in range(level)]
        for side in (height, width)
    )
    reduce = torch.amax if mode == "max" else torch.mean
    bins = [reduce(maps[:, :, row, column], dim=(2, 3)) for row in rows for column in columns]
    return torch.stack(bins, dim=2).unflatten(2, (level, level))


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
        images = images.to(self._scale.device, memory_format=torch.channels_last)
        if images.is_floating_point():
            return images
        if images.dtype != torch.uint8:
            raise ValueError(f"images are {images.dtype}; give uint8, or normalised floats.")
        return (images - self._offset) / self._scale

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
        the others. The first that is unfrozen takes a copy of the backbone for itself.

        Raises: ValueError where this model's backbone is not frozen.
        """
        if any(parameter.requires_grad for parameter in self.features.parameters()):
            raise ValueError("only a frozen backbone can be shared: call freeze() first.")
        other = copy.copy(self)  # the same modules, in a dict of its own
        other._modules = dict(self._modules)
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

    def block_distances(self, other: TransferModel) -> list[float]:
        """How far each block's weights of `other` lie from these, relative to their size.

        Returns: ‖w' − w‖ / ‖w‖ over each block's parameters, from the input on.
        """
        distances = []
        for ours, theirs in zip(self._blocks, other._blocks, strict=True):
            pairs = [
                (p.detach().cpu(), q.detach().cpu())
                for a, b in zip(ours, theirs, strict=True)
                for p, q in zip(a.parameters(), b.parameters(), strict=True)
            ]
            moved = sum((p - q).square().sum() for p, q in pairs)
            distances.append((moved / sum(p.square().sum() for p, _ in pairs)).sqrt().item())
        return distances

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


def save_model(folder: str | Path, model: TransferModel, config: dict) -> Path:
    """Write `model.safetensors` and `config.json`: all that `load_model` needs.

    Args:
        folder: made if missing; an earlier model in it is replaced, never left half-written.
        model: its weights, architecture and normalisation are stored.
        config: must hold "classes" (names, one per output) and "size" (height, width of the images
            it was trained on, or their ShapeRule); may hold "crop" (True where images were cropped,
            not squashed), "thresholds" (one per label) and anything else that JSON can keep, such
            as learning rates.

    Raises: ModelError where config does not fit the model.
    """
    for key in ("classes", "size"):
        if key not in config:
            raise ModelError(f"config lacks {key!r}: a model saved without it cannot be used.")
    if len(config["classes"]) != model.num_classes:
        raise ModelError(
            f"config names {len(config['classes'])} classes, the model has {model.num_classes}."
        )
    state = {key: value.contiguous().cpu() for key, value in model.state_dict().items()}
    features = [key for key in state if key.startswith("features.")]
    if set(state) - set(features) != {"head.1.weight", "head.1.bias"}:
        raise ModelError(
            "the head is not the one that TransferModel makes, so load_model could not rebuild it; "
            "keep such a model with torch.save(model.state_dict(), path)."
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "backbone": model.backbone_name,
        "weights": model.weights_source,
        "pooling": model.pooling,
        "levels": list(model.pool.levels),
        "dropout": model.dropout,
        "task": model.task,
        "mean": list(model.mean),
        "std": list(model.std),
        "thresholds": [0.5] * model.num_classes if model.task == "multilabel" else None,
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("torch", "torchvision", "timm", "albumentations")
        },
    }
    size = config["size"]
    config = {**config, "size": asdict(size) if isinstance(size, ShapeRule) else list(size)}
    weights, description = folder / WEIGHTS_FILE, folder / CONFIG_FILE
    save_file(state, f"{weights}.tmp")
    Path(f"{description}.tmp").write_text(json.dumps({**described, **config}, indent=2) + "\n")
    os.replace(f"{weights}.tmp", weights)
    os.replace(f"{description}.tmp", description)
    return folder


def load_model(folder: str | Path) -> tuple[TransferModel, dict]:
    """Rebuild what `save_model` wrote, from the folder alone; no ImageNet weights are fetched.

    Returns: the model in eval mode, on the CPU, and its config.
    Raises: ModelError naming the file that is missing, damaged or does not fit.
    """
    folder = Path(folder)
    weights, description = folder / WEIGHTS_FILE, folder / CONFIG_FILE
    for path in (description, weights):
        if not path.is_file():
            raise ModelError(f"{path}: missing; {folder} holds no saved model.")
    try:
        config = json.loads(description.read_text())
        backbone = load_backbone(config["backbone"], pretrained=False)
        backbone.mean, backbone.std = tuple(config["mean"]), tuple(config["std"])
        backbone.weights = config["weights"]
        options = {key: config[key] for key in ("pooling", "dropout", "task", "levels")}
        model = TransferModel(backbone, len(config["classes"]), **options)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(f"{description}: not a model's config ({error!r}).") from None
    try:
        model.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"{weights}: damaged, or not what {CONFIG_FILE} describes ({last_line(error)})."
        ) from None
    return model.eval(), config


def transform_from_config(config: dict) -> Transform:
    """The transform that prepares an image for the model of this config (see `load_model`)."""
    size = config["size"]
    size = ShapeRule(**size) if isinstance(size, dict) else tuple(size)
    return eval_transform(size, crop=config.get("crop", False))


def predict_photo(
    model: TransferModel, config: dict, photo: str | Path | np.ndarray
) -> pd.DataFrame:
    """A saved model's answer for one photo.

    Args:
        model, config: from `load_model`.
        photo: a file, or uint8 (H, W, 3), RGB.

    Returns: a row per class with its probability and the answer: yes for the most probable one, or,
        where several labels may hold, for each at or above its threshold (a column then too).
    Raises: ImageError for a file that is no readable image.
    """
    image = photo if isinstance(photo, np.ndarray) else read_image(photo)
    probabilities = model.predict_proba(transform_from_config(config)(image)[None])[0].numpy()
    table = pd.DataFrame({"probability": probabilities}, index=config["classes"])
    if model.task == "multilabel":
        table["threshold"] = config["thresholds"]
        holds = probabilities >= table["threshold"]
    else:
        holds = probabilities == probabilities.max()
    table["answer"] = np.where(holds, "yes", "no")
    return table


def _is_batch_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)
