"""What pyproject.toml asks for: PEP 621 with its extras, dependency groups (PEP 735), and Poetry's own tables.

https://packaging.python.org/en/latest/specifications/pyproject-toml/, https://python-poetry.org/docs/dependency-specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable
from assay.methods.packages.tomls import loaded, table

_PARTS = 8  # as of tool.hatch.build.targets.wheel.hooks.custom
_EXACT = re.compile(
    r"(?:==)?\s*v?(\d[A-Za-z0-9!.+_-]*)"
)  # in Poetry's words a bare version is that one alone


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for: mostly ranges, of which a lock beside says which version is meant."""
    told = loaded(content, _PARTS)
    out = Locked()
    project, poetry = table(told, "project"), table(table(told, "tool"), "poetry")
    for group in (
        project.get("dependencies", []),
        *table(project, "optional-dependencies").values(),
        *table(told, "dependency-groups").values(),
    ):
        if not isinstance(group, list):
            raise Unreadable("its dependencies are no list")
        for one in group:
            if isinstance(one, str):
                out.ask(one, path)
    for held in _tables(poetry):
        for name, one in held.items():
            if name != "python":
                for each in one if isinstance(one, list) else [one]:
                    _poetry(name, each, path, out)
    dynamic = table(table(table(told, "tool"), "setuptools"), "dynamic")
    files = [
        file
        for part in (table(dynamic, "dependencies"), *table(dynamic, "optional-dependencies").values())
        for file in ([part.get("file")] if isinstance(part.get("file"), str) else part.get("file") or ())
    ]
    out.refers += [file for file in files if isinstance(file, str)]  # which setuptools reads as requirements
    if "dependencies" in (project.get("dynamic") or ()) and "dependencies" not in dynamic:
        out.unread.append("what its build adds to its dependencies (dynamic)")
    return out


def _tables(poetry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield table(poetry, "dependencies")
    yield table(poetry, "dev-dependencies")
    for group in table(poetry, "group").values():
        yield table(group if isinstance(group, dict) else {}, "dependencies")


def _poetry(name: str, one: Any, path: str, out: Locked) -> None:
    said = one.get("version") if isinstance(one, dict) else one
    if isinstance(one, dict) and one.get("path"):
        return None  # the tree's own
    if isinstance(said, str):
        pinned = _EXACT.fullmatch(said.strip())
        return out.add("pypi", name, pinned[1] if pinned else "", path, said)
    asked = (one.get("git") or one.get("url")) if isinstance(one, dict) else ""
    return out.add("pypi", name, "", path, str(asked or ""))
