"""A run carried out again from its record, with some of its changes taken back: in scratch, with what is unchanged reused.

Nothing of a replay enters the home: its steps are not rows, its objects lie in a folder that is swept. Scripts run in the
sandbox at the level that the run had; of what the home remembers all that has the same key is reused.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tracing import Recorder, spanned
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
from assay.works.bench import Bench
from assay.works.done import Done
from assay.works.home import Home
from assay.works.pipeline import Pipeline
from assay.works.provenance.past import Past
from assay.works.provenance.recording import is_path, path_of
from assay.works.steps import Steps

if TYPE_CHECKING:
    from assay.office.runs import StepRecord


@dataclass(frozen=True)
class Replayed:
    """What a replay left: its steps as they ended, the pipeline it carried out, and how long it took."""

    pipeline: Pipeline
    done: Mapping[str, Done]

    @property
    def ran(self) -> list[str]:
        """Return the steps that were carried out, and not reused."""
        return [n for n, d in self.done.items() if not d.cached and d.outcome != "stopped"]

    @property
    def assets(self) -> dict[str, Asset]:
        """Return what was read and made, by the names that pipelines have for it."""
        from assay.works.step import Ref

        out: dict[str, Asset] = {}
        for name, done in self.done.items():
            for asset in done.inputs.values():
                if asset.name in self.pipeline.data:
                    out.setdefault(asset.name, asset)
            out |= {str(Ref(name, n)): a for n, a in done.outputs.items()}
        return out


class _Quiet:
    """Watches a replay without a word."""

    def begun(self, step: Any, index: int, of: int) -> None:
        """Nothing is said."""

    def progress(self, done: int, of: int, what: str) -> None:
        """Nothing is said."""

    def ended(self, done: Any) -> None:
        """Nothing is said."""


@dataclass
class Stage:
    """Where replays are carried out: a scratch folder, its store over the home's, and what earlier replays made."""

    home: Home
    bench: Bench
    folder: Path
    _made: dict[str, StepRecord] = field(default_factory=dict)

    def replay(self, document: Mapping[str, Any], base: Past, wanted: set[str]) -> Replayed:
        """Carry out the ``wanted`` steps of a document, and all that they need; deeds that enter the office never."""
        laid = {n: self.laid_out(raw) for n, raw in document["steps"].items()}
        pipeline = self.pipeline(Past(self.home, base.run, document, {}), laid)
        steps = Steps(
            self.home, pipeline, self.bench, self.home.actor, _Quiet(), "replay",
            pinned=self._pinned(document), known=self._known,
        )  # fmt: skip
        todo = self._needed(pipeline, wanted)
        for name, step in pipeline.steps.items():
            if name in todo and step.verb != "do":
                with spanned(self.bench.recorder, name, assay__step=name, assay__uses=step.uses):
                    steps.done[name] = steps.carry_out(step)
                self._remember(steps.done[name])
        return Replayed(pipeline, steps.done)

    def pipeline(self, past: Past, laid: Mapping[str, Mapping[str, Any]]) -> Pipeline:
        """Return a run's pipeline with the files that its steps name where ``laid_out`` put them, by step."""
        pipeline = replace(past.pipeline, file=self.folder / "assay.yaml")
        steps = {n: replace(s, params={**s.params, **laid.get(n, {})}) for n, s in pipeline.steps.items()}
        return replace(pipeline, steps=steps)

    def _needed(self, pipeline: Pipeline, wanted: set[str]) -> set[str]:
        out: set[str] = set()
        todo = [n for n in wanted if n in pipeline.steps]
        while todo:
            name = todo.pop()
            if name not in out:
                out.add(name)
                todo += pipeline.needs[name].all
        return out

    def _known(self, key: str) -> StepRecord | None:
        from assay.office import runs

        return self._made.get(key) or runs.known(self.home.office, key)

    def _remember(self, done: Done) -> None:
        from assay.office.runs import StepRecord

        if done.key and done.outcome not in ("error", "stopped"):
            self._made[done.key] = StepRecord(
                "replay", done.step.name, done.step.uses, done.outcome, False, done.key, dict(done.inputs),
                dict(done.outputs), done.report, done.seconds,
            )  # fmt: skip

    def _pinned(self, document: Mapping[str, Any]) -> dict[str, Asset]:
        """Return the data sets as they were: from the copy in the store, or from where they lie if they are still the same."""
        out = {}
        for name, raw in document["pinned"].items():
            asset = Asset.from_dict(dict(raw))
            out[name] = available(asset, self.bench)
        return out

    def laid_out(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a step that are files, as paths to what was recorded of them; UsageError if none was."""
        out: dict[str, Any] = {}
        for name, value in raw["params"].items():
            if not is_path(value) or name == "source":
                continue
            if not value["digest"]:
                raise UsageError(
                    f"{path_of(value)} was not kept", remedy="it can be replayed from the next run on"
                )
            found = self.bench.store.path(value["digest"])
            if value["tree"]:
                out[name] = found / Path(path_of(value)).name if name == "script" else found
                if name == "script" and "source" in raw["params"]:
                    out["source"] = found
            else:
                place = self.folder / "files" / value["digest"][7:23]
                place.mkdir(parents=True, exist_ok=True)
                target = place / Path(path_of(value)).name
                if not target.exists():
                    shutil.copyfile(found, target)
                out[name] = target
        return out


def available(asset: Asset, bench: Bench) -> Asset:
    """Return a table as one that can be opened now with the very bytes it had; UsageError where they are gone."""
    from assay.engines import tables

    if asset.uri.startswith("object:"):
        if bench.store.has(asset.digest):
            return asset
    elif asset.digest and bench.store.has(asset.digest):
        return replace(asset, uri=f"object:{asset.digest}")
    else:
        with contextlib.suppress(AssayError, OSError):
            if asset.digest and tables.pin(asset.uri).digest == asset.digest:
                return asset
    raise UsageError(
        f"{asset.name} is no longer what it was, and no copy of it was kept",
        where=asset.uri,
        remedy="put it back to compare it",
    )


@contextlib.contextmanager
def stage(
    home: Home,
    of: Past,
    isolation: str | None = None,
    *,
    as_then: bool = False,
    recorder: Recorder | None = None,
) -> Iterator[Stage]:
    """Give a stage in a scratch folder of the home, at the engine and isolation of a run.

    isolation: instead of the run's own; a run without any is replayed only where ``none`` is said again.
    as_then: with as many processors as checks and tables were given then, and threads as scripts were. recorder: of the
    spans of whoever asks.
    """
    from assay.engines.layered import LayeredStore
    from assay.works.checking import bench

    level = isolation or of.document["bench"]["isolation"]
    if level == "none" and isolation != "none":
        raise UsageError(
            f"the run {of.id} had no isolation, and is not replayed so unless you say it",
            remedy="say --unsafe-no-isolation, or --isolation partial",
        )
    then = of.document["bench"]
    settings = replace(home.settings, isolation=level, engine=then["engine"])
    if as_then:
        settings = replace(settings, cores=then["cores"])
    with home.scratch() as folder:
        store = LayeredStore(folder / "objects", home.store)
        copy = Home(folder, settings)
        # The office is read and the keys are used; all that is put goes to the scratch store.
        copy.__dict__ |= {"store": store, "office": home.office, "secrets": home.secrets, "actor": home.actor}
        with bench(copy, settings) as table:
            table.cache, table.recorder = home.folder("cache", "requirements"), recorder
            table.threads = of.document["environment"].get("threads") if as_then else None
            yield Stage(copy, table, folder)
