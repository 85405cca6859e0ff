"""Jobs that try to get out, at each level; and jobs that use up more than they were given."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from pathlib import Path

import pytest

from assay.engines.isolation import Grant, Limits, prove, run
from assay.engines.isolation.cgroups import Cgroup
from assay.engines.isolation.usage import family
from assay.kernel.errors import Refused


def _refused(job, code):
    ended, log, _ = job(code)
    assert ended.code != 0, log
    assert "Error" in log or "denied" in log.lower()


@pytest.mark.parametrize("family_", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
def test_no_socket_leaves(job, family_):
    _refused(
        job,
        f"import socket; socket.socket(socket.{family_}, socket.SOCK_RAW if 'NET' not in '{family_}'[3:6] else socket.SOCK_STREAM)",
    )


def test_the_hosts_abstract_sockets_are_out_of_reach(job):
    with socket.socket(socket.AF_UNIX) as server:
        name = f"assay-test-{os.getpid()}"  # the whole machine shares these names
        server.bind(f"\0{name}")
        server.listen()
        _refused(job, f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}')")


def test_secrets_of_the_home_cannot_be_read(job, tmp_path):
    secret = tmp_path / ".ssh" / "id_canary"
    secret.parent.mkdir()
    secret.write_text("canary")
    _refused(job, f"print(open({str(secret)!r}).read())")
    _refused(job, "print(open('/etc/passwd').read())")


def test_nothing_is_inherited_from_the_environment(job, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    ended, log, _ = job("import os; print(dict(os.environ))")
    assert ended.code == 0 and "canary" not in log


def test_it_writes_only_where_it_may(job, tmp_path):
    ended, _, out = job(f"open({str(tmp_path / 'out' / 'model')!r}, 'w').write('m')")
    assert ended.code == 0 and (out / "model").read_text() == "m"
    job(f"open({str(tmp_path / 'elsewhere')!r}, 'w')")
    assert not (tmp_path / "elsewhere").exists()  # refused, or written to a private folder that is gone


def test_no_new_namespace_no_tracing_no_mount(job):
    code = """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def denied(*a):
            return libc.syscall(*a) == -1 and ctypes.get_errno() in (1, 38)
        assert denied(272, 0x10000000), "unshare"
        assert denied(101, 0, 0, 0, 0), "ptrace"
        assert denied(425, 1, 0), "io_uring"
        assert denied(321, 0, 0, 0), "bpf"
        assert denied(323, 0), "userfaultfd"
        assert denied(250, 0, 0), "keyctl"
        assert denied(165, 0, 0, 0, 0, 0), "mount"
        assert denied(435, 0, 0), "clone3"
        assert denied(56, 0x10000000 | 17, 0, 0, 0, 0), "clone"
    """
    ended, log, _ = job(code)
    assert ended.code == 0, log


def test_one_that_runs_for_ever_is_ended(job):
    ended, _, _ = job("while True: pass", Limits(seconds=1))
    assert ended.reason == "time" and ended.seconds < 5


def test_one_that_eats_memory_is_ended(job):
    code = "x = []\nimport time\nwhile True:\n    x.append(bytearray(b'1') * (8 << 20)); time.sleep(0.002)"
    ended, _, _ = job(code, Limits(memory=200 << 20, seconds=20))
    assert ended.reason == "memory"


def test_one_that_forks_for_ever_is_ended_with_all_its_children(job):
    before = set(family(os.getpid()))
    ended, _, _ = job(
        "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(60)\n    time.sleep(0.002)",
        Limits(processes=30, seconds=20),
    )
    assert ended.reason == "processes"
    assert set(family(os.getpid())) <= before


def test_one_that_forks_faster_than_it_is_looked_at_is_told_alike(job):
    """The kernel refuses it a process before the next look: that had been told as an end of its own."""
    ended, log, _ = job(
        "import os, time\nwhile os.fork(): pass\ntime.sleep(60)", Limits(processes=30, seconds=20)
    )
    assert ended.reason == "processes", log


def test_a_refused_process_is_the_reason_of_those_only_that_failed(tmp_path):
    (tmp_path / "pids.events").write_text("max 3\n")
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    group = Cgroup({"pids": tmp_path, "memory": tmp_path}, 1)
    assert group.reason(failed=True) == "processes" and group.reason(failed=False) == ""
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert group.reason(failed=True) == "memory"


def test_one_that_fills_the_disk_is_ended(job, tmp_path):
    code = f"""
        import time
        out = {str(tmp_path / "out")!r}
        for n in range(10_000):
            open(f"{{out}}/{{n}}", "wb").write(b"1" * (4 << 20)); time.sleep(0.002)
    """
    ended, _, _ = job(code, Limits(disk=64 << 20, seconds=20))
    assert ended.reason == "disk"


def test_a_daemon_does_not_outlive_its_job(job):
    mark = f"daemon {uuid.uuid4()}"
    code = f"""
        import os, time  # {mark}
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(300)
            os._exit(0)
        time.sleep(0.2)
    """
    job(code)
    _all_end(mark)


def _all_end(mark):
    """Fail if a process whose command line holds the mark, which is of this test alone, still runs in five seconds."""
    deadline = time.monotonic() + 5
    while left := [p for p in Path("/proc").iterdir() if p.name.isdigit() and _runs(p, mark.encode())]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_nothing_outlives_a_killed_parent(tmp_path):
    mark = f"child {uuid.uuid4()}"
    code = f"""
        import sys
        from pathlib import Path
        from assay.engines.isolation import Grant, Limits, start
        print("ready", flush=True)
        start([sys.executable, "-c", "import time; time.sleep(300)  # {mark}"], Grant(limits=Limits(seconds=60)))
        print("started", flush=True)
        import time; time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert parent.stdout.readline() == b"started\n"
        time.sleep(0.3)
        os.kill(parent.pid, signal.SIGKILL)
    _all_end(mark)


