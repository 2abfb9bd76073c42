"""The methods that draw class activation maps: pytorch-grad-cam's, three of them mended.

`cams` runs them on a model through a `Probe`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from pytorch_grad_cam import EigenCAM, GradCAM, GradCAMPlusPlus, LayerCAM, ScoreCAM
from torch import nn
from torch.func import functional_call

from helpers.data.loaders import PIXEL_BUDGET
from helpers.models.transfer import TransferModel


class Probe(nn.Module):
    """The model, with a layer between backbone and pooling for the library to hook.

    Gradients start anew there, so they reach it through a frozen backbone too; and since the layer
    belongs to the probe, the model itself never carries a hook.
    """

    def __init__(self, model: TransferModel):
        super().__init__()
        self.model, self.layer = model, nn.Identity()
        self.last: tuple[Any, Any] = None, None  # a batch and its features

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        # Score-CAM's many predictions pass the hooks by: these would keep every activation.
        if torch.is_grad_enabled():
            maps = self.layer(self._seen(images).detach().requires_grad_())
        else:
            maps = self._features(images)
        head = self.model.head
        constants = {name: weight.detach() for name, weight in head.named_parameters()}
        return functional_call(head, constants, self.model.pool(maps))

    def _features(self, images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self.model.feature_maps(images)

    def _seen(self, images: torch.Tensor) -> torch.Tensor:
        """The features of a batch, computed once for all methods and targets."""
        if self.last[0] is not images:
            self.last = images, self._features(images)
        return self.last[1]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Nothing: the library asks for it, but no parameter got a gradient from it."""


class _GradCAMPlusPlus(GradCAMPlusPlus):
    def get_cam_weights(self, input_tensor, target_layer, targets, activations, grads):
        # The library adds 1e-6 to a denominator in which squared gradients stand. After pooling
        # over many cells those are smaller than that. The formula stays the same, up to a factor
        # per image, if activations grow as gradients shrink.
        scale = np.abs(grads).max(axis=(1, 2, 3), keepdims=True) + np.finfo(np.float32).tiny
        return super().get_cam_weights(
            input_tensor, target_layer, targets, activations * scale, grads / scale
        )


class _EigenCAM(EigenCAM):
    def get_cam_image(self, input_tensor, target_layer, targets, activations, grads, eigen_smooth):
        # The library's decomposition returns as many components as there are channels, where the
        # first is wanted, and takes most of a second for ten images.
        cells = activations.reshape(*activations.shape[:2], -1).transpose(0, 2, 1)
        shifted = cells - cells.mean(axis=1, keepdims=True)
        along, lengths, _ = np.linalg.svd(shifted, full_matrices=False)
        component = along[:, :, 0] * lengths[:, :1]
        # A principal component has no sign of its own, and the library takes what comes: some maps
        # would show the background. High is to be where the channels are active.
        sign = np.where((component * cells.mean(axis=2)).sum(axis=1) < 0, -1, 1)
        return (sign[:, None] * component).reshape(len(component), *activations.shape[2:])


class _ScoreCAM(ScoreCAM):
    """The library's own holds all masked images of a batch at once, 770 MB for each of 224 x 224
    pixels and 1280 channels, and draws a progress bar."""

    @torch.no_grad()
    def get_cam_weights(self, input_tensor, target_layer, targets, activations, grads):
        images = zip(input_tensor, targets, torch.from_numpy(activations), strict=True)
        return np.stack([self._weights(*image) for image in images])

    def _weights(self, image: torch.Tensor, target, maps: torch.Tensor) -> np.ndarray:
        """Weights (C,) of one image's channels (C, h, w)."""
        height, width = image.shape[1:]
        enlarge = nn.UpsamplingBilinear2d(size=(height, width))
        scores = torch.full((len(maps),), -torch.inf)
        # A channel of zeros adds nothing to the map, whatever its weight.
        alive = maps.flatten(1).any(dim=1).nonzero().flatten()
        for chunk in alive.split(max(1, PIXEL_BUDGET // image[0].numel())) if len(alive) else ():
            masks = enlarge(maps[chunk, None].to(self.device))
            low, high = (f(masks, dim=(2, 3), keepdim=True) for f in (torch.amin, torch.amax))
            masks = (masks - low) / (high - low).clamp_min(1e-12)
            scores[chunk] = torch.stack([target(o) for o in self.model(image * masks)]).cpu()
        return scores.softmax(dim=0).nan_to_num().numpy()


METHODS = {
    "GradCAM": GradCAM,
    "GradCAM++": _GradCAMPlusPlus,
    "EigenCAM": _EigenCAM,
    "LayerCAM": LayerCAM,
    "ScoreCAM": _ScoreCAM,
}
