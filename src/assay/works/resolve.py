"""From what a person typed to a pinned asset: a path, a URL, ``registry://name@version``, a table in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, UsageError
from assay.methods.preparing.preparation import FILE as PREPARATION

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.engines.containers.logins import Logins
    from assay.works.declared import Loaded
    from assay.works.home import Home

TABLES = (
    ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".pq", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz",
    ".arrow", ".feather", ".ipc", ".duckdb", ".db", ".sqlite", ".sqlite3", ".txt",
)  # fmt: skip
# A folder that holds one of these is a model's, whatever sample or list of requirements lies beside it.
MODELS = (
    ".joblib", ".pkl", ".pickle", ".skops", ".ubj", ".cbm", ".onnx", ".pt", ".pt2", ".pth", ".safetensors", ".keras", ".h5",
    ".params", "assay.json", "composition.json", "inference.py", "model.py", "saved_model.pb", "xgboost-model", "model_algo-1",
)  # fmt: skip
DATABASES = ("duckdb://", "sqlite://", "postgres://", "postgresql://")
REGISTRY = "registry://"
BASELINE = "baseline://"


def looks_like_table(source: str) -> bool:
    """Whether a source names a table rather than a model or a tree; LightGBM's own files are texts, and are models."""
    from assay.engines.models.load import is_lightgbm

    if source.startswith(DATABASES) or "::" in source or any(c in source for c in "*?"):
        return True
    path = Path(source)
    bare = source.split("?")[0].lower().rstrip("/")
    if bare.endswith(TABLES):
        return not (bare.endswith(".txt") and path.is_file() and is_lightgbm(path))
    names = [p.name.lower() for p in list(path.iterdir())[:100]] if path.is_dir() else []
    if any(n.endswith(MODELS) for n in names):
        return False
    return any(n.endswith(TABLES) and not n.endswith(".txt") for n in names)


def pin(
    source: Any,
    kinds: tuple[str, ...],
    store: Store,
    home: Home | None = None,
    logins: Callable[[], Logins] | None = None,
) -> Asset:
    """Return the asset that ``source`` is, as one of ``kinds``, with the digest of its bytes now.

    A model's or a policy's file is copied into the store and read there; a folder and a table are read where they lie,
    and looked at again afterwards (``still_as_pinned``). logins: gives those of registries, where an image lies in one.
    """
    if isinstance(source, Asset):
        return source
    if not isinstance(source, (str, Path)):
        return _in_memory(source, kinds)
    text = str(source)
    if "traffic" in kinds:
        from assay.works import captured

        if kinds == ("traffic",) or captured.is_capture(text):
            return captured.pin(text, store, home)
    if kinds == ("image",):
        from assay.engines.containers import opening

        return opening.pin(text, store, _inside_of(text, home), logins)
    if kinds == ("advisories",):
        from assay.engines.advisories import mirror

        return mirror.pin(text)
    if text.startswith(BASELINE) and "tree" in kinds:
        from assay.works.baselines import making

        return making.pin(text, home)
    if text.startswith(REGISTRY):
        return _registered(text, kinds, home)
    if "model" in kinds and text.startswith(("http://", "https://")):
        from assay.engines.models import endpoint

        return endpoint.pin(text)
    if "table" in kinds and (len(kinds) == 1 or looks_like_table(text)):
        from assay.engines import tables

        return tables.pin(text)
    if "table" in kinds and not Path(text).exists():
        raise Missing(f"there is no file {text!r}", remedy="check the path")
    if kinds == ("tree",) and "://" in text:
        return _remote(text)
    return _file(text, "model" if "model" in kinds else "tree", store, home)


def _inside_of(text: str, home: Home | None) -> Path | None:
    """Return the home's folder where it lies inside of a folder that is examined: it is no part of that."""
    root = Path(text)
    return home.within(root.resolve()) if home is not None and root.is_dir() else None


def _remote(text: str) -> Asset:
    """A bucket or a database server as a tree: what lies in it is looked at there."""
    from assay.engines import places

    return places.pin(text)


