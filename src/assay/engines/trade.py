"""What a treatment buys and costs, measured: reference learners on rows held out of the fit, and how the trade is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from assay.methods.mitigation.features import Encoder
    from assay.methods.mitigation.frontier import Point

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST = 20_000  # rows that the trade is measured on, by lot
LEAST = 200  # rows under which nothing is measured
HELD_OUT = 0.4
LEARNERS = {"trees": "boosted trees", "logistic": "logistic regression"}
GAIN = "balanced_accuracy"
CLEAR = 0.005  # of both, from which one strength is told as better than another
FEW = 1e-3  # of a gap or of accuracy: less is no difference that a sentence names


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a learner is given: rows to learn from, with labels and weights, and rows to be asked."""

    encoder: Encoder
    x: Any
    yes: Any
    weights: Any
    asked: Any


def halves(work: Work, rows: Any) -> tuple[Any, Any]:
    """Return the places of rows to learn from and of rows held out, by lot; of at most MOST. rows: a mask."""
    import numpy as np

    chosen = np.flatnonzero(rows)
    order = work.rng("trade/halves").permutation(chosen)[:MOST]
    cut = round(len(order) * HELD_OUT)
    return np.sort(order[cut:]), np.sort(order[:cut])


def taken(table: pa.Table, rows: Any) -> pa.Table:
    """Return some rows of a table in memory. rows: places."""
    import pyarrow as pa

    return table.take(pa.array(rows))


def measured(
    work: Work,
    prepare: Callable[[float], Prepared],
    truth: np.ndarray[Any, Any],
    groups: np.ndarray[Any, Any],
    strengths: Sequence[float] = STRENGTHS,
) -> list[Point]:
    """Return the trade of each reference learner at each strength, on the rows held out.

    prepare: what a learner is given at a strength. truth, groups: of the rows that are asked.
    """
    from assay.methods.mitigation import frontier, learner

    found = []
    for done, strength in enumerate(strengths):
        work.progress(done, len(strengths), "what it buys and costs")
        given = prepare(strength)
        for kind in learner.KINDS:
            seed = int(work.rng(f"trade/{kind}").integers(1 << 31))
            model = learner.learn(
                kind, given.encoder, given.x, given.yes, given.weights, seed, max(1, work.cores)
            )
            said = model.score(given.asked) > 0.5
            rng = work.rng(f"trade/{kind}/{strength}")
            point = frontier.judged(kind, strength, truth, said, groups, rng, untreated=strength == 0)
            found.append(point)
    out: list[Point] = []
    for kind in learner.KINDS:
        out += [p for p in found if p.name == kind]
    return out


@dataclass(slots=True)
class Told:
    """What a report says of a trade. data: its points as JSON."""

    metrics: list[Metric] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def report(self, rows: int, metrics: Sequence[Metric], findings: Sequence[Finding]) -> Report:
        """Return the report of a treatment of so many rows: what it says of itself, and then of the trade."""
        return Report.make(
            coverage=Coverage(rows, rows),
            metrics=[*metrics, *self.metrics],
            findings=[*findings, *self.findings],
            charts=self.charts,
            data=self.data,
        )


def told(
    check: str,
    points: Sequence[Point],
    gap: str,
    held: str,
    of: str = "learner",
    word: str = "strength",
    gain: str = GAIN,
) -> Told:
    """Return a trade as metrics, as what it bought in a sentence, and as a chart.

    held: on which rows, in words. of: what a point's name names. word: what its strength is called; empty where each point
    is a way of its own, and all are held against each other. gain: the measure of how well is decided, which is to be great.
    """
    from assay.methods.mitigation import frontier

    metrics: list[Metric] = []
    findings: list[Finding] = []
    marked: list[Point] = []
    for name in dict.fromkeys(p.name for p in points if word):
        marked += frontier.dominance([p for p in points if p.name == name], gap, gain)
    marked = marked or frontier.dominance(points, gap, gain)
    for p in marked:
        about = {of: _called(p, word)}
        for metric in ("balanced_accuracy", "accuracy", "selection_rate", *frontier.GAPS):
            metrics.append(
                Metric.number(metric, p.values[metric], of=about, interval=p.intervals.get(metric))
            )
        metrics.append(Metric("dominated", int(p.dominated), of=about))
    for name in dict.fromkeys(p.name for p in points):
        own = [p for p in marked if p.name == name and math.isfinite(p.values[gap])]
        before = next((p for p in own if p.untreated), None)
        treated = [p for p in own if not p.untreated]
        if before is not None and treated:
            findings.append(_bought(check, before, treated, gap, held, of, word, gain))
            findings += _bettered(check, treated, gap, of, word, gain)
    drawn = any(math.isfinite(p.values[gap]) for p in marked)
    charts = [picture(marked, gap, held, of, word, gain)] if drawn else []
    return Told(metrics, findings, charts, {"gap": gap, "gain": gain, "trade": [_plain(p) for p in marked]})


