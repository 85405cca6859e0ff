import json
import os
from types import SimpleNamespace

import pytest
from tests.images import DEBIAN, docker_save, layer, mirror, oci_layout, record, stanza, tree, zipped, zstd

import assay
from assay.checks.image.vulnerabilities._known import known
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.kernel.severity import Severity

STATUS = stanza("libssl3", "3.0.11-1~deb12u1", "openssl") + stanza(
    "zlib1g", "1:1.2.13.dfsg-1+b1", "zlib (1:1.2.13.dfsg-1)"
)
ROOT = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": STATUS}
OPENSSL = record(
    "DEBIAN-CVE-2024-6119", "Debian:12", "openssl", ("introduced", "0"), ("fixed", "3.0.14-1~deb12u2"),
    upstream=["CVE-2024-6119"],
    severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
    summary="A crash in the check of names",
)  # fmt: skip
PATCHED = record(
    "DEBIAN-CVE-2023-5678", "Debian:12", "openssl", ("introduced", "0"), ("fixed", "3.0.11-1~deb12u1")
)
REQUESTS = record("GHSA-j8r2-6x86-q33q", "PyPI", "requests", ("introduced", "2.3.0"), ("fixed", "2.31.0"))


def run(image, advisories, **params):
    return assay.check("image.vulnerabilities", str(image), advisories=str(advisories), **params)


def ids(result):
    return [f.rule.rpartition(".")[2] for f in result.findings]


def test_a_source_package_is_held_against_the_distributions_own_records_and_version(tmp_path):
    result = run(tree(tmp_path / "root", ROOT), mirror(tmp_path / "osv", OPENSSL, PATCHED))
    assert ids(result) == ["CVE-2024-6119"]
    found = result.findings[0]
    assert found.severity == Severity.HIGH and "3.0.14-1~deb12u2" in found.remedy
    assert "openssl 3.0.11-1~deb12u1 (installed as libssl3)" in found.message
    assert result.outcome == "fail" and result.metric("packages").value == 2


@pytest.mark.parametrize("kind", ["docker", "oci", "zstd", "plain", "tar"])
def test_every_form_of_an_image_says_the_same(tmp_path, kind):
    layers = [layer({"etc/os-release": DEBIAN}), layer({"./var/lib/dpkg/status": STATUS})]
    if kind == "docker":
        image = docker_save(tmp_path / "app.tar", layers)
    else:
        pack = {"zstd": zstd, "plain": bytes}.get(kind)
        image = oci_layout(tmp_path / "app", layers, **({"packed": pack} if pack else {}))
    if kind == "tar":
        files = {p.relative_to(image).as_posix(): p.read_bytes() for p in image.rglob("*") if p.is_file()}
        image = tmp_path / "app.tar"
        image.write_bytes(layer(files))
    result = run(image, zipped(tmp_path / "all.zip", OPENSSL, PATCHED))
    assert ids(result) == ["CVE-2024-6119"] and result.report.coverage.complete


def test_what_a_higher_layer_deletes_or_replaces_is_not_installed(tmp_path):
    requests = "Metadata-Version: 2.1\nName: requests\nVersion: 2.30.0\n\nText\n"
    site = "usr/lib/python3.11/site-packages"
    lower = layer({"etc/os-release": DEBIAN, f"{site}/requests-2.30.0.dist-info/METADATA": requests})
    kept = run(docker_save(tmp_path / "a.tar", [lower]), mirror(tmp_path / "osv", REQUESTS))
    assert ids(kept) == ["GHSA-j8r2-6x86-q33q"]
    for n, hiding in enumerate(
        (
            {f"{site}/.wh.requests-2.30.0.dist-info": ""},
            {f"{site}/.wh..wh..opq": "", "opt/a": "x"},
            {"usr/.wh.lib": ""},
            {f"{site}/requests-2.30.0.dist-info/METADATA": requests.replace("2.30.0", "2.31.0")},
        )
    ):
        image = docker_save(tmp_path / f"b{n}.tar", [lower, layer(hiding)])
        assert ids(run(image, tmp_path / "osv")) == []


def test_a_distributions_python_package_is_not_judged_by_the_upstream_version(tmp_path):
    path = "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO"
    files = {
        **ROOT,
        path: "Name: requests\nVersion: 2.28.1\n",
        "var/lib/dpkg/info/python3-requests.list": f"/.\n/usr\n/{path}\n",
    }
    result = run(tree(tmp_path / "root", files), mirror(tmp_path / "osv", PATCHED, REQUESTS))
    assert ids(result) == [] and result.outcome == "pass"
    del files["var/lib/dpkg/info/python3-requests.list"]
    assert ids(run(tree(tmp_path / "own", files), tmp_path / "osv")) == ["GHSA-j8r2-6x86-q33q"]


