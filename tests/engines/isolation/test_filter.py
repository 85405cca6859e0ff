from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from assay.engines.isolation import filter as seccomp
from assay.engines.isolation import syscalls

HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}
TABLES = (
    seccomp._DENIED,
    seccomp._UNKNOWN,
    seccomp._SHARED,
    seccomp._GROUPS,
    seccomp._SIGNALS,
    seccomp._TIMES,
    seccomp._CUTS,
    {"fcntl": seccomp._FCNTL, "setpriority": seccomp._SETPRIORITY},
)


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_the_numbers_are_those_of_the_kernels_headers(column):
    header = Path(HEADERS[column])
    if not header.is_file():
        pytest.skip("the kernel's headers are not installed")
    found = {m[1]: int(m[2]) for m in re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())}
    for table in TABLES:
        for name, numbers in table.items():
            if name in found:
                assert numbers[column] == found[name], name
            assert numbers[column] is None or name in found or numbers[column] > 450, name


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("signals", [True, False])
@pytest.mark.parametrize("lengths", [True, False])
def test_every_jump_lands_inside_the_program(machine, alone, signals, lengths, monkeypatch):
    monkeypatch.setattr(syscalls, "machine", lambda: machine)
    code = seccomp.program(alone=alone, signals=signals, lengths=lengths)
    steps = [(code[i], code[i + 2], code[i + 3]) for i in range(0, len(code), 8)]
    assert len(steps) < 4096  # what the kernel takes
    for at, (kind, yes, no) in enumerate(steps):
        if kind in (0x15, 0x35, 0x45):
            assert at + 1 + max(yes, no) < len(steps)
    assert steps[-1][0] == 0x06


def test_signals_are_refused_where_nothing_else_keeps_them_inside():
    import signal

    pid = os.fork()
    if pid == 0:
        try:
            seccomp.install(alone=False, signals=False)
            for act in (
                lambda: os.kill(os.getppid(), 0),
                lambda: os.kill(os.getpid(), signal.SIGTERM),
                lambda: signal.raise_signal(signal.SIGTERM),
            ):
                try:
                    act()
                    os._exit(1)
                except OSError:
                    continue
            os.setsid()  # pretended
            os._exit(0 if os.getsid(0) != os.getpid() else 2)
        except BaseException:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


UNUSED = 61_234  # a user of whom there is no process: what a test does to all that is the user's harms nobody


def _in_a_child(act, abi):
    """Run a function as partial isolation has it on a kernel of that Landlock, as a user of whom nothing else is; what it returns."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(UNUSED)
                os.setuid(UNUSED)
            seccomp.install(alone=False, signals=abi >= 6, lengths=abi >= 3)
            os.write(write, repr(act()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read) as said:
        found = said.read()
    os.waitpid(pid, 0)
    return found


def _error(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become a user of whom there is no other process")
def test_where_landlock_lets_signals_out_none_comes_of_a_descriptors_owner():
    victim = subprocess.Popen(["sleep", "60"], user=UNUSED, group=UNUSED, extra_groups=[])
    try:

        def own():
            ours, theirs = os.pipe()
            first, _second = socket.socketpair()
            number = struct.pack("i", victim.pid)
            refused = [
                _error(lambda: fcntl.fcntl(ours, 8, victim.pid)),  # F_SETOWN
                _error(lambda: fcntl.fcntl(ours, 15, struct.pack("ii", 1, victim.pid))),  # F_SETOWN_EX
                _error(lambda: fcntl.ioctl(first, 0x8901, number)),  # FIOSETOWN
                _error(lambda: fcntl.ioctl(first, 0x8902, number)),  # SIOCSPGRP
            ]
            fcntl.fcntl(ours, 10, 9)  # F_SETSIG, SIGKILL
            fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            os.write(theirs, b"x")
            return refused

        assert _in_a_child(own, 5) == repr([errno.EPERM] * 4)
        time.sleep(0.1)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


def test_where_landlock_lets_files_be_cut_short_the_filter_does_not():
    with tempfile.NamedTemporaryFile() as held:  # in a folder that any user may enter
        _cut_short(Path(held.name))


def _cut_short(victim):
    victim.write_text("precious")
    victim.chmod(0o666)

    def cut():
        return [
            _error(lambda: os.truncate(victim, 0)),
            _error(lambda: os.open(victim, os.O_RDONLY | os.O_TRUNC)),
            _error(lambda: os.open(victim, os.O_RDONLY)),
            _error(lambda: os.open(victim, os.O_WRONLY)),  # Landlock's own to refuse
        ]

    assert _in_a_child(cut, 2) == repr([errno.EPERM, errno.EPERM, 0, 0])
    assert victim.read_text() == "precious"
    assert _in_a_child(lambda: _error(lambda: os.truncate(victim, 1)), 3) == "0"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become a user of whom there is no other process")
def test_a_job_does_not_set_the_priority_of_all_that_is_the_users():
    def lower():
        return [
            _error(lambda: os.setpriority(os.PRIO_USER, 0, 19)),
            _error(lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)),
            _error(lambda: os.setpriority(os.PRIO_PROCESS, 0, 19)),
        ]

    assert _in_a_child(lower, 7) == repr([errno.EPERM, errno.EPERM, 0])
