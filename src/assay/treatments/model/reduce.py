"""Reductions: a model that is trained to keep to a parity, by fitting a learner again and again to other weights.

Exponentiated gradient or grid search of Agarwal and others (2018), as fairlearn does them (`pip install 'assay[fairness]'`). The
learner is boosted trees, logistic regression, or your own training script (--trainer), which finds the label as it is written and
the weights in a column, --weight-column. The facet is in the training alone: unless --show-facet, nothing that is learnt looks at
it, and none is needed to decide.

The randomised classifier that the method ends in is one among several models drawn by lot. Of them one alone is taken, the most
accurate of those within --bound on the rows; --decide mean takes all at once, and --decide lot is the method as published, by
a lot of the row itself. What is made is a model of parts, with no code, that is scanned, judged and registered as any other.

Example: assay treat model.reduce bookings.csv.gz --label is_canceled \\
  --positive 0 --facet customer_type --hide reservation_status \\
  --hide reservation_status_date --learner logistic -o reduced.tar.gz
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Table, Trainer, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.treatments.model._fits import Script, ground
from assay.treatments.model._made import FEW

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.engines.reductions import Constraint, Method, Part, Reduced
    from assay.engines.trade import Told
    from assay.methods.mitigation.grouping import Cells

NAME = "model.reduce"
GIVES = "model"
NEEDS = ("fairlearn", "fairness")  # the module, and the extra that brings it
BOUNDS = (0.1, 0.05)  # that the trade is drawn for, beside the one asked for
ROUNDS = 12  # of the gradient, for each point of the trade
WEIGHT = "weight"  # as data.reweigh calls its own
GAPS = {
    "equalized_odds": "equalized_odds_difference", "true_positive_rate_parity": "equal_opportunity_difference",
    "false_positive_rate_parity": "equalized_odds_difference",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    constraint: Constraint
    method: Method
    bound: float
    most: int


def treat(
    table: Table,
    *,
    label: Annotated[Column, Doc("the column that holds the outcome")],
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    constraint: Annotated[
        Literal[
            "demographic_parity",
            "equalized_odds",
            "true_positive_rate_parity",
            "false_positive_rate_parity",
            "error_rate_parity",
            "bounded_group_loss",
        ],
        Doc("what is to be alike, or that no group's share of errors is above the bound"),
    ] = "demographic_parity",
    bound: Annotated[
        float, Interval(gt=0, le=1), Doc("how far apart rates may be, or the greatest loss")
    ] = 0.02,
    method: Annotated[
        Literal["exponentiated_gradient", "grid_search"], Doc("how weights are searched for")
    ] = "exponentiated_gradient",
    learner: Annotated[Literal["trees", "logistic"], Doc("what is fitted")] = "trees",
    trainer: Annotated[
        Trainer | None, Doc("your own training script, fitted instead, which takes weights")
    ] = None,
    weight_column: Annotated[str, Doc("the column in which your own script finds weights")] = WEIGHT,
    rounds: Annotated[
        int, Interval(ge=2, le=200), Doc("the most rounds of the gradient, or points of the grid")
    ] = 25,
    decide: Annotated[
        Literal["alone", "mean", "lot"],
        Doc("by one of the models, by all at once, or by one that a lot names"),
    ] = "alone",
    show_facet: Annotated[bool, Doc("let what is learnt look at the facet")] = False,
    hide: Annotated[tuple[Column, ...], Doc("a column that is not learnt from, such as a row's number")] = (),
    trade: Annotated[bool, Doc("measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the model, and how it kept to its constraint."""
    import numpy as np

    from assay.engines import reductions
    from assay.engines.trade import Told
    from assay.methods.mitigation import grouping

    reductions.loaded()
    if not table.rows:
        raise BadInput("there is no row to learn from", where=table.asset.name)
    data = table.arrow()
    cells = grouping.cells(data, label, positive or _good(data, label), facet)
    known = cells.labelled & (cells.groups >= 0)
    names = [n for n in data.column_names if n != label and n not in hide and (show_facet or n not in facet)]
    if not names:
        raise UsageError("there is no column to learn from", remedy="hide fewer, or say --show-facet")
    rows = np.flatnonzero(known)
    some = data.take(rows)
    asked = _Asked(constraint, method, bound, rounds)
    findings: list[Finding] = []
    yes, groups = cells.labels[rows] == 1, _large(cells, cells.groups[rows], findings)
    with contextlib.ExitStack() as open_:
        answers = _answers(data, label, cells)
        script = None if trainer is None else Script(trainer, label, answers, weight_column)
        fits = ground(some, names, learner, script, work, open_)
        found = reductions.reduce(
            fits.learn, yes, groups, constraint=constraint, method=method, bound=bound, most=rounds,
            on_fit=lambda n: work.progress(n, rounds, "fits"),
        )  # fmt: skip
        kept, chances = _kept(found, decide, asked, yes, groups)
        out = fits.packed([found.parts[i] for i in kept], chances, decide == "lot", answers, work)
        metrics = _metrics(found, kept, chances, decide, asked, yes, groups, cells, findings)
    left = int((~known).sum())
    if left:
        said = f"{left:,} rows have no {label}, and are not learnt from."
        findings.append(Finding(f"{NAME}.unlabelled", Severity.LOW, said, {"column": label}, count=left))
    if fits.encoder is not None and fits.encoder.left:
        said = f"{', '.join(n for n, _ in fits.encoder.left)} are not learnt from: {fits.encoder.left[0][1]}."
        findings.append(Finding(f"{NAME}.not_learnt", Severity.INFO, said))
    if show_facet:
        said = f"What was learnt looks at {', '.join(facet)}: where deciding by it is forbidden, train without --show-facet."
        findings.append(
            Finding(f"{NAME}.shows_facet", Severity.LOW, said, refs=("15-USC-1691", "42-USC-2000e-2"))
        )
    if trade and trainer is not None:
        said = "What it bought and cost was not measured: each point of the trade would be a search with your own script."
        remedy = "hold the model against another on rows that neither has seen: assay check model.trade"
        findings.append(Finding(f"{NAME}.trade_not_drawn", Severity.INFO, said, {}, remedy))
    bought = Told()
    if trade and trainer is None:
        bought = _trade(some, names, yes, groups, learner, asked, decide, work)
    report = bought.report(table.rows, metrics, findings)
    return Made({"out": out}, report)