def _runs(entry, what):
    try:
        return (
            what in (entry / "cmdline").read_bytes()
            and (entry / "stat").read_text().rsplit(")")[-1].split()[0] != "Z"
        )
    except OSError:
        return False


def test_an_ordinary_user_gets_isolation_too():
    """By the system's own Python, since an ordinary user may not be able to read the one that runs this."""
    system = Path("/usr/bin/python3")
    if os.getuid() != 0 or not system.exists():
        pytest.skip("needs root, to become an ordinary user, and the system's python3")
    import assay

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(
            Path(assay.__file__).parent,
            f"{folder}/assay",
            ignore=shutil.ignore_patterns("examples", "__pycache__"),
        )
        code = f"import os, sys; os.setgid(65534); os.setuid(65534); sys.path.insert(0, {folder!r}); from assay.engines.isolation import prove; print(prove().level)"
        done = subprocess.run(
            [system, "-c", code], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin"}
        )
    assert done.stdout.strip() in ("full", "partial"), done.stderr


def test_a_socket_in_a_granted_folder_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "door"))
        with pytest.raises(Refused, match="socket"):
            run([sys.executable, "-c", ""], Grant(write=(tmp_path,)), log=tmp_path.parent / "log")


def test_what_is_demanded_and_cannot_be_had_is_refused_with_advice(tmp_path, monkeypatch):
    from assay.engines.isolation import sandbox

    monkeypatch.setattr(sandbox, "_attempt", lambda *_: (None, "not held: own network"))
    with pytest.raises(Refused, match="partial") as error:
        run([sys.executable, "-c", ""], Grant(), log=tmp_path / "log")
    assert "own network" in str(error.value)


@pytest.mark.parametrize(
    ("problem", "advice"),
    [
        ("Permission denied (/dev/net/tun)", "chmod 666 /dev/net/tun"),
        ("a writable folder lies within a readable one (/a)", "keep what is written apart"),
        ("not held: own network", "allow user namespaces"),
    ],
)
def test_what_a_network_needs_is_not_to_be_had_by_accepting_less(tmp_path, monkeypatch, problem, advice):
    from assay.engines.isolation import sandbox
    from assay.engines.peers.crew import places

    monkeypatch.setattr(sandbox, "_attempt", lambda *_: (None, problem))
    with pytest.raises(Refused) as error:
        run([sys.executable, "-c", ""], Grant(peers=places(2)[0].peers), log=tmp_path / "log")
    assert (
        problem in str(error.value) and advice in error.value.remedy and "partial" not in error.value.remedy
    )


def test_where_there_is_no_mount_of_its_own_a_job_does_not_watch_the_machines_folders(job):
    """Landlock does not hold inotify: a job was told the name of each file that anybody made in a folder it may not list."""
    code = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.inotify_add_watch(libc.inotify_init(), b"/tmp", 0xfff) >= 0)
    """
    _, log, _ = job(code)
    assert log.strip() == str(job.level == "full")  # its own /tmp


def test_the_proof_names_every_layer():
    found = prove()
    assert found.level in ("full", "partial")
    assert all(layer.how for layer in found.layers)


def test_python_started_by_a_path_that_leads_through_another_folder_runs_jobs(tmp_path):
    """``../venv/bin/python`` has the ``..`` in sys.executable, in sys.prefix, and in where its packages lie."""
    code = (
        "import sys; from pathlib import Path; from assay.engines.isolation import Grant, interpreter, run, source\n"
        "assert '..' in sys.executable, sys.executable\n"
        "log = Path(sys.argv[1])\n"
        "ended = run([str(interpreter()), '-c', 'import assay, numpy; print(assay.__name__)'],"
        " Grant(env={'PYTHONPATH': str(source())}), log=log)\n"
        "print(ended.level, ended.code, log.read_text())"
    )
    away = tmp_path / "a" / "b"
    away.mkdir(parents=True)
    python = os.path.relpath(os.path.dirname(sys.executable), away)
    command = [f"{python}/{os.path.basename(sys.executable)}", "-c", code, str(tmp_path / "log")]
    done = subprocess.run(command, cwd=away, capture_output=True, text=True)
    assert done.stdout.split() == ["full", "0", "assay"], done.stdout + done.stderr
