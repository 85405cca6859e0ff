"""Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Sequence

from assay.kernel.printable import printable
from assay.kernel.verdict import Verdict
from assay.reports.numbers import about, counted, metric, number

_MARKS = {"pass": "✅", "fail": "❌", "incomplete": "⚠️", "error": "❌"}
_MOST = 60


def markdown(verdicts: Sequence[Verdict]) -> str:
    """Return reports as Markdown: the verdict, the findings and the metrics as tables."""
    return "\n".join(_one(v) for v in verdicts)


def _cell(text: object) -> str:
    tidy = printable(" ".join(str(text).split()))
    for mark in ("\\", "|", "<", "`", "[", "]", "*", "_", "@", "!"):
        tidy = tidy.replace(mark, "\\" + mark)
    return tidy


def _one(verdict: Verdict) -> str:
    report = verdict.report
    name = _cell(report.subject.name) if report.subject else ""
    lines = [f"## {_MARKS[verdict.outcome]} {report.check} {name}: {verdict.outcome}", ""]
    covered = report.coverage
    lines.append(
        f"Examined {number(covered.examined)} of {counted(max(covered.of, covered.examined), covered.unit)}."
    )
    lines += [f"- Not examined: {_cell(s.what)}: {_cell(s.why)}" for s in covered.skipped]
    if report.error:
        lines += ["", f"**Error:** {_cell(report.error)}"]
    if report.findings:
        lines += ["", "| severity | finding | remedy | rule |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {f.severity} | {_cell(f.message)} | {_cell(f.remedy)} | {_cell(f.rule)} |"
            for f in report.findings
        ]
    if report.metrics:
        lines += ["", "| metric | of | value |", "| --- | --- | --- |"]
        lines += [
            f"| {_cell(m.name)} | {_cell(about(m.of))} | {_cell(metric(m))} |" for m in report.metrics[:_MOST]
        ]
        if len(report.metrics) > _MOST:
            lines.append(f"\nand {len(report.metrics) - _MOST} more metrics")
    return "\n".join([*lines, ""])
