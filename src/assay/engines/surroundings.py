"""Where work runs: the interpreter, the packages it finds, the machine, and the image that it was started from."""

from __future__ import annotations

import os
import platform
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

_DISTRIBUTION = re.compile(r"(.+?)-([^-]+)(?:-py[\d.]+)?\.(?:dist-info|egg-info)")


@cache
def packages() -> dict[str, str]:
    """Return what can be imported, name → version, by the names of the folders that say so: no metadata is read."""
    found: dict[str, str] = {}
    for place in dict.fromkeys(sys.path):
        try:
            names = [p.name for p in Path(place or ".").iterdir()]
        except OSError:
            continue
        for name in names:
            match = _DISTRIBUTION.fullmatch(name)
            if match:
                found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2])
    return dict(sorted(found.items()))


def surroundings(image: str = "") -> dict[str, Any]:
    """Return Python, packages, system, processors, memory in bytes, and the image by its digest where it is known.

    image: its digest, where whoever started it says; else what the container tells of itself.
    """
    return _surroundings() | ({"image": image} if image else {})


@cache
def _surroundings() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cpus": os.cpu_count() or 1,
        "gpus": _gpus(),
        "threads": threads(),
        "memory": _memory(),
        "image": _image(),
        "packages": packages(),
    }


def _processor() -> str | None:
    """Return the processor's model, as Linux names it."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
            return next(named, "")[:200] or platform.processor() or None
    except OSError:
        return platform.processor() or None


def _gpus() -> list[str]:
    """Return the models of NVIDIA's GPUs, as their driver names them; no program is started to ask."""
    out = []
    for place in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))[:64]:
        try:
            match = re.search(r"^Model:\s*(.+)$", place.read_text(errors="replace")[:4096], re.M)
        except OSError:
            continue
        out.append(match[1].strip()[:200] if match else "unknown")
    return out


def threads() -> int:
    """Return how many processors this process may use at once: what scripts are told to."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _image() -> str | None:
    """Return the id of the image, which podman tells inside a container; others do not."""
    try:
        text = Path("/run/.containerenv").read_text(encoding="utf-8", errors="replace")[:4096]
    except OSError:
        return None
    match = re.search(r'^imageid="?([0-9a-f]{64})"?$', text, re.M)
    return f"sha256:{match[1]}" if match else None
