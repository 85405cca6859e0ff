"""The ML-BOM: what is in it, that it is the same for the same card, and that no name breaks it. tests/peers validates it."""

from __future__ import annotations

import base64
import json
import re
from xml.etree import ElementTree

import pytest
from tests.cards import digest, examined

from assay.kernel.card import Card, Field, Identity, Training
from assay.reports.card import render
from assay.reports.card.cyclonedx import bom


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("card"))[1]


def test_the_model_its_data_and_its_packages_are_components(card):
    made = bom(card)
    model = made["metadata"]["component"]
    assert (made["specVersion"], model["type"]) == ("1.6", "machine-learning-model")
    assert model["hashes"] == [{"alg": "SHA-256", "content": card.model.digest[7:]}]
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    data = [c for c in made["components"] if c["type"] == "data"]
    assert [c["name"] for c in data] == ["people", "split.train", "split.test"]
    assert data[0]["data"][0]["sensitiveData"] and "sensitiveData" not in data[1]["data"][0]
    libraries = [c["purl"] for c in made["components"] if c["type"] == "library"]
    assert libraries == ["pkg:pypi/zope-interface@1.0", "pkg:pypi/numpy@2"]
    refs = {c["bom-ref"] for c in (model, *made["components"])}
    assert {r for d in made["dependencies"] for r in (d["ref"], *d.get("dependsOn", ()))} == refs
    assert {d["ref"] for d in model["modelCard"]["modelParameters"]["datasets"]} <= refs


def test_metrics_carry_their_slices_and_intervals(card):
    found = bom(card)["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert found[0] == {
        "type": "f1", "value": "0.9", "slice": "split.test", "confidenceInterval": {"lowerBound": "0.85", "upperBound": "0.95"},
    }  # fmt: skip
    assert {"type": "loss", "value": "0.4", "slice": "split.test: town = Bb"} in found
    assert any(m["type"] == "DPPL" and m["slice"] == "split.test: sex = f" for m in found)


def test_what_may_go_wrong_stands_with_what_is_done_about_it(card):
    said = bom(card)["metadata"]["component"]["modelCard"]["considerations"]
    assert said["ethicalConsiderations"] == [
        {"name": "Women had fewer loans.", "mitigationStrategy": "Groups are compared each month."}
    ]
    assert said["useCases"][-1] == "Out of scope: Refusing anybody without a clerk."
    assert said["fairnessAssessments"][0]["harms"] == "sex = f: the difference is 0.2."
    assert "Data made worse was not examined." in said["technicalLimitations"]


def test_the_charts_are_drawings(card):
    graphics = bom(card)["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["graphics"][
        "collection"
    ]
    assert [g["name"] for g in graphics] == ["ROC curve", "Confusion", "What it goes by"]
    for one in graphics:
        assert ElementTree.fromstring(base64.b64decode(one["image"]["content"])).tag.endswith("svg")


def test_the_same_card_gives_the_same_bytes_and_another_another_serial_number(card, tmp_path):
    again = examined(tmp_path)[1]
    assert render(card, "cyclonedx") == render(again, "cyclonedx")
    other = bom(card.with_(made="2027-01-01T00:00:00Z"))
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", other["serialNumber"]
    )
    assert other["serialNumber"] != bom(card)["serialNumber"]
    assert bom(card)["metadata"]["timestamp"] == card.made == "2026-01-02T03:10:00.000Z"


def test_hostile_names_of_packages_and_licences_stay_values():
    fields = (Field("license", "L", "people", "said", ("GPL-9 or what you like",)),)
    packages = {"a/../b": "1 2", "?x#": "@", "--": "1", "Ünter": "1"}
    made = bom(Card(Identity("m", "sha256:zz"), fields=fields, training=Training(packages=packages)))
    assert made["metadata"]["component"]["licenses"] == [{"license": {"name": "GPL-9 or what you like"}}]
    assert "hashes" not in made["metadata"]["component"]
    purls = [c["purl"] for c in made["components"]]
    assert all(re.fullmatch(r"pkg:pypi/[\w.%~-]+@[\w.%~-]+", p) for p in purls) and len(purls) == 3
    assert "components" not in json.loads(render(Card(Identity("m", digest("m"))), "cyclonedx"))
