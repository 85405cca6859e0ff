"""YAML's events without building anything: the tags it gives, in whatever spelling, and how far its aliases grow.

PyYAML's scanner and parser are used, which make events of texts; its constructors, which make objects, are not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

LIMIT = 4 << 20
GROWTH = 1_000_000
_DEPTH = 400
_MOST = 1000
_PLAIN = "tag:yaml.org,2002:"
_SAFE = frozenset(
    [
        "null",
        "bool",
        "int",
        "float",
        "str",
        "seq",
        "map",
        "set",
        "omap",
        "pairs",
        "binary",
        "timestamp",
        "merge",
        "value",
        "yaml",
    ]
)


# Keys whose values a loader imports, fetches or renders.
JUDGED = frozenset({"_target_", "auto_map", "trust_remote_code", "chat_template", "loader_module"})


@dataclass(slots=True)
class Tags:
    """tags: each that is not YAML's own, with its offset and the text it is given to. grown: nodes after aliases.

    keys: those that are judged, with their values and offsets. more: whether there was more than is kept.
    """

    tags: list[tuple[str, int, str]] = field(default_factory=list)
    grown: int = 0
    cyclic: bool = False
    error: str = ""
    keys: list[tuple[str, str, int]] = field(default_factory=list)
    distinct: set[str] = field(default_factory=set)
    more: bool = False


def read(text: str) -> Tags:
    """Read every document as far as it is YAML. error says why it is none."""
    import yaml

    found = Tags()
    sizes: dict[str, int] = {}
    texts: dict[str, str] = {}
    stack = [_Open(None, 0)]
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            top = stack[-1]
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
                _tagged(event, found)
            if isinstance(event, yaml.CollectionStartEvent):
                top.node("")
                stack.append(_Open(event.anchor, 1, isinstance(event, yaml.MappingStartEvent)))
                if len(stack) > _DEPTH:
                    found.error = f"its values nest deeper than {_DEPTH}"
                    break
            elif isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
                if top.anchor:
                    sizes[top.anchor] = top.size
                    texts.pop(top.anchor, None)
                stack[-1].grow(top.size)
            elif isinstance(event, yaml.ScalarEvent):
                if event.anchor:
                    sizes[event.anchor], texts[event.anchor] = 1, event.value
                _pair(found, top.node(event.value), event.value, event)
                top.grow(1)
            elif isinstance(event, yaml.AliasEvent):
                if any(one.anchor == event.anchor for one in stack):
                    found.cyclic = True
                value = texts.get(event.anchor or "", "")
                _pair(found, top.node(value), value, event)
                top.grow(sizes.get(event.anchor or "", 1))
            elif isinstance(event, yaml.DocumentStartEvent):
                sizes.clear()
                texts.clear()
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        found.error = ascii(str(error))[1:-1][:100]
    found.grown = max(found.grown, stack[0].size)
    return found


@dataclass(slots=True)
class _Open:
    """A collection under way. mapping: its nodes are keys and values by turns; key: the last one."""

    anchor: str | None
    size: int
    mapping: bool = False
    key: str | None = None

    def node(self, text: str) -> str | None:
        """Take in that a node begins; return the key that it is the value of, None where it is no value."""
        if not self.mapping:
            return None
        had, self.key = self.key, text if self.key is None else None
        return had

    def grow(self, size: int) -> None:
        """Count the nodes of what ended in it."""
        self.size = min(self.size + size, 1 << 62)


def _pair(found: Tags, key: str | None, value: str, event: Any) -> None:
    if key not in JUDGED:
        return
    if len(found.keys) < 10 * _MOST:
        found.keys.append((str(key), value, _place(event)))
    else:
        found.more = True


def _tagged(event: Any, found: Tags) -> None:
    tag = event.tag
    own = tag == "!" or ((tag or "").startswith(_PLAIN) and tag[len(_PLAIN) :] in _SAFE)
    if not tag or own:
        return
    spelled = unquote(tag)
    new = spelled not in found.distinct
    if len(found.tags) < _MOST or (new and len(found.tags) < 2 * _MOST):
        found.distinct.add(spelled)
        found.tags.append((spelled, _place(event), getattr(event, "value", "")[:100]))
    elif new:
        found.more = True


def _place(event: Any) -> int:
    return int(event.start_mark.index) if event.start_mark else 0
