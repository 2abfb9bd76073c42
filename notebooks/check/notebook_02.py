"""Checks of notebook 02's exercises."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from check.verdict import close, need, number, verdict
from helpers.models import multiplications


@verdict
def ex_02_1(answer: int) -> str:
    need(not close(answer, 7 * 1280, 1e-6), "almost: each class also has a bias of its own.")
    need(
        not close(answer, 8 * 1280, 1e-6),
        "a bias is one number for each class, not for each feature.",
    )
    need(
        close(answer, 7 * 1281, 1e-6),
        f"{number(answer):,.0f} is not it: every class has a weight for each of the 1,280 "
        "features, "
        "and one bias.",
    )
    return "The millions of the backbone stay as they are: this is why phase 1 takes seconds."


@verdict
def ex_02_2(separable: Callable[[int, int, int, int], int]) -> str:
    for height, width, inputs, outputs in ((14, 14, 96, 96), (7, 5, 10, 40)):
        given = separable(height, width, inputs, outputs)
        need(
            given is not None, "your function returns None: replace the ... by a return statement."
        )
        plain = multiplications(height, width, inputs, outputs)
        depthwise = multiplications(height, width, inputs, inputs, groups=inputs)
        pointwise = multiplications(height, width, inputs, outputs, kernel=1)
        need(
            not close(given, plain, 1e-9),
            "that is the plain convolution: 3 × 3 × inputs × outputs a cell.",
        )
        need(
            not close(given, depthwise, 1e-9),
            "that is the depthwise half; add the 1 × 1 convolution.",
        )
        need(not close(given, pointwise, 1e-9), "that is the 1 × 1 half; add the depthwise 3 × 3.")
        need(
            close(given, depthwise + pointwise, 1e-9),
            f"for a {height} × {width} map, {inputs} to {outputs} channels, you get {given:,}; "
            f"{depthwise + pointwise:,} was expected: 9 a cell for each input channel, and then "
            "inputs × outputs a cell.",
        )
    return "With many channels that is close to a ninth of the plain convolution."


@verdict
def ex_02_3(freeze: Callable[[nn.Module], object]) -> str:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    freeze(network)
    learning = [name for name, p in network.named_parameters() if p.requires_grad]
    need(
        not learning,
        f"{', '.join(learning)} still ask for gradients: network.requires_grad_(False).",
    )
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.randn(8, 3, 9, 9))
    moved = [
        name for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    ]
    need(
        not moved,
        f"a batch passed, and {', '.join(moved)} changed: batch norm was still in training mode. "
        "network.eval() stops it.",
    )
    outer = nn.Sequential(network, nn.Linear(4, 2))
    outer.train()
    network(torch.randn(8, 3, 9, 9) + 3)
    moved = [
        name for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    ]
    need(
        not moved,
        "right at first, but the training loop calls model.train(), which puts every part back "
        "into training mode. Let the network ignore it: give it a train() of its own, which does "
        "nothing.",
    )
    return "No gradients, no moving statistics, whatever train() says: that is frozen."
