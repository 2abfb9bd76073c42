import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.data.datasets import DataError, ImageFolderDataset
from helpers.data.loaders import FixedSizeBatchSampler, SizeBucketBatchSampler, make_loader
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import eval_transform, train_transform

SIDES = st.integers(1, 9000)
SIZES = st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=60)


@given(
    SIZES,
    st.integers(16, 24).map(lambda n: (n * 32) ** 2),
    st.integers(0, 5),
    st.integers(1, 3),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_an_epoch_is_a_partition_within_the_budget(sizes, budget, seed, replicas, shuffle):
    shapes = ShapeRule().shapes(np.array(sizes))
    parts = []
    for rank in range(replicas):
        sampler = SizeBucketBatchSampler(shapes, budget, shuffle, seed)
        sampler.share(replicas, rank)
        sampler.set_epoch(seed)
        part = list(sampler)
        assert part == list(sampler) and len(part) == len(sampler)
        parts.append(part)
    batches = [batch for part in parts for batch in part]
    assert sorted(i for batch in batches for i in batch) == list(range(len(sizes)))
    for batch in batches:
        assert len({tuple(shapes[i]) for i in batch}) == 1
        assert shapes[batch].prod(axis=1).sum() <= budget
    lengths = [len(part) for part in parts]
    if max(map(len, batches)) > 1:  # something was left to halve
        assert len(set(lengths)) == 1
    assert max(lengths) - min(lengths) <= 1


@given(st.integers(0, 70), st.integers(1, 9), st.integers(1, 3), st.booleans())
@settings(max_examples=100, deadline=None)
def test_fixed_sizes_are_shared_by_all_processes(length, batch_size, replicas, shuffle):
    parts = []
    for rank in range(replicas):
        sampler = FixedSizeBatchSampler(length, batch_size, shuffle, seed=1)
        sampler.share(replicas, rank)
        parts.append(list(sampler))
        assert len(sampler) == len(parts[-1])
    batches = [batch for part in parts for batch in part]
    assert sorted(i for batch in batches for i in batch) == list(range(length))
    assert max(map(len, batches), default=0) <= batch_size
    assert sampler.order.tolist() == [i for batch in batches for i in batch]
    if length >= replicas and batch_size > 1:  # something could be halved
        assert len({len(part) for part in parts}) == 1
    if replicas == 1 and not shuffle:
        assert [i for batch in batches for i in batch] == list(range(length))


def test_an_image_over_the_budget_is_told():
    with pytest.raises(ValueError, match="one image of 512 x 480 has 245760 pixels"):
        SizeBucketBatchSampler(np.array([(512, 480), (128, 128)]), pixel_budget=200_000)


def test_order_changes_by_epoch_and_seed_and_can_be_repeated():
    shapes = np.array([(128, 128)] * 40 + [(128, 160)] * 25)

    def order(seed, epoch):
        sampler = SizeBucketBatchSampler(shapes, 5 * 128 * 160, shuffle=True, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2) and order(0, 1) != order(1, 1)
    plain = SizeBucketBatchSampler(shapes, 5 * 128 * 160)
    assert list(plain) == list(plain)
    assert sorted(map(len, plain)) == [5] * 7 + [6] * 5  # no batch of one that is left over


@pytest.fixture
def odd_photos(tmp_path):
    rng = np.random.default_rng(0)
    sizes = {"a": [(131, 900), (900, 131), (24, 24)], "b": [(3000, 2000), (480, 640), (481, 640)]}
    for name, all_sizes in sizes.items():
        (tmp_path / name).mkdir()
        for number, (height, width) in enumerate(all_sizes):
            small = Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8))
            small.resize((width, height)).save(tmp_path / name / f"{number}.jpg")
    return tmp_path


def test_loader_gives_every_image_of_any_size_once(odd_photos):
    rule = ShapeRule(max_pixels=320 * 320)
    data = ImageFolderDataset(odd_photos, train_transform(rule))
    assert data.sizes.tolist()[0] == [131, 900]
    loader = make_loader(data, shuffle=True)
    batches = [tuple(images.shape) for images, _ in loader]
    assert sum(shape[0] for shape in batches) == 6 == len(data)
    assert (2, 3, 256, 320) in batches  # the two of nearly one size share a batch
    assert max(shape[0] * shape[2] * shape[3] for shape in batches) <= 16 * 224 * 224


def test_shapes_need_a_transform_that_makes_them(odd_photos):
    with pytest.raises(DataError, match="does not say what shapes"):
        _ = ImageFolderDataset(odd_photos).shapes


def test_reduced_decoding_does_not_change_the_shape(odd_photos):
    data = ImageFolderDataset(odd_photos, eval_transform(ShapeRule(max_pixels=224 * 224)))
    for (image, _), shape in zip((data[i] for i in range(6)), data.shapes, strict=True):
        assert tuple(image.shape[1:]) == tuple(shape)
