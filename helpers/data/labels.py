"""Label tables as people have them: a file name, then one 0/1 column for each label.

Comma, semicolon or tab, UTF-8 (with or without Excel's mark), UTF-16 or Latin-1: whatever a
spreadsheet or a script writes. What cannot be understood is named with its row as a spreadsheet
numbers it: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import os
import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.data.formats import is_image_name
from helpers.errors import DataError


@dataclass(frozen=True)
class LabelRow:
    """One image of a table: its row, its file as `sub/name.jpg`, a 0.0 or 1.0 for each label.

    `problem` is one sentence, or "" for a row that can be used; a row with a problem may lack the
    rest.
    """

    number: int
    file: str = ""
    labels: tuple[float, ...] = ()
    problem: str = ""


def read_label_table(
    path: str | Path, classes: Sequence[str] | None = None
) -> tuple[list[str], list[LabelRow]]:
    """The label names of a table and its rows, blank ones left out; no image is looked for.

    Args:
        path: a CSV file; its first column holds the file names, the header names the labels.
        classes: the labels in the order in which they are wanted; the table must have these
            columns, in any order. By default the table's own.

    Raises: DataError for a table that is no table of labels. What is wrong with a single row is in
        the row's `problem` instead.
    """
    path = Path(path)
    records = _records(path)
    number, header = next(records, (1, []))
    if not header:
        raise DataError(f"{path}: the table is empty; it needs a header such as file,sea,trees.")
    names = _label_names(path, number, header)
    rows = [_read_row(path, number, cells, names) for number, cells in records]
    if not rows:
        raise DataError(f"{path}: there is no row below the header; add one for each image.")
    if classes is None:
        return names, _mark_repeated(path, rows)
    for name in classes:
        if name not in names:
            raise DataError(
                f"{path}, row {number}: there is no column {name!r}, only {', '.join(names)}; add "
                "it, or write its name as the training table does."
            )
    for name in names:
        if name not in classes:
            raise DataError(
                f"{path}, row {number}: the column {name!r} is none of the labels "
                f"{', '.join(classes)}; rename or remove it."
            )
    order = [names.index(name) for name in classes]
    rows = [replace(r, labels=tuple(r.labels[i] for i in order if r.labels)) for r in rows]
    return list(classes), _mark_repeated(path, rows)


def find_images(path: str | Path, rows: Sequence[LabelRow], folder: str | Path) -> list[LabelRow]:
    """The rows of the table at `path` with the names of files that are in `folder`.

    A row whose file is missing gets a `problem`, which names a file that may be meant. An accent
    may be stored in either of Unicode's ways; upper and lower case may not differ, or the table
    would work on one computer and fail on the next.

    Raises: DataError where `folder` is no folder, or none of the files is in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; give the one with the images.")
    rows = _without_own_name(rows, folder)
    listed: dict[Path, dict[str, list[str]]] = {}
    located, strange = [], 0
    for row in rows:
        located.append(row)
        if row.problem:
            continue
        parent, name = (folder / row.file).parent, posixpath.basename(row.file)
        if parent not in listed:
            listed[parent] = _by_stem(parent)
        near = listed[parent].get(_stem_key(name), [])
        same = [other for other in near if _composed(other) == _composed(name)]
        if same:
            located[-1] = replace(row, file=posixpath.join(posixpath.dirname(row.file), same[0]))
            continue
        meant = next(filter(is_image_name, near), "")
        strange += not meant
        hint = "add it, or remove the row."
        if meant:
            hint = f"there is {meant!r}; write the name as the file has it, ending and case too."
        located[-1] = replace(row, problem=f"{_at(path, row)}no {row.file!r} in {folder}: {hint}")
    readable = [row for row in rows if not row.problem]
    if len(readable) > 1 and strange == len(readable):
        raise DataError(
            f"{_at(path, readable[0])}no {readable[0].file!r} in {folder}, nor any other of the "
            f"table's {strange:,} files; give the folder that holds them."
        )
    return located


def _without_own_name(rows: Sequence[LabelRow], folder: Path) -> Sequence[LabelRow]:
    """Names like `train/a.jpg` are of the folder `train` itself where all of them begin so."""
    prefix = f"{folder.name}/"
    named = [row for row in rows if row.file]
    if (folder / folder.name).is_dir() or not all(r.file.startswith(prefix) for r in named):
        return rows
    return [replace(row, file=row.file.removeprefix(prefix)) for row in rows]