def test_an_ecosystem_that_the_mirror_does_not_have_is_not_a_pass(tmp_path):
    result = run(tree(tmp_path / "root", ROOT), mirror(tmp_path / "osv", REQUESTS))
    assert result.outcome == "incomplete" and "Debian:12" in result.report.coverage.skipped[0].why


def test_a_database_that_cannot_be_read_makes_it_incomplete(tmp_path):
    files = {**ROOT, "var/lib/rpm/Packages.db": b"RpmP" + bytes(60)}
    result = run(tree(tmp_path / "root", files), mirror(tmp_path / "osv", PATCHED))
    assert (
        result.outcome == "incomplete" and result.report.coverage.skipped[0].what == "var/lib/rpm/Packages.db"
    )


def test_an_image_that_says_nothing_of_what_is_installed_is_incomplete(tmp_path):
    result = run(tree(tmp_path / "root", {"bin/app": "x"}), mirror(tmp_path / "osv", PATCHED))
    assert result.outcome == "incomplete"


def test_a_layer_that_is_not_what_its_digest_says_is_critical(tmp_path):
    image = docker_save(tmp_path / "app.tar", [layer(ROOT)], wrong=True)
    result = run(image, mirror(tmp_path / "osv", PATCHED))
    assert (
        result.findings[0].rule == "image.layer_digest" and result.findings[0].severity == Severity.CRITICAL
    )


def test_one_vulnerability_under_several_names_is_one_finding(tmp_path):
    other = record(
        "PYSEC-2023-74", "PyPI", "requests", ("introduced", "2.3.0"), ("fixed", "2.31.0"),
        aliases=["CVE-2023-32681", "GHSA-j8r2-6x86-q33q"],
    )  # fmt: skip
    files = {"app/requests-2.30.0.dist-info/METADATA": "Name: requests\nVersion: 2.30.0\n"}
    result = run(tree(tmp_path / "root", files), mirror(tmp_path / "osv", REQUESTS, other))
    assert ids(result) == ["CVE-2023-32681"]
    assert "GHSA-j8r2-6x86-q33q" in result.findings[0].refs


def test_the_shortest_upgrade_clears_all(tmp_path):
    records = [
        record("A-1", "PyPI", "thing", ("introduced", "0"), ("fixed", "1.2")),
        record("A-2", "PyPI", "thing", ("introduced", "1.0"), ("fixed", "1.4")),
        record("A-3", "PyPI", "thing", ("introduced", "1.4"), ("fixed", "1.5")),
        record("A-4", "PyPI", "thing", ("introduced", "1.9"), ("fixed", "2.0")),
    ]
    files = {"app/thing-1.1.dist-info/METADATA": "Name: thing\nVersion: 1.1\n"}
    result = run(tree(tmp_path / "root", files), mirror(tmp_path / "osv", *records))
    assert sorted(ids(result)) == ["A-1", "A-2"]
    assert "upgrade to 1.5, which clears all 2" in result.findings[0].remedy


def test_a_withdrawn_record_says_nothing(tmp_path):
    gone = record("A-1", "PyPI", "thing", ("introduced", "0"), withdrawn="2026-01-02T00:00:00Z")
    kept = record("A-2", "PyPI", "other", ("introduced", "0"))
    files = {"app/thing-1.1.dist-info/METADATA": "Name: thing\nVersion: 1.1\n"}
    assert ids(run(tree(tmp_path / "root", files), mirror(tmp_path / "osv", gone, kept))) == []


def test_the_inventory_is_scanned_again_without_the_image(tmp_path):
    result = assay.check(
        "image.sbom", str(docker_save(tmp_path / "a.tar", [layer(ROOT)])), keep=tmp_path / "out"
    )
    assert result.outcome == "pass"
    again = run(tmp_path / "out" / "sbom.cdx.json", mirror(tmp_path / "osv", OPENSSL))
    assert ids(again) == ["CVE-2024-6119"] and again.metric("packages").value == 2


def test_of_several_platforms_the_one_asked_for_is_taken(tmp_path):
    image = oci_layout(tmp_path / "app", [layer(ROOT)], platforms=(("linux", "riscv64"), ("linux", "s390x")))
    advisories = mirror(tmp_path / "osv", OPENSSL)
    with pytest.raises(AssayError, match="several images"):
        run(image, advisories)
    assert ids(run(f"{image}#linux/s390x", advisories)) == ["CVE-2024-6119"]


