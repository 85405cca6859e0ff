"""Locks of JavaScript's tools against what the tools laid into node_modules, and what is in their forms beside."""

from pathlib import Path

import pytest

from assay.methods.packages import locks
from assay.methods.packages.package import Unreadable

WRITTEN = Path(__file__).parents[3] / "data" / "locks"
# What each of the tools installed of one package.json, in which "alias" is npm:left-pad@1.3.0 and "left" a folder of the tree.
INSTALLED = {
    "@types/node": "18.19.130", "undici-types": "5.26.5", "left-pad": "1.3.0", "lodash": "4.17.20", "minimist": "1.2.8",
    "react-dom": "17.0.2", "scheduler": "0.20.2", "loose-envify": "1.4.0", "js-tokens": "4.0.0", "object-assign": "4.1.1",
    "semver": "7.8.6",
}  # fmt: skip
PEERS = {"react": "17.0.2"}  # which Yarn does not install by itself


def read(text, path):
    return locks.read(text.encode(), path)


@pytest.mark.parametrize("tool", sorted(p.name for p in WRITTEN.iterdir()))
def test_what_a_tool_wrote_is_what_it_installed(tool):
    (file,) = (WRITTEN / tool).iterdir()
    told = locks.read(file.read_bytes(), file.name)
    beside = {} if tool.startswith(("yarn", "pnpm7")) else PEERS
    assert {p.full: p.version for p in told.packages} == INSTALLED | beside
    assert all(p.kind == "npm" for p in told.packages)
    assert told.unread == told.refers == told.untold == []
    digests = [p.digests.get("integrity", "") for p in told.packages]
    assert all(d.startswith(("sha512-", "10c0/")) or len(d) == 128 for d in digests)


def test_yarn_of_other_sources():
    text = """# yarn lockfile v1


"@a/b@^1.0.0", "@a/b@^1.1.0":
  version "1.1.0"
  resolved "https://r.example/b-1.1.0.tgz#0123"
  integrity "sha1-a= sha512-b="
  dependencies:
    version "^9.0.0"

c@git+https://x.example/c.git#v2:
  version "2.0.0"
  resolved "git+https://x.example/c.git#0123"

d@link:../d:
  version "0.0.0"
  uid ""

e@file:./e.tgz:
  version "5.0.0"
  resolved "file:./e.tgz#0123"
"""
    named = {p.full: p.version for p in read(text, "yarn.lock").packages}
    assert named == {"@a/b": "1.1.0", "c": "2.0.0", "e": "5.0.0"}
    same = {p.full: p.version for p in read(text.replace("\n", "\r\n"), "yarn.lock").packages}
    assert same == named


def test_yarn_in_yaml_of_other_sources_and_with_long_names():
    asked = ", ".join(f"a@npm:^1.{n}.0" for n in range(200))
    text = f"""__metadata:
  version: 8

? "{asked}"
: version: 1.200.0
  resolution: "a@npm:1.200.0"

"b@patch:b@npm%3A^2.0.0#~builtin<compat/b>":
  version: 2.10
  resolution: "b@patch:b@npm%3A2.10#~builtin<compat/b>::version=2.10&hash=0123"

"c@https://x.example/c.git":
  version: 3.0.0
  resolution: "c@https://x.example/c.git#commit=0123"

"own@workspace:.":
  version: 0.0.0-use.local
  resolution: "own@workspace:."
"""
    named = {p.full: p.version for p in read(text, "yarn.lock").packages}
    assert named == {"a": "1.200.0", "b": "2.10", "c": "3.0.0"}


