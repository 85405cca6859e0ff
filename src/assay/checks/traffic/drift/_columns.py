"""The columns of a window counted and compared with the reference's rows of the same hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assay.checks.traffic._sides import NUMBERS, Sides
from assay.kernel.report import Skipped

if TYPE_CHECKING:
    from assay.methods.drift.compare import Compared
    from assay.methods.drift.counted import Floats, Ints
    from assay.methods.monitor.onset import Cells, Stretch, Whose

QUESTIONS = ("distribution", "missing", "new")
MISSING = 0.02  # a change of the share of missing values that is worth an alarm
NEW = 0.01  # the share of new categories that is worth an alarm
FEW = 30
_FREE, _LEAST_FREE = (
    0.5,
    50,
)  # texts of which more than this share differ, and more than so many, are no categories


@dataclass
class Drifted:
    """What alarms of a column: the questions, where in the window, in whose requests."""

    column: Compared
    questions: tuple[str, ...]
    stretch: Stretch
    whose: Whose | None


@dataclass
class Seen:
    """What was seen: every column, those that alarm, those left out, those whose type is another."""

    columns: list[Compared] = field(default_factory=list)
    drifted: list[Drifted] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # times, which move on
    unread: dict[str, int] = field(default_factory=dict)  # texts where numbers were
    missing: list[str] = field(default_factory=list)
    unasked: list[str] = field(
        default_factory=list
    )  # of the reference alone, and no model is asked with them
    extra: list[str] = field(default_factory=list)
    # of a column and a question: own distance, what is usual, of how many windows
    spread: dict[tuple[str, str], tuple[float, float, int]] = field(default_factory=dict)
    few: bool = False


def compared(sides: Sides, only: Sequence[str], threshold: float | None, alpha: float) -> Seen:
    """Return each column compared, and the alarms over all of them."""
    from assay.methods.monitor.alarms import holm

    seen = Seen()
    old, new = sides.reference.info, sides.window.info
    aside = sides.roles.aside
    wanted = [n for n in dict.fromkeys((*old, *new)) if n not in aside and (not only or n in only)]
    gone = [n for n in wanted if n not in new and n not in sides.roles.outputs]
    seen.unasked = [n for n in gone if n in sides.unasked]
    seen.missing = [n for n in gone if n not in sides.unasked]
    seen.extra = [n for n in wanted if n not in old and n not in sides.roles.outputs]
    both = [n for n in wanted if n in old and n in new]
    for place, name in enumerate(both):
        sides.window.work.progress(place, len(both), "columns")
        _one(seen, sides, name, threshold)
    least = min(sides.window.rows, len(sides.matched.rows))
    if least < FEW:
        seen.few = True
        seen.skipped.append(Skipped("the distributions", f"of {least} rows nothing can be told from chance"))
        return seen
    asked = [(c, q) for c in seen.columns for q in QUESTIONS if q in c.p]
    for (column, question), p in zip(asked, holm([c.p[q] for c, q in asked]), strict=True):
        column.adjusted[question] = p
    _alarm(seen, sides, alpha)
    return seen


def _one(seen: Seen, sides: Sides, name: str, threshold: float | None) -> None:
    family = sides.family(name)
    if family == "number":
        _number(seen, sides, name, threshold)
    elif family == "category":
        _category(seen, sides, name, threshold)
    elif sides.window.info[name].type in ("date", "timestamp", "time"):
        seen.moved.append(name)
    else:
        kinds = (sides.reference.info[name].type, sides.window.info[name].type)
        seen.skipped.append(
            Skipped(f"column {name}", f"values of type {' and '.join(kinds)} are not compared")
        )


def _number(seen: Seen, sides: Sides, name: str, threshold: float | None) -> None:
    import numpy as np

    from assay.methods.drift import counted
    from assay.methods.drift.compare import compare
    from assay.methods.profile.column import named_as_id

    old, new = sides.numbers(name)
    pair = [counted.numbers(*np.unique(v[~np.isnan(v)], return_counts=True), len(v)) for v in (old, new)]
    whole = sides.window.info[name].type == "integer"
    if whole and name not in sides.roles.outputs and all(c.distinct == c.present >= FEW for c in pair):
        last = pair[1]  # of the reference rows of other hours are left out
        if last.values[-1] - last.values[0] + 1 == last.distinct or named_as_id(name):
            seen.keys.append(name)
            return
    if sides.window.info[name].type not in NUMBERS:
        lost = pair[1].missing - int(sides.window.column(name).null_count)
        if lost > 0:
            seen.unread[name] = lost
    seen.columns.append(compare(name, pair[0], pair[1], threshold=threshold))


def _category(seen: Seen, sides: Sides, name: str, threshold: float | None) -> None:
    import numpy as np

    from assay.methods.drift import counted
    from assay.methods.drift.compare import compare

    old, new, names = sides.codes(name)
    pair = []
    for codes in (old, new):
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        held = np.flatnonzero(counts)
        pair.append(counted.texts([names[i] for i in held.tolist()], counts[held], len(codes)))
    free = any(c.distinct > _LEAST_FREE and c.distinct > _FREE * c.present for c in pair)
    if free:
        sized = [_lengths(names)[codes] for codes in (old, new)]
        pair = [counted.numbers(*np.unique(v[~np.isnan(v)], return_counts=True), len(v)) for v in sized]
    made = compare(name, pair[0], pair[1], threshold=threshold)
    made.of = "length" if free else ""
    seen.columns.append(made)


def _lengths(names: list[str]) -> Floats:
    """Return each text's length; the last, of the missing, is NaN."""
    import numpy as np

    return np.array([*map(len, names), np.nan], np.float64)


