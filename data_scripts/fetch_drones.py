"""Fetches the real drones task: photos of birds and drones from a public archive, pinned.

    python -m data_scripts.fetch_drones                           # data/real/drones
    COURSE_MIRROR=folder python -m data_scripts.fetch_drones      # from folder/drones_real.zip
    python -m data_scripts.fetch_drones --write-manifest ARCHIVE  # maintainers

The archive's valid/ becomes test, so that results compare with others' on the same photos; val is
15 % of the originals of train/. All copies of an original stay on one side.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

if not __package__:  # started by its path: the package is one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_scripts.archives import Archive, FetchError, Member, PhotoSet
from data_scripts.tasks import course_folder
from helpers.data.images import original_of

COMMIT = "b91d04f687442057d64d7037026a35f46460601c"
PROJECT = "updesh1/Drone-Bird_recognition_ML_model"
DRONES = Archive(
    name="drones_real.zip",
    address=f"https://codeload.github.com/{PROJECT}/zip/{COMMIT}",
    manifest=Path(__file__).with_name("manifests") / "drones.csv",
)
CLASSES = ("bird", "drone")
FOLDERS = tuple(f"{folder}/{label}" for folder in ("train", "valid") for label in CLASSES)
VAL_SHARE = 0.15
SOURCE = f"""\
Photos of birds and drones, fetched from
    {DRONES.address}
that is commit {COMMIT} of https://github.com/{PROJECT}:
test/ holds the photos of its valid/ folder, train/ and val/ those of its train/ folder.

The photos belong to their authors. Names of 16 hexadecimal digits appear to be Open Images ids.
The terms of use are those of the source; this course does not redistribute the photos.
"""


def place_members(members: Iterable[Member]) -> dict[str, str]:
    """{path in the archive: path in the task's folder}, `split/class/name`, for train/ and valid/.

    An original of valid/ goes to test with all its copies. Of the other originals of a class,
    VAL_SHARE go to val: those first in the order of their names' SHA-256, so the same in any order
    of members. FetchError when two members would land on one path.
    """
    test_originals, train_originals = set(), defaultdict(set)
    parts = {member.path: member.path.rsplit("/", 2) for member in members}
    for path, (*folders, name) in parts.items():
        if "/".join(folders) not in FOLDERS:
            raise FetchError(f"the manifest lists {path}, which is in none of {FOLDERS}.")
        folder, label = folders
        if folder == "valid":
            test_originals.add(original_of(name))
        else:
            train_originals[label].add(original_of(name))
    val_originals = set()
    for originals in train_originals.values():
        order = sorted(
            originals - test_originals, key=lambda name: hashlib.sha256(name.encode()).digest()
        )
        val_originals.update(order[: round(VAL_SHARE * len(order))])
    places: dict[str, str] = {}
    for path, (_, label, name) in parts.items():
        original = original_of(name)
        in_val = original in val_originals
        split = "test" if original in test_originals else "val" if in_val else "train"
        places[path] = f"{split}/{label}/{name}"
    if len(set(places.values())) < len(places):
        raise FetchError("the manifest lists one photo in both train/ and valid/; regenerate it.")
    return places


def is_used(path: str) -> bool:
    """Whether the course uses the archive's file with this path."""
    return path.rpartition("/")[0] in FOLDERS and path.endswith(".jpg")


PHOTOS = PhotoSet(
    description=__doc__.partition("\n")[0],
    folder=course_folder("drones", "real"),
    archive=DRONES,
    is_used=is_used,
    place=place_members,
    source=SOURCE,
)
fetch_dataset, main = PHOTOS.fetch, PHOTOS.main

if __name__ == "__main__":
    sys.exit(main())
