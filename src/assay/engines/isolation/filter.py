"""The seccomp filter: a BPF program that the kernel runs before each system call of the job.

Sockets of any family but AF_UNIX, new namespaces, tracing, io_uring, bpf, keyrings, memory that no limit sees and
their like answer EPERM, and so does a mode with set-user-ID or set-group-ID; clone3, openat2, memfd_create and whatever is newer than this list answer ENOSYS, so that the C library
falls back to what can be judged. Calls in another processor's convention kill the job.

Where there are no namespaces the filter closes what they would have: AF_UNIX by path (a daemon's socket may lie
anywhere), System V and POSIX queues, other processes' limits; modes, times, owners and attributes of files, which
Landlock does not hold and without a mount of its own even what is only to be read would lose (modes and times are said to
be set, since whoever copies a file sets them); the priority of all that is the user's; and no process may leave the job's
process group, so that the group can be ended at one blow. What an older Landlock does not hold yet is closed here too: a signal
that comes of a descriptor's owner (fcntl(2), F_SETOWN), and a file cut short by whoever may not write it.
"""

from __future__ import annotations

import ctypes
import os
import struct

from assay.engines.isolation import syscalls

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _PRETEND = 1, 38, 0  # errno 0: the call is not made and says that it was
_LD, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW*, time included
_NEWEST = 463  # from here on the kernel has calls that this list does not know (setxattrat was the first)
_X32 = 0x40000000
_REQUESTS = (
    0x5412, 0x541C, 0x540E,  # TIOCSTI, TIOCLINUX, TIOCSCTTY
    0x40086602, 0x40046602, 0x401C5820, 0x40087602,  # FS_IOC_SETFLAGS, its 32 bits, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION
    0xC0045877, 0xC0045878, 0xC0185879,  # FIFREEZE, FITHAW, FITRIM
)  # fmt: skip

Step = tuple[int, int, int, int]

# name: (x86_64, aarch64); None where the processor has no such call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "syslog": (103, 116), "personality": (135, 92), "uselib": (134, None), "ustat": (136, None),
    "vhangup": (153, 58), "modify_ldt": (154, None), "pivot_root": (155, 41), "_sysctl": (156, None),
    "adjtimex": (159, 171), "chroot": (161, 51), "acct": (163, 89), "settimeofday": (164, 170), "mount": (165, 40),
    "umount2": (166, 39), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None),
    "init_module": (175, 105), "delete_module": (176, 106), "quotactl": (179, 60), "nfsservctl": (180, 42),
    "lookup_dcookie": (212, 18), "clock_settime": (227, 112), "mbind": (237, 235), "kexec_load": (246, 104),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "migrate_pages": (256, 238),
    "unshare": (272, 97), "move_pages": (279, 239), "perf_event_open": (298, 241), "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "clock_adjtime": (305, 266),
    "setns": (308, 268), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "finit_module": (313, 273), "kexec_file_load": (320, 294), "bpf": (321, 280), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "mount_setattr": (442, 442), "quotactl_fd": (443, 443), "statmount": (457, 457), "listmount": (458, 458),
    "mknod": (133, None), "mknodat": (259, 33), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
}  # fmt: skip
# openat2 hands its mode in memory, where no filter sees it.
_UNKNOWN = {
    "openat2": (437, 437),
    "clone3": (435, 435),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
}
# Where the job shares these with the whole machine.
_SHARED = {
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "inotify_add_watch": (254, 27), "ioprio_set": (251, 30), "process_mrelease": (448, 448), "socket": (41, 198),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
_TIMES = {"utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88)}
_GROUPS = {"setsid": (112, 157), "setpgid": (109, 154)}
# Where Landlock does not yet keep signals inside.
_SIGNALS = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424),
}  # fmt: skip
_OWNERS = (8, 15)  # F_SETOWN, F_SETOWN_EX: whom the kernel signals, with the signal that F_SETSIG names
_OWNER_REQUESTS = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP
# Where Landlock does not yet keep files from being cut short (before its third version, Linux 6.2).
_CUTS = {"truncate": (76, 45)}
_OPENS = {(2, None): 1, (257, 56): 2}  # open, openat: which argument is the flags
_ACCESS, _CUT = 3, 0o1000  # O_ACCMODE, O_TRUNC: with O_RDONLY it cuts what is opened to be read
_FCNTL = (72, 25)
_PRIO_USER = 2
_SOCKET, _SOCKETPAIR, _CLONE, _IOCTL = (41, 198), (53, 199), (56, 220), (16, 29)
_PROGRAMS = ((59, 221), (322, 281))  # execve, execveat
_SETS_ID = 0o6000  # S_ISUID and S_ISGID: a file that a root's job left would give its owner's powers outside
_MODES = {  # call: which argument is the mode
    "chmod": ((90, None), 1), "fchmod": ((91, 52), 1), "fchmodat": ((268, 53), 2), "fchmodat2": ((452, 452), 2),
    "creat": ((85, None), 1), "open": ((2, None), 2), "openat": ((257, 56), 3), "mkdir": ((83, None), 1),
    "mkdirat": ((258, 34), 2),
}  # fmt: skip
_PRLIMIT, _SETPRIORITY, _AFFINITY = (302, 261), (141, 140), (203, 122)


