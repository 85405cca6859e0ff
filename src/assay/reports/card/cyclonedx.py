"""A CycloneDX 1.6 ML-BOM: the model with its model card, its data as components, and the packages that trained it.

The same card gives the same bytes: its serial number is made of its content, and its time is that of its newest report.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from assay.kernel.canonical import sha256
from assay.kernel.card import Card, DataSet, Evaluation
from assay.kernel.report import Metric
from assay.reports.card.metrics import OF_FACETS
from assay.reports.svg import draw

_MODEL = "model"
# SPDX names that are written as such; another licence goes by its name.
_SPDX = {
    n.lower(): n
    for n in (
        "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0",
        "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-4.0", "GPL-2.0-only",
        "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only",
        "LGPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later", "MPL-2.0", "EPL-2.0", "EUPL-1.2", "ISC", "Unlicense",
        "Zlib", "PostgreSQL", "ODbL-1.0", "PDDL-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "BSL-1.0", "OFL-1.1",
    )
}  # fmt: skip


def bom(card: Card) -> dict[str, Any]:
    """Return the bill of materials as JSON."""
    data = {_ref(d): _dataset(d, card) for d in card.data}
    packages = dict(packages_of(card))
    component = _model(card, list(data))
    tool = _filled(
        {
            "type": "application",
            "name": card.tool.get("name", "assay"),
            "version": card.tool.get("version", ""),
        }
    )
    return _filled(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, sha256(card.to_bytes()))}",
            "version": 1,
            "metadata": _filled(
                {
                    "timestamp": card.made,
                    "lifecycles": [{"phase": "post-build"}],
                    "tools": {"components": [tool]},
                    "component": component,
                    "properties": _properties(card),
                }
            ),
            "components": [*data.values(), *packages.values()],
            "dependencies": [
                {"ref": _MODEL, "dependsOn": [*data, *packages]},
                *({"ref": r} for r in (*data, *packages)),
            ],
        }
    )


def _model(card: Card, data: list[str]) -> dict[str, Any]:
    model = card.model
    name = (card.standing.name or model.name).partition("@")[0]
    owner = card.first("owner")
    return _filled(
        {
            "type": "machine-learning-model",
            "bom-ref": _MODEL,
            "name": name or "model",
            "version": str(card.standing.version or ""),
            "description": card.first("description") or card.first("intended_use"),
            "manufacturer": {"name": owner} if owner else None,
            "hashes": hashes(model.digest),
            "licenses": _licences(card.first("license")),
            "modelCard": _card(card, data),
        }
    )


def _card(card: Card, data: list[str]) -> dict[str, Any]:
    model = card.model
    inputs = [{"format": f"{f.name}: {f.type}" if f.type else f.name} for f in model.features]
    answers = ", ".join(model.classes)
    output = f"{model.label}{f' ({answers})' if answers else ''}" if model.label else answers
    return _filled(
        {
            "modelParameters": _filled(
                {
                    "approach": {"type": "supervised"} if card.evaluations else None,
                    "task": model.task,
                    "architectureFamily": model.framework,
                    "modelArchitecture": model.format,
                    "datasets": [{"ref": ref} for ref in data],
                    "inputs": inputs,
                    "outputs": [{"format": output}] if output else [],
                }
            ),
            "quantitativeAnalysis": _filled(
                {"performanceMetrics": list(_metrics(card)), "graphics": _graphics(card)}
            ),
            "considerations": _considerations(card),
            "properties": _settings(card),
        }
    )


def model_card(card: Card) -> dict[str, Any]:
    """Return a card as a component carries it that stands without the data behind it."""
    return _card(card, [])


def _metrics(card: Card) -> Iterable[dict[str, Any]]:
    for one in card.evaluations:
        yield from (_metric(m, one.data) for m in one.scores if m.value is not None)
        yield from _slices(one)
    for facet in card.facets:
        for found in facet.metrics:
            if found.name in OF_FACETS and found.value is not None:
                group = f"{facet.name} = {found.of['group']}" if "group" in found.of else facet.name
                yield _metric(found, f"{facet.data}: {group}")


def _slices(one: Evaluation) -> Iterable[dict[str, Any]]:
    for part in one.slices:
        if part.loss is not None:
            yield {"type": "loss", "value": repr(part.loss), "slice": f"{one.data}: {part.where}"}


def _metric(found: Metric, of: str) -> dict[str, Any]:
    interval = (
        {"lowerBound": repr(found.interval[0]), "upperBound": repr(found.interval[1])}
        if found.interval
        else None
    )
    return _filled(
        {"type": found.name, "value": repr(found.value), "slice": of, "confidenceInterval": interval}
    )


def _graphics(card: Card) -> dict[str, Any]:
    charts = [c for e in card.evaluations for c in e.charts]
    charts += [c for f in card.facets for c in f.charts] + [c for e in card.explanations for c in e.charts]
    collection = [
        {
            "name": chart.title,
            "image": {
                "contentType": "image/svg+xml",
                "encoding": "base64",
                "content": base64.b64encode(draw(chart).encode()).decode(),
            },
        }
        for chart in charts[:40]
    ]
    return {"description": "As the reports drew them.", "collection": collection} if collection else {}


def _considerations(card: Card) -> dict[str, Any]:
    limits = [*card.said("limits"), *(f"{x.sentence} ({x.rule})" for x in card.limits)]
    limits += [
        f"{f.title} was not examined."
        for f in card.fields
        if f.by == "reports" and f.state in ("open", "missing")
    ]
    uses = [*card.said("intended_use"), *(f"Out of scope: {v}" for v in card.said("out_of_scope"))]
    return _filled(
        {
            "users": list(card.said("users")),
            "useCases": uses,
            "technicalLimitations": limits,
            "ethicalConsiderations": [
                _filled({"name": risk, "mitigationStrategy": card.mitigations.get(risk, "")})
                for risk in card.said("considerations")
            ],
            "fairnessAssessments": list(_fairness(card)),
            "environmentalConsiderations": {"properties": [_property("assay:energy", card.first("energy"))]}
            if card.said("energy")
            else None,
        }
    )


def _fairness(card: Card) -> Iterable[dict[str, Any]]:
    for facet in card.facets:
        if facet.when == "after":
            harms = " ".join(facet.found) or f"Nothing went beyond {facet.against}."
            yield {"groupAtRisk": f"{facet.name}: {', '.join(facet.groups) or 'its groups'}", "harms": harms}


def _settings(card: Card) -> list[dict[str, str]]:
    one = card.training
    if one is None:
        return []
    pairs = [
        ("assay:training:script", one.script),
        ("assay:training:code", one.code),
        ("assay:training:seed", str(one.seed)),
    ]
    pairs += [("assay:training:python", one.python), ("assay:training:isolation", one.isolation)]
    pairs += [("assay:training:seconds", "" if one.seconds is None else repr(one.seconds))]
    pairs += [(f"assay:hyperparameter:{k}", v) for k, v in one.hyperparameters.items()]
    return [_property(k, v) for k, v in pairs if v]


def _properties(card: Card) -> list[dict[str, str]]:
    one = card.standing
    pairs = [("assay:status", one.status), ("assay:package", one.digest), ("assay:run", one.run)]
    pairs += [
        ("assay:hallmark", "examined" if one.hallmark else ""),
        ("assay:risk-tier", card.first("risk_tier")),
    ]
    pairs += [("assay:missing", f.name) for f in card.missing]
    pairs += [(f"assay:report:{s.step or s.check}", s.kept or s.digest) for s in card.sources]
    return [_property(k, v) for k, v in pairs if v]


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _ref(data: DataSet) -> str:
    return f"data/{data.role}/{data.digest or data.name}"


def _dataset(one: DataSet, card: Card) -> dict[str, Any]:
    counted = [("assay:rows", one.rows), ("assay:columns", one.columns)]
    held = [t.sentence for t in card.personal] if one.role == "source" else []
    owner = card.first("owner")
    governance = {"owners": [{"organization": {"name": owner}}]} if owner else None
    return _filled(
        {
            "type": "data",
            "bom-ref": _ref(one),
            "name": one.name or "data",
            "hashes": hashes(one.digest),
            "licenses": _licences(card.first("data_license")) if one.role == "source" else [],
            "data": [
                _filled(
                    {
                        "type": "dataset",
                        "name": one.name,
                        "description": f"{one.role} data. {' '.join(card.said('data_source'))}".strip(),
                        "sensitiveData": held,
                        "governance": governance,
                        "contents": {
                            "properties": [_property(k, str(v)) for k, v in counted if v is not None]
                        }
                        if any(v is not None for _, v in counted)
                        else None,
                    }
                )
            ],
        }
    )


def packages_of(card: Card) -> Iterable[tuple[str, dict[str, Any]]]:
    """Give the packages that trained a model: the URL of each, and the component that it is."""
    for name, version in (card.training.packages if card.training else {}).items():
        plain = re.sub(r"[-_.]+", "-", name).lower()  # PEP 503
        if not plain.strip("-"):
            continue
        purl = f"pkg:pypi/{quote(plain, safe='')}@{quote(version, safe='')}"
        yield purl, {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def hashes(digest: str) -> list[dict[str, str]]:
    """Return a digest as CycloneDX writes it; nothing for what is none."""
    bare = digest.removeprefix("sha256:")
    return [{"alg": "SHA-256", "content": bare}] if re.fullmatch(r"[0-9a-f]{64}", bare) else []


def _licences(said: str) -> list[dict[str, Any]]:
    if not said:
        return []
    known = _SPDX.get(said.lower())
    return [{"license": {"id": known} if known else {"name": said}}]


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v not in (None, "", [], {})}
