"""requirements.txt as pip reads it, and constraints. https://pip.pypa.io/en/stable/reference/requirements-file-format/"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked, decoded

_COMMENT = re.compile(r"(^|\s)#.*")
_HASHES = re.compile(r"\s--[a-z].*")  # hashes and what is told to one build
_REFERS = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)?(\S.*)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_OWN = re.compile(r"\.{0,2}/\S*|\.{1,2}|file:\S*")  # folders of the tree itself
_ADDRESS = re.compile(r"[a-z+]{2,12}://\S+")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for, a line each; options that only say where packages come from tell nothing."""
    out = Locked()
    text = decoded(content)
    held: list[str] = []
    for line in text.splitlines():
        if line.endswith("\\"):
            held.append(line[:-1] + " ")
            continue
        _line(_COMMENT.sub("", "".join((*held, line))).strip(), path, out)
        held.clear()
    _line(_COMMENT.sub("", "".join(held)).strip(), path, out)
    return out


def _line(line: str, path: str, out: Locked) -> None:
    if not line:
        return None
    refers, editable = _REFERS.fullmatch(line), _EDITABLE.fullmatch(line)
    if refers:
        return out.refers.append(refers[1].strip())
    asked = editable[1] if editable else _HASHES.sub("", line).strip()
    if asked.startswith("-"):
        return None
    if _ADDRESS.match(asked):
        egg = _EGG.search(asked)
        if egg:
            return out.add("pypi", egg[1], "", path, asked)
        return out.ask(asked, path) if ".whl" in asked else out.unread.append(asked[:80])
    if editable or (_OWN.match(asked) and ".whl" not in asked):
        return None  # the tree's own code
    return out.ask(asked, path)
