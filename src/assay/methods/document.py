"""A YAML file read with the line of everything in it, bounded before it is parsed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.plainfile import read_plain

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
_PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file and a line, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def error(self, what: str, remedy: str = "") -> UsageError:
        """Return a UsageError that names this place."""
        return UsageError(what, where=str(self), remedy=remedy)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place. A mapping holds ``text -> Node``, a list Nodes, anything else a plain value.

    written: a plain value as it stands in the file, since YAML reads ``no`` as false and ``007`` as seven.
    """

    value: Any
    place: Place
    written: str = ""

    def mapping(self, what: str) -> dict[str, Node]:
        """Return it as a mapping, or say that ``what`` must be one."""
        if not isinstance(self.value, dict):
            raise self.place.error(f"{what} must be a mapping, such as `name: value`, and is {self.shown}")
        return self.value

    def parts(self, what: str, known: Collection[str]) -> dict[str, Node]:
        """Return it as a mapping of known names, or say which of them ``what`` does not have, and the nearest."""
        found = self.mapping(what)
        only(found, what, known)
        return found

    def text(self, what: str) -> str:
        """Return it as text, or say that ``what`` must be one."""
        if isinstance(self.value, (dict, list)) or self.value is None:
            raise self.place.error(f"{what} must be a text, and is {self.shown}")
        return str(self.value)

    @property
    def plain(self) -> Any:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {k: v.plain for k, v in self.value.items()}
        if isinstance(self.value, list):
            return [v.plain for v in self.value]
        return self.value

    @property
    def shown(self) -> str:
        """Return what it is, in words."""
        words = {dict: "a mapping", list: "a list", type(None): "empty"}
        return words.get(type(self.value), repr(self.value)[:60])


def only(found: Mapping[str, Node], what: str, known: Collection[str]) -> None:
    """UsageError for the first name that ``what`` does not have."""
    for name, node in found.items():
        if name not in known:
            raise node.place.error(f"{what} has no {name!r}", did_you_mean(name, known))


def part(parts: Mapping[str, Node], name: str) -> dict[str, Node]:
    """Return a part that is a mapping; an empty one where it is not there, or nothing stands below its name."""
    node = parts.get(name)
    return {} if node is None or node.value is None else node.mapping(f"`{name}`")


def read(path: Path, remedy: str = "") -> Node:
    """Read a YAML file; UsageError with file and line when it is not one, too large or too deep.

    remedy: what to do where there is no such file, or nothing in it.
    """
    return parse(read_plain(path, MAX_BYTES, "the file", remedy), str(path), remedy)


def parse(raw: bytes, shown: str, remedy: str = "") -> Node:
    """Read the bytes of a YAML document that errors call ``shown``; UsageError as for ``read``."""
    try:
        text = raw.decode("utf-8-sig")
        _refuse_aliases(text, shown)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Place(shown, line).error("is not UTF-8 text", "save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Place(shown, line).error(*_unreadable(error, line)) from None
    except yaml.YAMLError as error:
        raise Place(shown, 1).error(f"is not YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise Place(shown, 1).error("is empty", remedy)
    return _build(node, shown, 0)


def _unreadable(error: yaml.MarkedYAMLError, line: int) -> tuple[str, str]:
    """Say what the reader stumbled over, and what to do about it."""
    said = error.problem or error.context or "it cannot be read"
    if "'\\t'" in said:
        return "is indented with a tab", "YAML wants spaces"
    begun = error.context_mark.line + 1 if error.context_mark else line
    remedy = f"what begins in line {begun} may not be closed" if begun < line else ""
    return f"is not YAML: {said}", remedy


def _refuse_aliases(text: str, shown: str) -> None:
    """Aliases let a few lines stand for gigabytes, and nesting without end exhausts the stack."""
    depth = 0
    for event in _events(text):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Place(shown, event.start_mark.line + 1).error(
                "uses a YAML anchor or alias", "write the value out in full"
            )
        if isinstance(event, yaml.CollectionStartEvent) and event.start_mark:
            depth += 1
            if depth > MAX_DEPTH:
                raise Place(shown, event.start_mark.line + 1).error(f"nests deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


def _build(node: yaml.Node, shown: str, depth: int) -> Node:
    place = Place(shown, node.start_mark.line + 1)
    if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN:
        raise place.error(f"has a tag, {node.tag[:60]!r}, which nothing here needs", "leave it out")
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Place(shown, key.start_mark.line + 1).error("has a name that is not a text")
            if key.value in out:
                raise Place(shown, key.start_mark.line + 1).error(f"says {key.value!r} twice")
            built = _build(value, shown, depth + 1)
            out[key.value] = Node(built.value, Place(shown, key.start_mark.line + 1), built.written)
        return Node(out, place)
    if isinstance(node, yaml.SequenceNode):
        return Node([_build(v, shown, depth + 1) for v in node.value], place)
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise place.error(f"has a value that cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(value, (str, int, float, bool, type(None))):
        value = node.value  # a date stays as it was written
    return Node(value, place, node.value)
