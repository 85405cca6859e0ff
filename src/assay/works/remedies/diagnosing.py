"""The diagnosis of an execution's violations: which columns, since which request, and who sends what is wrong.

What a column was is taken from the last windows of the same monitor that passed, and from its baseline where that is a table or a
folder with ``constraints.json`` and ``statistics.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError
from assay.methods.inwords import share
from assay.methods.remedies import onset
from assay.methods.remedies.onset import Before, Onset, Scored
from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import sources, times
from assay.works.monitoring.sources import CALLER, TIME, VARIANT

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.works.home import Home

_ROWS = 200_000  # that are looked at, of the windows at hand and of those before
_COLUMNS, _GOOD, _SHOWN = 10, 3, 10
_GONE = 0.9
_CARRIES = 0.5  # of their rows from which somebody carries it, where others' are fewer by half


def diagnosed(home: Home, monitor: Monitor, execution: Execution) -> dict[str, Any]:
    """Return the diagnosis as JSON: ``columns``, ``since``, ``callers``, ``variants`` and ``sentence``. What cannot be told is
    left out, and ``why`` says so.
    """
    named = _named(execution)
    empty: dict[str, Any] = {
        "schema": "assay.diagnosis/1",
        "columns": [],
        "since": None,
        "callers": [],
        "variants": [],
    }
    if not named:
        return empty | {"sentence": "No violation names a column.", "why": "no violation names a column"}
    good = _good(home, execution)
    start = times.seconds(good[0].start if good else execution.start)
    try:
        rows = sources.of(home, monitor).rows(start, times.seconds(execution.end), _ROWS)
    except AssayError as error:
        return empty | {"sentence": "The rows cannot be looked at again.", "why": str(error)[:300]}
    if not rows.num_rows:
        return empty | {"sentence": "The rows are gone.", "why": "the rows are gone"}
    right, wrong = _parted(rows, good, times.seconds(execution.start))
    old = _columns_before(home, monitor, right, named)
    told = _renamed_columns(named, wrong, right)
    left = [n for n in named if n not in {c["column"] for c in told}]
    told += [c for c in (_column(n, wrong, old.get(n)) for n in left) if c]
    since = min((c["since"] for c in told if c.get("since")), default=None)
    callers, variants = (
        sorted({x["name"] for c in told for x in c[k] if x["carries"]}) for k in ("callers", "variants")
    )
    return empty | {
        "columns": told,
        "since": since,
        "rows": wrong.num_rows,
        "callers": callers,
        "variants": variants,
        "sentence": _sentence(told, named),
    }


def _named(execution: Execution) -> list[str]:
    """Return the columns that the violations name, those of the gravest first."""
    out = [
        str(v["where"][k])
        for v in execution.violations
        for k in ("column", "facet", "field")
        if k in (v.get("where") or {})
    ]
    return list(dict.fromkeys(out))[:_COLUMNS]


def _good(home: Home, execution: Execution) -> list[Execution]:
    """Return the last executions that passed before this one, the latest first: nothing between the first and this one did."""
    from assay.office import monitors

    past = [e for e in monitors.executions(home.office, execution.monitor, 200) if e.end <= execution.start]
    return sorted((e for e in past if e.outcome == "pass" and e.rows), key=lambda e: e.end, reverse=True)[
        :_GOOD
    ]


def _parted(rows: pa.Table, good: Sequence[Execution], start: float) -> tuple[pa.Table, pa.Table]:
    """Return the rows of windows that passed, and those from the end of the last such window on."""
    import pyarrow.compute as pc

    border = times.seconds(good[0].end) if good else start
    border = min(border, start)
    late = pc.greater_equal(rows[TIME], border)
    return rows.filter(pc.invert(late)), rows.filter(late)


def _columns_before(home: Home, monitor: Monitor, right: pa.Table, named: Sequence[str]) -> dict[str, Before]:
    base = _baseline(home, monitor, named)
    for name in named:
        if name in right.column_names and right.num_rows:
            was = onset.before(right[name])
            base[name] = _joined(base[name], was) if name in base else was
    return base


def _joined(one: Before, other: Before) -> Before:
    """Return what a column was, of what two sources say of it."""
    known = None
    if one.known is not None or other.known is not None:
        known = {**(one.known or {}), **(other.known or {})}  # shares that were seen stand above a domain's
    lows, highs = (
        [x for x in (getattr(one, n), getattr(other, n)) if x is not None] for n in ("low", "high")
    )
    sample = one.sample if one.sample is not None else other.sample
    return Before(
        min(lows, default=None), max(highs, default=None), known, sample, max(one.missing, other.missing)
    )


def _baseline(home: Home, monitor: Monitor, named: Sequence[str]) -> dict[str, Before]:
    """Return what the monitor's baseline says of columns; nothing where it is no table and no folder of constraints."""
    place = Path(monitor.against)
    if not monitor.against:
        return {}
    if (place / "constraints.json").is_file():
        return _constrained(place, named)
    from assay.works.checking import bench
    from assay.works.resolve import pin

    try:
        with bench(home) as table:
            asset = pin(monitor.against, ("table",), home.store, home)
            with table.opened(asset, "table") as found:
                held = [c.name for c in found.columns if c.name in named]
                arrow = found.arrow(held, _ROWS) if held else None
        return {n: onset.before(arrow[n]) for n in held} if arrow is not None else {}
    except AssayError:  # a baseline of another kind: the windows that passed say enough
        return {}


