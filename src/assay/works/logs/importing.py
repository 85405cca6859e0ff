"""Logs of other systems taken into the home: Parquet by source and day, each batch an event with the digests of both ends.

The files are written beside, put in their place, and then entered in one transaction with the event; what a killed import
left is swept by the next. What was imported before is passed over: a file by its content, a record by its own name.
"""

from __future__ import annotations

import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.engines.blobs import digest_file
from assay.engines.durable import sync
from assay.engines.logs import duplicates, reading, workers
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.logs.sniff import HEAD, NAMES, SOURCES, sniff
from assay.methods.logs.source import Source
from assay.office import logbook
from assay.office.alive import held
from assay.works.home import Home

BATCH_FILES, BATCH_BYTES = 512, 1 << 30
_ALONE = 24 << 20  # bytes from which on processes are worth their start
_PACKED = 8  # gzip makes a log about so much smaller


@dataclass
class Imported:
    """What an import did, of one source. events: the batches' places in the ledger."""

    source: str
    files: int = 0
    skipped: int = 0
    records: int = 0
    duplicates: int = 0
    bad: int = 0
    bytes: int = 0
    content: int = 0
    rows: int = 0
    days: set[str] = field(default_factory=set)
    aside: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        days = sorted(self.days)
        rest = {k: v for k, v in self.__dict__.items() if k != "days"}
        return rest | {"first_day": days[0] if days else None, "last_day": days[-1] if days else None}


Progress = Callable[[int, int], None]


def import_logs(
    home: Home, actor: str, places: Sequence[str], *, kind: str | None, time: str | None, progress: Progress
) -> list[Imported]:
    """Import files and folders; return what was done, by source. kind: the format, found by content where None.

    UsageError for a format that is not known; BadInput for a single file whose format is none.
    """
    if kind is not None and kind not in NAMES:
        raise UsageError(f"there is no format {kind!r}", remedy=f"one of {', '.join(sorted(NAMES))}")
    if time is not None and kind != "jsonl":
        raise UsageError("--time names a field of JSON lines", remedy="say it with --as jsonl")
    found, unknown = _sorted(places, NAMES[kind] if kind else None)
    done = {name: Imported(name) for name in found}
    if unknown:
        done["unknown"] = Imported(
            "unknown", files=len(unknown), bad=len(unknown), aside=[str(p) for p in unknown[:20]]
        )
    total = sum(p.stat().st_size for paths in found.values() for p in paths)
    seen = 0
    with working(home) as folder:
        for name, paths in found.items():
            for batch in _batches(paths):
                _batch(home, actor, folder, SOURCES[name], batch, time, done[name])
                seen += sum(p.stat().st_size for p in batch)
                progress(seen, total)
    return list(done.values())


@contextmanager
def working(home: Home) -> Iterator[Path]:
    """Hold the lock of the home's logs, sweep what was left by a process that died, and give their folder."""
    folder = home.folder("logs")
    with held(folder / "lock"):
        sweep(home, folder)
        yield folder


def sweep(home: Home, folder: Path) -> None:
    """Remove what no record names: half an import, or what retention had struck off and not yet removed."""
    shutil.rmtree(folder / ".staging", ignore_errors=True)
    lying = {p.relative_to(folder).as_posix(): p for p in folder.glob("*/day=*/*.parquet")}
    if lying:
        live = {f.file for f in logbook.files(home.office) if f.state == "live"}
        for name in lying.keys() - live:
            lying[name].unlink(missing_ok=True)


def _sorted(places: Sequence[str], name: str | None) -> tuple[dict[str, list[Path]], list[Path]]:
    """Return the files by source, and those of no format that is known."""
    found: dict[str, list[Path]] = defaultdict(list)
    unknown = []
    for place in places:
        paths = list(reading.files(Path(place)))
        if not paths:
            raise Missing(f"there is no file in {place}", remedy="check the path")
        for path in paths:
            source = SOURCES[name] if name else _kind(path, alone=len(paths) == 1)
            if source is None:
                unknown.append(path)
            else:
                found[source.name].append(path)
    return found, unknown


def _kind(path: Path, *, alone: bool) -> Source | None:
    try:
        source = sniff(reading.head(path, HEAD))
    except BadInput:
        if alone:
            raise
        return None
    if source is None and alone:
        raise BadInput(
            "this is no log of a format that is known",
            where=str(path),
            remedy=f"name it: --as {'|'.join(sorted(NAMES))}",
        )
    return source


