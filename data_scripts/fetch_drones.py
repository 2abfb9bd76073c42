"""Fetches the real drones task: photos of birds and drones from a public archive, pinned.

    python -m data_scripts.fetch_drones                           # data/real/drones
    COURSE_MIRROR=folder python -m data_scripts.fetch_drones      # from folder/drones_real.zip
    python -m data_scripts.fetch_drones --write-manifest ARCHIVE  # maintainers

The archive's own train/ and valid/ share scenes: neighbouring frames of videos under other names.
So its photos are dealt out anew, scene by scene (the manifest's column `group`, from
`data_scripts.group_drones`): 15 % of each class to test, 15 % to val. After --write-manifest the
column is missing and has to be made again; until then copies of one original are a group.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

if not __package__:  # started by its path: the package is one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_scripts.archives import Archive, FetchError, Member, PhotoSet
from data_scripts.tasks import course_folder
from helpers.data.dealing import take_share
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
SHARES = {"test": 0.15, "val": 0.15}  # of each class's photos; the rest is for training
SOURCE = f"""\
Photos of birds and drones, fetched from
    {DRONES.address}
that is commit {COMMIT} of https://github.com/{PROJECT}:
the photos of its train/ and valid/, dealt out anew so that those of one scene stay together.

The photos belong to their authors. Names of 16 hexadecimal digits appear to be Open Images ids.
The terms of use are those of the source; this course does not redistribute the photos.
"""


def place_members(members: Iterable[Member]) -> dict[str, str]:
    """{path in the archive: path in the task's folder}, `split/class/name`, for train/ and valid/.

    Of each class SHARES of the photos go to test and val, whole groups in the order of their first
    names' SHA-256, so the same in any order of members. FetchError when two members would land on
    one path.
    """
    groups: dict[str, dict[int | str, list[str]]] = {label: {} for label in CLASSES}
    for member in sorted(members, key=lambda member: member.path):
        folder, _, name = member.path.rpartition("/")
        if folder not in FOLDERS:
            raise FetchError(f"the manifest lists {member.path}, which is in none of {FOLDERS}.")
        scene = member.group or original_of(name)
        groups[folder.partition("/")[2]].setdefault(scene, []).append(member.path)
    places: dict[str, str] = {}
    for label, scenes in groups.items():
        left = sorted(scenes, key=lambda scene: _digest(scenes[scene][0]))
        sizes = Counter({scene: len(paths) for scene, paths in scenes.items()})
        split_of = dict.fromkeys(left, "train")
        for split, share in SHARES.items():
            taken = take_share(left, sizes, share * sizes.total()) if left else set()
            split_of.update(dict.fromkeys(taken, split))
            left = [scene for scene in left if scene not in taken]
        for scene, paths in scenes.items():
            for path in paths:
                places[path] = f"{split_of[scene]}/{label}/{path.rpartition('/')[2]}"
    if len(set(places.values())) < len(places):
        raise FetchError("the manifest lists one photo in both train/ and valid/; regenerate it.")
    return places


def _digest(path: str) -> bytes:
    return hashlib.sha256(path.rpartition("/")[2].encode()).digest()


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
