"""What a tracked run reads and makes, as assets: pinned, kept, and tables looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.works import datasets
from assay.works.resolve import looks_like_table as looks_like
from assay.works.resolve import pin

if TYPE_CHECKING:
    from assay.works.home import Home
    from assay.works.registering import Registered
    from assay.works.tracking.run import TrackedRun

Known = dict[str, Any]


def read(home: Home, source: Any, name: str = "") -> tuple[Asset, Known | None]:
    """Return an input, pinned, and what is known of its columns where it is a table that was not looked at before."""
    if isinstance(source, Asset):
        return source, None
    source = os.fspath(source) if isinstance(source, os.PathLike) else source
    if isinstance(source, str) and not _tabular(source):
        kinds: tuple[str, ...] = ("model",) if source.startswith("registry://") else ("tree",)
        asset = pin(source, kinds, home.store, home)
    else:
        asset = pin(source, ("table",), home.store, home)
    asset = asset.renamed(name) if name else asset
    if asset.kind != "table":
        return asset, None
    return asset, _look(home, asset, source)


def _tabular(source: str) -> bool:
    """Whether a source is a table; a .txt may be anything, and is a file."""
    return looks_like(source) and not source.lower().endswith(".txt")


def _look(home: Home, asset: Asset, source: Any) -> Known | None:
    """Return what is known of a table; nothing where it is known already, or cannot be read as one."""
    if not datasets.wanted(home.office, asset.digest):
        return None
    from assay.engines.tables import open_table
    from assay.engines.tables.describing import describe

    with home.scratch() as scratch:
        given = source if asset.uri.startswith("memory:") else asset.uri
        try:
            table = open_table(
                given,
                name=asset.name,
                scratch=scratch,
                digest=asset.digest,
                format=asset.format,
                cores=home.settings.cores,
                memory=home.settings.memory,
            )
        except AssayError as error:
            return {"skipped": str(error)[:300]}
        try:
            return describe(table)
        finally:
            table.close()


def made(home: Home, source: Any, name: str = "") -> tuple[Asset, Known | None]:
    """Return an output of which a copy is kept, and what is known of its columns where it is a table."""
    if isinstance(source, Asset):
        return source, None
    if isinstance(source, (bytes, bytearray)):
        if not name:
            raise UsageError("bytes have no name", remedy="run.output(data, name='notes.txt')")
        digest = home.store.put_bytes(bytes(source))
        return Asset("file", name, f"object:{digest}", digest, Path(name).suffix[1:]), None
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.exists():
            raise Missing(f"there is no file {str(path)!r}", remedy="write it before it is recorded")
        if path.is_dir():
            digest = home.store.put_tree(path)
            return Asset("tree", name or path.resolve().name, f"object:{digest}", digest, "folder"), None
        if not path.is_file():  # a pipe or a device never ends
            raise UsageError(f"{str(path)!r} is neither a file nor a folder", remedy="write it to a file")
        digest = home.store.put_file(path)
        if _tabular(str(path)):
            from assay.engines import tables

            known = _look(home, tables.pin(str(path)), str(path))
            kind = tables.pin(str(path)).format
            return Asset("table", name or path.name, f"object:{digest}", digest, kind), known
        return Asset("file", name or path.name, f"object:{digest}", digest, path.suffix[1:]), None
    return _table(home, source, name)


def _table(home: Home, source: Any, name: str) -> tuple[Asset, Known | None]:
    from assay.engines.tables import write_parquet
    from assay.engines.tables.memory import to_arrow

    data, _ = to_arrow(source)
    with home.scratch() as scratch:
        path = scratch / "made.parquet"
        write_parquet(data, path)
        digest = home.store.put_file(path)
    asset = Asset("table", name or "table", f"object:{digest}", digest, "parquet")
    return asset, datasets.of_parquet(asset, home.store)


def model(home: Home, source: Any, name: str = "") -> Asset:
    """Return a model of which a copy is kept; an estimator in memory by joblib."""
    if isinstance(source, Asset):
        return source
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            raise UsageError(f"{path} is a folder", remedy="pack it: tar czf model.tar.gz -C FOLDER .")
        asset = pin(str(path), ("model",), home.store, home)
        return Asset("model", name or asset.name, f"object:{asset.digest}", asset.digest, asset.format)
    if not hasattr(source, "predict"):
        raise UsageError(
            f"a {type(source).__name__} is no model", remedy="give a path, or an object with `predict`"
        )
    import joblib

    with home.scratch() as scratch:
        path = scratch / "model.joblib"
        try:
            joblib.dump(source, path)
        except Exception as error:  # noqa: BLE001 - pickling runs the object's own code
            raise UsageError(
                f"the model cannot be kept: {str(error)[:200]}", remedy="save it to a file, and record that"
            ) from None
        digest = home.store.put_file(path)
    return Asset("model", name or type(source).__name__, f"object:{digest}", digest, "joblib")


def register(run: TrackedRun, asset: Asset, name: str, metadata: Mapping[str, Any]) -> Registered:
    """Enter a model of a run into the registry as PENDING; Refused where model.scan does not pass it."""
    from assay.works.registering import register_scanned

    return register_scanned(run.home, asset, name, dict(metadata), run.actor, run=run.id, pipeline=run.name)
