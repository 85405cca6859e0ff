"""Locks of Go, Ruby, PHP, R, Dart, Gradle, Maven, NuGet and conda, beside the tools' own reading where they are at hand."""

import json
import shutil
import subprocess

import pytest

from assay.methods.packages import locks
from assay.methods.packages.package import Unreadable


def read(text, path):
    return locks.read(text.encode(), path)


def named(text, path):
    return {(p.full, p.version or p.about["wanted"]) for p in read(text, path).packages}


GO = """module example.org/own // the tree

go 1.21.0

toolchain go1.21.5

require (
\tgithub.com/a/b/v2 v2.1.0
\t"example.org/c" v0.0.0-20200101000000-abcdefabcdef // indirect
\texample.org/old v2.0.0+incompatible
)

require example.org/d v1.0.0

replace (
\texample.org/d v1.0.0 => example.org/fork/d v1.0.1
\texample.org/old => ../old
)

exclude example.org/d v0.9.0

retract [v0.1.0, v0.2.0]
"""


def test_go():
    assert named(GO, "go.mod") == {
        ("github.com/a/b/v2", "v2.1.0"),
        ("example.org/c", "v0.0.0-20200101000000-abcdefabcdef"),
        ("example.org/fork/d", "v1.0.1"),
    }
    assert read(GO, "go.mod").instead == ["go.sum"]
    before = GO.replace("go 1.21.0", "go 1.16").replace("toolchain go1.21.5", "")
    assert ("github.com/a/b/v2", ">= v2.1.0") in named(before, "go.mod")
    sums = "".join(f"example.org/a {v} h1:x=\n" for v in ("v1.9.0", "v1.10.0", "v1.2.0", "v1.11.0/go.mod"))
    assert named(sums, "go.sum") == {("example.org/a", "v1.10.0")}


@pytest.mark.skipif(not shutil.which("go"), reason="there is no Go here to compare with")
def test_go_itself_reads_the_same_requirements(tmp_path):
    text = GO.replace("1.21.0", "1.19").replace("toolchain go1.21.5\n", "").replace("//", "// //", 1)
    (tmp_path / "go.mod").write_text(text)
    asked = ["go", "mod", "edit", "-json"]
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/go/bin",
        "HOME": str(tmp_path),
        "GOFLAGS": "-mod=mod",
    }
    said = json.loads(subprocess.run(asked, cwd=tmp_path, env=env, capture_output=True, check=True).stdout)
    required = {(r["Path"], r["Version"]) for r in said["Require"]}
    replaced = {(r["Old"]["Path"]): r["New"] for r in said["Replace"]}
    known = {
        (replaced[p]["Path"], replaced[p]["Version"]) if p in replaced else (p, v)
        for p, v in required
        if not replaced.get(p, {"Path": "x"})["Path"].startswith(".")
    }
    assert named(text, "go.mod") == known


GEMS = """GIT
  remote: https://x.example/g.git
  revision: 0123
  branch: main
  specs:
    g (0.3.0)
      rack (>= 1)

PATH
  remote: own
  specs:
    own (0.1)

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.15.4-x86_64-linux)
      racc (~> 1.4)
    nokogiri (1.15.4-arm64-darwin)
      racc (~> 1.4)
    racc (1.7.1)
    rack (2.2.3.pre.1)

PLATFORMS
  arm64-darwin
  x86_64-linux

DEPENDENCIES
  g!
  own!
  rack (= 2.2.3)

BUNDLED WITH
   2.3.15
"""


def test_bundler():
    known = {("g", "0.3.0"), ("nokogiri", "1.15.4"), ("racc", "1.7.1"), ("rack", "2.2.3.pre.1")}
    assert named(GEMS, "Gemfile.lock") == known == named(GEMS.replace("\n", "\r\n"), "gems.locked")
    assert read(GEMS[: GEMS.index("2.2.3.pre") + 3], "Gemfile.lock").unread == ["rack (2.2"]


@pytest.mark.skipif(not shutil.which("ruby"), reason="there is no Ruby here to compare with")
def test_bundler_itself_reads_the_same_gems(tmp_path):
    (tmp_path / "Gemfile").touch()
    asked = (
        "require 'bundler'; Bundler::LockfileParser.new(STDIN.read).specs.each { |s|"
        " puts [s.name, s.version].join(' ') unless s.source.is_a?(Bundler::Source::Path) && !s.source.is_a?(Bundler::Source::Git) }"
    )
    done = subprocess.run(["ruby", "-e", asked], input=GEMS, capture_output=True, text=True, cwd=tmp_path)
    if done.returncode:
        pytest.skip("Bundler is not part of this Ruby")
    assert {tuple(line.split()) for line in done.stdout.splitlines()} == named(GEMS, "Gemfile.lock")


