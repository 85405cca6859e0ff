"""What may be asked of an office besides examining: each verb a function of a home, giving JSON.

Lists are ``{"schema": "assay.<noun>s/1", "<noun>s": [...]}``; an action gives the object as it now is, with ``event``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from assay.kernel.errors import Missing, Refused, UsageError
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.works import package
from assay.works.home import IDENTITY_NOTE, Home
from assay.works.registering import Candidate, enter, place_of
from assay.works.work import utc_now

Json = dict[str, Any]


def plain_record(record: Any) -> Json:
    """Return an office's record as JSON."""
    raw = asdict(record) if is_dataclass(record) and not isinstance(record, type) else dict(record)
    return json.loads(json.dumps(raw, default=str))  # type: ignore[no-any-return]


def listed(noun: str, items: list[Json]) -> Json:
    """Return a list in the shape that every list has."""
    return {"schema": f"assay.{noun}/1", noun: items}


def _model(record: Any) -> Json:
    return {"schema": "assay.model/1", **plain_record(record), "identity": IDENTITY_NOTE}


def model_list(home: Home, actor: str, *, status: str | None = None) -> Json:
    """List the packages, of one status if asked."""
    from assay.office import registry

    records = [r for r in registry.listing(home.office) if status is None or r.status == status.upper()]
    return listed("models", [plain_record(r) for r in records])


def model_show(home: Home, actor: str, *, name: str) -> Json:
    """Show one package: ``name`` or ``name@version``."""
    from assay.office import registry

    return _model(registry.get(home.office, name))


def model_register(
    home: Home, actor: str, *, file: str, name: str, owner: str = "", purpose: str = ""
) -> Json:
    """Register a model file as PENDING. It is scanned first, and marked when the scan passes."""
    from assay.works import actions
    from assay.works.checking import bench
    from assay.works.examine import examine
    from assay.works.resolve import pin

    if Path(file).is_dir():
        raise UsageError(f"{file} is a folder", remedy="pack it: tar czf model.tar.gz -C FOLDER .")
    with bench(home) as table:
        asset = pin(file, ("model",), home.store, home)
        report, _, raised = examine(
            actions.load("check", "model.scan"), {"tree": asset}, {}, {}, table, seed=0
        )
        if raised is not None:
            raise raised
        verdict = Verdict(report, Gate())
        if not verdict.passed:
            why = verdict.stopping[0].message if verdict.stopping else "it could not be examined to the end"
            raise Refused(f"{file} is not registered, because model.scan says {verdict.outcome}: {why}")
        candidate = Candidate(
            home=home,
            bench=table,
            run="",
            pipeline="",
            actor=actor,
            verdicts={"scan": verdict},
            inputs={},
            code=None,
            environment={},
            isolation="",
        )
        done = enter(candidate, asset, name, {"owner": owner, "purpose": purpose})
    return _model(done.record) | {
        "event": done.record.event,
        "new": done.new,
        "hallmark_path": str(done.hallmark) if done.hallmark else None,
    }


def _decide(home: Home, actor: str, name: str, reason: str, approve: bool) -> Json:
    from assay.office import hallmark, registry

    if not reason.strip():
        raise UsageError("a decision needs its reason", remedy="say it with --reason 'why'")
    found = registry.get(home.office, name)
    act = registry.approve if approve else registry.reject
    with home.office.transaction() as tx:
        record = act(
            tx, found.name, found.version, actor=actor, reason=reason, four_eyes=home.settings.four_eyes
        )
    statement = hallmark.decide(home.office, record, keyring=home.keyring)
    (place_of(home, record) / "decision.intoto.json").write_bytes(statement)
    return _model(record) | {"event": record.event}


def model_approve(home: Home, actor: str, *, name: str, reason: str) -> Json:
    """Approve a package. With ``four_eyes`` set, by someone other than whoever registered it."""
    return _decide(home, actor, name, reason, True)


def model_reject(home: Home, actor: str, *, name: str, reason: str) -> Json:
    """Reject a package."""
    return _decide(home, actor, name, reason, False)


def model_export(home: Home, actor: str, *, name: str, to: str) -> Json:
    """Copy a package, its marks, the public keys and the checkpoint into a folder."""
    from assay.office import ledger, registry

    record = registry.get(home.office, name)
    out = Path(to)
    if out.exists():
        raise UsageError(f"{to} is already there", remedy="name a folder that is not")
    out.mkdir(parents=True)
    place = place_of(home, record)
    package.lay_out(place, record.files, home.store)
    shutil.copytree(place / "package", out / "package")
    for mark in (package.BUNDLE, package.STATEMENT, "decision.intoto.json"):
        if (place / mark).is_file():
            shutil.copyfile(place / mark, out / mark)
    for key in ("hallmark", "ledger"):
        (out / f"{key}.pub").write_bytes(home.keyring.public_pem(key))
    (out / "checkpoint").write_text(ledger.checkpoint(home.office))
    with home.office.transaction() as tx:
        seq = tx.record("model.export", f"model/{record.name}@{record.version}", actor=actor)
    return _model(record) | {"to": str(out), "event": seq}


