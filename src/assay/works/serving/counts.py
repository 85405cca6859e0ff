"""What the gateways of a server count, each in a file of its own, so that any of them tells of all, and none is lost when one dies."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from assay.methods.exposition import Counter, Histogram, merged, text
from assay.works.serving.tallies import Tallies

_LARGEST = 32 << 20


class Counts:
    """The counts of one gateway process. Each number is one that only grows, but for what is under way."""

    def __init__(self) -> None:
        variant = ("endpoint", "variant")
        self.requests = Counter("assay_requests_total", "Requests answered, by status.", (*variant, "status"))
        self.refused = Counter("assay_refused_total", "Requests refused, by rule.", ("endpoint", "rule"))
        self.noted = Counter(
            "assay_noted_total", "Requests that a guard in detect mode noted.", ("endpoint", "rule")
        )
        self.seconds = Histogram(
            "assay_request_seconds", "From a whole request to its answer.", ("endpoint",)
        )
        self.model = Histogram("assay_model_seconds", "What the model took of it.", variant)
        self.shadow = Counter(
            "assay_shadow_total", "Questions to shadows, by outcome.", (*variant, "outcome")
        )
        self.compared = Counter(
            "assay_shadow_compared_total",
            "Predictions of shadows beside those that were given: same, other, or unread.",
            (*variant, "outcome"),
        )
        self.captured = Counter(
            "assay_capture_total",
            "Captures: kept, dropped at once, or taken and then unwritten.",
            ("endpoint", "outcome"),
        )
        self.spans = Counter(
            "assay_spans_total",
            "Requests that are kept as spans, and those that a second had no room for.",
            ("outcome",),
        )
        self.cached = Counter("assay_cached_total", "Answers given again.", ("endpoint",))
        self.fallen = Counter("assay_fallback_total", "Answers of a fallback rule.", ("endpoint",))
        self.under_way = Counter("assay_under_way", "Requests under way.", ("endpoint",), kind="gauge")
        self.connections = Counter("assay_connections", "Open connections.", (), kind="gauge")
        self.broken = Counter(
            "assay_connections_refused_total", "Connections ended for what came on them.", ("rule",)
        )
        self.tallies = Tallies()

    def all(self) -> list[Counter | Histogram]:
        """Return every metric."""
        return [m for m in vars(self).values() if not isinstance(m, Tallies)]

    def dump(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return {m.name: m.dump() for m in (*self.all(), self.tallies)}

    def load(self, dumps: Iterable[Mapping[str, Any]]) -> None:
        """Add what others dumped; what a gateway of before did not count is not in it."""
        for dump in dumps:
            merged([dump], self.all())
            self.tallies.load(dump.get(self.tallies.name, ()))


def keep(path: Path, counts: Counts, **more: Any) -> None:
    """Write a gateway's counts, whole or not at all. more: what else others are to know of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(msgspec.json.encode({"counts": counts.dump(), "pid": os.getpid(), **more}))
    fresh.replace(path)


def kept(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what each gateway of a server has written: its name, and the document."""
    for path in sorted(folder.glob("gateway-*.json")):
        try:
            if path.stat().st_size <= _LARGEST:
                yield path.stem, json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue


def restored(path: Path) -> Counts:
    """Return the counts of a gateway that goes on in another's place; what was under way there no longer is."""
    counts = Counts()
    try:
        dump = json.loads(path.read_bytes())["counts"]
    except (OSError, ValueError, KeyError, TypeError):
        return counts
    for name in ("assay_under_way", "assay_connections"):
        dump.pop(name, None)
    counts.load([dump])
    return counts


def totals(folder: Path, own: tuple[str, Counts] | None = None) -> Counts:
    """Return the sum over all gateways of a server. own: the name and the counts of the one that asks, as they are now."""
    whole = Counts()
    dumps = [doc["counts"] for name, doc in kept(folder) if own is None or name != own[0]]
    whole.load([*dumps, own[1].dump()] if own is not None else dumps)
    return whole


def shown(counts: Counts, extra: list[Counter | Histogram] | None = None) -> bytes:
    """Return counts as Prometheus reads them."""
    return text([*counts.all(), *(extra or [])]).encode()
