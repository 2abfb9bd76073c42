"""Kills a hundred trainings and damages thousands of files; `make stress`.

    python -m tests.stress                          # all of it
    python -m tests.stress kills --count 100        # trainings, killed and resumed
    python -m tests.stress fuzz --count 5000 jpeg   # damaged files, of some kinds

The same seed gives the same damage. The exit status is 1 where anything went wrong.
"""

from __future__ import annotations

import argparse
import sys

from helpers.course import setup
from tests.stress import fuzz, kills


def main() -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["kills", "fuzz"], help="default: both")
    parser.add_argument("kinds", nargs="*", help=f"of files: {', '.join(fuzz.KINDS)}")
    parser.add_argument("--count", type=int, help="kills (100), or files of each kind (5,000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    unknown = set(options.kinds) - set(fuzz.KINDS)
    if unknown:
        parser.error(f"no kind of files: {', '.join(sorted(unknown))}")
    setup()
    whole = True
    if options.what != "fuzz":
        whole &= kills.run(options.count or 100, options.seed)
    if options.what != "kills":
        whole &= fuzz.run(options.kinds or list(fuzz.KINDS), options.count or 5000, options.seed)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
