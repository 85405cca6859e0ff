"""Secrets in bytes: lines that could hold one are found at once, and the exact rules are asked about those."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from assay.methods.secrets.plain import MOST as MOST_PLAIN
from assay.methods.secrets.plain import Plain
from assay.methods.secrets.rule import Place, Rule, Severity
from assay.methods.secrets.sieve import LONGEST, Sieve
from assay.methods.secrets.table import RULES

_REMEMBERED = 50_000  # lines without a secret that are known again
_WIDE = 64 << 20
MOST = 500  # secrets told of one blob; more are counted as one more
BATCH = 8 << 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret in a blob. line: from 1. start, stop: where it lies. field: the name it goes by, where it has one."""

    rule: Rule
    line: int
    start: int
    stop: int
    secret: bytes
    severity: Severity
    said: str = ""
    field: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with the name that they go by; key: whatever the caller knows them by."""

    data: bytes
    name: str = ""
    key: object = None


class Engine:
    """Searches blobs in batches. now: RFC 3339, UTC: tokens that say when they expire are held against it.

    little: whether a little text is searched without Arrow, whose import would take longer than the search.
    """

    def __init__(self, now: str = "", rules: Sequence[Rule] = RULES, little: bool = False) -> None:
        self.now, self._rules, self._little = now, rules, little
        self._none: set[bytes] = set()

    def search(self, blobs: Iterable[Blob]) -> Iterator[tuple[Blob, list[Hit]]]:
        """Give each blob with its secrets, in order; blobs are taken in batches of some megabytes."""
        batch: list[Blob] = []
        size = 0
        for blob in blobs:
            batch.append(blob)
            size += len(blob.data)
            if size >= BATCH or len(batch) >= 4_096:
                yield from self._batch(batch)
                batch, size = [], 0
        yield from self._batch(batch)

    def _batch(self, batch: list[Blob]) -> Iterator[tuple[Blob, list[Hit]]]:
        if not batch:
            return
        plain = [as_text(blob.data) for blob in batch]
        found: dict[int, list[Hit]] = {}
        small = self._little and sum(map(len, plain)) <= MOST_PLAIN
        for at, line, start, stop in (Plain() if small else _sieve()).lines(plain):
            hits = found.setdefault(at, [])
            if len(hits) <= MOST:
                hits += self._line(plain[at], batch[at].name, line, start, stop)
        for at, blob in enumerate(batch):
            yield blob, _apart(found.get(at, []))

    def _line(self, blob: bytes, name: str, line: int, start: int, stop: int) -> list[Hit]:
        text = blob[start:stop]
        if text in self._none:
            return []
        low = text.lower()
        windowed = stop - start >= LONGEST - 1
        hits: list[Hit] = []
        asked = False
        place = Place(blob, start, stop, name, self.now)
        for rule in self._rules:
            if not any(key in low for key in rule.keys):
                continue
            end = min(len(blob), stop + rule.reach) if windowed else stop
            for match in rule.pattern.finditer(blob, start, end):
                if match.start() > stop:
                    break
                asked = True
                hit = _judged(rule, match, place, line)
                if hit is not None:
                    hits.append(hit)
        if not asked and len(self._none) < _REMEMBERED and len(text) < 400:
            self._none.add(text)
        return hits


@cache
def _sieve() -> Sieve:
    return Sieve()


def _judged(rule: Rule, match: object, place: Place, line: int) -> Hit | None:
    import re

    assert isinstance(match, re.Match)
    start, stop = match.span("secret") if "secret" in match.re.groupindex else match.span()
    if rule.judge is None:
        return Hit(rule, line, start, stop, place.blob[start:stop], rule.severity)
    said = rule.judge(match, place)
    if said is None:
        return None
    if said.start >= 0:
        start, stop = said.start, said.stop
    return Hit(
        rule, line, start, stop, place.blob[start:stop], said.severity, said.said, said.field, said.remedy
    )


def _apart(hits: list[Hit]) -> list[Hit]:
    """Leave out what lies over one that a more exact rule told of, and what two windows both told of."""
    order = {id(rule): at for at, rule in enumerate(RULES)}
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (order.get(id(h.rule), 0), h.start)):
        if all(hit.stop <= other.start or hit.start >= other.stop for other in kept[-64:] + kept[:64]):
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)


def as_text(data: bytes) -> bytes:
    """Return UTF-16 and UTF-32 with a mark at the beginning, and UTF-16 of plain letters without, as UTF-8; all else as it is."""
    for mark, name in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name, "replace").encode()
    head = data[:512]
    if len(data) >= 16 and len(data) % 2 == 0 and len(data) <= _WIDE:  # without a mark: every other byte is 0
        for zeros, others, name in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
            if not any(head[zeros::2]) and all(head[others::2]):
                return data.decode(name, "replace").encode()
    return data
