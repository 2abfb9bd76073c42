"""What several tests share: digests, small folders of images, a small pretrained model."""

import hashlib
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers.course import setup
from helpers.models import TransferModel, load_backbone

setup()

OFFLINE = str(Path(__file__).with_name("offline"))  # holds what keeps a process off the network
if OFFLINE not in sys.path:
    sys.path.insert(0, OFFLINE)
    sys.modules.pop("sitecustomize", None)  # of the system
    import sitecustomize  # noqa: F401  for this process

    # and for those that it starts, kernels among them
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (OFFLINE, os.getenv("PYTHONPATH"))))

CLASSES = ("circle", "cross")


def draw(name: str, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A circle or a cross on a noisy ground: two classes that a network can tell apart."""
    height, width = size
    image = rng.integers(90, 166, (height, width, 3), dtype=np.uint8)
    colour = tuple(int(c) for c in rng.choice([20, 235], 3))
    x, y = (int(rng.uniform(0.35, 0.65) * side) for side in (width, height))
    reach = int(0.3 * min(height, width))
    if name == "circle":
        cv2.circle(image, (x, y), reach, colour, -1)
    else:
        cv2.line(image, (x - reach, y), (x + reach, y), colour, 5)
        cv2.line(image, (x, y - reach), (x, y + reach), colour, 5)
    return image


def digests(folder: Path) -> dict[str, str]:
    """What every file of a folder holds, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory):
    """train/ with 12 and val/ with 6 images of each of two classes, of several sizes."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 6)):
        for name in CLASSES:
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                size = tuple(int(side) for side in rng.integers(60, 120, 2))
                image = cv2.cvtColor(draw(name, rng, size), cv2.COLOR_RGB2BGR)
                cv2.imwrite(str(folder / split / name / f"{name}_{number:02d}.png"), image)
    return folder


@pytest.fixture(scope="session")
def labelled_photos(tmp_path_factory):
    """labels.csv and photos/: 24 images of several sizes with a circle, a cross, both or none."""
    folder, rng = tmp_path_factory.mktemp("labelled"), np.random.default_rng(1)
    (folder / "photos").mkdir()
    rows = ["file,circle,cross"]
    for number in range(24):
        held = [(number + 1) % 3 != 0, number % 4 < 2]
        parts = [
            draw(name, rng, (90, 80)) for name, here in zip(CLASSES, held, strict=True) if here
        ]
        image = np.hstack(parts or [np.full((90, 80 + number, 3), 128, np.uint8)])
        name = f"photo_{number:02d}.png"
        cv2.imwrite(str(folder / "photos" / name), image)
        rows.append(f"{name},{held[0]:d},{held[1]:d}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="session")
def _pretrained():
    return load_backbone("efficientnet_lite0")


@pytest.fixture
def make_model(_pretrained):
    """A fresh TransferModel on ImageNet weights; the classifier's start is seeded."""

    def make(num_classes: int = 2, **options) -> TransferModel:
        return TransferModel(_pretrained, num_classes, seed=0, **options)

    return make
