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


def test_scan_of_a_folder_of_locks_alone_holds_them_against_advisories_too(tmp_path):
    root = str(
        tree(tmp_path / "t", {"Gemfile.lock": EACH["r/Gemfile.lock"], "yarn.lock": EACH["y/yarn.lock"]})
    )
    asked = [(w.check, w.target) for w in picked(root, {"mirror": "osv"}).checks]
    assert ("image.vulnerabilities", root) in asked
    assert [w.check for w in picked(root).checks] == ["model.scan"]


EACH = {
    "y/yarn.lock": '# yarn lockfile v1\n\n\nlodash@^4:\n  version "4.17.20"\n',
    "p/pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages:\n  lodash@4.17.20:\n    resolution: {integrity: sha512-a}\n",
    "b/bun.lock": '{"lockfileVersion": 1, "packages": {"lodash": ["lodash@4.17.20", "", {}, "sha512-a"],},}',
    "go/go.mod": "module own\n\ngo 1.21\n\nrequire example.org/m v1.0.0\n",
    "go/go.sum": "example.org/m v1.0.0 h1:x=\nexample.org/unused v1.0.0 h1:x=\n",
    "old/go.mod": "module own\n\ngo 1.16\n\nrequire example.org/m v1.0.0\n",
    "old/go.sum": "example.org/m v1.0.0 h1:x=\n",
    "r/Gemfile.lock": "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (2.2.3.pre)\n",
    "c/composer.lock": '{"packages": [{"name": "x/y", "version": "v1.0.0-RC1"}]}',
    "d/pubspec.lock": 'packages:\n  http:\n    source: hosted\n    version: "1.0.0+1"\n',
    "e/renv.lock": '{"R": {}, "Packages": {"markdown": {"Version": "1.0", "Source": "Repository"}}}',
    "g/gradle.lockfile": "g:a:1.0=x\nempty=\n",
    "m/pom.xml": "<project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1.0</version></dependency></dependencies></project>",
    "n/packages.lock.json": '{"dependencies": {"net6.0": {"Json.Of": {"type": "Direct", "resolved": "12.0.3"}}}}',
    "k/conda-lock.yml": "version: 1\npackage:\n- {name: flask, version: '0.10', manager: pip, platform: x, url: 'https://x.example/f'}\n",
    "x/pixi.lock": "version: 6\npackages:\n- pypi: https://x.example/Flask-0.10-py3-none-any.whl\n",
    "s/setup.py": "from setuptools import setup\nsetup(install_requires=['flask==0.10'])\n",
    "t/setup.cfg": "[options]\ninstall_requires = flask==0.10\n",
}  # fmt: skip
RANGES = {
    ("npm", "lodash"): ("0", "4.17.21"), ("Go", "example.org/m"): ("0", "1.0.1"), ("RubyGems", "rack"): ("0", "2.2.3"),
    ("Packagist", "X/y"): ("0", "1.0.0"), ("Pub", "http"): ("0", "1.0.0+2"), ("CRAN", "markdown"): ("0", "1.0-1"),
    ("Maven", "g:a"): ("0", "1.1"), ("NuGet", "json.of"): ("0", "13.0.1"), ("PyPI", "flask"): ("0", "0.11"),
}  # fmt: skip


def test_each_lock_is_held_against_its_ecosystem_in_its_order(tmp_path):
    records = [
        record(f"OSV-{base}", base, name, ("introduced", since), ("fixed", to))
        for (base, name), (since, to) in RANGES.items()
    ]
    root = tree(tmp_path / "t", EACH)
    found = assay.check(
        "image.vulnerabilities", str(root), advisories=str(mirror(tmp_path / "osv", *records))
    )
    assert {f.rule.removeprefix("image.vulnerabilities.OSV-") for f in found.findings} == {
        b for b, _ in RANGES
    }
    assert said(found) == ["m/pom.xml: what its dependencies need in turn is not said in it"]
    told = assay.check("image.sbom", str(root), keep=tmp_path / "kept")
    where = {
        one["location"] for c in bill(told, tmp_path)["components"] for one in c["evidence"]["occurrences"]
    }
    assert where == set(EACH) - {"go/go.sum", "old/go.mod"}  # what go.mod says whole, and what go.sum settles


def test_files_under_any_name_are_read_where_requirements_refer_to_them(tmp_path):
    files = {
        "requirements.txt": "-r base.in\n-c ../limits.txt\n-r https://x.example/r.txt\n-r none.in\n",
        "base.in": "a==1\n-r deep/more.in\n",
        "deep/more.in": "b==2\n-r ../requirements.txt\n",
        "other.in": "c==3\n",
    }
    result = assay.check("image.sbom", str(tree(tmp_path / "t", files)), keep=tmp_path / "kept")
    assert {c["name"] for c in bill(result, tmp_path)["components"]} == {"a", "b"}
    outside = "which lies outside of it or has an address, and was not read"
    assert said(result) == [
        f"requirements.txt: it refers to '../limits.txt', {outside}",
        f"requirements.txt: it refers to 'https://x.example/r.txt', {outside}",
        "requirements.txt: it refers to 'none.in', which was not read",
    ]


def billed(root):
    return assay.check("image.sbom", str(root))


ASKED = {
    "package.json": '{"name": "app", "workspaces": ["web"], "dependencies": {"lodash": "^4.17.0", "left-pad": "1.3.0"}}',
    "web/package.json": '{"name": "web", "dependencies": {"app": "^1", "lodash": "4.17.20", "loose": "^2"}}',
    "rust/Cargo.toml": '[dependencies]\nserde = "1.0"\n',
    "java/build.gradle": "dependencies {\n}\n",
}
LOCKED = {
    "package-lock.json": json.dumps(
        {
            "lockfileVersion": 3,
            "packages": {
                "node_modules/lodash": {"version": "4.17.21"},
                "node_modules/left-pad": {"version": "1.3.0"},
                "node_modules/loose": {"version": "2.0.0"},
                "node_modules/app": {"resolved": "", "link": True},
            },
        }
    ),
    "rust/Cargo.lock": '[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "registry+x"\n',
    "java/gradle.lockfile": "a:b:1.0=compileClasspath\nempty=\n",
}


def test_what_a_person_asks_for_is_settled_by_the_lock_and_told_where_there_is_none(tmp_path):
    alone, both = (tree(tmp_path / n, f) for n, f in (("alone", ASKED), ("both", ASKED | LOCKED)))
    result = billed(alone)
    told = said(result)
    assert any("lodash (^4.17.0)" in t and "package.json" in t for t in told)
    assert any("loose (^2)" in t for t in told) and not any("app (" in t for t in told)
    assert any("serde (1.0)" in t for t in told) and any("--write-locks" in t for t in told)
    assert any("need in turn" in t for t in told)
    assert said(billed(both)) == []


def test_what_lies_in_node_modules_settles_it_and_what_was_copied_in_asks_for_nothing(tmp_path):
    files = {
        "package.json": '{"dependencies": {"lodash": "^4.17.0"}}',
        "node_modules/lodash/package.json": '{"name": "lodash", "version": "4.17.21", "dependencies": {"deep": "^1"}}',
        "vendor/org/lib/composer.json": '{"require": {"a/b": "^1"}}',
    }
    assert said(billed(tree(tmp_path / "t", files))) == []


def test_in_a_system_a_file_that_asks_is_no_gap_whatever_is_in_it(tmp_path):
    files = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("libssl3", "3.0.11", "openssl"),
        "usr/share/x/package.json": "{{name}}",
    }
    assert said(billed(tree(tmp_path / "t", files))) == []
