"""Reports that are to be told of must be reports: each part of the type that it has, and no more than can be told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.report import Report

_PARTS = 500_000  # metrics, findings and rows of charts of all reports together
_TEXT = 20_000  # characters of a text
_SCALAR = (str, int, float, bool, type(None))


def sound(using: Mapping[str, Report]) -> None:
    """Raise UsageError that names the report and the part of it that is not what a report holds there."""
    parts = 0
    for name, report in using.items():
        for what in _wrong(report):
            raise UsageError(
                f"{what} of the report {name!r} is not what a report holds there",
                remedy="make it again with `assay check … --format json -o FILE`",
            )
        parts += len(report.metrics) + len(report.findings) + sum(len(c.data) for c in report.charts)
    if parts > _PARTS:
        raise UsageError(
            f"the reports hold {parts:,} statements", remedy=f"a card takes {_PARTS:,}; name fewer"
        )


def _wrong(report: Report) -> Iterable[str]:
    assets = [*report.inputs.values(), *report.outputs, *([report.subject] if report.subject else [])]
    if not all(_asset(a) for a in assets):
        yield "an input, output or subject"
    if not all(_text(t) for t in (report.check, report.engine, report.started, report.error)):
        yield "the name or time"
    held: tuple[Any, ...] = (report.params, report.data)
    if not all(isinstance(one, Mapping) for one in held):
        yield "the data or parameters"
    seed: Any = report.seed
    if not isinstance(seed, int) or not _number(report.seconds):
        yield "the seed or duration"
    covered = report.coverage
    if not all(isinstance(n, int) for n in (covered.examined, covered.of)) or not _text(covered.unit):
        yield "the coverage"
    if not all(_text(s.what) and _text(s.why) for s in covered.skipped):
        yield "what was skipped"
    for metric in report.metrics:
        low_high = metric.interval
        if (
            not _text(metric.name)
            or not (metric.value is None or _number(metric.value))
            or not _flat(metric.of)
            or not (metric.unit is None or _text(metric.unit))
            or not (metric.reason is None or _text(metric.reason))
            or not (low_high is None or (_number(low_high[0]) and _number(low_high[1])))
        ):
            yield f"a metric ({str(metric.name)[:40]})"
    for found in report.findings:
        texts = (found.rule, found.message, found.remedy, *found.refs)
        if not all(_text(t) for t in texts) or not _flat(found.where) or not isinstance(found.count, int):
            yield f"a finding ({str(found.rule)[:40]})"
    for chart in report.charts:
        named = (chart.title, chart.kind, chart.x, chart.y, chart.x_title, chart.y_title, chart.alt)
        fields = (chart.series, chart.low, chart.high)
        if not all(_text(t) for t in named) or not all(f is None or _text(f) for f in fields):
            yield f"a chart ({str(chart.title)[:40]})"
        if not all(_flat(row) for row in chart.data):
            yield f"a row of a chart ({str(chart.title)[:40]})"


def _asset(asset: Any) -> bool:
    return isinstance(asset, Asset) and all(
        _text(t) for t in (asset.kind, asset.name, asset.uri, asset.digest, asset.format)
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _flat(value: Any) -> bool:
    """Whether it is a mapping of names to plain values, or lists of them."""
    return isinstance(value, Mapping) and all(
        isinstance(k, str) and (isinstance(v, _SCALAR) or (isinstance(v, (list, tuple)) and len(v) <= 1000))
        for k, v in value.items()
    )
