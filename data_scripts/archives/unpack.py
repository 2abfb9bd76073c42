"""Unpacks pinned zip archives: nothing but the files of a committed manifest, each one checked.

A host that packs archives on request gives them no stable bytes of their own, so a manifest
(CSV: path, size in bytes, SHA-256, perhaps the group of one scene) pins what is inside instead.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from tqdm import tqdm

CHUNK = 1 << 18


class FetchError(RuntimeError):
    """Why the data could not be had, in one sentence that says what to do."""


class ArchiveError(FetchError):
    """The archive is there but does not hold what the manifest lists."""


@dataclass(frozen=True)
class Member:
    """One file of an archive: path below the archive's top folder, size in bytes, SHA-256; group:
    the same number for photos of one scene, 0 where nobody has looked."""

    path: str
    size: int
    sha256: str
    group: int = 0


def leaves_folder(path: str) -> bool:
    """True when joining `path` to a folder could lead out of that folder."""
    return path.startswith(("/", "\\")) or ".." in PurePosixPath(path.replace("\\", "/")).parts


def read_manifest(path: Path) -> list[Member]:
    """The members that the CSV at `path` lists; FetchError names a row that cannot be right."""
    members = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name, size, digest = (row.get(key) or "" for key in ("path", "size", "sha256"))
            group = row.get("group") or "0"
            plain = re.fullmatch(r"[\w.-]+(/[\w.-]+)*", name, re.ASCII) and not leaves_folder(name)
            numbers = size.isdecimal() and group.isdecimal()
            if not (plain and numbers and re.fullmatch("[0-9a-f]{64}", digest)):
                raise FetchError(
                    f"{path.name}: the row of {name!r} is not a plain path, a size, a SHA-256 and "
                    "perhaps a group; restore the committed manifest."
                )
            members.append(Member(name, int(size), digest, int(group)))
    return members


def write_manifest(archive: Path, path: Path, keep: Callable[[str], bool]) -> list[Member]:
    """Writes the manifest of the members of `archive` whose path `keep` accepts, sorted."""
    members = []
    with open_archive(archive) as (bundle, files):
        for name in sorted(filter(keep, files)):
            data = bundle.read(files[name])
            members.append(Member(name, len(data), hashlib.sha256(data).hexdigest()))
    if not members:
        raise ArchiveError(f"{archive} holds none of the expected files; {path.name} is unchanged.")
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["path", "size", "sha256"])
        rows.writerows((member.path, member.size, member.sha256) for member in members)
    return members


@contextmanager
def open_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    """The zip at `path` and its files by their path below the archive's one top folder."""
    try:
        bundle = zipfile.ZipFile(path)
    except OSError as error:
        if error.errno != errno.EINVAL:  # else its table of contents leads nowhere
            raise FetchError(f"{path} cannot be read ({error.strerror}).") from None
        raise ArchiveError(f"{path} is not a complete zip archive; get it again.") from None
    except Exception:  # zipfile raises several kinds
        raise ArchiveError(f"{path} is {_instead_of_a_zip(path)}; get it again.") from None
    with bundle:
        for info in bundle.infolist():
            if leaves_folder(info.filename):
                raise ArchiveError(
                    f"{path} holds {info.filename!r}, which would be written outside its folder, "
                    "so nothing of it was unpacked; get the archive from its own address."
                )
        files = (info for info in bundle.infolist() if not info.is_dir())
        yield bundle, {info.filename.partition("/")[2]: info for info in files}


def _instead_of_a_zip(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(200).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a zip archive: its address is gone, or wants a log-in"
    return "not a complete zip archive"


def unpack(
    archive: Path, members: Sequence[Member], places: Mapping[str, str], folder: Path, bar: bool
) -> None:
    """Writes every member to `folder / places[member.path]`; whatever else is inside is ignored.

    ArchiveError names the first member that is missing or differs in size or SHA-256.
    """
    with open_archive(archive) as (bundle, files):
        for member in tqdm(members, "unpacking", unit="file", disable=not bar, leave=False):
            if member.path not in files:
                raise ArchiveError(f"{archive} lacks {member.path}; get the archive again.")
            target = folder / places[member.path]
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                matches = _write_member(bundle, files[member.path], member, target)
            except (
                zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ) as error:  # fmt: skip
                raise ArchiveError(
                    f"{archive}: {member.path} is damaged ({error}); get it again."
                ) from None
            if not matches:
                raise ArchiveError(
                    f"{archive}: {member.path} is not the file that the manifest lists (its size "
                    "or SHA-256 differs); get the archive again."
                )


def _open(bundle: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return bundle.open(info)
    except (OSError, ValueError, struct.error) as error:  # an offset that leads nowhere
        raise zipfile.BadZipFile(str(error)) from None


def _read(source: IO[bytes], size: int) -> bytes:
    try:
        return source.read(size)
    except (OSError, ValueError) as error:
        raise zipfile.BadZipFile(str(error)) from None


def _write_member(
    bundle: zipfile.ZipFile, info: zipfile.ZipInfo, member: Member, target: Path
) -> bool:
    """Writes one member; whether its bytes are those that the manifest lists."""
    digest, written = hashlib.sha256(), 0
    with _open(bundle, info) as source, target.open("wb") as file:
        # One byte more than listed is enough to know, so a zip bomb fills no disk.
        while chunk := _read(source, min(CHUNK, member.size + 1 - written)):
            file.write(chunk)
            digest.update(chunk)
            written += len(chunk)
            if written > member.size:
                break
    return written == member.size and digest.hexdigest() == member.sha256
