"""What the course makes of a folder of images.

    python -m helpers.check FOLDER                    # the report that notebook 1 prints
    python -m helpers.check FOLDER --json             # the same for a program
    python -m helpers.check FOLDER --quarantine DIR   # move unusable files there
    python -m helpers.check --undo DIR                # and back again

The exit status is 1 where something is unusable, 2 where nothing could be done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.course import setup
from helpers.data import DataError
from helpers.data.quarantine import MOVED, quarantine, undo_quarantine
from helpers.data.report import inspect_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.check", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path, nargs="?", help="class folders, or tables of labels")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--quarantine", type=Path, metavar="DIR", help="move unusable files here")
    parser.add_argument("--undo", type=Path, metavar="DIR", help="move quarantined files back")
    options = parser.parse_args(arguments)
    if (options.folder is None) == (options.undo is None):
        parser.error("give a folder to look at, or --undo with a quarantine")
    setup()
    try:
        if options.undo is not None:
            print(f"{undo_quarantine(options.undo):,} files are back in their places")
            return 0
        report = inspect_folder(options.folder)
        print(json.dumps(report.as_dict(), indent=2) if options.json else report)
        if options.quarantine is not None and report.unusable:
            count = quarantine(report, options.quarantine)
            place = options.quarantine / MOVED
            print(f"moved {count:,} files; {place} says from where", file=sys.stderr)
    except (DataError, OSError) as error:
        print(str(error).encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0 if report.all_usable else 1


if __name__ == "__main__":
    sys.exit(main())
