"""The real photos of a task: from a pinned archive into one folder, made whole or left alone."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_scripts.archives.download import Archive, DownloadOptions, unpack_pinned
from data_scripts.archives.unpack import FetchError, Member, read_manifest, write_manifest
from data_scripts.folders import is_whole, only_one, replacing, stamp

SOURCE_FILE = "SOURCE.txt"
SYSTEM_FILES = {"Thumbs.db", "desktop.ini"}  # and names with a leading dot


def count_photos(folder: Path) -> str:
    """One line that says how many photos each of the folder's folders holds."""
    parents = (path.parent.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(Counter(parents).items()))
    return f"{os.path.relpath(folder)}: {counts}"


def compare(folder: Path, sizes: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """(missing or of another size, not listed): sorted paths in `folder`, given `sizes` in bytes.

    What an operating system or an editor leaves behind (.DS_Store and the like) is neither.
    """
    if folder.exists() and not folder.is_dir():
        raise FetchError(f"{folder} is a file, not a folder; move it away and run this again.")
    present = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if not p.is_dir()}
    missing = [
        name
        for name, size in sizes.items()
        if name not in present or present[name].stat().st_size != size
    ]
    foreign = [name for name in present.keys() - sizes.keys() if not _is_system_file(Path(name))]
    return sorted(missing), sorted(foreign)


def _is_system_file(path: Path) -> bool:
    return path.name in SYSTEM_FILES or any(part.startswith(".") for part in path.parts)


def _write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        temporary = folder / f".{name}.tmp"
        temporary.write_bytes(text.encode())  # line ends as they are, on every system
        temporary.replace(folder / name)


def no_tables(places: Mapping[str, str]) -> dict[str, str]:
    """For photos whose folders say what they show."""
    return {}


@dataclass(frozen=True)
class PhotoSet:
    """The real photos of one task, and how to get them.

    description: one sentence, for the command line.
    folder: where they go.
    archive: where they come from.
    is_used: whether the course uses the member with this path; for writing the manifest.
    place: the manifest's members to {path in the archive: path in the folder}.
    source: text of SOURCE.txt, which says whose photos these are.
    tables: those places to {name in the folder: text} of what lies beside the photos.
    """

    description: str
    folder: Path
    archive: Archive
    is_used: Callable[[str], bool]
    place: Callable[[Sequence[Member]], dict[str, str]]
    source: str
    tables: Callable[[Mapping[str, str]], dict[str, str]] = no_tables

    def fetch(
        self,
        folder: Path | None = None,
        mirror: str | None = None,
        options: DownloadOptions | None = None,
    ) -> Path:
        """Makes `folder` (default: the set's own) and returns it.

        A complete folder is left alone after a look at names and sizes. `mirror` (default: the
        environment's COURSE_MIRROR) is a folder or address prefix that holds the archive; without
        one the archive is downloaded. Tables that were edited are never overwritten. FetchError
        says in one sentence why it did not work; then `folder` is as it was.
        """
        folder = Path(folder or self.folder).expanduser().resolve()
        options = options or DownloadOptions()
        try:
            with only_one(folder):
                return self._fetch(folder, mirror, options)
        except OSError as error:
            path, reason = error.filename or folder, error.strerror or error
            raise FetchError(f"{path} cannot be written ({reason}).") from None

    def _fetch(self, folder: Path, mirror: str | None, options: DownloadOptions) -> Path:
        members = read_manifest(self.archive.manifest)
        places = self.place(members)
        texts = {**self.tables(places), SOURCE_FILE: self.source}
        sizes = {places[member.path]: member.size for member in members}
        missing, others = compare(folder, sizes)
        foreign = [name for name in others if name not in texts]
        if foreign:
            raise FetchError(
                f"{folder} holds {len(foreign)} file(s) that this script did not put there, such "
                f"as {foreign[0]}; move them away and run this again (COURSE_DATA can name a "
                "folder with photos of your own)."
            )
        if not missing:
            _write_texts(folder, {name: texts[name] for name in texts.keys() - set(others)})
            if not is_whole(folder):
                stamp(folder)
            return folder
        for name in others:
            if name != SOURCE_FILE and (folder / name).read_bytes() != texts[name].encode():
                raise FetchError(
                    f"{folder} lacks photos and has to be made anew, but {name} in it was "
                    "edited; move that file away and run this again."
                )
        mirror = os.environ.get("COURSE_MIRROR") if mirror is None else mirror
        with replacing(folder) as unfinished:
            unpack_pinned(self.archive, members, places, unfinished, mirror, options)
            _write_texts(unfinished, texts)
        return folder

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """The command line of the set's script; returns the exit status."""
        parser = argparse.ArgumentParser(description=self.description)
        parser.add_argument("--folder", type=Path, default=self.folder)
        parser.add_argument("--mirror", help="folder or address (default: COURSE_MIRROR)")
        parser.add_argument("--write-manifest", type=Path, metavar="ARCHIVE", help="to pin anew")
        options = parser.parse_args(arguments)
        try:
            if options.write_manifest:
                manifest = self.archive.manifest
                members = write_manifest(options.write_manifest, manifest, self.is_used)
                print(f"{manifest.name}: {len(members):,} files")
            else:
                print(count_photos(self.fetch(options.folder, options.mirror)))
        except FetchError as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("stopped; run this again and it goes on from there", file=sys.stderr)
            return 130
        return 0
