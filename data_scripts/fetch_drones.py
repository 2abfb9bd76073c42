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
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

if not __package__:  # started by its path: the package is one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_scripts.archives.download import Archive, Download
from data_scripts.archives.photo_set import PhotoSet, fetch, run
from data_scripts.archives.unpack import FetchError, Member
from data_scripts.tasks import course_folder
from helpers.images import original_of

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
    tested, others = set(), defaultdict(set)
    parts = {member.path: member.path.rsplit("/", 2) for member in members}
    for path, (*folders, name) in parts.items():
        if "/".join(folders) not in FOLDERS:
            raise FetchError(f"the manifest lists {path}, which is in none of {FOLDERS}.")
        folder, label = folders
        if folder == "valid":
            tested.add(original_of(name))
        else:
            others[label].add(original_of(name))
    held = set()
    for originals in others.values():
        order = sorted(originals - tested, key=lambda o: hashlib.sha256(o.encode()).digest())
        held.update(order[: round(VAL_SHARE * len(order))])
    places: dict[str, str] = {}
    for path, (_, label, name) in parts.items():
        original = original_of(name)
        split = "test" if original in tested else "val" if original in held else "train"
        places[path] = f"{split}/{label}/{name}"
    if len(set(places.values())) < len(places):
        raise FetchError("the manifest lists one photo in both train/ and valid/; regenerate it.")
    return places


def is_wanted(path: str) -> bool:
    """Whether the course uses the archive's file with this path."""
    return path.rpartition("/")[0] in FOLDERS and path.endswith(".jpg")


def count_photos(folder: Path) -> str:
    """One line that tells how many photos of each class each split holds."""
    counts = (
        f"{split} "
        + " + ".join(f"{len(list((folder / split / c).glob('*.jpg'))):,} {c}" for c in CLASSES)
        for split in ("train", "val", "test")
    )
    return ", ".join(counts)


PHOTOS = PhotoSet(
    folder=course_folder("drones", "real"),
    archive=DRONES,
    wanted=is_wanted,
    place=place_members,
    source=SOURCE,
    count=count_photos,
)


def fetch_dataset(
    folder: Path | None = None,
    mirror: str | None = None,
    progress: bool = True,
    archive: Archive = DRONES,
    how: Download | None = None,
) -> Path:
    """Makes `folder/{train,val,test}/{bird,drone}/*.jpg` and returns `folder`; see `fetch`."""
    return fetch(replace(PHOTOS, archive=archive), folder, mirror, progress, how)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    return run(PHOTOS, __doc__.partition("\n")[0], arguments)


if __name__ == "__main__":
    sys.exit(main())
