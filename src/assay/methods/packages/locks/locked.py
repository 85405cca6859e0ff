"""What one file of a source tree locks and asks for."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from assay.methods.packages.package import LONGEST, Package, Unreadable

_PINNED = re.compile(r"={2,3}\s*v?([A-Za-z0-9!][A-Za-z0-9!.+_-]*)")
# PEP 508: a name, extras, and either versions or an address; a marker behind ; says when it holds.
_NAMED = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]{0,500}\])?\s*(.*)", re.DOTALL)
_VERSIONS = re.compile(
    r"(?:[<>=!~]=?=?\s*+[A-Za-z0-9!.*+_-]++\s*+,?\s*+)*+"
)  # gone through once, whatever it is
_WHEEL = re.compile(r"(?:^|/)([A-Za-z0-9][A-Za-z0-9._]*)-([A-Za-z0-9!.+_]+)(?:-[^/-]+){3,4}\.whl(?:[#?]|$)")

FURTHER = "what its dependencies need in turn is not said in it"


def decoded(content: bytes) -> str:
    """Return a text as what it begins with says: UTF-16 too, which PowerShell writes behind ``>``; UTF-8 else. ValueError where it is neither."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig")
    if "\0" in text:
        raise Unreadable("it holds zero bytes, and is no text in UTF-8 or UTF-16")
    return text


@dataclass(slots=True)
class Locked:
    """packages: with a version where one is locked, else with what is asked for (``about["wanted"]``).

    asks: the kind of packages that it asks for, where it is what a person writes and a lock of that kind says more. own: the
    tree's own packages, by kind and name, which no lock lists.
    refers: other files that belong to it, relative to its folder. unread: what could not be made out, as it is written.
    instead: files beside it that say no more than it does. untold: what it does not say, in words.
    """

    packages: list[Package] = field(default_factory=list)
    refers: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    instead: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    asks: str = ""
    own: set[tuple[str, str]] = field(default_factory=set)

    def add(self, kind: str, name: str, version: str, path: str, wanted: str = "", build: str = "") -> None:
        """Take one package in. version: empty where only ``wanted`` is asked for."""
        about = {
            k: v[:LONGEST]
            for k, v in (("wanted", "" if version else wanted or "any version"), ("build", build))
            if v
        }
        self.packages.append(Package(kind, name[:LONGEST], version[:LONGEST], path=path, about=about))

    def take(self, package: Package, wanted: str) -> None:
        """Take in a package that is fixed, or else what is asked for; of what a person fixes no more is said than that."""
        if not package.version:
            return self.ask_for(package, wanted)
        self.packages.append(package)
        if self.asks and FURTHER not in self.untold:
            self.untold.append(FURTHER)
        return None

    def ask_for(self, package: Package, wanted: str) -> None:
        """Take in a package that is asked for without one version."""
        self.packages.append(
            replace(package, version="", about={"wanted": (wanted or "any version")[:LONGEST]})
        )

    def ask(self, text: str, path: str) -> None:
        """Take in what is asked for as PEP 508 writes it: pinned by ``==`` or by the wheel that is named."""
        bare = text.partition(" ;")[0] if "@" in text else text.partition(";")[0]
        wheel = _WHEEL.search(bare.strip())
        told = _NAMED.fullmatch(bare.strip())
        if wheel and ("@" in bare or "/" in bare or told is None or "-" in told[1]):
            return self.add("pypi", wheel[1], wheel[2], path)
        if told is None:
            return self.unread.append(text[:80])
        rest = told[2].strip().removeprefix("(").removesuffix(")").strip()
        if rest.startswith("@"):
            return self.add("pypi", told[1], "", path, rest[1:].strip())
        if not _VERSIONS.fullmatch(rest):
            return self.unread.append(text[:80])
        pinned = _PINNED.fullmatch(rest)
        return self.add("pypi", told[1], pinned[1] if pinned else "", path, rest)
