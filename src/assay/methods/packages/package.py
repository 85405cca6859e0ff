"""A package as an inventory has it, and its package URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

_PLAIN = re.compile(r"[A-Za-z0-9._~-]+").fullmatch  # what needs no quoting
LONGEST = 1_000  # characters of anything that a package says of itself


class Unreadable(ValueError):
    """A record of packages that cannot be read to its end: what it would have said is unknown."""


@dataclass(frozen=True, slots=True)
class Package:
    """kind: the type of its package URL (deb, apk, rpm, pypi, npm, maven, golang, cargo, cran,
    bioconductor, gem, composer, nuget, conda, mlmodel).

    namespace: the distribution, the npm scope, the Maven group. source, source_version: of a distribution's package, what it
    was built from, which is what the distribution's advisories name. path: of the record that tells of it.
    owner: the distribution's package that brought it, whose maintainers patch it under a version of their own.
    """

    kind: str
    name: str
    version: str
    namespace: str = ""
    source: str = ""
    source_version: str = ""
    arch: str = ""
    licence: str = ""
    path: str = ""
    owner: str = ""
    epoch: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def purl(self) -> str:
        """Return its package URL. https://github.com/package-url/purl-spec"""
        if self.kind == "mlmodel":  # no type of package URL is of files; the digest says which it is
            checksum = f"sha256:{self.digests['SHA-256']}" if "SHA-256" in self.digests else ""
            return purl("generic", "", self.name, self.version, {"checksum": checksum})
        extra = {"arch": self.arch, "epoch": self.epoch}
        if self.kind in ("deb", "rpm", "apk") and self.about.get("distro"):
            extra["distro"] = str(self.about["distro"])
        if self.source and self.source != self.name and self.kind in ("deb", "apk"):
            extra["upstream"] = self.source + (f"@{self.source_version}" if self._apart else "")
        elif self._apart and self.kind in ("deb", "apk"):
            extra["upstream"] = f"{self.name}@{self.source_version}"
        elif self.kind == "rpm" and self.source:
            extra["upstream"] = self.source
        return purl(self.kind, self.namespace, self.name, self.version, extra)

    @property
    def _apart(self) -> bool:
        return bool(self.source_version) and self.source_version != self.version

    @property
    def full(self) -> str:
        """Return its name as its own ecosystem writes it: @scope/name, group:name, else the name."""
        if self.kind == "npm" and self.namespace:
            return f"{self.namespace}/{self.name}"
        if self.kind == "maven":
            return f"{self.namespace}:{self.name}"
        if self.kind in ("golang", "composer") and self.namespace:
            return f"{self.namespace}/{self.name}"
        return self.name

    @property
    def shown(self) -> str:
        """Return what a person is told: the name and its version."""
        return f"{self.full} {self.version}".rstrip()

    @property
    def place(self) -> str:
        """Return what stays when it is upgraded: kind and full name."""
        return f"{self.kind}/{self.full}"


def purl(kind: str, namespace: str, name: str, version: str, extra: Mapping[str, str]) -> str:
    """Return a package URL; each part percent-encoded, qualifiers in order of their names."""
    parts = [p if _PLAIN(p) else quote(p, safe="~.-_") for p in namespace.split("/") if p]
    if kind == "pypi":
        name = name.lower().replace("_", "-")
    text = "pkg:" + "/".join([kind, *parts, name if _PLAIN(name) else quote(name, safe="~.-_:")])
    text += "@" + (version if _PLAIN(version) else quote(version, safe="~.-_:")) if version else ""
    told = "&".join(f"{k}={quote(v, safe='~.-_:')}" for k, v in sorted(extra.items()) if v)
    return text + (f"?{told}" if told else "")


def parsed(text: str) -> tuple[str, str, str, str, dict[str, str]]:
    """Return kind, namespace, name, version and qualifiers of a package URL; Unreadable where it is none."""
    if not text.startswith("pkg:") or len(text) > 4 * LONGEST:
        raise Unreadable(f"{text[:60]!r} is no package URL")
    rest = text[4:].lstrip("/").partition("#")[0]
    rest, _, query = rest.partition("?")
    path, at, version = rest.rpartition("@")
    if not at or "/" in version:
        path, version = rest, ""
    pieces = [unquote(p) if "%" in p else p for p in path.split("/") if p]
    if len(pieces) < 2:
        raise Unreadable(f"{text[:60]!r} is no package URL")
    extra = {}
    if query:
        pairs = (q.partition("=") for q in query.split("&") if q)
        extra = {k.lower(): unquote(v) for k, _, v in pairs}
    version = unquote(version) if "%" in version else version
    return pieces[0].lower(), "/".join(pieces[1:-1]), pieces[-1], version, extra


def from_purl(
    text: str,
    path: str = "",
    owner: str = "",
    digests: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Package:
    """Return the package that a URL names, with what else is said of it; Unreadable where it names none."""
    kind, namespace, name, version, extra = parsed(text)
    source, at, source_version = extra.get("upstream", "").partition("@")
    if kind == "rpm" and source.endswith(".src.rpm"):  # as some tools write it: glibc-2.34-60.el9.src.rpm
        source = source.removesuffix(".src.rpm").rsplit("-", 2)[0]
    if kind == "deb" and extra.get("epoch") and ":" not in version:
        version = f"{extra['epoch']}:{version}"
    return Package(
        kind, name, version, namespace, source=source or "", source_version=source_version if at else "",
        arch=extra.get("arch", ""), epoch=extra.get("epoch", ""), path=path, owner=owner,
        digests=digests or {}, about={**({"distro": extra["distro"]} if "distro" in extra else {}), **(about or {})},
    )  # fmt: skip
