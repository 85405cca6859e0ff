"""Registration: a package is built, entered in the book as PENDING, and marked when every gate passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of, sha256
from assay.kernel.errors import Refused, UsageError
from assay.kernel.verdict import Gate, Verdict
from assay.works import cards, inputschemas, package
from assay.works.marking import strike

if TYPE_CHECKING:
    from assay.methods.inputschema.schema import Schema
    from assay.office.registry import PackageRecord
    from assay.works.bench import Bench
    from assay.works.home import Home
    from assay.works.preparing import Prepared

TOOL = "assay"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What stands behind a model that is to be registered. trained_on: the table of its training rows, where known.
    prepared: what is done to a row before the model, where anything is.
    """

    home: Home
    bench: Bench
    run: str
    pipeline: str
    actor: str
    verdicts: Mapping[str, Verdict]
    inputs: Mapping[str, Asset]
    code: Asset | None
    environment: Mapping[str, Any]
    isolation: str
    trained_on: Asset | None = None
    prepared: Prepared | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """The package as it now is. new: whether this act registered it. hallmark: the bundle's path, or None."""

    record: PackageRecord
    new: bool
    hallmark: Path | None


class Register(Action):
    """A package built, kept, and entered as the next version of a name, PENDING."""

    name = "model.register"

    def __init__(
        self,
        candidate: Candidate,
        model: Asset,
        name: str,
        metadata: Mapping[str, Any],
        schema: Schema | None = None,
    ) -> None:
        self.candidate, self.model, self.actor = candidate, model, candidate.actor
        self.called, self.metadata = name, dict(metadata)
        self.subject = f"registry://{name}"
        self.contents = _contents(candidate, model, name, metadata, schema)
        reports = {f"report:{step}": sha256(v) for step, v in self.contents.reports.items()}
        self.inputs = {"model": model.digest, **reports}
        self.key = f"{self.name}/{_key(self.contents, model, candidate)}"
        self.order = {"name": name, "run": candidate.run}

    def authorise(self) -> None:
        """UsageError where the name is not one that a model can have."""
        if self.model.kind != "model":
            raise UsageError(
                f"{self.model.name} is a {self.model.kind} and no model",
                remedy="name the step that trains it",
            )
        _named(self.called)

    def do(self, begun: Begun) -> Made:
        """Build the package and put its files into the store."""
        from assay.engines.blobs import digest_tree

        home = self.candidate.home
        with home.scratch() as scratch:
            folder = scratch / "package"
            package.build(self.contents, folder)
            return {"digest": digest_tree(folder), "files": package.keep(folder, home.store)}

    def happened(self, begun: Begun) -> Made | None:
        """Objects alone are no registration: it is done again."""
        return None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Enter the package; one of the very same bytes is the version that it already is."""
        from assay.office import registry

        office, files = self.candidate.home.office, made["files"]
        same = [r for r in registry.versions(office, self.called) if r.digest == made["digest"]]
        reports = {step: files[f"reports/{step}.json"] for step in self.contents.reports}
        artifact = {"artifact": self.contents.artifact_name, "format": self.model.format}
        record = (
            same[-1]
            if same
            else registry.enter(
                tx,
                office,
                self.called,
                digest=made["digest"],
                files=files,
                reports=reports,
                run=self.candidate.run,
                actor=self.actor,
                metadata={**self.metadata, **artifact},
            )
        )
        return Settled(
            record.urn,
            {"package": record.digest, **self.inputs},
            {"package": record.urn, "new": not same, "files": len(files), "run": self.candidate.run},
        )


def _named(name: str) -> None:
    fine = name and len(name) <= 128 and all(c.isalnum() or c in "-_." for c in name) and name[0].isalnum()
    if not fine:
        raise UsageError(f"a model cannot be called {name!r}", remedy="use letters, digits, -, _ and .")


def enter(
    candidate: Candidate,
    model: Asset,
    name: str,
    metadata: Mapping[str, Any],
    schema: Schema | None = None,
) -> Registered:
    """Register ``model`` as the next version of ``name``, or return the version that it already is.

    schema: of its input rows, in place of the one that is learnt from what it was trained on.
    The hallmark is struck where every gate passed. A run that was cut short finishes what it began.
    """
    from assay.office import actions, registry

    office = candidate.home.office
    act = Register(candidate, model, name, metadata, schema)
    before = actions.get(office, act.key)
    done = actions.carry_out(office, act)
    record = registry.get(office, done.detail["package"])
    new = bool(done.detail["new"]) and done != before
    passed = all(v.passed for v in candidate.verdicts.values())
    mark = strike(candidate.home, record, candidate.actor, candidate.isolation) if passed else None
    return Registered(registry.get(office, record.urn), new, mark)


def register_scanned(
    home: Home,
    asset: Asset,
    name: str,
    metadata: Mapping[str, Any],
    actor: str,
    *,
    run: str = "",
    pipeline: str = "",
) -> Registered:
    """Register a model that no pipeline made as PENDING: it is scanned first, and marked; Refused where the scan fails."""
    from assay.works import declared
    from assay.works.checking import bench
    from assay.works.examine import examine

    _named(name)
    with bench(home) as table:
        report, _, raised = examine(
            declared.load("check", "model.scan"), {"tree": asset}, {}, {}, table, seed=0
        )
        if raised is not None:
            raise raised
        verdict = Verdict(report, Gate())
        if not verdict.passed:
            why = verdict.stopping[0].message if verdict.stopping else "it could not be examined to the end"
            raise Refused(f"{asset.name} is not registered, because model.scan says {verdict.outcome}: {why}")
        candidate = Candidate(
            home=home,
            bench=table,
            run=run,
            pipeline=pipeline,
            actor=actor,
            verdicts={"scan": verdict},
            inputs={},
            code=None,
            environment={},
            isolation="",
        )
        return enter(candidate, asset, name, metadata)


def _key(contents: package.Contents, model: Asset, candidate: Candidate) -> str:
    """Return the digest of all that a package is made of, but for when its reports were made and how long it took."""
    timeless = {
        step: {k: v for k, v in verdict.to_dict(tool()).items() if k not in ("started", "seconds")}
        for step, verdict in candidate.verdicts.items()
    }
    more = {"preparation": sha256(contents.preparation)} if contents.preparation else {}
    return digest_of(
        more
        | {
            "artifact": [contents.artifact_name, model.digest],
            "code": candidate.code.digest if candidate.code else None,
            "environment": contents.environment,
            "inputs": {n: [a.name, a.digest] for n, a in contents.inputs.items()},
            "reports": timeless,
            "about": contents.about,
            "schema": sha256(contents.schema) if contents.schema else None,
        }
    )


def _contents(
    candidate: Candidate, model: Asset, name: str, metadata: Mapping[str, Any], schema: Schema | None
) -> package.Contents:
    bench = candidate.bench
    if schema is None:
        schema = inputschemas.learnt(
            bench, model, candidate.trained_on, candidate.verdicts, candidate.prepared
        )
    suffix = f".{model.format}" if model.format and model.format != "folder" else ""
    reports = {s: package.document(v.to_dict(tool())) for s, v in candidate.verdicts.items()}
    return package.Contents(
        artifact=bench.path(model),
        artifact_name=f"model{suffix}",
        code=bench.path(candidate.code) if candidate.code else None,
        environment=candidate.environment,
        inputs=candidate.inputs,
        reports=reports,
        about={"name": name, "pipeline": candidate.pipeline, **metadata},
        card=_card(candidate, model, name, reports),
        schema=schema.to_bytes() if schema else b"",
        preparation=candidate.prepared.preparation.to_bytes() if candidate.prepared else b"",
    )


def _card(candidate: Candidate, model: Asset, name: str, reports: Mapping[str, bytes]) -> Mapping[str, bytes]:
    card = cards.written(candidate.verdicts, model)
    if card is None:
        return {}
    kept = {step: sha256(raw) for step, raw in reports.items()}
    return cards.files(candidate.bench.path(card).read_bytes(), name, kept)


def tool() -> dict[str, str]:
    """Return who wrote a document."""
    from assay import __version__

    return {"name": TOOL, "version": __version__}
