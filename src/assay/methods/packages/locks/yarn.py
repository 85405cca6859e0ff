"""What Yarn resolved: yarn.lock, of version 1 in its own form and since version 2 in YAML.

https://classic.yarnpkg.com/lang/en/docs/yarn-lock/, https://yarnpkg.com/configuration/manifest. An entry is called by what asks for
it, NAME@RANGE; Yarn's ``npm:`` in a range names another package under an alias.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.npm import named
from assay.methods.packages.package import Unreadable
from assay.methods.packages.yamls import document

_FIRST = "# yarn lockfile v1"
_OWN = ("file:", "link:", "portal:", "workspace:")
_FIELD = re.compile(r'  (version|resolved|integrity) (?:"([^"\s]+)"|([^"\s]+))')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.){1,4000})"')


def read(content: bytes, path: str) -> Locked:
    """Return each package that is resolved to a version; the tree's own are left out."""
    text = content.decode("utf-8-sig")
    if _FIRST in text[:2_000] or not text.strip():
        return _first(text, path)
    told = document(content)
    if not isinstance(told.pop("__metadata", None), dict):
        raise Unreadable("it is no lock of Yarn's")
    out = Locked()
    for asked, one in told.items():
        if not isinstance(one, dict):
            raise Unreadable(f"{asked[:80]!r} in it is no mapping")
        said = one.get("resolution") or asked
        if not isinstance(said, str) or not isinstance(one.get("version"), str):
            raise Unreadable(f"{asked[:80]!r} in it has no version")
        name, range_ = parted(said)
        if not range_.startswith(_OWN):
            out.packages.append(named(name, one["version"], path, integrity=str(one.get("checksum") or "")))
    return out


def parted(text: str) -> tuple[str, str]:
    """Return the name and what is asked for, of NAME@RANGE; a scope begins with an @ of its own."""
    at = text.find("@", 1)
    return (text, "") if at < 0 else (text[:at], text[at + 1 :])


def _first(text: str, path: str) -> Locked:
    out, asked, told = Locked(), "", dict[str, str]()
    for line in (*text.splitlines(), "end:"):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            if asked:
                _entry(asked, told, path, out)
            if not line.endswith(":"):
                raise Unreadable(f"{line[:80]!r} begins no entry")
            asked, told = line[:-1], {}
        elif line[:3] != "   " and (field := _FIELD.fullmatch(line)):
            told[field[1]] = field[2] or field[3]
    return out


def _entry(asked: str, told: Mapping[str, Any], path: str, out: Locked) -> None:
    quoted = _QUOTED.match(asked)
    name, range_ = parted(quoted[1] if quoted else asked.partition(",")[0])
    if range_.startswith("npm:"):
        name = parted(range_[4:])[0]
    if "version" not in told:
        raise Unreadable(f"{name[:80]!r} in it has no version")
    if not range_.startswith(_OWN) or told.get("resolved"):
        out.packages.append(named(name, told["version"], path, integrity=told.get("integrity", "")))
