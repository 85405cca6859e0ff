"""What Go builds from: go.mod and go.sum. https://go.dev/ref/mod

Since Go 1.17 go.mod names every module of a build in the version that is built; before, only what the tree itself asks for, and the
versions are the highest that go.sum has the contents of. ``replace`` stands for what it replaces, a folder for nothing.
"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.versions import semver

_LONGEST = 10_000  # characters of a line: what stands open in one is looked for to its end, again and again
_GO = re.compile(r"(\d+)\.(\d+)")
_WORD = re.compile(r'"(?:[^"\\]|\\.)*+"|`[^`]*+`|[^\s"`]+')
_REPLACED = re.compile(r"(\S+)(?:\s+(v\S+))?\s+=>\s+(\S+)(?:\s+(v\S+))?")


def read(content: bytes, path: str) -> Locked:
    """Return the modules; by the name of the file it is one or the other."""
    text = content.decode("utf-8-sig")
    return _sum(text, path) if path.lower().endswith(".sum") else _mod(text, path)


def _mod(text: str, path: str) -> Locked:
    required: dict[str, str] = {}
    replaced: dict[tuple[str, str], tuple[str, str]] = {}
    go, block, module = (0, 0), "", False
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > _LONGEST:
            raise Unreadable(f"its line {number} is longer than any")
        bare = line.partition("//")[0].strip()
        if not bare:
            continue
        if block and bare == ")":
            block = ""
            continue
        verb, rest = (block, bare) if block else (bare.partition(" ")[0].partition("\t")[0], "")
        if not block:
            rest = bare[len(verb) :].strip()
            if rest == "(" or verb.endswith("("):
                block = verb.removesuffix("(")
                continue
        words = [w.strip('"`') for w in _WORD.findall(rest)]
        if verb == "require":
            if len(words) != 2:
                raise Unreadable(f"its line {number} requires no module in a version")
            required[words[0]] = words[1]
        elif verb == "replace":
            match = _REPLACED.fullmatch(" ".join(words))
            if not match:
                raise Unreadable(f"its line {number} replaces nothing by nothing")
            replaced[match[1], match[2] or ""] = (match[3], match[4] or "")
        elif verb == "go" and words and (found := _GO.match(words[0])):
            go = (int(found[1]), int(found[2]))
        module = module or verb == "module"
    if not module:
        raise Unreadable("it names no module of its own")
    whole = go >= (1, 17)
    out = Locked(instead=["go.sum"] if whole else [])
    for name, version in required.items():
        other, instead = replaced.get((name, version)) or replaced.get((name, "")) or (name, version)
        if other.startswith((".", "/")):
            continue  # a folder of the tree, or beside it
        package = _module(other, instead, path)
        if whole or other != name:
            out.packages.append(package)
        else:
            out.ask_for(_module(other, "", path), f">= {instead}")
    return out


def _sum(text: str, path: str) -> Locked:
    """Give of each module the highest version whose contents are held: lower ones were only looked at."""
    held: dict[str, str] = {}
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) != 3:
            raise Unreadable(f"{line[:80]!r} is no sum")
        name, version = words[0], words[1]
        if version.endswith("/go.mod"):
            continue
        if name not in held or semver.key(version) > semver.key(held[name]):
            held[name] = version
    return Locked([_module(name, version, path) for name, version in held.items()])


def _module(name: str, version: str, path: str) -> Package:
    space, _, own = name.rpartition("/")
    return Package("golang", own[:LONGEST], version[:LONGEST], space[:LONGEST], path=path)
