"""Batch norm folded into convolutions: the same maps, and the model stays what it is."""

import copy

import pytest
import timm
import torch
import torchvision
from torch import nn

from helpers.models.folding import fold_batch_norm


def with_statistics(net):
    """Batch norms that have seen something: those of a new net change nothing."""
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for values, low in (
                (module.running_mean, -0.5), (module.running_var, 0.5),
                (module.weight.data, 0.5), (module.bias.data, -0.5),
            ):  # fmt: skip
                values.copy_(low + torch.rand(values.shape, generator=generator))
    return net.eval()


NETS = {
    "mobilenet_v2": lambda: torchvision.models.mobilenet_v2(weights=None).features,
    "efficientnet_lite0": lambda: timm.create_model("tf_efficientnet_lite0", num_classes=0),
    "resnet18": lambda: timm.create_model("resnet18", num_classes=0),
    "regnety_002": lambda: timm.create_model("regnety_002", num_classes=0),
}


def batch_norms(net):
    return sum(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())


@pytest.mark.parametrize("name", NETS)
def test_folded_maps_are_the_same_and_nothing_is_left_to_fold(name):
    torch.manual_seed(0)
    net = with_statistics(NETS[name]())
    before = copy.deepcopy(net.state_dict())
    folded = fold_batch_norm(net)
    assert folded is not net and batch_norms(net) > 0 and batch_norms(folded) == 0
    images = torch.randn(2, 3, 96, 128)
    with torch.no_grad():
        plain, fast = net(images), folded(images)
    assert (fast - plain).norm() <= 1e-4 * plain.norm()
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert all(parameter.requires_grad for parameter in net.parameters())


class TwoReaders(nn.Module):
    """A convolution whose output is read beside batch norm too: folding would change that."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, images):
        maps = self.convolution(images)
        return self.norm(maps) + maps


class Stubborn(nn.Module):
    """Something that cannot be copied."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    def __deepcopy__(self, memo):
        raise TypeError("no copies")

    def forward(self, images):
        return self.layers(images)


def with_activation_between():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.BatchNorm2d(4))


def with_weight_norm():
    convolution = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    return nn.Sequential(convolution, nn.BatchNorm2d(4))


@pytest.mark.parametrize(
    "kind",
    [
        TwoReaders,
        Stubborn,
        with_activation_between,
        with_weight_norm,
        lambda: nn.Conv2d(3, 4, 3),
    ],
)
def test_what_cannot_be_folded_safely_is_used_as_it_is(kind):
    net = with_statistics(kind())
    assert fold_batch_norm(net) is net


def test_nobody_sees_a_training_mode_or_random_numbers_move():
    net = with_statistics(NETS["mobilenet_v2"]())
    net[0].train()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fold_batch_norm(net)
    assert torch.equal(torch.rand(3), expected)
    assert net[0].training and not net[1].training


def test_hooks_see_the_images_and_nothing_else():
    net, seen = with_statistics(NETS["mobilenet_v2"]()), []
    net[3].register_forward_hook(lambda *given: seen.append(1))
    assert fold_batch_norm(net) is net and not seen
