"""Who builds the walls: bubblewrap or the kernel directly; what either built is tried alike, and both start soon."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assay.engines.isolation import Grant, Limits, bubblewrap, cgroups, prefer, prove, run, sandbox, start
from assay.kernel.errors import Refused, UsageError

needs_bubblewrap = pytest.mark.skipif(bubblewrap.found() is None, reason="bubblewrap 0.8 is not installed")
BUILDERS = [pytest.param("bubblewrap", marks=needs_bubblewrap), "kernel"]


@pytest.fixture(params=BUILDERS)
def builder(request, monkeypatch):
    monkeypatch.setattr(sandbox, "_preferred", request.param)
    return request.param


def test_each_builder_gives_every_layer(builder):
    proof = prove()
    assert (proof.level, proof.builder) == ("full", builder)
    assert [layer.name for layer in proof.layers if layer.needed and not layer.holds] == []
    assert all(layer.how for layer in proof.layers)


@needs_bubblewrap
def test_a_job_finds_the_same_place_whoever_built_it(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    code = """
import os
print(sorted(os.listdir("/")), sorted(os.listdir("/dev")), os.listdir("/tmp"), os.getuid(), len(os.listdir("/proc/self/fd")))
mounts = [line.split()[1:4] for line in open("/proc/mounts")]
apart = ("/dev", "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")  # bubblewrap mounts these once more
print(sorted({(place, kind, how.split(",")[0]) for place, kind, how in mounts if place not in apart}))
"""
    said = []
    for builder in ("bubblewrap", "kernel"):
        monkeypatch.setattr(sandbox, "_preferred", builder)
        ended = run([sys.executable, "-c", code], Grant(write=(out,)), log=tmp_path / "log")
        assert ended.code == 0
        said.append((tmp_path / "log").read_text())
    assert said[0] == said[1]


@pytest.mark.slow
@needs_bubblewrap
def test_one_that_bubblewrap_holds_is_ended_with_all_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_preferred", "bubblewrap")
    code = "import os, time; os.fork(); os.fork(); open('/tmp/x', 'w'); time.sleep(300)"
    job = start([sys.executable, "-c", code], Grant(limits=Limits(seconds=1)))
    ended = job.wait()
    assert (ended.reason, job.builder) == ("time", "bubblewrap")
    assert not Path(f"/proc/{job.process.pid}").exists()


@pytest.mark.slow
@needs_bubblewrap
def test_one_that_ends_by_a_signal_under_bubblewrap_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_preferred", "bubblewrap")
    ended = run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], Grant(), log=tmp_path / "log")
    assert ended.signal == "SIGKILL"


def test_where_bubblewrap_is_wanted_and_gone_the_job_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_preferred", "bubblewrap")
    monkeypatch.setattr(bubblewrap, "found", lambda: None)
    with pytest.raises(Refused, match="bubblewrap is not installed"):
        run([sys.executable, "-c", ""], Grant(), log=tmp_path / "log")


@pytest.mark.slow
def test_where_bubblewrap_fails_the_kernel_is_asked_directly(tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "found", lambda: (broken, "0.9"))
    monkeypatch.setattr(sandbox, "_preferred", "auto")
    job = start(["/bin/true"], Grant())
    assert job.wait().code == 0 and job.builder == "kernel"


def test_a_builder_that_does_not_exist_is_a_mistake():
    with pytest.raises(UsageError, match="auto"):
        prefer("docker")


@pytest.mark.slow
def test_memory_is_bounded_by_the_kernel_where_it_may_be(tmp_path, monkeypatch):
    """What the watcher would see in 50 ms the kernel ends at once; the job says why it ended."""
    limits = Limits(memory=64 << 20, seconds=30)
    made = cgroups.Cgroup.make(limits)
    if made is None:
        pytest.skip("no control group can be made here")
    made.close()
    assert not any(folder.exists() for folder in made.folders.values())
    from assay.engines.isolation import watch

    monkeypatch.setattr(watch.Watcher, "exceeded", lambda self: "")  # the kernel is alone
    code = "import mmap\nm = mmap.mmap(-1, 1 << 29)\nfor at in range(0, 1 << 29, 4096): m[at] = 1\nprint('all of it')"
    ended = run([sys.executable, "-c", code], Grant(limits=limits), log=tmp_path / "log")
    assert ended.reason == "memory" and "all of it" not in (tmp_path / "log").read_text()


@pytest.mark.slow
def test_processes_are_bounded_by_the_kernel_where_they_may_be(tmp_path, monkeypatch):
    limits = Limits(processes=8, seconds=30)
    made = cgroups.Cgroup.make(limits)
    if made is None:
        pytest.skip("no control group can be made here")
    made.close()
    from assay.engines.isolation import watch

    monkeypatch.setattr(watch.Watcher, "exceeded", lambda self: "")
    code = """
