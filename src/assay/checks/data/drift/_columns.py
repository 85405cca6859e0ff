"""The columns of both tables matched, counted and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assay.kernel.handles import ColumnInfo, Table, Work
from assay.kernel.report import Finding, Skipped
from assay.kernel.severity import Severity
from assay.methods.nearest import nearest

if TYPE_CHECKING:
    from assay.methods.drift.compare import Compared
    from assay.methods.drift.counted import Counted
    from assay.methods.drift.telling import Told
    from assay.methods.integrity.column import Sampled

NUMBERS = ("integer", "number")
TIMES = ("date", "timestamp")
UNREADABLE = ("binary", "other")
FEW = 30
FREE = 0.5  # texts of which more than this share differ are no categories
LEAST_FREE = 50


@dataclass(frozen=True)
class Rules:
    """What was asked: columns and those left out, the measures that decide, bins, rows of the samples."""

    columns: Sequence[str]
    without: Sequence[str]
    judged: tuple[str, ...]
    threshold: float | None
    bins: int
    rows: int
    sample: bool = True  # rows are wanted, and not only counts


@dataclass
class Seen:
    """What was seen of the columns. old, new: samples of rows of both tables, by column."""

    rows_old: int
    rows_new: int
    work: Work
    rules: Rules
    columns: list[Compared] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    words: dict[str, Told] = field(default_factory=dict)
    words_p: dict[str, dict[str, float]] = field(default_factory=dict)
    old: dict[str, Sampled] = field(default_factory=dict)
    new: dict[str, Sampled] = field(default_factory=dict)

    def compare(self, name: str, old: Counted, new: Counted, *, time: bool = False) -> Compared:
        """Compare one column by these rules and keep it."""
        from assay.methods.drift.compare import compare

        rules = self.rules
        made = compare(
            name, old, new, time=time, bins=rules.bins, judged=rules.judged, threshold=rules.threshold
        )
        self.columns.append(made)
        return made


def compared(table: Table, against: Table, rules: Rules, work: Work) -> Seen:
    """Return every column that both tables have, compared; what only one has is a finding."""
    seen = Seen(against.rows, table.rows, work, rules)
    old = {c.name: c for c in against.columns}
    new = {c.name: c for c in table.columns}
    wanted = [n for n in (rules.columns or [*old, *new]) if n not in rules.without]
    wanted = list(dict.fromkeys(wanted))
    _schema(seen, [n for n in wanted if n not in new], [n for n in wanted if n not in old], new)
    both = [n for n in wanted if n in old and n in new]
    for place, name in enumerate(both):
        work.progress(place, len(both), "columns")
        _one(seen, table, against, old[name], new[name])
    if min(seen.rows_old, seen.rows_new) < FEW:
        least = min(seen.rows_old, seen.rows_new)
        seen.skipped.append(Skipped("the distributions", f"of {least} rows nothing can be told from chance"))
    _sample(seen, table, against, [new[n] for n in both], [old[n] for n in both])
    for name in seen.texts:
        _free_text(seen, name)
    order = {n: i for i, n in enumerate(both)}
    seen.columns.sort(key=lambda c: order[c.name])
    return seen


def _schema(seen: Seen, missing: list[str], extra: list[str], new: dict[str, ColumnInfo]) -> None:
    for name in missing:
        close = nearest(name, extra)
        remedy = f"rename {close!r} to it, if it is the same" if close else "find out where it went"
        seen.findings.append(
            Finding(
                "data.drift.missing_column",
                Severity.HIGH,
                f"{name} is a column of the baseline and is not there any more.",
                {"column": name},
                f"{remedy}; a model that was trained with it cannot be asked without",
            )
        )
    for name in extra:
        seen.findings.append(
            Finding(
                "data.drift.extra_column",
                Severity.LOW,
                f"{name} ({new[name].type}) is new: the baseline has no such column.",
                {"column": name},
                "leave it out, or train anew with it",
            )
        )


def _one(seen: Seen, table: Table, against: Table, old: ColumnInfo, new: ColumnInfo) -> None:
    if old.type in UNREADABLE or new.type in UNREADABLE:
        seen.skipped.append(
            Skipped(f"column {old.name}", f"values of type {new.native or new.type} are not compared")
        )
        return
    left, right = _family(old.type), _family(new.type)
    if left == right:
        _alike(seen, table, against, old, new, left)
        if old.type != new.type and left == "number" and seen.columns and seen.columns[-1].name == old.name:
            said = f"{old.name} held {_type(old)} and holds {_type(new)} now."
            seen.findings.append(
                Finding(
                    "data.drift.type",
                    Severity.LOW,
                    said,
                    {"column": old.name},
                    "make sure that this is meant",
                )
            )
        return
    _unlike(seen, table, against, old, new)


def _family(kind: str) -> str:
    return "number" if kind in NUMBERS else "time" if kind in TIMES else kind


def _type(column: ColumnInfo) -> str:
    return {"integer": "whole numbers", "number": "numbers", "boolean": "true or false", "text": "texts",
            "date": "dates", "time": "times of day", "timestamp": "points in time"}[column.type]  # fmt: skip


def _alike(seen: Seen, table: Table, against: Table, old: ColumnInfo, new: ColumnInfo, family: str) -> None:
    from assay.engines.counting import counted, rounded

    a, b = counted(against, old), counted(table, new)
    if family in ("number", "time"):
        exact = a is not None and b is not None
        if a is None or b is None:
            centre = _centre(against, old)
            a, b = rounded(against, old, seen.work, centre), rounded(table, new, seen.work, centre)
        if exact and family == "number" and new.type == "integer" and _is_key(old.name, a, b):
            seen.keys.append(old.name)
            return
        made = seen.compare(old.name, a, b, time=family == "time")
        made.approximate = not exact
        if family == "time":
            seen.times.append(old.name)
        return
    if a is None or b is None or (family == "text" and _is_free(a, b)):
        seen.texts.append(old.name)
        return
    seen.compare(old.name, a, b)


def _centre(table: Table, column: ColumnInfo) -> float:
    import numpy as np

    from assay.engines.counting import plain_numbers

    for batch in table.batches([column.name]):
        values = plain_numbers(batch.column(0))
        values = values[np.isfinite(values)]
        if len(values):
            return float(np.median(values))
    return 0.0


def _is_key(name: str, old: Counted, new: Counted) -> bool:
    """Whether whole numbers are different in every row of both tables, and close together or called an id."""
    from assay.methods.profile.column import named_as_id

    def one(column: Counted) -> bool:
        unique = column.distinct == column.present >= FEW
        if not unique:
            return False
        width = column.values[-1] - column.values[0] + 1
        return bool(width == column.distinct or named_as_id(name))

    return one(old) and one(new)


def _is_free(old: Counted, new: Counted) -> bool:
    return any(c.distinct > LEAST_FREE and c.distinct > FREE * c.present for c in (old, new))


def _unlike(seen: Seen, table: Table, against: Table, old: ColumnInfo, new: ColumnInfo) -> None:
    """Compare columns of unlike types as far as their values can be read alike, and tell the change."""
    from assay.engines.counting import counted
    from assay.methods.drift import counted as methods

    a, b = counted(against, old), counted(table, new)
    if a is not None and b is not None and not (a.present and b.present):  # no value has no type
        seen.compare(
            old.name, a if a.present else _empty_like(b, a.rows), b if b.present else _empty_like(a, b.rows)
        )
        return
    detail = ""
    if a is not None and b is not None:
        families = {_family(old.type), _family(new.type)}
        if families == {"number", "text"}:
            a, b = (methods.as_numbers(c) if isinstance(c.values, list) else c for c in (a, b))
            unread = a.unread | b.unread
            if min(a.present / max(1, a.rows - a.missing), b.present / max(1, b.rows - b.missing)) >= 0.5:
                seen.compare(old.name, a, b)
            if unread:
                some = ", ".join(repr(t[:30]) for t in sorted(unread, key=lambda t: -unread[t])[:3])
                detail = f": {sum(unread.values()):,} values are no numbers ({some})"
        elif "boolean" in families:
            seen.compare(old.name, *(_spelled(c) for c in (a, b)))
    if not seen.columns or seen.columns[-1].name != old.name:
        seen.skipped.append(
            Skipped(f"column {old.name}", f"{_type(old)} and {_type(new)} cannot be compared")
        )
    seen.findings.append(
        Finding(
            "data.drift.type",
            Severity.HIGH,
            f"{old.name} held {_type(old)} and holds {_type(new)} now{detail}.",
            {"column": old.name},
            "read it as it was read for the baseline",
        )
    )


def _empty_like(other: Counted, rows: int) -> Counted:
    from assay.methods.drift.counted import Counted

    return Counted(other.values[:0], other.counts[:0], rows, rows)


def _spelled(column: Counted) -> Counted:
    from collections import Counter

    import numpy as np

    from assay.methods.drift import counted as methods
    from assay.methods.values import spelled

    found: Counter[str] = Counter()
    for value, count in zip(column.values, column.counts.tolist(), strict=True):
        found[spelled(value)] += count
    return methods.texts(list(found), np.array(list(found.values()), np.int64), column.rows)


def _sample(seen: Seen, table: Table, against: Table, new: list[ColumnInfo], old: list[ColumnInfo]) -> None:
    """Read the same columns of some rows of both tables, by lot, where anything needs rows."""
    wanted = {*(c.name for c in seen.columns if seen.rules.sample), *seen.texts}
    for side, handle, infos, into in (("old", against, old, seen.old), ("new", table, new, seen.new)):
        into.update(sample(handle, seen.work, [c for c in infos if c.name in wanted], seen.rules.rows, side))


def sample(table: Table, work: Work, columns: list[ColumnInfo], rows: int, side: str) -> dict[str, Sampled]:
    """Return columns at up to ``rows`` rows drawn by lot, by name."""
    import numpy as np

    from assay.engines.sampling import sampled

    chosen = np.arange(table.rows)
    if table.rows > rows:
        chosen = np.sort(work.rng(f"drift/{side}").choice(table.rows, rows, replace=False))
    return {s.name: s for s in sampled(table, work, columns, chosen)}


def _free_text(seen: Seen, name: str) -> None:
    """Compare texts that mostly differ by their length and, where they are no keys, by their words."""
    import numpy as np
    import pyarrow.compute as pc

    from assay.methods.drift import counted as methods
    from assay.methods.drift.telling import told_texts

    sides, texts = [], []
    unique = True
    for column in (seen.old[name], seen.new[name]):
        held = column.array.drop_null()
        lengths = pc.utf8_length(held).to_numpy(zero_copy_only=False)
        values, counts = np.unique(lengths, return_counts=True)
        sides.append(methods.numbers(values, counts, len(column.array)))
        unique = unique and column.distinct == len(held)
        texts.append(held.to_pylist())
    made = seen.compare(name, *sides)
    made.of = "length"
    spaced = any(" " in t.strip() for t in texts[0][:100] + texts[1][:100])
    if unique and not spaced:
        seen.keys.append(name)
    elif min(len(t) for t in texts) >= FEW:
        seen.words[name] = told_texts(texts[0], texts[1], seen.work.rng(f"drift/words/{name}"))
