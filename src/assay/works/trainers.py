"""From what a person named to a way of training, pinned: a script, a model, a train step, or the caller's own code."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.trainers.recipe import Recipe
from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.works.resolve import pin
from assay.works.scripts import copy_code

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.works.bench import Bench
    from assay.works.home import Home

ITSELF = "itself"
FORMAT = "training"


def hold_trainer(source: Any, subject: Asset | None, bench: Bench, home: Home | None) -> Asset:
    """Return a way of training as an asset; what is in memory is laid on the bench.

    source: the path of a script (.py) or of a model, ``registry://name@version``, ``itself`` for the model that is
    examined, or in memory an estimator or a function of rows and labels.
    """
    if isinstance(source, Asset):
        return source
    if not isinstance(source, (str, Path)):
        from assay.engines.models import inmemory

        asset = inmemory.pin(source)
        bench.held[asset.uri] = source
        return asset
    text = str(source)
    if text == ITSELF:
        if subject is None or subject.kind != "model":
            raise UsageError(
                "a table cannot be trained by itself", remedy="name the training script, or a model"
            )
        return subject
    if text.endswith(".py"):
        return pin_script({"script": Path(text)}, bench.store)
    return pin(source, ("model",), bench.store, home)


def pin_script(params: Mapping[str, Any], store: Store) -> Asset:
    """Return a script, with what a train step says beside it, as an asset: its code is in the store, and so is this.

    params: script, and perhaps source, hyperparameters, limits and isolation, as a train step has them.
    """
    script, source = Path(params["script"]), params.get("source")
    with tempfile.TemporaryDirectory(prefix="assay-code-") as folder:
        code = Path(folder, "code")
        copy_code(script, Path(source) if source else None, code)
        digest = store.put_tree(code)
    recipe = Recipe(
        script.name,
        digest,
        params.get("hyperparameters") or {},
        params.get("limits") or {},
        params.get("isolation") or "",
    )
    document = store.put_bytes(recipe.to_bytes())
    return Asset("file", script.name, f"object:{document}", document, FORMAT)


def open_trainer(asset: Asset, bench: Bench, scratch: Path) -> Any:
    """Open a way of training; its models are scanned before they are loaded. scratch: a folder of its own."""
    if asset.uri.startswith("memory:"):
        from assay.engines.trainers.inmemory import InMemoryTrainer

        return InMemoryTrainer(asset, bench.held[asset.uri])
    if asset.format == FORMAT:
        return _script(asset, bench, scratch)
    if asset.format == "endpoint":
        raise UsageError(
            "what is asked over a network cannot be trained here",
            where=asset.name,
            remedy="name its training script",
        )
    from assay.engines.trainers.model import ModelTrainer

    bench.vouch(asset)
    level: Any = bench.isolation
    return ModelTrainer(
        asset, bench.path(asset), level, scratch, lambda held: bench.levels.add(held), bench.recorder
    )


def _script(asset: Asset, bench: Bench, scratch: Path) -> Any:
    from assay.engines.blobs import digest_file
    from assay.engines.isolation.limits import read_limits
    from assay.engines.trainers.script import ScriptTrainer

    recipe = Recipe.from_bytes(bench.store.read(asset.digest, 1 << 20))
    code = scratch / "code"
    shutil.copytree(bench.store.path(recipe.code), code)
    level: Any = "none" if bench.isolation == "none" else recipe.isolation or bench.isolation

    def vouch(model: Path) -> None:
        bench.vouch(Asset("model", model.name, str(model), digest_file(model), "tar.gz"))

    return ScriptTrainer(
        asset,
        code / recipe.script,
        recipe.hyperparameters,
        read_limits(recipe.limits),
        level,
        scratch,
        bench.cache or scratch / "requirements",
        bench.seed,
        vouch,
        lambda held: bench.levels.add(held),
        bench.recorder,
        python=bench.python,
        threads=bench.threads,
    )
