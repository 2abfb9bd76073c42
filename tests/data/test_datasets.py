import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.data import image_dataset
from helpers.data.datasets import DataError, ImageFolderDataset, MultilabelDataset
from helpers.data.loaders import make_loader, set_epoch
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import eval_transform, train_transform


def test_folder_per_class_becomes_labels(photo_folder):
    data = ImageFolderDataset(photo_folder / "train")
    assert data.classes == ["circle", "cross"] and len(data) == 24
    image, label = data[0]
    assert image.dtype == np.uint8 and image.shape[2] == 3 and label == 0
    assert data[23][1] == 1 and data.labels.count(1) == 12


def test_broken_files_are_named_and_skipped(photo_folder, tmp_path):
    folder = tmp_path / "train"
    shutil.copytree(photo_folder / "train", folder)
    (folder / "cross" / "note.jpg").write_text("this is text")
    whole = (folder / "circle" / "circle_00.png").read_bytes()
    (folder / "circle" / "half.png").write_bytes(whole[: len(whole) // 2])
    lines = []
    data = ImageFolderDataset(folder, log=lines.append)
    (message,) = lines
    assert "skipped 2 of 26" in message and "note.jpg" in message and "half.png" in message
    assert len(data) == 24 and len(data.labels) == 24
    assert all(data[i][0] is not None for i in range(len(data)))
    with pytest.raises(DataError, match=r"half\.png"):
        ImageFolderDataset(folder, strict=True)


def test_a_hidden_or_foreign_file_is_no_image(photo_folder, tmp_path):
    shutil.copytree(photo_folder / "val", tmp_path / "val")
    (tmp_path / "val" / "cross" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "val" / "cross" / "._cross_00.png").write_bytes(b"x")
    (tmp_path / "val" / ".ipynb_checkpoints").mkdir()
    lines = []
    assert len(ImageFolderDataset(tmp_path / "val", log=lines.append)) == 12 and not lines


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: f / "nothing", "no such folder"),
        (lambda f: (f / "flat").mkdir() or f / "flat", "no class folders"),
        (lambda f: (f / "x" / "a").mkdir(parents=True) or f / "x", "holds no image"),
    ],
)
def test_unusable_folders_are_told_in_a_sentence(tmp_path, make, words):
    with pytest.raises(DataError, match=words) as caught:
        ImageFolderDataset(make(tmp_path))
    assert str(tmp_path) in str(caught.value)


def test_a_class_with_only_broken_files_is_told(photo_folder, tmp_path):
    shutil.copytree(photo_folder / "val", tmp_path / "val")
    (tmp_path / "val" / "zebra").mkdir()
    (tmp_path / "val" / "zebra" / "a.jpg").write_text("x")
    with pytest.raises(DataError, match=r"zebra: no usable image"):
        ImageFolderDataset(tmp_path / "val")


def test_val_labels_follow_the_training_classes(photo_folder, tmp_path):
    shutil.copytree(photo_folder / "val" / "cross", tmp_path / "cross")
    data = ImageFolderDataset(tmp_path, classes=["circle", "cross"])
    assert set(data.labels) == {1}
    with pytest.raises(DataError, match="'cross' is none of the classes"):
        ImageFolderDataset(tmp_path, classes=["circle", "square"])


def test_augmented_views_depend_on_seed_epoch_and_index_alone(photo_folder):
    transform = train_transform((64, 64))

    def views(seed, epoch, workers):
        data = ImageFolderDataset(photo_folder / "train", transform, seed=seed)
        data.set_epoch(epoch)
        return [batch for batch, _ in make_loader(data, 5, workers=workers)]

    first = views(0, 1, 0)
    assert all((a == b).all() for a, b in zip(first, views(0, 1, 2), strict=True))
    assert not all((a == b).all() for a, b in zip(first, views(0, 2, 0), strict=True))
    assert not all((a == b).all() for a, b in zip(first, views(1, 1, 0), strict=True))


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_live_on_show_each_epochs_own_views(photo_folder, workers):
    def epochs(workers):
        data = ImageFolderDataset(photo_folder / "train", train_transform((64, 64)))
        loader = make_loader(data, 5, shuffle=True, workers=workers)
        for epoch in (1, 2, 1):
            set_epoch(loader, epoch)
            yield torch.cat([images for images, _ in loader])

    first, second, again = epochs(workers)
    alone = list(epochs(0))
    assert torch.equal(first, again) and not torch.equal(first, second)
    assert torch.equal(first, alone[0]) and torch.equal(second, alone[1])


def test_batches_are_uint8_a_quarter_of_the_bytes(photo_folder):
    data = ImageFolderDataset(photo_folder / "train", train_transform((64, 64)))
    images, _ = next(iter(make_loader(data, 8)))
    assert images.dtype == torch.uint8 and images.shape == (8, 3, 64, 64)
    assert images.nbytes == 8 * 3 * 64 * 64


def test_images_without_a_transform_are_told(photo_folder):
    with pytest.raises(DataError, match=r"no transform.*with_transform\(eval_transform"):
        make_loader(ImageFolderDataset(photo_folder / "train"))


def test_shuffling_covers_all_and_changes_by_epoch_and_seed(photo_folder):
    data = ImageFolderDataset(photo_folder / "train", eval_transform((32, 32)))

    def order(seed, epoch):
        sampler = make_loader(data, 4, shuffle=True, seed=seed).batch_sampler
        sampler.set_epoch(epoch)
        return [index for batch in sampler for index in batch]

    assert sorted(order(0, 1)) == list(range(24))
    assert order(0, 1) == order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