def _at(path: str | Path, row: LabelRow) -> str:
    return f"{path}, row {row.number}: "


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells, stripped, of each row that is not blank."""
    text = _decoded(path)
    first = next((line[:10_000] for line in text.splitlines() if line.strip()), "")
    number = 0
    named = re.fullmatch(r"\ufeff?sep=(.)\s*", first, re.I)  # Excel's line about the delimiter
    if named:
        delimiter = named[1]  # Excel doesn't count it as a row either
        text = text.partition(first)[2].lstrip("\r").removeprefix("\n")
    else:
        unquoted = re.sub(r'"[^"]*"?', "", first)
        delimiter = max(",;\t", key=unquoted.count)
    # newline="": the reader wants line ends as they are, to see those in quotes; strict: a quote
    # that is left open would swallow the rest of the table
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number += 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{path}, row {number}: this is not a row of a CSV file ({error}); is a quote "
                "left open?"
            ) from None
        if any(cells):
            yield number, cells


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such table; check its name.") from None
    except IsADirectoryError:
        raise DataError(f"{path}: this is a folder; give the CSV file with the labels.") from None
    except OSError as error:
        raise DataError(f"{path}: the table cannot be read ({error.strerror}).") from None
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's "Unicode text"
            return content.decode("utf-16")
        if b"\0" in content:
            raise DataError(
                f"{path}: this is no text, whatever its name says; save the table as CSV."
            )
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # of Latin-1 only control codes differ


def _label_names(path: Path, number: int, header: list[str]) -> list[str]:
    at = f"{path}, row {number}: "
    while header and not header[-1]:  # a delimiter at the line's end
        header = header[:-1]
    names = header[1:]
    if not names:
        raise DataError(
            f"{at}there is no label column beside {header[0]!r}; write the file's name first, "
            "then a column for each label, with commas between."
        )
    if all(_value(name) is not None for name in names):
        raise DataError(f"{at}there is no header; write one above, such as file,sea,trees.")
    for index, name in enumerate(names):
        if not name:
            raise DataError(f"{at}column {index + 2} has no name; give it one or remove it.")
        if name in names[:index]:
            raise DataError(f"{at}two columns are named {name!r}; rename or remove one.")
    return names


def _read_row(path: Path, number: int, cells: list[str], names: list[str]) -> LabelRow:
    row = LabelRow(number)
    at = _at(path, row)
    while len(cells) > len(names) + 1 and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != len(names) + 1:
        problem = f"{at}{len(cells)} cells, but the header has {len(names) + 1}; give it as many."
        return replace(row, problem=problem)
    file = cells[0].replace("\\", "/")
    if not file:
        return replace(row, problem=f"{at}the file's name is missing; add it or remove the row.")
    clean = posixpath.normpath(file)
    if clean == ".." or clean.startswith(("/", "../")) or re.match("[A-Za-z]:", clean):
        problem = f"{at}{_short(file)} leads out of the images' folder; give names inside it."
        return replace(row, problem=problem)
    labels: list[float] = []
    for name, cell in zip(names, cells[1:], strict=True):
        value = _value(cell)
        if value is None:
            problem = f"{at.removesuffix(': ')}, column {name!r}: "
            problem += f"{_short(cell)} is not 0 or 1; " if cell else "the cell is empty; "
            advice = "write 1 where the label holds, else 0, or remove a column that is no label."
            if is_image_name(cell) and name == names[0]:
                advice = "the file's name must be the first column."
            return replace(row, file=clean, problem=problem + advice)
        labels.append(value)
    return replace(row, file=clean, labels=tuple(labels))


def _mark_repeated(path: Path, rows: Sequence[LabelRow]) -> list[LabelRow]:
    first: dict[str, LabelRow] = {}
    marked = []
    for row in rows:
        earlier = row if row.problem else first.setdefault(row.file, row)
        if earlier is not row:
            how = "the same labels" if earlier.labels == row.labels else "other labels"
            problem = f"{row.file!r} was in row {earlier.number} already, with {how}; keep one."
            row = replace(row, problem=_at(path, row) + problem)
        marked.append(row)
    return marked


def _value(cell: str) -> float | None:
    """0.0 or 1.0 for 0, 1, 0.0, 1.0, true and false in any case; None for all else."""
    word = {"true": 1.0, "false": 0.0}.get(cell.casefold())
    if word is not None:
        return word
    return float(cell[0]) if re.fullmatch(r"[01](\.0*)?", cell, re.ASCII) else None


def _by_stem(folder: Path) -> dict[str, list[str]]:
    by_stem: dict[str, list[str]] = {}
    # os.path: a name too long for the system is no folder either, and no error
    names = (p.name for p in folder.iterdir() if p.is_file()) if os.path.isdir(folder) else ()
    for name in sorted(names):
        by_stem.setdefault(_stem_key(name), []).append(name)
    return by_stem


def _stem_key(name: str) -> str:
    return _composed(Path(name).stem).casefold()


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:37] + "...")
