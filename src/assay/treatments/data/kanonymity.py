"""K-anonymity: quasi-identifiers made coarser until every row hides among k, by Mondrian's partition.

Rows are parted at the median of their widest column while each part keeps k rows and, where asked, l values of each
sensitive column and no more than the distance t from the whole. In a part numbers become their range, dates
too; texts the group that a hierarchy gives, or the set of values. `--numbers mean` keeps numbers numbers. `strict`
leaves rows of one value together; `relaxed` deals them out, which loses less. The result is measured again, by
the methods of data.anonymity, and what was lost is told: the certainty penalty, discernibility, the mean class size.

Example: assay treat data.kanonymity bookings.csv.gz --quasi country \\
  --quasi customer_type --k 10 -o anonymous.parquet
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, Broken, Missing, UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.methods.inwords import share

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from assay.methods.anonymity.mondrian import Secret
    from assay.methods.anonymity.recoding import Axis

CELLS = 200_000_000  # quasi-identifiers of all rows, held as numbers


def treat(
    table: Table,
    *,
    quasi: Annotated[tuple[Column, ...], Doc("a column that others may know of a person, such as age")],
    k: Annotated[int, Interval(ge=2, le=1_000_000), Doc("the least number of rows that are alike")] = 5,
    sensitive: Annotated[tuple[Column, ...], Doc("a column that nobody may learn of a person")] = (),
    l: Annotated[  # noqa: E741 - the field's name
        int | None, Interval(ge=2, le=1_000_000), Doc("the least number of sensitive values in a class")
    ] = None,
    t: Annotated[
        float | None, Interval(gt=0, le=1), Doc("the greatest distance of a class from the whole")
    ] = None,
    mode: Annotated[Literal["strict", "relaxed"], Doc("whether rows of one value stay together")] = "strict",
    numbers: Annotated[
        Literal["range", "mean", "median"], Doc("what numbers and dates become; a mean is a number still")
    ] = "range",
    missing: Annotated[Literal["keep", "suppress"], Doc("rows that lack a quasi-identifier")] = "keep",
    hierarchies: Annotated[Path | None, Doc("a folder of COLUMN.csv: value;group;larger group")] = None,
    work: Work,
) -> Made:
    """Return the table with its quasi-identifiers made coarser."""
    import numpy as np

    from assay.methods.anonymity.mondrian import partition
    from assay.methods.anonymity.recoding import recoded

    _valid(table, quasi, sensitive, l, t)
    axes, kept = _axes(table, quasi, hierarchies, missing)
    suppressed = table.rows - int(kept.sum())
    secrets = _secrets(table, sensitive, kept, l, t)
    parts = partition(
        [a.codes for a in axes],
        [a.places for a in axes],
        k,
        secrets,
        relaxed=mode == "relaxed",
        tick=lambda done, of: work.progress(done, of, "parting"),
    )
    if parts is None:
        raise UsageError(
            f"not even all {int(kept.sum()):,} rows together satisfy k {k}"
            + (f", l {l}" if l else "")
            + (f", t {t}" if t else ""),
            remedy="ask for less",
        )
    made = {a.name: recoded(a, parts, numbers) for a in axes}
    full = np.full(table.rows, -1, np.int64)
    full[kept] = parts
    out = _written(table, work, full, {n: names for n, (names, _) in made.items()})
    sizes = np.bincount(parts)
    penalties = {n: float(np.dot(p, sizes) / sizes.sum()) for n, (_, p) in made.items()}
    report = _report(table, made, parts, secrets, sensitive, penalties, suppressed, k, l, t)
    return Made({"out": out}, report)


def _valid(
    table: Table,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    l: int | None,  # noqa: E741
    t: float | None,
) -> None:
    present = {c.name: c for c in table.columns}
    if not quasi:
        raise UsageError("which columns may others know?", remedy="say --quasi COLUMN")
    for name in (*quasi, *sensitive):
        if name not in present:
            raise Missing(f"there is no column {name!r}", where=table.asset.name)
        if present[name].type in ("binary", "other"):
            raise UsageError(
                f"{name} holds values of type {present[name].native}, which cannot be made coarser"
            )
    both = set(quasi) & set(sensitive)
    if both:
        raise UsageError(f"{min(both)} is both a quasi-identifier and sensitive", remedy="name it once")
    if (l or t) and not sensitive:
        raise UsageError("l and t are of sensitive columns", remedy="say --sensitive COLUMN")
    if not table.rows:
        raise BadInput("there is no row to hide", where=table.asset.name)
    if table.rows * (len(quasi) + len(sensitive)) > CELLS:
        raise UsageError(f"{table.rows:,} rows are too many to part in memory", remedy="part a share of them")
    for name in quasi if table.rows > DISTINCT else ():
        if present[name].type == "text" and table.counts([name], DISTINCT) is None:
            raise UsageError(
                f"{name} holds more than {DISTINCT:,} different texts, which no class could name",
                remedy="leave it out: it is a key; or make it coarser first",
            )


def _axes(
    table: Table, quasi: Sequence[str], folder: Path | None, missing: str
) -> tuple[list[Axis], np.ndarray[Any, Any]]:
    import numpy as np

    from assay.methods.anonymity.classes import codes
    from assay.methods.anonymity.recoding import Axis

    trees: Mapping[str, Any] = {}
    if folder is not None:
        from assay.engines.hierarchies import read

        trees = read(folder, quasi)
    kinds = {c.name: c.type for c in table.columns}
    data = table.arrow(list(quasi))
    for name in quasi:
        _short(data.column(name), name)
    raw = {name: codes(data.column(name)) for name in quasi}
    kept = np.ones(table.rows, bool)
    if missing == "suppress":
        for coded, values in raw.values():
            if values and values[-1] is None:
                kept &= coded != len(values) - 1
    if not kept.any():
        raise UsageError("every row lacks a quasi-identifier", remedy="keep them: --missing keep")
    axes = []
    for name, (coded, values) in raw.items():
        numeric = _lies_on_a_line(kinds[name], values) and name not in trees
        tree = trees.get(name)
        if tree is not None:
            unknown = [v for v in values if v is not None and str(v) not in tree]
            if unknown:
                raise UsageError(
                    f"the hierarchy of {name} does not know {str(unknown[0])[:40]!r}",
                    remedy=f"add it to {name}.csv",
                )
        plain = values if numeric else [None if v is None else str(v) for v in values]
        axes.append(Axis.of(name, coded[kept], plain, numeric, tree))
    return axes, kept


def _lies_on_a_line(kind: str, values: Sequence[Any]) -> bool:
    """Whether values are numbers or dates; times that no calendar holds come as text, all of their column."""
    return kind in ("integer", "number", "date", "timestamp") and not isinstance(values[0], str)


DISTINCT = 1_000_000  # texts of a quasi-identifier
LONGEST = 100_000  # bytes of a text that is made coarser


def _short(column: Any, name: str) -> None:
    """UsageError for texts that cannot stand in the name of a class, which every row of it repeats."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > LONGEST:
            raise UsageError(
                f"{name} holds a text of {longest:,} bytes, and {LONGEST:,} are the most of a quasi-identifier",
                remedy="leave it out, or shorten it first",
            )


