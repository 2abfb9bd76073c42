"""What a network is made of, and where it comes from: ImageNet's competition, a table of stages,
multiplications counted, and what enters a ReLU6."""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch
import torchvision
from torch import nn

from helpers.models.backbones import Backbone, TimmFeatures
from helpers.models.inference import evaluating

# ILSVRC's classification task: lowest top-5 error on the test, in per cent, without extra data.
# 2010 to 2014: Russakovsky et al. 2015, table 5; then He et al. 2016, the organisers' results of
# 2016 (Trimps-Soushen), and Hu et al. 2018.
WINNERS = {
    2010: ("NEC", 28.2),
    2011: ("XRCE", 25.8),
    2012: ("AlexNet", 16.4),
    2013: ("Clarifai", 11.7),
    2014: ("GoogLeNet", 6.7),
    2015: ("ResNet", 3.6),
    2016: ("Trimps", 3.0),
    2017: ("SENet", 2.3),
}
HUMAN_ERROR = 5.1  # one well-trained person: Russakovsky et al. 2015, section 6.4

_YEARS = {
    "alexnet": 2012,
    "vgg16": 2014,
    "googlenet": 2014,
    "resnet50": 2015,
    "mobilenet_v2": 2018,
}


def imagenet_networks() -> pd.DataFrame:
    """Well-known networks: year, parameters in millions, top-1 error on ImageNet in per cent.

    Numbers are those that torchvision gives with its weights; EfficientNet-Lite0's are from the
    README of its authors (github.com/tensorflow/tpu, models/official/efficientnet/lite).
    """
    rows = {}
    for name, year in _YEARS.items():
        meta = torchvision.models.get_model_weights(name).IMAGENET1K_V1.meta
        accuracy = meta["_metrics"]["ImageNet-1K"]["acc@1"]
        rows[name] = (year, meta["num_params"] / 1e6, 100 - accuracy)
    rows["efficientnet_lite0"] = (2020, 4.7, 100 - 75.1)
    columns = ["year", "million parameters", "top-1 error, %"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def multiplications(
    height: int, width: int, inputs: int, outputs: int, kernel: int = 3, groups: int = 1
) -> int:
    """Multiplications of a convolution: each cell of the result asks for kernel² · inputs / groups.

    Args:
        height, width: of the map that comes out, in cells.
        inputs, outputs: channels.
        groups: 1 for a plain convolution, `inputs` for a depthwise one.
    """
    return height * width * outputs * kernel**2 * inputs // groups


def stage_table(backbone: Backbone, size: tuple[int, int] = (224, 224)) -> pd.DataFrame:
    """A row for each stage of a backbone, read off the network while an image passes through it.

    Neighbouring blocks of one kind with as many channels make a stage.

    Args:
        size: (height, width) of the image in pixels.

    Returns: columns block (kind), repeats, expansion (how much wider a block is inside than where
        it begins; 1 where nothing is expanded), channels and map (height × width) that come out,
        parameters, and multiplications for one image.
    """
    rows: list[dict] = []
    for block in _flat_blocks(backbone):
        if any(isinstance(module, nn.Conv2d) for module in block.modules()):
            rows.append(_watch(block))
        else:  # a convolution's batch norm
            rows[-1]["parameters"] += sum(parameter.numel() for parameter in block.parameters())
    try:
        with evaluating(backbone.features), torch.no_grad():
            backbone.features(torch.zeros(1, 3, *size))
    finally:
        for row in rows:
            for hook in row.pop("hooks"):
                hook.remove()
    table = pd.DataFrame(rows)
    stage = (table[["block", "channels"]] != table[["block", "channels"]].shift()).any(axis=1)
    return (
        table.groupby(stage.cumsum())
        .agg(
            block=("block", "first"),
            repeats=("block", "size"),
            expansion=("expansion", "last"),
            channels=("channels", "first"),
            map=("map", "last"),
            parameters=("parameters", "sum"),
            multiplications=("multiplications", "sum"),
        )
        .reset_index(drop=True)
    )


def _flat_blocks(backbone: Backbone) -> list[nn.Module]:
    """The pieces in their order; a stage that is one piece of a timm model is taken apart."""
    blocks = []
    for pieces in backbone.blocks:
        for piece in pieces:
            if isinstance(piece, nn.Sequential) and isinstance(backbone.features, TimmFeatures):
                blocks.extend(piece)
            else:
                blocks.append(piece)
    return blocks


def _watch(block: nn.Module) -> dict:
    """A row for the block, which its hooks fill in when an image passes."""
    convolutions = [module for module in block.modules() if isinstance(module, nn.Conv2d)]
    deep = [module for module in convolutions if module.groups > 1]
    row: dict[str, Any] = {
        "block": "inverted residual" if deep and len(convolutions) > 1 else "convolution",
        "expansion": deep[0].in_channels // convolutions[0].in_channels if deep else 1,
        "parameters": sum(parameter.numel() for parameter in block.parameters()),
        "multiplications": 0,
        "channels": 0,
        "map": "",
    }

    def count(module: nn.Conv2d, given: tuple, maps: torch.Tensor) -> None:
        row["multiplications"] += multiplications(
            maps.shape[2],
            maps.shape[3],
            module.in_channels,
            module.out_channels,
            module.kernel_size[0],
            module.groups,
        )

    def note(module: nn.Module, given: tuple, maps: torch.Tensor) -> None:
        row["channels"], row["map"] = maps.shape[1], f"{maps.shape[2]} × {maps.shape[3]}"

    row["hooks"] = [module.register_forward_hook(count) for module in convolutions]
    row["hooks"].append(block.register_forward_hook(note))
    return row


def relu6_inputs(features: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What enters the ReLU6 that is asked to hold back most, as one row of numbers.

    Args:
        features: a network with ReLU6 layers, as MobileNetV2 and EfficientNet-Lite have.
        images: as the network wants them (N, 3, H, W), normalised.

    Raises: ValueError for a network without a ReLU6.
    """
    layers = [module for module in features.modules() if isinstance(module, nn.ReLU6)]
    if not layers:
        raise ValueError("this network has no ReLU6; MobileNetV2 and EfficientNet-Lite have.")
    widest = torch.zeros(0)

    def note(module: nn.Module, given: tuple[torch.Tensor]) -> None:
        nonlocal widest
        (maps,) = given
        if not len(widest) or maps.max() > widest.max():
            widest = maps.detach().flatten().clone()  # a copy: the layer may work in place

    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        with evaluating(features), torch.no_grad():
            features(images)
    finally:
        for hook in hooks:
            hook.remove()
    return widest


def in_8_bits(values: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Values of at least 0 rounded to 256 levels from 0 to their maximum; and the step between two.

    As post-training quantisation does with activations (Jacob et al. 2018, section 2.1).
    """
    step = float(values.max()) / 255
    return (values / step).round() * step, step
