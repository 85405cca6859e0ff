"""The analysis.json that SageMaker Clarify writes about bias, in its shape, order and spelling.

A ratio over nothing is "Infinity"; what cannot be told is null with an error. Groups stand in the order in which they
first come; rows without the facet are no group here, where the reference library lists one that no row is in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.question import Facet, Question

DESCRIPTIONS = {
    "CI": "Class Imbalance (CI)",
    "DPL": "Difference in Positive Proportions in Labels (DPL)",
    "KL": "Kullback-Liebler Divergence (KL)",  # as it is spelled there
    "JS": "Jensen-Shannon Divergence (JS)",
    "LP": "L-p Norm (LP)",
    "TVD": "Total Variation Distance (TVD)",
    "KS": "Kolmogorov-Smirnov Distance (KS)",
    "CDDL": "Conditional Demographic Disparity in Labels (CDDL)",
    "AD": "Accuracy Difference (AD)",
    "CDDPL": "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
    "DAR": "Difference in Acceptance Rates (DAR)",
    "DCA": "Difference in Conditional Acceptance (DCA)",
    "DCR": "Difference in Conditional Rejection (DCR)",
    "DI": "Disparate Impact (DI)",
    "DPPL": "Difference in Positive Proportions in Predicted Labels (DPPL)",
    "DRR": "Difference in Rejection Rates (DRR)",
    "FT": "Flip Test (FT)",
    "GE": "Generalized Entropy (GE)",
    "RD": "Recall Difference (RD)",
    "SD": "Specificity Difference (SD)",
    "TE": "Treatment Equality (TE)",
}
VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Entry:
    """One metric of one group: a number, or none and the reason."""

    facet: str
    group: str
    name: str
    value: float | None
    reason: str


def section(
    asked: Question, table: pa.Table, entries: Iterable[Entry], names: Sequence[str]
) -> dict[str, Any]:
    """Return ``pre_training_bias_metrics`` or the other: of each facet its groups, of each group the metrics by name."""
    held: dict[tuple[str, str], dict[str, Entry]] = {}
    for entry in entries:
        held.setdefault((entry.facet, entry.group), {})[entry.name] = entry
    out: dict[str, Any] = {"label": asked.label, "facets": {}}
    for facet in asked.facets:
        own = {g: m for (f, g), m in held.items() if f == facet.name}
        out["facets"][facet.name] = [
            {
                "value_or_threshold": shown,
                "metrics": [_metric(own[group][n]) for n in sorted(names) if n in own[group]],
            }
            for group, shown in _ordered(facet, table.column(facet.name), own)
        ]
    out["label_value_or_threshold"] = _shown(
        asked.positive, asked.label_threshold, [table.column(asked.label), *_said(asked, table)]
    )
    return out


def _said(asked: Question, table: pa.Table) -> list[pa.ChunkedArray]:
    return [table.column(asked.predicted)] if asked.predicted in table.column_names else []


def _metric(entry: Entry) -> dict[str, Any]:
    value: Any = entry.value
    if value is None and "infinite" in entry.reason:
        value = "-Infinity" if entry.reason.startswith("-") else "Infinity"
    out = {"name": entry.name, "description": DESCRIPTIONS[entry.name], "value": value}
    return out if value is not None else out | {"error": entry.reason}


def _ordered(facet: Facet, column: pa.ChunkedArray, own: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each group as it is called, and as the file calls it."""
    if facet.values or facet.threshold is not None:
        return [(group, _shown(facet.values, facet.threshold, [column])) for group in own]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    first = [str(v) for v in column.unique().to_pylist() if v is not None]
    return [
        (group, group) for group in sorted(own, key=lambda g: first.index(g) if g in first else len(first))
    ]


def _shown(values: Sequence[str], threshold: float | None, columns: Sequence[pa.ChunkedArray]) -> str:
    """Return values joined, or the half-open interval from the threshold to the greatest value."""
    if threshold is None:
        return ",".join(values)
    tops = [pc.max(c).as_py() for c in columns if not pa.types.is_string(c.type)]
    top = max((float(t) for t in tops if t is not None), default=math.nan)
    whole = float(threshold).is_integer() and all(pa.types.is_integer(c.type) for c in columns)
    return f"({int(threshold)}, {int(top)}]" if whole else f"({float(threshold)!r}, {top!r}]"


def written(sections: Mapping[str, Any]) -> bytes:
    """Return the file. sections: name → section."""
    return json.dumps({"version": VERSION, **sections}, indent=2, ensure_ascii=False).encode()