def _secrets(
    table: Table,
    sensitive: Sequence[str],
    kept: np.ndarray[Any, Any],
    l: int | None,  # noqa: E741
    t: float | None,
) -> list[Secret]:
    import numpy as np

    from assay.methods.anonymity.classes import codes
    from assay.methods.anonymity.mondrian import Secret

    kinds = {c.name: c.type for c in table.columns}
    out = []
    for name in sensitive:
        raw, values = codes(table.arrow([name]).column(name))
        ordered = _lies_on_a_line(kinds[name], values)
        order = sorted(
            range(len(values)), key=lambda i: (values[i] is None, values[i] if ordered else str(values[i]))
        )
        place = np.empty(len(values), np.int64)
        place[order] = np.arange(len(values))
        out.append(Secret(place[raw][kept], len(values), l, t, ordered))
    return out


def _written(table: Table, work: Work, parts: np.ndarray[Any, Any], names: Mapping[str, pa.Array]) -> Any:
    from assay.engines.rewrite import rewrite

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        here = parts[first : first + batch.num_rows]
        batch = batch.filter(pa.array(here >= 0))
        chosen = pa.array(here[here >= 0])
        for name, called in names.items():
            place = batch.schema.get_field_index(name)
            batch = batch.set_column(place, pa.field(name, called.type), called.take(chosen))
        return batch

    return rewrite(table, work, "out", change)


def _report(
    table: Table,
    made: Mapping[str, Any],
    parts: Any,
    secrets: Sequence[Secret],
    sensitive: Sequence[str],
    penalties: Mapping[str, float],
    suppressed: int,
    k: int,
    l: int | None,  # noqa: E741
    t: float | None,
) -> Report:
    """Measure what was made by what can be seen of it, and say what it cost."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.anonymity import diversity, recoding
    from assay.methods.anonymity.classes import classes, codes, held

    seen = [codes(pa.chunked_array([names.take(pa.array(parts))]))[0] for names, _ in made.values()]
    found = classes(seen, np.ones(len(parts), np.int64))
    metrics = [
        Metric("k", found.k),
        Metric("classes", len(found.sizes)),
        Metric("rows_suppressed", suppressed),
        Metric.number("certainty_penalty", float(np.mean(list(penalties.values())))),
        Metric.number("discernibility", recoding.discernibility(found.sizes, suppressed, table.rows)),
        Metric.number("average_class_size", recoding.average_class(found.sizes, k)),
    ]
    metrics += [Metric.number("certainty_penalty", p, of={"column": n}) for n, p in penalties.items()]
    wrong = found.k < k
    for name, secret in zip(sensitive, secrets, strict=True):
        column = pa.chunked_array([pa.array(secret.codes)])
        if not secret.ordered:
            column = pa.chunked_array([pa.array([f"{v:09d}" for v in secret.codes.tolist()])])
        of = held(found, column, np.ones(len(parts), np.int64))
        least, furthest = int(diversity.distinct(of).min()), float(diversity.closeness(of).max())
        metrics.append(Metric("l_distinct", least, {"sensitive": name}))
        metrics.append(Metric.number("t_closeness", furthest, of={"sensitive": name}))
        wrong = wrong or (l is not None and least < l) or (t is not None and furthest > t + 1e-9)
    if wrong:
        raise Broken("the partition does not hide its rows as asked", where=table.asset.name)
    loss = float(np.mean(list(penalties.values())))
    said = f"{len(parts):,} rows hide in {len(found.sizes):,} classes of at least {found.k}; {share(loss)} of what the columns said is lost."
    findings = [Finding("data.kanonymity.parted", Severity.INFO, said)]
    if suppressed:
        said = f"{suppressed:,} rows lack a quasi-identifier and were left out."
        findings.append(Finding("data.kanonymity.suppressed", Severity.LOW, said, count=suppressed))
    rows = tuple({"column": n, "loss": p} for n, p in penalties.items())
    chart = Chart(
        "What was lost (certainty penalty)", "bar", rows, "column", "loss", alt=f"On average {share(loss)}."
    )
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=metrics,
        findings=findings,
        charts=[chart],
        data={"quasi": list(made), "sensitive": list(sensitive), "k": found.k},
    )