def named(loaded: Loaded, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that an action's own parameters name: a ruleset another table, a policy its key.

    A module that has such parameters says so with ``tables_named(params)``, input → path, or ``inputs_named(params)``
    for inputs of any kind, input → what a person would have given for it.
    """
    asked = (getattr(loaded.module, name, None) for name in ("tables_named", "inputs_named"))
    return {k: v for ask in asked if ask is not None for k, v in ask(params).items()}


def still_as_pinned(inputs: Mapping[str, Asset], home: Home | None, store: Store | None = None) -> None:
    """Raise UsageError when what was read where it lies is no longer what was pinned. store: where it was pinned, else the home's."""
    from assay.engines import tables
    from assay.engines.advisories import mirror
    from assay.works import captured

    for asset in inputs.values():
        if asset.uri.startswith(("object:", "memory:")):
            continue
        traffic = asset.kind == "traffic" and asset.format == captured.FORMAT
        if traffic and not captured.changed(asset, store or (home.store if home else None), home):
            continue
        if (
            traffic
            or (asset.kind in ("table", "traffic") and tables.changed(asset))
            or (asset.kind == "advisories" and mirror.changed(asset))
            or (
                asset.format == "folder"
                and asset.kind != "advisories"
                and _tree(asset.uri, asset.kind, home) != asset.digest
            )
        ):
            raise UsageError(
                f"{asset.name} changed while it was examined",
                where=asset.uri,
                remedy="run again when it is still",
            )


def _tree(folder: str, kind: str, home: Home | None) -> str:
    """Return the digest of a folder; the home that works on it is no part of it, and changes meanwhile.

    A tree is looked at where it lies, links are not followed and are told of; a model, which is loaded, has none.
    """
    from assay.engines.blobs import digest_tree

    root = Path(folder).resolve()
    return digest_tree(root, home.within(root) if home else None, odd=kind == "tree")


def _in_memory(source: Any, kinds: tuple[str, ...]) -> Asset:
    from assay.engines.models import inmemory

    if "model" in kinds and inmemory.is_model(source) and not hasattr(source, "to_arrow"):
        return inmemory.pin(source)
    if "table" not in kinds:
        raise UsageError(
            f"a {type(source).__name__} in memory is no {' or '.join(kinds)}", remedy="give a path"
        )
    from assay.engines import tables

    return tables.pin(source)


def _registered(text: str, kinds: tuple[str, ...], home: Home | None) -> Asset:
    if home is None:
        raise UsageError(f"{text} needs a home", remedy="run `assay init` first, or give a file")
    if not {"model", "tree"} & set(kinds):
        raise UsageError(f"{text} is a model, and a {' or '.join(kinds)} is wanted")
    from assay.office import registry

    record = registry.get(home.office, text.removeprefix(REGISTRY))
    if "model" in kinds:  # whose files are looked at is not used
        registry.usable(record)
    artifact = str(record.metadata["artifact"])
    digest = record.files[artifact]
    digest = digest if digest.startswith("sha256:") else f"sha256:{digest}"
    kind = "model" if "model" in kinds else "tree"
    uri = f"object:{digest}"
    if kind == "model" and PREPARATION in record.files:  # it is asked with raw rows, as at an endpoint
        uri += f"+{record.files[PREPARATION]}"
    return Asset(kind, f"{record.name}@{record.version}", uri, digest, _format(artifact))  # type: ignore[arg-type]


def _file(text: str, kind: str, store: Store, home: Home | None) -> Asset:
    path = Path(text)
    if not path.exists():
        raise Missing(f"there is no file {text!r}", remedy="check the path")
    if path.is_dir():
        return Asset(kind, path.resolve().name, text, _tree(text, kind, home), "folder")  # type: ignore[arg-type]
    if not path.is_file():
        raise UsageError(f"{text!r} is neither a file nor a folder")
    return Asset(kind, path.name, text, store.put_file(path), _format(path.name))  # type: ignore[arg-type]


def _format(name: str) -> str:
    low = name.lower()
    for double in (".tar.gz", ".tar.bz2", ".tar.xz", ".csv.gz", ".pkl.gz"):
        if low.endswith(double):
            return double[1:]
    return Path(low).suffix[1:]
