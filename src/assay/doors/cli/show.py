"""How lists and single things are printed for people."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from assay.kernel.printable import printable

_MOST_LINES = 4  # of one value, where rows stand apart
_PARTS = re.compile(r"[^./:@\s-]*[./:@\s-]*")  # a word, and the signs that end it
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


def table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[tuple[str, str]],
    empty: str,
    whole: Collection[str] = (),
    parted: Collection[str] = (),
) -> None:
    """Print rows as a table of at most 80 columns; columns are (key, title). whole: keys whose values are never folded; parted: those
    that are folded after a sign such as a dot or a slash, and within a word only where one has no room.

    Times are told in one line, to the millisecond, and so are numbers where there is room for it.
    """
    found = [{k: _short_time(v) for k, v in row.items()} for row in rows]
    if not found:
        click.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    kinds = (str, int, float) if fits(found, columns) else (str,)
    for key, title in columns:
        drawn.add_column(title, overflow="fold", no_wrap=key in whole or _in_one_line(found, key, kinds))
    for row in found:
        drawn.add_row(*((_parted() if key in parted else Text)(_cell(row.get(key))) for key, _ in columns))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(drawn, width=min(console.width, 80) if console.is_terminal else 80)
    click.echo(
        "\n".join(line.rstrip() for line in captured.get().splitlines()), color=console.is_terminal or None
    )


def _parted() -> Any:
    """Return a kind of text that is folded where its parts end."""
    from rich.containers import Lines
    from rich.text import Text

    class Parted(Text):
        def wrap(self, console: Any, width: int, *more: Any, **given: Any) -> Lines:
            return Lines([Text(line) for line in folded(self.plain, width)])

    return Parted


def folded(text: str, width: int) -> list[str]:
    """Return a text in lines of at most ``width`` letters: each ends where a part does, if one has room in it."""
    lines = [""]
    for part in _PARTS.findall(text):
        if len(lines[-1]) + len(part.rstrip()) <= width:
            lines[-1] += part
            continue
        lines += [part[i : i + width] for i in range(0, len(part), width)]
    return [line.rstrip() for line in lines if line.strip()] or [""]


def fits(rows: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str]]) -> bool:
    """Whether rows can be read as a table of 80 columns: each is given twelve letters at most, and what is longer folds.

    Times and numbers do not fold, and get what they take.
    """
    found = [{k: _short_time(r.get(k)) for k, _ in columns} for r in rows]
    needed = 0
    for key, title in columns:
        longest = max([len(title), *(len(_cell(r[key])) for r in found)])
        needed += (longest if _in_one_line(found, key) else min(longest, 12)) + 2
    return needed <= 82


def _in_one_line(
    rows: Sequence[Mapping[str, Any]], key: str, kinds: tuple[type, ...] = (str, int, float)
) -> bool:
    """Whether a column holds times or numbers alone, of which a part says something else. kinds: which of the two count."""
    held = [r[key] for r in rows if r.get(key)]
    return all(isinstance(v, kinds) and (not isinstance(v, str) or _TIME.fullmatch(v)) for v in held)


def apart(rows: Iterable[Mapping[str, Any]], columns: Sequence[tuple[str, str]], empty: str) -> None:
    """Print each row by itself, a line a value; a value of many lines is cut after four."""
    width = max((len(title) for _, title in columns), default=0)
    number = 0
    for number, row in enumerate(rows, 1):
        click.secho(f"row {number}", bold=True)
        for key, title in columns:
            said = _cell(_short_time(row.get(key)))
            lines = textwrap.wrap(said, 76 - width, break_on_hyphens=False) or [""]
            lines = lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "…"]
            click.echo(f"  {title:<{width}}  {lines[0]}".rstrip())
            for line in lines[1:]:
                click.echo(" " * (width + 4) + line)
    if not number:
        click.echo(empty)


def _short_time(value: Any) -> Any:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    return f"{found[1]}{(found[2] or '')[:4]}{found[3]}" if found else value


def beginnings(names: Sequence[str], least: int = 24) -> list[str]:
    """Return of each name as much as tells it from the others, and no less than ``least`` letters."""
    most = max(map(len, names), default=0)
    length = next((n for n in range(least, most) if len({x[:n] for x in names}) == len(names)), most)
    return [name[:length] for name in names]


def fields(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, a line each; what is empty is left out."""
    kept = [(k, _cell(v)) for k, v in pairs if v not in (None, "", [], {})]
    width = max((len(k) for k, _ in kept), default=0)
    for key, value in kept:
        room = 80 - width - 2
        lines = textwrap.wrap(value, room, break_on_hyphens=False, break_long_words=False) or [""]
        click.echo(f"{key:<{width}}  {lines[0]}")
        for line in lines[1:]:
            click.echo(" " * (width + 2) + line)


def datasets(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print the tables that a run read or made: rows, columns, digest."""
    told = [
        {
            "name": r["name"],
            "rows": f"{r['rows']:,}" if r.get("rows") is not None else "?",
            "columns": len(r["columns"]) + r.get("left_out", 0) if "columns" in r else "?",
            "digest": r["digest"],
        }
        for r in rows
    ]
    if told:
        table(
            told, (("name", "data set"), ("rows", "rows"), ("columns", "columns"), ("digest", "digest")), ""
        )
        click.echo()


def findings(rows: Iterable[Mapping[str, Any]], empty: str) -> None:
    """Print findings as a report does, each with the beginning of its fingerprint."""
    from rich.console import Console

    from assay.kernel.report import Finding
    from assay.reports.terminal import print_finding

    found = list(rows)
    if not found:
        click.echo(empty)
    console = Console(highlight=False)
    for row in found:
        gone = "  closed" if row.get("status") == "closed" else ""
        said = f" of {row.get('asset')}  {str(row.get('fingerprint', ''))[:8]}{gone}"
        print_finding(console, Finding.from_dict(row), said)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str) and value.startswith("sha256:"):
        return value[:19] + "…"
    if isinstance(value, Mapping):
        value = ", ".join(f"{k} = {v}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    return printable(value)


def short(path: str | Path) -> str:
    """Return a path as it is reached from here; what is no absolute path, such as a URL, as it is."""
    if not Path(path).is_absolute():
        return str(path)
    try:
        return str(Path(path).resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


def problems(found: Iterable[Mapping[str, Any]]) -> None:
    """Print what a verification found."""
    for problem in found:
        kind = f"{problem.get('kind', 'problem')}: "
        said = kind + printable(problem.get("message", ""))
        lines = textwrap.wrap(said, 76, break_long_words=False, break_on_hyphens=False)
        click.secho(f"  {kind}", fg="red", nl=False)
        click.echo("\n    ".join(lines)[len(kind) :])
