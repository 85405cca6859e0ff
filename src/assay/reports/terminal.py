"""A report on a terminal: the verdict, the findings with their remedies, the metrics; at most 80 columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.kernel.printable import printable
from assay.kernel.report import Finding, Metric
from assay.kernel.verdict import Verdict
from assay.reports.grid import Grid, arranged, pages, upright
from assay.reports.marked import print_words
from assay.reports.numbers import about, counted, interval, metric, number, seconds

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDTH = 80
_COLOURS = {"pass": "green", "fail": "red", "error": "red", "incomplete": "yellow"}
_GRAVE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_MOST_METRICS = 20
_MOST_FINDINGS = 25
_MOST_ROWS = 30
_PAGE = WIDTH - 2
_FIRST = 26  # characters that the names of a grid's rows may take


def text(verdicts: Sequence[Verdict]) -> str:
    """Return reports as plain text."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=WIDTH, no_color=True, highlight=False)
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
    part = counted(covered.examined, covered.unit)
    if covered.examined < covered.of:
        part = f"{number(covered.examined)} of {counted(covered.of, covered.unit)}"
    head.append(f"  {part}, {seconds(report.seconds)}", style="dim")
    _hang(console, head, 0)
    if report.error:
        _hang(console, Text(_clean(report.error), style="red"), 2)
    for skipped in covered.skipped[:10]:
        said = f"not examined: {_clean(skipped.what)}: {_clean(skipped.why)}"
        _hang(console, Text(said, style="yellow"), 2)
    for finding in report.findings[:_MOST_FINDINGS]:
        print_finding(console, finding)
    if len(report.findings) > _MOST_FINDINGS:
        rest = len(report.findings) - _MOST_FINDINGS
        _hang(console, Text(f"and {rest} more; see --format json", style="dim"), 2)
    for chart in report.charts:
        if chart.kind == "text":
            print_words(console, chart)
    _metrics(console, report.metrics)
    for asset in report.outputs:
        if asset.uri:
            place = asset.digest[:19] if "object:" in asset.uri else asset.uri
            _hang(console, Text(f"output  {asset.name}  {_clean(place)}", style="dim"), 2)
    console.print()


def print_finding(console: Console, finding: Finding, aside: str = "") -> None:
    """Print one finding: how grave, what, by which rule, and what to do. aside: what else names it."""
    from rich.text import Text

    word = str(finding.severity)
    line = Text(_clean(finding.message))
    line.append(f"  {finding.rule}{aside}", style="dim")
    _hang(console, line, 11, Text(f"  {word:<9}", style=_GRAVE[word]))
    if finding.remedy:
        _hang(console, Text(_clean(finding.remedy), style="dim"), 13, Text(f"{'→':>12} ", style="dim"))


def _hang(console: Console, body: Text, indent: int, head: Text | None = None) -> None:
    """Print text in at most 80 columns, each line indented; ``head`` stands in the first line's margin."""
    from rich.text import Text

    width = min(console.width, WIDTH)
    for index, line in enumerate(body.wrap(console, width - indent, overflow="fold")):
        line.rstrip()
        margin = head if head is not None and index == 0 else Text(" " * indent)
        console.print(margin + line, no_wrap=True, overflow="ignore", crop=False)


def _clean(value: str) -> str:
    """Whatever a file is called cannot move the cursor or colour the screen."""
    return printable(value)


def _metrics(console: Console, metrics: Sequence[Metric]) -> None:
    from rich.text import Text

    left = 0
    for block, wider in zip(arranged(metrics), arranged(metrics, interval), strict=True):
        if isinstance(block, Grid):
            _grid(console, _turned(block, wider) or block)
            left += max(0, len(block.rows) - _MOST_ROWS) * len(block.names)
        else:
            _list(console, block[:_MOST_METRICS])
            left += max(0, len(block) - _MOST_METRICS)
    if left:
        said = f"and {left} more metrics; see --format json or --format html"
        _hang(console, Text(said, style="dim"), 2)


def _list(console: Console, metrics: Sequence[Metric]) -> None:
    """Print a row a metric: its name, what it is of, its value."""
    from rich.text import Text

    cells = [(m.name, _clean(about(m.of)), metric(m)) for m in metrics]
    names, values = (max((len(c[i]) for c in cells), default=0) for i in (0, 2))
    fits = [len(of) for _, of, _ in cells if names + len(of) + values + 6 <= WIDTH]
    column = max(fits, default=0)  # what is longer wraps by itself
    for name, of, value in cells:
        body = Text(f"{of:<{column}}  " if of or column else "", style="dim")
        body.append(value, style="not dim")
        _hang(console, body, names + 4, Text(f"  {name:<{names}}  "))


def _turned(grid: Grid, wider: Grid | list[Metric]) -> Grid | None:
    """Return a grid of a few rows, too wide for one page, a row a metric: with intervals where there is room (``wider``).

    None where it fits as it is, or does not fit turned either.
    """
    if len(pages(grid, _PAGE, _first(grid))) == 1:
        return None
    for one in (wider, grid):
        if isinstance(one, Grid) and (turned := upright(one)) is not one:
            wide = max(len(said) for said, _ in turned.rows)
            if _fits(turned, wide):
                return turned
    return None


def _fits(grid: Grid, first: int) -> bool:
    columns = (
        2 + max(len(name), *(len(cells[at]) for _, cells in grid.rows)) for at, name in enumerate(grid.names)
    )
    return first + sum(columns) <= _PAGE


def _first(grid: Grid) -> int:
    """Return how many characters the names of a grid's rows take: what the cells leave free, and at least _FIRST."""
    longest = max(len(grid.of), *(len(said) for said, _ in grid.rows))
    cells = sum(2 + max(len(n), *(len(c[i]) for _, c in grid.rows)) for i, n in enumerate(grid.names))
    return min(longest, max(_FIRST, _PAGE - cells))


def _grid(console: Console, grid: Grid) -> None:
    from rich.table import Table
    from rich.text import Text

    rows = grid.rows[:_MOST_ROWS]
    first = _first(replace(grid, rows=rows))
    for part in pages(replace(grid, rows=rows), _PAGE, first):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(Text("  " + grid.of), width=first + 2, no_wrap=True, overflow="ellipsis")
        for name in part.names:
            table.add_column(Text(name), justify="right", no_wrap=True)
        for said, cells in part.rows:
            table.add_row(Text(_folded(_clean(said), first)), *(Text(_clean(c)) for c in cells))
        console.print()
        console.print(table, width=min(console.width, WIDTH))
        for note in part.notes[:3]:
            _hang(console, Text(f"– {_clean(note)}", style="dim"), 2)


def _folded(said: str, wide: int) -> str:
    """Return a row's name in lines of at most ``wide`` characters: two names that begin alike are told apart whole."""
    import textwrap

    lines = textwrap.wrap(said, wide, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(f"  {line}" for line in lines)
