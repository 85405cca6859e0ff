"""A Python that scripts are run with: this one, or another with packages of its own."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.engines.isolation import interpreter
from assay.engines.surroundings import packages
from assay.kernel.errors import UsageError

_SECONDS = 60
_LONGEST = 8 << 20
_ASK = """
import importlib.metadata as m, json, platform, sys, sysconfig
paths = [sys.prefix, sys.base_prefix, *(sysconfig.get_path(n) for n in ("purelib", "platlib", "stdlib"))]
found = {d.metadata["Name"]: d.version for d in m.distributions() if d.metadata["Name"]}
print(json.dumps([platform.python_version(), paths, found]))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """path: the program. version: of Python. read: what it needs besides ours. packages: normalised name → version."""

    path: Path
    version: str
    packages: Mapping[str, str] = field(repr=False)
    read: tuple[Path, ...] = ()

    @property
    def here(self) -> bool:
        """Whether it is the one that runs Assay."""
        return not self.read


def normal(name: str) -> str:
    """Return a distribution's name as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def here() -> Interpreter:
    """Return the Python that runs Assay."""
    return Interpreter(interpreter(), platform.python_version(), packages())


def other(named: Path) -> Interpreter:
    """Return the Python of a virtual environment, or a program of that name, asked what it is; UsageError if it is none.

    It is started for that, outside the sandbox: whoever names it trusts it.
    """
    path = named / "bin" / "python" if named.is_dir() else named
    if not path.is_file() or not os.access(path, os.X_OK):
        raise UsageError(f"{named} is no Python", remedy="name a virtual environment, or its bin/python")
    path = path.parent.resolve() / path.name
    try:
        done = subprocess.run(
            [str(path), "-I", "-c", _ASK], capture_output=True, timeout=_SECONDS, check=True, cwd=os.sep,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if len(done.stdout) > _LONGEST:
            raise ValueError("it says too much")
        version, places, found = json.loads(done.stdout)
        read = tuple(dict.fromkeys(Path(p) for p in places if Path(p).exists()))
        told = {normal(str(n)): str(v) for n, v in found.items()}
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, AttributeError):
        raise UsageError(
            f"{named} does not answer as a Python does", remedy="try it: bin/python -c 'import sys'"
        ) from None
    return Interpreter(path, str(version), dict(sorted(told.items())), (*read, path, path.resolve()))
