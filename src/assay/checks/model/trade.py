"""Candidates side by side: how right and how unequal each is, on the same rows, and which none of the others betters in both.

Candidates are models (--models NAME=FILE) and columns of predictions (--predicted) of one table with labels and facets. Each
is a point: the gap between groups across, balanced accuracy up, with 95 % bootstrap intervals. Beside another that is as good
in both and better in one it is dominated, and drawn pale. The gap is demographic parity's, equalised odds' or equal
opportunity's (--gap). Rows without a facet are a group of their own; groups under --min-group rows are left out of the gap,
and told.

Example: assay check model.trade bookings.csv.gz --label is_canceled \\
  --positive 0 --facet customer_type --models plain=registry://bookings
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.engines.trade import Told

NAME = "model.trade"
MOST = 50  # candidates


def check(
    table: Table,
    *,
    models: Annotated[Mapping[str, Model], Doc("a candidate, by the name it is shown under")] = {},
    predicted: Annotated[tuple[Column, ...], Doc("a column that holds a candidate's predictions")] = (),
    label: Annotated[Column, Doc("the column that holds the outcome")],
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    gap: Annotated[
        Literal["demographic_parity", "equalized_odds", "equal_opportunity"], Doc("what should be alike")
    ] = "demographic_parity",
    weights: Annotated[Column | None, Doc("the column that says how much each row counts for")] = None,
    min_group: Annotated[int, Interval(ge=1), Doc("the fewest rows of a group that is compared")] = 30,
    work: Work,
) -> Report:
    """Return each candidate's point, which are dominated, and the picture."""
    import numpy as np

    from assay.engines import trade as engine
    from assay.methods import facets, outcomes, question
    from assay.methods.mitigation import frontier
    from assay.methods.mitigation.grouping import Grouping
    from assay.methods.predictions import answers

    if not 0 < len(models) + len(predicted) <= MOST:
        raise UsageError(
            f"{len(models) + len(predicted)} candidates were named, and 1 to {MOST} can be compared",
            remedy="say --models NAME=FILE or --predicted COLUMN",
        )
    twice = sorted(set(models) & set(predicted))
    if twice:
        raise UsageError(f"{twice[0]} names a model and a column", remedy="call the model otherwise")
    data = table.arrow()
    truth = facets.plain(data.column(label), label)
    labelled = facets.present(truth)
    held = outcomes.distinct(truth)
    if not positive and len(held) != 2:
        raise UsageError(f"{label} has {len(held)} values; which is good?", remedy="say --positive VALUE")
    good = positive or (outcomes.usual_yes(held),)
    facets.named(truth, good, label)
    yes = facets.matches(truth, good)
    if not (labelled & yes).any() or not (labelled & ~yes).any():
        raise BadInput(
            f"every row has one {label}, and nothing can be told of errors", where=table.asset.name
        )
    grouping = Grouping.learnt(data, facet)
    groups = grouping.codes(data)
    counts = question.weights(data, weights)
    points, lost, findings = [], {}, list[Finding]()
    columns: dict[str, Any] = {n: data.column(n) for n in predicted}
    for done, name in enumerate([*models, *predicted]):
        work.progress(done, len(models) + len(predicted), name)
        said = columns[name] if name in columns else answers(models[name], data, label)[0]
        prediction = facets.plain(said, name)
        strange = outcomes.unheard(prediction, truth, two=True) & labelled
        if strange.any():
            findings.append(_unheard(name, int(strange.sum()), label))
        rows = labelled & facets.present(prediction)
        lost[name] = int((labelled & ~rows).sum())
        told = outcomes.predicted_rows(prediction, truth, good, None)
        mine = None if counts is None else counts[rows]
        rng = work.rng(f"trade/{name}")
        points.append(
            frontier.judged(
                name, None, yes[rows], told[rows], groups[rows], rng, least=min_group, weights=mine
            )
        )
    field = f"{gap}_difference"
    out = engine.told(NAME, points, field, f"of {int(labelled.sum()):,} rows", of="candidate", word="")
    findings += _findings(out, field)
    skipped = [Skipped(f"candidate {n}", f"it has no prediction of {k:,} rows") for n, k in lost.items() if k]
    sizes = np.bincount(groups[labelled], minlength=len(grouping.names))
    small = [n for n, k in zip(grouping.names, sizes.tolist(), strict=True) if k < min_group]
    if len(grouping.names) - len(small) < 2:
        skipped.append(Skipped(f"facet {grouping.shown}", f"no two groups of {min_group} rows to compare"))
    if small:
        said_ = f"{', '.join(small[:10])}: fewer than {min_group} rows each, and left out of the gap."
        findings.append(
            Finding(f"{NAME}.small_group", Severity.LOW, said_, {"facet": grouping.shown}, count=len(small))
        )
    metrics = [Metric("judged_rows", int(labelled.sum()), unit="rows"), *out.metrics]
    return Report.make(
        coverage=Coverage(data.num_rows, data.num_rows, tuple(skipped)),
        metrics=metrics,
        findings=findings,
        charts=out.charts,
        data=out.data,
    )


def _unheard(name: str, rows: int, label: str) -> Finding:
    said = f"{name} predicts what no {label} is in {rows:,} rows; they count as not good."
    remedy = "compare how labels and predictions are written"
    return Finding(
        f"{NAME}.unknown_predictions", Severity.MEDIUM, said, {"column": label}, remedy, count=rows
    )


def _findings(out: Told, gap: str) -> list[Finding]:
    """Say which candidates are worth choosing among, and of each other one what betters it."""
    points: list[dict[str, Any]] = out.data["trade"]

    def words(p: dict[str, Any]) -> str:
        return f"{p['name']} (balanced accuracy {p['values']['balanced_accuracy']:.3f}, gap {p['values'][gap]:.3f})"

    best = [p for p in points if not p["dominated"]]
    found = []
    if best:
        listed = "; ".join(words(p) for p in best)
        said = f"Of {len(points)} candidates none is better in both than {listed}: which of them is a choice, and no calculation."
        if len(points) == 1:
            said = f"There is one candidate, {listed}; name others to compare it with."
        found.append(Finding(f"{NAME}.undominated", Severity.INFO, said))
    for p in points:
        if not p["dominated"]:
            continue
        better = [b for b in best if _betters(b, p, gap)]
        if better:
            said = f"{words(p)} is dominated by {words(better[0])}."
            said += (
                ""
                if _apart(better[0], p, gap)
                else " Their intervals overlap in both, so that chance may explain it."
            )
            found.append(Finding(f"{NAME}.dominated", Severity.INFO, said, {"candidate": p["name"]}))
    return found


def _betters(one: dict[str, Any], other: dict[str, Any], gap: str) -> bool:
    x, y = one["values"], other["values"]
    return y[gap] is not None and x[gap] <= y[gap] and x["balanced_accuracy"] >= y["balanced_accuracy"]


def _apart(one: dict[str, Any], other: dict[str, Any], gap: str) -> bool:
    """Whether the intervals of two candidates are apart in the gap or in balanced accuracy."""
    for name in (gap, "balanced_accuracy"):
        a, b = one["intervals"].get(name), other["intervals"].get(name)
        if a and b and (a[1] < b[0] or b[1] < a[0]):
            return True
    return False
