import pytest
import torch
from torch import nn
from toys import loaders, make_net

from helpers.training.lr_range import lr_range_test, suggest_rate


def run(net, optimizer, **options):
    return lr_range_test(net, nn.CrossEntropyLoss(), optimizer, loaders()[0], **options)


def test_it_finds_where_the_loss_falls_and_blows_up():
    net = make_net()
    test = run(net, torch.optim.SGD(net.parameters(), lr=0.1), start=1e-4, end=1e4, steps=120)
    rates = test["lr"]
    assert rates.is_monotonic_increasing and rates.iloc[0] == pytest.approx(1e-4)
    assert test["smoothed"].min() < 0.8 * test["smoothed"].iloc[0]
    assert len(test) < 120 and test["smoothed"].iloc[-1] > 3 * test["smoothed"].min()
    assert 1e-4 < suggest_rate(test) < rates.iloc[-1] / 10


def test_model_optimizer_and_mode_are_left_as_they_were():
    net = make_net().eval()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.123)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    run(net, optimizer, steps=30)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert optimizer.param_groups[0]["lr"] == 0.123 and not optimizer.state and not net.training


def test_it_repeats_the_loader_as_often_as_needed_and_exactly():
    net = make_net()
    optimizer = torch.optim.AdamW(net.parameters())
    first, second = (run(net, optimizer, end=1e-2, steps=33) for _ in range(2))
    assert len(first) == 33 and first.equals(second)


def test_senseless_ranges_are_told():
    net = make_net()
    with pytest.raises(ValueError, match="0 < start < end"):
        run(net, torch.optim.SGD(net.parameters(), lr=1), start=1.0, end=0.1)


def test_random_generators_are_left_as_they_were():
    net = make_net()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    run(net, torch.optim.SGD(net.parameters(), lr=1), steps=5)
    assert torch.equal(torch.rand(3), expected)