def _large(cells: Cells, groups: Any, findings: list[Finding]) -> Any:
    """Return the groups with those of few rows counted with the largest one, which is told: no parity holds for a few rows."""
    import numpy as np

    sizes = np.bincount(groups, minlength=len(cells.grouping.names))
    out = groups.copy()
    for at in np.flatnonzero((sizes > 0) & (sizes < FEW)).tolist():
        where = {"facet": cells.grouping.shown, "group": cells.grouping.names[at]}
        said = f"{cells.grouping.shown} = {where['group']} is {int(sizes[at])} rows, and is held to nothing of its own."
        findings.append(
            Finding(f"{NAME}.small_group", Severity.LOW, said, where, "join it with another group")
        )
        out[groups == at] = int(np.argmax(sizes))
    if len(np.unique(out)) < 2:
        raise BadInput(
            f"no two groups of {cells.grouping.shown} have {FEW} rows",
            remedy="name a facet with larger groups",
        )
    return out


def _good(data: pa.Table, label: str) -> tuple[str, ...]:
    from assay.methods import facets, outcomes

    held = outcomes.distinct(facets.plain(data.column(label), label))
    if len(held) != 2:
        raise UsageError(f"{label} has {len(held)} values; which is good?", remedy="say --positive VALUE")
    return (outcomes.usual_yes(held),)


def _answers(data: pa.Table, label: str, cells: Cells) -> dict[str, Any]:
    """Return how yes and no are written: as the label has them, the commonest of several."""
    import numpy as np

    from assay.methods import facets

    codes, held = facets.coded(facets.plain(data.column(label), label))
    out: dict[str, Any] = {}
    for word, code in (("no", 0), ("yes", 1)):
        most = np.bincount(codes[cells.labels == code], minlength=len(held))
        value = held[int(np.argmax(most))].as_py()
        out[word] = value if isinstance(value, (str, int, float, bool)) else str(value)
    return out


def _kept(found: Reduced, decide: str, asked: _Asked, yes: Any, groups: Any) -> tuple[list[int], list[float]]:
    """Return the places of the parts that the model is made of, and their chances."""
    from assay.engines import reductions

    drawn = [i for i, c in enumerate(found.chances) if c > 0]
    if decide == "alone" or len(drawn) < 2:
        tried = list(range(len(found.parts)))
        best = tried[
            reductions.alone([found.parts[i] for i in tried], asked.constraint, asked.bound, yes, groups)
        ]
        return [best], [1.0]
    return drawn, [found.chances[i] for i in drawn]


