"""The shapes that every verb answers in: an office's record as JSON, and a list of them."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import Any

Json = dict[str, Any]


def plain_record(record: Any) -> Json:
    """Return an office's record as JSON."""
    raw = asdict(record) if is_dataclass(record) and not isinstance(record, type) else dict(record)
    return json.loads(json.dumps(raw, default=str))  # type: ignore[no-any-return]


def listed(noun: str, items: list[Json]) -> Json:
    """Return a list in the shape that every list has."""
    return {"schema": f"assay.{noun}/1", noun: items}
