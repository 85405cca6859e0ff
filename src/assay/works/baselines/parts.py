"""What beside the quality of data a baseline holds: how good the model was, how fair, and what its answers rested on.

Each part is what the check of it says of the table: its documents, and the constraints that the table itself keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assay.engines import baselines
from assay.kernel.errors import BadInput

if TYPE_CHECKING:
    from assay.kernel.asset import Asset
    from assay.works.bench import Bench
    from assay.works.home import Home

_QUALITY = ("label", "predicted", "score", "problem", "positive", "threshold")
_BIAS = ("label", "predicted", "positive", "facet", "facet_value")
PARTS: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "traffic.performance": (
        _QUALITY,
        {"statistics": baselines.MODEL_STATISTICS, "constraints": baselines.MODEL_CONSTRAINTS},
    ),
    "traffic.bias": (_BIAS, {"constraints": baselines.BIAS}),
    "traffic.attribution": (("rows",), {"constraints": baselines.ATTRIBUTION}),
}


def wanted(asked: Mapping[str, Any]) -> list[str]:
    """Return the checks whose documents are a part of a baseline for which this is asked."""
    answered = asked.get("predicted") or asked.get("score") or not asked.get("model")
    out = ["traffic.performance"] if asked.get("label") and answered else []
    out += ["traffic.bias"] if asked.get("facet") else []
    return out + (["traffic.attribution"] if asked.get("model") else [])


def made(asset: Asset, asked: Mapping[str, Any], bench: Bench, home: Home | None) -> dict[str, bytes]:
    """Return further documents, name → bytes, as far as they were asked for. asset: the table, pinned."""
    from assay.works import declared
    from assay.works.examine import examine
    from assay.works.resolve import pin

    out: dict[str, bytes] = {}
    for check in wanted(asked):
        names, documents = PARTS[check]
        inputs = {"traffic": replace(asset, kind="traffic")}
        if check == "traffic.attribution":
            inputs["model"] = model = pin(asked["model"], ("model",), bench.store, home)
            if model.uri.startswith("memory:"):
                bench.held[model.uri] = asked["model"]
        params = {n: asked[n] for n in names if asked.get(n) not in (None, "", ())}
        report, _, raised = examine(declared.load("check", check), inputs, {}, params, bench, seed=7)
        if raised is not None:
            raise raised
        if report.error or not report.outputs:
            why = report.error or "; ".join(s.why for s in report.coverage.skipped)
            raise BadInput(f"no baseline of {check} can be made: {why}", where=asset.name)
        held = {a.name: a for a in report.outputs}
        out |= {name: bench.store.read(held[key].digest) for key, name in documents.items()}
    return out
