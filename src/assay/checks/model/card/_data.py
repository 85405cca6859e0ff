"""The data behind the model: which tables, what was found in them and done to them on the way, and whose data it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assay.checks.model.card._behind import Behind
from assay.kernel.asset import Asset
from assay.kernel.card import DataSet, Told, Training
from assay.kernel.report import Report
from assay.kernel.severity import Severity

_MOST = 12  # sentences of one report
_CAP = 100
_PACKAGES = 5_000


def tables(behind: Behind) -> Iterable[DataSet]:
    """Give the tables that it was trained and judged on, and those they came from, first."""
    used = {a.digest for a in (*behind.training, *behind.judged)}
    for digest, asset in behind.upstream.items():
        if behind.made_by(digest) is None and digest not in used:
            yield _table("source", asset, behind)
    for asset in behind.training:
        yield _table("training", asset, behind)
    for asset in behind.judged:
        yield _table("evaluation", asset, behind)


def _table(role: str, asset: Asset, behind: Behind) -> DataSet:
    reports = behind.on(asset.digest)
    maker = behind.made_by(asset.digest)
    said = next((r for r in reports if r.check == "data.profile"), maker or next(iter(reports), None))
    return DataSet(
        role,
        asset.name,
        asset.digest,
        asset.format,
        behind.rows(asset),
        behind.columns(asset),
        behind.digest(said) if said is not None else "",
    )


def changes(behind: Behind) -> tuple[Told, ...]:
    """Return what was found in the data on the way and done about it, and to the model after training, first to last."""
    reports = [*(r for r in behind.using.values() if _on_the_way(r, behind)), *behind.remade]
    out: list[Told] = []
    for report in sorted(reports, key=lambda r: r.started):
        digest = behind.digest(report)
        if report.check == "data.split":
            sentences = [_split(report)]
        else:
            least = Severity.INFO if behind.maker(report) is not None else Severity.MEDIUM
            sentences = [f.message for f in report.findings if f.severity >= least]
        name = report.subject.name if report.subject else ""
        if report in behind.remade and not sentences:
            table = report.subject is not None and report.subject.kind == "table"
            sentences = [f"{report.check} made {'a' if table else 'another'} model of it."]
        out += [Told(f"{name}: {s}" if name else s, digest, report.check) for s in sentences[:_MOST]]
        if len(sentences) > _MOST:
            out.append(Told(f"{name}: {len(sentences) - _MOST} more findings.", digest, report.check))
    return tuple(out[:_CAP])


def _on_the_way(report: Report, behind: Behind) -> bool:
    """Whether a report is of data before the tables that the model was trained and judged on, and not about whose it is."""
    if report.subject is None or report.check in ("data.pii", "data.mask", "train"):
        return False
    used = {a.digest for a in (*behind.training, *behind.judged)}
    digest = report.subject.digest
    return report.check.startswith("data.") and digest in behind.upstream and digest not in used


def _split(report: Report) -> str:
    rows = {str(m.of["part"]): m.value for m in report.metrics if m.name == "rows" and "part" in m.of}
    parts = " and ".join(f"{n:,} rows in {part}" for part, n in rows.items() if n is not None)
    by = [f"{k} {v}" for k, v in report.params.items() if k in ("stratify", "group", "time", "by") and v]
    how = f" ({', '.join(by)})" if by else ""
    return f"split into {parts}{how}, seed {report.seed}."


def personal(behind: Behind) -> tuple[Told, ...]:
    """Return which columns hold people's data, and what was done about them; nothing where nobody looked."""
    out: list[Told] = []
    found: dict[str, str] = {}
    for digest, asset in behind.upstream.items():
        for report in behind.on(digest):
            columns = report.data.get("columns")
            if report.check != "data.pii" or not isinstance(columns, Mapping):
                continue
            found |= {str(c): str(kind) for c, kind in columns.items()}
            named = ", ".join(f"{c} ({kind})" for c, kind in sorted(columns.items()))
            said = f"{asset.name} holds people's data in {named}." if named else f"No column of {asset.name} holds people's data."  # fmt: skip
            out.append(Told(said, behind.digest(report), report.check))
    if not out:
        return ()
    done: dict[str, str] = {}
    for report in behind.using.values():
        if report.subject is None or report.subject.digest not in behind.upstream:
            continue
        columns = report.data.get("masked" if report.check == "data.mask" else "dropped")
        if report.check not in ("data.mask", "data.drop") or not isinstance(columns, (list, tuple)):
            continue
        word = "masked" if report.check == "data.mask" else "dropped"
        taken = [str(c) for c in columns if str(c) in found]
        done |= dict.fromkeys(taken, word)
        if taken:
            how = f" ({report.data['method']})" if isinstance(report.data.get("method"), str) else ""
            out.append(
                Told(
                    f"{', '.join(sorted(taken))} {_were(taken)} {word}{how}.",
                    behind.digest(report),
                    report.check,
                )
            )
    left = sorted(found.keys() - done.keys())
    if left:
        out.append(
            Told(f"{', '.join(left)} {_were(left)} left as {'they are' if len(left) > 1 else 'it is'}.")
        )
    return tuple(out[:_CAP])


def _were(columns: list[str]) -> str:
    return "were" if len(columns) > 1 else "was"


def training(behind: Behind) -> Training | None:
    """Return how it was made, where the report of its training is there."""
    report = behind.trained
    if report is None:
        return None
    environment = report.data.get("environment")
    environment = environment if isinstance(environment, Mapping) else {}
    measured = {m.name: m.value for m in report.metrics if not m.of}
    code = next((o.digest for o in report.outputs if o.kind == "tree"), "")
    return Training(
        str(report.data.get("script", "")),
        code,
        _flat(report.params.get("hyperparameters")),
        report.seed,
        str(environment.get("python", "")),
        str(environment.get("system", "")),
        _flat(environment.get("packages")),
        str(environment.get("isolation", "")),
        _flat(report.params.get("limits")),
        measured.get("seconds"),
        measured.get("peak_memory"),
        report.started,
        behind.digest(report),
    )


def _flat(value: object) -> dict[str, str]:
    pairs = list(value.items())[:_PACKAGES] if isinstance(value, Mapping) else []
    return {str(k)[:200]: str(v)[:500] for k, v in pairs}
