"""What processes use, as /proc has it now: memory of every kind that a limit must see, threads, files without a name."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_MOST_FILES = 20_000  # looked at in one round


@dataclass(frozen=True, slots=True)
class Use:
    """memory in bytes: anonymous, shared, swapped out, and the tables that map it."""

    memory: int
    threads: int


def family(root: int) -> list[int]:
    """Return a process and all its descendants."""
    out, todo, seen = [], [root], {root}
    while todo:
        pid = todo.pop()
        out.append(pid)
        children = _children(pid)
        if children is None:
            return _family_by_scan(root)
        new = [c for c in children if c not in seen]
        seen.update(new)
        todo += new
    return out


def _children(pid: int) -> list[int] | None:
    """Return a process's children; None where the kernel does not list them."""
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/children") as listed:
                found += map(int, listed.read().split())
        except FileNotFoundError:
            if os.path.exists(f"/proc/{pid}/task/{task}"):
                return None
        except (OSError, ValueError):
            continue
    return found


def _family_by_scan(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                known = Path("/proc", entry, "stat").read_text()
                children.setdefault(int(known.rpartition(")")[2].split()[1]), []).append(int(entry))
    out, todo = [], [root]
    while todo:
        pid = todo.pop()
        out.append(pid)
        todo += children.get(pid, [])
    return out


def measured(pids: Iterable[int], *, exactly: bool = False) -> Use:
    """Return what processes use. exactly: a page that several share is counted once, where the kernel tells."""
    memory = threads = 0
    for pid in pids:
        fields = _fields(f"/proc/{pid}/status")
        threads += fields.get("Threads", 0)
        tables = fields.get("VmPTE", 0) << 10
        shared = _fields(f"/proc/{pid}/smaps_rollup") if exactly else {}
        if "Pss_Anon" in shared:
            memory += tables + (
                sum(shared.get(name, 0) for name in ("Pss_Anon", "Pss_Shmem", "SwapPss")) << 10
            )
        else:
            memory += tables + (sum(fields.get(name, 0) for name in ("RssAnon", "RssShmem", "VmSwap")) << 10)
    return Use(memory, threads)


def _fields(path: str) -> dict[str, int]:
    """Return the numbers of a file of ``Name: number`` lines."""
    found = {}
    try:
        with open(path) as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                value = rest.split()[:1]
                if value and value[0].isdigit():
                    found[name] = int(value[0])
    except OSError:
        return {}
    return found


def unlinked(pids: Iterable[int], counted: Iterable[Path]) -> int:
    """Return the bytes of files that processes hold open and that have no name any more, on the disks of ``counted``."""
    devices = set()
    for path in counted:
        with contextlib.suppress(OSError):
            devices.add(os.stat(path).st_dev)
    total, looked = 0, 0
    seen: set[tuple[int, int]] = set()
    for pid in pids:
        try:
            names = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for name in names:
            looked += 1
            if looked > _MOST_FILES:
                return total
            with contextlib.suppress(OSError):
                known = os.stat(f"/proc/{pid}/fd/{name}")
                place = (known.st_dev, known.st_ino)
                if (
                    stat.S_ISREG(known.st_mode)
                    and not known.st_nlink
                    and known.st_dev in devices
                    and place not in seen
                ):
                    seen.add(place)
                    total += max(known.st_blocks * 512, known.st_size)
    return total
