import json
import re

import pytest
from tests.images import DEBIAN, docker_save, layer, stanza, tree

import assay

FILES = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": stanza("libssl3", "3.0.11-1~deb12u1", "openssl"),
    "app/requests-2.30.0.dist-info/METADATA": "Name: requests\nVersion: 2.30.0\nRequires-Dist: idna (<4)\n",
    "app/node_modules/@acme/box/package.json": '{"name": "@acme/box", "version": "1.0.0", "license": "MIT"}',
    "models/net.safetensors": (2).to_bytes(8, "little") + b"{}" + bytes(200),
}


def bill(folder, image, **params):
    result = assay.check("image.sbom", str(image), keep=folder, **params)
    return result, json.loads(next(folder.iterdir()).read_text())


def test_each_package_has_its_url_and_a_model_its_digest(tmp_path):
    result, told = bill(tmp_path / "out", docker_save(tmp_path / "a.tar", [layer(FILES)]))
    urls = {c.get("purl", "") for c in told["components"]}
    assert "pkg:npm/%40acme/box@1.0.0" in urls and "pkg:pypi/requests@2.30.0" in urls
    assert any(
        u.startswith("pkg:deb/debian/libssl3@3.0.11-1~deb12u1?") and "upstream=openssl" in u for u in urls
    )
    model = next(c for c in told["components"] if c["type"] == "machine-learning-model")
    assert model["name"] == "net.safetensors" and len(model["hashes"][0]["content"]) == 64
    assert result.metric("packages").value == 3 and result.metric("models").value == 1
    assert told["compositions"][0]["aggregate"] == "complete"


@pytest.mark.parametrize("form", ["spdx", "cyclonedx-1.5", "cyclonedx"])
def test_a_bill_that_is_read_and_written_anew_lists_the_same(tmp_path, form):
    _, first = bill(tmp_path / "a", tree(tmp_path / "root", FILES), form=form)
    file = next((tmp_path / "a").iterdir())
    _, again = bill(tmp_path / "b", file, form=form)
    if form == "spdx":
        listed = [
            [(p["name"], p.get("versionInfo"), p.get("externalRefs")) for p in d["packages"][1:]]
            for d in (first, again)
        ]
    else:
        listed = [
            [(c["type"], c["name"], c["version"], c.get("purl")) for c in d["components"]]
            for d in (first, again)
        ]
    assert listed[0] == listed[1] and len(listed[0]) == 5


def test_a_bill_says_of_itself_what_could_not_be_read_and_so_does_what_is_read_from_it(tmp_path):
    image = tree(tmp_path / "root", {**FILES, "var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + bytes(500)})
    for form in ("cyclonedx", "spdx"):
        result, _ = bill(tmp_path / form, image, form=form)
        assert result.outcome == "incomplete"
        again = assay.check("image.sbom", str(next((tmp_path / form).iterdir())))
        assert again.outcome == "incomplete"


def test_spdx_says_when_it_was_made_to_the_second_as_its_readers_want_it(tmp_path):
    _, told = bill(tmp_path / "a", tree(tmp_path / "root", FILES), form="spdx")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["creationInfo"]["created"])


@pytest.mark.parametrize(
    "record", [{"app/Cargo.lock": 'package = ["serde"]'}, {"app/r.dist-info/METADATA": b"\xff\0\n"}]
)
def test_a_record_of_another_shape_is_a_gap_and_ends_no_inventory(tmp_path, record):
    result, _ = bill(tmp_path / "out", tree(tmp_path / "root", {**FILES, **record}))
    assert result.outcome == "incomplete"
    assert result.metric("packages").value == 3
