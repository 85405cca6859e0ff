"""Principal components: number columns replaced by the few directions in which the rows differ most.

Columns are standardised first (`--no-standardise` leaves their scale), missing values count as the mean. As many
components as `--components` says, or the fewest that hold the share `--variance`. `--whiten` brings each to variance 1. Told
are the share held, what is lost of each column, and how well each sensitive column can still be told from the
components, beside a constant guess: fewer numbers are not anonymous ones. What was fitted is kept as JSON, which
`--fitted` applies to further tables, so that training and serving are transformed alike.

Example: assay treat data.pca bookings.csv.gz --variance 0.9 \\
  --sensitive customer_type --keep is_canceled -o parts.parquet
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Column, Table, Tree, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Fitted, Made
from assay.methods.inwords import number, share

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.components import Components

NAME = "data.pca"
NUMBERS = ("integer", "number", "boolean")
LARGEST = 256 << 20
ROWS = 20_000  # rows by lot in which sensitive columns are told
MOST_CLASSES = 20
GAIN = 0.1  # of what a constant guess leaves open, from which a sensitive column can still be told


def treat(
    table: Table,
    *,
    columns: Annotated[
        tuple[Column, ...], Doc("a column to transform; else every number that is not kept")
    ] = (),
    keep: Annotated[
        tuple[Column, ...], Doc("a column to leave as it is beside the components, such as the label")
    ] = (),
    sensitive: Annotated[
        tuple[Column, ...], Doc("a column that should not be told from the components")
    ] = (),
    components: Annotated[
        int | None, Interval(ge=1, le=4_000), Doc("how many components; else as many as the share needs")
    ] = None,
    variance: Annotated[float, Interval(gt=0, le=1), Doc("the share of the variance to hold")] = 0.95,
    standardise: Annotated[bool, Doc("bring each column to variance 1 first")] = True,
    whiten: Annotated[bool, Doc("bring each component to variance 1")] = False,
    fitted: Annotated[Tree | None, Doc("what an earlier data.pca learnt: apply it, fit nothing")] = None,
    work: Work,
) -> Made:
    """Return the components and the kept columns, and what was fitted."""
    if not table.rows:
        raise BadInput("there is no row to transform", where=table.asset.name)
    present = [c.name for c in table.columns]
    for name in (*columns, *keep, *sensitive):
        if name not in present:
            raise Missing(f"there is no column {name!r}", where=table.asset.name)
    if fitted is None:
        chosen = _chosen(table, columns, keep, sensitive)
        learnt = _fit(table, work, chosen, components, variance, standardise, whiten)
    else:
        learnt = _read(fitted)
        lost = [c for c in learnt.columns if c not in present]
        if lost:
            raise Missing(f"there is no column {lost[0]!r}, which was fitted on", where=table.asset.name)
    clash = [n for n in _names(learnt) if n in keep]
    if clash:
        raise UsageError(f"{clash[0]} is what a component is called", remedy="rename that column")
    out = _written(table, work, learnt, keep)
    made = {"out": out}
    if fitted is None:
        made["fitted"] = work.put("fitted", Fitted(NAME, learnt.to_json()).to_bytes(), "json")
    return Made(made, _report(table, work, learnt, sensitive, fitted is None))


def _chosen(table: Table, columns: Sequence[str], keep: Sequence[str], sensitive: Sequence[str]) -> list[str]:
    kinds = {c.name: c.type for c in table.columns}
    for name in columns:
        if kinds[name] not in NUMBERS:
            raise UsageError(f"{name} holds no numbers", remedy="encode it first, or leave it out")
    chosen = list(columns) or [
        n for n, k in kinds.items() if k in NUMBERS and n not in keep and n not in sensitive
    ]
    if not chosen:
        raise UsageError("there is no column of numbers to transform", where=table.asset.name)
    return chosen


def _batches(table: Table, columns: Sequence[str]) -> Iterator[Any]:
    for batch in table.batches(list(columns)):
        yield _matrix(batch, columns)


def _matrix(batch: Any, columns: Sequence[str]) -> Any:
    import numpy as np

    from assay.engines.counting import plain_numbers

    rows = np.column_stack([plain_numbers(batch.column(n)) for n in columns])
    return np.where(np.isfinite(rows), rows, np.nan)


def _fit(
    table: Table,
    work: Work,
    columns: Sequence[str],
    components: int | None,
    variance: float,
    standardise: bool,
    whiten: bool,
) -> Components:
    import numpy as np

    from assay.methods.components import MOST_COLUMNS, Moments, fitted

    if len(columns) > MOST_COLUMNS:
        raise UsageError(
            f"{len(columns):,} columns are more than {MOST_COLUMNS:,}", remedy="choose: --columns"
        )
    moments = Moments.empty(len(columns))
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in _batches(table, columns):
            moments.add(rows)
        spread = moments.deviation
        beyond = np.flatnonzero(~np.isfinite(spread + moments.mean))
    if len(beyond):
        name = columns[int(beyond[0])]
        raise UsageError(
            f"the numbers of {name} are too large: their squares are beyond what can be summed",
            where=table.asset.name,
            remedy="write it in a larger unit, or choose: --columns",
        )
    held = np.flatnonzero(spread > 0)
    if not len(held):
        raise UsageError("no column of numbers varies", where=table.asset.name)
    kept = [columns[i] for i in held.tolist()]
    mean = moments.mean[held]
    scale = spread[held] if standardise else np.ones(len(held))
    products = np.zeros((len(held), len(held)))
    done = 0
    for rows in _batches(table, kept):
        standard = (rows - mean) / scale
        standard = np.where(np.isnan(standard), 0, standard)
        products += standard.T @ standard
        done += len(rows)
        work.progress(done, table.rows, "components")
    return fitted(kept, mean, scale, products, table.rows, components, variance, whiten)


def _read(tree: Tree) -> Components:
    from assay.methods.components import Components

    if not tree.root.is_file():
        raise UsageError("a fitted transform is one file", where=tree.asset.name)
    if tree.root.stat().st_size > LARGEST:
        raise BadInput("the fitted transform is over 256 MB", where=tree.asset.name)
    try:
        return Components.from_json(Fitted.from_bytes(tree.root.read_bytes(), NAME).learnt)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this cannot be applied: {error}", where=tree.asset.name) from None


def _names(learnt: Components) -> list[str]:
    return [f"pc{i + 1}" for i in range(len(learnt.variance))]


def _written(table: Table, work: Work, learnt: Components, keep: Sequence[str]) -> Any:
    from assay.engines.rewrite import rewrite

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        parts = learnt.transform(_matrix(batch, learnt.columns))
        arrays = {n: pa.array(parts[:, i]) for i, n in enumerate(_names(learnt))}
        arrays |= {n: batch.column(n) for n in keep}
        return pa.RecordBatch.from_pydict(arrays)

    return rewrite(table, work, "out", change, list(dict.fromkeys([*learnt.columns, *keep])))


def _report(table: Table, work: Work, learnt: Components, sensitive: Sequence[str], fresh: bool) -> Report:
    import numpy as np

    metrics = [Metric("components", len(learnt.variance)), Metric("columns", len(learnt.columns))]
    findings: list[Finding] = []
    charts: list[Chart] = []
    if fresh:
        whole = float(learnt.all_variance.sum())
        held = float(learnt.variance.sum()) / whole
        metrics += [Metric.number("variance_held", held), Metric.number("reconstruction_error", 1 - held)]
        parts = learnt.variance / whole
        metrics += [
            Metric.number("variance_held", float(v), of={"component": f"pc{i + 1}"})
            for i, v in enumerate(parts[:50])
        ]
        rows = tuple({"component": f"pc{i + 1}", "share": float(v)} for i, v in enumerate(parts[:40]))
        alt = f"The first component holds {share(float(parts[0]))} of the variance."
        charts.append(Chart("Variance held", "bar", rows, "component", "share", alt=alt))
        said = f"{len(learnt.columns)} columns became {len(learnt.variance)} components, which hold {share(held)} of their variance."
        findings.append(Finding(f"{NAME}.fitted", Severity.INFO, said))
    error, total, n = np.zeros(len(learnt.columns)), np.zeros(len(learnt.columns)), 0
    for rows_ in _batches(table, learnt.columns):
        filled = np.where(np.isnan(rows_), learnt.mean, rows_)
        error += ((filled - learnt.inverse(learnt.transform(rows_))) ** 2).sum(axis=0)
        total += ((filled - learnt.mean) ** 2).sum(axis=0)
        n += len(rows_)
    for place, name in enumerate(learnt.columns[:500]):
        of = {"column": name}
        metrics.append(Metric.number("reconstruction_rmse", float(np.sqrt(error[place] / n)), of=of))
        lost = float(error[place] / total[place]) if total[place] else 0.0
        metrics.append(Metric.number("variance_lost", lost, of=of))
    told, more = _told(table, work, learnt, sensitive)
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=metrics + told,
        findings=findings + more,
        charts=charts,
        data={"columns": list(learnt.columns), "components": _names(learnt)},
    )


def _told(
    table: Table, work: Work, learnt: Components, sensitive: Sequence[str]
) -> tuple[list[Metric], list[Finding]]:
    """How well each sensitive column is told from the components, on rows that were not learnt from."""
    import numpy as np
    import pyarrow as pa

    from assay.engines.counting import plain_numbers
    from assay.engines.sampling import sampled
    from assay.methods.anonymity.classes import codes
    from assay.methods.components import told

    metrics: list[Metric] = []
    findings: list[Finding] = []
    if not sensitive:
        return metrics, findings
    wanted = [c for c in table.columns if c.name in learnt.columns or c.name in sensitive]
    chosen = np.arange(table.rows)
    if table.rows > ROWS:
        chosen = np.sort(work.rng("pca/rows").choice(table.rows, ROWS, replace=False))
    rows = {s.name: s for s in sampled(table, work, wanted, chosen)}
    parts = learnt.transform(_matrix(pa.table({n: rows[n].array for n in learnt.columns}), learnt.columns))
    for name in sensitive:
        raw, values = codes(rows[name].array)
        known = np.array([values[i] is not None for i in range(len(values))])[raw]
        classes = rows[name].type not in ("integer", "number") or len(values) <= 2
        truth = (
            np.unique(raw[known], return_inverse=True)[1]
            if classes
            else plain_numbers(rows[name].array)[known]
        )
        many = int(truth.max(initial=0)) + 1 if classes else 0
        of = {"sensitive": name}
        if (
            len(truth) < 30
            or (classes and not 2 <= many <= MOST_CLASSES)
            or (not classes and not np.isfinite(truth).all())
        ):
            metrics.append(
                Metric(
                    "told_right" if classes else "told_r2",
                    None,
                    of,
                    reason="too few rows, or too many values",
                )
            )
            continue
        score, guess = told(parts[known], truth, classes, work.rng(f"pca/{name}"))
        metrics.append(Metric.number("told_right" if classes else "told_r2", score, of=of))
        metrics.append(Metric.number("constant_guess", guess, of=of))
        if (score - guess) / max(1e-9, 1 - guess) >= GAIN:
            said = f"{name} can still be told from the components: right in {share(score)}, and a constant guess in {share(guess)}."
            if not classes:
                said = f"{name} can still be told from the components: R² is {number(score)}."
            remedy = "take fewer components, or leave out the columns that tell it; see data.kanonymity"
            findings.append(Finding(f"{NAME}.told", Severity.MEDIUM, said, {"column": name}, remedy))
    return metrics, findings
