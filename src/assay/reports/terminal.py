"""A report on a terminal: the verdict, the findings with their remedies, the metrics; at most 80 columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.kernel.printable import printable
from assay.kernel.report import Finding, Metric
from assay.kernel.verdict import Verdict
from assay.reports.grid import Grid, arranged, pages
from assay.reports.numbers import about, metric, number, seconds

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {"pass": "green", "fail": "red", "error": "red", "incomplete": "yellow"}
_GRAVE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_MOST_METRICS = 20
_MOST_FINDINGS = 25
_MOST_ROWS = 30
_FIRST = 26  # characters that the names of a grid's rows may take


def text(verdicts: Sequence[Verdict]) -> str:
    """Return reports as plain text."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=80, no_color=True, highlight=False)
    for verdict in verdicts:
        print_verdict(console, verdict)
    return out.getvalue()


def print_verdict(console: Console, verdict: Verdict) -> None:
    """Print one report."""
    from rich.text import Text

    report, outcome = verdict.report, verdict.outcome
    head = Text()
    head.append(outcome.upper(), style=f"bold {_COLOURS[outcome]}")
    name = report.subject.name if report.subject else ""
    head.append(f"  {report.check}  {_clean(name)}", style="bold")
    covered = report.coverage
    part = f"{number(covered.examined)} {covered.unit}"
    if covered.examined < covered.of:
        part = f"{number(covered.examined)} of {number(covered.of)} {covered.unit}"
    head.append(f"  {part}, {seconds(report.seconds)}", style="dim")
    _print(console, head)
    if report.error:
        _print(console, Text(f"  {_clean(report.error)}", style="red"))
    for skipped in covered.skipped[:10]:
        _print(
            console, Text(f"  not examined: {_clean(skipped.what)}: {_clean(skipped.why)}", style="yellow")
        )
    for finding in report.findings[:_MOST_FINDINGS]:
        _finding(console, finding)
    if len(report.findings) > _MOST_FINDINGS:
        _print(
            console,
            Text(f"  and {len(report.findings) - _MOST_FINDINGS} more; see --format json", style="dim"),
        )
    _metrics(console, report.metrics)
    for asset in report.outputs:
        if asset.uri:
            _print(
                console,
                Text(
                    f"  output  {asset.name}  {asset.uri if 'object:' not in asset.uri else asset.digest[:19]}",
                    style="dim",
                ),
            )
    console.print()


def _print(console: Console, line: object) -> None:
    console.print(line, width=min(console.width, 80), overflow="fold")


def _clean(value: str) -> str:
    """Whatever a file is called cannot move the cursor or colour the screen."""
    return printable(value)


def _finding(console: Console, finding: Finding) -> None:
    from rich.padding import Padding
    from rich.text import Text

    word = str(finding.severity)
    line = Text()
    line.append(f"{word:<9}", style=_GRAVE[word])
    line.append(_clean(finding.message))
    line.append(f"  {finding.rule}", style="dim")
    _print(console, Padding(line, (0, 0, 0, 2)))
    if finding.remedy:
        _print(console, Padding(Text(f"→ {_clean(finding.remedy)}", style="dim"), (0, 0, 0, 11)))


def _metrics(console: Console, metrics: Sequence[Metric]) -> None:
    from rich.text import Text

    left = 0
    for block in arranged(metrics):
        if isinstance(block, Grid):
            _grid(console, block)
            left += max(0, len(block.rows) - _MOST_ROWS) * len(block.names)
        else:
            _list(console, block[:_MOST_METRICS])
            left += max(0, len(block) - _MOST_METRICS)
    if left:
        said = f"  and {left} more metrics; see --format json or --format html"
        _print(console, Text(said, style="dim"))


def _list(console: Console, metrics: Sequence[Metric]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for found in metrics:
        of = _clean(about(found.of))
        table.add_row(Text("  " + found.name), Text(of, style="dim"), Text(metric(found)))
    _print(console, table)


def _grid(console: Console, grid: Grid) -> None:
    from rich.table import Table
    from rich.text import Text

    rows = grid.rows[:_MOST_ROWS]
    first = min(_FIRST, max(len(grid.of), *(len(said) for said, _ in rows)))
    for part in pages(replace(grid, rows=rows), 78, first):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(Text("  " + grid.of), width=first + 2, no_wrap=True, overflow="ellipsis")
        for name in part.names:
            table.add_column(Text(name), justify="right", no_wrap=True)
        for said, cells in part.rows:
            table.add_row(Text("  " + _clean(said)), *(Text(_clean(c)) for c in cells))
        console.print()
        _print(console, table)
        for note in part.notes[:3]:
            _print(console, Text(f"  – {_clean(note)}", style="dim"))
