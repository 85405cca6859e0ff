"""The seccomp filter: a BPF program that the kernel runs before each system call of the job.

Sockets of any family but AF_UNIX, new namespaces, tracing, io_uring, bpf, keyrings and their like answer EPERM;
clone3 answers ENOSYS, so that the C library falls back to clone, whose flags can be seen. Calls in another
processor's convention kill the job.
"""

from __future__ import annotations

import ctypes
import struct

from assay.engines.isolation import syscalls

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_AF_UNIX = 1
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW*, time included

_DENIED = {
    "x86_64": {
        "ptrace": 101, "syslog": 103, "personality": 135, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
        "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "acct": 163, "settimeofday": 164, "pivot_root": 155, "chroot": 161,
        "adjtimex": 159, "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
        "mbind": 237, "migrate_pages": 256, "move_pages": 279, "unshare": 272, "perf_event_open": 298,
        "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
        "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
        "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "mknod": 133, "mknodat": 259,
    },
    "aarch64": {
        "ptrace": 117, "syslog": 116, "personality": 92, "mount": 40, "umount2": 39, "swapon": 224, "swapoff": 225,
        "reboot": 142, "sethostname": 161, "setdomainname": 162, "init_module": 105, "delete_module": 106,
        "quotactl": 60, "acct": 89, "settimeofday": 170, "pivot_root": 41, "chroot": 51, "adjtimex": 171,
        "clock_settime": 112, "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219, "mbind": 235,
        "migrate_pages": 238, "move_pages": 239, "unshare": 97, "perf_event_open": 241, "fanotify_init": 262,
        "name_to_handle_at": 264, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "kexec_file_load": 294,
        "bpf": 280, "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
        "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "mknodat": 33,
    },
}  # fmt: skip
_SOCKET = {"x86_64": 41, "aarch64": 198}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_X32 = 0x40000000


def program() -> bytes:
    """Return the filter for this processor, as BPF instructions."""
    machine = syscalls.machine()
    out: list[tuple[int, int, int, int]] = [
        (_LD, 0, 0, 4),
        (_JEQ, 1, 0, _ARCH[machine]),
        (_RET, 0, 0, _KILL),
        (_LD, 0, 0, 0),
    ]
    if machine == "x86_64":
        out += [(_JGE, 0, 1, _X32), (_RET, 0, 0, _KILL)]
    for call in _DENIED[machine].values():
        out += [(_JEQ, 0, 1, call), (_RET, 0, 0, _ERRNO | _EPERM)]
    out += [(_JEQ, 0, 1, _CLONE3), (_RET, 0, 0, _ERRNO | _ENOSYS)]
    out += [(_JEQ, 0, 4, _CLONE[machine]), (_LD, 0, 0, 16), (_JSET, 0, 1, _NEW_NAMESPACES), (_RET, 0, 0, _ERRNO | _EPERM), (_RET, 0, 0, _ALLOW)]  # fmt: skip
    out += [(_JEQ, 0, 4, _SOCKET[machine]), (_LD, 0, 0, 16), (_JEQ, 1, 0, _AF_UNIX), (_RET, 0, 0, _ERRNO | _EPERM), (_RET, 0, 0, _ALLOW)]  # fmt: skip
    out.append((_RET, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in out)


def install() -> None:
    """Put the filter on this process and all its children, for good. Needs no_new_privs."""
    code = program()
    held = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(held))
    structure = ctypes.create_string_buffer(header, len(header))
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.prctl(syscalls.PR_SET_SECCOMP, 2, ctypes.addressof(structure))
