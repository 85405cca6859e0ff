"""Hierarchies of categories: a folder of CSV files, COLUMN.csv, a line a value: the value, then what it is part of, nearest first.

    Bachelors;Undergraduate;Higher education
    Masters;Graduate;Higher education

Separated by semicolons or commas, without a header, each line of one length, as ARX writes them. A last level ``*`` that all
share is added where it is not there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from assay.kernel.errors import BadInput, Missing, UsageError

LARGEST = 16 << 20
MOST_LEVELS = 20
MOST_VALUES = 200_000
ROOT = "*"


def read(folder: Path, columns: Iterable[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return for each column that has a file its values and their ancestors, nearest first, the root last.

    Missing where the folder is not there; BadInput where a file is too large, uneven, or gives a group two parents.
    """
    if not folder.is_dir():
        raise Missing(f"there is no folder {str(folder)!r}", remedy="name a folder of files COLUMN.csv")
    found = {}
    for column in columns:
        path = folder / f"{column}.csv"
        if Path(column).name == column and path.is_file():
            found[column] = parse(path)
    if not found:
        raise UsageError(
            f"no file of {folder} is called as a column is",
            remedy=f"name them {next(iter(columns), 'COLUMN')}.csv, and so on",
        )
    return found


def parse(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the values of one file and their ancestors."""
    if path.stat().st_size > LARGEST:
        raise BadInput("the hierarchy is over 16 MB", where=str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("the hierarchy is not UTF-8 text", where=str(path)) from None
    mark = ";" if ";" in text.partition("\n")[0] else ","
    out: dict[str, tuple[str, ...]] = {}
    width = 0
    for number, row in enumerate(csv.reader(text.splitlines(), delimiter=mark), 1):
        cells = [c.strip() for c in row]
        if not cells or cells == [""]:
            continue
        width = width or len(cells)
        if len(cells) != width or not 2 <= width <= MOST_LEVELS:
            raise BadInput(
                f"line {number} has {len(cells)} cells and the first has {width}",
                where=str(path),
                remedy=f"give each line the value and 1 to {MOST_LEVELS - 1} levels, all lines alike",
            )
        if cells[0] in out:
            raise BadInput(f"line {number} gives {cells[0][:40]!r} a second time", where=str(path))
        if len(out) >= MOST_VALUES:
            raise BadInput(f"the hierarchy has over {MOST_VALUES:,} values", where=str(path))
        out[cells[0]] = tuple(cells[1:])
    if not out:
        raise BadInput("the hierarchy is empty", where=str(path))
    if len({path_[-1] for path_ in out.values()}) > 1:
        out = {value: (*path_, ROOT) for value, path_ in out.items()}
    _tree(out, path)
    return out


def _tree(found: dict[str, tuple[str, ...]], path: Path) -> None:
    """One group has one parent, or its distance to others would have two values."""
    above: dict[tuple[int, str], str] = {}
    for ancestors in found.values():
        for level, (group, parent) in enumerate(pairwise(ancestors)):
            if above.setdefault((level, group), parent) != parent:
                raise BadInput(
                    f"{group[:40]!r} is part of both {above[level, group][:40]!r} and {parent[:40]!r}",
                    where=str(path),
                )
