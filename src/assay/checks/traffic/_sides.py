"""A window of traffic and its reference, as what the drifts of traffic look at: columns in the order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, ColumnInfo, Model, Table, Traffic, Work
from assay.kernel.report import Skipped

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.drift.counted import Floats, Ints
    from assay.methods.monitor.season import Matched, Period

Against = Annotated[
    Traffic, Doc("the reference: the same traffic while all was well, or the data the model was tested on")
]
Time = Annotated[
    Column | None, Doc("the column that says when each request came, of a table; a capture says it itself")
]
Caller = Annotated[Column | None, Doc("the column that says who asked, of a table; a capture says it itself")]
Label = Annotated[str | None, Doc("the column of the truth, where it is known [default: truth]")]
Predicted = Annotated[Column | None, Doc("the column of the answers [default: prediction]")]
Scores = Annotated[
    tuple[Column, ...],
    Doc("the score of yes, or the scores of the classes in order of their names [default: score, score_…]"),
]
Without = Annotated[tuple[Column, ...], Doc("a column to leave out")]
Alpha = Annotated[
    float,
    Interval(gt=0, lt=1),
    Doc("the chance that healthy traffic alarms, in one window, over all questions that are asked of it"),
]
Rows = Annotated[
    int, Interval(ge=1000, le=50_000_000), Doc("rows of each side that are looked at, by lot, of more")
]

Asked = Annotated[Model | None, Doc("a model that is asked about both, where they hold no answers")]

NUMBERS = ("integer", "number")
TIMES = ("date", "timestamp", "time")
CATEGORIES = ("boolean", "text")


@dataclass(frozen=True)
class Roles:
    """Which columns are no features. scores: of yes, or one a class; classes: their names, empty of a score of yes."""

    time: str | None = None
    caller: str | None = None
    label: str | None = None
    predicted: str | None = None
    scores: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the columns of answers."""
        return (*((self.predicted,) if self.predicted else ()), *self.scores)

    @property
    def aside(self) -> set[str]:
        """Return what is neither feature nor answer."""
        return {n for n in (self.time, self.caller, self.label) if n}


def named(traffic: Traffic, against: Traffic) -> Traffic:
    """Return captured traffic whose columns have no names with those of the reference, where they are as many."""
    if not isinstance(traffic, Traffic) or traffic.named:
        return traffic
    names = [c.name for c in against.columns if c.name != "truth"]
    outputs = [
        n for n in names if n in getattr(against, "outputs", ()) or n.startswith("score") or n == "prediction"
    ]
    features = [n for n in names if n not in outputs]
    for wanted in ([*outputs, *features], features):
        try:
            return traffic.renamed(wanted)
        except UsageError:
            continue
    return traffic


def unasked(traffic: Table | Traffic, names: Sequence[str]) -> list[str]:
    """Return which of a reference's columns are none that the endpoint's models are asked with, nor answers, nor the truth.

    Nothing where it is not known what they are asked with: such a column is then one that does not come.
    """
    if not isinstance(traffic, Traffic) or not traffic.asks:
        return []
    held = {*traffic.asks, *traffic.features, *traffic.outputs, *(c.name for c in traffic.columns)}
    return [n for n in names if n not in held]


def roles(
    table: Table | Traffic,
    against: Table | Traffic,
    *,
    time: str | None = None,
    caller: str | None = None,
    label: str | None = None,
    predicted: str | None = None,
    scores: Sequence[str] = (),
) -> Roles:
    """Return who plays which part; answers and truth are found by the names that capture gives them."""
    names = [c.name for c in table.columns]
    held = set(names)
    label = label or ("truth" if "truth" in held | {c.name for c in against.columns} else None)
    predicted = predicted or ("prediction" if "prediction" in held else None)
    found = tuple(scores)
    if not found:
        found = ("score",) if "score" in held else tuple(n for n in names if n.startswith("score_"))
    classes: tuple[str, ...] = ()
    if len(found) > 1:
        classes = tuple(n.removeprefix("score_") for n in found)
    return Roles(time, caller, label, predicted, found, classes)


