"""Anonymity: how well people hide among one another here, and how likely they are found again.

Rows that share their quasi-identifiers, what others may know of a person, are a class. k is the smallest class; of
sensitive columns each class is held to l-diversity (distinct, entropy, recursive), t-closeness (the earth mover's
distance: ordered for numbers, equal for categories, by a hierarchy where one is given), alpha, beta-likeness and
delta-disclosure. The risk of being found: for an intruder who knows the person is in the data (prosecutor), one who
looks for anybody (journalist), and one who wants as many as possible (marketer). With the population, or its size, how
many of those alone here are alone there too.

Without --quasi the smallest sets of columns that single rows out are looked for, and the columns that others are likely
to know, by their names, are taken. A missing value is a value like any other.

Example: assay check data.anonymity bookings.csv.gz --quasi country \\
  --quasi customer_type --sensitive is_canceled --fail-on none
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.data.anonymity._guess import guessed
from assay.checks.data.anonymity._risks import risks
from assay.checks.data.anonymity._seen import MOST, Seen
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import share

if TYPE_CHECKING:
    import numpy as np

    from assay.methods.anonymity.classes import Classes, Held

LISTED = 1_000_000
BANDS = ((1, 1), (2, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, None))


def check(
    table: Table,
    *,
    quasi: Annotated[tuple[Column, ...], Doc("a column that others may know of a person, such as age")] = (),
    sensitive: Annotated[tuple[Column, ...], Doc("a column that nobody may learn of a person")] = (),
    k: Annotated[int, Interval(ge=1, le=1_000_000), Doc("the least size of a class")] = 5,
    l: Annotated[  # noqa: E741 - the field's name
        int, Interval(ge=1, le=1_000_000), Doc("the least number of sensitive values in a class")
    ] = 2,
    t: Annotated[
        float | None,
        Interval(gt=0, le=1),
        Doc("the greatest distance of a class from the whole; else any"),
    ] = None,
    risk: Annotated[float, Interval(gt=0, le=1), Doc("the risk of a row that is too great")] = 0.2,
    population: Annotated[Table | None, Doc("the population that the rows are a sample of")] = None,
    population_size: Annotated[
        int | None, Interval(ge=1), Doc("how many people it is of, where only that is known")
    ] = None,
    hierarchies: Annotated[Path | None, Doc("a folder of COLUMN.csv: value;group;larger group")] = None,
    depth: Annotated[int, Interval(ge=1, le=6), Doc("the most columns of a set that is looked for")] = 3,
    work: Work,
) -> Report:
    """Measure classes of quasi-identifiers, what they give away, and the risk of being found."""
    _valid(table, quasi, sensitive)
    if not table.rows:
        raise BadInput("there is no row to hide among", where=table.asset.name)
    seen = Seen(k, l, t, risk)
    if not quasi:
        quasi = guessed(seen, table, sensitive, depth, work)
    trees = _trees(hierarchies, sensitive)
    if not quasi:
        return seen.report(table)
    made = _classes(seen, table, quasi, sensitive)
    if made is not None:
        found, counts = made
        for place, name in enumerate(sensitive):
            _one(seen, found, counts, len(quasi) + place, name, trees.get(name), quasi)
    risks(seen, table, quasi, population, population_size)
    if made is not None:
        seen.outputs.append(work.put("classes", _listed(seen, made[0], made[1], quasi)))
    return seen.report(table)


def _valid(table: Table, quasi: Sequence[str], sensitive: Sequence[str]) -> None:
    present = {c.name: c for c in table.columns}
    for name in (*quasi, *sensitive):
        if name not in present:
            raise Missing(f"there is no column {name!r}", where=table.asset.name)
        if present[name].type in ("binary", "other"):
            raise UsageError(f"{name} holds values of type {present[name].native}, which are not compared")
    both = set(quasi) & set(sensitive)
    if both:
        raise UsageError(f"{sorted(both)[0]} is both a quasi-identifier and sensitive", remedy="name it once")


def _trees(folder: Path | None, sensitive: Sequence[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    if folder is None or not sensitive:
        return {}
    from assay.engines.hierarchies import read

    return read(folder, sensitive)


def _classes(
    seen: Seen, table: Table, quasi: Sequence[str], sensitive: Sequence[str]
) -> tuple[Classes, Any] | None:
    import numpy as np

    from assay.methods.anonymity.classes import classes, codes

    seen.quasi = tuple(quasi)
    counts = table.counts([*quasi, *sensitive], MOST)
    if counts is None and sensitive:
        seen.skipped.append(Skipped(", ".join(sensitive), f"there are over {MOST:,} combinations of values"))
        counts = table.counts(list(quasi), MOST)
    found = None
    if counts is not None:
        found = classes(
            [codes(counts.column(i))[0] for i in range(len(quasi))], counts.column("n").to_numpy()
        )
        seen.sizes = found.sizes
    else:
        seen.sizes = _sizes(table, quasi)
    seen.sizes = np.sort(seen.sizes)  # whichever order the engine counts in, sums round alike
    _tell_classes(seen, table.rows)
    if (
        found is None
        or counts is None
        or counts.num_columns == len(quasi) + 1 < len(quasi) + len(sensitive) + 1
    ):
        return None
    return found, counts


def _sizes(table: Table, quasi: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return the sizes of classes that are too many to be held with their values, counted where the table lies."""
    import numpy as np

    expr = table.expr
    sizes = expr.group_by([expr[n] for n in quasi]).agg(size=expr.count())
    found = table.run(sizes.group_by("size").agg(classes=sizes.count()))
    size, count = (found.column(n).to_numpy() for n in ("size", "classes"))
    return np.repeat(size, count)


