"""Every file of a folder: an image by its name, or left out for a reason that can be told."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.data.formats import CONVERTIBLE, is_image_name

# Why a file is left out: what it is, and what to do where there is something to do.
HIDDEN = "hidden files"
OTHER = "other files (no images by their names)"
BROKEN = "broken links: fetch what is meant, as with dvc pull or git annex get"
UNREADABLE = "folders that may not be read: check permissions"
REPEATED = "links to what is in here already"
SPECIAL = "pipes or devices: remove"
STRAY = "images outside the class folders: move into one"
BESIDE = "images beside the splits: move into train, val or test"
BAD_ROW = "images whose row in the table is wrong: correct it"
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
            with os.scandir(here) as opened:
                entries = sorted(opened, key=lambda entry: entry.name)
        except OSError:
            listing.ignore(UNREADABLE, [here])
            continue
        for entry in entries:
            path, secret = here / entry.name, hidden or is_hidden(entry.name)
            if _is_folder(entry):
                if here != Path(folder) or into(entry.name):
                    waiting.append((path, secret))
            elif reason := HIDDEN if secret else _reason_against(entry):
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
        counted(len(paths), reason) for reason, paths in ignored.items() if reason not in without
    )


def counted(count: int, reason: str) -> str:
    """ "2 hidden files", "1 hidden file"."""
    if count == 1:
        reason = re.sub(r"\b(file|image|link|folder)s\b", r"\1", reason, count=1)
    return f"{count:,} {reason}"


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to where nobody may look
        return False


def _reason_against(entry: os.DirEntry) -> str:
    """Why the file is not taken for an image; "" if it is."""
    try:
        is_file, is_link = entry.is_file(), entry.is_symlink()
    except OSError:
        return BROKEN
    if not is_file:
        return BROKEN if is_link and not os.path.exists(entry.path) else SPECIAL
    suffix = Path(entry.name).suffix.lower()
    if suffix in CONVERTIBLE:
        return f"{suffix} files: {CONVERTIBLE[suffix]}"
    return "" if is_image_name(entry.name) else OTHER
