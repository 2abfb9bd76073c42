"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


class WriteError(OSError):
    """A file that could not be written; the message names it and says what to do."""


def write_file(path: str | Path, content: bytes | str) -> Path:
    """Write a file, its folder too where it is missing; see `write_files`."""
    write_files({Path(path): content})
    return Path(path)


def write_files(contents: Mapping[Path, bytes | str]) -> None:
    """Write files that belong together: beside their places first, then renamed one after another.

    Whatever happens before all of it is on the disk, the earlier files stay as they are, and
    nothing else is left.

    Raises: WriteError, where the disk is full or the folder may not be written to.
    """
    # Whoever writes the same file at the same time has another one beside it.
    own = f"{os.getpid()}-{threading.get_ident()}.tmp"
    temporary = {path: path.with_name(f".{path.name}.{own}") for path in contents}
    path = next(iter(contents))
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary[path].open("wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())  # a rename may reach the disk before what it renames
        for path, new in temporary.items():
            new.replace(path)
        for folder in {path.parent for path in contents}:
            remove_leftovers(folder)
            _flush_folder(folder)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        advice = "free some space, or choose another folder" if full else "choose another folder"
        raise WriteError(
            f"{path}: cannot be written ({error.strerror or error}); {advice}."
        ) from None
    finally:
        for new in temporary.values():
            with suppress(OSError):
                new.unlink()


def remove_leftovers(folder: Path) -> None:
    """What processes that were killed have left in the folder."""
    for old in folder.glob(".*.tmp"):
        process = re.fullmatch(r"\..+\.(\d+)-\d+\.tmp", old.name)
        if process and not _is_running(int(process[1])):
            with suppress(OSError):
                old.unlink()


def _is_running(process: int) -> bool:
    if os.name == "nt":  # there a signal of 0 would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _flush_folder(folder: Path) -> None:
    """Bring the folder's names to the disk, where the system can."""
    with suppress(OSError):  # Windows has no such thing
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
