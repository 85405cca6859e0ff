"""Disparate impact remover: columns whose distribution is alike in every group, with the order within each group kept.

A number is replaced by what has its rank in the median of the groups' distributions, --level of the way (0 nothing, 1 all of
it), after Feldman and others (2015). Columns of texts named with --categorical are brought to the shares of all rows by
changing, by lot, as few as will do. Missing values stay missing; rows without a facet are a group; groups under 30 rows stay as
they are. What was learnt is kept as JSON, and --fitted applies it to further tables: test rows and those that are decided of.

Told are how far apart each column's distributions were and are, how far values moved, and with --label the trade: reference
learners, which are not shown the facet, learn from part of the rows and are judged on the others at each level.

Example: assay treat data.impact bookings.csv.gz --facet customer_type \\
  --columns lead_time --columns adr -o repaired.parquet
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Table, Tree, Work
from assay.kernel.report import Metric
from assay.kernel.treatment import Fitted, Made
from assay.treatments.data import _groups, _numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.mitigation.grouping import Grouping
    from assay.methods.mitigation.repairing import Numbers, Words

NAME = "data.impact"


def treat(
    table: Table,
    *,
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    columns: Annotated[tuple[Column, ...], Doc("a column of numbers; else every one but the label")] = (),
    categorical: Annotated[tuple[Column, ...], Doc("a column of texts to repair, too")] = (),
    level: Annotated[float, Interval(ge=0, le=1), Doc("how much is repaired: from 0, nothing, to 1")] = 1.0,
    label: Annotated[
        Column | None, Doc("the column that holds the outcome: it stays, and the trade is told")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    keep_facet: Annotated[bool, Doc("leave the facet in the table")] = True,
    hide: Annotated[tuple[Column, ...], Doc("a column that is neither repaired nor shown to learners")] = (),
    fitted: Annotated[Tree | None, Doc("what an earlier data.impact learnt: apply it, learn nothing")] = None,
    trade: Annotated[bool, Doc("with a label, measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the repaired table, and what was learnt."""
    from assay.engines.trade import Told
    from assay.methods.mitigation import grouping as groups_
    from assay.methods.mitigation.applied import no_part

    if not table.rows:
        raise BadInput("there is no row to repair", where=table.asset.name)
    if fitted is None:
        _numbers.named(facet)
        left = [*facet, *hide, *([label] if label else [])]
        names = _numbers.chosen(table, columns, left)
        for name in categorical:
            if name in left or name in names:
                raise UsageError(
                    f"{name} is the label, a facet, or a column of numbers", remedy="leave it out"
                )
        data = table.arrow([*dict.fromkeys([*facet, *names, *categorical])])
        learnt = _Learnt.of(data, groups_.Grouping.learnt(data, facet), names, categorical, level)
    else:
        learnt = _Learnt.read(_numbers.read(fitted, NAME), fitted)
        no_part(
            learnt.grouping.facets, facet, columns=bool(columns), categorical=bool(categorical), level=level != 1.0,
            label=label is not None, positive=bool(positive), hide=bool(hide),
        )  # fmt: skip
        _numbers.lacking(table, [*learnt.grouping.facets, *learnt.numbers, *learnt.words])
        data = table.arrow([*dict.fromkeys([*learnt.grouping.facets, *learnt.numbers, *learnt.words])])
    codes = learnt.grouping.codes(data)
    changed, before, after = learnt.applied(data, codes, learnt.level, work)
    facets = learnt.grouping.facets
    outputs = {"out": _numbers.written(table, work, changed, () if keep_facet else facets)}
    if fitted is None:
        outputs["fitted"] = work.put("fitted", Fitted(NAME, learnt.to_json()).to_bytes(), "json")
    metrics = _numbers.apart(NAME, before, after, codes, learnt.grouping, list(learnt.numbers))
    metrics += learnt.moved(data, changed, codes)
    findings = _numbers.whose(NAME, learnt.grouping, codes, learnt.kept) + _numbers.beside(
        NAME, facets, keep_facet
    )
    bought = Told()
    if trade and label is not None and fitted is None:
        cells = groups_.cells(table.arrow([*dict.fromkeys([label, *facets])]), label, positive, facets)
        bought = _groups.trade(
            NAME, table, cells, label, work, hide=(*hide, *facets), treated=_at(learnt, work)
        )
    report = bought.report(table.rows, metrics, findings)
    return Made(outputs, report)


