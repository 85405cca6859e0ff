"""What a Maven project asks for: the dependencies of a pom.xml. https://maven.apache.org/pom.html

A version may be a property of the file, or be managed by it; one that a parent elsewhere says is unknown here. A plain version is what
Maven takes. What these need in turn stands in no file of the tree, which is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assay.methods.packages.locks.locked import FURTHER, Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.packages.xmls import walk

_REFERENCES = 10
_PROPERTY = re.compile(r"\$\{([^${}]{1,200})\}")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_PLACES = {
    "project/dependencies/dependency": "asked",
    "project/dependencyManagement/dependencies/dependency": "managed",
    "project/profiles/profile/dependencies/dependency": "asked",
    "project/profiles/profile/dependencyManagement/dependencies/dependency": "managed",
}


def read(content: bytes, path: str) -> Locked:
    """Return each dependency, with a version where one is fixed."""
    found = _Reading()
    found.parse(content)
    if not found.project:
        raise Unreadable("it is no project of Maven's")
    out = Locked()
    managed = {_name(one, found.properties): one.get("version", "") for one in found.managed}
    for one in found.asked:
        group, name = _name(one, found.properties)
        if one.get("scope") == "system":
            continue
        said = one.get("version") or managed.get((group, name), "")
        version = _filled(said, found.properties)
        if version[:1] == "[" and version[-1:] == "]" and "," not in version:
            version = version[1:-1].strip()  # that one alone
        package = Package("maven", name[:LONGEST], version[:LONGEST], group[:LONGEST], path=path)
        if _PLAIN.fullmatch(version) and version not in ("LATEST", "RELEASE"):
            out.packages.append(package)
        else:
            out.ask_for(
                Package("maven", name[:LONGEST], "", group[:LONGEST], path=path),
                version or "what its parent manages",
            )
    if found.asked:
        out.untold.append(FURTHER)
    elif "project.parent.version" in found.properties:
        out.untold.append("what its parent asks for is not said in it")
    return out


def _name(one: Mapping[str, str], properties: Mapping[str, str]) -> tuple[str, str]:
    return _filled(one.get("groupId", ""), properties), _filled(one.get("artifactId", ""), properties)


def _filled(text: str, properties: Mapping[str, str]) -> str:
    """Put in properties, which may name others: a few rounds, and never longer than a version is."""
    for _ in range(8):
        if "${" not in text or len(text) > LONGEST or text.count("${") > _REFERENCES:
            break
        text = _PROPERTY.sub(lambda m: properties.get(m[1], f"$?{{{m[1]}}}")[:LONGEST], text)
    return text.replace("$?{", "${").strip()


class _Reading:
    def __init__(self) -> None:
        self.project = False
        self.asked: list[dict[str, str]] = []
        self.managed: list[dict[str, str]] = []
        self.properties: dict[str, str] = {}
        self._one: dict[str, str] | None = None

    def parse(self, content: bytes) -> None:
        """Read the document; Unreadable where it is none that a tool writes."""
        walk(content, self._start, self._end)

    def _start(self, place: str, _: Mapping[str, str]) -> None:
        self.project = self.project or place == "project"
        if place in _PLACES:
            self._one = {}

    def _end(self, place: str, text: str) -> None:
        kind, name = _PLACES.get(place), place.rpartition("/")[2]
        if kind and self._one is not None:
            (self.asked if kind == "asked" else self.managed).append(self._one)
            self._one = None
        elif self._one is not None and place.rpartition("/")[0] in _PLACES:
            self._one[name] = text
        elif place in ("project/version", "project/groupId", "project/artifactId"):
            self.properties[place.replace("/", ".")] = text
        elif place in ("project/parent/version", "project/parent/groupId"):
            self.properties[place.replace("/", ".")] = text
            self.properties.setdefault("project." + name, text)
        elif place.startswith("project/properties/") and place.count("/") == 2:
            self.properties[name] = text
