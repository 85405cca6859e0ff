"""SPDX 3.0.1 of a model: the model by the AI profile, its data by the dataset profile, the packages that trained it, as JSON-LD.

The same card gives the same bytes. https://spdx.github.io/spdx-spec/v3.0.1/ Nothing is concluded about licences here: what people said of
them is declared, and what nobody said is no assertion.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any

from assay.kernel.canonical import sha256
from assay.kernel.card import Card, DataSet
from assay.kernel.spdxgraph import Graph, hashed
from assay.reports.card.cyclonedx import packages_of

_PROFILES = ("core", "software", "simpleLicensing", "ai")
_RISKS = {"low": "low", "medium": "medium", "high": "high", "critical": "serious", "serious": "serious"}
_METRICS = 200


def graph(card: Card) -> dict[str, Any]:
    """Return the document as JSON."""
    version = " ".join(filter(None, (card.tool.get("name", "assay"), card.tool.get("version", ""))))
    base = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, sha256(card.to_bytes()))}"
    made = Graph(base, card.made or "1970-01-01T00:00:00Z", version)
    model = _model(made, card)
    for number, one in enumerate(card.data):
        data = _dataset(made, card, one, number)
        made.relate(model, "testedOn" if one.role == "evaluation" else "trainedOn", [data])
    made.relate(model, "dependsOn", list(_packages(made, card)))
    profiles = [*_PROFILES, *(["dataset"] if card.data else [])]
    return made.document(card.title or "model", model, profiles, ["build"])


def _model(made: Graph, card: Card) -> str:
    one, training = card.model, card.training
    kinds = dict.fromkeys(filter(None, (one.framework, one.format, one.task)))
    limits = [*card.said("limits"), *(f"{x.sentence} ({x.rule})" for x in card.limits)]
    uses = [*card.said("intended_use"), *(f"Out of scope: {v}" for v in card.said("out_of_scope"))]
    tuned = [
        {"type": "DictionaryEntry", "key": k, "value": v}
        for k, v in (training.hyperparameters if training else {}).items()
    ]
    facts = (
        [
            ("script", training.script),
            ("code", training.code),
            ("python", training.python),
            ("isolation", training.isolation),
        ]
        if training
        else []
    )
    model = made.add(
        "ai_AIPackage", "model",
        name=(card.standing.name or one.name).partition("@")[0] or "model",
        software_packageVersion=str(card.standing.version or one.digest[7:19] or "unpinned"),
        software_primaryPurpose="model",
        description=card.first("description") or card.first("intended_use"),
        verifiedUsing=_hashes(one.digest),
        ai_typeOfModel=list(kinds),
        ai_hyperparameter=tuned,
        ai_metric=list(_metrics(card)),
        ai_limitation=" ".join(limits),
        ai_informationAboutApplication=" ".join(uses),
        ai_informationAboutTraining="; ".join(f"{k} {v}" for k, v in facts if v),
        ai_modelDataPreprocessing=[t.sentence for t in card.changes],
        ai_modelExplainability=[f"{e.method} on {e.data}" for e in card.explanations if e.method],
        ai_safetyRiskAssessment=_RISKS.get(card.first("risk_tier").lower()),
        ai_useSensitivePersonalInformation="yes" if card.personal else "noAssertion",
    )  # fmt: skip
    made.licensed(model, card.first("license"))
    return model


def _metrics(card: Card) -> Iterable[dict[str, str]]:
    found = [
        (f"{m.name} on {e.data}", m.value) for e in card.evaluations for m in e.scores if m.value is not None
    ]
    for key, value in dict(found[:_METRICS]).items():
        yield {"type": "DictionaryEntry", "key": key, "value": repr(value)}


def _dataset(made: Graph, card: Card, one: DataSet, number: int) -> str:
    raw = one.role == "source"
    held = [t.sentence for t in card.personal] if raw else []
    biases = [s for f in card.facets if f.when == "before" and f.data == one.name for s in f.found]
    data = made.add(
        "dataset_DatasetPackage", f"data-{number}",
        name=one.name or "data",
        software_packageVersion=one.digest[7:19] or "unpinned",
        software_primaryPurpose="data",
        verifiedUsing=_hashes(one.digest),
        description=" ".join([f"{one.role} data.", *held]),
        dataset_datasetType=["structured"] if one.columns else ["noAssertion"],
        dataset_datasetSize=one.rows,
        dataset_dataCollectionProcess=" ".join(card.said("data_source")) if raw else "",
        dataset_knownBias=biases,
        dataset_hasSensitivePersonalInformation="yes" if held else "noAssertion",
    )  # fmt: skip
    made.licensed(data, card.first("data_license") if raw else "")
    return data


def _packages(made: Graph, card: Card) -> Iterable[str]:
    for number, (purl, one) in enumerate(packages_of(card)):
        yield made.add("software_Package", f"package-{number}", name=one["name"], software_packageUrl=purl,
                       software_packageVersion=one["version"], software_primaryPurpose="library")  # fmt: skip


def _hashes(digest: str) -> list[dict[str, str]]:
    bare = digest.removeprefix("sha256:")
    good = re.fullmatch(r"[0-9a-f]{64}", bare)
    return hashed([("SHA-256", bare)]) if good else []
