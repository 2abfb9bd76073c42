"""Points every address of this repository at another owner and name.

    make badges REPO=owner/name

[project.urls] in pyproject.toml holds the present address. Needs nothing but Python itself.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = (
    "*.md",
    "notebooks/*.ipynb",
    "notebooks/scripts/*.py",
    "tools/bootstrap_cell.py",
    "pyproject.toml",  # last: if this is cut off, a second run still knows the old address
)
REPOSITORY = r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/[A-Za-z0-9_.-]{1,100}"
HOSTS = r"(github\.com/|githubusercontent\.com/|colab\.research\.google\.com/github/)"


class BadgesError(ValueError):
    """What is wrong with the given repository or with pyproject.toml, in one sentence."""


def current_repository(root: Path = ROOT) -> str:
    """'owner/name' of [project.urls]."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(rf'^Repository = "https://github\.com/({REPOSITORY})"$', text, re.MULTILINE)
    if not found:
        raise BadgesError(
            'pyproject.toml: [project.urls] needs Repository = "https://github.com/owner/name".'
        )
    return found[1]


def retarget(text: str, old: str, new: str) -> str:
    """`text` with every GitHub and Colab address of `old` pointing at `new`."""
    ended = r"(?![\w-]|\.(?!git\b)\w)"  # so that owner/name2 or owner/name.js stay what they are
    return re.sub(HOSTS + re.escape(old) + ended, lambda found: found[1] + new, text)


def rewrite(repository: str, root: Path = ROOT) -> list[Path]:
    """Rewrites the files below `root`; returns those that changed."""
    if not re.fullmatch(REPOSITORY, repository) or repository.endswith(".git"):
        raise BadgesError(
            f"REPO={repository!r} is not of the form owner/name, as in "
            "make badges REPO=ada/transfer-learning-course."
        )
    old, changed = current_repository(root), []
    for place in PLACES:
        for path in sorted(root.glob(place)):
            before = path.read_bytes().decode("utf-8")
            after = retarget(before, old, repository)
            if after != before:
                path.write_bytes(after.encode("utf-8"))
                changed.append(path)
    return changed


def main() -> int:
    """The command line; returns the exit status."""
    try:
        changed = rewrite(sys.argv[1] if len(sys.argv) > 1 else "")
    except BadgesError as error:
        print(error, file=sys.stderr)
        return 1
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"{len(changed)} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
