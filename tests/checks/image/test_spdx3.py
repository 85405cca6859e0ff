"""SPDX 3.0.1 held against the bindings that the SPDX project generates from its own model, and read back."""

import json

import pytest
from tests.images import DEBIAN, docker_save, layer, mirror, record, stanza, tree

import assay

FILES = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": stanza("libssl3", "3.0.11-1~deb12u1", "openssl"),
    "app/requests-2.30.0.dist-info/METADATA": "Name: requests\nVersion: 2.30.0\nLicense: Apache-2.0\n",
    "models/net.safetensors": (2).to_bytes(8, "little") + b"{}" + bytes(200),
}


def written(folder, image):
    result = assay.check("image.sbom", str(image), form="spdx-3", keep=folder)
    return result, next(folder.iterdir())


def graph(path):
    return json.loads(path.read_text())["@graph"]


def one(elements, type):
    (found,) = [e for e in elements if e["type"] == type]
    return found


def test_the_model_of_spdx_takes_it_whole(tmp_path):
    """Types, names, cardinalities and references: what the model does not know, or demands and misses, is an error."""
    v3 = pytest.importorskip("spdx_python_model.bindings.v3_0_1", reason="spdx-python-model is not installed")
    _, path = written(tmp_path / "out", docker_save(tmp_path / "a.tar", [layer(FILES)]))
    objects = v3.SHACLObjectSet()
    with path.open("rb") as source:
        v3.JSONLDDeserializer().read(source, objects)
    assert {m for m in objects.link() if "NoAssertion" not in m} == set()
    for element in objects.objects:
        v3.JSONLDSerializer().serialize_data(v3.SHACLObjectSet([element]))  # which checks what is mandatory
    (model,) = objects.foreach_type(v3.ai_AIPackage)
    assert model.name == "net.safetensors" and len(model.verifiedUsing[0].hashValue) == 64
    (document,) = objects.foreach_type(v3.SpdxDocument)
    assert len(document.element) == len(list(objects.foreach_type(v3.Element))) - 1


def test_the_ai_profile_has_its_two_licences_of_each_model(tmp_path):
    _, path = written(tmp_path / "out", tree(tmp_path / "root", FILES))
    elements = graph(path)
    model = one(elements, "ai_AIPackage")
    how = sorted(
        e["relationshipType"]
        for e in elements
        if e["type"] == "Relationship" and e["from"] == model["spdxId"]
    )
    assert (
        how == ["hasConcludedLicense", "hasDeclaredLicense"]
        and "ai" in one(elements, "SpdxDocument")["profileConformance"]
    )
    without = {path: content for path, content in FILES.items() if not path.startswith("models")}
    _, plain = written(tmp_path / "plain", tree(tmp_path / "none", without))
    assert "ai" not in one(graph(plain), "SpdxDocument")["profileConformance"]


def test_it_is_read_and_written_anew_and_lists_the_same(tmp_path):
    _, first = written(tmp_path / "a", tree(tmp_path / "root", FILES))
    _, again = written(tmp_path / "b", first)
    kinds = ("software_Package", "ai_AIPackage")
    listed = [
        [(e["type"], e["name"], e.get("software_packageVersion"), e.get("software_packageUrl"), e.get("verifiedUsing"))
         for e in graph(p) if e["type"] in kinds and not e["spdxId"].endswith("#subject")]
        for p in (first, again)
    ]  # fmt: skip
    assert listed[0] == listed[1] and len(listed[0]) == 4
    ssl = record("CVE-1", "Debian:12", "openssl", ("introduced", "0"), ("fixed", "3.1"))
    found = assay.check("image.vulnerabilities", str(first), advisories=str(mirror(tmp_path / "osv", ssl)))
    assert [f.rule for f in found.findings] == ["image.vulnerabilities.CVE-1"]


def test_what_could_not_be_read_makes_the_contents_incomplete_and_is_known_again(tmp_path):
    broken = {**FILES, "var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + bytes(500)}
    result, path = written(tmp_path / "a", tree(tmp_path / "root", broken))
    assert result.outcome == "incomplete"
    (contents,) = [e for e in graph(path) if e.get("relationshipType") == "contains"]
    assert contents["completeness"] == "incomplete" and graph(path)[0]["comment"].startswith("Incomplete. ")
    assert assay.check("image.sbom", str(path)).outcome == "incomplete"


@pytest.mark.parametrize(
    "graph_",
    [[1, None, "x"], [{"type": "software_Package", "verifiedUsing": [1]}], [{"type": ["x"]}], {"a": 1}, [{"type": "software_Sbom", "rootElement": 3}]],
)  # fmt: skip
def test_a_graph_of_another_shape_is_refused_in_a_sentence_or_read(tmp_path, graph_):
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph_})
    )
    try:
        assert assay.check("image.sbom", str(path)).outcome in ("pass", "incomplete")
    except assay.AssayError as error:
        assert str(error)


@pytest.mark.parametrize(("form", "name"), [("cyclonedx", "cdx"), ("spdx", "spdx"), ("spdx-3", "spdx3")])
def test_a_bill_that_is_judged_again_was_kept_under_another_forms_name(tmp_path, form, name):
    assay.check("image.sbom", str(tree(tmp_path / "root", FILES)), form=form, keep=tmp_path / "bill")
    (bill,) = (tmp_path / "bill").iterdir()
    osv = mirror(tmp_path / "osv", record("GHSA-1", "PyPI", "other", ("introduced", "0")))
    assay.check("image.vulnerabilities", str(bill), advisories=str(osv), keep=tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.read_bytes() == bill.read_bytes() and kept.name == f"sbom.{name}.json"