def _cells(sides: Sides, column: Compared) -> Cells:
    """Return a column as cells of both sides."""
    from assay.methods.monitor.onset import number_cells, text_cells

    name, rows = column.name, sides.matched.rows
    if sides.family(name) == "number":
        return number_cells(sides.reference.numbers(name), rows, sides.window.numbers(name))
    old, new, names = sides.all_codes(name)
    if column.of:
        lengths = _lengths(names)
        return number_cells(lengths[old], rows, lengths[new])
    return text_cells(old, rows, new, len(names))


def alarming(column: Compared, alpha: float) -> tuple[str, ...]:
    """Return which questions about a column are answered with an alarm."""
    p, m = column.adjusted, column.measures
    out = []
    if column.drifted(alpha):
        out.append("distribution")
    if p.get("missing", 1) < alpha and abs(m["missing_change"]) >= MISSING:
        out.append("missing")
    if p.get("new", 1) < alpha and m.get("new_share", 0.0) >= NEW:
        out.append("new")
    return tuple(out)


def _alarm(seen: Seen, sides: Sides, alpha: float) -> None:
    from assay.methods.monitor import onset, spread

    callers = sides.callers()
    of = spread.windows(sides.window.times, sides.reference.times)
    for column in seen.columns:
        questions = alarming(column, alpha)
        if not questions:
            continue
        mine = _cells(sides, column)
        if of is not None:
            questions = tuple(q for q in questions if _unusual(seen, sides, column.name, q, mine, of))
            if not questions:
                continue
        found = onset.stretch(mine)
        told = onset.whose(mine, found, *callers) if callers is not None else None
        seen.drifted.append(Drifted(column, questions, found, told))


def _unusual(seen: Seen, sides: Sides, name: str, question: str, mine: Cells, of: Ints) -> bool:
    """Whether the reference's own windows do not differ as much; that of new values they cannot say."""
    from assay.methods.monitor import spread

    if question == "new":
        return True
    own, usual, many = spread.usual(mine.gone() if question == "missing" else mine, of, sides.slots())
    seen.spread[name, question] = own, usual, many
    return many < spread.LEAST or own > usual
