"""Which rows each fold holds out, and what stands on both sides of it all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.validate._options import Training
from assay.checks.model.validate._scored import Scored
from assay.kernel.errors import UsageError
from assay.kernel.handles import Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.folds import Fold

_WORTH = 0.01  # of the rows tested
_FALLS = 0.02  # of the score, or of an error's size


def held_out(table: Any, asked: Training, strata: Any, work: Work, lot: str = "folds") -> list[Fold]:
    """Return the folds of a table's rows. strata: what each fold has its share of, None for nothing. lot: the stream of chance."""
    from assay.methods.folds import Plan, drawn

    plan = Plan(asked.scheme, asked.folds, asked.repeats, asked.test)
    groups = coded(table, asked.group) if asked.group and asked.scheme in ("grouped", "holdout") else None
    times = ranked(table, asked.time) if asked.time and asked.in_time else None
    return drawn(plan, table.num_rows, work.rng(lot), strata=strata, groups=groups, times=times)


def inside(fold: Fold, table: Any, asked: Training, folds: int, strata: Any, work: Work) -> list[Fold]:
    """Return folds of a fold's training rows, held out in the same way; their row numbers are the table's."""
    import pyarrow as pa

    some = table.take(pa.array(fold.train))
    inner = asked._replace(folds=folds, repeats=1)
    found = held_out(
        some, inner, None if strata is None else strata[fold.train], work, f"folds inside {fold.name}"
    )
    return [
        one._replace(
            name=f"{fold.name}, inner {one.name}", train=fold.train[one.train], test=fold.train[one.test]
        )
        for one in found
    ]


def coded(table: Any, name: str) -> Any:
    """Return the groups of a column as codes, -1 where it is empty."""
    import numpy as np

    from assay.methods import facets

    column = facets.plain(table.column(name), name)
    return np.where(facets.present(column), facets.coded(column)[0], -1)


def ranked(table: Any, name: str) -> Any:
    """Return the rank of each row's time; UsageError where a column holds neither times nor numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from assay.methods import facets

    column = table.column(name).combine_chunks()
    if not (facets.is_number(column) or pa.types.is_temporal(column.type)):
        raise UsageError(
            f"{name} holds neither times nor numbers", remedy="name a column that orders the rows"
        )
    return pc.rank(column, tiebreaker="dense").to_numpy()


def on_both_sides(table: Any, found: Scored, asked: Training, lower_is_better: bool) -> list[Finding]:
    """Tell rows that are tested while their like is trained on, and groups that folds part."""
    import numpy as np

    from assay.methods.overlap import likeness

    codes = likeness(table)
    tested, twice, fresh = 0, 0, []
    for fold in found.folds:
        seen = np.isin(codes[fold.test], codes[fold.train])
        tested, twice = tested + len(seen), twice + int(seen.sum())
        fresh.append(fold.test[~seen])
    share = twice / max(tested, 1)
    found.made.metrics.append(Metric("share_on_both_sides", share, {"what": "rows alike"}))
    out = _parted(table, found.folds, asked, found.made.metrics)
    if share < _WORTH:
        return out
    alone = np.flatnonzero(np.isin(found.made.rows, np.unique(np.concatenate(fresh))))
    message = f"{share:.1%} of the rows tested have their like among those trained on"
    grave = False
    if len(alone) > 1:
        whole = found.made.scores(np.arange(len(found.made.truth)))[found.main]
        score = found.made.scores(alone)[found.main]
        worse = (score - whole) / (abs(whole) or 1) if lower_is_better else whole - score
        grave = bool(np.isfinite(worse) and worse > _FALLS)
        message += f"; on the others {found.main} is {score:.3f}, on all {whole:.3f}"
        found.made.metrics.append(
            Metric.number(found.main, score, of={"rows": "without their like in training"})
        )
    remedy = "keep them together: name what they share with --group, or leave the copies out"
    severity = Severity.MEDIUM if grave else Severity.LOW
    return [
        *out,
        Finding("model.validate.alike_across_folds", severity, message + ".", {}, remedy, count=twice),
    ]


def _parted(table: Any, folds: list[Fold], asked: Training, metrics: list[Metric]) -> list[Finding]:
    import numpy as np

    if not asked.group:
        return []
    groups = coded(table, asked.group)
    shares = [np.isin(groups[f.test], groups[f.train][groups[f.train] >= 0]).mean() for f in folds]
    share = float(np.mean(shares))
    metrics.append(Metric("share_on_both_sides", share, {"what": f"rows of one {asked.group}"}))
    if not share:
        return []
    message = f"{share:.0%} of the rows tested are of a {asked.group} that is trained on too: the folds part groups."
    remedy = "say --scheme grouped: what is learned of a group is no help with a new one"
    where = {"column": asked.group}
    return [Finding("model.validate.groups_parted", Severity.MEDIUM, message, where, remedy)]