def _constrained(folder: Path, named: Sequence[str]) -> dict[str, Before]:
    """Return what Model Monitor's files say of columns: ranges of numbers, domains of texts."""
    out: dict[str, Before] = {}
    for name, numbers, domain in (
        *_features(folder / "statistics.json"),
        *_features(folder / "constraints.json"),
    ):
        if name not in named:
            continue
        was = Before(numbers[0], numbers[1], domain) if numbers or domain else None
        if was is not None:
            out[name] = _joined(out[name], was) if name in out else was
    return out


def _features(path: Path) -> list[tuple[str, Any, dict[str, float] | None]]:
    try:
        raw = json.loads(path.read_bytes()[: 64 << 20])
        features = raw["features"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    out: list[tuple[str, Any, dict[str, float] | None]] = []
    for one in features if isinstance(features, list) else []:
        if not isinstance(one, Mapping):
            continue
        figures = one.get("numerical_statistics")
        numbers = None
        if isinstance(figures, Mapping) and isinstance(figures.get("min"), (int, float)):
            numbers = (float(figures["min"]), float(figures.get("max", figures["min"])))
        texts = one.get("string_constraints")
        domain = None
        if isinstance(texts, Mapping) and isinstance(texts.get("domains"), list) and texts["domains"]:
            domain = {str(d): 1 / len(texts["domains"]) for d in texts["domains"]}
        out.append((str(one.get("name")), numbers or (None, None), domain))
    return out


def _column(name: str, rows: pa.Table, was: Before | None) -> dict[str, Any] | None:
    if name not in rows.column_names or was is None:
        return None
    score = onset.scored(rows[name], was)
    if score is None:
        return None
    found = onset.onset(score)
    if found.first is None:
        return None
    callers, variants = (_carried(score, rows, c) for c in (CALLER, VARIANT))
    changed = onset.renamed(_theirs(rows.slice(found.first), callers)[name], was)
    return {
        "column": name,
        "what": score.what,
        "since": times.text(float(rows[TIME][found.first].as_py())),
        "earlier": found.earlier,
        "share": round(found.share, 4) if score.plain else None,
        "values": list(score.values),
        "renamed": list(changed) if changed else None,
        "callers": callers,
        "variants": variants,
    }


def _theirs(rows: pa.Table, callers: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the rows of those who carry what is wrong, all where nobody stands out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    carriers = [c["name"] for c in callers if c["carries"]]
    return rows.filter(pc.is_in(rows[CALLER], pa.array(carriers, pa.string()))) if carriers else rows


def _carried(score: Scored, rows: pa.Table, group: str) -> list[dict[str, Any]]:
    if group not in rows.column_names:
        return []
    found: Onset = onset.onset(score, rows[group].to_pylist())
    out = []
    for one in found.carriers[:_SHOWN]:
        others = [c for c in found.carriers if c.name != one.name]
        rest = sum(c.rows * c.share for c in others) / (sum(c.rows for c in others) or 1)
        carries = (
            one.share > 0
            and (not others or one.share >= max(2 * rest, 1e-9))
            and (one.part >= _CARRIES or one.share >= _CARRIES)
        )
        out.append(
            asdict(one)
            | {"share": round(one.share, 4), "part": round(one.part, 4), "carries": carries and score.plain}
        )
    return out


def _renamed_columns(named: Sequence[str], rows: pa.Table, right: pa.Table) -> list[dict[str, Any]]:
    """Return the columns that are gone where one of the same kind is new: they are called otherwise now."""
    if not right.num_rows:
        return []
    gone = [n for n in named if _empty(rows, n) >= _GONE and _empty(right, n) < 1 - _GONE]
    fresh = [n for n in rows.column_names if _empty(rows, n) < 1 - _GONE and _empty(right, n) == 1]
    out = []
    for name in gone:
        same = [n for n in fresh if rows.schema.field(n).type == right.schema.field(name).type]
        if len(same) == 1:
            said = {
                "column": name,
                "what": f"is called {same[0]} now",
                "since": times.text(float(rows[TIME][0].as_py())),
            }
            out.append(
                said
                | {
                    "earlier": True,
                    "share": 1.0,
                    "values": [],
                    "renamed": [name, same[0]],
                    "callers": [],
                    "variants": [],
                }
            )
    return out


def _empty(rows: pa.Table, name: str) -> float:
    """Return the share of rows in which a column holds nothing; 1 where it is not there."""
    if name not in rows.column_names or not rows.num_rows:
        return 1.0
    return float(rows[name].null_count / rows.num_rows)


def _sentence(told: Sequence[Mapping[str, Any]], named: Sequence[str]) -> str:
    if not told:
        return f"{', '.join(named)}: since when, and from whom, cannot be told."
    return " ".join(said(c) for c in told)


def said(column: Mapping[str, Any]) -> str:
    """Return what is told of one column, as a sentence."""
    when = f"{'at least ' if column['earlier'] else ''}{column['since'][:19]}Z"
    text = f"{column['column']} {column['what']}"
    if column["renamed"] and column["values"]:
        text += f" ({column['renamed'][0]!r} is called {column['renamed'][1]!r} now)"
    elif column["values"]:
        text += f" ({', '.join(repr(v[:40]) for v in column['values'][:3])})"
    if column["share"] is not None:
        text += f" in {share(column['share'])} of the rows"
    text += f", since {when}"
    for group, word in (("callers", "from"), ("variants", "answered by")):
        carriers = [c["name"] for c in column[group] if c["carries"]]
        if carriers and len(column[group]) > 1:
            text += f", {word} {', '.join(carriers[:3])}"
    return text + "."
