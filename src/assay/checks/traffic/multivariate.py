"""Multivariate drift: do the features still go together as they did, though each by itself may look the same?

By the error with which principal components of the reference (those that hold 65 % of its variance) give rows back, as
NannyML measures it, and by a classifier that tries to tell the window's rows from the reference's: each row is judged by one
that has not seen it, and its area under the ROC curve is 0.5 where nothing has changed. Both name the features that drive it,
and are held against the reference's rows of the same hours of the week.

Example: assay treat data.split bookings.csv.gz -o parts &&
  assay check traffic.multivariate parts/test.parquet \\
  --against parts/train.parquet
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.handles import Traffic, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import number, share

if TYPE_CHECKING:
    from assay.checks.traffic._matrix import Matrix
    from assay.methods.drift.telling import Told
    from assay.methods.monitor.estimate import Band
    from assay.methods.monitor.multivariate import Reconstructed

NAME = "traffic.multivariate"
FEW = 100
SIZE = 0.1  # standard deviations of a row's reconstruction error that are worth an alarm
AREA, PLAIN = 0.55, 0.7
NAMED = 4
CHUNKS, SMALLEST = 10, 100
_LARGE = 4_000_000


def check(
    traffic: Traffic,
    *,
    against: _sides.Against,
    time: _sides.Time = None,
    caller: _sides.Caller = None,
    label: _sides.Label = None,
    predicted: _sides.Predicted = None,
    scores: _sides.Scores = (),
    without: _sides.Without = (),
    variance: Annotated[
        float, Interval(gt=0, le=1), Doc("the share of the variance that the components hold")
    ] = 0.65,
    classifier: Annotated[bool, Doc("also try to tell the window's rows from the reference's")] = True,
    learnt: Annotated[
        int, Interval(ge=200, le=1_000_000), Doc("rows of each side, by lot, for the classifier")
    ] = 20_000,
    alpha: _sides.Alpha = 1e-4,
    seasons: Annotated[bool, Doc("hold the window against the same hours of the reference")] = True,
    rows: _sides.Rows = 500_000,
    work: Work,
) -> Report:
    """Hold the features of a window against a reference, all together."""
    from assay.checks.traffic._matrix import matrix
    from assay.methods.monitor.alarms import holm, normal_tail

    sides = _sides.begun(
        traffic, against, work, rows=rows, without=without, seasons=seasons,
        time=time, caller=caller, label=label, predicted=predicted, scores=scores,
    )  # fmt: skip
    held = matrix(sides)
    if len(held.names) < 2 or min(sides.window.rows, len(sides.matched.rows)) < FEW:
        why = "fewer than two columns" if len(held.names) < 2 else f"fewer than {FEW} rows on one side"
        return Report.make(
            coverage=Coverage(0, sides.window.rows, (Skipped("all columns together", why),)),
            data={"alarm": False},
        )
    made = _components(sides, held, variance, work)
    told = _told(sides, held, learnt, work) if classifier else None
    chances = [normal_tail(made.found.z)] + ([told.p] if told else [])
    p = holm(chances)
    findings = list(_findings(made, told, p, alpha, sides, held))
    from assay.checks.traffic._words import noted

    return Report.make(
        coverage=Coverage(sides.window.rows, sides.window.rows),
        metrics=_metrics(made, told, p, sides),
        findings=[*findings, *noted(sides, NAME)],
        charts=_charts(made, told, held, sides),
        data={
            "alarm": bool(findings),
            "by_reconstruction": {held.names[i]: v for i, v in list(made.found.by.items())[:20]},
            "by_classifier": dict(list(told.by.items())[:20]) if told else {},
            "left_out": held.left,
            "season": sides.season,
        },
    )


@dataclass
class _Made:
    """Reconstruction: what was found on held-out rows, and chunks with their usual band by components of all rows."""

    found: Reconstructed
    whole: tuple[float, float]
    explained: float
    kept: int
    chunks: list[float]
    size: int
    band: Band
    errors: Any  # of the window's rows, clipped
    reference: Any  # of held-out rows of the reference, clipped
    unusual: bool


def _encoded(held: Matrix, side: Any) -> Any:
    import numpy as np

    from assay.methods.monitor.multivariate import shared

    out = np.array(side)
    for place in np.flatnonzero(held.categorical):
        old = np.where(np.isnan(held.reference[:, place]), -1, held.reference[:, place]).astype(np.int64)
        new = np.where(np.isnan(side[:, place]), -1, side[:, place]).astype(np.int64)
        out[:, place] = shared(new, int(max(old.max(), new.max())) + 1, old)
    return out


def _components(sides: _sides.Sides, held: Matrix, variance: float, work: Work) -> _Made:
    """Reconstruct: whether it drifted, by components of either half of the reference."""
    import numpy as np

    from assay.methods.monitor import multivariate, spread
    from assay.methods.monitor.estimate import band

    all_of_it, window = _encoded(held, held.reference), _encoded(held, held.window)
    reference = all_of_it[sides.matched.rows]
    half = np.zeros(len(reference), bool)
    half[work.rng("traffic/components").permutation(len(reference))[: len(reference) // 2]] = True
    # Each row by components that had not seen it; those of the window by either in turn
    old, new = np.empty(reference.shape), np.empty(window.shape)
    turn = np.arange(len(window)) % 2 == 0
    for side, mine in ((half, turn), (~half, ~turn)):
        learnt = multivariate.components(reference[side], variance)
        old[~side], new[mine] = learnt.residual(reference[~side]), learnt.residual(window[mine])
    found = multivariate.reconstructed(old, new)
    x, y = multivariate.errors(old), multivariate.errors(new)
    limit = float(np.quantile(x, 0.999))
    whole = multivariate.components(reference, variance)
    theirs, here = (multivariate.errors(whole.residual(side)) for side in (reference, window))
    size = min(max(len(here) // CHUNKS, SMALLEST), len(here))
    chunks = [float(here[i : i + size].mean()) for i in range(0, len(here) - size + 1, size)]
    past = [float(theirs[i : i + size].mean()) for i in range(0, len(theirs) - size + 1, size)][:400]
    usual = band(past, float(theirs.std()) / math.sqrt(size), float(theirs.mean()), most=math.inf)
    unusual = True
    of = spread.windows(sides.window.times, sides.reference.times)
    if of is not None:
        errors = np.minimum(multivariate.errors(whole.residual(all_of_it)), limit)
        count = np.bincount(of[of >= 0])
        means = np.bincount(of[of >= 0], errors[of >= 0])[count >= 10] / count[count >= 10]
        if len(means) >= spread.LEAST:
            apart = abs(float(np.minimum(here, limit).mean()) - float(means.mean()))
            unusual = apart > 3 * float(means.std())
    return _Made(
        found, (float(theirs.mean()), float(here.mean())), whole.explained, whole.kept.shape[1], chunks, size,
        usual, np.minimum(y, limit), np.minimum(x, limit), unusual,
    )  # fmt: skip


def _told(sides: _sides.Sides, held: Matrix, learnt: int, work: Work) -> Told | None:
    import numpy as np

    from assay.methods.drift import telling

    parts = []
    for side, rows in (("reference", sides.matched.rows), ("window", np.arange(sides.window.rows))):
        data = held.reference if side == "reference" else held.window
        if len(rows) > learnt:
            rows = np.sort(work.rng(f"traffic/{side}/classifier").choice(rows, learnt, replace=False))
        parts.append(data[rows])
    threads = work.cores if sum(p.size for p in parts) > _LARGE else 1
    return telling.told(
        held.names, parts[0], parts[1], held.categorical, work.rng("traffic/classifier"), threads
    )


def _findings(
    made: _Made, told: Told | None, p: list[float], alpha: float, sides: _sides.Sides, held: Matrix
) -> Iterator[Finding]:
    from assay.checks.traffic._words import tells
    from assay.methods.monitor import onset

    found = made.found
    if p[0] < alpha and abs(found.size) >= SIZE and made.unusual:
        cells = onset.number_cells(made.reference, slice(None), made.errors)
        callers = sides.callers()
        stretch = onset.stretch(cells)
        whose = onset.whose(cells, stretch, *callers) if callers is not None else None
        where, when = tells(sides, stretch, whose)
        names = [held.names[i] for i in list(found.by)[:NAMED] if found.by[i] > 0.05]
        some = ", ".join(
            f"{held.names[i]} ({share(v)})" for i, v in list(found.by.items())[:NAMED] if v > 0.05
        )
        way = "worse" if found.size > 0 else "better"
        yield Finding(
            f"{NAME}.reconstruction", Severity.HIGH if abs(found.size) >= 3 * SIZE else Severity.MEDIUM,
            f"The features go together otherwise than they did: the reference's components give rows back {way}, the "
            f"error was {number(made.whole[0])} and is {number(made.whole[1])}, most by {some}{when}.",
            {"columns": names, **where},
            "look at how those columns go together: a join that slipped, a column filled from another",
        )  # fmt: skip
    if told is not None and p[-1] < alpha and told.auc >= AREA:
        some = ", ".join(f"{n} ({share(s)})" for n, s in list(told.by.items())[:NAMED] if s > 0.02)
        yield Finding(
            f"{NAME}.classifier", Severity.HIGH if told.auc >= PLAIN else Severity.MEDIUM,
            f"A classifier tells the window's rows from the reference's with an area of {told.auc:.3f} "
            f"[{told.interval[0]:.3f}, {told.interval[1]:.3f}] (0.5 is chance), by {some}.",
            {"columns": [n for n, s in list(told.by.items())[:NAMED] if s > 0.02]},
            "see in traffic.drift whether those columns moved by themselves; if none did, it is how they go together",
        )  # fmt: skip


def _metrics(made: _Made, told: Told | None, p: list[float], sides: _sides.Sides) -> Iterator[Metric]:
    yield Metric("rows", sides.window.of, {"table": "window"})
    yield Metric("rows", len(sides.matched.rows), {"table": "reference"})
    yield Metric.number("reconstruction_error", made.whole[0], of={"table": "reference"})
    yield Metric.number("reconstruction_error", made.whole[1], of={"table": "window"})
    yield Metric.number("reconstruction_size", made.found.size, unit="standard deviations of a row's")
    yield Metric.number("reconstruction_p", p[0])
    yield Metric("components", made.kept)
    yield Metric.number("variance_held", made.explained)
    yield Metric.number("usual_from", made.band.low, of={"chunk_rows": made.size})
    yield Metric.number("usual_to", made.band.high, of={"chunk_rows": made.size})
    outside = sum(not made.band.low <= v <= made.band.high for v in made.chunks)
    yield Metric("chunks_outside", outside, {"of": len(made.chunks)})
    if told is not None:
        yield Metric.number("classifier_auc", told.auc, interval=told.interval)
        yield Metric.number("classifier_p", p[-1])


def _charts(made: _Made, told: Told | None, held: Matrix, sides: _sides.Sides) -> Iterator[Chart]:
    rows = [
        {"chunk": sides.since(i * made.size) or str(i + 1), "error": v} for i, v in enumerate(made.chunks)
    ]
    if rows:
        yield Chart(
            "Reconstruction error", "line", tuple(rows), "chunk", "error",
            alt=f"Usual is {number(made.band.low)} to {number(made.band.high)}.",
        )  # fmt: skip
    drives = [{"column": held.names[i], "share": v} for i, v in list(made.found.by.items())[:20]]
    yield Chart(
        "What changes the reconstruction error", "bar", tuple(drives), "column", "share",
        alt=f"{drives[0]['column']} changes it most.",
    )  # fmt: skip
    if told is not None and told.by:
        by = tuple({"column": n, "share": s} for n, s in list(told.by.items())[:20])
        yield Chart(
            f"What tells the window from the reference (area {told.auc:.3f})", "bar", by, "column", "share",
            alt=f"The classifier went most by {by[0]['column']}.",
        )  # fmt: skip