def model_verify(home: Home, actor: str, *, name: str) -> Json:
    """Verify a package: every file, the marks, the reports behind them, the decision, and the ledger."""
    from assay.office import hallmark, ledger, registry

    record = registry.get(home.office, name)
    place = place_of(home, record)
    if not (place / "package").is_dir():
        package.lay_out(place, record.files, home.store)
    problems = [
        plain_record(p) for p in hallmark.verify_package(home.office, record, place, store=home.store)
    ]
    found = ledger.verify(home.office)
    problems += [plain_record(p) for p in found.problems]
    marked = (place / package.BUNDLE).is_file()
    return {
        "schema": "assay.verification/1",
        "model": f"{record.name}@{record.version}",
        "status": record.status,
        "decided_by": record.decided_by,
        "reason": record.reason,
        "hallmark": "examined" if marked else None,
        "files": len(record.files),
        "ok": not problems,
        "problems": problems,
        "ledger": {"size": found.size, "root": found.root},
    }


def runs_list(home: Home, actor: str, *, limit: int = 20) -> Json:
    """List the latest runs."""
    from assay.office import runs

    return listed("runs", [plain_record(r) for r in runs.listing(home.office, limit)])


def runs_show(home: Home, actor: str, *, run: str) -> Json:
    """Show one run, by its id or the beginning of it."""
    from assay.office import runs

    record = runs.get(home.office, run)
    path = home.root / "runs" / record.id / "run.json"
    if path.is_file():
        return dict(json.loads(path.read_text()))
    return {"schema": "assay.run/1", **plain_record(record)}


def lineage_of(home: Home, actor: str, *, urn: str, up: bool = True, format: str = "json") -> Any:
    """Show what something was made from (up), or what was made from it (down): json, dot or openlineage."""
    from assay.office import runs
    from assay.works.lineage import as_dot, as_openlineage

    edges = runs.lineage(home.office, urn, up)
    if format == "dot":
        return as_dot(edges)
    if format == "openlineage":
        return listed("events", as_openlineage(edges, home.id, utc_now()))
    return listed("edges", [plain_record(e) for e in edges]) | {"of": urn, "up": up}


def log_tail(home: Home, actor: str, *, number: int = 20) -> Json:
    """Show the latest events."""
    from assay.office import ledger

    return listed("events", [e.to_dict() for e in ledger.tail(home.office, number)])


def log_verify(home: Home, actor: str) -> Json:
    """Verify the whole ledger, the rows it vouches for, and the checkpoint kept outside the database."""
    from assay.office import ledger

    found = ledger.verify(home.office)
    return {"schema": "assay.verification/1", **plain_record(found)}


def log_verify_export(
    home: Home | None, actor: str, *, checkpoint: str, export: str | None, key: str | None
) -> Json:
    """Verify the ledger, or an exported one, against a checkpoint kept elsewhere."""
    from assay.office import ledger

    note = _text(checkpoint)
    public = Path(key).read_bytes() if key else (home.keyring.public_pem("ledger") if home else None)
    if public is None:
        raise UsageError("without a home the log's public key is needed", remedy="name it: --key ledger.pub")
    if export is not None:
        found = ledger.verify_export(Path(export), note, public)
    elif home is not None:
        found = ledger.verify_against(home.office, note, public)
    else:
        raise UsageError(
            "there is no home here, and no --export FILE", remedy="run inside a home, or name the export"
        )
    return {"schema": "assay.verification/1", **plain_record(found)}


def log_prove(home: Home, actor: str, *, seq: int) -> Json:
    """Prove that an event is in the log: the event, its path to the root, and the signed checkpoint."""
    from assay.office import ledger

    return {"schema": "assay.proof/1", **plain_record(ledger.prove(home.office, seq))}


def log_checkpoint(home: Home, actor: str) -> Json:
    """Give the signed checkpoint, to be kept elsewhere."""
    from assay.office import ledger

    return {"schema": "assay.checkpoint/1", "checkpoint": ledger.checkpoint(home.office)}


def log_export(home: Home, actor: str, *, to: str) -> Json:
    """Write the whole log as JSON lines, the checkpoint last, and the log's public key beside it."""
    from assay.office import ledger

    path = Path(to)
    if path.exists():
        raise UsageError(f"{to} is already there", remedy="name a file that is not")
    with path.open("w", encoding="utf-8") as out:
        ledger.export(home.office, out)
    key = path.with_name(path.name + ".pub")
    key.write_bytes(home.keyring.public_pem("ledger"))
    return {"schema": "assay.export/1", "file": str(path), "key": str(key)}


def findings_list(home: Home, actor: str, *, severity: str = "info", check: str | None = None) -> Json:
    """List what was found, gravest first."""
    from assay.office import findings

    at = Severity.parse(severity)
    return listed(
        "findings", [plain_record(f) for f in findings.listing(home.office, severity=at, check=check)]
    )


def findings_show(home: Home, actor: str, *, fingerprint: str) -> Json:
    """Show one finding, by its fingerprint or the beginning of it."""
    from assay.office import findings

    return {"schema": "assay.finding/1", **plain_record(findings.get(home.office, fingerprint))}


def _text(path: str) -> str:
    try:
        data = Path(path).read_bytes()[: 1 << 16]
        return data.decode()
    except FileNotFoundError:
        raise Missing(f"there is no file {path!r}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a checkpoint: {error}") from None


VERBS: Mapping[str, Callable[..., Any]] = {
    "model.list": model_list,
    "model.show": model_show,
    "model.register": model_register,
    "model.approve": model_approve,
    "model.reject": model_reject,
    "model.export": model_export,
    "model.verify": model_verify,
    "runs.list": runs_list,
    "runs.show": runs_show,
    "lineage": lineage_of,
    "log.tail": log_tail,
    "log.verify": log_verify,
    "log.verify_against": log_verify_export,
    "log.prove": log_prove,
    "log.checkpoint": log_checkpoint,
    "log.export": log_export,
    "findings.list": findings_list,
    "findings.show": findings_show,
}
