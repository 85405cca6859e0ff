"""Sensitive data: which columns hold people's names, numbers, accounts, credentials, or what article 9 GDPR protects.

Every value of every text and number column is read. What is taken for a kind rests on evidence: the column's own name (in
some thirty languages), the form of its values, their check digits (cards, IBAN, national numbers of some sixty countries),
lists of names and words, and the columns beside it. Each piece has a weight in log-odds; the report holds them, and the
confidence that they come to, under `data.evidence`.

A column made of one kind is a medium finding, single occurrences inside longer texts a low one. Credentials are high, and so
is a special category beside a column that says whose it is. No value is ever shown. People's names inside longer texts are
not looked for.

Example: assay check data.pii bookings.csv.gz
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from typing_extensions import Doc

from assay.kernel.errors import Missing
from assay.kernel.handles import Column, ColumnInfo, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.recognise.scan import Scan, Verdict

CELLS = 2_000_000
_REMEDY = {
    "card": "mask or tokenise it (`data.mask`): no model needs card numbers",
    "name": "mask it (`data.mask`), or leave it out",
}


def check(
    table: Table,
    *,
    columns: Annotated[tuple[Column, ...], Doc("look at these columns only")] = (),
    work: Work,
) -> Report:
    """Read every value and say which columns hold sensitive data of which kind."""
    from assay.methods.recognise.scan import Scan

    known = {c.name: c for c in table.columns}
    lost = [c for c in columns if c not in known]
    if lost:
        raise Missing(f"there is no column {lost[0]!r}", where=table.asset.name)
    wanted = [known[c] for c in columns] if columns else list(table.columns)
    born = [c for c in wanted if _is_birth(c)]
    scans = [Scan(c.name, c.type, _words(c.name)) for c in wanted]
    scans = [s for s in scans if s.wanted]
    _read(table, work, scans)
    found = {s.name: s.verdicts() for s in scans}
    kinds = {name: v[0].type for name, v in found.items() if v and v[0].whole}
    for scan in scans:
        found[scan.name] = scan.verdicts([k for name, k in kinds.items() if name != scan.name])
    kinds = {name: v[0].type for name, v in found.items() if v and v[0].whole}
    findings: list[Finding] = []
    metrics: list[Metric] = []
    whole: dict[str, str] = {}
    inside: dict[str, list[str]] = {}
    evidence: dict[str, Any] = {}
    for scan in scans:
        for verdict in found[scan.name]:
            findings.append(_finding(scan, verdict, {k for c, k in kinds.items() if c != scan.name}))
            of = {"column": scan.name, "type": verdict.type}
            metrics.append(Metric("share", round(verdict.share, 6), of=of))
            metrics.append(Metric("confidence", round(verdict.confidence, 4), of=of))
            if verdict.whole and scan.name not in whole:
                whole[scan.name] = verdict.type
                evidence[scan.name] = {
                    "type": verdict.type,
                    "confidence": round(verdict.confidence, 4),
                    "evidence": [e.to_dict() for e in verdict.evidence],
                }
            else:
                inside.setdefault(scan.name, []).append(verdict.type)
    for column in born:
        if column.name not in whole:
            whole[column.name] = "birth_date"
            said = f"{column.name} is named as a date of birth and holds dates."
            findings.append(_found("birth_date", Severity.MEDIUM, said, column.name, table.rows))
            evidence[column.name] = {
                "type": "birth_date",
                "confidence": 0.95,
                "evidence": [
                    {"of": "column name", "says": "says so", "weight": 3.5},
                    {"of": "format", "says": "it holds dates", "weight": 2.5},
                ],
            }
    skipped = [
        Skipped(f"column {c.name}", f"values of type {c.native or c.type} are not read")
        for c in wanted
        if c.type in ("binary", "other")
    ]
    skipped += [
        Skipped(
            f"column {s.name}",
            f"{s.long:,} values are longer than 10,000 characters; their ends were not read",
        )
        for s in scans
        if s.long
    ]
    metrics = [Metric("columns_sensitive", len(whole) + len(inside), unit="columns"), *metrics]
    return Report.make(
        coverage=Coverage(table.rows, table.rows, tuple(skipped)),
        metrics=metrics,
        findings=findings,
        charts=_charts(metrics[1:]),
        data={"columns": whole, "inside": inside, "evidence": evidence},
    )


def _words(name: str) -> tuple[str, ...]:
    from assay.methods.integrity.column import words

    return words(name)


def _is_birth(column: ColumnInfo) -> bool:
    from assay.methods.recognise.headers import said

    return column.type in ("date", "timestamp") and said(column.name).hints("birth_date") == 2


def _read(table: Table, work: Work, scans: list[Scan]) -> None:
    """Feed every value to its column's scan, in one pass."""
    if not scans:
        return
    done, total = 0, table.rows
    size = max(256, min(65_536, CELLS // len(scans)))
    for batch in table.batches([s.name for s in scans], size):
        for place, scan in enumerate(scans):
            scan.feed(batch.column(place))
        done += batch.num_rows
        work.progress(done, total, "rows")


def _finding(scan: Scan, verdict: Verdict, around: set[str]) -> Finding:
    from assay.methods.recognise.kinds import DIRECT, KINDS, SPECIAL

    about = "about " if verdict.estimated else ""
    if verdict.type == "name":
        said = f"{scan.name} holds people's names ({verdict.share:.2f} of its distinct values are known as such)."
    elif verdict.whole:
        said = f"{scan.name} holds {verdict.title} in {about}{verdict.rows:,} of {scan.rows:,} values."
    else:
        said = f"{scan.name} has {verdict.title} inside {about}{verdict.rows:,} of {scan.rows:,} values."
    kind = KINDS[verdict.type]
    severity = Severity.parse(kind.severity)
    if not verdict.whole:
        severity = Severity.MEDIUM if severity > Severity.MEDIUM else Severity.LOW
    elif verdict.type in SPECIAL and DIRECT & around:
        severity = Severity.HIGH
        said += " Beside it stand data that say whose they are."
    return _found(verdict.type, severity, said, scan.name, verdict.rows, kind.refs)


def _found(
    kind: str, severity: Severity, said: str, column: str, rows: int, refs: tuple[str, ...] = ("GDPR:4(1)",)
) -> Finding:
    remedy = _REMEDY.get(kind, "mask it (`data.mask`), leave it out, or say why it is needed")
    return Finding(f"data.pii.{kind}", severity, said, {"column": column}, remedy, refs, max(1, rows))


def _charts(metrics: list[Metric]) -> list[Chart]:
    rows: tuple[dict[str, Any], ...] = tuple(
        {"column": str(m.of["column"]), "share": m.value, "type": str(m.of["type"])}
        for m in [m for m in metrics if m.name == "share"][:50]
    )
    if not rows:
        return []
    alt = f"{len(rows)} columns hold sensitive data."
    title = "Share of values that are sensitive"
    return [Chart(title, "bar", rows, "column", "share", series="type", y_title="share", alt=alt)]
