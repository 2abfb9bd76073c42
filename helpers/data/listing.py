"""Every file of a folder: an image by its name, or left out for a reason that can be told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.data.formats import CONVERTIBLE, is_image_name

# Why a file is left out: what it is, and what to do where there is something to do.
HIDDEN = "hidden files"
OTHER = "files that are no images by their names"
BROKEN = "broken links: fetch what they point to, as with dvc pull or git annex get"
UNREADABLE = "folders that may not be read: check their permissions"
REPEATED = "links to folders that are in here already"
SPECIAL = "pipes or devices: remove them"
STRAY = "images outside the class folders: move them into one"
BESIDE = "images beside the splits: move them into train, val or test"
UNLABELLED = "images without a row in the table: add one"
EXPECTED = (HIDDEN, OTHER, REPEATED)  # nobody misses them
SYSTEM_NAMES = {"__macosx", "thumbs.db", "desktop.ini"}


@dataclass
class Listing:
    """What lies in a folder and all folders below it, sorted.

    images: files that are images by their names; ignored: reason (one of the above) to the others,
    where a folder that cannot be read counts as one.
    """

    images: list[Path] = field(default_factory=list)
    ignored: dict[str, list[Path]] = field(default_factory=dict)

    def ignore(self, reason: str, paths: Iterable[Path]) -> None:
        for path in paths:
            self.ignored.setdefault(reason, []).append(path)

    def add(self, other: Listing) -> None:
        self.images += other.images
        for reason, paths in other.ignored.items():
            self.ignore(reason, paths)


def list_files(folder: str | Path, into: Callable[[str], bool] = lambda name: True) -> Listing:
    """All files below `folder`; linked folders are followed, each once.

    into: whether a folder of this name, in `folder` itself, is looked into.
    """
    listing, seen, waiting = Listing(), set(), [(Path(folder), False)]
    while waiting:
        here, hidden = waiting.pop()
        place = os.path.realpath(here)
        if place in seen:
            listing.ignore(REPEATED, [here])
            continue
        seen.add(place)
        try:
            with os.scandir(here) as entries:
                names = sorted(entry.name for entry in entries)
        except OSError:
            listing.ignore(UNREADABLE, [here])
            continue
        for name in names:
            path, secret = here / name, hidden or is_hidden(name)
            if path.is_dir():
                if here != Path(folder) or into(name):
                    waiting.append((path, secret))
            elif reason := HIDDEN if secret else _reason_against(path):
                listing.ignore(reason, [path])
            else:
                listing.images.append(path)
    listing.images.sort()
    listing.ignored = {reason: sorted(paths) for reason, paths in sorted(listing.ignored.items())}
    return listing


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is nothing that a person has put there."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def describe_ignored(ignored: Mapping[str, list[Path]], without: Iterable[str] = EXPECTED) -> str:
    """ "30 .heic files: convert them to JPEG; 2 hidden files", or "" for none."""
    return "; ".join(
        f"{len(paths):,} {reason}" for reason, paths in ignored.items() if reason not in without
    )


def _reason_against(path: Path) -> str:
    """Why the file is not taken for an image; "" if it is."""
    if not path.exists():
        return BROKEN
    if not path.is_file():
        return SPECIAL
    suffix = path.suffix.lower()
    if suffix in CONVERTIBLE:
        return f"{suffix} files: {CONVERTIBLE[suffix]}"
    return "" if is_image_name(path) else OTHER
