"""What a step made then, held against what it makes now: bit for bit, and else by what it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.works.reproduction.compared import Compared, Same
from assay.works.reproduction.documents import Walk

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.works.bench import Bench

_TEXT = 16 << 20  # bytes of a file that is looked into
_PLACE = ("isolation", "packages", "python", "system")  # of a card, on where it was trained


@dataclass
class Comparer:
    """Holds artefacts against one another. fixed: digests of all that the run made. rows: where models are asked."""

    bench: Bench
    tolerance: float
    fixed: frozenset[str]

    def compare(
        self, what: str, was: Asset, now: Asset | None, rows: pa.Table | None, label: str | None
    ) -> Compared:
        """Return how one output compares. rows, label: of the table that a model is asked about, None where there is none."""
        if now is None:
            return Compared(what, was.kind, "differs", "it is not made any more", recorded=was.digest)
        digests: dict[str, Any] = {"recorded": was.digest, "rebuilt": now.digest}
        if was.digest == now.digest:
            return Compared(what, was.kind, "bits", **digests)
        if not self.bench.store.has(was.digest):
            said = "its bytes are others, and what was made then is gone, so that nobody can say where"
            return Compared(what, was.kind, "unknown", said, **digests)
        try:
            if was.kind == "table":
                return self._tables(what, was, now, digests)
            if was.kind == "model":
                return self._models(what, was, now, rows, label, digests)
            return self._files(what, was, now, digests)
        except AssayError as error:
            return Compared(what, was.kind, "unknown", f"it cannot be held against it: {error}", **digests)

    def _tables(self, what: str, was: Asset, now: Asset, digests: dict[str, Any]) -> Compared:
        from assay.methods.parting.first import first_parting

        with self.bench.opened(was, "table") as a, self.bench.opened(now, "table") as b:
            schemas = a.arrow(limit=0).schema, b.arrow(limit=0).schema
            found = first_parting(a.batches(), b.batches(), schemas)
        if found is None:
            return Compared(
                what,
                "table",
                "tolerance",
                "every cell is the same; the file is written otherwise",
                gap=0.0,
                **digests,
            )
        where = {
            "row": found.row or None,
            "column": found.column or None,
            "before": found.before,
            "after": found.after,
        }
        where |= {"cells": found.cells, "columns": list(found.columns[:50]), "reordered": found.reordered}
        if found.within(self.tolerance):
            said = f"{found.said}, none by more than {found.gap:.2g}" if found.cells else found.said
            return Compared(what, "table", "tolerance", said, where, found.gap, **digests)
        return Compared(what, "table", "differs", found.said, where, found.gap, **digests)

    def _models(
        self,
        what: str,
        was: Asset,
        now: Asset,
        rows: pa.Table | None,
        label: str | None,
        digests: dict[str, Any],
    ) -> Compared:
        from assay.works.reproduction.answers import asked

        member = self._member(was, now)
        where = {"member": member} if member else {}
        if rows is None:
            said = "its bytes are others, and there is no table that it could be asked about"
            return Compared(what, "model", "unknown", said, where, **digests)
        try:
            found = asked(self.bench, was, now, rows, label, self.tolerance)
        except AssayError as error:
            said = f"its bytes are others, and it cannot be asked: {error}"
            return Compared(what, "model", "unknown", said, where, **digests)
        same: Same = "tolerance" if found.within else "differs"
        return Compared(what, "model", same, found.said, {**where, **found.where}, found.gap, **digests)

    def _member(self, was: Asset, now: Asset) -> str:
        """Return the first file inside two packed models that is another."""
        a, b = (self._members(x, f"members-{n}") for n, x in (("then", was), ("now", now)))
        return next((n for n in sorted({*a, *b}) if a.get(n) != b.get(n)), "")

    def _members(self, model: Asset, name: str) -> dict[str, str]:
        from assay.engines import archives
        from assay.engines.folders import sweep

        path = self.bench.path(model)
        if path.is_dir() or "tar" not in model.format:
            return {}
        place = self.bench.scratch / f"{name}-{model.digest[7:23]}"
        try:
            made = archives.unpack(path, place)
            return {p.relative_to(place).as_posix(): _sha(p) for p in made}
        except AssayError:
            return {}
        finally:
            sweep(place)

    def _files(self, what: str, was: Asset, now: Asset, digests: dict[str, Any]) -> Compared:
        if was.kind == "tree":
            first = next(self._trees(was, now), "")
            return Compared(
                what, "tree", "differs", f"its file `{first}` is another", {"member": first}, **digests
            )
        a, b = (self.bench.store.read(x.digest, _TEXT) for x in (was, now))
        walk = Walk(self.tolerance, self.fixed)
        try:
            parted = next(walk.parts(_placeless(json.loads(a)), _placeless(json.loads(b))), None)
        except (ValueError, RecursionError):  # no JSON, or nested deeper than is walked
            return Compared(what, was.kind, "differs", *_lines(a, b), **digests)
        if parted is None and walk.gap:
            return Compared(
                what,
                was.kind,
                "tolerance",
                f"numbers differ by up to {walk.gap:.2g}",
                gap=walk.gap,
                **digests,
            )
        if parted is None:
            return Compared(what, was.kind, "times", "the same but for when and where it was made", **digests)
        at, before, after = parted
        where = {"at": at, "before": str(before)[:80], "after": str(after)[:80]}
        return Compared(what, was.kind, "differs", f"its `{at}` is another", where, **digests)

    def _trees(self, was: Asset, now: Asset) -> Iterator[str]:
        a, b = (
            {e["path"]: e["sha256"] for e in json.loads(self.bench.store.read(x.digest, _TEXT))}
            for x in (was, now)
        )
        yield from (n for n in sorted({*a, *b}) if a.get(n) != b.get(n))


def _placeless(document: Any) -> Any:
    """Return a model card without where its model was trained: that is told of the run, and others install what they like."""
    if not (isinstance(document, dict) and document.get("schema") == "assay.card/1"):
        return document
    training = document.get("training")
    if not isinstance(training, dict):
        return document
    return document | {"training": {k: v for k, v in training.items() if k not in _PLACE}}


def _lines(a: bytes, b: bytes) -> tuple[str, dict[str, Any]]:
    place = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if b"\0" in a[:4096] or b"\0" in b[:4096]:
        return f"its bytes part from offset {place} on", {"offset": place}
    line = a.count(b"\n", 0, place) + 1
    return f"its line {line} is another", {"line": line}


def _sha(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
