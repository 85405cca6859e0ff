"""What goes into a model's archive: which objects the run that made it is told by, and which of them are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.works.provenance.recording import is_path

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.works.provenance.past import Past

NO_DATA = "the archive was made without data"
NOT_KEPT = "no copy of it was kept, and it no longer lies where it was read"


@dataclass
class Contents:
    """objects: digest → what it is. trees: those that are folders. beside: digest → a file that is in no store.

    left: what is not in the archive: what, its digest, and why. wheels: that lie beside scripts, path → SHA-256 in hex.
    """

    objects: dict[str, str] = field(default_factory=dict)
    trees: set[str] = field(default_factory=set)
    beside: dict[str, str] = field(default_factory=dict)
    left: list[dict[str, str]] = field(default_factory=list)
    wheels: dict[str, str] = field(default_factory=dict)


def gather(past: Past, store: Store, *, with_data: bool) -> Contents:
    """Return what a stranger needs of a run: its document, code, files, reports, models, and with data its tables."""
    out = Contents()
    document = past.document
    _put(out, store, str(past.run.detail["provenance"]), "the run's document")
    _put(out, store, document["pipeline"]["file"]["digest"], "its assay.yaml")
    diff = (document.get("git") or {}).get("diff")
    if diff:
        _put(out, store, diff, "git's unfinished changes")
    for name, raw in document["steps"].items():
        for param, value in raw["params"].items():
            if is_path(value) and value["digest"]:
                _put(out, store, value["digest"], f"{param} of {name}", tree=bool(value["tree"]))
    for name, step in past.steps.items():
        if step.report:
            _put(out, store, step.report, f"the report of {name}")
        for asset in _assets(past, name):
            _asset(out, store, asset, with_data)
    return out


def _assets(past: Past, name: str) -> Iterator[Asset]:
    step = past.steps[name]
    yield from step.inputs.values()
    yield from step.outputs.values()
    report = past.report(name)
    yield from report.outputs if report is not None else ()


def _asset(out: Contents, store: Store, asset: Asset, with_data: bool) -> None:
    data = asset.kind == "table" or asset.name == "log"  # what a script printed may hold rows
    if asset.kind == "key" or not asset.digest:
        return
    if data and not with_data:
        _left(out, asset, NO_DATA)
    elif store.has(asset.digest):
        _put(out, store, asset.digest, asset.name, tree=asset.kind == "tree" and asset.format == "folder")
        if asset.format == "training":
            for digest in _recipe(store, asset.digest):
                _put(out, store, digest, f"the code of {asset.name}", tree=True)
    elif _lies(asset):
        out.objects[asset.digest], out.beside[asset.digest] = asset.name, asset.uri
    else:
        _left(out, asset, NOT_KEPT)


def _left(out: Contents, asset: Asset, why: str) -> None:
    told = {"what": asset.name, "digest": asset.digest, "why": why}
    if told not in out.left:
        out.left.append(told)


def _lies(asset: Asset) -> bool:
    """Whether a file lies where it was read with the bytes of its digest."""
    from pathlib import Path

    from assay.engines.blobs import digest_file

    if "://" in asset.uri or "::" in asset.uri or asset.uri.startswith(("object:", "memory:")):
        return False
    path = Path(asset.uri)
    try:
        return path.is_file() and digest_file(path) == asset.digest
    except OSError:
        return False


def _recipe(store: Store, digest: str) -> Iterable[str]:
    from assay.engines.trainers.recipe import Recipe

    yield Recipe.from_bytes(store.read(digest, 1 << 20)).code


def _put(out: Contents, store: Store, digest: str, what: str, tree: bool = False) -> None:
    if not store.has(digest):
        told = {"what": what, "digest": digest, "why": "it is no longer in the store"}
        out.left += [told] if told not in out.left else []
        return
    out.objects.setdefault(digest, what)
    if tree and digest not in out.trees:
        out.trees.add(digest)
        for entry in _entries(store, digest):
            path, hex_ = str(entry["path"]), str(entry["sha256"])
            out.objects.setdefault(f"sha256:{hex_}", path)
            out.wheels |= {path: hex_} if path.endswith(".whl") else {}


def _entries(store: Store, digest: str) -> list[dict[str, Any]]:
    import json

    return list(json.loads(store.read(digest, 64 << 20)))
