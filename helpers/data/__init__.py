"""From files to batches: images checked and read as RGB uint8, labels from folders or tables,
splits that keep near-duplicates together, augmentation, and loaders of one size or of any.
Transforms and loaders know nothing of models: batches are uint8 (N, 3, H, W)."""

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.duplicates import fingerprint, linked, near_duplicates
from helpers.data.groups import copy_groups, twins_across
from helpers.data.image_dataset import ImageDataset
from helpers.data.images import ImageError, read_image
from helpers.data.labels import read_label_table
from helpers.data.loaders import PIXEL_BUDGET, make_loader, set_epoch
from helpers.data.report import inspect_folder
from helpers.data.shapes import ShapeRule, distortion
from helpers.data.splits import load_multilabel_splits, load_splits
from helpers.data.transforms import (
    AUGMENTATIONS,
    Transform,
    augmentation_gallery,
    eval_transform,
    train_transform,
)
from helpers.errors import DataError
