from __future__ import annotations

import re
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
def test_every_jump_lands_inside_the_program(machine, alone, signals, monkeypatch):
    monkeypatch.setattr(syscalls, "machine", lambda: machine)
    code = seccomp.program(alone=alone, signals=signals)
    steps = [(code[i], code[i + 2], code[i + 3]) for i in range(0, len(code), 8)]
    assert len(steps) < 4096  # what the kernel takes
    for at, (kind, yes, no) in enumerate(steps):
        if kind in (0x15, 0x35, 0x45):
            assert at + 1 + max(yes, no) < len(steps)
    assert steps[-1][0] == 0x06


def test_signals_are_refused_where_nothing_else_keeps_them_inside():
    import os
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
