"""A small net on made-up numbers, for tests of what trains it."""

import torch
from torch import nn
from torch.utils.data import TensorDataset

from helpers.data.loaders import make_loader
from helpers.training.trainer import Trainer


def make_data(count=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 6, generator=generator)
    return TensorDataset(inputs, (inputs[:, 0] > 0).long())


def make_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))


def make_trainer(callbacks=(), rate=1e-2, net=None, **options):
    net = net or make_net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    return Trainer(net, nn.CrossEntropyLoss(), optimizer, callbacks, **options)


def loaders(seed=0):
    return make_loader(make_data(), 8, shuffle=True, seed=seed), make_loader(make_data(30, 1), 8)
