"""Imported logs held against what the office knows of them: a file that is gone or changed is told, a pruned one is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.engines.blobs import digest_file
from assay.office import logbook
from assay.office.problem import Problem

if TYPE_CHECKING:
    from assay.office.office import Office


def problems(office: Office) -> list[Problem]:
    """Return the imported files that are gone or are not those that were written; each is read to its end."""
    base = office.outside.folder.parent / "logs"
    out = []
    for record in logbook.files(office):
        path = base / record.file
        if record.state != "live":
            continue
        if not path.is_file():
            said = f"the imported log {record.file} was removed, and no policy pruned it"
            out.append(Problem("missing", said, file=record.file))
        elif path.stat().st_size != record.bytes or digest_file(path) != record.digest:
            out.append(Problem("edited", f"the imported log {record.file} was edited", file=record.file))
    return out