def _metrics(
    found: Reduced, kept: list[int], chances: list[float], decide: str, asked: _Asked, yes: Any, groups: Any,
    cells: Cells, findings: list[Finding],
) -> list[Metric]:  # fmt: skip
    import numpy as np

    from assay.engines import reductions

    rows = np.arange(len(yes))
    scores = sum(c * found.parts[i].score(rows) for i, c in zip(kept, chances, strict=True)) / sum(chances)
    said = scores > 0.5
    apart = reductions.violation(asked.constraint, said, yes, groups)
    metrics = [
        Metric("fits", found.fits), Metric("models_learnt", len(found.parts)),
        Metric("models_kept", len(kept)), Metric.number("constraint_violation", apart),
        Metric.number("accuracy_of_fit", float((said == yes).mean())),
    ]  # fmt: skip
    for at, name in enumerate(cells.grouping.names):
        of = {"facet": cells.grouping.shown, "group": name}
        own = groups == at
        if own.any() and (yes[own].all() or not yes[own].any()):
            remedy = "join it with another group, or ask for demographic parity"
            said_ = f"{cells.grouping.shown} = {name} has one outcome only, so that one of its error rates cannot be held."
            findings.append(Finding(f"{NAME}.one_outcome", Severity.LOW, said_, of, remedy))
        metrics += [
            Metric("rows", int(own.sum()), of),
            Metric.number("selected_of_fit", float(said[own].mean()) if own.any() else np.nan, of=of),
        ]
    words = asked.constraint.replace("_", " ")
    said_ = f"{found.fits} fits were made, and the model is {'one' if len(kept) == 1 else len(kept)} of {len(found.parts)} learnt: {words} is broken by {apart:.3f} on the rows learnt from, and {asked.bound:g} was asked for."
    findings.append(Finding(f"{NAME}.reduced", Severity.INFO, said_))
    if apart > asked.bound + 1e-9:
        remedy = "allow a wider --bound, more --rounds, or --decide lot, which keeps to it on average"
        said_ = f"No model by itself keeps to {words} within {asked.bound:g}: the one taken is at {apart:.3f} on the rows learnt from."
        findings.append(Finding(f"{NAME}.beyond_bound", Severity.MEDIUM, said_, {}, remedy))
    if decide == "lot" and len(kept) > 1:
        said_ = "Decisions are by lot among models, so that people who differ in nothing that counts may be told differently; the same row is always told the same."
        findings.append(
            Finding(f"{NAME}.by_lot", Severity.LOW, said_, {}, "say --decide alone where that must not be")
        )
    return metrics


def _trade(
    some: pa.Table,
    names: Sequence[str],
    yes: Any,
    groups: Any,
    learner: Any,
    asked: _Asked,
    decide: str,
    work: Work,
) -> Told:
    """Return what the constraint buys and costs at several bounds, learnt from some rows and judged on others."""
    import numpy as np

    from assay.engines import reductions
    from assay.engines import trade as engine
    from assay.methods.mitigation import frontier
    from assay.methods.mitigation import learner as learners
    from assay.methods.mitigation.features import Encoder

    if len(yes) < engine.LEAST:
        return engine.Told(
            [Metric("balanced_accuracy", None, reason=f"there are fewer than {engine.LEAST} rows")]
        )
    learn, ask = engine.halves(work, np.ones(len(yes), dtype=bool))
    encoder = Encoder.learnt(engine.taken(some, learn), names)
    x, other = encoder.matrix(engine.taken(some, learn)), encoder.matrix(engine.taken(some, ask))
    seed = int(work.rng("reduce").integers(1 << 31))

    def fit(places: Any, told: Any, weights: Any) -> Part:
        model = learners.learn(learner, encoder, x, told, weights, seed, max(1, work.cores))
        mine, theirs = model.score(x), model.score(other)
        return reductions.Part(lambda at: mine[at], theirs)

    def point(bound: float | None, said: Any) -> Any:
        rng = work.rng(f"trade/{bound}")
        return frontier.judged("reduced", bound, yes[ask], said, groups[ask], rng, untreated=bound is None)

    points = [point(None, fit(None, yes[learn], None).inside > 0.5)]
    for bound in (*(b for b in BOUNDS if b > asked.bound), asked.bound):
        at = _Asked(asked.constraint, asked.method, bound, min(asked.most, ROUNDS))
        found = reductions.reduce(
            fit,
            yes[learn],
            groups[learn],
            constraint=at.constraint,
            method=at.method,
            bound=bound,
            most=at.most,
        )
        kept, chances = _kept(found, decide, at, yes[learn], groups[learn])
        parts = [np.broadcast_to(found.parts[i].inside, len(ask)) for i in kept]
        score = sum(c * p for c, p in zip(chances, parts, strict=True)) / sum(chances)
        points.append(point(bound, score > 0.5))
    gap = GAPS.get(asked.constraint, "demographic_parity_difference")
    out = engine.told(NAME, points, gap, "on rows held out of the fit", of="model", word="bound")
    out.metrics += [
        Metric("rows_learnt_from", len(learn), unit="rows"), Metric("rows_held_out", len(ask), unit="rows"),
    ]  # fmt: skip
    return out
