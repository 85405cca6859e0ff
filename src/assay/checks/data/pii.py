"""Sensitive data: which columns hold people's names, numbers, accounts, credentials, or what article 9 GDPR protects.

Every value of every text and number column is read. What is taken for a kind rests on evidence: the column's own name (in
some thirty languages), the form of its values, their check digits (cards, IBAN, national numbers of some sixty countries),
lists of names and words, and the columns beside it. Each piece has a weight in log-odds; the report holds them, and the
confidence that they come to, under `data.evidence`.

A column made of one kind is a medium finding, single occurrences inside longer texts a low one. Credentials are high, and so
is a special category beside a column that says whose it is. No value is ever shown; names of files and columns are, so that
a table without a header row is told of. What an allow list takes out is told, and one that leaves nothing is incomplete.

People's names and postal addresses are looked for inside running text too, in English, German, French, Spanish, Italian,
Portuguese, Dutch and Polish: by lists of names and by what stands around them (titles, salutations, signatures, verbs of
saying). Names written small, in other scripts, or unknown to the lists with nothing beside them are missed; one row in
2,000 is taken for chance. Documents are read the same way by data.sweep.

`--sample N` reads N rows, drawn by the seed, and says how likely that misses what few rows hold. `--identifiers FILE` adds
identifiers of your own, `--allow FILE` names values, columns and patterns that are no finding; both are YAML, and their
patterns RE2. Folders, buckets, whole databases and documents are swept by data.sweep.

Example: assay check data.pii bookings.csv.gz
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge
from typing_extensions import Doc

from assay.kernel.errors import Missing
from assay.kernel.handles import Column, ColumnInfo, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.recognise.telling import Columns

CELLS = 2_000_000
SHARES = (0.01, 0.001, 0.0001)  # of rows: for each the probability is told that a sample misses what it holds


def check(
    table: Table,
    *,
    columns: Annotated[tuple[Column, ...], Doc("look at these columns only")] = (),
    sample: Annotated[int, Ge(0), Doc("read so many rows, drawn by the seed; 0 reads all")] = 0,
    identifiers: Annotated[Path | None, Doc("a YAML file of identifiers of your own")] = None,
    allow: Annotated[
        Path | None, Doc("a YAML file of values, columns and patterns that are no finding")
    ] = None,
    work: Work,
) -> Report:
    """Read every value and say which columns hold sensitive data of which kind."""
    from assay.methods.recognise.custom import read_allowed, read_identifiers
    from assay.methods.recognise.forms import FORMS, PROSE
    from assay.methods.recognise.telling import Columns, answers

    known = {c.name: c for c in table.columns}
    lost = [c for c in columns if c not in known]
    if lost:
        raise Missing(f"there is no column {lost[0]!r}", where=table.asset.name)
    own = read_identifiers(identifiers) if identifiers is not None else ()
    allowed = read_allowed(allow) if allow is not None else None
    wanted = [known[c] for c in columns] if columns else list(table.columns)
    examined = Columns([(c.name, c.type) for c in wanted], own, allowed)
    total = table.rows
    drawn = min(sample, total) if sample else total
    _read(table, work, examined, drawn, total)
    told = examined.told()
    findings = [
        Finding(f"data.pii.{t.type}", Severity.parse(t.severity), t.message, {"column": t.column}, t.remedy, t.refs, t.rows)
        for t in told
    ]  # fmt: skip
    findings += _beside(wanted, examined)
    metrics: list[Metric] = []
    for one in told:
        of = {"column": one.column, "type": one.type}
        metrics.append(Metric("share", round(one.share, 6), of=of))
        metrics.append(Metric("confidence", round(one.confidence, 4), of=of))
    found = answers(told, [f.type for f in (*FORMS, *PROSE)])
    if allowed is not None:
        found["allowed"] = {"columns": examined.allowed, "rows": examined.permitted}
    sensitive = len(found["columns"]) + len(found["inside"])
    metrics = [Metric("columns_sensitive", sensitive, unit="columns"), *_missed(drawn, total), *metrics]
    return Report.make(
        coverage=Coverage(drawn, total, tuple(_skipped(wanted, examined, drawn, total))),
        metrics=metrics,
        findings=findings,
        charts=_charts(metrics),
        data=found,
    )


def _read(table: Table, work: Work, examined: Columns, drawn: int, total: int) -> None:
    """Feed every value, or those of the rows drawn, to its column's scan, in one pass."""
    if not examined.names:
        examined.rows = drawn
        return
    from assay.engines.sampling import drawn as chosen

    size = max(256, min(65_536, CELLS // len(examined.names)))
    done = 0
    for batch in chosen(table.batches(examined.names, size), work.rng("sample"), drawn, total):
        examined.feed(batch)
        done += batch.num_rows
        work.progress(done, drawn, "rows")


def _beside(wanted: list[ColumnInfo], examined: Columns) -> Iterator[Finding]:
    """Give what is to be said of the table as a whole: what the allow list takes out, and names that look like values."""
    from assay.methods.recognise.values import values

    if examined.left_out:
        remedy = "keep the list as short as it can be"
        yield Finding("data.pii.allowed", Severity.INFO, examined.left_out, {}, remedy)
    kinds = [kind for c in wanted if (kind := values(c.name))]
    if kinds:
        said = f"{len(kinds):,} columns are named as values are ({', '.join(sorted(set(kinds)))}); is there no header row?"
        remedy = "give the table a header row: names of columns stand in reports and in the log"
        yield Finding("data.pii.header", Severity.MEDIUM, said, {}, remedy, ("GDPR:4(1)",), len(kinds))


def _missed(drawn: int, total: int) -> list[Metric]:
    """Return how likely a sample misses what a share of the rows holds: (1 - share) to the power of the rows drawn.

    Rows are drawn without putting back, so that the true probability is at most this.
    """
    if drawn >= total:
        return []
    out = [Metric("miss_probability", (1 - share) ** drawn, of={"share": share}) for share in SHARES]
    least = 1 - 0.05 ** (1 / drawn)
    return [*out, Metric("share_found_at_95", least, unit="of rows")]


def _skipped(wanted: list[ColumnInfo], examined: Columns, drawn: int, total: int) -> Iterator[Skipped]:
    if examined.nothing_left:
        yield Skipped("all columns", "the allow list leaves nothing to look at")
    if drawn < total:
        least = 1 - 0.05 ** (1 / drawn)
        why = f"only {drawn:,} were drawn; what stands in {least:.2g} of the rows or more is seen with probability 0.95"
        yield Skipped(f"{total - drawn:,} of {total:,} rows", why)
    for column in wanted:
        if column.type in ("binary", "other"):
            yield Skipped(
                f"column {column.name}", f"values of type {column.native or column.type} are not read"
            )
    for scan in examined.scans:
        if scan.long:
            why = f"{scan.long:,} values are longer than 10,000 characters; their ends were not read"
            yield Skipped(f"column {scan.name}", why)


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
