"""Bias of traffic: is an endpoint farther from treating groups alike than its baseline was?

The metrics of SageMaker Clarify before and after training, of each group of each facet; without any ground truth those of the
answers alone (CI, DPPL, DI). A metric that is farther from neutral than the baseline's is a violation, as Clarify's monitor
tells it; a finding is grave where chance hardly takes it so far, over all metrics of all groups. With --allowed a range stands instead of the
baseline, and is broken where the interval and the range are apart. Violations are written as constraint_violations.json, the
metrics as analysis.json and constraints.json.

Example: assay check traffic.bias bookings.csv.gz --label is_canceled \\
  --predicted is_repeated_guest --facet meal --facet-value BB --positive 0
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Column, Traffic, Tree, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.monitor.biasdrift import Key, Range, Value

OUTPUT_FOLDER = True
NAME = "traffic.bias"


def check(
    traffic: Traffic,
    *,
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    facet_value: Annotated[
        tuple[str, ...],
        Doc("the group that may be disadvantaged, as VALUE or FACET=VALUE; else each in turn"),
    ] = (),
    facet_threshold: Annotated[float | None, Doc("the group above this number may be disadvantaged")] = None,
    against: Annotated[
        Tree | None, Doc("the baseline: a folder with constraints of bias, or an analysis.json itself")
    ] = None,
    label: Annotated[
        Column | None, Doc("the column of the truth, where it is known [default: truth]")
    ] = None,
    predicted: Annotated[Column | None, Doc("the column of the answers [default: prediction]")] = None,
    positive: Annotated[
        tuple[str, ...], Doc("the answers that are good for the person; else the last of two")
    ] = (),
    threshold: Annotated[float, Interval(ge=0, le=1), Doc("the score above which an answer is good")] = 0.5,
    allowed: Annotated[
        dict[str, Any], Doc("a metric and the range it may lie in, such as DPPL=-0.1:0.1")
    ] = {},  # noqa: B006
    alpha: _sides.Alpha = 1e-4,
    min_group: Annotated[int, Interval(ge=1), Doc("the fewest rows of a group that is judged")] = 30,
    work: Work,
) -> Report:
    """Hold the bias of an endpoint's answers against its baseline."""
    from assay.engines.baselines import dumped
    from assay.methods import facets
    from assay.methods.bias import PRE_TRAINING
    from assay.methods.clarify.analysis import DESCRIPTIONS
    from assay.methods.monitor import biasdrift

    ranges = _ranges(allowed)
    wanted = _constraints(against)
    held = [c.name for c in traffic.columns]
    truth_name = label or ("truth" if "truth" in held else None)
    answer = predicted or ("prediction" if "prediction" in held else next(iter(traffic.outputs), ""))
    if not answer:
        raise UsageError("nothing says what was answered", remedy="name a column: --predicted COLUMN")
    table = traffic.table.arrow(list(dict.fromkeys([*facet, answer, *([truth_name] if truth_name else [])])))
    said, truth, rows, good = _outcomes(table, answer, truth_name, positive, threshold)
    found: dict[Key, Value] = {}
    skipped: list[Skipped] = []
    for name in facet:
        column = facets.plain(table.column(name), name)
        cut = facets.cuts(column) if not facet_value and facet_threshold is None else ()
        groups, more = facets.groups(name, column, _values(name, facet_value, facet), facet_threshold, missing_joins=False, cuts=cut)  # fmt: skip
        if more:
            skipped.append(Skipped(f"{more} groups of {name}", "only the largest are told"))
        for group in groups:
            d, a = rows & group.member & group.known, rows & ~group.member & group.known
            if min(d.sum(), a.sum()) < min_group:
                skipped.append(Skipped(group.shown, f"it or the others have fewer than {min_group} rows"))
                continue
            values = biasdrift.measured(
                biasdrift.counted(truth, said, a),
                biasdrift.counted(truth, said, d),
                truth=truth_name is not None,
                rng=work.rng(f"bias/{name}/{group.name}"),
            )
            found |= {(name, group.name, metric): value for metric, value in values.items()}
    broken = biasdrift.violations(found, wanted, ranges, before=_rows_of(against), alpha=alpha)
    skipped += [Skipped(f"{f} = {g}", "the baseline knows it, and the window does not hold enough of it")
                for f, g in sorted({k[:2] for k in wanted if k[0] in facet} - {k[:2] for k in found})]  # fmt: skip
    skipped += _unmeasured(found, wanted, ranges)
    document = biasdrift.analysis(found, truth_name or answer, good, DESCRIPTIONS, PRE_TRAINING)
    told = {"version": "1.0", "violations": [v for _, v, _ in broken]}
    known = int(rows.sum())
    return Report.make(
        coverage=Coverage(known, known, tuple(skipped)),
        metrics=[Metric("rows", known), Metric("violations", len(broken)), *_metrics(found)],
        findings=list(_findings(broken, found, wanted, ranges)),
        outputs=[
            work.put("constraint_violations", dumped(told), "json"),
            work.put("analysis", dumped(document), "json"),
            work.put("constraints", dumped(document), "json"),
        ],
        data=told,
    )


