"""Small archives as a host packs them, and what lies beside the data that is made of them."""

import csv
import hashlib
import zipfile

TOP = "Some_Project-0123abc"


def pack(path, files, extra=()):
    """Writes the zip as a host packs it: a top folder, and more in it than the course uses."""
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(f"{TOP}/README.md", "not ours")
        bundle.writestr(f"{TOP}/test/bird/other.jpg", b"not ours either")
        for name, data in files.items():
            bundle.writestr(f"{TOP}/{name}", data)
        for name in extra:
            bundle.writestr(name, b"x")
    return path


def write_rows(path, files):
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "size", "sha256"])
        rows.writerows((n, len(d), hashlib.sha256(d).hexdigest()) for n, d in files.items())


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    }


def beside(folder):
    """What lies in a folder, but for the locks of what is made there."""
    return sorted(path for path in folder.iterdir() if path.suffix != ".lock")
