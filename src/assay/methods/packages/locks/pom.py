"""What a Maven project asks for: the dependencies of a pom.xml. https://maven.apache.org/pom.html

A version may be a property of the file, or be managed by it; one that a parent elsewhere says is unknown here. A plain version is what
Maven takes. What these need in turn stands in no file of the tree, which is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable

_DEEPEST, _MOST, _REFERENCES = 60, 200_000, 10
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
        out.untold.append("what its dependencies need in turn is not said in it")
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
        self._path: list[str] = []
        self._text: list[str] = []
        self._one: dict[str, str] | None = None
        self._seen, self._room = 0, LONGEST

    def parse(self, content: bytes) -> None:
        """Read the document; Unreadable where it declares entities, nests too deep, or is no XML."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True  # a text is handed over at once, and not line by line
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise Unreadable(f"it is no XML: {expat.errors.messages[error.code]}") from None

    def _doctype(self, *_: Any) -> None:
        raise Unreadable("it declares a type of document, and no pom.xml has one")

    def _start(self, name: str, _: Any) -> None:
        self._path.append(name.rpartition(" ")[2])
        self._text.clear()
        self._room = LONGEST
        self._seen += 1
        if len(self._path) > _DEEPEST or self._seen > _MOST:
            raise Unreadable("it nests deeper, or has more elements, than any pom.xml")
        self.project = self.project or self._path == ["project"]
        if "/".join(self._path) in _PLACES:
            self._one = {}

    def _data(self, text: str) -> None:
        if self._room > 0:
            self._text.append(text)
            self._room -= len(text)

    def _end(self, _: str) -> None:
        place, text = "/".join(self._path), "".join(self._text).strip()[:LONGEST]
        kind, name = _PLACES.get(place), self._path.pop()
        self._text.clear()
        self._room = LONGEST
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
