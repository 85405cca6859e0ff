"""The preparation that a package carries: which treatments of a model's training data are applied to each row asked about.

From the table that the model was trained on back to what a person named, step by step. A treatment that changes no column
that the model reads is left out, as is one that only chooses rows (a split, a sample, weights). One that writes what the model
reads by looking at other rows, under a key or by lot, blocks: the package says so, and is not deployed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.methods.preparing import preparation, steps
from assay.methods.preparing.preparation import Preparation

if TYPE_CHECKING:
    from assay.works.bench import Bench
    from assay.works.done import Done

ROWS_ALONE = (
    "data.split",
    "data.resample",
    "data.reweigh",
    "data.drop",
)  # choose rows or columns, and change no value
_TABLES = ("table", "data", "of")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A preparation, and the raw table that its columns are of."""

    preparation: Preparation
    raw: Asset

    @property
    def said(self) -> str:
        """Return it in one sentence, for whoever registers the model."""
        if self.preparation.blocked:
            return f"it cannot be deployed: {self.preparation.blocked[0]}"
        names = ", ".join(f"{s} ({t})" for s, t, _ in self.preparation.steps)
        return f"an endpoint is asked with the raw columns, and applies {names} to each row"


def prepared(
    maker: Done, done: Mapping[str, Done], bench: Bench, reads: Sequence[str], label: Sequence[str]
) -> Prepared | None:
    """Return the preparation of what a step made; None where nothing changes what the model reads.

    reads: the model's features, none where it does not say; label: columns that are none.
    """
    trained = _table_of(maker)
    if trained is None:
        return None
    chain, raw = _chain(maker, done)
    columns = _columns(bench, trained)
    wanted = set(reads or [n for n in columns if n not in label])
    kept: list[tuple[str, str, dict[str, Any]]] = []
    blocked: list[str] = []
    for one in chain:
        name, uses = one.step.name, one.step.uses
        if uses in ROWS_ALONE:
            continue
        learnt, why = _learnt(one, done, bench)
        if why is not None:
            hit = why[1] & wanted if why[1] is not None else wanted
            if hit:
                blocked.append(
                    f"{name} ({uses}) {why[0]}, and the model reads what it writes: {', '.join(sorted(hit)[:3])}"
                )
        if learnt is None:
            continue
        step = steps.made(uses, learnt)
        if step.writes(wanted):
            kept.insert(0, (name, uses, learnt))
            wanted = step.needs(wanted)
    if not kept and not blocked:
        return None
    held = _columns(bench, raw)
    # As the model reads them, so that a payload without names is as it was; then what else is needed
    order = {n: held.get(n, "any") for n in reads if n in wanted}  # any: made by the script that trains
    order |= {n: t for n, t in held.items() if n in wanted and n not in order}
    lost = sorted(wanted - set(order))
    if lost:
        blocked.append(f"the raw data has no column {lost[0]!r}, which its steps read")
    features = tuple(reads) or tuple(n for n in columns if n not in label)
    return Prepared(Preparation(order, features, tuple(kept), tuple(blocked)), raw)


def _chain(maker: Done, done: Mapping[str, Done]) -> tuple[list[Done], Asset]:
    """Return the treatments behind what a model was trained on, the last first, and the table before them."""
    out: list[Done] = []
    param, asset = _table_param(maker)
    ref = maker.step.inputs.get(param)
    while ref is not None and ref.name in done:
        one = done[ref.name]
        if one.step.verb != "treat" or one.step.script is not None or _table_of(one) is None:
            break
        out.append(one)
        param, asset = _table_param(one)
        ref = one.step.inputs.get(param)
    return out, asset


def _table_param(done: Done) -> tuple[str, Asset]:
    tables = {n: a for n, a in done.inputs.items() if a.kind == "table"}
    name = next((n for n in ("train", *_TABLES) if n in tables), next(iter(tables)))
    return name, tables[name]


def _table_of(done: Done) -> Asset | None:
    return _table_param(done)[1] if any(a.kind == "table" for a in done.inputs.values()) else None


def _columns(bench: Bench, asset: Asset) -> dict[str, str]:
    """Return a table's columns and their types; AssayError where it is no longer there."""
    from assay.methods.inputschema.learning import kind_of

    with bench.opened(asset, "table") as table:
        return {f.name: kind_of(f.type) for f in table.arrow(limit=0).schema}


def _learnt(
    one: Done, done: Mapping[str, Done], bench: Bench
) -> tuple[dict[str, Any] | None, tuple[str, set[str] | None] | None]:
    """Return what a treatment learnt, where rows can be treated by it, and why some cannot, with the columns it is about.

    No columns at all: it may be about every one.
    """
    uses, report = one.step.uses, one.verdict.report if one.verdict is not None else None
    if uses in ("data.pca", "data.decorrelate", "data.impact"):
        asset = one.outputs.get("fitted") or one.inputs.get("fitted")
        learnt = json.loads(bench.path(asset).read_bytes())["learnt"] if asset is not None else None
        if learnt is None:
            return None, ("left nothing that can be applied", None)
        if uses == "data.impact" and learnt.get("words"):
            return learnt, ("changes texts by lot", set(learnt["words"]))
        return learnt, None
    if uses == "data.repair":
        return _repair(one, done)
    if uses == "data.mask" and report is not None:
        plan = report.data.get("plan", {})
        fine = {n: c for n, c in plan.items() if _alone(n, c)}
        rest = {n for n in plan if n not in fine}
        why = ("hides values under a key, by lot or by other rows", rest) if rest else None
        return ({"plan": fine} if fine else None), why
    return None, ("looks at more than one row", None)


def _alone(name: str, raw: Mapping[str, Any]) -> bool:
    from assay.methods.masking.choice import Choice

    choice = Choice.from_dict(name, raw)
    return not choice.keyed and not choice.inside and choice.rule.method in steps.ROWWISE


def _repair(
    one: Done, done: Mapping[str, Done]
) -> tuple[dict[str, Any] | None, tuple[str, set[str] | None] | None]:
    """Return the rules of a repair, which are those of the report that it was given."""
    from assay.methods.repair.mending import named
    from assay.methods.repair.reading import listed

    using = done.get(one.step.reports.get("using", ""))
    remedy = one.step.params.get("remedy", "derived")
    if remedy == "soft-delete" or using is None or using.verdict is None:
        return None, None  # it marks rows, and changes none of their values
    kinds = list(one.step.params.get("kinds") or ("derived_flag", "stated"))
    rules = [r for r in using.verdict.report.of("data.integrity").data["rules"] if r.get("kind") in kinds]
    learnt = {"rules": [r for r in rules if r.get("repair")], "kinds": kinds}
    if remedy == "source":
        return None, ("corrects what a column is derived from by looking at all rows", named(listed(learnt)))
    return learnt, None


def at(package: Path) -> Preparation | None:
    """Return the preparation in a package's folder; None where it needs none. BadInput where it cannot be read."""
    path = package / preparation.FILE
    if not path.is_file():
        return None
    try:
        return Preparation.from_bytes(path.read_bytes())
    except ValueError as error:
        raise BadInput(str(error), where=preparation.FILE) from None
