import cv2
import numpy as np
import pytest
import torch

from helpers.data.shapes import ShapeRule
from helpers.data.transforms import (
    AUGMENTATIONS,
    augmentation,
    augmentation_gallery,
    eval_transform,
    train_transform,
)


@pytest.fixture
def photo():
    rng = np.random.default_rng(0)
    return np.kron(rng.integers(0, 256, (13, 30, 3)), np.ones((10, 10, 1))).astype(np.uint8)


def test_eval_view_is_the_squashed_image_in_uint8(photo):
    colour = np.full((131, 900, 3), (200, 100, 50), dtype=np.uint8)
    item = eval_transform((32, 48))(colour)
    assert item.shape == (3, 32, 48) and item.dtype == torch.uint8
    assert item.flatten(1).unique(dim=1).flatten().tolist() == [200, 100, 50]
    assert (
        eval_transform((32, 48)).view(photo)
        == eval_transform((32, 48))(photo).permute(1, 2, 0).numpy()
    ).all()
    transform = eval_transform((64, 64))
    assert torch.equal(transform(photo, seed=1), transform(photo, seed=2))


def test_train_view_is_decided_by_its_seed(photo):
    transform = train_transform((64, 64))
    assert torch.equal(transform(photo, seed=(0, 1, 2)), transform(photo, seed=(0, 1, 2)))
    views = [transform(photo, seed=(0, 1, i)) for i in range(6)]
    assert not any(torch.equal(views[0], other) for other in views[1:])


def test_the_photo_itself_is_not_changed(photo):
    before = photo.copy()
    for seed in range(10):
        train_transform((64, 64))(photo, seed=seed)
    assert (photo == before).all()


@pytest.mark.parametrize("name", list(AUGMENTATIONS))
def test_each_augmentation_changes_the_picture_and_keeps_its_form(photo, name):
    square = photo[:120, :120]
    always = augmentation(name, probability=1)
    always.set_random_seed(1)
    changed = [always(image=square)["image"] for _ in range(4)]  # rotate90 may turn by 0
    assert all(c.shape == square.shape and c.dtype == np.uint8 for c in changed)
    assert any((c != square).any() for c in changed)


def test_unknown_augmentation_is_told():
    with pytest.raises(ValueError, match="no augmentation 'blur'"):
        augmentation("blur")


def test_gallery_shows_every_augmentation_and_the_whole_chain(photo):
    gallery = augmentation_gallery(photo, views=3, size=(50, 60))
    original, resized = gallery.pop("original, resized")
    assert (original == photo).all() and resized.shape == (50, 60, 3)
    assert set(AUGMENTATIONS) < set(gallery) and len(gallery["grid distortion"]) == 3
    assert all(v.shape == (50, 60, 3) for views in gallery.values() for v in views)


def test_shrinking_averages_instead_of_skipping():
    lines = np.zeros((800, 800, 3), dtype=np.uint8)
    lines[:, ::8] = 255  # thin bright lines: skipping pixels would lose or double them
    view = eval_transform((100, 100))(lines).float() / 255
    assert view.mean().item() == pytest.approx(1 / 8, abs=0.005) and view.std() < 0.01


def test_any_size_keeps_the_shape_and_never_turns(photo):
    """A quarter turn would change the shape that the image has in its batch."""
    rule = ShapeRule(max_pixels=256 * 256)
    transform = train_transform(rule)
    assert {tuple(transform(photo, seed=i).shape[1:]) for i in range(30)} == {rule(130, 300)}
    shown = eval_transform(rule).view(photo)
    assert shown.shape[:2] == rule(130, 300) == (128, 320)


def test_crop_keeps_proportions_where_squashing_does_not():
    ring = np.zeros((300, 900, 3), np.uint8)
    cv2.circle(ring, (450, 150), 100, (255, 255, 255), -1)

    def height_and_width(image):
        white = image[..., 0] > 127
        return white.any(axis=1).sum(), white.any(axis=0).sum()

    height, width = height_and_width(eval_transform((224, 224), crop=True).view(ring))
    assert abs(height - width) <= 1 and 160 < height < 180
    height, width = height_and_width(eval_transform((224, 224)).view(ring))
    assert height > 2.5 * width
    views = [train_transform((224, 224), augmentations=(), crop=True)(ring, seed=i) for i in (0, 1)]
    assert not torch.equal(*views)
    with pytest.raises(ValueError, match="size must be one square"):
        train_transform(ShapeRule(), crop=True)


def test_zoom_looks_at_a_part_of_the_same_shape():
    """Where a pixel comes from is told by its colour."""
    rows, columns = np.mgrid[0:200, 0:400]
    ramp = np.stack([rows * 255 // 199, columns * 255 // 399, 0 * rows], axis=2).astype(np.uint8)
    rule = ShapeRule(max_pixels=160 * 320)
    transform = train_transform(rule, augmentations=(), zoom=0.25)
    views = [transform.view(ramp, seed=i) for i in range(40)]
    assert {view.shape for view in views} == {(*rule(200, 400), 3)}
    sides = [np.ptp(view[..., :2].astype(float), axis=(0, 1)) / 255 for view in views]
    shares = np.prod(sides, axis=1)
    assert 0.2 < shares.min() < 0.4 and shares.max() > 0.8
    assert all(0.6 < high / wide < 1.6 for high, wide in sides)  # sides as shares of the image's
    assert transform.least_size(200, 400) == tuple(2 * side for side in rule(200, 400))


@pytest.mark.parametrize("zoom", [0, 1.5])
def test_a_zoom_that_is_no_share_is_told(zoom):
    with pytest.raises(ValueError, match=f"zoom is {zoom}"):
        train_transform(zoom=zoom)


@pytest.mark.parametrize("shape", [(2, 30_000), (30_000, 2), (10, 41)])
def test_an_elongated_image_is_cut_before_it_is_scaled(shape):
    image = np.zeros((*shape, 3), np.uint8)
    long = int(np.argmax(shape))
    middle = [slice(None), slice(None)]
    middle[long] = slice(shape[long] // 2 - 1, shape[long] // 2 + 2)
    image[tuple(middle)] = 255
    sizes, resize = [], cv2.resize

    def watch(image, *arguments, **options):
        result = resize(image, *arguments, **options)
        sizes.append(result.size)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cv2, "resize", watch)
        view = eval_transform((224, 224), crop=True).view(image)
        random = [train_transform((224, 224), crop=True).view(image, seed=s) for s in range(4)]
    assert view.shape == (224, 224, 3) and view[112, 112].min() > 128
    assert all(v.shape == (224, 224, 3) for v in random)
    assert max(sizes) <= 4 * 256 * 256 * 3
