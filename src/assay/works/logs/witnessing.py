"""Checkpoints given to witnesses, and the log held against what they keep: a database put back is found by any one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assay.engines.witnesses.witness import opened
from assay.kernel.errors import AssayError, Broken
from assay.methods import merkle, notes
from assay.office import checkpoint, ledger, logbook
from assay.office.logbook import Witnessed
from assay.office.problem import Problem
from assay.works.home import Home

_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """What a witness says. size: of the largest checkpoint that they confirm; time: where they vouch for one."""

    witness: str
    confirms: bool
    size: int | None = None
    time: str | None = None
    why: str | None = None
    problems: tuple[Problem, ...] = field(default=())


def witness(home: Home, actor: str, specs: Sequence[str]) -> list[tuple[Witnessed, int]]:
    """Give the checkpoint as it is now to each witness, and record that they have it.

    The receipts lie in the home beside the database too, so that a database put back is found by them.
    """
    keepers = [(spec, opened(spec)) for spec in specs]
    note = checkpoint.current(home.office)
    signed = checkpoint.of(home.office, note)
    if signed is None:
        raise Broken("the checkpoint is not signed by this office", remedy="see `assay log verify`")
    out = []
    for spec, keeper in keepers:
        kept = keeper.keep(signed.size, note)
        with home.office.transaction() as tx:
            record = Witnessed(spec, signed.size, note, tx.now, kept.receipt, kept.place)
            logbook.put(tx, record)
            detail = {"size": signed.size, "place": kept.place, "receipt": kept.receipt}
            event = tx.record("log.witness", spec, actor=actor, detail=detail)
        _beside(home, record)
        out.append((record, event))
    return out


def _beside(home: Home, record: Witnessed) -> None:
    folder = home.folder("witnesses")
    fresh = folder / ".new"
    with fresh.open("w", encoding="utf-8") as out:
        json.dump(asdict(record), out)
        out.flush()
        os.fsync(out.fileno())
    count = sum(1 for _ in folder.glob("*.json"))
    fresh.replace(folder / f"{record.size:020d}-{count:06d}.json")


def ask(home: Home, specs: Sequence[str]) -> list[Told]:
    """Ask witnesses what they keep; ``all`` stands for each that was ever given a checkpoint, as log or files beside it say."""
    records = [*logbook.witnessed(home.office), *_lying(home)]
    named = dict.fromkeys(s for s in specs if s != "all")
    if "all" in specs:
        named |= dict.fromkeys(r.witness for r in records)
    return [_one(home, spec, [r for r in records if r.witness == spec]) for spec in named]


def _lying(home: Home) -> list[Witnessed]:
    out = []
    for path in sorted((home.root / "witnesses").glob("*.json")):
        try:
            raw: dict[str, Any] = json.loads(_text(path))
            out.append(
                Witnessed(**{k: raw[k] for k in ("witness", "size", "checkpoint", "at", "receipt", "place")})
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # one that was damaged confirms nothing; it is not counted as one that does
    return out


def _text(path: Path) -> str:
    with path.open(encoding="utf-8") as source:
        return source.read(_MOST)


def _one(home: Home, spec: str, records: Sequence[Witnessed]) -> Told:
    try:
        keeper = opened(spec)
        seen = keeper.seen()
        receipts = {r.checkpoint: r.receipt for r in records if r.receipt}
        times = {}
        for note, receipt in receipts.items():
            times[note] = keeper.confirms(note, receipt)
    except (AssayError, ValueError) as error:
        why = f"{error}"
        return Told(
            spec, False, why=why, problems=(Problem("missing", f"{spec} does not confirm the log: {why}"),)
        )
    found: list[Problem] = []
    best: tuple[int, str | None] | None = None
    for note in dict.fromkeys([*seen, *times]):
        signed = checkpoint.of(home.office, note)
        if signed is None:
            if note.partition("\n")[0] == home.office.origin:
                found.append(
                    Problem("bad-signature", f"{spec} keeps a checkpoint that this log's key did not sign")
                )
            continue
        wrong = _against(home, spec, signed)
        if wrong is not None:
            found.append(wrong)
        elif best is None or signed.size > best[0]:
            best = (signed.size, times.get(note))
    if best is None and not found:
        found.append(Problem("missing", f"{spec} keeps no checkpoint of this log"))
    size, time = best or (None, None)
    return Told(spec, best is not None and not found, size, time, problems=tuple(found))


def _against(home: Home, spec: str, signed: notes.Checkpoint) -> Problem | None:
    now = checkpoint.of(home.office, checkpoint.current(home.office))
    held = now.size if now else 0
    if signed.size > held:
        lost = signed.size - held
        return Problem("rolled-back", f"{spec} saw {lost} events more than the log holds", held)
    try:
        root = merkle.root(signed.size, ledger.stored(home.office))
    except AssayError:
        return Problem("tree", "a node of the log's tree is missing")
    if root != signed.root:
        return Problem("rewritten", f"the first {signed.size} events are not those that {spec} saw")
    return None
