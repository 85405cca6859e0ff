"""JSON: XGBoost's model, configurations, and what in them makes a loader run code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

LIMIT = 64 << 20
_XGBOOST = (b'{"learner"', b'{"version"', b'{"Config"')


def sniff(view: View) -> bool:
    """Text that begins with a brace or a bracket and ends with its counterpart."""
    head = view.head.lstrip(b"\xef\xbb\xbf \r\n\t")
    tail = bytes(view.data[-64:]).rstrip()
    return head[:1] + tail[-1:] in (b"{}", b"[]") and b"\0" not in view.head


def examine(view: View, ground: Ground) -> bool:
    """Look for layers and classes that run code when the configuration is loaded."""
    from assay.checks.model.scan import _keras, _settings, _skops, _xgboost

    if view.size > LIMIT:
        return _large(view, ground)
    twice: set[str] = set()
    hidden: list[Any] = []
    try:
        tree = json.loads(bytes(view.data), object_pairs_hook=lambda pairs: _every(pairs, twice, hidden))
    except (ValueError, RecursionError) as error:
        if view.name.endswith((".json", ".ubj")):
            return ground.not_understood(view, f"it is no valid JSON ({ascii(str(error))[:80]})")
        return _lines(view, ground)
    if twice:
        _told_twice(twice, view, ground)
    good = True
    if isinstance(tree, dict) and "__loader__" in tree:
        good = _skops.examine(tree, view, ground)
    if isinstance(tree, dict) and "learner" in tree:
        good = _xgboost.examine(tree, view, ground) and good
    for value in (tree, *hidden):
        good = _keras.examine(value, view, ground) and good
        good = _settings.examine(value, view, ground) and good
    return good


def _every(pairs: list[tuple[str, Any]], twice: set[str], hidden: list[Any]) -> dict[str, Any]:
    """Build a mapping; what a later key of the same name would hide is kept, for readers that heed the first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                twice.add(key)
                hidden.append({**found, key: seen[key]})
            seen[key] = value
    return found


def _told_twice(twice: set[str], view: View, ground: Ground) -> None:
    ground.find(
        "duplicate_key",
        Severity.MEDIUM,
        f"{view.place} says {ascii(min(twice))[:60]} twice in one place; which one counts depends on who reads it.",
        view,
        remedy="ask for the file as its writer would write it",
        refs=("CWE-694",),
        count=len(twice),
    )


def _lines(view: View, ground: Ground) -> bool:
    """JSON lines and other text, which the text format has read: each line that is a mapping is judged."""
    from assay.checks.model.scan import _keras, _settings

    good = True
    for line in bytes(view.data[: 4 << 20]).splitlines()[:10_000]:
        if line.lstrip()[:1] == b"{":
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                return good
            good = _keras.examine(value, view, ground) and _settings.examine(value, view, ground) and good
    return good


def _large(view: View, ground: Ground) -> bool:
    head = bytes(view.data[:64]).replace(b" ", b"").replace(b"\n", b"")
    if head.startswith(_XGBOOST) and all(
        view.data.find(word) < 0
        for word in (b"class_name", b"auto_map", b"__loader__", b"_target_", b"py/", b"template", b"\\u")
    ):
        return True
    return ground.not_understood(view, "it is JSON of more than 64 MiB, and not XGBoost's")