def test_composer():
    lock = {
        "_readme": ["This file locks the dependencies of your project to a known state"],
        "content-hash": "0123",
        "packages": [
            {
                "name": "Monolog/Monolog",
                "version": "2.9.1",
                "source": {"type": "git"},
                "dist": {"type": "zip"},
            },
            {"name": "x/own", "version": "dev-main", "dist": {"type": "path", "url": "./own"}},
        ],
        "packages-dev": [
            {"name": "phpunit/phpunit", "version": "v9.6.0"},
            {"name": "a/b", "version": "dev-main"},
        ],
    }
    text = json.dumps(lock)
    assert named(text, "composer.lock") == {("monolog/monolog", "2.9.1"), ("phpunit/phpunit", "v9.6.0"), ("a/b", "dev-main")}  # fmt: skip
    assert read(text, "composer.lock").packages[0].purl == "pkg:composer/monolog/monolog@2.9.1"


def test_renv():
    lock = {
        "R": {"Version": "4.3.1", "Repositories": [{"Name": "CRAN", "URL": "https://cloud.example"}]},
        "Packages": {
            "markdown": {
                "Package": "markdown",
                "Version": "1.0",
                "Source": "Repository",
                "Repository": "CRAN",
            },
            "limma": {"Package": "limma", "Version": "3.56.2", "Source": "Bioconductor"},
        },
    }
    assert [p.purl for p in read(json.dumps(lock), "renv.lock").packages] == [
        "pkg:cran/markdown@1.0", "pkg:bioconductor/limma@3.56.2",
    ]  # fmt: skip


def test_pub():
    text = """packages:
  http:
    dependency: "direct main"
    description:
      name: http
      sha256: "0123"
      url: "https://pub.dev"
    source: hosted
    version: "0.13.3"
  flutter:
    dependency: "direct main"
    description: flutter
    source: sdk
    version: "0.0.0"
  own:
    dependency: "direct main"
    description: {path: "own", relative: true}
    source: path
    version: "1.0.0"
sdks:
  dart: ">=3.0.0 <4.0.0"
"""
    assert named(text, "pubspec.lock") == {("http", "0.13.3")}


GRADLE = """# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
# This file is expected to be part of source control.
com.google.guava:guava:30.1-jre=compileClasspath,runtimeClasspath
org.slf4j:slf4j-api:1.7.36=runtimeClasspath
empty=annotationProcessor
"""


def test_gradle():
    known = {("com.google.guava:guava", "30.1-jre"), ("org.slf4j:slf4j-api", "1.7.36")}
    assert named(GRADLE, "gradle.lockfile") == known
    older = "\n".join(line.partition("=")[0] for line in GRADLE.splitlines()[:-1])
    assert named(older, "gradle/dependency-locks/runtimeClasspath.lockfile") == known
    with pytest.raises(Unreadable, match=r"slf4j-api:1\.7"):
        read(GRADLE[: GRADLE.index("slf4j-api") + 13], "gradle.lockfile")


def test_nuget():
    lock = {
        "version": 1,
        "dependencies": {
            "net6.0": {
                "Newtonsoft.Json": {"type": "Direct", "requested": "[12.0.3, )", "resolved": "12.0.3", "contentHash": "x"},
                "own": {"type": "Project", "dependencies": {}},
            },
            "net6.0/win-x64": {"Newtonsoft.Json": {"type": "Transitive", "resolved": "12.0.3"}},
        },
    }  # fmt: skip
    assert [p.purl for p in read(json.dumps(lock), "packages.lock.json").packages] == ["pkg:nuget/Newtonsoft.Json@12.0.3"]  # fmt: skip


POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.x</groupId><artifactId>parent</artifactId><version>3.0</version></parent>
  <artifactId>own</artifactId>
  <properties><log.version>2.${minor}</log.version><minor>14.1</minor><again>${again}</again></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId><version>1.1</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>${log.version}</version>
      <exclusions><exclusion><groupId>e</groupId><artifactId>no</artifactId></exclusion></exclusions></dependency>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>beside</artifactId><version>${project.version}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>above</artifactId></dependency>
    <dependency><groupId>g</groupId><artifactId>exact</artifactId><version>[1.2]</version></dependency>
    <dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1.2,2.0)</version></dependency>
    <dependency><groupId>g</groupId><artifactId>newest</artifactId><version>LATEST</version></dependency>
    <dependency><groupId>g</groupId><artifactId>round</artifactId><version>${again}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>jdk</artifactId><version>1</version><scope>system</scope></dependency>
  </dependencies>
  <build><plugins><plugin><dependencies>
    <dependency><groupId>g</groupId><artifactId>plugin</artifactId><version>1</version></dependency>
  </dependencies></plugin></plugins></build>
</project>
"""


def test_maven():
    assert named(POM, "pom.xml") == {
        ("org.apache.logging.log4j:log4j-core", "2.14.1"), ("g:managed", "1.1"), ("org.x:beside", "3.0"),
        ("g:above", "what its parent manages"), ("g:exact", "1.2"), ("g:range", "[1.2,2.0)"), ("g:newest", "LATEST"),
        ("g:round", "${again}"),
    }  # fmt: skip
    assert read(POM, "pom.xml").untold == ["what its dependencies need in turn is not said in it"]


CONDA = """version: 1
metadata:
  content_hash: {linux-64: "0123"}
  channels: [{url: conda-forge, used_env_vars: []}]
  platforms: [linux-64, osx-64]
