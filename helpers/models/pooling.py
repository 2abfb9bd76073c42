"""Feature maps of any size to a vector of one length: spatial pyramid pooling."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


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
