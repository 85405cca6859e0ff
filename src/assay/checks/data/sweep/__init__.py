"""Sweep: an inventory of personal data in folders, buckets and databases.

Every file, table and document is looked at as data.pii looks at a table, and an earlier inventory says what changed
since. Tables: CSV, TSV, Parquet, JSON lines, Arrow, gzipped too, all tables of DuckDB and SQLite files, a PostgreSQL
server's. Documents: JSON, text, Markdown, HTML, PDF, DOCX, XLSX, e-mail and mailboxes with what is attached to them.
Documents are parsed in the sandbox, each within bounds of size, depth, time and memory; what cannot be read, or not to
its end, is told under coverage and makes the outcome incomplete. PDF files need the extra `documents`, and pictures of
text are not read. Links are not followed, and told. No value is ever shown; names of files, tables and columns are.

The target is a folder or file, `s3://bucket/prefix` (or what else fsspec reaches), or `postgres://host/database`. The output
`inventory` has a row for each kind in each column or part; `--against REPORT` names the JSON report of an earlier sweep, and
says what is new, gone and changed since. `--sample N` reads N rows of each table.

Example: assay check data.sweep . --format json -o ../last.json \\
  --fail-on none &&
  assay check data.sweep . --against ../last.json
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.kernel.handles import Tree, Work
from assay.kernel.report import Coverage, Metric, Report


def check(
    tree: Tree,
    *,
    against: Annotated[
        Report | None, Doc("the report of an earlier sweep: what changed since is told")
    ] = None,
    sample: Annotated[int, Ge(0), Doc("read so many rows of each table, drawn by the seed; 0 reads all")] = 0,
    identifiers: Annotated[Path | None, Doc("a YAML file of identifiers of your own")] = None,
    allow: Annotated[
        Path | None, Doc("a YAML file of values, columns and patterns that are no finding")
    ] = None,
    items: Annotated[
        int, Interval(ge=1, le=1_000_000), Doc("how many files and tables are looked at")
    ] = 100_000,
    work: Work,
) -> Report:
    """Look at everything in ``tree``; coverage counts files, tables and documents."""
    from assay.checks.data.sweep._findings import findings
    from assay.checks.data.sweep._walk import Sweep
    from assay.methods.recognise.custom import read_allowed, read_identifiers
    from assay.methods.recognise.inventory import compare, earlier

    before = earlier(against.of("data.sweep").data) if against is not None else None
    own = read_identifiers(identifiers) if identifiers is not None else ()
    allowed = read_allowed(allow) if allow is not None else None
    sweep = Sweep(tree, work, own, allowed, sample, items)
    sweep.run()
    found = sweep.found
    changes = compare(before, found) if before is not None else None
    metrics = [
        Metric("items", len(found)),
        Metric("items_sensitive", sum(bool(i.found) for i in found)),
        *[
            Metric("items_holding", sum(k in i.types for i in found), of={"type": k})
            for k in sorted({t for i in found for t in i.types})
        ],
    ]
    data = {"items": {i.name: i.to_dict() for i in found}}
    if changes is not None:
        counts = {"new": changes.new, "gone": changes.gone, "changed": changes.changed}
        metrics += [Metric(f"items_{name}", len(names)) for name, names in counts.items()]
        data["changes"] = changes.to_dict()
    outputs = [work.put("inventory", sweep.table())]
    return Report.make(
        coverage=Coverage(
            len(found) - sweep.unread, len(found) + sweep.beyond, tuple(sweep.skipped()), "items"
        ),
        metrics=metrics,
        findings=findings(found, changes, {i.name: i for i in own}),
        outputs=outputs,
        data=data,
    )
