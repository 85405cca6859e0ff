"""More than a hundred attempts to get out of the sandbox: each gets nowhere inside, and somewhere outside where that does no harm.

As root and as an ordinary user, at full isolation by each builder, and at partial.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.engines.isolation.escapes import files, gaps, kernel, network, processes
from tests.engines.isolation.escapes.attempt import program, results
from tests.engines.isolation.escapes.world import world

from assay.engines.isolation import Grant, Limits, bubblewrap, run, sandbox

FAMILIES = {"network": network, "files": files, "gaps": gaps, "processes": processes, "kernel": kernel}
ALL = [a for family in FAMILIES.values() for a in family.ATTEMPTS]
ROOT = os.getuid() == 0
SYSTEM = "/usr/bin/python3"
needs_user = pytest.mark.skipif(
    not ROOT or not Path(SYSTEM).exists(),
    reason="becoming an ordinary user needs root, and the system's python3",
)
needs_bubblewrap = pytest.mark.skipif(bubblewrap.found() is None, reason="bubblewrap 0.8 is not installed")


def test_there_are_enough_attempts_each_with_a_name_of_its_own():
    assert len(ALL) >= 100 and len({a.name for a in ALL}) == len(ALL)
    assert all(a.outside in ("anyone", "root") or a.why for a in ALL)
    assert sum(a.outside != "nobody" for a in ALL) >= 90


def inside(attempts, there, tmp_path, level="full", builder="kernel", monkeypatch=None):
    """Run attempts behind walls; return what each came to."""
    monkeypatch.setattr(sandbox, "_preferred", builder)
    if level == "partial":
        whole = sandbox._attempt
        monkeypatch.setattr(
            sandbox, "_attempt", lambda a, g, t, *r: (None, "forced") if t == "full" else whole(a, g, t, *r)
        )
    log = tmp_path / "log"
    grant = Grant((Path(there["read"]),), (Path(there["out"]),), limits=Limits(seconds=280), level=level)
    ended = run([sys.executable, *program(attempts, there, "inside")], grant, log=log)
    said = results(log.read_text())
    assert ended.level == level and set(said) == {a.name for a in attempts}, log.read_text()[-2000:]
    return said


def escaped(said):
    return sorted(name for name, how in said.items() if not how.startswith("held"))


def test_the_essential_attempts_get_nowhere(tmp_path, monkeypatch):
    attempts = [a for a in ALL if a.quick]
    assert len(attempts) >= 30
    with world() as there:
        assert escaped(inside(attempts, there, tmp_path, monkeypatch=monkeypatch)) == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("level", "builder"),
    [("full", "kernel"), pytest.param("full", "bubblewrap", marks=needs_bubblewrap), ("partial", "kernel")],
)
def test_no_attempt_gets_anywhere(family, level, builder, tmp_path, monkeypatch):
    attempts = [a for a in FAMILIES[family].ATTEMPTS if level == "full" or a.partial]
    with world() as there:
        assert escaped(inside(attempts, there, tmp_path, level, builder, monkeypatch)) == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_each_attempt_gets_somewhere_without_walls(family):
    """Or the tests above could not fail. What this kernel does not have at all is left out."""
    who = ("anyone", "root") if ROOT else ("anyone",)
    attempts = [a for a in FAMILIES[family].ATTEMPTS if a.outside in who]
    with world() as there:
        done = subprocess.run(
            [sys.executable, *program(attempts, there, "outside")], capture_output=True, text=True, check=True
        )
    said = results(done.stdout)
    assert {n: how for n, how in said.items() if how not in ("ESCAPED", "absent")} == {}
    assert sum(how == "ESCAPED" for how in said.values()) >= 0.75 * len(attempts)


OUTER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from assay.engines.isolation import Grant, Limits, prefer, run, sandbox
read, out, log, level, builder = sys.argv[2:7]
prefer(builder)
if level == "partial":
    whole = sandbox._attempt
    sandbox._attempt = lambda a, g, t, *r: (None, "forced") if t == "full" else whole(a, g, t, *r)
grant = Grant((Path(read),), (Path(out),), limits=Limits(seconds=280), level=level)
ended = run([sys.executable, *sys.argv[7:]], grant, log=Path(log))
print(ended.level, ended.reason, ended.code)
"""


@pytest.fixture(scope="module")
def house():
    """Assay where an ordinary user can read it."""
    import assay

    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        left = shutil.ignore_patterns("examples", "__pycache__", "*.so")
        shutil.copytree(Path(assay.__file__).parent, f"{folder}/assay", ignore=left)
        yield folder


def as_nobody(command):
    return subprocess.run(
        command, user=65534, group=65534, extra_groups=[], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}
    )  # fmt: skip


@needs_user
@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("level", "builder"),
    [("full", "kernel"), pytest.param("full", "bubblewrap", marks=needs_bubblewrap), ("partial", "kernel")],
)
def test_no_attempt_of_an_ordinary_user_gets_anywhere(family, level, builder, house):
    attempts = [a for a in FAMILIES[family].ATTEMPTS if level == "full" or a.partial]
    with world(65534) as there:
        log = f"{there['out']}-log"
        Path(log).touch()
        os.chown(log, 65534, 65534)
        given = [SYSTEM, "-I", "-c", OUTER, house, there["read"], there["out"], log, level, builder]
        done = as_nobody([*given, *program(attempts, there, "inside")])
        said = results(Path(log).read_text())
    assert done.stdout.split() == [level, "exit", "0"], done.stderr[-2000:]
    assert set(said) == {a.name for a in attempts} and escaped(said) == []


@needs_user
@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_an_ordinary_users_attempts_get_somewhere_without_walls(family):
    attempts = [a for a in FAMILIES[family].ATTEMPTS if a.outside == "anyone"]
    with world(65534) as there:
        done = as_nobody([SYSTEM, *program(attempts, there, "outside")])
    said = results(done.stdout)
    wrong = {n: how for n, how in said.items() if how not in ("ESCAPED", "absent")}
    assert len(wrong) <= 0.2 * len(attempts), wrong  # what root alone may on this machine
