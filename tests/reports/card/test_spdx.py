"""SPDX 3.0.1 of a model card, held against the bindings that the SPDX project generates from its own model."""

import io
import json

import pytest
from tests.cards import examined

from assay.kernel.card import Card, Identity
from assay.reports.card import render
from assay.reports.card.spdx import graph


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("card"))[1]


def of(made, type):
    return [e for e in made["@graph"] if e["type"] == type]


def test_the_model_of_spdx_takes_it_whole(card):
    v3 = pytest.importorskip("spdx_python_model.bindings.v3_0_1", reason="spdx-python-model is not installed")
    for one in (card, Card(Identity("m", ""))):
        objects = v3.SHACLObjectSet()
        v3.JSONLDDeserializer().read(io.BytesIO(render(one, "spdx").encode()), objects)
        assert {m for m in objects.link() if "NoAssertion" not in m} == set()
        for element in objects.objects:
            v3.JSONLDSerializer().serialize_data(
                v3.SHACLObjectSet([element])
            )  # which checks what is mandatory


def test_the_model_its_data_and_what_they_have_to_do_with_one_another(card):
    made = graph(card)
    (model,) = of(made, "ai_AIPackage")
    assert model["verifiedUsing"][0]["hashValue"] == card.model.digest[7:]
    assert (
        model["software_primaryPurpose"] == "model" and model["ai_useSensitivePersonalInformation"] == "yes"
    )
    assert {"type": "DictionaryEntry", "key": "f1 on split.test", "value": "0.9"} in model["ai_metric"]
    assert "Out of scope: Refusing anybody without a clerk." in model["ai_informationAboutApplication"]
    data = of(made, "dataset_DatasetPackage")
    assert [d["name"] for d in data] == ["people", "split.train", "split.test"]
    assert [d["dataset_hasSensitivePersonalInformation"] for d in data] == [
        "yes",
        "noAssertion",
        "noAssertion",
    ]
    tied = {
        (r["relationshipType"], r["to"][0].rpartition("#")[2])
        for r in of(made, "Relationship")
        if r["from"] == model["spdxId"]
    }
    assert {
        ("trainedOn", "data-0"),
        ("trainedOn", "data-1"),
        ("testedOn", "data-2"),
        ("dependsOn", "package-0"),
    } <= tied
    (document,) = of(made, "SpdxDocument")
    assert {"ai", "dataset"} <= set(document["profileConformance"])


def test_each_model_and_data_set_has_the_two_licences_that_its_profile_demands(card):
    made = graph(card)
    for one in of(made, "ai_AIPackage") + of(made, "dataset_DatasetPackage"):
        how = [r["relationshipType"] for r in of(made, "Relationship") if r["from"] == one["spdxId"]]
        assert how.count("hasDeclaredLicense") == how.count("hasConcludedLicense") == 1
    assert [t["name"] for t in of(made, "simplelicensing_SimpleLicensingText")][0] == "Apache-2.0"


def test_the_same_card_gives_the_same_bytes(card):
    assert render(card, "spdx") == render(card, "spdx") and json.loads(render(card, "spdx"))[
        "@context"
    ].endswith("context.jsonld")
