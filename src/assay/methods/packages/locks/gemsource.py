"""What a Ruby project asks for: its Gemfile. https://bundler.io/man/gemfile.5.html

It is a program and is never run: calls of ``gem`` with texts are read, and what else it asks by is said to be unread.
"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package

_GEM = re.compile(r"\s*gem[\s(]+[\"']([A-Za-z0-9._-]+)[\"']([^#]*)")
_TEXT = re.compile(r"\s*,\s*[\"']([^\"'#{}]{1,100})[\"']")
_EXACT = re.compile(r"=?\s*(\d+(?:\.[0-9A-Za-z]+)*)")
_ELSE = re.compile(r"\s*(gem|gemspec|eval_gemfile|instance_eval)\b")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for; a bare version is that one alone, as Bundler takes it. Gems of the tree itself are left out."""
    out = Locked(asks="gem")
    for line in content.decode("utf-8-sig").splitlines():
        if line.lstrip().startswith("#"):
            continue
        match = _GEM.match(line[:2_000])
        if match is None:
            if _ELSE.match(line):
                out.unread.append(line.strip()[:80])
            continue
        name, rest = match[1][:LONGEST], match[2]
        if re.search(r"\bpath\b\s*(?::|=>)|:path\s*=>", rest):
            out.own.add(("gem", name.lower()))
            continue
        wanted, at = [], 0
        while (text := _TEXT.match(rest, at)) is not None:
            wanted.append(text[1].strip())
            at = text.end()
        exact = _EXACT.fullmatch(wanted[0]) if len(wanted) == 1 else None
        out.take(Package("gem", name, exact[1][:LONGEST] if exact else "", path=path), ", ".join(wanted))
    return out
