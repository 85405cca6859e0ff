"""The code of two runs, file by file: unified diffs, bounded."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError
from assay.works.provenance.changes import Change, manifest
from assay.works.provenance.recording import is_path

if TYPE_CHECKING:
    from assay.works.provenance.past import Past

_LINES = 400  # of one file's diff
_BYTES = 1 << 20
_OF_CODE = ("code", "package", "file", "step_added", "step_removed", "step_replaced")


def files(old: Past, new: Past, changes: list[Change]) -> list[dict[str, Any]]:
    """Return each file of code that differs: its step, its path, its digests, and a unified diff where it is text."""
    out = []
    for change in changes:
        if change.kind not in _OF_CODE:
            continue
        a, b = _tree(old, change.what or change.step, change), _tree(new, change.step, change)
        for path in sorted(f for f in {*a, *b} if a.get(f) != b.get(f)):
            out.append(
                {
                    "step": change.step,
                    "file": path,
                    "before": a.get(path),
                    "after": b.get(path),
                    **_diff(old, new, path, a.get(path), b.get(path)),
                }
            )
    return out


def _tree(past: Past, step: str, change: Change) -> dict[str, str]:
    name = step if step in past.document["steps"] else change.step
    raw = past.document["steps"].get(name, {}).get("params", {})
    out: dict[str, str] = {}
    for param, value in raw.items():
        if is_path(value) and value["digest"] and (not change.path or change.path[0] == param):
            out |= manifest(past, value["digest"]) if value["tree"] else {value["$path"]: value["digest"]}
    return out


def _diff(old: Past, new: Past, path: str, was: str | None, now: str | None) -> dict[str, Any]:
    a, b = _text(old, was), _text(new, now)
    if a is None or b is None:
        return {"diff": None, "cut": False}
    lines = list(difflib.unified_diff(a, b, f"a/{path}", f"b/{path}", lineterm=""))
    return {"diff": "\n".join(lines[:_LINES]), "cut": len(lines) > _LINES}


def _text(past: Past, digest: str | None) -> list[str] | None:
    if digest is None:
        return []
    try:
        raw = past.home.store.read(digest, _BYTES)
        return None if b"\0" in raw else raw.decode().splitlines()
    except (AssayError, UnicodeDecodeError):
        return None
