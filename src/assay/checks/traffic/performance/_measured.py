"""The metrics of a window, or of a baseline: measured on the rows whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.checks.traffic.performance._answers import Answers, gathered
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Traffic, Tree, Work
from assay.methods.monitor import performance, worse
from assay.methods.monitor.performance import Metrics, Problem
from assay.methods.monitor.worse import Sample

if TYPE_CHECKING:
    import pyarrow as pa

TRUTH = "truth"


@dataclass(frozen=True)
class Asked:
    """What a person said of the columns."""

    label: str | None
    predicted: str | None
    score: str | None
    problem: str
    positive: tuple[str, ...]
    threshold: float


@dataclass
class Measured:
    """What was measured. document: statistics.json. sample: what chance is told from."""

    problem: Problem
    metrics: Metrics
    spread: Metrics
    rows: int
    document: dict[str, Any]
    matrix: dict[str, dict[str, int]]
    sample: Sample
    turned: bool = False


def joined(traffic: Traffic, truth: Tree | None, asked: Asked) -> tuple[pa.Table, str]:
    """Return the columns that matter, and the name of the truth's; truth from files stands instead of what is there."""
    import pyarrow as pa

    held = [c.name for c in traffic.columns]
    label = asked.label or TRUTH
    wanted = [n for n in (label, asked.predicted, asked.score, *traffic.outputs) if n in held]
    table = traffic.table.arrow(list(dict.fromkeys(wanted))) if wanted else pa.table({})
    if truth is not None:
        from assay.engines.capture.truths import Joined, of_files

        given = Joined(of_files(truth.root).labels)
        about = traffic.about
        values = given.of_rows(about.column("event").to_pylist(), about.column("inference").to_pylist())
        from assay.engines.capture.narrowing import narrowed

        column = narrowed(pa.array(values, pa.string()))[1]
        label = TRUTH if asked.label is None else label
        table = table.drop_columns([label]) if label in table.column_names else table
        table = table.append_column(label, column)
    if label not in table.column_names:
        if asked.label is None and traffic.table.rows:
            return table.append_column(label, pa.nulls(traffic.table.rows)), label
        raise UsageError(f"there is no column {label!r}", remedy="name the truth's: --label COLUMN")
    return table, label


def answers(table: pa.Table, label: str, traffic: Traffic, asked: Asked) -> Answers | None:
    """Return the answers whose truth is known; None where none is."""
    names = table.column_names
    predicted = asked.predicted or ("prediction" if "prediction" in names else None)
    score = asked.score or ("score" if "score" in names else None)
    if predicted is None and score is None and traffic.outputs:
        predicted = traffic.outputs[0]
    return gathered(
        table,
        label=label,
        predicted=predicted,
        score=score,
        problem=asked.problem,
        positive=asked.positive,
        threshold=asked.threshold,
    )


def measured(found: Answers, traffic: Traffic | None, work: Work) -> Measured:
    """Return the metrics of answers, with their deviations and documents."""
    import numpy as np

    truth, said, score = found.truth, found.said, found.score

    def of(places: Any) -> Metrics:
        t, s = truth[places], said[places]
        if found.problem == "binary":
            return performance.binary(t, s, score[places] if score is not None else None)
        if found.problem == "multiclass":
            return performance.multiclass(t, s, len(found.classes))
        return performance.regression(t, s)

    metrics = of(np.arange(len(truth)))
    spread = performance.deviations(of, len(truth), work.rng("performance"))
    matrix: dict[str, dict[str, int]] = {}
    more: dict[str, Any] = {}
    counts, errors = None, {}
    if found.problem == "regression":
        errors = worse.errors_of_numbers(truth, said)
    else:
        counts = performance.confusion(truth, said, len(found.classes))
        names = ["0", "1"] if found.problem == "binary" else found.classes
        matrix = performance.matrix_of(counts, found.classes)
        more["confusion_matrix"] = performance.matrix_of(counts, names)
    if found.problem == "binary" and score is not None:
        more |= performance.curves(truth, score)
        errors = {"auc": worse.error_of_area(truth, score)}
    times = _times(traffic, work) if traffic is not None else None
    document = performance.document(found.problem, metrics, spread, len(truth), more, times)
    sample = Sample(len(truth), counts, metrics, errors)
    return Measured(found.problem, metrics, spread, len(truth), document, matrix, sample, found.turned)


def _times(traffic: Traffic, work: Work) -> dict[str, str]:
    import pyarrow.compute as pc

    from assay.methods.monitor.encoding import moment

    bounds = pc.min_max(traffic.about.column("time")).as_py()
    out = {"evaluation_time": work.now}
    first, last = (moment(bounds[n]) if bounds[n] is not None else None for n in ("min", "max"))
    return {"start_time": first, "end_time": last, **out} if first and last else out


def before(against: Tree | None) -> Sample | None:
    """Return the rows that the baseline's own metrics are of; None where its statistics are not there, or say nothing of them."""
    if against is None or against.root.is_file():
        return None
    from assay.engines import baselines

    for name in (baselines.MODEL_STATISTICS, baselines.STATISTICS):
        found = worse.sample(baselines.document(against, name))
        if found is not None:
            return found
    return None


def constraints(against: Tree | None) -> tuple[Problem, dict[str, tuple[float, str]]] | None:
    """Return the baseline's problem and constraints; None where none is asked for. Missing where it holds none of these."""
    if against is None:
        return None
    from assay.engines import baselines

    for name in (baselines.MODEL_CONSTRAINTS, baselines.CONSTRAINTS):
        raw = baselines.document(against, name)
        try:
            found = performance.constraints(raw)
        except ValueError as error:
            raise BadInput(str(error), where=against.asset.uri) from None
        if found is not None:
            return found
    raise Missing(
        "there are no constraints of model quality in it",
        where=against.asset.uri,
        remedy="make some of answers whose truth is known: assay monitor baseline TABLE --label COLUMN -o DIR",
    )
