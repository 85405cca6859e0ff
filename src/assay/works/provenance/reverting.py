"""A run's document with some of its changes taken back: what a replay carries out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.works.provenance.changes import Change, base

if TYPE_CHECKING:
    from assay.works.provenance.past import Past

Document = dict[str, Any]


def without(old: Past, new: Past, taken: list[Change]) -> Document:
    """Return the new run's document with some of its changes taken back."""
    document: Document = copy.deepcopy(dict(new.document))
    document["pinned"] = {n: a.to_dict() for n, a in new.assets.items() if n in new.document["data"]}
    order = ("step_removed", "step_replaced", "step_added")
    for change in sorted(taken, key=lambda c: order.index(c.kind) if c.kind in order else -1):
        _take_back(change, document, old, new)
    return document


def _take_back(change: Change, document: Document, old: Past, new: Past) -> None:
    a, steps = old.document, document["steps"]
    name, kind = change.step, change.kind
    if kind == "data":
        document["data"][change.what] = a["data"][change.what]
        document["pinned"][change.what] = old.assets[change.what].to_dict()
    elif kind == "seed" and not name:
        document["pipeline"]["seed"] = change.before
    elif kind == "step_added":
        _bypass(name, document, old)
    elif kind == "step_removed" or (kind == "step_replaced" and change.what != name):
        gone = change.what or name
        steps[gone] = copy.deepcopy(a["steps"][gone])
        for step, raw in steps.items():
            for param, ref in a["steps"].get(step, {}).get("inputs", {}).items():
                if base(ref) == gone and param in raw["inputs"]:
                    raw["inputs"][param] = ref
            for param, source in a["steps"].get(step, {}).get("reports", {}).items():
                if source == gone:
                    raw["reports"][param] = source
        if kind == "step_replaced":
            _bypass(name, document, old)
    elif kind == "step_replaced":
        steps[name] = copy.deepcopy(a["steps"][name])
    elif kind == "input":
        _set(steps[name]["inputs"], change.what, change.before)
    elif kind in ("gate", "seed") and not change.path:
        steps[name][kind] = copy.deepcopy(a["steps"][name][kind])
    elif kind in ("parameter", "code", "package", "file", "seed"):
        was: Any = a["steps"][name]["params"]
        now: Any = steps[name]["params"]
        *above, last = change.path
        for key in above:
            was, now = was[key], now[key]
        _set(now, last, copy.deepcopy(was.get(last)))


def _set(held: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value


def _bypass(name: str, document: Document, old: Past) -> None:
    """Take a step out: who used what it made uses what they used before, or else what it was made from."""
    steps = document["steps"]
    gone = steps.pop(name)
    known = {*steps, *document["data"]}
    for step, raw in steps.items():
        before = old.document["steps"].get(step, {})
        for param, ref in list(raw["inputs"].items()):
            if base(ref) != name:
                continue
            was = before.get("inputs", {}).get(param)
            chain = [r for r in gone["inputs"].values() if base(r) in known]
            straight = next((r for r in chain if r == was), None)
            if (
                was is not None
                and base(was) in known
                and (straight or not chain or not _within(chain, was, steps))
            ):
                raw["inputs"][param] = was
            elif chain:
                raw["inputs"][param] = _leading(chain, was, steps)
        for param, source in list(raw["reports"].items()):
            if source == name:
                _set(raw["reports"], param, before.get("reports", {}).get(param))
        if raw["after"] is not None:
            raw["after"] = [s for s in raw["after"] if s != name]


def _upstream(ref: str, steps: Mapping[str, Any]) -> set[str]:
    seen: set[str] = set()
    todo = [ref]
    while todo:
        text = todo.pop()
        if text not in seen:
            seen.add(text)
            todo += steps.get(base(text), {}).get("inputs", {}).values()
    return seen


def _within(chain: list[str], was: str, steps: Mapping[str, Any]) -> bool:
    return any(was in _upstream(ref, steps) for ref in chain)


def _leading(chain: list[str], was: str | None, steps: Mapping[str, Any]) -> str:
    """Return the input that comes from what was used before; the first where none does."""
    return next((r for r in chain if was is not None and was in _upstream(r, steps)), chain[0])
