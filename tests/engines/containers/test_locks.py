"""A source tree, or a lock alone, billed and held against advisories by what it locks."""

import json

import pytest
from tests.images import DEBIAN, docker_save, layer, mirror, record, stanza, tree

import assay
from assay.works.picking import picked

REQUESTS = record("GHSA-1", "PyPI", "requests", ("introduced", "0"), ("fixed", "2.20.0"))
TREE = {
    "app.py": "import requests\n",
    "requirements.txt": "requests==2.19.0\nJinja2>=2.10\n",
    "sub/pyproject.toml": '[project]\ndependencies = ["requests>=2", "Typing_Extensions"]\n',
    "sub/uv.lock": '[[package]]\nname = "typing-extensions"\nversion = "4.1"\nsource = {registry = "x"}\n',
}


def bill(result, tmp_path):
    (path,) = (tmp_path / "kept").iterdir()
    return json.loads(path.read_text())


def said(result):
    return [f"{s.what}: {s.why}" for s in result.report.coverage.skipped]


def test_what_a_tree_locks_is_billed_and_what_nothing_locks_is_told(tmp_path):
    result = assay.check("image.sbom", str(tree(tmp_path / "t", TREE)), keep=tmp_path / "kept")
    told = bill(result, tmp_path)
    assert {(c["name"], c.get("version")) for c in told["components"]} == {
        ("requests", "2.19.0"), ("Jinja2", None), ("typing-extensions", "4.1"),
    }  # fmt: skip
    assert told["metadata"]["component"]["type"] == "application"
    assert said(result) == ["requirements.txt: which version is installed is not locked of Jinja2 (>=2.10)"]
    assert result.outcome == "incomplete"


def test_what_is_locked_is_held_against_advisories_from_the_tree_the_file_and_the_bill(tmp_path):
    known = str(mirror(tmp_path / "osv", REQUESTS))
    root = tree(tmp_path / "t", TREE)
    found = assay.check("image.vulnerabilities", str(root), advisories=known)
    assert [f.rule for f in found.findings] == ["image.vulnerabilities.GHSA-1"]
    alone = assay.check(
        "image.vulnerabilities", str(root / "requirements.txt"), advisories=known, keep=tmp_path / "kept"
    )
    assert [f.rule for f in alone.findings] == ["image.vulnerabilities.GHSA-1"]
    assert "Jinja2: its version is not said" in said(alone)
    (kept,) = (tmp_path / "kept").iterdir()
    again = assay.check("image.vulnerabilities", str(kept), advisories=known)
    assert [f.rule for f in again.findings] == ["image.vulnerabilities.GHSA-1"]
    assert again.report.coverage.of == 2


def test_a_system_and_an_image_are_judged_by_what_is_installed(tmp_path):
    """A requirements.txt says what was asked for once; what was installed lies beside it."""
    files = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("libssl3", "3.0.11", "openssl"),
        "app/requirements.txt": "a==1\n",
    }
    result = assay.check("image.sbom", str(tree(tmp_path / "t", files)), keep=tmp_path / "kept")
    assert {c["name"] for c in bill(result, tmp_path)["components"]} == {"libssl3", "debian"}
    image = docker_save(tmp_path / "x", [layer({"app/requirements.txt": "a==1\n"})])
    assert [f.rule for f in assay.check("image.sbom", str(image)).findings] == ["image.sbom.empty"]


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        (
            "package-lock.json",
            '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1"}}}',
            {"a"},
        ),
        ("Cargo.lock", '[[package]]\nname = "c"\nversion = "1"\nsource = "registry+x"\n', {"c"}),
        ("Pipfile.lock", '{"_meta": {}, "default": {"p": {"version": "==1"}}}', {"p"}),
    ],
)
def test_a_lock_alone_is_no_bill_and_no_image(tmp_path, name, text, names):
    (tmp_path / name).write_text(text)
    result = assay.check("image.sbom", str(tmp_path / name), keep=tmp_path / "kept")
    assert {c["name"] for c in bill(result, tmp_path)["components"]} == names and result.outcome == "pass"
    assert [w.check for w in picked(str(tmp_path / name)).checks] == ["image.sbom"]


def test_what_is_referred_to_is_read_in_a_tree_and_missed_alone(tmp_path):
    files = {
        "requirements.txt": "-r reqs/requirements-base.txt\na==1\n",
        "reqs/requirements-base.txt": "b==2\n",
    }
    root = tree(tmp_path / "t", files)
    assert assay.check("image.sbom", str(root)).outcome == "pass"
    alone = assay.check("image.sbom", str(root / "requirements.txt"))
    assert "it refers to 'reqs/requirements-base.txt'" in said(alone)[0] and alone.outcome == "incomplete"


def test_scan_of_a_tree_holds_its_locks_against_advisories(tmp_path):
    root = str(tree(tmp_path / "t", TREE))
    assert ("image.vulnerabilities", root) in [
        (w.check, w.target) for w in picked(root, {"mirror": "osv"}).checks
    ]
    assert "image.sbom" not in [w.check for w in picked(root).checks]