def test_links_lead_to_a_database_within_the_image_and_nowhere_else(tmp_path):
    files = {"etc/os-release": DEBIAN, "data/db/status": STATUS}
    linked = layer(files, soft=[("var/lib/dpkg", "../../data/db")])
    advisories = mirror(tmp_path / "osv", OPENSSL)
    assert ids(run(docker_save(tmp_path / "a.tar", [linked]), advisories)) == ["CVE-2024-6119"]
    loop = layer({**files, "etc/hostname": "x"}, soft=[("var/lib/dpkg", "dpkg2"), ("var/lib/dpkg2", "dpkg")])
    assert run(docker_save(tmp_path / "b.tar", [loop]), advisories).outcome == "incomplete"
    root = tree(tmp_path / "root", {"etc/os-release": DEBIAN})
    (root / "var" / "lib").mkdir(parents=True)
    (root / "var" / "lib" / "dpkg").symlink_to(tmp_path)
    (tmp_path / "status").write_text(STATUS)
    assert ids(run(root, advisories)) == []


def test_in_a_home_the_index_is_made_once_and_thrown_away_without_loss(tmp_path, monkeypatch):
    from assay.doors.cli import main

    tree(tmp_path / "root", ROOT)
    mirror(tmp_path / "osv", OPENSSL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_HOME", "")
    for args in (
        ["init", "."],
        *[
            [
                "check",
                "image.vulnerabilities",
                "root",
                "--advisories",
                "osv",
                "--format",
                "json",
                "-o",
                "r.json",
            ]
        ]
        * 2,
    ):
        with pytest.raises(SystemExit) as ended:
            main(args)
    assert ended.value.code == 1
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["findings"][0]["where"]["package"] == "deb/openssl"
    assert report["outputs"][0]["name"] == "sbom" and report["outputs"][0]["digest"]
    assert len(list((tmp_path / ".assay" / "cache" / "advisories").glob("*.sqlite"))) == 1


THING = {
    "app/thing-1.1.dist-info/METADATA": "Name: thing\nVersion: 1.1\nRequires-Dist: base-lib\n",
    "app/thing-1.1.dist-info/RECORD": "thingmod/__init__.py,,\nthing-1.1.dist-info/METADATA,,\n",
    "app/base_lib-2.0.dist-info/METADATA": "Name: base_lib\nVersion: 2.0\n",
    "app/apart-3.0.dist-info/METADATA": "Name: apart\nVersion: 3.0\n",
}
GRAVE = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]


def grave(id, name, **more):
    return record(id, "PyPI", name, ("introduced", "0"), severity=GRAVE, **more)


def test_what_is_known_to_be_exploited_is_critical_and_epss_is_told(tmp_path):
    mirror(tmp_path / "osv", record("CVE-2024-1111", "PyPI", "thing", ("introduced", "0")))
    (tmp_path / "kev.json").write_text('{"vulnerabilities": [{"cveID": "CVE-2024-1111"}]}')
    (tmp_path / "epss.csv").write_text("#model_version:v1\ncve,epss,percentile\nCVE-2024-1111,0.97,0.99\n")
    root = tree(tmp_path / "root", THING)
    plain = run(root, tmp_path / "osv", unscored="low")
    assert plain.findings[0].severity == Severity.LOW
    told = run(
        root,
        tmp_path / "osv",
        unscored="low",
        kev=str(tmp_path / "kev.json"),
        epss=str(tmp_path / "epss.csv"),
    )
    assert told.findings[0].severity == Severity.CRITICAL
    assert "EPSS 0.970, known to be exploited" in told.findings[0].message
    assert told.metric("known_exploited").value == 1 and told.metric("highest_epss").value == 0.97
    with pytest.raises(AssayError, match="kev"):
        run(root, tmp_path / "osv", kev=str(tmp_path / "epss.csv"))


@pytest.mark.parametrize(
    ("product", "parts", "cleared"),
    [
        ("pkg:pypi/thing", [], True),
        ("pkg:pypi/thing@1.1", [], True),
        ("pkg:pypi/thing@1.2", [], False),
        ("pkg:npm/thing", [], False),
        ("pkg:oci/root", [], True),
        ("pkg:oci/root", ["pkg:pypi/thing"], True),
        ("pkg:oci/root", ["pkg:pypi/other"], False),
        ("pkg:oci/another", [], False),
    ],
)
def test_a_statement_clears_what_it_speaks_of_and_nothing_else(tmp_path, product, parts, cleared):
    mirror(tmp_path / "osv", grave("CVE-2024-1111", "thing"))
    statement = {
        "vulnerability": {"name": "CVE-2024-1111"}, "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        "products": [{"@id": product, "subcomponents": [{"@id": p} for p in parts]}],
    }  # fmt: skip
    (tmp_path / "vex.json").write_text(
        json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement]})
    )
    result = run(tree(tmp_path / "root", THING), tmp_path / "osv", vex=str(tmp_path / "vex.json"))
    assert (ids(result) == []) == cleared
    assert result.metric("cleared").value == int(cleared)


