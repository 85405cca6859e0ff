"""What lies outside for attempts to reach: sockets that answer, a secret, a process, shared memory; all of this test alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def world(user=None):
    """Give what is there, by name; user: whose process and files they are."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp", prefix="assay-world-")))
        folder.chmod(0o755)
        out, read = folder / "out", folder / "read"
        for one in (out, read):
            one.mkdir()
        (folder / "secret").write_bytes(b"secret")
        (read / "file").write_bytes(b"x")
        name = f"assay-world-{uuid.uuid4().hex[:12]}"
        shm = Path("/dev/shm", name)
        shm.write_bytes(b"shared")
        stack.callback(shm.unlink)
        servers = {
            "tcp": (socket.AF_INET, ("127.0.0.1", 0)), "any": (socket.AF_INET, ("0.0.0.0", 0)), "tcp6": (socket.AF_INET6, ("::1", 0)),
            "abstract": (socket.AF_UNIX, "\0" + name), "path": (socket.AF_UNIX, str(folder / "daemon.sock")),
        }  # fmt: skip
        found = {"out": str(out), "read": str(read), "secret": str(folder / "secret"), "shm": str(shm)}
        for key, (family, address) in servers.items():
            made = stack.enter_context(socket.socket(family))
            made.bind(address)
            made.listen(64)
            found[key] = (
                made.getsockname()[1] if family != socket.AF_UNIX else name if key == "abstract" else address
            )
        for key, family, address in (
            ("udp", socket.AF_INET, ("127.0.0.1", 0)),
            ("", socket.AF_UNIX, f"\0{name}-dgram"),
            ("", socket.AF_UNIX, f"{folder}/daemon.sock-dgram"),
        ):
            made = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            made.bind(address)
            if key:
                found[key] = made.getsockname()[1]
            made.settimeout(0.1)
            stop = threading.Event()
            thread = threading.Thread(target=_answer, args=(made, stop))
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
        for path in folder.rglob("*"):
            path.chmod(0o777 if path.is_dir() or path.is_socket() else 0o644)
            if user is not None:
                os.chown(path, user, user)
        canary = subprocess.Popen(
            ["/bin/sh", "-c", "sleep 300; : canary"], env={"CANARY": "1"}, cwd=out, user=user, group=user, start_new_session=True,
            extra_groups=[] if user is not None else None,
        )  # fmt: skip
        stack.callback(canary.wait)
        stack.callback(lambda: os.killpg(canary.pid, 9))
        found["pid"] = canary.pid
        found |= _system_v(stack, user)
        found["posix_queue"] = _posix_queue(stack, name)
        yield found


def _answer(made, stop):
    while not stop.is_set():
        with contextlib.suppress(OSError):
            said, who = made.recvfrom(10)
            if who:
                made.sendto(b"pong", who)


def _system_v(stack, user):
    """Make one of each, open to all, and take them away again."""
    shm = _libc.shmget(0, 4096, 0o1666)
    queue = _libc.msgget(0, 0o1666)
    sem = _libc.semget(0, 1, 0o1666)
    stack.callback(_libc.shmctl, shm, 0, None)
    stack.callback(_libc.msgctl, queue, 0, None)
    stack.callback(_libc.semctl, sem, 0, 0, 0)
    return {"sysv_shm": shm, "sysv_queue": queue, "sysv_sem": sem}


def _posix_queue(stack, name):
    """Make a queue that is open to all; its name as the kernel takes it."""
    before = os.umask(0)
    made = _libc.mq_open(b"/" + name.encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
    os.umask(before)
    if made >= 0:
        os.close(made)
        stack.callback(_libc.mq_unlink, b"/" + name.encode())
    return name


def nobody(command, **more):
    """Run a command as an ordinary user; the system's own Python, since such a user may not be able to read ours."""
    return subprocess.run(
        command, user=65534, group=65534, extra_groups=[], capture_output=True, text=True, **more
    )


PYTHON = sys.executable
