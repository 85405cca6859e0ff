"""A conda environment.yml: packages of conda's as NAME=VERSION=BUILD, and what pip is told below ``pip``.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html. One ``=`` asks for all versions that begin
so: as ``conda env export --no-builds`` writes a whole version, one of three parts or more is taken for the version that is meant.
"""

from __future__ import annotations

import re

from assay.kernel.errors import UsageError
from assay.methods.document import parse
from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.locks.requirements import read as read_requirements
from assay.methods.packages.package import Unreadable

_ASKED = re.compile(r"(?:[^\s:]+::)?([A-Za-z0-9_][A-Za-z0-9_.-]*?)\s*(?:(==?|[<>!~]=?)\s*(\S.*))?")
_WHOLE = re.compile(r"\d+(?:\.\d+){2,}[A-Za-z0-9.+_]*")


def read(content: bytes, path: str) -> Locked:
    """Return conda's packages and pip's."""
    try:
        told = parse(content, path.rpartition("/")[2]).plain
    except UsageError as error:
        raise Unreadable(error.what) from None
    found = told.get("dependencies", []) if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise Unreadable("it has no list of dependencies")
    out = Locked()
    for one in found:
        if isinstance(one, dict) and isinstance(one.get("pip"), list):
            inner = read_requirements("\n".join(str(line) for line in one["pip"]).encode(), path)
            out.packages += inner.packages
            out.refers += inner.refers
            out.unread += inner.unread
        elif isinstance(one, str):
            _conda(one.strip(), path, out)
        else:
            out.unread.append(str(one)[:80])
    return out


def _conda(text: str, path: str, out: Locked) -> None:
    asked = _ASKED.fullmatch(text.partition("[")[0].strip())
    if asked is None:
        return out.unread.append(text[:80])
    name, sign, said = asked[1], asked[2] or "", (asked[3] or "").strip()
    version, equals, build = said.partition("=")
    simple = bool(re.fullmatch(r"[A-Za-z0-9.!+_-]+", version))
    if simple and (sign == "==" or (sign == "=" and (equals or _WHOLE.fullmatch(version)))):
        return out.add("conda", name, version, path, build=build)
    return out.add("conda", name, "", path, f"{sign}{said}")