@pytest.mark.parametrize(
    ("said", "cleared"),
    [(["CVE-2024-1"], False), (["CVE-2024-1", "CVE-2024-2", "CVE-2024-3"], True), (["RLSA-2024:1"], True)],
)
def test_of_an_advisory_about_several_each_must_be_said_not_to_matter(tmp_path, said, cleared):
    """A statement about one CVE cleared an advisory with others in it, which nothing else told of."""
    three = [f"CVE-2024-{n}" for n in (1, 2, 3)]
    mirror(tmp_path / "osv", {**grave("RLSA-2024:1", "thing"), "aliases": [], "upstream": three})
    statements = [
        {"vulnerability": {"name": one}, "status": "not_affected", "products": ["pkg:pypi/thing"]}
        for one in said
    ]
    (tmp_path / "vex.json").write_text(
        json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": statements})
    )
    result = run(tree(tmp_path / "root", THING), tmp_path / "osv", vex=str(tmp_path / "vex.json"))
    assert (ids(result) == []) == cleared


def test_the_later_statement_counts_and_cyclonedx_says_it_too(tmp_path):
    mirror(tmp_path / "osv", grave("CVE-2024-1111", "thing"))
    later = {
        "bomFormat": "CycloneDX",
        "components": [{"bom-ref": "a", "purl": "pkg:pypi/thing@1.1"}],
        "vulnerabilities": [
            {
                "id": "CVE-2024-1111",
                "analysis": {"state": "false_positive", "lastUpdated": "2026-01-02"},
                "affects": [{"ref": "a"}],
            },
            {
                "id": "CVE-2024-1111",
                "analysis": {"state": "exploitable", "lastUpdated": "2026-01-03"},
                "affects": [{"ref": "a"}],
            },
        ],
    }
    root = tree(tmp_path / "root", THING)
    (tmp_path / "vex.json").write_text(json.dumps(later))
    assert ids(run(root, tmp_path / "osv", vex=str(tmp_path / "vex.json"))) == ["CVE-2024-1111"]
    later["vulnerabilities"].pop()
    (tmp_path / "vex.json").write_text(json.dumps(later))
    assert ids(run(root, tmp_path / "osv", vex=str(tmp_path / "vex.json"))) == []


def test_what_the_code_does_not_import_is_told_and_less_grave(tmp_path):
    mirror(tmp_path / "osv", grave("A-1", "thing"), grave("A-2", "base-lib"), grave("A-3", "apart"))
    root = tree(tmp_path / "root", THING)
    tree(tmp_path / "code", {"main.py": "from thingmod.inner import x\n", "note.txt": "import apart"})
    found = {f.rule[-3:]: f for f in run(root, tmp_path / "osv", code=str(tmp_path / "code")).findings}
    assert found["A-1"].severity == found["A-2"].severity == Severity.CRITICAL
    assert (
        found["A-3"].severity == Severity.MEDIUM and "nothing in the code imports it" in found["A-3"].message
    )
    tree(tmp_path / "code", {"more.py": "import importlib, sys\nimportlib.import_module(sys.argv[1])\n"})
    open_ = run(root, tmp_path / "osv", code=str(tmp_path / "code"))
    assert {f.severity for f in open_.findings} == {Severity.CRITICAL}
    assert open_.report.coverage.skipped[0].what == "what the code imports"


def test_code_that_cannot_be_read_is_a_gap_and_nothing_is_called_unreached(tmp_path):
    """The check ended at the first such file."""
    tree(tmp_path, {"a.py": "import thingmod\n"})
    os.mkfifo(tmp_path / "pipe.py")  # as where something took a file's place meanwhile

    class Code:
        def __init__(self, *names):
            self.names = names

        def files(self):
            return iter((name, tmp_path / name) for name in self.names)

    image = SimpleNamespace(asset=Asset("image", "app", ""), tags=())
    found = known(image, [], kev=None, epss=None, statements=None, code=Code("a.py", "pipe.py", "gone.py"))
    assert found.reached is None
    assert [(s.what, s.why) for s in found.skipped] == [
        ("pipe.py", "it is no regular file"), ("gone.py", "it went meanwhile"),
    ]  # fmt: skip
    with pytest.raises(AssayError, match="pipe.py cannot be read: it is no regular file"):
        known(image, [], kev=None, epss=None, statements=Code("pipe.py"), code=None)


