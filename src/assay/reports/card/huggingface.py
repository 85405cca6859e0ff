"""README.md of a model on the Hugging Face hub: YAML front matter that its library reads, and the card as Markdown.

The metadata is that of huggingface_hub's ModelCardData: license, library_name, pipeline_tag, tags, datasets, language and
model-index, whose results are what model.validate measured, each on the table it was measured on.
"""

from __future__ import annotations

from typing import Any

import yaml

from assay.kernel.card import Card, Evaluation
from assay.reports.card.markdown import body

_PIPELINES = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
    "forecast": "time-series-forecasting",
}
_LIBRARIES = {"scikit-learn": "sklearn", "torch": "pytorch"}
# SPDX names, in lower case, that the hub knows; of others it wants license: other and a license_name.
_LICENCES = {
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "cc0-1.0", "cc-by-2.0", "cc-by-2.5",
    "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0",
    "cdla-permissive-1.0", "cdla-permissive-2.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "agpl-3.0", "epl-1.0",
    "epl-2.0", "eupl-1.1", "eupl-1.2", "mpl-2.0", "ms-pl", "isc", "zlib", "unlicense", "wtfpl", "artistic-2.0", "bsl-1.0",
    "ecl-2.0", "afl-3.0", "ncsa", "osl-3.0", "postgresql", "ofl-1.1", "odbl-1.0", "pddl-1.0", "lppl-1.3c", "openrail",
}  # fmt: skip


def readme(card: Card) -> str:
    """Return README.md: the metadata as YAML, and the card below."""
    front = yaml.safe_dump(metadata(card), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{front}---\n\n{body(card)}"


def metadata(card: Card) -> dict[str, Any]:
    """Return the metadata of a card; what is not known is left out."""
    model = card.model
    out: dict[str, Any] = dict(_licence(card.first("license")))
    if card.said("language"):
        out["language"] = [v.lower() for v in card.said("language")]
    if model.framework:
        out["library_name"] = _LIBRARIES.get(model.framework, model.framework)
    if model.task in _PIPELINES:
        out["pipeline_tag"] = _PIPELINES[model.task]
    if card.said("datasets"):
        out["datasets"] = list(card.said("datasets"))
    tags = [
        "tabular",
        *([model.task] if model.task else []),
        *([model.framework] if model.framework else []),
        "assay",
    ]
    out["tags"] = list(dict.fromkeys([*card.said("tags"), *tags]))
    if card.evaluations and card.evaluations[0].headline:
        out["metrics"] = list(dict.fromkeys(e.headline for e in card.evaluations if e.headline))
    results = [r for r in (_result(e, card) for e in card.evaluations) if r is not None]
    if results:
        out["model-index"] = [{"name": _name(card), "results": results}]
    return out


def _name(card: Card) -> str:
    version = f"@{card.standing.version}" if card.standing.version else ""
    return (card.standing.name or card.model.name).partition("@")[0] + version


def _licence(said: str) -> dict[str, str]:
    if not said:
        return {}
    low = said.lower()
    if low.removesuffix("-only").removesuffix("-or-later") in _LICENCES:
        return {"license": low.removesuffix("-only").removesuffix("-or-later")}
    name = "-".join("".join(c if c.isalnum() else " " for c in low).split())[:60]
    return {"license": "other", "license_name": name or "other"}


def _result(one: Evaluation, card: Card) -> dict[str, Any] | None:
    metrics: list[dict[str, Any]] = []
    for found in one.scores:
        if found.value is None:
            continue
        metric: dict[str, Any] = {"type": found.name, "value": found.value, "name": found.name}
        if found.interval:
            metric["args"] = {"confidence": 0.95, "low": found.interval[0], "high": found.interval[1]}
        metrics.append(metric)
    if not metrics:
        return None
    kind = _PIPELINES.get(one.problem, one.problem or "other")
    dataset: dict[str, Any] = {
        "name": one.data or "data",
        "type": next(iter(card.said("datasets")), one.data or "data"),
    }
    if one.data.rpartition(".")[2] in ("test", "validation", "train"):
        dataset["split"] = one.data.rpartition(".")[2]
    if one.digest:
        dataset["revision"] = one.digest
    task = {"type": kind, "name": kind.replace("-", " ").capitalize()}
    return {"task": task, "dataset": dataset, "metrics": metrics}
