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


@dataclass(slots=True)
class Tags:
    """tags: each that is not YAML's own, with its offset and the text it is given to. grown: nodes after aliases."""

    tags: list[tuple[str, int, str]] = field(default_factory=list)
    grown: int = 0
    cyclic: bool = False
    error: str = ""
    keys: list[tuple[str, str, int]] = field(default_factory=list)


def read(text: str) -> Tags:
    """Read every document as far as it is YAML. error says why it is none."""
    import yaml

    found = Tags()
    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int, list[str]]] = [(None, 0, [])]
    pending = ""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
                tag = event.tag
                if (
                    tag
                    and not (tag.startswith(_PLAIN) and tag[len(_PLAIN) :] in _SAFE)
                    and tag != "!"
                    and len(found.tags) < 1000
                ):
                    value = event.value if isinstance(event, yaml.ScalarEvent) else ""
                    found.tags.append((unquote(tag), _place(event), value[:100]))
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append((event.anchor, 1, []))
                pending = ""
                if len(stack) > _DEPTH:
                    found.error = f"its values nest deeper than {_DEPTH}"
                    break
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, size, _ = stack.pop()
                if anchor:
                    sizes[anchor] = size
                _grow(stack, size)
            elif isinstance(event, yaml.ScalarEvent):
                if event.anchor:
                    sizes[event.anchor] = 1
                if pending and len(found.keys) < 100_000:
                    found.keys.append((pending, event.value, _place(event)))
                pending = event.value if not pending else ""
                _grow(stack, 1)
            elif isinstance(event, yaml.AliasEvent):
                if any(anchor == event.anchor for anchor, _, _ in stack):
                    found.cyclic = True
                _grow(stack, sizes.get(event.anchor or "", 1))
                pending = ""
            elif isinstance(event, yaml.DocumentStartEvent):
                sizes.clear()
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        found.error = ascii(str(error))[1:-1][:100]
    found.grown = max(found.grown, stack[0][1])
    return found


def _grow(stack: list[tuple[str | None, int, list[str]]], size: int) -> None:
    anchor, held, rest = stack[-1]
    stack[-1] = (anchor, min(held + size, 1 << 62), rest)


def _place(event: Any) -> int:
    return int(event.start_mark.index) if event.start_mark else 0
