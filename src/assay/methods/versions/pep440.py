"""Python's order of versions: PEP 440, and below all of it what is no such version, as the index once ordered it.

https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(
    r"""v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>[0-9]+)?)?
    (?:-(?P<post_bare>[0-9]+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n>[0-9]+)?)?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>[0-9]+)?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.X,
)
_PRE = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "c": "rc", "rc": "rc", "pre": "rc", "preview": "rc"}
_LOW, _HIGH = (-1,), (2,)
_LEGACY = re.compile(r"(\d+|[a-z]+|\.|-)")


def normal_name(name: str) -> str:
    """Return a distribution's name as the index has it: lower case, runs of - _ . as one -."""
    return re.sub(r"[-_.]+", "-", name).lower()


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts by PEP 440; ValueError where it is empty."""
    low = text.strip().lower()
    if not low:
        raise ValueError("an empty text is no version")
    match = _VERSION.fullmatch(low)
    if match is None:
        return (-1, tuple((0, int(p)) if p.isdigit() else (1, p) for p in _LEGACY.findall(low)))
    release = [int(n) for n in match["release"].split(".")]
    while release and release[-1] == 0:
        release.pop()
    pre: tuple[Any, ...] = (1, _PRE[match["pre"]], int(match["pre_n"] or 0)) if match["pre"] else _HIGH
    posted = match["post"] or match["post_bare"]
    post = (1, int(match["post_bare"] or match["post_n"] or 0)) if posted else _LOW
    dev = (1, int(match["dev_n"] or 0)) if match["dev"] else _HIGH
    if not match["pre"] and not posted and match["dev"]:
        pre = _LOW  # 1.0.dev1 is before 1.0a1
    local: tuple[Any, ...] = _LOW
    if match["local"]:
        parts = re.split(r"[-_.]", match["local"])
        local = (1, tuple((1, int(p), "") if p.isdigit() else (0, 0, p) for p in parts))
    return (int(match["epoch"] or 0), tuple(release), pre, post, dev, local)


key.spellings = True  # type: ignore[attr-defined]  # 1.0 and 1.0.0 are one version