def test_pnpm_of_other_sources_and_peers():
    nine = """lockfileVersion: '9.0'
packages:
  '@a/b@1.0.0(c@2.0.0)(d@3.0.0(e@4.0.0))':
    resolution: {integrity: sha512-a}
  f@https://codeload.example/f/tar.gz/0123:
    resolution: {tarball: https://codeload.example/f/tar.gz/0123}
    version: 1.5.0
  g@git+ssh://git@x.example/g.git#0123:
    resolution: {commit: '0123', repo: x, type: git}
---
lockfileVersion: '9.0'
packages:
  pnpm@10.0.0:
    resolution: {integrity: sha512-b}
"""
    told = read(nine, "pnpm-lock.yaml")
    assert {p.full: p.version for p in told.packages} == {
        "@a/b": "1.0.0", "f": "1.5.0", "g": "", "pnpm": "10.0.0",
    }  # fmt: skip
    six = """lockfileVersion: '6.0'
packages:
  /@a/b@1.0.0(c@2.0.0):
    resolution: {integrity: sha512-a}
  github.com/x/f/0123abc:
    resolution: {tarball: https://codeload.github.com/x/f/tar.gz/0123abc}
    name: f
    version: 1.5.0
  file:own:
    resolution: {directory: own, type: directory}
    name: own
"""
    assert {p.full: p.version for p in read(six, "pnpm-lock.yaml").packages} == {
        "@a/b": "1.0.0",
        "f": "1.5.0",
    }
    five = """lockfileVersion: 5.3
packages:
  /@a/b/1.0.0_c@2.0.0:
    resolution: {integrity: sha512-a}
  /d/2.10.0_0123abcd+e@1.0.0:
    resolution: {integrity: sha512-a}
  r.example/h/3.0.0:
    resolution: {integrity: sha512-a}
  github.com/x/3d/0123abc:
    resolution: {tarball: https://codeload.github.com/x/3d/tar.gz/0123abc}
"""
    told = read(five, "pnpm-lock.yaml")
    assert {p.full: p.version for p in told.packages} == {"@a/b": "1.0.0", "d": "2.10.0", "h": "3.0.0"}
    assert told.unread == ["github.com/x/3d/0123abc"]


def test_bun_of_other_sources():
    text = """{
  "lockfileVersion": 1, // as JSON with comments
  "packages": {
    "a": ["a@1.0.0", "", {}, "sha512-a,]"],
    "a/b": ["b@2.0.0", "", {"os": "linux,}"}, "sha512-b"],
    "g": ["g@github:x/g#0123", {}, "x-g-0123"],
    "own": ["own@workspace:packages/own"],
  },
}
"""
    told = read(text, "bun.lock")
    assert {p.full: p.version for p in told.packages} == {"a": "1.0.0", "b": "2.0.0", "g": ""}
    assert told.packages[0].digests == {"integrity": "sha512-a,]"}
    with pytest.raises(Unreadable, match="--save-text-lockfile"):
        locks.read(b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\0\0", "bun.lockb")


WRONG = {
    "yarn.lock": [
        "# yarn lockfile v1\n\na@1:\n  version \"1.0",
        "# yarn lockfile v1\n\na@1:\n",
        "# yarn lockfile v1\n<<<<<<< HEAD\na@1:\n  version \"1.0.0\"\n=======\n",
        "__metadata:\n  version: 8\na@1:\n  resolution: a@npm:1\n",
        "__metadata:\n  version: 8\na@1:\n  version: 1\na@1:\n  version: 2\n",
        "__metadata: &x\n  version: 8\nb: *x\n",
        "a: 1\n",
        "__metadata:\n  version: 8\n'a\n",
    ],
    "pnpm-lock.yaml": [
        "", "lockfileVersion: '9.0'\npackages: [a]\n", "lockfileVersion: '12.0'\n", "a: b\n", "[" * 60, "- 1\n", "lockfileVersion: 9\npack\x00",
        "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n  a@1.0.0: {}\n", "lockfileVersion: '9.0'\n<<<<<<< HEAD\npackages: {}\n",
    ],
    "bun.lock": ["", "[]", '{"lockfileVersion": 1, "packages": {"a": 1}}', '{"packages": {}}', '{"lockfileVersion": 1, "packages": {"a": ["a@1.0', "[" * 100_000],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, many in WRONG.items() for t in many])
def test_what_is_no_lock_is_unreadable_and_never_empty(name, text):
    with pytest.raises((ValueError, RecursionError)):
        read(text, name)