package:
- name: numpy
  version: 1.26.0
  manager: conda
  platform: linux-64
  dependencies: {python: '>=3.11'}
  url: https://conda.example/linux-64/numpy-1.26.0-py311h64a7726_0.conda
  hash: {md5: "0123"}
  category: main
  optional: false
- name: numpy
  version: 1.26.0
  manager: conda
  platform: osx-64
  dependencies: {}
  url: https://conda.example/osx-64/numpy-1.26.0-py311hc44ba51_0.conda
- name: flask
  version: '0.10'
  manager: pip
  platform: linux-64
  url: https://files.example/Flask-0.10-py3-none-any.whl
"""
PIXI = """version: {version}
environments:
  default:
    channels:
    - url: https://conda.example/conda-forge/
packages:
"""


def test_conda_lock():
    told = read(CONDA, "conda-lock.yml")
    assert [p.purl for p in told.packages] == ["pkg:conda/numpy@1.26.0", "pkg:pypi/flask@0.10"]
    assert told.packages[0].about["build"] == "py311h64a7726_0"


def test_pixi():
    five = PIXI.format(version=5) + (
        "- kind: conda\n  name: ca-certificates\n  version: 2024.2.2\n  build: hbcca054_0\n  subdir: linux-64\n"
        "  url: https://conda.example/linux-64/ca-certificates-2024.2.2-hbcca054_0.conda\n"
        "- kind: pypi\n  name: own\n  version: 0.1.0\n  path: .\n  editable: true\n"
        "- kind: pypi\n  name: attrs\n  version: 23.2.0\n  url: https://files.example/attrs-23.2.0-py3-none-any.whl\n"
    )
    assert named(five, "pixi.lock") == {("ca-certificates", "2024.2.2"), ("attrs", "23.2.0")}
    six = PIXI.format(version=6) + (
        "- conda: https://conda.example/linux-64/ca-certificates-2024.2.2-hbcca054_0.conda\n  sha256: 01\n"
        "- conda: https://conda.example/noarch/a-1.0-pyh_0.tar.bz2\n"
        "- pypi: https://files.example/attrs-23.2.0-py3-none-any.whl\n  name: attrs\n  version: 23.2.0\n"
        "- pypi: ./wheels/b-2.0-py3-none-any.whl\n- pypi: .\n  name: own\n  version: 0.1.0\n- conda: https://conda.example/odd\n"
    )
    assert named(six, "pixi.lock") == {
        ("ca-certificates", "2024.2.2"),
        ("a", "1.0"),
        ("attrs", "23.2.0"),
        ("b", "2.0"),
    }
    assert read(six, "pixi.lock").unread == ["https://conda.example/odd"]


def test_a_list_of_addresses_of_conda():
    text = (
        "# Generated by conda-lock.\n# platform: linux-64\n@EXPLICIT\n"
        "https://conda.example/linux-64/numpy-1.26.0-py311h64a7726_0.conda#0123\n"
        "https://conda.example/noarch/tzdata-2023c-h71feb2d_0.tar.bz2\n"
        "# pip flask @ https://files.example/Flask-0.10-py3-none-any.whl --hash=sha256:01\nodd\n"
    )
    told = read(text, "conda-linux-64.lock")
    assert {(p.kind, p.name, p.version) for p in told.packages} == {
        ("conda", "numpy", "1.26.0"), ("conda", "tzdata", "2023c"), ("pypi", "Flask", "0.10"),
    }  # fmt: skip
    assert told.unread == ["odd"]


DOCTYPE = (
    '<?xml version="1.0"?><!DOCTYPE project [<!ENTITY a "b">]><project><artifactId>&a;</artifactId></project>'
)
WRONG = {
    "go.mod": ["go 1.21\n", "module x\nrequire a\n", "module x\nreplace a b\n"],
    "go.sum": ["a v1.0.0\n", "a v1 h1:x\na zz h1:y\n"],
    "Gemfile.lock": ["", "x\n", "GEM\n<<<<<<< HEAD\n"],
    "composer.lock": ["{}", "[]", '{"packages": [1]}', '{"packages": [{"name": "a/b"}]}', '{"packages": ['],
    "renv.lock": ["{}", '{"R": {}, "Packages": []}', '{"R": {}, "Packages": {"a": 1}}'],
    "gradle.lockfile": ["a:b\n", "a:b:1=x\nc:d:2\n"],
    "packages.lock.json": [
        "{}",
        '{"dependencies": {"net6.0": []}}',
        '{"dependencies": {"net6.0": {"a": 1}}}',
    ],
    "pom.xml": ["", "<a/>", "<project>", DOCTYPE, "<project>" + "<a>" * 100, "<project><dependencies/>"],
    "pixi.lock": ["", "a: 1", "version: 6\npackages: [1]\n", "version: 6\npackages: &a [*a]\n"],
    "conda-lock.yml": ["version: x\npackage: []\n", "package: []\n"],
    "pubspec.lock": ["{}", "packages: {a: {source: hosted}}\n", "packages: {a: 1}\n"],
}


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, many in WRONG.items() for t in many])
def test_what_is_no_lock_is_unreadable_and_never_empty(name, text):
    with pytest.raises(ValueError):
        read(text, name)