class Side:
    """One side: its columns at the rows that are looked at, in the order of time where there is one."""

    def __init__(
        self, given: Table | Traffic, work: Work, name: str, time: str | None, rows: int, what: str
    ) -> None:
        """Open it. rows: more than these are drawn by lot. what: it is, in words."""
        table = given.table if isinstance(given, Traffic) else given
        if not table.rows:
            raise BadInput(f"{what} has no row", where=table.asset.name)
        self.table, self.work = table, work
        self.info: Mapping[str, ColumnInfo] = {c.name: c for c in table.columns}
        self.of = table.rows
        self._held: dict[str, pa.ChunkedArray] = {}
        self._order: Any = None
        self._about = given.about if isinstance(given, Traffic) else None
        if table.rows > rows:
            self._draw(rows, name)
        self.rows = min(rows, table.rows)
        self.times = self._times(time, what) if time else self._captured_times()
        if self.times is not None:
            self._sort()

    def _draw(self, rows: int, name: str) -> None:
        import numpy as np
        import pyarrow as pa

        from assay.engines.sampling import sampled

        chosen = np.sort(self.work.rng(f"traffic/{name}").choice(self.of, rows, replace=False))
        for column in sampled(self.table, self.work, list(self.table.columns), chosen):
            self._held[column.name] = pa.chunked_array([column.array])
        if self._about is not None:
            self._about = self._about.take(pa.array(chosen))

    def _captured_times(self) -> Floats | None:
        """Return when each request came, as the capture says; None where it does not."""
        from assay.engines.counting import plain_numbers

        if self._about is None or self._about.column("time").null_count == self.rows:
            return None
        return plain_numbers(self._about.column("time"))  # type: ignore[no-any-return]

    def callers(self) -> pa.ChunkedArray | None:
        """Return who sent each row, as the capture says; None where it says it of none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._about is None:
            return None
        column = self._about.column("caller")
        column = pc.if_else(pc.equal(column, ""), None, column)
        if column.null_count == len(column):
            return None
        return column if self._order is None else column.take(pa.array(self._order))

    def _times(self, time: str, what: str) -> Floats:
        import pyarrow as pa
        import pyarrow.compute as pc

        from assay.engines.counting import plain_numbers

        if time not in self.info:
            raise UsageError(
                f"{what} has no column {time}", remedy="name the column that says when: --time COLUMN"
            )
        column, kind = self.column(time), self.info[time].type
        if kind in NUMBERS:
            return plain_numbers(column)  # type: ignore[no-any-return]
        if kind == "text":
            try:
                column = pc.cast(column, pa.timestamp("us", "UTC"))
            except pa.ArrowInvalid:
                try:
                    column = pc.cast(column, pa.timestamp("us"))
                except pa.ArrowInvalid:
                    raise UsageError(
                        f"{time} of {what} holds texts that are no times", remedy="write them as RFC 3339"
                    ) from None
        elif kind not in ("date", "timestamp"):
            raise UsageError(f"{time} of {what} holds no times", remedy="name another column: --time COLUMN")
        return plain_numbers(column) * 86_400.0  # type: ignore[no-any-return]

    def _sort(self) -> None:
        import numpy as np

        times = self.times
        assert times is not None
        if np.all(times[1:] >= times[:-1]):
            return
        self._order = np.argsort(times, kind="stable")
        self.times = times[self._order]

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column in the order of time."""
        import pyarrow as pa

        found = self._held[name] if name in self._held else self.table.arrow([name]).column(0)
        return found if self._order is None else found.take(pa.array(self._order))

    def answer(self, model: Model, label: str | None) -> tuple[str, ...]:
        """Ask a model about these rows and keep its answers as columns, whose names are returned."""
        import pyarrow as pa

        from assay.methods import predictions

        data = pa.table(self._held) if self._held else self.table.arrow()
        said, scores = predictions.answers(model, data, label)
        found = {"prediction": said}
        if scores is not None:
            found |= {n: scores.column(n) for n in scores.column_names}
        for name, column in found.items():
            self._held[name] = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
        return tuple(found)

    def numbers(self, name: str) -> Floats:
        """Return a column as floats, missing and infinite as NaN; texts that are no numbers are missing."""
        import numpy as np
        import pyarrow as pa

        from assay.engines.counting import plain_numbers
        from assay.methods.monitor.encoding import read_numbers

        column = self.column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            return read_numbers(column)
        out = plain_numbers(column)
        return out if np.isfinite(out).all() else np.where(np.isfinite(out), out, np.nan)

    def place(self, row: int) -> int:
        """Return where a row (from 0, in the order of time) stands in the table."""
        return int(self._order[row]) if self._order is not None else row


