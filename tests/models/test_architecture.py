"""What notebook 02 says of networks is read off them."""

import pytest
import torch
from torch import nn

from helpers.models import (
    in_8_bits,
    load_backbone,
    multiplications,
    relu6_inputs,
    stage_table,
)


def test_multiplications_are_those_of_the_convolution():
    """Counted by hand: 3 x 3 x 8 for each of 5 x 7 cells and 16 channels."""
    assert multiplications(5, 7, 8, 16) == 5 * 7 * 16 * 9 * 8
    assert multiplications(5, 7, 8, 8, groups=8) == 5 * 7 * 8 * 9
    assert multiplications(5, 7, 8, 16, kernel=1) == 5 * 7 * 8 * 16


def test_the_stages_of_mobilenet_v2_are_those_of_its_paper():
    """Sandler et al. 2018, table 2, and 300 million multiply-adds."""
    backbone = load_backbone("mobilenet_v2", pretrained=False)
    table = stage_table(backbone)
    counted = sum(parameter.numel() for parameter in backbone.features.parameters())
    assert table["parameters"].sum() == counted
    stages = table[["repeats", "expansion", "channels"]].to_numpy().tolist()
    assert stages == [
        [1, 1, 32], [1, 1, 16], [2, 6, 24], [3, 6, 32], [4, 6, 64], [3, 6, 96], [3, 6, 160],
        [1, 6, 320], [1, 1, 1280],
    ]  # fmt: skip
    assert table["map"].iloc[[0, -1]].tolist() == ["112 × 112", "7 × 7"]
    assert table["multiplications"].sum() == pytest.approx(300e6, rel=0.01)


def test_other_backbones_have_stages_too():
    lite = stage_table(load_backbone("efficientnet_lite0", pretrained=False))
    assert lite["channels"].tolist() == [32, 16, 24, 40, 80, 112, 192, 320, 1280]
    vgg = stage_table(load_backbone("vgg16", pretrained=False), (64, 64))
    assert set(vgg["block"]) == {"convolution"} and vgg["repeats"].sum() == 13


def test_what_enters_the_relu6_that_holds_back_most():
    scale = nn.Conv2d(3, 2, 1, bias=False)
    nn.init.constant_(scale.weight, 10.0)
    network = nn.Sequential(nn.ReLU6(), scale, nn.ReLU6(inplace=True)).train()
    images = torch.full((2, 3, 4, 4), 0.5)
    inputs = relu6_inputs(network, images)
    assert inputs.shape == (2 * 2 * 4 * 4,) and torch.allclose(inputs, torch.tensor(15.0))
    assert network.training and not network[0]._forward_pre_hooks
    with pytest.raises(ValueError, match="has no ReLU6"):
        relu6_inputs(nn.Sequential(nn.ReLU()), images)


def test_eight_bits_are_256_levels():
    values = torch.linspace(0, 51, 10_000)
    rounded, step = in_8_bits(values)
    assert step == pytest.approx(0.2) and len(rounded.unique()) == 256
    assert (rounded - values).abs().max() <= step / 2 + 1e-5
