"""What a file remembers of its loads: a JSON file beside it, which says of which bytes each of them is true.

It is written before the store is renamed, and settled after: a step that was cut short between is told by the bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assay.engines.gate.sink import Entry, Release
from assay.kernel.errors import BadInput, UsageError
from assay.methods import rownumbers

SCHEMA = "assay.loads/1"
LARGEST = 64 << 20  # bytes


def beside(path: Path) -> Path:
    """Return where a file's memory lies."""
    return path.with_name(f".{path.name}.loads.json")


class Memory:
    """The steps by which a file became what it is. digest: of the file as it lies now, empty where it is not there."""

    def __init__(self, path: Path, digest: str) -> None:
        self.path, self.digest = beside(path), digest
        self.steps = self._read()

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        try:
            if self.path.stat().st_size > LARGEST:
                raise ValueError("too large")
            found = json.loads(self.path.read_bytes())
            steps = [s for s in found["loads"] if _known(s)]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            raise BadInput(
                "the memory of its loads cannot be read",
                where=str(self.path),
                remedy="remove it, or restore it",
            ) from None
        if not steps:
            return []
        last = steps[-1]
        if last["before"] == self.digest != last["after"]:
            return steps[:-1]  # it was cut short before the file was renamed
        if last.get("pending") and last["after"] != self.digest:
            raise UsageError(
                "its last load was cut short, and whether the rows went in cannot be told, as the file changed since",
                where=str(self.path),
                remedy='look, and then remove `"pending": true` where they did, or else that load',
            )
        return steps

    def loads(self) -> list[Entry]:
        """Return the loads, the earliest first."""
        return [Entry.from_dict(s["load"]) for s in self.steps if "load" in s]

    def releases(self, run: str) -> list[Release]:
        """Return what became of rows that a load kept out."""
        found = [_release(s["release"]) for s in self.steps if "release" in s]
        return [r for r in found if r.run == run]

    def text(self, step: Entry | Release, after: str, *, pending: bool) -> str:
        """Return the memory with one step more, by which the file becomes what has the digest ``after``."""
        if isinstance(step, Entry):
            said: dict[str, Any] = {"load": step.to_dict()}
        else:
            said = {"release": {**asdict(step), "rows": rownumbers.written(step.rows)}}
        said |= {"before": self.digest, "after": after}
        if pending:
            said["pending"] = True
        text = json.dumps({"schema": SCHEMA, "loads": [*self.steps, said]}, indent=1) + "\n"
        if len(text) > LARGEST:
            raise UsageError(
                "the memory of its loads is full",
                where=str(self.path),
                remedy="keep what is loaded this often in a database",
            )
        return text


def _known(step: dict[str, Any]) -> bool:
    """Whether a step is whole; LookupError, ValueError or TypeError where it is not."""
    str(step["before"]), str(step["after"])
    return bool(_release(step["release"]) if "release" in step else Entry.from_dict(step["load"]))


def _release(raw: dict[str, Any]) -> Release:
    about = (str(raw[n]) for n in ("id", "run", "table", "state", "at"))
    return Release.of(about, rownumbers.read(str(raw["rows"])))
