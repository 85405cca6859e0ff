"""Whether a query of the logs may be asked: one SELECT, over the views alone, with no function that reaches outside.

It is decided on the tree that DuckDB's own parser gives, so that what is judged is what is run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

MAX_SQL = 100_000  # characters
_DEPTH = 500
TABLE_FUNCTIONS = frozenset(
    {
        "range",
        "generate_series",
        "unnest",
        "json_each",
        "json_tree",
        "repeat",
        "repeat_row",
        "regexp_split_to_table",
    }
)
_REFUSED = frozenset(
    {"getenv", "write_log", "current_setting", "getvariable", "nextval", "currval", "query", "query_table"}
)


def refusal(tree: Any, views: Collection[str]) -> tuple[str | None, set[str]]:
    """Return why the tree of a query may not be asked, or None, and the views that it reads.

    tree: what DuckDB's json_serialize_sql gives of it.
    """
    if not isinstance(tree, dict) or tree.get("error"):
        said = str(tree.get("error_message", "")) if isinstance(tree, dict) else ""
        if tree.get("error_type") == "not implemented":
            said = "only SELECT may be asked"
        return said[:300] or "it cannot be read", set()
    statements = tree.get("statements") or []
    if len(statements) != 1:
        return "one query at a time may be asked", set()
    known = {v.lower() for v in views}
    own: set[str] = set()
    read: set[str] = set()
    try:
        nodes = list(_nodes(statements[0], 0))
    except RecursionError:
        return f"it is nested more than {_DEPTH} deep", set()
    for node in nodes:
        own |= _own(node)
    for node in nodes:
        reason = _wrong(node, known, own, read)
        if reason is not None:
            return reason, read
    return None, read


def _own(node: dict[str, Any]) -> set[str]:
    """Return the names that a node's WITH gives."""
    names = node.get("cte_map")
    found = names.get("map", []) if isinstance(names, dict) else []
    given = {str(e.get("key", "")).lower() for e in found if isinstance(e, dict)}
    if str(node.get("type")) in ("CTE_NODE", "RECURSIVE_CTE_NODE"):
        given.add(str(node.get("cte_name", "")).lower())
    return given


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _nodes(child, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _nodes(child, depth + 1)


def _wrong(node: dict[str, Any], known: set[str], own: set[str], read: set[str]) -> str | None:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        name = str(node.get("table_name", "")).lower()
        if node.get("catalog_name") or str(node.get("schema_name", "")) not in ("", "main"):
            return f"there is no view {node.get('schema_name')}.{name}"
        if name in known:
            read.add(name)
        elif name not in own:
            return f"there is no view {name!r}"
    elif kind == "TABLE_FUNCTION":
        name = _name(node.get("function"))
        if name not in TABLE_FUNCTIONS:
            return f"{name}() may not be asked for rows"
    elif kind == "SHOW_REF":
        name = str(node.get("table_name", "")).strip('"').lower()
        if (
            name not in known
            and (name or not node.get("query"))
            and name not in ("__show_tables_expanded", "tables")
        ):
            return f"there is no view {name!r}"
    elif node.get("class") == "FUNCTION" and _name(node) in _REFUSED:
        return f"{_name(node)}() may not be called"
    return None


def _name(node: Any) -> str:
    return str(node.get("function_name", "")).lower() if isinstance(node, dict) else ""
