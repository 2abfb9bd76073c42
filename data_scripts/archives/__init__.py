"""Brings the real photos: downloads pinned archives, unpacks them safely, checks every file.

A `PhotoSet` describes one task's photos; its `fetch` makes their folder, its `main` is a command.
"""

from data_scripts.archives.download import Archive, DownloadOptions
from data_scripts.archives.photo_set import PhotoSet
from data_scripts.archives.unpack import (
    ArchiveError,
    FetchError,
    Member,
    read_manifest,
    write_manifest,
)
