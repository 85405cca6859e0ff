"""What conda was resolved to: conda-lock.yml, pixi.lock, and the list of addresses that ``conda list --explicit`` writes.

https://conda.github.io/conda-lock/output/, https://pixi.sh/latest/workspace/lockfile/. One lock has all platforms, each with its own
packages; a package of conda's is called by the file that its address ends with, NAME-VERSION-BUILD.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable
from assay.methods.packages.yamls import document

_FILE = re.compile(r".*/([^/]+)-([^/-]+)-([^/-]+)\.(?:conda|tar\.bz2)")
_WHEEL = re.compile(
    r".*/([A-Za-z0-9][A-Za-z0-9._]*)-([A-Za-z0-9!.+_]+?)(?:(?:-[^/-]+){3,4}\.whl|\.tar\.gz|\.zip)"
)
_ADDRESS = re.compile(r"[a-z+]{2,9}://")


def read(content: bytes, path: str) -> Locked:
    """Return conda's packages and those of pip's, of every platform."""
    if b"@EXPLICIT" in content[:4_096]:
        return _explicit(content.decode("utf-8-sig"), path)
    told = document(content)
    form = str(told.get("version", ""))
    found = told.get("package", told.get("packages"))
    if not isinstance(found, list) or not form.isdigit():
        raise Unreadable("it has no list of packages and no version of its own")
    out = Locked()
    seen: set[tuple[str, str, str]] = set()
    for one in found:
        if not isinstance(one, dict):
            raise Unreadable("a package in it is no mapping")
        _one({k: v for k, v in one.items() if isinstance(v, str)}, path, out, seen)
    return out


def _one(one: dict[str, str], path: str, out: Locked, seen: set[tuple[str, str, str]]) -> None:
    kind = (
        one.get("manager")
        or one.get("kind")
        or ("conda" if "conda" in one else "pypi" if "pypi" in one else "")
    )
    address = one.get("url") or one.get(kind) or one.get("path") or ""
    if kind not in ("conda", "pip", "pypi"):
        return out.unread.append(str(address or one)[:80])
    python = kind != "conda"
    name, version, build = one.get("name", ""), one.get("version", ""), one.get("build", "")
    bare = unquote(address.partition("#")[0].partition("?")[0])
    match = (_WHEEL if python else _FILE).fullmatch(bare)
    if match:
        name, version = name or match[1], version or match[2]
        build = "" if python else build or match[3]
    elif not _ADDRESS.match(address) and address.startswith((".", "/")):
        return None  # a folder of the tree itself
    if not name:
        return out.unread.append(str(address or one)[:80])
    if (kind, name, version) not in seen:  # the same for each platform
        seen.add((kind, name, version))
        out.add("pypi" if python else "conda", name, version, path, address, build)
    return None


def _explicit(text: str, path: str) -> Locked:
    out = Locked()
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("# pip "):  # conda-lock's own way to say what pip is to install beside
            out.ask(bare[6:].partition(" --hash")[0], path)
            continue
        if not bare or bare[0] in "#@":
            continue
        match = _FILE.fullmatch(unquote(bare.partition("#")[0]))
        if match:
            out.add("conda", match[1], match[2], path, build=match[3])
        else:
            out.unread.append(bare[:80])
    return out
