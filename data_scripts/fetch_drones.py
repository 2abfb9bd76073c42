"""Fetches the real drones task: photos of birds and drones from a public archive, pinned.

    python -m data_scripts.fetch_drones                           # data/real/drones
    COURSE_MIRROR=folder python -m data_scripts.fetch_drones      # from folder/drones_real.zip
    python -m data_scripts.fetch_drones --write-manifest ARCHIVE  # maintainers

The archive's valid/ becomes test, so that results compare with others' on the same photos; val is
15 % of the originals of train/. All copies of an original stay on one side.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

if not __package__:  # started by its path: the package is one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_scripts.archive import (
    FetchError,
    Member,
    folder_state,
    read_manifest,
    replacing,
    write_manifest,
)
from data_scripts.download import ROOT, Archive, Download, unpack_pinned
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


def fetch_dataset(
    folder: Path = ROOT / "data" / "real" / "drones",
    mirror: str | None = None,
    progress: bool = True,
    archive: Archive = DRONES,
    how: Download | None = None,
) -> Path:
    """Makes `folder/{train,val,test}/{bird,drone}/*.jpg` and returns `folder`.

    A complete folder is left alone after a look at names and sizes. `mirror` (default: the
    environment's COURSE_MIRROR) is a folder or address prefix that holds `archive.name`; without
    one the archive is downloaded. FetchError says in one sentence why it did not work; then
    `folder` is as it was.
    """
    folder = Path(folder)
    members = read_manifest(archive.manifest)
    places = place_members(members)
    sizes = {places[member.path]: member.size for member in members}
    wanting, strangers = folder_state(folder, sizes)
    strangers = [name for name in strangers if name != "SOURCE.txt"]
    if strangers:
        raise FetchError(
            f"{folder} holds {len(strangers)} file(s) that this script did not put there, such as "
            f"{strangers[0]}; move them away and run this again (COURSE_DATA can name a folder "
            "with photos of your own)."
        )
    if wanting:
        mirror = os.environ.get("COURSE_MIRROR") if mirror is None else mirror
        with replacing(folder) as building:
            unpack_pinned(archive, members, places, building, mirror, how or Download(bar=progress))
            (building / "SOURCE.txt").write_text(SOURCE, encoding="utf-8")
    elif not (folder / "SOURCE.txt").exists():
        (folder / "SOURCE.txt").write_text(SOURCE, encoding="utf-8")
    return folder


def count_photos(folder: Path) -> str:
    """One line that tells how many photos of each class each split holds."""
    counts = (
        f"{split} "
        + " + ".join(f"{len(list((folder / split / c).glob('*.jpg'))):,} {c}" for c in CLASSES)
        for split in ("train", "val", "test")
    )
    return ", ".join(counts)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "real" / "drones")
    parser.add_argument("--mirror", help="folder or address (default: COURSE_MIRROR)")
    parser.add_argument("--write-manifest", type=Path, metavar="ARCHIVE", help="for maintainers")
    options = parser.parse_args(arguments)
    try:
        if options.write_manifest:
            listed = write_manifest(
                options.write_manifest,
                DRONES.manifest,
                lambda path: path.rpartition("/")[0] in FOLDERS and path.endswith(".jpg"),
            )
            print(f"{DRONES.manifest.name}: {len(listed):,} files")
        else:
            folder = fetch_dataset(options.folder, options.mirror)
            print(f"{os.path.relpath(folder)}: {count_photos(folder)}")
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; run this again and it goes on from there", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
