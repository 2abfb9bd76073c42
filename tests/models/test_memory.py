import torch

from helpers.models.memory import activation_bytes


def test_memory_grows_with_pixels_and_hardly_without_gradients(make_model):
    model = make_model().unfreeze().train()
    one, two = torch.zeros(1, 3, 96, 96), torch.zeros(2, 3, 96, 96)
    wide = torch.zeros(1, 3, 96, 192)
    single = activation_bytes(model, one)
    assert single > 9 * one.nbytes
    for other in (two, wide):
        assert 1.95 * single < activation_bytes(model, other) < 2.05 * single
    assert activation_bytes(model.freeze(), one) < 0.01 * single
