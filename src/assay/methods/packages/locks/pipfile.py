"""What Pipenv resolved: Pipfile.lock, a JSON object with ``default``, ``develop`` and further groups.

https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

import json

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable


def read(content: bytes, path: str) -> Locked:
    """Return each package of each group."""
    told = json.loads(content.decode("utf-8-sig"))
    if not isinstance(told, dict) or not isinstance(told.get("_meta"), dict):
        raise Unreadable("it is no lock of Pipenv's")
    out = Locked()
    for group, packages in told.items():
        if group == "_meta":
            continue
        if not isinstance(packages, dict):
            raise Unreadable(f"its group {group[:80]!r} is no object")
        for name, one in packages.items():
            if not isinstance(one, dict):
                raise Unreadable(f"{name[:80]!r} in it is no object")
            version = one.get("version")
            if isinstance(version, str):
                out.ask(f"{name}{version if version != '*' else ''}", path)
            elif not (one.get("editable") or one.get("path")):
                out.add("pypi", name, "", path, str(one.get("git") or one.get("file") or ""))
    return out
