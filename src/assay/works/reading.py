"""Reports that a person gives: a file, several, or a folder of them; read within bounds, and refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.kernel.report import SCHEMA, Report
from assay.methods.plainfile import read_plain

_LARGEST = 256 << 20  # bytes of a report
_MOST = 500  # reports that one thing is told of
_ALL = 1 << 30  # bytes of all of them
_SEVERAL = "assay.reports/1"
_MAKE = "make one with `assay check … --format json -o FILE`"


def report(given: Any) -> Report:
    """Return the report that ``given`` is, holds or lies in; UsageError where it is none."""
    found = many([given])
    if len(found) != 1:
        raise UsageError(f"{given} holds {len(found)} reports, and one is wanted", remedy="name one")
    return next(iter(found.values()))


def many(given: Any) -> dict[str, Report]:
    """Return reports by name: of a mapping its own names, of a file its stem, else the check's name.

    given: one, several or a mapping of reports, results of ``assay.check``, files, or folders whose ``.json`` files are
    reports.
    """
    out: dict[str, Report] = {}
    size = 0
    for name, one in _listed(given):
        if isinstance(one, Report):
            _add(out, name or one.check, one)
            continue
        held = getattr(one, "report", None)
        if isinstance(held, Report):
            _add(out, name or held.check, held)
            continue
        for path in _files(one):
            raw = read_plain(path, _LARGEST, "the report", _MAKE)
            size += len(raw)
            if size > _ALL:
                raise UsageError(f"the reports hold more than {_ALL >> 30} GiB", remedy="name fewer")
            for index, found in enumerate(_parsed(raw, path)):
                _add(out, name or (path.stem if not index else f"{path.stem}-{index + 1}"), found)
    return out


def _listed(given: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(given, Mapping):
        return [(str(n).replace(".", "-"), one) for n, one in given.items()]
    if isinstance(given, (list, tuple)):
        return [("", one) for one in given]
    return [("", given)]


def _add(out: dict[str, Report], name: str, found: Report) -> None:
    if len(out) >= _MOST:
        raise UsageError(f"more than {_MOST} reports are given", remedy="name fewer")
    name = name.replace(".", "-") or "report"
    fresh, n = name, 1
    while fresh in out:
        n += 1
        fresh = f"{name}-{n}"
    out[fresh] = found


def _files(given: Any) -> list[Path]:
    try:
        path = Path(given)
    except TypeError:
        raise UsageError(f"a {type(given).__name__} is no report", remedy=_MAKE) from None
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.iterdir() if p.suffix == ".json" and p.is_file())[: _MOST + 1]
    if not found:
        raise UsageError(f"the folder {str(path)!r} holds no report", remedy=_MAKE)
    return found


def _parsed(raw: bytes, path: Path) -> list[Report]:
    try:
        found = json.loads(raw)
        if isinstance(found, dict) and found.get("schema") == _SEVERAL:
            return [Report.from_dict(one) for one in found["reports"]]
        if isinstance(found, dict) and found.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"it is of the schema {str(found['schema'])[:40]}")
        return [Report.from_dict(found)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{path} is not a report: {type(error).__name__}: {str(error)[:120]}", remedy=_MAKE
        ) from None
