"""What each variant has answered and how fast, as one gateway counts it: what a canary is judged by."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.serving import Answer
from assay.methods.payloads import PayloadRefused, kind_of
from assay.methods.payloads.captured import json_rows, output_name
from assay.methods.routing.tally import Tally, plain
from assay.works.serving.share import Share

A_SECOND = 50  # answers of a variant that are taken apart
_BODY, _ROWS = 1 << 16, 64  # bytes of an answer that is taken apart; rows of it that are looked at
Variant = tuple[str, str, str]  # endpoint, variant, digest of its package


@dataclass
class Tallies:
    """Tallies by endpoint, variant and package: of a name that another model had before, nothing is taken for this one's. clock: seconds."""

    clock: Callable[[], float] = time.monotonic
    values: dict[Variant, Tally] = field(default_factory=dict)
    name: str = "tallies"
    _taken: dict[Variant, Share] = field(default_factory=dict)

    def take(self, key: Variant, answer: Answer, seconds: float) -> None:
        """Note how long a model took, and of some answers a second what they say; of the others no byte is looked at."""
        tally = self.values.get(key)
        if tally is None:
            tally = self.values[key] = Tally()
        tally.seconds.add(seconds)
        if answer.status != 200 or len(answer.body) > _BODY:
            return
        if self._taken.setdefault(key, Share()).take(int(self.clock()), A_SECOND):
            tally.values(values(answer.body, answer.content_type))

    def dump(self) -> list[Any]:
        """Return all of it as JSON."""
        return [[*key, tally.dump()] for key, tally in self.values.items()]

    def load(self, dumped: Sequence[Any]) -> None:
        """Add what another gateway dumped."""
        for endpoint, variant, digest, tally in dumped:
            self.values.setdefault((endpoint, variant, digest), Tally()).load(tally)


def beside(answer: Answer, given: Answer) -> str:
    """Return whether two answers to one question predict the same: "same", "other", or "unread" where either cannot be told.

    Numbers that are not whole are the same to six digits.
    """
    if answer.status != 200 or given.status != 200 or max(len(answer.body), len(given.body)) > _BODY:
        return "unread"
    one, other = (list(map(plain, values(a.body, a.content_type))) for a in (answer, given))
    if not one or not other:
        return "unread"
    same = len(one) == len(other) and all(map(_alike, one, other))
    return "same" if same else "other"


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or math.isclose(one, other, rel_tol=1e-6)
    return bool(one == other)


def values(body: bytes, content_type: str) -> list[Any]:
    """Return the predictions of an answer, one a row: nothing of a form that is neither CSV nor JSON; one None of what is malformed."""
    try:
        kind, _ = kind_of(content_type)
    except PayloadRefused:
        return []
    if not kind.text:
        return []
    try:
        text = body.decode()
        if kind.name == "csv":
            rows = csv.reader(text.splitlines()[:_ROWS], strict=True)
            return [row[0] for row in rows if row]
        names, cells = json_rows(text)
    except (ValueError, csv.Error):
        return [None]
    if not names and len(cells) == 1 and not text.lstrip().startswith("[["):
        return cells[0][:_ROWS]  # a list of plain values is an answer a row
    at = next((i for i, name in enumerate(names) if output_name(name) == "prediction"), 0)
    return [row[at] if len(row) > at else None for row in cells[:_ROWS]]