def _batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        weight = path.stat().st_size
        if batch and (len(batch) >= BATCH_FILES or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += weight
    if batch:
        yield batch


def _batch(
    home: Home,
    actor: str,
    folder: Path,
    source: Source,
    paths: Sequence[Path],
    time: str | None,
    done: Imported,
) -> None:
    batch = secrets.token_hex(6)
    staging = folder / ".staging" / batch
    staging.mkdir(parents=True)
    try:
        known = {i.content: i.length for i in logbook.inputs(home.office, source.name)}
        options = {"known": known, "time": time}
        jobs = [
            ([str(p) for p in share], source.name, str(staging), f"{batch}-{n}", options)
            for n, share in enumerate(_shares(paths, home.settings.cores))
        ]
        shares = workers.run(jobs, home.settings.cores)
        files = _written(home, folder, staging, source, batch, shares, done)
        _enter(home, actor, folder, staging, source, batch, shares, files, done)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _shares(paths: Sequence[Path], cores: int) -> list[list[Path]]:
    """Share files out among processes by their weight, the heaviest first; few are taken here."""
    weights = {p: p.stat().st_size * (_PACKED if p.suffix == ".gz" else 1) for p in paths}
    if sum(weights.values()) < _ALONE or cores < 2:
        return [list(paths)]
    shares: list[list[Path]] = [[] for _ in range(min(cores, len(paths)))]
    loads = [0] * len(shares)
    for path in sorted(paths, key=lambda p: -weights[p]):
        least = loads.index(min(loads))
        shares[least].append(path)
        loads[least] += weights[path]
    return [sorted(share) for share in shares]


def _written(
    home: Home,
    folder: Path,
    staging: Path,
    source: Source,
    batch: str,
    shares: Sequence[dict[str, Any]],
    done: Imported,
) -> list[logbook.LogFile]:
    """Return the records of the files that were written, without the records that were there before."""
    written = [w for share in shares for w in share["written"]]
    gone: dict[Path, int] = {}
    if source.unique:
        old = logbook.files(home.office, source=source.name, days=(w["day"] for w in written))
        held_ = [folder / f.file for f in old if f.state == "live" and (folder / f.file).exists()]
        fresh = [staging / w["file"] for w in written]
        gone = duplicates.drop(fresh, held_, source, home.settings.memory, staging / ".spill")
        done.duplicates += sum(gone.values())
    out = []
    for w in written:
        path = staging / w["file"]
        rows = w["rows"] - gone.get(path, 0)
        if not rows:
            path.unlink()
            continue
        out.append(
            logbook.LogFile(
                f"{source.name}/{w['file']}", source.name, w["day"], rows, path.stat().st_size, digest_file(path),
                w["first"], w["last"], batch,
            )
        )  # fmt: skip
    return out


def _enter(
    home: Home, actor: str, folder: Path, staging: Path, source: Source, batch: str,
    shares: Sequence[dict[str, Any]], files: Sequence[logbook.LogFile], done: Imported,
) -> None:  # fmt: skip
    """Put the files in their place, and enter them in one transaction with the event."""
    for record in files:
        target = folder / record.file
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / record.file.partition("/")[2]).replace(target)
        sync(target.parent)
    aside = {}
    for share in shares:
        if share["aside"]:
            target = home.folder("logs", source.name, "bad") / share["aside"]
            (staging / share["aside"]).replace(target)
            aside[target.relative_to(folder).as_posix()] = digest_file(target)
    taken = [f for share in shares for f in share["files"]]
    new = [f for f in taken if not f["skipped"]]
    rows = sum(f.rows for f in files)
    detail = {
        "batch": batch,
        "files": len(new),
        "skipped": len(taken) - len(new),
        "records": sum(f["records"] for f in new),
        "bad": sum(f["bad"] for f in new),
        "rows": rows,
        "content_bytes": sum(f["length"] - f["known"] for f in new),
        "written": {f.file: f.digest for f in files},
        "aside": aside,
    }
    with home.office.transaction() as tx:
        for record in files:
            logbook.put(tx, record)
        for f in new:
            logbook.put(
                tx,
                logbook.LogInput(
                    f["content"],
                    f["digest"],
                    source.name,
                    f["path"],
                    f["length"],
                    f["records"],
                    f["bad"],
                    batch,
                ),
            )
        event = tx.record(
            "log.import",
            source.name,
            actor=actor,
            inputs={f["path"]: f["digest"] for f in new},
            detail=detail,
        )
    done.files += len(new)
    done.skipped += len(taken) - len(new)
    done.records += detail["records"]
    done.bad += detail["bad"]
    done.rows += rows
    done.bytes += sum(f["lying"] for f in new)
    done.content += detail["content_bytes"]
    done.days |= {f.day for f in files}
    done.aside += [str(folder / name) for name in aside]
    done.events.append(event)
