"""One check or treatment on a target, with a home or without one; inside a home each is an event."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from assay.engines.blobs import Store
from assay.engines.tracing import Open, Recorder, spanned
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.report import Report
from assay.kernel.verdict import Gate, Verdict
from assay.works import declared, reading
from assay.works.bench import Bench
from assay.works.declared import Kind, Loaded
from assay.works.examine import examine
from assay.works.home import Home, loose_scratch
from assay.works.keys import hold_key, of_the_home
from assay.works.logins import logins
from assay.works.resolve import named, pin, still_as_pinned
from assay.works.settings import Settings
from assay.works.signature import Param, signature
from assay.works.traces import keeping
from assay.works.trainers import hold_trainer
from assay.works.work import Progress

SEED = 7


@contextlib.contextmanager
def preferred(builder: str) -> Iterator[None]:
    """Have the walls of jobs built by ``bubblewrap``, the ``kernel`` directly, or whoever can, for a while."""
    from assay.engines.isolation import sandbox

    before = sandbox.preferred()
    sandbox.prefer(builder)
    try:
        yield
    finally:
        sandbox.prefer(before)


@contextlib.contextmanager
def bench(home: Home | None, settings: Settings | None = None) -> Iterator[Bench]:
    """Give a bench: in the home's folders, or in folders that are swept afterwards."""
    settings = settings or (home.settings if home else Settings())
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(home.scratch() if home else loose_scratch())
        work = scratch / "bench"
        work.mkdir()
        store = home.store if home else Store(str(scratch / "objects"), lasting=False)
        cache = home.folder("cache", "requirements") if home else None
        if settings.sandbox != "auto":
            stack.enter_context(preferred(settings.sandbox))
        yield Bench(
            store=store,
            scratch=work,
            cores=settings.cores,
            memory=settings.memory,
            engine=settings.engine,
            isolation=settings.isolation,
            answer=settings.answer_seconds,
            cache=cache,
            network_isolation=settings.network_isolation,
            encrypted=settings.encrypt_inter_container_traffic,
            logins=partial(logins, settings),
            home=home,
            recorder=keeping.recorder(home) if home else None,
        )


