"""From what a person named to opened traffic: files of captured events, ``capture://ENDPOINT?from=&to=&variant=``, or a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.capture import sources
from assay.engines.capture.sources import FORMAT, SCHEME, is_capture
from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, UsageError

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.engines.capture.kept import Kept
    from assay.works.bench import Bench
    from assay.works.home import Home

KEY = "capture"  # the name of the home's secret key
__all__ = ["FORMAT", "SCHEME", "changed", "is_capture", "open_captured", "pin"]


def pin(text: str, store: Store, home: Home | None) -> Asset:
    """Return traffic as an asset: its digest is that of a manifest of all bytes that belong to it, kept in the store."""
    if text.startswith(SCHEME):
        return _of_endpoint(text, store, home)
    if not is_capture(text):
        from assay.engines import tables

        if "://" not in text and not Path(text).exists():
            raise Missing(f"there is no file {text!r}", remedy="check the path")
        return replace(tables.pin(text), kind="traffic")
    manifest = sources.pinned(text)
    name = Path(text.rstrip("/")).name or text
    return Asset("traffic", name, text, sources.kept(manifest, store), FORMAT)


def _of_endpoint(text: str, store: Store, home: Home | None) -> Asset:
    from datetime import datetime
    from urllib.parse import parse_qsl, urlsplit

    from assay.methods.search.moments import span
    from assay.works.work import utc_now

    if home is None:
        raise UsageError(f"{text} needs a home", remedy="run `assay init` first, or give the files")
    parts = urlsplit(text)
    name, asked = parts.netloc, dict(parse_qsl(parts.query))
    now = datetime.fromisoformat(utc_now())
    variant = asked.pop("variant", "")
    bounds: dict[str, float] = {"to": now.timestamp()}
    for key, said in asked.items():
        found = span(said, now) if key in ("from", "to") else None
        if found is None:
            raise UsageError(
                f"{key}={said} is no bound of a capture",
                where=text,
                remedy="write ?from=2026-01-31T12:00:00Z&to=1h&variant=NAME, each of which may be left out",
            )
        bounds[key] = found[0].timestamp()
    root = folder(home, name)
    manifest = sources.pinned(str(root), bounds.get("from"), bounds["to"])
    manifest = replace(manifest, endpoint=name, features=_features(home, name), variant=variant)
    manifest = sources.with_truths(manifest, str(truth_folder(home, name)))
    return Asset("traffic", name, text, sources.kept(manifest, store), FORMAT)


def folder(home: Home, endpoint: str) -> Path:
    """Return where an endpoint's captured events lie in a home."""
    if not endpoint or "/" in endpoint or endpoint.startswith("."):
        raise UsageError(f"{endpoint!r} cannot name an endpoint")
    return home.root / "capture" / endpoint


def truth_folder(home: Home, endpoint: str) -> Path:
    """Return where the ground truth of an endpoint lies in a home."""
    folder(home, endpoint)
    return home.root / "truth" / endpoint


def secret(home: Home, *, make: bool = False) -> bytes:
    """Return the key that captures are sealed under: 32 bytes, the home's own; Missing where it is not there."""
    return home.secrets.open(KEY, make=make).secret


def _features(home: Home, endpoint: str) -> tuple[str, ...]:
    """Return the names of what the endpoint's models are asked with, in order, where all of them say the same."""
    from assay.kernel.errors import AssayError
    from assay.office import endpoints, registry
    from assay.works.inputschemas import at
    from assay.works.marking import place_of

    found = set()
    try:
        for arm in endpoints.get(home.office, endpoint, deleted=True).arms:
            schema = at(home, endpoint, place_of(home, registry.get(home.office, arm.package)) / "package")
            found.add(() if schema is None else tuple(f.name for f in schema.features))
    except AssayError:  # an endpoint of another home, whose files lie here, has no names
        return ()
    return found.pop() if len(found) == 1 else ()


def roots(asset: Asset, home: Home | None) -> tuple[str, str]:
    """Return where the files of an asset lie, and its ground truth."""
    if not asset.uri.startswith(SCHEME):
        return asset.uri, ""
    if home is None:
        raise UsageError(f"{asset.uri} needs a home", remedy="run `assay init` first, or give the files")
    name = asset.uri.removeprefix(SCHEME).partition("?")[0]
    return str(folder(home, name)), str(truth_folder(home, name))


def changed(asset: Asset, store: Store | None, home: Home | None) -> bool:
    """Whether any byte that was pinned is no longer what it was."""
    if store is None:
        return False
    return sources.changed(sources.read(store, asset.digest, *roots(asset, home)))


def open_captured(asset: Asset, bench: Bench, scratch: Path, table: Callable[[], Any]) -> Any:
    """Open traffic. table: opens the asset as a plain table, which it may be."""
    from assay.engines.capture import handle, truths

    if asset.format != FORMAT:
        return handle.TableTraffic(table(), asset)
    manifest = sources.read(bench.store, asset.digest, *roots(asset, bench.home))
    sealed = any(f.name.endswith(sources.SEALED) for f in (*manifest.files, *manifest.truths))
    key = secret(bench.home) if sealed and bench.home is not None else None
    labels = truths.of_manifest(manifest, key) if manifest.truths and key is not None else None
    return handle.open_traffic(
        asset, manifest, scratch=scratch, secret=key, labels=labels, cores=bench.cores, memory=bench.memory,
        kept=_kept(asset, manifest, key, bench.home) if bench.home is not None else None,
    )  # fmt: skip


def _kept(asset: Asset, manifest: sources.Manifest, key: bytes | None, home: Home) -> Kept | None:
    """Return where the rows of a capture are kept in a home; None for one that is read as fast as looked up."""
    from assay.engines.capture.kept import WORTH, Kept

    if sum(f.size for f in manifest.files) < WORTH:
        return None
    return Kept(home.root / "cache" / "captured", asset.digest, key)