def test_one_class_folder_is_told(photo_folder, tmp_path):
    shutil.copytree(photo_folder / "train" / "circle", tmp_path / "outer" / "inner")
    with pytest.raises(DataError, match=r"one class folder, 'inner'.*one level down"):
        ImageFolderDataset(tmp_path / "outer")


@pytest.mark.parametrize(
    ("transform", "decoded"),
    [
        (eval_transform((224, 224)), (500, 1500)),
        (eval_transform((224, 224), crop=True), (500, 1500)),
        (train_transform((96, 224), augmentations=["rotate90"]), (500, 1500)),
        (eval_transform((64, 96)), (125, 375)),
        (eval_transform(ShapeRule(max_pixels=224 * 224)), (250, 750)),
    ],
    ids=["squash", "crop", "turn", "small", "any size"],
)
def test_large_photos_are_decoded_as_small_as_the_transform_allows(
    tmp_path, monkeypatch, transform, decoded
):
    """The item hardly differs from the one made of the whole photo."""
    for name in "ab":
        photo = Image.effect_noise((60, 20), 90).convert("RGB").resize((3000, 1000), 3)
        (tmp_path / name).mkdir()
        photo.save(tmp_path / name / "1.jpg", quality=95)
    data = ImageFolderDataset(tmp_path, transform)
    seen, read = [], image_dataset.read_image

    def note(*args, **options):
        seen.append(read(*args, **options))
        return seen[-1]

    monkeypatch.setattr(image_dataset, "read_image", note)
    for epoch in range(4):
        data.set_epoch(epoch)
        item, _ = data[0]
        whole = transform(read(data.paths[0]), seed=(0, epoch, 0))
        assert item.shape == whole.shape
        assert (item.float() - whole.float()).abs().mean() < 1.2  # of 255
    assert {image.shape[:2] for image in seen} == {decoded}


@pytest.fixture
def labelled(labelled_photos):
    return MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos")


def test_a_row_of_labels_for_each_image(labelled):
    assert labelled.classes == ["circle", "cross"] and len(labelled) == 24
    assert labelled.labels.dtype == np.float32 and labelled.labels.shape == (24, 2)
    assert torch.as_tensor(labelled.labels).dtype == torch.float32
    image, labels = labelled[5]
    assert image.dtype == np.uint8 and image.shape == (90, 80, 3)
    assert labels.dtype == torch.float32 and labels.tolist() == [0, 1]
    labels[0] = 7  # an item is the caller's own
    assert labelled.labels[5].tolist() == [0, 1]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_of_labels_suit_the_loss(labelled, workers):
    data = labelled.with_transform(eval_transform((32, 32)))
    batches = list(make_loader(data, 10, workers=workers))
    assert [(i.shape, t.shape, t.dtype) for i, t in batches] == [
        ((n, 3, 32, 32), (n, 2), torch.float32) for n in (10, 10, 4)
    ]
    assert torch.equal(torch.cat([t for _, t in batches]), torch.as_tensor(data.labels))


def test_size_buckets_keep_images_and_labels_together(labelled):
    data = labelled.with_transform(train_transform(ShapeRule(), augmentations=[]))
    loader = make_loader(data, shuffle=True, seed=2, pixel_budget=5 * 256 * 256)
    order = loader.batch_sampler.order
    batches = list(loader)
    assert torch.equal(torch.cat([t for _, t in batches]), torch.as_tensor(data.labels[order]))
    images = [image for batch, _ in batches for image in batch]
    assert len({image.shape for image in images}) > 1
    assert all(torch.equal(image, data[i][0]) for i, image in zip(order, images, strict=True))


def test_a_subset_takes_its_labels_along(labelled):
    part = labelled.subset([7, 0, 7])
    assert isinstance(part, MultilabelDataset) and part.classes == labelled.classes
    assert part.labels.tolist() == labelled.labels[[7, 0, 7]].tolist()
    assert [p.name for p in part.paths] == ["photo_07.png", "photo_00.png", "photo_07.png"]
    assert labelled.subset([]).labels.shape == (0, 2)
    assert labelled.with_transform(None).digest == labelled.digest != part.digest
    other = labelled.subset(range(24))
    other.labels[3, 1] = 1 - other.labels[3, 1]
    assert other.digest != labelled.digest


def test_a_file_that_breaks_later_is_told(labelled_photos, tmp_path):
    shutil.copytree(labelled_photos, tmp_path / "copy")
    data = MultilabelDataset(tmp_path / "copy" / "labels.csv", tmp_path / "copy" / "photos")
    data.paths[3].write_bytes(b"")
    with pytest.raises(DataError, match=r"photo_03\.png.*readable when the data set was made"):
        data[3]


def test_views_of_labelled_images_depend_on_seed_epoch_and_index_alone(labelled):
    transform = train_transform((64, 64))
    data, again = labelled.with_transform(transform), labelled.with_transform(transform)
    same = []
    for epoch in (3, 4):
        data.set_epoch(3)
        again.set_epoch(epoch)
        same.append(all(torch.equal(data[i][0], again[i][0]) for i in range(24)))
    assert same == [True, False]


def test_joined_data_sets_hold_the_items_of_both(photo_folder, labelled_photos):
    train = ImageFolderDataset(photo_folder / "train")
    val = ImageFolderDataset(photo_folder / "val", classes=train.classes)
    both = train.joined(val)
    assert len(both) == len(train) + len(val) and both.paths == [*train.paths, *val.paths]
    assert both.labels == [*train.labels, *val.labels]
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos")
    twice = data.subset([0, 1]).joined(data.subset([2]))
    assert twice.labels.shape == (3, 2) and (twice.labels == data.labels[:3]).all()
    assert torch.equal(twice[2][1], data[2][1])
