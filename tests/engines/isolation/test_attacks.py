"""Jobs that try to reach the host or to use what a limit does not see; each of these got through once."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import uuid
from pathlib import Path

import pytest

from assay.engines.isolation import Grant, Limits, run
from assay.kernel.errors import Refused

MB = 1 << 20


def test_a_daemons_socket_is_out_of_reach_wherever_it_lies(job, tmp_path):
    """The network namespace does not cover sockets with a path, and Landlock does not either."""
    path = tmp_path / "daemon.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0o777)
        _, log, _ = job(
            f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r}); print('REA' + 'CHED')"
        )
    assert "REACHED" not in log and "Error" in log


def test_a_datagram_socket_of_a_pair_reaches_no_path(job, tmp_path):
    path = tmp_path / "log.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.setblocking(False)
        for kind in ("SOCK_DGRAM", "SOCK_RAW"):
            job(
                f"import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.{kind}); a.sendto(b'x', {str(path)!r})"
            )
        with pytest.raises(BlockingIOError):
            server.recv(10)


def test_a_socket_in_a_folder_to_read_is_refused_too(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "door"))
        with pytest.raises(Refused, match="socket"):
            run([sys.executable, "-c", ""], Grant(read=(tmp_path,)), log=tmp_path.parent / "log")


def test_every_address_family_but_one_is_refused(job):
    code = """
        import socket
        for family in range(46):
            for kind in (1, 2, 3, 5):
                for make in (socket.socket, socket.socketpair):
                    try:
                        make(family, kind)
                    except PermissionError:
                        continue
                    except OSError as error:
                        assert family == 1, (family, kind, make, error)
                    assert family == 1, (family, kind, make)
    """
    ended, log, _ = job(code)
    assert ended.code == 0, log


def test_limits_and_priorities_of_the_host_cannot_be_changed(job):
    before = resource.getrlimit(resource.RLIMIT_CORE)
    code = f"""
        import ctypes, os, resource
        for act in (lambda: resource.prlimit({os.getpid()}, resource.RLIMIT_CORE, (0, 0)),
                    lambda: os.setpriority(os.PRIO_PROCESS, {os.getpid()}, 19),
                    lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
                    lambda: os.kill({os.getpid()}, 0)):
            try:
                act()
                print("DONE")
            except OSError:
                pass
    """
    _, log, _ = job(code)
    assert "DONE" not in log and resource.getrlimit(resource.RLIMIT_CORE) == before


def test_settings_of_the_machine_cannot_be_written(job):
    """As root these need no capability, only the number of the user."""
    code = """
        import os
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches",
                     "/proc/1/mem", "/proc/1/oom_score_adj", "/proc/self/mem"):
            try:
                os.open(path, os.O_WRONLY)
                print("WRITABLE", path)
            except OSError:
                pass
    """
    assert "WRITABLE" not in job(code)[1]


def test_calls_that_hide_memory_or_are_newer_than_the_filter_are_refused(job):
    code = """
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        def refused(*a):
            return libc.syscall(*a) == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)
        numbers = (319, 29, 447, 453 + 10, 600) if __import__("platform").machine() == "x86_64" else (279, 194, 447, 463, 600)
        for number in numbers:
            assert refused(number, 0, 0, 0, 0, 0), number
    """
    ended, log, _ = job(code)
    assert ended.code == 0, log


def test_no_keystroke_can_be_pushed_into_a_terminal(job):
    code = """
        import fcntl, pty, errno
        master, slave = pty.openpty()
    """
    ended, _, _ = job(code)
    assert ended.code != 0  # there is no terminal to be had
    code = """
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        for request in (0x5412, 0x541C):
            for fd in (0, 1, 2):
                assert libc.ioctl(fd, request, b"x") == -1 and ctypes.get_errno() == errno.EPERM
    """
    ended, log, _ = job(code)
    assert ended.code == 0, log


@pytest.mark.parametrize(
    "code",
    [
        "m = mmap.mmap(-1, 600 * MB)\nfor at in range(0, 600 * MB, 4096): m[at] = 1",
        "try:\n    for n in range(600): open(f'{tempfile.gettempdir()}/{n}', 'wb').write(bytes(MB)); time.sleep(0.001)\n"
        "except OSError: pass",
        "m = mmap.mmap(-1, 1 << 39, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)\n"
        "for at in range(0, 1 << 39, 1 << 21): m[at]",
    ],
    ids=["shared", "temporary files", "page tables"],
)
def test_memory_that_is_not_a_process_own_counts_too(job, code):
    text = f"import mmap, tempfile, time\nMB = 1 << 20\n{code}\ntime.sleep(30)"
    ended, _, _ = job(text, Limits(memory=200 * MB, disk=200 * MB, seconds=60))
    assert ended.reason in ("memory", "disk")


def test_pages_that_forks_share_are_counted_once(job):
    code = """
        import os, time
        held = b"1" * (120 << 20)
        children = [os.fork() for _ in range(1)]
        if children[0]: children += [os.fork()]
        time.sleep(1.5)
    """
    ended, _, _ = job(code, Limits(memory=300 * MB, seconds=60))
    assert (ended.reason, ended.code) == ("exit", 0)


@pytest.mark.parametrize(
    "code",
    [
        "for n in range(60_000): os.close(os.open(f'f{n}', os.O_CREAT | os.O_WRONLY))",
        "for n in range(40):\n    f = os.open(f's{n}', os.O_CREAT | os.O_WRONLY); os.ftruncate(f, 60 * MB)",
        "held = []\nfor n in range(8):\n    held.append(os.open('u', os.O_CREAT | os.O_WRONLY)); os.unlink('u')\n"
        "    for _ in range(32): os.write(held[-1], bytes(MB)); time.sleep(0.002)",
        "for n in range(200): print('x' * MB)",
    ],
    ids=["empty files", "holes", "files without a name", "the log"],
)
def test_disk_that_no_file_shows_counts_too(job, code, tmp_path):
    text = f"import os, time\nMB = 1 << 20\nos.chdir({str(tmp_path / 'out')!r})\n{code}\ntime.sleep(30)"
    ended, _, _ = job(text, Limits(disk=64 * MB, seconds=60))
    assert ended.reason == "disk"


@pytest.mark.parametrize(
    "code",
    [
        "for _ in range(1100): os.mkdir('d' * 200); os.chdir('d' * 200)",
        "for _ in range(1100): os.mkdir('d'); os.chdir('d')",
    ],
    ids=["long", "short"],
)
def test_folders_too_deep_to_be_measured_end_the_job_and_are_swept(job, code, tmp_path):
    from assay.engines.folders import sweep

    ended, _, out = job(f"import os\nos.chdir({str(tmp_path / 'out')!r})\n{code}")
    assert ended.reason == "folders"
    sweep(out)
    assert not out.exists()


def test_a_sparse_file_left_in_the_last_moment_is_seen(job, tmp_path):
    code = f"import os\nfor n in range(3): os.truncate(os.open({str(tmp_path / 'out')!r} + f'/{{n}}', 65), 60 << 20)"
    ended, _, _ = job(code, Limits(disk=64 * MB, seconds=60))
    assert (ended.reason, ended.code) == ("disk", 0)


def test_processes_that_only_fork_on_are_ended(job):
    """Each lives for an instant, so that none is there any more when it is to be killed."""
    mark = f"forks {uuid.uuid4()}"
    code = f"""
        import os, time  # {mark}
        for _ in range(4):
            if os.fork() == 0:
                os.setsid()
                while True:
                    if os.fork(): os._exit(0)
        time.sleep(0.3)
    """
    ended, _, _ = job(code, Limits(seconds=60, processes=2000))
    assert ended.reason == "exit"
    assert not _running(mark)


def _running(text):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if text.encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def test_one_that_ignores_every_signal_is_ended(job):
    code = """
        import os, signal, time, ctypes
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        os.fork(); os.fork()
        time.sleep(300)
    """
    ended, _, _ = job(code, Limits(seconds=1.5))
    assert ended.reason == "time" and ended.seconds < 20


def test_one_that_is_killed_from_outside_says_so(job):
    ended, _, _ = job("import os; os.kill(os.getpid(), 9)")
    assert ended.signal == "SIGKILL" and ended.reason == "exit"


def test_no_descriptor_of_the_host_is_inherited(job, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    with secret.open() as held:
        os.set_inheritable(held.fileno(), True)
        _, log, _ = job("import os; print([os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd')[:-1]])")  # fmt: skip
    assert str(secret) not in log


def test_an_ordinary_user_cannot_get_out_either(tmp_path):
    """By the system's own Python, since an ordinary user may not be able to read the one that runs this."""
    system = Path("/usr/bin/python3")
    if os.getuid() != 0 or not system.exists():
        pytest.skip("needs root, to become an ordinary user, and the system's python3")
    import assay

    attack = """
        import os, socket, sys
        found = []
        def attempt(name, act):
            try: act(); found.append(name)
            except OSError: pass
        attempt("inet", lambda: socket.socket())
        attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect(sys.argv[1]))
        attempt("kill", lambda: os.kill(int(sys.argv[2]), 0))
        attempt("passwd", lambda: open("/etc/passwd"))
        attempt("environ", lambda: open(f"/proc/{sys.argv[2]}/environ"))
        attempt("write", lambda: open("/usr/x", "w"))
        print(found)
    """
    outer = """
        import os, sys, socket
        from pathlib import Path
        os.setgid(65534); os.setuid(65534)
        sys.path.insert(0, sys.argv[1])
        from assay.engines.isolation import Grant, Limits, run, sandbox
        whole = sandbox._attempt
        level = sys.argv[2]
        if level == "partial":
            sandbox._attempt = lambda a, g, t, *r: (None, "") if t == "full" else whole(a, g, t, *r)
        log = Path(sys.argv[1]) / "out" / "log"
        door = Path(sys.argv[1]) / "out" / "door"
        door.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX); server.bind(str(door)); server.listen()
        grant = Grant(level=level, limits=Limits(seconds=30, memory=100 << 20))
        ended = run(["/usr/bin/python3", "-c", sys.argv[3], str(door), str(os.getpid())], grant, log=log)
        print(ended.level, ended.reason, ended.code, log.read_text().strip())
        eats = "import mmap, time\\nm = mmap.mmap(-1, 1 << 29)\\nfor at in range(0, 1 << 29, 4096): m[at] = 1\\ntime.sleep(9)"
        print(run(["/usr/bin/python3", "-c", eats], grant, log=log).reason)
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(
            Path(assay.__file__).parent,
            f"{folder}/assay",
            ignore=shutil.ignore_patterns("examples", "__pycache__"),
        )
        (Path(folder) / "out").mkdir()
        os.chown(Path(folder) / "out", 65534, 65534)
        for level in ("full", "partial"):
            command = [system, "-c", textwrap.dedent(outer), folder, level, textwrap.dedent(attack)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin"}
            )
            assert done.stdout.splitlines() == [f"{level} exit 0 []", "memory"], done.stderr