def _unmeasured(
    found: dict[Key, Value], wanted: dict[Key, float], ranges: dict[str, Range]
) -> Iterator[Skipped]:
    """Give what should have been held against the baseline, or a range, and has no value in the window."""
    for facet, group in sorted({k[:2] for k in found}):
        asked = {*ranges, *(k[2] for k in wanted if k[:2] == (facet, group))}
        none = [
            n for n in sorted(asked) if (facet, group, n) not in found or isnan(found[facet, group, n].value)
        ]
        if none:
            yield Skipped(f"{', '.join(none)} of {facet} = {group}", "the window does not let it be told")


def _ranges(allowed: dict[str, Any]) -> dict[str, Range]:
    from assay.methods.bias import POST_TRAINING, PRE_TRAINING
    from assay.methods.nearest import did_you_mean

    out = {}
    for name, said in allowed.items():
        if name not in (*PRE_TRAINING, *POST_TRAINING):
            raise UsageError(
                f"there is no metric {name[:40]!r}",
                remedy=did_you_mean(name, (*PRE_TRAINING, *POST_TRAINING)),
            )
        low, colon, high = str(said).partition(":")
        try:
            out[name] = (float(low), float(high))
        except ValueError:
            colon = ""
        if not colon or out[name][0] > out[name][1]:
            raise UsageError(
                f"{name} cannot lie in {str(said)[:40]!r}", remedy="write --allowed DPPL=-0.1:0.1"
            )
    return out


def _values(name: str, given: tuple[str, ...], facet: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values named for one facet."""
    own = [v.partition("=")[2] for v in given if v.partition("=")[0] == name and "=" in v]
    bare = [v for v in given if v.partition("=")[0] not in facet]
    return tuple(own or (bare if len(facet) == 1 else ()))


def _constraints(against: Tree | None) -> dict[Key, float]:
    if against is None:
        return {}
    from assay.engines import baselines
    from assay.methods.monitor import biasdrift

    for name in (baselines.BIAS, "analysis.json", baselines.CONSTRAINTS):
        raw = baselines.document(against, name)
        if isinstance(raw, dict) and any(s in raw for s in biasdrift.SECTIONS):
            try:
                return biasdrift.constraints(raw)
            except ValueError as error:
                raise BadInput(str(error), where=against.asset.uri) from None
    raise Missing(
        "there are no constraints of bias in it",
        where=against.asset.uri,
        remedy="make some: assay monitor baseline TABLE --label COLUMN --facet COLUMN -o DIR",
    )


def _rows_of(against: Tree | None) -> int:
    """Return how many rows a baseline was made of; 0 where it does not say."""
    if against is None or against.root.is_file():
        return 0
    from assay.engines import baselines

    for name in (baselines.MODEL_STATISTICS, baselines.STATISTICS):
        held = baselines.document(against, name)
        found = held.get("dataset") if isinstance(held, dict) else None
        rows = found.get("item_count") if isinstance(found, dict) else None
        if isinstance(rows, int | float) and rows > 0:
            return int(rows)
    return 0


def _outcomes(
    table: pa.Table, answer: str, label: str | None, positive: tuple[str, ...], threshold: float
) -> tuple[Any, Any, Any, list[str]]:
    """Return answers and truth as 0 and 1, which rows have them, and the values that are good."""
    import numpy as np

    from assay.methods import facets, outcomes

    said = facets.plain(table.column(answer), answer)
    rows = facets.present(said)
    truth = facets.plain(table.column(label), label) if label else said
    if label:
        rows = rows & facets.present(truth)
    if not rows.any():
        raise BadInput("no row has an answer and its truth", remedy="look again when the truth is known")
    names = outcomes.distinct(truth if label else said)
    if facets.is_number(said) and len(outcomes.distinct(said)) > 2:
        high = facets.above(said, threshold)
        if label and positive and len(names) == 2 and outcomes.usual_yes(names) not in positive:
            high = ~high  # a number that is answered is the score of the last of two labels
        good = list(positive) or ([outcomes.usual_yes(names)] if label else [f"> {threshold:g}"])
    else:
        good = list(positive) or [outcomes.usual_yes(names)]
        high = facets.matches(said, good)
    actual = facets.matches(truth, good) if label else high
    return high.astype(np.int64), actual.astype(np.int64), rows, good


def _metrics(found: dict[Key, Value]) -> Iterator[Metric]:
    for (facet, group, name), value in found.items():
        yield Metric.number(name, value.value, of={"facet": facet, "group": group}, interval=value.interval)


def _findings(
    broken: list[tuple[Key, dict[str, str], bool]],
    found: dict[Key, Value],
    wanted: dict[Key, float],
    ranges: dict[str, Range],
) -> Iterator[Finding]:
    for key, violation, sure in broken:
        facet, group, name = key
        limit = (
            f"{ranges[name][0]:g} to {ranges[name][1]:g}"
            if name in ranges
            else f"{wanted[key]:.4g} in the baseline"
        )
        chance = "" if sure else ", which may be chance"
        yield Finding(
            f"{NAME}.{name}",
            Severity.HIGH if sure else Severity.LOW,
            f"{name} of {facet} = {group} is {found[key].value:.4g}, against {limit}{chance}: "
            f"{violation['description'][0].lower()}{violation['description'][1:]}.",
            {"facet": facet, "group": group},
            "see `assay check model.bias` for where it comes from, and the treatments of bias for what lessens it",
        )
