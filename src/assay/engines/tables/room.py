"""Whether a table fits into memory, asked before it is brought there: a small file may hold billions of rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from assay.kernel.errors import BadInput
from assay.kernel.handles import ColumnInfo

_WIDTHS = {"boolean": 1, "date": 4}
_SHARE = 4  # what is done with a table takes a few times its own size
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available() -> int:
    """Return how many bytes of memory are free for us, by the machine's word and by our control group's."""
    free = [_machine()]
    for limit, used in _CGROUPS:
        try:
            free.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # none, or "max"
            continue
    return max(0, min(free))


def _machine() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def need(rows: int, columns: Sequence[ColumnInfo], where: str) -> None:
    """BadInput where even the least that so many rows take is more than there is room for."""
    least = rows * sum(_WIDTHS.get(c.type, 8) for c in columns)
    if least > 256 << 20 and least > (free := available()) // _SHARE:
        held = f"{len(columns)} {'column takes' if len(columns) == 1 else 'columns take'}"
        raise BadInput(
            f"{rows:,} rows of {held} {least / 1e9:.1f} GB and several times that to examine, "
            f"and {free / 1e9:.1f} GB of memory are free",
            where=where,
            remedy="examine a part of them, or give more memory",
        )