def _called(point: Point, word: str) -> str:
    """Return what a point is called among others: by its strength, and one that nothing was done to as that."""
    if point.strength is not None:
        return f"{point.name}, {word} {point.strength:g}"
    return "as it is" if point.untreated and word else point.name


def _plain(point: Point) -> dict[str, Any]:
    values = {n: v if math.isfinite(v) else None for n, v in point.values.items()}
    intervals = {n: list(v) for n, v in point.intervals.items()}
    return {
        "name": point.name, "strength": point.strength, "values": values, "intervals": intervals,
        "untreated": point.untreated, "dominated": point.dominated,
    }  # fmt: skip


def _bought(
    check: str, before: Point, treated: Sequence[Point], gap: str, held: str, of: str, word: str, gain: str
) -> Finding:
    """Return in a sentence what the strongest treatment bought and cost beside none."""
    from assay.methods.mitigation.frontier import WORDS

    after = treated[-1]  # the strongest
    was, now = before.values[gap], after.values[gap]
    cost = before.values[gain] - after.values[gain]
    who = LEARNERS.get(after.name, after.name)
    good = gain.replace("_", " ")
    moved = f"no {good}" if abs(cost) < FEW else f"{abs(cost):.3f} of {good}"
    said = f"{who}: the {WORDS[gap]} goes from {was:.3f} to {now:.3f}"
    said += f" at {word} {after.strength:g}" if after.strength is not None else ""
    said += f", and {moved} is {'gained' if cost <= -FEW else 'lost'} ({held})."
    said = said[0].upper() + said[1:]
    where = {of: after.name}
    if now > was - FEW:
        remedy = "look at another strength in the chart, or at another treatment"
        return Finding(f"{check}.bought_nothing", Severity.LOW, said, where, remedy)
    return Finding(f"{check}.bought", Severity.INFO, said, where)


def _bettered(check: str, treated: Sequence[Point], gap: str, of: str, word: str, gain: str) -> list[Finding]:
    """Say so where a weaker treatment is clearly better in both than the strongest, which is the one that was made."""
    from assay.methods.mitigation.frontier import WORDS

    made = treated[-1]
    better = [
        p for p in treated
        if p.values[gap] <= made.values[gap] - CLEAR and p.values[gain] >= made.values[gain] + CLEAR
    ]  # fmt: skip
    if not better:
        return []
    best = max(better, key=lambda p: (p.values[gain], -p.values[gap]))
    who = LEARNERS.get(made.name, made.name)
    said = (
        f"{who[0].upper()}{who[1:]}: {word} {best.strength:g} is better in both than {made.strength:g}: the {WORDS[gap]} is "
        f"{best.values[gap]:.3f}, and {gain.replace('_', ' ')} {best.values[gain]:.3f} instead of {made.values[gain]:.3f}."
    )
    remedy = "look at the chart before it is used"
    return [Finding(f"{check}.bettered", Severity.LOW, said, {of: made.name}, remedy)]


def picture(points: Sequence[Point], gap: str, held: str, of: str, word: str, gain: str = GAIN) -> Chart:
    """Return the trade as a chart: the gap across, how well is decided up; best is the upper left."""
    from assay.methods.mitigation.frontier import WORDS

    rows: list[Mapping[str, Any]] = []
    for p in points:
        if not math.isfinite(p.values[gap]) or not math.isfinite(p.values[gain]):
            continue
        row: dict[str, Any] = {
            of: LEARNERS.get(p.name, p.name), "gap": p.values[gap], gain: p.values[gain],
            "label": "untreated" if p.untreated and word else p.name if p.strength is None else f"{p.strength:g}",
            "dim": p.dominated, "mark": p.untreated,
        }  # fmt: skip
        for metric, low, high in ((gain, "low", "high"), (gap, "x_low", "x_high")):
            if metric in p.intervals:
                row[low], row[high] = p.intervals[metric]
        rows.append(row)
    best = [
        (r["label"] if len({p.name for p in points}) == 1 else f"{r[of]}, {r['label']}") if word else r[of]
        for r in rows
        if not r["dim"]
    ]
    rows = _labelled(rows, of, gain)
    good = gain.replace("_", " ")
    alt = f"{good.capitalize()} over the {WORDS[gap]}, {held}; none is better in both than {', '.join(map(str, best[:8]))}."
    return Chart(
        f"What it buys and costs, by {word}" if word else "What each buys and costs", "scatter", tuple(rows),
        "gap", gain, series=of, low="low", high="high", x_title=WORDS[gap], y_title=good, alt=alt,
    )  # fmt: skip


def _labelled(rows: Sequence[Mapping[str, Any]], of: str, gain: str) -> list[Mapping[str, Any]]:
    """Return the rows of a picture, those of one series that lie on one another with one label of all their labels."""
    held: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        held.setdefault((row[of], row["gap"], row[gain]), []).append(str(row["label"]))
    out: list[Mapping[str, Any]] = []
    for row in rows:
        labels = held[row[of], row["gap"], row[gain]]
        out.append({**row, "label": ", ".join(labels)})
        labels.clear()
    return out
