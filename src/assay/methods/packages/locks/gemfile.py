"""What Bundler resolved: Gemfile.lock, sections of indented lines; a gem stands four spaces in as NAME (VERSION-PLATFORM).

Bundler's own lockfile_parser.rb: what precedes the first hyphen is the version, what follows it the platform.
"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable

_SPEC = re.compile(r"    ([^\s(]+)(?: \(([^)-]+)(?:-([^)]*))?\))?!?")


def read(content: bytes, path: str) -> Locked:
    """Return each gem that comes from a server or a repository, not the tree's own (PATH)."""
    out, section, known = Locked(), "", False
    seen: set[tuple[str, str]] = set()
    for line in content.decode("utf-8-sig").splitlines():
        if line and line[0] != " ":
            section = line.strip()
            if section[:7] in ("<<<<<<<", "=======", ">>>>>>>"):
                raise Unreadable("two versions of it were not merged")
            known = known or section in ("GEM", "GIT", "PATH", "DEPENDENCIES")
            continue
        if section not in ("GEM", "GIT", "PLUGIN SOURCE") or line[:4] != "    " or line[4:5] in ("", " "):
            continue
        match = _SPEC.fullmatch(line.rstrip())
        if not match or not match[2]:
            out.unread.append(line.strip()[:80])
        elif (match[1], match[2]) not in seen:  # one for each platform
            seen.add((match[1], match[2]))
            out.packages.append(Package("gem", match[1][:LONGEST], match[2][:LONGEST], path=path))
    if not known:
        raise Unreadable("it is no lock of Bundler's")
    return out
