"""Whether what is expected of a window is worse than it was: chunks with their bands, the whole with its chance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.checks.traffic._sides import Sides
from assay.checks.traffic._words import noted
from assay.checks.traffic.estimate._problem import Estimated
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import number

if TYPE_CHECKING:
    from assay.methods.monitor.estimate import Band

NAME = "traffic.estimate"
CHUNKS, SMALLEST, MOST = 10, 200, 200
_NAMES = {
    "roc_auc": "area under the ROC curve",
    "f1": "F1",
    "mae": "MAE",
    "mse": "MSE",
    "rmse": "RMSE",
    "mape": "MAPE",
}
_NAMES |= {"msle": "MSLE", "rmsle": "RMSLE"}
_FEW_LABELS = 30
_SURE = 4.5  # standard errors between both sides of a place, from which on a change is dated


@dataclass
class Judged:
    """Chunks and what is worse. chunks: (first row, rows, measures); worse: measure → (was, is, error, adjusted p)."""

    chunks: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    bands: dict[str, Band] = field(default_factory=dict)
    worse: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    gaps: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)


def report(
    made: Estimated, sides: Sides, chunk: int, deviations: float, least: float | None, alpha: float
) -> Report:
    """Return everything that is said."""
    judged = Judged()
    size = min(max(chunk or made.rows // CHUNKS, SMALLEST if not chunk else 1), max(1, made.rows))
    size = max(size, math.ceil(made.rows / MOST))
    _chunks(judged, made, size, deviations)
    _whole(judged, made, least, alpha)
    findings = [*_findings(judged, made, sides), *noted(sides, NAME)]
    skipped = []
    if made.unanswered:
        skipped.append(Skipped(f"{made.unanswered:,} rows", "no answer or no score"))
    if made.rows < SMALLEST // 2:
        skipped.append(Skipped("the estimate", f"of {made.rows} rows nothing can be told from chance"))
    else:
        skipped += _lost(made)
    return Report.make(
        coverage=Coverage(made.rows, sides.window.rows, tuple(skipped)),
        metrics=_metrics(judged, made, size),
        findings=findings,
        charts=_charts(judged, made, sides),
        data={
            "alarm": bool(judged.worse or judged.gaps),
            "problem": made.kind.name,
            "worse": list(judged.worse),
            "calibrated": made.calibrated,
            "chunk_rows": size,
            "chunks_outside": judged.outside,
            "season": sides.season,
        },
    )


def _lost(made: Estimated) -> Iterator[Skipped]:
    """Give the measures that the reference has and the window has not: whether they are worse nobody knows."""
    for name, one in made.expected.items():
        now = made.window.get(name)
        if not math.isnan(one.value) and (now is None or math.isnan(now.value)):
            word = _NAMES.get(name, name)
            yield Skipped(
                f"the {word}",
                f"what is expected of the window gives none, and the reference has {number(one.value)}",
            )


def _chunks(judged: Judged, made: Estimated, size: int, deviations: float) -> None:
    from assay.methods.monitor.estimate import band

    for first in range(0, made.rows - size // 2, size):
        last = first + size if first + size + size // 2 < made.rows else made.rows
        values = {n: m.value for n, m in made.parts(slice(first, last)).items()}
        judged.chunks.append((first, last - first, values))
    many = min(made.past_rows // size, MOST) if size else 0
    past = [made.past(slice(i * size, (i + 1) * size)) for i in range(many)]
    for name, whole in made.came_true.items():
        if math.isnan(whole.value):
            continue
        held = [p[name].value for p in past if name in p]
        most = 1.0 if made.better else math.inf
        judged.bands[name] = band(held, whole.of(size), whole.value, deviations, most)
        limits = judged.bands[name]
        out = [v[name] for _, _, v in judged.chunks if name in v]
        judged.outside[name] = sum(
            (v < limits.low if made.better else v > limits.high) for v in out if not math.isnan(v)
        )


def _whole(judged: Judged, made: Estimated, least: float | None, alpha: float) -> None:
    """Test each measure of the whole window, and what came true, together."""
    import numpy as np

    from assay.methods.monitor.alarms import holm, normal_tail
    from assay.methods.monitor.estimate import apart

    if made.rows < SMALLEST // 2:
        return
    found = apart(made.window, made.expected)
    names = [n for n, (_, error) in found.items() if error > 0 and not math.isnan(found[n][0])]
    z = [found[n][0] / found[n][1] for n in names]
    gaps = {}
    for name, (new, old) in made.surprise.items():
        error = math.hypot(float(np.std(new)) / math.sqrt(len(new)), float(np.std(old)) / math.sqrt(len(old)))
        if len(new) >= _FEW_LABELS and error > 0:
            gaps[name] = float(new.mean() - old.mean()), error
    z += [change / error for change, error in gaps.values()]
    p = holm([normal_tail(v) for v in z])
    for name, chance in zip(names, p, strict=False):
        change, error = found[name]
        was = made.expected[name].value
        matters = least if least is not None else 0.02 if made.better else 0.05 * abs(was)
        worse = -change if made.better else change
        if chance < alpha and worse >= matters:
            judged.worse[name] = (was, made.window[name].value, error, chance)
    for (name, (change, error)), chance in zip(gaps.items(), p[len(names) :], strict=True):
        matters = least if least is not None else 0.02
        if name == "mae" and least is None:
            matters = 0.05 * made.came_true["mae"].value
        if chance < alpha and abs(change) >= matters:
            judged.gaps[name] = (change, error, chance)


def _since(made: Estimated, sides: Sides) -> tuple[dict[str, Any], str]:
    """Return since when the window's rows are expected to be worse, where that lies inside it."""
    import numpy as np

    from assay.methods.monitor.streams import onset

    worse = np.asarray(made.worse)
    at = onset(worse)
    before, after = worse[:at], worse[at:]
    if min(len(before), len(after)) < 2:
        return {}, ""
    error = math.hypot(before.std() / math.sqrt(len(before)), after.std() / math.sqrt(len(after)))
    if not error or (after.mean() - before.mean()) / error < _SURE:
        return {}, ", in all of the window"
    row = int(made.places[at])
    since = sides.since(row)
    where: dict[str, Any] = {"row": sides.window.place(row)} | ({"since": since} if since else {})
    return where, f", since {since}" if since else f", from row {row + 1:,} of the window on"