@dataclass
class Sides:
    """A window and its reference. left: what of the columns was not looked at, and why."""

    window: Side
    reference: Side
    roles: Roles
    matched: Matched
    season: Period
    left: list[Skipped]
    unasked: frozenset[str] = frozenset()  # of the reference's columns, those that no model is asked with

    @property
    def features(self) -> list[str]:
        """Return the columns both have that are neither answers nor aside, in the window's order."""
        no = self.roles.aside | set(self.roles.outputs)
        return [n for n in self.window.info if n in self.reference.info and n not in no]

    def family(self, name: str) -> str:
        """Return number, category or other: what a column's values are on both sides."""
        pair = [self.reference.info[name].type, self.window.info[name].type]
        if all(t in NUMBERS for t in pair) or (pair[0] in NUMBERS and pair[1] == "text"):
            return "number"
        return "category" if all(t in CATEGORIES or t in NUMBERS for t in pair) else "other"

    def numbers(self, name: str) -> tuple[Floats, Floats]:
        """Return a column of numbers of the matched reference and of the window."""
        return self.reference.numbers(name)[self.matched.rows], self.window.numbers(name)

    def codes(self, name: str) -> tuple[Ints, Ints, list[str]]:
        """Return a column of categories, of the matched reference and of the window, as codes (-1 missing) of names."""
        old, new, names = self.all_codes(name)
        return old[self.matched.rows], new, names

    def all_codes(self, name: str) -> tuple[Ints, Ints, list[str]]:
        """Return the same of all of the reference."""
        from assay.methods.monitor.encoding import coded

        return coded(self.reference.column(name), self.window.column(name))

    def slots(self) -> Ints:
        """Return the hour of the season of each row of the reference."""
        import numpy as np

        from assay.methods.monitor.season import slots

        times = self.reference.times
        return slots(times, self.season) if times is not None else np.zeros(self.reference.rows, np.int64)

    def callers(self) -> tuple[Ints, list[str]] | None:
        """Return who sent each row of the window, as codes of names; None where nobody says."""
        from assay.methods.monitor.encoding import coded

        column = self.window.column(self.roles.caller) if self.roles.caller else self.window.callers()
        if column is None:
            return None
        _, found, names = coded(column.slice(0, 0), column)
        return found, names

    def since(self, row: int) -> str | None:
        """Return when a row of the window came, RFC 3339, UTC; None where nobody says."""
        from assay.methods.monitor.encoding import moment

        times = self.window.times
        return moment(float(times[row])) if times is not None and row < len(times) else None


def begun(
    traffic: Traffic,
    against: Traffic | None,
    work: Work,
    *,
    rows: int,
    without: Sequence[str] = (),
    seasons: bool = True,
    **names: Any,
) -> Sides:
    """Open both sides, with the columns' parts told by ``names``, as ``roles`` takes them; the window once more without a reference."""
    traffic = named(traffic, against) if against is not None else traffic
    given = roles(traffic, against or traffic, **names)
    return opened(traffic, against or traffic, given, work, rows=rows, without=without, seasons=seasons)


def opened(
    traffic: Table | Traffic,
    against: Table | Traffic,
    given: Roles,
    work: Work,
    *,
    rows: int,
    without: Sequence[str] = (),
    seasons: bool = True,
) -> Sides:
    """Open both sides; the reference's rows are those of the window's hours where it knows its season."""
    from assay.methods.monitor import season

    time = given.time
    window = Side(traffic, work, "window", time, rows, "the window")
    reference = Side(
        against,
        work,
        "reference",
        time if time in {c.name for c in against.columns} else None,
        rows,
        "the reference",
    )
    for name in without:
        window.info = {k: v for k, v in window.info.items() if k != name}
        reference.info = {k: v for k, v in reference.info.items() if k != name}
    kind: Period = "none"
    if seasons and window.times is not None and reference.times is not None:
        kind = season.period(reference.times)
    if kind == "none" or window.times is None or reference.times is None:
        import numpy as np

        matched = season.Matched(np.arange(reference.rows), 1.0)
    else:
        matched = season.matched(window.times, reference.times, kind, work.rng("traffic/season"))
    aside = frozenset(unasked(traffic, [c.name for c in against.columns]))
    return Sides(window, reference, given, matched, kind, [], aside)