def carry_out(
    kind: Kind,
    name: str,
    target: Any,
    params: Mapping[str, Any],
    *,
    home: Home | None,
    actor: str = "",
    gate: Gate | None = None,
    settings: Settings | None = None,
    keep: Path | None = None,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Verdict:
    """Examine (or treat) one target. params hold inputs too, as paths or tables in memory.

    keep: a folder that outputs are copied into. AssayError is raised as it is; any other failure is a report
    with an ``error``.
    """
    loaded = declared.load(kind, name)
    with bench(home, settings) as table, spanned(table.recorder, f"{kind} {name}") as span:
        with spanned(table.recorder, "pin"):
            inputs, reports, values = taken_apart(loaded, target, params, table, home)
        with spanned(table.recorder, name, assay__check=name):
            report, made, raised = examine(
                loaded, inputs, reports, values, table, seed=seed, progress=progress
            )
        if isinstance(raised, AssayError):
            raise raised
        if raised is None:
            still_as_pinned(inputs, home, table.store)
        if keep is not None:
            report = _keep(report, table, keep)
        if home is not None:
            _record(home, kind, report, made, actor or home.actor, table.recorder, span)
        elif keep is None:
            report = report.with_(outputs=tuple(_loose(a) for a in report.outputs))
    return Verdict(report, gate or Gate())


def taken_apart(
    loaded: Loaded, target: Any, params: Mapping[str, Any], table: Bench, home: Home | None
) -> tuple[dict[str, Asset], dict[str, Report], dict[str, Any]]:
    """Return what a person gave as inputs, pinned, as reports, read, and as plain values."""
    spec = {p.argument: p for p in signature(loaded.function)} | {
        p.name: p for p in signature(loaded.function)
    }
    subject = next(p for p in signature(loaded.function) if p.role == "input")
    inputs = {subject.name: _pin(target, subject, table, home)}
    reports: dict[str, Report] = {}
    values: dict[str, Any] = {}
    for name, raw in params.items():
        param = spec.get(name)
        if param is not None and param.role == "input":
            if param.many:
                for each, source in _by_name(param.name, raw).items():
                    inputs[f"{param.name}.{each}"] = _pin(source, param, table, home)
            elif raw is not None and param.kinds == ("trainer",):
                inputs[param.name] = hold_trainer(raw, inputs[subject.name], table, home)
            elif raw is not None:
                inputs[param.name] = _pin(raw, param, table, home)
        elif param is not None and param.role == "report" and param.many:
            reports |= {f"{param.name}.{n}": r for n, r in reading.many(raw).items()}
        elif param is not None and param.role == "report":
            reports[param.name] = reading.report(raw)
        else:
            values[name] = raw
    own = of_the_home(spec.values(), inputs, home)
    for name, source in (named(loaded, values) | own).items():
        if name not in inputs:
            inputs[name] = _pin(source, spec[name.partition(".")[0]], table, home)
    return inputs, reports, values


def _by_name(param: str, raw: Any) -> dict[str, Any]:
    """Return inputs given by name: a mapping, or texts like ``name=path``."""
    if isinstance(raw, Mapping):
        return {str(k): v for k, v in raw.items()}
    out: dict[str, Any] = {}
    for text in raw or ():
        name, equals, source = str(text).partition("=")
        if not (name and equals and source):
            raise UsageError(f"{param} takes NAME=TABLE, and {str(text)[:60]!r} is not that")
        out[name] = source
    return out


def _pin(source: Any, param: Param, table: Bench, home: Home | None) -> Asset:
    if param.kinds == ("key",):
        return hold_key(source, param, table, home)
    asset = pin(source, param.kinds, table.store, home, table.logins)
    if asset.uri.startswith("memory:"):
        table.held[asset.digest or asset.uri] = source
    return asset


def _loose(asset: Asset) -> Asset:
    """Without a home nothing is kept: the digest still says what it was."""
    return Asset(asset.kind, asset.name, "", asset.digest, asset.format)


def _keep(report: Report, table: Bench, folder: Path) -> Report:
    folder.mkdir(parents=True, exist_ok=True)
    outputs = []
    for asset in report.outputs:
        path = folder / (asset.name + (f".{asset.format}" if asset.format else ""))
        shutil.copyfile(table.path(asset), path)
        outputs.append(Asset(asset.kind, asset.name, str(path), asset.digest, asset.format))
    return report.with_(outputs=tuple(outputs))


def _record(
    home: Home,
    kind: Kind,
    report: Report,
    made: Mapping[str, Asset],
    actor: str,
    recorder: Recorder | None,
    span: Open | None,
) -> None:
    from assay.office import catalogue, findings, inventories, runs, traces

    digest = home.store.put_bytes(report.to_json())
    outcome = "error" if report.error else "done"
    id = f"check-{secrets.token_hex(6)}"
    if span is not None:
        span.set(assay__run=id, assay__outcome=outcome, assay__report=digest)
        if report.error:
            span.fail(outcome)
    kept = keeping.kept(home, recorder.spans(span), id, actor) if recorder else []
    with home.office.transaction() as tx:
        for asset in (*report.inputs.values(), *made.values()):
            catalogue.put(tx, asset)
        findings.put(tx, report, digest)
        inventories.put(tx, report, digest)
        for record in kept:
            traces.put(tx, record)
        runs.record_check(
            tx,
            id=id,
            kind=kind,
            uses=report.check,
            actor=actor,
            inputs=dict(report.inputs),
            outputs=dict(made),
            report=digest,
            outcome=outcome,
            seconds=report.seconds,
        )


def treat_to(
    name: str, target: Any, params: Mapping[str, Any], out: Path, *, home: Home | None, **rest: Any
) -> tuple[Verdict, list[Path]]:
    """Carry a treatment out and write what it made: one table to ``out``, several into the folder ``out``.

    What it learnt lies beside: ``parts.parquet`` has ``parts.fitted.json``.
    """
    from assay.engines.tables import export

    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is already there", remedy="name another file after -o, or remove it first")
    with loose_scratch() as held:
        verdict = carry_out("treatment", name, target, params, home=home, keep=held, **rest)
        made = {a.name: a for a in verdict.report.outputs if a.kind in ("table", "model")}
        paths: dict[str, Path] = {}
        if len(made) == 1:
            out.parent.mkdir(parents=True, exist_ok=True)
            only = next(iter(made.values()))
            if only.kind == "model":
                shutil.copyfile(only.uri, out)
            else:
                export(only.uri, out)
            paths[next(iter(made))] = out
        else:
            out.mkdir(parents=True, exist_ok=True)
            for asset in made.values():
                path = out / f"{asset.name}.parquet"
                shutil.copyfile(asset.uri, path)
                paths[asset.name] = path
        for asset in verdict.report.outputs:
            if asset.kind == "file":
                name_ = f"{asset.name}.{asset.format}" if asset.format else asset.name
                stem = out.name.partition(".")[0]
                path = out.with_name(f"{stem}.{name_}") if len(made) == 1 else out / name_
                shutil.copyfile(asset.uri, path)
                paths[asset.name] = path
    outputs = tuple(replace(a, uri=str(paths[a.name])) for a in verdict.report.outputs if a.name in paths)
    return Verdict(verdict.report.with_(outputs=outputs), verdict.gate), list(paths.values())
