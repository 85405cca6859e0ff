"""Which event of the log vouches for a row as it should stand, and the digest that it says."""

from __future__ import annotations

import json
from collections.abc import Callable

from assay.office.pruning import STUB


def voucher(leaf_of: Callable[[int], str | None], seq: int | None, place: str) -> tuple[int, str] | None:
    """Return the seq of the event that vouches for a row, and the row's digest there; None where no event does.

    leaf_of: the text of an event's leaf. seq: of the latest event that left the row; of a pruned one, the event that pruned
    it vouches anew for what stood. place: ``table/key``.
    """
    try:
        for _ in range(2):
            if seq is None:
                return None
            event = json.loads(leaf_of(seq) or "null")
            if event.get("schema") != STUB:
                found = event["rows"].get(place)
                return None if found is None else (seq, str(found))
            seq = int(event["by"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return None
