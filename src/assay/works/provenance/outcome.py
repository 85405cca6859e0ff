"""What came of a run: the tables that its models learnt from and were judged on, its gates, and its models' scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.works.pipeline import Pipeline
from assay.works.provenance.replay import available
from assay.works.provenance.scoring import Scored, Yardstick, score, yardstick

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.works.bench import Bench
    from assay.works.provenance.past import Past

MOST_ROWS = 1_000_000  # of a table that are looked at


@dataclass(frozen=True)
class Judgement:
    """Which model is judged on which table, by which label: names as the pipeline has them."""

    step: str
    model: str
    data: str
    label: str
    positive: tuple[str, ...] = ()


@dataclass
class Tables:
    """Tables in memory, each read once."""

    bench: Bench
    _read: dict[str, pa.Table | None] = field(default_factory=dict)

    def read(self, asset: Asset | None) -> pa.Table | None:
        """Return the first MOST_ROWS rows; None where the bytes are gone."""
        if asset is None:
            return None
        if asset.digest not in self._read:
            try:
                with self.bench.opened(available(asset, self.bench), "table") as table:
                    self._read[asset.digest] = table.arrow(limit=MOST_ROWS)
            except AssayError:
                self._read[asset.digest] = None
        return self._read[asset.digest]


@dataclass(frozen=True)
class Outcome:
    """bad: steps that did not pass → how they ended. tables: those that models learn from or are judged on, by name.

    own: the score on the run's own rows; reference: on the rows that the older run was judged on, None where they cannot
    be put to this model.
    """

    bad: Mapping[str, str]
    tables: Mapping[str, Asset]
    model: Asset | None
    own: Scored | None
    reference: Scored | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "not_passed": dict(self.bad),
            "own": self.own.to_dict() if self.own else None,
            "reference": self.reference.to_dict() if self.reference else None,
        }


def judgement(pipeline: Pipeline) -> Judgement | None:
    """Return what the first model.validate of a pipeline judges; None where it has none that names a label."""
    for name, step in pipeline.steps.items():
        if (
            step.uses == "model.validate"
            and step.subject
            and "data" in step.inputs
            and step.params.get("label")
        ):
            positive = step.params.get("positive") or ()
            yes = (positive,) if isinstance(positive, str) else tuple(str(p) for p in positive)
            return Judgement(
                name, str(step.subject), str(step.inputs["data"]), str(step.params["label"]), yes
            )
    return None


def label_of(pipeline: Pipeline) -> str:
    """Return the column that a pipeline learns: as its checks call it, or as it is split by; "" where none says."""
    found = judgement(pipeline)
    if found is not None:
        return found.label
    for key in ("label", "stratify"):
        for step in pipeline.steps.values():
            if step.params.get(key):
                return str(step.params[key])
    return ""


def ends(pipeline: Pipeline) -> list[str]:
    """Return the tables that count in the end: what models learn from and are judged on, else what nothing else uses."""
    steps = pipeline.steps.values()
    out = [str(r) for s in steps if s.verb == "train" for r in s.inputs.values()]
    out += [str(s.inputs["data"]) for s in steps if s.uses == "model.validate" and "data" in s.inputs]
    if not out:
        used = {r.name for s in steps if s.verb != "check" for r in s.inputs.values()}
        out = [s.name for s in steps if s.verb == "treat" and s.name not in used]
    return list(dict.fromkeys(out))


def outcome(
    bench: Bench,
    tables: Tables,
    pipeline: Pipeline,
    assets: Mapping[str, Asset],
    bad: Mapping[str, str],
    by: Yardstick | None,
    reference: pa.Table | None,
) -> Outcome:
    """Return what came of a run or a replay. reference: rows of the older run that its model can be asked about."""
    held = {n: assets[n] for n in ends(pipeline) if n in assets}
    found = judgement(pipeline)
    model = assets.get(found.model) if found else None
    own = other = None
    if found is not None and model is not None and by is not None:
        rows = tables.read(assets.get(found.data))
        if rows is not None:
            own = score(bench, model, rows, by)
        if reference is not None:
            other = own if rows is reference else score(bench, model, reference, by)
    return Outcome(bad, held, model, own, other)


def of_past(bench: Bench, tables: Tables, past: Past, by: Yardstick | None, reference: Any) -> Outcome:
    """Return what came of a run, as it was recorded."""
    bad = {n: s.outcome for n, s in past.steps.items() if s.outcome != "pass" and not _let(past, n)}
    return outcome(bench, tables, past.pipeline, past.assets, bad, by, reference)


def _let(past: Past, name: str) -> bool:
    """Whether a gate of none let a step through."""
    step = past.pipeline.steps.get(name)
    return step is not None and step.gate.at is None and past.steps[name].outcome in ("fail", "incomplete")


def measure(tables: Tables, past: Past) -> tuple[Yardstick | None, pa.Table | None]:
    """Return how models are scored beside a run, and the rows that it was judged on."""
    found = judgement(past.pipeline)
    rows = tables.read(past.assets.get(found.data)) if found else None
    if found is None or rows is None:
        return None, None
    return yardstick(rows, found.label, found.positive), rows


def can_be_asked(tables: Tables, old: Past, new: Past) -> bool:
    """Whether the rows that the older run was judged on mean the same to the newer run's model.

    Its columns must be theirs, and nine tenths of the rows that it was judged on must be among the older run's, but for
    the label; where the data set itself is another, the columns and their types.
    """
    import numpy as np

    from assay.methods.rowhash import row_hashes

    a, b = judgement(old.pipeline), judgement(new.pipeline)
    if a is None or b is None:
        return False
    rows, others = tables.read(old.assets.get(a.data)), tables.read(new.assets.get(b.data))
    if rows is None or others is None:
        return False
    names = sorted(n for n in rows.column_names if n != a.label)
    if names != sorted(n for n in others.column_names if n != b.label):
        return False
    if any(old.assets[n].digest != x.digest for n, x in new.assets.items() if n in new.pipeline.data and n in old.assets):  # fmt: skip
        return all(rows.schema.field(n).type == others.schema.field(n).type for n in names)
    known = [t for t in (tables.read(x) for n, x in old.assets.items() if n in ends(old.pipeline)) if t is not None]  # fmt: skip
    hashes = [
        np.concatenate([row_hashes(batch) for batch in t.select(names).combine_chunks().to_batches()] or [np.array([], np.uint64)])
        for t in [*known, others] if set(names) <= set(t.column_names)
    ]  # fmt: skip
    return bool(np.isin(hashes[-1], np.concatenate(hashes[:-1] or [hashes[-1][:0]])).mean() >= 0.9) if len(hashes[-1]) else False  # fmt: skip
