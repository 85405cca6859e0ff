"""Processes of ours that stand over a job and end with it, leaving nothing of it behind."""

from __future__ import annotations

import os

from assay.engines.isolation import bare
from assay.engines.isolation import syscalls as sys_

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of a job's start
if TYPE_CHECKING:
    from typing import NoReturn


def over_namespace(first: int) -> NoReturn:
    """Outside the pid namespace: when its first process dies the kernel has ended all the others before."""
    _close_all()

    def stop(_number: int, _frame: object) -> None:
        with bare.Passing(OSError):
            os.kill(first, bare.SIGKILL)

    bare.on_signal(bare.SIGTERM, stop)
    while True:
        done, status = os.waitpid(first, 0)
        if done == first:
            _exit_as(status)


def over_group(child: int, parent: int, ready: int) -> NoReturn:
    """Where there is no pid namespace: end the job's process group at one blow, even when our own parent is killed.

    seccomp keeps every process of the job in the group, and a process group that gets a signal cannot fork out of it.
    ready: the end of a pipe; the job waits for its closing, so that it cannot run before we stand here.
    """
    from assay.engines.isolation import watch

    _close_all()

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    bare.on_signal(bare.SIGTERM, stop)
    status = 125 << 8
    try:
        sys_.prctl(sys_.PR_SET_PDEATHSIG, bare.SIGTERM)
        if os.getppid() != parent:
            raise KeyboardInterrupt
        os.close(ready)
        while True:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            if found is not None and found.si_pid == child:
                break
            if found is not None:
                os.waitpid(found.si_pid, 0)
    except (KeyboardInterrupt, ChildProcessError):
        pass
    bare.on_signal(bare.SIGTERM, bare.IGNORE)
    with bare.Passing(OSError):
        os.killpg(child, bare.SIGKILL)  # the child is not yet reaped, so that its number is still its own
    watch.kill_descendants(os.getpid())  # without seccomp a job may have left the group
    with bare.Passing(ChildProcessError):
        while True:
            done, found_status = os.wait()  # only what is gone can no longer write
            status = found_status if done == child else status
    _exit_as(status)


def first_process(job: int) -> NoReturn:
    """Be the first process of a pid namespace: reap what is left to it, and end when the job ends."""
    _close_all()
    while True:
        try:
            done, status = os.wait()
        except ChildProcessError:
            os._exit(1)
        if done == job:
            _exit_as(status)


def _exit_as(status: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _close_all() -> None:
    for descriptor in (0, 1, 2):
        with bare.Passing(OSError):
            os.close(descriptor)