class _Learnt:
    """Each column's distributions by group, and how far they are to be brought together."""

    def __init__(
        self, grouping: Grouping, numbers: dict[str, Numbers], words: dict[str, Words], level: float
    ) -> None:
        self.grouping, self.numbers, self.words, self.level = grouping, numbers, words, level

    @classmethod
    def of(
        cls, data: pa.Table, grouping: Grouping, names: Sequence[str], texts: Sequence[str], level: float
    ) -> _Learnt:
        """Learn of a table."""
        from assay.methods.mitigation.repairing import Numbers, Words

        codes, many = grouping.codes(data), len(grouping.names)
        values = _numbers.numbers(data, names)
        numbers = {n: Numbers.learnt(values[:, i], codes, many) for i, n in enumerate(names)}
        words = {}
        for name in texts:
            held = _texts(data, name)
            words[name] = Words.learnt(_places(data, name, held), held, codes, many)
        return cls(grouping, numbers, words, level)

    def kept(self, group: int) -> bool:
        """Whether a group's distributions are known."""
        known = [n.groups[group] is not None for n in self.numbers.values()]
        return any(known + [w.shares[group] is not None for w in self.words.values()])

    def applied(
        self, data: pa.Table, codes: Any, level: float, work: Work
    ) -> tuple[dict[str, Any], Any, Any]:
        """Return the changed columns, and the numbers before and after."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        before = _numbers.numbers(data, list(self.numbers))
        after = np.column_stack(
            [n.repaired(before[:, i], codes, level) for i, n in enumerate(self.numbers.values())]
        )
        changed = (
            {n: pa.array(after[:, i], from_pandas=True) for i, n in enumerate(self.numbers)} if level else {}
        )
        for name, words in self.words.items():
            places = words.repaired(
                _places(data, name, words.values), codes, level, work.rng(f"impact/{name}")
            )
            given = data.column(name).combine_chunks().cast(pa.string())
            told = pa.array([*words.values, None], pa.string()).take(pa.array(np.maximum(places, 0)))
            new = pc.if_else(pa.array(places < 0), given, told)
            changed[name] = new.combine_chunks() if isinstance(new, pa.ChunkedArray) else new
        return changed, before, after

    def moved(self, data: pa.Table, changed: dict[str, Any], codes: Any) -> list[Metric]:
        """Return how many texts of each column were changed."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        out = []
        for name in self.words:
            given = data.column(name).combine_chunks().cast(pa.string())
            same = pc.fill_null(pc.equal(given, changed[name]), False)
            both = pc.and_(given.is_null(), changed[name].is_null())
            rows = int((~(np.asarray(same) | np.asarray(both))).sum())
            out.append(Metric("texts_changed", rows, of={"column": name}, unit="rows"))
        return out

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        words = {
            n: {
                "values": list(w.values),
                "shares": [None if s is None else list(s) for s in w.shares],
                "target": list(w.target),
            }
            for n, w in self.words.items()
        }
        numbers = {n: v.to_json() for n, v in self.numbers.items()}
        return {"grouping": self.grouping.to_json(), "level": self.level, "numbers": numbers, "words": words}

    @classmethod
    def read(cls, raw: Any, tree: Tree) -> _Learnt:
        """Read what to_json wrote; BadInput where it is none."""
        from assay.methods.mitigation.grouping import Grouping
        from assay.methods.mitigation.repairing import Numbers, Words

        try:
            grouping, level = Grouping.from_json(raw["grouping"]), float(raw["level"])
            many = len(grouping.names)
            numbers = {str(n): Numbers.from_json(v, many) for n, v in raw["numbers"].items()}
            words = {}
            for name, held in raw["words"].items():
                shares = tuple(None if s is None else tuple(map(float, s)) for s in held["shares"])
                target, values = tuple(map(float, held["target"])), tuple(map(str, held["values"]))
                sizes = {len(s) for s in (target, *shares) if s is not None}
                told = [x for s in (target, *shares) if s is not None for x in s]
                if len(shares) != many or sizes != {len(values) + 1} or not all(0 <= x <= 1 for x in told):
                    raise ValueError("its shares cannot be read")
                words[str(name)] = Words(values, shares, target)
            if not 0 <= level <= 1 or not numbers:
                raise ValueError("its level or its columns cannot be read")
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"this cannot be applied: it lacks {error}", where=tree.asset.name) from None
        except (ValueError, OverflowError) as error:
            raise BadInput(f"this cannot be applied: {error}", where=tree.asset.name) from None
        return cls(grouping, numbers, words, level)


def _texts(data: pa.Table, name: str) -> tuple[str, ...]:
    import pyarrow as pa

    held = data.column(name).cast(pa.string()).unique().drop_null().to_pylist()
    if len(held) > 1000:
        raise UsageError(
            f"{name} has {len(held):,} different texts, and 1,000 are the most that are repaired"
        )
    return tuple(sorted(held))


def _places(data: pa.Table, name: str, values: Sequence[str]) -> Any:
    """Return the place of each row's text among the values; one more where it is missing, -1 where it was never there."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = data.column(name).combine_chunks().cast(pa.string())
    at = pc.index_in(texts, value_set=pa.array(list(values), pa.string()))
    found = np.asarray(at.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.where(np.asarray(texts.is_null()), len(values), found)


def _at(learnt: _Learnt, work: Work) -> Any:
    """Return what learners are given at a level: learnt of the rows that they learn from, applied to both parts."""

    def treated(given: _groups.Given, level: float) -> _groups.Given:
        own = _Learnt.of(given.table, learnt.grouping, list(learnt.numbers), list(learnt.words), level)
        out = []
        for part in (given.table, given.asked):
            changed, _, _ = own.applied(part, learnt.grouping.codes(part), level, work)
            for name, values in changed.items():
                part = part.set_column(part.column_names.index(name), name, values)
            out.append(part)
        return given.with_(table=out[0], asked=out[1])

    return treated
