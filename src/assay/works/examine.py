"""One check or treatment, carried out: inputs opened, parameters checked, whatever goes wrong reported."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, Missing, interrupted, of_the_machine
from assay.kernel.handles import Column, Silent
from assay.kernel.report import Coverage, Finding, Report, Skipped
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.methods.nearest import did_you_mean
from assay.works.bench import Bench
from assay.works.declared import Loaded
from assay.works.signature import Param, signature
from assay.works.work import Progress, utc_now

NO_MEMORY = "there was not enough memory; give more, or a smaller table"
LEFT_OUT = ("table.ragged_rows", "table.encoding", "table.rejected_rows", "traffic.damaged")


def examine(
    action: Loaded,
    inputs: Mapping[str, Asset],
    reports: Mapping[str, Report],
    params: Mapping[str, Any],
    bench: Bench,
    *,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Report, dict[str, Asset], AssayError | Exception | None]:
    """Carry it out and return its report, the assets it made, and the error that ended it, if any.

    A check that raises gives a report whose ``error`` says why; the caller decides what follows.
    """
    spec = signature(action.function)
    started, clock = utc_now(), time.perf_counter()
    subject = next((inputs[p.name] for p in spec if p.role == "input" and p.name in inputs), None)
    made: dict[str, Asset] = {}
    raised: AssayError | Exception | None = None
    bench.levels, bench.seed = set(), seed
    try:
        with contextlib.ExitStack() as stack:
            handles = {n: stack.enter_context(bench.opened(a, _kind(spec, n, a))) for n, a in inputs.items()}
            given = _arguments(spec, handles, reports, params)
            work = bench.work(seed, progress)
            result = action.function(**given, **({"work": work} if _takes_work(spec) else {}))
            problems = [p for h in handles.values() for p in getattr(h, "problems", ())]
            engine = next((h.engine for h in handles.values() if hasattr(h, "engine")), "")
        if isinstance(result, Made):
            made = dict(result.outputs)
            report = result.report.with_(outputs=(*result.report.outputs, *made.values()))
        else:
            report = result
        report = _with_problems(report, problems + _isolation(bench)).with_(engine=engine)
    except AssayError as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        raised, report = error, Report(error=str(error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        raised, report = error, Report(error=NO_MEMORY)
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        raised = error
        report = Report(error=failed(action.name, error))
    report = report.with_(
        check=action.name,
        subject=subject,
        inputs=dict(inputs),
        params=dict(params),
        seed=seed,
        started=started,
        seconds=round(time.perf_counter() - clock, 4),
    )
    return report, made, raised


def failed(name: str, error: Exception) -> str:
    """Return what an error that nobody foresaw made of an action, as a sentence."""
    told = of_the_machine(error) if isinstance(error, OSError) else None
    return f"{name} failed: {told or f'{type(error).__name__}: {str(error)[:300]}'}"


def _kind(spec: tuple[Param, ...], name: str, asset: Asset) -> str:
    param = next(p for p in spec if p.name == name.partition(".")[0])
    kinds = param.kinds
    if (
        asset.kind == "model"
        and "model" in kinds
        and any(isinstance(limit, Silent) for limit in param.limits)
    ):
        return "silent"
    if asset.kind in kinds:
        return asset.kind
    return "tree" if "tree" in kinds and asset.kind in ("model", "file") else kinds[0]


def _takes_work(spec: tuple[Param, ...]) -> bool:
    return any(p.role == "work" for p in spec)


def _arguments(
    spec: tuple[Param, ...],
    handles: Mapping[str, Any],
    reports: Mapping[str, Report],
    params: Mapping[str, Any],
) -> dict[str, Any]:
    columns = [c.name for h in handles.values() for c in getattr(h, "columns", ())]
    known = {p.name: p for p in spec if p.role == "value"}
    for name in params:
        if name not in known:
            raise Missing(f"there is no parameter {name!r}", remedy=did_you_mean(name, known))
    out: dict[str, Any] = {n: h for n, h in handles.items() if "." not in n}
    for param in spec:
        if param.role == "input" and param.many:
            out[param.argument] = {
                n.partition(".")[2]: h for n, h in handles.items() if n.startswith(f"{param.name}.")
            }
    for param in spec:
        if param.role == "report" and param.many:
            out[param.argument] = {
                n.partition(".")[2]: r for n, r in reports.items() if n.startswith(f"{param.name}.")
            }
        elif param.role == "report" and param.name in reports:
            out[param.name] = reports[param.name]
        if param.role != "value" or param.name not in params:
            continue
        if params[param.name] is None and not param.required:
            continue
        value = param.value(params[param.name])
        if param.type is Column and columns:
            for name in value if param.many else (value,):
                if name is not None and name not in columns:
                    raise Missing(
                        f"there is no column {name!r}",
                        where=param.name,
                        remedy=did_you_mean(str(name), columns),
                    )
        out[param.argument] = value
    missing = [
        p for p in spec if p.needed({*params, *handles}) and p.argument not in out and p.role != "work"
    ]
    if missing:
        raise Missing(f"{missing[0].flag} is needed: {missing[0].doc or missing[0].expected}")
    return out


def _with_problems(report: Report, problems: list[Finding]) -> Report:
    """What the reader met belongs to the report; rows that could not be read make it incomplete."""
    if not problems:
        return report
    seen = {(f.rule, str(f.where)) for f in report.findings}
    new = [p for p in dict.fromkeys((p.rule, str(p.where)) for p in problems) if p not in seen]
    findings = [next(p for p in problems if (p.rule, str(p.where)) == key) for key in new]
    left = tuple(Skipped(f"{p.count} rows", p.message) for p in findings if p.rule in LEFT_OUT)
    coverage = report.coverage
    if left:
        lost = sum(p.count for p in findings if p.rule in LEFT_OUT)
        of = max(coverage.of, coverage.examined + lost)
        coverage = Coverage(coverage.examined, of, coverage.skipped + left, coverage.unit)
    ordered = tuple(sorted((*report.findings, *findings), key=lambda f: -f.severity))
    return report.with_(findings=ordered, coverage=coverage)


def _isolation(bench: Bench) -> list[Finding]:
    lower = sorted(bench.levels - {"full"})
    if not lower:
        return []
    return [isolation_finding(lower[0])]


def isolation_finding(level: str) -> Finding:
    """Return the finding that a report carries for anything under full isolation."""
    held = "seccomp and Landlock only, no namespaces" if level == "partial" else "no isolation at all"
    return Finding(
        "sandbox.level",
        # Never above medium: each lower level was accepted by name, so it is told and does not fail the run.
        Severity.LOW if level == "partial" else Severity.MEDIUM,
        f"Untrusted code ran under {level} isolation: {held}.",
        {},
        "`assay doctor` says what to install or allow for full isolation",
    )