import os, time
made = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        made += 1
except BlockingIOError:
    print("bounded at", made)
"""
    run([sys.executable, "-c", code], Grant(limits=limits), log=tmp_path / "log")
    assert "bounded at" in (tmp_path / "log").read_text()


def test_what_a_killed_process_left_of_control_groups_is_swept_and_what_is_used_stays():
    made = cgroups.Cgroup.make(Limits())
    if made is None:
        pytest.skip("no control group can be made here")
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    bases = {folder.parent for folder in made.folders.values()}
    left = [base / f"assay-job-{gone.pid}-0123456789ab" for base in bases]
    for folder in left:
        folder.mkdir()
    other = cgroups.Cgroup.make(Limits())
    assert not any(folder.exists() for folder in left)
    assert all(folder.exists() for folder in made.folders.values())
    made.close()
    other.close()


@pytest.mark.slow
def test_a_job_on_a_kernel_without_control_groups_has_a_layer_less_and_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(cgroups, "_places", lambda: ())
    ended = run(["/bin/true"], Grant(), log=tmp_path / "log")
    assert (ended.code, ended.level, ended.layers["cgroup limits"]) == (0, "full", False)


def test_what_starts_every_job_imports_little(tmp_path):
    """A start costs what it imports: typing, json or a package's own module would each be a tenth of it or more."""
    from assay.engines.isolation import order

    code = order.launch(first="").replace("main()\n", "print(sorted(sys.modules))\n")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, "1"], capture_output=True, text=True, check=True
    )
    there = set(eval(done.stdout))
    assert not there & {
        "typing",
        "json",
        "dataclasses",
        "pathlib",
        "subprocess",
        "re",
        "inspect",
        "socket",
        "enum",
        "contextlib",
        "collections",
        "functools",
    }
    assert {n for n in there if n.startswith("assay")} <= {
        "assay", "assay.engines", "assay.engines.isolation",
        *(f"assay.engines.isolation.{n}" for n in ("inside", "ending", "links", "walls", "filter", "syscalls", "levels", "trial", "bare")),
    }  # fmt: skip


def test_a_trap_that_is_not_out_of_reach_is_told():
    """The trial itself can fail: outside the walls each thing it tries works, where that does no harm."""
    from assay.engines.isolation import order, trial

    private = Path("/tmp") / f"assay-trap-{os.getpid()}"
    private.mkdir()
    try:
        with order.Traps.laid(private) as traps:
            made = order.made([], replace(Grant(), level="full"), "full", "kernel", private, None, traps)
            import socket

            assert not trial._unreached(socket.AF_UNIX, made["abstract"])
            assert not trial._unreached(socket.AF_INET, ("127.0.0.1", made["loopback"]))
            assert trial._readable(made["canaries"][0])
            assert not trial._denied(socket.AF_INET)
            assert trial._own(made)["own processes"] is False
            assert trial._own(made)["own network"] is False
    finally:
        (private / "canary").unlink()
        private.rmdir()


@pytest.mark.slow
def test_the_start_is_soon(tmp_path, builder):
    """The benchmark measures it; here only that nobody made it wait."""
    spent = []
    for _ in range(5):
        begun = time.process_time()
        run(["/bin/true"], Grant(), log=tmp_path / "log")
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.1
