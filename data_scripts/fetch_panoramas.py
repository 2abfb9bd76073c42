"""Fetches the real panoramas task: the photos of the LNSIM natural-scene set, pinned.

    python -m data_scripts.fetch_panoramas                           # data/real/panoramas
    COURSE_MIRROR=folder python -m data_scripts.fetch_panoramas      # from panoramas_real.zip there
    python -m data_scripts.fetch_panoramas --write-manifest ARCHIVE  # maintainers

The labels are our own (labels/README.md). The split is fixed by the photos' names: 512 of the 2,112
are for the test, in the order of their names' SHA-256. Twins, that is one picture twice, stay on
one side. The archive's numbers follow no subject: neighbours are no more alike than any two photos.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

if not __package__:  # started by its path: the package is one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_scripts.archives import Archive, FetchError, Member, PhotoSet
from data_scripts.tasks import course_folder
from helpers.data.labels import LabelRow, read_label_table
from helpers.errors import DataError

COMMIT = "27e8e4a54d2ef30afa84b30aa640778d16a7ddf2"
PROJECT = "JiaxinLu-home/Natural-Scene-Memorability-Dataset"
PANORAMAS = Archive(
    name="panoramas_real.zip",
    address=f"https://codeload.github.com/{PROJECT}/zip/{COMMIT}",
    manifest=Path(__file__).with_name("manifests") / "panoramas.csv",
)
LABELS = Path(__file__).with_name("labels") / "panorama_labels.csv"
FOLDER = "Image_data"
TEST_SHARE = 512 / 2112
# One picture twice with other colours: of all pairs, by far the most alike in their edges. Exact
# copies need no list.
TWINS = (("0270.jpg", "0416.jpg"), ("2361.jpg", "2599.jpg"))
SOURCE = f"""\
Photos of natural scenes (the LNSIM set), fetched from
    {PANORAMAS.address}
that is commit {COMMIT} of https://github.com/{PROJECT}.
Lu, Xu, Yang & Wang: Understanding and Predicting the Memorability of Outdoor Natural Scenes (2020).

The photos belong to their authors, and the terms of use are those of the source; this course does
not redistribute them. The labels in the tables beside the photos are the course's own.
"""


@lru_cache
def read_labels(path: Path = LABELS) -> tuple[list[str], dict[str, LabelRow]]:
    """The labels' names and the row of each photo; FetchError names a row that can't be right."""
    try:
        names, rows = read_label_table(path)
    except DataError as error:
        raise FetchError(f"{error} It is committed: restore it.") from None
    for row in rows:
        if row.problem:
            raise FetchError(f"{row.problem} It is committed: restore it.")
    return names, {row.file: row for row in rows}


def place_members(members: Sequence[Member]) -> dict[str, str]:
    """{path in the archive: path in the task's folder}, `train/name` or `test/name`.

    Twins are dealt out together, as the first of their names would be, and to test only while there
    is room; so TEST_SHARE holds to the photo. FetchError for a path of another folder.
    """
    groups: dict[str, list[str]] = {}
    twin_of = {name: twins[0] for twins in TWINS for name in twins}
    for member in sorted(members, key=lambda m: m.path):
        folder, _, name = member.path.rpartition("/")
        if folder != FOLDER:
            raise FetchError(f"the manifest lists {member.path}, which is not in {FOLDER}/.")
        groups.setdefault(twin_of.get(name, member.sha256), []).append(name)
    test_names: set[str] = set()
    room = round(TEST_SHARE * len(members))
    for names in sorted(groups.values(), key=lambda g: hashlib.sha256(g[0].encode()).digest()):
        if len(test_names) + len(names) <= room:
            test_names.update(names)
    names = [member.path.rpartition("/")[2] for member in members]
    return {f"{FOLDER}/{n}": f"{'test' if n in test_names else 'train'}/{n}" for n in names}


def label_tables(places: Mapping[str, str], labels: Path = LABELS) -> dict[str, str]:
    """train_label.csv and test_label.csv: a header, then each photo's name and its 0/1 columns.

    FetchError where photos and labels are not of the same names.
    """
    names, rows = read_labels(labels)
    files = {place.partition("/")[2] for place in places.values()}
    for name in sorted(files ^ rows.keys()):
        lacking = f"{labels.name} has no row" if name in files else "the manifest has no photo"
        raise FetchError(f"{lacking} for {name}; restore the committed manifest and labels.")
    tables = {}
    for split in ("train", "test"):
        text = io.StringIO(newline="")
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["filename", *names])
        for place in sorted(place for place in places.values() if place.startswith(f"{split}/")):
            row = rows[place.partition("/")[2]]
            table.writerow([row.file, *(int(value) for value in row.labels)])
        tables[f"{split}_label.csv"] = text.getvalue()
    return tables


def is_used(path: str) -> bool:
    """Whether the course uses the archive's file with this path: a photo that has labels."""
    folder, _, name = path.rpartition("/")
    return folder == FOLDER and name in read_labels()[1]


PHOTOS = PhotoSet(
    description=__doc__.partition("\n")[0],
    folder=course_folder("panoramas", "real"),
    archive=PANORAMAS,
    is_used=is_used,
    place=place_members,
    source=SOURCE,
    tables=label_tables,
)
fetch_dataset, main = PHOTOS.fetch, PHOTOS.main

if __name__ == "__main__":
    sys.exit(main())