def test_of_one_severity_what_is_exploited_comes_first_then_what_is_likely_to_be(tmp_path):
    names = {"CVE-2024-1": None, "CVE-2024-2": 0.9, "CVE-2024-3": 0.1, "CVE-2024-4": 0.02}
    records = [grave(f"A-{n}", "thing", aliases=[f"{cve}000"]) for n, cve in enumerate(names)]
    root = tree(tmp_path / "root", THING)
    mirror(tmp_path / "osv", *records)
    (tmp_path / "kev.json").write_text('{"vulnerabilities": [{"cveID": "CVE-2024-4000"}]}')
    rows = "".join(f"{cve}000,{p},0.5\n" for cve, p in names.items() if p is not None)
    (tmp_path / "epss.csv").write_text("cve,epss,percentile\n" + rows)
    found = run(
        root, tmp_path / "osv", kev=str(tmp_path / "kev.json"), epss=str(tmp_path / "epss.csv")
    )  # all are critical
    assert ids(found) == ["CVE-2024-4000", "CVE-2024-2000", "CVE-2024-3000", "CVE-2024-1000"]


def test_how_the_code_reaches_a_package_is_told_of_each(tmp_path):
    mirror(tmp_path / "osv", grave("A-1", "thing"), grave("A-2", "base-lib"), grave("A-3", "apart"))
    tree(tmp_path / "code", {"main.py": "from thingmod.inner import x\n"})
    result = run(tree(tmp_path / "root", THING), tmp_path / "osv", code=str(tmp_path / "code"))
    found = {f.rule[-3:]: f for f in result.findings}
    assert (
        found["A-1"].where["reach"] == "imported" and "the code reaches it: imported" in found["A-1"].message
    )
    assert found["A-2"].where["reach"] == "required by thing"
    assert found["A-3"].where["reach"] == "not imported" and result.metric("reached").value == 2


@pytest.mark.parametrize(("system", "judged"), [("ID=alpine\nVERSION_ID=3.19.1\n", 1), (DEBIAN, 0)])
def test_packages_of_a_system_that_calls_itself_another_are_not_a_pass(tmp_path, system, judged):
    """Alpine's packages were held against Debian's records, which know none of them."""
    image = tree(
        tmp_path / "root", {"etc/os-release": system, "lib/apk/db/installed": "P:musl\nV:1.2.4-r2\n\n"}
    )
    advisories = mirror(
        tmp_path / "osv",
        record("CVE-1", "Debian:12", "zlib", ("introduced", "0")), record("CVE-2", "Alpine:v3.19", "zlib", ("introduced", "0")),
    )  # fmt: skip
    result = assay.check("image.vulnerabilities", str(image), advisories=str(advisories))
    assert result.report.coverage.examined == judged and result.outcome == (
        "pass" if judged else "incomplete"
    )


def test_the_upgrade_is_told_where_records_name_only_the_last_affected_version(tmp_path):
    """Judged by hand: 2.2.8 is in b and e, 2.2.12 and 3.0.4 are in e, and 5.0 is the smallest in none; d is withdrawn."""
    from tests.images import mirror, record, tree

    import assay

    records = [
        record("OSV-a", "RubyGems", "rack", ("introduced", "2.2.0"), ("fixed", "2.2.8"), ("introduced", "3.0.0"), ("fixed", "3.0.4")),
        record("OSV-b", "RubyGems", "rack", ("introduced", "2.2.0.rc1"), ("last_affected", "2.2.10")),
        record("OSV-c", "RubyGems", "rack", ("introduced", "2.2.11"), ("fixed", "2.2.12")),
        record("OSV-d", "RubyGems", "rack", ("introduced", "0"), ("fixed", "9.0")) | {"withdrawn": "2024-02-01T00:00:00Z"},
        record("OSV-e", "RubyGems", "rack", ("introduced", "2.2.3.1"), ("fixed", "5.0")),
        record("OSV-f", "RubyGems", "rack", ("introduced", "0"), ("fixed", "2.2.3")),
    ]  # fmt: skip
    root = tree(tmp_path / "t", {"Gemfile.lock": "GEM\n  specs:\n    rack (2.2.3)\n"})
    found = assay.check(
        "image.vulnerabilities", str(root), advisories=str(mirror(tmp_path / "osv", *records))
    )
    assert {f.rule[-5:]: f.remedy for f in found.findings} == {
        "OSV-a": "upgrade to 5.0, which clears all 2 of its vulnerabilities",
        "OSV-b": "no record names the version that fixes it; 5.0 has none of its vulnerabilities",
    }
