"""Statements that a vulnerability does not matter here, and why: OpenVEX, and the analyses of a CycloneDX document.

https://github.com/openvex/spec and https://cyclonedx.org/capabilities/vex/. A statement speaks of a product: a package by its URL, or
an image, then of the subcomponents that it names or of all. Of two about the same the later one counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assay.methods.packages.package import Package, Unreadable, parsed

_STATES = {
    "not_affected": "not_affected", "false_positive": "not_affected", "resolved": "fixed",
    "resolved_with_pedigree": "fixed", "exploitable": "affected", "in_triage": "under_investigation",
}  # fmt: skip
_SYSTEMS = ("deb", "rpm", "apk")  # whose namespace is only the distribution
CLEARS = ("not_affected", "fixed")
MOST = 200_000


@dataclass(frozen=True, slots=True)
class Statement:
    """ids: names of the vulnerability. products: URLs, each of a package or of an image. parts: of packages in these images."""

    ids: frozenset[str]
    status: str
    products: tuple[str, ...]
    parts: tuple[str, ...]
    why: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The image that is examined, as statements may name it."""

    names: tuple[str, ...] = ()
    digest: str = ""


def read(content: bytes) -> list[Statement]:
    """Return the statements of a document; Unreadable where it is neither OpenVEX nor CycloneDX."""
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None
    if not isinstance(told, dict):
        raise Unreadable("it is no JSON object")
    try:
        if "openvex" in str(told.get("@context", "")):
            found = list(_openvex(told))
        elif told.get("bomFormat") == "CycloneDX" and isinstance(told.get("vulnerabilities"), list):
            found = list(_cyclonedx(told))
        else:
            raise Unreadable("it is neither OpenVEX nor CycloneDX with vulnerabilities")
    except (AttributeError, TypeError, KeyError) as error:
        raise Unreadable(f"a statement in it cannot be read ({type(error).__name__})") from None
    if len(found) > MOST:
        raise Unreadable(f"it has more than {MOST:,} statements")
    return in_order(found)


def in_order(found: Iterable[Statement]) -> list[Statement]:
    """Return statements, those without a time first and as they stand, then the others by the moment that they name."""
    return sorted(found, key=lambda s: _moment(s.time))


def _moment(text: str) -> float:
    """Return a time of RFC 3339 in seconds, whatever its offset; of what is none it is before all others."""
    try:
        made = datetime.fromisoformat(text.strip().upper())
        return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("-inf")


def _openvex(told: Mapping[str, Any]) -> Iterator[Statement]:
    for one in told.get("statements") or ():
        named = one.get("vulnerability")
        ids = (
            [named]
            if isinstance(named, str)
            else [named.get("name"), named.get("@id"), *(named.get("aliases") or ())]
        )
        if one.get("status") not in ("not_affected", "affected", "fixed", "under_investigation"):
            raise KeyError("status")
        why = str(one.get("justification") or one.get("impact_statement") or "")[:200]
        time = str(one.get("timestamp") or told.get("timestamp") or "")
        names = frozenset(str(i) for i in ids if i)
        for product in one.get("products") or ():  # each by itself: its parts are no parts of the others
            inner = product.get("subcomponents") or () if isinstance(product, dict) else ()
            parts = tuple(u for p in inner for u in _urls(p))
            yield Statement(names, one["status"], tuple(_urls(product)), parts, why, time)


def _urls(one: Any) -> list[str]:
    if isinstance(one, str):
        return [one]
    held = [one.get("@id"), (one.get("identifiers") or {}).get("purl")]
    return [str(u) for u in dict.fromkeys(held) if u]


def _cyclonedx(told: Mapping[str, Any]) -> Iterator[Statement]:
    urls = {str(c.get("bom-ref")): str(c["purl"]) for c in told.get("components") or () if c.get("purl")}
    for one in told["vulnerabilities"]:
        analysis = one.get("analysis") or {}
        status = _STATES.get(str(analysis.get("state")), "")
        if not status:
            continue
        ids = [one.get("id"), *(r.get("id") for r in one.get("references") or ())]
        refs = [str(a.get("ref")).rpartition("#")[2] for a in one.get("affects") or ()]
        why = str(analysis.get("justification") or analysis.get("detail") or "")[:200]
        time = str(analysis.get("lastUpdated") or one.get("updated") or "")
        products = tuple(urls.get(r, r) for r in refs)
        yield Statement(frozenset(str(i) for i in ids if i), status, products, (), why, time)


def said(
    statements: Iterable[Statement], ids: Iterable[str], package: Package, subject: Subject
) -> Statement | None:
    """Return the last statement about a vulnerability of a package in this image, or None."""
    names = frozenset(ids)
    found = None
    for one in statements:
        if one.ids & names and _speaks(one, package, subject):
            found = one
    return found


def _speaks(one: Statement, package: Package, subject: Subject) -> bool:
    if any(_is(url, package) for url in one.products):
        return True
    if not any(_names(url, subject) for url in one.products):
        return False
    return not one.parts or any(_is(url, package) for url in one.parts)


def _is(url: str, package: Package) -> bool:
    """Whether a URL is of a package: by type, namespace and name, and by the version where it has one."""
    try:
        kind, space, name, version, _ = parsed(url)
        own_kind, own_space, own_name, own_version, _ = parsed(package.purl)
    except Unreadable:
        return False
    anywhere = not space and kind in _SYSTEMS  # elsewhere @a/core is another package than core
    same = (kind, name.lower()) == (own_kind, own_name.lower()) and (anywhere or space == own_space)
    return same and (not version or version == own_version)


def _names(url: str, subject: Subject) -> bool:
    """Whether a product is the image: by its digest, or by its name where the product has no digest."""
    if url in subject.names or (subject.digest and url.rpartition("@")[2] == subject.digest):
        return True
    try:
        kind, _, name, version, more = parsed(url)
    except Unreadable:
        return False
    if kind not in ("oci", "docker", "generic"):
        return False
    if version.startswith("sha256:"):
        return version == subject.digest
    wanted = more.get("tag") or version
    place = more.get("repository_url", "").rstrip("/")
    return any(_calls(n, name, wanted, place) for n in subject.names)


def _calls(own: str, name: str, tag: str, place: str) -> bool:
    """Whether a product's name, tag and repository, as far as they are said, are those that an image is called by."""
    whole = own.partition("#")[0].partition("@")[0]
    folder, _, last = whole.rpartition("/")
    bare, _, tagged = last.partition(":")
    if name != bare or (tag and tag != tagged):
        return False
    host = folder.partition("/")[0]
    if host != "localhost" and "." not in host and ":" not in host:  # as Docker reads it
        folder = f"docker.io/{folder or 'library'}"
    return not place or place in (folder, f"{folder}/{bare}")
