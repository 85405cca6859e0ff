"""Jupyter servers that run on this machine: what each wrote of itself, and what the system tells of its process.

Sources: ``jpserver-PID.json`` in the runtime folder (``jupyter_core.paths.jupyter_runtime_dir``); proc(5).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Running:
    """A server of this machine. url: how it is reached here; addresses: where it listens, empty where that is not seen."""

    pid: int
    url: str
    token: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    uid: int | None
    prefix: Path | None
    home: Path
    addresses: tuple[str, ...]


def runtimes(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Give the folders where servers write of themselves."""
    if environment.get("JUPYTER_RUNTIME_DIR"):
        yield Path(environment["JUPYTER_RUNTIME_DIR"])
    yield Path(environment.get("XDG_DATA_HOME") or home / ".local/share") / "jupyter/runtime"


def servers(environment: Mapping[str, str], home: Path) -> list[Running]:
    """Return the servers of a user that run now; files of those that ended are passed over."""
    found: dict[int, Running] = {}
    for folder in runtimes(environment, home):
        for path in sorted(folder.glob("jpserver-*.json"))[:100]:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                with path.open("rb") as source:
                    raw = json.loads(source.read(_MOST))
                pid = int(raw["pid"])
                if pid not in found and _alive(pid):
                    found[pid] = _told(pid, raw, home)
    return list(found.values())


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _told(pid: int, raw: Mapping[str, Any], home: Path) -> Running:
    argv = _words(Path(f"/proc/{pid}/cmdline"))
    environment = dict(w.partition("=")[::2] for w in _words(Path(f"/proc/{pid}/environ")))
    python = Path(argv[0]) if argv and argv[0].startswith("/") else None
    uid = None
    with contextlib.suppress(OSError):
        uid = Path(f"/proc/{pid}").stat().st_uid
    return Running(
        pid=pid, url=str(raw["url"])[:2000], token=str(raw.get("token", ""))[:2000], argv=argv, environment=environment,
        uid=uid, prefix=python.parent.parent if python else None, home=Path(environment.get("HOME") or home),
        addresses=tuple(_listens(pid)),
    )  # fmt: skip


def _words(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as handle:
            return tuple(w.decode("utf-8", "replace") for w in handle.read(_MOST).split(b"\0") if w)
    except OSError:
        return ()


def _listens(pid: int) -> Iterator[str]:
    """Give the addresses at which a process listens for the network."""
    own = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                name = str(link.readlink())
                if name.startswith("socket:["):
                    own.add(name[8:-1])
    seen = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                parts = line.split()
                if len(parts) > 9 and parts[3] == "0A" and parts[9] in own:
                    seen.add(_address(parts[1].partition(":")[0]))
    yield from sorted(seen)


def _address(text: str) -> str:
    import ipaddress

    raw = b"".join(bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8))
    return str(ipaddress.ip_address(raw))
