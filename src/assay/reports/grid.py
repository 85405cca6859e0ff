"""Metrics as a person compares them: one row for each thing they are about, one column for each metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assay.kernel.report import Metric
from assay.reports.numbers import about, bare, metric, remark

Say = Callable[[Metric], str]
_FEW = 5  # so many groups stand side by side
_GROUPS = (("facet",), ("facet", "class"), ("facet", "group"), ("facet", "group", "class"))
LEAST = 3  # metrics of as many names make a grid of one row; fewer stay in the list


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of metrics. of: what the rows differ in. rows: each row's name and its cells. notes: why some are empty."""

    of: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


def arranged(metrics: Sequence[Metric], say: Say = bare) -> list[Grid | list[Metric]]:
    """Return the metrics in the report's order, each kind of thing they are about as a grid, or as a list.

    say: what a cell shows; the bare number by default.
    A kind with fewer than three names, or one that holds two metrics of a name, is a list. Where a grid would be mostly
    empty, rows with the same metrics stand together: numbers with their means, texts without; the rest is a list.
    """
    kinds: dict[tuple[str, ...], list[Metric]] = {}
    for found in metrics:
        kinds.setdefault(tuple(found.of), []).append(found)
    out: list[Grid | list[Metric]] = []
    for keys, held in kinds.items():
        names = tuple(dict.fromkeys(m.name for m in held))
        places = {(m.name, _row(m.of)) for m in held}
        full = len(held) >= 0.4 * len(names) * len({row for _, row in places})
        if not keys or len(names) < LEAST or len(places) < len(held):
            out.append(held)
        elif full:
            out.append(_grid(keys, names, held, say))
        else:
            out += _alike(keys, held, say)
    return out


def _alike(keys: tuple[str, ...], held: Sequence[Metric], say: Say) -> list[Grid | list[Metric]]:
    """Return a grid for all rows that have the same metrics, and the metrics of the other rows as one list at the end."""
    rows: dict[tuple[str, ...], list[Metric]] = {}
    for found in held:
        rows.setdefault(_row(found.of), []).append(found)
    groups: dict[tuple[str, ...], list[list[Metric]]] = {}
    for row in rows.values():
        groups.setdefault(tuple(sorted(m.name for m in row)), []).append(row)
    out: list[Grid | list[Metric]] = []
    shown: set[tuple[str, ...]] = set()
    for names, same in groups.items():
        if len(names) >= LEAST or (len(names) > 1 and len(same) > 1):
            out.append(_grid(keys, tuple(m.name for m in same[0]), [m for row in same for m in row], say))
            shown.update(_row(row[0].of) for row in same)
    left = [
        m for m in held if _row(m.of) not in shown
    ]  # in the report's order, which may be that of their size
    return [*out, left] if left else out


def _row(of: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(v) for v in of.values())


def _grid(keys: tuple[str, ...], names: tuple[str, ...], held: Sequence[Metric], say: Say) -> Grid:
    cells: dict[tuple[str, ...], dict[str, Metric]] = {}
    for found in held:
        cells.setdefault(_row(found.of), {})[found.name] = found
    title = "" if keys in _GROUPS[1:] else ", ".join(keys)
    rows = []
    for row in cells.values():
        said = _named(keys, next(iter(row.values())).of)
        rows.append((said, tuple(say(row[n]) if n in row else "" for n in names)))
    reasons = dict.fromkeys(f"{m.name}: {metric(m)}" for m in held if m.value is None)
    return Grid(title, names, tuple(rows), (*_remarks(keys, held), *reasons))


def _remarks(keys: tuple[str, ...], held: Sequence[Metric]) -> list[str]:
    """Return what a unit of several words says of a metric, once: of which rows, where it is not the same of all."""
    said: dict[str, dict[str, list[str]]] = {}
    for found in held:
        if remark(found) and found.value is not None:
            said.setdefault(found.name, {}).setdefault(str(found.unit), []).append(_named(keys, found.of))
    return [
        f"{name}: {unit}" + (f" ({', '.join(rows[:_FEW])})" if len(units) > 1 else "")
        for name, units in said.items()
        for unit, rows in units.items()
    ]


def _named(keys: tuple[str, ...], of: Mapping[str, object]) -> str:
    """Return a row's name: {facet: sex, group: Female, class: 2} is read as «sex = Female: 2»; of several facets the group
    names each with its value.
    """
    if keys not in _GROUPS:
        return str(of[keys[0]]) if len(keys) == 1 else about(of)
    facet, group = str(of["facet"]), of.get("group")
    whose = facet if group is None else str(group) if " & " in facet else f"{facet} = {group}"
    return f"{whose}: {of['class']}" if "class" in of else whose


def upright(grid: Grid, most: int = _FEW) -> Grid:
    """Return a grid of a few wide rows turned: a row a metric, a column a group, so that it needs no scrolling."""
    if len(grid.rows) > most or len(grid.names) <= len(grid.rows):
        return grid
    rows = tuple((name, tuple(cells[at] for _, cells in grid.rows)) for at, name in enumerate(grid.names))
    return Grid("", tuple(said for said, _ in grid.rows), rows, grid.notes)


def pages(grid: Grid, width: int, first: int) -> list[Grid]:
    """Return the grid as several, none wider than ``width`` characters; the row names take ``first`` of them."""
    out: list[list[int]] = [[]]
    used = first
    for at, name in enumerate(grid.names):
        size = 2 + max(len(name), *(len(cells[at]) for _, cells in grid.rows))
        if out[-1] and used + size > width:
            out.append([])
            used = first
        out[-1].append(at)
        used += size
    return [
        Grid(
            grid.of,
            tuple(grid.names[i] for i in chosen),
            tuple((said, tuple(cells[i] for i in chosen)) for said, cells in grid.rows),
            grid.notes if number + 1 == len(out) else (),
        )
        for number, chosen in enumerate(out)
    ]
