"""What the scripts that fetch a task's real photos share: one folder, made whole or left alone."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_scripts.archives.download import Archive, Download, unpack_pinned
from data_scripts.archives.unpack import (
    FetchError,
    Member,
    folder_state,
    read_manifest,
    replacing,
    write_manifest,
)

SOURCE_FILE = "SOURCE.txt"


def no_tables(places: Mapping[str, str]) -> dict[str, str]:
    """For photos whose folders say what they show."""
    return {}


@dataclass(frozen=True)
class PhotoSet:
    """The real photos of one task.

    folder: where they go.
    archive: where they come from.
    wanted: whether the course uses the member with this path; for writing the manifest.
    place: the manifest's members to {path in the archive: path in the folder}.
    source: text of SOURCE.txt, which says whose photos these are.
    count: one line that tells what the folder holds.
    tables: those places to {name in the folder: text} of what lies beside the photos.
    """

    folder: Path
    archive: Archive
    wanted: Callable[[str], bool]
    place: Callable[[Sequence[Member]], dict[str, str]]
    source: str
    count: Callable[[Path], str]
    tables: Callable[[Mapping[str, str]], dict[str, str]] = no_tables


def fetch(
    photos: PhotoSet,
    folder: Path | None = None,
    mirror: str | None = None,
    progress: bool = True,
    how: Download | None = None,
) -> Path:
    """Makes `folder` (default: the set's own) and returns it.

    A complete folder is left alone after a look at names and sizes. `mirror` (default: the
    environment's COURSE_MIRROR) is a folder or address prefix that holds the archive; without one
    the archive is downloaded. Tables that were edited are never overwritten. FetchError says in
    one sentence why it did not work; then `folder` is as it was.
    """
    folder, archive = Path(folder or photos.folder), photos.archive
    members = read_manifest(archive.manifest)
    places = photos.place(members)
    texts = {**photos.tables(places), SOURCE_FILE: photos.source}
    sizes = {places[member.path]: member.size for member in members}
    wanting, others = folder_state(folder, sizes)
    strangers = [name for name in others if name not in texts]
    if strangers:
        raise FetchError(
            f"{folder} holds {len(strangers)} file(s) that this script did not put there, such as "
            f"{strangers[0]}; move them away and run this again (COURSE_DATA can name a folder "
            "with photos of your own)."
        )
    if wanting:
        for name in others:
            if name != SOURCE_FILE and (folder / name).read_bytes() != texts[name].encode():
                raise FetchError(
                    f"{folder} lacks photos and has to be made anew, but {name} in it was edited; "
                    "move that file away and run this again."
                )
        mirror = os.environ.get("COURSE_MIRROR") if mirror is None else mirror
        with replacing(folder) as building:
            unpack_pinned(archive, members, places, building, mirror, how or Download(bar=progress))
            for name, text in texts.items():
                _write(building / name, text)
    else:
        for name in texts.keys() - set(others):
            _write(folder / name, texts[name])
    return folder


def run(photos: PhotoSet, description: str, arguments: Sequence[str] | None = None) -> int:
    """The command line of a set's script; returns the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--folder", type=Path, default=photos.folder)
    parser.add_argument("--mirror", help="folder or address (default: COURSE_MIRROR)")
    parser.add_argument("--write-manifest", type=Path, metavar="ARCHIVE", help="for maintainers")
    options = parser.parse_args(arguments)
    try:
        if options.write_manifest:
            manifest = photos.archive.manifest
            listed = write_manifest(options.write_manifest, manifest, photos.wanted)
            print(f"{manifest.name}: {len(listed):,} files")
        else:
            folder = fetch(photos, options.folder, options.mirror)
            print(f"{os.path.relpath(folder)}: {photos.count(folder)}")
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; run this again and it goes on from there", file=sys.stderr)
        return 130
    return 0


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(text.encode())  # line ends as they are, on every system
        temporary.replace(path)
    except OSError as error:
        raise FetchError(f"{path} cannot be written ({error.strerror}).") from None
