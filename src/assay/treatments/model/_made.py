"""What a rule makes: a table of decisions, or a model whose decisions it takes; and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Table, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.treatments.model._scored import MIDDLE, Learnt, Scored

if TYPE_CHECKING:
    from assay.engines.trade import Told
    from assay.methods.mitigation.rules import Rule

FEW = 30  # rows under which a group has no rule of its own


def made(
    name: str,
    subject: Any,
    scored: Scored,
    learnt: Learnt,
    work: Work,
    *,
    column: str,
    bought: Told | None = None,
    findings: Sequence[Finding] = (),
    metrics: Sequence[Metric] = (),
) -> Made:
    """Return a table with a column of decisions, or a model that decides so, and the report.

    bought: what the trade says; None where none was drawn.
    """
    import numpy as np

    from assay.engines.trade import Told as Nothing

    decided, after = learnt.rule.decided(scored.score, scored.groups, scored.lots())
    if scored.model is None:
        outputs = {"out": _table(subject, scored, decided, after, work, column)}
    else:
        outputs = {"out": packed(scored, learnt, work)}
    if scored.learnt is None:
        outputs["fitted"] = work.put("fitted", learnt.fitted(name).to_bytes(), "json")
    rows = scored.table.num_rows
    assert len(decided) == rows and decided.dtype == np.bool_
    told = [_by_group(name, scored), *_told(name, scored, learnt.rule, decided), *findings]
    report = (bought or Nothing()).report(rows, [*metrics, *_groups(scored, decided)], told)
    return Made(outputs, report)


def _table(subject: Table, scored: Scored, decided: Any, after: Any, work: Work, column: str) -> Asset:
    import numpy as np
    import pyarrow as pa

    from assay.engines.rewrite import store_batches

    names = [column, *([f"{column}_score"] if not _same(after, scored.score) else [])]
    for name in names:
        if name in scored.table.column_names:
            raise UsageError(f"there is a column {name!r} already", remedy="name another: --column")
    answers = pa.array(
        [scored.no, scored.yes] if type(scored.yes) is type(scored.no) else [str(scored.no), str(scored.yes)]
    )
    out = scored.table.append_column(column, answers.take(pa.array(decided.astype(np.int8))))
    if len(names) > 1:
        out = out.append_column(names[1], pa.array(after, from_pandas=True))
    return store_batches(out.to_batches(), work, "out")


def _same(x: Any, y: Any) -> bool:
    import numpy as np

    return x is y or bool(np.array_equal(x, y, equal_nan=True))


def packed(scored: Scored, learnt: Learnt, work: Work) -> Asset:
    """Return a model.tar.gz of the model beneath, whole, and the rule that decides by its scores.

    UsageError for a model that has no files: one in memory, or behind a URL.
    """
    composition = {
        "kind": "decision", "grouping": learnt.grouping.to_json(), "rule": learnt.rule.to_json(),
        "answers": {"yes": learnt.yes, "no": learnt.no}, "columns": list(scored.columns),
    }  # fmt: skip
    files = getattr(scored.model, "files", None)
    if files is None:
        raise UsageError(
            "a model in memory or behind a URL has no files to put a rule beside",
            remedy="give a file, or treat a table of its scores",
        )
    return composed(composition, files, work)


def composed(composition: dict[str, Any], base: Any, work: Work) -> Asset:
    """Return a composition with a folder of parts (or one model's files) as a model. base: a folder, or None."""
    import json
    import shutil

    from assay.engines import archives
    from assay.engines.models.composed import BASE, FILE, SCHEMA

    folder, packed_to = work.scratch / "composition", work.scratch / "composition.tar.gz"
    folder.mkdir()
    if base is not None:
        shutil.copytree(base, folder / BASE, symlinks=True)
    text = json.dumps({"schema": SCHEMA, **composition}, sort_keys=True, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    archives.pack(folder, packed_to)
    asset = work.put("out", packed_to, "tar.gz")
    shutil.rmtree(folder)
    packed_to.unlink()
    return Asset("model", "out", asset.uri, asset.digest, "tar.gz")


def _groups(scored: Scored, decided: Any) -> list[Metric]:
    """Return each group's rates before and after."""
    import numpy as np

    metrics = [Metric("decisions_changed", int((decided != scored.said).sum()), unit="rows")]
    for at, name in enumerate(scored.grouping.names):
        rows = scored.groups == at
        of = {"facet": scored.grouping.shown, "group": name}
        metrics.append(Metric("rows", int(rows.sum()), of))
        for when, told in (("_before", scored.said), ("", decided)):
            metrics.append(Metric.number(f"selection_rate{when}", _rate(told[rows]), of=of))
            if scored.truth is None:
                continue
            yes, no = rows & scored.labelled & scored.truth, rows & scored.labelled & ~scored.truth
            metrics.append(Metric.number(f"true_positive_rate{when}", _rate(told[yes]), of=of))
            metrics.append(Metric.number(f"false_positive_rate{when}", _rate(told[no]), of=of))
    unknown = int((~np.isfinite(scored.score)).sum())
    if unknown:
        metrics.append(Metric("unscored_rows", unknown, unit="rows"))
    return metrics


def _rate(told: Any) -> float:
    return float(told.mean()) if len(told) else math.nan


def _by_group(name: str, scored: Scored) -> Finding:
    """Say plainly that people with one score are decided of differently by their group."""
    facets = scored.grouping.shown
    said = (
        f"Two people with the same score may be decided of differently because of {facets}. In credit and employment, deciding "
        "by a protected characteristic may itself be unlawful, whatever it is meant for (ECOA and Regulation B; Title VII: "
        "disparate treatment)."
    )
    remedy = (
        "have it looked at by counsel before it is used; data.reweigh, data.impact, data.decorrelate and model.reduce make "
        "models that need no facet when they decide"
    )
    return Finding(
        f"{name}.decides_by_group",
        Severity.LOW,
        said,
        {"facet": facets},
        remedy,
        refs=("15-USC-1691", "42-USC-2000e-2"),
    )


def _told(name: str, scored: Scored, rule: Rule, decided: Any) -> list[Finding]:
    import numpy as np

    from assay.methods.mitigation.grouping import MISSING

    out = []
    changed = decided != scored.said
    up, down = int((changed & decided).sum()), int((changed & ~decided).sum())
    said = f"{up:,} rows are told {scored.yes} that were told {scored.no}, and {down:,} the other way round, of {len(decided):,}."
    out.append(Finding(f"{name}.decided", Severity.INFO, said))
    if rule.by_lot:
        said = (
            "Some decisions are by lot, so that people who differ in nothing that counts may be told differently; the lot is of "
            "the row itself, and the same row is always told the same."
        )
        out.append(
            Finding(f"{name}.by_lot", Severity.LOW, said, {}, "decide without a lot where that must not be")
        )
    for at, group in enumerate(scored.grouping.names):
        rows, where = int((scored.groups == at).sum()), {"facet": scored.grouping.shown, "group": group}
        if MISSING in group and rows:
            said = f"{rows:,} rows lack {scored.grouping.shown}, and are a group of their own: {group}."
            out.append(Finding(f"{name}.missing_facet", Severity.LOW, said, where, count=rows))
    strange = int((scored.groups < 0).sum())
    lacking = sum(
        int((scored.groups == at).sum()) for at, n in enumerate(scored.grouping.names) if MISSING in n
    )
    if scored.learnt is not None and strange + lacking == len(decided):
        said = f"No row has a {scored.grouping.shown} that the rule was learnt with, so that it treats all alike."
        remedy = "look at whether the column holds what it held then"
        out.append(Finding(f"{name}.no_group", Severity.HIGH, said, {"facet": scored.grouping.shown}, remedy))
    if strange:
        said = f"{strange:,} rows are of no group that the rule was learnt with, and are decided as no group was."
        out.append(
            Finding(f"{name}.unknown_group", Severity.MEDIUM, said, {}, "learn the rule anew", count=strange)
        )
    unscored = int((~np.isfinite(scored.score)).sum())
    if unscored:
        said = f"{unscored:,} rows have no score, and are told {scored.no}."
        out.append(Finding(f"{name}.unscored", Severity.MEDIUM, said, {}, "score every row", count=unscored))
    return out


def untreated(name: str, scored: Scored, group: int, why: str) -> Finding:
    """Say that a group has no rule of its own."""
    said = (
        f"{scored.grouping.shown} = {scored.grouping.names[group]} {why}, and keeps the threshold {MIDDLE:g}."
    )
    where = {"facet": scored.grouping.shown, "group": scored.grouping.names[group]}
    return Finding(f"{name}.small_group", Severity.LOW, said, where, "join it with another group")


def trade(
    name: str,
    scored: Scored,
    learn: Callable[[Any, float], Rule],
    strengths: Sequence[float],
    word: str,
    gap: str,
    work: Work,
    gain: str = "balanced_accuracy",
) -> Told:
    """Return what the rule buys and costs, learnt from some rows at each strength and judged on the others.

    learn: from a mask of rows and a strength to a rule. strengths: the strongest last. gain: in what the cost is told.
    """
    import numpy as np

    from assay.engines import trade as engine
    from assay.methods.mitigation import frontier

    known = scored.known
    if int(known.sum()) < engine.LEAST:
        why = f"there are fewer than {engine.LEAST} rows with a label and a score"
        return engine.Told([Metric("balanced_accuracy", None, reason=why)])
    short = name.partition(".")[2]
    some, others = engine.halves(work, known)
    mask = np.zeros(len(known), dtype=bool)
    mask[some] = True
    lot = scored.lots()[others]
    truth, groups = scored.truth[others], scored.groups[others]

    def point(strength: float | None, said: Any) -> Any:
        rng = work.rng(f"trade/{strength}")
        return frontier.judged(short, strength, truth, said, groups, rng, untreated=strength is None)

    try:
        rules = [learn(mask, strength) for strength in strengths]
    except BadInput as error:  # all rows teach a rule, and these do not
        why = f"the rows that are not held out teach no rule: {error.what}"
        return engine.Told([Metric("balanced_accuracy", None, reason=why)])
    points = [point(None, scored.said[others])]
    for strength, rule in zip(strengths, rules, strict=True):
        decided, _ = rule.decided(scored.score[others], groups, lot)
        points.append(point(strength, decided))
    out = engine.told(name, points, gap, "on rows held out of the fit", of="rule", word=word, gain=gain)
    out.metrics += [
        Metric("rows_learnt_from", len(some), unit="rows"), Metric("rows_held_out", len(others), unit="rows"),
    ]  # fmt: skip
    return out
