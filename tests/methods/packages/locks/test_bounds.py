"""Locks that somebody made to be slow or large: each is read, or refused in a sentence, within seconds."""

import time

import pytest

from assay.methods.packages import locks

TWENTY = "".join(f"<p{n}>" + f"${{p{n + 1}}}" * 150 + f"</p{n}>" for n in range(20))
ASKED = (
    "<dependency><groupId>${p0}</groupId><artifactId>${p0}</artifactId><version>${p0}</version></dependency>"
)
HOSTILE = {
    "words that are open to the end of the line": ("go.mod", "module x\nrequire " + '"\\' * 1_000_000),
    "properties that stand for properties": ("pom.xml", f"<project><properties>{TWENTY}</properties><dependencies>{ASKED * 2_000}</dependencies></project>"),
    "a text of many lines": ("pom.xml", "<project><version>" + "x\n" * 500_000 + "</version></project>"),
    "a wide gap": ("setup.cfg", "[options]\na" + " " * 200_000 + "b"),
    "levels": ("yarn.lock", "__metadata: " + "[" * 1_000_000),
    "levels of blocks": ("pnpm-lock.yaml", "".join(" " * n + "a:\n" for n in range(500))),
    "at signs": ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  ? '" + "@a/" * 300_000 + "'\n  : {}\n"),
    "slashes": ("conda-linux-64.lock", "@EXPLICIT\n" + "/a-b" * 300_000),
    "dashes": ("pixi.lock", "version: 6\npackages:\n- pypi: /a-1" + "-b" * 500_000),
    "commas": ("bun.lock", ("," + " " * 3_000) * 500),
    "quotes": ("bun.lock", '"' * 1_000_000),
    "backslashes": ("bun.lock", '"' + "\\" * 1_000_000),
    "digits": ("go.sum", "a v1." + "1" * 1_000_000 + " h\n" + "a v1." + "2" * 1_000_000 + " h\n"),
    "pieces of a text": ("setup.py", 'x = f"' + "{a}" * 15_000 + '"'),
    "statements": ("setup.py", "a\n" * 20_000),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_was_made_to_be_slow_ends_soon(what):
    name, text = HOSTILE[what]
    begun = time.process_time()
    try:
        locks.read(text.encode(), name)
    except (ValueError, RecursionError) as error:
        assert str(error)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "name", ["yarn.lock", "pnpm-lock.yaml", "bun.lock", "go.sum", "pom.xml", "setup.py", "x.lockfile"]
)
def test_fifty_megabytes_are_refused_unread(name):
    with pytest.raises(ValueError, match="larger than"):
        locks.read(bytes(50 << 20), name)
