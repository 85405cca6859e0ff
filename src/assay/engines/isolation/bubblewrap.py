"""Bubblewrap as the builder of the namespaces and the root, where it is installed; each namespace is asked for by name.

Its forms that only try (--unshare-all, --unshare-user-try) are not used: they go on where the kernel refuses. What it
built is tried from inside like what we build ourselves. https://github.com/containers/bubblewrap
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from assay.engines.isolation import links, walls

_LEAST = (0, 8)  # the first that has --disable-userns
_SPACES = ("user", "pid", "net", "ipc", "uts", "cgroup")


@cache
def found() -> tuple[Path, str] | None:
    """Return the program and its version; None where there is none, or one that is too old."""
    program = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True, env={}
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+)\.(\d+)[\d.]*", said)
    if version is None or (int(version[1]), int(version[2])) < _LEAST:
        return None
    return Path(program), version[0]


def command(program: Path, order: dict[str, Any]) -> list[str]:
    """Return the command line that stands before the job's own process."""
    out = [str(program), *(f"--unshare-{name}" for name in _SPACES), "--disable-userns", "--die-with-parent"]
    out += ["--as-pid-1", "--cap-drop", "ALL", "--uid", str(os.getuid()), "--gid", str(os.getgid())]
    out += ["--perms", "1777", "--size", str(order["tmp"]), "--tmpfs", "/tmp"]
    out += ["--tmpfs", "/dev", "--perms", "1777", "--size", str(order["tmp"]), "--tmpfs", "/dev/shm"]
    for name in walls.DEVICES:
        out += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, target in walls.LINKS.items():
        out += ["--symlink", target, f"/dev/{name}"]
    out += _bound(order["read"], "--ro-bind") + _bound(order["write"], "--bind", order["read"])
    if order["links"].get("egress"):
        out += ["--size", "65536", "--tmpfs", links.FOLDER]
    for path, text in order["files"].items():
        held = Path(order["root"], path.rpartition("/")[2])
        held.write_text(text)
        out += ["--ro-bind", str(held), path]
    return [
        *out,
        "--proc",
        "/proc",
        "--remount-ro",
        "/proc",
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
        "--",
    ]


def _bound(paths: list[str], how: str, beside: list[str] | None = None) -> list[str]:
    """Return the binds; what lies in a folder that is bound already is there already."""
    out: list[str] = []
    there: list[str] = []
    for path in paths:
        if any(path == other or path.startswith(other + "/") for other in there):
            continue
        if any(path.startswith(other + "/") for other in beside or [] if not os.path.islink(other)):
            raise OSError(22, "a writable folder lies within a readable one", path)
        if os.path.islink(path):
            out += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            out += [how, path, path]
            there.append(path)
    return out
