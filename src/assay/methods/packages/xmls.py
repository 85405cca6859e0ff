"""XML that others wrote, walked within bounds: no entities, no depth and no number of elements that no tool writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

from assay.methods.packages.package import LONGEST, Unreadable

_DEEPEST, _MOST = 60, 200_000


def walk(
    content: bytes,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str, str], None],
) -> None:
    """Call ``start(place, attributes)`` and ``end(place, text)`` of each element; a place is as in project/parent/version.

    Names are without their namespace; of a text its first LONGEST characters, stripped. Unreadable where the document declares a
    type (and with it entities), nests too deep, has too many elements, or is no XML.
    """
    _Walk(start, end).parse(content)


class _Walk:
    def __init__(
        self, start: Callable[[str, Mapping[str, str]], None], end: Callable[[str, str], None]
    ) -> None:
        self._start, self._end = start, end
        self._path: list[str] = []
        self._text: list[str] = []
        self._seen, self._room = 0, LONGEST

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True  # a text is handed over at once, and not line by line
        parser.StartElementHandler = self._begins
        parser.EndElementHandler = self._ends
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise Unreadable(f"it is no XML: {expat.errors.messages[error.code]}") from None

    def _doctype(self, *_: Any) -> None:
        raise Unreadable("it declares a type of document, and no such file has one")

    def _begins(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        self._text.clear()
        self._room = LONGEST
        self._seen += 1
        if len(self._path) > _DEEPEST or self._seen > _MOST:
            raise Unreadable("it nests deeper, or has more elements, than any such file")
        self._start("/".join(self._path), attributes)

    def _data(self, text: str) -> None:
        if self._room > 0:
            self._text.append(text)
            self._room -= len(text)

    def _ends(self, _: str) -> None:
        place, text = "/".join(self._path), "".join(self._text).strip()[:LONGEST]
        self._path.pop()
        self._text.clear()
        self._room = LONGEST
        self._end(place, text)
