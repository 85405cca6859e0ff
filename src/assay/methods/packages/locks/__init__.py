"""What a source tree says it is installed from: the locks of pip, Poetry, uv, PDM, Pipenv and conda, and what only asks for ranges.

A package that is asked for without one version has none here, and says what was asked for. A build's own needs (``build-system``) are
no part, since they are not installed with it, and setup.py is a program: what it would ask for is not told here.
"""

from __future__ import annotations

from importlib import import_module

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable

_BY_NAME = {"pipfile.lock": "pipfile", "pyproject.toml": "pyproject"}
_BY_END = {
    ".yml": "environment",
    ".yaml": "environment",
    ".lock": "resolved",
    ".toml": "resolved",
    ".txt": "requirements",
}
_MOST = {"environment": 128 << 10, "pyproject": 1 << 20, "requirements": 2 << 20}  # bytes, a few seconds each
MOST = 8 << 20  # bytes of one file


def read(content: bytes, path: str) -> Locked:
    """Return what a file locks and asks for, by its name; ValueError and its like where it is not what its name says."""
    name = path.rpartition("/")[2].lower()
    form = _BY_NAME.get(name) or next((f for end, f in _BY_END.items() if name.endswith(end)), "")
    if not form:
        raise Unreadable("no lock is called so")
    if len(content) > _MOST.get(form, MOST):
        raise Unreadable(f"it is larger than {_MOST.get(form, MOST) >> 10:,} KiB, and no such file is")
    found: Locked = import_module(f"assay.methods.packages.locks.{form}").read(content, path)
    return found
