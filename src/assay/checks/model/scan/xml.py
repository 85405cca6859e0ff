"""XML: PMML, OpenVINO's graphs and any other, read without expanding a thing.

Entities, external document types, inclusions and stylesheets are told with where they lead; OpenVINO's layers are held
against the sets of operators that it brings, and its numbers against the file beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assay.checks.model.scan._names import readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles import xmltext

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

LIMIT = 256 << 20
_OWN_SETS = re.compile(r"opset\d{1,2}|")
_TOUCHING = re.compile(r"\b(?:java\.lang\.|javax\.script|Runtime\.getRuntime|ProcessBuilder)")
_HTML = re.compile(r"\s*(?:<!doctype html|<html|<svg|<p\b|<div|<h\d|<img|<a\b|<br)", re.IGNORECASE)
_PROSE = (".md", ".markdown", ".html", ".htm", ".rst")
# What a page of HTML has none of, in each width of letters.
_ENTITIES = tuple("<!ENTITY".encode(f) for f in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"))


def sniff(view: View) -> bool:
    """A first sign that opens a tag, in any encoding of XML."""
    name = xmltext.encoding(view.head)
    if not name:
        return False
    if any(view.data.find(word) >= 0 for word in _ENTITIES):
        return not view.name.endswith(_PROSE)
    begin = _begin(view, name if name.startswith("utf") else "latin-1")
    return bool(re.match(r"<[?!A-Za-z_]", begin)) and not _HTML.match(begin)


def _begin(view: View, coding: str) -> str:
    """Return how it begins behind its comments, which HTML, Markdown and XML may all begin with."""
    head = view.head.decode(coding, "ignore").lstrip("\ufeff \r\n\t")
    if not head.startswith("<!--"):
        return head
    if view.name.endswith(_PROSE):
        return ""
    bare = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(coding, coding)
    at, end = 0, "-->".encode(bare)
    while head.startswith("<!--"):
        found = view.data.find(end, at)
        if found < 0:
            return ""
        at = found + len(end)
        head = bytes(view.data[at : at + 512]).decode(bare, "ignore").lstrip(" \r\n\t")
    return head


def examine(view: View, ground: Ground) -> bool:
    """Read every tag."""
    if view.size > LIMIT:
        return ground.not_understood(view, "it is XML of more than 256 MiB")
    try:
        found = xmltext.read(bytes(view.data))
    except ValueError as error:
        return ground.not_understood(view, str(error))
    _declared(found, view, ground)
    root = ""
    net: list[xmltext.Element] = []
    try:
        for element in xmltext.elements(found):
            root = root or element.name.rpartition(":")[2]
            _element(element, view, ground)
            if root == "net" and element.name in ("layer", "data"):
                net.append(element)
    except ValueError as error:
        if "deeper" in str(error) or "attributes" in str(error):
            ground.find("bomb", Severity.HIGH, f"{view.place} is XML that takes its reader's memory: {error}.", view,
                        remedy="do not load it", refs=("CWE-776",))  # fmt: skip
            return False
        return ground.not_understood(view, f"it is no valid XML ({error})")
    for text, at in found.instructions:
        if text.startswith("xml-stylesheet"):
            _tell(view, ground, f"has a stylesheet opened, {readable(text)[:120]}", "CWE-829", at)
    if root == "net":
        _openvino(net, view, ground)
    return True


def _declared(found: xmltext.Document, view: View, ground: Ground) -> None:
    for name, kind, place, at in found.entities[:50]:
        what = (
            f", and has {readable(place)[:120]!r} opened for it" if kind else f" as {readable(place)[:60]!r}"
        )
        _tell(
            view,
            ground,
            f"declares an XML entity {readable(name)[:60]}{what}",
            "CWE-611" if kind else "CWE-776",
            at,
            "xml_entity",
        )
    if found.doctype is not None:
        _tell(
            view,
            ground,
            f"has an external document type opened, {readable(found.doctype)[:150]!r}",
            "CWE-611",
            0,
            "xml_entity",
        )


def _tell(view: View, ground: Ground, said: str, cwe: str, at: int, rule: str = "xml_reference") -> None:
    ground.find(
        rule, Severity.HIGH, f"{view.place} {said}; a reader can be made to open files and addresses, or to use up memory.",
        view, remedy="take it out; no model needs one", refs=(cwe,), offset=at,
    )  # fmt: skip


def _element(element: xmltext.Element, view: View, ground: Ground) -> None:
    bare = element.name.rpartition(":")[2]
    if bare in ("include", "fallback") and "href" in element.attributes and ":" in element.name:
        _tell(view, ground, f"includes {readable(element.attributes['href'])[:120]!r}", "CWE-611", element.at)
    for key, value in element.attributes.items():
        if key.endswith(("schemaLocation", "noNamespaceSchemaLocation")) and "file:" in value:
            _tell(view, ground, f"has a schema opened, {readable(value)[:120]!r}", "CWE-611", element.at)
        elif _TOUCHING.search(value):
            _tell(
                view, ground, f"names {readable(value)[:120]!r} for its reader to call", "CWE-470", element.at
            )
    if bare == "CustomLayer" or (bare == "Kernel" and element.parent == "CustomLayer") or bare == "Source":
        name = element.attributes.get("filename", "")
        if name or bare == "CustomLayer":
            shown = name or element.attributes.get("name", "")
            ground.find("custom_operator", Severity.HIGH,
                        f"{view.place} gives a layer its own kernel, {readable(shown)[:100]!r}: native code.", view,
                        remedy="load it only with kernels that you trust", refs=("CWE-829",), offset=element.at)  # fmt: skip


def _openvino(net: list[xmltext.Element], view: View, ground: Ground) -> None:
    """Layers of no set that OpenVINO brings, and numbers that do not lie in the file beside it."""
    end = 0
    for element in net:
        attributes = element.attributes
        if element.name == "layer" and "type" in attributes:
            version = attributes.get("version", "")
            if not _OWN_SETS.fullmatch(version):
                ground.find(
                    "custom_operator", Severity.HIGH,
                    f"{view.place} calls {readable(attributes['type'])[:80]} of {readable(version)[:60]!r}, an extension: "
                    "native code that OpenVINO does not bring.", view,
                    remedy="load it only with a library that you trust to hold it", refs=("CWE-829",), offset=element.at,
                )  # fmt: skip
        if element.name == "data" and "offset" in attributes and "size" in attributes:
            try:
                begin, size = int(attributes["offset"]), int(attributes["size"])
            except ValueError:
                begin = size = -1
            if begin < 0 or size < 0 or begin + size > 1 << 62:
                ground.lie(view, "its numbers lie before the start of their file", offset=element.at)
                continue
            end = max(end, begin + size)
    if end:
        own = (view.member or view.file).rsplit("!", 1)[-1].rsplit("/", 1)[-1]
        ground.vouch(view, f"{own.rpartition('.')[0]}.bin", end)