def _findings(judged: Judged, made: Estimated, sides: Sides) -> Iterator[Finding]:
    if judged.worse:
        ranked = sorted(
            judged.worse, key=lambda n: -abs(judged.worse[n][1] - judged.worse[n][0]) / judged.worse[n][2]
        )
        said = "; ".join(
            f"{_NAMES.get(n, n)} was {number(judged.worse[n][0])} and is estimated at {number(judged.worse[n][1])} "
            f"(± {number(3 * judged.worse[n][2])})"
            for n in ranked[:3]
        )
        where, when = _since(made, sides)
        grave = any(
            abs(now - was) >= (0.05 if made.better else 0.15 * abs(was))
            for was, now, _, _ in judged.worse.values()
        )
        yield Finding(
            f"{NAME}.drop", Severity.HIGH if grave else Severity.MEDIUM,
            f"The answers are likely to be worse than they were: {said}{when}.", {"field": ranked[0], **where},
            "see in traffic.drift which columns moved; train anew on rows like these, or fall back until labels come",
        )  # fmt: skip
    for name, (change, error, _) in judged.gaps.items():
        way = "above" if change > 0 else "below"
        yield Finding(
            f"{NAME}.gap", Severity.HIGH,
            f"Of the {made.labelled:,} rows whose labels are there, {_NAMES.get(name, name)} lies {number(abs(change))} "
            f"{way} what was expected of them (± {number(3 * error)}): what is true has changed, not only who asks.",
            {"field": name}, "see in traffic.concept since when; only training on new labels helps",
        )  # fmt: skip


def _metrics(judged: Judged, made: Estimated, size: int) -> Iterator[Metric]:
    yield Metric("rows", made.rows, {"table": "window"})
    yield Metric("rows_labelled", made.labelled, {"table": "window"})
    for name, one in made.window.items():
        spread = 3 * made.came_true[name].of(made.rows) if name in made.came_true else math.nan
        held = (
            None if math.isnan(one.value) or math.isnan(spread) else (one.value - spread, one.value + spread)
        )
        yield Metric.number(name, one.value, of={"table": "window", "by": "estimate"}, interval=held)
    for name, one in made.came_true.items():
        yield Metric.number(name, one.value, of={"table": "reference", "by": "labels"})
    for name, one in made.truth.items():
        yield Metric.number(name, one.value, of={"table": "window", "by": "labels"})
    for name, limits in judged.bands.items():
        low, high = limits.low, limits.high
        yield Metric.number("usual_from", low, of={"measure": name, "chunk_rows": size})
        yield Metric.number("usual_to", high, of={"measure": name, "chunk_rows": size})
        yield Metric("chunks_outside", judged.outside.get(name, 0), {"measure": name})


def _charts(judged: Judged, made: Estimated, sides: Sides) -> Iterator[Chart]:
    for name, limits in judged.bands.items():
        rows = []
        for place, (first, size, values) in enumerate(judged.chunks):
            value = values.get(name, math.nan)
            if math.isnan(value):
                continue
            spread = 3 * made.came_true[name].of(size)
            when = sides.since(int(made.places[first])) or str(place + 1)
            rows.append(
                {
                    "chunk": when,
                    "value": value,
                    "low": value - spread,
                    "high": value + spread,
                    "of": "estimate",
                }
            )
        if rows:
            word = _NAMES.get(name, name)
            yield Chart(
                f"{word}, estimated", "interval", tuple(rows), "chunk", "value", low="low", high="high",
                x_title="chunk", y_title=word,
                alt=f"Usual is {number(limits.low)} to {number(limits.high)}; "
                f"{judged.outside.get(name, 0)} of {len(rows)} chunks are worse.",
            )  # fmt: skip
