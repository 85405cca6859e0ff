"""The inventory as an ML-BOM: what is in it. tests/peers validates it by the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.cards import digest, examined
from tests.inventories import hostile, inventory

from assay.reports.inventory.cyclonedx import bom


def properties(component):
    return {(p["name"], p["value"]) for p in component["properties"]}


def test_each_version_is_a_component_with_what_was_decided():
    made = bom(inventory())
    models = [c for c in made["components"] if c["type"] == "machine-learning-model"]
    assert [c["bom-ref"] for c in models] == [f"loans@{n}" for n in range(1, 6)]
    fourth = models[3]
    assert fourth["hashes"] == [{"alg": "SHA-256", "content": digest("model")[7:]}]
    assert fourth["manufacturer"] == {"name": "Risk"} and fourth["tags"] == ["champion", "region", "seen"]
    assert {
        ("assay:status", "APPROVED"), ("assay:approved-by", "bob"), ("assay:approved-by", "cleo"),
        ("assay:expires", "2026-06-20T00:00:00.000Z"), ("assay:alias", "champion"), ("assay:tag:seen", "yes"),
        ("assay:answer:harm", "Those refused."),
    } <= properties(fourth)  # fmt: skip
    assert {("assay:unanswered", "harm"), ("assay:unanswered", "data")} <= properties(models[4])
    assert ("assay:ended:successor", "loans@4") in properties(models[0])


def test_an_image_is_a_component_that_its_model_depends_on():
    made = bom(inventory())
    ref = f"image/{digest('image')}"
    (image,) = [c for c in made["components"] if c["type"] == "container"]
    assert (image["bom-ref"], image["hashes"][0]["content"]) == (ref, digest("image")[7:])
    assert {"ref": "loans@4", "dependsOn": [ref]} in made["dependencies"] and {"ref": ref} in made[
        "dependencies"
    ]


def test_a_model_with_a_card_carries_it(tmp_path):
    found = inventory()
    card = examined(tmp_path)[1]
    found = replace(found, entries=(replace(found.entries[3], card=card),))
    (model, _) = bom(found)["components"]
    assert model["modelCard"]["considerations"]["users"] == ["Clerks."]
    assert "datasets" not in model["modelCard"]["modelParameters"]  # the data is no component here


@pytest.mark.parametrize("found", [inventory(), inventory(hostile())])
def test_every_reference_is_one_of_its_own(found):
    made = bom(found)
    refs = [c["bom-ref"] for c in made["components"]]
    assert len(refs) == len(set(refs)) and {d["ref"] for d in made["dependencies"]} == set(refs)
