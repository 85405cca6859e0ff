"""Making a baseline of a table: the documents that a window of traffic is held against, in a folder; or taking an edited one in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import baselines
from assay.kernel.errors import AssayError, BadInput, UsageError

if TYPE_CHECKING:
    from assay.kernel.asset import Asset
    from assay.office.baselines import BaselineRecord
    from assay.works.bench import Bench
    from assay.works.home import Home

SCHEME = "baseline://"


def make(
    home: Home | None,
    source: str,
    out: Path | None,
    *,
    name: str = "",
    actor: str = "",
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """Make a baseline of a table, or of a window of traffic, or take in a folder that holds one; return what it came to.

    out: the folder that the documents are written to, which may hold older ones. name: under which the home keeps its
    versions. asked: what beside the data's quality is a part of it (see ``parts``).
    """
    from assay.works.checking import bench

    if out is None and not name:
        raise UsageError("a baseline needs a place", remedy="say where with -o DIR, or --name it in a home")
    if name and home is None:
        raise UsageError(
            f"there is no home to keep {name!r} in", remedy="`assay init` makes one, or leave --name out"
        )
    with bench(home) as table:
        edited = _holds_baseline(source)
        if edited:
            files, of, rows = _read(Path(source)), None, 0
        else:
            files, of, rows = _made(source, table, home, asked)
        if out is not None and not (edited and out.resolve() == Path(source).resolve()):
            _written(out, files)
        told: dict[str, Any] = {"schema": "assay.baseline/1", "files": sorted(files), "rows": rows}
        told |= {"folder": str(out)} if out is not None else {}
        if home is not None:
            kept = _kept(home, name or "", files, actor or home.actor, of, rows)
            told |= kept
    return told


def _holds_baseline(source: str) -> bool:
    path = Path(source)
    return path.is_dir() and any(
        (path / n).is_file() for n in (baselines.CONSTRAINTS, baselines.MODEL_CONSTRAINTS)
    )


def _read(folder: Path) -> dict[str, bytes]:
    """Return the documents of a folder that a person edited, each of which can be read."""
    from assay.methods.monitor import constraints, statistics
    from assay.methods.plainfile import read_plain

    out: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.json")):
        out[path.name] = read_plain(path, baselines.LARGEST, path.name)
    import json

    for name, reader in ((baselines.CONSTRAINTS, constraints.read), (baselines.STATISTICS, statistics.read)):
        if name in out:
            try:
                reader(json.loads(out[name]))
            except (ValueError, RecursionError) as error:
                raise BadInput(str(error), where=str(folder / name)) from None
    return out


def _made(
    source: str, table: Bench, home: Home | None, asked: Mapping[str, Any]
) -> tuple[dict[str, bytes], Asset, int]:
    from assay.engines.statistics import statistics
    from assay.methods.monitor import constraints
    from assay.works.baselines import parts
    from assay.works.resolve import pin, still_as_pinned

    asset = pin(source, ("traffic", "table"), table.store, home)
    with table.opened(asset, asset.kind) as opened:
        data = opened.table if asset.kind == "traffic" else opened
        rows = data.rows
        if not rows:
            raise BadInput("the table has no row to make a baseline of", where=source)
        made = statistics(data, table.work(0))
        files = {
            baselines.STATISTICS: baselines.dumped(made.to_dict()),
            baselines.CONSTRAINTS: baselines.dumped(constraints.suggested(made).to_dict()),
        }
    files |= parts.made(asset, asked, table, home)
    still_as_pinned({"it": asset}, home, table.store)
    return files, asset, rows


def _written(out: Path, files: Mapping[str, bytes]) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder", remedy="name a folder after -o")
    out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        fresh = out / f".{name}.new"
        fresh.write_bytes(data)
        fresh.replace(out / name)


def _kept(
    home: Home, name: str, files: Mapping[str, bytes], actor: str, of: Asset | None, rows: int
) -> dict[str, Any]:
    """Keep the documents in the store and, under a name, as a version in the office."""
    digests = {n: home.store.put_bytes(data) for n, data in files.items()}
    if not name:
        return {}
    record = _entered(home, name, digests, files, actor, of, rows)
    return {"name": record.name, "version": record.version, "digest": record.digest, "parent": record.parent or None,
            "event": record.event}  # fmt: skip


def _entered(
    home: Home,
    name: str,
    digests: Mapping[str, str],
    files: Mapping[str, bytes],
    actor: str,
    of: Asset | None,
    rows: int,
) -> BaselineRecord:
    from assay.office import baselines as office
    from assay.office.endpoints import named

    named(name, "a baseline")
    with home.scratch() as scratch:
        folder = scratch / "baseline"
        _written(folder, files)
        digest = home.store.put_tree(folder)
        shutil.rmtree(folder)
    with home.office.transaction() as tx:
        return office.enter(
            tx,
            home.office,
            name,
            digest=digest,
            files=digests,
            actor=actor,
            of=of.digest if of else "",
            rows=rows,
        )


def pin(text: str, home: Home | None) -> Asset:
    """Return a baseline that the office keeps, ``baseline://name@version``, as a tree."""
    from assay.kernel.asset import Asset
    from assay.office import baselines as office

    if home is None:
        raise UsageError(f"{text} needs a home", remedy="run `assay init` first, or give the folder")
    record = office.get(home.office, text.removeprefix(SCHEME))
    try:
        home.store.path(record.digest)
    except AssayError as error:
        raise BadInput(f"{record.title} is no longer in the store: {error.what}", where=text) from None
    return Asset("tree", record.title, f"object:{record.digest}", record.digest, "folder")
