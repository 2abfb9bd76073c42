import numpy as np
import pytest
import torch

from helpers.explain.cams import cam_maps
from helpers.explain.faithfulness import (
    area_under,
    deletion_curves,
    insertion_curves,
    randomised_models,
)
from helpers.explain.pointing import rank_correlation

SIZE = (32, 48)


class CornerModel(torch.nn.Module):
    """Class 1 as far as the upper left quarter is bright; it looks nowhere else."""

    num_classes = 2

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert images.dtype == torch.float32  # as a convolution would demand
        height, width = images.shape[2] // 2, images.shape[3] // 2
        seen = images[:, :, :height, :width].mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(seen), 4 * seen], dim=1)

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.softmax(dim=1)


@pytest.fixture
def corner():
    """The model, two images whose bright quarter it sees, and the map that says so."""
    images = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(0)) * 0.1 - 1
    images[:, :, :16, :24] += 2
    truth = np.zeros((2, *SIZE), np.float32)
    truth[:, :16, :24] = np.linspace(0.5, 1, 24)
    return CornerModel().train(), images, truth


def test_curves_run_from_the_whole_image_to_none_of_it(corner):
    model, images, truth = corner
    with torch.no_grad():
        whole = model.probabilities(model(images))[:, 1].numpy()
        grey = images.mean(dim=(2, 3), keepdim=True).expand_as(images)
        none = model.probabilities(model(grey))[:, 1].numpy()
    gone = deletion_curves(model, images, truth, 1, steps=8)
    come = insertion_curves(model, images, truth, 1, steps=8, ground="mean")
    assert gone.shape == come.shape == (2, 9) and model.training
    assert np.allclose(gone[:, 0], whole) and np.allclose(gone[:, -1], none)
    assert np.allclose(come[:, -1], whole) and np.allclose(come[:, 0], none)
    # The quarter goes in the first two steps; nothing that comes after matters.
    assert np.allclose(gone[:, 2:], gone[:, -1:]) and (gone[:, 0] - gone[:, 2] > 0.5).all()


def test_a_true_map_has_a_small_deletion_and_a_great_insertion_area(corner):
    model, images, truth = corner
    for curves, better in ((deletion_curves, np.less), (insertion_curves, np.greater)):
        right = area_under(curves(model, images, truth, 1))
        without = area_under(curves(model, images, np.zeros_like(truth), 1))
        wrong = area_under(curves(model, images, 1 - truth, 1))
        assert better(right, without).all() and better(without, wrong).all()
    assert area_under([[0, 1, 1], [1, 0.5, 0]]) == pytest.approx([0.75, 0.5])


@pytest.mark.parametrize("curves", [deletion_curves, insertion_curves])
def test_several_maps_share_what_does_not_depend_on_them(corner, curves):
    model, images, truth = corner
    maps, seen = {"true": truth, "false": 1 - truth}, []
    alone = {name: curves(model, images, found, steps=4) for name, found in maps.items()}
    model.register_forward_hook(lambda module, given, found: seen.append(len(found)))
    together = curves(model, images, maps, steps=4)
    assert list(together) == ["true", "false"] and sum(seen) == len(images) * (2 + 2 * 3)
    assert all(np.allclose(together[name], alone[name]) for name in maps)


@pytest.mark.parametrize("ground", ["mean", "blur"])
@pytest.mark.parametrize("curves", [deletion_curves, insertion_curves])
def test_curves_of_a_batch_equal_curves_one_by_one(corner, curves, ground):
    model, images, truth = corner
    together = curves(model, images, truth, [1, 0], ground=ground)
    listed = curves(model, [images[0], images[1]], list(truth), [1, 0], ground=ground, batch_size=3)
    assert np.allclose(together, listed, atol=1e-6)
    small = curves(model, [images[0], images[1, :, :20, :30]], [truth[0], truth[1, :20, :30]], 1)
    assert np.allclose(small[0], curves(model, images, truth, 1)[0], atol=1e-6)


def test_without_a_target_the_answer_to_the_whole_image_is_followed(corner):
    model, images, truth = corner
    images[1] -= 2  # the second one shows class 0
    for measure in (deletion_curves, insertion_curves):
        assert np.allclose(
            measure(model, images, truth), measure(model, images, truth, [1, 0]), atol=1e-6
        )


@pytest.mark.parametrize("measure", [deletion_curves, insertion_curves])
def test_maps_of_another_size_are_told(corner, measure):
    model, images, truth = corner
    with pytest.raises(ValueError, match=r"maps have shapes \[\(16, 24\)"):
        measure(model, images, truth[:, ::2, ::2], 1)
    with pytest.raises(ValueError, match="target 2 is no output"):
        measure(model, images, truth, 2)


def test_an_unknown_ground_is_told(corner):
    with pytest.raises(ValueError, match="ground is 'black'; known: mean, blur"):
        deletion_curves(*corner, ground="black")


def _changed(one, other) -> set[str]:
    theirs = other.state_dict()
    return {key for key, value in one.state_dict().items() if not torch.equal(value, theirs[key])}


def test_models_become_random_from_the_head_down(make_model):
    model = make_model().freeze()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    steps = list(randomised_models(model))  # kept together: each must be its own
    assert [name for name, _ in steps] == ["head", *(f"block {n}" for n in range(9, 0, -1))]
    assert _changed(model, steps[0][1]) == {"head.1.weight", "head.1.bias"}
    last = ("head", "features.model.conv_head", "features.model.bn2")
    second = _changed(model, steps[1][1])
    assert all(key.startswith(last) for key in second)
    assert {"features.model.conv_head.weight", "features.model.bn2.running_var"} < second
    sizes = [len(_changed(model, changed)) for _, changed in steps]
    assert sizes == sorted(set(sizes))
    weights = {key for key, value in before.items() if value.ndim > 1}
    assert weights <= _changed(model, steps[-1][1])
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(p.requires_grad for p in steps[-1][1].features.parameters())


def test_randomness_is_the_seeds_and_not_that_of_the_models_start(make_model):
    """A head that began with the same seed must not come back: the trained one resembles it."""
    model, before = make_model(), torch.random.get_rng_state()
    heads = [next(randomised_models(model, seed))[1].head[1].weight for seed in (0, 0, 1)]
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])
    assert not torch.equal(heads[0], model.head[1].weight)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_grad_cam_changes_with_what_the_model_learned(make_model):
    model = make_model()
    images = torch.randn(6, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    maps = cam_maps(model, images, 0)
    random = dict(randomised_models(model))["block 5"]
    assert rank_correlation(maps, cam_maps(model, images, 0)) == pytest.approx([1] * 6)
    assert rank_correlation(maps, cam_maps(random, images, 0)).mean() < 0.5