def _tell_classes(seen: Seen, rows: int) -> None:
    import numpy as np

    sizes, of = seen.sizes, {"quasi": ", ".join(seen.quasi)}
    alone = int((sizes == 1).sum())
    below = sizes[sizes < seen.k]
    seen.add("k", int(sizes.min()), **of)
    seen.add("classes", len(sizes))
    seen.add("mean_class_size", float(sizes.mean()))
    seen.add("rows_alone", alone)
    seen.add("sample_uniqueness", alone / rows)
    seen.add("rows_below_k", int(below.sum()))
    if len(below):
        some = "" if not alone else f" {alone:,} of them are alone."
        seen.tell(
            "k", Severity.HIGH,
            f"{int(below.sum()):,} rows ({share(below.sum() / rows)}) hide among fewer than {seen.k} by "
            f"{', '.join(seen.quasi)}; k is {int(sizes.min())}.{some}",
            "make the columns coarser (data.kanonymity), or leave one out", int(below.sum()),
        )  # fmt: skip
    total = np.array([int(sizes[(sizes >= a) & (sizes <= (b or sizes.max()))].sum()) for a, b in BANDS])
    names = [f"{a}" if a == b else f"{a} to {b}" if b else f"{a} and more" for a, b in BANDS]
    bars = tuple({"class size": n, "rows": int(r)} for n, r in zip(names, total, strict=True))
    alt = f"{alone:,} of {rows:,} rows are alone in their class."
    seen.charts.append(Chart("Rows by the size of their class", "bar", bars, "class size", "rows", alt=alt))


def _one(
    seen: Seen,
    found: Classes,
    counts: Any,
    place: int,
    name: str,
    tree: dict[str, tuple[str, ...]] | None,
    quasi: Sequence[str],
) -> None:
    from assay.methods.anonymity import diversity
    from assay.methods.anonymity.classes import held

    made = held(found, counts.column(place), counts.column("n").to_numpy())
    seen.held[name] = made
    distinct = diversity.distinct(made)
    alpha = diversity.alpha(made)
    near = (
        diversity.closeness(made) if tree is None else diversity.hierarchical(made, _paths(made, tree, name))
    )
    kind = "hierarchical" if tree is not None else "ordered" if made.ordered else "equal"
    of = {"sensitive": name}
    seen.add("l_distinct", int(distinct.min()), **of)
    seen.add("l_entropy", float(diversity.entropy(made).min()), **of)
    least = max(2, min(seen.l, len(made.names)))
    seen.add("c_recursive", float(diversity.recursive(made, least).max()), **of, l=least)
    seen.add("t_closeness", float(near.max()), **of, distance=kind)
    seen.add("alpha", float(alpha.max()), **of)
    beta = float(diversity.beta(made).max())
    seen.add("beta_likeness", beta, **of)
    seen.add("beta_likeness_enhanced", beta if diversity.enhanced(made) else None, **of,
             reason="some gain exceeds -ln p, which no beta allows")  # fmt: skip
    seen.add("delta_disclosure", float(diversity.delta(made).max()), **of)
    seen.add("classes_lacking_a_value", float(diversity.lacking(made).mean()), **of)
    poor = found.sizes[distinct < seen.l]
    if len(poor):
        same = found.sizes[distinct == 1]
        said = f"{len(poor):,} classes ({int(poor.sum()):,} rows) hold fewer than {seen.l} values of {name}"
        said += (
            f"; in {len(same):,} of them all rows hold the same, so that whoever finds the class knows it."
            if len(same)
            else "."
        )
        seen.tell("l", Severity.HIGH if len(same) else Severity.MEDIUM, said,
                  "make the quasi-identifiers coarser (data.kanonymity with l)", int(poor.sum()), column=name)  # fmt: skip
    if seen.t is not None and near.max() > seen.t:
        far = found.sizes[near > seen.t]
        said = f"{len(far):,} classes ({int(far.sum()):,} rows) lie further than {seen.t:g} from the whole in {name}; the furthest {near.max():.3f}."
        seen.tell("t", Severity.MEDIUM, said, "make the quasi-identifiers coarser (data.kanonymity with t)",
                  int(far.sum()), column=name)  # fmt: skip


def _paths(made: Held, tree: dict[str, tuple[str, ...]], name: str) -> list[tuple[str, ...]]:
    unknown = [v for v in made.names if str(v) not in tree]
    if unknown:
        raise UsageError(
            f"the hierarchy of {name} does not know {str(unknown[0])[:40]!r}", remedy=f"add it to {name}.csv"
        )
    return [tree[str(v)] for v in made.names]


def _listed(seen: Seen, found: Classes, counts: Any, quasi: Sequence[str]) -> Any:
    """Return the classes as a table, smallest first: their quasi-identifiers, rows, and what they hold."""
    import pyarrow as pa

    from assay.methods.anonymity import diversity

    columns = {n: counts.column(i).take(pa.array(found.first)) for i, n in enumerate(quasi)}
    order = [("rows", "ascending"), *((n, "ascending") for n in quasi)]
    names = ["rows", *(f"{s}_{w}" for s in seen.held for w in ("values", "commonest"))]
    made: list[Any] = [found.sizes]
    for one in seen.held.values():
        made += [diversity.distinct(one), diversity.alpha(one)]
    for name, values in zip(names, made, strict=True):
        while name in columns:
            name += "_"
        columns[name] = pa.chunked_array([pa.array(values)])
    if "rows" in quasi:
        order[0] = ("rows_", "ascending")
    return pa.table(columns).sort_by(order).slice(0, LISTED)