def number(name: str) -> int | None:
    """Return the number of a call that the filter refuses on this processor; None where it has no such call."""
    return {**_DENIED, **_UNKNOWN}[name][0 if syscalls.machine() == "x86_64" else 1]


def program(
    *, alone: bool = True, signals: bool = True, network: bool = False, lengths: bool = True
) -> bytes:
    """Return the filter for this processor, as BPF instructions.

    alone: the job has namespaces of its own. signals: something else keeps its signals inside. network: it has a
    network of its own, so that TCP, UDP and the question which addresses there are (NETLINK_ROUTE) are let through.
    lengths: something else keeps files that may only be read from being cut short.
    """
    machine = syscalls.machine()
    column = 0 if machine == "x86_64" else 1
    out: list[Step] = [
        (_LD, 0, 0, 4),
        (_JEQ, 1, 0, _ARCH[machine]),
        (_RET, 0, 0, _KILL),
        (_LD, 0, 0, 0),
    ]
    if machine == "x86_64":
        out += [(_JGE, 0, 1, _X32), (_RET, 0, 0, _KILL)]
    out += [(_JGE, 0, 1, _NEWEST), (_RET, 0, 0, _ERRNO | _ENOSYS)]
    denied = {
        **_DENIED,
        **({} if alone else _SHARED),
        **({} if signals else _SIGNALS),
        **({} if lengths else _CUTS),
    }
    for table, errno in (
        (denied, _EPERM),
        (_UNKNOWN, _ENOSYS),
        ({} if alone else {**_GROUPS, **_TIMES}, _PRETEND),
    ):
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                out += [(_JEQ, 0, 1, number), (_RET, 0, 0, _ERRNO | errno)]
    out += _when(_CLONE[column], [(_LD, 0, 0, _argument(0)), (_JSET, 0, 1, _NEW_NAMESPACES)])
    out += _when(_SOCKETPAIR[column], [(_LD, 0, 0, _argument(0)), (_JEQ, 1, 0, _AF_UNIX)])
    if network:
        out += _when(
            _SOCKET[column],
            [
                (_LD, 0, 0, _argument(0)),
                *((_JEQ, over, 0, family) for over, family in ((6, _AF_UNIX), (5, _AF_INET), (4, _AF_INET6))),
                (_JEQ, 0, 2, _AF_NETLINK),
                (_LD, 0, 0, _argument(2)),
                (_JEQ, 1, 0, 0),
            ],
        )
    else:
        out += _when(_SOCKET[column], [(_LD, 0, 0, _argument(0)), (_JEQ, 1, 0, _AF_UNIX)])
    if not alone:  # a datagram socket of a pair can still send to any path
        for kind in (2, 3):
            out += _when(
                _SOCKETPAIR[column], [(_LD, 0, 0, _argument(1)), (_AND, 0, 0, 0xF), (_JEQ, 0, 1, kind)]
            )
    for calls, argument in _MODES.values():
        call = calls[column]
        if call is not None:
            out += _when(call, [(_LD, 0, 0, _argument(argument)), (_JSET, 0, 1, _SETS_ID)])
    for name in () if alone else ("chmod", "fchmod", "fchmodat", "fchmodat2"):
        call = _MODES[name][0][column]
        if call is not None:
            out += [(_JEQ, 0, 1, call), (_RET, 0, 0, _ERRNO | _PRETEND)]
    for command in () if signals else _OWNERS:
        out += _when(_FCNTL[column], [(_LD, 0, 0, _argument(1)), (_JEQ, 0, 1, command)])
    for calls, argument in () if lengths else _OPENS.items():
        call = calls[column]
        if call is not None:
            out += _when(
                call,
                [
                    (_LD, 0, 0, _argument(argument)),
                    (_AND, 0, 0, _ACCESS | _CUT),
                    (_JEQ, 0, 1, os.O_RDONLY | _CUT),
                ],
            )
    for request in (*_REQUESTS, *(() if signals else _OWNER_REQUESTS)):
        out += _when(_IOCTL[column], [(_LD, 0, 0, _argument(1)), (_JEQ, 0, 1, request)])
    own = [(_PRLIMIT, 0), (_SETPRIORITY, 1)]
    if not alone:  # a user may choose the processors of all that is the user's, and its priority
        own.append((_AFFINITY, 0))
        out += _when(_SETPRIORITY[column], [(_LD, 0, 0, _argument(0)), (_JEQ, 0, 1, _PRIO_USER)])
    for calls, argument in own:  # its own only
        call = calls[column]
        assert call is not None
        out += _when(call, [(_LD, 0, 0, _argument(argument)), (_JEQ, 1, 0, 0)])
    out.append((_RET, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in out)


def _argument(number: int) -> int:
    """Return where the low half of an argument stands in what the filter sees."""
    return 16 + 8 * number


def _when(call: int, test: list[Step]) -> list[Step]:
    """Return steps that refuse a call where ``test`` falls through; the number is loaded again after it."""
    body = [*test, (_RET, 0, 0, _ERRNO | _EPERM), (_LD, 0, 0, 0)]
    return [(_JEQ, 0, len(body), call), *body]


def install(*, alone: bool = True, signals: bool = True, network: bool = False, lengths: bool = True) -> None:
    """Put the filter on this process and all its children, for good. Needs no_new_privs."""
    _put(program(alone=alone, signals=signals, network=network, lengths=lengths))


def forbid_programs() -> None:
    """Let this process and its children execute nothing, for good."""
    machine = syscalls.machine()
    column = 0 if machine == "x86_64" else 1
    out: list[Step] = [(_LD, 0, 0, 4), (_JEQ, 1, 0, _ARCH[machine]), (_RET, 0, 0, _KILL), (_LD, 0, 0, 0)]
    if machine == "x86_64":
        out += [(_JGE, 0, 1, _X32), (_RET, 0, 0, _KILL)]
    for numbers in _PROGRAMS:
        out += [(_JEQ, 0, 1, numbers[column]), (_RET, 0, 0, _ERRNO | _EPERM)]
    _put(b"".join(struct.pack("HBBI", *step) for step in [*out, (_RET, 0, 0, _ALLOW)]))


def _put(code: bytes) -> None:
    held = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(held))
    structure = ctypes.create_string_buffer(header, len(header))
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.prctl(syscalls.PR_SET_SECCOMP, 2, ctypes.addressof(structure))
