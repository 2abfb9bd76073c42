"""Brings a pinned archive from a mirror or over the network, with resume and retries."""

from __future__ import annotations

import http.client
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from data_scripts.archives.unpack import CHUNK, ArchiveError, FetchError, Member, unpack
from data_scripts.folders import only_one

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "data" / "archives"
ATTEMPTS = 4
TIMEOUT_SECONDS = 30
SPARE_BYTES = 100_000_000
PASSING_FAULTS = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Archive:
    """Where a pinned archive lives: its name in a mirror, its own address, its manifest."""

    name: str
    address: str
    manifest: Path


@dataclass(frozen=True)
class DownloadOptions:
    """Where archives are kept until unpacked, whether to draw a bar, how to wait (seconds), and
    what counts as too slow."""

    cache: Path = CACHE
    bar: bool = True
    sleep: Callable[[float], None] = time.sleep
    slowest: float = 1000  # bytes a second over `window` seconds
    window: float = 60


def unpack_pinned(
    archive: Archive,
    members: Sequence[Member],
    places: Mapping[str, str],
    folder: Path,
    mirror: str | None,
    options: DownloadOptions,
) -> None:
    """Writes every member of the archive to `folder / places[member.path]`, checked.

    `mirror` is a folder (read in place) or the first part of an http address. What was downloaded
    is removed once unpacked. An archive that an earlier run began and that turns out wrong is
    thrown away once and downloaded afresh. FetchError or ArchiveError say what is wrong.
    """
    source = locate(archive, mirror)
    if isinstance(source, Path):
        unpack(source, members, places, folder, options.bar)
        return
    target = options.cache / archive.name
    # The archive holds more than the manifest lists, but not many times as much.
    most = 2 * sum(member.size for member in members) + SPARE_BYTES
    with only_one(target):
        for last in (False, True):
            fresh = download(source, target, most, options)
            try:
                unpack(target, members, places, folder, options.bar)
            except ArchiveError:
                target.unlink()
                if fresh or last:  # the same bytes would come again
                    raise
            else:
                target.unlink()
                return


def locate(archive: Archive, mirror: str | None) -> Path | str:
    """The archive's file in a mirror's folder, or the address that it is to be had from."""
    if not mirror:
        return archive.address
    address = urllib.parse.urlsplit(mirror)
    if address.scheme in ("http", "https"):
        return f"{mirror.rstrip('/')}/{archive.name}"
    if address.scheme == "file":
        folders = [Path(urllib.request.url2pathname(address.path))]
    else:
        path = Path(mirror).expanduser()
        folders = [ROOT / path, Path.cwd() / path]
    for folder in folders:
        if (folder / archive.name).is_file():
            return folder / archive.name
    where = " and ".join(dict.fromkeys(str(folder.resolve()) for folder in folders))
    raise FetchError(
        f"COURSE_MIRROR={mirror}: no {archive.name} in {where}; "
        "put it there, or unset COURSE_MIRROR to download it."
    )


def download(address: str, target: Path, most: int, options: DownloadOptions) -> bool:
    """Downloads `address` to `target`; True when all of it came in this call.

    An earlier run's `target` is taken as it is, its `.part` file is continued with HTTP Range
    where the server honours that. ATTEMPTS failures in a row without a new byte end it, and so
    does a body of more than `most` bytes.
    """
    part = target.with_name(target.name + ".part")
    for path in (target, part):
        if path.is_symlink():  # writing to it would write elsewhere
            path.unlink()
    if target.is_file():
        return False
    part.parent.mkdir(parents=True, exist_ok=True)
    fresh = not part.exists()
    failures, largest, reason = 0, 0, ""
    while failures < ATTEMPTS:
        if failures:
            wait = 2.0 ** (failures - 1)
            if options.bar:
                tqdm.write(f"{reason}; trying again in {wait:.0f} s", sys.stderr)
            options.sleep(wait)
        try:
            _download_once(address, part, most, options)
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code not in PASSING_FAULTS:
                break
        except (http.client.HTTPException, ConnectionError) as error:
            reason = str(error) or type(error).__name__
        except ValueError as error:  # an address that urllib cannot read
            reason = str(error)
            break
        else:
            part.replace(target)
            return fresh
        size = part.stat().st_size if part.exists() else 0
        failures, largest = (0 if size > largest else failures) + 1, max(size, largest)
    raise FetchError(
        f"{target.name} could not be downloaded from {address} ({reason}): check the network, or "
        f"set COURSE_MIRROR to a folder that holds {target.name}; "
        "COURSE_DATA=rendered needs neither."
    )


def _download_once(address: str, part: Path, most: int, options: DownloadOptions) -> None:
    """Asks once for what `part` lacks; ConnectionError or HTTPError where it does not come."""
    size = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={size}-"} if size else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        if error.headers.get("Content-Range", "") == f"bytes */{size}":
            return  # the part is the whole
        part.unlink(missing_ok=True)  # longer than the whole: begin again
        raise ConnectionError("the archive changed on the server") from None
    except OSError as error:  # apart from what the disk may say below
        raise ConnectionError(str(getattr(error, "reason", error))) from None
    with response:
        continued = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        start = size if response.status == 206 and continued else 0
        if response.status == 206 and (not continued or int(continued[1]) != size):
            part.unlink(missing_ok=True)
            raise ConnectionError("the server sent another range than was asked for")
        length = response.headers.get("Content-Length")
        total = start + int(length) if length and length.isdecimal() else None
        too_much = False
        with (
            part.open("ab" if start else "wb") as file,
            tqdm(
                desc=part.stem, total=total, initial=start, unit="B", unit_scale=True,
                disable=not options.bar, leave=False,
            ) as progress,
        ):  # fmt: skip
            for chunk in _chunks(response, options):
                too_much = file.tell() + len(chunk) > most or (total or 0) > most
                if too_much:
                    break
                file.write(chunk)
                progress.update(len(chunk))
    if too_much:
        part.unlink()
        raise FetchError(
            f"{address} sends more than the {most:,} bytes that {part.stem} may have, so it is "
            "something else: check the address, or set COURSE_MIRROR."
        )
    size = part.stat().st_size
    if total is not None and size < total:
        raise ConnectionError(f"the connection ended after {size:,} of {total:,} bytes")


def _chunks(response: http.client.HTTPResponse, options: DownloadOptions) -> Iterator[bytes]:
    """What comes, as it comes; ConnectionError where it ends badly or is too slow."""
    since, received = time.monotonic(), 0
    try:
        while chunk := response.read1(CHUNK):
            yield chunk
            received += len(chunk)
            passed = time.monotonic() - since
            if passed > options.window:
                if received < options.slowest * passed:
                    raise ConnectionError(f"only {received / passed:,.0f} bytes a second came")
                since, received = time.monotonic(), 0
    except OSError as error:  # a timeout, a reset, a fault of TLS
        raise ConnectionError(str(error)) from None
